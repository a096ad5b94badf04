import { Cells, headerFit, lastCategory, variantName } from './cell.ts'
import type { Dialect, ReadContext, Row } from './dialect.ts'

/** Where one header set keeps what we read, in the form of `headerName`. */
type Columns = { handle: string; sku: string; gtin: string; price: string; category: string }

/**
 * Shopify, products CSV with the header set that came with `URL handle`: Title, URL handle, Description, Vendor,
 * Product category, Type, Tags, Published on online store, Status, SKU, Barcode, Option1 name, Option1 value,
 * Option1 Linked To, … Price, Compare-at price, Cost per item, … Product image URL, … Gift card, SEO title, …
 * From help.shopify.com/en/manual/products/import-export/using-csv and the template offered there.
 */
export const shopifyProducts: Dialect = dialect(
  'shopify-products',
  'Shopify products (Products, Export)',
  { handle: 'url handle', sku: 'sku', gtin: 'barcode', price: 'price', category: 'product category' },
  ['vendor', 'published on online store', 'option1 name', 'option1 value', 'compare at price', 'seo title'],
)

/**
 * Shopify, products CSV with the older header set, which many shops still have on disk: Handle, Title, Body
 * (HTML), Vendor, Product Category, Type, Tags, Published, Option1 Name, Option1 Value, … Variant SKU, …
 * Variant Price, … Variant Barcode, Image Src, … Cost per item, … Status. From the same page, before.
 */
export const shopifyProductsOld: Dialect = dialect(
  'shopify-products-old',
  'Shopify products, older columns (Products, Export)',
  {
    handle: 'handle',
    sku: 'variant sku',
    gtin: 'variant barcode',
    price: 'variant price',
    category: 'product category',
  },
  ['vendor', 'body (html)', 'option1 name', 'option1 value', 'variant inventory policy', 'image src'],
)

/**
 * One record per variation, and further ones for pictures alone. What belongs to the product, its title, type and
 * status, stands only in its first record; the next ones with its handle inherit it. The CSV has no variation
 * ids: the name is made as an order's line writes it, so that an order matches a variation without SKU.
 */
function dialect(name: string, describe: string, at: Columns, telltale: readonly string[]): Dialect {
  const options = ['option1 value', 'option2 value', 'option3 value']
  const ofProduct = ['title', 'type', 'status', at.category]
  return {
    name,
    describe,
    kind: 'products',
    source: 'shopify',
    columns: [at.handle, ...ofProduct, at.sku, at.gtin, at.price, 'cost per item', ...options],
    recognises: (header) => headerFit(header, [at.handle, 'title', at.price], telltale),
    read(record, lineNumber, context): Row[] {
      const whole = inherited(record, at.handle, ofProduct, context)
      const cells = new Cells(whole, lineNumber, context)
      const isPicture = ![at.sku, at.price, at.gtin, ...options].some((column) => cells.raw(column) !== null)
      const own = new Cells(record, lineNumber, context)
      if (isPicture && own.raw('title') === null) return []
      const title = cells.name('title')
      cells.need(title, 'title')
      return cells.rows({
        kind: 'product',
        lineNumber,
        source: context.source,
        sku: cells.reference(at.sku),
        variationId: null,
        gtin: cells.reference(at.gtin),
        name: variantName(
          title,
          options.map((option) => cells.name(option)),
        ),
        category: cells.name('type') ?? lastCategory(cells.name(at.category)),
        priceMinor: cells.money(context.currency, at.price),
        costMinor: cells.money(context.currency, 'cost per item'),
        currency: null,
        archived: /^archived$/i.test(cells.raw('status') ?? ''),
      })
    },
  }
}

/** The record with the product's own cells filled from its first record. */
function inherited(
  record: Record<string, string>,
  handleColumn: string,
  columns: readonly string[],
  { carried }: ReadContext,
): Record<string, string> {
  const handle = record[handleColumn]?.trim() ?? ''
  if (carried.get('handle') !== handle || handle === '') {
    carried.set('handle', handle)
    for (const column of columns) carried.set(column, record[column] ?? '')
    return record
  }
  const whole = { ...record }
  for (const column of columns) if (!whole[column]?.trim()) whole[column] = carried.get(column) ?? ''
  return whole
}

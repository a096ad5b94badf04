import { Cells, headerFit, lastCategory, variantName } from './cell.ts'
import type { Dialect } from './dialect.ts'
import { isOnlyVariation } from './square-sales.ts'

/**
 * Square, item library export as CSV: one record per variation.
 *
 * Columns of 2025: Reference Handle, Token, Item Name, Customer-facing Name, Variation Name, SKU, Description,
 * Categories, Reporting Category, GTIN, Item Type, Weight (lb), Social Media Link Title, Social Media Link
 * Description, Price, Online Sale Price, Archived, Sellable, Contains Alcohol, Stockable, Skip Detail Screen in
 * POS, Option Name 1, Option Value 1, Default Unit Cost, Default Vendor Name, Default Vendor Code, and four for
 * each location's stock; older ones start with Token, have one Category, and no Archived. Taken from shops'
 * templates and converters that are public.
 *
 * The category is the reporting category, which is the one that item sales name. `variable` and nothing are both
 * a price asked at the till.
 */
export const squareLibrary: Dialect = {
  name: 'square-library',
  describe: 'Square item library (Items, Actions, Export library, CSV)',
  kind: 'products',
  source: 'square',
  columns: [
    'token',
    'item name',
    'variation name',
    'sku',
    'categories',
    'category',
    'reporting category',
    'gtin',
    'price',
    'archived',
    'default unit cost',
  ],
  recognises: (header) =>
    headerFit(
      header,
      ['token', 'item name', 'variation name'],
      ['reference handle', 'sku', 'price', 'sellable', 'stockable', 'option name 1'],
    ),
  read(record, lineNumber, context) {
    const cells = new Cells(record, lineNumber, context)
    const item = cells.name('item name')
    cells.need(item, 'item name')
    const variation = cells.name('variation name')
    const isVariable = /^variable$/i.test(cells.raw('price') ?? '')
    const category = cells.name('reporting category', 'category') ?? cells.name('categories')?.split(',')[0]
    return cells.rows({
      kind: 'product',
      lineNumber,
      source: context.source,
      sku: cells.reference('sku'),
      variationId: cells.reference('token'),
      gtin: cells.reference('gtin'),
      name: variantName(item, [isOnlyVariation(variation) ? null : variation]),
      category: lastCategory(category ?? null),
      priceMinor: isVariable ? null : cells.money(context.currency, 'price'),
      costMinor: cells.money(context.currency, 'default unit cost'),
      currency: null,
      archived: cells.flag('archived'),
    })
  },
}

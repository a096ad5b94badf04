/** A library's rows beside the products that are known: what is new, what changed. */
import type { Category, ProductIndex } from '../core/catalogue.ts'
import { addProduct, matchLine } from '../core/catalogue.ts'
import type { ProductRow } from '../dialects/dialect.ts'
import type { LibraryChange, Shelf, ShelfProduct } from '../store/product.ts'
import type { LineProblem } from './order.ts'

/** Numbers of products that are not kept yet begin here, far above those that are. */
export const PROVISIONAL_ID = 2 ** 40

/** The shop's own name for a till's category: its slug, found by slug or name whatever the case. As written when unknown. */
export class Categories {
  readonly #slugs = new Map<string, string>()

  constructor(known: Iterable<Category>) {
    for (const category of known) this.add(category)
  }

  add({ slug, name }: Category): void {
    for (const text of [slug, name]) {
      const key = text.toLowerCase()
      if (!this.#slugs.has(key)) this.#slugs.set(key, slug)
    }
  }

  find(text: string): string | null {
    return this.#slugs.get(text.toLowerCase()) ?? null
  }
}

/** Compares a library with the shelf, row by row, and puts what it changes onto the shelf. */
export class Library {
  readonly #shelf: Pick<Shelf, 'categories'> & ProductIndex
  readonly #categories: Categories
  readonly #currency: string
  /** Products that a row of this import has spoken for. */
  readonly #claimed = new Set<number>()
  readonly #change: LibraryChange = { categories: [], made: [], changed: [] }
  unchanged = 0

  constructor(shelf: Pick<Shelf, 'categories'> & ProductIndex, categories: Categories, currency: string) {
    this.#shelf = shelf
    this.#categories = categories
    this.#currency = currency
  }

  /** Take in one row; what is wrong with it comes back. An empty cell takes nothing away from what is known. */
  add(row: ProductRow): LineProblem[] {
    const problems: LineProblem[] = []
    const category = row.category === null ? null : this.#category(row.category)
    const known = this.#find(row, category)
    if (known && this.#claimed.has(known.id))
      return [{ field: 'record', message: 'the same product as in an earlier row', leftOut: true }]
    const priced = row.currency === null || row.currency === this.#currency
    if (!priced)
      problems.push({
        field: 'currency',
        message: `not the site's ${this.#currency}: the price is left out`,
        leftOut: false,
      })
    const holder = row.sku === null ? undefined : this.#shelf.productBySku.get(row.sku)
    const taken = holder !== undefined && holder !== known?.id
    if (taken) problems.push({ field: 'sku', message: "another product's already: left out", leftOut: false })
    const own = row.variationId !== null && (known?.variationId ?? null) === null
    const kept = {
      sku: (taken ? null : row.sku) ?? known?.sku ?? null,
      source: own ? row.source : (known?.source ?? null),
      variationId: own ? row.variationId : (known?.variationId ?? null),
      gtin: row.gtin ?? known?.gtin ?? null,
      name: row.name ?? known?.name ?? row.sku ?? 'unnamed',
      category: category ?? known?.category ?? null,
      priceMinor: (priced ? row.priceMinor : null) ?? known?.priceMinor ?? null,
      costMinor: (priced ? row.costMinor : null) ?? known?.costMinor ?? null,
      archived: row.archived,
    }
    const id = known?.id ?? PROVISIONAL_ID + this.#shelf.products.size
    const next = { ...kept, id, unmapped: false, baskets: known?.baskets ?? 0, buyers: known?.buyers ?? 0 }
    this.#claimed.add(id)
    const same = known && FIELDS.every((field) => known[field] === next[field])
    if (same) {
      this.unchanged++
      return problems
    }
    addProduct(this.#shelf, next)
    if (known) this.#change.changed.push({ id, ...kept })
    else this.#change.made.push(kept)
    return problems
  }

  /** What the rows so far change. */
  get change(): LibraryChange {
    return this.#change
  }

  #category(text: string): string {
    const found = this.#categories.find(text)
    if (found !== null) return found
    const made: Category = { slug: text, name: text, ageMinMonths: null, ageMaxMonths: null }
    this.#categories.add(made)
    this.#shelf.categories.set(text, made)
    this.#change.categories.push(made)
    return text
  }

  /** By variation, GTIN, sku, then name; the weaker ones only where no stronger one says that it is another. */
  #find(row: ProductRow, category: string | null): ShelfProduct | null {
    const { source, sku, gtin, variationId, name } = row
    const look = (line: Parameters<typeof matchLine>[1]): ShelfProduct | null => {
      const id = matchLine(this.#shelf, line)?.productId ?? null
      return id === null ? null : (this.#shelf.products.get(id) as ShelfProduct)
    }
    const differ = (x: string | null, y: string | null) => x !== null && y !== null && x !== y
    const otherVariation = (p: ShelfProduct) => p.source === source && differ(p.variationId, variationId)
    const byVariation = variationId === null ? null : look({ source, variationId })
    if (byVariation) return byVariation
    const byGtin = gtin === null ? null : look({ gtin })
    if (byGtin && !otherVariation(byGtin) && !differ(byGtin.sku, sku)) return byGtin
    const bySku = sku === null ? null : look({ sku })
    if (bySku && !otherVariation(bySku)) return bySku
    if (name === null) return null
    for (const line of category === null ? [{ name }] : [{ name, category }, { name }]) {
      const byName = look(line)
      const another =
        !byName ||
        otherVariation(byName) ||
        differ(byName.sku, sku) ||
        differ(byName.gtin, gtin) ||
        differ(byName.category, category)
      if (!another) return byName
    }
    return null
  }
}

const FIELDS = [
  'sku',
  'source',
  'variationId',
  'gtin',
  'name',
  'category',
  'priceMinor',
  'costMinor',
  'archived',
  'unmapped',
] as const

/** Products as a writer of purchases or of a library needs them: the shelf in memory, and the writes of a library. */
import type { Catalogue, Category, Product, ProductIndex, Rule, WordRule } from '../core/catalogue.ts'
import { addProduct, indexProducts } from '../core/catalogue.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, insertRows, REV, statement } from './engine.ts'
import { category, product } from './schema.ts'

/** A product with what only its keeper asks for. */
export type ShelfProduct = Product & { costMinor: number | null; unmapped: boolean }

/** Sites, categories, rules and products, without the offers: what a long import matches by. */
export type Shelf = ProductIndex &
  Pick<Catalogue, 'sites' | 'categories'> & {
    rev: number
    rulesByCategory: Map<string, Rule[]>
    rulesByFacet: Map<string, Omit<WordRule, 'withdrawn'>[]>
  }

/** Nothing known yet, to be brought up to date with `refreshShelf`. */
export function emptyShelf(): Shelf {
  return {
    rev: -1,
    sites: new Map(),
    categories: new Map(),
    rulesByCategory: new Map(),
    rulesByFacet: new Map(),
    ...indexProducts([]),
  }
}

/** Bring a shelf up to date: reads the products that changed since it last was. */
export async function refreshShelf(engine: Engine, shelf: Shelf): Promise<Shelf> {
  const [revision, sites, categories, rules, wordRules, products] = (await engine.allOf([
    statement('select n from revision'),
    statement('select id, name, timeZone, currency from site'),
    statement('select slug, name, ageMinMonths, ageMaxMonths from category'),
    statement(
      'select category, goal, weight, halfLifeDays from rule where withdrawn = 0 and goal in (select slug from goal)',
    ),
    statement(
      'select facet, goal, weight, halfLifeDays from wordRule where withdrawn = 0 and goal in (select slug from goal)',
    ),
    statement(
      `select id, sku, source, variationId, gtin, name, category, priceMinor, costMinor, archived, unmapped, baskets, buyers
       from product where rev > ? order by id`,
      shelf.rev,
    ),
  ])) as [
    { n: number }[],
    Shelf['sites'] extends Map<string, infer Site> ? Site[] : never,
    Category[],
    Rule[],
    Omit<WordRule, 'withdrawn'>[],
    (Omit<ShelfProduct, 'archived' | 'unmapped'> & { archived: number; unmapped: number })[],
  ]
  shelf.sites = new Map(sites.map((row) => [row.id, row]))
  shelf.categories = new Map(categories.map((row) => [row.slug, row]))
  shelf.rulesByCategory = Map.groupBy(rules, (rule) => rule.category)
  shelf.rulesByFacet = Map.groupBy(wordRules, (rule) => rule.facet)
  for (const row of products) {
    const read: ShelfProduct = { ...row, archived: row.archived === 1, unmapped: row.unmapped === 1 }
    addProduct(shelf, read)
  }
  shelf.rev = revision[0]?.n ?? 0
  return shelf
}

/** Reads fall through to the map below, writes stay here. Only for looking up: it counts and lists its own entries alone. */
class Layer<K, V> extends Map<K, V> {
  readonly #below: ReadonlyMap<K, V>

  constructor(below: ReadonlyMap<K, V>) {
    super()
    this.#below = below
  }

  override get(key: K): V | undefined {
    return super.get(key) ?? this.#below.get(key)
  }

  override has(key: K): boolean {
    return super.has(key) || this.#below.has(key)
  }
}

/** The same index, to which products and categories can be added without touching the shared one, however large it is. */
export function layerOver<Index extends ProductIndex & Pick<Catalogue, 'categories'>>(known: Index): Index {
  return {
    ...known,
    categories: new Layer(known.categories),
    products: new Layer(known.products),
    productBySku: new Layer(known.productBySku),
    productByVariation: new Layer(known.productByVariation),
    productByGtin: new Layer(known.productByGtin),
    productByName: new Layer(known.productByName),
  }
}

/** What a library changes: rows without `id` are new. */
export type LibraryChange = {
  categories: Category[]
  made: Omit<ShelfProduct, 'id' | 'baskets' | 'buyers' | 'unmapped'>[]
  changed: Omit<ShelfProduct, 'baskets' | 'buyers' | 'unmapped'>[]
}

/**
 * Keep what a library says, all of it or nothing.
 * @throws GuardFailed when somebody else took a sku or variation in between.
 */
export async function writeLibrary(
  engine: Engine,
  { categories, made, changed }: LibraryChange,
): Promise<void> {
  const statements: Statement[] = [BUMP]
  const flag = (value: boolean) => (value ? 1 : 0)
  if (categories.length > 0)
    statements.push(
      insertRows(category, categories, '(slug) do nothing'),
      statement(
        `update category set rev = ${REV} where slug in (select value from json_each(?))`,
        JSON.stringify(categories.map(({ slug }) => slug)),
      ),
    )
  if (changed.length > 0)
    statements.push(
      statement(
        `update product set sku = v.value ->> 1, source = v.value ->> 2, variationId = v.value ->> 3, gtin = v.value ->> 4,
         name = v.value ->> 5, category = v.value ->> 6, priceMinor = v.value ->> 7, costMinor = v.value ->> 8,
         archived = v.value ->> 9, unmapped = 0, rev = ${REV} from json_each(?) v where product.id = v.value ->> 0`,
        JSON.stringify(
          changed.map((row) => [
            row.id,
            row.sku,
            row.source,
            row.variationId,
            row.gtin,
            row.name,
            row.category,
            row.priceMinor,
            row.costMinor,
            flag(row.archived),
          ]),
        ),
      ),
    )
  if (made.length > 0)
    // Below nothing: rows of this write are told from others by a revision that none has yet.
    statements.push(
      insertRows(
        product,
        made.map((row) => ({ ...row, archived: flag(row.archived), rev: -1 })),
      ),
      statement(`update product set rev = ${REV} where rev = -1`),
    )
  await engine.atomic(statements)
}

/** The catalogue's rows: all of them once, then only what changed since. */
import type { CatalogueRows, Changes, Product } from '../core/catalogue.ts'
import { defaultPolicy } from '../core/policy.ts'
import type { Engine, Statement } from './engine.ts'
import { statement } from './engine.ts'
import { termsRecordOf } from './terms.ts'

type Raw = Record<string, unknown>

const flags = (row: Raw, ...names: string[]) => {
  for (const name of names) row[name] = row[name] === 1
}
const json = (row: Raw, ...names: string[]) => {
  for (const name of names) row[name] = JSON.parse(row[name] as string)
}

/** The parts of the snapshot: table, how a row is read, and how it is told from others. */
export const PARTS = {
  sites: { table: 'site', key: (r: Raw) => r.id, read: () => {} },
  staff: { table: 'staff', key: (r: Raw) => r.id, read: (r: Raw) => json(r, 'sites') },
  goals: { table: 'goal', key: (r: Raw) => r.slug, read: (r: Raw) => flags(r, 'toldOnly', 'householdLevel') },
  categories: { table: 'category', key: (r: Raw) => r.slug, read: () => {} },
  rules: {
    table: 'rule',
    key: (r: Raw) => `${r.category}/${r.goal}`,
    read: (r: Raw) => flags(r, 'withdrawn'),
  },
  products: { table: 'product', key: (r: Raw) => r.id, read: (r: Raw) => flags(r, 'archived', 'unmapped') },
  partners: {
    table: 'partner',
    key: (r: Raw) => r.id,
    read: (r: Raw) => {
      json(r, 'goals', 'facets', 'walkMinutes', 'people', 'places')
      flags(r, 'archived')
    },
  },
  alliances: { table: 'alliance', key: (r: Raw) => r.id, read: (r: Raw) => json(r, 'load') },
  terms: {
    table: 'terms',
    key: (r: Raw) => `${r.allianceId}/${r.version}`,
    read: (r: Raw) => {
      r.agreed = r.agreedAt !== null
      r.record = termsRecordOf(r as Parameters<typeof termsRecordOf>[0])
    },
  },
  briefings: { table: 'briefing', key: (r: Raw) => `${r.allianceId}/${r.siteId}`, read: () => {} },
  checks: { table: 'backStageCheck', key: (r: Raw) => r.id, read: (r: Raw) => flags(r, 'critical', 'ok') },
  offers: {
    table: 'offer',
    key: (r: Raw) => r.id,
    read: (r: Raw) => {
      json(r, 'months', 'goals', 'facets', 'requires', 'skus', 'sites', 'say')
      flags(r, 'kindness', 'seated')
    },
  },
  links: { table: 'link', key: (r: Raw) => `${r.fromOffer}/${r.toOffer}/${r.trigger}`, read: () => {} },
  sessions: { table: 'session', key: (r: Raw) => r.id, read: (r: Raw) => flags(r, 'cancelled') },
  holds: { table: 'hold', key: (r: Raw) => r.id, read: () => {} },
  acceptance: {
    table: 'acceptance',
    key: (r: Raw) => `${r.offerId}/${r.mapping}/${r.touchpoint}/${r.band}`,
    read: () => {},
  },
  polls: { table: 'poll', key: (r: Raw) => r.id, read: (r: Raw) => json(r, 'touchpoints') },
  wordRules: {
    table: 'wordRule',
    key: (r: Raw) => `${r.facet}/${r.goal}`,
    read: (r: Raw) => flags(r, 'withdrawn'),
  },
} as const

export const PART_NAMES = Object.keys(PARTS) as (keyof typeof PARTS)[]

/** What the rows say, by part and key; `rev` is the revision they stand at. */
export type CatalogueStore = {
  rev: number
  parts: Record<keyof typeof PARTS, Map<unknown, Raw>>
  policy: Raw
}

export type PairRow = { a: number; b: number; baskets: number; customers: number }
export type DayRow = { productId: number; day: number; orders: number }

/** What came with a refresh: the rows that changed as they were and are; the products, pairs and days among it; the build of affinity in force. */
export type Refreshed = {
  changes: Changes
  products: Product[]
  pairs: PairRow[]
  days: DayRow[]
  build: number
}

/** An empty store of rows, to be refreshed from revision 0. */
export function emptyCatalogue(): CatalogueStore {
  const parts = Object.fromEntries(PART_NAMES.map((name) => [name, new Map()])) as CatalogueStore['parts']
  return { rev: 0, parts, policy: defaultPolicy() }
}

/** Bring the rows up to date: one round trip that returns only rows changed since `store.rev`. */
export async function refreshCatalogue(engine: Engine, store: CatalogueStore): Promise<Refreshed> {
  const since = store.rev
  // In the order of their making, so that rows which came one by one stand as those that came at once. The value
  // is a subquery so that nothing is planned anew: see TILL in customer.ts.
  const reads: Statement[] = [
    statement('select n, easeBuild from revision'),
    statement(
      'select record from policy where rev > (select ?) and activation is not null order by activation desc limit 1',
      since,
    ),
    statement('select a, b, baskets, customers from pair where rev > (select ?)', since),
    statement('select productId, day, orders from saleDay where rev > (select ?)', since),
    ...PART_NAMES.map((name) =>
      statement(`select * from "${PARTS[name].table}" where rev > (select ?) order by rowid`, since),
    ),
  ]
  const [revision, policies, pairs, days, ...parts] = (await engine.allOf(reads)) as [
    { n: number; easeBuild: number }[],
    { record: string }[],
    PairRow[],
    DayRow[],
    ...Raw[][],
  ]
  const changes: Record<string, unknown> = {}
  if (policies[0]) {
    // A record of before a lever was added has that lever's default.
    store.policy = { ...defaultPolicy(), ...JSON.parse(policies[0].record) }
    changes.policy = true
  }
  PART_NAMES.forEach((name, i) => {
    const part = store.parts[name]
    const changed = parts[i]!.map((after) => {
      PARTS[name].read(after)
      const key = PARTS[name].key(after)
      const before = part.get(key)
      part.set(key, after)
      return { before, after }
    })
    if (changed.length > 0) changes[name] = changed
  })
  store.rev = revision[0]?.n ?? 0
  const build = revision[0]?.easeBuild ?? 0
  return {
    changes,
    products: parts[PART_NAMES.indexOf('products')] as unknown as Product[],
    pairs,
    days,
    build,
  }
}

/** The rows in the shape that the core compiles. */
export function rowsOf(store: CatalogueStore): CatalogueRows {
  const lists = Object.fromEntries(PART_NAMES.map((name) => [name, [...store.parts[name].values()]]))
  return { ...lists, policy: store.policy } as unknown as CatalogueRows
}

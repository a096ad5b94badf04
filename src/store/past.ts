/**
 * The catalogue as it was. Triggers keep each row of the snapshot as it was before it changed (table `past`), so any
 * revision can be read again: for repeating a decision, and for trying a policy on decisions of long ago.
 */
import type { Catalogue, Changes } from '../core/catalogue.ts'
import { compile, patch } from '../core/catalogue.ts'
import type { Policy } from '../core/policy.ts'
import { defaultPolicy } from '../core/policy.ts'
import type { CatalogueStore } from './catalogue.ts'
import { emptyCatalogue, PART_NAMES, PARTS, rowsOf } from './catalogue.ts'
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'

type Raw = Record<string, unknown>
type PartName = (typeof PART_NAMES)[number]

/** One row from a revision on. */
type Version = { part: PartName; key: unknown; from: number; order: number; row: Raw }

/**
 * Walks the catalogue through its revisions. Reads everything once, as it is and as it was since `oldest`; then
 * `at` may be asked for ever later revisions, at the cost of what changed between them.
 */
export class PastCatalogue {
  readonly #versions: Version[]
  readonly #policies: Map<number, Policy>
  readonly #store: CatalogueStore = emptyCatalogue()
  #next = 0
  #catalogue: Catalogue | null = null

  private constructor(versions: Version[], policies: Map<number, Policy>) {
    this.#versions = versions
    this.#policies = policies
  }

  static async open(engine: Engine, oldest: number): Promise<PastCatalogue> {
    const [policies, past, ...parts] = (await engine.allOf([
      statement('select version, record from policy'),
      statement('select part, key, until, row from past where until > (select ?) order by until', oldest),
      ...PART_NAMES.map((name) => statement(`select * from "${PARTS[name].table}" order by rowid`)),
    ])) as [
      { version: number; record: string }[],
      { part: string; key: string; until: number; row: string }[],
      ...Raw[][],
    ]
    const earlier = new Map<string, { until: number; row: Raw }[]>()
    for (const { part, key, until, row } of past) {
      const name = `${part}/${key}`
      const kept = { until, row: JSON.parse(row) as Raw }
      const versions = earlier.get(name)
      if (versions) versions.push(kept)
      else earlier.set(name, [kept])
    }
    const versions: Version[] = []
    PART_NAMES.forEach((part, i) => {
      const { table, key: keyOf, read } = PARTS[part]
      // A product counts its sales in its row, and only its names are kept: it was always there.
      const born = (row: Raw) => (part === 'products' ? 0 : (row.rev as number))
      for (const [order, now] of parts[i]!.entries()) {
        const key = keyOf(now)
        const before = earlier.get(`${table}/${key}`) ?? []
        let from = born(before[0]?.row ?? now)
        for (const { until, row } of before) {
          read(row)
          versions.push({ part, key, from, order, row })
          from = until
        }
        read(now)
        versions.push({ part, key, from, order, row: now })
      }
    })
    // Sorting is stable: rows of one revision stay in the order of their making.
    versions.sort((a, b) => a.from - b.from)
    return new PastCatalogue(
      versions,
      new Map(
        policies.map(({ version, record }) => [
          version,
          { ...defaultPolicy(), ...(JSON.parse(record) as Policy) },
        ]),
      ),
    )
  }

  /** The record of a policy version; null where there is none. */
  policy(version: number): Policy | null {
    return this.#policies.get(version) ?? null
  }

  /** The catalogue at a revision, deciding by a policy. Revisions must not go back from call to call. */
  at(revision: number, policy: Policy): Catalogue {
    const changes: Record<string, { before: Raw | undefined; after: Raw }[]> = {}
    const from = this.#next
    while (this.#next < this.#versions.length && this.#versions[this.#next]!.from <= revision) this.#next++
    const due = this.#versions.slice(from, this.#next)
    // As a service that starts at this revision reads them: in the order of their making.
    if (from === 0) due.sort((a, b) => a.order - b.order)
    for (const { part, key, row } of due) {
      const before = this.#store.parts[part].get(key)
      ;(changes[part] ??= []).push({ before, after: row })
      this.#store.parts[part].set(key, row)
    }
    const samePolicy = JSON.stringify(this.#store.policy) === JSON.stringify(policy)
    this.#store.policy = policy as unknown as Raw
    if (this.#catalogue === null || !samePolicy || !patch(this.#catalogue, changes as Changes))
      this.#catalogue = compile(rowsOf(this.#store))
    return this.#catalogue
  }
}

/** The catalogue of one revision, deciding by one policy version, or by the default one where it is not on record. */
export async function catalogueAt(
  engine: Engine,
  revision: number,
  policyVersion: number,
): Promise<Catalogue> {
  const past = await PastCatalogue.open(engine, revision)
  return past.at(revision, past.policy(policyVersion) ?? defaultPolicy())
}

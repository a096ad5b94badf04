/** Two references that turn out to be one customer: everything of the one becomes the other's, in one write. */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { CountedOrder } from '../core/count.ts'
import { countsOf } from '../core/count.ts'
import { stagesOf } from '../core/purchase.ts'
import type { By } from './audit.ts'
import { audited } from './audit.ts'
import { learn } from './count.ts'
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, statement } from './engine.ts'
import * as schema from './schema.ts'

type Merged = {
  /** The reference that was merged. */
  ref: string
  /** Who it answers as from now on. */
  customer: string
  at: string
  /** How many rows moved, by what they are. */
  moved: Record<string, number>
}

export type MergeRefusal =
  /** No such customer, or none of this site. */
  | { refused: 'unknown'; field: 'ref' | 'into' }
  /** It was merged into somebody else already. */
  | { refused: 'merged'; customer: string }
  /** Both are one customer already. */
  | { refused: 'same' }
  | { refused: 'event' }

type CustomerRow = typeof schema.customer.$inferSelect
type AliasRow = typeof schema.customerAlias.$inferSelect
type PurchaseRow = {
  id: string
  customer: string
  soldAt: string
  voided: number
  stage: string | null
  sold: number
}
type LineRow = { purchaseId: string; productId: number; quantity: number; gift: number }
type ConsentNow = { customer: string; purpose: string; decision: string; at: string }

/** What stays behind: the names of the one, and links, since whoever has one was to read of one customer alone. */
const STAYS: unknown[] = [schema.customerAlias, schema.aboutLink]
/** Every table that says whose a row is; what it moves is told by the table's name. */
const OWNED = Object.values(schema)
  .filter((table) => is(table, SQLiteTable) && !STAYS.includes(table) && 'customer' in getTableColumns(table))
  .map((table) => getTableName(table as SQLiteTable))

/**
 * Make `from` a name of `into`: her purchases, evidence, children, consents, notes, answers, referrals and places
 * move; front-end and back-end are derived again, and the learned counts are what they would be had all been one
 * customer's from the start. `into` keeps its site, its holdout, and what it knows itself; an objection or a
 * withdrawal on either side wins. Saying it again answers the same.
 * `site`: only customers of this site; null: of any.
 * @throws GuardFailed when others kept writing the same customers; nothing was changed then.
 */
export async function mergeCustomers(
  engine: Engine,
  ask: { ref: string; into: string; eventId: string | null; site: string | null },
  by: By,
): Promise<Merged | MergeRefusal> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryMerge(engine, ask, by)
    } catch (error) {
      if (!(error instanceof GuardFailed) || attempt >= 8) throw error
    }
  }
}

/**
 * Both as they are on record, or why they cannot be merged. A key of one site is told the same of another site's
 * customer as of nobody, so whether both are of the site comes before all else. `alias`: they are one already, by
 * this very merge.
 */
async function pairOf(
  engine: Engine,
  { ref, into: named, eventId, site }: Parameters<typeof mergeCustomers>[1],
): Promise<{ source: CustomerRow; target: CustomerRow; alias: AliasRow | null } | MergeRefusal> {
  const [aliases, customers] = (await engine.allOf([
    statement('select * from customerAlias where ref in (?1, ?2) or eventId = ?3', ref, named, eventId),
    statement(
      `select * from customer where ref in (?1, ?2)
         or ref in (select customer from customerAlias where ref in (?1, ?2))`,
      ref,
      named,
    ),
  ])) as [AliasRow[], CustomerRow[]]
  const alias = aliases.find((row) => row.ref === ref) ?? null
  const here = (name: string) => {
    const who = aliases.find((row) => row.ref === name)?.customer ?? name
    return customers.find((row) => row.ref === who && (site === null || row.siteId === site))
  }
  const [source, target] = [here(ref), here(named)]
  if (!target) return { refused: 'unknown', field: 'into' }
  if (!source) return { refused: 'unknown', field: 'ref' }
  const event = eventId === null ? undefined : aliases.find((row) => row.eventId === eventId)
  if (event && (event.ref !== ref || event.customer !== target.ref)) return { refused: 'event' }
  if (ref === named || ref === target.ref) return { refused: 'same' }
  if (alias && source !== target) return { refused: 'merged', customer: source.ref }
  return { source, target, alias }
}

async function tryMerge(
  engine: Engine,
  ask: Parameters<typeof mergeCustomers>[1],
  by: By,
): Promise<Merged | MergeRefusal> {
  const pair = await pairOf(engine, ask)
  if ('refused' in pair) return pair
  const { source, target, alias } = pair
  const { ref, eventId } = ask
  const into = target.ref
  if (alias) return { ref, customer: into, at: alias.at, moved: JSON.parse(alias.moved) }

  const both = JSON.stringify([ref, into])
  const [purchases, lines, consents] = (await engine.allOf([
    statement(
      `select id, customer, soldAt, voided, stage,
         exists(select 1 from purchaseLine where purchaseId = purchase.id and quantity > 0) sold
       from purchase where customer in (select value from json_each(?))`,
      both,
    ),
    statement(
      `select purchaseId, productId, quantity, gift from purchaseLine
       where purchaseId in (select id from purchase where customer in (select value from json_each(?))) order by purchaseId, n`,
      both,
    ),
    statement(
      `select customer, purpose, decision, max(at || case decision when 'objected' then 'c' when 'withdrawn' then 'b' else 'a' end) at
       from consent where customer in (select value from json_each(?)) group by customer, purpose`,
      both,
    ),
  ])) as [PurchaseRow[], LineRow[], ConsentNow[]]

  const moved = await countOwned(engine, ref)
  const statements: Statement[] = [
    BUMP,
    // What was read must still be so, of both.
    ...guard(
      'select count(*) = 2 from json_each(?) v join customer on ref = v.value ->> 0 where version = v.value ->> 1',
      JSON.stringify([source, target].map((row) => [row.ref, row.version])),
    ),
    ...twice(ref, into),
    // An answer is repeated for whom it was made: its draws were hers.
    statement(
      `update recommendation set inputs = json_set(inputs, '$.ref', customer) where customer = ?1 and inputs ->> '$.ref' is null`,
      ref,
    ),
    ...renamed(ref, into),
    statement('delete from aboutLink where customer in (?1, ?2)', ref, into),
    ...OWNED.map((table) => statement(`update "${table}" set customer = ?2 where customer = ?1`, ref, into)),
    ...strictest(consents, ref, into, by.at),
    ...household(source, target),
    // First the customer goes, then her name is a name of the other: from then on nothing can be written under it.
    statement('delete from customer where ref = ?', ref),
    statement('update customerAlias set customer = ?2 where customer = ?1', ref, into),
    insertRows(schema.customerAlias, [
      { ref, customer: into, at: by.at, actor: by.actor, eventId, moved: JSON.stringify(moved) },
    ]),
    ...stages(purchases),
    ...learn(countsOf(ordersOf(purchases, lines), ordersOf(purchases, lines, into))),
    refreshState([into]),
    // The log says what moved and that the holdout of the one stays, and not who: that goes when she is forgotten.
    audited(by, 'merged', 'customer', by.requestId, {
      ...Object.fromEntries(Object.entries(moved).map(([what, n]) => [what, [0, n]])),
      holdout: [source.holdout, target.holdout],
    }),
  ]
  await engine.atomic(statements)
  return { ref, customer: into, at: by.at, moved }
}

/** One of two customers, or what they come to: counts only, and what she allows. */
export type Side = {
  ref: string
  siteId: string
  joinedOn: string
  holdout: boolean
  /** How many rows of each kind are hers. */
  has: Record<string, number>
  consents: Record<string, string>
}

/** What a merge would come to, before it is made: nothing is written. The same refusals as of the merge itself. */
export async function previewMerge(
  engine: Engine,
  ask: { ref: string; into: string; site: string | null },
): Promise<{ from: Side; into: Side; together: Side } | MergeRefusal> {
  const pair = await pairOf(engine, { ...ask, eventId: null })
  if ('refused' in pair) return pair
  if (pair.alias) return { refused: 'same' }
  const { source, target } = pair
  const [from, to, [drop]] = await Promise.all([
    sideOf(engine, source),
    sideOf(engine, target),
    engine.all<Record<string, number>>(
      statement(
        `select (select count(*) from pollAnswer a join pollAnswer b on a.pollId = b.pollId
             where a.customer = ?1 and b.customer = ?2) pollAnswer,
           (select count(distinct customer) = 2 from referral where direction = 'theirs' and customer in (?1, ?2)) referral`,
        source.ref,
        target.ref,
      ),
    ),
  ])
  const has: Record<string, number> = {}
  for (const what of new Set([...Object.keys(from.has), ...Object.keys(to.has)]))
    has[what] = (from.has[what] ?? 0) + (to.has[what] ?? 0) - (drop![what] ?? 0)
  const consents = { ...to.consents }
  for (const [purpose, said] of Object.entries(from.consents))
    if ((STRICT[said] ?? 0) > (STRICT[consents[purpose] ?? ''] ?? -1)) consents[purpose] = said
  const joinedOn = from.joinedOn < to.joinedOn ? from.joinedOn : to.joinedOn
  return { from, into: to, together: { ...to, joinedOn, has, consents } }
}

async function sideOf(engine: Engine, row: CustomerRow): Promise<Side> {
  const { ref, siteId, joinedOn, holdout, state } = row
  const { consent = {} } = JSON.parse(state) as { consent?: Record<string, string> }
  const { consent: _, ...has } = await countOwned(engine, ref)
  return { ref, siteId, joinedOn, holdout: holdout === 1, has, consents: consent }
}

/** How many rows of each kind are hers. */
async function countOwned(engine: Engine, ref: string): Promise<Record<string, number>> {
  const [counts] = await engine.all<Record<string, number>>(
    statement(
      `select ${OWNED.map((table) => `(select count(*) from "${table}" where customer = ?1) "${table}"`).join(', ')}`,
      ref,
    ),
  )
  return Object.fromEntries(Object.entries(counts!).filter(([, n]) => n > 0))
}

/** What a customer has only once, and both have: the later answer to a poll stands, and who sent her first. */
function twice(ref: string, into: string): Statement[] {
  return [
    statement(
      `delete from pollAnswer where customer in (?1, ?2) and exists (select 1 from pollAnswer other
         where other.pollId = pollAnswer.pollId and other.customer in (?1, ?2) and other.customer <> pollAnswer.customer
           and (other.at > pollAnswer.at or (other.at = pollAnswer.at and other.customer = ?2)))`,
      ref,
      into,
    ),
    // The other introduction stays with its partner as a code that is nobody's.
    statement(
      `update referral set customer = null where direction = 'theirs' and customer in (?1, ?2)
         and exists (select 1 from referral other where other.direction = 'theirs' and other.customer in (?1, ?2)
           and other.customer <> referral.customer and (other.createdAt, other.code) < (referral.createdAt, referral.code))`,
      ref,
      into,
    ),
  ]
}

const STRICT: Readonly<Record<string, number>> = { granted: 0, withdrawn: 1, objected: 2 }

/** What the till named under the one reference it can name under the other: a note can still be closed. */
function renamed(ref: string, into: string): Statement[] {
  return ['child', 'consent', 'careNote'].map((table) =>
    statement(
      `update ${table} set id = ?2 || substr(id, length(?1) + 1) ||
         case when exists (select 1 from ${table} other where other.id = ?2 || substr(${table}.id, length(?1) + 1)) then ':' || ?1 else '' end
       where customer = ?1 and substr(id, 1, length(?1) + 1) = ?1 || '/'`,
      ref,
      into,
    ),
  )
}

/** The stricter word of the two sides on each purpose, said again now so that it is the last one. */
function strictest(consents: ConsentNow[], ref: string, into: string, now: string): Statement[] {
  const rows: (typeof schema.consent.$inferInsert)[] = []
  for (const [purpose, said] of Map.groupBy(consents, (row) => row.purpose)) {
    const strict = said.toSorted((a, b) => STRICT[b.decision]! - STRICT[a.decision]!)[0]!
    const last = said.toSorted((a, b) => (a.at < b.at ? 1 : -1))[0]!
    if (last.decision === strict.decision) continue
    const lastAt = last.at.slice(0, -1)
    rows.push({
      id: `merge/${ref}/${purpose}`,
      customer: into,
      purpose: purpose as 'personalise',
      channel: 'merge',
      decision: strict.decision as 'objected',
      source: 'merge',
      wording: '1',
      // Never before what it outweighs, should that say a day to come.
      at: lastAt > now ? lastAt : now,
      recordedAt: now,
    })
  }
  return rows.length > 0 ? [insertRows(schema.consent, rows)] : []
}

/** What `into` does not know itself it takes from the other; she joined when the first of the two did. */
function household(source: CustomerRow, target: CustomerRow): Statement[] {
  return [
    statement(
      'update customer set firstName = ?, staffId = ?, joinedOn = ? where ref = ?',
      target.firstName ?? source.firstName,
      target.staffId ?? source.staffId,
      source.joinedOn < target.joinedOn ? source.joinedOn : target.joinedOn,
      target.ref,
    ),
  ]
}

/** Front-end and back-end over the purchases of both. */
function stages(purchases: PurchaseRow[]): Statement[] {
  const derived = stagesOf(
    purchases.map(({ id, soldAt, voided, sold }) => ({
      id,
      soldAtMs: Date.parse(soldAt),
      voided: voided === 1 || sold === 0,
    })),
  )
  const changed = purchases.filter(({ id, stage }) => stage !== derived.get(id))
  if (changed.length === 0) return []
  return [
    statement(
      'update purchase set stage = v.value ->> 1 from json_each(?) v where purchase.id = v.value ->> 0',
      JSON.stringify(changed.map(({ id }) => [id, derived.get(id)])),
    ),
  ]
}

/** The purchases as they count: each her own, or all of them one customer's. */
function ordersOf(purchases: PurchaseRow[], lines: LineRow[], customer?: string): CountedOrder[] {
  const linesOf = Map.groupBy(lines, ({ purchaseId }) => purchaseId)
  return purchases.map((row) => ({
    id: row.id,
    customer: customer ?? row.customer,
    soldAt: row.soldAt,
    lines: row.voided ? [] : (linesOf.get(row.id) ?? []),
  }))
}

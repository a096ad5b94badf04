/** Customers: the one row that the till reads, and the writes that keep it true. */
import type { Earlier, Person } from '../core/moment.ts'
import { dayOf } from '../core/time.ts'
import type { EvidenceKind } from '../core/understand.ts'
import type { Engine, Statement } from './engine.ts'
import { statement } from './engine.ts'

/** Caps on what one decision looks at: lines of evidence, products bought, earlier answers. */
export const CAPS = { evidence: 80, items: 50, earlier: 20, usual: 10, visits: 10, earlierDays: 200 } as const

const STATE = `json_object(
  'children', json((select json_group_array(birthMonth) from (select birthMonth from child where child.customer = c.ref order by id))),
  'consent', json((select json_group_object(purpose, decision) from (
    select purpose, decision, max(at || case decision when 'objected' then 'c' when 'withdrawn' then 'b' else 'a' end)
    from consent where consent.customer = c.ref group by purpose))),
  'evidence', json((select json_group_array(json_array(id, kind, goal, facet, weight, halfLifeDays, onDate, aboutDate, speakable, words, staffId, offerId)) from (
    select * from evidence where evidence.customer = c.ref and retractedAt is null
    order by kind = 'bought', onDate desc, recordedAt desc, id limit ${CAPS.evidence}))),
  'items', json((select json_group_array(json_array(productId, lastOn)) from (
    select productId, max(substr(soldAt, 1, 10)) lastOn from purchase join purchaseLine on purchaseId = purchase.id
    where purchase.customer = c.ref and voided = 0 and gift = 0 and quantity > 0
    group by productId order by lastOn desc, productId limit ${CAPS.items}))),
  'visits', json((select json_group_array(soldOn) from (
    select substr(soldAt, 1, 10) soldOn from purchase where purchase.customer = c.ref and stage is not null
    order by soldAt desc limit ${CAPS.visits}))),
  'asked', json((select json_group_array(json_array(goal, onDate)) from (
    select goal, max(onDate) onDate from pollLink where pollLink.customer = c.ref group by goal))),
  'orders', (select count(*) from purchase where purchase.customer = c.ref and stage is not null),
  'usual', (select cast(avg(totalMinor) as integer) from (
    select totalMinor from purchase where purchase.customer = c.ref and stage is not null order by soldAt desc limit ${CAPS.usual})),
  'care', json((select json_group_array(json_array(id, kind, what, promise, promisedBy, dueOn, openedOn, closedOn)) from (
    select * from careNote where careNote.customer = c.ref order by openedOn, id))))`

/** Compute what deciding needs of these customers again; belongs at the end of every batch that touches them. */
export function refreshState(refs: string[]): Statement {
  return statement(
    `update customer as c set version = version + 1, state = ${STATE} where c.ref in (select value from json_each(?))`,
    JSON.stringify(refs),
  )
}

/** The same for everybody, for a first load. */
export const REFRESH_ALL_STATES = statement(
  `update customer as c set version = version + 1, state = ${STATE}`,
)

type State = {
  children: string[]
  consent: Record<string, string>
  evidence: [
    string,
    EvidenceKind,
    string,
    string | null,
    number,
    number,
    string,
    string | null,
    number,
    string | null,
    string | null,
    string | null,
  ][]
  items: [number, string][]
  visits: string[]
  asked: [string, string][]
  orders: number
  usual: number | null
  care: [
    string,
    'complaint' | 'promise',
    string,
    string | null,
    string | null,
    string | null,
    string,
    string | null,
  ][]
}

/** One earlier answer as the till's read brings it: id, offer, alternate, question, at, outcome, its reason, said at. */
export type EarlierRow = [
  string,
  string | null,
  string | null,
  string | null,
  string,
  string | null,
  string | null,
  string | null,
]

/** What the till's one read brings. */
export type TillRow = {
  role: string | null
  keySite: string | null
  partnerId: string | null
  expiresAt: string | null
  revokedAt: string | null
  rev: number
  ref: string | null
  customerSite: string | null
  holdout: number | null
  state: string | null
  earlier: string | null
  storedAnswer: string | null
  storedDigest: string | null
  storedSite: string | null
}

// Each value is written as a subquery: what a planner can see, it plans for, and this statement would be
// planned anew for every call (54 µs where it takes 7).
const TILL = `select k.role, k.siteId keySite, k.partnerId, k.expiresAt, k.revokedAt, coalesce((select n from revision), 0) rev,
  c.ref, c.siteId customerSite, c.holdout, c.state,
  (select json_group_array(json_array(id, offerId, alternateId, askedGoal, at, outcome, outcomeReason, saidAt)) from (
    select id, offerId, alternateId, askedGoal, at, outcome, outcomeReason, saidAt from recommendation
    where customer = c.ref and at > (select ?) and (offerId is not null or askedGoal is not null)
    order by at desc, id desc limit ${CAPS.earlier})) earlier,
  r.answer storedAnswer, r.requestDigest storedDigest, r.siteId storedSite
  from (select 1) left join apiKey k on k.hash = (select ?) left join customer c on c.ref = (select coalesce((select customer from customerAlias where ref = ?), ?))
    left join recommendation r on r.id = (select ?)`

/** Everything that one till call needs, in one statement: the key, the customer, what was said before, an answer given already. */
export async function readTill(
  engine: Engine,
  ask: { keyHash: string; customer: string | null; since: string; id: string | null },
): Promise<TillRow> {
  const rows = await engine.all<TillRow>({
    sql: TILL,
    params: [ask.since, ask.keyHash, ask.customer, ask.customer, ask.id],
  })
  return rows[0]!
}

/** The person behind a row; null where there is nobody we may know. */
export function personOf(
  ref: string,
  holdout: number,
  stateText: string,
  earlierText: string | null,
): Person | null {
  const state = JSON.parse(stateText) as Partial<State>
  if (state.consent?.personalise !== 'granted') return null
  return {
    ref,
    holdout: holdout === 1,
    consent: state.consent,
    birthMonths: state.children ?? [],
    evidence: (state.evidence ?? []).map((line) => ({
      id: line[0],
      kind: line[1],
      goal: line[2],
      facet: line[3],
      weight: line[4],
      halfLifeDays: line[5],
      onDay: dayOf(line[6]),
      aboutDay: line[7] === null ? null : dayOf(line[7]),
      speakable: line[8] === 1,
      words: line[9],
      staffId: line[10],
      offerId: line[11],
    })),
    items: (state.items ?? []).map(([productId, on]) => ({ productId, day: dayOf(on) })),
    visits: (state.visits ?? []).map(dayOf),
    ...(state.asked?.length ? { asked: state.asked.map(([goal, on]) => ({ goal, day: dayOf(on) })) } : {}),
    orders: state.orders ?? 0,
    usualMinor: state.usual ?? 0,
    care: (state.care ?? []).map((note) => ({
      id: note[0],
      kind: note[1],
      what: note[2],
      promise: note[3],
      promisedBy: note[4],
      dueDay: note[5] === null ? null : dayOf(note[5]),
      openedDay: dayOf(note[6]),
      closedDay: note[7] === null ? null : dayOf(note[7]),
    })),
    earlier: earlierText === null ? [] : (JSON.parse(earlierText) as EarlierRow[]).map(earlierOf),
  }
}

function earlierOf(row: EarlierRow): Earlier {
  return {
    id: row[0],
    offerId: row[1],
    alternateId: row[2],
    askedGoal: row[3],
    atMs: Date.parse(row[4]),
    outcome: row[5],
    outcomeReason: row[6],
    saidMs: row[7] === null ? null : Date.parse(row[7]),
  }
}

/** Customers as they are recorded, by the reference they were asked for by: a merged one is found under the one she is now. */
export async function findCustomers(
  engine: Engine,
  refs: string[],
): Promise<Map<string, { ref: string; siteId: string; version: number; holdout: number; state: string }>> {
  const rows = await engine.all<{
    asked: string
    ref: string
    siteId: string
    version: number
    holdout: number
    state: string
  }>(
    statement(
      `select asked.value asked, c.ref, c.siteId, c.version, c.holdout, c.state from json_each(?) asked
       left join customerAlias on customerAlias.ref = asked.value
       join customer c on c.ref = coalesce(customerAlias.customer, asked.value)`,
      JSON.stringify(refs),
    ),
  )
  return new Map(rows.map(({ asked, ...row }) => [asked, row]))
}

/** Who these references are now, for those of them that were merged. */
export async function findAliases(engine: Engine, refs: string[]): Promise<Map<string, string>> {
  if (refs.length === 0) return new Map()
  const rows = await engine.all<{ ref: string; customer: string }>(
    statement(
      'select ref, customer from customerAlias where ref in (select value from json_each(?))',
      JSON.stringify(refs),
    ),
  )
  return new Map(rows.map((row) => [row.ref, row.customer]))
}

/** Which of these references are customers' already, by whichever of their names. */
export async function findRefs(engine: Engine, refs: string[]): Promise<Set<string>> {
  const rows = await engine.all<{ ref: string }>(
    statement(
      `select ref from customer where ref in (select value from json_each(?1))
       union all select ref from customerAlias where ref in (select value from json_each(?1))`,
      JSON.stringify(refs),
    ),
  )
  return new Set(rows.map((row) => row.ref))
}

/** How many customers there are, for the size of the holdout. */
export async function countCustomers(engine: Engine): Promise<number> {
  const [row] = await engine.all<{ n: number }>(statement('select count(*) n from customer'))
  return row!.n
}

/** The references of a site's customers, in order, for choosing one. */
export async function listCustomers(engine: Engine, siteId: string, most: number): Promise<string[]> {
  const rows = await engine.all<{ ref: string }>(
    statement('select ref from customer where siteId = ? order by ref limit ?', siteId, most),
  )
  return rows.map((row) => row.ref)
}

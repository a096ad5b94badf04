/** Recommendations: the recorded answers, what they were made from, and what happened since. */
import type { Answer } from '../core/answer.ts'
import type { Capsule, Heard, Listened } from '../core/capsule.ts'
import type { Earlier, Moment } from '../core/moment.ts'
import type { Decision } from '../core/recommend.ts'
import { valuesOf } from '../core/score.ts'
import type { EarlierRow } from './customer.ts'
import { personOf } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { statement } from './engine.ts'
import type { recommendation } from './schema.ts'

export type RecommendationRow = typeof recommendation.$inferSelect

const COLUMNS = [
  'id',
  'siteId',
  'customer',
  'touchpoint',
  'staffId',
  'at',
  'requestDigest',
  'offerId',
  'alternateId',
  'askedGoal',
  'arm',
  'propensity',
  'policyVersion',
  'wouldOffer',
  'mapping',
  'band',
  'expected',
  'answer',
  'inputs',
] as const satisfies (keyof RecommendationRow)[]

const KEEP = `insert into recommendation (${COLUMNS}) values (${COLUMNS.map(() => '?')}) on conflict do nothing`

/** What is kept of an answer when it is given. */
export type NewRecommendation = Pick<RecommendationRow, (typeof COLUMNS)[number]>

/** One statement that keeps an answer; one that is there already stays as it is. */
export function recordRecommendation(row: NewRecommendation): Statement {
  return statement(KEEP, ...COLUMNS.map((column) => row[column]))
}

/** A recorded answer, or null. */
export async function findRecommendation(engine: Engine, id: string): Promise<RecommendationRow | null> {
  const [row] = await engine.all<RecommendationRow>(
    statement('select * from recommendation where id = ?', id),
  )
  return row ?? null
}

/** Recorded answers in the order of their ids, after one, at a site or at all. */
export async function listRecommendations(
  engine: Engine,
  siteId: string | null,
  after: string,
  most: number,
): Promise<RecommendationRow[]> {
  return engine.all<RecommendationRow>(
    statement(
      'select * from recommendation where id > ?1 and (?2 is null or siteId = ?2) order by id limit ?3',
      after,
      siteId,
      most,
    ),
  )
}

/** What a decision was made from, and what it weighed, as kept with it. */
export type Inputs = {
  /** 2: enough to be repeated. */
  v?: 2
  basket: Capsule['basket']
  unmatched: Capsule['unmatched']
  currency: string
  /** The best of what passed the gates: offers with the values of their parts. */
  gated: [string, ...number[]][]
  silence: string | null
  withoutMoney: string | null
  affinity: Heard['affinity']
  goesWith: Heard['goesWith']
  holdout: number
  /** What she was called then: what is drawn for her depends on it. Null: nobody was known. */
  ref: string | null
  earlier: EarlierRow[] | null
  state: unknown
  /** A line that it rested on was erased: it cannot be repeated. */
  erased?: true
}

/**
 * The inputs of a decision as text. `asRead` is the customer's state and her earlier answers, as they were read: they
 * go in as they are. Without the latter (answers of hers are still to be written) those of the moment are kept.
 */
export function inputsOf(
  decision: Decision,
  moment: Moment,
  answer: Answer,
  heard: Listened,
  currency: string,
  asRead: { state: string | null; earlier: string | null },
): string {
  const { person } = moment
  const inputs: Omit<Inputs, 'affinity' | 'state' | 'earlier'> = {
    v: 2,
    basket: moment.basket,
    unmatched: answer.unmatched,
    currency,
    gated: decision.gated.map(({ listed, parts }) => [listed.offer.id, ...valuesOf(parts)]),
    silence: decision.silence,
    withoutMoney: decision.withoutMoney,
    goesWith: heard.goesWith,
    holdout: person?.holdout ? 1 : 0,
    ref: person?.ref ?? null,
  }
  const earlier = person === null ? null : (asRead.earlier ?? JSON.stringify(person.earlier.map(earlierRow)))
  const state = person === null ? null : asRead.state
  // Written by hand: an object with these numbers as keys takes as much room as its largest.
  const affinity = Array.from(heard.affinity, ([productId, its]) => `"${productId}":${its}`).join()
  return `${JSON.stringify(inputs).slice(0, -1)},"affinity":{${affinity}},"earlier":${earlier},"state":${state}}`
}

const iso = (ms: number) => new Date(ms).toISOString()

const earlierRow = (before: Earlier): EarlierRow => [
  before.id,
  before.offerId,
  before.alternateId,
  before.askedGoal,
  iso(before.atMs),
  before.outcome,
  before.outcomeReason,
  before.saidMs === null ? null : iso(before.saidMs),
]

/** What a recorded answer was made from; null where it cannot be repeated: a line was erased, or it is of before 0.3. */
export function capsuleOf(
  row: Pick<RecommendationRow, 'id' | 'siteId' | 'touchpoint' | 'at' | 'answer' | 'inputs'>,
): Capsule | null {
  const inputs = JSON.parse(row.inputs) as Inputs
  if (inputs.v !== 2 || inputs.erased) return null
  const answer = JSON.parse(row.answer) as Answer
  return {
    id: row.id,
    siteId: row.siteId,
    touchpoint: row.touchpoint,
    nowMs: Date.parse(row.at),
    basket: inputs.basket,
    unmatched: inputs.unmatched,
    person:
      inputs.ref === null || inputs.state === null
        ? null
        : personOf(inputs.ref, inputs.holdout, JSON.stringify(inputs.state), JSON.stringify(inputs.earlier)),
    heard: { affinity: inputs.affinity, goesWith: inputs.goesWith },
    currency: inputs.currency,
    degraded: answer.degraded,
    dataVersion: answer.dataVersion,
  }
}

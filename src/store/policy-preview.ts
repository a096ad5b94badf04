/** Recorded decisions, read to be decided again with the catalogue as it was. */
import type { OfferSaid, Saying } from '../core/calibration.ts'
import { sayingOf } from '../core/calibration.ts'
import type { Capsule } from '../core/capsule.ts'
import type { Catalogue } from '../core/catalogue.ts'
import type { Policy } from '../core/policy.ts'
import type { Retried } from '../core/policy-preview.ts'
import { retried } from '../core/policy-preview.ts'
import { partsFrom } from '../core/score.ts'
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'
import { PastCatalogue } from './past.ts'
import type { Inputs, RecommendationRow } from './recommendation.ts'
import { capsuleOf } from './recommendation.ts'

type Row = Pick<
  RecommendationRow,
  | 'id'
  | 'siteId'
  | 'customer'
  | 'touchpoint'
  | 'at'
  | 'offerId'
  | 'arm'
  | 'propensity'
  | 'policyVersion'
  | 'saidAt'
  | 'expected'
  | 'answer'
  | 'inputs'
> & {
  /** She ever accepted or booked it, whatever was heard after. */
  yes: 0 | 1
  /** She ever declined it. */
  declined: 0 | 1
}

/** Rows of one read: each holds a whole answer. */
const PAGE = 200
/** Decisions after which a till that waits gets its turn. */
const TURN = 5

/** The ids of the newest decisions since an instant, newest first: read from the index alone. */
async function newestIds(engine: Engine, since: string, most: number): Promise<string[]> {
  const rows = await engine.all<{ id: string }>(
    statement(
      'select id from recommendation where at >= (select ?) order by at desc, id desc limit (select ?)',
      since,
      most,
    ),
  )
  return rows.map(({ id }) => id)
}

const ever = (states: string) =>
  `exists (select 1 from outcome where recommendationId = recommendation.id and orphan = 0 and state in ${states})`

/** The decisions of these ids, in their order. */
async function rowsOf(engine: Engine, ids: readonly string[]): Promise<Row[]> {
  const found = new Map<string, Row>()
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = await engine.all<Row>(
      statement(
        `select id, siteId, customer, touchpoint, at, offerId, arm, propensity, policyVersion, saidAt,
           expected, answer, inputs, ${ever("('accepted', 'booked')")} yes,
           ${ever("('declined', 'wrong')")} declined
         from recommendation where id in (select value from json_each(?))`,
        JSON.stringify(ids.slice(from, from + PAGE)),
      ),
    )
    for (const row of page) found.set(row.id, row)
  }
  return ids.flatMap((id) => found.get(id) ?? [])
}

/** The capsules of rows in the order of their revisions, as the walk through the catalogue needs them. */
async function inOrder(rows: readonly Row[]): Promise<{ row: Row; capsule: Capsule; revision: number }[]> {
  const found: { row: Row; capsule: Capsule; revision: number }[] = []
  for (const [n, row] of rows.entries()) {
    await breath(n)
    const capsule = capsuleOf(row)
    const revision = Number(capsule?.dataVersion)
    if (capsule !== null && revision > 0) found.push({ row, capsule, revision })
  }
  return found.sort((a, b) => a.revision - b.revision || (a.row.id < b.row.id ? -1 : 1))
}

/** Now and then a till that waits gets its turn. */
async function breath(n: number): Promise<void> {
  if (n % TURN === TURN - 1) await new Promise((resolve) => setTimeout(resolve))
}

export type Retries = {
  retries: Retried[]
  /** Decisions that cannot be repeated: of before they were kept whole, or a line they rested on was erased. */
  cannot: number
  /** There were more: these are the newest. */
  capped: boolean
  /** The catalogue of today under the policy that is tried. */
  today: Catalogue
}

/** Decide the newest decisions again by another policy. In order of time. */
export async function retry(
  engine: Engine,
  about: { since: string; most: number; inForce: Policy; tried: Policy; revision: number },
): Promise<Retries> {
  const ids = await newestIds(engine, about.since, about.most + 1)
  const capped = ids.length > about.most
  const rows = await rowsOf(engine, ids.slice(0, about.most))
  const again = await inOrder(rows)
  const oldest = again[0]?.revision ?? about.revision
  // One walk a policy: a catalogue is compiled for the policy it decides by.
  const own = await PastCatalogue.open(engine, oldest)
  const tried = await PastCatalogue.open(engine, oldest)
  const others = again.some(({ row }) => row.policyVersion !== about.inForce.version)
  const now = others ? await PastCatalogue.open(engine, oldest) : own
  const retries: Retried[] = []
  let cannot = rows.length - again.length
  for (const [n, { row, capsule, revision }] of again.entries()) {
    await breath(n)
    const policy = own.policy(row.policyVersion)
    if (policy === null) {
      cannot++
      continue
    }
    const then = own.at(revision, policy)
    const isOwn = row.policyVersion === about.inForce.version
    retries.push(
      retried(capsule, row, {
        own: then,
        now: isOwn ? then : now.at(revision, about.inForce),
        tried: tried.at(revision, about.tried),
      }),
    )
  }
  const atOf = new Map(rows.map((row) => [row.id, row.at]))
  retries.sort((a, b) => (atOf.get(a.id)! < atOf.get(b.id)! ? -1 : 1))
  return { retries, cannot, capped, today: tried.at(Math.max(about.revision, oldest), about.tried) }
}

/** One answer that was said, as it was predicted; `saying`: null where it cannot be had again. */
export type SaidRow = OfferSaid & {
  id: string
  saying: Saying | null
}

const SAID = `('said', 'askedMore', 'accepted', 'booked', 'declined', 'wrong')`

/**
 * The newest answers that were said aloud, in order of time. With `whole`, each with what its fit rests on.
 */
export async function saidAnswers(engine: Engine, most: number, whole: boolean): Promise<SaidRow[]> {
  const told = await engine.all<{ id: string }>(
    statement(
      `select recommendationId id from outcome where orphan = 0 and state in ${SAID}
       group by recommendationId order by max(at) desc, recommendationId desc limit (select ?)`,
      most,
    ),
  )
  const rows = (
    await rowsOf(
      engine,
      told.map(({ id }) => id),
    )
  ).filter(({ saidAt, offerId, expected }) => saidAt !== null && offerId !== null && expected !== null)
  const found = new Map<string, SaidRow & { fit: number; ratio: number }>()
  for (const { id, offerId, yes, declined, expected, inputs } of rows) {
    const { gated } = JSON.parse(inputs) as Inputs
    const parts = gated.find(([gatedId]) => gatedId === offerId)?.slice(1) as number[] | undefined
    if (parts === undefined) continue
    const { fit, propensity } = partsFrom(parts)
    found.set(id, {
      id,
      offerId: offerId!,
      byFit: expected! / 1e6,
      predicted: Math.min(1, (expected! / 1e6) * propensity),
      yes,
      declined,
      saying: null,
      fit,
      ratio: propensity,
    })
  }
  if (whole) {
    const again = await inOrder(rows)
    if (again[0]) {
      const past = await PastCatalogue.open(engine, again[0].revision)
      for (const [n, { row, capsule, revision }] of again.entries()) {
        await breath(n)
        const said = found.get(row.id)
        const policy = past.policy(row.policyVersion)
        if (said === undefined || policy === null) continue
        said.saying = sayingOf(capsule, past.at(revision, policy), said)
      }
    }
  }
  return rows.toReversed().flatMap(({ id }) => {
    const said = found.get(id)
    if (said === undefined) return []
    const { fit: _, ratio: __, ...row } = said
    return [row]
  })
}

/** Of the newest answers, how many made an offer, and of how many of those nobody told what came of them. */
export async function unheard(engine: Engine, most: number): Promise<{ made: number; unheard: number }> {
  const [row] = await engine.all<{ made: number; unheard: number }>(
    statement(
      `select count(*) made, coalesce(sum(outcome is null), 0) unheard from recommendation
       where offerId is not null and id in (select value from json_each(?))`,
      JSON.stringify(await newestIds(engine, '', most)),
    ),
  )
  return row!
}

/** say what happened: one outcome, or the batch that a till queued while it was offline. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Catalogue, Listed } from '../core/catalogue.ts'
import { placesLeft as placesFree, termsFor } from '../core/catalogue.ts'
import { digest } from '../core/chance.ts'
import { isFull } from '../core/gate.ts'
import { codeOf } from '../core/referral-code.ts'
import { dateOf, dayOf, localDay, weekOf } from '../core/time.ts'
import type { Engine } from '../store/engine.ts'
import { GuardFailed } from '../store/engine.ts'
import type { HeardRow, OutcomeRow, OutcomeWrite } from '../store/outcome.ts'
import {
  ACCEPTED,
  choicesSince,
  findAnswered,
  findAwaited,
  findOutcome,
  findReferral,
  recordOutcome,
  setAside,
} from '../store/outcome.ts'
import type { RecommendationRow } from '../store/recommendation.ts'
import type { Reading, ReferralFile, ReferralRow } from '../store/referral.ts'
import { evidenceFrom, findReferralFile, followed, withinCapacity } from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { instant, ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'

const STATES = ['notSaid', 'said', 'askedMore', 'accepted', 'booked', 'declined', 'wrong'] as const
const DECLINES = ['notNow', 'notForUs', 'haveIt'] as const
const DAY_MS = 86_400_000
/** Attempts before a write that others keep overtaking gives up. */
const ATTEMPTS = 60

const fields = {
  eventId: ref(80).openapi({ description: 'Made by the till; repeating it changes nothing.' }),
  state: z.enum(STATES),
  reason: text(200)
    .optional()
    .openapi({ description: 'declined: notNow, notForUs or haveIt. notSaid: why.' }),
  sessionId: ref(100)
    .optional()
    .openapi({ description: 'accepted, booked: the session to keep a place in.' }),
  staff: ref().optional(),
  at: instant.optional(),
}
const declineHasReason = (outcome: { state: string; reason?: string | undefined }) =>
  outcome.state !== 'declined' || (DECLINES as readonly string[]).includes(outcome.reason ?? '')
const declineIssue = { path: ['reason'], message: 'must be notNow, notForUs or haveIt' }

const OutcomeSchema = z
  .strictObject(fields)
  .refine(declineHasReason, declineIssue)
  .openapi('Outcome', {
    example: {
      eventId: 'till3-000184',
      state: 'accepted',
      sessionId: 'ses_O054_20260321_1000',
      staff: 'st_maya',
    },
  })
const QueuedSchema = z
  .strictObject({ recommendationId: ref(80), ...fields })
  .refine(declineHasReason, declineIssue)

const AnswerSchema = z
  .strictObject({
    recorded: z.boolean(),
    reason: z
      .enum(['NO_PLACES', 'WITHOUT_OFFER'])
      .nullable()
      .openapi({ description: 'Why not, when nothing was recorded.' }),
    orphan: z.boolean().openapi({
      description:
        'The answer it names is not on record yet: kept, and taken up when it comes. The same event again then brings the code.',
    }),
    referral: z
      .strictObject({
        code: z.string(),
        state: z.enum(['accepted', 'booked']),
        sessionId: z.string().nullable(),
        expiresOn: z.string(),
      })
      .nullable(),
    receiptLine: z.string().nullable(),
  })
  .openapi('OutcomeRecorded', {
    example: {
      recorded: true,
      reason: null,
      orphan: false,
      referral: {
        code: 'BK-7KQ4M',
        state: 'booked',
        sessionId: 'ses_O054_20260321_1000',
        expiresOn: '2026-03-21',
      },
      receiptLine: 'Free first piano lesson at Northside Conservatory. Show this code: BK-7KQ4M',
    },
  })
type Recorded = z.infer<typeof AnswerSchema>

const one = createRoute({
  method: 'post',
  path: '/v1/recommendations/{id}/outcomes',
  operationId: 'sayWhatHappened',
  tags: ['till'],
  summary: 'What became of an answer',
  description: 'Accepted on an offer with places keeps the place and makes the referral in the same write.',
  security: [{ key: [] }],
  request: {
    params: z.object({ id: ref(80) }),
    body: jsonBody(OutcomeSchema),
  },
  responses: {
    200: json('Recorded, or why not', AnswerSchema),
    ...problems(400, 401, 403, 413, 415, 422, 503),
  },
})

const BatchSchema = z
  .strictObject({ outcomes: z.array(QueuedSchema).min(1).max(500) })
  .openapi('OutcomeBatch', {
    example: {
      outcomes: [
        {
          recommendationId: 'rec_4f1c',
          eventId: 'till3-000185',
          state: 'said',
          at: '2026-03-14T11:45:00-05:00',
        },
      ],
    },
  })

const batch = createRoute({
  method: 'post',
  path: '/v1/outcomes',
  operationId: 'sayWhatHappenedOffline',
  tags: ['till'],
  summary: 'Outcomes that were queued while offline',
  security: [{ key: [] }],
  request: { body: jsonBody(BatchSchema) },
  responses: {
    207: json(
      'One status a row',
      z
        .strictObject({
          results: z.array(
            z.strictObject({
              eventId: z.string(),
              status: z.int(),
              outcome: z.union([AnswerSchema, z.null()]),
              problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
            }),
          ),
        })
        .openapi('OutcomeBatchResult'),
    ),
    ...problems(400, 401, 403, 413, 415, 503),
  },
})

type OutcomeInput = z.infer<typeof OutcomeSchema>

export function outcomes(app: App): void {
  app.openapi(one, async (c) => {
    const key = c.get('key')
    return c.json(
      await stored(keep(c.get('deps'), key.siteId, c.req.valid('param').id, c.req.valid('json'))),
      200,
    )
  })
  app.openapi(batch, async (c) => {
    const deps = c.get('deps')
    const results = []
    for (const { recommendationId, ...outcome } of c.req.valid('json').outcomes) {
      try {
        const kept = await stored(keep(deps, c.get('key').siteId, recommendationId, outcome))
        results.push({ eventId: outcome.eventId, status: 200, outcome: kept, problem: null })
      } catch (error) {
        if (!(error instanceof Problem) || error.code === 'store_unavailable') throw error
        results.push({
          eventId: outcome.eventId,
          status: 422,
          outcome: null,
          problem: { code: error.code, detail: error.message },
        })
      }
    }
    return c.json({ results }, 207)
  })
}

/** Take up all that came before its answer was on record, now that it is: as if it came now, each tried once. */
export async function adoptAwaited(deps: Deps): Promise<void> {
  let last = { at: '', recordedAt: '', eventId: '' }
  for (;;) {
    const rows = await findAwaited(deps.engine, last)
    if (rows.length === 0) return
    for (const row of rows) await adopt(deps, row)
    last = rows.at(-1)!
  }
}

async function adopt(deps: Deps, row: OutcomeRow): Promise<void> {
  const { eventId, state, reason, sessionId, staffId, at, siteId } = row
  const input = {
    eventId,
    state,
    reason: reason ?? undefined,
    sessionId: sessionId ?? undefined,
    staff: staffId ?? undefined,
    at,
  }
  try {
    const { recorded } = await keep(deps, siteId === '' ? null : siteId, row.recommendationId, input, row)
    if (!recorded) await deps.engine.atomic([setAside(eventId)])
  } catch (error) {
    // What cannot be stays flagged and is never lost; what failed for another reason is tried again.
    if (error instanceof Problem && error.code === 'unknown_reference')
      await deps.engine.atomic([setAside(eventId)])
    deps.log({ level: 'warn', event: 'orphan', error: error instanceof Error ? error.name : 'unknown' })
  }
}

/** Keep one outcome: look it up, decide what follows, write it all or not at all. `awaited`: it is kept already, without its answer. */
async function keep(
  deps: Deps,
  keySite: string | null,
  recommendationId: string,
  input: OutcomeInput,
  awaited: OutcomeRow | null = null,
): Promise<Recorded> {
  const { engine, recorder, snapshot, clock } = deps
  if (recorder.find(recommendationId)) await recorder.flush()
  const inputDigest = digest(JSON.stringify([recommendationId, input]))
  for (let attempt = 1; ; attempt++) {
    const known = awaited === null ? await findOutcome(engine, input.eventId) : null
    if (known) {
      if (known.digest !== inputDigest)
        throw new Problem('id_reused', 'This event id was used for another outcome.', [
          { field: 'eventId', message: 'was used for another outcome' },
        ])
      return JSON.parse(known.answer) as Recorded
    }
    const { answered: found, heard } = await findAnswered(engine, recommendationId)
    // An answer of another site is not this till's: kept, but nothing of it is told or changed.
    const rec = found && (keySite === null || found.siteId === keySite) ? found : null
    if (awaited !== null && rec === null) {
      await engine.atomic([setAside(awaited.eventId)])
      return { ...PLAIN, orphan: true }
    }
    const catalogue = await snapshot.refresh()
    const nowMs = clock()
    const now = new Date(nowMs).toISOString()
    const siteId = rec?.siteId ?? keySite ?? ''
    const at = happenedAt(input.at, rec, nowMs)
    const timeZone = catalogue.sites.get(siteId)?.timeZone ?? 'UTC'
    const write: OutcomeWrite = {
      row: {
        eventId: input.eventId,
        recommendationId,
        siteId,
        state: input.state,
        reason: input.reason ?? null,
        sessionId: input.sessionId ?? null,
        staffId: input.staff ?? null,
        at,
        recordedAt: now,
        digest: inputDigest,
        answer: '',
        orphan: rec !== null ? 0 : found !== null ? 3 : 1,
      },
      recommendation: rec,
      heard: heard.length,
      releases: false,
      hold: null,
      referral: null,
      reseated: null,
      follows: [],
      evidence: [],
      ...(awaited === null ? {} : { adopts: true as const }),
    }
    const answered: Recorded = { ...PLAIN, orphan: rec === null }
    const listed = rec?.offerId ? catalogue.listedById.get(rec.offerId) : undefined
    const accepts = input.state === 'accepted' || input.state === 'booked'
    if (rec && accepts && !rec.offerId) return { ...answered, recorded: false, reason: 'WITHOUT_OFFER' }
    if (rec && listed) {
      const told: Told = {
        catalogue,
        rec,
        listed,
        input,
        at,
        nowMs,
        today: dateOf(localDay(nowMs, timeZone)),
        since: choicesSince(heard, at),
        lastAt: heard.reduce((last, each) => (each.at > last ? each.at : last), at),
        reading: { timeZone, reportDays: catalogue.policy.reportDays, now },
      }
      if (accepts) Object.assign(answered, await accept(engine, write, told, attempt))
      if (input.state === 'declined' || input.state === 'wrong') await decline(engine, write, told)
    }
    write.row.answer = JSON.stringify(answered)
    try {
      await recordOutcome(engine, write)
      return answered
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
      // Another took it up at the same time.
      if (awaited !== null && (await findOutcome(engine, input.eventId))?.orphan === 0) return answered
      // The place is gone, the partner full, or somebody was first with this event or code: look again.
      if ((write.hold || write.referral) && (awaited !== null || !(await findOutcome(engine, input.eventId))))
        if (!(await isFree(deps, listed!.offer.id, write, timeZone)))
          return { ...PLAIN, recorded: false, reason: 'NO_PLACES' }
      if (attempt >= ATTEMPTS) throw error
    }
  }
}

/**
 * When it happened: what a till's clock says, but not before the answer that it is about, and now where that clock is
 * more than a day ahead.
 */
function happenedAt(said: string | undefined, rec: RecommendationRow | null, nowMs: number): string {
  const saidMs = said === undefined ? nowMs : Date.parse(said)
  const at = new Date(saidMs > nowMs + DAY_MS ? nowMs : saidMs).toISOString()
  return rec !== null && at < rec.at ? rec.at : at
}

const PLAIN: Recorded = { recorded: true, reason: null, orphan: false, referral: null, receiptLine: null }

/** One outcome beside all that deciding what follows looks at. */
type Told = {
  catalogue: Catalogue
  rec: RecommendationRow
  listed: Listed
  input: OutcomeInput
  at: string
  nowMs: number
  today: string
  /** What she chose since: what arrives late does not undo it. */
  since: HeardRow[]
  /** The latest instant that anything was heard of, this included. */
  lastAt: string
  reading: Reading
}

/** She accepts: a place, a referral, and the evidence of it. One answer has one referral and one place. */
async function accept(
  engine: Engine,
  write: OutcomeWrite,
  told: Told,
  attempt: number,
): Promise<Partial<Recorded>> {
  const { catalogue, rec, listed, input, nowMs, today, since, reading } = told
  const before = await findReferral(engine, rec.id)
  const session = input.sessionId ? listed.sessions.find((s) => s.id === input.sessionId) : undefined
  if (input.sessionId && !session)
    throw new Problem('unknown_reference', 'sessionId: is no session of this offer', [
      { field: 'sessionId', message: 'is unknown' },
    ])
  // Who thinks again keeps the code, and may take another day.
  const stands = before !== null && before.state !== 'withdrawn'
  const chosen = session?.id ?? (stands ? before.sessionId : null)
  const overtaken = since.some(({ state, sessionId }) => !ACCEPTED.includes(state) || sessionId !== null)
  if (overtaken && !stands) return {}
  const takes = session !== undefined && !overtaken && !(stands && before.sessionId === session.id)
  if (takes) {
    const leaseMs = Math.min(session.startsMs, nowMs + catalogue.policy.holdDays * DAY_MS)
    write.releases = before !== null
    write.hold = {
      id: `hold_${input.eventId}`,
      sessionId: session.id,
      expiresAt: new Date(leaseMs).toISOString(),
      customer: rec.customer,
      recommendationId: rec.id,
      now: reading.now,
    }
  }
  const terms = termsFor(listed, today)
  const expiresOn = session
    ? dateOf(localDay(session.startsMs, reading.timeZone))
    : dateOf(dayOf(today) + catalogue.policy.codeDays)
  const seat = {
    sessionId: chosen,
    expiresOn,
    // Word is owed once she should have been there; without a day, from now on.
    statusDueOn: dateOf(dayOf(session ? expiresOn : today) + (terms?.record.answerDays ?? 14)),
  }
  const row: ReferralRow = before ?? {
    code: `${rec.siteId}-${codeOf(`${rec.id}/${attempt}`)}`,
    direction: 'ours',
    recommendationId: rec.id,
    offerId: listed.offer.id,
    partnerId: listed.offer.partnerId,
    allianceId: listed.alliance?.id ?? null,
    termsVersion: terms?.version ?? null,
    siteId: rec.siteId,
    staffId: input.staff ?? null,
    customer: rec.customer,
    ...seat,
    state: chosen ? 'booked' : 'accepted',
    createdAt: reading.now,
    madeOn: today,
    newsOn: null,
    version: 1,
  }
  if (!overtaken && (before === null || takes || !stands)) {
    const file = before
      ? (await findReferralFile(engine, before.code))!
      : { referral: row, events: [], entries: [], disputes: [], terms: terms?.record ?? null }
    if (before) {
      Object.assign(row, seat)
      Object.assign(file.referral, seat)
      write.reseated = { code: before.code, ...seat }
    } else write.referral = row
    const { follows } = eventFrom(file, told, chosen ? 'booked' : 'accepted', before === null)
    write.follows.push(...follows)
    if (before === null && row.allianceId !== null && terms !== null) {
      const { perWeek, perMonth } = terms.record
      write.follows.push(
        ...withinCapacity(row.allianceId, {
          perWeek,
          perMonth,
          week: weekOf(today),
          month: today.slice(0, 7),
        }),
      )
    }
  }
  return {
    referral: {
      code: row.code,
      state: row.sessionId ? 'booked' : 'accepted',
      sessionId: row.sessionId,
      expiresOn: row.expiresOn,
    },
    receiptLine: `${listed.offer.say.receiptLine} ${row.code}`.trim(),
  }
}

/** She declines: what was kept for her is given back, and the goals of the offer weigh less for a while. */
async function decline(engine: Engine, write: OutcomeWrite, told: Told): Promise<void> {
  const { rec, listed, input, since } = told
  write.releases = !since.some(({ state }) => ACCEPTED.includes(state))
  const before = write.releases ? await findReferral(engine, rec.id) : null
  if (before && (before.state === 'accepted' || before.state === 'booked')) {
    const file = (await findReferralFile(engine, before.code))!
    write.follows.push(...eventFrom(file, told, 'withdrawn', false).follows)
  }
  if (rec.customer)
    write.evidence = Object.keys(listed.offer.goals).map((goal) => ({
      ...declinedLine(told, goal),
      weight: 0,
      halfLifeDays: 1,
      words: input.state === 'wrong' ? 'wrong' : input.reason!,
    }))
}

/** What follows for a referral from what was said at our side. */
function eventFrom(
  file: ReferralFile,
  { input, lastAt, reading, catalogue }: Told,
  kind: 'accepted' | 'booked' | 'withdrawn',
  isNew: boolean,
) {
  const added = {
    id: `shop/${input.eventId}`,
    code: file.referral.code,
    kind,
    // What is heard late follows what is known by now.
    at: lastAt,
    aboutOn: null,
    valueMinor: null,
    voids: null,
    offerId: null,
    via: 'till' as const,
    recordedAt: reading.now,
    digest: digest(JSON.stringify([kind, input.sessionId ?? null])),
  }
  const { statements } = followed(
    file,
    [added],
    reading,
    evidenceFrom(catalogue, file.referral, reading.now),
    isNew ? 'now' : 'before',
  )
  return { follows: statements }
}

const declinedLine = ({ rec, listed, input, today, reading }: Told, goal: string) => ({
  id: `${input.eventId}#${goal}`,
  customer: rec.customer!,
  kind: 'declined' as const,
  goal,
  offerId: listed.offer.id,
  staffId: input.staff ?? null,
  onDate: today,
  recordedAt: reading.now,
})

/** Whether the place, and the partner's capacity, is still there for the next attempt. */
async function isFree(
  { snapshot, clock }: Deps,
  offerId: string,
  { hold, referral }: OutcomeWrite,
  timeZone: string,
): Promise<boolean> {
  const catalogue = await snapshot.refresh()
  const listed = catalogue.listedById.get(offerId)
  if (!listed) return false
  const session = listed.sessions.find((s) => s.id === hold?.sessionId)
  if (hold && (session === undefined || placesFree(session, clock()) <= 0)) return false
  return referral === null || !isFull(listed, dateOf(localDay(clock(), timeZone)))
}

/** say what happened: one outcome, or the batch that a till queued while it was offline. */
import { createRoute, z } from '@hono/zod-openapi'
import { placesLeft as placesFree } from '../core/catalogue.ts'
import { digest, fnv1a } from '../core/chance.ts'
import { goalsOfEvent } from '../core/event.ts'
import { dateOf, localDay } from '../core/time.ts'
import { GuardFailed } from '../store/engine.ts'
import type { OutcomeWrite } from '../store/outcome.ts'
import { findOutcome, findReferral, recordOutcome } from '../store/outcome.ts'
import { findRecommendation } from '../store/recommendation.ts'
import type { App, Deps } from './app-context.ts'
import { requires, stored } from './auth.ts'
import { instant, ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'

const STATES = ['notSaid', 'said', 'askedMore', 'accepted', 'booked', 'declined', 'wrong'] as const
const DECLINES = ['notNow', 'notForUs', 'haveIt'] as const
const DAY_MS = 86_400_000

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
    orphan: z.boolean().openapi({ description: 'The answer it names is not on record: kept and flagged.' }),
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
  middleware: [requires('till', 'staff', 'manager', 'owner')] as const,
  request: {
    params: z.object({ id: ref(80) }),
    body: { required: true, content: { 'application/json': { schema: OutcomeSchema } } },
  },
  responses: {
    200: { description: 'Recorded, or why not', content: { 'application/json': { schema: AnswerSchema } } },
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
  middleware: [requires('till', 'staff', 'manager', 'owner')] as const,
  request: { body: { required: true, content: { 'application/json': { schema: BatchSchema } } } },
  responses: {
    207: {
      description: 'One status a row',
      content: {
        'application/json': {
          schema: z
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
        },
      },
    },
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

/** Keep one outcome: look it up, decide what follows, write it all or not at all. */
async function keep(
  deps: Deps,
  keySite: string | null,
  recommendationId: string,
  input: OutcomeInput,
): Promise<Recorded> {
  const { engine, recorder, snapshot, clock } = deps
  if (recorder.find(recommendationId)) await recorder.flush()
  const inputDigest = digest(JSON.stringify([recommendationId, input]))
  for (let attempt = 1; ; attempt++) {
    const known = await findOutcome(engine, input.eventId)
    if (known) {
      if (known.digest !== inputDigest)
        throw new Problem('id_reused', 'This event id was used for another outcome.', [
          { field: 'eventId', message: 'was used for another outcome' },
        ])
      return JSON.parse(known.answer) as Recorded
    }
    const found = await findRecommendation(engine, recommendationId)
    // An answer of another site is not this till's: kept, but nothing of it is told or changed.
    const rec = found && (keySite === null || found.siteId === keySite) ? found : null
    const catalogue = await snapshot.refresh()
    const nowMs = clock()
    const now = new Date(nowMs).toISOString()
    const siteId = rec?.siteId ?? keySite ?? ''
    const at = input.at ? new Date(Date.parse(input.at)).toISOString() : now
    const answered: Recorded = {
      recorded: true,
      reason: null,
      orphan: rec === null,
      referral: null,
      receiptLine: null,
    }
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
        orphan: rec === null ? 1 : 0,
      },
      recommendation: rec,
      releases: false,
      withdraws: false,
      hold: null,
      referral: null,
      evidence: [],
    }
    const listed = rec?.offerId ? catalogue.listedById.get(rec.offerId) : undefined
    const today = dateOf(localDay(nowMs, catalogue.sites.get(siteId)?.timeZone ?? 'UTC'))
    const accepts = input.state === 'accepted' || input.state === 'booked'
    // What arrives late does not undo what happened since.
    const latest = rec !== null && (rec.outcomeAt === null || rec.outcomeAt <= at)
    if (rec && accepts && !rec.offerId) return { ...answered, recorded: false, reason: 'WITHOUT_OFFER' }
    if (rec && listed && accepts) {
      const before = await findReferral(engine, rec.id)
      const session = input.sessionId ? listed.sessions.find((s) => s.id === input.sessionId) : undefined
      if (input.sessionId && !session)
        throw new Problem('unknown_reference', 'sessionId: is no session of this offer', [
          { field: 'sessionId', message: 'is unknown' },
        ])
      // One answer has one referral and one place: who thinks again keeps the code, and may take another day.
      const stands = before !== null && before.state !== 'withdrawn'
      const chosen = session?.id ?? (stands ? before.sessionId : null)
      const takes = session !== undefined && latest && !(stands && before.sessionId === session.id)
      const untilMs = Math.min(
        session?.startsMs ?? Number.POSITIVE_INFINITY,
        nowMs + catalogue.policy.holdDays * DAY_MS,
      )
      if (takes) {
        write.releases = before !== null
        write.hold = {
          id: `hold_${input.eventId}`,
          sessionId: session.id,
          expiresAt: new Date(untilMs).toISOString(),
          customer: rec.customer,
          recommendationId: rec.id,
          now,
        }
      }
      if (before === null || (latest && (takes || !stands)))
        write.referral = {
          code: before?.code ?? `${siteId}-${codeOf(`${rec.id}/${attempt}`)}`,
          recommendationId: rec.id,
          offerId: listed.offer.id,
          partnerId: listed.offer.partnerId,
          allianceId: listed.alliance?.id ?? null,
          termsVersion: before ? before.termsVersion : (listed.terms?.version ?? null),
          customer: rec.customer,
          sessionId: chosen,
          state: chosen ? 'booked' : 'accepted',
          expiresOn: dateOf(localDay(untilMs, catalogue.sites.get(siteId)!.timeZone)),
          createdAt: before?.createdAt ?? now,
        }
      const { code, sessionId, expiresOn } = (write.referral ?? before!) as NonNullable<typeof before>
      answered.referral = { code, state: sessionId ? 'booked' : 'accepted', sessionId, expiresOn }
      answered.receiptLine = `${listed.offer.say.receiptLine} ${code}`.trim()
      if (rec.customer && before === null) write.evidence = eventEvidence('booked', listed.offer.id)
    }
    if (rec && listed && (input.state === 'declined' || input.state === 'wrong')) {
      write.releases = write.withdraws = latest
      if (rec.customer)
        write.evidence = Object.keys(listed.offer.goals).map((goal) => ({
          ...line('declined', goal, listed.offer.id),
          weight: 0,
          halfLifeDays: 1,
          words: input.state === 'wrong' ? 'wrong' : input.reason!,
        }))
    }
    write.row.answer = JSON.stringify(answered)
    try {
      await recordOutcome(engine, write)
      return answered
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
      // The place is gone, or somebody was first with this event or code: look again.
      if (
        write.hold &&
        !(await findOutcome(engine, input.eventId)) &&
        !(await hasPlace(deps, listed!.offer.id, write.hold.sessionId))
      )
        return { ...answered, recorded: false, reason: 'NO_PLACES', referral: null, receiptLine: null }
      if (attempt >= 5) throw error
    }

    function line(kind: 'declined' | 'booked', goal: string, offerId: string) {
      return {
        id: `${input.eventId}#${goal}`,
        customer: rec!.customer!,
        kind,
        goal,
        offerId,
        staffId: input.staff ?? null,
        onDate: today,
        recordedAt: now,
      }
    }
    function eventEvidence(kind: 'booked', offerId: string) {
      return goalsOfEvent(catalogue, kind, offerId).map(({ goal, weight, halfLifeDays }) => ({
        ...line(kind, goal, offerId),
        weight,
        halfLifeDays,
        speakable: 1,
      }))
    }
  }
}

async function hasPlace({ snapshot, clock }: Deps, offerId: string, sessionId: string): Promise<boolean> {
  const catalogue = await snapshot.refresh()
  const session = catalogue.listedById.get(offerId)?.sessions.find((s) => s.id === sessionId)
  return session !== undefined && placesFree(session, clock()) > 0
}

const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'

/** Five letters and digits that nobody mistakes for others when read aloud. */
function codeOf(seed: string): string {
  let n = fnv1a(seed) % ALPHABET.length ** 5
  let code = ''
  for (let i = 0; i < 5; i++) {
    code += ALPHABET[n % ALPHABET.length]
    n = Math.floor(n / ALPHABET.length)
  }
  return code
}

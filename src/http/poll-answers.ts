/** Answers to questions: at a till with one tap, on a page, out of letters. All of them are evidence; a no is absolute. */
import { createRoute, z } from '@hono/zod-openapi'
import { closedWhy, POLL_ANSWERS } from '../core/poll.ts'
import { dateOf, localDay } from '../core/time.ts'
import { recordEvidence } from '../store/evidence.ts'
import type { PollRow } from '../store/poll.ts'
import { countAnswers, findAnswer, findEvents, forgetAsked, openPollOf } from '../store/poll.ts'
import { findRecommendation } from '../store/recommendation.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { known, linesOf } from './customers.ts'
import { json, jsonBody } from './document.ts'
import { instant, ref } from './fields.ts'
import { pollOf } from './polls.ts'
import { Problem, problems, reused } from './problem.ts'
import { TOUCHPOINTS } from './recommendations.ts'

const eventId = ref(80).openapi({ description: 'Made by the caller; repeating it changes nothing.' })

const AnswerSchema = z
  .strictObject({
    eventId,
    customer: ref(100),
    answer: z.enum(POLL_ANSWERS),
    touchpoint: z.enum(TOUCHPOINTS).default('till'),
    staff: ref().optional(),
    at: instant.optional(),
  })
  .openapi('PollAnswer', {
    example: {
      eventId: 'poll-0007',
      customer: 'g01-ana',
      answer: 'yes',
      touchpoint: 'till',
      staff: 'st_maya',
    },
  })

const CountedSchema = z
  .strictObject({
    recorded: z.boolean(),
    counted: z.boolean().openapi({ description: 'In a poll.' }),
    reason: z
      .enum(['CONSENT', 'CLOSED', 'NOT_OPEN', 'NO_QUESTION'])
      .nullable()
      .openapi({ description: 'Why it was not recorded, or recorded and not counted.' }),
  })
  .openapi('AnswerCounted', { example: { recorded: true, counted: true, reason: null } })
type Counted = z.infer<typeof CountedSchema>

const security = [{ key: [] }]

const answer = createRoute({
  method: 'post',
  path: '/v1/polls/{id}/answers',
  operationId: 'answerPoll',
  tags: ['poll'],
  summary: 'What a customer answered',
  description:
    'Evidence as any answer: yes and maybe count for the goal, a no is told and absolute. Her last word stands: one that comes late, and is older than what is counted, is kept and not counted. After the last day it is kept as evidence and not counted.',
  security,
  request: { params: z.object({ id: ref(80) }), body: jsonBody(AnswerSchema) },
  responses: {
    200: json('Kept, or why not', CountedSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const TapSchema = z
  .strictObject({
    eventId,
    answer: z.enum([...POLL_ANSWERS, 'notAsked']).openapi({
      description: 'notAsked: there was no moment for it; it may be asked at the next visit.',
    }),
    staff: ref().optional(),
  })
  .openapi('QuestionAnswer', { example: { eventId: 'tap-0191', answer: 'maybe', staff: 'st_maya' } })

const tap = createRoute({
  method: 'post',
  path: '/v1/recommendations/{id}/question',
  operationId: 'answerQuestion',
  tags: ['poll'],
  summary: 'One tap: what she answered to the question of an answer',
  description: 'The very next recommendation uses it. Where a poll about its goal is open, it counts there.',
  security,
  request: { params: z.object({ id: ref(80) }), body: jsonBody(TapSchema) },
  responses: {
    200: json('Kept, or why not', CountedSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

export function pollAnswers(app: App): void {
  app.openapi(answer, async (c) => {
    const { at, ...said } = c.req.valid('json')
    const poll = await pollOf(c, c.req.valid('param').id)
    const deps = c.get('deps')
    const atMs = at === undefined ? deps.clock() : Date.parse(at)
    return c.json(
      await recordAnswer(deps, c.get('key').siteId, { ...said, poll, goal: poll.goal, atMs }),
      200,
    )
  })

  app.openapi(tap, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const { eventId, answer, staff } = c.req.valid('json')
    const row = deps.recorder.find(id) ?? (await stored(findRecommendation(deps.engine, id)))
    const { siteId } = c.get('key')
    if (!row || (siteId !== null && row.siteId !== siteId))
      throw new Problem('not_found', 'There is no recommendation with this id.')
    const goal = (JSON.parse(row.answer) as { ask?: { goal: string } | null }).ask?.goal
    if (!goal || row.customer === null)
      return c.json({ recorded: false, counted: false, reason: 'NO_QUESTION' as const }, 200)
    if (answer === 'notAsked') {
      await stored(deps.recorder.flush())
      await stored(forgetAsked(deps.engine, id))
      return c.json({ recorded: true, counted: false, reason: null }, 200)
    }
    const { polls, sites } = await stored(deps.snapshot.refresh())
    const today = dateOf(localDay(deps.clock(), sites.get(row.siteId)?.timeZone ?? 'UTC'))
    const said = { eventId, answer, staff, customer: row.customer, touchpoint: row.touchpoint }
    const poll = openPollOf(polls, goal, today)
    return c.json(await recordAnswer(deps, siteId, { ...said, poll, goal, atMs: deps.clock() }), 200)
  })
}

type Said = {
  eventId: string
  customer: string
  answer: (typeof POLL_ANSWERS)[number]
  touchpoint: string
  staff?: string | undefined
  goal: string
  /** The poll that it is an answer to; null: a question of no poll. */
  poll: Pick<PollRow, 'id' | 'state' | 'opensOn' | 'closesOn'> | null
  atMs: number
}

/** Keep an answer as evidence, and count it where its poll is open today. @throws id_reused */
export async function recordAnswer(deps: Deps, keySite: string | null, said: Said): Promise<Counted> {
  const { engine, clock } = deps
  const { eventId, answer, goal, staff, poll } = said
  const {
    catalogue,
    siteId,
    allowed,
    who: customer,
  } = await stored(known(deps, keySite, said.customer, 'personalise'))
  if (!allowed) return { recorded: false, counted: false, reason: 'CONSENT' }
  const timeZone = catalogue.sites.get(siteId)?.timeZone ?? 'UTC'
  // When it was said and not when it came, so that an older word that comes late stays the older one.
  const saidMs = Math.min(said.atMs, clock())
  const at = new Date(saidMs).toISOString()
  const rows = linesOf(
    { eventId, kind: 'answered', goal, answer, staff },
    customer,
    dateOf(localDay(saidMs, timeZone)),
    at,
    () => [],
  )
  const before = (await stored(findEvents(engine, [eventId]))).get(eventId)
  if (before) {
    const [row] = rows
    if (
      before.customer !== customer ||
      before.goal !== goal ||
      before.kind !== row!.kind ||
      before.weight !== row!.weight
    )
      throw reused()
    const counted =
      poll !== null && (await stored(findAnswer(engine, poll.id, customer)))?.eventId === eventId
    return { recorded: true, counted, reason: null }
  }
  const why = poll === null ? null : closedWhy(poll, dateOf(localDay(clock(), timeZone)))
  const counts = poll !== null && why === null
  await stored(
    recordEvidence(
      engine,
      rows,
      counts
        ? [countAnswers([{ pollId: poll.id, customer, answer, touchpoint: said.touchpoint, eventId, at }])]
        : [],
    ),
  )
  // A later word of hers stands in the poll already: this one is kept, and not counted.
  const counted = counts && (await stored(findAnswer(engine, poll.id, customer)))?.eventId === eventId
  return { recorded: true, counted, reason: why }
}

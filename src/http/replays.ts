/** Decide again: a recorded answer from what it was made from. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Answer } from '../core/answer.ts'
import { replayed } from '../core/capsule.ts'
import { catalogueAt, PastCatalogue } from '../store/past.ts'
import type { Inputs, RecommendationRow } from '../store/recommendation.ts'
import { capsuleOf, findRecommendation, listRecommendations } from '../store/recommendation.ts'
import { ANSWER_EXAMPLE, AnswerSchema } from './answer-schema.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json } from './document.ts'
import { ref } from './fields.ts'
import { Problem, problems } from './problem.ts'

const ReplaySchema = z
  .strictObject({
    id: z.string(),
    same: z.boolean().nullable().openapi({
      description:
        'Whether the same answer comes out, byte for byte. Null where it cannot be repeated: see `reason`.',
    }),
    reason: z
      .enum(['ERASED', 'TOO_OLD'])
      .nullable()
      .openapi({ description: 'Why it cannot be repeated: a line was erased, or it is of before 0.3.' }),
    policyVersion: z.int(),
    dataVersion: z.string(),
    answer: z.union([AnswerSchema, z.null()]).openapi({ description: 'What comes out now.' }),
  })
  .openapi('Replay', {
    example: {
      id: 'rec_4f1c',
      same: true,
      reason: null,
      policyVersion: 1,
      dataVersion: '214',
      answer: ANSWER_EXAMPLE,
    },
  })

const route = createRoute({
  method: 'get',
  path: '/v1/recommendations/{id}/replay',
  operationId: 'replay',
  tags: ['shop'],
  summary: 'Decide again, from what the answer was made from',
  description:
    'With the catalogue and the policy of its moment the same answer comes out. Nothing is recorded.',
  security: [{ key: [] }],
  request: { params: z.object({ id: ref(80) }) },
  responses: { 200: json('The answer again', ReplaySchema), ...problems(400, 401, 403, 404, 503) },
})

const ManySchema = z
  .strictObject({
    replayed: z.int(),
    same: z.int(),
    different: z
      .array(z.string())
      .openapi({ description: 'Answers that come out otherwise: there should be none.' }),
    cannot: z.int().openapi({ description: 'Erased at her request, or recorded before 0.3.' }),
    next: z
      .string()
      .nullable()
      .openapi({ description: 'To go on: `after` of the next call. Null at the end.' }),
  })
  .openapi('Replays', { example: { replayed: 200, same: 199, different: [], cannot: 1, next: 'rec_4f1c' } })

const many = createRoute({
  method: 'get',
  path: '/v1/replays',
  operationId: 'replayMany',
  tags: ['shop'],
  summary: 'Decide again, many in a row, in the order of their ids',
  description: 'For audits: whether every recorded answer still comes out as it was given.',
  security: [{ key: [] }],
  request: {
    query: z.object({
      after: ref(80).optional(),
      limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(200),
    }),
  },
  responses: { 200: json('How many came out the same', ManySchema), ...problems(400, 401, 403, 503) },
})

/** Whether a recorded answer comes out again, byte for byte; null where it cannot be repeated. */
function isSame(past: PastCatalogue, row: RecommendationRow): boolean | null {
  const capsule = capsuleOf(row)
  const policy = past.policy(row.policyVersion)
  if (capsule === null || policy === null) return null
  const { answer } = replayed(past.at(+capsule.dataVersion, policy), capsule)
  return JSON.stringify(answer) === row.answer
}

export function replays(app: App): void {
  app.openapi(many, async (c) => {
    const { engine, recorder } = c.get('deps')
    const { after = '', limit } = c.req.valid('query')
    await stored(recorder.flush())
    const rows = await stored(listRecommendations(engine, c.get('key').siteId, after, limit))
    const revision = ({ answer }: RecommendationRow) => +(JSON.parse(answer) as Answer).dataVersion
    // The catalogue is walked through its revisions once, so they must not go back.
    const inOrder = rows
      .map((row) => ({ row, at: revision(row) }))
      .sort((a, b) => a.at - b.at || (a.row.id < b.row.id ? -1 : 1))
    const found = { replayed: rows.length, same: 0, different: [] as string[], cannot: 0 }
    if (inOrder[0]) {
      const past = await stored(PastCatalogue.open(engine, inOrder[0].at))
      for (const { row } of inOrder) {
        const same = isSame(past, row)
        if (same === null) found.cannot++
        else if (same) found.same++
        else found.different.push(row.id)
      }
    }
    return c.json({ ...found, next: rows.length === limit ? rows.at(-1)!.id : null }, 200)
  })

  app.openapi(route, async (c) => {
    const { engine, recorder } = c.get('deps')
    const { id } = c.req.valid('param')
    if (recorder.find(id)) await stored(recorder.flush())
    const row = await stored(findRecommendation(engine, id))
    const { siteId } = c.get('key')
    if (row === null || (siteId !== null && row.siteId !== siteId)) throw new Problem('not_found')
    const capsule = capsuleOf(row)
    const { dataVersion } = JSON.parse(row.answer) as { dataVersion: string }
    const about = { id, policyVersion: row.policyVersion, dataVersion }
    if (capsule === null) {
      const { erased } = JSON.parse(row.inputs) as Inputs
      const reason = erased ? ('ERASED' as const) : ('TOO_OLD' as const)
      return c.json({ ...about, same: null, reason, answer: null }, 200)
    }
    const catalogue = await stored(catalogueAt(engine, +dataVersion, row.policyVersion))
    const { answer } = replayed(catalogue, capsule)
    return c.json({ ...about, same: JSON.stringify(answer) === row.answer, reason: null, answer }, 200)
  })
}

/** For shop systems and for measuring: what goes with these products, without a customer's record. */
import { createRoute, z } from '@hono/zod-openapi'
import { rank } from '../core/ranking.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { instant, text } from './fields.ts'
import { problems } from './problem.ts'

const sku = text(100)

const QuestionSchema = z
  .strictObject({
    purpose: z.enum(['checkout', 'next']),
    basket: z.array(sku).max(500).default([]),
    history: z
      .array(z.strictObject({ at: instant, items: z.array(sku).max(2000) }))
      .max(1000)
      .default([]),
    exclude: z.array(sku).max(10_000).default([]),
    candidates: z.array(sku).max(10_000).optional(),
    limit: z.int().min(1).max(50).default(20),
    asOf: instant.optional(),
  })
  .openapi('RankingRequest', {
    example: {
      purpose: 'checkout',
      basket: ['YO-124'],
      history: [{ at: '2026-02-14T15:00:00Z', items: ['TP-301'] }],
      limit: 3,
    },
  })

const RankingSchema = z
  .strictObject({
    ranked: z.array(
      z.strictObject({
        sku: z.string(),
        score: z.number(),
        because: z.array(
          z.strictObject({
            kind: z.enum(['boughtWith', 'facet', 'popular']),
            ref: z.string(),
            part: z.number(),
          }),
        ),
      }),
    ),
    dataVersion: z.string(),
  })
  .openapi('Ranking')

const route = createRoute({
  method: 'post',
  path: '/v1/rankings',
  operationId: 'rank',
  tags: ['shop'],
  summary: 'What goes with these products',
  description:
    'The engine behind `affinity`, on its own. Answers from what was learned before the call, plus the history in it; records nothing. The parts add up to the score; ties break by sku.',
  security: [{ key: [] }],
  request: { body: jsonBody(QuestionSchema) },
  responses: {
    200: json('Best first', RankingSchema),
    ...problems(400, 401, 403, 413, 415, 503),
  },
})

export function rankings(app: App): void {
  app.openapi(route, async (c) => {
    const { snapshot, clock } = c.get('deps')
    const { asOf, history, ...question } = c.req.valid('json')
    await stored(snapshot.refresh())
    const ranked = rank(snapshot.learned.learned, {
      ...question,
      exclude: [...question.exclude, ...snapshot.learned.notAnswered()],
      history: history.map(({ at, items }) => ({ at: Date.parse(at), items })),
      asOf: asOf === undefined ? clock() : Date.parse(asOf),
    })
    return c.json(
      {
        ranked: ranked.map(({ sku, score, because }) => ({ sku, score, because })),
        dataVersion: String(snapshot.rev),
      },
      200,
    )
  })
}

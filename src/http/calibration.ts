/** What was predicted beside what came true, and the levers that predict better: proposed, never put in force. */
import { createRoute, z } from '@hono/zod-openapi'
import { calibration, LEARNED, metByOffer, relearned } from '../core/calibration.ts'
import { saidAnswers, unheard } from '../store/policy-preview.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { proposed, read, VersionSchema } from './policies.ts'
import { problems } from './problem.ts'

/** Sayings that are looked at: the newest. */
const MOST_SAYINGS = 2000

const share = z.number().min(0).max(1)
const CalibrationSchema = z
  .strictObject({
    tag: z.literal('counted'),
    said: z.int().openapi({
      description: `Answers that were said aloud: the newest ${MOST_SAYINGS}. The yeses, bands and offers are of these.`,
    }),
    yes: z.int().openapi({
      description:
        'Ever accepted or booked, whatever was heard after. Said and nothing more heard is no yes.',
    }),
    made: z
      .int()
      .openapi({ description: `Of the newest ${MOST_SAYINGS} answers, those that made an offer.` }),
    unheard: z.int().openapi({
      description: 'Of these, how many nobody told us of: unknown is no decline, so they are not counted.',
    }),
    bands: z.array(
      z.strictObject({
        from: share,
        to: share,
        said: z.int(),
        yes: z.int(),
        predicted: share,
        share,
        low: share,
        high: share,
      }),
    ),
    expectedError: z.number().openapi({
      description: 'Mean distance of what was predicted and what came true, weighed by counts.',
    }),
    offers: z.array(
      z.strictObject({
        offerId: z.string(),
        headline: z.string(),
        said: z.int(),
        accepted: z.int().openapi({ description: 'Ever accepted or booked.' }),
        declined: z.int().openapi({ description: 'Ever declined; it may have been accepted as well.' }),
        predicted: share.openapi({ description: 'By fit alone.' }),
        share,
        low: share,
        high: share,
      }),
    ),
  })
  .openapi('Calibration')

export type CalibrationAnswer = z.infer<typeof CalibrationSchema>

const security = [{ key: [] }]
const tags = ['policy']

const route = createRoute({
  method: 'get',
  path: '/v1/calibration',
  operationId: 'calibration',
  tags,
  summary: 'Whether predicted acceptance comes true, by tenths, and how each offer is met',
  security,
  responses: { 200: json('Counted, with 95 % intervals', CalibrationSchema), ...problems(401, 403, 503) },
})

const LearnedSchema = z
  .strictObject({
    proposed: z.union([VersionSchema, z.null()]),
    says: z.string(),
    sayings: z.int(),
    yes: z.int(),
    aside: z
      .strictObject({ sayings: z.int(), now: z.number(), learned: z.number() })
      .nullable()
      .openapi({ description: 'Mean log score of the last fifth, kept aside; nearer to 0 is better.' }),
  })
  .openapi('LearnedPolicy')

export type LearnedAnswer = z.infer<typeof LearnedSchema>

const learn = createRoute({
  method: 'post',
  path: '/v1/policies/propose-learned',
  operationId: 'proposeLearnedPolicy',
  tags,
  summary: 'Propose the levers that would have predicted better',
  description: `From what was said and what came of it: ${LEARNED.join(', ')}, shrunk towards their defaults. A proposal like any other: it is previewed and put in force by the owner, or not.`,
  security,
  request: { body: jsonBody(z.strictObject({})) },
  responses: {
    200: json('A proposal, or why there is none', LearnedSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

export function calibrations(app: App): void {
  app.openapi(route, async (c) => {
    const { engine, snapshot, recorder } = c.get('deps')
    await stored(recorder.flush())
    const catalogue = await stored(snapshot.refresh())
    const rows = await stored(saidAnswers(engine, MOST_SAYINGS, false))
    return c.json(
      {
        tag: 'counted' as const,
        ...calibration(rows),
        ...(await stored(unheard(engine, MOST_SAYINGS))),
        offers: metByOffer(rows).map((met) => ({
          ...met,
          headline: catalogue.listedById.get(met.offerId)?.offer.headline ?? met.offerId,
        })),
      },
      200,
    )
  })

  app.openapi(learn, async (c) => {
    const deps = c.get('deps')
    await stored(deps.recorder.flush())
    const { inForce } = await read(deps)
    const rows = await stored(saidAnswers(deps.engine, MOST_SAYINGS, true))
    const sayings = rows.flatMap(({ saying }) => saying ?? [])
    const { levers, says, yes, aside } = relearned(sayings, inForce.record)
    const made = levers === null ? null : await proposed(deps, levers, says, c.get('by'))
    return c.json({ proposed: made, says, sayings: sayings.length, yes, aside }, 200)
  })
}

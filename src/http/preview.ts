/** A preview: what a move, new terms or an earlier end of an alliance would change at the tills. */
import { createRoute, z } from '@hono/zod-openapi'
import { preview } from '../core/preview.ts'
import { allianceIn, allianceRoute, ofAlliance, openAlliance, StateSchema, todayOf } from './alliances.ts'
import type { App } from './app-context.ts'
import { json, jsonBody } from './document.ts'
import { date } from './fields.ts'
import { problems } from './problem.ts'
import { DifferencesSchema, TermsSchema } from './terms-schema.ts'

const TrialSchema = z
  .strictObject({ move: StateSchema.optional(), terms: TermsSchema.optional(), endOn: date.optional() })
  .openapi('AllianceTrial', { example: { move: 'paused' } })

const ShiftSchema = z.strictObject({
  offerId: z.string(),
  headline: z.string(),
  sites: z.array(z.string()),
  fromOn: z.string(),
})
const PreviewSchema = z
  .strictObject({
    goSilent: z.array(ShiftSchema),
    startSpeaking: z.array(ShiftSchema),
    words: DifferencesSchema,
    goalsLeftWithoutOffer: z.array(z.string()),
    sites: z.array(z.string()),
    dates: z.array(z.string()).openapi({ description: 'The dates looked at.' }),
  })
  .openapi('AlliancePreview', {
    example: {
      goSilent: [
        { offerId: 'O054', headline: 'Free first piano lesson', sites: ['BK', 'LS'], fromOn: '2026-03-14' },
      ],
      startSpeaking: [],
      words: [],
      goalsLeftWithoutOffer: ['music-instrument'],
      sites: ['BK', 'LS'],
      dates: ['2026-03-14'],
    },
  })

const tryOut = createRoute({
  ...allianceRoute,
  method: 'post',
  path: '/v1/alliances/{id}/preview',
  operationId: 'previewAlliance',
  summary: 'What a move, new terms or an earlier end would change at the tills',
  description: 'Nothing is written. New terms are taken as agreed.',
  request: { params: ofAlliance, body: jsonBody(TrialSchema) },
  responses: {
    200: json('What would change', PreviewSchema),
    ...problems(400, 401, 403, 404, 413, 415, 503),
  },
})

export function previews(app: App): void {
  app.openapi(tryOut, async (c) => {
    const { id } = c.req.valid('param')
    const trial = c.req.valid('json')
    const { catalogue } = await openAlliance(c, id)
    const alliance = allianceIn(catalogue, id)
    const { move: to, terms, endOn } = trial
    const tried = {
      ...(to === undefined ? {} : { move: to }),
      ...(terms === undefined ? {} : { terms }),
      ...(endOn === undefined ? {} : { endOn }),
    }
    return c.json(preview(catalogue, alliance, tried, todayOf(c, catalogue), c.get('deps').clock()), 200)
  })
}

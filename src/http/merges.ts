/** two references turn out to be one customer: `POST /v1/customers/{ref}/merge`. */
import { createRoute, z } from '@hono/zod-openapi'
import type { MergeRefusal, Side } from '../store/merge.ts'
import { mergeCustomers, previewMerge } from '../store/merge.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { Problem, problems } from './problem.ts'

const BodySchema = z
  .strictObject({
    into: ref(100).openapi({ description: 'The reference that stays: it keeps its site and its holdout.' }),
    eventId: ref(80).optional(),
  })
  .openapi('CustomerMerge', { example: { into: 'g01-ana', eventId: 'office-0017' } })

const MergedSchema = z
  .strictObject({
    ref: z.string(),
    customer: z.string().openapi({ description: 'Who the reference answers as, ever after.' }),
    mergedAt: z.string(),
    moved: z.record(z.string(), z.int()).openapi({ description: 'How many of what became hers.' }),
  })
  .openapi('CustomerMerged', {
    example: {
      ref: 'hh_0001',
      customer: 'g01-ana',
      mergedAt: '2026-03-14T16:42:00.000Z',
      moved: { purchase: 9, evidence: 14, consent: 2, child: 1 },
    },
  })

const route = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/merge',
  operationId: 'mergeCustomers',
  tags: ['customer'],
  summary: 'Two references are one customer',
  description:
    'Everything of the one becomes the other’s: purchases, what she told us, children, consents, notes, answers, referrals, places. It is then as if all had been one customer from the start. An objection or a withdrawal on either side wins. The old reference answers as the new one, at the till too; saying it again answers the same. It cannot be taken apart again.',
  security: [{ key: [] }],
  request: { params: z.object({ ref: ref(100) }), body: jsonBody(BodySchema) },
  responses: {
    200: json('One customer now', MergedSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
  },
})

const SideSchema = z.strictObject({
  ref: z.string(),
  site: z.string(),
  joinedOn: z.string(),
  holdout: z.boolean().openapi({ description: 'In the comparison group.' }),
  has: z.record(z.string(), z.int()).openapi({ description: 'How many of what is hers.' }),
  consents: z.record(z.string(), z.string()),
})
const TogetherSchema = z
  .strictObject({
    from: SideSchema,
    into: SideSchema.openapi({ description: 'The one that stays.' }),
    together: SideSchema.openapi({ description: 'What she would have once both are one.' }),
  })
  .openapi('CustomerMergePreview', {
    example: {
      from: {
        ref: 'hh_0001',
        site: 'BK',
        joinedOn: '2025-06-02',
        holdout: false,
        has: { purchase: 9, evidence: 14, child: 1 },
        consents: { personalise: 'granted', letter: 'withdrawn' },
      },
      into: {
        ref: 'g01-ana',
        site: 'BK',
        joinedOn: '2025-09-13',
        holdout: false,
        has: { purchase: 5, evidence: 3 },
        consents: { personalise: 'granted', letter: 'granted' },
      },
      together: {
        ref: 'g01-ana',
        site: 'BK',
        joinedOn: '2025-06-02',
        holdout: false,
        has: { purchase: 14, evidence: 17, child: 1 },
        consents: { personalise: 'granted', letter: 'withdrawn' },
      },
    },
  })

const preview = createRoute({
  method: 'get',
  path: '/v1/customers/{ref}/merge',
  operationId: 'previewMerge',
  tags: ['customer'],
  summary: 'What two references would come to as one customer',
  description:
    'Counts and consents only, and nothing is changed. To look here is the only way to change one’s mind: a merge cannot be taken apart again.',
  security: [{ key: [] }],
  request: { params: z.object({ ref: ref(100) }), query: z.object({ into: ref(100) }) },
  responses: {
    200: json('Each of them, and both as one', TogetherSchema),
    ...problems(400, 401, 403, 404, 409, 422, 503),
  },
})

export function merges(app: App): void {
  app.openapi(preview, async (c) => {
    const { engine, recorder } = c.get('deps')
    const { ref } = c.req.valid('param')
    const { into } = c.req.valid('query')
    await stored(recorder.flush())
    const found = await stored(previewMerge(engine, { ref, into, site: c.get('key').siteId }))
    if ('refused' in found) throw problemOf(found, ref, into)
    return c.json({ from: shown(found.from), into: shown(found.into), together: shown(found.together) }, 200)
  })

  app.openapi(route, async (c) => {
    const { engine, recorder } = c.get('deps')
    const { ref } = c.req.valid('param')
    const { into, eventId = null } = c.req.valid('json')
    // Answers of a moment ago are hers too.
    await stored(recorder.flush())
    const { siteId } = c.get('key')
    const done = await stored(mergeCustomers(engine, { ref, into, eventId, site: siteId }, c.get('by')))
    if ('refused' in done) throw problemOf(done, ref, into)
    const { customer, at: mergedAt, moved } = done
    return c.json({ ref, customer, mergedAt, moved }, 200)
  })
}

const shown = ({ siteId, ...side }: Side) => ({ ...side, site: siteId })

function problemOf(refusal: MergeRefusal, ref: string, into: string): Problem {
  switch (refusal.refused) {
    case 'unknown':
      return refusal.field === 'ref'
        ? new Problem('not_found', `There is no customer ${ref}.`, [{ field: 'ref', message: 'is unknown' }])
        : new Problem('unknown_reference', `into: there is no customer ${into}`, [
            { field: 'into', message: 'is unknown' },
          ])
    case 'merged':
      return new Problem('conflict', `${ref} is a name of ${refusal.customer} already: merge that one.`, [
        { field: 'ref', message: `is a name of ${refusal.customer}` },
      ])
    case 'same':
      return new Problem('conflict', `${ref} and ${into} are one customer already.`, [
        { field: 'into', message: 'is the same customer' },
      ])
    case 'event':
      return new Problem('id_reused', 'This event id was used for another merge.', [
        { field: 'eventId', message: 'was used for another merge' },
      ])
  }
}

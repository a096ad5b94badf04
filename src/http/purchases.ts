/** tell us what was sold: `POST /v1/purchases`, up to 500 at once, any age and order. */

import { createRoute, z } from '@hono/zod-openapi'
import { digest } from '../core/chance.ts'
import { holdoutOf } from '../core/holdout.ts'
import type { Policy } from '../core/policy.ts'
import { countCustomers } from '../store/customer.ts'
import type { PurchaseInput } from '../store/purchase.ts'
import { ingestPurchases } from '../store/purchase.ts'
import type { App, Deps } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { currency, instant, ref, SaleLineSchema, text } from './fields.ts'
import { problems } from './problem.ts'

/** 500 purchases of twenty lines. */
export const PURCHASES_BODY_BYTES = 1024 * 1024

const PurchaseSchema = z
  .strictObject({
    source: ref(),
    externalId: text(100),
    revision: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .openapi({ description: 'A correction has a higher one.' }),
    site: ref().optional(),
    customer: ref(100).optional(),
    staff: ref().optional(),
    soldAt: instant,
    currency: currency.optional(),
    voided: z.boolean().default(false),
    recommendationId: ref(80).optional(),
    lines: z.array(SaleLineSchema).max(500).default([]),
  })
  .refine((purchase) => purchase.voided || purchase.lines.length > 0, {
    path: ['lines'],
    message: 'must hold a line',
  })
  .openapi('Purchase')

const BodySchema = z
  .strictObject({ purchases: z.array(PurchaseSchema).min(1).max(500) })
  .openapi('Purchases', {
    example: {
      purchases: [
        {
          source: 'juniper-till',
          externalId: '2026-03-14-0042',
          customer: 'g01-ana',
          staff: 'st_maya',
          soldAt: '2026-03-14T11:44:00-05:00',
          lines: [
            {
              sku: 'DR-204-6',
              name: 'Cotton lawn dress, 6Y',
              category: 'dresses',
              quantity: 1,
              unitPrice: 9600,
            },
          ],
        },
      ],
    },
  })

const route = createRoute({
  method: 'post',
  path: '/v1/purchases',
  operationId: 'tellWhatWasSold',
  tags: ['till'],
  summary: 'What was sold',
  description:
    'Unique on (source, externalId): a repeat changes nothing, a higher revision replaces, `voided: true` takes back. Up to 500 at once, in a body of up to 1 MB. The very next recommendation knows it.',
  security: [{ key: [] }],
  request: { body: jsonBody(BodySchema) },
  responses: {
    207: json(
      'One status a purchase',
      z
        .strictObject({
          results: z.array(
            z.strictObject({
              source: z.string(),
              externalId: z.string(),
              status: z.enum(['created', 'unchanged', 'replaced', 'voided', 'older', 'conflict']),
              stage: z.enum(['front', 'back']).nullable(),
            }),
          ),
        })
        .openapi('PurchasesResult', {
          example: {
            results: [
              { source: 'juniper-till', externalId: '2026-03-14-0042', status: 'created', stage: 'back' },
            ],
          },
        }),
    ),
    ...problems(400, 401, 403, 413, 415, 422, 503),
  },
})

export function purchases(app: App): void {
  app.openapi(route, async (c) => {
    const deps = c.get('deps')
    const { siteId: keySite } = c.get('key')
    const catalogue = await stored(deps.snapshot.refresh())
    const inputs = c.req
      .valid('json')
      .purchases.map(
        ({ lines, site, customer, staff, recommendationId, currency, ...rest }): PurchaseInput => {
          const siteId = siteOf(c.get('key'), site, catalogue.sites)
          return {
            ...rest,
            siteId,
            customer: customer ?? null,
            staffId: staff ?? null,
            soldAt: new Date(Date.parse(rest.soldAt)).toISOString(),
            currency: currency ?? catalogue.sites.get(siteId)!.currency,
            recommendationId: recommendationId ?? null,
            lines: lines.map(({ unitPrice, unitCost, gift, child, ...line }) => ({
              ...line,
              unitPriceMinor: unitPrice,
              unitCostMinor: unitCost ?? null,
              gift: gift ?? false,
              child: child ?? null,
            })),
          }
        },
      )
    if (keySite) c.set('site', keySite)
    const results = await stored(
      ingestPurchases(
        deps.engine,
        () => deps.snapshot.refresh(),
        inputs,
        await ingestOptions(deps, catalogue.policy),
      ),
    )
    return c.json(
      {
        results: results.map(({ status, stage }, i) => ({
          source: inputs[i]!.source,
          externalId: inputs[i]!.externalId,
          status,
          stage,
        })),
      },
      207,
    )
  })
}

/** What ingesting needs beside the purchases: the instant, who is drawn into the holdout, how a repeat is known. */
export async function ingestOptions(deps: Pick<Deps, 'engine' | 'clock'>, policy: Policy) {
  const customers = await stored(countCustomers(deps.engine))
  return {
    now: new Date(deps.clock()).toISOString(),
    holdout: holdoutOf(policy, customers),
    digest: (input: PurchaseInput) => digest(JSON.stringify(input)),
  }
}

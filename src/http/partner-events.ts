/** Events that a partner's own system sends, signed (Standard Webhooks). */
import { createRoute, z } from '@hono/zod-openapi'
import { audited } from '../store/audit.ts'
import { findSigningSecret, signingSecretSet } from '../store/outbox.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { Problem, parsed, problems } from './problem.ts'
import { tellReferral } from './referral-events.ts'
import { FollowedSchema, ToldSchema } from './referral-schema.ts'
import { isSigned, newSecret, REPLAY_WINDOW_SECONDS } from './webhook-signature.ts'

const { eventId: _, kind: __, ...toldFields } = ToldSchema.shape

const SignedEventSchema = z
  .strictObject({
    type: z.enum([
      'referral.attended',
      'referral.noShow',
      'referral.enrolled',
      'referral.recitalScheduled',
      'referral.declined',
      'referral.void',
    ]),
    timestamp: z.string().max(40).optional(),
    data: z.strictObject({ ...toldFields, code: z.string().max(20) }),
  })
  .openapi('SignedEvent', {
    example: {
      type: 'referral.attended',
      timestamp: '2026-03-21T16:00:00Z',
      data: { code: 'BK-7KQ4M', at: '2026-03-21T15:00:00Z' },
    },
  })

const receive = createRoute({
  method: 'post',
  path: '/v1/partners/{id}/events',
  operationId: 'receivePartnerEvent',
  tags: ['referral'],
  summary: 'An event of a partner’s own system',
  description:
    'Signed as Standard Webhooks say (`webhook-id`, `webhook-timestamp`, `webhook-signature`) with the secret of this partner, over the raw body, within five minutes. `webhook-id` makes a repeat the same event.',
  request: {
    params: z.object({ id: ref() }),
    headers: z.object({
      'webhook-id': ref(60),
      'webhook-timestamp': z.string().max(20),
      'webhook-signature': z.string().max(1000),
    }),
    body: jsonBody(SignedEventSchema),
  },
  responses: {
    200: json('Kept', FollowedSchema),
    ...problems(400, 401, 404, 413, 415, 422, 503),
  },
})

const secret = createRoute({
  method: 'post',
  path: '/v1/partners/{id}/signing-secret',
  operationId: 'makeSigningSecret',
  tags: ['referral'],
  summary: 'A new secret for a partner’s system to sign with',
  description: 'Shown once. The one before stops working at once.',
  security: [{ key: [] }],
  request: {
    params: z.object({ id: ref() }),
    body: jsonBody(z.strictObject({})),
  },
  responses: {
    201: json(
      'The secret',
      z.strictObject({ secret: z.string() }).openapi('SigningSecret', {
        example: { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=' },
      }),
    ),
    ...problems(400, 401, 403, 404, 413, 415, 503),
  },
})

export function partnerEvents(app: App): void {
  app.openapi(receive, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const headers = c.req.valid('header')
    const raw = await c.req.text()
    const known = await stored(findSigningSecret(deps.engine, id))
    const signed =
      known !== null &&
      (await isSigned(
        known,
        {
          id: headers['webhook-id'],
          timestamp: headers['webhook-timestamp'],
          signature: headers['webhook-signature'],
        },
        raw,
        Math.floor(deps.clock() / 1000),
      ))
    const seconds = Math.floor(deps.clock() / 1000)
    if (Math.abs(Number(headers['webhook-timestamp']) - seconds) > REPLAY_WINDOW_SECONDS)
      throw new Problem(
        'signature_invalid',
        `webhook-timestamp: is more than five minutes from this service’s clock, which is at ${seconds}.`,
        [{ field: 'webhook-timestamp', message: 'is more than five minutes from our clock' }],
      )
    // An unknown partner, an unset secret and a wrong signature are told apart by nobody.
    if (!signed) throw new Problem('signature_invalid')
    const { type, data } = c.req.valid('json')
    const { code, ...told } = data
    const input = parsed(ToldSchema, {
      ...told,
      kind: type.replace('referral.', ''),
      eventId: headers['webhook-id'],
    })
    const by = {
      actor: id,
      role: 'partner',
      requestId: c.get('requestId'),
      at: new Date(deps.clock()).toISOString(),
      id: c.get('requestId'),
    }
    const teller = { siteId: null, partnerId: id, via: 'signed', by } as const
    return c.json(await stored(tellReferral(deps, teller, code.toUpperCase(), input)), 200)
  })

  app.openapi(secret, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const catalogue = await stored(deps.snapshot.refresh())
    if (!catalogue.parts.partners.has(id)) throw new Problem('not_found', 'There is no partner with this id.')
    const made = newSecret()
    const by = c.get('by')
    await stored(
      deps.engine.atomic([
        signingSecretSet(id, made, by.at),
        audited(by, 'signing secret made', 'partner', id),
      ]),
    )
    return c.json({ secret: made }, 201)
  })
}

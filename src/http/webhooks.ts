/** Webhooks out: who wants to hear of what, and the delivery of the outbox. */
import { createRoute, z } from '@hono/zod-openapi'
import { audited } from '../store/audit.ts'
import type { Engine } from '../store/engine.ts'
import type { WebhookRow } from '../store/outbox.ts'
import {
  addedWebhook,
  attempted,
  claimDue,
  disabledWebhook,
  EVENT_TYPES,
  listWebhooks,
} from '../store/outbox.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { problems } from './problem.ts'
import { newSecret, signedHeaders } from './webhook-signature.ts'

const isLocal = (host: string) => host === 'localhost' || host === '127.0.0.1' || host === '[::1]'

const WebhookSchema = z
  .strictObject({
    id: z.string(),
    url: z.string(),
    types: z.array(z.enum(EVENT_TYPES)),
    createdAt: z.string(),
    disabledAt: z.string().nullable(),
  })
  .openapi('Webhook', {
    example: {
      id: 'wh_4f1c',
      url: 'https://shop.example/encore',
      types: ['referral.moved'],
      createdAt: '2026-03-14T16:42:00.000Z',
      disabledAt: null,
    },
  })

const list = createRoute({
  method: 'get',
  path: '/v1/webhooks',
  operationId: 'listWebhooks',
  tags: ['webhook'],
  summary: 'Where events go',
  security: [{ key: [] }],
  responses: {
    200: json('All of them', z.strictObject({ webhooks: z.array(WebhookSchema) }).openapi('Webhooks')),
    ...problems(401, 403, 503),
  },
})

const NewSchema = z
  .strictObject({
    url: z
      .url()
      .max(500)
      .refine((url) => {
        if (!URL.canParse(url)) return false
        const { protocol, hostname, username } = new URL(url)
        return username === '' && (protocol === 'https:' || (protocol === 'http:' && isLocal(hostname)))
      }, 'must be an https address without a user name'),
    types: z.array(z.enum(EVENT_TYPES)).max(20).default([]).openapi({ description: '[] for all.' }),
  })
  .openapi('WebhookNew', { example: { url: 'https://shop.example/encore', types: ['referral.moved'] } })

const add = createRoute({
  method: 'post',
  path: '/v1/webhooks',
  operationId: 'addWebhook',
  tags: ['webhook'],
  summary: 'Send events to an address',
  description:
    'Signed as Standard Webhooks say with the secret of the answer, shown once. Events hold ids only, nothing about people. What is not answered by 2xx is tried again, nine times over three days.',
  security: [{ key: [] }],
  request: { body: jsonBody(NewSchema) },
  responses: {
    201: json(
      'The webhook with its secret',
      z.strictObject({ ...WebhookSchema.shape, secret: z.string() }).openapi('WebhookMade'),
    ),
    ...problems(400, 401, 403, 413, 415, 503),
  },
})

const disable = createRoute({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  operationId: 'disableWebhook',
  tags: ['webhook'],
  summary: 'Send no more',
  security: [{ key: [] }],
  request: { params: z.object({ id: ref() }) },
  responses: { 204: { description: 'Disabled' }, ...problems(400, 401, 403, 503) },
})

export function webhooks(app: App): void {
  app.openapi(list, async (c) => {
    const rows = await stored(listWebhooks(c.get('deps').engine))
    return c.json({ webhooks: rows.map(shown) }, 200)
  })

  app.openapi(add, async (c) => {
    const deps = c.get('deps')
    const { url, types } = c.req.valid('json')
    const by = c.get('by')
    const row = {
      id: `wh_${deps.random(12)}`,
      url,
      secret: newSecret(),
      types: JSON.stringify(types),
      createdAt: by.at,
      disabledAt: null,
    }
    await stored(
      deps.engine.atomic([addedWebhook(row), audited(by, 'added', 'webhook', row.id, { url: [null, url] })]),
    )
    return c.json({ ...shown(row), secret: row.secret }, 201)
  })

  app.openapi(disable, async (c) => {
    const { engine } = c.get('deps')
    const { id } = c.req.valid('param')
    const by = c.get('by')
    await stored(engine.atomic([...disabledWebhook(id, by.at), audited(by, 'disabled', 'webhook', id)]))
    return c.body(null, 204)
  })
}

/** A webhook without its secret. */
const shown = ({ id, url, types, createdAt, disabledAt }: WebhookRow) => ({
  id,
  url,
  types: JSON.parse(types) as (typeof EVENT_TYPES)[number][],
  createdAt,
  disabledAt,
})

/**
 * Send what is due, each with its signature; what is not taken is tried again later. Called by a timer on Node and
 * by a cron trigger at the edge. Returns how many were taken.
 */
export async function deliver(
  engine: Engine,
  clock: () => number,
  send: typeof fetch,
  most = 20,
): Promise<number> {
  const due = await claimDue(engine, new Date(clock()).toISOString(), most)
  const outcomes = await Promise.all(
    due.map(async ({ id, body, url, secret }) => {
      const status = await post(send, url, {
        ...(await signedHeaders(secret, id, Math.floor(clock() / 1000), body)),
        body,
      })
      const taken = /^2\d\d$/.test(status)
      return attempted(id, status, taken ? new Date(clock()).toISOString() : null)
    }),
  )
  if (outcomes.length > 0) await engine.atomic(outcomes)
  return outcomes.filter(({ params }) => params[2] !== null).length
}

/** The status of an answer, or why there was none. */
async function post(
  send: typeof fetch,
  url: string,
  { body, ...headers }: { body: string } & Record<string, string>,
): Promise<string> {
  try {
    const answer = await send(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
    return String(answer.status)
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown'
  }
}

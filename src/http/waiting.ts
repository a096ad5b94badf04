/** Waiting: who would come if a place became free, in the order of coming. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { noPlaceIn } from '../core/session.ts'
import { GuardFailed } from '../store/engine.ts'
import type { WaitingRow } from '../store/hold.ts'
import { addWaiting, findWaiting, leaveWaiting, listWaiting } from '../store/hold.ts'
import type { App, Env } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { customer, eventId, HoldFields, knownAt, onlyFor, params, site } from './holds.ts'
import { Problem, problems, reused } from './problem.ts'
import { sessionFor } from './sessions.ts'

const WaitSchema = z
  .strictObject({ eventId, customer, staff: ref().optional(), site })
  .openapi('Wait', { example: { eventId: 'desk-00040', customer: 'g01-ana', staff: 'st_priya' } })

const WaitingSchema = z
  .strictObject({
    waits: z.boolean(),
    reason: z.enum(['CANCELLED', 'STARTED', 'NOT_OFFERED']).nullable(),
    waiting: z
      .strictObject({
        id: z.string(),
        state: z.enum(['waiting', 'placed', 'left']),
        position: z.int().nullable().openapi({ description: '1 is next.' }),
        hold: HoldFields.nullable().openapi({ description: 'The place that became hers, until then.' }),
      })
      .nullable(),
  })
  .openapi('Waiting', {
    example: {
      waits: true,
      reason: null,
      waiting: { id: 'wait_desk-00040', state: 'waiting', position: 1, hold: null },
    },
  })

const wait = createRoute({
  method: 'post',
  path: '/v1/sessions/{id}/waiting',
  operationId: 'waitForPlace',
  tags: ['place'],
  summary: 'Wait for a place',
  description: 'Where one is free, it is hers at once.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(WaitSchema) },
  responses: {
    200: json('She waits, has a place, or why not', WaitingSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const leave = createRoute({
  method: 'delete',
  path: '/v1/waiting/{id}',
  operationId: 'stopWaiting',
  tags: ['place'],
  summary: 'Stop waiting',
  description: 'Who has a place already keeps it: release the hold.',
  security: [{ key: [] }],
  request: { params },
  responses: { 200: json('How it stands', WaitingSchema), ...problems(400, 401, 403, 404, 503) },
})

export function waiting(app: App): void {
  app.openapi(wait, async (c) => {
    const { engine, clock, snapshot } = c.get('deps')
    const body = c.req.valid('json')
    const { row: session } = await sessionFor(c, c.req.valid('param').id, 'reads')
    const catalogue = await stored(snapshot.refresh())
    const siteId = siteOf(c.get('key'), body.site ?? onlyFor(c, session.siteId), catalogue.sites)
    const nowMs = clock()
    const row = {
      id: `wait_${body.eventId}`,
      sessionId: session.id,
      customer: await knownAt(c, siteId, body.customer),
      staffId: body.staff ?? null,
      at: new Date(nowMs).toISOString(),
    }
    const known = await stored(findWaiting(engine, row.id))
    if (!known) {
      const reason = noPlaceIn(catalogue, session, siteId, nowMs)
      if (reason) return c.json({ waits: false, reason, waiting: null }, 200)
      await stored(
        addWaiting(engine, row).catch((error) => {
          // The same event, at the same time.
          if (!(error instanceof GuardFailed)) throw error
        }),
      )
    }
    const found = known ?? (await stored(findWaiting(engine, row.id)))
    // It was cancelled, or began, just now.
    if (!found) return c.json({ waits: false, reason: 'CANCELLED' as const, waiting: null }, 200)
    if (found.sessionId !== row.sessionId || found.customer !== row.customer) throw reused()
    return c.json(await waitingOf(c, found), 200)
  })

  app.openapi(leave, async (c) => {
    const { engine } = c.get('deps')
    const { id } = c.req.valid('param')
    const found = await stored(findWaiting(engine, id))
    const { siteId } = c.get('key')
    const session = found && (await sessionFor(c, found.sessionId, 'reads')).row
    const owner = session?.siteId ?? found?.customerSite ?? null
    if (!found || (siteId !== null && owner !== null && owner !== siteId))
      throw new Problem('not_found', 'Nobody waits by this id.')
    await stored(leaveWaiting(engine, id))
    return c.json(await waitingOf(c, (await stored(findWaiting(engine, id)))!), 200)
  })
}

async function waitingOf(c: Context<Env>, row: WaitingRow): Promise<z.infer<typeof WaitingSchema>> {
  const { id, state, sessionId, holdId, holdExpiresAt, holdPlace } = row
  const queue = state === 'waiting' ? await stored(listWaiting(c.get('deps').engine, sessionId)) : []
  const at = queue.findIndex((each) => each.id === id)
  return {
    waits: state === 'waiting',
    reason: null,
    waiting: {
      id,
      state,
      position: at < 0 ? null : at + 1,
      hold:
        holdId === null || holdExpiresAt === null || holdPlace === null
          ? null
          : { id: holdId, sessionId, expiresAt: holdExpiresAt, place: holdPlace },
    },
  }
}

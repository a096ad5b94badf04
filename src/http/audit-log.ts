/** The audit log, read: who changed what, when. */
import { createRoute, z } from '@hono/zod-openapi'
import { listAudit } from '../store/audit.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json } from './document.ts'
import { ref, text } from './fields.ts'
import { invalid, problems } from './problem.ts'

const LineSchema = z
  .strictObject({
    at: z.string(),
    actor: z.string().openapi({ description: 'An id of the shop’s own, or the label of a key.' }),
    role: z.string(),
    action: z.string(),
    object: z.string(),
    objectId: z.string(),
    changes: z
      .record(z.string(), z.tuple([z.unknown(), z.unknown()]))
      .openapi({ description: 'Field → before and after; of fields about people only that they changed.' }),
    requestId: z.string(),
  })
  .openapi('AuditLine', {
    example: {
      at: '2026-03-14T16:42:00.000Z',
      actor: 'st_rosa',
      role: 'owner',
      action: 'moved',
      object: 'alliance',
      objectId: 'A02',
      changes: { state: ['live', 'paused'] },
      requestId: 'req_4f1c',
    },
  })

const list = createRoute({
  method: 'get',
  path: '/v1/audit',
  operationId: 'listAudit',
  tags: ['people'],
  summary: 'Who changed what, newest first',
  description: 'Of one thing, by `object` and `id` together, or of everything.',
  security: [{ key: [] }],
  request: {
    query: z.object({ ...PageQuery, object: ref(40).optional(), id: text(160).optional() }),
  },
  responses: {
    200: json(
      'A page',
      z.strictObject({ lines: z.array(LineSchema), next: z.string().nullable() }).openapi('AuditPage'),
    ),
    ...problems(400, 401, 403, 503),
  },
})

export function auditLog(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, ...named } = c.req.valid('query')
    const missing = (['object', 'id'] as const).filter((name) => named[name] === undefined)
    if (missing.length === 1) throw invalid([{ field: missing[0]!, message: 'is missing: both or neither' }])
    const about = missing.length === 0 ? { object: named.object!, objectId: named.id! } : null
    const rows = await stored(
      listAudit(c.get('deps').engine, about, Number(keyOf(cursor)) || null, limit + 1),
    )
    const { items, next } = pageOf(rows, limit, ({ n }) => String(n))
    const lines = items.map(({ at, actor, role, action, object, objectId, changes, requestId }) => ({
      at,
      actor,
      role,
      action,
      object,
      objectId,
      changes: JSON.parse(changes) as Record<string, [unknown, unknown]>,
      requestId,
    }))
    return c.json({ lines, next }, 200)
  })
}

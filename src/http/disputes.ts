/** Disputes: what the two sides must look at, opened and settled once. */
import { createRoute, z } from '@hono/zod-openapi'
import { audited } from '../store/audit.ts'
import { BUMP, GuardFailed } from '../store/engine.ts'
import { disputed, findDispute, findEntry, listDisputes, resolved, reversal } from '../store/ledger.ts'
import type { DisputeRow } from '../store/referral.ts'
import { DROPPED, evidenceFrom, findReferralFile, followed } from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { zoneOf } from './referral-events.ts'

const DisputeSchema = z
  .strictObject({
    id: z.string(),
    partner: z.string(),
    code: z.string().nullable(),
    entry: z.string().nullable(),
    event: z.string().nullable(),
    reason: z.string(),
    openedBy: z.string(),
    openedAt: z.string(),
    resolvedAt: z.string().nullable(),
    resolution: z.enum(['stands', 'dropped']).nullable(),
  })
  .openapi('Dispute', {
    example: {
      id: 'd.p02-7',
      partner: 'P02',
      code: 'BK-7KQ4M',
      entry: 'BK-7KQ4M.commission.1',
      event: null,
      reason: 'The family paid for one month only.',
      openedBy: 'P02',
      openedAt: '2026-04-20T15:00:00.000Z',
      resolvedAt: null,
      resolution: null,
    },
  })

/** A dispute; to a partner (`own`) whoever opened it at the shop is the shop. */
const shownDispute = (row: DisputeRow, own: string | null): z.infer<typeof DisputeSchema> => ({
  id: row.id,
  partner: row.partnerId,
  code: row.code,
  entry: row.entryId,
  event: row.eventId,
  reason: row.reason,
  openedBy: own === null || row.openedBy === own ? row.openedBy : 'shop',
  openedAt: row.openedAt,
  resolvedAt: row.resolvedAt,
  resolution: row.resolution,
})

const doubts = createRoute({
  method: 'get',
  path: '/v1/disputes',
  operationId: 'listDisputes',
  tags: ['ledger'],
  summary: 'What the two sides must look at, open ones first',
  security: [{ key: [] }],
  request: { query: z.object({ partner: ref().optional() }) },
  responses: {
    200: json('At most 200', z.strictObject({ disputes: z.array(DisputeSchema) }).openapi('Disputes')),
    ...problems(400, 401, 403, 503),
  },
})

const DoubtSchema = z
  .strictObject({ eventId: ref(60), reason: text(200) })
  .openapi('Doubt', { example: { eventId: 'p02-7', reason: 'The family paid for one month only.' } })

const doubt = createRoute({
  method: 'post',
  path: '/v1/ledger/{entry}/disputes',
  operationId: 'doubtEntry',
  tags: ['ledger'],
  summary: 'Doubt an entry: it is frozen until somebody resolves it',
  security: [{ key: [] }],
  request: {
    params: z.object({ entry: text(120) }),
    body: jsonBody(DoubtSchema),
  },
  responses: {
    201: json('The dispute', DisputeSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
  },
})

const ResolutionSchema = z
  .strictObject({ resolution: z.enum(['stands', 'dropped']) })
  .openapi('Resolution', { example: { resolution: 'stands' } })

const resolve = createRoute({
  method: 'post',
  path: '/v1/disputes/{id}/resolution',
  operationId: 'resolveDispute',
  tags: ['ledger'],
  summary: 'Settle a dispute, once',
  description:
    'stands: the late event counts, the doubted entry is due. dropped: neither; the entry is taken back by its reverse.',
  security: [{ key: [] }],
  request: {
    params: z.object({ id: text(120) }),
    body: jsonBody(ResolutionSchema),
  },
  responses: {
    200: json('As it is settled', DisputeSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

export function disputes(app: App): void {
  app.openapi(doubts, async (c) => {
    const key = c.get('key')
    const about = key.partnerId ?? c.req.valid('query').partner ?? null
    const rows = await stored(listDisputes(c.get('deps').engine, about, 200))
    return c.json({ disputes: rows.map((row) => shownDispute(row, key.partnerId)) }, 200)
  })

  app.openapi(doubt, async (c) => {
    const deps = c.get('deps')
    const key = c.get('key')
    const { eventId, reason } = c.req.valid('json')
    const entry = await stored(findEntry(deps.engine, c.req.valid('param').entry))
    if (!entry || (key.partnerId !== null && key.partnerId !== entry.partnerId))
      throw new Problem('not_found', 'There is no entry with this id.')
    const by = c.get('by')
    const row = {
      id: `d.${key.partnerId ?? 'shop'}.${eventId}`,
      partnerId: entry.partnerId,
      code: entry.code,
      entryId: entry.id,
      eventId: null,
      reason,
      openedBy: by.actor,
      openedAt: by.at,
    }
    try {
      await deps.engine.atomic([...disputed(row), audited(by, 'doubted', 'entry', entry.id)])
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
      const known = await stored(findDispute(deps.engine, row.id))
      if (known?.entryId !== entry.id)
        throw new Problem('conflict', 'This entry is in a statement already, or in dispute.')
    }
    return c.json(shownDispute((await stored(findDispute(deps.engine, row.id)))!, key.partnerId), 201)
  })

  app.openapi(resolve, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const { resolution } = c.req.valid('json')
    const by = c.get('by')
    for (let attempt = 1; ; attempt++) {
      const row = await stored(findDispute(deps.engine, id))
      if (!row) throw new Problem('not_found', 'There is no dispute with this id.')
      if (row.resolvedAt !== null) {
        if (row.resolution === resolution) return c.json(shownDispute(row, null), 200)
        throw new Problem('conflict', `It was settled on ${row.resolvedAt}: ${row.resolution}.`)
      }
      const settled = { ...row, resolvedAt: by.at, resolution, resolvedBy: by.actor }
      try {
        await deps.engine.atomic([
          BUMP,
          ...resolved(id, resolution, by.actor, by.at),
          ...(await consequences(deps, settled)),
          audited(by, 'resolved', 'dispute', id, { resolution: [null, resolution] }),
        ])
        return c.json(shownDispute(settled, null), 200)
      } catch (error) {
        if (!(error instanceof GuardFailed) || attempt >= 20) throw error
      }
    }
  })
}

/** What settling a dispute changes: the late event counts, or the doubted entry is taken back. */
async function consequences(deps: Deps, settled: DisputeRow) {
  const { engine, snapshot } = deps
  const { entryId, eventId, code, resolution, id } = settled
  if (entryId !== null) {
    if (resolution === 'stands') return []
    return [reversal((await findEntry(engine, entryId))!, DROPPED, settled.resolvedAt!)]
  }
  if (eventId === null || code === null || resolution === 'dropped') return []
  const file = (await findReferralFile(engine, code))!
  const catalogue = await snapshot.refresh()
  const disputes = file.disputes.map((each) => (each.id === id ? settled : each))
  const reading = {
    timeZone: zoneOf(catalogue, file.referral.siteId),
    reportDays: catalogue.policy.reportDays,
    now: settled.resolvedAt!,
  }
  return followed(
    { ...file, disputes },
    [],
    reading,
    evidenceFrom(catalogue, file.referral, settled.resolvedAt!),
  ).statements
}

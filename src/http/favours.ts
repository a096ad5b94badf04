/** Favours given and received that no referral shows: a shelf, a letter, an event together. */
import { createRoute, z } from '@hono/zod-openapi'
import { termsOn } from '../core/terms.ts'
import { audited } from '../store/audit.ts'
import { GuardFailed } from '../store/engine.ts'
import { findEntry, posted } from '../store/ledger.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { date, ref, text } from './fields.ts'
import { EntrySchema, shownEntry } from './ledger.ts'
import { Problem, problems } from './problem.ts'

const FavourSchema = z
  .strictObject({
    eventId: ref(60),
    unit: z.enum(['shelf', 'letter', 'jointEvent']),
    amount: z
      .int()
      .min(-1000)
      .max(1000)
      .refine((n) => n !== 0, 'must not be 0')
      .openapi({ description: 'Positive: given by the shop. Negative: received.' }),
    on: date,
    note: text(120).optional(),
  })
  .openapi('Favour', {
    example: { eventId: 'f-12', unit: 'letter', amount: 1, on: '2026-03-02', note: 'spring letter, page 2' },
  })

const favour = createRoute({
  method: 'post',
  path: '/v1/alliances/{id}/favours',
  operationId: 'recordFavour',
  tags: ['ledger'],
  summary: 'A favour given or received that no referral shows',
  security: [{ key: [] }],
  request: {
    params: z.object({ id: ref() }),
    body: jsonBody(FavourSchema),
  },
  responses: { 201: json('The entry', EntrySchema), ...problems(400, 401, 403, 404, 413, 415, 422, 503) },
})

export function favours(app: App): void {
  app.openapi(favour, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const { eventId, unit, amount, on, note } = c.req.valid('json')
    const catalogue = await stored(deps.snapshot.refresh())
    const found = [...catalogue.parts.alliancesOf.values()].flat().find((each) => each.id === id)
    if (!found) throw new Problem('not_found', 'There is no alliance with this id.')
    const by = c.get('by')
    const row = {
      id: `${id}.${unit}.${eventId}`,
      partnerId: found.partnerId,
      allianceId: id,
      cause: unit,
      unit,
      amount,
      currency: null,
      termsVersion: termsOn(catalogue.parts.termsOf.get(id) ?? [], on)?.version ?? found.termsVersion,
      onDate: on,
      dueOn: on,
      reverses: null,
      note: note ?? null,
      recordedAt: by.at,
    }
    try {
      await deps.engine.atomic([
        posted([row]),
        audited(by, 'recorded', 'favour', row.id, { amount: [null, amount] }),
      ])
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
    }
    const kept = (await stored(findEntry(deps.engine, row.id)))!
    if (kept.amount !== amount || kept.onDate !== on)
      throw new Problem('id_reused', 'This event id was used for another favour.', [
        { field: 'eventId', message: 'was used for another favour' },
      ])
    return c.json(shownEntry(kept), 201)
  })
}

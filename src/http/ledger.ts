/** The ledger with a partner: its entries, and what is open. */
import { createRoute, z } from '@hono/zod-openapi'
import type { KeyRow } from '../store/key.ts'
import type { LedgerLine } from '../store/ledger.ts'
import { listEntries, readBalance } from '../store/ledger.ts'
import { siteDate } from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json } from './document.ts'
import { ref } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { zoneOf } from './referral-events.ts'

export const EntrySchema = z
  .strictObject({
    id: z.string(),
    code: z.string().nullable(),
    cause: z.string(),
    unit: z.enum(['money', 'introduction', 'shelf', 'letter', 'jointEvent']),
    amount: z.int().openapi({
      description:
        'Money: positive is owed to the shop, in the smallest coin. Favours: positive is given by it.',
    }),
    currency: z.string().nullable(),
    termsVersion: z.int(),
    onDate: z.string(),
    dueOn: z.string(),
    reverses: z.string().nullable(),
    note: z.string().nullable(),
    frozen: z.boolean(),
    statement: z.string().nullable(),
  })
  .openapi('LedgerEntry', {
    example: {
      id: 'BK-7KQ4M.commission.1',
      code: 'BK-7KQ4M',
      cause: 'commission',
      unit: 'money',
      amount: 4480,
      currency: 'USD',
      termsVersion: 1,
      onDate: '2026-04-11',
      dueOn: '2026-05-11',
      reverses: null,
      note: null,
      frozen: false,
      statement: null,
    },
  })

export const shownEntry = (line: LedgerLine): z.infer<typeof EntrySchema> => ({
  id: line.id,
  code: line.code,
  cause: line.cause,
  unit: line.unit,
  amount: line.amount,
  currency: line.currency,
  termsVersion: line.termsVersion,
  onDate: line.onDate,
  dueOn: line.dueOn,
  reverses: line.reverses,
  note: line.note,
  frozen: line.frozen === 1,
  statement: line.statementId,
})

export const ofPartner = z.object({ id: ref() })

const entries = createRoute({
  method: 'get',
  path: '/v1/partners/{id}/ledger',
  operationId: 'listLedger',
  tags: ['ledger'],
  summary: 'What was given and taken, newest first',
  security: [{ key: [] }],
  request: { params: ofPartner, query: z.object(PageQuery) },
  responses: {
    200: json(
      'A page',
      z.strictObject({ entries: z.array(EntrySchema), next: z.string().nullable() }).openapi('Ledger'),
    ),
    ...problems(400, 401, 403, 404, 503),
  },
})

const balance = createRoute({
  method: 'get',
  path: '/v1/partners/{id}/balance',
  operationId: 'findBalance',
  tags: ['ledger'],
  summary: 'What is open, by currency',
  security: [{ key: [] }],
  request: { params: ofPartner },
  responses: {
    200: json(
      'Positive is owed to the shop',
      z
        .strictObject({
          balances: z.array(
            z.strictObject({
              currency: z.string(),
              dueMinor: z.int(),
              heldMinor: z
                .int()
                .openapi({ description: 'Not due yet: the family may still change its mind.' }),
              frozenMinor: z.int().openapi({ description: 'In dispute.' }),
            }),
          ),
        })
        .openapi('Balance', {
          example: { balances: [{ currency: 'USD', dueMinor: 4480, heldMinor: 0, frozenMinor: 0 }] },
        }),
    ),
    ...problems(400, 401, 403, 404, 503),
  },
})

export function ledger(app: App): void {
  app.openapi(entries, async (c) => {
    const { engine } = c.get('deps')
    const { id } = await partnerOf(c.get('deps'), c.get('key'), c.req.valid('param').id)
    const { limit, cursor } = c.req.valid('query')
    const rows = await stored(listEntries(engine, id, keyOf(cursor), limit + 1))
    const { items, next } = pageOf(rows, limit, (row) => `${row.recordedAt}|${row.id}`)
    return c.json({ entries: items.map(shownEntry), next }, 200)
  })

  app.openapi(balance, async (c) => {
    const { engine } = c.get('deps')
    const { id, today } = await partnerOf(c.get('deps'), c.get('key'), c.req.valid('param').id)
    return c.json({ balances: await stored(readBalance(engine, id, today)) }, 200)
  })
}

/** A partner that this credential may look at. @throws not_found */
export async function partnerOf(deps: Deps, key: KeyRow, id: string) {
  const catalogue = await stored(deps.snapshot.refresh())
  const partner = catalogue.parts.partners.get(id)
  if (!partner || (key.partnerId !== null && key.partnerId !== id))
    throw new Problem('not_found', 'There is no partner with this id.')
  const site = catalogue.sites.values().next().value
  const alliance = catalogue.parts.alliancesOf.get(id)?.at(-1)
  const terms = alliance && catalogue.parts.termsOf.get(alliance.id)?.at(-1)
  return {
    id,
    name: partner.name,
    currency: terms?.record.currency ?? site?.currency ?? 'USD',
    today: siteDate(new Date(deps.clock()).toISOString(), zoneOf(catalogue, null)),
  }
}

/** The ledger with a partner: entries, favours, what is open, monthly statements, disputes. */
import { createRoute, z } from '@hono/zod-openapi'
import { accountCsv, totalOf } from '../core/statement.ts'
import { termsOn } from '../core/terms.ts'
import { audited } from '../store/audit.ts'
import { BUMP, GuardFailed } from '../store/engine.ts'
import type { KeyRow } from '../store/key.ts'
import type { LedgerLine } from '../store/ledger.ts'
import {
  disputed,
  findDispute,
  findEntry,
  issueStatement,
  listDisputes,
  listEntries,
  listStatements,
  posted,
  readAccount,
  readBalance,
  resolved,
  reversal,
} from '../store/ledger.ts'
import type { DisputeRow } from '../store/referral.ts'
import { DROPPED, evidenceFrom, findReferralFile, followed, siteDate } from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { date, ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { zoneOf } from './referral-events.ts'

const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be YYYY-MM')
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')

const EntrySchema = z
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

const shownEntry = (line: LedgerLine): z.infer<typeof EntrySchema> => ({
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

const ok = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})
const ofPartner = z.object({ id: ref() })

const entries = createRoute({
  method: 'get',
  path: '/v1/partners/{id}/ledger',
  operationId: 'listLedger',
  tags: ['ledger'],
  summary: 'What was given and taken, newest first',
  security: [{ key: [] }],
  request: { params: ofPartner, query: z.object(PageQuery) },
  responses: {
    200: ok(
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
    200: ok(
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

const HeadSchema = z.strictObject({
  id: z.string(),
  month,
  currency,
  totalMinor: z.int(),
  issuedAt: z.string(),
})
const AccountSchema = z
  .strictObject({
    partner: z.strictObject({ id: z.string(), name: z.string() }),
    month,
    currency,
    issuedAt: z.string().nullable().openapi({ description: 'null: as it would be issued now.' }),
    totalMinor: z.int(),
    lines: z.array(EntrySchema),
  })
  .openapi('Account')
export type AccountAnswer = z.infer<typeof AccountSchema>

const heads = createRoute({
  method: 'get',
  path: '/v1/partners/{id}/statements',
  operationId: 'listStatements',
  tags: ['ledger'],
  summary: 'Statements that were issued',
  security: [{ key: [] }],
  request: { params: ofPartner },
  responses: {
    200: ok('Newest first', z.strictObject({ statements: z.array(HeadSchema) }).openapi('Statements')),
    ...problems(400, 401, 403, 404, 503),
  },
})

const ofMonth = { params: z.object({ id: ref(), month }), query: z.object({ currency: currency.optional() }) }

const account = createRoute({
  method: 'get',
  path: '/v1/partners/{id}/statements/{month}',
  operationId: 'findStatement',
  tags: ['ledger'],
  summary: 'The account of a month, issued or as it would be',
  security: [{ key: [] }],
  request: ofMonth,
  responses: { 200: ok('The account', AccountSchema), ...problems(400, 401, 403, 404, 503) },
})

const csv = createRoute({
  method: 'get',
  path: '/v1/partners/{id}/statements/{month}/csv',
  operationId: 'exportStatement',
  tags: ['ledger'],
  summary: 'The account of a month as CSV',
  security: [{ key: [] }],
  request: ofMonth,
  responses: {
    200: { description: 'One line an entry, and the total', content: { 'text/csv': { schema: z.string() } } },
    ...problems(400, 401, 403, 404, 503),
  },
})

const issue = createRoute({
  method: 'post',
  path: '/v1/partners/{id}/statements/{month}',
  operationId: 'issueStatement',
  tags: ['ledger'],
  summary: 'Issue the statement of a month that is over',
  description:
    'What is issued never changes; what comes later is in a later statement. Again changes nothing.',
  security: [{ key: [] }],
  request: {
    ...ofMonth,
    body: { required: true, content: { 'application/json': { schema: z.strictObject({}) } } },
  },
  responses: {
    200: ok('As it is issued', AccountSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

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
    body: { required: true, content: { 'application/json': { schema: FavourSchema } } },
  },
  responses: { 201: ok('The entry', EntrySchema), ...problems(400, 401, 403, 404, 413, 415, 422, 503) },
})

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
    200: ok('At most 200', z.strictObject({ disputes: z.array(DisputeSchema) }).openapi('Disputes')),
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
    body: { required: true, content: { 'application/json': { schema: DoubtSchema } } },
  },
  responses: {
    201: ok('The dispute', DisputeSchema),
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
    body: { required: true, content: { 'application/json': { schema: ResolutionSchema } } },
  },
  responses: {
    200: ok('As it is settled', DisputeSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
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

  app.openapi(heads, async (c) => {
    const { engine } = c.get('deps')
    const { id } = await partnerOf(c.get('deps'), c.get('key'), c.req.valid('param').id)
    const rows = await stored(listStatements(engine, id))
    return c.json(
      {
        statements: rows.map(({ id, month, currency, totalMinor, issuedAt }) => ({
          id,
          month,
          currency,
          totalMinor,
          issuedAt,
        })),
      },
      200,
    )
  })

  app.openapi(account, async (c) => {
    const { id, month } = c.req.valid('param')
    return c.json(await accountOf(c.get('deps'), c.get('key'), id, month, c.req.valid('query').currency), 200)
  })

  app.openapi(csv, async (c) => {
    const { id, month } = c.req.valid('param')
    const { lines, currency } = await accountOf(
      c.get('deps'),
      c.get('key'),
      id,
      month,
      c.req.valid('query').currency,
    )
    return c.body(accountCsv(lines, currency), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="statement-${id}-${month}.csv"`,
    })
  })

  app.openapi(issue, async (c) => {
    const deps = c.get('deps')
    const { id: asked, month } = c.req.valid('param')
    const { id, today, currency } = await partnerOf(deps, c.get('key'), asked)
    const by = c.get('by')
    if (month >= today.slice(0, 7))
      throw new Problem('conflict', 'A month is issued when it is over.', [
        { field: 'month', message: 'is not over' },
      ])
    const money = c.req.valid('query').currency ?? currency
    try {
      await issueStatement(deps.engine, { partnerId: id, month, currency: money, now: by.at }, [
        audited(by, 'issued', 'statement', `${id}.${month}.${money}`),
      ])
    } catch (error) {
      // Issued already: it is what it is.
      if (!(error instanceof GuardFailed)) throw error
    }
    return c.json(await accountOf(deps, c.get('key'), id, month, money), 200)
  })

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

/** A partner that this credential may look at. @throws not_found */
async function partnerOf(deps: Deps, key: KeyRow, id: string) {
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

async function accountOf(
  deps: Deps,
  key: KeyRow,
  asked: string,
  month: string,
  named: string | undefined,
): Promise<AccountAnswer> {
  const { id, name, currency: usual } = await partnerOf(deps, key, asked)
  const currency = named ?? usual
  const { issued, lines } = await stored(readAccount(deps.engine, id, month, currency))
  return {
    partner: { id, name },
    month,
    currency,
    issuedAt: issued?.issuedAt ?? null,
    totalMinor: issued?.totalMinor ?? totalOf(lines),
    lines: lines.map(shownEntry),
  }
}

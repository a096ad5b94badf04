/** Statements: the account of a month with a partner, as it would be, and as it was issued. */
import { createRoute, z } from '@hono/zod-openapi'
import { accountCsv, totalOf } from '../core/statement.ts'
import { audited } from '../store/audit.ts'
import { GuardFailed } from '../store/engine.ts'
import type { KeyRow } from '../store/key.ts'
import { issueStatement, listStatements, readAccount } from '../store/ledger.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { currency, ref } from './fields.ts'
import { EntrySchema, ofPartner, partnerOf, shownEntry } from './ledger.ts'
import { Problem, problems } from './problem.ts'

const month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be YYYY-MM')
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
    200: json('Newest first', z.strictObject({ statements: z.array(HeadSchema) }).openapi('Statements')),
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
  responses: { 200: json('The account', AccountSchema), ...problems(400, 401, 403, 404, 503) },
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
    body: jsonBody(z.strictObject({})),
  },
  responses: {
    200: json('As it is issued', AccountSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

export function statements(app: App): void {
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

/** Bad input and bad luck: each gets the clear answer of the contract, and nothing is half done. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { PROBLEMS } from '../../src/http/problem.ts'
import { randomText } from '../../src/settings.ts'
import type { Engine } from '../../src/store/engine.ts'
import { SEEDED_AT } from '../support/engines.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const line = { sku: 'DR-204-6', unitPrice: 9600 }
const withLines = (...lines: object[]) => ({ basket: { lines } })
const never = new Promise<never>(() => {})

describe.each(ENGINES)('%s', (kind) => {
  test('each bad body is named by its field', async () => {
    const shop = await openShop(kind)
    const cases: [object | string, number, string, string?][] = [
      [withLines({ ...line, unitPrice: -1 }), 400, 'invalid_request', 'basket.lines.0.unitPrice'],
      [withLines({ ...line, unitPrice: 9.5 }), 400, 'invalid_request', 'basket.lines.0.unitPrice'],
      [withLines({ ...line, quantity: -2 }), 400, 'invalid_request', 'basket.lines.0.quantity'],
      [withLines({ ...line, name: 'a\0b' }), 400, 'invalid_request', 'basket.lines.0.name'],
      [
        '{"basket":{"lines":[{"name":"\\ud800","unitPrice":1}]}}',
        400,
        'invalid_request',
        'basket.lines.0.name',
      ],
      [withLines(...Array(501).fill(line)), 400, 'invalid_request', 'basket.lines'],
      [{ basket: { currency: 'EUR', lines: [] } }, 422, 'unknown_reference', 'basket.currency'],
      [{ asOf: SEEDED_AT }, 400, 'invalid_request', 'asOf'],
      [{ surprise: 1 }, 400, 'invalid_request', 'surprise'],
      [{ site: 'XX' }, 403, 'forbidden', 'site'],
      ['{"basket":', 400, 'not_json'],
      ['[]', 400, 'invalid_request'],
      [{ basket: { lines: [{ ...line, name: 'x'.repeat(270_000) }] } }, 413, 'too_large'],
    ]
    for (const [body, status, code, field] of cases) {
      const reply = await shop.ask('POST', '/v1/recommendations', body)
      expect([reply.status, reply.body.code], JSON.stringify(body).slice(0, 80)).toEqual([status, code])
      if (field) expect(reply.body.errors[0].field).toBe(field)
      expect(reply.headers.get('content-type')).toMatch('application/problem+json')
    }
    expect((await shop.ask('POST', '/v1/recommendations')).body.code).toMatch(/body_missing|not_a_json_type/)
    expect((await shop.ask('GET', '/v1/recommendations')).body.code).toBe('method_not_allowed')
    expect((await shop.ask('GET', '/nowhere')).body.code).toBe('not_found')
    const owner = await shop.ask('POST', '/v1/recommendations', { site: 'XX' }, 'owner')
    expect([owner.status, owner.body.errors[0]]).toEqual([422, { field: 'site', message: 'is unknown' }])
    expect(
      (await shop.engine.all<{ n: number }>({ sql: 'select count(*) n from recommendation', params: [] }))[0]!
        .n,
    ).toBe(0)
  })

  test('a day’s sales may be large, and too large says how large', async () => {
    const shop = await openShop(kind)
    const sold = (purchases: number, lines: number) => ({
      purchases: Array.from({ length: purchases }, (_, n) => ({
        source: 'large',
        externalId: `n${n}`,
        soldAt: '2026-03-13T12:00:00-06:00',
        lines: Array.from({ length: lines }, (_, at) => ({ ...line, sku: `L-${at}`, name: `Thing ${at}` })),
      })),
    })
    const large = sold(300, 20)
    expect(JSON.stringify(large).length).toBeGreaterThan(300_000)
    const { status, body } = await shop.ask('POST', '/v1/purchases', large)
    expect([status, body.results.length]).toEqual([207, 300])
    const refused = await shop.ask('POST', '/v1/purchases', sold(500, 60))
    expect([refused.status, refused.body.detail]).toEqual([413, 'The body is larger than 1024 KB.'])
  })

  test('what a till cannot know is no error: unknown skus, empty baskets, emoji, 500 lines, unknown customers', async () => {
    const shop = await openShop(kind)
    const odd = { sku: 'nope', name: '🎁 cadeau 🧸', unitPrice: 100 }
    const { status, body } = await shop.ask('POST', '/v1/recommendations', withLines(odd, line))
    expect([status, body.unmatched]).toEqual([200, [{ ...odd, quantity: 1 }]])
    for (const ask of [
      {},
      { basket: { lines: [] } },
      withLines(...Array(500).fill(line)),
      { customer: 'never-seen' },
      { staff: 'nobody' },
    ])
      expect((await shop.ask('POST', '/v1/recommendations', ask)).status).toBe(200)
    const unknown = (
      await shop.ask('POST', '/v1/recommendations', { id: 'u', customer: 'never-seen', dryRun: true })
    ).body
    const otherSite = (
      await shop.ask('POST', '/v1/recommendations', { id: 'u', customer: 'g04-mei', dryRun: true })
    ).body
    const nobody = (await shop.ask('POST', '/v1/recommendations', { id: 'u', dryRun: true })).body
    expect(unknown).toEqual(nobody)
    expect(otherSite).toEqual(nobody)
  })

  test('keys: absent, wrong, expired, withdrawn, of the wrong role', async () => {
    const shop = await openShop(kind)
    const code = async (key: string) => {
      const { status, body } = await shop.ask('POST', '/v1/recommendations', {}, key)
      return [status, body.code ?? 'ok']
    }
    expect(await code('wrong')).toEqual([401, 'key_unknown'])
    expect(await code('partner')).toEqual([403, 'forbidden'])
    const set = (sql: string) => shop.engine.atomic([{ sql, params: [] }])
    await set(
      `update apiKey set expiresAt = '2026-03-14T16:41:59.000Z' where role = 'till' and siteId = 'BK'`,
    )
    expect(await code('BK')).toEqual([401, 'key_expired'])
    await set(
      `update apiKey set expiresAt = null, revokedAt = '2026-01-01T00:00:00.000Z' where role = 'till' and siteId = 'BK'`,
    )
    expect(await code('BK')).toEqual([401, 'key_expired'])
    const explanation = await shop.ask('GET', '/v1/recommendations/x/explanation', undefined, 'LS')
    expect([explanation.status, explanation.body.code]).toEqual([403, 'forbidden'])
  })

  test('an event id stands for one thing, whoever it is of: nothing is taken for kept that is not', async () => {
    const shop = await openShop(kind)
    const tell = (ref: string, more: object) =>
      shop.ask('POST', `/v1/customers/${ref}/evidence`, { eventId: 'one', ...more })
    const told = { kind: 'told', goal: 'mv-swim' }
    const came = { eventId: 'two', kind: 'attended', offer: 'O049' }
    for (const more of [told, came]) {
      expect((await tell('g01-ana', more)).body.recorded).toBe(true)
      expect((await tell('g01-ana', more)).body.recorded).toBe(true)
      const other = await tell('g02-claire', more)
      expect([other.status, other.body.code, other.body.errors[0].field]).toEqual([
        422,
        'id_reused',
        'eventId',
      ])
    }
  })

  test('32 callers with one id at the same instant get one answer, recorded once', async () => {
    const shop = await openShop(kind)
    const ask = { id: 'same', customer: 'g01-ana', ...withLines(line) }
    const replies = await Promise.all(
      Array.from({ length: 32 }, () => shop.ask('POST', '/v1/recommendations', ask)),
    )
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect((await shop.ask('POST', '/v1/recommendations', ask)).body).toEqual(replies[0]!.body)
    const other = await shop.ask('POST', '/v1/recommendations', { ...ask, customer: 'g02-claire' })
    expect([other.status, other.body.code]).toEqual([422, 'id_reused'])
    await expect
      .poll(
        async () =>
          (
            await shop.engine.all<{ n: number }>({ sql: 'select count(*) n from recommendation', params: [] })
          )[0]!.n,
        { timeout: 30_000 },
      )
      .toBe(1)
  })

  test('purchases: a repeat changes nothing, a correction replaces, a void takes back; the very next answer knows', async () => {
    const shop = await openShop(kind)
    const sale = (more: object) => ({
      purchases: [
        {
          source: 'till',
          externalId: 'p1',
          customer: 'new-one',
          soldAt: '2026-03-14T10:00:00-05:00',
          lines: [{ sku: 'ZZ-1', name: 'Wooden kite', category: 'toys-openended', unitPrice: 3000 }],
          ...more,
        },
      ],
    })
    const sell = async (more: object = {}) =>
      (await shop.ask('POST', '/v1/purchases', sale(more))).body.results[0]
    expect(await sell()).toMatchObject({ status: 'created', stage: 'front' })
    expect(await sell()).toMatchObject({ status: 'unchanged', stage: 'front' })
    expect(await sell({ lines: [{ sku: 'ZZ-1', unitPrice: 2000 }] })).toMatchObject({ status: 'conflict' })
    expect(await sell({ revision: 1, lines: [{ sku: 'ZZ-1', unitPrice: 2000 }] })).toMatchObject({
      status: 'replaced',
    })
    expect(await sell()).toMatchObject({ status: 'older' })
    expect(await sell({ externalId: 'p0', soldAt: '2026-03-01T10:00:00-06:00' })).toMatchObject({
      status: 'created',
      stage: 'front',
    })
    const stages = () =>
      shop.engine.all({
        sql: `select externalId, stage, totalMinor from purchase where customer = 'new-one' order by 1`,
        params: [],
      })
    expect(await stages()).toEqual([
      { externalId: 'p0', stage: 'front', totalMinor: 3000 },
      { externalId: 'p1', stage: 'back', totalMinor: 2000 },
    ])
    expect(await sell({ externalId: 'p0', revision: 1, voided: true, lines: [] })).toMatchObject({
      status: 'voided',
      stage: null,
    })
    expect(await stages()).toEqual([
      { externalId: 'p0', stage: null, totalMinor: 3000 },
      { externalId: 'p1', stage: 'front', totalMinor: 2000 },
    ])
    await shop.ask('POST', '/v1/customers/new-one/consents', {
      eventId: 'c',
      purpose: 'personalise',
      decision: 'granted',
    })
    await shop.engine.atomic([{ sql: `update customer set holdout = 0 where ref = 'new-one'`, params: [] }])
    expect((await shop.ask('POST', '/v1/recommendations', { customer: 'new-one' })).body).toMatchObject({
      basis: 'profile',
      saleKind: 'back',
      unmatched: [],
    })
    expect(
      (await shop.ask('POST', '/v1/recommendations', withLines({ sku: 'ZZ-1', unitPrice: 1 }))).body
        .unmatched,
    ).toEqual([])
  })

  test('32 tills with the same purchase at the same instant: one purchase', async () => {
    const shop = await openShop(kind)
    const body = {
      purchases: [
        {
          source: 'till',
          externalId: 'race',
          customer: 'racer',
          soldAt: SEEDED_AT,
          lines: [
            { sku: 'DR-204-6', unitPrice: 9600 },
            { sku: 'new-sku', name: 'New', unitPrice: 5 },
          ],
        },
      ],
    }
    const replies = await Promise.all(
      Array.from({ length: 32 }, () => shop.ask('POST', '/v1/purchases', body)),
    )
    const statuses = replies.map((r) => (r.status === 207 ? r.body.results[0].status : r.body.code))
    expect(statuses.filter((s) => s === 'created')).toHaveLength(1)
    expect(new Set(statuses)).toEqual(new Set(['created', 'unchanged']))
    const [counts] = await shop.engine.all({
      sql: `select (select count(*) from purchase where externalId = 'race') p, (select count(*) from product where sku = 'new-sku') s, (select orders from saleDay d join product on product.id = productId where sku = 'new-sku') o`,
      params: [],
    })
    expect(counts).toEqual({ p: 1, s: 1, o: 1 })
  })

  test('without consent nothing is kept, and a told line of an unknown goal is named', async () => {
    const shop = await openShop(kind)
    const told = (ref: string, goal: string) =>
      shop.ask('POST', `/v1/customers/${ref}/evidence`, { eventId: `t-${ref}`, kind: 'told', goal })
    expect((await told('never-seen', 'mv-swim')).body).toEqual({ recorded: false, reason: 'CONSENT' })
    expect((await told('g04-mei', 'mv-swim')).body).toEqual({ recorded: false, reason: 'CONSENT' })
    expect((await told('g01-ana', 'no-goal')).body).toMatchObject({
      code: 'unknown_reference',
      errors: [{ field: 'goal' }],
    })
    expect(
      (
        await shop.engine.all<{ n: number }>({
          sql: `select count(*) n from evidence where id like 't-%'`,
          params: [],
        })
      )[0]!.n,
    ).toBe(0)
  })
})

describe('a store that hangs, fails or is locked', () => {
  const ask = (
    app: { request: (path: string, init: RequestInit) => Response | Promise<Response> },
    deadlineMs = 60,
  ) =>
    app.request('/v1/recommendations', {
      method: 'POST',
      headers: { authorization: 'Bearer encore_till_demo_BK', 'content-type': 'application/json' },
      body: JSON.stringify({
        deadlineMs,
        customer: 'g01-ana',
        basket: { lines: [{ sku: 'YK-121', category: 'yoga-kids', unitPrice: 4600 }] },
      }),
    })
  const broken: [string, Engine['all']][] = [
    ['hangs', () => never],
    ['fails', async () => Promise.reject(new Error('SQLITE_BUSY: database is locked'))],
  ]

  test.each(broken)('cold, a store that %s: quiet, in time, degraded', async (_, all) => {
    const engine: Engine = { all, allOf: all as never, atomic: all as never }
    const { app } = createApp({
      engine,
      clock: () => Date.parse(SEEDED_AT),
      random: randomText,
      log: () => {},
    })
    const response = await ask(app)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      speak: false,
      degraded: 'store',
      silence: { reason: 'quiet' },
    })
  })

  test.each(broken)('warm, a store that %s: the context answer from the basket, degraded', async (_, all) => {
    const shop = await openShop('node')
    let down = false
    const engine: Engine = {
      all: (s) => (down ? all(s) : shop.engine.all(s)),
      allOf: (s) => (down ? (all as never as Engine['allOf'])(s) : shop.engine.allOf(s)),
      atomic: (s) => (down ? (all as never as Engine['atomic'])(s) : shop.engine.atomic(s)),
    }
    const { app } = createApp({
      engine,
      clock: () => Date.parse(SEEDED_AT),
      random: randomText,
      log: () => {},
    })
    expect(await (await ask(app)).json()).toMatchObject({ degraded: null, basis: 'profile' })
    down = true
    const response = await ask(app)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      degraded: 'store',
      basis: 'context',
      primary: { offerId: 'O049' },
    })
  })

  test('others are told to try again', async () => {
    const { app } = createApp({
      engine: { all: broken[1]![1], allOf: broken[1]![1] as never, atomic: broken[1]![1] as never },
      clock: () => Date.parse(SEEDED_AT),
      random: randomText,
      log: () => {},
    })
    const response = await app.request('/v1/outcomes', {
      method: 'POST',
      headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
      body: JSON.stringify({ outcomes: [{ recommendationId: 'r', eventId: 'e', state: 'said' }] }),
    })
    expect([
      response.status,
      response.headers.get('retry-after'),
      ((await response.json()) as any).code,
    ]).toEqual([503, '1', 'store_unavailable'])
    expect((await app.request('/readyz')).status).toBe(503)
    expect((await app.request('/healthz')).status).toBe(200)
  })
})

test('log lines hold no personal data, and no key', async () => {
  const shop = await openShop('node')
  const lines: string[] = []
  const { app } = createApp({
    engine: shop.engine,
    clock: () => Date.parse(SEEDED_AT),
    random: randomText,
    log: (l) => lines.push(JSON.stringify(l)),
  })
  const headers = { authorization: 'Bearer encore_till_demo_BK', 'content-type': 'application/json' }
  await app.request('/v1/recommendations', {
    method: 'POST',
    headers,
    body: JSON.stringify({ customer: 'g01-ana' }),
  })
  await app.request('/v1/customers/g01-ana/evidence', {
    method: 'POST',
    headers,
    body: JSON.stringify({ eventId: 'l', kind: 'told', goal: 'mv-swim', words: 'secretwords' }),
  })
  await app.request('/v1/customers/g01-ana/evidence', {
    method: 'POST',
    headers,
    body: '{"words":"secretwords"}',
  })
  expect(lines.length).toBeGreaterThanOrEqual(3)
  expect(lines.join()).not.toMatch(/g01|ana|secretwords|encore_till|piano/)
})

test('every code has its line in the docs', () => {
  const docs = readFileSync('docs/problems.md', 'utf8')
  for (const code of Object.keys(PROBLEMS)) expect(docs).toContain(`\`${code}\``)
})

test('a field that nobody knows is named itself, wherever it stands', async () => {
  const { ask } = await openShop('node')
  const { status, body } = await ask('POST', '/v1/recommendations', {
    colour: 'red',
    basket: { lines: [{ quantity: 1, unitPrice: 100, qty: 2 }] },
  })
  expect([status, body.code]).toEqual([400, 'invalid_request'])
  expect(body.errors.map(({ field }: { field: string }) => field).toSorted()).toEqual([
    'basket.lines.0.qty',
    'colour',
  ])
})

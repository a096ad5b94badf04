/** The ledger over HTTP: balances, statements to the cent, disputes that freeze, favours, events out. */
import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isSigned } from '../../src/http/webhook-signature.ts'
import { deliver } from '../../src/http/webhooks.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const rows = (shop: Shop, sql: string, ...params: (string | number)[]) =>
  shop.engine.all<Record<string, any>>({ sql, params })

/** Referrals of P02 that are booked for a day, as the till made them. */
async function booked(shop: Shop, codes: string[]): Promise<void> {
  await shop.engine.atomic([
    { sql: 'update revision set n = n + 1', params: [] },
    {
      sql: `update terms set record = json_set(record, '$.toUs', json('{"basisPoints":800,"minimumMinor":null,"capMinor":null,"holdDays":10}'), '$.paidBy', 'shared', '$.benefitCostMinor', 2000, '$.shopShareBasisPoints', 2500), rev = (select n from revision) where allianceId = 'A02'`,
      params: [],
    },
    ...codes.map((code) => ({
      sql: `insert into referral (code, direction, offerId, partnerId, allianceId, termsVersion, siteId, sessionId, state, expiresOn, createdAt, madeOn)
        values (?, 'ours', 'O054', 'P02', 'A02', 1, 'BK', 'ses_any', 'booked', '2026-04-30', '2026-03-14T16:42:00.000Z', '2026-03-14')`,
      params: [code],
    })),
  ])
}
const told = (shop: Shop, code: string, event: object) =>
  shop.ask('POST', `/v1/referrals/${code}/events`, event, 'partner')
const account = async (shop: Shop, month: string, key = 'owner') =>
  (await shop.ask('GET', `/v1/partners/P02/statements/${month}`, undefined, key)).body
const issue = (shop: Shop, month: string) =>
  shop.ask('POST', `/v1/partners/P02/statements/${month}`, {}, 'owner')
const path = (id: string) => encodeURIComponent(id)

describe.each(ENGINES)('%s', (kind) => {
  test('a statement equals the ledger to the cent, and what was issued never changes', async () => {
    const shop = await openShop(kind)
    await booked(shop, ['BK-AAAA2', 'BK-AAAA3', 'BK-AAAA4'])
    await shop.at('2026-04-15T16:00:00Z')
    const enrolled = (code: string, eventId: string, day: string, value: number) =>
      told(shop, code, { eventId, kind: 'enrolled', at: `2026-${day}T16:00:00Z`, value })
    await enrolled('BK-AAAA2', 'e2', '03-16', 56_111)
    await enrolled('BK-AAAA3', 'e3', '03-18', 10_055)
    await enrolled('BK-AAAA4', 'e4', '03-28', 9_999) // due in April
    // 8 % each, less our quarter of 20.00 for each of the three lessons.
    const march = await account(shop, '2026-03')
    expect(march.lines.map((line: any) => line.amount).sort((a: number, b: number) => a - b)).toEqual([
      -500, -500, -500, 804, 4489,
    ])
    expect([march.totalMinor, march.issuedAt]).toEqual([3793, null])
    const first = await issue(shop, '2026-03')
    expect([first.status, first.body.totalMinor]).toEqual([200, 3793])
    const csv = await shop.ask('GET', '/v1/partners/P02/statements/2026-03/csv', undefined, 'partner')
    expect(csv.body.trimEnd().split('\r\n').at(-1)).toBe(',,,total,,37.93,USD,')

    // A correction after the fact is in the next statement; the one that was issued stays.
    await told(shop, 'BK-AAAA2', { eventId: 'v2', kind: 'void', voids: 'e2' })
    await shop.at('2026-05-02T16:00:00Z')
    expect((await issue(shop, '2026-03')).body).toEqual(first.body)
    const april = (await issue(shop, '2026-04')).body
    expect(new Set(april.lines.map((line: any) => `${line.amount} ${line.reverses !== null}`))).toEqual(
      new Set(['-4489 true', '500 true', '800 false']),
    )
    expect(april.lines.length).toBe(3)
    const [sum] = await rows(shop, `select sum(amount) n from ledgerEntry where unit = 'money'`)
    expect(first.body.totalMinor + april.totalMinor).toBe(sum!.n)
    expect((await shop.ask('GET', '/v1/partners/P02/balance', undefined, 'partner')).body.balances).toEqual(
      [],
    )
    expect((await issue(shop, '2026-05')).body.code).toBe('conflict')
  })

  test('fifty managers issue one month: it is issued once, with every line once', async () => {
    const shop = await openShop(kind)
    await booked(shop, ['BK-AAAA2'])
    await shop.at('2026-04-15T16:00:00Z')
    await told(shop, 'BK-AAAA2', {
      eventId: 'e',
      kind: 'enrolled',
      at: '2026-03-16T16:00:00Z',
      value: 50_000,
    })
    const answers = await Promise.all(Array.from({ length: 50 }, () => issue(shop, '2026-03')))
    expect(new Set(answers.map((reply) => JSON.stringify(reply.body))).size).toBe(1)
    expect(await rows(shop, 'select count(*) n from issuedStatement')).toEqual([{ n: 1 }])
    expect(await rows(shop, 'select count(*) n from statementLine')).toEqual([{ n: 2 }])
  }, 300_000)

  test('a doubted line is frozen until it is settled; dropped, it is taken back for good', async () => {
    const shop = await openShop(kind)
    await booked(shop, ['BK-AAAA2', 'BK-AAAA3'])
    await shop.at('2026-04-15T16:00:00Z')
    for (const code of ['BK-AAAA2', 'BK-AAAA3'])
      await told(shop, code, {
        eventId: `e-${code}`,
        kind: 'enrolled',
        at: '2026-03-16T16:00:00Z',
        value: 50_000,
      })
    const doubt = (entry: string, eventId: string) =>
      shop.ask(
        'POST',
        `/v1/ledger/${path(entry)}/disputes`,
        { eventId, reason: 'They left after a week.' },
        'partner',
      )
    const settle = (id: string, resolution: string) =>
      shop.ask('POST', `/v1/disputes/${path(id)}/resolution`, { resolution }, 'owner')
    const one = await doubt('BK-AAAA2.commission.1', 'd1')
    expect([one.status, one.body.entry]).toEqual([201, 'BK-AAAA2.commission.1'])
    expect((await doubt('BK-AAAA2.commission.1', 'd2')).body.code).toBe('conflict')
    const two = (await doubt('BK-AAAA3.commission.1', 'd3')).body.id
    expect((await shop.ask('GET', '/v1/partners/P02/balance', undefined, 'partner')).body.balances).toEqual([
      { currency: 'USD', dueMinor: -1000, heldMinor: 0, frozenMinor: 8000 },
    ])
    expect((await account(shop, '2026-03')).totalMinor).toBe(-1000)
    await settle(one.body.id, 'stands')
    await settle(two, 'dropped')
    expect((await account(shop, '2026-03')).totalMinor).toBe(3000)
    // Whatever is told later of that referral, what was settled between the two stays settled.
    await told(shop, 'BK-AAAA3', { eventId: 'more', kind: 'recitalScheduled', about: '2026-06-01' })
    expect((await account(shop, '2026-03')).totalMinor).toBe(3000)
    expect((await doubt('BK-NNNNN.commission.1', 'd4')).status).toBe(404)
    // A line that was voided while it was doubted is taken back once.
    const three = (await doubt('BK-AAAA2.commission.1', 'd5')).body.id
    await told(shop, 'BK-AAAA2', { eventId: 'v', kind: 'void', voids: 'e-BK-AAAA2' })
    expect((await settle(three, 'dropped')).status).toBe(200)
    const sums = await rows(
      shop,
      `select sum(amount) n from ledgerEntry where code = 'BK-AAAA2' and unit = 'money'`,
    )
    expect(sums).toEqual([{ n: 0 }])
  })

  test('favours that no referral shows are posted once, and pages of the ledger hold each entry once', async () => {
    const shop = await openShop(kind)
    const favour = (eventId: string, amount: number) =>
      shop.ask(
        'POST',
        '/v1/alliances/A02/favours',
        { eventId, unit: 'letter', amount, on: '2026-03-02' },
        'owner',
      )
    for (let i = 0; i < 7; i++) expect((await favour(`f${i % 5}`, 1)).status).toBe(201)
    expect((await favour('f1', -1)).body.code).toBe('id_reused')
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await shop.ask('GET', `/v1/partners/P02/ledger?limit=2${cursor}`, undefined, 'owner')
      seen.push(...body.entries.map((entry: any) => entry.id))
      if (body.next === null) break
      cursor = `&cursor=${body.next}`
    }
    expect([seen.length, new Set(seen).size]).toEqual([5, 5])
  })
})

test('events go out signed, hold ids only, are tried again, and arrive once', async () => {
  const shop = await openShop('node')
  const heard: { headers: Record<string, any>; body: string }[] = []
  let fails = 2
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      heard.push({ headers: request.headers, body })
      response.writeHead(fails-- > 0 ? 500 : 204).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`
  const refused = await shop.ask('POST', '/v1/webhooks', { url: 'http://elsewhere.example/' }, 'owner')
  expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'url'])
  const { body: hook } = await shop.ask('POST', '/v1/webhooks', { url, types: ['referral.moved'] }, 'owner')
  await booked(shop, ['BK-AAAA2'])
  await shop.engine.atomic([
    { sql: `update referral set customer = 'g01-ana' where code = 'BK-AAAA2'`, params: [] },
  ])
  await told(shop, 'BK-AAAA2', { eventId: 'n1', kind: 'attended' })

  let now = Date.parse('2026-03-14T16:42:00Z')
  const delivered: number[] = []
  for (const wait of [0, 1, 5, 300, 3600]) {
    now += wait * 1000
    const both = await Promise.all([1, 2].map(() => deliver(shop.engine, () => now, fetch)))
    delivered.push(both[0]! + both[1]!)
  }
  expect(delivered).toEqual([0, 0, 0, 1, 0])
  expect(heard.length).toBe(3)
  const [{ headers, body }] = heard as [(typeof heard)[number]]
  const sent = {
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
  }
  expect(await isSigned(hook.secret, sent, body, Date.parse('2026-03-14T16:42:00Z') / 1000)).toBe(true)
  expect(new Set(heard.map((each) => each.headers['webhook-id'])).size).toBe(1)
  expect(JSON.parse(body)).toMatchObject({
    type: 'referral.moved',
    data: { code: 'BK-AAAA2', state: 'attended' },
  })
  expect(body).not.toMatch(/ana|Ana/)
  await shop.ask('DELETE', `/v1/webhooks/${hook.id}`, undefined, 'owner')
  await told(shop, 'BK-AAAA2', { eventId: 'n2', kind: 'enrolled', value: 100 })
  expect(await deliver(shop.engine, () => now, fetch)).toBe(0)
})

test('agreed terms, moved alliances and cancelled sessions go out, to whoever asked for them', async () => {
  const shop = await openShop('node')
  await shop.ask('POST', '/v1/webhooks', { url: 'https://shop.example/all' }, 'owner')
  await shop.ask(
    'POST',
    '/v1/webhooks',
    { url: 'https://shop.example/moves', types: ['alliance.moved'] },
    'owner',
  )
  await shop.ask('POST', '/v1/alliances/A04/decisions', { version: 1, decision: 'agree' }, 'owner')
  await shop.ask('POST', '/v1/alliances/A02/moves', { to: 'paused' }, 'owner')
  await shop.ask('POST', '/v1/sessions/ses_O049_20260321_0930/cancel', {}, 'owner')
  const sent = await rows(shop, 'select type, webhookId, body from outbox order by rowid')
  expect(sent.map(({ type }) => type)).toEqual(['alliance.moved', 'alliance.moved', 'session.cancelled'])
  expect(JSON.parse(sent[0]!.body).data).toEqual({ alliance: 'A02', from: 'live', to: 'paused' })
})

test('a signature is what the specification’s own example says', async () => {
  // https://github.com/standard-webhooks/standard-webhooks: its libraries' test vector.
  const sent = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  expect(await isSigned(secret, sent, '{"test": 2432232314}', 1_614_265_330)).toBe(true)
  expect(await isSigned(secret, sent, '{"test": 2432232315}', 1_614_265_330)).toBe(false)
  expect(await isSigned(secret, sent, '{"test": 2432232314}', 1_614_265_631)).toBe(false)
})

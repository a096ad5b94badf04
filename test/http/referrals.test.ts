/** Referrals over HTTP: what a partner tells, once, in any order, signed or by key, and what it may see. */
import { describe, expect, test } from 'vitest'
import { FollowedSchema } from '../../src/http/referral-schema.ts'
import { signedHeaders } from '../../src/http/webhook-signature.ts'
import { addKey } from '../../src/store/key.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const ana = {
  customer: 'g01-ana',
  staff: 'st_maya',
  basket: {
    lines: [
      { sku: 'DR-204-6', name: 'Cotton lawn dress, 6Y', category: 'dresses', unitPrice: 9600 },
      { name: 'Straw hat', category: 'hats-accessories', unitPrice: 2200 },
    ],
  },
}

/** Ana says yes to the first session she is offered; her code. */
async function accepted(shop: Shop, id = 'ana-1'): Promise<{ code: string; sessionId: string }> {
  const { body } = await shop.ask('POST', '/v1/recommendations', { id, ...ana })
  const sessionId = body.primary.sessions[0].id
  const said = await shop.ask('POST', `/v1/recommendations/${id}/outcomes`, {
    eventId: `${id}-yes`,
    state: 'accepted',
    sessionId,
  })
  return { code: said.body.referral.code, sessionId }
}

const rows = (shop: Shop, sql: string, ...params: (string | number)[]) =>
  shop.engine.all<Record<string, unknown>>({ sql, params })
const money = async (shop: Shop) =>
  (await rows(shop, `select coalesce(sum(amount), 0) n from ledgerEntry where unit = 'money'`))[0]!.n
const told = (shop: Shop, code: string, event: object, key = 'partner') =>
  shop.ask('POST', `/v1/referrals/${code}/events`, event, key)

async function agreeCommission(shop: Shop): Promise<void> {
  await shop.engine.atomic([
    { sql: 'update revision set n = n + 1', params: [] },
    {
      sql: `update terms set record = json_set(record, '$.toUs.basisPoints', 800), rev = (select n from revision) where allianceId = 'A02'`,
      params: [],
    },
  ])
}

describe.each(ENGINES)('%s', (kind) => {
  test('what the partner tells moves the referral, the customer and the ledger, once', async () => {
    const shop = await openShop(kind)
    await agreeCommission(shop)
    const { code } = await accepted(shop)
    expect((await shop.ask('GET', `/v1/referrals/${code}`, undefined, 'partner')).body).toMatchObject({
      state: 'booked',
      firstName: 'Ana',
      daysLate: 0,
      events: [{ kind: 'booked', effect: 'moved' }],
    })
    await shop.at('2026-03-25T16:00:00Z')
    const attended = { eventId: 'a1', kind: 'attended' }
    for (let i = 0; i < 3; i++) {
      const { status, body } = await told(shop, code, attended)
      expect([status, FollowedSchema.parse(body)]).toEqual([
        200,
        { code, state: 'attended', effect: 'moved' },
      ])
    }
    expect((await told(shop, code, { ...attended, kind: 'noShow' })).body.code).toBe('id_reused')
    await shop.at('2026-04-12T16:00:00Z')
    expect((await told(shop, code, { eventId: 'e1', kind: 'enrolled', value: 56_000 })).body.state).toBe(
      'enrolled',
    )
    // The same again under another id is kept, and changes nothing.
    expect((await told(shop, code, { eventId: 'e2', kind: 'enrolled', value: 99_000 })).body.effect).toBe(
      'noted',
    )
    expect(await money(shop)).toBe(4480)
    const held = await shop.ask('GET', '/v1/customers/g01-ana/evidence', undefined, 'staff')
    expect(held.body.evidence.map((line: any) => line.kind)).toEqual(
      expect.arrayContaining(['attended', 'enrolled', 'booked', 'told']),
    )
  })

  test('a mistake is voided by another event: evidence and money are taken back, nothing is rewritten', async () => {
    const shop = await openShop(kind)
    await agreeCommission(shop)
    const { code } = await accepted(shop)
    await shop.at('2026-03-25T16:00:00Z')
    await told(shop, code, { eventId: 'e1', kind: 'enrolled', value: 56_000 })
    expect(await money(shop)).toBe(4480)
    const undone = await told(shop, code, { eventId: 'v1', kind: 'void', voids: 'e1' })
    expect(undone.body).toMatchObject({ state: 'booked', effect: 'moved' })
    expect(await money(shop)).toBe(0)
    const entries = await rows(
      shop,
      `select amount, reverses is null whole from ledgerEntry where unit = 'money'`,
    )
    expect(entries).toEqual([
      { amount: 4480, whole: 1 },
      { amount: -4480, whole: 0 },
    ])
    const { body } = await shop.ask('GET', '/v1/customers/g01-ana/evidence', undefined, 'staff')
    expect(body.evidence.map((line: any) => line.kind)).not.toContain('enrolled')
    await told(shop, code, { eventId: 'e2', kind: 'enrolled', value: 28_000 })
    expect(await money(shop)).toBe(2240)
  })

  test('an event for a code that has run out is a dispute, not money, until somebody says it stands', async () => {
    const shop = await openShop(kind)
    await agreeCommission(shop)
    const { code } = await accepted(shop)
    await shop.at('2026-04-02T16:00:00Z')
    const late = await told(shop, code, {
      eventId: 'e1',
      kind: 'enrolled',
      value: 56_000,
      at: '2026-04-01T15:00:00Z',
    })
    expect(late.body).toMatchObject({ state: 'booked', effect: 'disputed' })
    expect(await money(shop)).toBe(0)
    const [dispute] = (await shop.ask('GET', '/v1/disputes', undefined, 'owner')).body.disputes
    expect(dispute).toMatchObject({ partner: 'P02', code, resolution: null })
    const settle = (resolution: string) =>
      shop.ask('POST', `/v1/disputes/${encodeURIComponent(dispute.id)}/resolution`, { resolution }, 'owner')
    expect((await settle('stands')).body.resolution).toBe('stands')
    expect(await money(shop)).toBe(4480)
    expect((await settle('stands')).status).toBe(200)
    expect((await settle('dropped')).body.code).toBe('conflict')
  })

  test('another partner’s code is as unknown as none', async () => {
    const shop = await openShop(kind)
    const { code } = await accepted(shop)
    await addKey(shop.engine, 'encore_partner_other', {
      role: 'partner',
      siteId: null,
      partnerId: 'P05',
      expiresAt: null,
      label: 'other',
    })
    const other = (path: string, method = 'GET', body?: unknown) =>
      shop.ask(method, path, body, 'encore_partner_other')
    const strip = ({ status, body }: { status: number; body: any }) => [status, { ...body, requestId: '' }]
    expect(
      strip(await other(`/v1/referrals/${code}/events`, 'POST', { eventId: 'x', kind: 'attended' })),
    ).toEqual(strip(await other('/v1/referrals/BK-ZZZZZ/events', 'POST', { eventId: 'x', kind: 'attended' })))
    expect((await other(`/v1/referrals/${code}`)).status).toBe(404)
    expect((await other('/v1/referrals')).body.referrals).toEqual([])
    expect((await other('/v1/partners/P02/ledger')).status).toBe(404)
    expect((await other('/v1/partners/P02/statements/2026-03')).status).toBe(404)
    expect(await rows(shop, `select 1 from referralEvent where kind = 'attended'`)).toEqual([])
  })

  test('a partner sees a first name only with consent, and of an erased or unconsented family nothing moves', async () => {
    const shop = await openShop(kind)
    const { code } = await accepted(shop)
    const seen = async () => (await shop.ask('GET', `/v1/referrals/${code}`, undefined, 'partner')).body
    const before = await seen()
    expect(before.firstName).toBe('Ana')
    expect(JSON.stringify(before)).not.toMatch(/g01|music|dress|2020-09/)
    const consent = (purpose: string) =>
      shop.ask('POST', '/v1/customers/g01-ana/consents', {
        eventId: `no-${purpose}`,
        purpose,
        decision: 'withdrawn',
      })
    await consent('sharePartner')
    expect((await seen()).firstName).toBeNull()
    await consent('personalise')
    await shop.at('2026-03-25T16:00:00Z')
    // To the partner it reads as ever.
    expect((await told(shop, code, { eventId: 'a1', kind: 'attended' })).body).toMatchObject({
      state: 'attended',
    })
    expect(
      await rows(shop, `select 1 from evidence where kind = 'attended' and customer = 'g01-ana'`),
    ).toEqual([])
  })

  test('a place that staff keep and confirm for her is known as booked, once', async () => {
    const shop = await openShop(kind)
    const held = await shop.ask(
      'POST',
      '/v1/holds',
      { eventId: 'h1', sessionId: 'ses_O054_20260321_1000', customer: 'g01-ana' },
      'staff',
    )
    for (let i = 0; i < 2; i++) {
      const confirmed = await shop.ask(
        'POST',
        `/v1/holds/${held.body.hold.id}/confirm`,
        { eventId: 'c1' },
        'staff',
      )
      expect([confirmed.status, confirmed.body.code]).toEqual([200, expect.stringMatching(/^BK-/)])
    }
    const { body } = await shop.ask('GET', '/v1/customers/g01-ana/evidence', undefined, 'staff')
    expect(body.evidence.map((line: any) => line.kind)).toEqual(['booked', 'told'])
  })

  test('a session that is called off shows whom to tell, and nobody is expected any more', async () => {
    const shop = await openShop(kind)
    const { code, sessionId } = await accepted(shop)
    const off = await shop.ask('POST', `/v1/sessions/${sessionId}/cancel`, {}, 'partner')
    expect(off.body.toTell).toEqual([code])
    for (const key of ['owner', 'staff', 'partner'])
      expect(
        (await shop.ask('GET', '/v1/referrals?calledOff=true', undefined, key)).body.referrals,
      ).toMatchObject([{ code, startsAt: null, calledOff: '2026-03-21T10:00:00-05:00', statusDueOn: null }])
    const health = await shop.ask('GET', '/v1/alliances/health', undefined, 'owner')
    expect(JSON.stringify(health.body)).toContain(`one family must be told (${code})`)
    // Another day for her, and nobody is left to tell.
    const again = await shop.ask('POST', '/v1/recommendations/ana-1/outcomes', {
      eventId: 'other-day',
      state: 'booked',
      sessionId: 'ses_O054_20260328_1000',
    })
    expect(again.body.referral.code).toBe(code)
    expect(
      (await shop.ask('GET', '/v1/referrals?calledOff=true', undefined, 'owner')).body.referrals,
    ).toEqual([])
  })

  test('a family that is forgotten altogether leaves a code that is nobody’s', async () => {
    const shop = await openShop(kind)
    const { code } = await accepted(shop)
    const erased = await shop.ask('DELETE', '/v1/customers/g01-ana', undefined, 'staff')
    expect(erased.body).toEqual({ recorded: true, reason: null })
    expect((await shop.ask('DELETE', '/v1/customers/g01-ana', undefined, 'staff')).body.recorded).toBe(false)
    await shop.at('2026-03-25T16:00:00Z')
    expect((await told(shop, code, { eventId: 'a1', kind: 'attended' })).body.state).toBe('attended')
    const seen = (await shop.ask('GET', `/v1/referrals/${code}`, undefined, 'partner')).body
    expect([seen.state, seen.firstName]).toEqual(['attended', null])
    const tables = await rows(
      shop,
      `select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '\\_%' escape '\\' and name not like 'd1%'`,
    )
    for (const { name } of tables) {
      const found = (await rows(shop, `select * from "${name}"`)).filter((row) =>
        JSON.stringify(row).includes('g01-ana'),
      )
      expect([name, found]).toEqual([name, []])
    }
    const answer = await shop.ask('POST', '/v1/recommendations', { id: 'again', ...ana })
    expect([answer.body.basis, JSON.stringify(answer.body).includes('piano')]).toEqual(['context', false])
  })

  test('a signed event counts once; a wrong signature, an old one and another body do not', async () => {
    const shop = await openShop(kind)
    const { code } = await accepted(shop)
    const { body } = await shop.ask('POST', '/v1/partners/P02/signing-secret', {}, 'owner')
    const at = Date.parse('2026-03-14T16:42:00Z') / 1000
    // As another system may write it: the raw bytes count.
    const raw = `{ "type" : "referral.attended",\n "data": {"code":"${code}", "at":"2026-03-14T16:40:00Z"} }`
    const send = (headers: Record<string, string>, text = raw) =>
      shop.ask('POST', '/v1/partners/P02/events', text, null, headers)
    const good = await signedHeaders(body.secret, 'msg_1', at, raw)
    for (let i = 0; i < 2; i++)
      expect((await send(good)).body).toEqual({ code, state: 'attended', effect: 'moved' })
    const refused = [
      await send({ ...good, 'webhook-signature': `v1,${'A'.repeat(43)}=` }),
      await send(good, raw.replace('attended', 'enrolled')),
      await send(await signedHeaders(body.secret, 'msg_2', at - 301, raw)),
      await send(await signedHeaders(body.secret, 'msg_2', at + 301, raw)),
      await shop.ask('POST', '/v1/partners/P05/events', raw, null, good),
    ]
    expect(refused.map((reply) => [reply.status, reply.body.code])).toEqual(
      Array(5).fill([401, 'signature_invalid']),
    )
    expect(await rows(shop, `select count(*) n from referralEvent where kind = 'attended'`)).toEqual([
      { n: 1 },
    ])
  })

  test('unknown codes, times to come, and another’s offer are refused by name', async () => {
    const shop = await openShop(kind)
    const { code } = await accepted(shop)
    const field = async (event: object) => {
      const { status, body } = await told(shop, code, { eventId: 'x', kind: 'attended', ...event })
      return [status, body.errors[0]?.field]
    }
    expect(await field({ at: '2026-03-20T10:00:00Z' })).toEqual([400, 'at'])
    expect(await field({ kind: 'enrolled', offer: 'O049' })).toEqual([422, 'offer'])
    expect(await field({ kind: 'void', voids: 'nothing' })).toEqual([422, 'voids'])
    expect(await field({ kind: 'recitalScheduled' })).toEqual([400, 'about'])
    expect((await told(shop, 'BK-99999', { eventId: 'x', kind: 'attended' })).status).toBe(404)
  })

  test('fifty who tell the same code at once: one effect, and the ledger is exact', async () => {
    const shop = await openShop(kind)
    await agreeCommission(shop)
    const { code } = await accepted(shop)
    await shop.at('2026-03-25T16:00:00Z')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        told(shop, code, {
          eventId: `e${i % 25}`,
          kind: 'enrolled',
          at: '2026-03-21T16:00:00Z',
          value: 56_000,
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(await money(shop)).toBe(4480)
    expect(
      await rows(
        shop,
        `select unit, sum(amount) n, count(*) rows from ledgerEntry group by unit order by unit`,
      ),
    ).toEqual([
      { unit: 'introduction', n: 1, rows: 1 },
      { unit: 'money', n: 4480, rows: 1 },
    ])
    expect(await rows(shop, `select count(*) n from referralEvent where kind = 'enrolled'`)).toEqual([
      { n: 25 },
    ])
  }, 300_000)

  test('whom a partner sent is theirs once: fifty tills redeem one code', async () => {
    const shop = await openShop(kind)
    const { status, body } = await shop.ask('POST', '/v1/referrals', { eventId: 'card-1' }, 'partner')
    expect([status, body.direction, body.state]).toEqual([201, 'theirs', 'offered'])
    expect((await shop.ask('POST', '/v1/referrals', { eventId: 'card-1' }, 'partner')).body.code).toBe(
      body.code,
    )
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        shop.ask('POST', `/v1/referrals/${body.code}/redeem`, {
          eventId: `r${i}`,
          customer: `new-${i % 10}`,
        }),
      ),
    )
    const kept = answers.filter((reply) => reply.body.redeemed)
    const [owner] = await rows(shop, 'select customer from referral where code = ?', body.code)
    expect(kept.length).toBe(5)
    expect(answers.filter((reply) => !reply.body.redeemed).map((reply) => reply.body.reason)).toEqual(
      Array(45).fill('USED'),
    )
    expect(answers.flatMap((reply, i) => (reply.body.redeemed ? [`new-${i % 10}`] : []))).toEqual(
      Array(5).fill(owner!.customer),
    )
    expect(await rows(shop, `select amount from ledgerEntry where code = ?`, body.code)).toEqual([
      { amount: -1 },
    ])
    // Somebody whom another partner's code brought was sent before.
    const second = (await shop.ask('POST', '/v1/referrals', { eventId: 'card-2' }, 'partner')).body.code
    const again = await shop.ask('POST', `/v1/referrals/${second}/redeem`, {
      eventId: 'again',
      customer: owner!.customer,
    })
    expect(again.body.reason).toBe('SENT_BEFORE')
    // She is forgotten: her code is nobody's, and nobody else's.
    await shop.ask('DELETE', `/v1/customers/${owner!.customer}`, undefined, 'owner')
    const reused = await shop.ask('POST', `/v1/referrals/${body.code}/redeem`, {
      eventId: 'reuse',
      customer: 'new-x',
    })
    expect(reused.body.reason).toBe('USED')
  }, 300_000)

  test('the first sale to whom a partner sent is what its share is of', async () => {
    const shop = await openShop(kind)
    await shop.engine.atomic([
      { sql: 'update revision set n = n + 1', params: [] },
      {
        sql: `update terms set record = json_set(record, '$.toThem', json('{"basisPoints":1000,"minimumMinor":null,"capMinor":2000,"holdDays":14}')), rev = (select n from revision) where allianceId = 'A02'`,
        params: [],
      },
    ])
    const { code } = (await shop.ask('POST', '/v1/referrals', { eventId: 'card-1' }, 'partner')).body
    const sale = { source: 'juniper-till', externalId: 's-1' }
    await shop.ask('POST', '/v1/purchases', {
      purchases: [
        {
          ...sale,
          customer: 'new-1',
          soldAt: '2026-03-14T16:00:00Z',
          lines: [{ name: 'Coat', unitPrice: 15_000 }],
        },
      ],
    })
    const redeem = (eventId: string, more: object) =>
      shop.ask('POST', `/v1/referrals/${code}/redeem`, { eventId, customer: 'new-1', ...more })
    // She bought before, and nobody says that this was the sale: then she was ours already.
    expect((await redeem('r0', {})).body.reason).toBe('NOT_FIRST')
    expect((await redeem('r1', { purchase: sale })).body).toEqual({
      redeemed: true,
      reason: null,
      state: 'enrolled',
    })
    expect(await money(shop)).toBe(-1500)
    expect((await redeem('r2', { purchase: { ...sale, externalId: 's-2' } })).body.reason).toBe('NOT_FIRST')
    expect(await money(shop)).toBe(-1500)
    expect(
      (await shop.ask('POST', '/v1/referrals/BK-ZZZZZ/redeem', { eventId: 'q', customer: 'x' })).status,
    ).toBe(404)
  })

  test('every referral owes word by a day, and silence shows', async () => {
    const shop = await openShop(kind)
    const { code } = await accepted(shop)
    const listed = async (query: string) =>
      (await shop.ask('GET', `/v1/referrals?${query}`, undefined, 'owner')).body.referrals
    expect(await listed('owing=true')).toEqual([])
    await shop.at('2026-04-10T16:00:00Z')
    expect(await listed('owing=true')).toMatchObject([
      { code, statusDueOn: '2026-04-04', daysLate: 6, daysWithoutNews: 27 },
    ])
    await shop.at('2026-04-30T16:00:00Z')
    expect((await listed(''))[0]).toMatchObject({ code, state: 'expired', statusDueOn: null, daysLate: 0 })
  })
})

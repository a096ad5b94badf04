/** Bad luck: few customers, one who buys for all, gifts only, half of it taken back, outcomes out of turn, odd hours. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { relearn } from '../../src/store/count.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const rows = (shop: Pick<Shop, 'engine'>, sql: string, ...params: (string | number)[]) =>
  shop.engine.all<Record<string, any>>({ sql, params })

const sell = async (shop: Shop, purchases: object[]) => {
  const { status, body } = await shop.ask('POST', '/v1/purchases', { purchases }, 'owner')
  expect(status).toBe(207)
  return body.results as { status: string; stage: string | null }[]
}

const counts = async (shop: Shop) => ({
  pairs: await rows(
    shop,
    'select a, b, baskets, customers from pair where baskets <> 0 or customers <> 0 order by a, b',
  ),
  products: await rows(shop, 'select id, baskets, buyers from product order by id'),
  days: await rows(shop, 'select productId, day, orders from saleDay where orders <> 0 order by 1, 2'),
})

/** What was learned in pieces is what is learned from scratch. */
async function expectLearned(shop: Shop): Promise<void> {
  const learned = await counts(shop)
  await relearn(shop.engine)
  const again = await counts(shop)
  // Said in short: a whole shop's counts do not belong into a report.
  for (const part of ['pairs', 'products', 'days'] as const)
    expect(
      again[part].filter((row, n) => JSON.stringify(row) !== JSON.stringify(learned[part][n])).slice(0, 3),
      part,
    ).toEqual([])
}

const allow = (shop: Shop, ref: string) =>
  shop.ask('POST', `/v1/customers/${ref}/consents`, {
    eventId: `yes-${ref}`,
    purpose: 'personalise',
    decision: 'granted',
  })

const ask = async (shop: Shop, body: object) => {
  const { status, body: answer } = await shop.ask('POST', '/v1/recommendations', body)
  expect(status).toBe(200)
  return answer
}

describe.each(ENGINES)('%s', (kind) => {
  test('one customer with 5,000 lines: answered, capped, learned exactly, and merged into another', async () => {
    const shop = await openShop(kind)
    await allow(shop, 'c-bulk')
    const skus = (await rows(shop, 'select sku from product order by id')).map(({ sku }) => sku as string)
    for (let n = 0; n < 10; n++) {
      const lines = Array.from({ length: 500 }, (_, k) => ({
        sku: skus[(n * 7 + k) % skus.length]!,
        unitPrice: 1000,
      }))
      await sell(shop, [
        {
          source: 'bulk',
          externalId: `${n}`,
          site: 'BK',
          customer: 'c-bulk',
          soldAt: `2026-01-${10 + n}T16:00:00Z`,
          lines,
        },
      ])
    }
    const [held] = await rows(shop, `select state from customer where ref = 'c-bulk'`)
    const state = JSON.parse(held!.state)
    expect([state.evidence.length, state.items.length, state.orders]).toEqual([80, 50, 10])
    const answer = await ask(shop, { customer: 'c-bulk', basket: { lines: [{ sku: 'YO-120' }] } })
    expect(answer.basis).toBe('profile')
    await allow(shop, 'c-small')
    const merged = await shop.ask('POST', '/v1/customers/c-bulk/merge', { into: 'c-small' }, 'owner')
    expect([merged.status, merged.body.moved.purchase]).toEqual([200, 10])
    await expectLearned(shop)
  }, 300_000)

  test('gifts only: she is a customer with a first purchase, and nothing is known of what she wants', async () => {
    const shop = await openShop(kind)
    await allow(shop, 'c-gifts')
    const lines = [
      { sku: 'YO-120', unitPrice: 4600, gift: true },
      { sku: 'DR-204-6', unitPrice: 9600, gift: true },
    ]
    const sale = (n: number) => ({
      source: 'gift',
      externalId: `${n}`,
      site: 'BK',
      customer: 'c-gifts',
      soldAt: `2026-02-0${n + 1}T16:00:00Z`,
      lines,
    })
    const [first, second] = await sell(shop, [sale(0), sale(1)])
    expect([first!.stage, second!.stage]).toEqual(['front', 'back'])
    const [held] = await rows(shop, `select state from customer where ref = 'c-gifts'`)
    expect(JSON.parse(held!.state)).toMatchObject({ evidence: [], items: [], orders: 2 })
    const basket = { lines: lines.map(({ sku }) => ({ sku, gift: true })) }
    const { body } = await shop.ask('POST', '/v1/recommendations', { customer: 'c-gifts', basket })
    for (const reason of body.primary?.reasons ?? []) expect(reason.code).not.toMatch(/BOUGHT|BASKET/)
    await expectLearned(shop)
  })

  test('half of the history returned or voided: every customer still has one first purchase, and the counts are exact', async () => {
    const shop = await openShop(kind)
    const all = await rows(
      shop,
      'select id, source, externalId, customer, siteId, soldAt, staffId from purchase order by id',
    )
    const some = all.filter((_, n) => n % 4 === 0)
    for (let at = 0; at < some.length; at += 200)
      await sell(
        shop,
        some.slice(at, at + 200).map(({ source, externalId, siteId, soldAt }) => ({
          source,
          externalId,
          site: siteId,
          soldAt,
          voided: true,
          revision: 1,
        })),
      )
    // A return: another order, of the same things, with the quantities below nothing.
    const back = all.filter((_, n) => n % 4 === 1)
    const lines = Map.groupBy(
      await rows(
        shop,
        'select purchaseId, sku, quantity, unitPriceMinor from purchaseLine join product on product.id = productId',
      ),
      ({ purchaseId }) => purchaseId,
    )
    for (let at = 0; at < back.length; at += 200)
      await sell(
        shop,
        back.slice(at, at + 200).map(({ id, source, externalId, siteId, customer }) => ({
          source,
          externalId: `${externalId}-back`,
          site: siteId,
          customer: customer ?? undefined,
          soldAt: '2026-03-13T16:00:00Z',
          lines: lines.get(id)!.map(({ sku, quantity, unitPriceMinor }) => ({
            sku,
            quantity: -quantity,
            unitPrice: unitPriceMinor,
          })),
        })),
      )
    const wrong = await rows(
      shop,
      `select customer, sum(stage = 'front') fronts, min(soldAt) first, min(case stage when 'front' then soldAt end) front from purchase
       where voided = 0 and customer is not null and exists (select 1 from purchaseLine where purchaseId = purchase.id and quantity > 0)
       group by customer having fronts <> 1 or first <> front`,
    )
    expect(wrong).toEqual([])
    expect(
      await rows(
        shop,
        `select id from purchase where stage is not null and (voided = 1 or externalId like '%-back')`,
      ),
    ).toEqual([])
    // What a void took back is no evidence any more.
    expect(
      await rows(
        shop,
        'select evidence.id from evidence join purchase on purchase.id = purchaseId where voided = 1 and retractedAt is null',
      ),
    ).toEqual([])
    for (const customer of ['g01-ana', 'g04-mei', 'hh_0001'])
      await ask(shop, { customer, basket: { lines: [{ sku: 'DR-204-6' }] }, dryRun: true })
    await expectLearned(shop)
  }, 300_000)

  test('outcomes before their decision, twice and months late: each is kept, and counts once, when it happened', async () => {
    const shop = await openShop(kind)
    const happened = (id: string, body: object) =>
      shop.ask('POST', `/v1/recommendations/${id}/outcomes`, body)
    const said = { eventId: 'early-said', state: 'said', at: '2026-03-14T11:43:00-05:00' }
    const declined = {
      eventId: 'early-no',
      state: 'declined',
      reason: 'notNow',
      at: '2026-03-14T11:44:00-05:00',
    }
    for (const event of [said, declined, said])
      expect((await happened('early-1', event)).body).toMatchObject({ recorded: true, orphan: true })
    const hannah = {
      customer: 'g03-hannah',
      basket: {
        lines: [{ sku: 'YO-120', category: 'yoga-kids', name: 'Yoga leggings, lotus', unitPrice: 4600 }],
      },
    }
    const answer = await ask(shop, { ...hannah, id: 'early-1' })
    expect(answer.speak).toBe(true)
    // What is asked next waits for what is recorded.
    for (let n = 0; n < 100; n++) {
      const open = await rows(shop, 'select 1 from outcome where orphan <> 0')
      if (open.length === 0) break
      await happened('early-1', said)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const kept = () =>
      rows(shop, `select outcome, outcomeReason, outcomeAt, saidAt from recommendation where id = 'early-1'`)
    const once = [
      {
        outcome: 'declined',
        outcomeReason: 'notNow',
        outcomeAt: '2026-03-14T16:44:00.000Z',
        saidAt: '2026-03-14T16:43:00.000Z',
      },
    ]
    expect(await kept()).toEqual(once)
    const counted = () =>
      rows(
        shop,
        "select sum(said) said, sum(accepted) accepted, sum(declined) declined from acceptance where offerId = ? and mapping <> ''",
        answer.primary.offerId,
      )
    expect(await counted()).toEqual([{ said: 1, accepted: 0, declined: 1 }])
    for (const event of [said, declined]) expect((await happened('early-1', event)).status).toBe(200)
    expect(await counted()).toEqual([{ said: 1, accepted: 0, declined: 1 }])
    // Told in August of a word in March: it counts as said, and does not undo what came later.
    await shop.at('2026-08-14T11:42:00-05:00')
    const late = { eventId: 'late-asked', state: 'askedMore', at: '2026-03-14T11:42:30-05:00' }
    expect((await happened('early-1', late)).body).toMatchObject({ recorded: true, orphan: false })
    expect(await kept()).toEqual([{ ...once[0], saidAt: '2026-03-14T16:42:30.000Z' }])
    expect(await counted()).toEqual([{ said: 1, accepted: 0, declined: 1 }])
    // And one whose decision nobody ever kept stays as it is, and harms nobody.
    expect((await happened('never-was', { eventId: 'lost', state: 'accepted' })).body).toMatchObject({
      orphan: true,
      referral: null,
    })
  }, 300_000)
})

test('a shop with 30 customers: every one is answered, and what is not known is not claimed', async () => {
  const shop = await openShop('node')
  // All but 30 are forgotten, in the way in which anybody is.
  const refs = (await rows(shop, 'select ref from customer order by ref')).map(({ ref }) => ref as string)
  for (const ref of refs.slice(30)) await shop.ask('DELETE', `/v1/customers/${ref}`, undefined, 'owner')
  expect(await rows(shop, 'select count(*) n from customer')).toEqual([{ n: 30 }])
  for (const ref of refs.slice(0, 30)) {
    const answer = await ask(shop, { customer: ref, basket: { lines: [{ sku: 'DR-204-6' }] }, dryRun: true })
    expect(typeof answer.speak).toBe('boolean')
  }
  const { status, body } = await shop.ask(
    'POST',
    '/v1/rankings',
    { purpose: 'checkout', basket: ['DR-204-6'], limit: 10 },
    'owner',
  )
  expect(status).toBe(200)
  expect(body.ranked.length).toBeGreaterThan(0)
  expect((await shop.ask('GET', '/v1/mappings', undefined, 'owner')).status).toBe(200)
}, 300_000)

describe('odd hours', () => {
  const ODD = [
    '2026-03-08T01:59:59-06:00', // the night that loses an hour
    '2026-03-08T03:00:00-05:00',
    '2026-11-01T01:30:00-05:00', // the hour that comes twice
    '2026-11-01T01:30:00-06:00',
    '2028-02-29T23:59:59-06:00',
    '2028-03-01T00:00:00-06:00',
    '2026-12-31T23:59:59-06:00',
    '2027-01-01T00:00:00-06:00',
    '2100-02-28T12:00:00-06:00', // no leap year
  ]

  test('at each of them the till answers, the same twice, and what is sold is of the site’s own day', async () => {
    const shop = await openShop('node')
    const date = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Chicago' })
    for (const [n, at] of ODD.entries()) {
      const question = {
        customer: 'g01-ana',
        basket: { lines: [{ sku: 'YO-120' }] },
        asOf: at,
        dryRun: true,
        id: `odd-${n}`,
      }
      const answer = await ask(shop, question)
      expect(await ask(shop, question), at).toEqual(answer)
      if (answer.validUntil !== null) expect(Date.parse(answer.validUntil)).toBeGreaterThan(Date.parse(at))
      await sell(shop, [
        {
          source: 'odd',
          externalId: `${n}`,
          site: 'BK',
          customer: 'c-odd',
          soldAt: at,
          lines: [{ sku: 'YO-120', unitPrice: 4600 }],
        },
      ])
      expect(await rows(shop, `select onDate from evidence where purchaseId = 'odd/${n}'`), at).toEqual([
        { onDate: date.format(new Date(at)) },
      ])
    }
    expect(
      await rows(shop, `select externalId from purchase where customer = 'c-odd' and stage = 'front'`),
    ).toEqual([{ externalId: '0' }])
    await expectLearned(shop)
  })

  test('a child born on 29 February, and the last hour of a season, break nothing', async () => {
    const shop = await openShop('node')
    await allow(shop, 'c-leap')
    await shop.ask('POST', '/v1/customers/c-leap/consents', {
      eventId: 'child',
      purpose: 'childProfile',
      decision: 'granted',
    })
    const household = { children: [{ id: 'c', birthMonth: '2024-02' }] }
    expect((await shop.ask('PUT', '/v1/customers/c-leap/household', household)).body.recorded).toBe(true)
    const instant = fc.integer({
      min: Date.parse('2026-01-01T00:00:00Z'),
      max: Date.parse('2030-01-01T00:00:00Z'),
    })
    const zone = fc.constantFrom('Z', '+14:00', '-12:00')
    await fc.assert(
      fc.asyncProperty(instant, zone, async (ms, offset) => {
        const minutes = offset === 'Z' ? 0 : offset === '+14:00' ? 840 : -720
        const asOf = `${new Date(ms + minutes * 60_000).toISOString().slice(0, 19)}${offset}`
        const question = { customer: 'c-leap', basket: { lines: [{ sku: 'YO-120' }] }, asOf, dryRun: true }
        const answer = await ask(shop, question)
        expect(answer.basis).toBe('profile')
        // The same instant written otherwise is the same question.
        const { id: _, ...one } = answer
        const { id: __, ...two } = await ask(shop, {
          ...question,
          asOf: new Date(ms - (ms % 1000)).toISOString(),
        })
        expect(two).toEqual(one)
      }),
      { numRuns: 60 },
    )
  }, 300_000)
})

/** Mapping help over HTTP: suggested, decided in bulk, said by past purchases, taken back; on both engines. */
import { describe, expect, test } from 'vitest'
import { callOver, MANAGER, openOffice } from '../support/office.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const rows = (shop: Pick<Shop, 'engine'>, sql: string, ...params: (string | number)[]) =>
  shop.engine.all<Record<string, any>>({ sql, params })

const melodicas = (n: number, customer: string, revision = 0) => ({
  source: 'test-till',
  externalId: `uke-${n}`,
  site: 'BK',
  customer,
  revision,
  soldAt: `2026-02-${String(n + 1).padStart(2, '0')}T16:00:00Z`,
  lines: [
    { sku: `UK-${n % 3}`, name: `Melodica, model ${'abc'[n % 3]}`, quantity: 1, unitPrice: 6000 },
    { sku: 'BOX-1', name: 'Melodica stand', quantity: 1, unitPrice: 2000, gift: true },
  ],
})

const sell = async (shop: Shop, purchases: object[]) =>
  expect((await shop.ask('POST', '/v1/purchases', { purchases }, 'owner')).status).toBe(207)

const uke = { kind: 'facet', term: 'melodica', goal: 'music-instrument' }

const bought = (shop: Shop, customer: string) =>
  rows(
    shop,
    `select purchaseId, goal, weight, halfLifeDays, onDate from evidence
     where customer = ? and kind = 'bought' and retractedAt is null order by purchaseId, id`,
    customer,
  )

describe.each(ENGINES)('%s', (kind) => {
  test('nothing is mapped by looking; what is unmapped is counted, with the reason of each suggestion', async () => {
    const { shop, call } = await openOffice(kind)
    const count =
      'select (select count(*) from rule) rules, (select count(*) from wordRule) words, (select count(*) from evidence) lines'
    const before = await rows(shop, count)
    await sell(
      shop,
      [0, 1, 2].map((n) => melodicas(n, 'c-uke')),
    )
    const { status, body } = await call('GET', '/v1/mappings?limit=5', undefined, { key: MANAGER })
    expect(status).toBe(200)
    expect(await rows(shop, count)).toEqual(before)
    expect(body.suggestions).toHaveLength(5)
    expect(body.more).toBeGreaterThan(0)
    expect(body.rules).toHaveLength(42)
    expect(body.share.unmappedProducts).toBeGreaterThan(0)
    expect(body.share.unmappedProducts).toBeLessThan(1)
    for (const each of body.suggestions) {
      expect(each.why.length).toBeGreaterThan(0)
      expect(each.examples.length).toBeGreaterThan(0)
      expect(each.goal).not.toMatch(/mil-newborn|mil-faith|thr-sleep/)
    }
    expect((await call('GET', '/v1/mappings?limit=0')).status).toBe(400)
  })

  test('accepted, it speaks at the till, for purchases to come and for those of before; taken back, for none', async () => {
    const shop = await openShop(kind)
    const call = callOver(shop.ask)
    await sell(
      shop,
      [0, 1].map((n) => melodicas(n, 'c-uke')),
    )
    expect(await bought(shop, 'c-uke')).toEqual([])
    const accept = { decisions: [{ ...uke, decision: 'accepted', weight: 0.4, halfLifeDays: 200 }] }
    const { status, body } = await call('POST', '/v1/mappings', accept)
    expect([status, body]).toEqual([
      207,
      {
        results: [{ ...uke, status: 'accepted', error: null, purchases: 2 }],
        derived: true,
        added: 2,
        retracted: 0,
      },
    ])
    // As if it had been there: one line a thing bought for herself, on the day it was; the gift says nothing.
    const line = { goal: 'music-instrument', weight: 0.4, halfLifeDays: 200 }
    const past = [
      { purchaseId: 'test-till/uke-0', ...line, onDate: '2026-02-01' },
      { purchaseId: 'test-till/uke-1', ...line, onDate: '2026-02-02' },
    ]
    expect(await bought(shop, 'c-uke')).toEqual(past)
    const [state] = await rows(shop, `select state from customer where ref = 'c-uke'`)
    expect(JSON.parse(state!.state).evidence).toHaveLength(2)
    // Again: nothing changes.
    expect((await call('POST', '/v1/mappings', accept)).body).toMatchObject({
      added: 0,
      results: [{ status: 'unchanged' }],
    })

    // A purchase to come says it the same way, and so does a basket.
    await sell(shop, [melodicas(2, 'c-uke')])
    expect(await bought(shop, 'c-uke')).toEqual([
      ...past,
      { purchaseId: 'test-till/uke-2', ...line, onDate: '2026-02-03' },
    ])
    const heard = async (): Promise<string[]> => {
      const basket = { lines: [{ name: 'Melodica, model z', quantity: 1, unitPrice: 6000 }] }
      const { body: answer } = await shop.ask('POST', '/v1/recommendations', { basket })
      const { body } = await shop.ask(
        'GET',
        `/v1/recommendations/${answer.id}/explanation`,
        undefined,
        'owner',
      )
      return body.goals
        .filter(({ evidence }: any) => evidence.some(({ id }: any) => id === 'basket:0'))
        .map((each: any) => each.goal)
    }
    expect(await heard()).toEqual(['music-instrument'])

    // Changed: what it says of the past changes too, and nothing is counted twice.
    const change = { decisions: [{ ...uke, decision: 'accepted', weight: 0.9, halfLifeDays: 200 }] }
    expect((await call('POST', '/v1/mappings', change)).body).toMatchObject({ added: 3, retracted: 3 })
    expect((await call('POST', '/v1/mappings', accept)).body).toMatchObject({ added: 3, retracted: 3 })
    expect((await bought(shop, 'c-uke')).map(({ weight }) => weight)).toEqual([0.4, 0.4, 0.4])
    // A correction of such a purchase says it once.
    await sell(shop, [melodicas(0, 'c-uke', 1)])
    expect(await bought(shop, 'c-uke')).toHaveLength(3)

    const back = { decisions: [{ ...uke, decision: 'withdrawn' }] }
    expect((await call('POST', '/v1/mappings', back)).body).toMatchObject({ added: 0, retracted: 3 })
    expect(await bought(shop, 'c-uke')).toEqual([])
    expect(await heard()).toEqual([])
    expect((await call('POST', '/v1/mappings', back)).body.results[0]).toMatchObject({
      status: 'error',
      error: { field: 'decision' },
    })
    await sell(shop, [melodicas(4, 'c-uke')])
    expect(await bought(shop, 'c-uke')).toEqual([])
  })

  test('what she wished forgotten does not come back by a rule, nor by any change of it', async () => {
    const shop = await openShop(kind)
    const call = callOver(shop.ask)
    await sell(
      shop,
      [0, 1].map((n) => melodicas(n, 'c-uke')),
    )
    const rule = (decision: string, weight?: number) =>
      call('POST', '/v1/mappings', { decisions: [{ ...uke, decision, ...(weight ? { weight } : {}) }] })
    await rule('accepted', 0.4)
    const wish = `update evidence set retractedAt = '2026-03-14T16:42:00.000Z' where purchaseId = 'test-till/uke-0'`
    await shop.engine.atomic([{ sql: wish, params: [] }])
    for (const [decision, weight] of [['accepted', 0.3], ['withdrawn'], ['accepted', 0.4]] as const)
      expect((await rule(decision, weight)).status).toBe(207)
    expect((await bought(shop, 'c-uke')).map(({ purchaseId }) => purchaseId)).toEqual(['test-till/uke-1'])
    // A correction of the purchase tells it anew.
    await sell(shop, [melodicas(0, 'c-uke', 1)])
    expect(await bought(shop, 'c-uke')).toHaveLength(2)
  })

  test('many at once: what is sound is kept, what is not comes back with its field; each leaves its line in the log', async () => {
    const { shop, call } = await openOffice(kind)
    await sell(shop, [melodicas(0, 'c-uke')])
    const { body } = await call('POST', '/v1/mappings', {
      decisions: [
        { ...uke, term: 'Melodicas', decision: 'accepted', weight: 0.3 },
        { ...uke, decision: 'refused' },
        { kind: 'category', term: 'gift-box', goal: 'mil-birthday', decision: 'refused' },
        { kind: 'category', term: 'knitwear', goal: 'val-local', decision: 'accepted' },
        { kind: 'category', term: 'baby-basics', goal: 'mil-newborn', decision: 'accepted' },
        { kind: 'category', term: 'nowhere', goal: 'mv-yoga', decision: 'accepted' },
        { kind: 'facet', term: 'marimba', goal: 'music-instrument', decision: 'accepted' },
        { kind: 'facet', term: 'melodica', goal: 'nothing', decision: 'refused' },
      ],
    })
    expect(body.results.map((each: any) => [each.term, each.status, each.error?.field ?? null])).toEqual([
      ['melodica', 'accepted', null],
      ['melodica', 'error', 'term'],
      ['gift-box', 'refused', null],
      ['knitwear', 'accepted', null],
      ['baby-basics', 'error', 'goal'],
      ['nowhere', 'error', 'term'],
      ['marimba', 'error', 'term'],
      ['melodica', 'error', 'goal'],
    ])
    expect(await rows(shop, 'select facet, goal, weight, halfLifeDays from wordRule')).toEqual([
      { facet: 'melodica', goal: 'music-instrument', weight: 0.3, halfLifeDays: 300 },
    ])
    const { body: after } = await call('GET', '/v1/mappings?limit=200')
    expect(after.refused).toBe(1)
    for (const { kind, term, goal } of after.suggestions)
      expect(`${kind}/${term}/${goal}`).not.toBe('category/gift-box/mil-birthday')
    const { body: log } = await call('GET', '/v1/audit?limit=20')
    expect(
      log.lines
        .filter((each: any) => each.object === 'mapping')
        .map((each: any) => `${each.action} ${each.objectId}`)
        .sort(),
    ).toEqual([
      'accepted category/knitwear/val-local',
      'accepted facet/melodica/music-instrument',
      'refused category/gift-box/mil-birthday',
    ])
    expect((await call('POST', '/v1/mappings', { decisions: [] })).status).toBe(400)
    expect(
      (await call('POST', '/v1/mappings', { decisions: [{ ...uke, decision: 'accepted', weight: 1 }] }))
        .status,
    ).toBe(400)
  })

  test('another goal than the suggested one is one decision: both are kept, or neither', async () => {
    const { shop, call } = await openOffice(kind)
    await sell(shop, [melodicas(0, 'c-uke')])
    const state = async () => [
      (await call('GET', '/v1/mappings?limit=200')).body,
      await rows(shop, 'select count(*) n from audit'),
      await rows(shop, 'select * from mappingChoice'),
    ]
    const before = await state()
    const one = { ...uke, decision: 'accepted', instead: 'mv-dance' }
    for (const [wrong, field] of [
      [{ goal: 'shoes-everyday' }, 'goal'],
      [{ goal: 'mil-newborn' }, 'goal'],
      [{ instead: 'shoes-everyday' }, 'instead'],
      [{ instead: uke.goal }, 'instead'],
      [{ decision: 'refused' }, 'instead'],
    ] as const) {
      const { body } = await call('POST', '/v1/mappings', { decisions: [{ ...one, ...wrong }] })
      expect(body.results).toMatchObject([{ status: 'error', error: { field } }])
      expect(await state()).toEqual(before)
    }
    const { body } = await call('POST', '/v1/mappings', { decisions: [one] })
    expect(body.results).toMatchObject([{ ...uke, status: 'accepted' }])
    const { body: after } = await call('GET', '/v1/mappings')
    expect(after.rules).toContainEqual({ ...uke, weight: 0.25, halfLifeDays: 300 })
    expect(after.declined).toMatchObject([{ ...uke, goal: 'mv-dance', decision: 'refused', weight: null }])
  })

  test('what was refused or taken back is listed, can be reopened, and is suggested again', async () => {
    const { call } = await openOffice(kind)
    const all = async () => (await call('GET', '/v1/mappings?limit=200')).body
    const decide = async (each: object, decision: string) =>
      (await call('POST', '/v1/mappings', { decisions: [{ ...each, decision }] })).body.results[0]
    const before = await all()
    const { kind: of, term, goal } = before.suggestions[0]
    const refused = { kind: of, term, goal }
    const [rule] = before.rules
    const back = { kind: rule.kind, term: rule.term, goal: rule.goal }
    expect(await decide(refused, 'reopened')).toMatchObject({ status: 'error', error: { field: 'decision' } })
    await decide(refused, 'refused')
    await decide(back, 'withdrawn')
    const { declined, suggestions } = await all()
    expect(declined).toHaveLength(2)
    expect(declined).toContainEqual(expect.objectContaining({ ...refused, decision: 'refused' }))
    // With what its rule said, to be accepted after all.
    expect(declined).toContainEqual(expect.objectContaining({ ...rule, decision: 'withdrawn' }))
    expect(suggestions).not.toContainEqual(expect.objectContaining(refused))
    expect(await decide(back, 'accepted')).toMatchObject({ status: 'accepted' })
    expect(await decide(refused, 'reopened')).toMatchObject({ status: 'reopened' })
    const after = await all()
    expect(after.declined).toEqual([])
    expect(after.refused).toBe(0)
    expect(after.suggestions).toContainEqual(expect.objectContaining(refused))
    const { body: rest } = await call('GET', '/v1/mappings?limit=2&skip=1')
    expect(rest.suggestions).toEqual(after.suggestions.slice(1, 3))
    expect(rest.more).toBe(after.suggestions.length - 3)
  })

  test('of a category’s and a word’s rule for the same goal the stronger alone speaks, past and to come', async () => {
    const shop = await openShop(kind)
    const call = callOver(shop.ask)
    const customer = 'c-yoga'
    const mat = (n: number) => ({
      ...melodicas(n, customer),
      externalId: `mat-${n}`,
      lines: [{ sku: 'MAT-1', name: 'Lotus mat', category: 'yoga-kids', quantity: 1, unitPrice: 5000 }],
    })
    await sell(shop, [mat(0)])
    const weights = async () => (await bought(shop, customer)).map(({ goal, weight }) => [goal, weight])
    expect(await weights()).toEqual([['mv-yoga', 0.45]])
    const rule = (weight: number) => ({
      decisions: [{ kind: 'facet', term: 'lotus mat', goal: 'mv-yoga', decision: 'accepted', weight }],
    })
    expect((await call('POST', '/v1/mappings', rule(0.2))).body).toMatchObject({ added: 0, retracted: 0 })
    expect((await call('POST', '/v1/mappings', rule(0.7))).body).toMatchObject({ added: 1, retracted: 1 })
    await sell(shop, [mat(1)])
    expect(await weights()).toEqual([
      ['mv-yoga', 0.7],
      ['mv-yoga', 0.7],
    ])
    // The rule of a category can be taken back as well.
    const back = [
      { kind: 'category', term: 'yoga-kids', goal: 'mv-yoga', decision: 'withdrawn' },
      { kind: 'facet', term: 'lotus mat', goal: 'mv-yoga', decision: 'withdrawn' },
    ]
    await call('POST', '/v1/mappings', { decisions: back })
    expect(await weights()).toEqual([])
    expect((await call('GET', '/v1/mappings')).body.rules).toHaveLength(41)
  })
})

/** The twelve golden households of the seed shop do what must happen, on both engines. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Household } from '../../seed/juniper-row.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const households = JSON.parse(readFileSync('seed/juniper-row/households.json', 'utf8')) as Household[]
const household = (ref: string) => households.find((h) => h.ref.startsWith(ref))!

const basketOf = (h: Household) => ({
  lines: h.tryBasket!.map(({ unitPriceMinor, ...line }) => ({ ...line, unitPrice: unitPriceMinor })),
})

async function decide(shop: Shop, ref: string, more: object = {}, key?: string) {
  const h = household(ref)
  const { status, body } = await shop.ask(
    'POST',
    '/v1/recommendations',
    { customer: h.ref, basket: basketOf(h), ...more },
    key ?? h.site,
  )
  expect(status).toBe(200)
  return body
}
const explain = async (shop: Shop, id: string) =>
  (await shop.ask('GET', `/v1/recommendations/${id}/explanation`, undefined, 'owner')).body

const confidence = (explanation: any, goal: string) =>
  explanation.goals.find((g: any) => g.goal === goal)?.confidence
const refusal = (explanation: any, offer: string) =>
  explanation.refusals.find((r: any) => r.offerId === offer)?.gate

describe.each(ENGINES)('%s', (kind) => {
  test('Ana gets the piano and not its twin, because she told Maya; at the second site and on the phone too; forgotten, the reason is gone', async () => {
    const shop = await openShop(kind)
    const first = await decide(shop, 'g01', { staff: 'st_maya' })
    expect(first.primary).toMatchObject({
      offerId: 'O054',
      facet: 'piano',
      partner: { id: 'P02' },
      price: { amount: 0, currency: 'USD' },
    })
    expect(first.primary.reasons).toEqual([
      { code: 'TOLD', goal: 'music-instrument', text: 'Told Maya on 7 February: keeps asking for a piano.' },
    ])
    expect(first.primary.sessions[0]).toMatchObject({ startsAt: '2026-03-21T10:00:00-05:00', placesLeft: 1 })
    expect(first.alternate?.offerId ?? 'O112').toBe('O112')
    const why = await explain(shop, first.id)
    expect(confidence(why, 'music-instrument')).toBeCloseTo(0.895, 3)
    expect(
      why.goals.find((g: any) => g.goal === 'music-instrument').evidence.map((e: any) => e.now.toFixed(3)),
    ).toEqual(['0.860', '0.093'])
    expect(why.scored.map((s: any) => s.offerId)).not.toContain('O055')

    await shop.at('2026-03-27T18:00:00Z')
    for (const [key, touchpoint] of [
      ['BK', 'till'],
      ['LS', 'till'],
      ['staff', 'phone'],
    ] as const) {
      const again = await decide(shop, 'g01', { touchpoint, basket: { lines: [] } }, key)
      expect([again.primary?.offerId, again.continuity, again.validUntil]).toEqual([
        'O054',
        'kept',
        first.validUntil,
      ])
    }

    const held = () => shop.ask('GET', '/v1/customers/g01-ana/evidence', undefined, 'staff')
    expect((await held()).body.evidence).toMatchObject([
      { eventId: 'g01-ana-told-1', kind: 'told', words: 'keeps asking for a piano' },
    ])
    expect((await shop.ask('GET', '/v1/customers/g01-ana/evidence')).status).toBe(403)
    expect((await shop.ask('DELETE', '/v1/customers/g01-ana/evidence/g01-ana-told-1')).body.recorded).toBe(
      true,
    )
    expect((await held()).body.evidence).toEqual([])
    const after = await decide(shop, 'g01')
    expect(after.primary?.offerId).not.toBe('O054')
    expect(JSON.stringify(after)).not.toMatch(/piano/i)
    expect(confidence(await explain(shop, after.id), 'music-instrument')).toBeCloseTo(0.24, 2)
  })

  test('what comes after the piano follows from what she did: attended, enrolled, recital scheduled', async () => {
    const shop = await openShop(kind)
    const tell = (event: object) => shop.ask('POST', '/v1/customers/g01-ana/evidence', event)
    await shop.at('2026-03-25T16:00:00Z')
    expect((await tell({ eventId: 'a1', kind: 'attended', offer: 'O054' })).body.recorded).toBe(true)
    expect(refusal(await explain(shop, (await decide(shop, 'g01')).id), 'O054')).toBe('OWNED')
    await shop.at('2026-08-20T16:00:00Z')
    await shop.engine.atomic([
      {
        sql: `update terms set endsOn = '2027-08-31', rev = (select n from revision) + 1 where allianceId = 'A02'`,
        params: [],
      },
      { sql: 'update revision set n = n + 1', params: [] },
    ])
    const term = await decide(shop, 'g01', {
      id: 'term-1',
      basket: { lines: [{ category: 'dresses', unitPrice: 60000 }] },
    })
    const why = await explain(shop, term.id)
    expect(refusal(why, 'O056')).not.toBe('PREREQUISITE')
    await tell({ eventId: 'e1', kind: 'enrolled', offer: 'O056' })
    await tell({ eventId: 'r1', kind: 'recitalScheduled', offer: 'O056', about: '2026-12-12' })
    await shop.at('2026-11-05T16:00:00Z')
    const recital = await decide(shop, 'g01', { basket: { lines: [] } })
    expect(recital.primary.offerId).toBe('O088')
    expect(recital.primary.reasons[0].text).toBe('A recital is coming on 12 December.')
    expect(recital.primary.next.map((n: any) => n.offerId)).toContain('O011')
    const { scored } = await explain(shop, recital.id)
    expect(scored.find((s: any) => s.offerId === 'O088').parts.nextStep).toBe(1.25)
    await shop.at('2026-10-01T16:00:00Z')
    const early = await explain(shop, (await decide(shop, 'g01', { basket: { lines: [] } })).id)
    expect(early.scored.find((s: any) => s.offerId === 'O088')?.parts.nextStep ?? 1).toBe(1)
  })

  test('Claire hears of the baby list only because she told us, and is asked about swimming', async () => {
    const shop = await openShop(kind)
    const told = await decide(shop, 'g02', { id: 'claire-1' })
    expect([told.primary.offerId, told.ask.goal]).toEqual(['O103', 'mv-swim'])
    await shop.ask('DELETE', '/v1/customers/g02-claire/evidence/g02-claire-told-1')
    const untold = await decide(shop, 'g02')
    expect(JSON.stringify(untold)).not.toMatch(/baby|newborn|O103|O002/i)
    // Neither does the repeat of the call that said it.
    const again = await decide(shop, 'g02', { id: 'claire-1' })
    expect(again).toMatchObject({ id: 'claire-1', speak: false, primary: null, silence: { reason: 'quiet' } })
    expect(JSON.stringify(again)).not.toMatch(/baby|newborn|O103|O002/i)
    expect(Object.keys(again)).toEqual(Object.keys(untold))
    // The day's question stays the day's question.
    expect(untold.ask.goal).toBe('mv-swim')
  })

  test('Hannah gets yoga, with two places left on Saturday', async () => {
    const { primary } = await decide(await openShop(kind), 'g03')
    expect(primary).toMatchObject({
      offerId: 'O049',
      sessions: [{ id: 'ses_O049_20260321_0930', placesLeft: 2 }, {}, {}],
    })
  })

  test('Mei gets the Mandarin hour', async () => {
    expect((await decide(await openShop(kind), 'g04')).primary).toMatchObject({
      offerId: 'O063',
      facet: 'mandarin',
    })
  })

  test('Grace, here for the first time, gets the free trial and never a paid program', async () => {
    const shop = await openShop(kind)
    const answer = await decide(shop, 'g05')
    expect(answer).toMatchObject({ saleKind: 'front', primary: { offerId: 'O057', price: { amount: 0 } } })
    const { scored } = await explain(shop, answer.id)
    expect(scored.map((s: any) => s.offerId)).toEqual(['O057'])
  })

  test('Ruth buys gifts: no goal moves, and we are quiet and kind', async () => {
    const shop = await openShop(kind)
    const answer = await decide(shop, 'g06')
    expect(answer).toMatchObject({
      speak: false,
      primary: null,
      silence: { reason: 'quiet' },
      kindness: { offerId: 'O099' },
    })
    expect((await explain(shop, answer.id)).goals).toEqual([])
  })

  test('Tessa is not asked about tennis again until a year is over, also when the alliance goes live', async () => {
    const shop = await openShop(kind)
    await shop.engine.atomic([
      { sql: 'update revision set n = n + 1', params: [] },
      {
        sql: `update alliance set state = 'live', rev = (select n from revision) where partnerId = 'P04'`,
        params: [],
      },
      {
        sql: `update terms set agreedAt = '2026-03-14', rev = (select n from revision) where allianceId = 'A04'`,
        params: [],
      },
      {
        sql: `insert into briefing (allianceId, siteId, termsVersion, "on", actor, rev) select 'A04', id, 1, '2026-03-14', 'st_rosa', (select n from revision) from site`,
        params: [],
      },
    ])
    await shop.ask('POST', '/v1/customers/g07-tessa/evidence', {
      eventId: 't1',
      kind: 'told',
      goal: 'mv-racquet',
    })
    const gateOn = async (instant: string) => {
      await shop.at(instant)
      return refusal(await explain(shop, (await decide(shop, 'g07')).id), 'O076')
    }
    await shop.engine.atomic([
      { sql: 'update revision set n = n + 1', params: [] },
      {
        sql: `update session set startsAt = '2026-07-01T10:00:00-05:00', endsAt = '2026-07-01T11:00:00-05:00', rev = (select n from revision) where offerId = 'O076'`,
        params: [],
      },
    ])
    expect(await gateOn('2026-04-10T16:00:00Z')).toBe('RESTING')
    expect(await gateOn('2026-06-20T16:00:00Z')).toBe('RESTING')
    expect(await gateOn('2026-06-21T16:00:00Z')).toBeNull()
  })

  test('Imani is cared for while the zip is open and two days after; then O070', async () => {
    const shop = await openShop(kind)
    const open = await decide(shop, 'g08')
    expect(open).toMatchObject({ speak: false, silence: { reason: 'care' }, kindness: null })
    expect(open.care.line).toMatch(/coat zip.*Thursday 19 March/)
    const close = {
      id: 'care-1',
      kind: 'complaint',
      what: 'coat zip',
      openedOn: '2026-03-08',
      closedOn: '2026-03-19',
    }
    expect((await shop.ask('POST', '/v1/customers/g08-imani/care', close)).body.recorded).toBe(true)
    await shop.at('2026-03-20T16:00:00Z')
    expect((await decide(shop, 'g08')).silence).toEqual({ reason: 'care' })
    await shop.at('2026-03-21T16:00:00Z')
    expect((await decide(shop, 'g08')).primary?.offerId).toBe('O070')
  })

  test('Nadia is in the holdout: quiet like any other quiet; it would have been O070', async () => {
    const shop = await openShop(kind)
    const answer = await decide(shop, 'g09')
    const other = await decide(shop, 'g10')
    expect(Object.keys(answer)).toEqual(Object.keys(other))
    expect(answer.silence).toEqual(other.silence)
    const why = await explain(shop, answer.id)
    expect([why.silence, why.arm, why.scored[0].offerId]).toEqual(['HOLDOUT', 'holdout', 'O070'])
  })

  test('Laura: nothing reaches the floor, so a kindness', async () => {
    const shop = await openShop(kind)
    const answer = await decide(shop, 'g10')
    expect(answer).toMatchObject({ speak: false, kindness: { offerId: 'O099' } })
    expect((await explain(shop, answer.id)).scored).toEqual([])
  })

  test('Beth gets the lighter step for her teenager, and nothing for small children', async () => {
    const shop = await openShop(kind)
    const answer = await decide(shop, 'g11')
    expect(['O028', 'O093']).toContain(answer.primary.offerId)
    const { scored } = await explain(shop, answer.id)
    expect(scored.map((s: any) => s.offerId).every((id: string) => ['O028', 'O093'].includes(id))).toBe(true)
  })

  test('Sunita withdrew: she is answered as nobody; before, ski would have been allowed by her date', async () => {
    const shop = await openShop(kind)
    const withdrawn = await decide(shop, 'g12', { dryRun: true, id: 'x' })
    const { customer: _, ...nobody } = {
      customer: null,
      basket: basketOf(household('g12')),
      dryRun: true,
      id: 'x',
    }
    const stranger = (await shop.ask('POST', '/v1/recommendations', nobody, 'LS')).body
    expect(withdrawn).toEqual(stranger)
    await shop.ask(
      'POST',
      '/v1/customers/g12-sunita/consents',
      { eventId: 'c9', purpose: 'personalise', decision: 'granted' },
      'LS',
    )
    const before = await explain(shop, (await decide(shop, 'g12')).id)
    expect(['OUT_OF_SEASON', 'ALLIANCE_NOT_LIVE']).not.toContain(refusal(before, 'O018'))
  })
})

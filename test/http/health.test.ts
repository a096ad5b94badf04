/** How alliances fare, over HTTP: parts and alerts for the owner, nothing of a single family, on both engines. */
import { describe, expect, test } from 'vitest'
import type { HealthAnswer, HealthOverview } from '../../src/http/health-of-alliances.ts'
import { insertRows } from '../../src/store/engine.ts'
import { ledgerEntry, purchase, referral, referralEvent } from '../../src/store/schema.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'
import { somebody } from '../support/visitor.ts'

type Referral = typeof referral.$inferInsert

/** An introduction to the conservatory of February, by a family of its own. */
const introduced = (n: number, more: Partial<Referral> = {}): Referral => ({
  code: `BK-HEALT${n}`,
  direction: 'ours',
  offerId: 'O054',
  partnerId: 'P02',
  allianceId: 'A02',
  termsVersion: 1,
  siteId: 'BK',
  customer: `health-${n}`,
  state: 'accepted',
  expiresOn: '2026-04-01',
  statusDueOn: '2026-02-24',
  createdAt: '2026-02-10T18:00:00.000Z',
  madeOn: '2026-02-10',
  ...more,
})
const told = (n: number, kind: 'attended' | 'enrolled', effect: 'moved' | 'noted' = 'moved') => ({
  id: `P02/health-${n}-${kind}`,
  code: `BK-HEALT${n}`,
  kind,
  at: '2026-02-14T18:00:00.000Z',
  valueMinor: kind === 'enrolled' ? 56_000 : null,
  via: 'page' as const,
  recordedAt: '2026-02-15T18:00:00.000Z',
  digest: '',
  effect,
})
const sale = (n: number, soldAt: string, more: object = {}) => ({
  id: `till/health-${n}-${soldAt}`,
  source: 'till',
  externalId: `health-${n}-${soldAt}`,
  customer: `health-${n}`,
  siteId: 'BK',
  soldAt,
  currency: 'USD',
  totalMinor: 4000,
  voided: 0,
  stage: 'back' as const,
  digest: '',
  recordedAt: soldAt,
  ...more,
})

async function health(shop: Shop, id = 'A02'): Promise<HealthAnswer> {
  const { status, body } = await shop.ask('GET', `/v1/alliances/${id}/health`, undefined, 'owner')
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
async function overview(shop: Shop): Promise<HealthOverview> {
  const { status, body } = await shop.ask('GET', '/v1/alliances/health', undefined, 'owner')
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const part = ({ parts }: HealthAnswer, code: string) => parts.find((each) => each.code === code)!
const brought = async (shop: Shop) => part(await health(shop), 'BROUGHT_US')

describe.each(ENGINES)('health of alliances, on %s', (kind) => {
  test('the overview begins with what needs the owner, and an alliance that is well comes after', async () => {
    const shop = await openShop(kind)
    const { alliances, today } = await overview(shop)
    expect(today).toBe('2026-03-14')
    expect(alliances).toHaveLength(15)
    const need = alliances.map(({ alerts }) => alerts.reduce((sum, { urgency }) => sum + 100 ** urgency, 0))
    expect(need).toEqual([...need].sort((a, b) => b - a))
    expect(alliances.find(({ id }) => id === 'A05')!.alerts).toEqual([
      { code: 'CHECK_ENDS', says: 'Safeguarding until 10 April 2026, 27 days left.', urgency: 2 },
    ])
    expect(alliances.find(({ id }) => id === 'A14')!.alerts).toContainEqual({
      code: 'EXPIRES',
      says: 'Ends in 17 days, on 31 March 2026.',
      urgency: 2,
    })
    expect(alliances.find(({ id }) => id === 'A02')!.alerts).toEqual([])
  })

  test('what introduced families bought counts within its days, once a family, from three families on', async () => {
    const shop = await openShop(kind)
    await shop.engine.atomic([
      insertRows(
        referral,
        [1, 2].map((n) => introduced(n)),
      ),
      insertRows(purchase, [
        sale(1, '2026-02-20T18:00:00.000Z'),
        sale(1, '2026-03-01T18:00:00.000Z'),
        // Before the introduction, void, or in another money: none of it is of this alliance.
        sale(1, '2026-02-01T18:00:00.000Z'),
        sale(2, '2026-02-21T18:00:00.000Z'),
        sale(2, '2026-02-22T18:00:00.000Z', { voided: 1 }),
        sale(2, '2026-02-23T18:00:00.000Z', { currency: 'EUR' }),
      ]),
    ])
    expect(await brought(shop)).toMatchObject({ value: 'under 3 families', number: null })
    await shop.engine.atomic([
      insertRows(referral, [
        introduced(3),
        // Introduced twice, counted once.
        introduced(4, { customer: 'health-3', createdAt: '2026-02-12T18:00:00.000Z' }),
        // It was offered and not taken.
        introduced(5, { state: 'offered' }),
      ]),
      insertRows(purchase, [
        sale(3, '2026-02-24T18:00:00.000Z'),
        sale(3, '2026-02-25T18:00:00.000Z', { stage: 'front', totalMinor: 9900 }),
        sale(5, '2026-02-24T18:00:00.000Z'),
      ]),
    ])
    const found = await brought(shop)
    expect(found.number).toBe(16_000)
    expect(found.says).toMatch(/^3 introduced families spent \$160\.00 .* associated, not proven/)
    expect(JSON.stringify(await health(shop))).not.toMatch(/health-\d/)
  })

  test('what the partner told is counted when it counts, and its silence when it is late', async () => {
    const shop = await openShop(kind)
    await shop.engine.atomic([
      insertRows(referral, [
        introduced(1, { state: 'enrolled' }),
        introduced(2, { state: 'attended' }),
        introduced(3, { state: 'attended' }),
        introduced(4, { statusDueOn: '2026-03-10' }),
        introduced(5, { direction: 'theirs', state: 'accepted', statusDueOn: null }),
      ]),
      insertRows(referralEvent, [
        told(1, 'attended'),
        told(1, 'enrolled'),
        told(2, 'attended'),
        told(2, 'enrolled', 'noted'),
        told(3, 'attended'),
      ]),
      insertRows(ledgerEntry, [
        {
          id: 'BK-HEALT1.commission.1',
          partnerId: 'P02',
          allianceId: 'A02',
          code: 'BK-HEALT1',
          cause: 'commission',
          unit: 'money',
          amount: 1200,
          currency: 'USD',
          termsVersion: 1,
          onDate: '2026-02-14',
          dueOn: '2026-03-14',
          recordedAt: '2026-02-15T18:00:00.000Z',
        },
      ]),
    ])
    const found = await health(shop)
    expect(part(found, 'ANSWER_TIME')).toMatchObject({
      value: '5 days, of 3 answers',
      number: 5,
      state: 'good',
    })
    expect(part(found, 'SILENT')).toMatchObject({ value: '1, the worst 4 days late', state: 'watch' })
    expect(part(found, 'PARTNER_NET')).toMatchObject({ basis: 'measured', state: 'good' })
    expect(part(found, 'PARTNER_NET').says).toMatch(/^40 % stay/)
    expect(part(found, 'BROUGHT_US').number).toBe(1200)
    expect(found.quarters[0]).toMatchObject({
      name: '2026-Q1',
      given: 4,
      received: 1,
      came: 3,
      enrolled: null,
      worthToThemMinor: null,
      givenTarget: 8,
    })
    expect((await overview(shop)).alliances.find(({ id }) => id === 'A02')).toMatchObject({
      given: 4,
      received: 1,
      lateWords: 1,
      alerts: [{ code: 'SILENT', urgency: 2 }],
    })
  })

  test('free places are those of live offers in the next four weeks that nobody keeps', async () => {
    const shop = await openShop(kind)
    const before = part(await health(shop), 'PLACES').number!
    const session = {
      startsAt: '2026-03-28T10:00:00-05:00',
      endsAt: '2026-03-28T10:30:00-05:00',
      place: 'Studio 9',
      capacity: 5,
      bookedElsewhere: 1,
    }
    const { body } = await shop.ask('POST', '/v1/offers/O054/sessions', session, 'owner')
    await shop.ask('POST', '/v1/holds', { eventId: 'health-hold', sessionId: body.ids[0] })
    expect(part(await health(shop), 'PLACES').number).toBe(before + 3)
    await shop.ask('POST', `/v1/sessions/${body.ids[0]}/cancel`, {}, 'owner')
    expect(part(await health(shop), 'PLACES').number).toBe(before)
  })

  test('as time passes, an end comes near, notice is too late, and a check runs out', async () => {
    const shop = await openShop(kind)
    await shop.at('2026-08-20T16:00:00.000Z')
    const found = await health(shop)
    expect(part(found, 'EXPIRY')).toMatchObject({ number: 11, state: 'bad' })
    expect(part(found, 'EXPIRY').says).toMatch(/^The day for notice, 1 August 2026, has passed/)
    expect(found.alerts.map(({ code }) => code)).toContain('EXPIRES')
    expect(part(await health(shop, 'A05'), 'CHECKS').state).toBe('bad')
  })

  test('it is for managers and the owner, and of what there is', async () => {
    const shop = await openShop(kind)
    for (const path of ['/v1/alliances/health', '/v1/alliances/A02/health', '/v1/audit']) {
      for (const key of ['BK', 'staff', 'partner'])
        expect((await shop.ask('GET', path, undefined, key)).status).toBe(403)
      expect((await shop.ask('GET', path, undefined, 'nobody')).status).toBe(401)
      const { authorization } = await somebody(shop, 'key', 'manager')
      expect((await shop.ask('GET', path, undefined, authorization!.slice(7))).status).toBe(200)
    }
    const none = await shop.ask('GET', '/v1/alliances/nothing/health', undefined, 'owner')
    expect([none.status, none.body.code]).toEqual([404, 'not_found'])
  })
})

describe.each(ENGINES)('the audit log, on %s', (kind) => {
  test('tells of one thing who changed what, page by page, and of people only that they changed', async () => {
    const shop = await openShop(kind)
    const partner = { name: 'Oak Gym', trade: 'gymnastics', people: [{ name: 'Mara Lindqvist' }] }
    const made = await shop.ask('POST', '/v1/partners', { id: 'oak-gym', ...partner }, 'owner')
    expect(made.status).toBe(201)
    for (const [opening, at] of [
      ['Mon', '2026-03-14T17:00:00.000Z'],
      ['Tue', '2026-03-14T18:00:00.000Z'],
    ] as const) {
      await shop.at(at)
      const { body, headers } = await shop.ask('GET', '/v1/partners/oak-gym', undefined, 'owner')
      const { id: _, checks: __, walkMinutes: ___, version: ____, ...record } = body
      const read = { 'if-match': headers.get('etag')! }
      const edited = await shop.ask('PUT', '/v1/partners/oak-gym', { ...record, opening }, 'owner', read)
      expect(edited.status).toBe(200)
    }
    const page = async (cursor = '') =>
      (await shop.ask('GET', `/v1/audit?object=partner&id=oak-gym&limit=1${cursor}`, undefined, 'owner')).body
    const seen = []
    for (let at = await page(); ; at = await page(`&cursor=${at.next}`)) {
      seen.push(...at.lines)
      if (at.next === null) break
    }
    expect(seen.map(({ changes }) => changes.opening)).toEqual([
      ['Mon', 'Tue'],
      ['', 'Mon'],
      [null, ''],
    ])
    expect(new Set(seen.map((line) => JSON.stringify(line))).size).toBe(seen.length)
    expect(JSON.stringify(seen)).not.toContain('Lindqvist')
    expect(seen.every(({ objectId, role }) => objectId === 'oak-gym' && role === 'owner')).toBe(true)
    expect((await shop.ask('GET', '/v1/audit?object=partner', undefined, 'owner')).body.errors[0].field).toBe(
      'id',
    )
  })
})

/** Search for staff: the alliance that fits, ready to be offered, with the words; and what nobody offers, kept as a wish. */
import { describe, expect, test } from 'vitest'
import type { AllianceSearch } from '../../src/http/browse.ts'
import { SearchIndex } from '../../src/http/search-index.ts'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

async function search(shop: Shop, q: string, key = 'staff', more = ''): Promise<AllianceSearch> {
  const { status, body } = await shop.ask(
    'GET',
    `/v1/alliances/search?q=${encodeURIComponent(q)}${more}`,
    undefined,
    key,
  )
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const partners = ({ cards }: AllianceSearch) => cards.map(({ partner }) => partner?.name ?? null)
const first = (found: AllianceSearch) => partners(found)[0]

describe.each(ENGINES)('search for staff, on %s', (kind) => {
  test('takes an age, a shop and a day from the words, and answers with what to say and the next free place', async () => {
    const shop = await openShop(kind)
    const found = await search(shop, 'calm 4 years lincoln corner saturday')
    expect(found.understood).toEqual({
      words: ['calm'],
      ageMonths: 48,
      site: 'LS',
      weekdays: [6],
      dates: null,
      // Three goals are called calm: which one is meant is left to the words.
      goals: [],
    })
    expect(found.cards.length).toBeGreaterThanOrEqual(3)
    const card = found.cards.find(({ allianceId }) => allianceId === 'A01')
    expect(card).toMatchObject({
      allianceId: 'A01',
      partner: { name: 'Lotus Sprouts Yoga', trade: "children's yoga studio" },
      walkMinutes: 14,
      benefit: 'first class free in our back room (Sat 9:30)',
      neverPromise: ['that a child will sleep better', 'a place every Saturday'],
    })
    expect(card!.people[0]).toMatchObject({ name: 'Lena Okafor', phone: '+1 312 555 0140' })
    const [offer] = card!.offers
    expect(offer!.ready).toBe(true)
    expect(offer!.say.opener).toMatch(/\?$/)
    expect(offer!.say.disclosure).toMatch(/Lotus Sprouts pays us 8 %/)
    expect(offer!.matched).toContainEqual({ word: 'calm', in: expect.arrayContaining(['goal']) })
    for (const { cards } of [found, await search(shop, 'saturday')])
      for (const { offers } of cards)
        for (const { sessions, onAskedDay } of offers) {
          expect(onAskedDay).toBe(sessions[0]?.onAskedDay ?? false)
          for (const session of sessions)
            expect(session.onAskedDay).toBe(
              new Date(`${session.startsAt.slice(0, 10)}T00:00:00Z`).getUTCDay() === 6,
            )
        }
  })

  test('finds what is meant, by many ways of saying it and through slips of the finger', async () => {
    const shop = await openShop(kind)
    for (const [q, name] of [
      ['piano for my 5 year old near damen', 'Northside Conservatory'],
      ['paino', 'Northside Conservatory'],
      ['violn lesson', 'Northside Conservatory'],
      ['northside', 'Northside Conservatory'],
      ['swimming', 'Blue Heron Swim'],
      ['swim 3yo', 'Blue Heron Swim'],
      ['swmming', 'Blue Heron Swim'],
      ['ballet', 'Maple Court Dance Theatre'],
      ['dancing lessons', 'Maple Court Dance Theatre'],
      ['spanish', 'Casa Palabra'],
      ['robots', 'Tinker Loft'],
      ['bookshop', 'Page & Pillow'],
      ['photographer', 'Golden Hour Portraits'],
      ['PHOTOGRAFER', 'Golden Hour Portraits'],
      ['cooking', 'Green Fern Kitchen'],
      ['yoga toddler', 'Lotus Sprouts Yoga'],
    ] as const)
      expect(first(await search(shop, q)), q).toBe(name)
  })

  test('leaves out what is not of the age, and who may not be offered, and says how many and why', async () => {
    const shop = await openShop(kind)
    expect(partners(await search(shop, 'piano 6 months'))).not.toContain('Northside Conservatory')
    // Its alliance is only proposed.
    const tennis = await search(shop, 'tennis')
    expect(partners(tennis)).not.toContain('Ashland Court Tennis')
    expect(tennis.silent.codes.ALLIANCE_NOT_LIVE).toBeGreaterThan(0)
    expect(tennis.silent.offers).toBe(Object.values(tennis.silent.codes).reduce((sum, n) => sum + n, 0))

    expect(first(await search(shop, 'piano'))).toBe('Northside Conservatory')
    await shop.engine.atomic([
      BUMP,
      statement(
        `update backStageCheck set validUntil = '2026-03-13', rev = ${REV} where partnerId = 'P02' and critical = 1`,
      ),
    ])
    const expired = await search(shop, 'piano')
    expect(partners(expired)).not.toContain('Northside Conservatory')
    expect(expired.silent.codes.CHECK_EXPIRED).toBeGreaterThan(0)
    await shop.engine.atomic([
      BUMP,
      statement(`update backStageCheck set validUntil = '2026-12-31', rev = ${REV} where partnerId = 'P02'`),
      statement(`update alliance set state = 'paused', rev = ${REV} where partnerId = 'P02'`),
    ])
    expect((await search(shop, 'piano')).silent.codes.ALLIANCE_NOT_LIVE).toBeGreaterThan(0)
  })

  test('a place that is kept is not counted as free by the very next search; a full session is not shown', async () => {
    const shop = await openShop(kind)
    const sessionsOf = async () =>
      (await search(shop, 'yoga')).cards[0]!.offers.flatMap(({ sessions }) => sessions)
    const [before] = await sessionsOf()
    const held = await shop.ask(
      'POST',
      '/v1/holds',
      { eventId: 'search-hold-1', sessionId: before!.id },
      'staff',
    )
    expect(held.body.held).toBe(true)
    const after = (await sessionsOf()).find(({ id }) => id === before!.id)
    expect(after?.placesLeft ?? 0).toBe(before!.placesLeft - 1)
    await shop.engine.atomic([
      BUMP,
      statement(`update session set bookedElsewhere = capacity, rev = ${REV} where id = ?`, before!.id),
    ])
    expect((await sessionsOf()).map(({ id }) => id)).not.toContain(before!.id)
  })

  test('without words it lists everything near, by the way on foot; the shop’s own comes after partners', async () => {
    const shop = await openShop(kind)
    const all = await search(shop, '', 'staff', '&limit=50')
    const minutes = all.cards.filter(({ partner }) => partner !== null).map((card) => card.walkMinutes!)
    expect(minutes.length).toBeGreaterThan(8)
    expect(minutes).toEqual([...minutes].sort((a, b) => a - b))
    const kinds = all.cards.map(({ partner }) => partner === null)
    expect(kinds).toEqual([...kinds].sort((a, b) => +a - +b))
    expect(kinds).toContain(true)
    expect(new Set(all.cards.map(({ allianceId }) => allianceId).filter(Boolean)).size).toBe(minutes.length)
    for (const { offers } of all.cards) expect(offers.length).toBeLessThanOrEqual(3)
    const two = await search(shop, '', 'staff', '&limit=2')
    expect([two.cards.length, two.more]).toEqual([2, all.cards.length + all.more - 2])
    const walked = await search(shop, 'free', 'staff', '&sort=walk&limit=50')
    const ways = walked.cards.flatMap(({ walkMinutes }) => walkMinutes ?? [])
    expect(ways).toEqual([...ways].sort((a, b) => a - b))
  })

  test('the site is the credential’s; who serves every site names one', async () => {
    const shop = await openShop(kind)
    const at = async (key: string, more = '') => (await search(shop, 'swim', key, more)).cards[0]!.walkMinutes
    expect(await at('staff')).toBe(13)
    expect(await at('encore_staff_demo_LS')).toBe(7)
    expect(await at('owner', '&site=LS')).toBe(7)
    for (const [path, key, status] of [
      ['/v1/alliances/search?q=swim', 'owner', 400],
      ['/v1/alliances/search?q=swim&site=XX', 'owner', 422],
      ['/v1/alliances/search?q=swim&site=LS', 'staff', 403],
      ['/v1/alliances/search?q=swim', 'partner', 403],
      ['/v1/alliances/search?q=swim', 'BK', 403],
      [`/v1/alliances/search?q=${'x'.repeat(201)}`, 'staff', 400],
    ] as const)
      expect((await shop.ask('GET', path, undefined, key)).status, path).toBe(status)
  })

  test('what nobody offers is kept as a wish, once, about a thing and never about a person', async () => {
    const shop = await openShop(kind)
    const q = 'archery 7 years'
    expect((await search(shop, q)).cards).toEqual([])
    const wish = (eventId: string, words: string, key = 'staff') =>
      shop.ask('POST', '/v1/wishes', { eventId, words }, key)
    const kept = await wish('wish-1', q)
    expect(kept.body).toEqual({ id: 'wish-1', words: 'archery', goal: null, ageMonths: 84, site: 'BK' })
    expect((await wish('wish-1', q)).body).toEqual(kept.body)
    const other = await wish('wish-1', 'fencing')
    expect([other.status, other.body.code]).toEqual([422, 'id_reused'])
    await wish('wish-2', 'Archery 9 years')
    await wish('wish-3', 'gymnastics', 'encore_staff_demo_LS')
    for (const words of ['call her 312 555 0140', 'ana@example.org', 'x'.repeat(121)]) {
      const refused = await wish('wish-4', words)
      expect([refused.status, refused.body.errors[0].field], words).toEqual([400, 'words'])
    }
    const listed = async (more = '') =>
      (await shop.ask('GET', `/v1/wishes${more}`, undefined, 'owner')).body.wishes
    expect(await listed()).toMatchObject([
      { words: ['archery'], wishes: 2, ageMinMonths: 84, ageMaxMonths: 108, goal: null },
      { goal: 'mv-gym', goalName: 'Tumbling and gymnastics', wishes: 1 },
    ])
    expect(await listed('?site=LS')).toHaveLength(1)
    expect(await listed('?since=2026-03-15')).toHaveLength(0)
    expect((await shop.ask('GET', '/v1/wishes', undefined, 'staff')).status).toBe(403)
  })
})

test('the index follows the words: what is sold, said or held makes none of it anew', async () => {
  const { engine } = await openShop('node')
  const snapshot = new Snapshot(engine)
  const index = new SearchIndex()
  const update = async () => {
    const before = index.indexed
    index.update(await snapshot.refresh())
    return index.indexed - before
  }
  expect(await update()).toBeGreaterThan(40)
  expect(await update()).toBe(0)
  const change = (sql: string) => engine.atomic([BUMP, statement(sql)])
  await change(`update offer set said = said + 1, rev = ${REV}`)
  await change(`update product set baskets = baskets + 1, rev = ${REV}`)
  await change(`update session set bookedElsewhere = min(capacity, bookedElsewhere + 1), rev = ${REV}`)
  await change(`update staff set name = name, rev = ${REV}`)
  expect(await update()).toBe(0)
  await change(`update offer set headline = 'A zither hour', rev = ${REV} where id = 'O054'`)
  expect(await update()).toBe(1)
  expect([...index.search(['zither']).keys()]).toEqual(['O054'])
  await change(`update offer set state = 'ended', rev = ${REV} where id = 'O054'`)
  expect(await update()).toBe(0)
  expect(index.search(['zither']).size).toBe(0)
  await change(`update partner set trade = 'zither school', rev = ${REV} where id = 'P05'`)
  expect(await update()).toBeGreaterThan(1)
  expect(index.search(['zither']).size).toBeGreaterThan(1)
})

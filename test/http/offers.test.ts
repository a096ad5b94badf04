/** Offers as they are written: drafts, who may see and change what, and nothing published that may not be said. */
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/store/engine.ts'
import type { Reply } from '../support/shop.ts'
import { ENGINES } from '../support/shop.ts'
import { openHouse } from '../support/visitor.ts'

const DRAFT = {
  kind: 'class-intro',
  headline: 'Free first cello lesson',
  priceMinor: 0,
  ageMinMonths: 72,
  ageMaxMonths: 144,
  commitment: 'free',
  goals: { 'music-instrument': 0.9 },
  facets: ['cello'],
  seated: true,
  say: {
    opener: 'Is there an instrument at home that wants playing?',
    line: 'Half an hour with a cello of the right size. Free.',
    ifYes: 'I will keep a time and print it.',
    ifNotNow: 'Of course, there are times all spring.',
    ifNotForUs: 'Thank you for saying so.',
    receiptLine: 'Free first cello lesson at Northside Conservatory.',
  },
}

const KEYS = {
  owner: 'encore_owner_demo',
  staff: 'encore_staff_demo_BK',
  partner: 'encore_partner_demo_P02',
} as const
type Who = keyof typeof KEYS
type Shop = {
  engine: Engine
  ask(method: string, path: string, body: unknown, who: Who, headers?: Record<string, string>): Promise<Reply>
}

async function openShop(kind: (typeof ENGINES)[number]): Promise<Shop> {
  const { engine, send } = await openHouse(kind)
  return {
    engine,
    ask: async (method, path, body, who, headers = {}) => {
      const json: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
      const answer = await send(path, {
        method,
        headers: { authorization: `Bearer ${KEYS[who]}`, ...json, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, headers: answer.headers, body: await answer.json() }
    },
  }
}

/** Write an offer anew, on a version that was read. */
async function put(shop: Shop, id: string, version: string | null, body: unknown, who: Who): Promise<Reply> {
  return shop.ask('PUT', `/v1/offers/${id}`, body, who, version === null ? {} : { 'if-match': version })
}

describe.each(ENGINES)('offers as they are written, on %s', (kind) => {
  test('are drafted, edited on the version that was read, published, paused and ended; each step is on the log', async () => {
    const shop = await openShop(kind)
    const { ask } = shop
    const made = await ask('POST', '/v1/offers', { ...DRAFT, partner: 'P02', costMinor: 100 }, 'owner')
    expect(made.status).toBe(201)
    const { id } = made.body
    expect(made.body).toMatchObject({
      state: 'draft',
      partner: 'P02',
      draftedBy: null,
      costMinor: 100,
      said: 0,
      problems: [],
    })
    expect(made.headers.get('etag')).toBe('"1"')

    expect((await put(shop, id, null, DRAFT, 'owner')).status).toBe(428)
    const edited = await put(shop, id, '"1"', { ...DRAFT, priceMinor: 500 }, 'owner')
    expect(edited.status).toBe(200)
    // What is not said again stays: whose it is, and what it costs us.
    expect(edited.body).toMatchObject({ version: 2, priceMinor: 500, partner: 'P02', costMinor: 100 })
    const late = await put(shop, id, '"1"', { ...DRAFT, priceMinor: 900 }, 'owner')
    expect(late.status).toBe(412)
    expect(late.body.code).toBe('changed_meanwhile')

    const search = async () =>
      (await ask('GET', '/v1/alliances/search?q=cello', undefined, 'staff')).body as { cards: unknown[] }
    expect((await search()).cards).toEqual([])
    expect((await ask('POST', `/v1/offers/${id}/pause`, {}, 'owner')).body.code).toBe('illegal_move')
    const live = await ask('POST', `/v1/offers/${id}/publish`, {}, 'owner')
    expect(live.body).toMatchObject({ state: 'live', version: 3 })
    const paused = await ask('POST', `/v1/offers/${id}/pause`, {}, 'owner')
    expect(paused.body).toMatchObject({ state: 'paused' })
    expect((await ask('POST', `/v1/offers/${id}/publish`, {}, 'owner')).body.state).toBe('live')
    expect((await ask('POST', `/v1/offers/${id}/end`, {}, 'owner')).body.state).toBe('ended')
    const over = await ask('POST', `/v1/offers/${id}/publish`, {}, 'owner')
    expect(over.status).toBe(409)
    expect(over.body.errors[0].field).toBe('state')
    expect((await put(shop, id, '"6"', DRAFT, 'owner')).body.code).toBe('conflict')

    const log = await shop.engine.all<{ action: string; role: string }>({
      sql: "select action, role from audit where object = 'offer' and objectId = ? order by rowid",
      params: [id],
    })
    expect(log.map(({ action }) => action)).toEqual([
      'drafted',
      'edited',
      'published',
      'paused',
      'published',
      'ended',
    ])
  })

  test('a draft may hold bad words and says which; published they are never, with every field and the words', async () => {
    const { ask } = await openShop(kind)
    const bad = {
      ...DRAFT,
      partner: 'P02',
      headline: 'Hurry, a recital place for you',
      say: { ...DRAFT.say, opener: 'Take it.', line: 'Do not fall behind other children.' },
    }
    const made = await ask('POST', '/v1/offers', bad, 'owner')
    expect(made.status).toBe(201)
    const found = made.body.problems.map(
      ({ field, why, words }: Record<string, string>) => `${field} ${why} ${words}`,
    )
    expect(found).toEqual([
      'headline pressure Hurry',
      'headline forbidden recital place',
      'opener question Take it.',
      'line fear fall behind',
      'line comparison other children',
    ])
    const refused = await ask('POST', `/v1/offers/${made.body.id}/publish`, {}, 'owner')
    expect(refused.status).toBe(422)
    expect(refused.body.code).toBe('words_refused')
    expect([...new Set(refused.body.errors.map(({ field }: { field: string }) => field))]).toEqual([
      'headline',
      'opener',
      'line',
    ])
    expect(refused.body.errors[1].message).toContain('“recital place”')
    const still = await ask('GET', `/v1/offers/${made.body.id}`, undefined, 'owner')
    expect(still.body).toMatchObject({ state: 'draft', version: 1 })
  })

  test('what is live stays fit to be said, and what was learned stays', async () => {
    const shop = await openShop(kind)
    const { ask } = shop
    await shop.engine.atomic([
      {
        sql: "insert into acceptance (offerId, mapping, touchpoint, band, said, accepted) values ('O054', '', 'till', 0, 4, 2), ('O054', '', 'phone', 1, 3, 1)",
        params: [],
      },
    ])
    const before = await ask('GET', '/v1/offers/O054', undefined, 'owner')
    const {
      id: _id,
      state,
      version: _version,
      draftedBy: _by,
      said,
      accepted,
      problems,
      ...fields
    } = before.body
    expect([state, said, accepted, problems]).toEqual(['live', 7, 3, []])
    const etag = before.headers.get('etag')
    const worse = { ...fields, say: { ...fields.say, line: 'You must come today only.' } }
    expect((await put(shop, 'O054', etag, worse, 'owner')).body.code).toBe('words_refused')
    const better = { ...fields, headline: 'A first piano lesson, free' }
    const after = await put(shop, 'O054', etag, better, 'owner')
    expect(after.body).toMatchObject({ headline: better.headline, said: 7, accepted: 3, state: 'live' })
    // The very next search finds it by its new words.
    const found = await ask('GET', '/v1/alliances/search?q=piano', undefined, 'staff')
    expect(JSON.stringify(found.body)).toContain(better.headline)
  })

  test('a partner drafts for itself only, edits its own drafts only, and sees no costs', async () => {
    const shop = await openShop(kind)
    const { ask } = shop
    const made = await ask('POST', '/v1/offers', { ...DRAFT, partner: 'P05' }, 'partner')
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ partner: 'P02', draftedBy: 'P02', state: 'draft' })
    for (const field of ['costMinor', 'said', 'accepted']) expect(made.body).not.toHaveProperty(field)
    expect(
      (await ask('POST', '/v1/offers', { ...DRAFT, costMinor: 1 }, 'partner')).body.errors[0].field,
    ).toBe('costMinor')
    const edited = await put(shop, made.body.id, '"1"', { ...DRAFT, headline: 'A cello hour' }, 'partner')
    expect(edited.body).toMatchObject({ headline: 'A cello hour', version: 2 })

    // Nobody else's, none of the shop's, nothing published.
    expect((await ask('GET', '/v1/offers/O074', undefined, 'partner')).status).toBe(404)
    expect((await ask('GET', '/v1/offers/O001', undefined, 'partner')).status).toBe(404)
    expect((await put(shop, 'O054', '"1"', DRAFT, 'partner')).status).toBe(403)
    expect((await ask('POST', `/v1/offers/${made.body.id}/publish`, {}, 'partner')).status).toBe(403)
    const page = await ask('GET', '/v1/offers?limit=200', undefined, 'partner')
    expect(page.body.offers.length).toBeGreaterThan(1)
    for (const offer of page.body.offers) {
      expect(offer.partner).toBe('P02')
      expect(offer).not.toHaveProperty('costMinor')
    }
    const shops = await ask('POST', '/v1/offers', { ...DRAFT, partner: 'P02' }, 'owner')
    expect((await ask('GET', `/v1/offers/${shops.body.id}`, undefined, 'partner')).status).toBe(404)

    // Published, it is the shop's.
    expect((await ask('POST', `/v1/offers/${made.body.id}/publish`, {}, 'owner')).body).toMatchObject({
      state: 'live',
      draftedBy: null,
    })
    expect((await put(shop, made.body.id, '"3"', DRAFT, 'partner')).status).toBe(403)
  })

  test('what is unknown is named by its field', async () => {
    const { ask } = await openShop(kind)
    const refused = await ask(
      'POST',
      '/v1/offers',
      { ...DRAFT, partner: 'P99', goals: { 'no-goal': 0.5 }, sites: ['XX'], skus: ['no-sku'] },
      'owner',
    )
    expect(refused.status).toBe(422)
    expect(refused.body.errors.map(({ field }: { field: string }) => field)).toEqual([
      'partner',
      'goals.no-goal',
      'sites.0',
      'skus.0',
    ])
    const empty = await ask('POST', '/v1/offers', { ...DRAFT, goals: {} }, 'owner')
    expect(empty.body.problems).toMatchObject([{ field: 'goals', why: 'rule' }])
    const published = await ask('POST', `/v1/offers/${empty.body.id}/publish`, {}, 'owner')
    expect([published.status, published.body.code]).toEqual([409, 'conflict'])
    expect((await ask('POST', '/v1/offers', DRAFT, 'staff')).status).toBe(403)
    expect((await ask('GET', '/v1/offers/off_none', undefined, 'owner')).status).toBe(404)
  })

  test('of two who publish or edit at once one wins, and nothing is written by the other', async () => {
    const shop = await openShop(kind)
    const made = await shop.ask('POST', '/v1/offers', { ...DRAFT, partner: 'P02' }, 'owner')
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        put(shop, made.body.id, '"1"', { ...DRAFT, priceMinor: n }, 'owner'),
      ),
    )
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(all.filter(({ status }) => status === 412)).toHaveLength(7)
    const lines = await shop.engine.all({
      sql: "select 1 from audit where objectId = ? and action = 'edited'",
      params: [made.body.id],
    })
    expect(lines).toHaveLength(1)
  })

  test('pages of the list follow each other without a gap', async () => {
    const { ask } = await openShop(kind)
    const ids: string[] = []
    let cursor = ''
    do {
      const { body } = await ask('GET', `/v1/offers?state=live&limit=50${cursor}`, undefined, 'staff')
      ids.push(...body.offers.map((offer: { id: string }) => offer.id))
      cursor = body.next === null ? '' : `&cursor=${body.next}`
    } while (cursor !== '')
    expect(ids.length).toBeGreaterThan(100)
    expect(ids).toEqual([...new Set(ids)].sort())
    const { body } = await ask('GET', '/v1/offers?partner=P05', undefined, 'staff')
    expect(new Set(body.offers.map((offer: { partner: string }) => offer.partner))).toEqual(new Set(['P05']))
  })

  test('a text is checked while it is written, by the terms of whoever writes', async () => {
    const { ask } = await openShop(kind)
    const fine = await ask('POST', '/v1/words', { text: 'A free first lesson.' }, 'partner')
    expect(fine.body).toEqual({ fine: true, length: 20, most: 160, problems: [] })
    const bad = await ask(
      'POST',
      '/v1/words',
      { text: 'Talent guaranteed, hurry', field: 'headline' },
      'partner',
    )
    expect(bad.body.problems.map(({ why }: { why: string }) => why)).toEqual(['forbidden', 'pressure'])
    const others = await ask('POST', '/v1/words', { text: 'Talent', partner: 'P05' }, 'staff')
    expect(others.body.fine).toBe(true)
    // A partner cannot read another's terms by asking.
    const asked = await ask('POST', '/v1/words', { text: 'safety in water', partner: 'P05' }, 'partner')
    expect(asked.body.fine).toBe(true)
  })
})

/** A customer's card, and "what do you know about us?": what they hold, whom they are shown to, and that a change counts at once. */
import { describe, expect, test } from 'vitest'
import { statement } from '../../src/store/engine.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const card = async (shop: Shop, ref: string, key = 'staff') =>
  shop.ask('GET', `/v1/customers/${ref}/card`, undefined, key)
const about = async (shop: Shop, ref: string, key = 'staff') =>
  shop.ask('GET', `/v1/customers/${ref}/about`, undefined, key)
const change = async (shop: Shop, ref: string, body: object, key = 'staff') =>
  shop.ask('POST', `/v1/customers/${ref}/about`, body, key)
/** What a till would be told, without a trace. */
const decide = async (shop: Shop, customer: string, key = 'BK', more: object = { dryRun: true }) =>
  (await shop.ask('POST', '/v1/recommendations', { customer, ...more }, key)).body
const count = async (shop: Shop, sql: string, ...params: string[]) =>
  (await shop.engine.all<{ n: number }>(statement(`select count(*) n from ${sql}`, ...params)))[0]!.n

const CHANGED = { recorded: true, reason: null }
const NOTHING = { recorded: false, reason: 'NOTHING_TO_ERASE' }

describe.each(ENGINES)('%s', (kind) => {
  test('the card says what she told us, the next step as the till would hear it, one question, and nothing inferred or paid', async () => {
    const shop = await openShop(kind)
    const { status, body } = await card(shop, 'g01-ana')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      known: true,
      firstName: 'Ana',
      knownBy: 'Maya',
      told: [
        {
          on: '2026-02-07',
          says: 'She told Maya on 7 February: keeps asking for a piano.',
          delicate: false,
          offered: false,
        },
      ],
      avoid: null,
      relationship: {
        level: 2,
        name: 'relationship',
        because: 'She bought from us five times in two years, and told us something on 7 February.',
        since: '2026-02-07',
      },
    })
    expect(body.relationship.history.map((step: any) => [step.on, step.level])).toEqual([
      ['2026-02-07', 2],
      ['2025-08-23', 1],
    ])
    expect(body.did[2].says).toBe('She bought “Glockenspiel, eight notes” on 22 November 2025.')
    expect(await count(shop, `recommendation where customer = 'g01-ana'`)).toBe(0)
    const till = await decide(shop, 'g01-ana')
    expect([body.next.offerId, body.next.opener, body.ask]).toEqual([
      till.primary.offerId,
      till.primary.say.opener,
      till.ask,
    ])
    // No score, no guess, no money, nothing of what is measured.
    expect(JSON.stringify(body)).not.toMatch(
      /confidence|weight|score|price|amount|minor|holdout|arm|first notes|special occasions/i,
    )
  })

  test('one thing to avoid: a promise before a no, a no before a refused offer, that before the quiet', async () => {
    const shop = await openShop(kind)
    const avoid = async (ref: string) => (await card(shop, ref)).body.avoid
    expect(await avoid('g07-tessa')).toEqual({
      code: 'RESTING',
      says: 'Leave “Free tennis taster and racquet fit” for now: she said “not for us” on 21 June 2025.',
    })
    await change(shop, 'g07-tessa', { notSo: 'mv-team' })
    expect(await avoid('g07-tessa')).toMatchObject({
      code: 'TOLD_NO',
      says: 'Do not bring up team sport. She told us no to team sport on 14 March.',
    })
    const promise = { id: 'c1', kind: 'promise', what: 'hem', promise: 'ready on Friday' }
    await shop.ask('POST', '/v1/customers/g07-tessa/care', promise, 'staff')
    expect(await avoid('g07-tessa')).toMatchObject({
      code: 'CARE',
      says: expect.stringMatching(/hem: ready on Friday/),
    })

    const { id } = await decide(shop, 'g01-ana', 'BK', {})
    await shop.ask('POST', `/v1/recommendations/${id}/outcomes`, { eventId: 'said-1', state: 'said' })
    expect(await avoid('g01-ana')).toMatchObject({
      code: 'QUIET',
      says: expect.stringMatching(/^Bring up nothing new before .*“Free first piano lesson” on 14 March\.$/),
    })
    const quiet = (await card(shop, 'g01-ana')).body
    expect(quiet.avoid.says.includes('; one question is still welcome.')).toBe(quiet.ask !== null)
    expect(quiet.ask).not.toBe(null)
  })

  test('a card does not contradict itself: what she brought up may be offered, and a wish she took back is not listed', async () => {
    const shop = await openShop(kind)
    const claire = (await card(shop, 'g02-claire')).body
    expect([claire.next.offerId, claire.told]).toMatchObject(['O103', [{ delicate: true, offered: true }]])
    const ana = async () => (await card(shop, 'g01-ana')).body.told.map((each: any) => each.says)
    expect(await ana()).toEqual(['She told Maya on 7 February: keeps asking for a piano.'])
    await change(shop, 'g01-ana', { notSo: 'music-instrument' })
    expect(await ana()).toEqual(['She told us no to learning an instrument on 14 March.'])
  })

  test('a customer who is silent by lot has no next step, like any other silence', async () => {
    const shop = await openShop(kind)
    const { body } = await card(shop, 'g09-nadia')
    expect([body.known, body.next]).toEqual([true, null])
    expect(JSON.stringify([body, (await about(shop, 'g09-nadia')).body])).not.toMatch(/holdout|"arm"|O070/)
  })

  test('without her consent the card says only that; of another site she is not found, until she allows all', async () => {
    const shop = await openShop(kind)
    expect((await card(shop, 'g12-sunita', 'owner')).body).toEqual({
      ref: 'g12-sunita',
      known: false,
      firstName: null,
      knownBy: null,
      relationship: null,
      told: [],
      did: [],
      next: null,
      ask: null,
      avoid: null,
    })
    for (const path of ['card', 'about'])
      for (const ref of ['g04-mei', 'nobody-at-all'])
        expect((await shop.ask('GET', `/v1/customers/${ref}/${path}`, undefined, 'staff')).status).toBe(404)
    expect((await change(shop, 'g04-mei', { forget: { what: 'name' } })).status).toBe(404)
    expect((await shop.ask('POST', '/v1/customers/g04-mei/about-link', {}, 'staff')).status).toBe(404)
    for (const key of ['BK', 'partner']) expect((await about(shop, 'g01-ana', key)).status).toBe(403)
    const all = { eventId: 'all-1', purpose: 'allSites', decision: 'granted' }
    await shop.ask('POST', '/v1/customers/g04-mei/consents', all, 'LS')
    expect((await card(shop, 'g04-mei')).body).toMatchObject({ known: true, firstName: 'Mei' })
  })

  test('a reference that was merged into hers opens the same card and the same page', async () => {
    const shop = await openShop(kind)
    const merged = await shop.ask('POST', '/v1/customers/g07-tessa/merge', { into: 'g01-ana' }, 'owner')
    expect(merged.status).toBe(200)
    for (const path of ['card', 'about']) {
      const now = (ref: string) => shop.ask('GET', `/v1/customers/${ref}/${path}`, undefined, 'owner')
      const { body } = await now('g07-tessa')
      expect(body.ref).toBe('g01-ana')
      expect(body).toEqual((await now('g01-ana')).body)
    }
    const forget = { forget: { what: 'told', id: 'g01-ana-told-1' } }
    expect((await change(shop, 'g07-tessa', forget, 'owner')).body).toEqual(CHANGED)
  })

  test('all that is on record of her is in what she reads, once each', async () => {
    const shop = await openShop(kind)
    const { id } = await decide(shop, 'g01-ana', 'BK', {})
    await shop.ask('POST', `/v1/recommendations/${id}/outcomes`, {
      eventId: 'ana-yes',
      state: 'accepted',
      sessionId: 'ses_O054_20260321_1000',
    })
    const { body } = await about(shop, 'g01-ana')
    expect(body.children).toEqual([
      { id: 'g01-c1', birthMonth: '2020-09', says: 'You have a child born in September 2020.' },
    ])
    expect(body.told.map((line: any) => line.says)).toEqual([
      'You told Maya on 7 February: keeps asking for a piano. We filed it under: learning an instrument.',
    ])
    expect(body.bought).toHaveLength(await count(shop, `purchase where customer = 'g01-ana'`))
    expect(body.suggested[0].says).toBe('On 14 March we suggested “Free first piano lesson”. You said yes.')
    expect(body.introductions[0]).toMatchObject({ partner: 'Northside Conservatory', state: 'booked' })
    expect(body.places[0].says).toMatch(/“Free first piano lesson”, 21 March/)
    expect(body.did.map((line: any) => line.says)).toContain(
      'You booked “Free first piano lesson” on 14 March.',
    )
    expect(body.consents.map((each: any) => [each.purpose, each.decision])).toEqual([
      ['personalise', 'granted'],
      ['childProfile', 'granted'],
      ['letter', null],
      ['sharePartner', 'granted'],
      ['allSites', 'granted'],
    ])
    expect(body.guesses.map((each: any) => each.says)).toContain(
      'Because you bought “Glockenspiel, eight notes”, we think this may interest you: first notes.',
    )
    expect(JSON.stringify(body)).not.toMatch(/holdout|propensity|weight|halfLife|score|confidence/)
  })

  test('what she forgets is not named by what was suggested because of it', async () => {
    const shop = await openShop(kind)
    const told = { eventId: 'due', kind: 'told', goal: 'mil-newborn', words: 'the baby is due in May' }
    await shop.ask('POST', '/v1/customers/g01-ana/evidence', { ...told, staff: 'st_maya' }, 'staff')
    await change(shop, 'g01-ana', { forget: { what: 'told', id: 'g01-ana-told-1' } })
    const headlines = new Set<string>()
    for (const id of ['first', 'second']) {
      const { primary } = await decide(shop, 'g01-ana', 'BK', { id })
      headlines.add(primary.headline)
    }
    expect([...headlines]).toEqual(['A baby list, kept quietly'])
    const suggested = async () => (await about(shop, 'g01-ana')).body.suggested.map((line: any) => line.says)
    const unsaid = 'We do not know whether anybody said it.'
    expect(await suggested()).toEqual([
      `On 14 March we thought of suggesting “A baby list, kept quietly”. ${unsaid}`,
    ])
    expect((await change(shop, 'g01-ana', { forget: { what: 'told', id: 'due' } })).body).toEqual(CHANGED)
    expect(await suggested()).toEqual([`On 14 March we thought of suggesting something. ${unsaid}`])
    expect(JSON.stringify((await about(shop, 'g01-ana')).body)).not.toMatch(/baby|O103|newborn/i)
  })

  test('a suggestion that rested on a line has no name once the line is forgotten', async () => {
    const shop = await openShop(kind)
    await decide(shop, 'g01-ana', 'BK', {})
    const suggested = async () => (await about(shop, 'g01-ana')).body.suggested[0]
    expect(await suggested()).toMatchObject({ offer: 'Free first piano lesson' })
    await change(shop, 'g01-ana', { forget: { what: 'told', id: 'g01-ana-told-1' } })
    expect(await suggested()).toMatchObject({ offer: null, says: expect.not.stringContaining('piano') })
  })

  test('her page shows her last word alone; the one before is in the file', async () => {
    const shop = await openShop(kind)
    const perhaps = { eventId: 'perhaps', kind: 'answered', goal: 'mv-swim', answer: 'maybe' }
    await shop.ask('POST', '/v1/customers/g01-ana/evidence', perhaps, 'staff')
    const { url } = (await shop.ask('POST', '/v1/customers/g01-ana/about-link', {}, 'staff')).body
    const page = async () => (await shop.send(new URL(url).pathname)).text()
    const { site } = (await about(shop, 'g01-ana')).body
    expect(await page()).toContain(`<title>What we know about you · ${site}</title>`)
    expect(await page()).toContain('You said maybe to')
    await shop.at('2026-03-14T17:00:00Z')
    await change(shop, 'g01-ana', { notSo: 'mv-swim' })
    expect(await page()).toContain('You told us no to')
    expect(await page()).not.toContain('You said maybe to')
    const { told } = (await about(shop, 'g01-ana')).body
    expect(told.map((line: any) => line.kind)).toEqual(['toldNo', 'answered', 'told'])
  })

  test('what she changes counts in the very next answer', async () => {
    const shop = await openShop(kind)
    expect((await decide(shop, 'g01-ana')).primary.offerId).toBe('O054')
    const told = { forget: { what: 'told', id: 'g01-ana-told-1' } }
    expect((await change(shop, 'g01-ana', told)).body).toEqual(CHANGED)
    expect((await change(shop, 'g01-ana', told)).body).toEqual(NOTHING)
    expect(JSON.stringify(await decide(shop, 'g01-ana'))).not.toMatch(/piano/i)
    expect((await about(shop, 'g01-ana')).body.told).toEqual([])

    // A guess that is not so is a no; one that is forgotten is gone, and the purchase stays.
    const guesses = async () => (await about(shop, 'g01-ana')).body.guesses.map((each: any) => each.goal)
    expect(await guesses()).toEqual(expect.arrayContaining(['look-occasion', 'music-first-notes']))
    for (let twice = 0; twice < 2; twice++)
      expect((await change(shop, 'g01-ana', { notSo: 'look-occasion' })).body).toEqual(CHANGED)
    const drum = (revision: number) =>
      shop.ask('POST', '/v1/purchases', {
        purchases: [
          {
            source: 'till',
            externalId: 'drum',
            revision,
            customer: 'g01-ana',
            soldAt: '2026-03-14T16:00:00Z',
            lines: [{ category: 'toys-music', name: 'Drum', quantity: 1, unitPrice: 1000 + revision }],
          },
        ],
      })
    expect((await drum(0)).body.results[0].status).toBe('created')
    const forgotten = { forget: { what: 'guess', id: 'music-first-notes' } }
    expect((await change(shop, 'g01-ana', forgotten)).body).toEqual(CHANGED)
    // Corrected, the purchase does not bring it back.
    expect((await drum(1)).body.results[0].status).toBe('replaced')
    expect(await guesses()).not.toEqual(expect.arrayContaining(['look-occasion']))
    expect(await guesses()).not.toEqual(expect.arrayContaining(['music-first-notes']))
    const after = (await about(shop, 'g01-ana')).body
    expect(after.told.map((line: any) => line.says)).toEqual([
      'You told us no to special occasions on 14 March.',
    ])
    expect(after.bought).toHaveLength(6)

    // Name and child, and what answers had kept of the child.
    await decide(shop, 'g01-ana', 'BK', { id: 'kept-1' })
    await about(shop, 'g01-ana')
    expect(await count(shop, `recommendation where id = 'kept-1' and inputs like '%2020-09%'`)).toBe(1)
    for (const line of [{ what: 'name' }, { what: 'child', id: 'g01-c1' }])
      expect((await change(shop, 'g01-ana', { forget: line })).body).toEqual(CHANGED)
    expect((await about(shop, 'g01-ana')).body).toMatchObject({ firstName: null, children: [] })
    for (const sql of [
      `recommendation where customer = 'g01-ana' and inputs like '%2020-09%'`,
      `customer where ref = 'g01-ana' and state like '%2020-09%'`,
      `purchaseLine where child like '%g01-c1'`,
    ])
      expect([sql, await count(shop, sql)]).toEqual([sql, 0])

    const care = (await about(shop, 'g08-imani')).body.care[0]
    expect(care.says).toBe(
      'Something was wrong with the coat zip, on 8 March. Wren promised: mended by Thursday 19 March.',
    )
    expect((await change(shop, 'g08-imani', { forget: { what: 'care', id: care.id } })).body).toEqual(CHANGED)
    expect((await decide(shop, 'g08-imani')).care).toBe(null)

    const off = { consent: { purpose: 'personalise', decision: 'withdrawn' } }
    expect((await change(shop, 'g01-ana', off)).body).toEqual(CHANGED)
    expect((await decide(shop, 'g01-ana')).basis).toBe('context')
    expect((await card(shop, 'g01-ana')).body.known).toBe(false)
    // She may still read and forget all of it; nothing new is kept.
    expect((await about(shop, 'g01-ana')).body).toMatchObject({ mayUse: false })
    expect((await change(shop, 'g01-ana', { notSo: 'mv-swim' })).body).toEqual({
      recorded: false,
      reason: 'CONSENT',
    })
    const on = { consent: { purpose: 'personalise', decision: 'granted' } }
    await shop.at('2026-03-14T17:00:00Z')
    expect((await change(shop, 'g01-ana', on)).body).toEqual(CHANGED)
    expect((await decide(shop, 'g01-ana')).basis).toBe('profile')
  })

  test('somebody with five thousand lines is read like anybody', async () => {
    const shop = await openShop(kind)
    const numbers = 'with recursive n(n) as (select 0 union all select n + 1 from n where n < 999)'
    const soldAt = `strftime('%Y-%m-%dT12:00:00.000Z', '2026-03-01', '-' || n || ' days')`
    await shop.engine.atomic(
      [
        `insert into purchase (id, source, externalId, customer, siteId, soldAt, currency, totalMinor, stage, digest, recordedAt)
           ${numbers} select 'many/' || n, 'many', n, 'g01-ana', 'BK', ${soldAt}, 'USD', 500, 'back', '', ${soldAt} from n`,
        `insert into purchaseLine (purchaseId, n, productId, quantity, unitPriceMinor)
           ${numbers} select 'many/' || n, value, 1 + value, 1, 100 from n, json_each('[0,1,2,3,4]')`,
        `insert into evidence (id, customer, kind, goal, purchaseId, weight, halfLifeDays, onDate, recordedAt)
           ${numbers} select 'many/' || n || '@0/' || value || '/mv-yoga', 'g01-ana', 'bought', 'mv-yoga', 'many/' || n, 0.1, 300,
             substr(${soldAt}, 1, 10), ${soldAt} from n, json_each('[0,1,2,3,4]')`,
      ].map((sql) => statement(sql)),
    )
    const { body } = await about(shop, 'g01-ana')
    expect(body.bought).toHaveLength(1005)
    expect(body.guesses[0].goal).toBe('mv-yoga')
    expect((await card(shop, 'g01-ana')).body.did).toHaveLength(4)
    const page = await shop.send('/staff/customers/g01-ana/about', {
      headers: { accept: 'text/html', authorization: 'Bearer encore_staff_demo_BK' },
    })
    const html = await page.text()
    expect([
      page.status,
      html.includes('997 more'),
      html.includes('And 797 more, in the file below.'),
    ]).toEqual([200, true, true])
  })

  test('a change names one thing, and a thing that there is', async () => {
    const shop = await openShop(kind)
    for (const [body, status, field] of [
      [{}, 400, '(body)'],
      [{ notSo: 'mv-swim', forget: { what: 'name' } }, 400, '(body)'],
      [{ forget: { what: 'told' } }, 400, 'forget.id'],
      [{ forget: { what: 'purchase', id: 'x' } }, 400, 'forget.what'],
      [{ notSo: 'no-such-goal' }, 422, 'notSo'],
    ] as const) {
      const reply = await change(shop, 'g01-ana', body)
      expect([reply.status, reply.body.errors[0].field]).toEqual([status, field])
    }
    for (const what of ['told', 'did', 'guess', 'child', 'care', 'poll'])
      expect((await change(shop, 'g01-ana', { forget: { what, id: 'g02-claire-told-1' } })).body).toEqual(
        NOTHING,
      )
    expect(await count(shop, `evidence where id = 'g02-claire-told-1' and retractedAt is null`)).toBe(1)
  })

  test('her own link opens it without a key for seven days, and only the newest; by it she can be forgotten', async () => {
    const shop = await openShop(kind)
    const make = async () => {
      const { status, body } = await shop.ask('POST', '/v1/customers/g01-ana/about-link', {}, 'staff')
      expect([status, body.expiresAt.slice(0, 16)]).toEqual([201, '2026-03-21T16:42'])
      expect(body.url).toMatch(/^http:\/\/[^/]+\/about\/[0-9a-f]{64}$/)
      return body.url.slice(-64) as string
    }
    const first = await make()
    // Not even to repeat the answer is the link itself kept.
    const keyed = await shop.ask('POST', '/v1/customers/g01-ana/about-link', {}, 'staff', {
      'idempotency-key': 'k1',
    })
    expect([keyed.status, await count(shop, `idempotency where instr(body, '/about/') > 0`)]).toEqual([
      201, 0,
    ])
    const token = await make()
    const own = (method: string, body?: unknown, by = token) =>
      shop.ask(method, `/v1/about/${by}`, body, null)
    expect((await own('GET', undefined, first)).status).toBe(404)
    expect((await own('GET')).body).toEqual((await about(shop, 'g01-ana')).body)
    expect(await count(shop, `aboutLink where instr(hash, ?) > 0`, token)).toBe(0)
    expect((await own('POST', { forget: { what: 'told', id: 'g01-ana-told-1' } })).body).toEqual(CHANGED)
    expect((await own('GET')).body.told).toEqual([])

    const page = await shop.send(`/about/${token}`, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(200)
    const headers = ['referrer-policy', 'x-robots-tag', 'cache-control'].map((name) => page.headers.get(name))
    expect(headers).toEqual(['no-referrer', 'noindex, nofollow', 'no-store'])
    expect(await page.text()).toMatch(/picked by lot, we say nothing on purpose/)

    await shop.at('2026-03-21T16:41:00Z')
    expect((await own('GET')).status).toBe(200)
    await shop.at('2026-03-21T16:43:00Z')
    expect((await own('GET')).status).toBe(404)
    expect((await own('DELETE')).status).toBe(404)
    await shop.at('2026-03-22T16:42:00Z')
    const again = await shop.ask('POST', '/v1/customers/g01-ana/about-link', {}, 'staff')
    const last = again.body.url.slice(-64)
    expect((await own('DELETE', undefined, last)).body).toEqual(CHANGED)
    expect((await own('GET', undefined, last)).status).toBe(404)
    for (const table of [
      'customer where ref',
      'child where customer',
      'consent where customer',
      'evidence where customer',
      'purchase where customer',
      'aboutLink where customer',
    ])
      expect([table, await count(shop, `${table} = 'g01-ana'`)]).toEqual([table, 0])
    expect(await count(shop, `audit where instr(objectId, 'g01-ana') + instr(changes, 'g01-ana') > 0`)).toBe(
      0,
    )
    expect((await decide(shop, 'g01-ana')).basis).toBe('context')
  })
})

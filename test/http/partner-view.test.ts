/** What a partner can see after a month lived with the shop: every byte of every page and answer, and nothing of anybody else. */
import { describe, expect, test } from 'vitest'
import { AUTHORIZATION } from '../../src/http/authorization.ts'
import { addKey } from '../../src/store/key.ts'
import type { Reply, Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'
import { FORM, ORIGIN, somebody } from '../support/visitor.ts'

const PIANO = 'O054'
const SECRET_WORDS = 'her grandfather left her an upright'

type Seen = { what: string; text: string }
type Month = {
  shop: Shop
  /** Everything the partner was ever answered. */
  seen: Seen[]
  as: (method: string, path: string, body?: unknown) => Promise<Reply>
  page: (path: string, form?: Record<string, string>) => Promise<{ status: number; text: string; at: string }>
}

async function openMonth(kind: (typeof ENGINES)[number]): Promise<Month> {
  const shop = await openShop(kind)
  const headers = await somebody(shop, 'cookie', 'partner', { partnerId: 'P02' })
  const seen: Seen[] = []
  return {
    shop,
    seen,
    as: async (method, path, body) => {
      const reply = await shop.ask(method, path, body, 'partner')
      seen.push({ what: `${method} ${path}`, text: JSON.stringify(reply.body) })
      return reply
    },
    page: async (path, form) => {
      const post = { method: 'POST', body: new URLSearchParams(form).toString() }
      const more = form ? { ...post, headers: { ...FORM, ...headers } } : { headers }
      let answer = await shop.send(path, { redirect: 'manual', ...more })
      let at = path
      const to = answer.headers.get('location')
      if (to) {
        at = to.replace(ORIGIN, '')
        answer = await shop.send(at.split('#')[0]!, { headers })
      }
      const text = await answer.text()
      seen.push({ what: `${form ? 'POST' : 'GET'} ${path}`, text })
      return { status: answer.status, text, at }
    },
  }
}

const nonceIn = (text: string) => /name="nonce" value="(\w+)"/.exec(text)![1]!

/** A customer of the shop's own, who has been told of, has bought, and is booked by hand. */
async function booked(shop: Shop, sessionId: string, customer: string, eventId: string): Promise<string> {
  const held = await shop.ask('POST', '/v1/holds', { eventId, sessionId, customer, staff: 'st_maya' })
  const done = await shop.ask('POST', `/v1/holds/${held.body.hold.id}/confirm`, { eventId: `${eventId}-c` })
  return done.body.code
}

/** A month with everything in it that a partner might see, or must not. */
async function live({ shop, as, page }: Month) {
  const ok = (reply: Reply) => {
    expect(reply.status, JSON.stringify(reply.body)).toBeLessThan(300)
    return reply.body
  }
  await shop.engine.atomic([
    { sql: 'update revision set n = n + 1', params: [] },
    {
      sql: `update terms set record = json_set(record, '$.toUs.basisPoints', 800, '$.toThem.basisPoints', 500), rev = (select n from revision) where allianceId = 'A02'`,
      params: [],
    },
  ])
  ok(
    await shop.ask('POST', '/v1/customers/g01-ana/evidence', {
      eventId: 'told-1',
      kind: 'told',
      goal: 'music-instrument',
      facet: 'piano',
      words: SECRET_WORDS,
      staff: 'st_maya',
    }),
  )
  ok(
    await shop.ask('POST', '/v1/recommendations', {
      id: 'ana-1',
      customer: 'g01-ana',
      staff: 'st_maya',
      basket: { lines: [{ sku: 'DR-204-6', category: 'dresses', unitPrice: 9600 }] },
    }),
  )
  const sessions = ok(await as('GET', `/v1/offers/${PIANO}/sessions`)).items.map((each: any) => each.id)
  const ana = ok(
    await shop.ask('POST', '/v1/recommendations/ana-1/outcomes', {
      eventId: 'ana-1-yes',
      state: 'accepted',
      sessionId: sessions[0],
      staff: 'st_maya',
    }),
  ).referral.code
  const small = ok(
    await as('POST', `/v1/offers/${PIANO}/sessions`, {
      startsAt: '2026-03-27T16:00:00-05:00',
      endsAt: '2026-03-27T16:30:00-05:00',
      place: 'Studio 7',
      capacity: 1,
    }),
  ).ids[0]
  const other = await booked(shop, small, 'c-quiet', 'quiet-1')
  ok(await shop.ask('POST', `/v1/sessions/${small}/waiting`, { eventId: 'w-1', customer: 'g02-ben' }))
  await shop.ask('POST', '/v1/holds', { eventId: 'open-1', sessionId: sessions[1], customer: 'g01-ana' })
  const given = ok(await as('POST', '/v1/referrals', { eventId: 'card-1' })).code
  const sold = {
    source: 'till-1',
    externalId: 'sale-77119',
    customer: 'c-newcomer',
    staff: 'st_maya',
    soldAt: '2026-03-14T16:40:00Z',
    lines: [{ sku: 'DR-204-6', name: 'Cotton lawn dress, 6Y', category: 'dresses', unitPrice: 9637 }],
  }
  ok(await shop.ask('POST', '/v1/purchases', { purchases: [sold] }))
  ok(
    await shop.ask('POST', `/v1/referrals/${given}/redeem`, {
      eventId: 'till:c-newcomer',
      customer: 'c-newcomer',
      purchase: { source: sold.source, externalId: sold.externalId },
    }),
  )
  await shop.at('2026-03-28T20:00:00Z')
  const home = await page('/partner')
  const tap = (code: string, fields: Record<string, string>) =>
    page('/partner', { nonce: nonceIn(home.text), code, ...fields })
  expect((await tap(ana, { do: 'attended' })).text).toContain('Thank you, kept.')
  await tap(other, { do: 'noShow' })
  await shop.at('2026-04-12T20:00:00Z')
  await tap(ana, { do: 'enrolled', value: '560.00' })
  await tap(ana, { do: 'recitalScheduled', about: '2026-06-13' })
  ok(await shop.ask('POST', '/v1/partners/P02/statements/2026-03', {}, 'owner'))
  const entries = ok(await as('GET', '/v1/partners/P02/ledger')).entries
  const doubtful = entries.find((each: any) => each.statement === null && each.unit === 'money')
  ok(
    await as('POST', `/v1/ledger/${doubtful.id}/disputes`, {
      eventId: 'd-1',
      reason: 'Half of it, I think.',
    }),
  )
  const owner = await somebody(shop, 'cookie', 'owner', { staffId: 'st_rosa' })
  const open = entries.find((each: any) => each.statement === null && each.id !== doubtful.id)
  const doubted = await shop.send(`/v1/ledger/${encodeURIComponent(open.id)}/disputes`, {
    method: 'POST',
    headers: { ...owner, 'content-type': 'application/json' },
    body: JSON.stringify({ eventId: 'd-2', reason: 'Which of the two was it?' }),
  })
  expect(doubted.status).toBe(201)
  const alliance = await shop.ask('GET', '/v1/alliances/A02', undefined, 'owner')
  ok(
    await shop.ask(
      'POST',
      '/v1/alliances/A02/terms',
      { ...alliance.body.terms[0].record, endsOn: '2027-08-31' },
      'owner',
      { 'if-match': alliance.headers.get('etag')! },
    ),
  )
  const draft = await page('/partner/offers/new', {
    nonce: 'draftnonce',
    kind: 'class-intro',
    headline: 'Hurry, first cello lesson',
    price: '0',
    commitment: 'free',
    goal: 'music-instrument',
    seated: 'yes',
    opener: 'Is a cello a wish at home?',
    line: 'Half an hour with a cello of the right size.',
  })
  expect(draft.text).toContain('<mark>')
  return { ana, other, given, small, sessions }
}

/** Every address of the table that a partner may read, with what it has to put there. */
async function everyAddress({ as }: Month, lived: Awaited<ReturnType<typeof live>>): Promise<string[]> {
  const offers = (await as('GET', '/v1/offers?limit=200')).body.offers.map((each: any) => each.id)
  const codes = [lived.ana, lived.other, lived.given]
  const months = ['2026-03', '2026-04']
  const values = (path: string): Record<string, string[]> => ({
    ':code': path.startsWith('/partner/codes') ? [lived.given] : codes,
    ':month': months,
    ':version': ['1', '2'],
    ':id': path.includes('/sessions/:id')
      ? [...lived.sessions, lived.small]
      : path.includes('/alliances')
        ? ['A02']
        : path.startsWith('/v1/partners')
          ? ['P02']
          : offers,
  })
  return AUTHORIZATION.filter(
    ({ method, who }) => method === 'GET' && who !== 'everybody' && who.includes('partner'),
  ).flatMap(({ path }) => {
    let paths = [path]
    for (const [name, all] of Object.entries(values(path)))
      paths = paths.flatMap((each) =>
        each.includes(name) ? all.map((value) => each.replace(name, value)) : [each],
      )
    return paths
  })
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
const whole = (words: string[]) => new RegExp(`(?<![\\w-])(${words.map(escaped).join('|')})(?![\\w-])`, 'g')

/** What must not be anywhere, read from the shop's own store. */
async function forbidden(shop: Shop) {
  const list = async (sql: string) =>
    (await shop.engine.all<{ it: string }>({ sql, params: [] })).map(({ it }) => it)
  const [partners, names, refs, births, goals, skus, staff, words] = await Promise.all([
    list(`select id it from partner where id <> 'P02'`),
    list(`select name it from partner where id <> 'P02'`),
    list('select ref it from customer'),
    list(`select distinct birthMonth it from child where birthMonth < '2025'`),
    list(`select slug it from goal where slug like '%-%'`),
    list('select sku it from product where sku is not null'),
    list('select id it from staff'),
    list('select distinct words it from evidence where words is not null and length(words) > 12'),
  ])
  for (const found of [partners, names, refs, births, goals, skus, staff, words])
    expect(found.length).toBeGreaterThan(3)
  return {
    everywhere: {
      'another partner': whole([...partners, ...names]),
      'a customer': whole([...refs, 'c-newcomer', 'c-quiet']),
      'a birth month': whole(births),
      'a product': whole(skus),
      'somebody of the staff': whole(staff),
      'what she told': whole([...words, SECRET_WORDS]),
      'a purchase': /sale-77119|till-1\b|9637|96\.37/g,
      'a field of the shop’s':
        /"(costMinor|said|accepted|learned|confidence|evidence|shopCost)":|"customer":"|"holdId":"/g,
      'a surname or contact': /surname|lastName/gi,
    },
    goals: whole(goals),
  }
}

/** Their own record and offers name the goals that they serve, which they know. */
const NAMES_OWN_GOALS = /\/(v1\/offers(\?|$|\/\w+$)|v1\/partners\/P02$|partner\/offers\/)/

describe.each(ENGINES)('%s', (kind) => {
  test('after a month a partner has seen no other partner, no customer, no child, no goal and no purchase', {
    timeout: 300_000,
  }, async () => {
    const month = await openMonth(kind)
    const lived = await live(month)
    const addresses = await everyAddress(month, lived)
    expect(addresses.filter((path) => path.includes(':'))).toEqual([])
    for (const path of addresses) {
      const { status } = path.startsWith('/v1/') ? await month.as('GET', path) : await month.page(path)
      expect(status, path).toBeLessThan(300)
    }
    for (const path of ['/partner?state=enrolled', `/partner?code=${lived.ana}`, '/partner?code=LS-ZZZZZ'])
      await month.page(path)
    const { everywhere, goals } = await forbidden(month.shop)
    const own = new Set(
      (await month.shop.ask('GET', '/v1/partners/P02', undefined, 'owner')).body.goals as string[],
    )
    const leaks = month.seen.flatMap(({ what, text }) => [
      ...Object.entries(everywhere).flatMap(([name, pattern]) =>
        [...text.matchAll(pattern)].map(([found]) => `${what}: ${name}: ${found}`),
      ),
      ...[...text.matchAll(goals)].flatMap(([slug]) =>
        own.has(slug) && NAMES_OWN_GOALS.test(what.split(' ')[1]!) ? [] : [`${what}: a goal: ${slug}`],
      ),
    ])
    expect([...new Set(leaks)]).toEqual([])
    expect(month.seen.length).toBeGreaterThan(40)
    // She allowed her first name, and only hers is seen.
    expect(month.seen.some(({ text }) => text.includes('<bdi>Ana</bdi>'))).toBe(true)
    expect(month.seen.filter(({ text }) => text.includes('"waitingList":[{'))).toEqual([])
  })

  test('another partner’s codes, sessions, drafts and entries are as unknown to its pages as none', async () => {
    const month = await openMonth(kind)
    const { shop, page } = month
    await addKey(shop.engine, 'partner_P05', {
      role: 'partner',
      siteId: null,
      partnerId: 'P05',
      expiresAt: null,
      label: 'Pool',
    })
    const foreign = await shop.engine.all<{ id: string; offerId: string }>({
      sql: `select s.id, s.offerId from session s join offer o on o.id = s.offerId where o.partnerId <> 'P02' and s.startsAt > '2026-03-15' limit 1`,
      params: [],
    })
    const [{ id, offerId }] = foreign as [{ id: string; offerId: string }]
    const given = (await shop.ask('POST', '/v1/referrals', { eventId: 'x' }, 'partner_P05')).body
    for (const path of [
      `/partner/sessions/${id}`,
      `/partner/offers/${offerId}`,
      `/partner/codes/${given.code ?? 'P05-7KQ4M'}`,
      '/partner/codes/nonsense',
      '/partner/statements/2026-13',
    ])
      expect((await page(path)).status, path).toBe(404)
    expect((await page(`/partner/sessions/${id}`, { do: 'cancel' })).status).toBe(404)
    expect((await page('/partner', { nonce: 'abcdef', code: 'BK-ZZZZZ', do: 'attended' })).text).toContain(
      'no introduction of yours has the code BK-ZZZZZ',
    )
    expect((await page('/partner/account', { entry: 'BK-1.commission.1', reason: 'Why?' })).status).toBe(422)
    const cancelled = await shop.engine.all({
      sql: `select 1 from session where id = ? and cancelled = 1`,
      params: [id],
    })
    expect(cancelled).toEqual([])
  })
})

describe.each(ENGINES)('%s', (kind) => {
  test('a tap that is sent twice, or from a page gone back to, is one event; taken back twice, one word', async () => {
    const month = await openMonth(kind)
    const { shop, page } = month
    const sessions = (await shop.ask('GET', `/v1/offers/${PIANO}/sessions`, undefined, 'partner')).body.items
    const code = await booked(shop, sessions[0].id, 'g01-ana', 'twice-1')
    await shop.at('2026-03-29T20:00:00Z')
    const nonce = nonceIn((await page('/partner')).text)
    const count = async (kind: string) =>
      (
        await shop.engine.all<{ n: number }>({
          sql: 'select count(*) n from referralEvent where kind = ?',
          params: [kind],
        })
      )[0]!.n
    const tap = (what: string) => page('/partner', { nonce, code, do: what })
    await Promise.all([tap('attended'), tap('attended')])
    await tap('attended')
    expect(await count('attended')).toBe(1)
    await Promise.all([tap('void'), tap('void')])
    const after = await tap('void')
    expect(after.text).toContain('There is nothing of yours left to take back.')
    expect(await count('void')).toBe(1)
    expect((await shop.ask('GET', `/v1/referrals/${code}`, undefined, 'partner')).body.state).toBe('booked')
    await page('/partner', { nonce, do: 'give' })
    await page('/partner', { nonce, do: 'give' })
    expect(
      (await shop.ask('GET', '/v1/referrals?direction=theirs', undefined, 'partner')).body.referrals,
    ).toHaveLength(1)
    const weekly = {
      nonce,
      offer: PIANO,
      on: '2026-04-18',
      from: '10:00',
      to: '10:30',
      capacity: '3',
      place: 'Studio 7',
      every: 'week',
      until: '2026-05-09',
    }
    for (const _ of [1, 2])
      expect((await page('/partner/places', weekly)).text).toContain('4 times are there.')
    const twice = await Promise.all(
      [1, 2].map(() => page('/partner/places', { ...weekly, place: 'Studio 8' })),
    )
    expect(twice.map(({ status }) => status)).toEqual([200, 200])
    const added = await shop.engine.all({
      sql: `select 1 from session where place in ('Studio 7', 'Studio 8')`,
      params: [],
    })
    expect(added).toHaveLength(8)
  })

  test('a partner that nothing is agreed with yet has its page, and is told that it cannot give a code', async () => {
    const { shop } = await openMonth(kind)
    await shop.ask(
      'POST',
      '/v1/partners',
      { id: 'newcomer', name: 'A <b>new</b> one', trade: 'pottery', goals: [] },
      'owner',
    )
    const headers = await somebody(shop, 'cookie', 'partner', { partnerId: 'newcomer' })
    for (const path of [
      '/partner',
      '/partner/places',
      '/partner/terms',
      '/partner/account',
      '/partner/statements/2026-03',
      '/partner/offers',
      '/partner/offers/new',
    ])
      expect((await shop.send(path, { headers })).status, path).toBe(200)
    const post = (path: string, fields: Record<string, string>) =>
      shop.send(path, {
        method: 'POST',
        headers: { ...FORM, ...headers },
        body: new URLSearchParams(fields).toString(),
      })
    const answer = await post('/partner', { nonce: 'abcdef', do: 'give' })
    expect([answer.status, await answer.text()]).toEqual([
      422,
      expect.stringContaining('There is no live alliance with this partner.'),
    ])
    // A form of another site's page does nothing.
    const elsewhere = await shop.send('/partner', {
      method: 'POST',
      headers: { ...FORM, ...headers, origin: 'http://elsewhere.example' },
      body: 'do=give',
    })
    expect(elsewhere.status).toBe(403)
    expect(
      (await shop.send('/partner', { headers: await somebody(shop, 'cookie', 'staff', { siteId: 'BK' }) }))
        .status,
    ).toBe(403)
  })
})

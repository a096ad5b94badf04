/** What is forgotten is nowhere in the store: every table is searched for it, on both engines. */
import { describe, expect, test } from 'vitest'
import { statement } from '../../src/store/engine.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

/** Where a text stands: `table.column` of every row that holds it. */
async function placesOf(shop: Shop, ...texts: string[]): Promise<string[]> {
  const tables = await shop.engine.all<{ name: string }>(
    statement(
      `select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '\\_%' escape '\\' and name not like 'd1%'`,
    ),
  )
  const found: string[] = []
  for (const { name } of tables)
    for (const row of await shop.engine.all<object>(statement(`select * from "${name}"`)))
      for (const [column, value] of Object.entries(row))
        if (texts.some((text) => String(value).includes(text))) found.push(`${name}.${column}`)
  return [...new Set(found)].sort()
}

/** Ask, and expect that it worked. */
async function done(shop: Shop, method: string, path: string, body?: object, key = 'staff', again?: string) {
  const headers: Record<string, string> = again === undefined ? {} : { 'idempotency-key': again }
  const reply = await shop.ask(method, path, body, key, headers)
  expect([method, path, reply.status < 300, reply.body]).toEqual([method, path, true, reply.body])
  return reply.body
}

const forget = (shop: Shop, ref: string, what: string, id?: string) =>
  done(shop, 'POST', `/v1/customers/${ref}/about`, { forget: { what, id } })

/** An answer that rests on all that is known of her, on record. */
async function answered(shop: Shop, customer: string, id: string) {
  const body = await done(shop, 'POST', '/v1/recommendations', { id, customer }, 'BK')
  // Reading a card waits for what is being written.
  await done(shop, 'GET', `/v1/customers/${customer}/card`)
  return body
}

const FORGOTTEN = { recorded: true, reason: null }
const POLL = {
  goal: 'mv-racquet',
  question: 'Would tennis lessons close by interest you?',
  touchpoints: [],
  goAnswers: 6,
  goYes: 4,
  goShare: 0.3,
  opensOn: '2026-03-14',
  closesOn: '2026-04-30',
}

describe.each(ENGINES)('%s', (kind) => {
  test('a line that she told, and a note of staff', async () => {
    const shop = await openShop(kind)
    const told = {
      eventId: 'told-z',
      kind: 'told',
      goal: 'music-instrument',
      facet: 'zitherfacet',
      words: 'dreams of a zitherwish',
    }
    await done(shop, 'POST', '/v1/customers/g01-ana/evidence', told, 'BK', 'again-told')
    const note = { eventId: 'note-z', words: 'swims like a zitherfish', goal: 'mv-swim', toldMe: true }
    await done(shop, 'POST', '/v1/customers/g01-ana/notes', note, 'staff', 'again-note')
    await answered(shop, 'g01-ana', 'z-1')
    expect(await placesOf(shop, 'zither')).toEqual(
      expect.arrayContaining(['customer.state', 'evidence.words', 'recommendation.inputs']),
    )
    for (const id of ['told-z', 'note-z'])
      expect(await forget(shop, 'g01-ana', 'told', id)).toEqual(FORGOTTEN)
    expect(await placesOf(shop, 'zither')).toEqual([])
  })

  test('her name, a child, a complaint: also where an old answer said it', async () => {
    const shop = await openShop(kind)
    const household = { firstName: 'Zitherina', children: [{ id: 'zither-c', birthMonth: '2011-11' }] }
    await done(shop, 'PUT', '/v1/customers/g01-ana/household', household)
    const sale = {
      source: 'z',
      externalId: 'z1',
      site: 'BK',
      customer: 'g01-ana',
      soldAt: '2026-03-14T12:00:00Z',
    }
    const lines = [{ sku: 'SW-801', quantity: 1, unitPrice: 900, child: 'zither-c' }]
    await done(shop, 'POST', '/v1/purchases', { purchases: [{ ...sale, lines }] }, 'BK')
    await answered(shop, 'g01-ana', 'z-1')
    const note = {
      id: 'z-c',
      kind: 'complaint',
      what: 'zither strap',
      promise: 'a new zitherstrap on Friday',
    }
    await done(shop, 'POST', '/v1/customers/g01-ana/care', note, 'staff', 'again-care')
    const { care } = await answered(shop, 'g01-ana', 'z-2')
    expect(care.line).toMatch(/zither strap/)
    expect(await placesOf(shop, 'Zitherina', '2011-11', 'zither-c', 'zither strap', 'zitherstrap')).toEqual(
      expect.arrayContaining(['customer.firstName', 'purchaseLine.child', 'recommendation.answer']),
    )

    expect(await forget(shop, 'g01-ana', 'care', 'z-c')).toEqual(FORGOTTEN)
    expect(await placesOf(shop, 'zither strap', 'zitherstrap')).toEqual([])
    const repeated = await done(shop, 'POST', '/v1/recommendations', { id: 'z-2', customer: 'g01-ana' }, 'BK')
    expect([repeated.care, repeated.silence]).toEqual([null, { reason: 'quiet' }])
    expect(await forget(shop, 'g01-ana', 'child', 'zither-c')).toEqual(FORGOTTEN)
    expect(await placesOf(shop, '2011-11', 'zither-c')).toEqual([])
    expect(await forget(shop, 'g01-ana', 'name')).toEqual(FORGOTTEN)
    expect(await placesOf(shop, 'Zitherina')).toEqual([])
  })

  test('an answer to a poll, with the line that it is', async () => {
    const shop = await openShop(kind)
    const { id } = await done(shop, 'POST', '/v1/polls', POLL, 'owner')
    const said = { eventId: 'tap-z', customer: 'g01-ana', answer: 'yes' }
    expect(await done(shop, 'POST', `/v1/polls/${id}/answers`, said, 'BK', 'again-poll')).toMatchObject({
      counted: true,
    })
    await answered(shop, 'g01-ana', 'z-1')
    expect(await placesOf(shop, 'tap-z')).toEqual([
      'customer.state',
      'evidence.id',
      'pollAnswer.eventId',
      'recommendation.inputs',
    ])
    expect(await forget(shop, 'g01-ana', 'told', 'tap-z')).toEqual(FORGOTTEN)
    // Its id stays, so that the till cannot say it again by mistake; it says nothing.
    expect(await placesOf(shop, 'tap-z')).toEqual(['evidence.id'])
  })

  test('a customer altogether, by either of her names, whatever she did with us', async () => {
    const shop = await openShop(kind)
    const [one, other] = ['zither-one', 'zither-other']
    await done(shop, 'POST', '/v1/webhooks', { url: 'https://shop.example/hook', types: [] }, 'owner')
    const { id: poll } = await done(shop, 'POST', '/v1/polls', POLL, 'owner')
    const at = (ref: string) => `/v1/customers/${ref}`
    for (const ref of [one, other]) {
      for (const purpose of ['personalise', 'childProfile', 'letter', 'sharePartner'])
        await done(
          shop,
          'POST',
          `${at(ref)}/consents`,
          { eventId: `${ref}-${purpose}`, purpose, decision: 'granted' },
          'BK',
          `consent-${ref.length}-${purpose}`,
        )
      const children = [{ id: `${ref}-c`, birthMonth: '2019-05' }]
      await done(shop, 'PUT', `${at(ref)}/household`, { firstName: 'Zitherina', children })
      const told = {
        eventId: `${ref}-told`,
        kind: 'told',
        goal: 'music-instrument',
        facet: 'piano',
        words: 'a zitherwish',
      }
      await done(shop, 'POST', `${at(ref)}/evidence`, told)
      const lines = [{ sku: 'SW-801', quantity: 1, unitPrice: 900, child: `${ref}-c` }]
      const sale = {
        source: 'z',
        externalId: `sale-${ref.length}`,
        site: 'BK',
        customer: ref,
        soldAt: '2026-03-01T12:00:00Z',
        lines,
      }
      await done(shop, 'POST', '/v1/purchases', { purchases: [sale] }, 'BK')
      const note = { eventId: `${ref}-note`, words: 'swims like a zitherfish', goal: 'mv-swim', toldMe: true }
      await done(shop, 'POST', `${at(ref)}/notes`, note, 'staff', `note-again-${ref.length}`)

      const { made } = await done(
        shop,
        'POST',
        `/v1/polls/${poll}/links`,
        { customer: ref },
        'owner',
        `link-again-${ref.length}`,
      )
      expect(made).toBe(true)

      // An offer that she takes; a place kept, confirmed and given back; another that she waits for.
      const { id, speak } = await answered(shop, ref, `rec-${ref.length}`)
      expect(speak).toBe(true)
      const accepted = { eventId: `yes-${ref.length}`, state: 'accepted' }
      await done(shop, 'POST', `/v1/recommendations/${id}/outcomes`, accepted, 'BK')
      const session = ref === one ? 'ses_O054_20260321_1000' : 'ses_O054_20260328_1000'
      const place = { eventId: `hold-${ref.length}`, sessionId: session, customer: ref }
      const { hold } = await done(shop, 'POST', '/v1/holds', place, 'staff', `hold-again-${ref.length}`)
      const confirm = { eventId: `confirm-${ref.length}`, customer: ref }
      await done(
        shop,
        'POST',
        `/v1/holds/${hold.id}/confirm`,
        confirm,
        'staff',
        `confirm-again-${ref.length}`,
      )
      const wait = { eventId: `wait-${ref.length}`, customer: ref }
      await done(shop, 'POST', `/v1/sessions/${session}/waiting`, wait, 'staff', `wait-again-${ref.length}`)
      await done(shop, 'DELETE', `/v1/holds/${hold.id}`)

      const answer = { eventId: `${ref}-poll`, customer: ref, answer: 'no' }
      await done(shop, 'POST', `/v1/polls/${poll}/answers`, answer, 'BK', `poll-again-${ref.length}`)
      await done(shop, 'POST', `${at(ref)}/about-link`, {}, 'staff', `about-again-${ref.length}`)
      await done(
        shop,
        'POST',
        `${at(ref)}/care`,
        { id: 'c', kind: 'promise', what: 'zither', promise: 'zithersoon' },
        'staff',
        `care-again-${ref.length}`,
      )
      await answered(shop, ref, `care-${ref.length}`)
    }
    await done(shop, 'POST', `/v1/polls/${poll}/export`, { most: 1000 }, 'owner', 'again-export')
    await done(shop, 'POST', `${at(other)}/merge`, { into: one, eventId: 'merge-z' }, 'owner', 'again-merge')
    await answered(shop, other, 'after-merge')
    expect((await placesOf(shop, 'zither')).length).toBeGreaterThan(20)
    expect(await done(shop, 'DELETE', at(other), undefined, 'staff', 'again-erase')).toEqual(FORGOTTEN)
    expect(await placesOf(shop, 'zither', 'Zither')).toEqual([])
  })

  test('no link that opens something is kept, not even to repeat its answer', async () => {
    const shop = await openShop(kind)
    const { id } = await done(shop, 'POST', '/v1/polls', POLL, 'owner')
    const body = await done(
      shop,
      'POST',
      `/v1/polls/${id}/links`,
      { customer: 'g01-ana' },
      'owner',
      'again-link',
    )
    const csv = (await done(
      shop,
      'POST',
      `/v1/polls/${id}/export`,
      { most: 5 },
      'owner',
      'again-csv',
    )) as unknown as string
    const about = await done(shop, 'POST', '/v1/customers/g01-ana/about-link', {}, 'staff', 'again-about')
    const tokens = [body.url, about.url, csv].flatMap((text: string) => text.match(/[0-9a-f]{64}/g) ?? [])
    expect(tokens.length).toBeGreaterThan(2)
    expect(await placesOf(shop, ...tokens)).toEqual([])
  })
})

/** Personas: kept, tried, edited and put away, by hand and from an answer that was given; on both engines. */
import { describe, expect, test } from 'vitest'
import { statement } from '../../src/store/engine.ts'
import { openOffice } from '../support/office.ts'
import { ENGINES } from '../support/shop.ts'
import { form, somebody } from '../support/visitor.ts'

const ana = {
  customer: 'g01-ana',
  basket: { lines: [{ sku: 'DR-204-6', category: 'dresses', name: 'Dress', unitPrice: 9600 }] },
}

describe.each(ENGINES)('%s', (kind) => {
  const opened = async () => {
    const office = await openOffice(kind)
    const rosa = await somebody(office.shop, 'cookie', 'owner', { staffId: 'st_rosa' })
    const page = async (
      path: string,
      init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
    ) => {
      const answer = await office.shop.send(path, { ...init, headers: { ...init.headers, ...rosa } })
      return { status: answer.status, to: answer.headers.get('location'), html: await answer.text() }
    }
    return { ...office, page }
  }

  test('of an answer a persona is made that is no copy of her, and passes', async () => {
    const { call, shop } = await opened()
    // Something that only she would say.
    const told = { eventId: 'own-words', kind: 'told', goal: 'mv-swim', words: 'since the lake at Petoskey' }
    await call('POST', '/v1/customers/g01-ana/evidence', told, { key: 'BK' })
    const { body: answer } = await call('POST', '/v1/recommendations', ana, { key: 'BK' })
    expect(answer.speak).toBe(true)
    const { status, body } = await call('GET', `/v1/recommendations/${answer.id}/persona`)
    expect(status).toBe(200)
    const { name, record } = body
    expect(body.passes).toBe(true)
    expect(record.must).toEqual({ say: [answer.primary.offerId] })
    const text = JSON.stringify(body)
    for (const hers of ['g01-ana', 'Petoskey', 'Ana', 'own-words', 'keeps asking'])
      expect(text, hers).not.toContain(hers)
    const days = [...record.household.lines, ...record.household.owned].map(({ on }: any) => on)
    for (const day of [...days, ...record.household.visits]) expect(day).toMatch(/-01$/)
    for (const month of record.household.birthMonths) expect(month).toMatch(/-(04|10)$/)
    const kept = await call('PUT', '/v1/personas/like-her', { name, record })
    expect([kept.status, kept.body.passes, kept.body.says]).toEqual([200, true, body.says])

    expect((await call('GET', '/v1/recommendations/nothing/persona')).status).toBe(404)
    // Who is forgotten is nobody's test.
    await call('DELETE', '/v1/customers/g01-ana')
    expect((await call('GET', `/v1/recommendations/${answer.id}/persona`)).status).toBe(404)
    const left = await shop.engine.all<{ n: number }>(
      statement("select count(*) n from persona where record like '%Petoskey%' or record like '%g01-ana%'"),
    )
    expect(left).toEqual([{ n: 0 }])
  })

  test('of what was typed about her only the shop’s own words stay, and of when she was here the hour', async () => {
    const { call, shop } = await opened()
    // An offer for music has a piano; of cousins none has.
    for (const [eventId, goal, facet] of [
      ['ours', 'music-instrument', 'piano'],
      ['hers', 'mv-swim', 'with cousin Zofia'],
    ])
      await call(
        'POST',
        '/v1/customers/g01-ana/evidence',
        { eventId, kind: 'told', goal, facet },
        { key: 'BK' },
      )
    const lines = [
      { sku: 'DR-204-6', name: 'Dress for Emma', unitPrice: 9600 },
      { category: 'dresses', name: 'To my Emma, a leotard', unitPrice: 9600 },
      { name: 'Love to Emma', unitPrice: 500 },
    ]
    const { body: answer } = await call(
      'POST',
      '/v1/recommendations',
      { customer: 'g01-ana', basket: { lines } },
      { key: 'BK' },
    )
    const path = `/v1/recommendations/${answer.id}/persona`
    const { body } = await call('GET', path)
    const { record } = body
    expect(JSON.stringify(body)).not.toMatch(/Emma|Zofia/i)
    expect(record.household.lines.map((line: any) => line.facet)).toContain('piano')
    expect(record.household.lines.some((line: any) => line.goal === 'mv-swim')).toBe(true)
    expect(record.basket[0]).toEqual({
      sku: 'DR-204-6',
      category: 'dresses',
      quantity: 1,
      unitPrice: 9600,
      gift: false,
    })
    expect(record.basket[1].category).toBe('dresses')
    expect(record.at).toMatch(/:00:00\.000Z$/)
    const [row] = await shop.engine.all<{ at: string }>(
      statement('select at from recommendation where id = ?', answer.id),
    )
    expect(record.at.slice(0, 13)).toBe(row!.at.slice(0, 13))
    // What a household must is tried at once, and a copy that is too rough says so.
    const kept = await call('PUT', '/v1/personas/rough', { name: body.name, record })
    expect([kept.body.passes, kept.body.why]).toEqual([body.passes, body.why])

    // Nothing more is made of her once she does not let us remember her.
    const no = { eventId: 'no', purpose: 'personalise', decision: 'withdrawn' }
    await call('POST', '/v1/customers/g01-ana/consents', no, { key: 'BK' })
    expect((await call('GET', path)).status).toBe(404)
    // Of nobody there is nobody to ask.
    const { body: stranger } = await call('POST', '/v1/recommendations', { basket: { lines } }, { key: 'BK' })
    const theirs = await call('GET', `/v1/recommendations/${stranger.id}/persona`)
    expect([theirs.status, theirs.body.record.household]).toEqual([200, null])
  })

  test('a form that says something odd is answered, never broken', async () => {
    const { page, call } = await opened()
    const fields = { name: 'X', site: 'BK', day: '2026-03-14', time: '11:42', known: 'yes', alsoSay: 'O054' }
    const sent = async (more: Record<string, string>) =>
      (await page('/owner/personas/new', form({ ...fields, ...more }))).status
    for (const more of [
      { day: '2026-99-99' },
      { day: '2026-02-30' },
      { day: '0000-00-00' },
      { time: '99:99' },
      { time: '24:00' },
      { site: 'zz' },
      { kind0: 'zzz', goal0: 'mv-swim', on0: 'x' },
      { orders: 'x' },
      { price0: 'x', category0: 'dresses' },
    ] as Record<string, string>[])
      expect([400, 422], JSON.stringify(more)).toContain(await sent(more))
    for (const [was, ticks] of [
      ['nothing', {}],
      ['null', {}],
      ['[]', {}],
      ['{"must":{"say":"x"}}', { say: '0' }],
      ['{"must":{"never":[5]}}', { never: '0' }],
      ['{"must":{},"household":{"lines":5}}', { line: '0' }],
      ['{"must":{},"household":{"lines":[null],"care":[5]}}', { line: '0', care: '0' }],
      ['{"must":{},"household":{"owned":5,"visits":{}}}', {}],
      ['{"must":{},"basket":{}}', { basket: '0' }],
      ['{"must":{},"basket":[null]}', { basket: '0' }],
      ['{"must":{},"at":5,"touchpoint":[]}', {}],
    ] as [string, Record<string, string>][])
      expect(await sent({ was, ...ticks }), was).toBe(303)

    // What cannot be read does not take along what can, and the ticks still tell which is which.
    const line = { kind: 'told', goal: 'mv-swim', on: '2026-02-07' }
    const was = JSON.stringify({ household: { lines: [null, line, { ...line, goal: 'mv-team' }] } })
    expect(await sent({ was, line: '1', name: 'Still swims' })).toBe(303)
    const { record } = (await call('GET', '/v1/personas/still-swims')).body
    expect(record.household.lines).toMatchObject([line])
  })

  test('two new ones of a name, at the same moment, are two; a kept one is written over only when that is meant', async () => {
    const { page, call, shop } = await opened()
    const fields = { name: 'Twins', site: 'BK', day: '2026-03-14', time: '11:42' }
    const made = await Promise.all(
      ['O054', 'O055', 'O049'].map((alsoNever) =>
        page('/owner/personas/new', form({ ...fields, alsoNever })),
      ),
    )
    expect(made.map(({ status }) => status)).toEqual([303, 303, 303])
    const never = await Promise.all(
      ['twins', 'twins-2', 'twins-3'].map(
        async (id) => (await call('GET', `/v1/personas/${id}`)).body.record?.must.never,
      ),
    )
    expect(never.flat()).toHaveLength(3)
    expect(new Set(never.flat())).toEqual(new Set(['O049', 'O054', 'O055']))

    const { name, record } = (await call('GET', '/v1/personas/twins')).body
    const put = async (body: object, headers: Record<string, string>) =>
      (await shop.ask('PUT', '/v1/personas/twins', body, 'owner', headers)).status
    expect(await put({ name: 'Other', record }, { 'if-none-match': '*' })).toBe(412)
    expect((await call('GET', '/v1/personas/twins')).body.name).toBe(name)
    expect(await put({ name: 'Other', record }, {})).toBe(200)
    expect((await call('GET', '/v1/personas/twins')).body.name).toBe('Other')
    // What was put away leaves its id free.
    await call('DELETE', '/v1/personas/twins')
    expect(await put({ name, record }, { 'if-none-match': '*' })).toBe(200)
  })

  test('the owner keeps one by hand, sees why it fails, changes it, and puts it away', async () => {
    const { page, call } = await opened()
    const before = await page('/owner/personas')
    expect(before.html).toContain('Keeps asking for a piano'.slice(6))
    const fields = {
      was: '',
      name: 'Swims, and wants more',
      site: 'BK',
      day: '2026-03-14',
      time: '11:42',
      known: 'yes',
      childProfile: 'yes',
      birthMonths: '2020-09',
      orders: '5',
      kind0: 'told',
      goal0: 'music-instrument',
      facet0: 'piano',
      on0: '2026-02-07',
      category0: 'dresses',
      price0: '96',
    }
    const nothing = await page('/owner/personas/new', form(fields))
    expect([nothing.status, nothing.html.includes('choose what must be')]).toEqual([422, true])
    // What was typed stays.
    expect(nothing.html).toContain('told us: Learning an instrument (piano), 7 February 2026')
    const unknown = await page('/owner/personas/new', form({ ...fields, goal0: 'no-such', alsoSay: 'O054' }))
    expect([unknown.status, unknown.html.includes('is unknown')]).toEqual([422, true])
    const kept = await page('/owner/personas/new', form({ ...fields, alsoSay: 'O054' }))
    expect([kept.status, kept.to]).toEqual([303, '/owner/personas?done=kept'])
    const path = '/v1/personas/swims-and-wants-more'
    const { body } = await call('GET', path)
    expect(body).toMatchObject({
      name: fields.name,
      record: {
        at: '2026-03-14T16:42:00.000Z',
        household: {
          birthMonths: ['2020-09'],
          consents: ['personalise', 'childProfile'],
          orders: 5,
          lines: [{ kind: 'told', goal: 'music-instrument', facet: 'piano', weight: 0.9, on: '2026-02-07' }],
        },
        basket: [{ category: 'dresses', unitPrice: 9600 }],
        must: { say: ['O054'] },
      },
    })
    // Another of the same name is another: none is written over.
    await page('/owner/personas/new', form({ ...fields, alsoNever: 'O054' }))
    expect((await call('GET', `${path}-2`)).body).toMatchObject({ record: { must: { never: ['O054'] } } })
    expect((await call('GET', path)).body.record.must).toEqual({ say: ['O054'] })

    const { record } = body
    const edited = await page(
      '/owner/personas/swims-and-wants-more',
      form({ ...fields, goal0: '', category0: '', was: JSON.stringify(record), line: '0', silent: 'yes' }),
    )
    expect(edited.status).toBe(303)
    const after = (await call('GET', path)).body
    expect(after.record).toMatchObject({
      basket: [],
      must: { silent: true },
      household: { lines: record.household.lines },
    })
    const shown = await page('/owner/personas/swims-and-wants-more')
    expect(shown.html).toContain(after.passes ? 'Passes' : 'Fails')
    const gone = await page('/owner/personas/swims-and-wants-more', form({ do: 'archive' }))
    expect([gone.status, (await call('GET', path)).status]).toEqual([303, 404])
  })
})

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
    const { record } = body
    expect(record.must).toEqual({ say: [answer.primary.offerId] })
    const text = JSON.stringify(body)
    for (const hers of ['g01-ana', 'Petoskey', 'Ana', 'own-words', 'keeps asking'])
      expect(text, hers).not.toContain(hers)
    const days = [...record.household.lines, ...record.household.owned].map(({ on }: any) => on)
    for (const day of [...days, ...record.household.visits]) expect(day).toMatch(/-01$/)
    for (const month of record.household.birthMonths) expect(month).toMatch(/-(04|10)$/)
    const kept = await call('PUT', '/v1/personas/like-her', body)
    expect([kept.status, kept.body.says.length > 0]).toEqual([200, true])

    expect((await call('GET', '/v1/recommendations/nothing/persona')).status).toBe(404)
    // Who is forgotten is nobody's test.
    await call('DELETE', '/v1/customers/g01-ana')
    expect((await call('GET', `/v1/recommendations/${answer.id}/persona`)).status).toBe(404)
    const left = await shop.engine.all<{ n: number }>(
      statement("select count(*) n from persona where record like '%Petoskey%' or record like '%g01-ana%'"),
    )
    expect(left).toEqual([{ n: 0 }])
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

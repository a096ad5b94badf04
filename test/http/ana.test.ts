/** Ana's whole way, through the API: told, offered, accepted, attended, enrolled, recital, outfit, and forgotten. */
import { describe, expect, test } from 'vitest'
import { ENGINES, openShop } from '../support/shop.ts'

const basket = (...lines: object[]) => ({ lines })
const DRESS = { sku: 'DR-204-6', name: 'Cotton lawn dress, 6Y', category: 'dresses', unitPrice: 9600 }
const HAT = { name: 'Straw hat', category: 'hats-accessories', unitPrice: 2200 }

describe.each(ENGINES)('%s', (kind) => {
  test('from a remark about a piano to the recital outfit, at every till and on the phone, and forgotten', async () => {
    const shop = await openShop(kind)
    const decide = async (id: string, more: object = {}, key = 'BK') =>
      (
        await shop.ask(
          'POST',
          '/v1/recommendations',
          { id, customer: 'g01-ana', staff: 'st_maya', basket: basket(), ...more },
          key,
        )
      ).body
    const told = (code: string, event: object) =>
      shop.ask('POST', `/v1/referrals/${code}/events`, event, 'partner')

    // Told, offered: the piano and not the violin.
    const offered = await decide('w1', { basket: basket(DRESS, HAT) })
    expect(offered.primary).toMatchObject({ offerId: 'O054', facet: 'piano' })
    expect(offered.primary.reasons[0].text).toBe('Told Maya on 7 February: keeps asking for a piano.')
    const [session] = offered.primary.sessions

    // Accepted: a place is kept and a code printed, in one write.
    const yes = await shop.ask('POST', '/v1/recommendations/w1/outcomes', {
      eventId: 'w1-yes',
      state: 'accepted',
      sessionId: session.id,
      staff: 'st_maya',
    })
    const { code } = yes.body.referral
    expect(yes.body).toMatchObject({
      recorded: true,
      referral: { state: 'booked', sessionId: session.id, expiresOn: '2026-03-21' },
    })
    expect(yes.body.receiptLine).toContain(code)
    const places = await shop.ask('GET', `/v1/sessions/${session.id}`, undefined, 'partner')
    expect(places.body.places.map((place: any) => [place.state, place.code])).toContainEqual(['held', code])
    expect(JSON.stringify(places.body)).not.toContain('g01-ana')

    // Attended: the introduction is behind her; the term of lessons may come.
    await shop.at('2026-03-23T16:00:00Z')
    expect((await told(code, { eventId: 'n1', kind: 'attended' })).body.state).toBe('attended')
    const why = async (id: string) =>
      (await shop.ask('GET', `/v1/recommendations/${id}/explanation`, undefined, 'owner')).body
    const refusal = (explained: any, offerId: string) =>
      explained.refusals.find((each: any) => each.offerId === offerId)?.gate ?? null
    await decide('w2')
    expect(refusal(await why('w2'), 'O054')).toBe('OWNED')
    expect(refusal(await why('w2'), 'O056')).not.toBe('PREREQUISITE')

    // Enrolled, with what the family pays: the conservatory owes nothing by its terms, and the favour counts.
    await shop.at('2026-08-28T16:00:00Z')
    expect((await told(code, { eventId: 'n2', kind: 'enrolled', value: 56_000 })).body.state).toBe('enrolled')
    await decide('w3')
    expect(refusal(await why('w3'), 'O056')).toBe('OWNED')
    const ledger = await shop.ask('GET', '/v1/partners/P02/ledger', undefined, 'owner')
    expect(ledger.body.entries.map((entry: any) => [entry.unit, entry.amount])).toEqual([['introduction', 1]])

    // A recital is set for 12 December. The alliance has to be there then: its terms are renewed by both sides.
    await told(code, { eventId: 'n3', kind: 'recitalScheduled', about: '2026-12-12' })
    const alliance = await shop.ask('GET', '/v1/alliances/A02', undefined, 'owner')
    const { record } = alliance.body.terms.at(-1)
    const renewed = await shop.ask(
      'POST',
      '/v1/alliances/A02/terms',
      { ...record, startsOn: '2026-09-01', endsOn: '2027-08-31' },
      'owner',
      { 'if-match': alliance.headers.get('etag')! },
    )
    expect(renewed.status).toBe(201)
    for (const side of ['owner', 'partner'])
      expect(
        (await shop.ask('POST', '/v1/alliances/A02/decisions', { version: 2, decision: 'agree' }, side))
          .status,
      ).toBe(200)

    // Too early: seven weeks before, no window is open. Six weeks before, it is: here, at the other site, on the phone.
    const lift = async (id: string) =>
      (await why(id)).scored.find((each: any) => each.offerId === 'O088')?.parts.nextStep ?? 1
    await shop.at('2026-10-24T16:00:00Z')
    await decide('w4')
    expect(await lift('w4')).toBe(1)
    await shop.at('2026-10-31T16:00:00Z')
    const fitting = await decide('w5')
    expect(fitting.primary.offerId).toBe('O088')
    expect(fitting.primary.reasons[0].text).toBe('A recital is coming on 12 December.')
    expect(fitting.primary.next.map((next: any) => next.offerId)).toContain('O011')
    expect(await lift('w5')).toBe(1.25)
    const elsewhere = await decide('w6', {}, 'LS')
    const phone = await decide('w7', { touchpoint: 'phone' }, 'staff')
    expect([elsewhere, phone].map((answer) => [answer.primary.offerId, answer.continuity])).toEqual([
      ['O088', 'kept'],
      ['O088', 'kept'],
    ])

    // She takes the fitting; the outfit is what comes next.
    await shop.ask('POST', '/v1/recommendations/w5/outcomes', {
      eventId: 'w5-yes',
      state: 'accepted',
      ...(fitting.primary.sessions[0] ? { sessionId: fitting.primary.sessions[0].id } : {}),
    })
    // Not on the 20th or the 21st: her moments of those days are drawn to stay silent, to measure by.
    await shop.at('2026-11-24T16:00:00Z')
    await shop.ask('POST', '/v1/customers/g01-ana/evidence', {
      eventId: 'fit',
      kind: 'attended',
      offer: 'O088',
    })
    // With a coat in the basket: what an outfit costs is within reach.
    const outfit = await decide('w8', { basket: basket({ category: 'dresses', unitPrice: 30_000 }) })
    expect(['O011', 'O012']).toContain(outfit.primary.offerId)

    // She asks us to forget the remark: the reason is gone from every later answer, also from repeated ones.
    expect((await shop.ask('DELETE', '/v1/customers/g01-ana/evidence/g01-ana-told-1')).body.recorded).toBe(
      true,
    )
    const held = await shop.ask('GET', '/v1/customers/g01-ana/evidence', undefined, 'staff')
    expect(JSON.stringify(held.body)).not.toMatch(/keeps asking/)
    for (const [key, touchpoint] of [
      ['BK', 'till'],
      ['LS', 'till'],
      ['staff', 'phone'],
    ] as const)
      expect(JSON.stringify(await decide(`after-${key}`, { touchpoint }, key))).not.toMatch(
        /keeps asking|Told Maya/,
      )
    expect(JSON.stringify(await decide('w1', { basket: basket(DRESS, HAT) }))).not.toMatch(
      /piano|keeps asking/i,
    )
  })
})

/** say what happened: places, referrals, fatigue, repeats; on both engines. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const hannah = {
  customer: 'g03-hannah',
  basket: {
    lines: [{ sku: 'YK-121', category: 'yoga-kids', name: 'Yoga leggings, lotus', unitPrice: 4600 }],
  },
}
const decide = async (shop: Shop, body: object, key = 'BK') =>
  (await shop.ask('POST', '/v1/recommendations', body, key)).body
const happened = (shop: Shop, id: string, body: object, key = 'BK') =>
  shop.ask('POST', `/v1/recommendations/${id}/outcomes`, body, key)
const count = async (shop: Shop, sql: string) =>
  (await shop.engine.all<{ n: number }>({ sql, params: [] }))[0]!.n

describe.each(ENGINES)('%s', (kind) => {
  test('accepted keeps the place and makes the referral in one write; the next answer is quiet, and the place is gone for others', async () => {
    const shop = await openShop(kind)
    const { id } = await decide(shop, { ...hannah, id: 'till-1' })
    const session = 'ses_O049_20260321_0930'
    const { status, body } = await happened(shop, id, {
      eventId: 'e1',
      state: 'accepted',
      sessionId: session,
      staff: 'st_priya',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      recorded: true,
      orphan: false,
      referral: { state: 'booked', sessionId: session, expiresOn: '2026-03-21' },
    })
    expect(body.referral.code).toMatch(/^BK-[2-9A-HJKMNP-Z]{5}$/)
    expect(body.receiptLine).toContain(body.referral.code)
    expect((await decide(shop, hannah)).speak).toBe(false)
    const nobody = await decide(shop, { basket: hannah.basket })
    expect(nobody.primary.sessions.find((s: any) => s.id === session).placesLeft).toBe(1)
    const [referral] = await shop.engine.all<Record<string, unknown>>({
      sql: 'select * from referral',
      params: [],
    })
    expect(referral).toMatchObject({
      code: body.referral.code,
      partnerId: 'P01',
      termsVersion: 1,
      state: 'booked',
      recommendationId: id,
    })
  })

  test('repeating an event changes nothing; the same event id for something else is refused', async () => {
    const shop = await openShop(kind)
    const { id } = await decide(shop, hannah)
    const event = { eventId: 'e1', state: 'accepted', sessionId: 'ses_O049_20260321_0930' }
    const first = await happened(shop, id, event)
    for (let i = 0; i < 3; i++) expect((await happened(shop, id, event)).body).toEqual(first.body)
    expect(await count(shop, 'select count(*) n from hold')).toBe(1)
    expect(await count(shop, 'select count(*) n from referral')).toBe(1)
    expect(await count(shop, `select sum(accepted) n from acceptance where offerId = 'O049'`)).toBe(1)
    const other = await happened(shop, id, { ...event, state: 'said' })
    expect([other.status, other.body.code, other.body.errors[0].field]).toEqual([422, 'id_reused', 'eventId'])
    // She declines, and the place is free again; she thinks again, takes another day, and keeps the code.
    const held = () => count(shop, `select count(*) n from hold where state = 'held'`)
    const state = async () =>
      (await shop.engine.all<{ state: string }>({ sql: 'select state from referral', params: [] }))[0]!.state
    await happened(shop, id, { eventId: 'e2', state: 'declined', reason: 'notNow' })
    expect([await held(), await state()]).toEqual([0, 'withdrawn'])
    const later = await happened(shop, id, { eventId: 'e3', state: 'accepted' })
    expect([later.body.referral.code, later.body.referral.state]).toEqual([
      first.body.referral.code,
      'accepted',
    ])
    const day = await happened(shop, id, {
      eventId: 'e4',
      state: 'booked',
      sessionId: 'ses_O049_20260411_0930',
    })
    expect(day.body.referral).toMatchObject({
      code: first.body.referral.code,
      state: 'booked',
      sessionId: 'ses_O049_20260411_0930',
    })
    const other2 = await happened(shop, id, {
      eventId: 'e5',
      state: 'booked',
      sessionId: 'ses_O049_20260321_0930',
    })
    expect([other2.body.referral.sessionId, await held(), await state()]).toEqual([
      'ses_O049_20260321_0930',
      1,
      'booked',
    ])
    const nonsense = await happened(shop, id, { eventId: 'e6', state: 'booked', sessionId: 'ses_nope' })
    expect([nonsense.status, nonsense.body.errors[0].field]).toEqual([422, 'sessionId'])
    expect(await count(shop, `select sum(accepted) n from acceptance where offerId = 'O049'`)).toBe(1)
  })

  test('a hold ends with its lease, and the place is free again', async () => {
    const shop = await openShop(kind)
    const { id } = await decide(shop, hannah)
    await happened(shop, id, { eventId: 'e1', state: 'accepted', sessionId: 'ses_O049_20260411_0930' })
    const left = async (at: string) => {
      await shop.at(at)
      const { primary } = await decide(shop, { basket: hannah.basket, dryRun: true })
      return primary.sessions.find((s: any) => s.id === 'ses_O049_20260411_0930')?.placesLeft
    }
    const held = await left('2026-03-27T12:00:00Z')
    expect(await left('2026-03-28T17:00:00Z')).toBe(held + 1)
  })

  test('declined rests, and a till that was offline says it all in one batch', async () => {
    const shop = await openShop(kind)
    const first = await decide(shop, { ...hannah, id: 'off-1' })
    const batch = {
      outcomes: [
        { recommendationId: first.id, eventId: 'b1', state: 'said', at: '2026-03-14T11:43:00-05:00' },
        {
          recommendationId: first.id,
          eventId: 'b2',
          state: 'declined',
          reason: 'notForUs',
          at: '2026-03-14T11:44:00-05:00',
        },
        { recommendationId: 'never-heard-of', eventId: 'b3', state: 'said' },
        { recommendationId: first.id, eventId: 'b1', state: 'wrong' },
      ],
    }
    const { status, body } = await shop.ask('POST', '/v1/outcomes', batch)
    expect(status).toBe(207)
    expect(
      body.results.map((r: any) => [r.eventId, r.status, r.outcome?.orphan ?? null, r.problem?.code ?? null]),
    ).toEqual([
      ['b1', 200, false, null],
      ['b2', 200, false, null],
      ['b3', 200, true, null],
      ['b1', 422, null, 'id_reused'],
    ])
    await shop.at('2026-06-14T16:42:00Z')
    const later = await decide(shop, hannah)
    const why = (await shop.ask('GET', `/v1/recommendations/${later.id}/explanation`, undefined, 'owner'))
      .body
    expect(why.refusals.find((r: any) => r.offerId === 'O049').gate).toMatch(/RESTING|NO_PLACES/)
  })

  test('an outcome that arrives late does not undo a later one', async () => {
    const shop = await openShop(kind)
    const { id } = await decide(shop, hannah)
    await happened(shop, id, {
      eventId: 'l1',
      state: 'declined',
      reason: 'notNow',
      at: '2026-03-14T12:00:00-05:00',
    })
    await happened(shop, id, { eventId: 'l2', state: 'said', at: '2026-03-14T11:50:00-05:00' })
    const [rec] = await shop.engine.all<{ outcome: string; saidAt: string }>({
      sql: `select outcome, saidAt from recommendation where id = '${id}'`,
      params: [],
    })
    expect(rec).toEqual({ outcome: 'declined', saidAt: '2026-03-14T16:50:00.000Z' })
    expect(await count(shop, `select sum(said) n from acceptance where offerId = 'O049'`)).toBe(1)
  })

  test('whatever is heard late comes to what it would have come to in order, unless she chose otherwise since', async () => {
    const shop = await openShop(kind)
    const place = 'ses_O049_20260411_0930'
    const what = { eventId: '', at: '', state: '' }
    const told = async (...events: [state: string, minute: number, sessionId?: string][]) => {
      const { id } = await decide(shop, { basket: hannah.basket })
      const answers = []
      for (const [i, [state, minute, sessionId]] of events.entries()) {
        Object.assign(what, { eventId: `${id}-${i}`, state, at: `2026-03-14T12:${minute}:00-05:00` })
        const reason = state === 'declined' ? { reason: 'notNow' } : {}
        answers.push(
          (await happened(shop, id, { ...what, ...reason, ...(sessionId ? { sessionId } : {}) })).body,
        )
      }
      const [at] = await shop.engine.all<{ referral: string | null; sessionId: string | null; held: number }>(
        {
          sql: `select (select state from referral where recommendationId = ?1) referral,
          (select sessionId from referral where recommendationId = ?1) sessionId,
          (select count(*) from hold where recommendationId = ?1 and state = 'held') held`,
          params: [id],
        },
      )
      return { ...at, answer: answers.at(-1) }
    }
    const booked = { referral: 'booked', sessionId: place, held: 1 }
    // She took the code, and a queued choice of a day comes after it.
    expect(await told(['accepted', 12], ['accepted', 10, place])).toMatchObject(booked)
    // Whether it was said is no choice.
    expect(await told(['said', 12], ['accepted', 10, place])).toMatchObject(booked)
    expect(await told(['accepted', 10, place], ['said', 30], ['declined', 20])).toMatchObject({
      referral: 'withdrawn',
      held: 0,
    })
    // She thought better of it since, or took the day since.
    expect(await told(['declined', 12], ['accepted', 10, place])).toMatchObject({
      referral: null,
      held: 0,
      answer: { recorded: true, referral: null, receiptLine: null },
    })
    expect(await told(['accepted', 12, place], ['declined', 10])).toMatchObject(booked)
    expect(await told(['accepted', 12, place], ['accepted', 10, 'ses_O049_20260321_0930'])).toMatchObject(
      booked,
    )
  })

  test('that it was said takes back no yes; a till’s clock moves nothing before its answer or far ahead', async () => {
    const shop = await openShop(kind)
    const stands = async (id: string) =>
      (
        await shop.engine.all<object>({
          sql: 'select outcome, outcomeAt, saidAt, at from recommendation where id = ?',
          params: [id],
        })
      )[0]
    const { id } = await decide(shop, { basket: hannah.basket })
    await happened(shop, id, { eventId: 'w1', state: 'accepted' })
    await happened(shop, id, { eventId: 'w2', state: 'said' })
    expect(await stands(id)).toMatchObject({ outcome: 'accepted' })
    await happened(shop, id, { eventId: 'w3', state: 'declined', reason: 'notNow' })
    expect(await stands(id)).toMatchObject({ outcome: 'declined' })

    const late = await decide(shop, { basket: hannah.basket })
    await happened(shop, late.id, { eventId: 'w6', state: 'said', at: '2026-03-14T12:30:00-05:00' })
    const no = { eventId: 'w7', state: 'declined', reason: 'notNow', at: '2026-03-14T12:20:00-05:00' }
    await happened(shop, late.id, no)
    expect(await stands(late.id)).toMatchObject({
      outcome: 'declined',
      outcomeAt: '2026-03-14T17:20:00.000Z',
    })

    const odd = await decide(shop, { basket: hannah.basket })
    await happened(shop, odd.id, { eventId: 'w4', state: 'said', at: '2026-03-01T12:00:00-06:00' })
    const before = (await stands(odd.id)) as { at: string }
    expect(before).toMatchObject({ outcome: 'said', outcomeAt: before.at, saidAt: before.at })
    await happened(shop, odd.id, { eventId: 'w5', state: 'askedMore', at: '2036-03-01T12:00:00-06:00' })
    expect(await stands(odd.id)).toMatchObject({ outcome: 'askedMore', saidAt: before.at })
    expect(((await stands(odd.id)) as { outcomeAt: string }).outcomeAt.slice(0, 10)).toBe('2026-03-14')
  })

  test('a yes and a no at the same instant: a place is held just where a booking stands', async () => {
    const shop = await openShop(kind)
    for (const [i, order] of [
      ['accepted', 'declined'],
      ['declined', 'accepted'],
      ['accepted', 'declined'],
      ['declined', 'accepted'],
    ].entries()) {
      const { id } = await decide(shop, { basket: hannah.basket })
      // In the first two the no is the later word, in the others the yes.
      const minute = { accepted: i < 2 ? 50 : 52, declined: 51 }
      await Promise.all(
        order.map((state) =>
          happened(shop, id, {
            eventId: `${id}-${state}`,
            state,
            at: `2026-03-14T11:${minute[state as 'accepted']}:00-05:00`,
            ...(state === 'declined' ? { reason: 'notNow' } : { sessionId: 'ses_O049_20260321_0930' }),
          }),
        ),
      )
      const [at] = await shop.engine.all<{ outcome: string; booked: number; held: number }>({
        sql: `select outcome, (select count(*) from referral where recommendationId = ?1 and state = 'booked') booked,
          (select count(*) from hold where recommendationId = ?1 and state = 'held') held from recommendation where id = ?1`,
        params: [id],
      })
      expect(at).toEqual(
        i < 2 ? { outcome: 'declined', booked: 0, held: 0 } : { outcome: 'accepted', booked: 1, held: 1 },
      )
    }
  })

  test('each way that an answer was met counts once: changing her mind, and a thing that has no referral', async () => {
    const shop = await openShop(kind)
    const learned = async (offerId: string) => {
      const [row] = await shop.engine.all<object>({
        sql: 'select sum(said) said, sum(accepted) accepted, sum(declined) declined from acceptance where offerId = ?',
        params: [offerId],
      })
      return row
    }
    const { id } = await decide(shop, hannah)
    for (const [i, state] of ['said', 'declined', 'accepted', 'declined', 'wrong', 'booked'].entries())
      await happened(shop, id, {
        eventId: `m${i}`,
        state,
        ...(state === 'declined' ? { reason: 'notNow' } : {}),
        at: `2026-03-14T12:0${i}:00-05:00`,
      })
    expect(await learned('O049')).toEqual({ said: 1, accepted: 1, declined: 1 })

    // A shop without offers lives on what goes with the basket.
    await shop.engine.atomic([
      BUMP,
      statement(`update offer set state = 'paused', rev = ${REV} where state = 'live'`),
    ])
    const beside = await decide(shop, { basket: { lines: [{ sku: 'SL-209', unitPrice: 5000 }] } })
    expect(beside.primary.offerId).toMatch(/^product:/)
    for (const [i, state] of ['accepted', 'accepted', 'booked'].entries())
      expect((await happened(shop, beside.id, { eventId: `p${i}`, state })).body.recorded).toBe(true)
    expect(await learned(beside.primary.offerId)).toEqual({ said: 1, accepted: 1, declined: 0 })
  })

  test('however many came before their answer are all taken up once it is on record; what cannot be is kept', async () => {
    const shop = await openShop(kind)
    const event = (i: number, more: object = {}) => ({
      recommendationId: 'early-many',
      eventId: `many-${i}`,
      state: 'said',
      at: new Date(Date.parse('2026-03-14T12:00:00Z') + i * 1000).toISOString(),
      ...more,
    })
    const outcomes = Array.from({ length: 120 }, (_, i) => event(i))
    // Later than many that wait behind it, and earlier than others: it stops none of them.
    outcomes[50] = event(50, { state: 'accepted', sessionId: 'ses_of_nobody' })
    const { status, body } = await shop.ask('POST', '/v1/outcomes', { outcomes })
    expect([status, body.results.every((r: any) => r.outcome?.orphan === true)]).toEqual([207, true])
    await decide(shop, { ...hannah, id: 'early-many' })
    const waiting = () => count(shop, 'select count(*) n from outcome where orphan in (1, 2)')
    for (let n = 0; n < 400 && (await waiting()) > 0; n++) {
      await shop.ask('GET', '/v1/recommendations/early-many')
      await new Promise((resolve) => setImmediate(resolve))
    }
    const open = await shop.engine.all(statement('select eventId, orphan from outcome where orphan <> 0'))
    expect(open).toEqual([{ eventId: 'many-50', orphan: 3 }])
    expect(await count(shop, "select count(*) n from outcome where recommendationId = 'early-many'")).toBe(
      120,
    )
  })

  test('those that wait are found by an index of their own', async () => {
    const shop = await openShop(kind)
    const plan = await shop.engine.all<{ detail: string }>(
      statement('explain query plan select * from outcome where orphan = 2 order by at limit 100'),
    )
    expect(plan[0]!.detail).toContain('outcome_orphan')
  })

  test('an answer of another site is not this till’s', async () => {
    const shop = await openShop(kind)
    const { id } = await decide(shop, hannah)
    const { body } = await happened(
      shop,
      id,
      { eventId: 'x1', state: 'accepted', sessionId: 'ses_O049_20260321_0930' },
      'LS',
    )
    expect(body).toMatchObject({ orphan: true, referral: null })
    expect(await count(shop, 'select count(*) n from hold')).toBe(0)
  })
})

test('at the edge, what an ended worker left waiting is taken up within the minute', async () => {
  const shop = await openShop('edge')
  const { id } = await decide(shop, hannah)
  await happened(shop, 'not-yet', { eventId: 'left', state: 'said' })
  // The worker ended between the two: the answer is on record, and nobody took up what waits for it.
  await shop.engine.atomic([
    statement("update outcome set orphan = 2, recommendationId = ? where eventId = 'left'", id),
  ])
  await shop.minute!()
  expect(await count(shop, "select orphan n from outcome where eventId = 'left'")).toBe(0)
  expect(await count(shop, 'select count(*) n from recommendation where saidAt is not null')).toBe(1)
})

test('invariant 12: whatever happens in whatever order, an answer has at most one referral and one place, and repeating what is on record changes nothing', async () => {
  const shop = await openShop('node')
  let run = 0
  const event = fc.record({
    state: fc.constantFrom('notSaid', 'said', 'askedMore', 'accepted', 'booked', 'declined', 'wrong'),
    minute: fc.integer({ min: 0, max: 59 }),
    withPlace: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 6 }), async (events) => {
      const id = `p-${run++}`
      await decide(shop, { id, basket: hannah.basket })
      const before = await count(
        shop,
        `select coalesce(sum(said + 1000 * accepted), 0) n from acceptance where offerId = 'O049'`,
      )
      const tell = async (which: typeof events) => {
        const answers = new Map<(typeof events)[number], { recorded: boolean }>()
        for (const event of which) {
          const { state, minute, withPlace } = event
          const { body } = await happened(shop, id, {
            eventId: `${id}-${events.indexOf(event)}`,
            state,
            at: `2026-03-14T12:${String(minute).padStart(2, '0')}:00-05:00`,
            ...(state === 'declined' ? { reason: 'notNow' } : {}),
            ...(withPlace && state === 'accepted' ? { sessionId: 'ses_O049_20260411_0930' } : {}),
          })
          answers.set(event, body)
        }
        return answers
      }
      const everything = () =>
        shop.engine.all({
          sql: `select (select group_concat(eventId || state || answer) from outcome where recommendationId = ?1) o, (select group_concat(code || state) from referral where recommendationId = ?1) r,
            (select group_concat(id || state) from hold where recommendationId = ?1) h, (select outcome || outcomeAt || coalesce(saidAt, '') from recommendation where id = ?1) rec,
            (select sum(said + 1000 * accepted) from acceptance where offerId = 'O049') counts`,
          params: [id],
        })
      const answers = await tell(events)
      const once = await everything()
      const recorded = events.filter((event) => answers.get(event)!.recorded)
      const again = await tell(recorded)
      for (const event of recorded) expect(again.get(event)).toEqual(answers.get(event))
      expect(await everything()).toEqual(once)
      // The places run out on the way. What was refused may come again, and still has its effect at most once.
      await tell(events)
      expect(
        await count(shop, `select count(*) n from referral where recommendationId = '${id}'`),
      ).toBeLessThanOrEqual(1)
      expect(
        await count(shop, `select count(*) n from hold where state = 'held' and recommendationId = '${id}'`),
      ).toBeLessThanOrEqual(1)
      const accepted = events.some(({ state }) => state === 'accepted' || state === 'booked')
      const said = events.some(({ state }) => state !== 'notSaid')
      const after = await count(
        shop,
        `select coalesce(sum(said + 1000 * accepted), 0) n from acceptance where offerId = 'O049'`,
      )
      const referrals = await count(shop, `select count(*) n from referral where recommendationId = '${id}'`)
      expect(after - before).toBeLessThanOrEqual((said ? 1 : 0) + (accepted ? 1000 : 0))
      if (accepted && referrals === 1) expect(after - before).toBe(1001)
    }),
    { numRuns: 300 },
  )
})

/** Two tills, the last place, the same instant, 200 times. */
describe.each([
  ['node', 200],
  ['edge', 200],
] as const)('%s', (kind, times) => {
  test(`two tills book the last place at the same instant, ${times} times: never one too many`, async () => {
    const shop = await openShop(kind)
    const session = (i: number) => `ses_race_${i}`
    await shop.engine.atomic([
      { sql: 'update revision set n = n + 1', params: [] },
      ...Array.from({ length: times }, (_, i) => ({
        sql: `insert into session (id, offerId, siteId, place, startsAt, endsAt, capacity, bookedElsewhere, rev) values (?, 'O049', 'BK', 'Room', '2026-03-20T10:00:00-05:00', '2026-03-20T11:00:00-05:00', 12, 11, (select n from revision))`,
        params: [session(i)],
      })),
      // The terms of its alliance allow 48 a month.
      {
        sql: `update terms set record = json_set(record, '$.perMonth', null), rev = (select n from revision)`,
        params: [],
      },
    ])
    const recs = await Promise.all(
      Array.from({ length: 2 * times }, (_, i) => decide(shop, { id: `race-${i}`, basket: hannah.basket })),
    )
    expect(recs.every((rec) => rec.primary?.offerId === 'O049')).toBe(true)
    const won: number[] = []
    for (let i = 0; i < times; i++) {
      const both = await Promise.all(
        [0, 1].map((k) =>
          happened(shop, `race-${2 * i + k}`, {
            eventId: `r${i}-${k}`,
            state: 'accepted',
            sessionId: session(i),
          }),
        ),
      )
      expect(both.map(({ status }) => status)).toEqual([200, 200])
      expect(
        both.filter(({ body }) => !body.recorded).map(({ body }) => [body.reason, body.referral]),
      ).toEqual([['NO_PLACES', null]])
      won.push(both.filter(({ body }) => body.recorded).length)
    }
    expect(won).toEqual(Array(times).fill(1))
    expect(
      await count(
        shop,
        `select count(*) n from session s where bookedElsewhere + (select count(*) from hold where sessionId = s.id and state <> 'released') > capacity`,
      ),
    ).toBe(0)
  })
})

/** Sessions, holds and who waits: places are never more than there are, whoever asks when; on both engines. */
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GuardFailed } from '../../src/store/engine.ts'
import {
  addWaiting,
  confirmHold,
  findHold,
  leaveWaiting,
  releaseHold,
  takeHold,
} from '../../src/store/hold.ts'
import { addSessions, cancelSession, changeSession, findSession } from '../../src/store/session.ts'
import { SEEDED_AT } from '../support/engines.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop as openPlainShop } from '../support/shop.ts'

const PIANO = 'O054'
const times = { startsAt: '2026-03-28T10:00:00-05:00', endsAt: '2026-03-28T10:30:00-05:00' }

/** A shop whose every answer is held against the published document. */
async function openShop(kind: (typeof ENGINES)[number]): Promise<Shop> {
  const shop = await openPlainShop(kind)
  const document = (await shop.ask('GET', '/openapi.json')).body
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema(document, 'api')
  const pointer = (parts: string[]) =>
    parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
  const paths = Object.keys(document.paths).map((path) => ({
    path,
    fits: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
  }))
  return {
    ...shop,
    ask: async (method, address, body, key) => {
      const reply = await shop.ask(method, address, body, key)
      const { path } = paths.find(({ fits }) => fits.test(address.split('?')[0]!))!
      const answer = document.paths[path][method.toLowerCase()].responses[reply.status]
      expect(answer, `${method} ${path} ${reply.status}`).toBeDefined()
      const type = Object.keys(answer.content)[0]!
      const parts = ['paths', path, method.toLowerCase(), 'responses', String(reply.status), 'content', type]
      const check = ajv.compile({ $ref: `api#/${pointer(parts)}/schema` })
      expect(check(reply.body), `${method} ${path}: ${JSON.stringify(check.errors)}`).toBe(true)
      return reply
    },
  }
}

/** A new session of the conservatory's, or another offer's. */
async function newSession(shop: Shop, capacity: number, more: object = {}, offerId = PIANO): Promise<string> {
  const body = { ...times, place: 'Studio 9', capacity, ...more }
  const reply = await shop.ask('POST', `/v1/offers/${offerId}/sessions`, body, 'owner')
  expect(reply.status, JSON.stringify(reply.body)).toBe(201)
  return reply.body.ids[0]
}
const hold = async (shop: Shop, sessionId: string, eventId: string, more: object = {}, key = 'BK') =>
  (await shop.ask('POST', '/v1/holds', { eventId, sessionId, ...more }, key)).body
const confirm = async (shop: Shop, id: string, more: object = {}, key = 'BK') =>
  (await shop.ask('POST', `/v1/holds/${id}/confirm`, { eventId: `c-${id}`, ...more }, key)).body
const look = async (shop: Shop, id: string, key = 'staff') =>
  (await shop.ask('GET', `/v1/sessions/${id}`, undefined, key)).body
const rows = (shop: Shop, sql: string) => shop.engine.all<Record<string, any>>({ sql, params: [] })

describe.each(ENGINES)('%s', (kind) => {
  test('sessions repeat by the site’s clock, are listed in pages, and a partner has only its own', async () => {
    const shop = await openShop(kind)
    const weekly = await shop.ask(
      'POST',
      `/v1/offers/${PIANO}/sessions`,
      {
        startsAt: '2026-10-24T10:00:00-05:00',
        endsAt: '2026-10-24T10:30:00-05:00',
        place: 'Studio 9',
        capacity: 3,
        every: 'week',
        until: '2026-11-07',
      },
      'partner',
    )
    expect([weekly.status, weekly.body.ids.length]).toEqual([201, 3])
    const from = '2026-10-01T00:00:00Z'
    const seen = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path = `/v1/offers/${PIANO}/sessions?from=${from}&limit=2${cursor && `&cursor=${cursor}`}`
      const { body } = await shop.ask('GET', path, undefined, 'partner')
      seen.push(...body.items)
      cursor = body.next
    }
    expect(seen.map((s) => [s.id, s.startsAt, s.free])).toEqual([
      [weekly.body.ids[0], '2026-10-24T10:00:00-05:00', 3],
      [weekly.body.ids[1], '2026-10-31T10:00:00-05:00', 3],
      [weekly.body.ids[2], '2026-11-07T10:00:00-06:00', 3],
    ])
    const refused = async (body: object, key = 'owner', offerId = PIANO) => {
      const reply = await shop.ask(
        'POST',
        `/v1/offers/${offerId}/sessions`,
        { ...times, place: 'Studio 9', capacity: 2, ...body },
        key,
      )
      return [reply.status, reply.body.errors[0]?.field ?? null]
    }
    expect(await refused({}, 'partner', 'O049')).toEqual([404, null])
    expect(await refused({}, 'staff')).toEqual([403, null])
    expect(await refused({ site: 'nope' })).toEqual([422, 'site'])
    expect(await refused({ every: 'week' })).toEqual([400, 'until'])
    expect(await refused({ every: 'week', until: '2031-01-01' })).toEqual([400, 'until'])
    expect(await refused({ endsAt: times.startsAt })).toEqual([400, 'endsAt'])
    expect(await refused({ bookedElsewhere: 3 })).toEqual([400, 'bookedElsewhere'])
    expect(await refused({ timeZone: 'Mars/Olympus' })).toEqual([400, 'timeZone'])
  })

  test('a place is held, confirmed with its code, and repeating any of it changes nothing', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 3, { bookedElsewhere: 1 })
    const first = await hold(shop, session, 'e1', { staff: 'st_priya', customer: 'g01-ana' })
    expect(first).toEqual({
      held: true,
      reason: null,
      hold: {
        id: 'hold_e1',
        sessionId: session,
        expiresAt: expect.stringMatching(/^2026-03-14T17:02:0/),
        place: 2,
      },
      waiting: 0,
    })
    expect(await hold(shop, session, 'e1', { staff: 'st_priya', customer: 'g01-ana' })).toEqual(first)
    const other = await shop.ask('POST', '/v1/holds', { eventId: 'e1', sessionId: 'ses_O049_20260321_0930' })
    expect([other.status, other.body.code, other.body.errors[0].field]).toEqual([422, 'id_reused', 'eventId'])
    const yes = await confirm(shop, 'hold_e1')
    expect(yes).toMatchObject({ confirmed: true, reason: null })
    expect(yes.code).toMatch(/^BK-[2-9A-HJKMNP-Z]{5}$/)
    expect(yes.receiptLine).toContain(yes.code)
    expect(await confirm(shop, 'hold_e1')).toEqual(yes)
    const [referral] = await rows(shop, 'select * from referral')
    expect(referral).toMatchObject({
      code: yes.code,
      direction: 'ours',
      state: 'booked',
      offerId: PIANO,
      partnerId: 'P02',
      allianceId: 'A02',
      termsVersion: 1,
      siteId: 'BK',
      staffId: 'st_priya',
      customer: 'g01-ana',
      sessionId: session,
      madeOn: '2026-03-14',
      expiresOn: '2026-03-28',
      statusDueOn: '2026-04-11',
      newsOn: null,
    })
    expect((await rows(shop, 'select count(*) n from referral'))[0]!.n).toBe(1)
    expect(await rows(shop, 'select id, kind, effect from referralEvent')).toEqual([
      { id: 'shop/c-hold_e1', kind: 'booked', effect: 'moved' },
    ])
    expect(await look(shop, session)).toMatchObject({
      capacity: 3,
      bookedElsewhere: 1,
      held: 0,
      confirmed: 1,
      free: 1,
      places: [{ holdId: 'hold_e1', place: 2, state: 'confirmed', code: yes.code, customer: 'g01-ana' }],
    })
    // A partner knows the code and not whose it is.
    const partners = await look(shop, session, 'partner')
    expect(partners.places).toMatchObject([{ holdId: null, code: yes.code, customer: null }])
    expect(JSON.stringify(partners)).not.toMatch(/ana|hold_e1/)
    // The other site's staff may see the place, not the customer, and not touch it.
    expect((await look(shop, session, 'encore_staff_demo_LS')).places[0].customer).toBeNull()
    expect((await shop.ask('DELETE', '/v1/holds/hold_e1', undefined, 'LS')).status).toBe(404)
  })

  test('a place that came with an answer keeps the answer’s code, and gives it back with the place', async () => {
    const shop = await openShop(kind)
    const basket = { lines: [{ sku: 'YK-121', category: 'yoga-kids', name: 'Leggings', unitPrice: 4600 }] }
    const rec = (await shop.ask('POST', '/v1/recommendations', { basket })).body
    const said = { eventId: 'o1', state: 'accepted', sessionId: 'ses_O049_20260321_0930' }
    const { referral } = (await shop.ask('POST', `/v1/recommendations/${rec.id}/outcomes`, said)).body
    expect(await confirm(shop, 'hold_o1')).toMatchObject({ confirmed: true, code: referral.code })
    expect(await rows(shop, 'select code, state, sessionId from referral')).toEqual([
      { code: referral.code, state: 'booked', sessionId: said.sessionId },
    ])
    await shop.ask('DELETE', '/v1/holds/hold_o1')
    await shop.ask('DELETE', '/v1/holds/hold_o1')
    expect(await rows(shop, 'select state from referral')).toEqual([{ state: 'withdrawn' }])
    expect((await rows(shop, `select count(*) n from hold where state <> 'released'`))[0]!.n).toBe(0)
  })

  test('an event id that confirmed another place is refused', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 3)
    for (const id of ['a', 'b']) await hold(shop, session, id)
    await confirm(shop, 'hold_a', { eventId: 'once' })
    const again = await shop.ask('POST', '/v1/holds/hold_b/confirm', { eventId: 'once' })
    expect([again.status, again.body.code]).toEqual([422, 'id_reused'])
    expect((await confirm(shop, 'hold_b', { eventId: 'other' })).confirmed).toBe(true)
  })

  test('the shop’s own offer needs no code', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 1, { site: 'BK' }, 'O098')
    await hold(shop, session, 'own')
    const yes = await confirm(shop, 'hold_own')
    expect([yes.confirmed, yes.code]).toEqual([true, null])
    expect(await rows(shop, 'select code from referral')).toEqual([])
  })

  test('a lease that ran out is taken again where a place is free, and is lost where none is', async () => {
    const shop = await openShop(kind)
    const [alone, wanted] = [await newSession(shop, 1), await newSession(shop, 1)]
    await hold(shop, alone, 'a', { minutes: 5 })
    await hold(shop, wanted, 'b', { minutes: 5 })
    await shop.at('2026-03-14T16:50:00Z')
    expect(await look(shop, alone)).toMatchObject({ held: 0, free: 1, places: [] })
    expect((await hold(shop, wanted, 'c')).held).toBe(true)
    expect(await confirm(shop, 'hold_a')).toMatchObject({ confirmed: true, hold: { place: 1 } })
    expect(await confirm(shop, 'hold_b')).toMatchObject({ confirmed: false, reason: 'NO_PLACES', code: null })
    expect((await rows(shop, 'select count(*) n from referral'))[0]!.n).toBe(1)
  })

  test('there are four reasons not to hold a place, and each is an answer', async () => {
    const shop = await openShop(kind)
    const [full, off, ready] = [
      await newSession(shop, 0),
      await newSession(shop, 2),
      await newSession(shop, 2),
    ]
    await shop.ask('POST', `/v1/sessions/${off}/cancel`, {}, 'owner')
    expect(await hold(shop, full, 'f')).toEqual({ held: false, reason: 'NO_PLACES', hold: null, waiting: 0 })
    expect((await hold(shop, off, 'o')).reason).toBe('CANCELLED')
    const elsewhere = await newSession(shop, 1, { site: 'LS' }, 'O098')
    expect((await hold(shop, elsewhere, 'ls')).reason).toBe('NOT_OFFERED')
    await shop.engine.atomic([
      { sql: 'update revision set n = n + 1', params: [] },
      {
        sql: `update alliance set state = 'paused', rev = (select n from revision) where id = 'A02'`,
        params: [],
      },
    ])
    expect((await hold(shop, ready, 'p')).reason).toBe('NOT_OFFERED')
    await shop.at('2026-03-28T15:00:00Z')
    expect((await hold(shop, ready, 's')).reason).toBe('STARTED')
    const unknown = await shop.ask('POST', '/v1/holds', { eventId: 'u', sessionId: 'nope' })
    expect([unknown.status, unknown.body.errors[0].field]).toEqual([422, 'sessionId'])
  })

  test('who waits longest has the place that is given back; the referral is withdrawn with it', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 1)
    await hold(shop, session, 'h', { customer: 'g01-ana' })
    await confirm(shop, 'hold_h')
    const wait = async (eventId: string) =>
      (await shop.ask('POST', `/v1/sessions/${session}/waiting`, { eventId })).body
    const first = await wait('w1')
    expect(first).toEqual({
      waits: true,
      reason: null,
      waiting: { id: 'wait_w1', state: 'waiting', position: 1, hold: null },
    })
    expect(await wait('w1')).toEqual(first)
    await shop.at('2026-03-14T16:43:00Z')
    expect((await wait('w2')).waiting.position).toBe(2)
    expect((await hold(shop, session, 'late')).waiting).toBe(2)
    const back = await shop.ask('DELETE', '/v1/holds/hold_h')
    expect(back.body).toEqual({
      released: true,
      placed: [
        {
          waitingId: 'wait_w1',
          holdId: 'place_wait_w1',
          expiresAt: expect.stringMatching(/^2026-03-15T16:43:0/),
        },
      ],
    })
    expect((await shop.ask('DELETE', '/v1/holds/hold_h')).body).toEqual({ released: true, placed: [] })
    expect(await rows(shop, 'select state from referral')).toEqual([{ state: 'withdrawn' }])
    expect(await confirm(shop, 'hold_h')).toMatchObject({ confirmed: false, reason: 'RELEASED' })
    expect((await wait('w1')).waiting).toMatchObject({ state: 'placed', hold: { place: 1 } })
    // A free place goes to who waits, before anybody who asks: the lease of the first has run out.
    await shop.at('2026-03-15T17:00:00Z')
    expect(await hold(shop, session, 'later')).toMatchObject({ held: false, reason: 'NO_PLACES', waiting: 0 })
    expect((await confirm(shop, 'place_wait_w2')).confirmed).toBe(true)
    expect((await shop.ask('DELETE', '/v1/waiting/wait_w2')).body.waiting.state).toBe('placed')
  })

  test('capacity never goes below what is kept; more places go to who waits; cancelling says who must be told', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 3, { bookedElsewhere: 1 })
    for (const id of ['x', 'y']) await hold(shop, session, id)
    const { code } = await confirm(shop, 'hold_x')
    await shop.ask('POST', `/v1/sessions/${session}/waiting`, { eventId: 'w' })
    const put = (body: object, key = 'owner') =>
      shop.ask('PUT', `/v1/sessions/${session}`, { ...times, place: 'Studio 9', ...body }, key)
    const less = await put({ capacity: 2 })
    expect([less.status, less.body.code, less.body.errors]).toEqual([
      409,
      'conflict',
      [{ field: 'capacity', message: 'must not be below 3' }],
    ])
    const more = await put({ capacity: 4, place: 'Studio 1' }, 'partner')
    expect(more.body).toMatchObject({
      session: { capacity: 4, held: 2, confirmed: 1, free: 0, waiting: 0, place: 'Studio 1' },
      toTell: [code],
    })
    const asked = { basket: { lines: [] }, customer: 'g01-ana', dryRun: true }
    const listed = async () =>
      ((await shop.ask('POST', '/v1/recommendations', asked)).body.primary?.sessions ?? []).map(
        (s: any) => s.id,
      )
    expect((await put({ capacity: 6 })).status).toBe(200)
    expect(await listed()).toContain(session)
    const off = () => shop.ask('POST', `/v1/sessions/${session}/cancel`, {}, 'partner')
    expect((await off()).body).toEqual({ id: session, cancelled: true, released: 3, toTell: [code] })
    expect(await listed()).not.toContain(session)
    expect((await off()).body).toEqual({ id: session, cancelled: true, released: 0, toTell: [code] })
    expect((await put({ capacity: 9 })).body.code).toBe('conflict')
    expect((await confirm(shop, 'hold_y')).reason).toBe('CANCELLED')
    expect(await look(shop, session)).toMatchObject({ cancelled: true, confirmed: 0, places: [] })
  })

  test('50 callers for one last place: exactly one has it', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 4, { bookedElsewhere: 3 })
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        shop.ask('POST', '/v1/holds', { eventId: `r${i}`, sessionId: session }, i % 2 ? 'BK' : 'LS'),
      ),
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(replies.filter(({ body }) => body.held).length).toBe(1)
    expect(new Set(replies.filter(({ body }) => !body.held).map(({ body }) => body.reason))).toEqual(
      new Set(['NO_PLACES']),
    )
  })

  test('the same event from two tills at once is one hold, and one confirmation', async () => {
    const shop = await openShop(kind)
    const session = await newSession(shop, 5)
    const twice = await Promise.all([0, 1, 2].map(() => hold(shop, session, 'same')))
    expect(new Set(twice.map((body) => JSON.stringify(body))).size).toBe(1)
    const codes = await Promise.all([0, 1, 2].map(() => confirm(shop, 'hold_same')))
    expect(new Set(codes.map(({ code }) => code)).size).toBe(1)
    expect((await rows(shop, 'select count(*) n from referral'))[0]!.n).toBe(1)
  })

  test('invariant 8: held, confirmed and booked elsewhere are never more than the capacity, in any order of events', async () => {
    const shop = await openShop(kind)
    const { engine } = shop
    let run = 0
    const step = fc.record({
      does: fc.constantFrom(
        'take',
        'take',
        'take',
        'confirm',
        'release',
        'wait',
        'leave',
        'capacity',
        'booked',
        'cancel',
      ),
      who: fc.integer({ min: 0, max: 5 }),
      size: fc.integer({ min: 0, max: 4 }),
      /** Minutes until it happens: leases last ten. */
      after: fc.integer({ min: 0, max: 8 }),
      /** At the same time as the next. */
      together: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 18 }), async (steps) => {
        const id = `ses_p${run++}`
        const fields = { siteId: null, place: 'Room', facet: null, ...times }
        await addSessions(engine, [{ id, offerId: PIANO, ...fields, capacity: 2, bookedElsewhere: 0 }])
        let nowMs = Date.parse(SEEDED_AT)
        let running: Promise<unknown>[] = []
        for (const { does, who, size, after, together } of steps) {
          nowMs += after * 60_000
          const now = new Date(nowMs).toISOString()
          const holdId = `${id}-${who}`
          const change = (capacity: number, bookedElsewhere: number | null) =>
            changeSession(engine, id, { ...fields, capacity, bookedElsewhere }, now)
          const write = async () => {
            if (does === 'take')
              return takeHold(engine, {
                id: holdId,
                sessionId: id,
                expiresAt: new Date(nowMs + 600_000).toISOString(),
                customer: null,
                recommendationId: null,
                now,
              })
            if (does === 'capacity') return change(size, null)
            if (does === 'booked') return change(2, Math.min(size, 2))
            if (does === 'cancel') return size === 0 ? cancelSession(engine, id) : null
            if (does === 'leave') return leaveWaiting(engine, `w-${holdId}`)
            if (does === 'wait')
              return addWaiting(engine, {
                id: `w-${holdId}`,
                sessionId: id,
                customer: null,
                staffId: null,
                at: now,
              })
            const hold = (await findHold(engine, holdId)) ?? (await findHold(engine, `place_w-${holdId}`))
            if (!hold) return null
            return does === 'release'
              ? releaseHold(engine, hold, now)
              : confirmHold(engine, { hold, now, customer: null, referral: null, isMade: false })
          }
          running.push(
            write().catch((error) => {
              // A refusal is an answer; a constraint of the session's own bounds is one too.
              if (!(error instanceof GuardFailed)) throw error
            }),
          )
          if (together) continue
          await Promise.all(running)
          running = []
          const session = (await findSession(engine, id, now))!
          const kept = await engine.all<{ n: number; places: number }>({
            sql: `select count(*) n, count(distinct place) places from hold where sessionId = ? and state <> 'released'`,
            params: [id],
          })
          const { held, confirmed, bookedElsewhere, capacity } = session
          expect(held + confirmed + bookedElsewhere).toBeLessThanOrEqual(capacity)
          expect(kept[0]!.n + bookedElsewhere).toBeLessThanOrEqual(capacity)
          expect(kept[0]!.places).toBe(kept[0]!.n)
          if (session.cancelled) expect([held, confirmed, session.waiting]).toEqual([0, 0, 0])
        }
        await Promise.all(running)
      }),
      { numRuns: kind === 'node' ? 150 : 25, seed: 20_260_314 },
    )
  })
})

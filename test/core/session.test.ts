/** Sessions that repeat, and what a calendar changes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CalendarSession, KnownSession } from '../../src/core/session.ts'
import { noPlaceIn, occurrences, placesFree, planImport, uidOf } from '../../src/core/session.ts'
import { instantOf, localIso } from '../../src/core/time.ts'
import { NOON, offer, smallShop } from '../support/small-shop.ts'

const CHICAGO = 'America/Chicago'
const at = (iso: string) => Date.parse(iso)
const shown = (instants: number[]) => instants.map((ms) => localIso(ms, CHICAGO))

describe('wall clock times', () => {
  test.each([
    ['2026-03-08T01:30:00', '2026-03-08T01:30:00-06:00'],
    ['2026-03-08T02:30:00', '2026-03-08T03:30:00-05:00'],
    ['2026-03-08T03:00:00', '2026-03-08T03:00:00-05:00'],
    ['2026-11-01T01:30:00', '2026-11-01T01:30:00-05:00'],
    ['2026-11-01T02:00:00', '2026-11-01T02:00:00-06:00'],
  ])('%s in Chicago is %s', (local, expected) => {
    expect(localIso(instantOf(local, CHICAGO), CHICAGO)).toBe(expected)
  })
  test('every hour that a clock shows is read back as it is shown', () => {
    const zone = fc.constantFrom(CHICAGO, 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC')
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 2 * 365 * 96 }), (timeZone, quarter) => {
        const ms = at('2026-01-01T00:00:00Z') + quarter * 900_000
        const local = localIso(ms, timeZone).slice(0, 19)
        expect(localIso(instantOf(local, timeZone), timeZone).slice(0, 19)).toBe(local)
      }),
    )
  })
})

describe('a session that repeats', () => {
  test('keeps its wall clock time when the clocks go forward', () => {
    const weekly = { every: 'week' as const, until: '2026-03-15', times: null }
    expect(shown(occurrences(at('2026-03-01T16:00:00Z'), CHICAGO, weekly, 200))).toEqual([
      '2026-03-01T10:00:00-06:00',
      '2026-03-08T10:00:00-05:00',
      '2026-03-15T10:00:00-05:00',
    ])
  })
  test('and when they go back', () => {
    const every = { every: 'twoWeeks' as const, until: null, times: 3 }
    expect(shown(occurrences(at('2026-10-18T15:00:00Z'), CHICAGO, every, 200))).toEqual([
      '2026-10-18T10:00:00-05:00',
      '2026-11-01T10:00:00-06:00',
      '2026-11-15T10:00:00-06:00',
    ])
  })
  test('is left out in months that lack its day', () => {
    const monthly = { every: 'month' as const, until: null, times: 4 }
    expect(
      occurrences(at('2026-01-31T12:00:00Z'), 'UTC', monthly, 200).map((ms) =>
        new Date(ms).toISOString().slice(0, 10),
      ),
    ).toEqual(['2026-01-31', '2026-03-31', '2026-05-31', '2026-07-31'])
  })
  test('ends with whichever end comes first, and never has more than were asked for', () => {
    const first = at('2026-03-02T16:00:00Z')
    const daily = (until: string | null, times: number | null, most = 200) =>
      occurrences(first, CHICAGO, { every: 'week', until, times }, most).length
    expect(daily('2026-03-16', 10)).toBe(3)
    expect(daily('2030-01-01', 2)).toBe(2)
    expect(daily('2099-12-31', null, 201)).toBe(201)
    expect(daily('2026-03-01', null)).toBe(0)
  })
})

test('what is free is never below nothing', () => {
  expect(placesFree({ capacity: 5, bookedElsewhere: 1, held: 1, confirmed: 2 })).toBe(1)
  expect(placesFree({ capacity: 2, bookedElsewhere: 1, held: 1, confirmed: 2 })).toBe(0)
})

test('a place can be kept only in a session to come, of an offer that is ready at this site', () => {
  const ready = offer('A', {})
  const shop = smallShop({
    offers: [ready, offer('P', {}, { state: 'paused' }), offer('T', {}, { sites: ['T'] })],
  })
  const session = (more: object) => ({
    offerId: 'A',
    siteId: null,
    startsAt: new Date(NOON + 3_600_000).toISOString(),
    cancelled: false,
    ...more,
  })
  const no = (more: object) => noPlaceIn(shop, session(more), 'S', NOON)
  expect(no({})).toBeNull()
  expect(no({ cancelled: true })).toBe('CANCELLED')
  expect(no({ startsAt: new Date(NOON).toISOString() })).toBe('STARTED')
  for (const more of [{ offerId: 'P' }, { offerId: 'T' }, { offerId: 'nope' }, { siteId: 'T' }])
    expect(no(more), JSON.stringify(more)).toBe('NOT_OFFERED')
})

describe('what a calendar changes', () => {
  const ms = at('2026-04-01T15:00:00Z')
  const dated = (uid: string, more: Partial<CalendarSession> = {}): CalendarSession => ({
    uid,
    series: uid.split('#')[0]!,
    summary: 'Lesson',
    place: null,
    startsMs: ms,
    endsMs: ms + 1_800_000,
    cancelled: false,
    ...more,
  })
  const kept = (uid: string, more: Partial<KnownSession> = {}): KnownSession => ({
    id: `id-${uid}`,
    uid,
    startsAt: '2026-04-01T10:00:00-05:00',
    endsAt: '2026-04-01T10:30:00-05:00',
    place: 'Room',
    cancelled: false,
    ...more,
  })
  const defaults = { place: 'Room', timeZone: CHICAGO }
  const changes = (found: CalendarSession[], known: KnownSession[], series: string[] = ['a']) =>
    planImport(found, new Set(series), known, defaults).map(({ change, id }) => [change, id])

  test('new, moved, renamed, cancelled and the same are told apart', () => {
    expect(changes([dated('a')], [])).toEqual([['new', null]])
    expect(changes([dated('a')], [kept('a')])).toEqual([['unchanged', 'id-a']])
    expect(changes([dated('a', { startsMs: ms - 60_000 })], [kept('a')])).toEqual([['changed', 'id-a']])
    expect(changes([dated('a', { place: 'Hall' })], [kept('a')])).toEqual([['changed', 'id-a']])
    expect(changes([dated('a', { cancelled: true })], [kept('a')])).toEqual([['cancelled', 'id-a']])
  })
  test('what was cancelled stays so, and what was never here is not cancelled', () => {
    expect(changes([dated('a')], [kept('a', { cancelled: true })])).toEqual([['unchanged', 'id-a']])
    expect(changes([dated('a', { cancelled: true })], [])).toEqual([['unchanged', null]])
  })
  test('a date that its series lost is cancelled; a series that is not mentioned is left alone', () => {
    const lost = uidOf('a', ms)
    expect(changes([], [kept(lost), kept(uidOf('b', ms))])).toEqual([['cancelled', `id-${lost}`]])
    expect(changes([], [kept(lost)], [])).toEqual([])
  })
})

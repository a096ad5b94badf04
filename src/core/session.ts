/** Sessions: when they take place, what is left of their places, and whether one may be kept now. */
import type { Catalogue } from './catalogue.ts'
import { readinessRefusal } from './gate.ts'
import { dateOf, dayOf, instantOf, localIso } from './time.ts'

/** How often a session of our own can repeat. */
export const EVERY = ['week', 'twoWeeks', 'month'] as const
/** `until` is the last date (the site's), `times` how often in all; whichever is first ends it. */
export type Repeat = { every: (typeof EVERY)[number]; until: string | null; times: number | null }

/** The most sessions that one request makes. */
export const MOST_AT_ONCE = 200

/**
 * The instants of a session that repeats, the first included, at the same wall clock time all year. A month that
 * lacks the day has none. At most `most` of them.
 */
export function occurrences(firstMs: number, timeZone: string, repeat: Repeat, most: number): number[] {
  const local = localIso(firstMs, timeZone)
  const [date, clock] = [local.slice(0, 10), local.slice(10, 19)]
  const end = Math.min(most, repeat.times ?? most)
  const found: number[] = []
  // A 29 February comes every eighth year at worst: nothing repeats that is further apart.
  for (let n = 0, missed = 0; found.length < end && missed < 100; n++) {
    const on = nth(date, repeat.every, n)
    if (on === null) {
      missed++
      continue
    }
    if (repeat.until !== null && on > repeat.until) break
    found.push(n === 0 ? firstMs : instantOf(on + clock, timeZone))
  }
  return found
}

/** The n-th date after the first, or null where its month lacks the day. */
function nth(date: string, every: Repeat['every'], n: number): string | null {
  if (every !== 'month') return dateOf(dayOf(date) + n * (every === 'week' ? 7 : 14))
  const months = +date.slice(0, 4) * 12 + (+date.slice(5, 7) - 1) + n
  const pad = (value: number, size: number) => String(value).padStart(size, '0')
  const on = `${pad(Math.floor(months / 12), 4)}-${pad((months % 12) + 1, 2)}-${date.slice(8, 10)}`
  return dateOf(dayOf(on)) === on ? on : null
}

/** Places as they are counted. `held` are leases that have not run out. */
export type Places = { capacity: number; bookedElsewhere: number; held: number; confirmed: number }

/** Places that nobody has. */
export function placesFree({ capacity, bookedElsewhere, held, confirmed }: Places): number {
  return Math.max(0, capacity - bookedElsewhere - held - confirmed)
}

export type NoPlace = 'CANCELLED' | 'STARTED' | 'NOT_OFFERED'

/** Why no place can be kept in a session, whatever is free in it; null where one can. */
export function noPlaceIn(
  catalogue: Catalogue,
  session: { offerId: string; siteId: string | null; startsAt: string; cancelled: boolean },
  siteId: string,
  nowMs: number,
): NoPlace | null {
  if (session.cancelled) return 'CANCELLED'
  if (Date.parse(session.startsAt) <= nowMs) return 'STARTED'
  const elsewhere = session.siteId !== null && session.siteId !== siteId
  const listed = catalogue.listedById.get(session.offerId)
  if (elsewhere || !listed) return 'NOT_OFFERED'
  // What is free is counted where it is taken.
  const refusal = readinessRefusal(listed, catalogue, siteId, nowMs)?.code ?? 'NO_PLACES'
  return refusal === 'NO_PLACES' ? null : 'NOT_OFFERED'
}

/** An offer's session as it stands in the store, told from others by what its calendar calls it. */
export type KnownSession = {
  id: string
  uid: string
  startsAt: string
  endsAt: string
  place: string
  cancelled: boolean
}
/** A session as a calendar has it. */
export type CalendarSession = {
  uid: string
  /** What the calendar calls the event, for all its dates. */
  series: string
  summary: string
  place: string | null
  startsMs: number
  endsMs: number
  cancelled: boolean
}
export type Planned = {
  /** null: it is new. */
  id: string | null
  change: 'new' | 'changed' | 'cancelled' | 'unchanged'
  uid: string
  summary: string
  place: string
  startsAt: string
  endsAt: string
}

/**
 * What a calendar changes in an offer's sessions, in order of time. Dates that a series no longer has are cancelled;
 * of a series that the calendar does not mention nothing is known. What was cancelled stays so.
 */
export function planImport(
  found: readonly CalendarSession[],
  series: ReadonlySet<string>,
  known: readonly KnownSession[],
  defaults: { place: string; timeZone: string },
): Planned[] {
  const byUid = new Map(known.map((session) => [session.uid, session]))
  const seen = new Set(found.map(({ uid }) => uid))
  const planned = found.map((session): Planned => {
    const was = byUid.get(session.uid)
    const is = {
      id: was?.id ?? null,
      uid: session.uid,
      summary: session.summary,
      place: session.place ?? defaults.place,
      startsAt: localIso(session.startsMs, defaults.timeZone),
      endsAt: localIso(session.endsMs, defaults.timeZone),
    }
    if (was?.cancelled || (!was && session.cancelled)) return { ...is, change: 'unchanged' }
    if (session.cancelled) return { ...is, change: 'cancelled' }
    if (!was) return { ...is, change: 'new' }
    const same =
      Date.parse(was.startsAt) === session.startsMs &&
      Date.parse(was.endsAt) === session.endsMs &&
      was.place === is.place
    return { ...is, change: same ? 'unchanged' : 'changed' }
  })
  const gone = known
    .filter(({ uid, cancelled }) => !cancelled && !seen.has(uid) && series.has(seriesOf(uid)))
    .map(({ id, uid, place, startsAt, endsAt }): Planned => {
      return { id, change: 'cancelled', uid, summary: '', place, startsAt, endsAt }
    })
  return [...planned, ...gone].sort(
    (a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt) || (a.uid < b.uid ? -1 : 1),
  )
}

/** What the store calls one date of a series: the series, and the instant that the series gave it. */
export function uidOf(series: string, originalMs: number | null): string {
  return originalMs === null ? series : `${series}#${new Date(originalMs).toISOString()}`
}

function seriesOf(uid: string): string {
  return uid.replace(/#\d{4}-\d\d-\d\dT[\d:.]+Z$/, '')
}

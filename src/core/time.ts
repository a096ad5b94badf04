/** Calendar arithmetic: instants are UTC milliseconds, dates are a site's `YYYY-MM-DD`, days are whole numbers since 1970-01-01. */

const DAY_MS = 86_400_000
const QUARTER_HOUR_MS = 900_000

const formatters = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, Map<number, number>>()

function formatter(timeZone: string): Intl.DateTimeFormat {
  let found = formatters.get(timeZone)
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formatters.set(timeZone, found)
  }
  return found
}

/** Whether the runtime knows this IANA time zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatter(timeZone)
    return true
  } catch {
    return false
  }
}

/** Minutes east of UTC at an instant. Kept per quarter hour: no zone changes its clock in between. */
function offsetMinutes(ms: number, timeZone: string): number {
  const bucket = Math.floor(ms / QUARTER_HOUR_MS)
  let known = offsets.get(timeZone)
  if (!known) offsets.set(timeZone, (known = new Map()))
  const found = known.get(bucket)
  if (found !== undefined) return found
  const parts: Record<string, number> = {}
  for (const { type, value } of formatter(timeZone).formatToParts(ms)) parts[type] = Number(value)
  const local = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!)
  const minutes = Math.round((local - Math.floor(ms / 1000) * 1000) / 60_000)
  if (known.size > 5000) known.clear()
  known.set(bucket, minutes)
  return minutes
}

/** The whole day number of a date. Source: Hinnant, days_from_civil; https://howardhinnant.github.io/date_algorithms.html */
export function dayOf(date: string): number {
  const digit = (at: number) => date.charCodeAt(at) - 48
  const month = digit(5) * 10 + digit(6)
  // The year begins in March, so that the leap day is its last.
  const year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3) - (month <= 2 ? 1 : 0)
  const era = Math.floor(year / 400)
  const ofEra = year - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + digit(8) * 10 + digit(9) - 1
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
}

/**
 * The date of a day number. Source: Hinnant, civil_from_days; the runtime's own takes ten times as long.
 * @throws RangeError when it is no whole number
 */
export function dateOf(day: number): string {
  if (!Number.isInteger(day)) throw new RangeError(`${day} is no day`)
  const since = day + 719_468
  const era = Math.floor(since / 146_097)
  const ofEra = since - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const march = Math.floor((5 * ofYear + 2) / 153)
  const date = ofYear - Math.floor((153 * march + 2) / 5) + 1
  const month = march < 10 ? march + 3 : march - 9
  const year = String(era * 400 + yearOfEra + (month <= 2 ? 1 : 0)).padStart(4, '0')
  return `${year}-${month < 10 ? '0' : ''}${month}-${date < 10 ? '0' : ''}${date}`
}

/** The day number at a site at an instant. */
export function localDay(ms: number, timeZone: string): number {
  return Math.floor((ms + offsetMinutes(ms, timeZone) * 60_000) / DAY_MS)
}

/** An instant as the site reads it, with its offset: `2026-03-14T11:42:00-05:00`. */
export function localIso(ms: number, timeZone: string): string {
  const minutes = offsetMinutes(ms, timeZone)
  const text = new Date(ms + minutes * 60_000).toISOString().slice(0, 19)
  const size = Math.abs(minutes)
  const pad = (n: number) => String(n).padStart(2, '0')
  return `${text}${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`
}

/**
 * The UTC instant of a wall clock time `YYYY-MM-DDTHH:MM:SS`. Of an hour that comes twice, the first; of one that
 * the spring change skips, as long after the change as it would have been. Source: RFC 5545, 3.3.5.
 */
export function instantOf(local: string, timeZone: string): number {
  const asUtc = Date.parse(`${local.slice(0, 19)}Z`)
  const before = offsetMinutes(asUtc - 86_400_000, timeZone)
  const after = offsetMinutes(asUtc + 86_400_000, timeZone)
  for (const offset of [before, after]) {
    const ms = asUtc - offset * 60_000
    if (offsetMinutes(ms, timeZone) === offset) return ms
  }
  return asUtc - before * 60_000
}

/** Age in whole months on a date, from a birth month `YYYY-MM`. Negative before birth. */
export function ageMonths(birthMonth: string, date: string): number {
  return (+date.slice(0, 4) - +birthMonth.slice(0, 4)) * 12 + (+date.slice(5, 7) - +birthMonth.slice(5, 7))
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** A date as one would say it: `7 February`. */
export function spokenDate(date: string): string {
  return `${+date.slice(8, 10)} ${MONTHS[+date.slice(5, 7) - 1]}`
}

/** The Monday and the Sunday of a date's week. */
export function weekOf(date: string): [string, string] {
  const day = dayOf(date)
  // Day 0, 1 January 1970, was a Thursday.
  const monday = day - ((day + 3) % 7)
  return [dateOf(monday), dateOf(monday + 6)]
}

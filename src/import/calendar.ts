/**
 * Calendars (iCalendar, RFC 5545): their events as dated sessions. What cannot be read is a problem with its line,
 * and all the rest still counts. Alarms, people and descriptions are never looked at.
 */
import ICAL from 'ical.js'
import type { CalendarSession } from '../core/session.ts'
import { uidOf } from '../core/session.ts'
import { isTimeZone, instantOf as wallTime } from '../core/time.ts'

const DAY_MS = 86_400_000

/** How far ahead a calendar is read, and how many dates of it. */
export const CALENDAR_LIMITS = { horizonDays: 400, sessions: 2_000, problems: 200 } as const

export type CalendarProblem = { line: number; message: string }
export type CalendarFound = {
  sessions: CalendarSession[]
  /** The events of which every date within reach is in `sessions`. */
  series: Set<string>
  problems: CalendarProblem[]
}

type Line = { n: number; text: string }
type Block = { n: number; lines: Line[] }
/** Wall clock with its zone, or an instant; `date` alone for a whole day. */
type When = { local: string; ms: number }

/** What an event says, read. */
type CalendarEvent = {
  n: number
  uid: string
  summary: string
  place: string | null
  startsMs: number
  local: string
  lasts: number
  cancelled: boolean
  sequence: number
  rule: string | null
  more: number[]
  less: Set<number>
  /** Days, `YYYY-MM-DD`, that are left out whole. */
  lessDays: Set<string>
  /** The original instant of the date that it replaces. */
  replaces: number | null
  instantOf(local: string): number
}

/** Refuses one event; the message is for whoever exported it. */
class Refused extends Error {
  constructor(
    message: string,
    readonly n: number | null = null,
  ) {
    super(message)
  }
}

/** Steps that all rules of a calendar may take together: a rule that never fits would go on for ever. */
const MOST_STEPS = 100_000

class Steps {
  left = MOST_STEPS
  take(): void {
    if (--this.left < 0) throw new Refused('repeats in a way that takes too long to follow')
  }
}

let counting: Steps | null = null

/** The library's iterator, but never without end. */
class BoundedIterator extends ICAL.RecurIterator {
  override check_contracting_rules(): boolean {
    counting?.take()
    // biome-ignore lint/suspicious/noExplicitAny: the library's types leave out what it does not document
    return (ICAL.RecurIterator.prototype as any).check_contracting_rules.call(this)
  }
  override increment_year(by: number): void {
    counting?.take()
    // biome-ignore lint/suspicious/noExplicitAny: see above
    ;(ICAL.RecurIterator.prototype as any).increment_year.call(this, by)
  }
  override increment_month(): void {
    counting?.take()
    // biome-ignore lint/suspicious/noExplicitAny: see above
    ;(ICAL.RecurIterator.prototype as any).increment_month.call(this)
  }
}

/**
 * The dates of a calendar from now on. `timeZone`: of times that name none; a zone that the calendar names for itself
 * comes before `fallbackZone`.
 */
export function readCalendar(
  text: string,
  { timeZone, fallbackZone, nowMs }: { timeZone: string | null; fallbackZone: string; nowMs: number },
): CalendarFound {
  const problems: CalendarProblem[] = []
  const say = (line: number, message: string) => {
    if (problems.length < CALENDAR_LIMITS.problems) problems.push({ line, message })
  }
  const file = blocksOf(text, say)
  const named = file.properties.get('X-WR-TIMEZONE')?.trim()
  const zones = new Zones(file.zones, timeZone ?? (named && isTimeZone(named) ? named : fallbackZone))
  const isOff = file.properties.get('METHOD')?.trim().toUpperCase() === 'CANCEL'

  const masters = new Map<string, CalendarEvent>()
  const replaced = new Map<string, Map<number, CalendarEvent>>()
  for (const block of file.events)
    try {
      const event = eventOf(block, zones, say)
      if (isOff) event.cancelled = true
      if (event.replaces === null) keepNewest(masters, event.uid, event)
      else {
        let ofSeries = replaced.get(event.uid)
        if (!ofSeries) replaced.set(event.uid, (ofSeries = new Map()))
        keepNewest(ofSeries, event.replaces, event)
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      say(error.n ?? block.n, `The event ${error.message}.`)
    }

  const sessions: CalendarSession[] = []
  const series = new Set<string>()
  const untilMs = nowMs + CALENDAR_LIMITS.horizonDays * DAY_MS
  const steps = new Steps()
  let full = false
  const add = (event: CalendarEvent, originalMs: number | null, startsMs: number) => {
    if (startsMs <= nowMs || startsMs > untilMs) return
    if (sessions.length >= CALENDAR_LIMITS.sessions) {
      if (!full) say(event.n, `From here on it has more than ${CALENDAR_LIMITS.sessions} dates: left out.`)
      full = true
      return
    }
    sessions.push({
      uid: uidOf(event.uid, originalMs),
      series: event.uid,
      summary: event.summary,
      place: event.place,
      startsMs,
      endsMs: startsMs + event.lasts,
      cancelled: event.cancelled,
    })
  }
  for (const [uid, master] of masters) {
    const changes = replaced.get(uid)
    const repeats = master.rule !== null || master.more.length > 0
    try {
      const dates = datesOf(master, nowMs, untilMs, steps)
      for (const ms of dates) if (!changes?.has(ms)) add(master, repeats ? ms : null, ms)
      for (const [ms, event] of changes ?? []) {
        // A cancelled series has no date left, however it was changed before.
        event.cancelled ||= master.cancelled
        add(event, repeats ? ms : null, event.startsMs)
      }
      if (!full) series.add(uid)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      say(error.n ?? master.n, `The event ${error.message}.`)
    }
  }
  for (const [uid, changes] of replaced)
    if (!masters.has(uid)) for (const [ms, event] of changes) add(event, ms, event.startsMs)
  sessions.sort((a, b) => a.startsMs - b.startsMs || (a.uid < b.uid ? -1 : 1))
  problems.sort((a, b) => a.line - b.line)
  return { sessions, series, problems }
}

function keepNewest<K>(among: Map<K, CalendarEvent>, key: K, event: CalendarEvent): void {
  const other = among.get(key)
  if (!other || event.sequence >= other.sequence) among.set(key, event)
}

/** The events and zones of a file, unfolded, each line with the number it has in the file. */
function blocksOf(text: string, say: (line: number, message: string) => void) {
  const events: Block[] = []
  const zones: Block[] = []
  const properties = new Map<string, string>()
  const open: { name: string; block: Block }[] = []
  let begun = false
  for (const line of unfolded(text)) {
    const name = /^(BEGIN|END):\s*([A-Za-z0-9-]+)\s*$/i.exec(line.text)
    const top = open.at(-1)
    if (name && name[1]!.toUpperCase() === 'BEGIN') {
      const block = { n: line.n, lines: [] }
      const kind = name[2]!.toUpperCase()
      if (kind === 'VCALENDAR') begun = true
      // An event is never within another: the one before was not closed.
      if (kind === 'VEVENT' && open.some((each) => each.name === 'VEVENT')) {
        const at = open.findIndex((each) => each.name === 'VEVENT')
        say(open[at]!.block.n, 'The event has no end: left out.')
        open.length = at
      }
      for (const outer of open) if (outer.name === 'VTIMEZONE') outer.block.lines.push(line)
      open.push({ name: kind, block })
    } else if (name) {
      const kind = name[2]!.toUpperCase()
      if (top?.name !== kind) {
        say(line.n, `END:${kind.slice(0, 40)} closes nothing.`)
        continue
      }
      open.pop()
      for (const outer of open) if (outer.name === 'VTIMEZONE') outer.block.lines.push(line)
      if (kind === 'VEVENT') events.push(top.block)
      if (kind === 'VTIMEZONE') zones.push(top.block)
    } else if (line.text.trim() === '') {
    } else if (!/^[A-Za-z0-9-]+[;:]/.test(line.text)) {
      say(line.n, 'This line is not of a calendar: left out.')
    } else if (top?.name === 'VCALENDAR') {
      const at = line.text.search(/[;:]/)
      properties.set(line.text.slice(0, at).toUpperCase(), line.text.slice(line.text.indexOf(':') + 1))
    } else if (top?.name === 'VEVENT') top.block.lines.push(line)
    else for (const outer of open) if (outer.name === 'VTIMEZONE') outer.block.lines.push(line)
  }
  for (const { name, block } of open) if (name === 'VEVENT') say(block.n, 'The event has no end: left out.')
  if (!begun) say(1, 'This is no calendar: it has no BEGIN:VCALENDAR.')
  return { events: begun ? events : [], zones, properties }
}

function* unfolded(text: string): Generator<Line> {
  let current: { n: number; parts: string[] } | null = null
  let n = 0
  const physical = (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text).split(/\r\n|\n|\r/)
  for (const part of physical) {
    n++
    if (current && (part.startsWith(' ') || part.startsWith('\t'))) current.parts.push(part.slice(1))
    else {
      if (current) yield { n: current.n, text: current.parts.join('') }
      current = { n, parts: [part] }
    }
  }
  if (current) yield { n: current.n, text: current.parts.join('') }
}

/** Time zones by the names that a calendar uses. The world's own come first, then what the calendar defines. */
class Zones {
  readonly #blocks = new Map<string, Block>()
  readonly #known = new Map<string, (local: string) => number>()
  readonly floating: (local: string) => number

  constructor(blocks: Block[], floatingZone: string) {
    this.floating = (local) => wallTime(local, floatingZone)
    for (const block of blocks)
      for (const { text } of block.lines)
        if (/^TZID[;:]/i.test(text)) this.#blocks.set(text.slice(text.indexOf(':') + 1).trim(), block)
  }

  /** How wall clock times of a zone become instants. @throws Refused for a zone that nobody defines */
  of(name: string): (local: string) => number {
    let found = this.#known.get(name)
    if (!found) this.#known.set(name, (found = this.#find(name)))
    return found
  }

  #find(name: string): (local: string) => number {
    const tail = /[A-Za-z_]+\/[A-Za-z_]+(?:\/[A-Za-z_]+)?$/.exec(name.slice(-80))?.[0]
    for (const each of [name, tail])
      if (each && /[A-Za-z]/.test(each) && isTimeZone(each)) return (local) => wallTime(local, each)
    const block = this.#blocks.get(name)
    if (!block) throw new Refused(`names a time zone that is unknown (${clean(name, 60)})`)
    try {
      const source = ['BEGIN:VTIMEZONE', ...block.lines.map(({ text }) => text), 'END:VTIMEZONE'].join('\r\n')
      const zone = new ICAL.Timezone({
        component: new ICAL.Component(ICAL.parse(source) as unknown as unknown[]),
        tzid: name,
      })
      const instantOf = (local: string) =>
        Date.parse(`${local}Z`) - zone.utcOffset(ICAL.Time.fromDateTimeString(local)) * 1000
      instantOf('2026-01-01T00:00:00')
      return instantOf
    } catch {
      throw new Refused(`names a time zone whose definition cannot be read (${clean(name, 60)})`)
    }
  }
}

const READ = new Set([
  'UID',
  'DTSTART',
  'DTEND',
  'DURATION',
  'RRULE',
  'RDATE',
  'EXDATE',
  'RECURRENCE-ID',
  'STATUS',
  'SUMMARY',
  'LOCATION',
  'SEQUENCE',
])
const SEVERAL = new Set(['RDATE', 'EXDATE'])

type Property = { n: number; params: Record<string, string | undefined>; values: string[]; isDate: boolean }

/** The properties of an event that matter here. A text that cannot be read is left out; anything else refuses the event. */
function propertiesOf(block: Block, say: (line: number, message: string) => void): Map<string, Property[]> {
  const found = new Map<string, Property[]>()
  for (const { n, text } of block.lines) {
    const name = text.slice(0, text.search(/[;:]/)).toUpperCase()
    if (!READ.has(name)) continue
    let property: Property
    try {
      const [, params, type, ...values] = ICAL.parse.property(text) as unknown as [
        string,
        Property['params'],
        string,
        ...unknown[],
      ]
      property = { n, params, values: values.map((value) => readable(value)), isDate: type === 'date' }
    } catch {
      if (name !== 'SUMMARY' && name !== 'LOCATION' && name !== 'SEQUENCE')
        throw new Refused(`has a ${name} that cannot be read`, n)
      say(n, `${name} cannot be read: left out.`)
      continue
    }
    const before = found.get(name)
    if (before && !SEVERAL.has(name)) {
      // Two rules are allowed by the book and used by nobody.
      if (name === 'RRULE') throw new Refused('has more than one RRULE', n)
      continue
    }
    found.set(name, [...(before ?? []), property])
  }
  return found
}

/** A value as text; the library gives rules as records and periods as pairs. */
function readable(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return String(value[0])
  return JSON.stringify(value)
}

function eventOf(block: Block, zones: Zones, say: (line: number, message: string) => void): CalendarEvent {
  const found = propertiesOf(block, say)
  const first = (name: string) => found.get(name)?.[0]
  const uid = clean(first('UID')?.values[0] ?? '', 1000)
  if (uid === '') throw new Refused('has no UID')
  if (uid.length > 200) throw new Refused('has a UID of more than 200 characters', first('UID')!.n)
  const start = first('DTSTART')
  if (!start) throw new Refused('has no DTSTART')
  if (start.isDate) throw new Refused('lasts all day: a session has a time', start.n)
  const instantOf = zoneOf(start, zones)
  const begins = whenOf(start.values[0]!, start, zones)
  const end = first('DTEND')
  const duration = first('DURATION')
  if (!end && !duration) throw new Refused('does not say when it ends', start.n)
  const lasts = end ? whenOf(end.values[0]!, end, zones).ms - begins.ms : lengthOf(duration!)
  if (!(lasts > 0)) throw new Refused('ends before it begins', (end ?? duration)!.n)
  if (lasts > 31 * DAY_MS) throw new Refused('lasts longer than a month', (end ?? duration)!.n)
  const replaced = first('RECURRENCE-ID')
  if (replaced?.params.range) throw new Refused('changes all later dates at once (RANGE)', replaced.n)
  const dated = (name: string) =>
    (found.get(name) ?? []).flatMap((property) => property.values.map((value) => ({ property, value })))
  return {
    n: block.n,
    uid,
    summary: clean(first('SUMMARY')?.values[0] ?? '', 120),
    place: clean(first('LOCATION')?.values[0] ?? '', 120) || null,
    startsMs: begins.ms,
    local: begins.local,
    lasts,
    cancelled: first('STATUS')?.values[0]?.toUpperCase() === 'CANCELLED',
    sequence: Number(first('SEQUENCE')?.values[0] ?? 0) || 0,
    rule: ruleOf(block),
    more: dated('RDATE').flatMap(({ property, value }) =>
      property.isDate ? [] : [whenOf(value, property, zones).ms],
    ),
    less: new Set(
      dated('EXDATE').flatMap(({ property, value }) =>
        property.isDate ? [] : [whenOf(value, property, zones).ms],
      ),
    ),
    lessDays: new Set(dated('EXDATE').flatMap(({ property, value }) => (property.isDate ? [value] : []))),
    replaces: !replaced
      ? null
      : replaced.isDate
        ? instantOf(`${replaced.values[0]}${begins.local.slice(10)}`)
        : whenOf(replaced.values[0]!, replaced, zones).ms,
    instantOf,
  }
}

/** The rule as it is written: the library reads it again, with the day that it begins on. */
function ruleOf(block: Block): string | null {
  const line = block.lines.find(({ text }) => /^RRULE[;:]/i.test(text))
  return line ? line.text.slice(line.text.indexOf(':') + 1).trim() : null
}

const WALL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(Z?)$/

function zoneOf(property: Property, zones: Zones): (local: string) => number {
  if (property.values[0]?.endsWith('Z')) return (local) => Date.parse(`${local.slice(0, 19)}Z`)
  return property.params.tzid ? zones.of(property.params.tzid) : zones.floating
}

function whenOf(value: string, property: Property, zones: Zones): When {
  const local = value.slice(0, 19)
  const real = WALL.test(value) ? Date.parse(`${local}Z`) : Number.NaN
  // 31 February and 25 o'clock are written like a date and are none.
  if (Number.isNaN(real) || new Date(real).toISOString().slice(0, 19) !== local)
    throw new Refused('has a time that is none', property.n)
  return { local, ms: zoneOf({ ...property, values: [value] }, zones)(local) }
}

function lengthOf(property: Property): number {
  try {
    return ICAL.Duration.fromString(property.values[0]!).toSeconds() * 1000
  } catch {
    throw new Refused('has a DURATION that cannot be read', property.n)
  }
}

const FREQUENCY = /(?:^|;)FREQ=(\w+)/i

/** The instants of an event that may matter from now on, in order and each once. */
function datesOf(event: CalendarEvent, nowMs: number, untilMs: number, steps: Steps): number[] {
  const found = new Set<number>(event.rule === null ? [event.startsMs] : [])
  for (const ms of event.more) found.add(ms)
  if (event.rule !== null) for (const ms of repeated(event, nowMs, untilMs, steps)) found.add(ms)
  const localDay = (ms: number) => {
    // An EXDATE that is a day leaves out what the event's own zone has on it.
    for (const day of event.lessDays)
      if (event.instantOf(`${day}${event.local.slice(10)}`) === ms) return true
    return false
  }
  return [...found].filter((ms) => !event.less.has(ms) && !localDay(ms)).sort((a, b) => a - b)
}

function* repeated(event: CalendarEvent, nowMs: number, untilMs: number, steps: Steps): Generator<number> {
  const frequency = FREQUENCY.exec(event.rule!)?.[1]?.toUpperCase()
  if (!frequency || !['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(frequency))
    throw new Refused('repeats more often than daily, or not in a way we know')
  // Its end is compared here, as an instant: the library would compare wall clocks of two zones.
  const end = /(?:^|;)UNTIL=([^;]*)/i.exec(event.rule!)?.[1]?.trim()
  const lastMs = end === undefined ? Number.POSITIVE_INFINITY : endOf(end, event)
  counting = steps
  try {
    const rule = ICAL.Recur.fromString(event.rule!.replace(/(?:^|;)UNTIL=[^;]*/i, '').replace(/^;/, ''))
    const dates = new BoundedIterator({ rule, dtstart: ICAL.Time.fromDateTimeString(event.local) })
    for (let next = dates.next(); next; next = dates.next()) {
      steps.take()
      const local = next.toString()
      const roughly = Date.parse(`${local}Z`)
      if (roughly > Math.min(untilMs, lastMs) + 2 * DAY_MS) return
      if (roughly < nowMs - 2 * DAY_MS) continue
      const ms = event.instantOf(local)
      if (ms > lastMs) return
      yield ms
    }
  } catch (error) {
    if (error instanceof Refused) throw error
    throw new Refused('repeats by a rule that cannot be read')
  } finally {
    counting = null
  }
}

/** The instant after which a rule's UNTIL allows no date. */
function endOf(until: string, event: CalendarEvent): number {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(until)
  if (!found) throw new Refused('repeats until a time that is none')
  const [, year, month, day, hour = '23', minute = '59', second = '59', utc] = found
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const ms = utc ? Date.parse(`${local}Z`) : event.instantOf(local)
  if (Number.isNaN(ms)) throw new Refused('repeats until a time that is none')
  return ms
}

/** A text without markup and without what cannot be seen. */
function clean(text: string, most: number): string {
  return Array.from(
    text
      .slice(0, 1000)
      .replace(/<[^>]*>/g, ' ')
      .replace(/[<>]/g, ' ')
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  )
    .slice(0, most)
    .join('')
}

/**
 * How near a customer is to us: interaction → engagement → relationship. Worked out from what she did and told, never
 * kept, so that it goes back as well as forth: what it rests on counts for a year, or two, and then no more.
 */
import { dateOf, spokenDate } from './time.ts'
import type { Evidence } from './understand.ts'

export type Level = 0 | 1 | 2

/** What each level is called; the words of the shop's own. */
export const RELATIONSHIPS = ['interaction', 'engagement', 'relationship'] as const

/** A year: how long a sign, an enrolment and a visit count; for five visits, twice as long. */
const YEAR = 365
const VISITS = { engaged: { count: 2, days: YEAR }, close: { count: 5, days: 2 * YEAR } } as const

/** What it is worked out from. Days are whole numbers since 1970, in any order; those to come do not count yet. */
export type Known = {
  /** The days of her settled purchases. */
  visits: readonly number[]
  evidence: readonly Pick<Evidence, 'kind' | 'onDay' | 'aboutDay'>[]
  today: number
}

export type Relationship = {
  level: Level
  name: (typeof RELATIONSHIPS)[number]
  /** A plain sentence with the days that it rests on. */
  because: string
  /** The day on which this level began; null: it was never another. */
  since: number | null
}

type Sign = Known['evidence'][number]

/** Signs of interest: she said something to us, or came. */
const SIGNS: ReadonlySet<string> = new Set(['told', 'answered', 'attended'])

/** The day after the last on which a line counts: a year after it, or after the day it is about, where that is later. */
const endOf = (line: Sign) => Math.max(line.onDay, line.aboutDay ?? line.onDay) + YEAR

const counts = (line: Sign, today: number) => line.onDay <= today && today < endOf(line)

/** How near she is today: the level alone, as every decision asks for it. */
export function levelOf({ visits, evidence, today }: Known): Level {
  let signs = 0
  for (const line of evidence) {
    if (line.kind === 'enrolled') {
      if (counts(line, today)) return 2
    } else if (SIGNS.has(line.kind) && counts(line, today)) signs++
  }
  let inYear = 0
  let inTwo = 0
  for (const day of visits) {
    if (day > today) continue
    if (today - day < VISITS.engaged.days) inYear++
    if (today - day < VISITS.close.days) inTwo++
  }
  if (inTwo >= VISITS.close.count && signs > 0) return 2
  return inYear >= VISITS.engaged.count || signs > 0 ? 1 : 0
}

/** How near she is today, why, and since when. */
export function relationshipOf(known: Known): Relationship {
  const level = levelOf(known)
  const last = relationshipHistory(known).at(-1)
  return { level, name: RELATIONSHIPS[level], because: becauseOf(known, level), since: last?.on ?? null }
}

/** Every change up to today, oldest first, each with its day and what it rested on then. It begins at level 0. */
export function relationshipHistory(known: Known): { on: number; level: Level; because: string }[] {
  const { visits, today } = known
  const evidence = known.evidence.filter(({ kind }) => kind === 'enrolled' || SIGNS.has(kind))
  // It can only change on a day that something happened, or stopped to count.
  const days = new Set<number>()
  for (const day of visits)
    for (const after of [0, VISITS.engaged.days, VISITS.close.days]) days.add(day + after)
  for (const line of evidence) days.add(line.onDay).add(endOf(line))
  const history: { on: number; level: Level; because: string }[] = []
  let level: Level = 0
  for (const on of [...days].filter((day) => day <= today).sort((a, b) => a - b)) {
    const then = { visits, evidence, today: on }
    const now = levelOf(then)
    if (now === level) continue
    level = now
    history.push({ on, level, because: becauseOf(then, level) })
  }
  return history
}

const TIMES = ['', 'once', 'twice', 'three times', 'four times', 'five times']
const times = (n: number) => TIMES[n] ?? `${n} times`

const SIGN_WORDS: Record<string, string> = {
  told: 'told us something',
  answered: 'answered a question of ours',
  attended: 'came to something of ours',
}

/** In a sentence: what a level rests on, or for the lowest, what there is and why it is not more. */
function becauseOf({ visits, evidence, today }: Known, level: Level): string {
  const on = (day: number) => {
    const date = dateOf(day)
    const year = date.slice(0, 4)
    return year === dateOf(today).slice(0, 4) ? spokenDate(date) : `${spokenDate(date)} ${year}`
  }
  const latest = (lines: readonly Sign[]) =>
    lines.reduce<Sign | null>((best, line) => (best === null || line.onDay > best.onDay ? line : best), null)
  const been = visits.filter((day) => day <= today)
  const within = (days: number) => been.filter((day) => today - day < days)
  const lastVisit = been.length > 0 ? Math.max(...been) : null
  const sign = latest(evidence.filter((line) => SIGNS.has(line.kind) && counts(line, today)))
  const signed = sign === null ? null : `${SIGN_WORDS[sign.kind]} on ${on(sign.onDay)}`
  if (level === 2) {
    const enrolled = latest(evidence.filter((line) => line.kind === 'enrolled' && counts(line, today)))
    if (enrolled !== null) return `She joined a programme on ${on(enrolled.onDay)}.`
    return `She bought from us ${times(within(VISITS.close.days).length)} in two years, and ${signed}.`
  }
  const bought = within(VISITS.engaged.days).length
  if (level === 1) {
    const came = `bought from us ${times(bought)} in a year`
    if (bought < VISITS.engaged.count) return `She ${signed}.`
    return signed === null ? `She ${came}, last on ${on(lastVisit!)}.` : `She ${came}, and ${signed}.`
  }
  if (bought === 1) return `She bought from us once in a year, on ${on(lastVisit!)}.`
  const old = latest(
    evidence.filter((line) => (SIGNS.has(line.kind) || line.kind === 'enrolled') && line.onDay <= today),
  )
  if (old !== null && old.onDay >= (lastVisit ?? old.onDay))
    return `She last ${SIGN_WORDS[old.kind] ?? 'joined a programme'} on ${on(old.onDay)}: more than a year ago.`
  return lastVisit === null
    ? 'She has not bought from us yet.'
    : `She last bought from us on ${on(lastVisit)}: more than a year ago.`
}

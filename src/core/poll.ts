/**
 * Polls: would this interest you? A goal is asked about of many, so that an alliance is sought for what families
 * said they want. When it is a yes of the shop's is decided before the first answer, and never moved after it.
 */
import type { Catalogue, Poll } from './catalogue.ts'
import type { Goal } from './goal.ts'
import type { Person } from './moment.ts'
import { ALPHA, incompleteBeta } from './sequential.ts'
import { ageMonths, dateOf, dayOf } from './time.ts'
import { inWindow } from './understand.ts'
import type { WordFinding } from './words.ts'
import { wordProblems } from './words.ts'

export const POLL_ANSWERS = ['yes', 'maybe', 'no'] as const
export type PollAnswer = (typeof POLL_ANSWERS)[number]
export type Tally = Record<PollAnswer, number>

/** When a poll is a go: so many answers, so many of them yes, and their share, shrunk, at least so high. */
export type GoRule = Pick<Poll, 'goAnswers' | 'goYes' | 'goShare'>

/** A share of people with the interval that it lies in with 95 % chance, each from 0 to 1. */
export type Share = { share: number; low: number; high: number }

const MOST_DAYS = 366
/** A question is read out at a till. */
export const QUESTION_LENGTH = 90

export const answersOf = ({ yes, maybe, no }: Tally): number => yes + maybe + no

/**
 * The share of families that would say yes, from the yeses among so many answers: a Beta prior centred on the base
 * rate and worth `prior` answers, so that three yeses of three are not everybody. A maybe is an answer and no yes.
 * The interval is the posterior's own, its ends the 2.5 % and 97.5 % quantiles.
 */
export function shareOf(yes: number, answers: number, baseRate: number, prior: number): Share {
  // Neither nobody nor everybody is certain before anybody answered.
  const centre = Math.min(0.99, Math.max(0.01, baseRate))
  const a = yes + centre * Math.max(prior, 0.01)
  const b = answers - yes + (1 - centre) * Math.max(prior, 0.01)
  return { share: a / (a + b), low: betaQuantile(ALPHA / 2, a, b), high: betaQuantile(1 - ALPHA / 2, a, b) }
}

/** The x below which a Beta(a, b) lies with a chance: by halving, to the last bit that a share needs. */
function betaQuantile(chance: number, a: number, b: number): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (incompleteBeta(a, b, middle) < chance) low = middle
    else high = middle
  }
  return (low + high) / 2
}

export type Verdict = 'go' | 'notYet' | 'noGo'

/** What the rule says of the answers so far. A poll that is over without a go is a no-go; before that it is not yet one. */
export function verdictOf(rule: GoRule, tally: Tally, share: number, over: boolean): Verdict {
  const isGo = answersOf(tally) >= rule.goAnswers && tally.yes >= rule.goYes && share >= rule.goShare
  return isGo ? 'go' : over ? 'noGo' : 'notYet'
}

/** What a go still needs, in words; empty when it is one. */
export function missingFor(rule: GoRule, tally: Tally, share: number): string[] {
  const missing: string[] = []
  const answers = rule.goAnswers - answersOf(tally)
  const yes = rule.goYes - tally.yes
  if (answers > 0) missing.push(`${answers} more ${answers === 1 ? 'answer' : 'answers'}`)
  if (yes > 0) missing.push(`${yes} more yes`)
  if (share < rule.goShare)
    missing.push(`a share of ${Math.round(rule.goShare * 100)} % (now ${Math.round(share * 100)} %)`)
  return missing
}

/**
 * How many of the families that a poll is for would come: those who said yes, and of those who were not asked the
 * share that is believed. Who was asked and said nothing counts as not interested.
 */
export function demandFrom(
  yes: number,
  notAsked: number,
  of: Share,
): { expected: number } & Omit<Share, 'share'> {
  return { expected: yes + notAsked * of.share, low: yes + notAsked * of.low, high: yes + notAsked * of.high }
}

/** Whether a poll takes answers on a date of the site; why not, otherwise. */
export function closedWhy(
  poll: Pick<Poll, 'state' | 'opensOn' | 'closesOn'>,
  date: string,
): 'NOT_OPEN' | 'CLOSED' | null {
  if (poll.state === 'closed' || date > poll.closesOn) return 'CLOSED'
  return date < poll.opensOn ? 'NOT_OPEN' : null
}

/** Whether a family is of those a poll is for: it lets us know it, and a child is, or may be, of the goal's ages. */
export function concerns(
  goal: Goal,
  person: Pick<Person, 'birthMonths' | 'consent'>,
  today: number,
): boolean {
  if (person.birthMonths.length === 0 || person.consent.childProfile !== 'granted') return true
  const date = dateOf(today)
  const spans = person.birthMonths.map((month): [number, number] => {
    const age = ageMonths(month, date)
    return [age, age]
  })
  return inWindow(spans, goal.ageMinMonths, goal.ageMaxMonths)
}

/** Whether an offer for a goal was lately not for them: then asking about it is not either. */
export function refusedLately(
  goal: string,
  { evidence }: Pick<Person, 'evidence'>,
  today: number,
  days: number,
): boolean {
  return evidence.some(
    (line) =>
      line.kind === 'declined' &&
      line.goal === goal &&
      (line.words === 'notForUs' || line.words === 'wrong') &&
      line.onDay <= today &&
      today - line.onDay < days,
  )
}

const SAID: ReadonlySet<string> = new Set(['told', 'answered', 'toldNo'])

/**
 * Whether a family may be asked about a goal by a link or a letter: it is of those the question is for, said neither
 * yes nor no, was not asked within `askDays`, and has no complaint open with us. A letter needs her consent to letters.
 */
export const mayBeAsked = (...of: Parameters<typeof notAskedWhy>): boolean => notAskedWhy(...of) === null

/** Why a family is not asked: it said so already, was asked lately, its children are of other ages, or not now. */
export const NOT_ASKED = ['ANSWERED', 'ASKED', 'AGES', 'REFUSED', 'CARE', 'CONSENT'] as const
export type NotAsked = (typeof NOT_ASKED)[number]

/** Why a family may not be asked about a goal by a link or a letter; null where it may. */
export function notAskedWhy(
  catalogue: Pick<Catalogue, 'policy' | 'parents' | 'goalIndex' | 'goals'>,
  goal: Goal,
  person: Person,
  today: number,
  via: 'page' | 'letter',
): NotAsked | null {
  const { askDays, notForUsDays, careDaysAfter } = catalogue.policy
  if (goal.toldOnly) return 'REFUSED'
  if (via === 'letter' && person.consent.letter !== 'granted') return 'CONSENT'
  if (refusedLately(goal.slug, person, today, notForUsDays)) return 'REFUSED'
  const line = lineOf(catalogue, goal)
  for (const { kind, goal: about, onDay } of person.evidence) {
    if (onDay > today || !SAID.has(kind)) continue
    // A no to a wider goal is a no to this one.
    if (about === goal.slug || (kind === 'toldNo' && line.has(about))) return 'ANSWERED'
  }
  if (person.care.some((note) => note.closedDay === null || today < note.closedDay + careDaysAfter))
    return 'CARE'
  const lately = (slug: string | null, day: number) => slug === goal.slug && today - day < askDays
  if (person.asked?.some((each) => lately(each.goal, each.day))) return 'ASKED'
  if (person.earlier.some((each) => lately(each.askedGoal, Math.floor(each.atMs / 86_400_000))))
    return 'ASKED'
  return concerns(goal, person, today) ? null : 'AGES'
}

/** The goals above a goal. */
function lineOf(
  { parents, goalIndex, goals }: Pick<Catalogue, 'parents' | 'goalIndex' | 'goals'>,
  goal: Goal,
): Set<string> {
  const line = new Set<string>()
  for (let up = parents[goalIndex.get(goal.slug)!]!; up >= 0; up = parents[up]!) line.add(goals[up]!.slug)
  return line
}

export type PollRecord = Pick<
  Poll,
  'goal' | 'question' | 'touchpoints' | 'opensOn' | 'closesOn' | keyof GoRule
>

/** What is wrong with a poll, by field; the words of its question as every text that a customer meets. */
export function pollProblems(
  record: PollRecord,
  goal: Goal,
): { words: WordFinding[]; fields: { field: string; message: string }[] } {
  const fields: { field: string; message: string }[] = []
  const say = (field: string, message: string) => fields.push({ field, message })
  if (goal.toldOnly) say('goal', 'is hers to bring up: nobody is asked about it')
  if (record.goYes > record.goAnswers) say('goYes', 'is more than the answers that a go needs')
  if (record.closesOn < record.opensOn) say('closesOn', 'is before it opens')
  else if (dayOf(record.closesOn) - dayOf(record.opensOn) > MOST_DAYS)
    say('closesOn', 'is more than a year after it opens')
  const words = wordProblems(record.question, {
    field: 'question',
    most: QUESTION_LENGTH,
    kind: 'opener',
    never: [],
  })
  return { words, fields }
}

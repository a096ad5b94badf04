/**
 * The one question worth asking: the one whose answer is expected to change coming answers most. A question is the
 * only way to learn what baskets never show, and it costs the family a moment: so one a visit, never twice in
 * `askDays`, never about what only she may bring up, never about what she told us or refused.
 */
import type { Listed, Poll } from './catalogue.ts'
import type { Weighed } from './gate.ts'
import { GATES } from './gate.ts'
import type { Moment } from './moment.ts'
import { refusedLately } from './poll.ts'
import { dateOf, localDay } from './time.ts'
import { inWindow } from './understand.ts'

const DAY_MS = 86_400_000

/** How many of her goals coming answers live on: the best few are what is spoken about. */
const TOP = 3

/**
 * What a yes is worth for opening what may not be said yet (a purchase long ago, what only staff noticed), next to what
 * it teaches: from 0, teach only, to 1. Measured on Juniper Row by test/measure/goal-inference.ts: above 0.5 less is learned.
 */
const OPENS = 0.25

/**
 * The question of this moment, as a goal index; null: none. An open poll goes first where it concerns her; then the
 * question worth most: what its answer teaches ({@link worthOf}) and opens, times how little baskets show of it, times
 * the best offer for it. In what words: {@link wordsOf}.
 */
export function questionAt(moment: Moment): number | null {
  const { person, catalogue, nowMs } = moment
  if (person === null) return null
  const { timeZone } = catalogue.sites.get(moment.siteId)!
  const asked = new Set<string>()
  for (const { askedGoal, atMs } of person.earlier) {
    if (askedGoal === null || nowMs - atMs >= catalogue.policy.askDays * DAY_MS || atMs > nowMs) continue
    if (localDay(atMs, timeZone) === moment.today) {
      // The day's question stays the day's question, however often the basket is scanned; answered, there is no second.
      const g = catalogue.goalIndex.get(askedGoal)
      return g !== undefined && mayAsk(g, moment) && wordsOf(g, moment) !== null ? g : null
    }
    asked.add(askedGoal)
  }
  for (const { goal, day } of person.asked ?? [])
    if (moment.today - day < catalogue.policy.askDays) asked.add(goal)
  const poll = pollAt(moment, asked)
  return poll === null ? worthiest(moment, asked) : catalogue.goalIndex.get(poll.goal)!
}

/** The words of a question about a goal: an open poll's own, else the goal's. */
export function wordsOf(goal: number, moment: Moment): string | null {
  const { slug, question } = moment.catalogue.goals[goal]!
  return openPolls(moment).find((poll) => poll.goal === slug)?.question ?? question
}

/** Whether a goal may be asked about at all: not told-only, and she has said neither yes nor no. */
function mayAsk(g: number, { catalogue, wants }: Moment): boolean {
  return !catalogue.goals[g]!.toldOnly && wants.told[g] !== 1 && wants.toldNo[g] !== 1
}

/** Polls that are open here today, the oldest first. */
function openPolls({ catalogue, touchpoint, today }: Moment): Poll[] {
  if (catalogue.polls.length === 0) return []
  const date = dateOf(today)
  return catalogue.polls
    .filter(
      (poll) =>
        poll.opensOn <= date &&
        date <= poll.closesOn &&
        (poll.touchpoints.length === 0 || poll.touchpoints.includes(touchpoint)),
    )
    .sort((a, b) => (a.opensOn < b.opensOn ? -1 : a.opensOn > b.opensOn ? 1 : a.id < b.id ? -1 : 1))
}

/** The poll whose turn it is: open, about a goal for the ages here, not asked lately, and no offer for it refused lately. */
function pollAt(moment: Moment, asked: ReadonlySet<string>): Poll | null {
  const { catalogue, spans, today } = moment
  const person = moment.person!
  return (
    openPolls(moment).find((poll) => {
      const g = catalogue.goalIndex.get(poll.goal)
      if (g === undefined || asked.has(poll.goal) || !mayAsk(g, moment)) return false
      if (refusedLately(poll.goal, person, today, catalogue.policy.notForUsDays)) return false
      const goal = catalogue.goals[g]!
      return inWindow(spans, goal.ageMinMonths, goal.ageMaxMonths)
    }) ?? null
  )
}

/** The goal whose question is worth most; of equals the first. */
function worthiest(moment: Moment, asked: ReadonlySet<string>): number | null {
  const { catalogue, wants } = moment
  const { goals, servedBy, listed, showsInBaskets } = catalogue
  const bar = barOf(moment)
  let best: number | null = null
  let most = 0
  for (let g = 0; g < goals.length; g++) {
    const { question, slug } = goals[g]!
    if (question === null || asked.has(slug) || !mayAsk(g, moment)) continue
    const belief = wants.confidence[g]!
    const opens = moment.facts.sayable[g] === 1 ? 0 : OPENS * belief
    const worth = (worthOf(belief, bar) + opens) * (1 - showsInBaskets[g]!)
    if (worth <= most) continue
    // Looked at last: it asks the gates. What nothing serves changes no coming answer.
    const opened = servedBy[g]!.find(({ index }) => mayOffer(listed[index]!, moment))
    if (opened && worth * opened.weight > most) {
      most = worth * opened.weight
      best = g
    }
  }
  return best
}

/** What her best goals are believed at: the last of the top few, and the one that would follow. */
export type Bar = { last: number; next: number }

/**
 * What an answer about a goal is expected to add to the share of true ones among the top few. Outside of them a yes
 * (as likely as we believe) puts it in the last one's place; inside, a no takes it out and the next one follows.
 * The expected value of perfect information. Source: Howard, Information Value Theory (1966).
 */
export function worthOf(belief: number, { last, next }: Bar): number {
  return belief >= last ? (1 - belief) * next : belief * (1 - last)
}

function barOf({ catalogue, wants }: Moment): Bar {
  // The best few beliefs in goals that have none under them, the strongest first.
  const top = new Array<number>(TOP + 1).fill(0)
  for (const g of catalogue.narrowGoals) {
    const belief = wants.confidence[g]!
    let at = TOP
    if (belief <= top[at]!) continue
    for (; at > 0 && belief > top[at - 1]!; at--) top[at] = top[at - 1]!
    top[at] = belief
  }
  return { last: top[TOP - 1]!, next: top[TOP]! }
}

const ELIGIBLE = GATES.filter(({ group }) => group === 'eligible')
const ANY_FIT: Weighed = { fit: 1, goesWith: null }

function mayOffer(listed: Listed, moment: Moment): boolean {
  return ELIGIBLE.every((gate) => !gate.refuses(listed, moment, ANY_FIT))
}

/** From evidence to wants: how much we believe that a customer holds each goal. */
import type { Catalogue } from './catalogue.ts'
import type { Goal } from './goal.ts'
import type { Policy } from './policy.ts'

export type EvidenceKind =
  | 'bought'
  | 'told'
  | 'answered'
  | 'noticed'
  | 'toldNo'
  | 'declined'
  | 'attended'
  | 'enrolled'
  | 'completed'
  | 'booked'
  | 'recitalScheduled'

/** One dated reason to believe, as deciding reads it. Days are whole numbers since 1970. */
export type Evidence = {
  id: string
  kind: EvidenceKind
  goal: string
  facet: string | null
  weight: number
  halfLifeDays: number
  onDay: number
  aboutDay: number | null
  speakable: boolean
  words: string | null
  staffId: string | null
  offerId: string | null
}

/** Ages in months that a moment is about: a child is [age, age]; else what the things in the basket are made for. */
export type AgeSpan = [from: number, to: number]

/** Whether any of the ages touches a window; a window without ends is for everybody. */
export function inWindow(spans: AgeSpan[], min: number | null, max: number | null): boolean {
  if (min === null && max === null) return true
  for (const [from, to] of spans)
    if (to >= (min ?? 0) && from <= (max ?? Number.POSITIVE_INFINITY)) return true
  return false
}

/** Belief before any evidence: a share of the base rate inside the age window (some months ahead allowed), almost nothing outside. */
export function prior(goal: Goal, spans: AgeSpan[], policy: Policy): number {
  const opens = goal.ageMinMonths === null ? null : goal.ageMinMonths - policy.aheadMonths
  return inWindow(spans, opens, goal.ageMaxMonths) ? policy.priorShare * goal.baseRate : policy.priorOutside
}

/** What is left of a weight after some days: halved every half-life. A day that it is about stops the clock until then. */
export function decayed(weight: number, ageDays: number, halfLifeDays: number): number {
  return weight * 2 ** (-Math.max(0, ageDays) / halfLifeDays)
}

/** Noisy-OR: belief that at least one independent reason holds. Source: Pearl, Probabilistic Reasoning (1988), 4.3. */
export function noisyOr(start: number, weights: number[]): number {
  return 1 - weights.reduce((doubt, weight) => doubt * (1 - weight), 1 - start)
}

/** Days since a line was last true: counted from the day it is about, where it names one to come. */
export function ageDays(line: Pick<Evidence, 'onDay' | 'aboutDay'>, today: number): number {
  return Math.max(0, today - Math.max(line.onDay, line.aboutDay ?? line.onDay))
}

const HER_WORDS: ReadonlySet<EvidenceKind> = new Set(['told', 'answered', 'toldNo', 'declined'])

/** What a line is worth today, as the policy weighs its kind. Her own words weigh as they are. */
export function believedOf(
  line: Pick<Evidence, 'kind' | 'weight' | 'halfLifeDays' | 'onDay' | 'aboutDay'>,
  today: number,
  policy: Policy,
): number {
  if (HER_WORDS.has(line.kind)) return decayed(line.weight, ageDays(line, today), line.halfLifeDays)
  const times =
    line.kind === 'bought'
      ? policy.boughtTimes
      : line.kind === 'noticed'
        ? policy.noticedTimes
        : policy.didTimes
  const weight = times === 1 ? line.weight : Math.min(MOST_BELIEVED, line.weight * times)
  return decayed(weight, ageDays(line, today), line.halfLifeDays * policy.halfLifeTimes)
}

/** No line alone makes certain. */
const MOST_BELIEVED = 0.97

export type Wants = {
  /** Belief in each goal, by goal index, in [0, 1). */
  confidence: number[]
  /** Belief from lines about exactly this goal, the prior left out: what a wish for a wider goal is worth. */
  stated: number[]
  anyWide: boolean
  /** Goals that she refused, or that lie under one she refused. */
  toldNo: number[]
  /** Goals that she told us or answered for. */
  told: number[]
  /** Which one exactly, where she named it. */
  facets: Map<number, Set<string>>
}

/** Believe: prior, evidence with decay, declines, and her own no above everything. Lines dated after today do not count yet. */
export function understand(
  catalogue: Pick<Catalogue, 'goals' | 'goalIndex' | 'parents' | 'policy'>,
  evidence: Evidence[],
  spans: AgeSpan[],
  today: number,
): Wants {
  const { goals, goalIndex, parents, policy } = catalogue
  const n = goals.length
  // Plain lists: typed ones of this size live outside the heap, and making them costs more than filling them.
  const doubt = filled(n, 0)
  const stated = filled(n, 0)
  const factor = filled(n, 1)
  const toldNo = filled(n, 0)
  const told = filled(n, 0)
  const lastWord = filled(n, -1)
  const facets = new Map<number, Set<string>>()
  for (let g = 0; g < n; g++) doubt[g] = 1 - prior(goals[g]!, spans, policy)
  let anyWide = false

  for (const line of evidence) {
    const g = goalIndex.get(line.goal)
    if (g === undefined || line.onDay > today) continue
    if (line.kind === 'toldNo' || line.kind === 'told' || line.kind === 'answered') {
      // The later word stands; on the same day the one that comes first in the list, which is the newest.
      if (line.onDay > lastWord[g]!) {
        lastWord[g] = line.onDay
        toldNo[g] = line.kind === 'toldNo' ? 1 : 0
      }
      if (line.kind !== 'toldNo') told[g] = 1
    }
    if (line.kind === 'toldNo') continue
    if (line.kind === 'declined') {
      if (today - line.onDay < policy.declineDays) factor[g] = factor[g]! * policy.declineFactor
      continue
    }
    const believed = believedOf(line, today, policy)
    doubt[g] = doubt[g]! * (1 - believed)
    stated[g] = 1 - (1 - stated[g]!) * (1 - believed)
    anyWide = true
    if (line.facet !== null) {
      const named = facets.get(g)
      if (named) named.add(line.facet)
      else facets.set(g, new Set([line.facet]))
    }
  }

  // A no to a wider goal is a no to all that lies under it.
  for (let g = 0; g < n; g++)
    for (let up = parents[g]!; up >= 0 && toldNo[g] === 0; up = parents[up]!)
      if (toldNo[up] === 1) toldNo[g] = 1

  const confidence = filled(n, 0)
  for (let g = 0; g < n; g++) confidence[g] = toldNo[g] === 1 ? 0 : (1 - doubt[g]!) * factor[g]!
  for (let g = 0; g < n; g++) if (toldNo[g] === 1) stated[g] = 0
  return { confidence, stated, anyWide, toldNo, told, facets }
}

const filled = (n: number, value: number): number[] => new Array<number>(n).fill(value)

/** Fit of one offer: belief that at least one of the goals it serves is wanted; the wider wishes it also serves count less. */
export function fitOf(catalogue: Catalogue, wants: Wants, index: number): number {
  const { start, goalOf, weightOf, wideStart, wideGoalOf, wideWeightOf } = catalogue
  let doubt = 1
  for (let k = start[index]!; k < start[index + 1]!; k++)
    doubt *= 1 - weightOf[k]! * wants.confidence[goalOf[k]!]!
  if (wants.anyWide)
    for (let k = wideStart[index]!; k < wideStart[index + 1]!; k++)
      doubt *= 1 - wideWeightOf[k]! * wants.stated[wideGoalOf[k]!]!
  return 1 - doubt
}

let scratch = new Float64Array(0)

/**
 * Visit those of some offers whose fit reaches a floor, with their fit, in the order given: {@link fitOf} of
 * all at once, to the last bit. The wider wishes are few, so they are gone through goal by goal.
 */
export function eachFitting(
  catalogue: Catalogue,
  wants: Wants,
  among: Int32Array,
  floor: number,
  visit: (index: number, fit: number) => void,
): void {
  const { listed, start, goalOf, weightOf, wideServedBy } = catalogue
  const { confidence, stated } = wants
  if (scratch.length < listed.length) scratch = new Float64Array(listed.length)
  const doubts = scratch
  for (let at = 0; at < among.length; at++) {
    const index = among[at]!
    let doubt = 1
    for (let k = start[index]!; k < start[index + 1]!; k++)
      doubt *= 1 - weightOf[k]! * confidence[goalOf[k]!]!
    doubts[index] = doubt
  }
  if (wants.anyWide)
    for (let g = 0; g < stated.length; g++) {
      if (stated[g] === 0) continue
      const { indexes, weights } = wideServedBy[g]!
      for (let at = 0; at < indexes.length; at++) doubts[indexes[at]!]! *= 1 - weights[at]! * stated[g]!
    }
  for (let at = 0; at < among.length; at++) {
    const index = among[at]!
    const fit = 1 - doubts[index]!
    if (fit >= floor) visit(index, fit)
  }
}

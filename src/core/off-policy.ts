/**
 * What another policy would have been worth, told from what was really said and what came of it. Answers are drawn
 * with a recorded chance, so what was said can stand for what would be said; where nothing like it was ever said,
 * the record is silent, and so is the estimate.
 *
 * The value is yeses on record (accepted or booked) a turn. A turn is one draw: what was answered, and the repeats
 * of it that followed. A yes that nobody recorded is no yes here, under either policy: nothing is assumed about
 * answers whose end is not known.
 */

import { shrunkRatio } from './acceptance.ts'
import { fnv1a } from './chance.ts'
import { counted } from './counted.ts'
import { ALPHA, studentT } from './sequential.ts'

/** One thing that may be said: the chance of it, and the acceptance that fit predicts for it, in (0, 1]. */
export type Choice = { offerId: string; chance: number; predicted: number }

/** One draw, what came of it, and what either policy might have said there. */
export type Turn = {
  /** Whose: the turns of one customer hang together. */
  who: string
  /** What was answered; null: nothing. */
  said: string | null
  /** The chance of just that, as it was recorded. In (0, 1]. */
  propensity: number
  /** 1: accepted or booked; 0: not, or not on record. */
  yes: 0 | 1
  /** What might have been said then. What is missing to 1 is silence. */
  before: readonly Choice[]
  /** What the other policy might say at the same moment. */
  after: readonly Choice[]
}

/**
 * A value in yeses a turn, with its 95 % interval. As estimated: cut off nowhere, for its interval holds the truth as
 * often as it says only so. {@link possible} is what is shown.
 */
export type Estimate = { value: number; low: number; high: number }

export type OffPolicy = {
  turns: number
  customers: number
  yeses: number
  /** As it was. */
  now: Estimate
  /** Horvitz–Thompson: each yes weighed by how much likelier it becomes. */
  ips: Estimate
  /** The same, the weights made to sum to one. */
  selfNormalised: Estimate
  /** What fit and counts predict, put right by what was seen. */
  doublyRobust: Estimate
  /** Doubly robust less as it was, turn by turn. */
  difference: Estimate
  /** As many turns of one's own would tell as much: (Σ w)² / Σ w². */
  effectiveTurns: number
  /** Share of what the policy would do that was tried at such a moment, in [0, 1]. */
  overlap: number
  /** What this allows one to say. */
  verdict: 'better' | 'worse' | 'cannotTell' | 'noOverlap' | 'tooFew' | 'same'
}

/** Below this many effective turns, or this many yeses, an interval is no more than a guess. */
export const LEAST_TURNS = 50
const LEAST_YESES = 5
/** More of it untried than this, and a value would be what the model hopes. */
const MOST_UNTRIED = 0.05

const FOLDS = 5
/** A new offer is believed to be met as the others are, worth so many expected yeses. */
const PRIOR_YESES = 2

/**
 * Value a policy from turns under another.
 *
 * Sources: Horvitz and Thompson, JASA 47 (1952), 663; Swaminathan and Joachims, The Self-Normalized Estimator for
 * Counterfactual Learning, NeurIPS 2015; Dudík, Langford and Li, Doubly Robust Policy Evaluation and Learning, ICML
 * 2011. Cross-fitted by customer as in Chernozhukov et al., Econometrics Journal 21 (2018), C1. Errors are clustered
 * by customer: Liang and Zeger, Biometrika 73 (1986), 13.
 */
export function offPolicy(turns: readonly Turn[]): OffPolicy {
  const predict = crossFitted(turns)
  const rows = turns.map((turn): Row => {
    const weight = chanceOf(turn.after, turn.said) / turn.propensity
    const expected = turn.after.reduce((sum, choice) => sum + choice.chance * predict(turn, choice), 0)
    const own = turn.after.find(({ offerId }) => offerId === turn.said)
    const seen = weight === 0 || own === undefined ? 0 : predict(turn, own)
    return {
      who: turn.who,
      yes: turn.yes,
      weight,
      ips: weight * turn.yes,
      robust: expected + weight * (turn.yes - seen),
    }
  })
  const sumOfWeights = sum(rows, ({ weight }) => weight)
  const sumOfSquares = sum(rows, ({ weight }) => weight * weight)
  const share = sumOfWeights === 0 ? 0 : sum(rows, ({ ips }) => ips) / sumOfWeights
  const meanWeight = sumOfWeights / Math.max(1, rows.length)
  const made = {
    turns: turns.length,
    customers: new Set(turns.map(({ who }) => who)).size,
    yeses: sum(rows, ({ yes }) => yes),
    now: meanOf(rows, ({ yes }) => yes),
    ips: meanOf(rows, ({ ips }) => ips),
    // A ratio: its error is that of its residuals (the delta method).
    selfNormalised: {
      ...meanOf(rows, (row) => (meanWeight === 0 ? 0 : (row.weight * (row.yes - share)) / meanWeight), share),
    },
    doublyRobust: meanOf(rows, ({ robust }) => robust),
    difference: meanOf(rows, ({ robust, yes }) => robust - yes),
    effectiveTurns: sumOfSquares === 0 ? 0 : sumOfWeights ** 2 / sumOfSquares,
    overlap: overlapOf(turns),
  }
  return { ...made, verdict: verdictOf(made, rows) }
}

type Row = { who: string; yes: number; weight: number; ips: number; robust: number }

function verdictOf(made: Omit<OffPolicy, 'verdict'>, rows: readonly Row[]): OffPolicy['verdict'] {
  if (rows.length === 0) return 'tooFew'
  if (made.overlap < 1 - MOST_UNTRIED) return rows.length < LEAST_TURNS ? 'tooFew' : 'noOverlap'
  if (rows.every(({ weight }) => Math.abs(weight - 1) < 1e-9)) return 'same'
  if (made.effectiveTurns < LEAST_TURNS || made.yeses < LEAST_YESES) return 'tooFew'
  if (made.difference.low > 0) return 'better'
  return made.difference.high < 0 ? 'worse' : 'cannotTell'
}

/** The chance of an answer; of silence, what the others leave. */
function chanceOf(choices: readonly Choice[], said: string | null): number {
  if (said !== null) return choices.find(({ offerId }) => offerId === said)?.chance ?? 0
  const left = 1 - choices.reduce((all, { chance }) => all + chance, 0)
  // What adding up leaves over is nothing.
  return left < 1e-12 ? 0 : left
}

/** Share of what the policy would say, or keep silent, that might have been so at the same moment. */
function overlapOf(turns: readonly Turn[]): number {
  if (turns.length === 0) return 1
  const tried = sum(turns, ({ before, after }) => {
    const offers = after.filter(({ offerId }) => chanceOf(before, offerId) > 0)
    const silence = chanceOf(before, null) > 0 ? chanceOf(after, null) : 0
    return sum(offers, ({ chance }) => chance) + silence
  })
  return Math.min(1, tried / turns.length)
}

/** What each offer is expected to earn: predicted by fit, times how it was met; learned without the customer's own fold. */
function crossFitted(turns: readonly Turn[]): (turn: Turn, choice: Choice) => number {
  type Sum = { accepted: number; expected: number; said: number }
  const foldOf = (who: string) => fnv1a(who) % FOLDS
  const folds = Array.from({ length: FOLDS }, () => new Map<string | null, Sum>())
  const add = (to: Map<string | null, Sum>, key: string | null, sums: Sum) => {
    const was = to.get(key)
    if (!was) return void to.set(key, { ...sums })
    was.accepted += sums.accepted
    was.expected += sums.expected
    was.said += sums.said
  }
  for (const turn of turns) {
    const own = turn.before.find(({ offerId }) => offerId === turn.said)
    if (turn.said === null || own === undefined) continue
    const sums = { accepted: turn.yes, expected: own.predicted * 1e6, said: 1 }
    add(folds[foldOf(turn.who)]!, turn.said, sums)
    add(folds[foldOf(turn.who)]!, null, sums)
  }
  const ratios = folds.map((_, left) => {
    const others = new Map<string | null, Sum>()
    folds.forEach((fold, n) => {
      if (n !== left) for (const [key, sums] of fold) add(others, key, sums)
    })
    const none: Sum = { accepted: 0, expected: 0, said: 0 }
    const shop = shrunkRatio(others.get(null) ?? none, 1, PRIOR_YESES)
    const ofOffer = new Map<string | null, number>()
    for (const [key, sums] of others) ofOffer.set(key, shrunkRatio(sums, shop, PRIOR_YESES))
    return { shop, ofOffer }
  })
  return (turn, { offerId, predicted }) => {
    const { shop, ofOffer } = ratios[foldOf(turn.who)]!
    return Math.min(1, predicted * (ofOffer.get(offerId) ?? shop))
  }
}

/** A mean with its interval, errors clustered by customer. `centre`: the value, where it is not the mean itself. */
function meanOf(rows: readonly Row[], of: (row: Row) => number, centre?: number): Estimate {
  const n = rows.length
  if (n === 0) return { value: 0, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const mean = sum(rows, of) / n
  const deviations = new Map<string, number>()
  for (const row of rows) deviations.set(row.who, (deviations.get(row.who) ?? 0) + of(row) - mean)
  const clusters = deviations.size
  const value = centre ?? mean
  if (clusters < 2) return { value, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  let squares = 0
  for (const deviation of deviations.values()) squares += deviation * deviation
  const error = Math.sqrt((squares * clusters) / (clusters - 1)) / n
  const reach = studentT(ALPHA, clusters - 1) * error
  return { value, low: value - reach, high: value + reach }
}

function sum<T>(list: readonly T[], of: (each: T) => number): number {
  let all = 0
  for (const each of list) all += of(each)
  return all
}

/** Whether the figures may be shown as figures: there is enough of what was said to estimate from. */
export const tellsFigures = ({ turns, effectiveTurns, yeses }: OffPolicy): boolean =>
  turns >= LEAST_TURNS && effectiveTurns >= LEAST_TURNS && yeses >= LEAST_YESES

/** What can be: nobody says yes less than never, nor more than always. `least`: 0, or −1 for a difference. */
export function possible({ value, low, high }: Estimate, least: 0 | -1 = 0): Estimate {
  const cut = (n: number) => Math.min(1, Math.max(least, n))
  return { value: cut(value), low: cut(low), high: cut(high) }
}

const PER_HUNDRED = (value: number) => (value * 100).toFixed(1)

/** The verdict, to be read aloud. */
export function offPolicyWords(made: OffPolicy): string {
  const { verdict, overlap, effectiveTurns, yeses, turns } = made
  const difference = possible(made.difference, -1)
  const range = `between ${signed(difference.low)} and ${signed(difference.high)} yeses in 100 turns`
  switch (verdict) {
    case 'same':
      return 'It would say the same with the same chances: no difference in yeses.'
    case 'noOverlap':
      return `Cannot tell: ${Math.round((1 - overlap) * 100)} % of what it would do was never tried at such a moment (no overlap).`
    case 'tooFew':
      return `Too little to tell from: ${counted(turns, 'turn')} with ${counted(yeses, 'yes', 'yeses')}, worth ${counted(Math.floor(effectiveTurns), 'turn')} of its own. At least ${LEAST_TURNS} of its own with ${LEAST_YESES} yeses are needed.`
    case 'cannotTell':
      return `Cannot tell: ${range} against now.`
    default:
      return `${verdict === 'better' ? 'Better' : 'Worse'}: ${range} against now.`
  }
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${PER_HUNDRED(Math.abs(value))}`

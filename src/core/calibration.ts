/**
 * Whether what is predicted comes true, and which levers would predict better. All of it from decisions that were
 * really said: counted, never assumed. A yes is an answer that was ever accepted or booked.
 */
import type { Capsule } from './capsule.ts'
import { momentAgain } from './capsule.ts'
import type { Catalogue } from './catalogue.ts'
import { counted } from './counted.ts'
import { ancestorsOf } from './goal.ts'
import type { LeverName, Policy } from './policy.ts'
import { LEVERS } from './policy.ts'
import type { AgeSpan, Evidence } from './understand.ts'
import { fitOf, understand } from './understand.ts'

/** z of a 95 % interval. */
const Z95 = 1.959964

/** An interval of a share that keeps its promise for few counts. Source: Wilson, JASA 22 (1927), 209. */
export function wilson(yes: number, of: number): { low: number; high: number } {
  if (of === 0) return { low: 0, high: 1 }
  const share = yes / of
  const squared = Z95 * Z95
  const middle = share + squared / (2 * of)
  const reach = Z95 * Math.sqrt((share * (1 - share)) / of + squared / (4 * of * of))
  const scale = 1 + squared / of
  return { low: Math.max(0, (middle - reach) / scale), high: Math.min(1, (middle + reach) / scale) }
}

/** What was predicted when it was said, and what came of it. */
export type Said = { predicted: number; yes: 0 | 1 }

export type Band = {
  /** The least and the most predicted in it. */
  from: number
  to: number
  said: number
  yes: number
  /** The mean of what was predicted. */
  predicted: number
  /** What came true, with its 95 % interval. */
  share: number
  low: number
  high: number
}

export type Calibration = {
  said: number
  yes: number
  bands: Band[]
  /** Mean distance of what was predicted and what came true, by band, weighed by counts. Source: Naeini et al., AAAI 2015. */
  expectedError: number
}

/** Predictions beside what came true, in tenths of equal counts; fewer bands where there are few. Ties stay together. */
export function calibration(sayings: readonly Said[], most = 10): Calibration {
  const sorted = [...sayings].sort((a, b) => a.predicted - b.predicted)
  const bands: Band[] = []
  const size = Math.max(1, sorted.length / Math.min(most, Math.max(1, Math.floor(sorted.length / 10))))
  let from = 0
  for (let n = 1; from < sorted.length; n++) {
    let to = Math.min(sorted.length, Math.max(from + 1, Math.round(n * size)))
    while (to < sorted.length && sorted[to]!.predicted === sorted[to - 1]!.predicted) to++
    const band = sorted.slice(from, to)
    const yes = band.reduce((sum, each) => sum + each.yes, 0)
    bands.push({
      from: band[0]!.predicted,
      to: band.at(-1)!.predicted,
      said: band.length,
      yes,
      predicted: band.reduce((sum, { predicted }) => sum + predicted, 0) / band.length,
      share: yes / band.length,
      ...wilson(yes, band.length),
    })
    from = to
  }
  return {
    said: sayings.length,
    yes: sayings.reduce((sum, { yes }) => sum + yes, 0),
    bands,
    expectedError:
      bands.reduce((sum, { said, predicted, share }) => sum + said * Math.abs(predicted - share), 0) /
      Math.max(1, sayings.length),
  }
}

/** One saying of an offer, for how each is met. */
export type OfferSaid = Said & {
  offerId: string
  /** What was predicted by fit alone. */
  byFit: number
  declined: 0 | 1
}

export type OfferMet = {
  offerId: string
  said: number
  accepted: number
  declined: number
  predicted: number
  share: number
  low: number
  high: number
}

/** How each offer is met where it was said, from the rows that {@link calibration} counts; the most said first. */
export function metByOffer(sayings: readonly OfferSaid[]): OfferMet[] {
  return [...Map.groupBy(sayings, ({ offerId }) => offerId)]
    .map(([offerId, rows]) => {
      const sum = (of: (row: OfferSaid) => number) => rows.reduce((all, row) => all + of(row), 0)
      const accepted = sum(({ yes }) => yes)
      return {
        offerId,
        said: rows.length,
        accepted,
        declined: sum(({ declined }) => declined),
        predicted: sum(({ byFit }) => byFit) / rows.length,
        share: accepted / rows.length,
        ...wilson(accepted, rows.length),
      }
    })
    .sort((a, b) => b.said - a.said || (a.offerId < b.offerId ? -1 : 1))
}

/** The levers that are learned. Each works by its factor, so each is learned on a logarithm. */
export const LEARNED = [
  'acceptanceAtFit',
  'boughtTimes',
  'didTimes',
  'noticedTimes',
  'halfLifeTimes',
] as const satisfies LeverName[]
export type Learned = Record<(typeof LEARNED)[number], number>

/**
 * How far a lever is believed to lie from its default: the standard deviation of its logarithm. A lever about which
 * 100 sayings know their own logarithm to ± 0.2 goes a fifth of the way; after 1,000, seven tenths.
 */
export const SPREAD = 0.1
/** Fewer sayings than this are too little to learn from. */
export const LEAST_SAYINGS = 100

/**
 * One saying with all that its fit rests on, so that it can be had again under other levers: the goals of the
 * offer and above them, the lines about those goals, and what else the answer was multiplied by.
 */
export type Saying = {
  yes: 0 | 1
  /** Times that acceptance of the offer was expected to differ from its fit. */
  ratio: number
  /** What the named facet leaves of fit. */
  facet: number
  catalogue: Pick<
    Catalogue,
    | 'goals'
    | 'goalIndex'
    | 'parents'
    | 'start'
    | 'goalOf'
    | 'weightOf'
    | 'wideStart'
    | 'wideGoalOf'
    | 'wideWeightOf'
  >
  evidence: Evidence[]
  spans: AgeSpan[]
  today: number
}

/** Take down a saying. `fit`: as it was weighed. Null where the offer is none of the catalogue's. */
export function sayingOf(
  capsule: Capsule,
  catalogue: Catalogue,
  { offerId, fit, ratio, yes }: { offerId: string; fit: number; ratio: number; yes: 0 | 1 },
): Saying | null {
  const listed = catalogue.listedById.get(offerId)
  if (!listed || listed.goalIndexes.length === 0) return null
  const moment = momentAgain(catalogue, capsule)
  const whole = fitOf(catalogue, moment.wants, listed.index)
  if (!(whole > 0)) return null
  const bySlug = catalogue.parts.goalsBySlug
  const slugs = [
    ...new Set(
      listed.goalIndexes.flatMap((g) => {
        const { slug } = catalogue.goals[g]!
        return [slug, ...ancestorsOf(slug, bySlug)]
      }),
    ),
  ]
  const goals = slugs.map((slug) => bySlug.get(slug)!)
  const goalIndex = new Map(slugs.map((slug, i) => [slug, i]))
  const here = (g: number) => goalIndex.get(catalogue.goals[g]!.slug)!
  const row = (start: Int32Array, of: Int32Array) => of.slice(start[listed.index]!, start[listed.index + 1]!)
  const goalOf = row(catalogue.start, catalogue.goalOf).map(here)
  const wideGoalOf = row(catalogue.wideStart, catalogue.wideGoalOf).map(here)
  return {
    yes,
    ratio,
    facet: fit / whole,
    catalogue: {
      goals,
      goalIndex,
      parents: Int32Array.from(goals, ({ parent }) => goalIndex.get(parent ?? '') ?? -1),
      start: Int32Array.of(0, goalOf.length),
      goalOf,
      weightOf: catalogue.weightOf.slice(catalogue.start[listed.index]!, catalogue.start[listed.index + 1]!),
      wideStart: Int32Array.of(0, wideGoalOf.length),
      wideGoalOf,
      wideWeightOf: catalogue.wideWeightOf.slice(
        catalogue.wideStart[listed.index]!,
        catalogue.wideStart[listed.index + 1]!,
      ),
    },
    evidence: moment.evidence.filter((line) => goalIndex.has(line.goal)),
    spans: moment.spans,
    today: moment.today,
  }
}

/** Acceptance that a policy predicts for a saying, in (0, 1). */
export function predictedBy(saying: Saying, policy: Policy): number {
  const { catalogue, evidence, spans, today, facet, ratio } = saying
  const wants = understand({ ...catalogue, policy }, evidence, spans, today)
  const fit = Math.min(1, fitOf(catalogue as Catalogue, wants, 0) * facet)
  return Math.min(1 - 1e-6, Math.max(1e-6, policy.acceptanceAtFit * fit * ratio))
}

/** Mean logarithm of the chance given to what happened; nearer to 0 is better. */
export function meanLogScore(sayings: readonly Saying[], policy: Policy): number {
  let sum = 0
  for (const saying of sayings) {
    const predicted = predictedBy(saying, policy)
    sum += Math.log(saying.yes === 1 ? predicted : 1 - predicted)
  }
  return sayings.length === 0 ? 0 : sum / sayings.length
}

export type Relearned = {
  sayings: number
  yes: number
  /** What is learned; null: too little to learn from, or nothing moved. */
  levers: Learned | null
  /** Mean log score of the last fifth, which was kept aside: by the policy in force, and as learned from the rest. */
  aside: { sayings: number; now: number; learned: number } | null
  says: string
}

/**
 * Learn the levers: penalised likelihood, shrunk towards their defaults by a log-normal prior. Sayings come in the
 * order of time. The search is plain and repeatable: one lever at a time, in steps that are halved.
 */
export function relearned(sayings: readonly Saying[], policy: Policy): Relearned {
  const yes = sayings.filter((saying) => saying.yes === 1).length
  const found = { sayings: sayings.length, yes, levers: null, aside: null }
  if (sayings.length < LEAST_SAYINGS)
    return {
      ...found,
      says: `Too little to learn from: ${counted(sayings.length, 'answer')} said aloud; ${LEAST_SAYINGS} are needed.`,
    }
  const cut = Math.floor(sayings.length * 0.8)
  const [rest, last] = [sayings.slice(0, cut), sayings.slice(cut)]
  const aside = {
    sayings: last.length,
    now: meanLogScore(last, policy),
    learned: meanLogScore(last, { ...policy, ...searched(rest, policy) }),
  }
  const levers = searched(sayings, policy)
  const moved = LEARNED.filter((name) => Math.abs(Math.log(levers[name] / policy[name])) >= 0.01)
  if (moved.length === 0)
    return {
      ...found,
      aside,
      says: `Nothing to change: ${sayings.length} answers said aloud agree with the policy in force.`,
    }
  const changes = moved.map((name) => `${name} ${policy[name]} → ${levers[name]}`).join(', ')
  const verdict =
    aside.learned > aside.now ? 'better' : aside.learned === aside.now ? 'no different' : 'worse: think twice'
  return {
    ...found,
    levers,
    aside,
    says: `Learned from ${sayings.length} answers said aloud with ${counted(yes, 'yes', 'yeses')}: ${changes}. On the last ${aside.sayings}, kept aside, the score goes from ${aside.now.toFixed(4)} to ${aside.learned.toFixed(4)} (${verdict}; nearer to 0 is better).`,
  }
}

function searched(sayings: readonly Saying[], policy: Policy): Learned {
  const levers = Object.fromEntries(LEARNED.map((name) => [name, policy[name]])) as Learned
  const worth = (tried: Learned) =>
    sayings.length * meanLogScore(sayings, { ...policy, ...tried }) - penaltyOf(tried)
  let best = worth(levers)
  for (let step = 0.16; step >= 0.01; step /= 2) {
    for (let moved = true; moved; ) {
      moved = false
      for (const name of LEARNED)
        for (const factor of [Math.exp(step), Math.exp(-step)]) {
          const { min, max } = LEVERS[name]
          const tried = { ...levers, [name]: Math.min(max, Math.max(min, levers[name] * factor)) }
          const value = worth(tried)
          if (value <= best + 1e-9) continue
          best = value
          levers[name] = tried[name]
          moved = true
        }
    }
  }
  for (const name of LEARNED) levers[name] = Number(levers[name].toPrecision(3))
  return levers
}

/** −log of the prior, up to what is constant. */
function penaltyOf(levers: Learned): number {
  return LEARNED.reduce(
    (sum, name) => sum + Math.log(levers[name] / LEVERS[name].default) ** 2 / (2 * SPREAD * SPREAD),
    0,
  )
}

/**
 * Ranks items by what goes with a basket and a history. Every score is the sum of its reasons: items of
 * hers, facets, popularity.
 */
import type { Learned, Purpose, Sales } from './neighbour.ts'
import { Best } from './neighbour.ts'

/** How much each part of a score counts for one purpose. */
export interface Blend {
  /** Likeness of facets beside learned neighbours, 0 … 1. Carries small shops and new items. */
  facets: number
  /**
   * Exponent of how an item sells lately against its usual, 0 … 1. Helps to foresee the next months, not to
   * complete a basket (.286 → .276 at .3).
   */
  recency: number
  /** Popularity of the last 30 days, 0 … 2. At checkout only enough to fill a list that nothing else fills. */
  popularity: number
  /**
   * That she has bought the very item before, 0 … 1, fading like all history. Unless history is excluded:
   * half baskets with repeats .329 → .345.
   */
  again: number
}

/**
 * Constants of ranking. Tuned on one shop's windows of June to August 2011 (NDCG@10) at 100, 400 and 2,700
 * customers together; differences under .003 are noise there.
 */
export const RANKING_DEFAULTS = {
  checkout: { facets: 0.4, recency: 0, popularity: 0.1, again: 0.5 } as Blend,
  next: { facets: 0.8, recency: 0.5, popularity: 0.7, again: 0.5 } as Blend,
  /**
   * What an item of the basket weighs against one bought this minute, 1 … 100. More forgets who she is when
   * the basket holds one item (.221 at 10, .207 at 1,000); less blurs a telling basket.
   */
  basketWeight: 10,
  /** Days in which history loses half its weight, 30 … 365. Full baskets do not care, one-item baskets want
   * it long: .214 / .221 / .228 at 30 / 60 / 120. */
  halfLifeDays: 120,
  /** Most recent distinct items of history that are used, 20 … 500. 50 cost .006 of .183 for the next purchase. */
  historyItems: 100,
  /** Orders by which an item's recent share is shrunk towards the shop's, 1 … 20: few sales tell no trend. */
  recencyShrinkage: 5,
  /** From this many days without anything learned, recency is left out: a stale trend hurts. 7 … 30. */
  staleDays: 14,
}

/** See {@link RANKING_DEFAULTS}. */
export type RankingPolicy = typeof RANKING_DEFAULTS

/** Items bought together at one time (ms since 1970), by sku. */
export interface PastOrder {
  at: number
  items: readonly string[]
}

/** Who and what is ranked for. Skus that nobody knows are passed over. */
export interface Situation {
  purpose: Purpose
  basket?: readonly string[]
  history?: readonly PastOrder[]
  /** The moment of the question, ms since 1970. Purchases after it count as made now. */
  asOf: number
}

/** A situation and what may be answered. */
export interface RankingQuestion extends Situation {
  /** Skus that must not be answered; what is in the basket never is. */
  exclude?: readonly string[]
  /** Only these skus, and all of them, even where nothing speaks for one. Default: whatever has a score. */
  candidates?: readonly string[]
  /** 1 … 50, default 20. */
  limit?: number
}

/**
 * One reason for a score. `boughtWith`: `ref` is the sku of hers it goes with (its own when she has bought
 * it before); `facet`: the shared tag; `popular`: empty.
 */
export interface Because {
  kind: 'boughtWith' | 'facet' | 'popular'
  ref: string
  part: number
}

/** An item with its score, which is exactly the sum of the parts in `because`, largest first. */
export interface Ranked {
  item: number
  sku: string
  score: number
  because: Because[]
}

/** Most items in one answer. */
const RANKING_LIMIT = 50

/**
 * Parts are whole multiples of 2⁻³⁰: sums of them are exact in floating point, in any order, and two
 * scores that differ by less are a tie.
 */
const GRAIN = 2 ** 30

/** More than rounding to grains can change a score by, with a hundred parts. */
const GRAIN_MARGIN = 1e-6

const DAY_MS = 86_400_000

/** A situation as ranking sees it: worked out once, asked about many items. Good until the next sale is learned. */
export interface Profile {
  purpose: Purpose
  policy: RankingPolicy
  /** Items of hers by number → weight. */
  weights: Map<number, number>
  /** Her earlier purchases alone, by number → weight 0 … 1. */
  past: Map<number, number>
  basket: Set<number>
  /** By item: sum of the neighbour weights of what is hers. */
  pull: Float64Array
  mostPull: number
  /** By tag: share of her tags, length 1 over all. */
  tagShare: Float64Array
  /** By item: cosine of her tags and the item's, 0 … 1. */
  likeness: Float64Array
  sales: Sales
}

/** Works out a situation. About 0.1 ms, and as much again for each item of hers whose neighbours are due. */
export function profileOf(
  learned: Learned,
  situation: Situation,
  policy: RankingPolicy = RANKING_DEFAULTS,
): Profile {
  const { purpose, asOf } = situation
  const basket = new Set<number>()
  for (const sku of situation.basket ?? []) {
    const item = learned.itemOf(sku)
    if (item !== undefined) basket.add(item)
  }
  const past = pastWeights(learned, situation.history ?? [], asOf, policy)
  const weights = new Map(past)
  for (const item of basket) weights.set(item, (weights.get(item) ?? 0) + policy.basketWeight)

  const pull = new Float64Array(learned.size)
  const { tags } = learned
  const tagShare = new Float64Array(tags.tags.length)
  for (const [item, weight] of weights) {
    for (const near of learned.neighbours(item, purpose)) pull[near.item]! += weight * near.weight
    for (let k = tags.rowStart[item]!; k < tags.rowStart[item + 1]!; k++) {
      tagShare[tags.rowTag[k]!]! += weight * tags.rowWeight[k]!
    }
  }
  const length = Math.sqrt(tagShare.reduce((sum, share) => sum + share * share, 0))
  const likeness = new Float64Array(learned.size)
  for (let tag = 0; tag < tagShare.length; tag++) {
    if (tagShare[tag] === 0) continue
    tagShare[tag]! /= length
    for (let p = tags.postStart[tag]!; p < tags.postStart[tag + 1]!; p++) {
      likeness[tags.postItem[p]!]! += tagShare[tag]! * tags.postWeight[p]!
    }
  }
  return {
    purpose,
    policy,
    weights,
    past,
    basket,
    pull,
    mostPull: pull.reduce((most, each) => Math.max(most, each), 0),
    tagShare,
    likeness,
    sales: learned.sales(Math.floor(asOf / DAY_MS)),
  }
}

/** `2^(−age / half-life)` of the last purchase of each item, for the items that weigh most. */
function pastWeights(
  learned: Learned,
  history: readonly PastOrder[],
  asOf: number,
  policy: RankingPolicy,
): Map<number, number> {
  const weights = new Map<number, number>()
  for (const { at, items } of history) {
    const weight = 2 ** (-Math.max(0, asOf - at) / DAY_MS / policy.halfLifeDays)
    if (!(weight > 0)) continue
    for (const sku of items) {
      const item = learned.itemOf(sku)
      if (item !== undefined && weight > (weights.get(item) ?? 0)) weights.set(item, weight)
    }
  }
  if (weights.size <= policy.historyItems) return weights
  const best = new Best(policy.historyItems, (x, y) => (learned.skuOf(x) < learned.skuOf(y) ? -1 : 1))
  for (const [item, weight] of weights) best.offer(item, weight)
  return new Map(best.items.map((item, k) => [item, best.scores[k]!]))
}

/**
 * How strongly learned neighbours pull towards an item, 0 … 1 where 1 is the strongest of all items. An item
 * never sold is pulled like the mean of the items most like it, if that is more.
 */
function pullOf(learned: Learned, profile: Profile, item: number): number {
  if (profile.mostPull <= 0) return 0
  const own = profile.pull[item]!
  return (learned.isSold(item) ? own : Math.max(own, lentPull(learned, profile, item))) / profile.mostPull
}

function lentPull(learned: Learned, profile: Profile, item: number): number {
  const kin = learned.similar(item)
  return kin.length > 0 ? kin.reduce((sum, one) => sum + profile.pull[one]!, 0) / kin.length : 0
}

/** How an item sells lately against its usual; 1 is as ever. `((r + κs) / (b + κ)) / s`, to the policy's power. */
function recencyOf({ sales, policy, purpose }: Profile, item: number): number {
  const { recency } = policy[purpose]
  if (recency === 0 || sales.recentShare <= 0 || sales.staleDays > policy.staleDays) return 1
  const recent = Math.max(0, sales.recent[item]!) + policy.recencyShrinkage * sales.recentShare
  const total = Math.max(0, sales.total[item]!) + policy.recencyShrinkage
  return (recent / total / sales.recentShare) ** recency
}

/** The score before its parts are rounded to grains. */
function roughScore(learned: Learned, profile: Profile, item: number): number {
  const { facets, popularity, again } = profile.policy[profile.purpose]
  const liking =
    pullOf(learned, profile, item) + again * (profile.past.get(item) ?? 0) + facets * profile.likeness[item]!
  return liking * recencyOf(profile, item) + popularity * profile.sales.popularity[item]!
}

/** The parts of an item's score, largest first. */
function reasonsOf(learned: Learned, profile: Profile, item: number): Because[] {
  const { facets, popularity, again } = profile.policy[profile.purpose]
  const recency = recencyOf(profile, item)
  const because: Because[] = []
  const say = (kind: Because['kind'], ref: string, value: number) => {
    const part = Math.round(value * GRAIN) / GRAIN
    if (part > 0) because.push({ kind, ref, part })
  }

  if (profile.mostPull > 0) {
    const own = profile.pull[item]!
    const isLent = !learned.isSold(item) && lentPull(learned, profile, item) > own
    const targets = isLent ? learned.similar(item) : [item]
    for (const [source, weight] of profile.weights) {
      let pull = source === item ? again * (profile.past.get(item) ?? 0) : 0
      for (const near of learned.neighbours(source, profile.purpose)) {
        if (targets.includes(near.item)) {
          pull += (weight * near.weight) / targets.length / profile.mostPull
        }
      }
      say('boughtWith', learned.skuOf(source), pull * recency)
    }
  } else {
    say('boughtWith', learned.skuOf(item), again * (profile.past.get(item) ?? 0) * recency)
  }
  const { tags } = learned
  for (let k = tags.rowStart[item]!; k < tags.rowStart[item + 1]!; k++) {
    const tag = tags.rowTag[k]!
    say('facet', tags.tags[tag]!, facets * profile.tagShare[tag]! * tags.rowWeight[k]! * recency)
  }
  say('popular', '', popularity * profile.sales.popularity[item]!)
  return because.sort((x, y) => y.part - x.part || compare(x.kind, y.kind) || compare(x.ref, y.ref))
}

function compare(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0
}

/**
 * Ranks items for a situation: best score first, ties by sku. Never answers what is in the basket, what is
 * excluded, or a sku that nobody knows. Without any sale, basket or history there is nothing to say, and
 * the answer is empty (or the candidates by sku).
 *
 * `score = (pull + again + facets · likeness) · recency + popularity`, see {@link RANKING_DEFAULTS}.
 */
export function rank(
  learned: Learned,
  question: RankingQuestion,
  policy: RankingPolicy = RANKING_DEFAULTS,
): Ranked[] {
  return rankProfile(learned, profileOf(learned, question, policy), question)
}

/** {@link rank} for a situation that is already worked out. */
export function rankProfile(
  learned: Learned,
  profile: Profile,
  { exclude = [], candidates, limit = 20 }: Pick<RankingQuestion, 'exclude' | 'candidates' | 'limit'>,
): Ranked[] {
  const most = Math.min(Math.max(0, Math.floor(limit) || 0), RANKING_LIMIT)
  const banned = new Set(profile.basket)
  for (const sku of exclude) banned.add(learned.itemOf(sku) ?? -1)
  const scores = new Float64Array(profile.pull.length)
  const rated: number[] = []
  const best = new Best(most, () => 1)
  const rate = (item: number) => {
    if (banned.has(item)) return
    const score = roughScore(learned, profile, item)
    if (score <= 0 && !candidates) return
    if (candidates) banned.add(item)
    scores[item] = score
    rated.push(item)
    best.offer(item, score)
  }
  if (candidates) {
    for (const sku of candidates) {
      const item = learned.itemOf(sku)
      if (item !== undefined && item < profile.pull.length) rate(item)
    }
  } else {
    for (let item = 0; item < profile.pull.length; item++) rate(item)
  }
  const bar = best.scores.length < most ? 0 : best.scores.at(-1)! - GRAIN_MARGIN
  return rated
    .filter((item) => scores[item]! >= bar)
    .map((item) => {
      const because = scores[item]! > 0 ? reasonsOf(learned, profile, item) : []
      return {
        item,
        sku: learned.skuOf(item),
        score: because.reduce((sum, { part }) => sum + part, 0),
        because,
      }
    })
    .filter(({ score }) => score > 0 || candidates)
    .sort((x, y) => y.score - x.score || compare(x.sku, y.sku))
    .slice(0, most)
}

/**
 * How well an item goes with a situation, 0 … 1: learned neighbours and facets, without popularity and
 * repeats. 0 when nothing is known of her or of the item.
 */
export function affinity(learned: Learned, profile: Profile, sku: string): number {
  const item = learned.itemOf(sku)
  if (item === undefined || item >= profile.pull.length) return 0
  const { facets } = profile.policy[profile.purpose]
  const score = pullOf(learned, profile, item) + facets * profile.likeness[item]!
  return Math.min(1, score / (1 + facets))
}

/** An item that goes with a basket, and what it rests on. */
export interface GoesWith extends Ranked {
  /** {@link affinity} of the item, 0 … 1. */
  affinity: number
  /** The item of the basket it was bought with most often; null when it never was. */
  withSku: string | null
  /** Baskets that held both. */
  baskets: number
  /** Customers who bought both, together or not. */
  customers: number
}

/**
 * The `k` items that go best with a basket at checkout, with the evidence that could be named aloud: for a
 * shop that has no goals yet, and for "goes with" at the till. Her earlier purchases are left out.
 */
export function goesWith(
  learned: Learned,
  basket: readonly string[],
  history: readonly PastOrder[],
  asOf: number,
  k: number,
  notAnswered: readonly string[] = [],
  policy: RankingPolicy = RANKING_DEFAULTS,
): GoesWith[] {
  const profile = profileOf(learned, { purpose: 'checkout', basket, history, asOf }, policy)
  const exclude = [...history.flatMap(({ items }) => items), ...notAnswered]
  return rankProfile(learned, profile, { exclude, limit: k }).map((ranked) => {
    let partner = { withSku: null as string | null, baskets: 0, customers: 0 }
    for (const item of profile.basket) {
      const pair = learned.pair(item, ranked.item)
      const isMore =
        pair.baskets > partner.baskets ||
        (pair.baskets === partner.baskets && pair.customers > partner.customers)
      if (isMore) partner = { withSku: learned.skuOf(item), ...pair }
    }
    return { ...ranked, affinity: affinity(learned, profile, ranked.sku), ...partner }
  })
}

/**
 * Ranks items by what goes with a basket and a history. Every score is the sum of its reasons: items of
 * hers, facets, popularity.
 */
import type { EaseName, Rows } from './ease.ts'
import { isKnown, weightOf } from './ease.ts'
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
  /**
   * Popularity of the last 30 days, 0 … 2. At checkout it is what one would say knowing nothing, and gives way to
   * the basket: see `basketFade`.
   */
  popularity: number
  /** The build's part beside living counts, 0 … 1, when it is fresh and nothing is in the basket or much. */
  ease: number
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
  checkout: { facets: 0.4, recency: 0, popularity: 0.4, again: 0.5, ease: 0.4 } as Blend,
  next: { facets: 0.8, recency: 0.5, popularity: 0.7, again: 0.5, ease: 0.6 } as Blend,
  /**
   * A basket of n items is n^−basketFade as vague as one of a single item, 0 … 2: so much of popularity, and of
   * the broad model instead of the telling one, remains. One item alone: popularity .1 / .5: .283 / .290.
   */
  basketFade: 0.7,
  /** The build's part with one item in the basket, 0 … 1. */
  easeOfOne: 0.7,
  /**
   * Weight of her whole history beside one item of the basket, by the square root of its length, 0 … 1: who buys a
   * lot is not drowned out, and does not drown out the basket. .1 / .4 / .9: one item .269 / .281 / .279, half
   * baskets .284 / .283 / .280.
   */
  historyWeight: 0.4,
  /** Days in which history loses half its weight, 60 … 480. One item .276 at 120, .281 at 240, .282 at 480. */
  halfLifeDays: 240,
  /** Most recent distinct items of history that are used, 20 … 500. 50 cost .006 of .183 for the next purchase. */
  historyItems: 100,
  /**
   * A basket of n items leaves an n-th of them to pull, and at least so many, 10 … 100: what is in the basket says
   * more, and sooner. 20 instead of 100 cost half baskets up to .0007, and one item, which keeps all 100, .005 to .013.
   */
  historyItemsAtLeast: 20,
  /** Orders by which an item's recent share is shrunk towards the shop's, 1 … 20: few sales tell no trend. */
  recencyShrinkage: 5,
  /**
   * Where neither her things nor the shop's hold together (see `Learned.bondOf`), what sells says more: popularity is divided
   * by the bond where that is below 1, and by no less than this, 0.05 … 1. A thin sample of groceries by type, next
   * new: .086 → .096, what sells .100.
   */
  bondAtLeast: 0.1,
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
  past: ReadonlyMap<number, number>
  basket: Set<number>
  /** How vague the moment is, 0 … 1: 1 for one item or none, less the more is in the basket. */
  vagueness: number
  /** What each source of pull counts for one unit of its weight, so that the strongest of each would be its part. */
  parts: Parts
  /** By item: sum over what is hers of what goes with it, by counts alone; 1 is the strongest. */
  byCounts: Float64Array
  /** The same by counts and by the build. */
  pull: Float64Array
  mostPull: number
  /** By tag: share of her tags, length 1 over all. */
  tagShare: Map<number, number>
  /** By item: cosine of her tags and the item's, 0 … 1. */
  likeness: Float64Array
  sales: Sales
  /** What popularity is divided by, 0 … 1: see `bondAtLeast`. 1 where only what goes together is asked for. */
  bond: number
}

/** Factors of the living counts, for items that the build knows and for those that came later, and of its models. */
interface Parts extends Record<EaseName, number> {
  counts: number
  countsOfNew: number
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
  const weights = weightsOf(learned, past, basket, policy)
  const vagueness = basket.size === 0 ? 1 : basket.size ** -policy.basketFade
  const { parts, byCounts, pull } = pullsOf(
    learned,
    purpose,
    weights,
    easePart(learned, purpose, vagueness, policy),
  )

  const { tags } = learned
  const tagShare = new Map<number, number>()
  for (const [item, weight] of weights) {
    const own = tags.tagsOf(item)
    for (let k = 0; k < own.of.length; k++) {
      const tag = own.of[k]!
      tagShare.set(tag, (tagShare.get(tag) ?? 0) + weight * own.weights[k]!)
    }
  }
  let square = 0
  for (const share of tagShare.values()) square += share * share
  const length = Math.sqrt(square)
  const likeness = new Float64Array(learned.size)
  for (const [tag, sum] of tagShare) {
    const share = sum / length
    tagShare.set(tag, share)
    const { of, weights: its } = tags.itemsOf(tag)
    for (let k = 0; k < of.length; k++) likeness[of[k]!]! += share * its[k]!
  }
  return {
    purpose,
    policy,
    weights,
    past,
    basket,
    vagueness,
    parts,
    byCounts,
    pull,
    mostPull: most(pull),
    tagShare,
    likeness,
    sales: learned.sales(Math.floor(asOf / DAY_MS)),
    bond: 1,
  }
}

/** What of hers weighs what: 1 an item of the basket, and beside it her history, by the root of its sum. */
function weightsOf(
  learned: Learned,
  past: ReadonlyMap<number, number>,
  basket: ReadonlySet<number>,
  policy: RankingPolicy,
): Map<number, number> {
  if (basket.size === 0) return new Map(past)
  const most = Math.max(policy.historyItemsAtLeast, Math.floor(policy.historyItems / basket.size))
  const recent = heaviest(learned, past, most)
  let sum = 0
  for (const weight of recent.values()) sum += weight
  const factor = policy.historyWeight / Math.sqrt(sum)
  const weights = new Map<number, number>()
  for (const [item, weight] of recent) weights.set(item, weight * factor)
  for (const item of basket) weights.set(item, (weights.get(item) ?? 0) + 1)
  return weights
}

/**
 * The parts of the build's two models. A build counts by the share of today's evidence that it has seen: one made
 * of half the orders still helps half as much (half baskets .2865 without, .2893 with, .2903 with all).
 */
function easePart(learned: Learned, purpose: Purpose, vagueness: number, policy: RankingPolicy) {
  if (learned.ease === null) return { telling: 0, broad: 0 }
  const fresh = learned.easeFreshness
  if (purpose === 'next') return { telling: 0, broad: policy.next.ease * fresh }
  const { ease } = policy.checkout
  const part = (ease + (policy.easeOfOne - ease) * vagueness) * fresh
  return { telling: part * (1 - vagueness), broad: part * vagueness }
}

/** Pull by counts and by the build's models, each scaled to its own strongest, in their parts. */
function pullsOf(
  learned: Learned,
  purpose: Purpose,
  weights: ReadonlyMap<number, number>,
  { telling, broad }: Record<EaseName, number>,
): Pick<Profile, 'parts' | 'byCounts' | 'pull'> {
  const { ease } = learned
  const pull = new Float64Array(learned.size)
  // Nothing pulls away, so the largest sum met on the way is the largest in the end.
  let strongest = 0
  for (const [item, weight] of weights) {
    for (const near of learned.neighbours(item, purpose)) {
      const sum = pull[near.item]! + weight * near.weight
      pull[near.item] = sum
      if (sum > strongest) strongest = sum
    }
  }
  const factor = (part: number, most: number) => (most > 0 ? part / most : 0)
  const countsOfNew = factor(1, strongest)
  const parts: Parts = { counts: (1 - telling - broad) * countsOfNew, countsOfNew, telling: 0, broad: 0 }
  if (ease === null) {
    for (let item = 0; item < pull.length; item++) if (pull[item] !== 0) pull[item]! *= countsOfNew
    return { parts, byCounts: pull, pull }
  }
  const one = modelPull(ease.telling, telling > 0 ? weights : NOTHING, pull.length)
  const other = modelPull(ease.broad, broad > 0 ? weights : NOTHING, pull.length)
  parts.telling = factor(telling, one.strongest)
  parts.broad = factor(broad, other.strongest)
  const byCounts = new Float64Array(learned.size)
  for (let item = 0; item < pull.length; item++) {
    const counted = pull[item]!
    let sum = 0
    if (counted !== 0) {
      byCounts[item] = counted * countsOfNew
      sum = counted * (isKnown(ease, item, learned.isSold(item)) ? parts.counts : countsOfNew)
    }
    pull[item] = sum + parts.telling * one.pull[item]! + parts.broad * other.pull[item]!
  }
  return { parts, byCounts, pull }
}

const NOTHING: ReadonlyMap<number, number> = new Map()

/** By item: what a model's sources pull, each by its weight, and the most of it. */
function modelPull(rows: Rows, weights: ReadonlyMap<number, number>, size: number) {
  const { start, item, weight } = rows
  const pull = new Float64Array(size)
  let strongest = 0
  for (const [source, its] of weights) {
    if (source + 1 >= start.length) continue
    const end = start[source + 1]!
    for (let k = start[source]!; k < end; k++) {
      const target = item[k]!
      const sum = pull[target]! + its * weight[k]!
      pull[target] = sum
      if (sum > strongest) strongest = sum
    }
  }
  return { pull, strongest }
}

function most(numbers: Float64Array): number {
  let top = 0
  for (let k = 0; k < numbers.length; k++) if (numbers[k]! > top) top = numbers[k]!
  return top
}

/** `2^(−age / half-life)` of the last purchase of each item, for the items that weigh most. */
function pastWeights(
  learned: Learned,
  history: readonly PastOrder[],
  asOf: number,
  policy: RankingPolicy,
): ReadonlyMap<number, number> {
  const weights = new Map<number, number>()
  for (const { at, items } of history) {
    const weight = 2 ** (-Math.max(0, asOf - at) / DAY_MS / policy.halfLifeDays)
    if (!(weight > 0)) continue
    for (const sku of items) {
      const item = learned.itemOf(sku)
      if (item !== undefined && weight > (weights.get(item) ?? 0)) weights.set(item, weight)
    }
  }
  return heaviest(learned, weights, policy.historyItems)
}

/** The `most` items that weigh most, ties by sku. */
function heaviest(
  learned: Learned,
  weights: ReadonlyMap<number, number>,
  most: number,
): ReadonlyMap<number, number> {
  if (weights.size <= most) return weights
  const best = new Best(most, (x, y) => (learned.skuOf(x) < learned.skuOf(y) ? -1 : 1))
  for (const [item, weight] of weights) best.offer(item, weight)
  return new Map(best.items.map((item, k) => [item, best.scores[k]!]))
}

/**
 * How strongly learned neighbours pull towards an item, 0 … 1 where 1 is the strongest of all items. An item
 * never sold is pulled like the mean of the items most like it, if that is more, and by counts alone: with the build
 * new products score .143 for the next purchase, without .146: settled on that very window.
 */
function pullOf(learned: Learned, profile: Profile, item: number, lends: Lends): number {
  if (profile.mostPull <= 0) return 0
  if (learned.isSold(item)) return profile.pull[item]! / profile.mostPull
  const own = profile.byCounts[item]!
  return lends(item) ? Math.max(own, lentPull(learned, profile, item)) : own
}

/** Whether an item never sold is lent the pull of those most like it. */
type Lends = (item: number) => boolean
const ALL_LEND: Lends = () => true

/** Where anything may be answered, only so many of the never sold are lent a pull: those most like what is hers. A catalogue of tens of thousands would make a till wait. */
const MOST_LENT = 100

function mostAlike(learned: Learned, { likeness, mostPull }: Profile): Lends {
  if (mostPull <= 0) return ALL_LEND
  const best = new Best(MOST_LENT, (x, y) => (learned.skuOf(x) < learned.skuOf(y) ? -1 : 1))
  for (let item = 0; item < likeness.length; item++)
    if (likeness[item]! > 0 && !learned.isSold(item)) best.offer(item, likeness[item]!)
  const lent = new Set(best.items)
  return (item) => lent.has(item)
}

function lentPull(learned: Learned, profile: Profile, item: number): number {
  const kin = learned.similar(item)
  return kin.length > 0 ? kin.reduce((sum, one) => sum + profile.byCounts[one]!, 0) / kin.length : 0
}

/** How an item sells lately against its usual; 1 is as ever. `((r + κs) / (b + κ)) / s`, to the policy's power. */
function recencyOf({ sales, policy, purpose }: Profile, item: number): number {
  const { recency } = policy[purpose]
  if (recency === 0 || sales.recentShare <= 0 || sales.staleDays > policy.staleDays) return 1
  const recent = Math.max(0, sales.recent[item]!) + policy.recencyShrinkage * sales.recentShare
  const total = Math.max(0, sales.total[item]!) + policy.recencyShrinkage
  return (recent / total / sales.recentShare) ** recency
}

/**
 * The part of popularity: all of it for the next purchase, and at checkout what the basket leaves of it; more in a shop
 * whose products hardly go together.
 */
function popularityOf({ policy, purpose, sales, bond, vagueness }: Profile, item: number): number {
  const weight = (policy[purpose].popularity * (purpose === 'checkout' ? vagueness : 1)) / bond
  return weight * sales.popularity[item]!
}

/** The score before its parts are rounded to grains. */
function roughScore(learned: Learned, profile: Profile, item: number, lends: Lends): number {
  const { facets, again } = profile.policy[profile.purpose]
  const liking =
    pullOf(learned, profile, item, lends) +
    again * (profile.past.get(item) ?? 0) +
    facets * profile.likeness[item]!
  return liking * recencyOf(profile, item) + popularityOf(profile, item)
}

/** The parts of an item's score, largest first. */
function reasonsOf(learned: Learned, profile: Profile, item: number, lends: Lends): Because[] {
  const { facets, again } = profile.policy[profile.purpose]
  const recency = recencyOf(profile, item)
  const because: Because[] = []
  const say = (kind: Because['kind'], ref: string, value: number) => {
    const part = Math.round(value * GRAIN) / GRAIN
    if (part > 0) because.push({ kind, ref, part })
  }

  if (profile.mostPull > 0) {
    const isSold = learned.isSold(item)
    const isLent = !isSold && lends(item) && lentPull(learned, profile, item) > profile.byCounts[item]!
    const targets = isLent ? learned.similar(item) : [item]
    const repeat = again * (profile.past.get(item) ?? 0)
    if (!profile.weights.has(item)) say('boughtWith', learned.skuOf(item), repeat * recency)
    for (const [source, weight] of profile.weights) {
      let pull = source === item ? repeat : 0
      for (const target of targets) {
        pull += isSold
          ? (weight * pullFrom(learned, profile, source, target)) / profile.mostPull
          : (weight * countedPull(learned, profile, source, target)) / targets.length
      }
      say('boughtWith', learned.skuOf(source), pull * recency)
    }
  } else {
    say('boughtWith', learned.skuOf(item), again * (profile.past.get(item) ?? 0) * recency)
  }
  const { tags } = learned
  const own = tags.tagsOf(item)
  for (let k = 0; k < own.of.length; k++) {
    const tag = own.of[k]!
    say('facet', tags.names[tag]!, facets * (profile.tagShare.get(tag) ?? 0) * own.weights[k]! * recency)
  }
  say('popular', '', popularityOf(profile, item))
  return because.sort((x, y) => y.part - x.part || compare(x.kind, y.kind) || compare(x.ref, y.ref))
}

/** What one item of hers pulls towards another by counts alone, for one unit of its weight. */
function countedPull(learned: Learned, { purpose, parts }: Profile, source: number, target: number): number {
  const near = learned.neighbours(source, purpose).find(({ item }) => item === target)
  return near === undefined ? 0 : near.weight * parts.countsOfNew
}

/** The same by counts and by the build. */
function pullFrom(learned: Learned, profile: Profile, source: number, target: number): number {
  const { ease } = learned
  const { parts } = profile
  const counted = countedPull(learned, profile, source, target)
  if (ease === null) return counted
  const isMixed = counted > 0 && isKnown(ease, target, true)
  let pull = isMixed ? (counted / parts.countsOfNew) * parts.counts : counted
  for (const name of ['telling', 'broad'] as const) {
    if (parts[name] > 0) pull += parts[name] * weightOf(ease[name], source, target)
  }
  return pull
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
  const profile = profileOf(learned, question, policy)
  const bond = Math.min(1, Math.max(policy.bondAtLeast, learned.bondOf(profile.weights)))
  return rankProfile(learned, { ...profile, bond }, question)
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
  const lends = candidates ? ALL_LEND : mostAlike(learned, profile)
  const scores = new Float64Array(profile.pull.length)
  const rated: number[] = []
  const best = new Best(most, () => 1)
  const rate = (item: number) => {
    if (banned.has(item)) return
    const score = roughScore(learned, profile, item, lends)
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
      const because = scores[item]! > 0 ? reasonsOf(learned, profile, item, lends) : []
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
  return item === undefined ? 0 : affinityOf(learned, profile, item)
}

/** The same, of an item by number. */
export function affinityOf(learned: Learned, profile: Profile, item: number): number {
  if (item >= profile.pull.length) return 0
  const { facets } = profile.policy[profile.purpose]
  const score = pullOf(learned, profile, item, ALL_LEND) + facets * profile.likeness[item]!
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

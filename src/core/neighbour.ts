/**
 * What was learned from sales, in memory: how often two items went into one basket or to one customer, and
 * from it the few items that go with each item. Counts are integers and may be set (loading, refreshing) or
 * bumped (one order); weights are derived on demand and kept until a count changes.
 *
 * Measured on a gift shop's half baskets (NDCG@10 on the tuning window): Jaccard with the best 10 alone .230,
 * EASE, which inverts a matrix, .267. Baskets sampled fairly, customers' pairs beside them, tag
 * pseudo-baskets, sharpening and damping as below: .286, and every order counts at once.
 */
import type { Ease } from './ease.ts'
import { BASKET_ITEMS_CAP, basketItems, customerChanges } from './pair.ts'
import type { TagSource } from './tag.ts'
import { TagIndex, tagsOf } from './tag.ts'

/** What the neighbours are for: what completes this basket, or what she may come back for. */
export type Purpose = 'checkout' | 'next'

/**
 * Constants of the weights. Tuned on one shop's windows of June to August 2011 at 100, 400 and 2,700
 * customers; flat around the defaults, so no shop needs its own.
 */
export const NEIGHBOUR_DEFAULTS = {
  /**
   * What a common basket and a common customer count, 0 … 3. At checkout both speak: baskets alone .277,
   * customers alone .283, both .286. For the next purchase baskets add noise: .172 alone, .165 with them.
   */
  checkout: {
    baskets: 1,
    customers: 1,
    /** Exponent of the Jaccard weight, 1 … 2. Above 1 a sure neighbour outweighs several doubtful ones. */
    sharpness: 1.5,
  },
  next: { baskets: 0, customers: 1, sharpness: 1 },
  /**
   * Pseudo-baskets that two items of the same tags have in common, 0 … 10. Fades as real counts grow; in a
   * shop of 100 customers it is worth .117 → .204, in one of 2,700 .2705 → .2735.
   */
  tagBaskets: 3,
  /** Added to the union in Jaccard, 0 … 10: two items sold once, together, are not yet a pair. */
  shrinkage: 5,
  /** Neighbours kept for each item, 10 … 50. Flat; all of them costs a tenth. */
  neighbours: 20,
  /**
   * Weights of a source are divided by (their sum)^damping, 0 … 1: an item of a close-knit range has many
   * near neighbours and would outshout the rest of the basket. 0 / .5 / 1: .278 / .286 / .285.
   */
  damping: 0.5,
  /** Tag-similar sold items that stand in for one never sold, 3 … 20. */
  similar: 8,
  /**
   * Repeats that a shop or a basket is lent, 1 … 100, as if bonds had made as many as chance: a few baskets prove nothing. See
   * {@link Learned.bondOf}.
   */
  bondPrior: 10,
  /** Days that count as recent, 7 … 90. */
  recentDays: 30,
  /**
   * Count changes elsewhere in the shop that a kept row of neighbours may outlive, 0 … 10,000. 0 is exact:
   * every change makes every row due again (about 0.1 ms each, on demand). Above 0 an item's own pairs are
   * still visible at once; only the totals of its neighbours may lag by so many changes.
   */
  slack: 0,
}

/** See {@link NEIGHBOUR_DEFAULTS}. */
export type NeighbourPolicy = typeof NEIGHBOUR_DEFAULTS

/** An item to learn about. `sku` is any unique text; ties anywhere break by it. */
export interface LearnedItem extends TagSource {
  sku: string
}

/** An item (by number) that goes with another, and how much. */
export interface Neighbour {
  item: number
  weight: number
}

/** How often two items went together. */
export interface PairCount {
  baskets: number
  customers: number
}

/** Sales of the recent window, for all items: see {@link Learned.sales}. */
export interface Sales {
  /** Orders by item inside the window. */
  recent: Int32Array
  /** Orders by item, ever. */
  total: Int32Array
  /** The window's share of all order lines, 0 … 1. */
  recentShare: number
  /** `ln(1 + r) / ln(1 + most r)` of the window's orders by item, 0 … 1. */
  popularity: Float64Array
  /** Days between the window's last day and the day asked for. */
  staleDays: number
}

/** See {@link Learned.bondOf}. */
interface PairTotals {
  version: number
  all: number
  squares: number
  bond: number
}

/** A weight row that is kept, and the change counters it was derived at. */
interface Kept {
  version: number
  neighbours: readonly Neighbour[]
}

/** Starts learning about these items, with no sale yet. */
export function createLearned(
  items: readonly LearnedItem[] = [],
  policy: Partial<NeighbourPolicy> = {},
): Learned {
  const learned = new Learned({ ...NEIGHBOUR_DEFAULTS, ...policy })
  for (const item of items) learned.addItem(item)
  return learned
}

/**
 * Everything learned. Items are known by number, in the order they were added. A pair takes about 35 bytes:
 * a gift shop of 3,300 items with 1.5 million distinct pairs fits in 55 MB.
 *
 * Counts may go below zero for a while, when a void arrives before its sale; they count as none then.
 */
export class Learned {
  readonly policy: NeighbourPolicy
  readonly #skus: string[] = []
  readonly #numberOf = new Map<string, number>()
  /** The facets of all items, always up to date. */
  readonly tags = new TagIndex()
  /** By item: the other item → baskets, customers. Both directions, so that one row is one scan. */
  readonly #pairs: CountTable[] = []
  /** By item: day → orders. */
  readonly #days: CountTable[] = []
  /** Day → order lines of the whole shop. */
  readonly #shopDays = new CountTable()
  #baskets: Int32Array = new Int32Array(16)
  #customers: Int32Array = new Int32Array(16)
  #total: Int32Array = new Int32Array(16)
  #recent: Int32Array = new Int32Array(16)
  #windowEnd = Number.NEGATIVE_INFINITY
  #lastDay = Number.NEGATIVE_INFINITY
  #lines = 0
  #recentLines = 0
  #sales: { version: number; sales: Omit<Sales, 'staleDays'> } | null = null
  #totals: PairTotals | null = null

  #ease: Ease | null = null
  #easeEvidence = 0
  #evidence = 0
  #version = 0
  #retaggedAt = 0
  /** Version at which an item's own pairs or totals last changed. */
  #changedAt: Float64Array = new Float64Array(16)
  /** Changes when an item starts or stops having sales, or tags change. */
  #kinVersion = 0
  readonly #rows: Record<Purpose, (Kept | undefined)[]> = { checkout: [], next: [] }
  readonly #kin: ({ version: number; items: readonly number[] } | undefined)[] = []
  #scratch = new Float64Array(0)

  constructor(policy: NeighbourPolicy) {
    this.policy = policy
  }

  /** Number of items. */
  get size(): number {
    return this.#skus.length
  }

  /** Goes up with every change; equal versions of one object give equal answers. */
  get version(): number {
    return this.#version
  }

  /** Adds an item, or renames the one of this sku, and returns its number. */
  addItem(item: LearnedItem): number {
    const tags = tagsOf(item)
    const known = this.#numberOf.get(item.sku)
    if (known !== undefined) {
      if (this.tags.replace(known, tags)) this.#retag()
      return known
    }
    const number = this.#skus.length
    this.#skus.push(item.sku)
    this.#numberOf.set(item.sku, number)
    this.tags.add(tags)
    this.#pairs.push(new CountTable())
    this.#days.push(new CountTable())
    if (number >= this.#baskets.length) {
      this.#baskets = grown(this.#baskets, new Int32Array(number * 2))
      this.#customers = grown(this.#customers, new Int32Array(number * 2))
      this.#total = grown(this.#total, new Int32Array(number * 2))
      this.#recent = grown(this.#recent, new Int32Array(number * 2))
      this.#changedAt = grown(this.#changedAt, new Float64Array(number * 2))
    }
    this.#retag()
    return number
  }

  #retag() {
    this.#kinVersion++
    // Document frequencies changed, so every weight did: no slack covers that.
    this.#retaggedAt = ++this.#version
  }

  /** The number of a sku, if it is known. */
  itemOf(sku: string): number | undefined {
    return this.#numberOf.get(sku)
  }

  /** The sku of an item. */
  skuOf(item: number): string {
    return this.#skus[item]!
  }

  /** The last build of the upgrade, or null while there is none. */
  get ease(): Ease | null {
    return this.#ease
  }

  /** Takes another build, whole, and how much evidence it was made of: see {@link evidence}. */
  setEase(ease: Ease | null, evidence: number = this.#evidence): void {
    this.#ease = ease
    this.#easeEvidence = evidence
    this.#version++
  }

  /** How much was learned so far: the sum of all items' totals. */
  get evidence(): number {
    return this.#evidence
  }

  /** The share of today's evidence that the build has seen, or of the build's that is left after voids; 0 … 1. */
  get easeFreshness(): number {
    const most = Math.max(this.#evidence, this.#easeEvidence)
    return most > 0 ? Math.max(0, Math.min(this.#evidence, this.#easeEvidence)) / most : 1
  }

  /** Sets how often two different items went together: for loading, and for rows that changed elsewhere. */
  setPair(a: number, b: number, baskets: number, customers: number): void {
    if (a === b) return
    this.#pairs[a]!.set(b, baskets, customers)
    this.#pairs[b]!.set(a, baskets, customers)
    this.#version++
    this.#changedAt[a] = this.#changedAt[b] = this.#version
  }

  /** Adds to how often two different items went together; −1 takes back. */
  bumpPair(a: number, b: number, baskets: number, customers: number): void {
    if (a === b) return
    this.#pairs[a]!.add(b, baskets, customers)
    this.#pairs[b]!.add(a, baskets, customers)
    this.#version++
    this.#changedAt[a] = this.#changedAt[b] = this.#version
  }

  /** How often two items went together. */
  pair(a: number, b: number): PairCount {
    return { baskets: this.#pairs[a]!.first(b), customers: this.#pairs[a]!.second(b) }
  }

  /** Calls `visit` for each item that ever went with this one and still has a count. */
  eachPair(item: number, visit: (other: number, baskets: number, customers: number) => void): void {
    this.#pairs[item]!.each(visit)
  }

  /**
   * Sets the totals of an item: the baskets and customers in which it *counted*, that is, was among
   * `basketItems` or `customerItems`. Totals of uncapped baskets instead cost .007 of .286.
   */
  setStat(item: number, stat: PairCount): void {
    this.bumpStat(item, stat.baskets - this.#baskets[item]!, stat.customers - this.#customers[item]!)
  }

  /** Adds to the totals of an item: see {@link setStat}. */
  bumpStat(item: number, baskets: number, customers: number): void {
    if (baskets === 0 && customers === 0) return
    const was = this.isSold(item)
    this.#baskets[item]! += baskets
    this.#customers[item]! += customers
    this.#evidence += baskets + customers
    if (was !== this.isSold(item)) this.#kinVersion++
    this.#changedAt[item] = ++this.#version
  }

  /** The totals of an item. */
  stat(item: number): PairCount {
    return { baskets: this.#baskets[item]!, customers: this.#customers[item]! }
  }

  /** Whether anything was learned about an item itself, beyond its name. */
  isSold(item: number): boolean {
    return this.#baskets[item]! > 0 || this.#customers[item]! > 0
  }

  /**
   * How firmly some items, each with its weight, go with what they were bought with, or else the shop's products with each
   * other, whichever is more, from 0: baskets repeat pairs so many times more than chance would, given what sells. 1
   * where nothing is known. A gift shop's products: 1.2 to 1.6; those of a thin sample of groceries: .1.
   *
   * `(Σ c(c − 1) − Σ e² + κ) / (Σ e² + κ)` over pairs of items in `c` baskets, where chance would make `e`: of counts that
   * only chance makes, `c(c − 1)` is `e²` on average, in a small shop as in a large one. Source: the second factorial
   * moment of a Poisson count (Johnson, Kemp and Kotz, Univariate Discrete Distributions, 4.3).
   */
  bondOf(weights: ReadonlyMap<number, number>): number {
    const { all, squares, bond } = this.#pairTotals()
    let repeats = 0
    let byChance = 0
    for (const [item, weight] of weights) {
      const { sum, again } = this.#pairs[item]!
      repeats += weight * again
      if (sum > 0) byChance += (weight * sum ** 2 * (squares - sum ** 2)) / (all - squares / all) ** 2
    }
    return Math.max(bond, this.#bond(repeats, byChance))
  }

  #bond(repeats: number, byChance: number): number {
    const { bondPrior } = this.policy
    return Math.max(0, repeats - byChance + bondPrior) / (byChance + bondPrior)
  }

  /** Over all items: the baskets of their pairs, the squares of those, and the bond. */
  #pairTotals(): PairTotals {
    if (this.#totals?.version === this.#version) return this.#totals
    let repeats = 0
    let all = 0
    let squares = 0
    let fourths = 0
    for (const { sum, again } of this.#pairs) {
      repeats += again
      all += sum
      squares += sum ** 2
      fourths += sum ** 4
    }
    // No item is its own pair: what chance would make of those goes to the others.
    const byChance = all > 0 ? (squares ** 2 - fourths) / (all - squares / all) ** 2 : 0
    this.#totals = { version: this.#version, all, squares, bond: this.#bond(repeats, byChance) }
    return this.#totals
  }

  /** Sets the orders that held the item on a day (days since 1970-01-01). */
  setOrders(item: number, day: number, orders: number): void {
    this.bumpOrders(item, day, orders - this.#days[item]!.first(day))
  }

  /** Adds to the orders that held the item on a day. */
  bumpOrders(item: number, day: number, orders: number): void {
    if (orders === 0) return
    this.#days[item]!.add(day, orders, 0)
    this.#shopDays.add(day, orders, 0)
    this.#total[item]! += orders
    this.#lines += orders
    if (this.#inWindow(day)) {
      this.#recent[item]! += orders
      this.#recentLines += orders
    }
    const sold = this.#shopDays.first(day) > 0
    if (sold && day > this.#lastDay) this.#lastDay = day
    if (!sold && day === this.#lastDay) this.#lastDay = this.#lastSoldDay()
    this.#version++
  }

  #inWindow(day: number): boolean {
    return day <= this.#windowEnd && day > this.#windowEnd - this.policy.recentDays
  }

  #lastSoldDay(): number {
    let last = Number.NEGATIVE_INFINITY
    this.#shopDays.each((day, orders) => {
      if (orders > 0 && day > last) last = day
    })
    return last
  }

  /**
   * Counts one order (`by` = 1) or takes it back (−1). Items by number, which must be stable: see
   * `basketItems`. About 7 µs for ten items, 21 for twenty.
   */
  bumpBasket(items: readonly number[], day: number, by: 1 | -1 = 1, cap = BASKET_ITEMS_CAP): void {
    for (const item of new Set(items)) this.bumpOrders(item, day, by)
    const counted = basketItems(items, cap)
    for (const item of counted) {
      this.bumpStat(item, by, 0)
      this.#bumpRow(item, counted, by, 0)
    }
  }

  /** Moves one customer from the items that counted `before` to those that count `after`. */
  bumpCustomer(before: readonly number[], after: readonly number[]): void {
    const { gone, kept, come } = customerChanges(before, after)
    for (const item of gone) this.#bumpRow(item, before, 0, -1)
    for (const item of come) this.#bumpRow(item, after, 0, 1)
    for (const item of kept) {
      this.#bumpRow(item, gone, 0, -1)
      this.#bumpRow(item, come, 0, 1)
    }
    for (const item of gone) this.bumpStat(item, 0, -1)
    for (const item of come) this.bumpStat(item, 0, 1)
  }

  /** One direction of many pairs: a row at a time is kind to the processor's cache. */
  #bumpRow(item: number, others: readonly number[], baskets: number, customers: number) {
    const row = this.#pairs[item]!
    for (const other of others) if (other !== item) row.add(other, baskets, customers)
    this.#changedAt[item] = ++this.#version
  }

  /**
   * Orders by item, ever and in the last `recentDays` days up to `day`. When nothing was learned that late
   * the window ends on the last day learned, and `staleDays` says how far back that is.
   */
  sales(day: number): Sales {
    const end = Math.min(day, this.#lastDay)
    const isKept = this.#sales?.version === this.#version && end === this.#windowEnd
    if (!isKept) this.#sales = { version: this.#version, sales: this.#salesUntil(end) }
    return { ...this.#sales!.sales, staleDays: Number.isFinite(end) ? day - end : Number.POSITIVE_INFINITY }
  }

  #salesUntil(end: number): Omit<Sales, 'staleDays'> {
    if (end !== this.#windowEnd) {
      this.#windowEnd = end
      this.#recentLines = 0
      this.#recent.fill(0)
      for (let item = 0; item < this.size; item++) {
        let recent = 0
        this.#days[item]!.each((on, orders) => {
          if (this.#inWindow(on)) recent += orders
        })
        this.#recent[item] = recent
        this.#recentLines += recent
      }
    }
    const recent = this.#recent.slice(0, this.size)
    const most = recent.reduce((top, orders) => Math.max(top, orders), 0)
    const popularity = new Float64Array(this.size)
    if (most > 0) {
      recent.forEach((orders, item) => {
        if (orders > 0) popularity[item] = Math.log1p(orders) / Math.log1p(most)
      })
    }
    return {
      recent,
      total: this.#total.slice(0, this.size),
      popularity,
      recentShare: this.#lines > 0 ? Math.max(0, this.#recentLines) / this.#lines : 0,
    }
  }

  /** The sold items most like this one by tags, at most `similar`, best first: what a new item is judged by. */
  similar(item: number): readonly number[] {
    const kept = this.#kin[item]
    if (kept?.version === this.#kinVersion) return kept.items
    const cosine = this.#clearScratch()
    const met: number[] = []
    this.tags.eachMatch(item, (other, product) => {
      if (other === item || !this.isSold(other)) return
      if (cosine[other] === 0) met.push(other)
      cosine[other]! += product
    })
    const best = new Best(this.policy.similar, (x, y) => this.#bySku(x, y))
    for (const other of met) {
      best.offer(other, cosine[other]!)
      cosine[other] = 0
    }
    this.#kin[item] = { version: this.#kinVersion, items: best.items }
    return best.items
  }

  /**
   * The items that go with an item, best first, at most `neighbours`.
   *
   * `G̃ = baskets + customers + tagBaskets · cosine of tags`; `J = G̃ᵢⱼ / (G̃ᵢᵢ + G̃ⱼⱼ − G̃ᵢⱼ + shrinkage)`; the best
   * by `J` weigh `J^sharpness / (Σ J^sharpness)^damping`. An item without a sale goes with what is like it by
   * tags; lending it the neighbours of similar items instead cost .217 → .198 at 100 customers.
   * Exact at any moment, unless the policy allows slack.
   */
  neighbours(item: number, purpose: Purpose): readonly Neighbour[] {
    const kept = this.#rows[purpose][item]
    if (kept && this.#isFresh(item, kept.version)) return kept.neighbours
    const neighbours = this.#derive(item, purpose)
    this.#rows[purpose][item] = { version: this.#version, neighbours }
    return neighbours
  }

  #isFresh(item: number, version: number): boolean {
    const changedAt = Math.max(this.#changedAt[item]!, this.#retaggedAt)
    return this.#version - version <= this.policy.slack && changedAt <= version
  }

  #derive(item: number, purpose: Purpose): Neighbour[] {
    const { tagBaskets, shrinkage, damping, neighbours } = this.policy
    const { baskets, customers, sharpness } = this.policy[purpose]
    const together = this.#clearScratch()
    const met: number[] = []
    this.#pairs[item]!.each((other, inBaskets, ofCustomers) => {
      const count = baskets * Math.max(0, inBaskets) + customers * Math.max(0, ofCustomers)
      if (count <= 0) return
      met.push(other)
      together[other] = count
    })
    if (tagBaskets > 0) {
      this.tags.eachMatch(item, (other, product) => {
        if (other === item) return
        if (together[other] === 0) met.push(other)
        together[other]! += tagBaskets * product
      })
    }
    const evidenceOf = (one: number) =>
      baskets * Math.max(0, this.#baskets[one]!) +
      customers * Math.max(0, this.#customers[one]!) +
      (this.tags.isTagged(one) ? tagBaskets : 0)
    const evidence = evidenceOf(item)
    const best = new Best(neighbours, (x, y) => this.#bySku(x, y))
    for (const other of met) {
      const shared = together[other]!
      together[other] = 0
      best.offer(other, jaccard(shared, evidence, evidenceOf(other), shrinkage))
    }
    const sharp = best.scores.map((score) => score ** sharpness)
    const divisor = sharp.reduce((sum, weight) => sum + weight, 0) ** damping
    return best.items.map((other, k) => ({ item: other, weight: sharp[k]! / divisor }))
  }

  #bySku(x: number, y: number): number {
    return this.#skus[x]! < this.#skus[y]! ? -1 : 1
  }

  /** A zeroed number by item; whoever uses it leaves it zeroed. */
  #clearScratch(): Float64Array {
    if (this.#scratch.length < this.size) this.#scratch = new Float64Array(this.size * 2)
    return this.#scratch
  }
}

/**
 * Overlap of two sets by their counts, shrunk: `shared / (x + y − shared + shrinkage)`, 0 … 1. The union is
 * never taken below what is shared, so half-loaded counts cannot give more than 1.
 * Jaccard 1901; the shrinkage is that of item-item neighbourhood models (Koren 2008).
 */
export function jaccard(shared: number, x: number, y: number, shrinkage: number): number {
  return shared > 0 ? shared / (Math.max(x + y - shared, shared) + shrinkage) : 0
}

/** The best `most` of the items offered, by score and then by `tie`, best first. */
export class Best {
  readonly items: number[] = []
  readonly scores: number[] = []
  readonly #most: number
  readonly #tie: (x: number, y: number) => number

  constructor(most: number, tie: (x: number, y: number) => number) {
    this.#most = most
    this.#tie = tie
  }

  /** Takes the item in if it is good enough. A score of 0 or less never is. */
  offer(item: number, score: number): void {
    if (!(score > 0) || this.#most <= 0) return
    const { items, scores } = this
    let at = items.length
    if (at === this.#most && !this.#beats(item, score, at - 1)) return
    while (at > 0 && this.#beats(item, score, at - 1)) at--
    items.splice(at, 0, item)
    scores.splice(at, 0, score)
    if (items.length > this.#most) {
      items.pop()
      scores.pop()
    }
  }

  #beats(item: number, score: number, at: number): boolean {
    const other = this.scores[at]!
    return score > other || (score === other && this.#tie(item, this.items[at]!) < 0)
  }
}

/**
 * Two counts by number, open addressing with linear probing (Knuth, TAOCP 3, 6.4): cells of
 * [key + 1, first, second] in one array. Keys are whole numbers from 0 to 2³¹ − 2.
 */
class CountTable {
  #cells: Int32Array = NO_CELLS
  #used = 0
  #shift = 32
  /** Sum of the first counts, those below none left out. */
  sum = 0
  /** Sum of `c(c − 1)` over the first counts: ordered pairs of the same. */
  again = 0

  first(key: number): number {
    const at = this.#find(key)
    return at < 0 ? 0 : this.#cells[at + 1]!
  }

  second(key: number): number {
    const at = this.#find(key)
    return at < 0 ? 0 : this.#cells[at + 2]!
  }

  /** Offset of the key's cell, or −1. */
  #find(key: number): number {
    const cells = this.#cells
    if (cells.length === 0) return -1
    let at = (Math.imul(key, 0x9e3779b1) >>> this.#shift) * 3
    for (;;) {
      const held = cells[at]!
      if (held === key + 1) return at
      if (held === 0) return -1
      at += 3
      if (at === cells.length) at = 0
    }
  }

  add(key: number, first: number, second: number): void {
    const at = this.#place(key)
    const cells = this.#cells
    this.#tally(cells[at + 1]!, cells[at + 1]! + first)
    cells[at + 1]! += first
    cells[at + 2]! += second
  }

  set(key: number, first: number, second: number): void {
    const at = this.#place(key)
    this.#tally(this.#cells[at + 1]!, first)
    this.#cells[at + 1] = first
    this.#cells[at + 2] = second
  }

  #tally(was: number, is: number): void {
    if (was > 0) {
      this.sum -= was
      this.again -= was * (was - 1)
    }
    if (is > 0) {
      this.sum += is
      this.again += is * (is - 1)
    }
  }

  /** Visits the keys that hold something, in no promised order. */
  each(visit: (key: number, first: number, second: number) => void): void {
    const cells = this.#cells
    for (let at = 0; at < cells.length; at += 3) {
      if (cells[at]! !== 0 && (cells[at + 1]! !== 0 || cells[at + 2]! !== 0)) {
        visit(cells[at]! - 1, cells[at + 1]!, cells[at + 2]!)
      }
    }
  }

  /** Offset of the key's cell, made when missing. */
  #place(key: number): number {
    const found = this.#find(key)
    if (found >= 0) return found
    if ((this.#used + 1) * 3 * 8 > this.#cells.length * 7) this.#regrow()
    this.#used++
    return this.#claim(key)
  }

  #claim(key: number): number {
    const cells = this.#cells
    let at = (Math.imul(key, 0x9e3779b1) >>> this.#shift) * 3
    while (cells[at] !== 0) {
      at += 3
      if (at === cells.length) at = 0
    }
    cells[at] = key + 1
    return at
  }

  /** Makes room; keys whose counts went back to nothing are dropped. */
  #regrow(): void {
    const old = this.#cells
    let held = 0
    this.each(() => held++)
    let bits = 2
    while ((held + 1) * 8 > 2 ** bits * 6) bits++
    this.#shift = 32 - bits
    this.#used = held
    this.#cells = new Int32Array(2 ** bits * 3)
    for (let at = 0; at < old.length; at += 3) {
      if (old[at]! === 0 || (old[at + 1]! === 0 && old[at + 2]! === 0)) continue
      const to = this.#claim(old[at]! - 1)
      this.#cells[to + 1] = old[at + 1]!
      this.#cells[to + 2] = old[at + 2]!
    }
  }
}

const NO_CELLS = new Int32Array(0)

function grown<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from)
  return to
}

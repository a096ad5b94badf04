/**
 * Which pairs of items an order or a customer adds to the counts. Everything here is a function of a set,
 * never of an order of arrival: what was counted once can be taken back exactly, with −1, by calling the
 * same function on the same input.
 *
 * Item numbers must be stable (a product's row number), because they decide which part of an oversized
 * basket is counted.
 */

/** Two different items, the smaller number first. */
export type Pair = readonly [a: number, b: number]

/** A change of one pair's count. */
export interface PairDelta {
  a: number
  b: number
  by: 1 | -1
}

/**
 * Items of one basket that count. Range 2 … 200; a basket costs at most cap·(cap − 1)/2 pair changes: 190
 * at 20, 1,225 at 50. Baskets of wholesale size say little about each single pair. Measured on half
 * baskets, cap 10 / 20 / 30 / 50 / none: .249 / .264 / .270 / .267 / .237 with basket counts alone; with
 * customers counted as well 20 and 50 differ by .002 (.005–.008 in shops under 400 customers).
 */
export const BASKET_ITEMS_CAP = 20

/**
 * Most recent distinct items of one customer that count. Range 10 … 200; each new item of hers costs at
 * most this many pair changes and as many back. 30 / 50 / 100: −.003 / 0 / +.001.
 */
export const CUSTOMER_ITEMS_CAP = 50

/** Scrambles a number, so that choosing by it favours no item over all baskets (murmur3's finalizer). */
function scramble(value: number, salt: number): number {
  let x = Math.imul(value + 1, 0x9e3779b1) + Math.imul(salt, 0x85ebca77)
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/**
 * The distinct items of a basket that count, at most `cap`, in ascending order.
 *
 * Which ones stay of a larger basket is a draw that depends on the whole basket and nothing else. Taking
 * the first ones, or always the same ones, starves the rest of the catalogue: .243 instead of .256 on half
 * baskets.
 */
export function basketItems(items: readonly number[], cap = BASKET_ITEMS_CAP): number[] {
  const distinct = [...new Set(items)].sort((a, b) => a - b)
  if (distinct.length <= cap) return distinct
  const salt = distinct.reduce((sum, item) => (sum + item) | 0, distinct.length)
  return distinct
    .map((item) => ({ item, draw: scramble(item, salt) }))
    .sort((x, y) => x.draw - y.draw || x.item - y.item)
    .slice(0, cap)
    .map(({ item }) => item)
    .sort((a, b) => a - b)
}

/** The unordered pairs of a basket's counted items, each once. A refund or a void is the same with −1. */
export function basketPairs(items: readonly number[], cap = BASKET_ITEMS_CAP): Pair[] {
  return pairsOf(basketItems(items, cap))
}

/**
 * A customer's distinct items that count: the most recently bought first, at most `cap`. `at` may be in any
 * one unit. Among items of the same moment a draw decides, so that an oversized first order is sampled
 * fairly.
 */
export function customerItems(
  purchases: Iterable<{ at: number; items: readonly number[] }>,
  cap = CUSTOMER_ITEMS_CAP,
): number[] {
  const lastAt = new Map<number, number>()
  for (const { at, items } of purchases) {
    for (const item of items) if (at >= (lastAt.get(item) ?? at)) lastAt.set(item, at)
  }
  return [...lastAt]
    .map(([item, at]) => ({ item, at, draw: scramble(item, at % 0x7fffffff) }))
    .sort((x, y) => y.at - x.at || x.draw - y.draw || x.item - y.item)
    .slice(0, cap)
    .map(({ item }) => item)
}

/** How a customer's counted items changed: those that went, stayed and came. */
export function customerChanges(before: readonly number[], after: readonly number[]) {
  const old = new Set(before)
  const now = new Set(after)
  return {
    gone: [...old].filter((item) => !now.has(item)),
    kept: [...now].filter((item) => old.has(item)),
    come: [...now].filter((item) => !old.has(item)),
  }
}

/**
 * What changes when a customer's counted items change from `before` to `after` (both as
 * {@link customerItems} gives them): +1 for each pair only in `after`, −1 for each only in `before`. The
 * deltas of a whole life, in any order of arrival, add up to the pairs of its last state.
 */
export function customerPairs(before: readonly number[], after: readonly number[]): PairDelta[] {
  const { gone, kept, come } = customerChanges(before, after)
  return [...changes(gone, kept, -1), ...changes(come, kept, 1)]
}

/** Pairs among `changed` items, and between them and those that stayed. */
function changes(changed: readonly number[], kept: readonly number[], by: 1 | -1): PairDelta[] {
  const deltas: PairDelta[] = []
  changed.forEach((item, k) => {
    for (const other of kept) deltas.push({ a: Math.min(item, other), b: Math.max(item, other), by })
    for (let rest = k + 1; rest < changed.length; rest++) {
      const other = changed[rest]!
      deltas.push({ a: Math.min(item, other), b: Math.max(item, other), by })
    }
  })
  return deltas
}

/** All pairs of distinct ascending numbers. */
function pairsOf(ascending: readonly number[]): Pair[] {
  const pairs: Pair[] = []
  for (let i = 0; i < ascending.length; i++) {
    for (let j = i + 1; j < ascending.length; j++) pairs.push([ascending[i]!, ascending[j]!])
  }
  return pairs
}

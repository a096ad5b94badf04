/**
 * The upgrade of the learned counts: two linear models in closed form, worked out from the counts as they stand and
 * used beside the counts that go on living. Counts know pairs; these know what is left of a pair once everything
 * else that goes with either has had its say.
 */
import type { Learned } from './neighbour.ts'
import { Best } from './neighbour.ts'

/** What goes with each source, by item number: row `i` is `start[i] ≤ k < start[i + 1]`, its items ascending. */
export interface Rows {
  start: Int32Array
  item: Int32Array
  weight: Float32Array
}

/**
 * `telling` is for baskets that say much, `broad` for one item alone and for the next purchase: regularised more
 * the less is known of the moment.
 */
export type EaseName = 'telling' | 'broad'

/** A build: its two models, and what it knew of each item by number: 0 nothing, 1 its tags, 2 its sales too. */
export interface Ease extends Record<EaseName, Rows> {
  knows: Uint8Array
}

/**
 * Constants of a build. Chosen on one gift shop at 100, 400 and about 2,000 customers, by windows of March to May and
 * of June to August together, so neither is a test of them. Three times or a third of a ridge moves NDCG@10 by up to
 * .008, 50 sources instead of 25 by up to .002.
 */
export const EASE_DEFAULTS = {
  /**
   * What a common basket and a common customer count in each model, and the ridge as a multiple of the mean
   * diagonal, with its floor. A ridge by the number of customers ranks alike where customers are known, and is
   * wrong where most buy unknown.
   */
  telling: { baskets: 1, customers: 1, ridge: 0.4, ridgeFloor: 6 },
  broad: { baskets: 0.3, customers: 1, ridge: 7, ridgeFloor: 30 },
  /** Sources kept for each target, 10 … 50. By target and not by source: otherwise what sells most is near all. */
  sources: 25,
}

/** See {@link EASE_DEFAULTS}. */
export type EasePolicy = typeof EASE_DEFAULTS

/**
 * Items a build may hold where nobody waits, as on Node: 4,000² doubles are 128 MB, and take a minute or two. More
 * than that, and it takes those that sell most; the others go on living by counts alone.
 */
export const EASE_ITEMS_CAP = 4000

/** The same where time is counted, at the edge: 8 MB; its time there was not measured. */
export const EASE_ITEMS_CAP_EDGE = 1000

/**
 * `P = (G + tagBaskets · TTᵀ + λI)⁻¹`, `B = −P / diag(P)`, the positive part of it, best `sources` per target
 * (Steck 2019, EASE; the tags as pseudo-baskets). The same counts give the same build, bit by bit.
 * Null where fewer than two items have anything to say.
 */
export function buildEase(
  learned: Learned,
  itemsCap = EASE_ITEMS_CAP,
  policy: EasePolicy = EASE_DEFAULTS,
): Ease | null {
  const items = chosenItems(learned, itemsCap)
  if (items.length < 2) return null
  const knows = new Uint8Array(learned.size)
  for (const item of items) knows[item] = learned.isSold(item) ? 2 : 1
  return {
    knows,
    telling: modelOf(learned, items, policy.telling, policy.sources),
    broad: modelOf(learned, items, policy.broad, policy.sources),
  }
}

/** Items with sales or telling tags, most sold first, at most `cap`, in ascending order of their number. */
function chosenItems(learned: Learned, cap: number): number[] {
  const evidence = (item: number) => {
    const { baskets, customers } = learned.stat(item)
    return Math.max(0, baskets) + Math.max(0, customers)
  }
  return Array.from({ length: learned.size }, (_, item) => item)
    .filter((item) => learned.isSold(item) || learned.tags.isTagged(item))
    .map((item) => ({ item, sold: evidence(item), sku: learned.skuOf(item) }))
    .sort((x, y) => y.sold - x.sold || (x.sku < y.sku ? -1 : 1))
    .slice(0, cap)
    .map(({ item }) => item)
    .sort((x, y) => x - y)
}

function modelOf(
  learned: Learned,
  items: readonly number[],
  { baskets, customers, ridge, ridgeFloor }: EasePolicy['telling'],
  sources: number,
): Rows {
  const n = items.length
  const at = new Int32Array(learned.size).fill(-1)
  items.forEach((item, k) => {
    at[item] = k
  })
  const gram = new Float64Array(n * n)
  let diagonal = 0
  let sold = 0
  items.forEach((item, row) => {
    const stat = learned.stat(item)
    const own = baskets * Math.max(0, stat.baskets) + customers * Math.max(0, stat.customers)
    diagonal += own
    if (own > 0) sold++
    gram[row * n + row] = own
    learned.eachPair(item, (other, inBaskets, ofCustomers) => {
      const column = at[other]!
      if (column < 0 || column >= row) return
      gram[row * n + column] = baskets * Math.max(0, inBaskets) + customers * Math.max(0, ofCustomers)
    })
    learned.tags.eachMatch(item, (other, product) => {
      const column = at[other]!
      if (column >= 0 && column <= row) gram[row * n + column]! += learned.policy.tagBaskets * product
    })
  })
  const lambda = Math.max(ridgeFloor, sold > 0 ? (ridge * diagonal) / sold : 0)
  for (let k = 0; k < n; k++) gram[k * n + k]! += lambda
  invert(gram, n)
  return prune(gram, n, items, learned, sources)
}

/**
 * Inverts a symmetric positive definite matrix in place, by Cholesky (Golub and Van Loan 4.2): reads the lower
 * triangle by rows, leaves the inverse in it. n³/2 multiplications, and one row of memory.
 *
 * Counts that were capped, or changed while a build read them, may not quite be positive definite: a pivot that is
 * not positive is taken for the smallest one allowed.
 */
export function invert(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const own = i * n
    for (let j = 0; j < i; j++) {
      const other = j * n
      matrix[own + j] = (matrix[own + j]! - dot(matrix, own, other, j)) / matrix[other + j]!
    }
    const pivot = matrix[own + i]! - dot(matrix, own, own, i)
    matrix[own + i] = Math.sqrt(Math.max(pivot, 1e-9 * Math.max(1, Math.abs(matrix[own + i]!))))
  }
  const rows = Array.from({ length: STRIDE }, () => new Float64Array(n + STRIDE))
  // L⁻¹, row by row over L.
  const row = rows[0]!
  for (let i = 0; i < n; i++) {
    const own = i * n
    for (let k = 0; k <= i; k++) row[k] = matrix[own + k]!
    matrix.fill(0, own, own + i)
    const inverse = 1 / row[i]!
    addRows(matrix, own, row, i, n, -inverse)
    matrix[own + i] = inverse
  }
  // L⁻ᵀ·L⁻¹: the outer products of four rows at a time, added to the rows above and to their own.
  for (let i = 0; i < n; i += STRIDE) {
    const end = Math.min(i + STRIDE, n)
    rows.forEach((each, k) => {
      each.fill(0)
      if (i + k >= n) return
      const own = (i + k) * n
      each.set(matrix.subarray(own, own + i + k + 1))
      matrix.fill(0, own, own + i + k + 1)
    })
    const [r0, r1, r2, r3] = rows as [Float64Array, Float64Array, Float64Array, Float64Array]
    for (let a = 0; a < end; a++) {
      const to = a * n
      const f0 = r0[a]!
      const f1 = r1[a]!
      const f2 = r2[a]!
      const f3 = r3[a]!
      for (let b = 0; b <= a; b++) matrix[to + b]! += f0 * r0[b]! + f1 * r1[b]! + f2 * r2[b]! + f3 * r3[b]!
    }
  }
}

/** Rows taken together: each number that is written then has four products to wait for instead of one. */
const STRIDE = 4

/** Sum of products of `length` numbers at two places. Four sums at a time: a fixed order, and no waiting. */
function dot(matrix: Float64Array, x: number, y: number, length: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let k = 0
  for (; k + 3 < length; k += 4) {
    a += matrix[x + k]! * matrix[y + k]!
    b += matrix[x + k + 1]! * matrix[y + k + 1]!
    c += matrix[x + k + 2]! * matrix[y + k + 2]!
    d += matrix[x + k + 3]! * matrix[y + k + 3]!
  }
  for (; k < length; k++) a += matrix[x + k]! * matrix[y + k]!
  return a + b + (c + d)
}

/** Adds `scale · factors[k] ·` row k of a lower triangle, for every k < rows, to the row at `to`. */
function addRows(
  matrix: Float64Array,
  to: number,
  factors: Float64Array,
  rows: number,
  n: number,
  scale: number,
): void {
  let k = 0
  for (; k + 3 < rows; k += STRIDE) {
    const f0 = scale * factors[k]!
    const f1 = scale * factors[k + 1]!
    const f2 = scale * factors[k + 2]!
    const f3 = scale * factors[k + 3]!
    const r0 = k * n
    const r1 = r0 + n
    const r2 = r1 + n
    const r3 = r2 + n
    // Beyond its own length a row of the lower triangle may hold anything.
    for (let c = 0; c <= k; c++)
      matrix[to + c]! +=
        f0 * matrix[r0 + c]! + f1 * matrix[r1 + c]! + f2 * matrix[r2 + c]! + f3 * matrix[r3 + c]!
    matrix[to + k + 1]! += f1 * matrix[r1 + k + 1]! + f2 * matrix[r2 + k + 1]! + f3 * matrix[r3 + k + 1]!
    matrix[to + k + 2]! += f2 * matrix[r2 + k + 2]! + f3 * matrix[r3 + k + 2]!
    matrix[to + k + 3]! += f3 * matrix[r3 + k + 3]!
  }
  for (; k < rows; k++) {
    const factor = scale * factors[k]!
    const from = k * n
    for (let c = 0; c <= k; c++) matrix[to + c]! += factor * matrix[from + c]!
  }
}

/** The best sources of each target, turned round: by source. */
function prune(
  inverse: Float64Array,
  n: number,
  items: readonly number[],
  learned: Learned,
  sources: number,
): Rows {
  const lists: { target: number; weight: number }[][] = items.map(() => [])
  for (let target = 0; target < n; target++) {
    const own = inverse[target * n + target]!
    const best = new Best(sources, (x, y) => (learned.skuOf(items[x]!) < learned.skuOf(items[y]!) ? -1 : 1))
    for (let source = 0; source < n; source++) {
      if (source === target) continue
      const weight = -inverse[source > target ? source * n + target : target * n + source]! / own
      if (Number.isFinite(weight)) best.offer(source, weight)
    }
    best.items.forEach((source, k) => {
      lists[source]!.push({ target, weight: best.scores[k]! })
    })
  }
  return rowsOf(
    learned.size,
    items.flatMap((item, source) =>
      lists[source]!.map(({ target, weight }) => ({ source: item, item: items[target]!, weight })),
    ),
  )
}

/** Packs entries, ascending by source and then by item, into rows of `size` sources. */
export function rowsOf(size: number, entries: { source: number; item: number; weight: number }[]): Rows {
  const start = new Int32Array(size + 1)
  for (const { source } of entries) start[source + 1]!++
  for (let k = 0; k < size; k++) start[k + 1]! += start[k]!
  return {
    start,
    item: Int32Array.from(entries, ({ item }) => item),
    weight: Float32Array.from(entries, ({ weight }) => weight),
  }
}

/** Visits what goes with a source; nothing for one that came after the build. */
export function eachTarget(rows: Rows, source: number, visit: (item: number, weight: number) => void): void {
  if (source + 1 >= rows.start.length) return
  for (let k = rows.start[source]!; k < rows.start[source + 1]!; k++) visit(rows.item[k]!, rows.weight[k]!)
}

/** What a source's weight for a target is; 0 where it was pruned or never was. */
export function weightOf({ start, item, weight }: Rows, source: number, target: number): number {
  if (source + 1 >= start.length) return 0
  let low = start[source]!
  let high = start[source + 1]! - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = item[middle]!
    if (found === target) return weight[middle]!
    if (found < target) low = middle + 1
    else high = middle - 1
  }
  return 0
}

/** Whether the build knew of an item what there is to know: of one that sells by now, more than its tags. */
export function isKnown(ease: Ease, item: number, isSold: boolean): boolean {
  return (ease.knows[item] ?? 0) > (isSold ? 1 : 0)
}

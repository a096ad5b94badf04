/** What orders add to the learned counts: the difference between what some orders counted before and count after. */
import { basketItems, basketPairs, customerItems, customerPairs } from './pair.ts'
import { dayOf } from './time.ts'

/** An order as it counts. A void has no lines. */
export type CountedOrder = {
  id: string
  customer: string | null
  soldAt: string
  lines: { productId: number; quantity: number; gift?: number | undefined }[]
}

/** Differences to add: pairs [a, b, baskets, customers], products [id, baskets, buyers], days [id, day, orders]. */
export type Counts = {
  pairs: [number, number, number, number][]
  products: [number, number, number][]
  days: [number, number, number][]
}

type Bought = { at: number; items: number[] }

/** Products of an order that were sold, in line order, each once. */
function sold(order: CountedOrder): number[] {
  return [...new Set(order.lines.filter((line) => line.quantity > 0).map((line) => line.productId))]
}

/** A pair's numbers fit into one float, with two bits to spare, up to this product number. */
const ID_LIMIT = 2 ** 25

/** Changes kept before they are summed up: 32 MB. Fewer cost time, more cost memory. */
const PENDING_MAX = 2 ** 22

/**
 * Sums of changes per pair in little memory: 16 bytes a distinct pair, and 8 for each change not yet summed.
 * A map of maps takes ten times as much, and a shop has a million pairs.
 */
class PairSums {
  #pending = new Float64Array(256)
  #size = 0
  #keys = new Float64Array(0)
  #baskets = new Int32Array(0)
  #customers = new Int32Array(0)

  add(a: number, b: number, of: 'baskets' | 'customers', by: number): void {
    if (this.#size === this.#pending.length) {
      if (this.#size < PENDING_MAX) {
        const grown = new Float64Array(this.#size * 4)
        grown.set(this.#pending)
        this.#pending = grown
      } else this.#sum()
    }
    this.#pending[this.#size++] = (a * ID_LIMIT + b) * 4 + (of === 'customers' ? 2 : 0) + (by < 0 ? 1 : 0)
  }

  /** Pairs whose sums are not 0, in ascending order: [a, b, baskets, customers]. */
  *rows(): Generator<[number, number, number, number]> {
    this.#sum()
    for (let i = 0; i < this.#keys.length; i++) {
      const key = this.#keys[i]!
      yield [Math.floor(key / ID_LIMIT), key % ID_LIMIT, this.#baskets[i]!, this.#customers[i]!]
    }
  }

  /** Merge what is pending into the sums, both in ascending order. */
  #sum(): void {
    const pending = this.#pending.subarray(0, this.#size).sort()
    const most = this.#keys.length + pending.length
    const keys = new Float64Array(most)
    const baskets = new Int32Array(most)
    const customers = new Int32Array(most)
    let size = 0
    let old = 0
    let next = 0
    while (old < this.#keys.length || next < pending.length) {
      const key = Math.min(this.#keys[old] ?? Infinity, Math.floor((pending[next] ?? Infinity) / 4))
      let together = 0
      let alike = 0
      if (this.#keys[old] === key) {
        together = this.#baskets[old]!
        alike = this.#customers[old++]!
      }
      for (; next < pending.length && Math.floor(pending[next]! / 4) === key; next++) {
        const code = pending[next]! % 4
        const by = code % 2 === 1 ? -1 : 1
        if (code < 2) together += by
        else alike += by
      }
      if (together === 0 && alike === 0) continue
      keys[size] = key
      baskets[size] = together
      customers[size++] = alike
    }
    this.#keys = keys.slice(0, size)
    this.#baskets = baskets.slice(0, size)
    this.#customers = customers.slice(0, size)
    this.#size = 0
  }
}

/**
 * Adds up counts over any number of orders. Each `add` must hold, before and after, every order of the
 * customers that it names, because what goes together with one customer is counted over all that she bought
 * for herself; so she may be named in one `add` only.
 */
export class Counter {
  readonly #pairs = new PairSums()
  readonly #products = new Map<number, [number, number]>()
  readonly #days = new Map<number, Map<number, number>>()

  /** Count the orders as they are after, less those as they were before. An order in both is the same object. */
  add(before: readonly CountedOrder[], after: readonly CountedOrder[]): void {
    const stood = new Set(before)
    const stays = new Set(after.filter((order) => stood.has(order)))
    const was = this.#orders(before, -1, stays)
    const is = this.#orders(after, 1, stays)
    for (const customer of new Set([...was.keys(), ...is.keys()])) {
      const had = customerItems(was.get(customer) ?? [])
      const has = customerItems(is.get(customer) ?? [])
      for (const item of had) this.#product(item, 1, -1)
      for (const item of has) this.#product(item, 1, 1)
      for (const { a, b, by } of customerPairs(had, has)) this.#pairs.add(a, b, 'customers', by)
    }
  }

  /** Differences that are not 0, in ascending order. */
  pairs(): Generator<[number, number, number, number]> {
    return this.#pairs.rows()
  }

  /** Differences that are not 0, in ascending order. */
  products(): [number, number, number][] {
    return [...this.#products]
      .filter(([, [baskets, buyers]]) => baskets !== 0 || buyers !== 0)
      .map(([id, [baskets, buyers]]): [number, number, number] => [id, baskets, buyers])
      .sort((x, y) => x[0] - y[0])
  }

  /** Differences that are not 0, in ascending order. */
  *days(): Generator<[number, number, number]> {
    for (const [id, row] of [...this.#days].sort((x, y) => x[0] - y[0]))
      for (const [day, orders] of [...row].sort((x, y) => x[0] - y[0]))
        if (orders !== 0) yield [id, day, orders]
  }

  /**
   * Count what each order alone says, but for those that stay as they are; what is known of a customer's purchases
   * comes back, by customer.
   */
  #orders(
    orders: readonly CountedOrder[],
    sign: 1 | -1,
    stays: ReadonlySet<CountedOrder>,
  ): Map<string, Bought[]> {
    const histories = new Map<string, Bought[]>()
    for (const order of orders) {
      if (!stays.has(order)) this.#basket(order, sign)
      if (order.customer === null) continue
      const own = order.lines.filter((line) => line.quantity > 0 && !line.gift).map((line) => line.productId)
      const bought = { at: Date.parse(order.soldAt), items: own }
      const history = histories.get(order.customer)
      if (history) history.push(bought)
      else histories.set(order.customer, [bought])
    }
    return histories
  }

  #basket(order: CountedOrder, sign: 1 | -1): void {
    const items = sold(order)
    const day = dayOf(order.soldAt)
    for (const item of items) {
      if (item >= ID_LIMIT) throw new RangeError(`product ${item} is beyond what can be counted`)
      let row = this.#days.get(item)
      if (!row) this.#days.set(item, (row = new Map()))
      row.set(day, (row.get(day) ?? 0) + sign)
    }
    for (const item of basketItems(items)) this.#product(item, 0, sign)
    for (const [a, b] of basketPairs(items)) this.#pairs.add(a, b, 'baskets', sign)
  }

  #product(id: number, slot: 0 | 1, by: number): void {
    const cell = this.#products.get(id)
    if (cell) cell[slot] += by
    else this.#products.set(id, slot === 0 ? [by, 0] : [0, by])
  }
}

/** The counts of `after` less those of `before`, each holding every order of the customers named. */
export function countsOf(before: readonly CountedOrder[], after: readonly CountedOrder[]): Counts {
  const counter = new Counter()
  counter.add(before, after)
  return { pairs: [...counter.pairs()], products: counter.products(), days: [...counter.days()] }
}

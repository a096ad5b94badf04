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

/**
 * The counts of `after` less those of `before`. Both must hold every order of the customers that they name,
 * because what goes together with one customer is counted over all that she bought for herself.
 */
export function countsOf(before: Iterable<CountedOrder>, after: Iterable<CountedOrder>): Counts {
  const pairs = new Map<number, Map<number, [number, number]>>()
  const products = new Map<number, [number, number]>()
  const days = new Map<number, Map<number, number>>()
  const pair = (a: number, b: number, slot: 0 | 1, sign: number) => {
    let row = pairs.get(a)
    if (!row) pairs.set(a, (row = new Map()))
    const cell = row.get(b)
    if (cell) cell[slot] += sign
    else row.set(b, slot === 0 ? [sign, 0] : [0, sign])
  }
  const product = (id: number, slot: 0 | 1, sign: number) => {
    const cell = products.get(id)
    if (cell) cell[slot] += sign
    else products.set(id, slot === 0 ? [sign, 0] : [0, sign])
  }
  const histories = { [-1]: new Map<string, Bought[]>(), 1: new Map<string, Bought[]>() }
  for (const [orders, sign] of [
    [before, -1],
    [after, 1],
  ] as const)
    for (const order of orders) {
      const items = sold(order)
      const day = dayOf(order.soldAt)
      for (const item of basketItems(items)) product(item, 0, sign)
      for (const item of items) {
        let row = days.get(item)
        if (!row) days.set(item, (row = new Map()))
        row.set(day, (row.get(day) ?? 0) + sign)
      }
      for (const [a, b] of basketPairs(items)) pair(a, b, 0, sign)
      if (order.customer === null) continue
      const own = order.lines.filter((line) => line.quantity > 0 && !line.gift).map((line) => line.productId)
      const history = histories[sign].get(order.customer)
      const bought = { at: Date.parse(order.soldAt), items: own }
      if (history) history.push(bought)
      else histories[sign].set(order.customer, [bought])
    }
  for (const customer of new Set([...histories[-1].keys(), ...histories[1].keys()])) {
    const was = customerItems(histories[-1].get(customer) ?? [])
    const is = customerItems(histories[1].get(customer) ?? [])
    for (const item of was) product(item, 1, -1)
    for (const item of is) product(item, 1, 1)
    for (const { a, b, by } of customerPairs(was, is)) pair(a, b, 1, by)
  }
  const counts: Counts = { pairs: [], products: [], days: [] }
  for (const [a, row] of pairs)
    for (const [b, [baskets, customers]] of row)
      if (baskets || customers) counts.pairs.push([a, b, baskets, customers])
  for (const [id, [baskets, buyers]] of products)
    if (baskets || buyers) counts.products.push([id, baskets, buyers])
  for (const [id, row] of days)
    for (const [day, orders] of row) if (orders) counts.days.push([id, day, orders])
  return counts
}

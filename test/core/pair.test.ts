import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { basketItems, basketPairs, customerItems, customerPairs } from '../../src/core/pair.ts'

/** Pair counts by "a-b", without those that went back to nothing. */
function tally(changes: Iterable<readonly [a: number, b: number, by: number]>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [a, b, by] of changes) counts[`${a}-${b}`] = (counts[`${a}-${b}`] ?? 0) + by
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
}

describe('pairs of a basket', () => {
  test('are each unordered pair once, the smaller number first', () => {
    expect(basketPairs([3, 1, 3, 2])).toEqual([
      [1, 2],
      [1, 3],
      [2, 3],
    ])
    expect(basketPairs([7])).toEqual([])
    expect(basketPairs([])).toEqual([])
  })

  test('of an oversized basket depend on what is in it, not on the order of its lines', () => {
    const basket = Array.from({ length: 60 }, (_, k) => k * 7)
    expect(basketPairs([...basket].reverse())).toEqual(basketPairs(basket))
    expect(basketPairs(basket)).toHaveLength((20 * 19) / 2)
    expect(basketPairs(basket, 5)).toHaveLength(10)
  })

  test('favour no item when baskets are too big', () => {
    const kept = new Map<number, number>()
    for (let basket = 0; basket < 2000; basket++) {
      const items = [...Array.from({ length: 40 }, (_, k) => k), 100 + basket]
      for (const item of basketItems(items)) kept.set(item, (kept.get(item) ?? 0) + 1)
    }
    const expected = (2000 * 20) / 41
    for (let item = 0; item < 40; item++) {
      expect(kept.get(item)! / expected).toBeGreaterThan(0.85)
      expect(kept.get(item)! / expected).toBeLessThan(1.15)
    }
  })
})

describe('items of a customer', () => {
  test('are the most recently bought, each once', () => {
    const purchases = [
      { at: 1, items: [10, 11] },
      { at: 3, items: [12, 10] },
      { at: 2, items: [13] },
    ]
    expect(customerItems(purchases, 3).toSorted((a, b) => a - b)).toEqual([10, 12, 13])
    expect(customerItems([...purchases].reverse(), 3)).toEqual(customerItems(purchases, 3))
    expect(customerItems([])).toEqual([])
  })
})

describe('pairs of a customer', () => {
  test('change by what came and what went', () => {
    expect(customerPairs([1, 2], [2, 3])).toEqual([
      { a: 1, b: 2, by: -1 },
      { a: 2, b: 3, by: 1 },
    ])
    expect(customerPairs([1, 2], [2, 1])).toEqual([])
  })
})

describe('counts', () => {
  const order = fc.record({
    at: fc.integer({ min: 0, max: 6 }),
    items: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 7 }),
  })
  /** An order's states one after another: made, corrected any number of times, perhaps voided. */
  const life = fc.array(fc.option(order, { nil: null, freq: 4 }), { minLength: 1, maxLength: 4 })

  test('of any arrival of orders, corrections and voids are those of a rebuild', () => {
    fc.assert(
      fc.property(fc.array(life, { maxLength: 8 }), fc.array(fc.nat()), (lives, draws) => {
        const queues = lives.map((states) => [...states])
        const current = new Map<number, { at: number; items: number[] }>()
        const changes: [number, number, number][] = []
        let counted: number[] = []
        for (let step = 0; queues.some((queue) => queue.length > 0); step++) {
          const waiting = queues.flatMap((queue, id) => (queue.length > 0 ? [id] : []))
          const id = waiting[(draws[step] ?? 0) % waiting.length]!
          const state = queues[id]!.shift()!
          for (const [a, b] of basketPairs(current.get(id)?.items ?? [], 4)) changes.push([a, b, -1])
          if (state) current.set(id, state)
          else current.delete(id)
          for (const [a, b] of basketPairs(state?.items ?? [], 4)) changes.push([a, b, 1])
          const after = customerItems(current.values(), 5)
          for (const { a, b, by } of customerPairs(counted, after)) changes.push([a, b, by * 1000])
          counted = after
        }

        const last = lives
          .map((states) => states.at(-1))
          .filter((state) => state !== null && state !== undefined)
        const rebuilt = [
          ...last.flatMap(({ items }) => basketPairs(items, 4).map(([a, b]) => [a, b, 1] as const)),
          ...customerPairs([], customerItems(last, 5)).map(({ a, b }) => [a, b, 1000] as const),
        ]
        expect(tally(changes)).toEqual(tally(rebuilt))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Learned, Purpose } from '../../src/core/neighbour.ts'
import { Best, createLearned, jaccard } from '../../src/core/neighbour.ts'
import { customerItems } from '../../src/core/pair.ts'

const SHOP = [
  { sku: 'violin', name: 'Student violin' },
  { sku: 'bow', name: 'Violin bow' },
  { sku: 'rosin', name: 'Rosin' },
  { sku: 'strings', name: 'Violin strings' },
  { sku: 'drum', name: 'Hand drum' },
  { sku: 'sticks', name: 'Drum sticks' },
  { sku: 'mug', name: 'Mug' },
]

function numbers(learned: Learned, skus: string[]): number[] {
  return skus.map((sku) => learned.itemOf(sku)!)
}

function sell(learned: Learned, ...baskets: string[][]) {
  for (const basket of baskets) learned.bumpBasket(numbers(learned, basket), 15_000)
}

function names(learned: Learned, sku: string, purpose: Purpose = 'checkout'): string[] {
  return learned.neighbours(learned.itemOf(sku)!, purpose).map(({ item }) => learned.skuOf(item))
}

/** Neighbours straight from the formula, comparing every item with every other. */
function bruteForce(learned: Learned, item: number, purpose: Purpose) {
  const policy = learned.policy
  const evidence = (one: number) =>
    policy[purpose].baskets * Math.max(0, learned.stat(one).baskets) +
    policy[purpose].customers * Math.max(0, learned.stat(one).customers) +
    (learned.tags.isTagged(one) ? policy.tagBaskets : 0)
  const all = Array.from({ length: learned.size }, (_, other) => {
    const { baskets, customers } = learned.pair(item, other)
    let shared =
      policy[purpose].baskets * Math.max(0, baskets) + policy[purpose].customers * Math.max(0, customers)
    learned.tags.eachMatch(item, (met, product) => {
      if (met === other) shared += policy.tagBaskets * product
    })
    return { item: other, score: jaccard(shared, evidence(item), evidence(other), policy.shrinkage) }
  })
  const best = all
    .filter((each) => each.item !== item && each.score > 0)
    .sort((x, y) => y.score - x.score || (learned.skuOf(x.item) < learned.skuOf(y.item) ? -1 : 1))
    .slice(0, policy.neighbours)
  const sum = best.reduce((total, { score }) => total + score ** policy[purpose].sharpness, 0)
  return best.map(({ item: other, score }) => ({
    item: other,
    weight: score ** policy[purpose].sharpness / sum ** policy.damping,
  }))
}

/** How firmly some items go with what they were bought with, or the shop's with each other, pair by pair. */
function bondOf(learned: Learned, weights: ReadonlyMap<number, number>): number {
  const counts = Array.from({ length: learned.size }, (_, a) =>
    Array.from({ length: learned.size }, (_, b) => (a === b ? 0 : Math.max(0, learned.pair(a, b).baskets))),
  )
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)
  const mass = counts.map(sum)
  const all = sum(mass)
  const ownPairs = sum(mass.map((one) => one ** 2)) / all
  const bond = (weightOf: (item: number) => number) => {
    let repeats = learned.policy.bondPrior
    let byChance = learned.policy.bondPrior
    for (const [a, row] of counts.entries())
      for (const [b, count] of row.entries()) {
        if (a === b || all === 0) continue
        const expected = ((mass[a]! * mass[b]!) / (all - ownPairs)) ** 2
        repeats += weightOf(a) * (count * (count - 1) - expected)
        byChance += weightOf(a) * expected
      }
    return Math.max(0, repeats) / byChance
  }
  return Math.max(
    bond(() => 1),
    bond((item) => weights.get(item) ?? 0),
  )
}

describe('neighbours', () => {
  test('of an item nobody bought yet are those its name suggests', () => {
    const learned = createLearned(SHOP)
    expect(names(learned, 'violin')).toEqual(['bow', 'strings'])
    expect(names(learned, 'mug')).toEqual([])
  })

  test('follow what is bought together, from the very next order', () => {
    const learned = createLearned(SHOP)
    sell(learned, ...Array.from({ length: 7 }, () => ['violin', 'rosin']), ['violin', 'mug'])
    expect(names(learned, 'violin')[0]).toBe('rosin')
    sell(learned, ...Array.from({ length: 20 }, () => ['violin', 'mug']))
    expect(names(learned, 'violin')[0]).toBe('mug')
  })

  test('prefer the telling neighbour to the one in every basket', () => {
    const learned = createLearned(SHOP)
    sell(learned, ...Array.from({ length: 6 }, () => ['drum', 'sticks', 'mug']))
    sell(learned, ...Array.from({ length: 40 }, () => ['mug', 'rosin']))
    expect(names(learned, 'drum').slice(0, 2)).toEqual(['sticks', 'mug'])
  })

  test('for the next purchase come from customers, not from baskets', () => {
    const learned = createLearned(SHOP)
    sell(learned, ['rosin', 'mug'], ['rosin', 'mug'])
    expect(names(learned, 'rosin', 'next')).toEqual([])
    learned.bumpCustomer([], numbers(learned, ['rosin', 'strings']))
    expect(names(learned, 'rosin', 'next')).toEqual(['strings'])
  })

  test('break ties by sku', () => {
    const learned = createLearned(['c', 'a', 'd', 'b'].map((sku) => ({ sku, name: '' })))
    sell(learned, ['d', 'c'], ['d', 'a'], ['d', 'b'])
    expect(names(learned, 'd')).toEqual(['a', 'b', 'c'])
  })

  test('forget an order that is taken back', () => {
    const learned = createLearned(SHOP)
    sell(learned, ['violin', 'rosin'])
    const before = learned.neighbours(0, 'checkout')
    learned.bumpBasket(numbers(learned, ['violin', 'mug', 'drum']), 15_001)
    learned.bumpBasket(numbers(learned, ['violin', 'mug', 'drum']), 15_001, -1)
    expect(learned.neighbours(0, 'checkout')).toEqual(before)
    expect(learned.sales(15_001).recent[0]).toBe(1)
  })

  test('count nothing for a void that arrives before its sale', () => {
    const learned = createLearned(SHOP)
    learned.bumpBasket(numbers(learned, ['mug', 'drum']), 15_000, -1)
    expect(names(learned, 'mug')).toEqual([])
    learned.bumpBasket(numbers(learned, ['mug', 'drum']), 15_000)
    expect(names(learned, 'mug')).toEqual([])
    expect(learned.isSold(learned.itemOf('mug')!)).toBe(false)
  })

  test('of a renamed item follow the new name', () => {
    const learned = createLearned(SHOP)
    learned.addItem({ sku: 'mug', name: 'Mug with violin' })
    expect(learned.size).toBe(SHOP.length)
    expect(names(learned, 'mug')).toContain('violin')
  })

  test('are kept while nothing changes, and with slack while only others do', () => {
    const exact = createLearned(SHOP)
    const lax = createLearned(SHOP, { slack: 1000 })
    for (const learned of [exact, lax]) {
      sell(learned, ['violin', 'rosin'])
      const first = learned.neighbours(0, 'checkout')
      expect(learned.neighbours(0, 'checkout')).toBe(first)
      sell(learned, ['drum', 'mug'])
      if (learned === lax) expect(learned.neighbours(0, 'checkout')).toBe(first)
      else expect(learned.neighbours(0, 'checkout')).not.toBe(first)
      sell(learned, ['violin', 'mug'])
      expect(names(learned, 'violin')).toContain('mug')
      learned.addItem({ sku: 'stand', name: 'Violin stand' })
      expect(names(learned, 'violin')).toContain('stand')
    }
  })
})

describe('similar items', () => {
  test('are sold ones that share tags', () => {
    const learned = createLearned(SHOP)
    expect(learned.similar(learned.itemOf('violin')!)).toEqual([])
    sell(learned, ['bow'], ['mug'])
    expect(learned.similar(learned.itemOf('violin')!).map((item) => learned.skuOf(item))).toEqual(['bow'])
  })
})

describe('sales', () => {
  test('of the last 30 days end on the day asked for, or on the last day learned', () => {
    const learned = createLearned(SHOP)
    learned.bumpBasket([0], 100)
    learned.bumpBasket([0], 130)
    learned.bumpBasket([1], 71)
    expect([...learned.sales(130).recent.slice(0, 2)]).toEqual([1, 0])
    expect([...learned.sales(129).recent.slice(0, 2)]).toEqual([1, 0])
    expect([...learned.sales(100).recent.slice(0, 2)]).toEqual([1, 1])
    expect(learned.sales(150)).toMatchObject({ staleDays: 20, recentShare: 1 / 3 })
    expect([...learned.sales(150).total.slice(0, 2)]).toEqual([2, 1])
    learned.bumpBasket([0], 130, -1)
    expect(learned.sales(150).staleDays).toBe(50)
  })

  test('are none in a shop that sold nothing', () => {
    expect(createLearned(SHOP).sales(100)).toMatchObject({
      recentShare: 0,
      staleDays: Number.POSITIVE_INFINITY,
    })
    expect([...createLearned(SHOP).sales(100).popularity]).toEqual(SHOP.map(() => 0))
  })
})

describe('the bond of a shop', () => {
  /** Baskets of three: of one range each, or of anything. */
  const shop = (orders: number, draw: (order: number, place: number) => number) => {
    const learned = createLearned(Array.from({ length: 60 }, (_, k) => ({ sku: `item ${k}`, name: '' })))
    for (let order = 0; order < orders; order++)
      learned.bumpBasket(
        [0, 1, 2].map((place) => draw(order, place)),
        15_000,
      )
    return learned
  }
  /** Numbers from 0 up to `most`, the small ones oftener, the same ones always. */
  const drawn = (order: number, place: number, most: number) => {
    const noise =
      Math.imul(order * 3 + place + 1, 0x9e3779b1) ^ (Math.imul(order * 3 + place + 7, 0x85ebca6b) >>> 13)
    return Math.floor(((Math.imul(noise, 0xc2b2ae35) >>> 0) / 2 ** 32) ** 2 * most)
  }

  const ALL = new Map(Array.from({ length: 60 }, (_, item) => [item, 1]))

  test('is far above 1 where baskets repeat their pairs, near 0 where only what sells makes them', () => {
    for (const orders of [2000, 8000]) {
      const ranges = shop(orders, (order, place) => drawn(order, 0, 20) * 3 + place)
      expect(ranges.bondOf(ALL)).toBeGreaterThan(5)
      const loose = shop(orders, (order, place) => drawn(order, place, 60))
      expect(loose.bondOf(ALL)).toBeLessThan(0.15)
      expect(loose.bondOf(new Map([[0, 1]]))).toBeLessThan(0.3)
    }
  })
  test('of a pair that holds together in a shop where nothing else does is firm', () => {
    const loose = shop(8000, (order, place) => (order % 40 === 0 ? 57 + place : drawn(order, place, 57)))
    expect(loose.bondOf(ALL)).toBeLessThan(1)
    expect(loose.bondOf(new Map([[58, 1]]))).toBeGreaterThan(5)
  })
  test('is 1 where nothing is known, and not yet nothing after one basket', () => {
    expect(createLearned().bondOf(new Map())).toBe(1)
    const once = shop(1, (_, place) => place).bondOf(ALL)
    expect(once).toBeGreaterThan(0.2)
    expect(once).toBeLessThan(1)
  })
})

describe('the best of a list', () => {
  test('are what sorting gives', () => {
    const scores = fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 30 })
    fc.assert(
      fc.property(scores, fc.integer({ min: 0, max: 8 }), (list, most) => {
        const best = new Best(most, (x, y) => x - y)
        for (const [item, score] of list.entries()) best.offer(item, score)
        const sorted = [...list.keys()]
          .filter((item) => list[item]! > 0)
          .sort((x, y) => list[y]! - list[x]! || x - y)
        expect(best.items).toEqual(sorted.slice(0, most))
      }),
    )
  })
})

describe('learning', () => {
  const ITEMS = Array.from({ length: 12 }, (_, k) => ({
    sku: `s${(k * 5) % 12}`,
    name: `${['red', 'blue', 'green'][k % 3]} ${['cup', 'pen', 'box', 'bag'][k % 4]}`,
  }))
  const order = fc.record({
    id: fc.integer({ min: 0, max: 5 }),
    customer: fc.integer({ min: 0, max: 2 }),
    day: fc.integer({ min: 90, max: 140 }),
    items: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 8 }),
  })

  test('step by step, asked at any moment, equals brute force and a rebuild from scratch', () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 20 }), (orders) => {
        const learned = createLearned(ITEMS, { neighbours: 5 })
        const current = new Map<number, (typeof orders)[number]>()
        const of = (customer: number) =>
          [...current.values()]
            .filter((each) => each.customer === customer)
            .map(({ day, items }) => ({ at: day, items }))
        for (const next of orders) {
          // The same id again is a correction; an order of nothing is a void.
          const old = current.get(next.id)
          for (const customer of new Set([next.customer, old?.customer ?? next.customer])) {
            const before = customerItems(of(customer), 4)
            const rest = [...current.values()].filter((each) => each.id !== next.id)
            const now = [...rest, next].filter((each) => each.customer === customer)
            learned.bumpCustomer(
              before,
              customerItems(
                now.map(({ day, items }) => ({ at: day, items })),
                4,
              ),
            )
          }
          if (old) learned.bumpBasket(old.items, old.day, -1, 4)
          learned.bumpBasket(next.items, next.day, 1, 4)
          current.set(next.id, next)
          const asked = next.items[0] ?? 0
          for (const purpose of ['checkout', 'next'] as const) {
            expect(learned.neighbours(asked, purpose)).toEqual(bruteForce(learned, asked, purpose))
          }
        }

        const rebuilt = createLearned(ITEMS, { neighbours: 5 })
        for (const { items, day } of current.values()) rebuilt.bumpBasket(items, day, 1, 4)
        for (const customer of [0, 1, 2]) rebuilt.bumpCustomer([], customerItems(of(customer), 4))
        const loaded = createLearned(ITEMS, { neighbours: 5 })
        for (let a = 0; a < ITEMS.length; a++) {
          loaded.setStat(a, learned.stat(a))
          learned.eachPair(a, (b, baskets, customers) => loaded.setPair(a, b, baskets, customers))
        }
        for (let item = 0; item < ITEMS.length; item++) {
          expect(learned.stat(item)).toEqual(rebuilt.stat(item))
          for (const purpose of ['checkout', 'next'] as const) {
            expect(learned.neighbours(item, purpose)).toEqual(rebuilt.neighbours(item, purpose))
            expect(learned.neighbours(item, purpose)).toEqual(loaded.neighbours(item, purpose))
          }
        }
        expect(learned.sales(130).recent).toEqual(rebuilt.sales(130).recent)
        expect(learned.sales(200)).toEqual(rebuilt.sales(200))
        const weights = new Map([
          [0, 1],
          [3, 0.25],
        ])
        for (const each of [learned, rebuilt, loaded])
          expect(each.bondOf(weights)).toBeCloseTo(bondOf(learned, weights), 9)
      }),
      { numRuns: 60 },
    )
  })

  test('holds hundreds of thousands of counts without losing one', () => {
    const learned = createLearned(Array.from({ length: 700 }, (_, k) => ({ sku: `${k}`, name: '' })))
    for (let a = 0; a < 700; a++) {
      for (let b = a + 1; b < 700; b++) learned.bumpPair(a, b, (a * b) % 7, (a + b) % 3)
    }
    const wrong: string[] = []
    for (let a = 0; a < 700; a += 13) {
      for (let b = a + 1; b < 700; b++) {
        const { baskets, customers } = learned.pair(b, a)
        if (baskets !== (a * b) % 7 || customers !== (a + b) % 3) wrong.push(`${a}-${b}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

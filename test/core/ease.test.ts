/** The build beside the living counts: right, repeatable, pruned, and never the only voice. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildEase, EASE_DEFAULTS, eachTarget, invert, isKnown } from '../../src/core/ease.ts'
import type { Learned } from '../../src/core/neighbour.ts'
import { createLearned } from '../../src/core/neighbour.ts'
import { customerItems } from '../../src/core/pair.ts'
import { profileOf, rank } from '../../src/core/ranking.ts'

const DAY_MS = 86_400_000
const NOW = 15_100 * DAY_MS
const ITEMS = Array.from({ length: 14 }, (_, k) => ({
  sku: `s${(k * 5) % 14}`,
  name: `${['red', 'blue', 'green'][k % 3]} ${['cup', 'pen', 'box', 'bag'][k % 4]}`,
}))

const order = fc.record({
  customer: fc.integer({ min: 0, max: 3 }),
  items: fc.uniqueArray(fc.integer({ min: 0, max: 13 }), { minLength: 1, maxLength: 6 }),
})
const orders = fc.array(order, { minLength: 1, maxLength: 30 })

function learnedFrom(history: { customer: number; items: number[] }[]): Learned {
  const learned = createLearned(ITEMS)
  const bought = new Map<number, { at: number; items: number[] }[]>()
  for (const [k, { customer, items }] of history.entries()) {
    learned.bumpBasket(items, 15_000 + k)
    bought.set(customer, [...(bought.get(customer) ?? []), { at: k, items }])
  }
  for (const mine of bought.values()) learned.bumpCustomer([], customerItems(mine))
  return learned
}

describe('the inverse', () => {
  test('times the matrix is one', () => {
    const square = fc
      .integer({ min: 1, max: 9 })
      .chain((n) =>
        fc.tuple(
          fc.constant(n),
          fc.array(fc.integer({ min: -4, max: 4 }), { minLength: n * n, maxLength: n * n }),
        ),
      )
    fc.assert(
      fc.property(square, ([n, numbers]) => {
        const at = (matrix: ArrayLike<number>, i: number, j: number) =>
          matrix[i >= j ? i * n + j : j * n + i]!
        const matrix = new Float64Array(n * n)
        for (let i = 0; i < n; i++)
          for (let j = 0; j <= i; j++) {
            let sum = i === j ? 1 : 0
            for (let k = 0; k < n; k++) sum += numbers[k * n + i]! * numbers[k * n + j]!
            matrix[i * n + j] = sum
          }
        const inverse = matrix.slice()
        invert(inverse, n)
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0
            for (let k = 0; k < n; k++) sum += at(matrix, i, k) * at(inverse, k, j)
            expect(Math.abs(sum - (i === j ? 1 : 0))).toBeLessThan(1e-6)
          }
      }),
    )
  })

  test('of counts that are not quite positive definite is still numbers', () => {
    const matrix = Float64Array.from([1, 0, 5, 1])
    invert(matrix, 2)
    expect([...matrix].every(Number.isFinite)).toBe(true)
  })
})

describe('a build', () => {
  test('of the same counts is the same, by whatever way they came', () => {
    fc.assert(
      fc.property(orders, orders, (history, voided) => {
        const learned = learnedFrom(history)
        for (const { items } of voided) learned.bumpBasket(items, 15_050)
        for (const { items } of [...voided].reverse()) learned.bumpBasket(items, 15_050, -1)
        expect(buildEase(learned)).toEqual(buildEase(learnedFrom(history)))
      }),
    )
  })

  test('keeps few sources a target, all of them pulling, and no item pulls itself', () => {
    fc.assert(
      fc.property(orders, (history) => {
        const ease = buildEase(learnedFrom(history), 14, { ...EASE_DEFAULTS, sources: 3 })!
        for (const rows of [ease.telling, ease.broad]) {
          const sources = new Map<number, number>()
          for (let source = 0; source < ITEMS.length; source++)
            eachTarget(rows, source, (target, weight) => {
              expect(weight).toBeGreaterThan(0)
              expect(target).not.toBe(source)
              sources.set(target, (sources.get(target) ?? 0) + 1)
            })
          for (const count of sources.values()) expect(count).toBeLessThanOrEqual(3)
        }
      }),
    )
  })

  test('of few items takes those that sell most, and leaves the others to the counts', () => {
    const learned = learnedFrom([
      { customer: 0, items: [0, 1, 2] },
      { customer: 1, items: [0, 1] },
      { customer: 2, items: [5, 0] },
    ])
    const ease = buildEase(learned, 2)!
    expect([...ease.knows.keys()].filter((item) => isKnown(ease, item, true))).toEqual([0, 1])
    learned.setEase(ease)
    const ranked = rank(learned, { purpose: 'checkout', basket: [ITEMS[0]!.sku], asOf: NOW })
    expect(ranked.map(({ item }) => item)).toContain(5)
  })

  test('is nothing where nobody bought and no word is shared', () => {
    expect(
      buildEase(
        createLearned([
          { sku: 'a', name: 'Kettle' },
          { sku: 'b', name: 'Hat' },
        ]),
      ),
    ).toBeNull()
    expect(buildEase(createLearned())).toBeNull()
  })

  test('sees through a go-between: what only its partner explains is no neighbour of its own', () => {
    const learned = createLearned(['a', 'b', 'c', 'd'].map((sku) => ({ sku, name: '' })))
    for (let k = 0; k < 40; k++) learned.bumpBasket([0, 1], 15_000)
    for (let k = 0; k < 40; k++) learned.bumpBasket([1, 2], 15_000)
    for (let k = 0; k < 4; k++) learned.bumpBasket([0, 1, 2], 15_000)
    const targets = new Map<number, number>()
    eachTarget(buildEase(learned)!.telling, 0, (target, weight) => targets.set(target, weight))
    expect(targets.get(1)).toBeGreaterThan(0)
    expect(targets.get(2)).toBeUndefined()
    expect(learned.neighbours(0, 'checkout').map(({ item }) => item)).toContain(2)
  })
})

describe('ranking with a build', () => {
  const question = fc.record({
    purpose: fc.constantFrom('checkout' as const, 'next' as const),
    basket: fc.uniqueArray(fc.constantFrom(...ITEMS.map(({ sku }) => sku)), { maxLength: 4 }),
    past: fc.uniqueArray(fc.constantFrom(...ITEMS.map(({ sku }) => sku)), { maxLength: 4 }),
  })

  test('gives scores that are exactly the sum of their parts, on counts that went on since', () => {
    fc.assert(
      fc.property(orders, orders, question, (history, since, { purpose, basket, past }) => {
        const learned = learnedFrom(history)
        learned.setEase(buildEase(learned))
        for (const { items } of since) learned.bumpBasket(items, 15_060)
        learned.addItem({ sku: 'later', name: 'red cup' })
        const asked = { purpose, basket, history: [{ at: NOW - DAY_MS, items: past }], asOf: NOW }
        const profile = profileOf(learned, asked)
        for (const { score, because, item } of rank(learned, { ...asked, limit: 50 })) {
          expect(because.reduce((sum, { part }) => sum + part, 0)).toBe(score)
          expect(profile.pull[item]).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })

  test('counts by how much of what is known the build has seen', () => {
    const learned = learnedFrom([{ customer: 0, items: [0, 1, 2] }])
    learned.setEase(buildEase(learned))
    expect(learned.easeFreshness).toBe(1)
    learned.bumpBasket([0, 1, 2], 15_000)
    expect(learned.easeFreshness).toBeCloseTo(6 / 9, 12)
    learned.bumpBasket([0, 1, 2], 15_000, -1)
    learned.bumpBasket([0, 1, 2], 15_000, -1)
    expect(learned.easeFreshness).toBeCloseTo(3 / 6, 12)
  })

  test('follows the next order all the same', () => {
    const learned = learnedFrom(Array.from({ length: 5 }, () => ({ customer: 0, items: [0, 1] })))
    learned.setEase(buildEase(learned))
    for (let k = 0; k < 40; k++) learned.bumpBasket([0, 9], 15_050)
    expect(rank(learned, { purpose: 'checkout', basket: [ITEMS[0]!.sku], asOf: NOW })[0]!.item).toBe(9)
  })
})

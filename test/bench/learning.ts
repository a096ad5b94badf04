/** What learning costs: neighbours of a shop's whole past, and of one more order. */
import { createLearned } from '../../src/core/neighbour.ts'
import { draws } from './sized-shop.ts'

export type LearningCosts = {
  lines: number
  learnSeconds: number
  neighboursSeconds: number
  orderMicros: number
  nextNeighboursMicros: number
}

const ITEMS = 3_000
const NOUNS = ['dress', 'hat', 'puzzle', 'lantern', 'blanket', 'kite', 'cup', 'boot', 'drum', 'scarf']
const KINDS = ['cotton', 'wooden', 'striped', 'little', 'winter', 'garden', 'star', 'moon', 'bear', 'fox']

/** Learn `lines` lines of sale, five an order, as a shop sells: few things often, and by taste. */
export function learningCosts(lines: number): LearningCosts {
  const { between, chance, next, of } = draws(3)
  const learned = createLearned(
    Array.from({ length: ITEMS }, (_, n) => ({
      sku: `S${n}`,
      name: `${of(KINDS)} ${of(KINDS)} ${of(NOUNS)}`,
      category: `c${n % 30}`,
    })),
  )
  const order = () => {
    const taste = between(0, 29) * 100
    return Array.from({ length: 5 }, () =>
      chance(0.8) ? taste + Math.floor(100 * next() ** 2) : Math.floor(ITEMS * next() ** 2),
    )
  }
  const past = Array.from({ length: lines / 5 }, order)
  const started = performance.now()
  for (const [n, items] of past.entries()) learned.bumpBasket(items, 19_000 + (n % 700))
  const learnt = performance.now()
  for (let item = 0; item < ITEMS; item++) {
    learned.neighbours(item, 'checkout')
    learned.neighbours(item, 'next')
  }
  const derived = performance.now()
  const more = Array.from({ length: 20_000 }, order)
  const before = performance.now()
  for (const items of more) learned.bumpBasket(items, 19_701)
  const after = performance.now()
  for (let item = 0; item < 500; item++) learned.neighbours(item, 'checkout')
  return {
    lines,
    learnSeconds: (learnt - started) / 1000,
    neighboursSeconds: (derived - learnt) / 1000,
    orderMicros: ((after - before) * 1000) / more.length,
    nextNeighboursMicros: ((performance.now() - after) * 1000) / 500,
  }
}

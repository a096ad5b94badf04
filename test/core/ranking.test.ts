import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Learned } from '../../src/core/neighbour.ts'
import { createLearned } from '../../src/core/neighbour.ts'
import type { Ranked, RankingQuestion } from '../../src/core/ranking.ts'
import { affinity, goesWith, profileOf, rank, rankProfile } from '../../src/core/ranking.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 4, 1, 10)
const TODAY = Math.floor(NOW / DAY_MS)

/** A small music shop in its second month. */
function musicShop(): Learned {
  const learned = createLearned([
    { sku: 'BOW', name: 'Violin bow', category: 'Strings' },
    { sku: 'CASE', name: 'Violin case', category: 'Strings' },
    { sku: 'DRUM', name: 'Hand drum', category: 'Percussion' },
    { sku: 'EGG', name: 'Shaker egg', category: 'Percussion' },
    { sku: 'MUG', name: 'Mug', category: 'Gifts' },
    { sku: 'ROSIN', name: 'Rosin', category: 'Care' },
    { sku: 'VIOLIN', name: 'Student violin', category: 'Strings' },
  ])
  const sell = (times: number, day: number, ...skus: string[]) => {
    const items = skus.map((sku) => learned.itemOf(sku)!)
    for (let k = 0; k < times; k++) {
      learned.bumpBasket(items, day)
      learned.bumpCustomer([], items)
    }
  }
  sell(6, TODAY - 20, 'VIOLIN', 'ROSIN')
  sell(2, TODAY - 10, 'VIOLIN', 'ROSIN', 'BOW')
  sell(9, TODAY - 3, 'MUG')
  sell(3, TODAY - 2, 'DRUM', 'EGG')
  return learned
}

function skus(ranked: Ranked[]): string[] {
  return ranked.map(({ sku }) => sku)
}

function firstReason(ranked: Ranked[], sku: string): string {
  const { kind, ref } = ranked.find((each) => each.sku === sku)!.because[0]!
  return `${kind} ${ref}`.trim()
}

describe('a ranking at the till', () => {
  test('puts a violin buyer before rosin, bow and case, each with its reason', () => {
    const ranked = rank(musicShop(), { purpose: 'checkout', basket: ['VIOLIN'], asOf: NOW })
    expect(skus(ranked).slice(0, 3)).toEqual(['ROSIN', 'BOW', 'CASE'])
    expect(firstReason(ranked, 'ROSIN')).toBe('boughtWith VIOLIN')
    expect(firstReason(ranked, 'BOW')).toBe('boughtWith VIOLIN')
    // Nobody bought a case yet: it is judged by the violin things it is like.
    expect(ranked[2]!.because.map(({ kind }) => kind)).toContain('facet')
    // A mug goes with nothing, but sells best of all.
    expect(firstReason(ranked, 'MUG')).toBe('popular')
    expect(ranked.find(({ sku }) => sku === 'MUG')!.because).toHaveLength(1)
  })

  test('lets the basket speak louder than last year', () => {
    const history = [{ at: NOW - 365 * DAY_MS, items: ['DRUM'] }]
    const ranked = rank(musicShop(), { purpose: 'checkout', basket: ['VIOLIN'], history, asOf: NOW })
    expect(skus(ranked)[0]).toBe('ROSIN')
    expect(ranked.find((each) => each.sku === 'EGG')!.because.map(({ ref }) => ref)).toContain('DRUM')
  })

  test('falls back on what sells when it knows nothing of her', () => {
    const ranked = rank(musicShop(), { purpose: 'checkout', asOf: NOW })
    expect(skus(ranked)).toEqual(['MUG', 'ROSIN', 'VIOLIN', 'DRUM', 'EGG', 'BOW'])
    expect(new Set(ranked.flatMap(({ because }) => because.map(({ kind }) => kind)))).toEqual(
      new Set(['popular']),
    )
  })

  test('may repeat what she bought before, says so, and leaves it when history is excluded', () => {
    const history = [{ at: NOW - DAY_MS, items: ['ROSIN'] }]
    const question: RankingQuestion = { purpose: 'checkout', basket: ['MUG'], history, asOf: NOW }
    const ranked = rank(musicShop(), question)
    expect(ranked.find(({ sku }) => sku === 'ROSIN')!.because[0]).toMatchObject({ ref: 'ROSIN' })
    expect(skus(rank(musicShop(), { ...question, exclude: ['ROSIN'] }))).not.toContain('ROSIN')
  })
})

describe('a ranking for the next purchase', () => {
  test('raises what sells lately over what used to', () => {
    const learned = createLearned(['NEW', 'OLD', 'SEED', 'X'].map((sku) => ({ sku, name: '' })))
    for (let k = 0; k < 12; k++) {
      learned.bumpCustomer([], [1, 2])
      learned.bumpCustomer([], [0, 2])
      learned.bumpBasket([1], TODAY - 200)
      learned.bumpBasket([0], TODAY - 3)
    }
    const history = [{ at: NOW - DAY_MS, items: ['SEED'] }]
    const question: RankingQuestion = { purpose: 'next', history, exclude: ['SEED'], asOf: NOW }
    expect(skus(rank(learned, question))).toEqual(['NEW', 'OLD'])
    // Two months without any learning: the trend is no news any more, popularity still is.
    const late = rank(learned, { ...question, asOf: NOW + 60 * DAY_MS })
    const taste = late.map(({ because }) => because.find(({ kind }) => kind === 'boughtWith')!.part)
    expect(taste[0]).toBe(taste[1])
  })
})

describe('a shop whose products hardly go together', () => {
  /** Five things, each bought with any other alike; `E` also alone, and so most of all. */
  function groceries(bondPrior: number): Learned {
    const learned = createLearned(
      ['A', 'B', 'C', 'D', 'E'].map((sku) => ({ sku, name: '' })),
      { bondPrior },
    )
    for (let round = 0; round < 40; round++) {
      for (let one = 0; one < 5; one++)
        for (let other = 0; other < one; other++) learned.bumpBasket([one, other], TODAY - 3)
      for (let more = 0; more < 8; more++) learned.bumpBasket([4], TODAY - 3)
    }
    return learned
  }
  const ask = (learned: Learned) => rank(learned, { purpose: 'checkout', basket: ['A'], asOf: NOW })
  const popular = (ranked: Ranked[]) =>
    ranked.find(({ sku }) => sku === 'E')!.because.find(({ kind }) => kind === 'popular')!.part

  test('is ranked by what sells, up to ten times as much as one where they do', () => {
    const loose = groceries(1)
    const bonded = groceries(1e9)
    expect(loose.bondOf(new Map([[0, 1]]))).toBeLessThan(0.1)
    expect(bonded.bondOf(new Map([[0, 1]]))).toBeCloseTo(1, 3)
    expect(popular(ask(loose))).toBeCloseTo(10 * popular(ask(bonded)), 2)
    expect(skus(ask(bonded)).at(-1)).toBe('E')
    expect(skus(ask(loose))[0]).toBe('E')
  })
  test('still names what goes with a basket by what goes with it alone', () => {
    expect(goesWith(groceries(1), ['A'], [], NOW, 5)).toEqual(goesWith(groceries(1e9), ['A'], [], NOW, 5))
  })
})

describe('any ranking', () => {
  test('of an empty catalogue is empty', () => {
    const learned = createLearned()
    expect(
      rank(learned, { purpose: 'next', basket: ['?'], history: [{ at: 0, items: ['!'] }], asOf: NOW }),
    ).toEqual([])
    expect(goesWith(learned, ['?'], [], NOW, 3)).toEqual([])
  })

  test('of asked candidates ranks them all, known ones only, once', () => {
    const learned = createLearned([
      { sku: 'b', name: '' },
      { sku: 'a', name: '' },
    ])
    const candidates = ['b', 'nobody knows', 'a', 'b']
    expect(rank(learned, { purpose: 'checkout', candidates, asOf: NOW })).toEqual([
      { item: 1, sku: 'a', score: 0, because: [] },
      { item: 0, sku: 'b', score: 0, because: [] },
    ])
    expect(rank(learned, { purpose: 'checkout', asOf: NOW })).toEqual([])
  })

  test('breaks ties by sku', () => {
    const learned = createLearned(['d', 'b', 'c', 'a'].map((sku) => ({ sku, name: '' })))
    for (const other of [1, 2, 3]) learned.bumpBasket([0, other], TODAY)
    expect(skus(rank(learned, { purpose: 'checkout', basket: ['d'], asOf: NOW, limit: 2 }))).toEqual([
      'a',
      'b',
    ])
  })

  const sku = fc.constantFrom('BOW', 'CASE', 'DRUM', 'EGG', 'MUG', 'ROSIN', 'VIOLIN', 'unknown')
  const skuList = fc.array(sku, { maxLength: 5 })
  const at = fc.oneof(fc.integer({ min: 0, max: NOW + 9e9 }), fc.constant(Number.NaN))
  const question: fc.Arbitrary<RankingQuestion> = fc.record(
    {
      purpose: fc.constantFrom('checkout', 'next'),
      basket: skuList,
      history: fc.array(fc.record({ at, items: skuList }), { maxLength: 4 }),
      exclude: skuList,
      candidates: skuList,
      limit: fc.integer({ min: 0, max: 60 }),
      asOf: at,
    },
    { requiredKeys: ['purpose', 'asOf'] },
  )

  test('is a list of allowed skus, best first, whose parts add up to the score', () => {
    const learned = musicShop()
    fc.assert(
      fc.property(question, (asked) => {
        const ranked = rank(learned, asked)
        expect(ranked.length).toBeLessThanOrEqual(asked.limit ?? 20)
        expect(new Set(skus(ranked)).size).toBe(ranked.length)
        for (const [k, { sku: answered, score, because }] of ranked.entries()) {
          expect(Number.isFinite(score)).toBe(true)
          expect(because.reduce((sum, { part }) => sum + part, 0)).toBe(score)
          expect(because.reduceRight((sum, { part }) => sum + part, 0)).toBe(score)
          expect(because.every(({ part }) => part > 0)).toBe(true)
          expect(asked.basket ?? []).not.toContain(answered)
          expect(asked.exclude ?? []).not.toContain(answered)
          if (asked.candidates) expect(asked.candidates).toContain(answered)
          const last = ranked[k - 1]
          if (last) expect(last.score > score || (last.score === score && last.sku < answered)).toBe(true)
        }
      }),
    )
  })

  test('scores an item the same whatever else may be answered', () => {
    const learned = musicShop()
    fc.assert(
      fc.property(question, sku, (asked, one) => {
        const { candidates: _, ...open } = asked
        const alone = rank(learned, { ...open, candidates: [one], limit: 1 })
        const among = rank(learned, { ...open, limit: 50 }).find((each) => each.sku === one)
        if (among) expect(alone).toEqual([among])
      }),
    )
  })
})

describe('affinity', () => {
  test('is 0 … 1, most for what goes best, 0 for what nobody knows', () => {
    const learned = musicShop()
    const profile = profileOf(learned, { purpose: 'checkout', basket: ['VIOLIN'], asOf: NOW })
    const of = (one: string) => affinity(learned, profile, one)
    expect(of('ROSIN')).toBeGreaterThan(of('BOW'))
    expect(of('BOW')).toBeGreaterThan(of('DRUM'))
    expect(of('ROSIN')).toBeLessThanOrEqual(1)
    expect(of('MUG')).toBe(0)
    expect(of('unknown')).toBe(0)
    expect(rankProfile(learned, profile, { limit: 1 })[0]!.sku).toBe('ROSIN')
  })

  test('is 0 where nothing is known of her', () => {
    const learned = musicShop()
    expect(affinity(learned, profileOf(learned, { purpose: 'checkout', asOf: NOW }), 'ROSIN')).toBe(0)
  })
})

describe('what goes with a basket', () => {
  test('comes with the item it was bought with, and in how many baskets', () => {
    const [first, second] = goesWith(musicShop(), ['MUG', 'VIOLIN'], [], NOW, 2)
    expect(first).toMatchObject({ sku: 'ROSIN', withSku: 'VIOLIN', baskets: 8, customers: 8 })
    expect(second).toMatchObject({ sku: 'BOW', withSku: 'VIOLIN', baskets: 2 })
  })

  test('leaves out what she has, and says so when only the name speaks', () => {
    const learned = musicShop()
    const history = [{ at: NOW - DAY_MS, items: ['ROSIN', 'BOW'] }]
    expect(goesWith(learned, ['VIOLIN'], history, NOW, 1)[0]).toMatchObject({
      sku: 'CASE',
      withSku: null,
      baskets: 0,
    })
  })
})

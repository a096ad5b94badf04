/** Acceptance is learned with shrinkage, counted once, and forgotten where an offer means something else. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Acceptance } from '../../src/core/acceptance.ts'
import { AcceptanceBook, bandOf, mappingOf, shrunkRatio } from '../../src/core/acceptance.ts'
import { NOTHING_LEARNED } from '../../src/core/learning.ts'
import { momentOf } from '../../src/core/moment.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { recommend } from '../../src/core/recommend.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

const policy = defaultPolicy('acceptance')
const BAND_MIDDLE = [0.5, 0.7, 0.9]

const row = (more: Partial<Acceptance> = {}): Acceptance => ({
  offerId: 'o',
  mapping: 'm',
  touchpoint: 'till',
  band: 1,
  said: 0,
  accepted: 0,
  declined: 0,
  expected: 0,
  ...more,
})

/** Something said so often, at a fit of 0.75: 0.3 expected each time. */
const said = (times: number, accepted: number, more: Partial<Acceptance> = {}) =>
  row({ said: times, accepted, expected: times * 300_000, ...more })

const anyRows = () =>
  fc.array(
    fc.record({
      offerId: fc.constantFrom('o', 'p', 'q'),
      mapping: fc.constantFrom('m', 'n', ''),
      touchpoint: fc.constantFrom('till', 'phone'),
      band: fc.integer({ min: 0, max: 2 }),
      said: fc.integer({ min: 0, max: 60 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 12 },
  )

const rowsOf = (
  some: { said: number; share: number; offerId: string; mapping: string; touchpoint: string; band: number }[],
) => some.map(({ share, ...each }) => said(each.said, Math.floor(each.said * share), each))

describe('what acceptance makes of a score', () => {
  test('nothing counted is exactly 1, whatever the offer', () => {
    expect(new AcceptanceBook(policy, []).ratio('o', 'm', 'till', 0.9)).toBe(1)
    expect(new AcceptanceBook(policy, [row()]).ratio('o', 'm', 'till', 0.9)).toBe(1)
  })

  test('an offer that is accepted twice as often as its fit predicts rises above its neighbours, by less than twice', () => {
    const book = new AcceptanceBook(policy, [
      said(100, 60),
      said(100, 30, { offerId: 'p' }),
      said(100, 30, { offerId: 'q' }),
    ])
    const [better, usual] = ['o', 'p'].map((id) => book.ratio(id, 'm', 'till', 0.7))
    expect(better! / usual!).toBeGreaterThan(1.4)
    expect(better! / usual!).toBeLessThan(2)
  })

  test('all offers better than predicted is no reason to try what nobody was told of', () => {
    const book = new AcceptanceBook(policy, [said(500, 50, { offerId: 'p' })])
    expect(book.ratio('never said', 'm', 'till', 0.7)).toBeCloseTo(book.ratio('p', 'm', 'till', 0.7), 1)
  })

  test('of rows put in any order, and put again, it is the same; and always inside its bounds', () => {
    fc.assert(
      fc.property(anyRows(), anyRows(), (first, then) => {
        // A row is put as it stands: the last of a key is what counts.
        const rows = [...rowsOf(first), ...rowsOf(then)]
        const last = new Map(
          rows.map((each) => [`${each.offerId}/${each.mapping}/${each.touchpoint}/${each.band}`, each]),
        )
        const stepwise = new AcceptanceBook(policy, [])
        for (const each of rows) stepwise.put(each)
        const rebuilt = new AcceptanceBook(policy, [...last.values()].toReversed())
        for (const offerId of ['o', 'p', 'r'])
          for (const touchpoint of ['till', 'phone'])
            for (const fit of [0.45, 0.5, 0.62, 0.7, 0.85, 0.9, 0.97]) {
              const ratio = stepwise.ratio(offerId, 'm', touchpoint, fit)
              expect(ratio).toBe(rebuilt.ratio(offerId, 'm', touchpoint, fit))
              expect(ratio).toBeGreaterThanOrEqual(policy.propensityMin)
              expect(ratio).toBeLessThanOrEqual(policy.propensityMax)
            }
      }),
    )
  })

  test('more acceptances of the same sayings never lower an offer among the others', () => {
    fc.assert(
      fc.property(anyRows(), fc.integer({ min: 1, max: 40 }), fc.nat(40), (others, times, accepted) => {
        const few = Math.min(accepted, times - 1)
        const ratio = (n: number) => {
          const unbounded = { ...policy, propensityMin: 0, propensityMax: 1e9 }
          const book = new AcceptanceBook(unbounded, [...rowsOf(others), said(times, n, { offerId: 'x' })])
          return book.ratio('x', 'm', 'till', 0.7) / book.ratio('nobody', 'm', 'till', 0.7)
        }
        expect(ratio(few + 1)).toBeGreaterThanOrEqual(ratio(few) - 1e-12)
      }),
    )
  })

  test('mapped to other goals an offer starts anew', () => {
    const before = mappingOf({ piano: 0.9 })
    const after = mappingOf({ swimming: 0.9 })
    expect(before).not.toBe(after)
    expect(mappingOf({ b: 1, a: 0.5 })).toBe(mappingOf({ a: 0.5, b: 1 }))
    const book = new AcceptanceBook(policy, [
      said(200, 0, { mapping: before }),
      said(200, 60, { offerId: 'p' }),
    ])
    expect(book.ratio('o', before, 'till', 0.7)).toBeLessThan(0.5)
    expect(book.ratio('o', after, 'till', 0.7)).toBe(book.ratio('never said', after, 'till', 0.7))
  })

  test('a touchpoint of its own is learned apart, and lent the rest till then', () => {
    const book = new AcceptanceBook(policy, [
      said(200, 100, { touchpoint: 'fittingRoom' }),
      said(200, 10),
      said(400, 120, { offerId: 'p' }),
    ])
    expect(book.ratio('o', 'm', 'fittingRoom', 0.7)).toBeGreaterThan(1.2)
    expect(book.ratio('o', 'm', 'till', 0.7)).toBeLessThan(0.6)
    const elsewhere = book.ratio('o', 'm', 'phone', 0.7)
    expect(elsewhere).toBeGreaterThan(book.ratio('o', 'm', 'till', 0.7))
    expect(elsewhere).toBeLessThan(book.ratio('o', 'm', 'fittingRoom', 0.7))
  })

  test('where fit says nothing, scores stop following it, without a jump between bands', () => {
    // Three in ten say yes at any fit.
    const flat = [0.5, 0.7, 0.9].map((fit, band) =>
      row({
        offerId: `b${band}`,
        band,
        said: 2000,
        accepted: 600,
        expected: Math.round(2000 * 0.4 * fit * 1e6),
      }),
    )
    const book = new AcceptanceBook(policy, flat)
    const value = (fit: number) => fit * book.ratio('another', 'm', 'till', fit)
    const values = Array.from({ length: 41 }, (_, i) => value(0.5 + i / 100))
    expect(Math.max(...values) / Math.min(...values)).toBeLessThan(1.06)
    for (let i = 1; i < values.length; i++)
      expect(Math.abs(values[i]! / values[i - 1]! - 1)).toBeLessThan(0.01)
  })

  test('a good offer that is said at a low fit too does not make a low fit look good', () => {
    // The good one is taken twice as often as its fit predicts, the usual one as often, at a low fit and at a high one.
    const at = (offerId: string, band: number, times: number, ratio: number) => {
      const expected = times * 0.4 * BAND_MIDDLE[band]!
      return row({
        offerId,
        band,
        said: times,
        accepted: Math.round(expected * ratio),
        expected: expected * 1e6,
      })
    }
    const book = new AcceptanceBook(policy, [
      at('good', 0, 500, 2),
      at('good', 2, 500, 2),
      at('usual', 0, 100, 1),
      at('usual', 2, 1500, 1),
    ])
    const [low, high] = [0.5, 0.9].map((fit) => book.ratio('another', 'm', 'till', fit))
    expect(low! / high!).toBeCloseTo(1, 1)
    expect(book.ratio('good', 'm', 'till', 0.9) / book.ratio('usual', 'm', 'till', 0.9)).toBeCloseTo(2, 0)
  })

  test('what is known of an offer at one fit is told from what its fit says at another', () => {
    // Fit says nothing here: three in ten take it at any fit, and one is taken twice as often at a low fit.
    const flat = [0, 1, 2].map((band) =>
      row({
        offerId: 'usual',
        band,
        said: 1000,
        accepted: 300,
        expected: 1000 * 0.4 * BAND_MIDDLE[band]! * 1e6,
      }),
    )
    const book = new AcceptanceBook(policy, [
      ...flat,
      row({ offerId: 'good', band: 0, said: 200, accepted: 120, expected: 200 * 0.4 * 0.5 * 1e6 }),
    ])
    for (const fit of [0.5, 0.7, 0.9]) {
      const times = book.ratio('good', 'm', 'till', fit) / book.ratio('usual', 'm', 'till', fit)
      expect(times).toBeGreaterThan(1.6)
      expect(times).toBeLessThan(2.1)
    }
  })

  test('bands', () => expect([0, 0.59, 0.6, 0.79, 0.8, 0.99].map(bandOf)).toEqual([0, 0, 1, 1, 2, 2]))
  test('no counts leave the prior', () =>
    expect(shrunkRatio({ accepted: 0, expected: 0 }, 0.8, 8)).toBeCloseTo(0.8, 12))
})

describe('what is tried', () => {
  const shop = (saidSoFar: number) =>
    smallShop({
      policy: { ...defaultPolicy('explore'), silenceShare: 0, exploreWithin: 0.1, exploreAfter: 100 },
      goals: [goal('g', { baseRate: 0.4 })],
      offers: ['a', 'b', 'c', 'far'].map((id, i) => offer(id, { g: id === 'far' ? 0.7 : 0.95 - i * 0.004 })),
      acceptance: [
        said(saidSoFar, Math.round(saidSoFar * 0.3), {
          offerId: 'a',
          mapping: mappingOf({ g: 0.95 }),
          band: 2,
        }),
      ],
    })
  const chosen = (saidSoFar: number, days: number) => {
    const catalogue = shop(saidSoFar)
    const tally = new Map<string, { n: number; chance: number }>()
    for (let day = 0; day < days; day++) {
      const who = person({
        ref: `somebody-${day}`,
        evidence: [evidence('t', 'g', { weight: 0.95 })],
        visits: [20_490, 20_480],
      })
      const moment = momentOf(catalogue, { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] }, who)
      const { primary, propensity, gated, arm } = recommend(moment, NOTHING_LEARNED, `r${day}`)
      expect(gated.map(({ listed }) => listed.offer.id)).toContain(primary!.listed.offer.id)
      expect(arm).toBe(primary!.listed.offer.id === gated[0]!.listed.offer.id ? 'offer' : 'explore')
      const seen = tally.get(primary!.listed.offer.id) ?? { n: 0, chance: propensity }
      // One offer has one chance at moments that are alike.
      expect(propensity).toBeCloseTo(seen.chance, 12)
      tally.set(primary!.listed.offer.id, { n: seen.n + 1, chance: propensity })
    }
    return tally
  }

  test('before the shop has said enough, nothing but the best', () => {
    expect([...chosen(99, 300)]).toEqual([['a', { n: 300, chance: 1 }]])
    expect([...chosen(100, 300).keys()]).toEqual(['a'])
  })

  test('then near-ties, each as often as its recorded chance says, the less said the likelier', () => {
    const tally = chosen(200, 4000)
    expect([...tally.keys()].toSorted()).toEqual(['a', 'b', 'c'])
    let all = 0
    for (const { n, chance } of tally.values()) {
      all += chance
      expect(Math.abs(n - 4000 * chance)).toBeLessThan(4 * Math.sqrt(4000 * chance * (1 - chance)))
    }
    expect(all).toBeCloseTo(1, 12)
    expect(tally.get('b')!.chance).toBeGreaterThan(tally.get('a')!.chance)
  })
})

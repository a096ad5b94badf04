/** Whether predictions come true, and what is learned when they do not. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Saying } from '../../src/core/calibration.ts'
import {
  calibration,
  LEARNED,
  meanLogScore,
  predictedBy,
  relearned,
  sayingOf,
  wilson,
} from '../../src/core/calibration.ts'
import type { Capsule } from '../../src/core/capsule.ts'
import { momentAgain } from '../../src/core/capsule.ts'
import type { Policy } from '../../src/core/policy.ts'
import { defaultPolicy, LEVERS } from '../../src/core/policy.ts'
import type { Evidence } from '../../src/core/understand.ts'
import { fitOf } from '../../src/core/understand.ts'
import { numbers } from '../measure/off-policy-worlds.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

const shop = smallShop({
  goals: [goal('wide'), goal('a', { parent: 'wide' }), goal('b'), goal('c')],
  offers: [offer('A', { a: 0.9, b: 0.3 }), offer('B', { b: 0.95 }), offer('C', { c: 0.8, a: 0.2 })],
})
const KINDS = ['bought', 'attended', 'noticed', 'told'] as const
const capsule = (lines: Evidence[]): Capsule => ({
  id: 'r',
  siteId: 'S',
  touchpoint: 'till',
  nowMs: NOON,
  basket: [],
  unmatched: [],
  person: person({ evidence: lines }),
  heard: { affinity: {}, goesWith: null },
  currency: 'EUR',
  degraded: null,
  dataVersion: '1',
})

/** Sayings of a shop in which `truth` predicts, in all its levers. */
function sayings(n: number, seed: number, truth: Policy): Saying[] {
  const next = numbers(seed)
  const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)]!
  return Array.from({ length: n }, () => {
    const lines = Array.from({ length: 1 + Math.floor(next() * 4) }, (_, i) =>
      evidence(`e${i}`, pick(['a', 'b', 'c', 'wide']), {
        kind: pick(KINDS),
        weight: 0.1 + 0.6 * next(),
        halfLifeDays: pick([90, 300, 540]),
        onDay: 20_500 - Math.floor(next() * 400),
      }),
    )
    const about = capsule(lines)
    const listed = shop.listedById.get(pick(['A', 'B', 'C']))!
    const fit = fitOf(shop, momentAgain(shop, about).wants, listed.index)
    const asked = { offerId: listed.offer.id, fit, ratio: 1, yes: 0 as 0 | 1 }
    const saying = sayingOf(about, shop, asked)!
    return { ...saying, yes: next() < predictedBy(saying, truth) ? 1 : 0 }
  })
}

describe('Wilson', () => {
  test('lies in [0, 1], holds the share, and is narrower with more', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (a, b) => {
        const [yes, of] = [Math.min(a, b), Math.max(a, b, 1)]
        const { low, high } = wilson(yes, of)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        expect(low).toBeLessThanOrEqual(yes / of + 1e-12)
        expect(high).toBeGreaterThanOrEqual(yes / of - 1e-12)
        const more = wilson(yes * 4, of * 4)
        expect(more.high - more.low).toBeLessThan(high - low)
      }),
    )
  })
  test('the textbook’s number: 8 of 10', () => {
    expect(wilson(8, 10)).toEqual({ low: expect.closeTo(0.4902, 4), high: expect.closeTo(0.9433, 4) })
  })
})

describe('calibration', () => {
  test('every saying is in just one band, in order, and the bands sum to all', () => {
    const many = fc.array(
      fc.record({
        predicted: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.2, 0.3)),
        yes: fc.constantFrom(0 as const, 1 as const),
      }),
    )
    fc.assert(
      fc.property(many, (list) => {
        const { said, yes, bands, expectedError } = calibration(list)
        expect(bands.reduce((sum, band) => sum + band.said, 0)).toBe(list.length)
        expect([said, yes]).toEqual([list.length, list.filter((each) => each.yes === 1).length])
        expect(bands.length).toBeLessThanOrEqual(10)
        bands.forEach((band, i) => {
          if (i > 0) expect(band.from).toBeGreaterThan(bands[i - 1]!.to)
        })
        expect(expectedError).toBeGreaterThanOrEqual(0)
        expect(expectedError).toBeLessThanOrEqual(1)
      }),
    )
  })
  test('true predictions have a small error, predictions twice too high a large one', () => {
    const next = numbers(7)
    const list = Array.from({ length: 5000 }, () => {
      const predicted = 0.05 + 0.4 * next()
      return { predicted, yes: (next() < predicted ? 1 : 0) as 0 | 1 }
    })
    expect(calibration(list).expectedError).toBeLessThan(0.03)
    expect(
      calibration(list.map((each) => ({ ...each, predicted: each.predicted * 2 }))).expectedError,
    ).toBeGreaterThan(0.2)
  })
})

describe('learning the levers', () => {
  const usual = defaultPolicy('test')

  test('a saying gives back the fit that was weighed, under the policy that weighed it', () => {
    const next = numbers(11)
    for (let n = 0; n < 200; n++) {
      const lines = ['a', 'b', 'c', 'wide'].map((slug, i) =>
        evidence(`e${i}`, slug, {
          kind: KINDS[Math.floor(next() * 4)]!,
          weight: next() * 0.9,
          onDay: 20_500 - Math.floor(next() * 300),
        }),
      )
      const about = capsule(lines)
      for (const offerId of ['A', 'B', 'C']) {
        const whole = fitOf(shop, momentAgain(shop, about).wants, shop.listedById.get(offerId)!.index)
        const saying = sayingOf(about, shop, { offerId, fit: whole * 0.5, ratio: 1.2, yes: 1 })!
        expect(predictedBy(saying, shop.policy)).toBeCloseTo(0.4 * whole * 0.5 * 1.2, 12)
      }
    }
  })

  test('too few are said to be too few, with their number', () => {
    expect(relearned(sayings(99, 1, usual), usual)).toMatchObject({
      levers: null,
      says: 'Too little to learn from: 99 answers said aloud; 100 are needed.',
    })
  })

  test('100 sayings move little; 3,000 come near the truth, and predict better what was kept aside', () => {
    const truth = { ...usual, acceptanceAtFit: 0.25, boughtTimes: 1.6 }
    const few = relearned(sayings(100, 3, truth), usual)
    for (const name of LEARNED)
      expect(Math.abs(Math.log((few.levers ?? usual)[name] / usual[name]))).toBeLessThan(0.25)
    const many = relearned(sayings(3000, 4, truth), usual)
    expect(many.levers!.acceptanceAtFit).toBeGreaterThan(0.22)
    expect(many.levers!.acceptanceAtFit).toBeLessThan(0.31)
    expect(many.levers!.boughtTimes).toBeGreaterThan(1)
    expect(many.aside!.learned).toBeGreaterThan(many.aside!.now)
  }, 60_000)

  test('where the defaults are the truth, they stay near', () => {
    const { levers } = relearned(sayings(1500, 5, usual), usual)
    for (const name of LEARNED)
      expect(Math.abs(Math.log((levers ?? usual)[name] / usual[name]))).toBeLessThan(0.15)
  })

  test('what comes out is a policy: inside the range of each lever, also where all said yes, or nobody', () => {
    for (const yes of [0, 1] as const) {
      const all = sayings(300, 6, usual).map((saying) => ({ ...saying, yes }))
      const { levers } = relearned(all, usual)
      for (const name of LEARNED) {
        expect(levers![name]).toBeGreaterThanOrEqual(LEVERS[name].min)
        expect(levers![name]).toBeLessThanOrEqual(LEVERS[name].max)
      }
      expect(meanLogScore(all, { ...usual, ...levers! })).toBeGreaterThan(meanLogScore(all, usual))
    }
  })

  test('the same sayings teach the same', () => {
    const list = sayings(300, 8, { ...usual, acceptanceAtFit: 0.2 })
    expect(relearned(list, usual)).toEqual(relearned(structuredClone(list), usual))
  })
})

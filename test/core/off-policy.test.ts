/** What another policy would have been worth: against worlds whose truth is known. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NOTHING_LEARNED } from '../../src/core/learning.ts'
import { momentOf } from '../../src/core/moment.ts'
import { offPolicy, offPolicyWords, possible, tellsFigures } from '../../src/core/off-policy.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { chancesAt, recommend } from '../../src/core/recommend.ts'
import { played, toldWorld } from '../measure/off-policy-worlds.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

describe('chances', () => {
  const shop = (silenceShare: number, exploreWithin: number) =>
    smallShop({
      policy: { ...defaultPolicy('chances'), silenceShare, exploreWithin, exploreAfter: 0 },
      goals: [goal('a'), goal('b')],
      offers: ['A', 'B', 'C', 'D'].map((id, i) => offer(id, { a: 0.9 - i * 0.04, b: 0.3 + i * 0.05 })),
    })
  const at = (catalogue: ReturnType<typeof shop>, ref: string, b: number) =>
    momentOf(
      catalogue,
      { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] },
      person({ ref, evidence: [evidence('e1', 'a'), evidence('e2', 'b', { weight: b })] }),
    )

  test('what is decided has just the chance that is recorded with it, and all of them sum to the share of speaking', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        (ref, silenceShare, within, b) => {
          const moment = at(shop(silenceShare, within), ref, b)
          const chances = chancesAt(moment, NOTHING_LEARNED)
          const { primary, propensity } = recommend(moment, NOTHING_LEARNED, 'r')
          const total = chances.reduce((sum, { chance }) => sum + chance, 0)
          expect(total).toBeCloseTo(1 - silenceShare, 9)
          if (primary === null) expect(propensity).toBeCloseTo(1 - total, 9)
          else expect(chances.find(({ scored }) => scored.listed === primary.listed)?.chance).toBe(propensity)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('over many customers each answer comes as often as its chance says', () => {
    const catalogue = shop(0.2, 0.3)
    const counts = new Map<string, number>()
    const n = 20_000
    for (let i = 0; i < n; i++) {
      const { primary } = recommend(at(catalogue, `customer ${i}`, 0.5), NOTHING_LEARNED, 'r')
      const id = primary?.listed.offer.id ?? 'silence'
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    const chances = chancesAt(at(catalogue, 'x', 0.5), NOTHING_LEARNED)
    expect(chances.length).toBeGreaterThan(1)
    for (const { scored, chance } of chances) {
      const error = Math.sqrt((chance * (1 - chance)) / n)
      expect(Math.abs(counts.get(scored.listed.offer.id)! / n - chance)).toBeLessThan(4.5 * error)
    }
  })

  test('the holdout hears nothing, whatever the policy', () => {
    const moment = momentOf(
      shop(0, 0.3),
      { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] },
      person({ holdout: true, evidence: [evidence('e1', 'a')] }),
    )
    expect(chancesAt(moment, NOTHING_LEARNED)).toEqual([])
  })
})

describe('value', () => {
  test('the same policy is worth what was counted, to the last digit', () => {
    const world = toldWorld(1)
    const turns = played(world, 400, 2).map((turn) => ({ ...turn, after: turn.before }))
    const made = offPolicy(turns)
    expect(made.verdict).toBe('same')
    expect(made.ips.value).toBeCloseTo(made.now.value, 12)
    expect(made.selfNormalised.value).toBeCloseTo(made.now.value, 12)
    expect(made.effectiveTurns).toBeCloseTo(400, 6)
    expect(made.overlap).toBeCloseTo(1, 9)
  })

  test('intervals hold the truth about as often as they say, and doubly robust errs less than IPS', () => {
    const shops = 150
    const held = { ips: 0, selfNormalised: 0, doublyRobust: 0, difference: 0 }
    const squares = { ips: 0, doublyRobust: 0 }
    for (let seed = 1; seed <= shops; seed++) {
      const world = toldWorld(seed)
      const made = offPolicy(played(world, 500, seed + 5000))
      for (const name of ['ips', 'selfNormalised', 'doublyRobust'] as const)
        if (made[name].low <= world.after && world.after <= made[name].high) held[name]++
      const truth = world.after - world.before
      if (made.difference.low <= truth && truth <= made.difference.high) held.difference++
      squares.ips += (made.ips.value - world.after) ** 2
      squares.doublyRobust += (made.doublyRobust.value - world.after) ** 2
    }
    // Of 150 at 95 %, 142 ± 8 (three standard errors).
    for (const [name, n] of Object.entries(held)) {
      expect(n, name).toBeGreaterThanOrEqual(134)
      expect(n, name).toBeLessThanOrEqual(150)
    }
    expect(squares.doublyRobust).toBeLessThan(squares.ips)
  })

  test('where one thing alone was ever said, another is not guessed at', () => {
    const turns = Array.from({ length: 500 }, (_, i) => ({
      who: `c${i}`,
      said: 'A',
      propensity: 1,
      yes: (i % 4 === 0 ? 1 : 0) as 0 | 1,
      before: [{ offerId: 'A', chance: 1, predicted: 0.3 }],
      after: [{ offerId: 'B', chance: 1, predicted: 0.3 }],
    }))
    const made = offPolicy(turns)
    expect([made.verdict, made.overlap, made.ips.value]).toEqual(['noOverlap', 0, 0])
    expect(offPolicyWords(made)).toBe(
      'Cannot tell: 100 % of what it would do was never tried at such a moment (no overlap).',
    )
  })

  test('few turns are said to be few, none to be none', () => {
    expect(offPolicy([]).verdict).toBe('tooFew')
    const turns = played(toldWorld(3), 30, 4)
    expect(offPolicyWords(offPolicy(turns))).toMatch(/^Too little to tell from: 30 turns with \d+ yes/)
    expect(tellsFigures(offPolicy(turns))).toBe(false)
    // Three turns of what was never tried are few before they are anything else.
    const untried = turns.slice(0, 3).map((turn) => ({ ...turn, after: [] }))
    expect(offPolicy(untried).verdict).toBe('tooFew')
  })

  test('what is shown can be: no fewer than no yeses, no more than as many as turns', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 2, max: 120 }), (seed, n) => {
        const made = offPolicy(played(toldWorld(seed), n, seed + 1))
        for (const name of ['now', 'ips', 'selfNormalised', 'doublyRobust'] as const) {
          const { value, low, high } = possible(made[name])
          expect(0 <= low && low <= value && value <= high && high <= 1).toBe(true)
        }
        for (const [number] of offPolicyWords(made).matchAll(/[−+][\d.]+(?= and| yeses)/g))
          expect(Number(number.slice(1))).toBeLessThanOrEqual(100)
        expect(made.verdict === 'tooFew' && tellsFigures(made)).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  test('turns of one customer count as one witness: the same answers of fewer customers leave a wider interval', () => {
    const turns = played(toldWorld(5), 600, 6)
    const one = offPolicy(turns.map((turn, i) => ({ ...turn, who: `c${i}` })))
    const shared = offPolicy(turns.flatMap((turn, i) => [0, 1, 2].map(() => ({ ...turn, who: `c${i}` }))))
    expect(shared.ips.value).toBeCloseTo(one.ips.value, 12)
    expect(shared.ips.high - shared.ips.low).toBeCloseTo(one.ips.high - one.ips.low, 9)
  })
})

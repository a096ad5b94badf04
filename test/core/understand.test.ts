/** From evidence to wants: the worked numbers, and what must hold whatever the evidence. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { momentOf } from '../../src/core/moment.ts'
import type { Evidence } from '../../src/core/understand.ts'
import { decayed, noisyOr, prior, understand } from '../../src/core/understand.ts'
import { evidence, goal, line, NOON, person, smallShop } from '../support/small-shop.ts'

const TODAY = 20_500
const goals = [
  goal('enrich'),
  goal('music', { parent: 'enrich', baseRate: 0.4 }),
  goal('piano', { parent: 'music', ageMinMonths: 42, ageMaxMonths: 192, baseRate: 0.28 }),
  goal('newborn', { baseRate: 0.12, toldOnly: true }),
]
const shop = smallShop({
  goals,
  categories: [{ slug: 'toys', name: 'Toys', ageMinMonths: 6, ageMaxMonths: 84 }],
  rules: [
    { category: 'toys', goal: 'piano', weight: 0.12, halfLifeDays: 300 },
    { category: 'toys', goal: 'music', weight: 0.3, halfLifeDays: 300 },
  ],
})
const belief = (lines: Evidence[], goal: string, spans: [number, number][] = [[66, 66]], today = TODAY) =>
  understand(shop, lines, spans, today).confidence[shop.goalIndex.get(goal)!]!

const anyLine = (slugs: string[], kinds: Evidence['kind'][]) =>
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom(...kinds),
    goal: fc.constantFrom(...slugs),
    facet: fc.constantFrom(null, 'a', 'b'),
    weight: fc.double({ min: 0.01, max: 0.95, noNaN: true }),
    halfLifeDays: fc.integer({ min: 1, max: 900 }),
    onDay: fc.integer({ min: TODAY - 2000, max: TODAY }),
    aboutDay: fc.constant(null),
    speakable: fc.boolean(),
    words: fc.constant(null),
    staffId: fc.constant(null),
    offerId: fc.constant(null),
  })
const POSITIVE: Evidence['kind'][] = ['bought', 'told', 'answered', 'noticed', 'attended', 'enrolled']
const all = ['enrich', 'music', 'piano', 'newborn']

describe('understand', () => {
  test('the worked example: prior .168, toy .093, told .860, together .895; the toy a gift .884; the told line erased .245', () => {
    const toy = evidence('toy', 'piano', {
      kind: 'bought',
      weight: 0.12,
      halfLifeDays: 300,
      onDay: TODAY - 112,
    })
    const told = evidence('told', 'piano', { onDay: TODAY - 35 })
    expect(prior(goals[2]!, [[66, 66]], shop.policy)).toBeCloseTo(0.168, 10)
    expect(decayed(0.12, 112, 300)).toBeCloseTo(0.093, 3)
    expect(decayed(0.9, 35, 540)).toBeCloseTo(0.86, 3)
    expect(belief([toy, told], 'piano')).toBeCloseTo(0.895, 3)
    expect(belief([told], 'piano')).toBeCloseTo(0.884, 3)
    expect(belief([toy], 'piano')).toBeCloseTo(0.245, 3)
    expect(noisyOr(0.168, [decayed(0.12, 112, 300), decayed(0.9, 35, 540)])).toBeCloseTo(
      belief([toy, told], 'piano'),
      12,
    )
  })
  test('a decline leaves six tenths for 180 days; a told no leaves nothing until she says otherwise', () => {
    const told = evidence('t', 'piano', { onDay: TODAY - 200 })
    const declined = (onDay: number) => evidence('d', 'piano', { kind: 'declined', weight: 0, onDay })
    expect(belief([told, declined(TODAY - 179)], 'piano')).toBeCloseTo(0.6 * belief([told], 'piano'), 12)
    expect(belief([told, declined(TODAY - 180)], 'piano')).toBe(belief([told], 'piano'))
    const no = evidence('n', 'piano', { kind: 'toldNo', weight: 0, onDay: TODAY - 100 })
    expect(belief([no, told], 'piano')).toBe(0)
    expect(belief([evidence('t2', 'piano', { onDay: TODAY - 1 }), no], 'piano')).toBeGreaterThan(0.8)
  })
  test('a no to music is a no to the piano', () => {
    const lines = [
      evidence('n', 'music', { kind: 'toldNo', weight: 0 }),
      evidence('t', 'piano', { onDay: TODAY - 1 }),
    ]
    expect(belief(lines, 'piano')).toBe(0)
  })
  test('a goal counts a year before its age window, and hardly at all outside', () => {
    expect(belief([], 'piano', [[30, 30]])).toBeCloseTo(0.168, 10)
    expect(belief([], 'piano', [[29, 29]])).toBeCloseTo(0.01, 10)
    expect(belief([], 'piano', [[193, 193]])).toBeCloseTo(0.01, 10)
    expect(belief([], 'piano', [])).toBeCloseTo(0.01, 10)
  })
  test('a day that it is about stops the decay until then', () => {
    const trip = evidence('t', 'music', { onDay: TODAY - 300, aboutDay: TODAY + 10 })
    expect(belief([trip], 'music')).toBeCloseTo(noisyOr(0.24, [0.9]), 12)
  })

  test('invariant 3: in [0, 1), never rises with time alone, never falls with more positive evidence, the prior without any', () => {
    fc.assert(
      fc.property(
        fc.array(anyLine(all, POSITIVE), { maxLength: 12 }),
        anyLine(all, POSITIVE),
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 0, max: 200 }),
        (lines, more, later, age) => {
          const spans: [number, number][] = [[age, age]]
          for (const slug of all) {
            const now = belief(lines, slug, spans)
            expect(now).toBeGreaterThanOrEqual(0)
            expect(now).toBeLessThan(1)
            expect(belief(lines, slug, spans, TODAY + later)).toBeLessThanOrEqual(now + 1e-12)
            expect(belief([...lines, more], slug, spans)).toBeGreaterThanOrEqual(now - 1e-12)
            expect(belief([], slug, spans)).toBeCloseTo(
              prior(goals.find((g) => g.slug === slug)!, spans, shop.policy),
              12,
            )
            expect(
              belief(
                [evidence('n', slug, { kind: 'toldNo', weight: 0 }), ...lines.filter((l) => l.onDay < TODAY)],
                slug,
                spans,
              ),
            ).toBe(0)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
  test('invariant 3: the order of the lines does not matter', () => {
    fc.assert(
      fc.property(fc.array(anyLine(all, POSITIVE), { maxLength: 10 }), (lines) => {
        for (const slug of all)
          expect(belief([...lines].reverse(), slug)).toBeCloseTo(belief(lines, slug), 12)
      }),
    )
  })
  test('invariant 4: no told-only goal is above its prior without a told or answered line', () => {
    fc.assert(
      fc.property(
        fc.array(anyLine(['enrich', 'music', 'piano'], POSITIVE), { maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 3 }),
        (lines, ages) => {
          const spans = ages.map((age): [number, number] => [age, age])
          expect(belief(lines, 'newborn', spans)).toBeLessThanOrEqual(
            prior(goals[3]!, spans, shop.policy) + 1e-12,
          )
        },
      ),
    )
  })
  test('invariant 5: a gift line never changes the wants', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), (own, gifts) => {
        const here = { siteId: 'S', touchpoint: 'till', nowMs: NOON }
        const toys = Array.from({ length: own }, () => line({ category: 'toys' }))
        const given = Array.from({ length: gifts }, () => line({ category: 'toys', gift: true }))
        const without = momentOf(shop, { ...here, basket: toys }, person())
        const withGifts = momentOf(shop, { ...here, basket: [...given, ...toys] }, person())
        expect([...withGifts.wants.confidence]).toEqual([...without.wants.confidence])
      }),
    )
  })
})

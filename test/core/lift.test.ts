/** The lift's intervals: right as often as they say, however often one looks, and never surer than the data. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LiftCustomer, UptakeMoment } from '../../src/core/lift.ts'
import {
  compareArms,
  difference,
  logRatio,
  looksOf,
  roughly,
  uptakeOf,
  visibleLift,
} from '../../src/core/lift.ts'
import { beyond, sequentialT, sequentialZ, studentT } from '../../src/core/sequential.ts'
import { measured, plantedLift } from '../measure/lift-coverage.ts'
import { bought, dice, plantedMoments, plantedShop } from '../support/planted-shop.ts'

const NO_CAPS = { window: null, before: null }
const CAPS = { window: 1e12, before: 1e12 }

/** A shop of so many customers, seeded. */
function shopOf(
  seed: number,
  size: number,
  lift = 0,
): { customers: LiftCustomer[]; days: number; daysBefore: number } {
  const d = dice(seed)
  const { customers, share, days, daysBefore } = plantedShop(d, lift, size)
  return {
    days,
    daysBefore,
    customers: customers.map((each) => ({
      holdout: each.holdout,
      share,
      joinedDay: each.joined,
      before: bought(d, each, -daysBefore, 0, 0).reduce((sum, [, minor]) => sum + minor, 0),
      spent: bought(d, each, 0, days, each.holdout ? 0 : lift),
    })),
  }
}

describe('numbers of standard errors', () => {
  test('Student’s t is that of the tables, and its tail is the inverse', () => {
    // Source: any printed table of the t distribution, two-sided.
    for (const [chance, freedom, t] of [
      [0.05, 1, 12.7062],
      [0.05, 5, 2.5706],
      [0.05, 11, 2.201],
      [0.01, 30, 2.75],
      [0.4, 60, 0.8477],
      [0.05, Number.POSITIVE_INFINITY, 1.96],
    ] as const)
      expect(studentT(chance, freedom)).toBeCloseTo(t, 3)
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 0.9, noNaN: true }),
        fc.double({ min: 1, max: 500, noNaN: true }),
        (p, df) => {
          expect(beyond(studentT(p, df), df) / p).toBeCloseTo(1, 5)
        },
      ),
    )
  })

  test('the sequential number is the published one, least near the planned day, and larger for few', () => {
    // ρ² · 100 = 5.9915 + ln 6.9915 = 7.9362, so at t = 100: √(8.9362 / 7.9362 · ln(8.9362 / 0.0025)).
    expect(sequentialZ(100, 100)).toBeCloseTo(Math.sqrt((8.9362 / 7.9362) * Math.log(8.9362 / 0.0025)), 3)
    for (const time of [1, 10, 50, 300, 2000]) {
      expect(sequentialZ(time, 100)).toBeGreaterThan(sequentialZ(100, 100) - 1e-3)
      expect(sequentialT(time, 100, 8)).toBeGreaterThan(sequentialZ(time, 100))
    }
    expect(sequentialT(0, 100, 8)).toBe(Number.POSITIVE_INFINITY)
  })

  test('of 2,000 walks without a drift, looked at after every step, fewer than one in twenty ever leave it', () => {
    const d = dice(42)
    let left = 0
    for (let walk = 0; walk < 2000; walk++) {
      let sum = 0
      for (let t = 1; t <= 400; t++) {
        sum += d.normal()
        if (Math.abs(sum) / Math.sqrt(t) > sequentialZ(t, 200)) {
          left++
          break
        }
      }
    }
    expect(left / 2000).toBeLessThan(0.05)
    expect(left).toBeGreaterThan(10)
  })
})

describe('the arms', () => {
  test('money in another coin, customers in another order, arms exchanged: the lift stays, or turns round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 500 }), (seed, coin) => {
        const { customers, days } = shopOf(seed, 80, 0.3)
        const one = compareArms(customers, days, CAPS)
        fc.pre(one !== null && logRatio(one) !== null)
        const log = logRatio(one!)!
        const scaled = customers.map((each) => ({
          ...each,
          before: each.before * coin,
          spent: each.spent.map(([day, minor]): [number, number] => [day, minor * coin]),
        }))
        const other = compareArms(scaled.toReversed(), days, CAPS)!
        expect(logRatio(other)!.value).toBeCloseTo(log.value, 6)
        expect(logRatio(other)!.error).toBeCloseTo(log.error, 6)
        expect(difference(other)!.value).toBeCloseTo(difference(one!)!.value * coin, -2)
        const exchanged = compareArms(
          customers.map((each) => ({ ...each, holdout: !each.holdout })),
          days,
          CAPS,
        )!
        expect(logRatio(exchanged)!.value).toBeCloseTo(-log.value, 6)
      }),
      { numRuns: 40 },
    )
  })

  test('what customers brought before makes the interval narrower, and without it nothing breaks', () => {
    let narrower = 0
    for (let seed = 0; seed < 40; seed++) {
      const { customers, days, daysBefore } = shopOf(seed, 300)
      if (daysBefore < 180) continue
      const blind = customers.map((each) => ({ ...each, before: 0 }))
      const error = (all: LiftCustomer[]) => difference(compareArms(all, days, CAPS)!)!.error
      narrower += error(customers) < error(blind) ? 1 : -1
    }
    expect(narrower).toBeGreaterThan(8)
  })

  test('customers drawn at another share are no difference between the arms', () => {
    const d = dice(7)
    // The early ones, of whom every fifth is in the holdout, buy four times as much as the later ones; nothing is caused.
    const customers = Array.from({ length: 4000 }, (_, i): LiftCustomer => {
      const early = i < 2000
      return {
        holdout: d.next() < (early ? 0.2 : 0.05),
        share: early ? 0.2 : 0.05,
        joinedDay: -1,
        before: 0,
        spent: [[1, (early ? 4000 : 1000) * (0.5 + d.next())]],
      }
    })
    const alike = logRatio(compareArms(customers, 90, CAPS)!)!
    expect(Math.abs(alike.value)).toBeLessThan(3 * alike.error)
    const mixed = logRatio(
      compareArms(
        customers.map((each) => ({ ...each, share: 0.2 })),
        90,
        CAPS,
      )!,
    )!
    expect(mixed.value).toBeLessThan(-3 * mixed.error)
    // A share at which nobody was held out cannot be compared, and does not disturb.
    const others = customers.slice(0, 500).map((each) => ({ ...each, share: 0, holdout: false }))
    expect(logRatio(compareArms([...customers, ...others], 90, CAPS)!)).toEqual(alike)
  })

  test('too few, nobody who buys, everybody alike: no interval is made up', () => {
    const same = (holdout: boolean, minor: number): LiftCustomer => ({
      holdout,
      share: 0.2,
      joinedDay: -1,
      before: 0,
      spent: minor === 0 ? [] : [[1, minor]],
    })
    const arms = (minor: number, held: number) => [
      ...Array.from({ length: 24 }, () => same(false, minor)),
      ...Array.from({ length: held }, () => same(true, minor)),
    ]
    expect(compareArms(arms(500, 4), 90, NO_CAPS)).toBeNull()
    for (const minor of [0, 500]) {
      const seen = compareArms(arms(minor, 6), 90, NO_CAPS)!
      expect([difference(seen), logRatio(seen)]).toEqual([null, null])
      expect(looksOf(arms(minor, 6), { days: 90, plannedDays: 90, daysBefore: 0 }).looks).toEqual([])
    }
    // More goes back than is bought: money can be told, a percentage cannot.
    const back = arms(-500, 6).map((each, i) => ({ ...each, spent: [[1, -500 - i]] as [number, number][] }))
    const seen = compareArms(back, 90, NO_CAPS)!
    expect(logRatio(seen)).toBeNull()
    expect(difference(seen)!.error).toBeGreaterThan(0)
  })

  test('one buyer of a thousand times as much decides nothing', () => {
    const { customers, days } = shopOf(11, 400)
    const window = { days, plannedDays: days, daysBefore: 200 }
    const before = looksOf(customers, window).once!.lift!
    const whale = customers.findIndex(({ holdout, joinedDay }) => holdout && joinedDay < 0)
    const shaken = customers.map((each, i) =>
      i === whale ? { ...each, spent: [[2, 5e8]] as [number, number][] } : each,
    )
    const after = looksOf(shaken, window).once!.lift!
    expect(after.low).toBeLessThan(before.value)
    expect(after.high).toBeGreaterThan(before.value)
  })
})

describe('over many shops', () => {
  test('of 600 shops the planned day’s 95 % interval holds the planted lift in 93–97 %', {
    timeout: 120_000,
  }, () => {
    const shops = Array.from({ length: 600 }, (_, n) => measured(50_000 + n, plantedLift(n), 1000))
    const given = shops.flatMap(({ once }) => (once === null ? [] : [once]))
    expect(given.length).toBeGreaterThan(590)
    const share = given.filter(({ holds }) => holds).length / given.length
    expect(share).toBeGreaterThanOrEqual(0.93)
    expect(share).toBeLessThanOrEqual(0.97)
  })

  test('of 150 shops in which nothing is caused, looked at every third day, at most one in twenty ever alarms', {
    timeout: 120_000,
  }, () => {
    const shops = Array.from({ length: 150 }, (_, n) => measured(80_000 + n, 0, 3, 60 + n * 3))
    expect(shops.filter(({ excluded }) => excluded).length / shops.length).toBeLessThanOrEqual(0.05)
  })
})

describe('the smallest lift', () => {
  test('with as many customers as are said to be needed, the wanted lift is the one that can be seen', () => {
    const { customers } = shopOf(5, 200)
    const window = { days: 0, plannedDays: 365, daysBefore: 365 }
    const now = visibleLift(customers, window, null, 0.25)!
    expect(now.lift).toBeGreaterThan(0.25)
    const times = Math.round(now.customersNeeded / customers.length)
    const then = visibleLift(Array.from({ length: times }, () => customers).flat(), window, null, 0.25)!
    expect(then.lift).toBeCloseTo(0.25, 1)
    expect(visibleLift(customers, { ...window, daysBefore: 0 }, null, 0.25)).toBeNull()
  })

  test('numbers are said with two digits', () => {
    expect([1, 12, 123, 1051, 87_654].map(roughly)).toEqual([1, 12, 130, 1100, 88_000])
  })
})

describe('uptake', () => {
  test('what is planted is found; nothing taken up anywhere is no certainty', () => {
    const found = uptakeOf(plantedMoments(1, 600, 0.4, 0.1))
    expect(found.caused!.low).toBeGreaterThan(0)
    expect(found.caused!.low).toBeLessThan(0.3)
    expect(found.caused!.high).toBeGreaterThan(0.3)
    const none = uptakeOf(plantedMoments(2, 200, 0, 0))
    expect(none.caused!.low).toBeLessThan(-0.05)
    expect(none.caused!.high).toBeGreaterThan(0.05)
    expect(uptakeOf([]).caused).toBeNull()
    expect(
      uptakeOf(plantedMoments(3, 30, 0.5, 0.5).map((each) => ({ ...each, said: true }))).caused,
    ).toBeNull()
  })

  test('one customer who takes everything is one customer', () => {
    const one = plantedMoments(4, 300, 0.2, 0.2)
    const repeated = [
      ...one,
      ...Array.from({ length: 200 }, () => ({ customer: 'often', said: true, took: true })),
    ]
    const spread = [
      ...one,
      ...Array.from({ length: 200 }, (_, i) => ({ customer: `o${i}`, said: true, took: true })),
    ]
    const width = (all: UptakeMoment[]) => {
      const { low, high } = uptakeOf(all).caused!
      return high - low
    }
    expect(width(repeated)).toBeGreaterThan(width(spread) * 1.5)
  })

  test('of 300 shops where saying causes nothing, looked at after every tenth moment, at most one in twenty ever alarms', () => {
    let alarms = 0
    for (let shop = 0; shop < 300; shop++) {
      const all = plantedMoments(900 + shop, 400, 0.15, 0.15)
      for (let n = 20; n <= all.length; n += 10) {
        const { caused } = uptakeOf(all.slice(0, n))
        if (caused && (caused.low > 0 || caused.high < 0)) {
          alarms++
          break
        }
      }
    }
    expect(alarms / 300).toBeLessThanOrEqual(0.05)
  })
})

/** Dates and day numbers. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dateOf, dayOf } from '../../src/core/time.ts'

test('a day number has the date that the runtime gives it, and back', () => {
  const first = Date.UTC(1600, 0, 1) / 86_400_000
  const last = Date.UTC(2400, 0, 1) / 86_400_000
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (day) => {
      expect(dateOf(day)).toBe(new Date(day * 86_400_000).toISOString().slice(0, 10))
      expect(dayOf(dateOf(day))).toBe(day)
    }),
    { numRuns: 5000, examples: [[0], [-1], [11_016], [11_017], [19_782], [19_783]] },
  )
})

test('what is no day number has no date', () => {
  for (const day of [Number.NaN, 0.5, Number.POSITIVE_INFINITY]) expect(() => dateOf(day)).toThrow(RangeError)
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatMinor, minorDigits, minorFromText, totalOf, unitOf } from '../../src/core/money.ts'

describe('an amount as people write it', () => {
  test.each([
    ['4.25', 'GBP', 425],
    ['$1,234.50', 'USD', 123450],
    ['1.234,50', 'EUR', 123450],
    ['1 234,50 €', 'EUR', 123450],
    ['1\u202f234,50\u00a0€', 'EUR', 123450],
    ["CHF 1'234.50", 'CHF', 123450],
    ['1,23,456.00', 'INR', 12345600],
    ['(12.00)', 'USD', -1200],
    ['($12.00)', 'USD', -1200],
    ['-5', 'USD', -500],
    ['-$9.60', 'USD', -960],
    ['$-9.60', 'USD', -960],
    ['5-', 'USD', -500],
    ['−5', 'USD', -500],
    ['£3', 'GBP', 300],
    ['US$3', 'USD', 300],
    ['.5', 'USD', 50],
    ['0,5', 'EUR', 50],
    ['1,234', 'USD', 123400],
    ['1.500', 'USD', 150],
    ['¥500', 'JPY', 500],
    ['500.00', 'JPY', 500],
    ['1.250', 'KWD', 1250],
    ['1,234.500', 'KWD', 1234500],
    ['-0.00', 'USD', 0],
    ['90071992547409.91', 'USD', Number.MAX_SAFE_INTEGER],
  ])('%s in %s is %i', (text, currency, minor) => {
    expect(minorFromText(text, currency)).toBe(minor)
  })

  test.each([
    ['', 'USD'],
    ['free', 'USD'],
    ['$', 'USD'],
    ['1.234', 'USD'],
    ['0,123', 'USD'],
    ['1,234', 'KWD'],
    ['500.50', 'JPY'],
    ['12,34.50', 'USD'],
    ['1.2.3', 'USD'],
    ['1,234.567,8', 'USD'],
    ['4.50E+12', 'USD'],
    ['£3', 'USD'],
    ['EUR 3', 'USD'],
    ['(-5)', 'USD'],
    ['--5', 'USD'],
    ['$5 USD', 'USD'],
    ['5²', 'USD'],
    ['٣', 'USD'],
    ['90071992547409.92', 'USD'],
  ])('%j in %s is no clear amount', (text, currency) => {
    expect(minorFromText(text, currency)).toBeNull()
  })
})

test('what is written is read back, in every currency', () => {
  const currencies = fc.constantFrom('USD', 'GBP', 'EUR', 'JPY', 'KWD', 'CLF', 'CHF', 'INR', 'XAF')
  fc.assert(
    fc.property(fc.maxSafeInteger(), currencies, (minor, currency) => {
      expect(minorFromText(formatMinor(minor, currency), currency)).toBe(minor === 0 ? 0 : minor)
    }),
  )
})

test('grouping and the kind of decimal mark do not change an amount', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom(',', '.', ' ', "'"),
      fc.constantFrom(',', '.'),
      (minor, group, mark) => {
        fc.pre(group !== mark)
        const [whole, fraction] = formatMinor(minor, 'CHF').slice(4).split('.')
        expect(minorFromText(`${whole!.replaceAll(',', group)}${mark}${fraction}`, 'CHF')).toBe(minor)
      },
    ),
  )
})

test('no text throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const minor = minorFromText(text, 'USD')
      expect(minor === null || Number.isSafeInteger(minor)).toBe(true)
    }),
  )
})

test('the unit price of a whole quantity is at most half a cent from the truth', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.integer({ min: 1, max: 1e4 }),
      (totalMinor, quantity) => {
        const unit = unitOf(totalMinor, quantity)!
        expect(Math.abs(unit * quantity - totalMinor) * 2).toBeLessThanOrEqual(quantity)
        expect(unitOf(totalOf(unit, quantity)!, quantity)).toBe(unit)
      },
    ),
  )
})

test('halves go away from zero, whatever the sign', () => {
  expect([totalOf(5, 0.5), totalOf(5, -0.5), totalOf(-5, 0.5)]).toEqual([3, -3, -3])
  expect([unitOf(5, 2), unitOf(-5, 2), unitOf(-5, -2), unitOf(5, 0)]).toEqual([3, -3, 3, null])
})

test('digits follow the currency', () => {
  expect(['usd', 'JPY', 'kwd', 'CLF'].map(minorDigits)).toEqual([2, 0, 3, 4])
  expect([formatMinor(-300, 'GBP'), formatMinor(5, 'USD'), formatMinor(1234500, 'KWD')]).toEqual([
    '-£3.00',
    '$0.05',
    'KWD 1,234.500',
  ])
  expect(() => formatMinor(0.5, 'USD')).toThrow(RangeError)
})

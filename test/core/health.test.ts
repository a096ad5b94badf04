/** Health: parts that can be read aloud, drawn from what happened, and nothing of fewer than three families. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HealthInputs, HealthReferral, PartCode } from '../../src/core/health.ts'
import {
  alertsOf,
  conversionEstimate,
  costToUs,
  healthOf,
  needOf,
  partnerNetOf,
  quartersOf,
  valueEstimate,
} from '../../src/core/health.ts'
import { REFERRAL_STATES } from '../../src/core/referral.ts'
import type { TermsRecord } from '../../src/core/terms.ts'
import { blankTerms, PAYERS } from '../../src/core/terms.ts'
import { dateOf, dayOf } from '../../src/core/time.ts'

const TODAY = '2026-03-14'
const TERMS: TermsRecord = {
  ...blankTerms('USD', '2025-09-01', '2026-08-31'),
  weDo: { introductions: 8, shelf: '', letter: '', jointEvents: 0 },
  assumed: { conversion: 0.4, firstYearMinor: 100_000, margin: 0.5, introductionCostMinor: 2000 },
}
const inputs = (more: Partial<HealthInputs> = {}): HealthInputs => ({
  today: TODAY,
  state: 'live',
  terms: TERMS,
  versions: new Map([[1, TERMS]]),
  endsOn: '2026-08-31',
  checks: [{ code: 'SAFEGUARDING', critical: true, ok: true, validUntil: '2026-12-31' }],
  referrals: [],
  sales: [],
  sessions: [],
  seatedOffers: 0,
  cancelledSessions: 0,
  entries: [],
  ...more,
})
let made = 0
const referral = (more: Partial<HealthReferral> = {}): HealthReferral => ({
  code: `BK-${++made}`,
  direction: 'ours',
  state: 'accepted',
  termsVersion: 1,
  madeOn: '2026-02-01',
  statusDueOn: '2026-02-15',
  newsOn: null,
  calledOff: false,
  firstWordOn: null,
  came: false,
  enrolled: false,
  valueMinor: null,
  ...more,
})
const came = (more: Partial<HealthReferral> = {}) =>
  referral({ state: 'attended', came: true, firstWordOn: '2026-02-04', ...more })
const enrolled = (valueMinor: number | null) => came({ state: 'enrolled', enrolled: true, valueMinor })
const part = (code: PartCode, more: Partial<HealthInputs>) =>
  healthOf(inputs(more)).find((each) => each.code === code)!
const codes = (more: Partial<HealthInputs>) => {
  const all = inputs(more)
  return alertsOf(all, healthOf(all)).map(({ code, urgency }) => `${code} ${urgency}`)
}

describe('parts', () => {
  test('answers are counted in days from the visit, by their middle, against what was promised', () => {
    const referrals = [
      came({ firstWordOn: '2026-02-03' }),
      came({ firstWordOn: '2026-02-05' }),
      came({ firstWordOn: '2026-03-01' }),
      referral(),
    ]
    expect(part('ANSWER_TIME', { referrals })).toMatchObject({
      value: '4 days, of 3 answers',
      number: 4,
      state: 'good',
    })
    expect(part('ANSWER_TIME', {}).state).toBe('unknown')
  })

  test('word that is overdue is counted with its worst day, and word that came is not', () => {
    const referrals = [
      referral({ statusDueOn: '2026-03-10' }),
      referral({ statusDueOn: '2026-02-20' }),
      came(),
    ]
    expect(part('SILENT', { referrals })).toMatchObject({
      value: '2, the worst 22 days late',
      number: 2,
      state: 'bad',
    })
    expect(codes({ referrals })).toEqual(['SILENT 3'])
  })

  test('families below three are not counted', () => {
    const two = [came(), came()]
    expect(part('NO_SHOWS', { referrals: two }).value).toBe('under 3 known')
    expect(part('NO_SHOWS', { referrals: [...two, referral({ state: 'noShow' })] })).toMatchObject({
      value: 'under 3 of 3',
      number: null,
    })
    const sales = two.map(({ code }) => ({
      code,
      direction: 'ours' as const,
      totalMinor: 7777,
      backMinor: 7777,
    }))
    expect(part('BROUGHT_US', { referrals: two, sales })).toMatchObject({
      value: 'under 3 families',
      number: null,
      state: 'unknown',
    })
    expect(JSON.stringify(healthOf(inputs({ referrals: two, sales })))).not.toMatch(/155\.54|77\.77/)
    expect(quartersOf(inputs({ referrals: [enrolled(5000), enrolled(5000)] }))[0]).toMatchObject({
      given: 2,
      came: null,
      enrolled: null,
      worthToThemMinor: null,
    })
  })

  test('what it brings us is what introduced families spent after, the commission, and our cost', () => {
    const referrals = [came(), came(), came()]
    const sales = referrals.map(({ code }) => ({
      code,
      direction: 'ours' as const,
      totalMinor: 5000,
      backMinor: 4000,
    }))
    const terms: TermsRecord = {
      ...TERMS,
      paidBy: 'shared',
      benefitCostMinor: 1000,
      shopShareBasisPoints: 5000,
    }
    const entries = [
      { cause: 'commission', unit: 'money' as const, amount: 700, currency: 'USD', onDate: '2026-02-09' },
      {
        cause: 'introduction',
        unit: 'introduction' as const,
        amount: 1,
        currency: null,
        onDate: '2026-02-01',
      },
    ]
    const found = part('BROUGHT_US', { referrals, sales, terms, versions: new Map([[1, terms]]), entries })
    expect(found.number).toBe(3 * 4000 + 700 - 3 * 500)
    expect(found.says).toContain('associated')
  })

  test('an alliance on which its partner loses says so', () => {
    const terms = { ...TERMS, assumed: { ...TERMS.assumed, introductionCostMinor: 30_000 } }
    expect(part('PARTNER_NET', { terms })).toMatchObject({ number: -10_000, basis: 'assumed', state: 'bad' })
    expect(part('PARTNER_NET', { terms }).says).toMatch(/^They lose on us\./)
    expect(codes({ terms })).toEqual(['LOSES 3'])
  })

  test('an estimate moves from what was assumed to what was measured, from three families on', () => {
    const referrals = [enrolled(200_000), came(), came(), came(), came()]
    const { conversion, valueMinor } = partnerNetOf(inputs({ referrals }))
    expect(conversion).toBeCloseTo((10 * 0.4 + 1) / 15)
    expect(valueMinor).toBe(Math.round((10 * 100_000 + 200_000) / 11))
    expect(part('PARTNER_NET', { referrals }).basis).toBe('measured')
    expect(partnerNetOf(inputs({ referrals: referrals.slice(0, 2) })).conversion).toBe(0.4)
  })

  test('places are counted over four weeks, with the weeks that have none', () => {
    const sessions = [
      { date: '2026-03-18', free: 3 },
      { date: '2026-03-25', free: 0 },
    ]
    expect(part('PLACES', { sessions, seatedOffers: 2 })).toMatchObject({
      value: '3 in the next 28 days, 2 weeks with none',
      state: 'watch',
    })
    expect(part('PLACES', { seatedOffers: 1 }).state).toBe('bad')
    expect(part('PLACES', {}).state).toBe('good')
  })

  test.each([
    ['2026-05-14', 'good', []],
    ['2026-05-13', 'watch', ['EXPIRES 1']],
    ['2026-04-13', 'watch', ['EXPIRES 2']],
    ['2026-03-28', 'bad', ['EXPIRES 3']],
    ['2026-03-13', 'bad', ['OVER 3']],
  ])('ending on %s is %s', (endsOn, state, alerts) => {
    expect(part('EXPIRY', { endsOn }).state).toBe(state)
    expect(codes({ endsOn })).toEqual(alerts)
  })

  test('the day for notice is named, and whether it has passed', () => {
    expect(part('EXPIRY', { endsOn: '2026-04-30' }).says).toMatch(/^Notice can be given until 31 March 2026/)
    expect(part('EXPIRY', { endsOn: '2026-04-01' }).says).toMatch(
      /^The day for notice, 2 March 2026, has passed/,
    )
  })

  test('a critical check that is not valid is named and comes first', () => {
    const checks = [{ code: 'SAFEGUARDING', critical: true, ok: true, validUntil: '2026-03-13' }]
    expect(part('CHECKS', { checks })).toMatchObject({ value: 'not valid: safeguarding', state: 'bad' })
    expect(codes({ checks, endsOn: '2026-05-01' })).toEqual(['CHECK_OUT 3', 'EXPIRES 1'])
    expect(needOf([{ urgency: 3 }])).toBeGreaterThan(needOf([{ urgency: 2 }, { urgency: 1 }]))
  })
})

const arbitraryTerms: fc.Arbitrary<TermsRecord> = fc
  .record({
    paidBy: fc.constantFrom(...PAYERS),
    benefitCostMinor: fc.nat(1_000_000),
    shopShareBasisPoints: fc.nat(10_000),
    conversion: fc.double({ min: 0, max: 1, noNaN: true }),
    firstYearMinor: fc.nat(1_000_000),
    basisPoints: fc.nat(10_000),
  })
  .map(({ conversion, firstYearMinor, basisPoints, ...fields }) => ({
    ...TERMS,
    ...fields,
    toUs: { basisPoints, minimumMinor: null, capMinor: null, holdDays: 0 },
    assumed: { conversion, firstYearMinor, margin: 0.5, introductionCostMinor: 100 },
  }))
const day = fc.integer({ min: dayOf('2025-04-01'), max: dayOf(TODAY) }).map(dateOf)
const arbitraryReferral: fc.Arbitrary<HealthReferral> = fc.record({
  code: fc.uuid(),
  direction: fc.constantFrom('ours', 'theirs'),
  state: fc.constantFrom(...REFERRAL_STATES),
  termsVersion: fc.constantFrom(1, 2, null),
  madeOn: day,
  statusDueOn: fc.option(day),
  newsOn: fc.option(day),
  firstWordOn: fc.option(day),
  came: fc.boolean(),
  enrolled: fc.boolean(),
  calledOff: fc.boolean(),
  valueMinor: fc.option(fc.nat(1_000_000)),
})

describe('always', () => {
  test('a benefit that the partner pays costs us exactly nothing, whatever else is written', () => {
    fc.assert(
      fc.property(fc.array(arbitraryReferral), arbitraryTerms, arbitraryTerms, (referrals, one, two) => {
        const paid = (terms: TermsRecord): TermsRecord => ({ ...terms, paidBy: 'partner' })
        const versions = new Map([
          [1, paid(one)],
          [2, paid(two)],
        ])
        expect(costToUs({ referrals, versions, terms: paid(two) })).toBe(0)
      }),
    )
  })

  test('an estimate lies between what was assumed and what was observed', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (assumed, n, share) => {
          const stayed = Math.floor(n * share)
          const found = conversionEstimate(assumed, stayed, n)
          expect(found).toBeGreaterThanOrEqual(Math.min(assumed, stayed / n) - 1e-12)
          expect(found).toBeLessThanOrEqual(Math.max(assumed, stayed / n) + 1e-12)
        },
      ),
    )
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.array(fc.nat(1_000_000), { minLength: 1 }), (assumed, told) => {
        const found = valueEstimate(assumed, told)
        expect(found).toBeGreaterThanOrEqual(Math.min(assumed, ...told) - 1e-6)
        expect(found).toBeLessThanOrEqual(Math.max(assumed, ...told) + 1e-6)
      }),
    )
  })

  test('the order of the rows changes nothing', () => {
    const rows = fc.array(arbitraryReferral, { maxLength: 12 })
    fc.assert(
      fc.property(rows, arbitraryTerms, fc.nat(), (referrals, terms, seed) => {
        const sales = referrals.map(({ code, direction }, i) => ({
          code,
          direction,
          totalMinor: 1000 * i,
          backMinor: 700 * i,
        }))
        const turned = <Row>(all: Row[]) => [...all.slice(seed % 7), ...all.slice(0, seed % 7)].reverse()
        const checks = ['A', 'B', 'C'].map((code) => ({
          code,
          critical: true,
          ok: true,
          validUntil: '2026-06-01',
        }))
        const versions = new Map([[1, terms]])
        const as = inputs({ referrals, sales, terms, versions, checks })
        const other = { ...as, referrals: turned(referrals), sales: turned(sales), checks: turned(checks) }
        expect(healthOf(other)).toEqual(healthOf(as))
        expect(quartersOf(other)).toEqual(quartersOf(as))
        expect(alertsOf(other, healthOf(other))).toEqual(alertsOf(as, healthOf(as)))
      }),
    )
  })
})

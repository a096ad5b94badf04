/** Terms: what is in force when, what differs, what cannot be written. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TermsRecord } from '../../src/core/terms.ts'
import {
  blankTerms,
  commissionOf,
  differences,
  needsBriefing,
  shopCostOf,
  termsOn,
  termsProblems,
} from '../../src/core/terms.ts'

const record = (more: Partial<TermsRecord> = {}): TermsRecord => ({
  ...blankTerms('USD', '2026-01-01', '2026-12-31'),
  customerBenefit: 'first lesson free',
  ...more,
})
const version = (n: number, startsOn: string, agreed = true) => ({ version: n, startsOn, agreed })

describe('terms', () => {
  test('in force are the newest that both sides agreed to and that have begun', () => {
    const versions = [version(1, '2025-01-01'), version(2, '2026-06-01'), version(3, '2026-01-01', false)]
    expect(termsOn(versions, '2024-12-31')).toBeNull()
    expect(termsOn(versions, '2026-05-31')?.version).toBe(1)
    expect(termsOn(versions, '2026-06-01')?.version).toBe(2)
    expect(termsOn([...versions].reverse(), '2026-06-01')?.version).toBe(2)
    // A version whose first day has passed stands at once.
    expect(termsOn([...versions, version(4, '2025-05-01')], '2026-05-31')?.version).toBe(4)
  })

  test('a version that is not agreed is never in force, on any date', () => {
    const date = fc
      .integer({ min: 0, max: 4000 })
      .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))
    const versions = fc.array(fc.tuple(date, fc.boolean()))
    fc.assert(
      fc.property(versions, date, (list, on) => {
        const all = list.map(([startsOn, agreed], i) => version(i + 1, startsOn, agreed))
        const found = termsOn(all, on)
        const able = all.filter((each) => each.agreed && each.startsOn <= on)
        expect(found?.version ?? null).toBe(
          able.length === 0 ? null : Math.max(...able.map((e) => e.version)),
        )
      }),
    )
  })

  test('differences are named field by field; the same record has none', () => {
    expect(differences(record(), record())).toEqual([])
    const after = record({ perMonth: 5, wePromise: ['a', 'b'], toUs: { ...record().toUs, basisPoints: 800 } })
    expect(differences(record(), after)).toEqual([
      { field: 'toUs.basisPoints', before: '0', after: '800' },
      { field: 'perMonth', before: '', after: '5' },
      { field: 'wePromise', before: '', after: 'a · b' },
    ])
    const exclusive = record({ exclusivity: { trade: 'music', withinMinutes: 30, untilOn: null } })
    expect(differences(record(), exclusive).map(({ field }) => field)).toEqual([
      'exclusivity.trade',
      'exclusivity.withinMinutes',
    ])
  })

  test('staff are briefed again when what families hear has changed, and not for money', () => {
    expect(needsBriefing(record(), record({ perWeek: 2, endsOn: '2027-01-01' }))).toBe(false)
    for (const change of [
      { customerBenefit: 'two lessons free' },
      { disclosure: 'They pay us.' },
      { wePromise: ['a teacher'] },
      { neverPromise: ['talent'] },
    ])
      expect(needsBriefing(record(), record(change))).toBe(true)
  })

  test('what contradicts itself cannot be proposed, and the field is named', () => {
    const fields = (more: Partial<TermsRecord>) => termsProblems(record(more)).map(({ field }) => field)
    expect(fields({})).toEqual([])
    expect(fields({ endsOn: '2025-12-31' })).toEqual(['endsOn'])
    expect(fields({ shopShareBasisPoints: 1 })).toEqual(['shopShareBasisPoints'])
    expect(fields({ customerBenefit: '  ' })).toEqual(['customerBenefit'])
    const paid = { basisPoints: 500, minimumMinor: null, capMinor: null, holdDays: 30 }
    expect(fields({ toUs: paid })).toEqual(['disclosure'])
    expect(fields({ toUs: paid, disclosure: 'They pay us 5 %.' })).toEqual([])
    expect(fields({ toThem: { ...paid, minimumMinor: 10, capMinor: 5 } })).toEqual(['toThem.minimumMinor'])
    expect(fields({ exclusivity: { trade: 'x', withinMinutes: null, untilOn: '2025-01-01' } })).toEqual([
      'exclusivity.untilOn',
    ])
  })

  test('what the partner pays costs the shop nothing, and a commission stays within its bounds', () => {
    expect(shopCostOf(record({ paidBy: 'partner', benefitCostMinor: 2200 }))).toBe(0)
    expect(shopCostOf(record({ paidBy: 'shop', benefitCostMinor: 2200 }))).toBe(2200)
    expect(shopCostOf(record({ paidBy: 'shared', benefitCostMinor: 2201, shopShareBasisPoints: 5000 }))).toBe(
      1101,
    )
    const rate = { basisPoints: 800, minimumMinor: 100, capMinor: 500, holdDays: 30 }
    expect(commissionOf(rate, 0)).toBe(100)
    expect(commissionOf(rate, 5000)).toBe(400)
    expect(commissionOf(rate, 1_000_000)).toBe(500)
    expect(commissionOf({ ...rate, basisPoints: 0, minimumMinor: null }, 5000)).toBe(0)
  })
})

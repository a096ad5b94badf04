/** Terms: one immutable version of what a shop and a partner agreed. A change is a new version. */

/** Who bears what the families get. A benefit that the partner pays costs the shop exactly nothing. */
export const PAYERS = ['partner', 'shop', 'shared'] as const

/** What one side owes the other for each introduction that came to something. */
export type Commission = {
  /** Of the first sale to the introduced family, 0 … 10,000. */
  basisPoints: number
  /** Least and most for one introduction, in minor units; null: no bound. */
  minimumMinor: number | null
  capMinor: number | null
  /** Days from the sale until it is due: the family may still change its mind. */
  holdDays: number
}

/** What a side does beside money, each quarter. */
export type Favours = { introductions: number; shelf: string; letter: string; jointEvents: number }

export type TermsRecord = {
  currency: string
  /** What families get, in the words they hear. */
  customerBenefit: string
  paidBy: (typeof PAYERS)[number]
  /** What the benefit costs for each family, in minor units, and the shop's part of it in basis points (shared only). */
  benefitCostMinor: number
  shopShareBasisPoints: number
  /** From the partner to us, and from us to the partner. */
  toUs: Commission
  toThem: Commission
  /** What we do for them, and they for us. */
  weDo: Favours
  theyDo: Favours
  /** Introductions that the partner can take; null: as many as come. */
  perWeek: number | null
  perMonth: number | null
  /** We send this trade to nobody else within the radius, until then. */
  exclusivity: { trade: string; withinMinutes: number | null; untilOn: string | null } | null
  /** What may be shared of a family that allowed it. */
  shares: 'firstName'[]
  /** '' where we earn nothing that must be said. */
  disclosure: string
  wePromise: string[]
  neverPromise: string[]
  startsOn: string
  endsOn: string
  noticeDays: number
  renewal: 'none' | 'byAgreement' | 'automatic'
  /** Working promise: within how many days we hear what became of a family. */
  answerDays: number
  /** What both expected when they agreed, until it is measured. */
  assumed: { conversion: number; firstYearMinor: number; margin: number; introductionCostMinor: number }
}

/** A version as it is kept. */
export type TermsVersion = {
  allianceId: string
  version: number
  record: TermsRecord
  agreedAt: string | null
  briefFrom: number
  createdAt: string
}

const NO_COMMISSION: Commission = { basisPoints: 0, minimumMinor: null, capMinor: null, holdDays: 30 }
const NO_FAVOURS: Favours = { introductions: 0, shelf: '', letter: '', jointEvents: 0 }

/** Terms that say nothing yet but when and in what money. */
export function blankTerms(currency: string, startsOn: string, endsOn: string): TermsRecord {
  return {
    currency,
    customerBenefit: '',
    paidBy: 'partner',
    benefitCostMinor: 0,
    shopShareBasisPoints: 0,
    toUs: NO_COMMISSION,
    toThem: NO_COMMISSION,
    weDo: NO_FAVOURS,
    theyDo: NO_FAVOURS,
    perWeek: null,
    perMonth: null,
    exclusivity: null,
    shares: [],
    disclosure: '',
    wePromise: [],
    neverPromise: [],
    startsOn,
    endsOn,
    noticeDays: 30,
    renewal: 'byAgreement',
    answerDays: 14,
    assumed: { conversion: 0.3, firstYearMinor: 0, margin: 0.5, introductionCostMinor: 0 },
  }
}

/** What the benefit of one introduction costs the shop, in minor units. Partner-paid: 0, whatever else is written. */
export function shopCostOf(terms: TermsRecord): number {
  if (terms.paidBy === 'partner') return 0
  if (terms.paidBy === 'shop') return terms.benefitCostMinor
  return Math.round((terms.benefitCostMinor * terms.shopShareBasisPoints) / 10_000)
}

/** What is due for one sale, in minor units: a share of it, within its bounds; nothing where no share is agreed. */
export function commissionOf(rate: Commission, saleMinor: number): number {
  if (rate.basisPoints === 0 && rate.minimumMinor === null) return 0
  const share = Math.round((saleMinor * rate.basisPoints) / 10_000)
  return Math.min(rate.capMinor ?? Number.POSITIVE_INFINITY, Math.max(rate.minimumMinor ?? 0, share))
}

/** The version in force on a date: the newest agreed one that has begun. */
export function termsOn<T extends { version: number; startsOn: string | null; agreed: boolean }>(
  versions: readonly T[],
  date: string,
): T | null {
  let found: T | null = null
  for (const each of versions)
    if (each.agreed && (each.startsOn === null || each.startsOn <= date))
      if (found === null || each.version > found.version) found = each
  return found
}

/** What a record is made of. */
type Value = string | number | null | string[] | { [field: string]: Value }

export type Difference = { field: string; before: string; after: string }

/** What changed between two versions, as one reads it: one line a field, in the record's order. */
export function differences(before: TermsRecord, after: TermsRecord): Difference[] {
  const flat = (record: TermsRecord) => {
    const lines = new Map<string, string>()
    const add = (field: string, value: Value) => {
      if (Array.isArray(value)) lines.set(field, value.join(' · '))
      else if (value !== null && typeof value === 'object')
        for (const [name, inner] of Object.entries(value))
          add(field === '' ? name : `${field}.${name}`, inner)
      else lines.set(field, `${value ?? ''}`)
    }
    add('', record)
    return lines
  }
  const [was, is] = [flat(before), flat(after)]
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((field) => (was.get(field) ?? '') !== (is.get(field) ?? ''))
    .map((field) => ({ field, before: was.get(field) ?? '', after: is.get(field) ?? '' }))
}

const WORDS_TO_BRIEF = ['customerBenefit', 'disclosure', 'wePromise', 'neverPromise'] as const

/** Whether staff must be told again before it may be offered: what families hear has changed. */
export function needsBriefing(before: TermsRecord, after: TermsRecord): boolean {
  return WORDS_TO_BRIEF.some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
}

/** What cannot be in terms. Empty when they can be proposed. Words have checks of their own: core/words.ts. */
export function termsProblems(terms: TermsRecord): { field: string; message: string }[] {
  const problems: { field: string; message: string }[] = []
  const say = (field: string, message: string) => problems.push({ field, message })
  if (terms.endsOn < terms.startsOn) say('endsOn', 'must not be before startsOn')
  if (terms.paidBy === 'partner' && terms.shopShareBasisPoints > 0)
    say('shopShareBasisPoints', 'must be 0 where the partner pays')
  for (const side of ['toUs', 'toThem'] as const) {
    const { minimumMinor, capMinor } = terms[side]
    if (minimumMinor !== null && capMinor !== null && minimumMinor > capMinor)
      say(`${side}.minimumMinor`, 'must not be above capMinor')
  }
  const earns = terms.toUs.basisPoints > 0 || (terms.toUs.minimumMinor ?? 0) > 0
  if (earns && terms.disclosure.trim() === '') say('disclosure', 'must be said where we earn on it')
  if (terms.customerBenefit.trim() === '') say('customerBenefit', 'must say what families get')
  if (terms.exclusivity?.untilOn != null && terms.exclusivity.untilOn < terms.startsOn)
    say('exclusivity.untilOn', 'must not be before startsOn')
  return problems
}

/** A small shop made in a test: rows for the core, without a store. */
import type { Alliance, Catalogue, CatalogueRows, Partner, Terms } from '../../src/core/catalogue.ts'
import { compile } from '../../src/core/catalogue.ts'
import type { Goal } from '../../src/core/goal.ts'
import type { BasketLine, Person } from '../../src/core/moment.ts'
import type { Offer } from '../../src/core/offer.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { blankTerms } from '../../src/core/terms.ts'
import type { Evidence } from '../../src/core/understand.ts'

export const goal = (slug: string, more: Partial<Goal> = {}): Goal => ({
  slug,
  parent: null,
  name: slug,
  customerWords: slug,
  ageMinMonths: null,
  ageMaxMonths: null,
  baseRate: 0.3,
  toldOnly: false,
  householdLevel: false,
  question: null,
  ...more,
})

export const offer = (id: string, goals: Record<string, number>, more: Partial<Offer> = {}): Offer => ({
  id,
  kind: 'event',
  partnerId: null,
  state: 'live',
  headline: `Offer ${id}`,
  priceMinor: 0,
  costMinor: 0,
  ageMinMonths: null,
  ageMaxMonths: null,
  months: [],
  stage: 'both',
  minRelationship: 0,
  commitment: 'free',
  goals,
  facets: [],
  requires: [],
  skus: [],
  sites: [],
  kindness: false,
  seated: false,
  say: {
    opener: 'May I?',
    line: 'This.',
    ifYes: 'Yes.',
    ifNotNow: 'Later.',
    ifNotForUs: 'Fine.',
    receiptLine: 'Here.',
    disclosure: '',
  },
  ...more,
})

export const evidence = (id: string, goal: string, more: Partial<Evidence> = {}): Evidence => ({
  id,
  kind: 'told',
  goal,
  facet: null,
  weight: 0.9,
  halfLifeDays: 540,
  onDay: 20_500,
  aboutDay: null,
  speakable: true,
  words: null,
  staffId: null,
  offerId: null,
  ...more,
})

export const person = (more: Partial<Person> = {}): Person => ({
  ref: 'somebody',
  holdout: false,
  consent: { personalise: 'granted', childProfile: 'granted' },
  birthMonths: [],
  evidence: [],
  items: [],
  visits: [20_480, 20_400, 20_300],
  orders: 3,
  usualMinor: 10_000,
  care: [],
  earlier: [],
  ...more,
})

export const line = (more: Partial<BasketLine> = {}): BasketLine => ({
  name: 'Thing',
  productId: null,
  category: null,
  quantity: 1,
  unitPriceMinor: 5000,
  gift: false,
  ...more,
})

export const partner = (id: string, more: Partial<Partner> = {}): Partner => ({
  id,
  name: `Partner ${id}`,
  trade: 'a trade',
  goals: [],
  facets: {},
  walkMinutes: {},
  people: [],
  places: [],
  opening: '',
  archived: false,
  version: 1,
  ...more,
})

export const alliance = (id: string, partnerId: string, more: Partial<Alliance> = {}): Alliance => ({
  id,
  partnerId,
  state: 'live',
  termsVersion: 1,
  load: {},
  version: 1,
  ...more,
})

/** Agreed terms, of any date. */
export const terms = (allianceId: string, more: Partial<Terms> = {}): Terms => ({
  allianceId,
  version: 1,
  startsOn: null,
  endsOn: null,
  agreed: true,
  briefFrom: 1,
  commissionBasisPoints: 0,
  disclosure: '',
  record: blankTerms('EUR', '2020-01-01', '2099-12-31'),
  ...more,
})

/** A catalogue of these rows, at one site in UTC, with no random silences. */
export function smallShop(rows: Partial<CatalogueRows>): Catalogue {
  return compile({
    policy: { ...defaultPolicy('test'), silenceShare: 0, exploreWithin: 0 },
    sites: [{ id: 'S', name: 'Shop', timeZone: 'UTC', currency: 'EUR' }],
    staff: [],
    goals: [],
    categories: [],
    rules: [],
    products: [],
    partners: [],
    alliances: [],
    terms: [],
    briefings: [],
    checks: [],
    offers: [],
    links: [],
    sessions: [],
    holds: [],
    acceptance: [],
    polls: [],
    wordRules: [],
    ...rows,
  })
}

/** 2026-02-16T12:00:00Z: day 20,500. */
export const NOON = 20_500 * 86_400_000 + 43_200_000

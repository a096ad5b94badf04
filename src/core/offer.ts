/** Offers: what the shop or a partner can do for a goal, and the words that go with it. */
import type { WordFinding, WordKind } from './words.ts'
import { wordProblems } from './words.ts'

export const OFFER_KINDS = [
  'product',
  'class-intro',
  'class-program',
  'event',
  'service',
  'partner-service',
  'bundle',
  'content',
] as const
export const COMMITMENTS = ['free', 'low', 'medium', 'high'] as const

/** The words a customer meets, each within the length a till can show. */
export type Say = {
  opener: string
  line: string
  ifYes: string
  ifNotNow: string
  ifNotForUs: string
  receiptLine: string
  disclosure: string
}

export type Offer = {
  id: string
  kind: (typeof OFFER_KINDS)[number]
  partnerId: string | null
  state: 'draft' | 'live' | 'paused' | 'ended'
  headline: string
  priceMinor: number
  costMinor: number
  ageMinMonths: number | null
  ageMaxMonths: number | null
  months: number[]
  stage: 'front' | 'back' | 'both'
  minRelationship: number
  commitment: (typeof COMMITMENTS)[number]
  goals: Record<string, number>
  facets: string[]
  requires: string[]
  skus: string[]
  sites: string[]
  kindness: boolean
  seated: boolean
  say: Say
}

/** Longest text of each part, in characters: what a till's line and a receipt can show. */
export const LENGTHS = {
  headline: 40,
  opener: 90,
  line: 160,
  ifYes: 160,
  ifNotNow: 160,
  ifNotForUs: 160,
  receiptLine: 160,
  disclosure: 160,
} as const
const REASON_LENGTH = 80

/** How big a step the offer asks for: reading 0, coming for free 1, then low 2, medium 3, high 4. */
export function stepOf(offer: Pick<Offer, 'kind' | 'commitment'>): number {
  return offer.kind === 'content' ? 0 : 1 + COMMITMENTS.indexOf(offer.commitment)
}

/** What may not be said in an offer's words. `never`: what the terms of its alliance never promise. */
export function offerWordProblems(
  offer: Pick<Offer, 'headline' | 'say'>,
  never: readonly string[] = [],
): WordFinding[] {
  return Object.entries(LENGTHS).flatMap(([field, most]) => {
    const text = field === 'headline' ? offer.headline : offer.say[field as keyof Say]
    const kind: WordKind = KINDS[field as keyof typeof LENGTHS]
    return typeof text === 'string' ? wordProblems(text, { field, most, kind, never }) : []
  })
}

const KINDS: Record<keyof typeof LENGTHS, WordKind> = {
  headline: 'headline',
  opener: 'opener',
  line: 'line',
  ifYes: 'line',
  ifNotNow: 'line',
  ifNotForUs: 'line',
  receiptLine: 'receipt',
  disclosure: 'disclosure',
}

/** What is wrong with an offer: goals, ages, prices, and words that pressure, frighten, compare or do not fit. */
export function offerProblems(
  offer: Offer,
  goals: ReadonlyMap<string, unknown>,
): { field: string; message: string }[] {
  const problems: { field: string; message: string }[] = []
  const say = (field: string, message: string) => problems.push({ field, message })
  const named = Object.entries(offer.goals)
  if (named.length < 1 || named.length > 5) say('goals', 'must name one to five goals')
  for (const [slug, weight] of named) {
    if (!goals.has(slug)) say(`goals.${slug}`, 'is an unknown goal')
    if (!(weight > 0 && weight <= 1)) say(`goals.${slug}`, 'must weigh more than 0 and at most 1')
  }
  if (!Number.isSafeInteger(offer.priceMinor) || offer.priceMinor < 0)
    say('priceMinor', 'must be a whole number from 0')
  if (offer.ageMinMonths !== null && offer.ageMaxMonths !== null && offer.ageMinMonths > offer.ageMaxMonths)
    say('ageMinMonths', 'must not be above ageMaxMonths')
  if (offer.months.some((m) => !Number.isInteger(m) || m < 1 || m > 12))
    say('months', 'must be months 1 to 12')
  const words = offerWordProblems(offer)
  for (const field of Object.keys(LENGTHS)) {
    const text = field === 'headline' ? offer.headline : offer.say[field as keyof Say]
    if (typeof text !== 'string') say(field, 'is missing')
    else if (text === '' && field !== 'disclosure') say(field, 'must not be empty')
    // One problem a field, however much is wrong with it.
    const found = words.filter((each) => each.field === field)
    if (found.length > 0) say(field, found.map(({ message }) => message).join(' '))
  }
  return problems
}

/** A text within a length, by whole characters. */
export function short(text: string, most: number = REASON_LENGTH): string {
  const letters = Array.from(text)
  return letters.length <= most
    ? text
    : `${letters
        .slice(0, most - 1)
        .join('')
        .trimEnd()}…`
}

/** A product's name as one would say it: a name in capitals is not shouted. */
export function plainName(name: string): string {
  const trimmed = name.trim().replace(/\s+/gu, ' ')
  return trimmed === trimmed.toUpperCase() ? trimmed.charAt(0) + trimmed.slice(1).toLowerCase() : trimmed
}

/** The moment that is decided about: who is here, what is in the basket, what time it is. */
import type { Catalogue } from './catalogue.ts'
import { matchLine } from './catalogue.ts'
import type { Facts } from './fact.ts'
import { factsOf } from './fact.ts'
import { goalsSaid } from './purchase.ts'
import { agesOf as agesNamed } from './tag.ts'
import { ageMonths, dateOf, localDay } from './time.ts'
import type { AgeSpan, Evidence, EvidenceKind, Wants } from './understand.ts'
import { understand } from './understand.ts'

/** One line of a basket as deciding uses it. */
export type BasketLine = {
  name: string | null
  productId: number | null
  category: string | null
  quantity: number
  unitPriceMinor: number
  gift: boolean
}

/** What was said, asked or left open before. */
export type Earlier = {
  id: string
  offerId: string | null
  alternateId: string | null
  askedGoal: string | null
  atMs: number
  outcome: string | null
  outcomeReason: string | null
  saidMs: number | null
}

export type CareNote = {
  id: string
  kind: 'complaint' | 'promise'
  what: string
  promise: string | null
  promisedBy: string | null
  dueDay: number | null
  openedDay: number
  closedDay: number | null
}

/** A customer who lets us know them, as far as deciding needs. */
export type Person = {
  ref: string
  holdout: boolean
  consent: Record<string, string>
  birthMonths: string[]
  evidence: Evidence[]
  /** Products bought for herself: id and the day she last did. */
  items: { productId: number; day: number }[]
  /** The days of her last settled purchases, newest first. */
  visits: number[]
  /** Goals that she was asked about on a page or by letter, and the last day of it. */
  asked?: { goal: string; day: number }[]
  orders: number
  usualMinor: number
  care: CareNote[]
  earlier: Earlier[]
}

export type Moment = {
  catalogue: Catalogue
  siteId: string
  touchpoint: string
  nowMs: number
  today: number
  /** null: nobody we may know. */
  person: Person | null
  saleKind: 'front' | 'back' | 'unknown'
  basket: BasketLine[]
  basketMinor: number
  spans: AgeSpan[]
  evidence: Evidence[]
  wants: Wants
  /** Ways that this person and offer already met: "attended:O054". */
  events: Set<string>
  careNow: CareNote | null
  /** The last time that something was said, and what. */
  lastSaid: { offerId: string; ms: number } | null
  facts: Facts
}

const EVENTS: ReadonlySet<EvidenceKind> = new Set([
  'attended',
  'enrolled',
  'completed',
  'booked',
  'recitalScheduled',
] as const)

/** What a basket says this minute: a line of evidence for each goal that a thing in it speaks of; gifts say nothing. */
function basketEvidence(catalogue: Catalogue, basket: BasketLine[], today: number): Evidence[] {
  return basket.flatMap((line, n) =>
    line.gift
      ? []
      : goalsSaid(thingOf(catalogue, line), catalogue).map(
          ({ goal, weight, halfLifeDays }): Evidence => ({
            id: `basket:${n}`,
            kind: 'bought',
            goal,
            facet: null,
            weight,
            halfLifeDays,
            onDay: today,
            aboutDay: null,
            speakable: true,
            words: line.name ?? catalogue.categories.get(line.category ?? '')?.name ?? null,
            staffId: null,
            offerId: null,
          }),
        ),
  )
}

/** A line as its purchase will be read: by the product's own name, where it is one. */
function thingOf({ products }: Catalogue, { productId, name, category }: BasketLine) {
  return { name: (productId === null ? null : products.get(productId)?.name) ?? name, category }
}

/** The ages we can see: her children, where we may use them; else what the things in the basket are made for. */
function agesOf(catalogue: Catalogue, person: Person | null, basket: BasketLine[], today: number): AgeSpan[] {
  if (person && person.consent.childProfile === 'granted' && person.birthMonths.length > 0) {
    const date = dateOf(today)
    return person.birthMonths.map((month) => {
      const age = ageMonths(month, date)
      return [age, age]
    })
  }
  return basket.flatMap((line): AgeSpan[] => {
    if (line.gift) return []
    const category = line.category === null ? undefined : catalogue.categories.get(line.category)
    if (category && category.ageMinMonths !== null && category.ageMaxMonths !== null)
      return [[category.ageMinMonths, category.ageMaxMonths]]
    // "Rain boots 18-24m": where its category is for every age, a name may say.
    const { name } = thingOf(catalogue, line)
    const span = name === null ? null : agesNamed({ name })
    return span === null ? [] : [span]
  })
}

/** An open complaint or promise, or one closed so lately that we still only care. The oldest first. */
function careOf(person: Person | null, today: number, daysAfter: number): CareNote | null {
  return (
    person?.care.find(
      (note) => note.openedDay <= today && (note.closedDay === null || today < note.closedDay + daysAfter),
    ) ?? null
  )
}

/** Gather all that deciding looks at. `person` is null for nobody, for the unconsented and for the objecting alike. */
export function momentOf(
  catalogue: Catalogue,
  here: { siteId: string; touchpoint: string; nowMs: number; basket: BasketLine[] },
  person: Person | null,
): Moment {
  const site = catalogue.sites.get(here.siteId)!
  const today = localDay(here.nowMs, site.timeZone)
  const spans = agesOf(catalogue, person, here.basket, today)
  const evidence = [...basketEvidence(catalogue, here.basket, today), ...(person?.evidence ?? [])]
  const events = new Set<string>()
  for (const line of person?.evidence ?? [])
    if (line.offerId !== null && line.onDay <= today && EVENTS.has(line.kind)) {
      events.add(`${line.kind}:${line.offerId}`)
      events.add(`${line.kind}:*`)
    }
  let lastSaid: Moment['lastSaid'] = null
  for (const before of person?.earlier ?? [])
    if (before.saidMs !== null && before.offerId !== null && before.saidMs <= here.nowMs)
      if (lastSaid === null || before.saidMs > lastSaid.ms)
        lastSaid = { offerId: before.offerId, ms: before.saidMs }
  const moment = {
    catalogue,
    ...here,
    today,
    person,
    saleKind:
      person === null ? ('unknown' as const) : person.orders === 0 ? ('front' as const) : ('back' as const),
    basketMinor: here.basket.reduce((sum, line) => sum + Math.round(line.quantity * line.unitPriceMinor), 0),
    spans,
    evidence,
    wants: understand(catalogue, evidence, spans, today),
    events,
    careNow: careOf(person, today, catalogue.policy.careDaysAfter),
    lastSaid,
  }
  return { ...moment, facts: factsOf(moment) }
}

/** Match what the till sent; what nothing fits comes back beside it. */
export function resolveBasket<
  L extends {
    name?: string | undefined
    quantity: number
    unitPrice?: number | undefined
    gift?: boolean | undefined
  } & Parameters<typeof matchLine>[1],
>(catalogue: Catalogue, lines: L[]): { basket: BasketLine[]; unmatched: L[] } {
  const unmatched: L[] = []
  const basket = lines.map((line): BasketLine => {
    const match = matchLine(catalogue, line)
    if (match === null) unmatched.push(line)
    return {
      name: line.name ?? (match?.productId != null ? catalogue.products.get(match.productId)!.name : null),
      productId: match?.productId ?? null,
      category: match?.category ?? null,
      quantity: line.quantity,
      unitPriceMinor: line.unitPrice ?? catalogue.products.get(match?.productId ?? -1)?.priceMinor ?? 0,
      gift: line.gift ?? false,
    }
  })
  return { basket, unmatched }
}

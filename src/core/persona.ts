/**
 * Personas: households that are kept as tests of the policy. Each is a moment with what must, and what must never,
 * be answered; all of them are run whenever another policy is tried.
 */
import type { Capsule } from './capsule.ts'
import type { Catalogue } from './catalogue.ts'
import { GATES } from './gate.ts'
import type { Learning } from './learning.ts'
import type { Moment, Person } from './moment.ts'
import { momentOf, resolveBasket } from './moment.ts'
import { chancesAt, recommend, refusals } from './recommend.ts'
import { termsOf } from './term.ts'
import { dateOf, dayOf, localIso } from './time.ts'
import type { EvidenceKind } from './understand.ts'

/** A line of what the household told us, did or bought. Dates are the site's. */
export type PersonaLine = {
  kind: EvidenceKind
  goal: string
  facet: string | null
  weight: number
  halfLifeDays: number
  on: string
  about: string | null
  speakable: boolean
  words: string | null
  staff: string | null
  offer: string | null
}

export type PersonaRecord = {
  site: string
  touchpoint: string
  /** The instant it is about: the persona stays as it is while the years go by. */
  at: string
  /** null: nobody we may know. */
  household: {
    birthMonths: string[]
    consents: string[]
    holdout: boolean
    lines: PersonaLine[]
    /** Things that she bought for herself, by sku. */
    owned: { sku: string; on: string }[]
    visits: string[]
    orders: number
    usualMinor: number
    care: {
      kind: 'complaint' | 'promise'
      what: string
      promise: string | null
      promisedBy: string | null
      openedOn: string
      dueOn: string | null
      closedOn: string | null
    }[]
  } | null
  basket: {
    sku?: string
    category?: string
    name?: string
    quantity: number
    unitPrice: number
    gift: boolean
  }[]
  must: Expectation
}

/** What must be so, whatever the draws. What is left out may be anything. */
export type Expectation = {
  /** One of these is said. */
  say?: string[]
  /** Nothing is said. */
  silent?: boolean
  /** None of these is said, nor offered as the lighter way. */
  never?: string[]
  /** This goal is asked about. */
  ask?: string
  /** This small thing is mentioned. */
  kindness?: string
}

export type PersonaResult = {
  passes: boolean
  /** What is not as it must be, a sentence each. */
  why: string[]
  /** What may be said, likeliest first. */
  says: string[]
}

/** The moment of a persona, seen with a catalogue. Null where its site is no more. */
function personaMoment(id: string, record: PersonaRecord, catalogue: Catalogue): Moment | null {
  if (!catalogue.sites.has(record.site)) return null
  const { basket } = resolveBasket(catalogue, record.basket)
  const here = { siteId: record.site, touchpoint: record.touchpoint, nowMs: Date.parse(record.at), basket }
  return momentOf(catalogue, here, personOf(id, record.household, catalogue))
}

function personOf(id: string, household: PersonaRecord['household'], catalogue: Catalogue): Person | null {
  if (household === null || !household.consents.includes('personalise')) return null
  return {
    ref: `persona:${id}`,
    holdout: household.holdout,
    consent: Object.fromEntries(household.consents.map((purpose) => [purpose, 'granted'])),
    birthMonths: household.birthMonths,
    evidence: household.lines.map((line, n) => ({
      id: `${id}/${n + 1}`,
      kind: line.kind,
      goal: line.goal,
      facet: line.facet,
      weight: line.weight,
      halfLifeDays: line.halfLifeDays,
      onDay: dayOf(line.on),
      aboutDay: line.about === null ? null : dayOf(line.about),
      speakable: line.speakable,
      words: line.words,
      staffId: line.staff,
      offerId: line.offer,
    })),
    items: household.owned.flatMap(({ sku, on }) => {
      const productId = catalogue.productBySku.get(sku)
      return productId === undefined ? [] : [{ productId, day: dayOf(on) }]
    }),
    visits: household.visits.map(dayOf),
    orders: household.orders,
    usualMinor: household.usualMinor,
    care: household.care.map((note, n) => ({
      id: `${id}/care/${n + 1}`,
      kind: note.kind,
      what: note.what,
      promise: note.promise,
      promisedBy: note.promisedBy,
      dueDay: note.dueOn === null ? null : dayOf(note.dueOn),
      openedDay: dayOf(note.openedOn),
      closedDay: note.closedOn === null ? null : dayOf(note.closedOn),
    })),
    earlier: [],
  }
}

const QUIET: Record<string, string> = {
  CARE: 'a complaint or a promise is open, and first we care',
  HOLDOUT: 'it is in the comparison group',
}

/** Why nothing is said, as a part of a sentence: of a gate, its own words. */
function causeWords(silence: string): string {
  const gate = GATES.find(({ code }) => code === silence)
  if (gate === undefined) return QUIET[silence] ?? silence
  return `what fits best is refused, “${gate.says.replace(/\.$/, '')}”`
}

/** Run one persona. Silence by draw is left out: a test must not hang on luck. */
export function tryPersona(
  id: string,
  record: PersonaRecord,
  catalogue: Catalogue,
  learningAt: (moment: Moment) => Learning,
): PersonaResult {
  const steady = { ...catalogue, policy: { ...catalogue.policy, silenceShare: 0 } }
  const moment = personaMoment(id, record, steady)
  if (moment === null) return { passes: false, why: [`There is no site ${record.site}.`], says: [] }
  const learning = learningAt(moment)
  const says = chancesAt(moment, learning)
    .sort((a, b) => b.chance - a.chance)
    .map(({ scored }) => scored.listed.offer.id)
  const decision = recommend(moment, learning, id)
  const asked = decision.askGoal === null ? null : catalogue.goals[decision.askGoal]!.slug
  const { say, silent, never, ask, kindness } = record.must
  const named = (offer: string) => `“${catalogue.listedById.get(offer)?.offer.headline ?? offer}”`
  const anyOf = (offers: string[]) => offers.map(named).join(' or ')
  const goalName = (slug: string) => catalogue.goals.find((goal) => goal.slug === slug)?.name ?? slug
  const quiet = `Nothing is said${decision.silence === null ? '' : `: ${causeWords(decision.silence)}`}.`
  /** Why offers fell out: of each its own gate, whatever refuses what fits better. */
  const fellOut = (offers: string[]) => {
    const found = new Map([...refusals(moment, learning)].map(({ offerId, gate }) => [offerId, gate]))
    return offers.flatMap((offer) => {
      const gate = found.get(offer)
      if (gate === undefined) return [` ${named(offer)} is none of what may be said here.`]
      return gate === null ? [] : [` ${named(offer)} is refused, “${gate.says.replace(/\.$/, '')}”.`]
    })
  }
  const why: string[] = []
  if (say !== undefined) {
    const others = says.filter((offer) => !say.includes(offer))
    // In care and in the comparison group nothing is said, whatever passes.
    if (says.length === 0 && Object.hasOwn(QUIET, decision.silence ?? ''))
      why.push(`${quiet} It must be ${anyOf(say)}.`)
    else if (says.length === 0) why.push(`Nothing is said; it must be ${anyOf(say)}.${fellOut(say).join('')}`)
    else if (others.length > 0)
      why.push(`It may say ${anyOf(others)}; it must be ${anyOf(say)}.${fellOut(say).join('')}`)
  }
  if (silent === true && says.length > 0) why.push(`It says ${anyOf(says)}; it must stay quiet.`)
  if (silent === false && says.length === 0) why.push(`${quiet} Something must be.`)
  const lighter = decision.alternate?.listed.offer.id
  for (const offer of never ?? [])
    if (says.includes(offer) || lighter === offer)
      why.push(`It may say ${named(offer)}, which it must never.`)
  if (ask !== undefined && asked !== ask)
    why.push(
      `It asks about ${asked === null ? 'nothing' : `“${goalName(asked)}”`}; it must ask about “${goalName(ask)}”.`,
    )
  const kind = decision.kindness?.offer.id
  if (kindness !== undefined && kind !== kindness)
    why.push(
      `It mentions ${kind === undefined ? 'nothing' : named(kind)}; it must mention ${named(kindness)}.`,
    )
  return { passes: why.length === 0, why, says }
}

/**
 * A persona of the kind of household that a decision was made for, to be edited: without her reference, her name and
 * anybody's words but the shop's own, and roughened so that it is no copy of her. Its instant is a full hour, days are
 * their month's first, birth months the middle of their half-year, and what she usually spends is its first digit.
 * What was answered is what must be.
 */
export function personaFrom(
  {
    siteId,
    touchpoint,
    nowMs,
    basket,
    person,
  }: Pick<Capsule, 'siteId' | 'touchpoint' | 'nowMs' | 'basket' | 'person'>,
  said: string | null,
  catalogue: Catalogue,
): PersonaRecord {
  const { products, sites, listed, goals } = catalogue
  const skuOf = (productId: number | null) => products.get(productId ?? -1)?.sku ?? null
  const minutes = Number(localIso(nowMs, sites.get(siteId)?.timeZone ?? 'UTC').slice(14, 16))
  /** A facet was typed by somebody: it is the shop's own word where an offer for the goal has it. */
  const isOurs = ({ goal, facet }: { goal: string; facet: string }) =>
    listed.some(
      ({ offer, goalIndexes }) =>
        offer.facets.includes(facet) && goalIndexes.some((g) => goals[g]!.slug === goal),
    )
  const rough = (day: number) => `${dateOf(day).slice(0, 8)}01`
  const year = (month: string) => `${month.slice(0, 4)}-${Number(month.slice(5, 7)) <= 6 ? '04' : '10'}`
  const zeros = person === null ? 1 : 10 ** Math.max(0, String(person.usualMinor).length - 1)
  return {
    site: siteId,
    touchpoint,
    at: new Date(nowMs - minutes * 60_000 - (nowMs % 60_000)).toISOString(),
    household:
      person === null
        ? null
        : {
            birthMonths: person.birthMonths.map(year),
            consents: Object.keys(person.consent).filter((purpose) => person.consent[purpose] === 'granted'),
            holdout: person.holdout,
            lines: person.evidence.slice(0, 80).map((line) => ({
              kind: line.kind,
              goal: line.goal,
              facet: line.facet !== null && isOurs({ ...line, facet: line.facet }) ? line.facet : null,
              weight: line.weight,
              halfLifeDays: line.halfLifeDays,
              on: rough(line.onDay),
              about: line.aboutDay === null ? null : rough(line.aboutDay),
              speakable: line.speakable,
              // Of a decline the words are its reason, and ours.
              words: line.kind === 'declined' ? line.words : null,
              staff: line.staffId,
              offer: line.offerId,
            })),
            owned: person.items.slice(0, 50).flatMap(({ productId, day }) => {
              const sku = skuOf(productId)
              return sku === null ? [] : [{ sku, on: rough(day) }]
            }),
            visits: [...new Set(person.visits.map(rough))].slice(0, 20),
            orders: person.orders,
            usualMinor: Math.round(person.usualMinor / zeros) * zeros,
            care: person.care.slice(0, 10).map(({ kind, openedDay, dueDay, closedDay }) => ({
              kind,
              what: kind === 'complaint' ? 'a complaint' : 'a promise',
              promise: null,
              promisedBy: null,
              openedOn: rough(openedDay),
              dueOn: dueDay === null ? null : rough(dueDay),
              closedOn: closedDay === null ? null : rough(closedDay),
            })),
          },
    basket: basket.slice(0, 50).map(({ quantity, unitPriceMinor, gift, ...thing }) => ({
      ...calledByUs(thing, catalogue),
      quantity,
      unitPrice: unitPriceMinor,
      gift,
    })),
    must: said === null ? { silent: true } : { say: [said] },
  }
}

/** What a line of a basket is in the shop's own words. What a till wrote may be anybody's: of that, what a rule knows. */
function calledByUs(
  { productId, category, name }: Pick<Moment['basket'][number], 'productId' | 'category' | 'name'>,
  { products, categories, rulesByFacet }: Catalogue,
): Pick<PersonaRecord['basket'][number], 'sku' | 'category' | 'name'> {
  const product = products.get(productId ?? -1)
  const sku = product?.sku ?? null
  // What was only ever met in a sale is called as a till wrote it.
  const words =
    product && !product.unmapped
      ? product.name
      : termsOf({ name })
          .filter((term) => rulesByFacet.has(term))
          .join(' ')
  return {
    ...(sku === null ? {} : { sku }),
    ...(category !== null && categories.has(category) ? { category } : {}),
    ...(sku !== null || words === '' ? {} : { name: words }),
  }
}

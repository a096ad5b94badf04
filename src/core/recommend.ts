/** One answer for one moment: understand, gate, score, choose. Reads top to bottom in the order in which it runs. */
import type { Listed } from './catalogue.ts'
import { drawn } from './chance.ts'
import type { Gate, Weighed } from './gate.ts'
import { GATES, isNear, onlyOffer, openOffers, refusalOf } from './gate.ts'
import type { GoesWith, Learning } from './learning.ts'
import type { Moment } from './moment.ts'
import { plainName, short } from './offer.ts'
import { questionAt } from './question.ts'
import type { Scored } from './running.ts'
import { Running } from './running.ts'
import { eachFitting, fitOf } from './understand.ts'

const DAY_MS = 86_400_000

export type Decision = {
  primary: Scored | null
  alternate: Scored | null
  /** Why nothing is said; null when something is. For managers, never for the till. */
  silence: string | null
  continuity: 'new' | 'kept' | null
  validUntilMs: number | null
  arm: 'offer' | 'explore' | 'holdout' | 'silence' | 'none'
  /** Chance that this was the answer, over the draws that were made. */
  propensity: number
  /** The best of what passed the gates, best first. */
  gated: Scored[]
  /** What would have been said at a moment that stays silent by draw. */
  wouldOffer: Scored | null
  kindness: Listed | null
  askGoal: number | null
  /** What would have been offered had money no say; differs from the primary only through the value lever. */
  withoutMoney: string | null
}

/** How many of what passed are kept with a decision, for its explanation. */
export const MOST_GATED = 10

/**
 * Decide. `drawId` stands in for the customer where nobody is known; `most` is how many of what passed come
 * with the decision. Pure: same input, same answer.
 */
export function recommend(
  moment: Moment,
  learning: Learning,
  drawId: string,
  most: number = MOST_GATED,
): Decision {
  const { policy } = moment.catalogue
  const running = runningAt(moment, learning)
  const gated = running.top(most)
  const decision: Decision = {
    primary: null,
    alternate: null,
    silence: null,
    continuity: null,
    validUntilMs: null,
    arm: 'none',
    propensity: 1,
    gated,
    wouldOffer: null,
    kindness: null,
    askGoal: moment.careNow === null ? questionAt(moment) : null,
    withoutMoney: gated.length === 0 ? null : running.bestWithoutMoney()!.listed.offer.id,
  }
  const silent = (cause: string, arm: Decision['arm'] = 'none', propensity = 1): Decision => ({
    ...decision,
    silence: cause,
    arm,
    propensity,
    kindness: moment.careNow === null ? kindnessOf(moment) : null,
  })
  if (moment.careNow !== null) return silent('CARE')
  if (gated.length === 0) return silent(refusalAt(moment, learning))

  const kept = openAnswer(moment, running)
  const who = `${moment.person?.ref ?? drawId}|${moment.today}`
  const fresh = kept === null ? freshAnswer(gated[0]!, running, moment, who) : null
  const wouldOffer = kept?.scored ?? fresh!.chosen
  if (moment.person?.holdout) return { ...silent('HOLDOUT', 'holdout'), wouldOffer }

  if (kept !== null) {
    return {
      ...decision,
      primary: kept.scored,
      alternate: lighterThan(kept.scored, running, moment),
      continuity: 'kept',
      validUntilMs: kept.sinceMs + policy.continuityDays * DAY_MS,
      arm: 'offer',
    }
  }

  // Drawn by customer and day, so that asking again does not draw again.
  const speaks = moment.person === null ? 1 : 1 - policy.silenceShare
  if (moment.person !== null && drawn(`${policy.salt}|silence|${who}`) >= speaks)
    return { ...silent('MOMENT', 'silence', 1 - speaks), wouldOffer }

  const { chosen, best, chance } = fresh!
  return {
    ...decision,
    primary: chosen,
    alternate: lighterThan(chosen, running, moment),
    continuity: 'new',
    validUntilMs: moment.nowMs + policy.continuityDays * DAY_MS,
    arm: chosen.listed === best.listed ? 'offer' : 'explore',
    propensity: speaks * chance,
  }
}

/**
 * A new answer: the best, or now and then one so near it that trying costs little. Nothing is tried before the shop
 * has said enough to learn from it; then the less an offer was said, the likelier it is tried. `chance` is exact.
 */
function freshAnswer(
  first: Scored,
  running: Running,
  moment: Moment,
  who: string,
): { chosen: Scored; best: Scored; chance: number } {
  const { best, near, weights, all } = nearTies(first, running, moment)
  let left = drawn(`${moment.catalogue.policy.salt}|explore|${who}`) * all
  let at = 0
  while (at < near.length - 1 && left >= weights[at]!) left -= weights[at++]!
  return { chosen: near[at]!, best, chance: weights[at]! / all }
}

/** What a new answer is drawn among: the best, and what may be tried in its place, each with its weight in the draw. */
function nearTies(
  first: Scored,
  running: Running,
  moment: Moment,
): { best: Scored; near: Scored[]; weights: number[]; all: number } {
  const { policy, acceptance } = moment.catalogue
  const best = introductionTo(first, running, moment)
  const within = policy.exploreWithin * explored(acceptance.said, policy.exploreAfter)
  if (within === 0) return { best, near: [best], weights: [1], all: 1 }
  const near = running.every(
    (index, score) => Math.abs(score - best.score) <= best.score * within && !isBigger(index, best, moment),
  )
  const weights = near.map(
    ({ listed }) => 1 / (policy.propensityPrior + acceptance.saidOf(listed.offer.id, listed.mapping)),
  )
  return { best, near, weights, all: weights.reduce((sum, weight) => sum + weight, 0) }
}

/** Something that may be said at a moment, and the chance of it over all draws. */
export type Chance = { scored: Scored; chance: number }

/**
 * All that {@link recommend} may say at a moment, with the exact chance of each over its draws; what is missing to 1
 * is the chance of silence. A customer of the holdout hears nothing.
 */
export function chancesAt(moment: Moment, learning: Learning): Chance[] {
  if (moment.careNow !== null || moment.person?.holdout) return []
  const running = runningAt(moment, learning)
  const [first] = running.top(1)
  if (first === undefined) return []
  const kept = openAnswer(moment, running)
  if (kept !== null) return [{ scored: kept.scored, chance: 1 }]
  const speaks = moment.person === null ? 1 : 1 - moment.catalogue.policy.silenceShare
  const { near, weights, all } = nearTies(first, running, moment)
  return near.map((scored, i) => ({ scored, chance: speaks * (weights[i]! / all) }))
}

/** The part of its width that exploration has by now: none, then growing, then all. */
function explored(said: number, after: number): number {
  return after === 0 ? 1 : Math.min(1, Math.max(0, (said - after) / after))
}

/** What may be offered: of the offers open today, those that fit and are near; their other gates are asked as they come up. */
function runningAt(moment: Moment, learning: Learning): Running {
  const { catalogue, wants } = moment
  // A shop without offers lives on what goes with the basket.
  if (catalogue.goesWithOnly) {
    const products = productOffers(moment, learning)
    const running = new Running(
      moment,
      learning,
      products.map(({ listed }) => listed),
      products.map(({ weighed }) => weighed.goesWith),
    )
    products.forEach(({ listed, weighed }, at) => {
      if (refusalOf(listed, moment, weighed) === null) running.add(at, weighed.fit)
    })
    return running
  }
  const running = new Running(moment, learning, catalogue.listed)
  const only = onlyOffer(moment)
  const onlyAt = only === null ? null : (catalogue.listedById.get(only)?.index ?? -1)
  if (onlyAt === -1) return running
  eachFitting(catalogue, wants, openOffers(moment), catalogue.policy.fitFloor, (index, fit) => {
    if ((onlyAt === null || onlyAt === index) && isNear(moment, index))
      running.add(index, fit * facetFactor(index, moment))
  })
  return running
}

/** The code of the gate that refuses the best fit: why nothing is said where nothing passes. */
function refusalAt(moment: Moment, learning: Learning): string {
  const { catalogue, wants } = moment
  let code = 'FIT_FLOOR'
  let best = 0
  const consider = (listed: Listed, weighed: Weighed) => {
    const gate = weighed.fit > best ? refusalOf(listed, moment, weighed) : null
    if (gate === null) return
    best = weighed.fit
    code = gate.code
  }
  if (catalogue.goesWithOnly)
    for (const { listed, weighed } of productOffers(moment, learning)) consider(listed, weighed)
  else
    eachFitting(catalogue, wants, catalogue.every, catalogue.policy.fitFloor, (index, fit) =>
      consider(catalogue.listed[index]!, { fit: fit * facetFactor(index, moment), goesWith: null }),
    )
  return code
}

function productOffers(
  moment: Moment,
  learning: Learning,
): { listed: Listed; weighed: Weighed & { goesWith: GoesWith } }[] {
  return learning.goesWith(20).flatMap((goesWith) => {
    const listed = productOffer(moment, goesWith)
    return listed ? [{ listed, weighed: { fit: goesWith.affinity, goesWith } }] : []
  })
}

/** Twins differ by facet: the one she named keeps its fit, the other loses some. */
function facetFactor(index: number, { wants, catalogue }: Moment): number {
  if (wants.facets.size === 0) return 1
  const { start, goalOf, policy } = catalogue
  const named: string[] = []
  for (let k = start[index]!; k < start[index + 1]!; k++) named.push(...(wants.facets.get(goalOf[k]!) ?? []))
  if (named.length === 0) return 1
  const { facets } = catalogue.listed[index]!.offer
  if (facets.length === 0) return policy.facetUnknown
  return facets.some((facet) => named.includes(facet)) ? 1 : policy.facetMismatch
}

/** The facet to name with an offer: the one she named, else the only one it has. */
export function facetOf({ offer, goalIndexes }: Listed, { wants }: Moment): string | null {
  for (const g of goalIndexes)
    for (const named of wants.facets.get(g) ?? []) if (offer.facets.includes(named)) return named
  return offer.facets.length === 1 ? offer.facets[0]! : null
}

/** Every offer with what refuses it first (null: nothing), for the explanation. */
export function* refusals(
  moment: Moment,
  learning: Learning,
): Generator<{ offerId: string; fit: number; gate: Gate | null }> {
  const { catalogue } = moment
  if (catalogue.goesWithOnly) {
    for (const { listed, weighed } of productOffers(moment, learning))
      yield { offerId: listed.offer.id, fit: weighed.fit, gate: refusalOf(listed, moment, weighed) }
    return
  }
  for (const listed of catalogue.listed) {
    const weighed = {
      fit: fitOf(catalogue, moment.wants, listed.index) * facetFactor(listed.index, moment),
      goesWith: null,
    }
    yield { offerId: listed.offer.id, fit: weighed.fit, gate: refusalOf(listed, moment, weighed) }
  }
}

/** Continuity: what was offered in the last days and not yet answered, if it still passes every gate. */
function openAnswer(moment: Moment, running: Running): { scored: Scored; sinceMs: number } | null {
  const from = moment.nowMs - moment.catalogue.policy.continuityDays * DAY_MS
  const answered = new Set<string>()
  let found: { scored: Scored; sinceMs: number } | null = null
  for (const before of moment.person?.earlier ?? []) {
    if (before.offerId === null || before.atMs <= from || before.atMs > moment.nowMs) continue
    if (before.outcome === 'notSaid') continue
    if (before.outcome !== null && before.outcome !== 'said' && before.outcome !== 'askedMore')
      answered.add(before.offerId)
    if (answered.has(before.offerId)) continue
    const scored = running.offer(before.offerId)
    if (scored && (found === null || before.atMs < found.sinceMs)) found = { scored, sinceMs: before.atMs }
  }
  return found
}

/** An introduction comes before what it leads to: the fitting before the dress, though the dress may score higher. Something to read introduces nothing. */
function introductionTo(best: Scored, running: Running, moment: Moment): Scored {
  if (best.listed.after.length === 0) return best
  const { listedById, columns } = moment.catalogue
  const before = new Set(best.listed.after.map((link) => listedById.get(link.fromOffer)?.index))
  const { step } = best.listed
  return (
    running.best((index) => columns.step[index]! > 0 && columns.step[index]! < step && before.has(index)) ??
    best
  )
}

/** A lighter way to the same goal: the best of what asks for less. */
function lighterThan(primary: Scored, running: Running, { catalogue }: Moment): Scored | null {
  const { step, goalIndexes } = primary.listed
  const { columns, start, goalOf } = catalogue
  // A product that only goes with the basket serves no goal.
  if (goalIndexes.length === 0) return null
  return running.best((index) => {
    if (columns.step[index]! >= step) return false
    for (let k = start[index]!; k < start[index + 1]!; k++) if (goalIndexes.includes(goalOf[k]!)) return true
    return false
  })
}

/** Whether an offer asks for a bigger step than another; products that go with the basket all ask for the same. */
function isBigger(index: number, than: Scored, { catalogue }: Moment): boolean {
  return !catalogue.goesWithOnly && catalogue.columns.step[index]! > than.listed.step
}

/** A small thing that asks for nothing: eligible, and makes sense now. */
function kindnessOf(moment: Moment): Listed | null {
  const weighed: Weighed = { fit: 1, goesWith: null }
  return (
    moment.catalogue.kindnesses.find((listed) =>
      GATES.every((gate) => gate.group === 'suitable' || !gate.refuses(listed, moment, weighed)),
    ) ?? null
  )
}

/** A product as an offer of its own, for shops that have mapped no goals: plain words, its price, no claim. */
function productOffer(moment: Moment, goesWith: GoesWith): Listed | null {
  const product = moment.catalogue.products.get(goesWith.productId)
  // Without a price we would seem to give it away.
  if (!product || product.archived || product.priceMinor === null) return null
  const name = short(plainName(product.name), 40)
  return {
    offer: {
      id: `product:${product.sku ?? product.id}`,
      kind: 'product',
      partnerId: null,
      state: 'live',
      headline: name,
      priceMinor: product.priceMinor,
      costMinor: product.priceMinor,
      ageMinMonths: null,
      ageMaxMonths: null,
      months: [],
      stage: 'both',
      minRelationship: 0,
      commitment: 'low',
      goals: {},
      facets: [],
      requires: [],
      skus: product.sku === null ? [] : [product.sku],
      sites: [],
      kindness: false,
      seated: false,
      say: {
        opener: short(`Have you seen the ${name}?`, 90),
        line: 'People who buy what you have there often take this with it.',
        ifYes: 'I will show you where it is.',
        ifNotNow: 'Of course, it will be here another day.',
        ifNotForUs: 'Good to know, thank you.',
        receiptLine: short(`Goes with today's things: ${name}`, 160),
        disclosure: '',
      },
    },
    index: -1,
    step: 2,
    monthMask: 0,
    mapping: '',
    leadGoal: -1,
    goalIndexes: [],
    partner: null,
    alliance: null,
    versions: [],
    briefed: new Map(),
    checks: [],
    sessions: [],
    productIds: [product.id],
    sensitive: [],
    after: [],
    marginMinor: 0,
  }
}

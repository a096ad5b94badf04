/** One answer for one moment: understand, gate, score, choose. Reads top to bottom in the order in which it runs. */
import type { Listed } from './catalogue.ts'
import { drawn } from './chance.ts'
import type { Gate, Weighed } from './gate.ts'
import { GATES, refusalOf } from './gate.ts'
import type { GoesWith, Learning } from './learning.ts'
import type { Moment } from './moment.ts'
import { plainName, short } from './offer.ts'
import type { Parts } from './score.ts'
import { partsOf, scoreOf } from './score.ts'
import { dateOf } from './time.ts'
import { fitOf } from './understand.ts'

const DAY_MS = 86_400_000

/** An offer that passed every gate, with its parts and their product. */
export type Scored = { listed: Listed; weighed: Weighed; parts: Parts; score: number }

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
  /** All that passed the gates, best first. */
  gated: Scored[]
  kindness: Listed | null
  askGoal: number | null
  /** What would have been offered had money no say; differs from the primary only through the value lever. */
  withoutMoney: string | null
}

/** Decide. `drawId` stands in for the customer where nobody is known. Pure: same input, same answer. */
export function recommend(moment: Moment, learning: Learning, drawId: string): Decision {
  const { policy } = moment.catalogue
  const { passed, refusal } = gatedSet(moment, learning)
  const gated = passed.sort(byScore)
  const decision: Decision = {
    primary: null,
    alternate: null,
    silence: null,
    continuity: null,
    validUntilMs: null,
    arm: 'none',
    propensity: 1,
    gated,
    kindness: null,
    askGoal: moment.careNow === null ? askGoalOf(moment) : null,
    withoutMoney: bestWithoutMoney(gated),
  }
  const silent = (cause: string, arm: Decision['arm'] = 'none', propensity = 1): Decision => ({
    ...decision,
    silence: cause,
    arm,
    propensity,
    kindness: moment.careNow === null ? kindnessOf(moment) : null,
  })
  if (moment.careNow !== null) return silent('CARE')
  if (gated.length === 0) return silent(refusal)

  const who = moment.person?.ref ?? drawId
  if (moment.person?.holdout) return silent('HOLDOUT', 'holdout')

  const kept = openAnswer(moment, gated)
  if (kept) {
    const alternate = lighterThan(kept.scored, gated)
    return {
      ...decision,
      primary: kept.scored,
      alternate,
      continuity: 'kept',
      validUntilMs: kept.sinceMs + policy.continuityDays * DAY_MS,
      arm: 'offer',
    }
  }

  // Drawn by customer and day, so that asking again does not draw again.
  const speaks = moment.person === null ? 1 : 1 - policy.silenceShare
  if (moment.person !== null && drawn(`${policy.salt}|silence|${who}|${moment.today}`) >= speaks)
    return silent('MOMENT', 'silence', 1 - speaks)

  const best = introductionTo(gated[0]!, gated)
  const near = gated.filter(
    (each) =>
      Math.abs(each.score - best.score) <= best.score * policy.exploreWithin &&
      each.listed.step <= best.listed.step,
  )
  const chosen = near[Math.floor(drawn(`${policy.salt}|explore|${who}|${moment.today}`) * near.length)]!
  return {
    ...decision,
    primary: chosen,
    alternate: lighterThan(chosen, gated),
    continuity: 'new',
    validUntilMs: moment.nowMs + policy.continuityDays * DAY_MS,
    arm: chosen === best ? 'offer' : 'explore',
    propensity: speaks / near.length,
  }
}

function byScore(a: Scored, b: Scored): number {
  return (
    b.score - a.score || a.listed.step - b.listed.step || (a.listed.offer.id < b.listed.offer.id ? -1 : 1)
  )
}

/** Everything that passes every gate, scored. Fit comes first because it is cheap and refuses most. */
function gatedSet(moment: Moment, learning: Learning): { passed: Scored[]; refusal: string } {
  const today = dateOf(moment.today)
  const passed: Scored[] = []
  let refusal = 'FIT_FLOOR'
  let refusedFit = 0
  const consider = (listed: Listed, weighed: Weighed) => {
    const gate = refusalOf(listed, moment, weighed)
    if (gate === null) {
      const parts = partsOf(listed, moment, weighed, learning, today)
      passed.push({ listed, weighed, parts, score: scoreOf(parts) })
    } else if (weighed.fit > refusedFit) {
      refusedFit = weighed.fit
      refusal = gate.code
    }
  }
  for (const each of candidates(moment, learning)) consider(each.listed, each.weighed)
  return { passed, refusal }
}

/** What may be considered: every offer whose fit reaches the floor, or in a shop without offers what goes with the basket. */
function* candidates(moment: Moment, learning: Learning): Generator<{ listed: Listed; weighed: Weighed }> {
  const { catalogue } = moment
  if (catalogue.goesWithOnly) {
    for (const goesWith of learning.goesWith(20)) {
      const listed = productOffer(moment, goesWith)
      if (listed) yield { listed, weighed: { fit: goesWith.affinity, goesWith } }
    }
    return
  }
  for (const listed of catalogue.listed) {
    const fit = fitOf(catalogue, moment.wants, listed.index)
    if (fit >= catalogue.policy.fitFloor)
      yield { listed, weighed: { fit: fit * facetFactor(listed, moment), goesWith: null } }
  }
}

/** Twins differ by facet: the one she named keeps its fit, the other loses some. */
export function facetFactor({ offer, goalIndexes }: Listed, { wants, catalogue }: Moment): number {
  const { facetUnknown, facetMismatch } = catalogue.policy
  const named = goalIndexes.flatMap((g) => [...(wants.facets.get(g) ?? [])])
  if (named.length === 0) return 1
  if (offer.facets.length === 0) return facetUnknown
  return offer.facets.some((facet) => named.includes(facet)) ? 1 : facetMismatch
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
    for (const { listed, weighed } of candidates(moment, learning))
      yield { offerId: listed.offer.id, fit: weighed.fit, gate: refusalOf(listed, moment, weighed) }
    return
  }
  for (const listed of catalogue.listed) {
    const weighed = {
      fit: fitOf(catalogue, moment.wants, listed.index) * facetFactor(listed, moment),
      goesWith: null,
    }
    yield { offerId: listed.offer.id, fit: weighed.fit, gate: refusalOf(listed, moment, weighed) }
  }
}

/** Continuity: what was offered in the last days and not yet answered, if it still passes every gate. */
function openAnswer(moment: Moment, gated: Scored[]): { scored: Scored; sinceMs: number } | null {
  const from = moment.nowMs - moment.catalogue.policy.continuityDays * DAY_MS
  const answered = new Set<string>()
  let found: { scored: Scored; sinceMs: number } | null = null
  for (const before of moment.person?.earlier ?? []) {
    if (before.offerId === null || before.atMs <= from || before.atMs > moment.nowMs) continue
    if (before.outcome === 'notSaid') continue
    if (before.outcome !== null && before.outcome !== 'said' && before.outcome !== 'askedMore')
      answered.add(before.offerId)
    if (answered.has(before.offerId)) continue
    const scored = gated.find((each) => each.listed.offer.id === before.offerId)
    if (scored && (found === null || before.atMs < found.sinceMs)) found = { scored, sinceMs: before.atMs }
  }
  return found
}

/** An introduction comes before what it leads to: the fitting before the dress, though the dress may score higher. Something to read introduces nothing. */
function introductionTo(best: Scored, gated: Scored[]): Scored {
  const before = new Set(best.listed.after.map((link) => link.fromOffer))
  const comes = (each: Scored) =>
    before.has(each.listed.offer.id) && each.listed.step > 0 && each.listed.step < best.listed.step
  return gated.find(comes) ?? best
}

/** A lighter way to the same goal: the best of what asks for less. */
function lighterThan(primary: Scored, gated: Scored[]): Scored | null {
  const goals = new Set(primary.listed.goalIndexes)
  return (
    gated.find(
      (each) => each.listed.step < primary.listed.step && each.listed.goalIndexes.some((g) => goals.has(g)),
    ) ?? null
  )
}

function bestWithoutMoney(gated: Scored[]): string | null {
  let best: { id: string; score: number } | null = null
  for (const { listed, parts } of gated) {
    const plain = scoreOf({ ...parts, value: 1 })
    if (best === null || plain > best.score) best = { id: listed.offer.id, score: plain }
  }
  return best?.id ?? null
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

/**
 * The one question that would change coming answers most, as a goal index: how unsure we are, times how little
 * baskets can show of it, times the best offer that a yes would open. Never told-only, never refused, never
 * twice in `askDays`, never what she told us already.
 */
export function askGoalOf(moment: Moment): number | null {
  const { person, catalogue, wants, nowMs } = moment
  if (person === null) return null
  const { goals, policy } = catalogue
  const asked = new Set(
    person.earlier
      .filter((b) => b.askedGoal !== null && nowMs - b.atMs < policy.askDays * DAY_MS)
      .map((b) => b.askedGoal),
  )
  const may = (listed: Listed) =>
    GATES.every(
      (gate) => gate.group !== 'eligible' || !gate.refuses(listed, moment, { fit: 1, goesWith: null }),
    )
  let best: number | null = null
  let bestWorth = 0
  for (let g = 0; g < goals.length; g++) {
    const goal = goals[g]!
    if (goal.question === null || goal.toldOnly || asked.has(goal.slug)) continue
    if (wants.told[g] === 1 || wants.toldNo[g] === 1) continue
    const belief = wants.confidence[g]!
    const unsure = belief * (1 - belief) * (1 - catalogue.showsInBaskets[g]!)
    if (unsure <= bestWorth) continue
    const opened = catalogue.servedBy[g]!.find(({ index }) => may(catalogue.listed[index]!))
    const worth = unsure * (opened?.weight ?? 0)
    if (worth > bestWorth) {
      bestWorth = worth
      best = g
    }
  }
  return best
}

/** A product as an offer of its own, for shops that have mapped no goals: plain words, its price, no claim. */
export function productOffer(moment: Moment, goesWith: GoesWith): Listed | null {
  const product = moment.catalogue.products.get(goesWith.productId)
  if (!product || product.archived) return null
  const name = short(plainName(product.name), 40)
  return {
    offer: {
      id: `product:${product.sku ?? product.id}`,
      kind: 'product',
      partnerId: null,
      state: 'live',
      headline: name,
      priceMinor: product.priceMinor ?? 0,
      costMinor: product.priceMinor ?? 0,
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
      said: 0,
      accepted: 0,
    },
    index: -1,
    step: 2,
    monthMask: 0,
    leadGoal: -1,
    goalIndexes: [],
    partner: null,
    alliance: null,
    terms: null,
    checks: [],
    sessions: [],
    productIds: [product.id],
    sensitive: [],
    after: [],
    marginMinor: 0,
  }
}

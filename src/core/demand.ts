/**
 * The goals map: what families hold and what is offered for it, goal by goal. What is counted, what is only believed
 * and what a poll estimates stand apart, since they are not the same kind of number.
 */
import type { Alliance, Catalogue, Listed } from './catalogue.ts'
import { SAID } from './event.ts'
import { readinessRefusal } from './gate.ts'
import type { Person } from './moment.ts'
import { ageMonths, dateOf } from './time.ts'
import type { AgeSpan, EvidenceKind } from './understand.ts'
import { believedOf, understand } from './understand.ts'

/** Kinds of evidence by which a family is counted as holding a goal: she said it, or did it. */
const COUNTED: ReadonlySet<EvidenceKind> = new Set([
  'told',
  'answered',
  'attended',
  'enrolled',
  'completed',
  'booked',
  'recitalScheduled',
])

/** Told (.90, half-life 540 days) counts for about three years. */
const STILL_HELD = 0.2
/** From this confidence on a goal is believed to be held though nobody said so. */
const BELIEVED = 0.5

/** Families of one goal. `believed`: those who said nothing but whose evidence makes it likely; `expected`: the sum of their confidences. */
export type Demand = { counted: number; believed: number; expected: number; toldNo: number }

export const noDemand = (): Demand => ({ counted: 0, believed: 0, expected: 0, toldNo: 0 })

/** Counts people one after the other, so that many need not be held at once. */
export class DemandTally {
  readonly #catalogue: Catalogue
  readonly #byGoal: Demand[]
  readonly #bySite = new Map<string, Demand[]>()
  /** Families that let us know them: all the others say nothing here. */
  people = 0

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
    this.#byGoal = catalogue.goals.map(noDemand)
  }

  /** Count a family of a site, as of a day there. */
  add(siteId: string, person: Person, today: number): void {
    this.people++
    const { goals, goalIndex, policy } = this.#catalogue
    const said = new Set<number>()
    for (const line of person.evidence) {
      const g = goalIndex.get(line.goal)
      if (g === undefined || line.onDay > today || !COUNTED.has(line.kind)) continue
      // A maybe is no yes.
      if (line.kind === 'answered' && line.weight < SAID.answeredYes.weight) continue
      if (believedOf(line, today, policy) >= STILL_HELD) said.add(g)
    }
    const wants = understand(this.#catalogue, person.evidence, spansOf(person, today), today)
    let site = this.#bySite.get(siteId)
    if (!site) this.#bySite.set(siteId, (site = goals.map(noDemand)))
    for (let g = 0; g < goals.length; g++) {
      const confidence = wants.confidence[g]!
      for (const demand of [this.#byGoal[g]!, site[g]!]) {
        if (wants.toldNo[g] === 1) demand.toldNo++
        else if (said.has(g)) demand.counted++
        else if (!goals[g]!.toldOnly && confidence >= BELIEVED) {
          demand.believed++
          demand.expected += confidence
        }
      }
    }
  }

  /** What was counted for a goal, by its index. */
  of(goal: number): Demand {
    return this.#byGoal[goal]!
  }

  /** The same by site. */
  atSites(goal: number): [siteId: string, demand: Demand][] {
    return [...this.#bySite].map(([siteId, demands]) => [siteId, demands[goal]!])
  }
}

function spansOf({ birthMonths, consent }: Person, today: number): AgeSpan[] {
  if (consent.childProfile !== 'granted') return []
  const date = dateOf(today)
  return birthMonths.map((month) => {
    const age = ageMonths(month, date)
    return [age, age]
  })
}

/** What one takes home, beside what one does: tennis whites are no tennis. */
const THINGS: ReadonlySet<string> = new Set(['product', 'bundle'])
/** Full today is offered all the same. */
const FULL: ReadonlySet<string> = new Set(['ALLIANCE_FULL', 'NO_PLACES'])

export type Supply = {
  /** Live offers that serve it, by who makes them; things apart. */
  own: number
  partner: number
  things: number
  /** Sites at which one of them at least is ready. */
  sites: string[]
  /** Offers that would serve it and are not ready anywhere, with the gate that says why. */
  waiting: { offerId: string; headline: string; partner: string | null; gate: string }[]
}

/** What serves each goal at an instant, itself or as a narrower one, by goal index. */
export function supplyOf(catalogue: Catalogue, nowMs: number): Supply[] {
  const supplies = catalogue.goals.map(
    (): Supply => ({ own: 0, partner: 0, things: 0, sites: [], waiting: [] }),
  )
  for (const listed of catalogue.listed) {
    const { offer, partner } = listed
    if (offer.state === 'draft' || offer.state === 'ended' || partner?.archived) continue
    const { sites, gate } = readyAt(catalogue, listed, nowMs)
    for (const goal of servedGoals(catalogue, listed)) {
      const supply = supplies[goal]!
      if (sites.length === 0)
        supply.waiting.push({
          offerId: offer.id,
          headline: offer.headline,
          partner: partner?.name ?? null,
          gate,
        })
      else if (THINGS.has(offer.kind)) supply.things++
      else {
        supply[offer.partnerId === null ? 'own' : 'partner']++
        supply.sites = [...new Set([...supply.sites, ...sites])].sort()
      }
    }
  }
  return supplies
}

function readyAt(catalogue: Catalogue, listed: Listed, nowMs: number): { sites: string[]; gate: string } {
  let gate = ''
  const sites = [...catalogue.sites.keys()].filter((siteId) => {
    const refusal = readinessRefusal(listed, catalogue, siteId, nowMs)
    if (refusal !== null && !FULL.has(refusal.code)) {
      // That it is for another shop is the least that can be said of it.
      if (gate === '' || gate === 'OTHER_SITE') gate = refusal.code
      return false
    }
    return true
  })
  return { sites, gate }
}

/** The goals of an offer, and those above them. */
function servedGoals({ parents }: Catalogue, { goalIndexes }: Listed): Set<number> {
  const served = new Set<number>()
  for (const goal of goalIndexes) for (let at = goal; at >= 0; at = parents[at]!) served.add(at)
  return served
}

export type GoalStatus = 'allianceWanted' | 'served' | 'quiet'

/** So many families are many: five, or in a larger shop three in a hundred. */
const MANY = 5
const MANY_SHARE = 0.03

/**
 * Whether somebody should be found who offers it: held by many, or a poll said go, and nothing that one does serves
 * it. The one rule, for the map and for the list of what is missing.
 */
export function statusOf(
  demand: Demand,
  { own, partner, things }: Pick<Supply, 'own' | 'partner' | 'things'>,
  { people, pollIsGo, isDone }: { people: number; pollIsGo: boolean; isDone: boolean },
): GoalStatus {
  if (own + partner > 0) return 'served'
  if (pollIsGo) return 'allianceWanted'
  const isMany = demand.counted + demand.expected >= Math.max(MANY, MANY_SHARE * people)
  // What one wears or takes home is served by things alone.
  if (things > 0 && !isDone) return 'served'
  return isMany ? 'allianceWanted' : 'quiet'
}

/** Goals that somebody does with families, and that are not only bought: some partner names them, or some offer of the kind exists. */
export function doneGoals({ parts, listed, goalIndex }: Catalogue): Set<number> {
  const done = new Set<number>()
  for (const { goals } of parts.partners.values())
    for (const slug of goals) {
      const g = goalIndex.get(slug)
      if (g !== undefined) done.add(g)
    }
  for (const { offer, goalIndexes } of listed)
    if (!THINGS.has(offer.kind)) for (const goal of goalIndexes) done.add(goal)
  return done
}

/** A partner that would serve a goal, and how far the alliance with it is; null where there is none. */
export type Candidate = {
  partnerId: string
  partner: string
  alliance: { id: string; state: Alliance['state'] } | null
}

/** Partners known already that name a goal or a narrower one, or offer something for it, without a live alliance. */
export function candidatesFor(
  { parts, goalIndex, parents, listed }: Pick<Catalogue, 'parts' | 'goalIndex' | 'parents' | 'listed'>,
  slug: string,
): Candidate[] {
  const wanted = goalIndex.get(slug)
  if (wanted === undefined) return []
  const isUnder = (goal: number | undefined) => {
    for (let at = goal ?? -1; at >= 0; at = parents[at]!) if (at === wanted) return true
    return false
  }
  const offering = new Set(
    listed.flatMap(({ offer, goalIndexes }) =>
      offer.partnerId !== null && offer.state !== 'ended' && goalIndexes.some(isUnder)
        ? [offer.partnerId]
        : [],
    ),
  )
  return [...parts.partners.values()].flatMap(({ id, name, archived, goals }) => {
    const alliances = parts.alliancesOf.get(id) ?? []
    if (archived || alliances.some(({ state }) => state === 'live')) return []
    if (!offering.has(id) && !goals.some((goal) => isUnder(goalIndex.get(goal)))) return []
    const last = alliances.at(-1)
    return [{ partnerId: id, partner: name, alliance: last ? { id: last.id, state: last.state } : null }]
  })
}

/** Below this nobody is counted aloud, where a goal is one that people keep to themselves. */
export const FEWEST = 5
export const FEWER = `fewer than ${FEWEST}` as const

/** A count as it may be shown. */
export const shownCount = (n: number, isSensitive: boolean): number | typeof FEWER =>
  isSensitive && n < FEWEST ? FEWER : n

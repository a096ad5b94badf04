/** What is true of this customer at this moment, worked out once, so that a gate only looks it up. */
import type { Earlier, Moment } from './moment.ts'
import { openSteps } from './next-step.ts'
import { sayableGoals } from './reason.ts'
import { levelOf } from './relationship.ts'
import { dateOf, localDay } from './time.ts'

export type Facts = {
  /** Today at the site. */
  date: string
  /** The months in season: this one, and the one that `leadDays` lead to. Bit 1 is January. */
  monthMask: number
  /** Goals for which she named a day soon to come. */
  soonGoals: ReadonlySet<number>
  /** interaction 0 → engagement 1 → relationship 2. */
  relationship: number
  /** Offers that she is in already, or said she has. */
  ownedOffers: ReadonlySet<string>
  ownedProducts: ReadonlySet<number>
  basketProducts: ReadonlySet<number>
  /** Offers that rest after a decline of their own, or after several of their partner's or for their goal. */
  resting: ReadonlySet<string>
  /** Offers that were said so lately, or so often, that they are not said again. */
  saidLately: ReadonlySet<string>
  /** Offers that are her next step now, by index. */
  openSteps: ReadonlySet<number>
  /** By goal: 1 where something may be said aloud for an offer that serves it. */
  sayable: number[]
}

type Seen = Omit<Moment, 'facts'>

const monthBit = (day: number) => 1 << +dateOf(day).slice(5, 7)

/** Work out the facts of a moment. */
export function factsOf(moment: Seen): Facts {
  const { today, catalogue, person, basket } = moment
  return {
    date: dateOf(today),
    monthMask: monthBit(today) | monthBit(today + catalogue.policy.leadDays),
    soonGoals: soonGoals(moment),
    relationship: person === null ? 0 : levelOf({ visits: person.visits, evidence: person.evidence, today }),
    ownedOffers: ownedOffers(moment),
    ownedProducts: new Set(person?.items.map((item) => item.productId)),
    basketProducts: new Set(basket.flatMap((line) => line.productId ?? [])),
    resting: resting(moment),
    saidLately: saidLately(moment),
    openSteps: openSteps(moment),
    sayable: sayableGoals(moment),
  }
}

function soonGoals({ person, today, catalogue }: Seen): Set<number> {
  const goals = new Set<number>()
  for (const line of person?.evidence ?? []) {
    if (line.aboutDay === null || (line.kind !== 'told' && line.kind !== 'answered')) continue
    if (line.aboutDay < today || line.aboutDay - today > catalogue.policy.aboutDays) continue
    const g = catalogue.goalIndex.get(line.goal)
    if (g !== undefined) goals.add(g)
  }
  return goals
}

const TOOK_PART: ReadonlySet<string> = new Set(['attended', 'enrolled', 'completed', 'booked'])

function ownedOffers({ person, today }: Seen): Set<string> {
  const offers = new Set<string>()
  for (const line of person?.evidence ?? []) {
    if (line.offerId === null) continue
    if (line.kind === 'declined' ? line.words === 'haveIt' : TOOK_PART.has(line.kind) && line.onDay <= today)
      offers.add(line.offerId)
  }
  return offers
}

/** After a decline the offer rests, as long as its reason asks; after several, so does all of its partner's, or of its goal's. */
function resting({ person, today, catalogue }: Seen): Set<string> {
  const { policy, listed, listedById } = catalogue
  const rest: Record<string, number> = {
    notNow: policy.notNowDays,
    notForUs: policy.notForUsDays,
    wrong: policy.wrongDays,
    haveIt: 3650,
  }
  const offers = new Set<string>()
  const ofPartner = new Map<string, Map<string, number>>()
  const ofGoal = new Map<number, Map<string, number>>()
  for (const line of person?.evidence ?? []) {
    if (line.kind !== 'declined' || line.offerId === null || line.onDay > today) continue
    const days = today - line.onDay
    const why = line.words ?? 'notNow'
    if (days < (rest[why] ?? policy.notNowDays)) offers.add(line.offerId)
    const declined = listedById.get(line.offerId)
    if (why !== 'notForUs' && why !== 'wrong') continue
    // One decline has a line for each goal; its offer counts once.
    if (declined?.partner && days < policy.partnerRestDays)
      lastly(ofPartner, declined.partner.id, line.offerId, line.onDay)
    const g = catalogue.goalIndex.get(line.goal)
    if (g !== undefined && days < policy.goalRestDays) lastly(ofGoal, g, line.offerId, line.onDay)
  }
  if (ofPartner.size === 0 && ofGoal.size === 0) return offers
  for (const { offer, partner, leadGoal } of listed)
    if (
      (partner && (ofPartner.get(partner.id)?.size ?? 0) >= policy.partnerDeclines) ||
      (ofGoal.get(leadGoal)?.size ?? 0) >= policy.goalDeclines
    )
      offers.add(offer.id)
  return offers
}

function lastly<Key>(of: Map<Key, Map<string, number>>, key: Key, offerId: string, day: number): void {
  const days = of.get(key)
  if (days) days.set(offerId, Math.max(day, days.get(offerId) ?? day))
  else of.set(key, new Map([[offerId, day]]))
}

function saidLately({ person, nowMs, today, catalogue, siteId }: Seen): Set<string> {
  const { continuityDays, sameOfferDays, sayAtMost } = catalogue.policy
  const { timeZone } = catalogue.sites.get(siteId)!
  const days = new Map<string, { first: number; times: number }>()
  for (const { offerId, saidMs } of person?.earlier ?? []) {
    if (offerId === null || saidMs === null || saidMs > nowMs) continue
    const day = today - localDay(saidMs, timeZone)
    if (day >= sameOfferDays) continue
    const said = days.get(offerId)
    if (said) {
      said.first = Math.max(said.first, day)
      said.times++
    } else days.set(offerId, { first: day, times: 1 })
  }
  const offers = new Set<string>()
  for (const [offerId, { first, times }] of days)
    if (first >= continuityDays || times >= sayAtMost || isClosed(person!.earlier, offerId))
      offers.add(offerId)
  return offers
}

/** Whether she already answered this offer, so that it is no open answer any more. */
export function isClosed(earlier: Earlier[], offerId: string): boolean {
  const last = earlier.find((before) => before.offerId === offerId && before.outcome !== null)
  return (
    last !== undefined &&
    last.outcome !== 'said' &&
    last.outcome !== 'askedMore' &&
    last.outcome !== 'notSaid'
  )
}

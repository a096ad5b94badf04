/** What is true of this customer at this moment, worked out once, so that a gate only looks it up. */
import type { Earlier, Moment } from './moment.ts'
import { openSteps } from './next-step.ts'
import { sayableGoals } from './reason.ts'
import { dateOf, localDay } from './time.ts'
import { ageDays } from './understand.ts'

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
  /** Offers that rest after a decline. */
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
    relationship: relationshipOf(moment),
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

/** From what she did and told; a year without a sign goes back. */
function relationshipOf({ person, today }: Seen): number {
  if (person === null) return 0
  let signs = 0
  let together = false
  for (const line of person.evidence) {
    if (ageDays(line, today) >= 365) continue
    if (line.kind === 'told' || line.kind === 'answered' || line.kind === 'attended') signs++
    if (line.kind === 'enrolled') together = true
  }
  if (together || (person.orders >= 5 && signs > 0)) return 2
  return person.orders >= 2 || signs > 0 ? 1 : 0
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

function resting({ person, today, catalogue }: Seen): Set<string> {
  const { notNowDays, notForUsDays, wrongDays } = catalogue.policy
  const rest: Record<string, number> = {
    notNow: notNowDays,
    notForUs: notForUsDays,
    wrong: wrongDays,
    haveIt: 3650,
  }
  const offers = new Set<string>()
  for (const line of person?.evidence ?? [])
    if (
      line.kind === 'declined' &&
      line.offerId !== null &&
      line.onDay <= today &&
      today - line.onDay < (rest[line.words ?? 'notNow'] ?? notNowDays)
    )
      offers.add(line.offerId)
  return offers
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

/**
 * Referrals: what became of an introduction. The state is what its events come to, taken in the order in which
 * they happened: so it does not matter in which order we hear of them, or how often.
 */

export const REFERRAL_STATES = [
  'offered',
  'accepted',
  'booked',
  'attended',
  'enrolled',
  'declined',
  'noShow',
  'expired',
  'withdrawn',
] as const
export type ReferralState = (typeof REFERRAL_STATES)[number]

/** The moves of a referral. Who comes without a booking, or enrols at the first visit, skips a step. */
export const GRAPH: Record<ReferralState, readonly ReferralState[]> = {
  offered: ['accepted', 'booked', 'declined', 'expired', 'withdrawn'],
  accepted: ['booked', 'attended', 'enrolled', 'noShow', 'declined', 'expired', 'withdrawn'],
  booked: ['accepted', 'attended', 'enrolled', 'noShow', 'declined', 'expired', 'withdrawn'],
  noShow: ['booked', 'attended', 'enrolled', 'declined', 'expired', 'withdrawn'],
  attended: ['enrolled', 'declined'],
  withdrawn: ['accepted', 'booked'],
  enrolled: [],
  declined: [],
  expired: [],
}

export type EventKind =
  | 'accepted'
  | 'booked'
  | 'attended'
  | 'noShow'
  | 'enrolled'
  | 'recitalScheduled'
  | 'declined'
  | 'withdrawn'
  | 'void'
/** What a partner may tell us. The rest is said at our side. */
export const PARTNER_KINDS = [
  'attended',
  'noShow',
  'enrolled',
  'recitalScheduled',
  'declined',
  'void',
] as const

/** One event, with its dates as the site reads them. */
export type ReferralEvent = {
  id: string
  kind: EventKind
  /** The instant it happened, UTC, and its date at the site; the date on which we heard of it. */
  at: string
  onDate: string
  heardOn: string
  aboutOn: string | null
  valueMinor: number | null
  offerId: string | null
  voids: string | null
}

export type Effect = 'moved' | 'noted' | 'disputed'

/** What the events come to. */
export type Standing = {
  state: ReferralState
  /** The dates on which it first came so far. */
  attendedOn: string | null
  enrolledOn: string | null
  noShow: boolean
  /** What the family pays, in minor units, if we were told. */
  valueMinor: number | null
  /** What each event did; events that were voided are in it as noted. */
  effects: Map<string, Effect>
  /** Events that count: neither voided nor in dispute. */
  counted: ReferralEvent[]
}

/** Of events of the same instant, the one that comes first. What was said at our side stays in its own order. */
const RANK: Record<EventKind, number> = {
  accepted: 0,
  booked: 0,
  withdrawn: 0,
  noShow: 1,
  attended: 2,
  enrolled: 3,
  recitalScheduled: 4,
  declined: 5,
  void: 6,
}

function inOrder(a: ReferralEvent, b: ReferralEvent): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  if (RANK[a.kind] !== RANK[b.kind]) return RANK[a.kind] - RANK[b.kind]
  return RANK[a.kind] === 0 ? 0 : a.id < b.id ? -1 : 1
}

/** States in which the code itself is still to be used. */
const OPEN: readonly ReferralState[] = ['offered', 'accepted', 'booked', 'noShow']

/**
 * What a referral's events come to; `events` in the order in which we heard of them. An event after the code's last day, or one of which we hear more than
 * `reportDays` after it, is disputed and moves nothing, unless somebody resolved that it stands.
 */
export function standingOf(
  made: { state: 'offered' | 'accepted' | 'booked'; expiresOn: string; reportBy: string },
  events: readonly ReferralEvent[],
  stands: ReadonlySet<string> = new Set(),
): Standing {
  const voided = new Set(events.flatMap((event) => (event.kind === 'void' ? (event.voids ?? []) : [])))
  const standing: Standing = {
    state: made.state,
    attendedOn: null,
    enrolledOn: null,
    noShow: false,
    valueMinor: null,
    effects: new Map(),
    counted: [],
  }
  for (const event of [...events].sort(inOrder)) {
    if (event.kind === 'void' || voided.has(event.id)) {
      standing.effects.set(event.id, event.kind === 'void' ? 'moved' : 'noted')
      continue
    }
    const uses = event.kind === 'attended' || event.kind === 'enrolled' || event.kind === 'noShow'
    const late = event.onDate > made.expiresOn || event.heardOn > made.reportBy
    if (uses && late && OPEN.includes(standing.state) && !stands.has(event.id)) {
      standing.effects.set(event.id, 'disputed')
      continue
    }
    standing.effects.set(event.id, apply(standing, event))
    standing.counted.push(event)
  }
  return standing
}

/** Take one event in: it moves the state where the graph has the move, and is noted where not. */
function apply(standing: Standing, { kind, onDate, valueMinor }: ReferralEvent): Effect {
  if (kind === 'recitalScheduled') {
    const came = standing.state === 'attended' || standing.state === 'enrolled'
    return came ? 'moved' : 'noted'
  }
  if (kind === 'void' || !GRAPH[standing.state].includes(kind)) return 'noted'
  standing.state = kind
  if (kind === 'attended') standing.attendedOn = onDate
  if (kind === 'noShow') standing.noShow = true
  if (kind === 'enrolled') {
    standing.attendedOn ??= onDate
    standing.enrolledOn = onDate
    standing.valueMinor = valueMinor
  }
  return 'moved'
}

/** The state on a date: a code that nobody used, and of which nobody told us in time, is expired. */
export function stateOfReferral(state: ReferralState, reportBy: string, date: string): ReferralState {
  return OPEN.includes(state) && state !== 'noShow' && reportBy < date ? 'expired' : state
}

/** How many days its partner is late with word, or 0. Word is owed while nobody knows whether the family came. */
export function daysSilent(
  referral: { state: ReferralState; statusDueOn: string | null; newsOn: string | null },
  dayOf: (date: string) => number,
  today: string,
): number {
  const waits = referral.state === 'accepted' || referral.state === 'booked'
  if (!waits || referral.statusDueOn === null) return 0
  return Math.max(0, dayOf(today) - dayOf(referral.statusDueOn))
}

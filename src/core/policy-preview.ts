/**
 * What a policy would change, found by deciding again: each recorded decision from just what it was made from, with
 * the catalogue as it was. Pure: the decisions and the catalogues come in.
 *
 * Each decision is taken by itself, with what had been said before it as it was. Affinity is known as far as the
 * decision asked for it then: a product that only the other policy would look at counts as not learned.
 */
import type { Capsule } from './capsule.ts'
import { momentAgain, toldAgain } from './capsule.ts'
import type { Catalogue } from './catalogue.ts'
import { NOTHING_LEARNED } from './learning.ts'
import type { Moment } from './moment.ts'
import type { Choice, Turn } from './off-policy.ts'
import type { Chance } from './recommend.ts'
import { chancesAt, recommend } from './recommend.ts'
import { dateOf } from './time.ts'

/** One policy's answer at one moment. */
export type Side = {
  offerId: string | null
  partner: boolean
  /** Money put another offer first. */
  moneyChangedOrder: boolean
  /** What a sale of it leaves us, in minor units; 0 in silence. */
  marginMinor: number
}

/** One recorded decision, decided again. */
export type Retried = {
  id: string
  siteId: string
  /** null: nobody was known. */
  customer: string | null
  /** The site's date. */
  date: string
  /** As it was recorded. */
  said: string | null
  continuity: 'new' | 'kept' | null
  propensity: number
  yes: 0 | 1
  holdout: boolean
  now: Side
  tried: Side
  /** What might have been said, by the policy it was recorded under, and by the one that is tried. */
  before: Choice[]
  after: Choice[]
}

/** What a record says of the decision itself. */
export type Recorded = { offerId: string | null; arm: string; propensity: number; yes: 0 | 1 }

/** Decide again. `own`: by the policy it was recorded under; `now`: by the one in force; `tried`: by the one to be tried. */
export function retried(
  capsule: Capsule,
  recorded: Recorded,
  catalogues: { own: Catalogue; now: Catalogue; tried: Catalogue },
): Retried {
  const learning = toldAgain(capsule.heard)
  const at = (catalogue: Catalogue) => {
    const moment = momentAgain(catalogue, capsule)
    return { moment, decision: recommend(moment, learning, capsule.id) }
  }
  const own = at(catalogues.own)
  const now = catalogues.now === catalogues.own ? own : at(catalogues.now)
  const tried = at(catalogues.tried)
  return {
    id: capsule.id,
    siteId: capsule.siteId,
    customer: capsule.person?.ref ?? null,
    date: dateOf(own.moment.today),
    said: recorded.offerId,
    continuity: own.decision.continuity,
    propensity: recorded.propensity,
    yes: recorded.yes,
    holdout: recorded.arm === 'holdout',
    now: sideOf(now.decision),
    tried: sideOf(tried.decision),
    before: choicesOf(chancesAt(own.moment, learning), own.moment),
    after: choicesOf(chancesAt(tried.moment, learning), tried.moment),
  }
}

function sideOf({ primary, withoutMoney, gated }: ReturnType<typeof recommend>): Side {
  return {
    offerId: primary?.listed.offer.id ?? null,
    partner: (primary?.listed.offer.partnerId ?? null) !== null,
    moneyChangedOrder:
      primary !== null && withoutMoney !== null && withoutMoney !== gated[0]!.listed.offer.id,
    marginMinor: primary?.listed.marginMinor ?? 0,
  }
}

const choicesOf = (chances: Chance[], { catalogue }: Moment): Choice[] =>
  chances.map(({ scored, chance }) => ({
    offerId: scored.listed.offer.id,
    chance,
    predicted: Math.max(1e-6, Math.min(1, catalogue.policy.acceptanceAtFit * scored.parts.fit)),
  }))

/** Counts of one site, or of all, as it is now and as it would be. */
export type Tally = {
  decisions: number
  speaks: [now: number, tried: number]
  partner: [now: number, tried: number]
  moneyChangedOrder: [now: number, tried: number]
  /** Of what is said: what a sale of each would leave, in minor units. Nothing is sold by being said. */
  marginMinor: [now: number, tried: number]
}

export type Move = { from: string | null; to: string | null; count: number; examples: string[] }

export type PolicyPreview = {
  decisions: number
  /** Decisions of customers in the holdout, who hear nothing by any policy: not among the others. */
  holdout: number
  all: Tally
  sites: Record<string, Tally>
  /** What changes, the most frequent first. */
  moves: Move[]
  otherMoves: number
  /** Customers who hear something now, and would hear nothing at any of these moments. */
  leftWithNothing: { customers: number; examples: string[] }
  /** Offers that are said now, and never would be. */
  silencedOffers: { offerId: string; said: number }[]
  /** Of what is said now, how much would not be said, nor anything in its place. */
  silenced: number
}

const MOST_MOVES = 40
const MOST_EXAMPLES = 3

const nothing = (): Tally => ({
  decisions: 0,
  speaks: [0, 0],
  partner: [0, 0],
  moneyChangedOrder: [0, 0],
  marginMinor: [0, 0],
})

function count(tally: Tally, { now, tried }: Retried): void {
  tally.decisions++
  for (const [at, side] of [now, tried].entries()) {
    if (side.offerId === null) continue
    tally.speaks[at]!++
    if (side.partner) tally.partner[at]!++
    if (side.moneyChangedOrder) tally.moneyChangedOrder[at]!++
    tally.marginMinor[at]! += side.marginMinor
  }
}

/** Sum up what decisions decided again have changed. */
export function policyPreview(retries: readonly Retried[]): PolicyPreview {
  const heard = retries.filter(({ holdout }) => !holdout)
  const all = nothing()
  const sites: Record<string, Tally> = {}
  const moves = new Map<string, Move>()
  const offers = new Map<string, { now: number; tried: number }>()
  const people = new Map<string, { now: boolean; tried: boolean; example: string }>()
  let silenced = 0
  for (const each of heard) {
    const from = each.now.offerId
    const to = each.tried.offerId
    count(all, each)
    count((sites[each.siteId] ??= nothing()), each)
    if (from !== null && to === null) silenced++
    for (const [offerId, side] of [
      [from, 'now'],
      [to, 'tried'],
    ] as const) {
      if (offerId === null) continue
      const said = offers.get(offerId) ?? { now: 0, tried: 0 }
      said[side]++
      offers.set(offerId, said)
    }
    if (each.customer !== null) {
      const person = people.get(each.customer) ?? { now: false, tried: false, example: '' }
      if (from !== null) {
        person.now = true
        person.example ||= each.id
      }
      if (to !== null) person.tried = true
      people.set(each.customer, person)
    }
    if (from === to) continue
    const key = `${from}→${to}`
    const move = moves.get(key) ?? { from, to, count: 0, examples: [] }
    move.count++
    if (move.examples.length < MOST_EXAMPLES) move.examples.push(each.id)
    moves.set(key, move)
  }
  const sorted = [...moves.values()].sort(
    (a, b) => b.count - a.count || (`${a.from}→${a.to}` < `${b.from}→${b.to}` ? -1 : 1),
  )
  const left = [...people.values()].filter((person) => person.now && !person.tried)
  return {
    decisions: heard.length,
    holdout: retries.length - heard.length,
    all,
    sites,
    moves: sorted.slice(0, MOST_MOVES),
    otherMoves: sorted.slice(MOST_MOVES).reduce((sum, { count }) => sum + count, 0),
    leftWithNothing: {
      customers: left.length,
      examples: left.slice(0, MOST_EXAMPLES).map(({ example }) => example),
    },
    silencedOffers: [...offers]
      .filter(([, said]) => said.now > 0 && said.tried === 0)
      .map(([offerId, said]) => ({ offerId, said: said.now }))
      .sort((a, b) => b.said - a.said || (a.offerId < b.offerId ? -1 : 1)),
    silenced,
  }
}

/**
 * The draws among decisions, for their value: what was newly answered, with what came of it there or in a repeat.
 * Repeats (kept answers, and the same answer again on the same day) are no draws of their own. In order of time.
 */
export function turnsOf(retries: readonly Retried[]): Turn[] {
  const turns: Turn[] = []
  const open = new Map<string, Turn>()
  for (const each of retries) {
    if (each.holdout) continue
    const { customer, said, before, after, propensity, yes } = each
    if (customer === null) {
      turns.push({ who: each.id, said, propensity, yes, before, after })
      continue
    }
    const kept = said === null ? undefined : open.get(`${customer}|${said}`)
    const today = open.get(`${customer}|${said}|${each.date}`)
    const same = each.continuity === 'kept' ? kept : today
    if (same !== undefined) {
      if (yes === 1) same.yes = 1
      continue
    }
    // Kept from before these decisions: no draw among them.
    if (each.continuity === 'kept') continue
    const turn: Turn = { who: customer, said, propensity, yes, before, after }
    turns.push(turn)
    open.set(`${customer}|${said}|${each.date}`, turn)
    if (said !== null) open.set(`${customer}|${said}`, turn)
  }
  return turns
}

/** Why a policy is not put in force; null when nothing speaks against it. `always`: whoever insists is refused as well. */
export type Refusal = { always: boolean; says: string } | null

/** So many recorded decisions that speak are enough to judge by alone. */
const ENOUGH = 20

/**
 * Whether a policy would silence the shop: all of what it says, or more than half. `probes`: see {@link probed}; where
 * few decisions are recorded, only a policy that silences these as well is refused for good.
 */
export function silencing(
  { decisions, silenced, all }: Pick<PolicyPreview, 'decisions' | 'silenced' | 'all'>,
  probes: { now: number; tried: number },
): Refusal {
  const [now, tried] = all.speaks
  const isMute = probes.now > 0 && probes.tried === 0
  if (now > 0 && tried === 0)
    return {
      always: isMute || now >= ENOUGH,
      says: `It would silence everything: of ${decisions} recorded decisions ${now} speak now, and none would.`,
    }
  if (now === 0 && isMute)
    return {
      always: true,
      says: `It would silence everything: of the live offers ${probes.now} are said to somebody who asks for just that, and none would be.`,
    }
  if (silenced * 2 > now)
    return {
      always: false,
      says: `It would silence more than half: of ${now} decisions that speak now ${silenced} would not.`,
    }
  return null
}

/**
 * How many live offers are said to somebody who is right for them: of their age, at home with us, and told us
 * yesterday of the goal. It shows what a policy leaves where nothing is recorded yet.
 */
export function probed(catalogue: Catalogue, siteId: string, nowMs: number, most = 60): number {
  const steady = { ...catalogue, policy: { ...catalogue.policy, silenceShare: 0 } }
  let said = 0
  for (const { offer } of catalogue.listed.filter((listed) => listed.offer.state === 'live').slice(0, most)) {
    const [goal] = Object.entries(offer.goals).sort((a, b) => b[1] - a[1])
    if (goal === undefined) continue
    const capsule = probeOf(offer.ageMinMonths ?? 60, goal[0], siteId, nowMs, offer.id)
    if (recommend(momentAgain(steady, capsule), NOTHING_LEARNED, capsule.id).primary !== null) said++
  }
  return said
}

const DAY_MS = 86_400_000

function probeOf(ageMonths: number, goal: string, siteId: string, nowMs: number, id: string): Capsule {
  const today = Math.floor(nowMs / DAY_MS)
  const born = new Date(nowMs)
  born.setUTCMonth(born.getUTCMonth() - ageMonths - 1)
  return {
    id: `probe:${id}`,
    siteId,
    touchpoint: 'till',
    nowMs,
    basket: [],
    unmatched: [],
    person: {
      ref: `probe:${id}`,
      holdout: false,
      consent: { personalise: 'granted', childProfile: 'granted' },
      birthMonths: [born.toISOString().slice(0, 7)],
      evidence: [
        {
          id: 'told',
          kind: 'told',
          goal,
          facet: null,
          weight: 0.9,
          halfLifeDays: 540,
          onDay: today - 1,
          aboutDay: null,
          speakable: true,
          words: null,
          staffId: null,
          offerId: null,
        },
      ],
      items: [],
      visits: [1, 2, 3, 4, 5].map((n) => today - 30 * n),
      orders: 9,
      usualMinor: 100_000_000,
      care: [],
      earlier: [],
    },
    heard: { affinity: {}, goesWith: null },
    currency: '',
    degraded: null,
    dataVersion: '0',
  }
}

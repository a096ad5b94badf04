/**
 * The gates: hard rules, before any taste. Each is a code, a predicate that refuses, and the sentence that
 * explains the refusal. They run in this order and the first that refuses is the reason given.
 */
import type { Catalogue, Listed, OpenSession } from './catalogue.ts'
import { placesLeft, termsFor } from './catalogue.ts'
import { isClosed } from './fact.ts'
import type { GoesWith } from './learning.ts'
import type { Moment } from './moment.ts'
import { reasonsFor } from './reason.ts'
import { dateOf, localDay, weekOf } from './time.ts'
import { inWindow } from './understand.ts'

/** What is weighed about one offer before the gates: its fit with the facet in it; for a product without goals, what it goes with. */
export type Weighed = { fit: number; goesWith: GoesWith | null }

export type Gate = {
  code: string
  group: 'eligible' | 'applicable' | 'suitable'
  says: string
  refuses(offer: Listed, moment: Moment, weighed: Weighed): boolean
}

const gate = (group: Gate['group'], code: string, says: string, refuses: Gate['refuses']): Gate => ({
  code,
  group,
  says,
  refuses,
})

const DAY_MS = 86_400_000

/** May we? */
const eligible = [
  gate('eligible', 'NOT_LIVE', 'The offer is not live.', ({ offer }) => offer.state !== 'live'),
  gate('eligible', 'ALLIANCE_NOT_LIVE', 'The alliance is not live on this date.', (listed, moment) => {
    if (listed.offer.partnerId === null) return false
    if (listed.alliance?.state !== 'live') return true
    const { date } = moment.facts
    const terms = termsFor(listed, date)
    return terms === null || (terms.endsOn !== null && date > terms.endsOn)
  }),
  gate('eligible', 'CHECK_EXPIRED', 'A check that must be valid has run out.', ({ checks }, { facts }) =>
    checks.some((c) => c.critical && c.validUntil !== null && c.validUntil < facts.date),
  ),
  gate('eligible', 'OTHER_SITE', 'It is not offered at this site.', ({ offer }, moment) =>
    offer.sites.length > 0 ? !offer.sites.includes(moment.siteId) : false,
  ),
  gate('eligible', 'OUT_OF_SEASON', 'It is out of season.', ({ monthMask, goalIndexes }, { facts }) =>
    monthMask === 0 || (monthMask & facts.monthMask) !== 0
      ? false
      : !goalIndexes.some((g) => facts.soonGoals.has(g)),
  ),
  gate(
    'eligible',
    'AGE',
    'Nobody here is of that age.',
    ({ offer }, moment) => !inWindow(moment.spans, offer.ageMinMonths, offer.ageMaxMonths),
  ),
  gate('eligible', 'CONSENT', 'She did not allow this channel.', (_, moment) =>
    moment.touchpoint === 'letter' ? moment.person?.consent.letter !== 'granted' : false,
  ),
  gate('eligible', 'TOLD_NO', 'She told us no.', ({ goalIndexes }, { wants }) =>
    goalIndexes.some((g) => wants.toldNo[g] === 1),
  ),
  gate('eligible', 'SENSITIVE', 'It serves a goal that only she may bring up.', ({ sensitive }, { wants }) =>
    sensitive.some((g) => wants.told[g] !== 1),
  ),
]

/** Does it make sense now? */
const applicable = [
  gate('applicable', 'BACK_STAGE', 'Back stage is not ready.', ({ checks }) =>
    checks.some((c) => c.critical && !c.ok),
  ),
  gate('applicable', 'NOT_BRIEFED', 'Staff here do not know the alliance’s words yet.', (listed, moment) => {
    if (listed.offer.partnerId === null) return false
    const version = listed.briefed.get(moment.siteId)
    return version === undefined || version < (termsFor(listed, moment.facts.date)?.briefFrom ?? 1)
  }),
  gate('applicable', 'ALLIANCE_FULL', 'The partner takes no more this week or month.', (listed, moment) =>
    isFull(listed, moment.facts.date),
  ),
  gate('applicable', 'NO_PLACES', 'No place is free.', (listed, moment) =>
    listed.offer.seated ? freeSessions(listed, moment).length === 0 : false,
  ),
  gate(
    'applicable',
    'OWNED',
    'She has it, or is in it already.',
    ({ offer, productIds }, { facts }) =>
      (facts.ownedOffers.size > 0 && facts.ownedOffers.has(offer.id)) ||
      (productIds.length > 0 && productIds.every((id) => facts.ownedProducts.has(id))),
  ),
  gate('applicable', 'IN_BASKET', 'It is in this basket.', ({ productIds }, { facts }) =>
    productIds.some((id) => facts.basketProducts.has(id)),
  ),
  gate('applicable', 'PREREQUISITE', 'A step before it is still to come.', ({ offer }, { events }) =>
    offer.requires.length > 0 ? !offer.requires.some((event) => events.has(event)) : false,
  ),
  gate('applicable', 'STAGE', 'It does not fit a first or a later sale.', ({ offer }, { saleKind }) =>
    offer.stage === 'both' ? false : (saleKind === 'back') !== (offer.stage === 'back'),
  ),
]

/** Is it kind? */
const suitable = [
  gate('suitable', 'FIT_FLOOR', 'It does not fit well enough.', (_, { catalogue }, { fit, goesWith }) =>
    goesWith === null
      ? fit < catalogue.policy.fitFloor
      : goesWith.affinity < catalogue.policy.goesWithFloor ||
        goesWith.orders < catalogue.policy.goesWithOrders,
  ),
  gate('suitable', 'TRUST', 'It asks for more than we have earned.', ({ offer }, moment) => {
    const firstVisit = moment.person === null || moment.person.orders === 0
    if (firstVisit && offer.commitment !== 'free' && offer.commitment !== 'low') return true
    return offer.minRelationship > moment.facts.relationship
  }),
  gate(
    'suitable',
    'RESTING',
    'It, its partner or its goal rests after a decline.',
    ({ offer }, { facts }) => facts.resting.size > 0 && facts.resting.has(offer.id),
  ),
  gate(
    'suitable',
    'SAME_OFFER',
    'The same was said lately.',
    ({ offer }, { facts }) => facts.saidLately.size > 0 && facts.saidLately.has(offer.id),
  ),
  gate('suitable', 'QUIET', 'Something else was said lately.', ({ offer }, moment) => {
    const { lastSaid, catalogue, nowMs } = moment
    if (lastSaid === null || nowMs - lastSaid.ms >= catalogue.policy.quietDays * DAY_MS) return false
    return lastSaid.offerId !== offer.id || isClosed(moment.person!.earlier, offer.id)
  }),
  gate(
    'suitable',
    'CARE',
    'A complaint or a promise is open: we care and do not sell.',
    (_, { careNow }) => careNow !== null,
  ),
  gate('suitable', 'COMMITMENT', 'It costs more than twice the usual basket.', ({ offer }, moment) => {
    const usual =
      moment.person !== null && moment.person.orders > 0 ? moment.person.usualMinor : moment.basketMinor
    return offer.priceMinor > 0 && offer.priceMinor > moment.catalogue.policy.basketTimes * usual
  }),
  gate('suitable', 'NOTHING_TO_SAY', 'No reason for it may be said aloud.', (listed, moment, { goesWith }) =>
    goesWith === null
      ? !listed.goalIndexes.some((g) => moment.facts.sayable[g] === 1)
      : reasonsFor(listed, moment, goesWith).length === 0,
  ),
]

/** Whether the partner has had as many introductions this week or month as the terms say it can take. */
export function isFull(listed: Pick<Listed, 'alliance' | 'versions'>, date: string): boolean {
  const terms = termsFor(listed, date)
  if (listed.alliance === null || terms === null) return false
  const { perWeek, perMonth } = terms.record
  if (perWeek === null && perMonth === null) return false
  const { load } = listed.alliance
  const within = (from: string, to: string) => {
    let n = 0
    for (const day in load) if (day >= from && day <= to) n += load[day]!
    return n
  }
  const [monday, sunday] = weekOf(date)
  const month = date.slice(0, 7)
  return (
    (perWeek !== null && within(monday, sunday) >= perWeek) ||
    (perMonth !== null && within(`${month}-01`, `${month}-31`) >= perMonth)
  )
}

/** Every gate, in order. */
export const GATES: readonly Gate[] = [...eligible, ...applicable, ...suitable]

/** The first gate that refuses an offer, or null when all let it through. */
export function refusalOf(offer: Listed, moment: Moment, weighed: Weighed): Gate | null {
  for (const each of GATES) if (each.refuses(offer, moment, weighed)) return each
  return null
}

/** Gates that look at the shop, the day, and whether it is a first or a later sale, but not at who is here. */
const DAILY = GATES.filter(({ code }) =>
  [
    'NOT_LIVE',
    'ALLIANCE_NOT_LIVE',
    'CHECK_EXPIRED',
    'OTHER_SITE',
    'BACK_STAGE',
    'NOT_BRIEFED',
    'STAGE',
  ].includes(code),
)
const SEASON = GATES.filter(({ code }) => code === 'OUT_OF_SEASON')
const PERSONAL = GATES.filter((each) => !DAILY.includes(each))

/** The offers that no gate of the day refuses, by index. Found once a day and kind of moment, and kept with the catalogue. */
export function openOffers(moment: Moment): Int32Array {
  const { catalogue, facts, siteId, saleKind } = moment
  const { openByDay } = catalogue
  // A day that she named can open an offer out of its season.
  const gates = facts.soonGoals.size > 0 ? DAILY : [...DAILY, ...SEASON]
  const key = `${siteId}|${facts.date}|${saleKind}|${gates.length}`
  let open = openByDay.get(key)
  if (!open) {
    const weighed = { fit: 1, goesWith: null }
    open = Int32Array.from(
      catalogue.listed.filter((listed) => !gates.some((each) => each.refuses(listed, moment, weighed))),
      (listed) => listed.index,
    )
    if (openByDay.size >= 100) openByDay.clear()
    openByDay.set(key, open)
  }
  return open
}

/** What may be said at all: anything (null), one offer alone, or nothing (''), by the gates that look at the moment first. */
export function onlyOffer({
  careNow,
  touchpoint,
  person,
  lastSaid,
  nowMs,
  catalogue,
}: Moment): string | null {
  if (careNow !== null) return ''
  if (touchpoint === 'letter' && person?.consent.letter !== 'granted') return ''
  const isQuiet = lastSaid !== null && nowMs - lastSaid.ms < catalogue.policy.quietDays * DAY_MS
  return isQuiet ? lastSaid.offerId : null
}

/**
 * Whether an offer is of the ages here and something may be said for it: the two gates that refuse most of what
 * fits, asked of columns, so that what they refuse is never looked at.
 */
export function isNear({ catalogue, spans, facts }: Moment, index: number): boolean {
  const from = catalogue.columns.from[index]!
  const to = catalogue.columns.to[index]!
  let near = from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY
  for (let at = 0; at < spans.length && !near; at++) near = spans[at]![1] >= from && spans[at]![0] <= to
  if (!near) return false
  const { start, goalOf } = catalogue
  for (let k = start[index]!; k < start[index + 1]!; k++) if (facts.sayable[goalOf[k]!] === 1) return true
  return false
}

/** Whether an offer that is open today passes the gates that are about her; of products, which no day closes, all that is left. */
export function passes(offer: Listed, moment: Moment, weighed: Weighed): boolean {
  for (const each of PERSONAL) if (each.refuses(offer, moment, weighed)) return false
  return true
}

/** Sessions to come with a free place, at this site or at the partner's, of the facet she named; soonest first. */
export function freeSessions({ sessions, offer, goalIndexes }: Listed, moment: Moment): OpenSession[] {
  if (sessions.length === 0) return []
  const { facets } = moment.wants
  const named =
    facets.size === 0
      ? []
      : goalIndexes.flatMap((g) => [...(facets.get(g) ?? [])]).filter((f) => offer.facets.includes(f))
  return sessions.filter(
    (session) =>
      session.startsMs > moment.nowMs &&
      (session.siteId === null || session.siteId === moment.siteId) &&
      (session.facet === null || named.length === 0 || named.includes(session.facet)) &&
      placesLeft(session, moment.nowMs) > 0,
  )
}

/** Gates that ask whether the shop can keep the promise, whoever is here. */
const READINESS = GATES.filter(({ code }) =>
  [
    'NOT_LIVE',
    'ALLIANCE_NOT_LIVE',
    'CHECK_EXPIRED',
    'OTHER_SITE',
    'BACK_STAGE',
    'NOT_BRIEFED',
    'ALLIANCE_FULL',
    'NO_PLACES',
  ].includes(code),
)

/** The first gate that keeps an offer from being made at a site at an instant, whoever asks; null when it is ready. */
export function readinessRefusal(
  listed: Listed,
  catalogue: Catalogue,
  siteId: string,
  nowMs: number,
): Gate | null {
  const today = localDay(nowMs, catalogue.sites.get(siteId)?.timeZone ?? 'UTC')
  // Nobody in particular is here: these gates look at the shop, the day and the places only.
  const moment = {
    catalogue,
    siteId,
    nowMs,
    today,
    facts: { date: dateOf(today) },
    wants: { facets: new Map() },
  } as unknown as Moment
  const weighed = { fit: 1, goesWith: null }
  return READINESS.find((each) => each.refuses(listed, moment, weighed)) ?? null
}

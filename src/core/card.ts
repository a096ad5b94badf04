/** A customer's card for staff: what she said and did, the next step, one question, one thing to avoid. No scores, no guesses, no money. */
import type { Answer } from './answer.ts'
import type { Held, HeldLine } from './held.ts'
import { DECLINES, dayWords, goalWords, knownOf, linesOf, purchaseWords } from './held.ts'
import type { Moment } from './moment.ts'
import type { Level } from './relationship.ts'
import { RELATIONSHIPS, relationshipHistory, relationshipOf } from './relationship.ts'
import { dateOf, localDay } from './time.ts'

/** Lines of each kind that a glance takes in. */
const MOST = { told: 8, did: 8, visits: 4 } as const

export type Avoid = { code: 'CARE' | 'TOLD_NO' | 'RESTING' | 'QUIET'; says: string }

export type Card = {
  ref: string
  /** false: she did not allow that we know her, and nothing else stands on the card. */
  known: boolean
  firstName: string | null
  /** Who of the staff knows her. */
  knownBy: string | null
  relationship: {
    level: Level
    name: (typeof RELATIONSHIPS)[number]
    because: string
    since: string | null
    history: { on: string; level: Level; name: (typeof RELATIONSHIPS)[number]; because: string }[]
  } | null
  /** `offered`: what only she may bring up she did bring up, and the next step follows from it. */
  told: { on: string; says: string; delicate: boolean; offered: boolean }[]
  did: { on: string; says: string }[]
  next: {
    offerId: string
    headline: string
    opener: string
    line: string
    disclosure: string
    reasons: string[]
    /** What it follows from; null where it follows from nothing she did. */
    follows: string | null
    /** It was offered before and is still open. */
    open: boolean
  } | null
  ask: { goal: string; question: string } | null
  avoid: Avoid | null
}

/** The card of somebody who did not allow that we know her. */
export function blankCard(ref: string): Card {
  return {
    ref,
    known: false,
    firstName: null,
    knownBy: null,
    relationship: null,
    told: [],
    did: [],
    next: null,
    ask: null,
    avoid: null,
  }
}

/**
 * The card. `moment` and `answer` are what a till would be told just now, so that a customer who is kept silent by
 * draw has no next step here either: the card would otherwise spoil what is measured.
 */
export function cardOf(held: Held, moment: Moment, answer: Answer): Card {
  const { catalogue } = moment
  const { customer } = held
  const today = moment.facts.date
  const known = knownOf(held, moment.today)
  const { level, name, because, since } = relationshipOf(known)
  const told = linesOf(catalogue, held.evidence, 'she', today, 'said')
    .filter(isHers(held))
    .filter((line) => stands(line, moment))
  const next = nextOf(moment, answer)
  const nextGoals = new Set(
    catalogue.listedById.get(next?.offerId ?? '')?.goalIndexes.map((g) => catalogue.goals[g]!.slug),
  )
  return {
    ref: customer.ref,
    known: true,
    firstName: customer.firstName,
    knownBy: customer.staffId === null ? null : (catalogue.staff.get(customer.staffId)?.name ?? null),
    relationship: {
      level,
      name,
      because,
      since: since === null ? null : dateOf(since),
      history: relationshipHistory(known)
        .reverse()
        .map((step) => ({ ...step, on: dateOf(step.on), name: RELATIONSHIPS[step.level] })),
    },
    told: told.slice(0, MOST.told).map(({ on, says, delicate, kind, goals }) => ({
      on,
      says,
      delicate,
      offered: delicate && !NOES.has(kind) && goals.some((slug) => nextGoals.has(slug)),
    })),
    did: didOf(held, moment),
    next,
    ask: answer.ask && { goal: answer.ask.goal, question: answer.ask.question },
    avoid: avoidOf(held, moment, answer),
  }
}

/** Only what she said: what staff saw, and what was noted for a question, is not hers. */
const isHers =
  ({ evidence }: Held) =>
  ({ kind, eventId }: HeldLine) =>
    kind !== 'noticed' || evidence.some((line) => line.id.split('#')[0] === eventId && line.speakable === 1)

const NOES: ReadonlySet<HeldLine['kind']> = new Set(['toldNo', 'declined'])

/** Whether a line is still her word: no wish that she took back by a no, nor a no that she took back by a wish. */
function stands({ kind, goals }: HeldLine, { catalogue, wants }: Moment): boolean {
  if (kind === 'declined') return true
  const refused = goals.map((slug) => wants.toldNo[catalogue.goalIndex.get(slug) ?? -1])
  return kind === 'toldNo' ? refused.some((no) => no !== 0) : refused.some((no) => no !== 1)
}

function didOf(held: Held, { catalogue, siteId, facts: { date: today } }: Moment): Card['did'] {
  const dateAt = (soldAt: string, site: string) =>
    dateOf(localDay(Date.parse(soldAt), (catalogue.sites.get(site) ?? catalogue.sites.get(siteId)!).timeZone))
  const visits = held.purchases
    .filter(({ voided }) => voided === 0)
    .slice(0, MOST.visits)
    .map((purchase) => {
      const on = dateAt(purchase.soldAt, purchase.siteId)
      return { on, says: purchaseWords(purchase, 'she', on, today) }
    })
  const events = linesOf(catalogue, held.evidence, 'she', today, 'did').map(({ on, says }) => ({ on, says }))
  return [...events, ...visits].sort((a, b) => (a.on < b.on ? 1 : -1)).slice(0, MOST.did)
}

/** What may be offered now, with what it follows from, where a link from something of hers leads to it. */
function nextOf({ catalogue, facts, events, person }: Moment, { primary, continuity }: Answer): Card['next'] {
  if (primary === null) return null
  const listed = catalogue.listedById.get(primary.offerId)
  const owned = new Set(
    person?.items.flatMap(({ productId }) => catalogue.offersOfProduct.get(productId) ?? []),
  )
  const link =
    listed && facts.openSteps.has(listed.index)
      ? listed.after.find(
          (each) => events.has(`${each.trigger}:${each.fromOffer}`) || owned.has(each.fromOffer),
        )
      : undefined
  const { opener, line, disclosure } = primary.say
  return {
    offerId: primary.offerId,
    headline: primary.headline,
    opener,
    line,
    disclosure,
    reasons: primary.reasons.map(({ text }) => text),
    follows: link?.says ?? null,
    open: continuity === 'kept',
  }
}

const DAY_MS = 86_400_000

/** The one thing to avoid that matters most: an open promise, then her no, then what rests, then the quiet after a suggestion. */
function avoidOf(held: Held, moment: Moment, answer: Answer): Avoid | null {
  const { catalogue, facts, wants, lastSaid, nowMs, siteId } = moment
  const { timeZone } = catalogue.sites.get(siteId)!
  if (answer.care !== null) return { code: 'CARE', says: `Do not sell today. ${answer.care.line}` }
  const said = linesOf(catalogue, held.evidence, 'she', facts.date, 'said')
  const no = said.find(
    ({ kind, goals }) =>
      kind === 'toldNo' && goals.some((g) => wants.toldNo[catalogue.goalIndex.get(g) ?? -1] === 1),
  )
  if (no)
    return { code: 'TOLD_NO', says: `Do not bring up ${goalWords(catalogue, no.goals[0]!)}. ${no.says}` }
  const declined = held.evidence.find(
    ({ kind, offerId }) => kind === 'declined' && offerId !== null && facts.resting.has(offerId),
  )
  if (declined) {
    const headline = catalogue.listedById.get(declined.offerId!)?.offer.headline
    const why = DECLINES[declined.words ?? 'notNow'] ?? 'no'
    return {
      code: 'RESTING',
      says: `Leave ${headline ? `“${headline}”` : 'what she refused'} for now: she said “${why}” on ${dayWords(declined.onDate, facts.date)}.`,
    }
  }
  if (lastSaid !== null && nowMs - lastSaid.ms < catalogue.policy.quietDays * DAY_MS) {
    const headline = catalogue.listedById.get(lastSaid.offerId)?.offer.headline
    const day = (ms: number) => dayWords(dateOf(localDay(ms, timeZone)), facts.date)
    const until = day(lastSaid.ms + catalogue.policy.quietDays * DAY_MS)
    return {
      code: 'QUIET',
      says: `Bring up nothing new before ${until}${answer.ask ? '; one question is still welcome' : ''}. We suggested ${headline ? `“${headline}”` : 'something'} on ${day(lastSaid.ms)}.`,
    }
  }
  return null
}

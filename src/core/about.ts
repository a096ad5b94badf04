/** "What do you know about us?": everything that we hold of a customer, in sentences to her, and beside them the same as data. */
import type { Catalogue } from './catalogue.ts'
import type { Guess, Held } from './held.ts'
import {
  consentOf,
  dayWords,
  goalWords,
  guessesOf,
  isDelicate,
  knownOf,
  linesOf,
  purchaseWords,
  toHer,
} from './held.ts'
import type { RELATIONSHIPS } from './relationship.ts'
import { relationshipOf } from './relationship.ts'
import { dateOf, localDay } from './time.ts'

/** What she may allow, in the order in which one would ask. */
export const PURPOSES = ['personalise', 'childProfile', 'letter', 'sharePartner', 'allSites'] as const
export type Purpose = (typeof PURPOSES)[number]

/** What can be forgotten by itself. */
export const FORGETTABLE = ['name', 'child', 'told', 'did', 'guess', 'care', 'poll'] as const

type Says<More> = More & { says: string }

export type About = {
  ref: string
  site: string
  firstName: string | null
  knownBy: string | null
  joinedOn: string
  /** Whether we may use any of it: the consent to remember her. */
  mayUse: boolean
  children: Says<{ id: string; birthMonth: string }>[]
  told: Says<{
    id: string
    kind: string
    on: string
    goals: string[]
    facet: string | null
    words: string | null
    staff: string | null
    about: string | null
  }>[]
  did: Says<{
    id: string
    kind: string
    on: string
    offer: string | null
    goals: string[]
    about: string | null
  }>[]
  guesses: Guess[]
  bought: Says<{
    id: string
    on: string
    site: string
    currency: string
    totalMinor: number
    voided: boolean
    lines: { name: string; quantity: number; unitPriceMinor: number; gift: boolean }[]
  }>[]
  consents: Says<{
    purpose: Purpose
    decision: 'granted' | 'withdrawn' | 'objected' | null
    since: string | null
    history: { decision: string; at: string; channel: string; source: string; wording: string }[]
  }>[]
  care: Says<{
    id: string
    kind: string
    what: string
    promise: string | null
    openedOn: string
    dueOn: string | null
    closedOn: string | null
  }>[]
  polls: Says<{ id: string; question: string; answer: string; on: string }>[]
  suggested: Says<{ on: string; touchpoint: string; offer: string | null; outcome: string | null }>[]
  introductions: Says<{ code: string; offer: string; partner: string | null; state: string; on: string }>[]
  places: Says<{ offer: string; startsAt: string; place: string; state: string }>[]
  relationship: { name: (typeof RELATIONSHIPS)[number]; since: string | null; says: string }
}

const PURPOSE_WORDS: Record<Purpose, string> = {
  personalise: 'We may remember you, so that what we suggest fits you.',
  childProfile:
    'We may use the birth months of your children, so that we suggest nothing too young or too old.',
  letter: 'We may write you a letter.',
  sharePartner: 'When you say yes to something at a partner of ours, we may tell them that you are coming.',
  allSites: 'All of our shops may know you, not only this one.',
}

const OUTCOMES: Record<string, string> = {
  said: '',
  askedMore: ' You asked to know more.',
  accepted: ' You said yes.',
  booked: ' You took a place.',
  declined: ' You said no.',
  wrong: ' You said that it was wrong.',
}

const STATES: Record<string, string> = {
  offered: 'we gave you its code',
  accepted: 'you said yes',
  booked: 'a place was booked',
  attended: 'you went',
  enrolled: 'you joined',
  declined: 'you said no',
  noShow: 'you did not go',
  expired: 'the code ran out',
  withdrawn: 'it was taken back',
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)

/** Everything on record, as she may read it. What is measured, scored or drawn by lot is not of her and not in it. */
export function aboutOf(catalogue: Catalogue, held: Held, nowMs: number): About {
  const { customer } = held
  const site = catalogue.sites.get(customer.siteId)
  const dayAt = (instant: string, siteId = customer.siteId) =>
    dateOf(localDay(Date.parse(instant), catalogue.sites.get(siteId)?.timeZone ?? 'UTC'))
  const day = localDay(nowMs, site?.timeZone ?? 'UTC')
  const today = dateOf(day)
  const staffName = (id: string | null) => (id === null ? null : (catalogue.staff.get(id)?.name ?? null))
  const headline = (id: string | null) =>
    id === null ? null : (catalogue.listedById.get(id)?.offer.headline ?? null)
  const offerWords = (id: string | null) =>
    headline(id) === null ? 'something of ours' : `“${headline(id)}”`
  const first = new Map(held.evidence.map((line) => [line.id.split('#')[0]!, line]))
  const relationship = relationshipOf(knownOf(held, day))
  return {
    ref: customer.ref,
    site: site?.name ?? customer.siteId,
    firstName: customer.firstName,
    knownBy: staffName(customer.staffId),
    joinedOn: customer.joinedOn,
    mayUse: consentOf(held.consents, 'personalise')?.decision === 'granted',
    children: held.children.map(({ id, birthMonth }) => ({
      id: ownId(customer.ref, id),
      birthMonth,
      says: `You have a child born in ${MONTHS[+birthMonth.slice(5, 7) - 1]} ${birthMonth.slice(0, 4)}.`,
    })),
    told: linesOf(catalogue, held.evidence, 'you', today, 'said').map(
      ({ eventId, kind, goals, on, says }) => {
        const { facet, words, staffId, aboutDate } = first.get(eventId)!
        return {
          id: eventId,
          kind,
          on,
          goals,
          facet,
          words: kind === 'declined' ? null : words,
          staff: staffName(staffId),
          about: aboutDate,
          // A note says what she said, and not how we understood it: she can only correct what she sees.
          says:
            words !== null && (kind === 'told' || kind === 'noticed')
              ? `${says} We filed it under: ${goals.map((goal) => goalWords(catalogue, goal)).join(', ')}.`
              : says,
        }
      },
    ),
    did: linesOf(catalogue, held.evidence, 'you', today, 'did').map(({ eventId, kind, goals, on, says }) => {
      const { offerId, aboutDate } = first.get(eventId)!
      return { id: eventId, kind, on, offer: headline(offerId), goals, about: aboutDate, says }
    }),
    guesses: guessesOf(catalogue, held, today),
    bought: held.purchases.map((purchase) => {
      const on = dayAt(purchase.soldAt, purchase.siteId)
      return {
        id: purchase.id,
        on,
        site: catalogue.sites.get(purchase.siteId)?.name ?? purchase.siteId,
        currency: purchase.currency,
        totalMinor: purchase.totalMinor,
        voided: purchase.voided === 1,
        lines: purchase.lines.map(({ name, quantity, unitPriceMinor, gift }) => ({
          name,
          quantity,
          unitPriceMinor,
          gift: gift === 1,
        })),
        says: purchaseWords(purchase, 'you', on, today),
      }
    }),
    consents: PURPOSES.map((purpose) => {
      const now = consentOf(held.consents, purpose)
      return {
        purpose,
        decision: now?.decision ?? null,
        since: now === null ? null : dayAt(now.at),
        history: held.consents
          .filter((each) => each.purpose === purpose)
          .map(({ decision, at, channel, source, wording }) => ({ decision, at, channel, source, wording })),
        says: PURPOSE_WORDS[purpose],
      }
    }),
    care: held.care.map(({ id, kind, what, promise, promisedBy, openedOn, dueOn, closedOn }) => ({
      id: ownId(customer.ref, id),
      kind,
      what,
      promise,
      openedOn,
      dueOn,
      closedOn,
      says: `${kind === 'complaint' ? 'Something was wrong with' : 'We promised you something about'} the ${what}, on ${dayWords(openedOn, today)}.${
        promise === null ? '' : ` ${staffName(promisedBy) ?? 'We'} promised: ${promise}.`
      }${closedOn === null ? '' : ` It was settled on ${dayWords(closedOn, today)}.`}`,
    })),
    polls: held.polls.map(({ pollId, question, answer, at }) => {
      const on = dayAt(at)
      return {
        id: pollId,
        question,
        answer,
        on,
        says: `We asked many: “${question}” You answered ${answer} on ${dayWords(on, today)}.`,
      }
    }),
    suggested: suggestedOf(catalogue, held, today, dayAt),
    introductions: held.introductions.map(({ code, offerId, partnerId, state, madeOn }) => {
      const partner = catalogue.listedById.get(offerId)?.partner?.name ?? partnerId
      return {
        code,
        offer: headline(offerId) ?? offerId,
        partner,
        state,
        on: madeOn,
        says: `On ${dayWords(madeOn, today)} we introduced you to ${partner ?? 'our own desk'} for ${offerWords(offerId)}: ${STATES[state] ?? state}.`,
      }
    }),
    places: held.places.map(({ offerId, startsAt, place, state }) => ({
      offer: headline(offerId) ?? offerId,
      startsAt,
      place,
      state,
      says: `${state === 'waiting' ? 'You wait for a place' : state === 'held' ? 'A place is kept for you' : 'You have a place'}: ${offerWords(offerId)}, ${dayWords(startsAt.slice(0, 10), today)}, ${place}.`,
    })),
    relationship: {
      name: relationship.name,
      since: relationship.since === null ? null : dateOf(relationship.since),
      says: toHer(relationship.because),
    },
  }
}

/**
 * What was suggested to her, newest first; what was repeated on one day is one line, which says how far it came.
 * A suggestion names what it rested on: where that was forgotten, or only she may tell it and no word of hers
 * stands for it any more, it has no name.
 */
function suggestedOf(
  catalogue: Catalogue,
  { suggestions, evidence }: Held,
  today: string,
  dayAt: (instant: string) => string,
): About['suggested'] {
  const spoken = new Set(
    evidence.flatMap(({ kind, goal }) => (kind === 'told' || kind === 'answered' ? [goal] : [])),
  )
  const isUntold = (goal: string) => isDelicate(catalogue, goal) && !spoken.has(goal)
  const lines = new Map<string, About['suggested'][number] & { far: number }>()
  for (const { at, touchpoint, offerId, askedGoal, saidAt, outcome, erased } of suggestions) {
    const listed = offerId === null ? undefined : catalogue.listedById.get(offerId)
    const nameless =
      erased === 1 ||
      (askedGoal !== null && offerId === null && isUntold(askedGoal)) ||
      listed?.sensitive.some((goal) => isUntold(catalogue.goals[goal]!.slug)) === true
    const on = dayAt(saidAt ?? at)
    const day = dayWords(on, today)
    const what = nameless ? 'something' : listed ? `“${listed.offer.headline}”` : 'something of ours'
    const says =
      offerId === null
        ? `On ${day} we had a question for you${nameless ? '' : `, about ${goalWords(catalogue, askedGoal!)}`}.`
        : saidAt === null
          ? `On ${day} we thought of suggesting ${what}. We do not know whether anybody said it.`
          : `On ${day} we suggested ${what}.${OUTCOMES[outcome ?? 'said'] ?? ''}`
    const far = saidAt === null ? 0 : outcome === null || outcome === 'said' ? 1 : 2
    const key = JSON.stringify([
      on,
      offerId === null ? 'question' : 'offer',
      nameless || (offerId ?? askedGoal),
    ])
    const before = lines.get(key)
    if (before && before.far >= far) continue
    const offer = nameless ? null : (listed?.offer.headline ?? offerId)
    lines.set(key, { on, touchpoint, offer, outcome, says, far })
  }
  return [...lines.values()].map(({ far: _far, ...line }) => line)
}

/**
 * What she told us as it stands: without what she said before of goals on which she has since said the opposite.
 * Lines are newest first. What staff noticed is no word of hers and never takes the place of one.
 */
export function lastWords(told: About['told']): About['told'] {
  const last = new Map<string, 'no' | 'wish'>()
  return told.filter(({ kind, goals }) => {
    if (kind === 'declined') return true
    const word = kind === 'toldNo' ? 'no' : 'wish'
    const stands = goals.some((goal) => (last.get(goal) ?? word) === word)
    if (kind !== 'noticed') for (const goal of goals) if (!last.has(goal)) last.set(goal, word)
    return stands
  })
}

/** The shop's own id of a thing: what is kept has the customer's reference before it. */
export const ownId = (ref: string, id: string): string =>
  id.startsWith(`${ref}/`) ? id.slice(ref.length + 1) : id

/** What we hold of a customer, in plain sentences: to staff about her (`she`), or to herself (`you`). */
import type { Catalogue } from './catalogue.ts'
import { SAID } from './event.ts'
import { plainName } from './offer.ts'
import { dayOf, spokenDate } from './time.ts'
import type { EvidenceKind } from './understand.ts'
import { decayed, noisyOr } from './understand.ts'

/** A line of evidence as it is on record; dates are the site's. */
export type HeldEvidence = {
  id: string
  kind: EvidenceKind
  goal: string
  facet: string | null
  offerId: string | null
  purchaseId: string | null
  weight: number
  halfLifeDays: number
  speakable: number
  words: string | null
  staffId: string | null
  onDate: string
  aboutDate: string | null
}

export type HeldPurchase = {
  id: string
  soldAt: string
  siteId: string
  currency: string
  totalMinor: number
  voided: number
  lines: { n: number; name: string; quantity: number; unitPriceMinor: number; gift: number }[]
}

/** Everything that is on record about one customer. Nothing of it is erased or retracted; lists are newest first. */
export type Held = {
  customer: {
    ref: string
    siteId: string
    firstName: string | null
    staffId: string | null
    joinedOn: string
  }
  children: { id: string; birthMonth: string }[]
  consents: {
    purpose: string
    decision: 'granted' | 'withdrawn' | 'objected'
    channel: string
    source: string
    wording: string
    at: string
  }[]
  evidence: HeldEvidence[]
  purchases: HeldPurchase[]
  care: {
    id: string
    kind: 'complaint' | 'promise'
    what: string
    promise: string | null
    promisedBy: string | null
    dueOn: string | null
    openedOn: string
    closedOn: string | null
  }[]
  polls: {
    pollId: string
    question: string
    answer: 'yes' | 'maybe' | 'no'
    touchpoint: string
    at: string
  }[]
  introductions: { code: string; offerId: string; partnerId: string | null; state: string; madeOn: string }[]
  places: { offerId: string; startsAt: string; place: string; state: 'held' | 'confirmed' | 'waiting' }[]
  suggestions: {
    at: string
    touchpoint: string
    offerId: string | null
    askedGoal: string | null
    saidAt: string | null
    outcome: string | null
    /** 1: something that it rested on was forgotten, so that it is not called by its name any more. */
    erased: number
  }[]
}

/** To whom a sentence is said: about her to staff, or to herself. */
export type Voice = 'she' | 'you'

/** One thing she said or did, as a sentence. An event that speaks for several goals is one line. */
export type HeldLine = {
  eventId: string
  kind: EvidenceKind
  goals: string[]
  on: string
  says: string
  /** It is about something that only she may bring up. */
  delicate: boolean
}

type Known = Pick<Catalogue, 'goals' | 'goalIndex' | 'staff' | 'listedById'>

/** What she said with her own words or by an answer; and what she did. Purchases stand for themselves. */
const SPOKEN: ReadonlySet<EvidenceKind> = new Set(['told', 'answered', 'noticed', 'toldNo', 'declined'])

/** A goal as one says it within a sentence: `swimming confidence`. */
export function goalWords({ goals, goalIndex }: Known, slug: string): string {
  const name = goals[goalIndex.get(slug) ?? -1]?.name ?? slug
  return name.charAt(0).toLowerCase() + name.slice(1)
}

export const isDelicate = ({ goals, goalIndex }: Known, slug: string) =>
  goals[goalIndex.get(slug) ?? -1]?.toldOnly === true

/** `7 February`, with its year where that is not this one. */
export function dayWords(date: string, today: string): string {
  const year = date.slice(0, 4)
  return year === today.slice(0, 4) ? spokenDate(date) : `${spokenDate(date)} ${year}`
}

/** A sentence has an end. */
const ended = (words: string) => (/[.!?…]$/.test(words) ? words : `${words}.`)

/** How she said no, by its reason. */
export const DECLINES: Record<string, string> = {
  notNow: 'not now',
  notForUs: 'not for us',
  haveIt: 'we have it',
  wrong: 'that is wrong',
}

/** What she said, or did (never what she bought): one line for each event, in the order given. */
export function linesOf(
  catalogue: Known,
  evidence: readonly HeldEvidence[],
  voice: Voice,
  today: string,
  which: 'said' | 'did',
): HeldLine[] {
  const events = new Map<string, HeldEvidence[]>()
  for (const line of evidence) {
    if (line.kind === 'bought' || SPOKEN.has(line.kind) !== (which === 'said')) continue
    const eventId = line.id.split('#')[0]!
    const event = events.get(eventId)
    if (event) event.push(line)
    else events.set(eventId, [line])
  }
  return [...events].map(([eventId, lines]) => ({
    eventId,
    kind: lines[0]!.kind,
    goals: lines.map(({ goal }) => goal),
    on: lines[0]!.onDate,
    says: sentenceOf(catalogue, lines[0]!, voice, today),
    delicate: lines.some(({ goal }) => isDelicate(catalogue, goal)),
  }))
}

function sentenceOf(catalogue: Known, line: HeldEvidence, voice: Voice, today: string): string {
  const who = voice === 'you' ? 'You' : 'She'
  const on = dayWords(line.onDate, today)
  const staff = line.staffId === null ? undefined : catalogue.staff.get(line.staffId)?.name
  const about = goalWords(catalogue, line.goal)
  const headline = line.offerId === null ? null : catalogue.listedById.get(line.offerId)?.offer.headline
  const offer = headline ? `“${headline}”` : 'something of ours'
  // To staff, what only she may bring up is named and not repeated in her words; she herself sees all.
  const words = voice === 'she' && isDelicate(catalogue, line.goal) ? null : line.words
  const told = words
    ? `${who} told ${staff ?? 'us'} on ${on}: ${ended(words)}`
    : `${who} told ${staff ?? 'us'} on ${on} about ${about}.`
  switch (line.kind) {
    case 'told':
      return told
    case 'answered': {
      const yes = line.weight < SAID.answeredYes.weight ? 'maybe' : 'yes'
      return `${who} said ${yes} to ${about} when ${staff ?? 'we'} asked on ${on}.`
    }
    case 'noticed':
      if (line.speakable === 1) return told
      return words
        ? `${staff ?? 'We'} noted on ${on}: ${ended(words)}`
        : `${staff ?? 'We'} noted something about ${about} on ${on}.`
    case 'toldNo':
      return `${who} told ${staff ?? 'us'} no to ${about} on ${on}.`
    case 'declined':
      return `${who} said “${DECLINES[line.words ?? 'notNow'] ?? 'no'}” to ${offer} on ${on}.`
    case 'attended':
      return `${who} came to ${offer} on ${on}.`
    case 'enrolled':
      return `${who} joined ${offer} on ${on}.`
    case 'completed':
      return `${who} finished ${offer} on ${on}.`
    case 'booked':
      return `${who} booked ${offer} on ${on}.`
    case 'recitalScheduled':
      return `A recital is on ${dayWords(line.aboutDate ?? line.onDate, today)}.`
    case 'bought':
      return `${who} bought something on ${on}.`
  }
}

/** What a purchase was: `Bought a kite and a hat on 2 March.` Gifts are called so. */
export function purchaseWords(purchase: HeldPurchase, voice: Voice, date: string, today: string): string {
  const who = voice === 'you' ? 'You' : 'She'
  const kept = purchase.lines.filter(({ quantity }) => quantity > 0)
  if (kept.length === 0) return `${who} brought something back on ${dayWords(date, today)}.`
  const verb = purchase.voided === 1 ? 'bought, and we took back,' : 'bought'
  const names = kept.map(({ name }) => plainName(name))
  const gifts = kept.every(({ gift }) => gift === 1) ? ' as a gift' : ''
  return `${who} ${verb} ${listed(names, 3)}${gifts} on ${dayWords(date, today)}.`
}

/** `“a”, “b” and 2 things more`. */
function listed(names: string[], most: number): string {
  const quoted = names.map((name) => `“${name}”`)
  const shown =
    names.length > most ? [...quoted.slice(0, most - 1), `${names.length - most + 1} things more`] : quoted
  return shown.length === 1 ? shown[0]! : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

/** What we think because of what she bought, of which we may think: goal and sentence, the strongest first. */
export type Guess = { goal: string; says: string }

/** Below this belief a purchase of long ago says nothing any more. */
const FAINT = 0.02

/**
 * Our guesses from purchases: never of a told-only goal, never of what she told us herself, one way or the other.
 * In words and without numbers.
 */
export function guessesOf(
  catalogue: Known,
  held: Pick<Held, 'evidence' | 'purchases'>,
  today: string,
): Guess[] {
  const spoken = new Set<string>()
  const bought = new Map<string, HeldEvidence[]>()
  for (const line of held.evidence) {
    if (line.kind === 'told' || line.kind === 'answered' || line.kind === 'toldNo') spoken.add(line.goal)
    if (line.kind !== 'bought' || isDelicate(catalogue, line.goal) || !catalogue.goalIndex.has(line.goal))
      continue
    const lines = bought.get(line.goal)
    if (lines) lines.push(line)
    else bought.set(line.goal, [line])
  }
  const purchases = new Map(held.purchases.map((purchase) => [purchase.id, purchase]))
  const left = (line: HeldEvidence) =>
    decayed(line.weight, dayOf(today) - dayOf(line.onDate), line.halfLifeDays)
  return [...bought]
    .filter(([goal]) => !spoken.has(goal))
    .map(([goal, lines]) => {
      const names = lines
        .sort((a, b) => left(b) - left(a))
        .flatMap((line) => nameOf(line, purchases.get(line.purchaseId ?? '')) ?? [])
      return { goal, worth: noisyOr(0, lines.map(left)), names: [...new Set(names)] }
    })
    .filter(({ worth }) => worth >= FAINT)
    .sort((a, b) => b.worth - a.worth || (a.goal < b.goal ? -1 : 1))
    .map(({ goal, names }) => ({
      goal,
      says: `Because ${names.length === 0 ? 'of what you bought' : `you bought ${listed(names, 3)}`}, we think this may interest you: ${goalWords(catalogue, goal)}.`,
    }))
}

/** The thing that a line of evidence was derived from: its number stands in the line's id, see store/purchase.ts. */
function nameOf(line: HeldEvidence, purchase: HeldPurchase | undefined): string | null {
  const n = /\/(\d+)\//.exec(line.id.slice((line.purchaseId ?? '').length))?.[1]
  const found = purchase?.lines.find((each) => each.n === Number(n))
  return found ? plainName(found.name) : null
}

/** The decision in force for a purpose, and since when; null: she never said. The later one stands, at one time the narrower. */
export function consentOf(
  consents: Held['consents'],
  purpose: string,
): { decision: 'granted' | 'withdrawn' | 'objected'; at: string } | null {
  const order = { granted: 0, withdrawn: 1, objected: 2 }
  let last: Held['consents'][number] | null = null
  for (const each of consents)
    if (each.purpose === purpose)
      if (
        last === null ||
        each.at > last.at ||
        (each.at === last.at && order[each.decision] > order[last.decision])
      )
        last = each
  return last && { decision: last.decision, at: last.at }
}

/** What is known of one another, for the relationship: the days of settled purchases and all lines. */
export function knownOf(held: Pick<Held, 'evidence' | 'purchases'>, today: number) {
  return {
    visits: held.purchases
      .filter(({ voided, lines }) => voided === 0 && lines.some(({ quantity }) => quantity > 0))
      .map(({ soldAt }) => dayOf(soldAt.slice(0, 10))),
    evidence: held.evidence.map(({ kind, onDate, aboutDate }) => ({
      kind,
      onDay: dayOf(onDate),
      aboutDay: aboutDate === null ? null : dayOf(aboutDate),
    })),
    today,
  }
}

/** The same sentence, said to herself. */
export const toHer = (sentence: string): string =>
  sentence.replace(/^She has /, 'You have ').replace(/^She /, 'You ')

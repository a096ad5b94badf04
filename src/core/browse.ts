/**
 * Understanding what somebody of the staff types while a customer stands there: `calm 4 years lincoln corner
 * saturday`. An age, a shop, a day are taken out of the words; what could also be something else stays a word.
 */
import type { Alliance, Catalogue, Listed, OpenSession, Partner, Terms } from './catalogue.ts'
import { placesLeft, termsFor } from './catalogue.ts'
import { readinessRefusal } from './gate.ts'
import { dateOf, dayOf, localDay } from './time.ts'
import { inWindow } from './understand.ts'
import { stemOf, wordsOf } from './words.ts'

/** What the shop calls things: its sites, the stems that name a goal, and stems that are part of somebody's name. */
export type Vocabulary = {
  sites: readonly { id: string; name: string }[]
  /** Stem → the goals that it names. */
  goals: ReadonlyMap<string, readonly string[]>
  /** Stems of partners' names: there, "lincoln" need not be our Lincoln Corner. */
  names: ReadonlySet<string>
}

export type Understood = {
  /** What is left to look for, as it was typed, without small words. */
  words: string[]
  ageMonths: number | null
  siteId: string | null
  /** Days of the week, 0 is Sunday; none: any. */
  weekdays: number[]
  /** The dates that were meant, both included; null: any. */
  dates: { from: string; until: string } | null
  goals: string[]
}

/** The site's date, and what the days of the week are called there, Sunday first. */
export type Today = { today: string; weekdayNames: readonly string[] }

const NUMBERS: Readonly<Record<string, number>> = {
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
}

/** Words for an age, in months: about the middle of what people mean. */
const AGES: Readonly<Record<string, number>> = {
  newborn: 0,
  baby: 8,
  infant: 8,
  crawler: 9,
  toddler: 24,
  preschooler: 48,
  kindergartner: 66,
  kindergartener: 66,
  tween: 132,
  teen: 162,
  teenager: 162,
}

/** Small words that say nothing of what is wanted. */
const SMALL = new Set(
  `a an the and or for with to of at in on near by from my our your her his their she he they it is are was be i we
  you me us them who whos that this these some something someone any anything thing would like likes love loves want
  wants wanted need needs looking look find get there here please can could do does has have had so very really just
  good great nice place somewhere where what about around over not no kid child daughter son boy girl family mum mom
  mother dad father customer help little old year month aged age`
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(stemOf),
)

/** Whether a word says nothing of what is wanted. */
export const isSmallWord = (word: string): boolean => SMALL.has(stemOf(word))

const BEFORE_PLACE = new Set('near at in from by around'.split(' '))
/** Short names of days that are words of their own: they count as days only where a day is being named. */
const UNSURE_DAYS = new Set(['sun', 'sat', 'wed'])
const BEFORE_DAY = new Set(['on', 'this', 'next', 'every', 'or', 'and', 'by'])
const MOST_AGE_MONTHS = 18 * 12

type Taken = boolean[]

/** What a search text asks for. Pure: the same text, shop and day are understood alike. */
export function understand(text: string, vocabulary: Vocabulary, when: Today): Understood {
  const typed = tokensOf(text)
  const taken: Taken = typed.map(() => false)
  const ageMonths = takeAge(typed, taken)
  const siteId = takeSite(typed, taken, vocabulary)
  const { weekdays, dates } = takeDays(typed, taken, when)
  const words = typed.filter((word, i) => !taken[i] && !isSmallWord(word) && !/^\d+$/.test(word))
  const goals = new Set<string>()
  // A stem that names many goals says little about which one is meant.
  for (const word of words) {
    const named = vocabulary.goals.get(stemOf(word)) ?? []
    if (named.length <= 2) for (const goal of named) goals.add(goal)
  }
  return { words: [...new Set(words)], ageMonths, siteId, weekdays, dates, goals: [...goals].sort() }
}

/** Words as typed; an age written close (`4yo`, `6;6`, `2.5`) is taken apart. */
function tokensOf(text: string): string[] {
  const apart = text
    .slice(0, 200)
    .replace(/(\d{1,2})\s*[;]\s*(\d{1,2})(?!\d)/g, ' $1 years $2 months ')
    .replace(/(\d{1,2})(?:[.,]5|½| ?1\/2)(?=\s*(?:y|$|[^\d\w.,]))/gi, ' $1 and half ')
    .replace(/(?<=\d\s*)y\s*\.\s*o\b\.?/gi, ' yo ')
    .replace(/(\d)(?=[a-z])/gi, '$1 ')
  return wordsOf(apart)
}

const numberOf = (word: string | undefined): number | null =>
  word === undefined ? null : /^\d{1,3}$/.test(word) ? +word : (NUMBERS[word] ?? null)

const YEARS = /^(?:years?|yrs?|yo|yr|y)$/
const MONTHS = /^(?:months?|mths?|mos?|mo)$/
const isYear = (word: string | undefined) =>
  word !== undefined && (YEARS.test(word) || isSlipOf(word, 'years') || isSlipOf(word, 'year'))
const isMonth = (word: string | undefined) =>
  word !== undefined && (MONTHS.test(word) || isSlipOf(word, 'months') || isSlipOf(word, 'month'))

/** Whether a word is another with one letter wrong, missing, too many, or two changed over; short words are none. */
function isSlipOf(typed: string, meant: string): boolean {
  if (typed.length < 4 || meant.length < 4 || Math.abs(typed.length - meant.length) > 1) return false
  let from = 0
  while (from < typed.length && typed[from] === meant[from]) from++
  // With another first letter it is another word: bears are no years.
  if (from === 0) return false
  const [a, b] = [typed.slice(from), meant.slice(from)]
  return (
    a.slice(1) === b.slice(1) ||
    a === b.slice(1) ||
    a.slice(1) === b ||
    (a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2))
  )
}

function takeAge(typed: readonly string[], taken: Taken): number | null {
  const take = (from: number, to: number) => taken.fill(true, from, to)
  for (let i = 0; i < typed.length; i++) {
    const n = numberOf(typed[i])
    if (n !== null) {
      const half =
        typed[i + 1] === 'and' &&
        (typed[i + 2] === 'half' || (typed[i + 2] === 'a' && typed[i + 3] === 'half'))
      let at = half ? i + (typed[i + 2] === 'half' ? 3 : 4) : i + 1
      const afterAge = typed[i - 1] === 'aged' || typed[i - 1] === 'age' || typed[i - 1] === 'turning'
      const isYears = isYear(typed[at])
      const isMonths = !half && isMonth(typed[at])
      if (!isYears && !isMonths && !afterAge && !half) continue
      if (isYears || isMonths) at++
      let months = isMonths ? n : n * 12 + (half ? 6 : 0)
      if (isYears && isMonth(typed[at + 1]) && (numberOf(typed[at]) ?? 12) < 12) {
        months += numberOf(typed[at])!
        at += 2
      }
      if (months > MOST_AGE_MONTHS) continue
      if (typed[at] === 'old' || typed[at] === 'olds') at++
      take(afterAge ? i - 1 : i, at)
      return months
    }
  }
  for (let i = 0; i < typed.length; i++) {
    const months = AGES[typed[i]!] ?? AGES[typed[i]!.replace(/s$/, '')]
    if (months === undefined) continue
    // Much is called after the smallest: a baby's is a word as well.
    taken[i] = months > AGES.baby! || typed[i] === 'crawler'
    return months
  }
  return null
}

function takeSite(typed: readonly string[], taken: Taken, { sites, names }: Vocabulary): string | null {
  for (const { id, name } of sites) {
    const words = wordsOf(name)
    for (let i = 0; words.length > 0 && i + words.length <= typed.length; i++)
      if (words.every((word, k) => typed[i + k] === word && !taken[i + k])) {
        taken.fill(true, i, i + words.length)
        return id
      }
  }
  const named = sites.map(({ id, name }) => ({ id, words: wordsOf(name) }))
  for (let i = 0; i < typed.length; i++) {
    if (taken[i]) continue
    const word = typed[i]!
    const byId = sites.find(({ id }) => id.toLowerCase() === word)
    const byWord = named.filter(({ words }) => words[0] === word)
    const sure = BEFORE_PLACE.has(typed[i - 1] ?? '') || !names.has(stemOf(word))
    const found = byId?.id ?? (byWord.length === 1 && sure ? byWord[0]!.id : null)
    if (found !== null) {
      taken[i] = true
      return found
    }
  }
  return null
}

function takeDays(
  typed: readonly string[],
  taken: Taken,
  { today, weekdayNames }: Today,
): Pick<Understood, 'weekdays' | 'dates'> {
  const day = dayOf(today)
  // 1970-01-01 was a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7
  const weekdays = new Set<number>()
  let dates: Understood['dates'] = null
  const between = (from: number, until: number) => {
    dates = { from: dateOf(day + from), until: dateOf(day + until) }
  }
  const monday = ((8 - weekday) % 7 || 7) as number
  const names = weekdayNames.map((name) => name.toLowerCase())
  const dayNamed = (word: string, before: string | undefined): number => {
    const bare = word.endsWith('s') && !names.includes(word) ? word.slice(0, -1) : word
    return names.findIndex(
      (name) =>
        bare === name ||
        (bare.length > 5 && isSlipOf(bare, name)) ||
        (bare.length >= 3 &&
          bare.length <= 5 &&
          name.startsWith(bare) &&
          (!UNSURE_DAYS.has(bare) || BEFORE_DAY.has(before ?? '') || bare === 'sat')),
    )
  }
  for (let i = 0; i < typed.length; i++) {
    if (taken[i]) continue
    const [word, before, after] = [typed[i]!, typed[i - 1], typed[i + 1]]
    if (word === 'today' || word === 'tonight') between(0, 0)
    else if (word === 'tomorrow') between(1, 1)
    else if (word === 'weekend' || word === 'weekends') {
      weekdays.add(6).add(0)
      const saturday = (6 - weekday + 7) % 7
      if (before === 'next') between(saturday + 7, saturday + 8)
      else if (before === 'this') between(weekday === 0 ? 0 : saturday, weekday === 0 ? 0 : saturday + 1)
    } else if (word === 'week' && before === 'next') between(monday, monday + 6)
    else if (word === 'week' && before === 'this') between(0, monday - 1)
    else {
      const named = dayNamed(word, before)
      if (named < 0 || after === 'school') continue
      weekdays.add(named)
      if (before === 'this') between(0, 6)
      if (before === 'next') between(1, 13)
    }
    taken[i] = true
    if (before === 'next' || before === 'this') taken[i - 1] = true
  }
  return { weekdays: [...weekdays].sort((a, b) => a - b), dates }
}

/** Whether a session's local date is of the days that were meant. */
export function isAskedDay(
  date: string,
  { weekdays, dates }: Pick<Understood, 'weekdays' | 'dates'>,
): boolean {
  if (dates !== null && (date < dates.from || date > dates.until)) return false
  return weekdays.length === 0 || weekdays.includes((((dayOf(date) + 4) % 7) + 7) % 7)
}

/** What may not stand in a wish: it is about a thing, never about a person. Null when it may be kept. */
export function wishProblem(words: string): string | null {
  if (Array.from(words).length > 120) return 'must be at most 120 characters'
  if (/[\p{Cc}\p{Cs}\p{Bidi_Control}]/u.test(words)) return 'must not hold characters that cannot be seen'
  if (words.includes('@')) return 'must not hold an address'
  if (words.replace(/[\s().+/-]/g, '').match(/\d{6,}/))
    return 'must not hold a number that could be a telephone'
  return null
}

/** How well the words of a search meet an offer: how many of them do, how much that counts, and where they stand. */
export type Hit<Where extends string = string> = {
  score: number
  coverage: number
  matched: { word: string; in: Where[] }[]
}

/** A session that still has places, and whether it is on a day that was asked for. */
export type FreeSession = { session: OpenSession; placesLeft: number; onAskedDay: boolean }

export type FoundOffer<Where extends string = string> = {
  listed: Listed
  hit: Hit<Where>
  sessions: FreeSession[]
  /** A day was asked for, and it has a place then. */
  onAskedDay: boolean
}

/** An alliance with the offers of it that were found, the best first; without a partner: an offer of the shop's own. */
export type Card<Where extends string = string> = {
  alliance: Alliance | null
  partner: Partner | null
  terms: Terms | null
  walkMinutes: number | null
  offers: FoundOffer<Where>[]
}

export type Found<Where extends string = string> = {
  cards: Card<Where>[]
  /** Offers that fit and cannot be made now, by the code of the gate that says why. */
  silent: Record<string, number>
}

const NO_HIT = { score: 0, coverage: 0, matched: [] }
/** What is made for the age that was asked for is nearer than what is for everybody: 1 … 2. */
const MADE_FOR_AGE = 1.5
/** What costs nothing to try and has a place comes before what one would sign up to: 1 … 2. */
const EASY_TO_TRY = 1.5
const MOST_OFFERS = 3
const MOST_SESSIONS = 3

/** The free sessions of an offer at a site, those of the asked days first, else soonest first. */
function freeOn({ sessions }: Listed, siteId: string, nowMs: number, understood: Understood): FreeSession[] {
  const asked = understood.weekdays.length > 0 || understood.dates !== null
  const free = sessions.flatMap((session) => {
    if (session.startsMs <= nowMs || (session.siteId !== null && session.siteId !== siteId)) return []
    const left = placesLeft(session, nowMs)
    // The date is the one that the site reads: it stands in the session.
    const onAskedDay = asked && isAskedDay(session.startsAt.slice(0, 10), understood)
    return left > 0 ? [{ session, placesLeft: left, onAskedDay }] : []
  })
  return [...free.filter((each) => each.onAskedDay), ...free.filter((each) => !each.onAskedDay)]
}

/**
 * What to show for a search: one card an alliance, the best first. Only what the shop can keep its promise on is
 * shown; the rest is counted. Without words every offer counts as found, and the way on foot decides.
 */
export function cardsOf<Where extends string>(
  hits: ReadonlyMap<string, Hit<Where>> | null,
  catalogue: Catalogue,
  at: {
    siteId: string
    nowMs: number
    understood: Understood
    sort: 'fit' | 'walk'
    has(id: string): boolean
  },
): Found<Where> {
  const { siteId, nowMs, understood, sort } = at
  const date = dateOf(localDay(nowMs, catalogue.sites.get(siteId)?.timeZone ?? 'UTC'))
  const { ageMonths } = understood
  const asked = understood.weekdays.length > 0 || understood.dates !== null
  const silent: Record<string, number> = {}
  const groups = new Map<string, FoundOffer<Where>[]>()
  const candidates = hits === null ? catalogue.listed.map(({ offer }) => offer.id) : hits.keys()
  for (const id of candidates) {
    const listed = catalogue.listedById.get(id)
    if (!listed || !at.has(id)) continue
    const { offer } = listed
    if (ageMonths !== null && !inWindow([[ageMonths, ageMonths]], offer.ageMinMonths, offer.ageMaxMonths))
      continue
    const refusal = readinessRefusal(listed, catalogue, siteId, nowMs)
    if (refusal !== null) {
      silent[refusal.code] = (silent[refusal.code] ?? 0) + 1
      continue
    }
    const sessions = freeOn(listed, siteId, nowMs, understood)
    const onAskedDay = asked && sessions[0]?.onAskedDay === true
    const group = listed.alliance === null ? id : listed.alliance.id
    const isMade = ageMonths !== null && (offer.ageMinMonths !== null || offer.ageMaxMonths !== null)
    const isEasy = offer.commitment === 'free' && sessions.length > 0
    const hit: Hit<Where> = hits?.get(id) ?? NO_HIT
    const score = hit.score * (isMade ? MADE_FOR_AGE : 1) * (isEasy ? EASY_TO_TRY : 1)
    const found = { listed, hit: { ...hit, score }, sessions, onAskedDay }
    groups.set(group, [...(groups.get(group) ?? []), found])
  }
  const best = Math.max(0, ...[...groups.values()].flat().map(({ hit }) => hit.coverage))
  const order = (a: FoundOffer<Where>, b: FoundOffer<Where>) =>
    b.hit.coverage - a.hit.coverage ||
    +b.onAskedDay - +a.onAskedDay ||
    b.hit.score - a.hit.score ||
    +(b.sessions.length > 0) - +(a.sessions.length > 0) ||
    a.listed.offer.priceMinor - b.listed.offer.priceMinor ||
    a.listed.index - b.listed.index
  const cards = [...groups.values()]
    .map((offers): Card<Where> => {
      offers.sort(order)
      const { alliance, partner } = offers[0]!.listed
      return {
        alliance,
        partner,
        terms: termsFor(offers[0]!.listed, date),
        walkMinutes: partner?.walkMinutes[siteId] ?? null,
        offers: offers
          .slice(0, MOST_OFFERS)
          .map((each) => ({ ...each, sessions: each.sessions.slice(0, MOST_SESSIONS) })),
      }
    })
    // What meets far fewer of the words than the best does is not what was meant.
    .filter(({ offers }) => offers[0]!.hit.coverage >= Math.min(best, Math.max(1, best - 1)))
  const far = Number.MAX_SAFE_INTEGER
  const byWalk = (a: Card, b: Card) => (a.walkMinutes ?? far) - (b.walkMinutes ?? far)
  const byFit = (a: Card<Where>, b: Card<Where>) => {
    const [x, y] = [a.offers[0]!, b.offers[0]!]
    return (
      y.hit.coverage - x.hit.coverage ||
      +y.onAskedDay - +x.onAskedDay ||
      y.hit.score - x.hit.score ||
      byWalk(a, b)
    )
  }
  cards.sort(
    (a, b) =>
      +(a.partner === null) - +(b.partner === null) ||
      (sort === 'walk' || hits === null ? byWalk(a, b) || byFit(a, b) : byFit(a, b)) ||
      a.offers[0]!.listed.index - b.offers[0]!.listed.index,
  )
  return { cards, silent }
}

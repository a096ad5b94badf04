/**
 * The health of an alliance: parts that can be read aloud, each with what it rests on; never one score alone.
 * Of families nothing is counted below three.
 */
import type { AllianceState } from './alliance.ts'
import { counted } from './counted.ts'
import type { Unit } from './ledger.ts'
import { quarterOf } from './ledger.ts'
import { formatMinor } from './money.ts'
import type { ReferralState } from './referral.ts'
import { daysSilent } from './referral.ts'
import type { TermsRecord } from './terms.ts'
import { commissionOf, shopCostOf } from './terms.ts'
import { dateOf, dayOf, spokenDate, weekOf } from './time.ts'

/** The parts, in the order in which they are read. */
export const PART_CODES = [
  'ANSWER_TIME',
  'SILENT',
  'NO_SHOWS',
  'CANCELLED',
  'CHECKS',
  'PLACES',
  'RECIPROCITY',
  'PARTNER_NET',
  'BROUGHT_US',
  'EXPIRY',
] as const
/** The code of a part. */
export type PartCode = (typeof PART_CODES)[number]
/** How a part stands; unknown: nothing is known that would say. */
export const HEALTH_STATES = ['good', 'watch', 'bad', 'unknown'] as const
/** One of them. */
export type HealthState = (typeof HEALTH_STATES)[number]
/** What a part rests on: what happened, what both agreed to expect, or the two weighed. */
export const BASES = ['counted', 'assumed', 'measured'] as const

/** One part: `value` in words, `number` where one is fit to be compared, and one sentence on what it means. */
export type Part = {
  code: PartCode
  label: string
  value: string
  number: number | null
  basis: (typeof BASES)[number]
  state: HealthState
  says: string
}

/** An introduction as health looks at it. Dates are the site's; `firstWordOn`: when the partner first told us of it. */
export type HealthReferral = {
  code: string
  direction: 'ours' | 'theirs'
  state: ReferralState
  termsVersion: number | null
  madeOn: string
  statusDueOn: string | null
  newsOn: string | null
  firstWordOn: string | null
  came: boolean
  enrolled: boolean
  /** Booked for a session that was called off. */
  calledOff: boolean
  /** What the family pays its partner, in minor units, if we were told. */
  valueMinor: number | null
}

/** What one introduced family bought of us since, and how much of it after its first purchase. */
export type FamilySales = {
  code: string
  direction: 'ours' | 'theirs'
  totalMinor: number
  backMinor: number
}

/** Everything that the health of one alliance is made of. */
export type HealthInputs = {
  today: string
  state: AllianceState
  /** In force; before anything is agreed, what is on the table. */
  terms: TermsRecord
  /** All versions, for what a referral was made under. */
  versions: ReadonlyMap<number, TermsRecord>
  /** The last day of what was agreed. */
  endsOn: string | null
  checks: readonly { code: string; critical: boolean; ok: boolean; validUntil: string | null }[]
  referrals: readonly HealthReferral[]
  sales: readonly FamilySales[]
  /** Coming sessions of its live offers, within `PLACES_DAYS`. */
  sessions: readonly { date: string; free: number }[]
  /** Live offers that need a place. */
  seatedOffers: number
  /** Sessions that were cancelled while places in them were kept. */
  cancelledSessions: number
  entries: readonly { cause: string; unit: Unit; amount: number; currency: string | null; onDate: string }[]
}

/** Days ahead for which places are counted. */
export const PLACES_DAYS = 28
/** Days after an introduction in which what a family buys is associated with it. */
export const SALES_DAYS = 180
/** Days back that health looks. */
export const HEALTH_DAYS = 365
/** Days before its end at which an alliance asks for attention. */
const EXPIRY_ALERTS = [60, 30, 14] as const
/** What was assumed weighs as much as this many families. Range 1–50; 10: ten families move it half way. */
const K0 = 10
/** Fewer families than this are not counted. */
const FEW = 3

/** A number of families as it may be said. */
function familiesWords(n: number): string {
  return n < FEW ? 'under 3' : String(n)
}

/**
 * How many of those who come stay, between what was assumed and what was observed:
 * (k0 · assumed + enrolled) / (k0 + came).
 */
export function conversionEstimate(assumed: number, enrolled: number, came: number): number {
  return (K0 * assumed + enrolled) / (K0 + came)
}

/** A mean of told values, between what was assumed and what was told. */
export function valueEstimate(assumedMinor: number, told: readonly number[]): number {
  return (K0 * assumedMinor + sum(told)) / (K0 + told.length)
}

/** What the shop bore of benefits, in minor units. Where the partner pays: exactly 0. */
export function costToUs({
  referrals,
  versions,
  terms,
}: Pick<HealthInputs, 'referrals' | 'versions' | 'terms'>) {
  return sum(
    referrals
      .filter(({ direction, came }) => direction === 'ours' && came)
      .map(({ termsVersion }) => shopCostOf(versions.get(termsVersion ?? 0) ?? terms)),
  )
}

/** One quarter of giving and taking. Families under three are not counted: null. */
export type Quarter = {
  name: string
  from: string
  to: string
  given: number
  received: number
  came: number | null
  enrolled: number | null
  /** Told values of the families that stayed with them; what families that they sent spent with us. */
  worthToThemMinor: number | null
  worthToUsMinor: number | null
  givenTarget: number
  receivedTarget: number
}

/** Quarter by quarter, the newest first; the current one always. */
export function quartersOf(inputs: HealthInputs): Quarter[] {
  const { today, referrals, sales, terms } = inputs
  const names = new Map([[quarterOf(today).name, quarterOf(today)]])
  for (const { madeOn } of referrals) names.set(quarterOf(madeOn).name, quarterOf(madeOn))
  const salesOf = new Map(sales.map((each) => [each.code, each]))
  return [...names.values()]
    .sort((a, b) => (a.name < b.name ? 1 : -1))
    .map(({ name, from, to }) => {
      const made = referrals.filter(({ madeOn }) => madeOn >= from && madeOn <= to)
      const ours = made.filter(({ direction }) => direction === 'ours')
      const theirs = made.filter(({ direction }) => direction === 'theirs')
      const told = ours.filter(({ enrolled, valueMinor }) => enrolled && valueMinor !== null)
      const bought = theirs.filter(({ code }) => (salesOf.get(code)?.totalMinor ?? 0) > 0)
      const families = (n: number) => (n < FEW ? null : n)
      return {
        name,
        from,
        to,
        given: ours.filter(isIntroduced).length,
        received: theirs.filter(isIntroduced).length,
        came: families(ours.filter(({ came }) => came).length),
        enrolled: families(ours.filter(({ enrolled }) => enrolled).length),
        worthToThemMinor: told.length < FEW ? null : sum(told.map(({ valueMinor }) => valueMinor!)),
        worthToUsMinor:
          bought.length < FEW ? null : sum(bought.map(({ code }) => salesOf.get(code)!.totalMinor)),
        givenTarget: terms.weDo.introductions,
        receivedTarget: terms.theyDo.introductions,
      }
    })
}

/** Whether an introduction came about, whatever became of it later. */
function isIntroduced({ state, came }: Pick<HealthReferral, 'state' | 'came'>): boolean {
  return came || ['accepted', 'booked', 'attended', 'enrolled', 'noShow'].includes(state)
}

/** All parts, in the order in which they are read. The order of the rows does not matter. */
export function healthOf(inputs: HealthInputs): Part[] {
  return [
    answerTime,
    silent,
    noShows,
    cancelled,
    checks,
    places,
    reciprocity,
    partnerNet,
    broughtUs,
    expiry,
  ].map((part) => part(inputs))
}

type PartOf = (inputs: HealthInputs) => Part

const answerTime: PartOf = ({ referrals, terms, versions }) => {
  const promised = terms.answerDays
  const days = referrals.flatMap(({ direction, statusDueOn, firstWordOn, termsVersion }) => {
    if (direction !== 'ours' || statusDueOn === null || firstWordOn === null) return []
    // Word is due so many days after the visit: that is where the count begins.
    const from = dayOf(statusDueOn) - (versions.get(termsVersion ?? 0) ?? terms).answerDays
    return [Math.max(0, dayOf(firstWordOn) - from)]
  })
  const median = medianOf(days)
  return {
    code: 'ANSWER_TIME',
    label: 'Answers',
    value: median === null ? 'no word yet' : `${daysWords(median)}, of ${counted(days.length, 'answer')}`,
    number: median,
    basis: 'counted',
    state: median === null ? 'unknown' : within(median, promised, promised * 2),
    says: `The middle of how long they take to tell us; they promised ${daysWords(promised)}.`,
  }
}

const silent: PartOf = ({ referrals, today }) => {
  const late = referrals.map((each) => daysSilent(each, dayOf, today)).filter((days) => days > 0)
  const worst = Math.max(0, ...late)
  return {
    code: 'SILENT',
    label: 'Silent referrals',
    value: late.length === 0 ? 'none' : `${late.length}, the worst ${daysWords(worst)} late`,
    number: late.length,
    basis: 'counted',
    state: late.length === 0 ? 'good' : worst > 14 ? 'bad' : 'watch',
    says:
      late.length === 0
        ? 'No word is overdue.'
        : 'Families of ours that they have not told us about, past the day that they promised.',
  }
}

const noShows: PartOf = ({ referrals }) => {
  const ours = referrals.filter(({ direction }) => direction === 'ours')
  const missed = ours.filter(({ state }) => state === 'noShow').length
  const known = missed + ours.filter(({ came }) => came).length
  const share = known < FEW ? null : missed / known
  return {
    code: 'NO_SHOWS',
    label: 'Families that did not come',
    value: share === null ? 'under 3 known' : `${familiesWords(missed)} of ${known}`,
    number: share !== null && missed >= FEW ? share : null,
    basis: 'counted',
    state: share === null ? 'unknown' : within(share, 0.2, 0.35),
    says: 'Of the families whose visit we know about, ours that stayed away.',
  }
}

const cancelled: PartOf = ({ cancelledSessions: n }) => ({
  code: 'CANCELLED',
  label: 'Sessions called off',
  value: n === 0 ? 'none' : counted(n, 'session'),
  number: n,
  basis: 'counted',
  state: within(n, 0, 2),
  says: 'Sessions cancelled after a place in them was kept for a family of ours.',
})

const checks: PartOf = ({ checks: all, today }) => {
  const broken = all.filter(
    ({ critical, ok, validUntil }) => critical && (!ok || (validUntil !== null && validUntil < today)),
  )
  const next = all
    .filter(({ ok, validUntil }) => ok && validUntil !== null && validUntil >= today)
    .sort((a, b) => order(a.validUntil!, b.validUntil!) || order(a.code, b.code))[0]
  const days = next ? dayOf(next.validUntil!) - dayOf(today) : null
  const names = broken.map(({ code }) => codeWords(code)).sort()
  return {
    code: 'CHECKS',
    label: 'Checks',
    value:
      names.length > 0
        ? `not valid: ${names.join(', ')}`
        : next
          ? `${codeWords(next.code)} until ${dateWords(next.validUntil!)}, ${daysWords(days!)}`
          : all.length === 0
            ? 'none on file'
            : 'none runs out',
    number: names.length > 0 ? 0 : days,
    basis: 'counted',
    state:
      names.length > 0
        ? 'bad'
        : all.length === 0
          ? 'unknown'
          : days !== null && days <= 30
            ? 'watch'
            : 'good',
    says:
      names.length > 0
        ? 'Without it nothing of theirs is offered.'
        : 'The one that runs out next; from the day after, nothing of theirs is offered.',
  }
}

const places: PartOf = ({ sessions, seatedOffers, today }) => {
  const free = sum(sessions.map((each) => each.free))
  const weeks = weeksFrom(today)
  const empty = weeks.filter(
    ([from, to]) => !sessions.some((s) => s.date >= from && s.date <= to && s.free > 0),
  )
  return {
    code: 'PLACES',
    label: 'Free places',
    value:
      seatedOffers === 0
        ? 'none needed'
        : `${free} in the next ${PLACES_DAYS} days${empty.length > 0 ? `, ${counted(empty.length, 'week')} with none` : ''}`,
    number: seatedOffers === 0 ? null : free,
    basis: 'counted',
    state: seatedOffers === 0 ? 'good' : free === 0 ? 'bad' : empty.length > 1 ? 'watch' : 'good',
    says:
      seatedOffers === 0
        ? 'Nothing of theirs that is live needs a place.'
        : `Over ${counted(seatedOffers, 'live offer')} that ${seatedOffers === 1 ? 'needs' : 'need'} a place.`,
  }
}

const reciprocity: PartOf = (inputs) => {
  const { name, from, to, given, received, givenTarget, receivedTarget } = quartersOf(inputs)[0]!
  // Early in a quarter little is expected.
  const passed = (dayOf(inputs.today) - dayOf(from) + 1) / (dayOf(to) - dayOf(from) + 1)
  const behind = (n: number, target: number) => target > 0 && n < 0.6 * target * passed
  const none = givenTarget === 0 && receivedTarget === 0
  const [we, they] = [behind(given, givenTarget), behind(received, receivedTarget)]
  return {
    code: 'RECIPROCITY',
    label: 'Given and received',
    value: `${given}${of(givenTarget)} given, ${received}${of(receivedTarget)} received in ${name}`,
    number: given - received,
    basis: 'counted',
    state: none ? 'unknown' : we || they ? 'watch' : 'good',
    says: none
      ? 'The terms set no number of introductions.'
      : we && they
        ? 'Both sides are behind what the terms say for this quarter.'
        : we
          ? 'We are behind what we said we would send this quarter.'
          : they
            ? 'They are behind what they said they would send this quarter.'
            : 'Both sides do what the terms say.',
  }
}

/** What one introduction leaves the partner, in minor units, and what that rests on. */
export function partnerNetOf({ referrals, terms }: Pick<HealthInputs, 'referrals' | 'terms'>): {
  minor: number
  came: number
  conversion: number
  valueMinor: number
} {
  const { conversion, firstYearMinor, margin, introductionCostMinor } = terms.assumed
  const came = referrals.filter((each) => each.direction === 'ours' && each.came)
  const enrolled = came.filter((each) => each.enrolled)
  // Under three, the estimate would say what one family did.
  const isMeasured = came.length >= FEW
  const share = isMeasured ? conversionEstimate(conversion, enrolled.length, came.length) : conversion
  const told = isMeasured
    ? enrolled.flatMap(({ valueMinor }) => (valueMinor === null ? [] : [valueMinor]))
    : []
  const valueMinor = valueEstimate(firstYearMinor, told)
  const perFamily = valueMinor * margin - commissionOf(terms.toUs, Math.round(valueMinor))
  return {
    minor: Math.round(share * perFamily - introductionCostMinor),
    came: came.length,
    conversion: share,
    valueMinor: Math.round(valueMinor),
  }
}

const partnerNet: PartOf = (inputs) => {
  const { terms } = inputs
  const { minor, came, conversion, valueMinor } = partnerNetOf(inputs)
  const isMeasured = came >= FEW
  const isKnown = valueMinor > 0 || terms.assumed.introductionCostMinor > 0
  const loses = isKnown && minor < 0
  return {
    code: 'PARTNER_NET',
    label: 'What they net for each introduction',
    value: isKnown ? formatMinor(minor, terms.currency) : 'nothing assumed yet',
    number: isKnown ? minor : null,
    basis: isMeasured ? 'measured' : 'assumed',
    state: isKnown ? (loses ? 'bad' : 'good') : 'unknown',
    says: `${loses ? 'They lose on us. ' : ''}${Math.round(conversion * 100)} % stay, at ${formatMinor(valueMinor, terms.currency)} a family; ${
      isMeasured
        ? `measured on ${came} families and drawn towards what was assumed`
        : 'as both assumed, for fewer than 3 families came so far'
    }.`,
  }
}

const broughtUs: PartOf = (inputs) => {
  const { sales, entries, terms } = inputs
  const families = sales.filter(({ backMinor }) => backMinor > 0)
  const isCounted = families.length >= FEW
  const soldMinor = isCounted ? sum(families.map(({ backMinor }) => backMinor)) : 0
  const earnedMinor = sum(
    entries
      .filter(
        ({ unit, cause, currency }) =>
          unit === 'money' && cause === 'commission' && currency === terms.currency,
      )
      .map(({ amount }) => amount),
  )
  const costMinor = costToUs(inputs)
  const net = soldMinor + earnedMinor - costMinor
  const money = (minor: number) => formatMinor(minor, terms.currency)
  return {
    code: 'BROUGHT_US',
    label: 'What it brings us',
    value: isCounted || net !== 0 ? money(net) : 'under 3 families',
    number: isCounted || net !== 0 ? net : null,
    basis: 'counted',
    state: isCounted || net !== 0 ? (net < 0 ? 'bad' : 'good') : 'unknown',
    says: `${
      isCounted
        ? `${families.length} introduced families spent ${money(soldMinor)} with us in the ${SALES_DAYS} days after, beyond a first purchase: associated, not proven to be caused`
        : 'Under 3 introduced families bought again, so their sales are not counted'
    }; ${earnedMinor < 0 ? 'we owe' : 'commission'} ${money(Math.abs(earnedMinor))}, our cost ${money(costMinor)}.`,
  }
}

const expiry: PartOf = ({ endsOn, today, terms }) => {
  const shared = { code: 'EXPIRY', label: 'Runs until', basis: 'counted' } as const
  if (endsOn === null)
    return { ...shared, value: 'no end', number: null, state: 'unknown', says: 'Nothing says when it ends.' }
  const days = dayOf(endsOn) - dayOf(today)
  const noticeOn = dateOf(dayOf(endsOn) - terms.noticeDays)
  const notice =
    noticeOn < today
      ? `The day for notice, ${dateWords(noticeOn)}, has passed`
      : `Notice can be given until ${dateWords(noticeOn)}`
  const after = {
    none: 'then it is over',
    byAgreement: 'it goes on only if both agree',
    automatic: 'it goes on by itself',
  }[terms.renewal]
  return {
    ...shared,
    value: days < 0 ? `over since ${dateWords(endsOn)}` : `${dateWords(endsOn)}, ${daysWords(days)}`,
    number: days,
    state: days <= EXPIRY_ALERTS[2] ? 'bad' : days <= EXPIRY_ALERTS[0] ? 'watch' : 'good',
    says: `${notice}; ${after}.`,
  }
}

/** Something that waits for the owner. `urgency` 3: today; 2: this week; 1: soon. */
export type Alert = { code: string; says: string; urgency: 1 | 2 | 3 }

/** What of an alliance waits for its owner, the most urgent first. */
export function alertsOf(inputs: HealthInputs, parts: readonly Part[]): Alert[] {
  const alerts: Alert[] = []
  const say = (code: string, urgency: Alert['urgency'], says: string) => alerts.push({ code, says, urgency })
  const { state, endsOn, today } = inputs
  const part = (code: PartCode) => parts.find((each) => each.code === code)!
  const runs = state === 'live' || state === 'paused' || state === 'agreed'
  if (runs && part('CHECKS').state === 'bad') say('CHECK_OUT', 3, `Checks ${part('CHECKS').value}.`)
  if (runs && part('CHECKS').state === 'watch')
    say('CHECK_ENDS', (part('CHECKS').number ?? 0) <= 14 ? 3 : 2, `${capital(part('CHECKS').value)} left.`)
  const days = endsOn === null ? null : dayOf(endsOn) - dayOf(today)
  if (runs && days !== null && days < 0) say('OVER', 3, `It was to end on ${dateWords(endsOn!)}.`)
  else if (runs && days !== null && days <= EXPIRY_ALERTS[0])
    say(
      'EXPIRES',
      days <= EXPIRY_ALERTS[2] ? 3 : days <= EXPIRY_ALERTS[1] ? 2 : 1,
      `Ends in ${daysWords(days)}, on ${dateWords(endsOn!)}.`,
    )
  const untold = inputs.referrals
    .filter((each) => each.calledOff)
    .map(({ code }) => code)
    .sort(order)
  if (untold.length > 0)
    say(
      'CALLED_OFF',
      3,
      `A time was called off: ${untold.length === 1 ? 'one family' : `${untold.length} families`} must be told (${untold.join(', ')}).`,
    )
  if (part('SILENT').number)
    say('SILENT', part('SILENT').state === 'bad' ? 3 : 2, `Word is overdue: ${part('SILENT').value}.`)
  if (runs && part('PARTNER_NET').state === 'bad')
    say(
      'LOSES',
      3,
      `They lose on us: ${part('PARTNER_NET').value} for each introduction (${part('PARTNER_NET').basis}).`,
    )
  if (state === 'live' && part('PLACES').state === 'bad')
    say('NO_PLACES', 2, 'No free place in the next four weeks.')
  if (state === 'agreed') say('NOT_LIVE', 2, 'Agreed, and not live yet.')
  if (state === 'proposed') say('PROPOSED', 1, 'Proposed: waits for a decision.')
  if (state === 'draft') say('DRAFT', 1, 'A draft: not proposed yet.')
  return alerts.sort((a, b) => b.urgency - a.urgency)
}

/** What comes first for the owner: the most urgent, then the most of it. For sorting. */
export function needOf(alerts: readonly Pick<Alert, 'urgency'>[]): number {
  return sum(alerts.map(({ urgency }) => 100 ** urgency))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
const of = (target: number): string => (target > 0 ? ` of ${target}` : '')

function medianOf(numbers: readonly number[]): number | null {
  if (numbers.length === 0) return null
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Four weeks from a date, each as its first and last day. */
function weeksFrom(today: string): [string, string][] {
  const first = dayOf(weekOf(today)[0])
  const weeks = [0, 7, 14, 21].map((n): [string, string] => [dateOf(first + n), dateOf(first + n + 6)])
  // What is left of this week may be nothing but its Sunday.
  return dayOf(weeks[0]![1]) - dayOf(today) < 2 ? weeks.slice(1) : weeks
}

function within(n: number, good: number, watch: number): HealthState {
  return n <= good ? 'good' : n <= watch ? 'watch' : 'bad'
}

const daysWords = (n: number): string => counted(n, 'day')
const dateWords = (date: string): string => `${spokenDate(date)} ${date.slice(0, 4)}`
/** `SAFEGUARDING_TRAINING` as one says it. */
const codeWords = (code: string): string => code.toLowerCase().replaceAll('_', ' ')

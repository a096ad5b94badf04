/** What the lift comes to, in sentences and figures that each say how they are known. */
import type { Interval, LiftCustomer, Tag, UptakeMoment } from './lift.ts'
import {
  ASSUMED_COST_SHARE,
  capsOf,
  FIRST_LOOK_DAYS,
  looksOf,
  MIN_IN_ARM,
  meanInterval,
  UPTAKE_DAYS,
  uptakeOf,
  visibleLift,
} from './lift.ts'
import { formatMinor } from './money.ts'
import { dateOf, dayOf, spokenDate } from './time.ts'

/** What the comparison says so far. */
export const VERDICTS = ['more', 'less', 'cannotTell', 'tooEarly', 'tooFew', 'nothingVaries'] as const
export type Verdict = (typeof VERDICTS)[number]

/** The figures, in the order in which they are read. */
export const FIGURE_CODES = [
  'LIFT',
  'CONTRIBUTION_DIFFERENCE',
  'LIFT_AT_END',
  'SMALLEST_VISIBLE',
  'CUSTOMERS_NEEDED',
  'CONTRIBUTION_OFFERED',
  'CONTRIBUTION_HOLDOUT',
  'UPTAKE_CAUSED',
  'UPTAKE_SAID',
  'UPTAKE_SILENT',
  'SAID_YES',
  'COST_ASSUMED',
  'CAP',
] as const
export type FigureCode = (typeof FIGURE_CODES)[number]

/** One figure. `number`, `low` and `high` in the smallest coin, as shares or counted, as `unit` says; null: none. */
export type Figure = {
  code: FigureCode
  label: string
  tag: Tag
  unit: 'money' | 'share' | 'customers'
  value: string
  number: number | null
  low: number | null
  high: number | null
  says: string
}

/** What is measured: as registered, or since the first decision. Dates are the site's, both included. */
export type LiftPeriod = {
  startsOn: string
  /** The planned last day; null: nobody planned one. */
  endsOn: string | null
  /** The day on which it was stopped before its end. */
  stoppedOn: string | null
  smallestLift: number
}

export type LiftRead = {
  period: LiftPeriod
  today: string
  currency: string
  window: { days: number; plannedDays: number; daysBefore: number }
  customers: (LiftCustomer & {
    /** Whether she said yes to something in the window. */
    saidYes: boolean
  })[]
  moments: UptakeMoment[]
  /** Of the sales of the window, the share whose cost is unknown and assumed. */
  costAssumed: number
}

export type LiftReport = {
  verdict: Verdict
  /** The answer in plain words, the most important first. */
  says: string[]
  figures: Figure[]
  arms: { arm: 'offered' | 'holdout'; customers: number; buyers: number; contribution: Interval | null }[]
  /** The sequential interval as it stood each week, or every few weeks of a long period, and now. */
  weeks: { on: string; lift: Interval }[]
}

/** The period that is registered and has not begun. */
type Next = { name: string; startsOn: string } | null

/** Report a window. */
export function liftReport(read: LiftRead, next: Next = null): LiftReport {
  const { period, window, customers, currency } = read
  const { looks, once, last } = looksOf(customers, window, 7 * Math.max(1, Math.ceil(window.days / 280)))
  const look = looks.at(-1) ?? null
  const planned = period.endsOn !== null && period.stoppedOn === null && read.today > period.endsOn
  // What is decided on the planned day is decided by the interval for that one look.
  const answer = (planned ? once : null) ?? look
  const visible = visibleLift(customers, window, last, period.smallestLift)
  const figures: Figure[] = []
  const money = (minor: number) => formatMinor(Math.round(minor), currency)
  const add = (figure: Omit<Figure, 'low' | 'high' | 'number'> & { is: Interval | number | null }) => {
    const { is, ...rest } = figure
    const between = typeof is === 'number' || is === null ? { value: is, low: null, high: null } : is
    figures.push({
      ...rest,
      number: finite(between.value),
      low: finite(between.low),
      high: finite(between.high),
    })
  }

  if (look?.lift)
    add({
      code: 'LIFT',
      label: 'Lift',
      tag: 'caused',
      unit: 'share',
      value: betweenWords(look.lift, signedPercent),
      is: look.lift,
      says: 'How much more a customer brings who may be spoken to. This interval stays valid however often you look.',
    })
  if (look?.money)
    add({
      code: 'CONTRIBUTION_DIFFERENCE',
      label: 'More for each customer',
      tag: 'caused',
      unit: 'money',
      value: betweenWords(look.money, (minor) => signed(minor, money)),
      is: look.money,
      says: `Over ${counted(window.days, 'day')}, after the cost of what she bought, and with what partners owe for introducing her. Valid however often you look.`,
    })
  if (planned && once?.lift)
    add({
      code: 'LIFT_AT_END',
      label: 'Lift on the planned last day',
      tag: 'caused',
      unit: 'share',
      value: betweenWords(once.lift, signedPercent),
      is: once.lift,
      says: 'The ordinary 95 % interval, for this one day that was set before it began. It is what counts.',
    })
  if (visible) {
    add({
      code: 'SMALLEST_VISIBLE',
      label: 'The smallest lift this shop could see',
      tag: 'assumed',
      unit: 'share',
      value: signedPercent(visible.lift),
      is: visible.lift,
      says: `With ${counted(customers.length, 'customer')} over ${window.plannedDays} days, four times of five; assumed that they go on as unevenly as so far.`,
    })
    add({
      code: 'CUSTOMERS_NEEDED',
      label: `Customers needed to see ${signedPercent(period.smallestLift)}`,
      tag: 'assumed',
      unit: 'customers',
      value: whole(visible.customersNeeded),
      is: visible.customersNeeded,
      says: `For ${spanWords(window.plannedDays)}, with the holdout as it is.`,
    })
  }
  const arms = last
    ? (
        [
          ['offered', last.offered],
          ['holdout', last.holdout],
        ] as const
      ).map(([arm, each]) => ({
        arm,
        customers: each.customers,
        buyers: each.buyers,
        contribution: meanInterval(each),
        counted: each.rawMean,
      }))
    : (['offered', 'holdout'] as const).map((arm) => {
        const own = customers.filter((each) => each.holdout === (arm === 'holdout'))
        const raw = own.map(({ spent }) => spent.reduce((sum, [, minor]) => sum + minor, 0))
        return {
          arm,
          customers: own.length,
          buyers: raw.filter((minor) => minor !== 0).length,
          contribution: null,
          counted: own.length === 0 ? 0 : raw.reduce((sum, minor) => sum + minor, 0) / own.length,
        }
      })
  for (const { arm, customers: n, buyers, counted: mean } of arms)
    add({
      code: arm === 'offered' ? 'CONTRIBUTION_OFFERED' : 'CONTRIBUTION_HOLDOUT',
      label: arm === 'offered' ? 'Who may be spoken to' : 'The holdout',
      tag: 'counted',
      unit: 'money',
      value: `${money(mean)} each`,
      is: mean,
      says: `${counted(n, 'customer')}, ${whole(buyers)} of them came back and bought. As counted, not yet adjusted.`,
    })

  const uptake = uptakeOf(read.moments)
  if (uptake.caused)
    add({
      code: 'UPTAKE_CAUSED',
      label: 'Saying it, against silence',
      tag: 'caused',
      unit: 'share',
      value: betweenWords(uptake.caused, (share) =>
        `${signedPercent(share)} points`.replace(' % points', ' points'),
      ),
      is: uptake.caused,
      says: `Of a hundred moments, how many more took up the very offer within ${UPTAKE_DAYS} days because it was said.`,
    })
  for (const [arm, { moments, took }] of [
    ['UPTAKE_SAID', uptake.said],
    ['UPTAKE_SILENT', uptake.silent],
  ] as const)
    add({
      code: arm,
      label: arm === 'UPTAKE_SAID' ? 'Taken up where it was to be said' : 'Taken up where chance kept silent',
      tag: 'counted',
      unit: 'share',
      value: moments === 0 ? 'no moment yet' : `${whole(took)} of ${whole(moments)}`,
      is: moments === 0 ? null : took / moments,
      says: `Bought, accepted or attended the very offer within ${UPTAKE_DAYS} days; moments at least so old.`,
    })
  const yes = customers.filter(({ saidYes, holdout }) => saidYes && !holdout)
  const others = customers.filter(({ saidYes, holdout }) => !saidYes && !holdout)
  if (yes.length >= MIN_IN_ARM && others.length >= MIN_IN_ARM) {
    const gap = meanSpent(yes) - meanSpent(others)
    add({
      code: 'SAID_YES',
      label: 'Who said yes, against who did not',
      tag: 'associated',
      unit: 'money',
      value: `${signed(gap, money)} each`,
      is: gap,
      says: `Of ${counted(yes.length, 'customer')} who said yes to something. Who says yes buys more anyway: this is no effect.`,
    })
  }
  add({
    code: 'COST_ASSUMED',
    label: 'Sales whose cost is unknown',
    tag: 'assumed',
    unit: 'share',
    value: percent(read.costAssumed),
    is: read.costAssumed,
    says:
      read.costAssumed === 0
        ? 'The cost of everything sold is known.'
        : `Of these ${percent(ASSUMED_COST_SHARE)} of the price is taken to be the cost.`,
  })
  const cap = capsOf(customers, window.plannedDays, window.daysBefore).window
  add({
    code: 'CAP',
    label: 'The most that counts of one customer',
    tag: 'counted',
    unit: 'money',
    value: cap === null ? 'set from both groups together' : money(cap),
    is: cap,
    says: `So that one large buyer decides nothing: what 97.5 % of customers stayed below ${
      cap === null ? 'so far, for there is no earlier period' : 'in the earlier period, for as many days'
    }. ${counted(last ? last.offered.overCap + last.holdout.overCap : 0, 'customer')} brought more.`,
  })

  const verdict = verdictOf(read, answer, arms)
  return {
    verdict,
    says: saysOf(read, next, verdict, answer, visible, planned),
    figures: figures.sort((a, b) => FIGURE_CODES.indexOf(a.code) - FIGURE_CODES.indexOf(b.code)),
    arms: arms.map(({ arm, customers: n, buyers, contribution }) => ({
      arm,
      customers: n,
      buyers,
      contribution,
    })),
    weeks: looks.flatMap(({ day, lift }) =>
      lift ? [{ on: dateOf(dayOf(period.startsOn) + day - 1), lift: shownInterval(lift) }] : [],
    ),
  }
}

type Answer = { lift: Interval | null; money: Interval | null } | null

function verdictOf(read: LiftRead, answer: Answer, arms: { customers: number; buyers: number }[]): Verdict {
  const interval = answer?.lift ?? answer?.money
  if (interval) return interval.low > 0 ? 'more' : interval.high < 0 ? 'less' : 'cannotTell'
  if (arms.some(({ customers }) => customers < MIN_IN_ARM)) return 'tooFew'
  return read.window.days < FIRST_LOOK_DAYS ? 'tooEarly' : 'nothingVaries'
}

/** The answer in sentences. */
function saysOf(
  read: LiftRead,
  next: Next,
  verdict: Verdict,
  answer: Answer,
  visible: ReturnType<typeof visibleLift>,
  planned: boolean,
): string[] {
  const { period, window, customers, currency } = read
  const money = (minor: number) => signed(minor, (each) => formatMinor(Math.round(each), currency))
  const span = answer?.lift
    ? betweenWords(answer.lift, signedPercent)
    : answer?.money
      ? `${betweenWords(answer.money, money)} a customer`
      : ''
  const holdout = customers.filter((each) => each.holdout).length
  const first: Record<Verdict, string> = {
    more: `${capital(span)}: being spoken to brings more.`,
    less: `${capital(span)}: being spoken to brings less.`,
    cannotTell: `${capital(span)}: cannot tell${planned ? '' : ' yet'}.`,
    tooEarly: `Too early: ${window.days} of the first ${FIRST_LOOK_DAYS} days have passed.`,
    tooFew: `Cannot tell: of ${counted(customers.length, 'customer')} ${whole(holdout)} are in the holdout, and each side needs at least ${MIN_IN_ARM}.`,
    nothingVaries: 'Cannot tell: nothing that customers brought differs from one to the other.',
  }
  const says = [first[verdict]]
  if (verdict !== 'more' && verdict !== 'less' && visible) {
    const span = spanWords(window.plannedDays)
    says.push(
      `With ${counted(customers.length, 'customer')}, ${span} can show ${visibleWords(visible.lift)}.${expectWords(visible.lift, period.smallestLift)} About ${whole(visible.customersNeeded)} customers for ${span} would be needed to see ${percent(period.smallestLift)}.`,
    )
  }
  if (period.endsOn === null)
    says.push(
      `Counted since the first decision, on ${dateWords(period.startsOn)}. It was not registered before it began: ${
        next
          ? `“${next.name}” is, and begins on ${dateWords(next.startsOn)}.`
          : 'register the next period, so that nobody chooses its end by what it shows.'
      }`,
    )
  else if (period.stoppedOn !== null)
    says.push(`It was stopped on ${dateWords(period.stoppedOn)}, before its planned end.`)
  else if (!planned) says.push(`It was registered to end on ${dateWords(period.endsOn)}.`)
  else says.push(`It ended on ${dateWords(period.endsOn)}, as registered before it began.`)
  return says
}

/** Suggestions at a till do not bring more than this; a judgement, not a finding. */
const MORE_THAN_COMES = 0.5

/** `a lift of about 98 %, and no smaller one`. */
const visibleWords = (lift: number) =>
  lift > 9.99
    ? 'not even a lift of ten times as much'
    : `a lift of about ${percent(lift)}, and no smaller one`

/** What it means to see no less than this. */
function expectWords(visible: number, smallestLift: number): string {
  if (visible <= smallestLift) return ''
  const less =
    visible > MORE_THAN_COMES
      ? 'That is more than any suggestion will bring: expect “cannot tell”.'
      : 'If it brings less, expect “cannot tell”.'
  return ` ${less} What can be measured sooner is whether the very thing that is said is taken up.`
}

/**
 * What a period of other lengths could see, by what is known of one: errors go down with the square root of time.
 * @returns a sentence; null where nothing is known yet
 */
export function visibleByLength(figures: readonly Figure[], plannedDays: number): string | null {
  const known = figures.find(({ code }) => code === 'SMALLEST_VISIBLE')?.number
  if (typeof known !== 'number') return null
  const over = (days: number) => {
    const lift = Math.expm1(Math.log1p(known) * Math.sqrt(plannedDays / days))
    return lift > 9.99 ? 'more than ten times as much' : percent(lift)
  }
  return `With the customers of now, the smallest lift that three months could show is about ${over(91)}; half a year ${over(182)}; a year ${over(365)}; two years ${over(730)}.`
}

/** Of a period that is registered: that it cannot be expected to see what would matter. null: it can, or nobody knows. */
export function blindWords(smallestVisible: number | null, smallestLift: number): string | null {
  if (smallestVisible === null || smallestVisible <= smallestLift) return null
  return `It can show ${visibleWords(smallestVisible)}: a lift of ${percent(smallestLift)}, which would matter, it would most likely miss.${expectWords(smallestVisible, smallestLift)}`
}

const meanSpent = (customers: LiftCustomer[]) =>
  customers.reduce((sum, { spent }) => sum + spent.reduce((own, [, minor]) => own + minor, 0), 0) /
  customers.length

/** Beyond ten times as much an interval has no end that says anything. */
const MOST_SHOWN = 9.995
const finite = (value: number | null) =>
  value === null || !Number.isFinite(value) || Math.abs(value) > 1e13 ? null : value
const shownInterval = ({ value, low, high }: Interval): Interval => ({
  value: Math.min(value, MOST_SHOWN),
  low,
  high: Math.min(high, MOST_SHOWN),
})

/** `between −18 % and +74 %`. */
const betweenWords = ({ low, high }: Interval, words: (value: number) => string) =>
  `between ${words(low)} and ${words(high)}`
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const percent = (share: number) => `${whole(Math.round(share * 100))} %`
/** `−18 %`, `+74 %`, `0 %`; what is beyond ten times as much is `+999 % or more`. */
export function signedPercent(share: number): string {
  if (share > MOST_SHOWN) return '+999 % or more'
  return signed(Math.round(share * 100), (n) => `${whole(n)} %`)
}
/** With its sign, of something that writes what has none. */
const signed = (value: number, words: (value: number) => string) =>
  `${value > 0 ? '+' : value < 0 ? '−' : ''}${words(Math.abs(value))}`
const whole = (n: number) =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
const counted = (n: number, what: string) => `${whole(n)} ${what}${n === 1 ? '' : 's'}`
const spanWords = (days: number) => (days >= 360 && days <= 370 ? 'a year' : `${days} days`)
const dateWords = (date: string) => `${spokenDate(date)} ${date.slice(0, 4)}`

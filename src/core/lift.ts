/**
 * What being spoken to caused: customers who may be spoken to against those of the holdout, drawn by chance when they
 * were first met, everyone as drawn whether she was spoken to or not. What they bring is adjusted by what the same
 * customers brought before, and comes with intervals (core/sequential.ts).
 */
import { ALPHA, sequentialT, studentT } from './sequential.ts'

/** How a figure is known: counted; seen together; caused, for chance decided; or assumed. */
export const TAGS = ['counted', 'associated', 'caused', 'assumed'] as const
export type Tag = (typeof TAGS)[number]

/** A number with the interval that holds it. */
export type Interval = { value: number; low: number; high: number }

/** What a customer brings counts up to this quantile of what customers brought in the earlier period. */
export const CAP_QUANTILE = 0.975
/** Of the price, where the cost of a thing is unknown: the keystone of retail, twice the cost. */
export const ASSUMED_COST_SHARE = 0.5
/** Before this many days nothing is compared. */
export const FIRST_LOOK_DAYS = 28
/** Fewer in an arm are not compared. */
export const MIN_IN_ARM = 5
/** How long a window is taken to be that nobody planned; the earlier period is never longer. */
export const UNPLANNED_DAYS = 365
/** How long after a moment an offer may be taken up to count for it. */
export const UPTAKE_DAYS = 30
/** How often a lift as large as the smallest visible one would be seen. */
export const POWER = 0.8
/** Of how many moments, said and silent weighed together, the uptake's interval is narrowest. */
const UPTAKE_PLANNED = 100

/** One customer. Days count from the start of the window; money in minor units. */
export type LiftCustomer = {
  holdout: boolean
  /** The share of the holdout when she was drawn: only those drawn alike are compared. */
  share: number
  /** The day she was first met; below 0: before the window. */
  joinedDay: number
  /** What she brought in the earlier period. */
  before: number
  /** What she brought on which day of the window, in order. */
  spent: [day: number, minor: number][]
}

/** The most that counts of one customer, in the window and in the earlier period. null: everything does. */
export type Caps = { window: number | null; before: number | null }

/** The caps that the earlier period sets: as known before the window began. */
export function capsOf(customers: LiftCustomer[], days: number, daysBefore: number): Caps {
  const earlier = customers.filter(({ joinedDay }) => joinedDay < 0).map(({ before }) => before)
  const before = daysBefore === 0 ? null : quantileOf(earlier, CAP_QUANTILE)
  return { before, window: before === null ? null : (before * days) / daysBefore }
}

/** null where it is not above 0: nothing could be told apart. */
function quantileOf(values: number[], quantile: number): number | null {
  const sorted = Float64Array.from(values).sort()
  const found = sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]
  return found !== undefined && found > 0 ? found : null
}

const capped = (value: number, cap: number | null) =>
  cap === null ? value : Math.min(cap, Math.max(-cap, value))

/** A part of a variance, and the number of customers that it was learned from. */
type Part = { variance: number; n: number }
type Arm = {
  customers: number
  buyers: number
  rawMean: number
  mean: number
  parts: Part[]
  overCap: number
}

/** The two arms as they stand after so many days. Money in minor units per customer. */
export type Comparison = { day: number; offered: Arm; holdout: Arm }

/**
 * The arms after `day` days: means per customer, adjusted by what was known beforehand (what she brought before, whether
 * she is new, since when she is known), with slopes common to both arms and variances that neither need equal spread
 * nor trust what pulls at its own fit (HC2). Customers drawn at different shares are compared among themselves and then put
 * together by their number. null: too few in an arm.
 *
 * Sources: Deng, Xu, Kohavi, Walker (2013), CUPED; Lin (2013), Agnostic notes on regression adjustments;
 * MacKinnon, White (1985), HC2; Miratrix, Sekhon, Yu (2013), post-stratification.
 */
export function compareArms(customers: LiftCustomer[], day: number, caps: Caps): Comparison | null {
  const known = customers.filter(({ joinedDay }) => joinedDay < day)
  const groups = groupsOf(known)
  const total = groups.reduce((sum, { offered, holdout }) => sum + offered.length + holdout.length, 0)
  const size = (arm: 'offered' | 'holdout') => groups.reduce((sum, each) => sum + each[arm].length, 0)
  if (Math.min(size('offered'), size('holdout')) < MIN_IN_ARM) return null

  const cells = groups.flatMap(({ offered, holdout }) => [offered, holdout])
  const rawOf = (customer: LiftCustomer) => {
    let sum = 0
    for (const [at, minor] of customer.spent) {
      if (at >= day) break
      sum += minor
    }
    return sum
  }
  const raw = cells.map((cell) => cell.map(rawOf))
  const cap = caps.window ?? quantileOf(raw.flat(), CAP_QUANTILE)
  const ys = raw.map((values) => values.map((value) => capped(value, cap)))
  const columns = scaled(
    [
      (c: LiftCustomer) => capped(c.before, caps.before),
      (c: LiftCustomer) => (c.joinedDay >= 0 ? 1 : 0),
      (c: LiftCustomer) => (day - Math.max(0, c.joinedDay)) / day,
    ].map((column) => cells.map((cell) => cell.map(column))),
  )
  const fit = fitted(ys, columns)

  const arm = (which: 0 | 1): Arm => {
    const own = cells.map((_, i) => i).filter((i) => i % 2 === which)
    const all = own.flatMap((i) => raw[i]!)
    let mean = 0
    const parts = own.map((i): Part => {
      const weight = (groups[i >> 1]!.offered.length + groups[i >> 1]!.holdout.length) / total
      mean += weight * fit.means[i]!
      return { variance: weight ** 2 * fit.variances[i]!, n: cells[i]!.length }
    })
    return {
      customers: all.length,
      buyers: all.filter((value) => value !== 0).length,
      rawMean: meanOf(all),
      overCap: cap === null ? 0 : all.filter((value) => Math.abs(value) > cap).length,
      mean,
      parts,
    }
  }
  return { day, offered: arm(0), holdout: arm(1) }
}

/** Customers by the share they were drawn at. Where one arm has fewer than two, nothing can be compared. */
function groupsOf(customers: LiftCustomer[]): { offered: LiftCustomer[]; holdout: LiftCustomer[] }[] {
  const byShare = new Map<number, { offered: LiftCustomer[]; holdout: LiftCustomer[] }>()
  for (const customer of customers) {
    let group = byShare.get(customer.share)
    if (!group) byShare.set(customer.share, (group = { offered: [], holdout: [] }))
    group[customer.holdout ? 'holdout' : 'offered'].push(customer)
  }
  return [...byShare.values()].filter(({ offered, holdout }) => Math.min(offered.length, holdout.length) >= 2)
}

const sumOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
const meanOf = (values: number[]) => (values.length === 0 ? 0 : sumOf(values) / values.length)

/** Columns with spread 1 around their mean over everyone; those without any spread are left out. */
function scaled(columns: number[][][]): number[][][] {
  return columns.flatMap((cells) => {
    const all = cells.flat()
    const mean = meanOf(all)
    const spread = Math.sqrt(meanOf(all.map((value) => (value - mean) ** 2)))
    return spread < 1e-9 * Math.max(1, Math.abs(mean))
      ? []
      : [cells.map((cell) => cell.map((value) => (value - mean) / spread))]
  })
}

/** Means of cells as if each had everyone's columns, with the variance of each mean. Columns have mean 0. */
function fitted(ys: number[][], columns: number[][][]): { means: number[]; variances: number[] } {
  const k = columns.length
  const centred = (cells: number[][]) =>
    cells.map((cell) => {
      const mean = meanOf(cell)
      return cell.map((value) => value - mean)
    })
  const dy = centred(ys)
  const dz = columns.map(centred)
  const products = Array.from({ length: k }, (_, a) =>
    Array.from({ length: k }, (_, b) => sumOf(dz[a]!.map((cell, i) => dot(cell, dz[b]![i]!)))),
  )
  const inverse = inverted(products)
  const against = dz.map((cells) => sumOf(cells.map((cell, i) => dot(cell, dy[i]!))))
  const slopes = inverse.map((row) => dot(row, against))
  const means = ys.map(
    (cell, i) => meanOf(cell) - sumOf(slopes.map((slope, a) => slope * meanOf(columns[a]![i]!))),
  )
  const variances = ys.map((cell, i) => {
    let sum = 0
    for (let j = 0; j < cell.length; j++) {
      let rest = dy[i]![j]!
      let leverage = 1 / cell.length
      for (let a = 0; a < k; a++) {
        const z = dz[a]![i]![j]!
        rest -= slopes[a]! * z
        for (let b = 0; b < k; b++) leverage += z * inverse[a]![b]! * dz[b]![i]![j]!
      }
      sum += rest ** 2 / (1 - Math.min(0.9, leverage))
    }
    return sum / cell.length ** 2
  })
  return { means, variances }
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** A symmetric matrix's inverse by elimination; what depends on columns before it gets 0. */
function inverted(matrix: number[][]): number[][] {
  const k = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let i = 0; i < k; i++) {
    const pivot = rows[i]![i]!
    if (pivot <= 1e-9 * matrix[i]![i]!) {
      for (const row of rows) row[i] = 0
      rows[i] = rows[i]!.map(() => 0)
      for (const row of rows) row[k + i] = 0
      continue
    }
    rows[i] = rows[i]!.map((value) => value / pivot)
    for (let r = 0; r < k; r++) {
      const factor = rows[r]![i]!
      if (r !== i && factor !== 0) rows[r] = rows[r]!.map((value, j) => value - factor * rows[i]![j]!)
    }
  }
  return rows.map((row) => row.slice(k))
}

/** A number with its standard error and Welch's degrees of freedom. */
export type Estimate = { value: number; error: number; freedom: number }

/** `value`, whose variance is the sum of parts. Source: Welch (1947), Satterthwaite (1946). */
function estimated(value: number, parts: Part[]): Estimate | null {
  const variance = sumOf(parts.map((part) => part.variance))
  if (!(variance > 0)) return null
  const freedom = variance ** 2 / sumOf(parts.map((part) => part.variance ** 2 / (part.n - 1)))
  return { value, error: Math.sqrt(variance), freedom: Math.max(1, freedom) }
}

/** How much more a customer brings who may be spoken to, in minor units. null: nothing varies. */
export function difference({ offered, holdout }: Comparison): Estimate | null {
  return estimated(offered.mean - holdout.mean, [...offered.parts, ...holdout.parts])
}

/**
 * The logarithm of how many times as much she brings: on this scale the interval of a few uneven customers is wrong as
 * often at its one end as at the other. null where an arm brings nothing, or nothing varies.
 */
export function logRatio({ offered, holdout }: Comparison): Estimate | null {
  if (!(offered.mean > 0 && holdout.mean > 0)) return null
  const relative = ({ mean, parts }: Arm) =>
    parts.map(({ variance, n }) => ({ n, variance: variance / mean ** 2 }))
  return estimated(Math.log(offered.mean / holdout.mean), [...relative(offered), ...relative(holdout)])
}

/** So many standard errors around it. */
const around = ({ value, error }: Estimate, errors: number): Interval => ({
  value,
  low: value - errors * error,
  high: value + errors * error,
})
const asShare = ({ value, low, high }: Interval): Interval => ({
  value: Math.expm1(value),
  low: Math.expm1(low),
  high: Math.expm1(high),
})

/** The ordinary interval: right for one look, on the day that was set beforehand. */
export const ordinary = (estimate: Estimate, alpha = ALPHA): Interval =>
  around(estimate, studentT(alpha, estimate.freedom))

/** What a customer of one arm brings, adjusted, with its ordinary interval. null: nothing varies. */
export function meanInterval({ mean, parts }: Arm): Interval | null {
  const estimate = estimated(mean, parts)
  return estimate && ordinary(estimate)
}

/** What one look at the arms tells. Lift as a share: 0.1 is a tenth more. Money in minor units per customer. */
export type Look = {
  day: number
  lift: Interval | null
  money: Interval | null
}

/** The looks of a window, a week apart and the last one now; from the first day on which the arms can be compared. */
export type Looks = {
  /** With intervals that stay valid however often one looks. */
  looks: Look[]
  /** The last one with ordinary intervals: for the planned last day only. */
  once: Look | null
  last: Comparison | null
}

/** How a window is looked at. */
export type Window = { days: number; plannedDays: number; daysBefore: number }

/**
 * Look at the window every `every` days and today. The clock of the sequential interval is the variance of what was
 * brought so far; how much of it there will be on the planned day is told from the first look.
 */
export function looksOf(customers: LiftCustomer[], window: Window, every = 7): Looks {
  const { days, plannedDays, daysBefore } = window
  const caps = capsOf(customers, plannedDays, daysBefore)
  const looks: Look[] = []
  let planned = 0
  let last: Comparison | null = null
  let once: Look | null = null
  for (let day = Math.min(FIRST_LOOK_DAYS, days); day <= days; day = nextLook(day, days, every)) {
    if (day < FIRST_LOOK_DAYS) break
    const seen = compareArms(customers, day, caps)
    const money = seen && difference(seen)
    if (!seen || !money) continue
    last = seen
    if (planned === 0) planned = (money.error ** 2 * plannedDays) / day
    const log = logRatio(seen)
    const errors = (freedom: number) => sequentialT(money.error ** 2, planned, freedom)
    looks.push({
      day,
      lift: log && asShare(around(log, errors(log.freedom))),
      money: around(money, errors(money.freedom)),
    })
    if (day === days) once = { day, lift: log && asShare(ordinary(log)), money: ordinary(money) }
  }
  return { looks, once, last: last ?? compareArms(customers, Math.max(1, days), caps) }
}

const nextLook = (day: number, days: number, every: number) =>
  day === days ? days + 1 : Math.min(days, day + every)

/** The smallest lift that a window would show, and how many customers another lift would need. */
export type Visible = {
  /** The least lift that would be told from none at the planned end, four times of five. */
  lift: number
  /** How many customers would be needed for `smallestLift` in a window as long. */
  customersNeeded: number
}

/**
 * What the shop can hope to see. From what was compared so far, as if noise went on as the square root of time; before
 * there is anything, from how uneven the earlier period was. null: neither is known.
 * `error` of a two-sided test at 5 %: (t₀.₉₇₅ + t₀.₈) · standard error. Source: Bloom (1995), Minimum detectable effects.
 */
export function visibleLift(
  customers: LiftCustomer[],
  window: Window,
  last: Comparison | null,
  smallestLift: number,
): Visible | null {
  const { plannedDays, daysBefore } = window
  const log = last && logRatio(last)
  const { error, freedom } = log
    ? { error: log.error * Math.sqrt(last!.day / Math.max(last!.day, plannedDays)), freedom: log.freedom }
    : beforehand(customers, plannedDays, daysBefore)
  if (!(error > 0 && error < 50)) return null
  const logs = error * (studentT(ALPHA, freedom) + studentT(2 * (1 - POWER), freedom))
  const needed = customers.length * (logs / Math.log1p(smallestLift)) ** 2
  return { lift: Math.expm1(logs), customersNeeded: roughly(needed) }
}

/** The error of a log ratio between arms of these sizes, did the earlier period come again. */
function beforehand(customers: LiftCustomer[], days: number, daysBefore: number) {
  const holdout = customers.filter((each) => each.holdout).length
  const offered = customers.length - holdout
  const cap = capsOf(customers, days, daysBefore).before
  const earlier = customers.filter(({ joinedDay }) => joinedDay < 0).map(({ before }) => capped(before, cap))
  const mean = meanOf(earlier)
  if (daysBefore === 0 || !(mean > 0) || Math.min(holdout, offered) < 2)
    return { error: Number.NaN, freedom: 1 }
  const relative = meanOf(earlier.map((value) => (value / mean - 1) ** 2)) * (daysBefore / days)
  return {
    error: Math.sqrt(relative * (1 / offered + 1 / holdout)),
    freedom: Math.min(holdout, offered) - 1,
  }
}

/** A number as one says it: two digits, the rest zeros. */
export function roughly(n: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, n))) - 1)
  return Math.ceil(n / unit - 1e-9) * unit
}

/** A moment at which something would be said, and chance decided whether it was. */
export type UptakeMoment = {
  customer: string
  said: boolean
  /** Whether the very offer was taken up in the days that follow. */
  took: boolean
}

/** How often the very offer was taken up, where it was said and where chance kept silent. Shares. */
export type Uptake = {
  said: { moments: number; took: number }
  silent: { moments: number; took: number }
  /** What saying it caused, with an interval that stays valid however often one looks. null: nothing to compare. */
  caused: Interval | null
}

/**
 * Uptake of what was said against what was about to be said: the difference of two shares, with moments of one customer
 * kept together (cluster-robust), never surer than a share of so few moments can be.
 * Sources: Liang, Zeger (1986); Agresti, Caffo (2000) for few; core/sequential.ts.
 */
export function uptakeOf(moments: UptakeMoment[]): Uptake {
  const arm = (said: boolean) => {
    const own = moments.filter((each) => each.said === said)
    const took = own.filter((each) => each.took).length
    const share = (took + 1) / (own.length + 2)
    return {
      moments: own.length,
      took,
      mean: took / Math.max(1, own.length),
      least: (share * (1 - share)) / (own.length + 2),
      customers: new Set(own.map(({ customer }) => customer)).size,
    }
  }
  const [said, silent] = [arm(true), arm(false)]
  const counts = ({ moments: n, took }: ReturnType<typeof arm>) => ({ moments: n, took })
  const shown = { said: counts(said), silent: counts(silent) }
  if (Math.min(said.customers, silent.customers) < MIN_IN_ARM) return { ...shown, caused: null }
  const rests = new Map<string, number>()
  for (const each of moments) {
    const own = each.said ? said : silent
    const rest = ((Number(each.took) - own.mean) / own.moments) * (each.said ? 1 : -1)
    rests.set(each.customer, (rests.get(each.customer) ?? 0) + rest)
  }
  const clustered = sumOf([...rests.values()].map((rest) => rest ** 2)) * (rests.size / (rests.size - 1))
  const error = Math.sqrt(Math.max(clustered, said.least + silent.least))
  const time = 1 / (1 / said.moments + 1 / silent.moments)
  const errors = sequentialT(time, UPTAKE_PLANNED, Math.min(said.customers, silent.customers) - 1)
  const { value, low, high } = around({ value: said.mean - silent.mean, error, freedom: 1 }, errors)
  return { ...shown, caused: { value, low: Math.max(-1, low), high: Math.min(1, high) } }
}

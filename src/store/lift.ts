/** What the lift is made of: experiments as registered, who was drawn into which arm, and what each customer brought. */

import { ASSUMED_COST_SHARE, UNPLANNED_DAYS, UPTAKE_DAYS } from '../core/lift.ts'
import type { LiftPeriod, LiftRead } from '../core/lift-report.ts'
import type { Policy } from '../core/policy.ts'
import { dateOf, dayOf, instantOf, localDay } from '../core/time.ts'
import type { Engine, Statement } from './engine.ts'
import { guard, insertRows, statement } from './engine.ts'
import { experiment } from './schema.ts'

export type ExperimentRow = typeof experiment.$inferSelect

/** All experiments, the latest start first. */
export function listExperiments(engine: Engine): Promise<ExperimentRow[]> {
  return engine.all<ExperimentRow>(statement('select * from experiment order by startsOn desc, id desc'))
}

/** Register one. The batch is aborted when another overlaps it: nobody registers several and picks one later. */
export function registered(row: ExperimentRow): Statement[] {
  return [
    ...guard(
      `select not exists (select 1 from experiment where startsOn <= ? and coalesce(stoppedOn, endsOn) >= ?
         and not (stoppedOn is not null and stoppedOn < startsOn))`,
      row.endsOn,
      row.startsOn,
    ),
    insertRows(experiment, [row]),
  ]
}

/** Stop one that has not ended: `on` is its last day, before its start when it never began. Aborted when it is over. */
export function stopped(id: string, on: string): Statement[] {
  return [
    ...guard('select count(*) from experiment where id = ? and stoppedOn is null and endsOn > ?', id, on),
    statement('update experiment set stoppedOn = ? where id = ?', on, id),
  ]
}

/** The site's date of the first decision on record, or null. */
export async function firstDecision(engine: Engine, timeZone: string): Promise<string | null> {
  const [row] = await engine.all<{ at: string | null }>(statement('select min(at) at from recommendation'))
  return row?.at ? dateOf(localDay(Date.parse(row.at), timeZone)) : null
}

/** What a purchase's line brings: price less cost, the unknown cost as a share of the price. */
const PRICE = 'coalesce(l.totalMinor, l.quantity * l.unitPriceMinor)'
const COST = 'coalesce(l.unitCostMinor, pr.costMinor)'
const BROUGHT = `(${PRICE} - coalesce(l.quantity * ${COST}, ${ASSUMED_COST_SHARE} * ${PRICE}))`
/** Whole days from the start of the window, below 0 before it. Numbers are bound as reals, and casting cuts towards 0. */
const DAY = '(cast((unixepoch(p.soldAt) - ?1) / 86400.0 + 100000 as integer) - 100000)'
/** Later purchases, and money back: the first one was no work of ours. */
const LATER = `p.customer is not null and p.voided = 0 and coalesce(p.stage, 'back') = 'back' and p.currency = ?2`
/**
 * By customer and day from ?3 to ?4: what her later purchases brought, and what partners owe us for our introductions
 * of her, less what their benefits cost us. `sold` and `costUnknown`: of the purchases.
 */
const DAYS = `select customer, day, sum(minor) minor, sum(sold) sold, sum(costUnknown) costUnknown from (
    select p.customer customer, ${DAY} day, ${BROUGHT} minor, abs(${PRICE}) sold,
      iif(${COST} is null, abs(${PRICE}), 0) costUnknown
    from purchase p join purchaseLine l on l.purchaseId = p.id join product pr on pr.id = l.productId
    where ${LATER} and p.soldAt >= ?3 and p.soldAt < ?4
    union all
    select r.customer, cast(julianday(e.onDate) - julianday(?5) as integer), e.amount, 0, 0
    from ledgerEntry e join referral r on r.code = e.code
    where r.direction = 'ours' and r.customer is not null and e.unit = 'money' and e.currency = ?2
      and e.onDate >= ?6 and e.onDate < ?7
  ) group by customer, day order by customer, day`

type About = {
  period: LiftPeriod
  today: string
  timeZone: string
  currency: string
  policy: Policy
}

/**
 * Everything that a report of a period looks at, up to the end of yesterday or of the period. Customers who were
 * forgotten are gone, with all they brought, from both arms alike.
 */
export async function readLift(engine: Engine, about: About): Promise<LiftRead> {
  const { period, today, timeZone, currency, policy } = about
  const start = dayOf(period.startsOn)
  const lastDay = period.stoppedOn ?? period.endsOn
  const days = Math.max(
    0,
    Math.min(dayOf(today), lastDay === null ? Number.POSITIVE_INFINITY : dayOf(lastDay) + 1) - start,
  )
  const plannedDays =
    period.endsOn === null ? Math.max(days, UNPLANNED_DAYS) : dayOf(period.endsOn) + 1 - start
  const midnight = (day: number) => instantOf(`${dateOf(day)}T00:00:00`, timeZone)
  const from = Math.floor(midnight(start) / 1000)
  const iso = (day: number) => new Date(midnight(day)).toISOString()
  const broughtBetween = (day: number, before: number) =>
    statement(DAYS, from, currency, iso(day), iso(before), period.startsOn, dateOf(day), dateOf(before))

  const [[first], customers, before, within, decisions] = (await engine.allOf([
    statement('select min(soldAt) at from purchase where customer is not null'),
    // In the order in which they were met: the share of the holdout depended on how many there were.
    statement('select ref, holdout, holdoutShare, joinedOn from customer order by rowid'),
    broughtBetween(start - Math.min(plannedDays, UNPLANNED_DAYS), start),
    broughtBetween(start, start + days),
    statement(
      `select customer, at, arm, coalesce(offerId, wouldOffer) offerId, propensity, outcome, outcomeAt
       from recommendation where customer is not null and arm in ('offer', 'explore', 'silence')
         and at >= ? and at < ? order by at, id`,
      iso(start),
      iso(start + days),
    ),
  ])) as [
    { at: string | null }[],
    { ref: string; holdout: number; holdoutShare: number | null; joinedOn: string }[],
    { customer: string; day: number; minor: number }[],
    { customer: string; day: number; minor: number; sold: number; costUnknown: number }[],
    DecisionRow[],
  ]

  const history = first?.at ? start - localDay(Date.parse(first.at), timeZone) : 0
  const daysBefore = Math.max(0, Math.min(plannedDays, UNPLANNED_DAYS, history))
  const beforeOf = new Map<string, number>()
  for (const { customer, minor } of before) beforeOf.set(customer, (beforeOf.get(customer) ?? 0) + minor)
  const spentOf = new Map<string, [number, number][]>()
  for (const { customer, day, minor } of within) {
    const own = spentOf.get(customer)
    if (own) own.push([day, minor])
    else spentOf.set(customer, [[day, minor]])
  }
  const yes = new Set(decisions.filter(saidYes).map(({ customer }) => customer))
  const sold = within.reduce((sum, each) => sum + each.sold, 0)
  return {
    period,
    today,
    currency,
    window: { days, plannedDays, daysBefore },
    customers: customers.map(({ ref, holdout, holdoutShare, joinedOn }, i) => ({
      holdout: holdout === 1,
      share: holdoutShare ?? (i < policy.holdoutSmallBelow ? policy.holdoutShareSmall : policy.holdoutShare),
      joinedDay: dayOf(joinedOn) - start,
      before: beforeOf.get(ref) ?? 0,
      spent: spentOf.get(ref) ?? [],
      saidYes: yes.has(ref),
    })),
    moments: await readMoments(engine, decisions, { timeZone, today, since: iso(start) }),
    costAssumed: sold === 0 ? 0 : within.reduce((sum, each) => sum + each.costUnknown, 0) / sold,
  }
}

type DecisionRow = {
  customer: string
  at: string
  arm: string
  offerId: string | null
  propensity: number
  outcome: string | null
  outcomeAt: string | null
}
const saidYes = ({ outcome }: DecisionRow) => outcome === 'accepted' || outcome === 'booked'

/**
 * Moments at which chance decided between saying an offer and silence, old enough to be judged: the first of a
 * customer's day. An answer that was kept from an earlier day was not drawn again, and is none.
 */
async function readMoments(
  engine: Engine,
  decisions: DecisionRow[],
  { timeZone, today, since }: { timeZone: string; today: string; since: string },
): Promise<LiftRead['moments']> {
  const dayAt = (at: string) => localDay(Date.parse(at), timeZone)
  const met = new Set<string>()
  const moments = decisions.flatMap(({ customer, at, arm, offerId, propensity }) => {
    if (offerId === null || !(arm === 'silence' || propensity < 1)) return []
    const day = dayAt(at)
    const key = `${day} ${customer}`
    if (day + UPTAKE_DAYS >= dayOf(today) || met.has(key)) return []
    met.add(key)
    return [{ customer, offerId, day, said: arm !== 'silence' }]
  })
  if (moments.length === 0) return []
  const offers = JSON.stringify([...new Set(moments.map(({ offerId }) => offerId))])
  const [bought, came] = (await engine.allOf([
    statement(
      `with meant as (
         select w.value offerId, pr.id productId from json_each(?1) w join offer o on o.id = w.value
           join json_each(o.skus) s join product pr on pr.sku = s.value
         union select w.value, pr.id from json_each(?1) w join product pr
           on w.value like 'product:%' and substr(w.value, 9) in (pr.sku, cast(pr.id as text)))
       select m.offerId offerId, p.customer customer, p.soldAt at
       from meant m join purchaseLine l on l.productId = m.productId join purchase p on p.id = l.purchaseId
       where p.voided = 0 and p.customer is not null and l.quantity > 0 and p.soldAt >= ?2`,
      offers,
      since,
    ),
    statement(
      `select offerId, customer, onDate from evidence
       where kind in ('booked', 'attended', 'enrolled', 'completed') and retractedAt is null
         and offerId in (select value from json_each(?1)) and onDate >= ?2
       union all
       select offerId, customer, coalesce(madeOn, substr(createdAt, 1, 10)) from referral
       where direction = 'ours' and state in ('accepted', 'booked', 'attended', 'enrolled') and customer is not null
         and offerId in (select value from json_each(?1)) and createdAt >= ?2`,
      offers,
      since.slice(0, 10),
    ),
  ])) as [
    { offerId: string; customer: string; at: string }[],
    { offerId: string; customer: string; onDate: string }[],
  ]
  const daysOf = new Map<string, number[]>()
  const took = (customer: string, offerId: string, day: number) => {
    const key = `${offerId} ${customer}`
    const known = daysOf.get(key)
    if (known) known.push(day)
    else daysOf.set(key, [day])
  }
  for (const { customer, offerId, at } of bought) took(customer, offerId, dayAt(at))
  for (const { customer, offerId, onDate } of came) took(customer, offerId, dayOf(onDate))
  for (const each of decisions)
    if (saidYes(each) && each.offerId !== null)
      took(each.customer, each.offerId, dayAt(each.outcomeAt ?? each.at))
  return moments.map(({ customer, offerId, day, said }) => ({
    customer,
    said,
    took: (daysOf.get(`${offerId} ${customer}`) ?? []).some((at) => at >= day && at <= day + UPTAKE_DAYS),
  }))
}

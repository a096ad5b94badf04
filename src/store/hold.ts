/**
 * Holds and who waits: one place one row, so that no interleaving takes it twice. A lease that ran out is given
 * back by the next write that looks for a place; until then it blocks nobody and is nobody's.
 */
import type { Engine, Statement } from './engine.ts'
import { BUMP, guard, insertRows, REV, statement } from './engine.ts'
import { referral } from './schema.ts'

const UTC = '%Y-%m-%dT%H:%M:%fZ'
/** When a session `s` begins, in UTC. */
const STARTS = `strftime('${UTC}', s.startsAt)`
/** The offer of a session `s` is live, and so is the alliance with whoever gives it. */
const LIVE = `exists (select 1 from offer o where o.id = s.offerId and o.state = 'live' and (o.partnerId is null
  or exists (select 1 from alliance a where a.partnerId = o.partnerId and a.state = 'live')))`
/** Not all places of a session `s` are taken. By counting: what is booked elsewhere has no rows. */
const HAS_FREE = `(select count(*) from hold x where x.sessionId = s.id and x.state <> 'released') + s.bookedElsewhere < s.capacity`
/** The lowest free place of session ?2. Whatever is booked elsewhere counts as the first ones. */
const LOWEST = `(select min(p) from (
    select bookedElsewhere + 1 p from session where id = ?2
    union select place + 1 from hold where sessionId = ?2 and state <> 'released')
  where p > (select bookedElsewhere from session where id = ?2)
    and p not in (select place from hold where sessionId = ?2 and state <> 'released'))`

/** Who is placed has a day to say that she comes. */
const WAITED_LEASE_MS = 86_400_000

export type NewHold = {
  id: string
  sessionId: string
  expiresAt: string
  customer: string | null
  recommendationId: string | null
  staffId?: string | null
  now: string
}

/** Give back the places of a session whose leases ran out. */
export function releaseLapsed(sessionId: string, now: string): Statement {
  return statement(
    `update hold set state = 'released', rev = ${REV} where sessionId = ? and state = 'held' and expiresAt <= ?`,
    sessionId,
    now,
  )
}

function insertHold(hold: NewHold, onlyWhere = ''): Statement {
  return statement(
    `insert into hold (id, sessionId, place, state, expiresAt, customer, recommendationId, staffId, rev)
     select ?1, s.id, ${LOWEST}, 'held', ?3, ?4, ?5, ?6, ${REV} from session s
     where s.id = ?2 and s.cancelled = 0 and ${HAS_FREE}${onlyWhere}`,
    hold.id,
    hold.sessionId,
    hold.expiresAt,
    hold.customer,
    hold.recommendationId,
    hold.staffId ?? null,
    ...(onlyWhere === '' ? [] : [hold.now]),
  )
}

/** Take the lowest free place of a session, or refuse the batch. */
export function holdPlace(hold: NewHold): Statement[] {
  return [
    releaseLapsed(hold.sessionId, hold.now),
    insertHold(hold),
    ...guard('select count(*) from hold where id = ?', hold.id),
  ]
}

/** Places that came free go to who waits longest: each has a hold of her own, for a day or until it begins. */
export function placeWaiting(sessionId: string, now: string): Statement[] {
  const until = new Date(Date.parse(now) + WAITED_LEASE_MS).toISOString()
  return [
    releaseLapsed(sessionId, now),
    statement(
      `with recursive s as (
         select *, capacity - bookedElsewhere - (select count(*) from hold x where x.sessionId = session.id and x.state <> 'released') free
         from session where id = ?1 and cancelled = 0
           and exists (select 1 from waiting where sessionId = ?1 and state = 'waiting')),
       numbered(place) as (
         select bookedElsewhere + 1 from s where free > 0
         union all select place + 1 from numbered where place < (select capacity from s)),
       open as (
         select place, row_number() over (order by place) n from numbered
         where place not in (select x.place from hold x where x.sessionId = ?1 and x.state <> 'released')),
       queue as (
         select id, customer, staffId, row_number() over (order by at, id) n from waiting where sessionId = ?1 and state = 'waiting')
       insert into hold (id, sessionId, place, state, expiresAt, customer, staffId, rev)
       select 'place_' || queue.id, s.id, open.place, 'held', min(?2, ${STARTS}), queue.customer, queue.staffId, ${REV}
       from s join queue on queue.n <= s.free join open on open.n = queue.n
       where ${STARTS} > ?3 and ${LIVE}`,
      sessionId,
      until,
      now,
    ),
    statement(
      `update waiting set state = 'placed', holdId = 'place_' || id
       where sessionId = ? and state = 'waiting' and exists (select 1 from hold h where h.id = 'place_' || waiting.id)`,
      sessionId,
    ),
  ]
}

/** Give lapsed places to who waits. */
export async function settlePlaces(engine: Engine, sessionId: string, now: string): Promise<void> {
  await engine.atomic([BUMP, ...placeWaiting(sessionId, now)])
}

/**
 * Keep the lowest free place that nobody waits for, of a session to come whose offer is live. Whether there was one.
 * @throws GuardFailed when the id is taken.
 */
export async function takeHold(engine: Engine, hold: NewHold): Promise<boolean> {
  const changes = await engine.atomic([
    BUMP,
    ...placeWaiting(hold.sessionId, hold.now),
    insertHold(hold, ` and ${STARTS} > ?7 and ${LIVE}`),
  ])
  return changes.at(-1) === 1
}

export type HoldRow = {
  id: string
  sessionId: string
  place: number
  state: 'held' | 'confirmed' | 'released'
  expiresAt: string
  customer: string | null
  staffId: string | null
  recommendationId: string | null
  /** Of the referral whose place it is, if there is one. */
  code: string | null
  /** The referral is booked for this place, and no other place goes by its code. */
  isBooked: number
  offerId: string
  /** The site that it belongs to; null: any of them may look after it. */
  ownerSite: string | null
  sessionSite: string | null
  startsAt: string
  cancelled: number
}

/** A hold with its session and its referral, or null. */
export async function findHold(engine: Engine, id: string): Promise<HoldRow | null> {
  const [row] = await engine.all<HoldRow>(
    statement(
      `select h.id, h.sessionId, h.place, h.state, h.expiresAt, h.customer, h.staffId, h.recommendationId,
         r.code, s.offerId,
         coalesce(r.state = 'booked' and r.sessionId = h.sessionId and not exists (select 1 from hold o
           where o.id <> h.id and o.sessionId = h.sessionId and o.state <> 'released'
             and (o.code = r.code or o.recommendationId = h.recommendationId)), 0) isBooked, s.siteId sessionSite, s.startsAt, s.cancelled,
         coalesce(r.siteId, rec.siteId, s.siteId, c.siteId) ownerSite
       from hold h join session s on s.id = h.sessionId
         left join referral r on r.code = coalesce(h.code, (select code from referral where recommendationId = h.recommendationId))
         left join recommendation rec on rec.id = h.recommendationId
         left join customer c on c.ref = h.customer
       where h.id = ?`,
      id,
    ),
  )
  return row ?? null
}

export type Confirmation = {
  hold: Pick<HoldRow, 'id' | 'sessionId'>
  now: string
  /** Who it is for, where the hold did not say. */
  customer: string | null
  /** The referral that is made with it; null: the shop's own offer needs none. */
  referral: typeof referral.$inferInsert | null
  /** The referral of its recommendation is there already, and takes this place. */
  isMade: boolean
}

/**
 * Confirm a place with its referral, all or nothing. A lease that ran out is taken again where a place is free and
 * nobody waits. `also`: what else belongs to it, such as events and the ledger.
 * @throws GuardFailed when there is no place any more, the session is over or off, or the code is taken.
 */
export async function confirmHold(
  engine: Engine,
  { hold, now, customer, referral: made, isMade }: Confirmation,
  also: Statement[] = [],
): Promise<void> {
  const code = made?.code ?? null
  const set = `state = 'confirmed', code = ?3, customer = coalesce(customer, ?4), rev = ${REV},
    expiresAt = (select ${STARTS} from session s where s.id = ?2)`
  const takesPlace = `exists (select 1 from session s where s.id = ?2 and s.cancelled = 0 and ${STARTS} > ?5`
  const params = [hold.id, hold.sessionId, code, customer, now]
  await engine.atomic([
    BUMP,
    // A lease keeps its row until somebody else needs the place, so what is still held is still hers.
    statement(`update hold set ${set} where id = ?1 and state = 'held' and ${takesPlace})`, ...params),
    statement(
      `update hold set ${set}, place = ${LOWEST} where id = ?1 and state = 'released' and expiresAt <= ?5
         and ${takesPlace} and ${HAS_FREE} and ${LIVE}
           and not exists (select 1 from waiting w where w.sessionId = s.id and w.state = 'waiting'))`,
      ...params,
    ),
    ...guard(`select state = 'confirmed' and code is ? from hold where id = ?`, code, hold.id),
    ...(made === null ? [] : [isMade ? reseated(made) : insertRows(referral, [made])]),
    ...also,
  ])
}

/** Its state follows from its events, which are among what else belongs to it. */
function reseated(made: typeof referral.$inferInsert): Statement {
  return statement(
    'update referral set sessionId = ?, expiresOn = ?, statusDueOn = ? where code = ?',
    made.sessionId ?? null,
    made.expiresOn,
    made.statusDueOn ?? null,
    made.code,
  )
}

/**
 * Give a place back, and to who waits longest. Repeating it changes nothing. `also`: what else belongs to it, such
 * as the end of its referral.
 * @throws GuardFailed when something of `also` refuses.
 */
export async function releaseHold(
  engine: Engine,
  hold: Pick<HoldRow, 'id' | 'sessionId'>,
  now: string,
  also: Statement[] = [],
): Promise<void> {
  await engine.atomic([
    BUMP,
    statement(
      `update hold set state = 'released', rev = ${REV} where id = ? and state <> 'released'`,
      hold.id,
    ),
    ...also,
    ...placeWaiting(hold.sessionId, now),
  ])
}

export type WaitingRow = {
  id: string
  sessionId: string
  customer: string | null
  customerSite: string | null
  staffId: string | null
  state: 'waiting' | 'placed' | 'left'
  at: string
  holdId: string | null
  holdExpiresAt: string | null
  holdPlace: number | null
}

const WAITING = `select w.id, w.sessionId, w.customer, c.siteId customerSite, w.staffId, w.state, w.at, w.holdId,
    h.expiresAt holdExpiresAt, h.place holdPlace
  from waiting w left join customer c on c.ref = w.customer left join hold h on h.id = w.holdId`

/** Somebody who waits or waited, or null. */
export async function findWaiting(engine: Engine, id: string): Promise<WaitingRow | null> {
  const [row] = await engine.all<WaitingRow>(statement(`${WAITING} where w.id = ?`, id))
  return row ?? null
}

/** Who waits for a session, the longest waiting first. */
export async function listWaiting(engine: Engine, sessionId: string): Promise<WaitingRow[]> {
  return engine.all<WaitingRow>(
    statement(`${WAITING} where w.sessionId = ? and w.state = 'waiting' order by w.at, w.id`, sessionId),
  )
}

/** Which of these have a place now. */
export async function listPlaced(engine: Engine, ids: string[]): Promise<WaitingRow[]> {
  return engine.all<WaitingRow>(
    statement(
      `${WAITING} where w.id in (select value from json_each(?)) and w.state = 'placed' order by w.at, w.id`,
      JSON.stringify(ids),
    ),
  )
}

/**
 * Wait for a place in a session to come; where one is free, it is hers at once. Whether she is in the list.
 * @throws GuardFailed when the id is taken.
 */
export async function addWaiting(
  engine: Engine,
  row: { id: string; sessionId: string; customer: string | null; staffId: string | null; at: string },
): Promise<boolean> {
  const changes = await engine.atomic([
    BUMP,
    statement(
      `insert into waiting (id, sessionId, customer, staffId, state, at)
       select ?1, s.id, ?3, ?4, 'waiting', ?5 from session s where s.id = ?2 and s.cancelled = 0 and ${STARTS} > ?5`,
      row.id,
      row.sessionId,
      row.customer,
      row.staffId,
      row.at,
    ),
    ...placeWaiting(row.sessionId, row.at),
  ])
  return changes[1] === 1
}

/** Stop waiting. Whoever has a place already keeps it. */
export async function leaveWaiting(engine: Engine, id: string): Promise<void> {
  await engine.atomic([statement(`update waiting set state = 'left' where id = ? and state = 'waiting'`, id)])
}

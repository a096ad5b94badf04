/** Sessions: an offer's dates with their places, as they are counted at an instant. */
import type { KnownSession, Planned } from '../core/session.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, insertRows, REV, statement } from './engine.ts'
import { placeWaiting, releaseLapsed } from './hold.ts'
import { session } from './schema.ts'

/** When a session begins, in UTC: rows keep the site's own reading. */
const STARTS = `strftime('%Y-%m-%dT%H:%M:%fZ', s.startsAt)`

export type SessionRow = {
  id: string
  offerId: string
  siteId: string | null
  place: string
  facet: string | null
  startsAt: string
  endsAt: string
  capacity: number
  bookedElsewhere: number
  cancelled: boolean
  held: number
  confirmed: number
  waiting: number
  /** For the order of a list. */
  startsUtc: string
}

// ?1: now. `state <> 'released'` is there for the index, which holds no others.
const COUNTED = `select s.id, s.offerId, s.siteId, s.place, s.facet, s.startsAt, s.endsAt, s.capacity, s.bookedElsewhere, s.cancelled,
  (select count(*) from hold h where h.sessionId = s.id and h.state <> 'released' and h.state = 'held' and h.expiresAt > ?1) held,
  (select count(*) from hold h where h.sessionId = s.id and h.state <> 'released' and h.state = 'confirmed') confirmed,
  (select count(*) from waiting w where w.sessionId = s.id and w.state = 'waiting') waiting,
  ${STARTS} startsUtc from session s`

const read = (row: SessionRow): SessionRow => ({ ...row, cancelled: Boolean(row.cancelled) })

/** The key of a session in a list: when it begins, then its id. */
export const sessionKey = (row: Pick<SessionRow, 'startsUtc' | 'id'>): string => `${row.startsUtc}|${row.id}`

/** An offer's sessions from an instant on, the soonest first; after a key of the page before. */
export async function listSessions(
  engine: Engine,
  about: { offerId: string; from: string; after: string | null; most: number; now: string },
): Promise<SessionRow[]> {
  const rows = await engine.all<SessionRow>(
    statement(
      `${COUNTED} where s.offerId = ?2 and ${STARTS} >= ?3 and (?4 is null or ${STARTS} || '|' || s.id > ?4)
       order by startsUtc, s.id limit ?5`,
      about.now,
      about.offerId,
      about.from,
      about.after,
      about.most,
    ),
  )
  return rows.map(read)
}

/** One session, or null. */
export async function findSession(engine: Engine, id: string, now: string): Promise<SessionRow | null> {
  const [row] = await engine.all<SessionRow>(statement(`${COUNTED} where s.id = ?2`, now, id))
  return row ? read(row) : null
}

export type PlaceRow = {
  holdId: string
  place: number
  state: 'held' | 'confirmed'
  expiresAt: string
  code: string | null
  customer: string | null
  customerSite: string | null
}

/** The places of a session that are somebody's at an instant, in order. */
export async function listPlaces(engine: Engine, sessionId: string, now: string): Promise<PlaceRow[]> {
  return engine.all<PlaceRow>(
    statement(
      `select h.id holdId, h.place, h.state, h.expiresAt, h.customer, c.siteId customerSite,
         coalesce(h.code, (select r.code from referral r where r.recommendationId = h.recommendationId)) code
       from hold h left join customer c on c.ref = h.customer
       where h.sessionId = ?1 and h.state <> 'released' and (h.state = 'confirmed' or h.expiresAt > ?2)
       order by h.place`,
      sessionId,
      now,
    ),
  )
}

export type SessionFields = Pick<
  typeof session.$inferInsert,
  'siteId' | 'place' | 'facet' | 'startsAt' | 'endsAt' | 'capacity' | 'bookedElsewhere'
>

/** Add sessions of an offer. `also`: what else belongs to it, such as the audit log. */
export async function addSessions(
  engine: Engine,
  rows: (SessionFields & { id: string; offerId: string; uid?: string | null })[],
  also: Statement[] = [],
): Promise<void> {
  await engine.atomic([BUMP, ...inserted(rows), ...also])
}

const AT_ONCE = 500

function inserted(rows: Parameters<typeof addSessions>[1]): Statement[] {
  const parts: Statement[] = []
  for (let i = 0; i < rows.length; i += AT_ONCE)
    parts.push(insertRows(session, rows.slice(i, i + AT_ONCE), '(offerId, uid) do nothing'))
  // New rows come without a revision, and take this one's.
  return parts.length === 0
    ? []
    : [
        ...parts,
        statement(
          `update session set rev = ${REV} where id in (select value from json_each(?))`,
          JSON.stringify(rows.map(({ id }) => id)),
        ),
      ]
}

/**
 * Change a session that is not cancelled, unless more places are kept than it would have. Places that came free go
 * to who waits. Whether it was changed.
 */
export async function changeSession(
  engine: Engine,
  id: string,
  to: Omit<SessionFields, 'bookedElsewhere'> & {
    /** null: as it was. */
    bookedElsewhere: number | null
  },
  now: string,
  also: Statement[] = [],
): Promise<boolean> {
  const changes = await engine.atomic([
    BUMP,
    releaseLapsed(id, now),
    statement(
      `update session set siteId = ?2, place = ?3, facet = ?4, startsAt = ?5, endsAt = ?6, capacity = ?7,
         bookedElsewhere = coalesce(?8, bookedElsewhere), rev = ${REV}
       where id = ?1 and cancelled = 0 and ?7 >= coalesce(?8, bookedElsewhere)
         + (select count(*) from hold h where h.sessionId = ?1 and h.state <> 'released')`,
      id,
      to.siteId ?? null,
      to.place,
      to.facet ?? null,
      to.startsAt,
      to.endsAt,
      to.capacity,
      to.bookedElsewhere,
    ),
    ...also,
    ...placeWaiting(id, now),
  ])
  return changes[2]! > 0
}

/** The codes of those who are booked for a session: who must be told when it changes. */
export async function listCodes(engine: Engine, sessionId: string): Promise<string[]> {
  const rows = await engine.all<{ code: string }>(
    statement(`select code from referral where sessionId = ? and state = 'booked' order by code`, sessionId),
  )
  return rows.map(({ code }) => code)
}

/** Cancel a session: nobody has or awaits a place in it any more. How many places were given back. */
export async function cancelSession(engine: Engine, id: string, also: Statement[] = []): Promise<number> {
  const [kept] = await engine.all<{ n: number }>(
    statement(`select count(*) n from hold where sessionId = ? and state <> 'released'`, id),
  )
  await engine.atomic([BUMP, ...cancelled([id]), ...also])
  return kept!.n
}

function cancelled(ids: string[]): Statement[] {
  const list = JSON.stringify(ids)
  return [
    statement(
      `update session set cancelled = 1, rev = ${REV} where cancelled = 0 and id in (select value from json_each(?))`,
      list,
    ),
    statement(
      `update hold set state = 'released', rev = ${REV}
       where state <> 'released' and sessionId in (select value from json_each(?))`,
      list,
    ),
    statement(
      `update waiting set state = 'left' where state = 'waiting' and sessionId in (select value from json_each(?))`,
      list,
    ),
  ]
}

/** The sessions of an offer that came from a calendar and are still to come. */
export async function listImported(engine: Engine, offerId: string, now: string): Promise<KnownSession[]> {
  const rows = await engine.all<KnownSession>(
    statement(
      `select s.id, s.uid, s.startsAt, s.endsAt, s.place, s.cancelled from session s
       where s.offerId = ? and s.uid is not null and ${STARTS} > ?`,
      offerId,
      now,
    ),
  )
  return rows.map((row) => ({ ...row, cancelled: Boolean(row.cancelled) }))
}

/** Write what a calendar changes. A date that another import was faster with stays as that one made it. */
export async function importSessions(
  engine: Engine,
  offerId: string,
  planned: readonly Planned[],
  made: { siteId: string | null; capacity: number; idOf(uid: string): string },
  also: Statement[] = [],
): Promise<void> {
  const ofChange = (change: Planned['change']) => planned.filter((each) => each.change === change)
  const { siteId, capacity } = made
  const news = ofChange('new').map(({ uid, place, startsAt, endsAt }) => {
    return { id: made.idOf(uid), offerId, siteId, place, startsAt, endsAt, capacity, uid }
  })
  const changed = ofChange('changed').map(({ id, startsAt, endsAt, place }) => [id, startsAt, endsAt, place])
  const off = ofChange('cancelled').map(({ id }) => id!)
  if (news.length + changed.length + off.length === 0) return
  await engine.atomic([
    BUMP,
    ...inserted(news),
    ...(changed.length === 0
      ? []
      : [
          statement(
            `update session set startsAt = j.value ->> 1, endsAt = j.value ->> 2, place = j.value ->> 3, rev = ${REV}
             from json_each(?) j where session.id = j.value ->> 0 and session.cancelled = 0`,
            JSON.stringify(changed),
          ),
        ]),
    ...(off.length === 0 ? [] : cancelled(off)),
    ...also,
  ])
}

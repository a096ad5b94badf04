/** What the health of alliances is made of: introductions, words about them, sales, places, checks, entries. */
import type { AllianceState } from '../core/alliance.ts'
import type { FamilySales, HealthInputs, HealthReferral } from '../core/health.ts'
import { HEALTH_DAYS, PLACES_DAYS, SALES_DAYS } from '../core/health.ts'
import type { TermsRecord } from '../core/terms.ts'
import { dateOf, dayOf } from '../core/time.ts'
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'
import { siteDate } from './referral.ts'
import type { alliance, terms } from './schema.ts'
import { termsRecordOf } from './terms.ts'

type Of<Row> = Row & { allianceId: string }
type AllianceRow = Pick<typeof alliance.$inferSelect, 'id' | 'partnerId' | 'state' | 'termsVersion'>

/** One alliance with what its health is made of; its versions, oldest first. */
export type AllianceHealth = {
  id: string
  partnerId: string
  partnerName: string
  state: AllianceState
  termsVersion: number
  versions: { version: number; record: TermsRecord; agreed: boolean }[]
  inputs: Omit<HealthInputs, 'today' | 'state' | 'terms' | 'versions' | 'endsOn'>
}

/** The alliances that are meant: one, or all of them. */
const MEANT = '(?1 is null or a.id = ?1)'

/**
 * One alliance, or all of them, with what health looks at: the last year, and the places of the coming weeks.
 * Nothing of a family is read but what it spent, under the code of its introduction.
 */
export async function readHealth(
  engine: Engine,
  about: { id: string | null; today: string; timeZone: string; now: string },
): Promise<AllianceHealth[]> {
  const { id, today, timeZone, now } = about
  const since = dateOf(dayOf(today) - HEALTH_DAYS)
  const [alliances, versions, checks, referrals, sales, sessions, seated, cancelled, entries] =
    (await engine.allOf([
      statement(
        `select a.id as id, a.partnerId as partnerId, a.state as state, a.termsVersion as termsVersion, p.name as partnerName
         from alliance a join partner p on p.id = a.partnerId where ${MEANT} order by a.id`,
        id,
      ),
      statement(
        `select t.* from terms t join alliance a on a.id = t.allianceId where ${MEANT} order by t.version`,
        id,
      ),
      statement(
        `select a.id as allianceId, c.code as code, c.critical as critical, c.ok as ok, c.validUntil as validUntil
         from backStageCheck c join alliance a on a.partnerId = c.partnerId where ${MEANT}`,
        id,
      ),
      statement(
        `select r.allianceId as allianceId, r.code as code, r.direction as direction, r.state as state,
           r.termsVersion as termsVersion, coalesce(r.madeOn, substr(r.createdAt, 1, 10)) as madeOn,
           r.statusDueOn as statusDueOn, r.newsOn as newsOn,
           (select min(e.recordedAt) from referralEvent e where e.code = r.code
              and e.kind in ('attended', 'noShow', 'enrolled', 'declined') and e.via in ('page', 'key', 'signed', 'staff')) as firstWordAt,
           exists (select 1 from referralEvent e where e.code = r.code and e.kind in ('attended', 'enrolled')
              and e.effect = 'moved') as came,
           exists (select 1 from referralEvent e where e.code = r.code and e.kind = 'enrolled' and e.effect = 'moved') as enrolled,
           (select e.valueMinor from referralEvent e where e.code = r.code and e.kind = 'enrolled'
              and e.effect = 'moved' limit 1) as valueMinor,
           r.state = 'booked' and exists (select 1 from session s where s.id = r.sessionId and s.cancelled = 1) as calledOff
         from referral r join alliance a on a.id = r.allianceId
         where ${MEANT} and coalesce(r.madeOn, substr(r.createdAt, 1, 10)) >= ?2`,
        id,
        since,
      ),
      // A family that was introduced twice counts under the first code.
      statement(
        `select r.allianceId as allianceId, r.code as code, r.direction as direction, sum(p.totalMinor) as totalMinor,
           sum(case when p.stage = 'back' then p.totalMinor else 0 end) as backMinor
         from referral r join alliance a on a.id = r.allianceId join purchase p on p.customer = r.customer
         where ${MEANT} and coalesce(r.madeOn, substr(r.createdAt, 1, 10)) >= ?2 and p.voided = 0 and p.stage is not null
           and p.soldAt > r.createdAt and substr(p.soldAt, 1, 10) <= date(r.createdAt, '+${SALES_DAYS} days')
           and r.state not in ('offered', 'withdrawn', 'expired')
           and p.currency = (select coalesce(t.record ->> '$.currency', 'USD') from terms t where t.allianceId = a.id and t.version = a.termsVersion)
           and r.code = (select f.code from referral f where f.customer = r.customer and f.allianceId = r.allianceId
             and f.state not in ('offered', 'withdrawn', 'expired') order by f.createdAt, f.code limit 1)
         group by r.allianceId, r.code, r.direction`,
        id,
        since,
      ),
      statement(
        `select a.id as allianceId, substr(s.startsAt, 1, 10) as date, max(0, s.capacity - s.bookedElsewhere
           - (select count(*) from hold h where h.sessionId = s.id
               and (h.state = 'confirmed' or (h.state = 'held' and h.expiresAt > ?4)))) as free
         from session s join offer o on o.id = s.offerId join alliance a on a.partnerId = o.partnerId
         where ${MEANT} and o.state = 'live' and s.cancelled = 0 and substr(s.startsAt, 1, 10) between ?2 and ?3
           and strftime('%s', s.startsAt) > strftime('%s', ?4)`,
        id,
        today,
        dateOf(dayOf(today) + PLACES_DAYS - 1),
        now,
      ),
      statement(
        `select a.id as allianceId, count(*) as n from offer o join alliance a on a.partnerId = o.partnerId
         where ${MEANT} and o.state = 'live' and o.seated = 1 group by a.id`,
        id,
      ),
      statement(
        `select a.id as allianceId, count(*) as n from session s join offer o on o.id = s.offerId
           join alliance a on a.partnerId = o.partnerId
         where ${MEANT} and s.cancelled = 1 and substr(s.startsAt, 1, 10) >= ?2
           and exists (select 1 from hold h where h.sessionId = s.id and h.code is not null) group by a.id`,
        id,
        since,
      ),
      statement(
        `select l.allianceId as allianceId, l.cause as cause, l.unit as unit, l.amount as amount, l.currency as currency,
           l.onDate as onDate
         from ledgerEntry l join alliance a on a.id = l.allianceId where ${MEANT} and l.onDate >= ?2`,
        id,
        since,
      ),
    ])) as [
      (AllianceRow & { partnerName: string })[],
      (typeof terms.$inferSelect)[],
      Of<{ code: string; critical: number; ok: number; validUntil: string | null }>[],
      Of<
        Omit<HealthReferral, 'firstWordOn' | 'came' | 'enrolled' | 'calledOff'> & {
          firstWordAt: string | null
          came: number
          calledOff: number
          enrolled: number
        }
      >[],
      Of<FamilySales>[],
      Of<HealthInputs['sessions'][number]>[],
      Of<{ n: number }>[],
      Of<{ n: number }>[],
      Of<HealthInputs['entries'][number]>[],
    ]
  const of = {
    versions: byAlliance(versions),
    checks: byAlliance(checks),
    referrals: byAlliance(referrals),
    sales: byAlliance(sales),
    sessions: byAlliance(sessions),
    seated: byAlliance(seated),
    cancelled: byAlliance(cancelled),
    entries: byAlliance(entries),
  }
  return alliances.map((row) => {
    const own = <Row>(rows: Map<string, Row[]>): Row[] => rows.get(row.id) ?? []
    return {
      ...row,
      versions: own(of.versions).map((each) => ({
        version: each.version,
        record: termsRecordOf(each),
        agreed: each.agreedAt !== null,
      })),
      inputs: {
        checks: own(of.checks).map((each) => ({ ...each, critical: each.critical === 1, ok: each.ok === 1 })),
        referrals: own(of.referrals).map(({ firstWordAt, came, enrolled, calledOff, ...each }) => ({
          ...each,
          came: came === 1,
          enrolled: enrolled === 1,
          calledOff: calledOff === 1,
          firstWordOn: firstWordAt === null ? null : siteDate(firstWordAt, timeZone),
        })),
        sales: own(of.sales),
        sessions: own(of.sessions),
        seatedOffers: own(of.seated)[0]?.n ?? 0,
        cancelledSessions: own(of.cancelled)[0]?.n ?? 0,
        entries: own(of.entries),
      },
    }
  })
}

function byAlliance<Row extends { allianceId: string }>(rows: Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) {
    const known = found.get(row.allianceId)
    if (known) known.push(row)
    else found.set(row.allianceId, [row])
  }
  return found
}

/** Referrals with all that hangs on them: events, ledger entries, disputes, the customer's evidence. */
import { cameWith, linesOfReferral } from '../core/event.ts'
import type { Entry } from '../core/ledger.ts'
import { settle, worthOf } from '../core/ledger.ts'
import type { Effect, ReferralEvent, Standing } from '../core/referral.ts'
import { standingOf } from '../core/referral.ts'
import type { TermsRecord } from '../core/terms.ts'
import { dateOf, dayOf, localDay } from '../core/time.ts'
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, guard, insertRows, REV, statement } from './engine.ts'
import { emitted } from './outbox.ts'
import { dispute, evidence, ledgerEntry, referral, referralEvent } from './schema.ts'
import { termsRecordOf } from './terms.ts'

export type ReferralRow = typeof referral.$inferSelect
export type EventRow = typeof referralEvent.$inferSelect
export type DisputeRow = typeof dispute.$inferSelect
export type EntryRow = typeof ledgerEntry.$inferSelect

/** A referral with everything that was said about it and posted for it. */
export type ReferralFile = {
  referral: ReferralRow
  events: EventRow[]
  entries: EntryRow[]
  disputes: DisputeRow[]
  terms: TermsRecord | null
}

type TermsRow = Parameters<typeof termsRecordOf>[0]

/** The file of a code, or null. */
export async function findReferralFile(engine: Engine, code: string): Promise<ReferralFile | null> {
  const [rows, events, entries, disputes, terms] = (await engine.allOf([
    statement('select * from referral where code = ?', code),
    statement('select * from referralEvent where code = ? order by rowid', code),
    statement('select * from ledgerEntry where code = ? order by rowid', code),
    statement('select * from dispute where code = ?', code),
    statement(
      `select t.record, t.startsOn, t.endsOn, t.customerBenefit, t.commissionBasisPoints, t.disclosure
       from referral r join terms t on t.allianceId = r.allianceId and t.version = r.termsVersion where r.code = ?`,
      code,
    ),
  ])) as [ReferralRow[], EventRow[], EntryRow[], DisputeRow[], TermsRow[]]
  const [row] = rows
  return row
    ? { referral: row, events, entries, disputes, terms: terms[0] ? termsRecordOf(terms[0]) : null }
    : null
}

/** What a referral is read with: its shop's clock and rules. */
export type Reading = { timeZone: string; reportDays: number; now: string }

/** A site's date of an instant. */
export const siteDate = (iso: string, timeZone: string): string => dateOf(localDay(Date.parse(iso), timeZone))

/** The last date on which we listen to what happened with a code. */
export const reportByOf = (expiresOn: string, reportDays: number): string =>
  dateOf(dayOf(expiresOn) + reportDays)

const eventOf = (row: EventRow, timeZone: string): ReferralEvent => ({
  id: row.id,
  kind: row.kind,
  at: row.at,
  onDate: siteDate(row.at, timeZone),
  heardOn: siteDate(row.recordedAt, timeZone),
  aboutOn: row.aboutOn,
  valueMinor: row.valueMinor,
  offerId: row.offerId,
  voids: row.voids,
})

/** What a file's events come to, with these resolutions. */
export function standingOfFile(
  { referral: row, events, disputes }: Pick<ReferralFile, 'referral' | 'events' | 'disputes'>,
  { timeZone, reportDays }: Pick<Reading, 'timeZone' | 'reportDays'>,
): Standing {
  // One that was made before events were kept begins where it stood.
  const begun = events.some(({ kind }) => kind === 'accepted' || kind === 'booked')
  const state =
    begun || row.direction === 'theirs' ? 'offered' : row.sessionId === null ? 'accepted' : 'booked'
  const stands = new Set(
    disputes.flatMap((each) => (each.resolution === 'stands' && each.eventId !== null ? [each.eventId] : [])),
  )
  return standingOf(
    { state, expiresOn: row.expiresOn, reportBy: reportByOf(row.expiresOn, reportDays) },
    events.map((event) => eventOf(event, timeZone)),
    stands,
  )
}

export type Followed = {
  standing: Standing
  /** What each added event did. */
  effects: Map<string, Effect>
  statements: Statement[]
}

/** Lines of evidence that an event is, for the customer of the referral. */
export type EvidenceOf = (event: ReferralEvent) => (typeof evidence.$inferInsert)[]

/** The lines of evidence that events of a referral are, as rows. */
export function evidenceFrom(
  catalogue: Parameters<typeof linesOfReferral>[0],
  row: Pick<ReferralRow, 'customer' | 'offerId'>,
  now: string,
): EvidenceOf {
  return (event) =>
    row.customer === null
      ? []
      : linesOfReferral(catalogue, row.offerId, event).map((line) => ({
          ...line,
          customer: row.customer!,
          speakable: 1,
          recordedAt: now,
        }))
}

/**
 * Everything that follows from events added to a file: what they did, the referral's state, the ledger, disputes,
 * the customer's evidence, the alliance's load, and the event out. The statements belong in one batch that begins
 * with BUMP; they refuse (GuardFailed) when somebody else wrote to this referral since the file was read.
 */
export function followed(
  file: ReferralFile,
  added: Omit<EventRow, 'effect'>[],
  reading: Reading,
  evidenceOf: EvidenceOf,
  made: 'now' | 'before' = 'before',
): Followed {
  const { referral: row } = file
  const events = [...file.events, ...added.map((event) => ({ ...event, effect: 'noted' as const }))]
  const standing = standingOfFile({ ...file, events }, reading)
  const today = siteDate(reading.now, reading.timeZone)
  const statements: Statement[] = []
  if (made === 'before')
    statements.push(
      ...guard('select version = ? from referral where code = ?', row.version, row.code),
      statement(
        'update referral set state = ?, newsOn = ?, version = version + 1 where code = ?',
        standing.state,
        added.length > 0 ? today : row.newsOn,
        row.code,
      ),
    )
  if (added.length > 0)
    statements.push(
      insertRows(
        referralEvent,
        added.map((event) => ({ ...event, effect: standing.effects.get(event.id)! })),
      ),
    )
  for (const event of file.events) {
    const effect = standing.effects.get(event.id)!
    if (effect !== event.effect)
      statements.push(statement('update referralEvent set effect = ? where id = ?', effect, event.id))
  }
  statements.push(
    ...ledgerOf(file, standing, reading.now),
    ...disputesOf(file, standing, reading.now),
    ...evidenceFollowing(row, standing, evidenceOf, reading.now),
  )
  if (row.allianceId !== null && row.direction === 'ours') statements.push(loadOf(row.allianceId, today))
  const last = added.at(-1)
  if (last)
    statements.push(
      emitted(
        'referral.moved',
        last.id,
        { code: row.code, state: standing.state, event: last.kind, partner: row.partnerId },
        reading.now,
      ),
    )
  const effects = new Map(added.map((event) => [event.id, standing.effects.get(event.id)!]))
  return { standing, effects, statements }
}

/** The note of an entry that takes back what was dropped in a dispute. */
export const DROPPED = 'dropped in a dispute'

/** Bring the ledger to what the referral is worth now. */
function ledgerOf(
  { referral: row, entries, terms }: ReferralFile,
  standing: Standing,
  now: string,
): Statement[] {
  if (row.allianceId === null || row.partnerId === null || terms === null) return []
  const { code, allianceId, partnerId, termsVersion, direction } = row
  // What was dropped in a dispute is settled between the two, whatever we hear later.
  const dropped = new Set(entries.flatMap((entry) => (entry.note === DROPPED ? [entry.cause] : [])))
  const worth = worthOf(
    { direction, madeOn: row.madeOn ?? row.createdAt.slice(0, 10) },
    standing,
    terms,
  ).filter((each) => !dropped.has(each.cause))
  const fresh = settle(code, entries as Entry[], worth)
  if (fresh.length === 0) return []
  return [
    insertRows(
      ledgerEntry,
      fresh.map((entry) => ({
        ...entry,
        partnerId,
        allianceId,
        code,
        termsVersion: termsVersion ?? 1,
        recordedAt: now,
      })),
    ),
  ]
}

/** Open a dispute for each event that came too late, and drop those of events that turned out to be in time. */
function disputesOf({ referral: row, disputes }: ReferralFile, standing: Standing, now: string): Statement[] {
  const statements: Statement[] = []
  const open = new Map(
    disputes.flatMap((each) => (each.eventId === null ? [] : [[each.eventId, each] as const])),
  )
  for (const [eventId, effect] of standing.effects) {
    const known = open.get(eventId)
    if (effect === 'disputed' && !known)
      statements.push(
        insertRows(dispute, [
          {
            id: `late.${eventId}`,
            partnerId: row.partnerId ?? '',
            code: row.code,
            eventId,
            reason: 'The code was no longer valid when this happened, or we heard of it too late.',
            openedBy: 'encore',
            openedAt: now,
          },
        ]),
        emitted('dispute.opened', `late.${eventId}`, { code: row.code, partner: row.partnerId }, now),
      )
    if (effect !== 'disputed' && known && known.resolvedAt === null)
      statements.push(
        statement(
          `update dispute set resolvedAt = ?, resolution = 'dropped', resolvedBy = 'encore' where id = ?`,
          now,
          known.id,
        ),
      )
  }
  return statements
}

const isYes = ({ kind }: ReferralEvent) => kind === 'accepted' || kind === 'booked'

/** What a partner told moves her on; what was voided no longer does. Without her consent nothing is kept. */
function evidenceFollowing(
  row: ReferralRow,
  standing: Standing,
  evidenceOf: EvidenceOf,
  now: string,
): Statement[] {
  if (row.customer === null || row.direction !== 'ours') return []
  const counted = new Set(standing.counted.map((event) => event.id))
  // She said yes once, whatever day she takes in the end.
  const [yes] = standing.counted.filter(isYes)
  const rows = standing.counted
    .filter((event) => !isYes(event) || event === yes)
    .flatMap((event) => evidenceOf(event))
  const gone = [...standing.effects.keys()].filter((id) => !counted.has(id))
  const statements: Statement[] = []
  if (rows.length > 0)
    statements.push(
      insertRows(
        evidence,
        rows,
        'do nothing',
        // Asked in the write itself: she may have withdrawn since.
        `exists (select 1 from customer where ref = new.customer and state ->> '$.consent.personalise' = 'granted')`,
      ),
    )
  if (gone.length > 0)
    statements.push(
      statement(
        `update evidence set retractedAt = ? where customer = ? and retractedAt is null
         and substr(id, 1, instr(id || '#', '#') - 1) in (select value from json_each(?))`,
        now,
        row.customer,
        JSON.stringify(gone.flatMap((id) => [id, cameWith(id)])),
      ),
    )
  if (statements.length > 0) statements.push(refreshState([row.customer]))
  return statements
}

/** Count an alliance's introductions again, by date: what its capacity is measured against. */
export function loadOf(allianceId: string, today: string): Statement {
  return statement(
    `update alliance set rev = ${REV}, load = (select json_group_object(madeOn, n) from (
       select madeOn, count(*) n from referral where allianceId = ?1 and direction = 'ours'
         and state not in ('declined', 'withdrawn') and madeOn >= ?2 group by madeOn order by madeOn)) where id = ?1`,
    allianceId,
    dateOf(dayOf(today) - 40),
  )
}

/** Refuse when the terms' capacity of the week or month is now exceeded; belongs behind the insert of a referral. */
export function withinCapacity(
  allianceId: string,
  bounds: { perWeek: number | null; perMonth: number | null; week: [string, string]; month: string },
): Statement[] {
  const within = `(select count(*) from referral where allianceId = ? and direction = 'ours'
    and state not in ('declined', 'withdrawn') and madeOn between ? and ?) <= ?`
  return [
    ...(bounds.perWeek === null ? [] : guard(within, allianceId, ...bounds.week, bounds.perWeek)),
    ...(bounds.perMonth === null
      ? []
      : guard(within, allianceId, `${bounds.month}-01`, `${bounds.month}-31`, bounds.perMonth)),
  ]
}

/** A referral in a list: with what is shown beside it, and nothing of the family but what may be. */
export type ListedReferral = ReferralRow & {
  /** Only where she allows it, and the terms do. */
  firstName: string | null
  startsAt: string | null
  /** When the session was to begin that was called off; she must be told. */
  calledOff: string | null
  allianceState: string | null
}

/**
 * Referrals, newest first. `siteId` and `partnerId` limit it to a credential's scope; `before` is the last key of
 * the page before: createdAt|code.
 */
export async function listReferrals(
  engine: Engine,
  about: {
    siteId: string | null
    partnerId: string | null
    allianceId: string | null
    state: string | null
    direction: string | null
    owing: string | null
    code: string | null
    calledOff: boolean
  },
  before: string | null,
  most: number,
): Promise<ListedReferral[]> {
  return engine.all<ListedReferral>(
    statement(
      `select r.*, case when s.cancelled = 0 then s.startsAt end startsAt,
         case when s.cancelled = 1 and r.state = 'booked' then s.startsAt end calledOff, a.state allianceState,
         (select c.firstName from customer c where c.ref = r.customer and c.state ->> '$.consent.sharePartner' = 'granted'
            and c.state ->> '$.consent.personalise' = 'granted'
            and exists (select 1 from terms t, json_each(t.record, '$.shares') e where t.allianceId = r.allianceId
              and t.version = r.termsVersion and e.value = 'firstName')) firstName
       from referral r left join session s on s.id = r.sessionId left join alliance a on a.id = r.allianceId
       where r.partnerId is not null and (?1 is null or r.siteId is null or r.siteId = ?1) and (?2 is null or r.partnerId = ?2)
         and (?3 is null or r.allianceId = ?3) and (?4 is null or r.state = ?4) and (?5 is null or r.direction = ?5)
         and (?6 is null or (r.state in ('accepted', 'booked') and r.statusDueOn < ?6)) and (?7 is null or r.code = ?7)
         and (?9 = 0 or (s.cancelled = 1 and r.state = 'booked'))
         and (?8 is null or r.createdAt || '|' || r.code < ?8)
       order by r.createdAt desc, r.code desc limit ?10`,
      about.siteId,
      about.partnerId,
      about.allianceId,
      about.state,
      about.direction,
      about.owing,
      about.code,
      before,
      about.calledOff ? 1 : 0,
      most,
    ),
  )
}

/** Whether an event of this id is on record, and what it was. */
export async function findEvent(engine: Engine, id: string): Promise<EventRow | null> {
  const [row] = await engine.all<EventRow>(statement('select * from referralEvent where id = ?', id))
  return row ?? null
}

/**
 * Write what follows. The batch stands or falls as one.
 * @throws GuardFailed when somebody else wrote to the referral, or the event's id is taken
 */
export async function recordEvents(
  engine: Engine,
  follows: Statement[],
  also: Statement[] = [],
): Promise<void> {
  await engine.atomic([BUMP, ...follows, ...also])
}

/** A referral that begins, with what follows from its first events. @throws GuardFailed when the code is taken */
export const begun = (row: typeof referral.$inferInsert): Statement => insertRows(referral, [row])

/** Somebody whom a partner sent shows the code: it is hers from now on. */
export const redeemed = (code: string, customer: string, siteId: string): Statement[] => [
  statement(
    'update referral set customer = ?2, siteId = ?3 where code = ?1 and customer is null',
    code,
    customer,
    siteId,
  ),
  ...guard('select customer = ? from referral where code = ?', customer, code),
]

/** Whether somebody was sent to us by another code than this. */
export async function isSent(engine: Engine, customer: string, code: string): Promise<boolean> {
  const rows = await engine.all(
    statement(
      `select 1 from referral where customer = ? and direction = 'theirs' and code <> ?`,
      customer,
      code,
    ),
  )
  return rows.length > 0
}

/** Alliances: terms, decisions, moves and briefings. What must hold for a write is a condition inside it. */
import type { AllianceState, Side } from '../core/alliance.ts'
import type { Check, Partner } from '../core/catalogue.ts'
import type { TermsRecord, TermsVersion } from '../core/terms.ts'
import { differences } from '../core/terms.ts'
import type { By, Changes } from './audit.ts'
import { audited } from './audit.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { emitted } from './outbox.ts'
import { addStatements, editStatements, OVER, readCheck } from './partner.ts'
import type { backStageCheck, referral } from './schema.ts'
import { alliance, decision, terms } from './schema.ts'
import { termsColumns, termsRecordOf } from './terms.ts'

type Row = typeof alliance.$inferSelect
export type DecisionRow = typeof decision.$inferSelect

/** An alliance with all that belongs to it. `readAt`: the revision it was read at, or an earlier one. */
export type AllianceRecord = Omit<Row, 'load' | 'rev'> & {
  partnerName: string
  load: Record<string, number>
  versions: TermsVersion[]
  decisions: DecisionRow[]
  briefings: { siteId: string; termsVersion: number; on: string }[]
  checks: Check[]
  readAt: number
}

/** One alliance, or null. */
export async function findAlliance(engine: Engine, id: string): Promise<AllianceRecord | null> {
  const [[revision], [row], versions, decisions, briefings, checks] = (await engine.allOf([
    statement('select n from revision'),
    statement(
      'select a.*, p.name as partnerName from alliance a join partner p on p.id = a.partnerId where a.id = ?',
      id,
    ),
    statement('select * from terms where allianceId = ? order by version', id),
    statement('select * from decision where allianceId = ? order by at, side', id),
    statement('select siteId, termsVersion, "on" from briefing where allianceId = ? order by siteId', id),
    statement(
      'select * from backStageCheck where partnerId = (select partnerId from alliance where id = ?) order by code',
      id,
    ),
  ])) as [
    { n: number }[],
    (Row & { partnerName: string })[],
    (typeof terms.$inferSelect)[],
    DecisionRow[],
    AllianceRecord['briefings'],
    (typeof backStageCheck.$inferSelect)[],
  ]
  if (!row) return null
  const { rev: _, load, ...rest } = row
  return {
    ...rest,
    load: JSON.parse(load),
    versions: versions.map((each) => ({
      allianceId: id,
      version: each.version,
      record: termsRecordOf(each),
      agreedAt: each.agreedAt,
      briefFrom: each.briefFrom,
      createdAt: each.createdAt,
    })),
    decisions,
    briefings,
    checks: checks.map(readCheck),
    readAt: revision?.n ?? 0,
  }
}

export type AllianceLine = {
  id: string
  partnerId: string
  partnerName: string
  state: AllianceState
  version: number
  startsOn: string | null
  endsOn: string | null
}

/** An alliance's state on a date, in SQL: what core/alliance.ts calls `stateOn`. */
const STATE_ON = (date: string) =>
  `case when a.state = 'proposed' and t.endsOn < ${date} then 'expired' else a.state end`

/** Alliances by id, one more than asked for. `partnerId`: that partner's, as far as it has seen them. */
export async function listAlliances(
  engine: Engine,
  about: {
    after: string | null
    most: number
    state: AllianceState | null
    partnerId: string | null
    today: string
  },
): Promise<AllianceLine[]> {
  return engine.all<AllianceLine>(
    statement(
      `select a.id as id, a.partnerId as partnerId, p.name as partnerName, ${STATE_ON('?5')} as state,
         a.version as version, t.startsOn as startsOn, t.endsOn as endsOn
       from alliance a join partner p on p.id = a.partnerId
         left join terms t on t.allianceId = a.id and t.version = a.termsVersion
       where (?1 is null or a.id > ?1) and (?2 is null or ${STATE_ON('?5')} = ?2)
         and (?3 is null or (a.partnerId = ?3 and a.state <> 'draft'))
       order by a.id limit ?4`,
      about.after,
      about.state,
      about.partnerId,
      about.most,
      about.today,
    ),
  )
}

/** The alliance of a partner that is not over on a date, or null. */
export async function findOpenAlliance(
  engine: Engine,
  partnerId: string,
  today: string,
): Promise<{ id: string; state: string } | null> {
  const [row] = await engine.all<{ id: string; state: string }>(
    statement(`select a.id as id, a.state as state ${OPEN}`, partnerId, today),
  )
  return row ?? null
}

/** Alliances of ?1 that are not over on the date ?2. */
const OPEN = `from alliance a left join terms t on t.allianceId = a.id and t.version = a.termsVersion
  where a.partnerId = ?1 and ${STATE_ON('?2')} not in ${OVER}`

/** Nothing that exclusivity hangs on has changed since a revision. */
function registryUnchanged(rev: number): Statement[] {
  return guard(
    `select not exists (select 1 from alliance where rev > ?1) and not exists (select 1 from terms where rev > ?1)
       and not exists (select 1 from partner where rev > ?1)`,
    rev,
  )
}

/** All or nothing; false when a condition refused. */
async function wrote(engine: Engine, statements: Statement[]): Promise<boolean> {
  try {
    await engine.atomic([BUMP, ...statements])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** The statements that keep a draft with its first terms, without `BUMP`: the partner has no alliance that is not over. */
function draftStatements(
  draft: { id: string; partnerId: string; record: TermsRecord; today: string },
  by: By,
): Statement[] {
  const { id, partnerId, record, today } = draft
  return [
    ...guard('select count(*) from partner where id = ? and archived = 0', partnerId),
    ...guard(`select not exists (select 1 ${OPEN})`, partnerId, today),
    insertRows(alliance, [{ id, partnerId, state: 'draft', termsVersion: 1, changedAt: by.at }]),
    insertRows(terms, [{ allianceId: id, version: 1, ...termsColumns(record), createdAt: by.at }]),
    ...revised(id),
    audited(by, 'drafted', 'alliance', id, { partnerId: [null, partnerId], terms: [null, 1] }),
  ]
}

const revised = (id: string): Statement[] => [
  statement(`update alliance set rev = ${REV} where id = ?`, id),
  statement(`update terms set rev = ${REV} where allianceId = ?`, id),
]

/** Keep a draft. False when the partner is unknown or put away, or has an alliance that is not over. */
export const draftAlliance = (engine: Engine, draft: Parameters<typeof draftStatements>[0], by: By) =>
  wrote(engine, draftStatements(draft, by))

export type NewTerms = {
  allianceId: string
  /** The version of the alliance that was read, and its newest terms. */
  read: number
  before: TermsVersion
  record: TermsRecord
  briefFrom: number
  /** A conflict with these alliances was accepted by the owner. */
  accepted: string[]
}

/** The statements that keep new terms, without `BUMP`. They change no earlier version. */
function termsStatements(change: NewTerms, by: By): Statement[] {
  const { allianceId: id, before, record, briefFrom } = change
  const version = before.version + 1
  const changed: Changes = { version: [before.version, version] }
  for (const each of differences(before.record, record)) changed[each.field] = [each.before, each.after]
  if (change.accepted.length > 0) changed.acceptConflict = [null, change.accepted]
  return [
    ...guard(`select version = ? and state not in ${OVER} from alliance where id = ?`, change.read, id),
    insertRows(terms, [{ allianceId: id, version, ...termsColumns(record), briefFrom, createdAt: by.at }]),
    statement(`update terms set rev = ${REV} where allianceId = ? and version = ?`, id, version),
    statement(
      `update alliance set version = version + 1, changedAt = ?1, rev = ${REV}, termsVersion = case
         when exists (select 1 from terms where allianceId = ?2 and agreedAt is not null) then termsVersion else ?3 end
       where id = ?2`,
      by.at,
      id,
      version,
    ),
    audited(by, 'changed terms of', 'alliance', id, changed),
  ]
}

/** Keep new terms. False when the alliance was changed meanwhile, or the registry since `rev`. */
export const addTerms = (engine: Engine, change: NewTerms, rev: number, by: By): Promise<boolean> =>
  wrote(engine, [...registryUnchanged(rev), ...termsStatements(change, by)])

/**
 * Keep a side's decision on the newest version, and what follows when it is the second yes or the first no. False
 * when this side has decided, the other declined, there is a newer version, or the alliance moved on.
 */
export function recordDecision(
  engine: Engine,
  { id, state }: Pick<AllianceRecord, 'id' | 'state'>,
  said: { version: number; side: Side; decision: 'agree' | 'decline' },
  by: By,
): Promise<boolean> {
  const { version, side, decision: word } = said
  return wrote(engine, [
    ...guard('select state = ? from alliance where id = ?', state, id),
    ...guard('select max(version) = ? from terms where allianceId = ?', version, id),
    ...guard(
      `select not exists (select 1 from decision where allianceId = ? and termsVersion = ? and (side = ? or decision = 'decline'))`,
      id,
      version,
      side,
    ),
    insertRows(decision, [
      { allianceId: id, termsVersion: version, side, decision: word, actor: by.actor, at: by.at },
    ]),
    statement(
      `update terms set agreedAt = ?1, rev = ${REV} where allianceId = ?2 and version = ?3 and agreedAt is null
         and (select count(*) from decision where allianceId = ?2 and termsVersion = ?3 and decision = 'agree') = 2`,
      by.at,
      id,
      version,
    ),
    statement(
      `update alliance set version = version + 1, changedAt = ?1, rev = ${REV},
         termsVersion = case when ${AGREED} then ?3 else termsVersion end,
         state = case when state <> 'proposed' then state when ?4 = 'decline' then 'declined'
           when ${AGREED} then 'agreed' else state end
       where id = ?2`,
      by.at,
      id,
      version,
      word,
    ),
    emitted('terms.agreed', `${id}.${version}`, { alliance: id, version }, by.at, {
      sql: 'exists (select 1 from terms where allianceId = ?5 and version = ?6 and agreedAt = ?4)',
      params: [id, version],
    }),
    audited(by, word === 'agree' ? 'agreed to' : 'declined', 'alliance', id, {
      version: [null, version],
      side: [null, side],
    }),
  ])
}

const AGREED = 'exists (select 1 from terms where allianceId = ?2 and version = ?3 and agreedAt is not null)'

export type Moving = {
  /** As it was read: the move holds for that only. */
  from: Pick<AllianceRecord, 'id' | 'state' | 'version' | 'partnerId'>
  to: AllianceState
  /** The version of the terms it is about. */
  termsVersion: number
  why: string | null
  accepted: string[]
  /** proposed: the registry is as it was at this revision. */
  rev: number
  /** live: what the core found true on this date is true as it is written. */
  today: string
  briefFrom: number
}

/** Move an alliance; to propose it is the shop's yes to its terms. False when anything that the move rests on has changed. */
export function moveAlliance(engine: Engine, move: Moving, by: By): Promise<boolean> {
  const { from, to, termsVersion, today } = move
  const { id } = from
  const conditions = guard(
    'select state = ? and version = ? from alliance where id = ?',
    from.state,
    from.version,
    id,
  )
  const also: Statement[] = []
  if (to === 'proposed') {
    conditions.push(
      ...registryUnchanged(move.rev),
      ...guard(
        `select not exists (select 1 from decision where allianceId = ? and termsVersion = ? and decision = 'decline')`,
        id,
        termsVersion,
      ),
    )
    also.push(
      insertRows(
        decision,
        [{ allianceId: id, termsVersion, side: 'shop', decision: 'agree', actor: by.actor, at: by.at }],
        'do nothing',
      ),
    )
  }
  // What was over begins again: there may be another by now.
  if (to === 'draft' || to === 'proposed')
    conditions.push(
      ...guard(`select not exists (select 1 ${OPEN} and a.id <> ?3)`, from.partnerId, today, id),
    )
  if (to === 'live')
    conditions.push(
      ...guard(
        `select not exists (select 1 from backStageCheck where partnerId = ? and critical = 1
           and (ok = 0 or validUntil < ?))`,
        from.partnerId,
        today,
      ),
      ...guard(
        'select count(*) > 0 from briefing where allianceId = ? and termsVersion >= ?',
        id,
        move.briefFrom,
      ),
    )
  const changes: Changes = { state: [from.state, to] }
  if (move.why !== null) changes.why = [null, move.why]
  if (move.accepted.length > 0) changes.acceptConflict = [null, move.accepted]
  return wrote(engine, [
    ...conditions,
    ...also,
    statement(
      `update alliance set state = ?, version = version + 1, changedAt = ?, rev = ${REV} where id = ?`,
      to,
      by.at,
      id,
    ),
    emitted('alliance.moved', `${id}.${from.version + 1}`, { alliance: id, from: from.state, to }, by.at),
    audited(by, 'moved', 'alliance', id, changes),
  ])
}

/** Staff of a site know the words up to a version. Never fewer than before. False when there is no such version. */
export function briefStaff(
  engine: Engine,
  about: { id: string; siteId: string; version: number; on: string },
  by: By,
): Promise<boolean> {
  const { id, siteId, version, on } = about
  return wrote(engine, [
    ...guard('select count(*) from terms where allianceId = ? and version = ?', id, version),
    statement(
      `insert into briefing (allianceId, siteId, termsVersion, "on", actor, rev) select ?1, ?2, ?3, ?4, ?5, ${REV} where true
       on conflict (allianceId, siteId) do update set termsVersion = excluded.termsVersion, "on" = excluded."on",
         actor = excluded.actor, rev = excluded.rev where excluded.termsVersion > termsVersion`,
      id,
      siteId,
      version,
      on,
      by.actor,
    ),
    audited(by, 'briefed', 'alliance', id, { site: [null, siteId], version: [null, version] }),
  ])
}

/** Introductions of an alliance that may still come to something, by code. */
export async function listOpenReferrals(engine: Engine, allianceId: string): Promise<string[]> {
  const over: (typeof referral.$inferSelect)['state'][] = ['enrolled', 'declined', 'expired', 'withdrawn']
  const rows = await engine.all<{ code: string }>(
    statement(
      'select code from referral where allianceId = ? and state not in (select value from json_each(?)) order by code',
      allianceId,
      JSON.stringify(over),
    ),
  )
  return rows.map(({ code }) => code)
}

/** What an import writes, all or nothing. */
export type RegistryImport = {
  partners: Partner[]
  edits: { before: Partner; after: Partner }[]
  drafts: Parameters<typeof draftStatements>[0][]
  terms: NewTerms[]
}

/** Keep an import. False when the registry was changed since the revision that it was checked against. */
export const importRegistry = (
  engine: Engine,
  { partners, edits, drafts, terms: changes }: RegistryImport,
  rev: number,
  by: By,
): Promise<boolean> =>
  wrote(engine, [
    ...registryUnchanged(rev),
    ...partners.flatMap((partner) => addStatements(partner, by)),
    ...edits.flatMap(({ before, after }) => editStatements(before, after, by)),
    ...drafts.flatMap((each) => draftStatements(each, by)),
    ...changes.flatMap((each) => termsStatements(each, by)),
  ])

/** Partners and what must be true back stage: read as records, written with their line in the audit log. */
import type { Check, Partner } from '../core/catalogue.ts'
import type { By } from './audit.ts'
import { audited, changesOf } from './audit.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { backStageCheck, partner } from './schema.ts'

/** A partner with its own checks, by code. */
export type PartnerRecord = Partner & { checks: Check[] }

type Row = typeof partner.$inferSelect
type CheckRow = typeof backStageCheck.$inferSelect

function readPartner(row: Row): Partner {
  const { id, name, trade, opening, version } = row
  return {
    id,
    name,
    trade,
    goals: JSON.parse(row.goals),
    facets: JSON.parse(row.facets),
    walkMinutes: JSON.parse(row.walkMinutes),
    people: JSON.parse(row.people),
    places: JSON.parse(row.places),
    opening,
    archived: row.archived === 1,
    version,
  }
}

/** A check as a record. */
export function readCheck(row: CheckRow): Check {
  const { rev: _, ...rest } = row
  return { ...rest, critical: row.critical === 1, ok: row.ok === 1 }
}

/** The columns that a partner is kept in; `walkMinutes` is what its places say. */
function partnerColumns(record: Partner): Omit<Row, 'rev'> {
  return {
    id: record.id,
    name: record.name,
    trade: record.trade,
    goals: JSON.stringify(record.goals),
    walkMinutes: JSON.stringify(record.walkMinutes),
    facets: JSON.stringify(record.facets),
    people: JSON.stringify(record.people),
    places: JSON.stringify(record.places),
    opening: record.opening,
    archived: record.archived ? 1 : 0,
    version: record.version,
  }
}

/** States of an alliance that is over: its partner is free for another. As a list for SQL. */
export const OVER = `('ended', 'declined', 'expired')`
const RUNNING = `('agreed', 'live', 'paused')`

/** Partners by id, one more than asked for; `withoutAlliance`: only those that have none, or had one that is over. */
export async function listPartners(
  engine: Engine,
  about: { after: string | null; most: number; withoutAlliance: boolean },
): Promise<PartnerRecord[]> {
  const chosen = `select * from partner where (?1 is null or id > ?1) and (?2 = 0 or not exists (
      select 1 from alliance where partnerId = partner.id and state not in ${OVER}))
    order by id limit ?3`
  const params = [about.after, about.withoutAlliance ? 1 : 0, about.most] as const
  const [partners, checks] = (await engine.allOf([
    statement(chosen, ...params),
    statement(
      `select * from backStageCheck where partnerId in (select id from (${chosen})) order by code`,
      ...params,
    ),
  ])) as [Row[], CheckRow[]]
  return partners.map((row) => ({
    ...readPartner(row),
    checks: checks.filter((check) => check.partnerId === row.id).map(readCheck),
  }))
}

/** One partner, or null. */
export async function findPartner(engine: Engine, id: string): Promise<PartnerRecord | null> {
  const [[row], checks] = (await engine.allOf([
    statement('select * from partner where id = ?', id),
    statement('select * from backStageCheck where partnerId = ? order by code', id),
  ])) as [Row[], CheckRow[]]
  return row ? { ...readPartner(row), checks: checks.map(readCheck) } : null
}

/** The statements that keep a new partner, without `BUMP`. */
export const addStatements = (record: Partner, by: By): Statement[] => [
  insertRows(partner, [partnerColumns(record)]),
  statement(`update partner set rev = ${REV} where id = ?`, record.id),
  audited(by, 'added', 'partner', record.id, changesOf({}, record)),
]

/** Keep a new partner. False when its id is taken. */
export async function addPartner(engine: Engine, record: Partner, by: By): Promise<boolean> {
  try {
    await engine.atomic([BUMP, ...addStatements(record, by)])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** The statements of an edit, without `BUMP`; the version that it edits is a condition among them. */
export function editStatements(before: Partner, after: Partner, by: By): Statement[] {
  const columns = partnerColumns({ ...after, version: before.version + 1 })
  const names = (Object.keys(columns) as (keyof typeof columns)[]).filter((name) => name !== 'id')
  const { checks: _, ...was } = { checks: null, ...before }
  return [
    ...guard('select version = ? from partner where id = ?', before.version, before.id),
    ...(after.archived
      ? guard(
          `select not exists (select 1 from alliance where partnerId = ? and state in ${RUNNING})`,
          before.id,
        )
      : []),
    statement(
      `update partner set ${names.map((name) => `"${name}" = ?`).join(', ')}, rev = ${REV} where id = ?`,
      ...names.map((name) => columns[name]),
      before.id,
    ),
    audited(by, 'edited', 'partner', before.id, changesOf(was, { ...after, version: before.version })),
  ]
}

/** Change a partner. False when it was edited meanwhile, or would be put away while its alliance runs. */
export async function editPartner(engine: Engine, before: Partner, after: Partner, by: By): Promise<boolean> {
  try {
    await engine.atomic([BUMP, ...editStatements(before, after, by)])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** What a check is about. */
export type CheckOf = { object: 'partner' | 'offer'; id: string; code: string }
type CheckRecord = Omit<Check, 'id' | 'partnerId' | 'offerId' | 'code'>

const idOf = ({ id, code }: CheckOf) => `${id}/${code}`

/** Keep a check, new or again. False when there is no such partner or offer. */
export async function keepCheck(engine: Engine, of: CheckOf, record: CheckRecord, by: By): Promise<boolean> {
  const [before] = await engine.all<CheckRow>(
    statement('select * from backStageCheck where id = ?', idOf(of)),
  )
  const isOurs = before !== undefined && (before.partnerId ?? before.offerId) === of.id
  const { critical, ok, ...rest } = record
  const row = {
    id: idOf(of),
    partnerId: of.object === 'partner' ? of.id : null,
    offerId: of.object === 'offer' ? of.id : null,
    code: of.code,
    critical: critical ? 1 : 0,
    ok: ok ? 1 : 0,
    ...rest,
  }
  const {
    id: _,
    partnerId: __,
    offerId: ___,
    code: ____,
    ...was
  } = isOurs ? readCheck(before) : ({} as Check)
  try {
    await engine.atomic([
      BUMP,
      ...guard(`select count(*) from "${of.object}" where id = ?`, of.id),
      // A partner and an offer may be called alike; their checks are not one.
      ...guard(
        'select not exists (select 1 from backStageCheck where id = ? and coalesce(partnerId, offerId) is not null and (partnerId is not ? or offerId is not ?))',
        row.id,
        row.partnerId,
        row.offerId,
      ),
      insertRows(
        backStageCheck,
        [row],
        `(id) do update set ${Object.keys(row)
          .filter((name) => name !== 'id')
          .map((name) => `"${name}" = excluded."${name}"`)
          .join(', ')}, rev = ${REV}`,
      ),
      statement(`update backStageCheck set rev = ${REV} where id = ? and rev = 0`, row.id),
      audited(by, 'checked', of.object, row.id, changesOf(was, record)),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/**
 * Take a check away. Its row stays and belongs to nobody: a till that runs sees rows that changed, and never one
 * that is gone. False when there was none.
 */
export async function dropCheck(engine: Engine, of: CheckOf, by: By): Promise<boolean> {
  try {
    await engine.atomic([
      BUMP,
      ...guard(
        `select count(*) from backStageCheck where id = ? and ${of.object}Id = ? and code = ?`,
        idOf(of),
        of.id,
        of.code,
      ),
      statement(
        `update backStageCheck set partnerId = null, offerId = null, rev = ${REV} where id = ?`,
        idOf(of),
      ),
      audited(by, 'dropped', of.object, idOf(of)),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** The ids of partners that have no live alliance and are not put away, with their names. */
export async function listUnallied(engine: Engine): Promise<{ id: string; name: string; trade: string }[]> {
  return engine.all(
    statement(
      `select id, name, trade from partner where archived = 0 and not exists (
         select 1 from alliance where partnerId = partner.id and state = 'live') order by id`,
    ),
  )
}

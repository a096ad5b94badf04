/** The ledger, its statements and its disputes. Entries are added and never changed. */
import type { Entry } from '../core/ledger.ts'
import type { Engine, Statement } from './engine.ts'
import { guard, insertRows, statement } from './engine.ts'
import { emitted } from './outbox.ts'
import type { DisputeRow, EntryRow } from './referral.ts'
import { dispute, issuedStatement, ledgerEntry } from './schema.ts'

/** An entry is frozen while somebody doubts it, or what it reverses. */
const FROZEN = `exists (select 1 from dispute d where d.resolvedAt is null
  and d.entryId in (e.id, coalesce(e.reverses, e.id)))`
/** A line that was dropped in a dispute is not paid; its reversal stands beside it. */
const IN_STATEMENT = 'exists (select 1 from statementLine l where l.entryId = e.id)'

export type LedgerLine = EntryRow & { frozen: number; statementId: string | null }

/** Entries of a partner, newest first; `before` is the last key of the page before: recordedAt|id. */
export async function listEntries(
  engine: Engine,
  partnerId: string,
  before: string | null,
  most: number,
): Promise<LedgerLine[]> {
  return engine.all<LedgerLine>(
    statement(
      `select e.*, ${FROZEN} frozen, (select statementId from statementLine l where l.entryId = e.id) statementId
       from ledgerEntry e where partnerId = ?1 and (?2 is null or recordedAt || '|' || id < ?2)
       order by recordedAt desc, id desc limit ?3`,
      partnerId,
      before,
      most,
    ),
  )
}

/** An entry with its partner, or null. */
export async function findEntry(engine: Engine, id: string): Promise<LedgerLine | null> {
  const [row] = await engine.all<LedgerLine>(
    statement(
      `select e.*, ${FROZEN} frozen, (select statementId from statementLine l where l.entryId = e.id) statementId
       from ledgerEntry e where id = ?`,
      id,
    ),
  )
  return row ?? null
}

/** Post entries that no referral makes: shelf space, a letter, a joint event. */
export function posted(
  rows: (Entry & Pick<EntryRow, 'partnerId' | 'allianceId' | 'termsVersion' | 'recordedAt'>)[],
): Statement {
  return insertRows(
    ledgerEntry,
    rows.map((row) => ({ code: null, ...row })),
  )
}

export type StatementHead = typeof issuedStatement.$inferSelect
export type Account = { issued: StatementHead | null; lines: LedgerLine[] }

/** The last day of a month. */
const END = `date(?2 || '-01', '+1 month', '-1 day')`

/** What a statement of a month holds, or would: money due by its end that is in none before. */
const DUE = `e.partnerId = ?1 and e.unit = 'money' and e.currency = ?3 and e.dueOn <= ${END} and not ${FROZEN} and not ${IN_STATEMENT}`

/** The account of a month: as it was issued, or as it would be now. */
export async function readAccount(
  engine: Engine,
  partnerId: string,
  month: string,
  currency: string,
): Promise<Account> {
  const [heads, lines] = (await engine.allOf([
    statement(
      'select * from issuedStatement where partnerId = ? and month = ? and currency = ?',
      partnerId,
      month,
      currency,
    ),
    statement(
      `select e.*, 0 frozen, (select statementId from statementLine l where l.entryId = e.id) statementId from ledgerEntry e
       where exists (select 1 from issuedStatement i join statementLine l on l.statementId = i.id
               where i.partnerId = ?1 and i.month = ?2 and i.currency = ?3 and l.entryId = e.id)
          or (not exists (select 1 from issuedStatement where partnerId = ?1 and month = ?2 and currency = ?3) and ${DUE})
       order by e.onDate, e.id`,
      partnerId,
      month,
      currency,
    ),
  ])) as [StatementHead[], LedgerLine[]]
  return { issued: heads[0] ?? null, lines }
}

/**
 * Issue a month: its lines belong to it from now on and to no other. The total is counted in the same write.
 * @throws GuardFailed when it is issued already
 */
export async function issueStatement(
  engine: Engine,
  about: { partnerId: string; month: string; currency: string; now: string },
  also: Statement[] = [],
): Promise<void> {
  const { partnerId, month, currency, now } = about
  const id = `${partnerId}.${month}.${currency}`
  await engine.atomic([
    insertRows(issuedStatement, [{ id, partnerId, month, currency, totalMinor: 0, issuedAt: now }]),
    statement(
      `insert into statementLine (entryId, statementId) select e.id, ?4 from ledgerEntry e where ${DUE}`,
      partnerId,
      month,
      currency,
      id,
    ),
    statement(
      `update issuedStatement set totalMinor = (select coalesce(sum(e.amount), 0) from ledgerEntry e
         join statementLine l on l.entryId = e.id where l.statementId = ?1) where id = ?1`,
      id,
    ),
    emitted('statement.issued', id, { statement: id, partner: partnerId, month }, now),
    ...also,
  ])
}

/** Statements that were issued to a partner, newest first. */
export async function listStatements(engine: Engine, partnerId: string): Promise<StatementHead[]> {
  return engine.all<StatementHead>(
    statement('select * from issuedStatement where partnerId = ? order by month desc limit 120', partnerId),
  )
}

/** What is open with a partner by currency: due and in no statement yet, on hold, and frozen. */
export async function readBalance(
  engine: Engine,
  partnerId: string,
  today: string,
): Promise<{ currency: string; dueMinor: number; heldMinor: number; frozenMinor: number }[]> {
  return engine.all(
    statement(
      `select e.currency, sum(case when not ${FROZEN} and e.dueOn <= ?2 then e.amount else 0 end) dueMinor,
         sum(case when not ${FROZEN} and e.dueOn > ?2 then e.amount else 0 end) heldMinor,
         sum(case when ${FROZEN} then e.amount else 0 end) frozenMinor
       from ledgerEntry e where e.partnerId = ?1 and e.unit = 'money' and not ${IN_STATEMENT} group by e.currency order by e.currency`,
      partnerId,
      today,
    ),
  )
}

/** Disputes, open ones first; of one partner, or of all. */
export async function listDisputes(
  engine: Engine,
  partnerId: string | null,
  most: number,
): Promise<DisputeRow[]> {
  return engine.all<DisputeRow>(
    statement(
      `select * from dispute where ?1 is null or partnerId = ?1 order by resolvedAt is not null, openedAt desc, id limit ?2`,
      partnerId,
      most,
    ),
  )
}

/** One dispute, or null. */
export async function findDispute(engine: Engine, id: string): Promise<DisputeRow | null> {
  const [row] = await engine.all<DisputeRow>(statement('select * from dispute where id = ?', id))
  return row ?? null
}

/** Doubt an entry: it is frozen until somebody resolves it. Refused when it is in a statement already, or doubted. */
export const disputed = (row: typeof dispute.$inferInsert): Statement[] => [
  ...guard(
    `select count(*) from ledgerEntry e where e.id = ? and not ${IN_STATEMENT}
       and not exists (select 1 from dispute d where d.entryId = e.id and d.resolvedAt is null)`,
    row.entryId ?? '',
  ),
  insertRows(dispute, [row]),
  emitted('dispute.opened', row.id, { dispute: row.id, partner: row.partnerId }, row.openedAt),
]

/** Settle a dispute, once. */
export const resolved = (
  id: string,
  resolution: 'stands' | 'dropped',
  by: string,
  at: string,
): Statement[] => [
  ...guard('select resolvedAt is null from dispute where id = ?', id),
  statement(
    'update dispute set resolvedAt = ?, resolution = ?, resolvedBy = ? where id = ?',
    at,
    resolution,
    by,
    id,
  ),
]

/** Take an entry back by its reverse; one that was taken back meanwhile stays so. */
export const reversal = (entry: EntryRow, note: string, at: string): Statement =>
  insertRows(
    ledgerEntry,
    [
      {
        ...entry,
        id: `${entry.id}.reversed`,
        amount: -entry.amount,
        reverses: entry.id,
        note,
        recordedAt: at,
      },
    ],
    'do nothing',
  )

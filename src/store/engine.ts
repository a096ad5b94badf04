/** The store port: what Encore asks of a database, so small that a SQLite file and Cloudflare D1 both fit behind it. */
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

/** One SQL statement with its values. */
export type Statement = { sql: string; params: (string | number | null)[] }

export interface Engine {
  /** The rows of one statement. */
  all<Row>(statement: Statement): Promise<Row[]>
  /** Several reads in one round trip. */
  allOf(statements: Statement[]): Promise<unknown[][]>
  /**
   * All of them or none, in order, durable when the promise resolves. Returns the rows changed by each; more than that on
   * D1, where a trigger writes for them: 0 is certain, the number is not.
   * Conditions belong into the statements: nothing that was read before is certain any more.
   * @throws GuardFailed when a guard or a unique constraint refused.
   */
  atomic(statements: Statement[]): Promise<number[]>
}

/** What was read before this write is no longer so: read again and decide again. */
export class GuardFailed extends Error {
  override name = 'GuardFailed'
}

/** Whether a driver's error is a constraint that refused. */
export function isConstraint(error: unknown): boolean {
  return (
    error instanceof Error &&
    /constraint/i.test(`${(error as { code?: string }).code ?? ''} ${error.message}`)
  )
}

/** A statement from text and values. */
export function statement(sql: string, ...params: (string | number | null)[]): Statement {
  return { sql, params }
}

/** Rows that must still be so when the batch runs: aborts it where the condition is not exactly 1. */
export function guard(condition: string, ...params: (string | number | null)[]): Statement[] {
  return [
    statement(`insert into guard (ok) select coalesce((${condition}), 0)`, ...params),
    statement('delete from guard'),
  ]
}

/**
 * One statement that inserts any number of rows with one bound value, so that D1's limit of 100 is never near.
 * `onConflict` is the text after `on conflict`; `where` picks among the rows, by `new.<column>`.
 */
export function insertRows<T extends SQLiteTable>(
  table: T,
  rows: Partial<T['$inferInsert']>[],
  onConflict = '',
  where = 'true',
): Statement {
  const first = rows[0] ?? {}
  const columns = Object.keys(getTableColumns(table)).filter((column) => column in first)
  const values = columns.map((column, i) => `value ->> ${i} "${column}"`).join(', ')
  const names = columns.map((column) => `"${column}"`).join(', ')
  return statement(
    `insert into "${getTableName(table)}" (${names}) select * from (select ${values} from json_each(?)) new where ${where}${onConflict ? ` on conflict ${onConflict}` : ''}`,
    JSON.stringify(
      rows.map((row) => columns.map((column) => (row as Record<string, unknown>)[column] ?? null)),
    ),
  )
}

/** Counts a change of what the snapshot holds; rows of the same batch take the new number with `REV`. */
export const BUMP: Statement = {
  sql: 'insert into revision (id, n) values (1, 1) on conflict (id) do update set n = n + 1',
  params: [],
}
/** The number of this change, inside a batch that began with `BUMP`. */
export const REV = '(select n from revision)'

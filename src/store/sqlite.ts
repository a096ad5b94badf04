/** A SQLite file behind the store port. */
import Database from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate } from 'drizzle-orm/better-sqlite3/migrator'
import type { Engine, Statement } from './engine.ts'
import { GuardFailed, isConstraint } from './engine.ts'

export type SqliteEngine = Engine & { close(): void; file: Database.Database }

/**
 * Open a file (made when absent) and bring it to the newest schema.
 * WAL with synchronous=FULL: an acknowledged write survives kill -9 and power loss. A reader waits for nobody;
 * a writer waits at most 50 ms for another process.
 */
export function openSqlite(path: string, migrationsFolder: string): SqliteEngine {
  const file = new Database(path)
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = FULL',
    'busy_timeout = 50',
    'foreign_keys = ON',
    'secure_delete = ON',
    'cache_size = -16000',
  ])
    file.pragma(pragma)
  migrate(drizzle(file), { migrationsFolder })

  const prepared = new Map<string, { statement: Database.Statement; numbered: boolean }>()
  const prepare = (sql: string) => {
    let found = prepared.get(sql)
    if (!found) prepared.set(sql, (found = { statement: file.prepare(sql), numbered: /\?\d/.test(sql) }))
    return found
  }
  // better-sqlite3 takes ?1 for a name and not for a place.
  const all = ({ sql, params }: Statement) => {
    const { statement, numbered } = prepare(sql)
    return numbered ? statement.all(byNumber(params)) : statement.all(...params)
  }
  const run = file.transaction((statements: Statement[]) =>
    statements.map(({ sql, params }) => {
      const { statement, numbered } = prepare(sql)
      return (numbered ? statement.run(byNumber(params)) : statement.run(...params)).changes
    }),
  )
  return {
    file,
    all: async <Row>(statement: Statement) => all(statement) as Row[],
    allOf: async (statements) => statements.map(all),
    atomic: async (statements) => {
      try {
        return run.immediate(statements)
      } catch (error) {
        if (isConstraint(error)) throw new GuardFailed('a constraint refused', { cause: error })
        throw error
      }
    },
    close: () => file.close(),
  }
}

function byNumber(params: Statement['params']): Record<string, string | number | null> {
  const named: Record<string, string | number | null> = {}
  for (let i = 0; i < params.length; i++) named[i + 1] = params[i]!
  return named
}

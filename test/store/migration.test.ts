/** Migrations on populated tables, and that they are what the schema says, on both engines. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, onTestFinished, test } from 'vitest'
import { openD1 } from '../../src/store/d1.ts'
import type { Engine } from '../../src/store/engine.ts'
import { statement } from '../../src/store/engine.ts'
import * as schema from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, migrateD1, migrationFiles, SEEDED_AT } from '../support/engines.ts'

const tables = Object.values(schema).filter((each) => is(each, SQLiteTable)) as unknown as SQLiteTable[]

async function emptyStore(
  kind: 'node' | 'edge',
  only?: string[],
): Promise<{ engine: Engine; migrateRest(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-migration-'))
  if (kind === 'node') {
    const engine = openSqlite(join(folder, 'x.sqlite'), 'migrations')
    onTestFinished(() => {
      engine.close()
      rmSync(folder, { recursive: true, force: true })
    })
    return { engine, migrateRest: async () => {} }
  }
  const { miniflare, database } = await edge({ persist: folder, clock: SEEDED_AT })
  onTestFinished(async () => {
    await miniflare.dispose()
    rmSync(folder, { recursive: true, force: true })
  })
  const d1 = await database()
  await migrateD1(d1, only)
  return {
    engine: openD1(d1),
    migrateRest: () =>
      migrateD1(
        d1,
        migrationFiles().filter((file) => !only?.includes(file)),
      ),
  }
}

/** A value that the column's kind accepts. */
function filler(name: string, type: string, i: number): string | number {
  if (name === 'birthMonth') return '2020-01'
  if (name === 'id' && type === 'number') return 1
  if (type === 'number') return name === 'b' || name === 'capacity' ? 5 : name === 'weight' ? 0.5 : 1
  return `${name}-${i}`
}

test.each(['node', 'edge'] as const)(
  '%s: the newest migration keeps every row of every table',
  async (kind) => {
    const files = migrationFiles()
    const { engine, migrateRest } = await emptyStore(kind, files.slice(0, Math.max(1, files.length - 1)))
    for (const [i, table] of tables.entries()) {
      if (getTableName(table) === 'guard') continue
      const columns = Object.entries(getTableColumns(table))
      await engine.atomic([
        statement(
          `insert into "${getTableName(table)}" (${columns.map(([name]) => `"${name}"`)}) values (${columns.map(() => '?')})`,
          ...columns.map(([name, column]) => filler(name, column.dataType, i)),
        ),
      ])
    }
    await migrateRest()
    for (const table of tables) {
      const [row] = await engine.all<{ n: number }>(
        statement(`select count(*) n from "${getTableName(table)}"`),
      )
      expect([getTableName(table), row!.n]).toEqual([
        getTableName(table),
        getTableName(table) === 'guard' ? 0 : 1,
      ])
    }
  },
)

test.each(['node', 'edge'] as const)(
  '%s: the database has the columns that the schema says',
  async (kind) => {
    const { engine } = await emptyStore(kind)
    for (const table of tables) {
      const rows = await engine.all<{ name: string }>(
        statement(`select name from pragma_table_info('${getTableName(table)}')`),
      )
      expect(rows.map((row) => row.name).sort()).toEqual(Object.keys(getTableColumns(table)).sort())
    }
  },
)

test('a SQLite file is durable: WAL, synchronous FULL, deleted data overwritten', async () => {
  const { engine } = await emptyStore('node')
  const pragma = async (name: string) =>
    Object.values((await engine.all<Record<string, unknown>>(statement(`pragma ${name}`)))[0]!)[0]
  expect([
    await pragma('journal_mode'),
    await pragma('synchronous'),
    await pragma('secure_delete'),
    await pragma('busy_timeout'),
  ]).toEqual(['wal', 2, 1, 50])
})

test.each(['node', 'edge'] as const)('%s: a batch is all or nothing', async (kind) => {
  const { engine } = await emptyStore(kind)
  const site = (id: string) =>
    statement('insert into site (id, name, timeZone, currency) values (?, ?, ?, ?)', id, id, 'UTC', 'EUR')
  await expect(engine.atomic([site('a'), site('b'), site('a')])).rejects.toThrow('a constraint refused')
  expect(await engine.all(statement('select id from site'))).toEqual([])
})

/** Migrations on populated tables, and that they are what the schema says, on both engines. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

/** A store at the newest schema; or as it was before a migration, and then brought to the newest. */
async function emptyStore(
  kind: 'node' | 'edge',
  before: string | null = null,
): Promise<{ engine: Engine; migrateRest(): Promise<Engine> }> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-migration-'))
  const files = migrationFiles()
  if (kind === 'node') {
    const earlier = join(folder, 'migrations')
    cpSync('migrations', earlier, { recursive: true })
    const journal = JSON.parse(readFileSync(join(earlier, 'meta/_journal.json'), 'utf8'))
    journal.entries = journal.entries.filter(({ tag }: { tag: string }) => before !== null && tag < before)
    writeFileSync(join(earlier, 'meta/_journal.json'), JSON.stringify(journal))
    let engine = openSqlite(join(folder, 'x.sqlite'), before === null ? 'migrations' : earlier)
    onTestFinished(() => {
      engine.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const migrateRest = async () => {
      engine.close()
      engine = openSqlite(join(folder, 'x.sqlite'), 'migrations')
      return engine
    }
    return { engine, migrateRest }
  }
  const { miniflare, database } = await edge({ persist: folder, clock: SEEDED_AT })
  onTestFinished(async () => {
    await miniflare.dispose()
    rmSync(folder, { recursive: true, force: true })
  })
  const d1 = await database()
  const isBefore = (file: string) => before === null || file < before
  await migrateD1(d1, files.filter(isBefore))
  const migrateRest = async () => {
    await migrateD1(
      d1,
      files.filter((file) => !isBefore(file)),
    )
    return openD1(d1)
  }
  return { engine: openD1(d1), migrateRest }
}

/** A value that the column's kind accepts. */
function filler(name: string, type: string, i: number): string | number {
  if (name === 'birthMonth') return '2020-01'
  if (name === 'state') return '{}'
  if (name === 'id' && type === 'number') return 1
  if (type === 'number') return name === 'b' || name === 'capacity' ? 5 : name === 'weight' ? 0.5 : 1
  return `${name}-${i}`
}

const columnsOf = async (engine: Engine, table: string) =>
  (await engine.all<{ name: string }>(statement(`select name from pragma_table_info('${table}')`))).map(
    (row) => row.name,
  )

test.each(['node', 'edge'] as const)(
  '%s: the migrations since 0.2 keep every row of every table',
  async (kind) => {
    const { engine, migrateRest } = await emptyStore(kind, '0002')
    const filled: string[] = []
    for (const [i, table] of tables.entries()) {
      const name = getTableName(table)
      const columns = await columnsOf(engine, name)
      if (name === 'guard' || columns.length === 0) continue
      const types = getTableColumns(table) as Record<string, { dataType: string }>
      filled.push(name)
      await engine.atomic([
        statement(
          `insert into "${name}" (${columns.map((column) => `"${column}"`)}) values (${columns.map(() => '?')})`,
          ...columns.map((column) => filler(column, types[column]!.dataType, i)),
        ),
      ])
    }
    expect(filled.length).toBeGreaterThan(25)
    const after = await migrateRest()
    for (const name of filled)
      expect([name, await after.all(statement(`select count(*) n from "${name}"`))]).toEqual([
        name,
        [{ n: 1 }],
      ])
  },
)

test.each(['node', 'edge'] as const)(
  '%s: what was live before stays live: its terms are agreed and staff know it',
  async (kind) => {
    const { engine, migrateRest } = await emptyStore(kind, '0001')
    const alliance = (id: string, state: string) => [
      statement(
        `insert into alliance (id, partnerId, state, termsVersion) values (?, ?, ?, 1)`,
        id,
        id,
        state,
      ),
      statement(
        `insert into terms (allianceId, version, startsOn, customerBenefit, disclosure, record) values (?, 1, '2025-01-01', 'x', '', '{}')`,
        id,
      ),
    ]
    await engine.atomic([
      statement(`insert into site (id, name, timeZone, currency) values ('S', 'S', 'UTC', 'EUR')`),
      ...alliance('A', 'live'),
      ...alliance('B', 'proposed'),
    ])
    const after = await migrateRest()
    expect(
      await after.all(statement('select allianceId, agreedAt is not null agreed from terms order by 1')),
    ).toEqual([
      { allianceId: 'A', agreed: 1 },
      { allianceId: 'B', agreed: 0 },
    ])
    expect(await after.all(statement('select allianceId, siteId, termsVersion from briefing'))).toEqual([
      { allianceId: 'A', siteId: 'S', termsVersion: 1 },
    ])
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

test.each(['node', 'edge'] as const)(
  '%s: what an offer came to before acceptance was learned by touchpoint still counts, and the policy in force stays in force',
  async (kind) => {
    const { engine, migrateRest } = await emptyStore(kind, '0002')
    await engine.atomic([
      statement(
        `insert into offer (id, kind, headline, priceMinor, stage, commitment, goals, say, said, accepted, rev)
         values ('O', 'event', 'x', 0, 'both', 'free', '{}', '{}', 40, 4, 7)`,
      ),
      statement(
        `insert into policy (version, record, createdAt, rev) values (1, '{}', '', 1), (2, '{}', '', 5)`,
      ),
    ])
    const after = await migrateRest()
    expect(await after.all(statement('select offerId, said, accepted, expected from acceptance'))).toEqual([
      { offerId: 'O', said: 40, accepted: 4, expected: 9_600_000 },
    ])
    expect(await after.all(statement('select version from policy order by activation desc limit 1'))).toEqual(
      [{ version: 2 }],
    )
  },
)

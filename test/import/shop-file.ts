/** A shop's database in a file of its own, imported into; gone when the test is. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { ImportFile, ImportOptions, ImportReport } from '../../src/import/import.ts'
import { importFiles } from '../../src/import/import.ts'
import { dumpSql } from '../../src/store/dump.ts'
import type { Engine } from '../../src/store/engine.ts'
import { statement } from '../../src/store/engine.ts'
import type { SqliteEngine } from '../../src/store/sqlite.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

export type ShopFile = { engine: SqliteEngine; path: string }

/** A new, empty database. */
export function newShop(): ShopFile {
  const folder = mkdtempSync(join(tmpdir(), 'encore-import-'))
  const path = join(folder, 'shop.sqlite')
  const engine = openSqlite(path, 'migrations')
  // The disk's pace is not what these tests are about.
  engine.file.pragma('synchronous = OFF')
  onTestFinished(() => {
    engine.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { engine, path }
}

/** A file of the fixtures, by name. */
export function fixtureFile(name: string): ImportFile {
  return textFile(name, readFileSync(`test/fixtures/import/${name}`))
}

/** A file made of text or bytes. */
export function textFile(name: string, content: string | Uint8Array): ImportFile {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    name,
    async *open() {
      yield bytes
    },
  }
}

export const CHICAGO = { id: 'MAIN', currency: 'USD', timeZone: 'America/Chicago' }

/** Import and expect not to be refused. Everything that is drawn or dated is fixed. */
export async function imported(
  engine: Engine,
  files: ImportFile[],
  options: Partial<ImportOptions> = {},
): Promise<ImportReport> {
  const report = await importFiles(engine, files, { ...FIXED, apply: true, site: CHICAGO, ...options })
  if ('refused' in report) expect.fail(report.refused)
  return report
}

export const FIXED = {
  now: '2026-03-14T16:42:00.000Z',
  random: (length: number) => 'x'.repeat(length),
}

/** The whole content as SQL: equal texts are equal databases. */
export async function dumpOf(engine: Engine): Promise<string> {
  let text = ''
  for await (const piece of dumpSql(engine)) text += piece
  return text
}

/** Rows of one statement. */
export function rowsOf<Row = Record<string, unknown>>(
  engine: Engine,
  sql: string,
  ...params: (string | number)[]
): Promise<Row[]> {
  return engine.all<Row>(statement(sql, ...params))
}

/** Every byte that the database has on disk. */
export function bytesOf({ path }: ShopFile): Buffer {
  return Buffer.concat(
    ['', '-wal'].map((end) => path + end).flatMap((file) => (existsSync(file) ? [readFileSync(file)] : [])),
  )
}

/** What was learned, without rows that say nothing. */
export async function learnedOf(engine: Engine) {
  return {
    pairs: await rowsOf(
      engine,
      'select a, b, baskets, customers from pair where baskets <> 0 or customers <> 0 order by a, b',
    ),
    products: await rowsOf(
      engine,
      'select id, baskets, buyers from product where baskets <> 0 or buyers <> 0 order by id',
    ),
    days: await rowsOf(
      engine,
      'select productId, day, orders from saleDay where orders <> 0 order by productId, day',
    ),
  }
}

/** The whole database as SQL text, for carrying it into Cloudflare D1. */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'
import * as schema from './schema.ts'

/** D1 takes statements of 100 KB; this leaves room for what is around the rows. */
const STATEMENT_BYTES = 90_000

/** Rows read at once. */
const PAGE_ROWS = 2000

/** Every table of the shop but the one that is always empty. No table refers to another, so any order loads. */
const TABLES = Object.values(schema).filter((table) => is(table, SQLiteTable) && table !== schema.guard)

/**
 * Every row as `insert` statements, one statement a piece and each below 90 KB, for a database with the same
 * schema and nothing in it. The migrations' own table is not among them.
 */
export async function* dumpSql(engine: Engine): AsyncGenerator<string> {
  for (const table of TABLES as SQLiteTable[]) yield* dumpTable(engine, table)
}

async function* dumpTable(engine: Engine, table: SQLiteTable): AsyncGenerator<string> {
  const name = getTableName(table)
  const columns = Object.keys(getTableColumns(table))
  const quoted = columns.map((column) => `"${column}"`)
  // `revision` has its one row from the first start on.
  const head = `insert ${name === 'revision' ? 'or replace ' : ''}into "${name}" (${quoted.join(', ')}) values\n`
  let values: string[] = []
  let bytes = 0
  const flush = () => {
    const made = `${head}${values.join(',\n')};\n`
    values = []
    bytes = 0
    return made
  }
  for (let after = -1; ; ) {
    const rows = await engine.all<Record<string, string | number | null>>(
      statement(
        `select rowid "\u0001", ${quoted.join(', ')} from "${name}" where rowid > ? order by rowid limit ${PAGE_ROWS}`,
        after,
      ),
    )
    if (rows.length === 0) break
    after = rows.at(-1)!['\u0001'] as number
    for (const row of rows) {
      const cells = columns.map((column) => pieces(row[column]!))
      const size = cells.reduce((sum, [first]) => sum + Buffer.byteLength(first!) + 2, 4)
      if (values.length > 0 && bytes + size > STATEMENT_BYTES) yield flush()
      values.push(`(${cells.map(([first]) => first).join(', ')})`)
      bytes += size
      if (cells.every((cell) => cell.length === 1)) continue
      // A row too long for one statement: what is left of its texts is added to it.
      yield flush()
      for (const [i, [, ...rest]] of cells.entries())
        for (const piece of rest)
          yield `update "${name}" set ${quoted[i]} = ${quoted[i]} || ${piece} where rowid = (select max(rowid) from "${name}");\n`
    }
  }
  if (values.length > 0) yield flush()
}

/** A value as SQL; a long text in several pieces. */
function pieces(value: string | number | null): string[] {
  if (value === null) return ['null']
  if (typeof value === 'number') return [String(value)]
  const parts: string[] = []
  // Hex takes two characters a byte, and a character up to three bytes.
  for (let at = 0; at === 0 || at < value.length; ) {
    let end = Math.min(value.length, at + 5000)
    if (/[\uD800-\uDBFF]/.test(value[end - 1] ?? '') && end < value.length) end--
    parts.push(literal(value.slice(at, end)))
    at = Math.max(end, 1)
  }
  return value.length <= 5000 * 1 ? parts : parts
}

/** A text as SQL. One with control characters is written as its bytes: tools that cut a file into statements and lines trip over them. */
function literal(text: string): string {
  if (/\p{Cc}/u.test(text)) return `cast(x'${Buffer.from(text).toString('hex')}' as text)`
  return `'${text.replaceAll("'", "''")}'`
}

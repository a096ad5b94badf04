/** The whole database as SQL text, for carrying it into Cloudflare D1. */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'
import * as schema from './schema.ts'

/** D1 takes statements of 100 KB; this leaves room for what is around the rows. */
const STATEMENT_BYTES = 20_000

/** Rows read at once. */
const PAGE_ROWS = 2000

/** A piece of a text that is too long for one statement: at most four bytes a character, two digits a byte. */
const PIECE_CHARS = 1500

/** Every table of the shop but the one that is always empty. No table refers to another, so any order loads. */
const TABLES = Object.values(schema).filter((table) => is(table, SQLiteTable) && table !== schema.guard)

/**
 * Every row as `insert` statements, one statement a piece and each below 20 KB, for a database with the same
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
  const key = keyOf(table)
  const keyed = `(${key.map((column) => `"${column}"`).join(', ')})`
  // In the order of their making, which deciding goes by where nothing else orders rows.
  const order = (await hasRowid(engine, name)) ? ['rowid'] : key
  const ordered = `(${order.map((column) => `"${column}"`).join(', ')})`
  const bound = `(${order.map(() => '?').join(', ')})`
  for (let after: (string | number)[] | null = null; ; ) {
    const rows: Record<string, string | number | null>[] = await engine.all(
      statement(
        `select ${quoted.join(', ')}, ${order.map((column, i) => `"${column}" at${i}`).join(', ')} from "${name}" ${after ? `where ${ordered} > ${bound}` : ''} order by ${ordered.slice(1, -1)} limit ${PAGE_ROWS}`,
        ...(after ?? []),
      ),
    )
    if (rows.length === 0) break
    after = order.map((_, i) => rows.at(-1)![`at${i}`] as string | number)
    for (const row of rows) {
      const cells = columns.map((column) => literal(row[column]!))
      const size = cells.reduce((sum, cell) => sum + Buffer.byteLength(cell) + 2, 4)
      if (values.length > 0 && bytes + size > STATEMENT_BYTES) yield flush()
      if (size <= STATEMENT_BYTES) {
        values.push(`(${cells.join(', ')})`)
        bytes += size
        continue
      }
      // Too long for one statement: its texts are put together piece by piece.
      const cut = columns.map((column) => pieces(row[column]!))
      values.push(`(${cut.map(([first]) => first).join(', ')})`)
      yield flush()
      for (const [i, [, ...rest]] of cut.entries())
        for (const piece of rest)
          yield `update "${name}" set ${quoted[i]} = ${quoted[i]} || ${piece} where ${keyed} = (${key.map((column) => literal(row[column]!)).join(', ')});\n`
    }
  }
  if (values.length > 0) yield flush()
}

/** Whether a table numbers its rows in the order of their making. */
async function hasRowid(engine: Engine, name: string): Promise<boolean> {
  const [made] = await engine.all<{ sql: string }>(
    statement(`select sql from sqlite_master where type = 'table' and name = ?`, name),
  )
  return !/without rowid/i.test(made!.sql)
}

/** The columns of a table's primary key. */
function keyOf(table: SQLiteTable): string[] {
  const { columns, primaryKeys } = getTableConfig(table)
  const single = columns.filter((column) => column.primary)
  return (single.length > 0 ? single : primaryKeys[0]!.columns).map((column) => column.name)
}

/** A value as SQL; a text in pieces of at most 12 KB. */
function pieces(value: string | number | null): string[] {
  if (typeof value !== 'string' || value.length <= PIECE_CHARS) return [literal(value)]
  const parts: string[] = []
  const characters = Array.from(value)
  for (let at = 0; at < characters.length; at += PIECE_CHARS)
    parts.push(literal(characters.slice(at, at + PIECE_CHARS).join('')))
  return parts
}

/** A value as SQL. A text with control characters is written as its bytes: tools that cut a file into statements trip over them. */
function literal(value: string | number | null): string {
  if (typeof value !== 'string') return String(value)
  if (/\p{Cc}/u.test(value)) return `cast(x'${Buffer.from(value).toString('hex')}' as text)`
  return `'${value.replaceAll("'", "''")}'`
}

import { Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { parse as parseWhole } from 'csv-parse/sync'
import { headerName } from './cell.ts'
import { decode } from './decode.ts'
import type { Dialect, ProblemRow, ReadContext, Row } from './dialect.ts'
import { plainLines, plainProducts } from './plain.ts'
import { shopifyOrders } from './shopify-orders.ts'
import { shopifyProducts, shopifyProductsOld } from './shopify-products.ts'
import { squareLibrary } from './square-library.ts'
import { squareSales } from './square-sales.ts'

/** How to read a file. */
export type ReadOptions = {
  /** For amounts that come without one; ISO 4217. */
  currency: string
  /** Instead of the dialect's own source: for a shop with two tills of one make. */
  source?: string
  /** For the messages. */
  fileName?: string
  /** How dates with strokes are meant; month first for US dollars and day first otherwise, unless told. */
  dateOrder?: 'mdy' | 'dmy'
}

/** Every dialect that can be read. */
export const dialects: readonly Dialect[] = [
  squareSales,
  squareLibrary,
  shopifyProducts,
  shopifyProductsOld,
  shopifyOrders,
  plainLines,
  plainProducts,
]

/** A record longer than this is a quotation mark that nobody closed. */
const RECORD_CHARS_MAX = 1_048_576

/** Where a header may still be looked for. */
const HEADER_CHARS_MAX = 65_536

/** The dialect that is surest of this header; null when none knows it. */
export function recogniseDialect(header: string[]): Dialect | null {
  let best: Dialect | null = null
  let bestFit = 0
  for (const dialect of dialects) {
    const fit = dialect.recognises(header)
    if (fit > bestFit) [best, bestFit] = [dialect, fit]
  }
  return best
}

/**
 * Reads an export as a stream: first `{ dialect }`, then its rows and problems in the file's order. When the
 * file is not a known export there is one problem and no dialect. Gzip, byte order marks, comma, semicolon and
 * tab, and a leading `sep=` line are taken as they come; memory does not grow with the file. What is wrong with
 * the file is a problem row; only a source that cannot be read throws.
 */
export async function* readExport(
  bytes: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<{ dialect: Dialect } | Row> {
  const { text, notes } = decode(bytes)
  try {
    const start = await headerOf(text)
    const known = start && dialectOf(start)
    if (notes.workbook) {
      yield problem(1, 'file', 'other', `${called(options)} is a workbook or an archive: export it as CSV`)
    } else if (!known) {
      yield start
        ? problem(
            start.lineNumber,
            'header',
            'other',
            `${called(options)} has no header that we know: ${offer()}`,
          )
        : problem(1, 'file', 'missing', `${called(options)} is empty`)
    } else {
      yield { dialect: known.dialect }
      yield* readRecords(start, text, known, options)
    }
    if (notes.damaged) {
      yield problem(1, 'file', 'other', 'the compressed file is damaged: what could be unpacked was read')
    }
    if (notes.fallbackLine !== null) {
      const message =
        'not UTF-8 from here: such lines were read as Windows-1252, look at letters with accents'
      yield problem(notes.fallbackLine, 'file', 'encoding', message)
    }
  } finally {
    await text.return(undefined)
  }
}

type Start = {
  /** The first filled line, a newline inside quotation marks included. */
  header: string
  lineNumber: number
  /** The delimiter of a `sep=` line. */
  told: string | null
  /** All text read so far; a `sep=` line is blank in it. */
  text: string
}

/** Reads up to the end of the header; null when there is nothing but blanks. */
async function headerOf(text: AsyncGenerator<string>): Promise<Start | null> {
  let read = ''
  for (;;) {
    const next = await text.next()
    if (!next.done) read += next.value
    const end = next.done === true || read.length > HEADER_CHARS_MAX
    const separator = /^\s*"?sep=([,;\t])"?[ \t]*(?=[\r\n])/i.exec(read)
    const from = separator ? separator[0].length : 0
    const blank = /^\s*/.exec(read.slice(from))![0].length
    const match = /^(?:[^"\r\n]+|"[^"]*(?:"|$))+/.exec(read.slice(from + blank, HEADER_CHARS_MAX))
    if (match && (end || from + blank + match[0].length < read.length)) {
      // A tab may be a first, empty cell: only whole blank lines are not part of the header.
      const lineStart = read.slice(0, from + blank).search(/[^\r\n]*$/)
      const begin = Math.max(from, lineStart)
      return {
        header: read.slice(begin, from + blank + match[0].length),
        lineNumber: 1 + newlines(read.slice(0, begin)),
        told: separator?.[1] ?? null,
        text: read.slice(0, from).replace(/[^\r\n]/g, '') + read.slice(from),
      }
    }
    if (end) return null
  }
}

type Known = { dialect: Dialect; delimiter: string }

/** The delimiter under which the header is known best. */
function dialectOf(start: Start): Known | null {
  let best: Known | null = null
  let bestFit = 0
  for (const delimiter of start.told ? [start.told] : [',', ';', '\t']) {
    const header = cellsOf(start.header, delimiter)
    const dialect = header && recogniseDialect(header)
    const fit = dialect ? dialect.recognises(header) : 0
    if (dialect && fit > bestFit) [best, bestFit] = [{ dialect, delimiter }, fit]
  }
  return best
}

function cellsOf(header: string, delimiter: string): string[] | null {
  try {
    return parseWhole(header, { delimiter, relax_quotes: true, relax_column_count: true })[0] ?? null
  } catch {
    return null
  }
}

type Parsed = { record: string[]; info: { lines: number } }

async function* readRecords(
  start: Start,
  text: AsyncGenerator<string>,
  { dialect, delimiter }: Known,
  options: ReadOptions,
): AsyncGenerator<Row> {
  const context: ReadContext = {
    currency: options.currency.toUpperCase(),
    source: options.source ?? dialect.source,
    dateOrder: options.dateOrder ?? (options.currency.toUpperCase() === 'USD' ? 'mdy' : 'dmy'),
    carried: new Map(),
  }
  let unclosed = false
  let tooLong = false
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    info: true,
    on_skip: (error: CsvError | undefined) => {
      unclosed ||= error?.code === 'CSV_QUOTE_NOT_CLOSED'
    },
  })
  // One piece is asked for ahead of the parser at most, so a record that does not end shows here.
  async function* pieces() {
    let records = 0
    let waiting = 0
    for (let piece: string | undefined = start.text; piece !== undefined; ) {
      yield piece
      waiting = parser.info.records === records ? waiting + piece.length : 0
      records = parser.info.records
      tooLong = waiting > RECORD_CHARS_MAX
      if (tooLong) return
      const next = await text.next()
      piece = next.done ? undefined : next.value
    }
  }
  const source = Readable.from(pieces(), { highWaterMark: 1 })
  source.once('error', (error) => parser.destroy(error))

  let columns: [name: string, index: number][] | null = null
  let width = 0
  let quotedPairs = 0
  let lineAfter = 1
  try {
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<Parsed>) {
      let inside = 0
      for (const cell of record) {
        if (!/[\r\n]/.test(cell)) continue
        inside += newlines(cell)
        // The parser counts both halves of a \r\n inside quotation marks.
        quotedPairs += cell.split('\r\n').length - 1
      }
      const lastLine = info.lines - quotedPairs
      const lineNumber = lastLine - inside
      lineAfter = lastLine + 1
      if (columns === null) {
        columns = columnsOf(record, dialect)
        width = record.length
        continue
      }
      if (record.every((cell) => cell === '' || cell.trim() === '')) continue
      if (
        record.length !== width &&
        !(record.length > width && record.slice(width).every((cell) => cell === ''))
      ) {
        const lines = inside > 0 ? `, from line ${lineNumber} to ${lastLine}` : ''
        yield problem(
          lineNumber,
          'record',
          'columnCount',
          `${record.length} cells under ${width} columns${lines}: left out`,
        )
        continue
      }
      const named: Record<string, string> = {}
      for (const [name, index] of columns) named[name] = record[index]!
      const rows = dialect.read(named, lineNumber, context)
      if (Array.isArray(rows)) yield* rows
      else yield rows
    }
  } finally {
    source.destroy()
    parser.destroy()
  }
  if (unclosed || tooLong) {
    const message = 'a quotation mark after here is never closed: nothing from here on was read'
    yield problem(lineAfter, 'record', 'other', message)
  }
}

/** Where the dialect's columns stand; of two with one name the first counts. */
function columnsOf(header: readonly string[], dialect: Dialect): [name: string, index: number][] {
  const names = header.map(headerName)
  return dialect.columns
    .map((name): [string, number] => [name, names.indexOf(name)])
    .filter(([, index]) => index >= 0)
}

function newlines(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0
}

function problem(lineNumber: number, field: string, code: ProblemRow['code'], message: string): ProblemRow {
  return { kind: 'problem', lineNumber, field, code, message }
}

function called(options: ReadOptions): string {
  return options.fileName ?? 'this file'
}

function offer(): string {
  return `we read ${dialects.map((dialect) => dialect.describe).join('; ')}`
}

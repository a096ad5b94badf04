import { Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { parse as parseWhole } from 'csv-parse/sync'
import { headerName } from './cell.ts'
import { decode } from './decode.ts'
import { plainLines, plainProducts } from './plain.ts'
import { shopifyOrders } from './shopify-orders.ts'
import { shopifyProducts, shopifyProductsOld } from './shopify-products.ts'
import { squareLibrary } from './square-library.ts'
import { squareSales } from './square-sales.ts'

/**
 * One sold or returned line. The order's lines follow one another in most exports but need not: group by
 * `orderId`. Amounts are minor units of `currency`, or of the reader's currency where that is null.
 */
export type LineRow = {
  kind: 'line'
  /** The physical line of the file on which the record starts, from 1. */
  lineNumber: number
  source: string
  /** The same each time the export is made. A refund is an order of its own: see `refundOf`. */
  orderId: string
  /** `YYYY-MM-DDTHH:MM:SS`, local to `timeZone` or else to the site, or with `Z` or an offset behind it. */
  soldAt: string
  /** An IANA name, where the export says. */
  timeZone: string | null
  /** An opaque reference, never a name, an address or a number to call. */
  customer: string | null
  sku: string | null
  /** The till's own id of the product's variation, unique within `source`. */
  variationId: string | null
  /** The barcode as written; its check digit is not judged. */
  gtin: string | null
  name: string | null
  category: string | null
  /** To five decimals. Negative: goods or money that went back. Zero only for money back without goods. */
  quantity: number
  /** What one cost after discounts, before tax: `totalMinor` through `quantity`, rounded. Never negative by a refund. */
  unitPriceMinor: number
  /** What the line cost after discounts, before tax, exactly. Negative when `quantity` is. */
  totalMinor: number
  unitCostMinor: number | null
  /** ISO 4217, where the export says. */
  currency: string | null
  refund: boolean
  /** For a refund, the order that the goods were bought in, where the export says. */
  refundOf: string | null
  /** The order was cancelled, voided or wholly paid back: it does not count as a sale. */
  voided: boolean
  /** Bought for somebody else, where the export says. */
  gift: boolean
}

/** One product, or one variation of a product, as the export lists it. Amounts as in `LineRow`. */
export type ProductRow = {
  kind: 'product'
  lineNumber: number
  source: string
  sku: string | null
  variationId: string | null
  gtin: string | null
  name: string | null
  category: string | null
  /** Null where the price is asked at the till, or not given. */
  priceMinor: number | null
  costMinor: number | null
  currency: string | null
  archived: boolean
}

/**
 * Something in the file that could not be read. With a `LineRow` or `ProductRow` of the same line number the row
 * was read without that value; without one the row was left out. `encoding` is about the file, not about a row.
 */
export type ProblemRow = {
  kind: 'problem'
  lineNumber: number
  /** The column's name in small letters, or `header`, `record`, `file`. */
  field: string
  code: 'missing' | 'notANumber' | 'notADate' | 'tooLong' | 'columnCount' | 'encoding' | 'other'
  /** For the shop's people. Never repeats a cell. */
  message: string
}

/** What a file is read into. */
export type Row = LineRow | ProductRow | ProblemRow

/** What is the same for every record of one file. */
export type ReadContext = {
  /** For amounts without a currency of their own; ISO 4217. */
  currency: string
  source: string
  /** How dates with strokes are meant. */
  dateOrder: 'mdy' | 'dmy'
  /** What the next records inherit from this one: some exports say an order's own facts only once. */
  carried: Map<string, string>
}

/** One kind of export: how its header is known, and how one record becomes rows. */
export type Dialect = {
  name: string
  /** One line for people, naming where such a file comes from. */
  describe: string
  kind: 'lines' | 'products'
  /** The `source` of its rows unless the reader is told another. One shop system has one, across its exports. */
  source: string
  /**
   * The columns that `read` is given, in the form of `headerName`. Everything else in the file, people's names,
   * addresses, cards, stays outside.
   */
  columns: readonly string[]
  /** From 0, not this, to 1, certain. By names: order, case, blanks and further columns do not matter. */
  recognises(header: string[]): number
  /** `record` has the dialect's columns that the file has. Never throws. */
  read(record: Record<string, string>, lineNumber: number, context: ReadContext): Row | Row[]
}

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

import { minorFromText } from '../core/money.ts'
import type { LineRow, ProblemRow, ProductRow, ReadContext } from './dialect.ts'

/** A name that the till showed: longer ones are not names. */
const NAME_MAX = 500

/** An order, a customer, a product code: longer ones are not references. */
const REFERENCE_MAX = 200

/** Exact to five decimals, and up to a hundred million: see `totalOf`. */
const QUANTITY = /^[+-]?\d{1,8}(\.\d{1,5}0*)?$/

/** `4.50E+12`: what a spreadsheet leaves of a long number. The lost digits cannot be had back. */
const MANGLED = /^\d([.,]\d+)?E\+\d+$/i

/** From the table in Rails' ActiveSupport::TimeZone. */
const RAILS_ZONES: Readonly<Record<string, string>> = {
  Hawaii: 'Pacific/Honolulu',
  Alaska: 'America/Juneau',
  'Pacific Time (US & Canada)': 'America/Los_Angeles',
  Arizona: 'America/Phoenix',
  'Mountain Time (US & Canada)': 'America/Denver',
  'Central Time (US & Canada)': 'America/Chicago',
  'Eastern Time (US & Canada)': 'America/New_York',
  'Indiana (East)': 'America/Indiana/Indianapolis',
  'Puerto Rico': 'America/Puerto_Rico',
  Saskatchewan: 'America/Regina',
  'Atlantic Time (Canada)': 'America/Halifax',
  Newfoundland: 'America/St_Johns',
  London: 'Europe/London',
  Edinburgh: 'Europe/London',
  Dublin: 'Europe/Dublin',
  Paris: 'Europe/Paris',
  Madrid: 'Europe/Madrid',
  Tokyo: 'Asia/Tokyo',
  Osaka: 'Asia/Tokyo',
  Sapporo: 'Asia/Tokyo',
  Perth: 'Australia/Perth',
  Adelaide: 'Australia/Adelaide',
  Darwin: 'Australia/Darwin',
  Brisbane: 'Australia/Brisbane',
  Sydney: 'Australia/Sydney',
  Melbourne: 'Australia/Melbourne',
  Canberra: 'Australia/Canberra',
  Hobart: 'Australia/Hobart',
}

/**
 * Two column names are the same when this is: `order_id`, `Order ID` and `orderId` all become `order id`.
 */
export function headerName(name: string): string {
  return name
    .replace(/^\uFEFF/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .trim()
}

/**
 * How sure a header is a dialect's, by names alone: 0 when a required column is missing, otherwise from 0.5 up
 * to 1 with the share of the telltale columns. A required place may list several names, any of which will do.
 */
export function headerFit(
  header: readonly string[],
  required: readonly (string | readonly string[])[],
  telltale: readonly string[],
): number {
  const names = new Set(header.map(headerName))
  const has = (place: string | readonly string[]) => [place].flat().some((name) => names.has(name))
  if (!required.every(has)) return 0
  return 0.5 + (0.5 * telltale.filter(has).length) / Math.max(1, telltale.length)
}

/**
 * `Straw hat` and its options: `Straw hat - Large / Blue`, as Shopify writes it in an order's line. The one
 * variation of a product without variations, `Default Title`, is not spoken of.
 */
export function variantName(title: string | null, options: readonly (string | null)[]): string | null {
  const kept = options.filter((option) => option !== null && !/^default title$/i.test(option))
  return title === null || kept.length === 0 ? title : `${title} - ${kept.join(' / ')}`
}

/** The last step of a category's path: `Apparel > Kids > Dresses` → `Dresses`. `None` is no category. */
export function lastCategory(path: string | null): string | null {
  const last = path?.slice(path.lastIndexOf('>') + 1).trim()
  return !last || /^(none|uncategorized)$/i.test(last) ? null : last
}

/**
 * An instant as an export writes it, as `YYYY-MM-DDTHH:MM:SS` with nothing behind it (local time), `Z`, or an
 * offset like `+01:00`. A date alone is its midnight. Dates with strokes are read in `order`, dates with points
 * day first; two-digit years are 20xx. Null for anything else, days that do not exist included.
 */
export function instantFromText(text: string, order: 'mdy' | 'dmy'): string | null {
  const match =
    /^(?:(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)([/.])(\d\d?)[/.](\d{4}|\d\d))(?:(?:T|,? +)(\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([AP])\.?M\.?)?(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d))?)?$/i.exec(
      text.trim(),
    )
  if (!match) return null
  const [
    ,
    isoYear,
    isoMonth,
    isoDay,
    first,
    mark,
    second,
    shortYear,
    hourText,
    minute,
    secondText,
    half,
    zone,
  ] = match
  const dayFirst = mark === '.' || order === 'dmy'
  const year = Number(isoYear ?? (shortYear!.length === 2 ? `20${shortYear}` : shortYear))
  const month = Number(isoMonth ?? (dayFirst ? second : first))
  const day = Number(isoDay ?? (dayFirst ? first : second))
  if (year < 1970 || year > 2100 || month < 1 || month > 12 || day < 1) return null
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null
  let hour = Number(hourText ?? 0)
  if (half) {
    if (hour < 1 || hour > 12) return null
    hour = (hour % 12) + (half.toUpperCase() === 'P' ? 12 : 0)
  }
  if (hour > 23 || Number(minute ?? 0) > 59 || Number(secondText ?? 0) > 59) return null
  const date = `${year}-${two(month)}-${two(day)}`
  return `${date}T${two(hour)}:${minute ?? '00'}:${secondText ?? '00'}${offset(zone)}`
}

/**
 * The IANA zone that an export names, either as such or as `Eastern Time (US & Canada)`, the way Rails and with
 * it Square name the zones of the countries Square sells in. Null for a name that we do not know.
 */
export function timeZoneFromText(text: string | null): string | null {
  if (text === null) return null
  const known = RAILS_ZONES[text]
  if (known !== undefined) return known
  if (!/^(UTC|[A-Z][A-Za-z]+\/[A-Za-z_/+-]+)$/.test(text)) return null
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    return null
  }
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number)
}

function offset(zone: string | undefined): string {
  if (!zone) return ''
  if (/^(z|utc|gmt)$/i.test(zone)) return 'Z'
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
}

/**
 * A reference that names a customer without saying who: no spaces, no e-mail, not written like a telephone
 * number. `17850`, `g01-ana`, `GTY7JAA901CPDHWN4M3900J27W`.
 */
export function isOpaque(reference: string): boolean {
  if (!/^[\p{L}\p{N}][\p{L}\p{N}_.:#/-]*$/u.test(reference)) return false
  return !/^\d{2,5}([./-]\d{2,5}){2,}$/.test(reference)
}

/**
 * One record's cells, read by column name. A cell that cannot be read becomes a problem with its line and
 * column, and null: a problem never repeats what the cell says, because a shifted row may have put an address
 * there. `rows` then gives the row with its problems, or the problems alone when something needed is missing.
 */
export class Cells {
  readonly lineNumber: number
  private readonly record: Readonly<Record<string, string>>
  private readonly context: ReadContext
  private readonly problems: ProblemRow[] = []
  private unusable = false

  constructor(record: Readonly<Record<string, string>>, lineNumber: number, context: ReadContext) {
    this.record = record
    this.lineNumber = lineNumber
    this.context = context
  }

  /** Whether the file has this column at all, filled or not. */
  has(column: string): boolean {
    return this.record[column] !== undefined
  }

  /** What the first filled one of these columns says, without the blanks around it; null when none says anything. */
  raw(...columns: readonly string[]): string | null {
    const column = this.filled(columns)
    return column === null ? null : this.record[column]!.trim()
  }

  /** A name for people: blanks and line ends inside are single spaces. */
  name(...columns: readonly string[]): string | null {
    const column = this.filled(columns)
    if (column === null) return null
    const text = this.record[column]!.replace(/[\s\p{Cc}]+/gu, ' ').trim()
    if (text.length <= NAME_MAX) return text === '' ? null : text
    return this.problem(column, 'tooLong', `longer than ${NAME_MAX} characters`)
  }

  /** A code to match by, kept as written; the apostrophe that keeps a spreadsheet's hands off it is taken away. */
  reference(...columns: readonly string[]): string | null {
    const column = this.filled(columns)
    if (column === null) return null
    const text = this.record[column]!.replace(/\p{Cc}+/gu, '')
      .trim()
      .replace(/^'/, '')
    if (MANGLED.test(text)) {
      return this.problem(
        column,
        'notANumber',
        'a spreadsheet has shortened this number, its digits are lost',
      )
    }
    if (text.length <= REFERENCE_MAX) return text === '' ? null : text
    return this.problem(column, 'tooLong', `longer than ${REFERENCE_MAX} characters`)
  }

  /** A customer's opaque reference; anything that says who it is stays here. */
  customer(...columns: readonly string[]): string | null {
    const text = this.reference(...columns)
    if (text === null || isOpaque(text)) return text
    return this.problem(columns[0]!, 'other', 'not an opaque reference, left out: the line has no customer')
  }

  /** Minor units of `currency`, or null when the cell is empty or no clear amount. */
  money(currency: string, ...columns: readonly string[]): number | null {
    const column = this.filled(columns)
    if (column === null) return null
    const minor = minorFromText(this.record[column]!, currency)
    return minor ?? this.problem(column, 'notANumber', `not a clear amount in ${currency}`)
  }

  /** How many, to five decimals; negative for goods that came back. */
  quantity(...columns: readonly string[]): number | null {
    const column = this.filled(columns)
    if (column === null) return null
    let text = this.record[column]!.trim()
    // 0,5 is a half; 1,000 could be one or a thousand.
    if (/^[+-]?\d+,\d+$/.test(text) && !/,\d{3}$/.test(text)) text = text.replace(',', '.')
    if (!QUANTITY.test(text)) return this.problem(column, 'notANumber', 'not a quantity')
    return Number(text) + 0
  }

  /** See `instantFromText`. Several columns are read as one, a date and then its time. */
  instant(...columns: readonly string[]): string | null {
    const parts = columns.map((column) => this.raw(column))
    if (parts.every((part) => part === null)) return null
    const empty = parts.indexOf(null)
    if (empty >= 0) return this.problem(columns[empty]!, 'missing', 'missing')
    const text = parts.join(' ')
    const order = this.context.dateOrder
    return (
      instantFromText(text, order) ?? this.problem(columns[0]!, 'notADate', `not a date and time (${order})`)
    )
  }

  /** Y, yes, true, 1; everything else and nothing at all is no. */
  flag(column: string): boolean {
    const text = this.record[column]
    return text !== undefined && /^\s*(y|yes|true|1)\s*$/i.test(text)
  }

  /** The row's own currency in capitals; null when the export does not state one, or not a code of three letters. */
  currency(column: string): string | null {
    const text = this.raw(column)
    if (text === null) return null
    if (/^[a-z]{3}$/i.test(text)) return text.toUpperCase()
    this.unusable = true
    return this.problem(column, 'other', 'not a currency code of three letters')
  }

  /**
   * Makes the row unusable when a needed value is null, and says so, unless one of the columns that it could have
   * come from already has a problem.
   */
  need(value: unknown, ...columns: readonly string[]): void {
    if (value !== null) return
    this.unusable = true
    if (this.problems.some((problem) => columns.includes(problem.field))) return
    this.problem(columns.find((column) => this.has(column)) ?? columns[0]!, 'missing', 'missing')
  }

  /** Notes a problem and gives null, to stand for the value that could not be read. */
  problem(field: string, code: ProblemRow['code'], message: string): null {
    this.problems.push({ kind: 'problem', lineNumber: this.lineNumber, field, code, message })
    return null
  }

  /** The row and what was noted about it, or only what was noted when the row is unusable. */
  rows(row: LineRow | ProductRow | null): (LineRow | ProductRow | ProblemRow)[] {
    return row === null || this.unusable ? this.problems : [row, ...this.problems]
  }

  private filled(columns: readonly string[]): string | null {
    for (const column of columns) {
      const text = this.record[column]
      if (text !== undefined && text !== '' && text.trim() !== '') return column
    }
    return null
  }
}

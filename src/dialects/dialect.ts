/** What a kind of export is, and the rows that every kind is read into. */

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

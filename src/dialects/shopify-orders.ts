import { totalOf, unitOf } from '../core/money.ts'
import { Cells, headerFit } from './cell.ts'
import type { Dialect, ReadContext } from './dialect.ts'

/** What stands only in the first record of an order. */
const OF_ORDER = ['created at', 'currency', 'financial status', 'cancelled at', 'customer id']

/**
 * Shopify, orders CSV: one record per line; an order's own facts only in its first record.
 *
 * Name, Email, Financial Status, Paid at, Fulfillment Status, Fulfilled at, Accepts Marketing, Currency, Subtotal,
 * Shipping, Taxes, Total, Discount Code, Discount Amount, Shipping Method, Created at, Lineitem quantity, Lineitem
 * name, Lineitem price, Lineitem compare at price, Lineitem sku, Lineitem requires shipping, Lineitem taxable,
 * Lineitem fulfillment status, Billing …, Shipping …, Notes, Note Attributes, Cancelled at, Payment Method, Payment
 * Reference, Refunded Amount, Vendor, Outstanding Balance, Employee, Location, Device ID, Id, Tags, Risk Level,
 * Source, Lineitem discount, Tax 1 Name, … Phone, Receipt Number, Duties, … Payment ID, Payment Terms Name, Next
 * Payment Due At, Payment References. Taken from shops' own exports that are public.
 *
 * The order is its `Name` (#1001), sold when it was created. A line's money is price times quantity less its own
 * discount; a discount on the whole order is not shared out over its lines. The customer stays unknown: the file
 * knows her by her e-mail alone (some apps that write the same columns add an opaque `Customer ID`).
 *
 * Voided: the financial status is voided, expired or refunded, or the order was cancelled. Of an order paid back
 * in part the file does not say which lines: they stay as sold, and a problem says so.
 */
export const shopifyOrders: Dialect = {
  name: 'shopify-orders',
  describe: 'Shopify orders (Orders, Export)',
  kind: 'lines',
  source: 'shopify',
  columns: [
    'name',
    ...OF_ORDER,
    'lineitem quantity',
    'lineitem name',
    'lineitem price',
    'lineitem sku',
    'lineitem discount',
  ],
  recognises: (header) =>
    headerFit(
      header,
      ['name', 'created at', 'lineitem quantity', 'lineitem name', 'lineitem price'],
      ['financial status', 'fulfillment status', 'paid at', 'lineitem sku', 'subtotal', 'currency'],
    ),
  read(record, lineNumber, context) {
    const isFirst = inherit(record, context)
    const order: Record<string, string> = { ...record, ...Object.fromEntries(context.carried) }
    const cells = new Cells(order, lineNumber, context)
    const orderId = cells.reference('name')
    const soldAt = cells.instant('created at')
    const stated = cells.currency('currency')
    const currency = stated ?? context.currency
    const quantity = cells.quantity('lineitem quantity')
    const price = cells.money(currency, 'lineitem price')
    const discount = cells.money(currency, 'lineitem discount')
    const name = cells.name('lineitem name')
    cells.need(orderId, 'name')
    cells.need(soldAt, 'created at')
    cells.need(quantity, 'lineitem quantity')
    cells.need(price, 'lineitem price')
    cells.need(name, 'lineitem name')
    if (cells.raw('lineitem discount') !== null) cells.need(discount, 'lineitem discount')
    if (orderId === null || soldAt === null || quantity === null || price === null) return cells.rows(null)
    const status = cells.raw('financial status')?.toLowerCase() ?? ''
    if (isFirst && status === 'partially_refunded') {
      cells.problem(
        'financial status',
        'other',
        'paid back in part, and not said for which lines: kept as sold',
      )
    }
    if (quantity <= 0) {
      cells.problem('lineitem quantity', 'other', 'nothing was sold: left out')
      return cells.rows(null)
    }
    const whole = totalOf(price, quantity)
    const totalMinor = whole === null ? null : whole - Math.abs(discount ?? 0)
    if (totalMinor === null) {
      cells.problem('lineitem price', 'notANumber', 'too large an amount')
      return cells.rows(null)
    }
    return cells.rows({
      kind: 'line',
      lineNumber,
      source: context.source,
      orderId,
      soldAt,
      timeZone: null,
      customer: cells.customer('customer id'),
      sku: cells.reference('lineitem sku'),
      variationId: null,
      gtin: null,
      name,
      category: null,
      quantity,
      unitPriceMinor: unitOf(totalMinor, quantity) ?? price,
      totalMinor,
      unitCostMinor: null,
      currency: stated,
      refund: false,
      refundOf: null,
      voided: ['voided', 'expired', 'refunded'].includes(status) || cells.raw('cancelled at') !== null,
      gift: false,
    })
  },
}

/**
 * Keeps what the order's first record says for the ones after it, and tells whether this is the first. A record
 * without a name, as some tools leave them, belongs to the order before it.
 */
function inherit(record: Record<string, string>, { carried }: ReadContext): boolean {
  const name = record.name?.trim() ?? ''
  if (carried.get('name') === name || (name === '' && carried.has('name'))) return false
  carried.set('name', name)
  for (const column of OF_ORDER) if (record[column] !== undefined) carried.set(column, record[column])
  return true
}

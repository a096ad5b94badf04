import { unitOf } from '../core/money.ts'
import { Cells, headerFit, lastCategory, timeZoneFromText, variantName } from './cell.ts'
import type { Dialect } from './dialect.ts'

/**
 * Square, item sales, "Items detail CSV": one record per line of a payment or refund.
 *
 * The 35 columns of exports made in the summer of 2026: Date, Time, Time Zone, Category, Item, Qty, Price Point
 * Name, SKU, Modifiers Applied, Gross Sales, Discounts, Net Sales, Tax, Transaction ID, Payment ID, Device Name,
 * Notes, Details, Event Type, Location, Dining Option, Customer ID, Customer Name, Customer Reference ID, Unit,
 * Count, GTIN, Itemization Type, Commission, Employee, Fulfillment Note, Channel, Token, Card Brand, PAN Suffix.
 * Taken from the first line of shops' own exports that are public; those of 2017 end at Customer Reference ID,
 * those of 2025 have 32 or 33, without GTIN, Commission and Employee, or Card Brand and PAN Suffix.
 *
 * Money is Net Sales: after discounts, before tax, modifiers included. A refund has the transaction of the sale,
 * so it becomes an order of its own, and importing last month's file again changes nothing of it. `Token` is the
 * variation's, and the same in the item library. Not read: the notes, the link in Details, whoever it was.
 */
export const squareSales: Dialect = {
  name: 'square-sales',
  describe: 'Square item sales (Reports, Item sales, Export, Items detail CSV)',
  kind: 'lines',
  source: 'square',
  columns: [
    'date',
    'time',
    'time zone',
    'category',
    'item',
    'qty',
    'price point name',
    'sku',
    'net sales',
    'transaction id',
    'payment id',
    'event type',
    'customer id',
    'gtin',
    'token',
  ],
  recognises: (header) =>
    headerFit(
      header,
      ['date', 'time', 'item', 'qty', 'net sales', 'transaction id'],
      ['time zone', 'price point name', 'modifiers applied', 'gross sales', 'payment id', 'event type'],
    ),
  read(record, lineNumber, context) {
    const cells = new Cells(record, lineNumber, context)
    const transactionId = cells.reference('transaction id')
    const paymentId = cells.reference('payment id')
    const soldAt = cells.instant('date', 'time')
    const count = cells.quantity('qty')
    const net = cells.money(context.currency, 'net sales')
    const item = cells.name('item')
    const pricePoint = cells.name('price point name')
    cells.need(transactionId, 'transaction id')
    cells.need(soldAt, 'date', 'time')
    cells.need(count, 'qty')
    cells.need(net, 'net sales')
    cells.need(item, 'item')
    if (transactionId === null || soldAt === null || count === null || net === null) return cells.rows(null)
    const refund = /^refund$/i.test(cells.raw('event type') ?? '') || count < 0
    if (count === 0 && !refund) {
      cells.problem('qty', 'other', 'nothing was sold: left out')
      return cells.rows(null)
    }
    // Exports differ in whether a refund's quantity has its sign; what went back is negative here.
    const quantity = refund ? 0 - Math.abs(count) : count
    const totalMinor = refund ? 0 - Math.abs(net) : net
    return cells.rows({
      kind: 'line',
      lineNumber,
      source: context.source,
      orderId: refund ? [transactionId, 'refund', paymentId ?? soldAt].join(':') : transactionId,
      soldAt,
      timeZone: timeZoneFromText(cells.raw('time zone')),
      customer: cells.customer('customer id'),
      sku: cells.reference('sku'),
      variationId: cells.reference('token'),
      gtin: cells.reference('gtin'),
      name: variantName(item, [isOnlyVariation(pricePoint) ? null : pricePoint]),
      category: lastCategory(cells.name('category')),
      quantity: quantity + 0,
      unitPriceMinor: unitOf(totalMinor, quantity) ?? 0,
      totalMinor: totalMinor + 0,
      unitCostMinor: null,
      currency: null,
      refund,
      refundOf: refund ? transactionId : null,
      voided: false,
      gift: false,
    })
  },
}

/** `Regular` is what Square calls the variation of an item that has just one. */
export function isOnlyVariation(name: string | null): boolean {
  return name === null || /^regular$/i.test(name)
}

import { totalOf } from '../core/money.ts'
import { Cells, headerFit, timeZoneFromText } from './cell.ts'
import type { Dialect } from './dialect.ts'

/**
 * Encore's own CSV of sold lines, for tills that export nothing we know. Ours, so this comment is its reference.
 *
 * Needed: `order_id` (or `external_id`), `sold_at` (or `ts`), and `sku` (or `item_id`) or `name`.
 * Optional: `qty` (or `quantity`; without the column, one each), `unit_price` (in whole units of money, `4.25`;
 * without the column, 0: good for learning what goes with what, not for money), `unit_cost`, `customer` (or
 * `customer_id`), `name`, `category`, `gtin`, `variation_id`, `currency`, `time_zone` (IANA), `gift`, `voided`,
 * `refund_of`. Other columns, like a country, are let alone. A negative quantity is a return.
 */
export const plainLines: Dialect = {
  name: 'plain-lines',
  describe: "Encore's own CSV of sold lines (order_id, sold_at, sku, qty, unit_price)",
  kind: 'lines',
  source: 'csv',
  columns: [
    'order id',
    'external id',
    'sold at',
    'ts',
    'customer',
    'customer id',
    'sku',
    'item id',
    'qty',
    'quantity',
    'unit price',
    'unit cost',
    'name',
    'category',
    'gtin',
    'variation id',
    'currency',
    'time zone',
    'gift',
    'voided',
    'refund of',
  ],
  recognises: (header) =>
    headerFit(
      header,
      [
        ['order id', 'external id'],
        ['sold at', 'ts'],
        ['sku', 'item id', 'name'],
      ],
      ['unit price'],
    ),
  read(record, lineNumber, context) {
    const cells = new Cells(record, lineNumber, context)
    const stated = cells.currency('currency')
    const currency = stated ?? context.currency
    const quantityColumn = ['qty', 'quantity'].find((column) => cells.has(column))
    const orderId = cells.reference('order id', 'external id')
    const soldAt = cells.instant(cells.has('sold at') ? 'sold at' : 'ts')
    const quantity = quantityColumn === undefined ? 1 : cells.quantity(quantityColumn)
    const unitPriceMinor = cells.has('unit price') ? cells.money(currency, 'unit price') : 0
    const sku = cells.reference('sku', 'item id')
    const name = cells.name('name')
    cells.need(orderId, 'order id', 'external id')
    cells.need(soldAt, 'sold at', 'ts')
    cells.need(quantity, 'qty', 'quantity')
    cells.need(unitPriceMinor, 'unit price')
    cells.need(sku ?? name, 'sku', 'item id', 'name')
    if (orderId === null || soldAt === null || quantity === null || unitPriceMinor === null) {
      return cells.rows(null)
    }
    const totalMinor = totalOf(unitPriceMinor, quantity)
    if (quantity === 0 || totalMinor === null) {
      if (quantity === 0) cells.problem(quantityColumn ?? 'qty', 'other', 'nothing was sold: left out')
      else cells.problem('unit price', 'notANumber', 'too large an amount')
      return cells.rows(null)
    }
    return cells.rows({
      kind: 'line',
      lineNumber,
      source: context.source,
      orderId,
      soldAt,
      timeZone: timeZoneFromText(cells.raw('time zone')),
      customer: cells.customer('customer', 'customer id'),
      sku,
      variationId: cells.reference('variation id'),
      gtin: cells.reference('gtin'),
      name,
      category: cells.name('category'),
      quantity,
      unitPriceMinor,
      totalMinor,
      unitCostMinor: cells.money(currency, 'unit cost'),
      currency: stated,
      refund: quantity < 0,
      refundOf: cells.reference('refund of'),
      voided: cells.flag('voided'),
      gift: cells.flag('gift'),
    })
  },
}

/**
 * Encore's own CSV of products. Needed: `sku` (or `item_id`) and `name`. Optional: `category`, `price` and `cost`
 * in whole units of money, `gtin`, `variation_id`, `currency`, `archived`.
 */
export const plainProducts: Dialect = {
  name: 'plain-products',
  describe: "Encore's own CSV of products (sku, name, category, price, cost)",
  kind: 'products',
  source: 'csv',
  columns: [
    'sku',
    'item id',
    'name',
    'category',
    'price',
    'cost',
    'gtin',
    'variation id',
    'currency',
    'archived',
  ],
  recognises: (header) =>
    plainLines.recognises(header) > 0
      ? 0
      : headerFit(header, [['sku', 'item id'], 'name'], ['category', 'price', 'cost']),
  read(record, lineNumber, context) {
    const cells = new Cells(record, lineNumber, context)
    const stated = cells.currency('currency')
    const currency = stated ?? context.currency
    const sku = cells.reference('sku', 'item id')
    const name = cells.name('name')
    cells.need(sku, 'sku', 'item id')
    cells.need(name, 'name')
    return cells.rows({
      kind: 'product',
      lineNumber,
      source: context.source,
      sku,
      variationId: cells.reference('variation id'),
      gtin: cells.reference('gtin'),
      name,
      category: cells.name('category'),
      priceMinor: cells.money(currency, 'price'),
      costMinor: cells.money(currency, 'cost'),
      currency: stated,
      archived: cells.flag('archived'),
    })
  },
}

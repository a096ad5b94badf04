import { expect, test } from 'vitest'
import { recogniseDialect } from '../../src/dialects/export.ts'
import { fixture, readAll } from './export-file.ts'

for (const columns of [35, 33]) {
  test(`a Square item sales export of ${columns} columns becomes lines of money after discounts`, async () => {
    const { dialect, lines, problems } = await readAll(fixture(`square-sales-${columns}.csv`))
    expect(dialect?.name).toBe('square-sales')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toEqual({
      kind: 'line',
      lineNumber: 2,
      source: 'square',
      orderId: 'T1',
      soldAt: '2026-02-07T11:42:08',
      timeZone: 'America/Chicago',
      customer: 'GTY7JAA901CPDHWN4M3900J27W',
      sku: 'DR-204-6',
      variationId: 'Y36H4C6V4YFFYACS3RIEFARY',
      gtin: '00860001234567',
      name: 'Cotton lawn dress - 6Y',
      category: 'Dresses',
      quantity: 1,
      unitPriceMinor: 8640,
      totalMinor: 8640,
      unitCostMinor: null,
      currency: null,
      refund: false,
      refundOf: null,
      voided: false,
      gift: false,
    })
    expect(problems.map(({ lineNumber, field, code }) => [lineNumber, field, code])).toEqual([
      [5, 'gtin', 'notANumber'],
      [6, 'qty', 'notANumber'],
    ])
  })
}

test('three ribbons for ten dollars keep the odd cent in the total', async () => {
  const [, ribbon, fabric] = (await readAll(fixture('square-sales-35.csv'))).lines
  expect(ribbon).toMatchObject({ name: 'Hair ribbon', category: null, sku: null, quantity: 3 })
  expect(ribbon).toMatchObject({ unitPriceMinor: 333, totalMinor: 1000 })
  expect(fabric).toMatchObject({ quantity: 0.35, unitPriceMinor: 2400, totalMinor: 840, customer: null })
})

test('a Square refund is an order of its own that points at the sale', async () => {
  const { lines } = await readAll(fixture('square-sales-35.csv'))
  expect(lines[3]).toMatchObject({
    orderId: 'T1:refund:R1',
    refundOf: 'T1',
    refund: true,
    quantity: -1,
    unitPriceMinor: 8640,
    totalMinor: -8640,
    gtin: null,
  })
})

test('a Square library lists its variations, with the ids that its sales have', async () => {
  const { dialect, products, problems } = await readAll(fixture('square-library.csv'))
  expect(dialect?.name).toBe('square-library')
  expect(problems).toEqual([])
  expect(products).toEqual([
    {
      kind: 'product',
      lineNumber: 2,
      source: 'square',
      sku: 'DR-204-6',
      variationId: 'Y36H4C6V4YFFYACS3RIEFARY',
      gtin: '00860001234567',
      name: 'Cotton lawn dress - 6Y',
      category: 'Dresses',
      priceMinor: 9600,
      costMinor: 3850,
      currency: null,
      archived: false,
    },
    expect.objectContaining({ lineNumber: 4, name: 'Hair ribbon', category: 'Ribbons', priceMinor: null }),
    expect.objectContaining({ lineNumber: 5, name: 'Winter bonnet', priceMinor: 2400, archived: true }),
  ])
})

test('columns may stand anywhere, in any case, with others between them', () => {
  const header = ['NET SALES', 'Mood', ' qty ', 'transaction_id', 'Item', 'time', 'DATE', 'Event type']
  expect(recogniseDialect(header)?.name).toBe('square-sales')
  expect(recogniseDialect(header.filter((name) => name !== 'Item'))).toBeNull()
})

test("Square's transactions export, which knows no items, is not mistaken for its item sales", () => {
  const header =
    'Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Transaction ID,Payment ID,Event Type'
  expect(recogniseDialect(header.split(','))).toBeNull()
})

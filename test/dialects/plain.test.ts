import { expect, test } from 'vitest'
import { fixture, readAll } from './export-file.ts'

test("a shop's tab-separated lines are read as Encore's own", async () => {
  const { dialect, lines } = await readAll(fixture('plain-lines.tsv'), { currency: 'GBP' })
  expect(dialect?.name).toBe('plain-lines')
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatchObject({
    lineNumber: 2,
    source: 'csv',
    orderId: '536365',
    soldAt: '2010-12-01T08:26:00',
    customer: '17850',
    sku: '85123A',
    quantity: 6,
    unitPriceMinor: 255,
    totalMinor: 1530,
    refund: false,
  })
})

test('a negative quantity is a return', async () => {
  const { lines } = await readAll(fixture('plain-lines.tsv'), { currency: 'GBP' })
  expect(lines[2]).toMatchObject({ customer: null, quantity: -1, totalMinor: -1275, refund: true })
})

test('a customer who is called by her e-mail is nobody, and the line is kept', async () => {
  const { lines, problems } = await readAll(fixture('plain-lines.tsv'), { currency: 'GBP' })
  expect(lines[3]).toMatchObject({ lineNumber: 5, customer: null })
  expect(problems).toEqual([
    { kind: 'problem', lineNumber: 5, field: 'customer', code: 'other', message: expect.any(String) },
  ])
})

test('a product keeps its name on one line, and loses a price that is none', async () => {
  const { dialect, products, problems } = await readAll(fixture('plain-products.csv'))
  expect(dialect?.name).toBe('plain-products')
  expect(products).toMatchObject([
    { lineNumber: 2, sku: 'HT-1', name: 'Straw hat with a ribbon', priceMinor: 2200, costMinor: 910 },
    { lineNumber: 4, sku: 'BN-1', name: 'Winter bonnet', priceMinor: null, costMinor: null },
  ])
  expect(problems).toMatchObject([{ lineNumber: 4, field: 'price', code: 'notANumber' }])
})

test('who was where, without amounts, is enough to learn from', async () => {
  const { lines, problems } = await readAll(
    'order_id\tts\tcustomer_id\titem_id\n1\t2026-02-07T10:00\tc1\tA\n',
  )
  expect(problems).toEqual([])
  expect(lines).toMatchObject([{ quantity: 1, unitPriceMinor: 0, totalMinor: 0 }])
})

test('every column of our own is read', async () => {
  const { lines, problems } = await readAll(
    [
      'external_id;sold_at;time_zone;customer;sku;variation_id;gtin;name;category;quantity;unit_price;unit_cost;currency;gift;voided;refund_of',
      'A1;14.03.2026 11:42;America/Chicago;g01-ana;DR-1;V1;4006381333931;Kleid;Kleider;1,5;1.234,50;400,00;EUR;yes;no;',
      'A2;2026-03-14T11:42:00.250Z;;g01-ana;DR-1;;;;;-1;10,00;;EUR;;1;A1',
    ].join('\n'),
  )
  expect(problems).toEqual([])
  expect(lines).toMatchObject([
    {
      soldAt: '2026-03-14T11:42:00',
      timeZone: 'America/Chicago',
      variationId: 'V1',
      gtin: '4006381333931',
      quantity: 1.5,
      unitPriceMinor: 123450,
      totalMinor: 185175,
      unitCostMinor: 40000,
      currency: 'EUR',
      gift: true,
      voided: false,
    },
    { soldAt: '2026-03-14T11:42:00Z', refund: true, refundOf: 'A1', voided: true, gift: false },
  ])
})

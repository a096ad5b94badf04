import { expect, test } from 'vitest'
import { fixture, readAll } from './export-file.ts'

for (const name of ['shopify-products', 'shopify-products-old']) {
  test(`${name}: variations inherit from the product's first record, pictures are passed over`, async () => {
    const { dialect, products, problems } = await readAll(fixture(`${name}.csv`))
    expect(dialect?.name).toBe(name)
    expect(problems).toEqual([])
    expect(products).toEqual([
      {
        kind: 'product',
        lineNumber: 2,
        source: 'shopify',
        sku: 'HT-1-S',
        variationId: null,
        gtin: '0860001234574',
        name: 'Straw hat - Small / Blue',
        category: 'Hats',
        priceMinor: 2200,
        costMinor: 910,
        currency: null,
        archived: false,
      },
      expect.objectContaining({
        lineNumber: 3,
        sku: 'HT-1-L',
        name: 'Straw hat - Large / Blue',
        category: 'Hats',
        priceMinor: 2400,
      }),
      expect.objectContaining({
        lineNumber: 5,
        name: 'Old bonnet',
        category: 'Hats',
        priceMinor: null,
        archived: true,
      }),
    ])
  })
}

test("an order's facts stand in its first record and hold for the next ones", async () => {
  const { dialect, lines } = await readAll(fixture('shopify-orders.csv'), { currency: 'GBP' })
  expect(dialect?.name).toBe('shopify-orders')
  expect(lines[0]).toMatchObject({
    orderId: '#1001',
    soldAt: '2026-02-07T10:00:00-06:00',
    customer: null,
    sku: 'HT-1-L',
    name: 'Straw hat - Large / Blue',
    quantity: 2,
    unitPriceMinor: 2150,
    totalMinor: 4300,
    currency: 'USD',
    voided: false,
  })
  expect(lines[1]).toMatchObject({ orderId: '#1001', currency: 'USD', totalMinor: 2100, voided: false })
})

test('voided and cancelled orders are marked, and one does not mark the next', async () => {
  const { lines } = await readAll(fixture('shopify-orders.csv'))
  expect(lines.map((line) => [line.orderId, line.voided])).toEqual([
    ['#1001', false],
    ['#1001', false],
    ['#1002', true],
    ['#1003', true],
    ['#1004', false],
  ])
})

test('an order paid back in part is kept as sold, and said to be', async () => {
  const { problems } = await readAll(fixture('shopify-orders.csv'))
  expect(problems).toEqual([
    expect.objectContaining({ lineNumber: 6, field: 'financial status', code: 'other' }),
  ])
})

test('a record without an order name belongs to the order before it', async () => {
  const { lines } = await readAll(
    [
      'Name,Financial Status,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price',
      '#7,paid,USD,2026-02-07 10:00:00 -0600,1,Straw hat,22.00',
      ',,,,1,Hair ribbon,3.00',
    ].join('\n'),
  )
  expect(lines.map((line) => [line.orderId, line.soldAt, line.totalMinor])).toEqual([
    ['#7', '2026-02-07T10:00:00-06:00', 2200],
    ['#7', '2026-02-07T10:00:00-06:00', 300],
  ])
})

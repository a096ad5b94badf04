/** Every dialect, from the file into the database. */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { importFiles } from '../../src/import/import.ts'
import { reportText } from '../../src/import/report.ts'
import {
  bytesOf,
  CHICAGO,
  dumpOf,
  FIXED,
  fixtureFile,
  imported,
  newShop,
  rowsOf,
  textFile,
} from './shop-file.ts'

const FILES = readdirSync('test/fixtures/import')

describe.each(FILES)('%s', (name) => {
  test('without apply nothing is written', async () => {
    const { engine } = newShop()
    const before = await dumpOf(engine)
    const report = await imported(engine, [fixtureFile(name)], { apply: false })
    expect(report.files[0]!.rows).toBeGreaterThan(0)
    expect(await dumpOf(engine)).toBe(before)
  })

  test('what is announced is what is done', async () => {
    const { engine } = newShop()
    const announced = await imported(engine, [fixtureFile(name)], { apply: false })
    const done = await imported(engine, [fixtureFile(name)])
    expect({ ...done, applied: false, learned: null }).toEqual(announced)
  })

  test('the second time changes nothing', async () => {
    const { engine } = newShop()
    const first = await imported(engine, [fixtureFile(name)])
    const dump = await dumpOf(engine)
    const second = await imported(engine, [fixtureFile(name)])
    expect(await dumpOf(engine)).toBe(dump)
    expect(second.products).toEqual({
      made: 0,
      changed: 0,
      unchanged: first.products.made,
      categories: 0,
    })
    expect(second.orders).toMatchObject({
      created: 0,
      replaced: 0,
      voided: 0,
      unchanged: first.orders.created,
      neverKept: first.orders.neverKept,
    })
    expect(second.customersNew).toBe(0)
    expect(second.learned).toBeNull()
    expect(reportText(second, 0)).toContain('Nothing to write')
  })
})

test('names, addresses, numbers to call and cards are nowhere in the database', async () => {
  const shop = newShop()
  await imported(shop.engine, FILES.map(fixtureFile))
  const bytes = bytesOf(shop).toString('latin1').toLowerCase()
  expect(bytes).toContain('straw hat')
  for (const secret of [
    'dorothea',
    'quill',
    'example.com',
    'larkspur',
    '555-010',
    '53703',
    'visa',
    '7084',
    'maya',
  ])
    expect(bytes, secret).not.toContain(secret)
})

test('Square sales: exact money, local time, the refund an order of its own', async () => {
  const { engine } = newShop()
  const report = await imported(engine, [
    fixtureFile('square-library.csv'),
    fixtureFile('square-sales-35.csv'),
  ])
  expect(report.totalMinor).toEqual([['USD', 8640 + 1000 + 840 - 8640]])
  expect(report.orders).toMatchObject({ created: 3, refunds: 1 })
  expect(
    await rowsOf(
      engine,
      'select externalId, soldAt, totalMinor, stage, customer is not null known from purchase order by soldAt, id',
    ),
  ).toEqual([
    { externalId: 'T1', soldAt: '2026-02-07T17:42:08.000Z', totalMinor: 9640, stage: 'front', known: 1 },
    { externalId: 'T2', soldAt: '2026-02-07T17:42:08.000Z', totalMinor: 840, stage: null, known: 0 },
    {
      externalId: 'T1:refund:R1',
      soldAt: '2026-02-09T22:05:00.000Z',
      totalMinor: -8640,
      stage: null,
      known: 1,
    },
  ])
  // Three for 10.00 are 3.33 each, and still 10.00.
  expect(
    await rowsOf(engine, 'select unitPriceMinor, totalMinor from purchaseLine where quantity = 3'),
  ).toEqual([{ unitPriceMinor: 333, totalMinor: 1000 }])
  const [state] = await rowsOf<{ state: string }>(engine, 'select state from customer')
  expect(JSON.parse(state!.state)).toMatchObject({ orders: 1, usual: 9640 })
})

test('sales match the library by variation, whichever file is named first', async () => {
  const { engine } = newShop()
  const report = await imported(engine, [
    fixtureFile('square-sales-35.csv'),
    fixtureFile('square-library.csv'),
  ])
  expect(report.products.made).toBe(3)
  expect(report.unlisted).toMatchObject({ lines: 1, products: 1, made: 1, top: [{ lines: 1 }] })
  expect(report.unlisted.top[0]!.label).toContain('FB-9')
  expect(await rowsOf(engine, 'select name, category, unmapped from product order by id')).toEqual([
    { name: 'Cotton lawn dress - 6Y', category: 'Dresses', unmapped: 0 },
    { name: 'Hair ribbon', category: 'Ribbons', unmapped: 0 },
    { name: 'Winter bonnet', category: 'Hats', unmapped: 0 },
    { name: 'Liberty print, by the yard', category: 'Fabric', unmapped: 1 },
  ])
  expect(await rowsOf(engine, 'select slug, ageMinMonths from category order by slug')).toEqual([
    { slug: 'Dresses', ageMinMonths: null },
    { slug: 'Hats', ageMinMonths: null },
    { slug: 'Ribbons', ageMinMonths: null },
  ])
})

test('problems are told with the line of the file', async () => {
  const { engine } = newShop()
  const report = await imported(engine, [fixtureFile('square-sales-33.csv')], { apply: false })
  expect(report.leftOut).toEqual({
    count: 1,
    first: [
      expect.objectContaining({ file: 'square-sales-33.csv', lineNumber: 6, field: 'qty', leftOut: true }),
    ],
  })
  expect(report.incomplete.first).toEqual([
    expect.objectContaining({ lineNumber: 5, field: 'gtin', leftOut: false }),
  ])
  expect(reportText(report, 1)).toContain('square-sales-33.csv, line 6, qty: not a quantity')
})

test('of many problems the first twenty are told and all are counted', async () => {
  const { engine } = newShop()
  const rows = Array.from({ length: 30 }, (_, i) => `o${i},yesterday,A,1,1.00`)
  const file = textFile('bad.csv', ['order_id,sold_at,sku,qty,unit_price', ...rows].join('\n'))
  const report = await imported(engine, [file], { apply: false })
  expect(report.leftOut.count).toBe(30)
  expect(report.leftOut.first.map((each) => each.lineNumber)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 2),
  )
  expect(reportText(report, 1)).toContain('and 10 more')
})

test('lines of an order may stand apart in the file and in any order', async () => {
  const header = 'order_id,sold_at,customer,sku,qty,unit_price'
  const lines = [
    'o1,2026-01-02T10:00,c1,A,1,1.00',
    'o2,2026-01-03T10:00,c2,B,1,2.00',
    'o1,2026-01-02T10:01,c1,C,2,3.00',
  ]
  const { engine } = newShop()
  await imported(engine, [textFile('a.csv', [header, ...lines].join('\n'))])
  expect(
    await rowsOf(engine, 'select externalId, soldAt, totalMinor from purchase order by externalId'),
  ).toEqual([
    { externalId: 'o1', soldAt: '2026-01-02T16:00:00.000Z', totalMinor: 700 },
    { externalId: 'o2', soldAt: '2026-01-03T16:00:00.000Z', totalMinor: 200 },
  ])
  const dump = await dumpOf(engine)
  const again = await imported(engine, [textFile('b.csv', [header, ...lines.toReversed()].join('\n'))])
  expect(again.orders.unchanged).toBe(2)
  expect(await dumpOf(engine)).toBe(dump)
})

test('a corrected export replaces, a voided order is taken back, and the counts follow', async () => {
  const { engine } = newShop()
  const header = 'order_id,sold_at,customer,sku,qty,unit_price,voided'
  const file = (...lines: string[]) => textFile('sales.csv', [header, ...lines].join('\n'))
  const first = 'o1,2026-01-02T10:00,c1,A,1,1.00,'
  await imported(engine, [
    file(first, 'o1,2026-01-02T10:00,c1,B,1,1.00,', 'o2,2026-01-05T10:00,c1,A,1,1.00,'),
  ])
  const changed = await imported(engine, [file(first, 'o2,2026-01-05T10:00,c1,A,1,1.00,')])
  expect(changed.orders).toMatchObject({ replaced: 1, unchanged: 1, created: 0 })
  expect(await rowsOf(engine, 'select baskets, customers from pair')).toEqual([{ baskets: 0, customers: 0 }])
  const voided = await imported(engine, [file('o1,2026-01-02T10:00,c1,A,1,1.00,yes')])
  expect(voided.orders).toMatchObject({ voided: 1 })
  expect(
    await rowsOf(engine, 'select externalId, voided, stage, revision from purchase order by id'),
  ).toEqual([
    { externalId: 'o1', voided: 1, stage: null, revision: 2 },
    { externalId: 'o2', voided: 0, stage: 'front', revision: 0 },
  ])
  const dump = await dumpOf(engine)
  expect((await imported(engine, [file('o1,2026-01-02T10:00,c1,A,1,1.00,yes')])).orders.unchanged).toBe(1)
  expect(await dumpOf(engine)).toBe(dump)
})

test('a library takes over what was first met in sales, and an empty cell takes nothing away', async () => {
  const { engine } = newShop()
  const sales = textFile(
    'sales.csv',
    'order_id,sold_at,sku,name,category,qty,unit_price\no1,2026-01-02,HT-1,hat,hats,1,20.00',
  )
  await imported(engine, [sales])
  const library = (rows: string) => textFile('library.csv', `sku,name,category,price,cost\n${rows}`)
  const taken = await imported(engine, [library('HT-1,Straw hat,Hats,22.00,9.10')])
  expect(taken.products).toMatchObject({ made: 0, changed: 1, categories: 1 })
  const kept = await imported(engine, [library('HT-1,Straw hat,,,')])
  expect(kept.products).toMatchObject({ made: 0, changed: 0, unchanged: 1 })
  expect(
    await rowsOf(engine, 'select sku, name, category, priceMinor, costMinor, unmapped, baskets from product'),
  ).toEqual([
    {
      sku: 'HT-1',
      name: 'Straw hat',
      category: 'Hats',
      priceMinor: 2200,
      costMinor: 910,
      unmapped: 0,
      baskets: 1,
    },
  ])
  expect((await imported(engine, [sales])).unlisted.lines).toBe(0)
})

test('two products of one name and different skus stay two', async () => {
  const { engine } = newShop()
  const library = textFile('library.csv', 'sku,name\nA,Rubber duck\nB,Rubber duck\nA,Rubber duck twice')
  const report = await imported(engine, [library])
  expect(report.products.made).toBe(2)
  expect(report.leftOut).toMatchObject({ count: 1, first: [{ lineNumber: 4 }] })
  expect((await imported(engine, [library])).products).toMatchObject({ made: 0, changed: 0, unchanged: 2 })
})

describe('refused with a sentence, and nothing written', () => {
  const sales = textFile('sales.csv', 'order_id,sold_at,sku\no1,2026-01-02,A')
  test.each([
    [
      'a file that is no export',
      [sales, textFile('letter.txt', 'Dear Sir,\nhello')],
      CHICAGO,
      /letter\.txt has no header that we know/,
    ],
    ['an empty shop without a place', [sales], {}, /This shop is empty/],
    ['a zone that there is not', [sales], { ...CHICAGO, timeZone: 'Mars/Olympus' }, /Mars\/Olympus/],
  ])('%s', async (_, files, site, sentence) => {
    const { engine } = newShop()
    const before = await dumpOf(engine)
    const report = await importFiles(engine, files, { ...FIXED, apply: true, site })
    expect(report).toEqual({ refused: expect.stringMatching(sentence) })
    expect(await dumpOf(engine)).toBe(before)
  })
})

test('a file that breaks off is not imported by half', async () => {
  const { engine } = newShop()
  const torn = textFile('torn.csv', 'order_id,sold_at,sku,name\no1,2026-01-02,A,hat\no2,2026-01-02,B,"open')
  const report = await imported(engine, [torn])
  expect(report.broken).toEqual([expect.stringContaining('torn.csv, line 3')])
  expect(await rowsOf(engine, 'select * from purchase')).toEqual([])
})

test("the till's own word stays where an export differs, but a void counts", async () => {
  const { engine } = newShop()
  const header = 'order_id,sold_at,sku,qty,unit_price,voided'
  const file = (line: string) => textFile('sales.csv', `${header}\n${line}`)
  await imported(engine, [file('o1,2026-01-02T10:00,A,1,1.00,')])
  await rowsOf(engine, "update purchase set digest = 'told', staffId = 'st_maya' returning id")
  expect((await imported(engine, [file('o1,2026-01-02T10:00,A,2,1.00,')])).orders.toldByTill).toBe(1)
  expect((await imported(engine, [file('o1,2026-01-02T10:00,A,2,1.00,yes')])).orders.voided).toBe(1)
  expect(await rowsOf(engine, 'select voided, staffId from purchase')).toEqual([
    { voided: 1, staffId: 'st_maya' },
  ])
})

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dialects, readExport, recogniseDialect } from '../../src/dialects/export.ts'
import { fixture, readAll } from './export-file.ts'

const header = 'order_id,sold_at,sku,name,qty,unit_price'
const sold = (n: number, name = 'Hat') => `o${n},2026-02-07 10:00,S${n},${name},1,22.00`
const fixtures = [
  'square-sales-35.csv',
  'square-sales-33.csv',
  'square-library.csv',
  'shopify-products.csv',
  'shopify-products-old.csv',
  'shopify-orders.csv',
  'plain-lines.tsv',
  'plain-products.csv',
]

describe('the door', () => {
  const secrets =
    /dorothea|quill|@example|larkspur|555-?010|7788|visa|7084|pan suffix|okonkwo|53703|dashboard|ch_/i

  test.each(fixtures)('%s lets in no name, address, number to call or card', async (name) => {
    const { lines, products, problems } = await readAll(fixture(name))
    expect(lines.length + products.length).toBeGreaterThan(0)
    expect(JSON.stringify([lines, products, problems])).not.toMatch(secrets)
  })

  test('no dialect is even given such a column', () => {
    const personal =
      /email|e-mail|customer name|customer reference|phone|address|street|city|zip|billing|shipping|card|pan|brand|note|employee|company|details/
    for (const dialect of dialects) expect(dialect.columns.filter((name) => personal.test(name))).toEqual([])
  })

  test('a cell that slipped into the wrong column is not repeated', async () => {
    const { problems } = await readAll(
      `${header}\no1,Dorothea Quill,S1,Hat,dorothea@example.com,12 Larkspur Lane\n`,
    )
    expect(problems.map((problem) => problem.field)).toEqual(['sold at', 'qty', 'unit price'])
    expect(JSON.stringify(problems)).not.toMatch(secrets)
  })
})

describe('lines of the file', () => {
  test('problems and rows name the line that an editor shows', async () => {
    const text = [
      '',
      header,
      sold(1, '"Hat\r\nwith\r\nribbon"'),
      '',
      sold(2),
      'o3,2026-02-07,S3,Hat,1',
      ',,,,,',
      'o4,someday,S4,Hat,1,22.00',
      sold(5),
    ].join('\r\n')
    const { lines, problems } = await readAll(text)
    expect(lines.map((line) => [line.lineNumber, line.orderId, line.name])).toEqual([
      [3, 'o1', 'Hat with ribbon'],
      [7, 'o2', 'Hat'],
      [11, 'o5', 'Hat'],
    ])
    expect(problems.map(({ lineNumber, code }) => [lineNumber, code])).toEqual([
      [8, 'columnCount'],
      [10, 'notADate'],
    ])
  })

  test('quotation marks inside a name are part of it, and further empty cells are no fault', async () => {
    const { lines } = await readAll(`${header}\n${sold(1, '12" plate')}\n${sold(2, '"LETTER ""Z"""')},,\n`)
    expect(lines.map((line) => line.name)).toEqual(['12" plate', 'LETTER "Z"'])
  })

  test('a quotation mark that is never closed is found, and what came before it is kept', async () => {
    const { lines, problems } = await readAll(`${header}\n${sold(1)}\n${sold(2, '"Hat')}\n${sold(3)}\n`)
    expect(lines).toHaveLength(1)
    expect(problems).toMatchObject([{ lineNumber: 3, field: 'record', code: 'other' }])
  })

  test('it is found without reading on for ever', async () => {
    async function* endless() {
      yield new TextEncoder().encode(`${header}\n${sold(1)}\n${sold(2, '"Hat')}\n`)
      for (;;) yield new TextEncoder().encode(`${sold(3)}\n`.repeat(1000))
    }
    const rows = []
    for await (const row of readExport(endless(), { currency: 'USD' })) if ('kind' in row) rows.push(row)
    expect(rows).toMatchObject([{ orderId: 'o1' }, { lineNumber: 3, field: 'record', code: 'other' }])
  })

  test('numbers that a spreadsheet has eaten are left out, not matched by', async () => {
    const { lines, problems } = await readAll(
      `order_id,sold_at,customer,sku,gtin,name\no1,2026-02-07,1.23E+10,S1,4.01E+12,Hat\n1.5E+11,2026-02-07,c1,S1,,Hat\n`,
    )
    expect(lines).toMatchObject([{ lineNumber: 2, customer: null, gtin: null }])
    expect(problems.map(({ lineNumber, field }) => [lineNumber, field])).toEqual([
      [2, 'customer'],
      [2, 'gtin'],
      [3, 'order id'],
    ])
  })

  test('what is too long to be a name or a reference is said to be', async () => {
    const { lines, problems } = await readAll(
      `${header}\n${sold(1, 'x'.repeat(501))}\n${'o'.repeat(201)},2026-02-07,S,Hat,1,1\n`,
    )
    expect(lines).toMatchObject([{ name: null, sku: 'S1' }])
    expect(problems.map(({ lineNumber, code }) => [lineNumber, code])).toEqual([
      [2, 'tooLong'],
      [3, 'tooLong'],
    ])
  })
})

describe('the bytes', () => {
  const text = `${header}\n${sold(1, 'Café crème')}\n${sold(2)}\n`
  const latin = Buffer.from(text, 'latin1')
  const utf16be = Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()
  const ways: [string, Uint8Array][] = [
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
    ['UTF-16LE with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16BE with a mark', utf16be],
    ['gzip', gzipSync(text)],
    ['semicolons', Buffer.from(text.replaceAll(',', ';'))],
    ['tabs', Buffer.from(text.replaceAll(',', '\t'))],
    ['a sep= line', Buffer.from(`sep=;\r\n${text.replaceAll(',', ';')}`)],
    ['Windows line ends', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['old Macintosh line ends', Buffer.from(text.replaceAll('\n', '\r'))],
  ]

  test.each(ways)('%s is read', async (_, bytes) => {
    for (const pieceBytes of [1, 7, 65_536]) {
      const { lines, problems } = await readAll(bytes, {}, pieceBytes)
      expect(problems).toEqual([])
      expect(lines.map((line) => line.name)).toEqual(['Café crème', 'Hat'])
    }
  })

  test('Windows-1252 is read line by line, and said once', async () => {
    const { lines, problems } = await readAll(latin, {}, 5)
    expect(lines.map((line) => line.name)).toEqual(['Café crème', 'Hat'])
    expect(problems).toMatchObject([{ lineNumber: 2, field: 'file', code: 'encoding' }])
  })

  test('half a gzip file gives what could be unpacked, and says so', async () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => sold(n * 7919)).join('\n')
    const packed = gzipSync(`${header}\n${rows}`)
    const { lines, problems } = await readAll(packed.subarray(0, packed.length >> 1))
    expect(lines.length).toBeGreaterThan(1000)
    expect(lines.length).toBeLessThan(20_000)
    expect(problems.at(-1)).toMatchObject({ field: 'file', code: 'other' })
  })

  test('a workbook, an empty file and a stranger are named as such', async () => {
    const workbook = await readAll(new Uint8Array([0x50, 0x4b, 3, 4, 20, 0]), { fileName: 'sales.xlsx' })
    expect(workbook.problems).toMatchObject([
      { message: expect.stringContaining('sales.xlsx is a workbook') },
    ])
    expect((await readAll('\n\n')).problems).toMatchObject([{ field: 'file', code: 'missing' }])
    const stranger = await readAll('\nName,Shoe size\nDorothea Quill,38\n')
    expect(stranger.dialect).toBeNull()
    expect(stranger.problems).toMatchObject([{ lineNumber: 2, field: 'header' }])
    expect(stranger.problems).toHaveLength(1)
  })

  test('a source that cannot be read is not a problem of the file', async () => {
    async function* broken() {
      yield new TextEncoder().encode(`${header}\n${sold(1)}\n`)
      throw new Error('the disk is gone')
    }
    const all = async () => {
      for await (const _ of readExport(broken(), { currency: 'USD' }));
    }
    await expect(all()).rejects.toThrow('the disk is gone')
  })

  test('whoever stops reading lets go of the source', async () => {
    let released = false
    async function* endless() {
      try {
        yield new TextEncoder().encode(`${header}\n`)
        for (;;) yield new TextEncoder().encode(`${sold(1)}\n`)
      } finally {
        released = true
      }
    }
    for await (const row of readExport(endless(), { currency: 'USD' })) if ('kind' in row) break
    await new Promise((resolve) => setImmediate(resolve))
    expect(released).toBe(true)
  })
})

describe('any bytes', () => {
  test('never throw, and never give an amount that is not whole', async () => {
    const headers = fc.constantFrom(
      ...fixtures.map((name) => Buffer.from(fixture(name)).toString().split('\n')[0]!),
    )
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.string({
        unit: fc.constantFrom(',', '"', '\n', '\r', '\t', '1', 'a', '-', '.', '\0'),
        maxLength: 400,
      }),
    )
    await fc.assert(
      fc.asyncProperty(fc.option(headers), noise, fc.boolean(), async (first, rest, packed) => {
        const plain = Buffer.concat([Buffer.from(first === null ? '' : `${first}\n`), Buffer.from(rest)])
        const { lines, products } = await readAll(packed ? gzipSync(plain) : plain, {}, 37)
        for (const line of lines) {
          expect(Number.isSafeInteger(line.totalMinor) && Number.isSafeInteger(line.unitPriceMinor)).toBe(
            true,
          )
          expect(Number.isFinite(line.quantity)).toBe(true)
        }
        for (const { priceMinor } of products) {
          expect(priceMinor === null || Number.isSafeInteger(priceMinor)).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('are read the same in whatever pieces they come', async () => {
    const lineEnd = fc.constantFrom('\n', '\r\n')
    const name = fc.string({ unit: fc.constantFrom('é', '"', ',', '\n', '\r\n', 'a', '€'), maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 8 }), lineEnd, fc.nat(50), async (names, end, piece) => {
        const quoted = names.map((text, n) => sold(n, `"${text.replaceAll('"', '""')}"`))
        const text = [header, ...quoted].join(end)
        const whole = await readAll(text)
        expect(await readAll(text, {}, piece + 1)).toEqual(whole)
        let at = 2
        const starts = names.map((text) => {
          const start = at
          at += 1 + (text.match(/\r\n|\n/g)?.length ?? 0)
          return start
        })
        expect(whole.lines.map((line) => line.lineNumber)).toEqual(starts)
      }),
      { numRuns: 200 },
    )
  })
})

test('each fixture is known by one dialect only, and stays known when its columns are shuffled', () => {
  for (const name of fixtures) {
    const columns = Buffer.from(fixture(name)).toString().split(/\r?\n/)[0]!.split(/[,\t]/)
    const known = dialects.filter((dialect) => dialect.recognises(columns) > 0)
    expect(known.map((dialect) => dialect.name)).toEqual([expect.stringMatching(/./)])
    expect(recogniseDialect([...columns].reverse().map((column) => column.toUpperCase()))).toBe(known[0])
  }
})

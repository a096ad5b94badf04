/** The command line as it is shipped: what it prints, what it leaves, how it exits. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { newShop } from './shop-file.ts'

type Said = { code: number; out: string; err: string }

/** A folder with a database to be, and `encore` in it. */
function newcomer() {
  const folder = mkdtempSync(join(tmpdir(), 'encore-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const database = join(folder, 'data/shop.sqlite')
  const encore = (...args: string[]): Promise<Said> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH, ENCORE_DB: database }
      execFile(process.execPath, ['dist/encore.js', ...args], { env, maxBuffer: 1e8 }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      )
    })
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return { database, encore, file }
}

const SALES =
  'order_id,sold_at,customer,sku,qty,unit_price\no1,2026-01-02T10:00,c1,A,1,1.50\no1,2026-01-02T10:00,c1,B,2,3.00\n'
const PLACE = ['--site', 'MAIN', '--currency', 'GBP', '--time-zone', 'Europe/London']

test('from a till export to an answering shop', async () => {
  const { database, encore, file } = newcomer()
  const sales = file('sales.csv', SALES)

  const dry = await encore('import', sales, ...PLACE)
  expect(dry).toMatchObject({ code: 0, err: '' })
  expect(dry.out).toContain('1 new')
  expect(dry.out).toContain('£7.50')
  expect(dry.out).toContain('--apply')
  expect(existsSync(database)).toBe(false)

  const applied = await encore('import', sales, ...PLACE, '--apply')
  expect(applied.code).toBe(0)
  expect(applied.out).toContain('Imported')
  expect((await encore('import', sales, '--apply')).out).toContain('Nothing to write')

  const made = await encore('key', 'add', '--role', 'till', '--site', 'MAIN')
  expect(made.out).toMatch(/^encore_till_[a-z0-9]{32}\n$/)

  const engine = openSqlite(database, 'migrations')
  onTestFinished(() => engine.close())
  const now = () => Date.parse('2026-01-03T12:00:00Z')
  const { app, deps } = createApp({ engine, clock: now, random: randomText, log: () => {} })
  const response = await app.request('/v1/recommendations', {
    method: 'POST',
    headers: { authorization: `Bearer ${made.out.trim()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ customer: 'c1', basket: { lines: [{ sku: 'A', quantity: 1, unitPrice: 150 }] } }),
  })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ degraded: null, policyVersion: 1, unmatched: [] })
  await deps.recorder.flush()
})

test('a row that had to be left out is exit code 1', async () => {
  const { encore, file } = newcomer()
  const said = await encore('import', file('sales.csv', `${SALES}o2,never,c1,A,1,1.00\n`), ...PLACE)
  expect(said.code).toBe(1)
  expect(said.out).toContain('sales.csv, line 4, sold at')
})

test.each([
  [['wat'], /no command "wat"/],
  [['import'], /which files/],
  [['import', 'sales.csv', '--colour', 'red'], /--colour/],
  [['import', 'sales.csv', '--date-order', 'ymd'], /--date-order/],
  [['import', 'sales.csv', '--currency', 'pounds'], /POUNDS/],
  [['key', 'add', '--role', 'king'], /--role till/],
  [['key', 'add', '--role', 'till', '--expires', 'soon'], /--expires/],
  [['site', 'add'], /encore site add MAIN/],
  [['relearn', 'now'], /nothing more/],
  [['goals', 'starter'], /encore goals --starter/],
])('%j is a usage error: a sentence, exit code 2, no database', async (args, sentence) => {
  const { database, encore } = newcomer()
  const said = await encore(...args)
  expect(said).toMatchObject({ code: 2, out: '', err: expect.stringMatching(sentence) })
  expect(said.err).not.toContain('    at ')
  expect(existsSync(database)).toBe(false)
})

test.each([
  [['import', 'nowhere.csv'], /nowhere\.csv cannot be read/],
  [['key', 'add', '--role', 'till'], /no database at .*ENCORE_DB/],
  [['invite', 'owner'], /no database at .*ENCORE_DB/],
  [['relearn'], /no database at .*ENCORE_DB/],
  [['learn'], /no database at .*ENCORE_DB/],
  [['goals'], /no database at .*ENCORE_DB/],
  [['goals', '--starter'], /no database at .*ENCORE_DB/],
  [['suggest-goals'], /no database at .*ENCORE_DB/],
  [['sql-dump'], /no database at .*ENCORE_DB/],
])('%j is refused: a sentence, exit code 1, no database', async (args, sentence) => {
  const { database, encore } = newcomer()
  expect(await encore(...args)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(sentence) })
  expect(existsSync(database)).toBe(false)
})

test('a till key without a site is refused', async () => {
  const { database, encore } = newcomer()
  mkdirSync(dirname(database))
  openSqlite(database, 'migrations').close()
  const said = await encore('key', 'add', '--role', 'till')
  expect(said).toMatchObject({ code: 1, err: expect.stringMatching(/no site yet/) })
})

test('a site is added once', async () => {
  const { encore } = newcomer()
  const add = [
    'site',
    'add',
    'MAIN',
    '--currency',
    'eur',
    '--time-zone',
    'Europe/Paris',
    '--name',
    'Rue Haute',
  ]
  expect((await encore(...add)).code).toBe(0)
  expect(await encore(...add)).toMatchObject({ code: 1, err: expect.stringContaining('already') })
})

test('a shop without goals is told so, takes the starter set once, and has something suggested', async () => {
  const { encore, file } = newcomer()
  const items = 'sku,name\nA,Ballet and dance shoes\nB,Dance tights\n'
  await encore('import', file('items.csv', items), file('sales.csv', SALES), ...PLACE, '--apply')
  const none = 'This shop has no goals yet: encore goals --starter, or write them at /owner/goals.\n'
  expect(await encore('goals')).toEqual({ code: 0, out: none, err: '' })
  expect(await encore('suggest-goals')).toEqual({ code: 0, out: none, err: '' })
  expect(await encore('goals', '--starter')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^59 goals/),
  })
  expect(await encore('goals', '--starter')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/already/),
  })
  const { out } = await encore('goals')
  expect(out).toContain('\n    Movement (movement)\n')
  expect(out).toContain('\n      Dance (mv-dance)\n')
  expect(out).toContain('A new baby (mil-newborn): only she brings it up\n')
  expect(out.trimEnd().split('\n')).toHaveLength(59)
  expect((await encore('suggest-goals')).out).toContain('→ mv-dance')
})

test('the SQL copy fills an empty database with the same, whatever the texts', async () => {
  const { database, encore, file } = newcomer()
  const odd = `sku,name\nA,"it's; -- ""odd"" 'quoted'"\nB,été 🎩 漢字\nC,${'long '.repeat(60)}`
  await encore('import', file('sales.csv', SALES), file('odd.csv', odd), ...PLACE, '--apply')
  const engine = openSqlite(database, 'migrations')
  const long = `line one\nline two\r\n'${'🎩\t'.repeat(90_000)}'`
  engine.file.prepare('update site set name = ?').run(long)
  engine.close()

  const { out } = await encore('sql-dump')
  const statements = out.split(';\n').slice(0, -1)
  for (const each of statements) expect(Buffer.byteLength(each)).toBeLessThan(90_500)

  const copy = newShop()
  copy.engine.file.exec(out)
  expect(copy.engine.file.prepare('select name from site').get()).toEqual({ name: long })
  expect(copy.engine.file.prepare("select name from product where sku = 'A'").get()).toEqual({
    name: `it's; -- "odd" 'quoted'`,
  })
})

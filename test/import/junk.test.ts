/** A catalogue of 50,000 products with junk for names: imported, read for suggestions, mapped; nothing falls over. */
import { expect, test } from 'vitest'
import { drawn } from '../../src/core/chance.ts'
import { createApp } from '../../src/http/app.ts'
import { deriveGoals, suggestGoals } from '../../src/import/suggest.ts'
import { randomText } from '../../src/settings.ts'
import { insertRows } from '../../src/store/engine.ts'
import { addKey } from '../../src/store/key.ts'
import { goal as goalRow } from '../../src/store/schema.ts'
import { goal } from '../support/small-shop.ts'
import { FIXED, imported, newShop, textFile } from './shop-file.ts'

const PRODUCTS = 50_000

/** Names as tills have them after ten years, and worse. */
const JUNK: ((n: number) => string)[] = [
  (n) => `${n}`,
  (n) => `SKU-${n.toString(36).toUpperCase()}-${n % 97}`,
  () => '?',
  () => '.',
  () => 'MISC ITEM',
  () => 'misc   item   misc   item',
  (n) => `=HYPERLINK("x${n}")`,
  (n) => `Ukulele soprano ${n}`,
  (n) => `SWIMMING  goggles, ${n % 17}y !!!`,
  (n) => `${'very '.repeat(50)}long ${n}`,
  (n) => 'x'.repeat(280 + (n % 20)),
  (n) => `子供用 水着 ${n}`,
  (n) => `سترة صوف ${n}`,
  (n) => `‮reversed ${n}`,
  (n) => `🎁🎁🎁 ${n}`,
  (n) => `a̐éö̲ zalgo ${n}`,
  (n) => `<b>dress</b> & ${n} %20 \\n`,
  (n) => Array.from({ length: 12 }, (_, k) => Math.floor(drawn(`${n}/${k}`) * 1e9).toString(36)).join(' '),
]

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

test('50,000 junk names: imported, suggested over, one word accepted, past purchases read again', async () => {
  const { engine } = newShop()
  const rows = Array.from({ length: PRODUCTS }, (_, n) => {
    const name = JUNK[n % JUNK.length]!(n)
    const category = n % 5 === 0 ? '' : `cat ${n % 300} ${n % 7 === 0 ? '???' : 'things'}`
    return `J${n},${quoted(name)},${quoted(category)},${(n % 5000) / 100}`
  })
  const started = performance.now()
  const report = await imported(engine, [
    textFile('library.csv', ['sku,name,category,price', ...rows].join('\n')),
  ])
  const importMs = performance.now() - started
  expect(report.broken).toEqual([])
  const [count] = await engine.all<{ n: number }>({ sql: 'select count(*) n from product', params: [] })
  expect(count!.n).toBeGreaterThan(PRODUCTS * 0.99)

  const goals = [
    goal('instrument', { name: 'Playing the ukulele' }),
    goal('water', { name: 'Swimming' }),
    goal('sleep', { name: 'Very long misc item', toldOnly: true }),
  ]
  await engine.atomic([
    {
      sql: 'insert into revision (id, n) values (1, 1) on conflict (id) do update set n = n + 1',
      params: [],
    },
    insertRows(
      goalRow,
      goals.map((row) => ({ ...row, toldOnly: row.toldOnly ? 1 : 0, householdLevel: 0 })),
    ),
    { sql: 'update goal set rev = (select n from revision)', params: [] },
  ])
  const { app } = createApp({ engine, clock: () => Date.parse(FIXED.now), random: randomText, log: () => {} })
  await addKey(engine, 'owner-key', {
    role: 'owner',
    siteId: null,
    partnerId: null,
    label: 'Owner',
    expiresAt: null,
  })
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await app.request(path, {
      method,
      headers: { authorization: 'Bearer owner-key', 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as any }
  }
  // Six hundred customers buy them, the junk too.
  for (let batch = 0; batch < 3; batch++) {
    const purchases = Array.from({ length: 500 }, (_, k) => {
      const n = batch * 500 + k
      const skus = [n * 31, n * 7 + 7, n * 13 + 8].map((sku) => `J${sku % PRODUCTS}`)
      return {
        source: 'till',
        externalId: `${n}`,
        site: 'MAIN',
        customer: `c-${n % 600}`,
        soldAt: '2026-03-01T12:00:00Z',
        lines: skus.map((sku) => ({ sku, unitPrice: 1000 })),
      }
    })
    expect((await ask('POST', '/v1/purchases', { purchases })).status).toBe(207)
  }

  const asked = performance.now()
  const { status, body } = await ask('GET', '/v1/mappings?limit=200')
  const suggestMs = performance.now() - asked
  expect(status).toBe(200)
  const pairs = body.suggestions.map(({ term, goal }: any) => `${term} → ${goal}`)
  expect(pairs).toContain('ukulele → instrument')
  expect(pairs).toContain('swimming → water')
  for (const { term, goal } of body.suggestions) {
    expect(goal).not.toBe('sleep')
    expect(term).not.toMatch(/^\d|^sku/i)
  }
  const decisions = [
    { kind: 'facet', term: 'ukulele', goal: 'instrument', decision: 'accepted', weight: 0.4 },
  ]
  const decided = await ask('POST', '/v1/mappings', { decisions })
  expect(decided.body.results[0].status).toBe('accepted')
  expect(decided.body.added).toBeGreaterThan(0)
  expect(await deriveGoals(engine, FIXED.now)).toMatch(/: 0 lines of evidence added, 0 taken back\.$/)
  // Too many past purchases for one request: they wait for the command line, which does it once.
  const words = ['misc', 'swimming', 'very', 'dress', 'reversed', 'zalgo', 'hyperlink', 'سترة']
  const many = await ask('POST', '/v1/mappings', {
    decisions: words.map((term) => ({
      kind: 'facet',
      term,
      goal: 'water',
      decision: 'accepted',
      weight: 0.3,
    })),
  })
  expect(many.body).toMatchObject({ derived: false, added: 0, retracted: 0 })
  for (const { status } of many.body.results) expect(status).toBe('accepted')
  expect(await deriveGoals(engine, FIXED.now)).toMatch(/: [1-9]\d* lines of evidence added, 0 taken back\.$/)
  expect(await deriveGoals(engine, FIXED.now)).toMatch(/: 0 lines of evidence added, 0 taken back\.$/)
  expect(await suggestGoals(engine, 5)).toMatch(/products speak for no goal/)
  const till = await ask('POST', '/v1/recommendations', {
    site: 'MAIN',
    basket: { lines: [{ sku: 'J7' }, { name: JUNK[9]!(1) }] },
  })
  expect(till.status).toBe(200)
  console.log(
    `${PRODUCTS} junk products: imported in ${(importMs / 1000).toFixed(1)} s, read for suggestions in ${(suggestMs / 1000).toFixed(1)} s`,
  )
}, 300_000)

/**
 * A shop with products and sales only: imports the whole gift shop on the command line, then asks
 * `POST /v1/recommendations` for real baskets, and says how often it speaks and whether the offer was co-bought.
 *
 *   tsx test/measure/goes-with.ts [folder of the retail data] [number of baskets]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { statement } from '../../src/store/engine.ts'
import { addKey } from '../../src/store/key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

const folder = process.argv[2] ?? process.env.ENCORE_RETAIL_DATA ?? '../shared/data/retail'
const most = Number(process.argv[3] ?? 500)
const files = ['online_retail_items.tsv.gz', 'online_retail_lines_until_2011-08-31.tsv.gz'].map((name) =>
  join(folder, name),
)
if (!files.every(existsSync)) {
  console.log(`The retail data is not at ${folder}: nothing measured.`)
  process.exit(0)
}
const database = join(mkdtempSync(join(tmpdir(), 'encore-goes-with-')), 'shop.sqlite')
execFileSync(
  process.execPath,
  [
    'dist/encore.js',
    'import',
    ...files,
    '--site',
    'MAIN',
    '--currency',
    'GBP',
    '--time-zone',
    'Europe/London',
    '--apply',
  ],
  { env: { ...process.env, ENCORE_DB: database, ENCORE_SEED: 'none' }, stdio: 'inherit' },
)
const engine = openSqlite(database, 'migrations')
await addKey(engine, 'measure', {
  role: 'till',
  siteId: 'MAIN',
  partnerId: null,
  expiresAt: null,
  label: 'measure',
})
const { app, deps } = createApp({
  engine,
  clock: () => Date.parse('2011-09-01T10:00:00Z'),
  random: randomText,
  log: () => {},
})

const baskets = await engine.all<{ id: string; skus: string }>(
  statement(
    `select purchaseId id, json_group_array(json_array(sku, unitPriceMinor)) skus from purchaseLine join product on product.id = productId
     where purchaseId in (select id from purchase where soldAt > '2011-08-15' order by id limit ?) and sku is not null and purchaseLine.n < 4 group by purchaseId`,
    most,
  ),
)
let speaks = 0
let together = 0
for (const [i, { skus }] of baskets.entries()) {
  const lines = (JSON.parse(skus) as [string, number][]).map(([sku, unitPrice]) => ({
    sku,
    unitPrice,
    quantity: 1,
  }))
  const response = await app.request('/v1/recommendations', {
    method: 'POST',
    headers: { authorization: 'Bearer measure', 'content-type': 'application/json' },
    body: JSON.stringify({ basket: { lines } }),
  })
  const answer = (await response.json()) as {
    speak: boolean
    primary: { offerId: string; headline: string; reasons: { text: string }[] } | null
  }
  if (!answer.primary) continue
  speaks++
  const offered = answer.primary.offerId.replace('product:', '')
  const [pair] = await engine.all<{ n: number }>(
    statement(
      `select coalesce(max(baskets), 0) n from pair where (a in (select id from product where sku in (select value from json_each(?1))) and b = (select id from product where sku = ?2))
        or (b in (select id from product where sku in (select value from json_each(?1))) and a = (select id from product where sku = ?2))`,
      JSON.stringify(lines.map(({ sku }) => sku)),
      offered,
    ),
  )
  if (pair!.n >= 3) together++
  if (i < 5)
    console.log(
      `${lines.map(({ sku }) => sku).join(', ')} → ${answer.primary.headline} (${answer.primary.reasons[0]?.text})`,
    )
}
console.log(
  `${baskets.length} real baskets: speaks ${speaks}; offers bought together in at least three orders ${together} of ${speaks}`,
)
await deps.recorder.flush()
engine.close()

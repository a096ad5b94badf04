/**
 * Scores `POST /v1/rankings` on the packs of real retail data, as a shop system would use it: a pack's orders and
 * items are imported, the build is made, then every case is asked over HTTP. Names are all it is told of an item.
 *
 *   tsx test/measure/rankings-api.ts [folder of the packs] [--pack or …] [--weekly] [--no-offline]
 *
 * The folder is the first argument, or ENCORE_RETAIL_DATA, or ../shared/data/retail. Needs python3 for score.py.
 * `--weekly` also imports the weeks after a pack's end, one by one, and compares with the model left as it was.
 */
import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { buildEase, invert } from '../../src/core/ease.ts'
import type { Learned } from '../../src/core/neighbour.ts'
import { createLearned } from '../../src/core/neighbour.ts'
import { customerItems } from '../../src/core/pair.ts'
import { rank } from '../../src/core/ranking.ts'
import { createApp } from '../../src/http/app.ts'
import type { ImportFile } from '../../src/import/import.ts'
import { importFiles } from '../../src/import/import.ts'
import { randomText } from '../../src/settings.ts'
import { makeEase } from '../../src/store/ease.ts'
import type { Engine } from '../../src/store/engine.ts'
import { statement } from '../../src/store/engine.ts'
import { addKey } from '../../src/store/key.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

type Case = {
  case_id: string
  now: string
  history: [string, string[]][]
  basket: string[]
  exclude: string
  exclude_items?: string[]
  candidates?: string[] | string
}

type Score = { mean: number; low: number; high: number; coverage: number; diff?: [number, number, number] }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pack: { type: 'string', multiple: true },
    weekly: { type: 'boolean' },
    'no-offline': { type: 'boolean' },
  },
})
const folder = positionals[0] ?? process.env.ENCORE_RETAIL_DATA ?? '../shared/data/retail'
const packs = values.pack ?? ['or', 'or-small400', 'or-small100', 'or-newitems']
const PROTOCOLS = ['b_half_basket_new', 'a_next_new', 'b_one_item']
const DAY_MS = 86_400_000

if (!existsSync(folder)) {
  console.log(`The retail data is not at ${folder}: nothing measured.`)
  process.exit(0)
}

const instant = (local: string) => `${local.length === 16 ? `${local}:00` : local}Z`
const gunzip = (path: string) => gunzipSync(readFileSync(path)).toString('utf8')
const table = (path: string) =>
  gunzip(path)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1)

const SITE = { id: 'S', currency: 'GBP', timeZone: 'UTC' }

async function importInto(engine: Engine, files: ImportFile[], now: string): Promise<void> {
  const report = await importFiles(engine, files, { apply: true, site: SITE, now, random: randomText })
  if ('refused' in report) throw new Error(report.refused)
}

async function learn(engine: Engine, now: string) {
  const snapshot = new Snapshot(engine)
  await snapshot.refresh()
  return makeEase(engine, snapshot.learned, now)
}

function casesOf(at: string, protocol: string): Case[] {
  return gunzip(join(at, `${protocol}.cases.jsonl.gz`))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
}

function questionOf(one: Case, protocol: string, candidates: string[] | undefined) {
  const past = one.exclude.includes('history') ? one.history.flatMap(([, items]) => items) : []
  return {
    purpose: protocol.startsWith('b_') ? ('checkout' as const) : ('next' as const),
    basket: one.basket,
    history: one.history.map(([time, items]) => ({ at: instant(time), items })),
    exclude: [...new Set([...past, ...(one.exclude_items ?? [])])],
    candidates: Array.isArray(one.candidates) ? one.candidates : candidates,
    limit: 20,
    asOf: instant(one.now),
  }
}

type Ask = (question: ReturnType<typeof questionOf>) => Promise<string[]>

async function answers(at: string, protocol: string, ask: Ask, before?: (one: Case) => Promise<void>) {
  const file = join(at, 'candidates.json.gz')
  const candidates = existsSync(file) ? (JSON.parse(gunzip(file)) as string[]) : undefined
  const cases = casesOf(at, protocol)
  if (before) cases.sort((x, y) => (x.now < y.now ? -1 : 1))
  const lines: string[] = []
  let ms = 0
  for (const one of cases) {
    await before?.(one)
    const from = performance.now()
    const ranked = await ask(questionOf(one, protocol, candidates))
    ms += performance.now() - from
    lines.push(JSON.stringify({ case_id: one.case_id, ranked }))
  }
  return { lines, cases: cases.length, ms: ms / cases.length }
}

/** Scores prediction files with the packs' own scorer; differences are from the first. */
function scored(at: string, protocol: string, files: string[], work: string): Score[] {
  const json = join(work, 'score.json')
  execFileSync(
    'python3',
    [
      join(folder, 'score.py'),
      ...[
        '--truth',
        join(at, `${protocol}.truth.jsonl.gz`),
        '--cases',
        join(at, `${protocol}.cases.jsonl.gz`),
      ],
      ...['--items', join(at, 'items.tsv.gz'), '--boot', '500', '--json', json],
      ...files.flatMap((file) => ['--pred', file]),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const all = JSON.parse(readFileSync(json, 'utf8')) as Record<string, Record<string, unknown>>
  return files.map((file) => {
    const one = all[file]!
    const [mean, low, high] = one['ndcg@10'] as [number, number, number]
    return {
      ...{ mean, low, high, coverage: one['coverage@10'] as number },
      diff: one['ndcg@10_diff'] as [number, number, number] | undefined,
    }
  })
}

const three = (value: number) => value.toFixed(4)
const range = (low: number, high: number) => `[${three(low)}, ${three(high)}]`

/**
 * The same learned straight from the pack's files, without a store: what the service should answer. Products have
 * the numbers that the shop gave them, since those decide what is counted of an oversized basket. Beside it what was
 * sold but is in no catalogue, and so never answered.
 */
async function learnedOffline(at: string, engine: Engine): Promise<{ learned: Learned; outside: string[] }> {
  const learned = createLearned()
  const products = await engine.all<{ id: number; sku: string | null; name: string; unmapped: number }>(
    statement('select id, sku, name, unmapped from product order by id'),
  )
  for (const { id, sku, name } of products) {
    while (learned.size < id) learned.addItem({ sku: `none ${learned.size}`, name: '' })
    learned.addItem({ sku: sku ?? `#${id}`, name })
  }
  const orders = new Map<string, { at: number; customer: string; items: number[] }>()
  for (const [id, time, customer, sku] of table(join(at, 'train.tsv.gz'))) {
    const order = orders.get(id!) ?? { at: Date.parse(instant(time!)), customer: customer!, items: [] }
    orders.set(id!, order)
    order.items.push(learned.itemOf(sku!)!)
  }
  const bought = new Map<string, { at: number; items: number[] }[]>()
  for (const { at: soldAt, customer, items } of orders.values()) {
    learned.bumpBasket(items, Math.floor(soldAt / DAY_MS))
    if (customer) bought.set(customer, [...(bought.get(customer) ?? []), { at: soldAt, items }])
  }
  for (const mine of bought.values()) learned.bumpCustomer([], customerItems(mine))
  learned.setEase(buildEase(learned))
  return { learned, outside: products.flatMap(({ sku, unmapped }) => (unmapped === 1 && sku ? [sku] : [])) }
}

/**
 * Plain EASE over customers, for one item in the basket, where the packs bring no reference: everything of hers,
 * history halving in 60 days and the basket 10, as in the recipe that the packs' references follow.
 */
function plainEase(at: string): string[] {
  const skus = table(join(at, 'items.tsv.gz')).map(([sku]) => sku!)
  const numberOf = new Map(skus.map((sku, k) => [sku, k]))
  const buyers = new Map<string, Set<number>>()
  for (const [, , customer, sku] of table(join(at, 'train.tsv.gz'))) {
    const item = numberOf.get(sku!)
    if (!customer || item === undefined) continue
    const items = buyers.get(customer) ?? new Set<number>()
    buyers.set(customer, items.add(item))
  }
  const n = skus.length
  const gram = new Float64Array(n * n)
  for (const items of buyers.values())
    for (const a of items) for (const b of items) if (b <= a) gram[a * n + b]! += 1
  for (let k = 0; k < n; k++) gram[k * n + k]! += Math.max(100, (200 * buyers.size) / 3000)
  invert(gram, n)
  return casesOf(at, 'b_one_item').map((one) => {
    const weights = new Map<number, number>()
    for (const [time, items] of one.history) {
      const weight = 2 ** (-(Date.parse(instant(one.now)) - Date.parse(instant(time))) / DAY_MS / 60)
      for (const sku of items) weights.set(numberOf.get(sku) ?? -1, weight)
    }
    for (const sku of one.basket) weights.set(numberOf.get(sku) ?? -1, 10)
    weights.delete(-1)
    const banned = new Set([...one.basket, ...(one.exclude_items ?? [])])
    const ranked = skus
      .map((sku, target) => {
        let score = 0
        for (const [source, weight] of weights)
          if (source !== target)
            score -=
              (weight * gram[source > target ? source * n + target : target * n + source]!) /
              gram[target * n + target]!
        return { sku, score }
      })
      .filter(({ sku }) => !banned.has(sku))
      .sort((x, y) => y.score - x.score || (x.sku < y.sku ? -1 : 1))
    return JSON.stringify({ case_id: one.case_id, ranked: ranked.slice(0, 20).map(({ sku }) => sku) })
  })
}

async function openPack(at: string, work: string, name: string) {
  const engine = openSqlite(join(work, `${name}.sqlite`), 'migrations')
  const files = ['train.tsv.gz', 'items.tsv.gz'].map((file) => ({
    name: file,
    open: () => createReadStream(join(at, file)),
  }))
  const importing = performance.now()
  await importInto(engine, files, '2011-06-01T00:00:00.000Z')
  const imported = seconds(importing)
  const building = performance.now()
  const made = await learn(engine, '2011-06-01T00:00:00.000Z')
  const built = seconds(building)
  await addKey(engine, 'measure', {
    role: 'till',
    siteId: 'S',
    partnerId: null,
    expiresAt: null,
    label: 'measure',
  })
  const { app, deps } = createApp({ engine, clock: () => Date.now(), random: randomText, log: () => {} })
  const loading = performance.now()
  await deps.snapshot.refresh()
  const loaded = (performance.now() - loading).toFixed(0)
  const ask: Ask = async (question) => {
    const response = await app.request('/v1/rankings', {
      method: 'POST',
      headers: { authorization: 'Bearer measure', 'content-type': 'application/json' },
      body: JSON.stringify(question),
    })
    const body = (await response.json()) as { ranked?: { sku: string }[] }
    if (!body.ranked) throw new Error(JSON.stringify(body))
    return body.ranked.map(({ sku }) => sku)
  }
  return { engine, ask, imported, built, loaded, made }
}

/** Rows and bytes that learning keeps in the store, and that a start loads. */
async function stored(engine: Engine): Promise<string> {
  const [row] = await engine.all<Record<string, number>>(
    statement(`select (select count(*) from pair) pairs, (select count(*) from saleDay) days,
      (select count(*) from product) products, (select count(*) from easePart) parts`),
  )
  const sizes = await engine
    .all<{ name: string; bytes: number }>(
      statement(
        `select name, sum(pgsize) bytes from dbstat where name in ('pair', 'saleDay', 'product', 'easePart') group by name`,
      ),
    )
    .catch(() => [])
  return `${JSON.stringify(row)} rows${sizes.length > 0 ? `, ${JSON.stringify(Object.fromEntries(sizes.map(({ name, bytes }) => [name, bytes])))} bytes` : ''}`
}

async function measure(pack: string): Promise<void> {
  const at = join(folder, pack)
  const work = mkdtempSync(join(tmpdir(), 'encore-rankings-'))
  const shop = await openPack(at, work, 'shop')
  console.log(
    `\n${pack}: imported in ${shop.imported} s, built in ${shop.built} s (${JSON.stringify(shop.made)})`,
  )
  console.log(`  stored ${await stored(shop.engine)}; a start loads all of it in ${shop.loaded} ms`)
  const offline = values['no-offline'] ? null : await learnedOffline(at, shop.engine)
  for (const protocol of PROTOCOLS.filter((name) => readdirSync(at).includes(`${name}.cases.jsonl.gz`))) {
    const mine = join(work, `${protocol}.jsonl`)
    const { lines, cases, ms } = await answers(at, protocol, shop.ask)
    writeFileSync(mine, lines.join('\n'))
    let reference = join(at, 'ref', `${protocol}.ease.jsonl.gz`)
    if (!existsSync(reference)) {
      reference = join(work, `${protocol}.ease.jsonl`)
      writeFileSync(reference, plainEase(at).join('\n'))
    }
    const files = [reference, mine]
    if (offline) {
      files.push(join(work, `${protocol}.offline.jsonl`))
      const ask: Ask = async ({ asOf, history, ...question }) =>
        rank(offline.learned, {
          ...question,
          exclude: [...question.exclude, ...offline.outside],
          history: history.map((each) => ({ at: Date.parse(each.at), items: each.items })),
          asOf: Date.parse(asOf),
        }).map(({ sku }) => sku)
      writeFileSync(files[2]!, (await answers(at, protocol, ask)).lines.join('\n'))
    }
    const [ease, encore, again] = scored(at, protocol, files, work)
    const [diff, low, high] = encore!.diff!
    console.log(
      `  ${protocol.padEnd(18)} ${cases} cases  NDCG@10 ${three(encore!.mean)} ${range(encore!.low, encore!.high)}` +
        `  EASE ${three(ease!.mean)} (coverage ${ease!.coverage.toFixed(2)})  difference ${three(diff)} ${range(low, high)}  coverage@10 ${encore!.coverage.toFixed(2)}` +
        `  ${ms.toFixed(2)} ms a case${again ? `  offline ${three(again.mean)} (${three(encore!.mean - again.mean)})` : ''}`,
    )
  }
  if (values.weekly && pack === 'or') await weekly(at, work, shop)
  shop.engine.close()
}

/** The weeks after the pack's end, imported one by one before the cases of the next, a build every fourth. */
async function weekly(at: string, work: string, shop: Awaited<ReturnType<typeof openPack>>): Promise<void> {
  const lines = table(join(folder, 'online_retail_lines_until_2011-08-31.tsv.gz'))
  const known = new Set(table(join(at, 'items.tsv.gz')).map(([sku]) => sku))
  const protocol = 'b_half_basket_new'
  let until = '2011-06-01'
  let week = 0
  const { lines: ranked } = await answers(at, protocol, shop.ask, async (one) => {
    for (;;) {
      const next = new Date(Date.parse(until) + 7 * DAY_MS).toISOString().slice(0, 10)
      if (one.now < next) return
      const rows = lines.filter(([, ts, , sku]) => ts! >= until && ts! < next && known.has(sku))
      const text = [
        'order_id\tts\tcustomer_id\titem_id',
        ...rows.map((row) => row.slice(0, 4).join('\t')),
      ].join('\n')
      const file: ImportFile = {
        name: basename(`${next}.tsv`),
        async *open() {
          yield new TextEncoder().encode(text)
        },
      }
      await importInto(shop.engine, [file], `${next}T00:00:00.000Z`)
      week++
      if (week % 4 === 0) await learn(shop.engine, `${next}T00:00:00.000Z`)
      until = next
    }
  })
  const file = join(work, 'weekly.jsonl')
  writeFileSync(file, ranked.join('\n'))
  const [frozen, fresh] = scored(at, protocol, [join(work, `${protocol}.jsonl`), file], work)
  const [diff, low, high] = fresh!.diff!
  console.log(
    `  ${protocol} left as it was ${three(frozen!.mean)}, with a weekly import ${three(fresh!.mean)}: ${three(diff)} ${range(low, high)}`,
  )
}

for (const pack of packs) await measure(pack)

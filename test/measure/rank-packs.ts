/**
 * Measures ranking on real shops: learns from each pack's training orders, answers every case, and has the
 * packs' own scorer judge the answers. Names are all it knows of an item; tags and goals of the packs are
 * not read.
 *
 *   npx tsx test/measure/rank-packs.ts [packs folder] [--cap 20] [--only or/b_one_item]
 *
 * The packs folder is the argument, or ENCORE_RETAIL_DATA, or ../shared/data/retail.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { buildEase } from '../../src/core/ease.ts'
import type { Learned } from '../../src/core/neighbour.ts'
import { createLearned } from '../../src/core/neighbour.ts'
import { BASKET_ITEMS_CAP, CUSTOMER_ITEMS_CAP, customerItems } from '../../src/core/pair.ts'
import type { Ranked, RankingQuestion } from '../../src/core/ranking.ts'
import { rank } from '../../src/core/ranking.ts'

/** What is measured; `floor` is the NDCG@10 under which the script fails. */
const PROTOCOLS = [
  { pack: 'or', protocol: 'b_half_basket_new', floor: 0.27 },
  { pack: 'or', protocol: 'a_next_new', floor: 0.17 },
  { pack: 'or', protocol: 'b_one_item', floor: 0.25 },
  { pack: 'or', protocol: 'b_half_basket', floor: 0.33 },
  { pack: 'or-small100', protocol: 'b_half_basket_new', floor: 0.2 },
  { pack: 'or-small100', protocol: 'a_next_new', floor: 0.13 },
  { pack: 'or-small400', protocol: 'b_half_basket_new', floor: 0.24 },
  { pack: 'or-small400', protocol: 'a_next_new', floor: 0.16 },
  { pack: 'or-newitems', protocol: 'b_half_basket_new', floor: 0.2 },
  { pack: 'or-newitems', protocol: 'a_next_new', floor: 0.135 },
]

interface Case {
  case_id: string
  now: string
  history: [string, string[]][]
  basket: string[]
  exclude: string
  exclude_items?: string[]
  candidates?: string
}

interface Order {
  id: string
  at: number
  customer: string
  items: string[]
}

const DAY_MS = 86_400_000

function gunzip(path: string): string {
  return gunzipSync(readFileSync(path)).toString('utf8')
}

function table(path: string): string[][] {
  return gunzip(path)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
}

function msOf(time: string): number {
  return Date.parse(`${time}Z`)
}

function readOrders(folder: string): Order[] {
  const orders = new Map<string, Order>()
  for (const [id, time, customer, item] of table(join(folder, 'train.tsv.gz'))) {
    const order = orders.get(id!) ?? { id: id!, at: msOf(time!), customer: customer!, items: [] }
    order.items.push(item!)
    orders.set(id!, order)
  }
  return [...orders.values()]
}

/** Learns a pack order by order, as a shop would, and says what that cost. */
function learn(folder: string, basketCap: number, customerCap: number) {
  const names = table(join(folder, 'items.tsv.gz')).map(([sku, name]) => ({ sku: sku!, name: name! }))
  const orders = readOrders(folder)
  const before = memoryMb()
  const learned = createLearned(names)
  const numbers = orders.map(({ items }) =>
    items.map((sku) => learned.itemOf(sku)).filter((item) => item !== undefined),
  )
  const purchases = new Map<string, { at: number; items: number[] }[]>()
  const countedOf = new Map<string, number[]>()
  const start = performance.now()
  let basketMs = 0
  orders.forEach(({ at, customer }, k) => {
    const from = performance.now()
    learned.bumpBasket(numbers[k]!, Math.floor(at / DAY_MS), 1, basketCap)
    const counted = performance.now()
    basketMs += counted - from
    if (customer) {
      const mine = purchases.get(customer) ?? []
      mine.push({ at, items: numbers[k]! })
      purchases.set(customer, mine)
      const after = customerItems(mine, customerCap)
      learned.bumpCustomer(countedOf.get(customer) ?? [], after)
      countedOf.set(customer, after)
    }
  })
  const ms = performance.now() - start
  let pairs = 0
  for (let item = 0; item < learned.size; item++) learned.eachPair(item, () => pairs++)
  const mb = memoryMb() - before
  const steady = steadyMicros(learned, numbers, basketCap)
  const loaded = loadMs(learned, names)
  console.log(
    `\n${folder.split('/').at(-1)}: ${orders.length} orders, ${learned.size} items, ${pairs / 2} pairs learned in ` +
      `${ms.toFixed(0)} ms, ${mb.toFixed(0)} MB; loaded from counts in ${loaded.toFixed(0)} ms\n` +
      `  µs per order: mean ${((ms / orders.length) * 1000).toFixed(0)} with the customer, ${((basketMs / orders.length) * 1000).toFixed(0)} basket only; ` +
      `one more basket of 3 / 10 / 20 items: ${steady.map((each) => each.toFixed(1)).join(' / ')}`,
  )
  return learned
}

/** Builds the upgrade from what was learned, and says what that cost. */
function upgrade(learned: Learned) {
  const before = memoryMb()
  const start = performance.now()
  const ease = buildEase(learned)
  const ms = performance.now() - start
  learned.setEase(ease)
  const pairs = (ease?.telling.item.length ?? 0) + (ease?.broad.item.length ?? 0)
  console.log(
    `  upgrade of ${ease?.knows.filter((each) => each > 0).length ?? 0} items in ${(ms / 1000).toFixed(1)} s: ` +
      `${pairs} weights, ${(memoryMb() - before).toFixed(0)} MB`,
  )
}

/** One more basket of 3, 10 and 20 items in a shop that has learned: counted and taken back, median. */
function steadyMicros(learned: Learned, baskets: number[][], cap: number): number[] {
  return [3, 10, 20].map((length) => {
    const some = baskets.filter((items) => items.length >= length).map((items) => items.slice(0, length))
    const each: number[] = []
    for (let round = 0; round < 2000; round++) {
      const items = some[round % some.length]!
      const from = performance.now()
      learned.bumpBasket(items, 15_000, 1, cap)
      learned.bumpBasket(items, 15_000, -1, cap)
      each.push((performance.now() - from) * 500)
    }
    return each.sort((x, y) => x - y)[1000]!
  })
}

/** Time to load the counts that were learned into a fresh memory, as after a restart. */
function loadMs(learned: Learned, names: { sku: string; name: string }[]): number {
  const start = performance.now()
  const again = createLearned(names)
  for (let item = 0; item < learned.size; item++) {
    again.setStat(item, learned.stat(item))
    learned.eachPair(item, (other, baskets, customers) => {
      if (item < other) again.setPair(item, other, baskets, customers)
    })
  }
  return performance.now() - start
}

function memoryMb(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}

function questionOf(one: Case, protocol: string, candidates: string[] | undefined): RankingQuestion {
  const past = one.history.flatMap(([, items]) => items)
  return {
    purpose: protocol.startsWith('b_') ? 'checkout' : 'next',
    basket: one.basket,
    history: one.history.map(([time, items]) => ({ at: msOf(time), items })),
    asOf: msOf(one.now),
    exclude: [...(one.exclude.includes('history') ? past : []), ...(one.exclude_items ?? [])],
    candidates,
    limit: 20,
  }
}

/** Answers all cases, twice: cold rows of neighbours first, then kept ones. */
function answer(learned: Learned, folder: string, protocol: string) {
  const cases = gunzip(join(folder, `${protocol}.cases.jsonl.gz`))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
  const file = cases[0]?.candidates
  const pool = file ? (JSON.parse(gunzip(join(folder, file))) as string[]) : undefined
  const questions = cases.map((one) => questionOf(one, protocol, pool))
  let answers: Ranked[][] = []
  const ms = [0, 1].map(() => {
    const start = performance.now()
    answers = questions.map((question) => rank(learned, question))
    return (performance.now() - start) / cases.length
  })
  const lines = answers.map((ranked, k) =>
    JSON.stringify({ case_id: cases[k]!.case_id, ranked: ranked.map(({ sku }) => sku) }),
  )
  return { lines, ms }
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cap: { type: 'string' },
      'customer-cap': { type: 'string' },
      only: { type: 'string' },
      'counts-only': { type: 'boolean' },
    },
  })
  const packs = positionals[0] ?? process.env.ENCORE_RETAIL_DATA ?? '../shared/data/retail'
  if (!existsSync(join(packs, 'score.py'))) {
    console.log(`No packs in ${packs}: nothing measured. Give the folder, or set ENCORE_RETAIL_DATA.`)
    return
  }
  const basketCap = Number(values.cap ?? BASKET_ITEMS_CAP)
  const customerCap = Number(values['customer-cap'] ?? CUSTOMER_ITEMS_CAP)
  const out = mkdtempSync(join(tmpdir(), 'rank-packs-'))
  const rows: string[] = []
  const learnedPacks = new Map<string, Learned>()
  for (const { pack, protocol, floor } of PROTOCOLS) {
    if (values.only && `${pack}/${protocol}` !== values.only) continue
    const folder = join(packs, pack)
    const known = learnedPacks.get(pack) ?? learn(folder, basketCap, customerCap)
    if (!learnedPacks.has(pack) && !values['counts-only']) upgrade(known)
    learnedPacks.set(pack, known)
    const { lines, ms } = answer(known, folder, protocol)
    const predictions = join(out, `${pack}.${protocol}.jsonl`)
    const scores = join(out, `${pack}.${protocol}.json`)
    writeFileSync(predictions, `${lines.join('\n')}\n`)
    const truth = join(folder, `${protocol}.truth.jsonl.gz`)
    const cases = join(folder, `${protocol}.cases.jsonl.gz`)
    const items = join(folder, 'items.tsv.gz')
    execFileSync(
      'python3',
      [
        join(packs, 'score.py'),
        '--truth',
        truth,
        '--cases',
        cases,
        '--items',
        items,
        '--pred',
        predictions,
        '--json',
        scores,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    const score = Object.values(JSON.parse(readFileSync(scores, 'utf8')))[0] as {
      missing: number
      'ndcg@10': [number, number, number]
      'hit@3': [number, number, number]
    }
    const [mean, low, high] = score['ndcg@10']
    const failed = mean < floor || score.missing > 0
    if (failed) process.exitCode = 1
    rows.push(
      `${`${pack}/${protocol}`.padEnd(32)} ${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]  hit@3 ${score['hit@3'][0].toFixed(3)}` +
        `  ${ms[0]!.toFixed(2)} / ${ms[1]!.toFixed(2)} ms${failed ? `  BELOW ${floor}, ${score.missing} missing` : ''}`,
    )
  }
  rmSync(out, { recursive: true })
  console.log(
    `\n${'NDCG@10'.padStart(38)} [95 % interval]   ms per case first / with kept neighbours\n${rows.join('\n')}`,
  )
}

main()

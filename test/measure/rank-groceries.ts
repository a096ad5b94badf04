/**
 * Ranking in a shop whose products hardly go together: a thin sample of groceries (dunnhumby's Complete Journey) until June,
 * asked about July and August, beside what sells most. The same engine with and without the shop's bond.
 *
 *   npx tsx test/measure/rank-groceries.ts [folder of the packs]
 *
 * A line of the sample counts by its type of product ("FLUID MILK WHITE ONLY") or by its wider category; the names are
 * all that is known of it. The folder is the argument, or ENCORE_RETAIL_DATA, or ../shared/data/retail.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { buildEase } from '../../src/core/ease.ts'
import { createLearned } from '../../src/core/neighbour.ts'
import { customerItems } from '../../src/core/pair.ts'
import type { RankingQuestion } from '../../src/core/ranking.ts'
import { RANKING_DEFAULTS, rank } from '../../src/core/ranking.ts'

type Order = { at: number; customer: string; items: string[] }
type Case = { question: RankingQuestion; truth: Set<string> }

const DAY_MS = 86_400_000
const CUT = Date.UTC(2017, 6, 1)
/** Cases of each question, the first ones. */
const MOST_CASES = 1500

const table = (path: string) =>
  gunzipSync(readFileSync(path))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))

/** Orders whose items are the value of a column of the products. */
function ordersOf(folder: string, column: number): Order[] {
  const products = new Map(table(join(folder, 'cj_products.tsv.gz')).map((row) => [row[0]!, row]))
  const orders = new Map<string, Order>()
  for (const row of table(join(folder, 'cj_transactions_sample_until_2017-08-31.tsv.gz'))) {
    const item = products.get(row[3]!)?.[column]
    if (!item) continue
    const order = orders.get(row[2]!) ?? { at: Date.parse(`${row[10]}Z`), customer: row[0]!, items: [] }
    orders.set(row[2]!, order)
    if (!order.items.includes(item)) order.items.push(item)
  }
  return [...orders.values()]
}

/** NDCG@10 as the packs' scorer has it. */
function ndcg(ranked: readonly string[], truth: ReadonlySet<string>): number {
  let gain = 0
  let best = 0
  for (let k = 0; k < 10; k++) {
    const worth = 1 / Math.log2(k + 2)
    if (truth.has(ranked[k] ?? '')) gain += worth
    if (k < truth.size) best += worth
  }
  return gain / best
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/** Mean paired difference and half of its 95 % interval. */
function difference(from: readonly number[], to: readonly number[]): string {
  const gaps = from.map((one, k) => to[k]! - one)
  const middle = mean(gaps)
  const variance = gaps.reduce((sum, gap) => sum + (gap - middle) ** 2, 0) / (gaps.length - 1)
  return `${middle.toFixed(3)} ± ${(1.96 * Math.sqrt(variance / gaps.length)).toFixed(3)}`
}

function measure(folder: string, name: string, column: number): void {
  const orders = ordersOf(folder, column)
  const before = orders.filter(({ at }) => at < CUT)
  const after = orders.filter(({ at }) => at >= CUT)
  const items = [...new Set(orders.flatMap((order) => order.items))].sort()
  const learned = createLearned(items.map((item) => ({ sku: item, name: item })))
  const pastOf = new Map<string, Order[]>()
  const sold = new Map<string, number>()
  for (const order of before) {
    learned.bumpBasket(
      order.items.map((item) => learned.itemOf(item)!),
      Math.floor(order.at / DAY_MS),
    )
    pastOf.set(order.customer, [...(pastOf.get(order.customer) ?? []), order])
    for (const item of order.items) sold.set(item, (sold.get(item) ?? 0) + 1)
  }
  for (const past of pastOf.values())
    learned.bumpCustomer(
      [],
      customerItems(
        past.map((order) => ({ at: order.at, items: order.items.map((item) => learned.itemOf(item)!) })),
      ),
    )
  learned.setEase(buildEase(learned))
  const bestSellers = [...sold].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([item]) => item)

  const caseOf = (
    customer: string,
    truth: string[],
    { isNew, ...asked }: Pick<RankingQuestion, 'purpose' | 'basket' | 'asOf'> & { isNew: boolean },
  ): Case => {
    const history = pastOf.get(customer) ?? []
    const exclude = isNew ? history.flatMap((order) => order.items) : []
    const known = new Set(exclude)
    return {
      question: { ...asked, history, exclude },
      truth: new Set(truth.filter((item) => !known.has(item))),
    }
  }
  const half = (isNew: boolean) =>
    after
      .filter((order) => order.items.length > 1)
      .map(({ customer, at, items: all }) => {
        const middle = Math.floor(all.length / 2)
        return caseOf(customer, all.slice(middle), {
          purpose: 'checkout',
          basket: all.slice(0, middle),
          asOf: at,
          isNew,
        })
      })
  const next = (isNew: boolean) =>
    [...pastOf.keys()].sort().map((customer) =>
      caseOf(
        customer,
        after.filter((order) => order.customer === customer).flatMap((order) => order.items),
        { purpose: 'next', asOf: CUT, isNew },
      ),
    )
  console.log(
    `\n${name}: ${items.length} items, ${before.length} orders of ${pastOf.size} households\n\n` +
      '| question | cases | what sells | without the bond | with it | gained | beside what sells |\n|---|---|---|---|---|---|---|',
  )
  for (const [question, all] of [
    ['half a basket', half(false)],
    ['half a basket, new items', half(true)],
    ['next purchase', next(false)],
    ['next new item', next(true)],
  ] as const) {
    const cases = all.filter(({ truth }) => truth.size > 0).slice(0, MOST_CASES)
    const scores = (ranked: (asked: RankingQuestion) => string[]) =>
      cases.map((one) => ndcg(ranked(one.question), one.truth))
    const engine = (bondAtLeast: number) =>
      scores((asked) =>
        rank(learned, { ...asked, limit: 10 }, { ...RANKING_DEFAULTS, bondAtLeast }).map(({ sku }) => sku),
      )
    const sells = scores(({ basket = [], exclude = [] }) => {
      const banned = new Set([...basket, ...exclude])
      return bestSellers.filter((item) => !banned.has(item)).slice(0, 10)
    })
    const without = engine(1)
    const bonded = engine(RANKING_DEFAULTS.bondAtLeast)
    const cells = [sells, without, bonded].map((each) => mean(each).toFixed(3))
    console.log(
      `| ${question} | ${cases.length} | ${cells.join(' | ')} | ${difference(without, bonded)} | ${difference(sells, bonded)} |`,
    )
  }
}

const folder = join(process.argv[2] ?? process.env.ENCORE_RETAIL_DATA ?? '../shared/data/retail', 'cj')
if (!existsSync(folder)) console.log(`The retail data is not at ${folder}: nothing measured.`)
else {
  measure(folder, 'by type', 5)
  measure(folder, 'by category', 4)
}

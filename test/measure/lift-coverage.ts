/**
 * How often the lift's intervals are right, over shops with a planted lift:
 * `npx tsx test/measure/lift-coverage.ts 2000 1`: so many shops, looked at every so many days. The tables in docs/lift.md
 * are its output.
 */
import { pathToFileURL } from 'node:url'
import type { LiftCustomer } from '../../src/core/lift.ts'
import { capsOf, looksOf, uptakeOf } from '../../src/core/lift.ts'
import { bought, dice, plantedMoments, plantedShop } from '../support/planted-shop.ts'

/** What became of one planted shop. */
export type Measured = {
  customers: number
  planted: number
  /** The planted lift in what counts: with each customer's part capped. */
  counted: number
  /** The last look's ordinary interval, and whether it holds what was planted. null: none could be given. */
  once: { holds: boolean; holdsPlanted: boolean; width: number; excludesNone: boolean } | null
  /** Of all looks: whether one of them missed what was planted, and whether one excluded that nothing is caused. */
  missed: boolean
  excluded: boolean
  width: number | null
}

const sumOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0)

/** Draw one shop, let its window pass, and look at it every `every` days. */
export function measured(seed: number, lift: number, every: number, size?: number): Measured {
  const d = dice(seed)
  const shop = plantedShop(d, lift, size)
  const { days, daysBefore } = shop
  const customers = shop.customers.map(
    (each): LiftCustomer => ({
      holdout: each.holdout,
      share: shop.share,
      joinedDay: each.joined,
      before: sumOf(bought(d, each, -daysBefore, 0, 0).map(([, minor]) => minor)),
      spent: bought(d, each, 0, days, each.holdout ? 0 : lift),
    }),
  )
  const window = { days, plannedDays: days, daysBefore }
  const { looks, once } = looksOf(customers, window, every)
  const counted = lift === 0 ? 0 : countedLift(seed, shop, customers)
  const holds = (value: number, { low, high }: { low: number; high: number }) => low <= value && value <= high
  const shown = looks.flatMap((look) => (look.lift === null ? [] : [look.lift]))
  const last = once?.lift ?? null
  return {
    customers: customers.length,
    planted: lift,
    counted,
    once: last && {
      holds: holds(counted, last),
      holdsPlanted: holds(lift, last),
      width: last.high - last.low,
      excludesNone: !holds(0, last),
    },
    missed: shown.some((interval) => !holds(counted, interval)),
    excluded: shown.some((interval) => !holds(0, interval)),
    width: shown.length === 0 ? null : shown.at(-1)!.high - shown.at(-1)!.low,
  }
}

/** What the planted lift comes to where each customer's part is capped, by drawing both worlds many times. */
function countedLift(seed: number, shop: ReturnType<typeof plantedShop>, customers: LiftCustomer[]): number {
  const d = dice(seed ^ 0x5bd1e995)
  const { window } = capsOf(customers, shop.days, shop.daysBefore)
  const spent = customers.map(({ spent }) => sumOf(spent.map(([, minor]) => minor))).sort((a, b) => a - b)
  const cap = window ?? spent[Math.min(spent.length - 1, Math.floor(0.975 * spent.length))]!
  const most = cap > 0 ? cap : Number.POSITIVE_INFINITY
  const total = (lift: number) => {
    let sum = 0
    for (let n = 0; n < Math.ceil(8000 / customers.length); n++)
      for (const each of shop.customers)
        sum += Math.min(
          most,
          Math.max(-most, sumOf(bought(d, each, 0, shop.days, lift).map(([, minor]) => minor))),
        )
    return sum
  }
  return total(shop.lift) / total(0) - 1
}

/** The lift that is planted in a shop, by its number: none in every second one. */
export const plantedLift = (n: number): number => (n % 2 === 0 ? 0 : ((n * 37) % 61) / 100 - 0.1)

const percent = (part: number, whole: number) =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** One line of the table. */
function line(name: string, shops: Measured[]): string {
  const given = shops.flatMap(({ once }) => (once === null ? [] : [once]))
  const same = shops.filter(({ planted }) => planted === 0)
  const other = shops.filter(({ planted }) => planted !== 0)
  const cells = [
    name,
    String(shops.length),
    percent(given.length, shops.length),
    percent(given.filter(({ holds }) => holds).length, given.length),
    percent(given.filter(({ holdsPlanted }) => holdsPlanted).length, given.length),
    percent(same.filter(({ excluded }) => excluded).length, same.length),
    percent(same.filter(({ excluded, once }) => excluded || once?.excludesNone).length, same.length),
    percent(other.filter(({ missed }) => missed).length, other.length),
    `±${(50 * median(given.map(({ width }) => width))).toFixed(0)} %`,
    `±${(50 * median(shops.flatMap(({ width }) => (width === null ? [] : [width])))).toFixed(0)} %`,
  ]
  return `| ${cells.join(' | ')} |`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [shops, every] = [Number(process.argv[2] ?? 2000), Number(process.argv[3] ?? 1)]
  const all = Array.from({ length: shops }, (_, n) => measured(10_000 + n, plantedLift(n), every))
  console.log(
    `${shops} shops, looked at every ${every === 1 ? 'day' : `${every} days`}, lifts from −10 % to +50 %, none in every second.\n`,
  )
  console.log(
    '| customers | shops | an interval at the end | it holds the counted lift | and the planted one | A/A: false alarm at any look | A/A: at any look or the end | sequential interval missed the lift at any look | median half width, end | sequential |',
  )
  console.log(`|${'---|'.repeat(10)}`)
  for (const [name, from, to] of [
    ['60–149', 0, 150],
    ['150–499', 150, 500],
    ['500–2,000', 500, 1e9],
    ['all', 0, 1e9],
  ] as const)
    console.log(
      line(
        name,
        all.filter(({ customers }) => customers >= from && customers < to),
      ),
    )

  const few = Math.min(500, shops)
  console.log(`\n${few} shops each, the uptake looked at after every tenth moment.\n`)
  console.log(
    '| moments | taken up where said | and where silent | it missed the difference at any look | it excluded that nothing is caused | median half width |',
  )
  console.log(`|${'---|'.repeat(6)}`)
  for (const [n, said, silent] of [
    [100, 0.15, 0.15],
    [400, 0.15, 0.15],
    [400, 0.3, 0.1],
    [2000, 0.02, 0.02],
    [2000, 0.2, 0.15],
  ] as const) {
    const seen = Array.from({ length: few }, (_, shop) => uptakeSeen(shop, n, said, silent))
    const missed = seen.filter((each) => each.missed).length
    const excluded = seen.filter((each) => each.excluded).length
    const width = median(seen.map((each) => each.width))
    console.log(
      `| ${n} | ${said} | ${silent} | ${percent(missed, few)} | ${percent(excluded, few)} | ±${(50 * width).toFixed(0)} points |`,
    )
  }
}

/** The uptake of one planted shop, looked at after every tenth moment. */
function uptakeSeen(seed: number, n: number, said: number, silent: number) {
  const all = plantedMoments(300_000 + seed, n, said, silent)
  const seen = { missed: false, excluded: false, width: Number.POSITIVE_INFINITY }
  for (let until = 20; until <= n; until += 10) {
    const { caused } = uptakeOf(all.slice(0, until))
    if (caused === null) continue
    const holds = (value: number) => caused.low <= value && value <= caused.high
    seen.missed ||= !holds(said - silent)
    seen.excluded ||= !holds(0)
    seen.width = caused.high - caused.low
  }
  return seen
}

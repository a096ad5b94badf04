/**
 * The simulator: planted shops with known truth, lived through Encore's own routes, beside plain ways of choosing.
 *
 *   npm run simulate [-- --seeds 30 --decisions 5000 --families 400 --worlds 1,2 --workers 2 --quick]
 *   npm run simulate -- --minutes 10                           begin no shop after ten minutes
 *   npm run simulate -- --policy '{"propensityPrior": 5}'      another policy, in the same shops
 *
 * Prints the tables of docs/simulated.md. Worlds 1 and 2 are lived with all seeds, the others with a third of them.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Policy } from '../../src/core/policy.ts'
import type { Life, Way } from './life.ts'
import { WAYS } from './life.ts'
import type { Done, Task } from './worker.ts'
import { KINDS } from './world.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '30' },
    decisions: { type: 'string', default: '5000' },
    families: { type: 'string', default: '400' },
    worlds: { type: 'string', default: KINDS.map((_, at) => at + 1).join(',') },
    workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    policy: { type: 'string', default: '{}' },
    minutes: { type: 'string', default: 'Infinity' },
    quick: { type: 'boolean', default: false },
  },
})
const decisions = values.quick ? 1000 : Number(values.decisions)
const seedsOf = (kind: number) => (values.quick ? 2 : Math.ceil(Number(values.seeds) / (kind < 2 ? 1 : 3)))
const begun = performance.now()
const MARKS = [500, 1000, 2500, 5000].filter((mark) => mark <= decisions)
const WINDOW = 500

// World by world within a seed, so that a run that is cut short has lived all of them alike.
const worlds = values.worlds.split(',').map((world) => Number(world) - 1)
const tasks: Task[] = Array.from({ length: Math.max(...worlds.map(seedsOf)) }, (_, s) => s + 1).flatMap(
  (seed) =>
    worlds
      .filter((kind) => seed <= seedsOf(kind))
      .map((kind) => ({
        kind,
        seed,
        families: Number(values.families),
        decisions,
        levers: JSON.parse(values.policy) as Partial<Policy>,
      })),
)

/** Live all shops, a few at a time. @throws Error when a process ends before its work does */
async function lives(): Promise<Done[]> {
  const done: Done[] = []
  const waiting = [...tasks]
  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(new URL('./worker.ts', import.meta.url))
      const next = () => {
        const isLate = performance.now() - begun > Number(values.minutes) * 60_000
        const task = isLate ? undefined : waiting.shift()
        if (task) child.send(task)
        else child.disconnect()
      }
      child.on('message', (message) => {
        done.push(message as Done)
        process.stderr.write(`${done.length} of ${tasks.length} shops lived\n`)
        next()
      })
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A shop ended with ${code}.`))))
      next()
    })
  await Promise.all(Array.from({ length: Number(values.workers) }, worker))
  return done
}

/** Share of the oracle's expected value over choices from … up to. */
function share(life: Life, way: Way, from: number, to: number): number {
  let earned = 0
  let possible = 0
  for (const { of, oracle } of life.choices.slice(from, to)) {
    earned += of[way]
    possible += oracle
  }
  return earned / possible
}

/** Mean and the half-width of its 95 % interval, over seeds. Student's t: Cornish and Fisher's expansion of its quantile. */
function interval(shares: number[]): { mean: number; half: number } {
  const n = shares.length
  const mean = shares.reduce((sum, value) => sum + value, 0) / n
  if (n < 2) return { mean, half: Number.NaN }
  const variance = shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const z = 1.959964
  const df = n - 1
  const t = z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df ** 2)
  return { mean, half: t * Math.sqrt(variance / n) }
}

const percent = (value: number) => (100 * value).toFixed(1)
const shown = ({ mean, half }: { mean: number; half: number }) =>
  `${percent(mean)} ± ${Number.isNaN(half) ? '?' : percent(half)}`

/** One table: each way's share at each mark, and Encore's lead over each of the others in the same shops. */
function table(title: string, shops: Life[], from: (mark: number) => number): void {
  const row = (name: string, of: (life: Life, mark: number) => number) =>
    console.log(
      `| ${name} | ${MARKS.map((mark) => shown(interval(shops.map((life) => of(life, mark))))).join(' | ')} |`,
    )
  console.log(`\n${title}\n`)
  console.log(`| | ${MARKS.map((mark) => mark.toLocaleString('en')).join(' | ')} |`)
  console.log(`|---|${MARKS.map(() => '---').join('|')}|`)
  for (const way of WAYS) row(way, (life, mark) => share(life, way, from(mark), mark))
  for (const way of WAYS.filter((each) => each !== 'Encore'))
    row(
      `Encore less ${way}, same shops`,
      (life, mark) => share(life, 'Encore', from(mark), mark) - share(life, way, from(mark), mark),
    )
}

const done = await lives()
for (const [at, kind] of KINDS.entries()) {
  const shops = done.filter(({ task }) => task.kind === at).map(({ life }) => life)
  if (shops.length === 0) continue
  const mean = (of: (life: Life) => number) => shops.reduce((sum, life) => sum + of(life), 0) / shops.length
  const count = (of: (life: Life) => number) => Math.round(mean(of)).toLocaleString('en')
  console.log(`\n### ${kind.name[0]!.toUpperCase()}${kind.name.slice(1)}`)
  table('Percent of what the oracle earns, all choices so far:', shops, () => 0)
  table('The same, the last 500 choices:', shops, (mark) => mark - WINDOW)
  console.log(
    `\n${shops.length} shops of ${values.families} families, on average ${count((life) => life.visits)} visits in ${count((life) => life.days)} days: ${count((life) => life.arms.offer ?? 0)} offers, ${count((life) => life.arms.explore ?? 0)} tried beside the best, ${count((life) => life.arms.silent ?? 0)} silences; ${count((life) => life.asked)} questions asked; ${mean((life) => life.candidates).toFixed(1)} offers to choose among.`,
  )
}
process.stderr.write(
  `${((performance.now() - begun) / 60_000).toFixed(1)} minutes, ${(done.reduce((sum, { life }) => sum + life.ms, 0) / done.length / 1000).toFixed(1)} s a shop\n`,
)

/**
 * `npm run bench`: measure, print the table, keep it in docs/benchmark.md. `--quick` leaves out the large shop and
 * keeps nothing. `--only=encore,floor` compares just these; `--profile=folder` writes their CPU profiles.
 */
import type { Report } from './report.ts'
import type { ServerName } from './server.ts'

const [role, ...rest] = process.argv.slice(2)
const option = (name: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
const told = (value: unknown) => process.send!(value as object, () => process.exit(0))

// Each role loads only what it needs: what a server weighs is measured.
if (role === 'server') {
  const { beServer } = await import('./server.ts')
  await beServer(rest[0] as ServerName, Number(rest[1]), rest[2]!)
} else if (role === 'client') {
  const { beClient } = await import('./client.ts')
  beClient()
} else if (role === 'micro') {
  const { micro } = await import('./micro.ts')
  told(await micro(JSON.parse(rest[0]!), Number(rest[1])))
} else if (role === 'learning') {
  const { learningCosts } = await import('./learning.ts')
  told(learningCosts(Number(rest[0])))
} else await measure()

async function measure(): Promise<void> {
  const { compare } = await import('./compare.ts')
  const { LARGE, SMALL } = await import('./sized-shop.ts')
  const { keep, print, workerSizes } = await import('./report.ts')
  const quick = process.argv.includes('--quick')
  const sizes = quick ? [SMALL] : [SMALL, LARGE]
  const report: Report = {
    comparisons: [],
    micros: [],
    edge: null,
    worker: await workerSizes(),
    learning: null,
  }
  for (const size of sizes)
    report.comparisons.push(
      await compare(size, {
        rounds: Number(option('rounds') ?? 7),
        ms: Number(option('ms') ?? 1000),
        names: option('only')?.split(',') as ServerName[] | undefined,
        profile: option('profile'),
      }),
    )
  if (!option('only')) {
    for (const size of sizes)
      report.micros.push(await inChild(['micro', JSON.stringify(size), size.offers > 5_000 ? '50' : '2000']))
    const { edgeCosts } = await import('./edge-costs.ts')
    report.edge = await edgeCosts()
    report.learning = await inChild(['learning', quick ? '1000000' : '5000000'])
  }
  print(report)
  if (!quick && !option('only')) keep(report)
}

/** What a child process of this benchmark tells. */
async function inChild<T>(args: string[]): Promise<T> {
  const { fork } = await import('node:child_process')
  const child = fork(process.argv[1]!, args)
  return new Promise((resolve, reject) => {
    child.once('message', (value) => resolve(value as T))
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)))
  })
}

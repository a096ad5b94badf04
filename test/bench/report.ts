/** What was measured, beside what it was meant to be. */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Comparison } from './compare.ts'
import type { EdgeCosts } from './edge-costs.ts'
import type { LearningCosts } from './learning.ts'
import type { Micro } from './micro.ts'
import { SERVERS, type ServerName } from './server.ts'
import type { Size } from './sized-shop.ts'

export type Report = {
  comparisons: Comparison[]
  micros: Micro[]
  edge: EdgeCosts | null
  worker: { shippedBytes: number; readableBytes: number }
  learning: LearningCosts | null
}

type Table = { title: string; head: string[]; rows: (string | number)[][] }

const nameOf = ({ customers, offers }: Size) =>
  `${customers.toLocaleString('en')} customers × ${offers.toLocaleString('en')} offers`
const isLarge = ({ offers }: Size) => offers > 5_000
const to = (digits: number) => (value: number) => (Number.isFinite(value) ? value.toFixed(digits) : '–')

/** Gzipped bytes of the worker as it is shipped, and with its names and spaces. */
export async function workerSizes(): Promise<Report['worker']> {
  const readable = await build({
    entryPoints: ['src/worker.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*'],
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
  })
  return {
    shippedBytes: gzipSync(readFileSync('dist/worker.js'), { level: 9 }).length,
    readableBytes: gzipSync(readable.outputFiles[0]!.contents, { level: 9 }).length,
  }
}

/** Every budget with what was measured: [what, measured, budget, met]. */
function budgets(report: Report): (string | number)[][] {
  const rows: (string | number)[][] = []
  const at = (what: string, value: number, digits: number, unit: string, most: number, least = false) =>
    rows.push([
      what,
      `${to(digits)(value)}${unit}`,
      `${least ? '≥' : '≤'} ${most}${unit}`,
      !Number.isFinite(value) ? '–' : (least ? value >= most : value <= most) ? 'met' : 'missed',
    ])
  for (const { size, servers, dryCpuMicros } of report.comparisons) {
    const { encore, floor, joins } = servers
    if (!encore) continue
    const name = nameOf(size)
    if (floor)
      at(
        `till call, recorded, against a bare GET: ${name}`,
        encore.cpuMicros / floor.cpuMicros,
        1,
        ' ×',
        isLarge(size) ? 7 : 4,
      )
    if (joins) at(`leaner than Drizzle joins: ${name}`, joins.cpuMicros / encore.cpuMicros, 0, ' ×', 30, true)
    at(`one connection, p50: ${name}`, encore.p50Ms, 2, ' ms', 0.2)
    at(`one connection, p99: ${name}`, encore.p99Ms, 2, ' ms', 1)
    at(`recording, share of CPU: ${name}`, (1 - dryCpuMicros / encore.cpuMicros) * 100, 0, ' %', 10)
    at(`memory of the server: ${name}`, encore.rssBytes / 1e6, 0, ' MB', isLarge(size) ? 160 : 90)
  }
  for (const { size, snapshotColdMs, compared } of report.micros) {
    if (isLarge(size)) at(`snapshot ready, cold: ${nameOf(size)}`, snapshotColdMs, 0, ' ms', 10)
    at(
      `same set and order as brute force, ${compared.moments} moments: ${nameOf(size)}`,
      (100 * compared.equal) / compared.moments,
      1,
      ' %',
      100,
      true,
    )
  }
  const warm = report.edge?.['till call, known customer, warm']
  if (warm) {
    at('edge: round trips before a warm answer', warm.filter((trip) => trip.beforeAnswer).length, 0, '', 1)
    at('edge: round trips after it', warm.filter((trip) => !trip.beforeAnswer).length, 0, '', 1)
    at('edge: rows read', sum(warm, 'rowsRead'), 0, '', 50)
    at('edge: rows written', sum(warm, 'rowsWritten'), 0, '', 2)
  }
  at('edge: worker, gzipped', report.worker.shippedBytes / 1000, 0, ' KB', 200)
  if (report.learning) {
    const { lines, learnSeconds, neighboursSeconds, orderMicros } = report.learning
    at(
      `learning 20 M lines on one core (from ${lines / 1e6} M)`,
      (learnSeconds * 2e7) / lines + neighboursSeconds,
      1,
      ' s',
      30,
    )
    at('learning one more order', orderMicros, 1, ' µs', 20)
  }
  return rows
}

const sum = (trips: EdgeCosts[string], key: 'rowsRead' | 'rowsWritten') =>
  trips.reduce((total, trip) => total + trip[key], 0)

function tablesOf(report: Report): Table[] {
  const tables: Table[] = [
    { title: 'Budgets', head: ['what', 'measured', 'budget', ''], rows: budgets(report) },
  ]
  for (const { size, servers, dryCpuMicros } of report.comparisons)
    tables.push({
      title: `Servers: ${nameOf(size)}`,
      head: ['server', 'CPU a call, µs', 'against a bare GET', 'p50, ms', 'p99, ms', 'calls a second', 'MB'],
      rows: [
        ...Object.entries(servers).map(([name, each]) => [
          SERVERS[name as ServerName] + (each.failed > 0 ? ` (${each.failed} failed)` : ''),
          to(1)(each.cpuMicros),
          to(2)(each.cpuMicros / (servers.floor?.cpuMicros ?? Number.NaN)),
          to(3)(each.p50Ms),
          to(3)(each.p99Ms),
          Math.round(each.perSecond),
          Math.round(each.rssBytes / 1e6),
        ]),
        [
          'Encore, nothing recorded',
          to(1)(dryCpuMicros),
          to(2)(dryCpuMicros / (servers.floor?.cpuMicros ?? Number.NaN)),
          '',
          '',
          '',
          '',
        ],
      ],
    })
  if (report.micros.length > 0) {
    const line = (what: string, value: (each: Micro) => number, digits = 1) => [
      what,
      ...report.micros.map((each) => to(digits)(value(each))),
    ]
    tables.push({
      title: 'Parts by themselves, warm',
      head: ['part', ...report.micros.map(({ size }) => nameOf(size))],
      rows: [
        line('the one read, µs', (m) => m.readMicros),
        line('the customer from it, µs', (m) => m.personMicros),
        line('the moment with its facts, µs', (m) => m.momentMicros),
        line('fit of every offer, µs', (m) => m.scoreMicros),
        line('the whole decision, µs', (m) => m.decideMicros),
        line('snapshot, cold, ms', (m) => m.snapshotColdMs),
        line('compiling it, ms', (m) => m.compileMs),
        line('snapshot after one offer changed, µs', (m) => m.refreshMicros, 0),
        line('of it patching, µs', (m) => m.patchMicros),
      ],
    })
  }
  if (report.edge)
    tables.push({
      title: 'Edge, D1 in workerd, the demo shop',
      head: ['call', 'round trips before the answer', 'after it', 'rows read', 'rows written'],
      rows: Object.entries(report.edge).map(([call, trips]) => [
        call,
        trips.filter((trip) => trip.beforeAnswer).length,
        trips.filter((trip) => !trip.beforeAnswer).length,
        sum(trips, 'rowsRead'),
        sum(trips, 'rowsWritten'),
      ]),
    })
  if (report.learning) {
    const { lines, learnSeconds, neighboursSeconds, orderMicros, nextNeighboursMicros } = report.learning
    tables.push({
      title: 'Learning, 3,000 items, five lines an order',
      head: ['what', 'cost'],
      rows: [
        [`counting ${lines / 1e6} M lines`, `${to(1)(learnSeconds)} s`],
        ['neighbours of every item, both purposes', `${to(2)(neighboursSeconds)} s`],
        ['one more order', `${to(1)(orderMicros)} µs`],
        ['neighbours of one item after it, on demand', `${to(0)(nextNeighboursMicros)} µs`],
      ],
    })
  }
  tables.push({
    title: 'Worker bundle',
    head: ['', 'KB gzipped'],
    rows: [
      ['as shipped (minified)', to(0)(report.worker.shippedBytes / 1000)],
      ['with names and spaces', to(0)(report.worker.readableBytes / 1000)],
    ],
  })
  return tables
}

const markdown = ({ head, rows }: Table) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** Print the tables. */
export function print(report: Report): void {
  for (const table of tablesOf(report)) {
    const lines = [table.head, ...table.rows].map((cells) => cells.map(String))
    const widths = table.head.map((_, i) => Math.max(...lines.map((cells) => (cells[i] ?? '').length)))
    console.log(`\n${table.title}`)
    for (const cells of lines)
      console.log(`  ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join('   ')}`.trimEnd())
  }
}

/** Keep the tables in docs/benchmark.md. */
export function keep(report: Report): void {
  const [cpu] = cpus()
  const text = `# Benchmark

\`npm run bench\` made this file: the shipped server and three others, each in its own process, asked in turns in one run by a client in another. CPU is user and system time of the server's process for each request, at eight connections; latencies are at one. Medians over rounds. Times of a machine that does other things as well mean little by themselves, so read the ratios.

${new Date().toISOString().slice(0, 10)} · commit ${commit()} · Node ${process.version} · ${cpu?.model.trim() ?? 'unknown'} × ${cpus().length} · ${Math.round(totalmem() / 2 ** 30)} GB

Customers have about 15 lines of evidence, 9 products of their own and one or two children, all with consent; offers serve one to three of 59 goals, three in ten are a partner's, one in seven needs a place. Each question is about another customer.

${tablesOf(report)
  .map((table) => `## ${table.title}\n\n${markdown(table)}`)
  .join('\n\n')}
`
  writeFileSync('docs/benchmark.md', text)
}

function commit(): string {
  try {
    const head = readFileSync('.git/HEAD', 'utf8').trim()
    const ref = head.startsWith('ref: ') ? readFileSync(`.git/${head.slice(5)}`, 'utf8').trim() : head
    return ref.slice(0, 7)
  } catch {
    return 'unknown'
  }
}

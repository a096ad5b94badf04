/** On Node: settings → SQLite file → server. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { loadHistory } from '../seed/history.ts'
import { DEMO_KEYS, isJuniperRow, loadJuniperRow } from '../seed/juniper-row.ts'
import { createApp } from './http/app.ts'
import { adoptAwaited } from './http/outcomes.ts'
import { deliver } from './http/webhooks.ts'
import { clockFrom, randomText, readSettings } from './settings.ts'
import { isRelearnDue, relearn } from './store/count.ts'
import { forgetKeys } from './store/key.ts'

// better-sqlite3 dies by a signal, without a word, below this.
if (Number(process.versions.napi) < 10) {
  console.error(`Encore needs Node 22.14 or newer; this is ${process.version}. "npm start" brings its own.`)
  process.exit(1)
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
// Lines are written in groups: a write for each costs more than the decision it tells of.
let lines = ''
const writeLines = () => {
  if (lines === '') return
  process.stdout.write(lines)
  lines = ''
}
process.on('exit', writeLines)
const log = (line: Record<string, unknown>) => {
  if (lines === '') setTimeout(writeLines, 50).unref()
  lines += `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`
  if (line.level === 'error') writeLines()
}

/** How often the outbox is looked at. */
const DELIVER_EVERY_MS = 5000

/** How often we look whether enough was sold to work out anew what goes with what. */
const LEARN_EVERY_MS = 3_600_000

/**
 * Learns in a process of its own, below all others, so that no till waits for it; when it is done `then` is called.
 * Memory that it took is gone with it. It looks itself whether there is anything to do.
 */
function learnAside(then: () => void) {
  const child = spawn(process.execPath, [join(root, 'dist/encore.js'), 'learn', '--if-due'], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  child.on('error', (error) => log({ level: 'error', event: 'learn', error: error.name }))
  child.on('spawn', () => {
    try {
      setPriority(child.pid!, constants.priority.PRIORITY_LOW)
    } catch {
      // It learns all the same.
    }
  })
  child.on('exit', (code) => {
    log({ level: code === 0 ? 'info' : 'error', event: 'learn', code })
    if (code === 0) then()
  })
  child.unref()
  return child
}

async function start(): Promise<void> {
  const settings = readSettings(process.env)
  const { openSqlite } = await import('./store/sqlite.ts')
  const engine = (() => {
    try {
      mkdirSync(dirname(settings.database), { recursive: true })
      return openSqlite(settings.database, join(root, 'migrations'))
    } catch (error) {
      throw new Error(`ENCORE_DB, ${settings.database}, cannot be used: ${(error as Error).message}`)
    }
  })()
  const clock = clockFrom(settings.clockStart)
  if (settings.seed === 'juniper-row') {
    const loaded = await loadJuniperRow(
      engine,
      join(root, 'seed/juniper-row'),
      new Date(clock()).toISOString(),
    )
    const lived =
      loaded && (await loadHistory(engine, join(root, 'seed/juniper-row'), new Date(clock()).toISOString()))
    if (loaded) log({ level: 'info', event: 'seed', shop: 'Juniper Row', ...loaded, ...lived })
    else if (!(await isJuniperRow(engine)))
      throw new Error(`${settings.database} holds a shop of its own: start it with ENCORE_SEED=none.`)
  } else await forgetKeys(engine, Object.keys(DEMO_KEYS)) // They are published: a shop of its own must not answer to them.
  // An import that broke off left purchases uncounted.
  if (await isRelearnDue(engine)) log({ level: 'info', event: 'relearn', ...(await relearn(engine)) })
  const { app, deps } = createApp({
    engine,
    clock,
    random: randomText,
    log,
    demo: settings.clockStart !== null,
  })
  await deps.snapshot.refresh()
  // Outcomes that came before their answers, should the last run have ended between the two.
  await adoptAwaited(deps)
  const delivering = setInterval(() => {
    const failed = (event: string) => (error: unknown) =>
      log({ level: 'error', event, error: error instanceof Error ? error.name : 'unknown' })
    deliver(engine, clock, fetch).catch(failed('deliver'))
    adoptAwaited(deps).catch(failed('orphan'))
  }, DELIVER_EVERY_MS)
  delivering.unref()
  // A shop on show stands still. What was learned is loaded here, so that no till's call does it.
  let learner: ReturnType<typeof learnAside> | null = null
  const learn = () => {
    if (settings.clockStart !== null || (learner !== null && learner.exitCode === null && !learner.killed))
      return
    learner = learnAside(() => void deps.snapshot.refresh().catch(() => {}))
  }
  const learning = setInterval(learn, LEARN_EVERY_MS)
  learning.unref()
  setTimeout(learn, 60_000).unref()
  const server = serve(
    {
      fetch: app.fetch,
      port: settings.port,
      hostname: settings.host,
      serverOptions: { requestTimeout: 10_000, headersTimeout: 5_000 },
    },
    ({ port }) => {
      const address = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`
      console.log(`Encore listens at ${address}`)
      if (settings.seed === 'juniper-row') console.log(welcome(address, settings.clockStart))
    },
  )
  server.on('error', (error: NodeJS.ErrnoException) => {
    const taken = error.code === 'EADDRINUSE'
    console.error(
      taken
        ? `Port ${settings.port} is taken at ${settings.host}: set PORT to another.`
        : `Cannot listen at ${settings.host}, port ${settings.port}: ${error.message}`,
    )
    process.exit(1)
  })
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (stopping) process.exit(1)
      stopping = true
      clearInterval(delivering)
      clearInterval(learning)
      learner?.kill()
      server.close(() => {
        void deps.recorder.flush().finally(() => {
          engine.close()
          process.exit(0)
        })
      })
      if ('closeIdleConnections' in server) server.closeIdleConnections()
      setTimeout(() => process.exit(1), 5000).unref()
    })
}

function welcome(address: string, clockStart: number | null): string {
  return `
The demo shop is Juniper Row${clockStart === null ? '' : `, its clock set to ${new Date(clockStart).toISOString()}`}.
  try it     ${address}/till
  reference  ${address}/reference
  till key   encore_till_demo_BK

curl -s ${address}/v1/recommendations \\
  -H 'authorization: Bearer encore_till_demo_BK' -H 'content-type: application/json' \\
  -d '{"customer":"g01-ana","staff":"st_maya","basket":{"lines":[{"sku":"DR-204-6","name":"Cotton lawn dress, 6Y","category":"dresses","quantity":1,"unitPrice":9600},{"name":"Straw hat","category":"hats-accessories","quantity":1,"unitPrice":2200}]}}'
`
}

start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})

/** The servers against each other, in turns and in one run, so that what else the machine does hits all alike. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Load, Measured } from './client.ts'
import { SERVERS, type ServerName, type Usage } from './server.ts'
import { type Size, sizedShop } from './sized-shop.ts'

export type Compared = {
  cpuMicros: number
  p50Ms: number
  p99Ms: number
  perSecond: number
  rssBytes: number
  failed: number
}
export type Comparison = {
  size: Size
  servers: Partial<Record<ServerName, Compared>>
  /** What the same call costs when it records nothing. */
  dryCpuMicros: number
}

const SCRIPT = process.argv[1]!

export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

async function told<T>(child: ChildProcess, message: object): Promise<T> {
  const answer = once(child, 'message')
  child.send(message)
  return (await answer)[0] as T
}

async function untilAnswers(port: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      await fetch(`http://127.0.0.1:${port}/`)
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error('a server did not start')
}

/** Compare servers at one size: medians over rounds. `profile` is a folder for the CPU profiles of the servers. */
export async function compare(
  size: Size,
  options: { names?: ServerName[]; rounds: number; ms: number; profile?: string },
): Promise<Comparison> {
  const names = options.names ?? (Object.keys(SERVERS) as ServerName[])
  const file = await sizedShop(size)
  const database = new Database(file)
  database.pragma('busy_timeout = 5000')
  const forget = () => database.exec("delete from recommendation where id >= 'rec_' and id < 'rec`'")
  forget()
  const folder = mkdtempSync(join(tmpdir(), 'encore-bench-'))
  const client = fork(SCRIPT, ['client'])
  const servers = new Map<ServerName, { child: ChildProcess; port: number }>()
  for (const name of names) {
    const port = await freePort()
    const child = fork(SCRIPT, ['server', name, String(port), file], {
      execArgv: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : [],
      stdio: ['ignore', openSync(join(folder, `${name}.log`), 'w'), 'inherit', 'ipc'],
    })
    servers.set(name, { child, port })
    await untilAnswers(port)
  }
  const usage = (name: ServerName) => told<Usage>(servers.get(name)!.child, {})
  const ask = (name: ServerName, connections: number, ms: number, more: object = {}) =>
    told<Measured>(client, {
      port: servers.get(name)!.port,
      method: name === 'floor' ? 'GET' : 'POST',
      size,
      connections,
      ms,
      more,
    } satisfies Load)
  /** CPU of a busy stretch, with what it leaves to be written. */
  const busy = async (name: ServerName, more: object = {}) => {
    const before = await usage(name)
    const measured = await ask(name, 8, options.ms, more)
    await new Promise((resolve) => setTimeout(resolve, 80))
    const after = await usage(name)
    return {
      ...measured,
      cpuMicros: (after.cpuMicros - before.cpuMicros) / measured.requests,
      rssBytes: after.rssBytes,
    }
  }

  // Warm is what a server is after some ten thousand calls: the compiler waits that long.
  for (const name of names)
    for (let asked = 0, since = performance.now(); asked < 20_000 && performance.now() - since < 20_000; )
      asked += (await ask(name, 8, options.ms)).requests
  const rounds: Record<string, Compared[]> = {}
  const dry: number[] = []
  for (let round = 0; round < options.rounds; round++) {
    forget()
    for (const name of names) {
      const alone = await ask(name, 1, options.ms)
      const { cpuMicros, rssBytes, requests, ms, failed } = await busy(name)
      ;(rounds[name] ??= []).push({
        cpuMicros,
        rssBytes,
        p50Ms: alone.p50Ms,
        p99Ms: alone.p99Ms,
        perSecond: (requests / ms) * 1000,
        failed: failed + alone.failed,
      })
    }
    if (names.includes('encore')) dry.push((await busy('encore', { dryRun: true })).cpuMicros)
  }

  client.disconnect()
  for (const { child } of servers.values()) {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  forget()
  database.close()
  rmSync(folder, { recursive: true, force: true })
  const of = (list: Compared[], key: keyof Compared) => median(list.map((each) => each[key]))
  return {
    size,
    dryCpuMicros: median(dry),
    servers: Object.fromEntries(
      Object.entries(rounds).map(([name, list]) => [
        name,
        {
          cpuMicros: of(list, 'cpuMicros'),
          p50Ms: of(list, 'p50Ms'),
          p99Ms: of(list, 'p99Ms'),
          perSecond: of(list, 'perSecond'),
          rssBytes: of(list, 'rssBytes'),
          failed: list.reduce((sum, each) => sum + each.failed, 0),
        },
      ]),
    ),
  }
}

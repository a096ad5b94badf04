/** What was acknowledged survives kill -9: a real process, killed at a moment nobody chose. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { statement } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

/** Start the built server as a user does. */
async function start(database: string, more: Record<string, string> = {}) {
  const server = spawn(process.execPath, ['dist/node.js'], {
    env: { ...process.env, PORT: '0', ENCORE_DB: database, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const address = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const found = /listens at (\S+)/.exec(output)
      if (found) resolve(found[1]!)
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
    server.on('exit', () => reject(new Error(output)))
  })
  return { server, address }
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'encore-crash-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const sale = (i: number) => ({
  purchases: [
    {
      source: 'crash',
      externalId: `p${i}`,
      customer: `c${i % 7}`,
      soldAt: '2026-03-14T16:00:00Z',
      lines: [{ sku: 'DR-204-6', unitPrice: 9600 }],
    },
  ],
})

test('every acknowledged purchase is there after kill -9, and nothing is half there', async () => {
  const database = join(folder(), 'shop.sqlite')
  const { server, address } = await start(database)
  const acknowledged: string[] = []
  const selling = (async () => {
    for (let i = 0; ; i++) {
      const response = await fetch(`${address}/v1/purchases`, {
        method: 'POST',
        headers: { authorization: 'Bearer encore_till_demo_BK', 'content-type': 'application/json' },
        body: JSON.stringify(sale(i)),
      })
      if (response.status === 207) acknowledged.push(`crash/p${i}`)
      if (acknowledged.length === 40) server.kill('SIGKILL')
    }
  })().catch(() => {})
  await once(server, 'exit')
  await selling
  expect(acknowledged.length).toBeGreaterThanOrEqual(40)
  const engine = openSqlite(database, 'migrations')
  onTestFinished(() => engine.close())
  const there = await engine.all<{ id: string; lines: number; fronts: number }>(
    statement(
      `select id, (select count(*) from purchaseLine where purchaseId = purchase.id) lines from purchase where source = 'crash'`,
    ),
  )
  expect(there.map((row) => row.id)).toEqual(expect.arrayContaining(acknowledged))
  expect(there.every((row) => row.lines === 1)).toBe(true)
  const fronts = await engine.all<{ n: number }>(
    statement(`select count(*) n from purchase where source = 'crash' and stage = 'front' group by customer`),
  )
  expect(fronts.every((row) => row.n === 1)).toBe(true)
})

test('a stop is graceful: what was answered is on record', async () => {
  const database = join(folder(), 'shop.sqlite')
  const { server, address } = await start(database)
  const response = await fetch(`${address}/v1/recommendations`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer encore_till_demo_BK',
      'content-type': 'application/json',
      connection: 'close',
    },
    body: JSON.stringify({ id: 'last-words', customer: 'g01-ana' }),
  })
  expect(response.status).toBe(200)
  server.kill('SIGTERM')
  expect(await once(server, 'exit')).toEqual([0, null])
  const engine = openSqlite(database, 'migrations')
  onTestFinished(() => engine.close())
  expect(await engine.all(statement(`select id from recommendation`))).toEqual([{ id: 'last-words' }])
})

test.each([
  [{ PORT: 'http' }, 'PORT must be a port number, not "http".'],
  [{ ENCORE_SEED: 'other' }, 'ENCORE_SEED must be "juniper-row" or "none", not "other".'],
  [{ ENCORE_CLOCK: 'noon' }, 'ENCORE_CLOCK must be an instant with its offset'],
])('a bad setting %j stops the start with a sentence', async (setting, sentence) => {
  await expect(start(join(folder(), 'x.sqlite'), setting)).rejects.toThrow(sentence)
})

test('a shop of its own does not answer to the demo keys', async () => {
  const database = join(folder(), 'shop.sqlite')
  const demo = await start(database)
  demo.server.kill('SIGTERM')
  await once(demo.server, 'exit')
  const { server, address } = await start(database, { ENCORE_SEED: 'none' })
  const response = await fetch(`${address}/v1/recommendations`, {
    method: 'POST',
    headers: { authorization: 'Bearer encore_till_demo_BK', 'content-type': 'application/json' },
    body: '{}',
  })
  server.kill('SIGKILL')
  expect(response.status).toBe(401)
})

/** What calls cost at the edge, in D1's own counts: round trips, rows read and written. The demo shop, in workerd. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { loadJuniperRow } from '../../seed/juniper-row.ts'
import { openD1 } from '../../src/store/d1.ts'
import { edge, migrateD1, SEEDED_AT } from '../support/engines.ts'
import type { RoundTrip } from './counting-worker.ts'

export type EdgeCosts = Record<string, RoundTrip[]>

/** Ask a counting worker over a copy of a seeded D1. Close it when done. */
export async function countingEdge(seeded: string) {
  const folder = mkdtempSync(join(tmpdir(), 'encore-edge-'))
  const persist = join(folder, 'd1')
  cpSync(seeded, persist, { recursive: true })
  const bundle = await build({
    entryPoints: ['test/bench/counting-worker.ts'],
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
    logLevel: 'error',
  })
  const { miniflare } = await edge({ persist, clock: SEEDED_AT, script: bundle.outputFiles[0]!.text })
  const ask = async (path: string, body?: object) => {
    const response = await miniflare.dispatchFetch(`http://encore${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: 'Bearer encore_till_demo_BK', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as never }
  }
  return {
    /** The status and body of a call, and the round trips that it and what it left to be written made. */
    async count(path: string, body: object) {
      const reply = await ask(path, body)
      const trips = (await ask('/round-trips')).body as RoundTrip[]
      return { ...reply, trips }
    },
    async close() {
      await miniflare.dispose()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const basket = {
  lines: [
    { sku: 'DR-204-6', name: 'Cotton lawn dress, 6Y', category: 'dresses', quantity: 1, unitPrice: 9600 },
  ],
}

/** Seed the demo shop, and count every kind of call that a till makes. */
export async function edgeCosts(): Promise<EdgeCosts> {
  const seeded = mkdtempSync(join(tmpdir(), 'encore-seeded-'))
  const { miniflare, database } = await edge({ persist: seeded, clock: SEEDED_AT })
  const d1 = await database()
  await migrateD1(d1)
  await loadJuniperRow(openD1(d1), 'seed/juniper-row', SEEDED_AT)
  await miniflare.dispose()
  const shop = await countingEdge(seeded)
  try {
    const till = { basket, deadlineMs: 5000 }
    const known = { ...till, customer: 'g01-ana' }
    const costs: EdgeCosts = {}
    costs['till call, known customer, cold'] = (await shop.count('/v1/recommendations', known)).trips
    const warm = await shop.count('/v1/recommendations', known)
    costs['till call, known customer, warm'] = warm.trips
    costs['till call, unknown customer, warm'] = (await shop.count('/v1/recommendations', till)).trips
    const { id } = warm.body as { id: string }
    const said = { eventId: 'bench-1', state: 'said', at: SEEDED_AT }
    costs['outcome, said'] = (await shop.count(`/v1/recommendations/${id}/outcomes`, said)).trips
    costs['till call after it'] = (await shop.count('/v1/recommendations', known)).trips
    const sale = { source: 'bench', externalId: '1', customer: 'g01-ana', soldAt: SEEDED_AT, ...basket }
    costs['purchase of one line'] = (await shop.count('/v1/purchases', { purchases: [sale] })).trips
    return costs
  } finally {
    await shop.close()
    rmSync(seeded, { recursive: true, force: true })
  }
}

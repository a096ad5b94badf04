/** The servers that are compared, each a process of its own that tells its CPU time when asked. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { NOW } from './sized-shop.ts'

export const SERVERS = {
  floor: 'bare Hono GET',
  schema: 'Hono and zod, fixed answer',
  encore: 'Encore, recorded',
  joins: 'Drizzle joins, recorded',
} as const
export type ServerName = keyof typeof SERVERS

export type Usage = { cpuMicros: number; rssBytes: number }

/** Be one of the servers, at a port of 127.0.0.1. */
export async function beServer(name: ServerName, port: number, file: string): Promise<void> {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send!({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() } satisfies Usage)
  })
  process.on('disconnect', () => process.exit())
  if (name === 'encore') {
    // What is shipped, started as it is shipped.
    Object.assign(process.env, {
      PORT: String(port),
      HOST: '127.0.0.1',
      ENCORE_DB: file,
      ENCORE_SEED: 'none',
      ENCORE_CLOCK: NOW,
    })
    await import(new URL('../node.js', import.meta.url).href)
    return
  }
  process.on('SIGTERM', () => process.exit(0))
  serve({ fetch: (await appOf(name, file)).fetch, port, hostname: '127.0.0.1' })
}

async function appOf(name: Exclude<ServerName, 'encore'>, file: string): Promise<Hono> {
  const app = new Hono()
  if (name === 'floor') return app.get('/v1/recommendations', (c) => c.json({ status: 'ok' })) as never
  const { ASK } = await import('./ask-schema.ts')
  if (name === 'schema') {
    const { default: example } = await import('../../src/http/answer-example.json', {
      with: { type: 'json' },
    })
    return app.post('/v1/recommendations', async (c) => {
      const parsed = ASK.safeParse(await c.req.json())
      return parsed.success ? c.json(example) : c.json({ error: parsed.error.issues }, 400)
    }) as never
  }
  const { default: Database } = await import('better-sqlite3')
  const { drizzle } = await import('drizzle-orm/better-sqlite3')
  const { answerByJoins } = await import('./drizzle-join.ts')
  const database = new Database(file)
  for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 50'])
    database.pragma(pragma)
  const start = Date.parse(NOW)
  const begun = Date.now()
  answerByJoins(app, drizzle(database), ASK, () => start + Date.now() - begun)
  return app
}

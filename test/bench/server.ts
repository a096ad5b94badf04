/** The servers that are compared, each a process of its own that tells its CPU time when asked. */
import { serve } from '@hono/node-server'
import Database from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { Hono } from 'hono'
import example from '../../src/http/answer-example.json' with { type: 'json' }
import { ASK } from './ask-schema.ts'
import { answerByJoins } from './drizzle-join.ts'
import { NOW } from './sized-shop.ts'

export const SERVERS = {
  floor: 'bare Hono GET',
  schema: 'Hono + zod POST, fixed answer',
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
    await import(new URL('./node.js', import.meta.url).href)
    return
  }
  process.on('SIGTERM', () => process.exit(0))
  const app = new Hono()
  if (name === 'floor') app.get('/v1/recommendations', (c) => c.json({ status: 'ok' }))
  if (name === 'schema')
    app.post('/v1/recommendations', async (c) => {
      const parsed = ASK.safeParse(await c.req.json())
      return parsed.success ? c.json(example) : c.json({ error: parsed.error.issues }, 400)
    })
  if (name === 'joins') {
    const database = new Database(file)
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 50'])
      database.pragma(pragma)
    const start = Date.parse(NOW)
    const begun = Date.now()
    answerByJoins(app, drizzle(database), ASK, () => start + Date.now() - begun)
  }
  serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
}

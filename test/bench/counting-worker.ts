/** The shipped worker with a D1 that counts: every round trip, whether it came before the answer, rows read and written. */
import type { D1Database, D1PreparedStatement, D1Result, ExecutionContext } from '@cloudflare/workers-types'
import type { Bindings } from '../../src/worker.ts'
import worker from '../../src/worker.ts'

export type RoundTrip = { statements: number; beforeAnswer: boolean; rowsRead: number; rowsWritten: number }

let trips: RoundTrip[] = []
let answered = false
const waitedFor: Promise<unknown>[] = []

async function counted<T extends D1Result<unknown> | D1Result<unknown>[]>(
  statements: number,
  trip: Promise<T>,
): Promise<T> {
  const entry: RoundTrip = { statements, beforeAnswer: !answered, rowsRead: 0, rowsWritten: 0 }
  trips.push(entry)
  const results = await trip
  for (const { meta } of [results].flat() as D1Result<unknown>[]) {
    entry.rowsRead += meta.rows_read
    entry.rowsWritten += meta.rows_written
  }
  return results
}

type Counted = { real: D1PreparedStatement }

/** What the store uses of D1; anything else would fail, and so be noticed. */
function counting(database: D1Database): D1Database {
  const bound = (real: D1PreparedStatement) => ({ real, all: () => counted(1, real.all()) })
  return {
    prepare: (sql: string) => ({
      bind: (...values: unknown[]) => bound(database.prepare(sql).bind(...values)),
    }),
    batch: (list: unknown[]) =>
      counted(list.length, database.batch((list as Counted[]).map((each) => each.real))),
  } as unknown as D1Database
}

let database: D1Database | null = null

export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname === '/round-trips') {
      await Promise.all(waitedFor.splice(0))
      const counted = trips
      trips = []
      return Response.json(counted)
    }
    database ??= counting(env.DB)
    answered = false
    const waiting = { waitUntil: (promise: Promise<unknown>) => void waitedFor.push(promise) }
    const response = await worker.fetch(request, { ...env, DB: database }, waiting as never)
    const text = await response.text()
    answered = true
    context.waitUntil(Promise.all(waitedFor))
    return new Response(text, response)
  },
}

/** The two engines as users have them: a SQLite file, and D1 inside workerd. */
import { readdirSync, readFileSync } from 'node:fs'
import type { D1Database } from '@cloudflare/workers-types'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'

/** The demo shop's instant. */
export const SEEDED_AT = '2026-03-14T16:42:00.000Z'

/** The built worker (or another script) in real workerd, with a D1 database kept in a folder. */
export async function edge(options: { persist: string; clock: string; script?: string }) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      handleRuntimeStdio: () => {},
      handleStructuredLogs: () => {},
      resourcePersistencePath: options.persist,
      workers: [
        {
          name: 'encore',
          modules: true,
          script: options.script ?? readFileSync('dist/worker.js', 'utf8'),
          compatibilityDate: '2026-10-01',
          compatibilityFlags: ['nodejs_compat'],
          d1Databases: { DB: 'encore' },
          bindings: { ENCORE_CLOCK: options.clock },
        },
      ],
    }),
  )
  const database = () => miniflare.getD1Database('DB') as unknown as Promise<D1Database>
  return { miniflare, database }
}

/** The migrations, oldest first. */
export const migrationFiles = (): string[] =>
  readdirSync('migrations')
    .filter((name) => name.endsWith('.sql'))
    .sort()

/** Apply migrations, as `wrangler d1 migrations apply` does. */
export async function migrateD1(database: D1Database, files = migrationFiles()): Promise<void> {
  for (const file of files)
    for (const sql of readFileSync(`migrations/${file}`, 'utf8').split('--> statement-breakpoint'))
      await database.prepare(sql).run()
}

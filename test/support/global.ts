/** Once a run: build what is shipped, and load the demo shop once for each engine, to be copied by whoever needs it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { loadJuniperRow } from '../../seed/juniper-row.ts'
import { openD1 } from '../../src/store/d1.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, migrateD1, SEEDED_AT } from './engines.ts'

export default async function setup(project: TestProject): Promise<() => void> {
  execFileSync(process.execPath, ['build.mjs'], { stdio: 'inherit' })
  const folder = mkdtempSync(join(tmpdir(), 'encore-test-'))
  const file = openSqlite(join(folder, 'seeded.sqlite'), 'migrations')
  await loadJuniperRow(file, 'seed/juniper-row', SEEDED_AT)
  file.close()

  const persist = join(folder, 'seeded-d1')
  const { miniflare, database } = await edge({ persist, clock: SEEDED_AT })
  const d1 = await database()
  await migrateD1(d1)
  await loadJuniperRow(openD1(d1), 'seed/juniper-row', SEEDED_AT)
  await miniflare.dispose()

  project.provide('templates', folder)
  return () => rmSync(folder, { recursive: true, force: true })
}

declare module 'vitest' {
  export interface ProvidedContext {
    templates: string
  }
}

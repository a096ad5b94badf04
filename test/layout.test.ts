/** The layout rules, checked: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
  .map((name) => join('src', name))

/** Every module specifier of a file; local ones as paths from the project's root. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  // From the start of a line, or called: SQL has a "from" too.
  const found = [
    ...text.matchAll(/^(?:import\b[^'\n]*|(?:export\b[^'\n]*|\}) from )'([^']+)'$|\bimport\(\s*'([^']+)'/gm),
  ].map((match) => match[1] ?? match[2]!)
  return found.map((name) => (name.startsWith('.') ? relative('.', resolve(dirname(file), name)) : name))
}
const inside = (folder: string) => files.filter((file) => file.startsWith(`src/${folder}/`))
const offending = (among: string[], allowed: (name: string, file: string) => boolean) =>
  among.flatMap((file) =>
    importsOf(file)
      .filter((name) => !allowed(name, file))
      .map((name) => `${file} → ${name}`),
  )

describe('layout', () => {
  test('the core imports only the core', () => {
    expect(inside('core').length).toBeGreaterThan(15)
    expect(offending(inside('core'), (name) => name.startsWith('src/core/'))).toEqual([])
  })
  test('the core knows no clock, chance, environment or network', () => {
    const impure =
      /\b(Date\.now|Math\.random|performance\.now|process\.|fetch\(|new Date\(\)|crypto\.|console\.)/
    for (const file of inside('core')) expect(readFileSync(file, 'utf8'), file).not.toMatch(impure)
  })
  test('the store knows the core, Drizzle and its drivers; no HTTP', () => {
    expect(
      offending(inside('store'), (name) =>
        /^(src\/(core|store)\/|drizzle-orm|better-sqlite3$|@cloudflare\/workers-types$|node:)/.test(name),
      ),
    ).toEqual([])
  })
  test('SQL is in the store only', () => {
    const sql = /['"`]\s*(select|insert into|update "?\w+"? set|delete from)\s/i
    for (const file of files)
      if (!/^src\/store\//.test(file)) expect(readFileSync(file, 'utf8'), file).not.toMatch(sql)
  })
  test('better-sqlite3 is in store/sqlite.ts only', () => {
    expect(
      offending(files, (name, file) => name !== 'better-sqlite3' || file === 'src/store/sqlite.ts'),
    ).toEqual([])
  })
  test('Hono is in http, pages and the entry points only', () => {
    expect(
      offending(
        files.filter((file) => !/^src\/(http|pages)\/|^src\/(node|worker)\.ts$/.test(file)),
        (name) => !/^(hono|@hono)/.test(name),
      ),
    ).toEqual([])
  })
  test('nothing imports an entry point', () => {
    expect(offending(files, (name) => !/^src\/(node|worker|encore)\.ts$/.test(name))).toEqual([])
  })
  test('no file is called by what it is made of', () => {
    expect(
      files.filter((file) => /\/(index|utils?|helpers?|types|services?|common|misc)\.tsx?$/.test(file)),
    ).toEqual([])
  })
})

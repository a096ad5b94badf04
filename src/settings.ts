/** Settings: read once, validated at start; a bad one stops the start with a sentence. */

export type Settings = {
  port: number
  host: string
  database: string
  seed: 'juniper-row' | 'none'
  /** UTC milliseconds at which the service's clock starts ticking; null: the real time. */
  clockStart: number | null
}

/** The instant at which the demo shop's season and alliances are alive. */
const DEMO_CLOCK = '2026-03-14T11:42:00-05:00'

/** Read settings from an environment. @throws Error with a sentence that names the setting. */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const port = Number(env.PORT ?? '8787')
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`PORT must be a port number, not "${env.PORT}".`)
  const seed = env.ENCORE_SEED ?? 'juniper-row'
  if (seed !== 'juniper-row' && seed !== 'none')
    throw new Error(`ENCORE_SEED must be "juniper-row" or "none", not "${seed}".`)
  const database = env.ENCORE_DB ?? './data/encore.sqlite'
  if (database.trim() === '') throw new Error('ENCORE_DB must name a file.')
  const host = env.HOST ?? '127.0.0.1'
  if (host.trim() === '') throw new Error('HOST must be an address to listen at.')
  return {
    port,
    host,
    database,
    seed,
    clockStart: clockStart(env.ENCORE_CLOCK ?? (seed === 'none' ? undefined : DEMO_CLOCK)),
  }
}

/** An instant with its offset, or null for none or `real`. */
export function clockStart(value: string | undefined): number | null {
  if (value === undefined || value === '' || value === 'real') return null
  const ms = Date.parse(value)
  if (Number.isNaN(ms) || !/(Z|[+-]\d\d:\d\d)$/.test(value))
    throw new Error(`ENCORE_CLOCK must be an instant with its offset, such as ${DEMO_CLOCK}, not "${value}".`)
  return ms
}

/** A clock that starts at an instant and ticks from now; the real one for null. */
export function clockFrom(start: number | null): () => number {
  if (start === null) return () => Date.now()
  const begun = Date.now()
  return () => start + (Date.now() - begun)
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
// Asking the source costs more than the letters: it is asked for many at once.
const pool = new Uint8Array(2048)
let used = pool.length

/** Random letters and digits from the runtime's own strong source. */
export function randomText(length: number): string {
  if (used + length > pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  let made = ''
  for (const end = used + length; used < end; used++) made += LETTERS[pool[used]! % 36]
  return made
}

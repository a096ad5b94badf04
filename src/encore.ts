/** On the command line: exports into the shop, keys and sites, learning anew, a copy as SQL. */
import { createReadStream, existsSync, mkdirSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { inTreeOrder, STARTER_GOALS } from './core/goal.ts'
import { defaultPolicy } from './core/policy.ts'
import type { ImportFile, Progress } from './import/import.ts'
import { importFiles } from './import/import.ts'
import { reportText } from './import/report.ts'
import { chooseSite, isReference, siteProblem } from './import/site.ts'
import { deriveGoals, NO_GOALS, suggestGoals } from './import/suggest.ts'
import { clockFrom, clockStart, randomText, readSettings } from './settings.ts'
import type { By } from './store/audit.ts'
import { relearn } from './store/count.ts'
import { dumpSql } from './store/dump.ts'
import { isEaseDue, makeEase } from './store/ease.ts'
import { GuardFailed } from './store/engine.ts'
import { addStarter, readTaxonomy } from './store/goal.ts'
import type { KeyRow } from './store/key.ts'
import { addKey } from './store/key.ts'
import { makeInvite, newToken } from './store/sign-in.ts'
import { addSite, findPolicy, listSites } from './store/site.ts'
import { Snapshot } from './store/snapshot.ts'
import type { SqliteEngine } from './store/sqlite.ts'

const HELP = `encore: the shop's side of Encore, on the command line

  encore import <file…> [--apply] [--site ID] [--currency USD] [--time-zone Europe/London]
                        [--source NAME] [--date-order mdy|dmy]
      Exports of tills and shops into the database: item libraries and sales, CSV or TSV, also gzipped.
      Says what it would do; with --apply it does it. The same again changes nothing.
      An empty shop begins with the site that you name: then say --site, --currency and --time-zone.
  encore site add <id> --time-zone Europe/London --currency GBP [--name NAME]
  encore key add --role till|staff|manager|owner|partner [--site ID] [--partner ID] [--label TEXT]
                 [--expires 2027-12-31T00:00:00Z]
      Shows the new key once. Only its hash is kept.
  encore invite staff|manager|owner|partner [--site ID] [--partner ID] [--staff ID] [--label TEXT]
                [--hours 72] [--origin http://127.0.0.1:8787]
      Shows a link that signs somebody in to the pages, once. Only its hash is kept.
  encore relearn
      Counts all purchases again, from scratch.
  encore learn [--if-due]
      Works out anew what goes with what, from the counts, beside what is served; then puts it in its place.
      The service does so by itself, when enough was sold since the last time.
  encore goals [--starter]
      What families may want, as a tree. With --starter a shop without goals begins with those of family life.
  encore suggest-goals [--limit 30] [--derive]
      Says which categories and words of the catalogue could speak for which goals, and why. Maps nothing.
      With --derive past purchases say what accepted rules now say; the same again changes nothing.
  encore sql-dump
      Writes the database as SQL, for: wrangler d1 execute <name> --remote --file dump.sql
  encore help

The database is ENCORE_DB, ./data/encore.sqlite without it.

A shop of its own, from a till's export:
  export ENCORE_DB=./data/shop.sqlite ENCORE_SEED=none
  npm run -s encore -- import sales.csv --site MAIN --currency GBP --time-zone Europe/London --apply
  npm run -s encore -- key add --role till --site MAIN
  npm start
`

/** What was said cannot be done as it was said: exit code 2. */
class Usage extends Error {}

/** What was asked is refused: exit code 1. */
class Refused extends Error {}

const ROLES: readonly string[] = ['till', 'staff', 'manager', 'owner', 'partner'] satisfies KeyRow['role'][]

async function run(args: string[]): Promise<number> {
  const [command, ...rest] = args
  if (command === 'import') return importCommand(rest)
  if (command === 'relearn') return relearnCommand(rest)
  if (command === 'learn') return learnCommand(rest)
  if (command === 'goals') return goalsCommand(rest)
  if (command === 'suggest-goals') return suggestGoalsCommand(rest)
  if (command === 'site' && rest[0] === 'add') return siteAdd(rest.slice(1))
  if (command === 'key' && rest[0] === 'add') return keyAdd(rest.slice(1))
  if (command === 'invite') return inviteCommand(rest)
  if (command === 'sql-dump') return sqlDump(rest)
  if (command === undefined || ['help', '--help', '-h'].includes(command)) {
    await write(HELP)
    return command === undefined ? 2 : 0
  }
  throw new Usage(`There is no command "${args.slice(0, 2).join(' ')}".`)
}

const text = { type: 'string' } as const

async function importCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    apply: { type: 'boolean' },
    site: text,
    currency: text,
    'time-zone': text,
    source: text,
    'date-order': text,
  })
  if (positionals.length === 0) throw new Usage('Say which files to import.')
  const dateOrder = values['date-order']
  if (dateOrder !== undefined && dateOrder !== 'mdy' && dateOrder !== 'dmy')
    throw new Usage('--date-order is mdy (month first) or dmy (day first).')
  if (values.source !== undefined && !isReference(values.source))
    throw new Usage('--source is letters, digits and . _ : @ - only, 64 at most.')
  const ask = { id: values.site, currency: values.currency?.toUpperCase(), timeZone: values['time-zone'] }
  const problem = siteProblem(ask)
  if (problem) throw new Usage(problem)
  const files = await Promise.all(positionals.map(fileOf))
  const started = performance.now()
  return withStore(
    async (engine, now) => {
      const report = await importFiles(engine, files, {
        apply: values.apply === true,
        site: ask,
        source: values.source,
        dateOrder,
        now,
        random: randomText,
        progress: progressTo(process.stderr),
      })
      if ('refused' in report) throw new Refused(report.refused)
      await write(`${reportText(report, (performance.now() - started) / 1000)}\n`)
      return report.broken.length > 0 || report.leftOut.count > 0 || report.orders.conflict > 0 ? 1 : 0
    },
    values.apply === true ? 'make' : 'memory',
  )
}

async function fileOf(path: string): Promise<ImportFile> {
  try {
    await access(path, constants.R_OK)
  } catch {
    throw new Refused(`${path} cannot be read: is there such a file?`)
  }
  return { name: basename(path), open: () => createReadStream(path) }
}

async function relearnCommand(args: string[]): Promise<number> {
  const { positionals } = parse(args, {})
  if (positionals.length > 0) throw new Usage('"encore relearn" takes nothing more.')
  return withStore(async (engine) => {
    const { orders, pairs } = await relearn(engine)
    await write(`Learned ${pairs} pairs from ${orders} orders.\n`)
    return 0
  })
}

async function goalsCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { starter: { type: 'boolean' } })
  if (positionals.length > 0) throw new Usage('Say: encore goals, or encore goals --starter.')
  return withStore(async (engine, now) => {
    if (values.starter === true) {
      if (!(await addStarter(engine, commandLine(now))))
        throw new Refused('This shop has goals already: the starter set is for one that has none.')
      await write(`${STARTER_GOALS.length} goals of family life are taken. Change them at /owner/goals.\n`)
      return 0
    }
    const { goals } = await readTaxonomy(engine)
    const lines = inTreeOrder(goals).map(
      ({ goal, depth }) =>
        `${'  '.repeat(depth)}${goal.name} (${goal.slug})${goal.toldOnly ? ': only she brings it up' : ''}`,
    )
    await write(`${lines.length === 0 ? NO_GOALS : lines.join('\n')}\n`)
    return 0
  })
}

async function suggestGoalsCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { limit: text, derive: { type: 'boolean' } })
  const limit = Number(values.limit ?? '30')
  if (positionals.length > 0 || !Number.isInteger(limit) || limit < 1)
    throw new Usage('Say: encore suggest-goals --limit 30, or encore suggest-goals --derive.')
  return withStore(async (engine, now) => {
    await write(
      `${values.derive === true ? await deriveGoals(engine, now) : await suggestGoals(engine, limit)}\n`,
    )
    return 0
  })
}

async function learnCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { 'if-due': { type: 'boolean' } })
  if (positionals.length > 0) throw new Usage('Say: encore learn, or encore learn --if-due.')
  const started = performance.now()
  return withStore(async (engine, now) => {
    if (values['if-due'] === true && !(await isEaseDue(engine))) {
      await write('Nothing much was sold since the last time.\n')
      return 0
    }
    const snapshot = new Snapshot(engine)
    await snapshot.refresh()
    const made = await makeEase(engine, snapshot.learned, now)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    await write(
      made === null
        ? 'There is nothing to learn from yet.\n'
        : `Build ${made.build}: ${made.items} products, ${made.weights} weights, ${made.bytes} bytes, ${seconds} s.\n`,
    )
    return 0
  })
}

async function siteAdd(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, { name: text, 'time-zone': text, currency: text })
  const [id, ...more] = positionals
  const ask = { id, timeZone: values['time-zone'], currency: values.currency?.toUpperCase() }
  if (id === undefined || more.length > 0 || !ask.timeZone || !ask.currency)
    throw new Usage(
      'Say: encore site add MAIN --time-zone Europe/London --currency GBP --name "High Street".',
    )
  const problem = siteProblem(ask)
  if (problem) throw new Usage(problem)
  return withStore(async (engine, now) => {
    const site = { id, name: values.name ?? id, timeZone: ask.timeZone!, currency: ask.currency! }
    const policy = (await findPolicy(engine)) ?? defaultPolicy(randomText(16))
    try {
      await addSite(engine, site, policy, now)
    } catch (error) {
      if (error instanceof GuardFailed) throw new Refused(`There is a site ${id} already.`)
      throw error
    }
    await write(`Site ${id} is added.\n`)
    return 0
  }, 'make')
}

async function keyAdd(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    role: text,
    site: text,
    partner: text,
    label: text,
    expires: text,
  })
  const role = values.role as KeyRow['role']
  if (positionals.length > 0 || !ROLES.includes(role)) throw new Usage(`Say --role ${ROLES.join('|')}.`)
  if ((role === 'partner') !== (values.partner !== undefined))
    throw new Usage('A partner key needs --partner, and no other has one.')
  const expiresMs = values.expires === undefined ? null : Date.parse(values.expires)
  if (
    expiresMs !== null &&
    (Number.isNaN(expiresMs) || !/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(values.expires!))
  )
    throw new Usage('--expires is a day or an instant with its offset, such as 2027-12-31T00:00:00Z.')
  return withStore(async (engine) => {
    let siteId: string | null = null
    if (role === 'till' || role === 'staff' || values.site !== undefined) {
      const sites = await listSites(engine)
      if (sites.length === 0) throw new Refused('There is no site yet: add one with "encore site add".')
      const site = chooseSite(sites, { id: values.site })
      if ('refused' in site) throw new Refused(site.refused)
      siteId = site.id
    }
    const key = `encore_${role}_${randomText(32)}`
    await addKey(engine, key, {
      role,
      siteId,
      partnerId: values.partner ?? null,
      label: values.label ?? role,
      expiresAt: expiresMs === null ? null : new Date(expiresMs).toISOString(),
    })
    await write(`${key}\n`)
    process.stderr.write(
      `${/^[aeiou]/.test(role) ? 'An' : 'A'} ${role} key for ${siteId === null ? 'every site' : `site ${siteId}`}. It is shown this once.\n`,
    )
    return 0
  })
}

const GUESTS: readonly string[] = ROLES.filter((role) => role !== 'till')

async function inviteCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    site: text,
    partner: text,
    staff: text,
    label: text,
    hours: text,
    origin: text,
  })
  const role = positionals[0] as KeyRow['role']
  if (positionals.length !== 1 || !GUESTS.includes(role))
    throw new Usage(`Say whom: encore invite ${GUESTS.join('|')}.`)
  if ((role === 'partner') !== (values.partner !== undefined))
    throw new Usage('An invite of a partner needs --partner, and no other has one.')
  if (values.site !== undefined && role !== 'staff' && role !== 'manager')
    throw new Usage('--site is for staff and managers.')
  const hours = Number(values.hours ?? '72')
  if (!Number.isInteger(hours) || hours < 1 || hours > 336)
    throw new Usage('--hours is a whole number from 1 to 336.')
  const origin = values.origin ?? `http://127.0.0.1:${process.env.PORT ?? 8787}`
  if (!URL.canParse(origin) || !/^https?:$/.test(new URL(origin).protocol))
    throw new Usage('--origin is where the pages are, such as https://encore.example.')
  return withStore(async (engine, now) => {
    let siteId: string | null = null
    if (role === 'staff' || values.site !== undefined) {
      const sites = await listSites(engine)
      if (sites.length === 0) throw new Refused('There is no site yet: add one with "encore site add".')
      const site = chooseSite(sites, { id: values.site })
      if ('refused' in site) throw new Refused(site.refused)
      siteId = site.id
    }
    const token = newToken()
    const guest = {
      role,
      siteId,
      partnerId: values.partner ?? null,
      staffId: values.staff ?? null,
      label: values.label ?? values.staff ?? values.partner ?? role,
    }
    const expiresAt = new Date(Date.parse(now) + hours * 3_600_000).toISOString()
    if (!(await makeInvite(engine, token, guest, expiresAt, commandLine(now))))
      throw new Refused(`There is no partner ${values.partner}.`)
    await write(`${new URL(`/sign-in?invite=${token}`, origin)}\n`)
    process.stderr.write(`It works once, until ${expiresAt}. It is shown this once.\n`)
    return 0
  })
}

/** Who is acting, for the log. */
function commandLine(now: string): By {
  const id = `cli_${randomText(12)}`
  return { actor: 'command line', role: 'owner', requestId: id, at: now, id }
}

async function sqlDump(args: string[]): Promise<number> {
  const { positionals } = parse(args, {})
  if (positionals.length > 0)
    throw new Usage('"encore sql-dump" takes nothing more: send it into a file with >.')
  return withStore(async (engine) => {
    // One reading transaction, so that what a service writes meanwhile does not tear the copy.
    engine.file.exec('begin')
    for await (const piece of dumpSql(engine)) await write(piece)
    return 0
  })
}

type Work = (engine: SqliteEngine, now: string) => Promise<number>

/**
 * Open the shop's database, do something with it, close it. `absent`: what to do where there is none, which only a
 * command that fills one makes; one that only looks has an empty one in memory.
 */
async function withStore(work: Work, absent: 'refuse' | 'make' | 'memory' = 'refuse'): Promise<number> {
  const { database: path } = readSettings(process.env)
  const exists = existsSync(path)
  if (!exists && absent === 'refuse')
    throw new Refused(
      `There is no database at ${path}. Say in ENCORE_DB where the shop's is, or begin one with "encore import" or "encore site add".`,
    )
  const database = exists || absent === 'make' ? path : ':memory:'
  const clock = clockFrom(clockStart(process.env.ENCORE_CLOCK))
  const { openSqlite } = await import('./store/sqlite.ts')
  if (absent === 'make') mkdirSync(dirname(database), { recursive: true })
  const engine = openSqlite(database, join(dirname(fileURLToPath(import.meta.url)), '../migrations'))
  // We can wait for a till that is writing; it should not have to wait for us.
  engine.file.pragma('busy_timeout = 5000')
  try {
    return await work(engine, new Date(clock()).toISOString())
  } finally {
    engine.close()
  }
}

type Option = { type: 'string' | 'boolean' }

function parse<Options extends Record<string, Option>>(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's sentence names the option; what follows it is advice for programmers.
    throw new Usage((error as Error).message.split(/\. (?=To )/)[0]!.replace(/\.?$/, '.'))
  }
}

/** A line every second on a terminal, every five seconds elsewhere; nothing for what is done sooner. */
function progressTo(stream: NodeJS.WriteStream): (step: Progress) => void {
  const everyMs = stream.isTTY ? 1000 : 5000
  let last = performance.now()
  return ({ file, doing, done, of }) => {
    const at = performance.now()
    if (at - last < everyMs && doing !== 'learn') return
    last = at
    if (doing === 'learn') stream.write('counting what goes with what\n')
    else if (doing === 'read') stream.write(`${file}: ${done.toLocaleString('en-US')} rows read\n`)
    else stream.write(`${file}: ${done.toLocaleString('en-US')} of ${of!.toLocaleString('en-US')} written\n`)
  }
}

/** Write to standard output, at the pace of who reads it. */
function write(piece: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(piece, (error) => (error ? reject(error) : resolve()))
  })
}

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    if (error instanceof Usage) {
      console.error(`${error.message}\nSee "encore help".`)
      process.exitCode = 2
      return
    }
    // A database error's own words may hold what was to be written.
    const said = error instanceof Refused ? error.message : plainly(error)
    console.error(said)
    process.exitCode = 1
  },
)

function plainly(error: unknown): string {
  if (error instanceof GuardFailed)
    return 'The shop kept writing the same rows meanwhile. What was not written is as before: say it again.'
  if (!(error instanceof Error)) return String(error)
  if ((error as { code?: string }).code === 'SQLITE_BUSY')
    return 'Another process is writing to the database. What was written stays: say it again.'
  return error.message
}

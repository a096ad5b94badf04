/**
 * Scores `POST /v1/rankings` on the packs of real retail data, as a shop system would use it: a pack's orders and
 * items are imported on the command line, then every case is asked over HTTP.
 *
 *   tsx test/measure/rankings-api.ts [folder of the packs] [pack …]
 *
 * The folder is the first argument, or ENCORE_RETAIL_DATA, or ../shared/data/retail. Needs python3 for score.py.
 */
import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip, gunzipSync } from 'node:zlib'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { addKey } from '../../src/store/key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

type Case = {
  case_id: string
  now: string
  history: [string, string[]][]
  basket: string[]
  exclude: string
  exclude_items?: string[]
  candidates?: string[] | string
}

const folder = process.argv[2] ?? process.env.ENCORE_RETAIL_DATA ?? '../shared/data/retail'
const packs =
  process.argv.length > 3 ? process.argv.slice(3) : ['or', 'or-small400', 'or-small100', 'or-newitems']
const PROTOCOLS = ['b_half_basket_new', 'a_next_new', 'b_one_item', 'b_half_basket']

if (!existsSync(folder)) {
  console.log(`The retail data is not at ${folder}: nothing measured.`)
  process.exit(0)
}

const instant = (local: string) => `${local.length === 16 ? `${local}:00` : local}Z`

async function* linesOf(path: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(path).pipe(createGunzip()) })
}

for (const pack of packs) {
  const at = join(folder, pack)
  const work = mkdtempSync(join(tmpdir(), 'encore-rankings-'))
  const database = join(work, 'shop.sqlite')
  const files = ['train.tsv.gz', 'items.tsv.gz'].map((name) => join(at, name))
  const begun = performance.now()
  execFileSync(
    process.execPath,
    [
      'dist/encore.js',
      'import',
      ...files,
      '--site',
      'S',
      '--currency',
      'GBP',
      '--time-zone',
      'UTC',
      '--apply',
    ],
    {
      env: { ...process.env, ENCORE_DB: database, ENCORE_SEED: 'none' },
      stdio: ['ignore', 'ignore', 'ignore'],
    },
  )
  console.log(`\n${pack}: imported in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  const engine = openSqlite(database, 'migrations')
  const key = 'measure'
  await addKey(engine, key, { role: 'till', siteId: 'S', partnerId: null, expiresAt: null, label: 'measure' })
  const { app } = createApp({ engine, clock: () => Date.now(), random: randomText, log: () => {} })
  const candidatesFile = join(at, 'candidates.json.gz')
  const shared = existsSync(candidatesFile)
    ? (JSON.parse(gunzipSync(readFileSync(candidatesFile)).toString()) as unknown)
    : undefined

  for (const protocol of PROTOCOLS.filter((name) => readdirSync(at).includes(`${name}.cases.jsonl.gz`))) {
    const answers: string[] = []
    const started = performance.now()
    for await (const text of linesOf(join(at, `${protocol}.cases.jsonl.gz`))) {
      const one = JSON.parse(text) as Case
      const exclude = [
        ...(one.exclude.includes('history') ? one.history.flatMap(([, items]) => items) : []),
        ...(one.exclude_items ?? []),
      ]
      const candidates = Array.isArray(one.candidates) ? one.candidates : (shared as string[] | undefined)
      const response = await app.request('/v1/rankings', {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          purpose: protocol.startsWith('b_') ? 'checkout' : 'next',
          basket: one.basket,
          history: one.history.map(([time, items]) => ({ at: instant(time), items })),
          exclude: [...new Set(exclude)],
          candidates,
          limit: 20,
          asOf: instant(one.now),
        }),
      })
      const body = (await response.json()) as { ranked?: { sku: string }[] }
      if (!body.ranked) throw new Error(JSON.stringify(body))
      answers.push(JSON.stringify({ case_id: one.case_id, ranked: body.ranked.map(({ sku }) => sku) }))
    }
    const mine = join(work, `${protocol}.jsonl`)
    writeFileSync(mine, `${answers.join('\n')}\n`)
    const scored = execFileSync('python3', [
      join(folder, 'score.py'),
      ...[
        '--truth',
        join(at, `${protocol}.truth.jsonl.gz`),
        '--cases',
        join(at, `${protocol}.cases.jsonl.gz`),
      ],
      ...['--items', join(at, 'items.tsv.gz'), '--pred', mine, '--boot', '300'],
    ]).toString()
    const perCase = (performance.now() - started) / answers.length
    console.log(
      `${protocol}: ${answers.length} cases, ${perCase.toFixed(2)} ms a case, ${/ndcg@10.*/.exec(scored)?.[0]}`,
    )
  }
  engine.close()
}

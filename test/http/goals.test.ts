/** The taxonomy of goals: begun with the starter set or written by hand, sound whatever is said; on both engines. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Goal } from '../../src/core/goal.ts'
import { goalProblems, STARTER_GOALS } from '../../src/core/goal.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { createApp } from '../../src/http/app.ts'
import { NO_GOALS, suggestGoals } from '../../src/import/suggest.ts'
import { randomText } from '../../src/settings.ts'
import { openD1 } from '../../src/store/d1.ts'
import type { Engine } from '../../src/store/engine.ts'
import { statement } from '../../src/store/engine.ts'
import { addKey } from '../../src/store/key.ts'
import { addSite } from '../../src/store/site.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, migrateD1, SEEDED_AT } from '../support/engines.ts'
import type { Call } from '../support/office.ts'
import { callOver, openOffice } from '../support/office.ts'
import type { Shop } from '../support/shop.ts'
import { asker, ENGINES, ORIGIN } from '../support/shop.ts'

function unversioned(goal: any): any {
  const { version: _, ...rest } = goal
  return rest
}

type Own = Pick<Shop, 'ask' | 'engine'> & { call: Call }

/** A shop of one's own: one site, a till, an owner, and nothing else. */
async function ownShop(kind: (typeof ENGINES)[number]): Promise<Own> {
  const { engine, send } = kind === 'node' ? onNode() : await atTheEdge()
  const site = { id: 'MAIN', name: 'High Street', timeZone: 'Europe/London', currency: 'GBP' }
  const policy = { ...defaultPolicy('own'), silenceShare: 0, holdoutShare: 0 }
  await addSite(engine, site, policy, SEEDED_AT)
  const key = { partnerId: null, expiresAt: null }
  await addKey(engine, 'own_till', { ...key, role: 'till', siteId: 'MAIN', label: 'Till' })
  await addKey(engine, 'own_owner', { ...key, role: 'owner', siteId: null, label: 'Owner' })
  const ask = asker(send)
  const asOwner = callOver((method, path, body, who, headers) =>
    ask(method, path, body, who === 'owner' ? 'own_owner' : who, headers),
  )
  return { engine, ask, call: asOwner }
}

function onNode() {
  const engine = openSqlite(':memory:', 'migrations')
  const { app, deps } = createApp({
    engine,
    clock: () => Date.parse(SEEDED_AT),
    random: randomText,
    log: () => {},
  })
  onTestFinished(async () => {
    await deps.recorder.flush()
    engine.close()
  })
  return { engine, send: async (path: string, init: RequestInit) => app.request(`${ORIGIN}${path}`, init) }
}

async function atTheEdge() {
  const persist = mkdtempSync(join(tmpdir(), 'encore-goals-'))
  const { miniflare, database } = await edge({ persist, clock: SEEDED_AT })
  onTestFinished(async () => {
    await miniflare.dispose()
    rmSync(persist, { recursive: true, force: true })
  })
  const d1 = await database()
  await migrateD1(d1)
  const send = async (path: string, init: RequestInit) =>
    (await miniflare.dispatchFetch(`${ORIGIN}${path}`, init as never)) as unknown as Response
  return { engine: openD1(d1), send }
}

const SHOES = { name: 'Dance shoes, pink leather', quantity: 1, unitPrice: 2400 }
const sell = (ask: Shop['ask']) =>
  ask(
    'POST',
    '/v1/purchases',
    {
      purchases: [1, 2, 3].map((n) => ({
        source: 'till',
        externalId: `o${n}`,
        site: 'MAIN',
        customer: `c${n}`,
        soldAt: `2026-03-0${n}T11:00:00Z`,
        lines: [
          { ...SHOES, sku: `D${n}`, name: `Dance shoes, model ${n}` },
          { sku: 'C1', name: 'Beeswax candle', quantity: 1, unitPrice: 900 },
        ],
      })),
    },
    'own_till',
  )

const pollAbout = (goal: string) => ({
  goal,
  question: 'Would a dance class close by interest you?',
  touchpoints: [],
  goAnswers: 10,
  goYes: 5,
  goShare: 0.4,
  opensOn: '2026-03-14',
  closesOn: '2026-05-30',
})

/** Everything that a refused request must leave alone. */
const kept = async (engine: Engine) => [
  await engine.all(statement('select * from goal order by slug')),
  await engine.all(statement('select n from revision')),
  await engine.all(statement('select count(*) n from past')),
  await engine.all(statement('select count(*) n from audit')),
]

/** What a basket is heard to say, by its own explanation. */
async function heard({ ask, call }: Own): Promise<string[]> {
  const { body: answer } = await ask(
    'POST',
    '/v1/recommendations',
    { basket: { lines: [SHOES] } },
    'own_till',
  )
  const { body } = await call('GET', `/v1/recommendations/${answer.id}/explanation`)
  return body.goals
    .filter(({ evidence }: any) => evidence.some(({ id }: any) => id === 'basket:0'))
    .map(({ goal }: any) => goal)
}

describe.each(ENGINES)('%s', (kind) => {
  test('a shop without goals takes the starter set once, and all that waits for goals works', async () => {
    const own = await ownShop(kind)
    const { engine, ask, call } = own
    expect((await sell(ask)).status).toBe(207)
    expect((await call('GET', '/v1/goals')).body).toEqual({ goals: [] })
    expect(await suggestGoals(engine, 5)).toBe(NO_GOALS)
    expect((await call('GET', '/v1/mappings')).body.suggestions).toEqual([])
    expect((await call('POST', '/v1/polls', pollAbout('mv-dance'))).status).toBe(422)

    const begun = await call('POST', '/v1/goals/starter', {})
    expect(begun.status).toBe(201)
    const withoutVersion = begun.body.goals.map(unversioned)
    expect(withoutVersion).toHaveLength(STARTER_GOALS.length)
    expect(withoutVersion).toEqual(expect.arrayContaining([...STARTER_GOALS]))
    const before = await kept(engine)
    expect((await call('POST', '/v1/goals/starter', {})).status).toBe(409)
    expect(await kept(engine)).toEqual(before)

    expect(await suggestGoals(engine, 5)).toContain('→ mv-dance')
    const { suggestions } = (await call('GET', '/v1/mappings')).body
    const dance = suggestions.find(({ goal }: any) => goal === 'mv-dance')
    expect(dance.term).toBe('dance')
    expect(await heard(own)).toEqual([])
    const { kind: about, term, goal } = dance
    const decided = await call('POST', '/v1/mappings', {
      decisions: [{ kind: about, term, goal, decision: 'accepted' }],
    })
    expect(decided.body).toMatchObject({ added: 3, results: [{ status: 'accepted' }] })
    expect(await heard(own)).toEqual(['mv-dance'])
    expect((await call('POST', '/v1/polls', pollAbout('mv-dance'))).status).toBe(201)
    const partner = { name: 'Barre None', trade: 'dance school', goals: ['mv-dance'] }
    expect((await call('POST', '/v1/partners', partner)).status).toBe(201)
  })

  test('a goal is written, changed by who read it, and known to the very next call of a till', async () => {
    const own = await ownShop(kind)
    const { engine, call } = own
    await sell(own.ask)
    const path = '/v1/goals/dancing'
    const made = await call('PUT', path, { name: 'Dancing' })
    expect([made.status, made.body.parent, made.body.baseRate]).toEqual([201, null, 0.2])
    const accept = { kind: 'facet', term: 'dance', goal: 'dancing', decision: 'accepted' }
    expect((await call('POST', '/v1/mappings', { decisions: [accept] })).body.results[0].status).toBe(
      'accepted',
    )
    expect(await heard(own)).toEqual(['dancing'])

    // The same again, as after a lost answer: nothing happens.
    const before = await kept(engine)
    const again = await call('PUT', path, { name: 'Dancing' })
    expect([again.status, again.etag, again.body]).toEqual([200, made.etag, made.body])
    expect(await kept(engine)).toEqual(before)

    const change = { name: 'Dance', question: 'Is there a lot of dancing at home?' }
    expect((await call('PUT', path, change)).status).toBe(428)
    expect((await call('PUT', path, change, { ifMatch: '"999"' })).status).toBe(412)
    expect((await call('PUT', '/v1/goals/nothing', change, { ifMatch: made.etag })).status).toBe(412)
    expect(await kept(engine)).toEqual(before)
    const changed = await call('PUT', path, change, { ifMatch: made.etag })
    expect([changed.status, changed.body.name]).toEqual([200, 'Dance'])
    expect(changed.etag).not.toBe(made.etag)
    expect((await call('PUT', path, { name: 'Ballet' }, { ifMatch: made.etag })).status).toBe(412)
    const map = (await call('GET', '/v1/goals/map')).body.goals
    expect(map.map(({ goal, name }: any) => [goal, name])).toEqual([['dancing', 'Dance']])
    const log = (await call('GET', '/v1/audit?object=goal&id=dancing')).body.lines
    expect(log.map(({ action }: any) => action)).toEqual(['edited', 'added'])
  })

  test('what is refused names its field and changes nothing', async () => {
    const { shop, call } = await openOffice(kind)
    const { goals } = (await call('GET', '/v1/goals')).body
    const before = await kept(shop.engine)
    const put = (slug: string, change: Partial<Goal>) => {
      const { version, slug: _, ...record } = goals.find((goal: any) => goal.slug === slug) ?? { name: 'New' }
      const ifMatch = version === undefined ? null : `"${version}"`
      return call('PUT', `/v1/goals/${slug}`, { ...record, ...change }, { ifMatch })
    }
    const cases: [string, Partial<Goal>, number, string][] = [
      ['new-one', { parent: 'nowhere' }, 422, 'parent'],
      ['new-one', { parent: 'new-one' }, 409, 'parent'],
      ['new-one', { parent: 'mv-dance' }, 409, 'parent'],
      ['music', { parent: 'music-instrument' }, 409, 'parent'],
      ['growing-up', { parent: 'mv-swim' }, 409, 'parent'],
      ['mv-dance', { toldOnly: true, question: null }, 409, 'toldOnly'],
      ['mil-faith', { question: 'Is there a christening to come?' }, 409, 'question'],
      ['new-one', { ageMinMonths: 60, ageMaxMonths: 12 }, 409, 'ageMaxMonths'],
      ['new-one', { baseRate: 1.5 }, 400, 'baseRate'],
      ['new-one', { name: '  ' }, 400, 'name'],
      ['new-one', { question: 'Tell us.' }, 422, 'question'],
      ['New One', {}, 400, 'slug'],
      ['new-one', { told: true } as object, 400, 'told'],
    ]
    for (const [slug, change, status, field] of cases) {
      const { status: was, body } = await put(slug, change)
      expect([slug, change, was, body.errors.map((each: any) => each.field)]).toEqual([
        slug,
        change,
        status,
        expect.arrayContaining([field]),
      ])
    }
    expect(await kept(shop.engine)).toEqual(before)
  })

  test('whatever is written, one after another or at once, the taxonomy that is kept is sound', async () => {
    const { call } = await ownShop(kind)
    const NAMES = ['a', 'b', 'c', 'd', 'e']
    const writes = fc.record({
      slug: fc.constantFrom(...NAMES),
      parent: fc.option(fc.constantFrom(...NAMES, 'z')),
      ageMinMonths: fc.option(fc.constantFrom(0, 24)),
      ageMaxMonths: fc.option(fc.constantFrom(12, 48)),
      toldOnly: fc.boolean(),
      question: fc.option(fc.constant('Is that so?')),
    })
    const read = async (): Promise<any[]> => (await call('GET', '/v1/goals')).body.goals
    const put = async ({ slug, ...change }: any, among: any[]) => {
      const version = among.find((goal) => goal.slug === slug)?.version
      const { status } = await call(
        'PUT',
        `/v1/goals/${slug}`,
        { name: slug, ...change },
        { ifMatch: version === undefined ? null : `"${version}"` },
      )
      expect([200, 201, 409, 412, 422, 428]).toContain(status)
      return status
    }
    const seen = new Set<number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(writes, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 6 }),
        async (turns) => {
          for (const together of turns) {
            const among = await read()
            for (const status of await Promise.all(together.map((write) => put(write, among))))
              seen.add(status)
            expect(goalProblems(await read())).toEqual([])
          }
        },
      ),
      { numRuns: kind === 'node' ? 60 : 6 },
    )
    expect([...seen]).toEqual(expect.arrayContaining([201, 409]))
    // Each under the other, at once: one of them at most.
    const top = { parent: null, ageMinMonths: null, ageMaxMonths: null, toldOnly: false, question: null }
    for (const slug of NAMES) await put({ slug, ...top }, await read())
    const among = await read()
    const both = [
      put({ slug: 'a', ...top, parent: 'b' }, among),
      put({ slug: 'b', ...top, parent: 'a' }, among),
    ]
    expect((await Promise.all(both)).toSorted((a, b) => a - b)).toEqual([200, 409])
    expect(goalProblems(await read())).toEqual([])
  })

  test('answers of before come out again as they were', async () => {
    const { shop, call } = await openOffice(kind)
    const basket = { lines: [{ sku: 'DR-204-6', quantity: 1, unitPrice: 9600 }] }
    const ana = { customer: 'g01-ana', staff: 'st_maya', basket }
    const { body: answer } = await shop.ask('POST', '/v1/recommendations', ana)
    expect(answer.primary.goals).toEqual(['music-instrument'])
    // Whose words are in the answer.
    const { goals } = (await call('GET', '/v1/goals')).body
    const { version, slug, ...record } = goals.find((goal: any) => goal.slug === answer.ask.goal)
    const change = { ...record, baseRate: 0.01, question: 'Would swimming be something for your child?' }
    const { status } = await call('PUT', `/v1/goals/${slug}`, change, { ifMatch: `"${version}"` })
    expect(status).toBe(200)
    expect((await call('PUT', '/v1/goals/chess', { name: 'Chess', parent: 'enrich' })).status).toBe(201)
    const { body } = await call('GET', `/v1/recommendations/${answer.id}/replay`)
    expect([body.same, body.reason]).toEqual([true, null])
    expect(body.answer).toEqual(answer)
  })
})

test('the starter set is sound, and every goal of it could be written by hand', async () => {
  expect(goalProblems(STARTER_GOALS)).toEqual([])
  const { call } = await ownShop('node')
  for (const { slug, ...record } of STARTER_GOALS)
    expect([slug, (await call('PUT', `/v1/goals/${slug}`, record)).status]).toEqual([slug, 201])
  const written = (await call('GET', '/v1/goals')).body.goals
  expect(written.map(unversioned)).toEqual(expect.arrayContaining([...STARTER_GOALS]))
})

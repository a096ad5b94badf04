/** Signing in without a password, and requests that are sent twice; on both engines. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OpenAPIHono } from '@hono/zod-openapi'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { DEMO_KEYS } from '../../seed/juniper-row.ts'
import { createApp } from '../../src/http/app.ts'
import type { Deps, Env } from '../../src/http/app-context.ts'
import { idempotent } from '../../src/http/idempotency.ts'
import { Problem, problemResponse } from '../../src/http/problem.ts'
import { asking } from '../../src/pages/ask.ts'
import { pathOf } from '../../src/pages/sign-in.tsx'
import { randomText } from '../../src/settings.ts'
import { forgetKeys } from '../../src/store/key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { SEEDED_AT } from '../support/engines.ts'
import { ENGINES } from '../support/shop.ts'
import type { House } from '../support/visitor.ts'
import { FORM, form, ORIGIN, openHouse, somebody } from '../support/visitor.ts'

const OWNER: Record<string, string> = { authorization: 'Bearer encore_owner_demo' }
const json = (headers: Record<string, string>, body: unknown, method = 'POST'): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
const MAYA = { role: 'staff', site: 'BK', staff: 'st_maya', label: 'Maya' }

async function invited(house: House, ask: object = MAYA, headers: Record<string, string> = OWNER) {
  const answer = await house.send('/v1/invites', json(headers, ask))
  expect(answer.status).toBe(201)
  const { url, expiresAt } = (await answer.json()) as { url: string; expiresAt: string }
  const link = new URL(url)
  return { link: link.pathname + link.search, token: link.searchParams.get('invite')!, expiresAt }
}
const cookieOf = (answer: Response) => answer.headers.get('set-cookie') ?? ''
const cookieFrom = (answer: Response) => ({ cookie: cookieOf(answer).split(';')[0]!, origin: ORIGIN })
const count = async ({ engine }: House, sql: string) =>
  (await engine.all<{ n: number }>({ sql: `select count(*) n from ${sql}`, params: [] }))[0]!.n

describe.each(ENGINES)('%s', (kind) => {
  test('a link signs in once: looking does not use it up, and of 50 who use it at once one is in', async () => {
    const house = await openHouse(kind)
    const { link, token } = await invited(house)
    expect(token).toMatch(/^[0-9a-f]{64}$/)
    for (let i = 0; i < 3; i++) {
      const looked = await house.send(link)
      expect(looked.status).toBe(200)
      expect(await looked.text()).toMatch(/Maya.*floor staff.*Damen Street/s)
    }
    expect((await house.send(link, { method: 'HEAD' })).status).toBe(200)
    expect(await count(house, 'signIn')).toBe(0)

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => house.send('/sign-in', form({ invite: token }))),
    )
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses).toEqual([303, ...Array(49).fill(410)])
    expect(await count(house, 'signIn')).toBe(1)
    expect(answers.filter((answer) => cookieOf(answer) !== '')).toHaveLength(1)
    expect(await count(house, `audit where object = 'invite' and action = 'used'`)).toBe(1)
    expect(await count(house, `audit where object = 'invite' and action = 'made'`)).toBe(1)

    const again = await house.send(link)
    expect(again.status).toBe(410)
    expect(await again.text()).toMatch(/used already.*Ask the owner or a manager/s)
    const unknown = await house.send('/sign-in?invite=nothing')
    expect([unknown.status, /not one of ours/.test(await unknown.text())]).toEqual([404, true])
    // What is kept opens nothing.
    const kept = await house.engine.all<Record<string, string>>({ sql: 'select * from invite', params: [] })
    expect(JSON.stringify(kept)).not.toContain(token)
  })

  test('the cookie is closed to scripts and other sites, lasts as long as its role, and opens what the role may', async () => {
    const house = await openHouse(kind)
    const { token } = await invited(house)
    const answer = await house.send('/sign-in', form({ invite: token }))
    expect(answer.headers.get('location')).toBe('/staff/alliances')
    expect(cookieOf(answer)).toMatch(
      /^encore_sign_in=[0-9a-f]{64}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const maya = cookieFrom(answer)
    const held = await house.send('/v1/customers/g01-ana/evidence', { headers: maya })
    expect(held.status).toBe(200)
    expect((await house.send('/v1/sign-ins', { headers: maya })).status).toBe(403)
    expect(await (await house.send('/', { headers: maya })).text()).toMatch(
      /href="\/staff\/alliances".*Maya.*Sign out/s,
    )

    const partner = await invited(house, { role: 'partner', partner: 'P02', label: 'Northside' })
    const https = { 'x-forwarded-proto': 'https' }
    const there = await house.send('/sign-in', form({ invite: partner.token }, https))
    expect(there.headers.get('location')).toBe('/partner')
    expect(cookieOf(there)).toMatch(/Max-Age=5184000;.*Secure/)

    const reads = async (headers: Record<string, string>) =>
      (await house.send('/v1/customers/g01-ana/evidence', { headers })).status
    await house.at('2026-04-12T16:42:00.000Z')
    expect(await reads(maya)).toBe(200)
    await house.at('2026-04-13T16:43:00.000Z')
    expect([await reads(maya), await reads(cookieFrom(there))]).toEqual([401, 403])
    await house.at('2026-05-13T16:43:00.000Z')
    expect(await reads(cookieFrom(there))).toBe(401)
    expect(await (await house.send('/', { headers: maya })).text()).not.toContain('Maya')
  })

  test('a link waits as long as it says, and no longer', async () => {
    const house = await openHouse(kind)
    const { link, token, expiresAt } = await invited(house, { ...MAYA, hours: 2 })
    expect(expiresAt.slice(0, 16)).toBe('2026-03-14T18:42')
    await house.at('2026-03-14T18:50:00.000Z')
    const looked = await house.send(link)
    expect([looked.status, /too old/.test(await looked.text())]).toEqual([410, true])
    expect((await house.send('/sign-in', form({ invite: token }))).status).toBe(410)
    expect(await count(house, 'signIn')).toBe(0)
  })

  test('who may invite whom, and only to what there is', async () => {
    const house = await openHouse(kind)
    const manager = await somebody(house, 'key', 'manager', { siteId: 'BK' })
    const answer = async (ask: object, headers = OWNER) => {
      const answer = await house.send('/v1/invites', json(headers, ask))
      const body = (await answer.json()) as { code?: string; errors?: { field: string }[] }
      return [answer.status, body.code ?? null, body.errors?.[0]?.field ?? null]
    }
    const made = [201, null, null]
    expect(await answer({ role: 'owner', label: 'Rosa' })).toEqual(made)
    expect(await answer({ role: 'owner', label: 'Rosa' }, manager)).toEqual([403, 'forbidden', 'role'])
    expect(await answer({ role: 'manager', label: 'Ben' }, manager)).toEqual([403, 'forbidden', 'role'])
    expect(await answer({ role: 'partner', partner: 'P02', label: 'N' }, manager)).toEqual(made)
    expect(await answer({ role: 'staff', label: 'Tom' }, manager)).toEqual(made)
    expect(await answer({ ...MAYA, site: 'LS' }, manager)).toEqual([403, 'forbidden', 'site'])
    expect(await answer({ ...MAYA, site: 'XX' })).toEqual([422, 'unknown_reference', 'site'])
    expect(await answer({ ...MAYA, staff: 'st_no' })).toEqual([422, 'unknown_reference', 'staff'])
    expect(await answer({ role: 'partner', partner: 'P99', label: 'N' })).toEqual([
      422,
      'unknown_reference',
      'partner',
    ])
    for (const [ask, field] of [
      [{ role: 'staff', label: 'x' }, 'site'],
      [{ role: 'till', label: 'x' }, 'role'],
      [{ role: 'partner', label: 'x' }, 'partner'],
      [{ ...MAYA, partner: 'P02' }, 'partner'],
      [{ ...MAYA, hours: 337 }, 'hours'],
      [{ role: 'owner', site: 'BK', label: 'x' }, 'site'],
    ] as const)
      expect(await answer(ask), JSON.stringify(ask)).toEqual([400, 'invalid_request', field])
  })

  test('another site’s page can do nothing with the cookie, and a form must come from here', async () => {
    const house = await openHouse(kind)
    const { cookie } = await somebody(house, 'cookie', 'owner')
    const ask = (headers: Record<string, string>) =>
      house.send('/v1/invites', json({ cookie: cookie!, ...headers }, MAYA)).then(({ status }) => status)
    expect(await ask({ origin: 'https://elsewhere.example' })).toBe(403)
    expect(await ask({})).toBe(403)
    expect(await ask({ 'sec-fetch-site': 'cross-site', origin: ORIGIN })).toBe(403)
    expect(await ask({ 'sec-fetch-site': 'same-site', origin: ORIGIN })).toBe(403)
    expect(await ask({ 'sec-fetch-site': 'same-origin' })).toBe(201)
    expect(await ask({ origin: ORIGIN })).toBe(201)
    const away = { origin: 'https://elsewhere.example' }
    const { token } = await invited(house)
    expect((await house.send('/sign-in', form({ invite: token }, away))).status).toBe(403)
    expect((await house.send('/sign-out', form({}, { cookie: cookie!, ...away }))).status).toBe(403)
    expect((await house.send('/v1/sign-ins', { headers: { cookie: cookie! } })).status).toBe(200)
    expect((await house.send('/sign-in', form({ invite: token }))).status).toBe(303)
  })

  test('signing out, or being signed out, ends it for the very next request', async () => {
    const house = await openHouse(kind)
    const maya = cookieFrom(await house.send('/sign-in', form({ as: 'maya' })))
    const rosa = cookieFrom(await house.send('/sign-in', form({ as: 'rosa' })))
    const status = async (headers: Record<string, string>, path = '/v1/customers/g01-ana/evidence') =>
      (await house.send(path, { headers })).status
    expect([await status(maya), await status(rosa)]).toEqual([200, 200])
    type SignIns = { items: { id: string; label: string; staff: string }[]; next: string | null }
    const list = async () => (await (await house.send('/v1/sign-ins', { headers: rosa })).json()) as SignIns
    const { items, next } = await list()
    expect([items.map(({ label }) => label).sort(), next]).toEqual([['Maya', 'Rosa'], null])
    expect(JSON.stringify(items)).not.toContain(maya.cookie.split('=')[1]!.slice(0, 16))
    const { id } = items.find(({ staff }) => staff === 'st_maya')!
    const end = () =>
      house.send(`/v1/sign-ins/${id}`, { method: 'DELETE', headers: rosa }).then((answer) => answer.json())
    expect(await end()).toEqual({ revoked: true, reason: null })
    expect(await end()).toEqual({ revoked: false, reason: 'NOT_SIGNED_IN' })
    expect([await status(maya), await status(rosa)]).toEqual([401, 200])
    const out = await house.send('/sign-out', form({}, rosa))
    expect([out.status, cookieOf(out).includes('Max-Age=0')]).toEqual([303, true])
    expect(await status(rosa)).toBe(401)
    expect(await count(house, `audit where object = 'signIn' and action = 'revoked'`)).toBe(2)
    const page = await house.send('/sign-in', { headers: rosa })
    expect(await page.text()).not.toContain('Sign out')
  })

  test('a manager signs out staff and partners, and sees those of the own site', async () => {
    const house = await openHouse(kind)
    for (const as of ['maya', 'jo', 'rosa', 'northside']) await house.send('/sign-in', form({ as }))
    const manager = await somebody(house, 'key', 'manager', { siteId: 'BK' })
    const seen = async (headers: Record<string, string>) =>
      ((await (await house.send('/v1/sign-ins', { headers })).json()) as any).items as {
        id: string
        label: string
      }[]
    expect((await seen(manager)).map(({ label }) => label).sort()).toEqual(['Maya', 'Northside Conservatory'])
    const all = await seen(OWNER)
    const end = async (label: string, by: Record<string, string>) => {
      const { id } = all.find((each) => each.label === label)!
      const answer = await house.send(`/v1/sign-ins/${id}`, { method: 'DELETE', headers: by })
      return [answer.status, ((await answer.json()) as { revoked?: boolean }).revoked]
    }
    expect(await end('Jo', manager)).toEqual([200, false])
    expect(await end('Rosa', manager)).toEqual([200, false])
    expect(await end('Maya', manager)).toEqual([200, true])
    const everywhere = await somebody(house, 'key', 'manager')
    expect((await end('Rosa', everywhere))[0]).toBe(403)
    expect(await end('Rosa', OWNER)).toEqual([200, true])
  })

  test('an Idempotency-Key gets the same answer again; with another body it is refused', async () => {
    const house = await openHouse(kind)
    const send = (body: object, key = 'k-1', headers = OWNER) =>
      house.send(
        '/v1/customers/g01-ana/consents',
        json({ ...headers, 'idempotency-key': key }, { site: 'BK', ...body }),
      )
    const consent = { eventId: 'c-1', purpose: 'letter', decision: 'granted' }
    const first = await send(consent)
    const text = await first.text()
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([200, null])
    const again = await send(consent)
    expect([again.status, await again.text(), again.headers.get('idempotency-replayed')]).toEqual([
      200,
      text,
      'true',
    ])
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'))
    const other = await send({ ...consent, decision: 'withdrawn' })
    const { code, errors } = (await other.json()) as any
    expect([other.status, code, errors[0].field]).toEqual([422, 'id_reused', 'Idempotency-Key'])
    // Somebody else's key of the same name is another one.
    const manager = await somebody(house, 'key', 'manager')
    const theirs = await send(consent, 'k-1', manager)
    expect([theirs.status, theirs.headers.get('idempotency-replayed')]).toEqual([200, null])
    expect((await send(consent, 'a b')).status).toBe(400)
    expect((await send(consent, 'x'.repeat(81))).status).toBe(400)
    // A link is kept nowhere, also not here.
    await house.send('/v1/invites', json({ ...OWNER, 'idempotency-key': 'k-2' }, MAYA))
    expect(await count(house, 'idempotency')).toBe(2)
    await house.at('2026-03-16T16:43:00.000Z')
    const late = await send(consent)
    expect([late.status, late.headers.get('idempotency-replayed')]).toEqual([200, null])
  })

  test('of many with one key one is done; an error of ours is tried again; who never came back is taken over', async () => {
    const house = await openHouse(kind)
    let nowMs = Date.parse(SEEDED_AT)
    let done = 0
    let answers: (n: number) => Response | Promise<Response> = (n) =>
      Response.json({ n }, { status: 201, headers: { etag: `"${n}"` } })
    const app = new OpenAPIHono<Env>()
    app.use(async (c, next) => {
      c.set('deps', { engine: house.engine, clock: () => nowMs } as Deps)
      c.set('credential', 'c'.repeat(64))
      c.set('requestId', 'req_test')
      await next()
    })
    app.use(idempotent())
    app.post('/v1/things', () => answers(++done))
    app.onError((error, c) => problemResponse(c, error instanceof Problem ? error : new Problem('internal')))
    const send = async (key: string, body: unknown = {}) => {
      const answer = await app.request('/v1/things', json({ 'idempotency-key': key }, body))
      const { n, code } = (await answer.json()) as { n?: number; code?: string }
      return [answer.status, n ?? code, answer.headers.get('etag')]
    }
    const all = await Promise.all(Array.from({ length: 20 }, () => send('same')))
    expect(done).toBe(1)
    for (const each of all)
      expect([[201, 1, '"1"'].join(), [409, 'conflict', null].join()]).toContain(each.join())
    expect(await send('same')).toEqual([201, 1, '"1"'])
    expect(await send('same', { other: 1 })).toEqual([422, 'id_reused', null])

    answers = () => {
      throw new Error('lost')
    }
    expect(await send('broken')).toEqual([500, 'internal', null])
    answers = (n) => Response.json({ n })
    expect(await send('broken')).toEqual([200, 3, null])

    answers = () => {
      throw new Problem('conflict')
    }
    expect(await send('refused')).toEqual([409, 'conflict', null])
    answers = (n) => Response.json({ n })
    expect(await send('refused')).toEqual([409, 'conflict', null])

    let release = () => {}
    answers = (n) => new Promise((resolve) => (release = () => resolve(Response.json({ n }))))
    const before = done
    const slow = send('slow')
    while (done === before) await new Promise((resolve) => setImmediate(resolve))
    answers = (n) => Response.json({ n })
    expect(await send('slow')).toEqual([409, 'conflict', null])
    nowMs += 61_000
    expect(await send('slow')).toEqual([200, before + 2, null])
    release()
    expect(await slow).toEqual([200, before + 1, null])
    expect(await send('slow')).toEqual([200, before + 2, null])
  })
})

test('encore invite shows a link that signs in, and refuses what there is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'encore-invite-'))
  const database = join(folder, 'shop.sqlite')
  cpSync(join(inject('templates'), 'seeded.sqlite'), database)
  const encore = (...args: string[]) => {
    const env = { PATH: process.env.PATH, ENCORE_DB: database, ENCORE_CLOCK: SEEDED_AT }
    return spawnSync(process.execPath, ['dist/encore.js', 'invite', ...args], { env, encoding: 'utf8' })
  }
  const made = encore('staff', '--site', 'BK', '--staff', 'st_maya', '--origin', ORIGIN)
  expect([made.status, made.stderr]).toEqual([0, expect.stringContaining('works once')])
  expect(encore('partner', '--partner', 'P99').status).toBe(1)
  expect(encore('staff', '--site', 'XX').status).toBe(1)
  for (const args of [[], ['till'], ['partner'], ['owner', '--site', 'BK'], ['owner', '--hours', '0']])
    expect(encore(...args).status, args.join(' ')).toBe(2)
  const engine = openSqlite(database, 'migrations')
  onTestFinished(() => {
    engine.close()
    rmSync(folder, { recursive: true })
  })
  const clock = () => Date.parse(SEEDED_AT) + 60_000
  const { app } = createApp({ engine, clock, random: randomText, log: () => {} })
  const link = new URL(made.stdout.trim())
  expect(link.origin).toBe(ORIGIN)
  const answer = await app.request(`${ORIGIN}/sign-in`, form({ invite: link.searchParams.get('invite')! }))
  expect([answer.status, cookieOf(answer).startsWith('encore_sign_in=')]).toEqual([303, true])
})

describe('pages', () => {
  test('a stranger is sent to sign in and comes to where they wanted to go; another role reads why not', async () => {
    expect(
      [
        '/reference?a=b#c',
        '//evil.example',
        '/\\evil.example',
        'https://evil.example',
        '/a\nb',
        '',
        undefined,
      ].map(pathOf),
    ).toEqual(['/reference?a=b#c', null, null, null, null, null, null])
    const house = await openHouse('node')
    const { token } = await invited(house)
    const looked = await house.send(`/sign-in?invite=${token}&to=/reference`)
    expect(await looked.text()).toContain('name="to" value="/reference"')
    const answer = await house.send('/sign-in', form({ invite: token, to: '/reference' }))
    expect(answer.headers.get('location')).toBe('/reference')
    const lured = await house.send('/sign-in', form({ as: 'maya', to: '//evil.example' }))
    expect(lured.headers.get('location')).toBe('/staff/alliances')
    const reader = { accept: 'text/html' }
    const nothing = await house.send('/nowhere', { headers: reader })
    expect([nothing.status, nothing.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
    expect(await nothing.text()).toContain('There is nothing here.')
    const away = form({ as: 'maya' }, { ...reader, origin: 'https://elsewhere.example' })
    const refused = await house.send('/sign-in', away)
    expect([refused.status, /not for you to open/.test(await refused.text())]).toEqual([403, true])
  })

  test('ask the API with the rights of whoever reads them, and post only what came from here', async () => {
    const engine = openSqlite(':memory:', 'migrations')
    onTestFinished(() => engine.close())
    const clock = () => Date.parse(SEEDED_AT)
    const { app } = createApp({ engine, clock, random: randomText, log: () => {} })
    const pages = new OpenAPIHono<Env>()
    pages.all('/list', async (c) => c.json(await asking(c, app)('GET', '/v1/sign-ins')))
    pages.all('/invite', async (c) =>
      c.json(await asking(c, app)('POST', '/v1/invites', { role: 'owner', label: 'R' })),
    )
    const said = async (path: string, init: RequestInit = {}) =>
      (await (await pages.request(ORIGIN + path, init)).json()) as any
    const house = { engine }
    const owner = await somebody(house, 'cookie', 'owner')
    const partner = await somebody(house, 'cookie', 'partner', { partnerId: 'P02' })
    expect(await said('/list')).toMatchObject({ ok: false, status: 401, code: 'key_missing', errors: [] })
    expect(await said('/list', { headers: partner })).toMatchObject({
      ok: false,
      status: 403,
      code: 'forbidden',
    })
    const listed = await said('/list', { headers: owner })
    expect([listed.ok, listed.status, listed.etag, listed.body.items.length]).toEqual([true, 200, null, 2])
    const made = await said('/invite', { method: 'POST', headers: owner })
    expect([made.status, made.body.url.startsWith(`${ORIGIN}/sign-in?invite=`)]).toEqual([201, true])
    const away = { ...owner, origin: 'https://elsewhere.example' }
    expect(await said('/invite', { method: 'POST', headers: away })).toMatchObject({ ok: false, status: 403 })
  })

  test('only the demo shop lets people in by name', async () => {
    const house = await openHouse('node')
    expect(await (await house.send('/sign-in')).text()).toContain('Rosa, the owner')
    expect((await house.send('/sign-in', form({ as: 'constructor' }))).status).toBe(403)
    await house.engine.atomic([
      { sql: `delete from apiKey where label like '%' and role = 'till'`, params: [] },
    ])
    expect(await (await house.send('/sign-in')).text()).not.toContain('Rosa')
    const answer = await house.send('/sign-in', form({ as: 'rosa' }))
    expect([answer.status, cookieOf(answer)]).toEqual([403, ''])
    expect(await count(house, 'signIn')).toBe(0)
  })

  test('a form has its limits', async () => {
    const house = await openHouse('node')
    const init = { method: 'POST', headers: FORM, body: `invite=${'x'.repeat(65 * 1024)}` }
    expect((await house.send('/sign-in', init)).status).toBe(413)
  })
})

test('demo keys that are forgotten sign out whoever signed in by the demo', async () => {
  const house = await openHouse('node')
  const there = await house.send('/sign-in', form({ as: 'rosa' }))
  const reads = async () => (await house.send('/v1/partners', { headers: cookieFrom(there) })).status
  expect([there.status, await reads()]).toEqual([303, 200])
  await forgetKeys(house.engine, Object.keys(DEMO_KEYS))
  expect(await reads()).toBe(401)
})

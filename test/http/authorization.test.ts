/** Who may do what: the whole table, cell by cell, on both engines; and that nothing is outside of it. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import type { Row } from '../../src/http/authorization.ts'
import { AUTHORIZATION, idleRows, missingRows, rowsOf } from '../../src/http/authorization.ts'
import { randomText } from '../../src/settings.ts'
import type { KeyRow } from '../../src/store/key.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { SEEDED_AT } from '../support/engines.ts'
import { ENGINES } from '../support/shop.ts'
import { FORM, openHouse, somebody } from '../support/visitor.ts'

type Who = {
  name: string
  role: KeyRow['role'] | null
  cookie: boolean
  headers: Record<string, string>
  site: string | null
  partner: string | null
}

const isPage = ({ path }: Row) => !path.startsWith('/v1/')

/** A path of the row, about things that nobody made, but for partners: they are asked for by their id. */
const pathOf = ({ path }: Row, partner: string) =>
  path
    .replace(/^(.*\/partners?)\/:[a-zA-Z]+/, `$1/${partner}`)
    .replace(/:month/, '2026-03')
    .replace(/:[a-zA-Z]+/g, 'made-up')

function requestOf(row: Row, who: Who, body: unknown = {}): RequestInit {
  const { method } = row
  const init = { method, headers: { ...(method === 'GET' ? {} : { origin: FORM.origin }), ...who.headers } }
  if (method === 'GET' || method === 'DELETE') return init
  if (isPage(row)) return { ...init, headers: { ...init.headers, ...FORM }, body: '' }
  return {
    ...init,
    headers: { ...init.headers, 'content-type': 'application/json', 'if-match': '"1"' },
    body: JSON.stringify(body),
  }
}

/** What the table says of a caller: let in, unknown, refused, or sent to sign in. */
function expectedOf(row: Row, who: Who): 'in' | 401 | 403 | 303 {
  if (row.who === 'everybody') return 'in'
  if (who.role === null || (row.checkedInRead && who.cookie))
    return isPage(row) && row.method === 'GET' ? 303 : 401
  return row.who.includes(who.role) ? 'in' : 403
}

function got(answer: Response): 'in' | 401 | 403 | 303 {
  if (answer.status === 401 || answer.status === 403) return answer.status
  return answer.headers.get('location')?.startsWith('/sign-in?to=') ? 303 : 'in'
}

describe.each(ENGINES)('%s', (kind) => {
  test('every cell of the table is as the table says', { timeout: 300_000 }, async () => {
    const house = await openHouse(kind)
    const stranger = { role: null, cookie: false, site: null, partner: null }
    const whos: Who[] = [
      { ...stranger, name: 'nobody', headers: {} },
      { ...stranger, name: 'an unknown key', headers: { authorization: 'Bearer nope' } },
      { ...stranger, name: 'an unknown cookie', cookie: true, headers: { cookie: 'encore_sign_in=nope' } },
    ]
    for (const [role, site, partner] of [
      ['till', 'BK', null],
      ['till', 'LS', null],
      ['staff', 'BK', null],
      ['staff', 'LS', null],
      ['manager', null, null],
      ['manager', 'LS', null],
      ['owner', null, null],
      ['partner', null, 'P02'],
      ['partner', null, 'P01'],
    ] as const)
      for (const how of role === 'till' ? (['key'] as const) : (['key', 'cookie'] as const))
        whos.push({
          name: `${role} ${site ?? partner ?? ''} by ${how}`,
          role,
          cookie: how === 'cookie',
          site,
          partner,
          headers: await somebody(house, how, role, { siteId: site, partnerId: partner }),
        })
    let cells = 0
    const mismatches: string[] = []
    const look = (what: string, fits: boolean, answer: Response) => {
      cells++
      if (!fits) mismatches.push(`${what} → ${answer.status}`)
    }
    for (const row of AUTHORIZATION)
      for (const who of whos) {
        const what = `${row.method} ${row.path}, ${who.name}`
        const own = who.partner ?? 'P02'
        const answer = await house.send(pathOf(row, own), requestOf(row, who))
        await answer.body?.cancel()
        // A sign-out revokes what signed in: the next rows need it.
        look(what, got(answer) === expectedOf(row, who), answer)
        if (row.path === '/sign-out' && who.cookie && who.role !== null)
          await house.engine.atomic([{ sql: 'update signIn set revokedAt = null', params: [] }])

        const path = pathOf(row, own)
        const other = pathOf(row, own === 'P01' ? 'P02' : 'P01')
        if (who.role === 'partner' && row.scope === 'partner' && path !== other) {
          const answer = await house.send(other, requestOf(row, who))
          await answer.body?.cancel()
          look(`${what}, of another partner`, answer.status === 403 || answer.status === 404, answer)
        }
        if (who.site === 'BK' && row.scope === 'site' && (row.method === 'POST' || row.method === 'PUT')) {
          const answer = await house.send(path, requestOf(row, who, { site: 'LS' }))
          const { recorded } = (await answer.json()) as { recorded?: boolean }
          const refused = answer.status >= 400 && answer.status < 500
          look(`${what}, naming another site`, refused || recorded === false, answer)
        }
      }
    console.log(`${kind}: ${cells} cells, ${mismatches.length} mismatches`)
    expect(mismatches).toEqual([])
    expect(cells).toBeGreaterThan(400)
  })
})

describe('the table', () => {
  const anApp = () => {
    const engine = openSqlite(':memory:', 'migrations')
    onTestFinished(() => engine.close())
    return createApp({ engine, clock: () => Date.parse(SEEDED_AT), random: randomText, log: () => {} }).app
  }

  test('has a row for every route and a route for every row, each once', () => {
    const app = anApp()
    expect(missingRows(app)).toEqual([])
    expect(idleRows(app)).toEqual([])
    const names = AUTHORIZATION.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('stops the start when a route has no row, and a route that comes later is closed', async () => {
    const app = anApp()
    app.get('/v1/surprise', (c) => c.json({ secret: true }))
    expect(missingRows(app)).toEqual(['GET /v1/surprise'])
    expect(() => rowsOf(app)).toThrow('GET /v1/surprise')
    expect((await app.request('/v1/surprise')).status).toBe(404)
  })

  test('decides HEAD as it decides GET', async () => {
    const house = await openHouse('node')
    const head = (path: string, headers = {}) => house.send(path, { method: 'HEAD', headers })
    expect((await head('/v1/sign-ins')).status).toBe(401)
    expect((await head('/v1/sign-ins', { authorization: 'Bearer encore_owner_demo' })).status).toBe(200)
    expect((await head('/v1/sign-ins', { authorization: 'Bearer encore_till_demo_BK' })).status).toBe(403)
  })
})

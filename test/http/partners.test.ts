/** Partners and their checks over HTTP; on both engines. */
import { describe, expect, test } from 'vitest'
import type { Office } from '../support/office.ts'
import { MANAGER, openOffice, PARTNER } from '../support/office.ts'
import { ENGINES } from '../support/shop.ts'

const GYM = {
  name: 'Álta Gymnastics & Co.',
  trade: 'gymnastics hall',
  goals: ['mv-gym'],
  facets: { 'mv-gym': ['floor', 'beam'] },
  people: [{ name: 'Kim Alta', role: 'owner', phone: '+1 312 555 0199', email: 'kim@alta.example' }],
  places: [
    { name: 'Hall', address: '1 W Main St', walkMinutes: { BK: 9, LS: 20 } },
    { name: 'Annex', address: '2 W Main St', walkMinutes: { LS: 4 } },
  ],
  opening: 'Mon–Fri <b>14–19</b>',
}
const CHECK = { critical: true, ok: true, validUntil: '2026-12-31' }

const BASKET = {
  lines: [
    { sku: 'DR-204-6', category: 'dresses', name: 'Cotton dress, age 6', quantity: 1, unitPrice: 6800 },
  ],
}
/** What a till offers Ana now, kept nowhere. */
const offered = async ({ shop }: Office, key: 'BK' | 'LS') => {
  const { body } = await shop.ask(
    'POST',
    '/v1/recommendations',
    { customer: 'g01-ana', basket: BASKET, dryRun: true },
    key,
  )
  return (body.primary?.offerId ?? null) as string | null
}

describe.each(ENGINES)('%s', (kind) => {
  test('a partner is added by name, read with its ETag, edited once, and not over somebody else’s edit', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const added = await call('POST', '/v1/partners', GYM, { key: MANAGER })
    expect([added.status, added.body.id, added.etag]).toEqual([201, 'alta-gymnastics-co', '"1"'])
    expect(added.body).toMatchObject({ walkMinutes: { BK: 9, LS: 4 }, opening: GYM.opening, checks: [] })
    const again = await call('POST', '/v1/partners', GYM)
    expect(again.body.id).toBe('alta-gymnastics-co-2')
    const taken = await call('POST', '/v1/partners', { ...GYM, id: 'P02' })
    expect([taken.status, taken.body.errors[0].field]).toEqual([409, 'id'])

    const path = '/v1/partners/alta-gymnastics-co'
    const edits = ['Mon', 'Tue'].map((opening, i) =>
      call('PUT', path, { ...GYM, opening }, { key: i === 0 ? MANAGER : undefined!, ifMatch: '"1"' }),
    )
    const statuses = (await Promise.all(edits)).map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses).toEqual([200, 412])
    const read = await call('GET', path)
    expect([read.etag, read.body.version]).toEqual(['"2"', 2])
    expect((await call('PUT', path, GYM)).status).toBe(428)
    expect((await call('PUT', path, GYM, { ifMatch: '"nonsense"' })).status).toBe(412)
    expect((await call('PUT', '/v1/partners/nobody', GYM, { ifMatch: '"1"' })).status).toBe(404)

    const [line] = await office.shop.engine.all<{ changes: string; action: string }>({
      sql: `select action, changes from audit where objectId = 'alta-gymnastics-co' and action = 'added'`,
      params: [],
    })
    expect(JSON.parse(line!.changes).people).toEqual(['…', '…'])
    expect(line!.changes).not.toContain('Kim')
  })

  test('unknown goals, facets and sites are named by field; hidden characters and unknown fields are refused', async () => {
    const { call } = await openOffice(kind)
    const unknown = await call('POST', '/v1/partners', {
      ...GYM,
      goals: ['mv-gym', 'nope'],
      facets: { 'mv-swim': ['pool'] },
      places: [{ name: 'Hall', walkMinutes: { BK: 1, XX: 2 } }],
    })
    expect([unknown.status, unknown.body.code]).toEqual([422, 'unknown_reference'])
    expect(unknown.body.errors.map((e: any) => e.field)).toEqual([
      'goals.1',
      'facets.mv-swim',
      'places.0.walkMinutes.XX',
    ])
    for (const bad of [
      { ...GYM, name: 'evil\u202egnp.exe' },
      { ...GYM, opening: 'a\u0007b' },
      { ...GYM, name: '' },
      { ...GYM, surprise: 1 },
      { ...GYM, id: 'a b' },
    ])
      expect((await call('POST', '/v1/partners', bad)).status).toBe(400)
  })

  test('who may: strangers 401, tills and floor staff 403 for writing, a partner its own and nothing else', async () => {
    const { call } = await openOffice(kind)
    expect((await call('GET', '/v1/partners', undefined, { key: '' })).status).toBe(401)
    expect((await call('POST', '/v1/partners', GYM, { key: 'encore_staff_demo_BK' })).status).toBe(403)
    expect((await call('GET', '/v1/partners', undefined, { key: PARTNER })).status).toBe(403)
    expect((await call('GET', '/v1/partners/P02', undefined, { key: PARTNER })).status).toBe(200)
    expect((await call('GET', '/v1/partners/P05', undefined, { key: PARTNER })).status).toBe(404)
    expect((await call('PUT', '/v1/partners/P02', GYM, { key: PARTNER, ifMatch: '"1"' })).status).toBe(403)
    expect((await call('PUT', '/v1/partners/P02/checks/X', CHECK, { key: PARTNER })).status).toBe(403)
  })

  test('the list goes page by page, and shows those without an alliance; a running one keeps its partner from the archive', async () => {
    const { call } = await openOffice(kind)
    await call('POST', '/v1/partners', { ...GYM, id: 'gym' })
    const ids: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await call('GET', `/v1/partners?limit=6${cursor}`)
      ids.push(...body.items.map((p: any) => p.id))
      if (body.next === null) break
      cursor = `&cursor=${body.next}`
    }
    expect(ids).toHaveLength(16)
    expect(ids).toEqual([...ids].sort())
    const { body } = await call('GET', '/v1/partners?without=alliance')
    expect(body.items.map((p: any) => p.id)).toEqual(['gym'])
    const {
      id: _,
      version: __,
      checks: ___,
      walkMinutes: ____,
      ...p02
    } = (await call('GET', '/v1/partners/P02')).body
    const archived = await call('PUT', '/v1/partners/P02', { ...p02, archived: true }, { ifMatch: '"1"' })
    expect([archived.status, archived.body.code, archived.body.errors[0].field]).toEqual([
      409,
      'conflict',
      'archived',
    ])
  })

  test('a check speaks through its last day and is silent from the site’s midnight, to the second, at both tills', async () => {
    const office = await openOffice(kind)
    const check = { ...CHECK, validUntil: '2026-03-14', issuer: 'City', assuredBy: 'st_rosa' }
    const kept = await office.call('PUT', '/v1/partners/P02/checks/SAFEGUARDING', check)
    expect([kept.status, kept.body.validUntil]).toEqual([200, '2026-03-14'])
    await office.at('2026-03-15T04:59:59Z')
    for (const till of ['BK', 'LS'] as const) expect(await offered(office, till)).toBe('O054')
    await office.at('2026-03-15T05:00:00Z')
    for (const till of ['BK', 'LS'] as const) expect(await offered(office, till)).not.toBe('O054')
    const ready = (await office.call('GET', '/v1/alliances/A02')).body.ready
    expect(ready).toEqual({ BK: 'CHECK_EXPIRED', LS: 'CHECK_EXPIRED' })
  })

  test('a check that is taken away is gone at the next call of both tills; unknown owners and staff are named', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const path = '/v1/offers/O054/checks/PIANO_TUNED'
    await call('PUT', path, { critical: true, ok: false }, { key: MANAGER })
    for (const till of ['BK', 'LS'] as const) expect(await offered(office, till)).not.toBe('O054')
    expect((await call('DELETE', path)).body).toEqual({ removed: true })
    for (const till of ['BK', 'LS'] as const) expect(await offered(office, till)).toBe('O054')
    expect((await call('DELETE', path)).status).toBe(404)
    expect((await call('PUT', path, CHECK)).status).toBe(200)
    expect((await call('DELETE', path)).status).toBe(200)
    expect((await call('PUT', '/v1/offers/nope/checks/X', CHECK)).status).toBe(404)
    const staff = await call('PUT', '/v1/partners/P02/checks/X', { ...CHECK, assuredBy: 'st_nobody' })
    expect([staff.status, staff.body.errors[0].field]).toEqual([422, 'assuredBy'])
    const dates = { ...CHECK, issuedOn: '2027-01-01' }
    expect((await call('PUT', '/v1/partners/P02/checks/X', dates)).status).toBe(400)
  })

  test('no partner is called as we are: events say by its id who told them', async () => {
    const { call } = await openOffice(kind)
    for (const id of ['shop', 'gaps'])
      expect((await call('POST', '/v1/partners', { ...GYM, id }, { key: MANAGER })).status).toBe(409)
  })

  test('gaps: partners without a live alliance, goals that no partner serves, and numbers from five up only', async () => {
    const { call } = await openOffice(kind)
    const { status, body } = await call('GET', '/v1/partners/gaps', undefined, { key: MANAGER })
    expect(status).toBe(200)
    expect(body.partnersWithoutAlliance.map((p: any) => p.id)).toContain('P04')
    const goals = body.allianceWanted.map((g: any) => g.goal)
    expect(goals).not.toContain('music-instrument')
    expect(goals).toContain('mv-racquet')
    for (const { customers } of body.allianceWanted)
      expect(customers === 'fewer than 5' || customers >= 5).toBe(true)
    const map = await call('GET', '/v1/goals/map', undefined, { key: MANAGER })
    for (const { goal, customers, servedByUs, status } of body.allianceWanted) {
      const there = map.body.goals.find((each: any) => each.goal === goal)
      expect([status, servedByUs]).toEqual([there.status, there.status === 'served'])
      expect(customers).toBe(there.counted >= 5 ? there.counted : 'fewer than 5')
    }
    const wanted = map.body.goals.filter((each: any) => each.status === 'allianceWanted')
    for (const { goal } of wanted) expect(goals).toContain(goal)
    expect((await call('GET', '/v1/partners/gaps', undefined, { key: PARTNER })).status).toBe(403)
  })
})

/** Alliances over HTTP: drafted, decided on, moved, changed, and tried out; on both engines. */
import { describe, expect, test } from 'vitest'
import type { Office } from '../support/office.ts'
import { MANAGER, OTHER_PARTNER, openOffice, PARTNER } from '../support/office.ts'
import { ENGINES } from '../support/shop.ts'

const read = async ({ call }: Office, id = 'A02', key?: string) =>
  call('GET', `/v1/alliances/${id}`, undefined, key ? { key } : {})
const termsOf = async (office: Office, id = 'A02') => (await read(office, id)).body.terms.at(-1).record
const move = ({ call }: Office, id: string, to: string, more: object = {}, key?: string) =>
  call('POST', `/v1/alliances/${id}/moves`, { to, ...more }, key ? { key } : {})
const decide = ({ call }: Office, id: string, version: number, decision: string, key?: string) =>
  call('POST', `/v1/alliances/${id}/decisions`, { version, decision }, key ? { key } : {})
const fields = (body: any) => body.errors.map((e: any) => e.field)

/** A partner of a trade of its own, with a key and a draft. */
async function drafted(office: Office, terms: object = {}) {
  const { call, shop } = office
  await call('POST', '/v1/partners', { id: 'gym', name: 'Gym', trade: 'gymnastics hall', goals: ['mv-gym'] })
  await shop.engine.atomic([{ sql: `update apiKey set partnerId = 'gym' where label = 'Pool'`, params: [] }])
  const record = { ...(await termsOf(office)), exclusivity: null, endsOn: '2027-12-31', ...terms }
  const { body, status } = await call('POST', '/v1/alliances', { partner: 'gym', terms: record })
  expect([status, body.state]).toEqual([201, 'draft'])
  return body.id as string
}
const speaks = async ({ shop }: Office, key: 'BK' | 'LS') => {
  const lines = [{ sku: 'DR-204-6', category: 'dresses', name: 'Cotton dress', unitPrice: 9600 }]
  const ask = { customer: 'g01-ana', basket: { lines }, dryRun: true }
  return (await shop.ask('POST', '/v1/recommendations', ask, key)).body.primary?.partner?.id === 'P02'
}

describe.each(ENGINES)('%s', (kind) => {
  test('an alliance goes from draft over both sides’ yes to live, paused, live and ended; every answer is of its schema', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const id = await drafted(office)
    const another = await call('POST', '/v1/alliances', { partner: 'gym', terms: await termsOf(office) })
    expect([another.status, another.body.code, fields(another.body)]).toEqual([409, 'conflict', ['partner']])
    // A draft is the shop's own affair.
    expect((await read(office, id, OTHER_PARTNER)).status).toBe(404)
    const early = await move(office, id, 'live')
    expect([early.status, early.body.code, fields(early.body)]).toEqual([409, 'illegal_move', ['to']])
    expect(early.body.errors[0].message).toBe('must be one of: proposed, ended')

    const proposed = (await move(office, id, 'proposed', {}, MANAGER)).body.alliance
    expect(proposed.decisions).toMatchObject([{ version: 1, side: 'shop', decision: 'agree' }])
    expect((await decide(office, id, 1, 'agree', OTHER_PARTNER)).body.state).toBe('agreed')
    const notYet = await move(office, id, 'live')
    expect([notYet.status, notYet.body.code, fields(notYet.body)]).toEqual([409, 'conflict', ['briefings']])
    await call('PUT', '/v1/partners/gym/checks/INSURANCE', { critical: true, ok: false })
    expect(fields((await move(office, id, 'live')).body)).toEqual(['checks.INSURANCE', 'briefings'])
    await call('PUT', '/v1/partners/gym/checks/INSURANCE', { critical: true, ok: true })
    const briefed = await call('PUT', `/v1/alliances/${id}/briefings/BK`, { version: 1 })
    expect(briefed.body.ready).toEqual({ BK: 'ALLIANCE_NOT_LIVE', LS: 'ALLIANCE_NOT_LIVE' })

    const live = await move(office, id, 'live', { why: 'all is there' })
    expect(live.body.alliance).toMatchObject({ state: 'live', ready: { BK: null, LS: 'NOT_BRIEFED' } })
    expect((await move(office, id, 'paused', {}, OTHER_PARTNER)).status).toBe(200)
    expect((await move(office, id, 'live', {}, OTHER_PARTNER)).body.code).toBe('illegal_move')
    expect((await move(office, id, 'live')).status).toBe(200)
    const ended = await move(office, id, 'ended')
    expect(ended.body).toMatchObject({ alliance: { state: 'ended', moves: [] }, openReferrals: [] })
    expect(
      (await call('POST', '/v1/alliances', { partner: 'gym', terms: await termsOf(office) })).status,
    ).toBe(201)
    const moves = await office.shop.engine.all<{ changes: string }>({
      sql: `select changes from audit where objectId = ? and action = 'moved' order by at, rowid`,
      params: [id],
    })
    expect(moves.map(({ changes }) => JSON.parse(changes).state[1])).toEqual([
      'proposed',
      'live',
      'paused',
      'live',
      'ended',
    ])
  })

  test('a pause silences both tills at the very next call; of two at once, one wins; ending lists what is open', async () => {
    const office = await openOffice(kind)
    const { shop } = office
    for (const till of ['BK', 'LS'] as const) expect(await speaks(office, till)).toBe(true)
    const both = await Promise.all([
      move(office, 'A02', 'paused'),
      move(office, 'A02', 'paused', {}, PARTNER),
    ])
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409])
    for (const till of ['BK', 'LS'] as const) expect(await speaks(office, till)).toBe(false)
    await move(office, 'A02', 'live')
    for (const till of ['BK', 'LS'] as const) expect(await speaks(office, till)).toBe(true)
    const ask = { customer: 'g01-ana', basket: { lines: [{ sku: 'DR-204-6', unitPrice: 9600 }] } }
    const { body } = await shop.ask('POST', '/v1/recommendations', ask)
    const kept = await shop.ask('POST', `/v1/recommendations/${body.id}/outcomes`, {
      eventId: 'e1',
      state: 'accepted',
    })
    const ended = await move(office, 'A02', 'ended')
    expect(ended.body.openReferrals).toEqual([kept.body.referral.code])
    expect(await speaks(office, 'LS')).toBe(false)
    const [row] = await shop.engine.all<{ state: string }>({ sql: 'select state from referral', params: [] })
    expect(row!.state).toBe(kept.body.referral.state)
  })

  test('fifty deciders at once, of both sides: one decision each, agreed once; the first one stands', async () => {
    const office = await openOffice(kind)
    const id = await drafted(office)
    await move(office, id, 'proposed')
    const worded = { ...(await termsOf(office, id)), perWeek: 3 }
    const { etag } = await read(office, id)
    await office.call('POST', `/v1/alliances/${id}/terms`, worded, { ifMatch: etag })
    const statuses = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        decide(office, id, 2, 'agree', i % 2 === 0 ? OTHER_PARTNER : MANAGER),
      ),
    )
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([200]))
    const { body } = await read(office, id)
    expect([body.state, body.terms[1].agreedAt !== null]).toEqual(['agreed', true])
    expect(body.decisions.filter((d: any) => d.version === 2)).toHaveLength(2)
    const [{ n }] = (await office.shop.engine.all({
      sql: `select count(*) n from audit where objectId = ? and action = 'agreed to'`,
      params: [id],
    })) as [{ n: number }]
    expect(n).toBe(2)
    const opposite = await decide(office, id, 2, 'decline', OTHER_PARTNER)
    expect([opposite.status, opposite.body.code]).toEqual([409, 'conflict'])
    expect(opposite.body.detail).toMatch(/The partner agreed to version 2 on 2026-03-14T/)
  })

  test('yes and no at once from one side: the first stands, and the state is what it says', async () => {
    const office = await openOffice(kind)
    const id = await drafted(office)
    await move(office, id, 'proposed')
    const [yes, no] = await Promise.all([
      decide(office, id, 1, 'agree', OTHER_PARTNER),
      decide(office, id, 1, 'decline', OTHER_PARTNER),
    ])
    expect([yes.status, no.status].sort((a, b) => a - b)).toEqual([200, 409])
    const { body } = await read(office, id)
    expect(body.state).toBe(yes.status === 200 ? 'agreed' : 'declined')
    expect(body.terms[0].agreedAt !== null).toBe(yes.status === 200)
  })

  test('declined terms are tried again as other terms only', async () => {
    const office = await openOffice(kind)
    const id = await drafted(office)
    await move(office, id, 'proposed')
    expect((await decide(office, id, 1, 'decline', OTHER_PARTNER)).body.state).toBe('declined')
    const closed = await office.call('POST', `/v1/alliances/${id}/terms`, await termsOf(office, id), {
      ifMatch: (await read(office, id)).etag,
    })
    expect(closed.body.code).toBe('conflict')
    await move(office, id, 'draft')
    expect(fields((await move(office, id, 'proposed')).body)).toEqual(['terms'])
    const other = { ...(await termsOf(office, id)), perWeek: 2 }
    const { etag } = await read(office, id)
    expect((await office.call('POST', `/v1/alliances/${id}/terms`, other, { ifMatch: etag })).status).toBe(
      201,
    )
    expect((await move(office, id, 'proposed')).status).toBe(200)
    await office.at('2028-01-01T12:00:00Z')
    expect((await read(office, id)).body).toMatchObject({ state: 'expired', moves: [{ to: 'draft' }] })
    expect((await decide(office, id, 2, 'agree', OTHER_PARTNER)).status).toBe(409)
    const { body } = await office.call('GET', '/v1/alliances?state=expired')
    expect(body.items.map((a: any) => a.id)).toEqual(['A04', id])
  })
  test('new terms are a proposal: what was agreed stays in force until both say yes and it begins', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const before = await termsOf(office)
    const path = '/v1/alliances/A02/terms'
    const longer = { ...before, endsOn: '2027-08-31', startsOn: '2026-04-01', perMonth: 25 }
    expect((await call('POST', path, longer)).body.code).toBe('if_match_missing')
    const both = await Promise.all(
      [MANAGER, undefined].map((key) =>
        call('POST', path, longer, { ifMatch: '"1"', ...(key ? { key } : {}) }),
      ),
    )
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 412])
    const posted = both.find(({ status }) => status === 201)!
    expect(posted.body).toMatchObject({ changed: true, version: 2, needsBriefing: false })
    expect(posted.body.differences.map((d: any) => d.field)).toEqual(['perMonth', 'startsOn', 'endsOn'])
    expect(posted.body.alliance.terms.map((t: any) => [t.version, t.inForce, t.briefFrom])).toEqual([
      [1, true, 1],
      [2, false, 1],
    ])
    const same = await call('POST', path, longer, { ifMatch: posted.etag })
    expect([same.status, same.body.changed, same.body.version]).toEqual([200, false, 2])

    await decide(office, 'A02', 2, 'agree')
    const agreed = await decide(office, 'A02', 2, 'agree', PARTNER)
    expect([agreed.body.state, agreed.body.terms[1].agreedAt !== null]).toEqual(['live', true])
    expect(agreed.body.terms.map((t: any) => t.inForce)).toEqual([true, false])
    expect(await speaks(office, 'BK')).toBe(true)
    await office.at('2026-04-01T17:00:00Z')
    expect((await read(office)).body.terms.map((t: any) => t.inForce)).toEqual([false, true])
    const compared = await call('GET', `${path}/2/differences?from=1`, undefined, { key: PARTNER })
    expect(compared.body).toMatchObject({ from: 1, to: 2 })
    expect((await call('GET', `${path}/1`)).body.record).toEqual(before)
    expect((await call('GET', `${path}/9`)).status).toBe(404)
  })

  test('a newer edit replaces the proposal; a declined one leaves what is agreed; other words silence until staff know them', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const before = await termsOf(office)
    const post = async (more: object) =>
      call('POST', '/v1/alliances/A02/terms', { ...before, ...more }, { ifMatch: (await read(office)).etag })
    await post({ perMonth: 21 })
    await post({ perMonth: 22 })
    const old = await decide(office, 'A02', 2, 'agree', PARTNER)
    expect([old.status, fields(old.body)]).toEqual([409, ['version']])
    const no = await decide(office, 'A02', 3, 'decline', PARTNER)
    expect([no.body.state, no.body.terms[0].inForce]).toEqual(['live', true])
    expect((await decide(office, 'A02', 3, 'agree')).status).toBe(409)
    expect((await decide(office, 'A02', 9, 'agree')).body.code).toBe('unknown_reference')

    const worded = await post({ customerBenefit: 'free first lesson, 45 minutes' })
    expect(worded.body).toMatchObject({ version: 4, needsBriefing: true })
    await decide(office, 'A02', 4, 'agree')
    expect(await speaks(office, 'BK')).toBe(true)
    const { body } = await decide(office, 'A02', 4, 'agree', PARTNER)
    expect(body.ready).toEqual({ BK: 'NOT_BRIEFED', LS: 'NOT_BRIEFED' })
    expect(await speaks(office, 'BK')).toBe(false)
    const staff = { key: 'encore_staff_demo_BK' }
    expect((await call('PUT', '/v1/alliances/A02/briefings/LS', { version: 4 }, staff)).status).toBe(403)
    expect((await call('PUT', '/v1/alliances/A02/briefings/XX', { version: 4 })).status).toBe(404)
    expect((await call('PUT', '/v1/alliances/A02/briefings/BK', { version: 5 }, staff)).status).toBe(422)
    expect((await call('PUT', '/v1/alliances/A02/briefings/BK', { version: 4 }, staff)).status).toBe(200)
    expect([await speaks(office, 'BK'), await speaks(office, 'LS')]).toEqual([true, false])
  })

  test('terms that contradict themselves are 400 by field, words that press are 422, each named', async () => {
    const office = await openOffice(kind)
    const before = await termsOf(office)
    const post = (more: object) =>
      office.call('POST', '/v1/alliances/A02/terms', { ...before, ...more }, { ifMatch: '"1"' })
    const backwards = await post({ endsOn: '2020-01-01' })
    expect([backwards.status, fields(backwards.body)]).toEqual([400, ['endsOn']])
    const pressing = await post({ customerBenefit: 'Hurry, last chance for a free lesson' })
    expect([pressing.status, pressing.body.code]).toEqual([422, 'words_refused'])
    expect(new Set(fields(pressing.body))).toEqual(new Set(['customerBenefit']))
    expect((await post({ surprise: 1 })).status).toBe(400)
    expect((await post({ renewal: 'forever' })).status).toBe(400)
  })

  test('a promise to be one’s alone is kept: named when it would be broken, and broken by the owner only', async () => {
    const office = await openOffice(kind)
    const { call, shop } = office
    await call('POST', '/v1/partners', {
      id: 'keys',
      name: 'Keys',
      trade: 'piano school',
      places: [{ name: 'Keys', walkMinutes: { BK: 5 } }],
    })
    const terms = { ...(await termsOf(office)), exclusivity: null, endsOn: '2027-12-31' }
    const { body } = await call('POST', '/v1/alliances', { partner: 'keys', terms })
    const refused = await move(office, body.id, 'proposed')
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    expect(refused.body.detail).toContain(
      'A02, until 2026-08-31: For music conservatory (piano, strings, voice) within 30 minutes on foot we send families to Northside Conservatory alone',
    )
    expect((await move(office, body.id, 'proposed', { acceptConflict: true }, MANAGER)).status).toBe(403)
    expect((await move(office, body.id, 'proposed', { acceptConflict: true })).status).toBe(200)
    const [line] = await shop.engine.all<{ changes: string }>({
      sql: `select changes from audit where objectId = ? and action = 'moved'`,
      params: [body.id],
    })
    expect(JSON.parse(line!.changes).acceptConflict[1]).toContain('A02')
  })

  test('a preview says what would fall silent, and writes nothing', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { body } = await call('POST', '/v1/alliances/A02/preview', { move: 'paused' }, { key: MANAGER })
    expect(body.goSilent.map((o: any) => o.offerId)).toContain('O054')
    expect(body).toMatchObject({ startSpeaking: [], words: [], sites: ['BK', 'LS'], dates: ['2026-03-14'] })
    expect(body.goalsLeftWithoutOffer).toContain('music-instrument')
    const terms = { ...(await termsOf(office)), customerBenefit: 'two free lessons' }
    const tried = await call('POST', '/v1/alliances/A02/preview', { terms })
    expect(tried.body.words.map((d: any) => d.field)).toEqual(['customerBenefit'])
    expect((await read(office)).etag).toBe('"1"')
    expect(await speaks(office, 'BK')).toBe(true)
    expect((await call('POST', '/v1/alliances/nope/preview', {})).status).toBe(404)
  })

  test('each sees its own: strangers 401, tills 403, a partner neither another’s alliance nor its moves', async () => {
    const office = await openOffice(kind)
    const { call } = office
    expect((await call('GET', '/v1/alliances/A02', undefined, { key: '' })).status).toBe(401)
    expect((await read(office, 'A02', 'encore_till_demo_BK')).status).toBe(403)
    expect((await read(office, 'A05', PARTNER)).status).toBe(404)
    expect((await move(office, 'A05', 'paused', {}, PARTNER)).status).toBe(404)
    expect((await decide(office, 'A05', 1, 'decline', PARTNER)).status).toBe(404)
    expect((await move(office, 'A02', 'paused', {}, 'encore_staff_demo_BK')).status).toBe(403)
    const own = await read(office, 'A02', PARTNER)
    expect(own.body.moves.map((m: any) => m.to)).toEqual(['paused', 'ended'])
    const { items } = (await call('GET', '/v1/alliances', undefined, { key: PARTNER })).body
    expect(items.map((a: any) => a.id)).toEqual(['A02'])
  })
})

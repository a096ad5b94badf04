/** Polls: asked, answered, decided by a rule set before, and what the goals map makes of it; on both engines. */
import { describe, expect, test } from 'vitest'
import type { Office } from '../support/office.ts'
import { MANAGER, openOffice } from '../support/office.ts'
import { ENGINES } from '../support/shop.ts'

const TENNIS = {
  goal: 'mv-racquet',
  question: 'Would tennis lessons close by interest you?',
  touchpoints: [],
  goAnswers: 6,
  goYes: 4,
  goShare: 0.3,
  opensOn: '2026-03-14',
  closesOn: '2026-04-30',
}

async function opened({ call }: Office, more: object = {}) {
  const { status, body, etag } = await call('POST', '/v1/polls', { ...TENNIS, ...more })
  expect(status, JSON.stringify(body)).toBe(201)
  return { poll: body, etag: etag! }
}

/** Customers whom tennis concerns, who said nothing about it: they answer in these tests. */
async function families({ shop }: Office, n: number, where = ''): Promise<string[]> {
  const rows = await shop.engine.all<{ ref: string }>({
    sql: `select ref from customer where ref like 'hh_%' and json_extract(state, '$.consent.personalise') = 'granted'
      and siteId = 'BK' and json_extract(state, '$.children') like '%2019-%'
        and not exists (select 1 from evidence where customer = ref and goal in ('mv-racquet', 'movement', 'enrich')
        and kind in ('told', 'answered', 'toldNo')) ${where} order by ref limit ?`,
    params: [n],
  })
  expect(rows.length).toBe(n)
  return rows.map(({ ref }) => ref)
}

describe.each(ENGINES)('%s', (kind) => {
  test('a poll reaches its go rule, and tennis becomes an alliance that is wanted', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { poll } = await opened(office)
    expect(poll).toMatchObject({ state: 'open', answers: 0, verdict: 'notYet', share: { share: 0.13 } })
    expect(poll.missing).toEqual(['6 more answers', '4 more yes', 'a share of 30 % (now 13 %)'])
    const before = await call('GET', '/v1/goals/map')
    const tennis = (map: any) => map.goals.find((each: any) => each.goal === 'mv-racquet')
    expect(tennis(before.body)).toMatchObject({ status: 'quiet', supply: { own: 0, partner: 0, things: 1 } })
    expect(tennis(before.body).supply.waiting).toContainEqual(
      expect.objectContaining({ partner: 'Ashland Court Tennis', gate: 'ALLIANCE_NOT_LIVE' }),
    )

    const [silent, ...who] = await families(office, 8)
    const asked = await call('POST', '/v1/recommendations', { customer: silent }, { key: 'BK' })
    expect(asked.body.ask).toEqual({ goal: 'mv-racquet', question: TENNIS.question })
    for (const [i, customer] of who.entries()) {
      const answer = ['yes', 'yes', 'yes', 'yes', 'yes', 'maybe', 'no'][i]
      const body = { eventId: `p-${i}`, customer, answer }
      const said = await call('POST', `/v1/polls/${poll.id}/answers`, body, { key: 'BK' })
      expect(said.body).toEqual({ recorded: true, counted: true, reason: null })
    }
    const { body } = await call('GET', `/v1/polls/${poll.id}`)
    expect(body.poll).toMatchObject({ answers: 7, yes: 5, maybe: 1, no: 1, verdict: 'go', missing: [] })
    // (5 + 10 × .13) / (7 + 10)
    expect(body.poll.share.share).toBeCloseTo(6.3 / 17, 10)
    expect(body).toMatchObject({ asked: 8, noAnswer: 1, byTouchpoint: { till: 7 } })
    const { demand } = body
    expect(demand.low).toBeGreaterThan(5)
    expect(demand.expected).toBeGreaterThan(demand.low)
    expect(demand.high).toBeGreaterThan(demand.expected)
    expect(demand.bySite.reduce((sum: number, each: any) => sum + each.expected, 0)).toBeCloseTo(
      demand.expected,
      8,
    )

    const after = await call('GET', '/v1/goals/map')
    expect(tennis(after.body)).toMatchObject({
      status: 'allianceWanted',
      counted: tennis(before.body).counted + 5,
      poll: { verdict: 'go' },
    })
    // Of what people keep to themselves nobody learns a small number, and what only she may say is never believed.
    for (const each of after.body.goals.filter(({ sensitive }: any) => sensitive)) {
      for (const n of [each.counted, each.toldNo, each.believed?.families ?? 'fewer than 5'])
        expect(n === 'fewer than 5' || n >= 5, each.goal).toBe(true)
      if (each.believed?.families === 'fewer than 5') expect(each.believed.expected).toBeNull()
    }
    expect(after.body.goals.find(({ goal }: any) => goal === 'thr-sleep').believed).toBeNull()
    const gaps = await call('GET', '/v1/partners/gaps')
    expect(gaps.body.allianceWanted[0]).toMatchObject({
      goal: 'mv-racquet',
      poll: poll.id,
      status: 'allianceWanted',
      servedByUs: false,
    })
  })

  test('the rule stays as it was once somebody answered; before, it may change; one poll a goal', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { poll, etag } = await opened(office)
    expect((await call('POST', '/v1/polls', TENNIS)).status).toBe(409)
    const easier = { ...TENNIS, goYes: 2 }
    expect((await call('PUT', `/v1/polls/${poll.id}`, easier)).status).toBe(428)
    const edited = await call('PUT', `/v1/polls/${poll.id}`, easier, { ifMatch: etag })
    expect(edited.body).toMatchObject({ goYes: 2, version: 2 })
    expect((await call('PUT', `/v1/polls/${poll.id}`, TENNIS, { ifMatch: etag })).status).toBe(412)

    const [one] = await families(office, 1)
    await call('POST', `/v1/polls/${poll.id}/answers`, { eventId: 'a', customer: one, answer: 'no' })
    for (const change of [
      { goYes: 1 },
      { goShare: 0 },
      { closesOn: '2026-06-01' },
      { question: 'Tennis?' },
    ]) {
      const body = { ...easier, ...change }
      const refused = await call('PUT', `/v1/polls/${poll.id}`, body, { ifMatch: edited.etag })
      expect(refused.status).toBe(409)
      expect(refused.body.errors.map(({ field }: any) => field)).toEqual(Object.keys(change))
    }
    const closed = await call(
      'PUT',
      `/v1/polls/${poll.id}`,
      { ...easier, closed: true },
      { ifMatch: edited.etag },
    )
    expect(closed.body).toMatchObject({ state: 'closed', verdict: 'noGo' })
    const again = await call('PUT', `/v1/polls/${poll.id}`, easier, { ifMatch: closed.etag })
    expect(again.status).toBe(409)
    expect((await call('POST', '/v1/polls', TENNIS)).status).toBe(201)
  })

  test('words, dates and goals that cannot be are refused, each by its field', async () => {
    const { call } = await openOffice(kind)
    const refused = async (more: object) => {
      const { status, body } = await call('POST', '/v1/polls', { ...TENNIS, ...more })
      return [status, body.code, body.errors.map(({ field }: any) => field).join()]
    }
    expect(await refused({ question: 'Tennis is good for you.' })).toEqual([422, 'words_refused', 'question'])
    expect(await refused({ question: 'Tennis, before it is too late?' })).toEqual([
      422,
      'words_refused',
      'question',
    ])
    expect(await refused({ goal: 'no-such' })).toEqual([422, 'unknown_reference', 'goal'])
    expect(await refused({ goal: 'thr-sleep' })).toEqual([400, 'invalid_request', 'goal'])
    expect(await refused({ goYes: 7 })).toEqual([400, 'invalid_request', 'goYes'])
    expect(await refused({ closesOn: '2026-03-13' })).toEqual([400, 'invalid_request', 'closesOn'])
    expect(await refused({ closesOn: '2027-06-01' })).toEqual([400, 'invalid_request', 'closesOn'])
    expect(await refused({ opensOn: '2026-01-01', closesOn: '2026-03-13' })).toEqual([
      400,
      'invalid_request',
      'closesOn',
    ])
  })

  test('an answer counts once, her last word stands, a no is absolute, and forgetting it takes it out', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { poll } = await opened(office)
    const [who, other] = await families(office, 2)
    const answer = (eventId: string, answer: string, customer = who) =>
      call('POST', `/v1/polls/${poll.id}/answers`, { eventId, customer, answer }, { key: 'BK' })
    const tally = async () => {
      const { yes, maybe, no } = (await call('GET', `/v1/polls/${poll.id}`)).body.poll
      return [yes, maybe, no]
    }
    await answer('one', 'yes')
    expect((await answer('one', 'yes')).body).toEqual({ recorded: true, counted: true, reason: null })
    expect((await answer('one', 'no')).body.code).toBe('id_reused')
    expect((await answer('one', 'yes', other)).body.code).toBe('id_reused')
    expect(await tally()).toEqual([1, 0, 0])
    await answer('two', 'no')
    expect(await tally()).toEqual([0, 0, 1])
    const held = await call('GET', `/v1/customers/${who}/evidence`)
    expect(held.body.evidence.map(({ kind }: any) => kind)).toContain('toldNo')
    await call('DELETE', `/v1/customers/${who}/evidence/two`)
    expect(await tally()).toEqual([0, 0, 0])
    // The same question answered at the till without naming the poll.
    const told = { eventId: 'three', kind: 'answered', goal: 'mv-racquet', answer: 'maybe' }
    await call('POST', `/v1/customers/${other}/evidence`, told)
    expect(await tally()).toEqual([0, 1, 0])
    await call('DELETE', `/v1/customers/${other}`)
    expect(await tally()).toEqual([0, 0, 0])
  })

  test('an older word that comes late stays the older one: in the poll, and in what we know of her', async () => {
    const office = await openOffice(kind)
    const { call, at } = office
    const { poll } = await opened(office)
    const [who, other] = await families(office, 2)
    await at('2026-03-16T16:00:00Z')
    const answer = (eventId: string, answer: string, said: string, customer = who) =>
      call('POST', `/v1/polls/${poll.id}/answers`, { eventId, customer, answer, at: said }, { key: 'BK' })
    const tally = async () => {
      const { yes, maybe, no } = (await call('GET', `/v1/polls/${poll.id}`)).body.poll
      return [yes, maybe, no]
    }
    const newest = async (customer = who) =>
      (await call('GET', `/v1/customers/${customer}/evidence`)).body.evidence[0].eventId
    await answer('newer', 'no', '2026-03-16T15:00:00Z')
    const late = await answer('older', 'yes', '2026-03-16T10:00:00Z')
    expect(late.body).toEqual({ recorded: true, counted: false, reason: null })
    expect([await tally(), await newest()]).toEqual([[0, 0, 1], 'newer'])
    // A clock that runs ahead does not outlast what she says next.
    await answer('ahead', 'yes', '2026-03-20T10:00:00Z')
    expect(await tally()).toEqual([1, 0, 0])
    await at('2026-03-17T16:00:00Z')
    await answer('last', 'maybe', '2026-03-17T15:59:00Z')
    expect([await tally(), await newest()]).toEqual([[0, 1, 0], 'last'])
    // The same where a till tells it without naming the poll.
    const told = (eventId: string, answer: string, said: string) =>
      call('POST', `/v1/customers/${other}/evidence`, {
        eventId,
        kind: 'answered',
        goal: 'mv-racquet',
        answer,
        at: said,
      })
    await told('o-newer', 'no', '2026-03-17T15:00:00Z')
    await told('o-older', 'yes', '2026-03-17T10:00:00Z')
    expect([await tally(), await newest(other)]).toEqual([[0, 1, 1], 'o-newer'])
  })

  test('without consent nothing is kept; after the last day it is kept and not counted', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { poll } = await opened(office)
    const [who] = await families(office, 1)
    const answer = (customer: string | undefined, eventId: string) =>
      call('POST', `/v1/polls/${poll.id}/answers`, { eventId, customer, answer: 'yes' })
    expect((await answer('nobody-known', 'n')).body).toEqual({
      recorded: false,
      counted: false,
      reason: 'CONSENT',
    })
    expect((await answer('g12-sunita', 'w')).body.reason).toBe('CONSENT')
    await office.at('2026-05-01T16:00:00Z')
    expect((await answer(who, 'late')).body).toEqual({ recorded: true, counted: false, reason: 'CLOSED' })
    // Nor by the other door, said while it was open.
    const before = {
      eventId: 'said-before',
      kind: 'answered',
      goal: 'mv-racquet',
      answer: 'yes',
      at: '2026-04-29T12:00:00Z',
    }
    await call('POST', `/v1/customers/${who}/evidence`, before, { key: 'BK' })
    const { body } = await call('GET', `/v1/polls/${poll.id}`)
    expect(body.poll).toMatchObject({ answers: 0, verdict: 'noGo', state: 'closed' })
    const held = await call('GET', `/v1/customers/${who}/evidence`)
    expect(held.body.evidence[0]).toMatchObject({ eventId: 'late', kind: 'answered' })
  })

  test('one tap on the question of an answer counts; not asked is as if it had not been given', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { poll } = await opened(office)
    const [one, two] = await families(office, 2)
    const ask = async (customer: string | undefined) =>
      (await call('POST', '/v1/recommendations', { customer }, { key: 'BK' })).body
    const tap = (id: string, answer: string, key = 'BK') =>
      call('POST', `/v1/recommendations/${id}/question`, { eventId: `tap-${id}`, answer }, { key })
    const first = await ask(one)
    expect((await tap(first.id, 'yes')).body).toEqual({ recorded: true, counted: true, reason: null })
    expect((await tap(first.id, 'yes')).body.recorded).toBe(true)
    expect((await ask(one)).ask?.goal).not.toBe('mv-racquet')
    const second = await ask(two)
    expect(second.ask.goal).toBe('mv-racquet')
    expect((await call('GET', `/v1/polls/${poll.id}`)).body.asked).toBe(2)
    expect((await tap(second.id, 'notAsked')).body).toEqual({ recorded: true, counted: false, reason: null })
    expect((await call('GET', `/v1/polls/${poll.id}`)).body.asked).toBe(1)
    expect((await ask(two)).ask.goal).toBe('mv-racquet')
    expect((await tap(second.id, 'yes', 'LS')).status).toBe(404)
    expect((await tap('never', 'yes')).status).toBe(404)
    const stranger = (await call('POST', '/v1/recommendations', {}, { key: 'BK' })).body
    expect((await tap(stranger.id, 'yes')).body.reason).toBe('NO_QUESTION')
  })

  test('a link of her own: one tap, once; and the till does not ask again for ninety days', async () => {
    const office = await openOffice(kind)
    const { call, shop } = office
    const { poll } = await opened(office)
    const [who] = await families(office, 1)
    const link = (customer: string | undefined) =>
      call('POST', `/v1/polls/${poll.id}/links`, { customer }, { key: 'staff' })
    const { body } = await link(who)
    expect(body).toMatchObject({ made: true, reason: null })
    expect((await link(who)).body).toMatchObject({
      made: false,
      reason: 'NOT_TO_BE_ASKED',
      why: 'ASKED',
      url: null,
    })
    expect((await link('g07-tessa')).body.made).toBe(false)
    expect(
      (await call('POST', '/v1/recommendations', { customer: who }, { key: 'BK' })).body.ask?.goal,
    ).not.toBe('mv-racquet')
    const path = new URL(body.url).pathname
    const seen = await (await shop.send(path)).text()
    expect(seen).toContain(TENNIS.question)
    expect(seen).not.toContain(who)
    // It is asked by the shop, and the answer is not nobody's: the page says so before she taps.
    expect(seen).toMatch(/One question from <bdi>[^<]+<\/bdi>/)
    expect(seen).toContain('We keep your answer with what we know of you')
    expect((await call('GET', `/v1/polls/${poll.id}`)).body).toMatchObject({ asked: 1, noAnswer: 1 })
    const answer = (answer: string, headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' }) =>
      shop.send(path, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: `answer=${answer}`,
      })
    expect((await answer('yes', { origin: 'https://elsewhere.example' })).status).toBe(403)
    expect((await answer('yes')).status).toBe(303)
    await answer('no')
    expect((await call('GET', `/v1/polls/${poll.id}`)).body.poll).toMatchObject({ yes: 1, no: 0 })
    expect(await (await shop.send(path)).text()).toContain('Thank you')
    expect((await shop.send('/poll/made-up')).status).toBe(404)
  })

  test('an answer of a link that was taken back may be given anew, and the page says so', async () => {
    const office = await openOffice(kind)
    const { call, shop } = office
    const { poll } = await opened(office)
    const [who] = await families(office, 1)
    const { body } = await call('POST', `/v1/polls/${poll.id}/links`, { customer: who }, { key: 'staff' })
    const path = new URL(body.url).pathname
    const tap = (answer: string) =>
      shop.send(path, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
        body: `answer=${answer}`,
      })
    const seen = async () => (await shop.send(path)).text()
    const forgetNewest = async () => {
      const { evidence } = (await call('GET', `/v1/customers/${who}/evidence`)).body
      await call('DELETE', `/v1/customers/${who}/evidence/${evidence[0].eventId}`)
    }
    const tally = async () => {
      const { yes, maybe, no } = (await call('GET', `/v1/polls/${poll.id}`)).body.poll
      return [yes, maybe, no]
    }
    expect(await seen()).not.toContain('was taken back')
    // The same word again, and another.
    for (const [answer, counts] of [
      ['yes', [1, 0, 0]],
      ['yes', [1, 0, 0]],
      ['no', [0, 0, 1]],
    ] as const) {
      expect((await tap(answer)).status).toBe(303)
      expect(await seen()).toContain('Thank you')
      expect(await tally()).toEqual(counts)
      await forgetNewest()
      expect(await tally()).toEqual([0, 0, 0])
      expect(await seen()).toContain('was taken back')
    }
    // Her word at the till took its place, and that was taken back: what she said by the link still stands.
    await tap('yes')
    const told = { eventId: 'at-the-till', kind: 'answered', goal: 'mv-racquet', answer: 'no' }
    await call('POST', `/v1/customers/${who}/evidence`, told, { key: 'BK' })
    await call('DELETE', `/v1/customers/${who}/evidence/at-the-till`, undefined, { key: 'BK' })
    expect(await seen()).not.toContain('was taken back')
  })

  test('a letter goes only to who allows letters and was not asked; its answers come back as a file, once', async () => {
    const office = await openOffice(kind)
    const { call } = office
    const { poll } = await opened(office)
    const none = "and json_extract(state, '$.consent.letter') is null"
    const who = await families(office, 4, none)
    for (const [i, ref] of who.slice(0, 3).entries())
      await call('POST', `/v1/customers/${ref}/consents`, {
        eventId: `letter-${i}`,
        purpose: 'letter',
        decision: 'granted',
        site: 'BK',
      })
    const exported = async (key: string) =>
      (await call('POST', `/v1/polls/${poll.id}/export`, { most: 500 }, { key })).body as unknown as string
    expect((await call('POST', `/v1/polls/${poll.id}/export`, { most: 1 }, { key: 'staff' })).status).toBe(
      403,
    )
    const csv = await exported(MANAGER)
    const rows = csv.trim().split('\r\n')
    expect(rows[0]).toBe('customer,link,answer')
    const refs = rows.slice(1).map((row) => row.split(',')[0]!)
    expect(refs).toEqual(expect.arrayContaining(who.slice(0, 3)))
    expect(refs).not.toContain(who[3])
    expect((await exported('owner')).trim()).toBe('customer,link,answer')

    const lines = ['customer,answer', `${who[0]},Yes`, `${who[1]},`, `${who[2]},perhaps`, 'stranger,yes', '']
    const file = (csv: string, partial = false) =>
      call('POST', `/v1/polls/${poll.id}/import`, { csv, partial })
    expect((await file(lines.join('\n'))).body).toMatchObject({
      applied: false,
      recorded: 0,
      empty: 1,
      problems: [{ line: 5, column: 'customer', customer: 'stranger', message: 'is nobody we know' }],
    })
    expect((await file(lines.join('\n'), true)).body).toMatchObject({
      applied: true,
      recorded: 2,
      counted: true,
    })
    expect((await file(lines.join('\n'), true)).body).toMatchObject({ recorded: 0, unchanged: 2 })
    expect((await file(`customer,answer\n${who[0]},no\n`)).body.problems).toHaveLength(1)
    expect((await file('name,answer\nx,yes\n')).status).toBe(400)
    const { body } = await call('GET', `/v1/polls/${poll.id}`)
    expect(body.poll).toMatchObject({ yes: 1, maybe: 1, answers: 2 })
    expect(body).toMatchObject({ asked: refs.length, byTouchpoint: { letter: 2 } })
  })
})

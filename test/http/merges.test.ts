/** Two references that are one customer: as if all had been hers from the start; on both engines. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { relearn } from '../../src/store/count.ts'
import { addKey } from '../../src/store/key.ts'
import { callOver, MANAGER, openOffice } from '../support/office.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const rows = (shop: Pick<Shop, 'engine'>, sql: string, ...params: (string | number)[]) =>
  shop.engine.all<Record<string, any>>({ sql, params })

type Bought = { who: 'one' | 'other'; n: number; day: number; skus: string[]; gift: boolean; voided: boolean }

const SKUS = ['DR-204-6', 'YO-120', 'SW-801', 'OU-604', 'RW-704', 'TP-301', 'SK-904']
const soldOn = (day: number) => new Date(Date.parse('2026-01-05T15:00:00Z') + day * 86_400_000).toISOString()

const sale = ({ n, day, skus, gift }: Bought, customer: string, more: object = {}) => ({
  source: 'test-till',
  externalId: `sale-${n}`,
  site: 'BK',
  customer,
  soldAt: soldOn(day),
  lines: skus.map((sku) => ({ sku, quantity: 1, unitPrice: 5000, gift })),
  ...more,
})

async function sell(shop: Shop, bought: Bought[], nameOf: (who: Bought['who']) => string) {
  for (const one of bought) {
    const purchases = [sale(one, nameOf(one.who))]
    expect((await shop.ask('POST', '/v1/purchases', { purchases }, 'owner')).status).toBe(207)
    if (!one.voided) continue
    const { source, externalId, soldAt } = purchases[0]!
    const voids = [{ source, externalId, soldAt, site: 'BK', voided: true, revision: 1 }]
    expect((await shop.ask('POST', '/v1/purchases', { purchases: voids }, 'owner')).status).toBe(207)
  }
}

/** What was learned, and what follows from purchases. */
async function known(shop: Shop, ref: string) {
  return {
    pairs: await rows(
      shop,
      'select a, b, baskets, customers from pair where baskets <> 0 or customers <> 0 order by a, b',
    ),
    products: await rows(shop, 'select id, baskets, buyers from product order by id'),
    days: await rows(shop, 'select productId, day, orders from saleDay where orders <> 0 order by 1, 2'),
    purchases: await rows(shop, 'select id, stage, voided from purchase where customer = ? order by id', ref),
    evidence: await rows(
      shop,
      `select id, goal, kind, weight, halfLifeDays, onDate, retractedAt is null live from evidence where customer = ? order by id`,
      ref,
    ),
    state: await rows(shop, 'select state, joinedOn from customer where ref = ?', ref),
  }
}

const allow = async (shop: Shop, ref: string, decision = 'granted', eventId = 'yes', at?: string) =>
  expect(
    (
      await shop.ask('POST', `/v1/customers/${ref}/consents`, {
        eventId: `${eventId}-${ref}`,
        purpose: 'personalise',
        decision,
        ...(at ? { at } : {}),
      })
    ).body.recorded,
  ).toBe(true)

const merge = (shop: Shop, ref: string, body: object, key = 'owner') =>
  shop.ask('POST', `/v1/customers/${ref}/merge`, body, key)

const consentOf = async (shop: Shop, ref: string) => {
  const [row] = await rows(shop, 'select state from customer where ref = ?', ref)
  return JSON.parse(row!.state).consent
}

test('a merge equals a shop in which all was one customer from the start: counts, stages, evidence, state', async () => {
  const bought = fc
    .array(
      fc.record({
        who: fc.constantFrom('one' as const, 'other' as const),
        day: fc.integer({ min: 0, max: 60 }),
        skus: fc.subarray(SKUS, { minLength: 1, maxLength: 4 }),
        gift: fc.boolean(),
        voided: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      }),
      { minLength: 2, maxLength: 10 },
    )
    .map((list) => list.map((each, n) => ({ ...each, n })))
  await fc.assert(
    fc.asyncProperty(bought, async (list) => {
      const two = await openShop('node')
      const one = await openShop('node')
      // Both references are customers, also where one of them bought nothing.
      for (const ref of ['c-one', 'c-other']) await allow(two, ref)
      await allow(one, 'c-one')
      await sell(two, list, (who) => `c-${who}`)
      await sell(one, list, () => 'c-one')
      expect((await merge(two, 'c-other', { into: 'c-one' })).status).toBe(200)
      const [merged, always] = [await known(two, 'c-one'), await known(one, 'c-one')]
      expect(merged).toEqual(always)
      await relearn(two.engine)
      expect(await known(two, 'c-one')).toEqual(merged)
    }),
    { numRuns: 15 },
  )
}, 300_000)

describe.each(ENGINES)('%s', (kind) => {
  test('the old reference answers as the new one: at the till, for purchases, evidence, consents; a repeat answers the same', async () => {
    const { shop, call } = await openOffice(kind)
    await allow(shop, 'card-77')
    await sell(
      shop,
      [{ who: 'one', n: 1, day: 0, skus: ['YO-120'], gift: false, voided: false }],
      () => 'card-77',
    )
    for (const ref of ['card-77', 'g01-ana'])
      expect((await call('POST', `/v1/customers/${ref}/about-link`, {})).status).toBe(201)
    const body = { into: 'g01-ana', eventId: 'office-1' }
    const before = await rows(shop, `select count(*) n from purchase where customer = 'g01-ana'`)
    const first = await call('POST', '/v1/customers/card-77/merge', body)
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({
      ref: 'card-77',
      customer: 'g01-ana',
      moved: { purchase: 1, consent: 1 },
    })
    for (let i = 0; i < 2; i++)
      expect((await call('POST', '/v1/customers/card-77/merge', body)).body).toEqual(first.body)
    expect(await rows(shop, `select count(*) n from purchase where customer = 'g01-ana'`)).toEqual([
      { n: before[0]!.n + 1 },
    ])

    // At the till both names are answered alike.
    const basket = { lines: [{ sku: 'DR-204-6', quantity: 1, unitPrice: 9600 }] }
    const ask = async (customer: string) =>
      (await shop.ask('POST', '/v1/recommendations', { customer, basket, dryRun: true })).body
    const { id: _, dataVersion: __, ...asOld } = await ask('card-77')
    const { id: ___, dataVersion: ____, ...asNew } = await ask('g01-ana')
    expect(asOld.basis).toBe('profile')
    expect({ ...asOld, validUntil: '' }).toEqual({ ...asNew, validUntil: '' })

    // What comes under the old name is hers.
    await sell(
      shop,
      [{ who: 'one', n: 2, day: 3, skus: ['SW-801'], gift: false, voided: false }],
      () => 'card-77',
    )
    const told = { eventId: 'told-9', kind: 'told', goal: 'mv-swim', words: 'first lessons' }
    expect((await shop.ask('POST', '/v1/customers/card-77/evidence', told)).body.recorded).toBe(true)
    expect((await shop.ask('POST', '/v1/customers/card-77/evidence', told)).body.recorded).toBe(true)
    const held = await call('GET', '/v1/customers/card-77/evidence')
    expect(held.body.evidence.map((line: any) => line.eventId)).toContain('told-9')
    expect(held.body).toEqual((await call('GET', '/v1/customers/g01-ana/evidence')).body)
    await allow(shop, 'card-77', 'objected', 'no')
    expect((await consentOf(shop, 'g01-ana')).personalise).toBe('objected')
    expect((await ask('g01-ana')).basis).toBe('context')
    expect(await rows(shop, `select ref from customer where ref = 'card-77'`)).toEqual([])
    expect(await rows(shop, `select 1 from purchase where customer = 'card-77'`)).toEqual([])
    expect(
      await rows(
        shop,
        `select stage, count(*) n from purchase where customer = 'g01-ana' and stage = 'front' group by 1`,
      ),
    ).toEqual([{ stage: 'front', n: 1 }])

    // A link that was given for one of the two opens neither any more.
    expect(await rows(shop, 'select * from aboutLink')).toEqual([])

    // What staff see of her, and what they note of her, is by either name.
    expect((await call('GET', '/v1/customers/g01-ana/card')).status).toBe(200)
    expect((await call('GET', '/v1/customers/card-77/card')).body.ref).toBe('g01-ana')

    // The log says what moved and whose holdout stays, and not who.
    const { body: log } = await call('GET', '/v1/audit?limit=5')
    const line = log.lines.find((each: any) => each.action === 'merged')
    expect(line.changes).toMatchObject({
      purchase: [0, 1],
      holdout: [expect.any(Number), expect.any(Number)],
    })
    expect(JSON.stringify(line)).not.toMatch(/card-77|g01-ana/)

    // Forgetting her by either name forgets both.
    expect((await shop.ask('DELETE', '/v1/customers/card-77', undefined, 'owner')).body.recorded).toBe(true)
    expect(await rows(shop, `select ref from customer where ref = 'g01-ana'`)).toEqual([])
    expect(await rows(shop, 'select * from customerAlias')).toEqual([])
  })

  test('answers to a poll under the old reference are hers: at the till, out of a letter, and whether she was asked', async () => {
    const { shop, call } = await openOffice(kind)
    await allow(shop, 'card-77')
    await allow(shop, 'card-78')
    expect((await merge(shop, 'card-77', { into: 'card-78' })).status).toBe(200)
    const poll = async (goal: string) => {
      const made = await call('POST', '/v1/polls', {
        goal,
        question: 'Would lessons close by interest you?',
        touchpoints: [],
        goAnswers: 6,
        goYes: 4,
        goShare: 0.3,
        opensOn: '2026-03-14',
        closesOn: '2026-04-30',
      })
      expect(made.status).toBe(201)
      return made.body.id as string
    }
    const [tennis, team] = [await poll('mv-racquet'), await poll('mv-team')]
    const said = { eventId: 'poll-77', customer: 'card-77', answer: 'yes' }
    for (let twice = 0; twice < 2; twice++)
      expect((await call('POST', `/v1/polls/${tennis}/answers`, said, { key: 'BK' })).body).toEqual({
        recorded: true,
        counted: true,
        reason: null,
      })
    const link = { customer: 'card-77' }
    expect((await call('POST', `/v1/polls/${tennis}/links`, link)).body.reason).toBe('NOT_TO_BE_ASKED')
    const csv = 'customer,answer\ncard-77,maybe\n'
    expect((await call('POST', `/v1/polls/${team}/import`, { csv })).body).toMatchObject({ recorded: 1 })
    expect((await call('POST', `/v1/polls/${team}/import`, { csv })).body).toMatchObject({ unchanged: 1 })
    const both = { csv: 'customer,answer\ncard-77,maybe\ncard-78,maybe\n' }
    expect((await call('POST', `/v1/polls/${team}/import`, both)).body.problems).toMatchObject([{ line: 3 }])
    expect(await rows(shop, 'select customer, answer from pollAnswer order by answer')).toEqual([
      { customer: 'card-78', answer: 'maybe' },
      { customer: 'card-78', answer: 'yes' },
    ])
  })

  test('an objection or a withdrawal on either side wins, whichever was later; the holdout of the one that stays stays', async () => {
    const shop = await openShop(kind)
    for (const [n, [ofRef, ofInto, result]] of (
      [
        ['objected', 'granted', 'objected'],
        ['granted', 'withdrawn', 'withdrawn'],
        ['withdrawn', 'objected', 'objected'],
        ['granted', 'granted', 'granted'],
      ] as const
    ).entries()) {
      const [ref, into] = [`old-${n}`, `new-${n}`]
      // The strict one always came first.
      await allow(
        shop,
        ref,
        ofRef,
        'a',
        ofRef === 'granted' ? '2026-03-01T10:00:00Z' : '2026-02-01T10:00:00Z',
      )
      await allow(
        shop,
        into,
        ofInto,
        'b',
        ofInto === 'granted' ? '2026-03-01T10:00:00Z' : '2026-02-01T10:00:00Z',
      )
      const [before] = await rows(shop, 'select holdout from customer where ref = ?', into)
      expect((await merge(shop, ref, { into })).status).toBe(200)
      expect((await consentOf(shop, into)).personalise, `${ofRef} and ${ofInto}`).toBe(result)
      expect(await rows(shop, 'select holdout from customer where ref = ?', into)).toEqual([before])
    }
  })

  test('itself, a cycle, the unknown, another site’s and a reused event are refused with the field; nothing is changed', async () => {
    const { shop, call } = await openOffice(kind)
    for (const ref of ['m-1', 'm-2', 'm-3']) await allow(shop, ref)
    const refused = async (ref: string, body: object, key?: string) => {
      const { status, body: problem } = await call(
        'POST',
        `/v1/customers/${ref}/merge`,
        body,
        key ? { key } : {},
      )
      return [status, problem.code, problem.errors[0]?.field]
    }
    expect(await refused('m-1', { into: 'm-1' })).toEqual([409, 'conflict', 'into'])
    expect(await refused('nobody', { into: 'm-1' })).toEqual([404, 'not_found', 'ref'])
    expect(await refused('m-1', { into: 'nobody' })).toEqual([422, 'unknown_reference', 'into'])
    expect((await merge(shop, 'm-1', { into: 'm-2', eventId: 'e-1' })).status).toBe(200)
    expect(await refused('m-2', { into: 'm-1' })).toEqual([409, 'conflict', 'into'])
    expect(await refused('m-1', { into: 'm-3' })).toEqual([409, 'conflict', 'ref'])
    expect(await refused('m-2', { into: 'm-3', eventId: 'e-1' })).toEqual([422, 'id_reused', 'eventId'])
    // A chain: the first name answers as the last one.
    expect((await merge(shop, 'm-2', { into: 'm-3' })).body.customer).toBe('m-3')
    expect((await merge(shop, 'm-1', { into: 'm-2', eventId: 'e-1' })).body).toMatchObject({
      customer: 'm-3',
    })
    expect(await rows(shop, 'select ref, customer from customerAlias order by ref')).toEqual([
      { ref: 'm-1', customer: 'm-3' },
      { ref: 'm-2', customer: 'm-3' },
    ])
    // Only the office may, and a manager of one site only its own.
    expect((await merge(shop, 'm-3', { into: 'g01-ana' }, 'BK')).status).toBe(403)
    expect(
      (await call('POST', '/v1/customers/m-3/merge', { into: 'g01-ana' }, { key: MANAGER })).status,
    ).toBe(200)
  })

  test('what a merge would come to is what it comes to; looking changes nothing, and the same is refused', async () => {
    const { shop, call } = await openOffice(kind)
    const poll = {
      goal: 'mv-racquet',
      question: 'Would tennis lessons close by interest you?',
      touchpoints: [],
      goAnswers: 6,
      goYes: 4,
      goShare: 0.3,
      opensOn: '2026-03-14',
      closesOn: '2026-04-30',
    }
    const { id } = (await call('POST', '/v1/polls', poll)).body
    const [from, into] = ['hh_0001', 'g01-ana']
    for (const [customer, answer] of [
      [from, 'maybe'],
      [into, 'yes'],
    ])
      await call('POST', `/v1/polls/${id}/answers`, { eventId: `look-${customer}`, customer, answer })
    await allow(shop, from, 'withdrawn', 'no', '2026-03-14T16:00:00Z')
    const look = (ref: string, other: string, key?: string) =>
      call('GET', `/v1/customers/${ref}/merge?into=${other}`, undefined, key ? { key } : {})
    const counted = async (ref: string) => {
      const has: Record<string, number> = {}
      for (const table of Object.keys((await look(from, into)).body.together?.has ?? shown.has)) {
        const [row] = await rows(shop, `select count(*) n from "${table}" where customer = ?`, ref)
        if (row!.n > 0) has[table] = row!.n
      }
      return has
    }
    const { body } = await look(from, into)
    const shown = body.together
    expect([body.from.ref, body.into.ref, shown.ref]).toEqual([from, into, into])
    expect(shown.has.pollAnswer).toBe(1)
    expect([await counted(from), await counted(into)]).toEqual([body.from.has, body.into.has])
    expect((await merge(shop, from, { into })).status).toBe(200)
    expect(await counted(into)).toEqual(shown.has)
    expect(await consentOf(shop, into)).toEqual(shown.consents)
    expect(shown.consents.personalise).toBe('withdrawn')
    const [row] = await rows(shop, 'select joinedOn, holdout from customer where ref = ?', into)
    expect(row).toEqual({ joinedOn: shown.joinedOn, holdout: Number(shown.holdout) })

    const refused = async (ref: string, other: string) => {
      const { status, body: problem } = await look(ref, other)
      return [status, problem.code, problem.errors[0]?.field]
    }
    expect(await refused(from, into)).toEqual([409, 'conflict', 'into'])
    expect(await refused(from, 'g04-mei')).toEqual([409, 'conflict', 'ref'])
    expect(await refused('nobody', into)).toEqual([404, 'not_found', 'ref'])
    expect(await refused('g04-mei', 'nobody')).toEqual([422, 'unknown_reference', 'into'])
    expect((await look('g04-mei', into, 'staff')).status).toBe(403)
  })

  test('a key of one site is told the same of another site’s customers as of nobody, looking and merging alike', async () => {
    const { shop } = await openOffice(kind)
    const there = { purpose: 'personalise', decision: 'granted' }
    for (const customer of ['ls-1', 'ls-2'])
      await shop.ask(
        'POST',
        `/v1/customers/${customer}/consents`,
        { ...there, eventId: `yes-${customer}` },
        'LS',
      )
    for (const ref of ['bk-1', 'bk-2']) await allow(shop, ref)
    const sites = await rows(
      shop,
      `select siteId from customer where ref in ('ls-1', 'ls-2', 'bk-1', 'bk-2') order by ref`,
    )
    expect(sites.map(({ siteId }) => siteId)).toEqual(['BK', 'BK', 'LS', 'LS'])
    expect((await merge(shop, 'ls-1', { into: 'ls-2' })).status).toBe(200)
    const manager = { partnerId: null, expiresAt: null, siteId: 'BK', role: 'manager', label: 'BK' } as const
    await addKey(shop.engine, 'test_manager_BK', manager)
    /** What is said of two, with their names taken out. */
    const said = async (ref: string, into: string) => {
      const answers = [
        await shop.ask('GET', `/v1/customers/${ref}/merge?into=${into}`, undefined, 'test_manager_BK'),
        await merge(shop, ref, { into }, 'test_manager_BK'),
      ]
      return answers.map(({ status, body }) => [
        status,
        body.code,
        body.errors,
        body.detail.replaceAll(ref, '<ref>').replaceAll(into, '<into>'),
      ])
    }
    const unknown = await said('nobody', 'bk-1')
    const intoUnknown = await said('bk-1', 'nobody')
    expect([unknown[0]![0], intoUnknown[0]![0]]).toEqual([404, 422])
    expect(unknown[0]).toEqual(unknown[1])
    expect(intoUnknown[0]).toEqual(intoUnknown[1])
    for (const theirs of ['ls-1', 'ls-2']) {
      expect(await said(theirs, 'bk-1'), theirs).toEqual(unknown)
      expect(await said('bk-1', theirs), theirs).toEqual(intoUnknown)
      expect(await said(theirs, 'nobody'), theirs).toEqual(await said('no-one', 'nobody'))
      expect(await said(theirs, theirs), theirs).toEqual(await said('nobody', 'nobody'))
    }
    expect(await said('ls-1', 'ls-2')).toEqual(await said('no-one', 'nobody'))
    // Of her own site she is told all of it.
    expect((await merge(shop, 'bk-1', { into: 'bk-2' }, 'test_manager_BK')).status).toBe(200)
    const again = await shop.ask('GET', '/v1/customers/bk-1/merge?into=bk-2', undefined, 'test_manager_BK')
    expect([again.status, again.body.errors[0].field]).toEqual([409, 'into'])
  })

  test('children, notes and answers move; a note is closed by its new name; nothing is written under the old one', async () => {
    const shop = await openShop(kind)
    const call = callOver(shop.ask)
    for (const ref of ['a-1', 'a-2']) {
      await allow(shop, ref)
      await shop.ask('POST', `/v1/customers/${ref}/consents`, {
        eventId: 'child',
        purpose: 'childProfile',
        decision: 'granted',
      })
      const household = {
        firstName: ref === 'a-1' ? 'Ivy' : undefined,
        children: [{ id: 'c1', birthMonth: ref === 'a-1' ? '2020-05' : '2022-07' }],
      }
      expect((await shop.ask('PUT', `/v1/customers/${ref}/household`, household)).body.recorded).toBe(true)
      const care = { id: 'zip', kind: 'complaint', what: `coat zip of ${ref}` }
      expect((await shop.ask('POST', `/v1/customers/${ref}/care`, care)).body.recorded).toBe(true)
    }
    const { body: answer } = await shop.ask('POST', '/v1/recommendations', {
      customer: 'a-1',
      basket: { lines: [{ sku: 'YO-120' }] },
    })
    expect(answer.silence.reason).toBe('care')
    expect((await call('POST', '/v1/customers/a-1/merge', { into: 'a-2' })).body.moved).toMatchObject({
      child: 1,
      careNote: 1,
      consent: 2,
      recommendation: 1,
    })
    // What was answered to her then is still answered so, for whom it was made.
    const replay = await shop.ask('GET', `/v1/recommendations/${answer.id}/replay`, undefined, 'owner')
    expect([replay.status, replay.body.same]).toEqual([200, true])
    const [row] = await rows(shop, `select firstName, state from customer where ref = 'a-2'`)
    expect(row!.firstName).toBe('Ivy')
    expect(JSON.parse(row!.state).children.sort()).toEqual(['2020-05', '2022-07'])
    expect(
      await rows(shop, `select id, customer from careNote where customer like 'a-%' order by id`),
    ).toEqual([
      { id: 'a-2/zip', customer: 'a-2' },
      { id: 'a-2/zip:a-1', customer: 'a-2' },
    ])
    for (const id of ['zip', 'zip:a-1'])
      await shop.ask('POST', '/v1/customers/a-1/care', {
        id,
        kind: 'complaint',
        what: 'coat zip',
        openedOn: '2026-03-01',
        closedOn: '2026-03-02',
      })
    const [later] = await rows(shop, `select state from customer where ref = 'a-2'`)
    expect(JSON.parse(later!.state).care.map((note: any[]) => note[7])).toEqual(['2026-03-02', '2026-03-02'])
    // What was read before the merge cannot be written after it.
    const late = shop.engine.atomic([
      {
        sql: `insert into evidence (id, customer, kind, goal, weight, halfLifeDays, onDate, recordedAt) values ('late', 'a-1', 'told', 'mv-swim', 0.9, 540, '2026-03-14', '2026-03-14T00:00:00Z')`,
        params: [],
      },
    ])
    await expect(late).rejects.toThrow(/constraint|refused/i)
  })
})

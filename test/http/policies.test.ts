/** The policy workshop over HTTP: propose, preview, put in force, go back; personas; what is learned. On both engines. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Household } from '../../seed/juniper-row.ts'
import { LEVERS } from '../../src/core/policy.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const households = JSON.parse(readFileSync('seed/juniper-row/households.json', 'utf8')) as Household[]
const basketOf = (h: Household) => ({
  lines: h.tryBasket!.map(({ unitPriceMinor, ...line }) => ({ ...line, unitPrice: unitPriceMinor })),
})

/** Every golden household comes once; what was answered, by reference. */
async function day(shop: Shop): Promise<Map<string, any>> {
  const answers = new Map<string, any>()
  for (const h of households) {
    const { status, body } = await shop.ask(
      'POST',
      '/v1/recommendations',
      { customer: h.ref, basket: basketOf(h) },
      h.site,
    )
    expect(status).toBe(200)
    answers.set(h.ref, body)
  }
  return answers
}
const owner = (shop: Shop, method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  shop.ask(method, path, body, 'owner', headers)
const propose = async (shop: Shop, changes: Record<string, number>) => {
  const { status, body } = await owner(shop, 'POST', '/v1/policies', { changes, note: 'a try' })
  expect(status).toBe(201)
  return body
}
const preview = async (shop: Shop, version: number) => {
  const { status, body } = await owner(shop, 'GET', `/v1/policies/${version}/preview`)
  expect(status).toBe(200)
  return body
}
const activate = (shop: Shop, version: number, body: object, headers?: Record<string, string>) =>
  owner(shop, 'POST', `/v1/policies/${version}/activate`, body, headers)
const inForce = async (shop: Shop) => {
  const { body, headers } = await owner(shop, 'GET', '/v1/policies')
  return { version: body.inForce as number, etag: headers.get('etag')!, body }
}

describe.each(ENGINES)('%s', (kind) => {
  test('a change is proposed, previewed, put in force for the very next answer, and taken back with one call', async () => {
    const shop = await openShop(kind)
    const answers = await day(shop)
    const ana = answers.get('g01-ana')
    expect(ana.primary.offerId).toBe('O054')
    const speaking = [...answers.values()].filter((answer) => answer.speak)

    const made = await propose(shop, { notNowDays: 45, stepCost: 0.06 })
    expect(made).toMatchObject({
      version: 2,
      state: 'proposed',
      origin: 1,
      note: 'a try',
      changes: [
        { lever: 'notNowDays', before: 30, after: 45 },
        { lever: 'stepCost', before: 0.03, after: 0.06 },
      ],
    })
    // A proposal changes nothing at the tills.
    expect(
      (await shop.ask('POST', '/v1/recommendations', { basket: { lines: [] } })).body.policyVersion,
    ).toBe(1)

    const seen = await preview(shop, 2)
    expect(seen).toMatchObject({ version: 2, against: 1, refusals: [] })
    expect(seen.window).toMatchObject({ decisions: 12, holdout: 1, cannot: 0, capped: false })
    expect(seen.all.speaks).toEqual({ now: speaking.length, tried: speaking.length })
    expect(seen.personas.map(({ passes, passesNow }: any) => [passes, passesNow])).toEqual(
      households.map(() => [true, true]),
    )

    expect((await activate(shop, 2, {})).body).toMatchObject({ status: 400, errors: [{ field: 'digest' }] })
    expect((await activate(shop, 2, { digest: 'another' })).body.code).toBe('changed_meanwhile')
    const done = await activate(shop, 2, { digest: seen.digest })
    expect([done.status, done.body.state]).toEqual([200, 'inForce'])
    const next = await shop.ask('POST', '/v1/recommendations', {
      customer: 'g03-hannah',
      basket: { lines: [] },
    })
    expect(next.body.policyVersion).toBe(2)

    // One call back, by what the list said.
    const now = await inForce(shop)
    expect(now.version).toBe(2)
    expect((await activate(shop, 1, {})).body.code).toBe('if_match_missing')
    expect((await activate(shop, 1, {}, { 'if-match': '"1"' })).body.code).toBe('changed_meanwhile')
    expect((await activate(shop, 1, {}, { 'if-match': now.etag })).body.state).toBe('inForce')
    expect(
      (await shop.ask('POST', '/v1/recommendations', { basket: { lines: [] } })).body.policyVersion,
    ).toBe(1)
    // And forward again, without another preview.
    const back = await inForce(shop)
    expect(back.body.policies.map(({ version, state }: any) => [version, state])).toEqual([
      [2, 'earlier'],
      [1, 'inForce'],
    ])
    expect((await activate(shop, 2, {}, { 'if-match': back.etag })).status).toBe(200)
    const log = (await owner(shop, 'GET', '/v1/audit?object=policy&id=2')).body
    expect(log.lines.map(({ action, changes }: any) => [action, changes])).toEqual([
      ['activated', { inForce: [1, 2] }],
      ['activated', { inForce: [1, 2] }],
      ['proposed', { version: [1, 2], notNowDays: [30, 45], stepCost: [0.03, 0.06] }],
    ])
  })

  test('the same proposal in two hands comes into force once, and the other hand is told', async () => {
    const shop = await openShop(kind)
    await day(shop)
    const [a, b] = [await propose(shop, { stepCost: 0.02 }), await propose(shop, { stepCost: 0.04 })]
    const [seenA, seenB] = [await preview(shop, a.version), await preview(shop, b.version)]
    const both = await Promise.all([
      activate(shop, a.version, { digest: seenA.digest }),
      activate(shop, b.version, { digest: seenB.digest }),
    ])
    expect(both.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([200, 412])
    const won = both[0].status === 200 ? a.version : b.version
    expect((await inForce(shop)).version).toBe(won)
  })

  test('a policy that silences everything is refused with the numbers, even so; one that silences more than half only once insisted on', async () => {
    const shop = await openShop(kind)
    const answers = await day(shop)
    const speaking = [...answers.values()].filter((answer) => answer.speak).length
    const all = await propose(shop, { fitFloor: 1 })
    const seen = await preview(shop, all.version)
    expect(seen.all.speaks).toEqual({ now: speaking, tried: 0 })
    expect(seen.leftWithNothing.customers).toBeGreaterThan(0)
    expect(seen.silencedOffers.map(({ offerId }: any) => offerId)).toContain('O054')
    expect(seen.moves.every(({ to }: any) => to === null)).toBe(true)
    expect(seen.moves.find(({ from }: any) => from === 'O054').examples).toEqual([answers.get('g01-ana').id])
    for (const evenSo of [false, true]) {
      const refused = await activate(shop, all.version, { digest: seen.digest, evenSo })
      expect([refused.status, refused.body.code]).toEqual([422, 'policy_refused'])
      expect(refused.body.detail).toContain(
        `It would silence everything: of 11 recorded decisions ${speaking} speak now, and none would.`,
      )
    }
    expect((await inForce(shop)).version).toBe(1)

    const half = await propose(shop, { fitFloor: 0.8 })
    const much = await preview(shop, half.version)
    expect(much.all.speaks.tried).toBeGreaterThan(0)
    expect(much.all.speaks.tried).toBeLessThan(speaking / 2)
    expect(much.refusals.map(({ code, always }: any) => [code, always])).toContainEqual(['SILENCES', false])
    expect((await activate(shop, half.version, { digest: much.digest })).body.errors[0].field).toBe('evenSo')
    expect((await activate(shop, half.version, { digest: much.digest, evenSo: true })).status).toBe(200)
  })

  test('a yes stays one whatever is heard after it, for all and by offer', async () => {
    const shop = await openShop(kind)
    const spoken = [...(await day(shop)).values()].filter((answer) => answer.speak)
    const ends = [
      ['accepted', 'wrong'],
      ['booked', 'said'],
      ['declined', 'accepted'],
      ['said', 'askedMore'],
    ]
    for (const [i, states] of ends.entries())
      for (const [n, state] of states.entries())
        await shop.ask(
          'POST',
          `/v1/recommendations/${spoken[i].id}/outcomes`,
          { eventId: `e${i}.${n}`, state, ...(state === 'declined' ? { reason: 'notNow' } : {}) },
          'owner',
        )
    const { body } = await owner(shop, 'GET', '/v1/calibration')
    expect([body.said, body.yes]).toEqual([4, 3])
    const sums = (of: string) => body.offers.reduce((sum: number, offer: any) => sum + offer[of], 0)
    expect([sums('said'), sums('accepted'), sums('declined')]).toEqual([4, 3, 2])
    const seen = await preview(shop, (await propose(shop, { silenceShare: 0.05 })).version)
    expect(seen.value.yeses).toBe(3)
  })

  test('outcomes are counted beside what was predicted; too few teach nothing, and say so', async () => {
    const shop = await openShop(kind)
    const answers = await day(shop)
    const spoken = [...answers.values()].filter((answer) => answer.speak)
    const ends = ['accepted', 'declined', 'said']
    for (const [i, { id }] of spoken.slice(0, 3).entries())
      await shop.ask(
        'POST',
        `/v1/recommendations/${id}/outcomes`,
        { eventId: `e${i}`, state: ends[i], ...(ends[i] === 'declined' ? { reason: 'notNow' } : {}) },
        'owner',
      )
    const { body } = await owner(shop, 'GET', '/v1/calibration')
    expect(body).toMatchObject({
      tag: 'counted',
      said: 3,
      yes: 1,
      made: spoken.length,
      unheard: spoken.length - 3,
    })
    expect(body.bands.reduce((sum: number, band: any) => sum + band.said, 0)).toBe(3)
    expect(body.offers.reduce((sum: number, offer: any) => sum + offer.said, 0)).toBe(3)
    expect(body.offers.reduce((sum: number, offer: any) => sum + offer.accepted, 0)).toBe(1)
    const learned = await owner(shop, 'POST', '/v1/policies/propose-learned', {})
    expect(learned.body).toMatchObject({
      proposed: null,
      says: 'Too little to learn from: 3 answers said aloud; 100 are needed.',
    })
    const seen = await preview(shop, (await propose(shop, { silenceShare: 0.05 })).version)
    // Of so few no figure is shown, and nothing is called caused.
    expect(seen.value).toMatchObject({ verdict: 'tooFew', yeses: 1, tag: null, now: null })
    expect([seen.value.doublyRobust, seen.value.difference]).toEqual([null, null])
  })
})

test('where nothing is recorded yet, a policy that would never speak is refused all the same', async () => {
  const shop = await openShop('node')
  const { version } = await propose(shop, { fitFloor: 1 })
  const seen = await preview(shop, version)
  expect(seen.window.decisions).toBe(0)
  const refused = await activate(shop, version, { digest: seen.digest, evenSo: true })
  expect(refused.body.detail).toMatch(/It would silence everything: of the live offers \d+ are said/)
})

test('a persona that a policy breaks speaks against it by name; it is kept, changed and put away', async () => {
  const shop = await openShop('node')
  await day(shop)
  const { body: example } = await owner(shop, 'GET', '/v1/personas/piano')
  expect([example.passes, example.says]).toEqual([true, ['O054']])
  const { version } = await propose(shop, { valueLever: 0, fitFloor: 0.8 })
  const seen = await preview(shop, version)
  const broken = seen.personas.filter(({ passes, passesNow }: any) => passesNow && !passes)
  expect(broken.length).toBeGreaterThan(0)
  // Each says why its own offer fell out, not why another did.
  for (const { why } of broken)
    expect(why.join(' ')).toMatch(/must be .*\. “.*” is refused, “It does not fit well enough”\./)
  for (const { name } of broken)
    expect(seen.refusals.find(({ says }: any) => says.includes(name))).toMatchObject({
      code: 'PERSONA',
      always: false,
    })
  expect((await activate(shop, version, { digest: seen.digest })).status).toBe(422)

  // What a persona must be is the shop's to say: after that, what was seen is no longer so.
  for (const { id } of broken) expect((await owner(shop, 'DELETE', `/v1/personas/${id}`)).status).toBe(204)
  expect((await activate(shop, version, { digest: seen.digest })).body.code).toBe('changed_meanwhile')
  const { name, record } = example
  const impossible = { name, record: { ...record, must: { never: ['O054'] } } }
  const kept = await owner(shop, 'PUT', '/v1/personas/mine', impossible)
  expect([kept.status, kept.body.passes, kept.body.why]).toEqual([
    200,
    false,
    [expect.stringMatching(/^It may say “.*piano.*”, which it must never\.$/i)],
  ])
  const unknown = await owner(shop, 'PUT', '/v1/personas/mine', {
    name,
    record: { ...record, must: { say: ['nowhere'] } },
  })
  expect([unknown.status, unknown.body.errors]).toEqual([
    422,
    [{ field: 'record.must.say', message: 'is unknown' }],
  ])
  const { body: all } = await owner(shop, 'GET', '/v1/personas')
  expect(all.personas.map(({ id }: any) => id)).toContain('mine')
  expect((await owner(shop, 'GET', '/v1/personas/nobody')).status).toBe(404)
})

test('what is wrong with a proposal names its lever; nothing changed is no proposal; a withdrawn one stays so', async () => {
  const shop = await openShop('node')
  const said = async (body: object) => (await owner(shop, 'POST', '/v1/policies', body)).body
  expect((await said({ changes: { fitFloor: 7 } })).errors).toEqual([
    { field: 'changes.fitFloor', message: 'must be from 0 to 1' },
  ])
  expect((await said({ changes: { leadDays: 1.5 } })).errors).toEqual([
    { field: 'changes.leadDays', message: expect.stringMatching(/^must be a whole number from \d+ to \d+$/) },
  ])
  expect((await said({ changes: { love: 1 } })).status).toBe(400)
  expect((await said({ changes: { fitFloor: LEVERS.fitFloor.default } })).errors).toEqual([
    { field: 'changes', message: 'nothing is changed yet against the policy in force' },
  ])
  const { version } = await propose(shop, { fitFloor: 0.5 })
  expect((await owner(shop, 'DELETE', `/v1/policies/${version}`)).body.state).toBe('withdrawn')
  expect((await owner(shop, 'DELETE', `/v1/policies/${version}`)).status).toBe(409)
  expect((await owner(shop, 'DELETE', '/v1/policies/1')).status).toBe(409)
  expect((await activate(shop, version, { digest: 'x' })).status).toBe(409)
  expect((await activate(shop, 1, { digest: 'x' })).status).toBe(409)
  expect((await owner(shop, 'GET', '/v1/policies/99')).status).toBe(404)
  // The salt of the draws is nobody's to read.
  expect(JSON.stringify((await owner(shop, 'GET', '/v1/policies')).body)).not.toMatch(/salt|juniper-row/)
})

test('what many said teaches levers: a proposal like any other, which nobody puts in force but the owner', async () => {
  const shop = await openShop('node')
  let said = 0
  for (let i = 0; i < 230; i++) {
    const [customer, key] = [`new-${i}`, ['BK', 'LS'][i % 2]!]
    const tell = async (method: string, what: string, body: object) =>
      expect((await shop.ask(method, `/v1/customers/${customer}/${what}`, body, key)).body.recorded).toBe(
        true,
      )
    for (const purpose of ['personalise', 'childProfile'])
      await tell('POST', 'consents', { eventId: `c${i}.${purpose}`, purpose, decision: 'granted' })
    await tell('PUT', 'household', { children: [{ id: `n${i}`, birthMonth: '2020-09' }] })
    await tell('POST', 'evidence', {
      eventId: `t${i}`,
      kind: 'told',
      goal: ['music-instrument', 'mv-yoga', 'languages'][i % 3],
    })
    const { body } = await shop.ask('POST', '/v1/recommendations', { customer, basket: { lines: [] } }, key)
    if (!body.speak) continue
    said++
    // Whatever fit predicts, one in twenty says yes.
    const outcome = said % 20 === 0 ? { state: 'accepted' } : { state: 'declined', reason: 'notNow' }
    await shop.ask('POST', `/v1/recommendations/${body.id}/outcomes`, { eventId: `o${i}`, ...outcome }, key)
  }
  expect(said).toBeGreaterThan(100)
  const { body } = await owner(shop, 'POST', '/v1/policies/propose-learned', {})
  expect(body.sayings).toBe(said)
  expect(body.proposed).toMatchObject({ version: 2, state: 'proposed', origin: 1, note: body.says })
  expect(body.proposed.changes.find(({ lever }: any) => lever === 'acceptanceAtFit').after).toBeLessThan(0.4)
  expect(body.aside.learned).toBeGreaterThan(body.aside.now)
  expect((await inForce(shop)).version).toBe(1)
  const counted = (await owner(shop, 'GET', '/v1/calibration')).body
  expect([counted.said, counted.yes]).toEqual([said, Math.floor(said / 20)])
  expect(counted.expectedError).toBeGreaterThan(0.1)
  const seen = await preview(shop, 2)
  expect(seen.value.turns).toBeGreaterThanOrEqual(said)
})

test('who may: managers read and propose, only the owner puts in force, tills and partners see nothing of it', async () => {
  const shop = await openShop('node')
  for (const key of ['BK', 'staff', 'partner']) {
    expect((await shop.ask('GET', '/v1/policies', undefined, key)).status).toBe(403)
    expect((await shop.ask('POST', '/v1/policies', { changes: { fitFloor: 0.5 } }, key)).status).toBe(403)
  }
})

/** What being spoken to caused: registered before it begins, told with intervals, never surer than it is; on both engines. */
import { describe, expect, test } from 'vitest'
import { customersOf, monthsPass } from '../support/lived-months.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const HALF_YEAR = { name: 'Spring and summer', startsOn: '2026-03-16', endsOn: '2026-09-10' }
const AFTER = '2026-09-20T12:00:00.000Z'

const register = async (shop: Shop, body: object = HALF_YEAR) =>
  (await shop.ask('POST', '/v1/experiments', body, 'owner')).body
const lift = async (shop: Shop, query = '') => {
  const { status, body } = await shop.ask('GET', `/v1/lift${query}`, undefined, 'owner')
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const figure = (body: any, code: string) => body.figures.find((each: any) => each.code === code)
const run = (shop: Shop, sql: string, ...params: (string | number | null)[]) =>
  shop.engine.atomic([{ sql, params }])

describe.each(ENGINES)('%s', (kind) => {
  test('is registered before it begins: no start in the past, no end before the start, one at a time, by the owner', async () => {
    const shop = await openShop(kind)
    const refused = async (body: object, key = 'owner') => {
      const answer = await shop.ask('POST', '/v1/experiments', { ...HALF_YEAR, ...body }, key)
      return [answer.status, ...(answer.body.errors ?? []).map((each: any) => each.field)]
    }
    expect(await refused({ startsOn: '2026-03-14' })).toEqual([400, 'startsOn'])
    expect(await refused({ startsOn: '2025-01-01' })).toEqual([400, 'startsOn'])
    expect(await refused({ endsOn: '2026-03-01' })).toEqual([400, 'endsOn'])
    expect(await refused({ endsOn: '2026-04-01' })).toEqual([400, 'endsOn'])
    expect(await refused({ startsOn: '2026-03-01', endsOn: '2031-03-01' })).toEqual([
      400,
      'startsOn',
      'endsOn',
    ])
    expect(await refused({ smallestLift: 0 })).toEqual([400, 'smallestLift'])
    expect((await refused({}, 'staff'))[0]).toBe(403)

    const made = await register(shop)
    expect(made).toMatchObject({ ...HALF_YEAR, state: 'registered', smallestLift: 0.1, stoppedOn: null })
    expect(made.plan.customers).toBe((await customersOf(shop.engine)).length)
    expect(made.plan.smallestVisible).toBeGreaterThan(0.1)
    // Nobody is told any more to register what is registered.
    const since = (await lift(shop)).says.join(' ')
    expect(since).toContain('“Spring and summer” is, and begins on 16 March 2026.')
    expect(since).not.toContain('register the next period')
    // Before it begins its report says what it could see.
    const ahead = await lift(shop, `?experiment=${made.id}`)
    expect([ahead.verdict, ahead.period.startsOn, ahead.period.days]).toEqual(['tooEarly', '2026-03-16', 0])
    expect(figure(ahead, 'SMALLEST_VISIBLE').number).toBeCloseTo(made.plan.smallestVisible, 9)
    expect(await refused({ startsOn: '2026-09-10', endsOn: '2026-12-31' })).toEqual([409, 'startsOn'])
    const { body } = await shop.ask('GET', '/v1/experiments', undefined, 'owner')
    expect(body.experiments).toEqual([made])

    const stopped = await shop.ask('POST', `/v1/experiments/${made.id}/stop`, {}, 'owner')
    expect([stopped.status, stopped.body.state]).toEqual([200, 'withdrawn'])
    expect((await shop.ask('POST', `/v1/experiments/${made.id}/stop`, {}, 'owner')).status).toBe(409)
    expect((await shop.ask('POST', '/v1/experiments/exp_none/stop', {}, 'owner')).status).toBe(404)
    expect((await register(shop, { ...HALF_YEAR, startsOn: '2026-04-01' })).state).toBe('registered')
    const audit = await shop.ask('GET', `/v1/audit?object=experiment&id=${made.id}`, undefined, 'owner')
    expect(audit.body.lines.map((line: any) => line.action)).toEqual(['stopped', 'registered'])
  })

  test('without one it reports since the first decision, and says that nobody registered it', async () => {
    const shop = await openShop(kind)
    await shop.ask('POST', '/v1/recommendations', { customer: 'g01-ana', basket: { lines: [] } })
    const body = await lift(shop)
    expect([body.experiment, body.verdict, body.weeks]).toEqual([null, 'tooEarly', []])
    expect(body.says.join(' ')).toContain('It was not registered before it began')
    expect(body.says.join(' ')).toMatch(
      /With \d+ customers, a year can show (not even )?a lift .*expect “cannot tell”\..*sooner.*About [\d,]+ customers for a year would be needed/,
    )
    expect((await shop.ask('GET', '/v1/lift?experiment=exp_none', undefined, 'owner')).status).toBe(404)
    expect((await shop.ask('GET', '/v1/lift', undefined, 'staff')).status).toBe(403)
  })

  test('nothing planted: it cannot tell, both intervals hold zero, and counts are what the till sold', async () => {
    const shop = await openShop(kind)
    await register(shop)
    const sold = await monthsPass(shop.ask, await customersOf(shop.engine), '2026-03-17', 160, 0)
    expect(sold).toBeGreaterThan(300)
    await shop.at(AFTER)
    const body = await lift(shop)
    expect(body.verdict).toBe('cannotTell')
    expect(body.says[0]).toMatch(/^Between −\d+ % and \+\d+ %: cannot tell\.$/)
    expect(body.experiment.state).toBe('ended')
    const [always, atEnd] = [figure(body, 'LIFT'), figure(body, 'LIFT_AT_END')]
    for (const each of [always, atEnd]) {
      expect(each.tag).toBe('caused')
      expect(each.low).toBeLessThan(0)
      expect(each.high).toBeGreaterThan(0)
    }
    // Looking every day has its price, and the planned day is spared it.
    expect(always.high - always.low).toBeGreaterThan(atEnd.high - atEnd.low)
    expect(new Set(body.figures.map((each: any) => each.tag))).toEqual(
      new Set(['counted', 'caused', 'assumed']),
    )

    const counted = await shop.engine.all<{ holdout: number; minor: number; customers: number }>({
      sql: `select c.holdout, count(*) customers, sum(coalesce(s.minor, 0)) minor from customer c left join
              (select p.customer, sum(l.quantity * (l.unitPriceMinor - l.unitCostMinor)) minor
               from purchase p join purchaseLine l on l.purchaseId = p.id where p.source = 'months' and p.stage is not 'front' group by 1) s
            on s.customer = c.ref group by c.holdout order by c.holdout`,
      params: [],
    })
    for (const [i, code] of ['CONTRIBUTION_OFFERED', 'CONTRIBUTION_HOLDOUT'].entries())
      expect(figure(body, code).number).toBeCloseTo(counted[i]!.minor / counted[i]!.customers, 6)
    expect(body.arms.map((arm: any) => arm.customers)).toEqual(counted.map(({ customers }) => customers))
  })

  test('much planted: it says so, by the week in which it could first be told; stopped early it loses the planned day', async () => {
    const shop = await openShop(kind)
    const { id } = await register(shop)
    await monthsPass(shop.ask, await customersOf(shop.engine), '2026-03-17', 160, 4)
    await shop.at('2026-07-01T12:00:00.000Z')
    const running = await lift(shop)
    expect([running.verdict, running.experiment.state]).toEqual(['more', 'running'])
    expect(figure(running, 'LIFT').low).toBeGreaterThan(0)
    expect(figure(running, 'LIFT_AT_END')).toBeUndefined()
    const decided = running.weeks.filter(({ lift }: any) => lift.low > 0)
    expect(decided.length).toBeGreaterThan(0)
    expect(running.weeks.length).toBeGreaterThan(decided.length - 1)

    const stopped = await shop.ask('POST', `/v1/experiments/${id}/stop`, {}, 'owner')
    expect(stopped.body).toMatchObject({ state: 'stopped', stoppedOn: '2026-06-30' })
    await shop.at(AFTER)
    const later = await lift(shop)
    // What was stopped stays as it was, and without the interval of the planned day.
    expect(figure(later, 'LIFT')).toEqual(figure(running, 'LIFT'))
    expect(figure(later, 'LIFT_AT_END')).toBeUndefined()
    expect(later.says.join(' ')).toContain('It was stopped on 30 June 2026')
  })
})

describe('a shop as shops are', () => {
  test('money back, unknown costs, voids, families that leave and that come midway: all of it counts, nothing breaks', async () => {
    const shop = await openShop('node')
    await register(shop)
    await monthsPass(shop.ask, await customersOf(shop.engine), '2026-03-17', 160, 0)
    const line = { sku: 'MYSTERY-1', name: 'A thing of unknown cost', quantity: 1, unitPrice: 50_000 }
    const sale = (externalId: string, customer: string, lines: object[], more = {}) => ({
      source: 'odd',
      externalId,
      site: 'BK',
      customer,
      soldAt: '2026-05-05T15:00:00Z',
      lines,
      ...more,
    })
    const back = [
      { sku: 'DR-204-6', name: 'Cotton lawn dress, 6Y', quantity: -1, unitPrice: 90_000, unitCost: 0 },
    ]
    const tell = (...purchases: object[]) => shop.ask('POST', '/v1/purchases', { purchases }, 'owner')
    await shop.at(AFTER)
    const before = await lift(shop)
    expect(figure(before, 'COST_ASSUMED').number).toBe(0)

    const [known] = (await customersOf(shop.engine)).filter(({ holdout }) => holdout === 0)
    const n = before.arms.find((arm: any) => arm.arm === 'offered').customers
    await tell(sale('1', known!.ref, [line]), sale('2', known!.ref, back), sale('3', known!.ref, [line]))
    await tell(sale('3', known!.ref, [], { voided: true, revision: 1 }))
    const after = await lift(shop)
    // 500.00 at an assumed half, less 900.00 given back, over everyone who may be spoken to.
    expect(figure(after, 'CONTRIBUTION_OFFERED').number).toBeCloseTo(
      figure(before, 'CONTRIBUTION_OFFERED').number + (25_000 - 90_000) / n,
      6,
    )
    expect(figure(after, 'COST_ASSUMED').number).toBeGreaterThan(0)
    expect(figure(after, 'COST_ASSUMED').tag).toBe('assumed')

    // Somebody new: her first purchase was no work of ours, her second counts.
    await tell(
      sale('4', 'brand-new', [line]),
      sale('5', 'brand-new', [line], { soldAt: '2026-06-05T15:00:00Z' }),
    )
    const [newcomer] = await shop.engine.all<{ holdout: number }>({
      sql: `select holdout from customer where ref = 'brand-new'`,
      params: [],
    })
    const with1 = await lift(shop)
    const arm = newcomer!.holdout === 1 ? 1 : 0
    expect(with1.arms[arm].customers).toBe(after.arms[arm].customers + 1)
    const code = arm === 1 ? 'CONTRIBUTION_HOLDOUT' : 'CONTRIBUTION_OFFERED'
    expect(figure(with1, code).number * with1.arms[arm].customers).toBeCloseTo(
      figure(after, code).number * after.arms[arm].customers + 25_000,
      4,
    )

    // What a partner owes for an introduction of hers is brought by her, less what its benefit cost, until it is taken back.
    const owed = async (id: string, cause: string, amount: number, onDate: string, reverses: string | null) =>
      run(
        shop,
        `insert into ledgerEntry (id, partnerId, allianceId, code, cause, unit, amount, currency, termsVersion, onDate, dueOn, reverses, recordedAt)
         values (?, 'P01', 'A01', 'BK-LIFT1', ?, 'money', ?, 'USD', 1, ?, ?, ?, '2026-06-01T12:00:00.000Z')`,
        id,
        cause,
        amount,
        onDate,
        onDate,
        reverses,
      )
    await run(
      shop,
      `insert into referral (code, direction, offerId, partnerId, allianceId, customer, state, expiresOn, createdAt)
       values ('BK-LIFT1', 'ours', 'O054', 'P01', 'A01', ?, 'enrolled', '2026-06-01', '2026-05-01T12:00:00.000Z')`,
      known!.ref,
    )
    await owed('l1', 'commission', 5600, '2026-06-01', null)
    await owed('l2', 'benefit', -600, '2026-05-20', null)
    await owed('l0', 'commission', 9900, '2026-03-15', null)
    const brought = async () => figure(await lift(shop), 'CONTRIBUTION_OFFERED').number
    const offered = figure(with1, 'CONTRIBUTION_OFFERED').number
    const all = with1.arms[0].customers
    expect(await brought()).toBeCloseTo(offered + 5000 / all, 6)
    await owed('l3', 'commission', -5600, '2026-06-02', 'l1')
    expect(await brought()).toBeCloseTo(offered - 600 / all, 6)
    await run(shop, `delete from ledgerEntry where code = 'BK-LIFT1'`)

    expect((await shop.ask('DELETE', '/v1/customers/brand-new', undefined, 'owner')).status).toBe(200)
    const without = await lift(shop)
    expect(figure(without, code)).toEqual(figure(after, code))
  })

  test('without a holdout, or with thirty customers, it says that nobody can be compared', async () => {
    const shop = await openShop('node')
    await register(shop)
    await monthsPass(shop.ask, await customersOf(shop.engine), '2026-03-17', 160, 0)
    await run(shop, 'update customer set holdout = 0')
    await shop.at(AFTER)
    const none = await lift(shop)
    expect(none.verdict).toBe('tooFew')
    expect(none.says[0]).toContain('0 are in the holdout, and each side needs at least 5')

    await run(
      shop,
      'delete from customer where rowid not in (select rowid from customer order by rowid limit 30)',
    )
    await run(shop, 'update customer set holdout = rowid % 7 = 0')
    const few = await lift(shop)
    expect(few.arms.map((each: any) => each.customers).reduce((a: number, b: number) => a + b)).toBe(30)
    expect(few.verdict).toBe('tooFew')
    expect(JSON.stringify(few)).not.toContain('NaN')
    expect(figure(few, 'CUSTOMERS_NEEDED').number).toBeGreaterThan(30)
  })

  test('a till that sold nothing: no interval is made up', async () => {
    const shop = await openShop('node')
    await register(shop)
    await shop.at(AFTER)
    const body = await lift(shop)
    expect([body.verdict, body.weeks]).toEqual(['nothingVaries', []])
    expect(figure(body, 'LIFT')).toBeUndefined()
  })
})

describe('uptake', () => {
  test('said is set against silence where chance decided, once a day and customer, when thirty days have passed', async () => {
    const shop = await openShop('node')
    await shop.at('2026-03-16T16:00:00.000Z')
    const basket = {
      lines: [{ sku: 'YK-121', category: 'yoga-kids', name: 'Yoga leggings, lotus', unitPrice: 4600 }],
    }
    for (const { ref } of await customersOf(shop.engine)) {
      const { body } = await shop.ask('POST', '/v1/recommendations', { customer: ref, basket })
      // Asked again the same day, she is still one moment.
      await shop.ask('POST', '/v1/recommendations', { customer: ref, basket })
      if (body.speak && ref.charCodeAt(ref.length - 1) % 2 === 0)
        await shop.ask('POST', `/v1/recommendations/${body.id}/outcomes`, {
          eventId: `e-${ref}`,
          state: 'accepted',
        })
      else if (body.speak)
        await shop.ask('POST', `/v1/recommendations/${body.id}/outcomes`, {
          eventId: `e-${ref}`,
          state: 'declined',
        })
    }
    await shop.at('2026-04-10T16:00:00.000Z')
    const early = await lift(shop)
    expect([figure(early, 'UPTAKE_SAID').number, figure(early, 'UPTAKE_SILENT').number]).toEqual([null, null])

    const moments = await shop.engine.all<{ customer: string; arm: string; offerId: string; yes: number }>({
      sql: `select customer, min(arm) arm, coalesce(offerId, wouldOffer) offerId, max(outcome is 'accepted') yes
            from recommendation where arm = 'silence' or (arm in ('offer', 'explore') and propensity < 1)
            group by customer order by customer`,
      params: [],
    })
    const silent = moments.filter(({ arm }) => arm === 'silence')
    const said = moments.filter(({ arm }) => arm !== 'silence')
    expect([silent.length > 5, said.length > 40, silent.every(({ yes }) => yes === 0)]).toEqual([
      true,
      true,
      true,
    ])
    expect(silent.every(({ offerId }) => offerId !== null)).toBe(true)
    await shop.at('2026-04-20T16:00:00.000Z')
    const body = await lift(shop)
    const took = said.filter(({ yes }) => yes === 1).length
    expect(figure(body, 'UPTAKE_SAID').value).toBe(`${took} of ${said.length}`)
    expect(figure(body, 'UPTAKE_SILENT').value).toBe(`0 of ${silent.length}`)
    expect(figure(body, 'UPTAKE_CAUSED')).toMatchObject({ tag: 'caused', unit: 'share' })
    expect(figure(body, 'UPTAKE_CAUSED').number).toBeCloseTo(took / said.length, 9)
    expect(figure(body, 'SAID_YES').tag).toBe('associated')

    // Who came by herself where nobody said it counts for silence.
    const [one] = silent
    await run(
      shop,
      `insert into evidence (id, customer, kind, goal, offerId, weight, halfLifeDays, onDate, recordedAt)
       values ('came', ?, 'attended', 'mv-swim', ?, 0.5, 100, '2026-03-28', '2026-03-28T12:00:00.000Z')`,
      one!.customer,
      one!.offerId,
    )
    expect(figure(await lift(shop), 'UPTAKE_SILENT').value).toBe(`1 of ${silent.length}`)
    // Later than thirty days it does not.
    await run(shop, `update evidence set onDate = '2026-04-18' where id = 'came'`)
    expect(figure(await lift(shop), 'UPTAKE_SILENT').value).toBe(`0 of ${silent.length}`)
  })
})

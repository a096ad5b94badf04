/** Every till moment of the seed shop, replayed in time order through the API: no answer breaks a rule; and what kind of company Encore is. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Household } from '../../seed/juniper-row.ts'
import { DEMO_KEYS, juniperOrders, loadJuniperRow } from '../../seed/juniper-row.ts'
import { STARTER_GOALS } from '../../src/core/goal.ts'
import { ageMonths, dateOf, dayOf, instantOf } from '../../src/core/time.ts'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { dumpSql } from '../../src/store/dump.ts'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, migrateD1 } from '../support/engines.ts'

const FOLDER = 'seed/juniper-row'
const read = (name: string) => JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8')) as any[]
const DAY_MS = 86_400_000

test('0 answers break a rule; how often it speaks, repeats itself, and offers more of the same', {
  timeout: 300_000,
}, async () => {
  const engine = openSqlite(':memory:', 'migrations')
  onTestFinished(() => engine.close())
  await loadJuniperRow(engine, FOLDER, '2023-01-01T00:00:00.000Z', { purchases: false })
  const offers = new Map(read('offers').map((o) => [o.id, o]))
  const partners = new Map(read('partners').map((p) => [p.id, p]))
  const goals = new Map(STARTER_GOALS.map((g) => [g.slug, g]))
  const categoryOf = new Map(read('products').map((p) => [p.sku, p.category]))
  const households = new Map(
    ([...read('households'), ...read('customers')] as Household[]).map((h) => [h.ref, h]),
  )

  // The seed has sessions for its coming weeks only; a replay of three years needs one a week for each seated offer.
  const orders = juniperOrders(FOLDER).sort((a, b) =>
    a.soldAt < b.soldAt ? -1 : a.soldAt > b.soldAt ? 1 : a.externalId < b.externalId ? -1 : 1,
  )
  const seated = await engine.all<{ id: string }>(statement('select id from offer where seated = 1'))
  const weeks: [string, string, string][] = []
  for (let day = dayOf(orders[0]!.soldAt); day < dayOf(orders.at(-1)!.soldAt) + 30; day += 7)
    for (const { id } of seated)
      weeks.push([
        `week_${id}_${day}`,
        id,
        new Date(instantOf(`${dateOf(day)}T10:00:00`, 'America/Chicago')).toISOString(),
      ])
  await engine.atomic([
    BUMP,
    statement('delete from session'),
    statement(
      `insert into session (id, offerId, place, startsAt, endsAt, capacity, rev) select value ->> 0, value ->> 1, 'somewhere', value ->> 2, value ->> 2, 40, ${REV} from json_each(?)`,
      JSON.stringify(weeks),
    ),
  ])

  let now = 0
  const { app, deps } = createApp({ engine, clock: () => now, random: randomText, log: () => {} })
  const post = async (path: string, site: string, body: unknown) => {
    const key = Object.entries(DEMO_KEYS).find(
      ([, scope]) => scope.role === 'till' && scope.siteId === site,
    )![0]
    const response = await app.request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as any }
  }

  const silences = new Map<string, number>()
  const saidBefore = new Map<string, { offerId: string; ms: number }[]>()
  const bought = new Map<string, { orders: number; totals: number[] }>()
  let spoke = 0
  let kept = 0
  let repeated = 0
  let same = 0
  let products = 0
  let partner = 0
  for (const [i, order] of orders.entries()) {
    const household = households.get(order.customer!)!
    const lines = order.lines.map(({ sku, name, category, quantity, gift, unitPriceMinor }) => ({
      sku,
      name,
      category,
      quantity,
      gift,
      unitPrice: unitPriceMinor,
    }))
    now = Date.parse(order.soldAt)
    const { status, body } = await post('/v1/recommendations', order.siteId, {
      id: `m${i}`,
      customer: order.customer,
      basket: { lines },
    })
    expect(status).toBe(200)
    const history = bought.get(order.customer!) ?? { orders: 0, totals: [] }
    if (!body.speak) {
      await deps.recorder.flush()
      const [rec] = await engine.all<{ inputs: string }>(
        statement('select inputs from recommendation where id = ?', `m${i}`),
      )
      const cause = JSON.parse(rec!.inputs).silence
      silences.set(cause, (silences.get(cause) ?? 0) + 1)
    } else {
      spoke++
      if (body.continuity === 'kept') kept++
      const o = offers.get(body.primary.offerId)!
      const today = dateOf(Math.floor((now - 6 * 3_600_000) / DAY_MS))
      // The rules, from the seed's own rows and not from the gates.
      if (o.partner) {
        const { alliance, checks } = partners.get(o.partner)!
        expect(alliance.state).toBe('live')
        expect(alliance.startsOn <= today && today <= alliance.endsOn).toBe(true)
        for (const check of checks) expect(check.validUntil >= today).toBe(true)
        partner++
      }
      const month = (day: string) => +day.slice(5, 7)
      if (o.months.length && !(household.told ?? []).some((t) => t.about))
        expect(
          o.months.some((m: number) => m === month(today) || m === month(dateOf(dayOf(today) + 21))),
        ).toBe(true)
      if (body.basis === 'profile' && o.ageMinMonths !== null && household.children.length > 0)
        expect(
          household.children.some(
            (c) =>
              ageMonths(c.birthMonth, today) >= o.ageMinMonths &&
              ageMonths(c.birthMonth, today) <= o.ageMaxMonths,
          ),
        ).toBe(true)
      for (const [slug, weight] of Object.entries(o.goals))
        if (goals.get(slug)!.toldOnly && (weight as number) >= 0.5)
          expect((household.told ?? []).some((t) => t.goal === slug && t.on <= today)).toBe(true)
      expect(o.stage === 'B' || o.stage === 'back' ? history.orders : 1).toBeGreaterThan(0)
      const usual =
        body.basis === 'context'
          ? lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0)
          : history.orders > 0
            ? history.totals.slice(-10).reduce((a, b) => a + b, 0) / Math.min(10, history.totals.length)
            : body.primary.price.amount
      expect(body.primary.price.amount).toBeLessThanOrEqual(2 * usual)
      expect(order.lines.some((line) => line.sku && o.skus.includes(line.sku))).toBe(false)
      expect(body.primary.reasons.length).toBeGreaterThan(0)
      if (body.basis === 'profile')
        for (const before of saidBefore.get(order.customer!) ?? [])
          if (before.offerId !== o.id) expect(now - before.ms).toBeGreaterThanOrEqual(7 * DAY_MS)
      if ((saidBefore.get(order.customer!) ?? []).some((before) => before.offerId === o.id)) repeated++
      if (o.kind === 'product') {
        products++
        const categories = new Set(order.lines.map((line) => categoryOf.get(line.sku!)))
        if (o.skus.some((sku: string) => categories.has(categoryOf.get(sku)))) same++
      }
      // At another site she is nobody, so nothing of it is known at hers.
      if (body.basis === 'profile')
        saidBefore.set(order.customer!, [
          ...(saidBefore.get(order.customer!) ?? []),
          { offerId: o.id, ms: now },
        ])
      expect(
        (await post(`/v1/recommendations/m${i}/outcomes`, order.siteId, { eventId: `o${i}`, state: 'said' }))
          .body.recorded,
      ).toBe(true)
    }
    const sold = await post('/v1/purchases', order.siteId, {
      purchases: [
        {
          source: order.source,
          externalId: order.externalId,
          customer: order.customer,
          soldAt: order.soldAt,
          lines,
        },
      ],
    })
    expect(sold.body.results[0].status).toBe('created')
    history.orders++
    history.totals.push(lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0))
    bought.set(order.customer!, history)
  }
  const share = (n: number, of: number) => `${n} of ${of} (${((100 * n) / of).toFixed(1)} %)`
  console.log(
    [
      `till moments ${orders.length}; answers that break a rule: 0`,
      `speaks ${share(spoke, orders.length)}; a partner's offer ${share(partner, spoke)}`,
      `same offer as said to her before ${share(repeated, spoke)}; kept within 14 days ${share(kept, spoke)}`,
      `a product ${share(products, spoke)}; more of the same category ${share(same, spoke)}`,
      `silent because ${[...silences]
        .sort((a, b) => b[1] - a[1])
        .map(([cause, n]) => `${cause} ${n}`)
        .join(', ')}`,
    ].join('\n'),
  )
  expect(spoke).toBeGreaterThan(100)

  // Every answer of the year comes out again, byte for byte: here, and in workerd from a copy of the database.
  await deps.recorder.flush()
  const here = await replayAll((path) => app.request(path, { headers: OWNER }))
  expect(here).toEqual({ replayed: orders.length, same: orders.length, different: [], cannot: 0 })
  const edgeFolder = mkdtempSync(join(tmpdir(), 'encore-replay-'))
  const { miniflare, database } = await edge({ persist: edgeFolder, clock: new Date(now).toISOString() })
  onTestFinished(async () => {
    await miniflare.dispose()
    rmSync(edgeFolder, { recursive: true, force: true })
  })
  const d1 = await database()
  await migrateD1(d1)
  for await (const sql of dumpSql(engine)) await d1.prepare(sql).run()
  const there = await replayAll(
    async (path) =>
      (await miniflare.dispatchFetch(`http://encore.example${path}`, {
        headers: OWNER,
      } as never)) as unknown as Response,
  )
  expect(there).toEqual(here)
  console.log(
    `decided again, byte for byte: ${here.same} of ${here.replayed} on Node, ${there.same} in workerd`,
  )
})

const OWNER = { authorization: 'Bearer encore_owner_demo' }

/** Page through the replays of everything. */
async function replayAll(get: (path: string) => Response | Promise<Response>) {
  const sum = { replayed: 0, same: 0, different: [] as string[], cannot: 0 }
  for (let after: string | null = ''; after !== null; ) {
    const page = (await (await get(`/v1/replays?limit=200${after && `&after=${after}`}`)).json()) as any
    sum.replayed += page.replayed
    sum.same += page.same
    sum.cannot += page.cannot
    sum.different.push(...page.different)
    after = page.next
  }
  return sum
}

/** The stored build: whole or not at all, the newest only, and served as it was worked out. */
import { describe, expect, test } from 'vitest'
import { buildEase } from '../../src/core/ease.ts'
import { rank } from '../../src/core/ranking.ts'
import { relearn } from '../../src/store/count.ts'
import { isEaseDue, makeEase } from '../../src/store/ease.ts'
import type { Engine } from '../../src/store/engine.ts'
import { BUMP, GuardFailed, statement } from '../../src/store/engine.ts'
import { emptyShelf, refreshShelf } from '../../src/store/product.ts'
import type { PurchaseInput } from '../../src/store/purchase.ts'
import { ingestPurchases } from '../../src/store/purchase.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import { FIXED, imported, newShop, textFile } from '../import/shop-file.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const NOW = '2026-03-14T16:42:00.000Z'

async function learnedFrom(engine: Engine) {
  const snapshot = new Snapshot(engine)
  await snapshot.refresh()
  return snapshot.learned
}

const rowsOf = (engine: Engine, sql: string) => engine.all<Record<string, number>>(statement(sql))
const build = async ({ engine }: Pick<Shop, 'engine'>) => makeEase(engine, await learnedFrom(engine), NOW)

const QUESTION = { purpose: 'checkout', basket: ['YO-124'], limit: 50, asOf: NOW }
const rankedBy = async ({ ask }: Shop) => {
  const { status, body } = await ask('POST', '/v1/rankings', QUESTION)
  expect(status).toBe(200)
  return body.ranked as { sku: string; score: number; because: { part: number }[] }[]
}

describe.each(ENGINES)('%s', (kind) => {
  test('a build is served from the next call on, as it was worked out', async () => {
    const shop = await openShop(kind)
    const before = await rankedBy(shop)
    expect(await isEaseDue(shop.engine)).toBe(true)
    const made = await build(shop)
    expect(made).toMatchObject({ build: 1 })
    const after = await rankedBy(shop)
    expect(after).not.toEqual(before)
    const { learned, notAnswered } = await learnedFrom(shop.engine).then((store) => ({
      learned: store.learned,
      notAnswered: store.notAnswered(),
    }))
    learned.setEase(buildEase(learned))
    const own = rank(learned, {
      ...QUESTION,
      purpose: 'checkout',
      exclude: notAnswered,
      asOf: Date.parse(NOW),
    })
    // Stored weights are millionths; near-ties may change places.
    const scores = new Map(own.map(({ sku, score }) => [sku, score]))
    for (const { sku, score, because } of after.slice(0, 20)) {
      expect(score).toBeCloseTo(scores.get(sku)!, 3)
      expect(because.reduce((sum, { part }) => sum + part, 0)).toBe(score)
    }
    expect(await isEaseDue(shop.engine)).toBe(false)
  }, 120_000)

  test('the next build takes its place whole, and leaves nothing of the last', async () => {
    const shop = await openShop(kind)
    await build(shop)
    const first = await rankedBy(shop)
    expect(await build(shop)).toMatchObject({ build: 2 })
    expect(await rankedBy(shop)).toEqual(first)
    expect(await rowsOf(shop.engine, 'select distinct build from easePart')).toEqual([{ build: 2 }])
    expect(await rowsOf(shop.engine, 'select build from easeBuild')).toEqual([{ build: 2 }])
  }, 120_000)

  test('what a broken-off build left is never served, and goes with the next', async () => {
    const shop = await openShop(kind)
    await build(shop)
    const served = await rankedBy(shop)
    await shop.engine.atomic([
      statement("insert into easeBuild values (2, '2026-03-15', 9, 9, 9, 3, 9)"),
      statement("insert into easePart values (2, 0, '[]')"),
      BUMP,
    ])
    expect(await rankedBy(shop)).toEqual(served)
    // Even if it were named, a build that is not there whole is not loaded.
    await shop.engine.atomic([BUMP, statement('update revision set easeBuild = 2')])
    expect(await rankedBy(shop)).toEqual(served)
    expect(await build(shop)).toMatchObject({ build: 3 })
    expect(await rankedBy(shop)).toEqual(served)
    expect(await rowsOf(shop.engine, 'select distinct build from easePart')).toEqual([{ build: 3 }])
  }, 120_000)

  test('of two builds at once one takes the place, and the other says so', async () => {
    const shop = await openShop(kind)
    const both = await Promise.allSettled([build(shop), build(shop)])
    const failed = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    for (const reason of failed) expect(reason).toBeInstanceOf(GuardFailed)
    const [live] = await rowsOf(shop.engine, 'select easeBuild from revision')
    const [whole] = await rowsOf(
      shop.engine,
      `select parts, (select count(*) from easePart where build = easeBuild.build) there from easeBuild where build = ${live!.easeBuild}`,
    )
    expect(whole!.there).toBe(whole!.parts)
  }, 120_000)
})

test('an empty shop has nothing to build, and is told so', async () => {
  const shop = newShop()
  expect(await isEaseDue(shop.engine)).toBe(false)
  expect(await build(shop)).toBeNull()
})

const purchase = (id: number, customer: string | null, skus: string[], extra: Partial<PurchaseInput> = {}) =>
  ({
    source: 'till',
    externalId: String(id),
    revision: 0,
    customer,
    siteId: 'MAIN',
    staffId: null,
    soldAt: new Date(Date.parse('2025-01-01T12:00:00Z') + id * 3_600_000).toISOString(),
    currency: 'USD',
    voided: false,
    recommendationId: null,
    lines: skus.map((sku) => ({
      sku,
      quantity: 1,
      gift: false,
      unitPriceMinor: 100,
      unitCostMinor: null,
      child: null,
    })),
    ...extra,
  }) as PurchaseInput

/** One customer with 5,000 lines, a family that buys only gifts, passers-by, and half of it all voided in the end. */
test('whatever befell the shop, the build from order by order is the build from scratch', async () => {
  const { engine } = newShop()
  const skus = Array.from({ length: 60 }, (_, k) => `S${k}`)
  await imported(engine, [
    textFile('library.csv', ['sku,name', ...skus.map((sku, k) => `${sku},Thing ${k % 7}`)].join('\n')),
  ])
  const pick = (n: number, count: number) =>
    Array.from({ length: count }, (_, k) => skus[(n * 7 + k * (1 + (n % 5))) % skus.length]!)
  const sales: PurchaseInput[] = []
  for (let k = 0; k < 200; k++) sales.push(purchase(k, 'heavy', pick(k, 25)))
  for (let k = 200; k < 240; k++) {
    const gifts = purchase(k, 'giver', pick(k, 3))
    sales.push({ ...gifts, lines: gifts.lines.map((line) => ({ ...line, gift: true })) })
  }
  for (let k = 240; k < 400; k++) sales.push(purchase(k, k % 3 ? `c${k % 20}` : null, pick(k, 1 + (k % 6))))
  const voids = sales
    .filter((_, k) => k % 2 === 0)
    .map((sale) => ({ ...sale, revision: 1, voided: true, lines: [] }))
  const shelf = emptyShelf()
  const all = [...sales, ...voids]
  for (let at = 0; at < all.length; at += 40)
    await ingestPurchases(engine, () => refreshShelf(engine, shelf), all.slice(at, at + 40), {
      now: FIXED.now,
      holdout: () => ({ holdout: 0, holdoutShare: 0 }),
      digest: (input) => JSON.stringify(input),
    })
  const live = buildEase((await learnedFrom(engine)).learned)
  await relearn(engine)
  const anew = buildEase((await learnedFrom(engine)).learned)
  expect(live).toEqual(anew)
  expect(live!.telling.item.length).toBeGreaterThan(100)
})

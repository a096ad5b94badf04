/** Whatever order purchases, corrections and voids arrive in, the same is learned. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { relearn } from '../../src/store/count.ts'
import { emptyShelf, refreshShelf } from '../../src/store/product.ts'
import type { PurchaseInput } from '../../src/store/purchase.ts'
import { ingestPurchases } from '../../src/store/purchase.ts'
import type { ShopFile } from './shop-file.ts'
import { FIXED, imported, learnedOf, newShop, rowsOf, textFile } from './shop-file.ts'

const SKUS = Array.from({ length: 8 }, (_, i) => `S${i}`)
const library = textFile('library.csv', ['sku,name', ...SKUS.map((sku) => `${sku},Thing ${sku}`)].join('\n'))

const line = fc.record({
  sku: fc.constantFrom(...SKUS),
  quantity: fc.constantFrom(1, 2, 0.5, -1),
  gift: fc.boolean(),
})
const version = fc.record({
  customer: fc.constantFrom('c1', 'c2', 'c3', null),
  day: fc.integer({ min: 0, max: 5 }),
  voided: fc.boolean(),
  lines: fc.array(line, { minLength: 1, maxLength: 4 }),
})
/** Up to twelve purchases in up to three versions each, and two ways of arriving: an order and where it is cut. */
const story = fc
  .array(fc.array(version, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .chain((purchases) => {
    const inputs = purchases.flatMap((versions, id) =>
      versions.map(
        ({ customer, day, voided, lines }, revision): PurchaseInput => ({
          source: 'till',
          externalId: String(id),
          revision,
          customer,
          siteId: 'MAIN',
          staffId: null,
          soldAt: `2026-01-0${day + 1}T12:00:00.000Z`,
          currency: 'USD',
          // The first version is seldom a void.
          voided: voided && revision > 0,
          recommendationId: null,
          lines:
            voided && revision > 0
              ? []
              : lines.map((each) => ({ ...each, unitPriceMinor: 100, unitCostMinor: null, child: null })),
        }),
      ),
    )
    const arrival = fc.tuple(
      fc.shuffledSubarray(inputs, { minLength: inputs.length }),
      fc.integer({ min: 1, max: 6 }),
    )
    return fc.tuple(arrival, arrival)
  })

async function arrive({ engine }: ShopFile, [inputs, size]: [PurchaseInput[], number]): Promise<void> {
  const shelf = emptyShelf()
  for (let at = 0; at < inputs.length; at += size)
    await ingestPurchases(engine, () => refreshShelf(engine, shelf), inputs.slice(at, at + size), {
      now: FIXED.now,
      holdout: () => ({ holdout: 0, holdoutShare: 0 }),
      digest: (input) => JSON.stringify(input),
    })
}

// A void that comes before its sale knows only the customer that it names itself.
const STAGES = `select id, voided, stage, iif(voided, null, customer) whose from purchase order by id`
const SETTLED = `select customer, sum(stage = 'front') fronts from purchase p where customer is not null and voided = 0
  and exists (select 1 from purchaseLine where purchaseId = p.id and quantity > 0) group by customer`

async function emptied(shop: ShopFile): Promise<ShopFile> {
  for (const table of ['purchase', 'purchaseLine', 'customer', 'pair', 'saleDay', 'evidence'])
    shop.engine.file.exec(`delete from "${table}"`)
  shop.engine.file.exec('update product set baskets = 0, buyers = 0')
  return shop
}

test('order by order in any order is as good as from scratch, and everybody has one first purchase', async () => {
  const one = newShop()
  const two = newShop()
  await imported(one.engine, [library])
  await imported(two.engine, [library])
  await fc.assert(
    fc.asyncProperty(story, async ([arrivalOne, arrivalTwo]) => {
      await arrive(await emptied(one), arrivalOne)
      await arrive(await emptied(two), arrivalTwo)
      const learned = await learnedOf(one.engine)
      expect(await learnedOf(two.engine)).toEqual(learned)
      expect(await rowsOf(two.engine, STAGES)).toEqual(await rowsOf(one.engine, STAGES))
      for (const { fronts } of await rowsOf<{ fronts: number }>(one.engine, SETTLED)) expect(fronts).toBe(1)
      await relearn(two.engine)
      expect(await learnedOf(two.engine)).toEqual(learned)
    }),
    { numRuns: 150 },
  )
})

test('counting anew when nothing is missing writes no count', async () => {
  const { engine } = newShop()
  await imported(engine, [
    textFile(
      'sales.csv',
      'order_id,sold_at,customer,sku\no1,2026-01-01,c,A\no1,2026-01-01,c,B\no2,2026-01-02,c,C',
    ),
  ])
  const counts = 'select a, b, baskets, customers, rev from pair order by a, b'
  const before = await rowsOf(engine, counts)
  expect(before).toHaveLength(3)
  await relearn(engine)
  expect(await rowsOf(engine, counts)).toEqual(before)
})

test('counting anew mends counts that went wrong, and forgets what never happened', async () => {
  const { engine } = newShop()
  await imported(engine, [
    textFile(
      'sales.csv',
      'order_id,sold_at,customer,sku\no1,2026-01-01,c,A\no1,2026-01-01,c,B\no2,2026-01-02,c,C',
    ),
  ])
  const learned = await learnedOf(engine)
  engine.file.exec('update pair set baskets = 9')
  engine.file.exec('insert into pair (a, b, baskets) values (1, 99, 4), (0, 2, 4)')
  engine.file.exec('update product set buyers = 7')
  engine.file.exec('insert into saleDay (productId, day, orders) values (99, 1, 1)')
  await relearn(engine)
  expect(await learnedOf(engine)).toEqual(learned)
})

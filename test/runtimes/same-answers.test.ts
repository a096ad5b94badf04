/** The same requests, the same answers, byte for byte apart from random ids: Node with a SQLite file, workerd with D1. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Household } from '../../seed/juniper-row.ts'
import { SEEDED_AT } from '../support/engines.ts'
import type { Shop } from '../support/shop.ts'
import { openShop } from '../support/shop.ts'

const households = ['households', 'customers'].flatMap(
  (name) => JSON.parse(readFileSync(`seed/juniper-row/${name}.json`, 'utf8')) as Household[],
)
const products = JSON.parse(readFileSync('seed/juniper-row/products.json', 'utf8')) as {
  sku: string
  category: string
  priceMinor: number
}[]

/** Requests of a day, in order: decisions for everybody, and what follows from some. */
function* aDay() {
  for (const [i, household] of households.entries()) {
    const lines = [products[i % products.length]!, products[(i * 7) % products.length]!].map(
      ({ sku, priceMinor }) => ({ sku, unitPrice: priceMinor, gift: i % 5 === 0 }),
    )
    const ask = { id: `q-${i}`, customer: household.ref, basket: { lines }, dryRun: true, asOf: SEEDED_AT }
    yield ['POST', '/v1/recommendations', ask, household.site] as const
    if (i % 10 === 0)
      yield ['POST', '/v1/recommendations', { ...ask, id: `n-${i}`, customer: undefined }, 'LS'] as const
    if (i % 4 === 0)
      yield [
        'POST',
        '/v1/rankings',
        {
          purpose: i % 8 ? 'checkout' : 'next',
          basket: [lines[0]!.sku],
          history: [{ at: '2026-01-05T10:00:00Z', items: [lines[1]!.sku] }],
          asOf: SEEDED_AT,
        },
        'BK',
      ] as const
    if (i % 20 === 0)
      yield [
        'POST',
        '/v1/purchases',
        {
          purchases: [
            {
              source: 't',
              externalId: `s${i}`,
              customer: household.ref,
              soldAt: '2026-03-14T16:00:00Z',
              lines,
            },
          ],
        },
        household.site,
      ] as const
    if (i % 15 === 0)
      yield [
        'POST',
        `/v1/customers/${household.ref}/evidence`,
        { eventId: `told-${i}`, kind: 'told', goal: 'mv-swim', at: SEEDED_AT },
        household.site,
      ] as const
  }
  yield ['GET', '/openapi.json', undefined, 'BK'] as const
  yield ['POST', '/v1/recommendations', { basket: { lines: [{ unitPrice: -1 }] } }, 'BK'] as const
}

async function answers(shop: Shop): Promise<string[]> {
  const given: string[] = []
  for (const [method, path, body, key] of aDay()) {
    const reply = await shop.ask(method, path, body, key)
    given.push(`${path} ${reply.status} ${JSON.stringify(reply.body).replace(/req_\w+/g, 'req')}`)
  }
  return given
}

test('the same answers on both engines', async () => {
  const node = await answers(await openShop('node'))
  const edge = await answers(await openShop('edge'))
  expect(node.length).toBeGreaterThan(250)
  expect(node.filter((answer) => answer.includes('"speak":true')).length).toBeGreaterThan(20)
  for (const [i, answer] of node.entries()) expect(edge[i]).toBe(answer)
})

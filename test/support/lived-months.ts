/** Months that pass in a shop: what its customers bring, told over the API as a till's system would. */
import type { Engine } from '../../src/store/engine.ts'
import { bought, dice } from './planted-shop.ts'
import type { Shop } from './shop.ts'

const DAY_MS = 86_400_000

/** Customers as they were drawn, in the order in which they were met. */
export const customersOf = (engine: Engine) =>
  engine.all<{ ref: string; holdout: number }>({
    sql: 'select ref, holdout from customer order by rowid',
    params: [],
  })

/**
 * Let `days` pass from a date: each customer buys as chance has it, `lift` more often outside of the holdout. Answers
 * how many purchases there were.
 */
export async function monthsPass(
  ask: Shop['ask'],
  customers: { ref: string; holdout: number }[],
  from: string,
  days: number,
  lift: number,
): Promise<number> {
  const start = Date.parse(`${from}T12:00:00Z`)
  const purchases = customers.flatMap(({ ref, holdout }, i) => {
    const d = dice(7_000 + i)
    const customer = { holdout: holdout === 1, joined: -1, rate: d.between(3, 9), worth: 4000 }
    return bought(d, customer, 0, days, customer.holdout ? 0 : lift).map(([day, minor], n) => ({
      source: 'months',
      externalId: `${from}-${ref}-${n}`,
      site: 'BK',
      customer: ref,
      soldAt: new Date(start + Math.floor(day) * DAY_MS).toISOString(),
      lines: [
        {
          sku: 'DR-204-6',
          name: 'Cotton lawn dress, 6Y',
          category: 'dresses',
          quantity: minor < 0 ? -1 : 1,
          unitPrice: Math.abs(minor) * 2,
          unitCost: Math.abs(minor),
        },
      ],
    }))
  })
  for (let i = 0; i < purchases.length; i += 400) {
    const { status, body } = await ask(
      'POST',
      '/v1/purchases',
      { purchases: purchases.slice(i, i + 400) },
      'owner',
    )
    if (status !== 207) throw new Error(`${status} ${JSON.stringify(body)}`)
  }
  return purchases.length
}

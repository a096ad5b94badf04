/**
 * Co-purchase: "customers who bought from there also took this". The share of yeses to an offer among those who had
 * bought from a category, averaged over the categories that this customer bought from. Knows no goals.
 */
import type { Baseline } from './baseline.ts'
import { best } from './baseline.ts'

export function coPurchase(): Baseline {
  const said = new Map<string, number>()
  const accepted = new Map<string, number>()
  const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  return {
    name: 'co-purchase',
    choose: (candidates, { bought }) =>
      best(candidates, ({ id }) => {
        let sum = 0
        for (const category of bought) {
          const key = `${category}|${id}`
          sum += ((accepted.get(key) ?? 0) + 1) / ((said.get(key) ?? 0) + 2)
        }
        return bought.size === 0 ? 0.5 : sum / bought.size
      }),
    learn: ({ id }, { bought }, yes) => {
      for (const category of bought) {
        add(said, `${category}|${id}`)
        if (yes) add(accepted, `${category}|${id}`)
      }
    },
  }
}

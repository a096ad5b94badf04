/** Popularity: the offer with the highest share of yeses so far, whoever is here. One yes and one no are assumed of each. */
import type { Baseline } from './baseline.ts'
import { best } from './baseline.ts'

export function popularity(): Baseline {
  const said = new Map<string, number>()
  const accepted = new Map<string, number>()
  return {
    name: 'popularity',
    choose: (candidates) =>
      best(candidates, ({ id }) => ((accepted.get(id) ?? 0) + 1) / ((said.get(id) ?? 0) + 2)),
    learn: ({ id }, _, yes) => {
      said.set(id, (said.get(id) ?? 0) + 1)
      if (yes) accepted.set(id, (accepted.get(id) ?? 0) + 1)
    },
  }
}

/** The simulator itself: the same seed lives the same life, and nothing earns more than the best there is. */
import { describe, expect, test } from 'vitest'
import { live, WAYS } from './life.ts'
import { chanceOfYes, KINDS, plant } from './world.ts'

const lived = (kind: number, seed: number, choices = 60) => live(plant(KINDS[kind]!, seed, 40), choices)

describe('the simulator', () => {
  test.each(KINDS.map(({ name }, at) => [name, at] as const))(
    '%s: a shop comes to choices, and at none of them does anything beat the oracle',
    async (_, at) => {
      const { choices, candidates } = await lived(at, 3)
      expect(choices).toHaveLength(60)
      expect(candidates).toBeGreaterThan(1)
      for (const { oracle, of } of choices)
        for (const way of WAYS) {
          expect(of[way]).toBeGreaterThan(0)
          expect(of[way]).toBeLessThanOrEqual(oracle)
        }
      // It is a choice: somebody is somewhere worse than the best.
      expect(choices.some(({ oracle, of }) => of['goal-fit'] < oracle)).toBe(true)
    },
  )
  test('the same seed lives the same life, another one another', async () => {
    const [once, again, other] = [await lived(0, 5), await lived(0, 5), await lived(0, 6)]
    expect(again.choices).toEqual(once.choices)
    expect(other.choices).not.toEqual(once.choices)
  })
  test('where goals matter a wanted offer is much likelier accepted than an unwanted one; where they barely do, hardly', () => {
    const ratio = (kind: number) => {
      const world = plant(KINDS[kind]!, 1, 200)
      const sums = { wanted: [0, 0], unwanted: [0, 0] }
      const at = { touchpoint: 'till' as const, heard: 0, progress: 0, basket: [] }
      for (const family of world.families)
        for (const { id, serves } of world.offers) {
          const sum = Object.keys(serves).some((goal) => family.wants.has(goal)) ? sums.wanted : sums.unwanted
          sum[0]! += chanceOfYes(world, family, id, at)
          sum[1]! += 1
        }
      return sums.wanted[0]! / sums.wanted[1]! / (sums.unwanted[0]! / sums.unwanted[1]!)
    }
    expect(ratio(0)).toBeGreaterThan(4)
    expect(ratio(1)).toBeLessThan(1.3)
  })
})

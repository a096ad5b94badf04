/**
 * A contextual bandit: LinUCB with disjoint linear models. One ridge regression an offer of yes or no on fit and
 * touchpoint, and the offer with the highest upper bound times what a yes leaves.
 * Source: Li, Chu, Langford, Schapire, A Contextual-Bandit Approach to Personalized News Article Recommendation
 * (WWW 2010), algorithm 1.
 */
import type { Baseline, Candidate, Context } from './baseline.ts'
import { best } from './baseline.ts'

/** How much an unsure estimate is favoured. The paper's alpha. */
const ALPHA = 0.3
const TOUCHPOINTS = ['till', 'phone', 'fittingRoom', 'web']

type Arm = { inverse: number[][]; toward: number[] }

const featuresOf = ({ fit }: Candidate, { touchpoint }: Context): number[] => [
  1,
  fit,
  ...TOUCHPOINTS.slice(1).map((each) => (each === touchpoint ? 1 : 0)),
]

export function linUcb(): Baseline {
  const arms = new Map<string, Arm>()
  const armOf = (id: string, size: number): Arm => {
    let arm = arms.get(id)
    if (!arm) {
      const inverse = Array.from({ length: size }, (_, i) =>
        Array.from({ length: size }, (_, j) => (i === j ? 1 : 0)),
      )
      arms.set(id, (arm = { inverse, toward: new Array<number>(size).fill(0) }))
    }
    return arm
  }
  return {
    name: 'contextual bandit',
    choose: (candidates, context) =>
      best(candidates, (candidate) => {
        const x = featuresOf(candidate, context)
        const { inverse, toward } = armOf(candidate.id, x.length)
        const expected = dot(times(inverse, toward), x)
        const unsure = Math.sqrt(dot(times(inverse, x), x))
        return (expected + ALPHA * unsure) * candidate.contributionMinor
      }),
    learn: (chosen, context, accepted) => {
      const x = featuresOf(chosen, context)
      const { inverse, toward } = armOf(chosen.id, x.length)
      // Sherman and Morrison (1950): the inverse after one more row, without inverting again.
      const ax = times(inverse, x)
      const scale = 1 + dot(ax, x)
      for (let i = 0; i < x.length; i++) {
        for (let j = 0; j < x.length; j++) inverse[i]![j]! -= (ax[i]! * ax[j]!) / scale
        if (accepted) toward[i]! += x[i]!
      }
    },
  }
}

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const times = (matrix: number[][], vector: number[]): number[] => matrix.map((row) => dot(row, vector))

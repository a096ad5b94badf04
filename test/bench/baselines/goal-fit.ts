/** Plain goal-fit: always the offer that fits best. Learns nothing. */
import type { Baseline } from './baseline.ts'
import { best } from './baseline.ts'

export const goalFit = (): Baseline => ({
  name: 'goal-fit',
  choose: (candidates) => best(candidates, ({ fit }) => fit),
  learn: () => {},
})

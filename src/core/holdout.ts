/** The holdout: customers who hear nothing, so that what we say can be measured by those who never heard it. */
import { drawn } from './chance.ts'
import type { Policy } from './policy.ts'

/** A customer's draw, kept from the first meeting on: 1 belongs to the holdout, and the share it was drawn at. */
export type HoldoutDraw = { holdout: 0 | 1; holdoutShare: number }

/** Draws for a shop that has so many customers. By reference: the same one is drawn alike whenever and wherever she is met. */
export function holdoutOf(policy: Policy, customers: number): (ref: string) => HoldoutDraw {
  const holdoutShare = customers < policy.holdoutSmallBelow ? policy.holdoutShareSmall : policy.holdoutShare
  return (ref) => ({
    holdout: drawn(`${policy.salt}|holdout|${ref}`) < holdoutShare ? 1 : 0,
    holdoutShare,
  })
}

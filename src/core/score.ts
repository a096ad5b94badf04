/** The score: a product of bounded, switchable parts. Every part is named, and their product is the score. */
import type { Listed } from './catalogue.ts'
import type { Weighed } from './gate.ts'
import type { Learning } from './learning.ts'
import type { Moment } from './moment.ts'
import { nextStepOf } from './next-step.ts'
import type { Policy } from './policy.ts'

/** fit in [0, 1); the others multiply it. In this order their product is the score, to the last bit. */
export type Parts = {
  fit: number
  step: number
  affinity: number
  propensity: number
  readiness: number
  nextStep: number
  value: number
}

/** The score that parts make. */
export function scoreOf(parts: Parts): number {
  return (
    parts.fit *
    parts.step *
    parts.affinity *
    parts.propensity *
    parts.readiness *
    parts.nextStep *
    parts.value
  )
}

/** Acceptance where it was really said, shrunk towards what fit predicts, relative to that: 1 with no data.
 * A Beta prior of `propensityPrior` sayings. Source: Gelman et al., Bayesian Data Analysis, 2.4. */
export function propensityPart(said: number, accepted: number, fit: number, policy: Policy): number {
  const expected = policy.acceptanceAtFit * fit
  if (said === 0 || expected === 0) return 1
  const rate = (accepted + policy.propensityPrior * expected) / (said + policy.propensityPrior)
  return Math.min(policy.propensityMax, Math.max(policy.propensityMin, rate / expected))
}

/** Π (1 − severity) over the open checks that are not critical. */
export function readinessPart(checks: Listed['checks'], today: string): number {
  return checks.reduce(
    (ready, check) =>
      check.critical || (check.ok && (check.validUntil === null || check.validUntil >= today))
        ? ready
        : ready * (1 - check.severity),
    1,
  )
}

/** 1 … 1 + lever, by the share of the price that stays with the shop. A free offer earns nothing now and gets 1. */
export function valuePart({ offer, marginMinor }: Listed, lever: number): number {
  if (offer.priceMinor === 0) return 1
  return 1 + lever * Math.min(1, Math.max(0, marginMinor / offer.priceMinor))
}

/** Parts that change nothing. */
export function noParts(): Parts {
  return { fit: 1, step: 1, affinity: 1, propensity: 1, readiness: 1, nextStep: 1, value: 1 }
}

/** All parts of one offer at one moment, written into `parts`. */
export function partsOf(
  listed: Listed,
  moment: Moment,
  weighed: Weighed,
  learning: Learning,
  parts: Parts,
): Parts {
  const { policy } = moment.catalogue
  const { offer, checks } = listed
  const affinity =
    weighed.goesWith?.affinity ?? (listed.productIds.length ? learning.affinityOf(listed.productIds) : 0)
  parts.fit = weighed.fit
  parts.step = 1 - policy.stepCost * listed.step
  parts.affinity = 1 + policy.affinityLift * affinity
  parts.propensity = propensityPart(offer.said, offer.accepted, weighed.fit, policy)
  parts.readiness = checks.length === 0 ? 1 : readinessPart(checks, moment.facts.date)
  parts.nextStep = listed.after.length > 0 && nextStepOf(listed, moment) ? 1 + policy.nextStepLift : 1
  parts.value = valuePart(listed, policy.valueLever)
  return parts
}

/** The score: a product of bounded, switchable parts. Every part is named, and their product is the score. */
import type { Catalogue, Listed } from './catalogue.ts'
import { NONE, readinessOf, SEVERAL, shareOf } from './catalogue.ts'
import type { Weighed } from './gate.ts'
import type { Learning } from './learning.ts'
import type { Moment } from './moment.ts'

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

/** Parts as a list, to be kept: see `partsFrom`. */
export function valuesOf(parts: Parts): number[] {
  const { fit, step, affinity, propensity, readiness, nextStep, value } = parts
  return [fit, step, affinity, propensity, readiness, nextStep, value]
}

/** Parts from a list that was kept. */
export function partsFrom(values: number[]): Parts {
  const [fit, step, affinity, propensity, readiness, nextStep, value] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return { fit, step, affinity, propensity, readiness, nextStep, value }
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

/** Parts that change nothing. */
export function noParts(): Parts {
  return { fit: 1, step: 1, affinity: 1, propensity: 1, readiness: 1, nextStep: 1, value: 1 }
}

/** All parts of one offer of the catalogue at one moment, written into `parts`. The offer itself is looked at only for what few have. */
export function partsAt(
  index: number,
  { catalogue, facts, touchpoint }: Moment,
  fit: number,
  learning: Learning,
  parts: Parts,
): Parts {
  const { policy, columns, listed } = catalogue
  const readiness = columns.readiness[index]!
  parts.fit = fit
  parts.step = 1 - policy.stepCost * columns.step[index]!
  parts.affinity = 1 + policy.affinityLift * affinityAt(index, catalogue, learning)
  const { offer, mapping } = listed[index]!
  parts.propensity = catalogue.acceptance.ratio(offer.id, mapping, touchpoint, fit)
  parts.readiness = readiness < 0 ? readinessOf(listed[index]!.checks, facts.date) : readiness
  parts.nextStep = facts.openSteps.has(index) ? 1 + policy.nextStepLift : 1
  parts.value = 1 + policy.valueLever * columns.share[index]!
  return parts
}

/** How well the product that an offer is, or the best of its products, goes with the moment; 0 where it is none. */
function affinityAt(index: number, { columns, listed }: Catalogue, learning: Learning): number {
  const product = columns.product[index]!
  if (product !== SEVERAL) return product === NONE ? 0 : learning.affinityOf(product)
  return listed[index]!.productIds.reduce((best, id) => Math.max(best, learning.affinityOf(id)), 0)
}

/** All parts of a product that is offered for what it goes with. */
export function partsOf(listed: Listed, moment: Moment, weighed: Weighed, parts: Parts): Parts {
  const { policy } = moment.catalogue
  Object.assign(parts, noParts())
  parts.fit = weighed.fit
  parts.step = 1 - policy.stepCost * listed.step
  parts.affinity = 1 + policy.affinityLift * (weighed.goesWith?.affinity ?? 0)
  parts.propensity = moment.catalogue.acceptance.ratio(
    listed.offer.id,
    listed.mapping,
    moment.touchpoint,
    weighed.fit,
  )
  parts.value = 1 + policy.valueLever * shareOf(listed)
  return parts
}

/**
 * How an offer is met where it is really said: acceptance against what fit predicted, learned with shrinkage at
 * every step, from the shop to the offer, the touchpoint and the band of fit.
 */
import { digest } from './chance.ts'
import type { Policy } from './policy.ts'

/** What was said and came of it, of one offer at one touchpoint in one band of fit. `expected` in millionths. */
export type Acceptance = {
  offerId: string
  /** {@link mappingOf} the offer's goals when it was said; '': before that was noted. */
  mapping: string
  touchpoint: string
  band: number
  said: number
  accepted: number
  declined: number
  expected: number
}

/** Lower ends of the bands of fit above the first. */
const BAND_FROM = [0.6, 0.8] as const
const BAND_MIDDLE = [0.5, 0.7, 0.9] as const
export const BANDS = BAND_FROM.length + 1

/** The band of a fit: 0, 1 or 2. */
export function bandOf(fit: number): number {
  let band = 0
  while (band < BAND_FROM.length && fit >= BAND_FROM[band]!) band++
  return band
}

/** Tells one mapping of an offer to goals from another: what was learned under the old one says nothing of the new. */
export function mappingOf(goals: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(goals).sort(([a], [b]) => (a < b ? -1 : 1))
  return digest(JSON.stringify(sorted)).slice(0, 8)
}

/** Acceptance that fit alone predicts, in millionths. */
export function expectedOf(fit: number, policy: Pick<Policy, 'acceptanceAtFit'>): number {
  return Math.round(policy.acceptanceAtFit * fit * 1e6)
}

/** Sums of some rows. */
type Sum = { said: number; accepted: number; expected: number }

const nothing = (): Sum => ({ said: 0, accepted: 0, expected: 0 })

function add(sum: Sum, row: Sum): void {
  sum.said += row.said
  sum.accepted += row.accepted
  sum.expected += row.expected
}

/**
 * Observed acceptances to expected ones, shrunk towards a prior ratio that is worth `weight` expected acceptances:
 * the mean of a Gamma prior after Poisson counts. Source: Clayton and Kaldor, Biometrics 43 (1987), 671.
 */
export function shrunkRatio(sum: Sum, priorRatio: number, weight: number): number {
  return (sum.accepted + weight * priorRatio) / (sum.expected / 1e6 + weight)
}

/** What is learned of acceptance, for one catalogue; rows may be put one by one. */
export class AcceptanceBook {
  readonly #policy: Pick<Policy, 'propensityPrior' | 'acceptanceAtFit' | 'propensityMin' | 'propensityMax'>
  readonly #rows = new Map<string, Map<string, Acceptance>>()
  readonly #shop = nothing()
  readonly #bands = Array.from({ length: BANDS }, nothing)

  constructor(policy: Policy, rows: Iterable<Acceptance>) {
    this.#policy = policy
    for (const row of rows) this.put(row)
  }

  /** Take a row as it stands now, in the place of what it was. */
  put(row: Acceptance): void {
    const key = `${row.mapping}/${row.touchpoint}/${row.band}`
    let own = this.#rows.get(row.offerId)
    if (!own) this.#rows.set(row.offerId, (own = new Map()))
    const was = own.get(key)
    const change = {
      said: row.said - (was?.said ?? 0),
      accepted: row.accepted - (was?.accepted ?? 0),
      expected: row.expected - (was?.expected ?? 0),
    }
    add(this.#shop, change)
    if (row.band >= 0) add(this.#bands[row.band]!, change)
    own.set(key, row)
  }

  /** How often anything was really said. */
  get said(): number {
    return this.#shop.said
  }

  /** How often one offer was said under its present mapping. */
  saidOf(offerId: string, mapping: string): number {
    let said = 0
    for (const row of this.#rows.get(offerId)?.values() ?? [])
      if (row.mapping === mapping || row.mapping === '') said += row.said
    return said
  }

  /** The shop's ratio at a fit: on the line between the bands' own, each at its middle. */
  #calibrated(fit: number, shop: number, weight: number): number {
    const ratios = this.#bands.map((sum) => shrunkRatio(sum, shop, weight))
    let band = 0
    while (band < BANDS - 2 && fit > BAND_MIDDLE[band + 1]!) band++
    const along = (fit - BAND_MIDDLE[band]!) / (BAND_MIDDLE[band + 1]! - BAND_MIDDLE[band]!)
    const part = Math.min(1, Math.max(0, along))
    return ratios[band]! + part * (ratios[band + 1]! - ratios[band]!)
  }

  /**
   * Times by which acceptance of an offer is expected to differ from what its fit predicts, next to the shop's
   * other offers: 1 where nothing is counted. Shop → band → offer → touchpoint → band, each the prior of the next.
   */
  ratio(offerId: string, mapping: string, touchpoint: string, fit: number): number {
    const { propensityPrior, acceptanceAtFit, propensityMin, propensityMax } = this.#policy
    const weight = propensityPrior * acceptanceAtFit
    if (this.#shop.said === 0) return 1
    const shop = shrunkRatio(this.#shop, 1, weight)
    const band = bandOf(fit)
    // Each saying counts once: what was learned elsewhere is the prior of what was learned nearer.
    const elsewhere = nothing()
    const here = nothing()
    const near = nothing()
    for (const row of this.#rows.get(offerId)?.values() ?? []) {
      if (row.mapping !== mapping && row.mapping !== '') continue
      add(row.touchpoint !== touchpoint ? elsewhere : row.band === band ? near : here, row)
    }
    let ratio = this.#calibrated(fit, shop, weight)
    for (const sum of [elsewhere, here, near]) ratio = shrunkRatio(sum, ratio, weight)
    return Math.min(propensityMax, Math.max(propensityMin, ratio / shop))
  }
}

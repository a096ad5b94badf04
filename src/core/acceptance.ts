/**
 * How an offer is met where it is really said: acceptance against what fit predicted, learned with shrinkage at
 * every step, from the shop to the band of fit, the offer and the touchpoint.
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

/** Sums of some rows; `expected` in millionths. */
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
export function shrunkRatio(
  sum: Pick<Sum, 'accepted' | 'expected'>,
  priorRatio: number,
  weight: number,
): number {
  return (sum.accepted + weight * priorRatio) / (sum.expected / 1e6 + weight)
}

/** How often bands and offers are told apart, each next to what is known of the other; after a few rounds nothing moves. */
const ROUNDS = 5
/** Offers differ from each other far more than one offer from touchpoint to touchpoint: how much more its other touchpoints are worth. */
const ALIKE = 5

/** What came of one offer under one mapping: acceptances, and expected ones by band. */
type Own = { accepted: number; expected: number[] }

/** What is learned of acceptance, for one catalogue; rows may be put one by one. */
export class AcceptanceBook {
  readonly #policy: Pick<Policy, 'propensityPrior' | 'acceptanceAtFit' | 'propensityMin' | 'propensityMax'>
  readonly #rows = new Map<string, Map<string, Acceptance>>()
  readonly #own = new Map<string, Own>()
  readonly #shop = nothing()
  readonly #bands = Array.from({ length: BANDS }, nothing)
  #fitted: { shop: number; bands: number[] } | null = null
  /** By touchpoint and offer, under the mapping of its last question: kept until anything else is learned. */
  readonly #met = new Map<string, Map<string, { mapping: string; own: number }>>()

  constructor(policy: Policy, rows: Iterable<Acceptance>) {
    this.#policy = policy
    for (const row of rows) this.put(row)
  }

  /** Take a row as it stands now, in the place of what it was. */
  put(row: Acceptance): void {
    const key = `${row.mapping}/${row.touchpoint}/${row.band}`
    let rows = this.#rows.get(row.offerId)
    if (!rows) this.#rows.set(row.offerId, (rows = new Map()))
    const was = rows.get(key)
    const change = {
      said: row.said - (was?.said ?? 0),
      accepted: row.accepted - (was?.accepted ?? 0),
      expected: row.expected - (was?.expected ?? 0),
    }
    add(this.#shop, change)
    if (row.band >= 0) {
      add(this.#bands[row.band]!, change)
      const name = `${row.offerId}/${row.mapping}`
      let own = this.#own.get(name)
      if (!own) this.#own.set(name, (own = { accepted: 0, expected: this.#bands.map(() => 0) }))
      own.accepted += change.accepted
      own.expected[row.band]! += change.expected
    }
    rows.set(key, row)
    this.#fitted = null
    this.#met.clear()
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

  /** Expected acceptances that a prior is worth. */
  get #weight(): number {
    return this.#policy.propensityPrior * this.#policy.acceptanceAtFit
  }

  /**
   * The ratio of the shop, and of each band of fit next to the offers said in it: good offers are said at a low fit
   * too, and would make a low fit look better than it is, as offers said at a high fit would look worse than they are.
   * Bands and offers are estimated in turn, offers shrunk. Source: Ohlsson, Combining generalized linear models and
   * credibility models in practice, Scandinavian Actuarial Journal 2008, 301.
   */
  #calibration(): { shop: number; bands: number[] } {
    if (this.#fitted !== null) return this.#fitted
    const weight = this.#weight
    const shop = shrunkRatio(this.#shop, 1, weight)
    let bands = this.#bands.map((sum) => shrunkRatio(sum, shop, weight))
    for (let round = 0; round < ROUNDS; round++) {
      const expected = bands.map(() => 0)
      for (const own of this.#own.values()) {
        let predicted = 0
        for (let band = 0; band < BANDS; band++) predicted += own.expected[band]! * bands[band]!
        const better = shrunkRatio({ accepted: own.accepted, expected: predicted }, 1, weight)
        // Rounded to millionths, so that the sum is the same in any order.
        for (let band = 0; band < BANDS; band++) expected[band]! += Math.round(own.expected[band]! * better)
      }
      bands = this.#bands.map(({ accepted }, band) =>
        shrunkRatio({ accepted, expected: expected[band]! }, shop, weight),
      )
    }
    this.#fitted = { shop, bands }
    return this.#fitted
  }

  /**
   * Times by which acceptance of an offer is expected to differ from what its fit predicts, next to the shop's
   * other offers: 1 where nothing is counted. What the shop's bands make of the fit, times how the offer is met next
   * to that: elsewhere, then at this touchpoint, the first being the prior of the second. Each saying counts once.
   */
  ratio(offerId: string, mapping: string, touchpoint: string, fit: number): number {
    if (this.#shop.said === 0) return 1
    const { propensityMin, propensityMax } = this.#policy
    const { shop, bands } = this.#calibration()
    let met = this.#met.get(touchpoint)
    if (!met) this.#met.set(touchpoint, (met = new Map()))
    let known = met.get(offerId)
    if (known?.mapping !== mapping)
      met.set(offerId, (known = { mapping, own: this.#ownRatio(offerId, mapping, touchpoint) }))
    return Math.min(propensityMax, Math.max(propensityMin, (ratioAt(bands, fit) / shop) * known.own))
  }

  /** How an offer is met at a touchpoint next to what the shop's bands predict. */
  #ownRatio(offerId: string, mapping: string, touchpoint: string): number {
    const { shop, bands } = this.#calibration()
    const elsewhere = { accepted: 0, expected: 0 }
    const here = { accepted: 0, expected: 0 }
    for (const row of this.#rows.get(offerId)?.values() ?? []) {
      if (row.mapping !== mapping && row.mapping !== '') continue
      const sum = row.touchpoint === touchpoint ? here : elsewhere
      sum.accepted += row.accepted
      sum.expected += Math.round(row.expected * (bands[row.band] ?? shop))
    }
    const weight = this.#weight
    // Variances add: that of what is known from elsewhere, and that between touchpoints.
    const known = 1 / (1 / (weight + elsewhere.expected / 1e6) + 1 / (ALIKE * weight))
    return shrunkRatio(here, shrunkRatio(elsewhere, 1, weight), known)
  }
}

/** The ratio at a fit: on the line between the bands' own, each at its middle. */
function ratioAt(bands: readonly number[], fit: number): number {
  let band = 0
  while (band < BANDS - 2 && fit > BAND_MIDDLE[band + 1]!) band++
  const along = (fit - BAND_MIDDLE[band]!) / (BAND_MIDDLE[band + 1]! - BAND_MIDDLE[band]!)
  const part = Math.min(1, Math.max(0, along))
  return bands[band]! + part * (bands[band + 1]! - bands[band]!)
}

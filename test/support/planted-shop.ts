/** Shops with a known lift, to measure the measuring by: what they sell is as uneven as a boutique's. */

/** Numbers drawn one after the other from a seed: mulberry32, and what is made of them. */
export function dice(seed: number) {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  /** Marsaglia and Tsang (2000). */
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * (1 - next()) ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
    }
  }
  const poisson = (mean: number): number => {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
    const limit = Math.exp(-mean)
    let n = -1
    for (let p = 1; p > limit; n++) p *= next()
    return Math.max(0, n)
  }
  return { next, normal, gamma, poisson, between: (low: number, high: number) => low + (high - low) * next() }
}
export type Dice = ReturnType<typeof dice>

/** A shop as it is drawn. Money in minor units, times in days from the start. */
export type PlantedShop = {
  customers: PlantedCustomer[]
  /** Of the holdout, by customer's rank: the first five hundred at a fifth. */
  share: number
  days: number
  daysBefore: number
  lift: number
}
export type PlantedCustomer = {
  holdout: boolean
  /** The day she was first met; below 0: before the start. */
  joined: number
  /** Purchases in a year, without any lift, and what one of hers brings on average. */
  rate: number
  worth: number
}

/** Anything from 60 to 2,000 families, some with no earlier year at all. `lift`: what being spoken to does to how often she buys. */
export function plantedShop(
  d: Dice,
  lift: number,
  customers = Math.round(60 * (2000 / 60) ** d.next()),
): PlantedShop {
  const share = customers < 500 ? 0.2 : 0.1
  const days = Math.round(d.between(90, 365))
  const daysBefore = d.next() < 0.2 ? 0 : Math.round(d.between(60, 365))
  const shape = d.between(0.5, 1.2)
  const perYear = d.between(3, 9)
  const newShare = d.between(0.05, 0.4)
  return {
    share,
    days,
    daysBefore,
    lift,
    customers: Array.from({ length: customers }, () => ({
      holdout: d.next() < share,
      joined: d.next() < newShare ? d.next() * days : -d.next() * 1000 - 1,
      rate: (d.gamma(shape) / shape) * perYear,
      worth: 2200 * Math.exp(0.45 * d.normal()),
    })),
  }
}

/** What she brings from one day to another, as [day, minor]: rarely much, sometimes money back. */
export function bought(
  d: Dice,
  { rate, worth, joined }: PlantedCustomer,
  from: number,
  to: number,
  lift: number,
): [number, number][] {
  const start = Math.max(from, joined)
  if (start >= to) return []
  const n = d.poisson(((rate * (to - start)) / 365) * (1 + lift))
  return Array.from({ length: n }, (): [number, number] => {
    const amount = Math.round(worth * Math.exp(0.8 * d.normal() - 0.32))
    return [d.between(start, to), d.next() < 0.05 ? -amount : amount]
  }).sort((a, b) => a[0] - b[0])
}

/**
 * Moments at which something would be said, in order: silent by chance in 15 %, two or three to a customer, some of whom
 * take up more than others. `said`, `silent`: the shares that take it up.
 */
export function plantedMoments(
  seed: number,
  n: number,
  said: number,
  silent: number,
): { customer: string; said: boolean; took: boolean }[] {
  const d = dice(seed)
  const keen = Array.from({ length: Math.ceil(n * 0.4) }, () => 0.4 + 1.2 * d.next())
  return Array.from({ length: n }, () => {
    const who = Math.floor(d.next() * keen.length)
    const isSaid = d.next() < 0.85
    return { customer: `c${who}`, said: isSaid, took: d.next() < (isSaid ? said : silent) * keen[who]! }
  })
}

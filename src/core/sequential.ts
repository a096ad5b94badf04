/**
 * Intervals: the ordinary one, for a single look on the day that was set beforehand, and one that stays valid however
 * often one looks. Both are a number of standard errors; which number is what this file answers.
 */

/** How often an interval may be wrong. */
export const ALPHA = 0.05

/** ln Γ(x), x > 0. Source: Lanczos' series as in Numerical Recipes, 6.1; relative error below 2e-10. */
function logGamma(x: number): number {
  const series = [
    76.18009172947146, -86.50532032941678, 24.01409824083091, -1.231739572450155, 0.001208650973866179,
    -0.000005395239384953,
  ]
  const shifted = x + 5.5 - (x + 0.5) * Math.log(x + 5.5)
  return (
    Math.log(
      (2.5066282746310007 * series.reduce((sum, c, j) => sum + c / (x + 1 + j), 1.000000000190015)) / x,
    ) - shifted
  )
}

/** The regularised incomplete beta function. Source: Lentz' continued fraction as in Numerical Recipes, 6.4. */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x))
  const tiny = 1e-300
  const whole = (n: number) => (Math.abs(n) < tiny ? tiny : n)
  let c = 1
  let d = 1 / whole(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 500; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / whole(1 + term * d)
      c = whole(1 + term / c)
      h *= d * c
    }
    if (Math.abs(d * c - 1) < 1e-14) break
  }
  return (front * h) / a
}

/** From here on Student's t is the normal distribution, to five digits. */
const MANY = 100_000

/** The chance of a Student's t with `freedom` degrees beyond ±t. `freedom` may be a fraction, or Infinity. */
export function beyond(t: number, freedom: number): number {
  const df = Math.min(MANY, freedom)
  return incompleteBeta(df / 2, 0.5, df / (df + t * t))
}

/** The t beyond which, on both sides together, `chance` lies. The inverse of `beyond`. */
export function studentT(chance: number, freedom: number): number {
  let [low, high] = [0, 1]
  while (beyond(high, freedom) > chance && high < 1e9) high *= 2
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (beyond(middle, freedom) > chance) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * How many standard errors an interval takes that holds at every look at once, with chance 1 − `alpha`:
 * `sqrt((t ρ² + 1) / (t ρ²) · log((t ρ² + 1) / α²))`, the normal mixture boundary of Robbins as an asymptotic
 * confidence sequence. ρ is set so that it is narrowest at `planned`.
 *
 * `time` is how much is known by now, `planned` how much there will be on the planned day, in the same unit: a count of
 * independent moments, or the variance of a growing sum. A sum whose steps hang together (the same families buy, week
 * for week) crosses less often than one of independent steps (Slepian), so the number errs to the safe side for it.
 *
 * Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit theory and asymptotic
 * confidence sequences, Annals of Statistics 52(6), Theorem 2.2 and the choice of ρ after it; arXiv:2103.06476.
 */
export function sequentialZ(time: number, planned: number, alpha = ALPHA): number {
  const logs = -2 * Math.log(alpha)
  const rhoSquared = (logs + Math.log(logs + 1)) / planned
  const known = time * rhoSquared
  return Math.sqrt(((known + 1) / known) * Math.log((known + 1) / alpha ** 2))
}

/** The same for few: as improbable under Student's t with `freedom` degrees as it would be were the variance known. */
export function sequentialT(time: number, planned: number, freedom: number, alpha = ALPHA): number {
  if (!(time > 0)) return Number.POSITIVE_INFINITY
  return studentT(
    Math.max(1e-300, beyond(sequentialZ(time, planned, alpha), Number.POSITIVE_INFINITY)),
    freedom,
  )
}

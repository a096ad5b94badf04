/** Shops whose truth is known: kinds of customers and offers with their true acceptance, answered by the service's own deciding. */
import type { Catalogue } from '../../src/core/catalogue.ts'
import { NOTHING_LEARNED } from '../../src/core/learning.ts'
import type { Moment } from '../../src/core/moment.ts'
import { momentOf } from '../../src/core/moment.ts'
import type { Choice, Turn } from '../../src/core/off-policy.ts'
import type { Policy } from '../../src/core/policy.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { chancesAt, recommend } from '../../src/core/recommend.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

/** Numbers drawn one after the other from a seed: mulberry32. */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const GOALS = 4
const OFFERS = 8

type Kind = {
  share: number
  evidence: number[]
  truth: Map<string, number>
  before: Choice[]
  after: Choice[]
}
export type World = {
  catalogue: Catalogue
  kinds: Kind[]
  /** True yeses a turn, by either policy. */
  before: number
  after: number
}

const choicesAt = (moment: Moment): Choice[] =>
  chancesAt(moment, NOTHING_LEARNED).map(({ scored, chance }) => ({
    offerId: scored.listed.offer.id,
    chance,
    predicted: moment.catalogue.policy.acceptanceAtFit * scored.parts.fit,
  }))

const momentFor = (catalogue: Catalogue, kind: Pick<Kind, 'evidence'>, ref: string): Moment =>
  momentOf(
    catalogue,
    { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] },
    person({ ref, evidence: kind.evidence.map((weight, g) => evidence(`e${g}`, `g${g}`, { weight })) }),
  )

/** A shop that tries widely, and a policy that tries little and asks for more fit. */
export function toldWorld(seed: number): World {
  const next = numbers(seed)
  const rows = {
    goals: Array.from({ length: GOALS }, (_, g) => goal(`g${g}`)),
    offers: Array.from({ length: OFFERS }, (_, i) =>
      offer(`O${i}`, { [`g${i % GOALS}`]: 0.6 + 0.35 * next(), [`g${(i + 1) % GOALS}`]: 0.1 + 0.3 * next() }),
    ),
  }
  const usual = defaultPolicy(`world ${seed}`)
  const trying = { ...usual, exploreAfter: 0, exploreWithin: 0.3, silenceShare: 0.15 }
  const settled: Policy = { ...trying, exploreWithin: 0.03, silenceShare: 0.05, stepCost: 0 }
  const before = smallShop({ ...rows, policy: trying })
  const after = smallShop({ ...rows, policy: settled })
  // How each offer is really met, whatever its fit.
  const appeal = rows.offers.map(() => Math.exp(0.8 * (next() - 0.5)))
  const kinds = Array.from({ length: 12 }, (): Kind => {
    const kind = { evidence: Array.from({ length: GOALS }, () => 0.5 + 0.45 * next()) }
    const predicted = choicesAt(momentFor(before, kind, 'kind'))
    const truth = new Map<string, number>()
    for (const [i, { id }] of rows.offers.entries()) {
      const fit = kind.evidence[i % GOALS]!
      truth.set(id, Math.min(0.9, 0.35 * fit * appeal[i]! * (0.7 + 0.6 * next())))
    }
    return {
      ...kind,
      share: 0.5 + next(),
      truth,
      before: predicted,
      after: choicesAt(momentFor(after, kind, 'kind')),
    }
  })
  const all = kinds.reduce((sum, { share }) => sum + share, 0)
  const worth = (of: 'before' | 'after') =>
    kinds.reduce(
      (sum, kind) =>
        sum +
        (kind.share / all) *
          kind[of].reduce((s, { offerId, chance }) => s + chance * kind.truth.get(offerId)!, 0),
      0,
    )
  return { catalogue: before, kinds, before: worth('before'), after: worth('after') }
}

/** Turns played in a world, each with a customer of its own, drawn by the service's own draws. */
export function played(world: World, n: number, seed: number): Turn[] {
  const next = numbers(seed)
  const all = world.kinds.reduce((sum, { share }) => sum + share, 0)
  return Array.from({ length: n }, (_, i): Turn => {
    let left = next() * all
    const kind = world.kinds.find(({ share }) => (left -= share) < 0) ?? world.kinds.at(-1)!
    const who = `customer ${seed}/${i}`
    const { primary, propensity } = recommend(momentFor(world.catalogue, kind, who), NOTHING_LEARNED, who)
    const said = primary?.listed.offer.id ?? null
    const yes = said !== null && next() < kind.truth.get(said)! ? 1 : 0
    return { who, said, propensity, yes, before: kind.before, after: kind.after }
  })
}

/**
 * A planted shop: what its families really want, what they buy for it, and how likely a yes is to each offer. The
 * service is told only what a shop could know: its own goals, its mapping, its offers. All of it follows from a seed.
 */
import { draws } from '../bench/sized-shop.ts'

/** What is wrong with the shop's picture of the world, and how much goals matter for a yes. */
export type Kind = {
  name: string
  /** Whether a yes depends mostly on goals, or hardly at all. */
  goalsMatter: boolean
  /** right: the shop's goals are the true ones. wrong: partly mapped wrongly. missing: it has mapped none. */
  goals: 'right' | 'wrong' | 'missing'
  /** Families come to want other things, and offers become better or worse. */
  drifts: boolean
}

export const KINDS: Kind[] = [
  { name: 'goals matter', goalsMatter: true, goals: 'right', drifts: false },
  { name: 'goals barely matter', goalsMatter: false, goals: 'right', drifts: false },
  { name: 'goals matter, partly mapped wrongly', goalsMatter: true, goals: 'wrong', drifts: false },
  { name: 'goals matter, none mapped', goalsMatter: true, goals: 'missing', drifts: false },
  { name: 'goals matter, and they drift', goalsMatter: true, goals: 'right', drifts: true },
]

export const TOUCHPOINTS = ['till', 'phone', 'fittingRoom', 'web'] as const
export type Touchpoint = (typeof TOUCHPOINTS)[number]

const WIDE = 4
const LEAVES = 12
/** Leaf goals that no basket ever shows. */
const UNSEEN = 3
const CATEGORIES = 20
const OFFERS = 40
const PRODUCTS_EACH = 3

export type Product = { sku: string; name: string; category: string; priceMinor: number }
export type Family = {
  ref: string
  /** What they really want: goal → how much, in (0, 1]. */
  wants: Map<string, number>
  /** What they told when they joined: one thing, or nothing. */
  told: string | null
  /** Days between two visits, on average. */
  everyDays: number
}
export type Offer = {
  id: string
  /** The goals it really serves. */
  serves: Record<string, number>
  /** The goals that the shop believes it serves. */
  mapped: Record<string, number>
  priceMinor: number
  costMinor: number
  months: number[]
  commitment: 'low' | 'medium'
  minRelationship: number
}
export type Goal = { slug: string; parent: string | null; baseRate: number; question: string | null }
export type Rule = { category: string; goal: string; weight: number; halfLifeDays: number }

export type World = ReturnType<typeof plant>

/** Plant a shop. The same seed and kind make the same shop. */
export function plant(kind: Kind, seed: number, families: number) {
  const chance = draws(seed * 7919 + 17)
  const bell = () => {
    const u = Math.max(chance.next(), 1e-12)
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * chance.next())
  }
  const goals: Goal[] = []
  for (let g = 0; g < WIDE; g++)
    goals.push({ slug: `wide-${g}`, parent: null, baseRate: 0.6, question: null })
  for (let g = 0; g < LEAVES; g++)
    goals.push({
      slug: `goal-${g}`,
      parent: `wide-${g % WIDE}`,
      baseRate: 0.12 + 0.3 * chance.next(),
      // Two goals are never asked for.
      question: g % 6 === 4 ? null : `Would you like number ${g}?`,
    })
  const leaves = goals.slice(WIDE)

  // Some goals never show in baskets; the last categories are bought by everybody alike.
  const categories = Array.from({ length: CATEGORIES }, (_, c) => `category-${c}`)
  const causeOf = new Map(
    categories.slice(0, 15).map((slug, c) => [slug, leaves[c % (LEAVES - UNSEEN)]!.slug]),
  )
  const rules: Rule[] = [...causeOf].map(([category, goal]) => ({
    category,
    goal,
    weight: 0.15 + 0.35 * chance.next(),
    halfLifeDays: chance.between(240, 400),
  }))
  const products: Product[] = categories.flatMap((category) =>
    Array.from({ length: PRODUCTS_EACH }, (_, p) => ({
      sku: `${category}-${p}`,
      name: `Thing ${category.slice(9)}${'abc'[p]}`,
      category,
      priceMinor: chance.between(30, 80) * 100,
    })),
  )

  const offers: Offer[] = Array.from({ length: OFFERS }, (_, o) => {
    const serves: Record<string, number> = { [leaves[o % LEAVES]!.slug]: 0.7 + 0.25 * chance.next() }
    if (chance.chance(0.7)) serves[chance.of(leaves).slug] ??= 0.4 + 0.4 * chance.next()
    const priceMinor = chance.between(28, 40) * 100
    return {
      id: `offer-${String(o).padStart(2, '0')}`,
      serves,
      mapped: serves,
      priceMinor,
      costMinor: Math.round(priceMinor * (0.52 + 0.06 * chance.next())),
      // Every sixth has a season of four months.
      months: o % 6 === 3 ? [0, 1, 2, 3].map((m) => ((o * 5 + m) % 12) + 1) : [],
      commitment: o % 3 === 2 ? 'medium' : 'low',
      minRelationship: o % 9 === 8 ? 1 : 0,
    }
  })

  if (kind.goals === 'wrong') {
    for (const rule of rules) if (chance.chance(0.35)) rule.goal = chance.of(leaves).slug
    for (const offer of offers)
      if (chance.chance(0.25))
        offer.mapped = Object.fromEntries(
          Object.entries(offer.serves).map(([, weight]) => [chance.of(leaves).slug, weight]),
        )
  }

  const spread = kind.goalsMatter ? 0.35 : 0.5
  const drawQuality = () => Math.exp(spread * bell())
  const quality = new Map(offers.map(({ id }) => [id, drawQuality()]))
  const later = new Map(offers.map(({ id }) => [id, drawQuality()]))
  const places = new Map(
    offers.flatMap(({ id }) =>
      TOUCHPOINTS.map((at) => [`${id}|${at}`, Math.exp(0.15 * bell())] as [string, number]),
    ),
  )
  const households: Family[] = Array.from({ length: families }, (_, f) => {
    const wants = new Map<string, number>()
    for (const { slug, baseRate } of leaves)
      if (chance.chance(baseRate)) wants.set(slug, 0.5 + 0.5 * chance.next())
    const told = wants.size > 0 && chance.chance(0.5) ? chance.of([...wants.keys()]) : null
    return { ref: `family-${f}`, wants, told, everyDays: 15 + 25 * chance.next() }
  })

  // Where no goals are mapped, what people want of the shop's products is what goes with what they buy.
  const goesWith = new Map(
    categories.map((category, c) => [category, categories[(c + 1 + (c % 3)) % CATEGORIES]!]),
  )
  const productQuality = new Map(products.map(({ sku }) => [sku, Math.exp(spread * bell())]))

  return {
    kind,
    seed,
    goals,
    leaves,
    categories,
    causeOf,
    goesWith,
    rules,
    products,
    offers,
    families: households,
    offerOf: new Map(offers.map((offer) => [offer.id, offer])),
    productOf: new Map(products.map((product) => [product.sku, product])),
    /** How good an offer is, whoever hears it: drifting ones become another half way. `progress` in [0, 1]. */
    qualityOf(id: string, progress: number): number {
      return kind.drifts && progress >= 0.5 ? later.get(id)! : quality.get(id)!
    },
    placeOf: (id: string, touchpoint: Touchpoint) => places.get(`${id}|${touchpoint}`)!,
    productQualityOf: (sku: string) => productQuality.get(sku)!,
  }
}

/** Chance that she says yes, the truth that nobody in the shop knows. `heard`: how often she heard an offer in 60 days. */
export function chanceOfYes(
  world: World,
  family: Family,
  offerId: string,
  at: { touchpoint: Touchpoint; heard: number; progress: number; basket: Product[] },
): number {
  const { kind } = world
  const tired = 0.92 ** at.heard
  const capped = (chance: number) => Math.min(0.9, chance * tired)
  if (offerId.startsWith('product:')) {
    const product = world.productOf.get(offerId.slice('product:'.length))!
    const goes = at.basket.some(({ category }) => world.goesWith.get(category) === product.category)
    const base = goes ? 0.32 : 0.06
    return capped(base * world.productQualityOf(product.sku))
  }
  let doubt = 1
  for (const [goal, weight] of Object.entries(world.offerOf.get(offerId)!.serves))
    doubt *= 1 - weight * (family.wants.get(goal) ?? 0)
  const fit = 1 - doubt
  const base = kind.goalsMatter ? 0.04 + 0.46 * fit : 0.2 + 0.05 * fit
  // A bigger step is taken a little less often.
  const step = world.offerOf.get(offerId)!.commitment === 'medium' ? 0.93 : 1
  return capped(base * step * world.qualityOf(offerId, at.progress) * world.placeOf(offerId, at.touchpoint))
}

/** What a yes leaves the shop, in minor units, as its own records say. */
export function contributionOf(world: World, offerId: string): number {
  if (offerId.startsWith('product:'))
    return Math.round(0.45 * world.productOf.get(offerId.slice('product:'.length))!.priceMinor)
  const { priceMinor, costMinor } = world.offerOf.get(offerId)!
  return priceMinor - costMinor
}

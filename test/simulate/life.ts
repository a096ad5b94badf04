/**
 * One planted shop, lived: families come in, the service is asked over its own routes, staff say what it offers and ask
 * what it asks, and the families answer by what they truly want. At every moment that is a choice, the plain ways of
 * choosing choose too, from the same offers.
 */
import type { Policy } from '../../src/core/policy.ts'
import type { Baseline, Candidate } from '../bench/baselines/baseline.ts'
import { coPurchase } from '../bench/baselines/co-purchase.ts'
import { goalFit } from '../bench/baselines/goal-fit.ts'
import { linUcb } from '../bench/baselines/lin-ucb.ts'
import { popularity } from '../bench/baselines/popularity.ts'
import { draws } from '../bench/sized-shop.ts'
import { openShop } from './shop.ts'
import type { Family, Product, Touchpoint, World } from './world.ts'
import { chanceOfYes, contributionOf, TOUCHPOINTS } from './world.ts'

const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-01-05T09:00:00Z')

/** How the people at the till behave. */
const SAYS = 0.85
const REPORTS = 0.95
const ASKS = 0.4
const NOT_FOR_US = 0.4

export const WAYS = ['Encore', 'goal-fit', 'popularity', 'co-purchase', 'contextual bandit'] as const
export type Way = (typeof WAYS)[number]

/** One choice: the expected value of what each way chose, and of the best there was, in minor units. */
export type Choice = { oracle: number; of: Record<Way, number> }

export type Life = {
  choices: Choice[]
  visits: number
  days: number
  /** Visits by what the service answered: an offer, one tried beside the best, or silence. */
  arms: Record<string, number>
  asked: number
  /** Offers to choose among, on average. */
  candidates: number
  ms: number
}

/** Live until so many choices were made, under the default policy but for these levers. */
export async function live(world: World, decisions: number, levers: Partial<Policy> = {}): Promise<Life> {
  const begun = performance.now()
  const shop = await openShop(world, START_MS, levers)
  const chance = draws(world.seed * 104_729 + 5)
  const baselines: Baseline[] = [goalFit(), popularity(), coPurchase(), linUcb()]
  const bought = new Map(world.families.map(({ ref }) => [ref, new Set<string>()]))
  const heard = new Map<string, number[]>(world.families.map(({ ref }) => [ref, []]))
  const next = world.families.map((family) => START_MS + chance.next() * family.everyDays * DAY_MS)
  const sold: object[] = []
  let day = 0
  const life: Life = { choices: [], visits: 0, days: 0, arms: {}, asked: 0, candidates: 0, ms: 0 }

  for (const family of world.families) {
    shop.at(START_MS)
    await shop.ask('POST', `/v1/customers/${family.ref}/consents`, {
      eventId: `${family.ref}-consent`,
      purpose: 'personalise',
      decision: 'granted',
    })
    await shop.ask('PUT', `/v1/customers/${family.ref}/household`, { firstName: 'Somebody' })
    if (family.told !== null && world.kind.goals !== 'missing')
      await shop.ask('POST', `/v1/customers/${family.ref}/evidence`, {
        eventId: `${family.ref}-told`,
        kind: 'told',
        goal: family.told,
        words: 'said so at sign-up',
      })
  }

  while (life.choices.length < decisions) {
    const at = soonest(next)
    const family = world.families[at]!
    const nowMs = next[at]!
    const days = 1 + Math.ceil(-Math.log(1 - chance.next()) * (family.everyDays - 1))
    next[at] = nowMs + days * DAY_MS
    life.visits++
    // The till sends what was sold at the end of the day.
    if (Math.floor(nowMs / DAY_MS) > day && sold.length > 0)
      await shop.ask('POST', '/v1/purchases', { purchases: sold.splice(0) })
    day = Math.floor(nowMs / DAY_MS)
    shop.at(nowMs)
    const progress = life.choices.length / decisions
    if (world.kind.drifts && chance.chance(days / 250)) changeMind(world, family, chance)

    const touchpoint = chance.chance(0.6) ? 'till' : chance.of(TOUCHPOINTS)
    const basket = basketOf(world, family, chance)
    const lines = basket.map(({ sku, name, category, priceMinor }) => ({
      sku,
      name,
      category,
      quantity: 1,
      unitPrice: priceMinor,
    }))
    const categories = bought.get(family.ref)!
    for (const { category } of basket) categories.add(category)
    const recent = heard.get(family.ref)!.filter((ms) => nowMs - ms < 60 * DAY_MS)
    const truth = { touchpoint, heard: recent.length, progress, basket }

    const answer = await shop.ask('POST', '/v1/recommendations', {
      customer: family.ref,
      touchpoint,
      basket: { lines },
    })
    // One draw for yes and one for what follows, whatever is chosen: ways are compared on the same luck.
    const luck = chance.next()
    const isSaid = chance.chance(SAYS)
    const isReported = chance.chance(REPORTS)
    const isNever = chance.chance(NOT_FOR_US)
    let arm = 'silent'
    if (answer.primary !== null) {
      const weighed = await shop.weighed(answer.id)
      arm = weighed.arm
      const chosen: string = answer.primary.offerId
      const worth = (id: string) => chanceOfYes(world, family, id, truth) * contributionOf(world, id)
      if (answer.continuity === 'new') {
        const candidates: Candidate[] = weighed.passed.map(({ id, fit }) => ({
          id,
          fit,
          contributionMinor: contributionOf(world, id),
        }))
        const choice: Choice = {
          oracle: Math.max(...candidates.map(({ id }) => worth(id))),
          of: { Encore: worth(chosen) } as Choice['of'],
        }
        const context = { touchpoint, bought: categories }
        for (const baseline of baselines) {
          const candidate = baseline.choose(candidates, context)
          choice.of[baseline.name as Way] = worth(candidate.id)
          if (isSaid && isReported)
            baseline.learn(candidate, context, luck < chanceOfYes(world, family, candidate.id, truth))
        }
        life.choices.push(choice)
        life.candidates += candidates.length
      }
      if (isSaid) heard.get(family.ref)!.push(nowMs)
      if (isReported) {
        const yes = luck < chanceOfYes(world, family, chosen, truth)
        const outcome = !isSaid
          ? { state: 'notSaid' }
          : yes
            ? { state: 'accepted' }
            : { state: 'declined', reason: isNever && !isFor(world, family, chosen) ? 'notForUs' : 'notNow' }
        await shop.ask('POST', `/v1/recommendations/${answer.id}/outcomes`, {
          eventId: `${answer.id}-o`,
          ...outcome,
        })
      }
    }
    life.arms[arm] = (life.arms[arm] ?? 0) + 1
    if (answer.ask !== null && chance.chance(ASKS)) {
      life.asked++
      const wants = family.wants.get(answer.ask.goal) ?? 0
      await shop.ask('POST', `/v1/customers/${family.ref}/evidence`, {
        eventId: `${answer.id}-a`,
        kind: 'answered',
        goal: answer.ask.goal,
        answer: wants > 0.6 ? 'yes' : wants > 0 ? 'maybe' : 'no',
      })
    }
    sold.push({
      source: 'simulated',
      externalId: `${family.ref}-${life.visits}`,
      customer: family.ref,
      soldAt: new Date(nowMs).toISOString(),
      lines,
    })
    life.days = Math.round((nowMs - START_MS) / DAY_MS)
  }
  await shop.close()
  life.candidates /= life.choices.length
  life.ms = performance.now() - begun
  return life
}

function soonest(next: number[]): number {
  let at = 0
  for (let i = 1; i < next.length; i++) if (next[i]! < next[at]!) at = i
  return at
}

type Draws = ReturnType<typeof draws>

/** Two things out of three are for something the family wants, where the shop sells anything for it. */
function basketOf(world: World, family: Family, chance: Draws): Product[] {
  const causes = [...world.causeOf].filter(([, goal]) => family.wants.has(goal)).map(([category]) => category)
  const basket = new Map<string, Product>()
  const take = (category: string) => {
    const product = chance.of(world.products.filter((each) => each.category === category))
    basket.set(product.sku, product)
  }
  for (let n = chance.between(1, 3); n > 0; n--) {
    const category =
      causes.length > 0 && chance.chance(0.67) ? chance.of(causes) : chance.of(world.categories)
    take(category)
    // Some things are bought with what goes with them.
    if (chance.chance(0.25)) take(world.goesWith.get(category)!)
  }
  return [...basket.values()]
}

/** Somebody stops wanting one thing and begins to want another. */
function changeMind(world: World, family: Family, chance: Draws): void {
  const wants = [...family.wants.keys()]
  if (wants.length > 0) family.wants.delete(chance.of(wants))
  family.wants.set(chance.of(world.leaves).slug, 0.5 + 0.5 * chance.next())
}

/** Whether an offer is about anything that she wants: a no to it is then "not now". */
function isFor(world: World, family: Family, offerId: string): boolean {
  const offer = world.offerOf.get(offerId)
  return offer === undefined || Object.keys(offer.serves).some((goal) => family.wants.has(goal))
}

export type { Touchpoint }

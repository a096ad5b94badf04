/** What a purchase means: which one was the first, and what its lines say about goals. */
import { termsOf } from './term.ts'

/** What something bought says about a goal. */
export type Says = { goal: string; weight: number; halfLifeDays: number }

/** What things may say: rules by their category, and by the facets of their name. */
export type GoalRules = {
  rulesByCategory: ReadonlyMap<string, Says[]>
  rulesByFacet: ReadonlyMap<string, Says[]>
}

/** Something that can be read for goals: what it is called, and where it stands. */
export type Thing = { name: string | null; category: string | null }

/**
 * What a thing says about goals, the rules of its category first. Where several rules name the same goal only the
 * strongest speaks: by weight, then by half-life.
 */
export function goalsSaid(thing: Thing, rules: GoalRules): Says[] {
  const ofCategory = (thing.category !== null && rules.rulesByCategory.get(thing.category)) || []
  if (rules.rulesByFacet.size === 0) return ofCategory
  const strongest = new Map<string, Says>()
  const ofName = termsOf(thing).flatMap((facet) => rules.rulesByFacet.get(facet) ?? [])
  for (const rule of [...ofCategory, ...ofName]) {
    const known = strongest.get(rule.goal)
    const isStronger =
      !known ||
      rule.weight > known.weight ||
      (rule.weight === known.weight && rule.halfLifeDays > known.halfLifeDays)
    if (isStronger) strongest.set(rule.goal, rule)
  }
  return [...strongest.values()]
}

/** Of a customer's settled purchases in time order exactly the first is front-end. Ties break by id, so arrival order does not matter. */
export function stagesOf(
  purchases: { id: string; soldAtMs: number; voided: boolean }[],
): Map<string, 'front' | 'back' | null> {
  const stages = new Map<string, 'front' | 'back' | null>()
  const settled = purchases
    .filter((purchase) => !purchase.voided)
    .sort((a, b) => a.soldAtMs - b.soldAtMs || (a.id < b.id ? -1 : 1))
  for (const purchase of purchases) if (purchase.voided) stages.set(purchase.id, null)
  settled.forEach((purchase, i) => {
    stages.set(purchase.id, i === 0 ? 'front' : 'back')
  })
  return stages
}

/** The evidence that one purchase is: a line for each goal that a thing bought speaks of. A gift says nothing of the buyer, a refund nothing of anybody. */
export function evidenceOf(
  lines: (Thing & { n: number; gift: boolean; child: string | null; quantity: number })[],
  rules: GoalRules,
): (Says & { n: number; child: string | null })[] {
  return lines.flatMap((line) =>
    line.gift || line.quantity <= 0
      ? []
      : goalsSaid(line, rules).map(({ goal, weight, halfLifeDays }) => ({
          n: line.n,
          goal,
          weight,
          halfLifeDays,
          child: line.child,
        })),
  )
}

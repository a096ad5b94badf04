/** What a purchase means: which one was the first, and what its lines say about goals. */
import type { Rule } from './catalogue.ts'

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

/** The evidence that one purchase is: a line for each rule of each bought category. A gift says nothing of the buyer, a refund nothing of anybody. */
export function evidenceOf(
  lines: { n: number; category: string | null; gift: boolean; child: string | null; quantity: number }[],
  rulesByCategory: ReadonlyMap<string, Rule[]>,
): { n: number; goal: string; weight: number; halfLifeDays: number; child: string | null }[] {
  return lines.flatMap((line) =>
    line.gift || line.category === null || line.quantity <= 0
      ? []
      : (rulesByCategory.get(line.category) ?? []).map((rule) => ({
          n: line.n,
          goal: rule.goal,
          weight: rule.weight,
          halfLifeDays: rule.halfLifeDays,
          child: line.child,
        })),
  )
}

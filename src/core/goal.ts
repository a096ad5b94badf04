/** Goals: what customers really want, as tags in a tree. */

export type Goal = {
  slug: string
  parent: string | null
  name: string
  customerWords: string
  ageMinMonths: number | null
  ageMaxMonths: number | null
  baseRate: number
  /** Never inferred: a new baby, faith, sleep trouble. */
  toldOnly: boolean
  householdLevel: boolean
  /** The question that would ask for it, in words to say aloud; null: never asked. */
  question: string | null
}

/** What is wrong with a goal tree: unknown parents, cycles, rates outside [0, 1]. Empty when it is sound. */
export function goalProblems(goals: Goal[]): { field: string; message: string }[] {
  const bySlug = new Map(goals.map((goal) => [goal.slug, goal]))
  const problems: { field: string; message: string }[] = []
  for (const goal of goals) {
    if (!(goal.baseRate >= 0 && goal.baseRate <= 1))
      problems.push({ field: `${goal.slug}.baseRate`, message: 'must be from 0 to 1' })
    if (goal.parent !== null && !bySlug.has(goal.parent))
      problems.push({ field: `${goal.slug}.parent`, message: `is the unknown goal ${goal.parent}` })
    const seen = new Set<string>()
    for (let at: Goal | undefined = goal; at; at = at.parent === null ? undefined : bySlug.get(at.parent)) {
      if (seen.has(at.slug)) {
        problems.push({ field: `${goal.slug}.parent`, message: 'makes a cycle' })
        break
      }
      seen.add(at.slug)
    }
  }
  return problems
}

/** A goal's ancestors, nearest first. Expects a sound tree. */
export function ancestorsOf(slug: string, goals: ReadonlyMap<string, Goal>): string[] {
  const line: string[] = []
  for (let at = goals.get(slug)?.parent; at; at = goals.get(at)?.parent) line.push(at)
  return line
}

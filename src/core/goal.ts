/** Goals: what customers really want, as tags in a tree. */
import starter from './starter-goals.json' with { type: 'json' }

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

/** Goals of family life, for a shop to begin with. A goal stands after the one that it belongs to. */
export const STARTER_GOALS: readonly Goal[] = starter

type Problem = { field: string; message: string }

/** What is wrong with a goal tree: unknown parents, cycles, rates, ages, questions. Empty when it is sound. */
export function goalProblems(goals: readonly Goal[]): Problem[] {
  const bySlug = new Map(goals.map((goal) => [goal.slug, goal]))
  const problems: Problem[] = []
  for (const goal of goals) {
    const say = (field: keyof Goal, message: string) =>
      problems.push({ field: `${goal.slug}.${field}`, message })
    if (!(goal.baseRate >= 0 && goal.baseRate <= 1)) say('baseRate', 'must be from 0 to 1')
    if (goal.ageMinMonths !== null && goal.ageMaxMonths !== null && goal.ageMinMonths > goal.ageMaxMonths)
      say('ageMaxMonths', 'must not be below ageMinMonths')
    if (goal.toldOnly && goal.question !== null)
      say('question', 'must be none: she alone brings this goal up')
    if (goal.parent !== null && !bySlug.has(goal.parent)) say('parent', `is the unknown goal ${goal.parent}`)
    const seen = new Set<string>()
    for (let at: Goal | undefined = goal; at; at = at.parent === null ? undefined : bySlug.get(at.parent)) {
      if (seen.has(at.slug)) {
        say('parent', 'makes a cycle')
        break
      }
      seen.add(at.slug)
    }
  }
  return problems
}

/**
 * What would be wrong with a goal, new or changed, among those that there are; by its fields. `mapped`: the goals
 * that things speak for. Those stay leaves, and are not hers alone to bring up.
 */
export function wrongWithGoal(
  goals: readonly Goal[],
  goal: Goal,
  mapped: ReadonlySet<string>,
): { field: string; message: string }[] {
  const before = goals.find(({ slug }) => slug === goal.slug)
  const prefix = `${goal.slug}.`
  const problems = goalProblems([...goals.filter((each) => each !== before), goal])
    .filter(({ field }) => field.startsWith(prefix))
    .map(({ field, message }) => ({ field: field.slice(prefix.length), message }))
  if (goal.parent !== null && goal.parent !== before?.parent && mapped.has(goal.parent))
    problems.push({
      field: 'parent',
      message: `things speak for ${goal.parent}: take its mapping back before another goal belongs to it`,
    })
  if (goal.toldOnly && mapped.has(goal.slug))
    problems.push({ field: 'toldOnly', message: 'things speak for this goal: take its mapping back first' })
  return problems
}

/** A goal's ancestors, nearest first. Expects a sound tree. */
export function ancestorsOf(slug: string, goals: ReadonlyMap<string, Goal>): string[] {
  const line: string[] = []
  for (let at = goals.get(slug)?.parent; at; at = goals.get(at)?.parent) line.push(at)
  return line
}

/** Goals as a tree is read: each before those that belong to it, with how many stand above it. */
export function inTreeOrder<G extends { slug: string; parent: string | null }>(
  goals: readonly G[],
): { goal: G; depth: number }[] {
  const known = new Set(goals.map(({ slug }) => slug))
  const below = Map.groupBy(goals, ({ parent }) => (parent !== null && known.has(parent) ? parent : null))
  const under = (parent: string | null, depth: number): { goal: G; depth: number }[] =>
    (below.get(parent) ?? []).flatMap((goal) => [{ goal, depth }, ...under(goal.slug, depth + 1)])
  return under(null, 0)
}

/** Whether a goal says something by itself: all but the heading over everything. */
export const saysSomething = (
  goal: Pick<Goal, 'slug' | 'parent'>,
  goals: readonly Pick<Goal, 'parent'>[],
): boolean => goal.parent !== null || !goals.some(({ parent }) => parent === goal.slug)

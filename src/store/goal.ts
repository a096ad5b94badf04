/** The taxonomy of goals: read whole, written one by one, with the log. */
import type { Goal } from '../core/goal.ts'
import { STARTER_GOALS } from '../core/goal.ts'
import type { By } from './audit.ts'
import { audited, changesOf } from './audit.ts'
import type { Engine } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { goal } from './schema.ts'

/** A goal as it is kept; its version is the revision that last changed it. */
export type KeptGoal = Goal & { version: number }

/** Every goal, and which of them things speak for. */
export type Taxonomy = { goals: KeptGoal[]; mapped: ReadonlySet<string> }

type Row = typeof goal.$inferSelect

const MAPPED = 'select goal from rule where withdrawn = 0 union select goal from wordRule where withdrawn = 0'
const NEWEST = 'select coalesce(max(rev), 0) from goal'

export async function readTaxonomy(engine: Engine): Promise<Taxonomy> {
  const [rows, mapped] = (await engine.allOf([
    statement('select * from goal order by rowid'),
    statement(MAPPED),
  ])) as [Row[], { goal: string }[]]
  return {
    goals: rows.map(({ rev, ...row }) => ({
      ...row,
      toldOnly: row.toldOnly === 1,
      householdLevel: row.householdLevel === 1,
      version: rev,
    })),
    mapped: new Set(mapped.map((each) => each.goal)),
  }
}

const columnsOf = (record: Goal): Omit<Row, 'rev'> => ({
  ...record,
  toldOnly: record.toldOnly ? 1 : 0,
  householdLevel: record.householdLevel ? 1 : 0,
})

/** Keep a goal, new or changed. False when the taxonomy, or what speaks for it, changed since it was read. */
export async function keepGoal(
  engine: Engine,
  { goals, mapped }: Taxonomy,
  after: Goal,
  by: By,
): Promise<boolean> {
  const { version: _, ...before } = goals.find(({ slug }) => slug === after.slug) ?? { version: 0 }
  const { slug, ...columns } = columnsOf(after)
  const names = Object.keys(columns) as (keyof typeof columns)[]
  try {
    await engine.atomic([
      BUMP,
      // Two who move goals at once would make a cycle that neither sees.
      ...guard(`(${NEWEST}) = ?`, Math.max(0, ...goals.map(({ version }) => version))),
      ...guard(
        `select not exists (select 1 from (${MAPPED}) where goal not in (select value from json_each(?)))`,
        JSON.stringify([...mapped]),
      ),
      'slug' in before
        ? statement(
            `update goal set ${names.map((name) => `"${name}" = ?`).join(', ')}, rev = ${REV} where slug = ?`,
            ...names.map((name) => columns[name]),
            slug,
          )
        : insertRows(goal, [columnsOf(after)]),
      statement(`update goal set rev = ${REV} where slug = ? and rev = 0`, slug),
      audited(by, 'slug' in before ? 'edited' : 'added', 'goal', slug, changesOf(before, after)),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** Take the starter set. False where there are goals already. */
export async function addStarter(engine: Engine, by: By): Promise<boolean> {
  try {
    await engine.atomic([
      BUMP,
      ...guard('select not exists (select 1 from goal)'),
      insertRows(goal, STARTER_GOALS.map(columnsOf)),
      statement(`update goal set rev = ${REV}`),
      audited(by, 'added', 'goal', 'starter', { goals: [0, STARTER_GOALS.length] }),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

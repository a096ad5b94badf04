/** Everybody's state, a few hundred at a time: for what is counted over all customers on the owner's pages. */
import type { Person } from '../core/moment.ts'
import { personOf } from './customer.ts'
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'

const AT_ONCE = 500
/** More customers than this are not gone through on a page. */
export const MOST_PEOPLE = 20_000

type Row = { ref: string; siteId: string; holdout: number; state: string }

/**
 * Visit every customer of a site, or of all, who lets us know her; nothing of what was answered before is read.
 * Returns how many customers there were, and whether it ended early at {@link MOST_PEOPLE}.
 */
export async function eachPerson(
  engine: Engine,
  siteId: string | null,
  visit: (person: Person, siteId: string) => void,
): Promise<{ customers: number; capped: boolean }> {
  let after = ''
  let customers = 0
  for (;;) {
    const rows = await engine.all<Row>(
      statement(
        'select ref, siteId, holdout, state from customer where ref > ?1 and (?2 is null or siteId = ?2) order by ref limit ?3',
        after,
        siteId,
        AT_ONCE,
      ),
    )
    for (const row of rows) {
      const person = personOf(row.ref, row.holdout, row.state, null)
      if (person) visit(person, row.siteId)
    }
    customers += rows.length
    if (rows.length < AT_ONCE) return { customers, capped: false }
    if (customers >= MOST_PEOPLE) return { customers, capped: true }
    after = rows.at(-1)!.ref
  }
}

/** Customers who were asked about a goal since an instant, at a till or wherever an answer was given. */
export async function listAskedSince(engine: Engine, goal: string, since: string): Promise<Set<string>> {
  const rows = await engine.all<{ customer: string }>(
    statement(
      'select distinct customer from recommendation where askedGoal = ? and at >= ? and customer is not null',
      goal,
      since,
    ),
  )
  return new Set(rows.map(({ customer }) => customer))
}

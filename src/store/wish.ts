/** Wishes: what was searched for and not found. */
import type { Engine } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { wish } from './schema.ts'

export type Wish = typeof wish.$inferSelect

/** Keep a wish, once: the one that is on record under its id. */
export async function recordWish(engine: Engine, row: Wish): Promise<Wish> {
  await engine.atomic([insertRows(wish, [row], 'do nothing')])
  const [kept] = await engine.all<Wish>(statement('select * from wish where id = ?', row.id))
  return kept!
}

export type WishGroup = {
  goal: string | null
  words: string
  wishes: number
  ageMinMonths: number | null
  ageMaxMonths: number | null
  lastAt: string
}

/** What was wished for since an instant, the most wanted first: by goal, and by words where no goal was understood. */
export async function listWishes(
  engine: Engine,
  siteId: string | null,
  since: string,
  most: number,
): Promise<WishGroup[]> {
  return engine.all<WishGroup>(
    statement(
      `select goal, group_concat(distinct words) words, count(*) wishes, min(ageMonths) ageMinMonths,
         max(ageMonths) ageMaxMonths, max(at) lastAt
       from wish where (?1 is null or siteId = ?1) and at >= ?2
       group by goal, case when goal is null then words end
       order by wishes desc, lastAt desc, words limit ?3`,
      siteId,
      since,
      most,
    ),
  )
}

/** Recommendations: the recorded answers, and what happened since. */
import type { Engine, Statement } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { recommendation } from './schema.ts'

export type RecommendationRow = typeof recommendation.$inferSelect

/** One statement that keeps these answers; one that is there already stays as it is. */
export function recordRecommendations(rows: (typeof recommendation.$inferInsert)[]): Statement {
  return insertRows(recommendation, rows, 'do nothing')
}

/** A recorded answer, or null. */
export async function findRecommendation(engine: Engine, id: string): Promise<RecommendationRow | null> {
  const [row] = await engine.all<RecommendationRow>(
    statement('select * from recommendation where id = ?', id),
  )
  return row ?? null
}

/** Recommendations: the recorded answers, and what happened since. */
import type { Engine, Statement } from './engine.ts'
import { statement } from './engine.ts'
import type { recommendation } from './schema.ts'

export type RecommendationRow = typeof recommendation.$inferSelect

const COLUMNS = [
  'id',
  'siteId',
  'customer',
  'touchpoint',
  'staffId',
  'at',
  'requestDigest',
  'offerId',
  'alternateId',
  'askedGoal',
  'arm',
  'propensity',
  'policyVersion',
  'answer',
  'inputs',
] as const satisfies (keyof RecommendationRow)[]

const KEEP = `insert into recommendation (${COLUMNS}) values (${COLUMNS.map(() => '?')}) on conflict do nothing`

/** What is kept of an answer when it is given. */
export type NewRecommendation = Pick<RecommendationRow, (typeof COLUMNS)[number]>

/** One statement that keeps an answer; one that is there already stays as it is. */
export function recordRecommendation(row: NewRecommendation): Statement {
  return statement(KEEP, ...COLUMNS.map((column) => row[column]))
}

/** A recorded answer, or null. */
export async function findRecommendation(engine: Engine, id: string): Promise<RecommendationRow | null> {
  const [row] = await engine.all<RecommendationRow>(
    statement('select * from recommendation where id = ?', id),
  )
  return row ?? null
}

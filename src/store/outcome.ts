/** Outcomes: what happened with an answer, and all that follows from it in the same write. */
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, insertRows, REV, statement } from './engine.ts'
import { holdPlace } from './hold.ts'
import type { ReferralRow } from './referral.ts'
import { evidence, outcome, referral } from './schema.ts'

export type OutcomeRow = typeof outcome.$inferSelect

/** An outcome event that is on record, or null. */
export async function findOutcome(engine: Engine, eventId: string): Promise<OutcomeRow | null> {
  const [row] = await engine.all<OutcomeRow>(statement('select * from outcome where eventId = ?', eventId))
  return row ?? null
}

/** The referral that an answer was accepted with, or null. */
export async function findReferral(
  engine: Engine,
  recommendationId: string,
): Promise<typeof referral.$inferSelect | null> {
  const [row] = await engine.all<typeof referral.$inferSelect>(
    statement('select * from referral where recommendationId = ?', recommendationId),
  )
  return row ?? null
}

/** States that mean that it was said aloud. */
const SAID = ['said', 'askedMore', 'accepted', 'booked', 'declined', 'wrong']
const ACCEPTED = ['accepted', 'booked']

export type OutcomeWrite = {
  row: typeof outcome.$inferInsert
  /** The decision on record that it names; null: kept as an orphan. */
  recommendation: { id: string; offerId: string | null; customer: string | null } | null
  /** The place that this answer holds is given back. */
  releases: boolean
  hold: Parameters<typeof holdPlace>[0] | null
  /** A referral that begins, or the other day or place that one is now for. */
  referral: typeof referral.$inferInsert | null
  reseated: Pick<ReferralRow, 'code' | 'sessionId' | 'expiresOn' | 'statusDueOn'> | null
  /** What follows from it for the referral: store/referral.ts. */
  follows: Statement[]
  evidence: (typeof evidence.$inferInsert)[]
}

/**
 * Keep an outcome with its place, its referral, its evidence and its counts, all or nothing.
 * @throws GuardFailed when the place is gone, or the event id or the referral code is taken.
 */
export async function recordOutcome(engine: Engine, write: OutcomeWrite): Promise<void> {
  const { row, recommendation: rec } = write
  const statements: Statement[] = [BUMP, insertRows(outcome, [row])]
  if (rec !== null) {
    const said = SAID.includes(row.state) ? 1 : 0
    const accepted = ACCEPTED.includes(row.state) ? 1 : 0
    if (said === 1 && rec.offerId !== null)
      statements.push(
        statement(
          `update offer set said = said + (select saidAt is null from recommendation where id = ?1),
             accepted = accepted + (?2 = 1 and not exists (select 1 from referral where recommendationId = ?1)),
             rev = ${REV} where id = ?3`,
          rec.id,
          accepted,
          rec.offerId,
        ),
      )
    if (write.releases)
      statements.push(
        statement(
          `update hold set state = 'released', rev = ${REV} where recommendationId = ? and state <> 'released'`,
          rec.id,
        ),
      )
    if (write.hold) statements.push(...holdPlace(write.hold))
    if (write.referral) statements.push(insertRows(referral, [write.referral]))
    if (write.reseated)
      statements.push(
        statement(
          'update referral set sessionId = ?, expiresOn = ?, statusDueOn = ? where code = ?',
          write.reseated.sessionId,
          write.reseated.expiresOn,
          write.reseated.statusDueOn,
          write.reseated.code,
        ),
      )
    statements.push(...write.follows)
    statements.push(
      statement(
        `update recommendation set outcome = ?2, outcomeReason = ?3, outcomeAt = ?4 where id = ?1 and coalesce(outcomeAt, '') <= ?4`,
        rec.id,
        row.state,
        row.reason ?? null,
        row.at,
      ),
    )
    if (said === 1)
      statements.push(
        statement(
          'update recommendation set saidAt = min(coalesce(saidAt, ?2), ?2) where id = ?1',
          rec.id,
          row.at,
        ),
      )
    if (write.evidence.length > 0) statements.push(insertRows(evidence, write.evidence, 'do nothing'))
    if (rec.customer !== null) statements.push(refreshState([rec.customer]))
  }
  await engine.atomic(statements)
}

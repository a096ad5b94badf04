/** Outcomes: what happened with an answer, and all that follows from it in the same write. */
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, guard, insertRows, REV, statement } from './engine.ts'
import { holdPlace } from './hold.ts'
import type { RecommendationRow } from './recommendation.ts'
import type { ReferralRow } from './referral.ts'
import { evidence, outcome, referral } from './schema.ts'

export type OutcomeRow = typeof outcome.$inferSelect

/** An outcome event that is on record, or null. */
export async function findOutcome(engine: Engine, eventId: string): Promise<OutcomeRow | null> {
  const [row] = await engine.all<OutcomeRow>(statement('select * from outcome where eventId = ?', eventId))
  return row ?? null
}

/** Marks what came before its answer was on record, now that it is: see {@link findAwaited}. */
export function awaited(recommendationIds: string[]): Statement {
  return statement(
    'update outcome set orphan = 2 where orphan = 1 and recommendationId in (select value from json_each(?))',
    JSON.stringify(recommendationIds),
  )
}

/**
 * Outcomes that came before their answers, which are on record by now, in the order in which they happened: at most
 * a hundred, after the one that is named.
 */
export async function findAwaited(
  engine: Engine,
  { at, recordedAt, eventId }: Pick<OutcomeRow, 'at' | 'recordedAt' | 'eventId'>,
): Promise<OutcomeRow[]> {
  return engine.all<OutcomeRow>(
    statement(
      `select * from outcome where orphan = 2 and (at, recordedAt, eventId) > (?, ?, ?)
       order by at, recordedAt, eventId limit 100`,
      at,
      recordedAt,
      eventId,
    ),
  )
}

/** The answer that it names is another site's, or what it says cannot be: it stays flagged and changes nothing. */
export function setAside(eventId: string): Statement {
  return statement('update outcome set orphan = 3 where eventId = ? and orphan <> 0', eventId)
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
export const ACCEPTED = ['accepted', 'booked']
const DECLINED = ['declined', 'wrong']
const CHOICES = [...ACCEPTED, ...DECLINED]

/** What was heard of an answer so far. */
export type HeardRow = Pick<OutcomeRow, 'state' | 'sessionId' | 'at'>

/** An answer on record, or null, with all that was heard of it. */
export async function findAnswered(
  engine: Engine,
  id: string,
): Promise<{ answered: RecommendationRow | null; heard: HeardRow[] }> {
  const [[answered], heard] = (await engine.allOf([
    statement('select * from recommendation where id = ?', id),
    statement('select state, sessionId, at from outcome where recommendationId = ? and orphan = 0', id),
  ])) as [RecommendationRow[], HeardRow[]]
  return { answered: answered ?? null, heard }
}

/** What she chose after an instant: accepted, with a session or without one, or declined. */
export function choicesSince(heard: readonly HeardRow[], at: string): HeardRow[] {
  return heard.filter((each) => each.at > at && CHOICES.includes(each.state))
}

/**
 * Acceptance learns of an outcome: that it was said counts once for each answer, and so does each way it was met.
 * What nobody told us of is not counted at all.
 */
function countedAs({ recommendationId, eventId, state }: OutcomeWrite['row']): Statement {
  const isFirst = `not exists (select 1 from outcome where recommendationId = ?1 and eventId <> ?2 and orphan = 0
         and state in (select value from json_each(?`
  return statement(
    `insert into acceptance (offerId, mapping, touchpoint, band, said, accepted, declined, expected, rev)
     select offerId, mapping, touchpoint, band, saidAt is null,
       ?3 in (select value from json_each(?4)) and ${isFirst}4))),
       ?3 in (select value from json_each(?5)) and ${isFirst}5))),
       (saidAt is null) * expected, ${REV}
     from recommendation where id = ?1 and offerId is not null and mapping is not null
     on conflict (offerId, mapping, touchpoint, band) do update set said = said + excluded.said,
       accepted = accepted + excluded.accepted, declined = declined + excluded.declined,
       expected = expected + excluded.expected, rev = excluded.rev`,
    recommendationId,
    eventId,
    state,
    JSON.stringify(ACCEPTED),
    JSON.stringify(DECLINED),
  )
}

export type OutcomeWrite = {
  row: typeof outcome.$inferInsert
  /** The decision on record that it names; null: kept as an orphan. */
  recommendation: { id: string; offerId: string | null; customer: string | null } | null
  /** How much was heard of it when this was decided: nothing else may have come since. */
  heard: number
  /** The place that this answer holds is given back. */
  releases: boolean
  hold: Parameters<typeof holdPlace>[0] | null
  /** A referral that begins, or the other day or place that one is now for. */
  referral: typeof referral.$inferInsert | null
  reseated: Pick<ReferralRow, 'code' | 'sessionId' | 'expiresOn' | 'statusDueOn'> | null
  /** What follows from it for the referral: store/referral.ts. */
  follows: Statement[]
  evidence: (typeof evidence.$inferInsert)[]
  /** It was kept before its answer was on record, and is now taken up. */
  adopts?: true
}

/**
 * Keep an outcome with its place, its referral, its evidence and its counts, all or nothing.
 * @throws GuardFailed when the place is gone, something else was heard meanwhile, or the event id or code is taken.
 */
export async function recordOutcome(engine: Engine, write: OutcomeWrite): Promise<void> {
  const { row, recommendation: rec } = write
  const kept = write.adopts
    ? [
        ...guard('select orphan <> 0 from outcome where eventId = ?', row.eventId),
        statement('update outcome set orphan = 0, answer = ? where eventId = ?', row.answer, row.eventId),
      ]
    : [
        insertRows(outcome, [row]),
        // Its answer may have come on record since it was looked for.
        statement(
          `update outcome set orphan = 2 where eventId = ?1 and orphan = 1
             and exists (select 1 from recommendation where id = ?2)`,
          row.eventId,
          row.recommendationId,
        ),
      ].slice(0, row.orphan === 1 ? 2 : 1)
  const statements: Statement[] = [BUMP, ...kept]
  if (rec !== null) {
    // Before the row itself is there.
    statements.unshift(
      ...guard(
        'select count(*) = ? from outcome where recommendationId = ? and orphan = 0',
        write.heard,
        rec.id,
      ),
    )
    const said = SAID.includes(row.state) ? 1 : 0
    if (said === 1 && rec.offerId !== null) statements.push(countedAs(row))
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
        // What she chose stands until she chooses again, whenever we hear that it was said.
        `update recommendation set outcome = ?2, outcomeReason = ?3, outcomeAt = ?4
         where id = ?1 and iif(coalesce(outcome, '') in (select value from json_each(?5)),
           ?2 in (select value from json_each(?5)) and outcomeAt <= ?4,
           ?2 in (select value from json_each(?5)) or coalesce(outcomeAt, '') <= ?4)`,
        rec.id,
        row.state,
        row.reason ?? null,
        row.at,
        JSON.stringify(CHOICES),
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

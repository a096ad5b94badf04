/** Versions of the policy: proposed, put in force, withdrawn. A version never changes; which is in force does. */
import type { Policy } from '../core/policy.ts'
import { defaultPolicy } from '../core/policy.ts'
import type { By } from './audit.ts'
import { audited, changesOf } from './audit.ts'
import type { Engine } from './engine.ts'
import { BUMP, guard, insertRows, REV, statement } from './engine.ts'
import { policy as policyTable } from './schema.ts'

type Row = typeof policyTable.$inferSelect

/** A version, its record whole: a lever that was added later has its default. */
export type PolicyVersion = Omit<Row, 'record' | 'rev'> & { record: Policy }

const COLUMNS = `version, record, createdAt, activation, origin, note, actor, activatedBy, activatedAt, withdrawnAt`

const versionOf = ({ record, ...row }: Omit<Row, 'rev'>): PolicyVersion => ({
  ...row,
  record: { ...defaultPolicy(), ...(JSON.parse(record) as Policy) },
})

/** Every version, the newest first. */
export async function listPolicies(engine: Engine): Promise<PolicyVersion[]> {
  return (await engine.all<Row>(statement(`select ${COLUMNS} from policy order by version desc`))).map(
    versionOf,
  )
}

/** The version in force; null in a shop that has not begun. */
export const inForceOf = (versions: readonly PolicyVersion[]): PolicyVersion | null =>
  versions.reduce<PolicyVersion | null>(
    (best, each) => ((each.activation ?? 0) > (best?.activation ?? 0) ? each : best),
    null,
  )

/**
 * Keep a proposal: the record in force with other levers.
 * @throws GuardFailed when another version was proposed at the same time
 */
export async function proposePolicy(
  engine: Engine,
  proposal: { record: Policy; origin: PolicyVersion; note: string },
  by: By,
): Promise<void> {
  const { record, origin, note } = proposal
  const row = { version: record.version, record: JSON.stringify(record), createdAt: by.at }
  await engine.atomic([
    insertRows(policyTable, [{ ...row, origin: origin.version, note, actor: by.actor }]),
    audited(by, 'proposed', 'policy', String(record.version), changesOf(origin.record, record)),
  ])
}

/**
 * Put a version in force, in the place of the one that was read to be. The very next answer anywhere is by it.
 * @throws GuardFailed when another came into force since, or it was withdrawn
 */
export async function activatePolicy(
  engine: Engine,
  { version, insteadOf }: { version: number; insteadOf: PolicyVersion },
  by: By,
): Promise<void> {
  await engine.atomic([
    BUMP,
    ...guard('select max(activation) = ? from policy', insteadOf.activation),
    ...guard('select count(*) from policy where version = ? and withdrawnAt is null', version),
    statement(
      `update policy set activation = ${REV}, rev = ${REV}, activatedBy = ?, activatedAt = ? where version = ?`,
      by.actor,
      by.at,
      version,
    ),
    audited(by, 'activated', 'policy', String(version), { inForce: [insteadOf.version, version] }),
  ])
}

/**
 * Withdraw a proposal: it stays readable and can never come into force.
 * @throws GuardFailed when it has been in force, or was withdrawn
 */
export async function withdrawPolicy(engine: Engine, version: number, by: By): Promise<void> {
  await engine.atomic([
    ...guard(
      'select count(*) from policy where version = ? and activation is null and withdrawnAt is null',
      version,
    ),
    statement('update policy set withdrawnAt = ? where version = ?', by.at, version),
    audited(by, 'withdrawn', 'policy', String(version)),
  ])
}

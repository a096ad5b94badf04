/** Sites: where a shop begins. */
import type { Site } from '../core/catalogue.ts'
import type { Policy } from '../core/policy.ts'
import type { Engine } from './engine.ts'
import { BUMP, insertRows, REV, statement } from './engine.ts'
import { policy as policyTable, site as siteTable } from './schema.ts'

/** All sites, in order. */
export async function listSites(engine: Engine): Promise<Site[]> {
  return engine.all<Site>(statement('select id, name, timeZone, currency from site order by id'))
}

/** The policy in force, or null in a shop that has not begun. */
export async function findPolicy(engine: Engine): Promise<Policy | null> {
  const [row] = await engine.all<{ record: string }>(
    statement('select record from policy where activation is not null order by activation desc limit 1'),
  )
  return row ? (JSON.parse(row.record) as Policy) : null
}

/**
 * Add a site; with the first one the shop begins, by `policy` unless it has one already.
 * @throws GuardFailed when there is a site with this id.
 */
export async function addSite(engine: Engine, site: Site, policy: Policy, now: string): Promise<void> {
  await engine.atomic([
    BUMP,
    insertRows(siteTable, [site]),
    statement(`update site set rev = ${REV} where id = ?`, site.id),
    insertRows(
      policyTable,
      [{ version: policy.version, record: JSON.stringify(policy), createdAt: now }],
      '(version) do nothing',
    ),
    statement(
      `update policy set rev = ${REV}, activation = ${REV}, activatedAt = ?, activatedBy = 'start' where rev = 0 and activation is null`,
      now,
    ),
  ])
}

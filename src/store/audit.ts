/** The audit log: who changed what. Written in the batch of the change itself. */
import type { Engine, Statement } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { audit } from './schema.ts'

/** Who is acting: for the log, by role and by an id of the shop's own, never by name. */
export type By = { actor: string; role: string; requestId: string; at: string; id: string }

export type Changes = Record<string, [before: unknown, after: unknown]>

/** Fields about people: that they changed is kept, never what they say. */
const PERSONAL = new Set(['people', 'firstName', 'customer', 'words', 'phone', 'email', 'assuredBy'])

/** The fields in which two records differ. */
export function changesOf(before: Record<string, unknown>, after: Record<string, unknown>): Changes {
  const changes: Changes = {}
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[field] ?? null, after[field] ?? null]
    if (JSON.stringify(was) === JSON.stringify(is)) continue
    changes[field] = PERSONAL.has(field) ? ['…', '…'] : [was, is]
  }
  return changes
}

/** One line of the log, as a statement of the change's own batch. */
export function audited(
  by: By,
  action: string,
  object: string,
  objectId: string,
  changes: Changes = {},
): Statement {
  const { actor, role, requestId, at } = by
  // Several lines of one request have an id each.
  const id = `${by.id}/${object}/${objectId}/${action}`
  return insertRows(
    audit,
    [{ id, at, actor, role, action, object, objectId, changes: JSON.stringify(changes), requestId }],
    'do nothing',
  )
}

export type AuditRow = typeof audit.$inferSelect

/** What was done to one thing, newest first; or to all of them. `before`: the number of the last line of the page before. */
export async function listAudit(
  engine: Engine,
  about: { object: string; objectId: string } | null,
  before: number | null,
  most: number,
): Promise<(AuditRow & { n: number })[]> {
  return engine.all<AuditRow & { n: number }>(
    statement(
      `select *, rowid n from audit where (?1 is null or (object = ?1 and objectId = ?2)) and (?3 is null or rowid < ?3)
       order by rowid desc limit ?4`,
      about?.object ?? null,
      about?.objectId ?? null,
      before,
      most,
    ),
  )
}

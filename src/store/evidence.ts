/** Evidence, consent, children and care notes: what is told, allowed, erased. Every write ends with the customer's state. */
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { careNote, child, consent, customer, evidence } from './schema.ts'

export type EvidenceRow = typeof evidence.$inferSelect

/** Keep these lines of evidence, and what else they mean; a line that is there already changes nothing. */
export async function recordEvidence(
  engine: Engine,
  rows: (typeof evidence.$inferInsert)[],
  also: Statement[] = [],
): Promise<void> {
  const refs = [...new Set(rows.map((row) => row.customer))]
  await engine.atomic([insertRows(evidence, rows, 'do nothing'), ...also, refreshState(refs)])
}

/** The lines of one event of a customer: the event's own, or one for each goal. */
export async function findEvidence(engine: Engine, ref: string, eventId: string): Promise<EvidenceRow[]> {
  return engine.all<EvidenceRow>(
    statement(
      `select * from evidence where customer = ?1 and (id = ?2 or substr(id, 1, length(?2) + 1) = ?2 || '#') order by id`,
      ref,
      eventId,
    ),
  )
}

/** What she told us and did with us, newest first: no purchases, nothing retracted. */
export async function listEvidence(engine: Engine, ref: string): Promise<EvidenceRow[]> {
  return engine.all<EvidenceRow>(
    statement(
      `select * from evidence where customer = ? and retractedAt is null and kind <> 'bought' order by onDate desc, recordedAt desc, id limit 500`,
      ref,
    ),
  )
}

/**
 * Forget: the lines no longer count, her words go, and so do the answers that rested on them, since a
 * repeated call would say them again.
 */
export async function eraseEvidence(
  engine: Engine,
  ref: string,
  eventId: string,
  at: string,
): Promise<boolean> {
  const restedOn = (part: 'primary' | 'alternate', more: string): Statement =>
    statement(
      `update recommendation set answer = json_set(answer, '$.${part}', null, ${more})
       where customer = ?1 and json_type(answer, '$.${part}') = 'object' and exists (
         select 1 from json_each(answer, '$.${part}.reasons') reason join evidence on evidence.customer = ?1
           and (evidence.id = ?2 or substr(evidence.id, 1, length(?2) + 1) = ?2 || '#') and goal = reason.value ->> 'goal')`,
      ref,
      eventId,
    )
  const [changed] = await engine.atomic([
    statement(
      `update evidence set retractedAt = ?3, words = null, facet = null
       where customer = ?1 and (id = ?2 or substr(id, 1, length(?2) + 1) = ?2 || '#') and retractedAt is null`,
      ref,
      eventId,
      at,
    ),
    statement('delete from pollAnswer where customer = ? and eventId = ?', ref, eventId),
    // What was answered because of it becomes a silence like any other, should the call be repeated.
    restedOn(
      'primary',
      `'$.speak', json('false'), '$.alternate', null, '$.silence', json('{"reason":"quiet"}'), '$.continuity', null, '$.validUntil', null`,
    ),
    restedOn('alternate', `'$.speak', answer -> '$.speak'`),
    // What answers were made from holds her words too.
    statement(
      `update recommendation set inputs = json_set(inputs, '$.state', null, '$.earlier', null, '$.erased', json('true'))
       where customer = ?1 and exists (select 1 from json_each(inputs, '$.state.evidence') line
         where line.value ->> 0 = ?2 or substr(line.value ->> 0, 1, length(?2) + 1) = ?2 || '#')`,
      ref,
      eventId,
    ),
    refreshState([ref]),
  ])
  return changed! > 0
}

/** Keep a consent line. A reference never seen before becomes a customer of that site. */
export async function recordConsent(
  engine: Engine,
  row: typeof consent.$inferInsert,
  newcomer: typeof customer.$inferInsert,
): Promise<void> {
  await engine.atomic([
    insertRows(customer, [newcomer], 'do nothing'),
    insertRows(consent, [row], 'do nothing'),
    refreshState([row.customer]),
  ])
}

/** Set what a customer lets us know about the household: first name, who knows them, the children's birth months. */
export async function recordHousehold(
  engine: Engine,
  newcomer: typeof customer.$inferInsert,
  household: {
    firstName: string | null
    staffId: string | null
    children: { id: string; birthMonth: string }[]
  },
): Promise<void> {
  const children: Statement[] = [
    statement(
      'delete from child where customer = ? and id not in (select value from json_each(?))',
      newcomer.ref,
      JSON.stringify(household.children.map((c) => c.id)),
    ),
  ]
  if (household.children.length > 0)
    children.push(
      insertRows(
        child,
        household.children.map((c) => ({ ...c, customer: newcomer.ref })),
        '(id) do update set birthMonth = excluded.birthMonth where customer = excluded.customer',
      ),
    )
  await engine.atomic([
    insertRows(customer, [newcomer], 'do nothing'),
    statement(
      'update customer set firstName = ?, staffId = ? where ref = ?',
      household.firstName,
      household.staffId,
      newcomer.ref,
    ),
    ...children,
    refreshState([newcomer.ref]),
  ])
}

/** Open a complaint or a promise, or close it: the same id with its closing day. */
export async function recordCare(engine: Engine, row: typeof careNote.$inferInsert): Promise<void> {
  await engine.atomic([
    insertRows(
      careNote,
      [row],
      '(id) do update set closedOn = excluded.closedOn, promise = excluded.promise, promisedBy = excluded.promisedBy, dueOn = excluded.dueOn where customer = excluded.customer',
    ),
    refreshState([row.customer]),
  ])
}

/**
 * Forget a customer altogether. What was sold stays in the books, and what was learned of many, without her; a
 * referral stays with its partner as a code that is nobody's.
 */
export async function eraseCustomer(engine: Engine, ref: string, also: Statement[]): Promise<boolean> {
  const of = (table: string, set: string) => statement(`update "${table}" set ${set} where customer = ?`, ref)
  const [erased] = await engine.atomic([
    statement('delete from customer where ref = ?', ref),
    // Places as they were, under whichever of her names: nothing that is repeated asks whose they were.
    statement(
      `update past set row = json_set(row, '$.customer', null) where part = 'hold'
         and row ->> '$.customer' in (select ?1 union all select ref from customerAlias where customer = ?1)`,
      ref,
    ),
    statement('delete from customerAlias where customer = ?', ref),
    ...[
      'child',
      'consent',
      'evidence',
      'careNote',
      'waiting',
      'recommendation',
      'pollAnswer',
      'pollLink',
      'aboutLink',
    ].map((table) => statement(`delete from "${table}" where customer = ?`, ref)),
    statement(
      'update purchaseLine set child = null where purchaseId in (select id from purchase where customer = ?)',
      ref,
    ),
    of('purchase', 'customer = null'),
    of('referral', 'customer = null'),
    of('hold', 'customer = null'),
    ...also,
  ])
  return erased === 1
}

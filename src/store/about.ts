/** Everything that is on record about one customer, what she has forgotten of it, and the links by which she reads it. */
import type { Held, HeldPurchase } from '../core/held.ts'
import type { By } from './audit.ts'
import { audited } from './audit.ts'
import { findAliases, refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { hashKey } from './key.ts'
import { aboutLink } from './schema.ts'
import { newToken } from './sign-in.ts'

type PurchaseRow = Omit<HeldPurchase, 'lines'> & { lines: string }

/** All that is held of her, by whichever of her references; null for nobody of ours. */
export async function readHeld(engine: Engine, asked: string): Promise<Held | null> {
  const ref = (await findAliases(engine, [asked])).get(asked) ?? asked
  const of = (sql: string) => statement(sql, ref)
  const [
    customers,
    children,
    consents,
    evidence,
    purchases,
    care,
    polls,
    introductions,
    places,
    suggestions,
  ] = await engine.allOf([
    of('select ref, siteId, firstName, staffId, joinedOn from customer where ref = ?'),
    of('select id, birthMonth from child where customer = ? order by birthMonth, id'),
    of(
      `select purpose, decision, channel, source, wording, at from consent where customer = ?
         order by at desc, recordedAt desc, id`,
    ),
    of(
      `select id, kind, goal, facet, offerId, purchaseId, weight, halfLifeDays, speakable, words, staffId, onDate, aboutDate
         from evidence where customer = ? and retractedAt is null order by onDate desc, recordedAt desc, id`,
    ),
    of(
      `select id, soldAt, siteId, currency, totalMinor, voided, (
           select json_group_array(json_array(n, name, quantity, unitPriceMinor, gift)) from (
             select n, name, quantity, unitPriceMinor, gift from purchaseLine join product on product.id = productId
             where purchaseId = purchase.id order by n)) lines
         from purchase where customer = ? order by soldAt desc, id`,
    ),
    of(
      `select id, kind, what, promise, promisedBy, dueOn, openedOn, closedOn from careNote where customer = ?
         order by openedOn desc, id`,
    ),
    of(
      `select pollId, question, answer, touchpoint, at from pollAnswer join poll on poll.id = pollId
         where customer = ? order by at desc, pollId`,
    ),
    of(
      `select code, offerId, partnerId, state, coalesce(madeOn, substr(createdAt, 1, 10)) madeOn from referral
         where customer = ? order by createdAt desc, code`,
    ),
    of(
      `select offerId, startsAt, place, state from (
           select offerId, startsAt, session.place place, hold.state state from hold join session on session.id = sessionId
             where customer = ?1 and hold.state <> 'released'
           union all select offerId, startsAt, place, state from waiting join session on session.id = sessionId
             where customer = ?1 and state = 'waiting') order by startsAt desc, offerId`,
    ),
    of(
      `select at, touchpoint, offerId, askedGoal, saidAt, outcome, inputs ->> '$.erased' is 1 erased from recommendation
         where customer = ? and (offerId is not null or askedGoal is not null) order by at desc, id`,
    ),
  ])
  const [customer] = customers as Held['customer'][]
  if (!customer) return null
  return {
    customer,
    children: children as Held['children'],
    consents: consents as Held['consents'],
    evidence: evidence as Held['evidence'],
    purchases: (purchases as PurchaseRow[]).map((row) => ({
      ...row,
      lines: (JSON.parse(row.lines) as [number, string, number, number, number][]).map(
        ([n, name, quantity, unitPriceMinor, gift]) => ({ n, name, quantity, unitPriceMinor, gift }),
      ),
    })),
    care: care as Held['care'],
    polls: polls as Held['polls'],
    introductions: introductions as Held['introductions'],
    places: places as Held['places'],
    suggestions: suggestions as Held['suggestions'],
  }
}

/** What recorded answers were made from holds a copy: nothing of her stays in it, and they cannot be repeated. */
const scrubbed = (ref: string): Statement =>
  statement(
    `update recommendation set inputs = json_set(inputs, '$.state', null, '$.earlier', null, '$.erased', json('true'))
     where customer = ? and json_type(inputs, '$.state') = 'object'`,
    ref,
  )

/** Forget one row of hers; false when there is none. */
async function forget(engine: Engine, ref: string, change: Statement): Promise<boolean> {
  const [changed] = await engine.atomic([change, scrubbed(ref), refreshState([ref])])
  return changed! > 0
}

/** Forget her first name. */
export const forgetName = (engine: Engine, ref: string): Promise<boolean> =>
  forget(
    engine,
    ref,
    statement('update customer set firstName = null where ref = ? and firstName is not null', ref),
  )

/** Forget a child's birth month; what was bought for the child is then for nobody in particular. */
export async function forgetChild(engine: Engine, ref: string, id: string): Promise<boolean> {
  const [changed] = await engine.atomic([
    statement('delete from child where customer = ? and id = ?', ref, `${ref}/${id}`),
    statement(
      `update purchaseLine set child = null where child in (?2, ?1 || '/' || ?2) and purchaseId in (select id from purchase where customer = ?1)`,
      ref,
      id,
    ),
    statement(
      `update evidence set child = null where customer = ?1 and child in (?2, ?1 || '/' || ?2)`,
      ref,
      id,
    ),
    scrubbed(ref),
    refreshState([ref]),
  ])
  return changed! > 0
}

/** Forget a complaint or a promise, open or settled; what was answered about it is a silence like any other. */
export async function forgetCare(engine: Engine, ref: string, id: string): Promise<boolean> {
  const [, changed] = await engine.atomic([
    statement(
      `update recommendation set answer = json_set(answer, '$.care', null, '$.silence', json('{"reason":"quiet"}'))
       where customer = ?1 and exists (
         select 1 from careNote where customer = ?1 and id = ?2 and instr(answer ->> '$.care.line', what) > 0)`,
      ref,
      `${ref}/${id}`,
    ),
    statement('delete from careNote where customer = ? and id = ?', ref, `${ref}/${id}`),
    scrubbed(ref),
    refreshState([ref]),
  ])
  return changed! > 0
}

/** Forget an answer to a poll; what it told us of her goals is a line of its own. */
export const forgetPoll = (engine: Engine, ref: string, pollId: string): Promise<boolean> =>
  forget(engine, ref, statement('delete from pollAnswer where customer = ? and pollId = ?', ref, pollId))

/** Stop thinking something because of what she bought until today. The purchases stay in the books. */
export const forgetGuess = (engine: Engine, ref: string, goal: string, at: string): Promise<boolean> =>
  forget(
    engine,
    ref,
    statement(
      `update evidence set retractedAt = ?3, retractedBy = 'customer'
       where customer = ?1 and goal = ?2 and kind = 'bought' and retractedAt is null`,
      ref,
      goal,
      at,
    ),
  )

/** A link to what we hold of her, shown this once. One that was made before stops working. */
export async function makeAboutLink(engine: Engine, ref: string, expiresAt: string, by: By): Promise<string> {
  const token = newToken()
  await engine.atomic([
    statement('delete from aboutLink where customer = ? or expiresAt <= ?', ref, by.at),
    insertRows(aboutLink, [
      { hash: await hashKey(token), customer: ref, createdAt: by.at, expiresAt, actor: by.actor },
    ]),
    // The log says that somebody was given a link, and not who.
    audited(by, 'made', 'aboutLink', by.requestId),
  ])
  return token
}

/** Whose link this is; null when it is none of ours, or over. */
export async function findAboutLink(
  engine: Engine,
  token: string,
  nowIso: string,
): Promise<{ customer: string; expiresAt: string } | null> {
  const [row] = await engine.all<{ customer: string; expiresAt: string }>(
    statement(
      'select customer, expiresAt from aboutLink where hash = ? and expiresAt > ?',
      await hashKey(token),
      nowIso,
    ),
  )
  return row ?? null
}

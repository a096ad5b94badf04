/** Offers as they are edited: drafts, versions, and the moves between their states. Tills read them from the snapshot. */
import type { Offer } from '../core/offer.ts'
import type { By, Changes } from './audit.ts'
import { audited, changesOf } from './audit.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { offer as offerTable } from './schema.ts'

/** An offer with what editing needs: whose draft it is, and its version for If-Match. */
export type EditedOffer = Offer & {
  draftedBy: string | null
  version: number
  /** How often it was said, and accepted when said. */
  said: number
  accepted: number
}

type Row = typeof offerTable.$inferSelect & { timesSaid: number; timesAccepted: number }

const SELECT = `select offer.*,
  (select coalesce(sum(a.said), 0) from acceptance a where a.offerId = offer.id) timesSaid,
  (select coalesce(sum(a.accepted), 0) from acceptance a where a.offerId = offer.id) timesAccepted from offer`

const JSON_COLUMNS = ['months', 'goals', 'facets', 'requires', 'skus', 'sites', 'say'] as const

function read(row: Row): EditedOffer {
  const { rev: _rev, timesSaid: said, timesAccepted: accepted, ...rest } = row
  const parsed = Object.fromEntries(JSON_COLUMNS.map((name) => [name, JSON.parse(row[name])]))
  return {
    ...rest,
    ...parsed,
    said,
    accepted,
    kindness: row.kindness === 1,
    seated: row.seated === 1,
  } as unknown as EditedOffer
}

/** What somebody may write of an offer: everything but its state, its versions and what was learned. */
export type OfferFields = Omit<Offer, 'id' | 'state'>

function columnsOf(fields: OfferFields) {
  const { kindness, seated, ...rest } = fields
  return {
    ...rest,
    ...Object.fromEntries(JSON_COLUMNS.map((name) => [name, JSON.stringify(fields[name])])),
    kindness: kindness ? 1 : 0,
    seated: seated ? 1 : 0,
  } as unknown as Omit<typeof offerTable.$inferInsert, 'id'>
}

/** An offer by its id, or null. */
export async function findOffer(engine: Engine, id: string): Promise<EditedOffer | null> {
  const [row] = await engine.all<Row>(statement(`${SELECT} where id = ?`, id))
  return row ? read(row) : null
}

/** Offers in the order of their ids, after one; of a state, of a partner. `seenBy`: a partner, who sees no draft but its own. */
export async function listOffers(
  engine: Engine,
  about: { state: string | null; partnerId: string | null; seenBy: string | null },
  after: string | null,
  most: number,
): Promise<EditedOffer[]> {
  const rows = await engine.all<Row>(
    statement(
      `${SELECT} where (?1 is null or state = ?1) and (?2 is null or partnerId = ?2)
         and (?3 is null or (partnerId = ?3 and (state <> 'draft' or draftedBy = ?3)))
         and (?4 is null or id > ?4) order by id limit ?5`,
      about.state,
      about.partnerId,
      about.seenBy,
      after,
      most,
    ),
  )
  return rows.map(read)
}

/**
 * Keep a new draft.
 * @throws GuardFailed when the id is taken
 */
export async function draftOffer(
  engine: Engine,
  id: string,
  fields: OfferFields,
  draftedBy: string | null,
  by: By,
): Promise<void> {
  const row = { id, ...columnsOf(fields), state: 'draft' as const, draftedBy }
  await engine.atomic([
    BUMP,
    insertRows(offerTable, [row]),
    statement(`update offer set rev = ${REV} where id = ?`, id),
    audited(by, 'drafted', 'offer', id, changesOf({}, { ...fields })),
  ])
}

/**
 * Write an offer anew, on the version that was read. `draftOf`: only while it is this partner's draft.
 * False when it was changed meanwhile.
 */
export async function editOffer(
  engine: Engine,
  before: EditedOffer,
  fields: OfferFields,
  draftOf: string | null,
  by: By,
): Promise<boolean> {
  const columns = Object.entries(columnsOf(fields))
  const changes = changesOf(fieldsOf(before), { ...fields })
  return happened(
    engine.atomic([
      BUMP,
      ...guard(
        `select count(*) from offer where id = ?1 and version = ?2 and state = ?3
           and (?4 is null or (state = 'draft' and draftedBy = ?4))`,
        before.id,
        before.version,
        before.state,
        draftOf,
      ),
      statement(
        `update offer set ${columns.map(([name]) => `"${name}" = ?`).join(', ')}, version = version + 1, rev = ${REV} where id = ?`,
        ...columns.map(([, value]) => value as string | number | null),
        before.id,
      ),
      audited(by, 'edited', 'offer', before.id, changes),
    ]),
  )
}

/** Move an offer to another state, on the version that was read. False when it was changed meanwhile. */
export async function moveOffer(
  engine: Engine,
  before: EditedOffer,
  to: Offer['state'],
  action: string,
  by: By,
  also: Statement[] = [],
): Promise<boolean> {
  const changes: Changes = { state: [before.state, to] }
  return happened(
    engine.atomic([
      BUMP,
      ...guard(
        'select count(*) from offer where id = ? and version = ? and state = ?',
        before.id,
        before.version,
        before.state,
      ),
      // A draft that the shop publishes is the shop's from then on.
      statement(
        `update offer set state = ?2, draftedBy = case when ?2 = 'draft' then draftedBy end,
           version = version + 1, rev = ${REV} where id = ?1`,
        before.id,
        to,
      ),
      ...also,
      audited(by, action, 'offer', before.id, changes),
    ]),
  )
}

/** The part of an offer that somebody writes. */
export function fieldsOf(offer: EditedOffer): OfferFields {
  const { id: _i, state: _s, said: _n, accepted: _a, draftedBy: _d, version: _v, ...fields } = offer
  return fields
}

async function happened(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

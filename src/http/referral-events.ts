/** What a partner tells us of a referral, or a till of a partner's code: read, follow, write, or read again. */
import type { Catalogue } from '../core/catalogue.ts'
import { digest } from '../core/chance.ts'
import type { EventKind } from '../core/referral.ts'
import type { By } from '../store/audit.ts'
import { audited } from '../store/audit.ts'
import { findCustomers } from '../store/customer.ts'
import type { Statement } from '../store/engine.ts'
import { GuardFailed } from '../store/engine.ts'
import type { KeyRow } from '../store/key.ts'
import { firstPurchase } from '../store/purchase.ts'
import type { EventRow, ReferralFile } from '../store/referral.ts'
import {
  evidenceFrom,
  findEvent,
  findReferralFile,
  followed,
  isSent,
  recordEvents,
  redeemed,
  siteDate,
  standingOfFile,
} from '../store/referral.ts'
import type { Deps } from './app-context.ts'
import { siteOf } from './auth.ts'
import { Problem, reused } from './problem.ts'
import type { FollowedAnswer, RedeemInput, ToldInput } from './referral-schema.ts'

/** Attempts before a write that others keep overtaking gives up. */
const ATTEMPTS = 60

/** The time zone that a referral's dates are read in: its site's, or the first site's. */
export const zoneOf = ({ sites }: Catalogue, siteId: string | null): string =>
  (siteId === null ? sites.values().next().value : sites.get(siteId))?.timeZone ?? 'UTC'

/** Who tells: a partner of its own only, or the shop of those of its site. */
export type Teller = Pick<KeyRow, 'siteId' | 'partnerId'> & { via: EventRow['via']; by: By }

/** Whether a credential may see a referral. Another's is as unknown as none. */
function isOf(
  { siteId, partnerId }: Pick<KeyRow, 'siteId' | 'partnerId'>,
  row: { siteId: string | null; partnerId: string | null },
): boolean {
  if (row.partnerId === null) return false
  if (partnerId !== null) return row.partnerId === partnerId
  return siteId === null || row.siteId === null || row.siteId === siteId
}

/**
 * Keep what somebody tells of a referral, and all that follows. Repeating it changes nothing.
 * @throws not_found for a code that is none of the teller's; id_reused; invalid_request for a time to come
 */
export async function tellReferral(
  deps: Deps,
  teller: Teller,
  code: string,
  told: ToldInput,
): Promise<FollowedAnswer> {
  const { engine, snapshot, clock } = deps
  const id = `${teller.partnerId ?? 'shop'}/${told.eventId}`
  const asTold = digest(JSON.stringify([code, told]))
  for (let attempt = 1; ; attempt++) {
    const file = await findReferralFile(engine, code)
    if (!file || !isOf(teller, file.referral)) throw new Problem('not_found', 'No referral has this code.')
    const known = await findEvent(engine, id)
    const nowMs = clock()
    const now = new Date(nowMs).toISOString()
    const catalogue = await snapshot.refresh()
    const reading = {
      timeZone: zoneOf(catalogue, file.referral.siteId),
      reportDays: catalogue.policy.reportDays,
      now,
    }
    if (known) {
      if (known.digest !== asTold) throw reused()
      return { code, state: standingOfFile(file, reading).state, effect: known.effect }
    }
    const at = instantOf(told, file, catalogue, nowMs)
    if (Date.parse(at) > nowMs + 600_000)
      throw new Problem('invalid_request', 'at: is still to come', [
        { field: 'at', message: 'is still to come' },
      ])
    if (told.offer !== undefined && !ofThisPartner(catalogue, told.offer, file.referral.partnerId))
      throw new Problem('unknown_reference', 'offer: is no offer of this partner', [
        { field: 'offer', message: 'is unknown' },
      ])
    const voids = told.voids === undefined ? null : `${teller.partnerId ?? 'shop'}/${told.voids}`
    if (voids !== null && !file.events.some((event) => event.id === voids))
      throw new Problem('unknown_reference', 'voids: no event of this referral has this id', [
        { field: 'voids', message: 'is unknown' },
      ])
    const event = {
      id,
      code,
      kind: told.kind as EventKind as EventRow['kind'],
      at,
      aboutOn: told.about ?? null,
      valueMinor: told.value ?? null,
      offerId: told.offer ?? null,
      voids,
      via: teller.via,
      recordedAt: now,
      digest: asTold,
    }
    const { standing, effects, statements } = followed(
      file,
      [event],
      reading,
      evidenceFrom(catalogue, file.referral, now),
    )
    try {
      await recordEvents(engine, statements, [
        audited(teller.by, told.kind, 'referral', code, { state: [file.referral.state, standing.state] }),
      ])
      return { code, state: standing.state, effect: effects.get(id)! }
    } catch (error) {
      // Somebody else told something of the same referral meanwhile.
      if (!(error instanceof GuardFailed) || attempt >= ATTEMPTS) throw error
    }
  }
}

const USES: readonly string[] = ['attended', 'noShow', 'enrolled']

/** When it happened. Who was to come to a session was there, or not, at its start, also when we first hear that she enrolled. */
function instantOf(told: ToldInput, { referral }: ReferralFile, catalogue: Catalogue, nowMs: number): string {
  if (told.at !== undefined) {
    // Nobody came before she was introduced: their clock is a little behind ours.
    const at = new Date(Date.parse(told.at)).toISOString()
    return at < referral.createdAt ? referral.createdAt : at
  }
  const isFirstWord = referral.state === 'booked' && USES.includes(told.kind)
  if (isFirstWord && referral.sessionId !== null) {
    const session = catalogue.listedById
      .get(referral.offerId)
      ?.sessions.find((each) => each.id === referral.sessionId)
    if (session && session.startsMs <= nowMs) return new Date(session.startsMs).toISOString()
  }
  return new Date(nowMs).toISOString()
}

const ofThisPartner = ({ listedById }: Catalogue, offerId: string, partnerId: string | null) =>
  listedById.get(offerId)?.offer.partnerId === partnerId

type RedeemReason = 'USED' | 'EXPIRED' | 'SENT_BEFORE' | 'NOT_FIRST' | 'NOT_LIVE'
type Redeemed = { redeemed: boolean; reason: RedeemReason | null; state: FollowedAnswer['state'] }

/** A partner's code at the first sale: she is theirs who sent her, once; with her first purchase it is a sale. */
export async function redeemReferral(
  deps: Deps,
  key: KeyRow,
  by: By,
  code: string,
  input: RedeemInput,
): Promise<Redeemed> {
  const { engine, snapshot, clock } = deps
  const id = `shop/${input.eventId}`
  const asTold = digest(JSON.stringify([code, input]))
  for (let attempt = 1; ; attempt++) {
    const customer =
      (await findCustomers(engine, [input.customer])).get(input.customer)?.ref ?? input.customer
    const file = await findReferralFile(engine, code)
    const catalogue = await snapshot.refresh()
    const siteId = siteOf(key, input.site, catalogue.sites)
    if (file?.referral.direction !== 'theirs') throw new Problem('not_found', 'No partner gave this code.')
    const { referral: row } = file
    const now = new Date(clock()).toISOString()
    const reading = { timeZone: zoneOf(catalogue, siteId), reportDays: catalogue.policy.reportDays, now }
    const known = await findEvent(engine, id)
    if (known) {
      if (known.digest !== asTold) throw reused()
      return { redeemed: true, reason: null, state: row.state }
    }
    const no = (reason: RedeemReason): Redeemed => ({ redeemed: false, reason, state: row.state })
    // A code that is nobody's any more was somebody's: it is used.
    if (row.customer === null ? row.state !== 'offered' : row.customer !== customer) return no('USED')
    if (row.expiresOn < siteDate(now, reading.timeZone)) return no('EXPIRED')
    if (row.state === 'offered') {
      const alliance = catalogue.parts.alliancesOf
        .get(row.partnerId!)
        ?.find((each) => each.id === row.allianceId)
      if (alliance?.state !== 'live') return no('NOT_LIVE')
      if (await isSent(engine, customer, code)) return no('SENT_BEFORE')
    }
    const first = await firstPurchase(engine, customer)
    const told = input.purchase && `${input.purchase.source}/${input.purchase.externalId}`
    // Whoever bought before the code was made was ours already.
    if (first && row.state === 'offered' && (told === undefined || first.id !== told)) return no('NOT_FIRST')
    if (told !== undefined && first?.id !== told) return no('NOT_FIRST')
    if (row.state === 'enrolled') return no('USED')
    const added = (kind: 'accepted' | 'enrolled', eventId: string, valueMinor: number | null) => ({
      id: eventId,
      code,
      kind,
      at: now,
      aboutOn: null,
      valueMinor,
      offerId: null,
      voids: null,
      via: 'till' as const,
      recordedAt: now,
      digest: asTold,
    })
    const events = row.state === 'offered' ? [added('accepted', id, null)] : []
    if (first && told !== undefined)
      events.push(added('enrolled', events.length > 0 ? `${id}.sale` : id, first.totalMinor))
    if (events.length === 0) return { redeemed: true, reason: null, state: row.state }
    const { standing, statements } = followed(file, events, reading, () => [])
    const newcomer: Statement[] = row.customer === null ? redeemed(code, customer, siteId) : []
    try {
      await recordEvents(
        engine,
        [...newcomer, ...statements],
        [audited(by, 'redeemed', 'referral', code, { state: [row.state, standing.state] })],
      )
      return { redeemed: true, reason: null, state: standing.state }
    } catch (error) {
      if (!(error instanceof GuardFailed) || attempt >= ATTEMPTS) throw error
    }
  }
}

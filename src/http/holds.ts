/** Holds: a place kept while somebody decides, confirmed or given back. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Catalogue, Listed } from '../core/catalogue.ts'
import { termsFor } from '../core/catalogue.ts'
import { digest } from '../core/chance.ts'
import { isFull } from '../core/gate.ts'
import { codeOf } from '../core/referral-code.ts'
import { noPlaceIn } from '../core/session.ts'
import { dateOf, dayOf, localDay, weekOf } from '../core/time.ts'
import { findCustomers } from '../store/customer.ts'
import type { Statement } from '../store/engine.ts'
import { GuardFailed } from '../store/engine.ts'
import type { HoldRow } from '../store/hold.ts'
import {
  confirmHold,
  findHold,
  listPlaced,
  listWaiting,
  releaseHold,
  settlePlaces,
  takeHold,
} from '../store/hold.ts'
import type { ReferralFile, ReferralRow } from '../store/referral.ts'
import { evidenceFrom, findEvent, findReferralFile, followed, withinCapacity } from '../store/referral.ts'
import { findSession } from '../store/session.ts'
import type { App, Env } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { Problem, problems, reused } from './problem.ts'

const MINUTE_MS = 60_000
const STATUS_DUE_DAYS = 14
const ATTEMPTS = 5

export const params = z.object({ id: ref(100) })
export const site = ref().optional().openapi({ description: 'For keys that serve every site.' })
export const eventId = ref(80).openapi({ description: 'Made by the caller; repeating it changes nothing.' })
export const customer = ref(100).optional()
export const HoldFields = z
  .strictObject({ id: z.string(), sessionId: z.string(), expiresAt: z.string(), place: z.int() })
  .openapi('Hold')

const NewHoldSchema = z
  .strictObject({
    eventId,
    sessionId: ref(100),
    customer,
    staff: ref().optional(),
    site,
    minutes: z.int().min(1).max(60).default(20),
  })
  .openapi('NewHold', {
    example: { eventId: 'desk-00031', sessionId: 'ses_O054_20260321_1000', staff: 'st_priya', minutes: 20 },
  })
const HeldSchema = z
  .strictObject({
    held: z.boolean(),
    reason: z.enum(['NO_PLACES', 'CANCELLED', 'STARTED', 'NOT_OFFERED']).nullable(),
    hold: HoldFields.nullable(),
    waiting: z.int().openapi({ description: 'How many wait for a place.' }),
  })
  .openapi('HoldTaken', {
    example: {
      held: true,
      reason: null,
      hold: {
        id: 'hold_desk-00031',
        sessionId: 'ses_O054_20260321_1000',
        expiresAt: '2026-03-14T17:02:00.000Z',
        place: 2,
      },
      waiting: 0,
    },
  })

const take = createRoute({
  method: 'post',
  path: '/v1/holds',
  operationId: 'holdPlace',
  tags: ['place'],
  summary: 'Keep a place while she decides',
  description:
    'The lowest free place, until the lease runs out or the session begins. Who waits comes first.',
  security: [{ key: [] }],
  request: { body: jsonBody(NewHoldSchema) },
  responses: { 200: json('Held, or why not', HeldSchema), ...problems(400, 401, 403, 413, 415, 422, 503) },
})

const ConfirmSchema = z
  .strictObject({ eventId, customer, site })
  .openapi('HoldConfirm', { example: { eventId: 'desk-00032', customer: 'g01-ana' } })
const ConfirmedSchema = z
  .strictObject({
    confirmed: z.boolean(),
    reason: z.enum(['NO_PLACES', 'CANCELLED', 'STARTED', 'NOT_OFFERED', 'RELEASED']).nullable(),
    hold: HoldFields.nullable(),
    code: z.string().nullable().openapi({ description: 'null where the offer is the shop’s own.' }),
    receiptLine: z.string().nullable(),
  })
  .openapi('HoldConfirmed', {
    example: {
      confirmed: true,
      reason: null,
      hold: {
        id: 'hold_desk-00031',
        sessionId: 'ses_O054_20260321_1000',
        expiresAt: '2026-03-21T15:00:00.000Z',
        place: 2,
      },
      code: 'BK-7KQ4M',
      receiptLine: 'Free first piano lesson at Northside Conservatory. Show this code: BK-7KQ4M',
    },
  })

const confirm = createRoute({
  method: 'post',
  path: '/v1/holds/{id}/confirm',
  operationId: 'confirmHold',
  tags: ['place'],
  summary: 'She comes: the place is hers',
  description:
    'With a partner’s offer the referral is made in the same write. A lease that ran out is taken again where a place is free.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(ConfirmSchema) },
  responses: {
    200: json('Confirmed, or why not', ConfirmedSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const PlacedSchema = z.strictObject({ waitingId: z.string(), holdId: z.string(), expiresAt: z.string() })
const release = createRoute({
  method: 'delete',
  path: '/v1/holds/{id}',
  operationId: 'releaseHold',
  tags: ['place'],
  summary: 'Give a place back',
  description: 'Its referral is withdrawn while it is booked, and who waits longest has the place for a day.',
  security: [{ key: [] }],
  request: { params },
  responses: {
    200: json(
      'Given back; repeating it changes nothing',
      z
        .strictObject({
          released: z.literal(true),
          placed: z
            .array(PlacedSchema)
            .openapi({ description: 'Who waited and has a place now: tell them.' }),
        })
        .openapi('HoldReleased', {
          example: {
            released: true as const,
            placed: [
              {
                waitingId: 'wait_desk-00040',
                holdId: 'place_wait_desk-00040',
                expiresAt: '2026-03-15T16:42:00.000Z',
              },
            ],
          },
        }),
    ),
    ...problems(400, 401, 403, 404, 503),
  },
})

export function holds(app: App): void {
  app.openapi(take, async (c) => c.json(await taken(c, c.req.valid('json')), 200))
  app.openapi(confirm, async (c) =>
    c.json(await confirmed(c, c.req.valid('param').id, c.req.valid('json')), 200),
  )

  app.openapi(release, async (c) => {
    const { engine } = c.get('deps')
    const { id } = c.req.valid('param')
    const waited = await stored(listWaiting(engine, (await holdFor(c, id)).sessionId))
    await released(c, id)
    const placed = await stored(
      listPlaced(
        engine,
        waited.map(({ id }) => id),
      ),
    )
    return c.json(
      {
        released: true as const,
        placed: placed.map((each) => ({
          waitingId: each.id,
          holdId: each.holdId!,
          expiresAt: each.holdExpiresAt!,
        })),
      },
      200,
    )
  })
}

/** The site of a session that belongs to one, for keys that serve every site. */
export const onlyFor = (c: Context<Env>, sessionSite: string | null) =>
  c.get('key').siteId === null ? (sessionSite ?? undefined) : undefined

/** Take a place: looked up, asked whether it may be, and taken in one write. */
async function taken(
  c: Context<Env>,
  body: z.infer<typeof NewHoldSchema>,
): Promise<z.infer<typeof HeldSchema>> {
  const { engine, snapshot, clock } = c.get('deps')
  const id = `hold_${body.eventId}`
  for (let attempt = 1; ; attempt++) {
    const nowMs = clock()
    const now = new Date(nowMs).toISOString()
    const session = await stored(findSession(engine, body.sessionId, now))
    if (!session)
      throw new Problem('unknown_reference', 'sessionId: is no session', [
        { field: 'sessionId', message: 'is unknown' },
      ])
    const catalogue = await stored(snapshot.refresh())
    const siteId = siteOf(c.get('key'), body.site ?? onlyFor(c, session.siteId), catalogue.sites)
    const wanted = {
      customer: await knownAt(c, siteId, body.customer),
      staffId: body.staff ?? null,
    }
    const known = await stored(findHold(engine, id))
    if (known) {
      const same =
        known.sessionId === session.id &&
        known.staffId === wanted.staffId &&
        known.recommendationId === null &&
        // Who it is for may have been said when it was confirmed.
        (wanted.customer === null || known.customer === wanted.customer)
      if (!same) throw reused()
      return { held: true, reason: null, hold: fieldsOf(known), waiting: session.waiting }
    }
    const reason = noPlaceIn(catalogue, session, siteId, nowMs)
    if (reason) return { held: false, reason, hold: null, waiting: session.waiting }
    const untilMs = Math.min(nowMs + body.minutes * MINUTE_MS, Date.parse(session.startsAt))
    const hold = {
      id,
      sessionId: session.id,
      expiresAt: new Date(untilMs).toISOString(),
      ...wanted,
      recommendationId: null,
      now,
    }
    try {
      if (await stored(takeHold(engine, hold))) continue
    } catch (error) {
      if (!isLost(error) || attempt >= ATTEMPTS) throw error
      continue
    }
    const after = (await stored(findSession(engine, session.id, now))) ?? session
    const since = noPlaceIn(await stored(snapshot.refresh()), after, siteId, nowMs)
    return { held: false, reason: since ?? 'NO_PLACES', hold: null, waiting: after.waiting }
  }
}

/** Confirm a place: again and again while somebody else changes what was read. */
async function confirmed(
  c: Context<Env>,
  id: string,
  body: z.infer<typeof ConfirmSchema>,
): Promise<z.infer<typeof ConfirmedSchema>> {
  const { engine, snapshot, clock } = c.get('deps')
  for (let attempt = 1; ; attempt++) {
    const hold = await holdFor(c, id)
    const catalogue = await stored(snapshot.refresh())
    const listed = catalogue.listedById.get(hold.offerId)
    if (!listed) throw new Problem('not_found', 'There is no such hold.')
    const line = (code: string | null) => `${listed.offer.say.receiptLine} ${code ?? ''}`.trim()
    const no = (reason: z.infer<typeof ConfirmedSchema>['reason']) => ({
      confirmed: false,
      reason,
      hold: null,
      code: null,
      receiptLine: null,
    })
    if (hold.state === 'confirmed')
      return {
        confirmed: true,
        reason: null,
        hold: fieldsOf(hold),
        code: hold.code,
        receiptLine: line(hold.code),
      }
    const nowMs = clock()
    const now = new Date(nowMs).toISOString()
    const siteId = siteOf(
      c.get('key'),
      body.site ?? (c.get('key').siteId === null ? (hold.ownerSite ?? undefined) : undefined),
      catalogue.sites,
    )
    const session = {
      offerId: hold.offerId,
      siteId: hold.sessionSite,
      startsAt: hold.startsAt,
      cancelled: hold.cancelled === 1,
    }
    const lapsed = hold.expiresAt <= now
    const reason = noPlaceIn(catalogue, session, siteId, nowMs)
    // What is still kept for her was promised, whatever became of the offer since.
    if (reason && (reason !== 'NOT_OFFERED' || lapsed)) return no(reason)
    if (hold.state === 'released' && !lapsed) return no('RELEASED')
    if (lapsed) await stored(settlePlaces(engine, hold.sessionId, now))
    if (attempt > ATTEMPTS) return no('NO_PLACES')

    const who = hold.customer ?? (await knownAt(c, siteId, body.customer))
    const made = await referralFor(c, hold, listed, { siteId, nowMs, eventId: body.eventId, who, attempt })
    if (made === 'FULL') return no('NOT_OFFERED')
    const { referral, also } = made
    try {
      await stored(
        confirmHold(engine, { hold, now, customer: who, referral, isMade: hold.code !== null }, also),
      )
    } catch (error) {
      if (!isLost(error)) throw error
      const used = await stored(findEvent(engine, `shop/${body.eventId}`))
      if (used && (await holdFor(c, id)).code !== used.code) throw reused()
    }
  }
}

/** The referral that a confirmed place makes or moves, with all that follows from it; none for the shop's own offers. */
async function referralFor(
  c: Context<Env>,
  hold: HoldRow,
  listed: Listed,
  at: { siteId: string; nowMs: number; eventId: string; who: string | null; attempt: number },
): Promise<'FULL' | { referral: ReferralRow | null; also: Statement[] }> {
  const { engine, snapshot } = c.get('deps')
  if (listed.offer.partnerId === null && hold.code === null) return { referral: null, also: [] }
  const catalogue = await stored(snapshot.refresh())
  const { timeZone } = catalogue.sites.get(at.siteId)!
  const today = dateOf(localDay(at.nowMs, timeZone))
  const onDate = hold.startsAt.slice(0, 10)
  const seat = {
    sessionId: hold.sessionId,
    expiresOn: onDate,
    statusDueOn: dateOf(dayOf(onDate) + STATUS_DUE_DAYS),
  }
  const now = new Date(at.nowMs).toISOString()
  const before = hold.code === null ? null : await stored(findReferralFile(engine, hold.code))
  if (before) {
    const file = { ...before, referral: { ...before.referral, ...seat } }
    return { referral: file.referral, also: follows(c, catalogue, file, timeZone, 'booked', at.eventId, now) }
  }
  if (isFull(listed, today)) return 'FULL'
  const terms = termsFor(listed, today)
  const referral: ReferralRow = {
    code: `${at.siteId}-${codeOf(`${hold.id}/${at.attempt}`)}`,
    direction: 'ours',
    recommendationId: hold.recommendationId,
    offerId: hold.offerId,
    partnerId: listed.offer.partnerId,
    allianceId: listed.alliance?.id ?? null,
    termsVersion: terms?.version ?? null,
    siteId: at.siteId,
    staffId: hold.staffId,
    customer: at.who,
    ...seat,
    state: 'booked',
    createdAt: now,
    madeOn: today,
    newsOn: null,
    version: 1,
  }
  const file = { referral, events: [], entries: [], disputes: [], terms: terms?.record ?? null }
  const also = follows(c, catalogue, file, timeZone, 'booked', at.eventId, now, 'now')
  if (referral.allianceId !== null && terms !== null) {
    const { perWeek, perMonth } = terms.record
    const bounds = { perWeek, perMonth, week: weekOf(today), month: today.slice(0, 7) }
    also.push(...withinCapacity(referral.allianceId, bounds))
  }
  return { referral, also }
}

/** What follows for a referral from a place that was taken or given back. */
function follows(
  c: Context<Env>,
  catalogue: Catalogue,
  file: ReferralFile,
  timeZone: string,
  kind: 'booked' | 'withdrawn',
  eventId: string,
  now: string,
  made: 'now' | 'before' = 'before',
): Statement[] {
  const event = {
    id: `shop/${eventId}`,
    code: file.referral.code,
    kind,
    at: now,
    aboutOn: null,
    valueMinor: null,
    voids: null,
    offerId: null,
    via: c.get('key').role === 'till' ? ('till' as const) : ('staff' as const),
    recordedAt: now,
    digest: digest(JSON.stringify([kind, file.referral.sessionId])),
  }
  const reading = { timeZone, reportDays: catalogue.policy.reportDays, now }
  return followed(file, [event], reading, evidenceFrom(catalogue, file.referral, now), made).statements
}

/** Give a place back; a referral that is booked for it is withdrawn in the same write. */
async function released(c: Context<Env>, id: string): Promise<void> {
  const { engine, snapshot, clock, random } = c.get('deps')
  for (let attempt = 1; ; attempt++) {
    const hold = await holdFor(c, id)
    const now = new Date(clock()).toISOString()
    const file = hold.isBooked === 1 ? await stored(findReferralFile(engine, hold.code!)) : null
    const catalogue = await stored(snapshot.refresh())
    const timeZone = catalogue.sites.get(file?.referral.siteId ?? '')?.timeZone ?? 'UTC'
    const also = file ? follows(c, catalogue, file, timeZone, 'withdrawn', `released-${random(12)}`, now) : []
    try {
      return await stored(releaseHold(engine, hold, now, also))
    } catch (error) {
      if (!isLost(error) || attempt >= ATTEMPTS) throw error
    }
  }
}

/** A write that was refused because something changed: to be read again. */
function isLost(error: unknown): boolean {
  return error instanceof GuardFailed || (error instanceof Problem && error.cause instanceof GuardFailed)
}

const fieldsOf = ({ id, sessionId, expiresAt, place }: HoldRow) => ({ id, sessionId, expiresAt, place })

/** A hold that this key may look after. @throws not_found, as of one that does not exist */
async function holdFor(c: Context<Env>, id: string): Promise<HoldRow> {
  const hold = await stored(findHold(c.get('deps').engine, id))
  const { siteId } = c.get('key')
  if (!hold || (siteId !== null && hold.ownerSite !== null && hold.ownerSite !== siteId))
    throw new Problem('not_found', 'There is no such hold.')
  return hold
}

/** The customer, unless she belongs to another site and did not allow this one to know her. */
export async function knownAt(
  c: Context<Env>,
  siteId: string,
  customer: string | undefined,
): Promise<string | null> {
  if (customer === undefined) return null
  const found = (await stored(findCustomers(c.get('deps').engine, [customer]))).get(customer)
  if (!found || found.siteId === siteId) return found?.ref ?? customer
  const { consent } = JSON.parse(found.state) as { consent?: Record<string, string> }
  return consent?.allSites === 'granted' ? found.ref : null
}

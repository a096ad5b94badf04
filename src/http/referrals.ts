/** Referrals: what became of introductions, ours to a partner and theirs to us. */
import { createRoute, z } from '@hono/zod-openapi'
import { GRAPH, REFERRAL_STATES, stateOfReferral } from '../core/referral.ts'
import { codeOf } from '../core/referral-code.ts'
import { dateOf, dayOf } from '../core/time.ts'
import { audited } from '../store/audit.ts'
import { GuardFailed } from '../store/engine.ts'
import type { KeyRow } from '../store/key.ts'
import type { ListedReferral, ReferralFile } from '../store/referral.ts'
import {
  begun,
  findReferralFile,
  listReferrals,
  recordEvents,
  reportByOf,
  siteDate,
} from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { redeemReferral, tellReferral, zoneOf } from './referral-events.ts'
import type { Referral } from './referral-schema.ts'
import {
  code,
  FollowedSchema,
  RedeemSchema,
  ReferralFileSchema,
  ReferralSchema,
  ToldSchema,
} from './referral-schema.ts'

const list = createRoute({
  method: 'get',
  path: '/v1/referrals',
  operationId: 'listReferrals',
  tags: ['referral'],
  summary: 'Introductions, newest first',
  description: 'A partner sees its own and never whom they are about; staff those of their site.',
  security: [{ key: [] }],
  request: {
    query: z.object({
      ...PageQuery,
      state: z.enum(REFERRAL_STATES).optional(),
      direction: z.enum(['ours', 'theirs']).optional(),
      partner: ref().optional(),
      alliance: ref().optional(),
      calledOff: z
        .enum(['true', 'false'])
        .optional()
        .openapi({ description: 'Only those whose session was called off.' }),
      owing: z.enum(['true', 'false']).optional().openapi({ description: 'Only those whose word is late.' }),
    }),
  },
  responses: {
    200: json(
      'A page',
      z
        .strictObject({ referrals: z.array(ReferralSchema), next: z.string().nullable() })
        .openapi('Referrals'),
    ),
    ...problems(400, 401, 403, 503),
  },
})

const one = createRoute({
  method: 'get',
  path: '/v1/referrals/{code}',
  operationId: 'findReferral',
  tags: ['referral'],
  summary: 'One introduction, with what was said about it',
  security: [{ key: [] }],
  request: { params: z.object({ code }) },
  responses: {
    200: json('The referral', ReferralFileSchema),
    ...problems(400, 401, 403, 404, 503),
  },
})

const MadeSchema = z
  .strictObject({ eventId: ref(60), partner: ref().optional() })
  .openapi('ReferralToUs', { example: { eventId: 'p02-card-17' } })

const make = createRoute({
  method: 'post',
  path: '/v1/referrals',
  operationId: 'introduceToUs',
  tags: ['referral'],
  summary: 'A code that a partner gives a family to bring to the shop',
  security: [{ key: [] }],
  request: { body: jsonBody(MadeSchema) },
  responses: {
    201: json('The code', ReferralSchema),
    ...problems(400, 401, 403, 409, 413, 415, 422, 503),
  },
})

const tell = createRoute({
  method: 'post',
  path: '/v1/referrals/{code}/events',
  operationId: 'tellOfReferral',
  tags: ['referral'],
  summary: 'What became of an introduction',
  description: 'By its partner, or by the shop for it. Any order, any number of times.',
  security: [{ key: [] }],
  request: {
    params: z.object({ code }),
    body: jsonBody(ToldSchema),
  },
  responses: {
    200: json('Kept', FollowedSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const redeem = createRoute({
  method: 'post',
  path: '/v1/referrals/{code}/redeem',
  operationId: 'redeemReferral',
  tags: ['referral'],
  summary: '“Who sent you?”: a partner’s code at the till',
  security: [{ key: [] }],
  request: {
    params: z.object({ code }),
    body: jsonBody(RedeemSchema),
  },
  responses: {
    200: json(
      'Redeemed, or why not',
      z
        .strictObject({
          redeemed: z.boolean(),
          reason: z.enum(['USED', 'EXPIRED', 'SENT_BEFORE', 'NOT_FIRST', 'NOT_LIVE']).nullable(),
          state: z.enum(REFERRAL_STATES),
        })
        .openapi('Redeemed', { example: { redeemed: true, reason: null, state: 'accepted' } }),
    ),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const DAYS_OF_CODE_TO_US = 180

export function referrals(app: App): void {
  app.openapi(list, async (c) => {
    const deps = c.get('deps')
    const key = c.get('key')
    const { limit, cursor, owing, calledOff, ...query } = c.req.valid('query')
    const clock = await clockOf(deps)
    const rows = await stored(
      listReferrals(
        deps.engine,
        {
          siteId: key.siteId,
          partnerId: key.partnerId ?? query.partner ?? null,
          allianceId: query.alliance ?? null,
          state: query.state ?? null,
          direction: query.direction ?? null,
          owing: owing === 'true' ? clock.today : null,
          code: null,
          calledOff: calledOff === 'true',
        },
        keyOf(cursor),
        limit + 1,
      ),
    )
    const { items, next } = pageOf(rows, limit, (row) => `${row.createdAt}|${row.code}`)
    return c.json({ referrals: items.map((row) => shown(row, clock)), next }, 200)
  })

  app.openapi(one, async (c) => {
    const deps = c.get('deps')
    const { row, file } = await seen(deps, c.get('key'), c.req.valid('param').code)
    const own = c.get('key').partnerId
    const events = file.events.map((event, i) => ({
      // What a till calls its events, and what a family pays at the shop, is not for a partner.
      eventId: isToldBy(own, event.id) ? event.id : `shop/${i}`,
      kind: event.kind,
      at: event.at,
      about: event.aboutOn,
      value: isToldBy(own, event.id) ? event.valueMinor : null,
      via: event.via,
      effect: event.effect,
    }))
    return c.json({ ...shown(row, await clockOf(deps)), events }, 200)
  })

  app.openapi(make, async (c) => {
    const deps = c.get('deps')
    const key = c.get('key')
    const { eventId, partner } = c.req.valid('json')
    const partnerId = key.partnerId ?? partner
    const clock = await clockOf(deps)
    const { catalogue, today, now } = clock
    if (partnerId === undefined || !catalogue.parts.partners.has(partnerId))
      throw new Problem('unknown_reference', 'partner: is unknown', [
        { field: 'partner', message: 'is unknown' },
      ])
    const alliance = (catalogue.parts.alliancesOf.get(partnerId) ?? []).find((each) => each.state === 'live')
    if (!alliance) throw new Problem('conflict', 'There is no live alliance with this partner.')
    const made = `${partnerId}-${codeOf(`${partnerId}/${eventId}`)}`
    const row = {
      code: made,
      direction: 'theirs' as const,
      recommendationId: null,
      offerId: '',
      partnerId,
      allianceId: alliance.id,
      termsVersion: alliance.termsVersion,
      siteId: null,
      staffId: null,
      customer: null,
      sessionId: null,
      state: 'offered' as const,
      expiresOn: dateOf(dayOf(today) + DAYS_OF_CODE_TO_US),
      statusDueOn: null,
      createdAt: now,
      madeOn: today,
      newsOn: null,
      version: 1,
    }
    try {
      await recordEvents(deps.engine, [begun(row)], [audited(c.get('by'), 'made', 'referral', made)])
    } catch (error) {
      // The same event again is the same code.
      if (!(error instanceof GuardFailed)) throw error
    }
    const { row: kept } = await seen(deps, key, made)
    return c.json(shown(kept, clock), 201)
  })

  app.openapi(tell, async (c) => {
    const deps = c.get('deps')
    const key = c.get('key')
    const via = key.role === 'partner' ? (c.req.header('authorization') ? 'key' : 'page') : 'staff'
    const teller = { siteId: key.siteId, partnerId: key.partnerId, via, by: c.get('by') } as const
    const { code } = c.req.valid('param')
    return c.json(await stored(tellReferral(deps, teller, code, c.req.valid('json'))), 200)
  })

  app.openapi(redeem, async (c) => {
    const { code } = c.req.valid('param')
    const redeeming = redeemReferral(c.get('deps'), c.get('key'), c.get('by'), code, c.req.valid('json'))
    return c.json(await stored(redeeming), 200)
  })
}

/** Whether a partner itself told an event; the shop (null) may read them all. */
const isToldBy = (own: string | null, eventId: string) => own === null || eventId.startsWith(`${own}/`)

/** The shop's day, by its first site's clock. */
async function clockOf(deps: Deps) {
  const catalogue = await stored(deps.snapshot.refresh())
  const now = new Date(deps.clock()).toISOString()
  return { catalogue, now, today: siteDate(now, zoneOf(catalogue, null)) }
}

/** A referral that this credential may see, with its file. @throws not_found */
async function seen(
  deps: Deps,
  key: KeyRow,
  code: string,
): Promise<{ row: ListedReferral; file: ReferralFile }> {
  const about = {
    siteId: key.siteId,
    partnerId: key.partnerId,
    allianceId: null,
    state: null,
    direction: null,
    owing: null,
    calledOff: false,
  }
  const [rows, file] = await stored(
    Promise.all([
      listReferrals(deps.engine, { ...about, code }, null, 1),
      findReferralFile(deps.engine, code),
    ]),
  )
  if (!rows[0] || !file) throw new Problem('not_found', 'No referral has this code.')
  return { row: rows[0], file }
}

/** A referral as it is shown: to a partner, nothing of the family but a name that she allowed. */
function shown(row: ListedReferral, { catalogue, today }: Awaited<ReturnType<typeof clockOf>>): Referral {
  const { policy } = catalogue
  const state = stateOfReferral(row.state, reportByOf(row.expiresOn, policy.reportDays), today)
  const waits =
    row.direction === 'ours' && row.calledOff === null && (state === 'accepted' || state === 'booked')
  const since = row.newsOn ?? row.madeOn ?? row.createdAt.slice(0, 10)
  const offer = catalogue.listedById.get(row.offerId)?.offer
  return {
    code: row.code,
    direction: row.direction,
    state,
    partner: row.partnerId ?? '',
    offer: offer ? { id: offer.id, headline: offer.headline } : null,
    startsAt: row.startsAt,
    calledOff: row.calledOff,
    madeOn: row.madeOn ?? row.createdAt.slice(0, 10),
    expiresOn: row.expiresOn,
    statusDueOn: waits ? row.statusDueOn : null,
    daysLate: waits && row.statusDueOn !== null ? Math.max(0, dayOf(today) - dayOf(row.statusDueOn)) : 0,
    daysWithoutNews: waits ? Math.max(0, dayOf(today) - dayOf(since)) : 0,
    firstName: row.firstName,
    termsVersion: row.termsVersion,
    mayBecome: [...GRAPH[state]],
  }
}

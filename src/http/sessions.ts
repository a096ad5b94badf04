/** sessions: an offer's dates with their places, and who is in them. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Catalogue, Listed } from '../core/catalogue.ts'
import { EVERY, MOST_AT_ONCE, occurrences, placesFree } from '../core/session.ts'
import { isTimeZone, localIso } from '../core/time.ts'
import { audited } from '../store/audit.ts'
import { listWaiting } from '../store/hold.ts'
import type { KeyRow } from '../store/key.ts'
import { emitted } from '../store/outbox.ts'
import type { SessionFields, SessionRow } from '../store/session.ts'
import {
  addSessions,
  cancelSession,
  changeSession,
  findSession,
  listCodes,
  listPlaces,
  listSessions,
  sessionKey,
} from '../store/session.ts'
import type { App, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json, jsonBody } from './document.ts'
import { date, instant, ref, text } from './fields.ts'
import { invalid, Problem, problems } from './problem.ts'

const DAY_MS = 86_400_000
const params = z.object({ id: ref(100) })

export const capacity = z.int().min(0).max(1000)
export const zone = z
  .string()
  .max(60)
  .refine(isTimeZone, 'must be an IANA time zone')
  .openapi({ description: 'An IANA time zone. Without it, the site’s.', example: 'America/Chicago' })

const shape = {
  id: z.string(),
  offerId: z.string(),
  site: z.string().nullable().openapi({ description: 'null: at the partner’s, for every site.' }),
  place: z.string(),
  facet: z.string().nullable(),
  startsAt: z.string(),
  endsAt: z.string(),
  capacity: z.int(),
  bookedElsewhere: z.int(),
  held: z.int().openapi({ description: 'Leases that have not run out.' }),
  confirmed: z.int(),
  free: z.int(),
  waiting: z.int(),
  cancelled: z.boolean(),
}
const example = {
  id: 'ses_O054_20260321_1000',
  offerId: 'O054',
  site: null,
  place: 'Northside Conservatory, studio 2',
  facet: null,
  startsAt: '2026-03-21T10:00:00-05:00',
  endsAt: '2026-03-21T10:30:00-05:00',
  capacity: 4,
  bookedElsewhere: 1,
  held: 1,
  confirmed: 1,
  free: 1,
  waiting: 0,
  cancelled: false,
}
const SessionSchema = z.strictObject(shape).openapi('Session', { example })

const list = createRoute({
  method: 'get',
  path: '/v1/offers/{id}/sessions',
  operationId: 'listSessions',
  tags: ['place'],
  summary: 'An offer’s sessions with their places, the soonest first',
  security: [{ key: [] }],
  request: {
    params,
    query: z.object({
      from: instant
        .optional()
        .openapi({ description: 'Those that begin from then on. Without it, from now.' }),
      ...PageQuery,
    }),
  },
  responses: {
    200: json(
      'A page of them',
      z
        .strictObject({ items: z.array(SessionSchema), next: z.string().nullable() })
        .openapi('SessionPage', { example: { items: [example], next: null } }),
    ),
    ...problems(400, 401, 403, 404, 503),
  },
})

const fields = {
  startsAt: instant,
  endsAt: instant,
  place: text(120),
  site: ref().optional(),
  facet: text(60).optional(),
  capacity,
  bookedElsewhere: capacity.optional(),
  timeZone: zone.optional(),
}
const inOrder = (s: { startsAt: string; endsAt: string }) => {
  const lasts = Date.parse(s.endsAt) - Date.parse(s.startsAt)
  return lasts > 0 && lasts <= 31 * DAY_MS
}
const orderIssue = { path: ['endsAt'], message: 'must be after startsAt, and within a month' }
const inCapacity = (s: { capacity: number; bookedElsewhere?: number | undefined }) =>
  (s.bookedElsewhere ?? 0) <= s.capacity
const capacityIssue = { path: ['bookedElsewhere'], message: 'must not be above capacity' }

const NewSessionSchema = z
  .strictObject({
    ...fields,
    every: z
      .enum(EVERY)
      .optional()
      .openapi({ description: 'It repeats at the same wall clock time, also across daylight saving.' }),
    until: date.optional().openapi({ description: 'The last day that it may be on.' }),
    times: z.int().min(1).max(MOST_AT_ONCE).optional().openapi({ description: 'How often in all.' }),
  })
  .refine(inOrder, orderIssue)
  .refine(inCapacity, capacityIssue)
  .refine((s) => s.every === undefined || s.until !== undefined || s.times !== undefined, {
    path: ['until'],
    message: 'is missing: say until when it repeats, or how many times',
  })
  .refine((s) => s.every !== undefined || (s.until === undefined && s.times === undefined), {
    path: ['every'],
    message: 'is missing',
  })
  .openapi('NewSession', {
    example: {
      startsAt: '2026-03-21T10:00:00-05:00',
      endsAt: '2026-03-21T10:30:00-05:00',
      place: 'Northside Conservatory, studio 2',
      capacity: 4,
      every: 'week',
      until: '2026-05-30',
    },
  })

const add = createRoute({
  method: 'post',
  path: '/v1/offers/{id}/sessions',
  operationId: 'addSessions',
  tags: ['place'],
  summary: 'A session, or one that repeats',
  description: `At most ${MOST_AT_ONCE} at once. Each is then a session of its own.`,
  security: [{ key: [] }],
  request: { params, body: jsonBody(NewSessionSchema) },
  responses: {
    201: json(
      'Their ids, in order of time',
      z
        .strictObject({ ids: z.array(z.string()) })
        .openapi('SessionsAdded', { example: { ids: ['ses_k3v9q2m7x1ab'] } }),
    ),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const SessionEditSchema = z
  .strictObject(fields)
  .refine(inOrder, orderIssue)
  .refine(inCapacity, capacityIssue)
  .openapi('SessionEdit', {
    example: {
      startsAt: '2026-03-21T10:00:00-05:00',
      endsAt: '2026-03-21T10:30:00-05:00',
      place: 'Northside Conservatory, studio 3',
      capacity: 5,
    },
  })
const toTell = z
  .array(z.string())
  .openapi({ description: 'Codes of those who are booked, and must hear of it.' })

const change = createRoute({
  method: 'put',
  path: '/v1/sessions/{id}',
  operationId: 'changeSession',
  tags: ['place'],
  summary: 'Change a session',
  description:
    'Never below the places that are kept. Without bookedElsewhere it stays as it is. New places go to who waits.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(SessionEditSchema) },
  responses: {
    200: json(
      'As it is now',
      z
        .strictObject({ session: SessionSchema, toTell })
        .openapi('SessionChanged', { example: { session: example, toTell: [] } }),
    ),
    ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
  },
})

const cancel = createRoute({
  method: 'post',
  path: '/v1/sessions/{id}/cancel',
  operationId: 'cancelSession',
  tags: ['place'],
  summary: 'Cancel a session',
  description: 'Every place in it is given back, and the very next answer does not offer it.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(z.strictObject({}).openapi('SessionCancel', { example: {} })) },
  responses: {
    200: json(
      'Cancelled; repeating it changes nothing',
      z
        .strictObject({ id: z.string(), cancelled: z.literal(true), released: z.int(), toTell })
        .openapi('SessionCancelled', {
          example: { id: example.id, cancelled: true as const, released: 2, toTell: ['BK-7KQ4M'] },
        }),
    ),
    ...problems(400, 401, 403, 404, 413, 415, 503),
  },
})

const look = createRoute({
  method: 'get',
  path: '/v1/sessions/{id}',
  operationId: 'lookAtSession',
  tags: ['place'],
  summary: 'A session with the places in it and who waits',
  description:
    'Shop keys see the references of their own site’s customers. A partner sees codes, and never who they are.',
  security: [{ key: [] }],
  request: { params },
  responses: {
    200: json(
      'The session',
      z
        .strictObject({
          ...shape,
          places: z.array(
            z.strictObject({
              holdId: z.string().nullable().openapi({ description: 'null for partners.' }),
              place: z.int(),
              state: z.enum(['held', 'confirmed']),
              expiresAt: z.string(),
              code: z.string().nullable(),
              customer: z.string().nullable(),
            }),
          ),
          waitingList: z
            .array(z.strictObject({ id: z.string(), at: z.string(), customer: z.string().nullable() }))
            .openapi({ description: 'The longest waiting first; empty for partners.' }),
        })
        .openapi('SessionPlaces', {
          example: {
            ...example,
            places: [
              {
                holdId: 'hold_desk-00031',
                place: 2,
                state: 'confirmed',
                expiresAt: '2026-03-21T15:00:00.000Z',
                code: 'BK-7KQ4M',
                customer: 'g01-ana',
              },
            ],
            waitingList: [],
          },
        }),
    ),
    ...problems(400, 401, 403, 404, 503),
  },
})

export function sessions(app: App): void {
  app.openapi(list, async (c) => {
    const { engine, clock } = c.get('deps')
    const { offer } = await offerFor(c, c.req.valid('param').id)
    const { from, limit, cursor } = c.req.valid('query')
    const now = new Date(clock()).toISOString()
    const rows = await stored(
      listSessions(engine, {
        offerId: offer.id,
        from: from ? new Date(from).toISOString() : now,
        after: keyOf(cursor),
        most: limit + 1,
        now,
      }),
    )
    const { items, next } = pageOf(rows, limit, sessionKey)
    return c.json({ items: items.map(sessionOf), next }, 200)
  })

  app.openapi(add, async (c) => {
    const { engine, snapshot, random } = c.get('deps')
    const listed = await offerFor(c, c.req.valid('param').id)
    const body = c.req.valid('json')
    const catalogue = await stored(snapshot.refresh())
    const { site, timeZone } = placeOf(c, catalogue, listed, body)
    const firstMs = Date.parse(body.startsAt)
    const lasts = Date.parse(body.endsAt) - firstMs
    const repeat = { every: body.every ?? 'week', until: body.until ?? null, times: body.times ?? null }
    const starts = body.every ? occurrences(firstMs, timeZone, repeat, MOST_AT_ONCE + 1) : [firstMs]
    if (starts.length > MOST_AT_ONCE)
      throw invalid([{ field: 'until', message: `makes more than ${MOST_AT_ONCE} sessions` }])
    if (starts.length === 0) throw invalid([{ field: 'until', message: 'is before startsAt' }])
    const rows = starts.map((ms) => ({
      id: `ses_${random(12)}`,
      offerId: listed.offer.id,
      siteId: site,
      place: body.place,
      facet: body.facet ?? null,
      startsAt: localIso(ms, timeZone),
      endsAt: localIso(ms + lasts, timeZone),
      capacity: body.capacity,
      bookedElsewhere: body.bookedElsewhere ?? 0,
    }))
    const log = audited(c.get('by'), 'added sessions of', 'offer', listed.offer.id, {
      sessions: [null, rows.length],
    })
    await stored(addSessions(engine, rows, [log]))
    return c.json({ ids: rows.map(({ id }) => id) }, 201)
  })

  app.openapi(change, async (c) => {
    const { engine, snapshot, clock } = c.get('deps')
    const { id } = c.req.valid('param')
    const body = c.req.valid('json')
    const { row, listed } = await sessionFor(c, id, 'edits')
    const catalogue = await stored(snapshot.refresh())
    const { site, timeZone } = placeOf(c, catalogue, listed, body)
    const to: SessionFields = {
      siteId: site,
      place: body.place,
      facet: body.facet ?? null,
      startsAt: localIso(Date.parse(body.startsAt), timeZone),
      endsAt: localIso(Date.parse(body.endsAt), timeZone),
      capacity: body.capacity,
    }
    const now = new Date(clock()).toISOString()
    const log = audited(c.get('by'), 'changed', 'session', id, {
      capacity: [row.capacity, to.capacity],
      startsAt: [row.startsAt, to.startsAt],
    })
    const bookedElsewhere = body.bookedElsewhere ?? null
    const changed = await stored(changeSession(engine, id, { ...to, bookedElsewhere }, now, [log]))
    const { row: after } = await sessionFor(c, id, 'edits')
    if (!changed) {
      if (after.cancelled) throw new Problem('conflict', 'The session is cancelled.')
      const kept = after.held + after.confirmed + (bookedElsewhere ?? after.bookedElsewhere)
      throw new Problem('conflict', `capacity: ${kept} places are kept or booked elsewhere.`, [
        { field: 'capacity', message: `must not be below ${kept}` },
      ])
    }
    const moved = Date.parse(row.startsAt) !== Date.parse(after.startsAt) || row.place !== after.place
    return c.json(
      { session: sessionOf(after), toTell: moved ? await stored(listCodes(engine, id)) : [] },
      200,
    )
  })

  app.openapi(cancel, async (c) => {
    const { engine } = c.get('deps')
    const { id } = c.req.valid('param')
    await sessionFor(c, id, 'edits')
    const released = await stored(
      cancelSession(engine, id, [
        audited(c.get('by'), 'cancelled', 'session', id),
        emitted('session.cancelled', id, { session: id }, c.get('by').at),
      ]),
    )
    return c.json(
      { id, cancelled: true as const, released, toTell: await stored(listCodes(engine, id)) },
      200,
    )
  })

  app.openapi(look, async (c) => {
    const { engine, clock } = c.get('deps')
    const { id } = c.req.valid('param')
    const { row } = await sessionFor(c, id, 'reads')
    const key = c.get('key')
    const isPartner = key.role === 'partner'
    const places = await stored(listPlaces(engine, id, new Date(clock()).toISOString()))
    const waitingList = isPartner ? [] : await stored(listWaiting(engine, id))
    return c.json(
      {
        ...sessionOf(row),
        places: places.map(({ customerSite, ...place }) => ({
          ...place,
          holdId: isPartner ? null : place.holdId,
          customer: shownTo(key, place.customer, customerSite),
        })),
        waitingList: waitingList.map((each) => ({
          id: each.id,
          at: each.at,
          customer: shownTo(key, each.customer, each.customerSite),
        })),
      },
      200,
    )
  })
}

/** A customer's reference, for keys of the shop that may serve her. */
function shownTo(key: KeyRow, customer: string | null, customerSite: string | null): string | null {
  if (key.role === 'partner' || customerSite === null) return null
  return key.siteId === null || key.siteId === customerSite ? customer : null
}

/** A session in the words of the API. */
export function sessionOf({
  siteId,
  startsUtc: _startsUtc,
  ...row
}: SessionRow): z.infer<typeof SessionSchema> {
  return { ...row, site: siteId, free: placesFree(row) }
}

/** An offer that the key may see: a partner, its own alone. @throws not_found */
export async function offerFor(c: Context<Env>, id: string): Promise<Listed> {
  const catalogue = await stored(c.get('deps').snapshot.refresh())
  const listed = catalogue.listedById.get(id)
  const key = c.get('key')
  if (!listed || (key.role === 'partner' && listed.offer.partnerId !== key.partnerId))
    throw new Problem('not_found', 'There is no such offer.')
  return listed
}

/** A session that the key may read, or edit: a partner, its own; a site's key edits what is its site's or the partner's. */
export async function sessionFor(
  c: Context<Env>,
  id: string,
  does: 'reads' | 'edits',
): Promise<{ row: SessionRow; listed: Listed }> {
  const { engine, clock } = c.get('deps')
  const row = await stored(findSession(engine, id, new Date(clock()).toISOString()))
  if (!row) throw new Problem('not_found', 'There is no such session.')
  const listed = await offerFor(c, row.offerId)
  const { siteId } = c.get('key')
  if (does === 'edits' && siteId !== null && row.siteId !== null && row.siteId !== siteId)
    throw new Problem('forbidden', `This key belongs to site ${siteId}.`)
  return { row, listed }
}

/** Where a session is to be, and by which clock. @throws forbidden, unknown_reference with the field */
export function placeOf(
  c: Context<Env>,
  catalogue: Catalogue,
  { offer }: Listed,
  body: { site?: string | undefined; facet?: string | undefined; timeZone?: string | undefined },
): { site: string | null; timeZone: string } {
  const key = c.get('key')
  const site = body.site ?? null
  if (site !== null && !catalogue.sites.has(site))
    throw new Problem('unknown_reference', `site: ${site} is not a site`, [
      { field: 'site', message: 'is unknown' },
    ])
  if (site !== null && key.siteId !== null && site !== key.siteId)
    throw new Problem('forbidden', `This key belongs to site ${key.siteId}.`, [
      { field: 'site', message: 'is another site' },
    ])
  if (body.facet !== undefined && offer.facets.length > 0 && !offer.facets.includes(body.facet))
    throw new Problem('unknown_reference', 'facet: is none of this offer', [
      { field: 'facet', message: 'is none of this offer' },
    ])
  const clockOf = catalogue.sites.get(site ?? key.siteId ?? '') ?? [...catalogue.sites.values()][0]
  return { site, timeZone: body.timeZone ?? clockOf?.timeZone ?? 'UTC' }
}

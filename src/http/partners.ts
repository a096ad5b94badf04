/** Partners: who they are, what must be true of them, and which are still to be found. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Catalogue, Check, Partner, Place } from '../core/catalogue.ts'
import { FEWER, FEWEST, shownCount } from '../core/demand.ts'
import { TAKEN_IDS } from '../core/registry-csv.ts'
import type { CheckOf, PartnerRecord } from '../store/partner.ts'
import {
  addPartner,
  dropCheck,
  editPartner,
  findPartner,
  keepCheck,
  listPartners,
  listUnallied,
} from '../store/partner.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json, jsonBody } from './document.ts'
import { editedVersion, etagOf } from './etag.ts'
import { date, ref } from './fields.ts'
import { mapOf } from './goals-map.ts'
import type { FieldError } from './problem.ts'
import { Problem, problems } from './problem.ts'
import { plain } from './terms-schema.ts'

const facet = plain(40).min(1)
const goalSlug = ref()
const minutes = z.record(ref(), z.int().min(0).max(600))

const recordFields = {
  name: plain(80).min(1),
  trade: plain(100).min(1),
  goals: z.array(goalSlug).max(30).default([]),
  facets: z
    .record(goalSlug, z.array(facet).max(20))
    .default({})
    .openapi({ description: 'By goal, where it serves only some of it: piano, violin.' }),
  people: z
    .array(
      z.strictObject({
        name: plain(80).min(1),
        role: plain(80).default(''),
        phone: plain(40).default(''),
        email: plain(120).default(''),
      }),
    )
    .max(20)
    .default([]),
  places: z
    .array(
      z.strictObject({
        name: plain(80).min(1),
        address: plain(200).default(''),
        walkMinutes: minutes.default({}).openapi({ description: 'On foot, by site.' }),
      }),
    )
    .max(20)
    .default([]),
  opening: plain(300).default(''),
  archived: z.boolean().default(false),
}

const EXAMPLE = {
  name: 'Northside Conservatory',
  trade: 'music conservatory (piano, strings, voice)',
  goals: ['music-instrument'],
  facets: { 'music-instrument': ['piano', 'violin'] },
  people: [
    { name: 'Ines Park', role: 'front desk', phone: '+1 312 555 0141', email: 'hello@northside.example' },
  ],
  places: [{ name: 'Northside Conservatory', address: '2140 N Halsted St', walkMinutes: { BK: 11, LS: 9 } }],
  opening: 'Mon–Fri 14:00–20:00, Sat 9:00–17:00',
  archived: false,
}

/** A partner's record, as it is edited whole. */
export const PartnerRecordSchema = z.strictObject(recordFields).openapi('PartnerRecord', { example: EXAMPLE })

const NewPartnerSchema = z
  .strictObject({
    id: ref(60).optional().openapi({ description: 'Made from the name where it is not given.' }),
    ...recordFields,
  })
  .openapi('NewPartner', { example: { id: 'northside', ...EXAMPLE } })

const CheckRecordSchema = z
  .strictObject({
    critical: z.boolean().openapi({ description: 'Without it nothing of theirs is offered.' }),
    severity: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .openapi({ description: 'How much it weighs where it is not critical.' }),
    ok: z.boolean(),
    issuer: plain(120).nullable().default(null),
    issuedOn: date.nullable().default(null),
    validUntil: date
      .nullable()
      .default(null)
      .openapi({ description: 'Its last day, by the site’s calendar.' }),
    assuredBy: ref().nullable().default(null).openapi({ description: 'The staff who saw it.' }),
    assuredOn: date.nullable().default(null),
  })
  .refine((check) => !check.issuedOn || !check.validUntil || check.issuedOn <= check.validUntil, {
    path: ['validUntil'],
    message: 'must not be before issuedOn',
  })
  .openapi('CheckRecord', {
    example: {
      critical: true,
      ok: true,
      issuer: 'City of Chicago',
      issuedOn: '2025-03-01',
      validUntil: '2026-12-31',
      assuredBy: 'st_rosa',
      assuredOn: '2025-03-03',
    },
  })

const CheckSchema = z
  .strictObject({
    code: z.string(),
    critical: z.boolean(),
    severity: z.number(),
    ok: z.boolean(),
    issuer: z.string().nullable(),
    issuedOn: z.string().nullable(),
    validUntil: z.string().nullable(),
    assuredBy: z.string().nullable(),
    assuredOn: z.string().nullable(),
  })
  .openapi('Check')

const PartnerSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    trade: z.string(),
    goals: z.array(z.string()),
    facets: z.record(z.string(), z.array(z.string())),
    people: z.array(
      z.strictObject({ name: z.string(), role: z.string(), phone: z.string(), email: z.string() }),
    ),
    places: z.array(
      z.strictObject({ name: z.string(), address: z.string(), walkMinutes: z.record(z.string(), z.int()) }),
    ),
    walkMinutes: z
      .record(z.string(), z.int())
      .openapi({ description: 'To the nearest of its places, by site.' }),
    opening: z.string(),
    archived: z.boolean(),
    checks: z.array(CheckSchema),
    version: z.int(),
  })
  .openapi('Partner', {
    example: { id: 'P02', ...EXAMPLE, walkMinutes: { BK: 11, LS: 9 }, checks: [], version: 1 },
  })

const GapsSchema = z
  .strictObject({
    partnersWithoutAlliance: z.array(z.strictObject({ id: z.string(), name: z.string(), trade: z.string() })),
    allianceWanted: z
      .array(
        z.strictObject({
          goal: z.string(),
          name: z.string(),
          customers: z.union([z.int(), z.literal(FEWER)]).openapi({
            description: `Households who said or did so, as the goals map counts them, said from ${FEWEST} up.`,
          }),
          servedByUs: z.boolean().openapi({ description: 'The shop serves it without a partner.' }),
          status: z
            .enum(['allianceWanted', 'served', 'quiet'])
            .openapi({ description: 'Where it stands on the goals map.' }),
          poll: z.string().nullable().openapi({ description: 'A poll about it that said go.' }),
        }),
      )
      .openapi({
        description:
          'Goals that no partner’s live offer serves: where a poll said go first, then the most wanted.',
      }),
  })
  .openapi('PartnerGaps', {
    example: {
      partnersWithoutAlliance: [{ id: 'P04', name: 'Ashland Court Tennis', trade: 'junior tennis academy' }],
      allianceWanted: [
        {
          goal: 'mv-gym',
          name: 'Gymnastics',
          customers: 22,
          servedByUs: false,
          status: 'allianceWanted',
          poll: null,
        },
      ],
    },
  })

const security = [{ key: [] }]
const tags = ['alliance']
const ifMatch = z.object({
  'if-match': z.string().optional().openapi({ description: 'The ETag that was read; an edit needs it.' }),
})

const list = createRoute({
  method: 'get',
  path: '/v1/partners',
  operationId: 'listPartners',
  tags,
  summary: 'Partners, by id',
  security,
  request: { query: z.strictObject({ ...PageQuery, without: z.enum(['alliance']).optional() }) },
  responses: {
    200: json(
      'One page',
      z.strictObject({ items: z.array(PartnerSchema), next: z.string().nullable() }).openapi('Partners'),
    ),
    ...problems(400, 401, 403, 503),
  },
})
const gaps = createRoute({
  method: 'get',
  path: '/v1/partners/gaps',
  operationId: 'listPartnerGaps',
  tags,
  summary: 'Which alliance is wanted',
  description:
    'By the same count and the same rule as the goals map. A number of households is said from five up.',
  security,
  responses: { 200: json('What is missing', GapsSchema), ...problems(401, 403, 503) },
})
const add = createRoute({
  method: 'post',
  path: '/v1/partners',
  operationId: 'addPartner',
  tags,
  summary: 'A new partner',
  security,
  request: { body: jsonBody(NewPartnerSchema) },
  responses: {
    201: json('It is kept', PartnerSchema),
    ...problems(400, 401, 403, 409, 413, 415, 422, 503),
  },
})
const read = createRoute({
  method: 'get',
  path: '/v1/partners/{id}',
  operationId: 'readPartner',
  tags,
  summary: 'One partner, with its checks',
  security,
  request: { params: z.object({ id: ref(60) }) },
  responses: { 200: json('As it is kept', PartnerSchema), ...problems(400, 401, 403, 404, 503) },
})
const edit = createRoute({
  method: 'put',
  path: '/v1/partners/{id}',
  operationId: 'editPartner',
  tags,
  summary: 'Change a partner, whole',
  description: 'Takes `If-Match` with the ETag that was read.',
  security,
  request: { params: z.object({ id: ref(60) }), headers: ifMatch, body: jsonBody(PartnerRecordSchema) },
  responses: {
    200: json('As it is kept now', PartnerSchema),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
  },
})

const checkParams = z.object({ id: ref(60), code: ref(40) })
const checkRoute = (object: 'partner' | 'offer') =>
  createRoute({
    method: 'put',
    path: `/v1/${object}s/{id}/checks/{code}` as const,
    operationId: object === 'partner' ? 'checkPartner' : 'checkOffer',
    tags,
    summary: `Something that must be true back stage of ${object === 'partner' ? 'a partner' : 'an offer'}`,
    description:
      'A critical one that is not, or has run out, silences every offer it stands for at the next call.',
    security,
    request: { params: checkParams, body: jsonBody(CheckRecordSchema) },
    responses: {
      200: json('As it is kept', CheckSchema),
      ...problems(400, 401, 403, 404, 413, 415, 422, 503),
    },
  })
const uncheckRoute = (object: 'partner' | 'offer') =>
  createRoute({
    method: 'delete',
    path: `/v1/${object}s/{id}/checks/{code}` as const,
    operationId: object === 'partner' ? 'uncheckPartner' : 'uncheckOffer',
    tags,
    summary: 'Take a check away',
    security,
    request: { params: checkParams },
    responses: {
      200: json('It is gone', z.strictObject({ removed: z.boolean() }).openapi('CheckRemoved')),
      ...problems(400, 401, 403, 404, 503),
    },
  })

export function partners(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, without } = c.req.valid('query')
    const { engine } = c.get('deps')
    const rows = await stored(
      listPartners(engine, {
        after: keyOf(cursor),
        most: limit + 1,
        withoutAlliance: without === 'alliance',
      }),
    )
    const { items, next } = pageOf(rows, limit, ({ id }) => id)
    return c.json({ items: items.map(shown), next }, 200)
  })

  app.openapi(gaps, async (c) => {
    const { engine, snapshot } = c.get('deps')
    const catalogue = await stored(snapshot.refresh())
    const [unallied, map] = await Promise.all([stored(listUnallied(engine)), mapOf(c, catalogue, null)])
    // Below five nobody learns which is wanted more.
    const rank = (customers: number | typeof FEWER) => (customers === FEWER ? 0 : customers)
    const wanted = map.goals
      .filter(({ supply }) => supply.partner === 0)
      .map(({ goal, name, counted, status, poll }) => ({
        goal,
        name,
        customers: counted === FEWER ? counted : shownCount(counted, true),
        servedByUs: status === 'served',
        status,
        poll: poll?.verdict === 'go' ? poll.id : null,
      }))
      .sort(
        (a, b) =>
          Number(b.poll !== null) - Number(a.poll !== null) ||
          rank(b.customers) - rank(a.customers) ||
          (a.goal < b.goal ? -1 : 1),
      )
    return c.json({ partnersWithoutAlliance: unallied, allianceWanted: wanted }, 200)
  })

  app.openapi(add, async (c) => {
    const { engine, snapshot } = c.get('deps')
    const { id: named, ...record } = c.req.valid('json')
    checkKnown(await stored(snapshot.refresh()), record)
    if (named !== undefined && TAKEN_IDS.includes(named)) throw taken(named)
    const base = named ?? idFrom(record.name)
    for (let n = 1; n <= 20; n++) {
      const id = n === 1 ? base : `${base}-${n}`
      const partner = partnerOf(id, record, 1)
      if (!TAKEN_IDS.includes(id) && (await stored(addPartner(engine, partner, c.get('by'))))) {
        c.header('location', `/v1/partners/${id}`)
        c.header('etag', etagOf(1))
        return c.json(shown({ ...partner, checks: [] }), 201)
      }
      if (named !== undefined) break
    }
    throw taken(base)
  })

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param')
    const key = c.get('key')
    if (key.role === 'partner' && key.partnerId !== id) throw missing(id)
    const found = await stored(findPartner(c.get('deps').engine, id))
    if (!found) throw missing(id)
    c.header('etag', etagOf(found.version))
    const partner = shown(found)
    if (key.role !== 'partner') return c.json(partner, 200)
    // Who of the staff saw a check is the shop's own affair.
    return c.json({ ...partner, checks: partner.checks.map((each) => ({ ...each, assuredBy: null })) }, 200)
  })

  app.openapi(edit, async (c) => {
    const { engine, snapshot } = c.get('deps')
    const { id } = c.req.valid('param')
    const record = c.req.valid('json')
    const version = editedVersion(c)
    checkKnown(await stored(snapshot.refresh()), record)
    const before = await stored(findPartner(engine, id))
    if (!before) throw missing(id)
    const { checks, ...was } = before
    const after = partnerOf(id, record, version + 1)
    if (!(await stored(editPartner(engine, { ...was, version }, after, c.get('by'))))) {
      const now = await stored(findPartner(engine, id))
      if (now?.version !== version) throw new Problem('changed_meanwhile')
      throw new Problem('conflict', 'Its alliance still runs: end that first.', [
        { field: 'archived', message: 'must be false while an alliance is agreed, live or paused' },
      ])
    }
    c.header('etag', etagOf(after.version))
    return c.json(shown({ ...after, checks }), 200)
  })

  for (const object of ['partner', 'offer'] as const) {
    app.openapi(checkRoute(object), async (c) => {
      const { engine, snapshot } = c.get('deps')
      const record = c.req.valid('json')
      const { staff } = await stored(snapshot.refresh())
      if (record.assuredBy !== null && !staff.has(record.assuredBy))
        throw unknown([{ field: 'assuredBy', message: 'is unknown' }])
      const of = { object, ...c.req.valid('param') }
      if (!(await stored(keepCheck(engine, of, record, c.get('by'))))) throw missing(of.id)
      return c.json({ code: of.code, ...record }, 200)
    })
    app.openapi(uncheckRoute(object), async (c) => {
      const of: CheckOf = { object, ...c.req.valid('param') }
      if (!(await stored(dropCheck(c.get('deps').engine, of, c.get('by'))))) throw missing(of.code)
      return c.json({ removed: true }, 200)
    })
  }
}

const missing = (id: string) => new Problem('not_found', `${id} is unknown.`)
const taken = (id: string) =>
  new Problem('conflict', `The id ${id} is taken.`, [{ field: 'id', message: 'is taken' }])
const unknown = (errors: FieldError[]) =>
  new Problem('unknown_reference', `${errors[0]!.field}: ${errors[0]!.message}`, errors)

type Posted = z.output<typeof PartnerRecordSchema>

/** Fields of a record that name goals or sites which nobody knows. */
export function unknownNames(
  { goalIndex, sites }: Pick<Catalogue, 'goalIndex' | 'sites'>,
  { goals, facets, places }: Pick<Posted, 'goals' | 'facets' | 'places'>,
): FieldError[] {
  return [
    ...goals.flatMap((goal, i) =>
      goalIndex.has(goal) ? [] : [{ field: `goals.${i}`, message: `${goal} is unknown` }],
    ),
    ...Object.keys(facets).flatMap((goal) =>
      goals.includes(goal) ? [] : [{ field: `facets.${goal}`, message: 'is not among its goals' }],
    ),
    ...places.flatMap(({ walkMinutes }, i) =>
      Object.keys(walkMinutes).flatMap((site) =>
        sites.has(site) ? [] : [{ field: `places.${i}.walkMinutes.${site}`, message: 'is no site' }],
      ),
    ),
  ]
}

function checkKnown(catalogue: Catalogue, record: Posted): void {
  const errors = unknownNames(catalogue, record)
  if (errors.length > 0) throw unknown(errors)
}

/** A record as a partner: how far it is follows from its places. */
export function partnerOf(id: string, record: Posted, version: number): Partner {
  return { id, ...record, goals: [...new Set(record.goals)], walkMinutes: nearest(record.places), version }
}

function nearest(places: Place[]): Record<string, number> {
  const minutes: Record<string, number> = {}
  for (const { walkMinutes } of places)
    for (const [site, n] of Object.entries(walkMinutes))
      minutes[site] = Math.min(n, minutes[site] ?? Number.POSITIVE_INFINITY)
  return minutes
}

/** An id made from a name: `Café Nº 5` → `cafe-no-5`. */
export function idFrom(name: string, none = 'partner'): string {
  const id = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 50)
    .replace(/-+$/, '')
  return id === '' ? none : id
}

function shownCheck(row: Check) {
  const { id: _, partnerId: __, offerId: ___, ...check } = row
  return check
}

function shown({ checks, ...partner }: PartnerRecord): z.output<typeof PartnerSchema> {
  return { ...partner, checks: checks.map(shownCheck) }
}

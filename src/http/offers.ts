/** Offers as they are written: drafts of the shop and of partners, checked, published, paused and ended. */
import { createRoute, z } from '@hono/zod-openapi'
import { termsFor } from '../core/catalogue.ts'
import { COMMITMENTS, LENGTHS, OFFER_KINDS, offerProblems, offerWordProblems } from '../core/offer.ts'
import { dateOf, localDay } from '../core/time.ts'
import { wordProblems } from '../core/words.ts'
import type { EditedOffer, OfferFields } from '../store/offer.ts'
import { draftOffer, editOffer, findOffer, listOffers, moveOffer } from '../store/offer.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json, jsonBody } from './document.ts'
import { editedVersion, etagOf } from './etag.ts'
import { amount, ref } from './fields.ts'
import type { FieldError } from './problem.ts'
import { invalid, Problem, problems } from './problem.ts'

const STATES = ['draft', 'live', 'paused', 'ended'] as const
const wellFormed = (value: string) => !value.includes('\0') && value.isWellFormed()
/** Words as they are being written: they may still be too long, or empty. */
const words = z.string().max(600).refine(wellFormed, 'must not hold NUL or broken characters')
const label = z.string().min(1).max(60).refine(wellFormed, 'must not hold NUL or broken characters')
const months = z.int().min(0).max(1200).nullable()

const SaySchema = z
  .strictObject({
    opener: words.default(''),
    line: words.default(''),
    ifYes: words.default(''),
    ifNotNow: words.default(''),
    ifNotForUs: words.default(''),
    receiptLine: words.default(''),
    disclosure: words.default(''),
  })
  .openapi('OfferWords')

const OfferInputSchema = z
  .strictObject({
    kind: z.enum(OFFER_KINDS),
    partner: ref()
      .nullable()
      .optional()
      .openapi({ description: 'Whose offer it is; null: the shop’s own. A partner’s is always its own.' }),
    headline: words,
    priceMinor: amount,
    costMinor: amount
      .optional()
      .openapi({ description: 'What it costs the shop. Not for a partner to say.' }),
    ageMinMonths: months.default(null),
    ageMaxMonths: months.default(null),
    months: z
      .array(z.int().min(1).max(12))
      .max(12)
      .default([])
      .openapi({ description: 'In season; [] all year.' }),
    stage: z.enum(['front', 'back', 'both']).default('both'),
    minRelationship: z.int().min(0).max(2).default(0),
    commitment: z.enum(COMMITMENTS),
    goals: z
      .record(z.string().max(80), z.number().min(0).max(1))
      .openapi({ description: 'Goal → weight in (0, 1], one to five of them.' }),
    facets: z.array(label).max(20).default([]),
    requires: z
      .array(z.string().regex(/^[a-zA-Z]{1,30}:[A-Za-z0-9._:*-]{1,64}$/, 'must be like attended:O054'))
      .max(20)
      .default([]),
    skus: z.array(z.string().min(1).max(100).refine(wellFormed)).max(100).default([]),
    sites: z.array(ref()).max(100).default([]).openapi({ description: '[]: at every site.' }),
    kindness: z.boolean().default(false),
    seated: z.boolean().default(false).openapi({ description: 'Places are needed: see its sessions.' }),
    say: SaySchema,
  })
  .openapi('OfferInput', {
    example: {
      kind: 'class-intro',
      partner: 'P02',
      headline: 'Free first cello lesson',
      priceMinor: 0,
      ageMinMonths: 72,
      ageMaxMonths: 144,
      months: [],
      stage: 'both',
      minRelationship: 0,
      commitment: 'free',
      goals: { 'music-instrument': 0.9 },
      facets: ['cello'],
      requires: [],
      skus: [],
      sites: [],
      kindness: false,
      seated: true,
      say: {
        opener: 'Is there an instrument at home that wants playing?',
        line: 'Half an hour with a cello of the right size. Free.',
        ifYes: 'I will keep a time and print it.',
        ifNotNow: 'Of course, there are times all spring.',
        ifNotForUs: 'Thank you for saying so.',
        receiptLine: 'Free first cello lesson at Northside Conservatory.',
        disclosure: '',
      },
    },
  })

const ProblemListSchema = z
  .array(
    z.strictObject({
      field: z.string(),
      words: z.string().openapi({ description: 'The words as they stand in the text; empty: all of it.' }),
      why: z.enum([
        'pressure',
        'fear',
        'comparison',
        'limit',
        'forbidden',
        'sensitive',
        'unseen',
        'markup',
        'length',
        'question',
        'rule',
      ]),
      message: z.string(),
    }),
  )
  .openapi({ description: 'What keeps it from being published. [] when nothing does.' })

const shared = {
  id: z.string(),
  kind: z.enum(OFFER_KINDS),
  partner: z.string().nullable(),
  state: z.enum(STATES),
  version: z.int(),
  headline: z.string(),
  priceMinor: z.int(),
  ageMinMonths: z.int().nullable(),
  ageMaxMonths: z.int().nullable(),
  months: z.array(z.int()),
  stage: z.enum(['front', 'back', 'both']),
  minRelationship: z.int(),
  commitment: z.enum(COMMITMENTS),
  goals: z.record(z.string(), z.number()),
  facets: z.array(z.string()),
  requires: z.array(z.string()),
  skus: z.array(z.string()),
  sites: z.array(z.string()),
  kindness: z.boolean(),
  seated: z.boolean(),
  say: z.strictObject({
    opener: z.string(),
    line: z.string(),
    ifYes: z.string(),
    ifNotNow: z.string(),
    ifNotForUs: z.string(),
    receiptLine: z.string(),
    disclosure: z.string(),
  }),
  draftedBy: z.string().nullable().openapi({ description: 'The partner whose draft it is.' }),
}
/** What only the shop knows of an offer; a partner's answer is without. */
const learned = {
  costMinor: z.int().optional(),
  said: z.int().optional().openapi({ description: 'How often it was said.' }),
  accepted: z.int().optional(),
}
const ListedOfferSchema = z.strictObject({ ...shared, ...learned }).openapi('WrittenOffer')
const OfferSchema = z
  .strictObject({ ...shared, ...learned, problems: ProblemListSchema })
  .openapi('WrittenOfferWithProblems')

const params = z.object({ id: ref(80) })
const body = jsonBody(OfferInputSchema)
const answers = (description: string) => ({
  description,
  headers: z.object({ etag: z.string().openapi({ description: 'The version, for If-Match.' }) }),
  content: { 'application/json': { schema: OfferSchema } },
})
const security = [{ key: [] }]
const tags = ['offer']

const list = createRoute({
  method: 'get',
  path: '/v1/offers',
  operationId: 'listOffers',
  tags,
  summary: 'Offers, by their ids',
  description: 'A partner sees its own, without costs and without what was learned.',
  security,
  request: {
    query: z.object({
      state: z.enum(STATES).optional(),
      partner: ref().optional(),
      ...PageQuery,
    }),
  },
  responses: {
    200: json(
      'A page of them',
      z
        .strictObject({ offers: z.array(ListedOfferSchema), next: z.string().nullable() })
        .openapi('OfferPage'),
    ),
    ...problems(400, 401, 403, 503),
  },
})
const one = createRoute({
  method: 'get',
  path: '/v1/offers/{id}',
  operationId: 'readOffer',
  tags,
  summary: 'An offer, and what keeps it from being published',
  security,
  request: { params },
  responses: { 200: answers('The offer'), ...problems(400, 401, 403, 404, 503) },
})
const create = createRoute({
  method: 'post',
  path: '/v1/offers',
  operationId: 'draftOffer',
  tags,
  summary: 'A new draft',
  description: 'It may hold words that cannot be published yet: the answer lists them.',
  security,
  request: { body },
  responses: { 201: answers('The draft'), ...problems(400, 401, 403, 413, 415, 422, 503) },
})
const edit = createRoute({
  method: 'put',
  path: '/v1/offers/{id}',
  operationId: 'editOffer',
  tags,
  summary: 'An offer, written anew',
  description: 'A partner may edit its own drafts only. What is live must stay fit to be said.',
  security,
  request: {
    params,
    headers: z.object({
      'if-match': z.string().optional().openapi({ description: 'The ETag that was read. Required.' }),
    }),
    body,
  },
  responses: {
    200: answers('As it is now'),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
  },
})
const move = (verb: 'publish' | 'pause' | 'end', summary: string, description: string) =>
  createRoute({
    method: 'post',
    path: `/v1/offers/{id}/${verb}`,
    operationId: `${verb}Offer`,
    tags,
    summary,
    description,
    security,
    request: {
      params,
      body: jsonBody(z.strictObject({}).openapi('NothingMore')),
    },
    responses: {
      200: answers('As it is now'),
      ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 503),
    },
  })
const publish = move(
  'publish',
  'Tills may offer it',
  'Every check is made: `words_refused` names each field and the words.',
)
const pause = move('pause', 'Tills offer it no more, for now', 'It can be published again.')
const end = move('end', 'It is over', 'What was promised with it stands.')

const check = createRoute({
  method: 'post',
  path: '/v1/words',
  operationId: 'checkWords',
  tags,
  summary: 'Whether a text may be said',
  description: 'For whoever is writing: nothing is kept.',
  security,
  request: {
    body: jsonBody(
      z
        .strictObject({
          text: z.string().max(2000).refine(wellFormed, 'must not hold NUL or broken characters'),
          field: z
            .enum([...(Object.keys(LENGTHS) as (keyof typeof LENGTHS)[]), 'customerBenefit', 'wePromise'])
            .default('line'),
          partner: ref().optional().openapi({ description: 'Whose terms say what is never promised.' }),
        })
        .openapi('WordsInput', { example: { text: 'Hurry, last places!', field: 'line' } }),
    ),
  },
  responses: {
    200: json(
      'What may not be said in it',
      z
        .strictObject({
          fine: z.boolean(),
          length: z.int(),
          most: z.int(),
          problems: ProblemListSchema,
        })
        .openapi('WordsChecked'),
    ),
    ...problems(400, 401, 403, 413, 415, 503),
  },
})

export function offers(app: App): void {
  app.openapi(list, async (c) => {
    const { state, partner, limit, cursor } = c.req.valid('query')
    const own = c.get('key').partnerId
    const about = { state: state ?? null, partnerId: partner ?? null, seenBy: own }
    const rows = await stored(listOffers(c.get('deps').engine, about, keyOf(cursor), limit + 1))
    const { items, next } = pageOf(rows, limit, ({ id }) => id)
    return c.json({ offers: items.map((offer) => shown(offer, own)), next }, 200)
  })

  app.openapi(one, async (c) => {
    const own = c.get('key').partnerId
    const offer = await seen(c.get('deps'), c.req.valid('param').id, own)
    return c.json(await whole(c.get('deps'), offer, own), 200, { etag: etagOf(offer.version) })
  })

  app.openapi(create, async (c) => {
    const deps = c.get('deps')
    const own = c.get('key').partnerId
    const fields = await fieldsFrom(deps, c.req.valid('json'), own, null)
    const id = `off_${deps.random(10)}`
    await stored(draftOffer(deps.engine, id, fields, own, c.get('by')))
    const offer = await seen(deps, id, own)
    return c.json(await whole(deps, offer, own), 201, {
      etag: etagOf(offer.version),
      location: `/v1/offers/${id}`,
    })
  })

  app.openapi(edit, async (c) => {
    const deps = c.get('deps')
    const own = c.get('key').partnerId
    const version = editedVersion(c)
    const before = await seen(deps, c.req.valid('param').id, own)
    if (own !== null && before.draftedBy !== own)
      throw new Problem('forbidden', 'A partner edits its own drafts; this offer is published by the shop.')
    if (before.state === 'ended') throw new Problem('conflict', 'This offer is over: draft another.')
    if (before.version !== version) throw new Problem('changed_meanwhile')
    const fields = await fieldsFrom(deps, c.req.valid('json'), own, before)
    if (before.state === 'live') refuse(await allProblems(deps, { ...before, ...fields }))
    if (!(await stored(editOffer(deps.engine, before, fields, own, c.get('by')))))
      throw new Problem('changed_meanwhile')
    const offer = await seen(deps, before.id, own)
    return c.json(await whole(deps, offer, own), 200, { etag: etagOf(offer.version) })
  })

  for (const [route, verb, from, to] of [
    [publish, 'publish', ['draft', 'paused'], 'live'],
    [pause, 'pause', ['live'], 'paused'],
    [end, 'end', ['draft', 'live', 'paused'], 'ended'],
  ] as const)
    app.openapi(route, async (c) => {
      const deps = c.get('deps')
      const before = await seen(deps, c.req.valid('param').id, null)
      if (!(from as readonly string[]).includes(before.state)) throw illegal(verb, before.state)
      // What is checked is what is published: the write holds only for the version that was read.
      if (verb === 'publish') refuse(await allProblems(deps, before))
      if (!(await stored(moveOffer(deps.engine, before, to, DONE[verb], c.get('by')))))
        throw new Problem('changed_meanwhile')
      const offer = await seen(deps, before.id, null)
      return c.json(await whole(deps, offer, null), 200, { etag: etagOf(offer.version) })
    })

  app.openapi(check, async (c) => {
    const { text, field, partner } = c.req.valid('json')
    const never = await neverOf(c.get('deps'), c.get('key').partnerId ?? partner ?? null)
    const isOffers = Object.hasOwn(LENGTHS, field)
    const most = isOffers ? LENGTHS[field as keyof typeof LENGTHS] : 160
    const kind = field === 'opener' ? 'opener' : 'line'
    const found = wordProblems(text, { field, most, kind, never })
    return c.json({ fine: found.length === 0, length: Array.from(text).length, most, problems: found }, 200)
  })
}

const MOVES: Record<EditedOffer['state'], string[]> = {
  draft: ['publish', 'end'],
  live: ['pause', 'end'],
  paused: ['publish', 'end'],
  ended: [],
}

/** The moves as the log has them. */
const DONE = { publish: 'published', pause: 'paused', end: 'ended' } as const

function illegal(verb: string, state: EditedOffer['state']): Problem {
  const open = MOVES[state].join(' or ') || 'nothing'
  return new Problem('illegal_move', `An offer that is ${state} cannot ${verb}: ${open} can be done.`, [
    { field: 'state', message: `is ${state}; open: ${open}` },
  ])
}

/** An offer that may be read; a partner's own for a partner, else there is nothing here. */
async function seen({ engine }: Deps, id: string, own: string | null): Promise<EditedOffer> {
  const offer = await stored(findOffer(engine, id))
  if (offer === null) throw new Problem('not_found')
  const hidden = offer.partnerId !== own || (offer.state === 'draft' && offer.draftedBy !== own)
  if (own !== null && hidden) throw new Problem('not_found')
  return offer
}

function shown(offer: EditedOffer, own: string | null) {
  const { partnerId, costMinor, said, accepted, ...rest } = offer
  return { ...rest, partner: partnerId, ...(own === null ? { costMinor, said, accepted } : {}) }
}

async function whole(deps: Deps, offer: EditedOffer, own: string | null) {
  return { ...shown(offer, own), problems: await allProblems(deps, offer) }
}

/** What the terms of a partner's alliance never promise. */
async function neverOf({ snapshot, clock }: Deps, partnerId: string | null): Promise<string[]> {
  if (partnerId === null) return []
  const catalogue = await stored(snapshot.refresh())
  const { alliancesOf, termsOf } = catalogue.parts
  const alliances = alliancesOf.get(partnerId) ?? []
  const timeZone = catalogue.sites.values().next().value?.timeZone ?? 'UTC'
  const today = dateOf(localDay(clock(), timeZone))
  return alliances.flatMap(({ id }) => {
    const versions = termsOf.get(id) ?? []
    // Before anything is agreed, what is on the table already binds the words.
    const terms = termsFor({ versions }, today) ?? versions.at(-1)
    return terms?.record.neverPromise ?? []
  })
}

type Found = {
  field: string
  words: string
  why: z.infer<typeof ProblemListSchema>[number]['why']
  message: string
}

async function allProblems(deps: Deps, offer: EditedOffer): Promise<Found[]> {
  const { goalIndex } = await stored(deps.snapshot.refresh())
  const worded = offerWordProblems(offer, await neverOf(deps, offer.partnerId))
  const fields = new Set(worded.map(({ field }) => field))
  const rules = offerProblems(offer, goalIndex).filter(({ field }) => !fields.has(field))
  return [...worded, ...rules.map((each) => ({ ...each, words: '', why: 'rule' as const }))]
}

/** Refuse to publish: words with every field that they stand in, else what else is not right. */
function refuse(found: Found[]): void {
  if (found.length === 0) return
  const errors = found.map(({ field, message }) => ({ field, message }))
  const byWords = found.some(({ why }) => why !== 'rule')
  throw new Problem(
    byWords ? 'words_refused' : 'conflict',
    `${errors[0]!.field}: ${errors[0]!.message}`,
    errors,
  )
}

/** An offer's fields from a request. @throws unknown_reference for goals, partners, sites and products that are not there */
async function fieldsFrom(
  deps: Deps,
  input: z.output<typeof OfferInputSchema>,
  own: string | null,
  before: EditedOffer | null,
): Promise<OfferFields> {
  const { partner, costMinor, ...fields } = input
  if (own !== null && costMinor !== undefined)
    throw invalid([{ field: 'costMinor', message: 'is for the shop to say' }])
  const partnerId = own ?? (partner === undefined ? (before?.partnerId ?? null) : partner)
  const { goalIndex, sites, parts, productBySku } = await stored(deps.snapshot.refresh())
  const unknown: FieldError[] = []
  const ask = (known: boolean, field: string) => {
    if (!known) unknown.push({ field, message: 'is unknown' })
  }
  if (partnerId !== null) ask(parts.partners.has(partnerId), 'partner')
  for (const slug of Object.keys(fields.goals)) ask(goalIndex.has(slug), `goals.${slug}`)
  for (const [i, id] of fields.sites.entries()) ask(sites.has(id), `sites.${i}`)
  for (const [i, sku] of fields.skus.entries()) ask(productBySku.has(sku), `skus.${i}`)
  if (unknown.length > 0)
    throw new Problem('unknown_reference', `${unknown[0]!.field}: is unknown`, unknown.slice(0, 20))
  return { ...fields, partnerId, costMinor: costMinor ?? before?.costMinor ?? 0 }
}

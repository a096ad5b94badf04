/** Personas: households that are kept as tests of the policy. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Catalogue } from '../core/catalogue.ts'
import { personaFrom, tryPersona } from '../core/persona.ts'
import { GuardFailed } from '../store/engine.ts'
import type { Persona } from '../store/persona.ts'
import { archivePersona, findPersona, keepPersona, listPersonas } from '../store/persona.ts'
import { capsuleOf, findRecommendation } from '../store/recommendation.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { known } from './customers.ts'
import { json, jsonBody } from './document.ts'
import { amount, date, instant, quantity, ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'

const KINDS = [
  'bought',
  'told',
  'answered',
  'noticed',
  'toldNo',
  'declined',
  'attended',
  'enrolled',
  'completed',
  'booked',
  'recitalScheduled',
] as const
const PURPOSES = ['personalise', 'childProfile', 'letter', 'sharePartner', 'allSites'] as const
const TOUCHPOINTS = ['till', 'phone', 'fittingRoom', 'floor', 'letter', 'signUp', 'partner', 'web'] as const

const LineSchema = z.strictObject({
  kind: z.enum(KINDS),
  goal: ref(80),
  facet: text(60).nullable().default(null),
  weight: z.number().min(0).lt(1).default(0.9),
  halfLifeDays: z.int().min(1).max(3650).default(540),
  on: date,
  about: date.nullable().default(null),
  speakable: z.boolean().default(true),
  words: text(160).nullable().default(null),
  staff: ref().nullable().default(null),
  offer: ref(80).nullable().default(null),
})
const CareSchema = z.strictObject({
  kind: z.enum(['complaint', 'promise']),
  what: text(160),
  promise: text(160).nullable().default(null),
  promisedBy: ref().nullable().default(null),
  openedOn: date,
  dueOn: date.nullable().default(null),
  closedOn: date.nullable().default(null),
})
const HouseholdSchema = z.strictObject({
  birthMonths: z
    .array(z.string().regex(/^(19|20)\d\d-(0[1-9]|1[0-2])$/, 'must be a month, like 2020-09'))
    .max(12)
    .default([]),
  consents: z.array(z.enum(PURPOSES)).max(5).default(['personalise']),
  holdout: z.boolean().default(false),
  lines: z.array(LineSchema).max(80).default([]),
  owned: z
    .array(z.strictObject({ sku: text(100), on: date }))
    .max(50)
    .default([]),
  visits: z.array(date).max(20).default([]),
  orders: z.int().min(0).max(10_000).default(0),
  usualMinor: amount.default(0),
  care: z.array(CareSchema).max(10).default([]),
})
const offers = z.array(ref(80)).min(1).max(20).optional()
export const RecordSchema = z.strictObject({
  site: ref(),
  touchpoint: z.enum(TOUCHPOINTS).default('till'),
  at: instant.openapi({ description: 'The instant that it is about: it stays, while the years go by.' }),
  household: HouseholdSchema.nullable().openapi({ description: 'null: nobody we may know.' }),
  basket: z
    .array(
      z.strictObject({
        sku: text(100).optional(),
        category: text(100).optional(),
        name: text(300).optional(),
        quantity: quantity.default(1),
        unitPrice: amount.default(0),
        gift: z.boolean().default(false),
      }),
    )
    .max(50)
    .default([]),
  must: z
    .strictObject({
      say: offers.openapi({ description: 'One of these is said, whatever the draw.' }),
      silent: z.boolean().optional(),
      never: offers.openapi({ description: 'None of these is said, nor offered as the lighter way.' }),
      ask: ref(80).optional().openapi({ description: 'This goal is asked about.' }),
      kindness: ref(80).optional(),
    })
    .refine((must) => Object.values(must).some((each) => each !== undefined), 'must expect something'),
})
const EXAMPLE = {
  name: 'Keeps asking for a piano',
  record: {
    site: 'BK',
    touchpoint: 'till',
    at: '2026-03-14T16:42:00Z',
    household: {
      birthMonths: ['2020-09'],
      consents: ['personalise', 'childProfile'],
      holdout: false,
      lines: [
        {
          kind: 'told',
          goal: 'music-instrument',
          facet: 'piano',
          weight: 0.9,
          halfLifeDays: 540,
          on: '2026-02-07',
          about: null,
          speakable: true,
          words: 'keeps asking for a piano',
          staff: 'st_maya',
          offer: null,
        },
      ],
      owned: [],
      visits: ['2026-02-07', '2025-12-13'],
      orders: 5,
      usualMinor: 9000,
      care: [],
    },
    basket: [{ sku: 'DR-204-6', category: 'dresses', quantity: 1, unitPrice: 9600, gift: false }],
    must: { say: ['O054'], never: ['O055'] },
  },
}
const InputSchema = z
  .strictObject({ name: text(120), record: RecordSchema })
  .openapi('PersonaInput', { example: EXAMPLE })

const PersonaSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    record: RecordSchema,
    keptBy: z.string(),
    createdAt: z.string(),
    passes: z.boolean().openapi({ description: 'By the policy in force, today.' }),
    why: z.array(z.string()).openapi({ description: 'What is not as it must be.' }),
    says: z.array(z.string()).openapi({ description: 'What may be said, likeliest first.' }),
  })
  .openapi('Persona')

const DraftSchema = PersonaSchema.pick({
  name: true,
  record: true,
  passes: true,
  why: true,
  says: true,
}).openapi('PersonaDraft', {
  example: { ...EXAMPLE, passes: true, why: [], says: ['O054'] },
})

const params = z.object({ id: ref(80) })
const security = [{ key: [] }]
const tags = ['policy']

const list = createRoute({
  method: 'get',
  path: '/v1/personas',
  operationId: 'listPersonas',
  tags,
  summary: 'The households kept as tests of the policy, and whether they pass',
  security,
  responses: {
    200: json('All of them', z.strictObject({ personas: z.array(PersonaSchema) }).openapi('Personas')),
    ...problems(401, 403, 503),
  },
})
const keep = createRoute({
  method: 'put',
  path: '/v1/personas/{id}',
  operationId: 'keepPersona',
  tags,
  summary: 'Keep a household as a test',
  description:
    'An invented household and what must, and must never, be answered to it. It is run whenever a policy is previewed.',
  security,
  request: {
    params,
    headers: z.object({
      'if-none-match': z
        .literal('*')
        .optional()
        .openapi({ description: 'Only where none is kept under this id.' }),
    }),
    body: jsonBody(InputSchema),
  },
  responses: {
    200: json('As it is kept', PersonaSchema),
    ...problems(400, 401, 403, 412, 413, 415, 422, 503),
  },
})
const one = createRoute({
  method: 'get',
  path: '/v1/personas/{id}',
  operationId: 'readPersona',
  tags,
  summary: 'One of them',
  security,
  request: { params },
  responses: { 200: json('The persona', PersonaSchema), ...problems(400, 401, 403, 404, 503) },
})
const archive = createRoute({
  method: 'delete',
  path: '/v1/personas/{id}',
  operationId: 'archivePersona',
  tags,
  summary: 'Test it no more',
  security,
  request: { params },
  responses: { 204: { description: 'It is run no more' }, ...problems(400, 401, 403, 404, 503) },
})

const draft = createRoute({
  method: 'get',
  path: '/v1/recommendations/{id}/persona',
  operationId: 'draftPersona',
  tags,
  summary: 'A persona from a recorded answer, to be edited and kept',
  description:
    'Of the kind of household that it was made for, and no copy of her: no reference, no name, no words but the shop’s own; its instant is a full hour, days are the first of their month, birth months the middle of their half-year. What was answered is what must be; `passes` says whether so rough a copy still brings it. Nothing is kept until it is put under an id. What was forgotten since, or is of somebody who does not let us remember her now, is not to be had: `404`.',
  security,
  request: { params },
  responses: { 200: json('As it could be kept', DraftSchema), ...problems(400, 401, 403, 404, 503) },
})

export function personas(app: App): void {
  app.openapi(draft, async (c) => {
    const deps = c.get('deps')
    const { siteId } = c.get('key')
    await stored(deps.recorder.flush())
    const row = await stored(findRecommendation(deps.engine, c.req.valid('param').id))
    const capsule = row && (siteId === null || row.siteId === siteId) ? capsuleOf(row) : null
    // She allowed it then; what outlives her being forgotten is made of her only while she still does.
    const { customer } = row ?? { customer: null }
    const isAllowed =
      customer === null || (await stored(known(deps, row!.siteId, customer, 'personalise'))).allowed
    if (row === null || capsule === null || !isAllowed)
      throw new Problem('not_found', 'There is no answer of this id that can be repeated.')
    const catalogue = await stored(deps.snapshot.refresh())
    const record = personaFrom(capsule, row.offerId, catalogue)
    const headline = catalogue.listedById.get(row.offerId ?? '')?.offer.headline
    const name = headline === undefined ? 'Hears nothing' : `Hears “${headline}”`
    return c.json(
      {
        name: name.slice(0, 120),
        record: record as z.infer<typeof RecordSchema>,
        ...tried(deps, catalogue, 'draft', record),
      },
      200,
    )
  })

  app.openapi(list, async (c) => {
    const deps = c.get('deps')
    const catalogue = await stored(deps.snapshot.refresh())
    const all = await stored(listPersonas(deps.engine))
    return c.json({ personas: all.map((persona) => shown(deps, catalogue, persona)) }, 200)
  })

  app.openapi(one, async (c) => c.json(await readOne(c.get('deps'), c.req.valid('param').id), 200))

  app.openapi(keep, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const { name, record } = c.req.valid('json')
    mustBeThere(await stored(deps.snapshot.refresh()), record)
    const persona = { id, name, record: record as Persona['record'] }
    const isNew = c.req.valid('header')['if-none-match'] !== undefined
    await stored(
      keepPersona(deps.engine, persona, c.get('by'), isNew).catch((error) => {
        if (!(error instanceof GuardFailed)) throw error
        throw new Problem('changed_meanwhile', 'A persona of this id is kept already.')
      }),
    )
    return c.json(await readOne(deps, id), 200)
  })

  app.openapi(archive, async (c) => {
    const { engine } = c.get('deps')
    const { id } = c.req.valid('param')
    if ((await stored(findPersona(engine, id))) === null) throw new Problem('not_found')
    await stored(archivePersona(engine, id, c.get('by')))
    return c.body(null, 204)
  })
}

async function readOne(deps: Deps, id: string): Promise<z.infer<typeof PersonaSchema>> {
  const catalogue = await stored(deps.snapshot.refresh())
  const persona = await stored(findPersona(deps.engine, id))
  if (persona === null) throw new Problem('not_found')
  return shown(deps, catalogue, persona)
}

/** One run by the policy in force. */
const tried = ({ snapshot }: Deps, catalogue: Catalogue, id: string, record: Persona['record']) =>
  tryPersona(id, record, catalogue, snapshot.learned.at.bind(snapshot.learned))

function shown(deps: Deps, catalogue: Catalogue, persona: Persona): z.infer<typeof PersonaSchema> {
  const { id, name, record, actor, createdAt } = persona
  return {
    id,
    name,
    record: record as z.infer<typeof RecordSchema>,
    keptBy: actor,
    createdAt,
    ...tried(deps, catalogue, id, record),
  }
}

/** What a persona names must be there. @throws unknown_reference naming each field */
function mustBeThere(catalogue: Catalogue, { site, household, must }: z.infer<typeof RecordSchema>): void {
  const wrong: string[] = []
  const offersNamed = (field: string, ids: string[] | undefined) => {
    for (const id of ids ?? []) if (!catalogue.listedById.has(id)) wrong.push(`record.must.${field}`)
  }
  if (!catalogue.sites.has(site)) wrong.push('record.site')
  for (const [n, { goal }] of (household?.lines ?? []).entries())
    if (!catalogue.goalIndex.has(goal)) wrong.push(`record.household.lines.${n}.goal`)
  offersNamed('say', must.say)
  offersNamed('never', must.never)
  offersNamed('kindness', must.kindness === undefined ? [] : [must.kindness])
  if (must.ask !== undefined && !catalogue.goalIndex.has(must.ask)) wrong.push('record.must.ask')
  if (wrong.length === 0) return
  const errors = [...new Set(wrong)].map((field) => ({ field, message: 'is unknown' }))
  throw new Problem('unknown_reference', `${errors[0]!.field}: is unknown`, errors)
}

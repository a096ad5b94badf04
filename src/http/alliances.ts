/** Alliances: listed, drafted, read; what an alliance looks like to whoever asks. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AllianceState, Side } from '../core/alliance.ts'
import { ALLIANCE_STATES, legalMoves, stateOn } from '../core/alliance.ts'
import type { Catalogue } from '../core/catalogue.ts'
import { allianceRefusal } from '../core/preview.ts'
import { termsOn } from '../core/terms.ts'
import { dateOf, localDay } from '../core/time.ts'
import type { AllianceRecord } from '../store/alliance.ts'
import { draftAlliance, findAlliance, findOpenAlliance, listAlliances } from '../store/alliance.ts'
import { findPartner } from '../store/partner.ts'
import type { App, Deps, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json, jsonBody } from './document.ts'
import { etagOf } from './etag.ts'
import { ref } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { allianceId, checkTerms, TERMS_EXAMPLE, TermsSchema, TermsVersionSchema } from './terms-schema.ts'

export const StateSchema = z.enum(ALLIANCE_STATES)
const SideSchema = z.enum(['shop', 'partner'])

export const AllianceSchema = z
  .strictObject({
    id: z.string(),
    partner: z.string(),
    partnerName: z.string(),
    state: StateSchema.openapi({ description: 'Today.' }),
    moves: z
      .array(z.strictObject({ to: StateSchema, says: z.string() }))
      .openapi({ description: 'What you may move it to.' }),
    terms: z.array(TermsVersionSchema),
    decisions: z.array(
      z.strictObject({
        version: z.int(),
        side: SideSchema,
        decision: z.enum(['agree', 'decline']),
        at: z.string(),
      }),
    ),
    briefings: z.array(z.strictObject({ site: z.string(), version: z.int(), on: z.string() })),
    ready: z
      .record(z.string(), z.string().nullable())
      .openapi({ description: 'By site: the code of the gate that keeps it silent now, null for none.' }),
    version: z.int(),
  })
  .openapi('Alliance', {
    example: {
      id: 'A02',
      partner: 'P02',
      partnerName: 'Northside Conservatory',
      state: 'live',
      moves: [{ to: 'paused', says: 'Nothing is offered until it goes on.' }],
      terms: [
        {
          version: 1,
          record: TERMS_EXAMPLE,
          agreedAt: '2025-09-01T15:00:00.000Z',
          briefFrom: 1,
          createdAt: '2025-09-01T15:00:00.000Z',
          inForce: true,
        },
      ],
      decisions: [{ version: 1, side: 'shop', decision: 'agree', at: '2025-09-01T15:00:00.000Z' }],
      briefings: [{ site: 'BK', version: 1, on: '2025-09-01' }],
      ready: { BK: null, LS: null },
      version: 1,
    },
  })

export const ofAlliance = z.object({ id: allianceId })
export const allianceRoute = { tags: ['alliance'], security: [{ key: [] }] }

const AlliancesSchema = z
  .strictObject({
    items: z.array(
      z.strictObject({
        id: z.string(),
        partner: z.string(),
        partnerName: z.string(),
        state: StateSchema,
        startsOn: z.string().nullable(),
        endsOn: z.string().nullable(),
        version: z.int(),
      }),
    ),
    next: z.string().nullable(),
  })
  .openapi('Alliances')

const list = createRoute({
  ...allianceRoute,
  method: 'get',
  path: '/v1/alliances',
  operationId: 'listAlliances',
  summary: 'Alliances, by id; a partner sees its own',
  request: { query: z.strictObject({ ...PageQuery, state: StateSchema.optional() }) },
  responses: { 200: json('One page', AlliancesSchema), ...problems(400, 401, 403, 503) },
})

const DraftSchema = z
  .strictObject({ partner: ref(60), terms: TermsSchema })
  .openapi('AllianceDraft', { example: { partner: 'northside', terms: TERMS_EXAMPLE } })

const draft = createRoute({
  ...allianceRoute,
  method: 'post',
  path: '/v1/alliances',
  operationId: 'draftAlliance',
  summary: 'Draft an alliance with its first terms',
  description: 'A partner has one alliance at a time that is not ended, declined or expired.',
  request: { body: jsonBody(DraftSchema) },
  responses: { 201: json('The draft', AllianceSchema), ...problems(400, 401, 403, 409, 413, 415, 422, 503) },
})

const read = createRoute({
  ...allianceRoute,
  method: 'get',
  path: '/v1/alliances/{id}',
  operationId: 'readAlliance',
  summary: 'One alliance: its state, terms, decisions, and where it is ready',
  request: { params: ofAlliance },
  responses: { 200: json('As it is today', AllianceSchema), ...problems(400, 401, 403, 404, 503) },
})

export function alliances(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, state } = c.req.valid('query')
    const { engine, snapshot } = c.get('deps')
    const today = todayOf(c, await stored(snapshot.refresh()))
    const about = {
      after: keyOf(cursor),
      most: limit + 1,
      state: state ?? null,
      partnerId: ownPartner(c),
      today,
    }
    const { items, next } = pageOf(await stored(listAlliances(engine, about)), limit, ({ id }) => id)
    return c.json(
      { items: items.map(({ partnerId, ...rest }) => ({ ...rest, partner: partnerId })), next },
      200,
    )
  })

  app.openapi(draft, async (c) => {
    const { engine, snapshot, random } = c.get('deps')
    const { partner, terms } = c.req.valid('json')
    checkTerms(terms, 'terms.')
    const today = todayOf(c, await stored(snapshot.refresh()))
    const id = `al_${random(10)}`
    const kept = await stored(
      draftAlliance(engine, { id, partnerId: partner, record: terms, today }, c.get('by')),
    )
    if (!kept) throw await whyNoDraft(engine, partner, today)
    c.header('location', `/v1/alliances/${id}`)
    return c.json(await shownNow(c, id), 201)
  })

  app.openapi(read, async (c) => c.json(await shownNow(c, c.req.valid('param').id), 200))
}

/** A write that finds something changed reads again and decides again, so often. */
export const ATTEMPTS = 5

export const busy = () => new Problem('conflict', 'Too many change this at once: try again.')
export const unknownVersion = (version: number) =>
  new Problem('unknown_reference', `version: there is no version ${version} of these terms`, [
    { field: 'version', message: 'is unknown' },
  ])

/** The date by which an alliance is looked at: of the key's site, or of the first one. */
export function todayOf(c: Context<Env>, { sites }: Pick<Catalogue, 'sites'>, siteId?: string): string {
  const site = sites.get(siteId ?? c.get('key').siteId ?? '') ?? sites.values().next().value
  return dateOf(localDay(c.get('deps').clock(), site?.timeZone ?? 'UTC'))
}

export const sideOf = (c: Context<Env>): Side => (c.get('key').role === 'partner' ? 'partner' : 'shop')
const ownPartner = (c: Context<Env>): string | null =>
  c.get('key').role === 'partner' ? (c.get('key').partnerId ?? '') : null

/** An alliance that this credential may see, and a catalogue that is not older. @throws not_found */
export async function openAlliance(
  c: Context<Env>,
  id: string,
): Promise<{ alliance: AllianceRecord; catalogue: Catalogue }> {
  const { engine, snapshot } = c.get('deps')
  const alliance = await stored(findAlliance(engine, id))
  const own = ownPartner(c)
  // What is only drafted is the shop's own affair.
  const isHidden = own !== null && (alliance?.partnerId !== own || alliance.state === 'draft')
  if (alliance === null || isHidden) throw new Problem('not_found', `${id} is unknown.`)
  return { alliance, catalogue: await stored(snapshot.refresh()) }
}

/** The alliance as the catalogue has it. */
export function allianceIn(catalogue: Catalogue, id: string) {
  for (const list of catalogue.parts.alliancesOf.values())
    for (const alliance of list) if (alliance.id === id) return alliance
  throw new Problem('not_found', `${id} is unknown.`)
}

export function stateNow({ state, versions, termsVersion }: AllianceRecord, today: string): AllianceState {
  return stateOn(
    state,
    versions.find(({ version }) => version === termsVersion)?.record.endsOn ?? null,
    today,
  )
}

/** The version in force on a date, or null. */
export function inForce({ versions }: Pick<AllianceRecord, 'versions'>, date: string) {
  return termsOn(
    versions.map((each) => ({ ...each, startsOn: each.record.startsOn, agreed: each.agreedAt !== null })),
    date,
  )
}

export function versionOf(
  alliance: AllianceRecord,
  version: number,
  today: string,
): z.output<typeof TermsVersionSchema> {
  const found = alliance.versions.find((each) => each.version === version)
  if (!found) throw new Problem('not_found', `There is no version ${version} of these terms.`)
  const { allianceId: _, ...rest } = found
  return { ...rest, inForce: inForce(alliance, today)?.version === version }
}

/** An alliance as it stands now, for whoever asks; its ETag is set. */
export async function shownNow(c: Context<Env>, id: string): Promise<z.output<typeof AllianceSchema>> {
  const { alliance, catalogue } = await openAlliance(c, id)
  const today = todayOf(c, catalogue)
  const state = stateNow(alliance, today)
  const current = allianceIn(catalogue, id)
  c.header('etag', etagOf(alliance.version))
  return {
    id,
    partner: alliance.partnerId,
    partnerName: alliance.partnerName,
    state,
    moves: movesFor(c, state).map(({ to, says }) => ({ to, says })),
    terms: alliance.versions.map(({ version }) => versionOf(alliance, version, today)),
    decisions: alliance.decisions.map(({ termsVersion, side, decision, at }) => ({
      version: termsVersion,
      side,
      decision,
      at,
    })),
    briefings: alliance.briefings.map(({ siteId, termsVersion, on }) => ({
      site: siteId,
      version: termsVersion,
      on,
    })),
    ready: Object.fromEntries(
      [...catalogue.sites.keys()].map((site) => [
        site,
        allianceRefusal(catalogue, current, site, c.get('deps').clock()),
      ]),
    ),
    version: alliance.version,
  }
}

export const movesFor = (c: Context<Env>, state: AllianceState) =>
  c.get('key').role === 'staff' ? [] : legalMoves(state, sideOf(c))

async function whyNoDraft(engine: Deps['engine'], partnerId: string, today: string): Promise<Problem> {
  const partner = await stored(findPartner(engine, partnerId))
  if (!partner)
    return new Problem('unknown_reference', `partner: ${partnerId} is unknown`, [
      { field: 'partner', message: 'is unknown' },
    ])
  if (partner.archived)
    return new Problem('conflict', `${partner.name} is archived.`, [
      { field: 'partner', message: 'is archived' },
    ])
  const other = await stored(findOpenAlliance(engine, partnerId, today))
  if (!other) return busy()
  return new Problem('conflict', `${partner.name} has the alliance ${other.id}: end that first.`, [
    { field: 'partner', message: `has the alliance ${other.id}, which is ${other.state}` },
  ])
}

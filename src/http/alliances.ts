/** Alliances: drafted, decided on by both sides, moved, briefed; and what any of it would change at the tills. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AllianceState, Side } from '../core/alliance.ts'
import { ALLIANCE_STATES, legalMoves, stateOn } from '../core/alliance.ts'
import type { Catalogue } from '../core/catalogue.ts'
import { newClashes } from '../core/exclusivity.ts'
import { allianceRefusal, preview } from '../core/preview.ts'
import type { TermsRecord } from '../core/terms.ts'
import { differences, needsBriefing, termsOn } from '../core/terms.ts'
import { dateOf, localDay } from '../core/time.ts'
import type { AllianceRecord, DecisionRow } from '../store/alliance.ts'
import {
  addTerms,
  briefStaff,
  draftAlliance,
  findAlliance,
  findOpenAlliance,
  listAlliances,
  listOpenReferrals,
  moveAlliance,
  recordDecision,
} from '../store/alliance.ts'
import { findPartner } from '../store/partner.ts'
import type { App, Deps, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { editedVersion, etagOf } from './etag.ts'
import { date, ref } from './fields.ts'
import type { FieldError } from './problem.ts'
import { Problem, problems } from './problem.ts'
import {
  allianceId,
  allianceVersion,
  checkTerms,
  DifferencesSchema,
  NewTermsSchema,
  plain,
  TERMS_EXAMPLE,
  TermsSchema,
  TermsVersionSchema,
} from './terms-schema.ts'

const StateSchema = z.enum(ALLIANCE_STATES)
const SideSchema = z.enum(['shop', 'partner'])

const AllianceSchema = z
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

const DraftSchema = z
  .strictObject({ partner: ref(60), terms: TermsSchema })
  .openapi('AllianceDraft', { example: { partner: 'northside', terms: TERMS_EXAMPLE } })

const DecisionSchema = z
  .strictObject({ version: z.int().min(1).max(1_000_000), decision: z.enum(['agree', 'decline']) })
  .openapi('Decision', { example: { version: 1, decision: 'agree' } })

const MoveSchema = z
  .strictObject({
    to: StateSchema,
    why: plain(300).optional().openapi({ description: 'For the audit log.' }),
    acceptConflict: z.boolean().optional().openapi({ description: 'true, from the owner alone.' }),
  })
  .openapi('AllianceMove', { example: { to: 'paused', why: 'The teacher is ill until April.' } })

const MovedSchema = z
  .strictObject({
    alliance: AllianceSchema,
    openReferrals: z
      .array(z.string())
      .openapi({ description: 'ended: the codes that run on under the terms they were made under.' }),
  })
  .openapi('AllianceMoved')

const PostedSchema = z
  .strictObject({
    changed: z.boolean(),
    version: z.int().openapi({ description: 'Of the terms.' }),
    differences: DifferencesSchema,
    needsBriefing: z.boolean(),
    alliance: AllianceSchema,
  })
  .openapi('TermsPosted')

const BriefingSchema = z
  .strictObject({ version: z.int().min(1).max(1_000_000) })
  .openapi('Briefing', { example: { version: 1 } })

const TrialSchema = z
  .strictObject({ move: StateSchema.optional(), terms: TermsSchema.optional(), endOn: date.optional() })
  .openapi('AllianceTrial', { example: { move: 'paused' } })

const ShiftSchema = z.strictObject({
  offerId: z.string(),
  headline: z.string(),
  sites: z.array(z.string()),
  fromOn: z.string(),
})
const PreviewSchema = z
  .strictObject({
    goSilent: z.array(ShiftSchema),
    startSpeaking: z.array(ShiftSchema),
    words: DifferencesSchema,
    goalsLeftWithoutOffer: z.array(z.string()),
    sites: z.array(z.string()),
    dates: z.array(z.string()).openapi({ description: 'The dates looked at.' }),
  })
  .openapi('AlliancePreview', {
    example: {
      goSilent: [
        { offerId: 'O054', headline: 'Free first piano lesson', sites: ['BK', 'LS'], fromOn: '2026-03-14' },
      ],
      startSpeaking: [],
      words: [],
      goalsLeftWithoutOffer: ['music-instrument'],
      sites: ['BK', 'LS'],
      dates: ['2026-03-14'],
    },
  })

const json = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})
const body = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { 'application/json': { schema } },
})
const of = z.object({ id: allianceId })
const ofVersion = z.object({ id: allianceId, version: allianceVersion })
const common = { tags: ['alliance'], security: [{ key: [] }] }

const list = createRoute({
  ...common,
  method: 'get',
  path: '/v1/alliances',
  operationId: 'listAlliances',
  summary: 'Alliances, by id; a partner sees its own',
  request: { query: z.strictObject({ ...PageQuery, state: StateSchema.optional() }) },
  responses: { 200: json('One page', AlliancesSchema), ...problems(400, 401, 403, 503) },
})
const draft = createRoute({
  ...common,
  method: 'post',
  path: '/v1/alliances',
  operationId: 'draftAlliance',
  summary: 'Draft an alliance with its first terms',
  description: 'A partner has one alliance at a time that is not ended, declined or expired.',
  request: { body: body(DraftSchema) },
  responses: { 201: json('The draft', AllianceSchema), ...problems(400, 401, 403, 409, 413, 415, 422, 503) },
})
const read = createRoute({
  ...common,
  method: 'get',
  path: '/v1/alliances/{id}',
  operationId: 'readAlliance',
  summary: 'One alliance: its state, terms, decisions, and where it is ready',
  request: { params: of },
  responses: { 200: json('As it is today', AllianceSchema), ...problems(400, 401, 403, 404, 503) },
})
const postTerms = createRoute({
  ...common,
  method: 'post',
  path: '/v1/alliances/{id}/terms',
  operationId: 'postTerms',
  summary: 'Another version of the terms',
  description:
    'Takes `If-Match`. A proposal until both sides agree to it; what was agreed stays in force until then and until its `startsOn`. It replaces an older proposal. Where nothing differs, nothing is written.',
  request: {
    params: of,
    headers: z.object({
      'if-match': z.string().optional().openapi({ description: 'The ETag that was read; an edit needs it.' }),
    }),
    body: body(NewTermsSchema),
  },
  responses: {
    200: json('Nothing differs', PostedSchema),
    201: json('The new version, and what differs', PostedSchema),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
  },
})
const readTerms = createRoute({
  ...common,
  method: 'get',
  path: '/v1/alliances/{id}/terms/{version}',
  operationId: 'readTerms',
  summary: 'One version of the terms',
  request: { params: ofVersion },
  responses: { 200: json('As it was written', TermsVersionSchema), ...problems(400, 401, 403, 404, 503) },
})
const compare = createRoute({
  ...common,
  method: 'get',
  path: '/v1/alliances/{id}/terms/{version}/differences',
  operationId: 'compareTerms',
  summary: 'What differs from another version',
  request: { params: ofVersion, query: z.strictObject({ from: allianceVersion.optional() }) },
  responses: {
    200: json(
      'Field by field; from the version before where none is named',
      z
        .strictObject({ from: z.int().nullable(), to: z.int(), differences: DifferencesSchema })
        .openapi('TermsCompared'),
    ),
    ...problems(400, 401, 403, 404, 503),
  },
})
const decide = createRoute({
  ...common,
  method: 'post',
  path: '/v1/alliances/{id}/decisions',
  operationId: 'decideOnTerms',
  summary: 'Agree to a version of the terms, or decline it',
  description:
    'For the side of your key. The first decision of a side stands; the same again changes nothing.',
  request: { params: of, body: body(DecisionSchema) },
  responses: {
    200: json('As it is now', AllianceSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
  },
})
const move = createRoute({
  ...common,
  method: 'post',
  path: '/v1/alliances/{id}/moves',
  operationId: 'moveAlliance',
  summary: 'Move an alliance',
  description:
    'Proposing is the shop’s yes to the terms. Live needs agreed terms in their dates, every critical check, and one site that was briefed. Pausing and ending silence its offers at the very next call.',
  request: { params: of, body: body(MoveSchema) },
  responses: {
    200: json('It moved', MovedSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})
const brief = createRoute({
  ...common,
  method: 'put',
  path: '/v1/alliances/{id}/briefings/{site}',
  operationId: 'briefStaff',
  summary: 'Staff of a site know the words',
  request: { params: z.object({ id: allianceId, site: ref() }), body: body(BriefingSchema) },
  responses: {
    200: json('As it is now', AllianceSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})
const tryOut = createRoute({
  ...common,
  method: 'post',
  path: '/v1/alliances/{id}/preview',
  operationId: 'previewAlliance',
  summary: 'What a move, new terms or an earlier end would change at the tills',
  description: 'Nothing is written. New terms are taken as agreed.',
  request: { params: of, body: body(TrialSchema) },
  responses: {
    200: json('What would change', PreviewSchema),
    ...problems(400, 401, 403, 404, 413, 415, 503),
  },
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

  app.openapi(postTerms, async (c) => {
    const { id } = c.req.valid('param')
    const { acceptConflict, ...record } = c.req.valid('json')
    const read = editedVersion(c)
    const { alliance, catalogue } = await open(c, id)
    checkTerms(record)
    if (alliance.version !== read) throw new Problem('changed_meanwhile')
    const state = stateNow(alliance, todayOf(c, catalogue))
    if (state === 'ended' || state === 'declined' || state === 'expired')
      throw new Problem('conflict', `This alliance is ${state}: its terms are closed.`, [
        { field: 'id', message: `is ${state}` },
      ])
    const before = alliance.versions.at(-1)!
    const changed = differences(before.record, record)
    const accepted = acceptedClashes(c, alliance, catalogue, record, acceptConflict === true)
    const isNew = changed.length > 0
    const briefs = needsBriefing(before.record, record)
    if (isNew) {
      const briefFrom = briefs ? before.version + 1 : before.briefFrom
      const change = { allianceId: id, read, before, record, briefFrom, accepted }
      const { engine } = c.get('deps')
      if (!(await stored(addTerms(engine, change, alliance.readAt, c.get('by'))))) {
        const now = await stored(findAlliance(engine, id))
        if (now?.version !== read) throw new Problem('changed_meanwhile')
        throw busy()
      }
    }
    const version = before.version + (isNew ? 1 : 0)
    const answer = { changed: isNew, version, differences: changed, needsBriefing: briefs }
    return c.json({ ...answer, alliance: await shownNow(c, id) }, isNew ? 201 : 200)
  })

  app.openapi(readTerms, async (c) => {
    const { id, version } = c.req.valid('param')
    const { alliance, catalogue } = await open(c, id)
    return c.json(versionOf(alliance, version, todayOf(c, catalogue)), 200)
  })

  app.openapi(compare, async (c) => {
    const { id, version } = c.req.valid('param')
    const { alliance, catalogue } = await open(c, id)
    const today = todayOf(c, catalogue)
    const to = versionOf(alliance, version, today)
    const from = c.req.valid('query').from ?? (version > 1 ? version - 1 : null)
    const changed = from === null ? [] : differences(versionOf(alliance, from, today).record, to.record)
    return c.json({ from, to: version, differences: changed }, 200)
  })

  app.openapi(decide, async (c) => {
    const { id } = c.req.valid('param')
    const said = { ...c.req.valid('json'), side: sideOf(c) }
    const { engine } = c.get('deps')
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { alliance, catalogue } = await open(c, id)
      const stands = decisionStands(alliance, said, todayOf(c, catalogue))
      if (stands || (await stored(recordDecision(engine, alliance, said, c.get('by')))))
        return c.json(await shownNow(c, id), 200)
    }
    throw busy()
  })

  app.openapi(move, async (c) => {
    const { id } = c.req.valid('param')
    const { to, why, acceptConflict } = c.req.valid('json')
    const { engine } = c.get('deps')
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { alliance, catalogue } = await open(c, id)
      const today = todayOf(c, catalogue)
      const accepted = checkMove(c, { alliance, catalogue, today }, to, acceptConflict === true)
      const { version: termsVersion, briefFrom } =
        (to === 'live' && inForce(alliance, today)) || alliance.versions.at(-1)!
      const moved = await stored(
        moveAlliance(
          engine,
          {
            from: alliance,
            to,
            termsVersion,
            briefFrom,
            why: why ?? null,
            accepted,
            rev: alliance.readAt,
            today,
          },
          c.get('by'),
        ),
      )
      if (moved) {
        const openReferrals = to === 'ended' ? await stored(listOpenReferrals(engine, id)) : []
        return c.json({ alliance: await shownNow(c, id), openReferrals }, 200)
      }
    }
    throw busy()
  })

  app.openapi(brief, async (c) => {
    const { id, site } = c.req.valid('param')
    const { version } = c.req.valid('json')
    const { catalogue } = await open(c, id)
    if (!catalogue.sites.has(site)) throw new Problem('not_found', `${site} is no site.`)
    const { siteId } = c.get('key')
    if (siteId !== null && siteId !== site)
      throw new Problem('forbidden', `This key belongs to site ${siteId}.`, [
        { field: 'site', message: 'is another site' },
      ])
    const on = todayOf(c, catalogue, site)
    const about = { id, siteId: site, version, on }
    if (!(await stored(briefStaff(c.get('deps').engine, about, c.get('by'))))) throw unknownVersion(version)
    return c.json(await shownNow(c, id), 200)
  })

  app.openapi(tryOut, async (c) => {
    const { id } = c.req.valid('param')
    const trial = c.req.valid('json')
    const { catalogue } = await open(c, id)
    const alliance = known(catalogue, id)
    const { move: to, terms, endOn } = trial
    const tried = {
      ...(to === undefined ? {} : { move: to }),
      ...(terms === undefined ? {} : { terms }),
      ...(endOn === undefined ? {} : { endOn }),
    }
    return c.json(preview(catalogue, alliance, tried, todayOf(c, catalogue), c.get('deps').clock()), 200)
  })
}

/** A write that finds something changed reads again and decides again, so often. */
const ATTEMPTS = 5

const busy = () => new Problem('conflict', 'Too many change this at once: try again.')
const unknownVersion = (version: number) =>
  new Problem('unknown_reference', `version: there is no version ${version} of these terms`, [
    { field: 'version', message: 'is unknown' },
  ])

/** The date by which an alliance is looked at: of the key's site, or of the first one. */
export function todayOf(c: Context<Env>, { sites }: Pick<Catalogue, 'sites'>, siteId?: string): string {
  const site = sites.get(siteId ?? c.get('key').siteId ?? '') ?? sites.values().next().value
  return dateOf(localDay(c.get('deps').clock(), site?.timeZone ?? 'UTC'))
}

const sideOf = (c: Context<Env>): Side => (c.get('key').role === 'partner' ? 'partner' : 'shop')
const ownPartner = (c: Context<Env>): string | null =>
  c.get('key').role === 'partner' ? (c.get('key').partnerId ?? '') : null

/** An alliance that this credential may see, and a catalogue that is not older. @throws not_found */
async function open(
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
function known(catalogue: Catalogue, id: string) {
  for (const list of catalogue.parts.alliancesOf.values())
    for (const alliance of list) if (alliance.id === id) return alliance
  throw new Problem('not_found', `${id} is unknown.`)
}

function stateNow({ state, versions, termsVersion }: AllianceRecord, today: string): AllianceState {
  return stateOn(
    state,
    versions.find(({ version }) => version === termsVersion)?.record.endsOn ?? null,
    today,
  )
}

/** The version in force on a date, or null. */
function inForce({ versions }: Pick<AllianceRecord, 'versions'>, date: string) {
  return termsOn(
    versions.map((each) => ({ ...each, startsOn: each.record.startsOn, agreed: each.agreedAt !== null })),
    date,
  )
}

function versionOf(
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
async function shownNow(c: Context<Env>, id: string): Promise<z.output<typeof AllianceSchema>> {
  const { alliance, catalogue } = await open(c, id)
  const today = todayOf(c, catalogue)
  const state = stateNow(alliance, today)
  const current = known(catalogue, id)
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

const movesFor = (c: Context<Env>, state: AllianceState) =>
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

/** Whether the same was decided before. @throws conflict, unknown_reference where it cannot be decided any more */
function decisionStands(
  alliance: AllianceRecord,
  said: { version: number; side: Side; decision: DecisionRow['decision'] },
  today: string,
): boolean {
  const { version, side, decision } = said
  if (!alliance.versions.some((each) => each.version === version)) throw unknownVersion(version)
  const of = alliance.decisions.filter((each) => each.termsVersion === version)
  const own = of.find((each) => each.side === side)
  if (own?.decision === decision) return true
  const refuse = (field: string, message: string, detail: string) => {
    throw new Problem('conflict', detail, [{ field, message }])
  }
  const first = own ?? of.find((each) => each.decision === 'decline')
  if (first) {
    const says = `The ${first.side} ${first.decision === 'agree' ? 'agreed to' : 'declined'} version ${version} on ${first.at}.`
    refuse('decision', says, `${says} That stands; another version can be proposed.`)
  }
  const newest = alliance.versions.at(-1)!.version
  if (newest !== version)
    refuse(
      'version',
      `was replaced by version ${newest}`,
      `Version ${version} was replaced by version ${newest}.`,
    )
  const state = stateNow(alliance, today)
  if (!['proposed', 'agreed', 'live', 'paused'].includes(state))
    refuse('version', `the alliance is ${state}`, `Nothing can be decided: the alliance is ${state}.`)
  return false
}

type Opened = { alliance: AllianceRecord; catalogue: Catalogue; today: string }

/** Whether a move is legal and all that it needs is there; the clashes that the owner accepts with it. */
function checkMove(c: Context<Env>, opened: Opened, to: AllianceState, accept: boolean): string[] {
  const { alliance, catalogue, today } = opened
  const state = stateNow(alliance, today)
  const legal = movesFor(c, state).map((each) => each.to)
  if (!legal.includes(to)) {
    const names = legal.length > 0 ? legal.join(', ') : 'nothing: it stays as it is'
    throw new Problem('illegal_move', `From ${state}, you may move it to: ${names}.`, [
      { field: 'to', message: `must be one of: ${names}` },
    ])
  }
  const errors = to === 'proposed' ? missingToPropose(opened) : to === 'live' ? missingToLive(opened) : []
  if (errors.length > 0)
    throw new Problem('conflict', `Not yet: ${errors.map(({ message }) => message).join('; ')}.`, errors)
  if (to !== 'proposed') return []
  return acceptedClashes(c, alliance, catalogue, alliance.versions.at(-1)!.record, accept)
}

function missingToPropose({ alliance, today }: Opened): FieldError[] {
  const { version, record } = alliance.versions.at(-1)!
  const errors: FieldError[] = []
  if (record.endsOn < today)
    errors.push({ field: 'terms.endsOn', message: `the terms ended on ${record.endsOn}` })
  if (alliance.decisions.some((each) => each.termsVersion === version && each.decision === 'decline'))
    errors.push({ field: 'terms', message: `version ${version} was declined: post other terms first` })
  return errors
}

function missingToLive({ alliance, today }: Opened): FieldError[] {
  const errors: FieldError[] = []
  const current = inForce(alliance, today)
  if (current === null) {
    const next = alliance.versions.find((each) => each.agreedAt !== null)
    errors.push({
      field: 'terms',
      message: next ? `the terms begin on ${next.record.startsOn}` : 'no terms are agreed',
    })
  } else if (current.record.endsOn < today)
    errors.push({ field: 'terms.endsOn', message: `the terms ended on ${current.record.endsOn}` })
  for (const { code, critical, ok, validUntil } of alliance.checks)
    if (critical && (!ok || (validUntil !== null && validUntil < today)))
      errors.push({
        field: `checks.${code}`,
        message: ok ? `${code} ran out on ${validUntil}` : `${code} is missing`,
      })
  const from = current?.briefFrom ?? 1
  if (!alliance.briefings.some(({ termsVersion }) => termsVersion >= from))
    errors.push({ field: 'briefings', message: 'staff of no site know its words' })
  return errors
}

/** The alliances whose exclusivity is broken with the owner's word. @throws conflict without it; forbidden from others */
function acceptedClashes(
  c: Context<Env>,
  alliance: Pick<AllianceRecord, 'id' | 'partnerId'>,
  catalogue: Catalogue,
  record: TermsRecord,
  accept: boolean,
): string[] {
  const clashes = newClashes(catalogue, alliance, record)
  if (clashes.length === 0) return []
  if (!accept)
    throw new Problem(
      'conflict',
      clashes.map(({ allianceId, untilOn, says }) => `${allianceId}, until ${untilOn}: ${says}`).join(' '),
      clashes.map(({ allianceId, untilOn, says }) => ({
        field: 'exclusivity',
        message: `${allianceId}, until ${untilOn}: ${says}`,
      })),
    )
  if (c.get('key').role !== 'owner')
    throw new Problem('forbidden', 'Only the owner breaks an exclusivity.', [
      { field: 'acceptConflict', message: 'is the owner’s alone' },
    ])
  return clashes.map(({ allianceId }) => allianceId)
}

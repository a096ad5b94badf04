/** Terms of an alliance: another version, what differs, and what both sides decide. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Side } from '../core/alliance.ts'
import type { Catalogue } from '../core/catalogue.ts'
import { newClashes } from '../core/exclusivity.ts'
import type { TermsRecord } from '../core/terms.ts'
import { differences, needsBriefing } from '../core/terms.ts'
import type { AllianceRecord, DecisionRow } from '../store/alliance.ts'
import { addTerms, findAlliance, recordDecision } from '../store/alliance.ts'
import {
  AllianceSchema,
  ATTEMPTS,
  allianceRoute,
  busy,
  ofAlliance,
  openAlliance,
  shownNow,
  sideOf,
  stateNow,
  todayOf,
  unknownVersion,
  versionOf,
} from './alliances.ts'
import type { App, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { editedVersion } from './etag.ts'
import { Problem, problems } from './problem.ts'
import {
  allianceId,
  allianceVersion,
  checkTerms,
  DifferencesSchema,
  NewTermsSchema,
  TermsVersionSchema,
} from './terms-schema.ts'

const PostedSchema = z
  .strictObject({
    changed: z.boolean(),
    version: z.int().openapi({ description: 'Of the terms.' }),
    differences: DifferencesSchema,
    needsBriefing: z.boolean(),
    alliance: AllianceSchema,
  })
  .openapi('TermsPosted')

const postTerms = createRoute({
  ...allianceRoute,
  method: 'post',
  path: '/v1/alliances/{id}/terms',
  operationId: 'postTerms',
  summary: 'Another version of the terms',
  description:
    'Takes `If-Match`. A proposal until both sides agree to it; what was agreed stays in force until then and until its `startsOn`. It replaces an older proposal. Where nothing differs, nothing is written.',
  request: {
    params: ofAlliance,
    headers: z.object({
      'if-match': z.string().optional().openapi({ description: 'The ETag that was read; an edit needs it.' }),
    }),
    body: jsonBody(NewTermsSchema),
  },
  responses: {
    200: json('Nothing differs', PostedSchema),
    201: json('The new version, and what differs', PostedSchema),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
  },
})

const ofVersion = z.object({ id: allianceId, version: allianceVersion })

const readTerms = createRoute({
  ...allianceRoute,
  method: 'get',
  path: '/v1/alliances/{id}/terms/{version}',
  operationId: 'readTerms',
  summary: 'One version of the terms',
  request: { params: ofVersion },
  responses: { 200: json('As it was written', TermsVersionSchema), ...problems(400, 401, 403, 404, 503) },
})

const compare = createRoute({
  ...allianceRoute,
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

const DecisionSchema = z
  .strictObject({ version: z.int().min(1).max(1_000_000), decision: z.enum(['agree', 'decline']) })
  .openapi('Decision', { example: { version: 1, decision: 'agree' } })

const decide = createRoute({
  ...allianceRoute,
  method: 'post',
  path: '/v1/alliances/{id}/decisions',
  operationId: 'decideOnTerms',
  summary: 'Agree to a version of the terms, or decline it',
  description:
    'For the side of your key. The first decision of a side stands; the same again changes nothing.',
  request: { params: ofAlliance, body: jsonBody(DecisionSchema) },
  responses: {
    200: json('As it is now', AllianceSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
  },
})

export function terms(app: App): void {
  app.openapi(postTerms, async (c) => {
    const { id } = c.req.valid('param')
    const { acceptConflict, ...record } = c.req.valid('json')
    const read = editedVersion(c)
    const { alliance, catalogue } = await openAlliance(c, id)
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
    const { alliance, catalogue } = await openAlliance(c, id)
    return c.json(versionOf(alliance, version, todayOf(c, catalogue)), 200)
  })

  app.openapi(compare, async (c) => {
    const { id, version } = c.req.valid('param')
    const { alliance, catalogue } = await openAlliance(c, id)
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
      const { alliance, catalogue } = await openAlliance(c, id)
      const stands = decisionStands(alliance, said, todayOf(c, catalogue))
      if (stands || (await stored(recordDecision(engine, alliance, said, c.get('by')))))
        return c.json(await shownNow(c, id), 200)
    }
    throw busy()
  })
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

/** The alliances whose exclusivity is broken with the owner's word. @throws conflict without it; forbidden from others */
export function acceptedClashes(
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

/** Moves of an alliance along its graph, with all that each needs; and who of the staff knows its words. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { AllianceState } from '../core/alliance.ts'
import type { Catalogue } from '../core/catalogue.ts'
import type { AllianceRecord } from '../store/alliance.ts'
import { briefStaff, listOpenReferrals, moveAlliance } from '../store/alliance.ts'
import {
  AllianceSchema,
  ATTEMPTS,
  allianceRoute,
  busy,
  inForce,
  movesFor,
  ofAlliance,
  openAlliance,
  StateSchema,
  shownNow,
  stateNow,
  todayOf,
  unknownVersion,
} from './alliances.ts'
import type { App, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import type { FieldError } from './problem.ts'
import { Problem, problems } from './problem.ts'
import { acceptedClashes } from './terms.ts'
import { allianceId, plain } from './terms-schema.ts'

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

const move = createRoute({
  ...allianceRoute,
  method: 'post',
  path: '/v1/alliances/{id}/moves',
  operationId: 'moveAlliance',
  summary: 'Move an alliance',
  description:
    'Proposing is the shop’s yes to the terms. Live needs agreed terms in their dates, every critical check, and one site that was briefed. Pausing and ending silence its offers at the very next call.',
  request: { params: ofAlliance, body: jsonBody(MoveSchema) },
  responses: {
    200: json('It moved', MovedSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

const BriefingSchema = z
  .strictObject({ version: z.int().min(1).max(1_000_000) })
  .openapi('Briefing', { example: { version: 1 } })

const brief = createRoute({
  ...allianceRoute,
  method: 'put',
  path: '/v1/alliances/{id}/briefings/{site}',
  operationId: 'briefStaff',
  summary: 'Staff of a site know the words',
  request: { params: z.object({ id: allianceId, site: ref() }), body: jsonBody(BriefingSchema) },
  responses: {
    200: json('As it is now', AllianceSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

export function allianceMoves(app: App): void {
  app.openapi(move, async (c) => {
    const { id } = c.req.valid('param')
    const { to, why, acceptConflict } = c.req.valid('json')
    const { engine } = c.get('deps')
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { alliance, catalogue } = await openAlliance(c, id)
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
    const { catalogue } = await openAlliance(c, id)
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

/** calendar: an offer's sessions from somebody else's calendar, looked at first and written when told to. */
import { createRoute, z } from '@hono/zod-openapi'
import { planImport } from '../core/session.ts'
import { CALENDAR_LIMITS, readCalendar } from '../import/calendar.ts'
import { audited } from '../store/audit.ts'
import { importSessions, listImported } from '../store/session.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref, text } from './fields.ts'
import { problems } from './problem.ts'
import { capacity, offerFor, placeOf, zone } from './sessions.ts'

/** The largest calendar, in characters, and the largest body that may bring one: each line end is two more in JSON. */
export const MOST_CALENDAR = 4 * 1024 * 1024
export const CALENDAR_BODY_BYTES = 6 * 1024 * 1024
const SHOWN = 20

const ImportSchema = z
  .strictObject({
    calendar: z.string().min(1).max(MOST_CALENDAR).openapi({ description: 'The text of the .ics file.' }),
    place: text(120).optional().openapi({ description: 'Where it is, where an event does not say.' }),
    site: ref().optional(),
    capacity: capacity.openapi({ description: 'Of sessions that are new; others keep theirs.' }),
    timeZone: zone.optional(),
    apply: z.boolean().default(false).openapi({ description: 'Without it nothing is written.' }),
  })
  .openapi('CalendarImport', {
    example: {
      calendar:
        'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:intro@northside.example\r\nDTSTART;TZID=America/Chicago:20260321T100000\r\nDTEND;TZID=America/Chicago:20260321T103000\r\nSUMMARY:Piano introduction\r\nEND:VEVENT\r\nEND:VCALENDAR',
      place: 'Northside Conservatory, studio 2',
      capacity: 4,
      apply: false,
    },
  })

const ImportedSchema = z
  .strictObject({
    apply: z.boolean(),
    found: z.int(),
    new: z.int(),
    changed: z.int(),
    cancelled: z.int(),
    unchanged: z.int(),
    problems: z.array(z.strictObject({ line: z.int(), message: z.string() })),
    sessions: z
      .array(
        z.strictObject({
          change: z.enum(['new', 'changed', 'cancelled', 'unchanged']),
          summary: z.string(),
          place: z.string(),
          startsAt: z.string(),
          endsAt: z.string(),
        }),
      )
      .openapi({ description: `The first ${SHOWN}.` }),
  })
  .openapi('CalendarImported', {
    example: {
      apply: false,
      found: 1,
      new: 1,
      changed: 0,
      cancelled: 0,
      unchanged: 0,
      problems: [{ line: 14, message: 'The event lasts all day: a session has a time.' }],
      sessions: [
        {
          change: 'new',
          summary: 'Piano introduction',
          place: 'Northside Conservatory, studio 2',
          startsAt: '2026-03-21T10:00:00-05:00',
          endsAt: '2026-03-21T10:30:00-05:00',
        },
      ],
    },
  })

const route = createRoute({
  method: 'post',
  path: '/v1/offers/{id}/sessions/import',
  operationId: 'importCalendar',
  tags: ['place'],
  summary: 'Sessions from a calendar file',
  description: `Reads ${CALENDAR_LIMITS.horizonDays} days ahead and at most ${CALENDAR_LIMITS.sessions} dates, of up to 4 MB. The same calendar again changes nothing; a date that its series lost is cancelled, and what is cancelled stays so. Events that it does not mention are left alone.`,
  security: [{ key: [] }],
  request: {
    params: z.object({ id: ref(100) }),
    body: jsonBody(ImportSchema),
  },
  responses: {
    200: json('What changes, or would', ImportedSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

export function calendar(app: App): void {
  app.openapi(route, async (c) => {
    const { engine, snapshot, clock, random } = c.get('deps')
    const listed = await offerFor(c, c.req.valid('param').id)
    const body = c.req.valid('json')
    const catalogue = await stored(snapshot.refresh())
    const { site, timeZone } = placeOf(c, catalogue, listed, body)
    const nowMs = clock()
    const found = readCalendar(body.calendar, {
      timeZone: body.timeZone ?? null,
      fallbackZone: timeZone,
      nowMs,
    })
    const known = await stored(listImported(engine, listed.offer.id, new Date(nowMs).toISOString()))
    const place =
      body.place ?? listed.partner?.name ?? catalogue.sites.get(site ?? c.get('key').siteId ?? '')?.name ?? ''
    const planned = planImport(found.sessions, found.series, known, { place, timeZone })
    const count = (change: string) => planned.filter((each) => each.change === change).length
    const counts = { new: count('new'), changed: count('changed'), cancelled: count('cancelled') }
    if (body.apply) {
      const log = audited(c.get('by'), 'importCalendar', 'offer', listed.offer.id, {
        new: [null, counts.new],
        changed: [null, counts.changed],
        cancelled: [null, counts.cancelled],
      })
      const made = { siteId: site, capacity: body.capacity, idOf: () => `ses_${random(12)}` }
      await stored(importSessions(engine, listed.offer.id, planned, made, [log]))
    }
    return c.json(
      {
        apply: body.apply,
        found: found.sessions.length,
        ...counts,
        unchanged: count('unchanged'),
        problems: found.problems,
        sessions: planned.slice(0, SHOWN).map(({ change, summary, place, startsAt, endsAt }) => ({
          change,
          summary,
          place,
          startsAt,
          endsAt,
        })),
      },
      200,
    )
  })
}

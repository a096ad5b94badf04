/** How alliances fare: each part with what it rests on, and what waits for the owner. */
import { createRoute, z } from '@hono/zod-openapi'
import { ALLIANCE_STATES, stateOn } from '../core/alliance.ts'
import type { HealthInputs } from '../core/health.ts'
import { alertsOf, BASES, HEALTH_STATES, healthOf, needOf, PART_CODES, quartersOf } from '../core/health.ts'
import { termsOn } from '../core/terms.ts'
import type { AllianceHealth } from '../store/health.ts'
import { readHealth } from '../store/health.ts'
import { siteDate } from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json } from './document.ts'
import { Problem, problems } from './problem.ts'
import { zoneOf } from './referral-events.ts'
import { allianceId } from './terms-schema.ts'

const PartSchema = z
  .strictObject({
    code: z.enum(PART_CODES),
    label: z.string(),
    value: z.string(),
    number: z.number().nullable().openapi({ description: 'To compare by; money in the smallest coin.' }),
    basis: z.enum(BASES).openapi({
      description: 'counted: from what happened. assumed: as both agreed. measured: both, weighed.',
    }),
    state: z.enum(HEALTH_STATES),
    says: z.string(),
  })
  .openapi('HealthPart', {
    example: {
      code: 'PARTNER_NET',
      label: 'What they net for each introduction',
      value: '$316.69',
      number: 31669,
      basis: 'assumed',
      state: 'good',
      says: '42 % stay, at $1,680.00 a family; as both assumed, for fewer than 3 families came so far.',
    },
  })

const AlertSchema = z
  .strictObject({
    code: z.string(),
    says: z.string(),
    urgency: z
      .union([z.literal(1), z.literal(2), z.literal(3)])
      .openapi({ description: '3: today. 2: this week. 1: soon.' }),
  })
  .openapi('HealthAlert', {
    example: { code: 'EXPIRES', says: 'Ends in 12 days, on 26 March 2026.', urgency: 3 },
  })

const few = z.int().nullable().openapi({ description: 'null: of fewer than three families.' })
const QuarterSchema = z
  .strictObject({
    name: z.string(),
    from: z.string(),
    to: z.string(),
    given: z.int(),
    received: z.int(),
    came: few,
    enrolled: few,
    worthToThemMinor: few,
    worthToUsMinor: few,
    givenTarget: z.int(),
    receivedTarget: z.int(),
  })
  .openapi('HealthQuarter', {
    example: {
      name: '2026-Q1',
      from: '2026-01-01',
      to: '2026-03-31',
      given: 5,
      received: 1,
      came: 3,
      enrolled: null,
      worthToThemMinor: null,
      worthToUsMinor: null,
      givenTarget: 8,
      receivedTarget: 3,
    },
  })

const head = {
  id: z.string(),
  partner: z.strictObject({ id: z.string(), name: z.string() }),
  state: z.enum(ALLIANCE_STATES),
  startsOn: z.string(),
  endsOn: z.string().nullable(),
  currency: z.string(),
}

const HealthSchema = z
  .strictObject({
    ...head,
    today: z.string(),
    parts: z.array(PartSchema),
    alerts: z.array(AlertSchema),
    quarters: z.array(QuarterSchema).openapi({ description: 'The newest first.' }),
  })
  .openapi('AllianceHealth')

const OverviewSchema = z
  .strictObject({
    today: z.string(),
    alliances: z
      .array(
        z.strictObject({
          ...head,
          freePlaces: z.int().nullable().openapi({ description: 'In four weeks; null: none needed.' }),
          given: z.int(),
          received: z.int(),
          lateWords: z.int(),
          parts: z.array(PartSchema.omit({ says: true, number: true, basis: true })),
          alerts: z.array(AlertSchema),
        }),
      )
      .openapi({ description: 'What needs the owner first, then by name.' }),
  })
  .openapi('HealthOverview')
export type HealthAnswer = z.infer<typeof HealthSchema>
export type HealthOverview = z.infer<typeof OverviewSchema>

const shared = { tags: ['alliance'], security: [{ key: [] }] }

const overview = createRoute({
  ...shared,
  method: 'get',
  path: '/v1/alliances/health',
  operationId: 'listHealth',
  summary: 'All alliances at a glance, what needs the owner first',
  description: 'Parts and never one score. Of families nothing is counted below three.',
  responses: {
    200: json('One line an alliance', OverviewSchema),
    ...problems(401, 403, 503),
  },
})

const one = createRoute({
  ...shared,
  method: 'get',
  path: '/v1/alliances/{id}/health',
  operationId: 'readHealth',
  summary: 'How one alliance fares, part by part',
  request: { params: z.object({ id: allianceId }) },
  responses: {
    200: json('Its parts', HealthSchema),
    ...problems(400, 401, 403, 404, 503),
  },
})

export function healthOfAlliances(app: App): void {
  app.openapi(overview, async (c) => {
    const { rows, today } = await read(c.get('deps'), null)
    const alliances = rows
      .map((row) => ({ row, ...examined(row, today) }))
      .sort((a, b) => needOf(b.alerts) - needOf(a.alerts) || byName(a.row, b.row))
      .map(({ row, inputs, parts, alerts }) => {
        const [now] = quartersOf(inputs)
        const numberOf = (code: string) => parts.find((part) => part.code === code)?.number ?? null
        return {
          ...shownHead(row, inputs),
          freePlaces: numberOf('PLACES'),
          given: now!.given,
          received: now!.received,
          lateWords: numberOf('SILENT') ?? 0,
          parts: parts.map(({ code, label, value, state }) => ({ code, label, value, state })),
          alerts,
        }
      })
    return c.json({ today, alliances }, 200)
  })

  app.openapi(one, async (c) => {
    const { rows, today } = await read(c.get('deps'), c.req.valid('param').id)
    const [row] = rows
    if (!row) throw new Problem('not_found', 'There is no alliance with this id.')
    const { inputs, parts, alerts } = examined(row, today)
    return c.json({ ...shownHead(row, inputs), today, parts, alerts, quarters: quartersOf(inputs) }, 200)
  })
}

async function read(deps: Deps, id: string | null): Promise<{ rows: AllianceHealth[]; today: string }> {
  const timeZone = zoneOf(await stored(deps.snapshot.refresh()), null)
  const now = new Date(deps.clock()).toISOString()
  const today = siteDate(now, timeZone)
  return { rows: await stored(readHealth(deps.engine, { id, today, timeZone, now })), today }
}

/** A row with its parts on a date: under the terms in force, else the last that were agreed or proposed. */
function examined(row: AllianceHealth, today: string) {
  const { versions } = row
  const dated = versions.map((each) => ({ ...each, startsOn: each.record.startsOn }))
  const agreed = dated.filter((each) => each.agreed)
  const current = termsOn(dated, today) ?? agreed.at(-1) ?? dated.at(-1)!
  const endsOn = (agreed.at(-1) ?? dated.at(-1)!).record.endsOn
  const inputs: HealthInputs = {
    ...row.inputs,
    today,
    state: stateOn(row.state, endsOn, today),
    terms: current.record,
    versions: new Map(versions.map(({ version, record }) => [version, record])),
    endsOn,
  }
  const parts = healthOf(inputs)
  return { inputs, parts, alerts: alertsOf(inputs, parts) }
}

const shownHead = (row: AllianceHealth, { state, terms, endsOn }: HealthInputs) => ({
  id: row.id,
  partner: { id: row.partnerId, name: row.partnerName },
  state,
  startsOn: terms.startsOn,
  endsOn,
  currency: terms.currency,
})

const byName = (a: AllianceHealth, b: AllianceHealth) =>
  a.partnerName < b.partnerName ? -1 : a.partnerName > b.partnerName ? 1 : a.id < b.id ? -1 : 1

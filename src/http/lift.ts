/** What being spoken to caused: experiments, registered before they begin, and the lift with its intervals. */
import { createRoute, z } from '@hono/zod-openapi'
import { ASSUMED_COST_SHARE, CAP_QUANTILE, FIRST_LOOK_DAYS, POWER, TAGS, UPTAKE_DAYS } from '../core/lift.ts'
import type { LiftPeriod } from '../core/lift-report.ts'
import { FIGURE_CODES, liftReport, VERDICTS } from '../core/lift-report.ts'
import { ALPHA } from '../core/sequential.ts'
import { dateOf, dayOf, spokenDate } from '../core/time.ts'
import { audited } from '../store/audit.ts'
import { GuardFailed } from '../store/engine.ts'
import type { ExperimentRow } from '../store/lift.ts'
import { firstDecision, listExperiments, readLift, registered, stopped } from '../store/lift.ts'
import { siteDate } from '../store/referral.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { date, ref, text } from './fields.ts'
import { invalid, Problem, problems } from './problem.ts'
import { zoneOf } from './referral-events.ts'

const METRIC = 'backEndContribution'
const SHORTEST_DAYS = FIRST_LOOK_DAYS
const LONGEST_DAYS = 731
const DEFAULT_SMALLEST = 0.1

const EXPERIMENT_STATES = ['registered', 'running', 'ended', 'stopped', 'withdrawn'] as const

const PlanSchema = z.strictObject({
  alpha: z.number(),
  power: z.number(),
  capQuantile: z.number(),
  assumedCostShare: z.number(),
  uptakeDays: z.int(),
  customers: z.int(),
  smallestVisible: z.number().nullable().openapi({ description: 'As it was expected then; null: unknown.' }),
})

const ExperimentSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    metric: z.literal(METRIC),
    startsOn: z.string(),
    endsOn: z.string(),
    smallestLift: z.number(),
    state: z.enum(EXPERIMENT_STATES),
    stoppedOn: z.string().nullable(),
    registeredAt: z.string(),
    actor: z.string(),
    plan: PlanSchema.openapi({ description: 'What else was fixed before it began.' }),
  })
  .openapi('Experiment', {
    example: {
      id: 'exp_4f1c',
      name: 'Spring and summer',
      metric: METRIC,
      startsOn: '2026-04-01',
      endsOn: '2026-09-30',
      smallestLift: 0.1,
      state: 'registered',
      stoppedOn: null,
      registeredAt: '2026-03-14T16:42:00.000Z',
      actor: 'st_rosa',
      plan: {
        alpha: ALPHA,
        power: POWER,
        capQuantile: CAP_QUANTILE,
        assumedCostShare: ASSUMED_COST_SHARE,
        uptakeDays: UPTAKE_DAYS,
        customers: 212,
        smallestVisible: 1.1,
      },
    },
  })
export type ExperimentAnswer = z.infer<typeof ExperimentSchema>

const NewSchema = z
  .strictObject({
    name: text(120),
    startsOn: date.openapi({ description: 'After today: what is registered is written before it begins.' }),
    endsOn: date.openapi({ description: 'The last day, included. The lift is decided on it.' }),
    smallestLift: z
      .number()
      .min(0.01)
      .max(10)
      .default(DEFAULT_SMALLEST)
      .openapi({ description: 'The smallest lift that would matter: 0.1 is a tenth more.' }),
  })
  .openapi('ExperimentNew', {
    example: { name: 'Spring and summer', startsOn: '2026-04-01', endsOn: '2026-09-30', smallestLift: 0.1 },
  })

const shareOrNull = z.number().nullable()
const FigureSchema = z
  .strictObject({
    code: z.enum(FIGURE_CODES),
    label: z.string(),
    tag: z.enum(TAGS).openapi({
      description:
        'counted: from what happened. associated: seen together, no effect. caused: chance decided who. assumed: taken to be so.',
    }),
    unit: z.enum(['money', 'share', 'customers']),
    value: z.string(),
    number: shareOrNull.openapi({ description: 'Money in the smallest coin, a share of one, or a count.' }),
    low: shareOrNull,
    high: shareOrNull,
    says: z.string(),
  })
  .openapi('LiftFigure')

const IntervalSchema = z.strictObject({ value: z.number(), low: z.number(), high: z.number() })

const LiftSchema = z
  .strictObject({
    today: z.string(),
    currency: z.string(),
    experiment: z
      .union([ExperimentSchema, z.null()])
      .openapi({ description: 'null: not registered before it began.' }),
    period: z.strictObject({
      startsOn: z.string(),
      endsOn: z.string().nullable(),
      days: z.int().openapi({ description: 'Whole days that have passed.' }),
      plannedDays: z.int(),
      daysBefore: z.int().openapi({ description: 'Of the earlier period that it is adjusted by.' }),
    }),
    verdict: z.enum(VERDICTS),
    says: z.array(z.string()).openapi({ description: 'In plain words, the most important first.' }),
    figures: z.array(FigureSchema),
    arms: z.array(
      z.strictObject({
        arm: z.enum(['offered', 'holdout']),
        customers: z.int(),
        buyers: z.int(),
        contribution: IntervalSchema.nullable().openapi({
          description: 'Minor units a customer, adjusted, with its ordinary 95 % interval.',
        }),
      }),
    ),
    weeks: z
      .array(z.strictObject({ on: z.string(), lift: IntervalSchema }))
      .openapi({ description: 'The interval as it stood, oldest first; above tenfold it is cut off.' }),
  })
  .openapi('Lift', {
    example: {
      today: '2026-03-14',
      currency: 'USD',
      experiment: null,
      period: { startsOn: '2026-03-14', endsOn: null, days: 0, plannedDays: 365, daysBefore: 365 },
      verdict: 'tooEarly',
      says: [
        'Too early: 0 of the first 28 days have passed.',
        'With 212 customers, a year can show a lift of about 98 %, and no smaller one. That is more than any suggestion will bring: expect “cannot tell”. What can be measured sooner is whether the very thing that is said is taken up. About 11,000 customers for a year would be needed to see 10 %.',
        'Counted since the first decision, on 14 March 2026. It was not registered before it began: register the next period, so that nobody chooses its end by what it shows.',
      ],
      figures: [
        {
          code: 'SMALLEST_VISIBLE',
          label: 'The smallest lift this shop could see',
          tag: 'assumed',
          unit: 'share',
          value: '+98 %',
          number: 0.98,
          low: null,
          high: null,
          says: 'With 212 customers over 365 days, four times of five; assumed that they go on as unevenly as so far.',
        },
      ],
      arms: [
        { arm: 'offered', customers: 168, buyers: 0, contribution: null },
        { arm: 'holdout', customers: 44, buyers: 0, contribution: null },
      ],
      weeks: [],
    },
  })
export type LiftAnswer = z.infer<typeof LiftSchema>

const shared = { tags: ['shop'], security: [{ key: [] }] }

const list = createRoute({
  ...shared,
  method: 'get',
  path: '/v1/experiments',
  operationId: 'listExperiments',
  summary: 'What was registered to be measured, the latest first',
  responses: {
    200: json(
      'All of them',
      z.strictObject({ experiments: z.array(ExperimentSchema) }).openapi('Experiments'),
    ),
    ...problems(401, 403, 503),
  },
})

const register = createRoute({
  ...shared,
  method: 'post',
  path: '/v1/experiments',
  operationId: 'registerExperiment',
  summary: 'Register what will be measured, before it begins',
  description:
    'Holdout against everybody else, in back-end contribution per customer. Its end is set now, so that nobody chooses it by what it shows. One at a time.',
  request: { body: jsonBody(NewSchema) },
  responses: {
    201: json('As it is registered', ExperimentSchema),
    ...problems(400, 401, 403, 409, 413, 415, 503),
  },
})

const stop = createRoute({
  ...shared,
  method: 'post',
  path: '/v1/experiments/{id}/stop',
  operationId: 'stopExperiment',
  summary: 'Stop it today; before its start, withdraw it',
  description: 'A stopped one keeps its report, by the interval that stays valid at any end.',
  request: {
    params: z.object({ id: ref() }),
    body: jsonBody(z.strictObject({}).openapi('ExperimentStop', { example: {} })),
  },
  responses: {
    200: json('The stopped one', ExperimentSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

const lift = createRoute({
  ...shared,
  method: 'get',
  path: '/v1/lift',
  operationId: 'readLift',
  summary: 'What being spoken to caused, with intervals, or that nobody can tell yet',
  description:
    'Everyone counts in the arm that chance put her into, spoken to or not. Without `experiment`: the one that runs, else the last that ended, else everything since the first decision. docs/lift.md says how it is computed.',
  request: { query: z.object({ experiment: ref().optional() }) },
  responses: { 200: json('The report', LiftSchema), ...problems(400, 401, 403, 404, 503) },
})

export function lifts(app: App): void {
  app.openapi(list, async (c) => {
    const { today } = await standing(c.get('deps'))
    const rows = await stored(listExperiments(c.get('deps').engine))
    return c.json({ experiments: rows.map((row) => shownExperiment(row, today)) }, 200)
  })

  app.openapi(register, async (c) => {
    const deps = c.get('deps')
    const { name, startsOn, endsOn, smallestLift } = c.req.valid('json')
    const by = c.get('by')
    const at = await standing(deps)
    refuseDates(at.today, startsOn, endsOn)
    const expected = await read(deps, at, { startsOn, endsOn, stoppedOn: null, smallestLift })
    const row: ExperimentRow = {
      id: `exp_${deps.random(12)}`,
      name,
      metric: METRIC,
      startsOn,
      endsOn,
      smallestLift,
      plan: JSON.stringify({
        alpha: ALPHA,
        power: POWER,
        capQuantile: CAP_QUANTILE,
        assumedCostShare: ASSUMED_COST_SHARE,
        uptakeDays: UPTAKE_DAYS,
        customers: expected.arms.reduce((sum, { customers }) => sum + customers, 0),
        smallestVisible: expected.figures.find(({ code }) => code === 'SMALLEST_VISIBLE')?.number ?? null,
      } satisfies z.infer<typeof PlanSchema>),
      registeredAt: by.at,
      actor: by.actor,
      stoppedOn: null,
    }
    try {
      await deps.engine.atomic([
        ...registered(row),
        audited(by, 'registered', 'experiment', row.id, {
          startsOn: [null, startsOn],
          endsOn: [null, endsOn],
          smallestLift: [null, smallestLift],
        }),
      ])
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
      throw new Problem('conflict', 'Another experiment runs in these days. One at a time.', [
        { field: 'startsOn', message: 'another experiment runs in these days' },
      ])
    }
    return c.json(shownExperiment(row, at.today), 201)
  })

  app.openapi(stop, async (c) => {
    const deps = c.get('deps')
    const { id } = c.req.valid('param')
    const by = c.get('by')
    const { today } = await standing(deps)
    const row = found(await stored(listExperiments(deps.engine)), id)
    // Today counts until yesterday's end, so that what is reported never changes again.
    const on = dateOf(dayOf(today) - 1)
    try {
      await deps.engine.atomic([...stopped(id, on), audited(by, 'stopped', 'experiment', id)])
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error
      throw new Problem('conflict', 'It is over already.')
    }
    return c.json(shownExperiment({ ...row, stoppedOn: on }, today), 200)
  })

  app.openapi(lift, async (c) => {
    const deps = c.get('deps')
    const at = await standing(deps)
    const { experiment: id } = c.req.valid('query')
    const rows = await stored(listExperiments(deps.engine))
    const chosen = id === undefined ? chosenOf(rows, at.today) : found(rows, id)
    const period: LiftPeriod = chosen ?? {
      startsOn: (await stored(firstDecision(deps.engine, at.timeZone))) ?? at.today,
      endsOn: null,
      stoppedOn: null,
      smallestLift: DEFAULT_SMALLEST,
    }
    const next = rows.findLast((row) => stateOf(row, at.today) === 'registered') ?? null
    const { window, ...report } = await read(deps, at, period, next)
    return c.json(
      {
        today: at.today,
        currency: at.currency,
        experiment: chosen && shownExperiment(chosen, at.today),
        period: { startsOn: period.startsOn, endsOn: period.endsOn, ...window },
        ...report,
      },
      200,
    )
  })
}

/** Where and when a report stands: the first site's date and money. */
async function standing(deps: Deps) {
  const catalogue = await stored(deps.snapshot.refresh())
  const timeZone = zoneOf(catalogue, null)
  const today = siteDate(new Date(deps.clock()).toISOString(), timeZone)
  const currency = catalogue.sites.values().next().value?.currency ?? 'USD'
  return { timeZone, today, currency, policy: catalogue.policy }
}

/** A period's report. Of one that has not begun: what it could see, did it begin today. */
async function read(
  deps: Deps,
  at: Awaited<ReturnType<typeof standing>>,
  period: LiftPeriod,
  next: ExperimentRow | null = null,
) {
  const { startsOn, endsOn } = period
  const early = dayOf(startsOn) - dayOf(at.today)
  const begun =
    early <= 0 ? period : { ...period, startsOn: at.today, endsOn: endsOn && dateOf(dayOf(endsOn) - early) }
  const made = await stored(readLift(deps.engine, { ...at, period: begun }))
  return { window: made.window, ...liftReport({ ...made, period }, next) }
}

/** @throws not_found */
function found(rows: ExperimentRow[], id: string): ExperimentRow {
  const row = rows.find((each) => each.id === id)
  if (!row) throw new Problem('not_found', 'There is no experiment with this id.')
  return row
}

/** The one that runs, else the last that began. Rows: the latest start first. */
const chosenOf = (rows: ExperimentRow[], today: string): ExperimentRow | null =>
  rows.find((row) => row.startsOn <= today && stateOf(row, today) !== 'withdrawn') ?? null

function stateOf({ startsOn, endsOn, stoppedOn }: ExperimentRow, today: string) {
  if (stoppedOn !== null) return stoppedOn < startsOn ? 'withdrawn' : 'stopped'
  return today < startsOn ? 'registered' : today > endsOn ? 'ended' : 'running'
}

const shownExperiment = (row: ExperimentRow, today: string): ExperimentAnswer => ({
  id: row.id,
  name: row.name,
  metric: METRIC,
  startsOn: row.startsOn,
  endsOn: row.endsOn,
  smallestLift: row.smallestLift,
  state: stateOf(row, today),
  stoppedOn: row.stoppedOn,
  registeredAt: row.registeredAt,
  actor: row.actor,
  plan: JSON.parse(row.plan) as z.infer<typeof PlanSchema>,
})

/** @throws invalid_request with every date that cannot be */
function refuseDates(today: string, startsOn: string, endsOn: string): void {
  const errors: { field: string; message: string }[] = []
  if (startsOn <= today)
    errors.push({
      field: 'startsOn',
      message: `must be after today, ${spokenDate(today)} ${today.slice(0, 4)}`,
    })
  const days = dayOf(endsOn) - dayOf(startsOn) + 1
  if (days < 1) errors.push({ field: 'endsOn', message: 'must not be before the start' })
  else if (days < SHORTEST_DAYS)
    errors.push({ field: 'endsOn', message: `must be at least ${SHORTEST_DAYS} days from the start` })
  else if (days > LONGEST_DAYS) errors.push({ field: 'endsOn', message: 'must be at most two years away' })
  if (errors.length > 0) throw invalid(errors)
}

/** The app: every route, what surrounds them, and how what goes wrong is answered. */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { problemPage, readsPages } from '../pages/layout.tsx'
import { pages } from '../pages/pages.ts'
import type { Engine } from '../store/engine.ts'
import { Recorder } from '../store/recorder.ts'
import { Snapshot } from '../store/snapshot.ts'
import { allianceMoves } from './alliance-moves.ts'
import { alliances } from './alliances.ts'
import type { App, Deps, Env, Log } from './app-context.ts'
import { auditLog } from './audit-log.ts'
import { guard } from './auth.ts'
import { rowsOf } from './authorization.ts'
import { browse } from './browse.ts'
import { CALENDAR_BODY_BYTES, calendar } from './calendar.ts'
import { calibrations } from './calibration.ts'
import { cards } from './cards.ts'
import { customers } from './customers.ts'
import { disputes } from './disputes.ts'
import { explanations } from './explanations.ts'
import { favours } from './favours.ts'
import { goals } from './goals.ts'
import { goalsMap } from './goals-map.ts'
import { health } from './health.ts'
import { healthOfAlliances } from './health-of-alliances.ts'
import { holds } from './holds.ts'
import { idempotent } from './idempotency.ts'
import { ledger } from './ledger.ts'
import { lifts } from './lift.ts'
import { mappings } from './mappings.ts'
import { merges } from './merges.ts'
import { notes } from './notes.ts'
import { offers } from './offers.ts'
import { OPENAPI } from './openapi.ts'
import { adoptAwaited, outcomes } from './outcomes.ts'
import { partnerEvents } from './partner-events.ts'
import { partners } from './partners.ts'
import { personas } from './personas.ts'
import { policies } from './policies.ts'
import { pollAnswers } from './poll-answers.ts'
import { pollLinks } from './poll-links.ts'
import { polls } from './polls.ts'
import { previews } from './preview.ts'
import { fieldErrors, invalid, Problem, problemResponse } from './problem.ts'
import { PURCHASES_BODY_BYTES, purchases } from './purchases.ts'
import { rankings } from './rankings.ts'
import { recommendations } from './recommendations.ts'
import { referrals } from './referrals.ts'
import { registryCsvRoutes } from './registry-csv.ts'
import { replays } from './replays.ts'
import { sessions } from './sessions.ts'
import { signIns } from './sign-ins.ts'
import { statements } from './statements.ts'
import { terms } from './terms.ts'
import { waiting } from './waiting.ts'
import { webhooks } from './webhooks.ts'

export type AppOptions = {
  engine: Engine
  clock(): number
  random(length: number): string
  log: Log
  demo?: boolean
}

const MOST_BYTES = 256 * 1024
const tooLarge = (most: number) => new Problem('too_large', `The body is larger than ${most / 1024} KB.`)
const limitOf = (path: RegExp, most: number) => ({
  path,
  most,
  countedBody: bodyLimit({
    maxSize: most,
    onError: () => {
      throw tooLarge(most)
    },
  }),
})
/** The first that fits says how large a body may be: calendars and a day's sales are large. */
const LIMITS = [
  limitOf(/^\/v1\/offers\/[^/]+\/sessions\/import$/, CALENDAR_BODY_BYTES),
  limitOf(/^\/v1\/purchases$/, PURCHASES_BODY_BYTES),
  limitOf(/^/, MOST_BYTES),
]

/**
 * Everything behind one fetch. The same on Node and at the edge.
 * @throws Error when the table of authorization has no row for a route
 */
export function createApp(options: AppOptions): { app: App; deps: Deps } {
  const deps: Deps = {
    demo: false,
    ...options,
    snapshot: new Snapshot(options.engine),
    recorder: new Recorder(
      options.engine,
      (error) =>
        options.log({
          level: 'error',
          event: 'record',
          error: error instanceof Error ? error.name : 'unknown',
        }),
      () => adoptAwaited(deps),
    ),
  }
  const app: App = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw invalid(fieldErrors(result.error.issues))
    },
  })

  app.use(async (c, next) => {
    const started = performance.now()
    c.set('deps', deps)
    const requestId = `req_${deps.random(12)}`
    c.set('requestId', requestId)
    // Before the answer is made: a header set afterwards makes it anew, with its body as a stream.
    c.header('x-request-id', requestId)
    c.header('x-content-type-options', 'nosniff')
    await next()
    deps.log({
      level: c.res.status >= 500 ? 'error' : 'info',
      event: 'request',
      requestId,
      method: c.req.method,
      // The route and never the path: a path holds a customer's reference.
      route: c.get('route') ?? c.req.routePath,
      status: c.res.status,
      ms: Math.round((performance.now() - started) * 100) / 100,
      role: c.get('role'),
      site: c.get('site'),
    })
  })
  app.use('/v1/*', async (c, next) => {
    const { method } = c.req
    if (method === 'GET' || method === 'HEAD') return next()
    const type = c.req.header('content-type')
    const length = c.req.header('content-length')
    if (method === 'POST' || method === 'PUT') {
      if (type === undefined && (length ?? '0') === '0') throw new Problem('body_missing')
      if (type === undefined || !/^application\/json\s*(;|$)/i.test(type))
        throw new Problem('not_a_json_type')
    }
    // Only a body of unknown length must be counted as it comes.
    const { most, countedBody } = LIMITS.find(({ path }) => path.test(c.req.path))!
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return countedBody(c, next)
    if (Number(length) > most) throw tooLarge(most)
    return next()
  })

  // The table is read once every route is mounted.
  let rowOf: ReturnType<typeof rowsOf> = () => null
  app.use(guard((c) => rowOf(c)))
  app.use('/v1/*', idempotent())

  for (const route of [
    recommendations,
    explanations,
    replays,
    outcomes,
    purchases,
    customers,
    notes,
    polls,
    pollAnswers,
    pollLinks,
    goalsMap,
    goals,
    cards,
    rankings,
    referrals,
    ledger,
    statements,
    favours,
    disputes,
    partnerEvents,
    webhooks,
    signIns,
    sessions,
    calendar,
    holds,
    waiting,
    offers,
    browse,
    calibrations,
    policies,
    personas,
    healthOfAlliances,
    lifts,
    auditLog,
    partners,
    alliances,
    terms,
    allianceMoves,
    previews,
    registryCsvRoutes,
    mappings,
    merges,
    health,
  ])
    route(app)
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of a till, of staff, of a manager or the owner.',
  })
  app.doc31('/openapi.json', OPENAPI)
  pages(app)
  rowOf = rowsOf(app)

  app.notFound((c) => {
    const others = app.routes.filter(
      (r) => r.method !== 'ALL' && r.path === c.req.path && r.method !== c.req.method,
    )
    return answerOf(c, new Problem(others.length > 0 ? 'method_not_allowed' : 'not_found'))
  })
  app.onError((error, c) => {
    const problem = problemOf(error)
    if (problem.code === 'internal' || problem.code === 'store_unavailable')
      deps.log({ level: 'error', event: problem.code, requestId: c.get('requestId'), ...whole(error) })
    return answerOf(c, problem)
  })
  return { app, deps }
}

/** A problem for programs, or as a page for people. */
async function answerOf(c: Context<Env>, problem: Problem): Promise<Response> {
  if (!readsPages(c)) return problemResponse(c, problem)
  // What a page is made of may be what is broken.
  return problemPage(c, problem).catch(() => problemResponse(c, problem))
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof HTTPException) {
    if (error.status === 400) return new Problem('not_json')
    if (error.status === 413) return new Problem('too_large')
  }
  return new Problem('internal')
}

/** An error for the log: its name and where it came from. A driver's message may hold values, so it stays out. */
function whole(error: unknown): Record<string, unknown> {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return { error: 'unknown' }
  return {
    error: cause.name,
    code: (cause as { code?: string }).code,
    stack: cause.stack?.split('\n').slice(1, 6).join(' | '),
  }
}

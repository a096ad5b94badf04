/** The app: every route, what surrounds them, and how what goes wrong is answered. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { pages } from '../pages/pages.ts'
import type { Engine } from '../store/engine.ts'
import { Recorder } from '../store/recorder.ts'
import { Snapshot } from '../store/snapshot.ts'
import type { App, Deps, Env, Log } from './app-context.ts'
import { customers } from './customers.ts'
import { explanations } from './explanations.ts'
import { health } from './health.ts'
import { OPENAPI } from './openapi.ts'
import { outcomes } from './outcomes.ts'
import { fieldErrors, invalid, Problem, problemResponse } from './problem.ts'
import { purchases } from './purchases.ts'
import { rankings } from './rankings.ts'
import { recommendations } from './recommendations.ts'

export type AppOptions = {
  engine: Engine
  clock(): number
  random(length: number): string
  log: Log
  demo?: boolean
}

const MOST_BYTES = 256 * 1024
const countedBody = bodyLimit({
  maxSize: MOST_BYTES,
  onError: () => {
    throw new Problem('too_large')
  },
})

/** Everything behind one fetch. The same on Node and at the edge. */
export function createApp(options: AppOptions): { app: App; deps: Deps } {
  const deps: Deps = {
    demo: false,
    ...options,
    snapshot: new Snapshot(options.engine),
    recorder: new Recorder(options.engine, (error) =>
      options.log({
        level: 'error',
        event: 'record',
        error: error instanceof Error ? error.name : 'unknown',
      }),
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
      route: c.req.routePath,
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
    if (length === undefined || c.req.header('transfer-encoding') !== undefined) return countedBody(c, next)
    if (Number(length) > MOST_BYTES) throw new Problem('too_large')
    return next()
  })

  for (const route of [recommendations, explanations, outcomes, purchases, customers, rankings, health])
    route(app)
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of a till, of staff, of a manager or the owner.',
  })
  app.doc31('/openapi.json', OPENAPI)
  pages(app)

  app.notFound((c) => {
    const others = app.routes.filter(
      (r) => r.method !== 'ALL' && r.path === c.req.path && r.method !== c.req.method,
    )
    return problemResponse(c, new Problem(others.length > 0 ? 'method_not_allowed' : 'not_found'))
  })
  app.onError((error, c) => {
    const problem = problemOf(error)
    if (problem.code === 'internal' || problem.code === 'store_unavailable')
      deps.log({ level: 'error', event: problem.code, requestId: c.get('requestId'), ...whole(error) })
    return problemResponse(c, problem)
  })
  return { app, deps }
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

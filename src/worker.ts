/** The edge: bindings → D1 → fetch. */
import type { D1Database, ExecutionContext } from '@cloudflare/workers-types'
import { createApp } from './http/app.ts'
import type { App } from './http/app-context.ts'
import { deliver } from './http/webhooks.ts'
import { clockFrom, clockStart, randomText } from './settings.ts'
import { openD1 } from './store/d1.ts'

export type Bindings = { DB: D1Database; ENCORE_CLOCK?: string }

let app: App | null = null

export default {
  fetch(request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> {
    const start = clockStart(env.ENCORE_CLOCK)
    app ??= createApp({
      engine: openD1(env.DB),
      clock: clockFrom(start),
      random: randomText,
      demo: start !== null,
      log: (line) => console.log(JSON.stringify(line)),
    }).app
    return app.fetch(request, env, context as never)
  },
  /** Once a minute: what waits in the outbox. */
  scheduled(_event: unknown, env: Bindings, context: ExecutionContext): void {
    context.waitUntil(deliver(openD1(env.DB), clockFrom(clockStart(env.ENCORE_CLOCK)), fetch))
  },
}

/** The edge: bindings → D1 → fetch. */
import type { D1Database, ExecutionContext } from '@cloudflare/workers-types'
import { EASE_ITEMS_CAP_EDGE } from './core/ease.ts'
import { createApp } from './http/app.ts'
import { adoptAwaited } from './http/outcomes.ts'
import { deliver } from './http/webhooks.ts'
import { clockFrom, clockStart, randomText } from './settings.ts'
import { openD1 } from './store/d1.ts'
import { isEaseDue, makeEase } from './store/ease.ts'
import type { Engine } from './store/engine.ts'
import { Snapshot } from './store/snapshot.ts'

export type Bindings = { DB: D1Database; ENCORE_CLOCK?: string }

let opened: ReturnType<typeof createApp> | null = null

function open(env: Bindings): ReturnType<typeof createApp> {
  const start = clockStart(env.ENCORE_CLOCK)
  opened ??= createApp({
    engine: openD1(env.DB),
    clock: clockFrom(start),
    random: randomText,
    demo: start !== null,
    log: (line) => console.log(JSON.stringify(line)),
  })
  return opened
}

export default {
  fetch(request: Request, env: Bindings, context: ExecutionContext): Response | Promise<Response> {
    return open(env).app.fetch(request, env, context as never)
  },
  /** Once a minute: what waits in the outbox, and outcomes that wait to be taken up. Once an hour: what goes with what, if enough was sold since. */
  scheduled(event: { scheduledTime: number }, env: Bindings, context: ExecutionContext): void {
    const engine = openD1(env.DB)
    const clock = clockFrom(clockStart(env.ENCORE_CLOCK))
    context.waitUntil(deliver(engine, clock, fetch))
    context.waitUntil(adoptAwaited(open(env).deps))
    if (new Date(event.scheduledTime).getUTCMinutes() === LEARN_MINUTE)
      context.waitUntil(learn(engine, new Date(clock()).toISOString()))
  },
}

/** The minute of the hour at which we look whether there is anything new to learn. */
const LEARN_MINUTE = 17

async function learn(engine: Engine, now: string): Promise<void> {
  if (!(await isEaseDue(engine))) return
  const snapshot = new Snapshot(engine)
  await snapshot.refresh()
  await makeEase(engine, snapshot.learned, now, EASE_ITEMS_CAP_EDGE)
}

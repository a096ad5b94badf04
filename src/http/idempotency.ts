/** Idempotency-Key: a request that is sent again, because its answer got lost, gets that answer and has one effect. */
import type { MiddlewareHandler } from 'hono'
import type { KeptAnswer } from '../store/idempotency.ts'
import { claimKey, dropClaim, keepAnswer, sweepAnswers } from '../store/idempotency.ts'
import { hashKey } from '../store/key.ts'
import type { Env } from './app-context.ts'
import { stored } from './auth.ts'
import { Problem } from './problem.ts'

/**
 * Routes whose requests have ids of their own, that never expire, or answer a repeat by themselves; and those that
 * answer with links that open something: they are kept nowhere.
 */
const WITHOUT =
  /^\/v1\/(recommendations|recommendations\/[^/]+\/outcomes|outcomes|purchases|customers\/[^/]+\/(evidence|notes|merge|about-link)|polls\/[^/]+\/(links|export)|invites)$/
const KEY = /^[A-Za-z0-9._:@-]{1,80}$/
const KEPT_HEADERS = ['content-type', 'etag', 'location']
const SWEEP_EVERY_MS = 3_600_000

/** For every POST of the API that has none of the ids above. Behind the guard: keys belong to a credential. */
export function idempotent(): MiddlewareHandler<Env> {
  let sweptMs = Number.NEGATIVE_INFINITY
  return async (c, next) => {
    const named = c.req.header('idempotency-key')
    const credential = c.get('credential')
    if (named === undefined || c.req.method !== 'POST' || !credential || WITHOUT.test(c.req.path))
      return next()
    if (!KEY.test(named))
      throw new Problem('invalid_request', 'Idempotency-Key: 1 to 80 letters, digits and . _ : @ - only', [
        { field: 'Idempotency-Key', message: 'must be 1 to 80 letters, digits and . _ : @ - only' },
      ])
    const { engine, clock } = c.get('deps')
    const id = `${credential.slice(0, 16)}/${named}`
    const digest = await hashKey(`${c.req.method} ${c.req.path}\n${await c.req.text()}`)
    const claim = await stored(claimKey(engine, id, digest, clock()))
    if (claim.state === 'other')
      throw new Problem('id_reused', 'This Idempotency-Key was used for another request.', [
        { field: 'Idempotency-Key', message: 'was used for another request' },
      ])
    if (claim.state === 'running')
      throw new Problem('conflict', 'The first request with this Idempotency-Key is still running.', [
        { field: 'Idempotency-Key', message: 'is in use' },
      ])
    if (claim.state === 'answered') {
      const { status, body, headers } = claim.answer
      return new Response(body === '' ? null : body, {
        status,
        headers: { ...headers, 'x-request-id': c.get('requestId'), 'idempotency-replayed': 'true' },
      })
    }
    await next()
    await settle(engine, id, claim.at, c.res).catch(() => {
      // It is answered all the same; the key is free again in a minute.
    })
    if (clock() - sweptMs < SWEEP_EVERY_MS) return
    sweptMs = clock()
    await sweepAnswers(engine, sweptMs).catch(() => {})
  }
}

/** What went wrong with us is no answer to keep. */
async function settle(
  engine: Parameters<typeof keepAnswer>[0],
  id: string,
  at: string,
  answer: Response,
): Promise<void> {
  if (answer.status >= 500) return dropClaim(engine, id, at)
  const headers: KeptAnswer['headers'] = {}
  for (const name of KEPT_HEADERS) {
    const value = answer.headers.get(name)
    if (value !== null) headers[name] = value
  }
  await keepAnswer(engine, id, at, { status: answer.status, body: await answer.clone().text(), headers })
}

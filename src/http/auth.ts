/** Who is asking: keys, roles and sites. Scope comes from the credential and from nowhere else. */
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { KeyRow } from '../store/key.ts'
import { findKey, hashKey } from '../store/key.ts'
import { findSignIn } from '../store/sign-in.ts'
import type { Env } from './app-context.ts'
import type { Row } from './authorization.ts'
import { Problem } from './problem.ts'

export type Role = KeyRow['role']

const hashes = new Map<string, string>()

/** The hash of the bearer key of a request. Kept in memory for keys seen lately, so that the till does not wait for it. */
export async function bearerHash(c: Context): Promise<string> {
  const header = c.req.header('authorization')
  const key = header && /^bearer\s+(\S+)$/i.exec(header)?.[1]
  if (!key) throw new Problem('key_missing', 'Send "Authorization: Bearer <key>".')
  const known = hashes.get(key)
  if (known) return known
  const hash = await hashKey(key)
  if (hashes.size >= 1000) hashes.clear()
  hashes.set(key, hash)
  return hash
}

/** Refuse a key that is unknown, withdrawn, expired, or of a role that may not do this. */
export function admit(key: KeyRow | null, nowIso: string, roles: readonly Role[]): KeyRow {
  if (key === null) throw new Problem('key_unknown')
  if (key.revokedAt !== null) throw new Problem('key_expired', 'This key was withdrawn.')
  if (key.expiresAt !== null && key.expiresAt <= nowIso)
    throw new Problem('key_expired', `This key was valid until ${key.expiresAt}.`)
  if (!roles.includes(key.role))
    throw new Problem('forbidden', `This takes the key of ${roles.join(' or ')}; this one is of ${key.role}.`)
  return key
}

/** The cookie of somebody who signed in to the pages. */
export const COOKIE = 'encore_sign_in'

/** Where a page sends who is not signed in. */
export const signInPath = (to: string): string => `/sign-in?to=${encodeURIComponent(to)}`

/** Whether an address is the API's: it answers in JSON and never sends anybody elsewhere. */
export const isApi = (path: string): boolean => path.startsWith('/v1/')

type Credential = { hash: string; key: KeyRow | null; cookie: boolean }

/** What a request shows: a key, or else the cookie of a sign-in; null for neither. */
async function credentialOf(c: Context<Env>): Promise<Credential | null> {
  const { engine } = c.get('deps')
  if (c.req.header('authorization') !== undefined) {
    const hash = await bearerHash(c)
    return { hash, key: await stored(findKey(engine, hash)), cookie: false }
  }
  const token = getCookie(c, COOKIE)
  if (!token) return null
  const hash = await hashKey(token)
  return { hash, key: await stored(findSignIn(engine, hash)), cookie: true }
}

/** Who is signed in, on a page that is open to everybody; null for a stranger. */
export async function signedIn(c: Context<Env>): Promise<KeyRow | null> {
  if (c.get('key')) return c.get('key')
  const token = getCookie(c, COOKIE)
  if (!token) return null
  const { engine, clock } = c.get('deps')
  const key = await findSignIn(engine, await hashKey(token))
  return key && isGood(key, new Date(clock()).toISOString()) ? key : null
}

const isGood = (key: KeyRow, nowIso: string) =>
  key.revokedAt === null && (key.expiresAt === null || key.expiresAt > nowIso)

/**
 * Let in whom the table lets in. The credential is then at `c.get('key')`, and who acts at `c.get('by')`.
 * A stranger on a page is sent to sign in.
 */
export function guard(rowOf: (c: Context) => Row | null): MiddlewareHandler<Env> {
  return async (c, next) => {
    const row = rowOf(c)
    if (row === null || row.who === 'everybody' || row.checkedInRead) return next()
    // For the log, also when it ends here.
    c.set('route', row.path)
    const { clock } = c.get('deps')
    const nowIso = new Date(clock()).toISOString()
    const reading = c.req.method === 'GET' || c.req.method === 'HEAD'
    const shown = await credentialOf(c)
    if (reading && !isApi(c.req.path) && (!shown?.key || !isGood(shown.key, nowIso))) {
      const { pathname, search } = new URL(c.req.url)
      return c.redirect(signInPath(pathname + search), 303)
    }
    if (shown === null) throw new Problem('key_missing', 'Send "Authorization: Bearer <key>", or sign in.')
    // Another site's page can make a browser send the cookie, but not say that it came from here.
    if (shown.cookie && !reading && !sameOrigin(c)) throw new Problem('forbidden', FROM_ELSEWHERE)
    const key = admit(shown.key, nowIso, row.who)
    const requestId = c.get('requestId')
    c.set('key', key)
    c.set('credential', shown.hash)
    c.set('by', {
      actor: key.staffId ?? key.partnerId ?? key.label,
      role: key.role,
      requestId,
      at: nowIso,
      id: requestId,
    })
    c.set('role', key.role)
    if (key.siteId) c.set('site', key.siteId)
    await next()
  }
}

export const FROM_ELSEWHERE = 'This form may only be sent from its own page.'

/** Whether a form was sent from a page of this very address. */
export function sameOrigin(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = c.req.header('origin')
  if (origin === undefined || !URL.canParse(origin)) return false
  // What stands in front of us may have changed one of the two; a stranger's page can change neither.
  return [c.req.header('host'), new URL(c.req.url).host].includes(new URL(origin).host)
}

/** A store that does not answer is a 503 to all but the till's question. */
export async function stored<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Problem) throw error
    throw Object.assign(new Problem('store_unavailable'), { cause: error })
  }
}

/** The site that a call is about: the key's own, or for keys of every site the one it names. */
export function siteOf(key: KeyRow, named: string | undefined, sites: ReadonlyMap<string, unknown>): string {
  if (key.siteId !== null) {
    if (named !== undefined && named !== key.siteId)
      throw new Problem('forbidden', `This key belongs to site ${key.siteId}.`, [
        { field: 'site', message: 'is another site' },
      ])
    return key.siteId
  }
  if (named === undefined)
    throw new Problem('invalid_request', 'site: this key serves every site, so name one', [
      { field: 'site', message: 'is missing' },
    ])
  if (!sites.has(named))
    throw new Problem('unknown_reference', `site: ${named} is not a site`, [
      { field: 'site', message: 'is unknown' },
    ])
  return named
}

/** Who is asking: keys, roles and sites. Scope comes from the credential and from nowhere else. */
import type { Context, MiddlewareHandler } from 'hono'
import type { KeyRow } from '../store/key.ts'
import { findKey, hashKey } from '../store/key.ts'
import type { Env } from './app-context.ts'
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

/** Let in only keys of these roles; the key is then at `c.get('key')`. */
export function requires(...roles: Role[]): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { engine, clock } = c.get('deps')
    const hash = await bearerHash(c)
    const key = admit(await stored(findKey(engine, hash)), new Date(clock()).toISOString(), roles)
    c.set('key', key)
    c.set('role', key.role)
    if (key.siteId) c.set('site', key.siteId)
    await next()
  }
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

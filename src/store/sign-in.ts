/** Sign-ins without passwords: a link that works once makes a cookie. Only SHA-256 hashes of either are kept. */
import type { By } from './audit.ts'
import { audited } from './audit.ts'
import type { Engine } from './engine.ts'
import { GuardFailed, guard, insertRows, statement } from './engine.ts'
import type { KeyRow } from './key.ts'
import { hashKey } from './key.ts'
import { invite, signIn } from './schema.ts'

/** Whom a link or a sign-in is for. */
export type Guest = Pick<KeyRow, 'role' | 'siteId' | 'partnerId' | 'staffId' | 'label'>

export type InviteRow = Guest & { createdAt: string; expiresAt: string; usedAt: string | null }

/** 256 random bits, as they stand in a link or a cookie. */
export function newToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  )
}

/** A hash's beginning: names an invite or a sign-in without opening anything. */
export const shortId = (hash: string): string => hash.slice(0, 16)

/**
 * Keep a new invite, and that it was made. The token itself is shown to whoever asked, and is not kept.
 * False when its partner is none of ours.
 */
export async function makeInvite(
  engine: Engine,
  token: string,
  guest: Guest,
  expiresAt: string,
  by: By,
): Promise<boolean> {
  const hash = await hashKey(token)
  const { role, siteId, partnerId, staffId, label } = guest
  try {
    await engine.atomic([
      ...(partnerId === null ? [] : guard('select count(*) from partner where id = ?', partnerId)),
      insertRows(invite, [{ hash, role, siteId, partnerId, staffId, label, createdAt: by.at, expiresAt }]),
      audited(by, 'made', 'invite', shortId(hash), {
        role: [null, role],
        siteId: [null, siteId],
        partnerId: [null, partnerId],
        staffId: [null, staffId],
      }),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** The invite of a token, used or not; null when there is none. */
export async function findInvite(engine: Engine, token: string): Promise<InviteRow | null> {
  const [row] = await engine.all<InviteRow>(
    statement(
      'select role, siteId, partnerId, staffId, label, createdAt, expiresAt, usedAt from invite where hash = ?',
      await hashKey(token),
    ),
  )
  return row ?? null
}

/** Use an invite: its link stops working, and the cookie begins to. False when it was used or is over. */
export async function redeemInvite(
  engine: Engine,
  token: string,
  cookie: string,
  expiresAt: string,
  by: By,
): Promise<boolean> {
  const [inviteHash, hash] = await Promise.all([hashKey(token), hashKey(cookie)])
  try {
    await engine.atomic([
      ...guard(
        'select count(*) from invite where hash = ? and usedAt is null and expiresAt > ?',
        inviteHash,
        by.at,
      ),
      statement('update invite set usedAt = ? where hash = ?', by.at, inviteHash),
      statement(
        `insert into signIn (hash, role, siteId, partnerId, staffId, label, createdAt, expiresAt)
         select ?1, role, siteId, partnerId, staffId, label, ?2, ?3 from invite where hash = ?4`,
        hash,
        by.at,
        expiresAt,
        inviteHash,
      ),
      audited(by, 'used', 'invite', shortId(inviteHash), { signIn: [null, shortId(hash)] }),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** Sign in without a link: only where everybody may, as in the demo shop. */
export async function makeSignIn(
  engine: Engine,
  cookie: string,
  guest: Guest,
  expiresAt: string,
  by: By,
): Promise<void> {
  const hash = await hashKey(cookie)
  const { role, siteId, partnerId, staffId, label } = guest
  await engine.atomic([
    insertRows(signIn, [{ hash, role, siteId, partnerId, staffId, label, createdAt: by.at, expiresAt }]),
    audited(by, 'made', 'signIn', shortId(hash), { role: [null, role] }),
  ])
}

/** The sign-in with this hash, as the credential that it is; null when there is none. */
export async function findSignIn(engine: Engine, hash: string): Promise<KeyRow | null> {
  const [row] = await engine.all<KeyRow>(
    statement(
      'select role, siteId, partnerId, staffId, label, expiresAt, revokedAt from signIn where hash = ?',
      hash,
    ),
  )
  return row ?? null
}

export type SignInRow = Guest & { id: string; createdAt: string; expiresAt: string; revokedAt: string | null }

const LISTED =
  'substr(hash, 1, 16) as id, role, siteId, partnerId, staffId, label, createdAt, expiresAt, revokedAt'
/** A credential of one site sees its site's sign-ins, and partners', who belong to none. */
const IN_SIGHT = `(?1 is null or siteId = ?1 or role = 'partner')`

/** Sign-ins that hold, newest first, one more than asked for. `before` is a `createdAt|id` to go on from. */
export async function listSignIns(
  engine: Engine,
  about: { siteId: string | null; nowIso: string; before: string | null; most: number },
): Promise<SignInRow[]> {
  return engine.all<SignInRow>(
    statement(
      `select ${LISTED} from signIn where ${IN_SIGHT} and revokedAt is null and expiresAt > ?2
         and (?3 is null or createdAt || '|' || substr(hash, 1, 16) < ?3)
       order by createdAt desc, hash desc limit ?4`,
      about.siteId,
      about.nowIso,
      about.before,
      about.most,
    ),
  )
}

/** One sign-in by its short id, as far as this site may see it. */
export async function findSignInById(
  engine: Engine,
  id: string,
  siteId: string | null,
): Promise<SignInRow | null> {
  const [row] = await engine.all<SignInRow>(
    statement(`select ${LISTED} from signIn where ${IN_SIGHT} and substr(hash, 1, 16) = ?2`, siteId, id),
  )
  return row ?? null
}

/** Its cookie opens nothing any more. False when it did not before either. */
export async function revokeSignIn(engine: Engine, id: string, by: By): Promise<boolean> {
  try {
    await engine.atomic([
      ...guard('select count(*) from signIn where substr(hash, 1, 16) = ? and revokedAt is null', id),
      statement('update signIn set revokedAt = ? where substr(hash, 1, 16) = ?', by.at, id),
      audited(by, 'revoked', 'signIn', id),
    ])
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

/** Credentials: only a SHA-256 of a key is ever stored or compared. */
import type { Engine } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { apiKey } from './schema.ts'

/** A credential: the key of a till or a program, or the sign-in of a person (staffId) or a partner. */
export type KeyRow = {
  role: 'till' | 'staff' | 'manager' | 'owner' | 'partner'
  siteId: string | null
  partnerId: string | null
  staffId: string | null
  label: string
  expiresAt: string | null
  revokedAt: string | null
}

/** SHA-256 of a key, in hex. */
export async function hashKey(key: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key))
  return Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('')
}

/** The credential with this hash, or null. */
export async function findKey(engine: Engine, hash: string): Promise<KeyRow | null> {
  const [row] = await engine.all<KeyRow>(
    statement(
      'select role, siteId, partnerId, null as staffId, label, expiresAt, revokedAt from apiKey where hash = ?',
      hash,
    ),
  )
  return row ?? null
}

/** Make these published keys unknown; whoever signed in while they were good is signed out. */
export async function forgetKeys(engine: Engine, keys: string[]): Promise<void> {
  const hashes = JSON.stringify(await Promise.all(keys.map(hashKey)))
  await engine.atomic([
    statement(
      'delete from signIn where exists (select 1 from apiKey where hash in (select value from json_each(?)))',
      hashes,
    ),
    statement('delete from apiKey where hash in (select value from json_each(?))', hashes),
  ])
}

/** Keep a credential: the key's hash, and what it opens. */
export async function addKey(
  engine: Engine,
  key: string,
  row: Pick<KeyRow, 'role' | 'siteId' | 'partnerId' | 'label' | 'expiresAt'>,
): Promise<void> {
  await engine.atomic([insertRows(apiKey, [{ ...row, hash: await hashKey(key) }])])
}

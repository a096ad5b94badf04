/** Visitors of a shop: somebody of a role with a key or signed in, and the forms of its pages. */
import { randomText } from '../../src/settings.ts'
import type { KeyRow } from '../../src/store/key.ts'
import { addKey } from '../../src/store/key.ts'
import { makeSignIn } from '../../src/store/sign-in.ts'
import { SEEDED_AT } from './engines.ts'
import type { Shop } from './shop.ts'
import { ORIGIN, openShop } from './shop.ts'

export { ORIGIN }
export type House = Pick<Shop, 'engine' | 'send' | 'at'>
export const openHouse: (kind: Parameters<typeof openShop>[0]) => Promise<House> = openShop

/** Headers of a form that was sent from a page of ours. */
export const FORM = { 'content-type': 'application/x-www-form-urlencoded', origin: ORIGIN }
export const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { ...FORM, ...headers },
  body: new URLSearchParams(fields).toString(),
})

/** Somebody of a role: with a key of their own, or signed in. Headers to send along. */
export async function somebody(
  house: Pick<House, 'engine'>,
  how: 'key' | 'cookie',
  role: KeyRow['role'],
  more: Partial<Pick<KeyRow, 'siteId' | 'partnerId' | 'staffId'>> = {},
): Promise<Record<string, string>> {
  const secret = `${role}-${randomText(24)}`
  const guest = { role, siteId: null, partnerId: null, staffId: null, label: `A ${role}`, ...more }
  if (how === 'key') {
    const { staffId: _, ...row } = guest
    await addKey(house.engine, secret, { ...row, expiresAt: null })
    return { authorization: `Bearer ${secret}` }
  }
  const by = { actor: 'test', role, requestId: secret, at: SEEDED_AT, id: secret }
  await makeSignIn(house.engine, secret, guest, '2027-01-01T00:00:00.000Z', by)
  return { cookie: `encore_sign_in=${secret}`, origin: ORIGIN }
}

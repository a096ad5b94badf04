/** The office: another running copy of the service over the same database, which can send headers and read any body. */
import Ajv2020 from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { addKey } from '../../src/store/key.ts'
import { SEEDED_AT } from '../support/engines.ts'
import type { ENGINES, Shop } from '../support/shop.ts'
import { openShop } from '../support/shop.ts'

export type Answer = { status: number; body: any; text: string; etag: string | null }
export type Call = (method: string, path: string, body?: unknown, more?: CallOptions) => Promise<Answer>
type CallOptions = { key?: string; ifMatch?: string | null }

export const OWNER = 'encore_owner_demo'
export const PARTNER = 'encore_partner_demo_P02'
export const MANAGER = 'test_manager'
export const OTHER_PARTNER = 'test_partner_P05'

export type Office = {
  shop: Shop
  call: Call
  at(instant: string): Promise<void>
  /** Set the office's clock, and not the tills'. */
  clockOnly(instant: string): void
}

/** A shop with an office beside it: what is done there must hold at the tills, which run elsewhere. */
export async function openOffice(kind: (typeof ENGINES)[number]): Promise<Office> {
  const shop = await openShop(kind)
  const key = { siteId: null, partnerId: null, expiresAt: null }
  await addKey(shop.engine, MANAGER, { ...key, role: 'manager', label: 'Manager' })
  await addKey(shop.engine, OTHER_PARTNER, { ...key, role: 'partner', partnerId: 'P05', label: 'Pool' })
  let now = Date.parse(SEEDED_AT)
  let document: any = null
  const { app } = createApp({ engine: shop.engine, clock: () => now, random: randomText, log: () => {} })
  return {
    shop,
    call: async (method, path, body, { key = OWNER, ifMatch } = {}) => {
      const response = await app.request(path, {
        method,
        headers: {
          ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(ifMatch == null ? {} : { 'if-match': ifMatch }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const type = response.headers.get('content-type') ?? ''
      const answer = type.includes('json') ? JSON.parse(text) : null
      if (answer !== null) {
        document ??= await (await app.request('/openapi.json')).json()
        expectPublished(document, method, path, response.status, type, answer)
      }
      return {
        status: response.status,
        body: answer,
        text,
        etag: response.headers.get('etag'),
      }
    },
    clockOnly: (instant) => {
      now = Date.parse(instant)
    },
    at: async (instant) => {
      now = Date.parse(instant)
      await shop.at(instant)
    },
  }
}

const ajv = new Ajv2020({ strict: false, validateFormats: false })
const checks = new Map<string, ReturnType<typeof ajv.compile>>()

/** An answer is of the schema that its own document publishes for its route and status. */
function expectPublished(
  document: any,
  method: string,
  path: string,
  status: number,
  type: string,
  body: unknown,
): void {
  const parts = path.split('?')[0]!.split('/')
  const patterns = Object.keys(document.paths).filter((pattern) => {
    const names = pattern.split('/')
    return (
      names.length === parts.length && names.every((name, i) => name.startsWith('{') || name === parts[i])
    )
  })
  const pattern = patterns.sort((a, b) => a.split('{').length - b.split('{').length)[0]
  const operation = document.paths[pattern!]?.[method.toLowerCase()]
  const key = `${method} ${pattern} ${status}`
  const schema = operation?.responses[status]?.content?.[type.split(';')[0]!]?.schema
  expect(schema, `${key} is documented`).toBeDefined()
  let check = checks.get(key)
  if (!check) checks.set(key, (check = ajv.compile({ components: document.components, ...schema })))
  expect(check(body), `${key}: ${JSON.stringify(check.errors)}`).toBe(true)
}

/** The office of a shop: calls of its owner, manager and partners, whose every answer is of its published schema. */
import Ajv2020 from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { addKey } from '../../src/store/key.ts'
import type { ENGINES, Reply, Shop } from './shop.ts'
import { openShop } from './shop.ts'

export type Answer = Reply & { etag: string | null }
type CallOptions = { key?: string; ifMatch?: string | null }
export type Call = (method: string, path: string, body?: unknown, more?: CallOptions) => Promise<Answer>

export const PARTNER = 'encore_partner_demo_P02'
export const MANAGER = 'test_manager'
export const OTHER_PARTNER = 'test_partner_P05'

export type Office = { shop: Shop; call: Call; at: Shop['at'] }

/** A shop with a manager and another partner. */
export async function openOffice(kind: (typeof ENGINES)[number]): Promise<Office> {
  const shop = await openShop(kind)
  const key = { siteId: null, partnerId: null, expiresAt: null }
  await addKey(shop.engine, MANAGER, { ...key, role: 'manager', label: 'Manager' })
  await addKey(shop.engine, OTHER_PARTNER, { ...key, role: 'partner', partnerId: 'P05', label: 'Pool' })
  return { shop, call: callOver(shop.ask), at: shop.at }
}

/** Call as the owner, unless another key is named; '' is none. */
export function callOver(ask: Shop['ask']): Call {
  let document: any = null
  return async (method, path, body, { key = 'owner', ifMatch } = {}) => {
    const headers: Record<string, string> = ifMatch == null ? {} : { 'if-match': ifMatch }
    const reply = await ask(method, path, body, key === '' ? null : key, headers)
    if (/json/.test(reply.headers.get('content-type') ?? '')) {
      document ??= (await ask('GET', '/openapi.json', undefined, null)).body
      expectPublished(document, method, path, reply)
    }
    return { ...reply, etag: reply.headers.get('etag') }
  }
}

const ajv = new Ajv2020({ strict: false, validateFormats: false })
const checks = new Map<string, ReturnType<typeof ajv.compile>>()

/** An answer is of the schema that its own document publishes for its route and status. */
function expectPublished(document: any, method: string, path: string, reply: Reply): void {
  const { status, body, headers } = reply
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
  const schema = operation?.responses[status]?.content?.[headers.get('content-type')!.split(';')[0]!]?.schema
  expect(schema, `${key} is documented`).toBeDefined()
  let check = checks.get(key)
  if (!check) checks.set(key, (check = ajv.compile({ components: document.components, ...schema })))
  expect(check(body), `${key}: ${JSON.stringify(check.errors)}`).toBe(true)
}

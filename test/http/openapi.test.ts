/** The OpenAPI document: sound, with examples that are true, and kept by every answer, whatever is sent. */
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import type { Reply } from '../support/shop.ts'
import { openShop } from '../support/shop.ts'

type Schema = Record<string, any>
type Operation = { method: string; path: string; operation: Schema }

/** Numbers drawn one after the other from a seed: mulberry32. */
function dice(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    next,
    int: (n: number) => Math.floor(next() * n),
    pick: <T>(list: readonly T[]) => list[Math.floor(next() * list.length)]!,
  }
}
type Dice = ReturnType<typeof dice>

const KNOWN = [
  'g01-ana',
  'g04-mei',
  'hh_0001',
  'DR-204-6',
  'YK-121',
  'dresses',
  'O054',
  'O049',
  'mv-swim',
  'st_maya',
  'BK',
  'LS',
  'USD',
  'juniper-till',
  'g01-ana-told-1',
  'ses_O049_20260321_0930',
]
const HOSTILE: unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  -0,
  9007199254740992,
  '',
  ' ',
  '\0',
  '\ud800',
  '🎁',
  '\u202e',
  '1e1',
  '2026-02-30',
  '9999-12-31T23:59:59Z',
  "' or 1=1 --",
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '__proto__',
  [],
  {},
  [[]],
  { __proto__: 1 },
  'x'.repeat(5000),
  Array(600).fill(0),
]

/** What some fields mean, so that requests get past the door. */
const MEANT: Record<string, unknown[]> = {
  goal: ['mv-swim', 'music-instrument', 'mil-newborn'],
  offer: ['O054', 'O056', 'O049'],
  customer: ['g01-ana', 'g02-claire', 'hh_0001'],
  about: ['2026-05-01'],
  answer: ['yes', 'no'],
  reason: ['notNow', 'notForUs'],
  site: ['BK'],
  partner: ['P01', 'P02', 'P05'],
  partnerId: ['P01', 'P02'],
  staff: ['st_maya'],
  sessionId: ['ses_O049_20260321_0930', 'ses_O054_20260321_1000'],
  currency: ['USD'],
  facet: ['piano'],
  goals: [{ 'music-instrument': 0.9 }],
  startsAt: ['2026-04-04T10:00:00-05:00'],
  endsAt: ['2026-04-04T11:00:00-05:00'],
  startsOn: ['2026-03-01'],
  opensOn: ['2026-03-14'],
  closesOn: ['2026-05-30'],
  question: ['Would that interest you?'],
  goYes: [1],
  endsOn: ['2026-12-31'],
}

/** A value that fits a schema, more or less often. */
function fitting(schema: Schema, d: Dice, depth = 0): unknown {
  if (schema.anyOf || schema.oneOf) return fitting(d.pick(schema.anyOf ?? schema.oneOf), d, depth)
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((s: Schema) => fitting(s, d, depth)))
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return d.pick(schema.enum)
  const type = Array.isArray(schema.type) ? d.pick(schema.type) : schema.type
  switch (type) {
    case 'object': {
      const made: Record<string, unknown> = {}
      for (const [name, property] of Object.entries(schema.properties ?? {}))
        if (schema.required?.includes(name) || d.next() < 0.4)
          made[name] =
            name in MEANT && d.next() < 0.8 ? d.pick(MEANT[name]!) : fitting(property as Schema, d, depth + 1)
      return made
    }
    case 'array':
      return Array.from({ length: (schema.minItems ?? 0) + d.int(3) }, () =>
        fitting(schema.items ?? {}, d, depth + 1),
      )
    case 'integer':
      return (
        (schema.minimum ?? 0) + d.int(Math.min((schema.maximum ?? 1000) - (schema.minimum ?? 0), 5000) + 1)
      )
    case 'number':
      return (
        Math.round(((schema.minimum ?? schema.exclusiveMinimum ?? 0) + d.next() * 10 + 0.001) * 1000) / 1000
      )
    case 'boolean':
      return d.next() < 0.5
    case 'null':
      return null
    default:
      if (schema.format === 'date-time')
        return d.pick([
          '2026-03-14T16:42:00Z',
          '2025-11-02T01:30:00-05:00',
          '2026-03-14T23:59:59.999+14:00',
          '1999-01-01T00:00:00Z',
        ])
      if (schema.format === 'date') return d.pick(['2026-03-14', '2024-02-29', '2031-12-31'])
      if (schema.pattern?.includes('[A-Z]{3}')) return d.pick(['USD', 'EUR'])
      if (schema.pattern?.includes('0[1-9]')) return '2020-09'
      return d.next() < 0.6 ? d.pick(KNOWN) : `r${d.int(500)}`
  }
}

/** The same with one thing wrong somewhere. */
function spoiled(value: unknown, d: Dice): unknown {
  if (value === null || typeof value !== 'object' || d.next() < 0.15) return d.pick(HOSTILE)
  const keys = Object.keys(value)
  if (keys.length === 0 || d.next() < 0.1)
    return Array.isArray(value)
      ? [...value, d.pick(HOSTILE)]
      : { ...value, [d.pick(['surprise', '__proto__', 'id', ''])]: d.pick(HOSTILE) }
  const key = d.pick(keys)
  if (Array.isArray(value)) return value.map((each, i) => (String(i) === key ? spoiled(each, d) : each))
  if (d.next() < 0.15) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
  return { ...value, [key]: spoiled((value as Schema)[key], d) }
}

const resolve = (schema: Schema, document: Schema): Schema => {
  if (schema?.$ref) return resolve(document.components.schemas[schema.$ref.split('/').at(-1)!], document)
  if (Array.isArray(schema)) return schema.map((each) => resolve(each, document)) as never
  if (schema && typeof schema === 'object')
    return Object.fromEntries(
      Object.entries(schema).map(([k, v]) => [k, k === 'example' ? v : resolve(v as Schema, document)]),
    )
  return schema
}

async function opened() {
  const shop = await openShop('node')
  const document = (await shop.ask('GET', '/openapi.json')).body as Schema
  const operations: Operation[] = Object.entries(document.paths as Schema).flatMap(([path, methods]) =>
    Object.entries(methods as Schema).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as Schema,
    })),
  )
  const ajv = new Ajv2020({ strict: false, allErrors: false })
  addFormats.default(ajv)
  const validators = new Map<string, ReturnType<typeof ajv.compile>>()
  const validator = (schema: Schema, name: string) => {
    if (!validators.has(name)) validators.set(name, ajv.compile(resolve(schema, document)))
    return validators.get(name)!
  }
  return { shop, document, operations, validator }
}

const bodySchema = ({ operation }: Operation) =>
  operation.requestBody?.content['application/json']?.schema as Schema | undefined

describe('the OpenAPI document', () => {
  test('is 3.1, and every operation has an id, a summary, answers and a required body', async () => {
    const { document, operations } = await opened()
    expect(document.openapi).toBe('3.1.0')
    expect(operations.length).toBeGreaterThanOrEqual(13)
    for (const { operation, method, path } of operations) {
      expect(operation.operationId, path).toBeTruthy()
      expect(operation.summary, path).toBeTruthy()
      if (method === 'POST' || method === 'PUT') expect(operation.requestBody.required, path).toBe(true)
    }
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
  })

  test('every example fits its own schema', async () => {
    const { document, validator } = await opened()
    for (const [name, schema] of Object.entries(document.components.schemas as Record<string, Schema>))
      if (schema.example !== undefined) {
        const check = validator(schema, `component ${name}`)
        expect(check(schema.example), `${name}: ${JSON.stringify(check.errors)}`).toBe(true)
      }
  })

  test('the example of the main call is its real answer, apart from the random id', async () => {
    const { shop, document, validator } = await opened()
    const post = document.paths['/v1/recommendations'].post
    const asked = document.components.schemas.RecommendationRequest.example
    const { example, schema } = post.responses['200'].content['application/json']
    const { body } = await shop.ask('POST', '/v1/recommendations', asked)
    expect({ ...body, id: example.id, dataVersion: example.dataVersion }).toEqual(example)
    expect(validator(schema, 'answer')(body)).toBe(true)
  })

  test('25,000 requests, fitting and hostile: no 5xx, and every answer is one that the document allows', {
    timeout: 900_000,
  }, async () => {
    const { shop, document, operations, validator } = await opened()
    const d = dice(20_260_314)
    const seen = new Map<string, number>()
    const memory = remembering()
    const broken = new Map<string, string>()
    const isShallow = ({ method, path, operation }: Operation) => {
      const good = Object.keys(operation.responses).filter((status) => status.startsWith('2'))
      const n = good.reduce((sum, status) => sum + (seen.get(`${method} ${path} ${status}`) ?? 0), 0)
      return n <= 2 && !(`${method} ${path}` in SHALLOW)
    }
    for (let i = 0; i < 35_000; i++) {
      // After 25,000, only what was hardly reached.
      const asked = i < 25_000 ? operations : operations.filter(isShallow)
      if (asked.length === 0) break
      const operation = d.pick(asked)
      const schema = bodySchema(operation)
      let body: unknown
      if (schema) {
        const whole = resolve(schema, document)
        body =
          whole.example !== undefined && d.next() < 0.4 ? structuredClone(whole.example) : fitting(whole, d)
        if (d.next() < 0.4) body = spoiled(body, d)
        if (d.next() < 0.01)
          body = d.pick(['{', '', 'null', '"x"', '{"a":1e999}', '\ufeff{}', '{"id":"\\ud800"}'])
      }
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string, at: number) =>
        encodeURIComponent(
          d.next() < 0.85
            ? d.pick([...memory.idsOf(operation.path.slice(0, at), name), `r${d.int(500)}`])
            : d.pick(['\0', '🎁', '%', "'", 'x'.repeat(300), '..']),
        ),
      )
      const key = d.pick(['BK', 'BK', 'LS', 'staff', 'owner', 'owner', 'owner', 'partner', 'wrong'])
      const ifMatch: Record<string, string> = d.next() < 0.9 ? { 'if-match': memory.etagOf(path) } : {}
      const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const reply = await shop.ask(operation.method, path + queryOf(operation, d), sent, key, ifMatch)
      memory.see(operation.path, path, reply)
      const name = `${operation.method} ${operation.path} ${reply.status}`
      seen.set(name, (seen.get(name) ?? 0) + 1)
      const what = `${name} ${path} ${JSON.stringify(body)?.slice(0, 600)} → ${JSON.stringify(reply.body)?.slice(0, 300)}`
      const wrong = (why: string) => broken.set(`${name} ${why}`, what)
      if (reply.status >= 500) wrong('fails')
      const documented = operation.operation.responses[reply.status]
      // A path that is no path of ours any more is a plain 404 or 405.
      if (!documented && (reply.status === 404 || reply.status === 405)) continue
      if (!documented) {
        wrong('is not documented')
        continue
      }
      const [type, content] = Object.entries((documented.content ?? {}) as Record<string, Schema>)[0] ?? []
      if (content?.schema && type !== 'text/csv') {
        const check = validator(content.schema, name)
        if (!check(reply.body)) wrong(JSON.stringify(check.errors).slice(0, 200))
      }
    }
    expect([...broken].map(([why, what]) => `${why}: ${what}`)).toEqual([])
    // It reached the inside of every route, and not only its door.
    expect(operations.filter(isShallow).map(({ method, path }) => `${method} ${path}`)).toEqual([])
    console.log(
      `fuzzed: ${[...seen]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, n]) => `${name} × ${n}`)
        .join(', ')}`,
    )
  })
})

/** Routes whose inside no dice can reach, and the suites that do. */
const SHALLOW: Record<string, string> = {
  'GET /v1/about/{token}': 'needs a customer’s own link: cards.test.ts',
  'POST /v1/about/{token}': 'needs a customer’s own link: cards.test.ts',
  'DELETE /v1/about/{token}': 'needs a customer’s own link: cards.test.ts',
  'POST /v1/partners/{id}/events': 'must be signed: referrals.test.ts',
  'POST /v1/ledger/{entry}/disputes': 'needs money in the ledger: ledger.test.ts',
  'POST /v1/disputes/{id}/resolution': 'needs a dispute: ledger.test.ts',
  'POST /v1/holds/{id}/confirm': 'needs a place that is still to be had: sessions.test.ts',
  'DELETE /v1/holds/{id}': 'needs a place that is still to be had: sessions.test.ts',
  'PUT /v1/alliances/{id}/briefings/{site}':
    'needs an alliance and a site that go together: alliances.test.ts',
  'PUT /v1/sessions/{id}': 'needs capacity for what is kept: sessions.test.ts',
  'POST /v1/polls': 'one open poll a goal: polls.test.ts',
  'PUT /v1/polls/{id}': 'the first answer closes it to changes: polls.test.ts',
  'DELETE /v1/waiting/{id}': 'needs somebody who waits: sessions.test.ts',
  'DELETE /v1/partners/{id}/checks/{code}': 'once each: partners.test.ts',
  'DELETE /v1/offers/{id}/checks/{code}': 'once each: partners.test.ts',
  'POST /v1/goals/starter': 'needs a shop without goals: goals.test.ts',
  'POST /v1/alliances': 'once a partner: alliances.test.ts',
  'GET /v1/customers/{ref}/merge': 'needs two who are not one yet: merges.test.ts',
  'POST /v1/customers/{ref}/merge': 'once each: merges.test.ts',
  'DELETE /v1/policies/{version}': 'a proposal once: policies.test.ts',
  'POST /v1/policies/{version}/activate': 'needs the digest of its preview: policies.test.ts',
  'POST /v1/experiments': 'one at a time: lift.test.ts',
  'POST /v1/experiments/{id}/stop': 'needs one that runs: lift.test.ts',
  'POST /v1/alliances/{id}/terms': 'needs the alliance’s own ETag: alliances.test.ts',
  'POST /v1/alliances/{id}/decisions': 'once a side and version of terms: alliances.test.ts',
}

/** Parameters that are the same kind of thing wherever they stand. */
const PARAMS: Record<string, string[]> = {
  ref: ['g01-ana', 'g04-mei', 'hh_0001'],
  eventId: ['g01-ana-told-1'],
  site: ['BK', 'LS'],
  month: ['2026-01', '2026-02', '2026-03'],
  version: ['1', '2'],
  slug: ['mv-team', 'chess', 'chess-club'],
}

/** What was met on the way: ids by where they are asked for, and the ETag of each address. */
function remembering() {
  const ids = new Map<string, string[]>([
    ['/v1/offers/', ['O054', 'O049', 'O056', 'O088']],
    ['/v1/partners/', ['P01', 'P02', 'P04', 'P05']],
    ['/v1/alliances/', ['A01', 'A02', 'A04', 'A14']],
    ['/v1/partners/{id}/checks/', ['SAFEGUARDING', 'INSURANCE']],
    ['/v1/offers/{id}/checks/', ['TEACHER_CONFIRMED', 'CARDS_AT_TILL']],
    ['/v1/personas/', ['piano', 'baby', 'yoga', 'mandarin', 'first-visit', 'gifts']],
    ['/v1/sessions/', ['ses_O049_20260321_0930', 'ses_O054_20260321_1000']],
  ])
  const etags = new Map<string, string>()
  const base = (path: string) => path.split('/').slice(0, 4).join('/')
  const add = (prefix: string, id: unknown) => {
    const known = ids.get(prefix) ?? []
    if (typeof id === 'string' && !known.includes(id)) ids.set(prefix, [...known.slice(-40), id])
  }
  return {
    idsOf: (prefix: string, name: string) => PARAMS[name] ?? ids.get(prefix) ?? KNOWN,
    etagOf: (path: string) => etags.get(base(path)) ?? '"1"',
    see(template: string, path: string, { status, body, headers }: Reply) {
      if (status >= 300 || body === null || typeof body !== 'object') return
      const etag = headers.get('etag')
      if (etag && !path.includes('/checks/'))
        etags.set(template.includes('{') ? base(path) : `${template}/${body.id}`, etag)
      const prefix = `${template.split('/{')[0]}/`
      for (const each of [body, body.hold, body.waiting, body.referral])
        for (const id of [each?.id, each?.code]) add(each === body.referral ? '/v1/referrals/' : prefix, id)
      for (const list of Object.values(body))
        if (Array.isArray(list)) for (const each of list.slice(0, 20)) add(prefix, each?.id ?? each?.code)
    },
  }
}

/** Some of the query that an operation documents, as it should be or not. */
function queryOf({ operation }: Operation, d: Dice): string {
  const pairs = ((operation.parameters ?? []) as Schema[])
    .filter((each) => each.in === 'query' && d.next() < (each.required ? 0.9 : 0.25))
    .map((each) => [each.name, String(d.next() < 0.8 ? fitting(each.schema ?? {}, d) : d.pick(HOSTILE))])
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs as [string, string][])}`
}

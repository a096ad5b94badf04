/** A made-up shop of any size in a SQLite file: the demo shop's goals and words, with as many offers and customers as asked. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registryRows } from '../../seed/juniper-row.ts'
import { digest } from '../../src/core/chance.ts'
import { STARTER_GOALS } from '../../src/core/goal.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { dateOf, dayOf, localIso } from '../../src/core/time.ts'
import { relearn } from '../../src/store/count.ts'
import { refreshState } from '../../src/store/customer.ts'
import type { Statement } from '../../src/store/engine.ts'
import { BUMP, insertRows, statement } from '../../src/store/engine.ts'
import { hashKey } from '../../src/store/key.ts'
import * as schema from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

export type Size = { customers: number; offers: number }

export const SMALL: Size = { customers: 10_000, offers: 1_000 }
export const LARGE: Size = { customers: 1_000_000, offers: 10_000 }

/** The instant at which the shop is asked. */
export const NOW = '2026-03-14T16:42:00.000Z'
export const TILL_KEY = 'encore_till_bench'

const TODAY = dayOf(NOW)
const PRODUCTS = 2_000
/**
 * Customers that have all their rows. The others of a large shop carry a copy of such a customer's state:
 * a till call reads nothing else of theirs, and a million households of rows would take 5 GB.
 */
const MOST_WITH_ROWS = 50_000

type Raw = any
const seed = (name: string): Raw[] => JSON.parse(readFileSync(`seed/juniper-row/${name}.json`, 'utf8'))
const CATEGORIES = seed('categories').map((category) => category.slug as string)
const categoryOf = (productId: number) => CATEGORIES[(productId - 1) % CATEGORIES.length]!

/** Numbers that look drawn and are always the same (mulberry32; Tommy Ettinger, public domain). */
export function draws(start: number) {
  let state = start
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    next,
    chance: (share: number) => next() < share,
    between: (from: number, to: number) => from + Math.floor(next() * (to - from + 1)),
    of: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!,
    some: <T>(list: readonly T[], n: number): T[] => {
      const taken = new Set<T>()
      while (taken.size < Math.min(n, list.length)) taken.add(list[Math.floor(next() * list.length)]!)
      return [...taken]
    },
  }
}

/** The file of a shop of this size, made on first use and kept for the next run. */
export async function sizedShop(size: Size): Promise<string> {
  const migrations = readdirSync('migrations').filter((name) => name.endsWith('.sql'))
  const made = digest(
    `${migrations.map((name) => readFileSync(`migrations/${name}`, 'utf8'))}${catalogue}${households}${spread}`,
  )
  const path = join(tmpdir(), `encore-bench-${size.customers}-${size.offers}-${made}.sqlite`)
  if (existsSync(path)) return path
  const started = performance.now()
  const partial = `${path}.partial`
  for (const end of ['', '-wal', '-shm']) rmSync(partial + end, { force: true })
  const engine = openSqlite(partial, 'migrations')
  for (const pragma of ['synchronous = OFF', 'secure_delete = OFF', 'cache_size = -400000'])
    engine.file.pragma(pragma)
  await engine.atomic(catalogue(size.offers))
  await engine.atomic([
    insertRows(schema.apiKey, [
      { hash: await hashKey(TILL_KEY), role: 'till', siteId: 'BK', label: 'benchmark' },
    ]),
  ])
  const withRows = Math.min(size.customers, MOST_WITH_ROWS)
  const every = size.customers / withRows
  for (let from = 0; from < withRows; from += 5_000) {
    const refs = Array.from({ length: Math.min(5_000, withRows - from) }, (_, i) =>
      customerRef((from + i) * every),
    )
    await engine.atomic([...households(refs, size.offers, from), refreshState(refs)])
  }
  await relearn(engine)
  if (every > 1) await engine.atomic(spread(size.customers, every))
  engine.file.pragma('wal_checkpoint(TRUNCATE)')
  engine.close()
  renameSync(partial, path)
  process.stderr.write(
    `made a shop of ${size.customers} customers and ${size.offers} offers in ${Math.round((performance.now() - started) / 1000)} s\n`,
  )
  return path
}

/** The reference of customer `n`. */
export const customerRef = (n: number) => `c${String(n).padStart(7, '0')}`
const offerId = (n: number) => `O${String(n).padStart(5, '0')}`

/** Every row of the catalogue: the demo shop's goals, rules and partners, offers as varied as a real shop's. */
export function catalogue(offers: number): Statement[] {
  const { between, chance, of, some } = draws(offers)
  const text = JSON.stringify
  const goals = STARTER_GOALS
  const partners = seed('partners')
  const templates = seed('offers')
  const rows = Array.from({ length: offers }, (_, n) => {
    const template = templates[n % templates.length]
    const partnerId = chance(0.3) ? of(partners).id : null
    const from = chance(0.3) ? null : between(0, 10) * 12
    const commitment = of(['free', 'low', 'low', 'medium', 'high'] as const)
    const priceMinor = commitment === 'free' ? 0 : between(8, 120) * 100
    return {
      id: offerId(n),
      kind: template.kind,
      partnerId,
      state: chance(0.95) ? ('live' as const) : ('paused' as const),
      headline: template.headline,
      priceMinor,
      costMinor: Math.round(priceMinor * 0.45),
      ageMinMonths: from,
      ageMaxMonths: from === null ? null : from + between(2, 8) * 12,
      months: text(chance(0.3) ? some([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 4) : []),
      stage: of(['both', 'both', 'both', 'back', 'front'] as const),
      minRelationship: chance(0.15) ? between(1, 2) : 0,
      commitment,
      goals: text(Object.fromEntries(some(goals, between(1, 3)).map((g) => [g.slug, between(30, 95) / 100]))),
      facets: text(template.facets),
      requires: text(chance(0.05) ? [`attended:${offerId(between(0, offers - 1))}`] : []),
      skus: text(chance(0.4) ? [sku(between(1, PRODUCTS))] : []),
      sites: text(chance(0.1) ? [of(['BK', 'LS'])] : []),
      kindness: chance(0.01) ? 1 : 0,
      seated: chance(0.15) ? 1 : 0,
      say: text(template.say),
      said: between(0, 40),
      accepted: between(0, 8),
      rev: 1,
    }
  })
  const sessions = rows.flatMap((row) =>
    row.seated === 0
      ? []
      : Array.from({ length: between(0, 4) }, (_, k) => {
          const startsMs = Date.parse(NOW) + between(-3, 40) * 86_400_000 + 3_600_000 * k
          return {
            id: `${row.id}-${k}`,
            offerId: row.id,
            siteId: of(['BK', 'BK', 'LS', null]),
            place: 'Back room',
            startsAt: localIso(startsMs, 'America/Chicago'),
            endsAt: localIso(startsMs + 2_700_000, 'America/Chicago'),
            capacity: between(1, 8),
            bookedElsewhere: 0,
            rev: 1,
          }
        }),
  )
  const tables = [
    insertRows(schema.policy, [
      { version: 1, record: text(defaultPolicy('bench')), createdAt: NOW, activation: 1, rev: 1 },
    ]),
    insertRows(
      schema.site,
      seed('sites').map((row) => ({ ...row, rev: 1 })),
    ),
    insertRows(
      schema.staff,
      seed('staff').map((row) => ({ ...row, sites: text(row.sites), rev: 1 })),
    ),
    insertRows(
      schema.goal,
      goals.map((row) => ({
        ...row,
        toldOnly: row.toldOnly ? 1 : 0,
        householdLevel: row.householdLevel ? 1 : 0,
        rev: 1,
      })),
    ),
    insertRows(
      schema.category,
      seed('categories').map((row) => ({ ...row, rev: 1 })),
    ),
    insertRows(
      schema.rule,
      seed('rules').map((row) => ({ ...row, rev: 1 })),
    ),
    insertRows(
      schema.product,
      Array.from({ length: PRODUCTS }, (_, i) => ({
        id: i + 1,
        sku: sku(i + 1),
        name: `Product ${i + 1}`,
        category: categoryOf(i + 1),
        priceMinor: between(10, 120) * 100,
        rev: 1,
      })),
    ),
    ...registryRows(
      partners,
      [],
      seed('sites').map((each) => each.id),
      '2026-01-01T00:00:00.000Z',
    ),
    ...['partner', 'alliance', 'terms', 'briefing'].map((table) =>
      statement(`update "${table}" set rev = 1`),
    ),
    insertRows(
      schema.backStageCheck,
      rows
        .filter(() => chance(0.2))
        .map((row) => ({
          id: `${row.id}/READY`,
          offerId: row.id,
          code: 'READY',
          critical: chance(0.5) ? 1 : 0,
          severity: 0.1,
          ok: chance(0.9) ? 1 : 0,
          validUntil: chance(0.5) ? dateOf(TODAY + between(-20, 300)) : null,
          rev: 1,
        })),
    ),
    insertRows(schema.offer, rows),
    insertRows(
      schema.link,
      rows
        .filter(() => chance(0.3))
        .map((row) => ({
          fromOffer: row.id,
          toOffer: offerId(between(0, offers - 1)),
          trigger: of(['attended', 'enrolled', 'bought', 'ageReached']),
          fromDays: 0,
          untilDays: between(20, 120),
          ageMonths: between(1, 12) * 12,
          says: 'a while after the first time',
          rev: 1,
        })),
    ),
    insertRows(schema.session, sessions),
    insertRows(
      schema.hold,
      sessions
        .filter(() => chance(0.3))
        .map((row) => ({
          id: `hold-${row.id}`,
          sessionId: row.id,
          place: 1,
          state: of(['held', 'confirmed'] as const),
          expiresAt: dateOf(TODAY + between(-5, 10)),
          rev: 1,
        })),
    ),
  ]
  return [BUMP, ...tables]
}

const sku = (n: number) => `SKU-${String(n).padStart(5, '0')}`

/** Households with five purchases of two things each, and what they told us. */
export function households(refs: string[], offers: number, start: number): Statement[] {
  const { between, chance, of } = draws(start + 1)
  const rules = seed('rules')
  const goals = STARTER_GOALS.filter((goal) => !goal.toldOnly)
  const templates = seed('offers')
  const rulesOf = (productId: number) => rules.filter((rule) => rule.category === categoryOf(productId))
  const children: Raw[] = []
  const consents: Raw[] = []
  const evidence: Raw[] = []
  const purchases: Raw[] = []
  const lines: Raw[] = []
  for (const ref of refs) {
    for (let k = 0; k < between(1, 2); k++)
      children.push({
        id: `${ref}/${k}`,
        customer: ref,
        birthMonth: dateOf(TODAY - between(6, 170) * 30).slice(0, 7),
      })
    for (const purpose of chance(0.8) ? ['personalise', 'childProfile'] : ['personalise'])
      consents.push({
        id: `${ref}/${purpose}`,
        customer: ref,
        purpose,
        channel: 'till',
        decision: 'granted',
        source: 'customer',
        wording: '1',
        at: '2025-01-02T12:00:00.000Z',
        recordedAt: NOW,
      })
    const said = (id: string, kind: string, goal: string, weight: number, more: object = {}) => {
      const day = TODAY - between(1, 500)
      evidence.push({
        id: `${ref}/${id}`,
        customer: ref,
        kind,
        goal,
        facet: null,
        offerId: null,
        purchaseId: null,
        weight,
        halfLifeDays: 365,
        speakable: 1,
        words: null,
        staffId: null,
        onDate: dateOf(day),
        recordedAt: `${dateOf(day)}T12:00:00.000Z`,
        ...more,
      })
    }
    said('told', 'told', of(goals).slug, 0.9, { words: 'asked about it for the summer', staffId: 'st_maya' })
    said('noticed', 'noticed', of(goals).slug, 0.55, { words: 'mentioned it at the till', staffId: 'st_tom' })
    said('answered', 'answered', of(goals).slug, 0.75)
    if (chance(0.5)) {
      const offer = between(0, offers - 1)
      const goal = Object.keys(templates[offer % templates.length].goals)[0]!
      said('attended', 'attended', goal, 0.42, { offerId: offerId(offer) })
    }
    if (chance(0.2))
      said('declined', 'declined', of(goals).slug, 0, {
        offerId: offerId(between(0, offers - 1)),
        words: 'notNow',
        speakable: 0,
      })
    const liked = between(0, PRODUCTS / 40 - 1)
    for (let k = 0; k < 5; k++) {
      const day = TODAY - between(1, 700)
      const id = `${ref}/${k}`
      let totalMinor = 0
      for (let n = 0; n < 2; n++) {
        // Mostly of the range that this household likes: chance alone would make every pair of things equal.
        const productId = chance(0.95) ? liked * 40 + between(1, 40) : between(1, PRODUCTS)
        const unitPriceMinor = between(10, 120) * 100
        totalMinor += unitPriceMinor
        lines.push({ purchaseId: id, n, productId, quantity: 1, unitPriceMinor, gift: chance(0.1) ? 1 : 0 })
        for (const rule of rulesOf(productId))
          evidence.push({
            id: `${id}/${n}/${rule.goal}`,
            customer: ref,
            kind: 'bought',
            goal: rule.goal,
            facet: null,
            offerId: null,
            purchaseId: id,
            weight: rule.weight,
            halfLifeDays: rule.halfLifeDays,
            speakable: 0,
            words: null,
            staffId: null,
            onDate: dateOf(day),
            recordedAt: `${dateOf(day)}T12:00:00.000Z`,
          })
      }
      purchases.push({
        id,
        source: 'bench',
        externalId: id,
        customer: ref,
        siteId: 'BK',
        soldAt: `${dateOf(day)}T17:00:00.000Z`,
        currency: 'USD',
        totalMinor,
        stage: k === 0 ? 'front' : 'back',
        digest: '',
        recordedAt: NOW,
      })
    }
  }
  const customers = refs.map((ref) => ({
    ref,
    siteId: 'BK',
    firstName: 'Ana',
    staffId: 'st_maya',
    joinedOn: '2025-01-02',
    holdout: chance(0.1) ? 1 : 0,
  }))
  return [
    insertRows(schema.customer, customers),
    insertRows(schema.child, children),
    insertRows(schema.consent, consents),
    insertRows(schema.evidence, evidence),
    insertRows(schema.purchase, purchases),
    insertRows(schema.purchaseLine, lines),
  ]
}

/** Between each two customers with rows, `every − 1` that carry a copy of the state of the first. */
export function spread(customers: number, every: number): Statement[] {
  const columns = 'siteId, firstName, staffId, joinedOn, holdout, state'
  return [
    statement('create temp table whole as select * from customer order by ref'),
    statement('delete from customer'),
    statement(
      `insert into customer (ref, ${columns})
       with recursive counted(n) as (select 0 union all select n + 1 from counted where n + 1 < ?)
       select printf('c%07d', n), ${columns} from counted join whole on whole.rowid = n / cast(? as integer) + 1`,
      customers,
      every,
    ),
    statement('drop table whole'),
  ]
}

/** Questions of a till, each about another customer, with one to three things in the basket. */
export function asksOf(size: Size, count: number, more: object = {}): string[] {
  const { between, chance } = draws(7)
  const every = size.customers / Math.min(size.customers, MOST_WITH_ROWS)
  const withRows = size.customers / every
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      touchpoint: 'till',
      staff: 'st_maya',
      customer: customerRef(((i * 7919) % withRows) * every),
      basket: {
        currency: 'USD',
        lines: Array.from({ length: between(1, 3) }, () => {
          const product = between(1, PRODUCTS)
          return {
            sku: sku(product),
            name: `Product ${product}`,
            category: categoryOf(product),
            quantity: chance(0.9) ? 1 : 2,
            unitPrice: between(10, 120) * 100,
          }
        }),
      },
      deadlineMs: 300,
      explain: 'reasons',
      ...more,
    }),
  )
}

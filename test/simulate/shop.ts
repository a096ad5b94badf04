/** The planted shop as a running service in this process: a database in memory, its routes, and a clock to set. */
import type { Policy } from '../../src/core/policy.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import { MOST_GATED } from '../../src/core/recommend.ts'
import { partsFrom } from '../../src/core/score.ts'
import { createApp } from '../../src/http/app.ts'
import { BUMP, insertRows, REV, statement } from '../../src/store/engine.ts'
import { addKey } from '../../src/store/key.ts'
import type { Inputs } from '../../src/store/recommendation.ts'
import { findRecommendation } from '../../src/store/recommendation.ts'
import * as schema from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { draws } from '../bench/sized-shop.ts'
import type { World } from './world.ts'

export const TILL = 'encore_till_simulate'
export const OWNER = 'encore_owner_simulate'
export const SITE = 'S'

export type Weighed = { arm: string; passed: { id: string; fit: number }[] }

export type Shop = {
  /** Ask the service as a program does. @throws Error on any answer but a good one */
  ask(method: string, path: string, body?: unknown, key?: string): Promise<any>
  /** How an answer came about, as it was recorded: its arm, and all offers that passed every gate, with their fit. */
  weighed(id: string): Promise<Weighed>
  at(nowMs: number): void
  close(): Promise<void>
}

/** Open the shop with its own goals, mapping, products and offers; nobody has come yet. */
export async function openShop(world: World, startMs: number, levers: Partial<Policy>): Promise<Shop> {
  const engine = openSqlite(':memory:', 'migrations')
  const now = new Date(startMs).toISOString()
  await engine.atomic(rowsOf(world, levers, now))
  await addKey(engine, TILL, { role: 'till', siteId: SITE, partnerId: null, label: 'till', expiresAt: null })
  await addKey(engine, OWNER, {
    role: 'owner',
    siteId: null,
    partnerId: null,
    label: 'owner',
    expiresAt: null,
  })
  let nowMs = startMs
  const chance = draws(world.seed)
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const { app, deps } = createApp({
    engine,
    clock: () => nowMs,
    random: (length) => Array.from({ length }, () => letters[chance.between(0, 35)]).join(''),
    log: () => {},
  })
  const ask: Shop['ask'] = async (method, path, body, key = TILL) => {
    const response = await app.request(`http://encore.example${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.status >= 300)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
  return {
    ask,
    at: (ms) => {
      nowMs = ms
    },
    weighed: async (id) => {
      // What is kept with a decision is the best few; only where there may be more the service is asked to explain.
      const { arm, inputs } = deps.recorder.find(id) ?? (await findRecommendation(engine, id))!
      const { gated } = JSON.parse(inputs) as Inputs
      if (gated.length < MOST_GATED)
        return {
          arm,
          passed: gated.map(([offerId, ...values]) => ({ id: offerId, fit: partsFrom(values).fit })),
        }
      const { refusals } = await ask('GET', `/v1/recommendations/${id}/explanation`, undefined, OWNER)
      const passed = refusals.filter(({ gate }: { gate: string | null }) => gate === null)
      return { arm, passed: passed.map(({ offerId, fit }: any) => ({ id: offerId, fit })) }
    },
    close: async () => {
      await deps.recorder.flush()
      engine.close()
    },
  }
}

function rowsOf(world: World, levers: Partial<Policy>, now: string) {
  const text = (value: unknown) => JSON.stringify(value)
  const mapped = world.kind.goals !== 'missing'
  const say = {
    opener: 'May I show you something?',
    line: 'It may be just the thing.',
    ifYes: 'Lovely.',
    ifNotNow: 'Another day.',
    ifNotForUs: 'Good to know.',
    receiptLine: 'As we said:',
    disclosure: '',
  }
  const tables = [
    insertRows(schema.policy, [
      {
        version: 1,
        record: text({ ...defaultPolicy(`simulate-${world.seed}`), ...levers }),
        createdAt: now,
        activation: 1,
        activatedAt: now,
      },
    ]),
    insertRows(schema.site, [{ id: SITE, name: 'Planted', timeZone: 'UTC', currency: 'EUR' }]),
    insertRows(
      schema.category,
      world.categories.map((slug) => ({ slug, name: slug, ageMinMonths: null, ageMaxMonths: null })),
    ),
    insertRows(
      schema.product,
      world.products.map((product, p) => ({ ...product, id: p + 1 })),
    ),
  ]
  if (mapped)
    tables.push(
      insertRows(
        schema.goal,
        world.goals.map((goal) => ({
          ...goal,
          name: goal.slug,
          customerWords: goal.slug,
          ageMinMonths: null,
          ageMaxMonths: null,
          toldOnly: 0,
          householdLevel: 1,
        })),
      ),
      insertRows(schema.rule, unique(world.rules)),
      insertRows(
        schema.offer,
        world.offers.map((offer) => ({
          id: offer.id,
          kind: 'event',
          partnerId: null,
          state: 'live' as const,
          headline: `The ${offer.id}`,
          priceMinor: offer.priceMinor,
          costMinor: offer.costMinor,
          ageMinMonths: null,
          ageMaxMonths: null,
          months: text(offer.months),
          stage: 'both',
          minRelationship: offer.minRelationship,
          commitment: offer.commitment,
          goals: text(offer.mapped),
          facets: '[]',
          requires: '[]',
          skus: '[]',
          kindness: 0,
          seated: 0,
          say: text(say),
        })),
      ),
    )
  const revised = ['policy', 'site', 'category', 'product', ...(mapped ? ['goal', 'rule', 'offer'] : [])]
  return [BUMP, ...tables, ...revised.map((table) => statement(`update "${table}" set rev = ${REV}`))]
}

/** One rule a category and goal: a wrong mapping may have made two. */
function unique(rules: World['rules']): World['rules'] {
  return [...new Map(rules.map((rule) => [`${rule.category}|${rule.goal}`, rule])).values()]
}

/** What a policy would change, summed up from decisions decided again; and the draws among them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Capsule } from '../../src/core/capsule.ts'
import { replayed } from '../../src/core/capsule.ts'
import type { Catalogue } from '../../src/core/catalogue.ts'
import { NOTHING_LEARNED } from '../../src/core/learning.ts'
import type { PersonaRecord } from '../../src/core/persona.ts'
import { tryPersona } from '../../src/core/persona.ts'
import type { Policy } from '../../src/core/policy.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import type { Retried } from '../../src/core/policy-preview.ts'
import { policyPreview, probed, retried, silencing, turnsOf } from '../../src/core/policy-preview.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

const DAY_MS = 86_400_000
const usual: Policy = { ...defaultPolicy('preview'), exploreAfter: 0, exploreWithin: 0.2 }
const shop = (policy: Policy): Catalogue =>
  smallShop({
    policy,
    goals: [goal('a'), goal('b')],
    offers: [
      offer('A', { a: 0.9 }),
      offer('A2', { a: 0.8, b: 0.2 }),
      offer('B', { b: 0.9 }, { priceMinor: 1000, costMinor: 400, commitment: 'low' }),
    ],
  })

/** A decision of a customer who told us of goals with these weights, as it would be recorded. */
function recorded(catalogue: Catalogue, n: number, a: number, b: number, holdout = false) {
  const capsule: Capsule = {
    id: `rec_${n}`,
    siteId: 'S',
    touchpoint: 'till',
    nowMs: NOON + (n % 5) * DAY_MS,
    basket: [],
    unmatched: [],
    person: person({
      ref: `c${n % 40}`,
      holdout,
      evidence: [evidence('e1', 'a', { weight: a }), evidence('e2', 'b', { weight: b })],
    }),
    heard: { affinity: {}, goesWith: null },
    currency: 'EUR',
    degraded: null,
    dataVersion: '1',
  }
  const { decision } = replayed(catalogue, capsule)
  const row = {
    offerId: decision.primary?.listed.offer.id ?? null,
    arm: decision.arm,
    propensity: decision.propensity,
    yes: n % 7 === 0 && decision.primary !== null ? (1 as const) : (0 as const),
  }
  return { capsule, row }
}
const weight = fc.double({ min: 0.05, max: 0.95, noNaN: true })
const decisions = fc.array(fc.tuple(weight, weight, fc.boolean()), { maxLength: 60 })
const tryOut = (list: [number, number, boolean][], tried: Policy): Retried[] => {
  const now = shop(usual)
  const after = shop(tried)
  return list.map(([a, b, holdout], n) => {
    const { capsule, row } = recorded(now, n, a, b, holdout)
    return retried(capsule, row, { own: now, now, tried: after })
  })
}

describe('preview', () => {
  test('the same policy changes nothing, and its weights are one', () => {
    fc.assert(
      fc.property(decisions, (list) => {
        const made = tryOut(list, usual)
        const { moves, silenced, silencedOffers, leftWithNothing, all } = policyPreview(made)
        expect([moves, silenced, silencedOffers, leftWithNothing.customers]).toEqual([[], 0, [], 0])
        expect(all.speaks[0]).toBe(all.speaks[1])
        for (const { before, after } of made) expect(after).toEqual(before)
      }),
      { numRuns: 40 },
    )
  })

  test('whatever the policy: counts add up, every example is a decision that moved, the holdout is not among them', () => {
    fc.assert(
      fc.property(
        decisions,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (list, fitFloor, silenceShare) => {
          const made = tryOut(list, { ...usual, fitFloor, silenceShare, stepCost: 0.2 })
          const preview = policyPreview(made)
          const heard = made.filter(({ holdout }) => !holdout)
          expect(preview.decisions + preview.holdout).toBe(list.length)
          expect(preview.all.speaks).toEqual([
            heard.filter(({ now }) => now.offerId !== null).length,
            heard.filter(({ tried }) => tried.offerId !== null).length,
          ])
          const moved = heard.filter(({ now, tried }) => now.offerId !== tried.offerId)
          expect(preview.moves.reduce((sum, { count }) => sum + count, preview.otherMoves)).toBe(moved.length)
          for (const { from, to, examples } of preview.moves)
            for (const id of examples)
              expect(moved.find((each) => each.id === id)).toMatchObject({
                now: { offerId: from },
                tried: { offerId: to },
              })
          const sites = Object.values(preview.sites)
          expect(sites.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(preview.decisions)
          for (const { propensity, before, said } of made.filter(({ holdout }) => !holdout)) {
            const all = before.reduce((sum, { chance }) => sum + chance, 0)
            const chance = said === null ? 1 - all : before.find(({ offerId }) => offerId === said)!.chance
            expect(chance).toBeCloseTo(propensity, 9)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a policy that never speaks is always refused, one that loses more than half only until one insists', () => {
    const list = Array.from({ length: 40 }, (_, i): [number, number, boolean] => [0.5 + i / 100, 0.1, false])
    const verdict = (changes: Partial<Policy>) =>
      silencing(policyPreview(tryOut(list, { ...usual, ...changes })), { now: 0, tried: 0 })
    expect(verdict({})).toBeNull()
    expect(verdict({ fitFloor: 1 })).toMatchObject({
      always: true,
      says: expect.stringMatching(/^It would silence everything: of 40 recorded decisions \d+ speak now/),
    })
    expect(verdict({ fitFloor: 0.68 })).toMatchObject({ always: false })
    // Few decisions alone do not bar a policy that would speak to others.
    const few = policyPreview(tryOut(list.slice(0, 5), { ...usual, fitFloor: 1 }))
    expect(silencing(few, { now: 3, tried: 1 })).toMatchObject({ always: false })
    expect(silencing(few, { now: 3, tried: 0 })).toMatchObject({ always: true })
  })

  test('where nothing is recorded, offers are tried on somebody who asks for just that', () => {
    expect(probed(shop(usual), 'S', NOON)).toBe(3)
    expect(probed(shop({ ...usual, fitFloor: 1 }), 'S', NOON)).toBe(0)
    const empty = policyPreview([])
    expect(silencing(empty, { now: 3, tried: 0 })?.always).toBe(true)
    expect(silencing(empty, { now: 3, tried: 1 })).toBeNull()
    expect(silencing(empty, { now: 0, tried: 0 })).toBeNull()
  })
})

describe('turns', () => {
  const base: Retried = {
    id: 'r',
    siteId: 'S',
    customer: 'c',
    date: '2026-03-14',
    said: 'A',
    continuity: 'new',
    propensity: 0.5,
    yes: 0,
    holdout: false,
    now: { offerId: 'A', partner: false, moneyChangedOrder: false, marginMinor: 0 },
    tried: { offerId: 'A', partner: false, moneyChangedOrder: false, marginMinor: 0 },
    before: [],
    after: [],
  }
  test('a repeat is no draw of its own, and a yes in it is a yes of the turn that it repeats', () => {
    const turns = turnsOf([
      base,
      { ...base, id: 'r2' },
      { ...base, id: 'r3', date: '2026-03-17', continuity: 'kept', yes: 1 },
      { ...base, id: 'r4', date: '2026-03-18', said: null, continuity: null },
    ])
    expect(turns.map(({ said, yes }) => [said, yes])).toEqual([
      ['A', 1],
      [null, 0],
    ])
  })
  test('strangers are a turn each; the holdout and what was kept from before are none', () => {
    const stranger = { ...base, customer: null }
    expect(
      turnsOf([
        stranger,
        { ...stranger, id: 'r2' },
        { ...base, holdout: true },
        { ...base, continuity: 'kept' },
      ]).map(({ who }) => who),
    ).toEqual(['r', 'r2'])
  })
})

describe('personas', () => {
  const record = (must: PersonaRecord['must'], weight = 0.9): PersonaRecord => ({
    site: 'S',
    touchpoint: 'till',
    at: new Date(NOON).toISOString(),
    household: {
      birthMonths: [],
      consents: ['personalise'],
      holdout: false,
      lines: [
        {
          kind: 'told',
          goal: 'a',
          facet: null,
          weight,
          halfLifeDays: 540,
          on: '2026-02-10',
          about: null,
          speakable: true,
          words: null,
          staff: null,
          offer: null,
        },
      ],
      owned: [],
      visits: [],
      orders: 3,
      usualMinor: 5000,
      care: [],
    },
    basket: [],
    must,
  })
  const run = (must: PersonaRecord['must'], policy: Partial<Policy> = {}, weight?: number) =>
    tryPersona('p', record(must, weight), shop({ ...usual, ...policy }), () => NOTHING_LEARNED)

  const headline = (id: string) => shop(usual).listedById.get(id)!.offer.headline

  test('all that may be said counts, whatever the draw, and silence by draw does not', () => {
    expect(run({ say: ['A'] }, { exploreWithin: 0, silenceShare: 0.5 })).toMatchObject({
      passes: true,
      says: ['A'],
    })
    const drawn = run({ say: ['A'] }, { exploreWithin: 0.3 })
    expect([drawn.passes, drawn.says.toSorted()]).toEqual([false, ['A', 'A2']])
    expect(drawn.why).toEqual([`It may say “${headline('A2')}”; it must be “${headline('A')}”.`])
    expect(run({ say: ['A', 'A2'] }, { exploreWithin: 0.3 }).passes).toBe(true)
  })
  test('each thing that is not as it must be has its sentence', () => {
    expect(run({ silent: true }).why).toEqual([expect.stringMatching(/^It says .*; it must stay quiet\.$/)])
    expect(run({ say: ['A'], silent: false }, {}, 0.1).why).toEqual([
      `Nothing is said; it must be “${headline('A')}”. “${headline('A')}” is refused, “It does not fit well enough”.`,
      'Nothing is said: what fits best is refused, “It does not fit well enough”. Something must be.',
    ])
    // Of what must be said the reason is its own, whatever refuses another that fits better.
    expect(run({ say: ['B'] }).why[0]).toMatch(
      new RegExp(`^It may say .*; it must be “${headline('B')}”\\. “${headline('B')}” is refused, “`),
    )
    expect(run({ say: ['gone'] }, {}, 0.1).why).toEqual([
      'Nothing is said; it must be “gone”. “gone” is none of what may be said here.',
    ])
    expect(run({ never: ['A'] }).why).toEqual([`It may say “${headline('A')}”, which it must never.`])
    expect(run({ ask: 'b' }).why).toEqual([
      `It asks about nothing; it must ask about “${shop(usual).goals.find(({ slug }) => slug === 'b')!.name}”.`,
    ])
    expect(run({ kindness: 'K' }).why).toEqual(['It mentions nothing; it must mention “K”.'])
    expect(tryPersona('p', { ...record({}), site: 'X' }, shop(usual), () => NOTHING_LEARNED).passes).toBe(
      false,
    )
  })
})

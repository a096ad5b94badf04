/**
 * Invariant 9, as schedules: whatever is done to an alliance in whatever order, the very next call of both tills
 * offers something of its partner only if it is live, in its dates, checked, and known to the staff there.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import type { Call } from '../support/office.ts'
import { callOver, PARTNER } from '../support/office.ts'
import type { Shop } from '../support/shop.ts'
import { asker, ENGINES, openShop } from '../support/shop.ts'

const DATES = ['2026-03-14', '2026-03-20', '2026-04-09', '2026-08-31', '2026-09-01', '2027-06-30'] as const
const WORDS = ['one free lesson', 'two free lessons', 'a lesson and a cup of tea'] as const
const SITES = ['BK', 'LS'] as const

type Step =
  | { do: 'move'; to: 'paused' | 'live' | 'ended' }
  | { do: 'check'; validUntil: string | null; ok: boolean }
  | { do: 'clock'; on: string }
  | { do: 'brief'; site: 'BK' | 'LS' }
  | { do: 'terms'; words: string; startsOn: string; endsOn: string; agreed: boolean }

const date = fc.constantFrom(...DATES)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      to: fc.constantFrom('paused' as const, 'live' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('move' as const), to: fc.constant('ended' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('check' as const),
      validUntil: fc.option(date),
      ok: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clock' as const), on: date }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('brief' as const), site: fc.constantFrom(...SITES) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('terms' as const),
      words: fc.constantFrom(...WORDS),
      startsOn: fc.constantFrom('2025-09-01', '2026-04-01'),
      endsOn: fc.constantFrom('2026-08-31', '2027-05-31'),
      agreed: fc.boolean(),
    }),
  },
)

type Version = { words: string; startsOn: string; endsOn: string; agreed: boolean; briefFrom: number }
/** What should be so, kept apart from the service. */
type Model = {
  id: string
  state: string
  versions: Version[]
  briefed: Record<string, number>
  check: { validUntil: string | null; ok: boolean }
  today: string
}

const current = ({ versions, today }: Model) =>
  versions.reduce<Version | null>(
    (found, each) => (each.agreed && each.startsOn <= today ? each : found),
    null,
  )
const inDates = (model: Model) => (current(model)?.endsOn ?? '') >= model.today
const checked = ({ check, today }: Model) => check.ok && (check.validUntil ?? '9999') >= today
const knows = (model: Model, site: string) =>
  (model.briefed[site] ?? 0) >= (current(model)?.briefFrom ?? Infinity)
const maySpeak = (model: Model, site: string) =>
  model.state === 'live' && inDates(model) && checked(model) && knows(model, site)

/** Another running copy of the service over the same database, with a clock of its own: what is done there holds at the tills. */
type Elsewhere = { call: Call; at(instant: string): void }
function elsewhere({ engine }: Shop): Elsewhere {
  let now = 0
  const { app } = createApp({ engine, clock: () => now, random: randomText, log: () => {} })
  return {
    call: callOver(asker(async (path, init) => app.request(path, init))),
    at: (instant) => {
      now = Date.parse(instant)
    },
  }
}

/** The alliance as a schedule begins: live, on the seed's terms, whatever the last one left. */
async function begin({ call }: Elsewhere, seed: any, last: Model | null): Promise<Model> {
  const model: Model = {
    id: last?.id ?? 'A02',
    state: 'live',
    versions: [
      {
        words: seed.customerBenefit,
        startsOn: seed.startsOn,
        endsOn: seed.endsOn,
        agreed: true,
        briefFrom: 1,
      },
    ],
    briefed: { BK: 1, LS: 1 },
    check: { validUntil: '2026-12-31', ok: true },
    today: '2026-03-14',
  }
  await call('PUT', '/v1/partners/P02/checks/SAFEGUARDING', { critical: true, ...model.check })
  if (last === null) return model
  if (last.state !== 'ended') await call('POST', `/v1/alliances/${last.id}/moves`, { to: 'ended' })
  const { body, status } = await call('POST', '/v1/alliances', { partner: 'P02', terms: seed })
  expect(status).toBe(201)
  model.id = body.id
  const path = `/v1/alliances/${model.id}`
  await call('POST', `${path}/moves`, { to: 'proposed', acceptConflict: true })
  await call('POST', `${path}/decisions`, { version: 1, decision: 'agree' }, { key: PARTNER })
  for (const site of SITES) await call('PUT', `${path}/briefings/${site}`, { version: 1 })
  const live = await call('POST', `${path}/moves`, { to: 'live' })
  expect(live.body.alliance?.state, JSON.stringify(live.body)).toBe('live')
  return model
}

/** Do a step to the service and to the model; where the service says no, the model must agree. */
async function act({ call, at }: Elsewhere, model: Model, seed: any, each: Step): Promise<void> {
  const path = `/v1/alliances/${model.id}`
  switch (each.do) {
    case 'move': {
      const legal = { live: ['paused', 'ended'], paused: ['live', 'ended'], ended: [] }[model.state]!
      const ready = inDates(model) && checked(model) && SITES.some((site) => knows(model, site))
      const should = (legal as string[]).includes(each.to) && (each.to !== 'live' || ready)
      const { status } = await call('POST', `${path}/moves`, { to: each.to })
      expect(status, `${model.state} → ${each.to}`).toBe(should ? 200 : 409)
      if (should) model.state = each.to
      return
    }
    case 'check':
      model.check = { validUntil: each.validUntil, ok: each.ok }
      await call('PUT', '/v1/partners/P02/checks/SAFEGUARDING', { critical: true, ...model.check })
      return
    case 'clock':
      model.today = each.on
      at(`${each.on}T17:00:00Z`)
      return
    case 'brief':
      await call('PUT', `${path}/briefings/${each.site}`, { version: model.versions.length })
      model.briefed[each.site] = model.versions.length
      return
    case 'terms': {
      const record = { ...seed, customerBenefit: each.words, startsOn: each.startsOn, endsOn: each.endsOn }
      const { etag } = await call('GET', path)
      const posted = await call(
        'POST',
        `${path}/terms`,
        { ...record, acceptConflict: true },
        { ifMatch: etag },
      )
      expect(posted.status, JSON.stringify(posted.body)).toBe(
        model.state === 'ended' ? 409 : posted.body.changed ? 201 : 200,
      )
      if (posted.status !== 201) return
      const before = model.versions.at(-1)!
      const version = model.versions.length + 1
      const { words, startsOn, endsOn, agreed } = each
      const briefFrom = words === before.words ? before.briefFrom : version
      model.versions.push({ words, startsOn, endsOn, agreed, briefFrom })
      const keys = agreed ? [undefined, PARTNER] : [PARTNER]
      for (const key of keys)
        await call('POST', `${path}/decisions`, { version, decision: 'agree' }, key ? { key } : {})
    }
  }
}

const BASKET = { lines: [{ sku: 'DR-204-6', category: 'dresses', name: 'Cotton dress', unitPrice: 9600 }] }

/** Whether a till offers something of the partner on a date, first or second. */
async function speaks(shop: Shop, till: 'BK' | 'LS', today: string): Promise<boolean> {
  const ask = { customer: 'g01-ana', basket: BASKET, dryRun: true, asOf: `${today}T17:00:00Z` }
  const { body, status } = await shop.ask('POST', '/v1/recommendations', ask, till)
  expect(status).toBe(200)
  return [body.primary, body.alternate].some((offer) => offer?.partner?.id === 'P02')
}

test.each(ENGINES)(
  '%s: tills offer a partner’s offers only while its alliance may be offered',
  async (kind) => {
    const shop = await openShop(kind)
    // The tills' clock stands; they are asked about a date instead, so that they are not started anew at each step.
    const office = elsewhere(shop)
    office.at('2026-03-14T17:00:00Z')
    const { body } = await office.call('GET', '/v1/alliances/A02')
    const seed = body.terms[0].record
    let last: Model | null = null
    let spoke = 0
    let silent = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 9 }), async (steps) => {
        office.at('2026-03-14T17:00:00Z')
        const model = await begin(office, seed, last)
        last = model
        for (const each of [null, ...steps]) {
          if (each) await act(office, model, seed, each)
          for (const till of SITES) {
            const may = maySpeak(model, till)
            const does = await speaks(shop, till, model.today)
            if (does) spoke++
            else silent++
            // In March Ana has her wish and there are free places: there it is said whenever it may be.
            if (!may || model.today === '2026-03-14')
              expect(does, `${till} ${JSON.stringify([model, each])}`).toBe(may)
          }
        }
      }),
      { numRuns: 25, seed: 20260314, endOnFailure: true },
    )
    expect(spoke).toBeGreaterThan(20)
    expect(silent).toBeGreaterThan(20)
  },
  300_000,
)

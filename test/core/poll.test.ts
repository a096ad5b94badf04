/** Polls, notes and the goals map, by what must hold whatever is put in. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Demand } from '../../src/core/demand.ts'
import { DemandTally, doneGoals, noDemand, statusOf, supplyOf } from '../../src/core/demand.ts'
import { noteKind, noteProblems } from '../../src/core/note.ts'
import {
  answersOf,
  closedWhy,
  demandFrom,
  mayBeAsked,
  missingFor,
  shareOf,
  verdictOf,
} from '../../src/core/poll.ts'
import { dateOf } from '../../src/core/time.ts'
import {
  alliance,
  evidence,
  goal,
  NOON,
  offer,
  partner,
  person,
  smallShop,
  terms,
} from '../support/small-shop.ts'

const TODAY = 20_500
const tally = fc.record({ yes: fc.nat(400), maybe: fc.nat(400), no: fc.nat(400) })
const rate = fc.double({ min: 0, max: 1, noNaN: true })
const prior = fc.integer({ min: 1, max: 100 })

describe('the believed share', () => {
  test('three yeses of three are not everybody: (3 + 10 × .13) / 13', () => {
    const { share, low, high } = shareOf(3, 3, 0.13, 10)
    expect(share).toBeCloseTo(0.3308, 4)
    // Beta(4.3, 8.7): quantiles as SciPy's beta.ppf gives them.
    expect(low).toBeCloseTo(0.114194, 6)
    expect(high).toBeCloseTo(0.596441, 6)
  })

  test('lies between what is usual and what was answered, inside its interval, which narrows', () => {
    fc.assert(
      fc.property(tally, rate, prior, (said, base, worth) => {
        const answers = answersOf(said)
        const { share, low, high } = shareOf(said.yes, answers, base, worth)
        const centre = Math.min(0.99, Math.max(0.01, base))
        const raw = answers === 0 ? centre : said.yes / answers
        expect(share).toBeGreaterThanOrEqual(Math.min(raw, centre) - 1e-12)
        expect(share).toBeLessThanOrEqual(Math.max(raw, centre) + 1e-12)
        expect(low).toBeGreaterThanOrEqual(0)
        expect(high).toBeLessThanOrEqual(1)
        // A Beta's mean may lie outside its middle 95 % only at the very edge.
        if (worth >= 1 && share > 0.05 && share < 0.95) {
          expect(low).toBeLessThan(share)
          expect(high).toBeGreaterThan(share)
        }
        const ten = shareOf(said.yes * 10, answers * 10, base, worth * 10)
        expect(ten.high - ten.low).toBeLessThanOrEqual(high - low + 1e-9)
      }),
    )
  })

  test('one more yes never lowers it, one more no never raises it', () => {
    fc.assert(
      fc.property(tally, rate, prior, (said, base, worth) => {
        const answers = answersOf(said)
        const { share } = shareOf(said.yes, answers, base, worth)
        expect(shareOf(said.yes + 1, answers + 1, base, worth).share).toBeGreaterThanOrEqual(share)
        expect(shareOf(said.yes, answers + 1, base, worth).share).toBeLessThanOrEqual(share)
      }),
    )
  })
})

describe('the rule', () => {
  const rule = fc.record({ goAnswers: fc.integer({ min: 1, max: 300 }), goYes: fc.nat(300), goShare: rate })

  test('says go exactly where nothing is missing, and a poll that is over without it is a no-go', () => {
    fc.assert(
      fc.property(rule, tally, rate, fc.boolean(), (go, said, base, over) => {
        const { share } = shareOf(said.yes, answersOf(said), base, 10)
        const verdict = verdictOf(go, said, share, over)
        expect(verdict === 'go').toBe(missingFor(go, said, share).length === 0)
        if (verdict !== 'go') expect(verdict).toBe(over ? 'noGo' : 'notYet')
      }),
    )
  })

  test('answers count from the first day to the last, while it is open', () => {
    const poll = { state: 'open' as const, opensOn: '2026-03-01', closesOn: '2026-03-31' }
    expect(
      ['2026-02-28', '2026-03-01', '2026-03-31', '2026-04-01'].map((date) => closedWhy(poll, date)),
    ).toEqual(['NOT_OPEN', null, null, 'CLOSED'])
    expect(closedWhy({ ...poll, state: 'closed' }, '2026-03-10')).toBe('CLOSED')
  })

  test('the demand lies between those who said yes and everybody', () => {
    fc.assert(
      fc.property(tally, fc.nat(5000), rate, (said, notAsked, base) => {
        const of = shareOf(said.yes, answersOf(said), base, 10)
        const { low, expected, high } = demandFrom(said.yes, notAsked, of)
        expect(low).toBeGreaterThanOrEqual(said.yes)
        expect(high).toBeLessThanOrEqual(said.yes + notAsked)
        expect(expected).toBeLessThanOrEqual(said.yes + notAsked)
      }),
    )
  })
})

describe('who may be asked', () => {
  const goals = [
    goal('move'),
    goal('tennis', { parent: 'move', ageMinMonths: 48, ageMaxMonths: 192 }),
    goal('sleep', { toldOnly: true }),
  ]
  const shop = smallShop({ goals })
  const may = (more: Parameters<typeof person>[0] = {}, via: 'page' | 'letter' = 'page', slug = 'tennis') =>
    mayBeAsked(shop, goals.find((each) => each.slug === slug)!, person(more), TODAY, via)

  test('nobody about what is hers to bring up, nobody who said so, nobody twice in ninety days', () => {
    expect(may()).toBe(true)
    expect(may({}, 'page', 'sleep')).toBe(false)
    for (const kind of ['told', 'answered', 'toldNo'] as const)
      expect(may({ evidence: [evidence('e', 'tennis', { kind })] })).toBe(false)
    expect(may({ evidence: [evidence('e', 'tennis', { kind: 'noticed' })] })).toBe(true)
    // A no to a wider goal is a no to this one; a yes to it is none to this one.
    expect(may({ evidence: [evidence('e', 'move', { kind: 'toldNo' })] })).toBe(false)
    expect(may({ evidence: [evidence('e', 'move')] })).toBe(true)
    expect(may({ asked: [{ goal: 'tennis', day: TODAY - 89 }] })).toBe(false)
    expect(may({ asked: [{ goal: 'tennis', day: TODAY - 90 }] })).toBe(true)
    expect(may({ asked: [{ goal: 'move', day: TODAY }] })).toBe(true)
    const notForUs = { kind: 'declined' as const, words: 'notForUs', onDay: TODAY - 300 }
    expect(may({ evidence: [evidence('e', 'tennis', notForUs)] })).toBe(false)
    expect(may({ evidence: [evidence('e', 'tennis', { ...notForUs, words: 'notNow' })] })).toBe(true)
  })

  test('by letter only who allows letters; nobody with a complaint open; only of the ages it is for', () => {
    expect(may({}, 'letter')).toBe(false)
    const consent = { personalise: 'granted', childProfile: 'granted', letter: 'granted' }
    expect(may({ consent }, 'letter')).toBe(true)
    const note = {
      id: 'n',
      kind: 'complaint' as const,
      what: 'zip',
      promise: null,
      promisedBy: null,
      dueDay: null,
    }
    expect(may({ care: [{ ...note, openedDay: TODAY, closedDay: null }] })).toBe(false)
    expect(may({ birthMonths: ['2025-06'] })).toBe(false)
    expect(may({ birthMonths: ['2025-06', '2019-06'] })).toBe(true)
    // Without her consent to a child profile we do not know the age.
    expect(may({ birthMonths: ['2025-06'], consent: { personalise: 'granted' } })).toBe(true)
  })
})

describe('the goals map', () => {
  const goals = [
    goal('root'),
    goal('tennis', { parent: 'root' }),
    goal('sleep', { parent: 'root', toldOnly: true }),
  ]
  const held = (...lines: ReturnType<typeof evidence>[]) => person({ evidence: lines })

  test('counts what was said or done apart from what is believed, and a no apart from both', () => {
    const shop = smallShop({ goals })
    const map = new DemandTally(shop)
    const bought = { kind: 'bought' as const, weight: 0.7, halfLifeDays: 500 }
    const families = [
      held(evidence('a', 'tennis')),
      held(evidence('b', 'tennis', { kind: 'enrolled', weight: 0.8 })),
      held(evidence('c', 'tennis', { kind: 'answered', weight: 0.35 })),
      held(evidence('d', 'tennis', bought)),
      held(evidence('e', 'tennis', { kind: 'toldNo', weight: 0 })),
      // Told ten years ago: nobody knows any more.
      held(evidence('f', 'tennis', { onDay: TODAY - 3650 })),
      held(evidence('g', 'sleep', { ...bought })),
    ]
    for (const each of families) map.add('S', each, TODAY)
    const { counted, believed, expected, toldNo } = map.of(1)
    expect({ counted, believed, toldNo }).toEqual({ counted: 2, believed: 1, toldNo: 1 })
    expect(expected).toBeGreaterThan(0.5)
    expect(expected).toBeLessThan(1)
    // What only she may bring up is never believed.
    expect(map.of(2)).toEqual(noDemand())
    expect(map.atSites(1)).toEqual([['S', map.of(1)]])
  })

  test('adds up over sites, and nobody is both counted and believed', () => {
    const shop = smallShop({ goals })
    const line = fc.record({
      kind: fc.constantFrom('told', 'bought', 'toldNo', 'noticed', 'attended'),
      weight: fc.double({ min: 0, max: 0.95, noNaN: true }),
      onDay: fc.integer({ min: TODAY - 2000, max: TODAY + 10 }),
      goal: fc.constantFrom('root', 'tennis', 'sleep'),
    })
    const family = fc.record({ site: fc.constantFrom('S', 'T'), lines: fc.array(line, { maxLength: 5 }) })
    fc.assert(
      fc.property(fc.array(family, { maxLength: 20 }), (families) => {
        const map = new DemandTally(shop)
        families.forEach(({ site, lines }, i) => {
          const own = lines.map((each, n) => evidence(`${i}.${n}`, each.goal, each as never))
          map.add(site, held(...own), TODAY)
        })
        for (let g = 0; g < goals.length; g++) {
          const all = map.of(g)
          const sum = map.atSites(g).reduce<Demand>(
            (to, [, each]) => ({
              counted: to.counted + each.counted,
              believed: to.believed + each.believed,
              expected: to.expected + each.expected,
              toldNo: to.toldNo + each.toldNo,
            }),
            noDemand(),
          )
          expect(sum.counted).toBe(all.counted)
          expect(sum.believed).toBe(all.believed)
          expect(sum.toldNo).toBe(all.toldNo)
          expect(sum.expected).toBeCloseTo(all.expected, 9)
          expect(all.counted + all.believed + all.toldNo).toBeLessThanOrEqual(families.length)
          expect(all.expected).toBeLessThanOrEqual(all.believed)
        }
      }),
    )
  })

  test('things are no tennis: an alliance is wanted until somebody plays, and a proposed one waits', () => {
    const offers = [
      offer('whites', { tennis: 0.9 }, { kind: 'product' }),
      offer('taster', { tennis: 0.9 }, { kind: 'class-intro', partnerId: 'P' }),
    ]
    const rows = {
      goals,
      offers,
      partners: [partner('P', { goals: ['tennis'] })],
      terms: [terms('A')],
      briefings: [{ allianceId: 'A', siteId: 'S', termsVersion: 1 }],
    }
    const proposed = smallShop({ ...rows, alliances: [alliance('A', 'P', { state: 'proposed' })] })
    const supply = supplyOf(proposed, NOON)[1]!
    expect(supply).toMatchObject({ own: 0, partner: 0, things: 1, sites: [] })
    expect(supply.waiting).toEqual([
      { offerId: 'taster', headline: 'Offer taster', partner: 'Partner P', gate: 'ALLIANCE_NOT_LIVE' },
    ])
    const many = { ...noDemand(), counted: 5 }
    const about = { people: 40, pollIsGo: false, isDone: doneGoals(proposed).has(1) }
    expect(statusOf(many, supply, about)).toBe('allianceWanted')
    expect(statusOf({ ...noDemand(), counted: 4 }, supply, about)).toBe('quiet')
    expect(statusOf(noDemand(), supply, { ...about, pollIsGo: true })).toBe('allianceWanted')
    expect(statusOf(many, supply, { ...about, isDone: false })).toBe('served')
    const live = smallShop({ ...rows, alliances: [alliance('A', 'P')] })
    const now = supplyOf(live, NOON)[1]!
    expect(now).toMatchObject({ partner: 1, sites: ['S'], waiting: [] })
    expect(statusOf(many, now, { ...about, pollIsGo: true })).toBe('served')
  })
})

describe('a note', () => {
  const shop = smallShop({
    goals: [goal('tennis', { name: 'Tennis' })],
    partners: [partner('P', { name: 'Max Racquets' })],
  })

  test('of the parents’ own life what was seen is a question, what was told is told', () => {
    expect(noteKind({ householdLevel: true }, false)).toBe('question')
    expect(noteKind({ householdLevel: true }, true)).toBe('told')
    expect(noteKind({ householdLevel: false }, false)).toBe('noticed')
  })

  test('finds what we do not hold however it is written, and lets the shop’s own words through', () => {
    const why = (words: string) => noteProblems(words, shop).map((each) => each.why)
    for (const word of ['asthma', 'Asthma', 'a s t h m a', 'asthmá'])
      expect(why(`has ${word} now`)).toEqual(['health'])
    expect(why('Max Racquets is where they play')).toEqual([])
    expect(why('Tennis starts on Monday')).toEqual([])
    expect(why('x'.repeat(121))).toContain('length')
  })

  test('never throws, and says for every finding what stands in the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (words) => {
        for (const finding of noteProblems(words, shop)) {
          expect(words).toContain(finding.words)
          expect(finding.message).not.toBe('')
        }
      }),
    )
  })

  test('every date of a poll is a site’s own: the day before is not yet open', () => {
    fc.assert(
      fc.property(fc.integer({ min: 18_000, max: 30_000 }), fc.nat(300), (from, days) => {
        const poll = { state: 'open' as const, opensOn: dateOf(from), closesOn: dateOf(from + days) }
        expect(closedWhy(poll, dateOf(from - 1))).toBe('NOT_OPEN')
        expect(closedWhy(poll, dateOf(from + days))).toBeNull()
        expect(closedWhy(poll, dateOf(from + days + 1))).toBe('CLOSED')
      }),
    )
  })
})

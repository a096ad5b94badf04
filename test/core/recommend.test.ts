/** Deciding: a story with a reason per rank, and what must hold for any shop, any person and any basket. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mappingOf } from '../../src/core/acceptance.ts'
import { answerOf } from '../../src/core/answer.ts'
import type { Catalogue, CatalogueRows } from '../../src/core/catalogue.ts'
import { placesLeft } from '../../src/core/catalogue.ts'
import { goalProblems } from '../../src/core/goal.ts'
import { NOTHING_LEARNED } from '../../src/core/learning.ts'
import type { BasketLine, Moment, Person } from '../../src/core/moment.ts'
import { momentOf } from '../../src/core/moment.ts'
import { offerProblems } from '../../src/core/offer.ts'
import { defaultPolicy } from '../../src/core/policy.ts'
import type { Decision } from '../../src/core/recommend.ts'
import { recommend } from '../../src/core/recommend.ts'
import { scoreOf } from '../../src/core/score.ts'
import { blankTerms } from '../../src/core/terms.ts'
import { dateOf } from '../../src/core/time.ts'
import {
  alliance,
  evidence,
  goal,
  line,
  NOON,
  offer,
  partner,
  person,
  smallShop,
  terms,
} from '../support/small-shop.ts'

const TODAY = 20_500
const here = (basket: BasketLine[] = []) => ({ siteId: 'S', touchpoint: 'till', nowMs: NOON, basket })
const decide = (shop: Catalogue, who: Person | null, basket: BasketLine[] = []): [Decision, Moment] => {
  const moment = momentOf(shop, here(basket), who)
  return [recommend(moment, NOTHING_LEARNED, 'rec_1'), moment]
}
const told = (goal: string, more = {}) => evidence(`told-${goal}`, goal, { words: `wants ${goal}`, ...more })

describe('a small shop, one family', () => {
  const shop = smallShop({
    goals: [
      goal('music', { baseRate: 0.3 }),
      goal('dance', { baseRate: 0.3 }),
      goal('baby', { toldOnly: true }),
    ],
    offers: [
      offer('piano', { music: 0.95 }, { facets: ['piano'] }),
      offer('violin', { music: 0.95 }, { facets: ['violin'] }),
      offer('term', { music: 0.95 }, { facets: ['piano'], commitment: 'medium', priceMinor: 15_000 }),
      offer('note', { music: 0.6 }, { kind: 'content', facets: ['piano'] }),
      offer('dance', { dance: 0.95 }),
      offer('layette', { baby: 0.9 }),
    ],
  })
  const wantsPiano = person({ evidence: [told('music', { facet: 'piano' })] })

  test('each rank has its reason', () => {
    const [{ gated, primary, alternate }] = decide(shop, wantsPiano)
    expect(gated.map((each) => each.listed.offer.id)).toEqual([
      'piano', // what she named, free
      'term', // what she named, but a bigger step
      'note', // what she named, but only to read
    ])
    // violin: the twin, another facet than the one she named; dance: nothing she said; layette: only she may bring it up.
    expect([primary?.listed.offer.id, alternate?.listed.offer.id]).toEqual(['piano', 'note'])
  })
  test('nobody, and somebody who said nothing, are met with silence', () => {
    for (const who of [null, person()])
      expect(decide(shop, who)[0]).toMatchObject({ primary: null, silence: 'FIT_FLOOR' })
  })
  test('what was offered stays the answer for two weeks, then rests', () => {
    const earlier = (daysAgo: number, outcome: string | null, offerId = 'piano') => ({
      id: `e${daysAgo}`,
      offerId,
      alternateId: null,
      askedGoal: null,
      atMs: NOON - daysAgo * 86_400_000,
      outcome,
      outcomeReason: null,
      saidMs: outcome && outcome !== 'notSaid' ? NOON - daysAgo * 86_400_000 : null,
    })
    const decidedAfter = (...before: ReturnType<typeof earlier>[]) => {
      const [decision] = decide(shop, { ...wantsPiano, earlier: before })
      return [decision.primary?.listed.offer.id ?? decision.silence, decision.continuity]
    }
    expect(decidedAfter(earlier(13, null, 'note'))).toEqual(['note', 'kept'])
    expect(decidedAfter(earlier(15, null, 'note'))).toEqual(['piano', 'new'])
    expect(decidedAfter(earlier(3, 'said', 'note'))).toEqual(['note', 'kept'])
    expect(decidedAfter(earlier(3, 'notSaid', 'note'))).toEqual(['piano', 'new'])
    expect(decidedAfter(earlier(3, 'accepted', 'note'))).toEqual(['QUIET', null])
    expect(decidedAfter(earlier(20, 'said'))[0]).toBe('term')
    expect(decidedAfter(earlier(151, 'said'))[0]).toBe('piano')
    expect(decidedAfter(earlier(12, 'said'), earlier(8, 'said'), earlier(2, 'said'))[0]).toBe('SAME_OFFER')
  })
})

/** Any shop of this size, any person, any basket. */
const GOALS = ['g0', 'g1', 'g2', 'g3']
const rows = (): fc.Arbitrary<Partial<CatalogueRows>> =>
  fc
    .record({
      told: fc.integer({ min: 0, max: 3 }),
      lever: fc.constantFrom(0, 0.05, 0.2),
      silenceShare: fc.constantFrom(0, 0.15),
      offers: fc.array(
        fc.record({
          goals: fc.dictionary(fc.constantFrom(...GOALS), fc.double({ min: 0.3, max: 1, noNaN: true }), {
            minKeys: 1,
            maxKeys: 3,
          }),
          partner: fc.boolean(),
          state: fc.constantFrom('live' as const, 'live' as const, 'paused' as const),
          priceMinor: fc.constantFrom(0, 0, 3000, 30_000),
          months: fc.constantFrom<number[]>([], [], [2], [7]),
          stage: fc.constantFrom('both' as const, 'back' as const, 'front' as const),
          seated: fc.boolean(),
          kindness: fc.boolean(),
          said: fc.integer({ min: 0, max: 50 }),
          commitment: fc.constantFrom('free' as const, 'low' as const, 'medium' as const),
          minRelationship: fc.constantFrom(0, 0, 1),
          ageMinMonths: fc.constantFrom(null, 24),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      alliance: fc.constantFrom('live', 'live', 'paused', 'ended', 'proposed'),
      startsOn: fc.constantFrom(null, '2025-01-01', '2026-03-01'),
      endsOn: fc.constantFrom(null, '2026-02-16', '2026-02-15', '2027-01-01'),
      agreed: fc.constantFrom(true, true, true, false),
      briefed: fc.constantFrom(true, true, true, false),
      briefFrom: fc.constantFrom(1, 2, 2, 3),
      load: fc.constantFrom<Record<string, number>>(
        {},
        {},
        { '2026-02-16': 2 },
        { '2026-02-15': 2 },
        { '2026-02-01': 3, '2026-02-20': 1 },
      ),
      validUntil: fc.constantFrom(null, '2026-02-16', '2026-02-15'),
      booked: fc.integer({ min: 0, max: 2 }),
      leaseDays: fc.constantFrom(-1, 1),
    })
    .map((made) => ({
      policy: { ...defaultPolicy('any'), valueLever: made.lever, silenceShare: made.silenceShare },
      goals: GOALS.map((slug, i) =>
        goal(slug, { toldOnly: i === made.told, baseRate: 0.4, question: i === 1 ? 'Is it?' : null }),
      ),
      categories: [{ slug: 'c', name: 'C', ageMinMonths: 12, ageMaxMonths: 60 }],
      rules: [{ category: 'c', goal: 'g1', weight: 0.7, halfLifeDays: 100 }],
      partners: [partner('P')],
      alliances: [alliance('A', 'P', { state: made.alliance, load: made.load })],
      briefings: made.briefed ? [{ allianceId: 'A', siteId: 'S', termsVersion: 2 }] : [],
      terms: [
        terms('A', {
          startsOn: made.startsOn,
          endsOn: made.endsOn,
          agreed: made.agreed,
          briefFrom: made.briefFrom,
          commissionBasisPoints: 800,
          disclosure: 'We earn.',
          record: { ...blankTerms('EUR', '2020-01-01', '2099-12-31'), perWeek: 2, perMonth: 4 },
        }),
      ],
      checks: [
        {
          id: 'k',
          partnerId: 'P',
          offerId: null,
          code: 'SAFE',
          critical: true,
          severity: 0,
          ok: true,
          validUntil: made.validUntil,
          issuer: null,
          issuedOn: null,
          assuredBy: null,
          assuredOn: null,
        },
      ],
      offers: made.offers.map(({ partner, said: _said, ...more }, i) =>
        offer(`o${i}`, more.goals, {
          ...more,
          partnerId: partner ? 'P' : null,
          ageMaxMonths: more.ageMinMonths === null ? null : 90,
        }),
      ),
      acceptance: made.offers.map(({ said, goals: mapped }, i) => ({
        offerId: `o${i}`,
        mapping: mappingOf(mapped),
        touchpoint: 'till',
        band: i % 3,
        said,
        accepted: Math.floor(said / 3),
        declined: 0,
        expected: said * 200_000,
      })),
      sessions: made.offers.map((_, i) => ({
        id: `s${i}`,
        offerId: `o${i}`,
        siteId: null,
        place: 'Room',
        facet: null,
        startsAt: '2026-02-20T10:00:00Z',
        endsAt: '2026-02-20T11:00:00Z',
        capacity: 2,
        bookedElsewhere: Math.min(made.booked, 2),
        cancelled: false,
      })),
      holds: made.offers.map((_, i) => ({
        id: `h${i}`,
        sessionId: `s${i}`,
        state: 'held',
        expiresAt: new Date(NOON + made.leaseDays * 86_400_000).toISOString(),
      })),
    }))

const anyPerson = (): fc.Arbitrary<Person | null> =>
  fc.option(
    fc
      .record({
        lines: fc.array(
          fc.record({
            kind: fc.constantFrom(
              'told' as const,
              'answered' as const,
              'bought' as const,
              'noticed' as const,
              'toldNo' as const,
              'attended' as const,
              'declined' as const,
            ),
            goal: fc.constantFrom(...GOALS),
            ago: fc.constantFrom(1, 5, 29, 30, 100, 364, 365),
            offer: fc.integer({ min: 0, max: 11 }),
            reason: fc.constantFrom('notNow', 'notForUs', 'haveIt'),
          }),
          { maxLength: 8 },
        ),
        orders: fc.integer({ min: 0, max: 6 }),
        usualMinor: fc.constantFrom(1000, 20_000),
        born: fc.option(fc.constantFrom('2022-01', '2010-01', '2025-12')),
        holdout: fc.constantFrom(...Array(9).fill(false), true),
        care: fc.constantFrom(
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          'open',
          'closedYesterday',
          'closedLongAgo',
        ),
        earlier: fc.array(
          fc.record({
            offer: fc.integer({ min: 0, max: 11 }),
            ago: fc.integer({ min: 0, max: 70 }),
            outcome: fc.constantFrom(null, 'said', 'notSaid', 'accepted', 'declined'),
          }),
          { maxLength: 2 },
        ),
      })
      .map(({ lines, born, care, earlier, ...more }) =>
        person({
          ...more,
          birthMonths: born ? [born] : [],
          evidence: lines.map(({ kind, goal, ago, offer: o, reason }, i) =>
            evidence(`e${i}`, goal, {
              kind,
              onDay: TODAY - ago,
              weight: kind === 'declined' || kind === 'toldNo' ? 0 : 0.85,
              speakable: kind !== 'bought',
              words: kind === 'declined' ? reason : `line ${i}`,
              offerId: kind === 'attended' || kind === 'declined' ? `o${o}` : null,
            }),
          ),
          care: care
            ? [
                {
                  id: 'c',
                  kind: 'complaint',
                  what: 'zip',
                  promise: null,
                  promisedBy: null,
                  dueDay: null,
                  openedDay: TODAY - 30,
                  closedDay: care === 'open' ? null : care === 'closedYesterday' ? TODAY - 1 : TODAY - 20,
                },
              ]
            : [],
          earlier: earlier.map(({ offer: o, ago, outcome }, i) => ({
            id: `b${i}`,
            offerId: `o${o}`,
            alternateId: null,
            askedGoal: null,
            atMs: NOON - ago * 86_400_000,
            outcome,
            outcomeReason: null,
            saidMs: outcome !== null && outcome !== 'notSaid' ? NOON - ago * 86_400_000 : null,
          })),
        }),
      ),
  )
const anyBasket = () =>
  fc.array(fc.constantFrom(line(), line({ category: 'c' }), line({ category: 'c', gift: true })), {
    maxLength: 3,
  })
const anyMoment = () => fc.tuple(rows(), anyPerson(), anyBasket())
const runs = { numRuns: 3000 }

describe('for any shop, person and basket', () => {
  test('invariants 6 and 9: nothing that is recommended breaks a hard rule at its own instant', () => {
    let spoke = 0
    fc.assert(
      fc.property(anyMoment(), ([made, who, basket]) => {
        const shop = smallShop(made)
        const [{ primary, alternate, kindness, gated }, moment] = decide(shop, who, basket)
        const today = dateOf(TODAY)
        const offered = new Set(
          [primary?.listed, alternate?.listed, kindness, ...gated.map((each) => each.listed)].filter(
            (each) => each != null,
          ),
        )
        // Written from the rules and not from the gates.
        for (const { offer: o, sessions } of offered) {
          expect(o.state).toBe('live')
          if (o.partnerId) {
            expect(made.alliances![0]!.state).toBe('live')
            expect(
              (made.terms![0]!.startsOn ?? '') <= today && (made.terms![0]!.endsOn ?? '9') >= today,
            ).toBe(true)
            expect((made.checks![0]!.validUntil ?? '9') >= today).toBe(true)
            expect(made.terms![0]!.agreed).toBe(true)
            expect(made.briefings![0]!.termsVersion).toBeGreaterThanOrEqual(made.terms![0]!.briefFrom)
            // Monday 16 February: two of this week, four of this month are the most.
            const { load } = made.alliances![0]!
            expect((load['2026-02-16'] ?? 0) + (load['2026-02-20'] ?? 0)).toBeLessThan(2)
            expect(Object.values(load).reduce((sum, n) => sum + n, 0)).toBeLessThan(4)
          }
          if (o.months.length) expect(o.months).toContain(2)
          if (o.seated) expect(placesLeft(sessions[0]!, NOON)).toBeGreaterThan(0)
          for (const slug of Object.keys(o.goals))
            expect(moment.wants.toldNo[shop.goalIndex.get(slug)!]).toBe(0)
          const secret = made.goals!.find((g) => g.toldOnly)
          if (secret && o.goals[secret.slug]! >= 0.5)
            expect(
              who?.evidence.some(
                (e) => e.goal === secret.slug && (e.kind === 'told' || e.kind === 'answered'),
              ),
            ).toBe(true)
          if (o.stage !== 'both') expect(o.stage).toBe(who && who.orders > 0 ? 'back' : 'front')
        }
        for (const each of [primary, alternate, ...gated].filter((e) => e != null)) {
          const o = each.listed.offer
          expect(each.parts.fit).toBeGreaterThanOrEqual(shop.policy.fitFloor)
          if (!who || who.orders === 0) expect(['free', 'low']).toContain(o.commitment)
          const usual = who && who.orders > 0 ? who.usualMinor : moment.basketMinor
          expect(o.priceMinor).toBeLessThanOrEqual(2 * usual)
          const declined = who?.evidence.filter((e) => e.kind === 'declined' && e.offerId === o.id) ?? []
          for (const d of declined)
            expect(TODAY - d.onDay).toBeGreaterThanOrEqual(d.words === 'notNow' ? 30 : 365)
          expect(who?.evidence.some((e) => e.kind === 'attended' && e.offerId === o.id) ?? false).toBe(false)
          expect(who?.care.some((c) => c.closedDay === null || TODAY < c.closedDay + 2) ?? false).toBe(false)
          for (const b of who?.earlier ?? [])
            if (b.saidMs !== null && b.offerId !== o.id) {
              const lastSaid = Math.max(...who!.earlier.map((e) => e.saidMs ?? 0))
              if (
                b.saidMs === lastSaid &&
                !who!.earlier.some((e) => e.saidMs === lastSaid && e.offerId === o.id)
              )
                expect(NOON - b.saidMs).toBeGreaterThanOrEqual(7 * 86_400_000)
            }
        }
        if (who?.holdout) expect(primary).toBeNull()
        if (primary) spoke++
      }),
      runs,
    )
    expect(spoke).toBeGreaterThan(runs.numRuns / 25)
  })

  test('invariant 7: the same input gives the same answer, whatever the order of the rows', () => {
    fc.assert(
      fc.property(anyMoment(), ([made, who, basket]) => {
        const shape = (shop: Catalogue) => {
          const [decision, moment] = decide(shop, who, basket)
          return JSON.stringify(
            answerOf(decision, moment, {
              id: 'r',
              degraded: null,
              dataVersion: '1',
              currency: 'EUR',
              unmatched: [],
            }),
          )
        }
        const turned = {
          ...made,
          offers: [...made.offers!].reverse(),
          sessions: [...made.sessions!].reverse(),
          holds: [...made.holds!].reverse(),
        }
        expect(shape(smallShop(turned))).toBe(shape(smallShop(made)))
      }),
      { numRuns: 300 },
    )
  })

  test('invariant 10: every spoken reason is backed by a line, and goes when the line goes', () => {
    fc.assert(
      fc.property(anyMoment(), ([made, who, basket]) => {
        const shop = smallShop(made)
        const answer = (w: Person | null, b: BasketLine[]) => {
          const [decision, moment] = decide(shop, w, b)
          return answerOf(decision, moment, {
            id: 'r',
            degraded: null,
            dataVersion: '1',
            currency: 'EUR',
            unmatched: [],
          })
        }
        for (const spoken of [answer(who, basket).primary, answer(who, basket).alternate])
          for (const { code, goal: slug, text } of spoken?.reasons ?? []) {
            expect(['TOLD', 'ANSWERED', 'NOTICED', 'ATTENDED', 'BASKET']).toContain(code)
            const rest =
              code === 'BASKET'
                ? answer(who, [])
                : answer(
                    {
                      ...who!,
                      evidence: who!.evidence.filter(
                        (e) => e.goal !== slug || e.kind === 'declined' || e.kind === 'toldNo',
                      ),
                    },
                    basket,
                  )
            expect(JSON.stringify(rest)).not.toContain(JSON.stringify({ code, goal: slug, text }))
          }
      }),
      runs,
    )
  })

  test('invariant 11: money moves a score by at most the lever, and nothing at 0', () => {
    fc.assert(
      fc.property(anyMoment(), ([made, who, basket]) => {
        const [{ gated }] = decide(smallShop(made), who, basket)
        for (const { parts } of gated) {
          expect(parts.value).toBeGreaterThanOrEqual(1)
          expect(parts.value).toBeLessThanOrEqual(1 + made.policy!.valueLever)
        }
        const [without] = decide(
          smallShop({ ...made, policy: { ...made.policy!, valueLever: 0 } }),
          who,
          basket,
        )
        expect(without.withoutMoney ?? null).toBe(without.gated[0]?.listed.offer.id ?? null)
      }),
      { numRuns: 500 },
    )
  })

  test('invariant 15: the parts make the score, and each is within its bounds', () => {
    fc.assert(
      fc.property(anyMoment(), ([made, who, basket]) => {
        const shop = smallShop(made)
        for (const { parts, score } of decide(shop, who, basket)[0].gated) {
          expect(scoreOf(parts)).toBe(score)
          expect(Object.values(parts).reduce((product, part) => product * part, 1)).toBeCloseTo(score, 12)
          expect(parts.propensity).toBeGreaterThanOrEqual(shop.policy.propensityMin)
          expect(parts.propensity).toBeLessThanOrEqual(shop.policy.propensityMax)
          expect(parts.fit).toBeLessThan(1)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('invariant 1', () => {
  test('a goal tree has no cycle', () => {
    expect(
      goalProblems([goal('a', { parent: 'b' }), goal('b', { parent: 'a' })]).map((p) => p.message),
    ).toContain('makes a cycle')
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 7 }), { minLength: 8, maxLength: 8 }), (parents) => {
        const tree = parents.map((up, i) => goal(`n${i}`, { parent: up < 0 ? null : `n${up}` }))
        const loops = parents.some((_, i) => {
          let at = i
          for (let k = 0; k < 9 && at >= 0; k++) at = parents[at]!
          return at >= 0
        })
        expect(goalProblems(tree).some((p) => p.message === 'makes a cycle')).toBe(loops)
      }),
    )
  })
  test('an offer has one to five goals with a weight in (0, 1], and words that fit and do not press', () => {
    const goals = new Map(['a', 'b', 'c', 'd', 'e', 'f'].map((g) => [g, true]))
    const problems = (o: Parameters<typeof offer>[1], more = {}) =>
      offerProblems(offer('x', o, more), goals).map((p) => p.field)
    expect(problems({ a: 1 })).toEqual([])
    expect(problems({})).toEqual(['goals'])
    expect(problems({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).toEqual(['goals'])
    expect(problems({ a: 0, b: 1.1, z: 0.5 })).toEqual(['goals.a', 'goals.b', 'goals.z'])
    const say = offer('x', { a: 1 }).say
    expect(problems({ a: 1 }, { headline: 'x'.repeat(41) })).toEqual(['headline'])
    expect(problems({ a: 1 }, { say: { ...say, opener: 'Take it.' } })).toEqual(['opener'])
    expect(problems({ a: 1 }, { say: { ...say, line: 'Hurry, last chance!' } })).toEqual(['line'])
    expect(problems({ a: 1 }, { say: { ...say, line: 'evil \u202e text' } })).toEqual(['line'])
  })
})

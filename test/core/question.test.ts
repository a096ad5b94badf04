/** The one question: worth most where an answer changes most, and never where it may not be asked. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalogue, CatalogueRows, Poll } from '../../src/core/catalogue.ts'
import type { Earlier, Person } from '../../src/core/moment.ts'
import { momentOf } from '../../src/core/moment.ts'
import { questionAt, wordsOf, worthOf } from '../../src/core/question.ts'
import { recommend } from '../../src/core/recommend.ts'
import { evidence, goal, type line, NOON, offer, person, smallShop } from '../support/small-shop.ts'

const DAY_MS = 86_400_000
const TODAY = 20_500
const DATE = '2026-02-16'

const poll = (id: string, goal: string, more: Partial<Poll> = {}): Poll => ({
  id,
  goal,
  question: `Would ${goal} interest you?`,
  touchpoints: [],
  goAnswers: 10,
  goYes: 5,
  goShare: 0.2,
  opensOn: '2026-02-01',
  closesOn: '2026-02-28',
  state: 'open',
  version: 1,
  ...more,
})
const asked = (slug: string | null, daysAgo: number, id = `q-${slug}-${daysAgo}`): Earlier => ({
  id,
  offerId: null,
  alternateId: null,
  askedGoal: slug,
  atMs: NOON - daysAgo * DAY_MS,
  outcome: null,
  outcomeReason: null,
  saidMs: null,
})

const GOALS = ['swim', 'piano', 'dance', 'yoga', 'tennis', 'newborn', 'silent']
const rows: Partial<CatalogueRows> = {
  goals: [
    goal('enrich', { question: null }),
    goal('swim', { parent: 'enrich', baseRate: 0.3, question: 'Happy in water?' }),
    goal('piano', { parent: 'enrich', baseRate: 0.28, question: 'An instrument?' }),
    goal('dance', { parent: 'enrich', baseRate: 0.28, question: 'A lot of dancing?' }),
    goal('yoga', { baseRate: 0.3, question: 'Yoga together?' }),
    goal('tennis', { baseRate: 0.2, question: 'Tennis?', ageMinMonths: 48, ageMaxMonths: 192 }),
    goal('newborn', { baseRate: 0.9, question: 'A baby coming?', toldOnly: true }),
    goal('silent', { baseRate: 0.9, question: null }),
  ],
  categories: [{ slug: 'mats', name: 'Mats', ageMinMonths: null, ageMaxMonths: null }],
  // Yoga shows in baskets, so that it need not be asked.
  rules: [{ category: 'mats', goal: 'yoga', weight: 0.5, halfLifeDays: 300 }],
  offers: ['swim', 'piano', 'dance', 'yoga', 'newborn', 'silent'].map((slug) =>
    offer(`to-${slug}`, { [slug]: slug === 'dance' ? 0.5 : 0.9 }),
  ),
}
const shop = smallShop(rows)
const questionFor = (
  who: Person | null,
  more: { catalogue?: Catalogue; touchpoint?: string; basket?: ReturnType<typeof line>[] } = {},
): string | null => {
  const { catalogue = shop, touchpoint = 'till', basket = [] } = more
  const g = questionAt(momentOf(catalogue, { siteId: 'S', touchpoint, nowMs: NOON, basket }, who))
  return g === null ? null : catalogue.goals[g]!.slug
}

describe('the question of a moment', () => {
  test('is about what baskets do not show and the shop can serve: swimming first, then the piano, then the weaker dance, yoga last', () => {
    expect(questionFor(person())).toBe('swim')
    expect(questionFor(person({ earlier: [asked('swim', 40)] }))).toBe('piano')
    expect(questionFor(person({ earlier: [asked('swim', 40), asked('piano', 30)] }))).toBe('dance')
    expect(
      questionFor(person({ earlier: [asked('swim', 40), asked('piano', 30), asked('dance', 20)] })),
    ).toBe('yoga')
    // Tennis is served by nothing, the baby is hers to bring up, and for one goal there are no words.
    expect(
      questionFor(
        person({ earlier: [asked('swim', 4), asked('piano', 3), asked('yoga', 2), asked('dance', 1)] }),
      ),
    ).toBeNull()
    expect(questionFor(null)).toBeNull()
  })
  test('stays the question of the day, and once it is answered there is no second one that day', () => {
    const today = { earlier: [asked('dance', 0)] }
    expect(questionFor(person(today))).toBe('dance')
    for (const kind of ['answered', 'toldNo'] as const)
      expect(
        questionFor(person({ ...today, evidence: [evidence('a', 'dance', { kind, onDay: TODAY })] })),
      ).toBeNull()
  })
  test('may come again after ninety days, and not before', () => {
    expect(questionFor(person({ earlier: [asked('swim', 89)] }))).toBe('piano')
    expect(questionFor(person({ earlier: [asked('swim', 90)] }))).toBe('swim')
  })
  test('is not about what she declined for good a while ago; "not now" is no such word', () => {
    const declined = (words: string, onDay = TODAY - 30) =>
      person({ evidence: [evidence('d', 'swim', { kind: 'declined', weight: 0, words, onDay })] })
    expect(questionFor(declined('notForUs'))).toBe('piano')
    expect(questionFor(declined('wrong'))).toBe('piano')
    expect(questionFor(declined('notForUs', TODAY - 100))).not.toBeNull()
    expect(questionFor(declined('notNow')) === 'swim' || questionFor(declined('notNow')) === 'piano').toBe(
      true,
    )
  })
  test('what only staff noticed of her own life becomes a question, and no offer', () => {
    const noticed = person({
      evidence: [evidence('n', 'piano', { kind: 'noticed', weight: 0.55, speakable: false })],
    })
    const moment = momentOf(shop, { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] }, noticed)
    const decision = recommend(moment, { goesWith: () => [], affinityOf: () => 0 } as never, 'draw')
    expect(decision.primary).toBeNull()
    expect(questionFor(noticed)).toBe('piano')
  })
})

describe('an open poll', () => {
  const withPolls = (...polls: Poll[]) => smallShop({ ...rows, polls })
  const six = person({ birthMonths: ['2020-01'] })
  test('goes first, in its own words, for a goal that nothing serves too', () => {
    const catalogue = withPolls(poll('p1', 'tennis'))
    expect(questionFor(six, { catalogue })).toBe('tennis')
    const moment = momentOf(catalogue, { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] }, six)
    expect(wordsOf(catalogue.goalIndex.get('tennis')!, moment)).toBe('Would tennis interest you?')
    expect(wordsOf(catalogue.goalIndex.get('swim')!, moment)).toBe('Happy in water?')
  })
  test('waits where it does not concern her, is not open here and today, or was asked lately', () => {
    const instead = (who: Person, ...polls: Poll[]) => questionFor(who, { catalogue: withPolls(...polls) })
    expect(instead(person({ birthMonths: ['2025-01'] }), poll('p', 'tennis'))).toBe('swim')
    expect(instead(six, poll('p', 'tennis', { opensOn: '2026-02-17' }))).toBe('swim')
    expect(instead(six, poll('p', 'tennis', { closesOn: '2026-02-15' }))).toBe('swim')
    expect(instead(six, poll('p', 'tennis', { opensOn: DATE, closesOn: DATE }))).toBe('tennis')
    expect(instead(six, poll('p', 'tennis', { state: 'closed' }))).toBe('swim')
    const declined = evidence('d', 'tennis', {
      kind: 'declined',
      weight: 0,
      words: 'notForUs',
      onDay: TODAY - 30,
    })
    expect(instead({ ...six, evidence: [declined] }, poll('p', 'tennis'))).toBe('swim')
    const notNow = { ...declined, words: 'notNow' }
    expect(instead({ ...six, evidence: [notNow] }, poll('p', 'tennis'))).toBe('tennis')
    expect(instead(six, poll('p', 'tennis', { touchpoints: ['phone'] }))).toBe('swim')
    expect(instead({ ...six, earlier: [asked('tennis', 10)] }, poll('p', 'tennis'))).toBe('swim')
    expect(instead(six, poll('p', 'newborn'))).toBe('swim')
    expect(instead(six, poll('p', 'no-such-goal'))).toBe('swim')
    expect(instead({ ...six, evidence: [evidence('t', 'tennis')] }, poll('p', 'tennis'))).toBe('swim')
  })
  test('of two the older comes first, and the other next time', () => {
    const polls = [poll('a', 'yoga', { opensOn: '2026-02-10' }), poll('b', 'tennis')]
    const catalogue = withPolls(...polls)
    expect(questionFor(six, { catalogue })).toBe('tennis')
    expect(questionFor({ ...six, earlier: [asked('tennis', 5)] }, { catalogue })).toBe('yoga')
  })
})

describe('for any shop and any person', () => {
  const anyone = () =>
    fc
      .record({
        lines: fc.array(
          fc.record({
            kind: fc.constantFrom(
              'told' as const,
              'answered' as const,
              'toldNo' as const,
              'bought' as const,
              'noticed' as const,
              'declined' as const,
            ),
            goal: fc.constantFrom('enrich', ...GOALS),
            ago: fc.integer({ min: 0, max: 400 }),
          }),
          { maxLength: 6 },
        ),
        before: fc.array(
          fc.record({
            goal: fc.constantFrom(null, ...GOALS),
            ago: fc.integer({ min: 0, max: 200 }),
          }),
          { maxLength: 6 },
        ),
        born: fc.constantFrom('2025-06', '2020-01'),
      })
      .map(({ lines, before, born }) =>
        person({
          birthMonths: [born],
          evidence: lines.map(({ kind, goal, ago }, i) =>
            evidence(`e${i}`, goal, { kind, onDay: TODAY - ago, weight: kind === 'toldNo' ? 0 : 0.8 }),
          ),
          earlier: before.sort((a, b) => a.ago - b.ago).map(({ goal, ago }, i) => asked(goal, ago, `b${i}`)),
        }),
      )
  const anyPolls = () =>
    fc.uniqueArray(fc.constantFrom(...GOALS), { maxLength: 3 }).map((goals) => goals.map((g) => poll(g, g)))

  test('never told-only, never refused or told, never without words, never twice in ninety days, one a visit', () => {
    fc.assert(
      fc.property(anyone(), anyPolls(), (who, polls) => {
        const catalogue = smallShop({ ...rows, polls })
        const moment = momentOf(catalogue, { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] }, who)
        const g = questionAt(moment)
        const today = who.earlier.filter(({ askedGoal, atMs }) => askedGoal !== null && atMs === NOON)
        if (g === null) return
        const { slug, toldOnly } = catalogue.goals[g]!
        expect(toldOnly).toBe(false)
        expect(wordsOf(g, moment)).toMatch(/\?$/)
        for (const said of who.evidence.filter(({ kind }) => ['told', 'answered', 'toldNo'].includes(kind)))
          expect(said.goal).not.toBe(slug)
        // A no to the wider goal is a no to this one.
        expect(moment.wants.toldNo[g]).toBe(0)
        if (today.length > 0) expect(slug).toBe(today[0]!.askedGoal)
        else
          for (const { askedGoal, atMs } of who.earlier)
            if (askedGoal === slug) expect(NOON - atMs).toBeGreaterThanOrEqual(90 * DAY_MS)
      }),
      { numRuns: 500 },
    )
  })
  test('erasing what was asked and told makes it a question again, the same for the same moment', () => {
    fc.assert(
      fc.property(anyone(), (who) => {
        expect(questionFor(who)).toBe(questionFor(structuredClone(who)))
        expect(questionFor({ ...who, evidence: [], earlier: [] })).toBe('swim')
      }),
    )
  })
  test('an answer is worth most where we are least sure whether it belongs to the top few, nothing where we are certain', () => {
    const belief = () => fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(belief(), belief(), belief(), (p, a, b) => {
        const bar = { last: Math.max(a, b), next: Math.min(a, b) }
        const worth = worthOf(p, bar)
        expect(worth).toBeGreaterThanOrEqual(0)
        expect(worth).toBeLessThanOrEqual(0.25)
        expect(worthOf(0, { last: 0.5, next: b })).toBe(0)
        expect(worthOf(1, bar)).toBe(0)
        // Nearer the bar is worth no less, from either side.
        if (p < bar.last) expect(worthOf(p / 2, bar)).toBeLessThanOrEqual(worth)
        else expect(worthOf((1 + p) / 2, bar)).toBeLessThanOrEqual(worth)
      }),
    )
  })
})

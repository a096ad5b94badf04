/** How near a customer is: by what she did and told, forth and back, never without a dated reason. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { momentOf } from '../../src/core/moment.ts'
import { reasonsFor } from '../../src/core/reason.ts'
import type { Known } from '../../src/core/relationship.ts'
import { levelOf, relationshipHistory, relationshipOf } from '../../src/core/relationship.ts'
import { dateOf, dayOf } from '../../src/core/time.ts'
import type { EvidenceKind } from '../../src/core/understand.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

const TODAY = dayOf('2026-03-14')
type Line = Known['evidence'][number]
const did = (kind: EvidenceKind, date: string, about?: string): Line => ({
  kind,
  onDay: dayOf(date),
  aboutDay: about === undefined ? null : dayOf(about),
})
const known = (visits: string[], lines: Line[] = [], today = TODAY): Known => ({
  visits: visits.map(dayOf),
  evidence: lines,
  today,
})

const SIGNS: EvidenceKind[] = ['told', 'answered', 'attended', 'enrolled']
const OTHERS: EvidenceKind[] = ['bought', 'noticed', 'toldNo', 'declined', 'completed', 'booked']
const aLine = (from: number, to: number, kinds = [...SIGNS, ...OTHERS]) =>
  fc
    .record({
      kind: fc.constantFrom(...kinds),
      onDay: fc.integer({ min: from, max: to }),
      ahead: fc.option(fc.integer({ min: -30, max: 300 })),
    })
    .map(({ kind, onDay, ahead }): Line => ({ kind, onDay, aboutDay: ahead === null ? null : onDay + ahead }))
const anybody = (from: number, to: number) =>
  fc.record({
    visits: fc.array(fc.integer({ min: from, max: to }), { maxLength: 10 }),
    evidence: fc.array(aLine(from, to), { maxLength: 8 }),
  })

describe('the relationship', () => {
  test.each<[string, Known, string, string]>([
    ['nobody bought yet', known([]), 'interaction', 'She has not bought from us yet.'],
    ['one visit', known(['2026-03-02']), 'interaction', 'She bought from us once in a year, on 2 March.'],
    [
      'two visits in a year',
      known(['2026-03-02', '2025-04-01']),
      'engagement',
      'She bought from us twice in a year, last on 2 March.',
    ],
    [
      'two visits, and one of them too long ago',
      known(['2026-03-02', '2025-03-14']),
      'interaction',
      'She bought from us once in a year, on 2 March.',
    ],
    [
      'one visit, and she told us something',
      known(['2026-03-02'], [did('told', '2026-02-07')]),
      'engagement',
      'She told us something on 7 February.',
    ],
    [
      'five visits in two years, and a sign',
      known(
        ['2026-03-02', '2025-12-01', '2025-06-01', '2024-12-01', '2024-04-01'],
        [did('attended', '2025-10-04')],
      ),
      'relationship',
      'She bought from us five times in two years, and came to something of ours on 4 October 2025.',
    ],
    [
      'enrolled within a year',
      known([], [did('enrolled', '2025-09-01')]),
      'relationship',
      'She joined a programme on 1 September 2025.',
    ],
    [
      'everything more than a year ago',
      known(['2025-01-05', '2024-12-01'], [did('told', '2025-02-07')]),
      'interaction',
      'She last told us something on 7 February 2025: more than a year ago.',
    ],
    [
      'a refusal, and what staff saw, are no sign',
      known(['2026-03-02'], [did('toldNo', '2026-03-01'), did('noticed', '2026-03-01')]),
      'interaction',
      'She bought from us once in a year, on 2 March.',
    ],
  ])('%s', (_, who, name, because) => {
    expect(relationshipOf(who)).toMatchObject({ name, because })
  })

  test('goes forth and back, each step with its day and its reason', () => {
    const who = known(
      ['2024-01-10', '2024-05-20'],
      [did('told', '2024-06-01'), did('enrolled', '2025-01-10')],
    )
    expect(relationshipHistory(who).map(({ on, level, because }) => [dateOf(on), level, because])).toEqual([
      ['2024-05-20', 1, 'She bought from us twice in a year, last on 20 May.'],
      ['2025-01-10', 2, 'She joined a programme on 10 January.'],
      ['2026-01-10', 0, 'She last joined a programme on 10 January 2025: more than a year ago.'],
    ])
    expect(relationshipOf(who).since).toBe(dayOf('2026-01-10'))
  })

  test('a recital that she told us of keeps the sign until a year after it', () => {
    const who = known([], [did('told', '2025-01-01', '2025-12-12')])
    expect(relationshipOf({ ...who, today: dayOf('2026-12-11') }).level).toBe(1)
    expect(relationshipOf({ ...who, today: dayOf('2026-12-12') }).level).toBe(0)
  })

  test('whatever she did: on every day the level is the last of the history, which changes only on a day that has a reason', () => {
    fc.assert(
      fc.property(anybody(TODAY - 900, TODAY), ({ visits, evidence }) => {
        const history = relationshipHistory({ visits, evidence, today: TODAY + 400 })
        const reasons = new Set([
          ...visits.flatMap((day) => [day, day + 365, day + 730]),
          ...evidence.flatMap(({ onDay, aboutDay }) => [onDay, Math.max(onDay, aboutDay ?? onDay) + 365]),
        ])
        let before = 0
        for (const { on, level, because } of history) {
          expect(reasons.has(on)).toBe(true)
          expect(level).not.toBe(before)
          expect(because).toMatch(/^She .*\.$/)
          before = level
        }
        for (let today = TODAY - 905; today <= TODAY + 400; today++) {
          const last = history.findLast(({ on }) => on <= today)
          expect(levelOf({ visits, evidence, today })).toBe(last?.level ?? 0)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('one more sign, or visit, never lowers it; time alone never raises it', () => {
    fc.assert(
      fc.property(
        anybody(TODAY - 900, TODAY),
        aLine(TODAY - 900, TODAY, SIGNS),
        fc.integer({ min: TODAY - 900, max: TODAY }),
        fc.integer({ min: 0, max: 800 }),
        ({ visits, evidence }, sign, visit, later) => {
          const now = levelOf({ visits, evidence, today: TODAY })
          expect(levelOf({ visits, evidence: [...evidence, sign], today: TODAY })).toBeGreaterThanOrEqual(now)
          expect(levelOf({ visits: [...visits, visit], evidence, today: TODAY })).toBeGreaterThanOrEqual(now)
          expect(levelOf({ visits, evidence, today: TODAY + later })).toBeLessThanOrEqual(now)
          expect(relationshipOf({ visits, evidence, today: TODAY })).toMatchObject({ level: now })
        },
      ),
    )
  })
})

describe('what rests on it', () => {
  const shop = smallShop({
    goals: [goal('music')],
    offers: [offer('trial', { music: 0.9 }), offer('club', { music: 0.9 }, { minRelationship: 1 })],
    staff: [{ id: 'st_maya', name: 'Maya', sites: ['S'], role: 'floor' }],
  })
  const today = 20_500
  const momentWith = (visits: number[], onDay: number) =>
    momentOf(
      shop,
      { siteId: 'S', touchpoint: 'till', nowMs: NOON, basket: [] },
      person({ visits, evidence: [evidence('t', 'music', { onDay, staffId: 'st_maya', words: 'a drum' })] }),
    )
  const listed = shop.listedById.get('trial')!

  test('a name is said to whom we know; to others it is all of us who were told', () => {
    const near = momentWith([today - 3, today - 40], today - 400)
    const far = momentWith([], today - 400)
    expect([near.facts.relationship, far.facts.relationship]).toEqual([1, 0])
    expect(reasonsFor(listed, near)[0]!.text).toMatch(/^Told Maya on .*: a drum\.$/)
    expect(reasonsFor(listed, far)[0]!.text).toMatch(/^Told us on .*: a drum\.$/)
  })
})

/** Exclusivity: which agreements break a promise, and the sentence that says so. */
import { describe, expect, test } from 'vitest'
import type { Partner } from '../../src/core/catalogue.ts'
import type { Agreement } from '../../src/core/exclusivity.ts'
import { clashesWith, goalsOverlap, newClashes, tradesOverlap } from '../../src/core/exclusivity.ts'
import { preview } from '../../src/core/preview.ts'
import { blankTerms } from '../../src/core/terms.ts'
import { alliance, goal, NOON, offer, partner, smallShop, terms } from '../support/small-shop.ts'

const YEAR = { startsOn: '2026-01-01', endsOn: '2026-12-31' }
const EXCLUSIVE = { trade: 'music conservatory (piano, strings, voice)', withinMinutes: 30, untilOn: null }
const holder: Agreement = {
  allianceId: 'A02',
  partner: partner('P02', {
    name: 'Northside',
    trade: EXCLUSIVE.trade,
    goals: ['music'],
    facets: { music: ['piano', 'violin'] },
    walkMinutes: { S: 11 },
  }),
  terms: { ...YEAR, exclusivity: EXCLUSIVE },
}
const asks = (more: Partial<Agreement['partner']>, when: Partial<Agreement['terms']> = {}): Agreement => ({
  allianceId: 'A99',
  partner: partner('P99', { walkMinutes: { S: 12 }, ...more }),
  terms: { ...YEAR, exclusivity: null, ...when },
})

describe('exclusivity', () => {
  test('trades are alike when they share a word that says what is traded in', () => {
    expect(tradesOverlap('piano school', EXCLUSIVE.trade)).toBe(true)
    expect(tradesOverlap('Pianos', 'PIÁNO studio')).toBe(true)
    expect(tradesOverlap("children's swim school", 'swimming academy')).toBe(true)
    for (const [a, b] of [
      ['piano school', 'swim school'],
      ["children's art studio", "children's yoga studio"],
      ['junior tennis academy', 'junior robotics academy'],
      ['family club', 'family photographer'],
    ] as const)
      expect(tradesOverlap(a, b), `${a} / ${b}`).toBe(false)
  })

  test('partners serve the same wish through a goal, unless each names facets and none is shared', () => {
    const of = (...facets: string[]): Pick<Partner, 'goals' | 'facets'> => ({
      goals: ['music'],
      facets: facets.length > 0 ? { music: facets } : {},
    })
    expect(goalsOverlap(of('piano'), of('piano', 'drums'))).toBe(true)
    expect(goalsOverlap(of('piano'), of('drums'))).toBe(false)
    expect(goalsOverlap(of('piano'), of())).toBe(true)
    expect(goalsOverlap(of('piano'), { goals: ['swim'], facets: {} })).toBe(false)
  })

  test('a second piano school nearby clashes, and the answer names whose promise, until when, in a sentence', () => {
    expect(clashesWith(asks({ trade: 'piano school' }), [holder])).toEqual([
      {
        allianceId: 'A02',
        partnerId: 'P02',
        untilOn: '2026-12-31',
        says: 'For music conservatory (piano, strings, voice) within 30 minutes on foot we send families to Northside alone, until 2026-12-31.',
      },
    ])
    // Another trade, and the same wish.
    expect(clashesWith(asks({ trade: 'cello-and-more', goals: ['music'] }), [holder])).toHaveLength(1)
    expect(clashesWith(asks({ goals: ['music'], facets: { music: ['drums'] } }), [holder])).toEqual([])
  })

  test('it ends at the radius and at its dates, to the day and the minute', () => {
    const piano = { trade: 'piano school' }
    const clashes = (more: object, when?: object) =>
      clashesWith(asks({ ...piano, ...more }, when), [holder]).length
    expect(clashes({ walkMinutes: { S: 30 } })).toBe(1)
    expect(clashes({ walkMinutes: { S: 31 } })).toBe(0)
    expect(clashes({ walkMinutes: { S: 31, T: 8 } })).toBe(1)
    expect(clashes({ walkMinutes: {} })).toBe(1)
    expect(clashes({}, { startsOn: '2026-12-31', endsOn: '2027-12-31' })).toBe(1)
    expect(clashes({}, { startsOn: '2027-01-01', endsOn: '2027-12-31' })).toBe(0)
    const early = {
      ...holder,
      terms: { ...holder.terms, exclusivity: { ...EXCLUSIVE, untilOn: '2026-06-30' } },
    }
    expect(clashesWith(asks(piano, { startsOn: '2026-07-01' }), [early])).toEqual([])
    expect(clashesWith(asks(piano, { startsOn: '2026-06-30' }), [early])[0]?.untilOn).toBe('2026-06-30')
  })

  test('we do not promise to be one’s alone while we send families to another', () => {
    const open = { ...holder, terms: { ...holder.terms, exclusivity: null } }
    const wanted = asks(
      { trade: 'piano school', name: 'Keys' },
      { exclusivity: { trade: 'piano school', withinMinutes: null, untilOn: null } },
    )
    const [clash] = clashesWith(wanted, [open])
    expect(clash).toMatchObject({ allianceId: 'A02', untilOn: '2026-12-31' })
    expect(clash!.says).toContain('Northside')
    expect(clashesWith(asks({ trade: 'piano school' }), [open])).toEqual([])
  })

  test('new terms are held against what they break anew; paused counts, ended does not', () => {
    const exclusive = { ...blankTerms('EUR', '2026-01-01', '2026-12-31'), exclusivity: EXCLUSIVE }
    const plain = blankTerms('EUR', '2026-01-01', '2026-12-31')
    const shop = (state: string, own: string) =>
      smallShop({
        partners: [partner('P1', { trade: EXCLUSIVE.trade }), partner('P2', { trade: 'piano school' })],
        alliances: [alliance('A1', 'P1', { state }), alliance('A2', 'P2', { state: own })],
        terms: [terms('A1', { record: exclusive }), terms('A2', { record: plain, agreed: own === 'live' })],
      })
    const of = (state: string, own = 'draft') =>
      newClashes(shop(state, own), { id: 'A2', partnerId: 'P2' }, plain).map(({ allianceId }) => allianceId)
    expect(of('live')).toEqual(['A1'])
    expect(of('paused')).toEqual(['A1'])
    expect(of('ended')).toEqual([])
    expect(of('live', 'live')).toEqual([])
  })

  test('a promise lasts until other terms take its place', () => {
    const promised = { ...blankTerms('EUR', '2026-01-01', '2026-12-31'), exclusivity: EXCLUSIVE }
    const clashes = (nextStartsOn: string, startsOn: string) => {
      const shop = smallShop({
        partners: [partner('P1', { trade: EXCLUSIVE.trade }), partner('P2', { trade: 'piano school' })],
        alliances: [alliance('A1', 'P1')],
        terms: [
          terms('A1', { record: promised }),
          terms('A1', { version: 2, record: blankTerms('EUR', nextStartsOn, '2026-12-31') }),
        ],
      })
      return newClashes(shop, { id: null, partnerId: 'P2' }, blankTerms('EUR', startsOn, '2027-01-31'))
    }
    expect(clashes('2026-01-01', '2026-02-01')).toEqual([])
    expect(clashes('2026-06-01', '2026-06-01')).toEqual([])
    expect(clashes('2026-06-01', '2026-05-31').map(({ untilOn }) => untilOn)).toEqual(['2026-05-31'])
  })
})

describe('a preview', () => {
  const rows = (state: string) => ({
    goals: [goal('music'), goal('swim')],
    partners: [partner('P1')],
    alliances: [alliance('A1', 'P1', { state })],
    terms: [
      terms('A1', { record: { ...blankTerms('EUR', '2020-01-01', '2099-12-31'), customerBenefit: 'a' } }),
    ],
    briefings: [{ allianceId: 'A1', siteId: 'S', termsVersion: 1 }],
    offers: [offer('O1', { music: 1, swim: 0.5 }, { partnerId: 'P1' }), offer('O2', { swim: 1 })],
  })
  const today = '2026-02-16'

  test('a pause silences its offers, and names the goals that nothing else serves; going on does the reverse', () => {
    const live = smallShop(rows('live'))
    const silent = [{ offerId: 'O1', headline: 'Offer O1', sites: ['S'], fromOn: today }]
    expect(preview(live, alliance('A1', 'P1'), { move: 'paused' }, today, NOON)).toEqual({
      goSilent: silent,
      startSpeaking: [],
      words: [],
      goalsLeftWithoutOffer: ['music'],
      sites: ['S'],
      dates: [today],
    })
    const paused = alliance('A1', 'P1', { state: 'paused' })
    const back = preview(smallShop(rows('paused')), paused, { move: 'live' }, today, NOON)
    expect([back.goSilent, back.startSpeaking]).toEqual([[], silent])
    // The catalogue is as it was.
    expect(live.listedById.get('O1')!.alliance!.state).toBe('live')
  })

  test('other words silence it until staff know them; an earlier end from the day after', () => {
    const live = smallShop(rows('live'))
    const own = alliance('A1', 'P1')
    const record = live.parts.termsOf.get('A1')![0]!.record
    const worded = preview(live, own, { terms: { ...record, customerBenefit: 'b' } }, today, NOON)
    expect(worded.words).toEqual([{ field: 'customerBenefit', before: 'a', after: 'b' }])
    expect(worded.goSilent.map(({ offerId }) => offerId)).toEqual(['O1'])
    expect(preview(live, own, { terms: { ...record, perWeek: 9 } }, today, NOON).goSilent).toEqual([])
    const ended = preview(live, own, { endOn: '2026-03-01' }, today, NOON)
    expect(ended.dates).toEqual([today, '2026-03-02'])
    expect(ended.goSilent.map(({ fromOn }) => fromOn)).toEqual(['2026-03-02'])
    const sooner = preview(live, own, { terms: { ...record, endsOn: '2026-03-01' } }, today, NOON)
    expect(sooner.goSilent.map(({ fromOn }) => fromOn)).toEqual(['2026-03-02'])
  })
})

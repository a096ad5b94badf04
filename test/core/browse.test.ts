/** What staff type with a customer in front of them, understood: an age, a shop, a day, and the words that are left. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Understood } from '../../src/core/browse.ts'
import { isAskedDay, understand, wishProblem } from '../../src/core/browse.ts'
import { dateOf, dayOf } from '../../src/core/time.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
/** A Saturday. */
const TODAY = '2026-03-14'
const SHOP = {
  sites: [
    { id: 'BK', name: 'Damen Street' },
    { id: 'LS', name: 'Lincoln Corner' },
  ],
  goals: new Map([
    ['piano', ['music-instrument']],
    ['swim', ['mv-swim']],
    ['music', ['music', 'music-first-notes', 'music-instrument']],
  ]),
  names: new Set(['maple', 'court', 'lotus']),
}
const ask = (text: string, today = TODAY) => understand(text, SHOP, { today, weekdayNames: WEEKDAYS })
const says = (text: string, expected: Partial<Understood>) => expect(ask(text), text).toMatchObject(expected)

describe('what staff type', () => {
  test('is taken apart into an age, a shop, a day and words', () => {
    expect(ask('calm 4 years lincoln corner saturday')).toEqual({
      words: ['calm'],
      ageMonths: 48,
      siteId: 'LS',
      weekdays: [6],
      dates: null,
      goals: [],
    })
    expect(ask('piano for my 5 year old near damen')).toEqual({
      words: ['piano'],
      ageMonths: 60,
      siteId: 'BK',
      weekdays: [],
      dates: null,
      goals: ['music-instrument'],
    })
    expect(ask('')).toEqual({
      words: [],
      ageMonths: null,
      siteId: null,
      weekdays: [],
      dates: null,
      goals: [],
    })
  })
  test('ages are understood however they are written', () => {
    const ages: [string, number][] = [
      ['4yo', 48],
      ['4 yo', 48],
      ['4 y.o. boy', 48],
      ['4yr old', 48],
      ['four years', 48],
      ['four year olds', 48],
      ['18 months', 18],
      ['18mo', 18],
      ['18 mths', 18],
      ['6;6', 78],
      ['6.5 years', 78],
      ['6½ years', 78],
      ['six and a half', 78],
      ['2 years 3 months', 27],
      ['aged 7', 84],
      ['age 7', 84],
      ['turning 3', 36],
      ['toddler', 24],
      ['toddlers', 24],
      ['teenager', 162],
      ['0 months', 0],
    ]
    for (const [text, ageMonths] of ages) says(`music ${text} damen street`, { ageMonths, siteId: 'BK' })
  })
  test('a slip of the finger in an age or a day is forgiven', () => {
    says('yoga 4 yeras satruday', { ageMonths: 48, weekdays: [6], words: ['yoga'] })
    says('yoga 18 mnths wednesdy', { ageMonths: 18, weekdays: [3], words: ['yoga'] })
    says('yoga 4 bears monkey', { ageMonths: null, weekdays: [], words: ['yoga', 'bears', 'monkey'] })
  })
  test('what could be something else stays a word, or is left alone', () => {
    says('room 4', { ageMonths: null, words: ['room'] })
    says('90 years', { ageMonths: null })
    says('sun hat', { weekdays: [], words: ['sun', 'hat'] })
    says('baby swim', { ageMonths: 8, words: ['baby', 'swim'], goals: ['mv-swim'] })
    says('something creative for a toddler', { ageMonths: 24, words: ['creative'] })
    says('lotus', { siteId: null, words: ['lotus'] })
    says('corner shop', { siteId: null, words: ['corner', 'shop'] })
    says('music', { words: ['music'], goals: [] })
    says('baby. only mornings', { words: ['baby', 'only', 'mornings'] })
    const shared = { ...SHOP, names: new Set(['lincoln']) }
    const at = (text: string) => understand(text, shared, { today: TODAY, weekdayNames: WEEKDAYS }).siteId
    expect(at('lincoln swim')).toBe(null)
    expect(at('swim near lincoln')).toBe('LS')
    expect(at('swim lincoln corner')).toBe('LS')
  })
  test('days are days at the site', () => {
    says('yoga tomorrow', {
      weekdays: [],
      dates: { from: '2026-03-15', until: '2026-03-15' },
      words: ['yoga'],
    })
    says('yoga today', { dates: { from: '2026-03-14', until: '2026-03-14' } })
    says('yoga next week', { dates: { from: '2026-03-16', until: '2026-03-22' }, words: ['yoga'] })
    says('yoga this weekend', { weekdays: [0, 6], dates: { from: '2026-03-14', until: '2026-03-15' } })
    says('yoga next weekend', { dates: { from: '2026-03-21', until: '2026-03-22' } })
    says('yoga weekends', { weekdays: [0, 6], dates: null })
    says('yoga saturdays', { weekdays: [6], dates: null, words: ['yoga'] })
    says('yoga tue or thurs', { weekdays: [2, 4] })
    says('yoga on sun', { weekdays: [0] })
    says('sunday school', { weekdays: [] })
    says('this friday', { weekdays: [5], dates: { from: '2026-03-14', until: '2026-03-20' }, words: [] })
    expect(ask('this weekend', '2026-03-15').dates).toEqual({ from: '2026-03-15', until: '2026-03-15' })
    expect(ask('next week', '2026-03-15').dates).toEqual({ from: '2026-03-16', until: '2026-03-22' })
    expect(ask('next week', '2026-03-16').dates).toEqual({ from: '2026-03-23', until: '2026-03-29' })
  })
  test('the next week that is meant begins on the Monday after, on any day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 18_000, max: 25_000 }), (day) => {
        const { dates } = ask('next week', dateOf(day))
        expect(new Date(`${dates!.from}T00:00:00Z`).getUTCDay()).toBe(1)
        expect(dayOf(dates!.from) - day).toBeGreaterThan(0)
        expect(dayOf(dates!.from) - day).toBeLessThanOrEqual(7)
        expect(dayOf(dates!.until) - dayOf(dates!.from)).toBe(6)
      }),
    )
  })
  test('a day is asked for when it is of those days and dates', () => {
    const any = { weekdays: [], dates: null }
    expect(isAskedDay('2026-03-14', any)).toBe(true)
    expect(isAskedDay('2026-03-14', { weekdays: [6], dates: null })).toBe(true)
    expect(isAskedDay('2026-03-15', { weekdays: [6], dates: null })).toBe(false)
    expect(
      isAskedDay('2026-03-15', { weekdays: [], dates: { from: '2026-03-14', until: '2026-03-14' } }),
    ).toBe(false)
  })
  test('nothing that can be typed breaks it, and what was typed is not made up', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const { words, ageMonths } = ask(text)
        for (const word of words) expect(word.length).toBeGreaterThan(0)
        if (ageMonths !== null) expect(ageMonths).toBeLessThanOrEqual(216)
      }),
    )
  })
})

test('a wish is about a thing: no address, no telephone number, not long', () => {
  expect(wishProblem('gymnastics for 4 years, Saturday 10 to 12')).toBe(null)
  for (const words of ['call 312 555 0140', '(312) 555-0140', 'ana@example.org', 'x'.repeat(121), 'a\u202eb'])
    expect(wishProblem(words), words).not.toBe(null)
})

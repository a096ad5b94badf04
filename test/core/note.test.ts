/** What a note says: a no, a name, a goal. Tables of words as people write them, and what holds for all of them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goalsGuessed, goalsNamedIn, namesIn, noteKind, saysNo } from '../../src/core/note.ts'
import { goal, offer, smallShop } from '../support/small-shop.ts'

const shop = smallShop({
  goals: [
    goal('mu-play', { name: 'Learning an instrument' }),
    goal('ad-shore', { name: 'Beach and sun' }),
    goal('mu-stage', { name: 'Performing on stage' }),
    goal('be-give-back', { name: 'Giving back' }),
    goal('mi-baby', { name: 'A new baby', toldOnly: true }),
  ],
  offers: [
    offer('trial', { 'mu-play': 0.9 }, { headline: 'A Steinway to try', facets: ['piano'] }),
    offer('class', { 'mu-stage': 0.9 }, { headline: 'A season on stage' }),
  ],
})

const NOES = [
  'hates',
  'does not want',
  'doesn’t want',
  'doesnt like',
  'DOES NOT LIKE',
  'never liked',
  'no more',
  'no longer wants',
  'is not interested in',
  'dislikes',
  'refuses',
  'quit',
  'gave up',
  'stopped',
  'is tired of',
  'is bored with',
  'can’t stand',
]

describe('a no', () => {
  test.each(NOES)('“%s”', (no) => expect(saysNo(`${no} piano`)).toBe(true))

  test.each([
    'never stops playing the piano',
    'can’t wait for the piano',
    'cannot stop talking about the piano',
    'not only the piano',
    'hates to miss the piano',
    'no idea where she hears it, loves the piano',
    'stopped by the piano',
    'asks for a note of the piano', // “not” within a word
    'knows the piano at the hotel',
    'tired after the piano',
  ])('is none: “%s”', (words) => expect(saysNo(words)).toBe(false))

  test('is never kept as a wish, whoever said it, of whatever goal; nor filed by itself', () => {
    const isNo = fc.constantFrom(...NOES)
    fc.assert(
      fc.property(isNo, fc.boolean(), fc.boolean(), (no, toldMe, householdLevel) => {
        const words = `${no} the piano`
        expect(noteKind({ householdLevel }, toldMe, saysNo(words))).toBe(toldMe ? 'no' : 'question')
        expect(goalsNamedIn(words, shop)).toEqual([])
        expect(goalsGuessed(words, shop)).toEqual(['mu-play'])
      }),
    )
  })
})

describe('a name', () => {
  test.each([
    ['piano for Lucy', 'Lucy'],
    ['For Emma the piano', 'Emma'],
    ['piano with her Noah', 'Noah'],
    ['the beach, and our Zoë', 'Zoë'],
    ['Piano For Our Ida', 'Ida'],
  ])('“%s”', (words, name) => expect(namesIn(words, shop)).toEqual([name]))

  test.each(['a seat for Steinway', 'with Lego', 'for Monday', 'in Spanish, for March', 'Beach for Sun'])(
    'is none: “%s”',
    (words) => expect(namesIn(words, shop)).toEqual([]),
  )
})

describe('a guess', () => {
  test.each([
    ['the sea, the sea', []],
    ['a beautiful beach', ['ad-shore']],
    ['on a stage', ['mu-stage']],
    ['always in season', []],
    ['is back from school', []],
    ['a new one for the baby', []],
    ['the PIANOS', ['mu-play']],
  ])('“%s”', (words, guesses) => expect(goalsGuessed(words, shop)).toEqual(guesses))

  test('holds a whole word of the note, so that a part of a word is never one', () => {
    const words = ['piano', 'beach', 'stage', 'instrument']
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.integer({ min: 2, max: 9 }), (word, n) => {
        // Endings are taken off before words are compared: “stag” would be “stage”.
        fc.pre(n < word.length - 1)
        expect(goalsGuessed(`so ${word.slice(0, n)}`, shop)).toEqual([])
      }),
    )
  })
})

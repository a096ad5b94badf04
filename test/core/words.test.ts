/** Words that can be trusted: what may not be said is found however it is written, and what is fine passes. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { offerWordProblems } from '../../src/core/offer.ts'
import { blankTerms } from '../../src/core/terms.ts'
import { REFUSED_EXAMPLES, stemOf, termsWordProblems, wordProblems, wordsOf } from '../../src/core/words.ts'

type SeedOffer = { id: string; partner: string | null; headline: string; say: Record<string, string> }
const seed = <T>(name: string) => JSON.parse(readFileSync(`seed/juniper-row/${name}.json`, 'utf8')) as T
const OFFERS = seed<SeedOffer[]>('offers')
const CLEAN = OFFERS.flatMap(({ say, headline }) => [headline, ...Object.values(say)]).filter(
  (text) => text !== '',
)

const check = (text: string, never: string[] = []) =>
  wordProblems(text, { field: 'line', most: 400, kind: 'line', never })
const whys = (text: string, never: string[] = []) => [...new Set(check(text, never).map(({ why }) => why))]

describe('the words of the demo shop', () => {
  test('every offer of the seed may be said', () => {
    expect(OFFERS.length).toBeGreaterThan(87)
    for (const offer of OFFERS)
      expect(offerWordProblems({ headline: offer.headline, say: offer.say as never }), offer.id).toEqual([])
  })
  test('and so may what its partners promise, whatever else they never promise', () => {
    const partners =
      seed<{ id: string; alliance: { terms: { customerBenefit: string; disclosure: string } } }[]>('partners')
    const details = new Map(
      seed<{ partner: string; wePromise: string[]; neverPromise: string[] }[]>('registry').map((each) => [
        each.partner,
        each,
      ]),
    )
    for (const { id, alliance } of partners) {
      const { wePromise = [], neverPromise = [] } = details.get(id) ?? {}
      const record = { ...blankTerms('USD', '2026-01-01', '2026-12-31'), wePromise, neverPromise }
      const { customerBenefit, disclosure } = alliance.terms
      // A benefit may name what it does not promise: that is for people to settle, so it is found and not passed over.
      const findings = termsWordProblems({ ...record, customerBenefit, disclosure })
      expect(
        findings.filter(({ why }) => why !== 'forbidden'),
        id,
      ).toEqual([])
    }
  })
})

describe('what may not be said', () => {
  const messy = (phrase: string, style: number, seps: string[]) => {
    const cased =
      style % 3 === 0
        ? phrase.toUpperCase()
        : style % 3 === 1
          ? phrase
          : phrase.replace(/\b\w/g, (c) => c.toUpperCase())
    return cased
      .split(' ')
      .map((word, i) => (i === 0 ? word : `${seps[i % seps.length]}${word}`))
      .join('')
  }
  test('is found wherever it stands, in any case, with any punctuation', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CLEAN),
        fc.constantFrom(...REFUSED_EXAMPLES),
        fc.nat(40),
        fc.nat(2),
        fc.array(fc.constantFrom(' ', '  ', ', ', ' – ', '. ', '-', '\u00a0', ' … '), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.constantFrom('', '!', '.', '…', '?!'),
        (text, { phrase, why }, at, style, seps, end) => {
          const words = text.split(' ')
          words.splice(at % (words.length + 1), 0, `– ${messy(phrase, style, seps)}${end} –`)
          expect(whys(words.join(' '))).toContain(why)
        },
      ),
      { numRuns: 1500 },
    )
  })
  test('and so is what the terms forbid', () => {
    const phrases = [
      'results',
      'guaranteed place',
      'a stage part',
      'that a child will swim by summer',
      'talent',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...CLEAN),
        fc.constantFrom(...phrases),
        fc.nat(40),
        fc.nat(2),
        fc.constantFrom(' ', ', ', '-', ' – '),
        (text, phrase, at, style, sep) => {
          const words = text.split(' ')
          words.splice(at % (words.length + 1), 0, messy(phrase, style, [sep]))
          const findings = check(words.join(' '), phrases)
          expect(findings.filter(({ why }) => why === 'forbidden').length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 500 },
    )
  })
  test('however it is spelled', () => {
    for (const text of [
      'h-u-r-r-y',
      'H U R R Y',
      'hu.rry',
      'hu\u200brry',
      'HÜRRY',
      'hurrÿ up',
      'hurrу',
      'ｈｕｒｒｙ',
      'hu\u0308rry',
      'l4st ch4nce',
      'l a s t c h a n c e',
      'last-chance',
      'DON’T MISS IT',
      "don't miss it",
      'dont miss it',
      'You mu$t come',
      'You must-come',
    ])
      expect(whys(text), text).toContain('pressure')
    for (const text of ['Only 3 left', 'only three places left', 'Last few seats', 'Ends today!', 'LIMITED'])
      expect(whys(text), text).toContain('limit')
    for (const text of ['other children', 'ahead of her class', 'top of the form', 'Better than the others'])
      expect(whys(text), text).toContain('comparison')
    for (const text of [
      'before it’s too late',
      'He is falling behind',
      'you would regret it',
      'is fallen behind',
    ])
      expect(whys(text), text).toContain('fear')
    for (const text of [
      'Because of your divorce',
      'Since you have money worries',
      'We heard about her diagnosis',
      'as your faith asks',
    ])
      expect(whys(text), text).toContain('sensitive')
  })
  test('plain speech is not mistaken for it', () => {
    for (const text of [
      'Mustard socks, and a hem that can be let down.',
      'Jeans that last three children.',
      'The last row has the best view.',
      'A christening gown with its box.',
      'Open until the end of the day.',
      'A plan for two, all in one visit.',
      'The church hall is next door.',
      'A limit of two bags a family.',
      'She swims on Saturdays; we are here at 9:30.',
    ])
      expect(check(text), text).toEqual([])
  })
  test('each finding says which words, as they stand in the text, and why in one sentence', () => {
    const [found] = check('Come soon, it is your LAST – chance, all right.')
    expect(found).toEqual({
      field: 'line',
      words: 'LAST – chance',
      why: 'pressure',
      message: '“LAST – chance” presses: say what there is, and leave the choice to the family.',
    })
    const [promised] = check('We guarantee you a place.', ['guaranteed place'])
    expect(promised).toMatchObject({ why: 'forbidden', words: 'guarantee you a place' })
  })
  test('a promise is matched by whole words, one or many, with small words between', () => {
    expect(whys('You will see a result', ['results'])).toEqual(['forbidden'])
    expect(whys('Guaranteed: your place', ['a guaranteed place'])).toEqual(['forbidden'])
    expect(whys('A placemat is yours', ['a place'])).toEqual([])
    expect(whys('A place by the window', ['guaranteed place'])).toEqual([])
    expect(whys('Anything', ['', '   ', '—'])).toEqual([])
  })
})

describe('texts that are not plain words', () => {
  test('hidden characters, two alphabets in a word and code are refused', () => {
    for (const text of [
      'a\u202eb',
      'a\u0007b',
      'a\u2066b',
      'a\u200bb',
      'a\u00adb',
      'a\ufeffb',
      'a\u{e0041}b',
      'a\nb',
    ])
      expect(whys(text), JSON.stringify(text)).toContain('unseen')
    expect(whys('Frее lesson')).toContain('unseen')
    for (const text of [
      '<b>Free</b>',
      '<script>',
      '</p',
      '<img src=x onerror=alert(1)>',
      '&lt;b&gt;',
      '＜b＞',
      'javascript:x',
    ])
      expect(whys(text), text).toContain('markup')
    expect(check('Tea & cake, < 5 minutes away, size > 3')).toEqual([])
  })
  test('what is too long says how long it is, in characters and not in code units', () => {
    const most = (text: string) => wordProblems(text, { field: 'x', most: 5, kind: 'line', never: [] })
    expect(most('🎁🎁🎁🎁🎁')).toEqual([])
    expect(most('🎁🎁🎁🎁🎁🎁')).toMatchObject([{ why: 'length', message: expect.stringContaining('6') }])
  })
  test('an opener is a question', () => {
    const opener = (text: string) =>
      wordProblems(text, { field: 'opener', most: 90, kind: 'opener', never: [] })
    expect(opener('Is there a piano at home?')).toEqual([])
    expect(opener('There is a piano.')).toMatchObject([{ why: 'question' }])
  })
  test('no text makes it throw, or takes it long', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.array(fc.string(), { maxLength: 3 }),
        (text, never) => {
          for (const { words } of check(text, never)) expect(text.normalize('NFKC') + text).toContain(words)
        },
      ),
      { numRuns: 500 },
    )
    const long = 'let her let her because of your '.repeat(300)
    expect(check(long).length).toBeGreaterThan(0)
  })
})

test('terms are checked in every text that families hear', () => {
  const record = {
    ...blankTerms('USD', '2026-01-01', '2026-12-31'),
    customerBenefit: 'A guaranteed place, hurry',
    disclosure: 'They pay us if you must know.',
    wePromise: ['a warm pool', 'results by summer'],
    neverPromise: ['results', 'guaranteed place'],
  }
  expect(termsWordProblems(record).map(({ field, why }) => `${field} ${why}`)).toEqual([
    'customerBenefit forbidden',
    'customerBenefit pressure',
    'disclosure pressure',
    'wePromise.1 forbidden',
  ])
})

test('words are compared without accents, case and plurals, and by their stems', () => {
  expect(wordsOf('Crème brûlée — Don’t!')).toEqual(['creme', 'brulee', 'dont'])
  for (const [a, b] of [
    ['swimming', 'swim'],
    ['classes', 'class'],
    ['dancing', 'dance'],
    ['stories', 'story'],
    ['children', 'child'],
    ['guaranteed', 'guarantee'],
  ])
    expect(stemOf(a!), a).toBe(stemOf(b!))
})

/**
 * Words that can be trusted: what a customer may not be told, found however it is written.
 *
 * A text is read the way a person reads it: without accents, apostrophes and invisible characters, look-alike
 * letters as what they look like, plurals as one. Phrases are looked for in that reading, and reported as they
 * stand in the text.
 */
import type { TermsRecord } from './terms.ts'

export type WordKind = 'headline' | 'opener' | 'line' | 'receipt' | 'disclosure' | 'benefit' | 'promise'
export type WordWhy =
  | 'pressure'
  | 'fear'
  | 'comparison'
  | 'limit'
  | 'forbidden'
  | 'sensitive'
  | 'unseen'
  | 'markup'
  | 'length'
  | 'question'

/** What is wrong with a text: where, which words, why, and one sentence for whoever wrote it. */
export type WordFinding = { field: string; words: string; why: WordWhy; message: string }

/** What a text is to be: its field, its longest length in characters, its part, and what the terms never promise. */
export type WordRules = { field: string; most: number; kind: WordKind; never: readonly string[] }

/** One word as it is read, and where it stands in the text. */
type Word = { letters: string; from: number; to: number; touches: boolean }

/** Letters that look like Latin ones. Source: the pairs of Unicode's confusables.txt that make English words. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  ...paired('авекмнорстухіјѕԁһԛԝӏ', 'abekmhopctyxijsdhqwl'),
  ...paired('αβεηικνορτυχγ', 'abenikvoptuxy'),
  ...paired('օոսցհ', 'onugh'),
  ...paired('ıɡɑøłđðƒ', 'igaolddf'),
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
}
/** What stands for a letter inside a word. */
const STANDS_FOR: Readonly<Record<string, string>> = { '@': 'a', $: 's', '€': 'e' }
const DIGIT_FOR: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
}
const APOSTROPHES = new Set("'’‘ʼ´`′＇")

function paired(from: string, to: string): Record<string, string> {
  const letters = Array.from(to)
  return Object.fromEntries(Array.from(from, (letter, i) => [letter, letters[i]!]))
}

const IGNORED = /^[\p{M}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]$/u

/** The words of a text, as they are read. `touches`: nothing but punctuation stands before it. */
function readWords(text: string): Word[] {
  const words: Word[] = []
  let open: Word | null = null
  let touches = false
  let at = 0
  for (const character of text) {
    const from = at
    at += character.length
    if (APOSTROPHES.has(character) || (character > '\x7f' && IGNORED.test(character))) continue
    const stands = STANDS_FOR[character]
    const inside = stands !== undefined && open !== null && /[\p{L}\p{N}]/u.test(text[at] ?? '')
    const letters = inside ? stands : readLetter(character)
    if (letters === '') {
      open = null
      if (/\s/u.test(character)) touches = false
      continue
    }
    if (open === null) words.push((open = { letters: '', from, to: at, touches }))
    open.letters += letters
    open.to = at
    touches = true
  }
  return words
}

function readLetter(character: string): string {
  // Nearly all are these, and an index reads a million of them.
  if (character <= '\x7f') return /[a-z0-9]/i.test(character) ? character.toLowerCase() : ''
  return Array.from(
    character.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase(),
    (letter) => LOOKS_LIKE[letter] ?? letter,
  )
    .join('')
    .replace(/[^\p{L}\p{N}]/gu, '')
}

const IRREGULAR: Readonly<Record<string, string>> = {
  children: 'child',
  women: 'woman',
  moms: 'mum',
  mom: 'mum',
}

/** One word for one and many: `classes` and `class`, `children` and `child`. Wrong on some words, alike on both sides. */
function folded(word: string): string {
  if (IRREGULAR[word]) return IRREGULAR[word]
  if (!/^[a-z]{4,}$/.test(word)) return word
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2)
  return /[^su]s$/.test(word) ? word.slice(0, -1) : word
}

/** The words of a text in lower case, without accents, apostrophes and hidden characters: for comparing, not for showing. */
export function wordsOf(text: string): string[] {
  return readWords(text).map(({ letters }) => letters)
}

/** The part of a word that `swim`, `swims`, `swimming` share. Rough, and alike on both sides of a comparison. */
export function stemOf(word: string): string {
  let stem = folded(word)
  if (stem.length > 5) stem = stem.replace(/(?:ing|ed)$/, '')
  stem = stem.replace(/([bdgmnprt])\1$/, '$1')
  return stem.length > 4 ? stem.replace(/e+$/, '') : stem
}

const SMALL = new Set('a an the any you your her his their our this that of to for in at on'.split(' '))
const NUMBER =
  '(?:\\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|few|couple|handful)'

/**
 * A phrase as a pattern over read words: `#` a number, `a|b` one of them, `?a` perhaps, `*` up to two words of
 * any kind.
 */
function patternOf(phrase: string): string {
  return phrase
    .split(' ')
    .map((part) => {
      if (part === '#') return `${NUMBER} `
      if (part === '*') return '(?:\\S+ ){0,2}'
      const [optional, words] = part.startsWith('?') ? ['?', part.slice(1)] : ['', part]
      return `(?:${words.split('|').map(folded).join('|')}) `.replace(
        /^(.*) $/,
        optional ? '(?:$1 )?' : '$1 ',
      )
    })
    .join('')
}

type Rule = { why: WordWhy; phrases: readonly string[]; says(words: string): string }

const rule = (why: WordWhy, says: (words: string) => string, phrases: string): Rule => ({
  why,
  says,
  phrases: phrases
    .split('\n')
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== ''),
})

const YOUNG = 'child|kid|boy|girl|daughter|son|toddler|baby'
const SUBJECTS =
  `illness|sickness|diagnosis|disability|disorder|depression|anxiety|therapy|medication|weight|asthma|allergy|autism|adhd|pregnancy|miscarriage|grief|bereavement
  |faith|religion|church|mosque|synagogue|temple|baptism|christening|prayer
  |divorce|separation|custody|breakup|debt|money|income|salary|budget|finances|benefits|rent`.replace(
    /\s+/g,
    '',
  )

const RULES: readonly Rule[] = [
  rule(
    'pressure',
    (words) => `“${words}” presses: say what there is, and leave the choice to the family.`,
    `hurry
     last chance
     final chance
     must
     you|u should
     you had better
     you need to
     you have to
     dont|not miss
     dont|not wait
     dont|not delay
     miss out
     missing out
     act now|fast|quickly
     book|buy|order|call|join|decide|sign now|today|immediately
     right now or
     now or never
     no excuse
     everyone|everybody|all else
     everyone|everybody is doing
     once in a lifetime
     good mother|mum|parent|father|dad|mummy
     real mother|mum|parent|father|dad
     any caring mother|mum|parent`,
  ),
  rule(
    'fear',
    (words) => `“${words}” frightens or blames: say what is good about it instead.`,
    `before it is|gets|becomes too late
     before its too late
     too late
     fall|fell|falling|fallen|left|leave|leaving|lag|lagging behind
     regret
     regretting
     regretted
     guilty
     guilt
     ashamed
     neglect
     neglecting
     let|letting your|her|his|their|the child|kid|boy|girl|daughter|son|family down
     let|letting her|him|them down
     fail|failing your|their|her|his ${YOUNG}
     never forgive
     never get * back
     damage|harm|hurt ?your|her|his|their future|development|chance
     at risk
     worried sick
     what kind of mother|mum|parent|father
     window * closing
     window close`,
  ),
  rule(
    'comparison',
    (words) => `“${words}” compares children or families: speak of this one alone.`,
    `other|all|most ${YOUNG} ?in|at|of|her|his|your|of|that|this
     other mother|mum|parent|father|dad
     ahead|behind of|the her|his|their|the|other|its class|peer|year|friend|group|age
     ahead of ?the curve|rest|pack|class|peer
     top of
     best in ?the|her|his|their class|group|year
     better|faster|smarter|cleverer|brighter than other|her|his|their|most|all|the
     smarter|cleverer|brighter than
     for|at her|his|their age ?already|still should
     friend already
     compared to|with
     keep|keeping up with
     outperform
     gifted`,
  ),
  rule(
    'limit',
    (words) =>
      `“${words}” claims a limit that words cannot keep true: free places are shown beside them, live.`,
    `only|just # ?more ?of ?these|those place|seat|spot|session|ticket|slot|day|left|remaining|hour
     # place|seat|spot|session|ticket|slot left|remaining
     # left
     last ?few|remaining place|seat|spot|ticket|slot
     last # place|seat|spot|ticket|slot|session|one
     the last # left|remaining
     few left|remaining|place|seat|spot
     limited
     while stock|supply|place|they|it last
     end|close|expire|finish ?on|at today|tonight|tomorrow|soon|midnight|this|monday|tuesday|wednesday|thursday|friday|saturday|sunday
     ending|closing soon|today|tonight|tomorrow
     today|tonight only
     only today|tonight
     this week|weekend only
     one|# day|hour|week only
     only until
     almost|nearly|already full|gone|sold
     sold|selling|going out|fast|quickly
     running out
     final day|hour
     exclusive offer
     before they|it|place are|is|run gone|out`,
  ),
  rule(
    'sensitive',
    (words) => `“${words}” is hers to bring up: it cannot be a reason in our words.`,
    `because|since|as|given|knowing|heard|hear|considering|despite|after|with ?of|about ?that|you|your|her|his|their|the|are|have * ${SUBJECTS}
     your|her|his ?own|recent|money|weight|health ${SUBJECTS}
     your|her|his health|money|family|marriage|weight problem|trouble|worry|issue|difficulty
     money|family|marriage|health trouble|worry|problem
     cant|cannot afford
     short of money
     tight budget
     on a budget
     broken home
     single mother|mum|parent|father|dad
     overweight
     obese
     fat
     depressed
     autistic
     divorced
     going through a
     as a christian|muslim|jew|hindu|catholic|jewish|believer`,
  ),
]
const COMPILED = RULES.map((each) => ({
  ...each,
  pattern: new RegExp(`(?<= )(?:${each.phrases.map(patternOf).join('|')})`, 'g'),
  // For words with a space between all their letters: there, nothing says where one ends.
  squashed: new RegExp(each.phrases.map((phrase) => patternOf(phrase).replace(/ /g, '')).join('|')),
}))

/** One way of reading a text: words, each with the place it was read from. */
type Reading = { words: Word[]; spaced: Word[] }

/** A text as one may read it: word by word, with letters put together that punctuation or spaces set apart, digits as letters. */
function readingsOf(text: string): Reading[] {
  const plain = readWords(text)
  const glued: Word[] = []
  for (const word of plain) {
    const before = glued.at(-1)
    if (word.touches && before)
      glued[glued.length - 1] = { ...before, letters: before.letters + word.letters, to: word.to }
    else glued.push({ ...word })
  }
  const gathered: Word[] = []
  const spaced: Word[] = []
  for (let i = 0; i < plain.length; ) {
    let end = i
    while (end < plain.length && Array.from(plain[end]!.letters).length === 1) end++
    if (end - i < 3) {
      gathered.push(plain[i]!)
      i++
      continue
    }
    const letters = plain
      .slice(i, end)
      .map((word) => word.letters)
      .join('')
    const one = { letters, from: plain[i]!.from, to: plain[end - 1]!.to, touches: false }
    gathered.push(one)
    spaced.push(one)
    i = end
  }
  const lettered = plain.map((word) =>
    /\d/.test(word.letters) && /[a-z]/.test(word.letters)
      ? { ...word, letters: word.letters.replace(/\d/g, (digit) => DIGIT_FOR[digit] ?? digit) }
      : word,
  )
  const seen = new Set<string>()
  return [
    { words: plain, spaced: [] },
    { words: glued, spaced: [] },
    { words: gathered, spaced },
    { words: lettered, spaced: [] },
  ].filter(({ words }) => {
    const key = words.map(({ letters }) => letters).join(' ')
    return seen.has(key) ? false : seen.add(key)
  })
}

type Found = { why: WordWhy; from: number; to: number; says(words: string): string }

function search(
  words: Word[],
  pattern: RegExp,
  fold: (word: string) => string,
): [from: number, to: number][] {
  const starts: number[] = []
  let line = ' '
  for (const { letters } of words) {
    starts.push(line.length)
    line += `${fold(letters)} `
  }
  const indexAt = (offset: number) => {
    let index = starts.findIndex((start) => start > offset)
    if (index < 0) index = starts.length
    return index - 1
  }
  return [...line.matchAll(pattern)].map((match) => [
    words[indexAt(match.index)]!.from,
    words[indexAt(match.index + match[0].trimEnd().length - 1)]!.to,
  ])
}

function found(text: string, never: readonly string[]): Found[] {
  const all: Found[] = []
  const readings = readingsOf(text)
  for (const { words, spaced } of readings)
    for (const { why, says, pattern, squashed } of COMPILED) {
      for (const [from, to] of search(words, pattern, folded)) all.push({ why, says, from, to })
      for (const { letters, from, to } of spaced)
        if (squashed.test(letters)) all.push({ why, says, from, to })
    }
  for (const phrase of never) {
    const core = telling(wordsOf(phrase).map((letters) => ({ letters })))
    if (core.length === 0) continue
    const stems = core.map(({ letters }) => stemOf(letters))
    const pattern = new RegExp(`(?<= )${stems.map((stem) => `${stem} `).join('')}`, 'g')
    const says = (words: string) =>
      `“${words}” may not be promised: the terms never promise “${phrase.trim()}”.`
    for (const { words, spaced } of readings) {
      for (const [from, to] of search(telling(words), pattern, stemOf))
        all.push({ why: 'forbidden', says, from, to })
      const run = core.map(({ letters }) => letters).join('')
      for (const { letters, from, to } of spaced)
        if (letters.includes(run)) all.push({ why: 'forbidden', says, from, to })
    }
  }
  // One finding a place: the widest, of each kind.
  return all
    .sort((a, b) => a.from - b.from || b.to - a.to)
    .filter(
      (each, i) =>
        !all.some(
          (other, j) => j < i && other.why === each.why && other.from <= each.from && other.to >= each.to,
        ),
    )
}

/** The words that carry a phrase; all of them where none does. */
function telling<W extends { letters: string }>(words: W[]): W[] {
  const core = words.filter(({ letters }) => !SMALL.has(letters))
  return core.length > 0 ? core : words
}

const UNSEEN = /[\p{Cc}\p{Cs}\p{Co}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u
const MARKUP = /<\s*[a-z!/?][^>]*>?|&(?:#\d+|#x[\da-f]+|[a-z]{2,8});|\bjavascript\s*:/iu
const MIXED =
  /(?:\p{Script=Latin}[\p{Script=Cyrillic}\p{Script=Greek}]|[\p{Script=Cyrillic}\p{Script=Greek}]\p{Script=Latin})/u

/** What may not be said in a text, each with the words as they stand in it. Empty when it can be trusted. */
export function wordProblems(text: string, { field, most, kind, never }: WordRules): WordFinding[] {
  const findings: WordFinding[] = []
  const say = (why: WordWhy, words: string, message: string) => findings.push({ field, words, why, message })
  const length = Array.from(text).length
  if (length > most) say('length', '', `is longer than ${most} characters: it has ${length}.`)
  if (UNSEEN.test(text)) say('unseen', '', 'holds characters that cannot be seen: type it again by hand.')
  const mixed = MIXED.exec(text)
  if (mixed) say('unseen', mixed[0], `“${mixed[0]}” mixes letters of two alphabets: type it again by hand.`)
  const markup = MARKUP.exec(text.normalize('NFKC'))
  if (markup) {
    const words = markup[0].slice(0, 40)
    say('markup', words, `“${words}” looks like code: texts are plain words.`)
  }
  if (kind === 'opener' && text !== '' && !text.trimEnd().endsWith('?'))
    say('question', text, 'must be a question: it opens a conversation.')
  for (const { why, from, to, says } of found(text, never)) {
    const words = text.slice(from, to)
    say(why, words, says(words))
  }
  return findings
}

/** The words of terms that families meet, checked by what the same terms never promise. */
export function termsWordProblems(record: TermsRecord): WordFinding[] {
  const never = record.neverPromise
  return [
    ...wordProblems(record.customerBenefit, { field: 'customerBenefit', most: 160, kind: 'benefit', never }),
    ...wordProblems(record.disclosure, { field: 'disclosure', most: 160, kind: 'disclosure', never }),
    ...record.wePromise.flatMap((promise, i) =>
      wordProblems(promise, { field: `wePromise.${i}`, most: 160, kind: 'promise', never }),
    ),
  ]
}

const patterns = new WeakMap<readonly string[], RegExp>()

/** Where any of some phrases stands in a text, as it is written there: read as all texts are, phrases as in the rules above. */
export function phrasesIn(text: string, phrases: readonly string[]): string[] {
  let pattern = patterns.get(phrases)
  if (!pattern)
    patterns.set(phrases, (pattern = new RegExp(`(?<= )(?:${phrases.map(patternOf).join('|')})`, 'g')))
  const at = readingsOf(text).flatMap(({ words }) => search(words, pattern!, folded))
  return [...new Set(at.map(([from, to]) => text.slice(from, to)))]
}

/** The phrases that are always refused, one example of each: for those who write, and for tests. */
export const REFUSED_EXAMPLES: readonly { why: WordWhy; phrase: string }[] = RULES.flatMap(
  ({ why, phrases }) =>
    phrases.map((phrase) => ({
      why,
      phrase: phrase
        .split(' ')
        .filter((part) => part !== '*' && !part.startsWith('?'))
        .map((part) => (part === '#' ? '3' : part.split('|')[0]!))
        .join(' '),
    })),
)

/** What we hold, in sentences; what we guess; and what a card never says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aboutOf, lastWords } from '../../src/core/about.ts'
import { answerOf } from '../../src/core/answer.ts'
import { cardOf } from '../../src/core/card.ts'
import type { Held, HeldEvidence, HeldPurchase, Voice } from '../../src/core/held.ts'
import { consentOf, guessesOf, linesOf } from '../../src/core/held.ts'
import { NOTHING_LEARNED } from '../../src/core/learning.ts'
import { momentOf } from '../../src/core/moment.ts'
import { recommend } from '../../src/core/recommend.ts'
import { dateOf, dayOf } from '../../src/core/time.ts'
import type { EvidenceKind } from '../../src/core/understand.ts'
import { evidence, goal, NOON, offer, person, smallShop } from '../support/small-shop.ts'

const TODAY = dateOf(20_500)
const GOALS = ['music', 'dance', 'baby', 'calm-evenings']
const shop = smallShop({
  goals: GOALS.map((slug) =>
    goal(slug, {
      name: `Goal of ${slug}`,
      toldOnly: slug === 'baby' || slug === 'calm-evenings',
      question: slug === 'dance' ? 'Is it dancing?' : null,
    }),
  ),
  offers: [
    offer('trial', { music: 0.9 }, { headline: 'A drum to try' }),
    offer('list', { baby: 0.9 }, { headline: 'A baby list' }),
  ],
  staff: [{ id: 'st_maya', name: 'Maya', sites: ['S'], role: 'floor' }],
})

const line = (kind: EvidenceKind, more: Partial<HeldEvidence> = {}): HeldEvidence => ({
  id: `e-${kind}`,
  kind,
  goal: 'music',
  facet: null,
  offerId: null,
  purchaseId: null,
  weight: 0.9,
  halfLifeDays: 540,
  speakable: 1,
  words: null,
  staffId: 'st_maya',
  onDate: TODAY,
  aboutDate: null,
  ...more,
})
const purchase = (id: string, ...names: string[]): HeldPurchase => ({
  id,
  soldAt: '2026-01-10T12:00:00.000Z',
  siteId: 'S',
  currency: 'EUR',
  totalMinor: 4200,
  voided: 0,
  lines: names.map((name, n) => ({ n, name, quantity: 1, unitPriceMinor: 2100, gift: 0 })),
})
const bought = (goal: string, purchaseId: string, n: number, more: Partial<HeldEvidence> = {}) =>
  line('bought', { id: `${purchaseId}@0/${n}/${goal}`, goal, purchaseId, staffId: null, ...more })
const held = (more: Partial<Held> = {}): Held => ({
  customer: { ref: 'somebody', siteId: 'S', firstName: 'Ana', staffId: 'st_maya', joinedOn: '2025-01-01' },
  children: [],
  consents: [],
  evidence: [],
  purchases: [],
  care: [],
  polls: [],
  introductions: [],
  places: [],
  suggestions: [],
  ...more,
})

const cardWith = (what: Held) => {
  const lines = what.evidence.map((each) =>
    evidence(each.id, each.goal, {
      ...each,
      onDay: dayOf(each.onDate),
      aboutDay: null,
      speakable: each.speakable === 1,
    }),
  )
  const moment = momentOf(
    shop,
    { siteId: 'S', touchpoint: 'floor', nowMs: NOON, basket: [] },
    person({ evidence: lines }),
  )
  const answer = answerOf(recommend(moment, NOTHING_LEARNED, 'x'), moment, {
    id: 'card',
    degraded: null,
    dataVersion: '1',
    currency: 'EUR',
    unmatched: [],
  })
  return cardOf(what, moment, answer)
}

describe('sentences', () => {
  const says = (each: HeldEvidence, voice: Voice, which: 'said' | 'did' = 'said') =>
    linesOf(shop, [each], voice, TODAY, which)[0]?.says

  test.each<[string, HeldEvidence, string, string]>([
    [
      'told, in her words',
      line('told', { words: 'wants a drum' }),
      'You told Maya on 16 February: wants a drum.',
      'She told Maya on 16 February: wants a drum.',
    ],
    [
      'told, without words',
      line('told', { staffId: null, onDate: '2025-02-07' }),
      'You told us on 7 February 2025 about goal of music.',
      'She told us on 7 February 2025 about goal of music.',
    ],
    [
      'told, and only she may bring it up',
      line('told', { goal: 'baby', words: 'due in May' }),
      'You told Maya on 16 February: due in May.',
      'She told Maya on 16 February about goal of baby.',
    ],
    [
      'answered yes',
      line('answered', { weight: 0.75 }),
      'You said yes to goal of music when Maya asked on 16 February.',
      'She said yes to goal of music when Maya asked on 16 February.',
    ],
    [
      'answered maybe',
      line('answered', { weight: 0.35 }),
      'You said maybe to goal of music when Maya asked on 16 February.',
      'She said maybe to goal of music when Maya asked on 16 February.',
    ],
    [
      'seen by staff',
      line('noticed', { speakable: 0, words: 'hums all the time!' }),
      'Maya noted on 16 February: hums all the time!',
      'Maya noted on 16 February: hums all the time!',
    ],
    [
      'told no',
      line('toldNo'),
      'You told Maya no to goal of music on 16 February.',
      'She told Maya no to goal of music on 16 February.',
    ],
    [
      'declined',
      line('declined', { offerId: 'trial', words: 'notNow' }),
      'You said “not now” to “A drum to try” on 16 February.',
      'She said “not now” to “A drum to try” on 16 February.',
    ],
  ])('%s', (_, each, you, she) => {
    expect([says(each, 'you'), says(each, 'she')]).toEqual([you, she])
  })

  test('what she did: came, joined, finished, booked, plays', () => {
    const did = (kind: EvidenceKind, more = {}) =>
      says(line(kind, { offerId: 'trial', ...more }), 'you', 'did')
    expect([
      did('attended'),
      did('enrolled'),
      did('completed', { offerId: 'gone' }),
      did('booked'),
      did('recitalScheduled', { aboutDate: '2026-12-12' }),
    ]).toEqual([
      'You came to “A drum to try” on 16 February.',
      'You joined “A drum to try” on 16 February.',
      'You finished something of ours on 16 February.',
      'You booked “A drum to try” on 16 February.',
      'A recital is on 12 December.',
    ])
  })

  test('an event that speaks for several goals is one line, which goes by the id of the event', () => {
    const event = [line('attended', { id: 'a1#music' }), line('attended', { id: 'a1#dance', goal: 'dance' })]
    expect(linesOf(shop, event, 'you', TODAY, 'did')).toMatchObject([
      { eventId: 'a1', goals: ['music', 'dance'] },
    ])
  })

  test('a later decision stands, and at one instant the narrower', () => {
    const on = (decision: 'granted' | 'withdrawn' | 'objected', at: string) => ({
      purpose: 'letter',
      decision,
      channel: 'till',
      source: 'customer',
      wording: '1',
      at,
    })
    const consents = [
      on('granted', '2026-02-01'),
      on('objected', '2026-02-01'),
      on('withdrawn', '2026-01-01'),
    ]
    expect(consentOf(consents, 'letter')).toEqual({ decision: 'objected', at: '2026-02-01' })
    expect(consentOf(consents, 'personalise')).toBe(null)
  })
})

describe('guesses', () => {
  const anyLine = fc.record({
    kind: fc.constantFrom<EvidenceKind>('bought', 'bought', 'told', 'answered', 'toldNo', 'attended'),
    goal: fc.constantFrom(...GOALS),
    n: fc.integer({ min: 0, max: 1 }),
    weight: fc.double({ min: 0.001, max: 0.95, noNaN: true }),
    daysAgo: fc.integer({ min: 0, max: 2000 }),
  })
  const made = (lines: { kind: EvidenceKind; goal: string; n: number; weight: number; daysAgo: number }[]) =>
    lines.map(({ kind, goal, n, weight, daysAgo }, i) => {
      const onDate = dateOf(20_500 - daysAgo)
      return kind === 'bought'
        ? bought(goal, 'p1', n, { weight, onDate })
        : line(kind, { id: `l${i}`, goal, weight, onDate })
    })
  const purchases = [purchase('p1', 'Small drum', 'Red scarf')]

  test('name what she bought, the strongest first, without a number', () => {
    const lines = [
      bought('dance', 'p1', 1, { weight: 0.1 }),
      bought('music', 'p1', 0, { weight: 0.3 }),
      bought('music', 'p1', 1, { weight: 0.1 }),
    ]
    expect(guessesOf(shop, { evidence: lines, purchases }, TODAY)).toEqual([
      {
        goal: 'music',
        says: 'Because you bought “Small drum” and “Red scarf”, we think this may interest you: goal of music.',
      },
      {
        goal: 'dance',
        says: 'Because you bought “Red scarf”, we think this may interest you: goal of dance.',
      },
    ])
  })

  test('are never of what only she may tell, nor of what she spoke of herself; forgotten, they are gone', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 8 }), (drawn) => {
        const lines = made(drawn)
        const spoken = new Set(
          lines.flatMap(({ kind, goal }) => (['told', 'answered', 'toldNo'].includes(kind) ? [goal] : [])),
        )
        for (const { goal, says } of guessesOf(shop, { evidence: lines, purchases }, TODAY)) {
          expect(['music', 'dance']).toContain(goal)
          expect(spoken.has(goal)).toBe(false)
          expect(says).not.toMatch(/\d/)
          const without = lines.filter((each) => each.kind !== 'bought' || each.goal !== goal)
          expect(
            guessesOf(shop, { evidence: without, purchases }, TODAY).map((each) => each.goal),
          ).not.toContain(goal)
        }
      }),
    )
  })

  test('stand in what she reads and never on the card of staff', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 8 }), (drawn) => {
        const lines = made(drawn).filter(({ kind }) => kind === 'bought')
        const what = held({ evidence: lines, purchases })
        const card = cardWith(what)
        expect(card.known).toBe(true)
        expect(JSON.stringify({ ...card, next: null, ask: null })).not.toMatch(/goal of|4200|2100|EUR/i)
        expect(aboutOf(shop, what, NOON).guesses).toEqual(guessesOf(shop, what, TODAY))
      }),
    )
  })
})

describe('what she reads', () => {
  const thought = (offerId: string, more: Partial<Held['suggestions'][number]> = {}) => ({
    at: '2026-02-16T10:00:00.000Z',
    touchpoint: 'till',
    offerId,
    askedGoal: null,
    saidAt: null,
    outcome: null,
    erased: 0,
    ...more,
  })
  const suggested = (more: Partial<Held>) =>
    aboutOf(shop, held(more), NOON).suggested.map(({ offer, says }) => [offer, says])

  test('names a suggestion about what only she may tell while a word of hers stands for it, and not after', () => {
    const suggestions = [thought('list'), thought('list', { saidAt: '2026-02-15T10:00:00.000Z' })]
    const named = suggested({ suggestions, evidence: [line('told', { goal: 'baby' })] })
    expect(named).toEqual([
      [
        'A baby list',
        'On 16 February we thought of suggesting “A baby list”. We do not know whether anybody said it.',
      ],
      ['A baby list', 'On 15 February we suggested “A baby list”.'],
    ])
    // What was noticed or bought is no word of hers.
    const evidence = [line('noticed', { goal: 'baby' }), line('told'), line('bought', { goal: 'baby' })]
    expect(suggested({ suggestions, evidence })).toEqual([
      [null, 'On 16 February we thought of suggesting something. We do not know whether anybody said it.'],
      [null, 'On 15 February we suggested something.'],
    ])
  })

  test('does not name a suggestion whose record was erased', () => {
    const said = { saidAt: '2026-02-16T10:00:00.000Z', outcome: 'accepted' }
    expect(suggested({ suggestions: [thought('trial', { ...said, erased: 1 })] })).toEqual([
      [null, 'On 16 February we suggested something. You said yes.'],
    ])
  })

  test('has one line for what was repeated on a day: how far it came', () => {
    const said = { saidAt: '2026-02-16T11:00:00.000Z' }
    const suggestions = [
      thought('trial'),
      thought('trial', { ...said, outcome: 'declined' }),
      thought('trial', said),
      thought('trial', { at: '2026-02-14T10:00:00.000Z' }),
      thought('trial', { at: '2026-02-14T09:00:00.000Z' }),
    ]
    expect(suggested({ suggestions }).map(([, says]) => says)).toEqual([
      'On 16 February we suggested “A drum to try”. You said no.',
      'On 14 February we thought of suggesting “A drum to try”. We do not know whether anybody said it.',
    ])
  })

  test('says of a note under which goals it was filed', () => {
    const evidence = [
      line('told', { id: 'n1#music', words: 'hums all day' }),
      line('told', { id: 'n1#dance', goal: 'dance', words: 'hums all day' }),
      line('answered'),
    ]
    expect(aboutOf(shop, held({ evidence }), NOON).told.map(({ says }) => says)).toEqual([
      'You told Maya on 16 February: hums all day. We filed it under: goal of music, goal of dance.',
      'You said yes to goal of music when Maya asked on 16 February.',
    ])
  })

  test('shows her last word where she changed her mind, either way; what staff noticed is none', () => {
    const shown = (...evidence: HeldEvidence[]) =>
      lastWords(aboutOf(shop, held({ evidence }), NOON).told).map(({ id }) => id)
    const [no, perhaps] = [line('toldNo', { id: 'no' }), line('answered', { id: 'perhaps', weight: 0.35 })]
    expect(shown(no, perhaps)).toEqual(['no'])
    expect(shown(perhaps, no)).toEqual(['perhaps'])
    expect(shown(perhaps, line('told', { id: 'told' }))).toEqual(['perhaps', 'told'])
    const seen = line('noticed', { id: 'seen' })
    expect(shown(seen, no)).toEqual(['seen', 'no'])
    expect(shown(no, seen)).toEqual(['no'])
    // One event for two goals stands as long as one of them does.
    const both = [line('told', { id: 'n#music' }), line('told', { id: 'n#dance', goal: 'dance' })]
    expect(shown(no, ...both)).toEqual(['no', 'n'])
    expect(shown(no, line('toldNo', { id: 'no2', goal: 'dance' }), ...both)).toEqual(['no', 'no2'])
  })
})

describe('the card', () => {
  test('says what she said, newest first, marks what only she may bring up, and leaves out what staff saw', () => {
    const told = [
      line('told', { id: 'a', goal: 'baby', words: 'due in May' }),
      line('noticed', { id: 'b', speakable: 0, words: 'hums' }),
      line('noticed', { id: 'c', words: 'likes to hum' }),
      line('told', { id: 'd', words: 'wants a drum', onDate: '2026-01-02' }),
    ]
    expect(cardWith(held({ evidence: told })).told).toEqual([
      { on: TODAY, says: 'She told Maya on 16 February about goal of baby.', delicate: true, offered: false },
      { on: TODAY, says: 'She told Maya on 16 February: likes to hum.', delicate: false, offered: false },
      {
        on: '2026-01-02',
        says: 'She told Maya on 2 January: wants a drum.',
        delicate: false,
        offered: false,
      },
    ])
  })

  test('says of what only she may bring up that she did, where the next step follows from it', () => {
    const card = cardWith(held({ evidence: [line('told', { goal: 'baby', words: 'due in May' })] }))
    expect(card.next?.offerId).toBe('list')
    expect(card.told).toMatchObject([{ delicate: true, offered: true }])
  })

  test('lists neither a wish that she took back nor a no that she took back', () => {
    const says = (...evidence: HeldEvidence[]) => cardWith(held({ evidence })).told.map((each) => each.says)
    const yes = line('told', { id: 'yes', onDate: '2026-01-02' })
    const no = line('toldNo', { id: 'no' })
    expect(says(no, yes)).toEqual(['She told Maya no to goal of music on 16 February.'])
    expect(says({ ...yes, onDate: TODAY }, { ...no, onDate: '2026-01-02' })).toEqual([
      'She told Maya on 16 February about goal of music.',
    ])
    expect(says(line('toldNo', { id: 'other', goal: 'dance' }), yes)).toHaveLength(2)
  })

  test('avoids what she said no to, and not what she took back', () => {
    const no = line('toldNo', { id: 'no', goal: 'dance', onDate: '2026-01-02' })
    expect(cardWith(held({ evidence: [no] })).avoid).toEqual({
      code: 'TOLD_NO',
      says: 'Do not bring up goal of dance. She told Maya no to goal of dance on 2 January.',
    })
    const again = line('told', { id: 'yes', goal: 'dance' })
    expect(cardWith(held({ evidence: [again, no] })).avoid).toBe(null)
  })
})

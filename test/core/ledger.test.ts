/** Referrals and the ledger: what became of an introduction, in whatever order we hear of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/core/ledger.ts'
import { balancesOf, settle, worthOf } from '../../src/core/ledger.ts'
import type { EventKind, ReferralEvent, ReferralState } from '../../src/core/referral.ts'
import { GRAPH, REFERRAL_STATES, standingOf, stateOfReferral } from '../../src/core/referral.ts'
import { accountCsv, decimalOf, totalOf } from '../../src/core/statement.ts'
import { blankTerms, commissionOf, shopCostOf } from '../../src/core/terms.ts'

const made = { state: 'booked', expiresOn: '2026-03-21', reportBy: '2026-04-21' } as const

const event = (id: string, kind: EventKind, more: Partial<ReferralEvent> = {}): ReferralEvent => ({
  id,
  kind,
  at: `${more.onDate ?? '2026-03-21'}T15:00:00.000Z`,
  onDate: '2026-03-21',
  heardOn: '2026-03-21',
  aboutOn: null,
  valueMinor: null,
  offerId: null,
  voids: null,
  ...more,
})

describe('a referral', () => {
  test('moves only along its graph', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom<EventKind>(
            'accepted',
            'booked',
            'attended',
            'noShow',
            'enrolled',
            'declined',
            'withdrawn',
          ),
          { maxLength: 8 },
        ),
        (kinds) => {
          const steps: ReferralState[] = ['offered']
          kinds.forEach((kind, i) => {
            const { state, effects } = standingOf(
              { ...made, state: 'offered' },
              kinds
                .slice(0, i + 1)
                .map((each, n) => event(`e${n}`, each, { at: `2026-03-20T1${n}:00:00.000Z` })),
            )
            const before = steps.at(-1)!
            const moved = effects.get(`e${i}`) === 'moved'
            expect(moved).toBe(GRAPH[before].includes(kind as ReferralState))
            expect(state).toBe(moved ? kind : before)
            steps.push(state)
          })
        },
      ),
    )
  })

  test('ends where its graph ends, and every state can be reached', () => {
    const reached = new Set<ReferralState>(['offered'])
    for (const from of REFERRAL_STATES) for (const to of GRAPH[from]) reached.add(to)
    expect([...reached].sort()).toEqual([...REFERRAL_STATES].sort())
    expect(REFERRAL_STATES.filter((state) => GRAPH[state].length === 0)).toEqual([
      'enrolled',
      'declined',
      'expired',
    ])
  })

  test('who used the code after its last day is disputed, and stands when somebody says so', () => {
    const late = event('late', 'attended', { onDate: '2026-03-22' })
    const disputed = standingOf(made, [late])
    expect([disputed.state, disputed.effects.get('late')]).toEqual(['booked', 'disputed'])
    const stands = standingOf(made, [late], new Set(['late']))
    expect([stands.state, stands.effects.get('late')]).toEqual(['attended', 'moved'])
  })

  test('on the last day is in time; heard of after the time to report is too late', () => {
    expect(standingOf(made, [event('a', 'attended')]).state).toBe('attended')
    const heard = (heardOn: string) => standingOf(made, [event('a', 'attended', { heardOn })]).state
    expect([heard('2026-04-21'), heard('2026-04-22')]).toEqual(['attended', 'booked'])
  })

  test('once she came in time, she may enrol whenever she likes', () => {
    const events = [
      event('came', 'attended'),
      event('joined', 'enrolled', { onDate: '2026-09-01', heardOn: '2026-09-02', valueMinor: 56_000 }),
    ]
    for (const order of [events, [...events].reverse()]) {
      const { state, enrolledOn, valueMinor } = standingOf(made, order)
      expect([state, enrolledOn, valueMinor]).toEqual(['enrolled', '2026-09-01', 56_000])
    }
  })

  test('is expired when nobody used it and nobody told us in time', () => {
    expect(stateOfReferral('booked', '2026-04-21', '2026-04-21')).toBe('booked')
    expect(stateOfReferral('booked', '2026-04-21', '2026-04-22')).toBe('expired')
    expect(stateOfReferral('attended', '2026-04-21', '2027-04-22')).toBe('attended')
  })
})

const terms = {
  ...blankTerms('USD', '2026-01-01', '2026-12-31'),
  toUs: { basisPoints: 800, minimumMinor: 500, capMinor: 5000, holdDays: 30 },
  toThem: { basisPoints: 500, minimumMinor: null, capMinor: null, holdDays: 14 },
}

describe('the ledger', () => {
  test('a partner-paid benefit costs the shop exactly nothing, whatever else the terms say', () => {
    fc.assert(
      fc.property(fc.nat(1e7), fc.nat(10_000), (benefitCostMinor, shopShareBasisPoints) => {
        const paid = { ...terms, paidBy: 'partner' as const, benefitCostMinor, shopShareBasisPoints }
        expect(shopCostOf(paid)).toBe(0)
        const worth = worthOf(
          { direction: 'ours', madeOn: '2026-03-14' },
          standingOf(made, [event('a', 'attended')]),
          paid,
        )
        expect(worth.filter((each) => each.unit === 'money')).toEqual([])
      }),
    )
  })

  test('a commission is a share of the sale, within its bounds', () => {
    expect([0, 1000, 10_000, 12_345, 100_000].map((sale) => commissionOf(terms.toUs, sale))).toEqual([
      500, 500, 800, 988, 5000,
    ])
    expect(commissionOf({ basisPoints: 0, minimumMinor: null, capMinor: null, holdDays: 0 }, 1e6)).toBe(0)
  })

  /** Any events, some of them wrong and voided. */
  const schedule = fc
    .array(
      fc.record({
        kind: fc.constantFrom<EventKind>('attended', 'noShow', 'enrolled', 'declined', 'recitalScheduled'),
        day: fc.integer({ min: 15, max: 28 }),
        value: fc.integer({ min: 0, max: 200_000 }),
        voided: fc.boolean(),
      }),
      { minLength: 1, maxLength: 7 },
    )
    .map((each) =>
      each.flatMap(({ kind, day, value, voided }, i) => {
        const onDate = `2026-03-${day}`
        const told = event(`e${i}`, kind, { onDate, at: `${onDate}T12:00:00.000Z`, valueMinor: value })
        return voided
          ? [told, event(`v${i}`, 'void', { voids: `e${i}`, onDate, at: `${onDate}T13:00:00.000Z` })]
          : [told]
      }),
    )

  const play = (events: ReferralEvent[], direction: 'ours' | 'theirs' = 'ours') => {
    let posted: Entry[] = []
    const known: ReferralEvent[] = []
    for (const each of events) {
      if (known.some(({ id }) => id === each.id)) continue
      known.push(each)
      posted = [
        ...posted,
        ...settle('C', posted, worthOf({ direction, madeOn: '2026-03-14' }, standingOf(made, known), terms)),
      ]
    }
    return posted
  }

  test('comes to the same balances in any order, with any repeats', () => {
    fc.assert(
      fc.property(
        schedule.chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], {
              minLength: events.length * 2,
              maxLength: events.length * 2,
            }),
            fc.constantFrom('ours' as const, 'theirs' as const),
          ),
        ),
        ([events, shuffled, direction]) => {
          const balances = (posted: Entry[]) =>
            Object.fromEntries([...balancesOf(posted)].filter(([, n]) => n !== 0))
          expect(balances(play(shuffled, direction))).toEqual(balances(play(events, direction)))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('only ever grows, and every reversal takes back exactly one entry, whole', () => {
    fc.assert(
      fc.property(schedule, (events) => {
        const posted = play(events)
        expect(new Set(posted.map(({ id }) => id)).size).toBe(posted.length)
        for (const entry of posted.filter(({ reverses }) => reverses !== null)) {
          const taken = posted.find(({ id }) => id === entry.reverses)!
          expect([taken.amount + entry.amount, taken.reverses]).toEqual([0, null])
        }
        const reversed = posted.flatMap(({ reverses }) => reverses ?? [])
        expect(new Set(reversed).size).toBe(reversed.length)
      }),
    )
  })

  test('money comes from a valid state only', () => {
    const worth = (...events: ReferralEvent[]) =>
      worthOf({ direction: 'ours', madeOn: '2026-03-14' }, standingOf(made, events), terms).map(
        ({ cause, amount }) => [cause, amount],
      )
    expect(worth(event('e', 'enrolled', { valueMinor: 56_000, onDate: '2026-04-01' }))).toEqual([
      ['introduction', 1],
    ])
    expect(
      worth(
        event('d', 'declined', { at: '2026-03-20T10:00:00.000Z' }),
        event('e', 'enrolled', { valueMinor: 56_000 }),
      ),
    ).toEqual([])
    expect(worth(event('e', 'enrolled', { valueMinor: 56_000 }))).toEqual([
      ['introduction', 1],
      ['commission', 4480],
    ])
  })

  test('a statement as CSV has its exact total, and no cell is a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 }), { maxLength: 20 }), (amounts) => {
        const lines = amounts.map((amount, i) => ({
          id: `=e${i}`,
          code: '@C',
          cause: 'commission',
          amount,
          onDate: '2026-03-01',
          dueOn: '2026-03-01',
          note: 'a, "b"',
        }))
        const rows = accountCsv(lines, 'USD').trimEnd().split('\r\n')
        expect(rows.length).toBe(amounts.length + 2)
        expect(rows.at(-1)).toBe(`,,,total,,${decimalOf(totalOf(lines), 'USD')},USD,`)
        expect(rows.slice(1, -1).every((row) => !/(^|,)[=@]/.test(row))).toBe(true)
      }),
    )
    expect(['USD', 'JPY', 'KWD'].map((currency) => decimalOf(-5, currency))).toEqual([
      '-0.05',
      '-5',
      '-0.005',
    ])
  })
})

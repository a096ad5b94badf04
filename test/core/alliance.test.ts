/** Moves of an alliance: exactly the legal ones, and what decisions lead to. */
import { describe, expect, test } from 'vitest'
import { ALLIANCE_STATES, decided, legalMoves, MOVES, stateOn } from '../../src/core/alliance.ts'

/** The table as the shop's owner reads it: who may move what to where. */
const LEGAL = {
  shop: {
    draft: ['proposed', 'ended'],
    proposed: ['draft'],
    agreed: ['live', 'ended'],
    live: ['paused', 'ended'],
    paused: ['live', 'ended'],
    ended: [],
    declined: ['draft'],
    expired: ['draft'],
  },
  partner: {
    draft: [],
    proposed: [],
    agreed: ['ended'],
    live: ['paused', 'ended'],
    paused: ['ended'],
    ended: [],
    declined: [],
    expired: [],
  },
} as const

describe('an alliance', () => {
  test('moves from every state to every other exactly as each side may, and in no other way', () => {
    for (const side of ['shop', 'partner'] as const)
      for (const from of ALLIANCE_STATES)
        for (const to of ALLIANCE_STATES) {
          const isLegal = legalMoves(from, side).some((move) => move.to === to)
          expect(isLegal, `${side}: ${from} → ${to}`).toBe(
            (LEGAL[side][from] as readonly string[]).includes(to),
          )
        }
  })

  test('has one rule a move, and nothing leads out of ended', () => {
    const names = MOVES.map(({ from, to }) => `${from} → ${to}`)
    expect(new Set(names).size).toBe(names.length)
    expect(MOVES.filter(({ from }) => from === 'ended')).toEqual([])
    // By decisions and the calendar alone: nobody asks for these.
    expect(MOVES.filter(({ by }) => by.length === 0).map(({ to }) => to)).toEqual([
      'agreed',
      'declined',
      'expired',
    ])
  })

  test('is agreed by the second yes, declined by the first no, in whatever order they come', () => {
    const yes = (side: 'shop' | 'partner') => ({ side, decision: 'agree' as const })
    const no = (side: 'shop' | 'partner') => ({ side, decision: 'decline' as const })
    expect(decided([])).toBe('proposed')
    expect(decided([yes('shop')])).toBe('proposed')
    expect(decided([yes('shop'), yes('partner')])).toBe('agreed')
    expect(decided([yes('partner'), yes('shop')])).toBe('agreed')
    expect(decided([yes('shop'), no('partner')])).toBe('declined')
    expect(decided([no('partner'), yes('shop')])).toBe('declined')
  })

  test('expires the day after its terms would have ended, and only while nobody decided', () => {
    expect(stateOn('proposed', '2026-03-14', '2026-03-14')).toBe('proposed')
    expect(stateOn('proposed', '2026-03-14', '2026-03-15')).toBe('expired')
    expect(stateOn('proposed', null, '2099-01-01')).toBe('proposed')
    for (const state of ALLIANCE_STATES)
      if (state !== 'proposed') expect(stateOn(state, '2026-03-14', '2026-03-15')).toBe(state)
  })
})

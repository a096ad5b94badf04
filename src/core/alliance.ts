/** Alliances: the states of an agreement, and who may move it. The moves are data. */

export const ALLIANCE_STATES = [
  'draft',
  'proposed',
  'agreed',
  'live',
  'paused',
  'ended',
  'declined',
  'expired',
] as const
export type AllianceState = (typeof ALLIANCE_STATES)[number]
export type Side = 'shop' | 'partner'

/** One legal move. `by`: who may ask for it; none: it follows from what both sides decided, or from the calendar. */
export type Move = { from: AllianceState; to: AllianceState; by: readonly Side[]; says: string }

const both = ['shop', 'partner'] as const
const shop = ['shop'] as const

export const MOVES: readonly Move[] = [
  { from: 'draft', to: 'proposed', by: shop, says: 'The terms go to the partner.' },
  { from: 'draft', to: 'ended', by: shop, says: 'It is dropped before anybody saw it.' },
  { from: 'proposed', to: 'agreed', by: [], says: 'Both sides agreed.' },
  { from: 'proposed', to: 'declined', by: [], says: 'One side declined.' },
  { from: 'proposed', to: 'draft', by: shop, says: 'The proposal is taken back.' },
  { from: 'proposed', to: 'expired', by: [], says: 'It was to begin, and nobody had decided.' },
  { from: 'agreed', to: 'live', by: shop, says: 'Staff know it; tills may offer it.' },
  { from: 'agreed', to: 'ended', by: both, says: 'It does not come about.' },
  { from: 'live', to: 'paused', by: both, says: 'Nothing is offered until it goes on.' },
  { from: 'live', to: 'ended', by: both, says: 'Over; open referrals run on.' },
  { from: 'paused', to: 'live', by: shop, says: 'It goes on.' },
  { from: 'paused', to: 'ended', by: both, says: 'Over; open referrals run on.' },
  { from: 'declined', to: 'draft', by: shop, says: 'Another try.' },
  { from: 'expired', to: 'draft', by: shop, says: 'Another try.' },
]

/** The moves that a side may make from a state. */
export function legalMoves(from: AllianceState, side: Side): Move[] {
  return MOVES.filter((move) => move.from === from && move.by.includes(side))
}

/** The state that decisions on a proposal lead to: declined by the first no, agreed by the second yes. */
export function decided(decisions: readonly { side: Side; decision: 'agree' | 'decline' }[]): AllianceState {
  if (decisions.some(({ decision }) => decision === 'decline')) return 'declined'
  return new Set(decisions.map(({ side }) => side)).size === 2 ? 'agreed' : 'proposed'
}

/** The state on a date: a proposal that nobody decided before it was to end is expired. */
export function stateOn(state: AllianceState, endsOn: string | null, date: string): AllianceState {
  return state === 'proposed' && endsOn !== null && endsOn < date ? 'expired' : state
}

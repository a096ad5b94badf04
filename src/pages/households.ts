/** The demo shop's households that each show one thing, with the basket to try. All of them are invented. */

export type DemoHousehold = {
  ref: string | null
  name: string
  site: string
  hint: string
  /** What to put in the basket, by sku; a star marks a gift. */
  basket: string[]
}

/** In the order in which they make sense to a newcomer. */
export const DEMO_HOUSEHOLDS: readonly DemoHousehold[] = [
  {
    ref: 'g01-ana',
    name: 'Ana',
    site: 'BK',
    hint: 'A dress, a hat, and something she told Maya.',
    basket: ['DR-204-6', 'HA-011'],
  },
  {
    ref: null,
    name: 'Nobody we know',
    site: 'BK',
    hint: 'No profile needed: yoga leggings say enough.',
    basket: ['YO-120'],
  },
  {
    ref: 'g08-imani',
    name: 'Imani',
    site: 'BK',
    hint: 'Her coat zip is with us: we care, we do not sell.',
    basket: ['AS-330'],
  },
  {
    ref: 'g10-laura',
    name: 'Laura',
    site: 'LS',
    hint: 'Nothing fits well enough, so nothing is said.',
    basket: ['TP-301'],
  },
  {
    ref: 'g02-claire',
    name: 'Claire',
    site: 'BK',
    hint: 'She told us herself that a baby is coming.',
    basket: ['TP-301'],
  },
  {
    ref: 'g03-hannah',
    name: 'Hannah',
    site: 'BK',
    hint: 'Two places left, two tills, never three takers.',
    basket: ['YO-120'],
  },
  {
    ref: 'g04-mei',
    name: 'Mei',
    site: 'LS',
    hint: 'Mandarin at home, so the Mandarin story hour.',
    basket: ['TP-309'],
  },
  {
    ref: 'g05-grace',
    name: 'Grace',
    site: 'BK',
    hint: 'Her first visit: nothing that costs her much.',
    basket: ['TM-329'],
  },
  {
    ref: 'g06-ruth',
    name: 'Ruth',
    site: 'BK',
    hint: 'Buys gifts, and gifts say nothing about her.',
    basket: ['DR-210*'],
  },
  {
    ref: 'g07-tessa',
    name: 'Tessa',
    site: 'BK',
    hint: 'Said twice that tennis is not for them.',
    basket: ['TP-301'],
  },
  {
    ref: 'g09-nadia',
    name: 'Nadia',
    site: 'BK',
    hint: 'In the comparison group: always a silence.',
    basket: ['AS-330'],
  },
  {
    ref: 'g11-beth',
    name: 'Beth',
    site: 'LS',
    hint: 'A nearly-teenager with opinions on clothes.',
    basket: ['TP-301'],
  },
  {
    ref: 'g12-sunita',
    name: 'Sunita',
    site: 'LS',
    hint: 'Withdrew her consent today: we know nobody.',
    basket: ['TP-309'],
  },
]

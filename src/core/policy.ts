/** The policy record: every number that deciding may be tuned by, with its range, effect, default and source. */

type Lever = { default: number; min: number; max: number; whole?: true; says: string }

const lever = (def: number, min: number, max: number, says: string): Lever => ({
  default: def,
  min,
  max,
  says,
})
const days = (def: number, says: string): Lever => ({ default: def, min: 0, max: 3650, whole: true, says })

/** Every lever of deciding. The record in force holds a value for each, and nothing else. */
export const LEVERS = {
  // understand
  priorShare: lever(
    0.6,
    0,
    1,
    'Share of the base rate that is believed inside the age window, before any evidence.',
  ),
  priorOutside: lever(0.01, 0, 0.1, 'Belief outside the age window.'),
  aheadMonths: {
    ...lever(12, 0, 36, 'How long before its age window a goal already counts.'),
    whole: true as const,
  },
  declineFactor: lever(0.6, 0, 1, 'What a decline leaves of the belief in the goals of the declined offer.'),
  declineDays: days(180, 'How long a decline weighs on belief.'),
  boughtTimes: lever(
    1,
    0.25,
    4,
    'Times what a purchase is believed to say; learned, 1 is as the rules have it.',
  ),
  didTimes: lever(1, 0.25, 4, 'Times what coming, joining or finishing is believed to say.'),
  noticedTimes: lever(1, 0.25, 4, 'Times what staff noticed is believed to say.'),
  halfLifeTimes: lever(1, 0.25, 4, 'Times the half-life of everything but her own words.'),
  rollUp: lever(0.5, 0, 1, 'What one step down the goal tree keeps of a wish for the wider goal.'),
  // gates
  leadDays: days(21, 'How long before its first month an offer is in season.'),
  aboutDays: days(60, 'How long before a date she named an offer for it is in season.'),
  fitFloor: lever(0.45, 0, 1, 'Below this fit nothing is said.'),
  goesWithFloor: lever(0.05, 0, 1, 'Below this affinity no "goes with" product is said.'),
  goesWithOrders: {
    ...lever(3, 1, 1000, 'Fewer orders together than this are not evidence.'),
    whole: true as const,
  },
  sensitiveWeight: lever(
    0.5,
    0,
    1,
    'From this weight on a told-only goal keeps an offer silent until she told us.',
  ),
  notNowDays: days(30, 'Rest after "not now".'),
  notForUsDays: days(365, 'Rest after "not for us".'),
  wrongDays: days(365, 'Rest after "wrong": the reason we gave was not true.'),
  partnerDeclines: {
    ...lever(
      2,
      1,
      100,
      'So many declines of a partner’s offers, other than "not now", let the partner rest.',
    ),
    whole: true as const,
  },
  partnerRestDays: days(90, 'Rest of a partner, from the last of those declines.'),
  goalDeclines: {
    ...lever(3, 1, 100, 'So many declines of offers for a goal, other than "not now", let the goal rest.'),
    whole: true as const,
  },
  goalRestDays: days(90, 'Rest of a goal, from the last of those declines.'),
  continuityDays: days(14, 'How long a spoken offer stays the answer at every touchpoint.'),
  sameOfferDays: days(150, 'After continuity ends, how long the same offer is not said again.'),
  sayAtMost: {
    ...lever(3, 1, 100, 'How often the same offer is said while it stays the answer.'),
    whole: true as const,
  },
  quietDays: days(7, 'After something was said, how long nothing else is.'),
  careDaysAfter: days(2, 'How long after a complaint is closed we still only care.'),
  basketTimes: lever(2, 1, 100, 'A paid offer costs at most this many usual baskets.'),
  // score
  facetUnknown: lever(0.95, 0, 1, 'Fit kept by an offer that does not say which one, when she named one.'),
  facetMismatch: lever(0.5, 0, 1, 'Fit kept by the twin: another facet than the one she named.'),
  affinityLift: lever(0.25, 0, 1, 'Most that learned neighbours add to a score.'),
  propensityPrior: lever(10, 1, 10000, 'How many sayings the expectation from fit is worth against counts.'),
  propensityMin: lever(0.2, 0.01, 1, 'Least that acceptance can make of a score.'),
  propensityMax: lever(5, 1, 100, 'Most that acceptance can make of a score.'),
  acceptanceAtFit: lever(0.4, 0.01, 1, 'Acceptance that a perfect fit predicts before anything is counted.'),
  nextStepLift: lever(0.25, 0, 1, 'What an open next step adds.'),
  stepCost: lever(
    0.03,
    0,
    0.2,
    'What each step of commitment takes: an introduction comes before its program.',
  ),
  valueLever: lever(0.05, 0, 0.2, 'Most that money can add to a score; 0 switches it off.'),
  // choose
  exploreWithin: lever(0.02, 0, 0.3, 'How near the best a score must be to be tried in its place.'),
  exploreAfter: {
    ...lever(
      300,
      0,
      1e6,
      'Sayings before anything but the best is tried; twice as many before all that is near is.',
    ),
    whole: true as const,
  },
  holdoutShareSmall: lever(0.2, 0, 0.5, 'Share of customers in the holdout while there are few.'),
  holdoutShare: lever(0.1, 0, 0.5, 'Share of customers in the holdout otherwise.'),
  holdoutSmallBelow: { ...lever(500, 0, 1e9, 'Fewer customers than this are few.'), whole: true as const },
  silenceShare: lever(
    0.15,
    0,
    0.5,
    'Share of speakable moments of known customers that stay silent, to measure by.',
  ),
  // ask, say, hold
  askDays: days(90, 'How long a question is not asked again.'),
  pollPrior: lever(10, 0, 1000, 'How many answers to a poll the base rate of its goal is worth.'),
  holdDays: days(14, 'How long a place is kept on an accepted offer, at most until the session starts.'),
  codeDays: days(60, 'How long the code of an accepted offer may be used, where no day was chosen.'),
  reportDays: days(31, 'How long after its last day a partner may still tell us that a code was used.'),
} satisfies Record<string, Lever>

export type LeverName = keyof typeof LEVERS
export type Policy = { version: number; salt: string } & Record<LeverName, number>

/** The policy a new shop starts with. `salt` makes its draws its own. */
export function defaultPolicy(salt = 'encore'): Policy {
  const record: Record<string, number | string> = { version: 1, salt }
  for (const [name, { default: value }] of Object.entries(LEVERS)) record[name] = value
  return record as Policy
}

/** What is wrong with a record: one sentence a field, empty when it is a policy. */
export function policyProblems(record: Record<string, unknown>): { field: string; message: string }[] {
  const problems: { field: string; message: string }[] = []
  if (!Number.isInteger(record.version) || (record.version as number) < 1)
    problems.push({ field: 'version', message: 'must be a whole number from 1' })
  if (typeof record.salt !== 'string' || record.salt === '')
    problems.push({ field: 'salt', message: 'must be a text' })
  for (const [name, { min, max, whole }] of Object.entries(LEVERS) as [string, Lever][]) {
    const value = record[name]
    if (typeof value !== 'number' || !(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      problems.push({
        field: name,
        message: `must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}`,
      })
  }
  for (const name of Object.keys(record))
    if (!(name in LEVERS) && name !== 'version' && name !== 'salt')
      problems.push({ field: name, message: 'is no lever' })
  return problems
}

/** Reasons that may be said aloud: from what she told us, did with us, or has in the basket today. */
import type { Listed } from './catalogue.ts'
import type { GoesWith } from './learning.ts'
import type { Moment } from './moment.ts'
import { plainName, short } from './offer.ts'
import { dateOf, spokenDate } from './time.ts'
import type { Evidence } from './understand.ts'
import { ageDays, decayed } from './understand.ts'

export type Reason = {
  code: 'TOLD' | 'ANSWERED' | 'NOTICED' | 'ATTENDED' | 'ENROLLED' | 'RECITAL' | 'BASKET' | 'GOES_WITH'
  goal: string | null
  text: string
}

type Seen = Omit<Moment, 'facts'>

/** By goal: 1 where one line at least may be said aloud for an offer that serves it. */
export function sayableGoals(moment: Seen): number[] {
  const { goals, goalIndex, parents } = moment.catalogue
  const own = new Array<number>(goals.length).fill(0)
  for (const line of moment.evidence) {
    const g = goalIndex.get(line.goal)
    if (g !== undefined && own[g] === 0 && isSpoken(line, moment) && hasWords(line, moment)) own[g] = 1
  }
  // A line about a wider goal speaks for all that lies under it.
  const sayable = own.slice()
  for (let g = 0; g < goals.length; g++)
    for (let up = parents[g]!; up >= 0 && sayable[g] === 0; up = parents[up]!) sayable[g] = own[up]!
  return sayable
}

/** Whether there are words for a line, without finding them: see `worded`. */
function hasWords(line: Evidence, { catalogue, today }: Seen): boolean {
  switch (line.kind) {
    case 'told':
    case 'answered':
    case 'noticed':
      return true
    case 'attended':
    case 'enrolled':
    case 'completed':
    case 'booked':
      return line.offerId !== null && catalogue.listedById.has(line.offerId)
    case 'recitalScheduled':
      return line.aboutDay !== null && line.aboutDay >= today
    case 'bought':
      return line.id.startsWith('basket:') && line.words !== null && line.words !== ''
    default:
      return false
  }
}

/** Whether a line may be said at all: true by today, speakable, and no refusal. */
function isSpoken(line: Evidence, { today }: Seen): boolean {
  return line.speakable && line.onDay <= today && line.kind !== 'declined' && line.kind !== 'toldNo'
}

/** At most two reasons, the strongest first; empty when nothing of it may be said. */
export function reasonsFor(listed: Listed, moment: Moment, goesWith: GoesWith | null = null): Reason[] {
  const { goals } = moment.catalogue
  if (goesWith !== null) {
    const beside = moment.basket.find((line) => line.productId === goesWith.withProductId)?.name
    return beside
      ? [{ code: 'GOES_WITH', goal: null, text: short(`Often bought with: ${plainName(beside)}.`) }]
      : []
  }
  const slugs = new Set(listed.goalIndexes.map((g) => goals[g]!.slug))
  const spoken = moment.evidence
    .filter((line) => isSpoken(line, moment) && servesDirectlyOrWider(line.goal, slugs, moment))
    .map((line) => ({
      line,
      worth: decayed(line.weight, ageDays(line, moment.today), line.halfLifeDays) * rank(line, moment),
    }))
    .sort((a, b) => b.worth - a.worth || (a.line.id < b.line.id ? -1 : 1))
  const reasons: Reason[] = []
  for (const { line } of spoken) {
    const reason = worded(line, moment)
    if (
      reason &&
      !reasons.some((r) => r.text === reason.text || (r.code === reason.code && r.goal === reason.goal))
    )
      reasons.push(reason)
    if (reasons.length === 2) break
  }
  return reasons
}

/** Weight of the line's goal in the offer decides which reason is nearest to it. */
function rank(line: Evidence, moment: Moment): number {
  return moment.catalogue.goals[moment.catalogue.goalIndex.get(line.goal) ?? -1]?.toldOnly &&
    line.kind !== 'told'
    ? 0
    : 1
}

function servesDirectlyOrWider(slug: string, served: Set<string>, { catalogue }: Moment): boolean {
  if (served.has(slug)) return true
  const wide = catalogue.goalIndex.get(slug)
  if (wide === undefined) return false
  for (const each of served)
    for (let up = catalogue.parents[catalogue.goalIndex.get(each)!]!; up >= 0; up = catalogue.parents[up]!)
      if (up === wide) return true
  return false
}

function worded(line: Evidence, { catalogue, today, facts }: Moment): Reason | null {
  const goal = catalogue.goals[catalogue.goalIndex.get(line.goal) ?? -1]
  if (!goal) return null
  const on = spokenDate(dateOf(line.onDay))
  // To somebody who hardly knows us, a name sounds as if we kept a file: it is all of us who were told.
  const named = line.staffId !== null && facts.relationship > 0
  const staff = named ? catalogue.staff.get(line.staffId!)?.name : undefined
  const offer = line.offerId === null ? undefined : catalogue.listedById.get(line.offerId)?.offer.headline
  const reason = (code: Reason['code'], text: string): Reason => ({
    code,
    goal: line.goal,
    text: short(text),
  })
  switch (line.kind) {
    case 'told':
      // What only she may bring up is not repeated in her words.
      return reason(
        'TOLD',
        `Told ${staff ?? 'us'} on ${on}${line.words && !goal.toldOnly ? `: ${line.words}` : ''}.`,
      )
    case 'answered':
      return reason('ANSWERED', `Said yes when ${staff ?? 'we'} asked on ${on}.`)
    case 'noticed':
      return reason('NOTICED', `Told ${staff ?? 'us'} on ${on}${line.words ? `: ${line.words}` : ''}.`)
    case 'attended':
      return offer ? reason('ATTENDED', `Came to “${offer}” on ${on}.`) : null
    case 'enrolled':
    case 'completed':
    case 'booked':
      return offer ? reason('ENROLLED', `With “${offer}” since ${on}.`) : null
    case 'recitalScheduled':
      return line.aboutDay !== null && line.aboutDay >= today
        ? reason('RECITAL', `A recital is coming on ${spokenDate(dateOf(line.aboutDay))}.`)
        : null
    case 'bought':
      return line.id.startsWith('basket:') && line.words
        ? reason('BASKET', `In the basket today: ${line.words}.`)
        : null
    default:
      return null
  }
}

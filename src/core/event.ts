/** What other events say about goals: told, answered, noticed, attended, enrolled … Source: the shop's evidence rules. */
import type { Catalogue } from './catalogue.ts'

/** Weight and half-life of a line by how we came to know it. */
export const SAID = {
  told: { weight: 0.9, halfLifeDays: 540 },
  answeredYes: { weight: 0.75, halfLifeDays: 365 },
  answeredMaybe: { weight: 0.35, halfLifeDays: 270 },
  noticed: { weight: 0.55, halfLifeDays: 365 },
} as const

/** Weight, half-life and the share of the offer's goal weights that an event carries. */
export const DONE = {
  enrolled: { weight: 0.85, halfLifeDays: 540, share: 1 },
  completed: { weight: 0.85, halfLifeDays: 540, share: 1 },
  recitalScheduled: { weight: 0.85, halfLifeDays: 365, share: 1 },
  attended: { weight: 0.6, halfLifeDays: 365, share: 0.7 },
  booked: { weight: 0.45, halfLifeDays: 270, share: 0.5 },
} as const

/** The goals that an event with an offer speaks for: the offer's own, and those of what the event leads on to (a recital is about what one wears). */
export function goalsOfEvent(
  catalogue: Pick<Catalogue, 'listedById' | 'linksFrom'>,
  kind: keyof typeof DONE,
  offerId: string,
): { goal: string; weight: number; halfLifeDays: number }[] {
  const { weight, halfLifeDays, share } = DONE[kind]
  const goals = new Map<string, number>()
  const add = (id: string) => {
    for (const [goal, w] of Object.entries(catalogue.listedById.get(id)?.offer.goals ?? {}))
      goals.set(goal, Math.max(goals.get(goal) ?? 0, w))
  }
  add(offerId)
  if (kind === 'recitalScheduled')
    for (const link of catalogue.linksFrom.get(offerId) ?? []) if (link.trigger === kind) add(link.toOffer)
  return [...goals].map(([goal, w]) => ({ goal, weight: weight * share * w, halfLifeDays }))
}

/**
 * What a family enrols in after an introduction, or plays in: the partner's one program that follows from having
 * attended; the offer itself where there is none, or more than one.
 */
function programAfter(catalogue: Pick<Catalogue, 'listedById' | 'linksFrom'>, offerId: string): string {
  const offer = catalogue.listedById.get(offerId)?.offer
  if (offer?.kind !== 'class-intro') return offerId
  const programs = (catalogue.linksFrom.get(offerId) ?? []).flatMap((link) => {
    const next = catalogue.listedById.get(link.toOffer)?.offer
    const follows =
      link.trigger === 'attended' && next?.kind === 'class-program' && next.partnerId === offer.partnerId
    return follows ? [link.toOffer] : []
  })
  return programs.length === 1 ? programs[0]! : offerId
}

export type EventLine = {
  id: string
  kind: 'booked' | 'attended' | 'enrolled' | 'recitalScheduled'
  goal: string
  offerId: string
  weight: number
  halfLifeDays: number
  onDate: string
  aboutDate: string | null
}

/** The id under which it is kept that who enrolled had come before. */
export const cameWith = (eventId: string): string => `${eventId}.came`

/** The lines of evidence that an event of a referral is: who enrolled has also attended. */
export function linesOfReferral(
  catalogue: Pick<Catalogue, 'listedById' | 'linksFrom'>,
  referredTo: string,
  event: { id: string; kind: string; offerId: string | null; onDate: string; aboutOn: string | null },
): EventLine[] {
  const { kind } = event
  const isBooking = kind === 'accepted' || kind === 'booked'
  if (!isBooking && kind !== 'attended' && kind !== 'enrolled' && kind !== 'recitalScheduled') return []
  const offerId =
    event.offerId ?? (isBooking || kind === 'attended' ? referredTo : programAfter(catalogue, referredTo))
  const line = (as: EventLine['kind'], offer: string, id: string): EventLine[] =>
    goalsOfEvent(catalogue, as, offer).map((goal) => ({
      ...goal,
      id: `${id}#${goal.goal}`,
      kind: as,
      offerId: offer,
      onDate: event.onDate,
      aboutDate: event.aboutOn,
    }))
  if (isBooking) return line('booked', offerId, event.id)
  return kind === 'enrolled' && offerId !== referredTo
    ? [...line(kind, offerId, event.id), ...line('attended', referredTo, cameWith(event.id))]
    : line(kind, offerId, event.id)
}

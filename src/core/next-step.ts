/** What comes next: links from what she did to what may follow, each with its window. */
import type { Link, Listed } from './catalogue.ts'
import type { Moment } from './moment.ts'
import type { EvidenceKind } from './understand.ts'

const EVENT_OF: Record<string, EvidenceKind> = {
  attended: 'attended',
  enrolled: 'enrolled',
  completed: 'completed',
  booked: 'booked',
  recitalScheduled: 'recitalScheduled',
}

/** The link to this offer whose window is now, or null. A recital's window is counted from the recital's day. */
export function nextStepOf(listed: Listed, moment: Moment): Link | null {
  return listed.after.find((link) => opens(link, moment)) ?? null
}

function opens(link: Link, moment: Moment): boolean {
  const { person, today, spans, catalogue } = moment
  if (person === null) return false
  const inLinkWindow = (day: number) => today - day >= link.fromDays && today - day <= link.untilDays
  const event = EVENT_OF[link.trigger]
  if (event)
    return (
      moment.facts.metOffers.has(link.fromOffer) &&
      person.evidence.some(
        (line) =>
          line.kind === event &&
          line.offerId === link.fromOffer &&
          line.onDay <= today &&
          inLinkWindow(line.aboutDay ?? line.onDay),
      )
    )
  if (link.trigger === 'bought') {
    const products = catalogue.listedById.get(link.fromOffer)?.productIds ?? []
    return person.items.some((item) => products.includes(item.productId) && inLinkWindow(item.day))
  }
  if (link.trigger === 'ageReached' && link.ageMonths !== null) {
    const months = link.ageMonths
    return spans.some(
      ([from, to]) => from === to && from >= months && from < months + Math.ceil(link.untilDays / 30),
    )
  }
  return false
}

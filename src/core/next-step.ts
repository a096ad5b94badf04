/** What comes next: links from what she did to what may follow, each with its window. */
import type { Link } from './catalogue.ts'
import type { Moment } from './moment.ts'
import type { EvidenceKind } from './understand.ts'

const EVENT_OF: Record<string, EvidenceKind> = {
  attended: 'attended',
  enrolled: 'enrolled',
  completed: 'completed',
  booked: 'booked',
  recitalScheduled: 'recitalScheduled',
}

type Seen = Omit<Moment, 'facts'>

/** The offers whose window is now, by index: what follows from what she did, bought, or from the ages here. */
export function openSteps(moment: Seen): Set<number> {
  const { person, catalogue, spans } = moment
  const steps = new Set<number>()
  if (person === null) return steps
  const from = new Set<string>()
  for (const line of person.evidence) if (line.offerId !== null) from.add(line.offerId)
  for (const { productId } of person.items)
    for (const id of catalogue.offersOfProduct.get(productId) ?? []) from.add(id)
  const follow = (link: Link) => {
    const to = catalogue.listedById.get(link.toOffer)
    if (to && opens(link, moment)) steps.add(to.index)
  }
  for (const id of from) catalogue.linksFrom.get(id)?.forEach(follow)
  const { ageLinks } = catalogue
  for (const [age, to] of spans)
    if (age === to)
      for (let at = 0; at < ageLinks.to.length; at++)
        if (age >= ageLinks.from[at]! && age < ageLinks.before[at]!) steps.add(ageLinks.to[at]!)
  return steps
}

/** Whether the window of a link from an event or a purchase is now. A recital's window is counted from the recital's day. */
function opens(link: Link, moment: Seen): boolean {
  const { person, today, catalogue } = moment
  if (person === null) return false
  const inLinkWindow = (day: number) => today - day >= link.fromDays && today - day <= link.untilDays
  const event = EVENT_OF[link.trigger]
  if (event)
    return person.evidence.some(
      (line) =>
        line.kind === event &&
        line.offerId === link.fromOffer &&
        line.onDay <= today &&
        inLinkWindow(line.aboutDay ?? line.onDay),
    )
  if (link.trigger === 'bought') {
    const products = catalogue.listedById.get(link.fromOffer)?.productIds ?? []
    return person.items.some((item) => products.includes(item.productId) && inLinkWindow(item.day))
  }
  return false
}

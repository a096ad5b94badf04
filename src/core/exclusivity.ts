/** Exclusivity: whether a new alliance would break what we promised to another partner, or be promised what we cannot keep. */
import type { Catalogue, Partner } from './catalogue.ts'
import type { TermsRecord } from './terms.ts'
import { dateOf, dayOf } from './time.ts'
import { stemOf, wordsOf } from './words.ts'

/** A partner with the terms that are agreed, or asked for. */
export type Agreement = {
  allianceId: string | null
  partner: Pick<Partner, 'id' | 'name' | 'trade' | 'goals' | 'facets' | 'walkMinutes'>
  terms: Pick<TermsRecord, 'exclusivity' | 'startsOn' | 'endsOn'>
}

/** One promise that stands in the way: whose, until when, and what its terms say. */
export type Clash = { allianceId: string; partnerId: string; untilOn: string; says: string }

/** Words that say what sort of business it is, or for whom, and not in what it trades. */
const SAYS_NOTHING = new Set(
  wordsOf(
    `a an and at for from in of on or the to with
     academy adviser advisor agency association business center centre class club coach company course educator family
     group house indoor instructor junior lesson little local office outdoor outfitter place practice private program
     programme school service shop small store studio teacher team theatre training tutor workshop young
     baby child children childrens early years kid kids toddler youth`,
  ).map(stemOf),
)

/** The words of a trade that tell it from others, alike however they are written. Source: the shop's own trades. */
function headWords(trade: string): Set<string> {
  return new Set(
    wordsOf(trade)
      .map(stemOf)
      .filter((word) => word.length > 1 && !SAYS_NOTHING.has(word)),
  )
}

/** Whether two trades are one to a family that looks for either. */
export function tradesOverlap(one: string, other: string): boolean {
  const [a, b] = [headWords(one), headWords(other)]
  for (const word of a) if (b.has(word)) return true
  // Two that say nothing but what they are: "family club" and "family club".
  return a.size === 0 && b.size === 0 && wordsOf(one).join(' ') === wordsOf(other).join(' ')
}

/** Whether two partners serve the same wish: a goal of both, with no facets named or one of them the same. */
export function goalsOverlap(
  one: Pick<Partner, 'goals' | 'facets'>,
  other: Pick<Partner, 'goals' | 'facets'>,
): boolean {
  return one.goals.some((goal) => {
    if (!other.goals.includes(goal)) return false
    const [a, b] = [one.facets[goal] ?? [], other.facets[goal] ?? []]
    return a.length === 0 || b.length === 0 || a.some((facet) => b.includes(facet))
  })
}

/** Whether a partner is within so many minutes on foot of any site. Nobody knows how far: it may be near. */
function isWithin({ walkMinutes }: Pick<Partner, 'walkMinutes'>, minutes: number | null): boolean {
  const known = Object.values(walkMinutes)
  return minutes === null || known.length === 0 || known.some((each) => each <= minutes)
}

/** The last day of an exclusivity; null where there is none. */
function exclusiveUntil({ exclusivity, endsOn }: Agreement['terms']): string | null {
  if (exclusivity === null) return null
  return exclusivity.untilOn !== null && exclusivity.untilOn < endsOn ? exclusivity.untilOn : endsOn
}

/** Whether what one was promised forbids the other, while both are in force. */
function forbids(holder: Agreement, other: Agreement): string | null {
  const until = exclusiveUntil(holder.terms)
  const promised = holder.terms.exclusivity
  if (until === null || promised === null) return null
  if (other.terms.startsOn > until || other.terms.endsOn < holder.terms.startsOn) return null
  if (!isWithin(other.partner, promised.withinMinutes)) return null
  const same =
    tradesOverlap(promised.trade, other.partner.trade) || goalsOverlap(holder.partner, other.partner)
  return same ? until : null
}

/** What terms promise, as a sentence. */
function exclusivitySentence(partnerName: string, terms: Agreement['terms']): string {
  const { exclusivity } = terms
  if (exclusivity === null) return `${partnerName} has no exclusivity.`
  const within =
    exclusivity.withinMinutes === null ? '' : ` within ${exclusivity.withinMinutes} minutes on foot`
  return `For ${exclusivity.trade}${within} we send families to ${partnerName} alone, until ${exclusiveUntil(terms)}.`
}

/**
 * The promises that an agreement would break: another partner's exclusivity that covers it, or its own that an
 * agreement in force already goes against. Ordered by alliance. `inForce`: alliances that are agreed, live or
 * paused, by the terms that both sides agreed to.
 */
export function clashesWith(wanted: Agreement, inForce: readonly Agreement[]): Clash[] {
  const clashes: Clash[] = []
  for (const other of inForce) {
    if (other.allianceId === null || other.partner.id === wanted.partner.id) continue
    const { allianceId } = other
    const theirs = forbids(other, wanted)
    if (theirs !== null) {
      const says = exclusivitySentence(other.partner.name, other.terms)
      clashes.push({ allianceId, partnerId: other.partner.id, untilOn: theirs, says })
    } else if (forbids(wanted, other) !== null) {
      const says = `These terms promise ${exclusivitySentence(wanted.partner.name, wanted.terms).replace(/\.$/, '')}, and we send families to ${other.partner.name} until ${other.terms.endsOn}.`
      clashes.push({ allianceId, partnerId: other.partner.id, untilOn: other.terms.endsOn, says })
    }
  }
  return clashes.sort((a, b) => (a.allianceId < b.allianceId ? -1 : 1))
}

/** Every alliance that runs, by the terms that both sides agreed to, each for the days on which they stand: what exclusivity is held against. */
export function agreementsInForce(catalogue: Pick<Catalogue, 'parts'>): Agreement[] {
  const { alliancesOf, termsOf, partners } = catalogue.parts
  return [...alliancesOf.values()]
    .flat()
    .filter(({ state }) => state === 'agreed' || state === 'live' || state === 'paused')
    .flatMap(({ id, partnerId }) => {
      const partner = partners.get(partnerId)
      const agreed = (termsOf.get(id) ?? []).filter((each) => each.agreed)
      if (!partner) return []
      return agreed.flatMap(({ version, record }) => {
        const { exclusivity, startsOn } = record
        // A later version takes its place from that one's first day.
        const nextStartsOn = agreed
          .filter((each) => each.version > version)
          .map((each) => each.record.startsOn)
          .sort()[0]
        if (nextStartsOn !== undefined && nextStartsOn <= startsOn) return []
        const dayBefore = nextStartsOn === undefined ? record.endsOn : dateOf(dayOf(nextStartsOn) - 1)
        const endsOn = dayBefore < record.endsOn ? dayBefore : record.endsOn
        return [{ allianceId: id, partner, terms: { exclusivity, startsOn, endsOn } }]
      })
    })
}

/** Whom terms would clash with, that the agreed ones do not clash with yet. One promise an alliance. */
export function newClashes(
  catalogue: Pick<Catalogue, 'parts'>,
  { id, partnerId }: { id: string | null; partnerId: string },
  record: TermsRecord,
): Clash[] {
  const partner = catalogue.parts.partners.get(partnerId)
  if (!partner) return []
  const inForceNow = agreementsInForce(catalogue)
  const others = inForceNow.filter(({ allianceId }) => allianceId !== id)
  const stands = new Set(
    inForceNow
      .filter(({ allianceId }) => allianceId === id)
      .flatMap((own) => clashesWith(own, others))
      .map(({ allianceId }) => allianceId),
  )
  const found = clashesWith({ allianceId: id, partner, terms: record }, others)
  return found.filter(
    ({ allianceId }, i) =>
      !stands.has(allianceId) && found.findIndex((each) => each.allianceId === allianceId) === i,
  )
}

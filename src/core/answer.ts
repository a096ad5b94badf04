/** The answer as a till reads it: the decision in the contract's words, fields and order. */
import type { LineName, Listed } from './catalogue.ts'
import { placesLeft, readinessOf, termsFor } from './catalogue.ts'
import { freeSessions } from './gate.ts'
import type { Moment } from './moment.ts'
import type { Offer, Say } from './offer.ts'
import { short } from './offer.ts'
import { wordsOf } from './question.ts'
import type { Reason } from './reason.ts'
import { reasonsFor } from './reason.ts'
import type { Decision } from './recommend.ts'
import { facetOf } from './recommend.ts'
import type { Scored } from './running.ts'
import { dateOf, localIso, spokenDate } from './time.ts'

export type OfferAnswer = {
  offerId: string
  kind: string
  headline: string
  facet: string | null
  goals: string[]
  partner: { id: string; name: string } | null
  price: { amount: number; currency: string }
  commitment: Offer['commitment']
  sessions: { id: string; startsAt: string; place: string; placesLeft: number }[]
  say: Say
  reasons: Reason[]
  backStage: { ready: boolean; factor: number; checks: { code: string; ok: boolean; until: string | null }[] }
  next: { offerId: string; headline: string; when: string }[]
}

/** A line of the basket as the till sent it. */
export type SentLine = LineName & {
  quantity: number
  unitPrice?: number | undefined
  gift?: boolean | undefined
  child?: string | undefined
}

export type Answer = {
  id: string
  speak: boolean
  basis: 'profile' | 'context'
  degraded: string | null
  saleKind: 'front' | 'back' | 'unknown'
  continuity: 'new' | 'kept' | null
  validUntil: string | null
  policyVersion: number
  dataVersion: string
  primary: OfferAnswer | null
  alternate: OfferAnswer | null
  silence: { reason: 'quiet' | 'care' } | null
  kindness: { offerId: string; headline: string; line: string } | null
  ask: { goal: string; question: string } | null
  care: { kind: string; line: string } | null
  unmatched: SentLine[]
}

/** Shape a decision. What a till may see holds no evidence that it did not need to say aloud. */
export function answerOf(
  decision: Decision,
  moment: Moment,
  about: {
    id: string
    degraded: string | null
    dataVersion: string
    currency: string
    unmatched: SentLine[]
  },
): Answer {
  const { catalogue, careNow, person } = moment
  const timeZone = catalogue.sites.get(moment.siteId)!.timeZone
  const ask = decision.askGoal === null ? null : catalogue.goals[decision.askGoal]!
  return {
    id: about.id,
    speak: decision.primary !== null,
    basis: person === null ? 'context' : 'profile',
    degraded: about.degraded,
    saleKind: moment.saleKind,
    continuity: decision.continuity,
    validUntil: decision.validUntilMs === null ? null : localIso(decision.validUntilMs, timeZone),
    policyVersion: catalogue.policy.version,
    dataVersion: about.dataVersion,
    primary: decision.primary && offerAnswer(decision.primary, moment, about.currency),
    alternate: decision.alternate && offerAnswer(decision.alternate, moment, about.currency),
    silence: decision.primary ? null : { reason: careNow === null ? 'quiet' : 'care' },
    kindness: decision.kindness && {
      offerId: decision.kindness.offer.id,
      headline: decision.kindness.offer.headline,
      line: decision.kindness.offer.say.line,
    },
    ask: ask && { goal: ask.slug, question: wordsOf(decision.askGoal!, moment)! },
    care: careNow && { kind: careNow.kind, line: careLine(moment) },
    unmatched: about.unmatched,
  }
}

function offerAnswer({ listed, weighed }: Scored, moment: Moment, currency: string): OfferAnswer {
  const { offer, partner } = listed
  return {
    offerId: offer.id,
    kind: offer.kind,
    headline: offer.headline,
    facet: facetOf(listed, moment),
    goals: Object.keys(offer.goals),
    partner: partner && { id: partner.id, name: partner.name },
    price: { amount: offer.priceMinor, currency },
    commitment: offer.commitment,
    sessions: freeSessions(listed, moment)
      .slice(0, 3)
      .map((session) => ({
        id: session.id,
        startsAt: session.startsAt,
        place: session.place,
        placesLeft: placesLeft(session, moment.nowMs),
      })),
    say: sayOf(listed, dateOf(moment.today)),
    reasons: reasonsFor(listed, moment, weighed.goesWith),
    backStage: backStageOf(listed, moment),
    next: nextOf(listed, moment),
  }
}

/** The words of an offer. Where it says nothing of what we earn, the terms do. */
function sayOf(listed: Listed, date: string): Say {
  const { say } = listed.offer
  if (say.disclosure.trim() !== '' || listed.offer.partnerId === null) return say
  return { ...say, disclosure: termsFor(listed, date)?.disclosure ?? '' }
}

function backStageOf(listed: Listed, moment: Moment): OfferAnswer['backStage'] {
  const { alliance, checks } = listed
  const today = dateOf(moment.today)
  const shown = checks.map((check) => ({
    code: check.code,
    ok: check.ok && (check.validUntil === null || check.validUntil >= today),
    until: check.validUntil,
  }))
  return {
    ready: true,
    factor: readinessOf(checks, today),
    checks: alliance
      ? [{ code: 'ALLIANCE_LIVE', ok: true, until: termsFor(listed, today)?.endsOn ?? null }, ...shown]
      : shown,
  }
}

function nextOf({ offer }: Listed, { catalogue }: Moment): OfferAnswer['next'] {
  return (catalogue.linksFrom.get(offer.id) ?? []).slice(0, 3).flatMap((link) => {
    const next = catalogue.listedById.get(link.toOffer)
    return next ? [{ offerId: link.toOffer, headline: next.offer.headline, when: link.says }] : []
  })
}

/** What to say while a complaint or a promise is open: what it is about, and what was promised by whom. */
function careLine({ careNow, catalogue }: Moment): string {
  const { what, promise, promisedBy, closedDay, dueDay } = careNow!
  if (closedDay !== null) return short(`Ask first how it went with the ${what}.`, 160)
  const by = promisedBy === null ? '' : ` ${catalogue.staff.get(promisedBy)?.name ?? 'We'} promised it.`
  const until = promise ?? (dueDay === null ? 'we are on it' : `by ${spokenDate(dateOf(dueDay))}`)
  return short(`First, about the ${what}: ${until}.${by}`, 160)
}

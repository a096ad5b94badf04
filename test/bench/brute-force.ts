/**
 * Deciding by brute force, to compare with: every gate asked of every offer in plain loops over the plain rows,
 * nothing indexed, nothing kept, nothing skipped. Slow, and short enough to be believed.
 */
import type { Acceptance } from '../../src/core/acceptance.ts'
import { mappingOf } from '../../src/core/acceptance.ts'
import type { CatalogueRows } from '../../src/core/catalogue.ts'
import type { Learning } from '../../src/core/learning.ts'
import type { Moment } from '../../src/core/moment.ts'
import type { Offer } from '../../src/core/offer.ts'
import { reasonsFor } from '../../src/core/reason.ts'
import { dateOf, localDay } from '../../src/core/time.ts'
import { ageDays, decayed } from '../../src/core/understand.ts'

const DAY_MS = 86_400_000
const COMMITMENTS = ['free', 'low', 'medium', 'high']

export type Brute = { offerId: string; score: number }[]

/** Every offer that passes every gate, best first. */
export function bruteForce(rows: CatalogueRows, moment: Moment, learning: Learning): Brute {
  const { policy } = rows
  const { person, basket, nowMs, siteId } = moment
  const timeZone = rows.sites.find((site) => site.id === siteId)!.timeZone
  const today = localDay(nowMs, timeZone)
  const date = dateOf(today)
  const evidence = person?.evidence ?? []
  const earlier = person?.earlier ?? []
  const goalOf = (slug: string) => rows.goals.find((goal) => goal.slug === slug)
  const upwards = (slug: string): string[] => {
    const parent = goalOf(slug)?.parent
    return parent == null || !goalOf(parent) ? [] : [parent, ...upwards(parent)]
  }
  const spanFits = (min: number | null, max: number | null) =>
    (min === null && max === null) ||
    moment.spans.some(([from, to]) => to >= (min ?? 0) && from <= (max ?? Number.POSITIVE_INFINITY))

  // What she wants, goal by goal.
  const lines = moment.evidence.filter((line) => line.onDay <= today && goalOf(line.goal))
  const spoken = lines.filter((line) => ['toldNo', 'told', 'answered'].includes(line.kind))
  const noTo = (slug: string) => {
    const words = spoken.filter((line) => line.goal === slug)
    const last = Math.max(...words.map((line) => line.onDay))
    return words.find((line) => line.onDay === last)?.kind === 'toldNo'
  }
  const belief = new Map<string, { confidence: number; stated: number; no: boolean }>()
  for (const goal of rows.goals) {
    const opens = goal.ageMinMonths === null ? null : goal.ageMinMonths - policy.aheadMonths
    let doubt =
      1 - (spanFits(opens, goal.ageMaxMonths) ? policy.priorShare * goal.baseRate : policy.priorOutside)
    let stated = 0
    let factor = 1
    for (const line of lines.filter((each) => each.goal === goal.slug)) {
      if (line.kind === 'toldNo') continue
      if (line.kind === 'declined') {
        if (today - line.onDay < policy.declineDays) factor *= policy.declineFactor
        continue
      }
      const believed = decayed(line.weight, ageDays(line, today), line.halfLifeDays)
      doubt *= 1 - believed
      stated = 1 - (1 - stated) * (1 - believed)
    }
    const no = [goal.slug, ...upwards(goal.slug)].some(noTo)
    belief.set(
      goal.slug,
      no ? { confidence: 0, stated: 0, no } : { confidence: (1 - doubt) * factor, stated, no },
    )
  }
  const facetsOf = (slug: string) =>
    lines
      .filter((line) => line.goal === slug && !['toldNo', 'declined'].includes(line.kind))
      .flatMap((line) => line.facet ?? [])
  const toldOf = (slug: string) =>
    lines.some((line) => line.goal === slug && (line.kind === 'told' || line.kind === 'answered'))
  const met = evidence
    .filter((line) => line.offerId !== null && line.onDay <= today)
    .filter((line) => ['attended', 'enrolled', 'completed', 'booked', 'recitalScheduled'].includes(line.kind))
    .flatMap((line) => [`${line.kind}:${line.offerId}`, `${line.kind}:*`])
  const said = earlier.filter((b) => b.saidMs !== null && b.offerId !== null && b.saidMs <= nowMs)
  const lastSaid = said.reduce<(typeof said)[number] | null>(
    (last, b) => (last === null || b.saidMs! > last.saidMs! ? b : last),
    null,
  )
  const isClosed = (id: string) => {
    const last = earlier.find((b) => b.offerId === id && b.outcome !== null)
    return last !== undefined && !['said', 'askedMore', 'notSaid'].includes(last.outcome!)
  }
  const lately = evidence.filter((line) => line.onDay <= today && ageDays(line, today) < 365)
  const signs = lately.filter((line) => ['told', 'answered', 'attended'].includes(line.kind)).length
  const together = lately.some((line) => line.kind === 'enrolled')
  const orders = person?.orders ?? 0
  const visitsIn = (days: number) =>
    (person?.visits ?? []).filter((day) => day <= today && day > today - days).length
  const close = together || (visitsIn(730) >= 5 && signs > 0)
  const relationship = person === null ? 0 : close ? 2 : visitsIn(365) >= 2 || signs > 0 ? 1 : 0
  const month = (day: number) => +dateOf(day).slice(5, 7)

  const passed: (Brute[number] & { step: number })[] = []
  for (const offer of rows.offers) {
    const slugs = Object.keys(offer.goals).filter(goalOf)
    const goalIndexes = slugs
      .sort((a, b) => offer.goals[b]! - offer.goals[a]! || (a < b ? -1 : 1))
      .map((slug) => rows.goals.findIndex((goal) => goal.slug === slug))
    const alliances = rows.alliances.filter((each) => each.partnerId === offer.partnerId)
    const alliance = alliances.find((each) => each.state === 'live') ?? alliances.at(-1) ?? null
    const terms =
      rows.terms.find(
        (each) => each.allianceId === alliance?.id && each.version === alliance?.termsVersion && each.agreed,
      ) ?? null
    const checks = rows.checks
      .filter(
        (check) =>
          check.offerId === offer.id || (check.partnerId !== null && check.partnerId === offer.partnerId),
      )
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const productIds = offer.skus.flatMap((sku) => rows.products.find((each) => each.sku === sku)?.id ?? [])
    const named = slugs.flatMap(facetsOf)
    const sessions = rows.sessions.filter((session) => {
      if (session.offerId !== offer.id || session.cancelled || Date.parse(session.startsAt) <= nowMs)
        return false
      if (session.siteId !== null && session.siteId !== siteId) return false
      const wanted = named.filter((facet) => offer.facets.includes(facet))
      if (session.facet !== null && wanted.length > 0 && !wanted.includes(session.facet)) return false
      const taken = rows.holds.filter(
        (hold) =>
          hold.sessionId === session.id &&
          (hold.state === 'confirmed' || (hold.state === 'held' && Date.parse(hold.expiresAt) > nowMs)),
      ).length
      return session.capacity - session.bookedElsewhere - taken > 0
    })

    let doubt = 1
    for (const slug of slugs) doubt *= 1 - offer.goals[slug]! * belief.get(slug)!.confidence
    const wider = new Map<string, number>()
    for (const slug of slugs)
      upwards(slug).forEach((up, n) => {
        wider.set(up, Math.max(wider.get(up) ?? 0, offer.goals[slug]! * policy.rollUp ** (n + 1)))
      })
    for (const [up, weight] of wider) doubt *= 1 - weight * belief.get(up)!.stated
    const unfaceted = 1 - doubt
    const facet =
      named.length === 0
        ? 1
        : offer.facets.length === 0
          ? policy.facetUnknown
          : offer.facets.some((each) => named.includes(each))
            ? 1
            : policy.facetMismatch
    const fit = unfaceted * facet

    const declines = evidence.filter((line) => line.kind === 'declined' && line.offerId === offer.id)
    const rest: Record<string, number> = {
      notForUs: policy.notForUsDays,
      wrong: policy.wrongDays,
      haveIt: 3650,
    }
    const offerOf = (id: string) => rows.offers.find((each) => each.id === id)
    const refusedOffers = (within: number, counts: (offerId: string, goal: string) => boolean) =>
      new Set(
        evidence
          .filter(
            (line) =>
              line.kind === 'declined' &&
              line.offerId !== null &&
              line.onDay <= today &&
              today - line.onDay < within &&
              ['notForUs', 'wrong'].includes(line.words ?? '') &&
              counts(line.offerId, line.goal),
          )
          .map((line) => line.offerId),
      )
    const saidDays = said
      .filter((b) => b.offerId === offer.id)
      .map((b) => today - localDay(b.saidMs!, timeZone))
      .filter((day) => day < policy.sameOfferDays)
    const listed = { goalIndexes, offer } as never
    const refusals = [
      offer.state !== 'live',
      offer.partnerId !== null && (alliance?.state !== 'live' || terms === null),
      terms !== null && offer.partnerId !== null && terms.startsOn !== null && date < terms.startsOn,
      terms !== null && offer.partnerId !== null && terms.endsOn !== null && date > terms.endsOn,
      offer.partnerId !== null &&
        !rows.briefings.some((each) => each.allianceId === alliance?.id && each.siteId === siteId),
      checks.some((check) => check.critical && check.validUntil !== null && check.validUntil < date),
      offer.sites.length > 0 && !offer.sites.includes(siteId),
      offer.months.length > 0 &&
        !offer.months.includes(month(today)) &&
        !offer.months.includes(month(today + policy.leadDays)) &&
        !evidence.some(
          (line) =>
            ['told', 'answered'].includes(line.kind) &&
            line.aboutDay !== null &&
            line.aboutDay >= today &&
            line.aboutDay - today <= policy.aboutDays &&
            slugs.includes(line.goal),
        ),
      !spanFits(offer.ageMinMonths, offer.ageMaxMonths),
      moment.touchpoint === 'letter' && person?.consent.letter !== 'granted',
      slugs.some((slug) => belief.get(slug)!.no),
      slugs.some(
        (slug) => goalOf(slug)!.toldOnly && offer.goals[slug]! >= policy.sensitiveWeight && !toldOf(slug),
      ),
      checks.some((check) => check.critical && !check.ok),
      offer.seated && sessions.length === 0,
      person !== null &&
        (['attended', 'enrolled', 'completed', 'booked'].some((kind) =>
          met.includes(`${kind}:${offer.id}`),
        ) ||
          (productIds.length > 0 &&
            productIds.every((id) => person.items.some((item) => item.productId === id))) ||
          declines.some((line) => line.words === 'haveIt')),
      basket.some((line) => line.productId !== null && productIds.includes(line.productId)),
      offer.requires.length > 0 && !offer.requires.some((event) => met.includes(event)),
      offer.stage === 'front' && person !== null && orders > 0,
      offer.stage === 'back' && (person === null || orders === 0),
      unfaceted < policy.fitFloor,
      fit < policy.fitFloor,
      orders === 0 && !['free', 'low'].includes(offer.commitment),
      offer.minRelationship > relationship,
      declines.some(
        (line) =>
          line.onDay <= today && today - line.onDay < (rest[line.words ?? 'notNow'] ?? policy.notNowDays),
      ),
      offer.partnerId !== null &&
        refusedOffers(policy.partnerRestDays, (id) => offerOf(id)?.partnerId === offer.partnerId).size >=
          policy.partnerDeclines,
      refusedOffers(policy.goalRestDays, (_, goal) => goal === slugs[0]).size >= policy.goalDeclines,
      saidDays.length > 0 &&
        (Math.max(...saidDays) >= policy.continuityDays ||
          saidDays.length >= policy.sayAtMost ||
          isClosed(offer.id)),
      lastSaid !== null &&
        nowMs - lastSaid.saidMs! < policy.quietDays * DAY_MS &&
        (lastSaid.offerId !== offer.id || isClosed(offer.id)),
      moment.careNow !== null,
      offer.priceMinor > 0 &&
        offer.priceMinor > policy.basketTimes * (orders > 0 ? person!.usualMinor : moment.basketMinor),
      reasonsFor(listed, moment).length === 0,
    ]
    if (refusals.includes(true)) continue

    const step = offer.kind === 'content' ? 0 : 1 + COMMITMENTS.indexOf(offer.commitment)
    const affinity = Math.max(0, ...productIds.map((id) => learning.affinityOf(id)))
    const propensity = acceptanceRatio(rows, offer, moment.touchpoint, fit)
    let readiness = 1
    for (const check of checks)
      if (!check.critical && !(check.ok && (check.validUntil === null || check.validUntil >= date)))
        readiness *= 1 - check.severity
    const opens = rows.links.some((link) => {
      if (link.toOffer !== offer.id || person === null) return false
      const inside = (day: number) => today - day >= link.fromDays && today - day <= link.untilDays
      if (['attended', 'enrolled', 'completed', 'booked', 'recitalScheduled'].includes(link.trigger))
        return evidence.some(
          (line) =>
            line.kind === link.trigger &&
            line.offerId === link.fromOffer &&
            line.onDay <= today &&
            inside(line.aboutDay ?? line.onDay),
        )
      if (link.trigger === 'bought') {
        const from = rows.offers.find((each) => each.id === link.fromOffer)
        const ids = (from?.skus ?? []).map((sku) => rows.products.find((each) => each.sku === sku)?.id)
        return person.items.some((item) => ids.includes(item.productId) && inside(item.day))
      }
      return (
        link.trigger === 'ageReached' &&
        link.ageMonths !== null &&
        moment.spans.some(
          ([from, to]) =>
            from === to && from >= link.ageMonths! && from < link.ageMonths! + Math.ceil(link.untilDays / 30),
        )
      )
    })
    const margin =
      offer.partnerId === null
        ? offer.priceMinor - offer.costMinor
        : Math.floor((offer.priceMinor * (terms?.commissionBasisPoints ?? 0)) / 10_000)
    const score =
      fit *
      (1 - policy.stepCost * step) *
      (1 + policy.affinityLift * affinity) *
      propensity *
      readiness *
      (opens ? 1 + policy.nextStepLift : 1) *
      (offer.priceMinor === 0
        ? 1
        : 1 + policy.valueLever * Math.min(1, Math.max(0, margin / offer.priceMinor)))
    passed.push({ offerId: offer.id, score, step })
  }
  return passed.sort((a, b) => b.score - a.score || a.step - b.step || (a.offerId < b.offerId ? -1 : 1))
}

/** Acceptances to expected ones, shrunk: shop, then bands and offers in turn, then this offer elsewhere and here. */
function acceptanceRatio(rows: CatalogueRows, offer: Offer, touchpoint: string, fit: number): number {
  const { policy, acceptance } = rows
  const weight = policy.propensityPrior * policy.acceptanceAtFit
  if (acceptance.every((row) => row.said === 0)) return 1
  const shrunk = (accepted: number, expected: number, prior: number, worth = weight) =>
    (accepted + worth * prior) / (expected + worth)
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0)
  const accepted = (some: Acceptance[]) => sum(some.map((row) => row.accepted))
  const expected = (some: Acceptance[], times: number[]) =>
    sum(some.map((row) => (row.expected / 1e6) * times[row.band]!))
  const shop = shrunk(accepted(acceptance), expected(acceptance, [1, 1, 1]), 1)
  const inBand = (some: Acceptance[], band: number) => some.filter((row) => row.band === band)
  const BANDS = [0, 1, 2]
  let bands = BANDS.map((band) => {
    const some = inBand(acceptance, band)
    return shrunk(accepted(some), expected(some, [1, 1, 1]), shop)
  })
  const names = [...new Set(acceptance.map((row) => `${row.offerId}/${row.mapping}`))]
  for (let round = 0; round < 5; round++) {
    const offers = names.map((name) => {
      const some = acceptance.filter((row) => `${row.offerId}/${row.mapping}` === name)
      return { some, better: shrunk(accepted(some), expected(some, bands), 1) }
    })
    bands = BANDS.map((band) =>
      shrunk(
        accepted(inBand(acceptance, band)),
        sum(offers.map(({ some, better }) => better * expected(inBand(some, band), [1, 1, 1]))),
        shop,
      ),
    )
  }
  const [low, middle, high] = bands as [number, number, number]
  const between = (a: number, b: number, part: number) => a + Math.min(1, Math.max(0, part)) * (b - a)
  const ofFit =
    fit > 0.7
      ? between(middle, high, (fit - 0.7) / (0.9 - 0.7))
      : between(low, middle, (fit - 0.5) / (0.7 - 0.5))
  const own = acceptance.filter(
    (row) => row.offerId === offer.id && (row.mapping === '' || row.mapping === mappingOf(offer.goals)),
  )
  const [elsewhere, here] = [
    own.filter((row) => row.touchpoint !== touchpoint),
    own.filter((row) => row.touchpoint === touchpoint),
  ]
  const worth = 1 / (1 / (weight + expected(elsewhere, bands)) + 1 / (5 * weight))
  const among = shrunk(accepted(elsewhere), expected(elsewhere, bands), 1)
  const better = shrunk(accepted(here), expected(here, bands), among, worth)
  return Math.min(policy.propensityMax, Math.max(policy.propensityMin, (ofFit / shop) * better))
}

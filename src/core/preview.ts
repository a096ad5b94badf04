/** Preview: what a move, new terms or an earlier end would change at the tills. Nothing is written. */
import type { AllianceState } from './alliance.ts'
import type { Alliance, Catalogue, Listed, Terms } from './catalogue.ts'
import { termsFor } from './catalogue.ts'
import { readinessRefusal } from './gate.ts'
import type { Offer } from './offer.ts'
import type { Difference, TermsRecord } from './terms.ts'
import { differences, needsBriefing, termsOn } from './terms.ts'
import { dateOf, dayOf, instantOf, localDay } from './time.ts'

/** What may be tried out, alone or together. */
export type Trial = { move?: AllianceState; terms?: TermsRecord; endOn?: string }

/** An offer that would begin or cease to be made: at which sites, and from which of the dates looked at. */
export type Shift = { offerId: string; headline: string; sites: string[]; fromOn: string }

export type Preview = {
  goSilent: Shift[]
  startSpeaking: Shift[]
  /** What families hear that would be different. */
  words: Difference[]
  /** Goals that some offer serves now, and none would. */
  goalsLeftWithoutOffer: string[]
  /** Sites where anything changes. */
  sites: string[]
  /** The dates that were looked at: today, and the first day of what is tried. */
  dates: string[]
}

const WORDS = /^(customerBenefit|disclosure|wePromise|neverPromise)$/

/** The alliances of a partner with one of them as it would be, and which of them its offers rest on. */
function restsOn(of: readonly Alliance[], alliance: Alliance): Alliance {
  const all = of.some(({ id }) => id === alliance.id)
    ? of.map((each) => (each.id === alliance.id ? alliance : each))
    : [...of, alliance]
  return all.find(({ state }) => state === 'live') ?? all.at(-1)!
}

/** An offer as it would be listed under an alliance with these versions of its terms. */
function listedUnder(catalogue: Catalogue, listed: Listed, alliance: Alliance, versions: Terms[]): Listed {
  const briefings = catalogue.parts.briefingsOf.get(alliance.id) ?? []
  return {
    ...listed,
    alliance,
    versions: versions.filter(({ agreed }) => agreed).sort((a, b) => a.version - b.version),
    briefed: new Map(briefings.map((each) => [each.siteId, each.termsVersion])),
  }
}

/** The versions of its terms as they would be. New terms stand as if both sides had agreed to them. */
function versionsTried(versions: readonly Terms[], trial: Trial, today: string): Terms[] {
  const ordered = [...versions].sort((a, b) => a.version - b.version)
  const last = ordered.at(-1)
  let tried = ordered
  if (trial.terms && last) {
    const version = last.version + 1
    const briefFrom = needsBriefing(last.record, trial.terms) ? version : last.briefFrom
    tried = [
      ...tried,
      {
        ...last,
        version,
        briefFrom,
        agreed: true,
        record: trial.terms,
        startsOn: trial.terms.startsOn,
        endsOn: trial.terms.endsOn,
        commissionBasisPoints: trial.terms.toUs.basisPoints,
        disclosure: trial.terms.disclosure,
      },
    ]
  }
  const { endOn } = trial
  if (endOn === undefined) return tried
  const current = termsFor({ versions: tried.filter(({ agreed }) => agreed) }, today)
  return tried.map((each) =>
    current && each.version >= current.version && (each.endsOn === null || each.endsOn > endOn)
      ? { ...each, endsOn: endOn }
      : each,
  )
}

/** The instant at a site that stands for a date: now for today, noon for any other. */
function instantAt(catalogue: Catalogue, siteId: string, date: string, nowMs: number): number {
  const { timeZone } = catalogue.sites.get(siteId)!
  return dateOf(localDay(nowMs, timeZone)) === date ? nowMs : instantOf(`${date}T12:00:00`, timeZone)
}

/**
 * What would change at the tills. The readiness gates are asked twice of each offer, at each site, today and on
 * the first day of what is tried: as things stand, and as they would.
 */
export function preview(
  catalogue: Catalogue,
  alliance: Alliance,
  trial: Trial,
  today: string,
  nowMs: number,
): Preview {
  const versions = catalogue.parts.termsOf.get(alliance.id) ?? []
  const after = { ...alliance, state: trial.move ?? alliance.state }
  const tried = versionsTried(versions, trial, today)
  const ends = termsOn(versions, today)?.record.endsOn
  const dates = [
    ...new Set([
      today,
      ...(trial.terms && trial.terms.startsOn > today ? [trial.terms.startsOn] : []),
      ...(trial.endOn !== undefined && trial.endOn >= today ? [dateOf(dayOf(trial.endOn) + 1)] : []),
      ...(trial.terms && trial.terms.endsOn < (ends ?? '9999') && trial.terms.endsOn >= today
        ? [dateOf(dayOf(trial.terms.endsOn) + 1)]
        : []),
    ]),
  ].sort()
  const chosen = restsOn(catalogue.parts.alliancesOf.get(alliance.partnerId) ?? [], after)
  const versionsThen = chosen.id === alliance.id ? tried : (catalogue.parts.termsOf.get(chosen.id) ?? [])
  const would = new Map(
    catalogue.listed
      .filter(({ offer }) => offer.partnerId === alliance.partnerId)
      .map((listed) => [listed.offer.id, listedUnder(catalogue, listed, chosen, versionsThen)]),
  )
  const silent = new Map<string, Shift>()
  const speaking = new Map<string, Shift>()
  const left = new Set<string>()
  for (const date of dates)
    for (const siteId of catalogue.sites.keys()) {
      const at = instantAt(catalogue, siteId, date, nowMs)
      const isReady = (listed: Listed) => readinessRefusal(listed, catalogue, siteId, at) === null
      for (const [id, listed] of would) {
        const was = isReady(catalogue.listedById.get(id)!)
        if (was === isReady(listed)) continue
        const shifts = was ? silent : speaking
        const known = shifts.get(id)
        if (!known)
          shifts.set(id, { offerId: id, headline: listed.offer.headline, sites: [siteId], fromOn: date })
        else if (!known.sites.includes(siteId)) known.sites.push(siteId)
      }
    }
  for (const { offerId, fromOn } of silent.values())
    for (const goal of Object.keys(would.get(offerId)!.offer.goals))
      if (
        servedOn(catalogue, goal, fromOn, nowMs, new Map()) &&
        !servedOn(catalogue, goal, fromOn, nowMs, would)
      )
        left.add(goal)

  const current = termsFor({ versions: versions.filter(({ agreed }) => agreed) }, today) ?? versions.at(-1)
  const sites = [...silent.values(), ...speaking.values()].flatMap((shift) => shift.sites)
  return {
    goSilent: [...silent.values()],
    startSpeaking: [...speaking.values()],
    words:
      trial.terms && current
        ? differences(current.record, trial.terms).filter(({ field }) => WORDS.test(field))
        : [],
    goalsLeftWithoutOffer: [...left].sort(),
    sites: [...catalogue.sites.keys()].filter((site) => sites.includes(site)),
    dates,
  }
}

/** Whether an offer that serves a goal is in season and would be ready anywhere on a date. */
function servedOn(
  catalogue: Catalogue,
  goal: string,
  date: string,
  nowMs: number,
  would: ReadonlyMap<string, Listed>,
): boolean {
  const at = catalogue.goalIndex.get(goal)
  if (at === undefined) return true
  return catalogue.servedBy[at]!.some(({ index }) => {
    const listed = catalogue.listed[index]!
    const { monthMask } = listed
    if (monthMask !== 0 && (monthMask & (1 << Number(date.slice(5, 7)))) === 0) return false
    return [...catalogue.sites.keys()].some(
      (siteId) =>
        readinessRefusal(
          would.get(listed.offer.id) ?? listed,
          catalogue,
          siteId,
          instantAt(catalogue, siteId, date, nowMs),
        ) === null,
    )
  })
}

/** An offer that asks for nothing but its alliance. */
const STAND_IN = { id: '', state: 'live', sites: [], seated: false } as unknown as Offer

/** Why nothing of an alliance can be offered at a site at an instant, by the code of the gate; null when it can. */
export function allianceRefusal(
  catalogue: Catalogue,
  alliance: Alliance,
  siteId: string,
  nowMs: number,
): string | null {
  const stand = {
    offer: { ...STAND_IN, partnerId: alliance.partnerId },
    checks: catalogue.parts.checksOfPartner.get(alliance.partnerId) ?? [],
    sessions: [],
  } as unknown as Listed
  const versions = catalogue.parts.termsOf.get(alliance.id) ?? []
  const listed = listedUnder(catalogue, stand, alliance, versions)
  return readinessRefusal(listed, catalogue, siteId, nowMs)?.code ?? null
}

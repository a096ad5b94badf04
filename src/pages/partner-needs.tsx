/** What is needed from a partner: late word first, then terms to decide on, checks running out, drafts to mend. */
import type { Child } from 'hono/jsx'
import { dayOf } from '../core/time.ts'
import type { Referral } from '../http/referral-schema.ts'
import type { Desk } from './partner-frame.tsx'
import { counted, dayText, read } from './partner-frame.tsx'
import type { AllianceSeen } from './partner-terms.tsx'
import { alliancesOf, waitingOf } from './partner-terms.tsx'

type CheckSeen = { code: string; ok: boolean; validUntil: string | null }
type PartnerSeen = {
  name: string
  goals: string[]
  places: { name: string; address: string }[]
  checks: CheckSeen[]
}
type DraftSeen = { id: string; headline: string; problems: unknown[] }

export type NeedsSeen = {
  /** The longest late first. */
  late: Referral[]
  moreLate: boolean
  proposals: { alliance: AllianceSeen; version: number }[]
  checks: CheckSeen[]
  drafts: DraftSeen[]
}

const DAYS_BEFORE_CHECK = 60

export const partnerSeen = (desk: Desk): Promise<PartnerSeen> =>
  read(desk, `/v1/partners/${encodeURIComponent(desk.partnerId)}`)

/** The money of their terms; dollars before there are any. */
export async function currencyOf(desk: Desk): Promise<string> {
  const alliances = await alliancesOf(desk)
  return alliances.at(-1)?.terms.at(-1)?.record.currency ?? 'USD'
}

export async function needsOf(desk: Desk): Promise<NeedsSeen> {
  const [owing, alliances, partner, offers] = await Promise.all([
    read<{ referrals: Referral[]; next: string | null }>(desk, '/v1/referrals?owing=true&limit=50'),
    alliancesOf(desk),
    partnerSeen(desk),
    read<{ offers: { id: string }[] }>(desk, '/v1/offers?state=draft&limit=20'),
  ])
  const drafts = await Promise.all(
    offers.offers.map(({ id }) => read<DraftSeen>(desk, `/v1/offers/${encodeURIComponent(id)}`)),
  )
  return {
    late: owing.referrals
      .filter(({ daysLate }) => daysLate > 0)
      .sort((a, b) => b.daysWithoutNews - a.daysWithoutNews || (a.code < b.code ? -1 : 1)),
    moreLate: owing.next !== null,
    proposals: alliances.flatMap((alliance) => {
      const waiting = waitingOf(alliance)
      return waiting === null ? [] : [{ alliance, version: waiting.version }]
    }),
    checks: partner.checks.filter(
      ({ ok, validUntil }) =>
        !ok || (validUntil !== null && dayOf(validUntil) - dayOf(desk.today) <= DAYS_BEFORE_CHECK),
    ),
    drafts: drafts.filter(({ problems }) => problems.length > 0),
  }
}

/** `FIRE_SAFETY` as people say it. */
const checkWords = (code: string): string => {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function checkSays({ ok, validUntil }: CheckSeen, today: string): string {
  if (!ok) return 'is missing: send it to the shop. Nothing of yours may be offered without it.'
  const days = dayOf(validUntil!) - dayOf(today)
  const on = dayText(validUntil!, today)
  if (days < 0) return `ran out on ${on}: send the shop a new one.`
  return `runs out on ${on}, ${days === 0 ? 'today' : `in ${counted(days, 'day')}`}: send the shop a new one.`
}

/** `children`: the introductions that word is owed of, with their taps. */
export function Needs({
  needs: { late, moreLate, proposals, checks, drafts },
  today,
  children,
}: {
  needs: NeedsSeen
  today: string
  children: Child
}) {
  const nothing = late.length + proposals.length + checks.length + drafts.length === 0
  return (
    <section class="needs" aria-labelledby="needs">
      <h2 id="needs" class="display">
        {nothing ? 'Nothing is needed from you.' : 'What is needed from you'}
      </h2>
      {late.length > 0 && (
        <p>
          {late.length === 1 && !moreLate
            ? 'One family was'
            : `${late.length}${moreLate ? '+' : ''} families were`}{' '}
          sent to you, and nobody told us whether they came.
        </p>
      )}
      {children}
      {proposals.length + checks.length + drafts.length > 0 && (
        <ul class="needs-others">
          {proposals.map(({ alliance, version }) => (
            <li class="card">
              <p>
                <strong>
                  {alliance.terms.length === 1
                    ? 'Terms are proposed to you.'
                    : 'New terms are proposed to you.'}
                </strong>{' '}
                Read what they say, and agree or decline.
              </p>
              <a class="button" href={`/partner/terms#v${version}`}>
                Read the terms
              </a>
            </li>
          ))}
          {checks.map((check) => (
            <li class="card">
              <p>
                <strong>{checkWords(check.code)}</strong> {checkSays(check, today)}
              </p>
            </li>
          ))}
          {drafts.map(({ id, headline, problems }) => (
            <li class="card">
              <p>
                Your draft{' '}
                <strong>
                  “<bdi>{headline}</bdi>”
                </strong>{' '}
                cannot be published yet: {counted(problems.length, 'thing')} to mend.
              </p>
              <a class="button" href={`/partner/offers/${encodeURIComponent(id)}`}>
                Mend it
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

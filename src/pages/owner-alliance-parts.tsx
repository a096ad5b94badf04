/** The parts of an alliance's page: how it fares, who to call, what was agreed, sent, told and owed. */
import { counted } from '../core/counted.ts'
import { daysSilent, REFERRAL_STATES } from '../core/referral.ts'
import { dayOf } from '../core/time.ts'
import type { HealthAnswer } from '../http/health-of-alliances.ts'
import type { Referral } from '../http/referral-schema.ts'
import { moneyWords, timeWords } from './layout.tsx'
import { dateWords, fieldWords, Hidden, ROLE_WORDS } from './owner-fields.tsx'
import type { AllianceAnswer, Difference } from './owner-preview.tsx'
import { Differences, nameWords, TermsWords, valueWords } from './owner-preview.tsx'
import { at } from './owner-terms.tsx'

/** A partner as the API answers it. */
export type PartnerAnswer = {
  id: string
  name: string
  trade: string
  goals: string[]
  facets: Record<string, string[]>
  people: { name: string; role: string; phone: string; email: string }[]
  places: { name: string; address: string; walkMinutes: Record<string, number> }[]
  walkMinutes: Record<string, number>
  opening: string
  archived: boolean
  checks: {
    code: string
    critical: boolean
    severity: number
    ok: boolean
    issuer: string | null
    issuedOn: string | null
    validUntil: string | null
    assuredBy: string | null
    assuredOn: string | null
  }[]
  version: number
}
export type SessionAnswer = {
  id: string
  place: string
  startsAt: string
  capacity: number
  free: number
  confirmed: number
  held: number
  waiting: number
  cancelled: boolean
}
export type OfferLine = { id: string; headline: string; state: string; seated: boolean }
export type AuditLine = {
  at: string
  actor: string
  role: string
  action: string
  changes: Record<string, [unknown, unknown]>
}
export type Entry = {
  id: string
  cause: string
  unit: string
  amount: number
  currency: string | null
  onDate: string
  frozen: boolean
}
export type Balance = { currency: string; dueMinor: number; heldMinor: number; frozenMinor: number }

export type DisputeAnswer = {
  id: string
  partner: string
  code: string | null
  reason: string
  openedAt: string
  resolvedAt: string | null
}

/** Everything that the page of an alliance shows. */
export type View = {
  alliance: AllianceAnswer
  health: HealthAnswer
  partner: PartnerAnswer
  /** Live ones that need a place. */
  offers: { offer: OfferLine; sessions: SessionAnswer[] }[]
  /** All of theirs. */
  allOffers: OfferLine[]
  /** Whether anybody of the partner is signed in; null where that is not known. */
  signedIn: boolean | null
  referrals: Referral[]
  entries: Entry[]
  balances: Balance[]
  /** Open ones. */
  disputes: DisputeAnswer[]
  audit: { lines: AuditLine[]; next: string | null }
  /** What each version changed, from the second on. */
  changed: Map<number, Difference[]>
  siteNames: Map<string, string>
  timeZone: string
  /** Who is behind an actor's id. */
  nameOf: (actor: string) => string
}

const STATE_WORDS = { good: 'well', watch: 'watch', bad: 'bad', unknown: 'not known yet' }
const BASIS_WORDS = { counted: 'counted', assumed: 'assumed', measured: 'measured' }

export function Parts({ health }: { health: HealthAnswer }) {
  return (
    <ul class="owner-parts">
      {health.parts.map(({ label, value, says, state, basis }) => (
        <li class={`card owner-part part-${state}`}>
          <h3 class="label">{label}</h3>
          <p class="owner-value">{value}</p>
          <p class="owner-part-state">
            <span class={`state state-${state}`}>{STATE_WORDS[state]}</span>{' '}
            <span class="quiet">{BASIS_WORDS[basis]}</span>
          </p>
          <p class="quiet">{says}</p>
        </li>
      ))}
    </ul>
  )
}

export function People({ partner }: { partner: PartnerAnswer }) {
  if (partner.people.length === 0)
    return (
      <p>
        Nobody is named. <a href={at`/owner/partners/${partner.id}`}>Name somebody</a>
      </p>
    )
  return (
    <>
      <ul class="owner-list">
        {partner.people.map(({ name, role, phone, email }) => (
          <li>
            <strong>
              <bdi>{name}</bdi>
            </strong>
            <span class="quiet">{role}</span>
            <span class="owner-contacts">
              {phone && <a href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{phone}</a>}
              {email && <a href={`mailto:${email}`}>{email}</a>}
            </span>
          </li>
        ))}
      </ul>
      {partner.opening && <p class="quiet">Open {partner.opening}</p>}
    </>
  )
}

const REFUSALS: Record<string, string> = {
  NOT_BRIEFED: 'staff do not know the words yet',
  ALLIANCE_FULL: 'full for now',
  NO_PLACES: 'no free place',
}

/** The version whose words staff must know. */
function wordsOf({ terms }: AllianceAnswer) {
  const agreed = terms.filter(({ agreedAt }) => agreedAt !== null).at(-1)
  return terms.find(({ inForce }) => inForce) ?? agreed ?? terms.at(-1)!
}

/** Whether staff of a site know the words that they would say. */
const isBriefed = (alliance: AllianceAnswer, site: string): boolean =>
  alliance.briefings.some((each) => each.site === site && each.version >= wordsOf(alliance).briefFrom)

/** What is to be done next on the way to the first referral; null when nothing is. */
export function nextOf(view: View): { says: string; to: string } | null {
  const { alliance, partner, offers, allOffers, signedIn, siteNames } = view
  if (alliance.state === 'proposed') {
    const { version } = alliance.terms.at(-1)!
    if (alliance.decisions.some((each) => each.version === version && each.side === 'partner')) return null
    const to = at`/owner/people?partner=${partner.id}`
    if (signedIn === false) return { says: 'invite their office so that they can decide', to }
    return { says: 'they decide on their own page. Who of them can open it stands under People', to }
  }
  if (alliance.state !== 'agreed' && alliance.state !== 'live') return null
  if (!allOffers.some(({ state }) => state === 'live')) {
    const draft = allOffers.find(({ state }) => state === 'draft')
    return {
      says: 'publish an offer',
      to: draft ? at`/owner/offers/${draft.id}` : at`/owner/offers/new?partner=${partner.id}`,
    }
  }
  const full = offers.find(({ sessions }) => !sessions.some(({ free, cancelled }) => free > 0 && !cancelled))
  if (full)
    return { says: `add a time to ${full.offer.headline}`, to: at`/owner/offers/${full.offer.id}#times` }
  const site = [...siteNames].find(([id]) => !isBriefed(alliance, id))
  if (site) return { says: `brief ${site[1]}`, to: '#briefing' }
  return alliance.moves.some(({ to }) => to === 'live')
    ? { says: 'go live', to: at`/owner/alliances/${alliance.id}/move?to=live` }
    : null
}

export function Briefing({ view }: { view: View }) {
  const { alliance, siteNames } = view
  const version = wordsOf(alliance)
  return (
    <ul class="owner-list">
      {[...siteNames].map(([site, name]) => {
        const known = alliance.briefings.find((each) => each.site === site)
        const knows = known !== undefined && isBriefed(alliance, site)
        const refusal = alliance.ready[site] ?? null
        return (
          <li>
            <strong>{name}</strong>
            <span class={knows ? 'check' : 'check check-off'}>
              {knows
                ? `Staff know it since ${dateWords(known.on)}`
                : known
                  ? 'Staff know an older version'
                  : 'Staff were not told'}
            </span>
            <span class="quiet">
              {refusal === null
                ? 'Tills offer it here.'
                : `Tills do not offer it here: ${REFUSALS[refusal] ?? refusal.toLowerCase().replaceAll('_', ' ')}.`}
            </span>
            {!knows && (
              <form method="post" action={at`/owner/alliances/${alliance.id}`}>
                <Hidden fields={{ do: 'brief', site, version: String(version.version) }} />
                <button type="submit">
                  Staff at {name} know it<span class="unseen">, version {version.version}</span>
                </button>
              </form>
            )}
          </li>
        )
      })}
    </ul>
  )
}

export function Versions({ view }: { view: View }) {
  const { alliance, changed } = view
  const current = alliance.terms.find(({ inForce }) => inForce) ?? alliance.terms.at(-1)!
  const saidOf = (version: number) => alliance.decisions.filter((each) => each.version === version)
  return (
    <>
      <div class="card owner-card">
        <h3>
          Version {current.version},{' '}
          {current.inForce ? 'in force' : current.agreedAt ? 'agreed, not begun' : 'not agreed'}
        </h3>
        <TermsWords record={current.record} />
      </div>
      <details class="fold">
        <summary>
          {alliance.terms.length === 1 ? 'Its one version' : `All ${alliance.terms.length} versions`}, and who
          decided
        </summary>
        <ol class="owner-versions">
          {[...alliance.terms].reverse().map(({ version, record, agreedAt, createdAt }) => (
            <li>
              <h3>
                Version {version}{' '}
                <span class="quiet">
                  {dateWords(record.startsOn)} to {dateWords(record.endsOn)}
                </span>
              </h3>
              <p class="quiet">
                {createdAt && `Written on ${dateWords(createdAt.slice(0, 10))}. `}
                {saidOf(version)
                  .map(
                    ({ side, decision, at: when }) =>
                      `${side === 'shop' ? 'We' : 'The partner'} ${decision === 'agree' ? 'agreed' : 'declined'} on ${dateWords(when.slice(0, 10))}. `,
                  )
                  .join('')}
                {agreedAt === null && saidOf(version).length === 0 && 'Nobody has decided.'}
              </p>
              {changed.has(version) && (
                <Differences differences={changed.get(version)!} currency={record.currency} />
              )}
            </li>
          ))}
        </ol>
      </details>
    </>
  )
}

export function Sessions({ view }: { view: View }) {
  const { offers } = view
  if (offers.length === 0) return <p>No live offer of theirs needs a place.</p>
  return (
    <div class="owner-two">
      {offers.map(({ offer, sessions }) => (
        <section class="owner-sessions">
          <h3>
            <a href={at`/owner/offers/${offer.id}`}>{offer.headline}</a>
          </h3>
          {sessions.length === 0 && (
            <p>
              <span class="is-bad">No session to come.</span>{' '}
              <a href={at`/owner/offers/${offer.id}#times`}>
                Add a time<span class="unseen"> to {offer.headline}</span>
              </a>
            </p>
          )}
          <SessionLines sessions={sessions.slice(0, 6)} />
        </section>
      ))}
    </div>
  )
}

/** Times to come, with their free places. */
export function SessionLines({ sessions }: { sessions: SessionAnswer[] }) {
  return (
    <ul class="owner-list">
      {sessions.map(({ startsAt, place, capacity, free, waiting, cancelled }) => (
        <li>
          <strong>
            {dateWords(startsAt.slice(0, 10))}, {startsAt.slice(11, 16)}
          </strong>
          <span class="number">
            {cancelled ? 'called off' : `${free} of ${capacity} free`}
            {waiting > 0 && `, ${waiting} waiting`}
          </span>
          <span class="quiet">{place}</span>
        </li>
      ))}
    </ul>
  )
}

const REFERRAL_WORDS: Record<string, string> = { noShow: 'did not come', offered: 'code given' }

export function Referrals({ referrals, today }: { referrals: Referral[]; today: string }) {
  const states = REFERRAL_STATES.filter((state) => referrals.some((each) => each.state === state))
  if (states.length === 0) return <p>None yet.</p>
  return (
    <table class="owner-table">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Ours to them</th>
          <th scope="col">Theirs to us</th>
          <th scope="col">The oldest</th>
          <th scope="col">Word is late</th>
        </tr>
      </thead>
      <tbody>
        {states.map((state) => {
          const of = referrals.filter((each) => each.state === state)
          const oldest = of
            .map(({ madeOn }) => dayOf(today) - dayOf(madeOn))
            .reduce((a, b) => Math.max(a, b), 0)
          const late = of.filter((each) => daysSilent({ ...each, newsOn: null }, dayOf, today) > 0)
          return (
            <tr>
              <th scope="row">{REFERRAL_WORDS[state] ?? state}</th>
              <td data-label="Ours to them" class="number">
                {of.filter(({ direction }) => direction === 'ours').length}
              </td>
              <td data-label="Theirs to us" class="number">
                {of.filter(({ direction }) => direction === 'theirs').length}
              </td>
              <td data-label="The oldest">{oldest === 0 ? 'today' : counted(oldest, 'day')}</td>
              <td data-label="Word is late">
                {late.length === 0
                  ? 'none'
                  : `${late.length}, up to ${counted(Math.max(...late.map((each) => each.daysLate)), 'day')}`}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

export function Quarters({ health }: { health: HealthAnswer }) {
  const few = (n: number | null) => n ?? 'under 3'
  const money = (minor: number | null) =>
    minor === null ? 'under 3 families' : moneyWords(minor, health.currency)
  const of = (n: number, target: number) => (target > 0 ? `${n} of ${target}` : String(n))
  return (
    <table class="owner-table">
      <thead>
        <tr>
          <th scope="col">Quarter</th>
          <th scope="col">Given</th>
          <th scope="col">Received</th>
          <th scope="col">Came</th>
          <th scope="col">Stayed</th>
          <th scope="col">Worth to them</th>
          <th scope="col">Worth to us</th>
        </tr>
      </thead>
      <tbody>
        {health.quarters.map((quarter) => (
          <tr>
            <th scope="row">{quarter.name}</th>
            <td data-label="Given" class="number">
              {of(quarter.given, quarter.givenTarget)}
            </td>
            <td data-label="Received" class="number">
              {of(quarter.received, quarter.receivedTarget)}
            </td>
            <td data-label="Came" class="number">
              {few(quarter.came)}
            </td>
            <td data-label="Stayed" class="number">
              {few(quarter.enrolled)}
            </td>
            <td data-label="Worth to them" class="number">
              {money(quarter.worthToThemMinor)}
            </td>
            <td data-label="Worth to us" class="number">
              {money(quarter.worthToUsMinor)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const owed = (minor: number, currency: string) =>
  `${moneyWords(Math.abs(minor), currency)} ${minor < 0 ? 'owed to them' : 'owed to us'}`

export function Ledger({ view }: { view: View }) {
  const { balances, entries, partner, health } = view
  const [year, month] = [Number(health.today.slice(0, 4)), Number(health.today.slice(5, 7))]
  const last = month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, '0')}`
  return (
    <>
      {balances.length === 0 && <p>No money is open either way.</p>}
      <ul class="owner-list">
        {balances.map(({ currency, dueMinor, heldMinor, frozenMinor }) => (
          <li>
            <strong>{dueMinor === 0 ? 'Nothing is due' : owed(dueMinor, currency)}</strong>
            <span class="quiet">
              {heldMinor !== 0 && `${owed(heldMinor, currency)}, not due yet. `}
              {frozenMinor !== 0 && `${owed(frozenMinor, currency)}, in dispute.`}
            </span>
          </li>
        ))}
      </ul>
      {entries.length > 0 && (
        <details class="fold">
          <summary>{entries.length === 1 ? 'The one entry' : `The last ${entries.length} entries`}</summary>
          <ul class="owner-list">
            {entries.map(({ cause, unit, amount, currency, onDate, frozen }) => (
              <li>
                <strong>{fieldWords(cause)}</strong>
                <span class="number">
                  {unit === 'money' && currency !== null
                    ? owed(amount, currency)
                    : `${Math.abs(amount)} ${amount < 0 ? 'received' : 'given'}`}
                </span>
                <span class="quiet">
                  {dateWords(onDate)}
                  {frozen && ', in dispute'}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p class="ways">
        <a class="button" href={at`/owner/partners/${partner.id}/statements/${last}`}>
          The statement of last month
        </a>
      </p>
    </>
  )
}

export function History({ view }: { view: View }) {
  const { audit, alliance, timeZone, nameOf } = view
  if (audit.lines.length === 0) return <p>Nothing was changed since it was set up.</p>
  const { currency } = alliance.terms.at(-1)!.record
  return (
    <>
      <ol class="owner-list">
        {audit.lines.map(({ at: when, actor, role, action, changes }) => (
          <li>
            <strong>
              {dateWords(when.slice(0, 10))}, {timeWords(Date.parse(when), timeZone)}
            </strong>
            <span>
              <bdi>{nameOf(actor)}</bdi>, {ROLE_WORDS[role] ?? role}, {action} it
            </span>
            {Object.keys(changes).length > 0 && (
              <span class="quiet">
                {Object.entries(changes)
                  .map(([field, [was, is]]) =>
                    was === null
                      ? `${nameWords(field)}: ${valueWords(field, is, currency)}`
                      : `${nameWords(field)}: ${valueWords(field, was, currency)} → ${valueWords(field, is, currency)}`,
                  )
                  .join('; ')}
              </span>
            )}
          </li>
        ))}
      </ol>
      {audit.next && (
        <p class="ways">
          <a class="button" href={`${at`/owner/alliances/${alliance.id}`}?history=${audit.next}#history`}>
            Earlier
          </a>
        </p>
      )}
    </>
  )
}

/** What the two sides must look at: settled here, once. */
export function Disputes({ view }: { view: View }) {
  const { disputes, alliance } = view
  return (
    <ul class="owner-list">
      {disputes.map(({ id, code, reason, openedAt }) => (
        <li>
          <strong>{code ?? 'An entry'}</strong>
          <span>
            <bdi>{reason}</bdi>
          </span>
          <span class="quiet">since {dateWords(openedAt.slice(0, 10))}</span>
          <form method="post" action={at`/owner/alliances/${alliance.id}`} class="owner-keys">
            <Hidden fields={{ do: 'resolve', dispute: id }} />
            <button type="submit" name="resolution" value="stands">
              It stands<span class="unseen">, {code ?? id}</span>
            </button>
            <button type="submit" name="resolution" value="dropped">
              It is dropped<span class="unseen">, {code ?? id}</span>
            </button>
          </form>
        </li>
      ))}
    </ul>
  )
}

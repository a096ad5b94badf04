/** What staff see of an alliance while a customer stands there: what to say, when there is a place, whom to call. */
import type { Child } from 'hono/jsx'
import { encode } from 'uqr'
import { spokenDate } from '../core/time.ts'
import type { AllianceCard, AllianceSearch } from '../http/browse.ts'
import { moneyWords } from './layout.tsx'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const SHORT_DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `Sat 21 March, 9:30`: a session's own local time, which stands in it. */
export function sessionWords(startsAt: string): string {
  const day = new Date(`${startsAt.slice(0, 10)}T00:00:00Z`).getUTCDay()
  return `${SHORT_DAYS[day]} ${spokenDate(startsAt)}, ${+startsAt.slice(11, 13)}:${startsAt.slice(14, 16)}`
}

/** `4 years`, `18 months`, `6½ years`. */
export function ageWords(months: number): string {
  if (months < 24 || months % 6 !== 0) return `${months} months`
  return `${Math.floor(months / 12)}${months % 12 === 6 ? '½' : ''} years`
}

/** Somebody's words, which may run the other way or hold anything: kept to themselves. */
const Own = ({ children }: { children: Child }) => <bdi>{children}</bdi>

/** A QR code as one path, dark on white in either colour scheme, so that a camera reads it. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { size, data } = encode(text, { ecc: 'M', border: 2 })
  const path = data
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('')
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

/** When and where a kept place is. */
export type KeptSession = {
  startsAt: string
  place: string
  /** Empty where it is in the shop. */
  address: string
}

/** A place that is kept, or that she has: what the last tap led to. */
export type Kept = {
  holdId: string
  offerId: string
  sessionId: string
  /** `12:02`, at the site. */
  until: string
  /** null: it could not be read. */
  session: KeptSession | null
  code: string | null
  receiptLine: string | null
  /** Why it did not come about. */
  no: string | null
}

const NOES: Record<string, string> = {
  NO_PLACES: 'The last place went a moment ago. Another time?',
  CANCELLED: 'This session does not take place. Another time?',
  STARTED: 'It has begun already. Another time?',
  NOT_OFFERED: 'It cannot be offered just now.',
  RELEASED: 'This place was given back. Keep another?',
}

/** What a page remembers between taps: the search, as it stands in the address. */
export type Search = { q: string; sort: 'fit' | 'walk'; site: string | null }

export const searchPath = ({ q, sort, site }: Search): string => {
  const query = new URLSearchParams({ q })
  if (sort === 'walk') query.set('sort', 'walk')
  if (site !== null) query.set('site', site)
  return `/staff/alliances?${query}`
}

function Remembered({ search }: { search: Search }) {
  return (
    <>
      <input type="hidden" name="q" value={search.q} />
      <input type="hidden" name="sort" value={search.sort} />
      {search.site !== null && <input type="hidden" name="site" value={search.site} />}
    </>
  )
}

/** The card to print: with a place that is hers, the one with its day and code. */
function PrintLink({ allianceId, search, kept }: { allianceId: string; search: Search; kept: Kept | null }) {
  const query = new URLSearchParams()
  if (search.site !== null) query.set('site', search.site)
  if (kept) {
    query.set('session', kept.sessionId)
    query.set('hold', kept.holdId)
  }
  const path = `/staff/alliances/${encodeURIComponent(allianceId)}/card`
  return (
    <a class="browse-print" href={query.size > 0 ? `${path}?${query}` : path}>
      {kept ? 'A card to print, with the day and the code' : 'A card to print'}
    </a>
  )
}

const dayOfDate = (date: string) =>
  `${SHORT_DAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]} ${spokenDate(date)}`

type Understood = AllianceSearch['understood']

/** `No Saturday date; the next are:`, where a day was asked for and none of the dates is on it. */
function notOnAskedDay({ weekdays, dates }: Understood, count: number): string {
  const days = weekdays.length > 0 ? `${weekdays.map((n) => WEEKDAYS[n]).join(' or ')} ` : ''
  const on =
    dates === null
      ? ''
      : dates.from === dates.until
        ? ` on ${dayOfDate(dates.from)}`
        : ` from ${dayOfDate(dates.from)} to ${dayOfDate(dates.until)}`
  return `No ${days}date${on}; the next ${count === 1 ? 'is' : 'are'}:`
}

/** What was understood of what was typed, so that a misreading is seen at once. */
export function UnderstoodLine({ understood, siteName }: { understood: Understood; siteName: string }) {
  const { words, ageMonths, weekdays, dates } = understood
  const parts = [
    words.length > 0 ? `“${words.join(' ')}”` : 'everything',
    ageMonths === null ? null : ageWords(ageMonths),
    weekdays.length > 0 ? weekdays.map((n) => WEEKDAYS[n]).join(' or ') : null,
    dates === null
      ? null
      : dates.from === dates.until
        ? dayOfDate(dates.from)
        : `${dayOfDate(dates.from)} to ${dayOfDate(dates.until)}`,
    `near ${siteName}`,
  ].filter((part) => part !== null)
  return (
    <p class="browse-understood" id="understood">
      Looked for <Own>{parts.join(' · ')}</Own>
    </p>
  )
}

/** What each offer is shown with. */
type Around = {
  search: Search
  nonce: string
  kept: Kept | null
  understood: Understood
  hasDates(offerId: string): boolean
}

/** One alliance: the offer that fits best, whole; the others in a line each. */
export function BrowseCard({ card, ...shown }: { card: AllianceCard } & Around) {
  const { search, kept } = shown
  const [best, ...others] = card.offers
  const id = card.allianceId ?? best!.id
  const title = `title-${id}`
  // Her own card is linked where her code stands: a second one without it would be the wrong one to take.
  const hasOwnCard = kept !== null && kept.code !== null && card.offers.some(({ id }) => id === kept.offerId)
  return (
    <article class="card browse-card" id={`card-${id}`} aria-labelledby={title}>
      <header class="browse-head">
        <h2 id={title}>
          <Own>{card.partner?.name ?? best!.headline}</Own>
        </h2>
        {card.walkMinutes !== null && (
          <p class="browse-walk">
            {card.walkMinutes === 0 ? 'in the shop' : `${card.walkMinutes} min on foot`}
          </p>
        )}
        <p class="quiet">
          <Own>{card.partner?.trade ?? 'in our own shop'}</Own>
        </p>
      </header>
      {card.benefit && (
        <p class="browse-benefit">
          <span class="label">The family gets</span> <Own>{card.benefit}</Own>
        </p>
      )}
      <Offer offer={best!} card={card} {...shown} />
      {others.map((offer) => (
        <details class="fold browse-other" open={kept?.offerId === offer.id}>
          <summary>
            <span>
              <Own>{offer.headline}</Own>
            </span>
          </summary>
          <Offer offer={offer} card={card} {...shown} />
        </details>
      ))}
      <footer class="browse-foot">
        {card.neverPromise.length > 0 && (
          <p>
            <span class="label">Never promise</span> <Own>{card.neverPromise.join(' · ')}</Own>
          </p>
        )}
        {card.people.length > 0 && (
          <ul class="browse-people" aria-label="Whom to call">
            {card.people.map(({ name, role, phone }) => (
              <li>
                <span>
                  <Own>{name}</Own>{' '}
                  <span class="quiet">
                    <Own>{role}</Own>
                  </span>
                </span>
                {/^[+\d][\d ().-]{4,24}$/.test(phone) && (
                  <a class="button" href={`tel:${phone.replace(/[^+\d]/g, '')}`}>
                    Call {phone}
                  </a>
                )}
              </li>
            ))}
          </ul>
        )}
        {card.allianceId !== null && !hasOwnCard && (
          <PrintLink allianceId={card.allianceId} search={search} kept={null} />
        )}
      </footer>
    </article>
  )
}

type FoundOffer = AllianceCard['offers'][number]

function Offer({ offer, card, ...shown }: { offer: FoundOffer; card: AllianceCard } & Around) {
  const { search, nonce, kept } = shown
  const mine = kept?.offerId === offer.id ? kept : null
  return (
    <section class="browse-offer">
      <h3>
        <Own>{offer.headline}</Own>{' '}
        <span class="browse-price">
          {offer.price.amount === 0 ? 'free' : moneyWords(offer.price.amount, offer.price.currency)}
        </span>
      </h3>
      <div class="say browse-say">
        <p class="browse-opener">
          <Own>{offer.say.opener}</Own>
        </p>
        <p>
          <Own>{offer.say.line}</Own>
        </p>
        {offer.say.disclosure && (
          <p class="disclosure">
            <Own>{offer.say.disclosure}</Own>
          </p>
        )}
      </div>
      {mine && (
        <KeptPlace
          kept={mine}
          search={search}
          nonce={nonce}
          partner={card.partner?.name ?? null}
          allianceId={card.allianceId}
        />
      )}
      {mine === null || mine.no !== null ? <Sessions offer={offer} {...shown} /> : null}
    </section>
  )
}

function Sessions({
  offer,
  search,
  nonce,
  understood,
  hasDates,
}: { offer: FoundOffer } & Omit<Around, 'kept'>) {
  if (offer.sessions.length === 0)
    return hasDates(offer.id) ? <p class="quiet">No dates: tell them and they call the family.</p> : null
  const asksDay = understood.weekdays.length > 0 || understood.dates !== null
  return (
    <>
      {asksDay && !offer.onAskedDay && (
        <p class="browse-other-days">{notOnAskedDay(understood, offer.sessions.length)}</p>
      )}
      <ul class="browse-sessions" aria-label="Free places">
        {offer.sessions.map((session) => (
          <li class={session.onAskedDay ? 'on-asked-day' : undefined}>
            <p>
              <strong>{sessionWords(session.startsAt)}</strong>{' '}
              <span class="quiet">
                <Own>{session.place}</Own> ·{' '}
                {session.placesLeft === 1 ? '1 place' : `${session.placesLeft} places`}
              </span>
            </p>
            <form method="post" action="/staff/alliances#kept">
              <Remembered search={search} />
              <input type="hidden" name="nonce" value={nonce} />
              <input type="hidden" name="offer" value={offer.id} />
              <input type="hidden" name="session" value={session.id} />
              <button class="yes-key" type="submit" name="do" value="hold">
                Hold a place<span class="unseen">, {sessionWords(session.startsAt)}</span>
              </button>
            </form>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The last tap, answered: the place is kept, hers, or gone. */
export function KeptPlace({
  kept,
  search,
  nonce,
  partner,
  allianceId,
}: {
  kept: Kept
  search: Search
  nonce: string
  partner: string | null
  allianceId: string | null
}) {
  const { session } = kept
  if (kept.no !== null)
    return (
      <p class="note note-bad" role="status" id="kept">
        {NOES[kept.no] ?? 'That did not work. Try once more.'}
      </p>
    )
  if (kept.receiptLine !== null)
    return (
      <>
        <div class="slip browse-slip" role="status" id="kept">
          <div class="slip-paper">
            <p class="slip-line">
              {/* The code stands below it, large. */}
              <Own>{kept.receiptLine.replace(kept.code ?? '', '').trim()}</Own>
            </p>
            {kept.code !== null && (
              <>
                <p class="slip-code">{kept.code}</p>
                <Qr text={kept.code} label={`The code ${kept.code}`} />
              </>
            )}
            <p class="slip-day">The place is hers{session && `: ${sessionWords(session.startsAt)}`}</p>
            {session && (
              <p>
                <Own>{session.place}</Own>
                {session.address && (
                  <span class="quiet browse-address">
                    <Own>{session.address}</Own>
                  </span>
                )}
              </p>
            )}
            {kept.code !== null && (
              <p class="quiet">She shows this at {<Own>{partner ?? 'our desk'}</Own>}.</p>
            )}
          </div>
        </div>
        {kept.code !== null && allianceId !== null && (
          <PrintLink allianceId={allianceId} search={search} kept={kept} />
        )}
      </>
    )
  return (
    <div class="note browse-kept" role="status" id="kept">
      <p>
        {session ? (
          <>
            <strong>A place is kept: {sessionWords(session.startsAt)}</strong>, <Own>{session.place}</Own> ·{' '}
          </>
        ) : (
          <strong>A place is kept </strong>
        )}
        <strong>until {kept.until}</strong>
      </p>
      <form method="post" action="/staff/alliances#kept">
        <Remembered search={search} />
        <input type="hidden" name="nonce" value={nonce} />
        <input type="hidden" name="offer" value={kept.offerId} />
        <input type="hidden" name="session" value={kept.sessionId} />
        <input type="hidden" name="hold" value={kept.holdId} />
        <button class="primary" type="submit" name="do" value="confirm">
          Confirm for the family
        </button>
        <button class="plain" type="submit" name="do" value="release">
          Give it back
        </button>
      </form>
    </div>
  )
}

/** Nothing fits: what was understood stands above; one tap keeps the wish. */
export function NothingFound({
  search,
  nonce,
  wished,
  silent,
}: {
  search: Search
  nonce: string
  wished: 'kept' | 'refused' | null
  silent: number
}) {
  return (
    <section class="card browse-empty" aria-labelledby="nothing">
      <h2 id="nothing">Nobody we work with does that yet.</h2>
      {silent > 0 && (
        <p>{silent === 1 ? 'One offer fits' : `${silent} offers fit`}, and cannot be kept just now.</p>
      )}
      {wished === 'kept' ? (
        <p class="note" role="status" id="wished">
          The wish is kept. When enough ask for it, we look for a partner.
        </p>
      ) : (
        <>
          {wished === 'refused' && (
            <p class="note note-bad" role="status" id="wished">
              A wish is about a thing: no numbers to call, no addresses, at most 120 characters.
            </p>
          )}
          <p>Tell us that she asked, and we know what to look for. It says nothing about her.</p>
          <form method="post" action="/staff/alliances#wished">
            <Remembered search={search} />
            <input type="hidden" name="nonce" value={nonce} />
            <button class="primary" type="submit" name="do" value="wish">
              Keep the wish
            </button>
          </form>
        </>
      )}
      <p>
        <a href={searchPath({ ...search, q: '' })}>Everything near</a>
      </p>
    </section>
  )
}

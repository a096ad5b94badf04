/** For staff, phone in one hand: find the alliance, say the sentence, keep the place. Works without scripts. */
import type { Context } from 'hono'
import type { Catalogue } from '../core/catalogue.ts'
import { termsFor } from '../core/catalogue.ts'
import { dateOf, localDay } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import type { AllianceCard, AllianceSearch } from '../http/browse.ts'
import { Problem } from '../http/problem.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Kept, KeptSession, Search } from './browse-card.tsx'
import {
  BrowseCard,
  KeptPlace,
  NothingFound,
  Qr,
  searchPath,
  sessionWords,
  UnderstoodLine,
} from './browse-card.tsx'
import { page, timeWords } from './layout.tsx'

type Hold = { id: string; sessionId: string; expiresAt: string }
type Taken = { held: boolean; reason: string | null; hold: Hold | null }
type Confirmed = {
  confirmed: boolean
  reason: string | null
  hold: Hold | null
  code: string | null
  receiptLine: string | null
}
type Session = {
  offerId: string
  site: string | null
  place: string
  startsAt: string
  places: { holdId: string | null; state: 'held' | 'confirmed'; code: string | null }[]
}
type Shown = { search: Search; kept: Kept | null; wished: 'kept' | 'refused' | null; trouble: string | null }

/** Kinds of offers that are taken home or read, and have no dates. */
const DATELESS: ReadonlySet<string> = new Set(['product', 'bundle', 'content'])
const ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/

export function browse(app: App): void {
  app.get('/staff/alliances', async (c) => {
    const catalogue = await c.get('deps').snapshot.refresh()
    return show(c, app, catalogue, {
      search: searchOf(c, new URL(c.req.url).searchParams, catalogue),
      kept: null,
      wished: null,
      trouble: null,
    })
  })

  app.post('/staff/alliances', async (c) => {
    const form = await formOf(c)
    const deps = c.get('deps')
    const catalogue = await deps.snapshot.refresh()
    const search = searchOf(c, form, catalogue)
    const act: Act = {
      search,
      form,
      call: reading(c, app),
      nonce: /^[A-Za-z0-9]{4,32}$/.test(form.get('nonce') ?? '') ? form.get('nonce')! : deps.random(12),
      site: c.get('key').siteId === null ? (search.site ?? undefined) : undefined,
      staff: c.get('key').staffId ?? undefined,
      catalogue,
      time: (instant) => timeWords(Date.parse(instant), catalogue.sites.get(siteAt(c, search))!.timeZone),
    }
    const verb = form.get('do') ?? ''
    const done = Object.hasOwn(ACTS, verb) ? await ACTS[verb]!(act) : {}
    return show(c, app, catalogue, { search, kept: null, wished: null, trouble: null, ...done })
  })

  app.get('/staff/alliances/:id/card', async (c) => {
    const catalogue = await c.get('deps').snapshot.refresh()
    const asked = new URL(c.req.url).searchParams
    const search = searchOf(c, asked, catalogue)
    const id = c.req.param('id')
    const hold = asked.get('hold')
    const card =
      hold === null
        ? await cardOf(c, app, search, id)
        : await cardWithPlace(c, app, catalogue, siteAt(c, search), id, hold, asked.get('session') ?? '')
    return page(
      c,
      { title: `${card.name} · Encore`, here: 'staff', description: 'A card for the family.' },
      <PrintedCard card={card} />,
    )
  })
}

/** What stands on a card to print. */
type Printed = {
  name: string
  trade: string
  opening: string
  benefit: string | null
  line: string
  disclosure: string
  where: string
  walkMinutes: number | null
  /** The place that is hers, on her own card. */
  hers: (KeptSession & { code: string }) | null
}

/** A card for anybody. @throws not_found where the alliance cannot be offered */
async function cardOf(c: Context<Env>, app: App, search: Search, id: string): Promise<Printed> {
  const site = c.get('key').siteId === null ? search.site : null
  const said = await reading(c, app)<AllianceSearch>(
    'GET',
    `/v1/alliances/search?limit=50${site === null ? '' : `&site=${encodeURIComponent(site)}`}`,
  )
  if (!said.ok) throw new Problem(said.code, said.detail)
  const card = said.body.cards.find(({ allianceId }) => allianceId === id)
  if (!card) throw new Problem('not_found')
  const { name, trade, opening } = card.partner!
  const { line, disclosure } = card.offers[0]!.say
  const where = [card.place?.name, card.place?.address].filter((part) => part).join(', ')
  const { benefit, walkMinutes } = card
  return { name, trade, opening, benefit, line, disclosure, where, walkMinutes, hers: null }
}

/**
 * Her own card, with the day and the code. Not by the search: who took the last place is found no more.
 * The code is read from the place, never from the address. @throws not_found where the place is not hers
 */
async function cardWithPlace(
  c: Context<Env>,
  app: App,
  catalogue: Catalogue,
  siteId: string,
  id: string,
  hold: string,
  sessionId: string,
): Promise<Printed> {
  const session = ID.test(sessionId) ? await sessionFrom(reading(c, app), sessionId) : null
  const place = session?.places.find(({ holdId, state }) => holdId === hold && state === 'confirmed')
  const listed = catalogue.listedById.get(session?.offerId ?? '')
  if (!session || !place?.code || !listed?.partner || listed.alliance?.id !== id)
    throw new Problem('not_found', 'No place is confirmed under this address.')
  const { name, trade, opening, walkMinutes } = listed.partner
  const { say } = listed.offer
  const { timeZone } = catalogue.sites.get(siteId)!
  const terms = termsFor(listed, dateOf(localDay(c.get('deps').clock(), timeZone)))
  return {
    name,
    trade,
    opening: session.site === null ? opening : '',
    benefit: terms?.record.customerBenefit ?? null,
    line: say.line,
    disclosure: say.disclosure || (terms?.record.disclosure ?? ''),
    where: '',
    walkMinutes: session.site === null ? (walkMinutes[siteId] ?? null) : null,
    hers: { ...shownSession(catalogue, session), code: place.code },
  }
}

async function sessionFrom(call: Ask, id: string): Promise<Session | null> {
  const said = await call<Session>('GET', `/v1/sessions/${encodeURIComponent(id)}`)
  return said.ok ? said.body : null
}

/** Its time and place; with the partner's address where it is at the partner's, and it is clear which of them. */
function shownSession(catalogue: Catalogue, { offerId, site, place, startsAt }: Session): KeptSession {
  const all = site === null ? (catalogue.listedById.get(offerId)?.partner?.places ?? []) : []
  const at =
    all.find(({ name }) => name !== '' && place.startsWith(name)) ?? (all.length === 1 ? all[0] : null)
  const parts = at ? [place.startsWith(at.name) ? '' : at.name, at.address] : []
  return { startsAt, place, address: parts.filter((part) => part).join(', ') }
}

/** The API for whoever reads: a person by the sign-in, a program by its key. */
function reading(c: Context<Env>, app: App): Ask {
  const call = asking(c, app)
  const authorization = c.req.header('authorization')
  if (authorization === undefined) return call
  return (method, path, body, headers) => call(method, path, body, { ...headers, authorization })
}

type Act = {
  search: Search
  form: URLSearchParams
  call: Ask
  /** Made with the page: a form that is sent twice does its thing once. */
  nonce: string
  site: string | undefined
  staff: string | undefined
  catalogue: Catalogue
  time(instant: string): string
}

/** What can be tapped, by its verb. */
const ACTS: Record<string, (act: Act) => Promise<Partial<Shown>>> = {
  hold: async ({ form, call, nonce, site, staff, catalogue, time }) => {
    const [offerId, sessionId] = [form.get('offer') ?? '', form.get('session') ?? '']
    if (!ID.test(offerId) || !ID.test(sessionId)) return {}
    const said = await call<Taken>('POST', '/v1/holds', {
      eventId: `page-${nonce}-${sessionId}`.slice(0, 80),
      sessionId,
      staff,
      site,
    })
    if (!said.ok) return { trouble: said.detail }
    const { hold, reason } = said.body
    const none = { holdId: '', offerId, sessionId, until: '', code: null, receiptLine: null, session: null }
    if (!hold) return { kept: { ...none, no: reason } }
    const session = await sessionFrom(call, hold.sessionId)
    return {
      kept: {
        ...none,
        holdId: hold.id,
        until: time(hold.expiresAt),
        session: session && shownSession(catalogue, session),
        no: null,
      },
    }
  },
  confirm: async ({ form, call, nonce, site, catalogue, time }) => {
    const [offerId, sessionId] = [form.get('offer') ?? '', form.get('session') ?? '']
    const holdId = form.get('hold') ?? ''
    if (!ID.test(holdId) || !ID.test(offerId)) return {}
    const said = await call<Confirmed>('POST', `/v1/holds/${encodeURIComponent(holdId)}/confirm`, {
      eventId: `page-${nonce}-confirm`,
      site,
    })
    if (!said.ok) return { trouble: said.detail }
    const { confirmed, reason, hold, code, receiptLine } = said.body
    const until = hold ? time(hold.expiresAt) : ''
    const session = hold && (await sessionFrom(call, hold.sessionId))
    return {
      kept: {
        holdId,
        offerId,
        sessionId: hold?.sessionId ?? sessionId,
        until,
        session: session && shownSession(catalogue, session),
        code,
        receiptLine: confirmed ? (receiptLine ?? '') : null,
        no: confirmed ? null : reason,
      },
    }
  },
  release: async ({ form, call }) => {
    const holdId = form.get('hold') ?? ''
    if (!ID.test(holdId)) return {}
    const said = await call('DELETE', `/v1/holds/${encodeURIComponent(holdId)}`)
    return said.ok ? {} : { trouble: said.detail }
  },
  wish: async ({ search, call, nonce, site }) => {
    const words = search.q.trim()
    const said = await call('POST', '/v1/wishes', {
      eventId: `page-${nonce}`,
      words: words.slice(0, 400),
      site,
    })
    return { wished: said.ok ? 'kept' : 'refused' }
  },
}

/** What was searched for, from an address or a form. Who serves every site looks from the one named, else the first. */
function searchOf(c: Context<Env>, from: URLSearchParams, { sites }: Catalogue): Search {
  const named = from.get('site') ?? ''
  const own = c.get('key').siteId
  return {
    q: Array.from((from.get('q') ?? '').replace(/[\p{Cc}\p{Cs}]/gu, ' '))
      .slice(0, 120)
      .join(''),
    sort: from.get('sort') === 'walk' ? 'walk' : 'fit',
    site: own !== null ? null : sites.has(named) ? named : ([...sites.keys()][0] ?? null),
  }
}

const siteAt = (c: Context<Env>, search: Search): string => c.get('key').siteId ?? search.site ?? ''

async function show(
  c: Context<Env>,
  app: App,
  catalogue: Catalogue,
  { search, kept, wished, trouble }: Shown,
): Promise<Response> {
  const query = new URLSearchParams({ q: search.q, sort: search.sort, limit: '20' })
  if (search.site !== null) query.set('site', search.site)
  const said = await reading(c, app)<AllianceSearch>('GET', `/v1/alliances/search?${query}`)
  if (!said.ok) throw new Problem(said.code, said.detail)
  const { understood, more, silent } = said.body
  const cards = withKept(said.body.cards, kept)
  const nonce = c.get('deps').random(12)
  // Who took the last place finds the offer no more, and still has a place to confirm.
  const isShown = cards.some(({ offers }) => offers.some(({ id }) => id === kept?.offerId))
  const alone = kept !== null && !isShown ? (catalogue.listedById.get(kept.offerId) ?? null) : null
  const hasDates = (offerId: string) => !DATELESS.has(catalogue.listedById.get(offerId)?.offer.kind ?? '')
  const siteName = catalogue.sites.get(understood.site)?.name ?? understood.site
  return page(
    c,
    {
      title: `${search.q.trim() === '' ? 'Alliances near' : search.q.trim()} · Encore`,
      here: 'staff',
      description: 'Find the alliance that fits, with the sentence to say and the next free place.',
      wide: true,
    },
    <div class="browse">
      <h1 class="unseen">Alliances</h1>
      <search>
        <form class="browse-find" method="get" action="/staff/alliances">
          <label for="q">What does she want?</label>
          <div class="browse-line">
            <input
              id="q"
              name="q"
              type="search"
              value={search.q}
              maxlength={120}
              placeholder="calm, 4 years, Saturday"
              autocomplete="off"
              enterkeyhint="search"
            />
            <button class="primary" type="submit">
              Find
            </button>
          </div>
          {search.sort === 'walk' && <input type="hidden" name="sort" value="walk" />}
          {search.site !== null && (
            <div class="browse-site">
              <label for="site">From</label>
              <select id="site" name="site">
                {[...catalogue.sites.values()].map(({ id, name }) => (
                  <option value={id} selected={id === search.site}>
                    {name}
                  </option>
                ))}
              </select>
            </div>
          )}
        </form>
      </search>
      {trouble !== null && (
        <p class="note note-bad" role="alert">
          {trouble}
        </p>
      )}
      <div class="browse-above">
        <UnderstoodLine understood={understood} siteName={siteName} />
        {cards.length > 1 && search.q.trim() !== '' && <SortKeys search={search} />}
      </div>
      {alone && (
        <section class="card browse-card" aria-label="Your place">
          <h2>
            <bdi>{alone.partner?.name ?? alone.offer.headline}</bdi>
          </h2>
          <KeptPlace
            kept={kept!}
            search={search}
            nonce={nonce}
            partner={alone.partner?.name ?? null}
            allianceId={alone.alliance?.id ?? null}
          />
        </section>
      )}
      {cards.length === 0 && !alone ? (
        <NothingFound search={search} nonce={nonce} wished={wished} silent={silent.offers} />
      ) : (
        <ol class="browse-cards">
          {cards.map((card) => (
            <li>
              <BrowseCard
                card={card}
                search={search}
                nonce={nonce}
                kept={kept}
                understood={understood}
                hasDates={hasDates}
              />
            </li>
          ))}
        </ol>
      )}
      {more > 0 && <p class="quiet">And {more} more: say a little more about it.</p>}
      {cards.length > 0 && silent.offers > 0 && (
        <p class="quiet">
          {silent.offers === 1 ? 'One more offer fits' : `${silent.offers} more offers fit`} and cannot be
          kept just now.
        </p>
      )}
    </div>,
  )
}

/** The card that was tapped stands first, so that what follows is in sight without a script. */
function withKept(cards: AllianceCard[], kept: Kept | null): AllianceCard[] {
  if (kept === null) return cards
  const isTapped = ({ offers }: AllianceCard) => offers.some(({ id }) => id === kept.offerId)
  return [...cards.filter(isTapped), ...cards.filter((card) => !isTapped(card))]
}

function SortKeys({ search }: { search: Search }) {
  return (
    <nav class="segments" aria-label="Order">
      {(['fit', 'walk'] as const).map((sort) => (
        <a
          class="button segment"
          href={searchPath({ ...search, sort })}
          aria-current={search.sort === sort ? 'true' : undefined}
        >
          {sort === 'fit' ? 'Best fit' : 'Nearest'}
        </a>
      ))}
    </nav>
  )
}

/** About a postcard: for the counter, or into the bag. With a place that is hers: the day and the code. */
function PrintedCard({ card }: { card: Printed }) {
  const { hers, where } = card
  return (
    <article class="card printed" aria-labelledby="printed-name">
      <h1 id="printed-name">
        <bdi>{card.name}</bdi>
      </h1>
      <p class="quiet">
        <bdi>{card.trade}</bdi>
      </p>
      {hers && (
        <div class="printed-where">
          <div>
            <Qr text={hers.code} label={`The code ${hers.code}`} />
            <p class="printed-code">
              the code <strong>{hers.code}</strong>
            </p>
          </div>
          <p>
            <strong class="printed-day">{sessionWords(hers.startsAt)}</strong>{' '}
            <span>
              <bdi>{hers.place}</bdi>
            </span>
            {hers.address && (
              <span>
                {' '}
                <bdi>{hers.address}</bdi>
              </span>
            )}
            <Nearby card={card} />
          </p>
        </div>
      )}
      {card.benefit && (
        <p class="printed-benefit">
          <bdi>{card.benefit}</bdi>
        </p>
      )}
      <p>
        <bdi>{card.line}</bdi>
      </p>
      {where && (
        <div class="printed-where">
          <div>
            <Qr text={`geo:0,0?q=${encodeURIComponent(where)}`} label={`The way to ${where}`} />
            <p class="printed-code">the way there</p>
          </div>
          <p>
            <bdi>{where}</bdi>
            <Nearby card={card} />
          </p>
        </div>
      )}
      {card.disclosure && (
        <p class="disclosure">
          <bdi>{card.disclosure}</bdi>
        </p>
      )}
      <p class="not-printed">Print it from your browser: it comes out as a small card.</p>
    </article>
  )
}

function Nearby({ card: { walkMinutes, opening } }: { card: Printed }) {
  return (
    <>
      {walkMinutes !== null && walkMinutes > 0 && <span class="quiet"> {walkMinutes} minutes on foot</span>}
      {opening && (
        <span class="quiet">
          {' '}
          <bdi>{opening}</bdi>
        </span>
      )}
    </>
  )
}

/** A partner's times: places free and kept in the next four weeks, one more or every week, a cancellation. */
import type { Context } from 'hono'
import { EVERY } from '../core/session.ts'
import { instantOf, localIso } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import type { sessionOf } from '../http/sessions.ts'
import { formOf } from './ask.ts'
import { sessionWords } from './browse-card.tsx'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field, wrongOf } from './form-fields.tsx'
import type { Desk } from './partner-frame.tsx'
import {
  counted,
  deskOf,
  deskPage,
  isRunning,
  onceKey,
  read,
  TroubleNote,
  troubleOf,
} from './partner-frame.tsx'
import { partnerSeen } from './partner-needs.tsx'

type Session = ReturnType<typeof sessionOf>
export type Seated = { id: string; headline: string; facets: string[]; state: string; sessions: Session[] }
type Looked = Session & { places: { place: number; state: 'held' | 'confirmed'; code: string | null }[] }

const AHEAD_MS = 28 * 86_400_000
const ABOUT = { title: 'Places', here: 'places' } as const
const of = (id: string) => encodeURIComponent(id)

export function partnerPlaces(app: App): void {
  app.get('/partner/places', async (c) => {
    const added = Number(/^\d{1,3}$/.exec(c.req.query('added') ?? '')?.[0] ?? 0)
    return showPlaces(c, await deskOf(c, app), { trouble: null, typed: null, added })
  })

  app.post('/partner/places', async (c) => {
    const form = await formOf(c)
    const desk = await deskOf(c, app)
    const wanted = wantedFrom(form, desk)
    if ('detail' in wanted) return showPlaces(c, desk, { trouble: wanted, typed: form, added: 0 })
    const offer = form.get('offer') ?? ''
    const said = await desk.call<{ ids: string[] }>(
      'POST',
      `/v1/offers/${of(offer)}/sessions`,
      wanted.body,
      onceKey(form, desk, [offer, wanted.body]),
    )
    if (isRunning(said)) return c.redirect('/partner/places', 303)
    if (said.ok) return c.redirect(`/partner/places?added=${said.body.ids.length}#note`, 303)
    return showPlaces(c, desk, { trouble: troubleOf(said), typed: form, added: 0 })
  })

  app.get('/partner/sessions/:id', async (c) => {
    const desk = await deskOf(c, app)
    return showSession(c, desk, c.req.param('id'), null)
  })

  app.post('/partner/sessions/:id', async (c) => {
    await formOf(c)
    const desk = await deskOf(c, app)
    const id = c.req.param('id')
    const said = await desk.call<{ released: number; toTell: string[] }>(
      'POST',
      `/v1/sessions/${of(id)}/cancel`,
      {},
    )
    if (!said.ok) throw new Problem(said.code, said.detail)
    return showSession(c, desk, id, said.body.toTell)
  })
}

/** The offers that have places, each with its next four weeks. */
export async function seatedOf(desk: Desk): Promise<Seated[]> {
  const { offers } = await read<{ offers: (Omit<Seated, 'sessions'> & { seated: boolean })[] }>(
    desk,
    '/v1/offers?limit=200',
  )
  const running = offers.filter(({ state, seated }) => seated && (state === 'live' || state === 'paused'))
  return Promise.all(
    running.map(async (offer) => {
      const said = await desk.call<{ items: Session[] }>(
        'GET',
        `/v1/offers/${of(offer.id)}/sessions?limit=120`,
      )
      const items = said.ok ? said.body.items : []
      return {
        ...offer,
        sessions: items.filter((each) => Date.parse(each.startsAt) <= desk.nowMs + AHEAD_MS),
      }
    }),
  )
}

/** Where it usually is, and for how many. */
export async function usual(desk: Desk, { sessions }: Seated): Promise<{ place: string; capacity: string }> {
  const last = sessions.at(-1)
  if (last) return { place: last.place, capacity: String(last.capacity) }
  const { places, name } = await partnerSeen(desk)
  return { place: places[0]?.name ?? name, capacity: '4' }
}

/** What is typed as a number; what is none is left for the API to name. */
export const numberFrom = (typed: string | null): number | string =>
  /^\d{1,6}$/.test((typed ?? '').trim()) ? Number(typed) : (typed ?? '')

/** A session as the API wants it. The clock on the wall is the shop's. */
export function wantedFrom(
  form: URLSearchParams,
  { timeZone }: Desk,
): { body: Record<string, unknown> } | Trouble {
  const [on, from, to] = [form.get('on') ?? '', form.get('from') ?? '', form.get('to') ?? '']
  if (!/^\d{4}-\d\d-\d\d$/.test(on) || !/^\d\d:\d\d$/.test(from) || !/^\d\d:\d\d$/.test(to))
    return { detail: 'say the day, and from when to when.', errors: [{ field: 'on', message: 'is missing' }] }
  const instant = (time: string) => {
    const ms = instantOf(`${on}T${time}:00`, timeZone)
    return Number.isFinite(ms) ? localIso(ms, timeZone) : ''
  }
  const every = EVERY.find((each) => each === form.get('every'))
  const body = {
    startsAt: instant(from),
    endsAt: instant(to),
    place: (form.get('place') ?? '').trim(),
    capacity: numberFrom(form.get('capacity')),
    facet: form.get('facet') || undefined,
    ...(every === undefined ? {} : { every, until: form.get('until') || undefined }),
  }
  return { body }
}

type PlacesShown = { trouble: Trouble | null; typed: URLSearchParams | null; added: number }

async function showPlaces(
  c: Context<Env>,
  desk: Desk,
  { trouble, typed, added }: PlacesShown,
): Promise<Response> {
  const offers = await seatedOf(desk)
  const habits = await Promise.all(offers.map((offer) => usual(desk, offer)))
  if (trouble !== null) c.status(422)
  return deskPage(
    c,
    ABOUT,
    <>
      <h1 class="display">Places, the next four weeks</h1>
      <TroubleNote trouble={trouble} />
      {added > 0 && (
        <p class="note" role="status" id="note" tabindex={-1}>
          {added === 1 ? 'The time is there.' : `${added} times are there.`} The very next answer at the till
          knows it.
        </p>
      )}
      {offers.length === 0 && (
        <p>You have no offer with places yet. Once the shop has published one, its times stand here.</p>
      )}
      {offers.map((offer, i) => (
        <section class="card" aria-labelledby={`offer-${i}`}>
          <h2 id={`offer-${i}`}>
            <bdi>{offer.headline}</bdi>
          </h2>
          {offer.state === 'paused' && <p class="quiet">The shop has paused it.</p>}
          {offer.sessions.length === 0 ? (
            <p>
              <strong>No times.</strong> Without one the shop cannot send anybody.
            </p>
          ) : (
            <ol class="desk-sessions">
              {offer.sessions.map((session) => (
                <SessionRow session={session} />
              ))}
            </ol>
          )}
          <AddTime
            offer={offer}
            index={i}
            desk={desk}
            usual={habits[i]!}
            typed={typed?.get('offer') === offer.id ? typed : null}
            trouble={trouble}
          />
          <p>
            <a class="button" href={`/partner/places/calendar?offer=${of(offer.id)}`}>
              From your calendar<span class="unseen"> for {offer.headline}</span>
            </a>
          </p>
        </section>
      ))}
    </>,
  )
}

function SessionRow({ session }: { session: Session }) {
  const { id, startsAt, endsAt, place, facet, free, held, confirmed, waiting, cancelled } = session
  const kept = held + confirmed
  return (
    <li class={cancelled ? 'is-over' : undefined}>
      <p>
        <strong>
          {sessionWords(startsAt)}–{clock(endsAt)}
        </strong>
        <span class="quiet desk-under">
          <bdi>{place}</bdi>
          {facet !== null && (
            <>
              {' · '}
              <bdi>{facet}</bdi>
            </>
          )}
        </span>
      </p>
      <p class="places">
        {cancelled ? (
          'Cancelled'
        ) : (
          <>
            {free === 0 ? 'Full' : `${free} free`}
            {kept > 0 && ` · ${kept} kept`}
            {waiting > 0 && ` · ${counted(waiting, 'waits', 'wait')}`}
          </>
        )}
      </p>
      {!cancelled && (
        <a class="button small-key" href={`/partner/sessions/${of(id)}`}>
          Cancel…<span class="unseen"> {sessionWords(startsAt)}</span>
        </a>
      )}
    </li>
  )
}

const clock = (instant: string) => `${+instant.slice(11, 13)}:${instant.slice(14, 16)}`

const REPEATS = [
  ['', 'Once'],
  ['week', 'Every week'],
  ['twoWeeks', 'Every two weeks'],
  ['month', 'Every month'],
] as const

function AddTime(props: {
  offer: Seated
  index: number
  desk: Desk
  usual: { place: string; capacity: string }
  typed: URLSearchParams | null
  trouble: Trouble | null
}) {
  const { offer, index, desk, usual, typed } = props
  const trouble = typed === null ? null : props.trouble
  const id = (name: string) => `${name}-${index}`
  const value = (name: string, before = '') => typed?.get(name) ?? before
  return (
    <details class="fold" open={typed !== null}>
      <summary>
        Add a time<span class="unseen"> for {offer.headline}</span>
      </summary>
      <form method="post" action="/partner/places" class="desk-form">
        <input type="hidden" name="nonce" value={desk.nonce} />
        <input type="hidden" name="offer" value={offer.id} />
        <Field
          id={id('on')}
          name="on"
          label="Day"
          type="date"
          value={value('on')}
          required
          wrong={wrongOf(trouble, 'on').concat(wrongOf(trouble, 'startsAt'))}
        />
        <Field id={id('from')} name="from" label="From" type="time" value={value('from')} required />
        <Field
          id={id('to')}
          name="to"
          label="To"
          type="time"
          value={value('to')}
          required
          wrong={wrongOf(trouble, 'endsAt')}
        />
        <Field
          id={id('capacity')}
          name="capacity"
          label="Places"
          type="number"
          value={value('capacity', usual.capacity)}
          required
          wrong={wrongOf(trouble, 'capacity')}
        />
        <Field
          id={id('place')}
          name="place"
          label="Where"
          value={value('place', usual.place)}
          most={120}
          required
          wrong={wrongOf(trouble, 'place')}
        />
        {offer.facets.length > 1 && (
          <Choice
            id={id('facet')}
            name="facet"
            label="Which"
            value={value('facet')}
            options={[['', 'Any of them'], ...offer.facets.map((facet) => [facet, facet] as const)]}
          />
        )}
        <Choice id={id('every')} name="every" label="How often" value={value('every')} options={REPEATS} />
        <Field
          id={id('until')}
          name="until"
          label="Until, if it repeats"
          type="date"
          value={value('until')}
          wrong={wrongOf(trouble, 'until').concat(wrongOf(trouble, 'every'))}
        />
        <button type="submit" class="yes-key">
          Add it
        </button>
      </form>
    </details>
  )
}

async function showSession(
  c: Context<Env>,
  desk: Desk,
  id: string,
  toTell: string[] | null,
): Promise<Response> {
  const session = await read<Looked>(desk, `/v1/sessions/${of(id)}`)
  const codes = toTell ?? session.places.flatMap(({ code }) => (code === null ? [] : [code]))
  const unnamed = toTell === null ? session.places.length - codes.length : 0
  return deskPage(
    c,
    { title: sessionWords(session.startsAt), here: 'places' },
    <section class="card desk-session" aria-labelledby="session">
      <h1 id="session">
        {session.cancelled ? 'Cancelled: ' : 'Cancel '}
        {sessionWords(session.startsAt)}
        {session.cancelled ? '' : '?'}
      </h1>
      <p>
        <bdi>{session.place}</bdi>
      </p>
      {codes.length > 0 ? (
        <>
          <p>
            {session.cancelled
              ? 'The shop tells them; if you know how to reach them, you may too:'
              : 'These families are booked, and must be told:'}
          </p>
          <ul class="desk-codes">
            {codes.map((code) => (
              <li>
                <a class="desk-link intro-code" href={`/partner?code=${of(code)}#told`}>
                  {code}
                </a>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>
          {session.cancelled ? 'Nobody was booked, so nobody must be told.' : 'Nobody with a code is booked.'}
        </p>
      )}
      {unnamed > 0 && <p class="quiet">And {counted(unnamed, 'place')} that the shop keeps just now.</p>}
      <div class="tap-row">
        {!session.cancelled && (
          <form method="post" action={`/partner/sessions/${of(id)}`}>
            <input type="hidden" name="nonce" value={desk.nonce} />
            <button type="submit" name="do" value="cancel" class="desk-no">
              Cancel this time
            </button>
          </form>
        )}
        <a class="button" href="/partner/places">
          {session.cancelled ? 'Back to the places' : 'Leave it as it is'}
        </a>
      </div>
    </section>,
  )
}

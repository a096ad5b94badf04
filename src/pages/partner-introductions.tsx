/** A partner's introductions: what became of each in one tap, a code from the counter, a code for a family. */
import type { Context } from 'hono'
import { digest } from '../core/chance.ts'
import { minorFromText } from '../core/money.ts'
import type { App, Env } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import type { FollowedAnswer, Referral } from '../http/referral-schema.ts'
import { formOf } from './ask.ts'
import { Qr, sessionWords } from './browse-card.tsx'
import type { Trouble } from './form-fields.tsx'
import { Field } from './form-fields.tsx'
import type { Desk } from './partner-frame.tsx'
import {
  counted,
  dayText,
  deskOf,
  deskPage,
  nonceOf,
  read,
  TroubleNote,
  troubleOf,
} from './partner-frame.tsx'
import { currencyOf, Needs, needsOf } from './partner-needs.tsx'

type Told = {
  eventId: string
  kind: string
  at: string
  about: string | null
  value: number | null
  via: string
  effect: 'moved' | 'noted' | 'disputed'
}
type File = Referral & { events: Told[] }

const CODE = /^[A-Za-z0-9]{1,8}-[A-Za-z0-9]{4,10}$/
const codeFrom = (typed: string | null | undefined): string | null => {
  const code = (typed ?? '').trim().replace(/\s+/g, '').toUpperCase()
  return CODE.test(code) ? code : null
}

const FILTERS = [
  ['', 'All'],
  ['booked', 'Expected'],
  ['accepted', 'No day yet'],
  ['attended', 'Came'],
  ['enrolled', 'Enrolled'],
  ['noShow', 'Did not come'],
  ['declined', 'Not for them'],
  ['theirs', 'Sent by you'],
] as const

export function partnerIntroductions(app: App): void {
  app.get('/partner', async (c) => show(c, app, await deskOf(c, app), null))

  app.post('/partner', async (c) => {
    const form = await formOf(c)
    const desk = await deskOf(c, app)
    const act = { desk, form, nonce: nonceOf(form, desk) }
    if (form.get('do') === 'give') return give(c, app, act)
    const code = codeFrom(form.get('code'))
    const told = code === null ? null : await tell(code, act)
    if (told === null) return show(c, app, desk, { detail: 'there is nothing to do.', errors: [] })
    if ('detail' in told) return show(c, app, desk, told, code)
    return c.redirect(`/partner?code=${code}&did=${told.did}#told`, 303)
  })

  app.get('/partner/codes/:code', async (c) => {
    const desk = await deskOf(c, app)
    const code = codeFrom(c.req.param('code'))
    if (code === null) throw new Problem('not_found')
    const found = await read<File>(desk, `/v1/referrals/${code}`)
    if (found.direction !== 'theirs') throw new Problem('not_found')
    return deskPage(
      c,
      { title: found.code, here: 'introductions' },
      <article class="card printed desk-code" aria-labelledby="code">
        <p>Bring this to the shop</p>
        <h1 class="slip-code" id="code">
          <span class="unseen">Code </span>
          {found.code}
        </h1>
        <Qr text={found.code} label={`The code ${found.code}`} />
        <p class="quiet">Good until {dayText(found.expiresOn, '')}. It works once.</p>
        <p class="not-printed">Print it from your browser, or let them take a picture of it.</p>
        <p class="not-printed">
          <a class="button" href="/partner">
            Back to your page
          </a>
        </p>
      </article>,
    )
  })
}

type Act = { desk: Desk; form: URLSearchParams; nonce: string }

async function give(c: Context<Env>, app: App, { desk, nonce }: Act): Promise<Response> {
  const said = await desk.call<Referral>('POST', '/v1/referrals', { eventId: `page-${nonce}` })
  return said.ok
    ? c.redirect(`/partner/codes/${said.body.code}`, 303)
    : show(c, app, desk, troubleOf(said), null)
}

const KINDS: readonly string[] = ['attended', 'noShow', 'enrolled', 'recitalScheduled', 'declined', 'void']

/** One tap. The id of the event follows from the form: sent twice, it is the same event. */
async function tell(code: string, act: Act): Promise<{ did: string } | Trouble | null> {
  const { desk, form, nonce } = act
  const kind = form.get('do') ?? ''
  if (!KINDS.includes(kind)) return null
  if (kind === 'void') return takeBack(code, act)
  const body: Record<string, unknown> = { eventId: `page-${nonce}-${code}-${kind}`, kind }
  if (kind === 'recitalScheduled') {
    const about = form.get('about') ?? ''
    Object.assign(body, { about, eventId: `page-${nonce}-${code}-${about.replace(/\D/g, '')}` })
  }
  const typed = (form.get('value') ?? '').trim()
  if (kind === 'enrolled' && typed !== '') {
    const value = minorFromText(typed, await currencyOf(desk))
    if (value === null || value < 0)
      return { detail: `“${typed}” is not an amount: write it like 560 or 560.00.`, errors: [] }
    body.value = value
  }
  const said = await desk.call<FollowedAnswer>('POST', `/v1/referrals/${code}/events`, body)
  if (said.ok) return { did: said.body.effect }
  if (said.code === 'not_found')
    return { detail: `no introduction of yours has the code ${code}.`, errors: [] }
  if (said.code === 'id_reused')
    return { detail: 'you told us so already. If it was wrong, take that back first.', errors: [] }
  return troubleOf(said)
}

/** Take back the last word of theirs that still stands. What is taken back is named by what it was: once is enough. */
async function takeBack(code: string, { desk }: Act): Promise<{ did: string } | Trouble> {
  const said = await desk.call<File>('GET', `/v1/referrals/${code}`)
  if (!said.ok) return troubleOf(said)
  const last = standing(said.body, desk.partnerId).at(-1)
  if (last === undefined) return { did: 'nothing' }
  const voids = last.eventId.slice(desk.partnerId.length + 1)
  const undone = await desk.call('POST', `/v1/referrals/${code}/events`, {
    eventId: undoOf(voids),
    kind: 'void',
    voids,
  })
  return undone.ok ? { did: 'void' } : troubleOf(undone)
}

const undoOf = (eventId: string) => `undo-${digest(eventId)}`

/** The partner's own words on a referral that it did not take back from its page. */
function standing({ events }: Pick<File, 'events'>, partnerId: string): Told[] {
  const ids = new Set(events.map(({ eventId }) => eventId))
  const own = `${partnerId}/`
  return events.filter(
    ({ eventId, kind }) =>
      eventId.startsWith(own) && kind !== 'void' && !ids.has(own + undoOf(eventId.slice(own.length))),
  )
}

async function show(
  c: Context<Env>,
  _app: App,
  desk: Desk,
  trouble: Trouble | null,
  about: string | null = codeFrom(c.req.query('code')),
): Promise<Response> {
  const filter = FILTERS.find(([value]) => value === c.req.query('state'))?.[0] ?? ''
  const cursor = /^[A-Za-z0-9_-]{1,400}$/.test(c.req.query('cursor') ?? '') ? c.req.query('cursor')! : null
  const query = new URLSearchParams({ limit: '20' })
  if (filter === 'theirs') query.set('direction', 'theirs')
  else if (filter !== '') query.set('state', filter)
  if (cursor !== null) query.set('cursor', cursor)
  const [needs, listed, found] = await Promise.all([
    needsOf(desk),
    read<{ referrals: Referral[]; next: string | null }>(desk, `/v1/referrals?${query}`),
    about === null ? null : desk.call<File>('GET', `/v1/referrals/${about}`),
  ])
  const file = found?.ok ? found.body : null
  // On its first page each stands once: what is owed is above.
  const above = new Set(filter === '' && cursor === null ? needs.late.map(({ code }) => code) : [])
  if (file) above.add(file.code)
  const rest = listed.referrals.filter(({ code }) => !above.has(code))
  const late = needs.late.filter(({ code }) => code !== file?.code)
  if (trouble !== null) c.status(422)
  return deskPage(
    c,
    { title: 'Your page', here: 'introductions' },
    <>
      <h1 class="unseen">Introductions</h1>
      <TroubleNote trouble={trouble} />
      <search class="desk-find">
        <form method="get" action="/partner" class="line-form">
          <label for="code">A code from your counter</label>
          <input
            id="code"
            name="code"
            type="text"
            value={trouble === null && file === null ? (c.req.query('code') ?? '') : ''}
            placeholder="BK-7KQ4M"
            maxlength={24}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            required
          />
          <button type="submit">Look</button>
        </form>
      </search>
      {c.req.query('code') !== undefined && !file && trouble === null && (
        <p class="note note-bad" role="alert">
          No introduction of yours has this code. Codes look like BK-7KQ4M: the shop, a dash, five signs.
        </p>
      )}
      {file && <Found file={file} desk={desk} did={trouble ? null : (c.req.query('did') ?? null)} />}
      <Needs needs={needs} today={desk.today}>
        {late.length > 0 && (
          <ol class="intros">
            {late.map((referral) => (
              <li>
                <Introduction referral={referral} desk={desk} />
              </li>
            ))}
          </ol>
        )}
      </Needs>
      <section class="card desk-give" aria-labelledby="give">
        <h2 id="give">Does a family of yours know the shop?</h2>
        <form method="post" action="/partner">
          <input type="hidden" name="nonce" value={desk.nonce} />
          <button type="submit" name="do" value="give">
            Give them a code
          </button>
        </form>
      </section>
      <section aria-labelledby="all">
        <h2 id="all">{cursor === null ? 'All introductions' : 'Older introductions'}</h2>
        <nav aria-label="Which" class="segments desk-filters">
          {FILTERS.map(([value, name]) => (
            <a
              class="button segment"
              href={value === '' ? '/partner#all' : `/partner?state=${value}#all`}
              aria-current={value === filter ? 'true' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
        {rest.length === 0 ? (
          <p class="quiet">
            {above.size > 0 ? 'No others.' : filter === '' ? 'None yet.' : 'None of these just now.'}
          </p>
        ) : (
          <ol class="intros">
            {rest.map((referral) => (
              <li>
                <Introduction referral={referral} desk={desk} />
              </li>
            ))}
          </ol>
        )}
        {listed.next !== null && (
          <p class="desk-more">
            <a
              class="button"
              href={`/partner?${new URLSearchParams({ ...(filter === '' ? {} : { state: filter }), cursor: listed.next })}#all`}
            >
              Older ones
            </a>
          </p>
        )}
      </section>
    </>,
  )
}

const DID: Record<string, string> = {
  moved: 'Thank you, kept.',
  noted: 'Kept. It changes nothing: we knew so already, or it does not fit what was said before.',
  disputed: 'Kept. It came after the code ran out, so the shop decides whether it counts.',
  void: 'Taken back: as if it had not been said.',
  nothing: 'There is nothing of yours left to take back.',
}

/** One introduction above all others, with what was said about it. */
function Found({ file, desk, did }: { file: File; desk: Desk; did: string | null }) {
  return (
    <section class="desk-found" id="told" tabindex={-1} aria-label={`The code ${file.code}`}>
      {did !== null && Object.hasOwn(DID, did) && (
        <p class="note" role="status">
          {DID[did]}
        </p>
      )}
      <Introduction referral={file} desk={desk} />
      {file.events.length > 0 && (
        <details class="fold">
          <summary>What was said about it</summary>
          <ol class="desk-rows">
            {file.events.map((event) => (
              <li>
                <span>
                  {EVENT_WORDS[event.kind] ?? event.kind}
                  {event.about !== null && ` ${dayText(event.about, desk.today)}`}
                </span>
                <span class="quiet">
                  {dayText(event.at.slice(0, 10), desk.today)}, by{' '}
                  {event.eventId.startsWith(`${desk.partnerId}/`) ? 'you' : 'the shop'}
                  {event.effect === 'disputed' && ', too late: the shop decides'}
                </span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  )
}

const EVENT_WORDS: Record<string, string> = {
  accepted: 'Said yes',
  booked: 'Chose a day',
  attended: 'Came',
  noShow: 'Did not come',
  enrolled: 'Enrolled',
  recitalScheduled: 'Recital on',
  declined: 'Not for them',
  withdrawn: 'Called it off',
  void: 'A word was taken back',
}

/** The state as one says it. */
function stateWords({ state, direction, startsAt, calledOff }: Referral): string {
  if (direction === 'theirs') return THEIRS[state] ?? 'Over'
  if (calledOff !== null) return `Called off, ${sessionWords(calledOff)}: the shop tells them`
  if (state === 'booked' && startsAt !== null) return `Expected ${sessionWords(startsAt)}`
  return OURS[state] ?? state
}

const OURS: Record<string, string> = {
  offered: 'Given',
  accepted: 'Said yes, no day yet',
  booked: 'Expected',
  attended: 'Came',
  enrolled: 'Enrolled',
  declined: 'Not for them',
  noShow: 'Did not come',
  expired: 'Ran out',
  withdrawn: 'Called it off',
}
const THEIRS: Record<string, string> = {
  offered: 'Given by you, not used yet',
  accepted: 'Used at the shop',
  enrolled: 'Used at the shop, and it counts',
  expired: 'Ran out unused',
}

/** What can be told of it, as the API says; of one that ran out too, and the shop decides. */
function tapsOf({ direction, state, mayBecome }: Referral) {
  if (direction === 'theirs') return { came: false, enrolled: false, away: false, no: false }
  const isLate = state === 'expired'
  const may = (to: Referral['state']) => mayBecome.includes(to)
  return {
    came: isLate || may('attended'),
    enrolled: isLate || may('enrolled'),
    away: may('noShow'),
    no: may('declined'),
  }
}

const TOLD_BY_THEM: readonly string[] = ['attended', 'enrolled', 'noShow', 'declined']

function Introduction({ referral, desk }: { referral: Referral; desk: Desk }) {
  const { code, direction, state, firstName, offer, daysWithoutNews, daysLate, statusDueOn } = referral
  const taps = tapsOf(referral)
  const isOurs = direction === 'ours'
  const wasTold = isOurs && TOLD_BY_THEM.includes(state)
  const recital = isOurs && (state === 'attended' || state === 'enrolled')
  const of = <span class="unseen"> {code}</span>
  const carried = (
    <>
      <input type="hidden" name="nonce" value={desk.nonce} />
      <input type="hidden" name="code" value={code} />
    </>
  )
  return (
    <article class="card intro" aria-labelledby={`i-${code}`}>
      <header class="intro-head">
        <h3 id={`i-${code}`}>
          <span class="intro-code">{code}</span>
          {firstName !== null && (
            <>
              {' '}
              <bdi>{firstName}</bdi>
            </>
          )}
        </h3>
        <p class="intro-state">{stateWords(referral)}</p>
      </header>
      {daysLate > 0 && (
        <p class="intro-late">
          No word for {counted(daysWithoutNews, 'day')}
          <span class="quiet">; it was promised {counted(daysLate, 'day')} ago</span>
        </p>
      )}
      <p class="quiet">
        {offer && (
          <>
            <bdi>{offer.headline}</bdi> ·{' '}
          </>
        )}
        {isOurs ? 'sent' : 'given'} {dayText(referral.madeOn, desk.today)}
        {daysLate === 0 && statusDueOn !== null && ` · your word by ${dayText(statusDueOn, desk.today)}`}
        {state === 'offered' && ` · good until ${dayText(referral.expiresOn, desk.today)}`}
        {isOurs && state === 'expired' && ' · tell us all the same: the shop decides whether it counts'}
      </p>
      {(taps.came || taps.away || taps.no) && (
        <form method="post" action="/partner" class="tap-row">
          {carried}
          {taps.came && (
            <button type="submit" name="do" value="attended" class="yes-key">
              Came{of}
            </button>
          )}
          {taps.away && (
            <button type="submit" name="do" value="noShow">
              Did not come{of}
            </button>
          )}
          {taps.no && (
            <button type="submit" name="do" value="declined">
              Not for them{of}
            </button>
          )}
        </form>
      )}
      {(taps.enrolled || recital || wasTold) && (
        <div class="intro-more">
          {taps.enrolled && (
            <details class="fold">
              <summary>Enrolled…{of}</summary>
              <form method="post" action="/partner" class="desk-inline">
                {carried}
                <Field
                  id={`value-${code}`}
                  name="value"
                  label="What they pay for it"
                  hint="The whole term, if you like to say so."
                  most={20}
                  numeric
                />
                <button type="submit" name="do" value="enrolled" class="yes-key">
                  Enrolled{of}
                </button>
              </form>
            </details>
          )}
          {recital && (
            <details class="fold">
              <summary>Recital on…{of}</summary>
              <form method="post" action="/partner" class="desk-inline">
                {carried}
                <Field
                  id={`about-${code}`}
                  name="about"
                  label="The day of the recital"
                  type="date"
                  required
                />
                <button type="submit" name="do" value="recitalScheduled">
                  Tell the shop{of}
                </button>
              </form>
            </details>
          )}
          {wasTold && (
            <form method="post" action="/partner">
              {carried}
              <button type="submit" name="do" value="void" class="plain">
                That was a mistake{of}
              </button>
            </form>
          )}
        </div>
      )}
      {!isOurs && state === 'offered' && (
        <p>
          <a class="button" href={`/partner/codes/${code}`}>
            Show and print{of}
          </a>
        </p>
      )}
    </article>
  )
}

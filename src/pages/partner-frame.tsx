/** What the pages of a partner share: who is at the desk, the ways between the pages, how things are written. */
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { digest } from '../core/chance.ts'
import { counted } from '../core/counted.ts'
import { formatMinor } from '../core/money.ts'
import { dateOf, localDay, spokenDate } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import { zoneOf } from '../http/referral-events.ts'
import type { Ask, Said } from './ask.ts'
import { asking } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { page } from './layout.tsx'

/** A partner at its own page. All it sees and does goes through `call`: the API, with its own sign-in. */
export type Desk = {
  call: Ask
  partnerId: string
  /** Made with the page: a form that is sent twice does its thing once. */
  nonce: string
  nowMs: number
  timeZone: string
  today: string
}

export async function deskOf(c: Context<Env>, app: App): Promise<Desk> {
  const deps = c.get('deps')
  const timeZone = zoneOf(await deps.snapshot.refresh(), null)
  const nowMs = deps.clock()
  return {
    call: asking(c, app),
    partnerId: c.get('key').partnerId ?? '',
    nonce: deps.random(12),
    nowMs,
    timeZone,
    today: dateOf(localDay(nowMs, timeZone)),
  }
}

/** The nonce of a form, or a new one. */
export const nonceOf = (form: URLSearchParams, desk: Desk): string =>
  /^[A-Za-z0-9]{4,16}$/.test(form.get('nonce') ?? '') ? form.get('nonce')! : desk.nonce

/**
 * A key for a post that has no id of its own: the same form sent twice is one, one that was gone back to and
 * changed is another.
 */
export const onceKey = (form: URLSearchParams, desk: Desk, body: unknown): Record<string, string> => ({
  'idempotency-key': `page-${nonceOf(form, desk)}-${digest(JSON.stringify(body))}`,
})

/** Whether the same form is just being worked on: a second tap, and no trouble. */
export const isRunning = (said: Said<unknown>): boolean =>
  !said.ok && said.code === 'conflict' && said.errors.some(({ field }) => field === 'Idempotency-Key')

/** What the API answers, or its problem as a page. */
export async function read<Body>(desk: Desk, path: string): Promise<Body> {
  const said = await desk.call<Body>('GET', path)
  if (!said.ok) throw new Problem(said.code, said.detail)
  return said.body
}

/** The trouble of a call that was refused, in words of the page. */
export const troubleOf = ({ detail, errors }: Extract<Said<unknown>, { ok: false }>): Trouble => ({
  detail: pageWords(detail),
  errors: errors.map(({ field, message }) => ({ field, message: pageWords(message) })),
})

/** What the API calls its fields, as the forms call them. */
const FIELDS: Readonly<Record<string, string>> = {
  startsAt: 'the beginning',
  endsAt: 'the end',
  priceMinor: 'the price',
  ageMinMonths: 'the age from which',
  ageMaxMonths: 'the age up to which',
}
const pageWords = (text: string): string => text.replace(/[a-z][A-Za-z]+/g, (word) => FIELDS[word] ?? word)

type Place = 'introductions' | 'places' | 'terms' | 'account' | 'offers'

const PLACES: { here: Place; to: string; name: string }[] = [
  { here: 'introductions', to: '/partner', name: 'Introductions' },
  { here: 'places', to: '/partner/places', name: 'Places' },
  { here: 'terms', to: '/partner/terms', name: 'Terms' },
  { here: 'account', to: '/partner/account', name: 'Account' },
  { here: 'offers', to: '/partner/offers', name: 'Offers' },
]

/** A page of the partner's, with the ways to its others. */
export function deskPage(
  c: Context<Env>,
  { title, here }: { title: string; here: Place },
  children: Child,
): Promise<Response> {
  return page(
    c,
    { title: `${title} · Encore`, here: 'partner', description: 'The page of a partner of the shop.' },
    <div class="desk">
      <nav class="desk-ways" aria-label="Your page">
        <ul>
          {PLACES.map((place) => (
            <li>
              <a
                class="button segment"
                href={place.to}
                aria-current={place.here === here ? 'page' : undefined}
              >
                {place.name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {children}
    </div>,
  )
}

/** What was refused, in the service's own sentence. */
export function TroubleNote({ trouble }: { trouble: Trouble | null }) {
  if (trouble === null) return null
  return (
    <p class="note note-bad" role="alert" id="note" tabindex={-1}>
      Not kept: <bdi>{trouble.detail}</bdi>
    </p>
  )
}

/** `21 March`, with the year where it is another. */
export const dayText = (date: string, today: string): string =>
  date.slice(0, 4) === today.slice(0, 4) ? spokenDate(date) : `${spokenDate(date)} ${date.slice(0, 4)}`

/** `March 2026`. */
export const monthText = (month: string): string =>
  `${spokenDate(`${month}-01`).slice(2)} ${month.slice(0, 4)}`

export { counted }

/** Money as it is written, never with a sign in front. */
export const sumText = (minor: number, currency: string): string => formatMinor(Math.abs(minor), currency)

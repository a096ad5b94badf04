/** What surrounds every page: the head, the name of the shop, the clock that is set, the ways to the others. */
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { localIso, spokenDate } from '../core/time.ts'
import type { Deps, Env } from '../http/app-context.ts'
import { isApi, signedIn, signInPath } from '../http/auth.ts'
import type { ProblemCode } from '../http/problem.ts'
import { PROBLEMS, type Problem } from '../http/problem.ts'
import type { KeyRow } from '../store/key.ts'
import { findKey, hashKey } from '../store/key.ts'
import { SCRIPT_PATH } from './script.ts'
import { STYLE_PATH } from './style.ts'

/** The demo shop's published till keys, by site; they open nothing anywhere else. */
export const DEMO_TILL_KEYS: Readonly<Record<string, string>> = {
  BK: 'encore_till_demo_BK',
  LS: 'encore_till_demo_LS',
}
export const DEMO_OWNER_KEY = 'encore_owner_demo'

/** Nothing from elsewhere, nothing inline. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='9' fill='%231d5c4b'/%3E%3Ccircle cx='16' cy='16' r='6.5' fill='none' stroke='%23fff' stroke-width='3'/%3E%3C/svg%3E"

/** Whether this is the demo shop: its clock is set and its published keys are in the store. */
export async function isDemo(deps: Deps): Promise<boolean> {
  if (!deps.demo) return false
  const found = await findKey(deps.engine, await hashKey(DEMO_TILL_KEYS.BK!))
  return found !== null && found.revokedAt === null
}

type Here = 'start' | 'till' | 'reference' | 'staff' | 'customers' | 'owner' | 'partner' | 'sign-in'

/** What the signed-in may open, by role. */
const PLACES: Record<KeyRow['role'], { to: string; here: Here; name: string }[]> = {
  till: [],
  staff: [
    { to: '/staff/alliances', here: 'staff', name: 'Alliances' },
    { to: '/staff/customers', here: 'customers', name: 'Customers' },
  ],
  manager: [
    { to: '/owner/alliances', here: 'owner', name: 'Office' },
    { to: '/staff/alliances', here: 'staff', name: 'Browse' },
    { to: '/staff/customers', here: 'customers', name: 'Customers' },
  ],
  owner: [
    { to: '/owner/alliances', here: 'owner', name: 'Office' },
    { to: '/staff/alliances', here: 'staff', name: 'Browse' },
    { to: '/staff/customers', here: 'customers', name: 'Customers' },
  ],
  partner: [{ to: '/partner', here: 'partner', name: 'Your page' }],
}

/** Where somebody of a role begins. */
export const homeOf = (role: KeyRow['role']): string => PLACES[role][0]?.to ?? '/'

/** Answer with a whole page. `title` names what is on it. `own`: a customer's, which leads nowhere else and is not to be found. */
export async function page(
  c: Context<Env>,
  about: { title: string; here: Here; description: string; wide?: boolean; own?: boolean },
  children: Child,
): Promise<Response> {
  const deps = c.get('deps')
  const [demo, visitor] = await Promise.all([isDemo(deps), about.own ? null : signedIn(c)])
  c.header('content-security-policy', POLICY)
  c.header('referrer-policy', about.own ? 'no-referrer' : 'same-origin')
  if (about.own) c.header('x-robots-tag', 'noindex, nofollow')
  c.header('cache-control', 'no-store')
  return c.html(
    html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="description" content={about.description} />
          {about.own && <meta name="robots" content="noindex, nofollow" />}
          <title>{about.title}</title>
          <link rel="icon" href={ICON} />
          <link rel="stylesheet" href={STYLE_PATH} />
          <script type="module" src={SCRIPT_PATH}></script>
        </head>
        <body>
          <a class="skip" href="#main">
            To the content
          </a>
          <header class="top">
            <div class="top-row">
              <a class="brand" href="/">
                <span class="brand-mark" aria-hidden="true"></span>Encore
              </a>
              <nav aria-label="Pages" hidden={about.own}>
                <ul>
                  {visitor &&
                    PLACES[visitor.role].map(({ to, here, name }) => (
                      <PageLink to={to} here={about.here === here} name={name} />
                    ))}
                  {demo && <PageLink to="/till" here={about.here === 'till'} name="Till" />}
                  <PageLink to="/reference" here={about.here === 'reference'} name="Reference" />
                  {!visitor && <PageLink to="/sign-in" here={about.here === 'sign-in'} name="Sign in" />}
                </ul>
              </nav>
              {visitor && (
                <form class="signed-in" method="post" action="/sign-out">
                  <bdi>{visitor.label}</bdi>
                  <button class="small" type="submit">
                    Sign out
                  </button>
                </form>
              )}
            </div>
            {deps.demo && (
              <p class="clock">
                <span>
                  {demo ? 'Demo shop, invented people. ' : ''}The clock is set to{' '}
                  <strong>{await clockWords(deps)}</strong>
                </span>
              </p>
            )}
          </header>
          <main id="main" tabindex={-1} class={about.wide ? 'wide' : 'narrow'}>
            {children}
          </main>
        </body>
      </html>
    )}`,
  )
}

const SORRY: Partial<Record<ProblemCode, string>> = {
  key_missing: 'Sign in first.',
  key_unknown: 'Sign in first.',
  key_expired: 'Sign in again.',
  forbidden: 'This is not for you to open.',
  not_found: 'There is nothing here.',
}

/** Whether whoever asks reads pages, so that a problem is a page as well. */
export function readsPages(c: Context): boolean {
  return !isApi(c.req.path) && (c.req.header('accept') ?? '').includes('text/html')
}

/** Answer a reader with what went wrong. */
export async function problemPage(c: Context<Env>, problem: Problem): Promise<Response> {
  const [status, title] = PROBLEMS[problem.code]
  const visitor = await signedIn(c)
  c.status(status)
  return page(
    c,
    { title: `${title} · Encore`, here: 'sign-in', description: title },
    <section class="card sign-in">
      <h1 class="display">{SORRY[problem.code] ?? `${title}.`}</h1>
      {problem.code === 'forbidden' && visitor ? (
        <p>
          You are signed in as <bdi>{visitor.label}</bdi>. Somebody of another role may open this page.
        </p>
      ) : (
        problem.message !== title && <p>{problem.message}</p>
      )}
      <p class="ways">
        {visitor ? (
          <a class="button primary" href={homeOf(visitor.role)}>
            To your own page
          </a>
        ) : (
          <a class="button primary" href={status === 401 ? signInPath(c.req.path) : '/'}>
            {status === 401 ? 'Sign in' : 'To the start'}
          </a>
        )}
      </p>
      {status >= 500 && (
        <p class="quiet">
          If you ask about it, say <code>{c.get('requestId')}</code>.
        </p>
      )}
    </section>,
  )
}

function PageLink({ to, here, name }: { to: string; here: boolean; name: string }) {
  return (
    <li>
      <a href={to} aria-current={here ? 'page' : undefined}>
        {name}
      </a>
    </li>
  )
}

/** The service's time as the shop reads it: `Saturday 14 March 2026, 11:42`. */
async function clockWords(deps: Deps): Promise<string> {
  const catalogue = await deps.snapshot.refresh().catch(() => deps.snapshot.known)
  const timeZone = catalogue?.sites.values().next().value?.timeZone ?? 'UTC'
  return `${dayWords(deps.clock(), timeZone)} ${localIso(deps.clock(), timeZone).slice(0, 4)}, ${timeWords(deps.clock(), timeZone)}`
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** `Saturday 21 March`, at a place. */
export function dayWords(ms: number, timeZone: string): string {
  const date = localIso(ms, timeZone).slice(0, 10)
  return `${WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]} ${spokenDate(date)}`
}

/** `11:42`, at a place. */
export function timeWords(ms: number, timeZone: string): string {
  return localIso(ms, timeZone).slice(11, 16)
}

/** Money as people write it; minor units in. */
export function moneyWords(minor: number, currency: string): string {
  return new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency,
    ...(minor % 100 === 0 ? { maximumFractionDigits: 0 } : {}),
  }).format(minor / 100)
}

/** A text to copy, in a frame of its own that scrolls and can be reached by keyboard. */
export function Code({ label, text }: { label: string; text: string }) {
  return (
    <section class="code" aria-label={label} tabindex={0}>
      <pre>
        <code>{text}</code>
      </pre>
    </section>
  )
}

/** A share of the whole as a quiet bar; the number beside it is what is read. */
export function Bar({ share, from }: { share: number; from?: number }) {
  const width = (n: number) => Math.round(Math.min(1, Math.max(0, n)) * 1000) / 10
  return (
    <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-all" width="100" height="4" />
      <rect class="bar-part" width={width(share)} height="4" />
      {from !== undefined && <rect class="bar-from" width={width(from)} height="4" />}
    </svg>
  )
}

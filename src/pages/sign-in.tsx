/** Signing in without a password: a link that works once, and in the demo shop a choice of people. */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { App, Env } from '../http/app-context.ts'
import { COOKIE, stored } from '../http/auth.ts'
import { Problem } from '../http/problem.ts'
import { overHttps, siteName } from '../http/sign-ins.ts'
import type { By } from '../store/audit.ts'
import { hashKey } from '../store/key.ts'
import type { Guest, InviteRow } from '../store/sign-in.ts'
import {
  findInvite,
  findSignIn,
  makeSignIn,
  newToken,
  redeemInvite,
  revokeSignIn,
  shortId,
} from '../store/sign-in.ts'
import { formOf } from './ask.ts'
import { homeOf, isDemo, page } from './layout.tsx'

/** Whom a visitor of the demo shop may be. Refused everywhere else. */
const DEMO_GUESTS: Record<string, Guest & { says: string }> = {
  maya: guest('Maya, floor staff at Damen Street', 'staff', 'Maya', 'BK', 'st_maya'),
  jo: guest('Jo, floor staff at Lincoln Corner', 'staff', 'Jo', 'LS', 'st_jo'),
  rosa: guest('Rosa, the owner', 'owner', 'Rosa', null, 'st_rosa'),
  northside: {
    ...guest('Northside Conservatory, a partner', 'partner', 'Northside Conservatory', null, null),
    partnerId: 'P02',
  },
}

function guest(
  says: string,
  role: Guest['role'],
  label: string,
  siteId: string | null,
  staffId: string | null,
): Guest & { says: string } {
  return { says, role, label, siteId, staffId, partnerId: null }
}

const DAY_SECONDS = 86_400
const daysOf = (role: Guest['role']) => (role === 'partner' ? 60 : 30)
const ROLE_WORDS: Record<Guest['role'], string> = {
  till: 'a till',
  staff: 'floor staff',
  manager: 'a manager',
  owner: 'the owner',
  partner: 'a partner',
}

export function signIn(app: App): void {
  app.get('/sign-in', async (c) => {
    const to = pathOf(c.req.query('to'))
    const token = c.req.query('invite')
    if (token === undefined) return choicePage(c, to)
    const { engine, clock } = c.get('deps')
    // Looking uses nothing up: mail programs look at links before people do.
    const invite = await stored(findInvite(engine, token))
    const over = stateOf(invite, new Date(clock()).toISOString())
    return over === null ? invitePage(c, token, invite!, to) : overPage(c, over)
  })

  app.post('/sign-in', async (c) => {
    const form = await formOf(c)
    const { engine, clock } = c.get('deps')
    const nowIso = new Date(clock()).toISOString()
    const to = pathOf(form.get('to') ?? undefined)
    const demo = form.get('as')
    if (demo !== null) {
      const found = Object.hasOwn(DEMO_GUESTS, demo) ? DEMO_GUESTS[demo]! : null
      if (found === null || !(await isDemo(c.get('deps'))))
        throw new Problem('forbidden', 'Only the demo shop lets people in by name.')
      const { says: _, ...guest } = found
      const cookie = newToken()
      await stored(makeSignIn(engine, cookie, guest, endOf(guest.role, clock()), byOf(c, guest, nowIso)))
      return enter(c, cookie, guest.role, to)
    }
    const token = form.get('invite') ?? ''
    const invite = await stored(findInvite(engine, token))
    const over = stateOf(invite, nowIso)
    if (over !== null) return overPage(c, over)
    const { role } = invite!
    const cookie = newToken()
    const isIn = await stored(
      redeemInvite(engine, token, cookie, endOf(role, clock()), byOf(c, invite!, nowIso)),
    )
    // Somebody was quicker.
    return isIn ? enter(c, cookie, role, to) : overPage(c, 'used')
  })

  app.post('/sign-out', async (c) => {
    await formOf(c)
    const { engine, clock } = c.get('deps')
    const token = getCookie(c, COOKIE)
    if (token) {
      const hash = await hashKey(token)
      const key = await stored(findSignIn(engine, hash))
      if (key)
        await stored(revokeSignIn(engine, shortId(hash), byOf(c, key, new Date(clock()).toISOString())))
    }
    deleteCookie(c, COOKIE, { path: '/', secure: overHttps(c) })
    return c.redirect('/sign-in', 303)
  })
}

/** A path of ours to go to; anything else is none. A second slash or backslash would lead to another host. */
export function pathOf(to: string | undefined): string | null {
  return to !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(to) && !to.includes('\\') ? to : null
}

const endOf = (role: Guest['role'], nowMs: number) =>
  new Date(nowMs + daysOf(role) * DAY_SECONDS * 1000).toISOString()

function byOf(c: Context<Env>, { staffId, partnerId, label, role }: Guest, at: string): By {
  const requestId = c.get('requestId')
  return { actor: staffId ?? partnerId ?? label, role, requestId, at, id: requestId }
}

function enter(c: Context<Env>, cookie: string, role: Guest['role'], to: string | null): Response {
  setCookie(c, COOKIE, cookie, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: overHttps(c),
    maxAge: daysOf(role) * DAY_SECONDS,
  })
  return c.redirect(to ?? homeOf(role), 303)
}

type Over = 'unknown' | 'used' | 'expired'

function stateOf(invite: InviteRow | null, nowIso: string): Over | null {
  if (invite === null) return 'unknown'
  if (invite.usedAt !== null) return 'used'
  return invite.expiresAt <= nowIso ? 'expired' : null
}

const about = { here: 'sign-in', description: 'Sign in to Encore with a link from the shop.' } as const

async function choicePage(c: Context<Env>, to: string | null): Promise<Response> {
  const demo = await isDemo(c.get('deps'))
  return page(
    c,
    { ...about, title: 'Sign in · Encore' },
    <section class="card sign-in">
      <h1 class="display">Sign in</h1>
      {demo ? (
        <>
          <p>This is the demo shop: be whoever you like. Everybody in it is invented.</p>
          <form method="post" action="/sign-in" class="sign-in-choices">
            {to && <input type="hidden" name="to" value={to} />}
            {Object.entries(DEMO_GUESTS).map(([name, { says }]) => (
              <button type="submit" name="as" value={name}>
                {says}
              </button>
            ))}
          </form>
        </>
      ) : (
        <p>
          Open the link that the owner or a manager of the shop sent you. It works once; if you have none, or
          it is used up, ask them for another.
        </p>
      )}
    </section>,
  )
}

async function invitePage(
  c: Context<Env>,
  token: string,
  invite: InviteRow,
  to: string | null,
): Promise<Response> {
  const site = await siteName(c.get('deps'), invite.siteId)
  return page(
    c,
    { ...about, title: 'Sign in · Encore' },
    <section class="card sign-in">
      <h1 class="display">
        Sign in as <bdi>{invite.label}</bdi>
      </h1>
      <p>
        This link is for <bdi>{invite.label}</bdi>, {ROLE_WORDS[invite.role]}
        {site && (
          <>
            {' '}
            at <bdi>{site}</bdi>
          </>
        )}
        . If that is not you, leave it: it works once.
      </p>
      <form method="post" action="/sign-in">
        <input type="hidden" name="invite" value={token} />
        {to && <input type="hidden" name="to" value={to} />}
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      <p class="quiet">You stay signed in on this device for {daysOf(invite.role)} days.</p>
    </section>,
  )
}

const OVER: Record<Over, [status: 404 | 410, heading: string]> = {
  unknown: [404, 'This link is not one of ours.'],
  used: [410, 'This link was used already.'],
  expired: [410, 'This link is too old.'],
}

function overPage(c: Context<Env>, over: Over): Promise<Response> {
  const [status, heading] = OVER[over]
  c.status(status)
  return page(
    c,
    { ...about, title: `${heading} · Encore` },
    <section class="card sign-in">
      <h1 class="display">{heading}</h1>
      <p>Ask the owner or a manager of the shop for a new one. Each link works once.</p>
    </section>,
  )
}

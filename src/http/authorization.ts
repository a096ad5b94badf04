/** Who may do what, as data: one row for every route. A route without a row stops the start. */
import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { RouterRoute } from 'hono/types'
import { SCRIPT_PATH } from '../pages/script.ts'
import { STYLE_PATH } from '../pages/style.ts'
import type { App } from './app-context.ts'
import type { Role } from './auth.ts'
import { Problem } from './problem.ts'

/** What the credential limits a route to: its own site, its own partner, the whole business; none: nothing of the shop's. */
export type Scope = 'none' | 'site' | 'partner' | 'business'

export type Row = {
  method: string
  /** As the app's routes have it: `/v1/partners/:id`. */
  path: string
  who: 'everybody' | readonly Role[]
  scope: Scope
  /** The route checks its key itself, inside its one read; its roles are still these. */
  checkedInRead?: true
}

const TILLS: readonly Role[] = ['till', 'staff', 'manager', 'owner']
const SHOP: readonly Role[] = ['staff', 'manager', 'owner']
const MANAGERS: readonly Role[] = ['manager', 'owner']

const row = (method: string, path: string, who: Row['who'], scope: Scope): Row => ({
  method,
  path,
  who,
  scope,
})

/** Every route. The guard and the test of every cell are made from it. */
export const AUTHORIZATION: readonly Row[] = [
  { ...row('POST', '/v1/recommendations', TILLS, 'site'), checkedInRead: true },
  row('GET', '/v1/recommendations/:id/explanation', MANAGERS, 'site'),
  row('GET', '/v1/recommendations/:id/replay', MANAGERS, 'site'),
  row('GET', '/v1/replays', MANAGERS, 'site'),
  row('POST', '/v1/recommendations/:id/outcomes', TILLS, 'site'),
  row('POST', '/v1/outcomes', TILLS, 'site'),
  row('POST', '/v1/recommendations/:id/question', TILLS, 'site'),
  row('POST', '/v1/customers/:ref/notes', TILLS, 'site'),
  row('GET', '/v1/polls', MANAGERS, 'business'),
  row('POST', '/v1/polls', MANAGERS, 'business'),
  row('GET', '/v1/polls/:id', MANAGERS, 'business'),
  row('PUT', '/v1/polls/:id', MANAGERS, 'business'),
  row('POST', '/v1/polls/:id/answers', TILLS, 'site'),
  row('POST', '/v1/polls/:id/links', SHOP, 'site'),
  row('POST', '/v1/polls/:id/export', MANAGERS, 'business'),
  row('POST', '/v1/polls/:id/import', MANAGERS, 'business'),
  row('GET', '/v1/goals/map', MANAGERS, 'site'),
  row('GET', '/v1/goals', SHOP, 'business'),
  row('PUT', '/v1/goals/:slug', MANAGERS, 'business'),
  row('POST', '/v1/goals/starter', MANAGERS, 'business'),
  row('POST', '/v1/purchases', ['till', 'manager', 'owner'], 'site'),
  row('POST', '/v1/customers/:ref/evidence', TILLS, 'site'),
  row('GET', '/v1/customers/:ref/evidence', SHOP, 'site'),
  row('DELETE', '/v1/customers/:ref/evidence/:eventId', TILLS, 'site'),
  row('DELETE', '/v1/customers/:ref', SHOP, 'site'),
  row('POST', '/v1/customers/:ref/consents', TILLS, 'site'),
  row('PUT', '/v1/customers/:ref/household', TILLS, 'site'),
  row('POST', '/v1/customers/:ref/care', TILLS, 'site'),
  row('GET', '/v1/customers/:ref/merge', MANAGERS, 'site'),
  row('POST', '/v1/customers/:ref/merge', MANAGERS, 'site'),
  row('GET', '/v1/mappings', MANAGERS, 'business'),
  row('POST', '/v1/mappings', MANAGERS, 'business'),
  row('GET', '/v1/customers/:ref/card', SHOP, 'site'),
  row('GET', '/v1/customers/:ref/about', SHOP, 'site'),
  row('POST', '/v1/customers/:ref/about', SHOP, 'site'),
  row('POST', '/v1/customers/:ref/about-link', SHOP, 'site'),
  row('GET', '/v1/about/:token', 'everybody', 'none'),
  row('POST', '/v1/about/:token', 'everybody', 'none'),
  row('DELETE', '/v1/about/:token', 'everybody', 'none'),
  row('POST', '/v1/rankings', TILLS, 'business'),
  row('POST', '/v1/invites', MANAGERS, 'site'),
  row('GET', '/v1/sign-ins', MANAGERS, 'site'),
  row('DELETE', '/v1/sign-ins/:id', MANAGERS, 'site'),
  row('GET', '/v1/offers/:id/sessions', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/offers/:id/sessions', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/offers/:id/sessions/import', [...MANAGERS, 'partner'], 'partner'),
  row('GET', '/v1/sessions/:id', [...SHOP, 'partner'], 'partner'),
  row('PUT', '/v1/sessions/:id', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/sessions/:id/cancel', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/sessions/:id/waiting', TILLS, 'site'),
  row('DELETE', '/v1/waiting/:id', TILLS, 'site'),
  row('POST', '/v1/holds', TILLS, 'site'),
  row('POST', '/v1/holds/:id/confirm', TILLS, 'site'),
  row('DELETE', '/v1/holds/:id', TILLS, 'site'),
  row('GET', '/v1/offers', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/offers', [...MANAGERS, 'partner'], 'partner'),
  row('GET', '/v1/offers/:id', [...SHOP, 'partner'], 'partner'),
  row('PUT', '/v1/offers/:id', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/offers/:id/publish', MANAGERS, 'business'),
  row('POST', '/v1/offers/:id/pause', MANAGERS, 'business'),
  row('POST', '/v1/offers/:id/end', MANAGERS, 'business'),
  row('POST', '/v1/words', [...SHOP, 'partner'], 'partner'),
  row('GET', '/v1/alliances/search', SHOP, 'site'),
  row('GET', '/v1/alliances/health', MANAGERS, 'business'),
  row('GET', '/v1/alliances/:id/health', MANAGERS, 'business'),
  row('GET', '/v1/lift', MANAGERS, 'business'),
  row('GET', '/v1/experiments', MANAGERS, 'business'),
  row('POST', '/v1/experiments', ['owner'], 'business'),
  row('POST', '/v1/experiments/:id/stop', ['owner'], 'business'),
  row('GET', '/v1/audit', MANAGERS, 'business'),
  row('GET', '/v1/policies', MANAGERS, 'business'),
  row('POST', '/v1/policies', MANAGERS, 'business'),
  row('POST', '/v1/policies/propose-learned', MANAGERS, 'business'),
  row('GET', '/v1/policies/:version', MANAGERS, 'business'),
  row('DELETE', '/v1/policies/:version', MANAGERS, 'business'),
  row('GET', '/v1/policies/:version/preview', MANAGERS, 'business'),
  row('POST', '/v1/policies/:version/activate', ['owner'], 'business'),
  row('GET', '/v1/calibration', MANAGERS, 'business'),
  row('GET', '/v1/recommendations/:id/persona', MANAGERS, 'site'),
  row('GET', '/v1/personas', MANAGERS, 'business'),
  row('GET', '/v1/personas/:id', MANAGERS, 'business'),
  row('PUT', '/v1/personas/:id', MANAGERS, 'business'),
  row('DELETE', '/v1/personas/:id', MANAGERS, 'business'),
  row('POST', '/v1/wishes', SHOP, 'site'),
  row('GET', '/v1/wishes', MANAGERS, 'site'),
  row('GET', '/v1/referrals', [...SHOP, 'partner'], 'partner'),
  row('GET', '/v1/referrals/:code', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/referrals', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/referrals/:code/events', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/referrals/:code/redeem', TILLS, 'site'),
  row('POST', '/v1/partners/:id/events', 'everybody', 'none'),
  row('POST', '/v1/partners/:id/signing-secret', ['owner'], 'business'),
  row('GET', '/v1/partners/:id/ledger', [...MANAGERS, 'partner'], 'partner'),
  row('GET', '/v1/partners/:id/balance', [...MANAGERS, 'partner'], 'partner'),
  row('GET', '/v1/partners/:id/statements', [...MANAGERS, 'partner'], 'partner'),
  row('GET', '/v1/partners/:id/statements/:month', [...MANAGERS, 'partner'], 'partner'),
  row('GET', '/v1/partners/:id/statements/:month/csv', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/partners/:id/statements/:month', MANAGERS, 'business'),
  row('POST', '/v1/alliances/:id/favours', MANAGERS, 'business'),
  row('GET', '/v1/disputes', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/ledger/:entry/disputes', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/disputes/:id/resolution', MANAGERS, 'business'),
  row('GET', '/v1/partners', SHOP, 'business'),
  row('POST', '/v1/partners', MANAGERS, 'business'),
  row('GET', '/v1/partners/gaps', MANAGERS, 'business'),
  row('GET', '/v1/partners/:id', [...SHOP, 'partner'], 'partner'),
  row('PUT', '/v1/partners/:id', MANAGERS, 'business'),
  row('PUT', '/v1/partners/:id/checks/:code', MANAGERS, 'business'),
  row('DELETE', '/v1/partners/:id/checks/:code', MANAGERS, 'business'),
  row('PUT', '/v1/offers/:id/checks/:code', MANAGERS, 'business'),
  row('DELETE', '/v1/offers/:id/checks/:code', MANAGERS, 'business'),
  row('GET', '/v1/alliances', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/alliances', MANAGERS, 'business'),
  row('GET', '/v1/alliances/:id', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/alliances/:id/terms', MANAGERS, 'business'),
  row('GET', '/v1/alliances/:id/terms/:version', [...SHOP, 'partner'], 'partner'),
  row('GET', '/v1/alliances/:id/terms/:version/differences', [...SHOP, 'partner'], 'partner'),
  row('POST', '/v1/alliances/:id/decisions', [...MANAGERS, 'partner'], 'partner'),
  row('POST', '/v1/alliances/:id/moves', [...MANAGERS, 'partner'], 'partner'),
  row('PUT', '/v1/alliances/:id/briefings/:site', SHOP, 'site'),
  row('POST', '/v1/alliances/:id/preview', MANAGERS, 'business'),
  row('GET', '/v1/registry.csv', MANAGERS, 'business'),
  row('POST', '/v1/registry/import', MANAGERS, 'business'),
  row('GET', '/v1/webhooks', ['owner'], 'business'),
  row('POST', '/v1/webhooks', ['owner'], 'business'),
  row('DELETE', '/v1/webhooks/:id', ['owner'], 'business'),
  row('GET', '/owner/alliances', MANAGERS, 'none'),
  row('GET', '/owner/alliances/new', MANAGERS, 'none'),
  row('POST', '/owner/alliances/new', MANAGERS, 'none'),
  row('GET', '/owner/alliances/:id', MANAGERS, 'none'),
  row('POST', '/owner/alliances/:id', MANAGERS, 'none'),
  row('GET', '/owner/alliances/:id/move', MANAGERS, 'none'),
  row('GET', '/owner/alliances/:id/terms', MANAGERS, 'none'),
  row('POST', '/owner/alliances/:id/terms', MANAGERS, 'none'),
  row('GET', '/owner/partners', MANAGERS, 'none'),
  row('GET', '/owner/partners/import', MANAGERS, 'none'),
  row('POST', '/owner/partners/import', MANAGERS, 'none'),
  row('GET', '/owner/partners/new', MANAGERS, 'none'),
  row('POST', '/owner/partners/new', MANAGERS, 'none'),
  row('GET', '/owner/partners/:id', MANAGERS, 'none'),
  row('POST', '/owner/partners/:id', MANAGERS, 'none'),
  row('GET', '/owner/partners/:id/statements/:month', MANAGERS, 'none'),
  row('POST', '/owner/partners/:id/statements/:month', MANAGERS, 'none'),
  row('GET', '/owner/offers', MANAGERS, 'none'),
  row('GET', '/owner/offers/new', MANAGERS, 'none'),
  row('POST', '/owner/offers/new', MANAGERS, 'none'),
  row('GET', '/owner/offers/:id', MANAGERS, 'none'),
  row('POST', '/owner/offers/:id', MANAGERS, 'none'),
  row('GET', '/owner/policy', MANAGERS, 'none'),
  row('POST', '/owner/policy', MANAGERS, 'none'),
  row('GET', '/owner/policy/:version', MANAGERS, 'none'),
  row('POST', '/owner/policy/:version', MANAGERS, 'none'),
  row('GET', '/owner/personas', MANAGERS, 'none'),
  row('GET', '/owner/personas/new', MANAGERS, 'none'),
  row('POST', '/owner/personas/new', MANAGERS, 'none'),
  row('GET', '/owner/personas/:id', MANAGERS, 'none'),
  row('POST', '/owner/personas/:id', MANAGERS, 'none'),
  row('GET', '/owner/learning', MANAGERS, 'none'),
  row('POST', '/owner/learning', MANAGERS, 'none'),
  row('GET', '/owner/people', MANAGERS, 'none'),
  row('GET', '/owner/merge', MANAGERS, 'none'),
  row('POST', '/owner/merge', MANAGERS, 'none'),
  row('GET', '/owner/mapping', MANAGERS, 'none'),
  row('POST', '/owner/mapping', MANAGERS, 'none'),
  row('GET', '/owner/polls', MANAGERS, 'none'),
  row('GET', '/owner/polls/new', MANAGERS, 'none'),
  row('POST', '/owner/polls/new', MANAGERS, 'none'),
  row('GET', '/owner/polls/:id', MANAGERS, 'none'),
  row('POST', '/owner/polls/:id', MANAGERS, 'none'),
  row('GET', '/owner/goals', MANAGERS, 'none'),
  row('POST', '/owner/goals', MANAGERS, 'none'),
  row('POST', '/owner/people', MANAGERS, 'none'),
  row('GET', '/owner/lift', MANAGERS, 'none'),
  row('POST', '/owner/lift', ['owner'], 'none'),
  row('GET', '/staff/customers', SHOP, 'none'),
  row('GET', '/staff/customers/:ref', SHOP, 'none'),
  row('POST', '/staff/customers/:ref', SHOP, 'none'),
  row('GET', '/staff/customers/:ref/about', SHOP, 'none'),
  row('POST', '/staff/customers/:ref/about', SHOP, 'none'),
  row('GET', '/about/:token', 'everybody', 'none'),
  row('POST', '/about/:token', 'everybody', 'none'),
  row('GET', '/staff/alliances', SHOP, 'none'),
  row('POST', '/staff/alliances', SHOP, 'none'),
  row('GET', '/staff/alliances/:id/card', SHOP, 'none'),
  row('GET', '/partner', ['partner'], 'partner'),
  row('POST', '/partner', ['partner'], 'partner'),
  row('GET', '/partner/codes/:code', ['partner'], 'partner'),
  row('GET', '/partner/places', ['partner'], 'partner'),
  row('POST', '/partner/places', ['partner'], 'partner'),
  row('GET', '/partner/places/calendar', ['partner'], 'partner'),
  row('POST', '/partner/places/calendar', ['partner'], 'partner'),
  row('GET', '/partner/sessions/:id', ['partner'], 'partner'),
  row('POST', '/partner/sessions/:id', ['partner'], 'partner'),
  row('GET', '/partner/terms', ['partner'], 'partner'),
  row('POST', '/partner/terms', ['partner'], 'partner'),
  row('GET', '/partner/account', ['partner'], 'partner'),
  row('POST', '/partner/account', ['partner'], 'partner'),
  row('GET', '/partner/statements/:month', ['partner'], 'partner'),
  row('GET', '/partner/offers', ['partner'], 'partner'),
  row('GET', '/partner/offers/new', ['partner'], 'partner'),
  row('POST', '/partner/offers/new', ['partner'], 'partner'),
  row('GET', '/partner/offers/:id', ['partner'], 'partner'),
  row('POST', '/partner/offers/:id', ['partner'], 'partner'),
  row('GET', '/healthz', 'everybody', 'none'),
  row('GET', '/readyz', 'everybody', 'none'),
  row('GET', '/openapi.json', 'everybody', 'none'),
  row('GET', STYLE_PATH, 'everybody', 'none'),
  row('GET', SCRIPT_PATH, 'everybody', 'none'),
  row('GET', '/', 'everybody', 'none'),
  row('GET', '/till', 'everybody', 'none'),
  row('POST', '/till', 'everybody', 'none'),
  row('GET', '/poll/:token', 'everybody', 'none'),
  row('POST', '/poll/:token', 'everybody', 'none'),
  row('GET', '/sign-in', 'everybody', 'none'),
  row('POST', '/sign-in', 'everybody', 'none'),
  row('POST', '/sign-out', 'everybody', 'none'),
  row('GET', '/reference', 'everybody', 'none'),
]

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`
/** What surrounds routes is mounted for every method. */
const isConcrete = ({ method }: RouterRoute) => method !== 'ALL'

/** The roles that may call a route; for the one that checks its key inside its read. */
export function rolesOf(method: string, path: string): readonly Role[] {
  const found = AUTHORIZATION.find((each) => each.method === method && each.path === path)
  if (!found || found.who === 'everybody') throw new Error(`No roles for ${method} ${path}.`)
  return found.who
}

/** The routes of an app that have no row: nobody said who may call them. */
export function missingRows(app: App, table: readonly Row[] = AUTHORIZATION): string[] {
  const known = new Set(table.map(nameOf))
  return [...new Set(app.routes.filter(isConcrete).map(nameOf))].filter((name) => !known.has(name))
}

/** The rows that no route of an app answers to. */
export function idleRows(app: App, table: readonly Row[] = AUTHORIZATION): string[] {
  const routes = new Set(app.routes.filter(isConcrete).map(nameOf))
  return table.map(nameOf).filter((name) => !routes.has(name))
}

/**
 * The row of the route that will answer a request; null where there is no route.
 * @throws Error, naming them, when routes of the app have no row
 */
export function rowsOf(app: App): (c: Context) => Row | null {
  const missing = missingRows(app)
  if (missing.length > 0)
    throw new Error(`Say in src/http/authorization.ts who may call: ${missing.join(', ')}.`)
  const byName = new Map(AUTHORIZATION.map((each) => [nameOf(each), each]))
  const byRoute = new Map(app.routes.filter(isConcrete).map((route) => [route, byName.get(nameOf(route))!]))
  return (c) => {
    // The first that fits is the one that answers, also where two patterns fit.
    const route = matchedRoutes(c).find(isConcrete)
    if (route === undefined) return null
    const found = byRoute.get(route)
    // Added after the start: closed.
    if (found === undefined) throw new Problem('not_found')
    return found
  }
}

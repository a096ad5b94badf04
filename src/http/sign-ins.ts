/** Who may come in: links that sign somebody in once, and the sign-ins that came of them. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { SignInRow } from '../store/sign-in.ts'
import { findSignInById, listSignIns, makeInvite, newToken, revokeSignIn } from '../store/sign-in.ts'
import type { App, Deps, Env } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { keyOf, PageQuery, pageOf } from './cursor.ts'
import { json, jsonBody } from './document.ts'
import { ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'

const HOUR_MS = 3_600_000

const InviteSchema = z
  .strictObject({
    role: z.enum(['staff', 'manager', 'owner', 'partner']),
    site: ref()
      .optional()
      .openapi({ description: 'staff: where. manager: only there; every site without it.' }),
    partner: ref().optional().openapi({ description: 'partner: which one.' }),
    staff: ref().optional().openapi({ description: 'The id of the person, for the audit log.' }),
    label: text(60).openapi({ description: 'The name that the pages show.' }),
    hours: z.int().min(1).max(336).default(72).openapi({ description: 'How long the link waits.' }),
  })
  .refine((ask) => (ask.role === 'partner') === (ask.partner !== undefined), {
    path: ['partner'],
    message: 'belongs to the role partner, and only to it',
  })
  .refine((ask) => ask.role !== 'partner' || ask.staff === undefined, {
    path: ['staff'],
    message: 'a partner is not staff',
  })
  .refine((ask) => ask.site === undefined || ask.role === 'staff' || ask.role === 'manager', {
    path: ['site'],
    message: 'belongs to the roles staff and manager',
  })
  .openapi('Invite', {
    example: { role: 'staff', site: 'BK', staff: 'st_maya', label: 'Maya', hours: 72 },
  })

type InviteAsk = z.infer<typeof InviteSchema>

const make = createRoute({
  method: 'post',
  path: '/v1/invites',
  operationId: 'invite',
  tags: ['people'],
  summary: 'A link that signs somebody in, once',
  description:
    'Shown this once: only its hash is kept, and no answer is kept under an `Idempotency-Key`. A manager invites staff and partners; the owner everybody.',
  security: [{ key: [] }],
  request: { body: jsonBody(InviteSchema) },
  responses: {
    201: json('The link', z.strictObject({ url: z.string(), expiresAt: z.string() }).openapi('InviteLink')),
    ...problems(400, 401, 403, 413, 415, 422, 503),
  },
})

const SignInSchema = z
  .strictObject({
    id: z.string(),
    role: z.enum(['till', 'staff', 'manager', 'owner', 'partner']),
    site: z.string().nullable(),
    partner: z.string().nullable(),
    staff: z.string().nullable(),
    label: z.string(),
    createdAt: z.string(),
    expiresAt: z.string(),
  })
  .openapi('SignIn')

const list = createRoute({
  method: 'get',
  path: '/v1/sign-ins',
  operationId: 'listSignIns',
  tags: ['people'],
  summary: 'Who is signed in to the pages',
  security: [{ key: [] }],
  request: { query: z.strictObject(PageQuery) },
  responses: {
    200: json(
      'Newest first',
      z.strictObject({ items: z.array(SignInSchema), next: z.string().nullable() }).openapi('SignIns'),
    ),
    ...problems(400, 401, 403, 503),
  },
})

const revoke = createRoute({
  method: 'delete',
  path: '/v1/sign-ins/{id}',
  operationId: 'revokeSignIn',
  tags: ['people'],
  summary: 'Sign somebody out',
  description: 'The very next page or call refuses their cookie. A manager signs out staff and partners.',
  security: [{ key: [] }],
  request: { params: z.object({ id: ref(16) }) },
  responses: {
    200: json(
      'They are signed out, or were before',
      z
        .strictObject({ revoked: z.boolean(), reason: z.enum(['NOT_SIGNED_IN']).nullable() })
        .openapi('Revoked'),
    ),
    ...problems(400, 401, 403, 503),
  },
})

export function signIns(app: App): void {
  app.openapi(make, async (c) => {
    const deps = c.get('deps')
    const ask = c.req.valid('json')
    const key = c.get('key')
    if (key.role === 'manager' && !MANAGED.has(ask.role))
      throw new Problem('forbidden', 'A manager invites staff and partners; ask the owner.', [
        { field: 'role', message: 'is not yours to invite' },
      ])
    const siteId = await known(deps, ask, key)
    const token = newToken()
    const expiresAt = new Date(deps.clock() + ask.hours * HOUR_MS).toISOString()
    const guest = {
      role: ask.role,
      siteId,
      partnerId: ask.partner ?? null,
      staffId: ask.staff ?? null,
      label: ask.label,
    }
    const made = await stored(makeInvite(deps.engine, token, guest, expiresAt, c.get('by')))
    if (!made) throw unknown('partner', ask.partner!)
    return c.json({ url: `${originOf(c)}/sign-in?invite=${token}`, expiresAt }, 201)
  })

  app.openapi(list, async (c) => {
    const { engine, clock } = c.get('deps')
    const { limit, cursor } = c.req.valid('query')
    const nowIso = new Date(clock()).toISOString()
    const { siteId } = c.get('key')
    const rows = await stored(listSignIns(engine, { siteId, nowIso, before: keyOf(cursor), most: limit + 1 }))
    const { items, next } = pageOf(rows, limit, (row) => `${row.createdAt}|${row.id}`)
    return c.json({ items: items.map(shown), next }, 200)
  })

  app.openapi(revoke, async (c) => {
    const { engine } = c.get('deps')
    const { id } = c.req.valid('param')
    const key = c.get('key')
    const found = await stored(findSignInById(engine, id, key.siteId))
    if (found && key.role === 'manager' && !MANAGED.has(found.role))
      throw new Problem('forbidden', 'A manager signs out staff and partners; ask the owner.')
    const revoked = found !== null && (await stored(revokeSignIn(engine, id, c.get('by'))))
    return c.json({ revoked, reason: revoked ? null : ('NOT_SIGNED_IN' as const) }, 200)
  })
}

/** Whom a manager may let in and sign out. */
const MANAGED: ReadonlySet<string> = new Set(['staff', 'partner'])

/** The site of an invite, once the site and the person that it names are known. @throws unknown_reference, forbidden */
async function known(deps: Deps, ask: InviteAsk, key: Parameters<typeof siteOf>[0]): Promise<string | null> {
  const catalogue = await stored(deps.snapshot.refresh())
  if (ask.staff !== undefined && !catalogue.staff.has(ask.staff)) throw unknown('staff', ask.staff)
  if (ask.role === 'staff' || ask.site !== undefined) return siteOf(key, ask.site, catalogue.sites)
  // Whoever belongs to one site cannot let anybody in to all of them.
  return ask.role === 'partner' ? null : key.siteId
}

const unknown = (field: string, value: string) =>
  new Problem('unknown_reference', `${field}: ${value} is unknown`, [{ field, message: 'is unknown' }])

function shown({ id, role, siteId, partnerId, staffId, label, createdAt, expiresAt }: SignInRow) {
  return { id, role, site: siteId, partner: partnerId, staff: staffId, label, createdAt, expiresAt }
}

/** What people call a site; null for none. */
export async function siteName(deps: Deps, siteId: string | null): Promise<string | null> {
  if (siteId === null) return null
  const catalogue = await stored(deps.snapshot.refresh())
  return catalogue.sites.get(siteId)?.name ?? siteId
}

/** Whether the visitor came over https, also where something in front of us ended it. */
export function overHttps(c: Context<Env>): boolean {
  return new URL(c.req.url).protocol === 'https:' || /^https\b/.test(c.req.header('x-forwarded-proto') ?? '')
}

/** The address under which the visitor reached us, for links to show. */
export function originOf(c: Context<Env>): string {
  return `${overHttps(c) ? 'https' : 'http'}://${c.req.header('host') ?? new URL(c.req.url).host}`
}

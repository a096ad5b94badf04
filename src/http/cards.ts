/** A customer's card for staff, and "what do you know about us?": all that we hold of her, to read, change and forget. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Purpose } from '../core/about.ts'
import { aboutOf, FORGETTABLE, PURPOSES } from '../core/about.ts'
import { answerOf } from '../core/answer.ts'
import type { Card } from '../core/card.ts'
import { blankCard, cardOf } from '../core/card.ts'
import type { Catalogue } from '../core/catalogue.ts'
import type { Held } from '../core/held.ts'
import { consentOf } from '../core/held.ts'
import { momentOf } from '../core/moment.ts'
import { recommend } from '../core/recommend.ts'
import { RELATIONSHIPS } from '../core/relationship.ts'
import { dateOf, localDay } from '../core/time.ts'
import {
  findAboutLink,
  forgetCare,
  forgetChild,
  forgetGuess,
  forgetName,
  forgetPoll,
  makeAboutLink,
  readHeld,
} from '../store/about.ts'
import type { By } from '../store/audit.ts'
import { audited } from '../store/audit.ts'
import { CAPS, findCustomers, personOf, readTill } from '../store/customer.ts'
import { eraseCustomer, eraseEvidence, recordConsent, recordEvidence } from '../store/evidence.ts'
import type { KeyRow } from '../store/key.ts'
import type { App, Deps, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { ingestOptions } from './purchases.ts'
import { originOf } from './sign-ins.ts'

const DAY_MS = 86_400_000
/** How long a customer's own link works. */
const LINK_DAYS = 7

const params = z.object({ ref: ref(100) })
const tokenParams = z.object({ token: z.string().regex(/^[0-9a-f]{64}$/, 'is none of our links') })
const level = z.int().min(0).max(2)
const dated = { on: z.string(), says: z.string() }

const CardSchema = z
  .strictObject({
    ref: z.string(),
    known: z
      .boolean()
      .openapi({ description: 'false: she did not allow that we know her; the rest is empty.' }),
    firstName: z.string().nullable(),
    knownBy: z.string().nullable().openapi({ description: 'Who of the staff knows her.' }),
    relationship: z
      .strictObject({
        level,
        name: z.enum(RELATIONSHIPS),
        because: z.string(),
        since: z.string().nullable(),
        history: z
          .array(z.strictObject({ on: z.string(), level, name: z.enum(RELATIONSHIPS), because: z.string() }))
          .openapi({ description: 'Every change, newest first. It goes back as well as forth.' }),
      })
      .nullable(),
    told: z.array(
      z.strictObject({
        ...dated,
        delicate: z.boolean().openapi({ description: 'Only she may bring it up.' }),
        offered: z.boolean().openapi({
          description: 'It is delicate and she did bring it up: the next step follows from it.',
        }),
      }),
    ),
    did: z.array(z.strictObject(dated)),
    next: z
      .strictObject({
        offerId: z.string(),
        headline: z.string(),
        opener: z.string(),
        line: z.string(),
        disclosure: z.string(),
        reasons: z.array(z.string()),
        follows: z.string().nullable(),
        open: z.boolean(),
      })
      .nullable()
      .openapi({ description: 'What the till would be told now; null: say nothing.' }),
    ask: z.strictObject({ goal: z.string(), question: z.string() }).nullable(),
    avoid: z
      .strictObject({ code: z.enum(['CARE', 'TOLD_NO', 'RESTING', 'QUIET']), says: z.string() })
      .nullable(),
  })
  .openapi('CustomerCard', {
    example: {
      ref: 'g01-ana',
      known: true,
      firstName: 'Ana',
      knownBy: 'Maya',
      relationship: {
        level: 1,
        name: 'engagement',
        because: 'She bought from us three times in a year, and told us something on 7 February.',
        since: '2025-08-23',
        history: [
          {
            on: '2025-08-23',
            level: 1,
            name: 'engagement',
            because: 'She bought from us twice in a year, last on 23 August.',
          },
        ],
      },
      told: [
        {
          on: '2026-02-07',
          says: 'She told Maya on 7 February: keeps asking for a piano.',
          delicate: false,
          offered: false,
        },
      ],
      did: [{ on: '2025-11-22', says: 'She bought “Glockenspiel, eight notes” on 22 November 2025.' }],
      next: null,
      ask: { goal: 'mv-swim', question: 'Is being happy in water something you would like for your child?' },
      avoid: null,
    },
  })

const nullable = z.string().nullable()
const decisionNow = z.enum(['granted', 'withdrawn', 'objected'])
const says = z.string()

const AboutSchema = z
  .strictObject({
    ref: z.string(),
    site: z.string(),
    firstName: nullable,
    knownBy: nullable,
    joinedOn: z.string(),
    mayUse: z.boolean().openapi({ description: 'Whether she allows that we use any of it.' }),
    children: z.array(z.strictObject({ id: z.string(), birthMonth: z.string(), says })),
    told: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.string(),
        on: z.string(),
        goals: z.array(z.string()),
        facet: nullable,
        words: nullable,
        staff: nullable,
        about: nullable,
        says,
      }),
    ),
    did: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.string(),
        on: z.string(),
        offer: nullable,
        goals: z.array(z.string()),
        about: nullable,
        says,
      }),
    ),
    guesses: z.array(z.strictObject({ goal: z.string(), says })).openapi({
      description: 'What we think because of what she bought; never about what only she may tell.',
    }),
    bought: z.array(
      z.strictObject({
        id: z.string(),
        on: z.string(),
        site: z.string(),
        currency: z.string(),
        totalMinor: z.int(),
        voided: z.boolean(),
        lines: z.array(
          z.strictObject({
            name: z.string(),
            quantity: z.number(),
            unitPriceMinor: z.int(),
            gift: z.boolean(),
          }),
        ),
        says,
      }),
    ),
    consents: z.array(
      z.strictObject({
        purpose: z.enum(PURPOSES),
        decision: decisionNow.nullable().openapi({ description: 'null: she never said.' }),
        since: nullable,
        history: z.array(
          z.strictObject({
            decision: z.string(),
            at: z.string(),
            channel: z.string(),
            source: z.string(),
            wording: z.string(),
          }),
        ),
        says,
      }),
    ),
    care: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.string(),
        what: z.string(),
        promise: nullable,
        openedOn: z.string(),
        dueOn: nullable,
        closedOn: nullable,
        says,
      }),
    ),
    polls: z.array(
      z.strictObject({ id: z.string(), question: z.string(), answer: z.string(), on: z.string(), says }),
    ),
    suggested: z.array(
      z.strictObject({ on: z.string(), touchpoint: z.string(), offer: nullable, outcome: nullable, says }),
    ),
    introductions: z.array(
      z.strictObject({
        code: z.string(),
        offer: z.string(),
        partner: nullable,
        state: z.string(),
        on: z.string(),
        says,
      }),
    ),
    places: z.array(
      z.strictObject({ offer: z.string(), startsAt: z.string(), place: z.string(), state: z.string(), says }),
    ),
    relationship: z.strictObject({ name: z.enum(RELATIONSHIPS), since: nullable, says }),
  })
  .openapi('AboutCustomer')

const ChangeSchema = z
  .strictObject({
    forget: z
      .strictObject({
        what: z.enum(FORGETTABLE),
        id: text(200).optional().openapi({ description: 'As the line has it; of a guess, its goal.' }),
      })
      .refine((line) => line.what === 'name' || line.id !== undefined, {
        path: ['id'],
        message: 'is missing',
      })
      .optional(),
    notSo: ref().optional().openapi({ description: 'A goal that we have wrong: kept as her no.' }),
    consent: z.strictObject({ purpose: z.enum(PURPOSES), decision: decisionNow }).optional(),
  })
  .refine((change) => Object.values(change).filter((part) => part !== undefined).length === 1, {
    message: 'must name one of forget, notSo and consent',
  })
  .openapi('AboutChange', { example: { forget: { what: 'told', id: 'g01-ana-told-1' } } })

const ChangedSchema = z
  .strictObject({
    recorded: z.boolean(),
    reason: z
      .enum(['CONSENT', 'NOTHING_TO_ERASE'])
      .nullable()
      .openapi({ description: 'Why nothing changed.' }),
  })
  .openapi('AboutChanged', { example: { recorded: true, reason: null } })

const LinkSchema = z.strictObject({ url: z.string(), expiresAt: z.string() }).openapi('AboutLink')

const card = createRoute({
  method: 'get',
  path: '/v1/customers/{ref}/card',
  operationId: 'customerCard',
  tags: ['customer'],
  summary: 'The customer’s card: what she told us and did, the next step, one question, one thing to avoid',
  description:
    'For staff. No scores, nothing inferred, no money. The next step is what the till would be told now; nothing is recorded. Somebody of another site is not found, unless she allowed all sites.',
  security: [{ key: [] }],
  request: { params },
  responses: { 200: json('The card', CardSchema), ...problems(400, 401, 403, 404, 503) },
})

const about = createRoute({
  method: 'get',
  path: '/v1/customers/{ref}/about',
  operationId: 'aboutCustomer',
  tags: ['customer'],
  summary: 'Everything that we hold of her, in sentences to her and as data',
  description: 'What the page “What do you know about us?” is made of, and its file to take along.',
  security: [{ key: [] }],
  request: { params },
  responses: { 200: json('All of it', AboutSchema), ...problems(400, 401, 403, 404, 503) },
})

const change = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/about',
  operationId: 'changeAbout',
  tags: ['customer'],
  summary: 'Forget a line, say that a guess is not so, or change a consent',
  description: 'The very next recommendation knows it. One change a call; done twice, it is done once.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(ChangeSchema) },
  responses: {
    200: json('Changed, or why not', ChangedSchema),
    ...problems(400, 401, 403, 404, 413, 415, 422, 503),
  },
})

const link = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/about-link',
  operationId: 'aboutLink',
  tags: ['customer'],
  summary: 'A link by which she reads and changes it herself, for seven days',
  description: 'Shown this once: only its hash is kept. A new one ends the one before.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(z.strictObject({}).openapi('AboutLinkAsk', { example: {} })) },
  responses: { 201: json('The link', LinkSchema), ...problems(400, 401, 403, 404, 413, 415, 422, 503) },
})

const ownAbout = createRoute({
  method: 'get',
  path: '/v1/about/{token}',
  operationId: 'aboutMe',
  tags: ['customer'],
  summary: 'The same for the customer herself, by her link',
  description: 'The link is the key. When it is over there is nothing here.',
  request: { params: tokenParams },
  responses: { 200: json('All of it', AboutSchema), ...problems(400, 404, 503) },
})

const ownChange = createRoute({
  method: 'post',
  path: '/v1/about/{token}',
  operationId: 'changeAboutMe',
  tags: ['customer'],
  summary: 'Forget a line, say that a guess is not so, or change a consent, by her link',
  request: { params: tokenParams, body: jsonBody(ChangeSchema) },
  responses: { 200: json('Changed, or why not', ChangedSchema), ...problems(400, 404, 413, 415, 422, 503) },
})

const ownErase = createRoute({
  method: 'delete',
  path: '/v1/about/{token}',
  operationId: 'forgetMe',
  tags: ['customer'],
  summary: 'Forget her altogether, by her link',
  description: 'As with `forgetCustomer`; her link ends with it. It cannot be undone.',
  request: { params: tokenParams },
  responses: { 200: json('Forgotten', ChangedSchema), ...problems(400, 404, 503) },
})

const DONE = { recorded: true, reason: null } as const
const NOTHING = { recorded: false, reason: 'NOTHING_TO_ERASE' } as const

export function cards(app: App): void {
  app.openapi(card, async (c) => {
    const deps = c.get('deps')
    const { catalogue, held } = await heldOf(deps, c.get('key'), c.req.valid('param').ref)
    return c.json(await cardAt(deps, catalogue, held, c.get('key').siteId), 200)
  })

  app.openapi(about, async (c) => {
    const deps = c.get('deps')
    const { catalogue, held } = await heldOf(deps, c.get('key'), c.req.valid('param').ref)
    return c.json(aboutOf(catalogue, held, deps.clock()), 200)
  })

  app.openapi(change, async (c) => {
    const deps = c.get('deps')
    const { catalogue, held } = await heldOf(deps, c.get('key'), c.req.valid('param').ref)
    const by = { staff: c.get('key').staffId, channel: 'staff page' }
    return c.json(await changed(deps, catalogue, held, c.req.valid('json'), by), 200)
  })

  app.openapi(link, async (c) => {
    const deps = c.get('deps')
    const { held } = await heldOf(deps, c.get('key'), c.req.valid('param').ref)
    const expiresAt = new Date(deps.clock() + LINK_DAYS * DAY_MS).toISOString()
    const token = await stored(makeAboutLink(deps.engine, held.customer.ref, expiresAt, c.get('by')))
    return c.json({ url: `${originOf(c)}/about/${token}`, expiresAt }, 201)
  })

  app.openapi(ownAbout, async (c) => {
    const deps = c.get('deps')
    const { catalogue, held } = await ownHeld(deps, c.req.valid('param').token)
    return c.json(aboutOf(catalogue, held, deps.clock()), 200)
  })

  app.openapi(ownChange, async (c) => {
    const deps = c.get('deps')
    const { catalogue, held } = await ownHeld(deps, c.req.valid('param').token)
    const by = { staff: null, channel: 'own page' }
    return c.json(await changed(deps, catalogue, held, c.req.valid('json'), by), 200)
  })

  app.openapi(ownErase, async (c) => {
    const deps = c.get('deps')
    const { held } = await ownHeld(deps, c.req.valid('param').token)
    const by = herself(c)
    // The log says that somebody was forgotten, and not who.
    const also = [audited(by, 'forgotten', 'customer', by.requestId)]
    const erased = await stored(eraseCustomer(deps.engine, held.customer.ref, also))
    return c.json(erased ? DONE : NOTHING, 200)
  })
}

/** Who acts, for the log, where the customer does. */
function herself(c: Context<Env>): By {
  const requestId = c.get('requestId')
  const at = new Date(c.get('deps').clock()).toISOString()
  return { actor: 'customer', role: 'customer', requestId, at, id: requestId }
}

/** All that is held of a customer whom this key's site may know. @throws not_found for anybody else, and for nobody */
async function heldOf(deps: Deps, key: KeyRow, ref: string): Promise<{ catalogue: Catalogue; held: Held }> {
  await stored(deps.recorder.flush())
  const who = (await stored(findCustomers(deps.engine, [ref]))).get(ref)?.ref ?? ref
  const [catalogue, held] = await stored(Promise.all([deps.snapshot.refresh(), readHeld(deps.engine, who)]))
  const here =
    held !== null &&
    (key.siteId === null ||
      held.customer.siteId === key.siteId ||
      consentOf(held.consents, 'allSites')?.decision === 'granted')
  if (!here) throw new Problem('not_found', 'No customer of this site has this reference.')
  return { catalogue, held }
}

/** The same by the customer's own link. @throws not_found when the link is over */
async function ownHeld(deps: Deps, token: string): Promise<{ catalogue: Catalogue; held: Held }> {
  await stored(deps.recorder.flush())
  const found = await stored(findAboutLink(deps.engine, token, new Date(deps.clock()).toISOString()))
  const [catalogue, held] = await stored(
    Promise.all([deps.snapshot.refresh(), found === null ? null : readHeld(deps.engine, found.customer)]),
  )
  if (held === null) throw new Problem('not_found', 'This link is over. Ask in the shop for a new one.')
  return { catalogue, held }
}

/** The card, from what a till would be told at this moment with nothing in the basket. Nothing is recorded. */
async function cardAt(deps: Deps, catalogue: Catalogue, held: Held, keySite: string | null): Promise<Card> {
  const { ref, siteId: ownSite } = held.customer
  const nowMs = deps.clock()
  const since = new Date(nowMs - CAPS.earlierDays * DAY_MS).toISOString()
  const row = await stored(readTill(deps.engine, { keyHash: '', customer: ref, since, id: null }))
  const person = row.state === null ? null : personOf(ref, row.holdout!, row.state, row.earlier)
  if (person === null) return blankCard(ref)
  const siteId = keySite ?? ownSite
  const moment = momentOf(catalogue, { siteId, touchpoint: 'floor', nowMs, basket: [] }, person)
  const decision = recommend(moment, deps.snapshot.learned.at(moment), ref)
  const answer = answerOf(decision, moment, {
    id: 'card',
    degraded: null,
    dataVersion: String(deps.snapshot.rev),
    currency: catalogue.sites.get(siteId)!.currency,
    unmatched: [],
  })
  return cardOf(held, moment, answer)
}

type Change = z.infer<typeof ChangeSchema>

/** Do what she asks; the customer's state is new in the same write. @throws unknown_reference for an unknown goal */
async function changed(
  deps: Deps,
  catalogue: Catalogue,
  held: Held,
  { forget, notSo, consent }: Change,
  by: { staff: string | null; channel: string },
): Promise<z.infer<typeof ChangedSchema>> {
  if (forget) return (await stored(forgotten(deps, held, forget))) ? DONE : NOTHING
  if (consent) {
    await stored(decided(deps, catalogue, held, consent, by.channel))
    return DONE
  }
  if (!catalogue.goalIndex.has(notSo!))
    throw new Problem('unknown_reference', `notSo: ${notSo} is unknown`, [
      { field: 'notSo', message: 'is unknown' },
    ])
  if (consentOf(held.consents, 'personalise')?.decision !== 'granted')
    return { recorded: false, reason: 'CONSENT' }
  await stored(denied(deps, catalogue, held, notSo!, by.staff))
  return DONE
}

function forgotten(
  { engine, clock }: Deps,
  { customer: { ref } }: Held,
  { what, id = '' }: NonNullable<Change['forget']>,
): Promise<boolean> {
  const now = new Date(clock()).toISOString()
  switch (what) {
    case 'name':
      return forgetName(engine, ref)
    case 'child':
      return forgetChild(engine, ref, id)
    case 'told':
    case 'did':
      return eraseEvidence(engine, ref, id, now)
    case 'guess':
      return forgetGuess(engine, ref, id, now)
    case 'care':
      return forgetCare(engine, ref, id)
    case 'poll':
      return forgetPoll(engine, ref, id)
  }
}

/** Keep her decision, unless it is the one in force. */
async function decided(
  deps: Deps,
  catalogue: Catalogue,
  { customer, consents }: Held,
  { purpose, decision }: { purpose: Purpose; decision: 'granted' | 'withdrawn' | 'objected' },
  channel: string,
): Promise<void> {
  if (consentOf(consents, purpose)?.decision === decision) return
  const { ref, siteId, joinedOn } = customer
  const now = new Date(deps.clock()).toISOString()
  const { holdout } = await ingestOptions(deps, catalogue.policy)
  const id = `${ref}/about-${deps.random(12)}`
  await recordConsent(
    deps.engine,
    {
      id,
      customer: ref,
      purpose,
      decision,
      channel,
      source: 'customer',
      wording: '1',
      at: now,
      recordedAt: now,
    },
    { ref, siteId, joinedOn, ...holdout(ref) },
  )
}

/** Keep that a goal is none of hers, unless that was her last word on it already. */
async function denied(
  deps: Deps,
  catalogue: Catalogue,
  { customer: { ref, siteId }, evidence }: Held,
  goal: string,
  staffId: string | null,
): Promise<void> {
  const last = evidence.find(
    (line) => line.goal === goal && ['told', 'answered', 'toldNo'].includes(line.kind),
  )
  if (last?.kind === 'toldNo') return
  const onDate = dateOf(localDay(deps.clock(), catalogue.sites.get(siteId)?.timeZone ?? 'UTC'))
  await recordEvidence(deps.engine, [
    {
      id: `not-so-${deps.random(12)}`,
      customer: ref,
      kind: 'toldNo',
      goal,
      weight: 0,
      halfLifeDays: 1,
      staffId,
      onDate,
      recordedAt: new Date(deps.clock()).toISOString(),
    },
  ])
}

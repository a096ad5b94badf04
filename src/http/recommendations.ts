/** decide: `POST /v1/recommendations`, and the explanation of an answer for managers. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bandOf, expectedOf } from '../core/acceptance.ts'
import type { Answer } from '../core/answer.ts'
import { answerOf } from '../core/answer.ts'
import { listening } from '../core/capsule.ts'
import type { Catalogue } from '../core/catalogue.ts'
import { digest } from '../core/chance.ts'
import type { Moment, Person } from '../core/moment.ts'
import { momentOf, resolveBasket } from '../core/moment.ts'
import type { Policy } from '../core/policy.ts'
import type { Decision } from '../core/recommend.ts'
import { recommend } from '../core/recommend.ts'
import type { TillRow } from '../store/customer.ts'
import { CAPS, personOf, readTill } from '../store/customer.ts'
import type { KeyRow } from '../store/key.ts'
import type { NewRecommendation } from '../store/recommendation.ts'
import { inputsOf } from '../store/recommendation.ts'
import { ANSWER_EXAMPLE, AnswerSchema } from './answer-schema.ts'
import type { App, Deps } from './app-context.ts'
import { admit, bearerHash, siteOf } from './auth.ts'
import { rolesOf } from './authorization.ts'
import { jsonBody } from './document.ts'
import { BasketLineSchema, currency, instant, ref } from './fields.ts'
import { Problem, parsed, problems } from './problem.ts'

export const TOUCHPOINTS = [
  'till',
  'phone',
  'fittingRoom',
  'floor',
  'letter',
  'signUp',
  'partner',
  'web',
] as const

const AskSchema = z
  .strictObject({
    id: ref(80)
      .optional()
      .openapi({ description: 'Made by the till: a repeat with the same id gets the same answer.' }),
    touchpoint: z.enum(TOUCHPOINTS).default('till'),
    site: ref().optional().openapi({ description: 'Only for keys that serve every site.' }),
    staff: ref().optional(),
    customer: ref(100).optional(),
    basket: z
      .strictObject({ currency: currency.optional(), lines: z.array(BasketLineSchema).max(500).default([]) })
      .optional(),
    deadlineMs: z.int().min(10).max(10_000).default(300),
    explain: z.enum(['none', 'reasons']).default('reasons'),
    asOf: instant.optional().openapi({ description: 'Only with dryRun: what would you say then?' }),
    dryRun: z.boolean().default(false).openapi({ description: 'Record nothing.' }),
  })
  .refine((ask) => ask.asOf === undefined || ask.dryRun, { path: ['asOf'], message: 'needs dryRun: true' })
  .openapi('RecommendationRequest', {
    example: {
      touchpoint: 'till',
      staff: 'st_maya',
      customer: 'g01-ana',
      basket: {
        currency: 'USD',
        lines: [
          {
            name: 'Cotton lawn dress, 6Y',
            category: 'dresses',
            sku: 'DR-204-6',
            quantity: 1,
            unitPrice: 9600,
          },
          { name: 'Straw hat', category: 'hats-accessories', quantity: 1, unitPrice: 2200 },
        ],
      },
      deadlineMs: 300,
      explain: 'reasons',
    },
  })

type Ask = z.infer<typeof AskSchema>

const HeadersSchema = z.object({ 'idempotency-key': ref(80).optional() })

const route = createRoute({
  method: 'post',
  path: '/v1/recommendations',
  operationId: 'decide',
  tags: ['till'],
  summary: 'The one next offer for this basket, or silence',
  description:
    'Answers within `deadlineMs`, always: when the store does not, from the basket alone, marked `degraded`. A repeat with the same `id` (or `Idempotency-Key`) gets the same answer.',
  security: [{ key: [] }],
  request: {
    headers: HeadersSchema,
    body: jsonBody(AskSchema),
  },
  responses: {
    200: {
      description: 'An offer, or a silence',
      content: { 'application/json': { schema: AnswerSchema, example: ANSWER_EXAMPLE } },
    },
    ...problems(400, 401, 403, 413, 415, 422),
  },
})

const ROLES = rolesOf('POST', route.path)
const DAY_MS = 86_400_000

/** Calls under way, by id: the same id at the same time is one call. */
type UnderWay = Map<string, { digest: string; answering: Promise<Made> }>

export function recommendations(app: App): void {
  const underWay: UnderWay = new Map()
  /** Keys that the store confirmed, for when it does not answer. */
  const confirmed = new Map<string, KeyRow>()
  // Node has no execution context, and Hono throws for want of one: it is asked once.
  let hasContext = true
  const waitUntilOf = (c: Context): Call['waitUntil'] => {
    if (!hasContext) return undefined
    try {
      const { executionCtx } = c
      return (promise) => executionCtx.waitUntil(promise)
    } catch {
      hasContext = false
      return undefined
    }
  }

  // Documented like every route, but parsed by itself: the way through the validators costs as much as the answer.
  app.openAPIRegistry.registerPath(route)
  app.post(route.path, async (c) => {
    const deps = c.get('deps')
    const ask = parsed(AskSchema, jsonOf(await c.req.text()))
    const hash = await bearerHash(c)
    const named = c.req.header('idempotency-key')
    const id =
      ask.id ??
      (named === undefined ? null : parsed(HeadersSchema, { 'idempotency-key': named })['idempotency-key']!)
    const requestDigest = id === null ? '' : digest(JSON.stringify(ask))
    const same = id === null ? undefined : underWay.get(id)
    if (same && same.digest !== `${hash}/${requestDigest}`) throw reused()
    const answering =
      same?.answering ?? answer(deps, ask, { id, hash, requestDigest, confirmed, waitUntil: waitUntilOf(c) })
    if (id !== null && !same && !ask.dryRun) {
      underWay.set(id, { digest: `${hash}/${requestDigest}`, answering })
      const over = () => underWay.delete(id)
      answering.then(over, over)
    }
    const made = await answering
    c.set('role', made.role)
    c.set('site', made.site)
    return c.body(made.text, 200, JSON_TYPE)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** @throws not_json */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('not_json')
  }
}

const reused = () =>
  new Problem('id_reused', 'This id was used for another question.', [
    { field: 'id', message: 'was used for another question' },
  ])

type Call = {
  id: string | null
  hash: string
  requestDigest: string
  confirmed: Map<string, KeyRow>
  waitUntil: ((promise: Promise<void>) => void) | undefined
}

/** Begins with the time, so that what is recorded together lies together: a commit then writes few pages. */
const newId = ({ clock, random }: Deps) => `rec_${clock().toString(36)}${random(10)}`

/** The answer as it is sent, and for whom. */
type Made = { text: string; role: string; site: string }

async function answer(deps: Deps, ask: Ask, call: Call): Promise<Made> {
  const { snapshot, recorder, clock } = deps
  const nowMs = ask.asOf ? Date.parse(ask.asOf) : clock()
  const read = await readInTime(deps, ask, call, nowMs)

  const key = read
    ? admit(read.key, new Date(clock()).toISOString(), ROLES)
    : (call.confirmed.get(call.hash) ?? null)
  if (read) {
    if (call.confirmed.size >= 1000) call.confirmed.clear()
    call.confirmed.set(call.hash, read.key!)
  } else if (key) admit(key, new Date(clock()).toISOString(), ROLES)
  const catalogue = read?.catalogue ?? snapshot.known
  // Nothing is known yet and the store does not answer: we stay quiet, and in time.
  if (catalogue === null || key === null)
    return {
      text: JSON.stringify(mute(call.id ?? newId(deps))),
      role: 'unknown',
      site: '',
    }

  const siteId = siteOf(key, ask.site, catalogue.sites)
  const site = catalogue.sites.get(siteId)!
  if (ask.basket?.currency && ask.basket.currency !== site.currency)
    throw new Problem('unknown_reference', `basket.currency: this site sells in ${site.currency}`, [
      { field: 'basket.currency', message: `must be ${site.currency}` },
    ])
  const stored =
    call.id === null ? null : storedAnswer(call.id, siteId, call.requestDigest, read?.row ?? null, recorder)
  if (stored !== null) return { text: stored, role: key.role, site: siteId }

  const id = call.id ?? newId(deps)
  const pending = read?.row.ref ? recorder.of(read.row.ref) : []
  const person = read ? personAt(read.row, siteId, ask, pending, nowMs) : null
  const { basket, unmatched } = resolveBasket(catalogue, ask.basket?.lines ?? [])
  const moment = momentOf(catalogue, { siteId, touchpoint: ask.touchpoint, nowMs, basket }, person)
  const { learning, heard } = listening(snapshot.learned.at(moment))
  const decision = recommend(moment, learning, id)
  const made = answerOf(decision, moment, {
    id,
    degraded: read ? null : 'store',
    dataVersion: String(snapshot.rev),
    currency: site.currency,
    unmatched,
  })
  const text = JSON.stringify(made)
  if (!ask.dryRun)
    recorder.add(
      {
        ...recordOf(made, text, decision, moment, ask, call.requestDigest),
        inputs: inputsOf(decision, moment, made, heard, site.currency, {
          state: read?.row.state ?? null,
          earlier: pending.length > 0 ? null : (read?.row.earlier ?? null),
        }),
      },
      call.waitUntil,
    )
  return { text: ask.explain === 'none' ? withoutReasons(made) : text, role: key.role, site: siteId }
}

function withoutReasons(made: Answer): string {
  const quiet = (offer: Answer['primary']) => offer && { ...offer, reasons: [] }
  return JSON.stringify({ ...made, primary: quiet(made.primary), alternate: quiet(made.alternate) })
}

/** The one read, if it comes within the deadline; null when it does not, or fails. */
async function readInTime(
  { engine, snapshot, log }: Deps,
  ask: Ask,
  call: Call,
  nowMs: number,
): Promise<{ row: TillRow; key: KeyRow | null; catalogue: Catalogue } | null> {
  const since = new Date(nowMs - CAPS.earlierDays * DAY_MS).toISOString()
  const reading = (async () => {
    const row = await readTill(engine, {
      keyHash: call.hash,
      customer: ask.customer ?? null,
      since,
      id: call.id,
    })
    return { row, key: keyOf(row), catalogue: await snapshot.at(row.rev) }
  })()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'late'>((resolve) => {
    // A tenth of the deadline is ours, to answer from the basket alone.
    timer = setTimeout(() => resolve('late'), Math.floor(ask.deadlineMs * 0.9))
  })
  try {
    const first = await Promise.race([reading, late])
    if (first !== 'late') return first
    log({ level: 'warn', event: 'deadline', deadlineMs: ask.deadlineMs })
  } catch (error) {
    log({ level: 'error', event: 'store', error: error instanceof Error ? error.name : 'unknown' })
  } finally {
    clearTimeout(timer)
    reading.catch(() => {})
  }
  return null
}

function keyOf(row: TillRow): KeyRow | null {
  if (row.role === null) return null
  return {
    role: row.role as KeyRow['role'],
    siteId: row.keySite,
    partnerId: row.partnerId,
    staffId: null,
    label: row.role,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
  }
}

/** The answer that was given to this id, if any. @throws id_reused when it was given to another question. */
function storedAnswer(
  id: string,
  siteId: string,
  requestDigest: string,
  row: TillRow | null,
  recorder: Deps['recorder'],
): string | null {
  const pending = recorder.find(id)
  const before = pending
    ? { answer: pending.answer, digest: pending.requestDigest, site: pending.siteId }
    : row?.storedAnswer != null
      ? { answer: row.storedAnswer, digest: row.storedDigest!, site: row.storedSite! }
      : null
  if (before === null) return null
  if (before.digest !== requestDigest || before.site !== siteId) throw reused()
  return before.answer
}

/** Who is here, as far as this site may know: her own site, or any once she allowed it. */
function personAt(
  row: TillRow,
  siteId: string,
  ask: Ask,
  pending: NewRecommendation[],
  nowMs: number,
): Person | null {
  if (row.ref === null || row.state === null) return null
  const person = personOf(row.ref, row.holdout!, row.state, row.earlier)
  if (person === null || (row.customerSite !== siteId && person.consent.allSites !== 'granted')) return null
  // What was answered a moment ago may not be on record yet.
  const known = new Set(person.earlier.map((before) => before.id))
  for (const each of pending)
    if (!known.has(each.id))
      person.earlier.unshift({
        id: each.id,
        offerId: each.offerId ?? null,
        alternateId: each.alternateId ?? null,
        askedGoal: each.askedGoal ?? null,
        atMs: Date.parse(each.at),
        outcome: null,
        outcomeReason: null,
        saidMs: null,
      })
  return ask.asOf ? { ...person, earlier: person.earlier.filter((before) => before.atMs <= nowMs) } : person
}

function recordOf(
  made: Answer,
  text: string,
  decision: Decision,
  moment: Moment,
  ask: Ask,
  requestDigest: string,
) {
  const { person } = moment
  return {
    id: made.id,
    siteId: moment.siteId,
    customer: person?.ref ?? null,
    touchpoint: moment.touchpoint,
    staffId: ask.staff ?? null,
    at: new Date(moment.nowMs).toISOString(),
    requestDigest,
    offerId: made.primary?.offerId ?? null,
    alternateId: made.alternate?.offerId ?? null,
    askedGoal: made.ask?.goal ?? null,
    arm: decision.arm,
    propensity: decision.propensity,
    policyVersion: made.policyVersion,
    answer: text,
    ...learnsFrom(decision, moment.catalogue.policy),
  }
}

/** What an outcome will teach: of the offer that was made, or that would have been. */
function learnsFrom({ primary, wouldOffer }: Decision, policy: Policy) {
  const about = primary ?? wouldOffer
  return {
    wouldOffer: wouldOffer?.listed.offer.id ?? null,
    mapping: about?.listed.mapping ?? null,
    band: about ? bandOf(about.weighed.fit) : null,
    expected: about ? expectedOf(about.weighed.fit, policy) : null,
  }
}

/** Quiet in the shape of every other quiet. */
function mute(id: string): Answer {
  return {
    id,
    speak: false,
    basis: 'context',
    degraded: 'store',
    saleKind: 'unknown',
    continuity: null,
    validUntil: null,
    policyVersion: 0,
    dataVersion: '0',
    primary: null,
    alternate: null,
    silence: { reason: 'quiet' },
    kindness: null,
    ask: null,
    care: null,
    unmatched: [],
  }
}

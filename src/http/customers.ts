/** what she said and allows: evidence, consent, the household, care notes. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Catalogue } from '../core/catalogue.ts'
import { DONE, goalsOfEvent, SAID } from '../core/event.ts'
import { dateOf, localDay } from '../core/time.ts'
import { audited } from '../store/audit.ts'
import { findCustomers } from '../store/customer.ts'
import type { EvidenceRow } from '../store/evidence.ts'
import {
  eraseCustomer,
  eraseEvidence,
  findEvidence,
  listEvidence,
  recordCare,
  recordConsent,
  recordEvidence,
  recordHousehold,
} from '../store/evidence.ts'
import { countedBy, findEvents } from '../store/poll.ts'
import type { evidence } from '../store/schema.ts'
import type { App, Deps } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { date, instant, ref, text } from './fields.ts'
import { Problem, problems, reused } from './problem.ts'
import { ingestOptions } from './purchases.ts'

const params = z.object({ ref: ref(100) })

const EvidenceSchema = z
  .strictObject({
    eventId: ref(80),
    kind: z.enum([
      'told',
      'answered',
      'noticed',
      'toldNo',
      'attended',
      'enrolled',
      'completed',
      'recitalScheduled',
    ]),
    goal: ref().optional().openapi({ description: 'told, answered, noticed, toldNo: the goal.' }),
    answer: z
      .enum(['yes', 'maybe', 'no'])
      .optional()
      .openapi({ description: 'answered: what she said; no is a toldNo.' }),
    offer: ref()
      .optional()
      .openapi({ description: 'attended, enrolled, completed, recitalScheduled: the offer.' }),
    facet: text(60).optional(),
    child: ref().optional(),
    words: text(200).optional(),
    sheToldMe: z
      .boolean()
      .optional()
      .openapi({ description: 'noticed: it may be said aloud because she said it.' }),
    about: date.optional().openapi({ description: 'The day that it is about, such as the recital.' }),
    staff: ref().optional(),
    at: instant.optional(),
  })
  .refine((e) => e.kind in DONE || e.goal !== undefined, { path: ['goal'], message: 'is missing' })
  .refine((e) => !(e.kind in DONE) || e.offer !== undefined, { path: ['offer'], message: 'is missing' })
  .refine((e) => e.kind !== 'answered' || e.answer !== undefined, { path: ['answer'], message: 'is missing' })
  .refine((e) => e.kind !== 'recitalScheduled' || e.about !== undefined, {
    path: ['about'],
    message: 'is missing',
  })
  .openapi('Evidence', {
    example: {
      eventId: 'told-0007',
      kind: 'told',
      goal: 'music-instrument',
      facet: 'piano',
      words: 'keeps asking for a piano',
      staff: 'st_maya',
    },
  })

const RecordedSchema = z
  .strictObject({
    recorded: z.boolean(),
    reason: z
      .enum(['CONSENT', 'NOTHING_TO_ERASE'])
      .nullable()
      .openapi({ description: 'Why nothing was recorded.' }),
  })
  .openapi('Recorded', { example: { recorded: true, reason: null } })

const tell = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/evidence',
  operationId: 'tell',
  tags: ['customer'],
  summary: 'What she told us, answered, refused or did',
  description: 'The very next recommendation uses it. Without her consent nothing is kept.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(EvidenceSchema) },
  responses: {
    200: json('Kept, or why not', RecordedSchema),
    ...problems(400, 401, 403, 413, 415, 422, 503),
  },
})

const HeldSchema = z
  .strictObject({
    evidence: z.array(
      z.strictObject({
        eventId: z.string(),
        kind: z.string(),
        goals: z.array(z.string()),
        facet: z.string().nullable(),
        words: z.string().nullable(),
        on: z.string(),
        about: z.string().nullable(),
        staff: z.string().nullable(),
      }),
    ),
  })
  .openapi('EvidenceHeld', {
    example: {
      evidence: [
        {
          eventId: 'g01-ana-told-1',
          kind: 'told',
          goals: ['music-instrument'],
          facet: 'piano',
          words: 'keeps asking for a piano',
          on: '2026-02-07',
          about: null,
          staff: 'st_maya',
        },
      ],
    },
  })

const held = createRoute({
  method: 'get',
  path: '/v1/customers/{ref}/evidence',
  operationId: 'whatWeHold',
  tags: ['customer'],
  summary: 'What she told us and did with us, with the event ids to forget it by',
  description:
    'For staff, not for tills. Nothing of it is inferred; purchases are not in it. Somebody of another site, or unknown, has an empty list.',
  security: [{ key: [] }],
  request: { params },
  responses: { 200: json('Newest first', HeldSchema), ...problems(400, 401, 403, 503) },
})

const erase = createRoute({
  method: 'delete',
  path: '/v1/customers/{ref}/evidence/{eventId}',
  operationId: 'forget',
  tags: ['customer'],
  summary: 'Forget what she told us',
  description:
    'The very next recommendation does not know it any more, and no repeated answer says it again.',
  security: [{ key: [] }],
  request: { params: params.extend({ eventId: text(200) }) },
  responses: { 200: json('Forgotten', RecordedSchema), ...problems(400, 401, 403, 503) },
})

const eraseAll = createRoute({
  method: 'delete',
  path: '/v1/customers/{ref}',
  operationId: 'forgetCustomer',
  tags: ['customer'],
  summary: 'Forget a customer altogether',
  description:
    'Everything that we hold of her goes: name, children, consents, what she told us, what we answered. What was sold stays in the books without her; a referral stays with its partner as a code that is nobody’s. It cannot be undone.',
  security: [{ key: [] }],
  request: { params },
  responses: { 200: json('Forgotten', RecordedSchema), ...problems(400, 401, 403, 503) },
})

const ConsentSchema = z
  .strictObject({
    eventId: ref(80),
    purpose: z.enum(['personalise', 'childProfile', 'letter', 'sharePartner', 'allSites']),
    decision: z.enum(['granted', 'withdrawn', 'objected']),
    channel: text(60).default('till'),
    source: text(60).default('customer'),
    wording: text(60).default('1').openapi({ description: 'The version of the words that she agreed to.' }),
    site: ref().optional(),
    at: instant.optional(),
  })
  .openapi('Consent', {
    example: { eventId: 'consent-0003', purpose: 'personalise', decision: 'granted', channel: 'till' },
  })

const allow = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/consents',
  operationId: 'allow',
  tags: ['customer'],
  summary: 'What she allows, withdraws or objects to',
  description:
    'Append-only, the latest stands. A reference never seen before becomes a customer of this site.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(ConsentSchema) },
  responses: { 200: json('Kept', RecordedSchema), ...problems(400, 401, 403, 413, 415, 422, 503) },
})

const HouseholdSchema = z
  .strictObject({
    firstName: text(60).optional(),
    staff: ref().optional(),
    children: z
      .array(
        z.strictObject({
          id: ref(),
          birthMonth: z.string().regex(/^(19|20|21)\d\d-(0[1-9]|1[0-2])$/, 'must be YYYY-MM'),
        }),
      )
      .max(20)
      .default([]),
    site: ref().optional(),
  })
  .openapi('Household', {
    example: { firstName: 'Ana', staff: 'st_maya', children: [{ id: 'g01-c1', birthMonth: '2020-09' }] },
  })

const household = createRoute({
  method: 'put',
  path: '/v1/customers/{ref}/household',
  operationId: 'setHousehold',
  tags: ['customer'],
  summary: 'First name, who knows her, the children’s birth months',
  description:
    'Replaces what was known. Children have a birth month and no name; without consent for child profiles none is kept.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(HouseholdSchema) },
  responses: { 200: json('Kept', RecordedSchema), ...problems(400, 401, 403, 413, 415, 422, 503) },
})

const CareSchema = z
  .strictObject({
    id: ref(80),
    kind: z.enum(['complaint', 'promise']),
    what: text(80),
    promise: text(100).optional(),
    promisedBy: ref().optional(),
    dueOn: date.optional(),
    openedOn: date.optional(),
    closedOn: date.optional(),
  })
  .openapi('CareNote', {
    example: {
      id: 'care-12',
      kind: 'complaint',
      what: 'coat zip',
      promise: 'mended by Thursday 19 March',
      promisedBy: 'st_wren',
    },
  })

const care = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/care',
  operationId: 'care',
  tags: ['customer'],
  summary: 'Open or close a complaint or a promise',
  description:
    'While it is open, and for two days after, we care and do not sell. The same id with `closedOn` closes it.',
  security: [{ key: [] }],
  request: { params, body: jsonBody(CareSchema) },
  responses: { 200: json('Kept', RecordedSchema), ...problems(400, 401, 403, 413, 415, 422, 503) },
})

const KEPT = { recorded: true, reason: null } as const
const WITHOUT_CONSENT = { recorded: false, reason: 'CONSENT' } as const

export function customers(app: App): void {
  app.openapi(tell, async (c) => {
    const deps = c.get('deps')
    const said = c.req.valid('json')
    const { ref } = c.req.valid('param')
    const { catalogue, siteId, allowed, who } = await stored(
      known(deps, c.get('key').siteId, ref, 'personalise'),
    )
    if (said.goal !== undefined && !catalogue.goalIndex.has(said.goal)) throw unknown('goal', said.goal)
    if (said.offer !== undefined && !catalogue.listedById.has(said.offer)) throw unknown('offer', said.offer)
    const isHers = catalogue.goals[catalogue.goalIndex.get(said.goal ?? '') ?? -1]?.toldOnly
    if (isHers && said.kind === 'noticed' && !said.sheToldMe) throw hersToSay()
    if (!allowed) return c.json(WITHOUT_CONSENT, 200)
    const atMs = said.at ? Date.parse(said.at) : deps.clock()
    const timeZone = catalogue.sites.get(siteId)?.timeZone ?? 'UTC'
    const onDate = dateOf(localDay(atMs, timeZone))
    const today = dateOf(localDay(deps.clock(), timeZone))
    // Of two words of one day the later stands: by when they were said, and not when they came.
    const saidAt = new Date(Math.min(atMs, deps.clock())).toISOString()
    const rows = linesOf(said, who, onDate, saidAt, (kind, offer) => goalsOfEvent(catalogue, kind, offer))
    const before = await stored(findEvidence(deps.engine, who, said.eventId))
    if (before.length > 0) {
      const same =
        before.length === rows.length &&
        rows.every((row) => before.some((b) => b.id === row.id && b.kind === row.kind && b.goal === row.goal))
      if (!same) throw reused()
      return c.json(KEPT, 200)
    }
    // An id stands for one thing, whoever it is of: under another's nothing would be kept.
    const ids = rows.map(({ id }) => id)
    if ((await stored(findEvents(deps.engine, ids))).size > 0) throw reused()
    if (rows.length > 0)
      await stored(
        recordEvidence(deps.engine, asQuestion(catalogue, rows), pollAnswers(catalogue, said, rows, today)),
      )
    return c.json(KEPT, 200)
  })

  app.openapi(held, async (c) => {
    const deps = c.get('deps')
    const { ref } = c.req.valid('param')
    const { here, who } = await stored(known(deps, c.get('key').siteId, ref, 'personalise'))
    return c.json({ evidence: here ? eventsOf(await stored(listEvidence(deps.engine, who))) : [] }, 200)
  })

  app.openapi(erase, async (c) => {
    const deps = c.get('deps')
    const { ref, eventId } = c.req.valid('param')
    await stored(deps.recorder.flush())
    const { here, who } = await stored(known(deps, c.get('key').siteId, ref, 'personalise'))
    const erased =
      here && (await stored(eraseEvidence(deps.engine, who, eventId, new Date(deps.clock()).toISOString())))
    return c.json(erased ? KEPT : ({ recorded: false, reason: 'NOTHING_TO_ERASE' } as const), 200)
  })

  app.openapi(eraseAll, async (c) => {
    const deps = c.get('deps')
    const { ref } = c.req.valid('param')
    await stored(deps.recorder.flush())
    const row = (await stored(findCustomers(deps.engine, [ref]))).get(ref)
    const { siteId } = c.get('key')
    const here = row !== undefined && (siteId === null || row.siteId === siteId)
    const by = c.get('by')
    // The log says that somebody was forgotten, and not who.
    const also = [audited(by, 'forgotten', 'customer', by.requestId)]
    const erased = here && (await stored(eraseCustomer(deps.engine, row.ref, also)))
    return c.json(erased ? KEPT : ({ recorded: false, reason: 'NOTHING_TO_ERASE' } as const), 200)
  })

  app.openapi(allow, async (c) => {
    const deps = c.get('deps')
    const { site, at, ...consent } = c.req.valid('json')
    const { ref } = c.req.valid('param')
    const now = new Date(deps.clock()).toISOString()
    const { eventId: id, ...line } = consent
    const { who } = await stored(known(deps, c.get('key').siteId, ref, 'personalise'))
    await stored(
      recordConsent(
        deps.engine,
        {
          ...line,
          id: `${who}/${id}`,
          customer: who,
          at: at ? new Date(Date.parse(at)).toISOString() : now,
          recordedAt: now,
        },
        await newcomer(deps, c.get('key'), site, who),
      ),
    )
    return c.json(KEPT, 200)
  })

  app.openapi(household, async (c) => {
    const deps = c.get('deps')
    const { firstName, staff, children, site } = c.req.valid('json')
    const { ref } = c.req.valid('param')
    const { allowed, who } = await stored(known(deps, c.get('key').siteId, ref, 'personalise'))
    if (!allowed) return c.json(WITHOUT_CONSENT, 200)
    const { allowed: childrenAllowed } = await stored(known(deps, c.get('key').siteId, ref, 'childProfile'))
    if (children.length > 0 && !childrenAllowed) return c.json(WITHOUT_CONSENT, 200)
    await stored(
      recordHousehold(deps.engine, await newcomer(deps, c.get('key'), site, who), {
        firstName: firstName ?? null,
        staffId: staff ?? null,
        children: children.map((child) => ({ ...child, id: `${who}/${child.id}` })),
      }),
    )
    return c.json(KEPT, 200)
  })

  app.openapi(care, async (c) => {
    const deps = c.get('deps')
    const note = c.req.valid('json')
    const { ref } = c.req.valid('param')
    const { catalogue, siteId, allowed, who } = await stored(
      known(deps, c.get('key').siteId, ref, 'personalise'),
    )
    if (!allowed) return c.json(WITHOUT_CONSENT, 200)
    const today = dateOf(localDay(deps.clock(), catalogue.sites.get(siteId)?.timeZone ?? 'UTC'))
    await stored(
      recordCare(deps.engine, {
        ...note,
        id: `${who}/${note.id}`,
        customer: who,
        openedOn: note.openedOn ?? today,
      }),
    )
    return c.json(KEPT, 200)
  })
}

/** What was noticed of the parents' own life may only become a question: it weighs nothing and is never said. */
function asQuestion({ goals, goalIndex }: Pick<Catalogue, 'goals' | 'goalIndex'>, rows: Line[]): Line[] {
  return rows.map((row) =>
    row.kind === 'noticed' && row.speakable !== 1 && goals[goalIndex.get(row.goal)!]?.householdLevel
      ? { ...row, weight: 0, speakable: 0 }
      : row,
  )
}

/** An answer counts in the poll that is open about its goal today, whenever it was said. */
function pollAnswers(
  { polls }: Pick<Catalogue, 'polls'>,
  { kind, answer, eventId }: Said,
  rows: Line[],
  today: string,
) {
  const [row] = rows
  if (kind !== 'answered' || answer === undefined || !row) return []
  const { customer, goal, recordedAt: at } = row
  return countedBy(polls, goal, today, { customer, answer, eventId, at, touchpoint: 'till' })
}

const unknown = (field: string, value: string) =>
  new Problem('unknown_reference', `${field}: ${value} is unknown`, [{ field, message: 'is unknown' }])

/** A told-only goal that somebody noticed is kept nowhere. */
export const hersToSay = () =>
  new Problem('words_refused', 'goal: is hers to bring up: it is kept only when she said it', [
    { field: 'goal', message: 'is hers to bring up: it is kept only when she said it' },
  ])

/** Whether this key's site may write about this customer, and whether she allows the purpose. */
export async function known(deps: Deps, keySite: string | null, ref: string, purpose: string) {
  const [catalogue, found] = await Promise.all([deps.snapshot.refresh(), findCustomers(deps.engine, [ref])])
  const row = found.get(ref)
  const consent = row ? ((JSON.parse(row.state) as { consent?: Record<string, string> }).consent ?? {}) : {}
  const here =
    row !== undefined && (keySite === null || row.siteId === keySite || consent.allSites === 'granted')
  return {
    catalogue,
    /** Who she is now: a merged reference is a name of another. */
    who: row?.ref ?? ref,
    siteId: keySite ?? row?.siteId ?? '',
    here,
    allowed: here && consent.personalise === 'granted' && consent[purpose] === 'granted',
  }
}

async function newcomer(
  deps: Deps,
  key: Parameters<typeof siteOf>[0],
  site: string | undefined,
  ref: string,
) {
  const catalogue = await stored(deps.snapshot.refresh())
  const siteId = siteOf(key, site, catalogue.sites)
  const { holdout } = await ingestOptions(deps, catalogue.policy)
  return {
    ref,
    siteId,
    joinedOn: dateOf(localDay(deps.clock(), catalogue.sites.get(siteId)!.timeZone)),
    ...holdout(ref),
  }
}

/** Lines by the event that they came with: one event may speak for several goals. */
function eventsOf(rows: EvidenceRow[]) {
  const events = new Map<string, z.infer<typeof HeldSchema>['evidence'][number]>()
  for (const row of rows) {
    const eventId = row.id.split('#')[0]!
    const event = events.get(eventId)
    if (event) event.goals.push(row.goal)
    else
      events.set(eventId, {
        eventId,
        kind: row.kind,
        goals: [row.goal],
        facet: row.facet,
        words: row.words,
        on: row.onDate,
        about: row.aboutDate,
        staff: row.staffId,
      })
  }
  return [...events.values()]
}

type Said = z.infer<typeof EvidenceSchema>
type Line = typeof evidence.$inferInsert

/** The lines of evidence that one event is. */
export function linesOf(
  said: Said,
  customer: string,
  onDate: string,
  recordedAt: string,
  goalsOf: (
    kind: keyof typeof DONE,
    offer: string,
  ) => { goal: string; weight: number; halfLifeDays: number }[],
): Line[] {
  const line = {
    customer,
    child: said.child ?? null,
    facet: said.facet ?? null,
    words: said.words ?? null,
    staffId: said.staff ?? null,
    onDate,
    aboutDate: said.about ?? null,
    recordedAt,
  }
  const { kind } = said
  if (kind === 'attended' || kind === 'enrolled' || kind === 'completed' || kind === 'recitalScheduled')
    return goalsOf(kind, said.offer!).map((goal) => ({
      ...line,
      ...goal,
      id: `${said.eventId}#${goal.goal}`,
      kind,
      offerId: said.offer!,
      speakable: 1,
    }))
  const goal = said.goal!
  if (kind === 'toldNo' || (kind === 'answered' && said.answer === 'no'))
    return [{ ...line, id: said.eventId, kind: 'toldNo', goal, weight: 0, halfLifeDays: 1, facet: null }]
  const how = kind === 'answered' ? SAID[said.answer === 'yes' ? 'answeredYes' : 'answeredMaybe'] : SAID[kind]
  return [
    {
      ...line,
      ...how,
      id: said.eventId,
      kind,
      goal,
      speakable: kind === 'noticed' ? (said.sheToldMe ? 1 : 0) : 1,
    },
  ]
}

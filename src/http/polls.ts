/** Polls: a question to many, its go rule, and what came of it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Catalogue } from '../core/catalogue.ts'
import type { Goal } from '../core/goal.ts'
import type { Share, Tally } from '../core/poll.ts'
import {
  answersOf,
  closedWhy,
  concerns,
  demandFrom,
  missingFor,
  pollProblems,
  QUESTION_LENGTH,
  shareOf,
  verdictOf,
} from '../core/poll.ts'
import { dateOf, dayOf, instantOf, localDay } from '../core/time.ts'
import { eachPerson } from '../store/demand.ts'
import type { PollRow, Window } from '../store/poll.ts'
import { addPoll, closePoll, editPoll, findPoll, listPolls, readPollPeople, tallies } from '../store/poll.ts'
import { todayOf } from './alliances.ts'
import type { App, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { editedVersion, etagOf } from './etag.ts'
import { date, ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'
import { TOUCHPOINTS } from './recommendations.ts'

const RECORD = {
  goal: ref(),
  question: text(400).openapi({
    description: `At most ${QUESTION_LENGTH} characters, in words to say aloud, ending in a question mark.`,
  }),
  touchpoints: z.array(z.enum(TOUCHPOINTS)).max(TOUCHPOINTS.length).default([]).openapi({
    description: 'Where it is asked; none: everywhere. `web` is a page with a link of her own.',
  }),
  goAnswers: z.int().min(1).max(100_000).openapi({ description: 'A go needs at least so many answers,' }),
  goYes: z.int().min(0).max(100_000).openapi({ description: 'so many of them yes,' }),
  goShare: z.number().min(0).max(1).openapi({ description: 'and a share of yes, shrunk, of at least this.' }),
  opensOn: date,
  closesOn: date.openapi({ description: 'The last day on which an answer counts.' }),
}

const NewPollSchema = z.strictObject(RECORD).openapi('NewPoll', {
  example: {
    goal: 'mv-swim',
    question: 'Would swimming lessons near us interest you?',
    touchpoints: ['till', 'web', 'letter'],
    goAnswers: 20,
    goYes: 8,
    goShare: 0.3,
    opensOn: '2026-03-14',
    closesOn: '2026-04-30',
  },
})

const EditPollSchema = z
  .strictObject({
    ...RECORD,
    closed: z.boolean().default(false).openapi({ description: 'true: no answer counts from now on.' }),
  })
  .openapi('EditPoll')

const ShareSchema = z.strictObject({ share: z.number(), low: z.number(), high: z.number() })

const PollSchema = z
  .strictObject({
    id: z.string(),
    goal: z.string(),
    goalName: z.string(),
    question: z.string(),
    touchpoints: z.array(z.string()),
    goAnswers: z.int(),
    goYes: z.int(),
    goShare: z.number(),
    opensOn: z.string(),
    closesOn: z.string(),
    state: z.enum(['coming', 'open', 'closed']).openapi({ description: 'Today.' }),
    answers: z.int(),
    yes: z.int(),
    maybe: z.int(),
    no: z.int(),
    share: ShareSchema.openapi({
      description:
        'Of yes among families like these: a Beta prior centred on the goal’s base rate and worth `pollPrior` answers, and the interval that it lies in with 95 % chance.',
    }),
    verdict: z
      .enum(['go', 'notYet', 'noGo'])
      .openapi({ description: 'What the rule says. Nobody decides it by hand.' }),
    missing: z.array(z.string()).openapi({ description: 'What a go still needs, in words.' }),
    version: z.int(),
  })
  .openapi('Poll')
export type PollAnswered = z.infer<typeof PollSchema>

const ResultsSchema = z
  .strictObject({
    poll: PollSchema,
    asked: z.int().openapi({ description: 'Customers to whom it was put, at a till or by a link. Counted.' }),
    noAnswer: z.int().openapi({ description: 'Of them, those who said nothing. Not a no.' }),
    byTouchpoint: z.record(z.string(), z.int()).openapi({ description: 'Answers by where they were given.' }),
    demand: z
      .strictObject({
        basis: z.literal('assumed'),
        families: z
          .int()
          .openapi({ description: 'Customers whom it concerns: of the goal’s ages, as far as known.' }),
        expected: z.number(),
        low: z.number(),
        high: z.number(),
        bySite: z.array(
          z.strictObject({ site: z.string(), families: z.int(), yes: z.int(), expected: z.number() }),
        ),
      })
      .openapi({
        description:
          'How many families would come: who said yes, and of those not asked the believed share. Who was asked and said nothing counts as not interested.',
      }),
    capped: z.boolean().openapi({ description: 'There are more customers than were gone through.' }),
  })
  .openapi('PollResults')
export type PollResults = z.infer<typeof ResultsSchema>

const params = z.object({ id: ref(80) })
const security = [{ key: [] }]
const tags = ['poll']

const add = createRoute({
  method: 'post',
  path: '/v1/polls',
  operationId: 'makePoll',
  tags,
  summary: 'A question to many, with its go rule',
  description:
    'The rule is set before the first answer. Words are checked as all that customers meet: `words_refused` names them. A goal has one open poll at a time; nobody is asked about a goal that is hers to bring up.',
  security,
  request: { body: jsonBody(NewPollSchema) },
  responses: { 201: json('It is kept', PollSchema), ...problems(400, 401, 403, 409, 413, 415, 422, 503) },
})
const list = createRoute({
  method: 'get',
  path: '/v1/polls',
  operationId: 'listPolls',
  tags,
  summary: 'Every poll, the newest first',
  security,
  responses: {
    200: json('All of them', z.strictObject({ polls: z.array(PollSchema) }).openapi('Polls')),
    ...problems(401, 403, 503),
  },
})
const results = createRoute({
  method: 'get',
  path: '/v1/polls/{id}',
  operationId: 'readPoll',
  tags,
  summary: 'What came of a poll',
  description: 'Counted answers, those who said nothing apart, and what they make of the demand.',
  security,
  request: { params },
  responses: { 200: json('So far', ResultsSchema), ...problems(400, 401, 403, 404, 503) },
})
const edit = createRoute({
  method: 'put',
  path: '/v1/polls/{id}',
  operationId: 'editPoll',
  tags,
  summary: 'Change a poll that nobody has answered, or close one',
  description: 'After the first answer only `closed: true` is taken: `conflict` otherwise.',
  security,
  request: { params, body: jsonBody(EditPollSchema) },
  responses: {
    200: json('As it is kept', PollSchema),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
  },
})

export function polls(app: App): void {
  app.openapi(add, async (c) => {
    const deps = c.get('deps')
    const record = c.req.valid('json')
    const catalogue = await stored(deps.snapshot.refresh())
    checked(catalogue, record)
    if (record.closesOn < todayOf(c, catalogue))
      throw new Problem('invalid_request', 'closesOn: is past', [{ field: 'closesOn', message: 'is past' }])
    const row: PollRow = {
      ...record,
      id: `poll_${deps.random(10)}`,
      state: 'open',
      version: 1,
      createdAt: c.get('by').at,
    }
    if (!(await stored(addPoll(deps.engine, row, c.get('by'))))) throw another()
    c.header('location', `/v1/polls/${row.id}`)
    c.header('etag', etagOf(1))
    return c.json(shown(c, catalogue, row, undefined), 201)
  })

  app.openapi(list, async (c) => c.json({ polls: await pollsNow(c) }, 200))

  app.openapi(results, async (c) => {
    const catalogue = await stored(c.get('deps').snapshot.refresh())
    const row = await pollOf(c, c.req.valid('param').id)
    c.header('etag', etagOf(row.version))
    return c.json(await resultsOf(c, catalogue, row), 200)
  })

  app.openapi(edit, async (c) => {
    const { engine, snapshot } = c.get('deps')
    const { closed, ...record } = c.req.valid('json')
    const version = editedVersion(c)
    const catalogue = await stored(snapshot.refresh())
    const before = await pollOf(c, c.req.valid('param').id)
    if (before.version !== version) throw new Problem('changed_meanwhile')
    const changed = (Object.keys(record) as (keyof typeof record)[]).filter(
      (field) => JSON.stringify(record[field]) !== JSON.stringify(before[field]),
    )
    const tally = (await stored(tallies(engine))).get(before.id)
    if (changed.length > 0) {
      if (tally !== undefined || before.state === 'closed') throw decided(changed, tally)
      checked(catalogue, record)
      const done = await stored(editPoll(engine, before, { ...before, ...record }, c.get('by')))
      if (!done) {
        if ((await stored(tallies(engine))).has(before.id))
          throw decided(changed, { yes: 1, maybe: 0, no: 0 })
        if ((await stored(findPoll(engine, before.id)))?.version !== version)
          throw new Problem('changed_meanwhile')
        throw another()
      }
    }
    const edited = (await stored(findPoll(engine, before.id)))!
    if (closed && edited.state === 'open' && !(await stored(closePoll(engine, edited, c.get('by')))))
      throw new Problem('changed_meanwhile')
    if (!closed && edited.state === 'closed')
      throw new Problem('conflict', 'It is closed, and stays so: make another.', [
        { field: 'closed', message: 'cannot be taken back' },
      ])
    const after = (await stored(findPoll(engine, before.id)))!
    c.header('etag', etagOf(after.version))
    return c.json(shown(c, catalogue, after, tally), 200)
  })
}

const another = () =>
  new Problem('conflict', 'Another poll about this goal is still open.', [
    { field: 'goal', message: 'has an open poll' },
  ])
const decided = (fields: string[], tally: Tally | undefined) =>
  new Problem(
    'conflict',
    tally === undefined
      ? 'It is closed, and stays as it was.'
      : 'It has answers: what was decided before the first of them stays. Close it, and make another.',
    fields.map((field) => ({ field, message: 'cannot change any more' })),
  )

/** The poll with an id. @throws not_found */
export async function pollOf(c: Context<Env>, id: string): Promise<PollRow> {
  const found = await stored(findPoll(c.get('deps').engine, id))
  if (!found) throw new Problem('not_found', `${id} is unknown.`)
  return found
}

/** @throws unknown_reference, words_refused, invalid_request */
function checked({ goals, goalIndex }: Catalogue, record: z.infer<typeof NewPollSchema>): void {
  const goal = goals[goalIndex.get(record.goal) ?? -1]
  if (!goal)
    throw new Problem('unknown_reference', `goal: ${record.goal} is unknown`, [
      { field: 'goal', message: 'is unknown' },
    ])
  const { words, fields } = pollProblems(record, goal)
  if (fields.length > 0)
    throw new Problem('invalid_request', `${fields[0]!.field}: ${fields[0]!.message}`, fields)
  if (words.length === 0) return
  const errors = words.map(({ field, message }) => ({ field, message }))
  throw new Problem('words_refused', `${errors[0]!.field}: ${errors[0]!.message}`, errors)
}

const NOBODY: Tally = { yes: 0, maybe: 0, no: 0 }

export const goalOf = (
  { goals, goalIndex }: Pick<Catalogue, 'goals' | 'goalIndex'>,
  slug: string,
): Goal | undefined => goals[goalIndex.get(slug) ?? -1]

/** The believed share of yes of a poll's answers. */
export const shareIn = (catalogue: Catalogue, { goal }: Pick<PollRow, 'goal'>, tally: Tally): Share =>
  shareOf(tally.yes, answersOf(tally), goalOf(catalogue, goal)?.baseRate ?? 0.5, catalogue.policy.pollPrior)

function shown(
  c: Context<Env>,
  catalogue: Catalogue,
  row: PollRow,
  counted: Tally | undefined,
): PollAnswered {
  const tally = counted ?? NOBODY
  const { createdAt: _, state: __, ...record } = row
  const closed = closedWhy(row, todayOf(c, catalogue))
  const share = shareIn(catalogue, row, tally)
  return {
    ...record,
    goalName: goalOf(catalogue, row.goal)?.name ?? row.goal,
    state: closed === null ? 'open' : closed === 'CLOSED' ? 'closed' : 'coming',
    answers: answersOf(tally),
    ...tally,
    share,
    verdict: verdictOf(row, tally, share.share, closed === 'CLOSED'),
    missing: missingFor(row, tally, share.share),
  }
}

/** Every poll as it stands today. */
export async function pollsNow(c: Context<Env>): Promise<PollAnswered[]> {
  const { engine, snapshot } = c.get('deps')
  const [catalogue, rows, counts] = await stored(
    Promise.all([snapshot.refresh(), listPolls(engine), tallies(engine)]),
  )
  return rows.map((row) => shown(c, catalogue, row, counts.get(row.id)))
}

/** From when until when a poll is open, at each site. */
function windowsOf({ sites }: Catalogue, { opensOn, closesOn }: PollRow): Window[] {
  const start = (day: string, timeZone: string) =>
    new Date(instantOf(`${day}T00:00:00`, timeZone)).toISOString()
  return [...sites.values()].map(({ id, timeZone }) => ({
    siteId: id,
    from: start(opensOn, timeZone),
    until: start(dateOf(dayOf(closesOn) + 1), timeZone),
  }))
}

async function resultsOf(c: Context<Env>, catalogue: Catalogue, row: PollRow): Promise<PollResults> {
  const { engine, clock, recorder } = c.get('deps')
  await stored(recorder.flush())
  const { answers, asked } = await stored(readPollPeople(engine, row, windowsOf(catalogue, row)))
  const tally = { ...NOBODY }
  const byTouchpoint: Record<string, number> = {}
  for (const { answer, touchpoint } of answers) {
    tally[answer]++
    byTouchpoint[touchpoint] = (byTouchpoint[touchpoint] ?? 0) + 1
  }
  const share = shareIn(catalogue, row, tally)
  const said = new Map(answers.map(({ customer, answer }) => [customer, answer]))
  const goal = goalOf(catalogue, row.goal)
  const bySite = new Map(
    [...catalogue.sites.keys()].map((site) => [site, { site, families: 0, yes: 0, notAsked: 0 }]),
  )
  const { capped } = await stored(
    eachPerson(engine, null, (person, siteId) => {
      const site = bySite.get(siteId)
      const { timeZone = 'UTC' } = catalogue.sites.get(siteId) ?? {}
      const today = localDay(clock(), timeZone)
      if (!site || !goal) return
      const isYes = said.get(person.ref) === 'yes'
      if (!isYes && !concerns(goal, person, today)) return
      site.families++
      if (isYes) site.yes++
      else if (
        !asked.has(person.ref) &&
        !person.evidence.some((e) => e.kind === 'toldNo' && e.goal === row.goal)
      )
        site.notAsked++
    }),
  )
  const sites = [...bySite.values()]
  const notAsked = sites.reduce((sum, site) => sum + site.notAsked, 0)
  return {
    poll: shown(c, catalogue, row, answers.length > 0 ? tally : undefined),
    asked: asked.size,
    noAnswer: asked.size - answers.length,
    byTouchpoint,
    demand: {
      basis: 'assumed',
      families: sites.reduce((sum, { families }) => sum + families, 0),
      ...demandFrom(tally.yes, notAsked, share),
      bySite: sites.map(({ site, families, yes, notAsked: n }) => ({
        site,
        families,
        yes,
        expected: demandFrom(yes, n, share).expected,
      })),
    },
    capped,
  }
}

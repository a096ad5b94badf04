/** Asking beyond the till: a link of her own for one customer, a file for a letter, and what came back in it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { CsvError } from 'csv-parse/sync'
import { parse } from 'csv-parse/sync'
import type { Context } from 'hono'
import type { Catalogue, Poll } from '../core/catalogue.ts'
import { drawn } from '../core/chance.ts'
import type { NotAsked, PollAnswer } from '../core/poll.ts'
import { closedWhy, mayBeAsked, NOT_ASKED, notAskedWhy } from '../core/poll.ts'
import { dateOf, localDay } from '../core/time.ts'
import { findCustomers, personOf } from '../store/customer.ts'
import { eachPerson, listAskedSince } from '../store/demand.ts'
import { recordEvidence } from '../store/evidence.ts'
import type { NewLink, PollRow } from '../store/poll.ts'
import { countAnswers, findEvents, makeLinks } from '../store/poll.ts'
import { newToken } from '../store/sign-in.ts'
import type { App, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { known, linesOf } from './customers.ts'
import { json, jsonBody } from './document.ts'
import { ref } from './fields.ts'
import { goalOf, pollOf } from './polls.ts'
import { invalid, problems } from './problem.ts'
import { originOf } from './sign-ins.ts'

const DAY_MS = 86_400_000
const MOST_LINKS = 1000
const MOST_ROWS = 1000

const params = z.object({ id: ref(80) })
const security = [{ key: [] }]
const tags = ['poll']

const link = createRoute({
  method: 'post',
  path: '/v1/polls/{id}/links',
  operationId: 'linkPoll',
  tags,
  summary: 'A link by which one customer answers: no sign-in, one tap, kept on her record',
  description:
    'Shown this once: only its hash is kept. She counts as asked from now on, and is not asked about this goal again within `askDays`.',
  security,
  request: {
    params,
    body: jsonBody(
      z.strictObject({ customer: ref(100) }).openapi('PollLinkFor', { example: { customer: 'g02-claire' } }),
    ),
  },
  responses: {
    200: json(
      'The link, or why there is none',
      z
        .strictObject({
          made: z.boolean(),
          reason: z
            .enum(['CONSENT', 'CLOSED', 'NOT_OPEN', 'NOT_HERE', 'NOT_TO_BE_ASKED'])
            .nullable()
            .openapi({
              description:
                'NOT_HERE: this poll is not asked on pages. NOT_TO_BE_ASKED: she said so already, was asked lately, or it is not for her.',
            }),
          why: z.enum(NOT_ASKED).nullable().openapi({ description: 'Which, where it is NOT_TO_BE_ASKED.' }),
          url: z.string().nullable(),
        })
        .openapi('PollLink', {
          example: { made: true, reason: null, why: null, url: 'https://encore.example/poll/5f0c' },
        }),
    ),
    ...problems(400, 401, 403, 404, 413, 415, 503),
  },
})

const exported = createRoute({
  method: 'post',
  path: '/v1/polls/{id}/export',
  operationId: 'exportPoll',
  tags,
  summary: 'Whom to ask by letter, as CSV',
  description:
    'Columns `customer`, `link`, `answer`: customers who allow letters, whom it concerns, who were not asked lately and said neither yes nor no; in an order drawn by lot. They count as asked from now on. The last column is empty: write answers into it and import the file.',
  security,
  request: {
    params,
    body: jsonBody(
      z
        .strictObject({ most: z.int().min(1).max(MOST_LINKS).default(500) })
        .openapi('PollExport', { example: { most: 200 } }),
    ),
  },
  responses: {
    200: { description: 'The file', content: { 'text/csv': { schema: z.string() } } },
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})

const ImportSchema = z
  .strictObject({
    csv: z.string().min(1).max(200_000),
    partial: z
      .boolean()
      .default(false)
      .openapi({ description: 'Keep the good rows also where others are not.' }),
  })
  .openapi('PollImport', { example: { csv: 'customer,answer\ng01-ana,maybe\n', partial: false } })

const ReportSchema = z
  .strictObject({
    applied: z.boolean(),
    recorded: z.int(),
    counted: z.boolean().openapi({ description: 'false: the poll is not open, so they are evidence alone.' }),
    unchanged: z.int().openapi({ description: 'Imported before.' }),
    empty: z.int().openapi({ description: 'Rows without an answer: who said nothing.' }),
    problems: z.array(
      z.strictObject({ line: z.int(), column: z.string(), customer: z.string(), message: z.string() }),
    ),
  })
  .openapi('PollImportReport')
export type PollImportReport = z.infer<typeof ReportSchema>

const imported = createRoute({
  method: 'post',
  path: '/v1/polls/{id}/import',
  operationId: 'importPoll',
  tags,
  summary: 'Answers out of letters, as CSV',
  description:
    'Columns `customer` and `answer` (yes, maybe, no); others are not looked at. The same file again changes nothing. Where a row is wrong nothing is written, unless `partial`.',
  security,
  request: { params, body: jsonBody(ImportSchema) },
  responses: {
    200: json('What became of each row', ReportSchema),
    ...problems(400, 401, 403, 404, 413, 415, 503),
  },
})

export function pollLinks(app: App): void {
  app.openapi(link, async (c) => {
    const deps = c.get('deps')
    const { customer } = c.req.valid('json')
    const poll = await pollOf(c, c.req.valid('param').id)
    const no = (
      reason: 'CONSENT' | 'CLOSED' | 'NOT_OPEN' | 'NOT_HERE' | 'NOT_TO_BE_ASKED',
      why: NotAsked | null = null,
    ) => c.json({ made: false, reason, why, url: null }, 200)
    const { catalogue, siteId, allowed } = await stored(
      known(deps, c.get('key').siteId, customer, 'personalise'),
    )
    if (!allowed) return no('CONSENT')
    const today = localDay(deps.clock(), catalogue.sites.get(siteId)?.timeZone ?? 'UTC')
    const why = closedWhy(poll, dateOf(today))
    if (why !== null) return no(why)
    if (!isAskedAt(poll, 'web')) return no('NOT_HERE')
    const row = (await stored(findCustomers(deps.engine, [customer]))).get(customer)
    const person = row ? personOf(row.ref, row.holdout, row.state, null) : null
    const asked = await askedLately(c, catalogue, poll.goal)
    const goal = goalOf(catalogue, poll.goal)
    if (!person || !goal) return no('NOT_TO_BE_ASKED')
    // What she said comes before that she was asked.
    const notAsked = notAskedWhy(catalogue, goal, person, today, 'page')
    if (notAsked !== null) return no('NOT_TO_BE_ASKED', notAsked)
    if (asked.has(person.ref)) return no('NOT_TO_BE_ASKED', 'ASKED')
    const made = linkFor(poll, person.ref, 'page', c.get('by').at, dateOf(today))
    await stored(makeLinks(deps.engine, [made], c.get('by')))
    return c.json({ made: true, reason: null, why: null, url: urlOf(c, made.token) }, 200)
  })

  app.openapi(exported, async (c) => {
    const { engine, snapshot, clock } = c.get('deps')
    const { most } = c.req.valid('json')
    const poll = await pollOf(c, c.req.valid('param').id)
    const catalogue = await stored(snapshot.refresh())
    const goal = goalOf(catalogue, poll.goal)
    const asked = await askedLately(c, catalogue, poll.goal)
    const may: { ref: string; onDate: string }[] = []
    await stored(
      eachPerson(engine, c.get('key').siteId, (person, siteId) => {
        const today = localDay(clock(), catalogue.sites.get(siteId)?.timeZone ?? 'UTC')
        if (closedWhy(poll, dateOf(today)) !== null || !isAskedAt(poll, 'letter')) return
        if (goal && !asked.has(person.ref) && mayBeAsked(catalogue, goal, person, today, 'letter'))
          may.push({ ref: person.ref, onDate: dateOf(today) })
      }),
    )
    const lot = ({ ref }: { ref: string }) => drawn(`${poll.id}|${ref}`)
    const links = may
      .sort((a, b) => lot(a) - lot(b))
      .slice(0, most)
      .map(({ ref, onDate }) => linkFor(poll, ref, 'letter', c.get('by').at, onDate))
    await stored(makeLinks(engine, links, c.get('by')))
    const lines = links.map(({ customer, token }) => `${customer},${urlOf(c, token)},`)
    return c.body(['customer,link,answer', ...lines, ''].join('\r\n'), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="${poll.id}.csv"`,
    })
  })

  app.openapi(imported, async (c) => {
    const poll = await pollOf(c, c.req.valid('param').id)
    const { csv, partial } = c.req.valid('json')
    return c.json(await importAnswers(c, poll, rowsOf(csv), partial), 200)
  })
}

const isAskedAt = ({ touchpoints }: Pick<Poll, 'touchpoints'>, touchpoint: string) =>
  touchpoints.length === 0 || touchpoints.includes(touchpoint)

/** Customers who were asked about a goal within `askDays`, wherever they were told an answer. */
async function askedLately(c: Context<Env>, { policy }: Catalogue, goal: string): Promise<Set<string>> {
  const { engine, recorder, clock } = c.get('deps')
  await stored(recorder.flush())
  return stored(listAskedSince(engine, goal, new Date(clock() - policy.askDays * DAY_MS).toISOString()))
}

const linkFor = (
  { id, goal }: PollRow,
  customer: string,
  via: 'page' | 'letter',
  at: string,
  onDate: string,
): NewLink => ({
  token: newToken(),
  pollId: id,
  goal,
  customer,
  via,
  at,
  onDate,
})

const urlOf = (c: Context<Env>, token: string) => `${originOf(c)}/poll/${token}`

const WORDS: Readonly<Record<string, PollAnswer>> = {
  yes: 'yes',
  y: 'yes',
  maybe: 'maybe',
  perhaps: 'maybe',
  no: 'no',
  n: 'no',
}

type ReadRow = { line: number; customer: string; answer: string }

/** The rows of a file. @throws invalid_request where it is no CSV, or lacks a column */
function rowsOf(csv: string): ReadRow[] {
  const refuse = (message: string) => invalid([{ field: 'csv', message }])
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(csv, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as typeof records
  } catch (error) {
    throw refuse(`is no CSV: ${(error as CsvError).code ?? 'it cannot be read'}`)
  }
  const [head, ...rows] = records
  const columns = (head?.record ?? []).map((name) => name.trim().toLowerCase())
  const [who, what] = ['customer', 'answer'].map((name) => columns.indexOf(name)) as [number, number]
  if (who < 0) throw refuse('needs a column customer')
  if (what < 0) throw refuse('needs a column answer')
  if (rows.length > MOST_ROWS) throw refuse(`has more than ${MOST_ROWS} rows`)
  return rows.map(({ record, info }) => ({
    line: info.lines,
    customer: (record[who] ?? '').trim(),
    answer: (record[what] ?? '').trim().toLowerCase(),
  }))
}

async function importAnswers(
  c: Context<Env>,
  poll: PollRow,
  rows: ReadRow[],
  partial: boolean,
): Promise<PollImportReport> {
  const { engine, snapshot, clock } = c.get('deps')
  const catalogue = await stored(snapshot.refresh())
  const keySite = c.get('key').siteId
  const idOf = (customer: string) => `${poll.id}.csv.${customer}`
  const customers = [...new Set(rows.map(({ customer }) => customer))]
  const [found, events] = await stored(
    Promise.all([findCustomers(engine, customers), findEvents(engine, customers.map(idOf))]),
  )
  const now = new Date(clock()).toISOString()
  const wrong: PollImportReport['problems'] = []
  const seen = new Set<string>()
  const good: {
    customer: string
    eventId: string
    answer: PollAnswer
    lines: ReturnType<typeof linesOf>
    open: boolean
  }[] = []
  let [unchanged, empty] = [0, 0]
  for (const { line, customer, answer: typed } of rows) {
    const say = (column: string, message: string) => wrong.push({ line, column, customer, message })
    const row = found.get(customer)
    const person = row ? personOf(row.ref, row.holdout, row.state, null) : null
    const answer = Object.hasOwn(WORDS, typed) ? WORDS[typed]! : null
    if (typed === '') empty++
    else if (!row || (keySite !== null && row.siteId !== keySite)) say('customer', 'is nobody we know')
    else if (seen.has(row.ref)) say('customer', 'stands in the file twice')
    else if (person === null) say('customer', 'does not allow us to remember')
    else if (answer === null) say('answer', 'must be yes, maybe or no')
    else {
      const today = dateOf(localDay(clock(), catalogue.sites.get(row.siteId)?.timeZone ?? 'UTC'))
      const eventId = idOf(customer)
      const lines = linesOf(
        { eventId, kind: 'answered', goal: poll.goal, answer },
        row.ref,
        today,
        now,
        () => [],
      )
      const before = events.get(eventId)
      if (!before)
        good.push({ customer: row.ref, eventId, answer, lines, open: closedWhy(poll, today) === null })
      else if (before.kind === lines[0]!.kind && before.weight === lines[0]!.weight) unchanged++
      else say('answer', 'was imported before as another answer')
    }
    if (typed !== '') seen.add(row?.ref ?? customer)
  }
  const applied = wrong.length === 0 || partial
  const counted = good.filter(({ open }) => open)
  if (applied && good.length > 0)
    await stored(
      recordEvidence(
        engine,
        good.flatMap(({ lines }) => lines),
        counted.length === 0
          ? []
          : [
              countAnswers(
                counted.map(({ customer, eventId, answer }) => ({
                  pollId: poll.id,
                  customer,
                  answer,
                  touchpoint: 'letter',
                  eventId,
                  at: now,
                })),
              ),
            ],
      ),
    )
  return {
    applied,
    recorded: applied ? good.length : 0,
    counted: counted.length > 0 || closedWhy(poll, now.slice(0, 10)) === null,
    unchanged,
    empty,
    problems: wrong.slice(0, 200),
  }
}

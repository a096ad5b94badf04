/** Polls, the links that put them, and the answers: what is written and counted. */
import type { Poll } from '../core/catalogue.ts'
import type { PollAnswer, Tally } from '../core/poll.ts'
import { closedWhy } from '../core/poll.ts'
import type { By } from './audit.ts'
import { audited, changesOf } from './audit.ts'
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { hashKey } from './key.ts'
import { poll, pollAnswer, pollLink } from './schema.ts'

export type PollRow = Poll & { createdAt: string }

type Raw = typeof poll.$inferSelect
function read(row: Raw): PollRow {
  const { rev: _rev, actor: _actor, touchpoints, ...rest } = row
  return { ...rest, touchpoints: JSON.parse(touchpoints) as string[] }
}

/** Every poll, the newest first. */
export async function listPolls(engine: Engine): Promise<PollRow[]> {
  const rows = await engine.all<Raw>(statement('select * from poll order by createdAt desc, id limit 500'))
  return rows.map(read)
}

export async function findPoll(engine: Engine, id: string): Promise<PollRow | null> {
  const [row] = await engine.all<Raw>(statement('select * from poll where id = ?', id))
  return row ? read(row) : null
}

/** A goal has one open poll at a time. */
const ALONE =
  "select not exists (select 1 from poll where goal = ? and id <> ? and state = 'open' and closesOn >= ?)"

/** Keep a new poll. False when another one about its goal is still open. */
export async function addPoll(engine: Engine, row: PollRow, by: By): Promise<boolean> {
  return unlessRefused(
    engine.atomic([
      BUMP,
      ...guard(ALONE, row.goal, row.id, row.opensOn),
      insertRows(poll, [{ ...row, touchpoints: JSON.stringify(row.touchpoints), actor: by.actor }]),
      statement(`update poll set rev = ${REV} where id = ?`, row.id),
      audited(by, 'made', 'poll', row.id, changesOf({}, row)),
    ]),
  )
}

/** Change a poll that nobody has answered. False when somebody has, it was edited meanwhile, or its goal has another. */
export async function editPoll(engine: Engine, before: PollRow, after: PollRow, by: By): Promise<boolean> {
  return unlessRefused(
    engine.atomic([
      BUMP,
      ...guard('select version = ? from poll where id = ?', before.version, before.id),
      ...guard('select not exists (select 1 from pollAnswer where pollId = ?)', before.id),
      ...guard(ALONE, after.goal, after.id, after.opensOn),
      statement(
        `update poll set goal = ?, question = ?, touchpoints = ?, goAnswers = ?, goYes = ?, goShare = ?, opensOn = ?,
           closesOn = ?, version = version + 1, rev = ${REV} where id = ?`,
        after.goal,
        after.question,
        JSON.stringify(after.touchpoints),
        after.goAnswers,
        after.goYes,
        after.goShare,
        after.opensOn,
        after.closesOn,
        before.id,
      ),
      audited(by, 'edited', 'poll', before.id, changesOf(before, { ...after, version: before.version })),
    ]),
  )
}

/** Close a poll before its day. False when it was edited meanwhile. */
export async function closePoll(engine: Engine, { id, version }: PollRow, by: By): Promise<boolean> {
  return unlessRefused(
    engine.atomic([
      BUMP,
      ...guard('select version = ? from poll where id = ?', version, id),
      statement(`update poll set state = 'closed', version = version + 1, rev = ${REV} where id = ?`, id),
      audited(by, 'closed', 'poll', id, { state: ['open', 'closed'] }),
    ]),
  )
}

async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (error instanceof GuardFailed) return false
    throw error
  }
}

export type AnswerRow = typeof pollAnswer.$inferInsert

/** The statement that counts answers, in the batch of their evidence: her last word stands. */
export const countAnswers = (rows: AnswerRow[]): Statement =>
  insertRows(
    pollAnswer,
    rows,
    `(pollId, customer) do update set answer = excluded.answer, touchpoint = excluded.touchpoint,
       eventId = excluded.eventId, at = excluded.at where excluded.at >= pollAnswer.at`,
  )

/** The open poll about a goal on a date of the site; none: null. */
export const openPollOf = (polls: readonly Poll[], goal: string | undefined, date: string): Poll | null =>
  polls.find((each) => each.goal === goal && closedWhy(each, date) === null) ?? null

/** What an answer about a goal adds where a poll is open about it, on a date of the site: a statement, or none. */
export function countedBy(
  polls: readonly Poll[],
  goal: string | undefined,
  date: string,
  row: Omit<AnswerRow, 'pollId'>,
): Statement[] {
  const open = openPollOf(polls, goal, date)
  return open ? [countAnswers([{ ...row, pollId: open.id }])] : []
}

/** The answer of a customer to a poll, or null. */
export async function findAnswer(
  engine: Engine,
  pollId: string,
  customer: string,
): Promise<{ answer: PollAnswer; eventId: string } | null> {
  const [row] = await engine.all<{ answer: PollAnswer; eventId: string }>(
    statement('select answer, eventId from pollAnswer where pollId = ? and customer = ?', pollId, customer),
  )
  return row ?? null
}

/** Answers by poll: how many said what. */
export async function tallies(engine: Engine): Promise<Map<string, Tally>> {
  const rows = await engine.all<{ pollId: string; answer: PollAnswer; n: number }>(
    statement('select pollId, answer, count(*) n from pollAnswer group by pollId, answer'),
  )
  const byPoll = new Map<string, Tally>()
  for (const { pollId, answer, n } of rows) {
    const tally = byPoll.get(pollId) ?? { yes: 0, maybe: 0, no: 0 }
    tally[answer] = n
    byPoll.set(pollId, tally)
  }
  return byPoll
}

/** From when until before when a poll is open at a site, as UTC instants. */
export type Window = { siteId: string; from: string; until: string }

/** Who was asked: at a till and the like while the poll was open there, or by a link; and who answered what. */
export async function readPollPeople(
  engine: Engine,
  { id, goal, touchpoints }: Pick<Poll, 'id' | 'goal' | 'touchpoints'>,
  windows: Window[],
): Promise<{ answers: { customer: string; answer: PollAnswer; touchpoint: string }[]; asked: Set<string> }> {
  const [answers, spoken, linked] = (await engine.allOf([
    statement('select customer, answer, touchpoint from pollAnswer where pollId = ? order by customer', id),
    statement(
      `select distinct r.customer from recommendation r join json_each(?1) w on w.value ->> 'siteId' = r.siteId
         and r.at >= w.value ->> 'from' and r.at < w.value ->> 'until'
       where r.askedGoal = ?2 and r.customer is not null
         and (?3 = '[]' or r.touchpoint in (select value from json_each(?3)))`,
      JSON.stringify(windows),
      goal,
      JSON.stringify(touchpoints),
    ),
    statement('select distinct customer from pollLink where pollId = ?', id),
  ])) as [
    { customer: string; answer: PollAnswer; touchpoint: string }[],
    { customer: string }[],
    { customer: string }[],
  ]
  return { answers, asked: new Set([...spoken, ...linked, ...answers].map(({ customer }) => customer)) }
}

export type PollLinkRow = typeof pollLink.$inferSelect
export type NewLink = Omit<PollLinkRow, 'hash'> & { token: string }

/** Keep links to a poll; with them, that these customers were asked. */
export async function makeLinks(engine: Engine, links: NewLink[], by: By): Promise<void> {
  if (links.length === 0) return
  const rows = await Promise.all(
    links.map(async ({ token, ...link }) => ({ ...link, hash: await hashKey(token) })),
  )
  await engine.atomic([
    insertRows(pollLink, rows),
    refreshState(rows.map(({ customer }) => customer)),
    audited(by, 'asked', 'poll', rows[0]!.pollId, { customers: [0, rows.length] }),
  ])
}

/** The link of a token, with its poll; null where there is none, or the customer is gone. */
export async function findLink(
  engine: Engine,
  token: string,
): Promise<{ link: PollLinkRow; poll: PollRow; siteId: string } | null> {
  const [row] = await engine.all<PollLinkRow & { siteId: string }>(
    statement(
      'select pollLink.*, customer.siteId from pollLink join customer on ref = pollLink.customer where hash = ?',
      await hashKey(token),
    ),
  )
  const found = row && (await findPoll(engine, row.pollId))
  if (!row || !found) return null
  const { siteId, ...link } = row
  return { link, poll: found, siteId }
}

export type EventRow = { id: string; customer: string; kind: string; goal: string; weight: number }

/** Evidence of anybody by its ids: an id stands for one thing. */
export async function findEvents(engine: Engine, ids: string[]): Promise<Map<string, EventRow>> {
  const rows = await engine.all<EventRow>(
    statement(
      'select id, customer, kind, goal, weight from evidence where id in (select value from json_each(?))',
      JSON.stringify(ids),
    ),
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** Answers by a link: whether all that came were taken back, and the event id of the next. */
export async function countLinkAnswers(
  engine: Engine,
  token: string,
): Promise<{ isTakenBack: boolean; next: string }> {
  const first = `link.${(await hashKey(token)).slice(0, 32)}`
  const [row] = await engine.all<{ n: number; back: number }>(
    statement(
      "select count(*) n, count(retractedAt) back from evidence where id >= ?1 and id < ?1 || '/'",
      first,
    ),
  )
  const { n, back } = row!
  return { isTakenBack: n > 0 && back === n, next: n === 0 ? first : `${first}.${n + 1}` }
}

/** A question that a till was given and did not put: as if it had not been given, so that it may come again. */
export async function forgetAsked(engine: Engine, recommendationId: string): Promise<void> {
  await engine.atomic([
    statement('update recommendation set askedGoal = null where id = ?', recommendationId),
  ])
}

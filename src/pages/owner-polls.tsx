/** The owner's polls: ask many about one goal, by a rule set before, and see what they say. */
import type { Context } from 'hono'
import { counted } from '../core/counted.ts'
import { saysSomething } from '../core/goal.ts'
import { shareOf } from '../core/poll.ts'
import { dateOf, dayOf } from '../core/time.ts'
import { todayOf } from '../http/alliances.ts'
import type { App, Env } from '../http/app-context.ts'
import type { PollImportReport } from '../http/poll-links.ts'
import type { PollAnswered, PollResults } from '../http/polls.ts'
import { Problem } from '../http/problem.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import { Qr } from './browse-card.tsx'
import { DotsWithIntervals } from './chart.tsx'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field } from './form-fields.tsx'
import { Code, page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  dateWords,
  Group,
  Hidden,
  NoGoals,
  OwnerWays,
  percentFrom,
  percentTyped,
  Section,
  Tick,
  TroubleNote,
  textOf,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'

/** Where a poll may be asked, as one says it. */
const PLACES = [
  ['till', 'at the till'],
  ['phone', 'on the phone'],
  ['fittingRoom', 'in the fitting room'],
  ['floor', 'on the floor'],
  ['web', 'on a page, by a link of her own'],
  ['letter', 'by letter'],
] as const

type Typed = {
  goal: string
  question: string
  touchpoints: string[]
  goAnswers: unknown
  goYes: unknown
  goShare: unknown
  opensOn: string
  closesOn: string
}

const DONE: Record<string, string> = {
  made: 'The poll is kept. Tills ask it from its first day on.',
  closed: 'It is closed: no answer counts from now on.',
}
const NO_LINK: Record<string, string> = {
  CONSENT: 'Nobody with this reference allows us to remember anything.',
  NOT_HERE: 'This poll is not asked on pages.',
  NOT_TO_BE_ASKED: 'It is not for her.',
  ANSWERED: 'She has answered already.',
  ASKED: 'She was asked lately, and is not asked again so soon.',
  AGES: 'It is not for the ages in her family.',
  REFUSED: 'She said that it is not for them.',
  CARE: 'Not now: something of hers is still being put right.',
  CLOSED: 'It is closed.',
  NOT_OPEN: 'It is not open yet.',
}
const LABELS: Record<string, string> = {
  goal: 'Goal',
  question: 'Question, as it is said aloud',
  opensOn: 'From',
  closesOn: 'Until, that day included',
  goAnswers: 'Answers, at least',
  goYes: 'Yes among them, at least',
  goShare: 'Share of yes, at least, in percent',
  most: 'At most so many',
  customer: 'Her reference',
  csv: 'The file’s text',
}
const STATES = { coming: 'draft', open: 'live', closed: 'ended' } as const
export const VERDICTS: Record<PollAnswered['verdict'], string> = {
  go: 'Go',
  notYet: 'Not yet',
  noGo: 'No go',
}

/** A share as one reads it: `37 %`. */
export const percent = (share: number): string => `${Math.round(share * 100)} %`

export function ownerPolls(app: App): void {
  app.get('/owner/polls', async (c) => {
    const { polls } = await good(asking(c, app)<{ polls: PollAnswered[] }>('GET', '/v1/polls'))
    return list(c, polls)
  })

  app.get('/owner/polls/new', async (c) => {
    const { goals, goalIndex, sites } = await c.get('deps').snapshot.refresh()
    const goal = goals[goalIndex.get(c.req.query('goal') ?? '') ?? -1]
    const today = todayOf(c, { sites })
    const typed: Typed = {
      goal: goal?.slug ?? '',
      question: goal?.question ?? '',
      touchpoints: [],
      goAnswers: 20,
      goYes: 8,
      goShare: 0.3,
      opensOn: today,
      closesOn: dateOf(dayOf(today) + 42),
    }
    return form(c, typed, null)
  })

  app.post('/owner/polls/new', async (c) => {
    const sent = await formOf(c)
    const text = (name: string) => (sent.get(name) ?? '').trim()
    const typed: Typed = {
      goal: text('goal'),
      question: text('question'),
      touchpoints: sent.getAll('touchpoints'),
      goAnswers: wholeFrom(sent.get('goAnswers'), null),
      goYes: wholeFrom(sent.get('goYes'), null),
      goShare: percentFrom(sent.get('goShare'), 1),
      opensOn: text('opensOn'),
      closesOn: text('closesOn'),
    }
    const said = await asking(c, app)<PollAnswered>('POST', '/v1/polls', typed)
    if (said.ok) return c.redirect(`/owner/polls/${said.body.id}?done=made`, 303)
    c.status(said.status as 422)
    return form(c, typed, troubleOf(said))
  })

  app.get('/owner/polls/:id', async (c) => {
    const call = asking(c, app)
    return one(c, call, {
      done: DONE[c.req.query('done') ?? ''] ?? null,
      trouble: null,
      report: null,
      link: null,
    })
  })

  app.post('/owner/polls/:id', async (c) => {
    const sent = await formOf(c)
    const call = asking(c, app)
    const path = `/v1/polls/${encodeURIComponent(c.req.param('id'))}`
    const shown = { done: null, trouble: null, report: null, link: null }
    const refused = (said: Parameters<typeof troubleOf>[0], typed: Partial<Shown> = {}) => {
      c.status(said.status as 422)
      return one(c, call, { ...shown, ...typed, trouble: troubleOf(said) })
    }
    switch (sent.get('do')) {
      case 'close': {
        const { poll } = await good(call<PollResults>('GET', path))
        const { goal, question, touchpoints, goAnswers, goYes, goShare, opensOn, closesOn } = poll
        const record = { goal, question, touchpoints, goAnswers, goYes, goShare, opensOn, closesOn }
        const said = await call(
          'PUT',
          path,
          { ...record, closed: true },
          { 'if-match': sent.get('etag') ?? '' },
        )
        return said.ok ? c.redirect(`/owner/polls/${poll.id}?done=closed`, 303) : refused(said)
      }
      case 'export': {
        const said = await call<string>('POST', `${path}/export`, { most: wholeFrom(sent.get('most'), 500) })
        if (!said.ok) return refused(said)
        return c.body(said.body, 200, {
          'content-type': 'text/csv; charset=utf-8; header=present',
          'content-disposition': `attachment; filename="${c.req.param('id')}.csv"`,
        })
      }
      case 'import': {
        const said = await call<PollImportReport>('POST', `${path}/import`, {
          csv: sent.get('csv') ?? '',
          partial: sent.get('partial') === 'yes',
        })
        return said.ok ? one(c, call, { ...shown, report: said.body }) : refused(said)
      }
      case 'link': {
        const customer = (sent.get('customer') ?? '').trim()
        const said = await call<{ url: string | null; reason: string | null; why: string | null }>(
          'POST',
          `${path}/links`,
          {
            customer,
          },
        )
        if (!said.ok) return refused(said, { customer })
        const { url, reason, why } = said.body
        const trouble = url === null ? { detail: NO_LINK[why ?? reason ?? ''] ?? '', errors: [] } : null
        return one(c, call, { ...shown, trouble, link: url, ...(url === null ? { customer } : {}) })
      }
      default:
        return c.redirect(`/owner/polls/${c.req.param('id')}`, 303)
    }
  })
}

/** What waits for the owner: polls that said go, and that nobody serves yet. */
export async function pollsWaiting(
  call: Ask,
): Promise<{ urgency: number; to: string; name: string; says: string }[]> {
  const { polls } = await good(call<{ polls: PollAnswered[] }>('GET', '/v1/polls'))
  if (!polls.some(({ verdict }) => verdict === 'go')) return []
  const { goals } = await good(call<{ goals: { goal: string; status: string }[] }>('GET', '/v1/goals/map'))
  const wanted = new Set(goals.filter(({ status }) => status === 'allianceWanted').map(({ goal }) => goal))
  return polls
    .filter(({ verdict, goal }) => verdict === 'go' && wanted.has(goal))
    .map(({ goal, goalName, yes, answers }) => ({
      urgency: 2,
      to: `/owner/goals#g-${goal}`,
      name: `${goalName}: alliance wanted`,
      says: `The poll said go: ${yes} of ${answers} would come, and nothing on offer serves it.`,
    }))
}

function Head({ title }: { title: string }) {
  return (
    <header class="owner-head">
      <h1 class="display">{title}</h1>
      <OwnerWays here="polls" />
    </header>
  )
}

function list(c: Context<Env>, polls: PollAnswered[]) {
  return page(
    c,
    {
      title: 'Polls · Encore',
      here: 'owner',
      description: 'What families are asked, and what they say.',
      wide: true,
    },
    <div class="owner">
      <Head title="Polls" />
      <Section
        id="all"
        title="All polls"
        says="Would this interest you? The rule that makes it a go is set before the first answer, and stays."
      >
        {polls.length === 0 ? (
          <p>None yet. Ask before you look for a partner: it costs one question at the till.</p>
        ) : (
          <table class="owner-table">
            <thead>
              <tr>
                <th scope="col">Question</th>
                <th scope="col">State</th>
                <th scope="col">Until</th>
                <th scope="col">Answers</th>
                <th scope="col">Yes</th>
                <th scope="col">Rule</th>
              </tr>
            </thead>
            <tbody>
              {polls.map((poll) => (
                <tr>
                  <th scope="row">
                    <a href={`/owner/polls/${poll.id}`}>{poll.question}</a>
                  </th>
                  <td data-label="State">
                    <span class={`state state-${STATES[poll.state]}`}>{poll.state}</span>
                  </td>
                  <td data-label="Until" class="owner-date">
                    {dateWords(poll.closesOn)}
                  </td>
                  <td data-label="Answers" class="number">
                    {poll.answers}
                  </td>
                  <td data-label="Yes" class="number">
                    {poll.yes}
                  </td>
                  <td data-label="Rule">
                    <Verdict poll={poll} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <p class="ways">
          <a class="button primary" href="/owner/polls/new">
            A new poll
          </a>
          <a class="button" href="/owner/goals">
            The goals map
          </a>
        </p>
      </Section>
    </div>,
  )
}

function Verdict({ poll }: { poll: PollAnswered }) {
  return (
    <span class={poll.verdict === 'go' ? 'state state-good' : 'state state-unknown'}>
      {VERDICTS[poll.verdict]}
    </span>
  )
}

async function form(c: Context<Env>, typed: Typed, trouble: Trouble | null) {
  const { goals } = await c.get('deps').snapshot.refresh()
  const options = [
    ['', 'Choose…'] as const,
    ...goals
      .filter((goal) => !goal.toldOnly && saysSomething(goal, goals))
      .map(({ slug, name }) => [slug, name] as const),
  ]
  const field = (name: keyof Typed, value: string) => ({ name, label: LABELS[name]!, value, trouble })
  return page(
    c,
    { title: 'A new poll · Encore', here: 'owner', description: 'Ask many about one goal.' },
    <div class="owner">
      <Head title="A new poll" />
      <NoGoals goals={goals} />
      <TroubleNote trouble={trouble} names={LABELS} />
      <form method="post" action="/owner/polls/new" class="owner-form">
        <Group legend="What is asked">
          <Choice {...field('goal', typed.goal)} options={options} />
          <Field
            {...field('question', typed.question)}
            most={200}
            required
            hint="At most 90 characters: “Would tennis lessons close by interest you?”"
          />
          <fieldset class="owner-ticks">
            <legend>Where it is asked; none: everywhere</legend>
            {PLACES.map(([value, says]) => (
              <Tick name="touchpoints" value={value} label={says} on={typed.touchpoints.includes(value)} />
            ))}
          </fieldset>
          <Field {...field('opensOn', typed.opensOn)} type="date" required />
          <Field {...field('closesOn', typed.closesOn)} type="date" required />
        </Group>
        <Group
          legend="When it is a go"
          says="Decide now: after the first answer this stays as it is. All three must be reached."
        >
          <Field {...field('goAnswers', textOf(typed.goAnswers))} numeric required />
          <Field {...field('goYes', textOf(typed.goYes))} numeric required />
          <Field
            {...field('goShare', percentTyped(typed.goShare, 1))}
            numeric
            required
            hint="Of the believed share: a few answers are pulled toward what is usual for this goal."
          />
        </Group>
        <p class="owner-keys">
          <button type="submit" class="primary">
            Ask it
          </button>
        </p>
      </form>
    </div>,
  )
}

type Shown = {
  done: string | null
  trouble: Trouble | null
  report: PollImportReport | null
  link: string | null
  /** The reference as it was typed, where there is no link for it. */
  customer?: string
}

async function one(c: Context<Env>, call: Ask, { done, trouble, report, link, customer }: Shown) {
  const id = c.req.param('id') ?? ''
  const said = await call<PollResults>('GET', `/v1/polls/${encodeURIComponent(id)}`)
  if (!said.ok) throw new Problem(said.code, said.detail)
  const { poll, asked, noAnswer, demand, byTouchpoint, capped } = said.body
  const { goals, goalIndex, sites, policy } = await c.get('deps').snapshot.refresh()
  const baseRate = goals[goalIndex.get(poll.goal) ?? -1]?.baseRate ?? 0.5
  const usual = shareOf(0, 0, baseRate, policy.pollPrior)
  const action = `/owner/polls/${poll.id}`
  const round = (n: number) => Math.round(n)
  return page(
    c,
    { title: `${poll.question} · Encore`, here: 'owner', description: 'What came of a poll.', wide: true },
    <div class="owner">
      <Head title={poll.question} />
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} not="done" names={LABELS} />
      {report && <Report report={report} />}
      {link !== null && (
        <section class="card owner-card about-link" aria-labelledby="link">
          <h2 id="link">Her link</h2>
          <p>Shown this once. Let her photograph it, or send it: one tap, no sign-in.</p>
          <Qr text={link} label="The link to the question" />
          <Code label="The link to the question" text={link} />
        </section>
      )}
      <Section id="verdict" title={VERDICTS[poll.verdict]}>
        <p>
          {poll.verdict === 'go' ? (
            <>
              The rule is met: {counted(poll.answers, 'answer')}, {poll.yes} of them yes, a share of{' '}
              {percent(poll.share.share)}.
            </>
          ) : poll.verdict === 'noGo' ? (
            <>It is over, and the rule was not met: {poll.missing.join(', ')} were missing.</>
          ) : (
            <>Missing for a go: {poll.missing.join(', ')}.</>
          )}{' '}
          <span class="quiet">
            Go at {counted(poll.goAnswers, 'answer')}, {poll.goYes} yes and {percent(poll.goShare)}; open from{' '}
            {dateWords(poll.opensOn)} to {dateWords(poll.closesOn)}.
          </span>
        </p>
        <p class="ways">
          <a class="button" href={`/owner/goals#g-${poll.goal}`}>
            {poll.goalName} on the goals map
          </a>
          {poll.verdict === 'go' && (
            <a class="button primary" href={`/owner/partners/new?goal=${poll.goal}`}>
              Look for a partner
            </a>
          )}
        </p>
      </Section>
      <div class="owner-two">
        <Section id="answers" title="What they said">
          <dl class="owner-terms">
            {(
              [
                ['Asked', asked],
                ['Said nothing', noAnswer],
                ['Yes', poll.yes],
                ['Maybe', poll.maybe],
                ['No', poll.no],
              ] as const
            ).map(([name, n]) => (
              <div>
                <dt>{name}</dt>
                <dd>
                  <strong>{n}</strong> <span class="lift-tag lift-counted">counted</span>
                </dd>
              </div>
            ))}
            <div>
              <dt>Families who would come</dt>
              <dd>
                about <strong>{round(demand.expected)}</strong> of {demand.families} whom it concerns, between{' '}
                {round(demand.low)} and {round(demand.high)}{' '}
                <span class="lift-tag lift-assumed">assumed</span>
              </dd>
            </div>
            {demand.bySite.map(({ site, yes, expected, families }) => (
              <div>
                <dt>{sites.get(site)?.name ?? site}</dt>
                <dd>
                  about {round(expected)} of {families}, {yes} said yes
                </dd>
              </div>
            ))}
          </dl>
          <p class="quiet">
            Assumed: who was not asked is like those who answered, and who said nothing is not interested.
            {Object.keys(byTouchpoint).length > 0 &&
              ` Answers came ${Object.entries(byTouchpoint)
                .map(([place, n]) => `${n} ${PLACES.find(([name]) => name === place)?.[1] ?? place}`)
                .join(', ')}.`}
            {capped && ' There are more customers than were gone through.'}
          </p>
        </Section>
        <Section id="share" title="The share that would say yes">
          <DotsWithIntervals
            id="share-picture"
            title="Believed share of yes"
            says={`${percent(poll.share.share)}, between ${percent(poll.share.low)} and ${percent(poll.share.high)} with 95 % chance; before the first answer ${percent(usual.share)} was believed. A go needs ${percent(poll.goShare)}.`}
            points={[
              { label: 'Before anybody answered', value: usual.share, low: usual.low, high: usual.high },
              {
                label: `After ${counted(poll.answers, 'answer')}`,
                value: poll.share.share,
                low: poll.share.low,
                high: poll.share.high,
              },
            ]}
            format={percent}
            reference={{ value: poll.goShare, label: 'a go' }}
            within={[0, 1]}
          />
        </Section>
      </div>
      {poll.state === 'open' && (
        <Section id="more" title="Ask more of them">
          <div class="owner-two">
            <form method="post" action={action} class="owner-form">
              <Hidden fields={{ do: 'export' }} />
              <Group
                legend="By letter"
                says="A file of customers who allow letters, with a link for each. They count as asked from now on, and nobody asks them again for 90 days."
              >
                <Field name="most" label={LABELS.most!} value="500" numeric />
              </Group>
              <button type="submit">Download the file</button>
            </form>
            <form method="post" action={action} class="owner-form">
              <Hidden fields={{ do: 'link' }} />
              <Group
                legend="On a page of her own"
                says="A link, and its picture to photograph, for one customer."
              >
                <Field name="customer" label={LABELS.customer!} value={customer} required />
              </Group>
              <button type="submit">Make the link</button>
            </form>
            <form method="post" action={action} class="owner-form">
              <Hidden fields={{ do: 'import' }} />
              <Group
                legend="Answers out of letters"
                says="The same file, with yes, maybe or no in its last column."
              >
                <Field name="csv" label={LABELS.csv!} rows={4} />
                <Tick name="partial" label="Keep the good rows also where others are not" on={false} />
              </Group>
              <button type="submit">Take the answers in</button>
            </form>
          </div>
          <form method="post" action={action}>
            <Hidden fields={{ do: 'close', etag: `"${poll.version}"` }} />
            <button type="submit" class="plain">
              Close it now
            </button>
          </form>
        </Section>
      )}
    </div>,
  )
}

function Report({ report }: { report: PollImportReport }) {
  const { applied, recorded, unchanged, empty, problems } = report
  return (
    <div class={applied ? 'note' : 'note note-bad'} role="status">
      <p>
        {applied ? (
          <>
            <strong>{counted(recorded, 'answer was', 'answers were')} taken in</strong>
            {!report.counted && ' as evidence: the poll is closed, so they do not count in it'}.{' '}
            {counted(unchanged, 'was', 'were')} known, {counted(empty, 'row has', 'rows have')} no answer.
          </>
        ) : (
          <>
            <strong>Nothing was taken in.</strong> Mend these rows, or keep the good ones.
          </>
        )}
      </p>
      {problems.length > 0 && (
        <ul class="owner-errors">
          {problems.map(({ line, column, customer, message }) => (
            <li>
              Line {line}, {column}: <bdi>{customer}</bdi> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** The goals map: what families hold, what is offered for it, where an alliance is wanted; and the goals themselves. */
import type { Context } from 'hono'
import { counted } from '../core/counted.ts'
import type { Candidate } from '../core/demand.ts'
import { candidatesFor } from '../core/demand.ts'
import { inTreeOrder, STARTER_GOALS, saysSomething } from '../core/goal.ts'
import type { App, Env } from '../http/app-context.ts'
import type { Goals } from '../http/goals.ts'
import type { GoalsMap } from '../http/goals-map.ts'
import { idFrom } from '../http/partners.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import { Bars } from './chart.tsx'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import { DoneNote, Group, Hidden, OwnerWays, Section, Tick, TroubleNote, troubleOf } from './owner-fields.tsx'
import { percent, VERDICTS } from './owner-polls.tsx'

type Line = GoalsMap['goals'][number]

const MOST_BARS = 12

/** A goal as it is written in the form; `slug` and `etag` are '' where it is new. */
type Typed = {
  slug: string
  etag: string
  name: string
  parent: string
  customerWords: string
  question: string
  toldOnly: boolean
}
type Shown = { done: string | null; trouble: Trouble | null; typed: Typed | null }

const NEW: Typed = {
  slug: '',
  etag: '',
  name: '',
  parent: '',
  customerWords: '',
  question: '',
  toldOnly: false,
}
const NOTHING: Shown = { done: null, trouble: null, typed: null }

export function ownerGoals(app: App): void {
  app.get('/owner/goals', async (c) => {
    const call = asking(c, app)
    const { edit, kept: done } = c.req.query()
    if (edit === undefined && done === undefined) return show(c, call, NOTHING)
    const { goals } = await good(call<Goals>('GET', '/v1/goals'))
    if (done !== undefined) return show(c, call, { ...NOTHING, done: doneWords(done, goals) })
    const kept = goals.find(({ slug }) => slug === edit)
    const typed = kept && {
      ...kept,
      etag: `"${kept.version}"`,
      parent: kept.parent ?? '',
      question: kept.question ?? '',
    }
    return show(c, call, { ...NOTHING, typed: typed ?? null })
  })

  app.post('/owner/goals', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    if (form.get('do') === 'starter') {
      const said = await call<Goals>('POST', '/v1/goals/starter', {})
      if (said.ok) return c.redirect('/owner/goals?kept=starter', 303)
      c.status(said.status as 409)
      return show(c, call, { ...NOTHING, trouble: troubleOf(said) })
    }
    const typed = typedFrom(form)
    const { goals } = await good(call<Goals>('GET', '/v1/goals'))
    const kept = goals.find(({ slug }) => slug === typed.slug)
    const { slug: _, version: __, ...rest } = kept ?? { slug: '', version: 0 }
    const said = await call<Goals['goals'][number]>(
      'PUT',
      `/v1/goals/${encodeURIComponent(kept ? kept.slug : freeSlug(typed.name, goals))}`,
      {
        ...rest,
        name: typed.name,
        parent: typed.parent === '' ? null : typed.parent,
        customerWords: typed.customerWords,
        question: typed.question === '' ? null : typed.question,
        toldOnly: typed.toldOnly,
      },
      kept ? { 'if-match': typed.etag } : {},
    )
    // Sent on: a page that is loaded again writes nothing again.
    if (said.ok) return c.redirect(`/owner/goals?kept=${said.body.slug}`, 303)
    c.status(said.status as 422)
    return show(c, call, { ...NOTHING, trouble: troubleOf(said), typed })
  })
}

function doneWords(slug: string, goals: Goals['goals']): string | null {
  const kept = goals.find((goal) => goal.slug === slug)
  if (kept) return `“${kept.name}” is kept.`
  return slug === 'starter' && goals.length > 0 ? `${counted(goals.length, 'goal')} are yours now.` : null
}

function typedFrom(form: URLSearchParams): Typed {
  const text = (name: string) => (form.get(name) ?? '').trim()
  return {
    slug: text('slug'),
    etag: text('etag'),
    name: text('name'),
    parent: text('parent'),
    customerWords: text('customerWords'),
    question: text('question'),
    toldOnly: form.has('toldOnly'),
  }
}

/** A slug made from a name that no goal has yet. */
function freeSlug(name: string, goals: Goals['goals']): string {
  const base = idFrom(name, 'goal')
  const isTaken = (slug: string) => goals.some((goal) => goal.slug === slug)
  for (let n = 1; ; n++) {
    const slug = n === 1 ? base : `${base}-${n}`
    if (!isTaken(slug)) return slug
  }
}

async function show(c: Context<Env>, call: Ask, { done, trouble, typed }: Shown) {
  const catalogue = await c.get('deps').snapshot.refresh()
  const { sites } = catalogue
  const own = c.get('key').siteId
  const asked = own ?? c.req.query('site')
  const site = asked !== undefined && sites.has(asked) ? asked : null
  const map = await good(
    call<GoalsMap>('GET', `/v1/goals/map${site === null ? '' : `?site=${encodeURIComponent(site)}`}`),
  )
  const wanted = map.goals
    .filter(({ status }) => status === 'allianceWanted')
    .sort((a, b) => heldBy(b) - heldBy(a))
  const held = map.goals
    .filter((line) => isLine(line, map.goals) && !line.sensitive)
    .filter((line) => heldBy(line) >= 1)
    .sort((a, b) => heldBy(b) - heldBy(a))
    .slice(0, MOST_BARS)
  return page(
    c,
    {
      title: 'Goals map · Encore',
      here: 'owner',
      description: 'What families want, and who serves it.',
      wide: true,
    },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Goals map</h1>
        <OwnerWays here="goals" />
      </header>
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} />
      {map.goals.length === 0 ? (
        <Beginning typed={typed ?? NEW} trouble={trouble} />
      ) : (
        <>
          {own === null && sites.size > 1 && (
            <nav class="segments owner-filter" aria-label="By shop">
              <a class="button segment" href="/owner/goals" aria-current={site === null ? 'true' : undefined}>
                Every shop
              </a>
              {[...sites.values()].map(({ id, name }) => (
                <a
                  class="button segment"
                  href={`/owner/goals?site=${id}`}
                  aria-current={id === site ? 'true' : undefined}
                >
                  {name}
                </a>
              ))}
            </nav>
          )}
          <Section
            id="wanted"
            title="Alliances wanted"
            says="Held by many, or a poll said go, and nothing that one can do serves it today."
          >
            {wanted.length === 0 ? (
              <p class="calm">
                {held.length === 0
                  ? 'None: no family holds a goal yet that may be counted.'
                  : 'None. What many families want is served.'}
              </p>
            ) : (
              <div class="owner-waiting">
                {wanted.map((line) => (
                  <Wanted line={line} candidates={candidatesFor(catalogue, line.goal)} />
                ))}
              </div>
            )}
          </Section>
          {held.length > 0 && (
            <Bars
              id="held"
              title="What families hold"
              says={`Families who said or did so, and those for whom evidence makes it likely, of ${map.families} who let us know them.`}
              points={held.map((line) => ({ label: line.name, value: heldBy(line) }))}
              format={(n) => String(Math.round(n * 10) / 10)}
              columns={{ label: 'Goal', value: 'Families' }}
            />
          )}
          <details class="fold" id="write" open={typed !== null}>
            <summary>
              {typed === null || typed.slug === '' ? 'Write a goal' : `Change “${typed.name}”`}
            </summary>
            <GoalForm typed={typed ?? NEW} trouble={trouble} goals={catalogue.goals} />
          </details>
          <Section
            id="all"
            title="Demand and supply"
            says="Counted is what families said or did. Believed is what evidence makes likely, and a poll’s share is an estimate: they are not added up."
          >
            <table class="owner-table">
              <thead>
                <tr>
                  <th scope="col">Goal</th>
                  <th scope="col">Counted</th>
                  <th scope="col">Believed</th>
                  <th scope="col">Told no</th>
                  <th scope="col">Poll</th>
                  <th scope="col">Offered by</th>
                  <th scope="col">Where it stands</th>
                </tr>
              </thead>
              <tbody>
                {map.goals
                  .filter((line) => isLine(line, map.goals))
                  .map((line) => (
                    <Row
                      line={line}
                      depth={depthOf(map.goals, line)}
                      isUmbrella={map.goals.some(({ parent }) => parent === line.goal)}
                      siteName={(id) => sites.get(id)?.name ?? id}
                    />
                  ))}
              </tbody>
            </table>
            <p class="quiet">
              Of {map.customers} customers {map.families} let us know them. Goals that people keep to
              themselves are counted aloud from five families up, and some of them only where families told
              us.
              {site !== null && ' A poll’s share is that of every shop’s families, here too.'}
              {map.capped && ' There are more customers than were gone through.'}
            </p>
          </Section>
        </>
      )}
    </div>,
  )
}

/** A shop without goals: the starter set in one tap, or the first one by hand. */
function Beginning({ typed, trouble }: { typed: Typed; trouble: Trouble | null }) {
  return (
    <>
      <Section
        id="none"
        title="This shop has no goals yet"
        says="A goal is what a family really wants: a child who reads, a calm evening. What you sell, your partners and your polls are linked to goals, and the next offer follows from them."
      >
        <form method="post" action="/owner/goals" class="owner-keys">
          <button type="submit" name="do" value="starter" class="primary">
            Begin with the starter set ({counted(STARTER_GOALS.length, 'goal')} of family life)
          </button>
        </form>
      </Section>
      <Section id="write" title="Or write the first one">
        <GoalForm typed={typed} trouble={trouble} goals={[]} />
      </Section>
    </>
  )
}

function GoalForm({
  typed,
  trouble,
  goals,
}: {
  typed: Typed
  trouble: Trouble | null
  goals: readonly { slug: string; name: string; parent: string | null }[]
}) {
  const parents = inTreeOrder(goals.map(({ slug, name, parent }) => ({ slug, name, parent })))
    .filter(({ goal }) => goal.slug !== typed.slug)
    .map(({ goal, depth }) => [goal.slug, `${'– '.repeat(depth)}${goal.name}`] as const)
  return (
    <form method="post" action="/owner/goals" class="owner-form">
      <Hidden fields={{ do: 'write', slug: typed.slug, etag: typed.etag }} />
      <Group legend={typed.slug === '' ? 'A new goal' : 'The goal'}>
        <Field name="name" label="Name" value={typed.name} trouble={trouble} most={60} required />
        {parents.length > 0 && (
          <Choice
            name="parent"
            label="Which goal it belongs to"
            value={typed.parent}
            trouble={trouble}
            options={[['', 'None: it stands by itself'], ...parents]}
          />
        )}
        <Field
          name="customerWords"
          label="As a customer says it"
          value={typed.customerWords}
          trouble={trouble}
          most={120}
          hint="“we would love her to play something”"
        />
        <Field
          name="question"
          label="The question that asks for it"
          value={typed.question}
          trouble={trouble}
          most={90}
          hint="As it is said aloud; nothing where nobody asks."
        />
        <Tick
          name="toldOnly"
          on={typed.toldOnly}
          label="Only she brings this up: never read from what she buys, never asked"
        />
      </Group>
      <p class="owner-keys">
        <button type="submit" class="primary">
          Keep it
        </button>
        {typed.slug !== '' && <a href="/owner/goals">Leave it as it is</a>}
      </p>
    </form>
  )
}

/** Whether a goal has a line of its own: all but the heading over everything. */
const isLine = ({ goal, parent }: Line, goals: Line[]) => saysSomething({ slug: goal, parent }, goals)

/** Families, counted and believed, as far as they may be said. */
const heldBy = ({ counted, believed }: Line): number =>
  (typeof counted === 'number' ? counted : 0) + (believed?.expected ?? 0)

const times = (n: number, one: string, many = `${one}s`) => `${n} ${n === 1 ? one : many}`

/** How many goals stand above one, the root apart. */
function depthOf(goals: Line[], { parent }: Line): number {
  const above = goals.find(({ goal }) => goal === parent)
  return above && above.parent !== null ? 1 + depthOf(goals, above) : 0
}

/** Who is known already to serve a goal, each with how far its alliance is. */
export function Candidates({ candidates }: { candidates: Candidate[] }) {
  return (
    <>
      {candidates.map(({ partnerId, partner, alliance }) => (
        <li>
          <a href={alliance ? `/owner/alliances/${alliance.id}` : `/owner/partners/${partnerId}`}>
            <bdi>{partner}</bdi>
          </a>
          <span>
            would serve it: {alliance ? `its alliance is ${alliance.state}` : 'it has no alliance yet'}
          </span>
        </li>
      ))}
    </>
  )
}

function Wanted({ line, candidates }: { line: Line; candidates: Candidate[] }) {
  const { goal, name, counted, believed, poll, wishes, supply, sensitive } = line
  return (
    <section class="card owner-card urgent-2" aria-labelledby={`w-${goal}`}>
      <h3 id={`w-${goal}`}>
        {name}
        <span class="unseen">: </span>
        <em>alliance wanted</em>
      </h3>
      <ul class="owner-alerts">
        <li>
          <span>
            {counted} families said or did so <span class="lift-tag lift-counted">counted</span>
          </span>
        </li>
        {believed !== null && believed.expected !== null && believed.expected >= 1 && (
          <li>
            <span>
              about {Math.round(believed.expected)} more likely hold it{' '}
              <span class="lift-tag lift-associated">associated</span>
            </span>
          </li>
        )}
        {poll && (
          <li>
            <a href={`/owner/polls/${poll.id}`}>Poll: {VERDICTS[poll.verdict].toLowerCase()}</a>
            <span>
              {times(poll.answers, 'answer')}, {percent(poll.share)} would ({percent(poll.low)} to{' '}
              {percent(poll.high)})
            </span>
          </li>
        )}
        {wishes > 0 && (
          <li>
            <span>looked for by staff {times(wishes, 'time')}, and not found</span>
          </li>
        )}
        <Candidates candidates={candidates} />
        {supply.waiting.slice(0, 2).map(({ headline, partner, gate }) => (
          <li>
            <span>
              <bdi>{headline}</bdi>
              {partner !== null && (
                <>
                  {' '}
                  of <bdi>{partner}</bdi>
                </>
              )}{' '}
              is not ready: {gateWords(gate)}
            </span>
          </li>
        ))}
      </ul>
      <p class="ways">
        <a
          class={candidates.length === 0 ? 'button primary' : 'button'}
          href={`/owner/partners/new?goal=${goal}`}
        >
          Look for a partner<span class="unseen"> for {name}</span>
        </a>
        {poll === null && !sensitive && (
          <a class="button" href={`/owner/polls/new?goal=${goal}`}>
            Ask in a poll<span class="unseen"> about {name}</span>
          </a>
        )}
      </p>
    </section>
  )
}

/** `ALLIANCE_NOT_LIVE` as one reads it. */
const gateWords = (gate: string) => gate.toLowerCase().replaceAll('_', ' ')

function Row({
  line,
  depth,
  isUmbrella,
  siteName,
}: {
  line: Line
  depth: number
  isUmbrella: boolean
  siteName(id: string): string
}) {
  const { goal, name, counted, believed, toldNo, poll, supply, status } = line
  // Families hold what stands below it: that nobody holds the heading itself says nothing.
  const says = (n: number | string) => (isUmbrella && n === 0 ? '–' : n)
  const offered = [
    supply.own > 0 ? `us, ${supply.own}` : '',
    supply.partner > 0 ? `partners, ${supply.partner}` : '',
    supply.things > 0 ? times(supply.things, 'thing') : '',
  ].filter((each) => each !== '')
  return (
    <tr id={`g-${goal}`}>
      <th scope="row">
        <a class={`depth-${Math.min(depth, 3)}`} href={`/owner/goals?edit=${goal}#write`}>
          {name}
        </a>
      </th>
      <td data-label="Counted" class="number">
        {says(counted)}
      </td>
      <td data-label="Believed" class="number">
        {believed === null
          ? 'never inferred'
          : believed.expected === null
            ? says(believed.families)
            : says(Math.round(believed.expected))}
      </td>
      <td data-label="Told no" class="number">
        {says(toldNo)}
      </td>
      <td data-label="Poll">
        {poll ? (
          <a href={`/owner/polls/${poll.id}`}>
            {percent(poll.share)}, {VERDICTS[poll.verdict].toLowerCase()}
          </a>
        ) : (
          <span class="quiet">none</span>
        )}
      </td>
      <td data-label="Offered by">
        {offered.length === 0 ? 'nobody' : offered.join('; ')}
        {supply.sites.length === 1 && <span class="quiet"> only {siteName(supply.sites[0]!)}</span>}
      </td>
      <td data-label="Where it stands">
        {status === 'allianceWanted' ? (
          <a href={`#w-${goal}`}>alliance wanted</a>
        ) : status === 'served' ? (
          'served'
        ) : (
          <span class="quiet">quiet</span>
        )}
      </td>
    </tr>
  )
}

/** The goals map: what families hold, what is offered for it, and where an alliance is wanted. */
import type { Context } from 'hono'
import type { Candidate } from '../core/demand.ts'
import { candidatesFor } from '../core/demand.ts'
import type { App, Env } from '../http/app-context.ts'
import type { GoalsMap } from '../http/goals-map.ts'
import type { Ask } from './ask.ts'
import { asking } from './ask.ts'
import { Bars } from './chart.tsx'
import { page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import { OwnerWays, Section } from './owner-fields.tsx'
import { percent, VERDICTS } from './owner-polls.tsx'

type Line = GoalsMap['goals'][number]

const MOST_BARS = 12

export function ownerGoals(app: App): void {
  app.get('/owner/goals', (c) => show(c, asking(c, app)))
}

async function show(c: Context<Env>, call: Ask) {
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
    .filter(({ parent, sensitive }) => parent !== null && !sensitive)
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
          <p class="calm">None. What many families want is served.</p>
        ) : (
          <div class="owner-waiting">
            {wanted.map((line) => (
              <Wanted line={line} candidates={candidatesFor(catalogue, line.goal)} />
            ))}
          </div>
        )}
      </Section>
      <Bars
        id="held"
        title="What families hold"
        says={`Families who said or did so, and those for whom evidence makes it likely, of ${map.families} who let us know them.`}
        points={held.map((line) => ({ label: line.name, value: heldBy(line) }))}
        format={(n) => String(Math.round(n * 10) / 10)}
        columns={{ label: 'Goal', value: 'Families' }}
      />
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
              .filter(({ parent }) => parent !== null)
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
          Of {map.customers} customers {map.families} let us know them. Goals that people keep to themselves
          are counted aloud from five families up, and some of them only where families told us.
          {site !== null && ' A poll’s share is that of every shop’s families, here too.'}
          {map.capped && ' There are more customers than were gone through.'}
        </p>
      </Section>
    </div>,
  )
}

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
        {name}: <em>alliance wanted</em>
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
        <span class={`depth-${Math.min(depth, 3)}`}>{name}</span>
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

/** The owner's Monday: what waits, how every alliance fares, when terms end, and which alliance is wanted. */
import type { Context } from 'hono'
import { ALLIANCE_STATES } from '../core/alliance.ts'
import type { GoalStatus } from '../core/demand.ts'
import { FEWER } from '../core/demand.ts'
import { dateOf, dayOf } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import type { HealthOverview } from '../http/health-of-alliances.ts'
import { Problem } from '../http/problem.ts'
import type { Ask, Said } from './ask.ts'
import { asking } from './ask.ts'
import { page } from './layout.tsx'
import { dateWords, OwnerWays, Section, shortDate } from './owner-fields.tsx'
import { pollsWaiting } from './owner-polls.tsx'
import type { AllianceAnswer } from './owner-preview.tsx'

type Line = HealthOverview['alliances'][number]
type Gaps = {
  partnersWithoutAlliance: { id: string; name: string; trade: string }[]
  allianceWanted: {
    goal: string
    name: string
    customers: number | typeof FEWER
    servedByUs: boolean
    status: GoalStatus
  }[]
}
type Waiting = { urgency: number; to: string; name: string; says: string }
type Wish = { goalName: string | null; words: string[]; wishes: number }

const OVER = new Set(['ended', 'declined', 'expired'])
const UNDER_TERMS = new Set(['agreed', 'live', 'paused'])
const URGENCIES = [
  [3, 'Today'],
  [2, 'This week'],
  [1, 'Soon'],
] as const

export function ownerAlliances(app: App): void {
  app.get('/owner/alliances', async (c) => {
    const call = asking(c, app)
    const state = c.req.query('state') ?? ''
    const [overview, gaps, { wishes }] = await Promise.all([
      good(call<HealthOverview>('GET', '/v1/alliances/health')),
      good(call<Gaps>('GET', '/v1/partners/gaps')),
      good(call<{ wishes: Wish[] }>('GET', '/v1/wishes?limit=10')),
    ])
    const { parts } = await c.get('deps').snapshot.refresh()
    // Few have a version that nobody agreed to: only those are asked for.
    const undecided = overview.alliances.filter(
      ({ id, state: is }) => UNDER_TERMS.has(is) && parts.termsOf.get(id)?.some(({ agreed }) => !agreed),
    )
    const [waiting, terms] = await Promise.all([
      otherWaiting(call, overview.alliances, wishes),
      Promise.all(undecided.map((line) => termsWaiting(call, line))),
    ])
    return show(c, overview, gaps, [...terms.flat(), ...waiting], wishes, state)
  })
}

/** The answer of a call that must succeed for there to be a page. @throws the service's own problem */
export async function good<Body>(call: Promise<Said<Body>>): Promise<Body> {
  const said = await call
  if (!said.ok) throw new Problem(said.code, said.detail, said.errors)
  return said.body
}

/** New terms of an alliance that runs under older ones, while a side has not decided. */
async function termsWaiting(call: Ask, { id, partner }: Line): Promise<Waiting[]> {
  const { terms, decisions } = await good(
    call<AllianceAnswer>('GET', `/v1/alliances/${encodeURIComponent(id)}`),
  )
  const last = terms.at(-1)!
  const said = decisions.filter(({ version }) => version === last.version)
  if (last.agreedAt !== null || said.some(({ decision }) => decision === 'decline')) return []
  const ours = said.some(({ side }) => side === 'shop')
  return [
    {
      urgency: ours ? 1 : 2,
      to: `/owner/alliances/${id}#proposal`,
      name: `New terms of ${partner.name}`,
      says: `Version ${last.version} waits for ${ours ? 'their' : 'your'} decision.`,
    },
  ]
}

/** What waits that is no alliance's own: disputes, partners' drafts, wishes. */
async function otherWaiting(call: Ask, alliances: Line[], wishes: Wish[]): Promise<Waiting[]> {
  const [disputes, drafts] = await Promise.all([
    good(
      call<{ disputes: { partner: string; reason: string; resolvedAt: string | null }[] }>(
        'GET',
        '/v1/disputes',
      ),
    ),
    good(
      call<{ offers: { id: string; headline: string; draftedBy: string | null }[] }>(
        'GET',
        '/v1/offers?state=draft&limit=50',
      ),
    ),
  ])
  const allianceOf = new Map(alliances.map((line) => [line.partner.id, line]))
  const open = disputes.disputes.filter(({ resolvedAt }) => resolvedAt === null)
  return [
    ...(await pollsWaiting(call)),
    ...open.map(({ partner, reason }) => {
      const line = allianceOf.get(partner)
      return {
        urgency: 2,
        to: line ? `/owner/alliances/${line.id}#disputes` : `/owner/partners/${partner}`,
        name: `In dispute with ${line?.partner.name ?? partner}`,
        says: reason,
      }
    }),
    ...drafts.offers.map(({ id, headline, draftedBy }) => ({
      urgency: draftedBy === null ? 1 : 2,
      to: `/owner/offers/${id}`,
      name: headline || 'A draft without a headline',
      says: draftedBy === null ? 'A draft of ours, not published.' : 'A partner’s draft: publish it or not.',
    })),
    ...wishes.slice(0, 3).map((wish) => ({
      urgency: 1,
      to: '#wishes',
      name: wishName(wish),
      says: `Looked for by staff ${timesWords(wish.wishes)}, and not found.`,
    })),
  ]
}

function wishName({ goalName, words }: Wish): string {
  const name = goalName ?? words[0] ?? 'A wish'
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
}

const timesWords = (n: number): string => (n === 1 ? 'once' : n === 2 ? 'twice' : `${n} times`)

function show(
  c: Context<Env>,
  overview: HealthOverview,
  gaps: Gaps,
  others: Waiting[],
  wishes: Wish[],
  state: string,
) {
  const { alliances, today } = overview
  const waiting: Waiting[] = [
    ...alliances.flatMap(({ id, partner, alerts }) =>
      alerts.map(({ urgency, says }) => ({
        urgency,
        to: `/owner/alliances/${id}`,
        name: partner.name,
        says,
      })),
    ),
    ...others,
  ]
  const states = ALLIANCE_STATES.filter((each) => alliances.some((line) => line.state === each))
  const shown = alliances.filter((line) => state === '' || line.state === state)
  const isWanted = ({ status }: { status: GoalStatus }) => status === 'allianceWanted'
  const counted = gaps.allianceWanted
    .filter((each) => each.customers !== FEWER || isWanted(each))
    .sort((a, b) => Number(isWanted(b)) - Number(isWanted(a)) || Number(a.servedByUs) - Number(b.servedByUs))
  const few = gaps.allianceWanted.filter((each) => !counted.includes(each))
  return page(
    c,
    {
      title: 'Alliances · Encore',
      here: 'owner',
      description: 'What needs the owner, and how every alliance fares.',
      wide: true,
    },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Alliances</h1>
        <OwnerWays here="alliances" />
      </header>
      <Section id="waiting" title="What needs you">
        {waiting.length === 0 ? (
          <p class="calm">Nothing. Every alliance can do without you today.</p>
        ) : (
          <div class="owner-waiting">
            {URGENCIES.map(([urgency, says]) => {
              const of = waiting.filter((each) => each.urgency === urgency)
              return (
                of.length > 0 && (
                  <section class={`card owner-card urgent-${urgency}`}>
                    <h3>
                      {says} <span class="quiet number">{of.length}</span>
                    </h3>
                    <ul class="owner-alerts">
                      {of.map(({ to, name, says: why }) => (
                        <li>
                          <a href={to}>
                            <bdi>{name}</bdi>
                          </a>
                          <span>{why}</span>
                        </li>
                      ))}
                    </ul>
                  </section>
                )
              )
            })}
          </div>
        )}
      </Section>
      <Section id="all" title="All alliances">
        <nav class="segments owner-filter" aria-label="By state">
          <a
            class="button segment"
            href="/owner/alliances#all"
            aria-current={state === '' ? 'true' : undefined}
          >
            All, {alliances.length}
          </a>
          {states.map((each) => (
            <a
              class="button segment"
              href={`/owner/alliances?state=${each}#all`}
              aria-current={state === each ? 'true' : undefined}
            >
              {each}, {alliances.filter((line) => line.state === each).length}
            </a>
          ))}
        </nav>
        <AllianceTable lines={shown} />
      </Section>
      <Section
        id="terms"
        title="When terms end"
        says={`From a quarter ago, for two years. The upright line is today, ${dateWords(today)}.`}
      >
        <TimeLine lines={alliances.filter((line) => !OVER.has(line.state))} today={today} />
      </Section>
      <div class="owner-two">
        <Section
          id="wanted"
          title="Alliances wanted"
          says="What households said they want, and no partner’s live offer serves. The goals map says why."
        >
          {counted.length === 0 && <p>Nothing that five households or more want.</p>}
          <ul class="owner-list">
            {counted.map(({ goal, name, customers, servedByUs, status }) => (
              <li>
                <strong>{name}</strong>
                <span>
                  {customers} households want it, no partner:{' '}
                  {servedByUs ? (
                    'we serve it ourselves'
                  ) : status === 'allianceWanted' ? (
                    <a href={`/owner/goals#w-${goal}`}>
                      alliance wanted<span class="unseen"> for {name}</span>
                    </a>
                  ) : (
                    'nobody serves it, and few want it yet'
                  )}
                </span>
              </li>
            ))}
          </ul>
          {few.length > 0 && (
            <details class="fold">
              <summary>{few.length} more goals without a partner</summary>
              <p class="quiet">
                Wanted by {FEWER} households each: {few.map(({ name }) => name).join(' · ')}
              </p>
            </details>
          )}
        </Section>
        <div class="owner-stack">
          <Section id="unallied" title="Partners without a live alliance">
            {gaps.partnersWithoutAlliance.length === 0 && <p>None.</p>}
            <ul class="owner-list">
              {gaps.partnersWithoutAlliance.map(({ id, name, trade }) => (
                <li>
                  <a href={`/owner/partners/${id}`}>
                    <bdi>{name}</bdi>
                  </a>
                  <span class="quiet">{trade}</span>
                </li>
              ))}
            </ul>
            <p class="ways">
              <a class="button" href="/owner/partners/new">
                A new partner
              </a>
            </p>
          </Section>
          {wishes.length > 0 && (
            <Section
              id="wishes"
              title="Looked for, and not found"
              says="What staff searched for in the last 90 days with a customer in front of them."
            >
              <ul class="owner-list">
                {wishes.map((wish) => (
                  <li>
                    <strong>
                      <bdi>{wishName(wish)}</bdi>
                    </strong>
                    <span>{timesWords(wish.wishes)}</span>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </div>
      </div>
    </div>,
  )
}

/** All that is said of a line's health: what is bad or to watch, by name. */
function healthWords({ parts }: Line): { bad: string[]; watch: string[] } {
  const of = (state: string) =>
    parts.filter((part) => part.state === state).map(({ label }) => label.toLowerCase())
  return { bad: of('bad'), watch: of('watch') }
}

function AllianceTable({ lines }: { lines: Line[] }) {
  if (lines.length === 0) return <p>None in this state.</p>
  return (
    <table class="owner-table">
      <thead>
        <tr>
          <th scope="col">Partner</th>
          <th scope="col">State</th>
          <th scope="col">Until</th>
          <th scope="col">Free places</th>
          <th scope="col">Given</th>
          <th scope="col">Received</th>
          <th scope="col">Late word</th>
          <th scope="col">Health</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const { bad, watch } = healthWords(line)
          const isOver = OVER.has(line.state)
          return (
            <tr>
              <th scope="row">
                <a href={`/owner/alliances/${line.id}`}>
                  <bdi>{line.partner.name}</bdi>
                </a>
              </th>
              <td data-label="State">
                <span class={`state state-${line.state}`}>{line.state}</span>
              </td>
              <td data-label="Until" class="owner-date">
                {line.endsOn === null ? 'no end' : shortDate(line.endsOn)}
              </td>
              <td data-label="Free places" class="number">
                {line.freePlaces ?? 'none needed'}
              </td>
              <td data-label="Given" class="number">
                {line.given}
              </td>
              <td data-label="Received" class="number">
                {line.received}
              </td>
              <td data-label="Late word" class="number">
                {line.lateWords === 0 ? 'none' : line.lateWords}
              </td>
              <td data-label="Health" class="owner-health owner-whole">
                {isOver ? (
                  <span class="quiet">over</span>
                ) : bad.length + watch.length === 0 ? (
                  'well'
                ) : (
                  <>
                    {bad.length > 0 && (
                      <span class="is-bad">
                        <strong>Bad:</strong> {bad.join(', ')}
                      </span>
                    )}
                    {watch.length > 0 && (
                      <span>
                        <strong>Watch:</strong> {watch.join(', ')}
                      </span>
                    )}
                  </>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

const QUARTERS = 9

/** Terms over nine quarters, the one before today's first. What a bar shows stands beside it in words. */
function TimeLine({ lines, today }: { lines: Line[]; today: string }) {
  const first = Math.ceil(Number(today.slice(5, 7)) / 3) - 2 + Number(today.slice(0, 4)) * 4
  const quarters = Array.from({ length: QUARTERS + 1 }, (_, i) => {
    const [year, q] = [Math.floor((first + i) / 4), (first + i) % 4]
    return { name: `Q${q + 1} ${year}`, from: dayOf(`${year}-${String(q * 3 + 1).padStart(2, '0')}-01`) }
  })
  const [from, to] = [quarters[0]!.from, quarters.at(-1)!.from]
  const at = (date: string) => Math.round(((dayOf(date) - from) / (to - from)) * 10_000) / 10
  const clamped = (date: string) => Math.min(1000, Math.max(0, at(date)))
  return (
    <div class="owner-time">
      <div class="owner-axis" aria-hidden="true">
        {quarters.slice(0, -1).map(({ name }) => (
          <span>{name}</span>
        ))}
      </div>
      <ol>
        {lines.map(({ id, partner, startsOn, endsOn, state }) => (
          <li>
            <p>
              <a href={`/owner/alliances/${id}`}>
                <bdi>{partner.name}</bdi>
              </a>{' '}
              <span class="quiet">
                {dateWords(startsOn)} to {endsOn === null ? 'no end' : dateWords(endsOn)}
                {state !== 'live' && `, ${state}`}
              </span>
            </p>
            <svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
              {quarters.map((quarter) => (
                <line
                  class="time-quarter"
                  x1={at(dateOf(quarter.from))}
                  x2={at(dateOf(quarter.from))}
                  y1="0"
                  y2="20"
                />
              ))}
              <rect
                class={state === 'live' ? 'time-live' : 'time-other'}
                x={clamped(startsOn)}
                width={Math.max(4, clamped(endsOn ?? dateOf(to)) - clamped(startsOn))}
                y="6"
                height="8"
              />
              <line class="time-today" x1={at(today)} x2={at(today)} y1="0" y2="20" />
            </svg>
          </li>
        ))}
      </ol>
    </div>
  )
}

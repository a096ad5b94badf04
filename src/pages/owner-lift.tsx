/** What Encore caused, for the owner: the answer in a sentence, its pictures, every figure with how it is known. */
import type { Context } from 'hono'
import { counted } from '../core/counted.ts'
import type { Tag } from '../core/lift.ts'
import { blindWords, signedPercent, visibleByLength } from '../core/lift-report.ts'
import { formatMinor } from '../core/money.ts'
import { dateOf, dayOf } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import type { ExperimentAnswer, LiftAnswer } from '../http/lift.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import { DotsWithIntervals, LineWithBand } from './chart.tsx'
import type { Trouble } from './form-fields.tsx'
import { Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  dateWords,
  Group,
  Hidden,
  OwnerWays,
  percentFrom,
  Section,
  shortDate,
  TroubleNote,
  troubleOf,
} from './owner-fields.tsx'
import { at } from './owner-terms.tsx'

const HEADINGS: Record<LiftAnswer['verdict'], string> = {
  more: 'it brings more',
  less: 'it brings less',
  cannotTell: 'cannot tell',
  tooEarly: 'too early to tell',
  tooFew: 'too few to tell',
  nothingVaries: 'cannot tell',
}
/** What each way of knowing means, beside the figures. */
const TAG_WORDS: Record<Tag, string> = {
  counted: 'it happened, and was counted',
  associated: 'seen together; neither need be the cause',
  caused: 'chance decided who, so the difference is ours',
  assumed: 'taken to be so, not known',
}
const STATE_WORDS: Record<ExperimentAnswer['state'], string> = {
  registered: 'registered',
  running: 'running',
  ended: 'ended as planned',
  stopped: 'stopped early',
  withdrawn: 'withdrawn before it began',
}
const DONE: Record<string, string> = {
  registered: 'It is registered. Its start and its end stand from now on.',
  stopped: 'It is stopped.',
}

const LABELS: Record<keyof Typed, string> = {
  name: 'Name',
  startsOn: 'First day',
  endsOn: 'Last day, included',
  smallestLift: 'The smallest lift that would matter, in %',
}

type Typed = { name: string; startsOn: string; endsOn: string; smallestLift: string }

export function ownerLift(app: App): void {
  app.get('/owner/lift', (c) => {
    const done = c.req.query('done') ?? ''
    return show(c, asking(c, app), {
      typed: null,
      trouble: null,
      done: Object.hasOwn(DONE, done) ? DONE[done]! : null,
    })
  })

  app.post('/owner/lift', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    if (form.get('do') === 'stop') {
      const said = await call('POST', at`/v1/experiments/${form.get('id') ?? ''}/stop`, {})
      if (said.ok) return c.redirect('/owner/lift?done=stopped', 303)
      c.status(said.status as 409)
      return show(c, call, { typed: null, trouble: troubleOf(said), done: null })
    }
    const text = (name: keyof Typed) => (form.get(name) ?? '').trim()
    const typed = {
      name: text('name'),
      startsOn: text('startsOn'),
      endsOn: text('endsOn'),
      smallestLift: text('smallestLift'),
    }
    const said = await call('POST', '/v1/experiments', {
      ...typed,
      smallestLift: percentFrom(typed.smallestLift, 1),
    })
    if (said.ok) return c.redirect('/owner/lift?done=registered', 303)
    c.status(said.status as 409)
    return show(c, call, { typed, trouble: troubleOf(said), done: null })
  })
}

type Shown = { typed: Typed | null; trouble: Trouble | null; done: string | null }

async function show(c: Context<Env>, call: Ask, { typed, trouble, done }: Shown) {
  const chosen = c.req.query('experiment')
  const [lift, { experiments }] = await Promise.all([
    good(call<LiftAnswer>('GET', chosen ? at`/v1/lift?experiment=${chosen}` : '/v1/lift')),
    good(call<{ experiments: ExperimentAnswer[] }>('GET', '/v1/experiments')),
  ])
  const isOwner = c.get('key').role === 'owner'
  const blind = (each: ExperimentAnswer) => blindWords(each.plan.smallestVisible, each.smallestLift)
  // What was registered last: said at once where it cannot see what would matter.
  const latest = experiments.toSorted((a, b) => (a.registeredAt < b.registeredAt ? 1 : -1))[0]
  const warns = done === DONE.registered && latest?.state === 'registered' ? blind(latest) : null
  return page(
    c,
    { title: 'Lift · Encore', here: 'owner', description: 'What Encore caused, and how surely.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Lift: {HEADINGS[lift.verdict]}</h1>
      </header>
      <OwnerWays here="lift" />
      <div class="owner-head">
        <p class="owner-lead">{lift.says[0]}</p>
        {lift.says.slice(1).map((sentence) => (
          <p class="quiet owner-lead">{sentence}</p>
        ))}
        <p class="quiet">{periodWords(lift)}</p>
      </div>
      <DoneNote says={warns === null ? done : `${done} But: ${warns}`} />
      <TroubleNote trouble={trouble} not="done" names={LABELS} />
      <Pictures lift={lift} />
      <Section
        id="figures"
        title="Every figure, and how it is known"
        says="Only what chance decided may be called caused."
      >
        <table class="owner-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">How much</th>
              <th scope="col">Known how</th>
            </tr>
          </thead>
          <tbody>
            {lift.figures.map(({ label, value, tag, says }) => (
              <tr>
                <th scope="row">
                  {label}
                  <span class="quiet lift-says">{says}</span>
                </th>
                <td data-label="How much">{unbroken(value)}</td>
                <td data-label="Known how">
                  <span class={`lift-tag lift-${tag}`}>{tag}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <dl class="lift-tags">
          {Object.entries(TAG_WORDS).map(([tag, says]) => (
            <div>
              <dt>
                <span class={`lift-tag lift-${tag}`}>{tag}</span>
              </dt>
              <dd>{says}</dd>
            </div>
          ))}
        </dl>
      </Section>
      <Section
        id="experiments"
        title="Registered periods"
        says="Start and end are written down before it begins, so that nobody chooses them by what they show. One at a time."
      >
        {experiments.length === 0 ? (
          <p>Nothing is registered.</p>
        ) : (
          <ul class="owner-list">
            {experiments.map((each) => (
              <li>
                <strong>
                  <a href={at`/owner/lift?experiment=${each.id}`}>
                    <bdi>{each.name}</bdi>
                  </a>
                </strong>
                <span>
                  {dateWords(each.startsOn)} to {dateWords(each.endsOn)}, {STATE_WORDS[each.state]}
                </span>
                <span class="quiet">
                  {each.plan.smallestVisible === null
                    ? 'What it could see was not known when it was registered.'
                    : `When it was registered, the smallest lift it could hope to see was ${signedPercent(each.plan.smallestVisible)}${blind(each) === null ? '.' : `, more than the ${signedPercent(each.smallestLift)} that would matter.`}`}
                </span>
                {isOwner && (each.state === 'registered' || each.state === 'running') && (
                  <form method="post" action="/owner/lift">
                    <Hidden fields={{ do: 'stop', id: each.id }} />
                    <button type="submit">
                      {each.state === 'registered' ? 'Withdraw' : 'Stop it'}
                      <span class="unseen"> {each.name}</span>
                    </button>
                  </form>
                )}
              </li>
            ))}
          </ul>
        )}
      </Section>
      {isOwner && (
        <Register
          from={freeFrom(lift.today, experiments)}
          sees={visibleByLength(lift.figures, lift.period.plannedDays)}
          typed={typed}
          trouble={trouble}
        />
      )}
    </div>,
  )
}

function Pictures({ lift }: { lift: LiftAnswer }) {
  const { weeks, arms, currency, figures } = lift
  const last = weeks.at(-1)
  const uptake = figures.filter(({ code }) => code === 'UPTAKE_SAID' || code === 'UPTAKE_SILENT')
  const money = (minor: number) => formatMinor(Math.round(minor), currency).replace(/\.00$/, '')
  return (
    <div class="lift-pictures">
      {last && (
        <LineWithBand
          id="weeks"
          title="The lift, as it stood from week to week"
          says={`The band holds the true lift however often one looks. On ${dateWords(last.on)} it reaches from ${signedPercent(last.lift.low)} to ${signedPercent(last.lift.high)}.`}
          points={weeks.map(({ on, lift: { value, low, high } }) => ({
            label: shortDate(on).replace(/ \d{4}$/, ''),
            value,
            low,
            high,
          }))}
          format={signedPercent}
          reference={{ value: 0, label: 'no difference' }}
          within={[-1, Math.max(1, 1.5 * last.lift.high)]}
          columns={{ label: 'Until', value: 'Estimate', low: 'At least', high: 'At most' }}
        />
      )}
      {arms.every(({ contribution }) => contribution !== null) && (
        <DotsWithIntervals
          id="arms"
          title="What a customer brings, by arm"
          says={`Contribution of later purchases per customer, as if both had started alike. ${arms.map(({ arm, contribution, customers }) => `${armWords(arm)}: ${money(contribution!.value)} over ${counted(customers, 'customer')}`).join('. ')}.`}
          points={arms.map(({ arm, contribution }) => ({ label: armWords(arm), ...contribution! }))}
          format={money}
          columns={{ label: 'Arm', value: 'Each brings', low: 'At least', high: 'At most' }}
        />
      )}
      {uptake.every(({ number }) => number !== null) && uptake.length === 2 && (
        <DotsWithIntervals
          id="uptake"
          title="Taking up the very offer"
          says={uptake.map(({ label, value }) => `${label}: ${value}`).join('. ')}
          points={uptake.map(({ label, number }) => ({ label, value: number }))}
          format={(share) => `${Math.round(share * 100)} %`}
          within={[0, 1]}
          columns={{ label: 'Moments', value: 'Share' }}
        />
      )}
    </div>
  )
}

/** A sign stays on its number's line. */
const unbroken = (value: string) => value.replace(/([−+])(?=\D)/g, '$1\u2060').replace(/(\d) %/g, '$1\u00a0%')

const armWords = (arm: 'offered' | 'holdout') => (arm === 'offered' ? 'May be spoken to' : 'Holdout')

function periodWords({ period, experiment }: LiftAnswer): string {
  const name = experiment === null ? 'Everything since the first decision' : experiment.name
  const span =
    period.endsOn === null
      ? `from ${dateWords(period.startsOn)}`
      : `${dateWords(period.startsOn)} to ${dateWords(period.endsOn)}`
  return `${name}: ${span}`
}

/** The first day on which another may begin. */
const freeFrom = (today: string, experiments: ExperimentAnswer[]): string =>
  experiments.reduce(
    (first, { state, endsOn }) => {
      const next = dateOf(dayOf(endsOn) + 1)
      return (state === 'registered' || state === 'running') && next > first ? next : first
    },
    dateOf(dayOf(today) + 1),
  )

function Register(props: {
  from: string
  /** What periods could see. */
  sees: string | null
  typed: Typed | null
  trouble: Trouble | null
}) {
  const { from, sees, typed, trouble } = props
  const shown = typed ?? {
    name: '',
    startsOn: from,
    endsOn: dateOf(dayOf(from) + 364),
    smallestLift: '10',
  }
  const field = (name: keyof Typed) => ({
    name,
    label: LABELS[name],
    value: shown[name],
    trouble: typed === null ? null : trouble,
  })
  return (
    <Section
      id="register"
      title="Register a period"
      says={sees ?? 'What a period could see is not known yet: too little was bought before.'}
    >
      <form method="post" action="/owner/lift" class="owner-form">
        <Group
          legend="What is measured"
          says="What customers who may be spoken to bring, against the holdout."
        >
          <Field {...field('name')} required />
          <Field {...field('startsOn')} type="date" required />
          <Field {...field('endsOn')} type="date" required />
          <Field {...field('smallestLift')} hint="Of what a customer brings." numeric />
        </Group>
        <p class="owner-keys">
          <button type="submit" class="primary">
            Register it
          </button>
        </p>
      </form>
    </Section>
  )
}

/** What the catalogue could say of goals: looked through, accepted, changed, refused, taken back. */
import type { Context } from 'hono'
import type { Goal } from '../core/goal.ts'
import { whyWords } from '../core/mapping.ts'
import type { App, Env } from '../http/app-context.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  Group,
  NoGoals,
  OwnerWays,
  Section,
  Tick,
  TroubleNote,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'

type Rule = { kind: 'category' | 'facet'; term: string; goal: string; weight: number; halfLifeDays: number }
type Suggestion = Rule & {
  name: string
  goalName: string
  products: number
  newProducts: number
  lines: number
  turnoverShare: number
  examples: string[]
  why: Parameters<typeof whyWords>[0][]
}
type Mappings = {
  share: {
    products: number
    mappedProducts: number
    unmappedProducts: number
    turnover: number
    unmappedTurnover: number
  }
  suggestions: Suggestion[]
  more: number
  rules: Rule[]
  refused: number
  declined: (Pick<Rule, 'kind' | 'term' | 'goal'> & {
    decision: 'refused' | 'withdrawn'
    weight: number | null
    halfLifeDays: number | null
  })[]
}
type Decided = {
  results: {
    kind: string
    term: string
    goal: string
    status: 'accepted' | 'refused' | 'withdrawn' | 'reopened' | 'unchanged' | 'error'
    error: { field: string; message: string } | null
    purchases: number
  }[]
  derived: boolean
  added: number
  retracted: number
}
/** What was typed in a row that could not be kept, by kind, term and the goal that was suggested. */
type Typed = Record<string, { goal: string; weight: string; halfLifeDays: string; wrong: Trouble | null }>
type Shown = { done: string | null; trouble: Trouble | null; typed: Typed }
type GoalGroups = readonly (readonly [parent: string, goals: readonly { slug: string; name: string }[]])[]

/** Suggestions on one page. */
const SHOWN = 20
const keyOf = ({ kind, term, goal }: Pick<Rule, 'kind' | 'term' | 'goal'>) => `${kind}/${goal}/${term}`

export function ownerMapping(app: App): void {
  app.get('/owner/mapping', (c) => show(c, asking(c, app), { done: null, trouble: null, typed: {} }))

  app.post('/owner/mapping', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const verb = form.get('do') ?? ''
    const rows = form.getAll('row').map((key) => rowOf(form, key))
    if (rows.length === 0)
      return show(c, call, {
        done: null,
        trouble: { detail: 'Tick at least one row.', errors: [] },
        typed: {},
      })
    const said = await call<Decided>('POST', '/v1/mappings', {
      decisions: rows.map((row) => decisionOf(row, verb)),
    })
    const typed = (wrong: (n: number) => Trouble | null): Typed =>
      Object.fromEntries(
        rows.flatMap((row, n) => {
          const found = wrong(n)
          return found === null ? [] : [[row.key, { ...row.typed, wrong: found }]]
        }),
      )
    if (!said.ok) {
      // Nothing was kept: all stays ticked, and what is wrong is beside its field.
      c.status(said.status as 400)
      const trouble = troubleOf(said)
      const ofRow = (n: number) =>
        trouble.errors.flatMap(({ field, message }) =>
          field.startsWith(`decisions.${n}.`) ? [{ field: field.split('.').at(-1)!, message }] : [],
        )
      return show(c, call, {
        done: null,
        trouble: {
          detail: trouble.detail,
          errors: trouble.errors.map((error) => {
            const n = Number(/^decisions\.(\d+)\./.exec(error.field)?.[1] ?? Number.NaN)
            return rows[n] ? { ...error, field: `${rows[n].term}.${error.field.split('.').at(-1)!}` } : error
          }),
        },
        typed: typed((n) => ({ detail: '', errors: ofRow(n) })),
      })
    }
    // One result a row, in their order.
    const { results } = said.body
    const wrong = results.filter(({ status }) => status === 'error')
    return show(c, call, {
      done: doneWords(said.body),
      trouble:
        wrong.length === 0
          ? null
          : {
              detail: '',
              errors: wrong.map(({ term, error }) => ({
                field: `${term}.${error!.field}`,
                message: error!.message,
              })),
            },
      typed: typed((n) => {
        const error = results[n]?.error
        return error ? { detail: '', errors: [error] } : null
      }),
    })
  })
}

type Row = Pick<Rule, 'kind' | 'term' | 'goal'> & {
  key: string
  typed: { goal: string; weight: string; halfLifeDays: string }
}

/** A ticked row: `kind/goal/term`, and what was typed beside it. */
function rowOf(form: URLSearchParams, key: string): Row {
  const [kind = '', goal = '', ...term] = key.split('/')
  const text = (name: string, none: string) => (form.get(`${name}:${key}`) ?? none).trim()
  return {
    key,
    kind: kind as Rule['kind'],
    goal,
    term: term.join('/'),
    typed: { goal: text('goal', goal), weight: text('weight', ''), halfLifeDays: text('halfLifeDays', '') },
  }
}

const DECISIONS: Readonly<Record<string, string>> = { withdraw: 'withdrawn', reopen: 'reopened' }

/** One decision a row; where another goal was chosen, the suggested one is refused with it or not at all. */
function decisionOf({ kind, term, goal, typed }: Row, verb: string): object {
  if (verb !== 'accept') return { kind, term, goal, decision: DECISIONS[verb] ?? 'refused' }
  const weight = typed.weight.replace(',', '.')
  return {
    kind,
    term,
    goal: typed.goal,
    decision: 'accepted',
    ...(typed.goal === goal ? {} : { instead: goal }),
    ...(weight === '' ? {} : { weight: Number.isNaN(Number(weight)) ? typed.weight : Number(weight) }),
    ...(typed.halfLifeDays === '' ? {} : { halfLifeDays: wholeFrom(typed.halfLifeDays, null) }),
  }
}

function doneWords({ results, derived, added, retracted }: Decided): string | null {
  const of = (status: Decided['results'][number]['status']) =>
    results.filter((each) => each.status === status)
  const words: string[] = []
  const accepted = of('accepted')
  if (accepted.length > 0) {
    const purchases = accepted.reduce((sum, each) => sum + each.purchases, 0)
    words.push(`${accepted.length} accepted, about ${many(purchases, 'past purchase')}.`)
  }
  if (of('refused').length > 0) words.push(`${of('refused').length} refused: not suggested again.`)
  if (of('withdrawn').length > 0) words.push(`${of('withdrawn').length} taken back.`)
  if (of('reopened').length > 0) words.push(`${of('reopened').length} may be suggested again.`)
  if (of('unchanged').length > 0) words.push(`${of('unchanged').length} stood already.`)
  if (!derived)
    words.push('The past purchases are too many to read at once: run “encore suggest-goals --derive”.')
  else if (added + retracted > 0)
    words.push(
      `Past purchases say ${many(added, 'thing')} more${retracted > 0 ? ` and ${retracted} less` : ''}.`,
    )
  return words.length === 0 ? null : words.join(' ')
}

const many = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`
const percent = (share: number) => `${Math.round(share * 1000) / 10} %`

/** The goals that may be chosen, under the goal that they stand under. */
function groupsOf(goals: readonly Goal[]): GoalGroups {
  const nameOf = new Map(goals.map(({ slug, name }) => [slug, name]))
  const choosable = goals.filter(({ toldOnly }) => !toldOnly)
  return [...Map.groupBy(choosable, ({ parent }) => nameOf.get(parent ?? '') ?? 'All')]
}

async function show(c: Context<Env>, call: Ask, { done, trouble, typed }: Shown) {
  const from = Math.min(1_000_000, Math.max(0, Math.trunc(Number(c.req.query('from'))) || 0))
  const [{ share, suggestions, more, rules, refused, declined }, catalogue] = await Promise.all([
    good(call<Mappings>('GET', `/v1/mappings?limit=${SHOWN}&skip=${from}`)),
    c.get('deps').snapshot.refresh(),
  ])
  const nameOf = (slug: string) => catalogue.goals[catalogue.goalIndex.get(slug) ?? -1]?.name ?? slug
  const goals = groupsOf(catalogue.goals)
  const said = ({ kind, term, goal }: Pick<Rule, 'kind' | 'term' | 'goal'>) => (
    <>
      <strong>
        <bdi>{kind === 'category' ? (catalogue.categories.get(term)?.name ?? term) : `“${term}”`}</bdi>
      </strong>{' '}
      → {nameOf(goal)}
    </>
  )
  const keys = (
    <p class="owner-keys">
      <button type="submit" name="do" value="accept" class="primary">
        Accept what is ticked
      </button>
      <button type="submit" name="do" value="refuse">
        Refuse what is ticked
      </button>
    </p>
  )
  return page(
    c,
    { title: 'Mapping · Encore', here: 'owner', description: 'What the things you sell say about goals.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Mapping</h1>
        <p class="quiet owner-lead">
          What the things you sell say about what families want. Nothing counts until you accept it.
        </p>
      </header>
      <OwnerWays here="mapping" />
      <NoGoals goals={catalogue.goals} />
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} not="kept" />
      <Section id="share" title="How much speaks">
        <p>
          <strong>{share.mappedProducts}</strong> of <strong>{share.products}</strong> products speak for a
          goal. {percent(share.unmappedProducts)} of the products
          {share.turnover > 0 && ` and ${percent(share.unmappedTurnover)} of the turnover`} say nothing yet.
        </p>
        {refused > 0 && (
          <p class="quiet">
            {many(refused, 'suggestion')} <a href="#declined">refused or taken back</a>.
          </p>
        )}
      </Section>
      <Section
        id="suggested"
        title="Suggested"
        says={
          catalogue.goals.length === 0
            ? 'Nothing to suggest before there are goals.'
            : suggestions.length === 0 && from === 0
              ? 'Nothing to suggest: no other word of the catalogue meets a goal’s own.'
              : 'Read from the names of your categories and products. The most worth first.'
        }
      >
        {suggestions.length > 0 && (
          <form
            method="post"
            action={from > 0 ? `/owner/mapping?from=${from}` : '/owner/mapping'}
            class="owner-form"
          >
            {keys}
            {suggestions.map((each, n) => (
              <SuggestionRow {...each} n={n} goals={goals} typed={typed[keyOf(each)]} />
            ))}
            {keys}
          </form>
        )}
        {(from > 0 || more > 0) && (
          <p class="owner-keys">
            {from > 0 && (
              <a href={from > SHOWN ? `/owner/mapping?from=${from - SHOWN}` : '/owner/mapping'}>
                Those before
              </a>
            )}
            {more > 0 && <a href={`/owner/mapping?from=${from + SHOWN}`}>{more} more</a>}
          </p>
        )}
      </Section>
      <Section id="standing" title="Rules that stand">
        {rules.length === 0 ? (
          <p>None yet.</p>
        ) : (
          <form method="post" action="/owner/mapping" class="owner-form">
            <ul class="owner-list">
              {rules.map((rule) => (
                <li>
                  <Tick
                    name="row"
                    value={keyOf(rule)}
                    on={false}
                    label={
                      <>
                        {said(rule)}{' '}
                        <span class="quiet">
                          {rule.weight}, {rule.halfLifeDays} days
                        </span>
                      </>
                    }
                  />
                </li>
              ))}
            </ul>
            <p class="owner-keys">
              <button type="submit" name="do" value="withdraw">
                Take back what is ticked
              </button>
            </p>
          </form>
        )}
      </Section>
      {declined.length > 0 && (
        <Section id="declined" title="Refused and taken back" says="Not suggested again unless you say so.">
          <form method="post" action="/owner/mapping" class="owner-form">
            <ul class="owner-list">
              {declined.map((each) => (
                <li>
                  <Tick
                    name="row"
                    value={keyOf(each)}
                    on={false}
                    label={
                      <>
                        {said(each)}{' '}
                        <span class="quiet">{each.decision === 'refused' ? 'refused' : 'taken back'}</span>
                      </>
                    }
                  />
                  {each.weight !== null && (
                    <>
                      <input type="hidden" name={`weight:${keyOf(each)}`} value={String(each.weight)} />
                      <input
                        type="hidden"
                        name={`halfLifeDays:${keyOf(each)}`}
                        value={String(each.halfLifeDays)}
                      />
                    </>
                  )}
                </li>
              ))}
            </ul>
            <p class="owner-keys">
              <button type="submit" name="do" value="reopen">
                Suggest again
              </button>
              <button type="submit" name="do" value="accept">
                Accept after all
              </button>
            </p>
          </form>
        </Section>
      )}
    </div>,
  )
}

/** A goal by its name. What was chosen and is none stays to be seen. */
function GoalChoice({
  id,
  name,
  value,
  goals,
  wrong,
}: {
  id: string
  name: string
  value: string
  goals: GoalGroups
  wrong: string[]
}) {
  const isKnown = goals.some(([, some]) => some.some(({ slug }) => slug === value))
  return (
    <div class="form-field">
      <label for={id}>Goal</label>
      <select
        id={id}
        name={name}
        aria-describedby={wrong.length > 0 ? `${id}-wrong` : undefined}
        aria-invalid={wrong.length > 0 ? 'true' : undefined}
      >
        {!isKnown && (
          <option value={value} selected>
            {value}
          </option>
        )}
        {goals.map(([parent, some]) => (
          <optgroup label={parent}>
            {some.map(({ slug, name }) => (
              <option value={slug} selected={slug === value}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      {wrong.length > 0 && (
        <ul class="form-wrong" id={`${id}-wrong`}>
          {wrong.map((each) => (
            <li>Goal: {each}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function SuggestionRow({
  n,
  typed,
  goals,
  ...each
}: Suggestion & { n: number; goals: GoalGroups; typed: Typed[string] | undefined }) {
  const {
    kind,
    name,
    goal,
    goalName,
    weight,
    halfLifeDays,
    products,
    newProducts,
    lines,
    turnoverShare,
    examples,
    why,
  } = each
  const key = keyOf(each)
  const wrong = (field: string) =>
    typed?.wrong?.errors.filter((error) => error.field === field).map(({ message }) => message) ?? []
  return (
    <Group
      legend={`${kind === 'category' ? name : `“${name}”`} → ${goalName}`}
      says={
        <>
          {many(products, 'product')}
          {newProducts > 0 && newProducts < products && `, ${newProducts} of them silent so far`},{' '}
          {many(lines, 'line')} sold{turnoverShare > 0 && `, ${percent(turnoverShare)} of turnover`}:{' '}
          <bdi>{examples.join(' · ')}</bdi>
          <br />
          Because {why.map(whyWords).join('; ')}.
        </>
      }
    >
      <Tick
        name="row"
        value={key}
        on={typed !== undefined}
        label={kind === 'category' ? 'This category says so' : 'This word says so'}
      />
      <GoalChoice
        id={`goal-${n}`}
        name={`goal:${key}`}
        value={typed?.goal ?? goal}
        goals={goals}
        wrong={[...wrong('goal'), ...wrong('term'), ...wrong('instead'), ...wrong('decision')]}
      />
      <details class="fold" open={wrong('weight').length + wrong('halfLifeDays').length > 0}>
        <summary>Adjust</summary>
        <Field
          id={`weight-${n}`}
          name={`weight:${key}`}
          label="Weight of one purchase"
          value={typed?.weight ?? String(weight)}
          numeric
          wrong={wrong('weight')}
        />
        <Field
          id={`half-${n}`}
          name={`halfLifeDays:${key}`}
          label="Half-life in days"
          value={typed?.halfLifeDays ?? String(halfLifeDays)}
          numeric
          wrong={wrong('halfLifeDays')}
        />
      </details>
    </Group>
  )
}

/** What the catalogue could say of goals: looked through, accepted, changed, refused, taken back. */
import type { Context } from 'hono'
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
}
type Decided = {
  results: {
    kind: string
    term: string
    goal: string
    status: 'accepted' | 'refused' | 'withdrawn' | 'unchanged' | 'error'
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

const SHOWN = 40
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
      decisions: rows.flatMap((row) => decisionsOf(row, verb)),
    })
    const typed = (wrong: (row: Row) => Trouble | null): Typed =>
      Object.fromEntries(
        rows.flatMap((row) => (wrong(row) === null ? [] : [[row.key, { ...row.typed, wrong: wrong(row) }]])),
      )
    if (!said.ok) {
      c.status(said.status as 400)
      return show(c, call, {
        done: null,
        trouble: troubleOf(said),
        typed: typed(() => ({ detail: '', errors: [] })),
      })
    }
    const refusals = said.body.results.filter(({ status }) => status === 'error')
    return show(c, call, {
      done: doneWords(said.body),
      trouble:
        refusals.length === 0
          ? null
          : {
              detail: '',
              errors: refusals.map(({ term, error }) => ({ field: term, message: error!.message })),
            },
      typed: typed((row) => {
        const found = refusals.find(
          ({ kind, term, goal }) => kind === row.kind && term === row.term && goal === row.typed.goal,
        )
        return found ? { detail: '', errors: [found.error!] } : null
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

/** One decision a row; where another goal was chosen, the suggested one is refused with it. */
function decisionsOf({ kind, term, goal, typed }: Row, verb: string): object[] {
  if (verb !== 'accept')
    return [{ kind, term, goal, decision: verb === 'withdraw' ? 'withdrawn' : 'refused' }]
  const weight = typed.weight.replace(',', '.')
  const accepted = {
    kind,
    term,
    goal: typed.goal,
    decision: 'accepted',
    ...(weight === '' ? {} : { weight: Number.isNaN(Number(weight)) ? typed.weight : Number(weight) }),
    ...(typed.halfLifeDays === '' ? {} : { halfLifeDays: wholeFrom(typed.halfLifeDays, null) }),
  }
  return typed.goal === goal ? [accepted] : [accepted, { kind, term, goal, decision: 'refused' }]
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

async function show(c: Context<Env>, call: Ask, { done, trouble, typed }: Shown) {
  const [{ share, suggestions, more, rules, refused }, catalogue] = await Promise.all([
    good(call<Mappings>('GET', `/v1/mappings?limit=${SHOWN}`)),
    c.get('deps').snapshot.refresh(),
  ])
  const nameOf = (slug: string) => catalogue.goals[catalogue.goalIndex.get(slug) ?? -1]?.name ?? slug
  const choosable = catalogue.goals.filter(({ toldOnly }) => !toldOnly)
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
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} not="kept" />
      <Section id="share" title="How much speaks">
        <p>
          <strong>{share.mappedProducts}</strong> of <strong>{share.products}</strong> products speak for a
          goal. {percent(share.unmappedProducts)} of the products
          {share.turnover > 0 && ` and ${percent(share.unmappedTurnover)} of the turnover`} say nothing yet.
        </p>
        {refused > 0 && <p class="quiet">{many(refused, 'suggestion')} refused or taken back.</p>}
      </Section>
      <Section
        id="suggested"
        title="Suggested"
        says={
          suggestions.length === 0
            ? 'Nothing to suggest: no other word of the catalogue meets a goal’s own.'
            : 'Read from the names of your categories and products. The most worth first.'
        }
      >
        {suggestions.length > 0 && (
          <form method="post" action="/owner/mapping" class="owner-form">
            <datalist id="goals">
              {choosable.map(({ slug, name }) => (
                <option value={slug}>{name}</option>
              ))}
            </datalist>
            {suggestions.map((each, n) => (
              <SuggestionRow {...each} n={n} typed={typed[keyOf(each)]} />
            ))}
            {more > 0 && <p class="quiet">{more} more come up once these are decided.</p>}
            <p class="owner-keys">
              <button type="submit" name="do" value="accept" class="primary">
                Accept what is ticked
              </button>
              <button type="submit" name="do" value="refuse">
                Refuse what is ticked
              </button>
            </p>
          </form>
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
                        <strong>
                          <bdi>
                            {rule.kind === 'category'
                              ? (catalogue.categories.get(rule.term)?.name ?? rule.term)
                              : `“${rule.term}”`}
                          </bdi>
                        </strong>{' '}
                        → {nameOf(rule.goal)}{' '}
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
    </div>,
  )
}

function SuggestionRow({ n, typed, ...each }: Suggestion & { n: number; typed: Typed[string] | undefined }) {
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
      <Field
        id={`goal-${n}`}
        name={`goal:${key}`}
        label="Goal"
        value={typed?.goal ?? goal}
        list="goals"
        wrong={wrong('goal')}
      />
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
    </Group>
  )
}

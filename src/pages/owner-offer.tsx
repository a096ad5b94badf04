/** Offers as the owner writes them: drafts to look at, and one with its words and what may not be said in them. */
import type { Context } from 'hono'
import { counted } from '../core/counted.ts'
import { COMMITMENTS, LENGTHS, OFFER_KINDS } from '../core/offer.ts'
import type { App, Env } from '../http/app-context.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field, idOf, wrongOf } from './form-fields.tsx'
import { moneyWords, page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  Group,
  Hidden,
  minorFrom,
  minorTyped,
  OwnerWays,
  Section,
  Tick,
  TroubleNote,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'
import { at, hereAndNow } from './owner-terms.tsx'
import type { TimesShown } from './owner-times.tsx'
import { addTime, Times, takesTimes, timesOf } from './owner-times.tsx'

type Say = Record<
  'opener' | 'line' | 'ifYes' | 'ifNotNow' | 'ifNotForUs' | 'receiptLine' | 'disclosure',
  string
>
type Input = {
  kind: string
  partner: string | null
  headline: string
  priceMinor: number
  costMinor?: number
  ageMinMonths: number | null
  ageMaxMonths: number | null
  months: number[]
  stage: string
  minRelationship: number
  commitment: string
  goals: Record<string, number>
  facets: string[]
  requires: string[]
  skus: string[]
  sites: string[]
  kindness: boolean
  seated: boolean
  say: Say
}
type Finding = { field: string; words: string; why: string; message: string }
type OfferAnswer = Input & {
  id: string
  state: string
  version: number
  draftedBy: string | null
  said?: number
  accepted?: number
  problems: Finding[]
}
type Editing = {
  kept: OfferAnswer | null
  input: Input
  etag: string
  trouble: Trouble | null
  /** What was not done, where it was not saving. */
  not?: string
  /** Where times can be added. */
  times?: TimesShown | null
  done: string | null
  currency: string
}

const SAY: [keyof Say, string][] = [
  ['opener', 'The question that opens'],
  ['line', 'The line'],
  ['ifYes', 'If yes'],
  ['ifNotNow', 'If not now'],
  ['ifNotForUs', 'If not for them'],
  ['receiptLine', 'On the receipt'],
  ['disclosure', 'Disclosed'],
]
const BLANK: Input = {
  kind: 'class-intro',
  partner: null,
  headline: '',
  priceMinor: 0,
  ageMinMonths: null,
  ageMaxMonths: null,
  months: [],
  stage: 'both',
  minRelationship: 0,
  commitment: 'free',
  goals: {},
  facets: [],
  requires: [],
  skus: [],
  sites: [],
  kindness: false,
  seated: true,
  say: { opener: '', line: '', ifYes: '', ifNotNow: '', ifNotForUs: '', receiptLine: '', disclosure: '' },
}
const DONE: Record<string, string> = {
  time: 'The time is there: the very next answer at the till knows it.',
  saved: 'Saved.',
  publish: 'Published: tills may offer it from the next call on.',
  pause: 'Paused: the next call of every till is without it.',
  end: 'It is over. What was promised with it stands.',
}
const NOT_DONE: Record<string, string> = { publish: 'published', pause: 'paused', end: 'ended' }
const VERBS: Record<string, [verb: string, says: string][]> = {
  draft: [
    ['publish', 'Publish'],
    ['end', 'Drop it'],
  ],
  live: [
    ['pause', 'Pause'],
    ['end', 'End it'],
  ],
  paused: [
    ['publish', 'Publish again'],
    ['end', 'End it'],
  ],
  ended: [],
}

export function ownerOffer(app: App): void {
  app.get('/owner/offers', (c) => list(c, asking(c, app)))

  app.get('/owner/offers/new', async (c) => {
    const { currency } = await hereAndNow(c)
    const input = { ...BLANK, partner: c.req.query('partner') || null }
    return show(c, { kept: null, input, etag: '', trouble: null, done: null, currency })
  })

  app.post('/owner/offers/new', async (c) => {
    const form = await formOf(c)
    const { currency } = await hereAndNow(c)
    const input = inputFrom(form, currency, form.get('partner') || null)
    const said = await asking(c, app)<OfferAnswer>('POST', '/v1/offers', input)
    if (said.ok) return c.redirect(`${at`/owner/offers/${said.body.id}`}?done=saved`, 303)
    c.status(said.status as 422)
    return show(c, { kept: null, input, etag: '', trouble: troubleOf(said), done: null, currency })
  })

  app.get('/owner/offers/:id', async (c) => {
    const { currency } = await hereAndNow(c)
    const { kept, etag } = await existing(asking(c, app), c.req.param('id'))
    const done = c.req.query('done') ?? ''
    const says = Object.hasOwn(DONE, done) ? DONE[done]! : null
    const times = takesTimes(kept) ? await timesOf(c, asking(c, app), kept, null) : null
    return show(c, { kept, input: kept, etag, trouble: null, done: says, currency, times })
  })

  app.post('/owner/offers/:id', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const id = c.req.param('id')
    const { currency } = await hereAndNow(c)
    const verb = form.get('do') ?? ''
    if (verb === 'time') {
      const refused = await addTime(c, app, id, form)
      if (refused === null) return c.redirect(`${at`/owner/offers/${id}`}?done=time#times`, 303)
      c.status(422)
      const { kept, etag } = await existing(call, id)
      const times = await timesOf(c, call, kept, refused)
      return show(c, { kept, input: kept, etag, trouble: null, done: null, currency, times })
    }
    if (Object.hasOwn(NOT_DONE, verb)) {
      const said = await call('POST', at`/v1/offers/${id}/${verb}`, {})
      if (said.ok) return c.redirect(`${at`/owner/offers/${id}`}?done=${verb}`, 303)
      c.status(said.status as 422)
      const { kept, etag } = await existing(call, id)
      const not = NOT_DONE[verb]!
      const times = takesTimes(kept) ? await timesOf(c, call, kept, null) : null
      return show(c, { kept, input: kept, etag, trouble: troubleOf(said), not, done: null, currency, times })
    }
    const { kept, etag: fresh } = await existing(call, id)
    const input = inputFrom(form, currency, kept.partner)
    const etag = form.get('etag') ?? ''
    const said = await call('PUT', at`/v1/offers/${id}`, input, { 'if-match': etag })
    if (said.ok) return c.redirect(`${at`/owner/offers/${id}`}?done=saved`, 303)
    c.status(said.status as 422)
    const trouble = troubleOf(said)
    if (said.code === 'changed_meanwhile')
      trouble.detail =
        'Somebody changed this offer since you opened it. What you typed is below: look at theirs, then save again.'
    const next = said.code === 'changed_meanwhile' ? fresh : etag
    const times = takesTimes(kept) ? await timesOf(c, call, kept, null) : null
    return show(c, { kept, input, etag: next, trouble, done: null, currency, times })
  })
}

async function existing(call: Ask, id: string): Promise<{ kept: OfferAnswer; etag: string }> {
  const said = await call<OfferAnswer>('GET', at`/v1/offers/${id}`)
  return { kept: await good(Promise.resolve(said)), etag: said.ok ? (said.etag ?? '') : '' }
}

/** What was typed; what cannot be read goes to the service as it is. */
function inputFrom(form: URLSearchParams, currency: string, partner: string | null): Input {
  const text = (name: string) => (form.get(name) ?? '').trim()
  const items = (name: string) =>
    text(name)
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
  const whole = (name: string, none: number | null) => wholeFrom(form.get(name), none)
  const goals: Record<string, unknown> = {}
  for (let i = 0; i < 6; i++) {
    const goal = text(`goal.${i}`)
    const weight = text(`weight.${i}`).replace('%', '').trim()
    if (goal !== '' && weight === '') goals[goal] = 1
    else if (goal !== '') goals[goal] = /^\d{1,3}$/.test(weight) ? Number(weight) / 100 : weight
  }
  return {
    kind: text('kind'),
    partner,
    headline: text('headline'),
    priceMinor: minorFrom(form.get('priceMinor'), currency, 0),
    costMinor: minorFrom(form.get('costMinor'), currency, 0),
    ageMinMonths: whole('ageMinMonths', null),
    ageMaxMonths: whole('ageMaxMonths', null),
    months: items('months').map((each) => (/^\d{1,2}$/.test(each) ? Number(each) : each)),
    stage: text('stage'),
    minRelationship: whole('minRelationship', 0),
    commitment: text('commitment'),
    goals,
    facets: items('facets'),
    requires: items('requires'),
    skus: items('skus'),
    sites: form.getAll('sites'),
    kindness: form.get('kindness') !== null,
    seated: form.get('seated') !== null,
    say: Object.fromEntries(SAY.map(([name]) => [name, text(`say.${name}`)])) as Say,
  } as Input
}

async function show(c: Context<Env>, editing: Editing) {
  const { kept, input, etag, trouble, not, times, done, currency } = editing
  const catalogue = await c.get('deps').snapshot.refresh()
  const partner = input.partner === null ? null : catalogue.parts.partners.get(input.partner)
  const title = kept?.headline || 'A new offer'
  const isOver = kept?.state === 'ended'
  // What the service found as it was saved, unless it has refused what is typed now.
  const found = trouble === null && kept ? kept.problems : []
  const all: Trouble = {
    detail: '',
    errors: [...(trouble?.errors ?? []).map(inSay), ...found.map(inSay)],
  }
  const goals = catalogue.goals
    .map(({ slug, name }): [string, string] => [slug, name])
    .sort((a, b) => (a[1] < b[1] ? -1 : 1))
  const field = (name: string, value: string) => ({ name, value, trouble: all })
  const length = (name: keyof typeof LENGTHS, value: string) =>
    `${Array.from(value).length} of ${LENGTHS[name]} characters`
  return page(
    c,
    { title: `${title} · Encore`, here: 'owner', description: 'An offer and its words.' },
    <div class="owner">
      <header class="owner-head">
        <p class="quiet">{partner ? <bdi>With {partner.name}</bdi> : 'Our own'}</p>
        <h1 class="display">{title}</h1>
        {kept && (
          <p class="owner-lead">
            <span class={`state state-${kept.state}`}>{kept.state}</span>{' '}
            <span class="quiet">
              {kept.draftedBy !== null && 'drafted by the partner, '}
              {counted(kept.said ?? 0, 'time')} said, {kept.accepted ?? 0} accepted
            </span>
          </p>
        )}
        {kept && (
          <form method="post" action={at`/owner/offers/${kept.id}`} class="owner-keys">
            {(VERBS[kept.state] ?? []).map(([verb, says]) =>
              verb === 'end' ? (
                <details class="owner-end">
                  <summary class="button">{says}…</summary>
                  <p>It cannot be made again: you would write another.</p>
                  <button type="submit" name="do" value="end">
                    {says}, for good
                  </button>
                </details>
              ) : (
                <button
                  type="submit"
                  name="do"
                  value={verb}
                  class={verb === 'publish' ? 'yes-key' : undefined}
                >
                  {says}
                </button>
              ),
            )}
          </form>
        )}
      </header>
      <OwnerWays here="offers" />
      <DoneNote says={done} />
      <TroubleNote
        trouble={trouble && { ...trouble, errors: trouble.errors.map(inSay) }}
        not={not ?? 'saved'}
      />
      {found.length > 0 && (
        <p class="note note-bad">
          {found.length === 1 ? 'One thing keeps' : `${found.length} things keep`} it from being published,
          each said beside its field.
        </p>
      )}
      {kept && times && <Times offer={kept} shown={times} />}
      {isOver ? (
        <p>It is over, and stays as it was.</p>
      ) : (
        <form
          method="post"
          action={kept ? at`/owner/offers/${kept.id}` : '/owner/offers/new'}
          class="owner-form"
        >
          <Hidden fields={kept ? { etag } : { partner: input.partner ?? '' }} />
          <Group legend="What is said" says="Checked by the service whenever you save.">
            <Field
              {...field('headline', input.headline)}
              label="Headline"
              hint={length('headline', input.headline)}
            />
            {SAY.map(([name, label]) => (
              <Field
                {...field(`say.${name}`, input.say[name])}
                label={label}
                rows={name === 'opener' ? 2 : 3}
                hint={length(name, input.say[name])}
              />
            ))}
          </Group>
          <Group legend="What it is">
            <Choice
              {...field('kind', input.kind)}
              label="Kind"
              options={OFFER_KINDS.map((each) => [each, each.replace('-', ' ')])}
            />
            <Choice
              {...field('commitment', input.commitment)}
              label="How big a step"
              options={COMMITMENTS.map((each) => [each, each])}
            />
            <Field
              {...field('priceMinor', minorTyped(input.priceMinor, currency))}
              label={`Price, ${currency}`}
              numeric
            />
            <Field
              {...field('costMinor', minorTyped(input.costMinor ?? 0, currency))}
              label={`What it costs us, ${currency}`}
              numeric
            />
            <Choice
              {...field('stage', input.stage)}
              label="For whom"
              options={[
                ['both', 'everybody'],
                ['front', 'a first purchase'],
                ['back', 'after the first purchase'],
              ]}
            />
            <Choice
              {...field('minRelationship', String(input.minRelationship))}
              label="How well we must know them"
              options={[
                ['0', 'not at all'],
                ['1', 'engaged'],
                ['2', 'in a relationship'],
              ]}
            />
            <Tick name="seated" label="It needs a place in a session" on={input.seated} />
            <Tick name="kindness" label="A kindness: it asks for nothing" on={input.kindness} />
          </Group>
          <Group
            legend="Which goals it serves"
            says="One to five, each with how much of it, in %. Nothing: 100."
          >
            {[...Object.entries(input.goals), ['', ''] as [string, unknown]]
              .slice(0, 6)
              .map(([goal, weight], i) => (
                <div class="owner-row">
                  <Choice
                    {...field(`goal.${i}`, goal)}
                    label={`Goal ${i + 1}`}
                    options={[['', '–'], ...goals]}
                  />
                  <Field
                    {...field(
                      `goals.${goal}`,
                      typeof weight === 'number' ? String(Math.round(weight * 100)) : String(weight),
                    )}
                    name={`weight.${i}`}
                    id={idOf(goal === '' ? `weight.${i}` : `goals.${goal}`)}
                    wrong={goal === '' ? [] : wrongOf(all, `goals.${goal}`)}
                    label="How much, %"
                    numeric
                  />
                </div>
              ))}
            <Field
              {...field('facets', input.facets.join(', '))}
              label="Which exactly"
              hint="With commas: piano, violin."
            />
          </Group>
          <Group legend="When and where">
            <Field
              {...field('ageMinMonths', typedNumber(input.ageMinMonths))}
              label="From age, months"
              numeric
            />
            <Field
              {...field('ageMaxMonths', typedNumber(input.ageMaxMonths))}
              label="To age, months"
              numeric
            />
            <Field
              {...field('months', input.months.join(', '))}
              label="Months in season"
              hint="3, 4, 5. Nothing: all year."
            />
            <Field
              {...field('requires', input.requires.join(', '))}
              label="Only after"
              hint="attended:O054"
            />
            <Field {...field('skus', input.skus.join(', '))} label="Products in it, by number" />
            <fieldset class="owner-ticks">
              <legend>At</legend>
              {[...catalogue.sites.values()].map(({ id, name }) => (
                <Tick name="sites" value={id} label={name} on={input.sites.includes(id)} />
              ))}
              <p class="quiet form-hint">None ticked: at every shop.</p>
            </fieldset>
          </Group>
          <p class="owner-keys">
            <button type="submit" class="primary">
              Save
            </button>
            <a class="button" href="/owner/offers">
              Leave it
            </a>
          </p>
        </form>
      )}
    </div>,
  )
}

const typedNumber = (value: number | null) => (value === null ? '' : String(value))
/** The service names words without where they stand in the record. */
const inSay = <E extends { field: string }>(error: E): E =>
  SAY.some(([name]) => name === error.field) ? { ...error, field: `say.${error.field}` } : error
async function list(c: Context<Env>, call: Ask) {
  const states = ['draft', 'live', 'paused', 'ended']
  const state = states.find((each) => each === c.req.query('state')) ?? 'draft'
  const cursor = /^[A-Za-z0-9_-]{1,400}$/.test(c.req.query('cursor') ?? '')
    ? `&cursor=${c.req.query('cursor')}`
    : ''
  const { offers, next } = await good(
    call<{ offers: OfferAnswer[]; next: string | null }>(
      'GET',
      `/v1/offers?state=${state}&limit=50${cursor}`,
    ),
  )
  const { parts } = await c.get('deps').snapshot.refresh()
  const { currency } = await hereAndNow(c)
  return page(
    c,
    {
      title: 'Offers · Encore',
      here: 'owner',
      description: 'Drafts to publish, and all offers.',
      wide: true,
    },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Offers</h1>
        <p class="owner-keys">
          <a class="button yes-key" href="/owner/offers/new">
            Write an offer
          </a>
        </p>
      </header>
      <OwnerWays here="offers" />
      <Section id="offers" title={state === 'draft' ? 'Drafts to publish or not' : `All that are ${state}`}>
        <nav class="segments owner-filter" aria-label="By state">
          {states.map((each) => (
            <a
              class="button segment"
              href={`/owner/offers?state=${each}`}
              aria-current={each === state ? 'true' : undefined}
            >
              {each}
            </a>
          ))}
        </nav>
        {offers.length === 0 ? (
          <p>None.</p>
        ) : (
          <ul class="owner-list">
            {offers.map(({ id, headline, partner, priceMinor, draftedBy }) => (
              <li>
                <a href={at`/owner/offers/${id}`}>{headline || 'Without a headline'}</a>
                <span class="quiet">
                  {partner === null ? (
                    'our own'
                  ) : (
                    <bdi>with {parts.partners.get(partner)?.name ?? partner}</bdi>
                  )}
                  {draftedBy !== null && ', drafted by the partner'}
                </span>
                <span class="number">{priceMinor === 0 ? 'free' : moneyWords(priceMinor, currency)}</span>
              </li>
            ))}
          </ul>
        )}
        {next && (
          <p class="ways">
            <a class="button" href={`/owner/offers?state=${state}&cursor=${next}`}>
              More
            </a>
          </p>
        )}
      </Section>
    </div>,
  )
}

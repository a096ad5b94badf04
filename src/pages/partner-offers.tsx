/** Offers of a partner: what the shop has published, and drafts of its own with what keeps them from it. */
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { minorDigits, minorFromText } from '../core/money.ts'
import type { Offer } from '../core/offer.ts'
import { LENGTHS } from '../core/offer.ts'
import type { App, Env } from '../http/app-context.ts'
import { formOf } from './ask.ts'
import { ageWords } from './browse-card.tsx'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field, wrongOf } from './form-fields.tsx'
import type { Desk } from './partner-frame.tsx'
import {
  counted,
  deskOf,
  deskPage,
  isRunning,
  onceKey,
  read,
  sumText,
  TroubleNote,
  troubleOf,
} from './partner-frame.tsx'
import { currencyOf, partnerSeen } from './partner-needs.tsx'

type Found = { field: string; words: string; why: string; message: string }
/** An offer as a partner sees it: without what only the shop knows. */
type Seen = Omit<Offer, 'partnerId' | 'costMinor' | 'said' | 'accepted'> & {
  version: number
  draftedBy: string | null
}
type Written = Seen & { problems: Found[] }

const ABOUT = { title: 'Offers', here: 'offers' } as const

export function partnerOffers(app: App): void {
  app.get('/partner/offers', async (c) => {
    const desk = await deskOf(c, app)
    const [{ offers }, currency] = await Promise.all([
      read<{ offers: Seen[] }>(desk, '/v1/offers?limit=200'),
      currencyOf(desk),
    ])
    return deskPage(c, ABOUT, <Offers desk={desk} offers={offers} currency={currency} />)
  })

  app.get('/partner/offers/new', async (c) => {
    const desk = await deskOf(c, app)
    return edit(c, desk, { offer: null, typed: typedFrom(null, await currencyOf(desk)), trouble: null })
  })

  app.post('/partner/offers/new', async (c) => {
    const form = await formOf(c)
    const desk = await deskOf(c, app)
    const currency = await currencyOf(desk)
    const fields = fieldsFrom(form, null, currency)
    if ('detail' in fields) return edit(c, desk, { offer: null, typed: form, trouble: fields })
    const said = await desk.call<Written>('POST', '/v1/offers', fields.body, onceKey(form, desk, fields.body))
    if (isRunning(said)) return c.redirect('/partner/offers', 303)
    return said.ok
      ? c.redirect(`/partner/offers/${encodeURIComponent(said.body.id)}?did=kept`, 303)
      : edit(c, desk, { offer: null, typed: form, trouble: troubleOf(said) })
  })

  app.get('/partner/offers/:id', async (c) => {
    const desk = await deskOf(c, app)
    const [offer, currency] = await Promise.all([
      read<Written>(desk, pathOf(c.req.param('id'))),
      currencyOf(desk),
    ])
    if (offer.state !== 'draft' || offer.draftedBy !== desk.partnerId)
      return deskPage(c, { ...ABOUT, title: offer.headline }, <Published offer={offer} currency={currency} />)
    const did = c.req.query('did') === 'kept'
    return edit(c, desk, { offer, typed: typedFrom(offer, currency), trouble: null, did })
  })

  app.post('/partner/offers/:id', async (c) => {
    const form = await formOf(c)
    const desk = await deskOf(c, app)
    const path = pathOf(c.req.param('id'))
    const offer = await read<Written>(desk, path)
    const fields = fieldsFrom(form, offer, await currencyOf(desk))
    if ('detail' in fields) return edit(c, desk, { offer, typed: form, trouble: fields })
    const version = /^\d{1,9}$/.test(form.get('version') ?? '') ? form.get('version')! : '0'
    const said = await desk.call<Written>('PUT', path, fields.body, { 'if-match': `"${version}"` })
    return said.ok
      ? c.redirect(`/partner/offers/${encodeURIComponent(offer.id)}?did=kept`, 303)
      : edit(c, desk, { offer, typed: form, trouble: troubleOf(said) })
  })
}

const pathOf = (id: string) => `/v1/offers/${encodeURIComponent(id)}`

const STATES: Record<Offer['state'], string> = {
  draft: 'Your draft: the shop decides whether to publish it',
  live: 'Published: tills may offer it',
  paused: 'Paused by the shop',
  ended: 'Over',
}
const KINDS = [
  ['class-intro', 'A first lesson or class'],
  ['class-program', 'A term or a course'],
  ['event', 'An event'],
  ['partner-service', 'A service'],
] as const
const STEPS = [
  ['free', 'None: it is free'],
  ['low', 'A small one'],
  ['medium', 'A middling one'],
  ['high', 'A big one, like a term'],
] as const

function Offers({ desk, offers, currency }: { desk: Desk; offers: Seen[]; currency: string }) {
  const drafts = offers.filter(({ state }) => state === 'draft')
  const others = offers.filter(({ state }) => state !== 'draft' && state !== 'ended')
  const row = (offer: Seen) => (
    <li>
      <a class="desk-link" href={`/partner/offers/${encodeURIComponent(offer.id)}`}>
        <bdi>{offer.headline === '' ? 'Without a headline' : offer.headline}</bdi>
      </a>
      <span class="quiet">
        {offer.priceMinor === 0 ? 'Free' : sumText(offer.priceMinor, currency)} · {STATES[offer.state]}
      </span>
    </li>
  )
  return (
    <>
      <h1 class="display">Offers</h1>
      <p>
        <a class="button primary" href="/partner/offers/new">
          Write a draft
        </a>
      </p>
      <section class="card" aria-labelledby="drafts">
        <h2 id="drafts">Your drafts</h2>
        {drafts.length === 0 ? (
          <p class="quiet">None. What you write here goes to the shop, which publishes it or asks you.</p>
        ) : (
          <ul class="desk-rows">{drafts.filter(({ draftedBy }) => draftedBy === desk.partnerId).map(row)}</ul>
        )}
      </section>
      <section class="card" aria-labelledby="published">
        <h2 id="published">At the shop</h2>
        {others.length === 0 ? <p class="quiet">None yet.</p> : <ul class="desk-rows">{others.map(row)}</ul>}
      </section>
    </>
  )
}

/** What the shop published is read here, and changed by the shop. */
function Published({ offer, currency }: { offer: Written; currency: string }) {
  const { say } = offer
  const ages = agesText(offer)
  return (
    <article class="card desk-session" aria-labelledby="offer">
      <h1 id="offer">
        <bdi>{offer.headline}</bdi>
      </h1>
      <p class="quiet">
        {offer.priceMinor === 0 ? 'Free' : sumText(offer.priceMinor, currency)}
        {ages !== '' && ` · ${ages}`} · {STATES[offer.state]}
      </p>
      <div class="say">
        <p class="label">The shop says</p>
        <p class="opener opener-small">
          <bdi>{say.opener}</bdi>
        </p>
        <p class="say-line">
          <bdi>{say.line}</bdi>
        </p>
        {say.disclosure !== '' && (
          <p class="disclosure">
            <bdi>{say.disclosure}</bdi>
          </p>
        )}
      </div>
      <p>To change it, ask the shop, or write a draft of how it should be.</p>
      <p>
        <a class="button" href="/partner/offers">
          Back to the offers
        </a>
      </p>
    </article>
  )
}

function agesText({ ageMinMonths: from, ageMaxMonths: to }: Seen): string {
  if (from !== null && to !== null) return `${ageWords(from)} to ${ageWords(to)}`
  if (from !== null) return `from ${ageWords(from)}`
  return to === null ? '' : `up to ${ageWords(to)}`
}

const WORDS: { name: keyof Offer['say']; label: string; hint: string }[] = [
  { name: 'opener', label: 'The question that begins it', hint: 'Easy to say no to.' },
  { name: 'line', label: 'What it is', hint: 'One or two sentences.' },
  { name: 'ifYes', label: 'If they say yes', hint: 'What happens then.' },
  { name: 'ifNotNow', label: 'If not now', hint: 'An easy way out.' },
  { name: 'ifNotForUs', label: 'If it is not for them', hint: 'A thank you.' },
  { name: 'receiptLine', label: 'On the receipt', hint: 'What, and where.' },
  { name: 'disclosure', label: 'What must be said', hint: 'Where the shop earns on it; else nothing.' },
]

/** An offer's fields as they are typed. */
function typedFrom(offer: Written | null, currency: string): URLSearchParams {
  const typed = new URLSearchParams()
  const years = (months: number | null | undefined) =>
    months == null ? '' : String(Math.round((months / 12) * 100) / 100)
  typed.set('kind', offer?.kind ?? 'class-intro')
  typed.set('headline', offer?.headline ?? '')
  typed.set('price', offer ? decimalText(offer.priceMinor, currency) : '0')
  typed.set('commitment', offer?.commitment ?? 'free')
  typed.set('ageMin', years(offer?.ageMinMonths))
  typed.set('ageMax', years(offer?.ageMaxMonths))
  typed.set('facets', offer?.facets.join(', ') ?? '')
  if (offer === null || offer.seated) typed.set('seated', 'yes')
  for (const goal of Object.keys(offer?.goals ?? {})) typed.append('goal', goal)
  for (const { name } of WORDS) typed.set(name, offer?.say[name] ?? '')
  return typed
}

function decimalText(minor: number, currency: string): string {
  const digits = minorDigits(currency)
  return minor % 10 ** digits === 0 ? String(minor / 10 ** digits) : (minor / 10 ** digits).toFixed(digits)
}

/** The body for the API from what was typed; what the form does not show stays as it was. */
function fieldsFrom(
  form: URLSearchParams,
  before: Written | null,
  currency: string,
): { body: Record<string, unknown> } | Trouble {
  const errors: Trouble['errors'] = []
  const months = (name: string): number | null => {
    const typed = (form.get(name) ?? '').trim().replace(',', '.')
    if (typed === '') return null
    if (!/^\d{1,3}(\.\d{1,2})?$/.test(typed)) errors.push({ field: name, message: 'is not an age in years' })
    return Math.round(Number(typed) * 12)
  }
  const price = minorFromText((form.get('price') ?? '').trim() || '0', currency)
  if (price === null || price < 0) errors.push({ field: 'price', message: 'is not an amount' })
  const [ageMinMonths, ageMaxMonths] = [months('ageMin'), months('ageMax')]
  if (errors.length > 0) return { detail: 'something is not right with what you typed.', errors }
  const say = Object.fromEntries(WORDS.map(({ name }) => [name, plain(form.get(name))]))
  const body = {
    kind: form.get('kind'),
    headline: plain(form.get('headline')),
    priceMinor: price,
    commitment: form.get('commitment'),
    ageMinMonths,
    ageMaxMonths,
    goals: Object.fromEntries(form.getAll('goal').map((slug) => [slug, before?.goals[slug] ?? 0.9])),
    facets: (form.get('facets') ?? '')
      .split(',')
      .map((each) => plain(each))
      .filter(Boolean),
    seated: form.get('seated') === 'yes',
    say,
    ...(before && {
      months: before.months,
      stage: before.stage,
      minRelationship: before.minRelationship,
      requires: before.requires,
      skus: before.skus,
      sites: before.sites,
      kindness: before.kindness,
    }),
  }
  return { body }
}

const plain = (typed: string | null) => (typed ?? '').replace(/\s+/g, ' ').trim()

type Edited = { offer: Written | null; typed: URLSearchParams; trouble: Trouble | null; did?: boolean }

async function edit(c: Context<Env>, desk: Desk, shown: Edited): Promise<Response> {
  const { goals } = await partnerSeen(desk)
  if (shown.trouble !== null) c.status(422)
  return deskPage(
    c,
    { ...ABOUT, title: shown.offer ? 'A draft' : 'A new draft' },
    <Draft shown={shown} desk={desk} goals={goals} />,
  )
}

/** What is wrong with a field's words, with the words themselves marked. */
function findings(offer: Written | null, field: string): Child[] {
  return (offer?.problems ?? [])
    .filter((each) => each.field === field || each.field.startsWith(`${field}.`))
    .map(({ words, message }) => {
      const at = words === '' ? -1 : message.indexOf(words)
      if (at < 0) return <bdi>{message}</bdi>
      return (
        <bdi>
          {message.slice(0, at)}
          <mark>
            <bdi>{words}</bdi>
          </mark>
          {message.slice(at + words.length)}
        </bdi>
      )
    })
}

function Draft({ shown, desk, goals }: { shown: Edited; desk: Desk; goals: string[] }) {
  const { offer, typed, trouble, did } = shown
  const value = (name: string) => typed.get(name) ?? ''
  // What was refused is not what was checked: beside it stand its own problems only.
  const wrong = (field: string, ...also: string[]): Child[] =>
    trouble
      ? [field, ...also].flatMap((name) => wrongOf(trouble, name))
      : [field, ...also].flatMap((name) => findings(offer, name))
  const chosen = new Set(typed.getAll('goal'))
  const wrongGoals = wrong('goals')
  const all = [...new Set([...goals, ...chosen])]
  return (
    <article class="card desk-session" aria-labelledby="draft">
      <h1 id="draft">{offer ? 'Your draft' : 'A new draft'}</h1>
      <TroubleNote trouble={trouble} />
      {offer && !trouble && (
        <p class={offer.problems.length > 0 ? 'note note-bad' : 'note'} role="status">
          {did && 'Kept. '}
          {offer.problems.length > 0
            ? `The shop cannot publish it like this: ${counted(offer.problems.length, 'thing')} to mend, beside the fields.`
            : 'Nothing stands in the way: the shop can publish it.'}
        </p>
      )}
      <form
        method="post"
        action={offer ? `/partner/offers/${encodeURIComponent(offer.id)}` : '/partner/offers/new'}
        class="desk-form"
      >
        <input type="hidden" name="nonce" value={desk.nonce} />
        {offer && <input type="hidden" name="version" value={value('version') || String(offer.version)} />}
        <Field
          id="headline"
          name="headline"
          label="Headline"
          value={value('headline')}
          hint={`Up to ${LENGTHS.headline} characters.`}
          most={600}
          required
          wrong={wrong('headline')}
        />
        <Choice
          id="kind"
          name="kind"
          label="What kind"
          value={value('kind')}
          options={kindsWith(value('kind'))}
        />
        <Field
          id="price"
          name="price"
          label="Price for the family"
          value={value('price')}
          most={20}
          numeric
          wrong={wrong('price', 'priceMinor')}
        />
        <Choice
          id="commitment"
          name="commitment"
          label="How big a step"
          value={value('commitment')}
          options={STEPS}
        />
        <Field
          id="ageMin"
          name="ageMin"
          label="From age, in years"
          value={value('ageMin')}
          most={6}
          numeric
          wrong={wrong('ageMin', 'ageMinMonths')}
        />
        <Field
          id="ageMax"
          name="ageMax"
          label="Up to age, in years"
          value={value('ageMax')}
          most={6}
          numeric
          wrong={wrong('ageMax', 'ageMaxMonths')}
        />
        <fieldset class="desk-whole" aria-describedby={wrongGoals.length > 0 ? 'goals-wrong' : undefined}>
          <legend>What it is for</legend>
          <ul class="desk-checks">
            {all.map((goal) => (
              <li>
                <label>
                  <input type="checkbox" name="goal" value={goal} checked={chosen.has(goal)} />
                  <bdi>{goalText(goal)}</bdi>
                </label>
              </li>
            ))}
          </ul>
          {wrongGoals.length > 0 && (
            <ul class="form-wrong" id="goals-wrong">
              {wrongGoals.map((each) => (
                <li>{each}</li>
              ))}
            </ul>
          )}
        </fieldset>
        <Field
          id="facets"
          name="facets"
          label="Which exactly"
          value={value('facets')}
          hint="With commas: piano, violin."
          most={400}
          wrong={wrong('facets')}
        />
        <div class="form-field">
          <span class="desk-name">Places</span>
          <label class="desk-check">
            <input type="checkbox" name="seated" value="yes" checked={typed.get('seated') === 'yes'} />
            It has times with places
          </label>
        </div>
        <h2 class="desk-whole">The words families hear</h2>
        {WORDS.map(({ name, label, hint }) => (
          <div class="desk-whole">
            <Field
              id={name}
              name={name}
              label={label}
              value={value(name)}
              hint={`${hint} Up to ${LENGTHS[name]} characters.`}
              rows={2}
              most={600}
              wrong={wrong(name, `say.${name}`)}
            />
          </div>
        ))}
        <div class="tap-row desk-whole">
          <button type="submit" class="yes-key">
            Keep and check it
          </button>
          <a class="button" href="/partner/offers">
            Back to the offers
          </a>
        </div>
      </form>
    </article>
  )
}

/** A kind that the shop chose is kept. */
const kindsWith = (kind: string) =>
  KINDS.some(([value]) => value === kind) ? KINDS : [...KINDS, [kind, kind.replaceAll('-', ' ')] as const]

/** `music-instrument` as people read it. */
function goalText(slug: string): string {
  const words = slug.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

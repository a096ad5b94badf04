/** Partners as the owner keeps them: a list, one to edit with its checks, a new one. */
import type { Context } from 'hono'
import { candidatesFor } from '../core/demand.ts'
import type { App, Env } from '../http/app-context.ts'
import type { Ask, Said } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import type { PartnerAnswer } from './owner-alliance-parts.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  dateWords,
  Group,
  Hidden,
  NoGoals,
  OwnerWays,
  Section,
  Tick,
  TroubleNote,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'
import { Candidates } from './owner-goals.tsx'
import { at } from './owner-terms.tsx'

type Posted = Omit<PartnerAnswer, 'id' | 'walkMinutes' | 'checks' | 'version'>
type Check = PartnerAnswer['checks'][number]
type Names = {
  goals: [slug: string, name: string][]
  sites: [id: string, name: string][]
  staff: [id: string, name: string][]
}
type Editing = {
  id: string | null
  record: Posted
  etag: string
  trouble: Trouble | null
  /** A check that was refused, as it was typed. */
  check: { typed: Check; trouble: Trouble } | null
  done: string | null
}

const EMPTY: Posted = {
  name: '',
  trade: '',
  goals: [],
  facets: {},
  people: [],
  places: [],
  opening: '',
  archived: false,
}
const NO_CHECK: Check = {
  code: '',
  critical: true,
  severity: 0,
  ok: true,
  issuer: null,
  issuedOn: null,
  validUntil: null,
  assuredBy: null,
  assuredOn: null,
}
const DONE: Record<string, string> = {
  made: 'The partner is kept. Add its checks, then start an alliance.',
  saved: 'Saved.',
  checked: 'The check is kept, and counts from the next call on.',
  unchecked: 'The check is gone.',
}

/** A new partner, looked for to serve a goal. */
const newFor = (c: Context<Env>): Posted => ({ ...EMPTY, goals: c.req.queries('goal')?.slice(0, 1) ?? [] })

export function ownerPartner(app: App): void {
  app.get('/owner/partners', async (c) => list(c, asking(c, app)))

  app.get('/owner/partners/new', async (c) =>
    show(c, asking(c, app), {
      id: null,
      record: newFor(c),
      etag: '',
      trouble: null,
      check: null,
      done: null,
    }),
  )

  app.post('/owner/partners/new', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const record = recordFrom(form, await namesOf(c))
    const said = await call<PartnerAnswer>('POST', '/v1/partners', record)
    if (said.ok) return c.redirect(`${at`/owner/partners/${said.body.id}`}?done=made`, 303)
    c.status(said.status as 422)
    return show(c, call, { id: null, record, etag: '', trouble: troubleOf(said), check: null, done: null })
  })

  app.get('/owner/partners/:id', async (c) => {
    const call = asking(c, app)
    const done = c.req.query('done') ?? ''
    return showKept(c, call, c.req.param('id'), null, Object.hasOwn(DONE, done) ? DONE[done]! : null)
  })

  app.post('/owner/partners/:id', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const id = c.req.param('id')
    const verb = form.get('do')
    if (verb === 'check' || verb === 'uncheck') return checked(c, call, id, form)
    const record = recordFrom(form, await namesOf(c))
    const etag = form.get('etag') ?? ''
    const said = await call('PUT', at`/v1/partners/${id}`, record, { 'if-match': etag })
    if (said.ok) return c.redirect(`${at`/owner/partners/${id}`}?done=saved`, 303)
    const trouble = troubleOf(said)
    const now = await call('GET', at`/v1/partners/${id}`)
    if (said.code === 'changed_meanwhile')
      trouble.detail =
        'Somebody changed this partner since you opened it. What you typed is below: look at theirs, then save again.'
    c.status(said.status as 422)
    const fresh = said.code === 'changed_meanwhile' && now.ok ? (now.etag ?? '') : etag
    return show(c, call, { id, record, etag: fresh, trouble, check: null, done: null })
  })
}

async function checked(c: Context<Env>, call: Ask, id: string, form: URLSearchParams) {
  const code = (form.get('code') ?? '').trim().toUpperCase().replace(/\s+/g, '_')
  const path = at`/v1/partners/${id}/checks/${code || '-'}`
  const text = (name: string) => (form.get(name) ?? '').trim() || null
  const { code: _, ...record } = {
    ...NO_CHECK,
    critical: form.get('critical') !== null,
    ok: form.get('ok') !== null,
    issuer: text('issuer'),
    issuedOn: text('issuedOn'),
    validUntil: text('validUntil'),
    assuredBy: text('assuredBy'),
    assuredOn: text('assuredOn'),
  }
  const gone = form.get('do') === 'uncheck'
  const said: Said<unknown> = gone ? await call('DELETE', path) : await call('PUT', path, record)
  if (said.ok)
    return c.redirect(`${at`/owner/partners/${id}`}?done=${gone ? 'unchecked' : 'checked'}#checks`, 303)
  c.status(said.status as 422)
  return showKept(c, call, id, { typed: { ...record, code }, trouble: troubleOf(said) }, null)
}

async function showKept(
  c: Context<Env>,
  call: Ask,
  id: string,
  check: Editing['check'],
  done: string | null,
) {
  const said = await call<PartnerAnswer>('GET', at`/v1/partners/${id}`)
  const kept = await good(Promise.resolve(said))
  return show(c, call, {
    id,
    record: kept,
    etag: said.ok ? (said.etag ?? '') : '',
    trouble: null,
    check,
    done,
  })
}

async function namesOf(c: Context<Env>): Promise<Names> {
  const { goals, sites, staff } = await c.get('deps').snapshot.refresh()
  return {
    goals: goals
      .map(({ slug, name }): [string, string] => [slug, name])
      .sort((a, b) => (a[1] < b[1] ? -1 : 1)),
    sites: [...sites.values()].map(({ id, name }): [string, string] => [id, name]),
    staff: [...staff.values()].map(({ id, name }): [string, string] => [id, name]),
  }
}

/** The record as it was typed; rows without a name are none. */
function recordFrom(form: URLSearchParams, { sites }: Names): Posted {
  const text = (name: string) => (form.get(name) ?? '').trim()
  const rows = (name: string) => Array.from({ length: 30 }, (_, i) => `${name}.${i}`)
  const goals: string[] = []
  const facets: Record<string, string[]> = {}
  for (const row of rows('goals')) {
    const goal = text(row)
    if (goal === '' || goals.includes(goal)) continue
    goals.push(goal)
    const named = text(row.replace('goals', 'facets'))
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
    if (named.length > 0) facets[goal] = named
  }
  return {
    name: text('name'),
    trade: text('trade'),
    goals,
    facets,
    people: rows('people')
      .filter((row) => text(`${row}.name`) !== '')
      .map((row) => ({
        name: text(`${row}.name`),
        role: text(`${row}.role`),
        phone: text(`${row}.phone`),
        email: text(`${row}.email`),
      })),
    places: rows('places')
      .filter((row) => text(`${row}.name`) !== '')
      .map((row) => ({
        name: text(`${row}.name`),
        address: text(`${row}.address`),
        walkMinutes: Object.fromEntries(
          sites.flatMap(([site]) => {
            const minutes = wholeFrom(form.get(`${row}.walkMinutes.${site}`), null)
            return minutes === null ? [] : [[site, minutes as number]]
          }),
        ),
      })),
    opening: text('opening'),
    archived: form.get('archived') !== null,
  }
}

async function show(c: Context<Env>, call: Ask, editing: Editing) {
  const { id, record, etag, trouble, check, done } = editing
  const names = await namesOf(c)
  const kept = id === null ? null : await good(call<PartnerAnswer>('GET', at`/v1/partners/${id}`))
  const own = kept ? await allianceOf(call, kept.id) : null
  const title = kept ? kept.name : 'A new partner'
  const field = (name: string, value: string) => ({ name, value, trouble })
  const options = [['', '–'] as const, ...names.goals]
  const sought = kept ? undefined : record.goals[0]
  const candidates = sought === undefined ? [] : candidatesFor(await c.get('deps').snapshot.refresh(), sought)
  return page(
    c,
    { title: `${title} · Encore`, here: 'owner', description: 'A partner, its people, places and checks.' },
    <div class="owner">
      <header class="owner-head">
        <p>
          <a href="/owner/partners">Partners</a>
        </p>
        <h1 class="display">
          <bdi>{title}</bdi>
        </h1>
        {kept && (
          <p class="owner-keys">
            {own ? (
              <a class="button" href={at`/owner/alliances/${own.id}`}>
                The alliance, {own.state}
              </a>
            ) : (
              <a class="button yes-key" href={`/owner/alliances/new?partner=${encodeURIComponent(kept.id)}`}>
                Start an alliance
              </a>
            )}
            <a class="button" href={`/owner/offers/new?partner=${encodeURIComponent(kept.id)}`}>
              Write an offer
            </a>
          </p>
        )}
      </header>
      <OwnerWays here="partners" />
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} />
      {candidates.length > 0 && (
        <div class="note">
          <p>Known already:</p>
          <ul class="owner-alerts">
            <Candidates candidates={candidates} />
          </ul>
        </div>
      )}
      <form
        method="post"
        action={kept ? at`/owner/partners/${kept.id}` : '/owner/partners/new'}
        class="owner-form"
      >
        <Hidden fields={{ etag }} />
        <Group legend="Who they are">
          <Field {...field('name', record.name)} label="Name" required />
          <Field
            {...field('trade', record.trade)}
            label="Trade"
            required
            hint="As one would ask for it: swim school."
          />
          <Field {...field('opening', record.opening)} label="Open" hint="Mon–Fri 14:00–20:00" />
        </Group>
        <Group
          legend="Goals they serve"
          says="And which of it exactly, with commas: piano, violin. Nothing for all of it."
        >
          <NoGoals goals={names.goals} />
          {[...record.goals, '', ''].map((goal, i) => (
            <div class="owner-row">
              <Choice {...field(`goals.${i}`, goal)} label={`Goal ${i + 1}`} options={options} />
              <Field
                {...field(`facets.${i}`, (record.facets[goal] ?? []).join(', '))}
                label="Which exactly"
              />
            </div>
          ))}
        </Group>
        <Group legend="People to call" says="Rows without a name are left out.">
          {[...record.people, { name: '', role: '', phone: '', email: '' }].map((person, i) => (
            <div class="owner-row">
              <Field {...field(`people.${i}.name`, person.name)} label="Name" />
              <Field {...field(`people.${i}.role`, person.role)} label="Role" />
              <Field {...field(`people.${i}.phone`, person.phone)} label="Telephone" type="tel" />
              <Field {...field(`people.${i}.email`, person.email)} label="Email" />
            </div>
          ))}
        </Group>
        <Group legend="Places" says="With the minutes on foot from each of our shops.">
          {[...record.places, { name: '', address: '', walkMinutes: {} as Record<string, number> }].map(
            (place, i) => (
              <div class="owner-row">
                <Field {...field(`places.${i}.name`, place.name)} label="Place" />
                <Field {...field(`places.${i}.address`, place.address)} label="Address" />
                {names.sites.map(([site, name]) => (
                  <Field
                    {...field(`places.${i}.walkMinutes.${site}`, String(place.walkMinutes[site] ?? ''))}
                    label={`Minutes from ${name}`}
                    numeric
                  />
                ))}
              </div>
            ),
          )}
        </Group>
        {kept && <Tick name="archived" label="Put away: no longer a partner of ours." on={record.archived} />}
        <p class="owner-keys">
          <button type="submit" class="primary">
            {kept ? 'Save' : 'Keep the partner'}
          </button>
          <a class="button" href="/owner/partners">
            Leave it
          </a>
        </p>
      </form>
      {kept && <Checks partner={kept} names={names} refused={check} />}
    </div>,
  )
}

type AllianceLine = { id: string; partner: string; partnerName: string; state: string }
const OVER = new Set(['ended', 'declined', 'expired'])

/** The alliance of a partner that is not over. */
async function allianceOf(call: Ask, partner: string): Promise<AllianceLine | null> {
  return (await allAlliances(call)).find((each) => each.partner === partner && !OVER.has(each.state)) ?? null
}

async function allAlliances(call: Ask): Promise<AllianceLine[]> {
  const all: AllianceLine[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/v1/alliances?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`
    const { items, next }: { items: AllianceLine[]; next: string | null } = await good(call('GET', path))
    all.push(...items)
    cursor = next
  }
  return all
}

function Checks(props: { partner: PartnerAnswer; names: Names; refused: Editing['check'] }) {
  const { partner, names, refused } = props
  const isNew = refused && !partner.checks.some(({ code }) => code === refused.typed.code)
  return (
    <Section
      id="checks"
      title="Checks"
      says="What must be true back stage. From the day after a critical one runs out, nothing of theirs is offered."
    >
      {refused && <TroubleNote trouble={refused.trouble} />}
      {partner.checks.length === 0 && <p>None on file.</p>}
      {partner.checks.map((check) => (
        <details class="card owner-card owner-check" open={refused?.typed.code === check.code}>
          <summary>
            <strong>{codeWords(check.code)}</strong>{' '}
            <span class="quiet">
              {!check.ok && 'not valid, '}
              {check.validUntil ? `until ${dateWords(check.validUntil)}` : 'no end'}
              {check.critical && ', critical'}
            </span>
          </summary>
          <CheckForm
            partner={partner.id}
            names={names}
            check={refused?.typed.code === check.code ? refused.typed : check}
            trouble={refused?.typed.code === check.code ? refused.trouble : null}
          />
          <form method="post" action={at`/owner/partners/${partner.id}`}>
            <Hidden fields={{ do: 'uncheck', code: check.code }} />
            <button type="submit" class="plain">
              Take {codeWords(check.code).toLowerCase()} away
            </button>
          </form>
        </details>
      ))}
      <details class="card owner-card owner-check" open={isNew ?? false}>
        <summary>
          <strong>Another check</strong>
        </summary>
        <CheckForm
          partner={partner.id}
          names={names}
          check={isNew ? refused.typed : NO_CHECK}
          trouble={isNew ? refused.trouble : null}
        />
      </details>
    </Section>
  )
}

const codeWords = (code: string): string =>
  code.slice(0, 1).toUpperCase() + code.slice(1).toLowerCase().replaceAll('_', ' ')

function CheckForm(props: { partner: string; names: Names; check: Check; trouble: Trouble | null }) {
  const { partner, names, check, trouble } = props
  const isNew = check.code === '' || trouble !== null
  // Several such forms stand on one page.
  const of = check.code || 'new'
  const field = (name: keyof Check, label: string, type?: 'date') => (
    <Field
      id={`check-${of}-${name}`}
      name={name}
      label={label}
      value={String(check[name] ?? '')}
      trouble={trouble}
      type={type ?? 'text'}
    />
  )
  return (
    <form method="post" action={at`/owner/partners/${partner}`} class="owner-form">
      <Hidden fields={{ do: 'check', ...(isNew ? {} : { code: check.code }) }} />
      <div class="owner-fields">
        {isNew && field('code', 'What is checked')}
        {field('issuer', 'Issued by')}
        {field('issuedOn', 'Issued on', 'date')}
        {field('validUntil', 'Valid until, that day included', 'date')}
        <Choice
          id={`check-${of}-assuredBy`}
          name="assuredBy"
          label="Seen by"
          value={check.assuredBy ?? ''}
          options={[['', 'nobody yet'], ...names.staff]}
        />
        {field('assuredOn', 'Seen on', 'date')}
        <Tick name="ok" label="It is valid" on={check.ok} />
        <Tick name="critical" label="Critical: without it nothing is offered" on={check.critical} />
      </div>
      <p class="owner-keys">
        <button type="submit">Keep the check</button>
      </p>
    </form>
  )
}

async function list(c: Context<Env>, call: Ask) {
  const cursor = /^[A-Za-z0-9_-]{1,400}$/.test(c.req.query('cursor') ?? '')
    ? `&cursor=${c.req.query('cursor')}`
    : ''
  const [{ items, next }, alliances] = await Promise.all([
    good(call<{ items: PartnerAnswer[]; next: string | null }>('GET', `/v1/partners?limit=100${cursor}`)),
    allAlliances(call),
  ])
  return page(
    c,
    {
      title: 'Partners · Encore',
      here: 'owner',
      description: 'All partners, and the registry as a table.',
      wide: true,
    },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Partners</h1>
        <p class="owner-keys">
          <a class="button yes-key" href="/owner/partners/new">
            A new partner
          </a>
          <a class="button" href="/owner/partners/import">
            Read a table in
          </a>
          <a class="button" href="/v1/registry.csv" download>
            All of it as CSV
          </a>
        </p>
      </header>
      <OwnerWays here="partners" />
      <table class="owner-table">
        <thead>
          <tr>
            <th scope="col">Partner</th>
            <th scope="col">Trade</th>
            <th scope="col">Alliance</th>
            <th scope="col">Checks</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ id, name, trade, archived, checks }) => {
            const of = alliances.filter((each) => each.partner === id)
            const alliance = of.find(({ state }) => !OVER.has(state)) ?? of.at(-1)
            const ends = checks
              .map(({ validUntil }) => validUntil)
              .filter((each) => each !== null)
              .sort()[0]
            return (
              <tr>
                <th scope="row">
                  <a href={at`/owner/partners/${id}`}>
                    <bdi>{name}</bdi>
                  </a>
                  {archived && ' (put away)'}
                </th>
                <td data-label="Trade">{trade}</td>
                <td data-label="Alliance">
                  {alliance ? (
                    <a href={at`/owner/alliances/${alliance.id}`}>
                      {alliance.state}
                      <span class="unseen"> with {name}</span>
                    </a>
                  ) : (
                    'none'
                  )}
                </td>
                <td data-label="Checks">
                  {checks.length === 0 ? 'none' : ends ? `until ${dateWords(ends)}` : 'no end'}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {next && (
        <p class="ways">
          <a class="button" href={`/owner/partners?cursor=${next}`}>
            More
          </a>
        </p>
      )}
    </div>,
  )
}

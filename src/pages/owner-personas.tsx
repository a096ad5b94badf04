/** Personas: invented households that are tests of the policy. What must be answered to each, and whether it is. */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Catalogue } from '../core/catalogue.ts'
import { SAID } from '../core/event.ts'
import type { PersonaLine, PersonaRecord } from '../core/persona.ts'
import { instantOf, localIso } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { date } from '../http/fields.ts'
import { RecordSchema } from '../http/personas.ts'
import type { Ask, Said } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field } from './form-fields.tsx'
import { moneyWords, page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  dateWords,
  Group,
  Hidden,
  minorFrom,
  OwnerWays,
  Section,
  Tick,
  TroubleNote,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'

type Shown = {
  id: string
  name: string
  record: PersonaRecord
  passes: boolean
  why: string[]
  says: string[]
}
/** A persona in the making. */
type Draft = { name: string; record: PersonaRecord }

const KINDS: Record<string, string> = {
  told: 'told us',
  noticed: 'we noticed',
  toldNo: 'said no to',
  answered: 'answered',
  bought: 'bought',
  declined: 'declined',
  attended: 'attended',
  enrolled: 'enrolled in',
  completed: 'completed',
  booked: 'booked',
  recitalScheduled: 'has a recital of',
}
const CONSENTS: [purpose: string, says: string][] = [
  ['childProfile', 'We may know the children’s ages'],
  ['sharePartner', 'We may tell a partner'],
  ['letter', 'We may write'],
  ['allSites', 'Every shop may know'],
]
const DONE: Record<string, string> = {
  kept: 'Kept: it is run whenever a policy is previewed.',
  gone: 'It is tested no more.',
}
const BLANK_LINES = [0, 1]
const BLANK_BASKET = [0]

const path = (id: string) => `/owner/personas/${encodeURIComponent(id)}`
const api = (id: string) => `/v1/personas/${encodeURIComponent(id)}`

export function ownerPersonas(app: App): void {
  app.get('/owner/personas', async (c) => {
    const { personas } = await good(asking(c, app)<{ personas: Shown[] }>('GET', '/v1/personas'))
    return list(c, personas)
  })

  app.get('/owner/personas/new', async (c) => {
    const from = (c.req.query('from') ?? '').trim()
    if (from === '') return form(c, null, await blank(c), null)
    const said = await asking(c, app)<Draft>('GET', `/v1/recommendations/${encodeURIComponent(from)}/persona`)
    if (said.ok) return form(c, null, said.body, null)
    c.status(said.status as 404)
    return form(c, null, await blank(c), troubleOf(said))
  })

  app.post('/owner/personas/new', (c) => save(c, asking(c, app), null))

  app.get('/owner/personas/:id', async (c) =>
    form(c, c.req.param('id'), await good(asking(c, app)<Shown>('GET', api(c.req.param('id')))), null),
  )

  app.post('/owner/personas/:id', (c) => save(c, asking(c, app), c.req.param('id')))
}

/** Keep what the form says, or put it away. A new one has an id of its own: none is written over. */
async function save(c: Context<Env>, call: Ask, id: string | null) {
  const sent = await formOf(c)
  if (id !== null && sent.get('do') === 'archive') {
    await good(call('DELETE', api(id)))
    return c.redirect('/owner/personas?done=gone', 303)
  }
  const { draft, errors } = draftFrom(sent, await c.get('deps').snapshot.refresh())
  const again = (trouble: Trouble, status: number) => {
    c.status(status as 422)
    return form(c, id, draft, trouble)
  }
  if (errors.length > 0) return again({ detail: '', errors }, 422)
  const said = id === null ? await keepNew(call, draft) : await call<Shown>('PUT', api(id), draft)
  return said.ok
    ? c.redirect('/owner/personas?done=kept', 303)
    : again(troubleOf(said, 'record.'), said.status)
}

/** Keep one under the first id of its name that is free, also where others keep one at the same moment. */
async function keepNew(call: Ask, draft: Draft): Promise<Said<Shown>> {
  const plain = draft.name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
  const base = plain || 'persona'
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`
    const said = await call<Shown>('PUT', api(id), draft, { 'if-none-match': '*' })
    if (said.ok || said.code !== 'changed_meanwhile') return said
  }
}

async function list(c: Context<Env>, personas: Shown[]) {
  const passing = personas.filter(({ passes }) => passes).length
  const { listedById } = await c.get('deps').snapshot.refresh()
  return page(
    c,
    { title: 'Personas · Encore', here: 'owner', description: 'Households that are tests of the policy.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Personas</h1>
        <p class="quiet">
          Invented households, each with what must and must never be answered to it, whatever the draw. They
          are run whenever a policy is previewed.
        </p>
      </header>
      <OwnerWays here="personas" />
      <DoneNote says={DONE[c.req.query('done') ?? ''] ?? null} />
      <Section
        id="kept"
        title={personas.length === 0 ? 'None is kept' : `${passing} of ${personas.length} pass`}
        says={personas.length === 0 ? undefined : 'By the policy in force.'}
      >
        <ul class="owner-list personas">
          {personas.map(({ id, name, passes, why, says }) => (
            <li>
              <strong class={passes ? undefined : 'is-bad'}>{passes ? 'Passes' : 'Fails'}</strong>
              <span>
                <a href={path(id)}>
                  <bdi>{name}</bdi>
                </a>
              </span>
              <span class="quiet">
                {passes
                  ? says.length === 0
                    ? 'Nothing is said.'
                    : `May say ${says.map((offer) => `“${listedById.get(offer)?.offer.headline ?? offer}”`).join(' or ')}.`
                  : why.join(' ')}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section
        id="add"
        title="One more"
        says="By hand, or from an answer that was given: of the kind of household it was made for, without her reference, her name or anybody’s words, and with rounded days."
      >
        <form method="get" action="/owner/personas/new" class="owner-form">
          <Field
            name="from"
            label="The answer’s id"
            hint="It stands in the till’s log. Empty: by hand."
            most={80}
          />
          <p class="owner-keys">
            <button type="submit" class="primary">
              Begin one
            </button>
          </p>
        </form>
      </Section>
    </div>,
  )
}

async function blank(c: Context<Env>): Promise<Draft> {
  const { sites } = await c.get('deps').snapshot.refresh()
  return {
    name: '',
    record: {
      site: sites.keys().next().value ?? '',
      touchpoint: 'till',
      at: new Date(c.get('deps').clock()).toISOString(),
      household: {
        birthMonths: [],
        consents: ['personalise', 'childProfile'],
        holdout: false,
        lines: [],
        owned: [],
        visits: [],
        orders: 1,
        usualMinor: 0,
        care: [],
      },
      basket: [],
      must: {},
    },
  }
}

/** What the form says: what it began with, without what was left out, and what was added. */
function draftFrom(sent: URLSearchParams, catalogue: Catalogue): { draft: Draft; errors: Trouble['errors'] } {
  const errors: Trouble['errors'] = []
  const text = (name: string) => (sent.get(name) ?? '').trim()
  const was = keptFrom(text('was'))
  const site = catalogue.sites.get(text('site'))
  const stays = <T,>(name: string, all: readonly (T | null)[] = []): T[] =>
    all.filter((each, i): each is T & {} => each !== null && sent.getAll(name).includes(String(i)))
  const day = text('day')
  const isDay = date.safeParse(day).success
  const isTime = /^([01]\d|2[0-3]):[0-5]\d$/.test(text('time'))
  if (!isDay) errors.push({ field: 'day', message: 'choose a day' })
  if (!isTime) errors.push({ field: 'time', message: 'write a time, such as 11:30' })
  const lines = BLANK_LINES.flatMap((n): PersonaLine[] => {
    const [kind, goal] = [text(`kind${n}`), text(`goal${n}`)]
    if (goal === '') return []
    const { weight, halfLifeDays } = kind === 'noticed' ? SAID.noticed : SAID.told
    const isNo = kind === 'toldNo'
    return [
      {
        kind: kind as PersonaLine['kind'],
        goal,
        facet: text(`facet${n}`) || null,
        weight: isNo ? 0 : weight,
        halfLifeDays: isNo ? 1 : halfLifeDays,
        on: text(`on${n}`) || day,
        about: null,
        speakable: kind !== 'noticed',
        words: null,
        staff: null,
        offer: null,
      },
    ]
  })
  const basket = BLANK_BASKET.flatMap((n) => {
    const [sku, category] = [text(`sku${n}`), text(`category${n}`)]
    if (sku === '' && category === '') return []
    const unitPrice = minorFrom(text(`price${n}`), site?.currency ?? 'USD', 0) as number
    return [
      { ...(sku ? { sku } : {}), ...(category ? { category } : {}), quantity: 1, unitPrice, gift: false },
    ]
  })
  const more = (name: string) => (text(name) === '' ? [] : [text(name)])
  const say = [...stays('say', was?.must.say), ...more('alsoSay')]
  const never = [...stays('never', was?.must.never), ...more('alsoNever')]
  const before = was?.household
  const must = {
    ...(say.length > 0 ? { say } : {}),
    ...(sent.get('silent') === 'yes' ? { silent: true } : {}),
    ...(never.length > 0 ? { never } : {}),
    ...(text('ask') === '' ? {} : { ask: text('ask') }),
    ...(text('kindness') === '' ? {} : { kindness: text('kindness') }),
  }
  if (Object.keys(must).length === 0)
    errors.push({ field: 'alsoSay', message: 'choose what must be, or must never be, answered' })
  if (must.say && must.silent)
    errors.push({ field: 'silent', message: 'either something is said, or nothing' })
  const record: PersonaRecord = {
    site: text('site'),
    touchpoint: was?.touchpoint ?? 'till',
    at:
      isDay && isTime
        ? new Date(instantOf(`${day}T${text('time')}:00`, site?.timeZone ?? 'UTC')).toISOString()
        : (was?.at ?? ''),
    household:
      sent.get('known') !== 'yes'
        ? null
        : {
            birthMonths: text('birthMonths')
              .split(/[\s,;]+/)
              .filter((each) => each !== ''),
            consents: [
              'personalise',
              ...CONSENTS.map(([purpose]) => purpose).filter((each) => sent.get(each) === 'yes'),
            ],
            holdout: sent.get('holdout') === 'yes',
            lines: [...stays('line', before?.lines), ...lines],
            owned: before?.owned ?? [],
            visits: before?.visits ?? [],
            orders: wholeFrom(text('orders'), 0) as number,
            usualMinor: before?.usualMinor ?? 0,
            care: stays('care', before?.care),
          },
    basket: [...stays('basket', was?.basket), ...basket],
    must,
  }
  return { draft: { name: text('name'), record }, errors }
}

/** A list of which each can be read by itself: what cannot is null, so that the ticks still say which is which. */
const each = <T extends z.ZodType>(schema: T) => z.array(schema.nullable().catch(null)).catch([])
const has = RecordSchema.shape
const home = has.household.unwrap().shape
/** What a form carries along from what it began with, by the published schema; the service checks all of it again. */
const KeptSchema = z.object({
  touchpoint: has.touchpoint.catch('till'),
  at: has.at.catch(''),
  household: z
    .object({
      lines: each(home.lines.unwrap().element),
      owned: home.owned.catch([]),
      visits: home.visits.catch([]),
      usualMinor: home.usualMinor.catch(0),
      care: each(home.care.unwrap().element),
    })
    .nullable()
    .catch(null),
  basket: each(has.basket.unwrap().element),
  must: z
    .object({ say: has.must.shape.say.catch(undefined), never: has.must.shape.never.catch(undefined) })
    .catch({}),
})

/** What the form began with; null where that cannot be read. */
function keptFrom(text: string): z.infer<typeof KeptSchema> | null {
  try {
    return KeptSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

async function form(
  c: Context<Env>,
  id: string | null,
  shown: Draft & Partial<Shown>,
  trouble: Trouble | null,
) {
  const catalogue = await c.get('deps').snapshot.refresh()
  const { name, record } = shown
  const { household, basket, must } = record
  const { sites, listed, listedById, goals, goalIndex } = catalogue
  const zone = sites.get(record.site)?.timeZone ?? 'UTC'
  const local = Number.isNaN(Date.parse(record.at)) ? '' : localIso(Date.parse(record.at), zone)
  const offers = listed
    .filter(({ offer }) => offer.state === 'live')
    .map(({ offer }): [string, string] => [offer.id, offer.headline])
    .sort(([, a], [, b]) => (a < b ? -1 : 1))
  const goalName = (slug: string) => goals[goalIndex.get(slug) ?? -1]?.name ?? slug
  const goalChoices: [string, string][] = [
    ['', 'nothing'],
    ...goals.map(({ slug, name }): [string, string] => [slug, name]).sort(([, a], [, b]) => (a < b ? -1 : 1)),
  ]
  const headline = (offer: string) => `“${listedById.get(offer)?.offer.headline ?? offer}”`
  const chosen: [string, string][] = [['', 'none'], ...offers]
  return page(
    c,
    { title: `${name || 'A persona'} · Encore`, here: 'owner', description: 'A household as a test.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">{id === null ? 'A persona' : <bdi>{name}</bdi>}</h1>
        {shown.passes !== undefined && (
          <p>
            <strong class={shown.passes ? undefined : 'is-bad'}>{shown.passes ? 'Passes' : 'Fails'}</strong>{' '}
            by the policy in force. {shown.why?.join(' ')}
          </p>
        )}
      </header>
      <OwnerWays here="personas" />
      <TroubleNote trouble={trouble} not={trouble?.errors.length === 0 ? 'found' : 'kept'} />
      <form method="post" action={id === null ? '/owner/personas/new' : path(id)} class="owner-form">
        <Hidden fields={{ was: JSON.stringify(record) }} />
        <Group legend="When and where">
          <Field name="name" label="Name" value={name} trouble={trouble} most={120} required />
          <Choice
            name="site"
            label="Shop"
            value={record.site}
            options={[...sites.values()].map((site): [string, string] => [site.id, site.name])}
            trouble={trouble}
          />
          <Field name="day" label="Day" type="date" value={local.slice(0, 10)} trouble={trouble} required />
          <Field
            name="time"
            label="Time"
            type="time"
            value={local.slice(11, 16)}
            trouble={trouble}
            required
          />
        </Group>
        <Group legend="The household">
          <Tick name="known" label="We may remember them" on={household !== null} />
          {CONSENTS.map(([purpose, says]) => (
            <Tick name={purpose} label={says} on={household?.consents.includes(purpose) ?? false} />
          ))}
          <Tick name="holdout" label="In the comparison group" on={household?.holdout ?? false} />
          <Field
            name="birthMonths"
            label="Children’s birth months"
            value={household?.birthMonths.join(', ') ?? ''}
            hint="Such as 2020-09, 2022-03."
            trouble={trouble}
          />
          <Field
            name="orders"
            label="Bought how often"
            value={String(household?.orders ?? 0)}
            trouble={trouble}
            numeric
          />
        </Group>
        <Group legend="What we know of them" says="Take the tick away from what is to be left out.">
          {household?.lines.map((line, i) => (
            <Tick
              name="line"
              value={String(i)}
              on
              label={`${KINDS[line.kind] ?? line.kind}: ${goalName(line.goal)}${line.facet ? ` (${line.facet})` : ''}, ${dateWords(line.on)}`}
            />
          ))}
          {household?.care.map(({ kind, what, openedOn, closedOn }, i) => (
            <Tick
              name="care"
              value={String(i)}
              on
              label={`${kind}: ${what}, ${dateWords(openedOn)}${closedOn === null ? ', open' : ''}`}
            />
          ))}
          {household !== null && household.owned.length + household.visits.length > 0 && (
            <p class="quiet">
              Kept as they are: {household.owned.length} things they own, {household.visits.length} visits.
            </p>
          )}
        </Group>
        {BLANK_LINES.map((n) => (
          <Group legend={`And ${['one thing', 'another'][n]} that we know`}>
            <Choice
              name={`kind${n}`}
              label="How"
              options={[
                ['told', 'they told us'],
                ['noticed', 'we noticed'],
                ['toldNo', 'they said no'],
              ]}
            />
            <Choice name={`goal${n}`} label="About" options={goalChoices} />
            <Field name={`facet${n}`} label="Which one" hint="Such as piano." most={60} />
            <Field name={`on${n}`} label="On" type="date" hint="Empty: that day." />
          </Group>
        ))}
        <Group legend="The basket">
          {basket.map(({ sku, category, name: called, unitPrice, gift }, i) => (
            <Tick
              name="basket"
              value={String(i)}
              on
              label={`${called ?? sku ?? category ?? 'something'}, ${moneyWords(unitPrice, sites.get(record.site)?.currency ?? 'USD')}${gift ? ', a gift' : ''}`}
            />
          ))}
          {BLANK_BASKET.flatMap((n) => [
            <Choice
              name={`category${n}`}
              label="Also something of"
              options={[
                ['', 'nothing'],
                ...[...catalogue.categories.values()].map(({ slug, name }): [string, string] => [slug, name]),
              ]}
            />,
            <Field name={`sku${n}`} label="Its SKU" hint="Optional." most={100} />,
            <Field name={`price${n}`} label="Price" numeric trouble={trouble} />,
          ])}
        </Group>
        <Group legend="What must be" says="Whatever the draw: all that may be said counts.">
          {must.say?.map((offer, i) => (
            <Tick name="say" value={String(i)} on label={`Says ${headline(offer)}`} />
          ))}
          <Choice name="alsoSay" label={must.say ? 'Or says' : 'Says'} options={chosen} trouble={trouble} />
          <Tick name="silent" label="Nothing is said" on={must.silent ?? false} />
          {must.never?.map((offer, i) => (
            <Tick name="never" value={String(i)} on label={`Never says ${headline(offer)}`} />
          ))}
          <Choice name="alsoNever" label={must.never ? 'Nor says' : 'Never says'} options={chosen} />
          <Choice name="ask" label="Asks about" value={must.ask ?? ''} options={goalChoices} />
          <Choice
            name="kindness"
            label="Mentions the small thing"
            value={must.kindness ?? ''}
            options={
              must.kindness === undefined || chosen.some(([offer]) => offer === must.kindness)
                ? chosen
                : [...chosen, [must.kindness, headline(must.kindness)]]
            }
          />
        </Group>
        <p class="owner-keys">
          <button type="submit" class="primary">
            Keep it
          </button>
          {id !== null && (
            <button type="submit" name="do" value="archive" formnovalidate>
              Test it no more
            </button>
          )}
          <a class="button" href="/owner/personas">
            All personas
          </a>
        </p>
      </form>
    </div>,
  )
}

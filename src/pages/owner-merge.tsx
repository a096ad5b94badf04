/** Two references that are one customer: what each has, what they would come to, and making them one. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import { cardPath } from './customer-card.tsx'
import type { Trouble } from './form-fields.tsx'
import { Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import {
  dateWords,
  fieldWords,
  Hidden,
  OwnerWays,
  Section,
  Tick,
  TroubleNote,
  troubleOf,
} from './owner-fields.tsx'

type Side = {
  ref: string
  site: string
  joinedOn: string
  holdout: boolean
  has: Record<string, number>
  consents: Record<string, string>
}
type Together = { from: Side; into: Side; together: Side }

/** What is hers, in words; in the order in which it is asked about. */
const WHAT: [table: string, says: string][] = [
  ['purchase', 'Purchases'],
  ['evidence', 'Lines of what she told us, did or bought'],
  ['child', 'Children’s birth months'],
  ['recommendation', 'Answers of the till'],
  ['referral', 'Introductions to and from partners'],
  ['hold', 'Places kept'],
  ['waiting', 'Waiting for a place'],
  ['careNote', 'Complaints and promises'],
  ['pollAnswer', 'Answers to polls'],
  ['pollLink', 'Links to polls'],
]
const LABELS = { ref: 'The reference that goes', into: 'The reference that stays' }
const PURPOSES: [purpose: string, says: string][] = [
  ['personalise', 'Remember her'],
  ['childProfile', 'Remember the children’s ages'],
  ['letter', 'Letters'],
  ['sharePartner', 'Share with a partner'],
  ['allSites', 'At every shop'],
]

export function ownerMerge(app: App): void {
  app.get('/owner/merge', (c) => {
    const call = asking(c, app)
    return show(c, call, (c.req.query('ref') ?? '').trim(), (c.req.query('into') ?? '').trim(), null)
  })

  app.post('/owner/merge', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const [ref, into] = [form.get('ref') ?? '', form.get('into') ?? '']
    const again = (trouble: Trouble, status = 422) => {
      c.status(status as 422)
      return show(c, call, ref, into, trouble)
    }
    if (form.get('sure') !== 'yes')
      return again({
        detail: 'Say that they are one customer: it cannot be taken apart again.',
        errors: [],
      })
    const said = await call<{ customer: string }>('POST', `/v1/customers/${encodeURIComponent(ref)}/merge`, {
      into,
    })
    if (!said.ok) return again(troubleOf(said), said.status)
    return c.redirect(`/owner/merge?done=${encodeURIComponent(said.body.customer)}`, 303)
  })
}

async function show(c: Context<Env>, call: Ask, ref: string, into: string, trouble: Trouble | null) {
  const isAsked = ref !== '' && into !== ''
  const done = c.req.method === 'GET' ? (c.req.query('done') ?? null) : null
  const looked = isAsked
    ? await call<Together>(
        'GET',
        `/v1/customers/${encodeURIComponent(ref)}/merge?into=${encodeURIComponent(into)}`,
      )
    : null
  const found = looked?.ok ? looked.body : null
  const wrong = looked !== null && !looked.ok ? troubleOf(looked) : null
  if (wrong !== null && trouble === null) c.status(422)
  const { sites } = await c.get('deps').snapshot.refresh()
  const siteName = (id: string) => sites.get(id)?.name ?? id
  return page(
    c,
    {
      title: 'Merge customers · Encore',
      here: 'owner',
      description: 'Two references that are one customer.',
    },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Merge customers</h1>
        <p class="quiet">When two references turn out to be one customer: a new card, a second address.</p>
      </header>
      <OwnerWays here="merge" />
      {done !== null && (
        <p class="note" role="status">
          They are one customer now: <a href={cardPath(done)}>{done}</a>. The other reference answers as hers,
          at the till too.
        </p>
      )}
      <TroubleNote
        trouble={trouble ?? wrong}
        not={
          trouble !== null
            ? 'done'
            : wrong?.errors.some(({ message }) => message === 'is unknown')
              ? 'found'
              : 'compared'
        }
        names={LABELS}
      />
      <Section id="which" title="Which two">
        <form method="get" action="/owner/merge" class="owner-form">
          <div class="owner-fields">
            <Field
              name="ref"
              label={LABELS.ref}
              value={ref}
              trouble={trouble ?? wrong}
              hint="Ever after it is another name of the one that stays."
              most={100}
              required
            />
            <Field
              name="into"
              label={LABELS.into}
              value={into}
              trouble={trouble ?? wrong}
              hint="It keeps its shop, and whether it is in the comparison group."
              most={100}
              required
            />
          </div>
          <p class="owner-keys">
            <button type="submit" class={found === null ? 'primary' : undefined}>
              See what they come to
            </button>
          </p>
        </form>
      </Section>
      {found !== null && (
        <Section id="together" title="What they come to">
          <Compared found={found} siteName={siteName} />
          <ul class="owner-says">
            <li>An objection or a withdrawal on either side wins.</li>
            <li>What was learned is as if all had been one customer’s from the start.</li>
            <li>Links that either has to her own page stop working.</li>
          </ul>
          <div class="note note-bad">
            <p>
              <strong>It cannot be taken apart again.</strong> Afterwards nothing tells whose a purchase or a
              word was.
            </p>
          </div>
          <form method="post" action="/owner/merge" class="owner-form">
            <Hidden fields={{ ref: found.from.ref, into: found.into.ref }} />
            <div id="f-sure">
              <Tick
                name="sure"
                label={
                  <>
                    <bdi>{found.from.ref}</bdi> and <bdi>{found.into.ref}</bdi> are one customer
                  </>
                }
                on={false}
              />
            </div>
            <p class="owner-keys">
              <button type="submit" class="primary">
                Make them one
              </button>
              <a
                class="button"
                href={`/owner/merge?ref=${encodeURIComponent(found.into.ref)}&into=${encodeURIComponent(found.from.ref)}`}
              >
                The other way round
              </a>
            </p>
          </form>
        </Section>
      )}
    </div>,
  )
}

function Compared({ found, siteName }: { found: Together; siteName: (id: string) => string }) {
  const { from, into, together } = found
  const sides = [from, into, together]
  const labels = [`${from.ref}, goes`, `${into.ref}, stays`, 'Together']
  const words = new Map(WHAT)
  const named = [
    ...WHAT.map(([table]) => table),
    ...Object.keys(together.has).filter((table) => !words.has(table)),
  ]
  const line = (says: string, of: (side: Side) => string | number) => (
    <tr>
      <th scope="row">{says}</th>
      {sides.map((side, i) => (
        <td class="number" data-label={labels[i]}>
          {of(side)}
        </td>
      ))}
    </tr>
  )
  return (
    <table class="owner-table">
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">What</span>
          </th>
          <th scope="col">
            <bdi>{from.ref}</bdi> <span class="quiet">goes</span>
          </th>
          <th scope="col">
            <bdi>{into.ref}</bdi> <span class="quiet">stays</span>
          </th>
          <th scope="col">Together</th>
        </tr>
      </thead>
      <tbody>
        {line('Shop', ({ site }) => siteName(site))}
        {line('Customer since', ({ joinedOn }) => dateWords(joinedOn))}
        {line('In the comparison group', ({ holdout }) => (holdout ? 'yes' : 'no'))}
        {named
          .filter((table) => sides.some(({ has }) => (has[table] ?? 0) > 0))
          .map((table) => line(words.get(table) ?? fieldWords(table), ({ has }) => has[table] ?? 0))}
        {PURPOSES.filter(([purpose]) => sides.some(({ consents }) => consents[purpose] !== undefined)).map(
          ([purpose, says]) => line(says, ({ consents }) => consents[purpose] ?? 'never asked'),
        )}
      </tbody>
    </table>
  )
}

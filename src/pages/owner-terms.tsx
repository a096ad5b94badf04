/** Terms in the owner's hands: a first draft, another version with every field, a renewal with the few that change. */
import type { Context } from 'hono'
import type { Commission, TermsRecord } from '../core/terms.ts'
import { blankTerms } from '../core/terms.ts'
import { dateOf, dayOf, localDay } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  Group,
  Hidden,
  linesFrom,
  minorFrom,
  minorTyped,
  OwnerWays,
  percentFrom,
  percentTyped,
  Tick,
  TroubleNote,
  textOf,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'
import type { AllianceAnswer, PreviewAnswer } from './owner-preview.tsx'
import { namesOf, PreviewWords } from './owner-preview.tsx'

type Editing = {
  /** Whose terms: an alliance to come, or one that is. */
  of: { partner: string; partnerName: string; alliance: AllianceAnswer | null }
  record: TermsRecord
  etag: string
  isRenewal: boolean
  trouble: Trouble | null
  preview: PreviewAnswer | null
}

/** A path of the API with an id in it. */
export const at = (path: TemplateStringsArray, ...ids: string[]): string =>
  path.reduce((all, part, i) => `${all}${i === 0 ? '' : encodeURIComponent(ids[i - 1]!)}${part}`, '')

export function ownerTerms(app: App): void {
  app.get('/owner/alliances/new', async (c) => {
    const of = await newOf(asking(c, app), c.req.query('partner') ?? '')
    const { currency, today } = await hereAndNow(c)
    const record = blankTerms(currency, today, dateOf(dayOf(today) + 364))
    return show(c, { of, record, etag: '', isRenewal: false, trouble: null, preview: null })
  })

  app.post('/owner/alliances/new', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const of = await newOf(call, form.get('partner') ?? '')
    const terms = recordFrom(form)
    const said = await call<AllianceAnswer>('POST', '/v1/alliances', { partner: of.partner, terms })
    if (said.ok) return c.redirect(`/owner/alliances/${said.body.id}?done=drafted`, 303)
    c.status(said.status as 422)
    const trouble = troubleOf(said, 'terms.')
    return show(c, { of, record: terms, etag: '', isRenewal: false, trouble, preview: null })
  })

  app.get('/owner/alliances/:id/terms', async (c) => {
    const { of, etag } = await existing(asking(c, app), c.req.param('id'))
    const last = of.alliance!.terms.at(-1)!.record
    const isRenewal = c.req.query('renew') !== undefined
    const record = isRenewal ? renewed(last) : last
    return show(c, { of, record, etag, isRenewal, trouble: null, preview: null })
  })

  app.post('/owner/alliances/:id/terms', async (c) => {
    const form = await formOf(c)
    const id = c.req.param('id')
    const call = asking(c, app)
    const record = recordFrom(form)
    const isRenewal = form.get('renew') === 'yes'
    const editing = { record, isRenewal, etag: form.get('etag') ?? '', preview: null }
    if (form.get('do') === 'preview') {
      const said = await call<PreviewAnswer>('POST', at`/v1/alliances/${id}/preview`, { terms: record })
      const { of } = await existing(call, id)
      if (said.ok) return show(c, { ...editing, of, trouble: null, preview: said.body })
      c.status(said.status as 422)
      return show(c, { ...editing, of, trouble: troubleOf(said, 'terms.') })
    }
    const acceptConflict = form.get('acceptConflict') === 'yes' ? { acceptConflict: true } : {}
    const said = await call<{ changed: boolean; version: number }>(
      'POST',
      at`/v1/alliances/${id}/terms`,
      { ...record, ...acceptConflict },
      { 'if-match': editing.etag },
    )
    if (said.ok) return c.redirect(`/owner/alliances/${id}?done=${said.body.changed ? 'terms' : 'same'}`, 303)
    const now = await existing(call, id)
    c.status(said.status as 422)
    const trouble = troubleOf(said)
    // What was typed stays; saving once more then overwrites what somebody else wrote, knowingly.
    if (said.code === 'changed_meanwhile')
      trouble.detail =
        'Somebody changed these terms since you opened them. What you typed is below: look at theirs, then save again.'
    const etag = said.code === 'changed_meanwhile' ? now.etag : editing.etag
    return show(c, { ...editing, etag, of: now.of, trouble })
  })
}

async function newOf(call: Ask, partner: string): Promise<Editing['of']> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,59}$/.test(partner)) throw new Problem('not_found')
  const { name } = await good(call<{ name: string }>('GET', at`/v1/partners/${partner}`))
  return { partner, partnerName: name, alliance: null }
}

async function existing(call: Ask, id: string): Promise<{ of: Editing['of']; etag: string }> {
  const said = await call<AllianceAnswer>('GET', at`/v1/alliances/${id}`)
  if (!said.ok) throw new Problem(said.code, said.detail)
  const { partner, partnerName } = said.body
  return { of: { partner, partnerName, alliance: said.body }, etag: said.etag ?? '' }
}

/** The shop's money and date. */
export async function hereAndNow(c: Context<Env>): Promise<{ currency: string; today: string }> {
  const { snapshot, clock } = c.get('deps')
  const site = (await snapshot.refresh()).sites.values().next().value
  return { currency: site?.currency ?? 'USD', today: dateOf(localDay(clock(), site?.timeZone ?? 'UTC')) }
}

/** The next year under the same terms, from the day after they end. */
function renewed(last: TermsRecord): TermsRecord {
  const startsOn = dateOf(dayOf(last.endsOn) + 1)
  return {
    ...last,
    startsOn,
    endsOn: dateOf(dayOf(`${Number(startsOn.slice(0, 4)) + 1}${startsOn.slice(4)}`) - 1),
  }
}

/** The record as it was typed. What cannot be read goes to the service as it is: it says what is wrong. */
function recordFrom(form: URLSearchParams): TermsRecord {
  const text = (name: string) => (form.get(name) ?? '').trim()
  const currency = text('currency')
  const minor = (name: string, none: number | null) => minorFrom(form.get(name), currency, none)
  const whole = (name: string, none: number | null) => wholeFrom(form.get(name), none)
  const commission = (side: string) => ({
    basisPoints: percentFrom(form.get(`${side}.basisPoints`), 10_000),
    minimumMinor: minor(`${side}.minimumMinor`, null),
    capMinor: minor(`${side}.capMinor`, null),
    holdDays: whole(`${side}.holdDays`, 0),
  })
  const favours = (side: string) => ({
    introductions: whole(`${side}.introductions`, 0),
    shelf: text(`${side}.shelf`),
    letter: text(`${side}.letter`),
    jointEvents: whole(`${side}.jointEvents`, 0),
  })
  const trade = text('exclusivity.trade')
  return {
    currency,
    customerBenefit: text('customerBenefit'),
    paidBy: text('paidBy'),
    benefitCostMinor: minor('benefitCostMinor', 0),
    shopShareBasisPoints: percentFrom(form.get('shopShareBasisPoints'), 10_000),
    toUs: commission('toUs'),
    toThem: commission('toThem'),
    weDo: favours('weDo'),
    theyDo: favours('theyDo'),
    perWeek: whole('perWeek', null),
    perMonth: whole('perMonth', null),
    exclusivity:
      trade === ''
        ? null
        : {
            trade,
            withinMinutes: whole('exclusivity.withinMinutes', null),
            untilOn: text('exclusivity.untilOn') || null,
          },
    shares: form.get('shares') === null ? [] : ['firstName'],
    disclosure: text('disclosure'),
    wePromise: linesFrom(form.get('wePromise')),
    neverPromise: linesFrom(form.get('neverPromise')),
    startsOn: text('startsOn'),
    endsOn: text('endsOn'),
    noticeDays: whole('noticeDays', 0),
    renewal: text('renewal'),
    answerDays: whole('answerDays', null),
    assumed: {
      conversion: percentFrom(form.get('assumed.conversion'), 1),
      firstYearMinor: minor('assumed.firstYearMinor', 0),
      margin: percentFrom(form.get('assumed.margin'), 1),
      introductionCostMinor: minor('assumed.introductionCostMinor', 0),
    },
  } as unknown as TermsRecord
}

/** A record as its form would send it, for the fields that a renewal does not show. */
function typed(record: TermsRecord): Record<string, string> {
  const money = (value: unknown) => minorTyped(value, record.currency)
  const commission = (side: 'toUs' | 'toThem') => ({
    [`${side}.basisPoints`]: percentTyped(record[side].basisPoints, 10_000),
    [`${side}.minimumMinor`]: money(record[side].minimumMinor),
    [`${side}.capMinor`]: money(record[side].capMinor),
    [`${side}.holdDays`]: String(record[side].holdDays),
  })
  const favours = (side: 'weDo' | 'theyDo') =>
    Object.fromEntries(
      Object.entries(record[side]).map(([name, value]) => [`${side}.${name}`, String(value)]),
    )
  const { exclusivity, assumed } = record
  return {
    currency: record.currency,
    customerBenefit: record.customerBenefit,
    paidBy: record.paidBy,
    benefitCostMinor: money(record.benefitCostMinor),
    shopShareBasisPoints: percentTyped(record.shopShareBasisPoints, 10_000),
    ...commission('toUs'),
    ...commission('toThem'),
    ...favours('weDo'),
    ...favours('theyDo'),
    perWeek: textOf(record.perWeek),
    perMonth: textOf(record.perMonth),
    'exclusivity.trade': exclusivity?.trade ?? '',
    'exclusivity.withinMinutes': textOf(exclusivity?.withinMinutes),
    'exclusivity.untilOn': exclusivity?.untilOn ?? '',
    ...(record.shares.length > 0 ? { shares: 'firstName' } : {}),
    disclosure: record.disclosure,
    wePromise: record.wePromise.join('\n'),
    neverPromise: record.neverPromise.join('\n'),
    startsOn: record.startsOn,
    endsOn: record.endsOn,
    noticeDays: textOf(record.noticeDays),
    renewal: record.renewal,
    answerDays: textOf(record.answerDays),
    'assumed.conversion': percentTyped(assumed.conversion, 1),
    'assumed.firstYearMinor': money(assumed.firstYearMinor),
    'assumed.margin': percentTyped(assumed.margin, 1),
    'assumed.introductionCostMinor': money(assumed.introductionCostMinor),
  }
}

const SHOWN_IN_RENEWAL = new Set([
  'startsOn',
  'endsOn',
  'customerBenefit',
  'toUs.basisPoints',
  'weDo.introductions',
  'theyDo.introductions',
  'disclosure',
])

async function show(c: Context<Env>, editing: Editing) {
  const names = namesOf(await c.get('deps').snapshot.refresh())
  const { of, record, etag, isRenewal, trouble, preview } = editing
  const { alliance } = of
  const values = typed(record)
  const back = alliance ? `/owner/alliances/${alliance.id}` : `/owner/partners/${of.partner}`
  const action = alliance ? `/owner/alliances/${alliance.id}/terms` : '/owner/alliances/new'
  const next = (alliance?.terms.at(-1)?.version ?? 0) + 1
  const title = alliance ? (isRenewal ? 'Renew' : 'Change the terms') : 'Start an alliance'
  const hidden = isRenewal
    ? Object.fromEntries(Object.entries(values).filter(([name]) => !SHOWN_IN_RENEWAL.has(name)))
    : {}
  const clashes =
    trouble?.errors.some(({ field }) => field === 'exclusivity') && c.get('key').role === 'owner'
  return page(
    c,
    { title: `${title} · ${of.partnerName} · Encore`, here: 'owner', description: 'Terms of an alliance.' },
    <div class="owner">
      <header class="owner-head">
        <p>
          <a href={back}>
            <bdi>{of.partnerName}</bdi>
          </a>
        </p>
        <h1 class="display">{title}</h1>
        <p class="quiet owner-lead">
          {alliance
            ? `This becomes version ${next}. What was agreed stays in force until both sides agree to it.`
            : 'A draft is seen by nobody but you. You propose it when it is ready.'}
        </p>
      </header>
      <OwnerWays here="alliances" />
      <TroubleNote trouble={trouble} />
      {preview && (
        <section class="card owner-card" aria-labelledby="would">
          <h2 id="would">What would change</h2>
          <PreviewWords preview={preview} names={names} />
          <p class="quiet">Nothing is saved yet.</p>
        </section>
      )}
      <form method="post" action={action} class="owner-form">
        <Hidden
          fields={{
            ...(alliance ? { etag } : { partner: of.partner }),
            ...(isRenewal ? { renew: 'yes' } : {}),
            ...hidden,
          }}
        />
        {isRenewal ? (
          <FewFields values={values} trouble={trouble} />
        ) : (
          <AllFields values={values} trouble={trouble} />
        )}
        {clashes && (
          <Tick
            name="acceptConflict"
            label="I accept that this breaks the exclusivity named above."
            on={false}
          />
        )}
        <p class="owner-keys">
          <button type="submit" class="primary" name="do" value="save">
            {alliance ? `Save as version ${next}` : 'Save the draft'}
          </button>
          {alliance && (
            <button type="submit" name="do" value="preview">
              See what would change
            </button>
          )}
          <a class="button" href={back}>
            Leave it
          </a>
        </p>
      </form>
      {isRenewal && (
        <p>
          <a href={`${action}`}>All fields of the terms</a>
        </p>
      )}
    </div>,
  )
}

type Fields = { values: Record<string, string>; trouble: Trouble | null }

function FewFields({ values, trouble }: Fields) {
  const field = (name: string) => ({ name, value: values[name] ?? '', trouble })
  return (
    <>
      <Group legend="When">
        <Field {...field('startsOn')} label="From" type="date" required />
        <Field {...field('endsOn')} label="Until, that day included" type="date" required />
      </Group>
      <Group legend="What changes, if anything" says="Everything else stays as it is.">
        <Field
          {...field('customerBenefit')}
          label="What families get"
          rows={2}
          hint="Families hear these words. At most 160 characters."
        />
        <Field {...field('disclosure')} label="What we disclose" rows={2} />
        <Field {...field('toUs.basisPoints')} label="Their commission to us, %" numeric />
        <Field {...field('weDo.introductions')} label="Introductions we make a quarter" numeric />
        <Field {...field('theyDo.introductions')} label="Introductions they make a quarter" numeric />
      </Group>
    </>
  )
}

function AllFields({ values, trouble }: Fields) {
  const field = (name: string) => ({ name, value: values[name] ?? '', trouble })
  const money = values.currency
  return (
    <>
      <Group legend="When">
        <Field {...field('startsOn')} label="From" type="date" required />
        <Field {...field('endsOn')} label="Until, that day included" type="date" required />
        <Field {...field('noticeDays')} label="Days of notice" numeric />
        <Choice
          {...field('renewal')}
          label="At the end"
          options={[
            ['byAgreement', 'it goes on only if both agree'],
            ['automatic', 'it goes on by itself'],
            ['none', 'it is over'],
          ]}
        />
      </Group>
      <Group
        legend="What families get"
        says="Families hear these words: change them, and staff must be told again."
      >
        <Field
          {...field('customerBenefit')}
          label="The benefit, in a sentence"
          rows={2}
          hint="At most 160 characters."
        />
        <Field
          {...field('disclosure')}
          label="What we disclose"
          rows={2}
          hint="Needed where we earn anything."
        />
        <Field {...field('wePromise')} label="We promise" rows={3} hint="One to a line." />
        <Field
          {...field('neverPromise')}
          label="We never promise"
          rows={3}
          hint="One to a line. No offer may say these."
        />
        <Choice
          {...field('paidBy')}
          label="Who pays for it"
          options={[
            ['partner', 'the partner'],
            ['shop', 'we do'],
            ['shared', 'both'],
          ]}
        />
        <Field
          {...field('benefitCostMinor')}
          label={`What the benefit costs whoever pays it, for each family, ${money}`}
          numeric
        />
        <Field
          {...field('shopShareBasisPoints')}
          label="Our part of it, %"
          numeric
          hint="Only where both pay."
        />
        <Tick
          name="shares"
          label="Share the first name, where the family allows it. Never anything else."
          on={values.shares !== undefined}
        />
      </Group>
      <CommissionFields legend="Their commission to us" side="toUs" values={values} trouble={trouble} />
      <CommissionFields legend="Our commission to them" side="toThem" values={values} trouble={trouble} />
      {(['weDo', 'theyDo'] as const).map((side) => (
        <Group legend={side === 'weDo' ? 'What we do each quarter' : 'What they do each quarter'}>
          <Field {...field(`${side}.introductions`)} label="Introductions" numeric />
          <Field {...field(`${side}.jointEvents`)} label="Joint events" numeric />
          <Field {...field(`${side}.shelf`)} label="Shelf or window" />
          <Field {...field(`${side}.letter`)} label="In the letter" />
        </Group>
      ))}
      <Group legend="How many families they can take" says="Nothing: as many as come.">
        <Field {...field('perWeek')} label="A week" numeric />
        <Field {...field('perMonth')} label="A month" numeric />
        <Field {...field('answerDays')} label="Days until we hear what became of a family" numeric required />
      </Group>
      <Group legend="Exclusivity" says="We send this trade to nobody else. Leave the trade empty for none.">
        <Field {...field('exclusivity.trade')} label="Trade" />
        <Field
          {...field('exclusivity.withinMinutes')}
          label="Within minutes on foot"
          numeric
          hint="Nothing: anywhere."
        />
        <Field
          {...field('exclusivity.untilOn')}
          label="Until"
          type="date"
          hint="Nothing: as long as the terms."
        />
      </Group>
      <Group legend="What both expect" says="Used until it is measured.">
        <Field {...field('assumed.conversion')} label="Families that stay, %" numeric />
        <Field
          {...field('assumed.firstYearMinor')}
          label={`What one pays them in a year, ${money}`}
          numeric
        />
        <Field {...field('assumed.margin')} label="Their margin, %" numeric />
        <Field
          {...field('assumed.introductionCostMinor')}
          label={`What an introduction costs them, ${money}`}
          numeric
        />
        <Field {...field('currency')} label="Currency" hint="Three letters: USD." required />
      </Group>
    </>
  )
}

function CommissionFields(props: Fields & { legend: string; side: 'toUs' | 'toThem' }) {
  const { legend, side, values, trouble } = props
  const field = (name: keyof Commission) => ({
    name: `${side}.${name}`,
    value: values[`${side}.${name}`] ?? '',
    trouble,
  })
  return (
    <Group legend={legend} says="Of the first sale to an introduced family. 0 for none.">
      <Field {...field('basisPoints')} label="Share, %" numeric />
      <Field {...field('minimumMinor')} label={`At least, ${values.currency}`} numeric />
      <Field {...field('capMinor')} label={`At most, ${values.currency}`} numeric />
      <Field {...field('holdDays')} label="Due after days" numeric />
    </Group>
  )
}

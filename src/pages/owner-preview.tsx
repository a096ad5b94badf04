/** What a change would do at the tills, in words; and terms, as one reads them. */
import type { Catalogue } from '../core/catalogue.ts'
import { counted } from '../core/counted.ts'
import type { TermsRecord } from '../core/terms.ts'
import { moneyWords } from './layout.tsx'
import { dateWords, fieldWords, textOf } from './owner-fields.tsx'

/** An alliance as the API answers it. */
export type AllianceAnswer = {
  id: string
  partner: string
  partnerName: string
  state: string
  moves: { to: string; says: string }[]
  terms: {
    version: number
    record: TermsRecord
    agreedAt: string | null
    briefFrom: number
    createdAt: string
    inForce: boolean
  }[]
  decisions: { version: number; side: 'shop' | 'partner'; decision: 'agree' | 'decline'; at: string }[]
  briefings: { site: string; version: number; on: string }[]
  ready: Record<string, string | null>
  version: number
}

type Shift = { offerId: string; headline: string; sites: string[]; fromOn: string }
export type Difference = { field: string; before: string; after: string }
export type PreviewAnswer = {
  goSilent: Shift[]
  startSpeaking: Shift[]
  words: Difference[]
  goalsLeftWithoutOffer: string[]
  sites: string[]
  dates: string[]
}

/** What people call sites and goals, by id. */
export type Names = ReadonlyMap<string, string>

/** The names of a catalogue's sites and goals. */
export const namesOf = ({ sites, goals }: Pick<Catalogue, 'sites' | 'goals'>): Names =>
  new Map([
    ...[...sites.values()].map(({ id, name }) => [id, name] as const),
    ...goals.map(({ slug, name }) => [slug, name] as const),
  ])

/** A preview, read aloud. */
export function PreviewWords({ preview, names }: { preview: PreviewAnswer; names: Names }) {
  const { goSilent, startSpeaking, words, goalsLeftWithoutOffer } = preview
  const nothing = goSilent.length + startSpeaking.length + words.length + goalsLeftWithoutOffer.length === 0
  if (nothing) return <p>Nothing changes at the tills, and nothing in what families hear.</p>
  return (
    <div class="owner-would">
      <Shifts
        names={names}
        shifts={goSilent}
        says={(n) => `${n === 1 ? 'This offer goes' : `These ${n} offers go`} silent`}
      />
      <Shifts
        names={names}
        shifts={startSpeaking}
        says={(n) => `${n === 1 ? 'This offer is' : `These ${n} offers are`} made again`}
      />
      {goalsLeftWithoutOffer.length > 0 && (
        <p class="is-bad">
          <strong>Left without any offer:</strong>{' '}
          {goalsLeftWithoutOffer.map((goal) => names.get(goal) ?? goal).join(', ')}
        </p>
      )}
      {words.length > 0 && (
        <>
          <h3>Families would hear</h3>
          <Differences differences={words} currency="" />
        </>
      )}
    </div>
  )
}

function Shifts({ shifts, says, names }: { shifts: Shift[]; says: (n: number) => string; names: Names }) {
  if (shifts.length === 0) return null
  return (
    <>
      <h3>{says(shifts.length)}</h3>
      <ul class="owner-list">
        {shifts.map(({ headline, sites, fromOn }) => (
          <li>
            <strong>{headline}</strong>
            <span class="quiet">
              at {sites.map((site) => names.get(site) ?? site).join(' and ')}, from {dateWords(fromOn)}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}

/** What a field of terms is called. */
const NAMES: Record<string, string> = {
  customerBenefit: 'families get',
  paidBy: 'who pays',
  endsOn: 'until',
  startsOn: 'from',
  perWeek: 'a week',
  perMonth: 'a month',
  answerDays: 'days until they answer',
  noticeDays: 'days of notice',
}
export const nameWords = (field: string): string =>
  NAMES[field] ??
  fieldWords(field)
    .replace(/ minor$/, '')
    .replace('basis points', 'share')
    .replace(/^to us/, 'their commission:')
    .replace(/^to them/, 'our commission:')
    .replace(/^we do/, 'we do:')
    .replace(/^they do/, 'they do:')
    .replace(/^assumed/, 'expected')

/** A value of a field of terms, as one reads it: dates in words, money in its coins, shares in %. */
export function valueWords(field: string, value: unknown, currency: string): string {
  const text = textOf(value)
  if (text === '') return 'nothing'
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return dateWords(text)
  const number = Number(text)
  if (!Number.isFinite(number)) return text
  if (field.endsWith('Minor')) return moneyWords(number, currency)
  if (field.endsWith('asisPoints')) return `${number / 100} %`
  return /^assumed\.(conversion|margin)$/.test(field) ? `${Math.round(number * 1000) / 10} %` : text
}

/** What differs between two versions, line by line. */
export function Differences({ differences, currency }: { differences: Difference[]; currency: string }) {
  if (differences.length === 0) return <p class="quiet">Nothing differs.</p>
  return (
    <dl class="owner-differences">
      {differences.map(({ field, before, after }) => (
        <div>
          <dt>{nameWords(field)}</dt>
          <dd>
            <span class="unseen">before: </span>
            <del>{valueWords(field, before, currency)}</del> <span aria-hidden="true">→</span>{' '}
            <span class="unseen">after: </span>
            <ins>{valueWords(field, after, currency)}</ins>
          </dd>
        </div>
      ))}
    </dl>
  )
}

const PAYS = { partner: 'the partner pays', shop: 'we pay', shared: 'shared' }

/** Terms, as one reads them: what is not agreed is left out. */
export function TermsWords({ record }: { record: TermsRecord }) {
  const money = (minor: number) => moneyWords(minor, record.currency)
  const share = ({ basisPoints, minimumMinor, capMinor, holdDays }: TermsRecord['toUs']) =>
    [
      `${basisPoints / 100} % of the first sale`,
      minimumMinor === null ? '' : `at least ${money(minimumMinor)}`,
      capMinor === null ? '' : `at most ${money(capMinor)}`,
      `due after ${counted(holdDays, 'day')}`,
    ]
      .filter(Boolean)
      .join(', ')
  const favours = ({ introductions, jointEvents, shelf, letter }: TermsRecord['weDo']) =>
    [
      introductions > 0 ? counted(introductions, 'introduction') : '',
      jointEvents > 0 ? `${jointEvents} joint events` : '',
      shelf,
      letter,
    ]
      .filter(Boolean)
      .join(' · ')
  const { exclusivity, assumed } = record
  const rows: [string, string][] = [
    ['Families get', record.customerBenefit],
    [
      'Who pays',
      `${PAYS[record.paidBy]}${record.benefitCostMinor > 0 ? `, ${money(record.benefitCostMinor)} a family` : ''}`,
    ],
    ['Disclosed', record.disclosure],
    ['We promise', record.wePromise.join(' · ')],
    ['Never promised', record.neverPromise.join(' · ')],
    ['They pay us', record.toUs.basisPoints > 0 || record.toUs.minimumMinor ? share(record.toUs) : 'nothing'],
    [
      'We pay them',
      record.toThem.basisPoints > 0 || record.toThem.minimumMinor ? share(record.toThem) : 'nothing',
    ],
    ['We do a quarter', favours(record.weDo)],
    ['They do a quarter', favours(record.theyDo)],
    [
      'Families they can take',
      [
        record.perWeek === null ? '' : `${record.perWeek} a week`,
        record.perMonth === null ? '' : `${record.perMonth} a month`,
      ]
        .filter(Boolean)
        .join(', ') || 'as many as come',
    ],
    [
      'Exclusive',
      exclusivity === null
        ? 'no'
        : `${exclusivity.trade}${exclusivity.withinMinutes === null ? '' : `, within ${counted(exclusivity.withinMinutes, 'minute')} on foot`}${exclusivity.untilOn === null ? '' : `, until ${dateWords(exclusivity.untilOn)}`}`,
    ],
    ['Shared of a family', record.shares.length > 0 ? 'the first name, where she allows it' : 'nothing'],
    ['From', dateWords(record.startsOn)],
    ['Until', dateWords(record.endsOn)],
    ['Notice', counted(record.noticeDays, 'day')],
    ['They answer within', counted(record.answerDays, 'day')],
    [
      'Both expect',
      `${Math.round(assumed.conversion * 100)} % stay, ${money(assumed.firstYearMinor)} in the first year`,
    ],
  ]
  return (
    <dl class="owner-terms">
      {rows
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** Parts of the owner's pages: notes above a form, groups of fields, and the reading of what was typed. */
import type { Child } from 'hono/jsx'
import type { Catalogue } from '../core/catalogue.ts'
import { minorDigits, minorFromText } from '../core/money.ts'
import { spokenDate } from '../core/time.ts'
import type { Said } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { idOf, saysNoNumber } from './form-fields.tsx'

/** The trouble of a call that was refused. `without`: what comes before the names of fields. */
export function troubleOf(said: Extract<Said<unknown>, { ok: false }>, without = ''): Trouble {
  const errors = said.errors.map(({ field, message }) => ({
    field: field.startsWith(without) ? field.slice(without.length) : field,
    message,
  }))
  return { detail: said.detail, errors }
}

/**
 * Above a form: what the service says, and each field that it names, as a link to it. `not`: what was not done.
 * `names`: the fields as the page calls them.
 */
export function TroubleNote({
  trouble,
  not = 'saved',
  names = {},
}: {
  trouble: Trouble | null
  not?: string
  names?: Readonly<Record<string, string>>
}) {
  if (trouble === null) return null
  const { errors } = trouble
  const first = errors[0] === undefined ? '' : `${errors[0].field}: `
  // The list names the field, in the page's words.
  const detail =
    first !== '' && trouble.detail.startsWith(first)
      ? capital(trouble.detail.slice(first.length))
      : trouble.detail
  // What is wrong with a number is said once, beside its field.
  const numbers = errors.filter(({ message }) => saysNoNumber(message))
  const others = errors.filter(({ message }) => !saysNoNumber(message))
  const isInList = errors.some(({ message }) => trouble.detail.endsWith(`: ${message}`))
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>Not {not}.</strong> {!isInList && detail}
      </p>
      {errors.length > 0 && (
        <ul class="owner-errors">
          {numbers.length > 0 && (
            <li>
              <a href={`#${idOf(numbers[0]!.field)}`}>
                {numbers.length === 1 ? 'One field' : `${numbers.length} fields`}
              </a>
              : {numbers.length === 1 ? 'needs a number' : 'need numbers'}
            </li>
          )}
          {others.map(({ field, message }) => (
            <li>
              <a href={`#${idOf(field)}`}>{names[field] ?? fieldWords(field)}</a>: {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What was done, above a page that was changed. */
export function DoneNote({ says }: { says: string | null }) {
  return says === null ? null : (
    <p class="note" role="status">
      {says}
    </p>
  )
}

/** Who did something, by name: one of us, a partner, or the label of a key. */
export const actorNames =
  ({ staff, parts }: Pick<Catalogue, 'staff' | 'parts'>) =>
  (actor: string): string =>
    staff.get(actor)?.name ?? parts.partners.get(actor)?.name ?? actor

/** What somebody is, in words, by role. */
export const ROLE_WORDS: Readonly<Record<string, string>> = {
  staff: 'floor staff',
  manager: 'a manager',
  owner: 'the owner',
  partner: 'a partner',
  till: 'a till',
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** `toUs.basisPoints` as one reads it. */
export const fieldWords = (field: string): string =>
  field
    .replace(/\.(\d+)/g, (_, n: string) => ` ${Number(n) + 1}`)
    .replaceAll('.', ' ')
    .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** Yes or no. */
export function Tick({
  name,
  label,
  on,
  value,
}: {
  name: string
  label: Child
  on: boolean
  value?: string
}) {
  return (
    <label class="owner-tick">
      <input type="checkbox" name={name} value={value ?? 'yes'} checked={on} />
      <span>{label}</span>
    </label>
  )
}

/** Fields that belong together. */
export function Group({ legend, says, children }: { legend: string; says?: Child; children?: Child }) {
  return (
    <fieldset class="owner-group">
      <legend>{legend}</legend>
      {says && <p class="quiet owner-group-says">{says}</p>}
      <div class="owner-fields">{children}</div>
    </fieldset>
  )
}

/** A part of a page with its heading. */
export function Section(props: { id: string; title: string; says?: Child; children?: Child }) {
  const { id, title, says, children } = props
  return (
    <section class="owner-section" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {says && <p class="quiet">{says}</p>}
      {children}
    </section>
  )
}

/** Where a page has nothing to choose from, as there is no goal yet; nothing where there is one. */
export function NoGoals({ goals }: { goals: readonly unknown[] }) {
  return goals.length > 0 ? null : (
    <p class="note">
      This shop has no goals yet. <a href="/owner/goals">Begin with the starter set, or write them</a>.
    </p>
  )
}

/** The owner's pages, by what one comes for. A group leads to its first page. */
const WAYS = [
  [
    'Alliances',
    [
      ['alliances', '/owner/alliances', 'Alliances'],
      ['offers', '/owner/offers', 'Offers'],
      ['partners', '/owner/partners', 'Partners'],
    ],
  ],
  [
    'Goals and polls',
    [
      ['goals', '/owner/goals', 'Goals map'],
      ['polls', '/owner/polls', 'Polls'],
      ['mapping', '/owner/mapping', 'Mapping'],
    ],
  ],
  [
    'Policy and learning',
    [
      ['policy', '/owner/policy', 'Policy'],
      ['personas', '/owner/personas', 'Personas'],
      ['learning', '/owner/learning', 'Learning'],
      ['lift', '/owner/lift', 'Lift'],
    ],
  ],
  [
    'People',
    [
      ['people', '/owner/people', 'Who may come in'],
      ['merge', '/owner/merge', 'Merge customers'],
    ],
  ],
] as const

/** The owner's pages: the groups, and the pages of the group that one is in. */
export function OwnerWays({ here }: { here: (typeof WAYS)[number][1][number][0] }) {
  const [named, within] = WAYS.find(([, pages]) => pages.some(([name]) => name === here))!
  return (
    <div class="owner-ways">
      <nav aria-label="The owner’s pages">
        <ul>
          {WAYS.map(([says, pages]) => (
            <li>
              <a href={pages[0][1]} aria-current={says === named ? 'true' : undefined}>
                {says}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <nav aria-label={`Pages about ${named.toLowerCase()}`} class="owner-within">
        <ul>
          {within.map(([name, to, says]) => (
            <li>
              <a href={to} aria-current={name === here ? 'page' : undefined}>
                {says}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  )
}

/** The form's verb, and what else it carries unseen. */
export function Hidden({ fields }: { fields: Record<string, string> }) {
  return (
    <>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  )
}

/** `7 February 2026`. */
export const dateWords = (date: string): string => `${spokenDate(date)} ${date.slice(0, 4)}`

/** `7 Feb 2026`, where there is little room. */
export const shortDate = (date: string): string =>
  dateWords(date).replace(/[A-Z][a-z]+/, (month) => month.slice(0, 3))

/** What was typed as a whole number; what is none goes to the service as it is, which says so. Nothing: `none`. */
export function wholeFrom(text: string | null, none: number | null): unknown {
  const typed = (text ?? '').trim()
  if (typed === '') return none
  return /^-?\d{1,9}$/.test(typed) ? Number(typed) : typed
}

/** What was typed as money, in minor units. */
export function minorFrom(text: string | null, currency: string, none: number | null): unknown {
  const typed = (text ?? '').trim()
  if (typed === '') return none
  return minorFromText(typed, currency) ?? typed
}

/** What was typed as a percentage, as so many of `whole`: 10,000 for basis points, 1 for a share. */
export function percentFrom(text: string | null, whole: 1 | 10_000): unknown {
  const typed = (text ?? '').trim().replace('%', '').replace(',', '.').trim()
  if (typed === '') return 0
  if (!/^\d{1,4}(\.\d{1,4})?$/.test(typed)) return typed
  return whole === 1 ? Math.round(Number(typed) * 10_000) / 1_000_000 : Math.round(Number(typed) * 100)
}

/** A value as a text; nothing is ''. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A record's value as it is typed: money in its coins, and what was no number as it was. */
export function minorTyped(value: unknown, currency: string): string {
  if (typeof value !== 'number') return textOf(value)
  const digits = minorDigits(currency)
  return (value / 10 ** digits).toFixed(value % 10 ** digits === 0 ? 0 : digits)
}

/** A share as the percentage that is typed. */
export function percentTyped(value: unknown, whole: 1 | 10_000): string {
  if (typeof value !== 'number') return textOf(value)
  return String(Math.round((value / whole) * 1_000_000) / 10_000)
}

/** Lines of a text, without empty ones. */
export const linesFrom = (text: string | null): string[] =>
  (text ?? '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')

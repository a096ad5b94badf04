/**
 * The registry as a table: one row a partner, with its alliance and the terms in force, for spreadsheets.
 *
 * A list stands in one cell, its items divided by `;` and their parts by `|`; either is written `\;` and `\|` where
 * it belongs to a text. A cell that a spreadsheet would take for a formula begins with an apostrophe, which reading
 * takes away again.
 */
import type { Partner, Person, Place } from './catalogue.ts'
import type { TermsRecord } from './terms.ts'
import { blankTerms } from './terms.ts'

/** One row: a partner, and what is agreed or on the table with it. */
export type RegistryRow = {
  partner: Partner
  alliance: { id: string; state: string } | null
  terms: { version: number; record: TermsRecord } | null
}

type Kind = 'text' | 'number' | 'numberOrNone' | 'dateOrNone' | 'list'

/** The columns of terms: the field of the record, and how its cell is read. */
const TERMS_COLUMNS: readonly (readonly [path: string, kind: Kind])[] = [
  ['currency', 'text'],
  ['customerBenefit', 'text'],
  ['paidBy', 'text'],
  ['benefitCostMinor', 'number'],
  ['shopShareBasisPoints', 'number'],
  ...(['toUs', 'toThem'] as const).flatMap(
    (side) =>
      [
        [`${side}.basisPoints`, 'number'],
        [`${side}.minimumMinor`, 'numberOrNone'],
        [`${side}.capMinor`, 'numberOrNone'],
        [`${side}.holdDays`, 'number'],
      ] as const,
  ),
  ...(['weDo', 'theyDo'] as const).flatMap(
    (side) =>
      [
        [`${side}.introductions`, 'number'],
        [`${side}.shelf`, 'text'],
        [`${side}.letter`, 'text'],
        [`${side}.jointEvents`, 'number'],
      ] as const,
  ),
  ['perWeek', 'numberOrNone'],
  ['perMonth', 'numberOrNone'],
  ['exclusivity.trade', 'text'],
  ['exclusivity.withinMinutes', 'numberOrNone'],
  ['exclusivity.untilOn', 'dateOrNone'],
  ['shares', 'list'],
  ['disclosure', 'text'],
  ['wePromise', 'list'],
  ['neverPromise', 'list'],
  ['startsOn', 'text'],
  ['endsOn', 'text'],
  ['noticeDays', 'number'],
  ['renewal', 'text'],
  ['answerDays', 'number'],
  ['assumed.conversion', 'number'],
  ['assumed.firstYearMinor', 'number'],
  ['assumed.margin', 'number'],
  ['assumed.introductionCostMinor', 'number'],
]

const PARTNER_COLUMNS = [
  'partner',
  'name',
  'trade',
  'goals',
  'facets',
  'people',
  'places',
  'opening',
  'archived',
] as const

/** Columns that are written, and not read: an alliance is moved, and its terms are agreed, elsewhere. */
const SHOWN_COLUMNS = ['alliance', 'state', 'termsVersion'] as const

/** Every column, in order. */
export const REGISTRY_COLUMNS: readonly string[] = [
  ...PARTNER_COLUMNS,
  ...SHOWN_COLUMNS,
  ...TERMS_COLUMNS.map(([path]) => path),
]

const escaped = (part: string) => part.replace(/[\\;|]/g, '\\$&')
const listCell = (items: readonly (readonly string[])[]) =>
  items.map((parts) => parts.map(escaped).join(' | ')).join(' ; ')

/** The items of a list's cell, each in its parts. */
function itemsOf(cell: string): string[][] {
  const items: string[][] = [['']]
  for (let i = 0; i < cell.length; i++) {
    const parts = items.at(-1)!
    const character = cell[i]!
    if (character === '\\' && i + 1 < cell.length) parts[parts.length - 1] += cell[++i]!
    else if (character === ';') items.push([''])
    else if (character === '|') parts.push('')
    else parts[parts.length - 1] += character
  }
  return items
    .map((parts) => parts.map((part) => part.trim()))
    .filter((parts) => parts.some((part) => part !== ''))
}

const FORMULA = /^[=+\-@\t\r']/

/** A text as a cell that no spreadsheet runs. */
export const guarded = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)
/** The text of such a cell. */
export const unguarded = (cell: string): string =>
  cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell)

function valueAt(record: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], record)
}

function cellsOf({ partner, alliance, terms }: RegistryRow): string[] {
  const { facets, people, places } = partner
  return [
    partner.id,
    partner.name,
    partner.trade,
    listCell(partner.goals.map((goal) => [goal])),
    listCell(Object.entries(facets).map(([goal, names]) => [goal, ...names])),
    listCell(people.map(({ name, role, phone, email }) => [name, role, phone, email])),
    listCell(
      places.map(({ name, address, walkMinutes }) => [
        name,
        address,
        ...Object.entries(walkMinutes).map(([site, minutes]) => `${site} ${minutes}`),
      ]),
    ),
    partner.opening,
    partner.archived ? 'yes' : '',
    alliance?.id ?? '',
    alliance?.state ?? '',
    terms ? String(terms.version) : '',
    ...TERMS_COLUMNS.map(([path, kind]) => {
      const value = terms ? valueAt(terms.record, path) : null
      if (value === null || value === undefined) return ''
      return kind === 'list'
        ? listCell((value as string[]).map((item) => [item]))
        : `${value as string | number}`
    }),
  ]
}

/** The whole table, with its head. */
export function registryCsv(rows: readonly RegistryRow[]): string {
  return [REGISTRY_COLUMNS, ...rows.map((row) => cellsOf(row).map(guarded))]
    .map((cells) => `${cells.map(quoted).join(',')}\r\n`)
    .join('')
}

export type CellProblem = { column: string; message: string }

/** What a row says of a partner, and of terms: null where no cell says anything. To be checked by whoever reads it. */
export type ReadRow = {
  partner: Omit<Partner, 'walkMinutes' | 'version'>
  terms: TermsRecord | null
  problems: CellProblem[]
}

const YES = /^(yes|true|1)$/i

/** The partner that a row names; '' where it names none. */
export const partnerNamed = (cells: ReadonlyMap<string, string>): string =>
  unguarded(cells.get('partner') ?? '').trim()

/**
 * Read a row. A column that the file does not have leaves what `before` says; an empty cell empties it.
 * `today`: terms that name no dates begin then.
 */
export function readRegistryRow(
  cells: ReadonlyMap<string, string>,
  before: RegistryRow | null,
  { currency, today }: { currency: string; today: string },
): ReadRow {
  const problems: CellProblem[] = []
  const read = <Value>(column: string, otherwise: Value, as: (cell: string) => Value): Value => {
    const cell = cells.get(column)
    return cell === undefined ? otherwise : as(unguarded(cell).trim())
  }
  const known = before?.partner
  const text = (column: 'name' | 'trade' | 'opening') => read(column, known?.[column] ?? '', (cell) => cell)
  const partner: ReadRow['partner'] = {
    id: partnerNamed(cells),
    name: text('name'),
    trade: text('trade'),
    goals: read('goals', known?.goals ?? [], (cell) => itemsOf(cell).map(([goal]) => goal!)),
    facets: read('facets', known?.facets ?? {}, (cell) =>
      Object.fromEntries(itemsOf(cell).map(([goal, ...names]) => [goal!, names])),
    ),
    people: read('people', known?.people ?? [], (cell) => itemsOf(cell).map(personOf)),
    places: read('places', known?.places ?? [], (cell) =>
      itemsOf(cell).map((parts) => placeOf(parts, problems)),
    ),
    opening: text('opening'),
    archived: read('archived', known?.archived ?? false, (cell) => YES.test(cell)),
  }
  return {
    partner,
    terms: readTerms(cells, before?.terms?.record ?? null, currency, today, problems),
    problems,
  }
}

function personOf([name = '', role = '', phone = '', email = '']: string[]): Person {
  return { name, role, phone, email }
}

function placeOf([name = '', address = '', ...walks]: string[], problems: CellProblem[]): Place {
  const walkMinutes: Record<string, number> = {}
  for (const walk of walks) {
    const [, site, minutes] = /^(\S+)\s+(\d{1,4})$/.exec(walk) ?? []
    if (site && minutes) walkMinutes[site] = Number(minutes)
    else if (walk !== '')
      problems.push({ column: 'places', message: `${walk} must be a site and minutes: BK 11` })
  }
  return { name, address, walkMinutes }
}

function readTerms(
  cells: ReadonlyMap<string, string>,
  before: TermsRecord | null,
  currency: string,
  today: string,
  problems: CellProblem[],
): TermsRecord | null {
  const said = TERMS_COLUMNS.filter(([path]) => (cells.get(path) ?? '').trim() !== '')
  if (said.length === 0) return null
  const blank = blankTerms(currency, today, `${+today.slice(0, 4) + 1}${today.slice(4)}`)
  const record = structuredClone(before ?? blank) as unknown as Record<string, unknown>
  const exclusive = cells.get('exclusivity.trade')?.trim()
  if (exclusive === '') record.exclusivity = null
  else if (exclusive !== undefined) record.exclusivity ??= { trade: '', withinMinutes: null, untilOn: null }
  for (const [path, kind] of TERMS_COLUMNS) {
    const raw = cells.get(path)
    if (raw === undefined) continue
    const cell = unguarded(raw).trim()
    const names = path.split('.')
    const last = names.pop()!
    const at = names.reduce<Record<string, unknown> | null>(
      (inner, name) => inner?.[name] as Record<string, unknown> | null,
      record,
    )
    if (at === null) {
      if (cell !== '') problems.push({ column: path, message: 'says nothing without exclusivity.trade' })
      continue
    }
    const isNumber = kind === 'number' || kind === 'numberOrNone'
    if (kind === 'list') at[last] = itemsOf(cell).map(([item]) => item!)
    else if (cell === '' && kind !== 'text') at[last] = kind === 'number' ? valueAt(blank, path) : null
    else if (isNumber && !/^\d+(\.\d+)?$/.test(cell))
      problems.push({ column: path, message: 'must be a number' })
    else at[last] = isNumber ? Number(cell) : cell
  }
  return record as unknown as TermsRecord
}

/** The column that a field of a partner or of terms stands in: `places.0.walkMinutes.XX` in `places`. */
export function columnOf(field: string): string {
  const fits = REGISTRY_COLUMNS.filter((column) => field === column || field.startsWith(`${column}.`))
  return fits.sort((a, b) => b.length - a.length)[0] ?? field
}

/** Ids that no partner may have: `gaps` is an address beside theirs, `shop` stands for us where events say who told them. */
export const TAKEN_IDS: readonly string[] = ['gaps', 'shop']

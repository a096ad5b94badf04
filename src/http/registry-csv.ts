/** The registry as a table: out for spreadsheets, and in again, tried first. */
import { createRoute, z } from '@hono/zod-openapi'
import type { CsvError } from 'csv-parse/sync'
import { parse } from 'csv-parse/sync'
import type { Context } from 'hono'
import { stateOn } from '../core/alliance.ts'
import type { Alliance, Catalogue, Partner, Terms } from '../core/catalogue.ts'
import { agreementsInForce, clashesWith } from '../core/exclusivity.ts'
import type { CellProblem, ReadRow, RegistryRow } from '../core/registry-csv.ts'
import {
  columnOf,
  partnerNamed,
  REGISTRY_COLUMNS,
  readRegistryRow,
  registryCsv,
  TAKEN_IDS,
} from '../core/registry-csv.ts'
import type { TermsRecord, TermsVersion } from '../core/terms.ts'
import { differences, needsBriefing, termsOn, termsProblems } from '../core/terms.ts'
import { termsWordProblems } from '../core/words.ts'
import type { RegistryImport } from '../store/alliance.ts'
import { importRegistry } from '../store/alliance.ts'
import { todayOf } from './alliances.ts'
import type { App, Env } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { idFrom, PartnerRecordSchema, partnerOf, unknownNames } from './partners.ts'
import type { FieldError } from './problem.ts'
import { fieldErrors, invalid, Problem, problems } from './problem.ts'
import { TermsSchema } from './terms-schema.ts'

const MOST_ROWS = 1000

const ImportSchema = z
  .strictObject({
    csv: z.string().min(1).max(250_000),
    apply: z.boolean().default(false).openapi({ description: 'Without it, nothing is written.' }),
    partial: z
      .boolean()
      .default(false)
      .openapi({ description: 'Write the good rows also where others are not.' }),
  })
  .openapi('RegistryImport', {
    example: {
      csv: 'partner,name,trade,goals\nnorthside,Northside Conservatory,music conservatory,music-instrument\n',
      apply: false,
      partial: false,
    },
  })

const ReportSchema = z
  .strictObject({
    applied: z.boolean(),
    new: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    refused: z.int(),
    problems: z.array(
      z.strictObject({ line: z.int(), column: z.string(), partner: z.string(), message: z.string() }),
    ),
  })
  .openapi('RegistryImported', {
    example: {
      applied: false,
      new: 1,
      changed: 0,
      unchanged: 0,
      refused: 1,
      problems: [{ line: 3, column: 'goals', partner: 'gym', message: 'mv-gymn is unknown' }],
    },
  })
type Report = z.output<typeof ReportSchema>

const out = createRoute({
  method: 'get',
  path: '/v1/registry.csv',
  operationId: 'exportRegistry',
  tags: ['alliance'],
  summary: 'Every partner with its alliance and its terms, as CSV',
  description: `One row a partner, by id. Columns, in this order: ${REGISTRY_COLUMNS.map((name) => `\`${name}\``).join(', ')}. \`alliance\`, \`state\` and \`termsVersion\` are shown and not read again. Terms are those in force, or else the newest. Lists divide their items by \`;\`, and an item its parts by \`|\`: facets \`goal | facet | …\`, people \`name | role | phone | email\`, places \`name | address | site minutes | …\`. A cell that a spreadsheet would run begins with an apostrophe, which the import takes away.`,
  security: [{ key: [] }],
  responses: {
    200: { description: 'The table', content: { 'text/csv': { schema: z.string() } } },
    ...problems(401, 403, 503),
  },
})

const into = createRoute({
  method: 'post',
  path: '/v1/registry/import',
  operationId: 'importRegistry',
  tags: ['alliance'],
  summary: 'Read the table in, tried first',
  description:
    'Columns as in the export; those that are missing change nothing. New alliances are drafts, whatever the table says. All rows or none, unless `partial`. The same table twice changes nothing.',
  security: [{ key: [] }],
  request: { body: jsonBody(ImportSchema) },
  responses: {
    200: json('What it does, or did', ReportSchema),
    ...problems(400, 401, 403, 409, 413, 415, 503),
  },
})

export function registryCsvRoutes(app: App): void {
  app.openapi(out, async (c) => {
    const catalogue = await stored(c.get('deps').snapshot.refresh())
    const rows = [...catalogue.parts.partners.keys()]
      .sort()
      .map((id) => rowOf(catalogue, id, todayOf(c, catalogue))!)
    return c.body(registryCsv(rows), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="registry.csv"',
    })
  })

  app.openapi(into, async (c) => {
    const { csv, apply, partial } = c.req.valid('json')
    const { engine, snapshot } = c.get('deps')
    const lines = linesOf(csv)
    // The revision first, so that the catalogue is of it or of a later one.
    await stored(snapshot.refresh())
    const { rev } = snapshot
    const catalogue = await stored(snapshot.refresh())
    const { report, writes } = planOf(c, catalogue, lines)
    const isAny = report.new + report.changed > 0
    if (!apply || (report.problems.length > 0 && !partial)) return c.json(report, 200)
    if (isAny && !(await stored(importRegistry(engine, writes, rev, c.get('by')))))
      throw new Problem('conflict', 'The registry was changed meanwhile: nothing was written; try again.')
    return c.json({ ...report, applied: true }, 200)
  })
}

type Line = { line: number; cells: Map<string, string>; problems: CellProblem[] }

/** The rows of a file by column. @throws invalid_request where it is no CSV, or without a head that we know */
function linesOf(csv: string): Line[] {
  const refuse = (message: string) => invalid([{ field: 'csv', message }])
  let records: { record: string[]; info: { lines: number } }[]
  try {
    records = parse(csv, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as typeof records
  } catch (error) {
    throw refuse(`is no CSV: ${(error as CsvError).code ?? 'it cannot be read'}`)
  }
  const [head, ...rows] = records
  const columns = (head?.record ?? []).map((name) => name.trim())
  if (!columns.includes('partner') && !columns.includes('name'))
    throw refuse('needs a column partner or name')
  const strange = columns.filter((name) => !REGISTRY_COLUMNS.includes(name))
  if (strange.length > 0) throw refuse(`has columns that nobody knows: ${strange.join(', ').slice(0, 200)}`)
  if (new Set(columns).size !== columns.length) throw refuse('names a column twice')
  if (rows.length > MOST_ROWS) throw refuse(`has more than ${MOST_ROWS} rows`)
  return rows.map(({ record, info }) => ({
    line: info.lines,
    cells: new Map(columns.map((name, i) => [name, record[i] ?? ''])),
    problems:
      record.length > columns.length
        ? [{ column: columns.at(-1)!, message: 'has cells without a column after it' }]
        : [],
  }))
}

/** What the catalogue knows of a partner, as a row; null for an unknown one. */
function rowOf(catalogue: Catalogue, id: string, today: string): RegistryRow | null {
  const partner = catalogue.parts.partners.get(id)
  if (!partner) return null
  const alliance = allianceOf(catalogue, id, today)
  const versions = alliance ? versionsOf(catalogue, alliance.id) : []
  const shown = inForce(versions, today) ?? versions.at(-1)
  return {
    partner,
    alliance: alliance && { id: alliance.id, state: stateNow(catalogue, alliance, today) },
    terms: shown ? { version: shown.version, record: shown.record } : null,
  }
}

const OVER = ['ended', 'declined', 'expired']

/** Its alliance that is not over; else the last one. */
function allianceOf(catalogue: Catalogue, partnerId: string, today: string): Alliance | null {
  const all = catalogue.parts.alliancesOf.get(partnerId) ?? []
  return all.find((each) => !OVER.includes(stateNow(catalogue, each, today))) ?? all.at(-1) ?? null
}
const versionsOf = (catalogue: Catalogue, id: string): Terms[] =>
  [...(catalogue.parts.termsOf.get(id) ?? [])].sort((a, b) => a.version - b.version)
const inForce = (versions: readonly Terms[], today: string): Terms | null => termsOn(versions, today)

function stateNow(catalogue: Catalogue, { id, state, termsVersion }: Alliance, today: string) {
  const onTable = versionsOf(catalogue, id).find(({ version }) => version === termsVersion)
  return stateOn(state as Parameters<typeof stateOn>[0], onTable?.endsOn ?? null, today)
}

/** What a file would do: counted, with what is wrong by line and column, and what is to be written for the good rows. */
function planOf(
  c: Context<Env>,
  catalogue: Catalogue,
  lines: Line[],
): { report: Report; writes: RegistryImport } {
  const report: Report = { applied: false, new: 0, changed: 0, unchanged: 0, refused: 0, problems: [] }
  const writes: RegistryImport = { partners: [], edits: [], drafts: [], terms: [] }
  const today = todayOf(c, catalogue)
  const currency = catalogue.sites.values().next().value?.currency ?? 'USD'
  const seen = new Set<string>()
  for (const { line, cells, problems } of lines) {
    const id = partnerNamed(cells) || idFrom((cells.get('name') ?? '').trim())
    const before = rowOf(catalogue, id, today)
    const read = readRegistryRow(cells, before, { currency, today })
    const found = [...problems, ...read.problems]
    if (seen.has(id)) found.push({ column: 'partner', message: `${id} stands in an earlier line too` })
    seen.add(id)
    const { fit, wrong } = fitOf(catalogue, id, read)
    found.push(...wrong)
    const step = fit && found.length === 0 ? stepOf(c, catalogue, id, before, fit, today) : null
    if (step) found.push(...step.problems)
    if (!step || found.length > 0) {
      report.refused++
      for (const { column, message } of found) report.problems.push({ line, column, partner: id, message })
      continue
    }
    report[step.kind]++
    writes.partners.push(...step.writes.partners)
    writes.edits.push(...step.writes.edits)
    writes.drafts.push(...step.writes.drafts)
    writes.terms.push(...step.writes.terms)
  }
  return { report, writes }
}

type Fit = { partner: z.output<typeof PartnerRecordSchema>; terms: TermsRecord | null }

/** A row by the same schemas as a request. */
function fitOf(
  catalogue: Catalogue,
  id: string,
  { partner, terms }: ReadRow,
): { fit: Fit | null; wrong: CellProblem[] } {
  const { id: _, ...record } = partner
  const wrong: FieldError[] = []
  if (!/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,59}$/.test(id) || TAKEN_IDS.includes(id))
    wrong.push({ field: 'partner', message: 'must be letters, digits and . _ : @ - only' })
  const asPartner = PartnerRecordSchema.safeParse(record)
  if (!asPartner.success) wrong.push(...fieldErrors(asPartner.error.issues))
  else wrong.push(...unknownNames(catalogue, asPartner.data))
  const asTerms = terms === null ? null : TermsSchema.safeParse(terms)
  if (asTerms && !asTerms.success) wrong.push(...fieldErrors(asTerms.error.issues))
  const columns = wrong.map(({ field, message }) => ({ column: columnOf(field), message }))
  if (!asPartner.success || asTerms?.success === false) return { fit: null, wrong: columns }
  return { fit: { partner: asPartner.data, terms: asTerms?.data ?? null }, wrong: columns }
}

type Step = { kind: 'new' | 'changed' | 'unchanged'; writes: RegistryImport; problems: CellProblem[] }

/** What a good row would write. */
function stepOf(
  c: Context<Env>,
  catalogue: Catalogue,
  id: string,
  before: RegistryRow | null,
  { partner: record, terms }: Fit,
  today: string,
): Step {
  const writes: RegistryImport = { partners: [], edits: [], drafts: [], terms: [] }
  const problems: CellProblem[] = []
  const after = partnerOf(id, record, before?.partner.version ?? 1)
  if (!before) writes.partners.push(after)
  else if (!sameRecord(before.partner, after)) {
    if (after.archived && before.alliance && ['agreed', 'live', 'paused'].includes(before.alliance.state))
      problems.push({ column: 'archived', message: `its alliance ${before.alliance.id} still runs` })
    writes.edits.push({ before: before.partner, after })
  }
  const alliance = before?.alliance && !OVER.includes(before.alliance.state) ? before.alliance : null
  const versions = alliance ? versionsOf(catalogue, alliance.id) : []
  const known = [inForce(versions, today), versions.at(-1)].flatMap((each) => each?.record ?? [])
  // What was agreed and is over stands in the table too: the same again is no new draft.
  if (!alliance && before?.terms) known.push(before.terms.record)
  const isNew = terms !== null && !known.some((each) => differences(each, terms).length === 0)
  if (terms !== null && isNew) {
    if (after.archived)
      problems.push({ column: 'archived', message: 'nothing is agreed with an archived partner' })
    if (alliance && alliance.state !== 'draft')
      problems.push({
        column: 'state',
        message: `it is ${alliance.state}: post other terms to ${alliance.id} instead`,
      })
    else {
      problems.push(...termsRefused(catalogue, alliance?.id ?? null, after, terms))
      if (alliance) writes.terms.push(newTerms(catalogue, alliance.id, versions.at(-1)!, terms))
      else writes.drafts.push({ id: `al_${c.get('deps').random(10)}`, partnerId: id, record: terms, today })
    }
  }
  const isChanged = writes.edits.length + writes.drafts.length + writes.terms.length > 0
  return { kind: before === null ? 'new' : isChanged ? 'changed' : 'unchanged', writes, problems }
}

/** What cannot stand in new terms, by column. What was agreed before is not asked again. */
function termsRefused(
  catalogue: Catalogue,
  id: string | null,
  partner: Partner,
  terms: TermsRecord,
): CellProblem[] {
  const others = agreementsInForce(catalogue).filter(({ allianceId }) => allianceId !== id)
  return [
    ...[...termsProblems(terms), ...termsWordProblems(terms)].map(({ field, message }) => ({
      column: columnOf(field),
      message,
    })),
    ...clashesWith({ allianceId: id, partner, terms }, others).map(({ allianceId, untilOn, says }) => ({
      column: 'exclusivity.trade',
      message: `${allianceId}, until ${untilOn}: ${says}`,
    })),
  ]
}

function newTerms(
  catalogue: Catalogue,
  id: string,
  last: Terms,
  record: TermsRecord,
): RegistryImport['terms'][number] {
  const before: TermsVersion = {
    allianceId: id,
    version: last.version,
    record: last.record,
    agreedAt: null,
    briefFrom: last.briefFrom,
    createdAt: '',
  }
  const briefFrom = needsBriefing(last.record, record) ? last.version + 1 : last.briefFrom
  const [alliance] = [...catalogue.parts.alliancesOf.values()].flat().filter((each) => each.id === id)
  return { allianceId: id, read: alliance!.version, before, record, briefFrom, accepted: [] }
}

/** Whether two partners say the same, whatever order their fields stand in. */
function sameRecord(before: object, after: object): boolean {
  const plain = (value: unknown): unknown =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, inner]) => [name, plain(inner)])
      : Array.isArray(value)
        ? value.map(plain)
        : value
  return Object.keys(after).every(
    (name) =>
      JSON.stringify(plain((before as Record<string, unknown>)[name])) ===
      JSON.stringify(plain((after as Record<string, unknown>)[name])),
  )
}

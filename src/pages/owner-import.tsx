/** The registry as a table, read in: tried first, with what is wrong row by row, then written. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import { FROM_ELSEWHERE, sameOrigin } from '../http/auth.ts'
import { Problem } from '../http/problem.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { page } from './layout.tsx'
import { OwnerWays, Section, Tick, TroubleNote, troubleOf } from './owner-fields.tsx'

type Report = {
  applied: boolean
  new: number
  changed: number
  unchanged: number
  refused: number
  problems: { line: number; column: string; partner: string; message: string }[]
}
type Shown = { csv: string; report: Report | null; trouble: Trouble | null }

const MOST_BYTES = 256 * 1024

export function ownerImport(app: App): void {
  app.get('/owner/partners/import', (c) => show(c, { csv: '', report: null, trouble: null }))

  app.post('/owner/partners/import', async (c) => {
    const form = await tableOf(c)
    const csv = form.csv
    if (csv.trim() === '')
      return show(c, {
        csv,
        report: null,
        trouble: { detail: 'Paste a table, or choose a file.', errors: [] },
      })
    const said = await asking(c, app)<Report>('POST', '/v1/registry/import', {
      csv,
      apply: form.verb === 'apply',
      partial: form.isPartial,
    })
    if (said.ok) return show(c, { csv, report: said.body, trouble: null })
    c.status(said.status as 422)
    return show(c, { csv, report: null, trouble: troubleOf(said) })
  })
}

/** What was pasted or chosen. Only this form sends a file, so only here a form has parts. */
async function tableOf(c: Context<Env>): Promise<{ csv: string; verb: string; isPartial: boolean }> {
  if (!(c.req.header('content-type') ?? '').startsWith('multipart/form-data')) {
    const form = await formOf(c)
    return { csv: form.get('csv') ?? '', verb: form.get('do') ?? '', isPartial: form.get('partial') !== null }
  }
  if (!sameOrigin(c)) throw new Problem('forbidden', FROM_ELSEWHERE)
  const length = Number(c.req.header('content-length') ?? Number.NaN)
  if (!(length <= MOST_BYTES)) throw new Problem('too_large', `A table is at most ${MOST_BYTES / 1024} KB.`)
  const form = await c.req.parseBody()
  const text = (name: string) => (typeof form[name] === 'string' ? form[name] : '')
  const file = form.file
  const isChosen = file instanceof File && file.size > 0
  return {
    csv: isChosen ? await file.text() : text('csv'),
    verb: text('do'),
    isPartial: form.partial !== undefined,
  }
}

function show(c: Context<Env>, { csv, report, trouble }: Shown) {
  return page(
    c,
    { title: 'Read a table in · Encore', here: 'owner', description: 'Partners and alliances from a table.' },
    <div class="owner">
      <header class="owner-head">
        <p>
          <a href="/owner/partners">Partners</a>
        </p>
        <h1 class="display">Read a table in</h1>
        <p class="quiet owner-lead">
          The columns are those of <a href="/v1/registry.csv">our own table</a>: change it in a spreadsheet
          and bring it back. New alliances become drafts; nothing goes live by a table.
        </p>
      </header>
      <OwnerWays here="partners" />
      <TroubleNote trouble={trouble} />
      {report && <ReportWords report={report} />}
      <form method="post" action="/owner/partners/import" enctype="multipart/form-data" class="owner-form">
        <div class="form-field">
          <label for="file">A file</label>
          <input id="file" type="file" name="file" accept=".csv,text/csv" />
        </div>
        <div class="form-field">
          <label for="csv">Or the table itself</label>
          <textarea id="csv" name="csv" rows={8} spellcheck={false} class="owner-csv">
            {`\n${csv}`}
          </textarea>
        </div>
        {report && !report.applied && report.problems.length > 0 && (
          <Tick name="partial" label="Write the good rows, and leave the others." on={false} />
        )}
        <p class="owner-keys">
          <button type="submit" name="do" value="try" class={report && !report.applied ? '' : 'primary'}>
            Try it: nothing is written
          </button>
          {report && !report.applied && (
            <button type="submit" name="do" value="apply" class="primary">
              Write it
            </button>
          )}
        </p>
      </form>
    </div>,
  )
}

function ReportWords({ report }: { report: Report }) {
  const { applied, problems } = report
  return (
    <Section id="report" title={applied ? 'It is written' : 'It would do this'}>
      <p role="status">
        <strong>{report.new} new</strong>, {report.changed} changed, {report.unchanged} as they are,{' '}
        {report.refused} refused.
      </p>
      {problems.length > 0 && (
        <table class="owner-table">
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">Partner</th>
              <th scope="col">Column</th>
              <th scope="col">What is wrong</th>
            </tr>
          </thead>
          <tbody>
            {problems.slice(0, 200).map(({ line, partner, column, message }) => (
              <tr>
                <th scope="row">Line {line}</th>
                <td data-label="Partner">{partner}</td>
                <td data-label="Column">{column}</td>
                <td data-label="What is wrong" class="owner-whole">
                  {message}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  )
}

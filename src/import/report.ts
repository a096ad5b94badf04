/** What an import did, as people read it. */
import { formatMinor } from '../core/money.ts'
import type { ImportReport, Noted } from './import.ts'

/** Lines of text; the last ones say what to do next. */
export function reportText(report: ImportReport, seconds: number): string {
  const { applied, site, products, orders, unlisted, learned } = report
  const lines: string[] = []
  for (const file of report.files)
    lines.push(`${file.name}: ${file.describe} [${file.dialect}], ${count(file.rows, 'row')}`)
  lines.push(
    `Site      ${site.id}${site.isNew ? (applied ? ', begun now' : ', would be begun') : ''} (${site.timeZone}, ${site.currency})`,
  )
  const listed = products.made + products.changed + products.unchanged
  if (listed > 0)
    lines.push(
      `Products  ${parts([
        [products.made, 'new'],
        [products.changed, 'changed'],
        [products.unchanged, 'unchanged'],
      ])}${products.categories > 0 ? `; ${count(products.categories, 'category', 'categories')} new` : ''}`,
    )
  const read = Object.values(orders).reduce((sum, n) => sum + n, 0) - orders.refunds
  if (read > 0) {
    lines.push(
      `Orders    ${parts([
        [orders.created, 'new'],
        [orders.replaced, 'changed'],
        [orders.unchanged, 'unchanged'],
        [orders.voided, 'voided'],
        [orders.neverKept, 'voided before we ever knew them'],
        [orders.toldByTill, 'differ from what the till told, whose word stays'],
        [orders.conflict, 'of another site or changed meanwhile, not touched'],
      ])}; ${count(orders.refunds, 'refund')} among them`,
    )
    lines.push(`Lines     ${number(report.lines)}`)
    lines.push(`Customers ${number(report.customersNew)} new`)
    lines.push(
      `Money     ${report.totalMinor.map(([currency, minor]) => formatMinor(minor, currency)).join(', ') || 'none'}`,
    )
    if (unlisted.lines > 0) {
      lines.push(
        `Unlisted  ${count(unlisted.lines, 'line')} about ${count(unlisted.products, 'product')} that no library lists (${number(unlisted.made)} new); they are learned from all the same`,
      )
      for (const { label, lines: n } of unlisted.top) lines.push(`          ${label}: ${count(n, 'line')}`)
    }
  }
  lines.push(...problems('Left out', 'row', report.leftOut))
  lines.push(...problems('Read without a value', 'cell', report.incomplete))
  lines.push(...report.broken)
  if (learned) lines.push(`Learned   ${number(learned.pairs)} pairs from ${count(learned.orders, 'order')}`)
  const writes = products.made + products.changed + orders.created + orders.replaced + orders.voided
  if (writes === 0) lines.push(`Nothing to write: all of it is kept already. ${seconds.toFixed(1)} s.`)
  else lines.push(`${applied ? 'Imported' : 'Nothing is written yet'}. ${seconds.toFixed(1)} s.`)
  if (!applied && writes > 0) lines.push('To write it, say the same with --apply.')
  return lines.join('\n')
}

function problems(
  title: string,
  one: string,
  { count: all, first }: { count: number; first: Noted[] },
): string[] {
  if (all === 0) return []
  const lines = first.map(
    ({ file, lineNumber, field, message }) => `          ${file}, line ${lineNumber}, ${field}: ${message}`,
  )
  if (all > first.length) lines.push(`          and ${number(all - first.length)} more`)
  return [`${title}: ${count(all, one)}`, ...lines]
}

function parts(counts: [number, string][]): string {
  const said = counts.filter(([n]) => n > 0).map(([n, text]) => `${number(n)} ${text}`)
  return said.length > 0 ? said.join(', ') : 'none'
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`
}

function number(n: number): string {
  return n.toLocaleString('en-US')
}

/** A month's account with a partner as a file: one line an entry, money as decimals, the total exact. */
import type { Entry } from './ledger.ts'
import { minorDigits } from './money.ts'

export type AccountLine = Pick<Entry, 'id' | 'cause' | 'amount' | 'onDate' | 'dueOn' | 'note'> & {
  code: string | null
}

/** What an account comes to, in minor units. */
export const totalOf = (lines: readonly Pick<AccountLine, 'amount'>[]): number =>
  lines.reduce((sum, line) => sum + line.amount, 0)

/** Minor units as a plain decimal: `-12.30`. */
export function decimalOf(minor: number, currency: string): string {
  const digits = minorDigits(currency)
  const all = String(Math.abs(minor)).padStart(digits + 1, '0')
  const fraction = digits === 0 ? '' : `.${all.slice(-digits)}`
  return `${minor < 0 ? '-' : ''}${all.slice(0, all.length - digits)}${fraction}`
}

/** A cell: quoted where it must be, and never a formula to a spreadsheet. */
function csvCell(value: string | number): string {
  const text = typeof value === 'number' ? String(value) : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The account as CSV (RFC 4180), with its total as the last line. */
export function accountCsv(lines: readonly AccountLine[], currency: string): string {
  const rows = lines.map((line) => [
    line.onDate,
    line.dueOn,
    line.code ?? '',
    line.cause,
    line.note ?? '',
    decimalOf(line.amount, currency),
    currency,
    line.id,
  ])
  return [
    ['date', 'due', 'code', 'what', 'note', 'amount', 'currency', 'entry'],
    ...rows,
    ['', '', '', 'total', '', decimalOf(totalOf(lines), currency), currency, ''],
  ]
    .map((row) => row.map((cell, i) => (i === 5 ? cell : csvCell(cell))).join(','))
    .join('\r\n')
    .concat('\r\n')
}

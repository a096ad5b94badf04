import { readFileSync } from 'node:fs'
import type { Dialect, LineRow, ProblemRow, ProductRow } from '../../src/dialects/dialect.ts'
import { type ReadOptions, readExport } from '../../src/dialects/export.ts'

/** Everything that a file was read into, by kind. */
export type ReadFile = {
  dialect: Dialect | null
  lines: LineRow[]
  products: ProductRow[]
  problems: ProblemRow[]
}

/** The bytes of a fixture. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../fixtures/import/${name}`, import.meta.url))
}

/** Reads bytes or text as an export, in pieces of `pieceBytes`. */
export async function readAll(
  content: Uint8Array | string,
  options: Partial<ReadOptions> = {},
  pieceBytes = Number.POSITIVE_INFINITY,
): Promise<ReadFile> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const read: ReadFile = { dialect: null, lines: [], products: [], problems: [] }
  for await (const row of readExport(pieces(bytes, pieceBytes), { currency: 'USD', ...options })) {
    if ('dialect' in row) read.dialect = row.dialect
    else if (row.kind === 'line') read.lines.push(row)
    else if (row.kind === 'product') read.products.push(row)
    else read.problems.push(row)
  }
  return read
}

async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield bytes.subarray(at, Math.min(bytes.length, at + pieceBytes))
  }
}

/** Pages of a list: the cursor is the last key of the page before, opaque to whoever asks. */
import { z } from '@hono/zod-openapi'

export const PageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .max(400)
    .regex(/^[A-Za-z0-9_-]+$/, 'is not a cursor of ours')
    .optional(),
}

/** A key as a cursor. */
const cursorOf = (key: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(key)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

/** The key of a cursor; null where the list begins. What is no cursor of ours begins it too. */
export function keyOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null
  try {
    const bytes = atob(cursor.replace(/-/g, '+').replace(/_/g, '/'))
    return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)))
  } catch {
    return null
  }
}

/** A page of rows that were read one too many, and where the next begins. */
export function pageOf<Row>(rows: Row[], limit: number, key: (row: Row) => string) {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(key(last)) : null }
}

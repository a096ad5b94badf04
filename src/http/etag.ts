/** Versions of what may be edited: ETag out, If-Match in, so that two who edit at once do not undo each other. */
import type { Context } from 'hono'
import { Problem } from './problem.ts'

/** The ETag of a version. */
export const etagOf = (version: number): string => `"${version}"`

/**
 * The version that an edit says it edits.
 * @throws if_match_missing without the header; changed_meanwhile when it names something that is no version here
 */
export function editedVersion(c: Context): number {
  const header = c.req.header('if-match')
  if (header === undefined)
    throw new Problem('if_match_missing', 'Send "If-Match" with the ETag that you read.', [
      { field: 'If-Match', message: 'is missing' },
    ])
  const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1]
  if (version === undefined) throw new Problem('changed_meanwhile')
  return Number(version)
}

/** How a route documents the JSON that it takes and answers. */
import type { z } from '@hono/zod-openapi'

/** An answer in JSON, for `responses`. */
export const json = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A body in JSON, for `request`: without one the call is refused. */
export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  required: true as const,
  content: { 'application/json': { schema } },
})

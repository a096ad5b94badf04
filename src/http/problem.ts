/** Problems (RFC 9457): one closed list of codes, one map to HTTP. What is unknown is "internal" to strangers and whole in the log. */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'

/** Every code that an answer may carry, with its status and its title. */
export const PROBLEMS = {
  invalid_request: [400, 'The request is not of the documented form'],
  body_missing: [400, 'The request needs a body'],
  not_json: [400, 'The body is not JSON'],
  key_missing: [401, 'The request needs a key'],
  key_unknown: [401, 'This key is not known'],
  key_expired: [401, 'This key is no longer valid'],
  signature_invalid: [401, 'The signature does not fit'],
  forbidden: [403, 'This key may not do that'],
  not_found: [404, 'There is nothing here'],
  method_not_allowed: [405, 'This address does not take that method'],
  conflict: [409, 'This cannot be done as things stand'],
  illegal_move: [409, 'That move is not open from this state'],
  changed_meanwhile: [412, 'It was changed since you read it'],
  too_large: [413, 'The body is too large'],
  not_a_json_type: [415, 'The body must be application/json'],
  id_reused: [422, 'This id was used for something else'],
  unknown_reference: [422, 'The request names something unknown'],
  words_refused: [422, 'These words cannot be kept or said'],
  policy_refused: [422, 'This policy would do harm'],
  if_match_missing: [428, 'An edit says which version it edits'],
  internal: [500, 'Something went wrong here'],
  store_unavailable: [503, 'The store does not answer; try again'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof PROBLEMS
export type FieldError = { field: string; message: string }

/** Thrown to answer with a problem. `message` becomes the detail. */
export class Problem extends Error {
  override name = 'Problem'
  constructor(
    readonly code: ProblemCode,
    detail?: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail ?? PROBLEMS[code][1])
  }
}

const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: '/reference#problem-invalid_request' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })),
    requestId: z.string(),
  })
  .openapi('Problem', {
    example: {
      type: '/reference#problem-invalid_request',
      title: 'The request is not of the documented form',
      status: 400,
      code: 'invalid_request',
      detail: 'basket.lines.0.unitPrice: must be a whole number',
      errors: [{ field: 'basket.lines.0.unitPrice', message: 'must be a whole number' }],
      requestId: 'req_4f1c',
    },
  })

/** The answer to a problem. */
export function problemResponse(c: Context, problem: Problem): Response {
  const [status, title] = PROBLEMS[problem.code]
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (status === 503) headers['retry-after'] = '1'
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  return c.body(
    JSON.stringify({
      type: `/reference#problem-${problem.code}`,
      title,
      status,
      code: problem.code,
      detail: problem.message,
      errors: problem.errors,
      requestId: c.get('requestId') ?? '',
    }),
    status,
    headers,
  )
}

/** The documented problem answers of a route. */
export function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: ProblemSchema } }
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: Object.entries(PROBLEMS)
          .filter(([, [s]]) => s === status)
          .map(([code, [, title]]) => `\`${code}\`: ${title}.`)
          .join(' '),
        content,
      },
    ]),
  ) as Record<number, { description: string; content: typeof content }>
}

/** What a schema found wrong, as fields. */
export function fieldErrors(
  issues: { path: PropertyKey[]; message: string; keys?: readonly string[] }[],
): FieldError[] {
  const named = (path: PropertyKey[]) => path.map(String).join('.') || '(body)'
  return issues
    .flatMap(({ path, message, keys }) =>
      // A field that nobody knows is named itself, not where it stands.
      keys
        ? keys.map((key) => ({ field: named([...path, key]), message: 'is no field here' }))
        : [{ field: named(path), message }],
    )
    .slice(0, 20)
}

/** A value as a schema wants it. @throws invalid_request with what is wrong with it. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (!result.success) throw invalid(fieldErrors(result.error.issues))
  return result.data
}

/** A request that is not of the documented form. */
export const invalid = (errors: FieldError[]) =>
  new Problem('invalid_request', errors[0] ? `${errors[0].field}: ${errors[0].message}` : undefined, errors)

/** The event id of a request stands for something else already. */
export const reused = () =>
  new Problem('id_reused', 'This event id was used for something else.', [
    { field: 'eventId', message: 'was used for something else' },
  ])

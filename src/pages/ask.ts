/** Pages ask the API, as any client would and with no more rights than whoever reads the page. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import { FROM_ELSEWHERE, sameOrigin } from '../http/auth.ts'
import type { FieldError, ProblemCode } from '../http/problem.ts'
import { Problem } from '../http/problem.ts'

export type Said<Body> =
  | { ok: true; status: number; body: Body; etag: string | null }
  | { ok: false; status: number; code: ProblemCode; detail: string; errors: FieldError[] }

/** One call. `Body` is what the route's schema says of its good answer; an answer without a body is null. */
export type Ask = <Body = unknown>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Said<Body>>

/** The headers by which the API knows who is reading, and that the form came from here. */
const FORWARDED = ['authorization', 'cookie', 'host', 'origin', 'sec-fetch-site']

/** The API for the reader of this page: the visitor's own sign-in, and no rule or right of the page's. */
export function asking(c: Context<Env>, app: App): Ask {
  const visitor: Record<string, string> = {}
  for (const name of FORWARDED) {
    const value = c.req.header(name)
    if (value !== undefined) visitor[name] = value
  }
  return askingWith(c, app, visitor)
}

/** The API with other headers: the demo till has a key. Without the network in between. */
export function askingWith(c: Context<Env>, app: App, visitor: Record<string, string>): Ask {
  let context: Context['executionCtx'] | undefined
  try {
    context = c.executionCtx
  } catch {
    // Node has none.
  }
  return async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await app.request(
      new URL(path, c.req.url).href,
      {
        method,
        headers: {
          ...visitor,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      c.env,
      context,
    )
    const text = await answer.text()
    const { status } = answer
    if (answer.ok)
      return {
        ok: true,
        status,
        body: (text === '' ? null : isJson(answer) ? JSON.parse(text) : text) as Body,
        etag: answer.headers.get('etag'),
      }
    const { code, detail, errors } = JSON.parse(text) as {
      code: ProblemCode
      detail: string
      errors: FieldError[]
    }
    return { ok: false, status, code, detail, errors }
  }
}

/** A file is a text, and stays one. */
const isJson = (answer: Response) => /json/.test(answer.headers.get('content-type') ?? '')

const MOST_BYTES = 64 * 1024

/**
 * What a form says, when it was sent from a page of ours.
 * @throws forbidden when it came from elsewhere; too_large above 64 KB
 */
export async function formOf(c: Context<Env>): Promise<URLSearchParams> {
  if (!sameOrigin(c)) throw new Problem('forbidden', FROM_ELSEWHERE)
  return new URLSearchParams(await textOf(c))
}

/** The body as text, never holding more than a form may be. */
async function textOf(c: Context<Env>): Promise<string> {
  const tooLarge = () => new Problem('too_large', 'A form of ours is never larger than 64 KB.')
  if (Number(c.req.header('content-length') ?? 0) > MOST_BYTES) throw tooLarge()
  const reader = c.req.raw.body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > MOST_BYTES) {
      await reader.cancel()
      throw tooLarge()
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** The reference: the app's own OpenAPI document, as a page to read. */
import { html, raw } from 'hono/html'
import type { App } from '../http/app-context.ts'
import { OPENAPI } from '../http/openapi.ts'
import type { ProblemCode } from '../http/problem.ts'
import { PROBLEMS } from '../http/problem.ts'
import { Code, page } from './layout.tsx'
import type { Schema, Schemas } from './schema-fields.tsx'
import { Field, Fields, Marked, resolved } from './schema-fields.tsx'

/** What to do about each problem. */
const REMEDIES: Record<ProblemCode, string> = {
  invalid_request: 'Correct the fields that errors names, and send it again.',
  body_missing: 'Send a JSON body.',
  not_json: 'Send a body that is one whole JSON text.',
  key_missing: 'Send the header Authorization: Bearer with a key of your till.',
  key_unknown: 'Check that the key was copied whole, and that it belongs to this shop.',
  key_expired: 'Ask the owner for a new key.',
  forbidden: 'Use a key of the role and the site that this call needs.',
  not_found: 'Check the address and the id.',
  method_not_allowed: 'Use a method that this page lists for the address.',
  conflict: 'Read how things stand now, then decide again.',
  illegal_move: 'Make one of the moves that errors names.',
  changed_meanwhile: 'Read it again, look at what changed, and edit with the new ETag.',
  signature_invalid: 'Sign the raw body with the partner’s secret, within five minutes of its timestamp.',
  words_refused: 'Change the words that errors names.',
  policy_refused:
    'Read what errors says of it; where it names evenSo, send evenSo: true if you want it even so.',
  if_match_missing: 'Send the ETag that you read as If-Match.',
  too_large: 'Send it in parts of fewer rows.',
  not_a_json_type: 'Send the header Content-Type: application/json.',
  id_reused: 'Make a new id for each new thing; keep an id only to repeat the very same one.',
  unknown_reference: 'Check the reference that errors names, such as a site, a session or a goal.',
  internal: 'Try again; if it stays, tell whoever runs this, with the requestId.',
  store_unavailable: 'Wait as long as Retry-After says and send it again, with the same id.',
}

type Media = { schema?: Schema; example?: unknown }
type Operation = {
  operationId: string
  tags?: string[]
  summary?: string
  description?: string
  security?: unknown[]
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[]
  requestBody?: { content?: Record<string, Media> }
  responses: Record<string, { description?: string; content?: Record<string, Media> }>
}
type Endpoint = { method: string; path: string; operation: Operation }

export function reference(app: App): void {
  // The document never changes while the app runs.
  let made: string | null = null
  app.get('/reference', async (c) => {
    made ??= (await html`${<Reference app={app} />}`).toString()
    return page(
      c,
      { title: 'Reference · Encore', here: 'reference', description: OPENAPI.info.description },
      raw(made),
    )
  })
}

function Reference({ app }: { app: App }) {
  const document = app.getOpenAPI31Document(OPENAPI)
  const schemas = (document.components?.schemas ?? {}) as Schemas
  const endpoints = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(
      ([method, operation]): Endpoint => ({ method, path, operation }),
    ),
  )
  const tags = OPENAPI.tags
    .map((tag) => ({ ...tag, endpoints: endpoints.filter((e) => e.operation.tags?.[0] === tag.name) }))
    .filter((tag) => tag.endpoints.length > 0)
  return (
    <div class="reference">
      <h1>Reference</h1>
      <p>{OPENAPI.info.description}</p>
      <p class="quiet">
        The same as a document for machines: <a href="/openapi.json">/openapi.json</a>. Bodies are JSON,
        amounts are whole numbers in the smallest coin, instants carry their offset.
      </p>
      <nav class="contents" aria-label="On this page">
        {tags.map((tag) => (
          <div>
            <h2>{capital(tag.name)}</h2>
            <ul>
              {tag.endpoints.map(({ operation }) => (
                <li>
                  <a href={`#${operation.operationId}`}>{operation.summary ?? operation.operationId}</a>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <div>
          <h2>Problems</h2>
          <ul>
            <li>
              <a href="#problems">Every code, and what to do</a>
            </li>
          </ul>
        </div>
      </nav>
      {tags.map((tag) => (
        <section class="tag" aria-labelledby={`tag-${tag.name}`}>
          <h2 id={`tag-${tag.name}`}>{capital(tag.name)}</h2>
          <p class="tag-says">{tag.description}</p>
          {tag.endpoints.map((endpoint) => (
            <EndpointCard {...endpoint} schemas={schemas} />
          ))}
        </section>
      ))}
      <section class="tag" aria-labelledby="problems">
        <h2 id="problems">Problems</h2>
        <p class="tag-says">
          What goes wrong is answered as a problem with one of these codes, and the fields that it is about.
        </p>
        {(Object.keys(PROBLEMS) as ProblemCode[]).map((code) => (
          <section class="problem" id={`problem-${code}`} aria-labelledby={`title-${code}`}>
            <h3 id={`title-${code}`}>{code}</h3>
            <p>
              <span class="quiet number">{PROBLEMS[code][0]}</span> {PROBLEMS[code][1]}. {REMEDIES[code]}
            </p>
          </section>
        ))}
      </section>
    </div>
  )
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1)

function EndpointCard({ method, path, operation, schemas }: Endpoint & { schemas: Schemas }) {
  const { operationId: id, parameters = [], responses } = operation
  const body = operation.requestBody?.content?.['application/json']
  const [status, good] = Object.entries(responses).find(([code]) => code < '300') ?? ['200', {}]
  const answer = good.content?.['application/json']
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) =>
    responses[PROBLEMS[code][0]]?.description?.includes(`\`${code}\``),
  )
  return (
    <article class="endpoint" id={id} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{operation.summary ?? id}</h3>
      <p class="route">
        <span class="method">{method.toUpperCase()}</span>
        {path.split('/').map((part, i) => (
          <>
            {i > 0 && (
              <>
                <wbr />/
              </>
            )}
            {part}
          </>
        ))}
      </p>
      {operation.description && (
        <p>
          <Marked text={operation.description} />
        </p>
      )}
      {!operation.security?.length && <p class="quiet">Needs no key.</p>}
      {parameters.length > 0 && (
        <>
          <h4>In the address and the head</h4>
          <ul class="fields">
            {parameters.map((each) => (
              <Field
                name={each.in === 'header' ? `${each.name}:` : each.name}
                field={{ ...each.schema, description: each.description ?? each.schema?.description }}
                required={each.required ?? false}
                schemas={schemas}
                way="sent"
              />
            ))}
          </ul>
        </>
      )}
      {body?.schema && (
        <>
          <h4>Send</h4>
          <Fields schema={body.schema} schemas={schemas} way="sent" />
          <Example name={`What to send to ${id}`} value={exampleOf(body, schemas)} />
        </>
      )}
      {answer?.schema && (
        <>
          <h4>
            Get {status}
            {good.description ? `: ${good.description.toLowerCase()}` : ''}
          </h4>
          <Fields schema={answer.schema} schemas={schemas} way="answered" />
          <Example name={`What ${id} answers`} value={exampleOf(answer, schemas)} />
        </>
      )}
      {codes.length > 0 && (
        <>
          <h4>Problems</h4>
          <p class="codes">
            {codes.map((code) => (
              <a href={`#problem-${code}`}>
                <code>{code}</code>
              </a>
            ))}
          </p>
        </>
      )}
    </article>
  )
}

function exampleOf(media: Media, schemas: Schemas): unknown {
  return media.example ?? (media.schema && resolved(media.schema, schemas).example)
}

function Example({ name, value }: { name: string; value: unknown }) {
  if (value === undefined || value === null || Object.keys(value).length === 0) return null
  return (
    <details class="fold">
      <summary>Example</summary>
      <Code label={name} text={JSON.stringify(value, null, 2)} />
    </details>
  )
}

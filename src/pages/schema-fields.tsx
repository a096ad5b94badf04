/** The fields of a JSON Schema as people read them: name, type, needed or not, limits, default, what it says. */

export type Schema = {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  enum?: unknown[]
  const?: unknown
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  description?: string
  default?: unknown
  example?: unknown
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}
export type Schemas = Record<string, Schema>

/** A schema with what it refers to in its place, and whether it may be null. */
export function resolved(
  schema: Schema,
  schemas: Schemas,
): Schema & { orNull: boolean; named: string | null } {
  const parts = schema.allOf ?? schema.anyOf ?? schema.oneOf ?? []
  const isNull = (part: Schema) => part.type === 'null'
  const inner = parts.find((part) => part.$ref !== undefined) ?? parts.find((part) => !isNull(part))
  const to = schema.$ref ?? inner?.$ref
  const named = to?.split('/').at(-1) ?? null
  const target = named === null ? (inner ?? {}) : (schemas[named] ?? {})
  const types = [schema, ...parts, target].flatMap((part) => part.type ?? [])
  const full = { ...target, ...schema, properties: schema.properties ?? target.properties }
  return {
    ...full,
    type: types.filter((type) => type !== 'null')[0] ?? (full.properties ? 'object' : undefined),
    orNull: [schema, ...parts].some((part) => [part.type ?? []].flat().includes('null')),
    named,
  }
}

const MOST_DEEP = 6

/** A list of fields; those of objects and of lists of objects are nested. */
export function Fields({ schema, schemas, deep = 0 }: { schema: Schema; schemas: Schemas; deep?: number }) {
  const { properties = {}, required = [] } = resolved(schema, schemas)
  return (
    <ul class="fields">
      {Object.entries(properties).map(([name, field]) => (
        <Field name={name} field={field} required={required.includes(name)} schemas={schemas} deep={deep} />
      ))}
    </ul>
  )
}

/** One field on its own, such as a parameter in the path. */
export function Field(props: {
  name: string
  field: Schema
  required: boolean
  schemas: Schemas
  deep?: number
}) {
  const { name, schemas, deep = 0 } = props
  const field = resolved(props.field, schemas)
  const inner = nestedOf(field, schemas)
  const limits = limitsOf(field)
  return (
    <li class="field">
      <span class="field-name">{name}</span> <span class="field-type">{typeOf(field, schemas)}</span>{' '}
      {props.required && <span class="field-need">required</span>}
      {field.description && (
        <p class="field-says">
          <Marked text={field.description} />
        </p>
      )}
      {limits.length > 0 && <p class="field-limits">{limits.join(' · ')}</p>}
      {inner && deep < MOST_DEEP && <Fields schema={inner} schemas={schemas} deep={deep + 1} />}
    </li>
  )
}

function nestedOf(field: Schema, schemas: Schemas): Schema | null {
  if (field.properties) return field
  const inner =
    field.items ?? (typeof field.additionalProperties === 'object' ? field.additionalProperties : null)
  return inner && resolved(inner, schemas).properties ? inner : null
}

function typeOf(field: Schema & { orNull?: boolean }, schemas: Schemas): string {
  const one = (schema: Schema): string => {
    const known = resolved(schema, schemas)
    if (known.enum) return 'one of'
    if (known.type === 'array') return `list of ${plural(one(known.items ?? {}))}`
    if (known.format === 'date-time') return 'instant'
    if (known.format === 'date') return 'date'
    return (
      { string: 'text', integer: 'whole number', number: 'number', boolean: 'yes or no' }[
        String(known.type)
      ] ?? String(known.type ?? 'anything')
    )
  }
  return `${one(field)}${field.orNull ? ', or null' : ''}`
}

const plural = (type: string) =>
  ({ text: 'texts', 'whole number': 'whole numbers', number: 'numbers', object: 'objects' })[type] ?? type

function limitsOf(field: Schema): string[] {
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const range = (least: number | undefined, most: number | undefined, unit: string) => {
    const n = (value: number) => value.toLocaleString('en-US')
    if (least !== undefined && most !== undefined) return [`${n(least)} to ${n(most)}${unit}`]
    if (most !== undefined) return [`at most ${n(most)}${unit}`]
    return least === undefined ? [] : [`at least ${n(least)}${unit}`]
  }
  const whole = (value: number | undefined) =>
    value !== undefined && Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value
  return [
    ...(field.enum
      ? [
          field.enum
            .filter((v) => v !== null)
            .map(shown)
            .join(', '),
        ]
      : []),
    ...(field.const === undefined ? [] : [`always ${shown(field.const)}`]),
    ...range(field.minLength, field.maxLength, ' characters'),
    ...range(field.minItems, field.maxItems, ' items'),
    ...(field.exclusiveMinimum === undefined ? [] : [`more than ${field.exclusiveMinimum}`]),
    ...range(whole(field.minimum), whole(field.maximum), ''),
    ...(field.default === undefined ? [] : [`without it: ${shown(field.default)}`]),
    ...(field.pattern === undefined || field.format ? [] : [`form ${field.pattern}`]),
  ]
}

/** Words between backticks are code. */
export function Marked({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>
}

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

/** In what is sent a field may be needed; in what is answered it is there unless it says otherwise. */
export type Way = 'sent' | 'answered'

/** A list of fields; those of objects and of lists of objects are nested. */
export function Fields(props: { schema: Schema; schemas: Schemas; way: Way; deep?: number }) {
  const { schemas, way, deep = 0 } = props
  const { properties = {}, required = [] } = resolved(props.schema, schemas)
  const shapes = new Map<string, string>()
  return (
    <ul class="fields">
      {Object.entries(properties).map(([name, field]) => {
        const shape = field.description === undefined ? JSON.stringify(nestedOf(field, schemas)) : ''
        const as = shape.length > 2 ? shapes.get(shape) : undefined
        if (as === undefined) shapes.set(shape, name)
        const needed = required.includes(name)
        return (
          <Field
            name={name}
            field={field}
            required={needed}
            schemas={schemas}
            way={way}
            deep={deep}
            as={shape === 'null' ? undefined : as}
          />
        )
      })}
    </ul>
  )
}

/** One field on its own, such as a parameter in the path. `as` names a field of the same shape, shown before. */
export function Field(props: {
  name: string
  field: Schema
  required: boolean
  schemas: Schemas
  way: Way
  deep?: number
  as?: string | undefined
}) {
  const { name, schemas, way, required, as, deep = 0 } = props
  const field = resolved(props.field, schemas)
  const inner = nestedOf(props.field, schemas)
  const limits = limitsOf(field)
  return (
    <li class="field">
      <span class="field-name">{name}</span> <span class="field-type">{typeOf(field, schemas)}</span>{' '}
      {way === 'sent' && required && <span class="field-need">required</span>}
      {way === 'answered' && !required && <span class="field-type">may be missing</span>}
      {field.description && (
        <p class="field-says">
          <Marked text={field.description} />
        </p>
      )}
      {limits.length > 0 && <p class="field-limits">{limits.join(' · ')}</p>}
      {as !== undefined && (
        <p class="field-says">
          The same fields as <code>{as}</code>.
        </p>
      )}
      {inner && as === undefined && deep < MOST_DEEP && (
        <Fields schema={inner} schemas={schemas} way={way} deep={deep + 1} />
      )}
    </li>
  )
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function nestedOf(schema: Schema, schemas: Schemas): Schema | null {
  const field = resolved(schema, schemas)
  if (field.properties) return { properties: field.properties, required: field.required }
  const inner =
    field.items ?? (typeof field.additionalProperties === 'object' ? field.additionalProperties : null)
  return inner && resolved(inner, schemas).properties ? inner : null
}

function typeOf(field: Schema & { orNull?: boolean }, schemas: Schemas): string {
  const one = (schema: Schema): string => {
    const known = resolved(schema, schemas)
    if (known.enum)
      return `one of ${known.enum
        .filter((v) => v !== null)
        .map(shown)
        .join(', ')}`
    if (known.type === 'array') return `list of ${plural(one(known.items ?? {}))}`
    if (known.format === 'date-time') return 'instant'
    if (known.format === 'date') return 'date'
    return (
      { string: 'text', integer: 'whole number', number: 'number', boolean: 'true or false' }[
        String(known.type)
      ] ?? String(known.type ?? 'anything')
    )
  }
  return `${one(field)}${field.orNull ? ', or null' : ''}`
}

const plural = (type: string) =>
  ({ text: 'texts', 'whole number': 'whole numbers', number: 'numbers', object: 'objects' })[type] ?? type

/** Patterns in words. */
const FORMS: Record<string, string> = {
  '^[A-Za-z0-9][A-Za-z0-9._:@-]*$': 'letters, digits and . _ : @ -',
  '^[A-Z]{3}$': 'three capital letters, such as USD',
  '^(19|20|21)\\d\\d-(0[1-9]|1[0-2])$': 'YYYY-MM',
}

function limitsOf(field: Schema): string[] {
  const range = (least: number | undefined, most: number | undefined, unit: string) => {
    const n = (value: number) => value.toLocaleString('en-US')
    if (least !== undefined && most !== undefined) return [`${n(least)} to ${n(most)}${unit}`]
    if (most !== undefined) return [`at most ${n(most)}${unit}`]
    return least === undefined ? [] : [`at least ${n(least)}${unit}`]
  }
  const whole = (value: number | undefined) =>
    value !== undefined && Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value
  return [
    ...(field.const === undefined ? [] : [`always ${shown(field.const)}`]),
    ...range(field.minLength, field.maxLength, ' characters'),
    ...range(field.minItems, field.maxItems, ' items'),
    ...(field.exclusiveMinimum === undefined ? [] : [`more than ${field.exclusiveMinimum}`]),
    ...range(whole(field.minimum), whole(field.maximum), ''),
    ...(field.default === undefined ? [] : [`default ${shown(field.default)}`]),
    ...(field.pattern === undefined || field.format ? [] : [FORMS[field.pattern] ?? `form ${field.pattern}`]),
  ]
}

/** Words between backticks are code. */
export function Marked({ text }: { text: string }) {
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</>
}

/** Fields of a form: each with its name, what helps to fill it in, and what is wrong with it beside it. */
import type { Child } from 'hono/jsx'
import type { FieldError } from '../http/problem.ts'

/** What went wrong with a form: one sentence, and what is wrong with which field. */
export type Trouble = { detail: string; errors: FieldError[] }

/** What is wrong with a field, by the API's name of it or of what is in it. */
export const wrongOf = (trouble: Trouble | null, field: string): string[] =>
  (trouble?.errors ?? [])
    .filter((each) => each.field === field || each.field.startsWith(`${field}.`))
    .map(({ message }) => message)

/** Whether a schema said that what was typed is no number. */
export const saysNoNumber = (message: string): boolean =>
  /^Invalid input: expected (number|int)\b/.test(message)

/** The id of a field that is alone of its name on its page. */
export const idOf = (name: string) => `f-${name.replace(/[^A-Za-z0-9]+/g, '-')}`

type Common = {
  /** Where several forms of a page have a field of this name. */
  id?: string
  name: string
  label: string
  value?: string
  hint?: Child
  trouble?: Trouble | null
  /** One line each; without it, what the trouble says of the field. */
  wrong?: Child[]
}

/** A line or an area to type into. */
export function Field({
  type = 'text',
  rows,
  required,
  most,
  numeric,
  list,
  value = '',
  ...common
}: Common & {
  type?: 'text' | 'date' | 'time' | 'month' | 'number' | 'tel' | 'email'
  rows?: number
  required?: boolean
  most?: number
  numeric?: boolean
  list?: string
}) {
  const { shared, around } = partsOf(common)
  const typed = { ...shared, required, maxlength: most }
  return around(
    rows ? (
      // A first line break would be taken for the tag's own.
      <textarea {...typed} rows={rows}>{`\n${value}`}</textarea>
    ) : (
      <input
        {...typed}
        type={type}
        value={value}
        inputmode={numeric ? 'decimal' : undefined}
        min={type === 'number' ? '0' : undefined}
        list={list}
        autocomplete="off"
      />
    ),
  )
}

/** One of several. */
export function Choice({
  options,
  value,
  ...common
}: Common & { options: readonly (readonly [value: string, says: string])[] }) {
  const { shared, around } = partsOf(common)
  return around(
    <select {...shared}>
      {options.map(([option, says]) => (
        <option value={option} selected={option === value}>
          {says}
        </option>
      ))}
    </select>,
  )
}

/** What a field has whatever it is: its attributes, and what stands around it. */
function partsOf({ name, id = idOf(name), label, hint, trouble, wrong }: Common) {
  const found = (wrong ?? wrongOf(trouble ?? null, name)).map(
    (each: Child): Child =>
      typeof each === 'string' && saysNoNumber(each) ? `${label}: write a number` : each,
  )
  const described = [hint ? `${id}-hint` : '', found.length > 0 ? `${id}-wrong` : ''].filter(Boolean)
  const shared = {
    id,
    name,
    'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
    'aria-invalid': found.length > 0 ? ('true' as const) : undefined,
  }
  const around = (field: Child) => (
    <div class="form-field">
      <label for={id}>{label}</label>
      {field}
      {hint && (
        <p class="quiet form-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {found.length > 0 && (
        <ul class="form-wrong" id={`${id}-wrong`}>
          {found.map((each) => (
            <li>{each}</li>
          ))}
        </ul>
      )}
    </div>
  )
  return { shared, around }
}

/** The ten-second note: one field, one choice, at the till and on her card. What was not kept is shown to be mended. */
import type { Child, FC } from 'hono/jsx'
import type { Catalogue } from '../core/catalogue.ts'
import type { FieldError, ProblemCode } from '../http/problem.ts'

/** The answer to a note. */
export type NoteKept = {
  reason: 'CONSENT' | 'GOAL' | null
  keptAs: 'told' | 'no' | 'noticed' | 'question' | null
  saysNo: boolean
  goal: string | null
  facet: string | null
  suggested: { goal: string; name: string }[]
}

/** A note that was not kept: what was typed, what may not stand in it, or the goals to choose from. */
export type TypedNote = {
  words: string
  toldMe: boolean
  problems: string[]
  /** She said no: what is chosen is kept as that. */
  isNo: boolean
  suggested: NoteKept['suggested'] | null
  status: 200 | 422
}

/** What became of a note, by the code that stands in the address. */
export const NOTE_SAID: Record<string, string> = {
  'noted-told': 'Kept as told: it may be said back to her.',
  'noted-no': 'Kept as her no: nothing of it will be offered or asked.',
  'noted-noticed': 'Kept as noticed: it counts a little, and is never said.',
  'noted-question': 'Kept as a question: it weighs nothing, and may only be asked about.',
}

/** Where a note's answer stands on the page: whoever saves one comes back to it. */
export const NOTE_PLACE = 'note-said'

/** What a form says of a note, for the API; null: nothing was typed. */
export function noteOf(form: URLSearchParams): { words: string; toldMe: boolean; goal?: string } | null {
  const words = (form.get('note') ?? '').trim().slice(0, 400)
  if (words === '') return null
  // A goal was chosen for the words that stood there: other words are matched anew.
  const goal = (form.get('noteMatched') === words && form.get('noteGoal')) || undefined
  return { words, toldMe: form.get('how') !== 'noticed', goal }
}

/** What the API said of a note. */
export type NoteAnswer =
  | { problem: null; body: NoteKept }
  | { problem: ProblemCode; body: null; errors: FieldError[] }

/** What is shown again of a note that was not kept; null: it was kept, or something else stood in its way. */
export function typedNote(
  { words, toldMe }: { words: string; toldMe: boolean },
  said: NoteAnswer,
): TypedNote | null {
  const typed = { words, toldMe, problems: [], isNo: false, suggested: null, status: 422 as const }
  if (said.problem !== null)
    return said.problem === 'words_refused'
      ? { ...typed, problems: said.errors.map(({ message }) => message) }
      : null
  const { reason, saysNo, suggested } = said.body
  return reason === 'GOAL' ? { ...typed, isNo: saysNo && toldMe, suggested, status: 200 } : null
}

export type NoteBoxProps = {
  typed: TypedNote | null
  /** A code of `NOTE_SAID`. */
  done: string
  catalogue: Catalogue
  /** The form of the page that it stands on, sent to `NOTE_PLACE`. */
  Form: FC<{ class: string; children: Child }>
}

export function NoteBox({ typed, done, catalogue, Form }: NoteBoxProps) {
  const wrong = typed !== null && typed.problems.length > 0
  return (
    <>
      {!typed && Object.hasOwn(NOTE_SAID, done) && (
        <p class="note" role="status" id={NOTE_PLACE} tabindex={-1}>
          {NOTE_SAID[done]}
        </p>
      )}
      {wrong && (
        <div class="note note-bad" role="alert" id={NOTE_PLACE} tabindex={-1}>
          <p>
            <strong>Not kept.</strong> We hold as little as we can:
          </p>
          <ul class="note-problems" id="note-wrong">
            {typed.problems.map((each) => (
              <li>{each}</li>
            ))}
          </ul>
        </div>
      )}
      {typed?.suggested && (
        <p class="note note-ask" role="status" id={NOTE_PLACE} tabindex={-1}>
          {asked(typed)}
        </p>
      )}
      {typed?.suggested && typed.suggested.length > 0 && (
        <Form class="note-goals">
          <Again typed={typed} />
          {typed.suggested.map(({ goal, name }) => (
            <button type="submit" name="noteGoal" value={goal}>
              {typed.isNo ? `She does not want this: ${name}` : name}
            </button>
          ))}
        </Form>
      )}
      <Form class="note-form">
        <div class="note-words">
          <label for="note-words">What would they enjoy?</label>
          <input
            id="note-words"
            name="note"
            type="text"
            maxlength={200}
            autocomplete="off"
            required
            value={typed?.words ?? ''}
            aria-invalid={wrong ? 'true' : undefined}
            aria-describedby={wrong ? 'note-wrong' : undefined}
          />
        </div>
        {typed?.suggested && (
          <div>
            <input type="hidden" name="noteMatched" value={typed.words} />
            <label for="note-goal">
              {typed.isNo
                ? 'She does not want'
                : typed.suggested.length > 0
                  ? 'Or it is about'
                  : 'It is about'}
            </label>
            <select id="note-goal" name="noteGoal">
              <option value="">Choose…</option>
              <Goals catalogue={catalogue} />
            </select>
          </div>
        )}
        <fieldset class="note-how">
          <legend class="unseen">How we know it</legend>
          <label>
            <input type="radio" name="how" value="told" checked={typed?.toldMe ?? true} />{' '}
            <span>She told me</span>
          </label>
          <label>
            <input type="radio" name="how" value="noticed" checked={typed ? !typed.toldMe : false} />{' '}
            <span>I noticed</span>
          </label>
        </fieldset>
        <button type="submit">Save</button>
      </Form>
    </>
  )
}

function asked({ isNo, suggested }: TypedNote): string {
  if (isNo) return 'Not kept yet: it says no. To what? It is kept as her no, and never as a wish.'
  return suggested!.length > 0
    ? 'Not kept yet: what is it about? One tap keeps it.'
    : 'Not kept yet: what is it about? Choose, and save it again.'
}

/** The words as they were typed, for a tap that only says what they are about. */
function Again({ typed }: { typed: TypedNote }) {
  return (
    <>
      <input type="hidden" name="note" value={typed.words} />
      <input type="hidden" name="noteMatched" value={typed.words} />
      <input type="hidden" name="how" value={typed.toldMe ? 'told' : 'noticed'} />
    </>
  )
}

/** Goals under the branch of the tree that they grow on. */
export function Goals({ catalogue: { goals } }: { catalogue: Catalogue }) {
  const root = goals.find((goal) => goal.parent === null)?.slug
  const under = (slug: string): typeof goals =>
    goals.filter((goal) => goal.parent === slug).flatMap((goal) => [goal, ...under(goal.slug)])
  return (
    <>
      {goals
        .filter((goal) => goal.parent === root)
        .map((branch) => (
          <optgroup label={branch.name}>
            {under(branch.slug).map((goal) => (
              <option value={goal.slug}>{goal.name}</option>
            ))}
          </optgroup>
        ))}
    </>
  )
}

/** The times of an offer in the owner's hands: those to come, and a form for one more or one every week. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import type { Ask } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Field, saysNoNumber, wrongOf } from './form-fields.tsx'
import type { PartnerAnswer, SessionAnswer } from './owner-alliance-parts.tsx'
import { SessionLines } from './owner-alliance-parts.tsx'
import { good } from './owner-alliances.tsx'
import { Hidden, Section } from './owner-fields.tsx'
import { at } from './owner-terms.tsx'
import { deskOf, isRunning, onceKey, troubleOf } from './partner-frame.tsx'
import { wantedFrom } from './partner-places.tsx'

/** What the page of an offer shows of its times, and what was typed and refused. */
export type TimesShown = {
  sessions: SessionAnswer[]
  usual: { place: string; capacity: string }
  nonce: string
  typed: URLSearchParams | null
  trouble: Trouble | null
}

/** What was refused of a form for a time. */
export type TimeRefused = { typed: URLSearchParams; trouble: Trouble }

/** Times can be added to an offer that families can be sent to. */
export const takesTimes = ({ seated, state }: { seated: boolean; state: string }): boolean =>
  seated && (state === 'live' || state === 'paused')

/** The times to come of an offer, and where and for how many the next one probably is. */
export async function timesOf(
  c: Context<Env>,
  call: Ask,
  offer: { id: string; partner: string | null },
  refused: TimeRefused | null,
): Promise<TimesShown> {
  const { items } = await good(
    call<{ items: SessionAnswer[] }>('GET', at`/v1/offers/${offer.id}/sessions?limit=30`),
  )
  const last = items.at(-1)
  const partner =
    last || offer.partner === null
      ? null
      : await good(call<PartnerAnswer>('GET', at`/v1/partners/${offer.partner}`))
  return {
    sessions: items,
    usual: {
      place: last?.place ?? partner?.places[0]?.name ?? partner?.name ?? '',
      capacity: String(last?.capacity ?? 4),
    },
    nonce: c.get('deps').random(12),
    typed: refused?.typed ?? null,
    trouble: refused?.trouble ?? null,
  }
}

/** Add what the form says; null when it is added. */
export async function addTime(
  c: Context<Env>,
  app: App,
  offer: string,
  form: URLSearchParams,
): Promise<TimeRefused | null> {
  const desk = await deskOf(c, app)
  const asked = new URLSearchParams(form)
  if (form.get('until')) asked.set('every', 'week')
  const wanted = wantedFrom(asked, desk)
  if ('detail' in wanted) return { typed: form, trouble: wanted }
  const said = await desk.call(
    'POST',
    at`/v1/offers/${offer}/sessions`,
    wanted.body,
    onceKey(form, desk, [offer, wanted.body]),
  )
  return said.ok || isRunning(said) ? null : { typed: form, trouble: troubleOf(said) }
}

/** The part of an offer's page with its times. */
export function Times({ offer, shown }: { offer: { id: string }; shown: TimesShown }) {
  const { sessions, usual, nonce, typed, trouble } = shown
  const value = (name: string, before = '') => typed?.get(name) ?? before
  const field = (name: string, ...more: string[]) => ({
    id: `time-${name}`,
    name,
    wrong: [name, ...more].flatMap((each) => wrongOf(trouble, each)),
  })
  // A number that is missing is said beside its field, in a person's words.
  const detail = trouble?.errors.some(({ message }) => saysNoNumber(message)) ? '' : trouble?.detail
  return (
    <Section id="times" title="Times" says="Without a free one, no till can send anybody.">
      {trouble && (
        <p class="note note-bad" role="alert">
          <strong>Not added.</strong> {detail}
        </p>
      )}
      {sessions.length === 0 ? <p>No session to come.</p> : <SessionLines sessions={sessions} />}
      <form method="post" action={`${at`/owner/offers/${offer.id}`}#times`} class="owner-form">
        <Hidden fields={{ do: 'time', nonce }} />
        <fieldset class="owner-group">
          <legend>Add a time</legend>
          <p class="quiet owner-group-says">By the clock on our wall.</p>
          <div class="owner-fields">
            <Field {...field('on', 'startsAt')} label="Day" type="date" value={value('on')} required />
            <Field {...field('from')} label="From" type="time" value={value('from')} required />
            <Field {...field('to', 'endsAt')} label="To" type="time" value={value('to')} required />
            <Field
              {...field('place')}
              label="Where"
              value={value('place', usual.place)}
              most={120}
              required
            />
            <Field
              {...field('capacity')}
              label="Places"
              value={value('capacity', usual.capacity)}
              numeric
              required
            />
            <Field
              {...field('until', 'every')}
              label="Every week until"
              type="date"
              value={value('until')}
              hint="Nothing: only this once."
            />
          </div>
        </fieldset>
        <p class="owner-keys">
          <button type="submit">Add the time</button>
        </p>
      </form>
    </Section>
  )
}

/** A partner's calendar, read into its times: looked at first, then written. */
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { App, Env } from '../http/app-context.ts'
import { FROM_ELSEWHERE, sameOrigin } from '../http/auth.ts'
import { MOST_CALENDAR } from '../http/calendar.ts'
import { Problem } from '../http/problem.ts'
import { sessionWords } from './browse-card.tsx'
import type { Trouble } from './form-fields.tsx'
import { Field, wrongOf } from './form-fields.tsx'
import { deskOf, deskPage, TroubleNote, troubleOf } from './partner-frame.tsx'
import type { Seated } from './partner-places.tsx'
import { numberFrom, seatedOf, usual } from './partner-places.tsx'

type Imported = {
  found: number
  new: number
  changed: number
  cancelled: number
  unchanged: number
  problems: { line: number; message: string }[]
  sessions: { change: string; summary: string; place: string; startsAt: string; endsAt: string }[]
}

/** A calendar and the few fields beside it. */
const countedUpload = bodyLimit({
  maxSize: MOST_CALENDAR + 64 * 1024,
  onError: () => {
    throw new Problem('too_large', 'A calendar of up to 4 MB can be read.')
  },
})

export function partnerCalendar(app: App): void {
  app.get('/partner/places/calendar', async (c) => {
    const desk = await deskOf(c, app)
    const offers = await seatedOf(desk)
    const offer = offers.find(({ id }) => id === c.req.query('offer')) ?? offers[0]
    if (!offer) throw new Problem('not_found', 'You have no offer with times yet.')
    return showCalendar(c, { offer, ...(await usual(desk, offer)), calendar: '', looked: null })
  })

  app.post('/partner/places/calendar', countedUpload, async (c) => {
    if (!sameOrigin(c)) throw new Problem('forbidden', FROM_ELSEWHERE)
    const desk = await deskOf(c, app)
    const form = await uploadOf(c)
    const offer = (await seatedOf(desk)).find(({ id }) => id === form.offer)
    if (!offer) throw new Problem('not_found')
    const apply = form.do === 'apply'
    const shown = { offer, place: form.place, capacity: form.capacity, calendar: form.calendar }
    if (form.calendar.trim() === '') {
      const trouble = { detail: 'choose a file, or paste what is in it.', errors: [] }
      return showCalendar(c, { ...shown, looked: null, trouble })
    }
    const said = await desk.call<Imported>(
      'POST',
      `/v1/offers/${encodeURIComponent(offer.id)}/sessions/import`,
      {
        calendar: form.calendar,
        place: form.place.trim() || undefined,
        capacity: numberFrom(form.capacity),
        apply,
      },
    )
    if (!said.ok) return showCalendar(c, { ...shown, looked: null, trouble: troubleOf(said) })
    return showCalendar(c, { ...shown, looked: said.body, isApplied: apply })
  })
}

type CalendarShown = {
  offer: Seated
  place: string
  capacity: string
  calendar: string
  looked: Imported | null
  isApplied?: boolean
  trouble?: Trouble
}

async function showCalendar(c: Context<Env>, shown: CalendarShown): Promise<Response> {
  const { offer, place, capacity, calendar, looked, isApplied, trouble } = shown
  const changes = looked ? looked.new + looked.changed + looked.cancelled : 0
  if (trouble) c.status(422)
  return deskPage(
    c,
    { title: 'From your calendar', here: 'places' },
    <section class="card desk-session" aria-labelledby="calendar-title">
      <h1 id="calendar-title">From your calendar</h1>
      <p>
        For{' '}
        <strong>
          <bdi>{offer.headline}</bdi>
        </strong>
      </p>
      <TroubleNote trouble={trouble ?? null} />
      {looked && <LookedAt looked={looked} isApplied={isApplied === true} />}
      {looked && !isApplied && changes > 0 && (
        <form method="post" action="/partner/places/calendar" enctype="multipart/form-data">
          <input type="hidden" name="offer" value={offer.id} />
          <input type="hidden" name="place" value={place} />
          <input type="hidden" name="capacity" value={capacity} />
          <textarea name="calendar" hidden>{`\n${calendar}`}</textarea>
          <button type="submit" name="do" value="apply" class="yes-key">
            Write it
          </button>
        </form>
      )}
      {isApplied ? (
        <p>
          <a class="button" href="/partner/places">
            Back to the places
          </a>
        </p>
      ) : (
        <details class="fold" open={!looked || changes === 0}>
          <summary>{looked ? 'Another calendar' : 'Choose a calendar'}</summary>
          <form
            method="post"
            action="/partner/places/calendar"
            enctype="multipart/form-data"
            class="desk-form"
          >
            <input type="hidden" name="offer" value={offer.id} />
            <div class="form-field desk-whole">
              <label for="file">The file (.ics)</label>
              <input id="file" name="file" type="file" accept=".ics,text/calendar" />
            </div>
            <Field
              id="calendar"
              name="calendar"
              label="Or paste what is in it"
              rows={6}
              wrong={wrongOf(trouble ?? null, 'calendar')}
            />
            <Field id="place" name="place" label="Where, if it does not say" value={place} most={120} />
            <Field
              id="capacity"
              name="capacity"
              label="Places in each new time"
              type="number"
              value={capacity}
              required
              wrong={wrongOf(trouble ?? null, 'capacity')}
            />
            <button type="submit" name="do" value="look">
              Look first, write nothing
            </button>
          </form>
        </details>
      )}
    </section>,
  )
}

const CHANGES: Record<string, string> = {
  new: 'New',
  changed: 'Changed',
  cancelled: 'Cancelled',
  unchanged: 'As before',
}

function LookedAt({ looked, isApplied }: { looked: Imported; isApplied: boolean }) {
  const changes = looked.new + looked.changed + looked.cancelled
  const rest = looked.found - looked.sessions.length
  return (
    <>
      <p class="note" role="status">
        {isApplied
          ? 'Written: '
          : changes === 0
            ? 'Nothing would change: '
            : 'Nothing is written yet. This would be: '}
        {looked.new} new, {looked.changed} changed, {looked.cancelled} cancelled, {looked.unchanged} as
        before.
      </p>
      {looked.problems.length > 0 && (
        <ul class="note note-bad">
          {looked.problems.map(({ line, message }) => (
            <li>
              Line {line}: <bdi>{message}</bdi>
            </li>
          ))}
        </ul>
      )}
      <ol class="desk-rows">
        {looked.sessions.map(({ change, summary, place, startsAt }) => (
          <li>
            <span>
              <strong>{sessionWords(startsAt)}</strong>
              <span class="quiet desk-under">
                <bdi>{summary}</bdi>
                {place !== '' && (
                  <>
                    {' · '}
                    <bdi>{place}</bdi>
                  </>
                )}
              </span>
            </span>
            <span>{CHANGES[change] ?? change}</span>
          </li>
        ))}
      </ol>
      {rest > 0 && <p class="quiet">And {rest} more.</p>}
    </>
  )
}

type Upload = { offer: string; place: string; capacity: string; calendar: string; do: string }

/** The form with its file, or with what was pasted. */
async function uploadOf(c: Context<Env>): Promise<Upload> {
  const form = await c.req.parseBody()
  const text = (name: string) => (typeof form[name] === 'string' ? form[name] : '')
  const { file } = form
  const pasted = text('calendar')
  const calendar = pasted.trim() === '' && file instanceof File ? await file.text() : pasted
  return {
    offer: text('offer'),
    place: text('place').slice(0, 200),
    capacity: text('capacity'),
    calendar,
    do: text('do'),
  }
}

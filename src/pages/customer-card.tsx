/** What staff see of a customer: what she said, the next step, one question, one thing to avoid. Works without scripts. */
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { Card } from '../core/card.ts'
import { dayWords } from '../core/held.ts'
import { localIso } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import { asking, formOf } from './ask.ts'
import { page } from './layout.tsx'
import type { NoteAnswer, NoteKept, TypedNote } from './note-box.tsx'
import { NOTE_PLACE, NoteBox, noteOf, typedNote } from './note-box.tsx'

const REF = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/

/** Where a customer's card is, and the page of all that we hold of her. */
export const cardPath = (ref: string): string => `/staff/customers/${encodeURIComponent(ref)}`
export const aboutPath = (ref: string): string => `${cardPath(ref)}/about`

/** Somebody's words, which may run the other way or hold anything: kept to themselves. */
const Own = ({ children }: { children: Child }) => <bdi>{children}</bdi>

export function customerCard(app: App): void {
  app.get('/staff/customers', async (c) => {
    const asked = (c.req.query('ref') ?? '').trim()
    if (REF.test(asked)) return c.redirect(cardPath(asked), 303)
    return searchPage(c, asked, asked === '' ? null : 'A reference is letters, digits and . _ : @ - only.')
  })

  /** The card as it is now; `typed`: a note that was not kept. */
  const show = async (c: Context<Env>, ref: string, done: string, typed: TypedNote | null) => {
    const said = await asking(c, app)<Card>('GET', `/v1/customers/${encodeURIComponent(ref)}/card`)
    if (said.ok) return cardPage(c, said.body, done, typed)
    if (said.code !== 'not_found') throw new Problem(said.code, said.detail)
    c.status(404)
    return searchPage(c, ref, said.detail)
  }

  app.get('/staff/customers/:ref', async (c) => {
    const ref = c.req.param('ref')
    if (!REF.test(ref)) throw new Problem('not_found')
    return show(c, ref, c.req.query('done') ?? '', null)
  })

  app.post('/staff/customers/:ref', async (c) => {
    const ref = c.req.param('ref')
    const form = await formOf(c)
    if (!REF.test(ref)) throw new Problem('not_found')
    const path = `/v1/customers/${encodeURIComponent(ref)}`
    const by = { eventId: `card-${form.get('nonce') ?? ''}`, staff: c.get('key').staffId ?? undefined }
    const note = noteOf(form)
    if (note !== null) {
      const said = await asking(c, app)<NoteKept>('POST', `${path}/notes`, { ...by, ...note })
      const answer: NoteAnswer = said.ok
        ? { problem: null, body: said.body }
        : { problem: said.code, body: null, errors: said.errors }
      const typed = typedNote(note, answer)
      if (typed) {
        // What may not be kept is shown again to be mended, and never stands in an address.
        c.status(typed.status)
        return show(c, ref, '', typed)
      }
      if (!said.ok) throw new Problem(said.code, said.detail)
      return said.body.reason === 'CONSENT'
        ? c.redirect(`${cardPath(ref)}?done=not-kept#done`, 303)
        : c.redirect(`${cardPath(ref)}?done=noted-${said.body.keptAs}#${NOTE_PLACE}`, 303)
    }
    if (form.has('note')) return c.redirect(`${cardPath(ref)}#note-form`, 303)
    const [goal, answer] = [form.get('goal') ?? '', form.get('answer') ?? '']
    const said = await asking(c, app)<{ recorded: boolean }>('POST', `${path}/evidence`, {
      ...by,
      kind: 'answered',
      goal,
      answer,
    })
    if (!said.ok) throw new Problem(said.code, said.detail)
    return c.redirect(`${cardPath(ref)}?done=${said.body.recorded ? 'answered' : 'not-kept'}#done`, 303)
  })
}

function searchPage(c: Context<Env>, asked: string, trouble: string | null): Promise<Response> {
  const isOffice = ['manager', 'owner'].includes(c.get('key').role)
  return page(
    c,
    { title: 'Customers · Encore', here: 'customers', description: 'Find a customer by her reference.' },
    <section class="card-search" aria-labelledby="find-title">
      <h1 class="display" id="find-title">
        Whose card?
      </h1>
      <form class="browse-line" method="get" action="/staff/customers">
        <label class="unseen" for="find-ref">
          Her reference
        </label>
        <input
          id="find-ref"
          name="ref"
          value={asked}
          maxlength={100}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          required
          aria-describedby={trouble === null ? 'find-hint' : 'find-wrong'}
          aria-invalid={trouble === null ? undefined : 'true'}
        />
        <button class="primary" type="submit">
          Open
        </button>
      </form>
      {trouble === null ? (
        <p class="quiet" id="find-hint">
          The reference is what the till calls her by: scan her card, or read it from the receipt.
        </p>
      ) : (
        <p class="note note-bad" role="status" id="find-wrong">
          {trouble}
        </p>
      )}
      {isOffice && (
        <p class="ways">
          <a class="button" href="/owner/merge">
            Two references are one customer
          </a>
        </p>
      )}
    </section>,
  )
}

const DONE: Record<string, string> = {
  answered: 'Kept. The next answer knows it.',
  'not-kept': 'Not kept: she did not allow that we remember her.',
}

const lowered = (words: string) => words.charAt(0).toLowerCase() + words.slice(1)

const LEVELS: Record<string, string> = {
  interaction: 'We are getting to know her',
  engagement: 'She comes back',
  relationship: 'She is one of ours',
}

async function cardPage(
  c: Context<Env>,
  card: Card,
  done: string,
  typed: TypedNote | null,
): Promise<Response> {
  const deps = c.get('deps')
  const catalogue = await deps.snapshot.refresh()
  const site = catalogue.sites.get(c.get('key').siteId ?? '') ?? catalogue.sites.values().next().value
  const today = localIso(deps.clock(), site?.timeZone ?? 'UTC').slice(0, 10)
  const name = card.firstName ?? card.ref
  const nonce = deps.random(12)
  const Form = ({ class: how, children }: { class: string; children: Child }) => (
    <form class={how} method="post" action={`${cardPath(card.ref)}#${NOTE_PLACE}`}>
      <input type="hidden" name="nonce" value={`note-${nonce}`} />
      {children}
    </form>
  )
  return page(
    c,
    { title: `${name} · Encore`, here: 'customers', description: 'A customer’s card, for staff.' },
    <article class="her-card" aria-labelledby="her-name">
      <header>
        <h1 class="display" id="her-name">
          <Own>{name}</Own>
        </h1>
        <p class="quiet">
          {card.firstName !== null && <bdi class="ref her-ref">{card.ref}</bdi>}
          {card.knownBy !== null && (
            <>
              {card.firstName !== null && ' · '}
              <Own>{card.knownBy}</Own> knows her
            </>
          )}
        </p>
      </header>
      {DONE[done] && (
        <p class="note" role="status" id="done" tabindex={-1}>
          {DONE[done]}
        </p>
      )}
      {card.known ? (
        <Known
          card={card}
          today={today}
          nonce={nonce}
          note={<NoteBox typed={typed} done={done} catalogue={catalogue} Form={Form} />}
        />
      ) : (
        <section class="card">
          <p class="her-line">We may not know her: she did not allow it, or took it back.</p>
          <p>Serve her like anybody who comes in. You can ask her at the till whether we may remember her.</p>
        </section>
      )}
      <p class="ways">
        <a class="button" href={aboutPath(card.ref)}>
          What do you know about us?
        </a>
        <a class="desk-link" href="/staff/customers">
          Another customer
        </a>
      </p>
    </article>,
  )
}

type KnownProps = { card: Card; today: string; nonce: string; note: Child }

function Known({ card, today, nonce, note }: KnownProps) {
  const { avoid, next, ask, relationship } = card
  return (
    <>
      {avoid && (
        <section class="note note-bad her-avoid" aria-labelledby="avoid-title">
          <h2 class="label" id="avoid-title">
            One thing to avoid
          </h2>
          <p class="her-line">
            <Own>{avoid.says}</Own>
          </p>
        </section>
      )}
      <section class="card" aria-labelledby="next-title">
        <h2 id="next-title">Next step</h2>
        {next === null ? (
          <p class="calm">Nothing just now. Be glad to see her.</p>
        ) : (
          <>
            <p class="quiet">
              <Own>{next.headline}</Own>
              {next.open && ' · still open from last time'}
              {next.follows && (
                <>
                  {' '}
                  · <Own>{next.follows}</Own>
                </>
              )}
            </p>
            <div class="say her-say">
              <p class="browse-opener">
                <Own>{next.opener}</Own>
              </p>
              <p>
                <Own>{next.line}</Own>
              </p>
              {next.disclosure && (
                <p class="disclosure">
                  <Own>{next.disclosure}</Own>
                </p>
              )}
            </div>
            <ul class="her-reasons" aria-label="Because">
              {next.reasons.map((reason) => (
                <li>
                  <Own>{reason}</Own>
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      {ask && (
        <section class="card" aria-labelledby="ask-title">
          <h2 id="ask-title">One question</h2>
          <p class="browse-opener">
            <Own>{ask.question}</Own>
          </p>
          <form class="tap-row" method="post" action={cardPath(card.ref)}>
            <input type="hidden" name="nonce" value={nonce} />
            <input type="hidden" name="goal" value={ask.goal} />
            {[
              ['yes', 'Yes'],
              ['maybe', 'Maybe'],
              ['no', 'No'],
            ].map(([value, says]) => (
              <button type="submit" name="answer" value={value}>
                {says}
              </button>
            ))}
          </form>
        </section>
      )}
      <section class="card" id="note-form" aria-labelledby="note-title">
        <h2 id="note-title">Ten-second note</h2>
        {note}
      </section>
      <section class="card" aria-labelledby="told-title">
        <h2 id="told-title">What she told us</h2>
        {card.told.length === 0 ? (
          <p class="quiet">Nothing yet.</p>
        ) : (
          <ul class="her-lines">
            {card.told.map(({ says, delicate, offered }) => (
              <li>
                <Own>{says}</Own>
                {delicate && (
                  <span class="her-delicate">
                    {offered && next ? (
                      <>
                        She told us, so “<Own>{next.headline}</Own>” may be offered. More than that only she
                        brings up.
                      </>
                    ) : (
                      'Only she brings this up.'
                    )}
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section class="card" aria-labelledby="did-title">
        <h2 id="did-title">What she did with us</h2>
        {card.did.length === 0 ? (
          <p class="quiet">Nothing yet.</p>
        ) : (
          <ul class="her-lines">
            {card.did.map(({ says }) => (
              <li>
                <Own>{says}</Own>
              </li>
            ))}
          </ul>
        )}
      </section>
      {relationship && (
        <section class="card" aria-labelledby="relationship-title">
          <h2 id="relationship-title">{LEVELS[relationship.name]}</h2>
          <p>{relationship.because}</p>
          {relationship.history.length > 0 && (
            <details class="fold">
              <summary>How it came about</summary>
              <ol class="her-lines">
                {relationship.history.map((step) => (
                  <li>
                    <strong>
                      {dayWords(step.on, today)}: {lowered(LEVELS[step.name]!)}
                    </strong>
                    <span class="her-under">{step.because}</span>
                  </li>
                ))}
              </ol>
            </details>
          )}
        </section>
      )}
    </>
  )
}

/** "What do you know about us?": all that we hold of a customer, for her to hear, change and forget; with staff, or by her own link. */
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Child } from 'hono/jsx'
import type { About, FORGETTABLE } from '../core/about.ts'
import { lastWords } from '../core/about.ts'
import { dayWords } from '../core/held.ts'
import { localIso } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import type { Ask } from './ask.ts'
import { asking, askingWith, formOf } from './ask.ts'
import { Qr } from './browse-card.tsx'
import { aboutPath, cardPath } from './customer-card.tsx'
import { page } from './layout.tsx'

const REF = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/
const TOKEN = /^[0-9a-f]{64}$/

/** Who reads: staff with her beside them, or she alone by her link. */
type Reader = {
  own: boolean
  /** Where the page is, and where the API has the same. */
  path: string
  api: string
  /** What forgets her altogether. */
  erase: string
  call: Ask
}

export function aboutUs(app: App): void {
  const withStaff = (c: Context<Env>): Reader => {
    const ref = c.req.param('ref') ?? ''
    if (!REF.test(ref)) throw new Problem('not_found')
    const erase = `/v1/customers/${encodeURIComponent(ref)}`
    return { own: false, path: aboutPath(ref), api: `${erase}/about`, erase, call: asking(c, app) }
  }
  /** The link is the key: whoever has it needs no other, and no other page can know it. */
  const alone = (c: Context<Env>): Reader => {
    const token = c.req.param('token') ?? ''
    if (!TOKEN.test(token))
      throw new Problem('not_found', 'This link is over. Ask in the shop for a new one.')
    const api = `/v1/about/${token}`
    return { own: true, path: `/about/${token}`, api, erase: api, call: askingWith(c, app, {}) }
  }

  app.get('/staff/customers/:ref/about', (c) => show(c, withStaff(c), { done: c.req.query('done') ?? '' }))
  app.post('/staff/customers/:ref/about', async (c) => {
    const form = await formOf(c)
    return act(c, withStaff(c), form)
  })
  app.get('/about/:token', (c) => show(c, alone(c), { done: c.req.query('done') ?? '' }))
  app.post(
    '/about/:token',
    bodyLimit({
      maxSize: 16 * 1024,
      onError: () => {
        throw new Problem('too_large')
      },
    }),
    async (c) => {
      const form = new URLSearchParams(await c.req.text())
      return act(c, alone(c), form)
    },
  )
}

const DONE: Record<string, string> = {
  forgot: 'Forgotten. We do not know it any more.',
  'not-so': 'Thank you. We will not think so again.',
  allowed: 'Thank you. You can take it back here whenever you like.',
  stopped: 'Done. From this moment on we do not.',
  nothing: 'That was gone already.',
  consent: 'You did not allow that we remember you, so we do not keep this either.',
}

/** One tap, done, and the page again. */
async function act(c: Context<Env>, reader: Reader, form: URLSearchParams): Promise<Response> {
  const { call, api, erase, path } = reader
  const verb = form.get('do')
  const change = async (body: unknown) => {
    const said = await call<{ recorded: boolean; reason: string | null }>('POST', api, body)
    if (!said.ok) throw new Problem(said.code, said.detail)
    return said.body
  }
  const back = (done: string) => c.redirect(`${path}?done=${done}#done`, 303)
  if (verb === 'forget') {
    const { recorded } = await change({
      forget: { what: form.get('what'), id: form.get('id') ?? undefined },
    })
    return back(recorded ? 'forgot' : 'nothing')
  }
  if (verb === 'not-so') {
    let kept = true
    for (const notSo of form.getAll('goal')) kept = (await change({ notSo })).recorded && kept
    return back(kept ? 'not-so' : 'consent')
  }
  if (verb === 'granted' || verb === 'withdrawn') {
    await change({ consent: { purpose: form.get('purpose'), decision: verb } })
    return back(verb === 'granted' ? 'allowed' : 'stopped')
  }
  if (verb === 'erase') {
    const said = await call<{ recorded: boolean }>('DELETE', erase)
    if (!said.ok) throw new Problem(said.code, said.detail)
    return said.body.recorded ? gonePage(c, reader) : notHerePage(c, reader)
  }
  if (verb === 'link' && !reader.own) {
    const said = await call<{ url: string; expiresAt: string }>('POST', `${api}-link`, {})
    if (!said.ok) throw new Problem(said.code, said.detail)
    // Shown this once: it is not in any address that a browser would remember.
    return show(c, reader, { done: '', link: said.body.url })
  }
  return c.redirect(path, 303)
}

const about = { here: 'customers', description: 'What we know about you, to hear and to change.' } as const

function gonePage(c: Context<Env>, { own }: Reader): Promise<Response> {
  return page(
    c,
    { ...about, own, title: 'Forgotten · Encore' },
    <section class="about card">
      <h1 class="display">Everything is forgotten.</h1>
      <p>
        Your name, your children’s birth months, what you told us, what we thought, and what you allowed: all
        of it is gone. What was sold stays in our books, as the law asks, and nobody can tell from them that
        it was you.
      </p>
      {!own && (
        <p class="ways">
          <a class="button" href="/staff/customers">
            Another customer
          </a>
        </p>
      )}
    </section>,
  )
}

function notHerePage(c: Context<Env>, { own, path }: Reader): Promise<Response> {
  return page(
    c,
    { ...about, own, title: 'Not done · Encore' },
    <section class="about card">
      <h1 class="display">Not done.</h1>
      <p>
        She is a customer of another of our shops. There they can forget her altogether, or she can by her
        link.
      </p>
      <p class="ways">
        <a class="button" href={path}>
          Back
        </a>
      </p>
    </section>,
  )
}

/** Lines that stand open on the page, and that are one tap away; what is more is in the file. */
const MOST = 8
const FOLDED = 200

async function show(
  c: Context<Env>,
  reader: Reader,
  { done, link = null }: { done: string; link?: string | null },
): Promise<Response> {
  const said = await reader.call<About>('GET', reader.api)
  if (!said.ok) throw new Problem(said.code, said.detail)
  const held = said.body
  const deps = c.get('deps')
  const catalogue = await deps.snapshot.refresh()
  const timeZone = [...catalogue.sites.values()].find(({ name }) => name === held.site)?.timeZone ?? 'UTC'
  const today = localIso(deps.clock(), timeZone).slice(0, 10)
  const { own } = reader
  const told = lastWords(held.told)
  return page(
    c,
    { ...about, own, title: `What we know about you · ${held.site}` },
    <article class="about" aria-labelledby="about-title">
      <header class="about-head">
        {!own && (
          <p class="not-printed">
            <a class="desk-link" href={cardPath(held.ref)}>
              Back to the card
            </a>
          </p>
        )}
        <p class="label">
          <bdi>{held.site}</bdi>
        </p>
        <h1 class="display" id="about-title">
          {held.firstName === null ? (
            'What we know about you'
          ) : (
            <>
              <bdi>{held.firstName}</bdi>, this is what we know about you
            </>
          )}
        </h1>
        <p>
          This is everything. You can change or forget any of it, and it counts from that moment on, in{' '}
          <bdi>{held.site}</bdi> and wherever you allowed it.
        </p>
      </header>
      {DONE[done] && (
        <p class="note" role="status" id="done" tabindex={-1}>
          {DONE[done]}
        </p>
      )}
      {link !== null && <LinkCard url={link} />}
      {!held.mayUse && (
        <p class="note note-bad">
          You have not allowed that we remember you, so we use nothing of this. It is still here until you
          forget it.
        </p>
      )}
      <Family held={held} reader={reader} />
      <Section
        id="told"
        title="What you told us"
        none="Nothing so far."
        lead={
          told.length < held.told.length
            ? 'Where you changed your mind, this is your last word. What you said before is in the file below, until you forget it.'
            : undefined
        }
        lines={told.map(({ id, kind, goals, says }, n) => (
          <Line
            id={`told-${n}`}
            says={says}
            reader={reader}
            forget={{ what: 'told', id }}
            notSo={held.mayUse && CAN_BE_WRONG.has(kind) ? goals : []}
          />
        ))}
      />
      <Section
        id="did"
        title="What you did with us"
        none="Nothing so far."
        lines={held.did.map(({ id, says }, n) => (
          <Line id={`did-${n}`} says={says} reader={reader} forget={{ what: 'did', id }} />
        ))}
      />
      <Section
        id="guesses"
        title="What we guess"
        none="Nothing: we have no guess about you."
        lead="These are guesses, from what you bought. They may be wrong, and we never say them aloud. Some things we never guess: only you can tell us those."
        lines={held.guesses.map(({ goal, says }, n) => (
          <Line
            id={`guess-${n}`}
            says={says}
            reader={reader}
            forget={{ what: 'guess', id: goal }}
            notSo={held.mayUse ? [goal] : []}
          />
        ))}
      />
      <Section
        id="bought"
        title="What you bought"
        none="Nothing under your name."
        lead="These stay in our books, as the law asks. If we forget you altogether, they stay without your name."
        lines={held.bought.map(({ says }) => <Line says={says} />)}
      />
      <Section
        id="care"
        title="What went wrong, and what we promised"
        none={null}
        lines={held.care.map(({ id, says }, n) => (
          <Line id={`care-${n}`} says={says} reader={reader} forget={{ what: 'care', id }} />
        ))}
      />
      <Section
        id="polls"
        title="What you answered when we asked many"
        none={null}
        lines={held.polls.map(({ id, says }, n) => (
          <Line id={`poll-${n}`} says={says} reader={reader} forget={{ what: 'poll', id }} />
        ))}
      />
      <Section
        id="places"
        title="Your places, and whom we sent you to"
        none={null}
        lines={[...held.places, ...held.introductions].map(({ says }) => <Line says={says} />)}
      />
      <Section
        id="suggested"
        title="What we suggested to you"
        none="Nothing so far."
        lines={held.suggested.map(({ says }) => <Line says={says} />)}
      />
      <Allowed held={held} reader={reader} today={today} />
      <section class="card" aria-labelledby="how-title">
        <h2 id="how-title">How we use it</h2>
        <p>
          When you are at the till, we look at what you told us, what you did, and what is in your basket.
          Then we suggest one thing, or nothing. When a partner pays us for it, we say so. What we earn can
          only decide between two things that suit you almost equally well.
        </p>
        <p>
          For some customers, picked by lot, and at some visits, picked by lot, we say nothing on purpose.
          That is how we find out whether our suggestions are any use. You miss no price and no place by it.
        </p>
        <p>
          <strong>How well we know you:</strong> {held.relationship.says} That only decides how big a step we
          may suggest.
        </p>
      </section>
      <section class="card not-printed" aria-labelledby="take-title">
        <h2 id="take-title">Take it with you</h2>
        <p>
          All of it as a file that a program can read. To keep it on paper, open what is folded and print this
          page.
        </p>
        <p class="ways">
          <a class="button" href={reader.api} download="what-we-know-about-you.json">
            Save the file
          </a>
        </p>
        {!own && (
          <form method="post" action={`${reader.path}#link`}>
            <p>Or read it at home: a link for your own phone. It works for seven days.</p>
            <button type="submit" name="do" value="link">
              Make a link
            </button>
          </form>
        )}
      </section>
      <section class="card about-end not-printed" aria-labelledby="end-title">
        <h2 id="end-title">Forget everything</h2>
        <p>
          We forget you altogether. It cannot be undone. A promise that we made you goes with it, and so does
          your turn on a waiting list.
        </p>
        <details class="fold">
          <summary>Forget everything about me</summary>
          <form method="post" action={reader.path}>
            <p>Are you sure? Nobody can bring it back.</p>
            <button class="desk-no" type="submit" name="do" value="erase">
              Yes, forget everything
            </button>
          </form>
        </details>
      </section>
    </article>,
  )
}

/** What she said about a wish can be wrong about her; what she refused is hers to take back, by forgetting it. */
const CAN_BE_WRONG: ReadonlySet<string> = new Set(['told', 'answered', 'noticed'])

/** A list of lines under its name. `none`: what stands there when there are none; null: then it is left out. */
function Section({
  id,
  title,
  lead,
  none,
  lines,
}: {
  id: string
  title: string
  lead?: string
  none: string | null
  lines: Child[]
}) {
  if (lines.length === 0 && none === null) return null
  const [shown, more] = [lines.slice(0, MOST), lines.slice(MOST, MOST + FOLDED)]
  const left = lines.length - shown.length - more.length
  return (
    <section class="card" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {lead && lines.length > 0 && <p class="quiet">{lead}</p>}
      {shown.length === 0 ? <p class="quiet">{none}</p> : <ul class="about-lines">{shown}</ul>}
      {more.length > 0 && (
        <details class="fold">
          <summary>{more.length + left} more</summary>
          <ul class="about-lines">{more}</ul>
          {left > 0 && <p class="quiet">And {left} more, in the file below.</p>}
        </details>
      )}
    </section>
  )
}

/** One sentence, and what she can do about it. `notSo`: the goals that she may say are none of hers. */
function Line({ id, says, reader, forget, notSo = [] }: LineProps) {
  const tap = `${id}-forget`
  const no = `${id}-no`
  return (
    <li>
      <p id={id}>
        <bdi>{says}</bdi>
      </p>
      {reader && forget && (
        <div class="about-taps not-printed">
          <form method="post" action={reader.path}>
            <input type="hidden" name="what" value={forget.what} />
            {forget.id !== undefined && <input type="hidden" name="id" value={forget.id} />}
            <button type="submit" name="do" value="forget" id={tap} aria-labelledby={`${tap} ${id}`}>
              Forget this
            </button>
          </form>
          {notSo.length > 0 && (
            <form method="post" action={reader.path}>
              {notSo.map((goal) => (
                <input type="hidden" name="goal" value={goal} />
              ))}
              <button type="submit" name="do" value="not-so" id={no} aria-labelledby={`${no} ${id}`}>
                That is not so
              </button>
            </form>
          )}
        </div>
      )}
    </li>
  )
}

type LineProps = {
  /** Unique on the page, where something can be done about it: names its buttons. */
  id?: string
  says: string
  reader?: Reader
  forget?: { what: (typeof FORGETTABLE)[number]; id?: string }
  notSo?: string[]
}

function Family({ held, reader }: { held: About; reader: Reader }) {
  const name = held.firstName === null ? null : `Your first name is ${held.firstName}.`
  return (
    <section class="card" aria-labelledby="you-title">
      <h2 id="you-title">You and your children</h2>
      <ul class="about-lines">
        {name !== null && <Line id="name-0" says={name} reader={reader} forget={{ what: 'name' }} />}
        {held.children.map(({ id, says }, n) => (
          <Line id={`child-${n}`} says={says} reader={reader} forget={{ what: 'child', id }} />
        ))}
        {held.knownBy !== null && <Line says={`${held.knownBy} knows you best.`} />}
        <Line says={`The till calls you ${held.ref}.`} />
      </ul>
    </section>
  )
}

/** What she allows, each with its switch: a tap turns it. */
function Allowed({ held, reader, today }: { held: About; reader: Reader; today: string }) {
  return (
    <section class="card" id="allowed" aria-labelledby="allowed-title">
      <h2 id="allowed-title">What you allow</h2>
      <ul class="about-lines">
        {held.consents.map(({ purpose, decision, since, says }) => {
          const on = decision === 'granted'
          return (
            <li>
              <p id={`allow-${purpose}`}>{says}</p>
              <form class="about-switch" method="post" action={reader.path}>
                <input type="hidden" name="purpose" value={purpose} />
                <button
                  type="submit"
                  name="do"
                  value={on ? 'withdrawn' : 'granted'}
                  role="switch"
                  aria-checked={on ? 'true' : 'false'}
                  aria-labelledby={`allow-${purpose}`}
                >
                  <span aria-hidden="true">{on ? 'Yes' : 'No'}</span>
                </button>
                <span class="quiet">
                  {since === null ? 'You never said.' : `Since ${dayWords(since, today)}.`}
                </span>
              </form>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function LinkCard({ url }: { url: string }) {
  return (
    <section class="card about-link not-printed" id="link" tabindex={-1} aria-labelledby="link-title">
      <h2 id="link-title">Your own link</h2>
      <p>
        Hold your phone’s camera over it. It is for you alone, works for seven days, and is shown only now.
      </p>
      <Qr text={url} label="The link as a code to scan" />
      <p class="about-url">
        <a href={url} rel="noreferrer">
          {url}
        </a>
      </p>
    </section>
  )
}

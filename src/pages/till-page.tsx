/** How the till looks: who is here, what is in the basket, what to say, what happened. */
import type { Child } from 'hono/jsx'
import type { Answer } from '../core/answer.ts'
import type { Catalogue, Product } from '../core/catalogue.ts'
import { spokenDate } from '../core/time.ts'
import type { Explanation } from '../http/explanations.ts'
import { PROBLEMS } from '../http/problem.ts'
import { DEMO_HOUSEHOLDS } from './households.ts'
import { DEMO_TILL_KEYS, moneyWords } from './layout.tsx'
import type { TypedNote } from './note-box.tsx'
import { Goals, NOTE_PLACE, NoteBox } from './note-box.tsx'
import { Offer, Silence } from './offer-card.tsx'
import type { TillState } from './till-state.ts'
import { writeState } from './till-state.ts'
import { Why } from './why.tsx'

/** An outcome that was posted for the answer on the screen. */
export type Happened = {
  state: string
  reason: string | null
  referral: { code: string; sessionId: string | null; expiresOn: string } | null
  receiptLine: string | null
}

export type TillView = {
  state: TillState
  typed: TypedNote | null
  catalogue: Catalogue
  nowMs: number
  /** Makes the ids of what is posted from this page, so that a tap that is sent twice counts once. */
  nonce: string
  clerk: string | null
  others: string[]
  answer: Answer | null
  before: Answer | null
  happened: Happened[]
  explanation: Explanation | null
}

/** What is on the page, for the title. */
export function titleOf({ answer }: TillView): string {
  if (answer === null) return 'Till'
  return answer.primary ? `${answer.primary.headline} · Till` : 'Say nothing · Till'
}

export function TillPage({ view }: { view: TillView }) {
  const { state, answer, before } = view
  return (
    <>
      <div class="till-head">
        <h1>Till</h1>
        <Sites view={view} />
      </div>
      <Problem note={state.note} />
      <Who view={view} />
      <div class="counter">
        <div class="stage">
          {answer ? (
            <>
              {before && <Change view={view} now={answer} before={before} />}
              {answer.primary ? (
                <Offer view={view} answer={answer} offer={answer.primary} />
              ) : (
                <Silence view={view} answer={answer} />
              )}
              {view.explanation && <Why view={view} explanation={view.explanation} />}
            </>
          ) : (
            <Waiting view={view} />
          )}
          <Told view={view} />
          <Note view={view} />
          <Sent view={view} />
        </div>
        <Basket view={view} />
        <Shelf view={view} />
      </div>
    </>
  )
}

/** A form that carries the page's state to where it is sent. */
export function Doing(props: {
  view: TillView
  class?: string
  id?: string
  /** Where the answer stands, when it is shown without another address. */
  place?: string
  children: Child
}) {
  return (
    <form
      method="post"
      action={props.place ? `/till#${props.place}` : '/till'}
      class={props.class}
      id={props.id}
    >
      <input type="hidden" name="state" value={writeState({ ...props.view.state, note: '' })} />
      <input type="hidden" name="nonce" value={props.view.nonce} />
      {props.children}
    </form>
  )
}

function Problem({ note }: { note: string }) {
  const code = note.startsWith('problem-') ? (note.slice(8) as keyof typeof PROBLEMS) : null
  if (code === null || !Object.hasOwn(PROBLEMS, code)) return null
  return (
    <p class="note note-bad" id="note" tabindex={-1} role="alert">
      The service said no: {PROBLEMS[code][1].toLowerCase()} (
      <a href={`/reference#problem-${code}`}>{code}</a>).
    </p>
  )
}

function Sites({ view }: { view: TillView }) {
  const { state, catalogue, clerk } = view
  return (
    <Doing view={view} class="sites">
      <fieldset>
        <legend class="quiet">Shop{clerk && `, with ${clerk} at the till`}</legend>
        <div class="segments">
          {[...catalogue.sites.values()]
            .filter((site) => DEMO_TILL_KEYS[site.id])
            .map((site) => (
              <button
                type="submit"
                name="do"
                value={`site:${site.id}`}
                class="segment"
                aria-pressed={site.id === state.site ? 'true' : 'false'}
              >
                {site.name}
              </button>
            ))}
        </div>
      </fieldset>
    </Doing>
  )
}

function Who({ view }: { view: TillView }) {
  const { state } = view
  const begun = state.who !== null || state.basket.length > 0 || state.note !== ''
  const known = DEMO_HOUSEHOLDS.find((each) => each.ref !== null && each.ref === state.who)
  if (!begun)
    return (
      <section class="who" id="till" tabindex={-1} aria-labelledby="who-title">
        <h2 id="who-title" class="who-title">
          Who is at the till?
        </h2>
        <Choice view={view} />
      </section>
    )
  return (
    <section class="who" id="till" tabindex={-1} aria-labelledby="who-title">
      <div class="who-now">
        <h2 id="who-title">
          <span class="quiet">At the till </span>
          {state.who === null ? (
            'Nobody we know'
          ) : (
            <>
              <bdi>{known?.name ?? state.who}</bdi>
              {known && <bdi class="ref">{state.who}</bdi>}
            </>
          )}
        </h2>
        {known && <p class="quiet">{known.hint}</p>}
        {state.who !== null && <a href={`/staff/customers/${encodeURIComponent(state.who)}`}>Her card</a>}
      </div>
      <details class="fold">
        <summary>Somebody else</summary>
        <Choice view={view} />
      </details>
    </section>
  )
}

/** The households that each show one thing, then all others. */
function Choice({ view }: { view: TillView }) {
  const { state, others } = view
  return (
    <>
      <Doing view={view}>
        <ul class="people">
          {DEMO_HOUSEHOLDS.map((each) => (
            <li>
              <button
                type="submit"
                name="do"
                value={`household:${each.ref ?? 'nobody'}`}
                class="person"
                aria-pressed={each.ref !== null && each.ref === state.who ? 'true' : undefined}
              >
                <strong>{each.name}</strong> <span>{each.hint}</span>
              </button>
            </li>
          ))}
        </ul>
      </Doing>
      <div class="others">
        <Doing view={view} class="line-form">
          <label for="who-other">Another household of this shop</label>
          <select id="who-other" name="who">
            <option value="">Nobody we know</option>
            {others.map((ref) => (
              <option value={ref} selected={ref === state.who}>
                {ref}
              </option>
            ))}
          </select>
          <button type="submit" name="do" value="who">
            Choose
          </button>
        </Doing>
        <Doing view={view} class="line-form">
          <label for="who-new">Or a reference never seen before</label>
          <input
            id="who-new"
            name="who"
            type="text"
            pattern="[A-Za-z0-9][A-Za-z0-9._:@\-]{0,99}"
            title="Letters, digits and . _ : @ -"
            autocomplete="off"
            required
          />
          <button type="submit" name="do" value="who">
            Use it
          </button>
        </Doing>
      </div>
    </>
  )
}

const SOLD: Record<string, string> = {
  'sold-front': 'Sold. It was this household’s first sale; everything after it is a later one.',
  'sold-back': 'Sold, as one more sale to this household.',
  'sold-nobody': 'Sold, to nobody we know: it teaches what goes with what, and nothing about a person.',
}

function Waiting({ view }: { view: TillView }) {
  const { state, before } = view
  const sold = SOLD[state.note]
  return (
    <section class="card waiting" aria-labelledby="waiting-title">
      {sold && (
        <p class="note" role="status">
          {sold} <strong>The very next answer knows it.</strong>
        </p>
      )}
      <h2 id="waiting-title" class="display">
        {before ? 'Ask again' : 'What would they thank us for?'}
      </h2>
      <p>
        {before ? (
          <>
            The answer before was{' '}
            <strong>{before.primary ? `“${before.primary.headline}”` : 'to say nothing'}</strong>. It belonged
            to another basket.
          </>
        ) : state.basket.length > 0 ? (
          'The basket is ready. One tap asks for the one next offer, and often the answer is to say nothing.'
        ) : (
          'Choose somebody, or just tap a thing from the shelf into the basket.'
        )}
      </p>
    </section>
  )
}

/** The one button that the whole page is about. */
function Ask({ view, again, ...props }: { view: TillView; class?: string; again: boolean }) {
  return (
    <Doing view={view} class={props.class}>
      <button type="submit" name="do" value="ask" class="primary">
        {again ? 'Ask again' : 'Next offer'}
      </button>
    </Doing>
  )
}

/** How this answer differs from the one before, and what stands in the way of the one before now. */
function Change({ view, now, before }: { view: TillView; now: Answer; before: Answer }) {
  const named = (answer: Answer) => (answer.primary ? answer.primary.headline : 'Silence')
  const same = now.primary?.offerId === before.primary?.offerId
  const refusal =
    !same && before.primary
      ? view.explanation?.refusals.find((each) => each.offerId === before.primary!.offerId)?.says
      : null
  return (
    <section class="change" aria-labelledby="change-title">
      <h2 id="change-title" class="label">
        What changed
      </h2>
      <p>
        {same ? (
          now.continuity === 'kept' ? (
            <>
              Nothing: <strong>{named(now)}</strong> is still open, so every till and every shop gives the
              same answer.
            </>
          ) : (
            <>
              Nothing: <strong>{named(now)}</strong>, as before.
            </>
          )
        ) : (
          <>
            <s>{named(before)}</s> <span aria-hidden="true">→</span>
            <span class="unseen"> became </span> <strong>{named(now)}</strong>
          </>
        )}
      </p>
      {refusal && (
        <p class="quiet">
          “{named(before)}” is refused now: {refusal[0]!.toLowerCase() + refusal.slice(1)}
        </p>
      )}
    </section>
  )
}

const TOLD_NOTES: Record<string, string> = {
  told: 'Kept. The very next answer uses it.',
  'answered-yes': 'Kept: she said yes. The very next answer uses it.',
  'answered-maybe': 'Kept: maybe. The very next answer uses it.',
  'answered-no': 'Kept: she said no. Nothing of this will be offered.',
  'told-no': 'Kept as her no: nothing of it will be offered or asked.',
  forgot: 'Forgotten, with her words. The very next answer does not know it.',
  allowed: 'Thank you: from now on we may remember what she tells us. Tell it once more.',
  goal: 'Choose what it is about.',
}

function Told({ view }: { view: TillView }) {
  const { state, explanation, catalogue } = view
  if (state.who === null)
    return (
      <section class="told" id="told" tabindex={-1} aria-labelledby="told-title">
        <h2 id="told-title" class="label">
          She told us…
        </h2>
        <p class="quiet">Nobody we know is here, so there is nobody to remember it for.</p>
      </section>
    )
  const here = new Set(state.told.map((line) => line.id))
  const onRecord = (explanation?.goals ?? []).flatMap(({ goal, evidence }) =>
    evidence
      .filter((line) => SPOKEN.has(line.kind) && !here.has(line.id))
      .map((line) => ({
        id: line.id,
        goal,
        facet: line.facet ?? '',
        no: line.kind === 'toldNo',
        on: line.on,
      })),
  )
  const lines = [...onRecord, ...state.told.map((line) => ({ ...line, on: null }))]
  return (
    <section class="told" id="told" tabindex={-1} aria-labelledby="told-title">
      <h2 id="told-title" class="label">
        She told us…
      </h2>
      {TOLD_NOTES[state.note] && (
        <p class="note" role="status">
          {TOLD_NOTES[state.note]}
        </p>
      )}
      {state.note === 'consent' && (
        <div class="note note-ask" role="status">
          <p>
            Nothing was kept: she has not allowed us to remember. Ask her first,{' '}
            <q>May we remember what you tell us, so that we only offer what fits?</q>
          </p>
          <Doing view={view}>
            <button type="submit" name="do" value="allow">
              She says yes
            </button>
          </Doing>
        </div>
      )}
      {lines.length > 0 && (
        <ul class="told-lines">
          {lines.map((line) => (
            <li>
              <span>
                <strong>{goalName(catalogue, line.goal)}</strong>
                {line.no && <span>, which she does not want</span>}
                {line.facet.trim() !== '' && (
                  <>
                    : <bdi>{line.facet}</bdi>
                  </>
                )}{' '}
                <span class="quiet">{line.on ? `on ${spokenDate(line.on)}` : 'just now'}</span>
              </span>
              <Doing view={view}>
                <button type="submit" name="do" value={`forget:${line.id}`} class="small">
                  Forget it <span class="unseen">{goalName(catalogue, line.goal)}</span>
                </button>
              </Doing>
            </li>
          ))}
        </ul>
      )}
      <details class="fold" open={['consent', 'allowed', 'goal'].includes(state.note)}>
        <summary>Add what she told us</summary>
        <Doing view={view} class="tell">
          <div>
            <label for="goal">What is it about?</label>
            <select id="goal" name="goal" required>
              <option value="">Choose…</option>
              <Goals catalogue={catalogue} />
            </select>
          </div>
          <div>
            <label for="facet">
              Which one? <span class="quiet">optional</span>
            </label>
            <input id="facet" name="facet" type="text" maxlength={60} list="facets" autocomplete="off" />
            <datalist id="facets">
              {facetsOf(catalogue).map((facet) => (
                <option value={facet}></option>
              ))}
            </datalist>
          </div>
          <div class="tell-words">
            <label for="words">
              In her words <span class="quiet">optional</span>
            </label>
            <input id="words" name="words" type="text" maxlength={200} autocomplete="off" />
          </div>
          <button type="submit" name="do" value="tell">
            Remember it
          </button>
        </Doing>
      </details>
    </section>
  )
}

/** The staff's ten-second note. */
function Note({ view }: { view: TillView }) {
  const { state, typed, catalogue } = view
  if (state.who === null) return null
  const Form = ({ class: how, children }: { class: string; children: Child }) => (
    <Doing view={view} class={how} place={NOTE_PLACE}>
      <input type="hidden" name="do" value="note" />
      {children}
    </Doing>
  )
  return (
    <section class="told" id="note-form" tabindex={-1} aria-labelledby="note-title">
      <h2 id="note-title" class="label">
        Note
      </h2>
      <NoteBox typed={typed} done={state.note} catalogue={catalogue} Form={Form} />
    </section>
  )
}

/** What became of a partner's code, in words for the till. */
const SENT_NOTES: Record<string, string> = {
  'sent-redeemed': 'Thank you: we know who sent her, and they will hear that she came.',
  'sent-USED': 'This code was used already, by her or by another family.',
  'sent-EXPIRED': 'This code has run out.',
  'sent-SENT_BEFORE': 'Somebody sent her before: that first word stands.',
  'sent-NOT_FIRST': 'She was a customer of ours before she had this code, so it does not count.',
  'sent-NOT_LIVE': 'We and this partner are not working together just now.',
  'sent-unknown': 'No partner gave this code. Codes look like P02-7KQ4M.',
}

/** “Who sent you?”: a partner's code, brought by a family. */
function Sent({ view }: { view: TillView }) {
  const { state } = view
  if (state.who === null) return null
  const note = Object.hasOwn(SENT_NOTES, state.note) ? SENT_NOTES[state.note] : null
  return (
    <section class="told" id="sent" tabindex={-1} aria-labelledby="sent-title">
      <h2 id="sent-title" class="label">
        Who sent you?
      </h2>
      {note && (
        <p class={state.note === 'sent-redeemed' ? 'note' : 'note note-bad'} role="status">
          {note}
        </p>
      )}
      <Doing view={view} class="line-form">
        <label for="sent-code">
          A partner’s code <span class="quiet">if she brings one</span>
        </label>
        <input id="sent-code" name="code" type="text" maxlength={24} autocomplete="off" required />
        <button type="submit" name="do" value="sent">
          Use it
        </button>
      </Doing>
    </section>
  )
}

const SPOKEN: ReadonlySet<string> = new Set(['told', 'answered', 'noticed', 'toldNo'])

const goalName = ({ goals, goalIndex }: Catalogue, slug: string) =>
  goals[goalIndex.get(slug) ?? -1]?.name ?? slug

const facetsOf = ({ listed }: Catalogue) => [...new Set(listed.flatMap(({ offer }) => offer.facets))].sort()

function Basket({ view }: { view: TillView }) {
  const { state, catalogue, answer } = view
  const { currency } = catalogue.sites.get(state.site)!
  const lines = state.basket.map((entry) => ({ ...entry, product: catalogue.products.get(entry.productId)! }))
  const total = lines.reduce((sum, line) => sum + line.quantity * (line.product.priceMinor ?? 0), 0)
  const pieces = lines.reduce((sum, line) => sum + line.quantity, 0)
  return (
    <aside class="receipt" aria-labelledby="basket" id="basket-slip">
      <h2 id="basket" tabindex={-1}>
        Basket
      </h2>
      {lines.length === 0 ? (
        <p class="quiet receipt-empty">Nothing yet. Tap a thing on the shelf.</p>
      ) : (
        <Doing view={view}>
          <input type="hidden" name="inBasket" value="1" />
          <ul class="lines">
            {lines.map(({ product, quantity, gift }) => (
              <li>
                <span class="line-name">
                  <bdi>{product.name}</bdi>
                </span>
                <span class="line-price">{moneyWords(quantity * (product.priceMinor ?? 0), currency)}</span>
                <span class="line-keys">
                  <button
                    type="submit"
                    name="do"
                    value={`less:${product.id}`}
                    id={`less-${product.id}`}
                    class="round"
                    data-keep
                  >
                    <span aria-hidden="true">−</span>
                    <span class="unseen">One fewer {product.name}</span>
                  </button>
                  <span class="line-count">
                    <span class="unseen">Quantity </span>
                    {quantity}
                  </span>
                  <button
                    type="submit"
                    name="do"
                    value={`add:${product.id}`}
                    id={`more-${product.id}`}
                    class="round"
                    data-keep
                  >
                    <span aria-hidden="true">+</span>
                    <span class="unseen">One more {product.name}</span>
                  </button>
                  <button
                    type="submit"
                    name="do"
                    value={`gift:${product.id}`}
                    id={`gift-${product.id}`}
                    class="small gift"
                    aria-pressed={gift ? 'true' : 'false'}
                    data-keep
                  >
                    Gift <span class="unseen">{product.name}</span>
                  </button>
                </span>
              </li>
            ))}
          </ul>
        </Doing>
      )}
      <dl class="total">
        <div>
          <dt>
            Total <span class="quiet">{pieces === 1 ? '1 piece' : `${pieces} pieces`}</span>
          </dt>
          <dd>{moneyWords(total, currency)}</dd>
        </div>
      </dl>
      <div class="askbar">
        <Ask view={view} again={answer !== null || view.before !== null} />
        {lines.length > 0 && (
          <Doing view={view}>
            <button type="submit" name="do" value="sell" title="Posts the purchase">
              Sell it
            </button>
          </Doing>
        )}
      </div>
      {lines.length > 0 && (
        <Doing view={view} class="receipt-end">
          <button type="submit" name="do" value="empty" class="plain">
            Empty the basket
          </button>
        </Doing>
      )}
    </aside>
  )
}

function Shelf({ view }: { view: TillView }) {
  const { state, catalogue } = view
  const { currency } = catalogue.sites.get(state.site)!
  const inStock = [...catalogue.products.values()].filter((p) => !p.archived && p.category !== null)
  const wanted = state.find.toLowerCase()
  const byCategory = Map.groupBy(inStock, (p) => p.category!)
  const shelves = [...catalogue.categories.values()].filter((each) => byCategory.has(each.slug))
  const open = state.category || (byCategory.has('dresses') ? 'dresses' : (shelves[0]?.slug ?? ''))
  const found: [string, Product[]][] = wanted
    ? shelves.flatMap((shelf): [string, Product[]][] => {
        const all = byCategory.get(shelf.slug)!
        const fits = shelf.name.toLowerCase().includes(wanted)
          ? all
          : all.filter((p) => `${p.name} ${p.sku ?? ''}`.toLowerCase().includes(wanted))
        return fits.length > 0 ? [[shelf.name, fits]] : []
      })
    : [[catalogue.categories.get(open)?.name ?? '', byCategory.get(open) ?? []]]
  const count = found.reduce((sum, [, products]) => sum + products.length, 0)
  return (
    <section class="shelf" id="shelf" tabindex={-1} aria-labelledby="shelf-title">
      <div class="shelf-head">
        <h2 id="shelf-title">Shelf</h2>
        <Doing view={view} class="find">
          <label for="find" class="unseen">
            Find a product
          </label>
          <input id="find" name="find" type="search" value={state.find} placeholder="Find a product" />
          <button type="submit" name="do" value="find">
            Find
          </button>
        </Doing>
      </div>
      <Doing view={view} class="keys">
        <ul class="category-keys" aria-label="Categories">
          {shelves.map((shelf) => (
            <li>
              <button
                type="submit"
                name="do"
                value={`category:${shelf.slug}`}
                class="key"
                aria-pressed={!wanted && shelf.slug === open ? 'true' : 'false'}
                data-keep
              >
                {shelf.name}
              </button>
            </li>
          ))}
        </ul>
        {wanted && (
          <p class="quiet" role="status">
            {count === 0 ? 'Nothing is called' : `${count} found for`} “<bdi>{state.find}</bdi>”.
          </p>
        )}
        {found.map(([name, products]) => (
          <section aria-label={name}>
            <h3>{name}</h3>
            <ul class="products">
              {products.map((product) => (
                <li>
                  <button
                    type="submit"
                    name="do"
                    value={`add:${product.id}`}
                    id={`add-${product.id}`}
                    class="product"
                    data-keep
                  >
                    <bdi>{product.name}</bdi>
                    <span class="product-price">{moneyWords(product.priceMinor ?? 0, currency)}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </Doing>
    </section>
  )
}

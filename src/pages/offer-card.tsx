/** The answer on the screen: an offer with its words and proof, or a silence with what it leaves to do. */
import type { Answer, OfferAnswer } from '../core/answer.ts'
import { spokenDate } from '../core/time.ts'
import { Qr } from './browse-card.tsx'
import { dayWords, moneyWords, timeWords } from './layout.tsx'
import type { Happened, TillView } from './till-page.tsx'
import { Doing } from './till-page.tsx'

const FINAL = new Set(['accepted', 'booked', 'declined', 'wrong'])

export function Offer({ view, answer, offer }: { view: TillView; answer: Answer; offer: OfferAnswer }) {
  const { say } = offer
  return (
    <article class="card offer" aria-labelledby="answer">
      <header class="offer-head">
        <p class="label">
          {offer.partner ? (
            <>
              With <bdi>{offer.partner.name}</bdi>
            </>
          ) : (
            'Our own'
          )}
        </p>
        <p class="price">{priceOf(offer)}</p>
        <h2 id="answer" tabindex={-1}>
          {offer.headline}
        </h2>
      </header>
      <div class="say">
        <p class="label">Say</p>
        <blockquote class="opener">
          <p>{say.opener}</p>
        </blockquote>
        <p class="say-line">{say.line}</p>
        {say.disclosure && <p class="disclosure">{say.disclosure}</p>}
      </div>
      {offer.reasons.length > 0 && (
        <section class="because" aria-labelledby="because">
          <h3 class="label" id="because">
            Because
          </h3>
          <ul>
            {offer.reasons.map((reason) => (
              <li>
                <bdi>{reason.text}</bdi>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Outcomes view={view} offer={offer} />
      {answer.ask && <Question view={view} ask={answer.ask} />}
      <footer class="offer-foot">
        {offer.next.length > 0 && (
          <section aria-labelledby="next">
            <h3 class="label" id="next">
              What comes next
            </h3>
            <ul>
              {offer.next.map((step) => (
                <li>
                  <strong>{step.headline}</strong> <span class="quiet">{step.when}</span>
                </li>
              ))}
            </ul>
          </section>
        )}
        {offer.backStage.checks.length > 0 && (
          <section aria-labelledby="ready">
            <h3 class="label" id="ready">
              We can keep it
            </h3>
            <ul class="checks">
              {offer.backStage.checks.map((check) => (
                <li class={check.ok ? 'check' : 'check check-off'}>
                  {codeWords(check.code)}
                  {!check.ok && ' (not sure)'}
                  {check.until && <span class="quiet"> until {spokenDay(check.until)}</span>}
                </li>
              ))}
            </ul>
          </section>
        )}
        {answer.alternate && (
          <section aria-labelledby="lighter">
            <h3 class="label" id="lighter">
              Lighter, if that is too much
            </h3>
            <p>
              <strong>{answer.alternate.headline}</strong>{' '}
              <span class="quiet">{priceOf(answer.alternate)}</span>
            </p>
            <p class="small-say">“{answer.alternate.say.opener}”</p>
          </section>
        )}
      </footer>
    </article>
  )
}

function priceOf({ price, commitment }: OfferAnswer): string {
  return price.amount === 0
    ? 'Free'
    : `${moneyWords(price.amount, price.currency)}${commitment === 'high' ? ', a bigger step' : ''}`
}

const spokenDay = (date: string) => `${spokenDate(date)} ${date.slice(0, 4)}`

/** `CARDS_AT_TILL` as people say it. */
function codeWords(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words[0]!.toUpperCase() + words.slice(1)
}

const DONE: Record<string, string> = {
  said: 'Said aloud.',
  askedMore: 'She asked for more.',
  accepted: 'She accepted.',
  booked: 'Booked.',
  wrong: 'The reason was wrong. Thank you: it rests for a year.',
  notNow: 'Not now. It rests for a month.',
  notForUs: 'Not for them. It rests for a year.',
  haveIt: 'They have it already.',
}
const REFUSED: Record<string, string> = {
  NO_PLACES: 'That place was just taken. Nothing was recorded: choose another day.',
  WITHOUT_OFFER: 'There was no offer to accept.',
}

/** What happened: one tap, and what to reply to it. */
function Outcomes({ view, offer }: { view: TillView; offer: OfferAnswer }) {
  const { happened, state } = view
  const last = happened.at(-1)
  const slip = happened.find((each) => each.referral !== null)
  const final = last !== undefined && FINAL.has(last.state)
  return (
    <section class="outcomes" id="happened" tabindex={-1} aria-labelledby="happened-title">
      <h3 class="label" id="happened-title">
        What happened?
      </h3>
      {REFUSED[state.note] && (
        <p class="note note-bad" role="alert">
          {REFUSED[state.note]}
        </p>
      )}
      {last && (
        <div class="note" role="status">
          <p>
            <strong>{DONE[last.reason ?? ''] ?? DONE[last.state]}</strong>
          </p>
          {reply(last, offer) && <p class="small-say">“{reply(last, offer)}”</p>}
        </div>
      )}
      {slip && <Slip view={view} offer={offer} slip={slip} />}
      {!final && <Taps view={view} offer={offer} />}
      {final && <p class="quiet">Ask again, and see how the next answer changed.</p>}
    </section>
  )
}

function reply({ state, reason }: Happened, { say }: OfferAnswer): string | null {
  if (state === 'accepted' || state === 'booked') return say.ifYes
  if (state === 'declined') return reason === 'notNow' ? say.ifNotNow : say.ifNotForUs
  return null
}

function Taps({ view, offer }: { view: TillView; offer: OfferAnswer }) {
  const { timeZone } = view.catalogue.sites.get(view.state.site)!
  const tapped = (state: string) => view.happened.some((each) => each.state === state)
  return (
    <Doing view={view} class="taps">
      <div class="tap-row">
        <button type="submit" name="do" value="outcome:said" disabled={tapped('said')}>
          I said it
        </button>
        <button type="submit" name="do" value="outcome:askedMore" disabled={tapped('askedMore')}>
          She asked more
        </button>
      </div>
      <fieldset class="yes">
        <legend>She says yes</legend>
        {offer.sessions.length > 0 && (
          <ul class="sessions">
            {offer.sessions.map((session, i) => (
              <li>
                <label>
                  <input type="radio" name="session" value={session.id} checked={i === 0} />
                  <span>
                    <strong>
                      {dayWords(Date.parse(session.startsAt), timeZone)},{' '}
                      {timeWords(Date.parse(session.startsAt), timeZone)}
                    </strong>
                    <span class="quiet">{session.place}</span>
                  </span>
                  <span class="places">
                    {session.placesLeft === 1 ? '1 place left' : `${session.placesLeft} places left`}
                  </span>
                </label>
              </li>
            ))}
            <li>
              <label>
                <input type="radio" name="session" value="" />
                <span>No day yet</span>
              </label>
            </li>
          </ul>
        )}
        <div class="tap-row">
          <button type="submit" name="do" value="outcome:accepted" class="yes-key">
            Accepted
          </button>
          <button type="submit" name="do" value="outcome:booked">
            Booked
          </button>
        </div>
      </fieldset>
      <fieldset class="no">
        <legend>She says no</legend>
        <div class="tap-row">
          <button type="submit" name="do" value="outcome:declined:notNow">
            Not now
          </button>
          <button type="submit" name="do" value="outcome:declined:notForUs">
            Not for us
          </button>
          <button type="submit" name="do" value="outcome:declined:haveIt">
            Has it
          </button>
          <button type="submit" name="do" value="outcome:wrong">
            That was wrong
          </button>
        </div>
      </fieldset>
    </Doing>
  )
}

/** What the till prints. */
function Slip({ view, offer, slip }: { view: TillView; offer: OfferAnswer; slip: Happened }) {
  const { timeZone } = view.catalogue.sites.get(view.state.site)!
  const { code, sessionId, expiresOn } = slip.referral!
  const session = offer.sessions.find((each) => each.id === sessionId)
  const startsMs = session && Date.parse(session.startsAt)
  return (
    <div class="slip">
      <div class="slip-paper">
        <p class="slip-line">{(slip.receiptLine ?? '').replace(code, '').trim()}</p>
        {session && (
          <p class="slip-day">
            {dayWords(startsMs!, timeZone)}, {timeWords(startsMs!, timeZone)}
            <br />
            {session.place}
          </p>
        )}
        <p class="slip-code">
          <span class="unseen">Code </span>
          {code}
        </p>
        <Qr text={code} label={`The code ${code}`} />
        <p class="quiet">Good until {spokenDay(expiresOn)}</p>
      </div>
    </div>
  )
}

export function Silence({ view, answer }: { view: TillView; answer: Answer }) {
  const { care, kindness, ask } = answer
  return (
    <article class="card silence" aria-labelledby="answer">
      <header>
        <p class="label">{care ? 'No selling today' : 'No offer'}</p>
        <h2 id="answer" tabindex={-1} class="display">
          {care ? 'Care first.' : 'Say nothing today.'}
        </h2>
      </header>
      {care ? (
        <div class="say">
          <p class="label">Know before you speak</p>
          <p class="say-line">
            <bdi>{care.line}</bdi>
          </p>
        </div>
      ) : (
        <p class="calm">
          Wrap it well and wish them a good day. A silence is an answer too, and to the till every silence
          reads the same.
        </p>
      )}
      {kindness && (
        <section aria-labelledby="kindness">
          <h3 class="label" id="kindness">
            A kindness, if it helps
          </h3>
          <p>
            <strong>{kindness.headline}</strong>
          </p>
          <p class="small-say">“{kindness.line}”</p>
        </section>
      )}
      {ask && <Question view={view} ask={ask} />}
    </article>
  )
}

const ANSWER_KEYS = [
  ['yes', 'Yes'],
  ['maybe', 'Maybe'],
  ['no', 'No'],
  ['notAsked', 'Not asked'],
] as const

/** The one question, and one tap for what she said. */
function Question({ view, ask }: { view: TillView; ask: { goal: string; question: string } }) {
  const { state } = view
  const answered = state.told.some((line) => line.goal === ask.goal)
  const notAsked = state.note === 'answered-notAsked'
  return (
    <section class="question" aria-labelledby="question">
      <h3 class="label" id="question">
        One question, if there is a moment
      </h3>
      <p class="opener opener-small">{ask.question}</p>
      {notAsked && (
        <p class="note" role="status">
          Not asked. It may come again at the next visit.
        </p>
      )}
      {!answered && !notAsked && state.who !== null && (
        <Doing view={view} class="answer-keys">
          {ANSWER_KEYS.map(([answer, says]) => (
            <button
              type="submit"
              name="do"
              value={`answered:${answer}`}
              class={answer === 'notAsked' ? 'answer-key plain' : 'answer-key'}
            >
              {says}
            </button>
          ))}
        </Doing>
      )}
    </section>
  )
}

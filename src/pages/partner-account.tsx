/** A partner's account: what is open, the statements to print, and a doubt about a line. */
import { digest } from '../core/chance.ts'
import type { App } from '../http/app-context.ts'
import { Problem } from '../http/problem.ts'
import type { AccountAnswer } from '../http/statements.ts'
import { formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Field } from './form-fields.tsx'
import type { Desk } from './partner-frame.tsx'
import {
  counted,
  dayText,
  deskOf,
  deskPage,
  monthText,
  nonceOf,
  read,
  sumText,
  TroubleNote,
  troubleOf,
} from './partner-frame.tsx'

type Entry = AccountAnswer['lines'][number]
type Account = {
  balances: { currency: string; dueMinor: number; heldMinor: number; frozenMinor: number }[]
  statements: { month: string; currency: string; totalMinor: number; issuedAt: string }[]
  entries: Entry[]
  next: string | null
  disputes: {
    id: string
    code: string | null
    entry: string | null
    reason: string
    openedAt: string
    resolution: 'stands' | 'dropped' | null
  }[]
}

const ABOUT = { title: 'Account', here: 'account' } as const

export function partnerAccount(app: App): void {
  app.get('/partner/account', async (c) => {
    const desk = await deskOf(c, app)
    const account = await accountOf(desk, c.req.query('cursor'))
    return deskPage(
      c,
      ABOUT,
      <AccountPage desk={desk} account={account} trouble={null} did={c.req.query('did') === 'doubt'} />,
    )
  })

  app.post('/partner/account', async (c) => {
    const form = await formOf(c)
    const desk = await deskOf(c, app)
    const said = await desk.call(
      'POST',
      `/v1/ledger/${encodeURIComponent(form.get('entry') ?? '')}/disputes`,
      {
        eventId: `page-${nonceOf(form, desk)}-${digest(form.get('entry') ?? '')}`,
        reason: (form.get('reason') ?? '').trim(),
      },
    )
    if (said.ok) return c.redirect('/partner/account?did=doubt', 303)
    c.status(422)
    const account = await accountOf(desk, undefined)
    return deskPage(
      c,
      ABOUT,
      <AccountPage
        desk={desk}
        account={account}
        trouble={troubleOf(said)}
        typed={{ entry: form.get('entry') ?? '', reason: form.get('reason') ?? '' }}
      />,
    )
  })

  app.get('/partner/statements/:month', async (c) => {
    const desk = await deskOf(c, app)
    const month = c.req.param('month')
    if (!/^20\d\d-(0[1-9]|1[0-2])$/.test(month)) throw new Problem('not_found')
    const named = /^[A-Z]{3}$/.test(c.req.query('currency') ?? '')
      ? `?currency=${c.req.query('currency')}`
      : ''
    const path = `/v1/partners/${encodeURIComponent(desk.partnerId)}/statements/${month}`
    const statement = await read<AccountAnswer>(desk, `${path}${named}`)
    return deskPage(
      c,
      { title: `Statement of ${monthText(month)}`, here: 'account' },
      <Statement statement={statement} csv={`${path}/csv${named}`} today={desk.today} />,
    )
  })
}

async function accountOf(desk: Desk, cursor: string | undefined): Promise<Account> {
  const of = `/v1/partners/${encodeURIComponent(desk.partnerId)}`
  const from = /^[A-Za-z0-9_-]{1,400}$/.test(cursor ?? '') ? `&cursor=${cursor}` : ''
  const [{ balances }, { statements }, { entries, next }, { disputes }] = await Promise.all([
    read<Pick<Account, 'balances'>>(desk, `${of}/balance`),
    read<Pick<Account, 'statements'>>(desk, `${of}/statements`),
    read<Pick<Account, 'entries' | 'next'>>(desk, `${of}/ledger?limit=30${from}`),
    read<Pick<Account, 'disputes'>>(desk, '/v1/disputes'),
  ])
  return { balances, statements, entries, next, disputes }
}

/** Positive is owed to the shop. */
function owedText(minor: number, currency: string): string {
  if (minor === 0) return 'Nobody owes anything'
  return minor > 0
    ? `You owe the shop ${sumText(minor, currency)}`
    : `The shop owes you ${sumText(minor, currency)}`
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)

const CAUSES: Record<string, string> = {
  introduction: 'An introduction',
  commission: 'Share of the first sale',
  benefit: 'What the family got',
  shelf: 'On the shelf',
  letter: 'In the letter',
  jointEvent: 'An event together',
}

function entryText({ unit, amount, cause, reverses, note }: Entry): string {
  const what = note === null ? (CAUSES[cause] ?? cause) : `${CAUSES[cause] ?? cause}: ${note}`
  const back = reverses === null ? '' : ', taken back'
  if (unit === 'money') return `${what}${back}`
  const n = Math.abs(amount)
  return `${what}${back}, ${amount > 0 ? 'from the shop to you' : 'from you to the shop'}${n > 1 ? ` (${n})` : ''}`
}

function AccountPage(props: {
  desk: Desk
  account: Account
  trouble: Trouble | null
  did?: boolean
  typed?: { entry: string; reason: string }
}) {
  const { desk, account, trouble, did, typed } = props
  const thisMonth = desk.today.slice(0, 7)
  const open = account.disputes.filter(({ resolution }) => resolution === null)
  return (
    <>
      <h1 class="display">Account</h1>
      <TroubleNote trouble={trouble} />
      {did && (
        <p class="note" role="status">
          Thank you. The line is frozen until the two of you have looked at it.
        </p>
      )}
      <section class="card" aria-labelledby="open">
        <h2 id="open">What is open</h2>
        {account.balances.length === 0 && <p>Nobody owes anything.</p>}
        {account.balances.map(({ currency, dueMinor, heldMinor, frozenMinor }) => (
          <>
            <p class="desk-sum">{owedText(dueMinor, currency)}</p>
            {heldMinor !== 0 && (
              <p class="quiet">
                Not due yet: {lowerFirst(owedText(heldMinor, currency))}. The family may still change its
                mind.
              </p>
            )}
            {frozenMinor !== 0 && <p class="quiet">In doubt: {sumText(frozenMinor, currency)}.</p>}
          </>
        ))}
      </section>
      <section class="card" aria-labelledby="statements">
        <h2 id="statements">Statements</h2>
        <ul class="desk-rows">
          <li>
            <a class="desk-link" href={`/partner/statements/${thisMonth}`}>
              {monthText(thisMonth)}
            </a>
            <span class="quiet">as it stands</span>
          </li>
          {account.statements.map(({ month, currency, totalMinor }) => (
            <li>
              <a class="desk-link" href={`/partner/statements/${month}?currency=${currency}`}>
                {monthText(month)}
              </a>
              <span>{owedText(totalMinor, currency)}</span>
            </li>
          ))}
        </ul>
      </section>
      {open.length > 0 && (
        <section class="card" aria-labelledby="doubts">
          <h2 id="doubts">In doubt</h2>
          <ul class="desk-rows">
            {open.map(({ code, reason, openedAt }) => (
              <li>
                <span>
                  {code && <span class="intro-code">{code}</span>} <bdi>{reason}</bdi>
                </span>
                <span class="quiet">
                  since {dayText(openedAt.slice(0, 10), desk.today)}; the shop settles it
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="card" aria-labelledby="lines">
        <h2 id="lines">Lines</h2>
        {account.entries.length === 0 && <p class="quiet">None yet.</p>}
        <ul class="form-fields">
          {account.entries.map((entry, i) => (
            <EntryLine
              entry={entry}
              desk={desk}
              id={`entry-${i}`}
              typed={typed?.entry === entry.id ? typed.reason : null}
            />
          ))}
        </ul>
        {account.next !== null && (
          <p class="desk-more">
            <a class="button" href={`/partner/account?cursor=${account.next}#lines`}>
              Older lines
            </a>
          </p>
        )}
      </section>
    </>
  )
}

function EntryLine(props: { entry: Entry; desk: Desk; id: string; typed: string | null }) {
  const { entry, desk, id, typed } = props
  const { code, unit, amount, currency, onDate, dueOn, frozen, statement } = entry
  return (
    <li>
      <div class="desk-entry">
        <p>
          <bdi>{entryText(entry)}</bdi> {code && <span class="intro-code">{code}</span>}
          <span class="quiet desk-under">
            {dayText(onDate, desk.today)}
            {unit === 'money' && dueOn > desk.today && ` · due ${dayText(dueOn, desk.today)}`}
            {frozen && ' · in doubt'}
            {statement !== null && ' · in a statement'}
          </span>
        </p>
        {unit === 'money' && <p class="number">{owedText(amount, currency!)}</p>}
      </div>
      {!frozen && statement === null && (
        <details class="fold" open={typed !== null}>
          <summary>I doubt this line</summary>
          <form method="post" action="/partner/account" class="desk-inline">
            <input type="hidden" name="nonce" value={desk.nonce} />
            <input type="hidden" name="entry" value={entry.id} />
            <Field
              id={`${id}-reason`}
              name="reason"
              label="What is wrong with it?"
              hint="No names, please: the code says which family it was."
              value={typed ?? ''}
              most={200}
              required
            />
            <button type="submit">Tell the shop</button>
          </form>
        </details>
      )}
    </li>
  )
}

function Statement({ statement, csv, today }: { statement: AccountAnswer; csv: string; today: string }) {
  const { partner, month, currency, issuedAt, totalMinor, lines } = statement
  return (
    <article class="card desk-statement" aria-labelledby="statement">
      <h1 id="statement">Statement of {monthText(month)}</h1>
      <p>
        <bdi>{partner.name}</bdi>
        <span class="quiet desk-under">
          {issuedAt === null
            ? 'Not issued yet: as it would be today.'
            : `Issued ${dayText(issuedAt.slice(0, 10), '')}.`}{' '}
          All amounts in {currency}.
        </span>
      </p>
      {lines.length === 0 ? (
        <p>Nothing in this month.</p>
      ) : (
        <ul class="form-fields">
          {lines.map((entry) => (
            <li class="desk-entry">
              <p>
                <bdi>{entryText(entry)}</bdi> {entry.code && <span class="intro-code">{entry.code}</span>}
                <span class="quiet desk-under">{dayText(entry.onDate, today)}</span>
              </p>
              <p class="number">{owedText(entry.amount, entry.currency ?? currency)}</p>
            </li>
          ))}
        </ul>
      )}
      <p class="desk-sum">{owedText(totalMinor, currency)}</p>
      <p class="quiet">{counted(lines.length, 'line')}</p>
      <p class="tap-row not-printed">
        <a class="button" href={csv}>
          As a file (CSV)
        </a>
        <a class="button" href="/partner/account">
          Back to the account
        </a>
      </p>
    </article>
  )
}

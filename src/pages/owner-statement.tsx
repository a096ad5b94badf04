/** A month's account with a partner, to look at, to print and to issue. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import type { AccountAnswer } from '../http/statements.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import { moneyWords, page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import { dateWords, fieldWords, OwnerWays } from './owner-fields.tsx'
import { at } from './owner-terms.tsx'

export function ownerStatement(app: App): void {
  app.get('/owner/partners/:id/statements/:month', (c) => show(c, asking(c, app), null))

  app.post('/owner/partners/:id/statements/:month', async (c) => {
    await formOf(c)
    const call = asking(c, app)
    const { id, month } = c.req.param()
    const said = await call('POST', at`/v1/partners/${id}/statements/${month}`, {})
    if (said.ok) return c.redirect(at`/owner/partners/${id}/statements/${month}`, 303)
    c.status(said.status as 409)
    return show(c, call, said.detail)
  })
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const monthWords = (month: string) => `${MONTHS[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`

/** The month so many before or after another. */
function monthFrom(month: string, by: number): string {
  const n = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + by
  return `${Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`
}

async function show(c: Context<Env>, call: Ask, trouble: string | null) {
  const [id, month] = [c.req.param('id')!, c.req.param('month')!]
  const account = await good(call<AccountAnswer>('GET', at`/v1/partners/${id}/statements/${month}`))
  const { partner, lines, currency, totalMinor, issuedAt } = account
  const money = (minor: number) => moneyWords(minor, currency)
  const own = at`/owner/partners/${id}/statements/${month}`
  return page(
    c,
    {
      title: `${partner.name}, ${monthWords(month)} · Encore`,
      here: 'owner',
      description: 'A monthly statement.',
    },
    <div class="owner owner-statement">
      <header class="owner-head">
        <p class="quiet">Statement with</p>
        <h1 class="display">
          <bdi>{partner.name}</bdi>
        </h1>
        <p class="owner-lead">
          {monthWords(month)},{' '}
          {issuedAt === null ? 'as it would be issued now' : `issued on ${dateWords(issuedAt.slice(0, 10))}`}
        </p>
      </header>
      <OwnerWays here="partners" />
      {trouble && (
        <p class="note note-bad" role="alert">
          <strong>Not issued.</strong> {trouble}
        </p>
      )}
      {lines.length === 0 ? (
        <p>Nothing is due in this month.</p>
      ) : (
        <table class="owner-table">
          <thead>
            <tr>
              <th scope="col">Date</th>
              <th scope="col">Code</th>
              <th scope="col">What</th>
              <th scope="col" class="number">
                Amount
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => (
              <tr>
                <th scope="row">{dateWords(line.onDate)}</th>
                <td data-label="Code">{line.code ?? '–'}</td>
                <td data-label="What">
                  {fieldWords(line.cause)}
                  {line.note && `, ${line.note}`}
                </td>
                <td data-label="Amount" class="number">
                  {money(line.amount)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="owner-total">
        <span>{totalMinor < 0 ? 'We owe' : 'Owed to us'}</span> <strong>{money(Math.abs(totalMinor))}</strong>
      </p>
      <div class="owner-keys not-printed">
        {issuedAt === null && (
          <form method="post" action={own}>
            <button type="submit" class="yes-key">
              Issue it
            </button>
          </form>
        )}
        <a class="button" href={at`/v1/partners/${id}/statements/${month}/csv`} download>
          As CSV
        </a>
        <a class="button" href={at`/owner/partners/${id}/statements/${monthFrom(month, -1)}`}>
          {monthWords(monthFrom(month, -1))}
        </a>
        <a class="button" href={at`/owner/partners/${id}/statements/${monthFrom(month, 1)}`}>
          {monthWords(monthFrom(month, 1))}
        </a>
      </div>
      {issuedAt === null && (
        <p class="quiet not-printed">
          What is issued never changes; what comes later is in a later statement.
        </p>
      )}
    </div>,
  )
}

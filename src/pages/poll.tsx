/** A question to one family, by a link of its own: no sign-in, one tap. Her answer is kept with what we know of her. */
import type { Context } from 'hono'
import { closedWhy } from '../core/poll.ts'
import { dateOf, localDay } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import { stored } from '../http/auth.ts'
import { recordAnswer } from '../http/poll-answers.ts'
import { countLinkAnswers, findAnswer, findLink } from '../store/poll.ts'
import { formOf } from './ask.ts'
import { page } from './layout.tsx'

const CHOICES = [
  ['yes', 'Yes'],
  ['maybe', 'Maybe'],
  ['no', 'No'],
] as const

export function pollPage(app: App): void {
  app.get('/poll/:token', async (c) => {
    const found = await linkOf(c)
    if (found === null)
      return notice(c, 404, 'This link is not one of ours.', 'Perhaps a letter of it is missing.')
    if (found.answer !== null)
      return notice(
        c,
        200,
        'Thank you.',
        'Your answer is with what we know of you. Tell us in the shop if you change your mind.',
        found.shop,
      )
    if (found.isOver) return notice(c, 410, 'This question is over.', 'Thank you all the same.', found.shop)
    return page(
      c,
      {
        title: `One question · ${found.shop}`,
        here: 'start',
        description: 'One question, one tap.',
        own: true,
      },
      <section class="card question-page">
        <p class="label">
          One question from <bdi>{found.shop}</bdi>
        </p>
        {found.events.isTakenBack && (
          <p class="note" role="status">
            The answer that you gave before was taken back, and counts no more. If you like, answer anew.
          </p>
        )}
        <h1 class="display">{found.poll.question}</h1>
        <form method="post" action={`/poll/${c.req.param('token')}`} class="answer-keys">
          {CHOICES.map(([value, says]) => (
            <button type="submit" name="answer" value={value} class="answer-key">
              {says}
            </button>
          ))}
        </form>
        <p class="quiet">
          One tap. We keep your answer with what we know of you; you can see and forget it any time: ask in
          the shop. A yes means that we may offer it to you; a no, that we never will.
        </p>
      </section>,
    )
  })

  app.post('/poll/:token', async (c) => {
    const form = await formOf(c)
    const found = await linkOf(c)
    const answer = CHOICES.find(([value]) => value === form.get('answer'))?.[0]
    const token = c.req.param('token')
    // Whoever taps twice answered once; the page says how it stands.
    if (found === null || found.isOver || found.answer !== null || answer === undefined)
      return c.redirect(`/poll/${token}`, 303)
    const { link, poll } = found
    const said = await recordAnswer(c.get('deps'), null, {
      eventId: found.events.next,
      customer: link.customer,
      answer,
      goal: poll.goal,
      poll,
      touchpoint: link.via === 'letter' ? 'letter' : 'web',
      atMs: c.get('deps').clock(),
    })
    if (!said.recorded)
      return notice(
        c,
        200,
        'Thank you.',
        'You asked us not to remember anything about you, so we kept no answer.',
        found.shop,
      )
    return c.redirect(`/poll/${token}`, 303)
  })
}

/** The link that an address is, how its poll stands, and what was answered to it. */
async function linkOf(c: Context<Env>) {
  const { engine, clock, snapshot } = c.get('deps')
  const token = c.req.param('token') ?? ''
  const found = await stored(findLink(engine, token))
  if (found === null) return null
  const { sites } = await stored(snapshot.refresh())
  const site = sites.get(found.siteId)
  const today = dateOf(localDay(clock(), site?.timeZone ?? 'UTC'))
  return {
    ...found,
    shop: site?.name ?? found.siteId,
    isOver: closedWhy(found.poll, today) !== null,
    answer: await stored(findAnswer(engine, found.poll.id, found.link.customer)),
    events: await stored(countLinkAnswers(engine, token)),
  }
}

async function notice(
  c: Context<Env>,
  status: 200 | 404 | 410,
  heading: string,
  says: string,
  shop: string | null = null,
): Promise<Response> {
  c.status(status)
  return page(
    c,
    { title: `${heading} · ${shop ?? 'Encore'}`, here: 'start', description: heading, own: true },
    <section class="card question-page">
      {shop !== null && (
        <p class="label">
          <bdi>{shop}</bdi>
        </p>
      )}
      <h1 class="display">{heading}</h1>
      <p>{says}</p>
    </section>,
  )
}

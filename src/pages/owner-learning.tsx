/** What was learned: whether predictions come true, how each offer is met, and the levers that would predict better. */
import type { Context } from 'hono'
import { counted } from '../core/counted.ts'
import { short } from '../core/offer.ts'
import type { App, Env } from '../http/app-context.ts'
import type { CalibrationAnswer, LearnedAnswer } from '../http/calibration.ts'
import { Problem } from '../http/problem.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import { DotsWithIntervals } from './chart.tsx'
import { page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import { OwnerWays, Section } from './owner-fields.tsx'

/** Offers in the picture; all of them are in the table of the API. */
const MOST_OFFERS = 12

export function ownerLearning(app: App): void {
  app.get('/owner/learning', (c) => show(c, asking(c, app), null))

  app.post('/owner/learning', async (c) => {
    await formOf(c)
    const call = asking(c, app)
    const said = await call<LearnedAnswer>('POST', '/v1/policies/propose-learned', {})
    if (!said.ok) throw new Problem(said.code, said.detail)
    if (said.body.proposed !== null)
      return c.redirect(`/owner/policy/${said.body.proposed.version}?done=proposed`, 303)
    return show(c, call, said.body.says)
  })
}

/** From fewer sayings than these, how far apart they lie is chance. */
const LEAST_SAYINGS = 30

const percent = (share: number) => `${Math.round(share * 100)} %`

async function show(c: Context<Env>, call: Ask, says: string | null) {
  const made = await good(call<CalibrationAnswer>('GET', '/v1/calibration'))
  const { said, yes, unheard, bands, expectedError, offers } = made
  return page(
    c,
    { title: 'Learning · Encore', here: 'owner', description: 'What was predicted, and what came true.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Learning</h1>
        <p class="owner-lead">
          What was predicted when something was said, and what came of it. Counted from what tills told us.
        </p>
      </header>
      <OwnerWays here="learning" />
      {says !== null && (
        <p class="note" role="status">
          {says}
        </p>
      )}
      <Section
        id="calibration"
        title="Does it come true?"
        says="A yes is an answer that she ever accepted or booked, whatever came after. One that was said, and of which nothing more was heard, counts as said without a yes; that is no decline. An answer of which nobody told us whether it was said is not counted at all."
      >
        <p>
          <span class="lift-tag lift-counted">counted</span>{' '}
          {said === 0
            ? 'Nobody told us yet of an answer that was said.'
            : `${counted(said, 'answer was', 'answers were')} said aloud, with ${counted(yes, 'yes', 'yeses')}.`}
          {unheard > 0 && ` Nobody told us what became of ${counted(unheard, 'other', 'others')}.`}
        </p>
        {said > 0 && (
          <DotsWithIntervals
            id="calibration-picture"
            title="How many said yes, by what was predicted"
            says={`Where predictions come true, each dot lies at the share that its line names. ${said < LEAST_SAYINGS ? `How far apart they lie cannot be told from ${said} yet: ${LEAST_SAYINGS} are needed.` : `On average they lie ${percent(expectedError)} apart.`}`}
            points={bands.map(({ predicted, share, low, high, said: n }) => ({
              label: `predicted ${percent(predicted)} (${n} ×)`,
              value: share,
              low,
              high,
            }))}
            format={percent}
            within={[0, 1]}
            columns={{ label: 'Predicted', value: 'Said yes', low: 'At least', high: 'At most' }}
          />
        )}
      </Section>
      {offers.length > 0 && (
        <Section id="offers" title="How each offer is met">
          <DotsWithIntervals
            id="offers-picture"
            title="Yeses where it was said"
            says={`${offers.length > MOST_OFFERS ? `The ${MOST_OFFERS} offers that were said most` : 'Each offer that was said'}, with the same yeses and 95 % intervals.`}
            points={offers.slice(0, MOST_OFFERS).map(({ headline, said: n, share, low, high }) => ({
              label: `${short(headline, 40)} (${n} ×)`,
              value: share,
              low,
              high,
            }))}
            format={percent}
            within={[0, 1]}
            columns={{ label: 'Offer', value: 'Said yes', low: 'At least', high: 'At most' }}
          />
        </Section>
      )}
      <Section
        id="learn"
        title="Levers that would have predicted better"
        says="How much purchases, visits and what staff noticed are believed, how fast that fades, and how many yeses a perfect fit promises. Learned from what was said, held near their usual values. It becomes a proposal that you preview first."
      >
        <form method="post" action="/owner/learning">
          <button type="submit" class="primary">
            Work out a proposal
          </button>
        </form>
      </Section>
    </div>,
  )
}

/** Why this answer: what a manager may read and a till never sees. */
import { GATES } from '../core/gate.ts'
import { spokenDate } from '../core/time.ts'
import type { Explanation } from '../http/explanations.ts'
import { Bar } from './layout.tsx'
import type { TillView } from './till-page.tsx'

const ARMS: Record<string, string> = {
  offer: 'the best of all that passed',
  explore: 'a near equal of the best, taken to learn',
  holdout: 'comparison group',
  silence: 'a moment kept quiet by chance, to learn what speaking changes',
  none: 'no choice was left',
}
const CAUSES: Record<string, string> = {
  CARE: 'A complaint or a promise is open: we care and do not sell.',
  HOLDOUT: 'This household is in the comparison group, which shows what our words really change.',
  MOMENT: 'This moment was kept quiet by chance, to learn what speaking changes.',
}
const KINDS: Record<string, string> = {
  told: 'she told us',
  answered: 'she answered',
  noticed: 'we noticed',
  toldNo: 'she told us no',
  bought: 'bought',
  declined: 'declined',
  booked: 'booked',
  attended: 'attended',
  enrolled: 'enrolled',
  completed: 'completed',
  recitalScheduled: 'recital scheduled',
}
const PARTS: Record<string, string> = {
  fit: 'fit',
  step: 'step',
  affinity: 'goes with',
  propensity: 'acceptance',
  readiness: 'readiness',
  nextStep: 'next step',
  value: 'value',
}
const GROUPS = {
  eligible: 'May we?',
  applicable: 'Does it make sense now?',
  suitable: 'Is it kind?',
} as const

const share = (n: number) =>
  n
    .toFixed(3)
    .replace(/^0/, '')
    .replace(/^1\.000$/, '1')
const percent = (n: number) => `${Math.round(n * 100)} %`

export function Why({ view, explanation: why }: { view: TillView; explanation: Explanation }) {
  const { catalogue } = view
  const named = (id: string | null) =>
    (id === null ? undefined : catalogue.listedById.get(id)?.offer.headline) ?? id ?? ''
  const goal = (slug: string) => catalogue.goals[catalogue.goalIndex.get(slug) ?? -1]?.name ?? slug
  return (
    <details class="fold why" id="why">
      <summary>Why this answer?</summary>
      <p class="quiet">For managers and owners. A till never sees any of it.</p>

      <section aria-labelledby="why-cause">
        <h3 id="why-cause">{why.silence === null ? 'What was chosen' : 'The true cause of the silence'}</h3>
        {why.silence !== null && (
          <p class="cause">
            <code>{why.silence}</code>{' '}
            {CAUSES[why.silence] ?? (
              <>
                The offer that fitted best was refused:{' '}
                {lowered(GATES.find((gate) => gate.code === why.silence)?.says ?? why.silence)}
              </>
            )}
          </p>
        )}
        <dl class="facts">
          {why.offerId !== null && (
            <div>
              <dt>Offer</dt>
              <dd>
                {named(why.offerId)} <code>{why.offerId}</code>
              </dd>
            </div>
          )}
          <div>
            <dt>Arm</dt>
            <dd>
              <code>{why.arm}</code> {ARMS[why.arm] ?? ''}
            </dd>
          </div>
          <div>
            <dt>Chance of this answer</dt>
            <dd>{percent(why.propensity)}</dd>
          </div>
          <div>
            <dt>Did money change the order?</dt>
            <dd>{why.moneyChangedOrder ? 'Yes' : 'No'}</dd>
          </div>
          <div>
            <dt>Rests on</dt>
            <dd>
              policy {why.policyVersion}, data {why.dataVersion}
              {why.dataVersionNow !== why.dataVersion && ` (now ${why.dataVersionNow})`}
            </dd>
          </div>
        </dl>
      </section>

      <section aria-labelledby="why-goals">
        <h3 id="why-goals">What we think they want</h3>
        {why.goals.length === 0 ? (
          <p class="quiet">Nothing is known: no evidence at all.</p>
        ) : (
          <ul class="goals">
            {why.goals.map((each) => (
              <li>
                <p class="goal-head">
                  <strong>{goal(each.goal)}</strong>
                  <span class="number">{share(each.confidence)}</span>
                </p>
                <Bar share={each.confidence} from={each.prior} />
                <ul class="evidence">
                  <li class="quiet">
                    <span>before any evidence</span> <span class="number">{share(each.prior)}</span>
                  </li>
                  {each.evidence.map((line) => (
                    <li>
                      <span>
                        {line.id.startsWith('basket:')
                          ? 'in the basket now'
                          : (KINDS[line.kind] ?? line.kind)}
                        {line.facet && (
                          <>
                            : <bdi>{line.facet}</bdi>
                          </>
                        )}
                        {!line.id.startsWith('basket:') && (
                          <span class="quiet">
                            {' '}
                            {spokenDate(line.on)} {line.on.slice(0, 4)}
                          </span>
                        )}
                      </span>{' '}
                      <span class="number">{share(line.now)}</span>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        )}
      </section>

      <section aria-labelledby="why-scored">
        <h3 id="why-scored">What passed every gate, best first</h3>
        {why.scored.length === 0 ? (
          <p class="quiet">Nothing did.</p>
        ) : (
          <ol class="scored">
            {why.scored.map((each) => (
              <li>
                <p class="goal-head">
                  <strong>{named(each.offerId)}</strong>
                  <span class="number">{share(each.score)}</span>
                </p>
                <Bar share={each.score} />
                <p class="parts">
                  {Object.entries(each.parts)
                    .filter(([part, value]) => part === 'fit' || value !== 1)
                    .map(([part, value], i) => (
                      <>
                        {i > 0 && ' × '}
                        <span>
                          {PARTS[part] ?? part} <b>{value.toFixed(3)}</b>
                        </span>
                      </>
                    ))}
                </p>
              </li>
            ))}
          </ol>
        )}
        {why.scored.length > 0 && <p class="quiet">Parts that are not shown are 1.</p>}
      </section>

      <section aria-labelledby="why-refused">
        <h3 id="why-refused">What was refused, by the first gate that said no</h3>
        {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => {
          const gates = GATES.filter((gate) => gate.group === group && why.refusalCounts[gate.code])
          return (
            gates.length > 0 && (
              <div class="gate-group">
                <h4>{GROUPS[group]}</h4>
                {gates.map((gate) => (
                  <details class="gate">
                    <summary>
                      <span>
                        {gate.says} <code>{gate.code}</code>
                      </span>
                      <span class="number">{why.refusalCounts[gate.code]}</span>
                    </summary>
                    <ul>
                      {why.refusals
                        .filter((each) => each.gate === gate.code)
                        .sort((a, b) => b.fit - a.fit)
                        .map((each) => (
                          <li>
                            <span>{named(each.offerId)}</span>{' '}
                            <span class="number">fit {share(each.fit)}</span>
                          </li>
                        ))}
                    </ul>
                  </details>
                ))}
              </div>
            )
          )
        })}
      </section>
      <p class="ways">
        <a class="button" href={`/owner/personas/new?from=${encodeURIComponent(why.id)}`}>
          Keep such a household as a test
        </a>
      </p>
    </details>
  )
}

const lowered = (sentence: string) => sentence[0]!.toLowerCase() + sentence.slice(1)

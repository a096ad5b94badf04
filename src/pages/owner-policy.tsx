/** The policy workshop: every lever, a proposal, what it would change, putting it in force and taking it back. */
import type { Context } from 'hono'
import { counted } from '../core/counted.ts'
import type { LEVERS } from '../core/policy.ts'
import { localIso } from '../core/time.ts'
import type { App, Env } from '../http/app-context.ts'
import type { ShownPolicy, ShownPreview } from '../http/policies.ts'
import { Problem } from '../http/problem.ts'
import type { Ask, Said } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Field, idOf, wrongOf } from './form-fields.tsx'
import { moneyWords, page } from './layout.tsx'
import { good } from './owner-alliances.tsx'
import {
  actorNames,
  DoneNote,
  dateWords,
  fieldWords,
  Group,
  Hidden,
  OwnerWays,
  Section,
  Tick,
  TroubleNote,
  troubleOf,
} from './owner-fields.tsx'

type Lever = {
  lever: string
  says: string
  default: number
  min: number
  max: number
  whole: boolean
  inForce: number
}
type Policies = { inForce: number; levers: Lever[]; policies: ShownPolicy[] }

/** Levers in the order in which deciding uses them, by the first of each part. */
const PARTS: [first: keyof typeof LEVERS, name: string, says: string][] = [
  ['priorShare', 'Understand', 'How much is believed of what a customer wants.'],
  ['leadDays', 'Gates', 'What may not be said at all, however well it fits.'],
  ['facetUnknown', 'Score', 'What puts one offer before another.'],
  ['exploreWithin', 'Choose', 'What is tried, and what is left unsaid to measure by.'],
  ['askDays', 'Ask, hold', 'Questions, places and codes.'],
]

/** The levers that one understands without the others: they stand first, in plain words. */
const PLAIN = new Map<string, string>([
  ['fitFloor', 'How well it must fit'],
  ['quietDays', 'Days of quiet after something was said'],
  ['sayAtMost', 'How often the same offer is said'],
  ['basketTimes', 'How big a step may be, in usual baskets'],
  ['silenceShare', 'How often chance keeps silent, to measure by'],
] satisfies [keyof typeof LEVERS, string][])

const DONE: Record<string, string> = {
  proposed: 'The proposal is kept. Nothing changes at the tills yet: this is what it would change.',
  activated: 'It is in force: the very next answer is by it.',
  back: 'It is in force again: the very next answer is by it.',
  withdrawn: 'The proposal is withdrawn.',
}

export function ownerPolicy(app: App): void {
  app.get('/owner/policy', (c) =>
    workshop(c, asking(c, app), { typed: new Map(), note: '', trouble: null, done: doneOf(c) }),
  )

  app.post('/owner/policy', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    if (form.get('do') === 'back') {
      const version = form.get('version') ?? ''
      const said = await call(
        'POST',
        `/v1/policies/${encodeURIComponent(version)}/activate`,
        {},
        { 'if-match': form.get('etag') ?? '' },
      )
      if (said.ok) return c.redirect('/owner/policy?done=back', 303)
      return refused(c, said, (trouble) =>
        workshop(c, call, { typed: new Map(), note: '', trouble, done: null }),
      )
    }
    const { levers } = await good(call<Policies>('GET', '/v1/policies'))
    const typed = new Map(levers.map(({ lever }) => [lever, (form.get(lever) ?? '').trim()]))
    const changes = Object.fromEntries(
      levers.flatMap(({ lever, inForce }) => {
        const value = numberFrom(typed.get(lever)!)
        return value === undefined || value === inForce ? [] : [[lever, value]]
      }),
    )
    const note = (form.get('note') ?? '').trim()
    const said = await call<ShownPolicy>('POST', '/v1/policies', { changes, ...(note ? { note } : {}) })
    if (said.ok) return c.redirect(`/owner/policy/${said.body.version}?done=proposed`, 303)
    const nothing = !said.ok && said.errors.length === 1 && said.errors[0]!.field === 'changes'
    return refused(
      c,
      said,
      (trouble) =>
        workshop(c, call, {
          typed,
          note,
          trouble: nothing ? { detail: 'Nothing is changed yet.', errors: [] } : trouble,
          done: null,
        }),
      'changes.',
    )
  })

  app.get('/owner/policy/:version', (c) =>
    version(c, asking(c, app), c.req.param('version'), { trouble: null, done: doneOf(c) }),
  )

  app.post('/owner/policy/:version', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const number = c.req.param('version')
    const path = `/v1/policies/${encodeURIComponent(number)}`
    const what = form.get('do')
    if (what !== 'withdraw' && what !== 'activate')
      return c.redirect(`/owner/policy/${encodeURIComponent(number)}`, 303)
    const withdraws = what === 'withdraw'
    const said = withdraws
      ? await call('DELETE', path)
      : await call('POST', `${path}/activate`, {
          digest: form.get('digest') ?? '',
          evenSo: form.get('evenSo') === 'yes',
        })
    if (said.ok)
      return c.redirect(
        withdraws
          ? '/owner/policy?done=withdrawn'
          : `/owner/policy/${encodeURIComponent(number)}?done=activated`,
        303,
      )
    return refused(c, said, (trouble) => version(c, call, number, { trouble, done: null }))
  })
}

const doneOf = (c: Context<Env>): string | null => DONE[c.req.query('done') ?? ''] ?? null

function refused(
  c: Context<Env>,
  said: Extract<Said<unknown>, { ok: false }>,
  show: (trouble: Trouble) => Promise<Response>,
  without = '',
): Promise<Response> {
  if (said.status === 401 || said.status === 403 || said.status >= 500)
    throw new Problem(said.code, said.detail)
  c.status(said.status as 422)
  return show(troubleOf(said, without))
}

/** What was typed as a number; undefined for nothing; what is none goes to the service as it is, which says so. */
function numberFrom(typed: string): unknown {
  if (typed === '') return undefined
  const plain = typed.replace(',', '.')
  return /^-?\d{1,9}(\.\d{1,9})?$/.test(plain) ? Number(plain) : typed
}

type Shown = {
  typed: ReadonlyMap<string, string>
  note: string
  trouble: Trouble | null
  done: string | null
}

async function workshop(c: Context<Env>, call: Ask, { typed, note, trouble, done }: Shown) {
  const said = await call<Policies>('GET', '/v1/policies')
  if (!said.ok) throw new Problem(said.code, said.detail)
  const { inForce, levers, policies } = said.body
  const current = policies.find((each) => each.version === inForce)!
  const waiting = policies.filter(({ state }) => state === 'proposed')
  const earlier = policies.filter(({ state }) => state === 'earlier')
  const mayActivate = c.get('key').role === 'owner'
  const { nameOf, when } = await saysOf(c)
  const isPlain = ({ lever }: Lever) => PLAIN.has(lever)
  const isWrong = ({ lever }: Lever) => wrongOf(trouble, lever).length > 0
  const plain = [...PLAIN.keys()].flatMap((name) => levers.filter(({ lever }) => lever === name))
  const others = levers.filter((each) => !isPlain(each))
  const parts = partsOf(levers).map((part) => ({
    ...part,
    levers: part.levers.filter((each) => !isPlain(each)),
  }))
  return page(
    c,
    { title: 'Policy · Encore', here: 'owner', description: 'Every weight and floor of deciding.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">Policy</h1>
        <p class="owner-lead">
          Every weight, floor and limit of deciding. A change is proposed, tried on what was really decided,
          and then put in force, or not.
        </p>
      </header>
      <OwnerWays here="policy" />
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} not="done" names={Object.fromEntries(PLAIN)} />
      <Section id="in-force" title={`Version ${inForce} is in force`}>
        <p>
          {current.activatedAt !== null && `Since ${when(current.activatedAt)}. `}
          {current.note !== '' && <span>“{current.note}”</span>}
        </p>
        {current.changes.length > 0 && <Changes changes={current.changes} />}
      </Section>
      {waiting.length > 0 && (
        <Section id="waiting" title="Proposed, not in force">
          <ul class="owner-list">
            {waiting.map((each) => (
              <li>
                <a href={`/owner/policy/${each.version}`}>
                  Version {each.version}: {changesInShort(each)}
                </a>
                <span class="quiet">
                  by <bdi>{nameOf(each.proposedBy)}</bdi>, {when(each.createdAt)}
                  {each.note !== '' && `. ${each.note}`}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {earlier.length > 0 && (
        <Section
          id="earlier"
          title="In force before"
          says="Going back takes one tap: it was in force, so it needs no preview."
        >
          <ul class="owner-list owner-people">
            {earlier.map((each) => (
              <li>
                <a href={`/owner/policy/${each.version}`}>Version {each.version}</a>
                <span class="quiet">
                  {each.activatedAt !== null && `last from ${when(each.activatedAt)}`}
                </span>
                {mayActivate && <GoBack version={each.version} etag={said.etag} />}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section
        id="propose"
        title="Propose a change"
        says="Change what you want to try; everything else stays as it is in force."
      >
        <form method="post" action="/owner/policy" class="owner-form">
          <Group
            legend="How much, and how often"
            says="What an owner may want to turn first. All other levers are below."
          >
            {plain.map((lever) => (
              <LeverField lever={lever} typed={typed.get(lever.lever)} trouble={trouble} />
            ))}
          </Group>
          <details class="owner-check policy-part" open={others.some(isWrong)}>
            <summary>
              <strong>All other levers</strong>{' '}
              <span class="quiet">{others.length}, in the order in which deciding uses them.</span>
            </summary>
            {parts.map(({ name, says, levers }) => (
              <details class="owner-check policy-part" open={levers.some(isWrong)}>
                <summary>
                  <strong>{name}</strong> <span class="quiet">{says}</span>
                </summary>
                <Group legend={name}>
                  {levers.map((lever) => (
                    <LeverField lever={lever} typed={typed.get(lever.lever)} trouble={trouble} />
                  ))}
                </Group>
              </details>
            ))}
          </details>
          <Group legend="Why">
            <Field
              name="note"
              label="A note for who reads it later"
              value={note}
              rows={2}
              most={1000}
              trouble={trouble}
            />
          </Group>
          <p class="owner-keys">
            <button type="submit" class="primary">
              Keep the proposal and see what it would change
            </button>
          </p>
        </form>
      </Section>
    </div>,
  )
}

function partsOf(levers: readonly Lever[]): { name: string; says: string; levers: Lever[] }[] {
  const starts = PARTS.map(([first]) => levers.findIndex(({ lever }) => lever === first))
  return PARTS.map(([, name, says], i) => ({ name, says, levers: levers.slice(starts[i], starts[i + 1]) }))
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
/** Who and when, as the shop says it. */
async function saysOf(c: Context<Env>) {
  const catalogue = await c.get('deps').snapshot.refresh()
  const timeZone = catalogue.sites.values().next().value?.timeZone ?? 'UTC'
  return {
    nameOf: actorNames(catalogue),
    when: (instant: string) => {
      const local = localIso(Date.parse(instant), timeZone)
      return `${dateWords(local.slice(0, 10))}, ${local.slice(11, 16)}`
    },
  }
}

const leverWords = (lever: string) => capital(fieldWords(lever))

function LeverField(props: { lever: Lever; typed: string | undefined; trouble: Trouble | null }) {
  const { lever, typed, trouble } = props
  const plain = PLAIN.get(lever.lever)
  return (
    <Field
      name={lever.lever}
      label={plain ?? leverWords(lever.lever)}
      value={typed ?? String(lever.inForce)}
      numeric
      trouble={trouble}
      hint={`${plain === undefined ? '' : `${leverWords(lever.lever)}. `}${lever.says} From ${lever.min} to ${lever.max}${lever.whole ? ', whole' : ''}; usually ${lever.default}.`}
    />
  )
}

function Changes({ changes }: { changes: ShownPolicy['changes'] }) {
  return (
    <dl class="owner-differences">
      {changes.map(({ lever, before, after, says }) => (
        <div>
          <dt>{fieldWords(lever)}</dt>
          <dd>
            <span class="unseen">before: </span>
            <del>{before}</del> <span aria-hidden="true">→</span> <span class="unseen">after: </span>
            <ins>{after}</ins> <span class="quiet">{says}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

const changesInShort = ({ changes }: ShownPolicy): string =>
  changes
    .slice(0, 3)
    .map(({ lever, before, after }) => `${fieldWords(lever)} ${before} → ${after}`)
    .join(', ') + (changes.length > 3 ? ` and ${changes.length - 3} more` : '')

const STATE_WORDS: Record<ShownPolicy['state'], string> = {
  proposed: 'Proposed, not in force.',
  inForce: 'In force.',
  earlier: 'It was in force before.',
  withdrawn: 'Withdrawn: it can never come into force.',
}

async function version(
  c: Context<Env>,
  call: Ask,
  number: string,
  { trouble, done }: Pick<Shown, 'trouble' | 'done'>,
) {
  const path = `/v1/policies/${encodeURIComponent(number)}`
  const made = await call<ShownPolicy>('GET', path)
  if (!made.ok) throw new Problem(made.status === 400 ? 'not_found' : made.code)
  const policy = made.body
  const mayActivate = c.get('key').role === 'owner'
  const said = await call<Policies>('GET', '/v1/policies')
  if (!said.ok) throw new Problem(said.code, said.detail)
  // What was in force before this one.
  const back = said.body.policies
    .filter(({ state }) => state === 'earlier')
    .reduce<ShownPolicy | null>(
      (last, each) => (last === null || lastOf(each) > lastOf(last) ? each : last),
      null,
    )
  const preview =
    policy.state === 'proposed' ? await good(call<ShownPreview>('GET', `${path}/preview`)) : null
  const { sites } = await c.get('deps').snapshot.refresh()
  const siteName = (id: string) => sites.get(id)?.name ?? id
  const { nameOf, when } = await saysOf(c)
  return page(
    c,
    {
      title: `Policy, version ${policy.version} · Encore`,
      here: 'owner',
      description: 'A version of the policy, and what it would change.',
    },
    <div class="owner">
      <header class="owner-head">
        <p>
          <a href="/owner/policy">Policy</a>
        </p>
        <h1 class="display">Version {policy.version}</h1>
        <p class="owner-lead">{STATE_WORDS[policy.state]}</p>
        <p class="quiet">
          Proposed by <bdi>{nameOf(policy.proposedBy)}</bdi>, {when(policy.createdAt)}
          {policy.activatedAt !== null && policy.activatedBy !== null && (
            <>
              ; last put in force by <bdi>{nameOf(policy.activatedBy)}</bdi>, {when(policy.activatedAt)}
            </>
          )}
          .
        </p>
      </header>
      <OwnerWays here="policy" />
      <DoneNote says={done} />
      {policy.state === 'inForce' && back !== null && mayActivate && (
        <GoBack version={back.version} etag={said.etag} />
      )}
      <TroubleNote trouble={trouble} not="put in force" />
      <Section
        id="changes"
        title={policy.origin === null ? 'How it began' : `Against version ${policy.origin}`}
      >
        {policy.changes.length > 0 ? (
          <Changes changes={policy.changes} />
        ) : (
          <p class="quiet">The usual value of every lever.</p>
        )}
        {policy.note !== '' && <p>“{policy.note}”</p>}
      </Section>
      {preview && (
        <>
          <PreviewParts preview={preview} siteName={siteName} />
          <Decide policy={policy} preview={preview} mayActivate={mayActivate} />
        </>
      )}
    </div>,
  )
}

const lastOf = ({ activatedAt }: ShownPolicy): string => activatedAt ?? ''

/** One tap puts an earlier version in force again. */
function GoBack({ version, etag }: { version: number; etag: string | null }) {
  return (
    <form method="post" action="/owner/policy">
      <Hidden fields={{ do: 'back', version: String(version), etag: etag ?? '' }} />
      <button type="submit">Go back to version {version}</button>
    </form>
  )
}

/** What the preview found, part by part. */
function PreviewParts({ preview, siteName }: { preview: ShownPreview; siteName(id: string): string }) {
  const { window, all, sites, moves, otherMoves, leftWithNothing, silencedOffers, personas, value } = preview
  const nameOf = (id: string | null) => (id === null ? 'nothing' : (preview.headlines[id] ?? id))
  const moved = moves.reduce((sum, { count }) => sum + count, otherMoves)
  return (
    <>
      <Section
        id="preview"
        title="What it would change"
        says={`${counted(window.decisions, 'decision')} of the last ${counted(window.days, 'day')}, decided again by it: each by itself, from what it was made from, with the shop as it was.${window.capped ? ' There were more: these are the newest.' : ''}${window.cannot > 0 ? ` ${window.cannot} more cannot be decided again.` : ''}`}
      >
        {window.decisions === 0 ? (
          <p>Nothing is recorded yet that it could be tried on.</p>
        ) : (
          <TallyTable all={all} sites={sites} siteName={siteName} />
        )}
      </Section>
      {window.decisions > 0 && (
        <Section
          id="moves"
          title={
            moved === 0
              ? 'No answer would be another'
              : `${counted(moved, 'answer would be another', 'answers would be others')}`
          }
        >
          {moves.length > 0 && (
            <ul class="owner-list">
              {moves.map(({ from, to, count, examples }) => (
                <li>
                  <span>
                    <strong>{count} ×</strong> {nameOf(from)} <span aria-hidden="true">→</span>
                    <span class="unseen"> becomes </span> {nameOf(to)}
                  </span>
                  <span class="quiet">for example {examples.join(', ')}</span>
                </li>
              ))}
              {otherMoves > 0 && <li class="quiet">and {otherMoves} more of other kinds.</li>}
            </ul>
          )}
          <p>
            {leftWithNothing.customers === 0
              ? 'Nobody who hears something now would be left with nothing.'
              : `${counted(leftWithNothing.customers, 'customer who hears', 'customers who hear')} something now would be left with nothing.`}
          </p>
          {silencedOffers.length > 0 && (
            <>
              <h3>Offers that would never be said any more</h3>
              <ul class="owner-list">
                {silencedOffers.map(({ offerId, said }) => (
                  <li>
                    {nameOf(offerId)} <span class="quiet">said {said} × now</span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </Section>
      )}
      <Section
        id="value"
        title="What it would be worth"
        says="Estimated from the draws: what was said, with what chance, and what came of it."
      >
        <p>
          <strong>{value.says}</strong>{' '}
          {value.tag !== null && <span class={`lift-tag lift-${value.tag}`}>{value.tag}</span>}
        </p>
        {value.now !== null && <ValueTable value={value} />}
      </Section>
      <Section
        id="personas"
        title={`Personas: ${personas.filter(({ passes }) => passes).length} of ${counted(personas.length, 'passes', 'pass')}`}
      >
        <ul class="owner-list">
          {personas.map(({ name, passes, passesNow, why }) => (
            <li>
              <span>
                <strong class={passes ? undefined : 'is-bad'}>{passes ? 'Passes' : 'Fails'}</strong>: {name}
              </span>
              {!passes && (
                <span>
                  {why.join(' ')}
                  {!passesNow && ' It fails by the policy in force as well.'}
                </span>
              )}
            </li>
          ))}
        </ul>
        {personas.length === 0 && <p class="quiet">None is kept.</p>}
        <p class="ways">
          <a class="button" href="/owner/personas">
            The personas
          </a>
        </p>
      </Section>
    </>
  )
}

type Tally = ShownPreview['all']

function TallyTable(props: { all: Tally; sites: ShownPreview['sites']; siteName(id: string): string }) {
  const { all, sites, siteName } = props
  const rows: [string, Tally][] = [
    ['All', all],
    ...Object.entries(sites).map(([id, tally]): [string, Tally] => [siteName(id), tally]),
  ]
  const both = ({ now, tried }: { now: number; tried: number }, words: (n: number) => string) =>
    `${words(now)} → ${words(tried)}`
  const shareOf = (of: number) => (n: number) => (of === 0 ? '–' : `${Math.round((n / of) * 100)} %`)
  return (
    <table class="owner-table">
      <thead>
        <tr>
          <th scope="col">Where</th>
          <th scope="col">Decisions</th>
          <th scope="col">Something is said</th>
          <th scope="col">A partner’s</th>
          <th scope="col">Money changed the order</th>
          <th scope="col">What a sale of each would leave</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, tally]) => (
          <tr>
            <th scope="row">{name}</th>
            <td class="number" data-label="Decisions">
              {tally.decisions}
            </td>
            <td class="number" data-label="Something is said">
              {both(tally.speaks, String)} ({both(tally.speaks, shareOf(tally.decisions))})
            </td>
            <td class="number" data-label="A partner’s">
              {both(tally.partner, String)}
            </td>
            <td class="number" data-label="Money changed the order">
              {both(tally.moneyChangedOrder, String)}
            </td>
            <td class="number" data-label="What a sale of each would leave">
              {tally.marginMinor === null || tally.currency === null
                ? '–'
                : both(tally.marginMinor, (minor) => moneyWords(minor, tally.currency!))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function ValueTable({ value }: { value: ShownPreview['value'] }) {
  const perHundred = (n: number) => (n * 100).toFixed(1)
  const rows = [
    ['As it is now', value.now],
    ['It, by inverse propensity', value.ips],
    ['It, self-normalised', value.selfNormalised],
    ['It, doubly robust', value.doublyRobust],
  ] as const
  return (
    <>
      <table class="owner-table">
        <thead>
          <tr>
            <th scope="col">Yeses in 100 turns</th>
            <th scope="col">Estimate</th>
            <th scope="col">95 % interval</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(
            ([name, estimate]) =>
              estimate && (
                <tr>
                  <th scope="row">{name}</th>
                  <td class="number" data-label="Estimate">
                    {perHundred(estimate.value)}
                  </td>
                  <td class="number" data-label="95 % interval">
                    {perHundred(estimate.low)} to {perHundred(estimate.high)}
                  </td>
                </tr>
              ),
          )}
        </tbody>
      </table>
      <p class="quiet">
        {counted(value.turns, 'turn')} of {counted(value.customers, 'customer')} with{' '}
        {counted(value.yeses, 'yes', 'yeses')} on record, worth{' '}
        {counted(Math.floor(value.effectiveTurns), 'turn')} of its own. {Math.round(value.overlap * 100)} % of
        what it would do was tried at such a moment.
      </p>
    </>
  )
}

/** Put it in force, or withdraw it. */
function Decide(props: { policy: ShownPolicy; preview: ShownPreview; mayActivate: boolean }) {
  const { policy, preview, mayActivate } = props
  const { refusals } = preview
  const never = refusals.some(({ always }) => always)
  return (
    <Section id="decide" title="Decide">
      {refusals.length > 0 && (
        <div class="note note-bad">
          <p>
            <strong>{never ? 'It cannot be put in force.' : 'This speaks against it.'}</strong>
          </p>
          <ul class="owner-errors">
            {refusals.map(({ says }) => (
              <li>{says}</li>
            ))}
          </ul>
        </div>
      )}
      {!never && mayActivate && (
        <form method="post" action={`/owner/policy/${policy.version}`} class="owner-form">
          <Hidden fields={{ do: 'activate', digest: preview.digest }} />
          {refusals.length > 0 && <Tick name="evenSo" label="I want it even so" on={false} />}
          <p class="owner-keys">
            <button type="submit" class="primary" id={idOf('evenSo')}>
              Put version {policy.version} in force
            </button>
          </p>
        </form>
      )}
      {!mayActivate && <p class="quiet">The owner puts it in force.</p>}
      <form method="post" action={`/owner/policy/${policy.version}`}>
        <Hidden fields={{ do: 'withdraw' }} />
        <button type="submit">Withdraw the proposal</button>
      </form>
    </Section>
  )
}

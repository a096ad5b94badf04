/** The terms with a partner in plain words, what a proposal changes, and its yes or no. */
import type { Child } from 'hono/jsx'
import type { AllianceState } from '../core/alliance.ts'
import type { Commission, Difference, Favours, TermsRecord } from '../core/terms.ts'
import type { App } from '../http/app-context.ts'
import { formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import type { Desk } from './partner-frame.tsx'
import {
  counted,
  dayText,
  deskOf,
  deskPage,
  read,
  sumText,
  TroubleNote,
  troubleOf,
} from './partner-frame.tsx'

type Version = { version: number; record: TermsRecord; agreedAt: string | null; inForce: boolean }
export type AllianceSeen = {
  id: string
  state: AllianceState
  terms: Version[]
  decisions: { version: number; side: 'shop' | 'partner'; decision: 'agree' | 'decline' }[]
}

/** The alliances that the partner may see, drafts of the shop's not among them. */
export async function alliancesOf(desk: Desk): Promise<AllianceSeen[]> {
  const { items } = await read<{ items: { id: string }[] }>(desk, '/v1/alliances?limit=20')
  return Promise.all(
    items.map(({ id }) => read<AllianceSeen>(desk, `/v1/alliances/${encodeURIComponent(id)}`)),
  )
}

const OPEN: readonly AllianceState[] = ['proposed', 'agreed', 'live', 'paused']

/** The version that waits for the partner's word; null for none. */
export function waitingOf({ state, terms, decisions }: AllianceSeen): Version | null {
  const newest = terms.at(-1)
  if (!newest || newest.agreedAt !== null || !OPEN.includes(state)) return null
  const isSaid = decisions.some(
    ({ version, side, decision }) =>
      version === newest.version && (side === 'partner' || decision === 'decline'),
  )
  return isSaid ? null : newest
}

export function partnerTerms(app: App): void {
  app.get('/partner/terms', async (c) => {
    const desk = await deskOf(c, app)
    return deskPage(
      c,
      ABOUT,
      <Terms desk={desk} {...(await termsOf(desk))} trouble={null} did={c.req.query('did')} />,
    )
  })

  app.post('/partner/terms', async (c) => {
    const form = await formOf(c)
    const desk = await deskOf(c, app)
    const decision = form.get('do') ?? ''
    const id = form.get('alliance') ?? ''
    const body = { version: Number(form.get('version')), decision }
    // The same decision again changes nothing: it needs no key.
    const said = await desk.call('POST', `/v1/alliances/${encodeURIComponent(id)}/decisions`, body)
    if (said.ok) return c.redirect(`/partner/terms?did=${decision}`, 303)
    c.status(422)
    return deskPage(c, ABOUT, <Terms desk={desk} {...(await termsOf(desk))} trouble={troubleOf(said)} />)
  })
}

const ABOUT = { title: 'Terms', here: 'terms' } as const

type Proposal = { alliance: AllianceSeen; waiting: Version; changes: Difference[] }

async function termsOf(desk: Desk): Promise<{ alliances: AllianceSeen[]; proposals: Proposal[] }> {
  const alliances = await alliancesOf(desk)
  const proposals = await Promise.all(
    alliances.flatMap((alliance) => {
      const waiting = waitingOf(alliance)
      return waiting === null ? [] : [proposalOf(desk, alliance, waiting)]
    }),
  )
  return { alliances, proposals }
}

/** What a proposal changes in what is in force, or in what was agreed last. */
async function proposalOf(desk: Desk, alliance: AllianceSeen, waiting: Version): Promise<Proposal> {
  const before =
    alliance.terms.find(({ inForce }) => inForce) ??
    alliance.terms.findLast(({ agreedAt }) => agreedAt !== null)
  if (!before) return { alliance, waiting, changes: [] }
  const { differences } = await read<{ differences: Difference[] }>(
    desk,
    `/v1/alliances/${encodeURIComponent(alliance.id)}/terms/${waiting.version}/differences?from=${before.version}`,
  )
  return { alliance, waiting, changes: differences }
}

const STATES: Record<AllianceState, string> = {
  draft: 'not sent to you yet',
  proposed: 'proposed',
  agreed: 'agreed; it begins when the shop’s staff know it',
  live: 'live: the shop speaks of you',
  paused: 'paused: nothing of yours is offered until it goes on',
  ended: 'over; introductions that were made run on',
  declined: 'declined',
  expired: 'ran out before it was decided',
}

function Terms(props: {
  desk: Desk
  alliances: AllianceSeen[]
  proposals: Proposal[]
  trouble: Trouble | null
  did?: string | undefined
}) {
  const { desk, alliances, proposals, trouble, did } = props
  return (
    <>
      <h1 class="display">Terms</h1>
      <TroubleNote trouble={trouble} />
      {(did === 'agree' || did === 'decline') && (
        <p class="note" role="status">
          {did === 'agree'
            ? 'You agreed. The shop sees it now.'
            : 'You declined. What was agreed before stands, and the shop may propose again.'}
        </p>
      )}
      {proposals.map((proposal) => (
        <ProposalCard proposal={proposal} desk={desk} />
      ))}
      {alliances.length === 0 && <p class="quiet">There are no terms yet.</p>}
      {alliances.map((alliance) => {
        const shown = alliance.terms.find(({ inForce }) => inForce)
        return (
          <section class="card" aria-label="What is agreed">
            <h2>What is agreed</h2>
            <p class="quiet">It is {STATES[alliance.state]}.</p>
            {shown ? <Record record={shown.record} today={desk.today} /> : <p>Nothing is in force today.</p>}
          </section>
        )
      })}
    </>
  )
}

function ProposalCard({
  proposal: { alliance, waiting, changes },
  desk,
}: {
  proposal: Proposal
  desk: Desk
}) {
  const id = `v${waiting.version}`
  return (
    <section class="card" id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{changes.length > 0 ? 'Proposed to you: what changes' : 'Proposed to you'}</h2>
      {changes.length > 0 ? (
        <>
          <ul class="desk-changes">
            {changes.map(({ field, before, after }) => (
              <li>
                <p class="label">{fieldText(field)}</p>
                <p>
                  <s>
                    <span class="unseen">Before: </span>
                    <bdi>{valueText(field, before, waiting.record.currency, desk.today)}</bdi>
                  </s>{' '}
                  <span aria-hidden="true">→</span>{' '}
                  <strong>
                    <span class="unseen">Then: </span>
                    <bdi>{valueText(field, after, waiting.record.currency, desk.today)}</bdi>
                  </strong>
                </p>
              </li>
            ))}
          </ul>
          <details class="fold">
            <summary>All of it, as it would be</summary>
            <Record record={waiting.record} today={desk.today} />
          </details>
        </>
      ) : (
        <Record record={waiting.record} today={desk.today} />
      )}
      <p class="quiet">What is agreed now stands until you say yes. A yes or no is final for this version.</p>
      <form method="post" action="/partner/terms" class="tap-row">
        <input type="hidden" name="alliance" value={alliance.id} />
        <input type="hidden" name="version" value={String(waiting.version)} />
        <button type="submit" name="do" value="agree" class="yes-key">
          Agree
        </button>
        <button type="submit" name="do" value="decline">
          Decline
        </button>
      </form>
    </section>
  )
}

const PAYERS: Record<TermsRecord['paidBy'], string> = {
  partner: 'You pay for it; it costs the shop nothing.',
  shop: 'The shop pays for it.',
  shared: 'You share it with the shop.',
}
const RENEWALS: Record<TermsRecord['renewal'], string> = {
  none: 'It ends then.',
  byAgreement: 'It goes on if both say so.',
  automatic: 'It goes on by itself unless one of you ends it.',
}

/** A record of terms as the partner reads it: "you" is the partner. */
function Record({ record, today }: { record: TermsRecord; today: string }) {
  const { currency, exclusivity: only } = record
  const rows: [string, Child][] = [
    ['Families get', <bdi>{record.customerBenefit}</bdi>],
    ['Who pays', payText(record)],
    ['You to the shop', commissionText(record.toUs, currency, 'you', 'the shop')],
    ['The shop to you', commissionText(record.toThem, currency, 'the shop', 'you')],
    ['The shop does, each quarter', <Favoured favours={record.weDo} />],
    ['You do, each quarter', <Favoured favours={record.theyDo} />],
    ['At most', capacityText(record)],
    [
      'Of families',
      record.shares.includes('firstName')
        ? 'You see a first name where the family allows it, and nothing else.'
        : 'You see codes, and no names.',
    ],
    ['Promised', <Phrases of={record.wePromise} none="Nothing beside this." />],
    ['Never promised', <Phrases of={record.neverPromise} none="Nothing is ruled out." />],
    ['Said to families', record.disclosure === '' ? 'Nothing.' : <bdi>{record.disclosure}</bdi>],
    ['Your word', `Within ${counted(record.answerDays, 'day')} you say what became of a family.`],
    [
      'Only you',
      only === null ? (
        'The shop may send families to others too.'
      ) : (
        <>
          For <bdi>{only.trade}</bdi> the shop sends families to nobody else
          {only.withinMinutes !== null && ` within ${counted(only.withinMinutes, 'minute')} on foot`}
          {only.untilOn !== null && `, until ${dayText(only.untilOn, today)}`}.
        </>
      ),
    ],
    [
      'Until',
      `From ${dayText(record.startsOn, today)} to ${dayText(record.endsOn, today)}. ${RENEWALS[record.renewal]} ${counted(record.noticeDays, 'day')} of notice.`,
    ],
  ]
  return (
    <dl class="desk-terms">
      {rows.map(([name, says]) => (
        <div>
          <dt>{name}</dt>
          <dd>{says}</dd>
        </div>
      ))}
    </dl>
  )
}

function payText({ paidBy, benefitCostMinor, shopShareBasisPoints, currency }: TermsRecord): string {
  const cost =
    benefitCostMinor > 0 ? ` It is worth about ${sumText(benefitCostMinor, currency)} a family.` : ''
  const share = paidBy === 'shared' ? ` The shop bears ${percent(shopShareBasisPoints)}.` : ''
  return `${PAYERS[paidBy]}${share}${cost}`
}

function commissionText(rate: Commission, currency: string, from: string, to: string): string {
  const { basisPoints, minimumMinor, capMinor, holdDays } = rate
  if (basisPoints === 0 && !minimumMinor)
    return `No money: ${from} ${from === 'you' ? 'pay' : 'pays'} nothing to ${to}.`
  const least = minimumMinor ? `, at least ${sumText(minimumMinor, currency)}` : ''
  const most = capMinor === null ? '' : `, at most ${sumText(capMinor, currency)}`
  return `${percent(basisPoints)} of the first sale${least}${most}, due ${counted(holdDays, 'day')} later.`
}

const percent = (basisPoints: number) => `${basisPoints / 100} %`

function Favoured({ favours: { introductions, shelf, letter, jointEvents } }: { favours: Favours }) {
  const said: Child[] = []
  if (introductions > 0) said.push(counted(introductions, 'introduction'))
  if (shelf !== '')
    said.push(
      <>
        on the shelf: <bdi>{shelf}</bdi>
      </>,
    )
  if (letter !== '')
    said.push(
      <>
        in the letter: <bdi>{letter}</bdi>
      </>,
    )
  if (jointEvents > 0) said.push(counted(jointEvents, 'event together', 'events together'))
  if (said.length === 0) return <>Nothing is agreed.</>
  return (
    <ul>
      {said.map((each) => (
        <li>{each}</li>
      ))}
    </ul>
  )
}

function Phrases({ of, none }: { of: string[]; none: string }) {
  if (of.length === 0) return <>{none}</>
  return (
    <ul>
      {of.map((each) => (
        <li>
          <bdi>{each}</bdi>
        </li>
      ))}
    </ul>
  )
}

function capacityText({ perWeek, perMonth }: TermsRecord): string {
  if (perWeek === null && perMonth === null) return 'As many families as come.'
  return [
    perWeek === null ? '' : `${counted(perWeek, 'family', 'families')} a week`,
    perMonth === null ? '' : `${counted(perMonth, 'family', 'families')} a month`,
  ]
    .filter(Boolean)
    .join(', ')
}

const FIELDS: Record<string, string> = {
  currency: 'Currency',
  customerBenefit: 'Families get',
  paidBy: 'Who pays for it',
  benefitCostMinor: 'What it is worth, a family',
  shopShareBasisPoints: 'The shop’s share of it',
  toUs: 'You to the shop',
  toThem: 'The shop to you',
  weDo: 'The shop does, each quarter',
  theyDo: 'You do, each quarter',
  basisPoints: 'share of the first sale',
  minimumMinor: 'at least',
  capMinor: 'at most',
  holdDays: 'days until it is due',
  introductions: 'introductions',
  shelf: 'on the shelf',
  letter: 'in the letter',
  jointEvents: 'events together',
  perWeek: 'Families a week, at most',
  perMonth: 'Families a month, at most',
  exclusivity: 'Only you',
  trade: 'for',
  withinMinutes: 'within minutes on foot',
  untilOn: 'until',
  shares: 'What you see of a family that allows it',
  disclosure: 'Said to families',
  wePromise: 'Promised',
  neverPromise: 'Never promised',
  startsOn: 'From',
  endsOn: 'Until',
  noticeDays: 'Days of notice',
  renewal: 'Afterwards',
  answerDays: 'Days until your word',
  assumed: 'What both expected',
  conversion: 'of those who come, enrol',
  firstYearMinor: 'a family’s first year with you',
  margin: 'what is left of it',
  introductionCostMinor: 'what a first visit costs you',
}

/** `toUs.capMinor` as one reads it. */
const fieldText = (field: string): string =>
  field
    .split('.')
    .map((part) => FIELDS[part] ?? part)
    .join(', ')

/** One side of a difference, in the words of its field. */
function valueText(field: string, value: string, currency: string, today: string): string {
  const name = field.split('.').at(-1)!
  if (value === '') return 'none'
  if (name.endsWith('Minor')) return sumText(Number(value), currency)
  if (name.endsWith('BasisPoints') || name === 'basisPoints') return percent(Number(value))
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return dayText(value, today)
  if (name === 'paidBy') return PAYERS[value as TermsRecord['paidBy']] ?? value
  if (name === 'renewal') return RENEWALS[value as TermsRecord['renewal']] ?? value
  if (name === 'shares') return 'a first name'
  if (name === 'conversion' || name === 'margin') return `${Math.round(Number(value) * 100)} %`
  return value
}

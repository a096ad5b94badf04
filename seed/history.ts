/**
 * Five months in the life of Juniper Row: introductions both ways and what became of them, favours, statements,
 * doubts, wishes, a draft, a proposal and a poll. Played in the order in which it happened through the service's own
 * writes, so that states, ledger and statements are derived, never typed. The families that were introduced are nobody
 * the till knows; those that were asked by letter are customers, and the till asks them nothing because of it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Catalogue, Listed } from '../src/core/catalogue.ts'
import { termsFor } from '../src/core/catalogue.ts'
import { digest } from '../src/core/chance.ts'
import type { PollAnswer } from '../src/core/poll.ts'
import { codeOf } from '../src/core/referral-code.ts'
import type { TermsRecord } from '../src/core/terms.ts'
import { needsBriefing } from '../src/core/terms.ts'
import { dateOf, dayOf, localDay, localIso } from '../src/core/time.ts'
import { linesOf } from '../src/http/customers.ts'
import { addTerms, findAlliance, recordDecision } from '../src/store/alliance.ts'
import type { By } from '../src/store/audit.ts'
import { audited } from '../src/store/audit.ts'
import type { Engine } from '../src/store/engine.ts'
import { BUMP } from '../src/store/engine.ts'
import { recordEvidence } from '../src/store/evidence.ts'
import { confirmHold, takeHold } from '../src/store/hold.ts'
import { hashKey } from '../src/store/key.ts'
import { disputed, issueStatement, posted, readAccount } from '../src/store/ledger.ts'
import type { OfferFields } from '../src/store/offer.ts'
import { draftOffer, fieldsOf, findOffer } from '../src/store/offer.ts'
import type { PollRow } from '../src/store/poll.ts'
import { addPoll, countAnswers, countLinkAnswers, makeLinks } from '../src/store/poll.ts'
import type { EventRow, ReferralFile, ReferralRow } from '../src/store/referral.ts'
import { begun, findReferralFile, followed, loadOf, recordEvents, siteDate } from '../src/store/referral.ts'
import { addSessions } from '../src/store/session.ts'
import { Snapshot } from '../src/store/snapshot.ts'
import { recordWish } from '../src/store/wish.ts'

type Told = {
  kind: EventRow['kind']
  at: string
  valueMinor?: number
  offer?: string
  about?: string
}
/** One family that we sent. `visit`: the session that a place was kept in; `told`: when we heard what. */
type Ours = {
  id: string
  partner: string
  offer: string
  site: string
  staff: string
  at: string
  visit: string | null
  told: Told[]
}
/** One code that a partner gave. `used`: at the till, with what the first purchase came to, if there was one. */
type Theirs = {
  id: string
  partner: string
  at: string
  used: { at: string; site: string; valueMinor?: number } | null
}
type History = {
  ours: Ours[]
  theirs: Theirs[]
  favours: {
    id: string
    alliance: string
    unit: 'shelf' | 'letter' | 'jointEvent'
    amount: number
    on: string
    note: string
  }[]
  statements: { month: string; at: string }[]
  doubts: { id: string; of: string; cause: string; by: string; at: string; reason: string }[]
  wishes: {
    id: string
    words: string
    goal: string | null
    ageMonths: number | null
    site: string
    staff: string
    at: string
  }[]
  drafts: { id: string; by: string; at: string; like: string; fields: Partial<OfferFields> }[]
  proposals: { alliance: string; at: string; staff: string; change: Partial<TermsRecord> }[]
  polls: AskedPoll[]
}
/** A poll, to whom it was put by letter, and what came back. */
type AskedPoll = Omit<PollRow, 'state' | 'version' | 'createdAt'> & {
  by: string
  at: string
  asked: { at: string; customers: string[] }
  answers: { customer: string; answer: PollAnswer; at: string }[]
}
type Step = { at: string; play: (now: string) => Promise<void> }
type Playing = { engine: Engine; catalogue: Catalogue; timeZone: string }

/** For how long a code that a partner gives may be used. */
const DAYS_OF_CODE_TO_US = 180

/** Play the history into a shop that was just loaded; what is after `now` is left out. How many introductions there are. */
export async function loadHistory(
  engine: Engine,
  folder: string,
  now: string,
): Promise<{ introductions: number }> {
  const history = JSON.parse(readFileSync(join(folder, 'history.json'), 'utf8')) as History
  const catalogue = await new Snapshot(engine).refresh()
  const playing = { engine, catalogue, timeZone: catalogue.sites.values().next().value!.timeZone }
  const visits = new Map<string, Parameters<typeof addSessions>[1][number]>()
  for (const row of history.ours)
    if (row.visit !== null && Date.parse(row.at) <= Date.parse(now)) {
      const session = sessionOf(playing, row.offer, row.visit)
      visits.set(session.id, session)
    }
  await addSessions(engine, [...visits.values()])
  const steps = stepsOf(playing, history)
    .map((step) => ({ ...step, at: new Date(Date.parse(step.at)).toISOString() }))
    .filter(({ at }) => at <= now)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  for (const { at, play } of steps) await play(at)
  // Each change counted the introductions as of its own day.
  const today = siteDate(now, playing.timeZone)
  const alliances = [...catalogue.parts.alliancesOf.values()].flat()
  await engine.atomic([BUMP, ...alliances.map(({ id }) => loadOf(id, today))])
  const made = [...history.ours, ...history.theirs].filter(({ at }) => Date.parse(at) <= Date.parse(now))
  return { introductions: made.length }
}

function stepsOf(playing: Playing, history: History): Step[] {
  const { engine } = playing
  return [
    ...history.ours.flatMap((row) => [
      { at: row.at, play: (now: string) => introduced(playing, row, now) },
      ...row.told.map((told, i) => ({
        at: told.at,
        play: (now: string) => heard(playing, codeFor(row.site, row.id), [eventOf(row, told, i, now)], now),
      })),
    ]),
    ...history.theirs.flatMap((row) => [
      { at: row.at, play: (now: string) => sentToUs(playing, row, now) },
      ...(row.used ? [{ at: row.used.at, play: (now: string) => used(playing, row, now) }] : []),
    ]),
    ...history.favours.map((row) => ({
      at: `${row.on}T17:00:00Z`,
      play: (now: string) => favour(playing, row, now),
    })),
    ...history.statements.map(({ month, at }) => ({
      at,
      play: (now: string) => issue(playing, month, now),
    })),
    ...history.doubts.map((row) => ({
      at: row.at,
      play: (now: string) => doubt(playing, row, history, now),
    })),
    ...history.wishes.map(({ site, staff, ...row }) => ({
      at: row.at,
      play: async (now: string) => {
        await recordWish(engine, { ...row, id: `history-${row.id}`, siteId: site, staffId: staff, at: now })
      },
    })),
    ...history.drafts.map(({ id, by, like, fields, at }) => ({
      at,
      play: async (now: string) => {
        const whole = { ...fieldsOf((await findOffer(engine, like))!), ...fields }
        await draftOffer(engine, id, whole, by, byPartner(by, id, now))
      },
    })),
    ...history.proposals.map((row) => ({ at: row.at, play: (now: string) => propose(playing, row, now) })),
    ...history.polls.flatMap((poll) => [
      { at: poll.at, play: (now: string) => opened(playing, poll, now) },
      { at: poll.asked.at, play: (now: string) => askedByLetter(playing, poll, now) },
      ...poll.answers.map((row) => ({
        at: row.at,
        play: (now: string) => answered(playing, poll, row, now),
      })),
    ]),
  ]
}

const codeFor = (prefix: string, id: string): string => `${prefix}-${codeOf(`history/${id}`)}`
const byStaff = (actor: string, id: string, at: string): By => ({
  actor,
  role: actor === 'st_rosa' ? 'owner' : 'staff',
  requestId: `history/${id}`,
  id: `history/${id}`,
  at,
})
const byPartner = (partner: string, id: string, at: string): By => ({
  ...byStaff(partner, id, at),
  role: 'partner',
})

/** What did not go as the data says it went is a mistake in the data. */
function must<Value>(value: Value, what: string): NonNullable<Value> {
  if (value === null || value === undefined || value === false)
    throw new Error(`The history does not hold: ${what}.`)
  return value
}

const listedOf = ({ catalogue }: Playing, offerId: string): Listed =>
  must(catalogue.listedById.get(offerId), `no offer ${offerId}`)

/** The session of a visit: like those to come of the same offer, on its own day. */
function sessionOf(playing: Playing, offerId: string, startsAt: string) {
  const like = must(listedOf(playing, offerId).sessions.at(0), `no sessions of ${offerId}`)
  const lengthMs = Date.parse(like.endsAt) - Date.parse(like.startsAt)
  return {
    id: `ses_${offerId}_${startsAt.slice(0, 16).replace(/[-:]/g, '').replace('T', '_')}`,
    offerId,
    siteId: like.siteId,
    place: like.place,
    facet: like.facet,
    startsAt,
    endsAt: localIso(Date.parse(startsAt) + lengthMs, playing.timeZone),
    capacity: Math.max(like.capacity, 2),
    bookedElsewhere: 0,
  }
}

/** Somebody of the staff introduces a family: with a place in a session, or with a code alone. */
async function introduced(playing: Playing, row: Ours, now: string): Promise<void> {
  const { engine, catalogue, timeZone } = playing
  const listed = listedOf(playing, row.offer)
  const madeOn = siteDate(now, timeZone)
  const terms = must(termsFor(listed, madeOn), `no terms with ${row.partner} on ${madeOn}`)
  const session = row.visit === null ? null : sessionOf(playing, row.offer, row.visit)
  const kind = session ? ('booked' as const) : ('accepted' as const)
  const from = session ? session.startsAt.slice(0, 10) : madeOn
  const referral: ReferralRow = {
    code: codeFor(row.site, row.id),
    direction: 'ours',
    recommendationId: null,
    offerId: row.offer,
    partnerId: row.partner,
    allianceId: terms.allianceId,
    termsVersion: terms.version,
    siteId: row.site,
    staffId: row.staff,
    customer: null,
    sessionId: session?.id ?? null,
    state: kind,
    expiresOn: session ? from : dateOf(dayOf(from) + catalogue.policy.codeDays),
    statusDueOn: dateOf(dayOf(from) + terms.record.answerDays),
    createdAt: now,
    madeOn,
    newsOn: null,
    version: 1,
  }
  const file = { referral, events: [], entries: [], disputes: [], terms: terms.record }
  const event = { ...shopEvent(referral.code, row.id, kind, now), via: 'staff' as const }
  const { statements } = followed(file, [event], readingAt(playing, now), () => [], 'now')
  const also = [...statements, audited(byStaff(row.staff, row.id, now), kind, 'referral', referral.code)]
  if (session === null) return recordEvents(engine, [begun(referral), ...also])
  const hold = { id: `hold_history_${row.id}`, sessionId: session.id }
  const expiresAt = new Date(Date.parse(session.startsAt)).toISOString()
  const of = { customer: null, recommendationId: null, staffId: row.staff }
  must(await takeHold(engine, { ...hold, ...of, expiresAt, now }), `no place for ${row.id}`)
  await confirmHold(engine, { hold, now, customer: null, referral, isMade: false }, also)
}

const shopEvent = (code: string, id: string, kind: 'accepted' | 'booked' | 'enrolled', now: string) => ({
  id: `shop/history-${id}-${kind}`,
  code,
  kind,
  at: now,
  aboutOn: null,
  valueMinor: null as number | null,
  offerId: null,
  voids: null,
  via: 'till' as const,
  recordedAt: now,
  digest: digest(`history/${id}/${kind}`),
})

/** The first word about a booking is of the session's start, any other of when it is said. */
const eventOf = (row: Ours, told: Told, i: number, now: string) => ({
  id: `${row.partner}/history-${row.id}-${i + 1}`,
  code: codeFor(row.site, row.id),
  kind: told.kind,
  at: i === 0 && row.visit !== null ? new Date(Date.parse(row.visit)).toISOString() : now,
  aboutOn: told.about ?? null,
  valueMinor: told.valueMinor ?? null,
  offerId: told.offer ?? null,
  voids: null,
  via: 'page' as const,
  recordedAt: now,
  digest: digest(JSON.stringify([row.id, told])),
})

const readingAt = ({ catalogue, timeZone }: Playing, now: string) => ({
  timeZone,
  reportDays: catalogue.policy.reportDays,
  now,
})

const fileOf = async ({ engine }: Playing, code: string): Promise<ReferralFile> =>
  must(await findReferralFile(engine, code), `no code ${code}`)

/** We hear something of a code. */
async function heard(
  playing: Playing,
  code: string,
  events: Omit<EventRow, 'effect'>[],
  now: string,
): Promise<void> {
  const file = await fileOf(playing, code)
  const { standing, statements } = followed(file, events, readingAt(playing, now), () => [])
  const { partnerId, state } = file.referral
  const [first] = events
  const by = byPartner(first!.via === 'till' ? 'demo till' : partnerId!, first!.id, now)
  const who = first!.via === 'till' ? { ...by, role: 'till' } : by
  await recordEvents(playing.engine, statements, [
    audited(who, first!.kind, 'referral', code, { state: [state, standing.state] }),
  ])
}

/** A partner gives a family a code for us. */
async function sentToUs({ engine, catalogue, timeZone }: Playing, row: Theirs, now: string): Promise<void> {
  const [alliance] = must(catalogue.parts.alliancesOf.get(row.partner), `no alliance with ${row.partner}`)
  const madeOn = siteDate(now, timeZone)
  const code = codeFor(row.partner, row.id)
  await recordEvents(
    engine,
    [
      begun({
        code,
        direction: 'theirs',
        offerId: '',
        partnerId: row.partner,
        allianceId: alliance!.id,
        termsVersion: alliance!.termsVersion,
        state: 'offered',
        expiresOn: dateOf(dayOf(madeOn) + DAYS_OF_CODE_TO_US),
        createdAt: now,
        madeOn,
      }),
    ],
    [audited(byPartner(row.partner, row.id, now), 'made', 'referral', code)],
  )
}

/** Somebody shows a partner's code at the till, and buys for the first time. */
async function used(playing: Playing, row: Theirs, now: string): Promise<void> {
  const code = codeFor(row.partner, row.id)
  const { valueMinor } = row.used!
  const sale = valueMinor === undefined ? [] : [{ ...shopEvent(code, row.id, 'enrolled', now), valueMinor }]
  await heard(playing, code, [shopEvent(code, row.id, 'accepted', now), ...sale], now)
}

async function favour(
  { engine, catalogue }: Playing,
  row: History['favours'][number],
  now: string,
): Promise<void> {
  const alliance = must(
    [...catalogue.parts.alliancesOf.values()].flat().find(({ id }) => id === row.alliance),
    `no alliance ${row.alliance}`,
  )
  const id = `${row.alliance}.${row.unit}.history-${row.id}`
  const entry = {
    id,
    partnerId: alliance.partnerId,
    allianceId: alliance.id,
    cause: row.unit,
    unit: row.unit,
    amount: row.amount,
    currency: null,
    termsVersion: alliance.termsVersion,
    onDate: row.on,
    dueOn: row.on,
    reverses: null,
    note: row.note,
    recordedAt: now,
  }
  const by = byStaff('st_rosa', row.id, now)
  await engine.atomic([
    posted([entry]),
    audited(by, 'recorded', 'favour', id, { amount: [null, row.amount] }),
  ])
}

/** Rosa issues a month with every partner with whom there is money in it. */
async function issue({ engine, catalogue }: Playing, month: string, now: string): Promise<void> {
  const [site] = catalogue.sites.values()
  const { currency } = site!
  for (const partnerId of [...catalogue.parts.partners.keys()].sort()) {
    const { lines } = await readAccount(engine, partnerId, month, currency)
    if (lines.length === 0) continue
    const id = `${partnerId}.${month}.${currency}`
    await issueStatement(engine, { partnerId, month, currency, now }, [
      audited(byStaff('st_rosa', id, now), 'issued', 'statement', id),
    ])
  }
}

async function doubt(
  playing: Playing,
  row: History['doubts'][number],
  { ours }: History,
  now: string,
): Promise<void> {
  const about = must(
    ours.find(({ id }) => id === row.of),
    `no introduction ${row.of}`,
  )
  const { entries, referral } = await fileOf(playing, codeFor(about.site, about.id))
  const entry = must(
    entries.find(({ cause }) => cause === row.cause),
    `no ${row.cause} of ${row.of}`,
  )
  await playing.engine.atomic([
    ...disputed({
      id: `d.${row.by}.history-${row.id}`,
      partnerId: row.by,
      code: referral.code,
      entryId: entry.id,
      eventId: null,
      reason: row.reason,
      openedBy: row.by,
      openedAt: now,
    }),
    audited(byPartner(row.by, row.id, now), 'doubted', 'entry', entry.id),
  ])
}

/** The shop proposes other terms, which is its yes to them. */
async function propose({ engine }: Playing, row: History['proposals'][number], now: string): Promise<void> {
  const alliance = must(await findAlliance(engine, row.alliance), `no alliance ${row.alliance}`)
  const before = alliance.versions.at(-1)!
  const record = { ...before.record, ...row.change }
  const briefFrom = needsBriefing(before.record, record) ? before.version + 1 : before.briefFrom
  const by = byStaff(row.staff, `${row.alliance}.terms`, now)
  const change = {
    allianceId: row.alliance,
    read: alliance.version,
    before,
    record,
    briefFrom,
    accepted: [],
  }
  must(await addTerms(engine, change, alliance.readAt, by), `terms of ${row.alliance} were changed`)
  const said = { version: before.version + 1, side: 'shop', decision: 'agree' } as const
  must(await recordDecision(engine, alliance, said, by), `${row.alliance} was decided`)
}

async function opened({ engine }: Playing, poll: AskedPoll, now: string): Promise<void> {
  const { by, at: _, asked: _asked, answers: _answers, ...fields } = poll
  const row: PollRow = { ...fields, state: 'open', version: 1, createdAt: now }
  must(await addPoll(engine, row, byStaff(by, poll.id, now)), `another poll about ${poll.goal}`)
}

const tokenOf = (poll: AskedPoll, customer: string) => hashKey(`history/${poll.id}/${customer}`)

async function askedByLetter({ engine, timeZone }: Playing, poll: AskedPoll, now: string): Promise<void> {
  const onDate = dateOf(localDay(Date.parse(now), timeZone))
  const links = await Promise.all(
    poll.asked.customers.map(async (customer) => ({
      token: await tokenOf(poll, customer),
      pollId: poll.id,
      goal: poll.goal,
      customer,
      via: 'letter' as const,
      at: now,
      onDate,
    })),
  )
  await makeLinks(engine, links, byStaff(poll.by, `${poll.id}/asked`, now))
}

/** What a family taps on the page that its letter leads to: evidence, and counted in the poll. */
async function answered(
  { engine, timeZone }: Playing,
  poll: AskedPoll,
  { customer, answer }: AskedPoll['answers'][number],
  now: string,
): Promise<void> {
  const { next: eventId } = await countLinkAnswers(engine, await tokenOf(poll, customer))
  const lines = linesOf(
    { eventId, kind: 'answered', goal: poll.goal, answer },
    customer,
    dateOf(localDay(Date.parse(now), timeZone)),
    now,
    () => [],
  )
  const counted = { pollId: poll.id, customer, answer, touchpoint: 'letter', eventId, at: now }
  await recordEvidence(engine, lines, [countAnswers([counted])])
}

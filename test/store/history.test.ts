/** The demo shop's history: played, not typed, and of no weight at the till. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadHistory } from '../../seed/history.ts'
import type { Household } from '../../seed/juniper-row.ts'
import { balancesOf, worthOf } from '../../src/core/ledger.ts'
import { ageMonths, dateOf, dayOf, weekOf } from '../../src/core/time.ts'
import { dumpSql } from '../../src/store/dump.ts'
import { readBalance } from '../../src/store/ledger.ts'
import type { EntryRow } from '../../src/store/referral.ts'
import { findReferralFile, standingOfFile } from '../../src/store/referral.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import { SEEDED_AT } from '../support/engines.ts'
import type { Shop } from '../support/shop.ts'
import { ENGINES, openShop } from '../support/shop.ts'

const FOLDER = 'seed/juniper-row'
const TODAY = SEEDED_AT.slice(0, 10)
const TIME_ZONE = 'America/Chicago'
const households = JSON.parse(readFileSync(`${FOLDER}/households.json`, 'utf8')) as Household[]

const rows = (shop: Pick<Shop, 'engine'>, sql: string, ...params: string[]) =>
  shop.engine.all<Record<string, any>>({ sql, params })
const lived = async (shop: Shop) => loadHistory(shop.engine, FOLDER, SEEDED_AT)

/**
 * What each golden household is answered, as text. Left out: which revision it was computed from, and the minute up
 * to which it holds, since the clock at the edge goes on.
 */
async function goldenAnswers(shop: Shop): Promise<Record<string, string>> {
  const answers: Record<string, string> = {}
  for (const { ref, site, tryBasket } of households) {
    const lines = tryBasket!.map(({ unitPriceMinor, ...line }) => ({ ...line, unitPrice: unitPriceMinor }))
    const call = { id: `lived-${ref}`, customer: ref, basket: { lines }, dryRun: true }
    const { status, body } = await shop.ask('POST', '/v1/recommendations', call, site)
    expect(status).toBe(200)
    expect(body.dataVersion).toMatch(/^\d+$/)
    answers[ref] = JSON.stringify({
      ...body,
      dataVersion: '',
      validUntil: body.validUntil?.slice(0, 13),
    })
  }
  return answers
}

describe.each(ENGINES)('%s', (kind) => {
  test('no answer at the till changes by it, in a running service and in one that starts', async () => {
    const shop = await openShop(kind)
    const before = await goldenAnswers(shop)
    expect(Object.keys(before).length).toBe(12)
    await lived(shop)
    expect(await goldenAnswers(shop)).toEqual(before)
    await shop.at(SEEDED_AT)
    expect(await goldenAnswers(shop)).toEqual(before)
  }, 120_000)
})

test('no family is known, no coming session is touched, and no alliance is near its capacity', async () => {
  const shop = await openShop('node')
  const { introductions } = await lived(shop)
  expect(introductions).toBe(138)
  expect(await rows(shop, 'select code from referral where customer is not null')).toEqual([])
  const held = `select h.id from hold h join session s on s.id = h.sessionId where strftime('%s', s.startsAt) > strftime('%s', ?)`
  expect(await rows(shop, held, SEEDED_AT)).toEqual([])
  const [from, to] = weekOf(TODAY)
  const full = await rows(
    shop,
    `select a.id, t.record ->> '$.perMonth' perMonth, t.record ->> '$.perWeek' perWeek,
       (select count(*) from referral r where r.allianceId = a.id and r.direction = 'ours' and r.madeOn like ?1 || '%') month,
       (select count(*) from referral r where r.allianceId = a.id and r.direction = 'ours' and r.madeOn between ?2 and ?3) week
     from alliance a join terms t on t.allianceId = a.id and t.version = a.termsVersion`,
    TODAY.slice(0, 7),
    from,
    to,
  )
  for (const { month, week, perMonth, perWeek } of full) {
    expect(month).toBeLessThanOrEqual((perMonth ?? 100) / 5)
    expect(week).toBeLessThanOrEqual((perWeek ?? 10) / 5)
  }
  // The load that capacity is measured against is that of today, not of the last word.
  const { parts } = await new Snapshot(shop.engine).refresh()
  for (const alliance of [...parts.alliancesOf.values()].flat())
    for (const date of Object.keys(alliance.load)) expect(date >= dateOf(dayOf(TODAY) - 40)).toBe(true)
})

test('the tennis poll is under way: its rule stands, it was put to who allows letters, and it is not decided yet', async () => {
  const shop = await openShop('node')
  await lived(shop)
  const { body } = await shop.ask('GET', '/v1/polls/poll_tennis', undefined, 'owner')
  expect(body.poll).toMatchObject({
    goal: 'mv-racquet',
    state: 'open',
    verdict: 'notYet',
    yes: 5,
    maybe: 1,
    no: 3,
  })
  expect(body).toMatchObject({ asked: 16, noAnswer: 7, byTouchpoint: { letter: 9 } })
  expect(body.poll.missing).toEqual(['3 more answers', '1 more yes'])
  const asked = await rows(shop, "select customer from pollLink where pollId = 'poll_tennis'")
  for (const { customer } of asked) {
    const [row] = await rows(shop, 'select state from customer where ref = ?', customer)
    const { consent, children } = JSON.parse(row!.state)
    expect([consent.personalise, consent.letter], customer).toEqual(['granted', 'granted'])
    const months = children.map((born: string) => ageMonths(born, '2026-03-03'))
    expect(
      months.some((age: number) => age >= 48 && age <= 192),
      customer,
    ).toBe(true)
  }
  // Who said no, and nobody else, is never offered it.
  const no = await rows(
    shop,
    "select customer from evidence where kind = 'toldNo' and goal = 'mv-racquet' and customer like 'hh_%' order by 1",
  )
  expect(no.map(({ customer }) => customer)).toEqual(['hh_0009', 'hh_0014', 'hh_0019'])
  const map = (await shop.ask('GET', '/v1/goals/map', undefined, 'owner')).body
  const tennis = map.goals.find(({ goal }: any) => goal === 'mv-racquet')
  expect(tennis.poll).toMatchObject({ verdict: 'notYet' })
  expect(tennis.supply.waiting.map(({ partner }: any) => partner)).toContain('Ashland Court Tennis')
})

test('loading it twice, or on the other engine, gives the same rows', async () => {
  const [one, two] = [await openShop('node'), await openShop('node')]
  for (const shop of [one, two]) await lived(shop)
  const dump = async ({ engine }: Shop) => {
    let sql = ''
    for await (const piece of dumpSql(engine)) sql += piece
    return sql
  }
  expect(await dump(two)).toBe(await dump(one))
  const edge = await openShop('edge')
  await lived(edge)
  for (const table of [
    'referral',
    'referralEvent',
    'ledgerEntry',
    'statementLine',
    'dispute',
    'hold',
    'audit',
    'poll',
    'pollLink',
    'pollAnswer',
    'evidence',
  ]) {
    const all = `select * from ${table} order by 1`
    expect(await rows(edge, all), table).toEqual(await rows(one, all))
  }
}, 120_000)

test('every state is what its events come to, and every balance what the introductions and favours are worth', async () => {
  const shop = await openShop('node')
  await lived(shop)
  const reportDays = (await new Snapshot(shop.engine).refresh()).policy.reportDays
  const worth = new Map<string, Pick<EntryRow, 'unit' | 'amount' | 'currency'>[]>()
  const add = (partner: string, each: Pick<EntryRow, 'unit' | 'amount' | 'currency'>) =>
    worth.set(partner, [...(worth.get(partner) ?? []), each])
  const seen = new Set<string>()
  for (const { code } of await rows(shop, 'select code from referral')) {
    const file = (await findReferralFile(shop.engine, code))!
    const { referral, terms } = file
    const standing = standingOfFile(file, { timeZone: TIME_ZONE, reportDays })
    expect(referral.state, code).toBe(standing.state)
    for (const event of file.events) expect(event.effect, event.id).toBe(standing.effects.get(event.id))
    const made = { direction: referral.direction, madeOn: referral.madeOn! }
    for (const each of worthOf(made, standing, terms!)) add(referral.partnerId!, each)
    seen.add(`${referral.direction} ${referral.state}`)
  }
  for (const state of ['accepted', 'booked', 'attended', 'enrolled', 'declined', 'noShow'])
    expect(seen).toContain(`ours ${state}`)
  for (const state of ['offered', 'accepted', 'enrolled']) expect(seen).toContain(`theirs ${state}`)
  const entries = (await rows(shop, 'select * from ledgerEntry')) as EntryRow[]
  for (const entry of entries) if (entry.code === null) add(entry.partnerId, entry)
  for (const partner of new Set(entries.map((entry) => entry.partnerId)))
    expect(balancesOf(entries.filter((entry) => entry.partnerId === partner)), partner).toEqual(
      balancesOf(worth.get(partner)!),
    )
})

test('what was issued is the ledger to the cent: statements and what is open are all the money there is', async () => {
  const shop = await openShop('node')
  await lived(shop)
  const wrong = await rows(
    shop,
    `select i.id from issuedStatement i where totalMinor <> (select sum(e.amount) from statementLine l
       join ledgerEntry e on e.id = l.entryId where l.statementId = i.id)`,
  )
  expect(wrong).toEqual([])
  const months = await rows(shop, 'select distinct month from issuedStatement order by month')
  expect(months.map(({ month }) => month)).toEqual(['2025-11', '2025-12', '2026-01', '2026-02'])
  const money = await rows(
    shop,
    `select e.partnerId, sum(e.amount) sum, coalesce((select sum(totalMinor) from issuedStatement i where i.partnerId = e.partnerId), 0) issued
     from ledgerEntry e where e.unit = 'money' group by e.partnerId`,
  )
  expect(money.length).toBeGreaterThan(8)
  for (const { partnerId, sum, issued } of money) {
    const open = await readBalance(shop.engine, partnerId, TODAY)
    const total = open.reduce((n, each) => n + each.dueMinor + each.heldMinor + each.frozenMinor, 0)
    expect(issued + total, partnerId).toBe(sum)
  }
})

test('the owner’s Monday: one partner loses on us, one is silent, one ends, two things are in doubt, gymnastics is wanted', async () => {
  const shop = await openShop('node')
  await lived(shop)
  const ask = async (path: string, key = 'owner') => (await shop.ask('GET', path, undefined, key)).body
  const { alliances } = await ask('/v1/alliances/health')
  const saying = (code: string) =>
    alliances
      .filter((each: any) => each.alerts.some((alert: any) => alert.code === code))
      .map((each: any) => each.id)
  expect(saying('LOSES')).toEqual(['A13'])
  expect(saying('SILENT')).toEqual(['A05'])
  expect(saying('EXPIRES')).toContain('A14')
  const { parts } = await ask('/v1/alliances/A13/health')
  expect(parts.find((part: any) => part.code === 'PARTNER_NET')).toMatchObject({ basis: 'measured' })

  const late = (await ask('/v1/referrals?alliance=A05&owing=true')).referrals
  expect(late.map((each: any) => each.daysWithoutNews)).toEqual([16, 23, 27])
  const { disputes } = await ask('/v1/disputes')
  expect(disputes.map((each: any) => [each.partner, each.entry !== null, each.resolvedAt])).toEqual([
    ['P06', true, null],
    ['P08', false, null],
  ])
  const { wishes } = await ask('/v1/wishes')
  expect(wishes[0]).toMatchObject({ goal: 'mv-gym', wishes: 4 })
  const { offers } = await ask('/v1/offers?state=draft', 'partner')
  expect(offers).toMatchObject([{ draftedBy: 'P02', headline: 'Free first singing hour' }])
  const { terms, decisions } = await ask('/v1/alliances/A10')
  expect(terms.map((each: any) => [each.version, each.inForce])).toEqual([
    [1, true],
    [2, false],
  ])
  expect(decisions.filter((each: any) => each.version === 2).map((each: any) => each.side)).toEqual(['shop'])
})

/** The snapshot brought up to date by what changed is the one that a fresh start would make. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/core/catalogue.ts'
import { emptyCatalogue, refreshCatalogue, rowsOf } from '../../src/store/catalogue.ts'
import type { Engine, Statement } from '../../src/store/engine.ts'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import { openShop } from '../support/shop.ts'

/** Changes as the service and its owners make them; `n` picks the row. */
const CHANGES: Record<string, (n: number) => Statement> = {
  counted: (n) => nth('offer', n, 'said = said + 2, accepted = accepted + 1'),
  priced: (n) => nth('offer', n, 'priceMinor = priceMinor + 100'),
  paused: (n) => nth('offer', n, "state = case state when 'live' then 'paused' else 'live' end"),
  outOfSeason: (n) => nth('offer', n, "months = '[7]'"),
  otherGoals: (n) => nth('offer', n, `goals = '{"music-instrument":0.5}'`),
  kindness: (n) => nth('offer', n, 'kindness = 1 - kindness'),
  alliance: (n) => nth('alliance', n, "state = case state when 'live' then 'paused' else 'live' end"),
  terms: (n) => nth('terms', n, 'commissionBasisPoints = commissionBasisPoints + 10'),
  loaded: (n) => nth('alliance', n, `load = '{"2026-03-14":2}'`),
  agreed: (n) => nth('terms', n, "agreedAt = case when agreedAt is null then '2026-01-01' end"),
  briefed: (n) => nth('briefing', n, 'termsVersion = termsVersion + 1'),
  partner: (n) => nth('partner', n, "name = name || '!'"),
  check: (n) => nth('backStageCheck', n, 'ok = 1 - ok'),
  cancelled: (n) => nth('session', n, 'cancelled = 1 - cancelled'),
  booked: (n) => nth('session', n, 'bookedElsewhere = capacity'),
  held: (n) =>
    statement(
      `insert into hold (id, sessionId, place, state, expiresAt, rev)
       select 'h' || ?1, id, 1000 + ?1, 'held', '2026-03-20T00:00:00Z', ${REV} from session order by id limit 1 offset (?1 % 100)
       on conflict do nothing`,
      n,
    ),
  released: (n) => nth('hold', n, "state = 'released'"),
  sold: (n) => nth('product', n, 'baskets = baskets + 1, priceMinor = 500'),
  renamed: (n) => nth('product', n, "name = name || ' II'"),
  met: (n) =>
    statement(
      `insert into product (name, category, unmapped, rev) select 'Thing ' || ?, slug, 1, ${REV} from category limit 1`,
      n,
    ),
  rule: (n) => nth('rule', n, 'weight = 0.33'),
}

const nth = (table: string, n: number, set: string): Statement =>
  statement(
    `update "${table}" set ${set}, rev = ${REV} where rowid = (select rowid from "${table}" order by rowid limit 1 offset (? % (select max(1, count(*)) from "${table}")))`,
    n,
  )

async function compiled(engine: Engine) {
  const store = emptyCatalogue()
  await refreshCatalogue(engine, store)
  return compile(rowsOf(store))
}

test('whatever changes, in whatever order', async () => {
  const { engine } = await openShop('node')
  const snapshot = new Snapshot(engine)
  await snapshot.refresh()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...Object.keys(CHANGES)), fc.nat(500)), {
        minLength: 1,
        maxLength: 4,
      }),
      async (changes) => {
        await engine.atomic([BUMP, ...changes.map(([kind, n]) => CHANGES[kind]!(n))])
        const patched = await snapshot.refresh()
        patched.openByDay.clear()
        expect(patched).toEqual(await compiled(engine))
      },
    ),
    { numRuns: 150 },
  )
})

test('an outcome, a purchase or a booking does not compile the catalogue again', async () => {
  const { engine } = await openShop('node')
  const snapshot = new Snapshot(engine)
  const before = await snapshot.refresh()
  for (const kind of ['counted', 'held', 'sold', 'met', 'paused', 'alliance', 'check']) {
    await engine.atomic([BUMP, CHANGES[kind]!(3)])
    expect(await snapshot.refresh(), kind).toBe(before)
  }
  await engine.atomic([BUMP, CHANGES.rule!(1)])
  expect(await snapshot.refresh()).not.toBe(before)
})

/** Changes of the catalogue, for tests: what a snapshot must follow, and what must be found again in the past. */
import type { Statement } from '../../src/store/engine.ts'
import { REV, statement } from '../../src/store/engine.ts'

/** Changes as the service and its owners make them; `n` picks the row. */
export const CHANGES: Record<string, (n: number) => Statement> = {
  counted: (n) =>
    statement(
      `insert into acceptance (offerId, mapping, touchpoint, band, said, accepted, expected, rev)
       select id, 'any', 'till', ?1 % 3, 2, 1, 500000, ${REV} from offer order by id limit 1 offset (?1 % 50)
       on conflict do update set said = said + 2, accepted = accepted + 1, expected = expected + 500000, rev = excluded.rev`,
      n,
    ),
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

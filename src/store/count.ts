/** The learned counts: order by order in the write that keeps it, or all of them from scratch. */
import type { CountedOrder, Counts } from '../core/count.ts'
import { Counter } from '../core/count.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, REV, statement } from './engine.ts'

/** Apply count deltas. */
export function learn(counts: Counts): Statement[] {
  const statements: Statement[] = []
  if (counts.pairs.length > 0)
    statements.push(
      statement(
        `insert into pair (a, b, baskets, customers, rev) select value ->> 0, value ->> 1, value ->> 2, value ->> 3, ${REV} from json_each(?) where true
         on conflict (a, b) do update set baskets = baskets + excluded.baskets, customers = customers + excluded.customers, rev = excluded.rev`,
        JSON.stringify(counts.pairs),
      ),
    )
  if (counts.products.length > 0)
    statements.push(
      statement(
        `update product set baskets = baskets + (v.value ->> 1), buyers = buyers + (v.value ->> 2), rev = ${REV} from json_each(?) v where product.id = v.value ->> 0`,
        JSON.stringify(counts.products),
      ),
    )
  if (counts.days.length > 0)
    statements.push(
      statement(
        `insert into saleDay (productId, day, orders, rev) select value ->> 0, value ->> 1, value ->> 2, ${REV} from json_each(?) where true
         on conflict (productId, day) do update set orders = orders + excluded.orders, rev = excluded.rev`,
        JSON.stringify(counts.days),
      ),
    )
  return statements
}

/** Whether purchases were kept without counting them: a long import that did not come to its end. */
export async function isRelearnDue(engine: Engine): Promise<boolean> {
  const [row] = await engine.all<{ due: number }>(statement('select relearnDue due from revision'))
  return row?.due === 1
}

/**
 * Learn from scratch: count all purchases again and write, in one go, what differs from the counts that are kept.
 * Equal to having learned order by order. Purchases are read customer by customer, so memory grows with the
 * distinct pairs and not with the orders.
 * @throws GuardFailed when the shop kept selling while we counted; what was learned is as before then.
 */
export async function relearn(engine: Engine): Promise<{ orders: number; pairs: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryRelearn(engine)
    } catch (error) {
      if (!(error instanceof GuardFailed) || attempt >= 8) throw error
    }
  }
}

async function tryRelearn(engine: Engine): Promise<{ orders: number; pairs: number }> {
  const [revision] = await engine.all<{ n: number }>(statement('select n from revision'))
  const counter = new Counter()
  let orders = 0
  for await (const some of ordersByCustomer(engine)) {
    counter.add([], some)
    orders += some.length
  }
  let pairs = 0
  const statements = [
    ...guard('select coalesce((select n from revision), 0) = ?', revision?.n ?? 0),
    BUMP,
    statement('update revision set relearnDue = 0'),
  ]
  for (const [from, to, rows] of spans(counter.pairs(), ([a, b]) => [a, b])) {
    pairs += rows.length
    const json = JSON.stringify(rows)
    statements.push(
      statement(
        `update pair set baskets = 0, customers = 0, rev = ${REV} where (a, b) > (?1, ?2) and (a, b) <= (?3, ?4)
         and (baskets <> 0 or customers <> 0) and (a, b) not in (select value ->> 0, value ->> 1 from json_each(?5))`,
        ...from,
        ...to,
        json,
      ),
      statement(
        `insert into pair (a, b, baskets, customers, rev) select value ->> 0, value ->> 1, value ->> 2, value ->> 3, ${REV} from json_each(?) where true
         on conflict (a, b) do update set baskets = excluded.baskets, customers = excluded.customers, rev = excluded.rev
         where baskets <> excluded.baskets or customers <> excluded.customers`,
        json,
      ),
    )
  }
  for (const [from, to, rows] of spans(counter.products(), ([id]) => [id, 0]))
    statements.push(
      statement(
        `update product set baskets = 0, buyers = 0, rev = ${REV} where (id, 0) > (?1, ?2) and (id, 0) <= (?3, ?4)
         and (baskets <> 0 or buyers <> 0) and id not in (select value ->> 0 from json_each(?5))`,
        ...from,
        ...to,
        JSON.stringify(rows),
      ),
      statement(
        `update product set baskets = v.value ->> 1, buyers = v.value ->> 2, rev = ${REV} from json_each(?) v
         where product.id = v.value ->> 0 and (baskets <> v.value ->> 1 or buyers <> v.value ->> 2)`,
        JSON.stringify(rows),
      ),
    )
  for (const [from, to, rows] of spans(counter.days(), ([id, day]) => [id, day])) {
    const json = JSON.stringify(rows)
    statements.push(
      statement(
        `update saleDay set orders = 0, rev = ${REV} where (productId, day) > (?1, ?2) and (productId, day) <= (?3, ?4)
         and orders <> 0 and (productId, day) not in (select value ->> 0, value ->> 1 from json_each(?5))`,
        ...from,
        ...to,
        json,
      ),
      statement(
        `insert into saleDay (productId, day, orders, rev) select value ->> 0, value ->> 1, value ->> 2, ${REV} from json_each(?) where true
         on conflict (productId, day) do update set orders = excluded.orders, rev = excluded.rev where orders <> excluded.orders`,
        json,
      ),
    )
  }
  await engine.atomic(statements)
  return { orders, pairs }
}

/** Rows of one statement of `relearn`: about a megabyte as JSON. */
const SPAN_ROWS = 50_000

/** Rows in ascending order of their key, some at a time, with the span of keys that they stand for: (from, to]. */
function* spans<Row>(
  rows: Iterable<Row>,
  keyOf: (row: Row) => [number, number],
): Generator<[from: [number, number], to: [number, number], rows: Row[]]> {
  let from: [number, number] = [-1, -1]
  let some: Row[] = []
  for (const row of rows) {
    if (some.length === SPAN_ROWS) {
      const to = keyOf(some.at(-1)!)
      yield [from, to, some]
      from = to
      some = []
    }
    some.push(row)
  }
  yield [from, [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER], some]
}

const COUNTED = 'p.id, p.customer, p.soldAt, l.productId, l.quantity, l.gift'

/** Every settled order, all of one customer's together; nobody's in between. */
async function* ordersByCustomer(engine: Engine): AsyncGenerator<CountedOrder[]> {
  for (let after = ''; ; ) {
    const refs = await engine.all<{ ref: string }>(
      statement(
        'select distinct customer ref from purchase where customer > ? order by customer limit 500',
        after,
      ),
    )
    if (refs.length === 0) break
    const last = refs.at(-1)!.ref
    yield ordersOf(
      await engine.all<CountedLine>(
        statement(
          `select ${COUNTED} from purchase p join purchaseLine l on l.purchaseId = p.id
           where p.customer > ? and p.customer <= ? and p.voided = 0`,
          after,
          last,
        ),
      ),
    )
    after = last
  }
  for (let after = { soldAt: '', rowid: 0 }; ; ) {
    const some = await engine.all<{ soldAt: string; rowid: number }>(
      statement(
        `select soldAt, rowid from purchase where customer is null and (soldAt, rowid) > (?, ?)
         order by soldAt, rowid limit 2000`,
        after.soldAt,
        after.rowid,
      ),
    )
    if (some.length === 0) break
    after = some.at(-1)!
    yield ordersOf(
      await engine.all<CountedLine>(
        statement(
          `select ${COUNTED} from purchase p join purchaseLine l on l.purchaseId = p.id
           where p.rowid in (select value from json_each(?)) and p.voided = 0`,
          JSON.stringify(some.map((row) => row.rowid)),
        ),
      ),
    )
  }
}

type CountedLine = {
  id: string
  customer: string | null
  soldAt: string
  productId: number
  quantity: number
  gift: number
}

function ordersOf(lines: CountedLine[]): CountedOrder[] {
  const orders = new Map<string, CountedOrder>()
  for (const { id, customer, soldAt, productId, quantity, gift } of lines) {
    let order = orders.get(id)
    if (!order) orders.set(id, (order = { id, customer, soldAt, lines: [] }))
    order.lines.push({ productId, quantity, gift })
  }
  return [...orders.values()]
}

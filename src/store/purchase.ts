/** Purchases: what was sold, with everything that follows from it in the same write. */
import type { Catalogue, Product, ProductIndex, Rule } from '../core/catalogue.ts'
import { addProduct, matchLine } from '../core/catalogue.ts'
import type { CountedOrder } from '../core/count.ts'
import { countsOf } from '../core/count.ts'
import { evidenceOf, stagesOf } from '../core/purchase.ts'
import { dateOf, localDay } from '../core/time.ts'
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { customer, evidence, product, purchase, purchaseLine } from './schema.ts'

export type PurchaseLineInput = {
  source?: string | undefined
  variationId?: string | undefined
  gtin?: string | undefined
  sku?: string | undefined
  category?: string | undefined
  name?: string | undefined
  quantity: number
  unitPriceMinor: number
  unitCostMinor: number | null
  gift: boolean
  child: string | null
}

export type PurchaseInput = {
  source: string
  externalId: string
  revision: number
  customer: string | null
  siteId: string
  staffId: string | null
  /** UTC ISO-8601 */
  soldAt: string
  currency: string
  voided: boolean
  recommendationId: string | null
  lines: PurchaseLineInput[]
}

export type PurchaseStatus = 'created' | 'unchanged' | 'replaced' | 'voided' | 'older' | 'conflict'

type Known = ProductIndex & Pick<Catalogue, 'categories' | 'rulesByCategory' | 'sites'>

type StoredPurchase = {
  id: string
  revision: number
  customer: string | null
  soldAt: string
  voided: number
  digest: string
  siteId: string
  stage: string | null
}
type StoredLine = { purchaseId: string; n: number; productId: number; quantity: number; gift: number }

export type IngestOptions = {
  /** The service's instant, UTC ISO-8601. */
  now: string
  /** Whether a customer met for the first time belongs to the holdout. */
  holdout(ref: string): boolean
  digest(input: PurchaseInput): string
  /** Leave the learned counts to a later `relearn`, for long imports. */
  deferLearning?: boolean
}

/**
 * Keep up to some hundred purchases, of any age and order. Unique on (source, externalId): a repeat changes
 * nothing, a higher revision replaces, a void takes it back. Stages, evidence, the learned counts and the
 * customers' states follow in the same write; all or nothing.
 * @throws GuardFailed when others kept writing the same rows; nothing was kept then.
 */
export async function ingestPurchases(
  engine: Engine,
  readKnown: () => Promise<Known>,
  purchases: PurchaseInput[],
  options: IngestOptions,
): Promise<{ id: string; status: PurchaseStatus; stage: 'front' | 'back' | null }[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryIngest(engine, await readKnown(), purchases, options)
    } catch (error) {
      if (!(error instanceof GuardFailed) || attempt >= 8) throw error
    }
  }
}

async function tryIngest(engine: Engine, known: Known, purchases: PurchaseInput[], options: IngestOptions) {
  const ids = purchases.map((p) => `${p.source}/${p.externalId}`)
  const refs = [...new Set(purchases.flatMap((p) => p.customer ?? []))]
  const list = (values: unknown[]) => JSON.stringify(values)
  // Purchases named here, and all others of the customers named here or moved away from.
  const involved = `select id from purchase where id in (select value from json_each(?1))
    or customer in (select value from json_each(?2))
    or customer in (select customer from purchase where id in (select value from json_each(?1)))`
  const [stored, storedLines, storedCustomers, tops] = (await engine.allOf([
    statement(
      `select id, revision, customer, soldAt, voided, digest, siteId, stage from purchase where id in (${involved})`,
      list(ids),
      list(refs),
    ),
    statement(
      `select purchaseId, n, productId, quantity, gift from purchaseLine where purchaseId in (${involved})`,
      list(ids),
      list(refs),
    ),
    statement(
      'select ref, version from customer where ref in (select value from json_each(?1)) or ref in (select customer from purchase where id in (select value from json_each(?2)))',
      list(refs),
      list(ids),
    ),
    statement('select coalesce(max(id), 0) n from product'),
  ])) as [StoredPurchase[], StoredLine[], { ref: string; version: number }[], { n: number }[]]

  const before = new Map(stored.map((row) => [row.id, row]))
  const linesOf = new Map<string, StoredLine[]>()
  for (const line of storedLines)
    linesOf.set(line.purchaseId, [...(linesOf.get(line.purchaseId) ?? []), line])
  const orderOf = (row: StoredPurchase): CountedOrder => ({
    id: row.id,
    customer: row.customer,
    soldAt: row.soldAt,
    lines: row.voided ? [] : (linesOf.get(row.id) ?? []),
  })
  const ordersBefore = new Map(stored.map((row) => [row.id, orderOf(row)]))
  const ordersAfter = new Map(ordersBefore)
  const after = new Map(before)

  const results: { id: string; status: PurchaseStatus }[] = []
  const written = new Map<
    string,
    { input: PurchaseInput; lines: (typeof purchaseLine.$inferInsert)[]; categories: (string | null)[] }
  >()
  const newProducts: Product[] = []
  const scratch = scratchIndex(known)
  let nextProduct = tops[0]!.n + 1

  purchases.forEach((input, i) => {
    const id = ids[i]!
    const digest = options.digest(input)
    const known = after.get(id)
    if (known) {
      if (known.siteId !== input.siteId) return results.push({ id, status: 'conflict' })
      if (input.revision < known.revision) return results.push({ id, status: 'older' })
      const same = known.digest === digest || (input.voided && known.voided === 1)
      if (same) return results.push({ id, status: 'unchanged' })
      // The same revision with other content is no correction: only a void needs none.
      if (input.revision === known.revision && !input.voided) return results.push({ id, status: 'conflict' })
    }
    const keepLines = input.voided && input.lines.length === 0 && known
    const matched = input.lines.map((line) => {
      const match = matchLine(scratch, line)
      if (match && match.productId !== null)
        return { line, productId: match.productId, category: match.category ?? line.category ?? null }
      const made: Product = {
        id: nextProduct++,
        sku: line.sku ?? null,
        source: line.variationId ? (line.source ?? input.source) : null,
        variationId: line.variationId ?? null,
        gtin: line.gtin ?? null,
        name: line.name ?? line.sku ?? line.category ?? 'unnamed',
        category: line.category ?? null,
        priceMinor: line.unitPriceMinor,
        archived: false,
        baskets: 0,
        buyers: 0,
      }
      newProducts.push(made)
      addProduct(scratch, made)
      return { line, productId: made.id, category: made.category }
    })
    const lines = matched.map(({ line, productId }, n) => ({
      purchaseId: id,
      n,
      productId,
      quantity: line.quantity,
      unitPriceMinor: line.unitPriceMinor,
      unitCostMinor: line.unitCostMinor,
      gift: line.gift ? 1 : 0,
      child: line.child,
    }))
    if (keepLines) results.push({ id, status: 'voided' })
    else results.push({ id, status: !known ? 'created' : input.voided ? 'voided' : 'replaced' })
    written.set(id, {
      input: keepLines ? { ...input, customer: known.customer, soldAt: known.soldAt } : input,
      lines,
      categories: matched.map((m) => m.category),
    })
    const row: StoredPurchase = {
      id,
      revision: input.revision,
      customer: keepLines ? known.customer : input.customer,
      soldAt: keepLines ? known.soldAt : input.soldAt,
      voided: input.voided ? 1 : 0,
      digest,
      siteId: input.siteId,
      stage: null,
    }
    after.set(id, row)
    ordersAfter.set(id, { id, customer: row.customer, soldAt: row.soldAt, lines: row.voided ? [] : lines })
    return undefined
  })

  const stages = stagesByCustomer([...after.values()])
  const withStage = results.map(({ id, status }) => ({ id, status, stage: stages.get(id) ?? null }))
  if (written.size === 0) return withStage

  const touched = [
    ...new Set(
      [...written.keys()]
        .flatMap((id) => [before.get(id)?.customer, after.get(id)!.customer])
        .filter((ref) => ref != null),
    ),
  ]
  const versions = new Map(storedCustomers.map((row) => [row.ref, row.version]))
  const statements: Statement[] = [BUMP]
  // What was read must still be so: customers, purchases that are replaced, and that new ones are new.
  for (const ref of touched)
    statements.push(
      ...(versions.has(ref)
        ? guard('select version = ? from customer where ref = ?', versions.get(ref)!, ref)
        : guard('select count(*) = 0 from customer where ref = ?', ref)),
    )
  for (const id of written.keys())
    if (before.has(id))
      statements.push(
        ...guard(
          'select revision = ? and digest = ? from purchase where id = ?',
          before.get(id)!.revision,
          before.get(id)!.digest,
          id,
        ),
      )

  const newcomers = touched.filter((ref) => !versions.has(ref))
  if (newcomers.length > 0)
    statements.push(
      insertRows(
        customer,
        newcomers.map((ref) => {
          const first = [...written.values()].find((w) => w.input.customer === ref)!.input
          return {
            ref,
            siteId: first.siteId,
            joinedOn: siteDate(known, first),
            holdout: options.holdout(ref) ? 1 : 0,
          }
        }),
      ),
    )
  if (newProducts.length > 0)
    statements.push(
      insertRows(
        product,
        newProducts.map((row) => ({
          id: row.id,
          sku: row.sku,
          source: row.source,
          variationId: row.variationId,
          gtin: row.gtin,
          name: row.name,
          category: row.category,
          priceMinor: row.priceMinor,
          unmapped: 1,
        })),
      ),
      statement(`update product set rev = ${REV} where id >= ?`, newProducts[0]!.id),
    )

  const rows = [...written].map(([id, { input, lines }]) => ({
    id,
    source: input.source,
    externalId: input.externalId,
    revision: input.revision,
    customer: input.customer,
    siteId: input.siteId,
    staffId: input.staffId,
    soldAt: input.soldAt,
    currency: input.currency,
    totalMinor: lines.reduce((sum, line) => sum + Math.round(line.quantity * line.unitPriceMinor), 0),
    voided: input.voided ? 1 : 0,
    stage: stages.get(id) ?? null,
    recommendationId: input.recommendationId,
    digest: after.get(id)!.digest,
    recordedAt: options.now,
  }))
  const kept = rows.filter(
    (row) => written.get(row.id)!.lines.length === 0 && row.voided === 1 && before.has(row.id),
  )
  const whole = rows.filter((row) => !kept.includes(row))
  if (kept.length > 0)
    statements.push(
      statement(
        `update purchase set voided = 1, stage = null, revision = v.value ->> 1, digest = v.value ->> 2 from json_each(?) v where purchase.id = v.value ->> 0`,
        JSON.stringify(kept.map((row) => [row.id, row.revision, row.digest])),
      ),
    )
  if (whole.length > 0) {
    const wholeIds = list(whole.map((row) => row.id))
    statements.push(
      insertRows(
        purchase,
        whole,
        `(id) do update set revision = excluded.revision, customer = excluded.customer, staffId = excluded.staffId, soldAt = excluded.soldAt,
         currency = excluded.currency, totalMinor = excluded.totalMinor, voided = excluded.voided, stage = excluded.stage,
         recommendationId = excluded.recommendationId, digest = excluded.digest, recordedAt = excluded.recordedAt`,
      ),
      statement('delete from purchaseLine where purchaseId in (select value from json_each(?))', wholeIds),
    )
    const lines = whole.flatMap((row) => written.get(row.id)!.lines)
    if (lines.length > 0) statements.push(insertRows(purchaseLine, lines))
  }
  const changedStages = [...stages].filter(
    ([id, stage]) => !written.has(id) && before.get(id)!.stage !== stage,
  )
  if (changedStages.length > 0)
    statements.push(
      statement(
        'update purchase set stage = v.value ->> 1 from json_each(?) v where purchase.id = v.value ->> 0',
        JSON.stringify(changedStages),
      ),
    )
  statements.push(...evidenceStatements(written, known, options.now))
  if (!options.deferLearning) statements.push(...learn(countsOf(ordersBefore.values(), ordersAfter.values())))
  if (touched.length > 0) statements.push(refreshState(touched))
  await engine.atomic(statements)
  return withStage
}

function stagesByCustomer(purchases: StoredPurchase[]): Map<string, 'front' | 'back' | null> {
  const groups = new Map<string, StoredPurchase[]>()
  const stages = new Map<string, 'front' | 'back' | null>()
  for (const row of purchases) {
    if (row.customer === null) stages.set(row.id, null)
    else groups.set(row.customer, [...(groups.get(row.customer) ?? []), row])
  }
  for (const group of groups.values())
    for (const [id, stage] of stagesOf(
      group.map((row) => ({ id: row.id, soldAtMs: Date.parse(row.soldAt), voided: row.voided === 1 })),
    ))
      stages.set(id, stage)
  return stages
}

/** Evidence of these purchases, derived anew: what an earlier revision said is retracted. */
function evidenceStatements(
  written: Map<
    string,
    { input: PurchaseInput; lines: (typeof purchaseLine.$inferInsert)[]; categories: (string | null)[] }
  >,
  known: Known,
  now: string,
): Statement[] {
  const rules: ReadonlyMap<string, Rule[]> = known.rulesByCategory
  const rows: (typeof evidence.$inferInsert)[] = []
  for (const [id, { input, lines, categories }] of written) {
    if (input.customer === null || input.voided) continue
    const bought = lines.map((line, n) => ({
      n,
      category: categories[n]!,
      gift: line.gift === 1,
      child: line.child ?? null,
      quantity: line.quantity,
    }))
    for (const line of evidenceOf(bought, rules))
      rows.push({
        id: `${id}@${input.revision}/${line.n}/${line.goal}`,
        customer: input.customer,
        child: line.child,
        kind: 'bought',
        goal: line.goal,
        purchaseId: id,
        weight: line.weight,
        halfLifeDays: line.halfLifeDays,
        onDate: siteDate(known, input),
        recordedAt: now,
      })
  }
  const retract = statement(
    'update evidence set retractedAt = ? where retractedAt is null and purchaseId in (select value from json_each(?))',
    now,
    JSON.stringify([...written.keys()]),
  )
  return rows.length > 0 ? [retract, insertRows(evidence, rows, 'do nothing')] : [retract]
}

function siteDate(known: Known, input: PurchaseInput): string {
  return dateOf(localDay(Date.parse(input.soldAt), known.sites.get(input.siteId)!.timeZone))
}

/** Apply count deltas. */
function learn(counts: ReturnType<typeof countsOf>): Statement[] {
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

/** Learn from scratch: forget every count and count all purchases again, in one write. Equal to having learned order by order. */
export async function relearn(engine: Engine): Promise<{ orders: number; pairs: number }> {
  const [purchases, lines] = (await engine.allOf([
    statement('select id, customer, soldAt from purchase where voided = 0 order by id'),
    statement('select purchaseId, productId, quantity, gift from purchaseLine order by purchaseId, n'),
  ])) as [{ id: string; customer: string | null; soldAt: string }[], StoredLine[]]
  const byPurchase = new Map<string, StoredLine[]>()
  for (const line of lines) {
    const group = byPurchase.get(line.purchaseId)
    if (group) group.push(line)
    else byPurchase.set(line.purchaseId, [line])
  }
  const counts = countsOf(
    [],
    purchases.map((row) => ({ ...row, lines: byPurchase.get(row.id) ?? [] })),
  )
  await engine.atomic([
    BUMP,
    statement(`update pair set baskets = 0, customers = 0, rev = ${REV}`),
    statement(`update product set baskets = 0, buyers = 0, rev = ${REV}`),
    statement(`update saleDay set orders = 0, rev = ${REV}`),
    ...learn(counts),
  ])
  return { orders: purchases.length, pairs: counts.pairs.length }
}

/** A product index that new products can be added to without touching the shared one. */
function scratchIndex(known: Known): Known {
  return {
    ...known,
    products: new Map(known.products),
    productBySku: new Map(known.productBySku),
    productByVariation: new Map(known.productByVariation),
    productByGtin: new Map(known.productByGtin),
    productByName: new Map(known.productByName),
  }
}

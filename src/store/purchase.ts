/** Purchases: what was sold, with everything that follows from it in the same write. */

import type { Catalogue, LineName, Product, ProductIndex } from '../core/catalogue.ts'
import { addProduct, matchLine } from '../core/catalogue.ts'
import type { CountedOrder } from '../core/count.ts'
import { countsOf } from '../core/count.ts'
import type { HoldoutDraw } from '../core/holdout.ts'
import { totalOf } from '../core/money.ts'
import type { GoalRules, Thing } from '../core/purchase.ts'
import { evidenceOf, stagesOf } from '../core/purchase.ts'
import { dateOf, localDay } from '../core/time.ts'
import { learn } from './count.ts'
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { layerOver } from './product.ts'
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
  /** What the line cost, where quantity × price is not exactly it. */
  totalMinor?: number | undefined
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

/** What of the catalogue purchases are read by. */
export type KnownOfPurchases = ProductIndex & Pick<Catalogue, 'categories' | 'sites'> & GoalRules

/** A purchase to be written: its lines as rows, and what each is about. */
type Written = {
  input: PurchaseInput
  lines: (typeof purchaseLine.$inferInsert)[]
  things: Thing[]
}

type StoredPurchase = {
  id: string
  revision: number
  customer: string | null
  soldAt: string
  voided: number
  digest: string
  siteId: string
  stage: string | null
  /** 0: money or goods came back and nothing was sold. */
  sold: number
}
type StoredLine = { purchaseId: string; n: number; productId: number; quantity: number; gift: number }

export type IngestOptions = {
  /** The service's instant, UTC ISO-8601. */
  now: string
  /** The draw of a customer who is met for the first time. */
  holdout(ref: string): HoldoutDraw
  digest(input: PurchaseInput): string
  /** Leave the learned counts to a later `relearn`, for long imports; until then `relearnDue` says so. */
  deferLearning?: boolean
}

/**
 * Keep up to some thousand purchases, of any age and order. Unique on (source, externalId): a repeat changes
 * nothing, a higher revision replaces, a void takes it back. Stages, evidence, the learned counts and the
 * customers' states follow in the same write; all or nothing.
 * @throws GuardFailed when others kept writing the same rows; nothing was kept then.
 */
export async function ingestPurchases(
  engine: Engine,
  readKnown: () => Promise<KnownOfPurchases>,
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

async function tryIngest(
  engine: Engine,
  known: KnownOfPurchases,
  purchases: PurchaseInput[],
  options: IngestOptions,
) {
  const ids = purchases.map((p) => `${p.source}/${p.externalId}`)
  const named = [...new Set(purchases.flatMap((p) => p.customer ?? []))]
  const list = (values: unknown[]) => JSON.stringify(values)
  // Purchases named here, and all others of the customers named here or moved away from.
  const refs = `select coalesce(customerAlias.customer, value) from json_each(?2) left join customerAlias on ref = value`
  const involved = `select id from purchase where id in (select value from json_each(?1))
    or customer in (${refs})
    or customer in (select customer from purchase where id in (select value from json_each(?1)))`
  const [stored, storedLines, storedCustomers, tops, merged] = (await engine.allOf([
    statement(
      `select id, revision, customer, soldAt, voided, digest, siteId, stage,
       exists(select 1 from purchaseLine where purchaseId = purchase.id and quantity > 0) sold
       from purchase where id in (${involved})`,
      list(ids),
      list(named),
    ),
    // Lines are for the counts alone.
    options.deferLearning
      ? statement('select 0 where false')
      : statement(
          `select purchaseId, n, productId, quantity, gift from purchaseLine where purchaseId in (${involved})`,
          list(ids),
          list(named),
        ),
    statement(
      `select ref, version from customer where ref in (${refs}) or ref in (select customer from purchase where id in (select value from json_each(?1)))`,
      list(ids),
      list(named),
    ),
    statement('select coalesce(max(id), 0) n from product'),
    statement(
      'select ref, customer from customerAlias where ref in (select value from json_each(?))',
      list(named),
    ),
  ])) as [
    StoredPurchase[],
    StoredLine[],
    { ref: string; version: number }[],
    { n: number }[],
    { ref: string; customer: string }[],
  ]
  const aliases = new Map(merged.map((row) => [row.ref, row.customer]))
  const nowOf = (ref: string | null) => (ref === null ? null : (aliases.get(ref) ?? ref))

  const before = new Map(stored.map((row) => [row.id, row]))
  const linesOf = new Map<string, StoredLine[]>()
  for (const line of storedLines) {
    const lines = linesOf.get(line.purchaseId)
    if (lines) lines.push(line)
    else linesOf.set(line.purchaseId, [line])
  }
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
  const written = new Map<string, Written>()
  const newProducts: Product[] = []
  const shelf = layerOver(known)
  let nextProduct = tops[0]!.n + 1

  for (const [i, told] of purchases.entries()) {
    const id = ids[i]!
    // A repeat is known by what was told, whoever she is now.
    const digest = options.digest(told)
    const input = { ...told, customer: nowOf(told.customer) }
    const known = after.get(id)
    const refusal = known && refusalOf(known, input, digest)
    if (refusal) {
      results.push({ id, status: refusal })
      continue
    }
    const keepLines = input.voided && input.lines.length === 0 && known
    const matched = input.lines.map((line) => {
      const { productId, category, made } = matchOrMake(shelf, input.source, line, nextProduct)
      if (made) {
        newProducts.push(made)
        nextProduct++
      }
      return { line, productId, category }
    })
    const lines = matched.map(({ line, productId }, n) => ({
      purchaseId: id,
      n,
      productId,
      quantity: line.quantity,
      unitPriceMinor: line.unitPriceMinor,
      totalMinor:
        line.totalMinor === undefined || line.totalMinor === totalOf(line.unitPriceMinor, line.quantity)
          ? null
          : line.totalMinor,
      unitCostMinor: line.unitCostMinor,
      gift: line.gift ? 1 : 0,
      child: line.child,
    }))
    if (keepLines) results.push({ id, status: 'voided' })
    else results.push({ id, status: !known ? 'created' : input.voided ? 'voided' : 'replaced' })
    written.set(id, {
      input: keepLines ? { ...input, customer: known.customer, soldAt: known.soldAt } : input,
      lines,
      things: matched.map((m) => ({ name: shelf.products.get(m.productId)!.name, category: m.category })),
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
      sold: lines.some((line) => line.quantity > 0) ? 1 : 0,
    }
    after.set(id, row)
    ordersAfter.set(id, { id, customer: row.customer, soldAt: row.soldAt, lines: row.voided ? [] : lines })
  }

  const stages = stagesByCustomer(after.values())
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
  const newcomers = touched.filter((ref) => !versions.has(ref))
  const met = touched.filter((ref) => versions.has(ref)).map((ref) => [ref, versions.get(ref)!])
  const replaced = [...written.keys()]
    .filter((id) => before.has(id))
    .map((id) => [id, before.get(id)!.revision, before.get(id)!.digest])
  const statements: Statement[] = [BUMP]
  // What was read must still be so: customers, purchases that are replaced, and that new ones are new.
  if (met.length > 0)
    statements.push(
      ...guard(
        `select count(*) = ? from json_each(?) v join customer on ref = v.value ->> 0 where version = v.value ->> 1`,
        met.length,
        list(met),
      ),
    )
  if (newcomers.length > 0)
    statements.push(
      ...guard(
        'select count(*) = 0 from customer where ref in (select value from json_each(?))',
        list(newcomers),
      ),
    )
  if (replaced.length > 0)
    statements.push(
      ...guard(
        `select count(*) = ? from json_each(?) v join purchase on purchase.id = v.value ->> 0
         where revision = v.value ->> 1 and digest = v.value ->> 2`,
        replaced.length,
        list(replaced),
      ),
    )

  const firstOf = new Map<string, PurchaseInput>()
  for (const { input } of written.values())
    if (input.customer !== null && !firstOf.has(input.customer)) firstOf.set(input.customer, input)
  if (newcomers.length > 0)
    statements.push(
      insertRows(
        customer,
        newcomers.map((ref) => {
          const first = firstOf.get(ref)!
          return {
            ref,
            siteId: first.siteId,
            joinedOn: siteDate(known, first),
            ...options.holdout(ref),
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

  const kept: (typeof purchase.$inferInsert)[] = []
  const whole: (typeof purchase.$inferInsert)[] = []
  for (const [id, { input, lines }] of written) {
    const row = {
      id,
      source: input.source,
      externalId: input.externalId,
      revision: input.revision,
      customer: input.customer,
      siteId: input.siteId,
      staffId: input.staffId,
      soldAt: input.soldAt,
      currency: input.currency,
      totalMinor: input.lines.reduce((sum, line) => sum + costOf(line), 0),
      voided: input.voided ? 1 : 0,
      stage: stages.get(id) ?? null,
      recommendationId: input.recommendationId,
      digest: after.get(id)!.digest,
      recordedAt: options.now,
    }
    if (lines.length === 0 && input.voided && before.has(id)) kept.push(row)
    else whole.push(row)
  }
  if (kept.length > 0)
    statements.push(
      statement(
        `update purchase set voided = 1, stage = null, revision = v.value ->> 1, digest = v.value ->> 2 from json_each(?) v where purchase.id = v.value ->> 0`,
        list(kept.map((row) => [row.id, row.revision, row.digest])),
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
  statements.push(...priceStatements(written), ...evidenceStatements(written, known, options.now))
  if (options.deferLearning) statements.push(statement('update revision set relearnDue = 1'))
  else statements.push(...learn(countsOf([...ordersBefore.values()], [...ordersAfter.values()])))
  if (touched.length > 0) statements.push(refreshState(touched))
  await engine.atomic(statements)
  return withStage
}

/** Why a purchase that is kept already stays as it is, or null. */
function refusalOf(known: StoredPurchase, input: PurchaseInput, digest: string): PurchaseStatus | null {
  if (known.siteId !== input.siteId) return 'conflict'
  if (input.revision < known.revision) return 'older'
  if (known.digest === digest || (input.voided && known.voided === 1)) return 'unchanged'
  // The same revision with other content is no correction: only a void needs none.
  return input.revision === known.revision && !input.voided ? 'conflict' : null
}

/** What a line cost: as it says, or its quantity at its price. */
function costOf(line: PurchaseLineInput): number {
  return line.totalMinor ?? totalOf(line.unitPriceMinor, line.quantity) ?? 0
}

/**
 * The product that a line is about: one on the shelf, or a new, unmapped one, put there under `nextId`. Two lines
 * that call an unknown thing the same are about one product.
 */
export function matchOrMake(
  shelf: ProductIndex & Pick<Catalogue, 'categories'>,
  source: string,
  line: LineName & { unitPriceMinor: number },
  nextId: number,
): { productId: number; category: string | null; made: Product | null } {
  const match = matchLine(shelf, { ...line, source: line.source ?? source })
  if (match && match.productId !== null)
    return { productId: match.productId, category: match.category ?? line.category ?? null, made: null }
  const made: Product = {
    id: nextId,
    sku: line.sku ?? null,
    source: line.variationId ? (line.source ?? source) : null,
    variationId: line.variationId ?? null,
    gtin: line.gtin ?? null,
    name: line.name ?? line.sku ?? line.category ?? 'unnamed',
    category: line.category ?? null,
    priceMinor: line.unitPriceMinor,
    archived: false,
    unmapped: true,
    baskets: 0,
    buyers: 0,
  }
  addProduct(shelf, made)
  return { productId: nextId, category: made.category, made }
}

/** Front-end or back-end, for each purchase. One that only gives money back is neither. */
function stagesByCustomer(purchases: Iterable<StoredPurchase>): Map<string, 'front' | 'back' | null> {
  const groups = new Map<string, StoredPurchase[]>()
  const stages = new Map<string, 'front' | 'back' | null>()
  for (const row of purchases) {
    const group = row.customer === null ? undefined : groups.get(row.customer)
    if (row.customer === null) stages.set(row.id, null)
    else if (group) group.push(row)
    else groups.set(row.customer, [row])
  }
  for (const group of groups.values())
    for (const [id, stage] of stagesOf(
      group.map((row) => ({
        id: row.id,
        soldAtMs: Date.parse(row.soldAt),
        voided: row.voided === 1 || row.sold === 0,
      })),
    ))
      stages.set(id, stage)
  return stages
}

/** A product that no catalogue gave a price has the one it was sold for. */
function priceStatements(written: Map<string, Written>): Statement[] {
  const sold = new Map<number, number>()
  for (const { lines } of written.values())
    for (const line of lines)
      if (line.quantity > 0 && line.unitPriceMinor > 0) sold.set(line.productId, line.unitPriceMinor)
  if (sold.size === 0) return []
  return [
    statement(
      `update product set priceMinor = v.value ->> 1, rev = ${REV} from json_each(?) v where product.id = v.value ->> 0 and priceMinor is null`,
      JSON.stringify([...sold]),
    ),
  ]
}

/** Evidence of these purchases, derived anew: what an earlier revision said is retracted. */
function evidenceStatements(
  written: Map<string, Written>,
  known: KnownOfPurchases,
  now: string,
): Statement[] {
  const rows: (typeof evidence.$inferInsert)[] = []
  for (const [id, { input, lines, things }] of written) {
    if (input.customer === null || input.voided) continue
    const bought = lines.map((line, n) => ({
      n,
      ...things[n]!,
      gift: line.gift === 1,
      child: line.child ?? null,
      quantity: line.quantity,
    }))
    for (const line of evidenceOf(bought, known))
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
  return rows.length > 0 ? [retract, insertRows(evidence, rows, 'do nothing', NOT_FORGOTTEN)] : [retract]
}

/** What she let us forget of a purchase stays forgotten, however often it is corrected. */
const NOT_FORGOTTEN = `not exists (select 1 from evidence forgotten where forgotten.purchaseId = new.purchaseId
  and forgotten.goal = new.goal and forgotten.retractedBy = 'customer')`

function siteDate(known: KnownOfPurchases, input: PurchaseInput): string {
  return dateOf(localDay(Date.parse(input.soldAt), known.sites.get(input.siteId)!.timeZone))
}

/** A stored purchase as a repeat or a correction needs it. */
export type PurchaseStub = { id: string; revision: number; voided: number; digest: string; siteId: string }

/** Which of these purchases (`source/externalId`) are kept already. */
export async function findPurchases(engine: Engine, ids: string[]): Promise<Map<string, PurchaseStub>> {
  const rows = await engine.all<PurchaseStub>(
    statement(
      'select id, revision, voided, digest, siteId from purchase where id in (select value from json_each(?))',
      JSON.stringify(ids),
    ),
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** How many purchases are kept, voids included. */
export async function countPurchases(engine: Engine): Promise<number> {
  const [row] = await engine.all<{ n: number }>(statement('select count(*) n from purchase'))
  return row!.n
}

/** A customer's first settled purchase, or null. */
export async function firstPurchase(
  engine: Engine,
  customer: string,
): Promise<{ id: string; totalMinor: number; soldAt: string } | null> {
  const [row] = await engine.all<{ id: string; totalMinor: number; soldAt: string }>(
    statement(
      `select id, totalMinor, soldAt from purchase where customer = ? and stage = 'front' order by soldAt, id limit 1`,
      customer,
    ),
  )
  return row ?? null
}

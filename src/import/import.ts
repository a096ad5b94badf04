/**
 * A shop's exports into its database: read, matched, compared with what is kept, and written only when told to.
 * Without `apply` everything happens but the writing, so what is reported is what would be done.
 */

import { digest } from '../core/chance.ts'
import { holdoutOf } from '../core/holdout.ts'
import type { Policy } from '../core/policy.ts'
import { defaultPolicy } from '../core/policy.ts'
import type { LineRow, ProblemRow, ProductRow } from '../dialects/dialect.ts'
import { readExport } from '../dialects/export.ts'
import { isRelearnDue, relearn } from '../store/count.ts'
import { countCustomers, findRefs } from '../store/customer.ts'
import type { Engine } from '../store/engine.ts'
import { GuardFailed } from '../store/engine.ts'
import type { LibraryChange, Shelf } from '../store/product.ts'
import { emptyShelf, layerOver, refreshShelf, writeLibrary } from '../store/product.ts'
import type { PurchaseInput, PurchaseStub } from '../store/purchase.ts'
import { countPurchases, findPurchases, ingestPurchases, matchOrMake } from '../store/purchase.ts'
import { addSite, findPolicy, listSites } from '../store/site.ts'
import { Categories, Library, PROVISIONAL_ID } from './library.ts'
import type { LineProblem, Order } from './order.ts'
import { IMPORTED, OrderBook } from './order.ts'
import type { SiteAsk, SiteFound } from './site.ts'
import { chooseSite } from './site.ts'

/** A file to import: read twice, first for its header. */
export type ImportFile = { name: string; open(): AsyncIterable<Uint8Array> }

export type ImportOptions = {
  /** Write. Without it nothing is. */
  apply: boolean
  site: SiteAsk
  /** Instead of the dialect's own, for a shop with two tills of one make. */
  source?: string | undefined
  dateOrder?: 'mdy' | 'dmy' | undefined
  /** UTC ISO-8601 */
  now: string
  random(length: number): string
  progress?: (step: Progress) => void
}

/** How far it is: rows read, orders written, or counting. */
export type Progress = { file: string; doing: 'read' | 'write' | 'learn'; done: number; of: number | null }

/** A row that was left out, or read without a value. */
export type Noted = LineProblem & { file: string; lineNumber: number }

/** What an import did, or would do. */
export type ImportReport = {
  applied: boolean
  site: SiteFound
  files: { name: string; dialect: string; describe: string; rows: number }[]
  products: { made: number; changed: number; unchanged: number; categories: number }
  orders: {
    created: number
    replaced: number
    unchanged: number
    voided: number
    /** Voided, and never heard of before: nothing to take back. */
    neverKept: number
    /** The till told of it itself: its word stays. */
    toldByTill: number
    /** Of another site, or changed by somebody else meanwhile: not touched. */
    conflict: number
    /** Of all these, those that only give money back. */
    refunds: number
  }
  lines: number
  customersNew: number
  /** Lines about things that no library lists, by what they are called, most lines first. */
  unlisted: { lines: number; products: number; made: number; top: { label: string; lines: number }[] }
  /** What the orders in the files come to, by currency, voids left out. */
  totalMinor: [currency: string, minor: number][]
  leftOut: { count: number; first: Noted[] }
  incomplete: { count: number; first: Noted[] }
  /** Files that break off: nothing of them was imported. A sentence each. */
  broken: string[]
  learned: { orders: number; pairs: number } | null
}

/** Orders and lines of one write: about 20 ms, because a till in another process waits no longer than 50 for its turn. */
const BATCH_ORDERS = 300
const BATCH_LINES = 2500

/** Products of one write. */
const LIBRARY_ROWS = 5000

/** How many problems are told one by one. */
const NOTED_FIRST = 20

/** Import files. Refused with a sentence, nothing written, when a file is none that we know or the site is not clear. */
export async function importFiles(
  engine: Engine,
  files: ImportFile[],
  options: ImportOptions,
): Promise<ImportReport | { refused: string }> {
  const site = chooseSite(await listSites(engine), options.site)
  if ('refused' in site) return site
  const known: { file: ImportFile; kind: 'lines' | 'products' }[] = []
  const report = emptyReport(site, options.apply)
  for (const file of files) {
    const head = await headOf(file, options, site)
    if ('refused' in head) return head
    known.push({ file, kind: head.kind })
    report.files.push({ name: file.name, dialect: head.name, describe: head.describe, rows: 0 })
  }
  const run = new Run(engine, options, site, report)
  await run.begin()
  for (const kind of ['products', 'lines'] as const)
    for (const [i, each] of known.entries()) {
      if (each.kind !== kind) continue
      const broken = await (kind === 'products' ? run.library(each.file, i) : run.sales(each.file, i))
      if (broken) report.broken.push(broken)
    }
  await run.end()
  return report
}

async function headOf(file: ImportFile, options: ImportOptions, site: SiteFound) {
  for await (const row of readExport(file.open(), readOptions(file, options, site))) {
    if ('dialect' in row) return row.dialect
    return { refused: `${row.kind === 'problem' ? row.message : file.name}. Nothing was imported.` }
  }
  return { refused: `${file.name} is empty. Nothing was imported.` }
}

function readOptions(file: ImportFile, options: ImportOptions, site: SiteFound) {
  return {
    currency: site.currency,
    fileName: file.name,
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.dateOrder === undefined ? {} : { dateOrder: options.dateOrder }),
  }
}

function emptyReport(site: SiteFound, applied: boolean): ImportReport {
  return {
    applied,
    site,
    files: [],
    products: { made: 0, changed: 0, unchanged: 0, categories: 0 },
    orders: {
      created: 0,
      replaced: 0,
      unchanged: 0,
      voided: 0,
      neverKept: 0,
      toldByTill: 0,
      conflict: 0,
      refunds: 0,
    },
    lines: 0,
    customersNew: 0,
    unlisted: { lines: 0, products: 0, made: 0, top: [] },
    totalMinor: [],
    leftOut: { count: 0, first: [] },
    incomplete: { count: 0, first: [] },
    broken: [],
    learned: null,
  }
}

type Plan = { order: Order; status: keyof ImportReport['orders']; revision: number }

/** One import under way. */
class Run {
  readonly #engine: Engine
  readonly #options: ImportOptions
  readonly #site: SiteFound
  readonly #report: ImportReport
  /** What is kept, brought up to date as we write. */
  readonly #shelf: Shelf = emptyShelf()
  /** What will be kept: the shelf and what the files add to it. */
  #planned: Shelf = this.#shelf
  #categories = new Categories([])
  #policy: Policy | null = null
  #deferred = false
  #relearnDue = false
  /** Orders that would have been kept by now, when nothing is. */
  readonly #ordersMet = new Map<string, PurchaseStub>()
  readonly #refsMet = new Set<string>()
  readonly #unlisted = new Map<number, { label: string; lines: number }>()
  readonly #made = new Set<number>()
  readonly #totals = new Map<string, number>()

  constructor(engine: Engine, options: ImportOptions, site: SiteFound, report: ImportReport) {
    this.#engine = engine
    this.#options = options
    this.#site = site
    this.#report = report
  }

  async begin(): Promise<void> {
    this.#policy = await findPolicy(this.#engine)
    this.#relearnDue = await isRelearnDue(this.#engine)
    await this.#lookAgain()
  }

  async #lookAgain(): Promise<void> {
    await refreshShelf(this.#engine, this.#shelf)
    this.#planned = layerOver(this.#shelf)
    this.#categories = new Categories(this.#shelf.categories.values())
  }

  /** Read a library and keep what it says. Gives a sentence where the file is broken. */
  async library(file: ImportFile, index: number): Promise<string | null> {
    const rows: ProductRow[] = []
    const broken = await this.#read(file, index, (row) => {
      if (row.kind === 'product') rows.push(row)
      return []
    })
    if (broken) return broken
    for (let attempt = 1; ; attempt++) {
      const library = new Library(this.#planned, this.#categories, this.#site.currency)
      const noted = rows.flatMap((row) =>
        library.add(row).map((problem) => ({ ...problem, file: file.name, lineNumber: row.lineNumber })),
      )
      const { change } = library
      if (this.#options.apply)
        try {
          await this.#found()
          await this.#writeLibrary(file, change)
        } catch (error) {
          if (!(error instanceof GuardFailed) || attempt >= 5) throw error
          await this.#lookAgain()
          continue
        }
      for (const each of noted) this.#note(each)
      const { products } = this.#report
      products.made += change.made.length
      products.changed += change.changed.length
      products.unchanged += library.unchanged
      products.categories += change.categories.length
      return null
    }
  }

  async #writeLibrary(file: ImportFile, { categories, made, changed }: LibraryChange): Promise<void> {
    const rows = Math.max(made.length, changed.length)
    if (rows === 0) return
    for (let at = 0; at < rows; at += LIBRARY_ROWS) {
      this.#options.progress?.({ file: file.name, doing: 'write', done: at, of: rows })
      await writeLibrary(this.#engine, {
        categories: at === 0 ? categories : [],
        made: made.slice(at, at + LIBRARY_ROWS),
        changed: changed.slice(at, at + LIBRARY_ROWS),
      })
    }
  }

  /** Read sales and keep them. Gives a sentence where the file is broken. */
  async sales(file: ImportFile, index: number): Promise<string | null> {
    const book = new OrderBook(this.#site, (text) => this.#categories.find(text) ?? text)
    const broken = await this.#read(file, index, (row) => (row.kind === 'line' ? book.add(row) : []))
    if (broken) return broken
    const orders = book.orders()
    const batches = batchesOf(orders)
    const plans: Plan[][] = []
    for (const batch of batches) plans.push(await this.#plan(batch))
    if (!this.#options.apply) {
      for (const plan of plans.flat()) this.#report.orders[plan.status]++
      return null
    }
    await this.#found()
    const toWrite = plans.flat().filter(isWrite).length
    // Counting order by order pays only while they are few beside what is kept.
    this.#deferred ||= this.#relearnDue || toWrite * 4 > (await countPurchases(this.#engine))
    let done = 0
    for (const plan of plans) {
      await this.#write(plan)
      done += plan.length
      this.#options.progress?.({ file: file.name, doing: 'write', done, of: orders.length })
    }
    return null
  }

  /** Count what was not counted on the way. */
  async end(): Promise<void> {
    const { apply, progress } = this.#options
    if (apply && (await isRelearnDue(this.#engine))) {
      progress?.({ file: '', doing: 'learn', done: 0, of: null })
      this.#report.learned = await relearn(this.#engine)
    }
    const { unlisted } = this.#report
    const called = [...this.#unlisted.values()].sort(
      (x, y) => y.lines - x.lines || (x.label < y.label ? -1 : 1),
    )
    unlisted.products = called.length
    unlisted.made = this.#made.size
    unlisted.top = called.slice(0, 5)
    this.#report.totalMinor = [...this.#totals].sort(([x], [y]) => (x < y ? -1 : 1))
  }

  /** All rows of a file, one by one, problems noted. Gives a sentence where the file breaks off. */
  async #read(
    file: ImportFile,
    index: number,
    take: (row: LineRow | ProductRow) => LineProblem[],
  ): Promise<string | null> {
    const counted = this.#report.files[index]!
    let broken: ProblemRow | null = null
    let lastRow = 0
    for await (const row of readExport(file.open(), readOptions(file, this.#options, this.#site))) {
      if ('dialect' in row) continue
      const at = { file: file.name, lineNumber: row.lineNumber }
      if (row.kind === 'problem') {
        if (isBroken(row)) broken = row
        // A row comes before what is wrong with it; what comes without a row was left out.
        else
          this.#note({
            ...at,
            field: row.field,
            message: row.message,
            leftOut: row.lineNumber !== lastRow && row.field !== 'file',
          })
        continue
      }
      lastRow = row.lineNumber
      counted.rows++
      for (const problem of take(row)) this.#note({ ...at, ...problem })
      if (counted.rows % 1000 === 0)
        this.#options.progress?.({ file: file.name, doing: 'read', done: counted.rows, of: null })
    }
    return broken && `${file.name}, line ${broken.lineNumber}: ${broken.message}. Nothing of it is imported.`
  }

  #note(noted: Noted): void {
    const list = noted.leftOut ? this.#report.leftOut : this.#report.incomplete
    list.count++
    if (list.first.length < NOTED_FIRST) list.first.push(noted)
  }

  /** What is to be done with each order, and what its lines are about. */
  async #plan(batch: Order[]): Promise<Plan[]> {
    const stored = await findPurchases(
      this.#engine,
      batch.map((order) => order.id),
    )
    const plans = batch.map((order): Plan => {
      const known = this.#ordersMet.get(order.id) ?? stored.get(order.id)
      const plan = planOf(order, known)
      if (isWrite(plan) && !this.#options.apply)
        this.#ordersMet.set(order.id, {
          id: order.id,
          siteId: order.input.siteId,
          voided: order.input.voided ? 1 : 0,
          digest: order.digest,
          revision: plan.revision,
        })
      return plan
    })
    for (const { order } of plans) this.#tell(order)
    const refs = plans.filter(isWrite).flatMap(({ order }) => order.input.customer ?? [])
    const met = await findRefs(this.#engine, [...new Set(refs)])
    for (const ref of new Set(refs)) {
      if (met.has(ref) || this.#refsMet.has(ref)) continue
      this.#refsMet.add(ref)
      this.#report.customersNew++
    }
    return plans
  }

  #tell({ input, refund }: Order): void {
    const { orders, unlisted } = this.#report
    if (refund) orders.refunds++
    const total = input.lines.reduce((sum, line) => sum + (line.totalMinor ?? 0), 0)
    if (!input.voided) this.#totals.set(input.currency, (this.#totals.get(input.currency) ?? 0) + total)
    for (const line of input.lines) {
      this.#report.lines++
      const nextId = PROVISIONAL_ID + this.#planned.products.size
      const { productId, made } = matchOrMake(this.#planned, input.source, line, nextId)
      if (made) this.#made.add(productId)
      else if (
        !(this.#planned.products.get(productId) as { unmapped?: boolean }).unmapped &&
        !this.#made.has(productId)
      )
        continue
      const known = this.#unlisted.get(productId)
      if (known) known.lines++
      else
        this.#unlisted.set(productId, {
          label:
            [line.sku, line.name].filter((text) => text !== undefined).join(' ') || (line.category ?? '?'),
          lines: 1,
        })
      unlisted.lines++
    }
  }

  async #write(plans: Plan[]): Promise<void> {
    const { orders } = this.#report
    const writes = plans.filter(isWrite)
    for (const plan of plans) if (!isWrite(plan)) orders[plan.status]++
    if (writes.length === 0) return
    const policy = this.#policy!
    const customers = await countCustomers(this.#engine)
    const digests = new Map(writes.map(({ order }) => [order.id, order.digest]))
    const results = await ingestPurchases(
      this.#engine,
      () => refreshShelf(this.#engine, this.#shelf),
      writes.map(
        ({ order: { input }, revision }): PurchaseInput => ({
          ...input,
          revision,
          lines: input.voided ? [] : input.lines,
        }),
      ),
      {
        now: this.#options.now,
        holdout: holdoutOf(policy, customers),
        digest: (input) =>
          digests.get(`${input.source}/${input.externalId}`) ?? digest(JSON.stringify(input)),
        deferLearning: this.#deferred,
      },
    )
    for (const { status } of results) orders[status === 'older' ? 'conflict' : status]++
  }

  /** Begin the shop, where there is none, just before the first write. */
  async #found(): Promise<void> {
    if (!this.#site.isNew || this.#shelf.sites.has(this.#site.id)) return
    this.#policy ??= defaultPolicy(this.#options.random(16))
    const { id, name, timeZone, currency } = this.#site
    await addSite(this.#engine, { id, name, timeZone, currency }, this.#policy, this.#options.now)
    await refreshShelf(this.#engine, this.#shelf)
  }
}

/** From here on the file could not be read: the order that it breaks off in would be kept by half. */
function isBroken(problem: ProblemRow): boolean {
  return problem.code === 'other' && (problem.field === 'file' || problem.field === 'record')
}

function isWrite({ status }: Plan): boolean {
  return status === 'created' || status === 'replaced' || status === 'voided'
}

function planOf(order: Order, known: PurchaseStub | undefined): Plan {
  const plan = (status: Plan['status'], revision = 0): Plan => ({ order, status, revision })
  const { input } = order
  if (!known) return input.voided ? plan('neverKept') : plan('created')
  if (known.siteId !== input.siteId) return plan('conflict')
  if (input.voided) return known.voided === 1 ? plan('unchanged') : plan('voided', known.revision + 1)
  if (known.digest === order.digest) return plan('unchanged')
  if (!known.digest.startsWith(IMPORTED)) return plan('toldByTill')
  return plan('replaced', known.revision + 1)
}

/** The same orders make the same batches, whatever of them is kept already: an import that broke off goes on as it would have. */
function batchesOf(orders: Order[]): Order[][] {
  const batches: Order[][] = []
  let batch: Order[] = []
  let lines = 0
  for (const order of orders) {
    if (
      batch.length >= BATCH_ORDERS ||
      (batch.length > 0 && lines + order.input.lines.length > BATCH_LINES)
    ) {
      batches.push(batch)
      batch = []
      lines = 0
    }
    batch.push(order)
    lines += order.input.lines.length
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/** Sold lines into orders: the lines of an order may stand anywhere in a file. */
import { digest } from '../core/chance.ts'
import { instantOf } from '../core/time.ts'
import type { LineRow } from '../dialects/dialect.ts'
import type { PurchaseInput, PurchaseLineInput } from '../store/purchase.ts'

/** What a till may call a customer: what the service would refuse from a till, it could never be asked about. */
const TILL_REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/

/** How an import's digest begins: what a till told itself is told from it by this. */
export const IMPORTED = 'import:'

/** An order as a file tells it, not yet compared with what is kept. */
export type Order = {
  /** `source/externalId` */
  id: string
  input: PurchaseInput
  /** The same for the same content, whatever the order of its lines. */
  digest: string
  /** Nothing was sold: money or goods came back. */
  refund: boolean
}

/** What is wrong with a row, without repeating what it says. */
export type LineProblem = { field: string; message: string; leftOut: boolean }

type Draft = {
  source: string
  orderId: string
  soldMs: number
  customer: string | null
  currency: string
  lines: PurchaseLineInput[]
  voidedLines: number
  digests: string[]
}

/** Collects one file's lines into orders. Everything stays in memory until `orders` is called: about 250 bytes a line. */
export class OrderBook {
  readonly #site: { id: string; timeZone: string; currency: string }
  readonly #categoryOf: (text: string) => string
  readonly #drafts = new Map<string, Draft>()
  readonly #texts = new Map<string, string>()

  /** `site` gives what lines do not say themselves; `categoryOf` turns a till's category into the shop's own. */
  constructor(
    site: { id: string; timeZone: string; currency: string },
    categoryOf: (text: string) => string = (text) => text,
  ) {
    this.#site = site
    this.#categoryOf = categoryOf
  }

  /** Take in one line; what is wrong with it comes back. */
  add(row: LineRow): LineProblem[] {
    const problems: LineProblem[] = []
    const currency = row.currency ?? this.#site.currency
    const soldMs = instantMs(row.soldAt, row.timeZone ?? this.#site.timeZone)
    let customer = row.customer
    if (customer !== null && !TILL_REFERENCE.test(customer)) {
      problems.push({
        field: 'customer',
        message: 'not a reference that a till could ask about, left out: the line has no customer',
        leftOut: false,
      })
      customer = null
    }
    const key = `${row.source}/${row.orderId}`
    let draft = this.#drafts.get(key)
    if (!draft) {
      draft = {
        source: this.#shared(row.source),
        orderId: copyOf(row.orderId),
        soldMs,
        customer: customer === null ? null : this.#shared(customer),
        currency: this.#shared(currency),
        lines: [],
        voidedLines: 0,
        digests: [],
      }
      this.#drafts.set(key, draft)
    }
    if (draft.currency !== currency)
      return [
        ...problems,
        { field: 'currency', message: 'another currency than the order began with', leftOut: true },
      ]
    if (customer !== null && draft.customer !== null && customer !== draft.customer)
      problems.push({
        field: 'customer',
        message: 'another customer than the order began with: the first one counts',
        leftOut: false,
      })
    draft.customer ??= customer === null ? null : this.#shared(customer)
    draft.soldMs = Math.min(draft.soldMs, soldMs)
    draft.digests.push(digest(JSON.stringify(contentOf(row))))
    if (row.voided) draft.voidedLines++
    else draft.lines.push(this.#lineOf(row))
    return problems
  }

  /** All orders, a customer's together and by time, so that a batch needs her history once. */
  orders(): Order[] {
    const drafts = [...this.#drafts.values()]
    const firstMs = new Map<string, number>()
    for (const { customer, soldMs } of drafts)
      if (customer !== null) firstMs.set(customer, Math.min(firstMs.get(customer) ?? soldMs, soldMs))
    const began = (draft: Draft) => (draft.customer === null ? draft.soldMs : firstMs.get(draft.customer)!)
    drafts.sort(
      (x, y) =>
        began(x) - began(y) ||
        compare(x.customer ?? '', y.customer ?? '') ||
        x.soldMs - y.soldMs ||
        compare(x.orderId, y.orderId),
    )
    return drafts.map((draft) => this.#orderOf(draft))
  }

  #orderOf(draft: Draft): Order {
    const voided = draft.lines.length === 0
    const soldAt = new Date(draft.soldMs).toISOString()
    const facts = [soldAt, draft.customer, draft.currency, voided, draft.digests.sort()]
    return {
      id: `${draft.source}/${draft.orderId}`,
      input: {
        source: draft.source,
        externalId: draft.orderId,
        revision: 0,
        customer: draft.customer,
        siteId: this.#site.id,
        staffId: null,
        soldAt,
        currency: draft.currency,
        voided,
        recommendationId: null,
        lines: draft.lines,
      },
      digest: IMPORTED + digest(JSON.stringify(facts)),
      refund: !voided && !draft.lines.some((line) => line.quantity > 0),
    }
  }

  #lineOf(row: LineRow): PurchaseLineInput {
    const shared = (text: string | null) => (text === null ? undefined : this.#shared(text))
    return {
      source: shared(row.source),
      variationId: shared(row.variationId),
      gtin: shared(row.gtin),
      sku: shared(row.sku),
      category: shared(row.category === null ? null : this.#categoryOf(row.category)),
      name: shared(row.name),
      quantity: row.quantity,
      unitPriceMinor: row.unitPriceMinor,
      totalMinor: row.totalMinor,
      unitCostMinor: row.unitCostMinor,
      gift: row.gift,
      child: null,
    }
  }

  /** One copy of a text that many lines say. */
  #shared(text: string): string {
    let known = this.#texts.get(text)
    if (known === undefined) {
      known = copyOf(text)
      this.#texts.set(known, known)
    }
    return known
  }
}

/** A text of its own: one cut out of a file's text would keep all of that in memory. */
function copyOf(text: string): string {
  return Buffer.from(text).toString()
}

/** What makes a line this line; where it stands in the file does not. */
function contentOf(row: LineRow): unknown[] {
  return [
    row.customer,
    row.sku,
    row.variationId,
    row.gtin,
    row.name,
    row.category,
    row.quantity,
    row.unitPriceMinor,
    row.totalMinor,
    row.unitCostMinor,
    row.currency,
    row.voided,
    row.gift,
  ]
}

function instantMs(text: string, timeZone: string): number {
  return /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : instantOf(text, timeZone)
}

function compare(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0
}

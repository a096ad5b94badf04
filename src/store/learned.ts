/** What was learned from purchases, in memory: the stored counts in, neighbours out. */
import type { Product } from '../core/catalogue.ts'
import type { GoesWith, Learning } from '../core/learning.ts'
import type { Moment } from '../core/moment.ts'
import type { Learned } from '../core/neighbour.ts'
import { createLearned } from '../core/neighbour.ts'
import type { PastOrder, Profile } from '../core/ranking.ts'
import { affinityOf, goesWith, profileOf } from '../core/ranking.ts'
import type { DayRow, PairRow } from './catalogue.ts'

const DAY_MS = 86_400_000

export class LearnedStore {
  readonly learned: Learned = createLearned()
  readonly #numbers = new Map<number, number>()
  readonly #productIds: number[] = []
  readonly #skus = new Map<number, string>()
  readonly #catalogued = new Set<string>()
  readonly #unmapped = new Set<string>()
  readonly #archived = new Set<string>()

  /**
   * Skus that are learned from and never answered: what is archived, and, once the shop has a catalogue, what was
   * only ever met in a sale (postage, vouchers, things it may not sell any more).
   */
  notAnswered(): string[] {
    return this.#catalogued.size === 0 ? [...this.#archived] : [...this.#archived, ...this.#unmapped]
  }

  /** Take the rows that changed: products with their totals, pairs and days with their counts as they stand now. */
  apply(products: Product[], pairs: PairRow[], days: DayRow[]): void {
    for (const product of products) {
      const number = this.#number(product)
      this.learned.setStat(number, { baskets: product.baskets, customers: product.buyers })
      const sku = this.#skus.get(product.id)!
      for (const set of [this.#catalogued, this.#unmapped, this.#archived]) set.delete(sku)
      ;(product.unmapped ? this.#unmapped : this.#catalogued).add(sku)
      if (product.archived) this.#archived.add(sku)
    }
    for (const { a, b, baskets, customers } of pairs) {
      const x = this.#numbers.get(a)
      const y = this.#numbers.get(b)
      if (x !== undefined && y !== undefined) this.learned.setPair(x, y, baskets, customers)
    }
    for (const { productId, day, orders } of days) {
      const number = this.#numbers.get(productId)
      if (number !== undefined) this.learned.setOrders(number, day, orders)
    }
  }

  /** A product's number among the learned. */
  numberOf(productId: number): number | undefined {
    return this.#numbers.get(productId)
  }

  /** The product of a number. */
  productIdOf(item: number): number {
    return this.#productIds[item]!
  }

  /** A product's number among the learned; its sku where it has one, since ties break by it. */
  #number(product: Product): number {
    const sku = this.#skus.get(product.id) ?? product.sku ?? `#${product.id}`
    // An item that is there already takes its new name and category, and keeps its number.
    const number = this.learned.addItem({ sku, name: product.name, category: product.category })
    this.#numbers.set(product.id, number)
    this.#productIds[number] = product.id
    this.#skus.set(product.id, sku)
    return number
  }

  /** What deciding may ask about one moment. Worked out only if it asks. */
  at(moment: Moment): Learning {
    const basket = moment.basket.flatMap((line) => this.#skus.get(line.productId ?? -1) ?? [])
    let profile: Profile | null = null
    const history = (): PastOrder[] =>
      (moment.person?.items ?? []).flatMap(({ productId, day }) => {
        const sku = this.#skus.get(productId)
        return sku === undefined ? [] : [{ at: day * DAY_MS, items: [sku] }]
      })
    return {
      affinityOf: (productId) => {
        profile ??= profileOf(this.learned, {
          purpose: 'checkout',
          basket,
          history: history(),
          asOf: moment.nowMs,
        })
        const item = this.#numbers.get(productId)
        return item === undefined ? 0 : affinityOf(this.learned, profile, item)
      },
      goesWith: (most): GoesWith[] =>
        basket.length === 0
          ? []
          : goesWith(this.learned, basket, history(), moment.nowMs, most, this.notAnswered()).flatMap(
              (each) => {
                const beside = each.withSku === null ? undefined : this.learned.itemOf(each.withSku)
                return beside === undefined
                  ? []
                  : [
                      {
                        productId: this.#productIds[each.item]!,
                        affinity: each.affinity,
                        orders: each.baskets,
                        withProductId: this.#productIds[beside]!,
                      },
                    ]
              },
            ),
    }
  }
}

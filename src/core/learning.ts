/** What deciding asks of the learned neighbours: how well a product goes with this basket and this history. */

/** A product that was bought together with one in the basket: affinity in [0, 1], and in how many orders. */
export type GoesWith = { productId: number; affinity: number; orders: number; withProductId: number }

export type Learning = {
  /** How well a product goes with the moment, in [0, 1]; 0 when nothing is learned. */
  affinityOf(productId: number): number
  /** The products that go best with the basket, best first. */
  goesWith(most: number): GoesWith[]
}

/** Nothing learned yet. */
export const NOTHING_LEARNED: Learning = { affinityOf: () => 0, goesWith: () => [] }

/**
 * The offers in the running at one moment: all that fit well enough, scored at once and from columns. A gate looks
 * at the offer itself, so gates are asked only when a score could matter, and never twice. What comes out is the
 * same as asking every gate of every offer.
 */
import type { Listed } from './catalogue.ts'
import type { Weighed } from './gate.ts'
import { passes } from './gate.ts'
import type { GoesWith, Learning } from './learning.ts'
import type { Moment } from './moment.ts'
import type { Parts } from './score.ts'
import { noParts, partsAt, partsOf, scoreOf } from './score.ts'

/** An offer that passed every gate, with its parts and their product. */
export type Scored = { listed: Listed; weighed: Weighed; parts: Parts; score: number }

/** Whether an offer is wanted, by its place in the list and its score. */
type Wanted = (index: number, score: number) => boolean
/** Which of two, by their numbers in the running, comes first. */
type Order = (a: number, b: number) => number

const UNASKED = 0
const PASSES = 1
const REFUSED = 2

export class Running {
  readonly #moment: Moment
  readonly #learning: Learning
  readonly #list: readonly Listed[]
  readonly #goesWith: readonly GoesWith[] | null
  readonly #indexes: number[] = []
  readonly #fits: number[] = []
  readonly #scores: number[] = []
  /** Scores had money no say. */
  readonly #plain: number[] = []
  readonly #asked: number[] = []

  /** Runs offers of a list: the catalogue's, or products that go with the basket, beside what they go with. */
  constructor(
    moment: Moment,
    learning: Learning,
    list: readonly Listed[],
    goesWith: readonly GoesWith[] | null = null,
  ) {
    this.#moment = moment
    this.#learning = learning
    this.#list = list
    this.#goesWith = goesWith
  }

  /** Let an offer of the list run. */
  add(index: number, fit: number): void {
    const parts = this.#parts(index, fit, SCRATCH)
    this.#indexes.push(index)
    this.#fits.push(fit)
    this.#scores.push(scoreOf(parts))
    parts.value = 1
    this.#plain.push(scoreOf(parts))
    this.#asked.push(UNASKED)
  }

  /** The best that passes and is wanted; null when there is none. */
  best(wanted: Wanted): Scored | null {
    return this.#first(this.#byScore, wanted)
  }

  /** The offer of this id, if it runs and passes. */
  offer(id: string): Scored | null {
    const at = this.#goesWith
      ? this.#list.findIndex((listed) => listed.offer.id === id)
      : this.#moment.catalogue.listedById.get(id)?.index
    return at === undefined || at < 0 ? null : this.best((index) => index === at)
  }

  /** The best that passes had money no say; null when there is none. */
  bestWithoutMoney(): Scored | null {
    return this.#first((a, b) => this.#plain[b]! - this.#plain[a]! || this.#byScore(a, b))
  }

  /** All that pass and are wanted, best first. */
  every(wanted: Wanted): Scored[] {
    const found: number[] = []
    for (let at = 0; at < this.#indexes.length; at++)
      if (wanted(this.#indexes[at]!, this.#scores[at]!) && this.#passes(at)) found.push(at)
    return found.sort(this.#byScore).map((at) => this.#scored(at))
  }

  /** The best `most` that pass, best first. */
  top(most: number): Scored[] {
    const top: Scored[] = []
    const heap = heaped(this.#indexes.length, this.#byScore)
    while (heap.length > 0 && top.length < most) {
      const at = popped(heap, this.#byScore)
      if (this.#passes(at)) top.push(this.#scored(at))
    }
    return top
  }

  /** Score, then the smaller step, then the id. */
  readonly #byScore: Order = (a, b) => {
    const byScore = this.#scores[b]! - this.#scores[a]!
    if (byScore !== 0) return byScore
    const x = this.#list[this.#indexes[a]!]!
    const y = this.#list[this.#indexes[b]!]!
    return x.step - y.step || (x.offer.id < y.offer.id ? -1 : 1)
  }

  #first(order: Order, wanted?: Wanted): Scored | null {
    let best = -1
    for (let at = 0; at < this.#indexes.length; at++) {
      if (best >= 0 && order(at, best) >= 0) continue
      if (wanted && !wanted(this.#indexes[at]!, this.#scores[at]!)) continue
      if (this.#passes(at)) best = at
    }
    return best < 0 ? null : this.#scored(best)
  }

  #passes(at: number): boolean {
    if (this.#asked[at] === UNASKED)
      this.#asked[at] = passes(this.#list[this.#indexes[at]!]!, this.#moment, this.#weighed(at))
        ? PASSES
        : REFUSED
    return this.#asked[at] === PASSES
  }

  #weighed(at: number): Weighed {
    return { fit: this.#fits[at]!, goesWith: this.#goesWith?.[this.#indexes[at]!] ?? null }
  }

  #parts(index: number, fit: number, parts: Parts): Parts {
    const goesWith = this.#goesWith?.[index]
    return goesWith
      ? partsOf(this.#list[index]!, this.#moment, { fit, goesWith }, parts)
      : partsAt(index, this.#moment, fit, this.#learning, parts)
  }

  #scored(at: number): Scored {
    const index = this.#indexes[at]!
    const parts = this.#parts(index, this.#fits[at]!, noParts())
    return { listed: this.#list[index]!, weighed: this.#weighed(at), parts, score: this.#scores[at]! }
  }
}

/** Parts of an offer that is only scored: many are, and few come out. */
const SCRATCH = noParts()

/** The numbers below `size` as a binary heap, the best on top: what is wanted is a few of many. Source: Knuth, TAOCP 3, 5.2.3. */
function heaped(size: number, order: Order): number[] {
  const heap: number[] = []
  for (let at = 0; at < size; at++) heap.push(at)
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(heap, at, order)
  return heap
}

function popped(heap: number[], order: Order): number {
  const best = heap[0]!
  const last = heap.pop()!
  if (heap.length > 0) {
    heap[0] = last
    sink(heap, 0, order)
  }
  return best
}

function sink(heap: number[], from: number, order: Order): void {
  const held = heap[from]!
  let at = from
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && order(heap[child + 1]!, heap[child]!) < 0) child++
    if (order(heap[child]!, held) >= 0) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = held
}

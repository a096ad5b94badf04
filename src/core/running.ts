/**
 * The offers in the running at one moment: all that fit well enough, scored at once. Gates cost more than
 * scores, so an offer's gates are asked only when its score could matter, and never twice. What comes out is
 * the same as asking every gate of every offer.
 */
import type { Listed } from './catalogue.ts'
import type { Weighed } from './gate.ts'
import { refusalOf } from './gate.ts'
import type { Learning } from './learning.ts'
import type { Moment } from './moment.ts'
import type { Parts } from './score.ts'
import { noParts, partsOf, scoreOf } from './score.ts'

/** An offer that passed every gate, with its parts and their product. */
export type Scored = { listed: Listed; weighed: Weighed; parts: Parts; score: number }

/** An offer by its number in the running. The order of two: which is the better. */
type Wanted = (listed: Listed, score: number) => boolean
type Order = (a: number, b: number) => number

const UNASKED = 0
const PASSES = 1
const REFUSED = 2

export class Running {
  readonly #moment: Moment
  readonly #learning: Learning
  readonly #listed: Listed[] = []
  readonly #weighed: Weighed[] = []
  readonly #scores: number[] = []
  /** Scores had money no say. */
  readonly #plain: number[] = []
  readonly #asked: number[] = []

  constructor(moment: Moment, learning: Learning) {
    this.#moment = moment
    this.#learning = learning
  }

  /** Let an offer run. */
  add(listed: Listed, weighed: Weighed): void {
    const parts = partsOf(listed, this.#moment, weighed, this.#learning, SCRATCH)
    this.#listed.push(listed)
    this.#weighed.push(weighed)
    this.#scores.push(scoreOf(parts))
    parts.value = 1
    this.#plain.push(scoreOf(parts))
    this.#asked.push(UNASKED)
  }

  /** The best that passes and is wanted; null when there is none. */
  best(wanted?: Wanted): Scored | null {
    return this.#first(this.#byScore, wanted)
  }

  /** The best had money no say. */
  bestWithoutMoney(): Scored | null {
    return this.#first((a, b) => this.#plain[b]! - this.#plain[a]! || this.#byScore(a, b))
  }

  /** All that pass and are wanted, best first. */
  every(wanted: Wanted): Scored[] {
    const found: number[] = []
    for (let at = 0; at < this.#listed.length; at++)
      if (wanted(this.#listed[at]!, this.#scores[at]!) && this.#passes(at)) found.push(at)
    return found.sort(this.#byScore).map((at) => this.#scored(at))
  }

  /** The best `most` that pass, best first. */
  top(most: number): Scored[] {
    const top: Scored[] = []
    const heap = heaped(this.#listed.length, this.#byScore)
    while (heap.length > 0 && top.length < most) {
      const at = popped(heap, this.#byScore)
      if (this.#passes(at)) top.push(this.#scored(at))
    }
    return top
  }

  /** The code of the gate that refuses the best fit: why nothing is said where nothing passes. */
  refusal(): string {
    let refusal = 'FIT_FLOOR'
    let refusedFit = 0
    this.#weighed.forEach((weighed, at) => {
      const gate = weighed.fit > refusedFit ? refusalOf(this.#listed[at]!, this.#moment, weighed) : null
      if (gate === null) return
      refusedFit = weighed.fit
      refusal = gate.code
    })
    return refusal
  }

  /** Score, then the smaller step, then the id. */
  readonly #byScore: Order = (a, b) => {
    const byScore = this.#scores[b]! - this.#scores[a]!
    if (byScore !== 0) return byScore
    const x = this.#listed[a]!
    const y = this.#listed[b]!
    return x.step - y.step || (x.offer.id < y.offer.id ? -1 : 1)
  }

  #first(order: Order, wanted?: Wanted): Scored | null {
    let best = -1
    for (let at = 0; at < this.#listed.length; at++) {
      if (best >= 0 && order(at, best) >= 0) continue
      if ((wanted === undefined || wanted(this.#listed[at]!, this.#scores[at]!)) && this.#passes(at))
        best = at
    }
    return best < 0 ? null : this.#scored(best)
  }

  #passes(at: number): boolean {
    if (this.#asked[at] === UNASKED)
      this.#asked[at] =
        refusalOf(this.#listed[at]!, this.#moment, this.#weighed[at]!) === null ? PASSES : REFUSED
    return this.#asked[at] === PASSES
  }

  #scored(at: number): Scored {
    const listed = this.#listed[at]!
    const weighed = this.#weighed[at]!
    const parts = partsOf(listed, this.#moment, weighed, this.#learning, noParts())
    return { listed, weighed, parts, score: this.#scores[at]! }
  }
}

/** Parts of an offer that is only scored: thousands are, and few come out. */
const SCRATCH = noParts()

/** The numbers below `size` as a binary heap, the best on top: what is wanted is a few of many. Source: Knuth, TAOCP 3, 5.2.3. */
function heaped(size: number, order: Order): number[] {
  const heap = Array.from({ length: size }, (_, at) => at)
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

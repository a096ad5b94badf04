/** The offers in the running at one moment: all that passed every gate, scored. What is wanted is a few of them. */
import type { Listed } from './catalogue.ts'
import type { Weighed } from './gate.ts'
import type { Learning } from './learning.ts'
import type { Moment } from './moment.ts'
import type { Parts } from './score.ts'
import { noParts, partsOf, scoreOf } from './score.ts'

/** An offer that passed every gate, with its parts and their product. */
export type Scored = { listed: Listed; weighed: Weighed; parts: Parts; score: number }

type Wanted = (listed: Listed, score: number) => boolean
/** Which of two, by their numbers in the running, comes first. */
type Order = (a: number, b: number) => number

export class Running {
  readonly #moment: Moment
  readonly #learning: Learning
  readonly #listed: Listed[] = []
  readonly #weighed: Weighed[] = []
  readonly #scores: number[] = []
  /** Scores had money no say. */
  readonly #plain: number[] = []

  constructor(moment: Moment, learning: Learning) {
    this.#moment = moment
    this.#learning = learning
  }

  /** Let an offer run that passed every gate. */
  add(listed: Listed, weighed: Weighed): void {
    const parts = partsOf(listed, this.#moment, weighed, this.#learning, SCRATCH)
    this.#listed.push(listed)
    this.#weighed.push(weighed)
    this.#scores.push(scoreOf(parts))
    parts.value = 1
    this.#plain.push(scoreOf(parts))
  }

  /** The best that is wanted; null when there is none. */
  best(wanted: Wanted): Scored | null {
    let best = -1
    for (let at = 0; at < this.#listed.length; at++)
      if ((best < 0 || this.#byScore(at, best) < 0) && wanted(this.#listed[at]!, this.#scores[at]!)) best = at
    return best < 0 ? null : this.#scored(best)
  }

  /** The best had money no say; null when nothing runs. */
  bestWithoutMoney(): Scored | null {
    let best = -1
    for (let at = 0; at < this.#listed.length; at++)
      if (best < 0 || (this.#plain[best]! - this.#plain[at]! || this.#byScore(at, best)) < 0) best = at
    return best < 0 ? null : this.#scored(best)
  }

  /** All that are wanted, best first. */
  every(wanted: Wanted): Scored[] {
    const found: number[] = []
    for (let at = 0; at < this.#listed.length; at++)
      if (wanted(this.#listed[at]!, this.#scores[at]!)) found.push(at)
    return found.sort(this.#byScore).map((at) => this.#scored(at))
  }

  /** The best `most`, best first. */
  top(most: number): Scored[] {
    const top: Scored[] = []
    const heap = heaped(this.#listed.length, this.#byScore)
    while (heap.length > 0 && top.length < most) top.push(this.#scored(popped(heap, this.#byScore)))
    return top
  }

  /** Score, then the smaller step, then the id. */
  readonly #byScore: Order = (a, b) => {
    const byScore = this.#scores[b]! - this.#scores[a]!
    if (byScore !== 0) return byScore
    const x = this.#listed[a]!
    const y = this.#listed[b]!
    return x.step - y.step || (x.offer.id < y.offer.id ? -1 : 1)
  }

  #scored(at: number): Scored {
    const listed = this.#listed[at]!
    const weighed = this.#weighed[at]!
    const parts = partsOf(listed, this.#moment, weighed, this.#learning, noParts())
    return { listed, weighed, parts, score: this.#scores[at]! }
  }
}

/** Parts of an offer that is only scored: many are, and few come out. */
const SCRATCH = noParts()

/** The numbers below `size` as a binary heap, the best on top. Source: Knuth, TAOCP 3, 5.2.3. */
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

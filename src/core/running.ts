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
import { partsOf, scoreOf } from './score.ts'

/** An offer that passed every gate, with its parts and their product. */
export type Scored = { listed: Listed; weighed: Weighed; parts: Parts; score: number }

const UNASKED = 0
const PASSES = 1
const REFUSED = 2

export class Running {
  readonly #moment: Moment
  readonly #scored: Scored[]
  readonly #asked: Uint8Array

  constructor(
    moment: Moment,
    learning: Learning,
    candidates: Iterable<{ listed: Listed; weighed: Weighed }>,
  ) {
    this.#moment = moment
    this.#scored = []
    for (const { listed, weighed } of candidates) {
      const parts = partsOf(listed, moment, weighed, learning)
      this.#scored.push({ listed, weighed, parts, score: scoreOf(parts) })
    }
    this.#asked = new Uint8Array(this.#scored.length)
  }

  #passes(at: number): boolean {
    const asked = this.#asked[at]!
    if (asked !== UNASKED) return asked === PASSES
    const { listed, weighed } = this.#scored[at]!
    const passes = refusalOf(listed, this.#moment, weighed) === null
    this.#asked[at] = passes ? PASSES : REFUSED
    return passes
  }

  /** The best that passes and is wanted, in the order of `before`; null when there is none. */
  best(
    wanted: (each: Scored) => boolean = () => true,
    before: (a: Scored, b: Scored) => number = byScore,
  ): Scored | null {
    let best: Scored | null = null
    for (let at = 0; at < this.#scored.length; at++) {
      const each = this.#scored[at]!
      if ((best === null || before(each, best) < 0) && wanted(each) && this.#passes(at)) best = each
    }
    return best
  }

  /** All that pass and are wanted, best first. */
  every(wanted: (each: Scored) => boolean): Scored[] {
    return this.#scored.filter((each, at) => wanted(each) && this.#passes(at)).sort(byScore)
  }

  /** The best `most` that pass, best first. */
  top(most: number): Scored[] {
    const top: Scored[] = []
    const heap = new Heap(this.#scored)
    for (let at = heap.pop(); at >= 0 && top.length < most; at = heap.pop())
      if (this.#passes(at)) top.push(this.#scored[at]!)
    return top
  }

  /** The code of the gate that refuses the best fit: why nothing is said where nothing passes. */
  refusal(): string {
    let refusal = 'FIT_FLOOR'
    let refusedFit = 0
    for (const { listed, weighed } of this.#scored) {
      if (weighed.fit <= refusedFit) continue
      const gate = refusalOf(listed, this.#moment, weighed)
      if (gate === null) continue
      refusedFit = weighed.fit
      refusal = gate.code
    }
    return refusal
  }
}

/** The order of everything: score, then the smaller step, then the id. */
export function byScore(a: Scored, b: Scored): number {
  return (
    b.score - a.score || a.listed.step - b.listed.step || (a.listed.offer.id < b.listed.offer.id ? -1 : 1)
  )
}

/** A binary heap of places in a list, the best on top: what is wanted is a few of many. Source: Knuth, TAOCP 3, 5.2.3. */
class Heap {
  readonly #list: readonly Scored[]
  readonly #heap: number[]

  constructor(list: readonly Scored[]) {
    this.#list = list
    this.#heap = list.map((_, at) => at)
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** The place of the best that is left, or −1. */
  pop(): number {
    const heap = this.#heap
    if (heap.length === 0) return -1
    const best = heap[0]!
    const last = heap.pop()!
    if (heap.length > 0) {
      heap[0] = last
      this.#sink(0)
    }
    return best
  }

  #sink(from: number): void {
    const heap = this.#heap
    const list = this.#list
    const held = heap[from]!
    let at = from
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && byScore(list[heap[child + 1]!]!, list[heap[child]!]!) < 0) child++
      if (byScore(list[heap[child]!]!, list[held]!) >= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = held
  }
}

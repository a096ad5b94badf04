/** The decision log: answers are written behind, in groups, and never waited for. */
import type { Engine } from './engine.ts'
import { awaited } from './outcome.ts'
import type { NewRecommendation } from './recommendation.ts'
import { recordRecommendation } from './recommendation.ts'

type Row = NewRecommendation

/** How long a group gathers, and how many it may hold while the store does not take them. */
const GATHER_MS = 20
const MOST_PENDING = 10_000

/** Answers that go on record together. */
class Group {
  readonly byId = new Map<string, Row>()
  readonly byCustomer = new Map<string, Row[]>()

  add(row: Row): void {
    this.byId.set(row.id, row)
    if (!row.customer) return
    const rows = this.byCustomer.get(row.customer)
    if (rows) rows.push(row)
    else this.byCustomer.set(row.customer, [row])
  }
}

export class Recorder {
  readonly #engine: Engine
  readonly #onError: (error: unknown) => void
  readonly #onAwaited: () => Promise<void>
  // A group is dropped whole: a map that rows go into and out of for ever is a chain that only a full collection ends.
  #gathering = new Group()
  #underWay: Group | null = null
  #timer: ReturnType<typeof setTimeout> | null = null
  #writing: Promise<void> | null = null

  /** `onAwaited` is called when answers came on record that outcomes were waiting for. */
  constructor(engine: Engine, onError: (error: unknown) => void, onAwaited: () => Promise<void>) {
    this.#engine = engine
    this.#onError = onError
    this.#onAwaited = onAwaited
  }

  /** An answer that is not on record yet, or null. */
  find(id: string): Row | null {
    return this.#gathering.byId.get(id) ?? this.#underWay?.byId.get(id) ?? null
  }

  /** Answers to this customer that are not on record yet, in the order in which they were given. */
  of(customer: string): Row[] {
    const before = this.#underWay?.byCustomer.get(customer) ?? []
    return [...before, ...(this.#gathering.byCustomer.get(customer) ?? [])]
  }

  /** Take an answer. With `waitUntil` (an edge runtime) it is written at once, after the response. */
  add(row: Row, waitUntil?: (promise: Promise<void>) => void): void {
    if (this.#gathering.byId.size >= MOST_PENDING) {
      this.#onError(new Error('the decision log is full: an answer was not recorded'))
      return
    }
    this.#gathering.add(row)
    // The answer goes first: what is written for it starts once it is on its way.
    if (waitUntil) waitUntil(new Promise((resolve) => setTimeout(resolve)).then(() => this.flush()))
    else this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS)
  }

  /** Write all that is pending; rows that the store refuses stay pending. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#writing) await this.#writing
    if (this.#gathering.byId.size === 0) return
    const group = this.#gathering
    this.#underWay = group
    this.#gathering = new Group()
    let isAwaited = false
    this.#writing = this.#write(group).then((awaited) => {
      isAwaited = awaited
      this.#writing = null
    })
    await this.#writing
    if (isAwaited) await this.#onAwaited().catch(this.#onError)
  }

  /** Write a group; true: outcomes were waiting for it. What the store refuses goes back to what gathers. */
  async #write(group: Group): Promise<boolean> {
    const rows = [...group.byId.values()]
    try {
      const changed = await this.#engine.atomic([
        ...rows.map(recordRecommendation),
        awaited(rows.map(({ id }) => id)),
      ])
      return changed.at(-1)! > 0
    } catch (error) {
      this.#onError(error)
      for (const row of this.#gathering.byId.values()) group.add(row)
      this.#gathering = group
      // It tries again, but keeps no process alive that is done.
      this.#timer ??= setTimeout(() => void this.flush(), 1000)
      if (typeof this.#timer === 'object') this.#timer.unref?.()
      return false
    } finally {
      this.#underWay = null
    }
  }
}

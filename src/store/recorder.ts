/** The decision log: answers are written behind, in groups, and never waited for. */
import type { Engine } from './engine.ts'
import { awaited } from './outcome.ts'
import type { NewRecommendation } from './recommendation.ts'
import { recordRecommendation } from './recommendation.ts'

type Row = NewRecommendation

/** How long a group gathers, and how many it may hold while the store does not take them. */
const GATHER_MS = 20
const MOST_PENDING = 10_000

export class Recorder {
  readonly #engine: Engine
  readonly #onError: (error: unknown) => void
  readonly #onAwaited: () => Promise<void>
  readonly #pending = new Map<string, Row>()
  readonly #byCustomer = new Map<string, Set<Row>>()
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
    return this.#pending.get(id) ?? null
  }

  /** Answers to this customer that are not on record yet. */
  of(customer: string): Iterable<Row> {
    return this.#byCustomer.get(customer) ?? []
  }

  /** Take an answer. With `waitUntil` (an edge runtime) it is written at once, after the response. */
  add(row: Row, waitUntil?: (promise: Promise<void>) => void): void {
    if (this.#pending.size >= MOST_PENDING) {
      this.#onError(new Error('the decision log is full: an answer was not recorded'))
      return
    }
    this.#pending.set(row.id, row)
    if (row.customer) {
      const rows = this.#byCustomer.get(row.customer)
      if (rows) rows.add(row)
      else this.#byCustomer.set(row.customer, new Set([row]))
    }
    // The answer goes first: what is written for it starts once it is on its way.
    if (waitUntil) waitUntil(new Promise((resolve) => setTimeout(resolve)).then(() => this.flush()))
    else this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS)
  }

  /** Write all that is pending; rows that the store refuses stay pending. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    await this.#writing
    if (this.#pending.size === 0) return
    const rows = [...this.#pending.values()]
    let isAwaited = false
    this.#writing = this.#engine
      .atomic([...rows.map(recordRecommendation), awaited(rows.map(({ id }) => id))])
      .then((changed) => {
        for (const row of rows) this.#forget(row)
        isAwaited = changed.at(-1)! > 0
      })
      .catch((error: unknown) => {
        this.#onError(error)
        // It tries again, but keeps no process alive that is done.
        this.#timer ??= setTimeout(() => void this.flush(), 1000)
        if (typeof this.#timer === 'object') this.#timer.unref?.()
      })
      .finally(() => {
        this.#writing = null
      })
    await this.#writing
    if (isAwaited) await this.#onAwaited().catch(this.#onError)
  }

  #forget(row: Row): void {
    if (this.#pending.get(row.id) === row) this.#pending.delete(row.id)
    if (!row.customer) return
    const rows = this.#byCustomer.get(row.customer)
    rows?.delete(row)
    if (rows?.size === 0) this.#byCustomer.delete(row.customer)
  }
}

/** The snapshot: the catalogue and what was learned, in memory, brought up to date whenever a read shows another revision. */
import type { Catalogue } from '../core/catalogue.ts'
import { compile, patch } from '../core/catalogue.ts'
import { emptyCatalogue, refreshCatalogue, rowsOf } from './catalogue.ts'
import { loadEase } from './ease.ts'
import type { Engine } from './engine.ts'
import { LearnedStore } from './learned.ts'

export class Snapshot {
  readonly #engine: Engine
  #rows = emptyCatalogue()
  #catalogue: Catalogue | null = null
  #refreshing: Promise<Catalogue> | null = null
  #build = 0
  readonly learned = new LearnedStore()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** The revision that the snapshot stands at; 0 before the first load. */
  get rev(): number {
    return this.#rows.rev
  }

  /** What is known without asking the store: null before the first load. */
  get known(): Catalogue | null {
    return this.#catalogue
  }

  /** The catalogue at revision `rev` or later; asks the store for just what changed where it stands elsewhere. */
  async at(rev: number): Promise<Catalogue> {
    if (this.#catalogue !== null && this.#rows.rev === rev) return this.#catalogue
    return this.refresh()
  }

  /** Bring it up to date. Calls at the same time share one read. */
  async refresh(): Promise<Catalogue> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null
    })
    return this.#refreshing
  }

  async #refresh(): Promise<Catalogue> {
    const { changes, products, pairs, days, build } = await refreshCatalogue(this.#engine, this.#rows)
    this.learned.apply(products, pairs, days)
    if (this.#catalogue === null || !patch(this.#catalogue, changes))
      this.#catalogue = compile(rowsOf(this.#rows))
    if (build !== this.#build && (await loadEase(this.#engine, build, this.learned))) this.#build = build
    return this.#catalogue
  }
}

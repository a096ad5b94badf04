/** What was learned from purchases, kept in memory beside the catalogue. */
import type { Product } from '../core/catalogue.ts'
import type { Learning } from '../core/learning.ts'
import { NOTHING_LEARNED } from '../core/learning.ts'
import type { Moment } from '../core/moment.ts'
import type { DayRow, PairRow } from './catalogue.ts'

export class LearnedStore {
  apply(_products: Product[], _pairs: PairRow[], _days: DayRow[]): void {}
  at(_moment: Moment): Learning {
    return NOTHING_LEARNED
  }
}

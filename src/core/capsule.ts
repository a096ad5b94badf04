/**
 * What a decision was made from, kept with it: with the catalogue of its revision the same answer comes out again,
 * byte for byte.
 */
import type { Answer, SentLine } from './answer.ts'
import { answerOf } from './answer.ts'
import type { Catalogue } from './catalogue.ts'
import type { GoesWith, Learning } from './learning.ts'
import type { BasketLine, Moment, Person } from './moment.ts'
import { momentOf } from './moment.ts'
import type { Decision } from './recommend.ts'
import { recommend } from './recommend.ts'

/** What was learned from sales, as far as one decision asked for it. */
export type Heard = {
  /** Product id → affinity, where it is not 0. */
  affinity: Record<string, number>
  /** What goes with the basket; null where it was not asked for. */
  goesWith: GoesWith[] | null
}

/** The same while it is listened to. */
export type Listened = { affinity: Map<number, number>; goesWith: GoesWith[] | null }

/** Everything but the catalogue that one answer was made from. */
export type Capsule = {
  id: string
  siteId: string
  touchpoint: string
  nowMs: number
  basket: BasketLine[]
  unmatched: SentLine[]
  person: Person | null
  heard: Heard
  currency: string
  degraded: string | null
  /** The revision of the catalogue that it was made with. */
  dataVersion: string
}

/** Listens in on what a decision asks of what was learned. */
export function listening(learning: Learning): { learning: Learning; heard: Listened } {
  const heard: Listened = { affinity: new Map(), goesWith: null }
  return {
    heard,
    learning: {
      affinityOf(productId) {
        const known = heard.affinity.get(productId)
        if (known !== undefined) return known
        const affinity = learning.affinityOf(productId)
        if (affinity !== 0) heard.affinity.set(productId, affinity)
        return affinity
      },
      goesWith(most) {
        heard.goesWith ??= learning.goesWith(most)
        return heard.goesWith
      },
    },
  }
}

/** What was heard, told again. */
export function toldAgain(heard: Partial<Heard>): Learning {
  return {
    affinityOf: (productId) => heard.affinity?.[productId] ?? 0,
    goesWith: (most) => (heard.goesWith ?? []).slice(0, most),
  }
}

/** The moment of a capsule, seen with a catalogue. */
export function momentAgain(catalogue: Catalogue, capsule: Capsule): Moment {
  const { siteId, touchpoint, nowMs, basket, person } = capsule
  return momentOf(catalogue, { siteId, touchpoint, nowMs, basket }, person)
}

/** Decide and answer again. With the catalogue of its own revision and policy: the answer that was given. */
export function replayed(
  catalogue: Catalogue,
  capsule: Capsule,
): { moment: Moment; decision: Decision; answer: Answer } {
  const moment = momentAgain(catalogue, capsule)
  const decision = recommend(moment, toldAgain(capsule.heard), capsule.id)
  const { id, degraded, dataVersion, currency, unmatched } = capsule
  return {
    moment,
    decision,
    answer: answerOf(decision, moment, { id, degraded, dataVersion, currency, unmatched }),
  }
}

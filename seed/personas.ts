/** The golden households, kept as tests of the policy: as they stand once the shop is loaded, at the demo shop's instant. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Expectation, PersonaRecord } from '../src/core/persona.ts'
import { dateOf } from '../src/core/time.ts'
import { personOf } from '../src/store/customer.ts'
import type { Engine } from '../src/store/engine.ts'
import { insertRows, statement } from '../src/store/engine.ts'
import { persona } from '../src/store/schema.ts'

type Golden = {
  ref: string
  site: string
  tryBasket?: {
    sku: string
    name: string
    category: string
    quantity: number
    unitPriceMinor: number
    gift: boolean
  }[]
}
type Row = { ref: string; holdout: number; state: string }

/** Keep a persona for each golden household of which the data says what must happen. */
export async function loadPersonas(engine: Engine, folder: string, now: string): Promise<void> {
  const read = <T>(name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T
  const expected = read<{ id: string; name: string; like: string; must: Expectation }[]>('personas')
  const golden = new Map(read<Golden[]>('households').map((household) => [household.ref, household]))
  const [customers, products] = (await engine.allOf([
    statement(
      'select ref, holdout, state from customer where ref in (select value from json_each(?))',
      JSON.stringify(expected.map(({ like }) => like)),
    ),
    statement('select id, sku from product where sku is not null'),
  ])) as [Row[], { id: number; sku: string }[]]
  const skuOf = new Map(products.map(({ id, sku }) => [id, sku]))
  const rowOf = new Map(customers.map((row) => [row.ref, row]))
  await engine.atomic([
    insertRows(
      persona,
      expected.map(({ id, name, like, must }) => {
        const { site, tryBasket = [] } = golden.get(like)!
        const record: PersonaRecord = {
          site,
          touchpoint: 'till',
          at: now,
          household: householdOf(rowOf.get(like)!, skuOf),
          basket: tryBasket.map(({ sku, name, category, quantity, unitPriceMinor, gift }) => ({
            sku,
            name,
            category,
            quantity,
            unitPrice: unitPriceMinor,
            gift,
          })),
          must,
        }
        return { id, name, record: JSON.stringify(record), actor: 'st_rosa', createdAt: now }
      }),
    ),
  ])
}

function householdOf({ ref, holdout, state }: Row, skuOf: Map<number, string>): PersonaRecord['household'] {
  const person = personOf(ref, holdout, state, null)
  if (person === null) return null
  const granted = Object.entries(person.consent).filter(([, decision]) => decision === 'granted')
  return {
    birthMonths: person.birthMonths,
    consents: granted.map(([purpose]) => purpose),
    holdout: person.holdout,
    lines: person.evidence.map((line) => ({
      kind: line.kind,
      goal: line.goal,
      facet: line.facet,
      weight: line.weight,
      halfLifeDays: line.halfLifeDays,
      on: dateOf(line.onDay),
      about: line.aboutDay === null ? null : dateOf(line.aboutDay),
      speakable: line.speakable,
      // A test needs no words of a customer; of a decline, the words are its reason.
      words: line.kind === 'declined' ? line.words : null,
      staff: line.staffId,
      offer: line.offerId,
    })),
    owned: person.items.flatMap(({ productId, day }) => {
      const sku = skuOf.get(productId)
      return sku === undefined ? [] : [{ sku, on: dateOf(day) }]
    }),
    visits: person.visits.map(dateOf),
    orders: person.orders,
    usualMinor: person.usualMinor,
    care: person.care.map((note) => ({
      kind: note.kind,
      what: note.what,
      promise: note.promise,
      promisedBy: note.promisedBy,
      openedOn: dateOf(note.openedDay),
      dueOn: note.dueDay === null ? null : dateOf(note.dueDay),
      closedOn: note.closedDay === null ? null : dateOf(note.closedDay),
    })),
  }
}

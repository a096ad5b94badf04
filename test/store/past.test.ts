/** The catalogue of any earlier revision is the one that a snapshot held then. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Catalogue } from '../../src/core/catalogue.ts'
import { compile } from '../../src/core/catalogue.ts'
import type { Policy } from '../../src/core/policy.ts'
import { emptyCatalogue, PART_NAMES, PARTS, refreshCatalogue, rowsOf } from '../../src/store/catalogue.ts'
import type { Engine } from '../../src/store/engine.ts'
import { BUMP, statement } from '../../src/store/engine.ts'
import { PastCatalogue } from '../../src/store/past.ts'
import { openOffice } from '../support/office.ts'
import { ENGINES, openShop } from '../support/shop.ts'
import { CHANGES } from './changes.ts'

async function now(engine: Engine): Promise<{ revision: number; catalogue: Catalogue }> {
  const store = emptyCatalogue()
  await refreshCatalogue(engine, store)
  return { revision: store.rev, catalogue: compile(rowsOf(store)) }
}

/** A product that came later is in the past as well: nothing that is decided again looks for it. */
const KINDS = Object.keys(CHANGES).filter((kind) => kind !== 'met')

/** Without what a product counts: replays do not look at it, and it is not kept. */
function comparable(catalogue: Catalogue) {
  const products = [...catalogue.products.values()].map(
    ({ id, sku, name, category, priceMinor, archived, unmapped }) => [
      id,
      sku,
      name,
      category,
      priceMinor,
      archived,
      unmapped,
    ],
  )
  return structuredClone({ ...catalogue, products, openByDay: null, acceptance: ratios(catalogue) })
}

const ratios = ({ acceptance, listed }: Catalogue) => [
  acceptance.said,
  ...listed.map(({ offer }) => acceptance.ratio(offer.id, 'any', 'till', 0.7)),
]

for (const kind of ENGINES)
  test(`any revision can be read again: ${kind}`, async () => {
    const { engine } = await openShop(kind)
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(500)), {
            minLength: 1,
            maxLength: 4,
          }),
          { minLength: 2, maxLength: 6 },
        ),
        async (steps) => {
          const then = [await now(engine)]
          for (const changes of steps) {
            await engine.atomic([BUMP, ...changes.map(([change, n]) => CHANGES[change]!(n))])
            then.push(await now(engine))
          }
          const past = await PastCatalogue.open(engine, then[0]!.revision)
          for (const { revision, catalogue } of then)
            expect(comparable(past.at(revision, catalogue.policy as Policy))).toEqual(comparable(catalogue))
          const last = then.at(-2)!
          const lately = await PastCatalogue.open(engine, last.revision)
          expect(comparable(lately.at(last.revision, last.catalogue.policy))).toEqual(
            comparable(last.catalogue),
          )
        },
      ),
      { numRuns: kind === 'node' ? 40 : 3 },
    )
  })

for (const kind of ENGINES)
  test(`what the office changes leaves the past as it was: ${kind}`, async () => {
    const { shop, call } = await openOffice(kind)
    const { engine } = shop
    const check = {
      critical: true,
      severity: 1,
      ok: false,
      validUntil: '2026-04-01',
      issuer: null,
      issuedOn: null,
      assuredBy: null,
      assuredOn: null,
    }
    const steps = [
      () => call('PUT', '/v1/partners/P02/checks/SAFEGUARDING', check),
      () => call('PUT', '/v1/offers/O054/checks/PIANO_TUNED', check),
      () => call('PUT', '/v1/offers/O054/checks/PIANO_TUNED', { ...check, ok: true }),
      () => call('POST', '/v1/offers/O049/pause', {}),
      () => call('POST', '/v1/alliances/A02/moves', { to: 'paused' }),
      () => call('DELETE', '/v1/partners/P02/checks/SAFEGUARDING'),
    ]
    const then = [await now(engine)]
    for (const step of steps) {
      expect((await step()).status).toBe(200)
      then.push(await now(engine))
    }
    const past = await PastCatalogue.open(engine, then[0]!.revision)
    for (const { revision, catalogue } of then)
      expect(comparable(past.at(revision, catalogue.policy as Policy))).toEqual(comparable(catalogue))
  })

test('the triggers that keep the past know every part and every column', async () => {
  const { engine } = await openShop('node')
  for (const name of PART_NAMES) {
    const { table } = PARTS[name]
    const columns = await engine.all<{ name: string }>(
      statement('select name from pragma_table_info(?)', table),
    )
    const [trigger] = await engine.all<{ sql: string }>(
      statement(`select sql from sqlite_master where type = 'trigger' and name = ?`, `past_${table}`),
    )
    const [, object] = trigger!.sql.split('json_object(')
    const kept = [...object!.matchAll(/'(?:\$\.)?(\w+)', OLD\.`(\w+)`/g)].map(([, as, from]) => {
      expect(as).toBe(from)
      return as
    })
    expect(new Set(kept), table).toEqual(new Set(columns.map((column) => column.name)))
  }
})

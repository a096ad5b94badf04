/** The snapshot brought up to date by what changed is the one that a fresh start would make. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/core/catalogue.ts'
import { emptyCatalogue, refreshCatalogue, rowsOf } from '../../src/store/catalogue.ts'
import type { Engine } from '../../src/store/engine.ts'
import { BUMP } from '../../src/store/engine.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import { openShop } from '../support/shop.ts'
import { CHANGES } from './changes.ts'

async function compiled(engine: Engine) {
  const store = emptyCatalogue()
  await refreshCatalogue(engine, store)
  return compile(rowsOf(store))
}

test('whatever changes, in whatever order', async () => {
  const { engine } = await openShop('node')
  const snapshot = new Snapshot(engine)
  await snapshot.refresh()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...Object.keys(CHANGES)), fc.nat(500)), {
        minLength: 1,
        maxLength: 4,
      }),
      async (changes) => {
        await engine.atomic([BUMP, ...changes.map(([kind, n]) => CHANGES[kind]!(n))])
        const patched = await snapshot.refresh()
        patched.openByDay.clear()
        expect(patched).toEqual(await compiled(engine))
      },
    ),
    { numRuns: 150 },
  )
})

test('an outcome, a purchase or a booking does not compile the catalogue again', async () => {
  const { engine } = await openShop('node')
  const snapshot = new Snapshot(engine)
  const before = await snapshot.refresh()
  for (const kind of ['counted', 'held', 'sold', 'met', 'paused', 'alliance', 'check']) {
    await engine.atomic([BUMP, CHANGES[kind]!(3)])
    expect(await snapshot.refresh(), kind).toBe(before)
  }
  await engine.atomic([BUMP, CHANGES.rule!(1)])
  expect(await snapshot.refresh()).not.toBe(before)
})

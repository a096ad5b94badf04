/** An import that breaks off goes on as if it had not. */
import { expect, test } from 'vitest'
import { importFiles } from '../../src/import/import.ts'
import { isRelearnDue, relearn } from '../../src/store/count.ts'
import type { Engine } from '../../src/store/engine.ts'
import { CHICAGO, dumpOf, FIXED, imported, learnedOf, newShop, rowsOf, textFile } from './shop-file.ts'

class Crash extends Error {}

/** An engine that dies at the nth write, before it is kept or just after. */
function dying(engine: Engine, nth: number, when: 'before' | 'after'): Engine {
  let n = 0
  return {
    ...engine,
    atomic: async (statements) => {
      const dies = ++n === nth
      if (dies && when === 'before') throw new Crash()
      const changes = await engine.atomic(statements)
      if (dies) throw new Crash()
      return changes
    },
  }
}

const library = textFile(
  'library.csv',
  ['sku,name,price', ...Array.from({ length: 20 }, (_, i) => `S${i},Thing ${i},${i}.50`)].join('\n'),
)
const sales = textFile(
  'sales.csv',
  [
    'order_id,sold_at,customer,sku,qty,unit_price',
    ...Array.from({ length: 1800 }, (_, i) => {
      const order = i % 900
      const day = String(1 + ((order * 7) % 28)).padStart(2, '0')
      return `o${order},2026-01-${day}T10:00,${order % 5 === 0 ? '' : `c${order % 130}`},S${(i * 11) % 25},1,2.00`
    }),
  ].join('\n'),
)

test('whichever write it dies at, the second run ends in the same database', async () => {
  const undisturbed = newShop()
  let writes = 0
  const counting: Engine = {
    ...undisturbed.engine,
    atomic: (statements) => {
      writes++
      return undisturbed.engine.atomic(statements)
    },
  }
  await imported(counting, [sales, library])
  const whole = await dumpOf(undisturbed.engine)
  expect(writes).toBeGreaterThanOrEqual(6)
  for (let nth = 1; nth <= writes; nth++)
    for (const when of ['before', 'after'] as const) {
      const { engine } = newShop()
      const broken = importFiles(dying(engine, nth, when), [sales, library], {
        ...FIXED,
        apply: true,
        site: CHICAGO,
      })
      await expect(broken).rejects.toThrow(Crash)
      await imported(engine, [sales, library])
      expect(await dumpOf(engine), `${when} write ${nth}`).toBe(whole)
    }
})

test('purchases that were kept uncounted are marked, and counting them ends it', async () => {
  const { engine } = newShop()
  const broken = importFiles(dying(engine, 4, 'before'), [sales, library], {
    ...FIXED,
    apply: true,
    site: CHICAGO,
  })
  await expect(broken).rejects.toThrow(Crash)
  expect(await rowsOf(engine, 'select count(*) n from purchase')).toEqual([{ n: 300 }])
  expect((await learnedOf(engine)).pairs).toEqual([])
  expect(await isRelearnDue(engine)).toBe(true)
  await relearn(engine)
  expect((await learnedOf(engine)).pairs.length).toBeGreaterThan(0)
  expect(await isRelearnDue(engine)).toBe(false)
})

test('what a service sells while all is counted anew is not lost', async () => {
  const { engine } = newShop()
  await imported(engine, [sales, library])
  const more = textFile('more.csv', 'order_id,sold_at,sku\nlate,2026-02-01,S1\nlate,2026-02-01,S2')
  let once = true
  const busy: Engine = {
    ...engine,
    atomic: async (statements) => {
      if (once) {
        once = false
        await imported(engine, [more])
      }
      return engine.atomic(statements)
    },
  }
  await relearn(busy)
  const learned = await learnedOf(engine)
  await relearn(engine)
  expect(await learnedOf(engine)).toEqual(learned)
  expect(await rowsOf(engine, 'select orders from saleDay where day = 20485')).toEqual([
    { orders: 1 },
    { orders: 1 },
  ])
})

/** What the parts cost by themselves, in a process of their own: scoring, the one read, the snapshot, recording. */
import { compile, patch } from '../../src/core/catalogue.ts'
import type { Moment } from '../../src/core/moment.ts'
import { momentOf, resolveBasket } from '../../src/core/moment.ts'
import { recommend } from '../../src/core/recommend.ts'
import { eachFitting } from '../../src/core/understand.ts'
import { emptyCatalogue, refreshCatalogue, rowsOf } from '../../src/store/catalogue.ts'
import { personOf, readTill } from '../../src/store/customer.ts'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import { hashKey } from '../../src/store/key.ts'
import { Snapshot } from '../../src/store/snapshot.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { bruteForce } from './brute-force.ts'
import { asksOf, draws, NOW, type Size, sizedShop, TILL_KEY } from './sized-shop.ts'

export type Micro = {
  size: Size
  snapshotColdMs: number
  compileMs: number
  refreshMicros: number
  patchMicros: number
  readMicros: number
  personMicros: number
  momentMicros: number
  scoreMicros: number
  decideMicros: number
  compared: { moments: number; equal: number }
}

const now = () => performance.now()

/** Microseconds of one call, warm: the quickest tenth of batches, since whatever else runs here only ever adds. */
function micros(work: (i: number) => unknown, batches = 40, each = 200): number {
  const times: number[] = []
  for (let batch = 0; batch < batches; batch++) {
    const started = now()
    for (let i = 0; i < each; i++) work(batch * each + i)
    times.push(((now() - started) * 1000) / each)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 10)]!
}

/** Measure at one size. */
export async function micro(size: Size, momentsToCompare: number): Promise<Micro> {
  const file = await sizedShop(size)
  const engine = openSqlite(file, 'migrations')
  const started = now()
  const snapshot = new Snapshot(engine)
  const catalogue = await snapshot.refresh()
  const snapshotColdMs = now() - started
  const kept = emptyCatalogue()
  await refreshCatalogue(engine, kept)
  const rows = rowsOf(kept)
  const compileMs = micros(() => compile(rows), 5, 1) / 1000

  const keyHash = await hashKey(TILL_KEY)
  const asks = asksOf(size, 4_000).map((text) => JSON.parse(text))
  const since = '2025-11-14T16:42:00.000Z'
  const tills = await Promise.all(
    asks.map((ask) => readTill(engine, { keyHash, customer: ask.customer, since, id: null })),
  )
  const nowMs = Date.parse(NOW)
  const draw = draws(11)
  const personAt = (i: number) => {
    const row = tills[i % tills.length]!
    return personOf(row.ref!, row.holdout!, row.state!, row.earlier)
  }
  const momentAt = (i: number): Moment => {
    const { basket } = resolveBasket(catalogue, asks[i % asks.length].basket.lines)
    return momentOf(catalogue, { siteId: 'BK', touchpoint: 'till', nowMs, basket }, personAt(i))
  }
  const moments = Array.from({ length: 500 }, (_, i) => momentAt(i))
  const persons = Array.from({ length: 500 }, (_, i) => personAt(i))
  const baskets = moments.map((moment) => moment.basket)

  // Reading is measured in a row, as one connection would do it.
  let started2 = now()
  let reads = 0
  const readTimes: number[] = []
  for (let batch = 0; batch < 20; batch++) {
    started2 = now()
    for (let i = 0; i < 200; i++)
      await readTill(engine, { keyHash, customer: asks[reads++ % asks.length].customer, since, id: null })
    readTimes.push(((now() - started2) * 1000) / 200)
  }

  let sink = 0
  const result: Micro = {
    size,
    snapshotColdMs,
    compileMs,
    refreshMicros: 0,
    patchMicros: 0,
    readMicros: readTimes.sort((a, b) => a - b)[1]!,
    personMicros: micros((i) => personAt(i)),
    momentMicros: micros((i) =>
      momentOf(
        catalogue,
        { siteId: 'BK', touchpoint: 'till', nowMs, basket: baskets[i % 500]! },
        persons[i % 500]!,
      ),
    ),
    scoreMicros: micros((i) =>
      eachFitting(catalogue, moments[i % 500]!.wants, catalogue.every, 0, (_, fit) => {
        sink += fit
      }),
    ),
    decideMicros: micros((i) => recommend(moments[i % 500]!, snapshot.learned.at(moments[i % 500]!), 'draw')),
    compared: { moments: 0, equal: 0 },
  }
  if (sink < 0) throw new Error('unreachable')

  for (let n = 0; n < momentsToCompare; n++) {
    const at = draw.between(0, asks.length - 1)
    const { basket } = resolveBasket(catalogue, asks[draw.between(0, asks.length - 1)].basket.lines)
    const moment = momentOf(
      catalogue,
      {
        siteId: draw.of(['BK', 'LS']),
        touchpoint: draw.chance(0.1) ? 'letter' : 'till',
        nowMs: nowMs + draw.between(-60, 60) * 86_400_000,
        basket: draw.chance(0.9) ? basket : [],
      },
      draw.chance(0.9) ? personAt(at) : null,
    )
    const learning = snapshot.learned.at(moment)
    const brute = bruteForce(rows, moment, learning)
    const ours = recommend(moment, learning, 'draw', Number.POSITIVE_INFINITY)
    const same =
      brute.length === ours.gated.length &&
      brute.every(
        (each, i) =>
          each.offerId === ours.gated[i]!.listed.offer.id &&
          Math.abs(each.score - ours.gated[i]!.score) < 1e-12,
      )
    result.compared.moments++
    if (same) result.compared.equal++
    else if (result.compared.moments - result.compared.equal < 3)
      process.stderr.write(
        `unequal: ${JSON.stringify({ brute: brute.slice(0, 3), n: brute.length, ours: ours.gated.slice(0, 3).map((e) => [e.listed.offer.id, e.score]), m: ours.gated.length })}\n`,
      )
  }

  const some = rows.offers[0]!.id
  const refreshes: number[] = []
  for (let i = 0; i < 15; i++) {
    await engine.atomic([
      BUMP,
      statement(`update offer set priceMinor = priceMinor + 1, rev = ${REV} where id = ?`, some),
    ])
    const before = now()
    await snapshot.refresh()
    refreshes.push((now() - before) * 1000)
  }
  result.refreshMicros = refreshes.sort((a, b) => a - b)[1]!
  const offer = rows.offers[1]!
  result.patchMicros = micros((i) =>
    patch(catalogue, { offers: [{ before: offer, after: { ...offer, priceMinor: i } }] }),
  )
  engine.close()
  return result
}

/** The build of what goes with what, stored: made whole beside the last one, then put in its place in one write. */
import type { Ease, EaseName } from '../core/ease.ts'
import { buildEase, EASE_ITEMS_CAP, rowsOf } from '../core/ease.ts'
import type { Engine } from './engine.ts'
import { BUMP, guard, statement } from './engine.ts'
import type { LearnedStore } from './learned.ts'

/** What is known of a build beside its weights. */
export type EaseBuild = { build: number; evidence: number; items: number; weights: number; bytes: number }

/** Sources in one stored part: about 100 KB, so that no write holds up a till and no row is too large for D1. */
const PART_SOURCES = 200

/** A build is due from this much evidence on, in summed totals of products … */
const FIRST_EVIDENCE = 200

/** … and again when this share of the evidence is new, .02 … .5. */
const NEW_EVIDENCE = 0.05

/** A source as stored: product, what was known of it, and by model target, millionths, target, millionths … */
type Source = [productId: number, knows: number, telling: number[], broad: number[]]

/** Whether enough was learned since the last build for another to be worth its time. */
export async function isEaseDue(engine: Engine): Promise<boolean> {
  const [row] = await engine.all<{ now: number; built: number | null }>(
    statement(
      `select (select coalesce(sum(baskets + buyers), 0) from product) now,
         (select evidence from easeBuild where build = (select easeBuild from revision)) built`,
    ),
  )
  if (!row || row.now < FIRST_EVIDENCE) return false
  return row.built === null || Math.abs(row.now - row.built) > NEW_EVIDENCE * row.now
}

/**
 * Builds from what a snapshot has just loaded, at most `itemsCap` products, stores it, and puts it in the place of the last
 * one. Till then nobody sees any of it, and what a broken-off build left behind goes with the next. Null where there
 * is nothing to build from yet.
 * @throws GuardFailed when another build took its place meanwhile: that one stays.
 */
export async function makeEase(
  engine: Engine,
  store: LearnedStore,
  now: string,
  itemsCap = EASE_ITEMS_CAP,
): Promise<EaseBuild | null> {
  const [before] = await engine.all<{ live: number; last: number }>(
    statement(
      'select easeBuild live, max(easeBuild, coalesce((select max(build) from easeBuild), 0)) last from revision',
    ),
  )
  const { learned } = store
  const ease = buildEase(learned, itemsCap)
  if (!before || ease === null) return null
  const build = before.last + 1
  const parts = partsOf(ease, store)
  const made: EaseBuild = {
    build,
    evidence: learned.evidence,
    items: ease.knows.reduce((sum, knows) => sum + Math.min(1, knows), 0),
    weights: ease.telling.item.length + ease.broad.item.length,
    bytes: parts.reduce((sum, part) => sum + part.length, 0),
  }
  await engine.atomic([
    statement(
      'insert into easeBuild (build, builtAt, evidence, items, weights, parts, bytes) values (?, ?, ?, ?, ?, ?, ?)',
      build,
      now,
      made.evidence,
      made.items,
      made.weights,
      parts.length,
      made.bytes,
    ),
  ])
  for (const [part, sources] of parts.entries())
    await engine.atomic([
      statement('insert into easePart (build, part, sources) values (?, ?, ?)', build, part, sources),
    ])
  await engine.atomic([
    ...guard('select easeBuild = ? from revision', before.live),
    BUMP,
    statement('update revision set easeBuild = ?', build),
  ])
  await forgetOthers(engine, build)
  return made
}

/** The builds before this one, a part at a time. */
async function forgetOthers(engine: Engine, build: number): Promise<void> {
  const old = await engine.all<{ build: number; part: number }>(
    statement('select build, part from easePart where build < ?', build),
  )
  for (const row of old)
    await engine.atomic([statement('delete from easePart where build = ? and part = ?', row.build, row.part)])
  await engine.atomic([statement('delete from easeBuild where build < ?', build)])
}

function partsOf(ease: Ease, store: LearnedStore): string[] {
  const flat = (name: EaseName, source: number) => {
    const { start, item, weight } = ease[name]
    const list: number[] = []
    for (let k = start[source]!; k < start[source + 1]!; k++) {
      const millionths = Math.round(weight[k]! * 1e6)
      if (millionths > 0) list.push(store.productIdOf(item[k]!), millionths)
    }
    return list
  }
  const sources: Source[] = []
  ease.knows.forEach((knows, source) => {
    if (knows > 0)
      sources.push([store.productIdOf(source), knows, flat('telling', source), flat('broad', source)])
  })
  const parts: string[] = []
  for (let at = 0; at < sources.length; at += PART_SOURCES)
    parts.push(JSON.stringify(sources.slice(at, at + PART_SOURCES)))
  return parts
}

/**
 * Loads build `build` into what was learned. False when it is not there whole, because a newer one came meanwhile;
 * what was loaded before goes on then.
 */
export async function loadEase(engine: Engine, build: number, store: LearnedStore): Promise<boolean> {
  const [heads, parts] = (await engine.allOf([
    statement('select evidence, parts from easeBuild where build = ?', build),
    statement('select sources from easePart where build = ? order by part', build),
  ])) as [{ evidence: number; parts: number }[], { sources: string }[]]
  if (!heads[0] || heads[0].parts !== parts.length) return false
  const size = store.learned.size
  const knows = new Uint8Array(size)
  const entries: Record<EaseName, { source: number; item: number; weight: number }[]> = {
    telling: [],
    broad: [],
  }
  for (const part of parts) {
    for (const [productId, known, telling, broad] of JSON.parse(part.sources) as Source[]) {
      const source = store.numberOf(productId)
      if (source === undefined) continue
      knows[source] = known
      for (const [name, list] of [
        ['telling', telling],
        ['broad', broad],
      ] as const) {
        for (let k = 0; k < list.length; k += 2) {
          const item = store.numberOf(list[k]!)
          if (item !== undefined) entries[name].push({ source, item, weight: list[k + 1]! / 1e6 })
        }
      }
    }
  }
  for (const name of ['telling', 'broad'] as const)
    entries[name].sort((x, y) => x.source - y.source || x.item - y.item)
  store.learned.setEase(
    { knows, telling: rowsOf(size, entries.telling), broad: rowsOf(size, entries.broad) },
    heads[0].evidence,
  )
  return true
}

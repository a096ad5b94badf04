/**
 * Does the value of a policy that was never in force hold what it promises? Shops whose truth is known, answered by
 * the service's own deciding: how often each 95 % interval holds the truth, and how far each estimate is off.
 *
 *   node --import tsx test/measure/off-policy-coverage.ts [shops=1000] [turns=1500]
 */
import { offPolicy } from '../../src/core/off-policy.ts'
import { played, toldWorld } from './off-policy-worlds.ts'

const [shops = 1000, turns = 1500] = process.argv.slice(2).map(Number)
const NAMES = ['ips', 'selfNormalised', 'doublyRobust'] as const
const made = NAMES.map((name) => ({ name, held: 0, error: 0, squares: 0, width: 0 }))
const difference = { held: 0, wrong: 0 }
let effective = 0
for (let seed = 1; seed <= shops; seed++) {
  const world = toldWorld(seed)
  const found = offPolicy(played(world, turns, 100_000 + seed))
  effective += found.effectiveTurns / shops
  for (const each of made) {
    const { value, low, high } = found[each.name]
    if (low <= world.after && world.after <= high) each.held++
    each.error += value - world.after
    each.squares += (value - world.after) ** 2
    each.width += high - low
  }
  const truth = world.after - world.before
  if (found.difference.low <= truth && truth <= found.difference.high) difference.held++
  if ((found.verdict === 'better' && truth < 0) || (found.verdict === 'worse' && truth > 0))
    difference.wrong++
}
const percent = (n: number) => `${((100 * n) / shops).toFixed(1)} %`
console.log(`${shops} shops, ${turns} turns each, worth ${Math.round(effective)} of the other policy's own`)
console.log('estimate        | holds the truth | mean error | root mean square error | mean width')
for (const { name, held, error, squares, width } of made)
  console.log(
    `${name.padEnd(15)} | ${percent(held).padStart(15)} | ${(error / shops).toFixed(5).padStart(10)} | ${Math.sqrt(
      squares / shops,
    )
      .toFixed(5)
      .padStart(22)} | ${(width / shops).toFixed(5).padStart(10)}`,
  )
console.log(
  `difference to now: holds the truth ${percent(difference.held)}, a verdict the wrong way round ${percent(difference.wrong)}`,
)

/** `encore suggest-goals`: what the shop's own catalogue could say of goals, for somebody to review. */
import { counted } from '../core/counted.ts'
import type { Suggestion } from '../core/mapping.ts'
import { whyWords } from '../core/mapping.ts'
import type { Engine } from '../store/engine.ts'
import { deriveAll, readMappings } from '../store/mapping.ts'
import { Snapshot } from '../store/snapshot.ts'

/** What a shop is told that has no goals. */
export const NO_GOALS = 'This shop has no goals yet: encore goals --starter, or write them at /owner/goals.'

/** Suggestions as a text: most worth first, with examples and reasons. Writes nothing. */
export async function suggestGoals(engine: Engine, most: number): Promise<string> {
  const catalogue = await new Snapshot(engine).refresh()
  if (catalogue.goals.length === 0) return NO_GOALS
  const { share, suggestions } = await readMappings(engine, catalogue)
  const { products, mappedProducts, turnoverMinor, mappedTurnoverMinor } = share
  const head = [
    `${products - mappedProducts} of ${products} products speak for no goal${
      turnoverMinor > 0 ? `: ${percent(1 - mappedTurnoverMinor / turnoverMinor)} of the turnover` : ''
    }.`,
    suggestions.length === 0
      ? 'Nothing to suggest.'
      : `${counted(suggestions.length, 'suggestion')}; nothing is mapped until somebody accepts it, at /owner/mapping or with POST /v1/mappings.`,
  ]
  return [...head, ...suggestions.slice(0, most).map(lineOf)].join('\n')
}

/** Let past purchases say what accepted rules now say. Doing it again changes nothing. */
export async function deriveGoals(engine: Engine, now: string): Promise<string> {
  const snapshot = new Snapshot(engine)
  const { purchases, added, retracted } = await deriveAll(engine, () => snapshot.refresh(), now)
  return `Looked at ${purchases} past purchases again: ${added} lines of evidence added, ${retracted} taken back.`
}

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`

function lineOf(each: Suggestion): string {
  const { kind, term, name, goal, weight, halfLifeDays, products, lines, turnoverShare, examples, why } = each
  return `
${kind === 'category' ? `category ${term} (${name})` : `word "${name}"`} → ${goal}
  weight ${weight}, half-life ${halfLifeDays} days · ${counted(products, 'product')}, ${counted(lines, 'line')} sold, ${percent(turnoverShare)} of turnover
  ${why.map(whyWords).join('; ')}
  such as: ${examples.join(' · ')}`
}

/** Terms: the words and phrases of a name that may stand for a goal. */
import { facetsOf } from './tag.ts'

/**
 * The facets of a name that may stand for a goal: things, words and phrases alike. Colours, sizes, ages and codes
 * are none. In order of appearance. Remembered for names read lately, because a till reads the same ones all day.
 */
export function termsOf({ name }: { name: string | null }): readonly string[] {
  if (name === null) return []
  let terms = remembered.get(name)
  if (!terms) {
    if (remembered.size >= 5000) remembered.clear()
    remembered.set(name, (terms = readTerms(name)))
  }
  return terms
}

const remembered = new Map<string, readonly string[]>()

function readTerms(name: string): string[] {
  const facets = facetsOf({ name })
  const untelling = new Set(facets.filter(({ kind }) => kind === 'colour').map(({ facet }) => facet))
  return facets
    .filter(
      ({ kind, facet }) =>
        kind === 'thing' && !facet.split(' ').some((word) => untelling.has(word) || SIZE.test(word)),
    )
    .map(({ facet }) => facet)
}

/** Sizes in letters: `s`, `xxl`. */
const SIZE = /^x{0,4}[sml]$/

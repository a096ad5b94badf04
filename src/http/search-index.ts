/**
 * The index that staff search in: every offer that a partner makes or that has places, by its words, its goals and
 * who makes it. It is made from the snapshot and kept beside it. Only an offer whose words changed is indexed again:
 * a product sold, a saying counted or a place held changes none.
 */
import MiniSearch from 'minisearch'
import type { Hit, Vocabulary } from '../core/browse.ts'
import { isSmallWord } from '../core/browse.ts'
import type { Catalogue, Listed } from '../core/catalogue.ts'
import { ancestorsOf } from '../core/goal.ts'
import { stemOf, wordsOf } from '../core/words.ts'

const FIELDS = ['facet', 'goal', 'headline', 'trade', 'partner', 'benefit', 'line', 'wider'] as const
export type SearchField = (typeof FIELDS)[number]

/** How much a word counts by where it stands: which one exactly before whose it is, and that before the sentence about it. */
const BOOST: Record<SearchField, number> = {
  facet: 4,
  goal: 3,
  headline: 3,
  trade: 2.5,
  partner: 2.5,
  benefit: 1.5,
  line: 1,
  wider: 0.7,
}

type Texts = Record<SearchField, string>

/** A word as it stands and its stem, so that both a slip of the finger and another ending meet it. */
const terms = (word: string) => {
  const stem = stemOf(word)
  return stem === word ? word : [word, stem]
}

export class SearchIndex {
  readonly #mini = new MiniSearch<Texts & { id: string }>({
    fields: [...FIELDS],
    tokenize: wordsOf,
    processTerm: terms,
    // What goes is taken out whole, so there is nothing to sweep later.
    autoVacuum: false,
  })
  readonly #seen = new Map<string, { listed: Listed; key: string }>()
  #goals: Catalogue['goals'] | null = null
  #vocabulary: Vocabulary = { sites: [], goals: new Map(), names: new Set() }
  /** How many offers were indexed since the start: for measuring. */
  indexed = 0

  /** Bring it up to date with a catalogue, at the cost of what changed. */
  update(catalogue: Catalogue): void {
    const goalsChanged = this.#goals !== catalogue.goals
    this.#goals = catalogue.goals
    let changed = goalsChanged
    const gone = new Set(this.#seen.keys())
    for (const listed of catalogue.listed) {
      const { id } = listed.offer
      const seen = this.#seen.get(id)
      gone.delete(id)
      // The snapshot makes a new object of an offer whenever anything about it changes.
      if (seen?.listed === listed && !goalsChanged) continue
      const texts = textsOf(listed, catalogue)
      const key = texts === null ? '' : JSON.stringify(texts)
      if (seen?.key !== key) {
        if (seen) this.#remove(id, seen.key)
        changed = true
        if (texts !== null) {
          this.#mini.add({ id, ...texts })
          this.indexed++
        }
      }
      this.#seen.set(id, { listed, key })
    }
    for (const id of gone) {
      this.#remove(id, this.#seen.get(id)!.key)
      changed = true
      this.#seen.delete(id)
    }
    if (changed) this.#vocabulary = vocabularyOf(catalogue)
  }

  /** What the shop calls things, for understanding what is typed. */
  get vocabulary(): Vocabulary {
    return this.#vocabulary
  }

  #remove(id: string, key: string): void {
    if (key !== '') this.#mini.remove({ id, ...(JSON.parse(key) as Texts) })
  }

  /** Whether an offer is in it at all. */
  has(id: string): boolean {
    return this.#mini.has(id)
  }

  /**
   * The offers that hold any of the words: how many of them, where, and how well. A word that is found as it stands
   * is not also guessed at; only one that is nowhere is looked for with one letter wrong, then with two.
   */
  search(words: readonly string[]): Map<string, Hit<SearchField>> {
    const hits = new Map<string, Hit<SearchField>>()
    for (const word of words) {
      const found = this.#tries(word)
      for (const { id, score, match } of found) {
        const where = [...new Set(Object.values(match).flat())] as SearchField[]
        const hit = hits.get(id) ?? { score: 0, coverage: 0, matched: [] }
        hit.score += score
        hit.coverage++
        hit.matched.push({ word, in: FIELDS.filter((field) => where.includes(field)) })
        hits.set(id, hit)
      }
    }
    return hits
  }

  #tries(word: string) {
    const options = { boost: BOOST, combineWith: 'OR' as const }
    const asTyped = this.#mini.search(word, { ...options, prefix: word.length > 2 })
    if (asTyped.length > 0 || word.length < 4) return asTyped
    const swapped = this.#mini.search(swaps(word).join(' '), options)
    if (swapped.length > 0) return swapped
    for (const fuzzy of word.length < 7 ? [1] : [1, 2]) {
      const close = this.#mini.search(word, { ...options, fuzzy })
      // In a short word another first letter makes another word: cello is not hello.
      const alike = word.length < 6 ? close.filter(({ terms }) => terms.some((t) => t[0] === word[0])) : close
      if (alike.length > 0) return alike
    }
    return []
  }
}

/** A word with two neighbouring letters changed over, each way it can be. */
function swaps(word: string): string[] {
  const letters = Array.from(word)
  return letters
    .slice(1)
    .map((letter, i) => [...letters.slice(0, i), letter, letters[i], ...letters.slice(i + 2)].join(''))
}

/** Goals by the stems of their names and of what partners and offers do of them; the stems of partners' names. */
function vocabularyOf({ sites, goals, listed }: Catalogue): Vocabulary {
  const byStem = new Map<string, Set<string>>()
  const add = (text: string, slug: string) => {
    for (const word of wordsOf(text)) {
      if (isSmallWord(word) || word.length < 3) continue
      const named = byStem.get(stemOf(word)) ?? new Set()
      byStem.set(stemOf(word), named.add(slug))
    }
  }
  for (const { slug, name } of goals) add(`${name} ${slug.split('-').slice(1).join(' ')}`, slug)
  const names = new Set<string>()
  for (const { offer, partner, leadGoal } of listed) {
    if (leadGoal >= 0) add(offer.facets.join(' '), goals[leadGoal]!.slug)
    if (partner) for (const word of wordsOf(partner.name)) names.add(stemOf(word))
  }
  return {
    sites: [...sites.values()],
    goals: new Map([...byStem].map(([stem, slugs]) => [stem, [...slugs]])),
    names,
  }
}

/** What is found of an offer; null: it is not to be found. */
function textsOf(listed: Listed, { goals, goalIndex }: Catalogue): Texts | null {
  const { offer, partner, versions } = listed
  if (offer.state === 'draft' || offer.state === 'ended' || partner?.archived) return null
  if (offer.partnerId === null ? !offer.seated : partner === null) return null
  const bySlug = { get: (slug: string) => goals[goalIndex.get(slug) ?? -1] } as ReadonlyMap<
    string,
    Catalogue['goals'][number]
  >
  const own = listed.goalIndexes.map((g) => goals[g]!)
  const wider = new Set(own.flatMap(({ slug }) => ancestorsOf(slug, bySlug)))
  const say = (slug: string) => {
    const goal = bySlug.get(slug)
    return goal ? `${goal.name} ${goal.customerWords}` : ''
  }
  return {
    facet: offer.facets.join(' '),
    goal: own.map(({ slug }) => say(slug)).join(' '),
    headline: offer.headline,
    trade: partner?.trade ?? '',
    partner: partner?.name ?? '',
    benefit: versions.at(-1)?.record.customerBenefit ?? '',
    line: `${offer.say.line} ${offer.say.opener}`,
    wider: [...wider].map(say).join(' '),
  }
}

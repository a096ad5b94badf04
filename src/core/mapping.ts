/**
 * Mapping help: which categories and which words of product names speak for which goals. Only proposals are made
 * here: what a shop sells says nothing about a goal until somebody accepted the rule that says so.
 *
 * Read from what the shop already has, in any language: the words of its goals, of its categories and products,
 * and the rules that stand. See docs/mapping.md.
 */
import type { Category, Rule, WordRule } from './catalogue.ts'
import type { Goal } from './goal.ts'
import { termsOf } from './term.ts'
import { stemOf } from './words.ts'

/** A rule is of a category, or of a facet of names. */
export type TermKind = 'category' | 'facet'

/** What is known of a product when its mapping is looked at. */
export type MappedProduct = { id: number; name: string; category: string | null; archived: boolean }

/** What was sold of a product: lines, and what they came to in minor units. */
export type Sold = { lines: number; turnoverMinor: number }

/** What suggestions are made from. */
export type MappingRows = {
  goals: readonly Goal[]
  categories: readonly Category[]
  products: readonly MappedProduct[]
  sold: ReadonlyMap<number, Sold>
  /** Rules that stand. */
  rules: readonly Rule[]
  wordRules: readonly Pick<WordRule, 'facet' | 'goal' | 'weight' | 'halfLifeDays'>[]
  /** `kind/term/goal` of what was refused or taken back: not suggested again. */
  decided: ReadonlySet<string>
}

/** Why something is suggested: which words met, and whose they are. */
export type Why = {
  /** name: a word of the category's own name. products: of its products. rules: what rules that stand say of its kin. */
  code: 'name' | 'products' | 'rules'
  /** The words of the shop's side. */
  words: string[]
  /** The goal's own words that they met; for `rules`, the categories and facets that point there. */
  met: string[]
  /** Products that show it. */
  products: number
}

export type Suggestion = {
  kind: TermKind
  term: string
  /** As a person reads it: the category's name. */
  name: string
  goal: string
  weight: number
  halfLifeDays: number
  /** How sure the suggestion is, in (0, 1): for ordering, not a probability. */
  strength: number
  products: number
  /** Products of these that speak for no goal so far. */
  newProducts: number
  lines: number
  turnoverMinor: number
  /** Of all that was sold, in [0, 1]. */
  turnoverShare: number
  examples: string[]
  why: Why[]
}

/** How much of a shop speaks for goals. Shares are in [0, 1]. */
export type MappedShare = {
  products: number
  mappedProducts: number
  lines: number
  mappedLines: number
  turnoverMinor: number
  mappedTurnoverMinor: number
}

export const choiceKey = (kind: TermKind, term: string, goal: string): string => `${kind}/${term}/${goal}`

/** The facet that a person means by a word or two: `Ukuleles` is `ukulele`. What is no facet stays as it is. */
export function facetMeant(words: string): string {
  const terms = termsOf({ name: words })
  const single = terms.filter((term) => !term.includes(' '))
  return terms.includes(single.join(' ')) ? single.join(' ') : (terms[0] ?? words)
}

/** Weighs what a goal says of itself. Its own name and slug say what it is; a question says it in passing. */
const OF_GOAL = { slug: 1, name: 1, customerWords: 0.6, question: 0.5, parent: 0.35 } as const

/** Suggested where nothing is known of the goal's kin: seen once, a thing is a hint and no proof. */
const PLAIN = { weight: 0.25, halfLifeDays: 300 } as const

/** Suggestions below this strength are not shown. */
export const LEAST_STRENGTH = 0.4

/** Words of goals in passing that meet names by chance: numbers, order, time and place. Short on purpose; a refused suggestion does not come back anyway. */
const IN_PASSING = new Set(
  'one two three four five all some more most first last new old big small good best like make made day time home year week child kid together while down up out off over again always never near soon just here you your our their this that'.split(
    ' ',
  ),
)

/** What is left of a goal's word that tells little: it shows only where something else says the same. */
const WEAK = 0.4

/** Short words of an alphabet stand in many names by chance (`run`, `hand`, `wear`); in other scripts they do not. */
const isShort = (word: string): boolean => /^[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{M}]{1,4}$/u.test(word)

/** `asPhrase`: what it weighs beside another word of the goal's. */
type GoalWord = { goal: number; word: string; weight: number; asPhrase: number }

/** Words of the goals that may be suggested, found by the stem of a word of the shop's. */
class GoalWords {
  readonly goals: readonly Goal[]
  readonly #byStem = new Map<string, GoalWord[]>()
  /** Stems by their first letters, for words that only begin alike. */
  readonly #byBeginning = new Map<string, string[]>()
  readonly #met = new Map<string, GoalWord[]>()

  constructor(all: readonly Goal[]) {
    const bySlug = new Map(all.map((goal) => [goal.slug, goal]))
    const parents = new Set(all.map((goal) => goal.parent))
    // Never a told-only goal, and none that others stand under: what a purchase says is about a leaf.
    this.goals = all.filter((goal) => !goal.toldOnly && !parents.has(goal.slug))
    const families = familiesOf(all)
    const slugWords = (slug: string) =>
      slug
        .split(/[^\p{L}\p{N}]+/u)
        .filter((part) => !families.has(part))
        .join(' ')
    // Goals of any kind that say a word themselves.
    const saidBy = new Map<string, number>()
    for (const { slug, name, customerWords, question } of all)
      for (const stem of new Set(
        plainWords([slugWords(slug), name, customerWords, question ?? ''].join(' . ')).map(stemOf),
      ))
        bump(saidBy, stem)
    const words = this.goals.map((goal) => {
      const parent = goal.parent === null ? undefined : bySlug.get(goal.parent)
      const own = new Map<string, { word: string; weight: number; asPhrase: number }>()
      const add = (text: string | null, weight: number) => {
        for (const word of plainWords(text ?? '')) {
          if (IN_PASSING.has(word)) continue
          const stem = stemOf(word)
          if (!own.has(stem) || own.get(stem)!.weight < weight)
            own.set(stem, { word, weight, asPhrase: weight })
        }
      }
      add(slugWords(goal.slug), OF_GOAL.slug)
      const ownSlug = new Set(own.keys())
      add(goal.name, OF_GOAL.name)
      add(goal.customerWords, OF_GOAL.customerWords)
      add(goal.question, OF_GOAL.question)
      add(parent?.name ?? null, OF_GOAL.parent)
      add(parent?.customerWords ?? null, OF_GOAL.parent)
      // Its short name says what it is about, so a short word tells there.
      for (const [stem, one] of own)
        if (!ownSlug.has(stem) && (isShort(one.word) || (saidBy.get(stem) ?? 0) > 1)) one.weight *= WEAK
      return own
    })
    const goalsWith = new Map<string, number>()
    for (const own of words)
      for (const stem of own.keys()) goalsWith.set(stem, (goalsWith.get(stem) ?? 0) + 1)
    for (const [i, own] of words.entries())
      for (const [stem, { word, weight, asPhrase }] of own) {
        // A word of many goals tells none from the others.
        const one = {
          goal: i,
          word,
          weight: weight / goalsWith.get(stem)!,
          asPhrase: asPhrase / goalsWith.get(stem)!,
        }
        const known = this.#byStem.get(stem)
        if (known) known.push(one)
        else {
          this.#byStem.set(stem, [one])
          const beginning = stem.slice(0, BEGINNING)
          if (stem.length >= BEGINNING)
            this.#byBeginning.set(beginning, [...(this.#byBeginning.get(beginning) ?? []), stem])
        }
      }
  }

  /** The goals' words that a word of the shop meets. */
  metBy(word: string): readonly GoalWord[] {
    const stem = stemOf(word)
    let met = this.#met.get(stem)
    if (met) return met
    met = [...(this.#byStem.get(stem) ?? [])]
    for (const other of this.#byBeginning.get(stem.slice(0, BEGINNING)) ?? [])
      if (other !== stem && beginsAlike(stem, other))
        for (const one of this.#byStem.get(other)!)
          met.push({ ...one, weight: one.weight * 0.6, asPhrase: one.asPhrase * 0.6 })
    this.#met.set(stem, met)
    return met
  }
}

/** How several slugs begin alike, in short: `mv-`, `thr-`. It names the family, and is no word. */
function familiesOf(goals: readonly Goal[]): Set<string> {
  const begun = new Map<string, number>()
  for (const { slug } of goals) bump(begun, slug.split(/[^\p{L}\p{N}]+/u)[0]!)
  return new Set([...begun].filter(([part, n]) => n > 1 && part.length <= 3).map(([part]) => part))
}

const BEGINNING = 5

/** One is the beginning of the other, or nearly all of both: `travel` and `travelling`, `music` and `musical`. */
function beginsAlike(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= BEGINNING && long.startsWith(short) && short.length / long.length >= 0.6
}

/** Single words of a text, folded as facets are. */
const plainWords = (text: string): string[] => termsOf({ name: text }).filter(isSingle)

/** A term with the products it stands for. */
type Term = { kind: TermKind; term: string; name: string; products: MappedProduct[] }

/** What products are read as, once for all suggestions. */
class Shelf {
  readonly products: readonly MappedProduct[]
  readonly categories: readonly Term[]
  readonly facets: readonly Term[]
  readonly #nameOf: ReadonlyMap<string, string>
  /** In how many categories a word stands: in their names, and among their products. */
  readonly #categoriesNamed = new Map<string, number>()
  readonly #categoriesWith = new Map<string, number>()

  constructor({ products, categories }: MappingRows) {
    this.products = products.filter((product) => !product.archived)
    this.#nameOf = new Map(categories.map(({ slug, name }) => [slug, name]))
    const byCategory = new Map<string, MappedProduct[]>(categories.map(({ slug }) => [slug, []]))
    const byFacet = new Map<string, MappedProduct[]>()
    const put = (map: Map<string, MappedProduct[]>, key: string, product: MappedProduct) => {
      const list = map.get(key)
      if (list) list.push(product)
      else map.set(key, [product])
    }
    for (const product of this.products) {
      if (product.category !== null) put(byCategory, product.category, product)
      for (const facet of termsOf(product)) put(byFacet, facet, product)
    }
    this.categories = [...byCategory].map(([slug, products]) => ({
      kind: 'category',
      term: slug,
      name: this.nameOf(slug),
      products,
    }))
    this.facets = [...byFacet].map(([facet, products]) => ({
      kind: 'facet',
      term: facet,
      name: facet,
      products,
    }))
    for (const { term, name, products } of this.categories) {
      for (const word of new Set(plainWords(`${term} ${name}`))) bump(this.#categoriesNamed, word)
      for (const word of new Set(products.flatMap(termsOf))) bump(this.#categoriesWith, word)
    }
  }

  nameOf(category: string): string {
    return this.#nameOf.get(category) ?? category
  }

  /** How much a word of a category's name tells it from the others, in (0, 1]. */
  tells(word: string): number {
    return 1 / Math.sqrt(this.#categoriesNamed.get(word) ?? 1)
  }

  /** How rare a facet is among categories: idf, 0 where every category has it. */
  rarity(facet: string): number {
    return Math.log((1 + this.categories.length) / (1 + (this.#categoriesWith.get(facet) ?? 0)))
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** What a name or a product says of each goal: the best word, and whose word it met. */
type Met = { weight: number; asPhrase: number; word: string; met: string }

function metIn(words: Iterable<string>, goals: GoalWords, tells: (word: string) => number): Map<number, Met> {
  const best = new Map<number, Met>()
  for (const word of words)
    for (const { goal, word: met, weight, asPhrase } of goals.metBy(word)) {
      const told = weight * tells(word)
      if (told > (best.get(goal)?.weight ?? 0)) best.set(goal, { weight: told, asPhrase, word, met })
    }
  return best
}

/** How sure several reasons make together: each leaves a share of the doubt. */
const together = (parts: number[]): number =>
  1 - parts.reduce((doubt, part) => doubt * (1 - Math.min(part, 0.95)), 1)

/** Likeness of two lists of facets by their rare ones: the cosine of their weighted counts. */
function profileOf(products: readonly MappedProduct[], shelf: Shelf): Map<string, number> {
  const profile = new Map<string, number>()
  for (const product of products)
    for (const facet of termsOf(product)) profile.set(facet, (profile.get(facet) ?? 0) + shelf.rarity(facet))
  let length = 0
  for (const weight of profile.values()) length += weight * weight
  const norm = Math.sqrt(length) || 1
  for (const [facet, weight] of profile) profile.set(facet, weight / norm)
  return profile
}

function likeness(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  let sum = 0
  for (const [facet, weight] of small) sum += weight * (large.get(facet) ?? 0)
  return sum
}

/** How much of what a shop sells speaks for goals, by rules that stand. */
export function mappedShare(rows: MappingRows, isMapped: (product: MappedProduct) => boolean): MappedShare {
  const share = {
    products: 0,
    mappedProducts: 0,
    lines: 0,
    mappedLines: 0,
    turnoverMinor: 0,
    mappedTurnoverMinor: 0,
  }
  for (const product of rows.products) {
    const sold = rows.sold.get(product.id)
    if (product.archived && !sold) continue
    const mapped = isMapped(product)
    share.products++
    share.lines += sold?.lines ?? 0
    share.turnoverMinor += sold?.turnoverMinor ?? 0
    if (!mapped) continue
    share.mappedProducts++
    share.mappedLines += sold?.lines ?? 0
    share.mappedTurnoverMinor += sold?.turnoverMinor ?? 0
  }
  return share
}

/**
 * Rules worth a look, the most worth first: by how sure they are, and by how much of the turnover would begin to
 * speak. A category at most twice, a facet once. Work is about the words of all names: a second for 50,000 products.
 */
export function suggestMappings(rows: MappingRows): { share: MappedShare; suggestions: Suggestion[] } {
  const shelf = new Shelf(rows)
  const goals = new GoalWords(rows.goals)
  const saidBy = goalsOfProducts(rows)
  const share = mappedShare(rows, ({ id }) => (saidBy.get(id)?.size ?? 0) > 0)
  const standing = new Set([
    ...rows.rules.map(({ category, goal }) => choiceKey('category', category, goal)),
    ...rows.wordRules.map(({ facet, goal }) => choiceKey('facet', facet, goal)),
  ])
  const isOpen = (kind: TermKind, term: string, goal: string) =>
    !standing.has(choiceKey(kind, term, goal)) && !rows.decided.has(choiceKey(kind, term, goal))
  const shown = (found: Found[], most: number) =>
    found
      .filter(
        ({ term, goal, strength }) => strength >= LEAST_STRENGTH && isOpen(term.kind, term.term, goal.slug),
      )
      .sort((a, b) => b.strength - a.strength || order(a.goal.slug, b.goal.slug))
      .slice(0, most)
  const ofCategories = foundForCategories(rows, shelf, goals).flatMap((found) => shown(found, 2))
  const covered = new Set(ofCategories.map(({ term, goal }) => choiceKey('category', term.term, goal.slug)))
  const ofFacets = foundForFacets(rows, shelf, goals, saidBy, covered).flatMap((found) => shown(found, 1))
  const suggestions = [...ofCategories, ...ofFacets].map((found) => suggestionOf(found, rows, saidBy, share))
  const worth = ({ strength, turnoverShare }: Suggestion) => strength * (0.05 + Math.sqrt(turnoverShare))
  suggestions.sort(
    (a, b) => worth(b) - worth(a) || order(a.kind, b.kind) || order(a.term, b.term) || order(a.goal, b.goal),
  )
  return { share, suggestions }
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The goals that each product speaks for, by rules that stand. */
function goalsOfProducts({ products, rules, wordRules }: MappingRows): Map<number, Set<string>> {
  const ofCategory = Map.groupBy(rules, ({ category }) => category)
  const ofFacet = Map.groupBy(wordRules, ({ facet }) => facet)
  const said = new Map<number, Set<string>>()
  for (const product of products) {
    const goals = new Set<string>()
    for (const { goal } of (product.category !== null && ofCategory.get(product.category)) || [])
      goals.add(goal)
    if (ofFacet.size > 0)
      for (const facet of termsOf(product)) for (const { goal } of ofFacet.get(facet) ?? []) goals.add(goal)
    if (goals.size > 0) said.set(product.id, goals)
  }
  return said
}

type Found = { term: Term; goal: Goal; strength: number; why: Why[] }

/** What speaks for a category: its name, its products' names, and the rules of categories that sell the like. */
function foundForCategories(rows: MappingRows, shelf: Shelf, goals: GoalWords): Found[][] {
  const profiles = new Map(shelf.categories.map(({ term, products }) => [term, profileOf(products, shelf)]))
  const rulesOf = Map.groupBy(rows.rules, ({ goal }) => goal)
  return shelf.categories.map((term) => {
    const { products } = term
    const named = metIn(new Set(plainWords(`${term.term} ${term.name}`)), goals, (word) => shelf.tells(word))
    const shows = new Map<
      number,
      { weight: number; products: number; words: Set<string>; met: Set<string> }
    >()
    for (const product of products)
      for (const [goal, { weight, word, met }] of metIn(termsOf(product).filter(isSingle), goals, () => 1)) {
        let shown = shows.get(goal)
        if (!shown) shows.set(goal, (shown = { weight: 0, products: 0, words: new Set(), met: new Set() }))
        shown.weight += weight
        shown.products++
        shown.words.add(word)
        shown.met.add(met)
      }
    return goals.goals.map((goal, i): Found => {
      const why: Why[] = []
      const name = named.get(i)
      if (name) why.push({ code: 'name', words: [name.word], met: [name.met], products: products.length })
      const shown = shows.get(i)
      // One product of a hundred that is called so says little of the others.
      const part = shown ? (0.9 * shown.weight) / (products.length + 1) : 0
      if (shown)
        why.push({
          code: 'products',
          words: [...shown.words].slice(0, 5),
          met: [...shown.met].slice(0, 5),
          products: shown.products,
        })
      const kin = (rulesOf.get(goal.slug) ?? [])
        .filter(({ category }) => category !== term.term)
        .map(({ category }) => ({
          category,
          like: likeness(profiles.get(term.term)!, profiles.get(category) ?? new Map()),
        }))
        .filter(({ like }) => like >= 0.1)
        .sort((a, b) => b.like - a.like)
      if (kin.length > 0)
        why.push({
          code: 'rules',
          words: [],
          met: kin.slice(0, 3).map(({ category }) => shelf.nameOf(category)),
          products: products.length,
        })
      const strength = together([0.9 * (name?.weight ?? 0), part, 0.8 * (kin[0]?.like ?? 0)])
      return { term, goal, strength, why }
    })
  })
}

const isSingle = (facet: string) => !facet.includes(' ')

/** What speaks for a facet: its own words, and what the products with it speak for already. */
function foundForFacets(
  rows: MappingRows,
  shelf: Shelf,
  goals: GoalWords,
  saidBy: ReadonlyMap<number, Set<string>>,
  covered: ReadonlySet<string>,
): Found[][] {
  const everywhere = new Map<string, number>()
  for (const said of saidBy.values()) for (const goal of said) bump(everywhere, goal)
  const indexOf = new Map(goals.goals.map((goal, i) => [goal.slug, i]))
  const found: Found[][] = []
  for (const term of shelf.facets) {
    const { products } = term
    if (products.length * 2 > shelf.products.length && shelf.products.length > 10) continue
    const mapped = products.filter(({ id }) => saidBy.has(id))
    const counts = new Map<string, number>()
    for (const { id } of mapped) for (const goal of saidBy.get(id)!) bump(counts, goal)
    const words = term.term.split(' ')
    // What products have in common tells nothing where it is no more than `pre` or `small`.
    const isSlight = words.length === 1 && (isShort(term.term) || IN_PASSING.has(term.term))
    const met = words.map((word) => metIn([word], goals, () => 1))
    const candidates = new Set([
      ...met[0]!.keys(),
      ...[...counts.keys()].flatMap((slug) => indexOf.get(slug) ?? []),
    ])
    const ofTerm: Found[] = []
    for (const i of candidates) {
      const goal = goals.goals[i]!
      const fresh = products.filter(
        ({ id, category }) =>
          !saidBy.get(id)?.has(goal.slug) &&
          !(category !== null && covered.has(choiceKey('category', category, goal.slug))),
      )
      if (fresh.length === 0) continue
      const why: Why[] = []
      const each = met.map((one) => one.get(i))
      const direct = each.every((one) => one !== undefined)
        ? Math.min(...each.map((one) => (words.length > 1 ? one!.asPhrase : one!.weight)))
        : 0
      if (direct > 0)
        why.push({
          code: 'products',
          words,
          met: [...new Set(each.map((one) => one!.met))],
          products: products.length,
        })
      const n = counts.get(goal.slug) ?? 0
      const usual = (everywhere.get(goal.slug) ?? 0) / Math.max(1, saidBy.size)
      const learned = n < 3 || isSlight ? 0 : 0.9 * (n / (mapped.length + 1)) * (1 - usual)
      if (learned > 0)
        why.push({ code: 'rules', words, met: termsBehind(rows, term, goal.slug, saidBy), products: n })
      // A single product is a name and no kind of thing, unless two words of the goal's stand together.
      if (products.length < 2 && (words.length < 2 || direct === 0)) continue
      ofTerm.push({ term: { ...term, products }, goal, strength: together([0.9 * direct, learned]), why })
    }
    if (ofTerm.length > 0) found.push(ofTerm)
  }
  return found
}

/** The categories by whose rules products with this facet speak for the goal. */
function termsBehind(
  { rules }: MappingRows,
  { products }: Term,
  goal: string,
  saidBy: ReadonlyMap<number, Set<string>>,
): string[] {
  const named = new Set(rules.filter((rule) => rule.goal === goal).map(({ category }) => category))
  const behind = new Set<string>()
  for (const { id, category } of products)
    if (category !== null && named.has(category) && saidBy.get(id)?.has(goal)) behind.add(category)
  return [...behind].slice(0, 3)
}

/** The suggestion as it is shown, with its counts and what it would weigh. */
function suggestionOf(
  { term, goal, strength, why }: Found,
  rows: MappingRows,
  saidBy: ReadonlyMap<number, Set<string>>,
  share: MappedShare,
): Suggestion {
  const fresh = term.products.filter(({ id }) => !saidBy.has(id))
  const sold = (ids: readonly MappedProduct[]) =>
    ids.reduce(
      (sum, { id }) => {
        const one = rows.sold.get(id)
        return {
          lines: sum.lines + (one?.lines ?? 0),
          turnoverMinor: sum.turnoverMinor + (one?.turnoverMinor ?? 0),
        }
      },
      { lines: 0, turnoverMinor: 0 },
    )
  const { lines, turnoverMinor } = sold(term.products)
  const best = [...(fresh.length > 0 ? fresh : term.products)].sort(
    (a, b) => (rows.sold.get(b.id)?.lines ?? 0) - (rows.sold.get(a.id)?.lines ?? 0) || a.id - b.id,
  )
  return {
    kind: term.kind,
    term: term.term,
    name: term.kind === 'facet' ? asWritten(term.term, best) : term.name,
    goal: goal.slug,
    ...likely(rows, goal, strength),
    strength: Math.round(strength * 1000) / 1000,
    products: term.products.length,
    newProducts: fresh.length,
    lines,
    turnoverMinor,
    turnoverShare:
      share.turnoverMinor === 0 ? 0 : Math.round((10_000 * turnoverMinor) / share.turnoverMinor) / 10_000,
    examples: best.slice(0, 4).map(({ name }) => name),
    why,
  }
}

/** A facet as the names of its products write it, in lower case: `christmas` is folded to read, not to show. */
function asWritten(facet: string, products: readonly MappedProduct[]): string {
  const many = facet.split(' ').length
  for (const { name } of products.slice(0, 4)) {
    const words = name.match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? []
    for (let i = 0; i + many <= words.length; i++) {
      const said = words.slice(i, i + many).join(' ')
      if (termsOf({ name: said }).includes(facet)) return said.toLowerCase()
    }
  }
  return facet
}

/** Weight and half-life of a rule of this goal: what its rules have, or its sisters', or all. Less sure, less weight. */
function likely(rows: MappingRows, goal: Goal, strength: number): { weight: number; halfLifeDays: number } {
  const all = [...rows.rules, ...rows.wordRules]
  const parentOf = new Map(rows.goals.map(({ slug, parent }) => [slug, parent]))
  const own = all.filter((rule) => rule.goal === goal.slug)
  const sisters = all.filter((rule) => goal.parent !== null && parentOf.get(rule.goal) === goal.parent)
  const kin = own.length > 0 ? own : sisters.length > 0 ? sisters : all
  const weight = (median(kin.map((rule) => rule.weight)) ?? PLAIN.weight) * (0.5 + strength / 2)
  return {
    weight: Math.min(0.9, Math.max(0.05, Math.round(weight * 100) / 100)),
    halfLifeDays: Math.round(median(kin.map((rule) => rule.halfLifeDays)) ?? PLAIN.halfLifeDays),
  }
}

function median(values: number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Why, in plain words. */
export function whyWords({ code, words, met, products }: Why): string {
  const list = (all: string[]) => all.map((each) => `“${each}”`).join(', ')
  if (code === 'name') return `its name says ${list(words)}, the goal ${list(met)}`
  if (code === 'products')
    return `${products === 1 ? 'one product says' : `${products} products say`} ${list(words)}, the goal ${list(met)}`
  return met.length > 0
    ? `like what speaks for it already: ${met.join(', ')}`
    : 'like what speaks for it already'
}

/**
 * The staff's ten-second note: one line about what a family would enjoy, told by her or noticed. We hold little: no
 * health, family trouble, money or faith, and no child's name, whoever said it.
 */
import { isSmallWord, wishProblem } from './browse.ts'
import type { Catalogue } from './catalogue.ts'
import type { Goal } from './goal.ts'
import { ancestorsOf } from './goal.ts'
import { phrasesIn, stemOf, wordProblems, wordsOf } from './words.ts'

/** Longest note, in characters: one breath. */
export const NOTE_LENGTH = 120

export type NoteFinding = { field: 'words'; words: string; why: string; message: string }

type Subject = { why: 'health' | 'family' | 'money' | 'faith'; instead: string; phrases: readonly string[] }

const subject = (why: Subject['why'], instead: string, phrases: string): Subject => ({
  why,
  instead,
  phrases: phrases
    .split('\n')
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== ''),
})

/** What a note never holds. Phrases as in core/words.ts: `a|b` one of them, `?a` perhaps, `*` up to two words. */
const SUBJECTS: readonly Subject[] = [
  subject(
    'health',
    'write what they would enjoy, such as “likes calm, small groups”',
    `ill|illness|sick|sickness|unwell|disease|diagnosis|diagnosed|disabled|disability|disorder|syndrome|wheelchair
     depression|depressed|anxiety|anxious|stress|stressed|burnout|therapy|therapist|counselling|counseling
     psychologist|psychiatrist|medication|medicine|hospital|surgery|cancer|diabetes|diabetic|epilepsy|epileptic
     asthma|asthmatic|eczema|psoriasis|allergy|allergic|autism|autistic|adhd|dyslexia|dyslexic|dyspraxia|dyscalculia
     intolerant|intolerance|coeliac|celiac|seizure|inhaler|insulin|epipen|crutches|prosthesis|scoliosis|migraine
     cystic fibrosis
     chemo|chemotherapy|radiotherapy|radiation|tumour|tumor|leukaemia|leukemia|remission|dialysis|transplant|hospice
     dementia|alzheimer|parkinson|sclerosis|arthritis|tourette|hiv|preemie|physio|physiotherapy|rehab
     ptsd|ocd|bipolar|psychosis|psychotic|schizophrenia|schizophrenic|insomnia|menopause|antidepressant|pills
     anorexia|anorexic|bulimia|bulimic|suicide|suicidal|selfharm
     self harm
     nervous breakdown
     heart attack|condition|failure|disease|defect
     had|has|having|after|needs|need an|the|his|her operation
     had|has|after a stroke
     learning difficulty|disability
     burn out
     cerebral palsy
     down|downs syndrome
     hearing aid|loss
     hard of hearing
     cochlear implant
     deaf|blind
     stutter|stuttering|stammer|stammering|lisp
     occupational therapist
     bed wetting
     bedwetting
     sees|seeing|saw a|the doctor
     panic attack
     special needs
     on the spectrum
     pregnancy|pregnant|miscarriage|ivf|infertility|postpartum|postnatal
     overweight|underweight|obese|fat|skinny
     eating problem
     weight problem|issue|loss
     lose|losing|lost|gained ?some weight
     speech delay|problem
     died|dead|death|dying|funeral|grief|grieving|bereaved|bereavement|widow|widower`,
  ),
  subject(
    'family',
    'write what the child would enjoy, and leave who lives where to them',
    `divorce|divorced|divorcing|separated|separation|custody|breakup|affair|stepmother|stepfather|stepmum|stepdad
     foster|fostered|adopted|adoption|quarrel|quarrelling|arguing|violent|violence|abuse|abused|abusive
     alcohol|alcoholic|drunk|addict|addicted|addiction|prison|arrested
     broken home
     ?her|his|their ex husband|wife|partner|boyfriend|girlfriend
     her|his ex
     split|splitting|broke|breaking up
     single|lone mother|mum|parent|father|dad
     marriage|family|home trouble|problem|worry|issue
     trouble|problems at home`,
  ),
  subject(
    'money',
    'write the kind of thing they like, and let them name the price',
    `money|salary|income|wage|debt|loan|mortgage|bankrupt|bankruptcy|unemployed|jobless|redundancy|wealthy|stingy
     is|are|seem|seems|very|quite|so|too poor|rich|broke
     cant|cannot|couldnt afford
     can|could not afford
     lost her|his|their job
     out of work
     on benefits|welfare
     food stamp|bank
     tight|small|low budget
     on a budget
     short of cash
     behind on rent
     credit card`,
  ),
  subject(
    'faith',
    'only what she tells us herself, as the goal alone and without words',
    `faith|religion|religious|church|mosque|synagogue|temple|chapel|prayer|praying|pray|bible|quran|koran|torah
     god|jesus|allah|priest|pastor|imam|rabbi|sermon|baptism|baptised|baptized|christening|communion|mitzvah
     christian|christianity|muslim|islam|islamic|jewish|jew|hindu|buddhist|sikh|catholic|protestant|orthodox|mormon|atheist
     ramadan|eid|passover|hanukkah|diwali`,
  ),
]

/** Of what every text that is said must not do, what a note may be spoken with; pressing words are no harm in a note. */
const ALSO_REFUSED: ReadonlySet<string> = new Set(['sensitive', 'unseen', 'markup', 'length', 'comparison'])

const CHILD_WORDS =
  'son|daughter|boy|girl|child|kid|baby|toddler|brother|sister|twin|twins|grandson|granddaughter|grandchild|nephew|niece|stepson'
/** What follows a word for a child as a name does. Letters of any language, the first a capital. */
const NAMED = new RegExp(
  `\\b(?:${CHILD_WORDS})\\b(?:\\s+(?:is|who\\s+is))?(?:\\s+(?:called|named))?[\\s,(]+(?<name>\\p{Lu}\\p{Ll}+)`,
  'gu',
)
const CALLED = /\b(?:called|named|name\s+is|names\s+are)\s+(?<name>\p{Lu}\p{Ll}+)/gu
/** A word that somebody's name may follow: `piano for Emma`, `with little Tom`. The trigger may begin a sentence. */
const AFTER =
  'for|with|and|called|named|little|big|older|younger|eldest|oldest|youngest|baby|cousin|our|my|your|her|his|their|than'
const FOR_SOMEBODY = new RegExp(
  `(?<=(?<![\\p{L}])(?:${[...AFTER.split('|'), ...CHILD_WORDS.split('|')]
    .map((word) => `[${word[0]!.toUpperCase()}${word[0]}]${word.slice(1)}`)
    .join('|')})[\\s,:]+)(?<name>\\p{Lu}\\p{Ll}+)`,
  'gu',
)
const AGED =
  /(?<![\p{L}])(?<name>\p{Lu}\p{Ll}+)\s*(?:\(\s*\d{1,2}\s*\)|,\s*(?:aged\s+)?\d{1,2}\b|,?\s+(?:aged|turns|is)\s+\d{1,2}\b)/gu
const OWNED = /(?<![\p{L}])(?<name>\p{Lu}\p{Ll}+)['’]s\b/gu
const DOES =
  /(?<![\p{L}])(?<name>\p{Lu}\p{Ll}+)\s+(?:loves?|likes?|wants?|plays?|starts?|started|hates?|keeps|needs?|asked|dances|swims|sings|enjoys|adores|would)\b/gu

/** Capitalised words that are nobody's name. */
const NO_NAMES = new Set(
  `she he they it we you i who mum mom mother dad father parent parents grandma grandpa granny grandmother grandfather
  aunt uncle son daughter boy girl child kid kids children baby toddler brother sister twins family everyone everybody
  somebody nobody both all the her his their our this that monday tuesday wednesday thursday friday saturday sunday
  january february march april may june july august september october november december spring summer autumn fall
  winter easter christmas halloween thanksgiving english french german spanish italian mandarin chinese japanese korean
  arabic polish russian ukrainian portuguese dutch hindi lego playmobil montessori today tomorrow always never often
  really also but and or if when now just still not no yes maybe perhaps what which school preschool kindergarten
  disney duplo barbie frozen minecraft pokemon ikea santa america american chicago illinois
  michigan california florida hawaii mexico canada mexican canadian england britain british ireland irish scotland france
  germany italy spain greece greek portugal sweden swedish norway norwegian denmark danish japan china india indian
  europe european africa african asia asian australia brazil latin hebrew turkish turkey vietnamese`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

/** Words that the shop uses for things, places and people of its own: they name no child. */
function shopWords({ sites, staff, goals, parts, listed }: Shop): Set<string> {
  const words = new Set<string>()
  const add = (text: string) => {
    for (const word of wordsOf(text)) words.add(stemOf(word))
  }
  for (const { name } of sites.values()) add(name)
  for (const { name } of staff.values()) add(name)
  for (const { name, customerWords } of goals) add(`${name} ${customerWords}`)
  for (const { name, trade } of parts.partners.values()) add(`${name} ${trade}`)
  for (const { offer } of listed) add(offer.facets.join(' '))
  return words
}

/** Whether a thing on the shelf, a kind of thing or an offer is called by a word. Only for what may as well be a thing: `with Lego`. */
const isThing = (stem: string, { products, categories, listed }: Shop): boolean => {
  const holds = (text: string) => wordsOf(text).some((word) => stemOf(word) === stem)
  return (
    [...categories.values()].some(({ name }) => holds(name)) ||
    listed.some(({ offer }) => holds(offer.headline)) ||
    [...products.values()].some(({ name }) => holds(name))
  )
}

type Shop = Pick<Catalogue, 'sites' | 'staff' | 'goals' | 'parts' | 'listed' | 'products' | 'categories'>

/** Words of a note that look like a child's name. Misses some; a name that is also a word of the shop's is let through. */
export function namesIn(text: string, shop: Shop): string[] {
  const ours = shopWords(shop)
  const found = (patterns: RegExp[]) => {
    const names = patterns.flatMap((pattern) =>
      [...text.matchAll(pattern)].map(({ groups }) => groups!.name!),
    )
    return [...new Set(names)].filter((name) => {
      const [word = ''] = wordsOf(name)
      return !NO_NAMES.has(word) && !ours.has(stemOf(word))
    })
  }
  const sure = found([NAMED, CALLED, AGED, OWNED, DOES])
  const likely = found([FOR_SOMEBODY]).filter((name) => !isThing(stemOf(wordsOf(name)[0]!), shop))
  return [...new Set([...sure, ...likely])]
}

/** What a note may not hold: each with the words as they stand in it, and a kinder way. Empty when it may be kept. */
export function noteProblems(text: string, shop: Shop): NoteFinding[] {
  const findings: NoteFinding[] = []
  const say = (why: string, words: string, message: string) =>
    findings.push({ field: 'words', words, why, message })
  const contact = wishProblem(text)
  if (contact !== null) say('contact', '', `${contact}.`)
  for (const { why, instead, phrases } of SUBJECTS)
    for (const words of phrasesIn(text, phrases))
      say(why, words, `“${words}” is not ours to keep (${SAYS[why]}): ${instead}.`)
  for (const each of wordProblems(text, { field: 'words', most: NOTE_LENGTH, kind: 'line', never: [] })) {
    const isKnown = findings.some(({ words }) => words !== '' && each.words.includes(words))
    if (ALSO_REFUSED.has(each.why) && !isKnown) say(each.why, each.words, each.message)
  }
  for (const name of namesIn(text, shop))
    say('name', name, `“${name}” looks like a child’s name: write “her son”, “the older one”, or the age.`)
  return findings
}

const SAYS: Record<Subject['why'], string> = {
  health: 'health',
  family: 'family trouble',
  money: 'money',
  faith: 'faith',
}

/** What a note is kept as. */
export type NoteKind = 'told' | 'no' | 'noticed' | 'question'

/**
 * What was seen of the parents' own life is no fact that we hold: it may only become a question. So is a no that she
 * did not say herself; one that she said is her no, and never a wish.
 */
export function noteKind(goal: Pick<Goal, 'householdLevel'>, toldMe: boolean, isNo = false): NoteKind {
  if (toldMe) return isNo ? 'no' : 'told'
  return goal.householdLevel || isNo ? 'question' : 'noticed'
}

/** A no, over words as they are read: without apostrophes. */
const NO =
  /(?<= )(?:no|not|nor|never|cannot|(?:do|does|did|wo|is|was|would|ca|could|are|were|has|have|had|should|ai)nt|hat(?:e|es|ed|ing)|dislik(?:e|es|ed|ing)|detests?|loathes?|refus(?:e|es|ed|ing)|stopped|quit|quits|quitting|(?:gave|given|gives|giving) up|(?:bored|tired|sick|fed up) (?:of|with|by))(?= )/
/** What has such a word in it and says no no. */
const NO_NO =
  /(?<= )(?:(?:never|not|cannot|\w+nt) (?:stops?|stopped|stopping|wait|only|just|miss|misses|missed|mind|enough|get enough)|no (?:idea|problem|matter|doubt|wonder|rush|hurry)|hate[sd]? (?:to )?(?:miss|missing|leave|leaving|stop|stopping)|stopped (?:by|at|in|to))(?= )/g

/** Whether a note says no to something: what it is about may then never be kept as a wish. */
export const saysNo = (text: string): boolean => NO.test(` ${wordsOf(text).join(' ')} `.replace(NO_NO, ''))

/** Words that every note is full of: they name no goal, though the name of one may hold them. By their stems. */
const ORDINARY: ReadonlySet<string> = new Set(
  `keep keeps keeping kept ask asks asking asked want wants wanting wanted learn learns learning learned learnt love loves
  loving loved like likes liking liked would start starts starting started try tries trying tried look looks looking
  looked go goes going went gone get gets getting got need needs needing needed really enjoy enjoys enjoying enjoyed
  talk talks talking talked say says saying said tell tells telling told think thinks thinking thought wish wishes
  wishing wished hope hopes hoping hoped know knows knowing knew see sees seeing saw come comes coming came take takes
  taking took do does doing did always never often sometimes again still already soon now lately much more most lot
  lots bit all every time first new old big little favourite favorite crazy mad keen into interested mention mentions
  mentioned mentioning time times parent parents mum mom dad making make makes made`
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(stemOf),
)

/** Words of a goal's name that say too little of it to know it by. By their stems. */
const VAGUE: ReadonlySet<string> = new Set(
  'back well best done easy easier play plays playing day good early together thing things know how health holiday holidays'
    .split(' ')
    .map(stemOf),
)

/** What of a note can name a goal: the text without its ordinary words. */
export const tellingOf = (text: string): string =>
  text
    .split(/\s+/)
    .filter((piece) => wordsOf(piece).some((word) => !ORDINARY.has(stemOf(word))))
    .join(' ')

/** Words that turn what stands beside them around, or may: what is said then is for somebody to choose. */
const AGAINST =
  /(?<!\p{L})(?:no|not|nor|never|without|instead|hates?|hated|dislikes?|disliked|refuses?|stops?|stopped|quit|quits|gave\s+up|bored|tired|\p{L}+n['’]t)(?!\p{L})/iu

/**
 * The goals that a note names by what they are called: by the whole name, by the word that their slug has of it, or by
 * a facet of theirs. Of a goal and a wider one the narrower. Nothing is certain of a note that says no to something,
 * and what only she may bring up is never read out of words.
 */
export function goalsNamedIn(text: string, catalogue: Pick<Catalogue, 'goals' | 'listed'>): string[] {
  return AGAINST.test(text) || saysNo(text) ? [] : namedIn(text, catalogue)
}

function namedIn(text: string, { goals, listed }: Pick<Catalogue, 'goals' | 'listed'>): string[] {
  const said = new Set(wordsOf(tellingOf(text)).map(stemOf))
  const isSaid = (words: string[]) => words.length > 0 && words.every((word) => said.has(stemOf(word)))
  const facets = Map.groupBy(
    listed.flatMap(({ offer, leadGoal }) => offer.facets.map((facet) => ({ facet, leadGoal }))),
    ({ leadGoal }) => leadGoal,
  )
  const named = goals.filter(({ slug, name, toldOnly }, g) => {
    if (toldOnly) return false
    const nameWords = wordsOf(name).filter((word) => !isSmallWord(word))
    const stems = new Set(nameWords.map(stemOf))
    const slugWords = wordsOf(slug.split('-').slice(1).join(' ')).filter(
      (word) => stems.has(stemOf(word)) && !VAGUE.has(stemOf(word)),
    )
    const hasFacet = facets.get(g)?.some(({ facet }) => isSaid(wordsOf(facet))) ?? false
    return isSaid(nameWords) || isSaid(slugWords) || hasFacet
  })
  const bySlug = new Map(goals.map((goal) => [goal.slug, goal]))
  const wider = new Set(named.flatMap(({ slug }) => ancestorsOf(slug, bySlug)))
  return named.map(({ slug }) => slug).filter((slug) => !wider.has(slug))
}

/** A word that stands for more goals than this says little about which one is meant. */
const MOST_MEANT = 2

/**
 * Goals to choose from, the likeliest first: those that a note names, else those of which it holds a whole word: of the
 * goal's name or slug, of what offers do of it, or of the kinds of things and words that are mapped to it. None is
 * better than a wrong one, so that nothing like a word counts. What only she may bring up is never guessed.
 */
export function goalsGuessed(
  text: string,
  catalogue: Pick<
    Catalogue,
    'goals' | 'goalIndex' | 'listed' | 'categories' | 'rulesByCategory' | 'rulesByFacet'
  >,
): string[] {
  const named = namedIn(text, catalogue)
  if (named.length > 0) return named
  const { goals, listed, categories, rulesByCategory, rulesByFacet } = catalogue
  /** Stem → goal → how much it says of it. */
  const meant = new Map<string, Map<number, number>>()
  const add = (words: string, g: number, weight: number) => {
    for (const word of wordsOf(words)) {
      const stem = stemOf(word)
      if (isSmallWord(word) || VAGUE.has(stem) || word.length < 3 || !goals[g] || goals[g].toldOnly) continue
      const by = meant.get(stem) ?? new Map<number, number>()
      meant.set(stem, by.set(g, Math.max(by.get(g) ?? 0, weight)))
    }
  }
  for (const [g, { slug, name }] of goals.entries())
    add(`${name} ${slug.split('-').slice(1).join(' ')}`, g, 1)
  for (const { offer, leadGoal } of listed) add(offer.facets.join(' '), leadGoal, 1)
  for (const [facet, rules] of rulesByFacet)
    for (const { goalIndex, weight, withdrawn } of rules) if (!withdrawn) add(facet, goalIndex, weight)
  for (const [slug, rules] of rulesByCategory)
    for (const { goalIndex, weight, withdrawn } of rules)
      if (!withdrawn) add(categories.get(slug)?.name ?? '', goalIndex, weight)
  const found = new Map<number, number>()
  for (const stem of new Set(wordsOf(tellingOf(text)).map(stemOf))) {
    const by = meant.get(stem)
    if (by && by.size <= MOST_MEANT) for (const [g, weight] of by) found.set(g, (found.get(g) ?? 0) + weight)
  }
  return [...found].sort(([a, x], [b, y]) => y - x || a - b).map(([g]) => goals[g]!.slug)
}

/** The facet of a goal that a note names: piano, ballet; null for none, or several. */
export function facetIn(
  text: string,
  goal: string,
  { goals, goalIndex, listed }: Pick<Catalogue, 'goals' | 'goalIndex' | 'listed'>,
): string | null {
  const at = goalIndex.get(goal)
  if (at === undefined || goals[at] === undefined) return null
  const said = new Set(wordsOf(text).map(stemOf))
  const named = new Set(
    listed
      .filter(({ leadGoal, goalIndexes }) => leadGoal === at || goalIndexes.includes(at))
      .flatMap(({ offer }) => offer.facets)
      .filter((facet) => wordsOf(facet).every((word) => said.has(stemOf(word)))),
  )
  return named.size === 1 ? [...named][0]! : null
}

/**
 * The catalogue as deciding sees it: everything of the shop that an answer may rest on, indexed once and
 * held in memory. Built from plain rows; `compile` is pure, so two engines with the same rows decide alike.
 */
import type { Acceptance } from './acceptance.ts'
import { AcceptanceBook, mappingOf } from './acceptance.ts'
import type { Goal } from './goal.ts'
import { ancestorsOf } from './goal.ts'
import type { Offer } from './offer.ts'
import { stepOf } from './offer.ts'
import type { Policy } from './policy.ts'
import type { TermsRecord } from './terms.ts'
import { termsOn } from './terms.ts'

export type Site = { id: string; name: string; timeZone: string; currency: string }
export type Staff = { id: string; name: string; sites: string[]; role: string }
export type Category = {
  slug: string
  name: string
  ageMinMonths: number | null
  ageMaxMonths: number | null
}
/** What a purchase in a category says about a goal. */
export type Rule = {
  category: string
  goal: string
  weight: number
  halfLifeDays: number
  withdrawn?: boolean
}
export type Product = {
  id: number
  sku: string | null
  source: string | null
  variationId: string | null
  gtin: string | null
  name: string
  category: string | null
  priceMinor: number | null
  archived: boolean
  /** Only ever met in a sale: no catalogue of the shop lists it. */
  unmapped: boolean
  baskets: number
  buyers: number
}
export type Person = { name: string; role: string; phone: string; email: string }
export type Place = { name: string; address: string; walkMinutes: Record<string, number> }
export type Partner = {
  id: string
  name: string
  trade: string
  goals: string[]
  facets: Record<string, string[]>
  walkMinutes: Record<string, number>
  people: Person[]
  places: Place[]
  opening: string
  archived: boolean
  version: number
}
export type Alliance = {
  id: string
  partnerId: string
  state: string
  termsVersion: number
  /** Introductions made, by the site's date. */
  load: Record<string, number>
  version: number
}
export type Terms = {
  allianceId: string
  version: number
  startsOn: string | null
  endsOn: string | null
  agreed: boolean
  briefFrom: number
  commissionBasisPoints: number
  disclosure: string
  record: TermsRecord
}
/** Staff of a site know an alliance, up to a version of its words. */
export type Briefing = { allianceId: string; siteId: string; termsVersion: number }
export type Check = {
  id: string
  partnerId: string | null
  offerId: string | null
  code: string
  critical: boolean
  severity: number
  ok: boolean
  validUntil: string | null
  issuer: string | null
  issuedOn: string | null
  assuredBy: string | null
  assuredOn: string | null
}
export type Link = {
  fromOffer: string
  toOffer: string
  trigger: string
  fromDays: number
  untilDays: number
  ageMonths: number | null
  says: string
}
export type Session = {
  id: string
  offerId: string
  siteId: string | null
  place: string
  facet: string | null
  startsAt: string
  endsAt: string
  capacity: number
  bookedElsewhere: number
  cancelled: boolean
}
/** A question to many: would this goal interest you? Dates are the site's, both included. */
export type Poll = {
  id: string
  goal: string
  question: string
  /** Where it is asked, [] everywhere. */
  touchpoints: string[]
  goAnswers: number
  goYes: number
  goShare: number
  opensOn: string
  closesOn: string
  state: 'open' | 'closed'
  version: number
}
/** What a facet of a product's name says about a goal. */
export type WordRule = {
  facet: string
  goal: string
  weight: number
  halfLifeDays: number
  withdrawn: boolean
}
export type Hold = { id: string; sessionId: string; state: string; expiresAt: string }

/** The rows a catalogue is compiled from. */
export type CatalogueRows = {
  policy: Policy
  sites: Site[]
  staff: Staff[]
  goals: Goal[]
  categories: Category[]
  rules: Rule[]
  products: Product[]
  partners: Partner[]
  alliances: Alliance[]
  terms: Terms[]
  briefings: Briefing[]
  checks: Check[]
  offers: Offer[]
  links: Link[]
  sessions: Session[]
  holds: Hold[]
  acceptance: Acceptance[]
  polls: Poll[]
  wordRules: WordRule[]
}

/** A session with its instants read once, and the leases on its places. */
export type OpenSession = Session & { startsMs: number; leases: { confirmed: boolean; untilMs: number }[] }

/** An offer with all that its gates look at, side by side. */
export type Listed = {
  offer: Offer
  index: number
  step: number
  monthMask: number
  /** Which mapping to goals it has now: see `mappingOf`. */
  mapping: string
  /** Its weightiest goal. */
  leadGoal: number
  goalIndexes: number[]
  partner: Partner | null
  alliance: Alliance | null
  /** Its agreed versions: which is in force depends on the date. */
  versions: Terms[]
  /** The version of its words that staff of each site were briefed on. */
  briefed: ReadonlyMap<string, number>
  checks: Check[]
  sessions: OpenSession[]
  productIds: number[]
  /** Told-only goals that weigh enough to keep it silent. */
  sensitive: number[]
  /** Links that lead to it. */
  after: Link[]
  /** What each sale leaves us, in minor units, for the value lever. */
  marginMinor: number
}

export type Catalogue = {
  policy: Policy
  sites: Map<string, Site>
  staff: Map<string, Staff>
  goals: Goal[]
  goalIndex: Map<string, number>
  parents: Int32Array
  /** Goals that no other lies under. */
  narrowGoals: Int32Array
  categories: Map<string, Category>
  rulesByCategory: Map<string, (Rule & { goalIndex: number })[]>
  /** The strongest that a purchase can say about each goal: 0 where the shop sells nothing that shows it. */
  showsInBaskets: Float64Array
  products: Map<number, Product>
  productBySku: Map<string, number>
  productByVariation: Map<string, number>
  productByGtin: Map<string, number>
  productByName: Map<string, number>
  listed: Listed[]
  columns: Columns
  listedById: Map<string, Listed>
  /** The numbers of all offers. */
  every: Int32Array
  linksFrom: Map<string, Link[]>
  /** Links that wait for an age rather than for an event: months from and before which, and the offer they lead to. */
  ageLinks: { from: Float64Array; before: Float64Array; to: Int32Array }
  sessionOffer: Map<string, string>
  /** Offer × goal, compressed by row: offer i has entries start[i] … start[i+1]. */
  start: Int32Array
  goalOf: Int32Array
  weightOf: Float64Array
  /** The same for the wider goals that an offer also serves, each step up the tree counting less. */
  wideStart: Int32Array
  wideGoalOf: Int32Array
  wideWeightOf: Float64Array
  /** The same by goal: the offers that serve it as a wider one, in their order. */
  wideServedBy: { indexes: Int32Array; weights: Float64Array }[]
  /** For each goal, the offers that serve it, the weightiest first. */
  servedBy: { index: number; weight: number }[][]
  kindnesses: Listed[]
  /** Shops that have mapped no offers to goals yet live on what goes with what. */
  goesWithOnly: boolean
  /** The offers that are a product. */
  offersOfProduct: Map<number, string[]>
  /** How offers are met where they are said. */
  acceptance: AcceptanceBook
  /** Polls that are not closed. */
  polls: Poll[]
  /** What the words of a product's name say, by facet. */
  rulesByFacet: Map<string, (WordRule & { goalIndex: number })[]>
  /** What listed offers are made from, by what it hangs on. */
  parts: ListedParts
  /** Kept for the gates: the offers that are open on a day, found when first asked for. */
  openByDay: Map<string, Int32Array>
}

/** What is asked of thousands of offers at every call, side by side: reaching for each offer itself costs more than scoring it. */
export type Columns = {
  /** Ages in months, open ends as infinities. */
  from: Float64Array
  to: Float64Array
  step: Uint8Array
  /** The share of the price that stays with us, in [0, 1]. */
  share: Float64Array
  /** Π (1 − severity) over the open checks that are not critical; −1 where one has a date, and must be looked at. */
  readiness: Float64Array
  /** The product that it is, `NONE` or `SEVERAL`. */
  product: Int32Array
}

export const NONE = -1
export const SEVERAL = -2

type ListedParts = {
  goalsBySlug: Map<string, Goal>
  partners: Map<string, Partner>
  alliancesOf: Map<string, Alliance[]>
  termsOf: Map<string, Terms[]>
  briefingsOf: Map<string, Briefing[]>
  sessionsOf: Map<string, Session[]>
  holdsOf: Map<string, Hold[]>
  checksOfPartner: Map<string, Check[]>
  checksOfOffer: Map<string, Check[]>
  linksTo: Map<string, Link[]>
}

const nameKey = (category: string | null, name: string) =>
  `${category ?? ''}\u0001${name.trim().toLowerCase()}`

function groupBy<T>(rows: T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const k = key(row)
    const group = groups.get(k)
    if (group) group.push(row)
    else groups.set(k, [row])
  }
  return groups
}

/** Index the rows for deciding. */
export function compile(rows: CatalogueRows): Catalogue {
  const { policy, goals } = rows
  const goalIndex = new Map(goals.map((goal, i) => [goal.slug, i]))
  const goalsBySlug = new Map(goals.map((goal) => [goal.slug, goal]))
  const showsInBaskets = new Float64Array(goals.length)
  const rules = rows.rules
    .filter((rule) => !rule.withdrawn && goalIndex.has(rule.goal))
    .map((rule) => ({ ...rule, goalIndex: goalIndex.get(rule.goal)! }))
  const wordRules = rows.wordRules
    .filter((rule) => !rule.withdrawn && goalIndex.has(rule.goal))
    .map((rule) => ({ ...rule, goalIndex: goalIndex.get(rule.goal)! }))
  for (const rule of [...rules, ...wordRules])
    showsInBaskets[rule.goalIndex] = Math.max(showsInBaskets[rule.goalIndex]!, rule.weight)

  const products = indexProducts(rows.products)
  const parts: ListedParts = {
    goalsBySlug,
    partners: new Map(rows.partners.map((partner) => [partner.id, partner])),
    alliancesOf: groupBy(rows.alliances, (alliance) => alliance.partnerId),
    termsOf: groupBy(rows.terms, (terms) => terms.allianceId),
    briefingsOf: groupBy(rows.briefings, (briefing) => briefing.allianceId),
    sessionsOf: groupBy(rows.sessions, (session) => session.offerId),
    holdsOf: groupBy(rows.holds, (hold) => hold.sessionId),
    checksOfPartner: groupBy(rows.checks, (check) => check.partnerId ?? ''),
    checksOfOffer: groupBy(rows.checks, (check) => check.offerId ?? ''),
    linksTo: groupBy(rows.links, (link) => link.toOffer),
  }

  const parents = Int32Array.from(goals, (goal) =>
    goal.parent === null ? -1 : (goalIndex.get(goal.parent) ?? -1),
  )
  const offers = [...rows.offers].sort((a, b) => (a.id < b.id ? -1 : 1))
  const start = [0]
  const goalOf: number[] = []
  const weightOf: number[] = []
  const wideStart = [0]
  const wideGoalOf: number[] = []
  const wideWeightOf: number[] = []
  const listed = offers.map((offer, index): Listed => {
    const wide = new Map<number, number>()
    for (const [slug, weight] of weighedGoals(offer, goalIndex)) {
      goalOf.push(goalIndex.get(slug)!)
      weightOf.push(weight)
      ancestorsOf(slug, goalsBySlug).forEach((ancestor, up) => {
        const at = goalIndex.get(ancestor)!
        wide.set(at, Math.max(wide.get(at) ?? 0, weight * policy.rollUp ** (up + 1)))
      })
    }
    for (const [at, weight] of [...wide].sort((a, b) => a[0] - b[0])) {
      wideGoalOf.push(at)
      wideWeightOf.push(weight)
    }
    start.push(goalOf.length)
    wideStart.push(wideGoalOf.length)
    return listedOf(offer, index, { policy, goalIndex, parts, productBySku: products.productBySku })
  })

  const columns: Columns = {
    from: new Float64Array(listed.length),
    to: new Float64Array(listed.length),
    step: new Uint8Array(listed.length),
    share: new Float64Array(listed.length),
    readiness: new Float64Array(listed.length),
    product: new Int32Array(listed.length),
  }
  for (const entry of listed) writeColumns(columns, entry)
  const listedById = new Map(listed.map((entry) => [entry.offer.id, entry]))
  const ageLinks = rows.links.filter(
    (l) => l.trigger === 'ageReached' && l.ageMonths !== null && listedById.has(l.toOffer),
  )
  const offersOfProduct = new Map<number, string[]>()
  for (const { offer, productIds } of listed)
    for (const id of productIds) offersOfProduct.set(id, [...(offersOfProduct.get(id) ?? []), offer.id])
  const servedBy: Catalogue['servedBy'] = goals.map(() => [])
  listed.forEach((entry, i) => {
    for (let k = start[i]!; k < start[i + 1]!; k++)
      servedBy[goalOf[k]!]!.push({ index: entry.index, weight: weightOf[k]! })
  })
  for (const serving of servedBy) serving.sort((a, b) => b.weight - a.weight || a.index - b.index)
  const wideServedBy = goals.map(() => ({ indexes: [] as number[], weights: [] as number[] }))
  listed.forEach((entry, i) => {
    for (let k = wideStart[i]!; k < wideStart[i + 1]!; k++) {
      wideServedBy[wideGoalOf[k]!]!.indexes.push(entry.index)
      wideServedBy[wideGoalOf[k]!]!.weights.push(wideWeightOf[k]!)
    }
  })

  return {
    policy,
    sites: new Map(rows.sites.map((site) => [site.id, site])),
    staff: new Map(rows.staff.map((person) => [person.id, person])),
    goals,
    goalIndex,
    parents,
    narrowGoals: Int32Array.from(goals.keys()).filter((g) => !parents.includes(g)),
    categories: new Map(rows.categories.map((category) => [category.slug, category])),
    rulesByCategory: groupBy(rules, (rule) => rule.category),
    showsInBaskets,
    ...products,
    listed,
    columns,
    listedById,
    every: Int32Array.from(listed, (entry) => entry.index),
    linksFrom: groupBy(rows.links, (l) => l.fromOffer),
    ageLinks: {
      from: Float64Array.from(ageLinks, (l) => l.ageMonths!),
      before: Float64Array.from(ageLinks, (l) => l.ageMonths! + Math.ceil(l.untilDays / 30)),
      to: Int32Array.from(ageLinks, (l) => listedById.get(l.toOffer)!.index),
    },
    sessionOffer: new Map(rows.sessions.map((session) => [session.id, session.offerId])),
    start: Int32Array.from(start),
    goalOf: Int32Array.from(goalOf),
    weightOf: Float64Array.from(weightOf),
    wideStart: Int32Array.from(wideStart),
    wideGoalOf: Int32Array.from(wideGoalOf),
    wideWeightOf: Float64Array.from(wideWeightOf),
    wideServedBy: wideServedBy.map(({ indexes, weights }) => ({
      indexes: Int32Array.from(indexes),
      weights: Float64Array.from(weights),
    })),
    servedBy,
    kindnesses: listed.filter((entry) => entry.offer.kindness),
    goesWithOnly: !offers.some((offer) => offer.state === 'live'),
    offersOfProduct,
    acceptance: new AcceptanceBook(policy, rows.acceptance),
    polls: openPolls(rows.polls),
    rulesByFacet: groupBy(wordRules, (rule) => rule.facet),
    parts,
    openByDay: new Map(),
  }
}

const openPolls = (polls: Poll[]) =>
  polls.filter((poll) => poll.state === 'open').sort((a, b) => (a.id < b.id ? -1 : 1))

/** The goals of an offer that the shop knows, the weightiest first. */
function weighedGoals(offer: Offer, goalIndex: Catalogue['goalIndex']): [string, number][] {
  return Object.entries(offer.goals)
    .filter(([slug]) => goalIndex.has(slug))
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}

/** An offer beside all that its gates look at. */
function listedOf(
  offer: Offer,
  index: number,
  {
    policy,
    goalIndex,
    parts,
    productBySku,
  }: Pick<Catalogue, 'policy' | 'goalIndex' | 'parts' | 'productBySku'>,
): Listed {
  const { partnerId } = offer
  const weighed = weighedGoals(offer, goalIndex)
  const alliances = partnerId === null ? [] : (parts.alliancesOf.get(partnerId) ?? [])
  const alliance = alliances.find((each) => each.state === 'live') ?? alliances.at(-1) ?? null
  const versions = alliance
    ? (parts.termsOf.get(alliance.id) ?? [])
        .filter((terms) => terms.agreed)
        .sort((a, b) => a.version - b.version)
    : []
  return {
    offer,
    index,
    step: stepOf(offer),
    monthMask: offer.months.reduce((mask, month) => mask | (1 << month), 0),
    mapping: mappingOf(offer.goals),
    leadGoal: weighed.length ? goalIndex.get(weighed[0]![0])! : -1,
    goalIndexes: weighed.map(([slug]) => goalIndex.get(slug)!),
    partner: partnerId === null ? null : (parts.partners.get(partnerId) ?? null),
    alliance,
    versions,
    briefed: new Map(
      alliance
        ? (parts.briefingsOf.get(alliance.id) ?? []).map((each) => [each.siteId, each.termsVersion])
        : [],
    ),
    checks: [
      ...(partnerId === null ? [] : (parts.checksOfPartner.get(partnerId) ?? [])),
      ...(parts.checksOfOffer.get(offer.id) ?? []),
    ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    sessions: (parts.sessionsOf.get(offer.id) ?? [])
      .filter((session) => !session.cancelled)
      .map((session) => openSession(session, parts.holdsOf.get(session.id) ?? []))
      .sort((a, b) => a.startsMs - b.startsMs || (a.id < b.id ? -1 : 1)),
    productIds: offer.skus.flatMap((sku) => productBySku.get(sku) ?? []),
    sensitive: weighed
      .filter(([slug, weight]) => parts.goalsBySlug.get(slug)!.toldOnly && weight >= policy.sensitiveWeight)
      .map(([slug]) => goalIndex.get(slug)!),
    after: parts.linksTo.get(offer.id) ?? [],
    marginMinor:
      partnerId === null
        ? offer.priceMinor - offer.costMinor
        : Math.floor((offer.priceMinor * (versions.at(-1)?.commissionBasisPoints ?? 0)) / 10_000),
  }
}

function writeColumns(columns: Columns, listed: Listed): void {
  const { index, offer } = listed
  columns.from[index] = offer.ageMinMonths ?? Number.NEGATIVE_INFINITY
  columns.to[index] = offer.ageMaxMonths ?? Number.POSITIVE_INFINITY
  columns.step[index] = listed.step
  columns.share[index] = shareOf(listed)
  const open = listed.checks.filter((check) => !check.critical)
  columns.readiness[index] = open.some((check) => check.validUntil !== null) ? -1 : readinessOf(open, '')
  columns.product[index] = listed.productIds.length > 1 ? SEVERAL : (listed.productIds[0] ?? NONE)
}

/** The terms that an offer is made under on a date; null for the shop's own. */
export const termsFor = ({ versions }: Pick<Listed, 'versions'>, date: string): Terms | null =>
  termsOn(versions, date)

/** Π (1 − severity) over the open checks that are not critical. */
export function readinessOf(checks: Check[], today: string): number {
  return checks.reduce(
    (ready, check) =>
      check.critical || (check.ok && (check.validUntil === null || check.validUntil >= today))
        ? ready
        : ready * (1 - check.severity),
    1,
  )
}

/** The share of its price that an offer leaves us, in [0, 1]. A free offer earns nothing now: 0. */
export function shareOf({ offer, marginMinor }: Pick<Listed, 'offer' | 'marginMinor'>): number {
  return offer.priceMinor === 0 ? 0 : Math.min(1, Math.max(0, marginMinor / offer.priceMinor))
}

/** A row as it was (undefined: it is new) and as it is. */
export type Change<Row> = { before: Row | undefined; after: Row }

/** Rows that changed, by part. */
export type Changes = {
  [Part in Exclude<keyof CatalogueRows, 'policy'>]?: Change<CatalogueRows[Part][number]>[]
} & { policy?: true }

/**
 * Bring a compiled catalogue up to date in place, at the cost of what changed: after it, it equals the compiled
 * rows. False, and nothing is touched, where what changed reaches everywhere (goals, rules, links, the policy,
 * a new offer …): then compile.
 */
export function patch(catalogue: Catalogue, changes: Changes): boolean {
  const {
    offers = [],
    sessions = [],
    holds = [],
    checks = [],
    products = [],
    acceptance = [],
    ...others
  } = changes
  const { partners = [], alliances = [], terms = [], ...everywhere } = others
  if (Object.keys(everywhere).length > 0) return false
  const moved =
    offers.some(({ before, after }) => !before || !sameIn(before, after, OFFER_PLACE)) ||
    sessions.some(({ before, after }) => before && before.offerId !== after.offerId) ||
    holds.some(({ before, after }) => before && before.sessionId !== after.sessionId) ||
    checks.some(({ before, after }) => before && !sameIn(before, after, ['partnerId', 'offerId'])) ||
    alliances.some(({ before, after }) => before && before.partnerId !== after.partnerId) ||
    products.some(({ before, after }) => before && !sameIn(before, after, PRODUCT_NAMES))
  if (moved) return false
  const { parts, listed, listedById, openByDay } = catalogue
  const newSkus = new Set(products.flatMap(({ before, after }) => (before ? [] : (after.sku ?? []))))
  if (newSkus.size > 0 && listed.some(({ offer }) => offer.skus.some((sku) => newSkus.has(sku)))) return false

  for (const { after } of acceptance) catalogue.acceptance.put(after)
  const touched = new Set<string>()
  const ofPartners = new Set<string>()
  for (const { after } of offers) touched.add(after.id)
  for (const { after } of sessions) {
    put(parts.sessionsOf, after.offerId, after)
    catalogue.sessionOffer.set(after.id, after.offerId)
    touched.add(after.offerId)
  }
  for (const { after } of holds) {
    put(parts.holdsOf, after.sessionId, after)
    touched.add(catalogue.sessionOffer.get(after.sessionId) ?? '')
  }
  for (const { after } of checks) {
    put(parts.checksOfPartner, after.partnerId ?? '', after)
    put(parts.checksOfOffer, after.offerId ?? '', after)
    if (after.offerId !== null) touched.add(after.offerId)
    if (after.partnerId !== null) ofPartners.add(after.partnerId)
  }
  for (const { after } of partners) {
    parts.partners.set(after.id, after)
    ofPartners.add(after.id)
  }
  for (const { after } of alliances) {
    put(parts.alliancesOf, after.partnerId, after)
    ofPartners.add(after.partnerId)
  }
  for (const { after } of terms) {
    const versions = parts.termsOf.get(after.allianceId) ?? []
    parts.termsOf.set(after.allianceId, [...versions.filter((v) => v.version !== after.version), after])
    for (const [partnerId, list] of parts.alliancesOf)
      if (list.some((alliance) => alliance.id === after.allianceId)) ofPartners.add(partnerId)
  }
  for (const { before, after } of products) {
    if (before) catalogue.products.set(after.id, after)
    else addProduct(catalogue, after)
  }
  if (ofPartners.size > 0)
    for (const { offer } of listed) if (ofPartners.has(offer.partnerId ?? '')) touched.add(offer.id)

  const rows = new Map(offers.map(({ after }) => [after.id, after]))
  for (const id of touched) {
    const was = listedById.get(id)
    if (!was) continue
    const is = listedOf(rows.get(id) ?? was.offer, was.index, catalogue)
    listed[was.index] = is
    writeColumns(catalogue.columns, is)
    listedById.set(id, is)
    const kind = catalogue.kindnesses.indexOf(was)
    if (kind >= 0) catalogue.kindnesses[kind] = is
  }
  if (offers.length > 0) catalogue.goesWithOnly = !listed.some(({ offer }) => offer.state === 'live')
  // Places and products close no day.
  const onlyCounted = offers.every(({ before, after }) => sameBut(before!, after, ['rev']))
  const onlyLoaded =
    partners.length + terms.length + checks.length === 0 &&
    alliances.every(({ before, after }) => before && sameBut(before, after, ['load', 'rev']))
  if (!onlyCounted || !onlyLoaded) openByDay.clear()
  return true
}

/** Where an offer stands in the columns, and in what lists. */
const OFFER_PLACE = ['goals', 'kindness', 'skus'] as const
/** What a product is found by. */
const PRODUCT_NAMES = ['sku', 'source', 'variationId', 'gtin', 'name', 'category'] as const

function sameIn<Row extends object>(a: Row, b: Row, fields: readonly (keyof Row)[]): boolean {
  return fields.every(
    (field) => a[field] === b[field] || JSON.stringify(a[field]) === JSON.stringify(b[field]),
  )
}

function sameBut<Row extends object>(a: Row, b: Row, fields: readonly string[]): boolean {
  return sameIn(
    a,
    b,
    (Object.keys(b) as (keyof Row)[]).filter((field) => !fields.includes(field as string)),
  )
}

/** Put a row into its group, in the place of the one with its id or at the end. */
function put<Row extends { id: string }>(groups: Map<string, Row[]>, key: string, row: Row): void {
  const group = groups.get(key)
  const at = group?.findIndex((each) => each.id === row.id) ?? -1
  if (!group) groups.set(key, [row])
  else if (at < 0) group.push(row)
  else group[at] = row
}

export type ProductIndex = Pick<
  Catalogue,
  'products' | 'productBySku' | 'productByVariation' | 'productByGtin' | 'productByName'
>

/** Products by everything that a till may call them. */
export function indexProducts(rows: Product[]): ProductIndex {
  const index: ProductIndex = {
    products: new Map(),
    productBySku: new Map(),
    productByVariation: new Map(),
    productByGtin: new Map(),
    productByName: new Map(),
  }
  for (const product of rows) addProduct(index, product)
  return index
}

/** Add or replace one product in an index. */
export function addProduct(index: ProductIndex, product: Product): void {
  index.products.set(product.id, product)
  if (product.sku !== null) index.productBySku.set(product.sku, product.id)
  if (product.source !== null && product.variationId !== null)
    index.productByVariation.set(`${product.source}\u0001${product.variationId}`, product.id)
  if (product.gtin !== null) index.productByGtin.set(product.gtin, product.id)
  const key = nameKey(product.category, product.name)
  if (!index.productByName.has(key)) index.productByName.set(key, product.id)
  const bare = nameKey(null, product.name)
  if (!index.productByName.has(bare)) index.productByName.set(bare, product.id)
}

/** A session with the leases on its places. */
function openSession(session: Session, holds: Hold[]): OpenSession {
  return {
    ...session,
    startsMs: Date.parse(session.startsAt),
    leases: holds
      .filter((hold) => hold.state !== 'released')
      .map((hold) => ({ confirmed: hold.state === 'confirmed', untilMs: Date.parse(hold.expiresAt) })),
  }
}

/** Places still free at an instant: capacity less what is booked elsewhere, confirmed, or held and not expired. */
export function placesLeft(session: OpenSession, nowMs: number): number {
  let taken = session.bookedElsewhere
  for (const lease of session.leases) if (lease.confirmed || lease.untilMs > nowMs) taken++
  return session.capacity - taken
}

/** What a till calls a thing. */
export type LineName = {
  source?: string | undefined
  variationId?: string | undefined
  gtin?: string | undefined
  sku?: string | undefined
  category?: string | undefined
  name?: string | undefined
}

/** Match a line: by source and variation, GTIN, sku, then category and name. Null where nothing fits. */
export function matchLine(
  index: ProductIndex & Pick<Catalogue, 'categories'>,
  line: LineName,
): { productId: number | null; category: string | null } | null {
  const found =
    (line.source && line.variationId
      ? index.productByVariation.get(`${line.source}\u0001${line.variationId}`)
      : undefined) ??
    (line.gtin ? index.productByGtin.get(line.gtin) : undefined) ??
    (line.sku ? index.productBySku.get(line.sku) : undefined) ??
    (line.name ? index.productByName.get(nameKey(line.category ?? null, line.name)) : undefined)
  if (found !== undefined) {
    const product = index.products.get(found)!
    return { productId: found, category: product.category ?? line.category ?? null }
  }
  if (line.category && index.categories.has(line.category))
    return { productId: null, category: line.category }
  return null
}

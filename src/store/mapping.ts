/** Mapping decisions: rules accepted and taken back, and what past purchases say by them. */
import type { Catalogue } from '../core/catalogue.ts'
import type { MappedProduct, Sold, TermKind } from '../core/mapping.ts'
import { choiceKey, suggestMappings } from '../core/mapping.ts'
import type { Says } from '../core/purchase.ts'
import { goalsSaid } from '../core/purchase.ts'
import { termsOf } from '../core/term.ts'
import { dateOf, localDay } from '../core/time.ts'
import type { By } from './audit.ts'
import { audited } from './audit.ts'
import { refreshState } from './customer.ts'
import type { Engine, Statement } from './engine.ts'
import { BUMP, GuardFailed, guard, insertRows, REV, statement } from './engine.ts'
import { evidence, mappingChoice } from './schema.ts'

export type Choice = typeof mappingChoice.$inferSelect

/** What was decided, with the weight that its rule has or had. */
export type KeptChoice = Choice & { weight: number | null; halfLifeDays: number | null }

/**
 * One decision, checked: `weight` and `halfLifeDays` only where it is accepted. `reopened` forgets a refusal, so that
 * it may be suggested again. `instead`: the goal that was suggested, refused together with it.
 */
export type MappingDecision = {
  kind: TermKind
  term: string
  goal: string
  decision: Choice['decision'] | 'reopened'
  weight: number
  halfLifeDays: number
  instead?: string
}

/** What a rule may be about, and what it says now. */
export type KnownOfMappings = Pick<
  Catalogue,
  'products' | 'rulesByCategory' | 'rulesByFacet' | 'sites' | 'goalIndex' | 'goals' | 'categories'
>

/** What was ever decided about mappings. */
export async function listChoices(engine: Engine): Promise<KeptChoice[]> {
  return engine.all<KeptChoice>(
    statement(
      `select c.*, coalesce(r.weight, w.weight) weight, coalesce(r.halfLifeDays, w.halfLifeDays) halfLifeDays
       from mappingChoice c
       left join rule r on c.kind = 'category' and r.category = c.term and r.goal = c.goal
       left join wordRule w on c.kind = 'facet' and w.facet = c.term and w.goal = c.goal
       order by c.kind, c.term, c.goal`,
    ),
  )
}

/** What was sold of each product, voids left out: reads every line, so for the office and never for the till. */
export async function soldByProduct(engine: Engine): Promise<Map<number, Sold>> {
  const rows = await engine.all<Sold & { productId: number }>(
    statement(
      `select productId, sum(quantity > 0) lines, cast(round(sum(coalesce(purchaseLine.totalMinor, quantity * unitPriceMinor))) as integer) turnoverMinor
       from purchaseLine join purchase on purchase.id = purchaseId where voided = 0 group by productId`,
    ),
  )
  return new Map(rows.map(({ productId, ...sold }) => [productId, sold]))
}

/** Suggestions from the catalogue as it is, with the rules that stand and what was decided. */
export async function readMappings(engine: Engine, catalogue: KnownOfMappings) {
  const [sold, choices] = await Promise.all([soldByProduct(engine), listChoices(engine)])
  const rules = [...catalogue.rulesByCategory.values()].flat()
  const wordRules = [...catalogue.rulesByFacet.values()].flat()
  const found = suggestMappings({
    goals: catalogue.goals,
    categories: [...catalogue.categories.values()],
    products: [...catalogue.products.values()],
    sold,
    rules,
    wordRules,
    decided: new Set(
      choices
        .filter(({ decision }) => decision !== 'accepted')
        .map(({ kind, term, goal }) => choiceKey(kind, term, goal)),
    ),
  })
  const plain = ({ goal, weight, halfLifeDays }: (typeof rules)[number] | (typeof wordRules)[number]) => ({
    goal,
    weight,
    halfLifeDays,
  })
  return {
    ...found,
    catalogue,
    choices,
    rules: [
      ...rules.map((rule) => ({ kind: 'category' as const, term: rule.category, ...plain(rule) })),
      ...wordRules.map((rule) => ({ kind: 'facet' as const, term: rule.facet, ...plain(rule) })),
    ],
  }
}

/** The products that a rule's term is about. */
export function productsOf(products: Iterable<MappedProduct>, kind: TermKind, term: string): number[] {
  const ids: number[] = []
  for (const product of products)
    if (kind === 'category' ? product.category === term : termsOf(product).includes(term))
      ids.push(product.id)
  return ids
}

/** Purchases of known customers that hold one of these products, bought for themselves. */
export async function purchasesWith(engine: Engine, productIds: number[]): Promise<number> {
  const [row] = await engine.all<{ n: number }>(
    statement(
      `select count(distinct purchaseId) n from purchaseLine join purchase on purchase.id = purchaseId
       where productId in (select value from json_each(?)) and voided = 0 and customer is not null and gift = 0 and quantity > 0`,
      JSON.stringify(productIds),
    ),
  )
  return row!.n
}

/**
 * Keep decisions, all of them or none: the rules, what was decided, the log, one revision. An accepted one replaces
 * what the rule said before.
 */
export async function writeDecisions(engine: Engine, given: MappingDecision[], by: By): Promise<void> {
  const statements: Statement[] = [BUMP]
  const decisions = given.flatMap(({ instead, ...each }): MappingDecision[] =>
    instead === undefined ? [each] : [each, { ...each, goal: instead, decision: 'refused' }],
  )
  const rows = (kind: TermKind, decision: MappingDecision['decision']) =>
    JSON.stringify(
      decisions
        .filter((each) => each.kind === kind && each.decision === decision)
        .map(({ term, goal, weight, halfLifeDays }) => [term, goal, weight, halfLifeDays]),
    )
  for (const [kind, table, column] of [
    ['category', 'rule', 'category'],
    ['facet', 'wordRule', 'facet'],
  ] as const)
    statements.push(
      statement(
        `insert into ${table} (${column}, goal, weight, halfLifeDays, withdrawn, rev)
         select value ->> 0, value ->> 1, value ->> 2, value ->> 3, 0, ${REV} from json_each(?) where true
         on conflict (${column}, goal) do update set weight = excluded.weight, halfLifeDays = excluded.halfLifeDays, withdrawn = 0, rev = excluded.rev`,
        rows(kind, 'accepted'),
      ),
      statement(
        `update ${table} set withdrawn = 1, rev = ${REV} from json_each(?) v
         where ${column} = v.value ->> 0 and goal = v.value ->> 1 and withdrawn = 0`,
        rows(kind, 'withdrawn'),
      ),
    )
  const kept = decisions.flatMap(({ kind, term, goal, decision }) =>
    decision === 'reopened' ? [] : [{ kind, term, goal, decision, actor: by.actor, at: by.at }],
  )
  if (kept.length > 0)
    statements.push(
      insertRows(
        mappingChoice,
        kept,
        '(kind, term, goal) do update set decision = excluded.decision, actor = excluded.actor, at = excluded.at',
      ),
    )
  statements.push(
    ...decisions
      .filter(({ decision }) => decision === 'reopened')
      .map(({ kind, term, goal }) =>
        statement(
          `delete from mappingChoice where kind = ? and term = ? and goal = ? and decision <> 'accepted'`,
          kind,
          term,
          goal,
        ),
      ),
    ...decisions.map(({ kind, term, goal, decision, weight, halfLifeDays }) =>
      audited(by, decision, 'mapping', choiceKey(kind, term, goal), {
        ...(decision === 'accepted' ? { weight: [null, weight], halfLifeDays: [null, halfLifeDays] } : {}),
      }),
    ),
  )
  await engine.atomic(statements)
}

type LineRow = {
  purchaseId: string
  revision: number
  customer: string
  siteId: string
  soldAt: string
  n: number
  productId: number
  child: string | null
}
type EvidenceRow = {
  id: string
  purchaseId: string
  goal: string
  weight: number
  halfLifeDays: number
  isLive: number
  /** She wished it gone: it does not come back by a rule. */
  isErased: number
  /** She let us forget the guess: for the whole purchase, and for good. */
  isForgotten: number
}

/** Purchases looked at in one write: a customer's state is refreshed once for each. */
const BATCH = 200

/**
 * What past purchases say by the rules as they now are, about these goals and for these products: lines of evidence
 * that are missing are added, those that no rule speaks for any more, or not so, are retracted. Doing it again
 * changes nothing. Some hundred purchases at a time, each time whole.
 */
export async function deriveAgain(
  engine: Engine,
  readKnown: () => Promise<KnownOfMappings>,
  about: { goals: string[]; productIds: number[] },
  now: string,
): Promise<{ purchases: number; added: number; retracted: number }> {
  const sum = { purchases: 0, added: 0, retracted: 0 }
  for (let after = ''; ; ) {
    const ids = await engine.all<{ id: string }>(
      statement(
        `select distinct p.id from purchase p join purchaseLine l on l.purchaseId = p.id
         where p.id > ?1 and l.productId in (select value from json_each(?2)) and p.customer is not null
         order by p.id limit ?3`,
        after,
        JSON.stringify(about.productIds),
        BATCH,
      ),
    )
    if (ids.length === 0) return sum
    after = ids.at(-1)!.id
    const { added, retracted } = await deriveSome(
      engine,
      readKnown,
      about.goals,
      ids.map(({ id }) => id),
      now,
    )
    sum.purchases += ids.length
    sum.added += added
    sum.retracted += retracted
  }
}

async function deriveSome(
  engine: Engine,
  readKnown: () => Promise<KnownOfMappings>,
  goals: string[],
  purchaseIds: string[],
  now: string,
): Promise<{ added: number; retracted: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryDerive(engine, await readKnown(), goals, purchaseIds, now)
    } catch (error) {
      if (!(error instanceof GuardFailed) || attempt >= 8) throw error
    }
  }
}

async function tryDerive(
  engine: Engine,
  known: KnownOfMappings,
  goals: string[],
  purchaseIds: string[],
  now: string,
): Promise<{ added: number; retracted: number }> {
  const ids = JSON.stringify(purchaseIds)
  const [lines, kept, versions] = (await engine.allOf([
    statement(
      `select p.id purchaseId, p.revision, p.customer, p.siteId, p.soldAt, l.n, l.productId, l.child
       from purchase p join purchaseLine l on l.purchaseId = p.id
       where p.id in (select value from json_each(?)) and p.customer is not null and p.voided = 0 and l.gift = 0 and l.quantity > 0
       order by p.id, l.n`,
      ids,
    ),
    statement(
      `select id, purchaseId, goal, weight, halfLifeDays, retractedAt is null isLive,
         retractedAt is not null and retractedBy is not 'rule' isErased,
         retractedBy is 'customer' isForgotten from evidence
       where kind = 'bought' and purchaseId in (select value from json_each(?1)) and goal in (select value from json_each(?2))`,
      ids,
      JSON.stringify(goals),
    ),
    statement(
      'select ref, version from customer where ref in (select customer from purchase where id in (select value from json_each(?)))',
      ids,
    ),
  ])) as [LineRow[], EvidenceRow[], { ref: string; version: number }[]]
  const wanted = new Set(goals)
  const keptOf = Map.groupBy(kept, ({ purchaseId, id, goal }) => lineKey(purchaseId, lineOf(id), goal))
  const forgotten = new Set(
    kept
      .filter(({ isForgotten }) => isForgotten === 1)
      .map(({ purchaseId, goal }) => `${purchaseId}#${goal}`),
  )
  const added: (typeof evidence.$inferInsert)[] = []
  const standing = new Set<string>()
  for (const line of lines) {
    const product = known.products.get(line.productId)
    if (!product) continue
    // Its category may have been the sale's own word, which is not kept: what it said stands.
    if (product.category === null)
      for (const row of kept)
        if (row.purchaseId === line.purchaseId && lineOf(row.id) === line.n && isOfCategory(row, known))
          standing.add(row.id)
    for (const says of goalsSaid(product, known)) {
      if (!wanted.has(says.goal) || forgotten.has(`${line.purchaseId}#${says.goal}`)) continue
      const before = keptOf.get(lineKey(line.purchaseId, line.n, says.goal)) ?? []
      const same = before.find((row) => row.isLive === 1 && saysSame(row, says))
      if (same) standing.add(same.id)
      else if (!before.some((row) => row.isErased === 1 && isOfRevision(row, line)))
        added.push(rowOf(line, says, before.length, known, now))
    }
  }
  const retracted = kept.filter((row) => row.isLive === 1 && !standing.has(row.id)).map(({ id }) => id)
  const touched = [...new Set(lines.map(({ customer }) => customer))]
  if (added.length + retracted.length === 0) return { added: 0, retracted: 0 }
  const statements: Statement[] = guard(
    'select count(*) = ? from json_each(?) v join customer on ref = v.value ->> 0 where version = v.value ->> 1',
    versions.length,
    JSON.stringify(versions.map(({ ref, version }) => [ref, version])),
  )
  if (retracted.length > 0)
    statements.push(
      statement(
        `update evidence set retractedAt = ?, retractedBy = 'rule' where retractedAt is null and id in (select value from json_each(?))`,
        now,
        JSON.stringify(retracted),
      ),
    )
  if (added.length > 0) statements.push(insertRows(evidence, added))
  statements.push(refreshState([...new Set([...touched, ...versions.map(({ ref }) => ref)])]))
  await engine.atomic(statements)
  return { added: added.length, retracted: retracted.length }
}

const saysSame = (row: EvidenceRow, says: Says) =>
  row.weight === says.weight && row.halfLifeDays === says.halfLifeDays

const isOfCategory = (row: EvidenceRow, { rulesByCategory }: KnownOfMappings) =>
  [...rulesByCategory.values()].some((rules) =>
    rules.some((rule) => rule.goal === row.goal && saysSame(row, rule)),
  )

const isOfRevision = ({ id }: EvidenceRow, { purchaseId, revision }: LineRow) =>
  id.startsWith(`${purchaseId}@${revision}/`)

const lineKey = (purchaseId: string, n: number, goal: string) => JSON.stringify([purchaseId, n, goal])

/** The line of a purchase that a line of evidence is of: `source/id@revision/line/goal`, as store/purchase.ts writes it. */
const lineOf = (id: string): number => Number(id.slice(0, id.lastIndexOf('/')).split('/').at(-1))

/** A line of evidence as its purchase would have brought it; its id says how often it was derived before. */
function rowOf(
  line: LineRow,
  { goal, weight, halfLifeDays }: Says,
  before: number,
  known: KnownOfMappings,
  now: string,
): typeof evidence.$inferInsert {
  return {
    id: `${line.purchaseId}@${line.revision}/${line.n}/${goal}${before > 0 ? `~${before}` : ''}`,
    customer: line.customer,
    child: line.child,
    kind: 'bought',
    goal,
    purchaseId: line.purchaseId,
    weight,
    halfLifeDays,
    onDate: dateOf(localDay(Date.parse(line.soldAt), known.sites.get(line.siteId)!.timeZone)),
    recordedAt: now,
  }
}

/** The same for all that was ever accepted or taken back: for what was too much to do at once. */
export async function deriveAll(
  engine: Engine,
  readKnown: () => Promise<KnownOfMappings>,
  now: string,
): Promise<{ purchases: number; added: number; retracted: number }> {
  const decided = (await listChoices(engine)).filter(({ decision }) => decision !== 'refused')
  const { products } = await readKnown()
  const productIds = new Set<number>()
  for (const { kind, term } of decided)
    for (const id of productsOf(products.values(), kind, term)) productIds.add(id)
  const goals = [...new Set(decided.map(({ goal }) => goal))]
  return deriveAgain(engine, readKnown, { goals, productIds: [...productIds] }, now)
}

/** mapping help: which categories and words of the shop's own catalogue speak for which goals, and what was decided of it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Catalogue } from '../core/catalogue.ts'
import type { MappedShare, Suggestion, TermKind } from '../core/mapping.ts'
import { choiceKey, facetMeant } from '../core/mapping.ts'
import type { MappingDecision } from '../store/mapping.ts'
import {
  deriveAgain,
  listChoices,
  productsOf,
  purchasesWith,
  readMappings,
  writeDecisions,
} from '../store/mapping.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { ref, text } from './fields.ts'
import { problems } from './problem.ts'

/** Past purchases that one request reads again; more wait for `encore suggest-goals --derive`. */
const DERIVED_AT_ONCE = 1000

const kind = z.enum(['category', 'facet'])
const weight = z.number().min(0.01).max(0.95)
const halfLifeDays = z.int().min(1).max(3650)
const share = z.number().min(0).max(1)

const WhySchema = z.strictObject({
  code: z.enum(['name', 'products', 'rules']).openapi({
    description:
      'name: the category’s own name. products: names of its products. rules: what rules that stand say of its kin.',
  }),
  words: z.array(z.string()).openapi({ description: 'The words of the shop’s side.' }),
  met: z.array(z.string()).openapi({ description: 'The goal’s words that they met; rules: whose rules.' }),
  products: z.int().openapi({ description: 'Products that show it.' }),
})

const RuleSchema = z.strictObject({
  kind,
  term: z.string(),
  goal: z.string(),
  weight: z.number(),
  halfLifeDays: z.int(),
})

const MappingsSchema = z
  .strictObject({
    share: z
      .strictObject({
        products: z.int(),
        mappedProducts: z.int(),
        unmappedProducts: share,
        lines: z.int(),
        unmappedLines: share,
        turnover: z.int(),
        unmappedTurnover: share,
      })
      .openapi({
        description: 'How much of what is sold speaks for no goal yet: of products, lines and turnover.',
      }),
    suggestions: z.array(
      RuleSchema.extend({
        name: z.string(),
        goalName: z.string(),
        strength: z.number().openapi({ description: 'For ordering; no probability.' }),
        products: z.int(),
        newProducts: z.int().openapi({ description: 'Of these, products that speak for no goal so far.' }),
        lines: z.int(),
        turnoverShare: z.number(),
        examples: z.array(z.string()),
        why: z.array(WhySchema),
      }),
    ),
    more: z.int().openapi({ description: 'Further suggestions beyond the limit.' }),
    rules: z.array(RuleSchema).openapi({ description: 'Rules that stand.' }),
    refused: z.int().openapi({ description: 'Suggestions refused or taken back: they do not come again.' }),
    declined: z
      .array(
        z.strictObject({
          kind,
          term: z.string(),
          goal: z.string(),
          decision: z.enum(['refused', 'withdrawn']),
          weight: z
            .number()
            .nullable()
            .openapi({ description: 'What its rule said; null where it had none.' }),
          halfLifeDays: z.int().nullable(),
          at: z.string(),
        }),
      )
      .openapi({ description: 'These, the latest first, 200 at most: accept or reopen them.' }),
  })
  .openapi('Mappings', {
    example: {
      share: {
        products: 135,
        mappedProducts: 91,
        unmappedProducts: 0.3259,
        lines: 2851,
        unmappedLines: 0.29,
        turnover: 18_400_000,
        unmappedTurnover: 0.31,
      },
      suggestions: [
        {
          kind: 'category',
          term: 'yoga-kids',
          name: 'Children’s yoga',
          goal: 'mv-yoga',
          goalName: 'Yoga and body calm',
          weight: 0.44,
          halfLifeDays: 300,
          strength: 0.954,
          products: 4,
          newProducts: 4,
          lines: 61,
          turnoverShare: 0.0145,
          examples: ['Yoga leggings, lotus'],
          why: [{ code: 'name', words: ['yoga'], met: ['yoga'], products: 4 }],
        },
      ],
      more: 0,
      rules: [{ kind: 'category', term: 'dance-kids', goal: 'mv-dance', weight: 0.5, halfLifeDays: 270 }],
      refused: 1,
      declined: [
        {
          kind: 'category',
          term: 'gift-box',
          goal: 'mil-birthday',
          decision: 'refused',
          weight: null,
          halfLifeDays: null,
          at: '2026-03-14T16:42:00.000Z',
        },
      ],
    },
  })

const list = createRoute({
  method: 'get',
  path: '/v1/mappings',
  operationId: 'listMappings',
  tags: ['shop'],
  summary: 'What the catalogue could say of goals, for review',
  description:
    'Categories, and words of product names, that seem to speak for a goal, with examples, counts and the reason. Nothing is mapped by asking. Told-only goals are never suggested, nor is what was refused.',
  security: [{ key: [] }],
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      skip: z.coerce.number().int().min(0).max(1_000_000).default(0),
    }),
  },
  responses: {
    200: json('Suggestions, the most worth first', MappingsSchema),
    ...problems(400, 401, 403, 503),
  },
})

const DecisionSchema = z
  .strictObject({
    kind,
    term: text(100),
    goal: ref(),
    decision: z.enum(['accepted', 'refused', 'withdrawn', 'reopened']).openapi({
      description: 'reopened: what was refused or taken back may be suggested again.',
    }),
    instead: ref().optional().openapi({
      description:
        'accepted: the goal that was suggested and is not meant. Refused with it, and only if it is kept.',
    }),
    weight: weight
      .optional()
      .openapi({ description: 'accepted: how much one purchase says. 0.25 without it.' }),
    halfLifeDays: halfLifeDays.optional().openapi({ description: 'accepted: 300 without it.' }),
  })
  .openapi('MappingDecision')

const DecisionsSchema = z
  .strictObject({ decisions: z.array(DecisionSchema).min(1).max(200) })
  .openapi('MappingDecisions', {
    example: {
      decisions: [
        { kind: 'facet', term: 'ukulele', goal: 'music-instrument', decision: 'accepted', weight: 0.35 },
        { kind: 'category', term: 'gift-box', goal: 'mil-birthday', decision: 'refused' },
      ],
    },
  })

const DecidedSchema = z
  .strictObject({
    results: z.array(
      z.strictObject({
        kind,
        term: z.string(),
        goal: z.string(),
        status: z.enum(['accepted', 'refused', 'withdrawn', 'reopened', 'unchanged', 'error']),
        error: z.strictObject({ field: z.string(), message: z.string() }).nullable(),
        purchases: z.int().openapi({ description: 'Past purchases that it is about.' }),
      }),
    ),
    derived: z.boolean().openapi({
      description:
        'Past purchases say it now. false: there are too many; run `encore suggest-goals --derive`.',
    }),
    added: z.int().openapi({ description: 'Lines of evidence that past purchases gained.' }),
    retracted: z.int(),
  })
  .openapi('MappingDecided', {
    example: {
      results: [
        {
          kind: 'category',
          term: 'gift-box',
          goal: 'mil-birthday',
          status: 'refused',
          error: null,
          purchases: 41,
        },
        {
          kind: 'facet',
          term: 'ukelele',
          goal: 'music-instrument',
          status: 'error',
          error: { field: 'term', message: 'is in no product’s name' },
          purchases: 0,
        },
      ],
      derived: true,
      added: 0,
      retracted: 0,
    },
  })

const decide = createRoute({
  method: 'post',
  path: '/v1/mappings',
  operationId: 'decideMappings',
  tags: ['shop'],
  summary: 'Accept, change, refuse or take back mappings, many at once',
  description:
    'What is sound is kept together, what is not comes back with its field. Accepting again changes weight and half-life. Past purchases then say what they would have said had the rule been there.',
  security: [{ key: [] }],
  request: { body: jsonBody(DecisionsSchema) },
  responses: { 207: json('One status a decision', DecidedSchema), ...problems(400, 401, 403, 413, 415, 503) },
})

type DecisionInput = z.infer<typeof DecisionSchema>
type Result = z.infer<typeof DecidedSchema>['results'][number]

export function mappings(app: App): void {
  app.openapi(list, async (c) => {
    const deps = c.get('deps')
    const { limit, skip } = c.req.valid('query')
    const { rules, choices, catalogue, ...found } = await stored(
      readMappings(deps.engine, await deps.snapshot.refresh()),
    )
    const declined = choices
      .flatMap(({ decision, actor: _actor, ...each }) =>
        decision === 'accepted' ? [] : [{ ...each, decision }],
      )
      .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    const goals = new Map(catalogue.goals.map((goal) => [goal.slug, goal.name]))
    return c.json(
      {
        share: shareOf(found.share),
        suggestions: found.suggestions
          .slice(skip, skip + limit)
          .map((each) => shown(each, goals.get(each.goal)!)),
        more: Math.max(0, found.suggestions.length - skip - limit),
        rules,
        refused: declined.length,
        declined: declined.slice(0, 200),
      },
      200,
    )
  })

  app.openapi(decide, async (c) => {
    const deps = c.get('deps')
    const { engine, snapshot } = deps
    const catalogue = await stored(snapshot.refresh())
    const results: Result[] = []
    const sound: MappingDecision[] = []
    const productIds = new Set<number>()
    const seen = new Set<string>()
    const declined = new Set(
      (await stored(listChoices(engine)))
        .filter(({ decision }) => decision !== 'accepted')
        .map(({ kind, term, goal }) => choiceKey(kind, term, goal)),
    )
    for (const said of c.req.valid('json').decisions) {
      const { kind, goal } = said
      const called = productsOf(catalogue.products.values(), kind, said.term)
      // What a person types is read as names are.
      const term = kind === 'facet' && called.length === 0 ? facetMeant(said.term) : said.term
      const input = { ...said, term }
      const about = term === said.term ? called : productsOf(catalogue.products.values(), kind, term)
      const key = choiceKey(kind, term, goal)
      const error = seen.has(key)
        ? { field: 'term', message: 'is decided above' }
        : (wrongInstead(input, catalogue, seen) ??
          wrongWith(input, catalogue, about.length, declined.has(key)))
      if (error) {
        results.push({ kind, term, goal, status: 'error', error, purchases: 0 })
        continue
      }
      seen.add(key)
      if (input.instead !== undefined) seen.add(choiceKey(kind, term, input.instead))
      const before = standing(catalogue, kind, term, goal)
      const decision = {
        ...input,
        weight: input.weight ?? before?.weight ?? 0.25,
        halfLifeDays: input.halfLifeDays ?? before?.halfLifeDays ?? 300,
      }
      const same =
        decision.decision === 'accepted' &&
        before?.weight === decision.weight &&
        before.halfLifeDays === decision.halfLifeDays
      const purchases = await stored(purchasesWith(engine, about))
      results.push({ kind, term, goal, status: same ? 'unchanged' : input.decision, error: null, purchases })
      if (same && input.instead === undefined) continue
      sound.push(decision)
      if (speaks(input) && !same) for (const id of about) productIds.add(id)
    }
    if (sound.length > 0) await stored(writeDecisions(engine, sound, c.get('by')))
    const goals = [...new Set(sound.filter(speaks).map(({ goal }) => goal))]
    const waiting = productIds.size === 0 ? 0 : await stored(purchasesWith(engine, [...productIds]))
    const derived = waiting <= DERIVED_AT_ONCE
    const said =
      derived && waiting > 0
        ? await stored(
            deriveAgain(
              engine,
              () => snapshot.refresh(),
              { goals, productIds: [...productIds] },
              new Date(deps.clock()).toISOString(),
            ),
          )
        : { added: 0, retracted: 0 }
    return c.json({ results, derived, added: said.added, retracted: said.retracted }, 207)
  })
}

/** Whether past purchases say something else after it. */
const speaks = ({ decision }: Pick<DecisionInput, 'decision'>) =>
  decision === 'accepted' || decision === 'withdrawn'

/** A suggestion as it is published: turnover as a share only. */
function shown({ turnoverMinor, ...one }: Suggestion, goalName: string) {
  return { ...one, goalName, turnoverShare: turnoverMinor < 0 ? 0 : one.turnoverShare }
}

/** Shares to four digits. */
function shareOf({
  products,
  mappedProducts,
  lines,
  mappedLines,
  turnoverMinor,
  mappedTurnoverMinor,
}: MappedShare) {
  const without = (of: number, all: number) =>
    all <= 0 ? 0 : Math.round((10_000 * (all - of)) / all) / 10_000
  const clamped = (share: number) => Math.min(1, Math.max(0, share))
  return {
    products,
    mappedProducts,
    unmappedProducts: without(mappedProducts, products),
    lines,
    unmappedLines: without(mappedLines, lines),
    turnover: turnoverMinor,
    unmappedTurnover: clamped(without(mappedTurnoverMinor, turnoverMinor)),
  }
}

/** The rule that stands, if any. */
function standing({ rulesByCategory, rulesByFacet }: Catalogue, kind: TermKind, term: string, goal: string) {
  const rules = kind === 'category' ? rulesByCategory.get(term) : rulesByFacet.get(term)
  return rules?.find((rule) => rule.goal === goal)
}

function wrongInstead(
  { kind, term, goal, decision, instead }: DecisionInput,
  catalogue: Catalogue,
  seen: ReadonlySet<string>,
): { field: string; message: string } | null {
  if (instead === undefined) return null
  const wrong = (message: string) => ({ field: 'instead', message })
  if (decision !== 'accepted') return wrong('goes with accepted only')
  if (instead === goal) return wrong('is the goal itself')
  if (!catalogue.goalIndex.has(instead)) return wrong('is unknown')
  return seen.has(choiceKey(kind, term, instead)) ? wrong('is decided above') : null
}

function wrongWith(
  { kind, term, goal, decision }: DecisionInput,
  catalogue: Catalogue,
  products: number,
  wasDeclined: boolean,
): { field: string; message: string } | null {
  if (decision === 'reopened')
    return wasDeclined ? null : { field: 'decision', message: 'it was neither refused nor taken back' }
  const at = catalogue.goalIndex.get(goal)
  if (at === undefined) return { field: 'goal', message: 'is unknown' }
  if (decision === 'withdrawn')
    return standing(catalogue, kind, term, goal)
      ? null
      : { field: 'decision', message: 'no such rule stands' }
  if (catalogue.goals[at]!.toldOnly)
    return {
      field: 'goal',
      message: 'is only ever told by the customer herself, never read from what she buys',
    }
  if (kind === 'category')
    return products > 0 || catalogue.categories.has(term)
      ? null
      : { field: 'term', message: 'is no category' }
  return products > 0
    ? null
    : { field: 'term', message: 'is in no product’s name, or is a colour, a size or a code' }
}

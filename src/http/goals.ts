/** The taxonomy of goals: what families may want, as the shop calls it. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Goal } from '../core/goal.ts'
import { inTreeOrder, STARTER_GOALS, wrongWithGoal } from '../core/goal.ts'
import { QUESTION_LENGTH } from '../core/poll.ts'
import { wordProblems } from '../core/words.ts'
import type { KeptGoal, Taxonomy } from '../store/goal.ts'
import { addStarter, keepGoal, readTaxonomy } from '../store/goal.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { editedVersion, etagOf } from './etag.ts'
import { Problem, problems } from './problem.ts'
import { plain } from './terms-schema.ts'

/** Every till weighs each of them at every call. */
const MOST_GOALS = 500
const TRIES = 3

const slug = z
  .string()
  .max(60)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be small letters, digits and - only')
const months = z.int().min(0).max(1200).nullable().default(null)

const recordFields = {
  name: plain(60).regex(/\S/, 'must not be empty'),
  parent: slug
    .nullable()
    .default(null)
    .openapi({ description: 'The goal that it belongs to. One that things speak for stays a leaf.' }),
  customerWords: plain(120).default('').openapi({ description: 'As a customer says it.' }),
  ageMinMonths: months.openapi({ description: 'Of the child; null: of no age.' }),
  ageMaxMonths: months,
  baseRate: z.number().min(0).max(1).default(0.2).openapi({
    description: 'The share of families, of that age, who hold it: where belief begins before any evidence.',
  }),
  toldOnly: z.boolean().default(false).openapi({
    description: 'Only she brings it up: never inferred, never asked. A new baby, faith, sleep trouble.',
  }),
  householdLevel: z.boolean().default(false).openapi({ description: 'The family’s, not one child’s.' }),
  question: plain(QUESTION_LENGTH)
    .min(1)
    .nullable()
    .default(null)
    .openapi({ description: 'Words that ask for it, to say aloud. null: never asked.' }),
}

const EXAMPLE = {
  name: 'Learning an instrument',
  parent: 'music',
  customerWords: 'we would love her to play something',
  ageMinMonths: 42,
  ageMaxMonths: 192,
  baseRate: 0.28,
  toldOnly: false,
  householdLevel: false,
  question: 'Is there an instrument your child would love to play?',
}

const GoalRecordSchema = z.strictObject(recordFields).openapi('GoalRecord', { example: EXAMPLE })

const GoalSchema = z
  .strictObject({
    slug: z.string(),
    name: z.string(),
    parent: z.string().nullable(),
    customerWords: z.string(),
    ageMinMonths: z.int().nullable(),
    ageMaxMonths: z.int().nullable(),
    baseRate: z.number(),
    toldOnly: z.boolean(),
    householdLevel: z.boolean(),
    question: z.string().nullable(),
    version: z.int().openapi({ description: 'An edit’s If-Match, in quotes.' }),
  })
  .openapi('Goal', { example: { slug: 'music-instrument', ...EXAMPLE, version: 7 } })

const GoalsSchema = z
  .strictObject({ goals: z.array(GoalSchema) })
  .openapi('Goals', { example: { goals: [{ slug: 'music-instrument', ...EXAMPLE, version: 7 }] } })
export type Goals = z.infer<typeof GoalsSchema>

const security = [{ key: [] }]
const tags = ['shop']

const list = createRoute({
  method: 'get',
  path: '/v1/goals',
  operationId: 'listGoals',
  tags,
  summary: 'The taxonomy of goals',
  security,
  responses: { 200: json('In the order of the tree', GoalsSchema), ...problems(401, 403, 503) },
})
const put = createRoute({
  method: 'put',
  path: '/v1/goals/{slug}',
  operationId: 'putGoal',
  tags,
  summary: 'A new goal, or a goal changed whole',
  description:
    'An edit takes `If-Match` with the ETag that was read; the same again changes nothing. The next call of every till knows it. A goal is never taken away: what was said of it stays.',
  security,
  request: {
    params: z.object({ slug }),
    headers: z.object({
      'if-match': z.string().optional().openapi({ description: 'The ETag that was read; an edit needs it.' }),
    }),
    body: jsonBody(GoalRecordSchema),
  },
  responses: {
    200: json('As it is kept now', GoalSchema),
    201: json('It is new', GoalSchema),
    ...problems(400, 401, 403, 409, 412, 413, 415, 422, 428, 503),
  },
})
const starter = createRoute({
  method: 'post',
  path: '/v1/goals/starter',
  operationId: 'beginWithStarterGoals',
  tags,
  summary: `Begin with the starter set: ${STARTER_GOALS.length} goals of family life`,
  description: 'Only in a shop that has no goals yet: `conflict` otherwise.',
  security,
  request: { body: jsonBody(z.strictObject({}).openapi('GoalsStarter', { example: {} })) },
  responses: { 201: json('They are kept', GoalsSchema), ...problems(400, 401, 403, 409, 413, 415, 503) },
})

export function goals(app: App): void {
  app.openapi(list, async (c) => c.json(inOrder(await stored(readTaxonomy(c.get('deps').engine))), 200))

  app.openapi(put, async (c) => {
    const { engine } = c.get('deps')
    const after = { slug: c.req.valid('param').slug, ...c.req.valid('json') }
    for (let tries = 1; tries <= TRIES; tries++) {
      const taxonomy = await stored(readTaxonomy(engine))
      const before = find(taxonomy, after.slug)
      if (before === undefined && c.req.header('if-match') !== undefined)
        throw new Problem('changed_meanwhile', `There is no goal ${after.slug}.`)
      const isSame = before !== undefined && sameGoal(before, after)
      // Sent again after a lost answer, it is done already.
      if (before !== undefined && !isSame && editedVersion(c) !== before.version)
        throw new Problem('changed_meanwhile')
      if (!isSame) {
        check(taxonomy, after, before === undefined)
        if (!(await stored(keepGoal(engine, taxonomy, after, c.get('by'))))) continue
      }
      const kept = isSame ? before : find(await stored(readTaxonomy(engine)), after.slug)!
      c.header('etag', etagOf(kept.version))
      return before === undefined ? c.json(kept, 201) : c.json(kept, 200)
    }
    throw new Problem('changed_meanwhile')
  })

  app.openapi(starter, async (c) => {
    const { engine } = c.get('deps')
    if (!(await stored(addStarter(engine, c.get('by')))))
      throw new Problem('conflict', 'This shop has goals already: the starter set is for one that has none.')
    return c.json(inOrder(await stored(readTaxonomy(engine))), 201)
  })
}

const find = ({ goals }: Taxonomy, slug: string): KeptGoal | undefined =>
  goals.find((each) => each.slug === slug)

const inOrder = ({ goals }: Taxonomy): Goals => ({ goals: inTreeOrder(goals).map(({ goal }) => goal) })

const sameGoal = (before: Goal, after: Goal): boolean =>
  (Object.keys(after) as (keyof Goal)[]).every((field) => before[field] === after[field])

/** @throws conflict, unknown_reference, words_refused, invalid_request */
function check({ goals, mapped }: Taxonomy, after: Goal, isNew: boolean): void {
  if (isNew && goals.length >= MOST_GOALS)
    throw new Problem('conflict', `A shop has at most ${MOST_GOALS} goals.`)
  const refuse = (code: ConstructorParameters<typeof Problem>[0], errors: Wrong[]) => {
    if (errors.length > 0) throw new Problem(code, `${errors[0]!.field}: ${errors[0]!.message}`, errors)
  }
  if (
    after.parent !== null &&
    after.parent !== after.slug &&
    !goals.some(({ slug }) => slug === after.parent)
  )
    refuse('unknown_reference', [{ field: 'parent', message: `is the unknown goal ${after.parent}` }])
  refuse('conflict', wrongWithGoal(goals, after, mapped))
  if (after.question === null) return
  const words = wordProblems(after.question, {
    field: 'question',
    most: QUESTION_LENGTH,
    kind: 'opener',
    never: [],
  })
  refuse(
    'words_refused',
    words.map(({ field, message }) => ({ field, message })),
  )
}

type Wrong = { field: string; message: string }

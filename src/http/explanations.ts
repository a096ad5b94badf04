/** The full explanation of an answer, for managers and owners only. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Answer } from '../core/answer.ts'
import { momentAgain, toldAgain } from '../core/capsule.ts'
import type { Catalogue } from '../core/catalogue.ts'
import type { BasketLine, Moment } from '../core/moment.ts'
import { momentOf } from '../core/moment.ts'
import { refusals } from '../core/recommend.ts'
import { partsFrom, scoreOf } from '../core/score.ts'
import { dateOf } from '../core/time.ts'
import { ageDays, decayed, prior } from '../core/understand.ts'
import { catalogueAt } from '../store/past.ts'
import type { Inputs, RecommendationRow } from '../store/recommendation.ts'
import { capsuleOf, findRecommendation } from '../store/recommendation.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json } from './document.ts'
import { ref } from './fields.ts'
import { Problem, problems } from './problem.ts'

const PartsSchema = z.strictObject({
  fit: z.number(),
  step: z.number(),
  affinity: z.number(),
  propensity: z.number(),
  readiness: z.number(),
  nextStep: z.number(),
  value: z.number(),
})

const ExplanationSchema = z
  .strictObject({
    id: z.string(),
    at: z.string(),
    touchpoint: z.string(),
    policyVersion: z.int(),
    dataVersion: z.string(),
    dataVersionNow: z.string().openapi({
      description:
        'Where the shop stands now. Goals and refusals below are of dataVersion, as the answer was.',
    }),
    offerId: z.string().nullable(),
    silence: z.string().nullable().openapi({
      description: 'The true cause: CARE, HOLDOUT, MOMENT, or the gate that refused the best fit.',
    }),
    arm: z.string(),
    propensity: z.number(),
    moneyChangedOrder: z.boolean(),
    outcome: z.string().nullable(),
    scored: z.array(z.strictObject({ offerId: z.string(), score: z.number(), parts: PartsSchema })).openapi({
      description:
        'The best ten of what passed every gate, best first; the product of the parts is the score.',
    }),
    goals: z.array(
      z.strictObject({
        goal: z.string(),
        confidence: z.number(),
        prior: z.number(),
        evidence: z.array(
          z.strictObject({
            id: z.string(),
            kind: z.string(),
            on: z.string(),
            weight: z.number(),
            now: z.number(),
            facet: z.string().nullable(),
          }),
        ),
      }),
    ),
    refusalCounts: z.record(z.string(), z.int()),
    refusals: z.array(
      z.strictObject({
        offerId: z.string(),
        fit: z.number(),
        gate: z.string().nullable(),
        group: z.string().nullable(),
        says: z.string().nullable(),
      }),
    ),
  })
  .openapi('Explanation')

const route = createRoute({
  method: 'get',
  path: '/v1/recommendations/{id}/explanation',
  operationId: 'explain',
  tags: ['shop'],
  summary: 'Why this answer: every gate, every part, the true cause of a silence',
  security: [{ key: [] }],
  request: { params: z.object({ id: ref(80) }) },
  responses: {
    200: json('The explanation', ExplanationSchema),
    ...problems(400, 401, 403, 404, 503),
  },
})

export type Explanation = z.infer<typeof ExplanationSchema>

export function explanations(app: App): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param')
    const explanation = await stored(explain(c.get('deps'), id, c.get('key').siteId))
    if (explanation === null) throw new Problem('not_found')
    return c.json(explanation, 200)
  })
}

/** Explain a recorded answer; null when there is none of this id for this site. */
export async function explain(deps: Deps, id: string, keySite: string | null): Promise<Explanation | null> {
  if (deps.recorder.find(id)) await deps.recorder.flush()
  const rec = await findRecommendation(deps.engine, id)
  if (rec === null || (keySite !== null && rec.siteId !== keySite)) return null
  const today = await deps.snapshot.refresh()
  const inputs = JSON.parse(rec.inputs) as Inputs
  const answer = JSON.parse(rec.answer) as Answer
  const isToday = +answer.dataVersion === deps.snapshot.rev && rec.policyVersion === today.policy.version
  const catalogue = isToday ? today : await catalogueAt(deps.engine, +answer.dataVersion, rec.policyVersion)
  const moment = momentOfRecord(catalogue, rec, inputs.basket)
  const found = [...refusals(moment, toldAgain(inputs))]
  const refusalCounts: Record<string, number> = {}
  for (const { gate } of found) if (gate) refusalCounts[gate.code] = (refusalCounts[gate.code] ?? 0) + 1
  const goals = catalogue.goals
    .map((goal, g) => ({
      goal: goal.slug,
      confidence: moment.wants.confidence[g]!,
      prior: prior(goal, moment.spans, catalogue.policy),
      evidence: moment.evidence
        .filter((line) => line.goal === goal.slug && line.onDay <= moment.today)
        .map((line) => ({
          id: line.id,
          kind: line.kind,
          on: dateOf(line.onDay),
          weight: line.weight,
          now: decayed(line.weight, ageDays(line, moment.today), line.halfLifeDays),
          facet: line.facet,
        })),
    }))
    .filter(({ evidence }) => evidence.length > 0)
    .sort((a, b) => b.confidence - a.confidence || (a.goal < b.goal ? -1 : 1))
  return {
    id,
    at: rec.at,
    touchpoint: rec.touchpoint,
    policyVersion: rec.policyVersion,
    dataVersion: answer.dataVersion,
    dataVersionNow: String(deps.snapshot.rev),
    offerId: rec.offerId,
    silence: inputs.silence,
    arm: rec.arm,
    propensity: rec.propensity,
    moneyChangedOrder: inputs.withoutMoney !== null && inputs.withoutMoney !== (inputs.gated[0]?.[0] ?? null),
    outcome: rec.outcome,
    scored: inputs.gated.map(([offerId, ...values]) => {
      const parts = partsFrom(values)
      return { offerId, score: scoreOf(parts), parts }
    }),
    goals,
    refusalCounts,
    refusals: found.map(({ offerId, fit, gate }) => ({
      offerId,
      fit,
      gate: gate?.code ?? null,
      group: gate?.group ?? null,
      says: gate?.says ?? null,
    })),
  }
}

/** The moment as it was; where what it was made from was erased, or never kept, its basket and its instant alone. */
function momentOfRecord(catalogue: Catalogue, row: RecommendationRow, basket: BasketLine[]): Moment {
  const capsule = capsuleOf(row)
  if (capsule !== null) return momentAgain(catalogue, capsule)
  const { siteId, touchpoint, at } = row
  return momentOf(catalogue, { siteId, touchpoint, nowMs: Date.parse(at), basket }, null)
}

/** The goals map: what families hold, what is offered for it, and where an alliance is wanted. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Catalogue } from '../core/catalogue.ts'
import type { Demand } from '../core/demand.ts'
import { DemandTally, doneGoals, FEWER, FEWEST, shownCount, statusOf, supplyOf } from '../core/demand.ts'
import { inTreeOrder } from '../core/goal.ts'
import { localDay } from '../core/time.ts'
import { eachPerson } from '../store/demand.ts'
import { listWishes } from '../store/wish.ts'
import type { App, Env } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { json } from './document.ts'
import { ref } from './fields.ts'
import { pollsNow } from './polls.ts'
import { problems } from './problem.ts'

const DAY_MS = 86_400_000
const WISH_DAYS = 90

const Count = z
  .union([z.int(), z.literal(FEWER)])
  .openapi({ description: `Where a goal is one that people keep to themselves, said from ${FEWEST} up.` })

const GoalSchema = z
  .strictObject({
    goal: z.string(),
    name: z.string(),
    parent: z.string().nullable(),
    sensitive: z.boolean().openapi({ description: 'Told-only, or about the parents’ own life.' }),
    counted: Count.openapi({ description: 'Families who said or did so. Counted.' }),
    toldNo: Count.openapi({ description: 'Families who said no. Counted, and apart.' }),
    believed: z.strictObject({ families: Count, expected: z.number().nullable() }).nullable().openapi({
      description:
        'Families who said nothing, and for whom evidence makes it likely (.5 or more); expected is the sum of the confidences. Associated. null: never inferred.',
    }),
    poll: z
      .strictObject({
        id: z.string(),
        state: z.enum(['coming', 'open', 'closed']),
        verdict: z.enum(['go', 'notYet', 'noGo']),
        answers: z.int(),
        share: z.number(),
        low: z.number(),
        high: z.number(),
      })
      .nullable()
      .openapi({ description: 'The newest: the believed share of yes, with its interval.' }),
    supply: z.strictObject({
      own: z.int().openapi({ description: 'Live offers of the shop’s own, things apart.' }),
      partner: z.int(),
      things: z.int().openapi({ description: 'Live products: tennis whites are no tennis.' }),
      sites: z.array(z.string()).openapi({ description: 'Where one of them, things apart, is ready.' }),
      waiting: z
        .array(
          z.strictObject({
            offerId: z.string(),
            headline: z.string(),
            partner: z.string().nullable(),
            gate: z.string().openapi({ description: 'Why it is ready nowhere.' }),
          }),
        )
        .openapi({ description: 'Offers that would serve it and are not ready, at most five.' }),
    }),
    wishes: z.int().openapi({ description: `Searches by staff that found nobody, in ${WISH_DAYS} days.` }),
    status: z.enum(['allianceWanted', 'served', 'quiet']),
  })
  .openapi('GoalOnMap')

const MapSchema = z
  .strictObject({
    families: z.int().openapi({ description: 'Who let us know them.' }),
    customers: z.int(),
    capped: z.boolean().openapi({ description: 'There are more customers than were gone through.' }),
    goals: z.array(GoalSchema),
  })
  .openapi('GoalsMap', {
    example: {
      families: 180,
      customers: 212,
      capped: false,
      goals: [
        {
          goal: 'mv-racquet',
          name: 'Racquet sports',
          parent: 'movement',
          sensitive: false,
          counted: 22,
          toldNo: 3,
          believed: { families: 0, expected: 0 },
          poll: {
            id: 'poll_7',
            state: 'open',
            verdict: 'go',
            answers: 31,
            share: 0.52,
            low: 0.37,
            high: 0.67,
          },
          supply: {
            own: 0,
            partner: 0,
            things: 1,
            sites: [],
            waiting: [
              {
                offerId: 'O076',
                headline: 'Free tennis taster and racquet fit',
                partner: 'Ashland Court Tennis',
                gate: 'ALLIANCE_NOT_LIVE',
              },
            ],
          },
          wishes: 4,
          status: 'allianceWanted',
        },
      ],
    },
  })
export type GoalsMap = z.infer<typeof MapSchema>

const map = createRoute({
  method: 'get',
  path: '/v1/goals/map',
  operationId: 'mapGoals',
  tags: ['alliance'],
  summary: 'Demand and supply, goal by goal',
  description:
    'Held by many and served by nothing that one does: `allianceWanted`; also where a poll said go. What was counted, what is believed and what a poll estimates stand apart.',
  security: [{ key: [] }],
  request: {
    query: z.object({
      site: ref().optional().openapi({ description: 'Only its families; every site’s without it.' }),
    }),
  },
  responses: { 200: json('In the order of the tree', MapSchema), ...problems(400, 401, 403, 422, 503) },
})

export function goalsMap(app: App): void {
  app.openapi(map, async (c) => {
    const catalogue = await stored(c.get('deps').snapshot.refresh())
    const { site } = c.req.valid('query')
    const key = c.get('key')
    const siteId = key.siteId === null && site === undefined ? null : siteOf(key, site, catalogue.sites)
    return c.json(await mapOf(c, catalogue, siteId), 200)
  })
}

/** The map as of now, of one site's families or of all. */
export async function mapOf(c: Context<Env>, catalogue: Catalogue, siteId: string | null): Promise<GoalsMap> {
  const { engine, clock } = c.get('deps')
  const tally = new DemandTally(catalogue)
  const nowMs = clock()
  const [{ customers, capped }, polls, wishes] = await stored(
    Promise.all([
      eachPerson(engine, siteId, (person, at) =>
        tally.add(at, person, localDay(nowMs, catalogue.sites.get(at)?.timeZone ?? 'UTC')),
      ),
      pollsNow(c),
      listWishes(engine, siteId, new Date(nowMs - WISH_DAYS * DAY_MS).toISOString(), 500),
    ]),
  )
  const supply = supplyOf(catalogue, nowMs)
  const done = doneGoals(catalogue)
  const goals = inTreeOrder(catalogue.goals).map(({ goal }): GoalsMap['goals'][number] => {
    const g = catalogue.goalIndex.get(goal.slug)!
    const isSensitive = goal.toldOnly || goal.householdLevel
    const demand = tally.of(g)
    const poll = polls.find((each) => each.goal === goal.slug && each.state !== 'coming')
    const { own, partner, things, sites, waiting } = supply[g]!
    return {
      goal: goal.slug,
      name: goal.name,
      parent: goal.parent,
      sensitive: isSensitive,
      counted: shownCount(demand.counted, isSensitive),
      toldNo: shownCount(demand.toldNo, isSensitive),
      believed: goal.toldOnly ? null : believedOf(demand, isSensitive),
      poll: poll
        ? { id: poll.id, state: poll.state, verdict: poll.verdict, answers: poll.answers, ...poll.share }
        : null,
      supply: { own, partner, things, sites, waiting: waiting.slice(0, 5) },
      wishes: wishes.filter((each) => each.goal === goal.slug).reduce((sum, each) => sum + each.wishes, 0),
      status: statusOf(demand, supply[g]!, {
        people: tally.people,
        pollIsGo: poll?.verdict === 'go',
        isDone: done.has(g),
      }),
    }
  })
  return { families: tally.people, customers, capped, goals }
}

/** Where few are believed to hold what people keep to themselves, the sum would tell how many. */
function believedOf({ believed, expected }: Demand, isSensitive: boolean) {
  const families = shownCount(believed, isSensitive)
  return { families, expected: families === FEWER ? null : Math.round(expected * 10) / 10 }
}

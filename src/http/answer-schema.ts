/** The published shape of an answer. */
import { z } from '@hono/zod-openapi'
import example from './answer-example.json' with { type: 'json' }
import { BasketLineSchema } from './fields.ts'

const SaySchema = z
  .object({
    opener: z.string().max(90),
    line: z.string().max(160),
    ifYes: z.string().max(160),
    ifNotNow: z.string().max(160),
    ifNotForUs: z.string().max(160),
    receiptLine: z.string().max(160),
    disclosure: z.string().max(160).openapi({ description: 'What we earn on it; part of the words.' }),
  })
  .strict()
  .openapi('Say')

const OfferSchema = z
  .strictObject({
    offerId: z.string(),
    kind: z.string(),
    headline: z.string().max(40),
    facet: z.string().nullable(),
    goals: z.array(z.string()),
    partner: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
    price: z.strictObject({ amount: z.int(), currency: z.string() }),
    commitment: z.enum(['free', 'low', 'medium', 'high']),
    sessions: z.array(
      z.strictObject({ id: z.string(), startsAt: z.string(), place: z.string(), placesLeft: z.int().min(1) }),
    ),
    say: SaySchema,
    reasons: z
      .array(z.strictObject({ code: z.string(), goal: z.string().nullable(), text: z.string().max(80) }))
      .max(2),
    backStage: z.strictObject({
      ready: z.boolean(),
      factor: z.number(),
      checks: z.array(z.strictObject({ code: z.string(), ok: z.boolean(), until: z.string().nullable() })),
    }),
    next: z.array(z.strictObject({ offerId: z.string(), headline: z.string(), when: z.string() })),
  })
  .openapi('OfferAnswer')

export const AnswerSchema = z
  .strictObject({
    id: z.string(),
    speak: z.boolean(),
    basis: z.enum(['profile', 'context']),
    degraded: z.string().nullable().openapi({ description: '`store`: the store did not answer in time.' }),
    saleKind: z.enum(['front', 'back', 'unknown']),
    continuity: z.enum(['new', 'kept']).nullable(),
    validUntil: z.string().nullable(),
    policyVersion: z.int(),
    dataVersion: z.string(),
    primary: z.union([OfferSchema, z.null()]),
    alternate: z.union([OfferSchema, z.null()]),
    silence: z.strictObject({ reason: z.enum(['quiet', 'care']) }).nullable(),
    kindness: z.strictObject({ offerId: z.string(), headline: z.string(), line: z.string() }).nullable(),
    ask: z.strictObject({ goal: z.string(), question: z.string() }).nullable(),
    care: z.strictObject({ kind: z.string(), line: z.string() }).nullable(),
    unmatched: z.array(BasketLineSchema),
  })
  .openapi('Recommendation')

/** A real answer: what the README's call gets. A test keeps it true. */
export const ANSWER_EXAMPLE = example

/** The till's question as a plain zod schema, for the servers that are only compared with. */
import { z } from 'zod'

const text = (most: number) => z.string().min(1).max(most)

export const ASK = z.strictObject({
  touchpoint: z.string().default('till'),
  staff: text(64).optional(),
  customer: text(100).optional(),
  basket: z
    .strictObject({
      currency: z.string().length(3).optional(),
      lines: z
        .array(
          z.strictObject({
            sku: text(100).optional(),
            category: text(100).optional(),
            name: text(300).optional(),
            quantity: z.number().gt(0).default(1),
            unitPrice: z.int().min(0),
          }),
        )
        .default([]),
    })
    .optional(),
  deadlineMs: z.int().default(300),
  explain: z.enum(['none', 'reasons']).default('reasons'),
  dryRun: z.boolean().default(false),
})
export type AskSchema = typeof ASK

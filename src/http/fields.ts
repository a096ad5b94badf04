/** Fields that several routes share: texts without hidden characters, instants, money, lines of a basket. */
import { z } from '@hono/zod-openapi'

// NUL and lone surrogates are valid JSON and break SQLite, logs and tills alike.
const wellFormed = (text: string) => !text.includes('\0') && text.isWellFormed()

/** A text from 1 to `most` characters. */
export const text = (most: number) =>
  z.string().min(1).max(most).refine(wellFormed, 'must not hold NUL or broken characters')

/** An opaque reference of the shop's own: no spaces, no slash. */
export const ref = (most = 64) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:@-]*$/, 'must be letters, digits and . _ : @ - only')

/** An instant with its offset. */
export const instant = z.iso
  .datetime({ offset: true })
  .refine((value) => value >= '1970' && value < '2200', 'must be between 1970 and 2200')
export const date = z.iso
  .date()
  .refine((value) => value >= '1900' && value < '2200', 'must be between 1900 and 2200')

const MOST_MINOR = 1_000_000_000
export const amount = z.int().min(0).max(MOST_MINOR)
export const quantity = z.number().gt(0).max(100_000)

const lineName = {
  source: text(64).optional(),
  variationId: text(100).optional(),
  gtin: text(32).optional(),
  sku: text(100).optional(),
  category: text(100).optional(),
  name: text(300).optional(),
}

/** One line of a basket: matched by source + variationId, gtin, sku, then category and name. */
export const BasketLineSchema = z.strictObject({
  ...lineName,
  quantity: quantity.default(1),
  unitPrice: amount
    .optional()
    .openapi({ description: 'In the smallest coin. Without it, the catalogue’s price.' }),
  gift: z.boolean().optional(),
  child: ref().optional(),
})

/** One line of a sale; a negative quantity takes back. */
export const SaleLineSchema = z.strictObject({
  ...lineName,
  quantity: z
    .number()
    .min(-100_000)
    .max(100_000)
    .refine((n) => n !== 0, 'must not be 0')
    .default(1),
  unitPrice: amount,
  unitCost: amount.optional(),
  gift: z.boolean().optional(),
  child: ref().optional(),
})

export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code')

/** Terms as the API has them: texts, shares and dates of one version, and what differs between two. */
import { z } from '@hono/zod-openapi'
import type { TermsRecord } from '../core/terms.ts'
import { PAYERS, termsProblems } from '../core/terms.ts'
import { termsWordProblems } from '../core/words.ts'
import { amount, currency, date, ref } from './fields.ts'
import { invalid, Problem } from './problem.ts'

const HIDDEN = /[\p{Cc}\p{Cs}\p{Co}\p{Bidi_Control}\u2028\u2029\u200b\u2060\ufeff]/u

/** A text of one line, up to `most` characters, '' for none: no control characters, nothing that turns what stands beside it. */
export const plain = (most: number) =>
  z
    .string()
    .max(most)
    .refine((text) => !HIDDEN.test(text), 'must not hold characters that cannot be seen')

const basisPoints = z.int().min(0).max(10_000)
const share = z.number().min(0).max(1)

const CommissionSchema = z
  .strictObject({
    basisPoints: basisPoints.openapi({ description: 'Of the first sale to the introduced family.' }),
    minimumMinor: amount.nullable(),
    capMinor: amount.nullable(),
    holdDays: z.int().min(0).max(365).openapi({ description: 'From the sale until it is due.' }),
  })
  .openapi('Commission')

const FavoursSchema = z
  .strictObject({
    introductions: z.int().min(0).max(10_000),
    shelf: plain(200),
    letter: plain(200),
    jointEvents: z.int().min(0).max(100),
  })
  .openapi('Favours', { description: 'What a side does beside money, each quarter.' })

/** What a record of terms looks like, as an example that is true. */
export const TERMS_EXAMPLE: TermsRecord = {
  currency: 'USD',
  customerBenefit: 'free 30-minute introductory piano or violin lesson',
  paidBy: 'partner',
  benefitCostMinor: 2200,
  shopShareBasisPoints: 0,
  toUs: { basisPoints: 0, minimumMinor: null, capMinor: null, holdDays: 30 },
  toThem: { basisPoints: 0, minimumMinor: null, capMinor: null, holdDays: 30 },
  weDo: { introductions: 8, shelf: '', letter: '', jointEvents: 0 },
  theyDo: { introductions: 3, shelf: 'concert seats', letter: '', jointEvents: 1 },
  perWeek: null,
  perMonth: 20,
  exclusivity: { trade: 'music conservatory', withinMinutes: 30, untilOn: null },
  shares: ['firstName'],
  disclosure: 'The conservatory does not pay us for introductions.',
  wePromise: ['the same teacher for the whole lesson'],
  neverPromise: ['a recital place'],
  startsOn: '2026-09-01',
  endsOn: '2027-08-31',
  noticeDays: 30,
  renewal: 'byAgreement',
  answerDays: 14,
  assumed: { conversion: 0.42, firstYearMinor: 168_000, margin: 0.48, introductionCostMinor: 2200 },
}

const fields = {
  currency,
  customerBenefit: plain(160).openapi({ description: 'What families get, in the words they hear.' }),
  paidBy: z.enum(PAYERS),
  benefitCostMinor: amount,
  shopShareBasisPoints: basisPoints.openapi({ description: 'Our part of it, where it is shared.' }),
  toUs: CommissionSchema,
  toThem: CommissionSchema,
  weDo: FavoursSchema,
  theyDo: FavoursSchema,
  perWeek: z.int().min(0).max(100_000).nullable(),
  perMonth: z.int().min(0).max(100_000).nullable(),
  exclusivity: z
    .strictObject({
      trade: plain(100).min(1),
      withinMinutes: z.int().min(0).max(600).nullable(),
      untilOn: date.nullable(),
    })
    .nullable(),
  shares: z.array(z.enum(['firstName'])).max(1),
  disclosure: plain(160).openapi({ description: 'Said to families wherever we earn.' }),
  wePromise: z.array(plain(160).min(1)).max(20),
  neverPromise: z.array(plain(160).min(1)).max(20),
  startsOn: date,
  endsOn: date,
  noticeDays: z.int().min(0).max(730),
  renewal: z.enum(['none', 'byAgreement', 'automatic']),
  answerDays: z.int().min(1).max(365),
  assumed: z.strictObject({
    conversion: share,
    firstYearMinor: amount,
    margin: share,
    introductionCostMinor: amount,
  }),
}

/** One version's record. */
export const TermsSchema = z.strictObject(fields).openapi('Terms', { example: TERMS_EXAMPLE })

/** A record that is posted: with it, the owner may accept a conflict. */
export const NewTermsSchema = z
  .strictObject({
    ...fields,
    acceptConflict: z
      .boolean()
      .optional()
      .openapi({ description: 'true, from the owner alone: in spite of an exclusivity that it breaks.' }),
  })
  .openapi('NewTerms', { example: TERMS_EXAMPLE })

export const DifferencesSchema = z
  .array(z.strictObject({ field: z.string(), before: z.string(), after: z.string() }))
  .openapi('Differences', { example: [{ field: 'endsOn', before: '2026-08-31', after: '2027-08-31' }] })

/** A version with its record. */
export const TermsVersionSchema = z
  .strictObject({
    version: z.int(),
    record: TermsSchema,
    agreedAt: z.string().nullable(),
    briefFrom: z.int().openapi({ description: 'The version whose words staff must know.' }),
    createdAt: z.string(),
    inForce: z.boolean().openapi({ description: 'Today.' }),
  })
  .openapi('TermsVersion')

export const allianceVersion = z.coerce.number().int().min(1).max(1_000_000)
export const allianceId = ref(80)

/**
 * Terms that can be proposed. `at`: what comes before the name of a field.
 * @throws invalid_request by field; words_refused for what may not be said to families
 */
export function checkTerms(record: TermsRecord, at = ''): void {
  const problems = termsProblems(record)
  if (problems.length > 0) throw invalid(problems.map((each) => ({ ...each, field: `${at}${each.field}` })))
  const words = termsWordProblems(record)
  if (words.length > 0)
    throw new Problem(
      'words_refused',
      `${at}${words[0]!.field}: ${words[0]!.message}`,
      words.map(({ field, message }) => ({ field: `${at}${field}`, message })),
    )
}

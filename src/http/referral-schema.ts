/** What referrals look like at the API: as they are shown, told of and redeemed. */
import { z } from '@hono/zod-openapi'
import { PARTNER_KINDS, REFERRAL_STATES } from '../core/referral.ts'
import { amount, date, instant, ref } from './fields.ts'

export const code = z
  .string()
  .regex(/^[A-Za-z0-9]{1,8}-[A-Za-z0-9]{4,10}$/, 'is not of the form of a code')
  .transform((text) => text.toUpperCase())

export const ReferralSchema = z
  .strictObject({
    code: z.string(),
    direction: z.enum(['ours', 'theirs']),
    state: z.enum(REFERRAL_STATES),
    partner: z.string(),
    offer: z.strictObject({ id: z.string(), headline: z.string() }).nullable(),
    startsAt: z.string().nullable().openapi({ description: 'The session that it is booked for.' }),
    calledOff: z
      .string()
      .nullable()
      .openapi({ description: 'The session it was booked for was called off: she must be told.' }),
    madeOn: z.string(),
    expiresOn: z.string().openapi({ description: 'The last day on which the code may be used.' }),
    statusDueOn: z
      .string()
      .nullable()
      .openapi({ description: 'By when the partner says what became of it; null: nothing is owed.' }),
    daysLate: z.int().openapi({ description: 'Days that this word is late.' }),
    daysWithoutNews: z.int(),
    firstName: z
      .string()
      .nullable()
      .openapi({ description: 'Only where she allows it and the terms do; nothing else of her ever.' }),
    termsVersion: z.int().nullable(),
    mayBecome: z.array(z.enum(REFERRAL_STATES)),
  })
  .openapi('Referral', {
    example: {
      code: 'BK-7KQ4M',
      direction: 'ours',
      state: 'booked',
      partner: 'P02',
      offer: { id: 'O054', headline: 'Free first piano lesson' },
      startsAt: '2026-03-21T10:00:00-05:00',
      calledOff: null,
      madeOn: '2026-03-14',
      expiresOn: '2026-03-21',
      statusDueOn: '2026-04-04',
      daysLate: 0,
      daysWithoutNews: 0,
      firstName: 'Ana',
      termsVersion: 1,
      mayBecome: ['accepted', 'attended', 'enrolled', 'noShow', 'declined', 'expired', 'withdrawn'],
    },
  })
export type Referral = z.infer<typeof ReferralSchema>

const EventSchema = z.strictObject({
  eventId: z.string(),
  kind: z.string(),
  at: z.string(),
  about: z.string().nullable(),
  value: z.int().nullable(),
  via: z.string(),
  effect: z.enum(['moved', 'noted', 'disputed']),
})

export const ReferralFileSchema = z
  .strictObject({ ...ReferralSchema.shape, events: z.array(EventSchema) })
  .openapi('ReferralFile')

export const ToldSchema = z
  .strictObject({
    eventId: ref(60).openapi({ description: 'Made by whoever tells; repeating it changes nothing.' }),
    kind: z.enum(PARTNER_KINDS),
    at: instant.optional().openapi({
      description:
        'When it happened. Without it, the first word about a booking is of the session’s start, any other of now.',
    }),
    about: date.optional().openapi({ description: 'recitalScheduled: the day of the recital.' }),
    value: amount
      .optional()
      .openapi({ description: 'enrolled: what the family pays for it, in the smallest coin.' }),
    offer: ref().optional().openapi({ description: 'enrolled, recitalScheduled: in which offer of theirs.' }),
    voids: ref(60).optional().openapi({ description: 'void: the event id that was wrong.' }),
  })
  .refine((e) => e.kind !== 'recitalScheduled' || e.about !== undefined, {
    path: ['about'],
    message: 'is missing',
  })
  .refine((e) => e.kind !== 'void' || e.voids !== undefined, { path: ['voids'], message: 'is missing' })
  .openapi('ReferralTold', {
    example: { eventId: 'nc-2026-0412', kind: 'enrolled', at: '2026-04-11T15:00:00-05:00', value: 56000 },
  })
export type ToldInput = z.infer<typeof ToldSchema>

export const FollowedSchema = z
  .strictObject({
    code: z.string(),
    state: z.enum(REFERRAL_STATES),
    effect: z.enum(['moved', 'noted', 'disputed']).openapi({
      description:
        'moved: it counts. noted: kept, and changes nothing. disputed: it came too late, somebody decides.',
    }),
  })
  .openapi('ReferralFollowed', { example: { code: 'BK-7KQ4M', state: 'enrolled', effect: 'moved' } })
export type FollowedAnswer = z.infer<typeof FollowedSchema>

export const RedeemSchema = z
  .strictObject({
    eventId: ref(60),
    customer: ref(),
    site: ref().optional(),
    purchase: z
      .strictObject({ source: z.string().min(1).max(64), externalId: z.string().min(1).max(100) })
      .optional()
      .openapi({ description: 'Her first purchase, if it is made: what the partner’s share is of.' }),
  })
  .openapi('ReferralRedeemed', { example: { eventId: 'till3-000190', customer: 'c-2041' } })

export type RedeemInput = z.infer<typeof RedeemSchema>

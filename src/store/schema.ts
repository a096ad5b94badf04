/**
 * The one schema, for SQLite files and for Cloudflare D1.
 *
 * Column names are the property names, so that a raw row has the shape of `$inferSelect`; JSON is kept as
 * text and parsed where it is used; flags are 0 or 1. Money is integer minor units, instants are UTC
 * ISO-8601, dates are the site's. A table that the till's snapshot holds carries `rev`: the value of
 * `revision.n` at its last change, so that a running service can ask for just what changed.
 */
import { sql } from 'drizzle-orm'
import {
  check,
  index,
  integer,
  primaryKey,
  real,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core'

const rev = () => integer().notNull().default(0)
const flag = () => integer().notNull().default(0)

/** One row: how often anything in the snapshot has changed. */
export const revision = sqliteTable(
  'revision',
  {
    id: integer().primaryKey(),
    n: integer().notNull(),
    /** 1: purchases were kept without counting them, so the learned counts wait for `relearn`. */
    relearnDue: flag(),
  },
  (t) => [check('revision_one', sql`${t.id} = 1`)],
)

/** A row that says 0 aborts the write it is part of: how a batch refuses to act on what it read too long ago. */
export const guard = sqliteTable('guard', { ok: integer().notNull() }, (t) => [
  check('guard_ok', sql`${t.ok} = 1`),
])

export const site = sqliteTable('site', {
  id: text().primaryKey(),
  name: text().notNull(),
  timeZone: text().notNull(),
  currency: text().notNull(),
  rev: rev(),
})

export const staff = sqliteTable('staff', {
  id: text().primaryKey(),
  name: text().notNull(),
  sites: text().notNull(),
  role: text().notNull(),
  rev: rev(),
})

/** A credential: only the SHA-256 of the key is kept. `siteId` null means every site. */
export const apiKey = sqliteTable('apiKey', {
  hash: text().primaryKey(),
  role: text().notNull(),
  siteId: text(),
  partnerId: text(),
  label: text().notNull(),
  expiresAt: text(),
  revokedAt: text(),
})

/** Every weight, floor, limit and lever of deciding; the highest version is in force. */
export const policy = sqliteTable('policy', {
  version: integer().primaryKey(),
  record: text().notNull(),
  createdAt: text().notNull(),
  rev: rev(),
})

export const goal = sqliteTable('goal', {
  slug: text().primaryKey(),
  parent: text(),
  name: text().notNull(),
  customerWords: text().notNull(),
  ageMinMonths: integer(),
  ageMaxMonths: integer(),
  baseRate: real().notNull(),
  toldOnly: flag(),
  householdLevel: flag(),
  question: text(),
  rev: rev(),
})

export const category = sqliteTable('category', {
  slug: text().primaryKey(),
  name: text().notNull(),
  ageMinMonths: integer(),
  ageMaxMonths: integer(),
  rev: rev(),
})

/** What a purchase in a category says about a goal. */
export const rule = sqliteTable(
  'rule',
  {
    category: text().notNull(),
    goal: text().notNull(),
    weight: real().notNull(),
    halfLifeDays: integer().notNull(),
    rev: rev(),
  },
  (t) => [
    primaryKey({ columns: [t.category, t.goal] }),
    check('rule_weight', sql`${t.weight} > 0 and ${t.weight} < 1`),
    check('rule_half_life', sql`${t.halfLifeDays} > 0`),
  ],
)

/** A thing that the shop sells. `sku` is unique where it is given; an unmapped one was first met in a basket. */
export const product = sqliteTable(
  'product',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    sku: text(),
    source: text(),
    variationId: text(),
    gtin: text(),
    name: text().notNull(),
    category: text(),
    priceMinor: integer(),
    costMinor: integer(),
    unmapped: flag(),
    archived: flag(),
    /** Learned: orders that held it, distinct buyers. */
    baskets: integer().notNull().default(0),
    buyers: integer().notNull().default(0),
    rev: rev(),
  },
  (t) => [
    uniqueIndex('product_sku').on(t.sku),
    uniqueIndex('product_variation').on(t.source, t.variationId),
    index('product_gtin').on(t.gtin),
    index('product_rev').on(t.rev),
  ],
)

/** How often two products went together: in one basket, and with one customer. a < b. */
export const pair = sqliteTable(
  'pair',
  {
    a: integer().notNull(),
    b: integer().notNull(),
    baskets: integer().notNull().default(0),
    customers: integer().notNull().default(0),
    rev: rev(),
  },
  (t) => [
    primaryKey({ columns: [t.a, t.b] }),
    index('pair_rev').on(t.rev),
    check('pair_order', sql`${t.a} < ${t.b}`),
  ],
)

export const partner = sqliteTable('partner', {
  id: text().primaryKey(),
  name: text().notNull(),
  trade: text().notNull(),
  goals: text().notNull(),
  walkMinutes: text().notNull(),
  rev: rev(),
})

export const alliance = sqliteTable(
  'alliance',
  {
    id: text().primaryKey(),
    partnerId: text().notNull(),
    state: text({
      enum: ['draft', 'proposed', 'agreed', 'live', 'paused', 'ended', 'declined', 'expired'],
    }).notNull(),
    termsVersion: integer().notNull(),
    rev: rev(),
  },
  (t) => [index('alliance_partner').on(t.partnerId)],
)

/** One immutable version of what was agreed. */
export const terms = sqliteTable(
  'terms',
  {
    allianceId: text().notNull(),
    version: integer().notNull(),
    startsOn: text(),
    endsOn: text(),
    customerBenefit: text().notNull(),
    commissionBasisPoints: integer().notNull().default(0),
    disclosure: text().notNull(),
    record: text().notNull(),
    rev: rev(),
  },
  (t) => [primaryKey({ columns: [t.allianceId, t.version] })],
)

/** Something that must be true back stage, of a partner or of one offer. */
export const backStageCheck = sqliteTable('backStageCheck', {
  id: text().primaryKey(),
  partnerId: text(),
  offerId: text(),
  code: text().notNull(),
  critical: flag(),
  severity: real().notNull().default(0),
  ok: integer().notNull().default(1),
  validUntil: text(),
  rev: rev(),
})

export const offer = sqliteTable(
  'offer',
  {
    id: text().primaryKey(),
    kind: text({
      enum: [
        'product',
        'class-intro',
        'class-program',
        'event',
        'service',
        'partner-service',
        'bundle',
        'content',
      ],
    }).notNull(),
    partnerId: text(),
    state: text({ enum: ['draft', 'live', 'paused', 'ended'] })
      .notNull()
      .default('live'),
    headline: text().notNull(),
    priceMinor: integer().notNull(),
    costMinor: integer().notNull().default(0),
    ageMinMonths: integer(),
    ageMaxMonths: integer(),
    /** JSON: months 1–12 in season, [] all year. */
    months: text().notNull().default('[]'),
    stage: text({ enum: ['front', 'back', 'both'] }).notNull(),
    minRelationship: integer().notNull().default(0),
    commitment: text({ enum: ['free', 'low', 'medium', 'high'] }).notNull(),
    /** JSON: goal → weight in (0, 1], 1–5 of them. */
    goals: text().notNull(),
    facets: text().notNull().default('[]'),
    /** JSON: "attended:O054" …, any one of them suffices. */
    requires: text().notNull().default('[]'),
    skus: text().notNull().default('[]'),
    /** JSON: site ids, [] everywhere. */
    sites: text().notNull().default('[]'),
    /** A small thing that asks for nothing: what we may mention when we do not sell. */
    kindness: flag(),
    /** Places are needed: without a free session the offer is not made. */
    seated: flag(),
    say: text().notNull(),
    /** Learned: how often it was really said, and accepted when said. */
    said: integer().notNull().default(0),
    accepted: integer().notNull().default(0),
    rev: rev(),
  },
  (t) => [index('offer_rev').on(t.rev), check('offer_price', sql`${t.priceMinor} >= 0`)],
)

/** What comes next after an offer, and in which window. */
export const link = sqliteTable(
  'link',
  {
    fromOffer: text().notNull(),
    toOffer: text().notNull(),
    trigger: text().notNull(),
    fromDays: integer().notNull(),
    untilDays: integer().notNull(),
    ageMonths: integer(),
    says: text().notNull(),
    rev: rev(),
  },
  (t) => [primaryKey({ columns: [t.fromOffer, t.toOffer, t.trigger] })],
)

/** A dated occurrence of an offer, with places. */
export const session = sqliteTable(
  'session',
  {
    id: text().primaryKey(),
    offerId: text().notNull(),
    siteId: text(),
    place: text().notNull(),
    /** Which one exactly, where the offer has several: the Mandarin hour. */
    facet: text(),
    /** As the site reads it, with its offset. */
    startsAt: text().notNull(),
    endsAt: text().notNull(),
    capacity: integer().notNull(),
    bookedElsewhere: integer().notNull().default(0),
    cancelled: flag(),
    rev: rev(),
  },
  (t) => [
    index('session_offer').on(t.offerId),
    index('session_rev').on(t.rev),
    check('session_capacity', sql`${t.capacity} >= 0 and ${t.bookedElsewhere} between 0 and ${t.capacity}`),
  ],
)

/** A place kept for somebody: a lease until `expiresAt`, then confirmed or free again. One row a place. */
export const hold = sqliteTable(
  'hold',
  {
    id: text().primaryKey(),
    sessionId: text().notNull(),
    place: integer().notNull(),
    state: text({ enum: ['held', 'confirmed', 'released'] }).notNull(),
    expiresAt: text().notNull(),
    customer: text(),
    recommendationId: text(),
    rev: rev(),
  },
  (t) => [
    uniqueIndex('hold_place').on(t.sessionId, t.place).where(sql`${t.state} <> 'released'`),
    index('hold_rev').on(t.rev),
  ],
)

/** How many orders held a product on a day: what is selling now. */
export const saleDay = sqliteTable(
  'saleDay',
  {
    productId: integer().notNull(),
    day: integer().notNull(),
    orders: integer().notNull(),
    rev: rev(),
  },
  (t) => [primaryKey({ columns: [t.productId, t.day] }), index('sale_day_rev').on(t.rev)],
)

/**
 * The account the till knows. `state` is what deciding needs to know of this customer, as one JSON text,
 * computed inside every write that changes it (store/customer.ts): one row to read at the till.
 */
export const customer = sqliteTable(
  'customer',
  {
    ref: text().primaryKey(),
    siteId: text().notNull(),
    firstName: text(),
    staffId: text(),
    joinedOn: text().notNull(),
    /** Drawn once, at the first meeting, and kept: 1 belongs to the holdout. */
    holdout: flag(),
    state: text().notNull().default('{}'),
    /** Counts writes, so that two that read the same state cannot both act on it. */
    version: integer().notNull().default(0),
  },
  (t) => [index('customer_site').on(t.siteId)],
)

export const child = sqliteTable(
  'child',
  { id: text().primaryKey(), customer: text().notNull(), birthMonth: text().notNull() },
  (t) => [
    index('child_customer').on(t.customer),
    check('child_month', sql`${t.birthMonth} glob '[12][0-9][0-9][0-9]-[01][0-9]'`),
  ],
)

/** Append-only: the last line of a purpose is in force. */
export const consent = sqliteTable(
  'consent',
  {
    id: text().primaryKey(),
    customer: text().notNull(),
    purpose: text({ enum: ['personalise', 'childProfile', 'letter', 'sharePartner', 'allSites'] }).notNull(),
    channel: text().notNull(),
    decision: text({ enum: ['granted', 'withdrawn', 'objected'] }).notNull(),
    source: text().notNull(),
    wording: text().notNull(),
    at: text().notNull(),
    recordedAt: text().notNull(),
  },
  (t) => [index('consent_customer').on(t.customer, t.purpose, t.at)],
)

/** One dated reason to believe that a customer (or one child) holds a goal. Never changed, only retracted. */
export const evidence = sqliteTable(
  'evidence',
  {
    id: text().primaryKey(),
    customer: text().notNull(),
    child: text(),
    kind: text({
      enum: [
        'bought',
        'told',
        'answered',
        'noticed',
        'toldNo',
        'declined',
        'attended',
        'enrolled',
        'completed',
        'booked',
        'recitalScheduled',
      ],
    }).notNull(),
    goal: text().notNull(),
    facet: text(),
    offerId: text(),
    /** The purchase it was derived from. */
    purchaseId: text(),
    weight: real().notNull(),
    halfLifeDays: integer().notNull(),
    speakable: flag(),
    words: text(),
    staffId: text(),
    /** The site's date on which it became true, and the day that it is about, if another. */
    onDate: text().notNull(),
    aboutDate: text(),
    recordedAt: text().notNull(),
    retractedAt: text(),
  },
  (t) => [
    index('evidence_customer').on(t.customer, t.onDate),
    index('evidence_purchase').on(t.purchaseId),
    check('evidence_weight', sql`${t.weight} >= 0 and ${t.weight} < 1`),
  ],
)

export const purchase = sqliteTable(
  'purchase',
  {
    /** source + '/' + externalId */
    id: text().primaryKey(),
    source: text().notNull(),
    externalId: text().notNull(),
    revision: integer().notNull().default(0),
    customer: text(),
    siteId: text().notNull(),
    staffId: text(),
    soldAt: text().notNull(),
    currency: text().notNull(),
    totalMinor: integer().notNull(),
    voided: flag(),
    /** front: the customer's first settled purchase; back: every later one; null: nobody's, void, or money back alone. */
    stage: text({ enum: ['front', 'back'] }),
    recommendationId: text(),
    digest: text().notNull(),
    recordedAt: text().notNull(),
  },
  (t) => [index('purchase_customer').on(t.customer, t.soldAt), index('purchase_sold').on(t.soldAt)],
)

export const purchaseLine = sqliteTable(
  'purchaseLine',
  {
    purchaseId: text().notNull(),
    n: integer().notNull(),
    productId: integer().notNull(),
    quantity: real().notNull(),
    unitPriceMinor: integer().notNull(),
    /** What the line cost, where quantity × price is not exactly it: three for 10.00 are 3.33 each. */
    totalMinor: integer(),
    unitCostMinor: integer(),
    gift: flag(),
    child: text(),
  },
  (t) => [primaryKey({ columns: [t.purchaseId, t.n] }), index('line_product').on(t.productId)],
)

/**
 * The recorded answer to one call, with all that is needed to explain and to repeat it. Its migration says
 * WITHOUT ROWID, which Drizzle cannot say: it is written at every call, and so costs one row and one index.
 */
export const recommendation = sqliteTable(
  'recommendation',
  {
    id: text().primaryKey(),
    siteId: text().notNull(),
    customer: text(),
    touchpoint: text().notNull(),
    staffId: text(),
    at: text().notNull(),
    requestDigest: text().notNull(),
    offerId: text(),
    alternateId: text(),
    askedGoal: text(),
    arm: text().notNull(),
    propensity: real().notNull(),
    policyVersion: integer().notNull(),
    /** What is known to have happened since: the last outcome's state, and when it was said. */
    outcome: text(),
    outcomeReason: text(),
    outcomeAt: text(),
    saidAt: text(),
    // The long ones come last: what stands behind them in a row is only reached through all their pages.
    /** JSON: the answer as it was given. */
    answer: text().notNull(),
    /** JSON: what the explanation is made from again: the basket, the state it was computed from. */
    inputs: text().notNull(),
  },
  (t) => [index('recommendation_customer').on(t.customer, t.at)],
)

export const outcome = sqliteTable(
  'outcome',
  {
    eventId: text().primaryKey(),
    recommendationId: text().notNull(),
    siteId: text().notNull(),
    state: text({
      enum: ['notSaid', 'said', 'askedMore', 'accepted', 'booked', 'declined', 'wrong'],
    }).notNull(),
    reason: text(),
    sessionId: text(),
    staffId: text(),
    at: text().notNull(),
    recordedAt: text().notNull(),
    digest: text().notNull(),
    /** JSON: the answer that a repeat gets again. */
    answer: text().notNull(),
    /** The decision it names was not on record (a crash took it): kept and flagged. */
    orphan: flag(),
  },
  (t) => [index('outcome_recommendation').on(t.recommendationId)],
)

/** One introduction, ours to a partner. The terms' version is the one it was made under. */
export const referral = sqliteTable(
  'referral',
  {
    code: text().primaryKey(),
    recommendationId: text(),
    offerId: text().notNull(),
    partnerId: text(),
    allianceId: text(),
    termsVersion: integer(),
    customer: text(),
    sessionId: text(),
    state: text({
      enum: [
        'offered',
        'accepted',
        'booked',
        'attended',
        'enrolled',
        'declined',
        'noShow',
        'expired',
        'withdrawn',
      ],
    }).notNull(),
    expiresOn: text().notNull(),
    createdAt: text().notNull(),
  },
  (t) => [
    index('referral_customer').on(t.customer),
    uniqueIndex('referral_recommendation').on(t.recommendationId),
  ],
)

/** An open complaint or a promise, with its day and the person who made it. */
export const careNote = sqliteTable(
  'careNote',
  {
    id: text().primaryKey(),
    customer: text().notNull(),
    kind: text({ enum: ['complaint', 'promise'] }).notNull(),
    what: text().notNull(),
    promise: text(),
    promisedBy: text(),
    dueOn: text(),
    openedOn: text().notNull(),
    closedOn: text(),
  },
  (t) => [index('care_customer').on(t.customer)],
)

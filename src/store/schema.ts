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
    /** The build of what goes with what that is served; 0: none. */
    easeBuild: flag(),
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

/**
 * Every weight, floor, limit and lever of deciding, as one record that never changes. The version with the highest
 * `activation` is in force: a rollback activates an older one again.
 */
export const policy = sqliteTable('policy', {
  version: integer().primaryKey(),
  record: text().notNull(),
  createdAt: text().notNull(),
  /** The revision at which it last came into force; null: proposed, not yet in force. */
  activation: integer(),
  /** The version it was changed from, why, and by whom. */
  origin: integer(),
  note: text().notNull().default(''),
  actor: text().notNull().default(''),
  /** Who put it in force, and when. */
  activatedBy: text(),
  activatedAt: text(),
  withdrawnAt: text(),
  rev: rev(),
})

/**
 * What an offer came to where it was really said, by touchpoint and band of fit. `mapping` is a digest of the
 * offer's goals: mapped anew, it is counted anew.
 */
export const acceptance = sqliteTable(
  'acceptance',
  {
    offerId: text().notNull(),
    mapping: text().notNull(),
    touchpoint: text().notNull(),
    band: integer().notNull(),
    said: integer().notNull().default(0),
    accepted: integer().notNull().default(0),
    declined: integer().notNull().default(0),
    /** Σ of the acceptance that fit predicted over what was said, in millionths: exact in any order. */
    expected: integer().notNull().default(0),
    rev: rev(),
  },
  (t) => [
    primaryKey({ columns: [t.offerId, t.mapping, t.touchpoint, t.band] }),
    index('acceptance_rev').on(t.rev),
  ],
)

/**
 * Rows of the snapshot as they were before they changed, kept by triggers: with them the catalogue of any earlier
 * revision can be read again, and a decision repeated. A row holds until revision `until`.
 */
export const past = sqliteTable(
  'past',
  {
    part: text().notNull(),
    key: text().notNull(),
    until: integer().notNull(),
    row: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.part, t.key, t.until] })],
)

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
    /** 1: taken back; the row stays so that running services learn of it. */
    withdrawn: flag(),
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
  /** JSON: site id → minutes on foot to the nearest of its places. */
  walkMinutes: text().notNull(),
  /** JSON: goal slug → facets, where it serves only some of a goal: piano, violin. */
  facets: text().notNull().default('{}'),
  /** JSON: people to call: name, role, phone, email. */
  people: text().notNull().default('[]'),
  /** JSON: places: name, address, walkMinutes by site. */
  places: text().notNull().default('[]'),
  opening: text().notNull().default(''),
  archived: flag(),
  /** Counts edits, for If-Match. */
  version: integer().notNull().default(1),
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
    /** The version of the terms that was last agreed; before the first, the one on the table. */
    termsVersion: integer().notNull(),
    /** JSON: introductions made by site's date: { "2026-03-14": 2 }, of the last and coming weeks. */
    load: text().notNull().default('{}'),
    /** Counts edits and moves, for If-Match. */
    version: integer().notNull().default(1),
    changedAt: text().notNull().default(''),
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
    /** JSON: all of it, see core/terms.ts. */
    record: text().notNull(),
    /** When the second side agreed; null while it is a proposal. */
    agreedAt: text(),
    /** The version whose words staff must have been briefed on. */
    briefFrom: integer().notNull().default(1),
    createdAt: text().notNull().default(''),
    rev: rev(),
  },
  (t) => [primaryKey({ columns: [t.allianceId, t.version] })],
)

/** What each side said to a version of the terms. The first decision of a side stands. */
export const decision = sqliteTable(
  'decision',
  {
    allianceId: text().notNull(),
    termsVersion: integer().notNull(),
    side: text({ enum: ['shop', 'partner'] }).notNull(),
    decision: text({ enum: ['agree', 'decline'] }).notNull(),
    actor: text().notNull(),
    at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.allianceId, t.termsVersion, t.side] })],
)

/** Staff of a site know an alliance: up to which version of its words. */
export const briefing = sqliteTable(
  'briefing',
  {
    allianceId: text().notNull(),
    siteId: text().notNull(),
    termsVersion: integer().notNull(),
    on: text().notNull(),
    actor: text().notNull(),
    rev: rev(),
  },
  (t) => [primaryKey({ columns: [t.allianceId, t.siteId] })],
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
  issuer: text(),
  issuedOn: text(),
  /** Who assured us of it, and when. */
  assuredBy: text(),
  assuredOn: text(),
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
    /** Of before 0.3; since then `acceptance` counts. */
    said: integer().notNull().default(0),
    accepted: integer().notNull().default(0),
    /** The partner whose draft it is, until the shop publishes it. */
    draftedBy: text(),
    /** Counts edits, for If-Match. */
    version: integer().notNull().default(1),
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
    /** What the calendar it came from calls it, with the occurrence: the same again is the same session. */
    uid: text(),
    rev: rev(),
  },
  (t) => [
    uniqueIndex('session_uid').on(t.offerId, t.uid),
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
    /** The referral whose place it is, and who of the staff keeps it. */
    code: text(),
    staffId: text(),
    rev: rev(),
  },
  (t) => [
    index('hold_code').on(t.code),
    uniqueIndex('hold_place').on(t.sessionId, t.place).where(sql`${t.state} <> 'released'`),
    index('hold_rev').on(t.rev),
  ],
)

/** Somebody who would come if a place became free. Its order is the order of coming. */
export const waiting = sqliteTable(
  'waiting',
  {
    id: text().primaryKey(),
    sessionId: text().notNull(),
    customer: text(),
    staffId: text(),
    state: text({ enum: ['waiting', 'placed', 'left'] }).notNull(),
    at: text().notNull(),
    /** The place that became hers. */
    holdId: text(),
  },
  (t) => [index('waiting_session').on(t.sessionId, t.state, t.at)],
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
    /** The share of customers that belonged to it when she was drawn; null: before that was noted. */
    holdoutShare: real(),
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
    /** rule: no rule speaks so any more; customer: she let us forget the guess, for good; null: a correction of the purchase, or a line of her own. */
    retractedBy: text({ enum: ['rule', 'customer'] }),
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
    /** What would have been said at a moment that stayed silent by draw: an offer id. */
    wouldOffer: text(),
    /** For what is learned of it: the digest of the offer's goals, the band of fit, the acceptance that fit predicts, in millionths. */
    mapping: text(),
    band: integer(),
    expected: integer(),
    // The long ones come last: what stands behind them in a row is only reached through all their pages.
    /** JSON: the answer as it was given. */
    answer: text().notNull(),
    /** JSON: what the explanation is made from again: the basket, the state it was computed from. */
    inputs: text().notNull(),
  },
  (t) => [
    // All that a till asks of earlier answers, so that it reads this alone: a row is long, and lies pages deep.
    index('recommendation_customer')
      .on(t.customer, t.at, t.id, t.offerId, t.alternateId, t.askedGoal, t.outcome, t.outcomeReason, t.saidAt)
      .where(sql`${t.customer} is not null`),
  ],
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
    /** 1: the decision it names is not on record (a crash took it, or it is still to come); 2: it came, and this waits to be taken up; 3: it is another site’s, or cannot be. */
    orphan: flag(),
  },
  (t) => [
    index('outcome_recommendation').on(t.recommendationId),
    // The few that wait: for their answer, or to be taken up.
    index('outcome_orphan').on(t.orphan, t.recommendationId).where(sql`${t.orphan} = 1 or ${t.orphan} = 2`),
  ],
)

/**
 * One introduction, ours to a partner or theirs to us. The terms' version is the one it was made under. `state`
 * is what its events come to (core/referral.ts), written with them.
 */
export const referral = sqliteTable(
  'referral',
  {
    code: text().primaryKey(),
    direction: text({ enum: ['ours', 'theirs'] })
      .notNull()
      .default('ours'),
    recommendationId: text(),
    offerId: text().notNull(),
    partnerId: text(),
    allianceId: text(),
    termsVersion: integer(),
    siteId: text(),
    staffId: text(),
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
    /** The last day on which the code may be used, and the day by which its partner owes us word. */
    expiresOn: text().notNull(),
    statusDueOn: text(),
    createdAt: text().notNull(),
    /** The site's date of its making; of the last word about it. */
    madeOn: text(),
    newsOn: text(),
    version: integer().notNull().default(1),
  },
  (t) => [
    index('referral_customer').on(t.customer),
    index('referral_partner').on(t.partnerId, t.createdAt),
    index('referral_alliance').on(t.allianceId, t.madeOn),
    uniqueIndex('referral_recommendation').on(t.recommendationId),
    /** Who sent her is said once. */
    uniqueIndex('referral_inbound').on(t.customer).where(sql`${t.direction} = 'theirs'`),
  ],
)

/** Something that became of a referral. Append-only; a mistake is voided by another event. */
export const referralEvent = sqliteTable(
  'referralEvent',
  {
    /** partner id or "shop", '/', the event id of whoever told us */
    id: text().primaryKey(),
    code: text().notNull(),
    kind: text({
      enum: [
        'accepted',
        'booked',
        'attended',
        'noShow',
        'enrolled',
        'recitalScheduled',
        'declined',
        'withdrawn',
        'void',
      ],
    }).notNull(),
    at: text().notNull(),
    /** recitalScheduled: the day that it is about. enrolled: what the family pays. void: the event that was wrong. */
    aboutOn: text(),
    valueMinor: integer(),
    voids: text(),
    /** enrolled, recitalScheduled: in what, where that is another offer than the one of the referral. */
    offerId: text(),
    via: text({ enum: ['till', 'staff', 'page', 'key', 'signed'] }).notNull(),
    recordedAt: text().notNull(),
    digest: text().notNull(),
    /** moved: it counts. noted: kept, and changes nothing. disputed: it waits for somebody to decide. */
    effect: text({ enum: ['moved', 'noted', 'disputed'] }).notNull(),
  },
  (t) => [index('event_code').on(t.code, t.at)],
)

/**
 * What an alliance gave and took. Append-only: a correction is a reversing entry. Money: positive is owed to the
 * shop. Favours: positive is given by the shop.
 */
export const ledgerEntry = sqliteTable(
  'ledgerEntry',
  {
    id: text().primaryKey(),
    partnerId: text().notNull(),
    allianceId: text().notNull(),
    code: text(),
    cause: text().notNull(),
    unit: text({ enum: ['money', 'introduction', 'shelf', 'letter', 'jointEvent'] }).notNull(),
    amount: integer().notNull(),
    currency: text(),
    termsVersion: integer().notNull(),
    /** The site's date on which it came about, and the one from which it is due. */
    onDate: text().notNull(),
    dueOn: text().notNull(),
    reverses: text(),
    note: text(),
    recordedAt: text().notNull(),
  },
  (t) => [
    index('ledger_partner').on(t.partnerId, t.dueOn),
    index('ledger_code').on(t.code),
    uniqueIndex('ledger_reverses').on(t.reverses),
  ],
)

/** A month's account with a partner, as it was issued: its lines are ledger entries, each in one statement only. */
export const issuedStatement = sqliteTable(
  'issuedStatement',
  {
    id: text().primaryKey(),
    partnerId: text().notNull(),
    month: text().notNull(),
    currency: text().notNull(),
    totalMinor: integer().notNull(),
    issuedAt: text().notNull(),
  },
  (t) => [uniqueIndex('statement_month').on(t.partnerId, t.month, t.currency)],
)
export const statementLine = sqliteTable('statementLine', {
  entryId: text().primaryKey(),
  statementId: text().notNull(),
})

/** Something the two sides must look at: a late event, a doubted line. While it is open its line is frozen. */
export const dispute = sqliteTable(
  'dispute',
  {
    id: text().primaryKey(),
    partnerId: text().notNull(),
    code: text(),
    entryId: text(),
    eventId: text(),
    reason: text().notNull(),
    openedBy: text().notNull(),
    openedAt: text().notNull(),
    resolvedAt: text(),
    resolution: text({ enum: ['stands', 'dropped'] }),
    resolvedBy: text(),
  },
  (t) => [index('dispute_partner').on(t.partnerId, t.resolvedAt), index('dispute_entry').on(t.entryId)],
)

/** What was searched for and not found: the alliance that is wanted. */
export const wish = sqliteTable('wish', {
  id: text().primaryKey(),
  siteId: text(),
  staffId: text(),
  words: text().notNull(),
  goal: text(),
  ageMonths: integer(),
  at: text().notNull(),
})

/** A link that signs somebody in, once. Only its SHA-256 is kept. */
export const invite = sqliteTable('invite', {
  hash: text().primaryKey(),
  role: text().notNull(),
  siteId: text(),
  partnerId: text(),
  staffId: text(),
  label: text().notNull(),
  createdAt: text().notNull(),
  expiresAt: text().notNull(),
  usedAt: text(),
})

/** Somebody who is signed in to the pages: the SHA-256 of the cookie. */
export const signIn = sqliteTable('signIn', {
  hash: text().primaryKey(),
  role: text().notNull(),
  siteId: text(),
  partnerId: text(),
  staffId: text(),
  label: text().notNull(),
  createdAt: text().notNull(),
  expiresAt: text().notNull(),
  revokedAt: text(),
})

/** Who changed what, when. Of people's fields the names only, never the values. */
export const audit = sqliteTable(
  'audit',
  {
    id: text().primaryKey(),
    at: text().notNull(),
    actor: text().notNull(),
    role: text().notNull(),
    action: text().notNull(),
    object: text().notNull(),
    objectId: text().notNull(),
    /** JSON: field → [before, after]. */
    changes: text().notNull(),
    requestId: text().notNull(),
  },
  (t) => [index('audit_object').on(t.object, t.objectId, t.at), index('audit_at').on(t.at)],
)

/** An answer kept under the Idempotency-Key of its request. */
export const idempotency = sqliteTable('idempotency', {
  id: text().primaryKey(),
  digest: text().notNull(),
  status: integer(),
  body: text(),
  headers: text(),
  at: text().notNull(),
})

/** Where events go out to. The secret signs them, so it is kept as it is. */
export const webhook = sqliteTable('webhook', {
  id: text().primaryKey(),
  url: text().notNull(),
  secret: text().notNull(),
  /** JSON: event types, [] all. */
  types: text().notNull().default('[]'),
  createdAt: text().notNull(),
  disabledAt: text(),
})

/** Events on their way out, until delivered or given up. Ids only. */
export const outbox = sqliteTable(
  'outbox',
  {
    id: text().primaryKey(),
    webhookId: text().notNull(),
    type: text().notNull(),
    body: text().notNull(),
    at: text().notNull(),
    nextAt: text(),
    attempts: integer().notNull().default(0),
    deliveredAt: text(),
    lastStatus: text(),
  },
  (t) => [index('outbox_next').on(t.nextAt)],
)

/** What a partner signs its events with. */
export const signingSecret = sqliteTable('signingSecret', {
  partnerId: text().primaryKey(),
  secret: text().notNull(),
  createdAt: text().notNull(),
})

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

/** A question to many: would this goal interest you? Its go rule is set before the first answer. */
export const poll = sqliteTable('poll', {
  id: text().primaryKey(),
  goal: text().notNull(),
  question: text().notNull(),
  /** JSON: touchpoints it is asked at, [] all. */
  touchpoints: text().notNull().default('[]'),
  /** Go when so many answered, so many of them yes, and the share of yes, shrunk, is at least so high. */
  goAnswers: integer().notNull(),
  goYes: integer().notNull(),
  goShare: real().notNull(),
  opensOn: text().notNull(),
  closesOn: text().notNull(),
  state: text({ enum: ['open', 'closed'] }).notNull(),
  createdAt: text().notNull(),
  actor: text().notNull(),
  version: integer().notNull().default(1),
  rev: rev(),
})

/** One customer's answer to a poll; the last one stands. Who was asked and said nothing has none. */
export const pollAnswer = sqliteTable(
  'pollAnswer',
  {
    pollId: text().notNull(),
    customer: text().notNull(),
    answer: text({ enum: ['yes', 'maybe', 'no'] }).notNull(),
    touchpoint: text().notNull(),
    eventId: text().notNull(),
    at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.pollId, t.customer] })],
)

/** A poll that was put to one customer by a link: on a page, or in a letter. Only the SHA-256 of its token is kept. */
export const pollLink = sqliteTable(
  'pollLink',
  {
    hash: text().primaryKey(),
    pollId: text().notNull(),
    goal: text().notNull(),
    customer: text().notNull(),
    via: text({ enum: ['page', 'letter'] }).notNull(),
    at: text().notNull(),
    /** The site's date. */
    onDate: text().notNull(),
  },
  (t) => [index('poll_link_customer').on(t.customer, t.goal), index('poll_link_poll').on(t.pollId)],
)

/** What a word of a product's name says about a goal, beside what its category says. Reviewed, never silent. */
export const wordRule = sqliteTable(
  'wordRule',
  {
    /** A facet as core/tag.ts reads it from names: `ukulele`, `tea towel`. */
    facet: text().notNull(),
    goal: text().notNull(),
    weight: real().notNull(),
    halfLifeDays: integer().notNull(),
    /** 1: taken back; the row stays so that running services learn of it. */
    withdrawn: flag(),
    rev: rev(),
  },
  (t) => [
    primaryKey({ columns: [t.facet, t.goal] }),
    check('word_rule_weight', sql`${t.weight} > 0 and ${t.weight} < 1`),
    check('word_rule_half_life', sql`${t.halfLifeDays} > 0`),
  ],
)

/** What was decided about a suggested mapping: a refused one is not suggested again. */
export const mappingChoice = sqliteTable(
  'mappingChoice',
  {
    kind: text({ enum: ['category', 'facet'] }).notNull(),
    term: text().notNull(),
    goal: text().notNull(),
    decision: text({ enum: ['accepted', 'refused', 'withdrawn'] }).notNull(),
    actor: text().notNull(),
    at: text().notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.term, t.goal] })],
)

/** Two references that are one customer: the left one answers as the right one. */
export const customerAlias = sqliteTable(
  'customerAlias',
  {
    ref: text().primaryKey(),
    customer: text().notNull(),
    at: text().notNull(),
    actor: text().notNull(),
    /** The event that merged them; the same event for another merge is refused. */
    eventId: text(),
    /** JSON: what moved, by table: a repeat is answered from it. */
    moved: text().notNull().default('{}'),
  },
  (t) => [index('alias_customer').on(t.customer), uniqueIndex('alias_event').on(t.eventId)],
)

/** What is measured, registered before it begins. */
export const experiment = sqliteTable('experiment', {
  id: text().primaryKey(),
  name: text().notNull(),
  metric: text().notNull(),
  startsOn: text().notNull(),
  endsOn: text().notNull(),
  /** The smallest lift that would matter, as a share. */
  smallestLift: real().notNull(),
  /** JSON: what else was fixed beforehand. */
  plan: text().notNull().default('{}'),
  registeredAt: text().notNull(),
  actor: text().notNull(),
  stoppedOn: text(),
})

/** Somebody who must be answered well, as data: run against every policy before it comes into force. */
export const persona = sqliteTable('persona', {
  id: text().primaryKey(),
  name: text().notNull(),
  /** JSON: the household, the basket, and what must or must not be answered. */
  record: text().notNull(),
  actor: text().notNull(),
  createdAt: text().notNull(),
  archived: flag(),
})

/** A link by which a customer reads, without signing in, what we hold of her. Only its SHA-256 is kept. */
export const aboutLink = sqliteTable(
  'aboutLink',
  {
    hash: text().primaryKey(),
    customer: text().notNull(),
    createdAt: text().notNull(),
    expiresAt: text().notNull(),
    actor: text().notNull(),
  },
  (t) => [index('about_link_customer').on(t.customer)],
)

/** A build of what goes with what: when, and from how much. Only the one that `revision` names is served. */
export const easeBuild = sqliteTable('easeBuild', {
  build: integer().primaryKey(),
  builtAt: text().notNull(),
  /** The sum of all products' totals that it was made from. */
  evidence: integer().notNull(),
  items: integer().notNull(),
  weights: integer().notNull(),
  parts: integer().notNull(),
  bytes: integer().notNull(),
})

/** Some sources of a build, as store/ease.ts writes them. */
export const easePart = sqliteTable(
  'easePart',
  { build: integer().notNull(), part: integer().notNull(), sources: text().notNull() },
  (t) => [primaryKey({ columns: [t.build, t.part] })],
)

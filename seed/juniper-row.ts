/** Loads Juniper Row, the invented shop, through the service's own writes: evidence is derived from purchases, never typed. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { digest } from '../src/core/chance.ts'
import { SAID } from '../src/core/event.ts'
import { STARTER_GOALS } from '../src/core/goal.ts'
import type { HoldoutDraw } from '../src/core/holdout.ts'
import { holdoutOf } from '../src/core/holdout.ts'
import { defaultPolicy } from '../src/core/policy.ts'
import type { TermsRecord } from '../src/core/terms.ts'
import { blankTerms } from '../src/core/terms.ts'
import { REFRESH_ALL_STATES } from '../src/store/customer.ts'
import type { Engine, Statement } from '../src/store/engine.ts'
import { BUMP, insertRows, REV, statement } from '../src/store/engine.ts'
import { hashKey } from '../src/store/key.ts'
import type { PurchaseInput } from '../src/store/purchase.ts'
import { ingestPurchases } from '../src/store/purchase.ts'
import * as schema from '../src/store/schema.ts'
import { Snapshot } from '../src/store/snapshot.ts'
import { termsColumns } from '../src/store/terms.ts'
import { loadPersonas } from './personas.ts'

/** Fixed, documented, and refused unless this seed is loaded. */
export const DEMO_KEYS = {
  encore_till_demo_BK: { role: 'till', siteId: 'BK', partnerId: null },
  encore_till_demo_LS: { role: 'till', siteId: 'LS', partnerId: null },
  encore_staff_demo_BK: { role: 'staff', siteId: 'BK', partnerId: null },
  encore_staff_demo_LS: { role: 'staff', siteId: 'LS', partnerId: null },
  encore_owner_demo: { role: 'owner', siteId: null, partnerId: null },
  encore_partner_demo_P02: { role: 'partner', siteId: null, partnerId: 'P02' },
} as const

type Line = {
  sku: string
  name?: string
  category?: string
  quantity: number
  unitPriceMinor: number
  unitCostMinor: number
  gift: boolean
  child: string | null
}
type Order = {
  externalId: string
  customer: string
  site: string
  staff: string | null
  soldAt: string
  lines: Line[]
}
type Told = {
  goal: string
  facet: string | null
  on: string
  about?: string | null
  staff: string | null
  words: string | null
}
export type Household = {
  ref: string
  firstName: string
  site: string
  staff: string | null
  joinedOn: string
  children: { ref: string; birthMonth: string }[]
  consents: string[]
  holdout?: boolean
  orders?: Omit<Order, 'customer'>[]
  told?: Told[]
  declined?: { offer: string; reason: string; on: string }[]
  care?: {
    kind: 'complaint' | 'promise'
    openedOn: string
    what: string
    promise: string
    promisedBy: string
    promiseOn?: string
  } | null
  consentWithdrawnAt?: string | null
  tryBasket?: {
    sku: string
    name: string
    category: string
    quantity: number
    unitPriceMinor: number
    gift: boolean
  }[]
  mustHappen?: string
}

/** Every order of the shop, as its till would have sent it, the golden households' first. */
export function juniperOrders(folder: string): PurchaseInput[] {
  const read = <T>(name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T
  return [
    ...read<Household[]>('households').flatMap((h) =>
      (h.orders ?? []).map((order) => ({ ...order, customer: h.ref })),
    ),
    ...read<Order[]>('orders'),
  ].map(purchaseOf)
}

/** Whether the shop in the store is this one. */
export async function isJuniperRow(engine: Engine): Promise<boolean> {
  const [row] = await engine.all<{ n: number }>(
    statement(
      `select count(*) n from site where (id = 'BK' and name = 'Damen Street') or (id = 'LS' and name = 'Lincoln Corner')`,
    ),
  )
  return row!.n === 2
}

/** Load the shop into an empty store; null when there is something in it already. */
export async function loadJuniperRow(
  engine: Engine,
  folder: string,
  now: string,
  options: { purchases?: boolean } = {},
): Promise<{ customers: number; purchases: number } | null> {
  const [there] = await engine.all<{ n: number }>(statement('select count(*) n from site'))
  if (there!.n > 0) return null
  const read = <T>(name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as T
  const golden = read<Household[]>('households')
  const households = [...golden, ...read<Household[]>('customers')]
  const policy = defaultPolicy('juniper-row')
  const holdout = holdoutOf(policy, 0)

  await engine.atomic([...(await keyRows()), ...catalogueRows(read, policy, now)])
  await engine.atomic(householdRows(households, read('offers'), holdout, now))

  const orders = options.purchases === false ? [] : juniperOrders(folder)
  const snapshot = new Snapshot(engine)
  for (let i = 0; i < orders.length; i += 250)
    await ingestPurchases(engine, () => snapshot.refresh(), orders.slice(i, i + 250), {
      now,
      holdout,
      digest: (input) => digest(JSON.stringify(input)),
    })
  await engine.atomic([REFRESH_ALL_STATES])
  if (orders.length > 0) await loadPersonas(engine, folder, now)
  return { customers: households.length, purchases: orders.length }
}

async function keyRows(): Promise<Statement[]> {
  const rows = await Promise.all(
    Object.entries(DEMO_KEYS).map(async ([key, scope]) => ({
      ...scope,
      hash: await hashKey(key),
      label: `demo ${scope.role}`,
    })),
  )
  return [insertRows(schema.apiKey, rows)]
}

// The seed's files are ours and are checked by a test; their rows are read as they come.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Raw = any

/** Partners with their alliances, terms and briefings, as statements. */
export function registryRows(partners: Raw[], details: Raw[], sites: string[], now: string): Statement[] {
  const text = (value: unknown) => JSON.stringify(value)
  const detailOf = new Map(details.map((each) => [each.partner, each]))
  const hasBegun = (p: Raw) => p.alliance.state !== 'proposed'
  return [
    insertRows(
      schema.partner,
      partners.map((p) => {
        const { people = [], places = [], facets = {}, opening = '' } = detailOf.get(p.id) ?? {}
        return {
          id: p.id,
          name: p.name,
          trade: p.trade,
          goals: text(p.goals),
          walkMinutes: text(p.walkMinutes),
          people: text(people),
          places: text(places),
          facets: text(facets),
          opening,
        }
      }),
    ),
    insertRows(
      schema.alliance,
      partners.map((p) => ({
        id: p.alliance.id,
        partnerId: p.id,
        state: p.alliance.state,
        termsVersion: p.alliance.terms.version,
        changedAt: now,
      })),
    ),
    insertRows(
      schema.terms,
      partners.map((p) => ({
        allianceId: p.alliance.id,
        version: p.alliance.terms.version,
        ...termsColumns(termsOf(p, detailOf.get(p.id))),
        agreedAt: hasBegun(p) ? `${p.alliance.startsOn}T15:00:00.000Z` : null,
        createdAt: hasBegun(p) ? `${p.alliance.startsOn}T15:00:00.000Z` : now,
      })),
    ),
    insertRows(
      schema.decision,
      partners.flatMap((p) =>
        (hasBegun(p) ? (['shop', 'partner'] as const) : (['shop'] as const)).map((side) => ({
          allianceId: p.alliance.id,
          termsVersion: p.alliance.terms.version,
          side,
          decision: 'agree' as const,
          actor: side === 'shop' ? 'st_rosa' : p.id,
          at: hasBegun(p) ? `${p.alliance.startsOn}T15:00:00.000Z` : now,
        })),
      ),
    ),
    insertRows(
      schema.briefing,
      partners.filter(hasBegun).flatMap((p) =>
        sites.map((siteId) => ({
          allianceId: p.alliance.id,
          siteId,
          termsVersion: p.alliance.terms.version,
          on: p.alliance.startsOn,
          actor: 'st_rosa',
        })),
      ),
    ),
  ]
}

/** The whole record of what the seed says in short. */
function termsOf({ alliance, ...partner }: Raw, detail: Raw): TermsRecord {
  const { terms } = alliance
  const blank = blankTerms('USD', alliance.startsOn ?? '2026-04-01', alliance.endsOn ?? '2027-03-31')
  return {
    ...blank,
    customerBenefit: terms.customerBenefit,
    benefitCostMinor: terms.introCostToPartnerMinor,
    toUs: { ...blank.toUs, basisPoints: terms.commissionBasisPoints },
    weDo: { ...blank.weDo, introductions: terms.reciprocityTargetPerQuarter },
    theyDo: {
      ...blank.theyDo,
      introductions: Math.round(terms.reciprocityTargetPerQuarter / 3),
      shelf: terms.weGet,
    },
    perMonth: terms.placesPerMonth,
    exclusivity: terms.exclusive ? { trade: partner.trade, withinMinutes: 30, untilOn: null } : null,
    shares: ['firstName'],
    disclosure: terms.disclosure,
    wePromise: detail?.wePromise ?? [],
    neverPromise: detail?.neverPromise ?? [],
    assumed: {
      conversion: terms.assumedConversion,
      firstYearMinor: terms.assumedFirstYearRevenueMinor,
      margin: terms.assumedMargin,
      introductionCostMinor: terms.introCostToPartnerMinor,
    },
  }
}

function catalogueRows(read: <T>(name: string) => T, policy: object, now: string): Statement[] {
  const text = (value: unknown) => JSON.stringify(value)
  const flag = (value: unknown) => (value ? 1 : 0)
  const partners = read<Raw[]>('partners')
  const offers = read<Raw[]>('offers')
  const tables = [
    insertRows(schema.policy, [
      { version: 1, record: text(policy), createdAt: now, activation: 1, activatedAt: now },
    ]),
    insertRows(schema.site, read<Raw[]>('sites')),
    insertRows(
      schema.staff,
      read<Raw[]>('staff').map((s) => ({ id: s.id, name: s.name, sites: text(s.sites), role: s.role })),
    ),
    insertRows(
      schema.goal,
      STARTER_GOALS.map((g) => ({
        ...g,
        toldOnly: flag(g.toldOnly),
        householdLevel: flag(g.householdLevel),
      })),
    ),
    insertRows(schema.category, read<Raw[]>('categories')),
    insertRows(schema.rule, read<Raw[]>('rules')),
    insertRows(
      schema.product,
      read<Raw[]>('products').map((p, i) => ({ ...p, id: i + 1 })),
    ),
    ...registryRows(
      partners,
      read('registry'),
      read<Raw[]>('sites').map((s) => s.id),
      now,
    ),
    insertRows(
      schema.backStageCheck,
      [
        ...partners.flatMap((p) => p.checks.map((c: Raw) => ({ ...c, partnerId: p.id, offerId: null }))),
        ...offers.flatMap((o) =>
          (o.checks ?? []).map((c: Raw) => ({ ...c, partnerId: null, offerId: o.id })),
        ),
      ].map((c) => ({
        id: `${c.partnerId ?? c.offerId}/${c.code}`,
        partnerId: c.partnerId,
        offerId: c.offerId,
        code: c.code,
        critical: flag(c.critical),
        severity: c.severity ?? 0,
        ok: flag(c.ok ?? true),
        validUntil: c.validUntil ?? null,
        issuer: c.partnerId ? 'City of Chicago' : null,
        issuedOn: c.partnerId ? '2025-03-01' : null,
        assuredBy: c.partnerId ? 'st_rosa' : null,
        assuredOn: c.partnerId ? '2025-03-03' : null,
      })),
    ),
    insertRows(
      schema.offer,
      offers.map((o) => ({
        id: o.id,
        kind: o.kind,
        partnerId: o.partner,
        state: 'live' as const,
        headline: o.headline,
        priceMinor: o.priceMinor,
        costMinor: o.costMinor,
        ageMinMonths: o.ageMinMonths,
        ageMaxMonths: o.ageMaxMonths,
        months: text(o.months),
        stage: o.stage === 'F' ? 'front' : o.stage === 'B' ? 'back' : 'both',
        minRelationship: o.minRelationship,
        commitment: o.commitment,
        goals: text(o.goals),
        facets: text(o.facets),
        requires: text(o.requires),
        skus: text(o.skus),
        kindness: flag(o.kindness),
        seated: flag(['class-intro', 'event'].includes(o.kind) || o.unit === 'visit'),
        say: text(o.say),
      })),
    ),
    insertRows(
      schema.link,
      read<Raw[]>('links').map((l) => ({
        fromOffer: l.from,
        toOffer: l.to,
        trigger: l.on,
        fromDays: l.fromDays,
        untilDays: l.untilDays,
        ageMonths: l.ageMonths,
        says: l.when,
      })),
    ),
    insertRows(
      schema.session,
      read<Raw[]>('sessions').map((s) => ({
        id: s.id,
        offerId: s.offer,
        siteId: s.site,
        place: s.place,
        facet: s.facet ?? null,
        startsAt: s.startsAt,
        endsAt: s.endsAt,
        capacity: s.capacity,
        bookedElsewhere: s.bookedElsewhere,
      })),
    ),
  ]
  const revised = [
    'policy',
    'site',
    'staff',
    'goal',
    'category',
    'rule',
    'product',
    'partner',
    'alliance',
    'terms',
    'briefing',
    'backStageCheck',
    'offer',
    'link',
    'session',
  ]
  return [BUMP, ...tables, ...revised.map((table) => statement(`update "${table}" set rev = ${REV}`))]
}

function householdRows(
  households: Household[],
  offers: Raw[],
  holdout: (ref: string) => HoldoutDraw,
  now: string,
): Statement[] {
  const goalsOf = new Map(offers.map((o) => [o.id, Object.keys(o.goals)]))
  const utc = (date: string) => new Date(Date.parse(`${date}T12:00:00Z`)).toISOString()
  const said = households.flatMap((h) => [
    ...(h.told ?? []).map((told, i) => ({
      id: `${h.ref}-told-${i + 1}`,
      customer: h.ref,
      kind: 'told' as const,
      goal: told.goal,
      facet: told.facet,
      offerId: null,
      ...SAID.told,
      speakable: 1,
      words: told.words,
      staffId: told.staff,
      onDate: told.on,
      aboutDate: told.about ?? null,
      recordedAt: utc(told.on),
    })),
    ...(h.declined ?? []).flatMap((declined, i) =>
      goalsOf.get(declined.offer)!.map((goal) => ({
        id: `${h.ref}-declined-${i + 1}#${goal}`,
        customer: h.ref,
        kind: 'declined' as const,
        goal,
        facet: null,
        offerId: declined.offer,
        weight: 0,
        halfLifeDays: 1,
        speakable: 0,
        words: declined.reason,
        staffId: null,
        onDate: declined.on,
        aboutDate: null,
        recordedAt: utc(declined.on),
      })),
    ),
  ])
  const consents = households.flatMap((h) => [
    ...h.consents.map((purpose) => ({ h, purpose, decision: 'granted' as const, at: utc(h.joinedOn) })),
    ...(h.consentWithdrawnAt
      ? [
          {
            h,
            purpose: 'personalise',
            decision: 'withdrawn' as const,
            at: new Date(Date.parse(h.consentWithdrawnAt)).toISOString(),
          },
        ]
      : []),
  ])
  const care = households.filter((h) => h.care)
  return [
    insertRows(
      schema.customer,
      households.map((h) => ({
        ref: h.ref,
        siteId: h.site,
        firstName: h.firstName,
        staffId: h.staff,
        joinedOn: h.joinedOn,
        ...holdout(h.ref),
        ...(h.holdout === undefined ? {} : { holdout: h.holdout ? 1 : 0 }),
      })),
    ),
    insertRows(
      schema.child,
      households.flatMap((h) =>
        h.children.map((c) => ({ id: `${h.ref}/${c.ref}`, customer: h.ref, birthMonth: c.birthMonth })),
      ),
    ),
    insertRows(
      schema.consent,
      consents.map(({ h, purpose, decision, at }) => ({
        id: `${h.ref}/${purpose}/${decision}`,
        customer: h.ref,
        purpose: purpose as 'personalise',
        channel: 'till',
        decision,
        source: 'customer',
        wording: '1',
        at,
        recordedAt: now,
      })),
    ),
    insertRows(schema.evidence, said),
    insertRows(
      schema.careNote,
      care.map(({ ref, care }) => ({
        id: `${ref}/care-1`,
        customer: ref,
        kind: care!.kind,
        what: care!.what,
        promise: care!.promise,
        promisedBy: care!.promisedBy,
        dueOn: care!.promiseOn ?? null,
        openedOn: care!.openedOn,
      })),
    ),
  ]
}

/** An order as the till would have sent it. */
function purchaseOf(order: Order): PurchaseInput {
  return {
    source: 'juniper-till',
    externalId: order.externalId,
    revision: 0,
    customer: order.customer,
    siteId: order.site,
    staffId: order.staff ?? null,
    soldAt: new Date(Date.parse(order.soldAt)).toISOString(),
    currency: 'USD',
    voided: false,
    recommendationId: null,
    lines: order.lines.map(
      ({ sku, name, category, quantity, unitPriceMinor, unitCostMinor, gift, child }) => ({
        sku,
        name,
        category,
        quantity,
        unitPriceMinor,
        unitCostMinor,
        gift,
        child: child === null ? null : `${order.customer}/${child}`,
      }),
    ),
  }
}

/**
 * The same question answered the ordinary way, to compare with: Drizzle's relational builder for every read,
 * what is not wanted filtered in SQL where SQL can, the rest weighed in plain loops, the answer inserted before
 * it is sent. No snapshot, no kept state, nothing prepared ahead.
 */
import { and, desc, eq, gt, inArray, isNull, or } from 'drizzle-orm'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import type { Hono } from 'hono'
import type { z } from 'zod'
import { ageMonths, dateOf, dayOf, localDay } from '../../src/core/time.ts'
import { hashKey } from '../../src/store/key.ts'
import {
  alliance,
  apiKey,
  backStageCheck,
  child,
  consent,
  customer,
  evidence,
  goal,
  hold,
  link,
  offer,
  partner,
  policy,
  product,
  purchase,
  purchaseLine,
  recommendation,
  rule,
  session,
  site,
  terms,
} from '../../src/store/schema.ts'
import type { AskSchema } from './ask-schema.ts'

const DAY_MS = 86_400_000

/** Answer `POST /v1/recommendations` from joined rows. */
export function answerByJoins(
  app: Hono,
  db: BetterSQLite3Database,
  schema: AskSchema,
  now: () => number,
): void {
  app.post('/v1/recommendations', async (c) => {
    const parsed = schema.safeParse(await c.req.json())
    if (!parsed.success) return c.json({ error: parsed.error.issues }, 400)
    const hash = await hashKey((c.req.header('authorization') ?? '').slice('Bearer '.length))
    const key = db.select().from(apiKey).where(eq(apiKey.hash, hash)).get()
    if (!key || key.revokedAt !== null || key.siteId === null) return c.json({ error: 'key' }, 401)
    return c.json(decide(db, parsed.data, key.siteId, now()))
  })
}

function decide(db: BetterSQLite3Database, ask: z.infer<AskSchema>, siteId: string, nowMs: number) {
  const place = db.select().from(site).where(eq(site.id, siteId)).get()!
  const levers = JSON.parse(
    db.select().from(policy).orderBy(desc(policy.version)).limit(1).get()!.record,
  ) as Record<string, number>
  const today = localDay(nowMs, place.timeZone)
  const date = dateOf(today)
  const ref = ask.customer ?? ''

  // The household.
  const household = db
    .select({ customer, child })
    .from(customer)
    .leftJoin(child, eq(child.customer, customer.ref))
    .where(eq(customer.ref, ref))
    .all()
  const granted = new Set<string>()
  for (const line of db.select().from(consent).where(eq(consent.customer, ref)).orderBy(consent.at).all())
    if (line.decision === 'granted') granted.add(line.purpose)
    else granted.delete(line.purpose)
  const known = household.length > 0 && granted.has('personalise')
  const reasons = known
    ? db
        .select()
        .from(evidence)
        .where(and(eq(evidence.customer, ref), isNull(evidence.retractedAt)))
        .orderBy(desc(evidence.onDate))
        .limit(80)
        .all()
    : []
  const bought = known
    ? db
        .select({ productId: purchaseLine.productId, totalMinor: purchase.totalMinor, id: purchase.id })
        .from(purchase)
        .innerJoin(purchaseLine, eq(purchaseLine.purchaseId, purchase.id))
        .where(and(eq(purchase.customer, ref), eq(purchase.voided, 0)))
        .all()
    : []
  const history = known
    ? db
        .select()
        .from(recommendation)
        .where(
          and(
            eq(recommendation.customer, ref),
            gt(recommendation.at, new Date(nowMs - 120 * DAY_MS).toISOString()),
          ),
        )
        .orderBy(desc(recommendation.at))
        .limit(20)
        .all()
    : []

  // The basket.
  const skus = ask.basket?.lines.flatMap((line) => line.sku ?? []) ?? []
  const inBasket = skus.length ? db.select().from(product).where(inArray(product.sku, skus)).all() : []
  const says = inBasket.length
    ? db
        .select()
        .from(rule)
        .where(
          inArray(
            rule.category,
            inBasket.flatMap((row) => row.category ?? []),
          ),
        )
        .all()
    : []

  // What she wants.
  const goals = db.select().from(goal).all()
  const ages =
    granted.has('childProfile') && known
      ? household.flatMap((row) => (row.child ? ageMonths(row.child.birthMonth, date) : []))
      : []
  const fits = (min: number | null, max: number | null) =>
    (min === null && max === null) ||
    ages.some((age) => age >= (min ?? 0) && age <= (max ?? Number.POSITIVE_INFINITY))
  const wanted: Record<string, number> = {}
  const toldNo = new Set<string>()
  for (const row of goals)
    wanted[row.slug] = fits(row.ageMinMonths === null ? null : row.ageMinMonths - 12, row.ageMaxMonths)
      ? levers.priorShare! * row.baseRate
      : levers.priorOutside!
  const believe = (slug: string, weight: number) => {
    wanted[slug] = 1 - (1 - (wanted[slug] ?? 0)) * (1 - weight)
  }
  for (const line of says) believe(line.goal, line.weight)
  for (const line of reasons) {
    if (line.kind === 'toldNo') toldNo.add(line.goal)
    else if (line.kind === 'declined') wanted[line.goal] = (wanted[line.goal] ?? 0) * levers.declineFactor!
    else believe(line.goal, line.weight * 2 ** (-Math.max(0, today - dayOf(line.onDate)) / line.halfLifeDays))
  }

  // What could be offered, with all that must be true of it.
  const offers = db
    .select({ offer, partner, alliance, terms })
    .from(offer)
    .leftJoin(partner, eq(partner.id, offer.partnerId))
    .leftJoin(alliance, and(eq(alliance.partnerId, partner.id), eq(alliance.state, 'live')))
    .leftJoin(terms, and(eq(terms.allianceId, alliance.id), eq(terms.version, alliance.termsVersion)))
    .where(and(eq(offer.state, 'live'), or(isNull(offer.partnerId), eq(alliance.state, 'live'))))
    .orderBy(offer.id)
    .all()
  const checks = db.select().from(backStageCheck).all()
  const places = db
    .select({ session, hold })
    .from(session)
    .leftJoin(hold, eq(hold.sessionId, session.id))
    .where(eq(session.cancelled, 0))
    .orderBy(session.startsAt)
    .all()
  const links = db.select().from(link).all()

  const free = new Map<string, { row: typeof session.$inferSelect; left: number }[]>()
  for (const { session: row, hold: held } of places) {
    if (Date.parse(row.startsAt) <= nowMs || (row.siteId !== null && row.siteId !== siteId)) continue
    const list = free.get(row.offerId) ?? []
    let entry = list.find((each) => each.row.id === row.id)
    if (!entry) list.push((entry = { row, left: row.capacity - row.bookedElsewhere }))
    if (held && (held.state === 'confirmed' || (held.state === 'held' && Date.parse(held.expiresAt) > nowMs)))
      entry.left--
    free.set(row.offerId, list)
  }
  const month = +date.slice(5, 7)
  const owns = new Set(bought.map((line) => line.productId))
  const orders = new Set(bought.map((line) => line.id)).size
  const usual = bought.length ? bought.reduce((sum, line) => sum + line.totalMinor, 0) / bought.length : 0
  const productOf = new Map(
    db
      .select({ id: product.id, sku: product.sku })
      .from(product)
      .all()
      .map((row) => [row.sku, row.id]),
  )

  const scored: { row: (typeof offers)[number]; score: number }[] = []
  for (const row of offers) {
    const { offer: each, terms: inForce } = row
    if (inForce?.startsOn && inForce.startsOn > date) continue
    if (inForce?.endsOn && inForce.endsOn < date) continue
    const sites = JSON.parse(each.sites) as string[]
    if (sites.length > 0 && !sites.includes(siteId)) continue
    const months = JSON.parse(each.months) as number[]
    if (months.length > 0 && !months.includes(month)) continue
    if (!fits(each.ageMinMonths, each.ageMaxMonths)) continue
    const serves = JSON.parse(each.goals) as Record<string, number>
    if (Object.keys(serves).some((slug) => toldNo.has(slug))) continue
    let doubt = 1
    for (const slug in serves) doubt *= 1 - serves[slug]! * (wanted[slug] ?? 0)
    const fit = 1 - doubt
    if (fit < levers.fitFloor!) continue
    const mine = checks.filter(
      (check) =>
        check.offerId === each.id || (check.partnerId !== null && check.partnerId === each.partnerId),
    )
    if (mine.some((check) => check.critical && (!check.ok || (check.validUntil ?? '9') < date))) continue
    if (each.seated && !(free.get(each.id) ?? []).some((entry) => entry.left > 0)) continue
    if (each.stage !== 'both' && each.stage !== (known && orders > 0 ? 'back' : 'front')) continue
    const owned = (JSON.parse(each.skus) as string[]).map((sku) => productOf.get(sku) ?? -1)
    if (owned.length > 0 && owned.every((id) => owns.has(id))) continue
    if (inBasket.some((line) => owned.includes(line.id))) continue
    const needs = JSON.parse(each.requires) as string[]
    if (needs.length > 0 && !reasons.some((line) => needs.includes(`${line.kind}:${line.offerId}`))) continue
    if (each.priceMinor > levers.basketTimes! * usual && each.priceMinor > 0 && orders > 0) continue
    const last = history.find((before) => before.offerId === each.id && before.saidAt !== null)
    if (last && nowMs - Date.parse(last.saidAt!) < levers.sameOfferDays! * DAY_MS) continue
    let readiness = 1
    for (const check of mine) if (!check.critical && !check.ok) readiness *= 1 - check.severity
    const step = 1 - levers.stepCost! * ['free', 'low', 'medium', 'high'].indexOf(each.commitment)
    const next = links.some(
      (l) =>
        l.toOffer === each.id &&
        reasons.some((line) => line.offerId === l.fromOffer && line.kind === l.trigger),
    )
    scored.push({ row, score: fit * step * readiness * (next ? 1 + levers.nextStepLift! : 1) })
  }
  scored.sort((a, b) => b.score - a.score)

  const shape = (entry: (typeof scored)[number] | undefined) =>
    entry && {
      offerId: entry.row.offer.id,
      kind: entry.row.offer.kind,
      headline: entry.row.offer.headline,
      partner: entry.row.partner && { id: entry.row.partner.id, name: entry.row.partner.name },
      price: { amount: entry.row.offer.priceMinor, currency: place.currency },
      commitment: entry.row.offer.commitment,
      sessions: (free.get(entry.row.offer.id) ?? []).slice(0, 3).map(({ row, left }) => ({
        id: row.id,
        startsAt: row.startsAt,
        place: row.place,
        placesLeft: left,
      })),
      say: JSON.parse(entry.row.offer.say),
      reasons: reasons
        .filter((line) => line.speakable && line.goal in JSON.parse(entry.row.offer.goals))
        .slice(0, 2)
        .map((line) => line.words),
    }
  const id = `rec_${crypto.randomUUID()}`
  const answer = {
    id,
    speak: scored.length > 0,
    primary: shape(scored[0]) ?? null,
    alternate: shape(scored[1]) ?? null,
  }
  db.insert(recommendation)
    .values({
      id,
      siteId,
      customer: known ? ref : null,
      touchpoint: ask.touchpoint,
      staffId: ask.staff ?? null,
      at: new Date(nowMs).toISOString(),
      requestDigest: '',
      offerId: answer.primary?.offerId ?? null,
      arm: 'offer',
      propensity: 1,
      policyVersion: 1,
      answer: JSON.stringify(answer),
      inputs: JSON.stringify({
        evidence: reasons.map((line) => line.id),
        scored: scored.slice(0, 20).map((entry) => [entry.row.offer.id, entry.score]),
      }),
    })
    .run()
  return answer
}

/** For staff with a customer in front of them: find the alliance that fits, with what to say and the next free place. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Card, FoundOffer, Understood } from '../core/browse.ts'
import { cardsOf, understand, wishProblem } from '../core/browse.ts'
import type { Catalogue } from '../core/catalogue.ts'
import { dateOf, localDay } from '../core/time.ts'
import type { KeyRow } from '../store/key.ts'
import type { Snapshot } from '../store/snapshot.ts'
import { listWishes, recordWish } from '../store/wish.ts'
import type { App, Deps } from './app-context.ts'
import { siteOf, stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { date, ref } from './fields.ts'
import { invalid, Problem, problems } from './problem.ts'
import type { SearchField } from './search-index.ts'
import { SearchIndex } from './search-index.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const DAY_MS = 86_400_000
const query = z
  .string()
  .max(200)
  .refine((value) => !value.includes('\0') && value.isWellFormed())

const UnderstoodSchema = z
  .strictObject({
    words: z.array(z.string()),
    ageMonths: z.int().nullable(),
    site: z.string().openapi({ description: 'The one that was named, else the credential’s.' }),
    weekdays: z.array(z.int().min(0).max(6)).openapi({ description: '0 is Sunday.' }),
    dates: z.strictObject({ from: z.string(), until: z.string() }).nullable(),
    goals: z.array(z.string()),
  })
  .openapi('SearchUnderstood')

const FoundOfferSchema = z
  .strictObject({
    id: z.string(),
    headline: z.string(),
    facets: z.array(z.string()),
    price: z.strictObject({ amount: z.int(), currency: z.string() }),
    ageMinMonths: z.int().nullable(),
    ageMaxMonths: z.int().nullable(),
    ready: z.literal(true),
    say: z.strictObject({ opener: z.string(), line: z.string(), disclosure: z.string() }),
    sessions: z.array(
      z.strictObject({
        id: z.string(),
        startsAt: z.string(),
        place: z.string(),
        facet: z.string().nullable(),
        placesLeft: z.int().min(1),
        onAskedDay: z.boolean(),
      }),
    ),
    onAskedDay: z.boolean(),
    matched: z
      .array(z.strictObject({ word: z.string(), in: z.array(z.string()) }))
      .openapi({ description: 'Which words it was found by, and where they stand.' }),
  })
  .openapi('FoundOffer')

const CardSchema = z
  .strictObject({
    allianceId: z.string().nullable(),
    partner: z
      .strictObject({ id: z.string(), name: z.string(), trade: z.string(), opening: z.string() })
      .nullable()
      .openapi({ description: 'null: the shop’s own.' }),
    walkMinutes: z.number().nullable(),
    place: z.strictObject({ name: z.string(), address: z.string() }).nullable(),
    benefit: z.string().nullable().openapi({ description: 'What the family gets.' }),
    wePromise: z.array(z.string()),
    neverPromise: z.array(z.string()),
    people: z.array(
      z.strictObject({ name: z.string(), role: z.string(), phone: z.string(), email: z.string() }),
    ),
    offers: z.array(FoundOfferSchema).min(1).max(3),
  })
  .openapi('AllianceCard')

const SearchSchema = z
  .strictObject({
    understood: UnderstoodSchema,
    cards: z.array(CardSchema),
    more: z.int().min(0).openapi({ description: 'Cards beyond the limit.' }),
    silent: z
      .strictObject({ offers: z.int().min(0), codes: z.record(z.string(), z.int()) })
      .openapi({ description: 'What fits and cannot be offered now, by the gate that says why.' }),
  })
  .openapi('AllianceSearch')
export type AllianceSearch = z.infer<typeof SearchSchema>
export type AllianceCard = z.infer<typeof CardSchema>

const security = [{ key: [] }]
const tags = ['alliance']

const search = createRoute({
  method: 'get',
  path: '/v1/alliances/search',
  operationId: 'searchAlliances',
  tags,
  summary: 'The alliances that fit what she says she wants',
  description:
    'Understands an age, a shop and a day among the words; forgives typing. One card an alliance, its best offer first; only what can be offered now. Without words: everything near, by the way on foot.',
  security,
  request: {
    query: z.object({
      q: query.default('').openapi({ example: 'calm 4 years lincoln corner saturday' }),
      limit: z.coerce.number().int().min(1).max(50).default(10),
      sort: z.enum(['fit', 'walk']).default('fit'),
      site: ref().optional().openapi({ description: 'For credentials of every site.' }),
    }),
  },
  responses: {
    200: json('Cards, best first', SearchSchema),
    ...problems(400, 401, 403, 422, 503),
  },
})

const WishInputSchema = z
  .strictObject({
    eventId: ref(80).openapi({ description: 'Made by whoever asks; repeating it changes nothing.' }),
    words: z.string().min(1).max(400),
    site: ref().optional().openapi({ description: 'For credentials of every site.' }),
  })
  .openapi('WishInput', { example: { eventId: 'wish-0184', words: 'gymnastics 4 years' } })

const wish = createRoute({
  method: 'post',
  path: '/v1/wishes',
  operationId: 'wish',
  tags,
  summary: 'Searched for, and nobody offers it',
  description: 'About a thing and never about a person: telephone numbers and addresses are refused.',
  security,
  request: { body: jsonBody(WishInputSchema) },
  responses: {
    200: json(
      'Kept',
      z
        .strictObject({
          id: z.string(),
          words: z.string(),
          goal: z.string().nullable(),
          ageMonths: z.int().nullable(),
          site: z.string(),
        })
        .openapi('Wish'),
    ),
    ...problems(400, 401, 403, 413, 415, 422, 503),
  },
})

const wishes = createRoute({
  method: 'get',
  path: '/v1/wishes',
  operationId: 'listWishes',
  tags,
  summary: 'What was wished for, the most wanted first',
  description: 'By goal, and by words where no goal was understood. A manager of a site sees that site’s.',
  security,
  request: {
    query: z.object({
      site: ref().optional(),
      since: date.optional().openapi({ description: 'Default: the last 90 days.' }),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: json(
      'Groups',
      z
        .strictObject({
          wishes: z.array(
            z.strictObject({
              goal: z.string().nullable(),
              goalName: z.string().nullable(),
              words: z.array(z.string()),
              wishes: z.int().min(1),
              ageMinMonths: z.int().nullable(),
              ageMaxMonths: z.int().nullable(),
              lastAt: z.string(),
            }),
          ),
        })
        .openapi('WishList'),
    ),
    ...problems(400, 401, 403, 422, 503),
  },
})

/** One index beside each snapshot. */
const indexes = new WeakMap<Snapshot, SearchIndex>()

function indexOf(snapshot: Snapshot, catalogue: Catalogue): SearchIndex {
  let index = indexes.get(snapshot)
  if (!index) indexes.set(snapshot, (index = new SearchIndex()))
  index.update(catalogue)
  return index
}

export function browse(app: App): void {
  app.openapi(search, async (c) => {
    const deps = c.get('deps')
    const { q, limit, sort, site } = c.req.valid('query')
    const catalogue = await stored(deps.snapshot.refresh())
    const home = siteOf(c.get('key'), site, catalogue.sites)
    const index = indexOf(deps.snapshot, catalogue)
    const understood = understoodAt(deps, catalogue, index, home, q)
    // Near the other shop is asked for by name: where that is, is no secret.
    const siteId = understood.siteId ?? home
    const hits = understood.words.length === 0 ? null : index.search(understood.words)
    const at = { siteId, nowMs: deps.clock(), understood, sort, has: (id: string) => index.has(id) }
    const { cards, silent } = cardsOf(hits, catalogue, at)
    const { currency } = catalogue.sites.get(siteId)!
    return c.json(
      {
        understood: shownUnderstood(understood, siteId),
        cards: cards.slice(0, limit).map((card) => shownCard(card, currency)),
        more: Math.max(0, cards.length - limit),
        silent: { offers: Object.values(silent).reduce((sum, n) => sum + n, 0), codes: silent },
      },
      200,
    )
  })

  app.openapi(wish, async (c) => {
    const deps = c.get('deps')
    const { eventId, words, site } = c.req.valid('json')
    const key = c.get('key')
    const problem = wishProblem(words)
    if (problem !== null) throw invalid([{ field: 'words', message: problem }])
    const catalogue = await stored(deps.snapshot.refresh())
    const home = siteOf(key, site, catalogue.sites)
    const understood = understoodAt(deps, catalogue, indexOf(deps.snapshot, catalogue), home, words)
    const row = {
      id: eventId,
      siteId: understood.siteId ?? home,
      staffId: key.staffId,
      words: understood.words.join(' ') || words.trim().replace(/\s+/gu, ' '),
      goal: understood.goals[0] ?? null,
      ageMonths: understood.ageMonths,
      at: new Date(deps.clock()).toISOString(),
    }
    const kept = await stored(recordWish(deps.engine, row))
    if (kept.words !== row.words || kept.ageMonths !== row.ageMonths || kept.siteId !== row.siteId)
      throw new Problem('id_reused', 'This event id was used for another wish.', [
        { field: 'eventId', message: 'was used for another wish' },
      ])
    const { id, goal, ageMonths } = kept
    return c.json({ id, words: kept.words, goal, ageMonths, site: row.siteId }, 200)
  })

  app.openapi(wishes, async (c) => {
    const deps = c.get('deps')
    const { site, since, limit } = c.req.valid('query')
    const catalogue = await stored(deps.snapshot.refresh())
    const key: KeyRow = c.get('key')
    const about = key.siteId === null && site === undefined ? null : siteOf(key, site, catalogue.sites)
    const from = since ?? new Date(deps.clock() - 90 * DAY_MS).toISOString()
    const groups = await stored(listWishes(deps.engine, about, from, limit))
    return c.json(
      {
        wishes: groups.map(({ words, ...group }) => ({
          ...group,
          goalName: catalogue.goals[catalogue.goalIndex.get(group.goal ?? '') ?? -1]?.name ?? null,
          words: words.split(',').slice(0, 20),
        })),
      },
      200,
    )
  })
}

function understoodAt(
  { clock }: Deps,
  { sites }: Catalogue,
  index: SearchIndex,
  siteId: string,
  text: string,
): Understood {
  const today = dateOf(localDay(clock(), sites.get(siteId)!.timeZone))
  return understand(text, index.vocabulary, { today, weekdayNames: WEEKDAYS })
}

const shownUnderstood = ({ siteId: _named, ...rest }: Understood, site: string) => ({ ...rest, site })

function shownCard({ alliance, partner, terms, walkMinutes, offers }: Card<SearchField>, currency: string) {
  const place = partner?.places[0]
  return {
    allianceId: alliance?.id ?? null,
    partner:
      partner === null
        ? null
        : { id: partner.id, name: partner.name, trade: partner.trade, opening: partner.opening },
    walkMinutes,
    place: place ? { name: place.name, address: place.address } : null,
    benefit: terms?.record.customerBenefit ?? null,
    wePromise: terms?.record.wePromise ?? [],
    neverPromise: terms?.record.neverPromise ?? [],
    people: (partner?.people ?? []).map(({ name, role, phone, email }) => ({ name, role, phone, email })),
    offers: offers.map((found) => shownOffer(found, terms?.record.disclosure ?? '', currency)),
  }
}

function shownOffer(
  { listed, hit, sessions, onAskedDay }: FoundOffer<SearchField>,
  earns: string,
  currency: string,
) {
  const { id, headline, facets, priceMinor, ageMinMonths, ageMaxMonths, say } = listed.offer
  return {
    id,
    headline,
    facets,
    price: { amount: priceMinor, currency },
    ageMinMonths,
    ageMaxMonths,
    ready: true as const,
    say: { opener: say.opener, line: say.line, disclosure: say.disclosure || earns },
    sessions: sessions.map(({ session, placesLeft, onAskedDay: asked }) => ({
      id: session.id,
      startsAt: session.startsAt,
      place: session.place,
      facet: session.facet,
      placesLeft,
      onAskedDay: asked,
    })),
    onAskedDay,
    matched: hit.matched,
  }
}

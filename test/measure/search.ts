/**
 * Search for staff, measured: 500 partners with three offers each on a Node shop, 200 queries through the API as
 * written and again with a slip of the finger in every word. Prints the server's own time and how often the alliance
 * that was meant comes first, or among the first three. `npx tsx test/measure/search.ts`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { loadJuniperRow } from '../../seed/juniper-row.ts'
import { blankTerms } from '../../src/core/terms.ts'
import { createApp } from '../../src/http/app.ts'
import type { AllianceSearch } from '../../src/http/browse.ts'
import { randomText } from '../../src/settings.ts'
import { BUMP, insertRows, REV, statement } from '../../src/store/engine.ts'
import * as schema from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { termsColumns } from '../../src/store/terms.ts'
import { openBrowser } from '../browser/shop.ts'
import { SEEDED_AT } from '../support/engines.ts'

const NOW = Date.parse(SEEDED_AT)
const PARTNERS = 500
const QUERIES = 200
const SITE = 'BK'

/** Activities, each with two ways of doing it; five partners do each, for an age of their own. */
const ACTIVITIES =
  `pottery wheel handbuilding|fencing foil sabre|archery recurve longbow|judo throws groundwork|karate kata sparring
  chess openings endgames|drumming djembe snare|guitar acoustic flamenco|ukulele strumming fingerpicking|cello baroque orchestra
  flute recorder piccolo|trumpet cornet brass|singing choir gospel|opera chorus arias|theatre improvisation puppetry
  circus juggling trapeze|magic cards illusions|climbing bouldering belaying|skating figure hockey|skateboarding ramp longboard
  cycling balance mountain|rowing sculling coxing|sailing dinghy catamaran|kayaking river paddling|diving springboard snorkel
  surfing bodyboard paddleboard|horseriding ponies dressage|gymnastics beam tumbling|trampolining bounce somersault|parkour vaulting freerunning
  football goalkeeper dribbling|basketball dunking shooting|volleyball beach spiking|handball pivot keeper|rugby tag sevens
  cricket batting bowling|baseball pitching batter|badminton shuttle doubles|squash rackets rally|golf putting driving
  knitting crochet yarn|sewing quilting embroidery|weaving loom tapestry|woodwork carving whittling|printing linocut etching
  painting watercolour acrylic|drawing charcoal comics|sculpture plaster bronze|photography darkroom portrait|animation claymation storyboards
  baking sourdough pastry|chocolate truffles ganache|gardening seedlings compost|beekeeping honey hives|birdwatching owls migration
  astronomy telescope planets|geology fossils minerals|chemistry crystals slime|electronics soldering circuits|robotics rovers sensors
  programming python games|mathematics puzzles geometry|writing poetry journals|storytelling legends campfire|debating rhetoric speeches
  french croissant conversation|german bretzel songs|italian gelato gestures|portuguese samba phrases|japanese origami calligraphy
  mandarin characters lanterns|arabic script proverbs|polish pierogi rhymes|swedish fika folksongs|russian matryoshka fairytales
  massage lotion reflexology|meditation breathing mindful|pilates stretching posture|tai swordform balancefan|stroller buggyfit strength
  forest den foraging|fishing angling tackle|camping tents knots|hiking trails compass|skiing slalom powder
  snowboarding halfpipe carve|curling broom stones|bowls lawn skittles|tabletennis topspin paddle|boxing footwork gloves
  wrestling folkstyle takedown|capoeira berimbau ginga|ballroom waltz tango|hiphop breaking popping|bollywood bhangra kathak
  irishdance ceilidh jig|flamencodance castanets heels|trumpetry fanfare bugle|harp lullaby celtic|accordion polka musette
  violinmaking luthier varnish|calligram lettering inkwork|stamps philately albums|trains modelrail signals|lego bricks castles`
    .split(/[|\n]/)
    .map((line) => line.trim().split(' ') as [string, string, string])
    .slice(0, 100)
const FIRST =
  'Amber Birch Copper Dapple Ember Fennel Garnet Hazel Indigo Jasper Kestrel Linden Magnolia Nettle Osprey Poplar Quince Rowan Saffron Thistle Umber Velvet Willow Yarrow Zephyr'.split(
    ' ',
  )
const SECOND =
  'Lantern Harbour Meadow Orchard Bridge Foundry Terrace Gables Hollow Junction Kiln Ledge Mill Nook Oak Parlour Quarry Ridge Stables Tower'.split(
    ' ',
  )
const AGES: [number, number][] = [
  [6, 23],
  [24, 47],
  [48, 83],
  [84, 131],
  [132, 192],
]
const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']

/** Numbers drawn one after the other from a seed: mulberry32. */
let state = 20_260_314
function next(): number {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
}
const int = (n: number) => Math.floor(next() * n)

const partners = Array.from({ length: PARTNERS }, (_, i) => {
  const [activity, ...ways] = ACTIVITIES[i % ACTIVITIES.length]!
  const nth = Math.floor(i / ACTIVITIES.length)
  const name = `${FIRST[i % FIRST.length]} ${SECOND[Math.floor(i / FIRST.length) % SECOND.length]}`
  return { id: `M${i}`, name, activity, ways, age: AGES[nth]!, day: nth, walk: 3 + int(25) }
})

async function fill(engine: ReturnType<typeof openSqlite>): Promise<void> {
  const text = (value: unknown) => JSON.stringify(value)
  const kinds = (p: (typeof partners)[number]) => [
    {
      n: 1,
      headline: `Free first ${p.activity} hour`,
      facets: p.ways,
      commitment: 'free' as const,
      price: 0,
    },
    {
      n: 2,
      headline: `A term of ${p.activity}`,
      facets: [p.ways[0]!],
      commitment: 'medium' as const,
      price: 9000,
    },
    {
      n: 3,
      headline: `Holiday ${p.activity} days`,
      facets: [p.ways[1]!],
      commitment: 'high' as const,
      price: 19_000,
    },
  ]
  const monday = '2026-03-16'
  const dateOn = (day: number, week: number) =>
    new Date(Date.parse(`${monday}T00:00:00Z`) + (day + week * 7) * 86_400_000).toISOString().slice(0, 10)
  await engine.atomic([
    BUMP,
    insertRows(
      schema.partner,
      partners.map((p) => ({
        id: p.id,
        name: p.name,
        trade: `${p.activity} for children`,
        goals: text(['enrich']),
        walkMinutes: text({ [SITE]: p.walk }),
        people: text([{ name: 'Desk', role: 'office', phone: '+1 312 555 0100', email: 'desk@example.org' }]),
      })),
    ),
    insertRows(
      schema.alliance,
      partners.map((p) => ({ id: `A-${p.id}`, partnerId: p.id, state: 'live' as const, termsVersion: 1 })),
    ),
    insertRows(
      schema.terms,
      partners.map((p) => ({
        allianceId: `A-${p.id}`,
        version: 1,
        agreedAt: '2025-01-01T00:00:00.000Z',
        ...termsColumns({
          ...blankTerms('USD', '2025-01-01', '2027-01-01'),
          customerBenefit: `a first ${p.activity} hour, free`,
        }),
      })),
    ),
    insertRows(
      schema.briefing,
      partners.map((p) => ({
        allianceId: `A-${p.id}`,
        siteId: SITE,
        termsVersion: 1,
        on: '2025-01-01',
        actor: 'm',
      })),
    ),
    insertRows(
      schema.offer,
      partners.flatMap((p) =>
        kinds(p).map((o) => ({
          id: `${p.id}-${o.n}`,
          kind: 'class-intro' as const,
          partnerId: p.id,
          state: 'live' as const,
          headline: o.headline,
          priceMinor: o.price,
          ageMinMonths: p.age[0],
          ageMaxMonths: p.age[1],
          stage: 'both' as const,
          commitment: o.commitment,
          goals: text({ enrich: 0.5 }),
          facets: text(o.facets),
          seated: o.n === 1 ? 1 : 0,
          say: text({
            opener: `Would ${p.activity} be something?`,
            line: `With ${o.facets.join(' and ')}, in a small group.`,
            ifYes: 'Lovely.',
            ifNotNow: 'Of course.',
            ifNotForUs: 'Thank you.',
            receiptLine: 'See you there.',
            disclosure: '',
          }),
        })),
      ),
    ),
    insertRows(
      schema.session,
      partners.flatMap((p) =>
        [0, 1, 2].map((week) => ({
          id: `${p.id}-s${week}`,
          offerId: `${p.id}-1`,
          siteId: null,
          place: p.name,
          startsAt: `${dateOn(p.day, week)}T15:00:00-05:00`,
          endsAt: `${dateOn(p.day, week)}T16:00:00-05:00`,
          capacity: 6,
        })),
      ),
    ),
    ...['partner', 'alliance', 'terms', 'briefing', 'offer', 'session'].map((table) =>
      statement(`update "${table}" set rev = ${REV} where rev = 0`),
    ),
  ])
}

/** What somebody would type for a partner, in one of four ways. */
function queryFor(p: (typeof partners)[number], i: number): string {
  const years = Math.max(1, Math.ceil(p.age[0] / 12))
  const age = p.age[0] < 24 ? `${p.age[0] + 6} months` : `${years} years`
  switch (i % 4) {
    case 0:
      return `${p.activity} ${age}`
    case 1:
      return `something with ${p.ways[i % 2]} for my ${age} old`
    case 2:
      return `${p.name} ${p.activity}`
    default:
      return `${p.activity} ${DAYS[p.day]} near damen`
  }
}

/** One slip in every word of four letters and more: a letter wrong, missing, twice, or two changed over. */
function slipped(query: string): string {
  return query
    .split(' ')
    .map((word) => {
      if (word.length < 4) return word
      const at = 1 + int(word.length - 2)
      const letters = Array.from(word)
      const kind = int(4)
      if (kind === 0) letters[at] = String.fromCharCode(97 + int(26))
      else if (kind === 1) letters.splice(at, 1)
      else if (kind === 2) letters.splice(at, 0, letters[at]!)
      else [letters[at], letters[at + 1]] = [letters[at + 1] ?? letters[at]!, letters[at]!]
      return letters.join('')
    })
    .join(' ')
}

const share = (n: number, of: number) => `${((100 * n) / of).toFixed(1)} %`
const quantile = (values: number[], q: number) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-measure-'))
  const engine = openSqlite(join(folder, 'shop.sqlite'), 'migrations')
  await loadJuniperRow(engine, 'seed/juniper-row', SEEDED_AT, { purchases: false })
  await fill(engine)
  let took: number[] = []
  let wanted: string | null = null
  const { app, deps } = createApp({
    engine,
    clock: () => NOW,
    random: randomText,
    log: ({ ms, route }) => (wanted !== null && route !== wanted ? 0 : took.push(ms as number)),
    demo: true,
  })
  const headers = { authorization: 'Bearer encore_staff_demo_BK' }
  const ask = async (q: string): Promise<AllianceSearch> => {
    const answer = await app.request(`/v1/alliances/search?q=${encodeURIComponent(q)}`, { headers })
    return answer.json()
  }

  const meant = Array.from({ length: QUERIES }, () => partners[int(partners.length)]!)
  const queries = meant.map(queryFor)
  const typos = queries.map(slipped)
  await ask('')
  const [cold] = took
  for (const q of queries.slice(0, 50)) await ask(q)
  console.log(
    `${PARTNERS} partners, ${PARTNERS * 3} offers beside the demo shop's; the first search ${cold} ms`,
  )
  for (const [name, list] of [
    ['as written', queries],
    ['a slip in every word', typos],
  ] as const) {
    took = []
    const ranks: number[] = []
    for (const [i, q] of list.entries()) {
      const { cards } = await ask(q)
      ranks.push(cards.findIndex(({ partner }) => partner?.id === meant[i]!.id))
    }
    const firsts = ranks.filter((rank) => rank === 0).length
    const three = ranks.filter((rank) => rank >= 0 && rank < 3).length
    console.log(
      `${name}: ${list.length} queries · p50 ${quantile(took, 0.5).toFixed(2)} ms, p95 ${quantile(took, 0.95).toFixed(2)} ms · first ${share(firsts, list.length)}, among the first three ${share(three, list.length)}`,
    )
    if (process.argv.includes('--misses'))
      for (const [i, rank] of ranks.entries())
        if (rank !== 0) console.log(`  ${rank} “${list[i]}” meant ${meant[i]!.name}, ${meant[i]!.activity}`)
  }
  await onPhone(
    app,
    queries,
    (route) => (wanted = route),
    () => {
      const times = took
      took = []
      return times
    },
  )
  await deps.recorder.flush()
  engine.close()
  rmSync(folder, { recursive: true })
}

/** The same queries on the staff page, in a browser of a phone's size; and the taps from a result to a kept place. */
async function onPhone(
  app: ReturnType<typeof createApp>['app'],
  queries: string[],
  only: (route: string) => void,
  times: () => number[],
): Promise<void> {
  const { server, port } = await new Promise<{ server: ReturnType<typeof serve>; port: number }>((done) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
      done({ server, port: info.port }),
    )
  })
  const browser = await openBrowser()
  const address = `http://127.0.0.1:${port}`
  const context = await browser.newContext({
    baseURL: address,
    viewport: { width: 390, height: 844 },
    isMobile: true,
    hasTouch: true,
  })
  const page = await context.newPage()
  await page.goto('/sign-in?to=/staff/alliances')
  await page.getByRole('button', { name: /^Maya/ }).tap()
  await page.waitForURL((url) => url.pathname === '/staff/alliances')
  only('/staff/alliances')
  times()
  for (const q of queries) await page.goto(`/staff/alliances?q=${encodeURIComponent(q)}`)
  const took = times()
  const keep = page.getByRole('button', { name: /^Hold a place/ }).first()
  let taps = 0
  await page.goto(`/staff/alliances?q=${encodeURIComponent(queries[0]!)}`)
  await keep.tap()
  taps++
  await page
    .getByText(/kept until|Kept until|is kept/)
    .first()
    .waitFor()
  console.log(
    `the staff page, 390 × 844 in Chromium: ${took.length} queries · the server's time p50 ${quantile(took, 0.5).toFixed(2)} ms, p95 ${quantile(took, 0.95).toFixed(2)} ms · a place held in ${taps} tap`,
  )
  await browser.close()
  server.close()
}

await main()

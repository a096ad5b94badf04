// Juniper Row's seed, kept honest.
//   node seed/juniper-row/reshape.mjs --check    every count, reference, length and word is as it has to be
//   node seed/juniper-row/reshape.mjs <folder>   writes customers.json and orders.json again from the given shop files
// The other files are written by hand and are their own source.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const here = import.meta.dirname
// Its goals are the set that every shop may begin with.
const own = (name) =>
  JSON.parse(
    readFileSync(join(here, name === 'goals' ? '../../src/core/starter-goals.json' : `${name}.json`), 'utf8'),
  )
const write = (name, rows) =>
  writeFileSync(join(here, `${name}.json`), `[\n${rows.map((r) => JSON.stringify(r)).join(',\n')}\n]\n`)

/** A small fixed hash (FNV-1a with a final mix), so that the same input gives the same shop for ever. */
function hash(text) {
  let x = 2166136261
  for (const ch of text) x = Math.imul(x ^ ch.charCodeAt(0), 16777619)
  x = Math.imul(x ^ (x >>> 15), 2246822507)
  return (x ^ (x >>> 13)) >>> 0
}

const zone = new Intl.DateTimeFormat('en-US', { timeZone: 'America/Chicago', timeZoneName: 'longOffset' })
const offset = (date) =>
  zone
    .formatToParts(new Date(`${date}T18:00:00Z`))
    .find((p) => p.type === 'timeZoneName')
    .value.replace('GMT', '')

/** A till time between 11:00 and 17:00 of that day, in the shop's own zone. */
function soldAt(ref, date) {
  const minutes = 660 + (hash(`t${ref}`) % 360)
  const two = (n) => String(n).padStart(2, '0')
  return `${date}T${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:00${offset(date)}`
}

function reshape(folder) {
  const given = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  const goals = new Map(own('goals').map((g) => [g.slug, g]))
  const products = own('products')
  const customers = given('customers')
  const births = new Map(customers.flatMap((c) => c.children.map((k) => [k.ref, k.birthMonth])))
  const ageMonths = (birth, on) =>
    (Number(on.slice(0, 4)) - Number(birth.slice(0, 4))) * 12 +
    Number(on.slice(5, 7)) -
    Number(birth.slice(5, 7))

  function pick(line, index, order) {
    const age = line.child ? ageMonths(births.get(line.child), order.on) : null
    const fitsSixYears = age !== null && age >= 60 && age <= 95
    const choice = products.filter(
      (p) => p.category === line.category && (fitsSixYears || p.sku !== 'DR-204-6'),
    )
    return choice[hash(`${order.ref}|${index}|${line.category}`) % choice.length].sku
  }

  const told = (c) => (slug) => ({
    goal: slug,
    facet: slug === 'languages' ? 'spanish' : null, // the words say so
    on: c.joinedOn,
    about: null,
    staff: c.primaryStaff,
    words: goals.get(slug).customerWords,
    child: c.children.length === 1 && !goals.get(slug).householdLevel ? c.children[0].ref : null,
  })

  write(
    'customers',
    customers.map((c) => ({
      ref: c.ref,
      firstName: c.firstName,
      site: c.homeSite,
      staff: c.primaryStaff,
      source: c.source,
      joinedOn: c.joinedOn,
      children: c.children,
      consents: ['personalise', 'childProfile', ...(c.letterConsent ? ['letter'] : [])],
      told: c.toldGoals.map(told(c)),
    })),
  )
  write(
    'orders',
    given('orders').map((o) => ({
      externalId: o.ref,
      customer: o.customer,
      site: o.site,
      staff: o.staff,
      soldAt: soldAt(o.ref, o.on),
      lines: o.lines.map((l, i) => ({
        sku: pick(l, i, o),
        quantity: 1,
        unitPriceMinor: l.priceMinor,
        unitCostMinor: l.costMinor,
        gift: l.gift,
        child: l.child,
      })),
    })),
  )
}

const counts = {
  goals: 59,
  categories: 37,
  rules: 42,
  offers: 122,
  links: 79,
  partners: 15,
  sites: 2,
  staff: 9,
  households: 12,
  customers: 200,
  orders: 1335,
}
const unkind =
  /\b(only|last chance|hurry|limited|don['’]t miss|too late|you should|you must|falling behind|other children|best mothers?|she|he|her|his|him|we know you|illness|therapy|divorce|baptism|christening|church)\b/i
const lengths = {
  opener: 90,
  line: 160,
  ifYes: 160,
  ifNotNow: 160,
  ifNotForUs: 160,
  receiptLine: 160,
  disclosure: 160,
}
const commitments = ['free', 'low', 'medium', 'high']

export function check() {
  const problems = []
  const need = (ok, what) => ok || problems.push(what)
  const names = [...Object.keys(counts), 'products', 'sessions']
  const d = Object.fromEntries(names.map((n) => [n, own(n)]))
  const unique = (rows, key, what) => {
    const set = new Set(rows.map((r) => r[key]))
    need(set.size === rows.length, `${what}: ${key} repeats`)
    return set
  }
  for (const [n, want] of Object.entries(counts))
    need(d[n].length === want, `${n}: ${d[n].length}, not ${want}`)

  const goals = unique(d.goals, 'slug', 'goals')
  const categories = unique(d.categories, 'slug', 'categories')
  const skus = unique(d.products, 'sku', 'products')
  const offers = unique(d.offers, 'id', 'offers')
  const partners = unique(d.partners, 'id', 'partners')
  const sites = unique(d.sites, 'id', 'sites')
  const staff = unique(d.staff, 'id', 'staff')
  unique(d.sessions, 'id', 'sessions')
  const offerOf = new Map(d.offers.map((o) => [o.id, o]))
  const productOf = new Map(d.products.map((p) => [p.sku, p]))

  for (const g of d.goals) {
    need(g.parent === null || goals.has(g.parent), `${g.slug}: parent`)
    if (g.question !== null) {
      need(
        g.question.length <= 90 && g.question.endsWith('?') && !unkind.test(g.question),
        `${g.slug}: question`,
      )
      need(!g.toldOnly, `${g.slug}: a told-only goal is not asked about`)
    }
  }
  for (const r of d.rules)
    need(categories.has(r.category) && goals.has(r.goal), `rule ${r.category} ${r.goal}`)
  for (const c of d.categories) {
    const here = d.products.filter((p) => p.category === c.slug)
    need(here.length >= 2, `${c.slug}: ${here.length} products`)
    for (const p of here) {
      need(
        p.priceMinor >= c.priceLowMinor && p.priceMinor <= c.priceHighMinor,
        `${p.sku}: price outside its category`,
      )
      need(p.costMinor < p.priceMinor && !unkind.test(p.name), `${p.sku}: cost or name`)
    }
  }
  for (const p of d.products) need(categories.has(p.category), `${p.sku}: category`)
  for (const o of d.offers) {
    need(o.partner === null || partners.has(o.partner), `${o.id}: partner`)
    need(o.headline.length <= 40 && !unkind.test(o.headline), `${o.id}: headline`)
    need(o.say.opener.endsWith('?'), `${o.id}: the opener is a question`)
    for (const [k, max] of Object.entries(lengths)) {
      need(o.say[k].length <= max && !unkind.test(o.say[k]), `${o.id}: ${k}`)
      need(k === 'disclosure' || o.say[k].length > 0, `${o.id}: ${k} is empty`)
    }
    need((o.partner === null) === (o.say.disclosure === ''), `${o.id}: a partner's offer says what we earn`)
    need(!/\$|\bpays? us\b/.test(JSON.stringify({ ...o.say, disclosure: '' })), `${o.id}: money in the words`)
    const weights = Object.entries(o.goals)
    need(weights.length >= 1 && weights.length <= 5, `${o.id}: number of goals`)
    for (const [g, w] of weights) need(goals.has(g) && w > 0 && w <= 1, `${o.id}: goal ${g}`)
    for (const s of o.skus) need(skus.has(s), `${o.id}: ${s}`)
    for (const r of o.requires)
      need(/^\w+:\*$/.test(r) || offers.has(r.split(':')[1]), `${o.id}: requires ${r}`)
    need(
      commitments.includes(o.commitment) && (o.commitment === 'free') === (o.priceMinor === 0),
      `${o.id}: commitment`,
    )
    need(['F', 'B', 'both'].includes(o.stage), `${o.id}: stage`)
  }
  for (const l of d.links) {
    need(offers.has(l.from) && offers.has(l.to), `link ${l.from} ${l.to}`)
    need(
      l.when.length > 0 && l.when.length <= 60 && l.fromDays < l.untilDays,
      `link ${l.from} ${l.to}: window or words`,
    )
  }
  for (const p of d.partners) {
    for (const g of p.goals) need(goals.has(g), `${p.id}: goal ${g}`)
    need(p.alliance.terms.disclosure.length <= 160, `${p.id}: disclosure`)
  }
  for (const s of d.staff) for (const x of s.sites) need(sites.has(x), `${s.id}: site`)
  for (const s of d.sessions) {
    const o = offerOf.get(s.offer)
    need(o && (s.site === null || sites.has(s.site)), `${s.id}: offer or site`)
    need(s.startsAt < s.endsAt && s.startsAt >= '2026-03-16' && s.startsAt < '2026-04-13', `${s.id}: time`)
    need(offset(s.startsAt.slice(0, 10)) === s.startsAt.slice(19), `${s.id}: offset`)
    need(s.bookedElsewhere >= 0 && s.bookedElsewhere <= s.capacity, `${s.id}: places`)
    need(o.months.length === 0 || o.months.includes(Number(s.startsAt.slice(5, 7))), `${s.id}: out of season`)
    need(!s.facet || o.facets.includes(s.facet), `${s.id}: facet`)
  }
  for (const o of d.offers) {
    const inSeason = o.months.length === 0 || o.months.includes(3) || o.months.includes(4)
    const booked = d.sessions.some((s) => s.offer === o.id)
    need(!(o.kind === 'class-intro' && inSeason) || booked, `${o.id}: a free introduction without a session`)
  }
  const place = (offer, starts) => d.sessions.find((s) => s.offer === offer && s.startsAt === starts)
  const yoga = place('O049', '2026-03-21T09:30:00-05:00')
  need(yoga?.capacity === 12 && yoga.bookedElsewhere === 10, 'O049: 2 of 12 places on 21 March')
  const piano = d.sessions.filter((s) => s.offer === 'O054')[0]
  need(
    piano?.startsAt === '2026-03-21T10:00:00-05:00' && piano.capacity === 1 && piano.bookedElsewhere === 0,
    'O054: one place on 21 March',
  )
  need(offerOf.get('O054').headline === 'Free first piano lesson', 'O054: headline')
  need(
    productOf.get('DR-204-6')?.priceMinor === 9600 && productOf.get('HA-011')?.priceMinor === 2200,
    "Ana's basket",
  )

  const people = [...d.households, ...d.customers]
  const refs = unique(people, 'ref', 'people')
  const children = new Map(people.map((c) => [c.ref, new Set(c.children.map((k) => k.ref))]))
  const order = (o, who) => {
    need(sites.has(o.site) && (o.staff === null || staff.has(o.staff)), `${o.externalId}: site or staff`)
    need(offset(o.soldAt.slice(0, 10)) === o.soldAt.slice(19), `${o.externalId}: offset`)
    const hour = Number(o.soldAt.slice(11, 13))
    need(hour >= 11 && hour < 17, `${o.externalId}: outside opening hours`)
    for (const l of o.lines) {
      need(skus.has(l.sku), `${o.externalId}: ${l.sku}`)
      need(l.child === null || (children.get(who).has(l.child) && !l.gift), `${o.externalId}: child`)
    }
  }
  for (const c of people) {
    need(sites.has(c.site) && (c.staff === null || staff.has(c.staff)), `${c.ref}: site or staff`)
    for (const t of c.told) {
      need(
        goals.has(t.goal) && t.words && (t.child === null || children.get(c.ref).has(t.child)),
        `${c.ref}: told`,
      )
    }
  }
  for (const h of d.households) {
    for (const o of h.orders) order(o, h.ref)
    for (const l of h.tryBasket) need(skus.has(l.sku), `${h.ref}: ${l.sku}`)
    for (const x of h.declined) need(offers.has(x.offer), `${h.ref}: declined`)
    for (const l of [...h.orders.flatMap((o) => o.lines), ...h.tryBasket]) {
      const p = productOf.get(l.sku)
      need(
        p?.name === l.name && p?.category === l.category && p?.priceMinor === l.unitPriceMinor,
        `${h.ref}: ${l.sku} differs`,
      )
    }
  }
  for (const o of d.orders) {
    need(refs.has(o.customer), `${o.externalId}: customer`)
    if (refs.has(o.customer)) order(o, o.customer)
  }
  unique([...d.orders, ...d.households.flatMap((h) => h.orders)], 'externalId', 'orders')
  return problems
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const arg = process.argv[2]
  if (arg && arg !== '--check') reshape(arg)
  const problems = check()
  for (const p of problems) console.log(p)
  console.log(problems.length === 0 ? 'Juniper Row: all in order' : `Juniper Row: ${problems.length} to mend`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

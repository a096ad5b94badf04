/** The owner's pages, as the owner meets them: an alliance from first word to pause, by keyboard, without scripts. */
import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { PageOptions } from './visit.ts'
import { barriers, PHONE, signIn, visits } from './visit.ts'

const here = visits()

/** Ask the API as the owner's own program would. */
async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<any> {
  const answer = await fetch(`${here.shop.address}${path}`, {
    method,
    headers: {
      authorization: 'Bearer encore_owner_demo',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(answer.ok, `${method} ${path} ${answer.status}`).toBe(true)
  return answer.json()
}

async function asRosa(options: PageOptions = {}): Promise<Page> {
  const { page } = await here.open(options)
  await signIn(page, 'Rosa, the owner')
  return page
}

/** By keyboard alone: Tab until it has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let n = 0; n < 120; n++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`The keyboard does not get to ${target}.`)
}
async function press(page: Page, name: string | RegExp, role: 'button' | 'link' = 'button'): Promise<void> {
  await tabTo(page, page.getByRole('main').getByRole(role, { name }).first())
  await page.keyboard.press('Enter')
  await page.waitForLoadState()
}
async function type(page: Page, label: string, text: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true }).first()
  await tabTo(page, field)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(text)
}
/** A date field takes month, day and year one after the other. */
const typeDate = (page: Page, label: string, date: string) =>
  type(page, label, `${date.slice(5, 7)}${date.slice(8)}${date.slice(0, 4)}`)

describe('an alliance', () => {
  it('goes from a new partner to live, to a pause and on, by keyboard and without scripts', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/partners/new')
    await type(page, 'Name', 'Oak Street Gymnastics')
    await type(page, 'Trade', 'gymnastics club')
    await tabTo(page, page.getByLabel('Goal 1'))
    await page.keyboard.type('Tum')
    await page.keyboard.press('Tab')
    await type(page, 'Place', 'The hall')
    await type(page, 'Minutes from Damen Street', 'nine')
    await press(page, 'Keep the partner')
    // Said once, beside the field, in a person's words.
    await page.getByText('Minutes from Damen Street: write a number').waitFor()
    expect(await page.getByText('Invalid input').count()).toBe(0)
    await type(page, 'Minutes from Damen Street', '9')
    await press(page, 'Keep the partner')
    await page.getByText('The partner is kept.').waitFor()

    await tabTo(page, page.locator('summary', { hasText: 'Another check' }))
    await page.keyboard.press('Enter')
    await type(page, 'What is checked', 'safeguarding')
    await typeDate(page, 'Valid until, that day included', '2027-03-01')
    await press(page, 'Keep the check')
    await page.getByText('until 1 March 2027, critical').waitFor()

    await page.reload()
    await press(page, 'Start an alliance', 'link')
    await typeDate(page, 'Until, that day included', '2027-02-28')
    await press(page, 'Save the draft')
    // What is wrong stands beside its field, and nothing that was typed is lost.
    const benefit = page.getByLabel('The benefit, in a sentence')
    await expect.poll(() => benefit.getAttribute('aria-invalid'), { timeout: 30_000 }).toBe('true')
    expect(await page.getByLabel('Until, that day included').inputValue()).toBe('2027-02-28')
    await type(page, 'The benefit, in a sentence', 'a free first hour on the soft floor')
    await press(page, 'Save the draft')
    await page.getByText('The draft is kept.').waitFor()
    const id = new URL(page.url()).pathname.split('/').at(-1)!

    await press(page, 'Propose it', 'link')
    await press(page, 'Propose it')
    await page.getByText('now it is for the partner to decide').waitFor()
    await page.getByText('We have agreed. The partner has not decided.').waitFor()

    const { partner } = await ask('GET', `/v1/alliances/${id}`)
    const invite = page.getByRole('link', { name: 'invite their office so that they can decide' })
    expect(await invite.getAttribute('href')).toBe(`/owner/people?partner=${partner}`)
    expect((await ask('GET', `/v1/partners/${partner}`)).goals).toEqual(['mv-gym'])
    await agreeAsPartner(partner, id)
    await page.reload()
    await page.getByRole('link', { name: 'publish an offer' }).waitFor()
    const offer = await ask('POST', '/v1/offers', OFFER(partner))
    await ask('POST', `/v1/offers/${offer.id}/publish`, {})

    await page.reload()
    await page.getByRole('link', { name: 'brief Damen Street' }).waitFor()
    await press(page, 'Go live', 'link')
    await press(page, 'Go live')
    await page.getByText('staff of no site know its words').first().waitFor()
    await press(page, 'Oak Street Gymnastics', 'link')
    await press(page, /Staff at Damen Street know it/)
    await page.getByText('Kept: staff know the words.').waitFor()
    await press(page, 'Go live', 'link')
    await page.getByText('This offer is made again').waitFor()
    await press(page, 'Go live')
    await page.getByText('It is live: tills may offer it').waitFor()

    await press(page, 'Pause', 'link')
    await page.getByRole('heading', { name: 'This offer goes silent' }).waitFor()
    await page.getByText('Free first hour of gymnastics').waitFor()
    await type(page, 'Why, for the history', 'The hall is painted.')
    await press(page, 'Pause')
    await page.getByText('It is paused').waitFor()
    await page.getByText('why: The hall is painted.').waitFor()
    // Who did it is said by name, and by no id.
    expect(await page.locator('main').innerText()).not.toMatch(/st_\w+/)
    await press(page, 'Resume', 'link')
    await press(page, 'Resume')
    await page.getByText('It is live: tills may offer it').waitFor()
    expect((await ask('GET', `/v1/alliances/${id}`)).state).toBe('live')
    await page.context().close()
  })

  it('is renewed in a few fields, and both see what changed', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/alliances/A14')
    await page.getByText('Ends in 17 days').waitFor()
    await page.getByRole('link', { name: 'Renew' }).click()
    expect(await page.getByLabel('From').inputValue()).toBe('2026-04-01')
    expect(await page.getByLabel('Until, that day included').inputValue()).toBe('2027-03-31')
    await page.getByLabel('Introductions we make a quarter').fill('many')
    await page.getByRole('button', { name: 'Save as version 2' }).click()
    expect(await page.getByLabel('Introductions we make a quarter').inputValue()).toBe('many')
    await page.getByLabel('Introductions we make a quarter').fill('9')
    await page.getByRole('button', { name: 'See what would change' }).click()
    await page.getByText('Nothing is saved yet.').waitFor()
    await page.getByRole('button', { name: 'Save as version 2' }).click()
    await page.getByRole('heading', { name: 'Version 2 waits for a decision' }).waitFor()
    await page.locator('.owner-differences', { hasText: '31 March 2027' }).first().waitFor()
    await page.getByRole('button', { name: 'Agree for the shop' }).click()
    await page.getByText('We have agreed. The partner has not decided.').waitFor()
    await page.goto('/owner/alliances')
    const waiting = page.locator('.owner-alerts li', { hasText: 'New terms of' })
    await waiting.getByText('Version 2 waits for their decision.').waitFor()
    await page.context().close()
  })

  it('keeps what was typed when somebody else was faster', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/partners/P05')
    const { id, checks: _, version, walkMinutes: __, ...record } = await ask('GET', '/v1/partners/P05')
    await ask('PUT', `/v1/partners/${id}`, { ...record, opening: 'Mon' }, { 'if-match': `"${version}"` })
    await page.getByLabel('Open').fill('Tue')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody changed this partner').waitFor()
    expect(await page.getByLabel('Open').inputValue()).toBe('Tue')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    expect((await ask('GET', '/v1/partners/P05')).opening).toBe('Tue')
    await page.context().close()
  })
})

const OFFER = (partner: string) => ({
  kind: 'class-intro',
  partner,
  headline: 'Free first hour of gymnastics',
  priceMinor: 0,
  commitment: 'free',
  goals: { 'mv-gym': 0.9 },
  seated: false,
  say: {
    opener: 'Is there somebody at home who likes to climb?',
    line: 'An hour on the soft floor, free.',
    ifYes: 'I will print the code.',
    ifNotNow: 'Of course, it is there all spring.',
    ifNotForUs: 'Thank you for saying so.',
    receiptLine: 'Free first hour of gymnastics at Oak Street.',
    disclosure: '',
  },
})

async function agreeAsPartner(partner: string, id: string): Promise<void> {
  const { url } = await ask('POST', '/v1/invites', { role: 'partner', partner, label: 'The partner' })
  const { page } = await here.open({ javaScriptEnabled: false })
  await page.goto(url)
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(/\/partner/)
  const answer = await page.context().request.post(`/v1/alliances/${id}/decisions`, {
    data: { version: 1, decision: 'agree' },
    headers: { origin: here.shop.address },
  })
  expect(answer.status()).toBe(200)
  await page.context().close()
}

describe('beside alliances', () => {
  it('an offer is published once its words may be said, and says which may not', async () => {
    const draft = { ...OFFER('P02'), headline: 'Hurry, last places!', goals: { 'music-instrument': 0.9 } }
    const { id } = await ask('POST', '/v1/offers', draft)
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto(`/owner/offers/${id}`)
    await page.getByText('19 of 40 characters').waitFor()
    expect(await page.getByLabel('Headline').getAttribute('aria-invalid')).toBe('true')
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByRole('alert').getByText('Not published.').waitFor()
    await page.getByLabel('Headline').fill('Free first cello lesson')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByText('Published: tills may offer it').waitFor()
    await page.context().close()
  })

  it('an offer with places is given its times, once or every week', async () => {
    const draft = { ...OFFER('P02'), seated: true, goals: { 'music-instrument': 0.9 } }
    const { id } = await ask('POST', '/v1/offers', draft)
    await ask('POST', `/v1/offers/${id}/publish`, {})
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/alliances/A02')
    await page.getByRole('link', { name: `add a time to ${draft.headline}`, exact: true }).click()
    await page.getByText('No session to come.').waitFor()
    await page.getByLabel('Day').fill('2026-03-20')
    await page.getByLabel('From', { exact: true }).fill('16:00')
    await page.getByLabel('To', { exact: true }).fill('16:45')
    await page.getByLabel('Where').fill('The studio')
    await page.getByLabel('Places', { exact: true }).fill('many')
    await page.getByLabel('Every week until').fill('2026-03-31')
    await page.getByRole('button', { name: 'Add the time' }).click()
    await page.getByText('Places: write a number').waitFor()
    expect(await page.getByLabel('Where').inputValue()).toBe('The studio')
    await page.getByLabel('Places', { exact: true }).fill('3')
    await page.getByRole('button', { name: 'Add the time' }).click()
    await page.getByText('The time is there').waitFor()
    const { items } = await ask('GET', `/v1/offers/${id}/sessions`)
    expect(items.map(({ startsAt, capacity }: any) => [startsAt, capacity])).toEqual([
      ['2026-03-20T16:00:00-05:00', 3],
      ['2026-03-27T16:00:00-05:00', 3],
    ])
    await page.context().close()
  })

  it('a goal without a percentage is served whole', async () => {
    const { id } = await ask('POST', '/v1/offers', { ...OFFER('P02'), goals: { 'music-instrument': 0.9 } })
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto(`/owner/offers/${id}`)
    await page.getByLabel('How much, %').first().fill('most')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('How much, %: write a number').waitFor()
    await page.getByLabel('How much, %').first().fill('')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.', { exact: true }).waitFor()
    expect((await ask('GET', `/v1/offers/${id}`)).goals).toEqual({ 'music-instrument': 1 })
    await page.context().close()
  })

  it('a table is tried, says what is wrong line by line, and is written', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/partners/import')
    await page
      .getByLabel('Or the table itself')
      .fill('partner,name,trade,goals\noak,Oak,gym,mv-nothing\nelm,Elm,books,\n')
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByText('mv-nothing is unknown').waitFor()
    await page.getByText('1 new').waitFor()
    await page.getByLabel('Write the good rows').check()
    await page.getByRole('button', { name: 'Write it' }).click()
    await page.getByRole('heading', { name: 'It is written' }).waitFor()
    expect((await ask('GET', '/v1/partners/elm')).name).toBe('Elm')
    await page.goto('/owner/partners/import')
    const table = Buffer.from('partner,name,trade\nfir,Fir,florist\n')
    await page.getByLabel('A file').setInputFiles({ name: 'fir.csv', mimeType: 'text/csv', buffer: table })
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByText('1 new').waitFor()
    await page.context().close()
  })

  it('somebody is invited by a link that is shown once, and signed out', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/people')
    await page.getByLabel('Name, as the pages show it').fill('Jo')
    await page.getByRole('button', { name: 'Make the link' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.getByLabel('Name, as the pages show it').inputValue()).toBe('Jo')
    await page.getByLabel('Role').selectOption('partner')
    await page.getByRole('button', { name: 'Make the link' }).click()
    await page.locator('#f-partner-wrong').getByText('Choose which partner').waitFor()
    await page.getByLabel('Role').selectOption('staff')
    await page.getByLabel('Shop', { exact: true }).selectOption('LS')
    await page.getByRole('button', { name: 'Make the link' }).click()
    const url = (await page.locator('.code').innerText()).trim()
    const other = await here.open({ javaScriptEnabled: false })
    await other.page.goto(url)
    await other.page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await other.page.waitForURL(/\/staff\/alliances/)
    await page.goto('/owner/people')
    await page.getByRole('button', { name: 'Sign out Jo' }).click()
    await page.getByText('They are signed out').waitFor()
    await other.page.goto('/staff/alliances')
    await other.page.waitForURL(/\/sign-in/)
    await other.page.context().close()
    await page.context().close()
  })

  it('a dispute waits among what needs the owner, and is settled once', async () => {
    // The alliance pays nothing, so what can be doubted is a favour.
    const favour = { eventId: 'spring-letter', unit: 'letter', amount: 1, on: '2026-03-02' }
    const entry = await ask('POST', '/v1/alliances/A02/favours', favour)
    const doubt = { eventId: 'doubt-1', reason: 'The letter was not sent.' }
    await ask('POST', `/v1/ledger/${encodeURIComponent(entry.id)}/disputes`, doubt)
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/alliances')
    await page.getByRole('link', { name: 'In dispute' }).click()
    await page.getByText('The letter was not sent.').waitFor()
    await page.getByRole('button', { name: 'It stands' }).click()
    await page.getByText('It is settled.').waitFor()
    expect(await page.getByText('The letter was not sent.').count()).toBe(0)
    await page.context().close()
  })

  it('two references become one customer, seen before and said to be for good', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/staff/customers')
    await press(page, 'Two references are one customer', 'link')
    await page.getByLabel('The reference that goes').fill('hh_0001')
    await page.getByLabel('The reference that stays').fill('nobody-here')
    await press(page, 'See what they come to')
    // In the page's words, never by the names of the API's fields.
    await page.getByText('Not found. There is no customer nobody-here').waitFor()
    await page.getByText('The reference that stays: is unknown').waitFor()
    await page.getByLabel('The reference that stays').fill('hh_0001')
    await press(page, 'See what they come to')
    await page.getByText('Not compared. hh_0001 and hh_0001 are one customer already.').waitFor()
    await page.getByLabel('The reference that stays').fill('nobody-here')
    await press(page, 'See what they come to')
    expect(await page.getByLabel('The reference that goes').inputValue()).toBe('hh_0001')
    await page.getByLabel('The reference that stays').fill('g01-ana')
    await press(page, 'See what they come to')
    await page.getByText('It cannot be taken apart again.').waitFor()
    const purchases = page.locator('tr', { has: page.getByRole('rowheader', { name: 'Purchases' }) })
    expect(await purchases.locator('td').allTextContents()).toEqual(['1', '5', '6'])
    await press(page, 'Make them one')
    await page
      .getByText('Not done. Say that they are one customer: it cannot be taken apart again.')
      .waitFor()
    await page.getByLabel('hh_0001 and g01-ana are one customer').check()
    await press(page, 'Make them one')
    await page.getByText('They are one customer now').waitFor()
    expect((await ask('GET', '/v1/customers/hh_0001/card')).ref).toBe('g01-ana')
    await page.context().close()
  })

  it('a household is kept as a test, from an answer that was given', async () => {
    const basket = { lines: [{ sku: 'DR-204-6', category: 'dresses', quantity: 1, unitPrice: 9600 }] }
    const { id } = await ask('POST', '/v1/recommendations', { site: 'BK', customer: 'g01-ana', basket })
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/policy')
    await press(page, 'Personas', 'link')
    await page.getByRole('heading', { name: '12 of 12 pass' }).waitFor()
    await page.getByLabel('The answer’s id').fill(id)
    await press(page, 'Begin one')
    await page.getByText('Says “Free first piano lesson”').waitFor()
    await page.getByLabel('Name').fill('Wants a piano')
    await press(page, 'Keep it')
    await page.getByText('Kept: it is run whenever').waitFor()
    await page.getByRole('heading', { name: '13 of 13 pass' }).waitFor()
    await press(page, 'Wants a piano', 'link')
    await page.getByLabel('Says “Free first piano lesson”').uncheck()
    await page.getByLabel('Nothing is said').check()
    await press(page, 'Keep it')
    await page.getByRole('heading', { name: '12 of 13 pass' }).waitFor()
    await press(page, 'Wants a piano', 'link')
    await press(page, 'Test it no more')
    await page.getByText('It is tested no more.').waitFor()
    await page.context().close()
  })

  it('every page of the owner’s is one or two taps away, in one line a group on a laptop', async () => {
    const page = await asRosa({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } })
    await page.goto('/owner/alliances')
    for (const [group, name, path] of [
      ['Goals and polls', 'Goals map', '/owner/goals'],
      ['Goals and polls', 'Polls', '/owner/polls'],
      ['Policy and learning', 'Policy', '/owner/policy'],
      ['Policy and learning', 'Learning', '/owner/learning'],
      ['Policy and learning', 'Lift', '/owner/lift'],
      ['Alliances', 'Alliances', '/owner/alliances'],
      ['People', 'Who may come in', '/owner/people'],
    ] as const) {
      const [groups, within] = [page.locator('.owner-ways > nav').first(), page.locator('.owner-within')]
      await groups.getByRole('link', { name: group, exact: true }).click()
      await within.getByRole('link', { name, exact: true }).click()
      await page.waitForURL((url) => url.pathname === path)
      for (const nav of [groups, within]) expect((await nav.boundingBox())!.height, path).toBeLessThan(60)
      expect(await within.locator('[aria-current="page"]').textContent()).toBe(name)
    }
    await page.context().close()
  })

  it('a month that is over is issued once, and can be printed', async () => {
    const page = await asRosa({ javaScriptEnabled: false })
    await page.goto('/owner/partners/P02/statements/2026-03')
    await page.getByRole('button', { name: 'Issue it' }).click()
    await page.getByText('A month is issued when it is over.').waitFor()
    await page.getByRole('link', { name: 'February 2026' }).click()
    await page.getByRole('button', { name: 'Issue it' }).click()
    await page.getByText('issued on 14 March 2026').waitFor()
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('link', { name: 'As CSV' }).isVisible()).toBe(false)
    await page.context().close()
  })
})

const PLACES = [
  '/owner/alliances',
  '/owner/alliances?state=live',
  '/owner/alliances/A02',
  '/owner/alliances/A14',
  '/owner/alliances/A02/move?to=paused',
  '/owner/alliances/A02/terms',
  '/owner/alliances/A14/terms?renew=1',
  '/owner/partners',
  '/owner/partners/new',
  '/owner/partners/P05',
  '/owner/partners/import',
  '/owner/partners/P02/statements/2026-02',
  '/owner/offers?state=live',
  '/owner/offers/O054',
  '/owner/people',
  '/owner/merge',
  '/owner/merge?ref=hh_0001&into=g01-ana',
  '/owner/personas',
  '/owner/personas/new',
  '/owner/personas/piano',
]

describe('everybody can use the owner’s pages', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    it(`meets WCAG 2.2 AA, ${colorScheme}`, { timeout: 300_000 }, async () => {
      const page = await asRosa({ colorScheme })
      const found: string[] = []
      for (const path of PLACES) {
        await page.goto(path)
        for (const barrier of await barriers(page)) found.push(`${path}: ${barrier}`)
      }
      expect(found).toEqual([])
      await page.context().close()
    })

  it('fits a phone, with nothing too small to tap', async () => {
    const page = await asRosa(PHONE)
    for (const path of PLACES) {
      expect((await page.goto(path))!.status(), path).toBe(200)
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
      expect(over, path).toBeLessThanOrEqual(0)
      const small = await page
        .locator(
          'main :is(button, .button, select, input:not([type="checkbox"], [type="hidden"]), .owner-tick):visible',
        )
        .evaluateAll((all) =>
          all.filter((each) => each.getBoundingClientRect().height < 44).map((each) => each.outerHTML),
        )
      expect(small, path).toEqual([])
    }
    await page.context().close()
  })

  it('opens for nobody else', async () => {
    const { page } = await here.open({ javaScriptEnabled: false })
    await page.goto('/owner/alliances')
    await page.waitForURL(/\/sign-in\?to=/)
    await page.getByRole('button', { name: 'Maya, floor staff at Damen Street' }).click()
    await page.getByText('This is not for you to open.').waitFor()
    await page.context().close()
  })
})

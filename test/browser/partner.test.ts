/** A partner at its page: says what became of families, keeps its times, reads its terms; on a phone, without scripts, whatever was written. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { SEEDED_AT } from '../support/engines.ts'
import { openShop } from './shop.ts'
import { barriers, button, PHONE, SEEDED, signIn, visits } from './visit.ts'

const CALENDAR = [
  'BEGIN:VCALENDAR',
  'BEGIN:VEVENT',
  'UID:intro@northside.example',
  'DTSTART;TZID=America/Chicago:20260321T150000',
  'DTEND;TZID=America/Chicago:20260321T153000',
  'SUMMARY:Piano introduction',
  'END:VEVENT',
  'END:VCALENDAR',
].join('\r\n')

type Lived = { file: string; booked: string[]; late: string }

let folder: string
let lived: Lived

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'encore-partner-'))
  lived = await liveAMonth()
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true }))
const here = visits(() => lived.file)

/** The seeded shop with families on their way, one late, a family sent back, a proposal, a draft with bad words, a check running out. */
async function liveAMonth(): Promise<Lived> {
  const file = join(folder, 'lived.sqlite')
  copyFileSync(SEEDED, file)
  const engine = openSqlite(file, 'migrations')
  const clock = () => Date.parse(SEEDED_AT)
  const { app, deps } = createApp({ engine, clock, random: randomText, log: () => {}, demo: true })
  const ask = async (method: string, path: string, body: unknown, key: string, etag?: string) => {
    const answer = await app.request(path, {
      method,
      headers: {
        authorization: `Bearer encore_${key}`,
        'content-type': 'application/json',
        ...(etag ? { 'if-match': etag } : {}),
      },
      ...(body === null ? {} : { body: JSON.stringify(body) }),
    })
    const read: any = await answer.json()
    expect(answer.ok, JSON.stringify(read)).toBe(true)
    return { ...read, etag: answer.headers.get('etag') }
  }
  const partner = 'partner_demo_P02'
  const { items } = await ask('GET', '/v1/offers/O054/sessions', null, partner)
  const booked: string[] = []
  for (const [i, customer] of ['g01-ana', 'g02-ben', undefined].entries()) {
    const eventId = `desk-${i}`
    const held = await ask('POST', '/v1/holds', { eventId, sessionId: items[i].id, customer }, 'till_demo_BK')
    const path = `/v1/holds/${held.hold.id}/confirm`
    booked.push((await ask('POST', path, { eventId: `${eventId}-c` }, 'till_demo_BK')).code)
  }
  await ask('POST', '/v1/referrals', { eventId: 'card-1' }, partner)
  await ask(
    'POST',
    '/v1/offers',
    {
      kind: 'class-intro',
      headline: 'Hurry: first cello lesson',
      priceMinor: 0,
      commitment: 'free',
      goals: { 'music-instrument': 0.9 },
      facets: ['cello'],
      seated: true,
      say: { opener: 'Is a cello a wish at home?', line: 'Do not miss it, only two places left.' },
    },
    partner,
  )
  const { etag, terms } = await ask('GET', '/v1/alliances/A02', null, 'owner_demo')
  const next = {
    ...terms[0].record,
    endsOn: '2027-08-31',
    perMonth: 30,
    toUs: { ...terms[0].record.toUs, basisPoints: 800, capMinor: 5000 },
    disclosure: 'The conservatory pays us a share of the first term.',
  }
  await ask('POST', '/v1/alliances/A02/terms', next, 'owner_demo', etag)
  const late = booked[2]!
  await engine.atomic([
    BUMP,
    statement(
      `update referral set madeOn = '2026-02-15', createdAt = '2026-02-15T17:00:00.000Z', expiresOn = '2026-03-20', statusDueOn = '2026-03-01',
         sessionId = null, state = 'booked' where code = ?`,
      late,
    ),
    statement(`update backStageCheck set validUntil = '2026-04-02', rev = ${REV} where partnerId = 'P02'`),
  ])
  await ask(
    'POST',
    `/v1/referrals/${booked[0]}/events`,
    { eventId: 'e1', kind: 'enrolled', value: 56_000 },
    partner,
  )
  const line = (id: string, amount: number, dueOn: string) =>
    statement(
      `insert into ledgerEntry (id, partnerId, allianceId, code, cause, unit, amount, currency, termsVersion, onDate, dueOn, recordedAt)
       values (?, 'P02', 'A02', ?, 'commission', 'money', ?, 'USD', 1, '2026-03-10', ?, '2026-03-14T16:42:00.000Z')`,
      id,
      booked[0]!,
      amount,
      dueOn,
    )
  await engine.atomic([line('line-1', 4480, '2026-04-13'), line('line-2', -1200, '2026-03-12')])
  await deps.recorder.flush()
  engine.close()
  return { file, booked, late }
}

const link = (page: Page, name: string) => page.getByRole('main').getByRole('link', { name, exact: true })
const intro = (page: Page, code: string) => page.getByRole('article', { name: code })

const asPartner = (page: Page, to = '/partner') => signIn(page, 'Northside Conservatory, a partner', to)

/** Open what is folded, so that all of a page is looked at; also without its scripts. */
const unfold = async (page: Page) => {
  const folded = page.locator('main details:not([open]) > summary')
  while ((await folded.count()) > 0) await folded.first().click()
}

/** Walk through every page and state, and look at each. */
async function everyState(page: Page, look: (state: string) => Promise<void>) {
  const at = async (path: string, state: string) => {
    await page.goto(path)
    await unfold(page)
    await look(state)
  }
  await asPartner(page)
  await look('what is needed')
  await unfold(page)
  await look('what is needed, unfolded')
  await at(`/partner?code=${lived.booked[0]}`, 'one code')
  await at('/partner?code=BK-ZZZZZ', 'an unknown code')
  await page.goto('/partner')
  await button(page, 'Give them a code').click()
  await page.locator('.slip-code').waitFor()
  await look('a code to bring')
  await at('/partner/places', 'places')
  await page.locator('input[name=on]').first().fill('2026-03-22')
  await page.locator('input[name=from]').first().fill('10:00')
  await page.locator('input[name=to]').first().fill('09:00')
  await button(page, 'Add it').first().click()
  await page.getByRole('alert').waitFor()
  await look('a time that cannot be')
  await page.goto('/partner/places')
  await page.locator('.small-key').first().click()
  await page.getByRole('heading', { name: /^Cancel / }).waitFor()
  await look('before cancelling')
  await button(page, 'Cancel this time').click()
  await page.getByRole('heading', { name: /^Cancelled/ }).waitFor()
  await look('cancelled')
  await at('/partner/places/calendar?offer=O054', 'a calendar')
  await page.getByLabel('Or paste what is in it').fill(CALENDAR)
  await button(page, 'Look first, write nothing').click()
  await page.getByText('Nothing is written yet.').waitFor()
  await look('what it would be')
  await at('/partner/terms', 'terms')
  await at('/partner/account', 'account')
  await at('/partner/statements/2026-03', 'a statement')
  await at('/partner/offers', 'offers')
  await at('/partner/offers/O054', 'a published offer')
  await at('/partner/offers/new', 'a new draft')
  await page.goto('/partner/offers')
  await link(page, 'Hurry: first cello lesson').click()
  await page.locator('mark').first().waitFor()
  await look('a draft with bad words')
  await at('/partner/offers/nothing', 'nothing here')
  await at('/owner/alliances', 'not for them')
}

describe('a partner', () => {
  for (const javaScriptEnabled of [true, false])
    it(`is told first what is owed, and says what became of a family in one tap, ${javaScriptEnabled ? 'on a phone' : 'without scripts'}`, async () => {
      const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled })
      await asPartner(page)
      const first = page.getByRole('article').first()
      expect(await first.textContent()).toContain(lived.late)
      expect(await first.textContent()).toContain('No word for 27 days')
      await page.getByText('New terms are proposed to you.').waitFor()
      await page.getByText('runs out on 2 April, in 19 days').waitFor()
      await page.getByText('cannot be published yet').waitFor()
      await first.getByRole('button', { name: /^Came/ }).tap()
      await page.getByText('Thank you, kept.').waitFor()
      expect(await intro(page, lived.late).locator('.intro-state').textContent()).toBe('Came')
      await button(page, /^That was a mistake/)
        .first()
        .tap()
      await page.getByText('Taken back: as if it had not been said.').waitFor()
      expect(await intro(page, lived.late).locator('.intro-state').textContent()).toBe('Expected')
      await intro(page, lived.late).getByText('Enrolled…').tap()
      await intro(page, lived.late).getByLabel('What they pay for it').fill('five hundred')
      await intro(page, lived.late)
        .getByRole('button', { name: /^Enrolled/ })
        .tap()
      await page.getByText('is not an amount').waitFor()
      await intro(page, lived.late).getByText('Enrolled…').tap()
      await intro(page, lived.late).getByLabel('What they pay for it').fill('$560.00')
      await intro(page, lived.late)
        .getByRole('button', { name: /^Enrolled/ })
        .tap()
      await page.getByText('Thank you, kept.').waitFor()
      expect(await intro(page, lived.late).locator('.intro-state').textContent()).toBe('Enrolled')
      await intro(page, lived.late).getByText('Recital on…').tap()
      await intro(page, lived.late).getByLabel('The day of the recital').fill('2026-06-13')
      await intro(page, lived.late)
        .getByRole('button', { name: /^Tell the shop/ })
        .tap()
      await page.getByText('Thank you, kept.').waitFor()
      await page.getByText('What was said about it').tap()
      await page.getByText('Recital on 13 June').waitFor()
      // A form that was refused answers with its status, and browsers say so.
      expect(complaints.filter((each) => !each.includes('status of 422'))).toEqual([])
      await page.context().close()
    })

  it('types a code from the counter as it is read, and sees a first name only where she allows it', async () => {
    const { page } = await here.open(PHONE)
    await asPartner(page)
    await page.getByLabel('A code from your counter').fill(` ${lived.booked[0]!.toLowerCase()} `)
    await button(page, 'Look').tap()
    const found = intro(page, lived.booked[0]!)
    await found.waitFor()
    expect(await found.getByRole('heading').textContent()).toBe(`${lived.booked[0]} Ana`)
    expect(await intro(page, lived.booked[1]!).getByRole('heading').textContent()).toBe(lived.booked[1])
    await page.getByLabel('A code from your counter').fill('what')
    await button(page, 'Look').tap()
    await page.getByText('No introduction of yours has this code.').waitFor()
    await link(page, 'Enrolled').tap()
    await page.waitForURL(/state=enrolled/)
    expect(await page.locator('#all ~ .intros article').count()).toBe(1)
    await page.context().close()
  })

  it('gives a family a code, and the till says who sent her, once', async () => {
    const { page, complaints } = await here.open()
    await asPartner(page)
    await button(page, 'Give them a code').click()
    const code = (await page.locator('.slip-code').textContent())!.replace('Code ', '').trim()
    expect(code).toMatch(/^P02-[2-9A-Z]{5}$/)
    expect(await page.getByRole('img', { name: `The code ${code}` }).count()).toBe(1)
    await page.goto('/till')
    await page.getByText('Or a reference never seen before').waitFor()
    const redeem = async (who: string, typed: string) => {
      await page.goto(`/till?site=BK&who=${who}`)
      await page.getByLabel('A partner’s code').fill(typed)
      await page.locator('#sent').getByRole('button', { name: 'Use it' }).click()
    }
    await redeem('c-new', code.toLowerCase())
    await page.getByText('we know who sent her').waitFor()
    await redeem('c-other', code)
    await page.getByText('This code was used already').waitFor()
    await redeem('c-other', 'P02-22222')
    await page.getByText('No partner gave this code.').waitFor()
    await page.goto(`/partner?code=${code}`)
    expect(await intro(page, code).locator('.intro-state').textContent()).toBe('Used at the shop')
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('adds a weekly time, looks at a calendar before it is written, and hears whom to tell of a cancellation', async () => {
    const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled: false })
    await asPartner(page, '/partner/places')
    const piano = page.getByRole('region', { name: 'Free first piano lesson' })
    await piano.getByText('Add a time').tap()
    for (const [name, value] of [
      ['Day', '2026-03-20'],
      ['From', '17:00'],
      ['To', '17:30'],
      ['Where', 'Studio 9'],
      ['Until, if it repeats', '2026-04-10'],
    ] as const)
      await piano.getByLabel(name, { exact: true }).fill(value)
    await piano.getByLabel('How often').selectOption('week')
    await piano.getByRole('button', { name: 'Add it' }).tap()
    await page.getByText('4 times are there.').waitFor()
    await piano.getByText('Fri 20 March, 17:00–17:30').waitFor()

    await piano.getByRole('link', { name: /^From your calendar/ }).tap()
    await page.getByLabel('The file (.ics)').setInputFiles({
      name: 'times.ics',
      mimeType: 'text/calendar',
      buffer: Buffer.from(CALENDAR),
    })
    await button(page, 'Look first, write nothing').tap()
    await page.getByText('Nothing is written yet. This would be: 1 new').waitFor()
    await button(page, 'Write it').tap()
    await page.getByText('Written: 1 new').waitFor()
    await link(page, 'Back to the places').tap()
    await piano.getByText('Sat 21 March, 15:00–15:30').waitFor()

    const [code] = lived.booked.slice(1)
    await page.goto(`/partner?code=${code}`)
    const day = /Expected (.+)/.exec((await intro(page, code!).locator('.intro-state').textContent())!)![1]!
    await page.goto('/partner/places')
    await piano.getByRole('link', { name: `Cancel… ${day}` }).tap()
    await page.getByText('These families are booked, and must be told:').waitFor()
    await link(page, code!).waitFor()
    await button(page, 'Cancel this time').tap()
    await page.getByRole('heading', { name: /^Cancelled/ }).waitFor()
    await link(page, code!).waitFor()
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('reads what a proposal changes, agrees to it, doubts a line and prints a statement', async () => {
    const { page, complaints } = await here.open(PHONE)
    await asPartner(page, '/partner/terms')
    const changes = page.locator('.desk-changes')
    await changes.getByText('You to the shop, share of the first sale').waitFor()
    expect((await changes.textContent())!.replace(/\s+/g, ' ')).toContain('Before: 0 % → Then: 8 %')
    await button(page, 'Agree').tap()
    await page.getByText('You agreed.').waitFor()
    expect(await button(page, 'Agree').count()).toBe(0)
    await link(page, 'Account').tap()
    await page.getByText('The shop owes you $12').first().waitFor()
    await page.getByText('Not due yet: you owe the shop $44.80').waitFor()
    await link(page, 'March 2026').tap()
    await page.getByRole('heading', { name: 'Statement of March 2026' }).waitFor()
    const csv = await page.request.get((await link(page, 'As a file (CSV)').getAttribute('href'))!)
    expect([csv.status(), await csv.text()]).toEqual([200, expect.stringContaining('-12.00')])
    await link(page, 'Back to the account').tap()
    await page.getByText('I doubt this line').first().tap()
    await page.getByLabel('What is wrong with it?').first().fill('They paid for half a term.')
    await button(page, 'Tell the shop').first().tap()
    await page.getByText('The line is frozen').waitFor()
    await page.getByText(/^In doubt: \$/).waitFor()
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('sees beside each field which words stand in the way of a draft, and mends them', async () => {
    const { page } = await here.open({ ...PHONE, javaScriptEnabled: false })
    await asPartner(page, '/partner/offers')
    await link(page, 'Hurry: first cello lesson').tap()
    expect(await page.locator('#headline-wrong mark').textContent()).toBe('Hurry')
    expect(await page.locator('#line-wrong').textContent()).toContain('“only two places” claims a limit')
    await page.getByLabel('Headline').fill('First cello lesson')
    await page.getByLabel('What it is', { exact: true }).fill('Half an hour with a cello of the right size.')
    await page.getByLabel('From age, in years').fill('soon')
    await button(page, 'Keep and check it').tap()
    await page.getByText('is not an age in years').waitFor()
    expect(await page.getByLabel('Headline').inputValue()).toBe('First cello lesson')
    await page.getByLabel('From age, in years').fill('6')
    for (const name of ['If they say yes', 'If not now', 'If it is not for them', 'On the receipt'])
      await page.getByLabel(name).fill('Thank you, a time is kept.')
    await button(page, 'Keep and check it').tap()
    await page.getByText('Nothing stands in the way').waitFor()
    await page.context().close()
  })
})

describe('everybody can use the pages', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    it(`they meet WCAG 2.2 AA in every state, ${colorScheme}`, { timeout: 300_000 }, async () => {
      const { page } = await here.open({ ...PHONE, colorScheme })
      const found: string[] = []
      await everyState(page, async (state) => {
        for (const barrier of await barriers(page)) found.push(`${state}: ${barrier}`)
      })
      expect(found).toEqual([])
      await page.context().close()
    })

  for (const [name, viewport] of [
    ['phone', PHONE],
    ['desktop', { viewport: { width: 1280, height: 900 } }],
  ] as const)
    it(`they fit a ${name} without scrolling sideways, with targets of 44 pixels`, {
      timeout: 300_000,
    }, async () => {
      const { page } = await here.open({ ...viewport, reducedMotion: 'reduce' })
      const wrong: string[] = []
      let n = 0
      await everyState(page, async (state) => {
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
        if (over > 0) wrong.push(`${state}: ${over} pixels too wide`)
        const small = await page.evaluate<string[]>(`[...document.querySelectorAll(
          'main button, main a, main input:not([type=checkbox]), main select, main summary, main textarea, main label:has([type=checkbox])')]
          .filter((each) => each.checkVisibility())
          .map((each) => [each.textContent || each.id, each.getBoundingClientRect()])
          .filter(([, box]) => box.width < 44 || box.height < 43.9)
          .map(([text, box]) => text.trim() + ' ' + Math.round(box.width) + '×' + Math.round(box.height))`)
        wrong.push(...small.map((each) => `${state}: ${each}`))
        const folder = process.env.ENCORE_SHOTS
        if (!folder) return
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme })
          await page.screenshot({
            path: `${folder}/${name}-${String(n).padStart(2, '0')}-${state.replace(/\W+/g, '-')}-${colorScheme}.png`,
            fullPage: true,
          })
        }
        n++
      })
      expect(wrong).toEqual([])
      await page.context().close()
    })
})

describe('what was written by others', () => {
  it('is shown as words on every page, and none of it runs or turns the page around', {
    timeout: 300_000,
  }, async () => {
    const file = join(folder, 'hostile.sqlite')
    copyFileSync(lived.file, file)
    const engine = openSqlite(file, 'migrations')
    const evil = `<script>window.ran = 1</script><img src=x onerror="window.ran = 2">\u202Ejavascript:window.ran=3 "'--></textarea><svg onload=ran()>`
    const set = (sql: string, ...values: string[]) => statement(sql, ...values)
    await engine.atomic([
      BUMP,
      set(
        `update partner set name = ?1, trade = ?1, places = ?2, rev = ${REV} where id = 'P02'`,
        evil,
        JSON.stringify([{ name: evil, address: evil, walkMinutes: { BK: 1 } }]),
      ),
      set(
        `update offer set headline = ?1, facets = json_array(?1, 'cello'), rev = ${REV},
           say = json_set(say, '$.opener', ?1, '$.line', ?1, '$.receiptLine', ?1, '$.disclosure', ?1) where partnerId = 'P02'`,
        evil,
      ),
      set(
        `update terms set customerBenefit = ?1, disclosure = ?1, rev = ${REV}, record = json_set(record, '$.customerBenefit', ?1, '$.disclosure', ?1,
           '$.neverPromise', json_array(?1), '$.wePromise', json_array(?1), '$.weDo.shelf', ?1, '$.theyDo.letter', ?1) where allianceId = 'A02' and version = 1`,
        evil,
      ),
      set(`update session set place = ?1, facet = ?1, rev = ${REV} where offerId in ('O054', 'O055')`, evil),
      set(`update customer set firstName = ?1 where ref = 'g01-ana'`, evil),
      set(`update ledgerEntry set note = ?1 where partnerId = 'P02'`, evil),
      set(
        `insert into dispute (id, partnerId, entryId, reason, openedBy, openedAt) values ('d.x', 'P02', 'line-1', ?1, 'P02', '2026-03-14T16:42:00.000Z')`,
        evil,
      ),
    ])
    engine.close()
    const hostile = await openShop(file)
    const { page, complaints } = await here.open({}, hostile)
    await asPartner(page)
    const shown = new Set<string>()
    for (const path of [
      '/partner',
      `/partner?code=${lived.booked[0]}`,
      `/partner?code=${encodeURIComponent(evil)}`,
      `/partner?did=${encodeURIComponent(evil)}&state=${encodeURIComponent(evil)}&cursor=x`,
      '/partner/places',
      '/partner/places/calendar?offer=O054',
      '/partner/terms',
      '/partner/account',
      '/partner/statements/2026-03',
      '/partner/offers',
      '/partner/offers/O054',
      '/partner/offers/new',
    ]) {
      await page.goto(path)
      await unfold(page)
      if (path === '/partner/places') {
        await page.locator('.small-key').first().click()
        await page.getByRole('heading', { name: /^Cancel / }).waitFor()
      }
      if (path === '/partner/offers') {
        await page.locator('.desk-link').first().click()
        await page.locator('mark').first().waitFor()
      }
      expect(
        await page.locator('main script, main img, main [onerror], main [onload], main svg[onload]').count(),
        path,
      ).toBe(0)
      expect(await page.evaluate<unknown>('window.ran'), path).toBe(undefined)
      expect(await page.locator('a[href^="javascript"]').count(), path).toBe(0)
      // Each of their texts is an island: what turns around inside it ends with it. Fields and names for readers aloud are islands by themselves.
      const loose = await page.evaluate<string[]>(`(() => {
        const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
        const found = []
        while (walk.nextNode()) {
          const at = walk.currentNode
          if (at.data.includes('\\u202e') && !at.parentElement.closest('bdi, textarea, option, .unseen')) found.push(at.parentElement.outerHTML)
        }
        return found
      })()`)
      expect(loose, path).toEqual([])
      if ((await page.locator('main').innerHTML()).includes('&lt;script&gt;')) shown.add(path)
    }
    expect(shown.size).toBeGreaterThan(7)
    expect(complaints).toEqual([])
    await page.context().close()
    await hostile.close()
  })
})

/** Staff with a customer in front of them: search, say, keep the place; on a phone, without scripts, whatever partners wrote. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { BUMP, REV, statement } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openShop } from './shop.ts'
import { barriers, button, PHONE, SEEDED, signIn, visits } from './visit.ts'

const here = visits()

const card = (page: Page, name: string) => page.getByRole('article', { name })

const asStaff = (page: Page, who = 'Maya, floor staff at Damen Street') =>
  signIn(page, who, '/staff/alliances')

async function find(page: Page, q: string) {
  await page.getByLabel('What does she want?').fill(q)
  await button(page, 'Find').click()
  await page.waitForURL((url) => url.searchParams.get('q') === q)
}

/** Walk through every state of the pages, and look at each. */
async function everyState(page: Page, look: (state: string) => Promise<void>) {
  await asStaff(page)
  await look('everything near')
  await find(page, 'piano for my 5 year old saturday')
  await look('found')
  await button(page, /^Hold a place/)
    .first()
    .click()
  await page.getByText(/A place is kept: /).waitFor()
  await look('kept')
  await button(page, 'Confirm for the family').click()
  await page.locator('.slip-code').waitFor()
  await look('confirmed')
  await page
    .getByRole('link', { name: /^A card to print/ })
    .first()
    .click()
  await page.locator('.printed').waitFor()
  await look('a card to print')
  await page.goto('/staff/alliances')
  await find(page, 'archery 7 years')
  await look('nothing found')
  await button(page, 'Keep the wish').click()
  await page.getByText('The wish is kept.').waitFor()
  await look('wished')
  await asStaff(page, 'Rosa, the owner')
  await look('an owner, every site')
}

describe('with a customer in front of them, staff', () => {
  for (const javaScriptEnabled of [true, false])
    it(`hold a place in two taps from the search and confirm it in one more, ${javaScriptEnabled ? 'on a phone' : 'without scripts'}`, async () => {
      const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled })
      await asStaff(page)
      let taps = 0
      const tap = async (name: string | RegExp) => {
        taps++
        await button(page, name).first().tap()
      }
      await page.getByLabel('What does she want?').fill('piano 5 years')
      await tap('Find')
      await page.waitForURL(/q=piano/)
      const northside = card(page, 'Northside Conservatory')
      await northside.getByText('Is the piano still a wish at home?').waitFor()
      await northside
        .getByText(/conservatory.*pay/i)
        .first()
        .waitFor()
      await northside.getByText(/11 min on foot/).waitFor()
      await northside.getByText('a recital place').waitFor()
      expect(await northside.getByRole('link', { name: /^Call/ }).getAttribute('href')).toBe(
        'tel:+13125550141',
      )
      await tap(/^Hold a place/)
      await page.getByText(/A place is kept: Sat 21 March, 10:00.*until 1[12]:\d\d/).waitFor()
      expect(taps).toBe(2)
      await tap('Confirm for the family')
      const code = (await page.locator('.slip-code').textContent())!
      expect(code).toMatch(/^BK-[0-9A-Z]{5}$/)
      await page
        .getByText(/Free first piano lesson/)
        .first()
        .waitFor()
      expect(await page.getByRole('img', { name: `The code ${code}` }).count()).toBe(1)
      const slip = (await page.locator('.slip').textContent())!
      expect(slip).toContain('The place is hers: Sat 21 March, 10:00')
      expect(slip).toContain('Northside Conservatory, ')
      // What she is told stands on paper: the day, where it is, and her code.
      const own = page.getByRole('link', { name: 'A card to print, with the day and the code' })
      const address = (await own.getAttribute('href'))!
      expect(address).not.toContain(code)
      await own.tap()
      const printed = page.locator('.printed')
      await printed.waitFor()
      for (const words of ['Sat 21 March, 10:00', 'Northside Conservatory, ', `the code ${code}`])
        expect(await printed.textContent()).toContain(words)
      expect(await page.getByRole('img', { name: `The code ${code}` }).count()).toBe(1)
      expect(complaints).toEqual([])
      await page.context().close()
    })

  it('who send a form twice, or go back and tap again, keep one place', async () => {
    const { page } = await here.open({ javaScriptEnabled: false })
    await asStaff(page)
    await find(page, 'piano')
    await button(page, /^Hold a place/)
      .first()
      .click()
    await page.getByText(/A place is kept: /).waitFor()
    await page.reload()
    await page.getByText(/A place is kept: /).waitFor()
    await page.goto('/staff/alliances?q=piano')
    const places = await card(page, 'Northside Conservatory')
      .locator('.browse-sessions')
      .first()
      .textContent()
    await button(page, /^Hold a place/)
      .first()
      .click()
    await button(page, 'Give it back').click()
    await page.waitForLoadState()
    expect(await card(page, 'Northside Conservatory').locator('.browse-sessions').first().textContent()).toBe(
      places,
    )
    await page.context().close()
  })

  it('who take the last place still have it to confirm, though nobody finds the offer any more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'encore-last-'))
    const file = join(folder, 'shop.sqlite')
    copyFileSync(SEEDED, file)
    const engine = openSqlite(file, 'migrations')
    await engine.atomic([
      BUMP,
      statement(
        `update session set cancelled = 1, rev = ${REV} where offerId = 'O054'
           and id <> (select min(id) from session where offerId = 'O054')`,
      ),
      statement(`update session set bookedElsewhere = capacity - 1, rev = ${REV} where offerId = 'O054'`),
    ])
    engine.close()
    const other = await openShop(file)
    const { page } = await here.open(PHONE, other)
    await asStaff(page)
    await find(page, 'free first piano lesson')
    await page
      .getByRole('button', { name: /^Hold a place/ })
      .first()
      .tap()
    await page.getByText(/A place is kept: /).waitFor()
    await button(page, 'Confirm for the family').tap()
    const code = await page.locator('.slip-code').textContent()
    await page
      .getByRole('link', { name: /^A card to print/ })
      .first()
      .tap()
    expect(await page.locator('.printed-code').textContent()).toBe(`the code ${code}`)
    const address = page.url()
    for (const wrong of [address.replace('/A02/', '/A01/'), address.replace(/hold=[^&]+/, 'hold=hold_none')])
      expect((await page.goto(wrong))!.status(), wrong).toBe(404)
    await page.context().close()
    await other.close()
    rmSync(folder, { recursive: true })
  })

  it('are told in a sentence when none of the dates is on the day she asked for', async () => {
    const { page } = await here.open(PHONE)
    await asStaff(page)
    await find(page, 'piano saturday')
    const northside = card(page, 'Northside Conservatory')
    await northside.locator('.on-asked-day').first().waitFor()
    const offer = northside.locator('.browse-offer').first()
    expect(await offer.textContent()).not.toContain('the next')
    await find(page, 'piano monday')
    expect(await offer.textContent()).toMatch(/No Monday date; the next (is|are):/)
    await page.context().close()
  })

  it('are not told of dates where an offer is a thing to take home', async () => {
    const { page } = await here.open(PHONE)
    await asStaff(page)
    await find(page, 'bedtime bundle picture books')
    const books = card(page, 'Page & Pillow').locator('.browse-offer').first()
    expect(await books.locator('.say').count()).toBe(1)
    expect(await books.textContent()).not.toContain('No dates')
    expect(await books.locator('.browse-sessions').count()).toBe(0)
    await page.context().close()
  })

  it('see what was understood, choose the nearest first, and keep a wish in one tap', async () => {
    const { page } = await here.open(PHONE)
    await asStaff(page, 'Jo, floor staff at Lincoln Corner')
    await find(page, 'calm 4 years saturday')
    expect(await page.locator('#understood').textContent()).toBe(
      'Looked for “calm” · 4 years · Saturday · near Lincoln Corner',
    )
    await page.getByRole('link', { name: 'Nearest' }).tap()
    await page.waitForURL(/sort=walk/)
    const ways = (await page.locator('.browse-walk').allTextContents()).map(
      (text) => Number.parseInt(text, 10) || 0,
    )
    expect(ways.length).toBeGreaterThan(1)
    expect(ways).toEqual([...ways].sort((a, b) => a - b))
    await find(page, 'archery')
    await button(page, 'Keep the wish').tap()
    await page.getByText('The wish is kept.').waitFor()
    await find(page, 'archery 312 555 0140')
    await button(page, 'Keep the wish').tap()
    await page.getByText('A wish is about a thing').waitFor()
    await page.context().close()
  })

  it('can do it all by keyboard', async () => {
    const { page } = await here.open()
    await asStaff(page)
    await page.getByLabel('What does she want?').focus()
    await page.keyboard.type('piano')
    await page.keyboard.press('Enter')
    await page.waitForURL(/q=piano/)
    const press = async (name: RegExp) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab')
        const on = await page.evaluate<string>('document.activeElement.textContent')
        if (name.test(on)) return page.keyboard.press('Enter')
      }
      throw new Error(`not reached: ${name}`)
    }
    await press(/^Hold a place/)
    await page.getByText(/A place is kept: /).waitFor()
    await press(/^Confirm for the family/)
    await page.locator('.slip-code').waitFor()
    await page.context().close()
  })
})

describe('everybody can use the page', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    it(`meets WCAG 2.2 AA in every state, ${colorScheme}`, { timeout: 300_000 }, async () => {
      const { page, complaints } = await here.open({ ...PHONE, colorScheme })
      const found: string[] = []
      await everyState(page, async (state) => {
        for (const barrier of await barriers(page)) found.push(`${state}: ${barrier}`)
      })
      expect(found).toEqual([])
      expect(complaints).toEqual([])
      await page.context().close()
    })

  for (const [name, viewport] of [
    ['phone', PHONE],
    ['desktop', { viewport: { width: 1280, height: 900 } }],
  ] as const)
    it(`fits a ${name} without scrolling sideways, with targets of 44 pixels`, {
      timeout: 300_000,
    }, async () => {
      const { page } = await here.open(viewport)
      await everyState(page, async (state) => {
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
        expect(over, state).toBeLessThanOrEqual(0)
        const small: string[] = []
        for (const each of await page
          .locator(
            'main button:visible, main a:visible, main input:visible, main select:visible, main summary:visible',
          )
          .all()) {
          const box = await each.boundingBox()
          if (box && (box.width < 44 || box.height < 43.9))
            small.push(`${await each.textContent()} ${box.height}`)
        }
        expect(small, state).toEqual([])
      })
      await page.context().close()
    })
})

describe('what partners wrote', () => {
  it('is shown as words, and none of it runs or turns the page around', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'encore-hostile-'))
    const file = join(folder, 'shop.sqlite')
    copyFileSync(SEEDED, file)
    const engine = openSqlite(file, 'migrations')
    const evil = `<script>window.ran = 1</script><img src=x onerror="window.ran = 2">\u202Eevil "'--><svg onload=ran()>`
    const set = (sql: string, ...values: string[]) => statement(sql, ...values)
    await engine.atomic([
      BUMP,
      set(
        `update partner set name = ?1, trade = ?1, opening = ?1, people = ?2, places = ?3, rev = ${REV} where id = 'P02'`,
        evil,
        JSON.stringify([{ name: evil, role: evil, phone: 'javascript:window.ran=3', email: evil }]),
        JSON.stringify([{ name: evil, address: evil, walkMinutes: { BK: 1 } }]),
      ),
      set(
        `update offer set headline = ?1, say = json_set(say, '$.opener', ?1, '$.line', ?1, '$.receiptLine', ?1, '$.disclosure', ?1), rev = ${REV} where partnerId = 'P02'`,
        evil,
      ),
      set(
        `update terms set customerBenefit = ?1, disclosure = ?1, record = json_set(record, '$.customerBenefit', ?1, '$.neverPromise', json_array(?1)), rev = ${REV} where allianceId = 'A02'`,
        evil,
      ),
      set(`update session set place = ?1, rev = ${REV} where offerId = 'O054'`, evil),
    ])
    engine.close()
    const hostile = await openShop(file)
    const { page, complaints } = await here.open({}, hostile)
    await asStaff(page)
    const inert = async (state: string) => {
      expect(await page.locator('main script, main img, main [onerror], main [onload]').count(), state).toBe(
        0,
      )
      expect(await page.evaluate<unknown>('window.ran'), state).toBe(undefined)
      expect(await page.locator('a[href^="javascript"]').count(), state).toBe(0)
      // Each of their texts is an island: what turns around inside it ends with it.
      const loose = await page.evaluate<number>(`(() => {
        const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
        let n = 0
        while (walk.nextNode()) if (walk.currentNode.data.includes('\\u202e') && !walk.currentNode.parentElement.closest('bdi')) n++
        return n
      })()`)
      expect(loose, state).toBe(0)
    }
    await find(page, 'piano')
    await inert('found')
    expect(await page.locator('.browse-card').first().textContent()).toContain(
      '<script>window.ran = 1</script>',
    )
    await button(page, /^Hold a place/)
      .first()
      .click()
    await page.getByText(/A place is kept: /).waitFor()
    await inert('kept')
    await button(page, 'Confirm for the family').click()
    await page.locator('.slip-code').waitFor()
    await inert('confirmed')
    await page.getByRole('link', { name: /^A card to print, with/ }).click()
    await page.locator('.printed-day').waitFor()
    await inert('printed with her place')
    await page.goto('/staff/alliances/A02/card')
    await inert('printed')
    await page.goto(`/staff/alliances?q=${encodeURIComponent(evil)}`)
    await inert('searched')
    expect(complaints).toEqual([])
    await page.context().close()
    await hostile.close()
    rmSync(folder, { recursive: true })
  })
})

/** The customer's card, and what she reads and changes herself: with staff beside her, or alone by her link, without scripts. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { statement } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openShop } from './shop.ts'
import { barriers, button, PHONE, SEEDED, signIn, visits } from './visit.ts'

const here = visits()

const asStaff = (page: Page) => signIn(page, 'Maya, floor staff at Damen Street', '/staff/customers')
const open = async (page: Page, ref: string) => {
  await page.getByLabel('Her reference').fill(ref)
  await button(page, 'Open').click()
  await page.waitForURL(`/staff/customers/${ref}`)
}
/** The line that says this, with its buttons. */
const line = (page: Page, says: string) => page.getByRole('listitem').filter({ hasText: says })
const text = async (page: Page) => (await page.locator('main').textContent())!

const unfold = (page: Page) =>
  page.evaluate(`document.querySelectorAll('main details').forEach((each) => { each.open = true })`)

/** Make her link with staff, and open it on a phone where nobody is signed in. */
async function openOwn(options: Parameters<typeof here.open>[0] = {}) {
  const staff = await here.open()
  await asStaff(staff.page)
  await staff.page.goto('/staff/customers/g01-ana/about')
  await button(staff.page, 'Make a link').click()
  const url = (await staff.page.locator('.about-url a').getAttribute('href'))!
  await staff.page.context().close()
  const own = await here.open({ ...PHONE, ...options })
  await own.page.goto(url)
  return { ...own, url }
}

/** Walk through every state of the pages, and look at each. */
async function everyState(page: Page, look: (state: string) => Promise<void>) {
  await asStaff(page)
  await look('search')
  await page.goto('/staff/customers/nobody-at-all')
  await look('nobody')
  for (const ref of ['g01-ana', 'g02-claire', 'g08-imani']) {
    await page.goto(`/staff/customers/${ref}`)
    await unfold(page)
    await look(`card of ${ref}`)
    for (const words of ['is on chemo', 'hates piano', 'likes the piano']) {
      await page.getByLabel('What would they enjoy?').fill(words)
      await button(page, 'Save').click()
      await page.locator('#note-said').waitFor()
      await look(`card of ${ref}, after the note “${words}”`)
    }
    await page.goto(`/staff/customers/${ref}/about`)
    await unfold(page)
    await look(`about ${ref}`)
  }
  await button(page, 'Make a link').click()
  await page.locator('#link').waitFor()
  const url = (await page.locator('.about-url a').getAttribute('href'))!
  await look('a link')
  await page.goto(url)
  await look('her own page')
  await page.getByRole('switch', { name: /^We may remember you/ }).click()
  await page.locator('#done').waitFor()
  await look('her own page, not allowed')
  await page.goto('/staff/customers/g08-imani')
  await look('a card that says only that we may not know her')
  await page.goto(url)
  await page.getByText('Forget everything about me').click()
  await button(page, 'Yes, forget everything').click()
  await page.getByText('Everything is forgotten.').waitFor()
  await look('forgotten')
  await page.goto(url)
  await look('a link that is over')
}

describe('staff', () => {
  for (const javaScriptEnabled of [true, false])
    it(`come from the till to her card, ask the one question in a tap, ${javaScriptEnabled ? 'on a phone' : 'without scripts'}`, async () => {
      const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled })
      await asStaff(page)
      await page.goto('/till')
      await button(page, /^Ana/).tap()
      await page.getByRole('link', { name: 'Her card' }).tap()
      await page.waitForURL('/staff/customers/g01-ana')
      await page.getByText('She told Maya on 7 February: keeps asking for a piano.').waitFor()
      await page.getByText('Is the piano still a wish at home?').waitFor()
      const question = 'Is being happy in water something you would like for your child?'
      await page.getByText(question).waitFor()
      expect(await text(page)).not.toMatch(/\d %|\$|score|confidence/)
      await page.getByRole('button', { name: 'Yes', exact: true }).tap()
      await page.getByText('Kept. The next answer knows it.').waitFor()
      expect(await page.getByText(question).count()).toBe(0)
      await page.getByText(/She said yes to swimming confidence when Maya asked on 14 March/).waitFor()
      expect(complaints).toEqual([])
      await page.context().close()
    })

  for (const javaScriptEnabled of [true, false])
    it(`write a note on her card and come back to what became of it, ${javaScriptEnabled ? 'on a phone' : 'without scripts'}`, async () => {
      const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled })
      await asStaff(page)
      await open(page, 'g02-claire')
      const note = page.getByLabel('What would they enjoy?')
      const said = page.locator('#note-said')
      const save = async (words: string) => {
        await note.fill(words)
        await button(page, 'Save').tap()
      }
      const seesSaid = async (text: string) => {
        await said.filter({ hasText: text }).waitFor()
        expect(await page.locator(':focus').getAttribute('id')).toBe('note-said')
        const box = (await said.boundingBox())!
        expect(box.y).toBeGreaterThanOrEqual(0)
        expect(box.y + box.height).toBeLessThanOrEqual(844)
      }
      await save('piano for Lucy')
      await seesSaid('“Lucy” looks like a child’s name')
      expect(page.url()).not.toContain('Lucy')
      expect(await note.inputValue()).toBe('piano for Lucy')
      await save('hates piano')
      await seesSaid('It is kept as her no')
      await button(page, 'She does not want this: Learning an instrument').tap()
      await seesSaid('Kept as her no')
      await page.getByText('Do not bring up learning an instrument.').waitFor()
      expect(await text(page)).not.toContain('hates piano')
      await save('always asks about ballet')
      await seesSaid('Kept as told')
      await page.getByText('always asks about ballet').waitFor()
      expect(complaints.filter((each) => !each.includes('422'))).toEqual([])
      await page.context().close()
    })

  it('read on a card that what she told us may be offered, in our words for how well we know her', async () => {
    const { page } = await here.open(PHONE)
    await asStaff(page)
    await open(page, 'g02-claire')
    const headline = (await page
      .getByRole('region', { name: 'Next step' })
      .locator('bdi')
      .first()
      .textContent())!
    await page.getByText(`She told us, so “${headline}” may be offered.`).waitFor()
    expect(await text(page)).not.toMatch(/In our words|Only she brings this up|Perhaps|engagement/)
    await button(page, 'Maybe').waitFor()
    await page.context().close()
  })

  it('are told first what to avoid, and only that we may not know her where she did not allow it', async () => {
    const { page } = await here.open(PHONE)
    await asStaff(page)
    await open(page, 'g08-imani')
    const avoid = page.getByRole('region', { name: 'One thing to avoid' })
    expect(await avoid.textContent()).toContain('Do not sell today. First, about the coat zip')
    await page.goto('/staff/customers/g08-imani/about')
    await page.getByRole('switch', { name: /^We may remember you/ }).tap()
    await page.getByText('Done. From this moment on we do not.').waitFor()
    await page.goto('/staff/customers/g08-imani')
    expect(await text(page)).toMatch(/We may not know her/)
    expect(await text(page)).not.toMatch(/Imani|zip|bought|Maya/)
    expect((await page.goto('/staff/customers/g04-mei'))!.status()).toBe(404)
    await page.context().close()
  })

  it('forget a line and take back a guess with her beside them, and the card knows at once', async () => {
    const { page } = await here.open({ javaScriptEnabled: false })
    await asStaff(page)
    await page.goto('/staff/customers/g01-ana/about')
    const guess = 'we think this may interest you: first notes'
    await line(page, guess)
      .getByRole('button', { name: /^That is not so/ })
      .click()
    await page.getByText('We will not think so again.').waitFor()
    await page.getByText('You told Maya no to first notes on 14 March.').waitFor()
    expect(await page.getByText(guess).count()).toBe(0)
    await line(page, 'keeps asking for a piano')
      .getByRole('button', { name: /^Forget this/ })
      .click()
    await page.getByText('Forgotten. We do not know it any more.').waitFor()
    expect(await text(page)).not.toContain('piano')
    await page.goto('/staff/customers/g01-ana')
    expect(await text(page)).not.toContain('piano')
    expect(await text(page)).toContain('Do not bring up first notes.')
    await page.context().close()
  })
})

describe('she herself', () => {
  it('reads it by her link without a sign-in or scripts, takes it along, changes it, and is forgotten', async () => {
    const { page, complaints, url } = await openOwn({ javaScriptEnabled: false })
    await page.getByRole('heading', { name: 'Ana, this is what we know about you' }).waitFor()
    await page.getByText('You told Maya on 7 February: keeps asking for a piano.').waitFor()
    await page.getByText('picked by lot, we say nothing on purpose').waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
    expect(await button(page, 'Make a link').count()).toBe(0)
    expect(await text(page)).not.toMatch(/g01-ana-told|O054|music-instrument|%/)

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Save the file' }).tap(),
    ])
    expect(JSON.parse(readFileSync(await file.path(), 'utf8'))).toMatchObject({
      ref: 'g01-ana',
      mayUse: true,
    })

    const letter = page.getByRole('switch', { name: 'We may write you a letter.' })
    expect(await letter.getAttribute('aria-checked')).toBe('false')
    await letter.tap()
    await page.getByText('You can take it back here').waitFor()
    expect(await letter.getAttribute('aria-checked')).toBe('true')
    await line(page, 'born in September 2020')
      .getByRole('button', { name: /^Forget this/ })
      .tap()
    await page.getByText('Forgotten. We do not know it any more.').waitFor()
    expect(await text(page)).not.toContain('2020')

    await page.getByText('Forget everything about me').tap()
    await button(page, 'Yes, forget everything').tap()
    await page.getByText('Everything is forgotten.').waitFor()
    expect((await page.goto(url))!.status()).toBe(404)
    await page.getByText('This link is over.').waitFor()
    expect(complaints.filter((each) => !each.includes('404'))).toEqual([])
    await page.context().close()
  })

  it('can do it all by keyboard', async () => {
    const { page } = await openOwn()
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab')
      const on = await page.evaluate<string>(`document.activeElement.closest('li')?.textContent`)
      if (on?.includes('piano')) break
    }
    await page.keyboard.press('Enter')
    await page.getByText('Forgotten. We do not know it any more.').waitFor()
    expect(await text(page)).not.toContain('piano')
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
      const { page } = await here.open(viewport)
      await everyState(page, async (state) => {
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
        expect(over, state).toBeLessThanOrEqual(0)
        const small: string[] = []
        for (const each of await page
          // Of a choice, its whole label is the target.
          .locator(
            'main button:visible, main a:visible, main input:not([type=radio]):visible, main label:has([type=radio]):visible, main summary:visible',
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

describe('what somebody wrote', () => {
  it('is shown as words, and none of it runs or turns the page around', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'encore-hostile-'))
    const file = join(folder, 'shop.sqlite')
    copyFileSync(SEEDED, file)
    const evil = `<script>window.ran = 1</script><img src=x onerror="window.ran = 2">\u202Eevil "'-->`
    const engine = openSqlite(file, 'migrations')
    await engine.atomic([
      statement(
        `update evidence set words = ?, onDate = '2026-03-13' where customer = 'g01-ana' and kind = 'told'`,
        evil,
      ),
      statement(`update customer set firstName = ? where ref = 'g01-ana'`, evil),
      statement('update product set name = ?', evil),
    ])
    engine.close()
    const hostile = await openShop(file)
    const { page } = await here.open({}, hostile)
    await asStaff(page)
    for (const path of ['/staff/customers/g01-ana', '/staff/customers/g01-ana/about']) {
      await page.goto(path)
      expect(await text(page)).toContain('window.ran = 1')
      expect(await page.locator('main script, main img, main [onerror]').count(), path).toBe(0)
      expect(await page.evaluate<unknown>('window.ran'), path).toBe(undefined)
      // Each of their texts is an island: what turns around inside it ends with it.
      const loose = await page.evaluate<number>(`(() => {
        const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
        let n = 0
        while (walk.nextNode()) if (walk.currentNode.data.includes('\\u202e') && !walk.currentNode.parentElement.closest('bdi')) n++
        return n
      })()`)
      expect(loose, path).toBe(0)
    }
    await page.context().close()
    await hostile.close()
    rmSync(folder, { recursive: true })
  })
})

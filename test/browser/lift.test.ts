/** The lift as its owner reads it: a period is registered, months pass, and the page says what can be told. */
import { describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { customersOf, monthsPass } from '../support/lived-months.ts'
import type { Shop } from '../support/shop.ts'
import { asker } from '../support/shop.ts'
import { barriers, button, PHONE, SEEDED, signIn, visits } from './visit.ts'

const here = visits(() => SEEDED)

/** What a till's system tells the shop in front of the browser. */
const ask: Shop['ask'] = (...call) =>
  asker((path, init) => fetch(`${here.shop.address}${path}`, init))(...call)

/** Whom the seeded shop knows, as they were drawn. */
async function customers() {
  const engine = openSqlite(SEEDED, 'migrations')
  const known = await customersOf(engine)
  engine.close()
  return known
}

describe('the lift', () => {
  it('is registered without scripts, what is wrong stands beside its field, and months later it is told', async () => {
    const { page, complaints } = await here.open({ javaScriptEnabled: false })
    await signIn(page, 'Rosa, the owner', '/owner/lift')
    await page.getByRole('heading', { level: 1, name: 'Lift: too early to tell' }).waitFor()
    await page.getByText('It was not registered before it began').waitFor()
    await page.getByText('the smallest lift that three months could show is about').waitFor()
    await page.getByLabel('Name', { exact: true }).fill('Spring and summer')
    await page.getByLabel('First day').fill('2026-03-01')
    await page.getByLabel('Last day, included').fill('2026-09-10')
    await button(page, 'Register it').click()
    await page.getByText('must be after today, 14 March 2026').first().waitFor()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Spring and summer')
    await page.getByLabel('First day').fill('2026-03-16')
    await button(page, 'Register it').click()
    // It is kept, and what it cannot see is said.
    await page.getByText(/^It is registered\..*which would matter, it would most likely miss\./).waitFor()
    expect(await page.getByText('register the next period').count()).toBe(0)
    await page.getByText('16 March 2026 to 10 September 2026, registered').waitFor()

    await monthsPass(ask, await customers(), '2026-03-17', 100, 0)
    await here.shop.at('2026-07-01T12:00:00.000Z')
    // A sign-in does not last as long.
    await signIn(page, 'Rosa, the owner', '/owner/lift')
    await page.getByRole('heading', { level: 1, name: 'Lift: cannot tell' }).waitFor()
    const says = await page.locator('.owner-lead').first().textContent()
    expect(says).toMatch(/^Between −\d+ % and \+\d+ %( or more)?: cannot tell yet\.$/)
    await page.getByText('customers for 179 days would be needed to see 10 %').waitFor()

    // Each picture says in words what it shows, and has its numbers as a table.
    const pictures = page.getByRole('img')
    expect(await pictures.count()).toBe(2)
    await page.getByRole('img', { name: /The lift, as it stood from week to week.*reaches from −/ }).waitFor()
    const figures = page.locator('figure')
    for (const figure of await figures.all()) {
      await figure.getByText('The numbers').click()
      expect(await figure.getByRole('row').count()).toBeGreaterThan(2)
    }
    // Every figure says how it is known.
    const rows = page.locator('#figures ~ table tbody tr')
    expect(await rows.count()).toBeGreaterThan(6)
    for (const row of await rows.all())
      expect(await row.locator('.lift-tag').textContent()).toMatch(/^(counted|associated|caused|assumed)$/)
    expect(complaints.filter((each) => !each.includes('400 (Bad Request)'))).toEqual([])
  })

  it('is read on a phone and in the dark, without a barrier', async () => {
    await ask(
      'POST',
      '/v1/experiments',
      { name: 'Spring', startsOn: '2026-03-16', endsOn: '2026-09-10' },
      'owner',
    )
    await monthsPass(ask, await customers(), '2026-03-17', 100, 0.5)
    await here.shop.at('2026-07-01T12:00:00.000Z')
    for (const [name, options] of [
      ['wide', {}],
      ['phone', { ...PHONE, colorScheme: 'dark' }],
    ] as const) {
      const { page } = await here.open(options)
      await signIn(page, 'Rosa, the owner', '/owner/lift')
      await page.locator('figure').first().waitFor()
      expect(await barriers(page)).toEqual([])
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
      expect(over).toBeLessThanOrEqual(0)
      // The words of a picture can be read, however narrow it is.
      const smallest = await page.evaluate<number>(
        `Math.min(...[...document.querySelectorAll('.chart-text')].map((text) =>
          parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a))`,
      )
      expect(smallest).toBeGreaterThanOrEqual(11)
      if (process.env.PICTURES)
        await page.screenshot({ path: `${process.env.PICTURES}/lift-${name}.png`, fullPage: true })
    }
  })
})

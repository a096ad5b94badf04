/** Ana's whole way through the pages: the till's, the conservatory's and the owner's, in real Chromium, on both engines. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { openBrowser, openEdgeShop, openShop } from './shop.ts'
import { PHONE, SEEDED } from './visit.ts'

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser()
}, 300_000)
afterAll(() => browser.close())

const tap = (page: Page, verb: string) => page.locator(`button[value="${verb}"]`).first().click()

describe.each(['node', 'edge'] as const)('%s', (kind) => {
  it('goes from a remark about a piano to the recital outfit, and is forgotten', async () => {
    const shop =
      kind === 'node' ? await openShop(SEEDED) : await openEdgeShop(join(inject('templates'), 'seeded-d1'))
    onTestFinished(() => shop.close())
    const as = async (who: string | null, start: string) => {
      const context = await browser.newContext({ viewport: PHONE.viewport })
      onTestFinished(() => context.close())
      const page = await context.newPage()
      page.setDefaultTimeout(15_000)
      /** Go there; whoever is no longer signed in by then signs in again. */
      const go = async (path: string) => {
        await page.goto(shop.address + path)
        if (who === null || new URL(page.url()).pathname !== '/sign-in') return
        await page.getByRole('button', { name: who }).click()
        await page.waitForURL((url) => url.pathname !== '/sign-in')
      }
      await go(start)
      return { page, go }
    }
    const till = await as(null, '/till')
    const partner = await as('Northside Conservatory, a partner', '/partner')
    const rosa = await as('Rosa, the owner', '/owner/alliances')

    // At the till: the piano, a place, a code on the receipt.
    await tap(till.page, 'household:g01-ana')
    await tap(till.page, 'ask')
    expect(await till.page.locator('#answer').innerText()).toContain('Free first piano lesson')
    expect(await till.page.content()).toContain('Told Maya on 7 February: keeps asking for a piano.')
    await tap(till.page, 'outcome:accepted')
    const code = /BK-[A-Z0-9]{5}/.exec(await till.page.locator('.slip-code').innerText())?.[0] ?? ''
    expect(code).toMatch(/^BK-[A-Z0-9]{5}$/)

    // The conservatory sees the code, and one tap says that she came; three weeks later, that she enrolled.
    const introduction = partner.page.locator('article.intro', { hasText: code })
    await shop.at('2026-03-23T16:00:00Z')
    await partner.go('/partner')
    await introduction.locator('button[value="attended"]').click()
    await shop.at('2026-04-12T16:00:00Z')
    await partner.go('/partner')
    await introduction.locator('summary', { hasText: 'Enrolled' }).click()
    await introduction.getByLabel('What they pay for it').fill('560')
    await introduction.locator('button[value="enrolled"]').click()
    await partner.go('/partner')
    await introduction.locator('summary', { hasText: 'Recital on' }).click()
    await introduction.getByLabel('The day of the recital').fill('2026-12-12')
    await introduction.locator('button[value="recitalScheduled"]').click()
    await partner.go('/partner')
    expect(await introduction.innerText()).toMatch(/enrolled/i)
    expect(await partner.page.content()).not.toMatch(/g01-ana|2020-09|music-instrument/)

    // The terms are to end in August: Rosa renews them in a few fields, the conservatory agrees.
    await rosa.go('/owner/alliances/A02/terms?renew')
    await tap(rosa.page, 'preview')
    expect(
      await rosa.page.locator('section', { hasText: 'What would change' }).first().innerText(),
    ).toBeTruthy()
    await tap(rosa.page, 'save')
    await tap(rosa.page, 'agree')
    await partner.go('/partner')
    await partner.page.getByRole('link', { name: /terms/i }).first().click()
    await tap(partner.page, 'agree')
    await partner.page.waitForLoadState()

    // Six weeks before the recital: the fitting, at this till and at the other one.
    await shop.at('2026-10-31T16:00:00Z')
    await till.go('/till')
    await tap(till.page, 'household:g01-ana')
    await tap(till.page, 'empty')
    await tap(till.page, 'ask')
    expect(await till.page.locator('#answer').innerText()).toContain('Recital fitting, thirty minutes')
    expect(await till.page.content()).toContain('A recital is coming on 12 December.')
    await tap(till.page, 'site:LS')
    await till.page.locator('select[name="who"], input[name="who"]').first().waitFor({ state: 'attached' })
    await tap(till.page, 'ask')
    expect(await till.page.locator('#answer').innerText()).toContain('Recital fitting, thirty minutes')

    // She asks us to forget the remark, by staff: no later answer says it.
    await rosa.go('/owner/alliances')
    const forgotten = await rosa.page.request.delete(
      `${shop.address}/v1/customers/g01-ana/evidence/g01-ana-told-1`,
      { headers: { origin: shop.address } },
    )
    expect((await forgotten.json()).recorded).toBe(true)
    await tap(till.page, 'site:BK')
    await tap(till.page, 'ask')
    expect(await till.page.content()).not.toMatch(/keeps asking|Told Maya/)
  }, 300_000)
})

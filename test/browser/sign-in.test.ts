/** Signing in and out, as people do it: with a link or as one of the demo shop, without scripts, on a phone. */
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import type { Shop } from './shop.ts'
import { openBrowser, openPage, openShop } from './shop.ts'

const SEEDED = join(inject('templates'), 'seeded.sqlite')
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

let browser: Browser
let shop: Shop

beforeAll(async () => {
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser.close())
beforeEach(async () => {
  shop = await openShop(SEEDED)
}, 30_000)
afterEach(() => shop.close())

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const link = (page: Page, name: string) =>
  page.getByRole('navigation').getByRole('link', { name, exact: true })

/** A new link for somebody, made by the owner. */
async function invited(ask: object): Promise<string> {
  const answer = await fetch(`${shop.address}/v1/invites`, {
    method: 'POST',
    headers: { authorization: 'Bearer encore_owner_demo', 'content-type': 'application/json' },
    body: JSON.stringify(ask),
  })
  return ((await answer.json()) as { url: string }).url
}

describe('signing in', () => {
  it('takes a link, one tap and no script, and signing out one more', async () => {
    const { page } = await openPage(browser, shop, { javaScriptEnabled: false })
    const url = await invited({ role: 'staff', site: 'BK', staff: 'st_maya', label: 'Maya' })
    await page.goto(`${url}&to=/reference`)
    await page.getByText('This link is for Maya, floor staff at Damen Street').waitFor()
    await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/reference$/)
    await page.locator('.signed-in', { hasText: 'Maya' }).waitFor()
    expect(await link(page, 'Alliances').getAttribute('href')).toBe('/staff/alliances')
    expect(await link(page, 'Sign in').count()).toBe(0)
    const [cookie] = await page.context().cookies()
    expect([cookie?.name, cookie?.httpOnly, cookie?.sameSite]).toEqual(['encore_sign_in', true, 'Lax'])

    await button(page, 'Sign out').click()
    await page.waitForURL(/\/sign-in$/)
    expect(await page.context().cookies()).toEqual([])
    await link(page, 'Sign in').waitFor()
    await page.goto(url)
    await page.getByRole('heading', { name: 'This link was used already.' }).waitFor()
    await page.context().close()
  })

  it('shows each role of the demo shop the ways that are open to it', async () => {
    const { page } = await openPage(browser, shop, { javaScriptEnabled: false })
    for (const [who, ways] of [
      ['Jo, floor staff at Lincoln Corner', ['/staff/alliances']],
      ['Rosa, the owner', ['/owner/alliances', '/staff/alliances']],
      ['Northside Conservatory, a partner', ['/partner']],
    ] as const) {
      await page.goto('/sign-in?to=/reference')
      await button(page, who).click()
      await page.waitForURL(/\/reference$/)
      const found = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').all()
      const paths = await Promise.all(found.map((each) => each.getAttribute('href')))
      expect(paths, who).toEqual([...ways, '/till', '/reference'])
    }
    await page.context().close()
  })
})

describe('everybody can sign in', () => {
  const states: [string, (page: Page) => Promise<unknown>][] = [
    ['the choice', (page) => page.goto('/sign-in')],
    ['a link', async (page) => page.goto(await invited({ role: 'owner', label: 'Rosa Alvarez-Whitmore' }))],
    ['no link of ours', (page) => page.goto('/sign-in?invite=x')],
    ['nothing here', (page) => page.goto('/nowhere')],
    [
      'signed in',
      async (page) => {
        await page.goto(await invited({ role: 'owner', label: 'Rosa Alvarez-Whitmore of Juniper Row' }))
        await page.getByRole('main').getByRole('button').click()
        await page.goto('/')
        await button(page, 'Sign out').waitFor()
      },
    ],
  ]
  for (const colorScheme of ['light', 'dark'] as const)
    it(`meets WCAG 2.2 AA, ${colorScheme}`, async () => {
      const found: string[] = []
      for (const [state, go] of states) {
        const { page } = await openPage(browser, shop, { colorScheme })
        await go(page)
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
          .analyze()
        for (const { id, nodes } of violations) found.push(`${state}: ${id} ${nodes[0]?.html}`)
        await page.context().close()
      }
      expect(found).toEqual([])
    })

  it('fits a phone, with nothing too small to tap', async () => {
    for (const [state, go] of states) {
      const { page } = await openPage(browser, shop, PHONE)
      await go(page)
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
      expect(over, state).toBeLessThanOrEqual(0)
      for (const each of await page.locator('button:visible').all()) {
        const box = await each.boundingBox()
        expect(Math.min(box!.width, box!.height), state).toBeGreaterThanOrEqual(24)
      }
      await page.context().close()
    }
  })
})

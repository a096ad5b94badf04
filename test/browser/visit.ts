/** Visits to the demo shop: one browser for a file of tests, a shop for each test, and what every visitor does. */
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest'
import type { Shop } from './shop.ts'
import { openBrowser, openPage, openShop } from './shop.ts'

export const SEEDED = join(inject('templates'), 'seeded.sqlite')
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

export type PageOptions = Parameters<typeof openPage>[2]
export type Visits = {
  readonly browser: Browser
  readonly shop: Shop
  /** A new page in front of the shop of this test, or of another. */
  open(options?: PageOptions, shop?: Shop): ReturnType<typeof openPage>
}

/** Set a file of tests up. `seeded`: the file that each test's shop is a copy of. */
export function visits(seeded: () => string = () => SEEDED): Visits {
  let browser: Browser
  let shop: Shop
  beforeAll(async () => {
    browser = await openBrowser()
  }, 300_000)
  afterAll(() => browser.close())
  beforeEach(async () => {
    shop = await openShop(seeded())
  }, 30_000)
  afterEach(() => shop.close())
  return {
    get browser() {
      return browser
    },
    get shop() {
      return shop
    },
    open: (options, other) => openPage(browser, other ?? shop, options),
  }
}

export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name })

/** Sign in as one of the demo shop, and go there. */
export async function signIn(page: Page, who: string, to = '/reference'): Promise<void> {
  await page.goto(`/sign-in?to=${to}`)
  await button(page, who).click()
  await page.waitForURL((url) => url.pathname === to)
}

/** What of a page does not meet WCAG 2.2 AA. */
export async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze()
  return violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html}`)
}

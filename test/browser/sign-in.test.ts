/** Signing in and out, as people do it: with a link or as one of the demo shop, without scripts, on a phone. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { barriers, button, PHONE, signIn, visits } from './visit.ts'

const here = visits()

const link = (page: Page, name: string) =>
  page.getByRole('navigation').getByRole('link', { name, exact: true })

/** A new link for somebody, made by the owner. */
async function invited(ask: object): Promise<string> {
  const answer = await fetch(`${here.shop.address}/v1/invites`, {
    method: 'POST',
    headers: { authorization: 'Bearer encore_owner_demo', 'content-type': 'application/json' },
    body: JSON.stringify(ask),
  })
  return ((await answer.json()) as { url: string }).url
}

describe('signing in', () => {
  it('takes a link, one tap and no script, and signing out one more', async () => {
    const { page } = await here.open({ javaScriptEnabled: false })
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
    const { page } = await here.open({ javaScriptEnabled: false })
    for (const [who, ways] of [
      ['Jo, floor staff at Lincoln Corner', ['/staff/alliances', '/staff/customers']],
      ['Rosa, the owner', ['/owner/alliances', '/staff/alliances', '/staff/customers']],
      ['Northside Conservatory, a partner', ['/partner']],
    ] as const) {
      await signIn(page, who)
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
        const { page } = await here.open({ colorScheme })
        await go(page)
        for (const barrier of await barriers(page)) found.push(`${state}: ${barrier}`)
        await page.context().close()
      }
      expect(found).toEqual([])
    })

  it('fits a phone, with nothing too small to tap', async () => {
    for (const [state, go] of states) {
      const { page } = await here.open(PHONE)
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

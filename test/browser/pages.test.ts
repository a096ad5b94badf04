/** Every page: readable by everybody, on a phone, without scripts, and closed to strangers. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '../../src/http/problem.ts'
import { openShop } from './shop.ts'
import { barriers, PHONE, SEEDED, visits } from './visit.ts'

const here = visits()

/** Walk through every state that a page can be in, and look at each. */
async function everyState(page: Page, look: (state: string) => Promise<void>) {
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const choose = async (name: RegExp) => {
    await page.goto('/till')
    await button(name).click()
    await page.getByText('At the till', { exact: true }).waitFor()
  }
  const ask = async () => {
    await page.locator('.askbar .primary').click()
    await page.waitForURL(/answer=/)
    await page.locator('#answer').waitFor()
  }
  await page.goto('/')
  await look('start')
  await page.goto('/reference')
  await page.getByText('Example', { exact: true }).first().click()
  await look('reference')
  await page.goto('/till')
  await look('till, nobody yet')
  await page.getByLabel('Find a product').fill('nothing of this name')
  await button('Find').click()
  await page.getByText('Nothing is called').waitFor()
  await look('till, nothing found')
  await choose(/^Ana/)
  await page.getByText('Somebody else').click()
  await look('till, a basket')
  await ask()
  await page.getByText('Why this answer?').click()
  await page.locator('.gate summary').first().click()
  await page.getByText('Add what she told us').click()
  await look('till, an offer, why')
  await button('She asked more').click()
  await page.getByText('She asked for more.').waitFor()
  await look('till, asked more')
  await button('Accepted').click()
  await page.locator('.slip').waitFor()
  await look('till, accepted')
  await ask()
  await page.getByText('What changed').waitFor()
  await look('till, silence after an offer')
  await button('Sell it').click()
  await page.getByText('The very next answer knows it.').waitFor()
  await look('till, sold')
  await choose(/^Imani/)
  await ask()
  await look('till, care')
  await choose(/^Sunita/)
  await page.getByText('Add what she told us').click()
  await page.getByLabel('What is it about?').selectOption('mv-dance')
  await button('Remember it').click()
  await page.getByText('Nothing was kept').waitFor()
  await look('till, no consent')
}

describe('everybody can use the pages', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    it(`meets WCAG 2.2 AA in every state, ${colorScheme}`, { timeout: 300_000 }, async () => {
      const { page, complaints } = await here.open({ colorScheme })
      const found: string[] = []
      await everyState(page, async (state) => {
        for (const barrier of await barriers(page)) found.push(`${state}: ${barrier}`)
      })
      expect(found).toEqual([])
      expect(complaints).toEqual([])
      await page.context().close()
    })

  it('fits a phone without scrolling sideways, in every state', { timeout: 300_000 }, async () => {
    const { page } = await here.open({
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    })
    await everyState(page, async (state) => {
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
      expect(over, state).toBeLessThanOrEqual(0)
    })
    await page.context().close()
  })

  it('has no target smaller than 24 pixels at the till', async () => {
    const { page } = await here.open({ viewport: PHONE.viewport })
    await page.goto('/till')
    await page.getByRole('button', { name: /^Ana/ }).click()
    await page.locator('.lines').waitFor()
    const small: string[] = []
    for (const each of await page.locator('button:visible, select:visible, input:visible').all()) {
      const box = await each.boundingBox()
      if (box && (box.width < 24 || box.height < 24)) small.push((await each.textContent()) ?? '')
    }
    expect(small).toEqual([])
    await page.context().close()
  })

  it('works without any script', async () => {
    const { page } = await here.open({ javaScriptEnabled: false })
    await page.goto('/till')
    await page.getByRole('button', { name: /^Ana/ }).click()
    await page.getByText('2 pieces').waitFor()
    await page.locator('.askbar .primary').click()
    await page.getByText('Is the piano still a wish at home?').waitFor()
    await page.getByRole('button', { name: 'Accepted' }).click()
    await page.locator('.slip-code').waitFor()
    await page.context().close()
  })

  it('says on every page that the clock is set, and to what', async () => {
    const { page } = await here.open()
    for (const path of ['/', '/till', '/reference']) {
      await page.goto(path)
      expect(await page.locator('.clock').textContent(), path).toContain('Saturday 14 March 2026, 11:4')
    }
    await page.context().close()
  })
})

describe('the reference', () => {
  it('has every endpoint with its fields, and an anchor for every problem code', async () => {
    const { page, complaints } = await here.open()
    await page.goto('/reference#problem-id_reused')
    const document = (await (await page.request.get('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>
    }
    for (const { operationId } of Object.values(document.paths).flatMap((path) => Object.values(path)))
      expect(await page.locator(`[id="${operationId}"]`).count(), operationId).toBe(1)
    for (const code of Object.keys(PROBLEMS))
      expect(await page.locator(`#problem-${code}`).count(), code).toBe(1)
    const decide = page.locator('#decide')
    expect(await decide.textContent()).toMatch(
      /basket.*lines.*unitPrice.*deadlineMs.*10 to 10,000.*default 300/s,
    )
    expect(await decide.textContent()).toMatch(/primary.*say.*opener.*at most 90 characters/s)
    expect(complaints).toEqual([])
    await page.context().close()
  })
})

describe('strangers', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it('cannot post a form from another place', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(`${here.shop.address}/till`, {
        method: 'POST',
        headers: { ...form, ...headers },
        body: 'do=ask',
        redirect: 'manual',
      }).then((answer) => answer.status)
    expect(await post({})).toBe(403)
    expect(await post({ origin: 'https://elsewhere.example' })).toBe(403)
    expect(await post({ origin: 'null' })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'cross-site', origin: here.shop.address })).toBe(403)
    expect(await post({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await post({ origin: here.shop.address })).toBe(303)
  })

  it('find texts where they tried to put code', async () => {
    const { page, complaints } = await here.open()
    const evil = '"><script>alert(1)</script>\u202Eevil'
    const query = new URLSearchParams({
      find: evil,
      who: evil,
      told: `x~<img src=x onerror=alert(1)>~${evil}`,
      note: 'constructor',
      site: '__proto__',
      basket: '1x1,999999x1,-1x9,1x0',
      answer: 'rec_nothing',
    })
    const answer = await page.goto(`/till?${query}`)
    expect(answer?.status()).toBe(200)
    expect(await page.locator('main script, main img').count()).toBe(0)
    expect(await page.getByLabel('Find a product').inputValue()).toBe(evil.slice(0, 60))
    expect(complaints).toEqual([])
    await page.context().close()
  })

  it('cannot frame a page, and nothing is loaded from elsewhere', async () => {
    for (const path of ['/', '/till', '/reference']) {
      const { headers } = await fetch(here.shop.address + path)
      const policy = headers.get('content-security-policy')
      expect(policy, path).toContain("default-src 'none'")
      expect(policy, path).toContain("frame-ancestors 'none'")
      expect(policy, path).not.toContain('unsafe')
    }
  })

  it('do not find the till in a shop of its own', async () => {
    for (const [seeded, demo] of [
      [SEEDED, false],
      [null, true],
    ] as const) {
      const real = await openShop(seeded, { demo })
      try {
        for (const method of ['GET', 'POST']) {
          const answer = await fetch(`${real.address}/till`, { method, headers: { origin: real.address } })
          expect(answer.status).toBe(404)
          expect(((await answer.json()) as { code: string }).code).toBe('not_found')
        }
        const start = await (await fetch(real.address)).text()
        expect(start).not.toContain('/till')
        expect(start).not.toContain('encore_till_demo')
        expect((await fetch(`${real.address}/reference`)).status).toBe(200)
      } finally {
        await real.close()
      }
    }
  })

  it('may keep what pages load for a year, since its address changes with it', async () => {
    const start = await (await fetch(here.shop.address)).text()
    const assets = [...start.matchAll(/"(\/assets\/[^"]+)"/g)].map((found) => found[1]!)
    expect(assets).toHaveLength(2)
    for (const asset of assets) {
      const answer = await fetch(here.shop.address + asset)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('cache-control')).toContain('immutable')
    }
  })
})

/** The policy workshop as the owner meets it: a change is proposed, previewed, put in force and taken back, without scripts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, inject, it } from 'vitest'
import type { Household } from '../../seed/juniper-row.ts'
import type { Shop } from './shop.ts'
import { openEdgeShop } from './shop.ts'
import { barriers, button, PHONE, signIn, visits } from './visit.ts'

const here = visits()
const households = JSON.parse(readFileSync('seed/juniper-row/households.json', 'utf8')) as Household[]

async function ask(shop: Shop, key: string, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${shop.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(answer.ok, `${method} ${path} ${answer.status}`).toBe(true)
  return answer.json()
}

/** Every golden household comes once, and the first that hear something say yes or no. */
async function day(shop: Shop): Promise<void> {
  let n = 0
  for (const { ref, site, tryBasket } of households) {
    const lines = tryBasket!.map(({ unitPriceMinor, ...line }) => ({ ...line, unitPrice: unitPriceMinor }))
    const key = `encore_till_demo_${site}`
    const made = await ask(shop, key, 'POST', '/v1/recommendations', { customer: ref, basket: { lines } })
    if (!made.speak || n >= 4) continue
    n++
    const end = n % 2 === 0 ? { state: 'declined', reason: 'notNow' } : { state: 'accepted' }
    await ask(shop, key, 'POST', `/v1/recommendations/${made.id}/outcomes`, { eventId: `e${n}`, ...end })
  }
}
const versionAtTheTill = async (shop: Shop) =>
  (await ask(shop, 'encore_till_demo_BK', 'POST', '/v1/recommendations', { basket: { lines: [] } }))
    .policyVersion

async function journey(page: Page, shop: Shop): Promise<void> {
  await page.goto('/owner/policy')
  await page.getByRole('heading', { name: 'Version 1 is in force' }).waitFor()
  await page.getByLabel('How well it must fit', { exact: true }).fill('lots')
  await button(page, 'Keep the proposal').click()
  // What is wrong stands beside its field, with its part open.
  await page.getByText('How well it must fit: write a number').waitFor()
  await page.getByLabel('How well it must fit', { exact: true }).fill('7')
  await button(page, 'Keep the proposal').click()
  await page.getByText('must be from 0 to 1').first().waitFor()
  await page.goto('/owner/policy')
  // The others are a tap away; what is wrong with one opens its part.
  await page.locator('summary', { hasText: 'All other levers' }).click()
  await page.locator('summary', { hasText: 'Gates' }).click()
  await page.getByLabel('Lead days', { exact: true }).fill('1.5')
  await button(page, 'Keep the proposal').click()
  await page.getByLabel('Lead days', { exact: true }).waitFor()
  await page.goto('/owner/policy')
  await button(page, 'Keep the proposal').click()
  await page.getByText('Nothing is changed yet.').waitFor()
  await page.getByLabel('How well it must fit', { exact: true }).fill('0.7')
  await page.getByLabel('A note for who reads it later').fill('Fewer, better fitting.')
  await button(page, 'Keep the proposal').click()
  await page.getByText('The proposal is kept.').waitFor()
  await page.getByRole('heading', { name: 'What it would change' }).waitFor()
  await page.getByText('Personas:').waitFor()
  // Of so few turns no figure is shown, and nothing is called caused.
  await page.getByText('Too little to tell from:').waitFor()
  expect(await page.getByText('95 % interval').count()).toBe(0)
  expect(await page.locator('.lift-caused').count()).toBe(0)
  await page.getByText(/^Proposed by Rosa/).waitFor()
  expect(await versionAtTheTill(shop)).toBe(1)
  const insists = page.getByLabel('I want it even so')
  if (await insists.count()) {
    await button(page, 'Put version 2 in force').click()
    await page.getByText('Not put in force.').waitFor()
    await insists.check()
  }
  await button(page, 'Put version 2 in force').click()
  await page.getByText('It is in force: the very next answer is by it.').waitFor()
  expect(await versionAtTheTill(shop)).toBe(2)
  // Beside it is the way back.
  await button(page, 'Go back to version 1').click()
  await page.getByText('It is in force again').waitFor()
  await page.getByRole('heading', { name: 'Version 1 is in force' }).waitFor()
  expect(await versionAtTheTill(shop)).toBe(1)
}

describe('the policy workshop', () => {
  it('a change is previewed, put in force and rolled back, without scripts', async () => {
    await day(here.shop)
    const { page } = await here.open({ javaScriptEnabled: false })
    await signIn(page, 'Rosa, the owner')
    await journey(page, here.shop)
  })

  it('the same at the edge', async () => {
    const shop = await openEdgeShop(join(inject('templates'), 'seeded-d1'))
    try {
      await day(shop)
      const { page } = await here.open({ javaScriptEnabled: false }, shop)
      await signIn(page, 'Rosa, the owner')
      await journey(page, shop)
    } finally {
      await shop.close()
    }
  })

  it('a policy that silences everything cannot be put in force, and the page says so with numbers', async () => {
    await day(here.shop)
    const { page, complaints } = await here.open()
    await signIn(page, 'Rosa, the owner')
    await page.goto('/owner/policy')
    await page.getByLabel('How well it must fit', { exact: true }).fill('1')
    await button(page, 'Keep the proposal').click()
    await page.getByText('It cannot be put in force.').waitFor()
    await page.getByText(/It would silence everything: of 11 recorded decisions \d+ speak now/).waitFor()
    expect(await button(page, /in force$/).count()).toBe(0)
    await button(page, 'Withdraw the proposal').click()
    await page.getByText('The proposal is withdrawn.').waitFor()
    expect(complaints).toEqual([])
  })

  it('what was predicted stands beside what came true, and too little is said to be too little', async () => {
    await day(here.shop)
    const { page } = await here.open()
    await signIn(page, 'Rosa, the owner')
    await page.goto('/owner/learning')
    await page.getByText('4 answers were said aloud, with 2 yeses.').waitFor()
    await page.getByRole('img', { name: /How many said yes, by what was predicted/ }).waitFor()
    await page.getByText('How far apart they lie cannot be told from 4 yet').first().waitFor()
    expect(await page.getByText('On average they lie').count()).toBe(0)
    // The scale of a share starts at 0, at the edge.
    const zero = page.locator('#calibration ~ figure .chart-text', { hasText: /^0 %$/ })
    expect(await zero.getAttribute('x')).toBe('10')
    await button(page, 'Work out a proposal').click()
    await page.getByText('Too little to learn from: 4 answers said aloud').waitFor()
  })

  it.each([
    ['desktop', {}],
    ['phone', PHONE],
    ['dark', { colorScheme: 'dark' as const }],
  ])('everybody gets in: no barrier on its pages, nothing wider than the window (%s)', async (_, options) => {
    await day(here.shop)
    const { page } = await here.open(options)
    await signIn(page, 'Rosa, the owner')
    const made = await ask(here.shop, 'encore_owner_demo', 'POST', '/v1/policies', {
      changes: { fitFloor: 0.7, silenceShare: 0.05 },
    })
    for (const path of [
      '/owner/policy',
      `/owner/policy/${made.version}`,
      '/owner/policy/1',
      '/owner/learning',
    ]) {
      await page.goto(path)
      expect(await barriers(page), path).toEqual([])
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
      expect(over, path).toBeLessThanOrEqual(0)
    }
    await page.goto('/owner/policy')
    for (const part of await page.locator('details.owner-check > summary').all()) await part.click()
    expect(await barriers(page)).toEqual([])
  })
})

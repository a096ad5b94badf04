/** A shop of one's own gets its goals: the starter set in one tap, or written by hand; on a phone and without scripts. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultPolicy } from '../../src/core/policy.ts'
import { makeInvite, newToken } from '../../src/store/sign-in.ts'
import { addSite } from '../../src/store/site.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { SEEDED_AT } from '../support/engines.ts'
import { barriers, button, PHONE, visits } from './visit.ts'

const folder = mkdtempSync(join(tmpdir(), 'encore-own-'))
const file = join(folder, 'own.sqlite')
const invite = newToken()

beforeAll(async () => {
  const engine = openSqlite(file, 'migrations')
  const site = { id: 'MAIN', name: 'High Street', timeZone: 'Europe/London', currency: 'GBP' }
  await addSite(engine, site, defaultPolicy('own'), SEEDED_AT)
  const guest = { role: 'owner' as const, siteId: null, partnerId: null, staffId: null, label: 'Her' }
  const by = { actor: 'test', role: 'owner', requestId: 't', at: SEEDED_AT, id: 't' }
  await makeInvite(engine, invite, guest, '2026-04-01T00:00:00.000Z', by)
  engine.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const here = visits(() => file)

async function comeIn(page: Page): Promise<void> {
  await page.goto(`/sign-in?invite=${invite}`)
  await page.locator('main form button').first().click()
  await page.waitForURL((url) => !url.search.includes('invite'))
  await page.goto('/owner/goals')
}

test('the starter set in one tap, without scripts; what waited for goals has them', async () => {
  const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled: false })
  await comeIn(page)
  await page.getByRole('heading', { name: 'This shop has no goals yet' }).waitFor()
  expect(await page.locator('svg, table').count()).toBe(0)
  for (const path of ['/owner/mapping', '/owner/polls/new', '/owner/partners/new']) {
    await page.goto(path)
    await page.getByText('This shop has no goals yet.').waitFor()
  }
  await page.getByRole('link', { name: /Begin with the starter set/ }).click()
  await button(page, /^Begin with the starter set \(59 goals of family life\)$/).click()
  await page.getByText('59 goals are yours now.').waitFor()
  await page.getByText('None: no family holds a goal yet').waitFor()
  expect(await page.locator('svg.chart, .chart svg').count()).toBe(0)
  await page.goto('/owner/polls/new')
  expect(await page.getByText('This shop has no goals yet.').count()).toBe(0)
  expect(await page.getByLabel('Goal').locator('option').count()).toBeGreaterThan(50)
  expect(complaints).toEqual([])
})

test('goals are written, refused with what is wrong, and changed; without scripts', async () => {
  const { page, complaints } = await here.open({ javaScriptEnabled: false })
  await comeIn(page)
  await page.getByLabel('Name').fill('Chess')
  await page.getByLabel('The question that asks for it').fill('Tell us of chess.')
  await button(page, 'Keep it').click()
  await page.getByText('Not saved.').waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('Chess')
  await page.getByLabel('The question that asks for it').fill('Is there chess at home?')
  await button(page, 'Keep it').click()
  await page.getByText('“Chess” is kept.').waitFor()

  await page.getByText('Write a goal').click()
  await page.getByLabel('Name').fill('Bereavement')
  await page.getByLabel('Which goal it belongs to').selectOption('chess')
  await page.getByLabel(/Only she brings this up/).check()
  await button(page, 'Keep it').click()
  await page.getByText('“Bereavement” is kept.').waitFor()

  await page.getByRole('link', { name: 'Bereavement' }).click()
  expect(await page.getByLabel(/Only she brings this up/).isChecked()).toBe(true)
  await page.getByLabel('Which goal it belongs to').selectOption('')
  await button(page, 'Keep it').click()
  await page.getByText('“Bereavement” is kept.').waitFor()
  expect(await page.locator('tbody th').allInnerTexts()).toEqual(['Chess', 'Bereavement'])
  expect(complaints.filter((each) => !each.includes('422'))).toEqual([])
})

test.each([
  ['on a phone', PHONE],
  ['on a screen', {}],
] as const)('nothing stands in the way, %s', async (how, options) => {
  const { page } = await here.open(options)
  await comeIn(page)
  expect(await barriers(page)).toEqual([])
  if (process.env.SHOTS)
    await page.screenshot({ path: `${process.env.SHOTS}/none ${how}.png`, fullPage: true })
  await button(page, /^Begin with/).click()
  await page.getByText('59 goals are yours now.').waitFor()
  await page.getByRole('link', { name: 'Dance', exact: true }).click()
  await page.getByText('Change “Dance”').waitFor()
  expect(await barriers(page)).toEqual([])
  if (process.env.SHOTS)
    await page.screenshot({ path: `${process.env.SHOTS}/begun ${how}.png`, fullPage: true })
  await page.goto('/owner/mapping')
  expect(await barriers(page)).toEqual([])
})

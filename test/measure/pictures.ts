/**
 * The pictures of the docs: `npx tsx test/measure/pictures.ts` loads the demo shop with its history into a temporary
 * file, opens its pages in Chromium, and writes docs/pictures/*.png.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { loadHistory } from '../../seed/history.ts'
import { loadJuniperRow } from '../../seed/juniper-row.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Shop } from '../browser/shop.ts'
import { openBrowser, openPage, openShop } from '../browser/shop.ts'
import { SEEDED_AT } from '../support/engines.ts'

const root = join(import.meta.dirname, '../..')
const SEED = join(root, 'seed/juniper-row')
const PICTURES = join(root, 'docs/pictures')
const MOST_BYTES = 200 * 1024
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
const DESKTOP = { viewport: { width: 1280, height: 900 } }

/** One picture: whose page, where, on what, and how much of it from the top of the page. */
type Picture = { file: string; who: string; path: string; on: typeof PHONE | typeof DESKTOP; height: number }

const ROSA = 'Rosa, the owner'
const ALL: Picture[] = [
  { file: 'owner-alliances.png', who: ROSA, path: '/owner/alliances', on: DESKTOP, height: 1340 },
  { file: 'owner-alliance.png', who: ROSA, path: '/owner/alliances/A05', on: DESKTOP, height: 1290 },
  {
    file: 'staff-search.png',
    who: 'Jo, floor staff at Lincoln Corner',
    path: `/staff/alliances?q=${encodeURIComponent('calm 4 years lincoln corner')}`,
    on: PHONE,
    height: 1150,
  },
  {
    file: 'partner-page.png',
    who: 'Northside Conservatory, a partner',
    path: '/partner',
    on: PHONE,
    height: 1808,
  },
]

async function take(browser: Browser, shop: Shop, { file, who, path, on, height }: Picture): Promise<void> {
  const { page, complaints } = await openPage(browser, shop, {
    ...on,
    deviceScaleFactor: 1,
    colorScheme: 'light',
  })
  await page.goto('/sign-in?to=/reference')
  await page.getByRole('button', { name: who }).click()
  await page.waitForURL(/\/reference$/)
  await page.goto(path)
  await page.evaluate('document.fonts.ready.then(() => {})')
  const whole = Number(await page.evaluate('document.documentElement.scrollHeight'))
  const clip = { x: 0, y: 0, width: on.viewport.width, height: Math.min(height, whole) }
  await page.screenshot({ path: join(PICTURES, file), fullPage: true, clip })
  await page.context().close()
  if (complaints.length > 0) throw new Error(`${path}: ${complaints.join('; ')}`)
  const { size } = statSync(join(PICTURES, file))
  if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, ${MOST_BYTES} are the most.`)
  console.log(`${file} ${Math.round(size / 1024)} KB`)
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-pictures-'))
  const file = join(folder, 'shop.sqlite')
  const engine = openSqlite(file, join(root, 'migrations'))
  await loadJuniperRow(engine, SEED, SEEDED_AT)
  await loadHistory(engine, SEED, SEEDED_AT)
  engine.close()
  mkdirSync(PICTURES, { recursive: true })
  const shop = await openShop(file)
  const browser = await openBrowser()
  try {
    for (const picture of ALL) await take(browser, shop, picture)
  } finally {
    await browser.close()
    await shop.close()
    rmSync(folder, { recursive: true })
  }
}

await main()

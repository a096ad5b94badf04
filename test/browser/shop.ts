/** The demo shop, served as it is served to people, and a browser in front of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { loadJuniperRow } from '../../seed/juniper-row.ts'
import { createApp } from '../../src/http/app.ts'
import { clockFrom, randomText } from '../../src/settings.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

const root = join(import.meta.dirname, '../..')
/** A quarter to noon on the shop's Saturday. */
const START = Date.parse('2026-03-14T16:42:00Z')

export type Shop = { address: string; close(): Promise<void> }

/** Open a shop of its own on a free port. */
export async function openShop({ demo = true, seed = true } = {}): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-browser-'))
  const engine = openSqlite(join(folder, 'shop.sqlite'), join(root, 'migrations'))
  if (seed) await loadJuniperRow(engine, join(root, 'seed/juniper-row'), new Date(START).toISOString())
  const { app, deps } = createApp({
    engine,
    clock: clockFrom(START),
    random: randomText,
    log: () => {},
    demo,
  })
  const { server, port } = await new Promise<{ server: ReturnType<typeof serve>; port: number }>(
    (resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) =>
        resolve({ server, port: info.port }),
      )
    },
  )
  return {
    address: `http://127.0.0.1:${port}`,
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await deps.recorder.flush()
      engine.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A browser that speaks to nobody but us. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}

/** A page that remembers what its console complained about. */
export async function openPage(
  browser: Browser,
  shop: Shop,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({
    baseURL: shop.address,
    viewport: { width: 1280, height: 900 },
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('requestfailed', (request) => complaints.push(`${request.url()} failed`))
  return { page, complaints }
}

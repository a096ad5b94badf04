/** The demo shop, served as it is served to people, and a browser in front of it. */
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { createApp } from '../../src/http/app.ts'
import { clockFrom, randomText } from '../../src/settings.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, SEEDED_AT } from '../support/engines.ts'

const root = join(import.meta.dirname, '../..')

export type Shop = {
  readonly address: string
  /** Set the clock. At the edge that is another start at another address; a cookie knows no port, so it stays good. */
  at(instant: string): Promise<void>
  close(): Promise<void>
}

/** Open a shop of its own on a free port, on a copy of a seeded file; without one it is empty. */
export async function openShop(seeded: string | null, { demo = true } = {}): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-browser-'))
  const file = join(folder, 'shop.sqlite')
  if (seeded !== null) copyFileSync(seeded, file)
  const engine = openSqlite(file, join(root, 'migrations'))
  let clock = clockFrom(Date.parse(SEEDED_AT))
  const { app, deps } = createApp({ engine, clock: () => clock(), random: randomText, log: () => {}, demo })
  const { server, port } = await new Promise<{ server: ReturnType<typeof serve>; port: number }>(
    (resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) =>
        resolve({ server, port: info.port }),
      )
    },
  )
  return {
    address: `http://127.0.0.1:${port}`,
    at: async (instant) => {
      await deps.recorder.flush()
      clock = clockFrom(Date.parse(instant))
    },
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await deps.recorder.flush()
      engine.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The same inside workerd, on a copy of a seeded folder. */
export async function openEdgeShop(seeded: string): Promise<Shop> {
  const persist = mkdtempSync(join(tmpdir(), 'encore-browser-'))
  cpSync(seeded, persist, { recursive: true })
  let running = await edge({ persist, clock: SEEDED_AT })
  let address = (await running.miniflare.ready).origin
  return {
    get address() {
      return address
    },
    at: async (instant) => {
      await running.miniflare.dispose()
      running = await edge({ persist, clock: instant })
      address = (await running.miniflare.ready).origin
    },
    close: async () => {
      await running.miniflare.dispose()
      rmSync(persist, { recursive: true, force: true })
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

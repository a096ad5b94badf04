/** The demo shop behind a real address on either engine, with a clock that can be set. */
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, SEEDED_AT } from '../support/engines.ts'

export type House = {
  address(): string
  at(instant: string): Promise<void>
  close(): Promise<void>
}

/** Open a copy of the seeded shop from the folder of templates. */
export async function openHouse(kind: 'node' | 'edge', templates: string): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-house-'))
  const house = kind === 'node' ? await onNode(folder, templates) : await atTheEdge(folder, templates)
  return {
    ...house,
    close: async () => {
      await house.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function onNode(folder: string, templates: string): Promise<House> {
  const file = join(folder, 'shop.sqlite')
  copyFileSync(join(templates, 'seeded.sqlite'), file)
  const engine = openSqlite(file, 'migrations')
  let now = Date.parse(SEEDED_AT)
  const { app, deps } = createApp({ engine, clock: () => now, random: randomText, log: () => {}, demo: true })
  const { server, port } = await new Promise<{ server: ReturnType<typeof serve>; port: number }>((done) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info: AddressInfo) =>
      done({ server, port: info.port }),
    )
  })
  return {
    address: () => `http://127.0.0.1:${port}`,
    at: async (instant) => {
      await deps.recorder.flush()
      now = Date.parse(instant)
    },
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await deps.recorder.flush()
      engine.close()
    },
  }
}

async function atTheEdge(folder: string, templates: string): Promise<House> {
  const persist = join(folder, 'd1')
  cpSync(join(templates, 'seeded-d1'), persist, { recursive: true })
  let running = await edge({ persist, clock: SEEDED_AT })
  let address = (await running.miniflare.ready).origin
  return {
    address: () => address,
    // Another clock is another start; who is signed in stays so, since a cookie knows no port.
    at: async (instant) => {
      await running.miniflare.dispose()
      running = await edge({ persist, clock: instant })
      address = (await running.miniflare.ready).origin
    },
    close: () => running.miniflare.dispose(),
  }
}

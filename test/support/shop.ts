/** A shop of one's own for a test: the seeded demo shop, on either engine, asked over HTTP. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { createApp } from '../../src/http/app.ts'
import { randomText } from '../../src/settings.ts'
import { openD1 } from '../../src/store/d1.ts'
import type { Engine } from '../../src/store/engine.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { edge, SEEDED_AT } from './engines.ts'

export type Reply = { status: number; body: any; headers: Headers }

export type Shop = {
  engine: Engine
  /** Ask with a demo key, `BK` and `LS` are the tills'; null: with none. An answer that is no JSON stays a text. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    key?: string | null,
    headers?: Record<string, string>,
  ): Promise<Reply>
  /** Ask as a browser or a program does, without following where it leads. */
  send(path: string, init?: RequestInit): Promise<Response>
  /** Set the clock. */
  at(instant: string): Promise<void>
  /** Let the minute pass after which a worker looks after what waits; at the edge only. */
  minute?(): Promise<void>
}

/** Where the shop answers. */
export const ORIGIN = 'http://encore.example'

export const ENGINES = ['node', 'edge'] as const

const KEYS: Record<string, string> = {
  BK: 'encore_till_demo_BK',
  LS: 'encore_till_demo_LS',
  staff: 'encore_staff_demo_BK',
  owner: 'encore_owner_demo',
  partner: 'encore_partner_demo_P02',
}

/** Open a copy of the seeded shop; it is gone when the test is. */
export async function openShop(kind: (typeof ENGINES)[number]): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'encore-shop-'))
  const shop = kind === 'node' ? await nodeShop(folder) : await edgeShop(folder)
  onTestFinished(async () => {
    await shop.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return shop
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>

/** Asking over a fetch of paths. */
export function asker(fetch: Fetch): Shop['ask'] {
  return async (method, path, body, key = 'BK', headers = {}) => {
    const response = await fetch(path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${KEYS[key] ?? key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const read = text === '' ? null : isJson ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body: read }
  }
}

async function nodeShop(folder: string): Promise<Shop & { close(): Promise<void> }> {
  const path = join(folder, 'shop.sqlite')
  cpSync(join(inject('templates'), 'seeded.sqlite'), path)
  const engine = openSqlite(path, 'migrations')
  let now = Date.parse(SEEDED_AT)
  const { app, deps } = createApp({ engine, clock: () => now, random: randomText, log: () => {}, demo: true })
  const send = async (path: string, init: RequestInit = {}) => app.request(`${ORIGIN}${path}`, init)
  return {
    engine,
    send,
    ask: asker(send),
    at: async (instant) => {
      await deps.recorder.flush()
      now = Date.parse(instant)
    },
    close: async () => {
      await deps.recorder.flush()
      engine.close()
    },
  }
}

async function edgeShop(folder: string): Promise<Shop & { close(): Promise<void> }> {
  const persist = join(folder, 'd1')
  cpSync(join(inject('templates'), 'seeded-d1'), persist, { recursive: true })
  let running = await edge({ persist, clock: SEEDED_AT })
  const engine = (): Promise<Engine> => running.database().then((database) => openD1(database))
  const send = async (path: string, init: RequestInit = {}) =>
    (await running.miniflare.dispatchFetch(`${ORIGIN}${path}`, {
      redirect: 'manual',
      ...init,
    } as never)) as unknown as Response
  return {
    engine: {
      all: async (statement) => (await engine()).all(statement),
      allOf: async (statements) => (await engine()).allOf(statements),
      atomic: async (statements) => (await engine()).atomic(statements),
    },
    send,
    ask: asker(send),
    at: async (instant) => {
      await running.miniflare.dispose()
      running = await edge({ persist, clock: instant })
    },
    minute: async () => {
      const worker = (await running.miniflare.getWorker()) as unknown as {
        scheduled(at: { scheduledTime: Date }): Promise<unknown>
      }
      await worker.scheduled({ scheduledTime: new Date(SEEDED_AT) })
    },
    close: () => running.miniflare.dispose(),
  }
}

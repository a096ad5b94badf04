/** What every route is given: the store, the clock, chance, and who is asking. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { By } from '../store/audit.ts'
import type { Engine } from '../store/engine.ts'
import type { KeyRow } from '../store/key.ts'
import type { Recorder } from '../store/recorder.ts'
import type { Snapshot } from '../store/snapshot.ts'

export type Log = (line: Record<string, unknown>) => void

export type Deps = {
  engine: Engine
  snapshot: Snapshot
  recorder: Recorder
  /** The service's clock, in UTC milliseconds. */
  clock(): number
  /** A random text of letters and digits, for ids and codes. */
  random(length: number): string
  log: Log
  /** The demo shop's clock is set: every page says so. */
  demo: boolean
}

export type Env = {
  Variables: {
    requestId: string
    deps: Deps
    /** On routes that are not everybody's: the credential, its hash, and who acts, for the audit log. */
    key: KeyRow
    credential: string
    by: By
    /** For the log: never anything about a person. */
    role: string
    site: string
    route: string
  }
}

export type App = OpenAPIHono<Env>

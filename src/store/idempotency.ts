/** Answers kept under the Idempotency-Key of their request, for 48 hours. */
import type { Engine } from './engine.ts'
import { statement } from './engine.ts'

const KEPT_MS = 48 * 3_600_000
/** Longer than any request takes: whoever began it is gone. */
const RUNNING_MS = 60_000

export type KeptAnswer = { status: number; body: string; headers: Record<string, string> }

export type Claim =
  /** Ours to answer; `at` is the receipt to keep or to drop it with. */
  | { state: 'claimed'; at: string }
  | { state: 'answered'; answer: KeptAnswer }
  /** The first is still at it. */
  | { state: 'running' }
  /** The key was used for another request. */
  | { state: 'other' }

type Row = { digest: string; status: number | null; body: string | null; headers: string | null }

/** Claim a key for a request. Of any number at once, one gets it. */
export async function claimKey(engine: Engine, id: string, digest: string, nowMs: number): Promise<Claim> {
  const [at, keptSince, runningSince] = [nowMs, nowMs - KEPT_MS, nowMs - RUNNING_MS].map((ms) =>
    new Date(ms).toISOString(),
  ) as [string, string, string]
  const [claimed] = await engine.atomic([
    statement(
      `insert into idempotency (id, digest, at) values (?1, ?2, ?3)
       on conflict (id) do update set digest = excluded.digest, at = excluded.at, status = null, body = null, headers = null
       where idempotency.at < ?4
         or (idempotency.status is null and idempotency.digest = excluded.digest and idempotency.at < ?5)`,
      id,
      digest,
      at,
      keptSince,
      runningSince,
    ),
  ])
  if (claimed === 1) return { state: 'claimed', at }
  const [row] = await engine.all<Row>(
    statement('select digest, status, body, headers from idempotency where id = ?', id),
  )
  // Dropped between the two: its answer was an error of ours, and whoever asks again may try.
  if (row === undefined) return { state: 'running' }
  if (row.digest !== digest) return { state: 'other' }
  if (row.status === null) return { state: 'running' }
  return {
    state: 'answered',
    answer: { status: row.status, body: row.body ?? '', headers: JSON.parse(row.headers ?? '{}') },
  }
}

/** Keep the answer to a claimed key, unless somebody took it over meanwhile. */
export async function keepAnswer(engine: Engine, id: string, at: string, answer: KeptAnswer): Promise<void> {
  await engine.atomic([
    statement(
      'update idempotency set status = ?, body = ?, headers = ? where id = ? and at = ? and status is null',
      answer.status,
      answer.body,
      JSON.stringify(answer.headers),
      id,
      at,
    ),
  ])
}

/** Give a claimed key back: its request may be tried again. */
export async function dropClaim(engine: Engine, id: string, at: string): Promise<void> {
  await engine.atomic([
    statement('delete from idempotency where id = ? and at = ? and status is null', id, at),
  ])
}

/** Delete answers that no longer count. */
export async function sweepAnswers(engine: Engine, nowMs: number): Promise<void> {
  await engine.atomic([
    statement('delete from idempotency where at < ?', new Date(nowMs - KEPT_MS).toISOString()),
  ])
}

/** The outbox: events on their way to whoever asked for them. Written in the batch of what they tell of; ids only. */
import type { Engine, Statement } from './engine.ts'
import { insertRows, statement } from './engine.ts'
import { signingSecret, webhook } from './schema.ts'

export const EVENT_TYPES = [
  'alliance.moved',
  'terms.agreed',
  'referral.moved',
  'session.cancelled',
  'statement.issued',
  'dispute.opened',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/**
 * Put an event into the outbox, once for each webhook that wants its type. `id` makes a repeat the same event;
 * `when` is asked in the batch, its values from ?5 on.
 */
export function emitted(
  type: EventType,
  id: string,
  data: Record<string, string | number | null>,
  at: string,
  when: { sql: string; params: (string | number)[] } = { sql: 'true', params: [] },
): Statement {
  return statement(
    `insert into outbox (id, webhookId, type, body, at, nextAt)
     select ?1 || '.' || id, id, ?2, ?3, ?4, ?4 from webhook
     where disabledAt is null and (types = '[]' or ?2 in (select value from json_each(types))) and ${when.sql}
     on conflict do nothing`,
    `evt_${id}`,
    type,
    JSON.stringify({ type, timestamp: at, data }),
    at,
    ...when.params,
  )
}

/** A webhook as it is kept. */
export type WebhookRow = typeof webhook.$inferSelect

/** Webhooks, oldest first. */
export async function listWebhooks(engine: Engine): Promise<WebhookRow[]> {
  return engine.all<WebhookRow>(statement('select * from webhook order by createdAt, id'))
}

/** Add a webhook. */
export const addedWebhook = (row: typeof webhook.$inferInsert): Statement => insertRows(webhook, [row])

/** Send no more to a webhook; what waits for it is dropped. */
export const disabledWebhook = (id: string, at: string): Statement[] => [
  statement('update webhook set disabledAt = coalesce(disabledAt, ?) where id = ?', at, id),
  statement('update outbox set nextAt = null where webhookId = ? and deliveredAt is null', id),
]

export type Due = { id: string; type: string; body: string; attempts: number; url: string; secret: string }

/** After how long it is tried again, in seconds, by attempt; after the last it is given up. */
const BACKOFF_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const

/**
 * Claim what is due: its next attempt is set before it is sent, so that two that deliver at once do not send it
 * twice, and one that dies leaves it for later.
 */
export async function claimDue(engine: Engine, now: string, most: number): Promise<Due[]> {
  const due = await engine.all<Due & { nextAt: string }>(
    statement(
      `select o.id, o.type, o.body, o.attempts, o.nextAt, w.url, w.secret from outbox o join webhook w on w.id = o.webhookId
       where o.nextAt <= ? and o.deliveredAt is null order by o.nextAt, o.id limit ?`,
      now,
      most,
    ),
  )
  if (due.length === 0) return []
  const changed = await engine.atomic(
    due.map(({ id, attempts }) => {
      const wait = BACKOFF_SECONDS[attempts]
      const next = wait === undefined ? null : new Date(Date.parse(now) + wait * 1000).toISOString()
      return statement(
        'update outbox set attempts = attempts + 1, nextAt = ? where id = ? and attempts = ? and deliveredAt is null',
        next,
        id,
        attempts,
      )
    }),
  )
  return due.filter((_, i) => changed[i] === 1)
}

/** Keep how an attempt went. */
export const attempted = (id: string, status: string, deliveredAt: string | null): Statement =>
  statement(
    `update outbox set lastStatus = ?2, deliveredAt = coalesce(deliveredAt, ?3), nextAt = case when ?3 is null then nextAt end where id = ?1`,
    id,
    status,
    deliveredAt,
  )

/** What a partner signs its events with, or null. */
export async function findSigningSecret(engine: Engine, partnerId: string): Promise<string | null> {
  const [row] = await engine.all<{ secret: string }>(
    statement('select secret from signingSecret where partnerId = ?', partnerId),
  )
  return row?.secret ?? null
}

/** Set what a partner signs with; the one before is no longer good. */
export const signingSecretSet = (partnerId: string, secret: string, at: string): Statement =>
  insertRows(
    signingSecret,
    [{ partnerId, secret, createdAt: at }],
    '(partnerId) do update set secret = excluded.secret, createdAt = excluded.createdAt',
  )

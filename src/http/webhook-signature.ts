/**
 * Standard Webhooks signatures, both ways: HMAC-SHA256 over id.timestamp.body, by Web Crypto on Node and at the edge.
 * The published library reads the machine's clock; here the clock is an argument.
 * Source: https://github.com/standard-webhooks/standard-webhooks, spec version 1.
 */

/** How far a timestamp may be from our clock, in seconds: outside it the event is a replay. */
export const REPLAY_WINDOW_SECONDS = 300

const PREFIX = 'whsec_'

/** A new secret: `whsec_` and 32 random bytes in base64. */
export function newSecret(): string {
  return PREFIX + btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(secret.replace(PREFIX, '')), (char) => char.charCodeAt(0))
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
}

const signedContent = (id: string, timestamp: string, body: string) =>
  new TextEncoder().encode(`${id}.${timestamp}.${body}`)

/** The headers of an event that goes out. `seconds` since 1970. */
export async function signedHeaders(
  secret: string,
  id: string,
  seconds: number,
  body: string,
): Promise<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(seconds)
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret), signedContent(id, timestamp, body))
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`,
  }
}

/**
 * Whether one of the signatures fits the raw body, and the event is of now.
 * The comparison is Web Crypto's own, which does not tell by its time how much fits.
 */
export async function isSigned(
  secret: string,
  headers: { id: string; timestamp: string; signature: string },
  body: string,
  seconds: number,
): Promise<boolean> {
  if (!/^\d{1,12}$/.test(headers.timestamp)) return false
  if (Math.abs(Number(headers.timestamp) - seconds) > REPLAY_WINDOW_SECONDS) return false
  const key = await keyOf(secret)
  const content = signedContent(headers.id, headers.timestamp, body)
  for (const each of headers.signature.split(' ').slice(0, 8)) {
    const base64 = /^v1,([A-Za-z0-9+/]{43}=)$/.exec(each)?.[1]
    if (base64 === undefined) continue
    const mac = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    if (await crypto.subtle.verify('HMAC', key, mac, content)) return true
  }
  return false
}

/** The client, a process of its own: raw keep-alive connections, so that asking costs as little as can be. */
import { connect } from 'node:net'
import { asksOf, type Size, TILL_KEY } from './sized-shop.ts'

export type Load = {
  port: number
  method: 'GET' | 'POST'
  size: Size
  connections: number
  ms: number
  more?: object
}
export type Measured = { requests: number; failed: number; ms: number; p50Ms: number; p99Ms: number }

const bodies = new Map<string, Buffer[]>()

function requestsOf({ method, size, more = {} }: Load): Buffer[] {
  const key = JSON.stringify([method, size, more])
  let made = bodies.get(key)
  if (!made) {
    const head = `${method} /v1/recommendations HTTP/1.1\r\nhost: 127.0.0.1\r\n`
    made =
      method === 'GET'
        ? [Buffer.from(`${head}\r\n`)]
        : asksOf(size, 10_000, more).map((body) =>
            Buffer.from(
              `${head}authorization: Bearer ${TILL_KEY}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
            ),
          )
    bodies.set(key, made)
  }
  return made
}

let asked = 0

/** One connection that asks, waits for the whole answer, and asks again until the time is up. */
function keepAsking(load: Load, requests: Buffer[], until: number, latencies: number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    let failed = 0
    let sentAt = 0
    let got = ''
    const ask = () => {
      if (performance.now() >= until) return socket.end(() => resolve(failed))
      got = ''
      sentAt = performance.now()
      socket.write(requests[asked++ % requests.length]!)
    }
    socket.on('connect', ask)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
      const end = got.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = /\r\ncontent-length: (\d+)/i.exec(got)
      if (length ? got.length < end + 4 + Number(length[1]) : !got.endsWith('0\r\n\r\n')) return
      latencies.push(performance.now() - sentAt)
      if (!got.startsWith('HTTP/1.1 200')) failed++
      ask()
    })
  })
}

/** Be the client: answer each load with what was measured. */
export function beClient(): void {
  process.on('disconnect', () => process.exit())
  process.on('message', (load: Load) => void measured(load).then((result) => process.send!(result)))
}

async function measured(load: Load): Promise<Measured> {
  const requests = requestsOf(load)
  const latencies: number[] = []
  const started = performance.now()
  const failures = await Promise.all(
    Array.from({ length: load.connections }, () => keepAsking(load, requests, started + load.ms, latencies)),
  )
  const ms = performance.now() - started
  latencies.sort((a, b) => a - b)
  return {
    requests: latencies.length,
    failed: failures.reduce((sum, n) => sum + n, 0),
    ms,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? 0,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
  }
}

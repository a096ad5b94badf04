/** Whether the process lives, and whether it can answer from its store. */
import { createRoute, z } from '@hono/zod-openapi'
import type { App } from './app-context.ts'
import { json } from './document.ts'
import { Problem, problems } from './problem.ts'

const Health = z.strictObject({ status: z.literal('ok') }).openapi('Health')
const Ready = z.strictObject({ status: z.literal('ok'), dataVersion: z.string() }).openapi('Ready')

export function health(app: App): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/healthz',
      operationId: 'healthz',
      tags: ['running'],
      summary: 'The process lives',
      responses: { 200: json('It does', Health) },
    }),
    (c) => c.json({ status: 'ok' as const }, 200),
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/readyz',
      operationId: 'readyz',
      tags: ['running'],
      summary: 'The store answers and the catalogue is loaded',
      responses: {
        200: json('Ready', Ready),
        ...problems(503),
      },
    }),
    async (c) => {
      const { snapshot } = c.get('deps')
      let timer: ReturnType<typeof setTimeout> | undefined
      try {
        await Promise.race([
          snapshot.refresh(),
          new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Problem('store_unavailable')), 1000)
          }),
        ])
      } catch {
        throw new Problem('store_unavailable')
      } finally {
        clearTimeout(timer)
      }
      return c.json({ status: 'ok' as const, dataVersion: String(snapshot.rev) }, 200)
    },
  )
}

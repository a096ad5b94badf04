/** What a warm till call costs at the edge, in D1's own counts and never in times. */
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { countingEdge } from '../bench/edge-costs.ts'

test('a warm till call of a known customer: one round trip before the answer, one after it, few rows', async () => {
  const shop = await countingEdge(join(inject('templates'), 'seeded-d1'))
  onTestFinished(() => shop.close())
  const ask = {
    customer: 'g01-ana',
    basket: { lines: [{ sku: 'DR-204-6', quantity: 1, unitPrice: 9600 }] },
    deadlineMs: 5000,
  }
  await shop.count('/v1/recommendations', ask)
  for (let call = 0; call < 3; call++) {
    const { status, body, trips } = await shop.count('/v1/recommendations', ask)
    expect(status).toBe(200)
    expect(body).toMatchObject({ basis: 'profile', degraded: null })
    expect(trips.filter((trip) => trip.beforeAnswer)).toHaveLength(1)
    expect(trips.filter((trip) => !trip.beforeAnswer).length).toBeLessThanOrEqual(1)
    expect(trips.reduce((sum, trip) => sum + trip.rowsRead, 0)).toBeLessThanOrEqual(50)
    expect(trips.reduce((sum, trip) => sum + trip.rowsWritten, 0)).toBeLessThanOrEqual(2)
  }
})

/** The engine on its own, asked what a shop system might ask on a bad day. */
import { describe, expect, test } from 'vitest'
import { ENGINES, openShop } from '../support/shop.ts'

type One = { sku: string; score: number; because: { kind: string; ref: string; part: number }[] }

describe.each(ENGINES)('%s', (kind) => {
  test('odd questions have an answer that says why, or a problem that names the field', async () => {
    const shop = await openShop(kind)
    const rank = async (question: Record<string, unknown>) => {
      const { status, body } = await shop.ask('POST', '/v1/rankings', {
        asOf: '2026-03-14T16:42:00Z',
        ...question,
      })
      expect(status).toBe(200)
      for (const { score, because } of body.ranked as One[])
        expect(because.reduce((sum, { part }) => sum + part, 0)).toBe(score)
      return body.ranked as One[]
    }
    const all = await rank({ purpose: 'checkout', limit: 50 })
    expect(all.length).toBeGreaterThan(10)
    expect(all.every(({ because }) => because.every((reason) => reason.kind === 'popular'))).toBe(true)

    // Nobody knows these: as if nothing were in the basket.
    const unknown = ['赤い木のおもちゃ', 'не продавалось', ' ', '0', 'yo-124 ', '__proto__', 'toString']
    expect(await rank({ purpose: 'checkout', basket: unknown, limit: 50 })).toEqual(all)
    expect(await rank({ purpose: 'checkout', candidates: unknown })).toEqual([])
    expect(await rank({ purpose: 'checkout', candidates: [] })).toEqual([])

    // Beside one that is known they change nothing, nor does saying it often.
    const one = await rank({ purpose: 'checkout', basket: ['YO-124'] })
    expect(one[0]!.because.some(({ ref }) => ref === 'YO-124')).toBe(true)
    expect(await rank({ purpose: 'checkout', basket: [...unknown, ...Array(200).fill('YO-124')] })).toEqual(
      one,
    )
    expect(await rank({ purpose: 'checkout', basket: ['YO-124'], limit: 1 })).toEqual(one.slice(0, 1))

    // All that sells is in the basket: little is left, and none of it twice.
    const skus = all.map(({ sku }) => sku)
    const left = await rank({ purpose: 'checkout', basket: skus, limit: 50 })
    expect(left.filter(({ sku }) => skus.includes(sku))).toEqual([])

    // Purchases after the question count as made now, those of long ago hardly.
    const history = (at: string) => [{ at, items: ['YO-124'] }]
    const late = await rank({ purpose: 'next', history: history('2031-01-01T00:00:00Z') })
    expect(late).toEqual(await rank({ purpose: 'next', history: history('2026-03-14T16:42:00Z') }))
    expect((await rank({ purpose: 'next', history: history('1970-01-01T00:00:00Z') })).length).toBe(20)

    for (const [question, field] of [
      [{ limit: 51 }, 'limit'],
      [{ limit: 0 }, 'limit'],
      [{ basket: [''] }, 'basket.0'],
      [{ basket: [124] }, 'basket.0'],
      [{ history: [{ at: 'yesterday', items: [] }] }, 'history.0.at'],
    ] as const) {
      const { status, body } = await shop.ask('POST', '/v1/rankings', { purpose: 'checkout', ...question })
      expect([status, body.errors[0].field]).toEqual([400, field])
    }
  }, 300_000)
})

/** Cloudflare D1 behind the store port. */
import type { D1Database, D1Meta } from '@cloudflare/workers-types'
import type { Engine, Statement } from './engine.ts'
import { GuardFailed, isConstraint } from './engine.ts'

/** `onMeta` is told what each round trip cost: rows read and written, for the test that counts them. */
export function openD1(database: D1Database, onMeta?: (metas: D1Meta[]) => void): Engine {
  const bound = ({ sql, params }: Statement) => database.prepare(sql).bind(...params)
  const batch = async (statements: Statement[]) => {
    if (statements.length === 0) return []
    const results = await database.batch(statements.map(bound))
    onMeta?.(results.map((result) => result.meta as D1Meta))
    return results
  }
  return {
    all: async <Row>(statement: Statement) => {
      const result = await bound(statement).all<Row>()
      onMeta?.([result.meta as D1Meta])
      return result.results
    },
    allOf: async (statements) => (await batch(statements)).map((result) => result.results as unknown[]),
    atomic: async (statements) => {
      try {
        return (await batch(statements)).map((result) => result.meta.changes ?? 0)
      } catch (error) {
        if (isConstraint(error)) throw new GuardFailed('a constraint refused', { cause: error })
        throw error
      }
    },
  }
}

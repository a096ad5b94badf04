/** The decision log: what is given is found until it is on record, and what the store refuses is kept and written later. */
import { expect, test } from 'vitest'
import type { Engine } from '../../src/store/engine.ts'
import type { NewRecommendation } from '../../src/store/recommendation.ts'
import { Recorder } from '../../src/store/recorder.ts'
import { openShop } from '../support/shop.ts'

const answerTo = (id: string, customer: string | null): NewRecommendation => ({
  id,
  siteId: 'BK',
  customer,
  touchpoint: 'till',
  staffId: null,
  at: '2026-03-14T16:42:00.000Z',
  requestDigest: '',
  offerId: null,
  alternateId: null,
  askedGoal: null,
  arm: 'none',
  propensity: 1,
  policyVersion: 1,
  wouldOffer: null,
  mapping: null,
  band: null,
  expected: null,
  answer: '{}',
  inputs: '{}',
})

test('a group that the store refuses goes on record with the next, in its order, and is found until then', async () => {
  const { engine } = await openShop('node')
  let down = true
  const refusing: Engine = {
    ...engine,
    atomic: async (statements) => {
      if (down) throw new Error('down')
      return engine.atomic(statements)
    },
  }
  const errors: unknown[] = []
  const recorder = new Recorder(
    refusing,
    (error) => errors.push(error),
    async () => {},
  )
  const ids = () => recorder.of('g01-ana').map(({ id }) => id)

  recorder.add(answerTo('log-1', 'g01-ana'))
  recorder.add(answerTo('log-2', null))
  const refused = recorder.flush()
  // Given while the first are on their way.
  recorder.add(answerTo('log-3', 'g01-ana'))
  expect(ids()).toEqual(['log-1', 'log-3'])
  await refused
  expect(errors).toHaveLength(1)
  expect(ids()).toEqual(['log-1', 'log-3'])

  down = false
  const written = recorder.flush()
  expect(recorder.find('log-2')).not.toBeNull()
  await Promise.all([written, recorder.flush()])
  expect([...ids(), recorder.find('log-1'), recorder.find('log-2')]).toEqual([null, null])
  const kept = await engine.all<{ id: string }>({
    sql: `select id from recommendation where id like 'log-%' order by id`,
    params: [],
  })
  expect(kept.map(({ id }) => id)).toEqual(['log-1', 'log-2', 'log-3'])
})

/** The numbers in the docs are computed, not typed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { shrunkRatio } from '../../src/core/acceptance.ts'
import { GATES } from '../../src/core/gate.ts'
import { defaultPolicy, LEVERS, policyProblems } from '../../src/core/policy.ts'
import { scoreOf } from '../../src/core/score.ts'
import { decayed, noisyOr } from '../../src/core/understand.ts'

const docs = readFileSync('docs/how-it-decides.md', 'utf8')

describe('docs/how-it-decides.md', () => {
  const known = { decayed, noisyOr, shrunkRatio, scoreOf, policy: defaultPolicy() }
  const lines = [...docs.matchAll(/^(.+) \/\/ → (\S+)$/gm)].map(
    ([, expression, value]) => [expression!, value!] as const,
  )
  test('has worked numbers', () => expect(lines.length).toBeGreaterThanOrEqual(10))
  test.each(lines)('%s is %s', (expression, value) => {
    // oxlint-disable-next-line typescript/no-implied-eval -- the docs are ours, and this is what makes them true
    const computed = new Function(...Object.keys(known), `return ${expression}`)(
      ...Object.values(known),
    ) as number
    expect(
      computed
        .toFixed(3)
        .replace(/^0/, '')
        .replace(/\.000$/, ''),
    ).toBe(value)
  })
  test('names every gate, in order', () => {
    const named = [...docs.matchAll(/^\| (?:eligible|applicable|suitable).*\| (.+) \|$/gm)].flatMap(
      ([, codes]) => codes!.split(' · '),
    )
    expect(named).toEqual(GATES.map((gate) => gate.code))
  })
  test('lists every lever with its default, range and effect', () => {
    const table = `| lever | default | range | effect |\n|---|---|---|---|\n${Object.entries(LEVERS)
      .map(
        ([name, lever]) => `| \`${name}\` | ${lever.default} | ${lever.min} … ${lever.max} | ${lever.says} |`,
      )
      .join('\n')}\n`
    if (process.env.UPDATE_DOCS)
      writeFileSync(
        'docs/how-it-decides.md',
        `${docs.split('<!-- levers -->')[0]}<!-- levers -->\n\n${table}`,
      )
    else expect(docs.split('<!-- levers -->\n\n')[1]).toBe(table)
  })
})

describe('the policy record', () => {
  test('starts valid, and every wrong value is named', () => {
    expect(policyProblems(defaultPolicy())).toEqual([])
    expect(
      policyProblems({ ...defaultPolicy(), fitFloor: 2, quietDays: 1.5, salt: '', version: 0, extra: 1 })
        .map((p) => p.field)
        .sort(),
    ).toEqual(['extra', 'fitFloor', 'quietDays', 'salt', 'version'])
    const { fitFloor: _, ...without } = defaultPolicy()
    expect(policyProblems(without).map((p) => p.field)).toEqual(['fitFloor'])
  })
})

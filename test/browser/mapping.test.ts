/** The owner looks the suggestions through: accepts, changes, refuses, takes back; by keyboard and without scripts. */
import { describe, expect, it } from 'vitest'
import { barriers, button, PHONE, signIn, visits } from './visit.ts'

const here = visits()

const mappings = async (): Promise<any> => {
  const answer = await fetch(`${here.shop.address}/v1/mappings?limit=200`, {
    headers: { authorization: 'Bearer encore_owner_demo' },
  })
  return answer.json()
}

describe('mapping', () => {
  it('is accepted, changed and refused in bulk, without scripts; what is refused does not come again', async () => {
    const { page, complaints } = await here.open({ javaScriptEnabled: false })
    await signIn(page, 'Rosa, the owner', '/owner/mapping')
    const before = await mappings()
    await page.getByText('products speak for a goal').waitFor()
    const [first, second, third] = before.suggestions
    const row = (n: number) => page.locator('fieldset').nth(n)

    // Nothing ticked: nothing done.
    await button(page, 'Accept what is ticked').click()
    await page.getByText('Tick at least one row.').waitFor()

    await row(0).getByRole('checkbox').check()
    await row(0).getByLabel('Weight of one purchase').fill('0.2')
    await row(1).getByRole('checkbox').check()
    await button(page, 'Accept what is ticked').click()
    await page.getByText(/2 accepted, about \d+ past purchases\./).waitFor()
    const { rules } = await mappings()
    expect(rules).toHaveLength(44)
    const ruleOf = ({ kind, term, goal }: any) =>
      rules.find((rule: any) => rule.kind === kind && rule.term === term && rule.goal === goal)
    expect(ruleOf(first).weight).toBe(0.2)
    expect(ruleOf(second).weight).toBe(second.weight)

    await row(0).getByRole('checkbox').check()
    await button(page, 'Refuse what is ticked').click()
    await page.getByText('1 refused: not suggested again.').waitFor()
    const after = await mappings()
    expect(after.refused).toBe(1)
    const keys = after.suggestions.map(({ kind, term, goal }: any) => `${kind}/${term}/${goal}`)
    expect(keys).not.toContain(`${third.kind}/${third.term}/${third.goal}`)

    // Another goal than the suggested one: that one is refused with it. A weight that is none is said beside its field.
    const [next] = after.suggestions
    await row(0).getByRole('checkbox').check()
    await row(0).getByLabel('Goal').fill('mil-keepsake')
    await row(0).getByLabel('Weight of one purchase').fill('much')
    await button(page, 'Accept what is ticked').click()
    await page.getByText('Not kept.').waitFor()
    expect(await row(0).getByRole('checkbox').isChecked()).toBe(true)
    expect(await row(0).getByLabel('Weight of one purchase').inputValue()).toBe('much')
    await row(0).getByLabel('Weight of one purchase').fill('0.15')
    await button(page, 'Accept what is ticked').click()
    await page.getByText('1 accepted').waitFor()
    const edited = await mappings()
    expect(edited.refused).toBe(2)
    expect(edited.rules).toContainEqual(
      expect.objectContaining({ kind: next.kind, term: next.term, goal: 'mil-keepsake', weight: 0.15 }),
    )

    // A goal that is only ever told is refused, with what was typed still there.
    await row(0).getByRole('checkbox').check()
    await row(0).getByLabel('Goal').fill('mil-newborn')
    await button(page, 'Accept what is ticked').click()
    await page.getByText('only ever told').first().waitFor()

    const standing = page.getByRole('checkbox', { name: /Dancewear/ })
    await standing.check()
    await button(page, 'Take back what is ticked').click()
    await page.getByText('1 taken back.').waitFor()
    expect((await mappings()).rules.some((rule: any) => rule.term === 'dance-kids')).toBe(false)
    // The weight that was none was answered with a 400, as it should be.
    expect(complaints.filter((each) => !/400 \(Bad Request\)/.test(each))).toEqual([])
  }, 60_000)

  it('is open to all, on a phone too', async () => {
    for (const options of [{}, PHONE]) {
      const { page } = await here.open(options)
      await signIn(page, 'Rosa, the owner', '/owner/mapping')
      expect(await barriers(page)).toEqual([])
      const wide = await page.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      )
      expect(wide).toBe(false)
    }
  }, 60_000)
})

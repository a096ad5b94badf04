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
    await button(page, 'Accept what is ticked').first().click()
    await page.getByText('Tick at least one row.').waitFor()

    await row(0).getByRole('checkbox').check()
    await row(0).getByText('Adjust').click()
    await row(0).getByLabel('Weight of one purchase').fill('0.2')
    await row(1).getByRole('checkbox').check()
    await button(page, 'Accept what is ticked').first().click()
    await page.getByText(/2 accepted, about \d+ past purchases\./).waitFor()
    const { rules } = await mappings()
    expect(rules).toHaveLength(44)
    const ruleOf = ({ kind, term, goal }: any) =>
      rules.find((rule: any) => rule.kind === kind && rule.term === term && rule.goal === goal)
    expect(ruleOf(first).weight).toBe(0.2)
    expect(ruleOf(second).weight).toBe(second.weight)

    await row(0).getByRole('checkbox').check()
    await button(page, 'Refuse what is ticked').last().click()
    await page.getByText('1 refused: not suggested again.').waitFor()
    const after = await mappings()
    expect(after.refused).toBe(1)
    const keys = after.suggestions.map(({ kind, term, goal }: any) => `${kind}/${term}/${goal}`)
    expect(keys).not.toContain(`${third.kind}/${third.term}/${third.goal}`)

    // Another goal than the suggested one: that one is refused with it. A weight that is none is said beside its field.
    const [next] = after.suggestions
    await row(0).getByRole('checkbox').check()
    await row(0).getByLabel('Goal').selectOption('mv-dance')
    await row(0).getByText('Adjust').click()
    await row(0).getByLabel('Weight of one purchase').fill('much')
    await button(page, 'Accept what is ticked').first().click()
    await page.getByText('Not kept.').waitFor()
    expect(await row(0).getByRole('checkbox').isChecked()).toBe(true)
    expect(await row(0).getByLabel('Weight of one purchase').inputValue()).toBe('much')
    await row(0).getByLabel('Weight of one purchase').fill('0.15')
    await button(page, 'Accept what is ticked').first().click()
    await page.getByText('1 accepted').waitFor()
    const edited = await mappings()
    expect(edited.refused).toBe(2)
    expect(edited.rules).toContainEqual(
      expect.objectContaining({ kind: next.kind, term: next.term, goal: 'mv-dance', weight: 0.15 }),
    )

    // A goal that is none, or only ever told: said beside its field, and nothing happens to the suggestion.
    for (const [slug, says] of [
      ['shoes-everyday', 'is unknown'],
      ['mil-newborn', 'only ever told'],
    ]) {
      await row(0).getByRole('checkbox').check()
      await row(0)
        .getByLabel('Goal')
        .evaluate((field: any, slug) => {
          field.selectedOptions[0].value = slug
        }, slug)
      await button(page, 'Accept what is ticked').first().click()
      await row(0).getByText(says!).waitFor()
      expect(await row(0).getByLabel('Goal').inputValue()).toBe(slug)
      expect(await row(0).getByLabel('Goal').getAttribute('aria-invalid')).toBe('true')
      expect(await row(0).getByRole('checkbox').isChecked()).toBe(true)
      expect(await page.getByRole('status').count()).toBe(0)
      expect(await mappings()).toEqual(edited)
      await page.goto(page.url())
    }

    // What was refused can be suggested again.
    const refused = page.getByRole('region', { name: 'Refused and taken back' })
    await refused.getByRole('checkbox').last().check()
    await button(page, 'Suggest again').click()
    await page.getByText('1 may be suggested again.').waitFor()
    expect((await mappings()).refused).toBe(1)

    const standing = page.getByRole('checkbox', { name: /Dancewear/ })
    await standing.check()
    await button(page, 'Take back what is ticked').click()
    await page.getByText('1 taken back.').waitFor()
    expect((await mappings()).rules.some((rule: any) => rule.term === 'dance-kids')).toBe(false)
    // The weight that was none was answered with a 400, as it should be.
    expect(complaints.filter((each) => !/400 \(Bad Request\)/.test(each))).toEqual([])
  }, 300_000)

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
  }, 300_000)
})

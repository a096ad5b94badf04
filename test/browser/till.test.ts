/** The till page: the stories of the demo shop, as somebody at the till walks through them. */
import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PHONE, visits } from './visit.ts'

const here = visits()
let page: Page
let complaints: string[]

beforeEach(async () => {
  ;({ page, complaints } = await here.open())
}, 30_000)
afterEach(async () => {
  await page.context().close()
  expect(complaints, 'the console stays silent, and so does the content policy').toEqual([])
})

const button = (name: string | RegExp) => page.getByRole('button', { name })
const heading = (name: string | RegExp) => page.getByRole('heading', { name })
const sees = (text: string | RegExp) => page.getByText(text).first().waitFor()
const headline = () => page.locator('#answer').textContent()

async function choose(name: RegExp) {
  const others = page.getByText('Somebody else')
  if (await others.isVisible()) await others.click()
  await button(name).click()
  await page.getByText('At the till', { exact: true }).waitFor()
}
async function ask() {
  await page.locator('.askbar .primary').click()
  await page.waitForURL(/answer=/)
  await page.locator('#answer').waitFor()
}
async function tell(goal: string, facet: string, words: string) {
  await page.getByText('Add what she told us').click()
  await page.getByLabel('What is it about?').selectOption(goal)
  await page.getByLabel('Which one?').fill(facet)
  await page.getByLabel('In her words').fill(words)
  await button('Remember it').click()
}

describe('Ana', () => {
  it('gets the piano lesson, a place and a code, and the next answer knows it', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await ask()
    expect(await headline()).toBe('Free first piano lesson')
    expect(await page.title()).toContain('Free first piano lesson')
    await sees('Is the piano still a wish at home?')
    await sees('Told Maya on 7 February: keeps asking for a piano.')
    await sees('The conservatory does not pay us for this lesson.')
    await sees('1 place left')
    await sees('Piano or strings term')
    await sees('Note: ready for the piano?')
    await sees('Alliance live')

    await button('I said it').click()
    await sees('Said aloud.')
    await page.getByRole('radio', { name: /Saturday 28 March/ }).check()
    await button('Accepted').click()
    await sees('She accepted.')
    await sees('I will keep a place and print the day and a code for you.')
    expect(await page.locator('.slip-code').textContent()).toMatch(/BK-[2-9A-Z]{5}$/)
    await sees('Saturday 28 March, 10:00')

    await ask()
    await heading('Say nothing today.').waitFor()
    await heading('What changed').waitFor()
    await sees('“Free first piano lesson” is refused now: she has it, or is in it already.')
  })

  it('gets the same answer at the other shop, which she allowed', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await ask()
    await button('I said it').click()
    await button('Lincoln Corner').click()
    await page.waitForURL(/site=LS/)
    await ask()
    expect(await headline()).toBe('Free first piano lesson')
  })

  it('asks us to forget the piano, and the reason and the offer are gone', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await ask()
    await button('Forget it Learning an instrument').click()
    await sees('Forgotten, with her words.')
    expect(await page.getByText('keeps asking for a piano').count()).toBe(0)
    await ask()
    expect(await headline()).not.toBe('Free first piano lesson')
    expect(await page.getByText('Told Maya on').count()).toBe(0)
  })

  it('declines, and hears an easy answer', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await ask()
    await button('Not for us').click()
    await sees('Thanks for telling us, we will leave the piano.')
    await ask()
    expect(await headline()).not.toBe('Free first piano lesson')
    await sees('is refused now')
  })

  it('may be explained to a manager, offer by offer', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await ask()
    await page.getByText('Why this answer?').click()
    await heading('What passed every gate, best first').waitFor()
    await sees('the best of all that passed')
    const goal = page.locator('.goals > li').first()
    expect(await goal.textContent()).toMatch(
      /Learning an instrument.*\.895.*\.168.*she told us: piano.*\.860/s,
    )
    const season = page.locator('.gate', { hasText: 'OUT_OF_SEASON' })
    await season.locator('summary').click()
    expect(await season.locator('li').count()).toBe(
      Number(await season.locator('summary .number').textContent()),
    )
  })
})

describe('what she told us', () => {
  it('changes the very next answer, and forgetting it changes it back', async () => {
    await page.goto('/till')
    await choose(/^Tessa/)
    await ask()
    await heading('Say nothing today.').waitFor()
    await tell('music-instrument', 'piano', '<b>wants</b> to play')
    await sees('Kept. The very next answer uses it.')
    await ask()
    expect(await headline()).toBe('Free first piano lesson')
    await sees('Told Maya on 14 March: <b>wants</b> to play.')
    await button('Forget it Learning an instrument').click()
    await sees('Forgotten, with her words.')
    await ask()
    await heading('Say nothing today.').waitFor()
    expect(await page.getByText('wants').count()).toBe(0)
  })

  it('is kept only when she allows it', async () => {
    await page.goto('/till')
    await choose(/^Sunita/)
    await tell('music-instrument', 'piano', '')
    await sees('Nothing was kept: she has not allowed us to remember.')
    await button('She says yes').click()
    await sees('from now on we may remember')
    await page.getByLabel('What is it about?').selectOption('music-instrument')
    await button('Remember it').click()
    await sees('Kept. The very next answer uses it.')
  })

  it('is asked for with one question when there is nothing to offer', async () => {
    await page.goto('/till')
    await choose(/^Laura/)
    await ask()
    await heading('One question, if there is a moment').waitFor()
    await button('Yes').click()
    await sees('Kept: she said yes.')
  })
})

describe('a note', () => {
  for (const javaScriptEnabled of [true, false])
    it(`is answered where it was written, on a phone, with scripts: ${javaScriptEnabled}`, async () => {
      await page.context().close()
      ;({ page, complaints } = await here.open({ ...PHONE, javaScriptEnabled }))
      await page.goto('/till')
      await choose(/^Tessa/)
      const save = async (words: string) => {
        await page.getByLabel('What would they enjoy?').fill(words)
        await button('Save').tap()
      }
      const said = async (text: string) => {
        await page.locator('#note-said').filter({ hasText: text }).waitFor()
        expect(await page.locator(':focus').getAttribute('id')).toBe('note-said')
        const box = (await page.locator('#note-said').boundingBox())!
        expect([box.y >= 0, box.y + box.height <= 844]).toEqual([true, true])
      }
      await save('is on chemo')
      await said('“chemo” is not ours to keep (health)')
      expect(complaints.splice(0).every((each) => each.includes('422'))).toBe(true)
      await save('does not want piano')
      await said('Not kept yet: it says no.')
      await button('She does not want this: Learning an instrument').tap()
      await said('Kept as her no')
      await sees('Learning an instrument, which she does not want')
      await ask()
      expect(await headline()).not.toContain('piano')
      expect(await page.getByText('does not want piano').count()).toBe(0)
      await save('keeps talking about the sea')
      await said('Choose, and save it again.')
      await page.getByLabel('It is about', { exact: true }).selectOption('adv-beach')
      await button('Save').tap()
      await said('Kept as told')
    })

  it('that is told at length and says no is her no', async () => {
    await page.goto('/till')
    await choose(/^Tessa/)
    await tell('music-instrument', 'piano', 'hates the piano')
    await sees('Kept as her no')
    await ask()
    expect(await headline()).not.toBe('Free first piano lesson')
    expect(await page.getByText('hates the piano').count()).toBe(0)
  })
})

describe('silence', () => {
  it('is calm, offers a kindness, and says its true cause to a manager only', async () => {
    await page.goto('/till')
    await choose(/^Nadia/)
    await ask()
    await heading('Say nothing today.').waitFor()
    await sees('Evening collection until eight')
    expect(await page.getByText('HOLDOUT', { exact: true }).first().isVisible()).toBe(false)
    await page.getByText('Why this answer?').click()
    await page.locator('.cause code', { hasText: 'HOLDOUT' }).waitFor()
  })

  it('cares where a promise is open', async () => {
    await page.goto('/till')
    await choose(/^Imani/)
    await ask()
    await heading('Care first.').waitFor()
    await sees('First, about the coat zip: mended by Thursday 19 March. Wren promised it.')
    expect(await heading('A kindness, if it helps').count()).toBe(0)
  })
})

describe('nobody we know', () => {
  it('gets a free first class for yoga leggings in the basket', async () => {
    await page.goto('/till')
    await page.getByLabel('Find a product').fill('yoga leggings')
    await button('Find').click()
    await page.getByRole('button', { name: /^Yoga leggings, lotus/ }).click()
    await sees('1 piece')
    await ask()
    expect(await headline()).toBe('Free first yoga class')
    await sees('In the basket today: Yoga leggings, lotus.')
  })
})

describe('the basket', () => {
  it('counts, marks gifts, empties, and an answer never outlives its basket', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await sees('2 pieces')
    await button('One more Straw hat').click()
    await sees('3 pieces')
    await sees('$140')
    await button('Gift Straw hat').click()
    await page.getByRole('button', { name: 'Gift Straw hat', pressed: true }).waitFor()
    await ask()
    await button('One fewer Cotton lawn dress, 6Y').click()
    await sees('It belonged to another basket.')
    await button('Empty the basket').click()
    await sees('Nothing yet.')
  })

  it('is sold, and the very next answer knows it', async () => {
    await page.goto('/till')
    await choose(/^Grace/)
    await button('Sell it').click()
    await sees('Sold. It was this household’s first sale')
    await ask()
    await page.getByText('Why this answer?').click()
    expect(await page.locator('.why').textContent()).toContain('bought 14 March 2026')
  })
})

describe('without a mouse', () => {
  it('goes from the household to the code with Tab, arrows and Enter', async () => {
    await page.goto('/till')
    const press = (key: string) => page.keyboard.press(key)
    const tabTo = async (what: string) => {
      for (let i = 0; i < 120; i++) {
        await press('Tab')
        const at = page.locator(':focus')
        const names = [await at.textContent(), await at.getAttribute('value')]
        const found = names.some((name) => name?.trim().startsWith(what))
        if (found) return
      }
      throw new Error(`Tab never came to ${what}`)
    }
    await press('Tab')
    expect((await page.locator(':focus').textContent())?.trim()).toBe('To the content')
    await tabTo('Ana')
    await press('Enter')
    await page.waitForURL(/who=g01-ana/)
    await tabTo('Next offer')
    await press('Enter')
    await page.waitForURL(/answer=/)
    // The answer has the focus, so that it is what is read first.
    expect(await page.locator(':focus').getAttribute('id')).toBe('answer')
    await tabTo('ses_O054')
    await press('ArrowDown')
    await tabTo('Accepted')
    await press('Enter')
    await page.locator('.slip-code').waitFor()
    await sees('Saturday 28 March, 10:00')
    expect(await page.locator(':focus').getAttribute('id')).toBe('happened')
  })

  it('keeps the focus on the key that was pressed', async () => {
    await page.goto('/till')
    await choose(/^Ana/)
    await button('One more Straw hat').press('Enter')
    await sees('3 pieces')
    expect(await page.locator(':focus').getAttribute('id')).toMatch(/^more-/)
  })
})

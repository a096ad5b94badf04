/** Questions and polls, as people meet them: one tap at the till, a note, a family's own page, and what the owner sees. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { barriers, button, PHONE, signIn, visits } from './visit.ts'

const here = visits()

async function ask(method: string, path: string, body?: unknown, key = 'encore_owner_demo'): Promise<any> {
  const answer = await fetch(`${here.shop.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(answer.ok, `${method} ${path} ${answer.status}`).toBe(true)
  return answer.json()
}

async function atTill(page: Page, name: RegExp): Promise<void> {
  await page.goto('/till')
  await button(page, name).click()
  await page.getByText('At the till', { exact: true }).waitFor()
}
async function next(page: Page): Promise<void> {
  await page.locator('.askbar .primary').click()
  await page.waitForURL(/answer=/)
  await page.locator('#answer').waitFor()
}
const question = (page: Page) => page.locator('.question .opener')
const tap = (page: Page, name: string) => page.locator('.question').getByRole('button', { name, exact: true })

describe('Claire', () => {
  it.each([true, false])(
    'is asked about swimming, and one tap changes the next answer; with scripts: %s',
    async (javaScriptEnabled) => {
      const { page, complaints } = await here.open({ javaScriptEnabled })
      await atTill(page, /^Claire/)
      await next(page)
      // Beside the baby list, which she told us of herself; asked to forget that, we have nothing to offer.
      expect(await question(page).textContent()).toMatch(/happy in water/)
      if (javaScriptEnabled) expect(await barriers(page)).toEqual([])
      await page.getByRole('button', { name: /^Forget it/ }).click()
      await page.getByText('Forgotten, with her words.').waitFor()
      await next(page)
      await page.getByRole('heading', { name: 'Say nothing today.' }).waitFor()
      expect(await question(page).textContent()).toMatch(/happy in water/)
      const answer = new URL(page.url()).searchParams.get('answer')
      await tap(page, 'Yes').click()
      await page.waitForURL((url) => ![null, answer].includes(url.searchParams.get('answer')))
      await page.getByRole('heading', { name: 'What changed' }).waitFor()
      expect(await page.locator('#answer').textContent()).toBe('Free look at water confidence')
      await page.getByText('Kept: she said yes.').waitFor()
      expect(await tap(page, 'Yes').count()).toBe(0)
      expect(complaints).toEqual([])
      await page.context().close()
    },
  )

  it('is not asked today, and the question says so', async () => {
    const { page } = await here.open()
    await atTill(page, /^Claire/)
    await next(page)
    await tap(page, 'Not asked').click()
    await page.getByText('Not asked. It may come again at the next visit.').waitFor()
    expect(await tap(page, 'Yes').count()).toBe(0)
    await page.context().close()
  })
})

describe('a note', () => {
  it.each([true, false])(
    'takes one field and one choice; what we do not hold stands in no address; with scripts: %s',
    async (javaScriptEnabled) => {
      const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled })
      await atTill(page, /^Claire/)
      const field = page.getByLabel('What would they enjoy?')
      const save = () => page.locator('#note-form').getByRole('button', { name: 'Save' }).click()
      await field.fill('her asthma got worse')
      await save()
      await page.getByText('“asthma” is not ours to keep').waitFor()
      expect(page.url()).not.toContain('asthma')
      expect(await field.inputValue()).toBe('her asthma got worse')
      if (javaScriptEnabled) expect(await barriers(page)).toEqual([])
      await field.fill('always asks about the piano')
      await page.getByLabel('I noticed').check()
      await save()
      await page.getByText('Kept as noticed').waitFor()
      await field.fill('something nice')
      await save()
      await page.getByText('Not kept yet').waitFor()
      // What the words might mean is one tap each, three at most; nothing is filed by a guess.
      await field.fill('has two brothers at home')
      await save()
      const guesses = page.locator('.note-goals button')
      await guesses.first().waitFor()
      expect(await guesses.count()).toBeLessThanOrEqual(3)
      expect(await field.inputValue()).toBe('has two brothers at home')
      if (javaScriptEnabled) expect(await barriers(page)).toEqual([])
      await guesses.filter({ hasText: 'Brothers and sisters together' }).click()
      await page.getByText('Kept as told').waitFor()
      await field.fill('xyzzy xyzzy')
      await save()
      await page.getByText('Choose, and save it again.').waitFor()
      expect(await page.getByLabel('It is about').inputValue()).toBe('')
      await page.getByLabel('It is about').selectOption('mv-swim')
      // Other words than those it was chosen for are matched anew.
      await field.fill('xyzzy')
      await save()
      await page.getByText('Choose, and save it again.').waitFor()
      await page.getByLabel('It is about').selectOption('mv-swim')
      await save()
      await page.getByText('Kept as told').waitFor()
      expect(complaints.filter((each) => !each.includes('422'))).toEqual([])
      await page.context().close()
    },
  )
})

describe('the tennis poll', () => {
  it('is made, reaches its go rule, and tennis becomes an alliance that is wanted', async () => {
    const { page, complaints } = await here.open()
    await signIn(page, 'Rosa, the owner', '/owner/goals')
    expect(await page.locator('#g-mv-racquet').textContent()).not.toContain('alliance wanted')
    expect(await barriers(page)).toEqual([])
    await page.goto('/owner/polls/new?goal=mv-racquet')
    expect(await page.getByLabel('Question, as it is said aloud').inputValue()).toContain('racquet')
    await page.getByLabel('Question, as it is said aloud').fill('Tennis is good for you')
    await button(page, 'Ask it').click()
    await page.getByText('must be a question').first().waitFor()
    await page.getByLabel('Question, as it is said aloud').fill('Would tennis lessons close by interest you?')
    await page.getByLabel('Answers, at least').fill('6')
    await page.getByLabel('Yes among them, at least').fill('4')
    await page.getByLabel('Share of yes, at least, in percent').fill('30')
    expect(await barriers(page)).toEqual([])
    await button(page, 'Ask it').click()
    await page.getByText('The poll is kept.').waitFor()
    await page.getByText('Missing for a go: 6 more answers, 4 more yes').waitFor()
    const id = new URL(page.url()).pathname.split('/').at(-1)

    const families = ['hh_0001', 'hh_0004', 'hh_0010', 'hh_0020', 'hh_0030', 'hh_0040', 'hh_0050', 'hh_0060']
    const answers = []
    for (const [i, customer] of families.entries()) {
      const body = { eventId: `a${i}`, customer, answer: i === 1 ? 'no' : 'yes' }
      answers.push(await ask('POST', `/v1/polls/${id}/answers`, body))
    }
    expect(answers.filter(({ counted }) => counted).length).toBeGreaterThanOrEqual(6)
    await page.reload()
    await page.getByRole('heading', { name: 'Go', exact: true }).waitFor()
    await page.getByText('The rule is met').waitFor()
    expect(await page.getByRole('img', { name: /Believed share of yes/ }).count()).toBe(1)
    expect(await barriers(page)).toEqual([])

    await page.getByLabel('Her reference').fill('g01-ana')
    await button(page, 'Make the link').click()
    await page.getByRole('img', { name: 'The link to the question' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.getByLabel('Her reference').fill('hh_0001')
    await button(page, 'Make the link').click()
    await page.getByText('She has answered already.').waitFor()
    expect(await page.getByLabel('Her reference').inputValue()).toBe('hh_0001')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      button(page, 'Download the file').click(),
    ])
    expect(download.suggestedFilename()).toBe(`${id}.csv`)
    await page.getByLabel('The file’s text').fill('customer,answer\nhh_0110,yes\nnobody,no\n')
    await button(page, 'Take the answers in').click()
    await page.getByText('is nobody we know').waitFor()

    await page.goto('/owner/alliances')
    await page.getByRole('link', { name: /racquet.*: alliance wanted/i }).click()
    await page.waitForURL(/\/owner\/goals#g-mv-racquet/)
    expect(await page.locator('#g-mv-racquet').textContent()).toContain('alliance wanted')
    const card = page.locator('section', { has: page.locator('#w-mv-racquet') }).last()
    expect(await card.textContent()).toMatch(/Ashland Court Tennis\s+is not ready: alliance not live/)
    expect(await card.textContent()).toContain('its alliance is proposed')
    expect(await barriers(page)).toEqual([])
    await card.getByRole('link', { name: /^Look for a partner/ }).click()
    await page.waitForURL(/\/owner\/partners\/new\?goal=mv-racquet/)
    expect(await page.getByLabel('Goal 1').inputValue()).toBe('mv-racquet')
    await page.getByText('its alliance is proposed').waitFor()
    expect(complaints.filter((each) => !/422|400|poll_\w+ failed$/.test(each))).toEqual([])
    await page.context().close()
  })

  it('is answered on a page of her own: without a sign-in, one tap, once', async () => {
    const poll = await ask('POST', '/v1/polls', {
      goal: 'mv-racquet',
      question: 'Would tennis lessons close by interest you?',
      goAnswers: 6,
      goYes: 4,
      goShare: 0.3,
      opensOn: '2026-03-01',
      closesOn: '2026-04-30',
    })
    const { made, url } = await ask('POST', `/v1/polls/${poll.id}/links`, { customer: 'g01-ana' })
    expect(made).toBe(true)
    const reader = await here.open(PHONE)
    await reader.page.goto(new URL(url).pathname)
    expect(await barriers(reader.page)).toEqual([])
    await reader.page.context().close()
    for (const javaScriptEnabled of [false, true]) {
      const { page, complaints } = await here.open({ ...PHONE, javaScriptEnabled })
      await page.goto(new URL(url).pathname)
      if (!javaScriptEnabled) {
        await page.getByRole('heading', { name: 'Would tennis lessons close by interest you?' }).waitFor()
        expect(await page.locator('body').textContent()).not.toContain('Ana')
        await button(page, 'Yes').click()
      }
      await page.getByRole('heading', { name: 'Thank you.' }).waitFor()
      expect(complaints).toEqual([])
      await page.context().close()
    }
    const { poll: after } = await ask('GET', `/v1/polls/${poll.id}`)
    expect([after.yes, after.answers]).toEqual([1, 1])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildTagIndex, eachTagMatch, isTagged, tagsOf } from '../../src/core/tag.ts'

function cosine(items: { name: string; category?: string }[], a: number, b: number): number {
  let sum = 0
  eachTagMatch(buildTagIndex(items), a, (other, product) => {
    if (other === b) sum += product
  })
  return sum
}

describe('tags of an item', () => {
  test('are its telling words, neighbouring pairs of them, and its category', () => {
    expect(tagsOf({ name: 'Set of 4 Wooden SPOONS, 30cm', category: 'Kitchen & Table' })).toEqual([
      'set',
      'wooden',
      'spoon',
      'set wooden',
      'wooden spoon',
      'category:kitchen-table',
    ])
  })

  test('fold plurals lightly, so that one meets many', () => {
    expect(tagsOf({ name: 'candles' })).toEqual(tagsOf({ name: 'candle' }))
    expect(tagsOf({ name: 'berries' })).toEqual(tagsOf({ name: 'berry' }))
    expect(tagsOf({ name: 'boxes' })).toEqual(tagsOf({ name: 'box' }))
    expect(tagsOf({ name: 'dress' })).toEqual(['dress'])
  })

  test('meet across accents and spellings of one letter', () => {
    expect(tagsOf({ name: 'CAFÉ Crème' })).toEqual(tagsOf({ name: 'cafe creme' }))
    expect(tagsOf({ name: 'Große Tüte' })).toEqual(tagsOf({ name: 'grosse tute' }))
    expect(tagsOf({ name: 'ﬁne ｐｅｎ' })).toEqual(tagsOf({ name: 'fine pen' }))
  })

  test('work in scripts without spaces and without Latin letters', () => {
    expect(tagsOf({ name: '電子ピアノ' }).slice(0, 2)).toEqual(['電子', '子ヒ'])
    expect(tagsOf({ name: 'Скрипка детская' })).toContain('скрипка')
    expect(tagsOf({ name: 'x', category: '楽器' })).toEqual(['category:楽器'])
  })

  test('are none where there is nothing to read', () => {
    for (const name of ['', '  ', '12 34', '🎻', 'the of']) expect(tagsOf({ name })).toEqual([])
  })

  test('are distinct, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, category) => {
        const tags = tagsOf({ name, category })
        expect(new Set(tags).size).toBe(tags.length)
        expect(tags.every((tag) => tag.trim() === tag && tag !== '')).toBe(true)
      }),
    )
  })
})

describe('the tag index', () => {
  const shop = [
    { name: 'red paper parasol' },
    { name: 'blue paper parasol' },
    { name: 'red garden chair' },
    { name: 'kettle' },
  ]

  test('finds the rare shared word more telling than the common one', () => {
    expect(cosine(shop, 0, 1)).toBeGreaterThan(cosine(shop, 0, 2))
    expect(cosine(shop, 0, 2)).toBeGreaterThan(0)
    expect(cosine(shop, 0, 3)).toBe(0)
  })

  test('leaves an item that shares nothing without a row', () => {
    const index = buildTagIndex(shop)
    expect(isTagged(index, 3)).toBe(false)
    expect(isTagged(index, 0)).toBe(true)
  })

  test('copes with no items, one item and items that are all alike', () => {
    expect(buildTagIndex([]).tags).toEqual([])
    expect(buildTagIndex([{ name: 'pen' }]).tags).toEqual([])
    expect(buildTagIndex([{ name: 'pen' }, { name: 'pen' }]).tags).toEqual([])
  })

  test('holds rows of length 1, the same by item and by tag', () => {
    const word = fc.constantFrom('red', 'blue', 'pen', 'cup', 'tea', 'box')
    const names = fc.array(
      fc.array(word, { maxLength: 5 }).map((words) => words.join(' ')),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(names, (list) => {
        const items = list.map((name) => ({ name }))
        const index = buildTagIndex(items)
        for (let item = 0; item < items.length; item++) {
          let length = 0
          eachTagMatch(index, item, (other, product) => {
            if (other === item) length += product
          })
          expect(length).toBeCloseTo(isTagged(index, item) ? 1 : 0, 12)
        }
      }),
    )
  })
})

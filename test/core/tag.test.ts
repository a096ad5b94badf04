import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agesOf, buildTagIndex, facetsOf, TagIndex, tagsOf } from '../../src/core/tag.ts'

function cosine(items: { name: string; category?: string }[], a: number, b: number): number {
  let sum = 0
  buildTagIndex(items).eachMatch(a, (other, product) => {
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
    expect(index.isTagged(3)).toBe(false)
    expect(index.isTagged(0)).toBe(true)
  })

  test('copes with no items, one item and items that are all alike', () => {
    expect(buildTagIndex([]).items).toBe(0)
    expect(buildTagIndex([{ name: 'pen' }]).isTagged(0)).toBe(false)
    expect(buildTagIndex([{ name: 'pen' }, { name: 'pen' }]).isTagged(1)).toBe(false)
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
          index.eachMatch(item, (other, product) => {
            if (other === item) length += product
          })
          expect(length).toBeCloseTo(index.isTagged(item) ? 1 : 0, 12)
        }
      }),
    )
  })

  test('kept as items come and are renamed, equals one made from scratch', () => {
    const word = fc.constantFrom('red', 'pen', 'cup', 'tea', 'box', 'lamp')
    const name = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '))
    const step = fc.record({ item: fc.nat(9), name })
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 8 }),
        fc.array(step, { maxLength: 8 }),
        (names, steps) => {
          const kept = new TagIndex()
          const now = [...names]
          for (const each of names) kept.add(tagsOf({ name: each }))
          for (const { item, name: other } of steps) {
            if (item < now.length) {
              kept.replace(item, tagsOf({ name: other }))
              now[item] = other
            } else {
              kept.add(tagsOf({ name: other }))
              now.push(other)
            }
            kept.isTagged(0)
          }
          const scratch = buildTagIndex(now.map((each) => ({ name: each })))
          const matches = (index: TagIndex, of: number) => {
            const cosine = new Map<number, number>()
            index.eachMatch(of, (other, product) => cosine.set(other, (cosine.get(other) ?? 0) + product))
            return [...cosine].sort(([x], [y]) => x - y)
          }
          for (let item = 0; item < now.length; item++)
            expect(matches(kept, item)).toEqual(matches(scratch, item))
        },
      ),
    )
  })

  test('takes 50,000 junk names, half of them alike, one by one and without comparing all with all', () => {
    const index = new TagIndex()
    for (let item = 0; item < 50_000; item++) {
      index.add(
        tagsOf({
          name: item % 2 ? 'ITEM misc new' : `x${item} ??? ITEM ${'lorem '.repeat(item % 50)}`,
          category: 'misc',
        }),
      )
    }
    let met = 0
    for (let item = 0; item < 50; item++) index.eachMatch(item, () => met++)
    expect(met).toBeLessThan(50 * 5_000 * 8)
    expect(index.items).toBe(50_000)
  })
})

describe('facets of a product', () => {
  const kinds = (item: Parameters<typeof facetsOf>[0]) =>
    Object.fromEntries(facetsOf(item).map(({ facet, kind }) => [facet, kind]))

  test('tell things from colours, codes, measures, ages, brands and categories', () => {
    expect(
      kinds({ name: 'Red wooden train T65B 30cm, age 4', category: 'Toys', brand: 'Brio', size: 'M' }),
    ).toEqual({
      red: 'colour',
      wooden: 'thing',
      train: 'thing',
      age: 'thing',
      'red wooden': 'thing',
      'wooden train': 'thing',
      'train age': 'thing',
      'code:t65b': 'code',
      'size:30cm': 'size',
      'size:4': 'size',
      'age:48-59': 'age',
      'size:m': 'size',
      'brand:brio': 'brand',
      'category:toys': 'category',
    })
  })

  test.each([
    ['Cotton lawn dress, 6Y', [72, 83]],
    ['Body 18-24m', [18, 24]],
    ['Strampler 6–9 Monate', [6, 9]],
    ['Puzzle, age 4', [48, 59]],
    ['Robe fille 3 ans', [36, 47]],
    ['Leggings 2T', [24, 35]],
    ['Dress 3-4 years', [36, 59]],
    ['Kleid ab 3 Jahren', [36, 215]],
    ['Blocks ages 3+', [36, 215]],
    ['Newborn hat', [0, 2]],
    ['Cable 3m', null],
    ['Whisky 12 years old', null],
    ['Lamp, 10 year warranty', null],
    ['For your 40 years', null],
    ['Set of 4 spoons 30cm', null],
    ['', null],
  ] as const)('reads the age in "%s"', (name, ages) => {
    expect(agesOf({ name })).toEqual(ages)
  })

  test('read the size before the name', () => {
    expect(agesOf({ name: 'Dress', size: '3m' })).toEqual([3, 3])
    expect(agesOf({ name: 'Dress 6Y', size: '18-24m' })).toEqual([18, 24])
  })

  test('are finite, distinct and well-formed, and ages in order, whatever the text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(text, text, text, text, (name, category, brand, size) => {
        const facets = facetsOf({ name, category, brand, size })
        expect(new Set(facets.map(({ facet }) => facet)).size).toBe(facets.length)
        expect(facets.length).toBeLessThan(200)
        const ages = agesOf({ name, category, brand, size })
        if (ages) expect(ages[0] >= 0 && ages[0] <= ages[1] && ages[1] < 216).toBe(true)
      }),
    )
  })
})

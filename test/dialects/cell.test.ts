import { describe, expect, test } from 'vitest'
import { headerName, instantFromText, isOpaque, timeZoneFromText } from '../../src/dialects/cell.ts'

describe('an instant as exports write it', () => {
  test.each([
    ['2026-02-07 11:42:08', 'mdy', '2026-02-07T11:42:08'],
    ['2010-12-01T08:26', 'dmy', '2010-12-01T08:26:00'],
    ['2026-02-07', 'mdy', '2026-02-07T00:00:00'],
    ['2/7/26 1:05 PM', 'mdy', '2026-02-07T13:05:00'],
    ['2/7/2026 12:05 am', 'mdy', '2026-02-07T00:05:00'],
    ['07/02/2026, 11:42', 'dmy', '2026-02-07T11:42:00'],
    ['07.02.2026 11:42', 'mdy', '2026-02-07T11:42:00'],
    ['2026-05-14 11:23:45 +0100', 'mdy', '2026-05-14T11:23:45+01:00'],
    ['2026-05-14T11:23:45.123Z', 'mdy', '2026-05-14T11:23:45Z'],
    ['2026-05-14 11:23:45 UTC', 'mdy', '2026-05-14T11:23:45Z'],
    ['2024-02-29', 'mdy', '2024-02-29T00:00:00'],
  ] as const)('%s (%s) is %s', (text, order, instant) => {
    expect(instantFromText(text, order)).toBe(instant)
  })

  test.each([
    '2026-02-29',
    '13/02/2026',
    '2026-02-07 24:10',
    '2026-02-07 13:05 PM',
    '46060.4',
    'yesterday',
    '',
  ])('%j is none', (text) => expect(instantFromText(text, 'mdy')).toBeNull())
})

test.each(['17850', 'g01-ana', 'GTY7JAA901CPDHWN4M3900J27W', 'gid://shopify/Customer/1', 'c_81', '123-456'])(
  '%s says nothing of who she is',
  (reference) => expect(isOpaque(reference)).toBe(true),
)

test.each(['ana@example.com', 'Ana Lopez', '+1 555 010 7788', '555-010-7788', '(555)0107788', "O'Neill", ''])(
  '%j is not opaque',
  (reference) => expect(isOpaque(reference)).toBe(false),
)

test('column names are the same in every spelling', () => {
  expect(['order_id', 'Order ID', ' orderId ', 'ORDER-ID', '\uFEFForder id'].map(headerName)).toEqual(
    Array(5).fill('order id'),
  )
})

test("a till's name for a time zone becomes the world's", () => {
  expect(timeZoneFromText('Eastern Time (US & Canada)')).toBe('America/New_York')
  expect(timeZoneFromText('Europe/London')).toBe('Europe/London')
  expect(timeZoneFromText('Nowhere/Much')).toBeNull()
  expect(timeZoneFromText('Eastern')).toBeNull()
})

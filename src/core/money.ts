/**
 * Money is an integer of minor units (cents, pence, fils) and an ISO 4217 code. Text becomes such an
 * integer by cutting and joining digits, never by way of a fraction in binary.
 */

/** Minor digits that differ from two, from the ISO 4217 table. Everything else, known or not, has two. */
const MINOR_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
}

/** A sign in front of an amount, and the currencies it may stand for. A sign that is not here is not questioned. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  '£': ['GBP', 'GIP', 'FKP', 'SHP', 'EGP', 'LBP', 'SYP', 'SDG', 'SSP'],
  '€': ['EUR'],
  '¥': ['JPY', 'CNY'],
  '₹': ['INR'],
  '₩': ['KRW', 'KPW'],
}

/** The sign that `formatMinor` writes; other currencies are written with their code. */
const WRITTEN_SIGN: Readonly<Record<string, string>> = { USD: '$', GBP: '£', EUR: '€', JPY: '¥', INR: '₹' }

/** Quantities are exact to this many parts of one: five decimals, as tills that weigh write them. */
const QUANTITY_PARTS = 100_000n

/** How many digits of this currency stand after the decimal mark: 2 for USD, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  return MINOR_DIGITS[currency.toUpperCase()] ?? 2
}

/**
 * The amount that a person or an export wrote, in minor units of `currency`; null when it is not clearly one.
 *
 * Read: `1234.5`, `$1,234.50`, `1.234,50`, `1 234,50 €`, `USD 12`, `-5`, `5-`, `-$5`, `(12.00)`.
 * Refused, because guessing would move a decimal mark or change the money: another currency's sign or code,
 * more decimals than the currency has (unless they are zeros), uneven groups, `1e3`, and a lone comma before
 * three digits in a currency of three decimals. A lone comma before exactly three digits is otherwise a
 * thousands mark, a lone point always the decimal mark.
 */
export function minorFromText(text: string, currency: string): number | null {
  const amount = /^\d{1,15}(\.\d{1,4})?$/.test(text) ? text : amountOf(text, currency)
  if (amount === null) return null
  const negative = amount.startsWith('-')
  const unsigned = negative ? amount.slice(1) : amount
  const digits = minorDigits(currency)
  const point = unsigned.indexOf('.')
  const whole = point < 0 ? unsigned : unsigned.slice(0, point)
  const fraction = point < 0 ? '' : unsigned.slice(point + 1)
  if (/[1-9]/.test(fraction.slice(digits))) return null
  const minor = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  if (!Number.isSafeInteger(minor)) return null
  return negative && minor !== 0 ? -minor : minor
}

/**
 * Minor units as text: `$1,234.50`, `-£3.00`, `¥500`, `KWD 1,234.500`. `minorFromText` reads it back to the
 * same number. Throws a RangeError when `minor` is not a whole number.
 */
export function formatMinor(minor: number, currency: string): string {
  if (!Number.isSafeInteger(minor)) throw new RangeError('an amount is a whole number of minor units')
  const digits = minorDigits(currency)
  const all = String(Math.abs(minor)).padStart(digits + 1, '0')
  const whole = all.slice(0, all.length - digits).replace(/\B(?=(\d{3})+$)/g, ',')
  const fraction = digits === 0 ? '' : `.${all.slice(-digits)}`
  const code = currency.toUpperCase()
  return `${minor < 0 ? '-' : ''}${WRITTEN_SIGN[code] ?? `${code} `}${whole}${fraction}`
}

/**
 * What so many of a thing cost together, in minor units: exact for whole quantities, otherwise rounded to the
 * nearest, halves away from zero. `quantity` may be negative and counts to five decimals. Null when the sum is
 * too large to be exact.
 */
export function totalOf(unitPriceMinor: number, quantity: number): number | null {
  return safe(roundedQuotient(BigInt(unitPriceMinor) * partsOf(quantity), QUANTITY_PARTS))
}

/**
 * What one of a thing cost, in minor units, when so many cost `totalMinor` together. Rounded to the nearest,
 * halves away from zero, so three for 10.00 are 3.33 each: who needs the cent that is left keeps the total.
 * Null for a quantity of zero, or a price too large to be exact.
 */
export function unitOf(totalMinor: number, quantity: number): number | null {
  const parts = partsOf(quantity)
  return parts === 0n ? null : safe(roundedQuotient(BigInt(totalMinor) * QUANTITY_PARTS, parts))
}

/** `-12.5` from what was written, or null: sign, currency and grouping are taken off and judged on the way. */
function amountOf(text: string, currency: string): string | null {
  let rest = text.replace(/\s+/g, ' ').trim()
  let negatives = 0
  const take = (pattern: RegExp) => {
    const match = pattern.exec(rest)
    if (match) rest = (rest.slice(0, match.index) + rest.slice(match.index + match[0].length)).trim()
    return match
  }
  if (/^\(.*\)$/.test(rest)) {
    rest = rest.slice(1, -1).trim()
    negatives++
  }
  if (take(/^[-−–]/)) negatives++
  const before = take(/^(\p{Lu}{3}(?![\p{L}])|\p{L}{0,3}\p{Sc})/u)
  if (take(/^[-−–]/)) negatives++
  if (take(/[-−–]$/)) negatives++
  const after = take(/(\p{Lu}{3}|\p{L}{0,3}\p{Sc})$/u)
  if (negatives > 1 || (before && after)) return null
  const mark = (before ?? after)?.[0].trim()
  if (mark && !marks(mark, currency)) return null
  const plain = plainDigits(rest, minorDigits(currency))
  return plain === null ? null : (negatives === 1 ? '-' : '') + plain
}

function marks(mark: string, currency: string): boolean {
  const code = currency.toUpperCase()
  if (/^\p{Lu}{3}$/u.test(mark)) return mark === code
  const allowed = SIGNS[mark.slice(-1)]
  return allowed === undefined || allowed.includes(code)
}

/** Digits with at most one point: `1.234,50` → `1234.50`. Null when the marks contradict one another. */
function plainDigits(text: string, digits: number): string | null {
  const body = text.replace(/[ '’]/g, '_')
  if (!/^[\d_.,]*\d[\d_.,]*$/.test(body) || body.length > 40) return null
  const points = body.split('.').length - 1
  const commas = body.split(',').length - 1
  let decimal = ''
  if (points > 0 && commas > 0) decimal = body.lastIndexOf('.') > body.lastIndexOf(',') ? '.' : ','
  else if (points === 1) decimal = '.'
  else if (commas === 1) {
    if (!/(^|\D)[1-9]\d{0,2},\d{3}$/.test(body)) decimal = ','
    else if (digits === 3) return null
  }
  const cut = decimal === '' ? body.length : body.lastIndexOf(decimal)
  const whole = body.slice(0, cut)
  const fraction = body.slice(cut + 1)
  if (!/^\d*$/.test(fraction)) return null
  const groups: string[] = whole.match(/[_.,]/g) ?? []
  // Groups of three, or of two before the last three as in 1,23,456; one mark throughout.
  if (
    groups.length > 0 &&
    !(new Set(groups).size === 1 && /^\d{1,3}([_.,]\d{2,3})*[_.,]\d{3}$/.test(whole))
  ) {
    return null
  }
  if (decimal !== '' && groups.includes(decimal)) return null
  const joined = whole.replace(/[_.,]/g, '') || '0'
  return fraction === '' ? joined : `${joined}.${fraction}`
}

function partsOf(quantity: number): bigint {
  return BigInt(Math.round(quantity * Number(QUANTITY_PARTS)))
}

function roundedQuotient(dividend: bigint, divisor: bigint): bigint {
  const [top, bottom] = divisor < 0n ? [-dividend, -divisor] : [dividend, divisor]
  const half = top < 0n ? -bottom : bottom
  return (2n * top + half) / (2n * bottom)
}

function safe(value: bigint): number | null {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : null
}

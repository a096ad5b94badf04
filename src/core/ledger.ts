/**
 * The ledger: what an alliance gave and took, in money and in favours. What a referral is worth follows from what
 * became of it; the ledger is brought there by entries that are added, and never by changing one.
 */
import type { Standing } from './referral.ts'
import type { TermsRecord } from './terms.ts'
import { commissionOf, shopCostOf } from './terms.ts'
import { dateOf, dayOf } from './time.ts'

export type Unit = 'money' | 'introduction' | 'shelf' | 'letter' | 'jointEvent'

/** What should stand in the ledger for one cause. Money: positive is owed to the shop. Favours: positive is given. */
export type Worth = {
  cause: 'introduction' | 'commission' | 'benefit'
  unit: Unit
  amount: number
  currency: string | null
  onDate: string
  dueOn: string
}

export type Entry = {
  id: string
  cause: string
  unit: Unit
  amount: number
  currency: string | null
  onDate: string
  dueOn: string
  reverses: string | null
  note: string | null
}

/** States in which an introduction was made, whatever came of it later. */
const INTRODUCED: readonly string[] = ['accepted', 'booked', 'attended', 'enrolled', 'noShow']

/** What a referral is worth, by the terms it was made under. Money comes from a valid state only. */
export function worthOf(
  referral: { direction: 'ours' | 'theirs'; madeOn: string },
  standing: Standing,
  terms: TermsRecord,
): Worth[] {
  const worth: Worth[] = []
  const ours = referral.direction === 'ours'
  const { madeOn } = referral
  const introduced =
    INTRODUCED.includes(standing.state) || (standing.state === 'declined' && standing.attendedOn !== null)
  if (introduced)
    worth.push({
      cause: 'introduction',
      unit: 'introduction',
      amount: ours ? 1 : -1,
      currency: null,
      onDate: madeOn,
      dueOn: madeOn,
    })
  const cost = shopCostOf(terms)
  if (ours && standing.attendedOn !== null && cost > 0)
    worth.push({
      cause: 'benefit',
      unit: 'money',
      amount: -cost,
      currency: terms.currency,
      onDate: standing.attendedOn,
      dueOn: standing.attendedOn,
    })
  const rate = ours ? terms.toUs : terms.toThem
  if (standing.enrolledOn !== null) {
    const due = commissionOf(rate, standing.valueMinor ?? 0)
    if (due > 0)
      worth.push({
        cause: 'commission',
        unit: 'money',
        amount: ours ? due : -due,
        currency: terms.currency,
        onDate: standing.enrolledOn,
        dueOn: dateOf(dayOf(standing.enrolledOn) + rate.holdDays),
      })
  }
  return worth
}

const same = (entry: Entry, worth: Worth) =>
  entry.unit === worth.unit &&
  entry.amount === worth.amount &&
  entry.currency === worth.currency &&
  entry.onDate === worth.onDate &&
  entry.dueOn === worth.dueOn

/** The entries to add so that what stands is what it is worth: what no longer holds is reversed, then posted anew. */
export function settle(code: string, posted: readonly Entry[], worth: readonly Worth[]): Entry[] {
  const reversed = new Set(posted.flatMap((entry) => entry.reverses ?? []))
  const added: Entry[] = []
  const causes = new Set([...posted.map((entry) => entry.cause), ...worth.map((each) => each.cause)])
  for (const cause of causes) {
    const standing = posted.find(
      (entry) => entry.cause === cause && entry.reverses === null && !reversed.has(entry.id),
    )
    const should = worth.find((each) => each.cause === cause)
    if (standing && should && same(standing, should)) continue
    if (standing)
      added.push({
        ...standing,
        id: `${standing.id}.reversed`,
        amount: -standing.amount,
        reverses: standing.id,
        note: should ? 'corrected' : 'withdrawn',
      })
    if (should) {
      const n = posted.filter((entry) => entry.cause === cause && entry.reverses === null).length + 1
      added.push({ ...should, id: `${code}.${cause}.${n}`, reverses: null, note: null })
    }
  }
  return added
}

/** Balances by unit and currency: what is owed to the shop, what it gave more than it got. */
export function balancesOf(
  entries: readonly Pick<Entry, 'unit' | 'currency' | 'amount'>[],
): Map<string, number> {
  const balances = new Map<string, number>()
  for (const { unit, currency, amount } of entries) {
    const key = currency === null ? unit : `${unit} ${currency}`
    balances.set(key, (balances.get(key) ?? 0) + amount)
  }
  return balances
}

/** The quarter of a date: `2026-Q1`, with its first and last day. */
export function quarterOf(date: string): { name: string; from: string; to: string } {
  const year = date.slice(0, 4)
  const q = Math.ceil(Number(date.slice(5, 7)) / 3)
  const last = ['03-31', '06-30', '09-30', '12-31'][q - 1]!
  return {
    name: `${year}-Q${q}`,
    from: `${year}-${String(q * 3 - 2).padStart(2, '0')}-01`,
    to: `${year}-${last}`,
  }
}

/** What the till page remembers between taps. It lives in the address: nothing is kept on the server for it. */

export type BasketEntry = { productId: number; quantity: number; gift: boolean }
/** `no`: she does not want it. */
export type ToldHere = { id: string; goal: string; facet: string; no: boolean }

export type TillState = {
  site: string
  /** The customer's reference; null: nobody we know. */
  who: string | null
  basket: BasketEntry[]
  category: string
  find: string
  /** The answer on the screen, and the one before it. */
  answer: string | null
  before: string | null
  /** Outcome events posted for the answer on the screen. */
  events: string[]
  /** What she told us from this page. */
  told: ToldHere[]
  /** What was just done, as a code. */
  note: string
}

const REF = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/
const MOST_LINES = 40
const MOST_EACH = 99

const ref = (value: string | null) => (value !== null && REF.test(value) ? value : null)
const list = (value: string | null) => (value ? value.split(',') : [])

/** Read a state; whatever is not of its form is left out. */
export function readState(query: URLSearchParams): TillState {
  return {
    site: ref(query.get('site')) ?? '',
    who: ref(query.get('who')),
    basket: list(query.get('basket'))
      .flatMap((text): BasketEntry[] => {
        const found = /^(\d{1,9})x(\d{1,2})(g?)$/.exec(text)
        return found && +found[2]! > 0
          ? [{ productId: +found[1]!, quantity: +found[2]!, gift: found[3] === 'g' }]
          : []
      })
      .slice(0, MOST_LINES),
    category: ref(query.get('category')) ?? '',
    find: (query.get('find') ?? '').slice(0, 60),
    answer: ref(query.get('answer')),
    before: ref(query.get('before')),
    events: list(query.get('events'))
      .filter((id) => REF.test(id))
      .slice(0, 12),
    told: list(query.get('told'))
      .flatMap((text): ToldHere[] => {
        const [id, goal, facet = '', no] = text.split('~')
        return ref(id ?? null) && ref(goal ?? null)
          ? [{ id: id!, goal: goal!, facet: facet.slice(0, 60), no: no === 'no' }]
          : []
      })
      .slice(0, 12),
    note: ref(query.get('note')) ?? '',
  }
}

/** The same state as a query, for hidden fields and addresses. */
export function writeState(state: TillState): string {
  const query = new URLSearchParams()
  const set = (name: string, value: string) => value !== '' && query.set(name, value)
  set('site', state.site)
  set('who', state.who ?? '')
  set('basket', state.basket.map((e) => `${e.productId}x${e.quantity}${e.gift ? 'g' : ''}`).join(','))
  set('category', state.category)
  set('find', state.find)
  set('answer', state.answer ?? '')
  set('before', state.before ?? '')
  set('events', state.events.join(','))
  set(
    'told',
    state.told
      .map((t) => [t.id, t.goal, t.facet.replace(/[~,]/g, ' '), ...(t.no ? ['no'] : [])].join('~'))
      .join(','),
  )
  set('note', state.note)
  return query.toString()
}

/** Another customer, another basket or another site: what was answered belongs to the one before. */
export function withoutAnswer(state: TillState): TillState {
  return { ...state, answer: null, before: null, events: [] }
}

/** One more of a product. */
export function addTo(basket: BasketEntry[], productId: number): BasketEntry[] {
  return basket.some((entry) => entry.productId === productId)
    ? basket.map((entry) =>
        entry.productId === productId
          ? { ...entry, quantity: Math.min(MOST_EACH, entry.quantity + 1) }
          : entry,
      )
    : [...basket, { productId, quantity: 1, gift: false }].slice(0, MOST_LINES)
}

/** One fewer of a product; the last takes its line with it. */
export function takeFrom(basket: BasketEntry[], productId: number): BasketEntry[] {
  return basket.flatMap((entry) =>
    entry.productId !== productId
      ? [entry]
      : entry.quantity > 1
        ? [{ ...entry, quantity: entry.quantity - 1 }]
        : [],
  )
}

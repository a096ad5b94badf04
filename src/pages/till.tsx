/** The till to try: a checkout page of the demo shop that calls the API as any till would. */
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Answer } from '../core/answer.ts'
import type { Catalogue } from '../core/catalogue.ts'
import { saysNo } from '../core/note.ts'
import type { App, Deps, Env } from '../http/app-context.ts'
import { FROM_ELSEWHERE, sameOrigin } from '../http/auth.ts'
import type { Explanation } from '../http/explanations.ts'
import type { FieldError, ProblemCode } from '../http/problem.ts'
import { Problem } from '../http/problem.ts'
import { listCustomers } from '../store/customer.ts'
import { findOutcome } from '../store/outcome.ts'
import { findRecommendation } from '../store/recommendation.ts'
import { askingWith } from './ask.ts'
import { DEMO_HOUSEHOLDS } from './households.ts'
import { DEMO_OWNER_KEY, DEMO_TILL_KEYS, isDemo, page } from './layout.tsx'
import type { NoteKept, TypedNote } from './note-box.tsx'
import { NOTE_PLACE, noteOf, typedNote } from './note-box.tsx'
import type { Happened, TillView } from './till-page.tsx'
import { TillPage, titleOf } from './till-page.tsx'
import type { TillState } from './till-state.ts'
import { addTo, readState, takeFrom, withoutAnswer, writeState } from './till-state.ts'

const MOST_BYTES = 32 * 1024

export function till(app: App): void {
  app.use('/till', async (c, next) => {
    if (!(await isDemo(c.get('deps')))) throw new Problem('not_found')
    await next()
  })

  app.get('/till', async (c) => {
    const deps = c.get('deps')
    const catalogue = await deps.snapshot.refresh()
    const state = settled(readState(new URL(c.req.url).searchParams), catalogue)
    return show(c, await viewOf(c, app, state, catalogue, null))
  })

  app.post(
    '/till',
    bodyLimit({
      maxSize: MOST_BYTES,
      onError: () => {
        throw new Problem('too_large')
      },
    }),
    async (c) => {
      if (!sameOrigin(c)) throw new Problem('forbidden', FROM_ELSEWHERE)
      const deps = c.get('deps')
      const catalogue = await deps.snapshot.refresh()
      const form = new URLSearchParams(await c.req.text())
      const state = settled(readState(new URLSearchParams(form.get('state') ?? '')), catalogue)
      const [verb = '', ...rest] = (form.get('do') ?? '').split(':')
      const act: Act = {
        state: { ...state, note: '' },
        catalogue,
        deps,
        form,
        arg: rest.join(':'),
        nonce: /^[a-z0-9]{4,32}$/.test(form.get('nonce') ?? '') ? form.get('nonce')! : deps.random(10),
        staff: clerkAt(catalogue, state.site)?.id,
        call: caller(c, app, state.site),
      }
      const [next, place, typed] = await (Object.hasOwn(ACTS, verb) ? ACTS[verb]!(act) : [act.state, 'till'])
      if (typed) {
        // What may not be kept is shown again to be mended, and never stands in an address.
        c.status(typed.status)
        return show(c, await viewOf(c, app, next, catalogue, typed))
      }
      return c.redirect(`/till?${writeState(next)}#${place}`, 303)
    },
  )
}

function show(c: Context<Env>, view: TillView): Promise<Response> {
  return page(
    c,
    {
      title: `${titleOf(view)} · Encore`,
      here: 'till',
      description: 'Try Encore at the till of an invented shop.',
      wide: true,
    },
    <TillPage view={view} />,
  )
}

type Act = {
  state: TillState
  catalogue: Catalogue
  deps: Deps
  form: URLSearchParams
  /** What stands after the colon: `outcome:said`. */
  arg: string
  nonce: string
  staff: string | undefined
  call: Call
}
/** The state after a tap, and the place on the page to go to; a note that was not kept yet. */
type Then = [state: TillState, place: string, typed?: TypedNote]

/** Everything that can be tapped, by its verb. */
const ACTS: Record<string, (act: Act) => Then | Promise<Then>> = {
  household: ({ state, arg, catalogue }) => {
    const picked = DEMO_HOUSEHOLDS.find((each) => (each.ref ?? 'nobody') === arg)
    if (!picked) return [state, 'who']
    const basket = picked.basket.flatMap((sku) => {
      const productId = catalogue.productBySku.get(sku.replace('*', ''))
      return productId === undefined ? [] : [{ productId, quantity: 1, gift: sku.endsWith('*') }]
    })
    return [
      { ...withoutAnswer(state), site: picked.site, who: picked.ref, basket, told: [], find: '' },
      'till',
    ]
  },
  who: ({ state, form }) => {
    const { who } = readState(new URLSearchParams({ who: (form.get('who') ?? '').trim() }))
    return [{ ...withoutAnswer(state), who, told: [] }, 'till']
  },
  site: ({ state, arg, catalogue }) => [
    settled({ ...withoutAnswer(state), site: arg, told: state.told }, catalogue),
    'till',
  ],
  category: ({ state, arg }) => [{ ...state, category: arg, find: '' }, 'shelf'],
  find: ({ state, form }) => [{ ...state, find: (form.get('find') ?? '').trim().slice(0, 60) }, 'shelf'],
  add: (act) => [
    changed(act.state, addTo(act.state.basket, +act.arg)),
    act.form.has('inBasket') ? `more-${act.arg}` : `add-${act.arg}`,
  ],
  less: ({ state, arg }) => {
    const basket = takeFrom(state.basket, +arg)
    return [
      changed(state, basket),
      basket.some((entry) => entry.productId === +arg) ? `less-${arg}` : 'basket',
    ]
  },
  gift: ({ state, arg }) => [
    changed(
      state,
      state.basket.map((entry) => (entry.productId === +arg ? { ...entry, gift: !entry.gift } : entry)),
    ),
    `gift-${arg}`,
  ],
  empty: ({ state }) => [changed(state, []), 'basket'],

  ask: async ({ state, catalogue, deps, nonce, staff, call }) => {
    const question = {
      touchpoint: 'till',
      staff,
      customer: state.who ?? undefined,
      basket: { currency: catalogue.sites.get(state.site)!.currency, lines: linesOf(state, catalogue) },
    }
    const path = '/v1/recommendations'
    let said = await call<Answer>('POST', path, { id: `till-${nonce}`, ...question })
    // The page was gone back to and asks something else under its old id.
    if (said.problem === 'id_reused')
      said = await call<Answer>('POST', path, { id: `till-${deps.random(12)}`, ...question })
    if (said.problem !== null) return failed(state, said.problem)
    const before = state.answer ?? state.before
    return [
      { ...state, answer: said.body.id, before: before === said.body.id ? null : before, events: [] },
      'answer',
    ]
  },

  outcome: async ({ state, form, arg, nonce, staff, call }) => {
    if (state.answer === null) return [state, 'till']
    const [outcome, reason] = arg.split(':')
    const takes = outcome === 'accepted' || outcome === 'booked'
    const eventId = `till-${nonce}-${outcome}`
    const said = await call<{ recorded: boolean; reason: string | null }>(
      'POST',
      `/v1/recommendations/${encodeURIComponent(state.answer)}/outcomes`,
      { eventId, state: outcome, reason, sessionId: (takes && form.get('session')) || undefined, staff },
    )
    if (said.problem !== null) return failed(state, said.problem)
    if (!said.body.recorded) return [{ ...state, note: said.body.reason ?? '' }, 'happened']
    return [
      { ...state, events: [...state.events.filter((id) => id !== eventId), eventId], note: '' },
      'happened',
    ]
  },

  tell: async ({ state, form, nonce, staff, call }) => {
    const goal = form.get('goal') ?? ''
    const facet = (form.get('facet') ?? '').trim().toLowerCase().slice(0, 60)
    const words = (form.get('words') ?? '').trim().slice(0, 200)
    if (state.who === null || goal === '') return [{ ...state, note: 'goal' }, 'told']
    const id = `told-${nonce}`
    const no = saysNo(`${words} ${facet}`)
    const said = await call<{ recorded: boolean }>(
      'POST',
      `/v1/customers/${encodeURIComponent(state.who)}/evidence`,
      {
        eventId: id,
        goal,
        kind: no ? 'toldNo' : 'told',
        facet: facet || undefined,
        words: words || undefined,
        staff,
      },
    )
    if (said.problem !== null) return failed(state, said.problem)
    if (!said.body.recorded) return [{ ...state, note: 'consent' }, 'told']
    const told = [...state.told.filter((line) => line.id !== id), { id, goal, facet: no ? '' : facet, no }]
    return [{ ...state, told, note: no ? 'told-no' : 'told' }, 'told']
  },

  answered: async (act) => {
    const { state, deps, arg, nonce, staff, call } = act
    const goal = state.answer === null ? null : (await recorded(deps, state.answer))?.answer.ask?.goal
    if (!goal || state.answer === null || state.who === null) return [state, 'answer']
    const eventId = `answered-${nonce}`
    const said = await call<{ recorded: boolean }>(
      'POST',
      `/v1/recommendations/${encodeURIComponent(state.answer)}/question`,
      { eventId, answer: arg, staff },
    )
    if (said.problem !== null) return failed(state, said.problem)
    if (!said.body.recorded) return [{ ...state, note: 'consent' }, 'told']
    if (arg === 'notAsked') return [{ ...state, note: 'answered-notAsked' }, 'answer']
    const told = [
      ...state.told.filter(({ id }) => id !== eventId),
      { id: eventId, goal, facet: '', no: arg === 'no' },
    ]
    // Her answer may change what is offered: the next answer is on the screen at once.
    const [next, place] = await ACTS.ask!({ ...act, state: { ...state, told }, nonce: `${nonce}-next` })
    return [next.note === '' ? { ...next, note: `answered-${arg}` } : next, place]
  },

  note: async ({ state, form, nonce, staff, call }) => {
    const note = noteOf(form)
    if (state.who === null || note === null) return [state, 'note-form']
    const eventId = `note-${nonce}`
    const path = `/v1/customers/${encodeURIComponent(state.who)}/notes`
    const said = await call<NoteKept>('POST', path, { eventId, ...note, staff })
    const typed = typedNote(note, said)
    if (typed) return [state, NOTE_PLACE, typed]
    if (said.problem !== null) return failed(state, said.problem)
    const { reason, goal, facet, keptAs } = said.body
    if (reason === 'CONSENT') return [{ ...state, note: 'consent' }, 'told']
    const told = [
      ...state.told.filter(({ id }) => id !== eventId),
      { id: eventId, goal: goal!, facet: facet ?? '', no: keptAs === 'no' },
    ]
    return [{ ...state, told, note: `noted-${keptAs}` }, NOTE_PLACE]
  },

  sent: async ({ state, form, nonce, call }) => {
    const code = (form.get('code') ?? '').replace(/\s/g, '').toUpperCase()
    if (state.who === null || !/^[A-Z0-9]{1,8}-[A-Z0-9]{4,10}$/.test(code))
      return [{ ...state, note: 'sent-unknown' }, 'sent']
    const said = await call<{ redeemed: boolean; reason: string | null }>(
      'POST',
      `/v1/referrals/${code}/redeem`,
      { eventId: `till-${nonce}-${code}`, customer: state.who },
    )
    if (said.problem === 'not_found') return [{ ...state, note: 'sent-unknown' }, 'sent']
    if (said.problem !== null) return failed(state, said.problem)
    return [{ ...state, note: said.body.redeemed ? 'sent-redeemed' : `sent-${said.body.reason}` }, 'sent']
  },

  forget: async ({ state, arg, call }) => {
    if (state.who === null) return [state, 'told']
    const said = await call(
      'DELETE',
      `/v1/customers/${encodeURIComponent(state.who)}/evidence/${encodeURIComponent(arg)}`,
    )
    if (said.problem !== null) return failed(state, said.problem)
    return [{ ...state, told: state.told.filter((line) => line.id !== arg), note: 'forgot' }, 'told']
  },

  allow: async ({ state, nonce, call }) => {
    if (state.who === null) return [state, 'told']
    const said = await call('POST', `/v1/customers/${encodeURIComponent(state.who)}/consents`, {
      eventId: `consent-${nonce}`,
      purpose: 'personalise',
      decision: 'granted',
      channel: 'till',
    })
    return said.problem === null ? [{ ...state, note: 'allowed' }, 'told'] : failed(state, said.problem)
  },

  sell: async ({ state, catalogue, deps, nonce, staff, call }) => {
    const lines = linesOf(state, catalogue)
    if (lines.length === 0) return [state, 'basket']
    const said = await call<{ results: { stage: string | null }[] }>('POST', '/v1/purchases', {
      purchases: [
        {
          source: 'till-page',
          externalId: nonce,
          customer: state.who ?? undefined,
          staff,
          soldAt: new Date(deps.clock()).toISOString(),
          recommendationId: state.answer ?? undefined,
          lines,
        },
      ],
    })
    if (said.problem !== null) return failed(state, said.problem)
    return [{ ...changed(state, []), note: `sold-${said.body.results[0]?.stage ?? 'nobody'}` }, 'till']
  },
}

const failed = (state: TillState, code: ProblemCode): Then => [{ ...state, note: `problem-${code}` }, 'note']

/** Another basket: the answer on the screen was to the one before. */
const changed = (state: TillState, basket: TillState['basket']): TillState => ({
  ...withoutAnswer(state),
  before: state.answer ?? state.before,
  basket,
})

/** A state that this shop can serve: a site with a till, products and a category that are there. */
function settled(state: TillState, catalogue: Catalogue): TillState {
  const sites = [...catalogue.sites.keys()].filter((id) => DEMO_TILL_KEYS[id])
  return {
    ...state,
    site: sites.includes(state.site) ? state.site : (sites[0] ?? ''),
    basket: state.basket.filter((entry) => catalogue.products.has(entry.productId)),
    category: catalogue.categories.has(state.category) ? state.category : '',
  }
}

function linesOf({ basket }: TillState, { products }: Catalogue) {
  return basket.map(({ productId, quantity, gift }) => {
    const { sku, name, category, priceMinor } = products.get(productId)!
    return {
      sku: sku ?? undefined,
      name,
      category: category ?? undefined,
      quantity,
      unitPrice: priceMinor ?? 0,
      gift,
    }
  })
}

/** Who stands behind the till of a site. */
function clerkAt(catalogue: Catalogue, site: string) {
  return [...catalogue.staff.values()].find((each) => each.role === 'floor' && each.sites.includes(site))
}

type Call = <Body = unknown>(
  method: string,
  path: string,
  body?: unknown,
  key?: string,
) => Promise<{ problem: null; body: Body } | { problem: ProblemCode; body: null; errors: FieldError[] }>

/** The API as a till of this site sees it. */
function caller(c: Context<Env>, app: App, site: string): Call {
  const ask = askingWith(c, app, {})
  return async <Body,>(method: string, path: string, body?: unknown, key = DEMO_TILL_KEYS[site] ?? '') => {
    const said = await ask<Body>(method, path, body, { authorization: `Bearer ${key}` })
    return said.ok
      ? { problem: null, body: said.body }
      : { problem: said.code, body: null, errors: said.errors }
  }
}

/** An answer as it is on record, without asking again. */
async function recorded(deps: Deps, id: string) {
  const row = deps.recorder.find(id) ?? (await findRecommendation(deps.engine, id))
  return row ? { siteId: row.siteId, answer: JSON.parse(row.answer) as Answer } : null
}

async function viewOf(
  c: Context<Env>,
  app: App,
  state: TillState,
  catalogue: Catalogue,
  typed: TypedNote | null,
): Promise<TillView> {
  const deps = c.get('deps')
  const ofThisSite = async (id: string | null) => {
    const found = id === null ? null : await recorded(deps, id)
    return found?.siteId === state.site ? found.answer : null
  }
  const answer = await ofThisSite(state.answer)
  const happened: Happened[] = []
  for (const id of answer ? state.events : []) {
    const row = await findOutcome(deps.engine, id)
    if (row?.recommendationId === answer!.id)
      happened.push({ ...JSON.parse(row.answer), state: row.state, reason: row.reason })
  }
  const explained = answer
    ? await caller(c, app, state.site)<Explanation>(
        'GET',
        `/v1/recommendations/${encodeURIComponent(answer.id)}/explanation`,
        undefined,
        DEMO_OWNER_KEY,
      )
    : null
  const demo = new Set(DEMO_HOUSEHOLDS.map((each) => each.ref))
  return {
    state,
    typed,
    catalogue,
    nowMs: deps.clock(),
    nonce: deps.random(10),
    clerk: clerkAt(catalogue, state.site)?.name ?? null,
    others: (await listCustomers(deps.engine, state.site, 500)).filter((ref) => !demo.has(ref)),
    answer,
    before: await ofThisSite(state.before),
    happened,
    explanation: explained?.body ?? null,
  }
}

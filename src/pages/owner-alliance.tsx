/** One alliance for its owner: what may be done, how it fares, and everything that was agreed, sent and told. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import type { HealthAnswer } from '../http/health-of-alliances.ts'
import { Problem } from '../http/problem.ts'
import type { Referral } from '../http/referral-schema.ts'
import type { Ask } from './ask.ts'
import { asking, askingWith, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Field } from './form-fields.tsx'
import { page } from './layout.tsx'
import type {
  Balance,
  DisputeAnswer,
  Entry,
  OfferLine,
  PartnerAnswer,
  SessionAnswer,
  View,
} from './owner-alliance-parts.tsx'
import {
  Briefing,
  Disputes,
  History,
  Ledger,
  nextOf,
  Parts,
  People,
  Quarters,
  Referrals,
  Sessions,
  Versions,
} from './owner-alliance-parts.tsx'
import { good } from './owner-alliances.tsx'
import {
  actorNames,
  DoneNote,
  dateWords,
  Hidden,
  OwnerWays,
  Section,
  Tick,
  troubleOf,
} from './owner-fields.tsx'
import type { AllianceAnswer, Difference, PreviewAnswer } from './owner-preview.tsx'
import { Differences, namesOf, PreviewWords } from './owner-preview.tsx'
import { at } from './owner-terms.tsx'

/** What a button of the alliance is called, by where it moves. */
const MOVE_WORDS: Record<string, string> = {
  proposed: 'Propose it',
  draft: 'Back to a draft',
  live: 'Go live',
  paused: 'Pause',
  ended: 'End it',
}
const moveWords = (from: string, to: string) =>
  from === 'paused' && to === 'live' ? 'Resume' : (MOVE_WORDS[to] ?? to)

const DONE: Record<string, string> = {
  drafted: 'The draft is kept. Propose it when it is ready.',
  terms: 'The new version is kept. It is in force when both sides have agreed to it.',
  same: 'Nothing differed, so nothing was written.',
  proposed: 'It is proposed. That was our yes; now it is for the partner to decide.',
  live: 'It is live: tills may offer it from the next call on.',
  paused: 'It is paused: the next call of every till is without it.',
  ended: 'It is over. Open referrals run on.',
  draft: 'It is a draft again.',
  briefed: 'Kept: staff know the words.',
  decided: 'The decision is kept.',
  resolved: 'It is settled.',
}

export function ownerAlliance(app: App): void {
  app.get('/owner/alliances/:id', async (c) => {
    const done = c.req.query('done') ?? ''
    return show(c, asking(c, app), c.req.param('id'), null, Object.hasOwn(DONE, done) ? DONE[done]! : null)
  })

  app.post('/owner/alliances/:id', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    const id = c.req.param('id')
    const version = Number(form.get('version'))
    const verb = form.get('do')
    if (verb === 'move') return moved(c, app, id, form)
    if (verb === 'resolve') {
      const resolution = form.get('resolution') ?? ''
      const settled = await call('POST', at`/v1/disputes/${form.get('dispute') ?? ''}/resolution`, {
        resolution,
      })
      if (settled.ok) return c.redirect(`${at`/owner/alliances/${id}`}?done=resolved`, 303)
      c.status(settled.status as 409)
      return show(c, call, id, troubleOf(settled), null)
    }
    const said =
      verb === 'brief'
        ? await call('PUT', at`/v1/alliances/${id}/briefings/${form.get('site') ?? ''}`, { version })
        : await call('POST', at`/v1/alliances/${id}/decisions`, {
            version,
            decision: form.get('decision') ?? '',
          })
    if (said.ok)
      return c.redirect(`${at`/owner/alliances/${id}`}?done=${verb === 'brief' ? 'briefed' : 'decided'}`, 303)
    c.status(said.status as 409)
    return show(c, call, id, troubleOf(said), null)
  })

  app.get('/owner/alliances/:id/move', async (c) =>
    confirm(c, app, c.req.param('id'), c.req.query('to') ?? '', '', null),
  )
}

async function moved(c: Context<Env>, app: App, id: string, form: URLSearchParams) {
  const call = asking(c, app)
  const [to, why] = [form.get('to') ?? '', (form.get('why') ?? '').trim()]
  const said = await call('POST', at`/v1/alliances/${id}/moves`, {
    to,
    ...(why === '' ? {} : { why }),
    ...(form.get('acceptConflict') === 'yes' ? { acceptConflict: true } : {}),
  })
  if (said.ok) return c.redirect(`${at`/owner/alliances/${id}`}?done=${encodeURIComponent(to)}`, 303)
  c.status(said.status as 409)
  return confirm(c, app, id, to, why, troubleOf(said))
}

/**
 * The API for a reader who came by a link: trying something out writes nothing, so it need not come from a form of
 * ours, but its method is that of a write.
 */
function tryingOut(c: Context<Env>, app: App): Ask {
  const visitor: Record<string, string> = { 'sec-fetch-site': 'same-origin' }
  for (const name of ['authorization', 'cookie']) {
    const value = c.req.header(name)
    if (value !== undefined) visitor[name] = value
  }
  return askingWith(c, app, visitor)
}

/** What a move would change, before it is made. */
async function confirm(
  c: Context<Env>,
  app: App,
  id: string,
  to: string,
  why: string,
  trouble: Trouble | null,
) {
  const alliance = await good(asking(c, app)<AllianceAnswer>('GET', at`/v1/alliances/${id}`))
  const move = alliance.moves.find((each) => each.to === to)
  if (!move && trouble === null)
    throw new Problem('illegal_move', `From ${alliance.state}, this alliance cannot be moved to that.`)
  const tried = move
    ? await tryingOut(c, app)<PreviewAnswer>('POST', at`/v1/alliances/${id}/preview`, { move: to })
    : null
  const name = moveWords(alliance.state, to)
  const clashes =
    trouble?.errors.some(({ field }) => field === 'exclusivity') && c.get('key').role === 'owner'
  return page(
    c,
    {
      title: `${name} · ${alliance.partnerName} · Encore`,
      here: 'owner',
      description: 'What a move would change.',
    },
    <div class="owner">
      <header class="owner-head">
        <p>
          <a href={at`/owner/alliances/${id}`}>
            <bdi>{alliance.partnerName}</bdi>
          </a>
        </p>
        <h1 class="display">{name}?</h1>
        <p class="quiet owner-lead">{move?.says}</p>
      </header>
      {trouble && (
        <div class="note note-bad" role="alert">
          <p>
            <strong>Not done.</strong> {trouble.detail}
          </p>
          {trouble.errors.length > 1 && (
            <ul class="owner-errors">
              {trouble.errors.map(({ message }) => (
                <li>{message}</li>
              ))}
            </ul>
          )}
        </div>
      )}
      {tried?.ok && (
        <section class="card owner-card" aria-labelledby="would">
          <h2 id="would">What changes at the tills</h2>
          <PreviewWords preview={tried.body} names={namesOf(await c.get('deps').snapshot.refresh())} />
        </section>
      )}
      {move && (
        <form method="post" action={at`/owner/alliances/${id}`} class="owner-form">
          <Hidden fields={{ do: 'move', to }} />
          <Field
            name="why"
            label="Why, for the history"
            value={why}
            hint="Optional. Nothing about a family."
          />
          {clashes && (
            <Tick
              name="acceptConflict"
              label="I accept that this breaks the exclusivity named above."
              on={false}
            />
          )}
          <p class="owner-keys">
            <button type="submit" class="primary">
              {name}
            </button>
            <a class="button" href={at`/owner/alliances/${id}`}>
              Leave it
            </a>
          </p>
        </form>
      )}
    </div>,
  )
}

async function read(c: Context<Env>, call: Ask, id: string): Promise<View> {
  const alliance = await good(call<AllianceAnswer>('GET', at`/v1/alliances/${id}`))
  const partnerId = alliance.partner
  const [health, partner, offers, referrals, entries, balances, disputes, audit, catalogue, signIns] =
    await Promise.all([
      good(call<HealthAnswer>('GET', at`/v1/alliances/${id}/health`)),
      good(call<PartnerAnswer>('GET', at`/v1/partners/${partnerId}`)),
      good(call<{ offers: OfferLine[] }>('GET', at`/v1/offers?partner=${partnerId}&limit=50`)),
      good(call<{ referrals: Referral[] }>('GET', at`/v1/referrals?alliance=${id}&limit=200`)),
      good(call<{ entries: Entry[] }>('GET', at`/v1/partners/${partnerId}/ledger?limit=10`)),
      good(call<{ balances: Balance[] }>('GET', at`/v1/partners/${partnerId}/balance`)),
      good(call<{ disputes: DisputeAnswer[] }>('GET', at`/v1/disputes?partner=${partnerId}`)),
      good(
        call<View['audit']>(
          'GET',
          at`/v1/audit?object=alliance&id=${id}&limit=20` +
            (/^[A-Za-z0-9_-]{1,400}$/.test(c.req.query('history') ?? '')
              ? `&cursor=${c.req.query('history')}`
              : ''),
        ),
      ),
      c.get('deps').snapshot.refresh(),
      call<{ items: { partner: string | null }[]; next: string | null }>('GET', '/v1/sign-ins?limit=200'),
    ])
  const isIn = signIns.ok && signIns.body.items.some((each) => each.partner === partnerId)
  const seated = offers.offers.filter((offer) => offer.seated && offer.state === 'live')
  const [sessions, changed] = await Promise.all([
    Promise.all(
      seated.map((offer) =>
        good(call<{ items: SessionAnswer[] }>('GET', at`/v1/offers/${offer.id}/sessions?limit=60`)),
      ),
    ),
    Promise.all(
      alliance.terms
        .slice(1)
        .map(({ version }) =>
          good(
            call<{ differences: Difference[] }>(
              'GET',
              at`/v1/alliances/${id}/terms/${String(version)}/differences`,
            ),
          ).then(({ differences }): [number, Difference[]] => [version, differences]),
        ),
    ),
  ])
  return {
    alliance,
    health,
    partner,
    offers: seated.map((offer, i) => ({ offer, sessions: sessions[i]!.items })),
    allOffers: offers.offers,
    signedIn: isIn || (signIns.ok && signIns.body.next === null ? false : null),
    referrals: referrals.referrals,
    entries: entries.entries,
    balances: balances.balances,
    disputes: disputes.disputes.filter(({ resolvedAt }) => resolvedAt === null),
    audit,
    changed: new Map(changed),
    siteNames: new Map([...catalogue.sites.values()].map((site) => [site.id, site.name])),
    timeZone: catalogue.sites.values().next().value?.timeZone ?? 'UTC',
    nameOf: actorNames(catalogue),
  }
}

async function show(c: Context<Env>, call: Ask, id: string, trouble: Trouble | null, done: string | null) {
  const view = await read(c, call, id)
  const { alliance, health, partner } = view
  const { alerts, endsOn } = health
  const next = nextOf(view)
  return page(
    c,
    { title: `${alliance.partnerName} · Encore`, here: 'owner', description: 'One alliance.', wide: true },
    <div class="owner">
      <header class="owner-head">
        <p class="quiet">
          <bdi>{partner.trade}</bdi>
        </p>
        <h1 class="display">
          <bdi>{alliance.partnerName}</bdi>
        </h1>
        <p class="owner-lead">
          <span class={`state state-${alliance.state}`}>{alliance.state}</span>{' '}
          <span class="quiet">{endsOn === null ? 'without an end' : `until ${dateWords(endsOn)}`}</span>
        </p>
        <Keys alliance={alliance} />
      </header>
      <OwnerWays here="alliances" />
      <DoneNote says={done} />
      {next && (
        <p>
          <strong>Next:</strong> <a href={next.to}>{next.says}</a>
        </p>
      )}
      {trouble && (
        <p class="note note-bad" role="alert">
          <strong>Not done.</strong> {trouble.detail}
        </p>
      )}
      {alerts.length > 0 && (
        <ul class="card owner-card owner-alerts" aria-label="What needs you">
          {alerts.map(({ says, urgency }) => (
            <li>
              <strong>{{ 3: 'Today', 2: 'This week', 1: 'Soon' }[urgency]}</strong>
              <span>{says}</span>
            </li>
          ))}
        </ul>
      )}
      <Proposal alliance={alliance} changed={view.changed} />
      {view.disputes.length > 0 && (
        <Section id="disputes" title="In dispute" says="While it is open, its line is frozen.">
          <Disputes view={view} />
        </Section>
      )}
      <Section id="health" title="How it fares">
        <Parts health={health} />
      </Section>
      <div class="owner-two">
        <Section id="people" title="People to call">
          <People partner={partner} />
        </Section>
        <Section id="briefing" title="Staff know the words">
          <Briefing view={view} />
        </Section>
      </div>
      <Section id="terms" title="Terms">
        <Versions view={view} />
      </Section>
      <Section id="places" title="Sessions and places">
        <Sessions view={view} />
      </Section>
      <Section
        id="referrals"
        title="Introductions"
        says="Counted, never named: whom they are about stays with staff."
      >
        <Referrals referrals={view.referrals} today={health.today} />
      </Section>
      <Section id="ledger" title="Given and received">
        <Quarters health={health} />
        <Ledger view={view} />
      </Section>
      <Section id="history" title="History">
        <History view={view} />
      </Section>
    </div>,
  )
}

function Keys({ alliance }: { alliance: AllianceAnswer }) {
  const { id, moves, state } = alliance
  const isOver = state === 'ended' || state === 'declined' || state === 'expired'
  return (
    <p class="owner-keys">
      {moves.map(({ to }, i) => (
        <a
          class={i === 0 && to !== 'ended' && to !== 'paused' ? 'button yes-key' : 'button'}
          href={`${at`/owner/alliances/${id}/move`}?to=${to}`}
        >
          {moveWords(state, to)}
        </a>
      ))}
      {!isOver && (
        <>
          <a class="button" href={at`/owner/alliances/${id}/terms`}>
            Change the terms
          </a>
          {state !== 'draft' && (
            <a class="button" href={`${at`/owner/alliances/${id}/terms`}?renew=1`}>
              Renew
            </a>
          )}
        </>
      )}
      <a class="button" href={at`/owner/partners/${alliance.partner}`}>
        The partner
      </a>
    </p>
  )
}

/** The version that waits for a decision, if there is one: what it changes, and who has decided. */
function Proposal({ alliance, changed }: { alliance: AllianceAnswer; changed: View['changed'] }) {
  const last = alliance.terms.at(-1)!
  const said = alliance.decisions.filter(({ version }) => version === last.version)
  const waits = last.agreedAt === null && ['proposed', 'live', 'paused', 'agreed'].includes(alliance.state)
  if (!waits || said.some(({ decision }) => decision === 'decline')) return null
  const ours = said.some(({ side }) => side === 'shop')
  const theirs = said.some(({ side }) => side === 'partner')
  return (
    <section class="card owner-card" aria-labelledby="proposal">
      <h2 id="proposal">Version {last.version} waits for a decision</h2>
      <p>
        {ours ? 'We have agreed.' : 'We have not decided.'}{' '}
        {theirs ? 'The partner has agreed.' : 'The partner has not decided.'}
      </p>
      {changed.has(last.version) && (
        <Differences differences={changed.get(last.version)!} currency={last.record.currency} />
      )}
      {!ours && (
        <form method="post" action={at`/owner/alliances/${alliance.id}`} class="owner-keys">
          <Hidden fields={{ do: 'decide', version: String(last.version) }} />
          <button type="submit" class="yes-key" name="decision" value="agree">
            Agree for the shop
          </button>
          <button type="submit" name="decision" value="decline">
            Decline
          </button>
        </form>
      )}
    </section>
  )
}

/** Who may come in: invite somebody with a link that works once, see who is signed in, sign them out. */
import type { Context } from 'hono'
import type { App, Env } from '../http/app-context.ts'
import type { Ask } from './ask.ts'
import { asking, formOf } from './ask.ts'
import type { Trouble } from './form-fields.tsx'
import { Choice, Field } from './form-fields.tsx'
import { Code, page } from './layout.tsx'
import type { PartnerAnswer } from './owner-alliance-parts.tsx'
import { good } from './owner-alliances.tsx'
import {
  DoneNote,
  dateWords,
  Group,
  Hidden,
  OwnerWays,
  ROLE_WORDS,
  Section,
  TroubleNote,
  troubleOf,
  wholeFrom,
} from './owner-fields.tsx'

type SignIn = {
  id: string
  role: string
  site: string | null
  partner: string | null
  label: string
  createdAt: string
  expiresAt: string
}
type Invite = { role: string; site: string; partner: string; staff: string; label: string; hours: string }
type Shown = {
  invite: Invite
  trouble: Trouble | null
  link: { url: string; expiresAt: string; label: string } | null
  done: string | null
}

const LABELS: Record<keyof Invite, string> = {
  label: 'Name, as the pages show it',
  role: 'Role',
  site: 'Shop',
  partner: 'Partner',
  staff: 'Which of us',
  hours: 'Hours that the link waits',
}

const NOBODY: Invite = { role: 'staff', site: '', partner: '', staff: '', label: '', hours: '72' }

export function ownerPeople(app: App): void {
  app.get('/owner/people', (c) =>
    show(c, asking(c, app), {
      invite: {
        ...NOBODY,
        ...(c.req.query('partner') ? { role: 'partner', partner: c.req.query('partner')! } : {}),
      },
      trouble: null,
      link: null,
      done: c.req.query('done') === 'out' ? 'They are signed out: their next page refuses them.' : null,
    }),
  )

  app.post('/owner/people', async (c) => {
    const form = await formOf(c)
    const call = asking(c, app)
    if (form.get('do') === 'revoke') {
      const said = await call('DELETE', `/v1/sign-ins/${encodeURIComponent(form.get('id') ?? '')}`)
      if (said.ok) return c.redirect('/owner/people?done=out', 303)
      c.status(said.status as 403)
      return show(c, call, { invite: NOBODY, trouble: troubleOf(said), link: null, done: null })
    }
    const text = (name: keyof Invite) => (form.get(name) ?? '').trim()
    const invite: Invite = {
      role: text('role'),
      site: text('site'),
      partner: text('partner'),
      staff: text('staff'),
      label: text('label'),
      hours: text('hours'),
    }
    const { role, label } = invite
    const said = await call<{ url: string; expiresAt: string }>('POST', '/v1/invites', {
      role,
      label,
      hours: wholeFrom(invite.hours, 72),
      ...(invite.site === '' ? {} : { site: invite.site }),
      ...(invite.partner === '' ? {} : { partner: invite.partner }),
      ...(invite.staff === '' ? {} : { staff: invite.staff }),
    })
    if (said.ok)
      return show(c, call, { invite: NOBODY, trouble: null, link: { ...said.body, label }, done: null })
    c.status(said.status as 422)
    const trouble = troubleOf(said)
    if (role === 'partner' && invite.partner === '')
      trouble.errors = trouble.errors.map((each) =>
        each.field === 'partner' ? { field: 'partner', message: 'Choose which partner' } : each,
      )
    const isUnchosen = trouble.errors.some(({ message }) => message === 'Choose which partner')
    if (isUnchosen) trouble.detail = ''
    return show(c, call, { invite, trouble, link: null, done: null })
  })
}

async function show(c: Context<Env>, call: Ask, { invite, trouble, link, done }: Shown) {
  const [{ items }, partners, catalogue] = await Promise.all([
    good(call<{ items: SignIn[] }>('GET', '/v1/sign-ins?limit=200')),
    good(call<{ items: PartnerAnswer[] }>('GET', '/v1/partners?limit=200')),
    c.get('deps').snapshot.refresh(),
  ])
  const sites = [...catalogue.sites.values()].map(({ id, name }): [string, string] => [id, name])
  const nameOf = (all: readonly (readonly [string, string])[], id: string) =>
    all.find(([each]) => each === id)?.[1] ?? id
  const partnerNames = partners.items.map(({ id, name }): [string, string] => [id, name])
  const field = (name: keyof Invite) => ({ name, label: LABELS[name], value: invite[name], trouble })
  return page(
    c,
    { title: 'People · Encore', here: 'owner', description: 'Who is signed in, and who is invited.' },
    <div class="owner">
      <header class="owner-head">
        <h1 class="display">People</h1>
      </header>
      <OwnerWays here="people" />
      <DoneNote says={done} />
      <TroubleNote trouble={trouble} not="done" names={LABELS} />
      {link && (
        <section class="card owner-card" aria-labelledby="link">
          <h2 id="link">
            The link for <bdi>{link.label}</bdi>
          </h2>
          <p>Copy it now and send it: it is shown this once, and works once.</p>
          <Code label={`The link for ${link.label}`} text={link.url} />
          <p class="quiet">It waits until {dateWords(link.expiresAt.slice(0, 10))}.</p>
        </section>
      )}
      <Section id="invite" title="Invite somebody">
        <form method="post" action="/owner/people" class="owner-form">
          <Group legend="Who it is for">
            <Field {...field('label')} required />
            <Choice
              {...field('role')}
              options={[
                ['staff', 'floor staff'],
                ['partner', 'a partner'],
                ['manager', 'a manager'],
                ['owner', 'an owner'],
              ]}
            />
            <Choice
              {...field('site')}
              hint="Floor staff and managers."
              options={[['', 'every shop'], ...sites]}
            />
            <Choice {...field('partner')} hint="Partners only." options={[['', 'none'], ...partnerNames]} />
            <Choice
              {...field('staff')}
              hint="For the history. Not for partners."
              options={[
                ['', 'nobody named'],
                ...[...catalogue.staff.values()].map(({ id, name }) => [id, name] as const),
              ]}
            />
            <Field {...field('hours')} numeric />
          </Group>
          <p class="owner-keys">
            <button type="submit" class="primary">
              Make the link
            </button>
          </p>
        </form>
      </Section>
      <Section id="in" title="Signed in now">
        <ul class="owner-list owner-people">
          {items.map(({ id, label, role, site, partner, createdAt, expiresAt }) => (
            <li>
              <strong>
                <bdi>{label}</bdi>
              </strong>
              <span>
                {ROLE_WORDS[role] ?? role}
                {site !== null && ` at ${nameOf(sites, site)}`}
                {partner !== null && `, ${nameOf(partnerNames, partner)}`}
              </span>
              <span class="quiet">
                since {dateWords(createdAt.slice(0, 10))}, until {dateWords(expiresAt.slice(0, 10))}
              </span>
              <form method="post" action="/owner/people">
                <Hidden fields={{ do: 'revoke', id }} />
                <button type="submit">
                  Sign out<span class="unseen"> {label}</span>
                </button>
              </form>
            </li>
          ))}
        </ul>
      </Section>
    </div>,
  )
}

/** The pages that the app serves beside its API: where to start, the till to try, the reference. */
import type { App } from '../http/app-context.ts'
import { aboutUs } from './about-us.tsx'
import { browse } from './browse.tsx'
import { customerCard } from './customer-card.tsx'
import { owner } from './owner.ts'
import { partner } from './partner.tsx'
import { pollPage } from './poll.tsx'
import { reference } from './reference.tsx'
import { SCRIPT, SCRIPT_PATH } from './script.ts'
import { signIn } from './sign-in.tsx'
import { start } from './start.tsx'
import { STYLE, STYLE_PATH } from './style.ts'
import { till } from './till.tsx'

/** Mount every page and what they load. */
export function pages(app: App): void {
  const text = (path: string, type: string, body: string) =>
    app.get(path, (c) =>
      c.body(body, 200, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'public, max-age=31536000, immutable',
      }),
    )
  text(STYLE_PATH, 'text/css', STYLE)
  text(SCRIPT_PATH, 'text/javascript', SCRIPT)
  for (const page of [
    start,
    browse,
    customerCard,
    aboutUs,
    signIn,
    till,
    owner,
    partner,
    pollPage,
    reference,
  ])
    page(app)
}

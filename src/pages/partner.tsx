/** The page of a partner: what the shop needs to hear from it, and what it may know. Works without scripts. */
import type { App } from '../http/app-context.ts'
import { partnerAccount } from './partner-account.tsx'
import { partnerCalendar } from './partner-calendar.tsx'
import { partnerIntroductions } from './partner-introductions.tsx'
import { partnerOffers } from './partner-offers.tsx'
import { partnerPlaces } from './partner-places.tsx'
import { partnerTerms } from './partner-terms.tsx'

export function partner(app: App): void {
  partnerIntroductions(app)
  partnerPlaces(app)
  partnerCalendar(app)
  partnerTerms(app)
  partnerAccount(app)
  partnerOffers(app)
}

/** The owner's pages, each under its own address. What is named stands before what takes any id. */
import type { App } from '../http/app-context.ts'
import { ownerAlliance } from './owner-alliance.tsx'
import { ownerAlliances } from './owner-alliances.tsx'
import { ownerImport } from './owner-import.tsx'
import { ownerOffer } from './owner-offer.tsx'
import { ownerPartner } from './owner-partner.tsx'
import { ownerPeople } from './owner-people.tsx'
import { ownerStatement } from './owner-statement.tsx'
import { ownerTerms } from './owner-terms.tsx'

/** Mount them all. */
export function owner(app: App): void {
  for (const page of [
    ownerAlliances,
    ownerTerms,
    ownerAlliance,
    ownerImport,
    ownerPartner,
    ownerStatement,
    ownerOffer,
    ownerPeople,
  ])
    page(app)
}

/** The owner's pages, each under its own address. What is named stands before what takes any id. */
import type { App } from '../http/app-context.ts'
import { ownerAlliance } from './owner-alliance.tsx'
import { ownerAlliances } from './owner-alliances.tsx'
import { ownerGoals } from './owner-goals.tsx'
import { ownerImport } from './owner-import.tsx'
import { ownerLearning } from './owner-learning.tsx'
import { ownerLift } from './owner-lift.tsx'
import { ownerMapping } from './owner-mapping.tsx'
import { ownerMerge } from './owner-merge.tsx'
import { ownerOffer } from './owner-offer.tsx'
import { ownerPartner } from './owner-partner.tsx'
import { ownerPeople } from './owner-people.tsx'
import { ownerPersonas } from './owner-personas.tsx'
import { ownerPolicy } from './owner-policy.tsx'
import { ownerPolls } from './owner-polls.tsx'
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
    ownerLift,
    ownerMapping,
    ownerLearning,
    ownerPolicy,
    ownerPeople,
    ownerPolls,
    ownerGoals,
    ownerMerge,
    ownerPersonas,
  ])
    page(app)
}

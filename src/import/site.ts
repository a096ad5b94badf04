/** Which site an import is for; in an empty store, the one that it begins. */
import type { Site } from '../core/catalogue.ts'
import { isTimeZone } from '../core/time.ts'

/** What somebody said about the site on the command line. */
export type SiteAsk = {
  id?: string | undefined
  name?: string | undefined
  timeZone?: string | undefined
  currency?: string | undefined
}

/** A site as an import reads by it: `timeZone` and `currency` are those asked for, which may differ from its own. */
export type SiteFound = Site & { isNew: boolean }

/** The same for a site's id and for the source of a till: the service's own references. */
const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/

/** What is wrong with these, as one sentence, or null. */
export function siteProblem(ask: SiteAsk): string | null {
  if (ask.id !== undefined && !REFERENCE.test(ask.id))
    return 'A site is named by letters, digits and . _ : @ - only, 64 at most, such as MAIN.'
  if (ask.timeZone !== undefined && !(ask.timeZone !== '' && isTimeZone(ask.timeZone)))
    return `"${ask.timeZone}" is not a time zone such as Europe/London.`
  if (ask.currency !== undefined && !/^[A-Z]{3}$/.test(ask.currency))
    return `"${ask.currency}" is not a currency code such as GBP.`
  return null
}

/** Whether a till's source may be called so. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text)
}

/** The site among those that there are; the only one where none is named; a new one where there is none yet. */
export function chooseSite(sites: Site[], ask: SiteAsk): SiteFound | { refused: string } {
  const problem = siteProblem(ask)
  if (problem) return { refused: problem }
  const found = ask.id === undefined && sites.length === 1 ? sites[0] : sites.find(({ id }) => id === ask.id)
  if (found && ask.currency !== undefined && ask.currency !== found.currency)
    return {
      refused: `${found.id} sells in ${found.currency}, and these are ${ask.currency}: import them into a site of their own.`,
    }
  if (found)
    return {
      ...found,
      timeZone: ask.timeZone ?? found.timeZone,
      currency: ask.currency ?? found.currency,
      isNew: false,
    }
  const names = sites.map(({ id }) => id).join(', ')
  if (sites.length > 0)
    return {
      refused: ask.id
        ? `There is no site ${ask.id}: say --site with one of ${names}, or add it with "encore site add".`
        : `There are several sites: say --site with one of ${names}.`,
    }
  if (ask.id === undefined || ask.timeZone === undefined || ask.currency === undefined)
    return {
      refused:
        'This shop is empty, so say where it is: --site MAIN --currency GBP --time-zone Europe/London, in your own terms.',
    }
  return {
    id: ask.id,
    name: ask.name ?? ask.id,
    timeZone: ask.timeZone,
    currency: ask.currency,
    isNew: true,
  }
}

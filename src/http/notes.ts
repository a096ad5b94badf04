/** The staff's ten-second note: what she said, or what was seen, in one line. */
import { createRoute, z } from '@hono/zod-openapi'
import type { Catalogue } from '../core/catalogue.ts'
import { SAID } from '../core/event.ts'
import {
  facetIn,
  goalsGuessed,
  goalsNamedIn,
  NOTE_LENGTH,
  noteKind,
  noteProblems,
  saysNo,
} from '../core/note.ts'
import { dateOf, localDay } from '../core/time.ts'
import { findEvidence, recordEvidence } from '../store/evidence.ts'
import { findEvents } from '../store/poll.ts'
import type { App } from './app-context.ts'
import { stored } from './auth.ts'
import { hersToSay, known } from './customers.ts'
import { json, jsonBody } from './document.ts'
import { date, ref, text } from './fields.ts'
import { Problem, problems } from './problem.ts'

const MOST_SUGGESTED = 3

const NoteSchema = z
  .strictObject({
    eventId: ref(80).openapi({ description: 'Made by the caller; repeating it changes nothing.' }),
    words: text(400).openapi({
      description: `At most ${NOTE_LENGTH} characters, about what the family would enjoy.`,
    }),
    goal: ref()
      .optional()
      .openapi({ description: 'Without it, the one goal that the words name for certain.' }),
    toldMe: z.boolean().openapi({
      description: 'true: she said it, and it may be said back to her. false: seen by staff, and never said.',
    }),
    child: ref().optional(),
    about: date.optional().openapi({ description: 'The day that it is about, such as the recital.' }),
    staff: ref().optional(),
  })
  .openapi('Note', {
    example: { eventId: 'note-0012', words: 'always asks about the piano', toldMe: true, staff: 'st_maya' },
  })

const KeptSchema = z
  .strictObject({
    recorded: z.boolean(),
    reason: z.enum(['CONSENT', 'GOAL']).nullable().openapi({
      description:
        'GOAL: the words name no goal for certain, or several: choose one of `suggested`, or any other, and send them again.',
    }),
    keptAs: z.enum(['told', 'no', 'noticed', 'question']).nullable().openapi({
      description:
        'no: the words say no and she said them, so nothing of the goal is offered. question: seen of the parents’ own life, or a no that was seen: it weighs nothing and may only be asked about.',
    }),
    saysNo: z.boolean().openapi({
      description: 'The words say no to something: of whatever goal is sent along, they are kept as her no.',
    }),
    goal: z.string().nullable(),
    facet: z.string().nullable(),
    suggested: z.array(z.strictObject({ goal: z.string(), name: z.string() })),
  })
  .openapi('NoteKept', {
    example: {
      recorded: true,
      reason: null,
      keptAs: 'told',
      saysNo: false,
      goal: 'music-instrument',
      facet: 'piano',
      suggested: [{ goal: 'music-instrument', name: 'Learning an instrument' }],
    },
  })

const note = createRoute({
  method: 'post',
  path: '/v1/customers/{ref}/notes',
  operationId: 'note',
  tags: ['customer'],
  summary: 'A ten-second note: told by her, or noticed',
  description:
    'Health, family trouble, money, faith and children’s names are refused with the words found and a kinder way: `words_refused`. Words that say no are kept as her no and never as a wish. What was seen of the parents’ own life may only become a question. Without her consent nothing is kept.',
  security: [{ key: [] }],
  request: { params: z.object({ ref: ref(100) }), body: jsonBody(NoteSchema) },
  responses: { 200: json('Kept, or why not', KeptSchema), ...problems(400, 401, 403, 413, 415, 422, 503) },
})

/** What each kind of note is on record; a no is the same line as any other no of hers. */
const KEPT = {
  told: { kind: 'told', ...SAID.told, speakable: 1 },
  no: { kind: 'toldNo', weight: 0, halfLifeDays: 1, speakable: 0 },
  noticed: { kind: 'noticed', ...SAID.noticed, speakable: 0 },
  question: { kind: 'noticed', ...SAID.noticed, weight: 0, speakable: 0 },
} as const

export function notes(app: App): void {
  app.openapi(note, async (c) => {
    const deps = c.get('deps')
    const { ref: named } = c.req.valid('param')
    const said = c.req.valid('json')
    const {
      catalogue,
      siteId,
      allowed,
      who: customer,
    } = await stored(known(deps, c.get('key').siteId, named, 'personalise'))
    const found = noteProblems(said.words, catalogue)
    if (found.length > 0)
      throw new Problem(
        'words_refused',
        `words: ${found[0]!.message}`,
        found.map(({ field, message }) => ({ field, message })),
      )
    const certain = goalsNamedIn(said.words, catalogue)
    const isNo = saysNo(said.words)
    const suggested = goalsIn(catalogue, said.words)
    const no = (reason: 'CONSENT' | 'GOAL') =>
      c.json({ recorded: false, reason, keptAs: null, saysNo: isNo, goal: null, facet: null, suggested }, 200)
    if (!allowed) return no('CONSENT')
    const slug = said.goal ?? (certain.length === 1 ? certain[0] : undefined)
    if (slug === undefined) return no('GOAL')
    const goal = catalogue.goals[catalogue.goalIndex.get(slug) ?? -1]
    if (!goal) throw refused('unknown_reference', 'goal', 'is unknown')
    if (goal.toldOnly && !said.toldMe) throw hersToSay()
    const keptAs = noteKind(goal, said.toldMe, isNo)
    const now = new Date(deps.clock()).toISOString()
    const row = {
      id: said.eventId,
      customer,
      child: said.child ?? null,
      ...KEPT[keptAs],
      goal: slug,
      // Which one exactly is what she wants: of a no it would be a wish.
      facet: isNo ? null : facetIn(said.words, slug, catalogue),
      words: said.words.trim().replace(/\s+/gu, ' '),
      staffId: said.staff ?? c.get('key').staffId,
      onDate: dateOf(localDay(deps.clock(), catalogue.sites.get(siteId)?.timeZone ?? 'UTC')),
      aboutDate: said.about ?? null,
      recordedAt: now,
    }
    const before = (await stored(findEvents(deps.engine, [said.eventId]))).get(said.eventId)
    if (before) {
      const [same] = await stored(findEvidence(deps.engine, customer, said.eventId))
      if (!same || same.goal !== slug || same.kind !== row.kind || same.words !== row.words)
        throw refused('id_reused', 'eventId', 'was used for something else')
    } else await stored(recordEvidence(deps.engine, [row]))
    return c.json(
      { recorded: true, reason: null, keptAs, saysNo: isNo, goal: slug, facet: row.facet, suggested },
      200,
    )
  })
}

const refused = (code: 'unknown_reference' | 'id_reused', field: string, message: string) =>
  new Problem(code, `${field}: ${message}`, [{ field, message }])

/** Goals to choose from: none rather than a wrong one. */
function goalsIn(catalogue: Catalogue, words: string) {
  const { goals, goalIndex } = catalogue
  return goalsGuessed(words, catalogue)
    .slice(0, MOST_SUGGESTED)
    .map((goal) => ({ goal, name: goals[goalIndex.get(goal)!]!.name }))
}

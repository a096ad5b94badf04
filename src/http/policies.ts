/** The policy: its versions, what another would change, and putting one in force. */
import { createRoute, z } from '@hono/zod-openapi'
import { digest } from '../core/chance.ts'
import type { Estimate, OffPolicy } from '../core/off-policy.ts'
import { offPolicy, offPolicyWords, possible, tellsFigures } from '../core/off-policy.ts'
import type { PersonaResult } from '../core/persona.ts'
import { tryPersona } from '../core/persona.ts'
import type { LeverName, Policy } from '../core/policy.ts'
import { LEVERS, policyProblems } from '../core/policy.ts'
import type { PolicyPreview, Refusal, Tally } from '../core/policy-preview.ts'
import { policyPreview, probed, silencing, turnsOf } from '../core/policy-preview.ts'
import { GuardFailed } from '../store/engine.ts'
import { listPersonas } from '../store/persona.ts'
import type { PolicyVersion } from '../store/policy.ts'
import { activatePolicy, inForceOf, listPolicies, proposePolicy, withdrawPolicy } from '../store/policy.ts'
import { retry } from '../store/policy-preview.ts'
import type { App, Deps } from './app-context.ts'
import { stored } from './auth.ts'
import { json, jsonBody } from './document.ts'
import { editedVersion, etagOf } from './etag.ts'
import { text } from './fields.ts'
import { invalid, Problem, problems } from './problem.ts'

const NAMES = Object.keys(LEVERS) as LeverName[]
const DAY_MS = 86_400_000
const NOTHING_CHANGED = 'nothing is changed yet against the policy in force'
/** Decisions that a preview decides again at most: the newest. */
const MOST_DECISIONS = 1000

const ChangesSchema = z
  .strictObject(
    Object.fromEntries(
      NAMES.map((name) => {
        const { min, max, says, ...lever } = LEVERS[name]
        const range = `must be ${'whole' in lever ? 'a whole number ' : ''}from ${min} to ${max}`
        // What is no number at all is told as everywhere.
        const number =
          'whole' in lever
            ? z.int({ error: ({ input }) => (typeof input === 'number' ? range : undefined) })
            : z.number()
        return [name, number.min(min, range).max(max, range).optional().openapi({ description: says })]
      }),
    ) as Record<LeverName, z.ZodOptional<z.ZodNumber>>,
  )
  .openapi('PolicyChanges', { example: { fitFloor: 0.5, silenceShare: 0.1 } })

const ProposalSchema = z
  .strictObject({
    changes: ChangesSchema,
    note: text(1000).optional().openapi({ description: 'Why, for who reads it later.' }),
  })
  .openapi('PolicyProposal', {
    example: { changes: { fitFloor: 0.5 }, note: 'Fewer and better fitting offers.' },
  })

export const VersionSchema = z
  .strictObject({
    version: z.int(),
    state: z.enum(['proposed', 'inForce', 'earlier', 'withdrawn']),
    origin: z.int().nullable().openapi({ description: 'The version that it was changed from.' }),
    changes: z
      .array(z.strictObject({ lever: z.string(), before: z.number(), after: z.number(), says: z.string() }))
      .openapi({ description: 'Against the version that it was changed from.' }),
    levers: z.record(z.string(), z.number()),
    note: z.string(),
    proposedBy: z.string(),
    createdAt: z.string(),
    activatedBy: z.string().nullable(),
    activatedAt: z.string().nullable(),
    withdrawnAt: z.string().nullable(),
  })
  .openapi('PolicyVersion')

const LeverSchema = z.strictObject({
  lever: z.string(),
  says: z.string(),
  default: z.number(),
  min: z.number(),
  max: z.number(),
  whole: z.boolean(),
  inForce: z.number(),
})

const params = z.object({ version: z.coerce.number().pipe(z.int().min(1).max(1e9)) })
const security = [{ key: [] }]
const tags = ['policy']
const etag = z.object({
  etag: z.string().openapi({ description: 'Which version is in force since when, for If-Match.' }),
})

const list = createRoute({
  method: 'get',
  path: '/v1/policies',
  operationId: 'listPolicies',
  tags,
  summary: 'Every version of the policy, which is in force, and what each lever does',
  security,
  responses: {
    200: {
      ...json(
        'The versions, the newest first',
        z
          .strictObject({
            inForce: z.int(),
            levers: z.array(LeverSchema),
            policies: z.array(VersionSchema),
          })
          .openapi('Policies'),
      ),
      headers: etag,
    },
    ...problems(401, 403, 404, 503),
  },
})
const one = createRoute({
  method: 'get',
  path: '/v1/policies/{version}',
  operationId: 'readPolicy',
  tags,
  summary: 'One version of the policy',
  security,
  request: { params },
  responses: { 200: json('The version', VersionSchema), ...problems(400, 401, 403, 404, 503) },
})
const propose = createRoute({
  method: 'post',
  path: '/v1/policies',
  operationId: 'proposePolicy',
  tags,
  summary: 'Propose a policy: the one in force with other levers',
  description: 'Nothing changes at the tills until the owner has seen its preview and puts it in force.',
  security,
  request: { body: jsonBody(ProposalSchema) },
  responses: {
    201: json('The proposal', VersionSchema),
    ...problems(400, 401, 403, 404, 409, 413, 415, 503),
  },
})
const withdraw = createRoute({
  method: 'delete',
  path: '/v1/policies/{version}',
  operationId: 'withdrawPolicy',
  tags,
  summary: 'Withdraw a proposal',
  description: 'It stays readable and can never come into force.',
  security,
  request: { params },
  responses: { 200: json('As it is now', VersionSchema), ...problems(400, 401, 403, 404, 409, 503) },
})

const pair = z.strictObject({ now: z.int(), tried: z.int() })
const TallySchema = z.strictObject({
  decisions: z.int(),
  speaks: pair,
  partner: pair.openapi({ description: 'Of what is said: a partner’s.' }),
  moneyChangedOrder: pair.openapi({ description: 'Of what is said: money put another offer first.' }),
  marginMinor: pair.nullable().openapi({
    description: 'What a sale of each of what is said would leave. Null over sites of several currencies.',
  }),
  currency: z.string().nullable(),
})
const EstimateSchema = z
  .strictObject({ value: z.number(), low: z.number(), high: z.number() })
  .nullable()
  .openapi({
    description:
      'Yeses a turn, with the 95 % interval, cut off at what can be. Null: too little to estimate it from.',
  })
const RefusalSchema = z.strictObject({
  code: z.enum(['SILENCES', 'PERSONA']),
  always: z.boolean().openapi({ description: 'True: refused even so.' }),
  says: z.string(),
})
const PreviewSchema = z
  .strictObject({
    version: z.int(),
    against: z.int().openapi({ description: 'The version in force.' }),
    digest: z.string().openapi({ description: 'Sent to put it in force: what was seen.' }),
    window: z.strictObject({
      days: z.int(),
      since: z.string(),
      decisions: z.int().openapi({ description: 'Decided again.' }),
      holdout: z.int().openapi({ description: 'Of customers who hear nothing by any policy.' }),
      cannot: z.int().openapi({ description: 'Cannot be decided again: too old, or something was erased.' }),
      capped: z.boolean().openapi({ description: 'There were more: these are the newest.' }),
    }),
    all: TallySchema,
    sites: z.record(z.string(), TallySchema),
    moves: z.array(
      z.strictObject({
        from: z.string().nullable(),
        to: z.string().nullable(),
        count: z.int(),
        examples: z.array(z.string()).openapi({ description: 'Ids of recommendations.' }),
      }),
    ),
    otherMoves: z.int(),
    leftWithNothing: z.strictObject({ customers: z.int(), examples: z.array(z.string()) }),
    silencedOffers: z.array(z.strictObject({ offerId: z.string(), said: z.int() })),
    headlines: z.record(z.string(), z.string()).openapi({ description: 'Of the offers named above.' }),
    personas: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        passes: z.boolean(),
        passesNow: z.boolean(),
        why: z.array(z.string()),
        says: z.array(z.string()),
      }),
    ),
    value: z
      .strictObject({
        tag: z.enum(['caused', 'assumed']).nullable().openapi({
          description:
            'Caused: told by the draws. Assumed: much of it was never tried, so a model says it. Null: nothing is told.',
        }),
        turns: z.int(),
        customers: z.int(),
        yeses: z.int(),
        now: EstimateSchema,
        ips: EstimateSchema,
        selfNormalised: EstimateSchema,
        doublyRobust: EstimateSchema,
        difference: EstimateSchema,
        effectiveTurns: z.number(),
        overlap: z.number(),
        verdict: z.enum(['better', 'worse', 'cannotTell', 'noOverlap', 'tooFew', 'same']),
        says: z.string(),
      })
      .openapi({
        description:
          'Estimated from what was said and with what chance: inverse propensity, self-normalised, doubly robust.',
      }),
    refusals: z.array(RefusalSchema).openapi({ description: 'What speaks against it.' }),
  })
  .openapi('PolicyPreview')

const preview = createRoute({
  method: 'get',
  path: '/v1/policies/{version}/preview',
  operationId: 'previewPolicy',
  tags,
  summary: 'What a policy would change: recorded decisions, decided again by it',
  description: `Nothing is written. The newest ${MOST_DECISIONS} decisions of the days looked at, each by itself, with the catalogue as it was.`,
  security,
  request: {
    params,
    query: z.object({ days: z.coerce.number().pipe(z.int().min(1).max(366)).default(30) }),
  },
  responses: { 200: json('What would change', PreviewSchema), ...problems(400, 401, 403, 404, 503) },
})

const activate = createRoute({
  method: 'post',
  path: '/v1/policies/{version}/activate',
  operationId: 'activatePolicy',
  tags,
  summary: 'Put a version in force',
  description:
    'A proposal needs the digest of its preview, so that what comes into force is what was seen. A version that was in force before needs If-Match with the ETag of the list: one tap back. The very next answer anywhere is by it.',
  security,
  request: {
    params,
    headers: z.object({ 'if-match': z.string().optional() }),
    query: z.object({ days: z.coerce.number().pipe(z.int().min(1).max(366)).default(30) }),
    body: jsonBody(
      z
        .strictObject({
          digest: z.string().max(64).optional(),
          evenSo: z
            .boolean()
            .default(false)
            .openapi({ description: 'Although the preview says what speaks against it.' }),
        })
        .openapi('PolicyActivation', { example: { digest: '4f1c09a2b7d3e865' } }),
    ),
  },
  responses: {
    200: json('As it is now', VersionSchema),
    ...problems(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
  },
})

export function policies(app: App): void {
  app.openapi(list, async (c) => {
    const { versions, inForce } = await read(c.get('deps'))
    const levers = NAMES.map((name) => {
      const { default: usual, min, max, says, ...lever } = LEVERS[name]
      return {
        lever: name,
        says,
        default: usual,
        min,
        max,
        whole: 'whole' in lever,
        inForce: inForce.record[name],
      }
    })
    const shown = versions.map((version) => shownAs(version, versions))
    return c.json({ inForce: inForce.version, levers, policies: shown }, 200, {
      etag: etagOf(inForce.activation!),
    })
  })

  app.openapi(one, async (c) => {
    const { versions, version } = await readOne(c.get('deps'), c.req.valid('param').version)
    return c.json(shownAs(version, versions), 200)
  })

  app.openapi(propose, async (c) => {
    const { changes, note } = c.req.valid('json')
    const made = await proposed(c.get('deps'), changes as Partial<Policy>, note ?? '', c.get('by'))
    return c.json(made, 201)
  })

  app.openapi(withdraw, async (c) => {
    const deps = c.get('deps')
    const { version } = c.req.valid('param')
    await readOne(deps, version)
    try {
      await withdrawPolicy(deps.engine, version, c.get('by'))
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw unanswered(error)
      throw new Problem('conflict', 'Only a proposal that has never been in force can be withdrawn.')
    }
    const again = await readOne(deps, version)
    return c.json(shownAs(again.version, again.versions), 200)
  })

  app.openapi(preview, async (c) => {
    const { version } = c.req.valid('param')
    const deps = c.get('deps')
    const { version: tried, inForce } = await readOne(deps, version)
    return c.json(await previewed(deps, tried, inForce, c.req.valid('query').days), 200)
  })

  app.openapi(activate, async (c) => {
    const deps = c.get('deps')
    const { digest: seen, evenSo } = c.req.valid('json')
    const { version, inForce } = await readOne(deps, c.req.valid('param').version)
    if (version.withdrawnAt !== null) throw new Problem('conflict', 'This proposal was withdrawn.')
    if (version.version === inForce.version) throw new Problem('conflict', 'This version is in force.')
    if (seen === undefined && version.activation !== null) {
      if (editedVersion(c) !== inForce.activation) throw new Problem('changed_meanwhile')
    } else {
      if (seen === undefined)
        throw new Problem(
          'invalid_request',
          'digest: a proposal is put in force by what its preview showed',
          [{ field: 'digest', message: 'is missing: see the preview' }],
        )
      const made = await previewed(deps, version, inForce, c.req.valid('query').days)
      if (made.digest !== seen)
        throw new Problem('changed_meanwhile', 'The preview shows something else by now: look again.', [
          { field: 'digest', message: 'is of another preview' },
        ])
      const against = made.refusals.filter(({ always }) => always || !evenSo)
      if (against.length > 0)
        throw new Problem(
          'policy_refused',
          against.map(({ says }) => says).join(' '),
          against.map(({ always, says }) => ({ field: always ? 'version' : 'evenSo', message: says })),
        )
    }
    try {
      await activatePolicy(deps.engine, { version: version.version, insteadOf: inForce }, c.get('by'))
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw unanswered(error)
      throw new Problem('changed_meanwhile', 'Another version came into force meanwhile: look again.')
    }
    const again = await readOne(deps, version.version)
    return c.json(shownAs(again.version, again.versions), 200)
  })
}

const unanswered = (cause: unknown) => Object.assign(new Problem('store_unavailable'), { cause })

/** All versions, and the one in force. @throws not_found in a shop that has not begun */
export async function read(deps: Deps): Promise<{ versions: PolicyVersion[]; inForce: PolicyVersion }> {
  const versions = await stored(listPolicies(deps.engine))
  const inForce = inForceOf(versions)
  if (inForce === null) throw new Problem('not_found', 'There is no shop yet.')
  return { versions, inForce }
}

async function readOne(deps: Deps, number: number) {
  const all = await read(deps)
  const version = all.versions.find((each) => each.version === number)
  if (version === undefined) throw new Problem('not_found')
  return { ...all, version }
}

export type ShownPolicy = z.infer<typeof VersionSchema>

function shownAs(version: PolicyVersion, versions: readonly PolicyVersion[]): ShownPolicy {
  const origin = versions.find((each) => each.version === version.origin)
  const { record, activation, withdrawnAt } = version
  const inForce = inForceOf(versions)
  return {
    version: version.version,
    state:
      version.version === inForce?.version
        ? 'inForce'
        : withdrawnAt !== null
          ? 'withdrawn'
          : activation === null
            ? 'proposed'
            : 'earlier',
    origin: version.origin,
    changes: origin
      ? NAMES.filter((name) => record[name] !== origin.record[name]).map((name) => ({
          lever: name,
          before: origin.record[name],
          after: record[name],
          says: LEVERS[name].says,
        }))
      : [],
    levers: Object.fromEntries(NAMES.map((name) => [name, record[name]])),
    note: version.note,
    proposedBy: version.actor,
    createdAt: version.createdAt,
    activatedBy: version.activatedBy,
    activatedAt: version.activatedAt,
    withdrawnAt,
  }
}

/**
 * Keep a proposal: the policy in force with these levers.
 * @throws invalid_request naming the levers that are wrong, or when nothing changes
 */
export async function proposed(
  deps: Deps,
  changes: Partial<Policy>,
  note: string,
  by: Parameters<typeof proposePolicy>[2],
): Promise<ShownPolicy> {
  for (let attempt = 1; ; attempt++) {
    const { versions, inForce } = await read(deps)
    const record: Policy = { ...inForce.record, ...changes, version: versions[0]!.version + 1 }
    const wrong = policyProblems(record)
    if (wrong.length > 0)
      throw invalid(wrong.map(({ field, message }) => ({ field: `changes.${field}`, message })))
    if (NAMES.every((name) => record[name] === inForce.record[name]))
      throw invalid([{ field: 'changes', message: NOTHING_CHANGED }])
    try {
      await proposePolicy(deps.engine, { record, origin: inForce, note }, by)
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw unanswered(error)
      // Somebody else took the number.
      if (attempt >= 8) throw new Problem('conflict', 'Others are proposing at this moment: try again.')
      continue
    }
    const again = await readOne(deps, record.version)
    return shownAs(again.version, again.versions)
  }
}

export type ShownPreview = z.infer<typeof PreviewSchema>

/** Decide again, run the personas, and say what speaks against it. */
async function previewed(
  deps: Deps,
  tried: PolicyVersion,
  inForce: PolicyVersion,
  days: number,
): Promise<ShownPreview> {
  const { engine, snapshot, recorder, clock } = deps
  await stored(recorder.flush())
  const catalogue = await stored(snapshot.refresh())
  const nowMs = clock()
  const since = new Date(nowMs - days * DAY_MS).toISOString()
  const { retries, cannot, capped, today } = await stored(
    retry(engine, {
      since,
      most: MOST_DECISIONS,
      inForce: inForce.record,
      tried: tried.record,
      revision: snapshot.rev,
    }),
  )
  const summed = policyPreview(retries)
  const learningAt = snapshot.learned.at.bind(snapshot.learned)
  const personas = (await stored(listPersonas(engine))).map(({ id, name, record }) => {
    const now: PersonaResult = tryPersona(id, record, catalogue, learningAt)
    const { passes, why, says } = tryPersona(id, record, today, learningAt)
    return { id, name, passes, passesNow: now.passes, why, says }
  })
  const [site] = catalogue.sites.keys()
  const probes =
    summed.all.speaks[1] > 0 || site === undefined
      ? { now: 0, tried: 0 }
      : { now: probed(catalogue, site, nowMs), tried: probed(today, site, nowMs) }
  const refusals = refusalsOf(silencing(summed, probes), personas)
  const named = [
    ...summed.moves.flatMap(({ from, to }) => [from, to]),
    ...summed.silencedOffers.map(({ offerId }) => offerId),
    ...personas.flatMap(({ says }) => says),
  ]
  const seen = [
    tried.version,
    tried.record,
    inForce.version,
    inForce.activation,
    personas.map(({ id, passes, passesNow }) => [id, passes, passesNow]),
    refusals.map(({ code, always }) => [code, always]),
  ]
  return {
    version: tried.version,
    against: inForce.version,
    digest: digest(JSON.stringify(seen)),
    window: { days, since, decisions: summed.decisions, holdout: summed.holdout, cannot, capped },
    ...shapedTallies(summed, (id) => catalogue.sites.get(id)?.currency ?? null),
    moves: summed.moves,
    otherMoves: summed.otherMoves,
    leftWithNothing: summed.leftWithNothing,
    silencedOffers: summed.silencedOffers,
    headlines: Object.fromEntries(
      named.flatMap((id) => {
        const headline = id === null ? undefined : catalogue.listedById.get(id)?.offer.headline
        return id === null || headline === undefined ? [] : [[id, headline]]
      }),
    ),
    personas,
    value: shapedValue(offPolicy(turnsOf(retries))),
    refusals,
  }
}

function refusalsOf(
  silences: Refusal,
  personas: readonly { name: string; passes: boolean; passesNow: boolean; why: string[] }[],
): ShownPreview['refusals'] {
  const broken = personas.filter(({ passes, passesNow }) => passesNow && !passes)
  return [
    ...(silences === null ? [] : [{ code: 'SILENCES' as const, ...silences }]),
    ...broken.map(({ name, why }) => ({
      code: 'PERSONA' as const,
      always: false,
      says: `It breaks what must be for “${name}”: ${why.join(' ')}`,
    })),
  ]
}

function shapedTallies({ all, sites }: PolicyPreview, currencyOf: (site: string) => string | null) {
  const shaped = (tally: Tally, currency: string | null) => {
    const both = ([now, tried]: [number, number]) => ({ now, tried })
    return {
      decisions: tally.decisions,
      speaks: both(tally.speaks),
      partner: both(tally.partner),
      moneyChangedOrder: both(tally.moneyChangedOrder),
      marginMinor: currency === null ? null : both(tally.marginMinor),
      currency,
    }
  }
  const currencies = new Set(Object.keys(sites).map(currencyOf))
  return {
    all: shaped(all, currencies.size === 1 ? [...currencies][0]! : null),
    sites: Object.fromEntries(
      Object.entries(sites).map(([id, tally]) => [id, shaped(tally, currencyOf(id))]),
    ),
  }
}

function shapedValue(made: OffPolicy): ShownPreview['value'] {
  const tells = tellsFigures(made)
  const shaped = (estimate: Estimate, least: 0 | -1 = 0) => (tells ? possible(estimate, least) : null)
  return {
    ...made,
    // What was drawn tells what it caused; what was never tried, a model can only assume.
    tag: !tells ? null : made.verdict === 'noOverlap' ? 'assumed' : 'caused',
    now: shaped(made.now),
    ips: shaped(made.ips),
    selfNormalised: shaped(made.selfNormalised),
    doublyRobust: shaped(made.doublyRobust),
    difference: shaped(made.difference, -1),
    says: offPolicyWords(made),
  }
}

/** Personas: households kept as tests of the policy. */
import type { PersonaRecord } from '../core/persona.ts'
import type { By } from './audit.ts'
import { audited } from './audit.ts'
import type { Engine } from './engine.ts'
import { guard, insertRows, statement } from './engine.ts'
import { persona } from './schema.ts'

export type Persona = { id: string; name: string; record: PersonaRecord; actor: string; createdAt: string }

/** All that are kept, by their ids. */
export async function listPersonas(engine: Engine): Promise<Persona[]> {
  const rows = await engine.all<Omit<Persona, 'record'> & { record: string }>(
    statement('select id, name, record, actor, createdAt from persona where archived = 0 order by id'),
  )
  return rows.map((row) => ({ ...row, record: JSON.parse(row.record) as PersonaRecord }))
}

/** One, or null. */
export async function findPersona(engine: Engine, id: string): Promise<Persona | null> {
  return (await listPersonas(engine)).find((each) => each.id === id) ?? null
}

/**
 * Keep one under its id, in the place of what was there.
 * `isNew`: only where nothing is kept there. @throws GuardFailed where there is
 */
export async function keepPersona(
  engine: Engine,
  { id, name, record }: Pick<Persona, 'id' | 'name' | 'record'>,
  by: By,
  isNew: boolean,
): Promise<void> {
  await engine.atomic([
    ...(isNew ? guard('not exists (select 1 from persona where id = ? and archived = 0)', id) : []),
    insertRows(
      persona,
      [{ id, name, record: JSON.stringify(record), actor: by.actor, createdAt: by.at, archived: 0 }],
      '(id) do update set name = excluded.name, record = excluded.record, actor = excluded.actor, archived = 0',
    ),
    audited(by, 'kept', 'persona', id),
  ])
}

/** Put one away. What it was stays on record; false when there is none. */
export async function archivePersona(engine: Engine, id: string, by: By): Promise<boolean> {
  const [changed] = await engine.atomic([
    statement('update persona set archived = 1 where id = ? and archived = 0', id),
    audited(by, 'archived', 'persona', id),
  ])
  return changed === 1
}

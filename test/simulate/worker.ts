/** Lives one planted shop after another for the simulator, in a process of its own. */
import type { Policy } from '../../src/core/policy.ts'
import type { Life } from './life.ts'
import { live } from './life.ts'
import { KINDS, plant } from './world.ts'

export type Task = {
  kind: number
  seed: number
  families: number
  decisions: number
  levers: Partial<Policy>
}
export type Done = { task: Task; life: Life }

async function answer(task: Task): Promise<void> {
  const { kind, seed, families, decisions, levers } = task
  const life = await live(plant(KINDS[kind]!, seed, families), decisions, levers)
  process.send!({ task, life } satisfies Done)
}

// What fails ends this process, and the simulator with it.
process.on('message', (task: Task) => void answer(task))

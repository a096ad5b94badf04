/** What plain ways of choosing an offer are given, and what they may learn. Each is in a file of its own. */

/** One offer that every gate lets through, with what is on record about it and nothing of the truth. */
export type Candidate = {
  id: string
  /** Belief in [0, 1) that it serves a goal of hers, as Encore explains it. */
  fit: number
  /** What a yes to it leaves the shop, in minor units. */
  contributionMinor: number
}

/** What is known at a moment beside the offers. */
export type Context = {
  touchpoint: string
  /** Categories that this customer bought from, before today and today. */
  bought: ReadonlySet<string>
}

/** One way of choosing. `learn` hears only what became of its own choice. */
export type Baseline = {
  name: string
  /** One of the candidates, of which there is at least one. */
  choose(candidates: Candidate[], context: Context): Candidate
  learn(chosen: Candidate, context: Context, accepted: boolean): void
}

/** The candidate with the highest worth; of equals the first by id, so that it never depends on their order. */
export function best(candidates: Candidate[], worth: (candidate: Candidate) => number): Candidate {
  let found = candidates[0]!
  let most = worth(found)
  for (const candidate of candidates.slice(1)) {
    const value = worth(candidate)
    if (value > most || (value === most && candidate.id < found.id)) {
      found = candidate
      most = value
    }
  }
  return found
}

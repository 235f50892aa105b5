import type { EngineState } from '@mmtchain/kernel'

/** How often what an engine of rounds does about locks happened: a run in which none of it did shows little. */
export interface Coverage {
  /** Rounds above the first that a node entered. */
  laterRounds: number
  /** Of those, how many were above the second. */
  thirdRounds: number
  locks: number
  /** A lock on another block than the one that was locked before in the same height. */
  relocks: number
  /** A round that a node entered while it held a lock. */
  keptLocks: number
  /** A node took a block as valid without a lock on it: a lock that is hidden from others may stand against it. */
  validWithoutLock: number
  /** Processes that began again. */
  restarts: number
}

export const NOTHING_COVERED: Coverage = Object.freeze({
  ...{ laterRounds: 0, thirdRounds: 0, locks: 0, relocks: 0, keptLocks: 0, validWithoutLock: 0 },
  restarts: 0,
})

/** The fields of an engine's state that are counted, where it has them. */
interface Rounds {
  readonly height?: bigint
  readonly round?: number
  readonly lockedRound?: number
  readonly lockedId?: string | null
  readonly validRound?: number
}

/** Adds what one step did. Engines without locks add nothing. */
export function cover(coverage: Coverage, before: EngineState, after: EngineState): void {
  const [old, now] = [before as Rounds, after as Rounds]
  if (old === now || now.height === undefined || old.height !== now.height) return
  const { round = 0, lockedRound = -1, lockedId = null, validRound = -1 } = now
  if (round > (old.round ?? 0)) {
    coverage.laterRounds += 1
    if (round > 1) coverage.thirdRounds += 1
    if (old.lockedId) coverage.keptLocks += 1
  }
  if (lockedRound > (old.lockedRound ?? -1)) {
    coverage.locks += 1
    if (old.lockedId && lockedId !== old.lockedId) coverage.relocks += 1
  } else if (validRound > (old.validRound ?? -1)) coverage.validWithoutLock += 1
}

export function addCoverage(sum: Coverage, one: Coverage): void {
  for (const name of Object.keys(one) as (keyof Coverage)[]) sum[name] += one[name]
}

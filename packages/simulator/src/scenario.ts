import type { Tip } from '@mmtchain/kernel'
import type { ValidatorKey } from '@mmtchain/node-runtime'
import type { Hash } from '@mmtchain/primitives'
import type { Coverage } from './coverage.ts'
import type { Setup } from './setup.ts'
import type { Violation } from './violation.ts'
import type { Passage } from './wire.ts'
import type { Moment } from './world.ts'

/** For each node, as bits, whom it hears. Validators come first, then the second of each pair of twins. */
export type Hearing = readonly number[]

/** Who hears whom in one round. */
export interface RoundScript {
  readonly proposal: Hearing
  readonly prepare: Hearing
  readonly commit: Hearing
}

/**
 * Rounds of the first height, message by message: engines on the real kernel, without disks, processes and chance. What nobody hears in
 * its round comes late: only when nothing else can happen, votes for nil before others, one after the other, so that rounds pass and few
 * learn why. When that is over, too, all is well again, and the honest nodes have to agree and go on.
 */
export interface Scenario {
  readonly validators: number
  /** The numbers of validators of which a second copy with the same key runs. */
  readonly twins: readonly number[]
  /** Validators that sign anything, and whose messages are what `altered` makes of them. */
  readonly liars: readonly number[]
  /** Validators that never run. */
  readonly down: readonly number[]
  /**
   * By round, the nodes that start again on entering it, with what they signed and without their log of inputs. Then nobody promises
   * that the others get on.
   */
  readonly forgets?: readonly (readonly number[])[] | undefined
  readonly rounds: readonly RoundScript[]
}

/** What came of a scenario. */
export interface Played {
  readonly violation: Violation | undefined
  /** The same for the same scenario, in every process. */
  readonly trace: string
  readonly steps: number
  readonly coverage: Coverage
  /** Empty unless it was asked for. */
  readonly timeline: readonly Moment[]
}

export interface StageOptions {
  readonly setup: Setup
  readonly validators: number
  /** What liars send instead of a message. */
  readonly altered?: ((passage: Passage, lie: LieTools) => readonly unknown[]) | undefined
}

/** What a liar has to lie with. */
export interface LieTools {
  readonly fingerprint: Hash
  readonly tip: Tip
  readonly key: ValidatorKey
  /** The first things that it has sent and heard, oldest first. */
  readonly known: readonly unknown[]
}

/** Plays scenarios of one set of validators. */
export interface Stage {
  play(scenario: Scenario, options?: { readonly record?: boolean }): Played
}

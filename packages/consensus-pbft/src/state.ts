// The state of the engine: plain data. A step never alters what an earlier state holds.
import type { Block, EngineChain, EngineEffect, PeerId, SignPlace, Tip } from '@mmtchain/kernel'
import type { Address, Hash, Height } from '@mmtchain/primitives'
import type { Rulers } from './certificates.ts'
import type { Certificate, Message, Signed, Statement } from './messages.ts'
import type { Pool } from './pool.ts'
import type { Timing } from './timing.ts'
import { timeoutOf } from './timing.ts'

/**
 * Where a validator is in its height: before round 0 (`wait`), in a round before its PREPARE (`propose`), before its COMMIT
 * (`prepare`), after it (`commit`); the block is decided and not yet the tip (`decided`); never again (`stopped`).
 */
export type Step = 'wait' | 'propose' | 'prepare' | 'commit' | 'decided' | 'stopped'

export type TimerName = 'round' | 'propose' | 'prepare' | 'commit' | 'resend'

/** A proposal of the round's proposer. */
export interface Proposal {
  readonly signed: Signed
  readonly receivedMs: bigint
  /** Whether it keeps to what a proposal may be, whatever the block: otherwise it is as good as none. */
  readonly isSound: boolean
}

/** What is known of one round. Votes stand at their seat. */
export interface Round {
  readonly proposal: Proposal | undefined
  readonly prepares: readonly (Signed | undefined)[]
  readonly commits: readonly (Signed | undefined)[]
  /** A checked PrepareCert that came whole. A vote in it may differ from the one that its seat gave this node. */
  readonly prepareCert: Certificate | undefined
  /** Whether a quorum for a block was met, and each timer started: each happens once a round. */
  readonly hasQuorum: boolean
  readonly hasPrepareTimer: boolean
  readonly hasCommitTimer: boolean
  /** How many attached certificates were checked in vain. */
  readonly badCertificates: number
}

/** A block of this height, with its verdict once the node has given it. */
export interface KnownBlock {
  readonly block: Block
  readonly valid: boolean | undefined
}

/** What is kept of the height before the current one, so that late offences are seen. */
export interface HeightBefore {
  readonly height: Height
  readonly rulers: Rulers
  readonly rounds: ReadonlyMap<number, Round>
}

export interface PbftState {
  readonly chain: EngineChain
  readonly timing: Timing
  readonly self: Address | undefined
  readonly tip: Tip | undefined
  readonly reveal: Uint8Array | undefined
  readonly rulers: Rulers
  /** This node's seat; -1 when it has none in this height. */
  readonly seat: number
  readonly height: Height
  /** When this node entered the height. */
  readonly enteredMs: bigint
  readonly round: number
  readonly step: Step
  /** -1 and null: none. */
  readonly lockedRound: number
  readonly lockedId: Hash | null
  readonly validRound: number
  readonly validId: Hash | null
  readonly rounds: ReadonlyMap<number, Round>
  readonly blocks: ReadonlyMap<Hash, KnownBlock>
  /** For each seat the highest round of which it sent something; -1 for none. */
  readonly highest: readonly number[]
  /** A CommitCert that a sealed block brought. */
  readonly certified: { readonly id: Hash; readonly seal: Uint8Array } | undefined
  /** The round for which a block is being built; -1 for none. */
  readonly building: number
  /** What is being signed, by round and step. */
  readonly asked: ReadonlyMap<string, Statement>
  readonly ownLatest: { readonly prepare?: Signed | undefined; readonly commit?: Signed | undefined }
  readonly deadlines: { readonly [T in TimerName]?: bigint | undefined }
  /** Messages of the next height, as they came. */
  readonly early: readonly { readonly from: PeerId; readonly message: Message; readonly nowMs: bigint }[]
  readonly before: HeightBefore | undefined
  readonly pool: Pool
  /** What the signer remembers and this state does not: the log of inputs may be lost. */
  readonly forgotten: { readonly at: SignPlace; readonly message: Uint8Array } | undefined
  /** Whom a STATUS was answered last: at most so often, whatever a peer asks. */
  readonly answered: ReadonlyMap<
    PeerId,
    { readonly height: bigint; readonly round: number; readonly atMs: bigint }
  >
  readonly askedPeerAtMs: bigint
  /** When a block was last asked for by its id. */
  readonly wanted: ReadonlyMap<Hash, bigint>
}

/** A step under way: the next state, whose fields may be replaced but not altered, and the effects so far. */
export interface Work {
  readonly next: { -readonly [F in keyof PbftState]: PbftState[F] }
  readonly nowMs: bigint
  readonly effects: EngineEffect[]
}

/**
 * A copy for the next step. Field by field, because V8 makes that in a twentieth of the time of a spread of so many, and a node
 * takes a dozen steps a block; the compiler sees when one is missing.
 */
export function copyOf(state: PbftState): Work['next'] {
  return {
    chain: state.chain,
    timing: state.timing,
    self: state.self,
    tip: state.tip,
    reveal: state.reveal,
    rulers: state.rulers,
    seat: state.seat,
    height: state.height,
    enteredMs: state.enteredMs,
    round: state.round,
    step: state.step,
    lockedRound: state.lockedRound,
    lockedId: state.lockedId,
    validRound: state.validRound,
    validId: state.validId,
    rounds: state.rounds,
    blocks: state.blocks,
    highest: state.highest,
    certified: state.certified,
    building: state.building,
    asked: state.asked,
    ownLatest: state.ownLatest,
    deadlines: state.deadlines,
    early: state.early,
    before: state.before,
    pool: state.pool,
    forgotten: state.forgotten,
    answered: state.answered,
    askedPeerAtMs: state.askedPeerAtMs,
    wanted: state.wanted,
  }
}

/** How many rounds above the current one votes are kept for; of higher ones only the number is. */
export const ROUNDS_AHEAD = 8
/** How many rounds above the current one proposals, which carry blocks, are kept for. */
export const PROPOSALS_AHEAD = 2
/** How many rounds below the current one are kept. */
export const ROUNDS_BEHIND = 64

/** A copy with one entry more or another. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  // Mostly there is one round and one block, and nothing else to be copied.
  const isAlone = map.size === 0 || (map.size === 1 && map.has(key))
  return (isAlone ? new Map<K, V>() : new Map(map)).set(key, value)
}

/** A copy with another item at one place. `with` of the language takes V8 ten times as long. */
export function withAt<T>(list: readonly T[], at: number, item: T): readonly T[] {
  const copy = list.slice()
  copy[at] = item
  return copy
}

/** What is known of a round, empty when nothing is. */
export function roundOf({ rounds, rulers }: Pick<PbftState, 'rounds' | 'rulers'>, round: number): Round {
  const found = rounds.get(round)
  if (found) return found
  const none = new Array<Signed | undefined>(rulers.set.validators.length).fill(undefined)
  return {
    proposal: undefined,
    prepares: none,
    commits: none,
    prepareCert: undefined,
    hasQuorum: false,
    hasPrepareTimer: false,
    hasCommitTimer: false,
    badCertificates: 0,
  }
}

/** Replaces a part of what is known of a round. */
export function setRound({ next }: Work, round: number, change: Partial<Round>): undefined {
  const old = roundOf(next, round)
  // Field by field for the reason of `copyOf`. No field goes back to undefined.
  next.rounds = withEntry(next.rounds, round, {
    proposal: change.proposal ?? old.proposal,
    prepares: change.prepares ?? old.prepares,
    commits: change.commits ?? old.commits,
    prepareCert: change.prepareCert ?? old.prepareCert,
    hasQuorum: change.hasQuorum ?? old.hasQuorum,
    hasPrepareTimer: change.hasPrepareTimer ?? old.hasPrepareTimer,
    hasCommitTimer: change.hasCommitTimer ?? old.hasCommitTimer,
    badCertificates: change.badCertificates ?? old.badCertificates,
  })
}

export function setTimer({ next, effects }: Work, name: TimerName, atMs: bigint): undefined {
  const { round, propose, prepare, commit, resend } = next.deadlines
  const deadlines = { round, propose, prepare, commit, resend }
  deadlines[name] = atMs
  next.deadlines = deadlines
  effects.push({ kind: 'setTimer', name, atMs })
}

/** Sets a timer of the current round: T(r) from now. */
export function setRoundTimer(work: Work, name: 'propose' | 'prepare' | 'commit'): undefined {
  setTimer(work, name, work.nowMs + timeoutOf(work.next.timing, work.next.round))
}

export function send({ effects }: Work, message: Message, to?: PeerId): undefined {
  effects.push(to === undefined ? { kind: 'send', message } : { kind: 'send', to, message })
}

export function stop({ next, effects }: Work, why: string): undefined {
  next.step = 'stopped'
  effects.push({ kind: 'stop', why })
}

// What the engine knows, and a step under way.
import { type Block, type EngineChain, type EngineEffect, slotMsOf, type Tip } from '@mmtchain/kernel'
import type { Address, Hash } from '@mmtchain/primitives'
import { type Branch, baseOf, type Sealed } from './branch.ts'
import type { Accused, Signed } from './checkpoint.ts'
import type { Offence, SealedHeader } from './offence.ts'
import { descendantsOf, type Pool, type Pooled, without } from './pool.ts'
import { fieldsOf } from './slots.ts'

/** What the node is doing about its tip. Everything else waits. */
export type Work =
  | { readonly kind: 'build'; readonly turn: bigint }
  | { readonly kind: 'sign'; readonly turn: bigint; readonly block: Block; readonly id: Hash }
  | { readonly kind: 'validate'; readonly pooled: Pooled }
  /** `after` is what holds once the block is on disk. */
  | {
      readonly kind: 'commit'
      readonly sealed: Sealed
      readonly own: boolean
      readonly after: Pick<DposState, 'branch' | 'accused'>
    }
  | { readonly kind: 'revert' }

/** Two headers of one delegate that no honest one signs. */
export interface Proof {
  readonly offence: Offence
  readonly first: SealedHeader
  readonly second: SealedHeader
}

/** A header that was seen with a good seal. */
export interface Seen extends SealedHeader {
  readonly id: Hash
}

export interface DposState {
  readonly chain: EngineChain
  readonly self: Address | undefined
  readonly driftMs: bigint
  readonly fullSeats: number | undefined
  /** Undefined before the first input. */
  readonly tip: Tip | undefined
  readonly branch: Branch
  readonly pool: Pool
  /** The newest ids of blocks that cannot be on any branch. */
  readonly bad: readonly Hash[]
  readonly work: Work | undefined
  readonly reveal: Uint8Array | undefined
  readonly signed: Signed | undefined
  /** The slot in which this node is to make a block, if it is its own. */
  readonly due: bigint
  /** What was asked for last: the next blocks, and those below a block that forks off. */
  readonly asked: { readonly ahead: Asked; readonly back: Asked }
  /** By delegate, the headers that came last. */
  readonly seen: ReadonlyMap<Address, readonly Seen[]>
  readonly proofs: readonly Proof[]
  readonly accused: readonly Accused[]
  /** True once the operator was told that this node waits for the chain to pass its last block. */
  readonly told: boolean
}

interface Asked {
  readonly from: bigint
  readonly to: bigint
  readonly atMs: bigint
}

const NOTHING_ASKED: Asked = { from: 0n, to: 0n, atMs: 0n }
const BAD_MAX = 256
const NO_BRANCH = { links: [], final: 0n } as unknown as Branch

export function begin(args: Pick<DposState, 'chain' | 'self' | 'driftMs' | 'fullSeats'>): DposState {
  return {
    ...args,
    ...{ tip: undefined, branch: NO_BRANCH, pool: new Map(), bad: [], work: undefined, reveal: undefined },
    ...{
      signed: undefined,
      due: 0n,
      asked: { ahead: NOTHING_ASKED, back: NOTHING_ASKED },
      seen: new Map(),
      proofs: [],
    },
    ...{ accused: [], told: false },
  }
}

/** A step under way: its functions replace `state` and add effects. */
export interface Run {
  state: DposState
  readonly nowMs: bigint
  readonly effects: EngineEffect[]
}

export function set(run: Run, change: Partial<DposState>): void {
  run.state = { ...run.state, ...change }
}

/** The tip of a state that has met its first input. */
export function tipIn({ tip }: DposState): Tip {
  return tip as Tip
}

/** How long the slots of the set after the tip are. */
export function slotLengthMs(state: DposState): bigint {
  return slotMsOf(state.chain, tipIn(state).validators, state.fullSeats)
}

/** When a slot begins, as seen from the tip; one below it as if slots had always been as long as now. */
export function slotStartMs(state: DposState, turn: bigint): bigint {
  const { header } = tipIn(state)
  return header.timeMs + (turn - fieldsOf(header).turn) * slotLengthMs(state)
}

/** The slot of a time, as seen from the tip; negative before genesis. */
export function slotAt(state: DposState, timeMs: bigint): bigint {
  const slotMs = slotLengthMs(state)
  const passed = timeMs - slotStartMs(state, 0n)
  return passed >= 0n ? passed / slotMs : -((slotMs - 1n - passed) / slotMs)
}

/** Gives up a block and all that stand on it. */
export function markBad(run: Run, id: Hash): void {
  const gone = descendantsOf(run.state.pool, id)
  const { height } = baseOf(run.state.branch)
  set(run, { pool: without(run.state.pool, gone, height), bad: [...run.state.bad, ...gone].slice(-BAD_MAX) })
}

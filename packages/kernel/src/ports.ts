import type { Codec } from '@mmtchain/codec'
import type { Address, Hash, Height } from '@mmtchain/primitives'
import type { Suites } from '@mmtchain/tx'
import type { Block, Header, Receipts, ValidatorSet } from './block.ts'

// The interfaces between the kernel and what a running node is made of, and the types that engines and modules share.

export type { ValidatorSet } from './block.ts'

// 1. What handlers know of the block and the chain.

/** The block that is being executed. */
export interface BlockContext {
  readonly height: Height
  /** Unix milliseconds, set by the proposer within the engine's rules: the only clock. */
  readonly timeMs: bigint
  readonly proposer: Address
  readonly round: number
  readonly turn: bigint
  readonly epoch: bigint
  /** The block's randomness. */
  readonly seed: Hash
  /** What the proposer revealed for the next seed; empty when it revealed nothing, undefined where the engine carries no reveals. */
  readonly reveal: Uint8Array | undefined
  /** Proposers proven to have missed their turn. */
  readonly misses: readonly Miss[]
  /** Proven offences of validators. */
  readonly evidence: readonly { readonly culprit: Address; readonly height: Height; readonly kind: string }[]
  /** Who rules this height, in roster order; in queries, the next height. */
  readonly validators: ValidatorSet
  /** The `weightMax` of the transactions that this block holds so far; in `endBlock`, of all. */
  readonly weight: bigint
  /** What a block's weight is limited by. */
  readonly weightMax: bigint
}

/** A turn that passed without a block of its owner. */
export interface Miss {
  readonly height: Height
  readonly round: number
  readonly proposer: Address
  /**
   * How many of its turns in a row, from this one on, it missed before the height's block; 1 when absent. An engine whose misses
   * follow from headers lists each owner once, however many turns were skipped.
   */
  readonly times?: bigint
}

/** The chain on which a handler runs. */
export interface ChainContext {
  readonly id: string
  readonly fingerprint: Hash
  readonly addressPrefix: string
  /** The signature suites that the chain accepts, by number. */
  readonly suites: Suites
  /** The parameters that the chain file lets governance change, by `module.name`. */
  readonly governable: ReadonlyMap<string, Governable>
  /** The commands of every module of the release, by the module's name. */
  readonly commands: ReadonlyMap<string, readonly string[]>
}

/** A parameter that governance may change. */
export interface Governable {
  readonly codec: Codec<unknown>
  /** Its BCS as the chain file has it. */
  readonly chosen: Uint8Array
}

// 2. The store.

/** A state key as hex; comparing two compares their bytes. */
export type StateKey = string
/** Changed rows in ascending order of their keys; `null` deletes. */
export type StateChanges = readonly (readonly [StateKey, Uint8Array | null])[]

/** Synchronous reads of the committed state. */
export interface StateReader {
  get(key: StateKey): Uint8Array | undefined
  /** Rows whose key begins with `prefix`, ascending from the key `from`, or descending from it with `reverse`. */
  entries(range: {
    readonly prefix: StateKey
    readonly from?: StateKey | undefined
    readonly reverse?: boolean | undefined
  }): IterableIterator<readonly [StateKey, Uint8Array]>
  /** How many rows whose key begins with `prefix` stand before `key`; undefined where that takes visiting them. */
  countBefore?(prefix: StateKey, key: StateKey): number | undefined
}

/** Changes whose state root is known, not yet committed. Good for one commit on the tip on which it was staged. */
export interface Staged {
  readonly root: Hash
}

/** Why a transaction was refused, for people. It is local to the node and never an input of a hash. */
export interface RefusalText {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** A block with what came of it, as it is stored. */
export interface StoredBlock {
  readonly block: Block
  readonly id: Hash
  /** The engine's proof that the block is final or produced by the right one. Empty for block 0. */
  readonly seal: Uint8Array
  readonly receipts: Receipts
  readonly transactionIds: readonly Hash[]
  /** For each transaction why it was refused, or `null`. */
  readonly refusals: readonly (RefusalText | null)[]
}

/** All of one block, written in one atomic batch or not at all. */
export interface BlockCommit extends StoredBlock {
  readonly staged: Staged
  /** What the engine wants to find when it starts again. */
  readonly checkpoint: Uint8Array
  /** For each transaction the accounts that it concerns beside its sender and payer, for `history`. */
  readonly accounts?: readonly (readonly Address[])[] | undefined
}

/** Where a transaction is. */
export interface TransactionPlace {
  readonly height: Height
  readonly index: number
}

/** What the state after a block says under some keys, with the proof (formats.md, section 16). */
export interface StateProof {
  readonly height: Height
  /** The values under the keys that were asked, in their order; undefined where there is no row. */
  readonly values: readonly (Uint8Array | undefined)[]
  /** Against the `stateRoot` of the header of `height`. */
  readonly proof: Uint8Array
}

/** Some keys, after the block of a height, the tip unless it is given. */
export interface ProofRequest {
  readonly keys: readonly StateKey[]
  readonly height?: Height | undefined
}

/**
 * Blocks and state on disk. One writer at a time. Reads see the last completed commit. A store keeps the states of its
 * newest heights, at least the tip's; what asks for another throws `store/NOT_KEPT`.
 */
export interface Store extends StateReader {
  /** The newest block, or undefined before block 0. */
  tip(): { readonly header: Header; readonly id: Hash } | undefined
  /** The root of the state with these changes on top of the tip. */
  stage(changes: StateChanges): Staged
  /** Throws `store/STALE_STAGE` when the tip has moved since `stage`, and `store/NOT_NEXT` unless the block follows the tip. */
  commit(commit: BlockCommit): Promise<void>
  block(at: { readonly height: Height } | { readonly id: Hash }): Promise<StoredBlock | undefined>
  transaction(id: Hash): Promise<TransactionPlace | undefined>
  /** The transactions that concern an account, newest first, from the newest before `before` on. */
  history(args: {
    readonly address: Address
    readonly before?: TransactionPlace | undefined
    readonly limit: number
  }): Promise<readonly (TransactionPlace & { readonly id: Hash })[]>
  /** The state after the block of a kept height, for as long as it is kept. */
  at(height: Height): StateReader
  /** Throws `store/TOO_MANY_KEYS` for more than 256. */
  prove(request: ProofRequest): Promise<StateProof>
  /** The same as a `CommitmentProof` of ICS-23 in protobuf (formats.md, 16.4); absent where a store has no such export. */
  proveIcs23?(request: ProofRequest): Promise<Uint8Array>
  /** Takes back every block above a kept height, newest first, each in one atomic step. */
  revertTo(height: Height): Promise<void>
  checkpoint(): Uint8Array
  close(): Promise<void>
}

// 3. Consensus: a pure core. `step(state, input)` gives the next state and effects; the node carries them out.

/** What an engine adds to the block's context, read from header, body and validator sets. */
export type EngineContext = Pick<BlockContext, 'turn' | 'epoch' | 'seed' | 'reveal' | 'misses' | 'evidence'>

/** The tip as an engine sees it. `validators` rule the next height. */
export interface Tip {
  readonly header: Header
  readonly id: Hash
  readonly validators: ValidatorSet
}

/** What a node asks its kernel to build. */
export interface BlockRequest {
  readonly timeMs: bigint
  readonly round: number
  readonly consensus: Uint8Array
  readonly evidence: readonly Uint8Array[]
  readonly missProofs: readonly Uint8Array[]
}

/** Another node, by the name that the network gave it. */
export type PeerId = string

/**
 * The place of a signature in the order in which a validator signs, first by height, then by round, then by step. A signer signs
 * one message for each place and none for a lower one, so that a crash never makes a validator say two things.
 */
export interface SignPlace {
  readonly height: bigint
  readonly round: number
  /** The engine's own numbering, below 256. */
  readonly step: number
}

/** What the node tells its engine. Plain data, so that a trace can be kept, sent and played again. */
export type EngineInput =
  | {
      /** The first input. After a crash those of the height follow that the log of inputs has. */
      readonly kind: 'started'
      readonly nowMs: bigint
      readonly tip: Tip
      readonly checkpoint: Uint8Array
      /** What this validator signed last, as the signer remembers it. */
      readonly signed?: { readonly at: SignPlace; readonly message: Uint8Array } | undefined
      /** What this node's next block would reveal, where the chain has reveals. */
      readonly reveal?: Uint8Array | undefined
    }
  | { readonly kind: 'timer'; readonly name: string; readonly nowMs: bigint }
  /** A message that another engine sent, of the engine's own `message` type. */
  | { readonly kind: 'message'; readonly from: PeerId; readonly message: unknown; readonly nowMs: bigint }
  /** A sealed block that another node has; neither block nor seal has been checked. */
  | {
      readonly kind: 'block'
      readonly from: PeerId
      readonly block: Block
      readonly id: Hash
      readonly seal: Uint8Array
      readonly nowMs: bigint
    }
  | { readonly kind: 'built'; readonly block: Block; readonly id: Hash; readonly nowMs: bigint }
  | { readonly kind: 'validated'; readonly id: Hash; readonly valid: boolean; readonly nowMs: bigint }
  | {
      readonly kind: 'signed'
      readonly at: SignPlace
      readonly signature: Uint8Array
      readonly nowMs: bigint
    }
  /** After `commitBlock`, and after `revert`: the tip is another. */
  | {
      readonly kind: 'tip'
      readonly nowMs: bigint
      readonly tip: Tip
      readonly reveal?: Uint8Array | undefined
    }

/** What an engine asks of its node, which carries effects out in order. */
export type EngineEffect =
  /** Answered by `timer` at `atMs` or soon after. A timer that is set again by the same name fires only at the later-set time. */
  | { readonly kind: 'setTimer'; readonly name: string; readonly atMs: bigint }
  /**
   * Answered by `built`: a block on the tip, with transactions of the mempool. One that the chain refuses for its evidence or
   * proofs of misses is built without any: only modules know what they have charged before. By nothing where the chain refuses the
   * block even so. Other validators wait for it no longer than `withinMs`, as long as it takes to build, send and check it together; without
   * that nobody waits.
   */
  | { readonly kind: 'buildBlock'; readonly request: BlockRequest; readonly withinMs?: number | undefined }
  /** Answered by `validated`: could this block follow the tip? */
  | { readonly kind: 'validateBlock'; readonly block: Block; readonly id: Hash }
  /** Answered by `signed`, unless the signer has signed something else at `at` or after it: then by nothing. */
  | { readonly kind: 'sign'; readonly at: SignPlace; readonly message: Uint8Array }
  /** To every peer, or to one. Messages may be lost. */
  | { readonly kind: 'send'; readonly to?: PeerId | undefined; readonly message: unknown }
  /** Sends the committed block of a height with its seal, to every peer or to one, which meets it as `block`. */
  | { readonly kind: 'sendBlock'; readonly to?: PeerId | undefined; readonly height: Height }
  /** Answered by `tip`. The block was built or found valid on this tip. */
  | {
      readonly kind: 'commitBlock'
      readonly id: Hash
      readonly seal: Uint8Array
      readonly checkpoint: Uint8Array
    }
  /** Answered by `tip`. Takes back every block above a height; their transactions wait again. */
  | { readonly kind: 'revert'; readonly to: Height }
  /** The newest height that nothing can take back, where that is not every committed one. */
  | { readonly kind: 'finalise'; readonly height: Height }
  /** A peer broke the protocol in a way that no honest node does. */
  | { readonly kind: 'blame'; readonly peer: PeerId; readonly why: string }
  /** Comes back as an input of its own, before all others: for what was heard before its time, so that it is logged in its own. */
  | { readonly kind: 'again'; readonly input: EngineInput }
  /** Something that the operator should know, once. */
  | { readonly kind: 'note'; readonly fields: Readonly<Record<string, string>>; readonly what: string }
  /** The node must not go on: what it knows contradicts itself. */
  | { readonly kind: 'stop'; readonly why: string }

/** An engine's own state: plain data that only the engine reads, and that no step alters. */
export type EngineState = object
export interface EngineStep {
  /** The same object as before means that the input changed nothing; the node then need not log it. */
  readonly state: EngineState
  readonly effects: readonly EngineEffect[]
}

/** What an engine may know of the chain. */
export interface EngineChain {
  readonly fingerprint: Hash
  readonly slotMs: bigint
  readonly suites: Suites
}

/** The validator sets that the chain remembers for evidence: those of the newest epochs. */
export interface PastSets {
  /** Who ruled an epoch; undefined when it is forgotten or to come. */
  validators(epoch: bigint): ValidatorSet | undefined
}

/** A way to agree on blocks. All of it is pure; a chain file names one. */
export interface Engine {
  readonly name: string
  /** The engine's own parameters, hashed into the fingerprint. */
  readonly params: Uint8Array
  /** The type of the messages that engines send each other; absent when they send none. */
  readonly message?: Codec<unknown> | undefined
  /** True when a block that is committed may be taken back, until `finalise` says otherwise. */
  readonly revertible?: boolean | undefined
  /** How many blocks on top of one make it *confirmed*, where blocks become final later than that; see `confirmationOf`. */
  readonly confirmations?: number | undefined
  /**
   * Which inputs since the last commit must outlast a crash: the node has them on its disk before it signs anything that they cause. `built` are
   * the blocks that it built itself.
   */
  readonly logged?: 'all' | 'built' | undefined
  /** Reads the block's context. Throws `consensus/…` when the header or the body breaks the engine's rules. */
  context(args: {
    readonly chain: EngineChain
    readonly block: Block
    readonly parent: Tip
    readonly past: PastSets
  }): EngineContext
  /** Throws `consensus/BAD_SEAL` unless `seal` proves the block. `validators` are those of the block's height. */
  checkSeal(args: {
    readonly chain: EngineChain
    readonly header: Header
    readonly id: Hash
    readonly seal: Uint8Array
    readonly validators: ValidatorSet
  }): void
  /**
   * For whoever reads a whole chain: a check of each header in turn, from block 1 on, for what follows from the headers before it
   * and from no block alone. `validators` are those of the header's height. It throws `consensus/…`.
   */
  audit?(): (header: Header, validators: ValidatorSet) => void
  /** The state before the first input. `self` is the validator whose consensus key this node holds, if any. */
  start(args: { readonly chain: EngineChain; readonly self: Address | undefined }): EngineState
  step(state: EngineState, input: EngineInput): EngineStep
}

// 4. The network: how messages go between the nodes of a chain.

/** What a node brings when it joins. */
export interface NetworkMember<Message> {
  /** Nodes of other chains are not met. */
  readonly fingerprint: Hash
  /** For messages that travel as JSON. */
  readonly addressPrefix: string
  /** How messages become BCS or JSON. What it refuses is an offence of the sender. */
  readonly message: Codec<Message>
  /** The most bytes of a message in BCS. A longer one is an offence of its sender, and is not sent. */
  readonly messageBytesMax: number
  /**
   * A peer's message. While the promise is pending the peer's next messages wait, a bounded number of them; it never rejects. A
   * network may carry kinds of messages in streams of their own, in each of which they wait for each other.
   */
  onMessage(from: PeerId, message: Message): Promise<void> | void
  /** A peer can be spoken to from now on. */
  onJoined(peer: PeerId): void
  /** It cannot any more; its name may come back. */
  onLeft(peer: PeerId): void
}

/** A node's place in a network. Messages may be lost, late, doubled and out of order; never altered, nor from somebody else than `from`. */
export interface Membership<Message> {
  /** The peers that can be spoken to. */
  peers(): readonly PeerId[]
  /** Does not wait, and drops the message when the peer is not there or has too many waiting. */
  send(to: PeerId, message: Message): void
  /** To every peer. */
  broadcast(message: Message): void
  /** The peer broke the protocol in a way that no honest node does. The network decides what follows: less trust, or a ban for a while. */
  blame(peer: PeerId, why: string): void
  /** Ends it: nothing is sent or received any more when the promise resolves. */
  leave(): Promise<void>
}

/** Where nodes of a chain meet. */
export interface Network {
  join<Message>(member: NetworkMember<Message>): Promise<Membership<Message>>
}

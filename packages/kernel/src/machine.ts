import type { Address, ChainError, Hash } from '@mmtchain/primitives'
import type { Transaction } from '@mmtchain/tx'
import type { Block, Receipts } from './block.ts'
import type { ChainData } from './declare/chain.ts'
import type { GenesisData } from './declare/genesis.ts'
import type { Charged } from './declare/module.ts'
import type { Executed, Prepared, Quote } from './execution/transaction.ts'
import type { BlockRequest, EngineChain, RefusalText, Staged, StateReader, Store, Tip } from './ports.ts'

/** The part of a store that execution uses. */
export type StateStore = StateReader & Pick<Store, 'stage'>

/** A block that was executed and can be committed. */
export interface Execution {
  readonly block: Block
  readonly id: Hash
  readonly staged: Staged
  readonly receipts: Receipts
  readonly transactionIds: readonly Hash[]
  readonly refusals: readonly (RefusalText | null)[]
  /** Bugs of modules that were met, for the node's log. */
  readonly faults: readonly { readonly transaction: Hash; readonly fault: unknown }[]
  /** The tip that this block makes. */
  readonly tip: Tip
}

/** A candidate that may not be in the block that was built. */
export interface Skipped {
  readonly id: Hash
  readonly error: ChainError
}

/** What may wait for a block together: the fee of each transaction that was taken stays reserved before those after it. */
export interface Admission {
  /**
   * Takes the transaction. Throws, with nothing reserved, unless it could be in the next block, or in a later one when its nonce
   * is not yet the account's next. It does not run the calls.
   */
  admit(prepared: Prepared): {
    /** The sender's next nonce by the state alone. */
    readonly nonce: bigint
    /** True for a transaction without a fee on a chain whose commands cost something. */
    readonly isFreeRide: boolean
    /** For `reserve` of an admission on a later tip. */
    readonly reservation: Reservation
  }
  /**
   * Reserves the fee of a transaction that was taken on an earlier tip, without a look at whether it could still be in a block: a tenth of the work of
   * `admit`. Throws, with nothing reserved, when the fee cannot be paid.
   */
  reserve(reservation: Reservation): void
}

/** What is known of a transaction that was taken. */
export interface Reservation {
  readonly prepared: Prepared
  readonly charged: Charged
  /** The rules that it was taken by. */
  readonly rules: object
}

/** The deterministic state machine of a chain: blocks in, state changes and receipts out. It does no I/O. */
export interface Machine {
  readonly genesis: GenesisData
  readonly engineChain: EngineChain
  /** Block 0. Throws `kernel/BAD_GENESIS` when a module refuses its document. */
  begin(store: StateStore): Execution
  /** Checks a transaction's signatures and computes its id, unless that is given. Throws the refusals of `checkTransaction`. */
  prepare(transaction: Transaction, id?: Hash): Prepared
  /** Builds the next block from those candidates that may be in it, in their order. */
  build(
    store: StateStore,
    args: {
      readonly parent: Tip
      readonly proposer: Address
      readonly request: BlockRequest
      readonly candidates: Iterable<Prepared>
    },
  ): Execution & { readonly skipped: readonly Skipped[] }
  /**
   * Executes a block that another node built. Throws `kernel/INVALID_BLOCK` or what made it invalid. `prepare` may remember
   * transactions that were checked before.
   */
  execute(
    store: StateStore,
    args: {
      readonly parent: Tip
      readonly block: Block
      readonly prepare?: (transaction: Transaction) => Prepared
    },
  ): Execution
  /** Judges transactions that are to wait for a block on this tip. Good until the next block is committed. */
  admission(state: StateReader, tip: Tip): Admission
  /** Tries a transaction on top of the tip as the next block's first, without checking signatures. Throws if it may not be in a block. */
  simulate(state: StateReader, tip: Tip, transaction: Transaction): Executed
  /**
   * What a transaction's calls cost under the parameters and the release of `state`, or as the chain file has them. Throws for
   * calls that the chain does not have.
   */
  quote(transaction: Transaction, state?: StateReader): Quote
  /** Answers a module's query at the tip. Throws `kernel/UNKNOWN_MODULE`, `kernel/UNKNOWN_QUERY` or the module's own refusal. */
  query(
    state: StateReader,
    tip: Tip,
    args: { readonly module: string; readonly query: string; readonly input: unknown },
  ): unknown
  /** The sentences of the invariants that do not hold at the tip. */
  brokenInvariants(state: StateReader, tip: Tip): readonly string[]
  /** The code of the release in force. Throws `kernel/UPGRADE_MISSING` when this node does not have it. */
  release(state: StateReader): ChainData
  /** The tip of a store that has one, with the validators of the next height. */
  tipOf(store: StateReader & Pick<Store, 'tip'>): Tip | undefined
}

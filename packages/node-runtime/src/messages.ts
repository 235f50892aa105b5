import {
  bytes,
  type Codec,
  hash,
  height,
  list,
  struct,
  type UnionValue,
  u16,
  union,
  unit,
} from '@mmtchain/codec'
import { block, type Engine } from '@mmtchain/kernel'
import { transaction } from '@mmtchain/tx'

/** The most blocks of one answer. */
export const BLOCKS_MAX = 128
/** The most transactions of one announcement, request or answer. */
export const IDS_MAX = 512
/** What of a message is not the blocks or transactions that it carries. */
const OVERHEAD_BYTES = 2 * 1024 * 1024

const sealBytes = bytes({ bytesMax: 1_048_576 })

/** A block with the engine's proof of it. */
export const sealedBlock = struct({ block, seal: sealBytes })

type Variants = ReturnType<typeof variants>
function variants(consensus: Codec<unknown>) {
  return {
    /** Where a node is: its newest block, and the newest height that nothing can take back. */
    status: struct({ height, id: hash, finalised: height }),
    /** What engines say to each other. */
    consensus,
    /** A block that was committed, unasked. */
    block: sealedBlock,
    getBlocks: struct({ from: height, limit: u16 }),
    /** Answers `getBlocks`: blocks one after the other from `from` on, fewer than asked for where they end or grow large. */
    blocks: struct({ from: height, blocks: list(sealedBlock, { max: BLOCKS_MAX }) }),
    /** Transactions that the sender has. */
    announce: list(hash, { max: IDS_MAX }),
    getTransactions: list(hash, { max: IDS_MAX }),
    transactions: list(transaction, { max: IDS_MAX }),
  }
}

/** What nodes say to each other. */
export type NodeMessage = UnionValue<Variants>

/** The type of the messages between nodes of a chain with this engine. */
export function nodeMessage(engine: Engine): Codec<NodeMessage> {
  return union(variants(engine.message ?? (unit as Codec<unknown>)))
}

/** The longest message that nodes of a chain send. */
export function messageBytesMax({ blockBytesMax }: { readonly blockBytesMax: number }): number {
  return blockBytesMax + OVERHEAD_BYTES
}

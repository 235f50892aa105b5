import { bool, bytes, hash, height, type Infer, list, struct, text, u32, u64 } from '@mmtchain/codec'
import { type Block, block } from '@mmtchain/kernel'
import type { Hash, Height } from '@mmtchain/primitives'
import { toldAddress } from './address.ts'

// What anybody may read of a node over HTTP, as JSON or BCS.

/** Where the answers come from. */
export interface NodeView {
  status(): {
    readonly height: Height
    readonly id: Hash
    readonly finalised: Height
    readonly catchingUp: boolean
  }
  /** A committed block with the engine's proof of it. */
  block(height: Height): Promise<{ readonly block: Block; readonly seal: Uint8Array } | undefined>
  /** Snapshots that others may restore; absent where there are none. */
  readonly snapshots?: {
    heights(): Promise<readonly Height[]>
    read(height: Height, name: string): Promise<Uint8Array | undefined>
  }
}

/** The most blocks of one answer. */
export const BLOCKS_MAX = 128
/** The most nodes of one answer. */
export const NODES_MAX = 1_000

const nodeName = text({ bytesMax: 64 })

export const nodeStatus = struct({
  node: nodeName,
  version: text({ bytesMax: 64 }),
  fingerprint: hash,
  height,
  id: hash,
  finalised: height,
  catchingUp: bool,
  timeMs: u64,
  peers: u32,
})

export const blockRange = struct({
  from: height,
  blocks: list(struct({ block, seal: bytes({ bytesMax: 1_048_576 }) }), { max: BLOCKS_MAX }),
})
export type BlockRange = Infer<typeof blockRange>

/** The heights of the snapshots that a node offers. */
export const offeredSnapshots = struct({ heights: list(height, { max: 16 }) })

export const knownNodes = struct({ peers: list(toldAddress, { max: NODES_MAX }) })
export type KnownNodes = Infer<typeof knownNodes>

/** Healthy nodes as the answering one measured them, the best first; it measures itself with zeros. */
export const bestNodes = struct({
  nodes: list(
    struct({
      node: nodeName,
      url: text({ bytesMax: 300 }),
      height,
      latencyMs: u32,
      /** How much longer it takes to answer than at its best: what its load adds. */
      loadMs: u32,
    }),
    { max: NODES_MAX },
  ),
})
export type BestNodes = Infer<typeof bestNodes>

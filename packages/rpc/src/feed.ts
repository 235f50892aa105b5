import type { Json } from '@mmtchain/codec'
import type { ChainData, Event, StoredBlock } from '@mmtchain/kernel'
import type { Node } from '@mmtchain/node-runtime'
import { type Height, height } from '@mmtchain/primitives'
import { presentEvent } from './present.ts'

/** The committed blocks of a node, by height, for readers that are anywhere from block 0 to the tip. */
export interface BlockFeed {
  /** The height of the newest block. */
  readonly tip: Height
  /** Undefined for a block that is not kept here. */
  block(at: Height): Promise<StoredBlock | undefined>
  /** Calls back after every new block with its height, which may be one that had another block before. Returns how to stop that. */
  onBlock(listener: (height: Height) => void): () => void
  /** How an event looks in JSON, made once for all who hear of it while its block is among the newest. */
  presentEvent(code: ChainData, event: Event): { readonly [name: string]: Json }
  close(): void
}

/** How many of the newest blocks are kept in memory, so that readers at the tip need no disk. */
const RECENT_MAX = 8

export function followBlocks(node: Node): BlockFeed {
  const recent = new Map<Height, StoredBlock>()
  const presented = new WeakMap<Event, { readonly [name: string]: Json }>()
  const listeners = new Set<(height: Height) => void>()
  const stop = node.onBlock((stored) => {
    const at = stored.block.header.height
    recent.set(at, stored)
    recent.delete(height(at < RECENT_MAX ? 0n : at - BigInt(RECENT_MAX)))
    for (const listener of listeners) listener(at)
  })
  return {
    get tip() {
      return node.tip.header.height
    },
    block: async (at) => recent.get(at) ?? node.store.block({ height: at }),
    onBlock(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    presentEvent(code, event) {
      const found = presented.get(event) ?? presentEvent(code, event)
      presented.set(event, found)
      return found
    },
    close() {
      stop()
      listeners.clear()
    },
  }
}

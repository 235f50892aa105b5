import type { Block, Execution } from '@mmtchain/kernel'
import type { Hash } from '@mmtchain/primitives'

/** Executed blocks with their staged changes take the most memory; what is committed is mostly the newest. */
const EXECUTIONS_MAX = 4
/** An engine can be locked on a block of any round of its height. */
const BLOCKS_MAX = 256

/** Blocks that were built here or found valid on the tip, which the engine may commit. */
export interface BlocksAtHand {
  /** `execution` may be left out for a block whose verdict is known from the log of inputs. */
  add(id: Hash, block: Block, execution?: Execution): void
  /** The execution, or only the block when it has to be executed again. */
  find(id: Hash): { readonly block: Block; readonly execution: Execution | undefined } | undefined
  /** The tip is another: none of them can follow it as it is. */
  clear(): void
}

export function createBlocksAtHand(): BlocksAtHand {
  let executions = new Map<Hash, Execution>()
  let blocks = new Map<Hash, Block>()
  return {
    add(id, block, execution) {
      renew(blocks, id, block, BLOCKS_MAX)
      if (execution) renew(executions, id, execution, EXECUTIONS_MAX)
    },
    find(id) {
      const block = blocks.get(id)
      return block && { block, execution: executions.get(id) }
    },
    clear() {
      // Not cleared: V8 leaves what a map held in its old table, which a collector that has met the map before takes for alive.
      executions = new Map()
      blocks = new Map()
    },
  }
}

/** Makes the entry the newest, and drops the oldest above `max`. */
function renew<V>(map: Map<Hash, V>, id: Hash, value: V, max: number): void {
  map.delete(id)
  map.set(id, value)
  const [oldest] = map.keys()
  if (map.size > max && oldest !== undefined) map.delete(oldest)
}

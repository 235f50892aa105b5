import type { Hash } from '@mmtchain/primitives'

// A block that takes longer to build, send and check than the other validators wait for it costs a round, and the next proposer would build
// it again, as large as before. So a proposer follows what became of its own blocks (ADR 0071); about theirs others could lie.

/** The greatest share of the time that others wait in which transactions are chosen and executed: they execute them again. */
const BUILD_SHARE_MAX = 1 / 4
/** A block that took no more than these shares of that time leaves room for a much larger one, or for a slightly larger one. */
const EARLY_SHARE = 1 / 2
const TIMELY_SHARE = 3 / 4
const GROWTH_EARLY = 2
const GROWTH_TIMELY = 1.1
const SHRINKAGE = 1 / 2
/** Blocks below both of these fail for other reasons than their size. */
const BYTES_MIN = 8_192
const BUILD_SHARE_MIN = 1 / 128

/** What one block may take. The first transaction always has room. */
export interface Room {
  /** Of transactions. */
  readonly bytesMax: number
  /** Before this the last one is begun, in milliseconds of the host's monotonic clock. */
  readonly untilMs: number
}

/** A block that this node proposes. Times are in milliseconds of the host's monotonic clock. */
export interface Proposal {
  readonly id: Hash
  /** Of its transactions. */
  readonly bytes: number
  /** Whether more waited than there was room for. */
  readonly isFull: boolean
  readonly beganMs: number
  readonly builtMs: number
  /** How long others wait for it. */
  readonly withinMs: number
}

/** How much a node puts into the blocks that it proposes. */
export interface BlockBudget {
  /** The room of a block whose build begins now. What was proposed before at this height has failed. */
  room(withinMs: number): Room
  proposed(proposal: Proposal): void
  /** The tip is another: what was proposed is decided, or has failed. */
  moved(id: Hash): void
}

export function createBlockBudget(args: {
  readonly blockBytesMax: number
  readonly monotonicMs: () => number
}): BlockBudget {
  const { blockBytesMax, monotonicMs } = args
  let bytesMax = blockBytesMax
  let buildShare = BUILD_SHARE_MAX
  let open: Proposal | undefined

  function failed({ bytes, beganMs, builtMs, withinMs }: Proposal): void {
    const share = (builtMs - beganMs) / withinMs
    if (bytes > BYTES_MIN) bytesMax = Math.max(BYTES_MIN, Math.min(bytesMax, bytes * SHRINKAGE))
    if (share > BUILD_SHARE_MIN)
      buildShare = Math.max(BUILD_SHARE_MIN, Math.min(buildShare, share * SHRINKAGE))
  }

  function decided(proposal: Proposal): void {
    const { beganMs, isFull, withinMs } = proposal
    const share = (monotonicMs() - beganMs) / withinMs
    // The validators have come back to it in a later round.
    if (share > 1) failed(proposal)
    else if (isFull && share <= TIMELY_SHARE) {
      const growth = share > EARLY_SHARE ? GROWTH_TIMELY : GROWTH_EARLY
      bytesMax = Math.min(blockBytesMax, bytesMax * growth)
      buildShare = Math.min(BUILD_SHARE_MAX, buildShare * growth)
    }
  }

  return {
    room(withinMs) {
      if (open) failed(open)
      open = undefined
      return { bytesMax: Math.floor(bytesMax), untilMs: monotonicMs() + withinMs * buildShare }
    },
    proposed(proposal) {
      open = proposal
    },
    moved(id) {
      if (open?.id === id) decided(open)
      else if (open) failed(open)
      open = undefined
    },
  }
}

// What engines say to each other, beside blocks.
import { hash, type Infer, struct, u16, u64, union } from '@mmtchain/codec'

/** The most blocks that one answer sends. */
export const ASKED_MAX = 32

export const message = union({
  /** The sender's tip, told once a slot. */
  status: struct({ height: u64, id: hash, maxHeightPrevoted: u64 }),
  /** Asks for the blocks of the receiver's branch from a height on. */
  ask: struct({ from: u64, count: u16 }),
})
export type Message = Infer<typeof message>

import { struct, u8, u32, u64 } from '@mmtchain/codec'
import { CALLS_MAX } from '@mmtchain/tx'

/** What bounds a chain's blocks and transactions. */
export interface Limits {
  readonly blockBytesMax: number
  /** The sum of the `weightMax` of a block's transactions; about one microsecond each. */
  readonly blockWeightMax: bigint
  readonly transactionBytesMax: number
  /** How many calls a transaction may hold, at most 16. */
  readonly callsMax: number
  /** How many heights ahead a transaction may stay valid. */
  readonly validHeightsMax: number
  /** How many heights before it an upgrade must be scheduled; at least one epoch where there are epochs. */
  readonly upgradeNoticeHeights: number
}
export const limitsCodec = struct({
  blockBytesMax: u32,
  blockWeightMax: u64,
  transactionBytesMax: u32,
  callsMax: u8,
  validHeightsMax: u32,
  upgradeNoticeHeights: u32,
})

/** The limits of a chain that names none: half of a slot for execution. */
export function defaultLimits(slotMs: number): Limits {
  return {
    blockBytesMax: 2_097_152,
    blockWeightMax: BigInt(slotMs) * 500n,
    transactionBytesMax: 131_072,
    callsMax: CALLS_MAX,
    validHeightsMax: 10_000,
    upgradeNoticeHeights: 108,
  }
}

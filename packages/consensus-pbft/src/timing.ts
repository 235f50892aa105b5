import { encode, option, struct, u16, u32 } from '@mmtchain/codec'
import { concatBytes } from '@mmtchain/primitives'
import { pbftFail } from './refusals.ts'

/** What a chain file says of the engine's clocks. What it leaves out follows from the chain's slot. */
export interface PbftOptions {
  /** T(0): how long validators wait for a proposal, and for the votes of all once a quorum has voted, in the first round. */
  readonly timeoutMs?: number
  /** How much longer they wait in each further round. */
  readonly timeoutStepMs?: number
  /** How far the clocks of two honest validators may be apart. */
  readonly precisionMs?: number
  /**
   * The seats for which the chain's slot is meant, 1 to 1,024. Where congestion leaves fewer (`dec` of an election), slots are shorter in
   * proportion, never below two thirds. Without it slots are always as long.
   */
  readonly fullSeats?: number
}

/** The clocks of one chain, in milliseconds. */
export interface Timing {
  readonly timeoutMs: bigint
  readonly timeoutStepMs: bigint
  readonly precisionMs: bigint
  readonly fullSeats: number | undefined
}

const MS_MAX = 3_600_000
const SEATS_MAX = 1_024
const parameters = struct({
  timeoutMs: option(u32),
  timeoutStepMs: option(u32),
  precisionMs: option(u32),
})

/** The bytes that the fingerprint covers. Throws `pbft/BAD_OPTIONS`. */
export function timingParams(options: PbftOptions): Uint8Array {
  for (const field of ['timeoutMs', 'timeoutStepMs', 'precisionMs'] as const) {
    const value = options[field]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= MS_MAX))
      throw pbftFail.BAD_OPTIONS({ why: `${field} is ${value}, not 1 to ${MS_MAX}` })
  }
  const { timeoutMs = null, timeoutStepMs = null, precisionMs = null, fullSeats } = options
  const clocks = encode(parameters, { timeoutMs, timeoutStepMs, precisionMs })
  if (fullSeats === undefined) return clocks
  if (!(Number.isInteger(fullSeats) && fullSeats >= 1 && fullSeats <= SEATS_MAX))
    throw pbftFail.BAD_OPTIONS({ why: `fullSeats are ${fullSeats}, not 1 to ${SEATS_MAX}` })
  return concatBytes(clocks, encode(u16, fullSeats))
}

/** The clocks of a chain: at slots of 1 s and less 1 s, 500 ms and 200 ms; at 10 s and more 3 s, 1 s and 500 ms; even steps between. */
export function timingOf(options: PbftOptions, slotMs: bigint): Timing {
  const slot = slotMs < 1_000n ? 1_000n : slotMs > 10_000n ? 10_000n : slotMs
  const between = (given: number | undefined, low: bigint, high: bigint) =>
    given === undefined ? low + ((high - low) * (slot - 1_000n)) / 9_000n : BigInt(given)
  return {
    timeoutMs: between(options.timeoutMs, 1_000n, 3_000n),
    timeoutStepMs: between(options.timeoutStepMs, 500n, 1_000n),
    precisionMs: between(options.precisionMs, 200n, 500n),
    fullSeats: options.fullSeats,
  }
}

/** T(r), which is also DELAY(r). */
export function timeoutOf({ timeoutMs, timeoutStepMs }: Timing, round: number): bigint {
  return timeoutMs + BigInt(round) * timeoutStepMs
}

// Turns and epochs (docs/spec/consensus.md, section 3).
import { bytes, decode, encode, type Infer, option, struct, u64 } from '@mmtchain/codec'
import type { Header, Tip, Validator, ValidatorSet } from '@mmtchain/kernel'

/** What a header says for this engine. */
export const consensusFields = struct({ turn: u64, reveal: option(bytes({ bytesMax: 64 })) })
export type ConsensusFields = Infer<typeof consensusFields>

/** The consensus bytes of the block that follows `parent` after `round` turns without one. */
export function consensusBytes(parent: Tip, round: number, reveal: Uint8Array | undefined): Uint8Array {
  return encode(consensusFields, { turn: turnAt(parent, round), reveal: reveal ?? null })
}

/** The turn of a block that the chain has; 0 for block 0. Throws `codec/…` for bytes that are none. */
export function turnOf({ height, consensus }: Pick<Header, 'height' | 'consensus'>): bigint {
  return height === 0n ? 0n : decode(consensusFields, consensus).turn
}

/** The turn of a round of the height that follows `parent`. */
export function turnAt(parent: Pick<Tip, 'header'>, round: number): bigint {
  return turnOf(parent.header) + 1n + BigInt(round)
}

/** The seat of `set` whose turn it is. */
export function seatOfTurn({ epochStartTurn, validators }: ValidatorSet, turn: bigint): number {
  return Number((turn - epochStartTurn) % BigInt(validators.length))
}

/** The seat that proposes in a round of the height that follows `parent`. */
export function proposerSeat(parent: Tip, round: number): number {
  return seatOfTurn(parent.validators, turnAt(parent, round))
}

/** The validator whose turn it is. */
export function validatorOfTurn(set: ValidatorSet, turn: bigint): Validator {
  return set.validators[seatOfTurn(set, turn)] as Validator
}

/** Whether the block with this turn is the last of the epoch that `set` rules: each seat has had a turn. */
export function endsEpoch({ epochStartTurn, validators }: ValidatorSet, turn: bigint): boolean {
  return turn - epochStartTurn + 1n >= BigInt(validators.length)
}

import type { ValidatorSet } from './block.ts'
import type { EngineChain } from './ports.ts'

/**
 * How long a slot of a height is, in milliseconds: as in the chain file, or, for engines whose pace follows the seats, shorter in proportion
 * where fewer of the `fullSeats` rule, rounded up; never below two thirds. It follows from the set in force alone, which
 * every node and every light client knows.
 */
export function slotMsOf(
  { slotMs }: Pick<EngineChain, 'slotMs'>,
  { validators }: Pick<ValidatorSet, 'validators'>,
  fullSeats: number | undefined,
): bigint {
  if (fullSeats === undefined) return slotMs
  const least = Math.ceil((2 * fullSeats) / 3)
  const seats = BigInt(Math.min(fullSeats, Math.max(least, validators.length)))
  const full = BigInt(fullSeats)
  return (slotMs * seats + full - 1n) / full
}

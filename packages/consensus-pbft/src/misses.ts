// Proofs of misses: q validators saw no block of the proposer in time (docs/spec/consensus.md, section 9).
import { decode, encode, height, type Infer, list, struct, u32 } from '@mmtchain/codec'
import type { EngineChain, Miss } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { aggregated, type CastVotes, type Rulers, verifiedSeats } from './certificates.ts'
import { bitmapBytes, SEATS_MAX, signatureBytes } from './messages.ts'
import { validatorOfTurn } from './turns.ts'

/** q PREPAREs for nil. */
export const missProof = struct({
  height,
  round: u32,
  bitmap: bitmapBytes,
  signatures: list(signatureBytes, { max: SEATS_MAX }),
})
export type MissProof = Infer<typeof missProof>

/** The bytes of a proof from q PREPAREs for nil. */
export function missProofOf({ height, round, votes }: CastVotes, seats: number): Uint8Array {
  return encode(missProof, { height, round, ...aggregated(votes, seats) })
}

/** What bytes that are a proof say; undefined for other bytes. Nothing is checked. */
export function readMissProof(bytes: Uint8Array): MissProof | undefined {
  try {
    return decode(missProof, bytes)
  } catch (error) {
    if (!isChainError(error)) throw error
    return undefined
  }
}

/** A height whose rounds are known: who ruled it, the turn of its round 0, and the round that built its block. */
export interface RoundsOfHeight {
  readonly rulers: Rulers
  readonly firstTurn: bigint
  readonly round: number
}

/** The miss that a proof shows, or why it shows none. `of` is the height that it names. */
export function missOf(
  chain: Pick<EngineChain, 'fingerprint' | 'suites'>,
  proof: MissProof,
  of: RoundsOfHeight | undefined,
): Miss | string {
  if (!of) return 'a proof of a miss is neither of this height nor of the one before'
  if (proof.round >= of.round) return 'a proof of a miss is of a round that was not passed over'
  if (!verifiedSeats(chain, of.rulers, { kind: 'prepare', blockId: null, ...proof }))
    return 'a proof of a miss has no quorum of valid signatures'
  const { address } = validatorOfTurn(of.rulers.set, of.firstTurn + BigInt(proof.round))
  return { height: proof.height, round: proof.round, proposer: address }
}

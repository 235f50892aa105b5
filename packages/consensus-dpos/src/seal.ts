// What a delegate signs: the id of its block, and the numbers by which it votes, so that the last signature tells them after a crash.
import { decode, encode, hash, type Infer, struct, u64 } from '@mmtchain/codec'
import { tag } from '@mmtchain/crypto'
import type { EngineChain, Header, SignPlace, ValidatorSet } from '@mmtchain/kernel'
import { concatBytes, type Hash, hashToBytes, isChainError } from '@mmtchain/primitives'
import { fieldsOf } from './slots.ts'

const SEAL_TAG = tag('mmt/dpos/seal/1')

/** What is signed, after tag and fingerprint (formats.md, section 19). */
const signedBlock = struct({
  id: hash,
  turn: u64,
  height: u64,
  maxHeightPrevoted: u64,
  maxHeightGenerated: u64,
})
export type SignedBlock = Infer<typeof signedBlock>

export function sealMessage(fingerprint: Hash, header: Header, id: Hash): Uint8Array {
  const { turn, maxHeightPrevoted, maxHeightGenerated } = fieldsOf(header)
  const signed = { id, turn, height: header.height, maxHeightPrevoted, maxHeightGenerated }
  return concatBytes(SEAL_TAG, hashToBytes(fingerprint), encode(signedBlock, signed))
}

/** What was signed, by the bytes of the message; undefined for bytes that are none. */
export function readSealMessage(message: Uint8Array): SignedBlock | undefined {
  try {
    return decode(signedBlock, message.subarray(SEAL_TAG.length + 32))
  } catch (error) {
    if (isChainError(error)) return undefined
    throw error
  }
}

/** A delegate signs one block for each slot, and none for a slot before one for which it has signed. */
export function placeOf(turn: bigint): SignPlace {
  return { height: turn, round: 0, step: 0 }
}

/** True when the proposer of the header, with its key in `set`, has signed it. */
export function isSealed(
  chain: EngineChain,
  { header, id, seal }: { readonly header: Header; readonly id: Hash; readonly seal: Uint8Array },
  { validators }: ValidatorSet,
): boolean {
  const proposer = validators.find(({ address }) => address === header.proposer)
  if (!proposer) return false
  const message = sealMessage(chain.fingerprint, header, id)
  const { suite, key } = proposer.key
  return chain.suites.get(suite)?.verify({ key, message, signature: seal }) ?? false
}

// Evidence and proofs of misses that wait for a block. The checkpoint keeps them over restarts.
import { address, bytes, decode, encode, height, list, struct, text } from '@mmtchain/codec'
import type { Block } from '@mmtchain/kernel'
import { isChainError } from '@mmtchain/primitives'
import { type Offence, offenceOf, readEvidence, sameOffence } from './evidence.ts'
import { readMissProof } from './misses.ts'

/** The most evidence, and the most offences that are remembered as charged. */
const EVIDENCE_MAX = 32
const CHARGED_MAX = 256
const MISSES_MAX = 64
/** The most bytes of one, and of all in one block: far below what a block holds by default. */
export const PROOF_BYTES_MAX = 65_536
/** Evidence older than this cannot be checked any more: the chain remembers the sets of 64 epochs. */
const EPOCHS_MAX = 60n

const proofBytes = bytes({ bytesMax: PROOF_BYTES_MAX })
const checkpoint = struct({
  evidence: list(proofBytes, { max: EVIDENCE_MAX }),
  misses: list(proofBytes, { max: MISSES_MAX }),
  charged: list(struct({ culprit: address, height, kind: text({ bytesMax: 32 }) }), { max: CHARGED_MAX }),
})

export interface Pool {
  readonly evidence: readonly Uint8Array[]
  /** Of the newest block's height. */
  readonly misses: readonly Uint8Array[]
  /** Offences that blocks have charged, the newest last. */
  readonly charged: readonly Offence[]
}

export const EMPTY_POOL: Pool = { evidence: [], misses: [], charged: [] }

/** The pool of a checkpoint; undefined when the bytes are none. */
export function readCheckpoint(stored: Uint8Array): Pool | undefined {
  if (stored.length === 0) return EMPTY_POOL
  try {
    return decode(checkpoint, stored)
  } catch (error) {
    if (!isChainError(error)) throw error
    return undefined
  }
}

export function writeCheckpoint(pool: Pool): Uint8Array {
  return encode(checkpoint, pool)
}

/**
 * Whether an offence is charged by a block, or one of its culprit waits for one: a liar who accuses itself of much could otherwise
 * take the room that the evidence against others needs.
 */
export function isKnown({ evidence, charged }: Pool, offence: Offence): boolean {
  const isWaiting = evidence.flatMap(offencesIn).some(({ culprit }) => culprit === offence.culprit)
  return isWaiting || charged.some((one) => sameOffence(one, offence))
}

/** The pool with one evidence more, if it has room. */
export function withEvidence(pool: Pool, proof: Uint8Array): Pool {
  return pool.evidence.length < EVIDENCE_MAX && proof.length <= PROOF_BYTES_MAX
    ? { ...pool, evidence: [...pool.evidence, proof] }
    : pool
}

/** The pool after a block: what it charged is charged, and `misses` of its height that it left out wait for the next one. */
export function afterBlock(
  pool: Pool,
  { evidence, missProofs }: Pick<Block, 'evidence' | 'missProofs'>,
  { misses, epoch }: { readonly misses: readonly Uint8Array[]; readonly epoch: bigint },
): Pool {
  const charged = [...pool.charged, ...evidence.flatMap(offencesIn)].slice(-CHARGED_MAX)
  const isCharged = (proof: Uint8Array) =>
    offencesIn(proof).some((offence) => charged.some((one) => sameOffence(one, offence)))
  const isYoung = (proof: Uint8Array) => (readEvidence(proof)?.epoch ?? 0n) + EPOCHS_MAX >= epoch
  const done = new Set(missProofs.flatMap(placeOfMiss))
  return {
    charged,
    evidence: pool.evidence.filter((proof) => !isCharged(proof) && isYoung(proof)),
    misses: misses
      .filter((proof) => placeOfMiss(proof).some((place) => !done.has(place)))
      .slice(0, MISSES_MAX),
  }
}

/** What the next block of this node charges: evidence first, as much as there is room for. */
export function chargesOf(
  { evidence, misses }: Pool,
  newer: readonly Uint8Array[],
): { readonly evidence: readonly Uint8Array[]; readonly missProofs: readonly Uint8Array[] } {
  let room = PROOF_BYTES_MAX
  const fits = (proof: Uint8Array) => {
    if (proof.length > room) return false
    room -= proof.length
    return true
  }
  return {
    evidence: evidence.filter(fits),
    missProofs: [...misses, ...newer].filter(fits).slice(0, MISSES_MAX),
  }
}

/** The pool without evidence that a block of this node was to charge and does not: the chain refuses it. */
export function withoutRefused(pool: Pool, block: Pick<Block, 'evidence' | 'missProofs'>): Pool {
  return block.evidence.length + block.missProofs.length === 0 ? { ...pool, evidence: [], misses: [] } : pool
}

function offencesIn(proof: Uint8Array): readonly Offence[] {
  const found = readEvidence(proof)
  return found ? [offenceOf(found)] : []
}

function placeOfMiss(proof: Uint8Array): readonly string[] {
  const found = readMissProof(proof)
  return found ? [`${found.height} ${found.round}`] : []
}

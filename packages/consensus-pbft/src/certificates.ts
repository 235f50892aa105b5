// Certificates: proof that q validators of a set voted alike (docs/spec/consensus.md, section 6).
import { decode, encode } from '@mmtchain/codec'
import type { EngineChain, Validator, ValidatorSet } from '@mmtchain/kernel'
import { type Hash, type Height, isChainError } from '@mmtchain/primitives'
import type { PublicKey, Suites } from '@mmtchain/tx'
import { type Certificate, certificate, signMessage, type VoteKind, voteStatement } from './messages.ts'
import { quorum } from './quorum.ts'
import { areValid, type SignedClaim } from './verified.ts'

/** How the signatures of many validators on one message become the signatures of a certificate. */
export interface AggregateScheme {
  readonly name: string
  /** What the certificate carries for these signatures, in roster order. */
  aggregate(signatures: readonly Uint8Array[]): readonly Uint8Array[]
  /** Whether `signatures` prove that each key signed `message`. */
  verify(args: {
    readonly suites: Suites
    readonly keys: readonly PublicKey[]
    readonly message: Uint8Array
    readonly signatures: readonly Uint8Array[]
  }): boolean
}

/** Every signature itself, in roster order: works with any suite, also with several in one set. */
export const signatureList: AggregateScheme = {
  name: 'list',
  aggregate: (signatures) => signatures,
  verify({ suites, keys, message, signatures }) {
    if (keys.length !== signatures.length) return false
    const claims: SignedClaim[] = []
    for (const [i, { suite: code, key }] of keys.entries()) {
      const suite = suites.get(code)
      if (!suite) return false
      claims.push({ suite, key, message, signature: signatures[i] as Uint8Array })
    }
    return areValid(suites, claims)
  },
}

/** The bits of `seats` among `count`. */
export function bitmapOf(seats: readonly number[], count: number): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(count / 8))
  for (const seat of seats) bitmap[seat >> 3] = (bitmap[seat >> 3] as number) | (1 << (seat & 7))
  return bitmap
}

/** The seats of a bitmap, ascending; undefined unless it is the one form for `count` seats. */
export function seatsOf(bitmap: Uint8Array, count: number): readonly number[] | undefined {
  if (bitmap.length !== Math.ceil(count / 8)) return undefined
  const seats: number[] = []
  for (let seat = 0; seat < 8 * bitmap.length; seat++) {
    if (((bitmap[seat >> 3] as number) & (1 << (seat & 7))) === 0) continue
    if (seat >= count) return undefined
    seats.push(seat)
  }
  return seats
}

/** Votes for one block, or for nil, by the seat that cast each, ascending. */
export interface CastVotes {
  readonly height: Height
  readonly round: number
  readonly votes: readonly { readonly seat: number; readonly signature: Uint8Array }[]
}

/** Bitmap and signatures of votes. */
export function aggregated(votes: CastVotes['votes'], seats: number) {
  return {
    bitmap: bitmapOf(
      votes.map(({ seat }) => seat),
      seats,
    ),
    signatures: signatureList.aggregate(votes.map(({ signature }) => signature)),
  }
}

/** The certificate of q or more votes for a block. */
export function certify(blockId: Hash, { height, round, votes }: CastVotes, seats: number): Certificate {
  return { height, round, blockId, ...aggregated(votes, seats) }
}

/** What is voted on, and what bitmap and signatures say of it. */
export interface VoteClaim {
  readonly kind: VoteKind
  readonly height: Height
  readonly round: number
  readonly blockId: Hash | null
  readonly bitmap: Uint8Array
  readonly signatures: readonly Uint8Array[]
}

/** Who rules a height, and the hash that the height's header has for them. */
export interface Rulers {
  readonly set: ValidatorSet
  readonly hash: Hash
}

/** The seats of a well-formed claim of at least q votes, without a look at the signatures; undefined for any other. */
export function claimedSeats({ set }: Rulers, claim: Pick<VoteClaim, 'bitmap' | 'signatures'>) {
  const seats = seatsOf(claim.bitmap, set.validators.length)
  const isQuorum = seats !== undefined && seats.length >= quorum(set.validators.length)
  return isQuorum && seats.length === claim.signatures.length ? seats : undefined
}

/** The seats that signed, if there are q of them and every signature is valid; otherwise undefined. */
export function verifiedSeats(
  chain: Pick<EngineChain, 'fingerprint' | 'suites'>,
  rulers: Rulers,
  claim: VoteClaim,
): readonly number[] | undefined {
  const seats = claimedSeats(rulers, claim)
  const keys = seats?.map((seat) => (rulers.set.validators[seat] as Validator).key)
  const message = signMessage({
    fingerprint: chain.fingerprint,
    validatorsHash: rulers.hash,
    statement: voteStatement(claim.kind, claim),
  })
  const { signatures } = claim
  return keys && signatureList.verify({ suites: chain.suites, keys, message, signatures }) ? seats : undefined
}

/** The bytes of a CommitCert as the seal of its block. */
export function sealOf(cert: Certificate): Uint8Array {
  return encode(certificate, cert)
}

/** The CommitCert that a seal holds; undefined for bytes that are none, and for one that cannot be of this block. */
export function readSeal(
  seal: Uint8Array,
  of: { readonly height: Height; readonly round: number; readonly id: Hash },
): Certificate | undefined {
  try {
    const cert = decode(certificate, seal)
    // A block can be decided in the round that built it or in a later one that proposed it again.
    return cert.height === of.height && cert.blockId === of.id && cert.round >= of.round ? cert : undefined
  } catch (error) {
    if (!isChainError(error)) throw error
    return undefined
  }
}

// Each signature is verified once, in whatever it comes: a vote, a certificate, a seal, a proof of a miss, evidence.
import { type Claim, type Suite, verifyBatch } from '@mmtchain/crypto'
import { equalBytes } from '@mmtchain/primitives'
import type { Suites } from '@mmtchain/tx'

/** What is to be verified. */
export type SignedClaim = Claim & { readonly suite: Suite }

/** The newest good ones of a chain by a number from their signatures: `older` goes when `newer` is full. */
interface Known {
  older: Map<number, SignedClaim>
  newer: Map<number, SignedClaim>
  /** How many make `newer` full: the votes of two rounds. More would only be kept until they are old, and then be collected. */
  max: number
}

const KNOWN_MIN = 64
const VOTES_OF_SEAT = 4
const known = new WeakMap<Suites, Known>()

/**
 * Whether every signature is valid. Those that were found good before are compared; of bad ones nothing is remembered. `seats` is the size of the set
 * that they are of, where that is known.
 */
export function areValid(suites: Suites, claims: readonly SignedClaim[], seats = claims.length): boolean {
  const found = known.get(suites) ?? newKnown(suites)
  if (found.max < VOTES_OF_SEAT * seats) found.max = VOTES_OF_SEAT * seats
  const fresh: SignedClaim[] = []
  for (const claim of claims) if (!isKnown(found, claim)) fresh.push(claim)
  if (fresh.length === 0) return true
  const bad = verifyBatch(fresh)
  for (let i = 0; i < fresh.length; i++) if (!bad.includes(i)) keep(found, fresh[i] as SignedClaim)
  return bad.length === 0
}

function newKnown(suites: Suites): Known {
  const made = { older: new Map(), newer: new Map(), max: KNOWN_MIN }
  known.set(suites, made)
  return made
}

function isKnown({ older, newer }: Known, claim: SignedClaim): boolean {
  const place = placeOf(claim)
  const one = newer.get(place) ?? older.get(place)
  return (
    one !== undefined &&
    one.suite === claim.suite &&
    equalBytes(one.signature, claim.signature) &&
    equalBytes(one.message, claim.message) &&
    equalBytes(one.key, claim.key)
  )
}

function keep(found: Known, claim: SignedClaim): void {
  if (found.newer.size >= found.max) {
    found.older = found.newer
    found.newer = new Map()
  }
  found.newer.set(placeOf(claim), claim)
}

/** Two claims may have the same one: then the later one is remembered. A number of 30 bits, which a map finds much faster than a larger one. */
function placeOf({ signature }: SignedClaim): number {
  let place = 0
  for (let i = 0; i < 4 && i < signature.length; i++) place = (place << 8) | (signature[i] as number)
  return place >>> 2
}

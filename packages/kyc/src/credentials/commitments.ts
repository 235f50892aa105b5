import { hashTagged, randomBytes, sha256, tag } from '@mmtchain/crypto'
import { type Hash, hash, utf8 } from '@mmtchain/primitives'

const SALT_BYTES = 32
const CLAIM = tag('mmt-kyc-claim')
const PERSON = tag('mmt-kyc-person')

/** 32 random bytes: without them a commitment tells nothing, also to who knows the data. */
export const newSalt = (): Uint8Array => randomBytes(SALT_BYTES)

/** What stands on the chain for a credential: SHA-256(tag ‖ salt ‖ SHA-256(credential)). */
export function claimCommitment(given: { readonly credential: string; readonly salt: Uint8Array }): Hash {
  return hash(hashTagged(CLAIM, given.salt, sha256(utf8(given.credential))))
}

/**
 * What stands on the chain for a person, the same for all its accounts: SHA-256(tag ‖ salt ‖ SHA-256(identity)). The identity is what the registrar
 * knows a person by, such as country and number of a passport; the salt is the person's own, and destroyed with it.
 */
export function personCommitment(given: { readonly identity: string; readonly salt: Uint8Array }): Hash {
  return hash(hashTagged(PERSON, given.salt, sha256(utf8(given.identity))))
}

// The signed receipt that an erasure was asked for and done.
import { sha256, tag } from '@mmtchain/crypto'
import { type Address, concatBytes, type Hash, hash, utf8 } from '@mmtchain/primitives'
import { type CredentialKey, fromBase64url, type PublicJwk, toBase64url, verifies } from './keys.ts'
import { credentialFail } from './refusals.ts'

/** That a registrar destroyed what it had of a holder. */
export interface ErasureReceipt {
  /** Of the chain on which it was asked. */
  readonly fingerprint: Hash
  readonly holder: Address
  readonly registrar: Address
  /** The commitments that mean nothing from now on. */
  readonly digest: Hash
  readonly person: Hash
  /** Unix milliseconds, in decimal digits: of the block in which it was asked, and by the registrar's clock when it was done. */
  readonly askedMs: string
  readonly doneMs: string
  /** base64url. */
  readonly signature: string
}

const RECEIPT = tag('mmt-kyc-erasure')
const FIELDS = ['fingerprint', 'holder', 'registrar', 'digest', 'person', 'askedMs', 'doneMs'] as const
type Body = Omit<ErasureReceipt, 'signature'>

/** No field can hold the separator, so two receipts never have one text. */
const message = (body: Body): Uint8Array =>
  concatBytes(RECEIPT, utf8(FIELDS.map((field) => body[field]).join('\n')))

export function signErasureReceipt(body: Body, key: CredentialKey): ErasureReceipt {
  return { ...body, signature: toBase64url(key.sign(message(body))) }
}

/** What the claim keeps on the chain. */
export function receiptHash(receipt: ErasureReceipt): Hash {
  return hash(sha256(concatBytes(message(receipt), fromBase64url(receipt.signature))))
}

/** Throws `kyc/BAD_RECEIPT` unless the registrar signed it, and the chain has its hash and the time that it names. */
export function checkErasureReceipt(
  receipt: ErasureReceipt,
  given: {
    readonly registrar: PublicJwk
    /** The claim, as the chain has it. */
    readonly claim: {
      readonly status: { readonly kind: string; readonly value: unknown }
      readonly erasureAskedMs: bigint | null
    }
  },
): void {
  const { registrar, claim } = given
  const refuse = (why: string): never => {
    throw credentialFail.BAD_RECEIPT({ why })
  }
  if (FIELDS.some((field) => typeof receipt[field] !== 'string' || !/^[0-9a-z]{1,66}$/.test(receipt[field])))
    refuse('a field is missing or malformed')
  if (!verifies(registrar, message(receipt), fromBase64url(receipt.signature)))
    refuse('the registrar has not signed it')
  if (claim.status.kind !== 'erased' || claim.status.value !== receiptHash(receipt))
    refuse('the chain has another one')
  if (receipt.askedMs !== String(claim.erasureAskedMs))
    refuse('the chain says that it was asked at another time')
}

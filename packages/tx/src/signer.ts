import type { Suite } from '@mmtchain/crypto'
import { type Address, type Amount, equalBytes, type Hash } from '@mmtchain/primitives'
import { type Authority, authorityAddress, type KeySignature, sameAuthority, singleKey } from './authority.ts'
import { txFail } from './refusals.ts'
import {
  payerMessage,
  senderMessage,
  type Transaction,
  type TransactionBody,
  transactionId,
} from './transaction.ts'

/** Signs for an account. The key may be in this process, in a wallet or behind a network, hence the promise. */
export interface Signer {
  readonly address: Address
  readonly authority: Authority
  sign(message: Uint8Array): readonly KeySignature[] | Promise<readonly KeySignature[]>
}

/** A signer whose secret is in memory. `authority` and `address` matter only for rotated or shared accounts. */
export function secretSigner(args: {
  readonly suite: Suite
  readonly secret: Uint8Array
  readonly authority?: Authority
  readonly address?: Address
}): Signer {
  const { suite, secret } = args
  const key = suite.publicKey(secret)
  const authority = args.authority ?? singleKey({ suite: suite.code, key })
  const address = args.address ?? authorityAddress(authority)
  const index = authority.keys.findIndex(
    (candidate) => candidate.suite === suite.code && equalBytes(candidate.key, key),
  )
  if (index < 0) throw txFail.MISSING_KEY({ address })
  return { address, authority, sign: (message) => [{ index, signature: suite.sign(message, secret) }] }
}

/**
 * One signer for an m-of-n authority out of the signers of `threshold` of its keys; each signs, and the signatures are put in
 * order. Throws `tx/WRONG_SIGNATURE_COUNT` for no signer, `tx/MISSING_KEY` for signers of different accounts or authorities.
 */
export function jointSigner(signers: readonly Signer[]): Signer {
  const [first] = signers
  if (!first) throw txFail.WRONG_SIGNATURE_COUNT({ want: 1, got: 0 })
  const { address, authority } = first
  if (signers.some((other) => other.address !== address || !sameAuthority(other.authority, authority)))
    throw txFail.MISSING_KEY({ address })
  return {
    address,
    authority,
    async sign(message) {
      const parts = await Promise.all(signers.map((signer) => signer.sign(message)))
      return parts.flat().sort((a, b) => a.index - b.index)
    },
  }
}

/** Signs a body as its sender, and as its payer when the body names one. */
export async function signTransaction(args: {
  readonly body: TransactionBody
  readonly signer: Signer
  readonly payer?: { readonly signer: Signer; readonly feeMax: Amount } | undefined
}): Promise<{ readonly id: Hash; readonly transaction: Transaction }> {
  const { body, signer, payer } = args
  const { fingerprint } = body
  const id = transactionId(body)
  const signatures = await signer.sign(senderMessage({ fingerprint, id }))
  if (!payer) return { id, transaction: { body, signatures, payerConsent: null } }
  const message = payerMessage({ fingerprint, id, feeMax: payer.feeMax })
  const consent = {
    authority: payer.signer.authority,
    feeMax: payer.feeMax,
    signatures: await payer.signer.sign(message),
  }
  return { id, transaction: { body, signatures, payerConsent: consent } }
}

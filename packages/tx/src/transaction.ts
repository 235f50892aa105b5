import {
  address,
  amount,
  bytes,
  encode,
  hash,
  height,
  type Infer,
  keeping,
  list,
  option,
  struct,
  text,
  u64,
} from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
import {
  type Amount,
  concatBytes,
  type Hash,
  hashToBytes,
  newBytes,
  hash as toHash,
} from '@mmtchain/primitives'
import {
  authority,
  checkAuthority,
  checkKeys,
  checkSignatures,
  keySignature,
  type Suites,
  signatureWeight,
} from './authority.ts'
import { txFail } from './refusals.ts'

const HASH_LENGTH = 32

/** The most calls of one transaction. */
export const CALLS_MAX = 16

/** One command to run: `input` is the BCS of the command's input type. */
export const call = struct({
  module: text({ bytesMax: 32 }),
  command: text({ bytesMax: 32 }),
  input: bytes({ bytesMax: 1_048_576 }),
})
export type TransactionCall = Infer<typeof call>

/** What the sender signs (formats.md, 6.2). It begins with the chain's fingerprint, so its id is good for one chain only. */
export const transactionBody = struct({
  fingerprint: hash,
  sender: address,
  authority,
  nonce: u64,
  validUntil: height,
  fee: amount,
  weightMax: u64,
  payer: option(address),
  calls: list(call, { min: 1, max: CALLS_MAX }),
})
export type TransactionBody = Infer<typeof transactionBody>

const signatures = list(keySignature, { max: 16 })

/** The payer's own signature: it agrees to pay for this transaction, up to `feeMax`. */
export const payerConsent = struct({ authority, feeMax: amount, signatures })
export type PayerConsent = Infer<typeof payerConsent>

// Another layout or bound needs another name: copies of this package with the same one write what the others have read.
const kept = keeping(
  'mmt/transaction/1',
  struct({ body: transactionBody, signatures, payerConsent: option(payerConsent) }),
)

/** A signed transaction (formats.md, 6.3). Decoded ones keep their bytes, so what is in them may not be changed. */
export const transaction = kept.codec
export type Transaction = Infer<typeof transaction>

/** A transaction's full bytes, signatures included. They may not be changed. */
export const transactionBytes: (value: Transaction) => Uint8Array = kept.bytesOf

const ID_TAG = tag('mmt/tx/1')
const SENDER_TAG = tag('mmt/tx/sender/1')
const PAYER_TAG = tag('mmt/tx/payer/1')

/** The id of a transaction. It covers the body and not the signatures, so that signing again does not change it. */
export function transactionId(body: TransactionBody): Hash {
  return toHash(hashTagged(ID_TAG, encode(transactionBody, body)))
}

/** The same for a transaction whose `transactionBytes` are at hand: mostly its body, which they begin with, need not be encoded again. */
export function transactionIdIn(transaction: Transaction, bytes: Uint8Array): Hash {
  return toHash(hashTagged(ID_TAG, bytes.subarray(0, bodyLengthIn(transaction, bytes))))
}

/** How many of a transaction's `transactionBytes` are its body, which they begin with; the rest are its signatures. */
export function bodyLengthIn({ body, signatures, payerConsent }: Transaction, bytes: Uint8Array): number {
  if (payerConsent !== null) return encode(transactionBody, body).length
  // The number of signatures, each with its index and length, and the byte that says that there is no consent.
  let rest = 2
  for (const { signature } of signatures) rest += 1 + lengthBytes(signature.length) + signature.length
  return bytes.length - rest
}

/** How many bytes the length of a signature takes (formats.md, 2.3). */
function lengthBytes(length: number): number {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : 3
}

/** The bytes that the sender's authority signs. */
export function senderMessage({
  fingerprint,
  id,
}: {
  readonly fingerprint: Hash
  readonly id: Hash
}): Uint8Array {
  // One is made for every check, so it is a piece of shared memory.
  const message = newBytes(SENDER_TAG.length + 2 * HASH_LENGTH)
  message.set(SENDER_TAG)
  message.set(hashToBytes(fingerprint), SENDER_TAG.length)
  message.set(hashToBytes(id), SENDER_TAG.length + HASH_LENGTH)
  return message
}

/** The bytes that the payer's authority signs. */
export function payerMessage(args: {
  readonly fingerprint: Hash
  readonly id: Hash
  readonly feeMax: Amount
}): Uint8Array {
  return concatBytes(
    PAYER_TAG,
    hashToBytes(args.fingerprint),
    hashToBytes(args.id),
    encode(amount, args.feeMax),
  )
}

/**
 * Checks all of a transaction that needs no state: chain, authorities, keys, signatures, payer's consent. Returns its id, which is computed
 * unless it is given.
 * Refusals in order: `tx/WRONG_CHAIN`, `tx/PAYER_MISMATCH`, `tx/PAYER_FEE_TOO_HIGH`, then for sender and payer
 * `tx/BAD_AUTHORITY`, `tx/SUITE_NOT_ACCEPTED`, `tx/BAD_PUBLIC_KEY`, and the refusals of `checkSignatures`.
 */
export function checkTransaction(
  value: Transaction,
  {
    fingerprint,
    suites,
    id: known,
  }: { readonly fingerprint: Hash; readonly suites: Suites; readonly id?: Hash | undefined },
): Hash {
  const { body, payerConsent: consent } = value
  if (body.fingerprint !== fingerprint) throw txFail.WRONG_CHAIN({ want: fingerprint, got: body.fingerprint })
  if ((body.payer === null) !== (consent === null))
    throw txFail.PAYER_MISMATCH({ named: body.payer !== null })
  if (consent && body.fee > consent.feeMax)
    throw txFail.PAYER_FEE_TOO_HIGH({ fee: body.fee, feeMax: consent.feeMax })
  const signers = consent ? [body.authority, consent.authority] : [body.authority]
  let id: Hash
  try {
    for (const signer of signers) checkAuthority(signer)
    id = known ?? transactionId(body)
    checkSignatures({
      authority: body.authority,
      message: senderMessage({ fingerprint, id }),
      signatures: value.signatures,
      suites,
    })
    if (consent) {
      const message = payerMessage({ fingerprint, id, feeMax: consent.feeMax })
      checkSignatures({ authority: consent.authority, message, signatures: consent.signatures, suites })
    }
  } catch (refusal) {
    // What is wrong with authorities and keys comes first.
    for (const signer of signers) checkKeys(checkAuthority(signer), suites)
    throw refusal
  }
  // A valid signature proves the key that made it, so an only key needs no check of its own.
  for (const signer of signers) if (signer.keys.length > 1) checkKeys(signer, suites)
  return id
}

/** The weight of checking a transaction's signatures. */
export function signaturesWeight(value: Transaction, suites: Suites): bigint {
  const payer = value.payerConsent ? signatureWeight(value.payerConsent.authority, suites) : 0n
  return signatureWeight(value.body.authority, suites) + payer
}

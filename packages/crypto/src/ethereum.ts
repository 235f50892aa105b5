// Signatures of text by Ethereum wallets: `personal_sign`, EIP-191 version 45 (section 14).
import { concatBytes, utf8 } from '@mmtchain/primitives'
import { Point } from '@noble/secp256k1'
import { keccak256 } from './hash.ts'
import { cryptoFail } from './refusals.ts'
import { isLowSignature, signSecp256k1Digest } from './secp256k1.ts'
import { secp256k1Library } from './secp256k1-choice.ts'

const SIGNATURE_BYTES = 65
const ADDRESS_BYTES = 20

/**
 * The 20-byte address whose key signed the text, or undefined when nothing can be recovered. `signature` is 65 bytes
 * `r ‖ s ‖ v` with v one of 0, 1, 27, 28 and low s; anything else is undefined. Some address comes out for almost every
 * well-formed signature, so compare it with the one that is expected. Throws `primitives/BAD_TEXT` for text that UTF-8
 * cannot carry.
 */
export function recoverEthereumAddress({
  text,
  signature,
}: {
  readonly text: string
  readonly signature: Uint8Array
}): Uint8Array | undefined {
  if (signature.length !== SIGNATURE_BYTES) return undefined
  const recovery = recoveryOf(signature[64] as number)
  const compact = signature.slice(0, 64)
  if (recovery === undefined || !isLowSignature(compact)) return undefined
  const key = secp256k1Library().recover({ digest: ethereumDigest(text), signature: compact, recovery })
  return key === undefined ? undefined : addressOfPoint(key)
}

/** Signs text as an Ethereum wallet does: 65 bytes `r ‖ s ‖ v` with v 27 or 28. Throws `crypto/BAD_SECRET`, `primitives/BAD_TEXT`. */
export function signEthereumText({
  text,
  secret,
}: {
  readonly text: string
  readonly secret: Uint8Array
}): Uint8Array {
  const { signature, recovery } = signSecp256k1Digest(ethereumDigest(text), secret)
  return concatBytes(signature, Uint8Array.of(27 + recovery))
}

/** The 20-byte Ethereum address of a secp256k1 key, compressed or not. Throws `crypto/BAD_PUBLIC_KEY`. */
export function ethereumAddress(publicKey: Uint8Array): Uint8Array {
  let point: Uint8Array
  try {
    point = Point.fromBytes(publicKey).toBytes(false)
  } catch {
    throw cryptoFail.BAD_PUBLIC_KEY({ suite: 'secp256k1', length: publicKey.length })
  }
  return addressOfPoint(point)
}

/** `point` is uncompressed: 04, then the 64 bytes of the coordinates. */
function addressOfPoint(point: Uint8Array): Uint8Array {
  return keccak256(point.subarray(1)).slice(-ADDRESS_BYTES)
}

function ethereumDigest(text: string): Uint8Array {
  const message = utf8(text)
  return keccak256(concatBytes(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message))
}

function recoveryOf(v: number): 0 | 1 | undefined {
  if (v === 0 || v === 27) return 0
  if (v === 1 || v === 28) return 1
  return undefined
}

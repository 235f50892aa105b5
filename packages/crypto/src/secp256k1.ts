// Suite 1: ECDSA over secp256k1 (SEC 2, section 2.4.1) with SHA-256, RFC 6979 nonces and low s. Everything that
// libraries judge differently is decided here, before a backend sees it.
import { fromHex } from '@mmtchain/primitives'
import { sha256 } from './hash.ts'
import { randomBytes } from './random.ts'
import { cryptoFail } from './refusals.ts'
import { secp256k1Library } from './secp256k1-choice.ts'
import { type Claim, SECRET_BYTES, type Suite } from './suite.ts'

const KEY_BYTES = 33
const SIGNATURE_BYTES = 64
/** The order of the curve less one, and its half: the greatest r and the greatest low s. */
const R_MAX = /* @__PURE__ */ fromHex('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140')
const S_MAX = /* @__PURE__ */ fromHex('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

/** ECDSA as Bitcoin and Ethereum use it. Key: 33 bytes compressed; signature: 64 bytes `r ‖ s`, big-endian, low s. */
export const secp256k1: Suite = /* @__PURE__ */ Object.freeze({
  code: 1,
  name: 'secp256k1',
  publicKeyBytes: KEY_BYTES,
  signatureBytes: SIGNATURE_BYTES,
  weight: 50,
  generateSecret,
  publicKey,
  sign: (message: Uint8Array, secret: Uint8Array) => signSecp256k1Digest(sha256(message), secret).signature,
  verify,
  isPublicKey: (bytes: Uint8Array) => isCompressed(bytes) && secp256k1Library().isPublicKey(bytes),
})

function generateSecret(): Uint8Array {
  for (;;) {
    const secret = randomBytes(SECRET_BYTES)
    if (isScalar(secret, 0)) return secret
  }
}

function publicKey(secret: Uint8Array): Uint8Array {
  const key = secret.length === SECRET_BYTES ? secp256k1Library().publicKey(secret) : undefined
  if (!key) throw cryptoFail.BAD_SECRET({ suite: 'secp256k1', length: secret.length })
  return key
}

function verify({ key, message, signature }: Claim): boolean {
  if (!isCompressed(key) || !isLowSignature(signature)) return false
  return secp256k1Library().verify({ key, digest: sha256(message), signature })
}

/** Signs a digest that is already made; the recovery id is 0 or 1 but for one signature in 2^127. Throws `crypto/BAD_SECRET`. */
export function signSecp256k1Digest(
  digest: Uint8Array,
  secret: Uint8Array,
): { readonly signature: Uint8Array; readonly recovery: number } {
  const signed = secret.length === SECRET_BYTES ? secp256k1Library().sign(digest, secret) : undefined
  if (!signed) throw cryptoFail.BAD_SECRET({ suite: 'secp256k1', length: secret.length })
  return signed
}

/** True for 64 bytes with 0 < r < n and 0 < s ≤ n/2. */
export function isLowSignature(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isScalar(signature, 0) &&
    isNotZero(signature, 32) &&
    isAtMost(signature, 32, S_MAX)
  )
}

function isCompressed(key: Uint8Array): boolean {
  return key.length === KEY_BYTES && (key[0] === 2 || key[0] === 3)
}

/** True when the 32 bytes at `at` are above 0 and below the order of the curve. */
function isScalar(bytes: Uint8Array, at: number): boolean {
  return isNotZero(bytes, at) && isAtMost(bytes, at, R_MAX)
}

function isNotZero(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 32; i++) if (bytes[at + i] !== 0) return true
  return false
}

function isAtMost(bytes: Uint8Array, at: number, limit: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (bytes[at + i] as number) - (limit[i] as number)
    if (difference !== 0) return difference < 0
  }
  return true
}

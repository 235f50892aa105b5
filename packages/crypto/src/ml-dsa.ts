// Suite 3: ML-DSA-65 of FIPS 204, pure, with an empty context and deterministic signing, by @noble/post-quantum: the one
// implementation on every platform.
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { randomBytes, wipe } from './random.ts'
import { cryptoFail } from './refusals.ts'
import { type Claim, SECRET_BYTES, type Suite } from './suite.ts'

const KEY_BYTES = 1952
const SIGNATURE_BYTES = 3309

/** The post-quantum suite. Key: 1,952 bytes; signature: 3,309 bytes; the secret is the 32-byte seed of FIPS 204's KeyGen. */
export const mlDsa65: Suite = /* @__PURE__ */ Object.freeze({
  code: 3,
  name: 'ml-dsa-65',
  publicKeyBytes: KEY_BYTES,
  signatureBytes: SIGNATURE_BYTES,
  weight: 2000,
  generateSecret: () => randomBytes(SECRET_BYTES),
  publicKey: (seed: Uint8Array) => withExpandedKey(seed, ({ publicKey }) => publicKey),
  sign: (message: Uint8Array, seed: Uint8Array) =>
    withExpandedKey(seed, ({ secretKey }) => ml_dsa65.sign(message, secretKey, { extraEntropy: false })),
  verify,
  isPublicKey: (bytes: Uint8Array) => bytes.length === KEY_BYTES,
})

function verify({ key, message, signature }: Claim): boolean {
  if (key.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
  try {
    return ml_dsa65.verify(signature, message, key)
  } catch {
    return false
  }
}

/** Expands the seed for one use and wipes the expanded key (4,032 bytes) afterwards. */
function withExpandedKey<T>(seed: Uint8Array, use: (keys: ReturnType<typeof ml_dsa65.keygen>) => T): T {
  if (seed.length !== SECRET_BYTES) throw cryptoFail.BAD_SECRET({ suite: 'ml-dsa-65', length: seed.length })
  const keys = ml_dsa65.keygen(seed)
  try {
    return use(keys)
  } finally {
    wipe(keys.secretKey)
  }
}

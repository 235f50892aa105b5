// Suite 2: Ed25519 of RFC 8032. The RFC leaves verifiers some freedom, a chain cannot: the rules are in `verify`, and
// both backends compute the same equation, so that they agree on every input. Compare "Taming the many EdDSAs"
// (Chalkias, Garillot, Nikolaenko; SSR 2020).
import { type Ed25519Backend, ed25519Library } from './ed25519-backend.ts'
import { randomBytes } from './random.ts'
import { cryptoFail } from './refusals.ts'
import { type Claim, SECRET_BYTES, type Suite } from './suite.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

/** 2^255 − 19, the prime of the field, and the order of the base point, both little-endian. */
const P = /* @__PURE__ */ littleEndian(0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn)
const L = /* @__PURE__ */ littleEndian(0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn)
/** The y coordinates of the eight points whose order divides 8; each is a key that signs for nobody. */
const SMALL_ORDER_Y = /* @__PURE__ */ [
  0n,
  1n,
  0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffecn,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
].map(littleEndian)

/** EdDSA over edwards25519, pure. Key: 32 bytes; signature: 64 bytes; the secret is the seed of RFC 8032. */
export const ed25519: Suite = /* @__PURE__ */ Object.freeze({
  code: 2,
  name: 'ed25519',
  publicKeyBytes: KEY_BYTES,
  signatureBytes: SIGNATURE_BYTES,
  weight: 100,
  generateSecret: () => randomBytes(SECRET_BYTES),
  publicKey: (seed: Uint8Array) => withSeed(seed, (backend) => backend.publicKey(seed)),
  sign: (message: Uint8Array, seed: Uint8Array) => withSeed(seed, (backend) => backend.sign(message, seed)),
  verify,
  isPublicKey: (bytes: Uint8Array) => isCanonicalKey(bytes) && ed25519Library().isPoint(bytes),
})

/**
 * Valid when S < L; the key is the canonical encoding (y < p) of a point of the curve; neither it nor R is of small
 * order; and the canonical encoding of [S]B − [k]A equals the bytes of R, with k = SHA-512(R ‖ A ‖ message). No cofactor.
 * These are the rules of libsodium and of ed25519-dalek's `verify_strict`. OpenSSL lets keys of small order pass and
 * judges an R of small order differently in Node.js 20 and 24, so none of them ever reaches it.
 */
function verify({ key, message, signature }: Claim): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isBelow(signature, 32, L)) return false
  if (isSmallOrder(signature) || !isCanonicalKey(key)) return false
  return ed25519Library().verify({ key, message, signature })
}

function withSeed(seed: Uint8Array, use: (backend: Ed25519Backend) => Uint8Array): Uint8Array {
  if (seed.length !== SECRET_BYTES) throw cryptoFail.BAD_SECRET({ suite: 'ed25519', length: seed.length })
  return use(ed25519Library())
}

/**
 * True for 32 bytes whose y is below p and not that of a point of small order. The points with x = 0, whose sign bit
 * could be set without meaning, are among those.
 */
function isCanonicalKey(key: Uint8Array): boolean {
  if (key.length !== KEY_BYTES || isSmallOrder(key)) return false
  // A copy also of a Buffer, whose `slice` shares its memory.
  const y = new Uint8Array(key)
  y[31] = (y[31] as number) & 0x7f
  return isBelow(y, 0, P)
}

/** True when the first 32 bytes, the sign bit apart, are the y below p of a point whose order divides 8. */
function isSmallOrder(bytes: Uint8Array): boolean {
  return SMALL_ORDER_Y.some((y) =>
    y.every((byte, i) => byte === ((bytes[i] as number) & (i === 31 ? 0x7f : 0xff))),
  )
}

/** Compares the 32 little-endian bytes at `at` with a limit. */
function isBelow(bytes: Uint8Array, at: number, limit: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (bytes[at + i] as number) - (limit[i] as number)
    if (difference !== 0) return difference < 0
  }
  return false
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

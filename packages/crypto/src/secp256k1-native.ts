// secp256k1 by the npm package `secp256k1`: bindings to libsecp256k1 with prebuilt binaries for linux x64, darwin arm64
// and Windows x64. Its index falls back to `elliptic` without a word when the binary is missing, so this file loads
// `bindings.js`, which throws instead.
import { requireInstalled } from './platform.ts'
import { randomBytes } from './random.ts'
import type { Secp256k1Backend } from './secp256k1-backend.ts'

/** The part of the package that is used. Every function throws where libsecp256k1 reports an error. */
interface Bindings {
  contextRandomize(seed: Uint8Array): void
  privateKeyVerify(secret: Uint8Array): boolean
  publicKeyCreate(secret: Uint8Array, compressed: boolean): Uint8Array
  publicKeyVerify(key: Uint8Array): boolean
  ecdsaSign(digest: Uint8Array, secret: Uint8Array): { signature: Uint8Array; recid: number }
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, key: Uint8Array): boolean
  ecdsaRecover(signature: Uint8Array, recid: number, digest: Uint8Array, compressed: boolean): Uint8Array
}

/** Loads the binary. Throws the loader's own error when the package or a binary for this platform is missing. */
export function nativeBackend(): Secp256k1Backend {
  const native = requireInstalled<Bindings>('secp256k1/bindings.js')
  // Blinds the multiplications by the base point, as libsecp256k1 advises; no result depends on it.
  native.contextRandomize(randomBytes(32))
  // Each claim is copied here first. V8 keeps small arrays in its own heap, and moves one out, with an allocation that the collector has to
  // free, when an addon reads it: three for each signature.
  const [at64, at33, at32] = [64, 33, 32].map((length) => new Uint8Array(new ArrayBuffer(length))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  return {
    name: 'native',
    publicKey: (secret) =>
      native.privateKeyVerify(secret) ? native.publicKeyCreate(secret, true) : undefined,
    sign: (digest, secret) => {
      if (!native.privateKeyVerify(secret)) return undefined
      const { signature, recid } = native.ecdsaSign(digest, secret)
      return { signature, recovery: recid }
    },
    verify: ({ key, digest, signature }) => {
      if (signature.length !== 64 || digest.length !== 32 || key.length !== 33) return false
      at64.set(signature)
      at32.set(digest)
      at33.set(key)
      try {
        return native.ecdsaVerify(at64, at32, at33)
      } catch {
        return false
      }
    },
    recover: ({ digest, signature, recovery }) => {
      try {
        return native.ecdsaRecover(signature, recovery, digest, false)
      } catch {
        return undefined
      }
    },
    isPublicKey: (key) => native.publicKeyVerify(key),
  }
}

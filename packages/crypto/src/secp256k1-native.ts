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
      try {
        return native.ecdsaVerify(signature, digest, key)
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

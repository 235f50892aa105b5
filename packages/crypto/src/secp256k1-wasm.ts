// secp256k1 by the npm package `tiny-secp256k1`: libsecp256k1 compiled to WebAssembly. Its CommonJS build compiles the
// module while it loads, so that the backend is there at once, without an `await`; that needs a file system.
import { requireInstalled } from './platform.ts'
import type { Secp256k1Backend } from './secp256k1-backend.ts'

/** The part of the package that is used. Functions throw on input that they call invalid. */
interface TinySecp256k1 {
  isPrivate(secret: Uint8Array): boolean
  isPointCompressed(key: Uint8Array): boolean
  pointFromScalar(secret: Uint8Array, compressed: boolean): Uint8Array | null
  signRecoverable(digest: Uint8Array, secret: Uint8Array): { signature: Uint8Array; recoveryId: number }
  verify(digest: Uint8Array, key: Uint8Array, signature: Uint8Array, strict: boolean): boolean
  recover(
    digest: Uint8Array,
    signature: Uint8Array,
    recoveryId: number,
    compressed: boolean,
  ): Uint8Array | null
}

/** Loads and compiles the module, some 10 ms. Throws the loader's own error when the package is missing. */
export function wasmBackend(): Secp256k1Backend {
  const tiny = requireInstalled<TinySecp256k1>('tiny-secp256k1')
  return {
    name: 'wasm',
    publicKey: (secret) =>
      tiny.isPrivate(secret) ? (tiny.pointFromScalar(secret, true) ?? undefined) : undefined,
    sign: (digest, secret) => {
      if (!tiny.isPrivate(secret)) return undefined
      const { signature, recoveryId } = tiny.signRecoverable(digest, secret)
      return { signature, recovery: recoveryId }
    },
    verify: ({ key, digest, signature }) => {
      try {
        return tiny.verify(digest, key, signature, true)
      } catch {
        return false
      }
    },
    recover: ({ digest, signature, recovery }) => {
      try {
        return tiny.recover(digest, signature, recovery, false) ?? undefined
      } catch {
        return undefined
      }
    },
    isPublicKey: (key) => tiny.isPointCompressed(key),
  }
}

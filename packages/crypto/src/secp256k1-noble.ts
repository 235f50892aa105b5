// secp256k1 by @noble/secp256k1: plain JavaScript, always there, the reference for the other backends.
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { getPublicKey, hashes, recoverPublicKey, sign, utils, verify } from '@noble/secp256k1'
import type { Secp256k1Backend } from './secp256k1-backend.ts'

/** Makes the backend; it also gives noble the hashes that its synchronous RFC 6979 needs. */
export function nobleBackend(): Secp256k1Backend {
  hashes.sha256 ??= sha256
  hashes.hmacSha256 ??= (key, message) => hmac(sha256, key, message)
  return {
    name: 'noble',
    publicKey: (secret) => (utils.isValidSecretKey(secret) ? getPublicKey(secret) : undefined),
    sign: (digest, secret) => {
      if (!utils.isValidSecretKey(secret)) return undefined
      const recovered = sign(digest, secret, {
        prehash: false,
        lowS: true,
        format: 'recovered',
        extraEntropy: false,
      })
      return { signature: recovered.slice(1), recovery: recovered[0] as number }
    },
    verify: ({ key, digest, signature }) => {
      try {
        return verify(signature, digest, key, { prehash: false, lowS: true, format: 'compact' })
      } catch {
        return false
      }
    },
    recover: ({ digest, signature, recovery }) => {
      const recovered = new Uint8Array(65)
      recovered[0] = recovery
      recovered.set(signature, 1)
      try {
        return recoverPublicKey(recovered, digest, { prehash: false, isCompressed: false })
      } catch {
        return undefined
      }
    },
    isPublicKey: (key) => utils.isValidPublicKey(key, true),
  }
}

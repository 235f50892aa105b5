import { type Claim, hashTagged, type Suite, tag } from '@mmtchain/crypto'
import { equalBytes } from '@mmtchain/primitives'

const KEY_TAG = tag('mmt/sim/key/1')
const MAC_TAG = tag('mmt/sim/mac/1')
const BYTES = 32

/**
 * A suite whose signature is SHA-256(tag ‖ key ‖ message). Whoever knows a public key can forge it, so it is for simulations
 * only, where nobody does: it costs one hash.
 */
export const macSuite: Suite = Object.freeze({
  code: 255,
  name: 'simulated-mac',
  publicKeyBytes: BYTES,
  signatureBytes: BYTES,
  weight: 1,
  generateSecret(): Uint8Array {
    throw new Error('secrets of a simulation follow from its seed')
  },
  publicKey: keyOf,
  sign: (message: Uint8Array, secret: Uint8Array) => macOf(keyOf(secret), message),
  verify: ({ key, message, signature }: Claim) => equalBytes(macOf(key, message), signature),
  isPublicKey: (bytes: Uint8Array) => bytes.length === BYTES,
})

function keyOf(secret: Uint8Array): Uint8Array {
  return hashTagged(KEY_TAG, secret)
}

function macOf(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hashTagged(MAC_TAG, key, message)
}

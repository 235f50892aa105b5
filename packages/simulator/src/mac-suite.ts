import { type Claim, hashTagged, type Suite, tag } from '@mmtchain/crypto'
import { equalBytes } from '@mmtchain/primitives'

const KEY_TAG = tag('mmt/sim/key/1')
const MAC_TAG = tag('mmt/sim/mac/1')
const BYTES = 32

/** Of so many claims that were found good it is remembered that they are: all nodes of a world check the same votes at nearly the same time. */
const REMEMBERED = 256
const remembered: (Claim | undefined)[] = new Array(REMEMBERED).fill(undefined)

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
  sign(message: Uint8Array, secret: Uint8Array): Uint8Array {
    const key = keyOf(secret)
    const signature = macOf(key, message)
    remember({ key, message, signature })
    return signature
  },
  verify(claim: Claim): boolean {
    if (isRemembered(claim)) return true
    const { key, message, signature } = claim
    if (!equalBytes(macOf(key, message), signature)) return false
    remember(claim)
    return true
  },
  isPublicKey: (bytes: Uint8Array) => bytes.length === BYTES,
})

function keyOf(secret: Uint8Array): Uint8Array {
  const known = keys.get(secret)
  if (known) return known
  const key = hashTagged(KEY_TAG, secret)
  keys.set(secret, key)
  return key
}

const keys = new WeakMap<Uint8Array, Uint8Array>()

function macOf(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hashTagged(MAC_TAG, key, message)
}

/** A claim has one place, by the first byte of its signature; a later one may take it. */
function placeOf(signature: Uint8Array): number {
  return (signature[0] ?? 0) % REMEMBERED
}

function remember({ key, message, signature }: Claim): void {
  remembered[placeOf(signature)] = { key, message, signature }
}

function isRemembered({ key, message, signature }: Claim): boolean {
  const known = remembered[placeOf(signature)]
  return (
    known !== undefined &&
    equalBytes(known.signature, signature) &&
    equalBytes(known.message, message) &&
    equalBytes(known.key, key)
  )
}

// Hash onions: how a delegate commits, once, to a long row of secrets that it reveals one a block (formats.md, section 17).
import { encode } from '@mmtchain/codec'
import { hashTagged, tag } from '@mmtchain/crypto'
import {
  type Address,
  addressToBytes,
  concatBytes,
  type Hash,
  hashToBytes,
  hash as toHash,
} from '@mmtchain/primitives'
import { type PublicKey, publicKey } from '@mmtchain/tx'
import { electionFail } from './refusals.ts'

const ONION_TAG = tag('mmt/onion/1')
const SEED_TAG = tag('mmt/dpos/seed/1')
const KEY_TAG = tag('mmt/dpos/key/1')

/** The bytes of a layer. */
export const LAYER_BYTES = 32
/** The most layers of one onion: at a block every 10 s from each of 101 delegates, 33 years. */
export const LAYERS_MAX = 1_048_576
/** Every how many layers one is kept, so that a reveal costs at most this many hashes. */
const STRIDE = 1_024

/** The layer around a layer. */
export function onionLayer(inner: Uint8Array): Uint8Array {
  return hashTagged(ONION_TAG, inner)
}

/** A hash onion of one delegate. */
export interface Onion {
  /** The outermost layer, which is registered. */
  readonly commitment: Hash
  readonly layers: number
  /** What to reveal while `left` layers are left, 1 to `layers`, as the chain counts them. */
  reveal(left: number): Uint8Array
}

/** Makes the onion of a secret, which must be used for nothing else. It takes one hash a layer. */
export function makeOnion({
  secret,
  layers,
}: {
  readonly secret: Uint8Array
  readonly layers: number
}): Onion {
  if (!Number.isInteger(layers) || layers < 1 || layers > LAYERS_MAX)
    throw electionFail.BAD_ONION({ layers, max: LAYERS_MAX })
  // kept[i] is the layer that i * STRIDE others lie within.
  const kept: Uint8Array[] = []
  let layer = onionLayer(secret)
  for (let within = 0; within < layers; within++) {
    if (within % STRIDE === 0) kept.push(layer)
    layer = onionLayer(layer)
  }
  return {
    commitment: toHash(layer),
    layers,
    reveal(left) {
      if (!Number.isInteger(left) || left < 1 || left > layers)
        throw electionFail.BAD_ONION({ layers: left, max: layers })
      const within = left - 1
      let found = kept[Math.floor(within / STRIDE)] as Uint8Array
      for (let i = 0; i < within % STRIDE; i++) found = onionLayer(found)
      return found
    },
  }
}

/** The running seed after one more contribution: a revealed layer, or what the engine has instead. */
export function foldSeed(seed: Hash, contribution: Uint8Array): Hash {
  return toHash(hashTagged(SEED_TAG, hashToBytes(seed), contribution))
}

/** What a delegate signs with its consensus key to show that it holds it: good for one chain, one delegate, one key. */
export function possessionMessage(args: {
  readonly fingerprint: Hash
  readonly delegate: Address
  readonly key: PublicKey
}): Uint8Array {
  return concatBytes(
    KEY_TAG,
    hashToBytes(args.fingerprint),
    addressToBytes(args.delegate),
    encode(publicKey, args.key),
  )
}

// SHA-256 (FIPS 180-4) is the chain's hash, Keccak-256 only serves claims of Ethereum holders.
import { utf8 } from '@mmtchain/primitives'
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { nodeModule } from './platform.ts'
import { cryptoFail } from './refusals.ts'

type Sha256Into = (target: Uint8Array, at: number, bytes: Uint8Array) => void

interface NodeCrypto {
  hash(algorithm: 'sha256', data: Uint8Array, encoding: 'latin1'): string
}

const DIGEST_BYTES = 32
const TAG_BYTES = 16
const SCRATCH_BYTES = 4096

/** The 32-byte SHA-256 of `bytes`, by the fastest way that the platform has. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES)
  sha256Into(digest, 0, bytes)
  return digest
}

/**
 * Writes the SHA-256 of `bytes` into `target` at `at`, where it may overwrite `bytes` itself. A tree of thousands of hashes
 * is made so without an object for each of them.
 */
export function sha256Into(target: Uint8Array, at: number, bytes: Uint8Array): void {
  fastest ??= chooseSha256()
  fastest(target, at, bytes)
}

/** The 16-byte domain tag of section 1.2: ASCII, padded on the right with zero bytes. Throws `crypto/BAD_TAG`. */
export function tag(name: string): Uint8Array {
  if (!/^[\x20-\x7e]{1,16}$/.test(name)) throw cryptoFail.BAD_TAG({ name })
  const bytes = new Uint8Array(TAG_BYTES)
  bytes.set(utf8(name))
  return bytes
}

/** `H(tag ‖ parts…)`: the SHA-256 of a tag of section 1.2 and all parts in order. The caller gives parts a fixed or framed length. */
export function hashTagged(tag: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = tag.length
  for (const part of parts) length += part.length
  const joined = length <= SCRATCH_BYTES ? scratch.subarray(0, length) : new Uint8Array(length)
  joined.set(tag, 0)
  let at = tag.length
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return sha256(joined)
}

/** The 32-byte Keccak-256 of `bytes`, with the padding that Ethereum uses (not SHA3-256). */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes)
}

// Hashing is synchronous and keeps no reference to its input, so one buffer serves all short inputs.
const scratch = new Uint8Array(SCRATCH_BYTES)
let fastest: Sha256Into | undefined

/** Node's one-shot hash where it exists and answers FIPS 180-4's "abc" right, else noble's. */
function chooseSha256(): Sha256Into {
  const portable: Sha256Into = (target, at, bytes) => target.set(portableSha256(bytes), at)
  const oneShot = nodeModule<NodeCrypto>('node:crypto')?.hash
  if (oneShot === undefined) return portable
  const native = nativeSha256(oneShot)
  try {
    const abc = Uint8Array.of(0x61, 0x62, 0x63)
    const want = portableSha256(abc)
    const got = new Uint8Array(DIGEST_BYTES)
    native(got, 0, abc)
    return got.every((byte, i) => byte === want[i]) ? native : portable
  } catch {
    return portable
  }
}

/**
 * A Latin-1 string crosses from C++ in half the time of a Buffer (bench/hash.bench.mjs), and unpacking it gives a plain
 * Uint8Array, as on every other platform.
 */
function nativeSha256(oneShot: NodeCrypto['hash']): Sha256Into {
  return (target, at, bytes) => {
    const latin1 = oneShot('sha256', bytes, 'latin1')
    for (let i = 0; i < DIGEST_BYTES; i++) target[at + i] = latin1.charCodeAt(i)
  }
}

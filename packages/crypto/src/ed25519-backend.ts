// The two libraries that do Ed25519: Node's OpenSSL where it is there, @noble/ed25519 elsewhere.
import { concatBytes, equalBytes } from '@mmtchain/primitives'
import { getPublicKey, hashes, Point, sign } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { nodeModule } from './platform.ts'
import { cryptoFail } from './refusals.ts'
import type { Claim } from './suite.ts'

export type Ed25519BackendName = 'openssl' | 'noble'

/** What a library must do to serve the suite; keys are canonical and S is in range when they come here. */
export interface Ed25519Backend {
  readonly name: Ed25519BackendName
  publicKey(seed: Uint8Array): Uint8Array
  sign(message: Uint8Array, seed: Uint8Array): Uint8Array
  /** The cofactorless check: the encoding of [S]B − [k]A equals R byte for byte. */
  verify(claim: Claim): boolean
  /** True when the y coordinate belongs to a point of the curve. */
  isPoint(key: Uint8Array): boolean
}

interface NodeKey {
  export(options: { format: 'jwk' }): { x: string }
}
interface NodeCrypto {
  createPublicKey(input: { key: object; format: 'jwk' }): NodeKey
  createPrivateKey(input: { key: object; format: 'jwk' }): NodeKey
  sign(algorithm: null, message: Uint8Array, key: NodeKey): Uint8Array
  verify(algorithm: null, message: Uint8Array, key: NodeKey, signature: Uint8Array): boolean
}
interface NodeBuffer {
  readonly Buffer: {
    from(bytes: Uint8Array): { toString(encoding: 'base64url'): string }
    from(text: string, encoding: 'base64url'): Uint8Array
  }
}

let chosen: Ed25519Backend | undefined

/** The backend in use; the first call takes OpenSSL when it is there and right. */
export function ed25519Library(): Ed25519Backend {
  chosen ??= opensslBackend() ?? nobleBackend()
  return chosen
}

/** The name of the library that does Ed25519 in this process. */
export function ed25519Backend(): Ed25519BackendName {
  return ed25519Library().name
}

/** Makes this process use one backend from now on. Both give the same answers. Throws `crypto/BACKEND_UNAVAILABLE`. */
export function selectEd25519Backend(name: Ed25519BackendName): void {
  const backend = name === 'noble' ? nobleBackend() : opensslBackend()
  if (!backend)
    throw cryptoFail.BACKEND_UNAVAILABLE({ backend: name, reason: 'node:crypto has no Ed25519 here.' })
  chosen = backend
}

function nobleBackend(): Ed25519Backend {
  hashes.sha512 ??= sha512
  return {
    name: 'noble',
    publicKey: (seed) => getPublicKey(seed),
    sign: (message, seed) => sign(message, seed),
    verify: portableVerify,
    isPoint: (key) => decodePoint(key) !== undefined,
  }
}

/**
 * RFC 8032, section 5.1.7, the check without cofactor, as OpenSSL does it. noble's own `verify` multiplies by the
 * cofactor and so accepts signatures that OpenSSL refuses.
 */
function portableVerify({ key, message, signature }: Claim): boolean {
  const point = decodePoint(key)
  if (!point) return false
  const r = signature.subarray(0, 32)
  const s = fromLittleEndian(signature.subarray(32))
  const k = fromLittleEndian(sha512(concatBytes(r, key, message))) % Point.CURVE().n
  const expected = Point.BASE.multiply(s, false).subtract(point.multiply(k, false))
  return equalBytes(expected.toBytes(), r)
}

function decodePoint(key: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(key, false)
  } catch {
    return undefined
  }
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number)
  return value
}

/** OpenSSL through JWK keys, which Node imports ten times faster than DER; undefined where it is missing or wrong. */
function opensslBackend(): Ed25519Backend | undefined {
  const node = nodeModule<NodeCrypto>('node:crypto')
  const bytes = nodeModule<NodeBuffer>('node:buffer')?.Buffer
  const { createPublicKey, createPrivateKey } = node ?? {}
  if (!bytes || !createPublicKey || !createPrivateKey || !node?.sign || !node.verify) return undefined
  const { sign: nodeSign, verify: nodeVerify } = node
  const jwk = { kty: 'OKP', crv: 'Ed25519' }
  const encode = (key: Uint8Array) => bytes.from(key).toString('base64url')
  // Node asks for an x but makes the public key from d.
  const privateKey = (seed: Uint8Array) =>
    createPrivateKey({ key: { ...jwk, d: encode(seed), x: encode(new Uint8Array(32)) }, format: 'jwk' })
  const backend: Ed25519Backend = {
    name: 'openssl',
    publicKey: (seed) =>
      new Uint8Array(bytes.from(privateKey(seed).export({ format: 'jwk' }).x, 'base64url')),
    sign: (message, seed) => new Uint8Array(nodeSign(null, message, privateKey(seed))),
    verify: ({ key, message, signature }) => {
      try {
        const publicKey = createPublicKey({ key: { ...jwk, x: encode(key) }, format: 'jwk' })
        return nodeVerify(null, message, publicKey, signature)
      } catch {
        return portableVerify({ key, message, signature })
      }
    },
    isPoint: (key) => decodePoint(key) !== undefined,
  }
  return agreesWithNoble(backend) ? backend : undefined
}

function agreesWithNoble(backend: Ed25519Backend): boolean {
  const seed = new Uint8Array(32).fill(1)
  const message = Uint8Array.of(2)
  const noble = nobleBackend()
  try {
    const key = backend.publicKey(seed)
    const signature = backend.sign(message, seed)
    const same = equalBytes(key, noble.publicKey(seed)) && equalBytes(signature, noble.sign(message, seed))
    return (
      same &&
      backend.verify({ key, message, signature }) &&
      !backend.verify({ key, message: seed, signature })
    )
  } catch {
    return false
  }
}

// The two libraries that do Ed25519: Node's OpenSSL where it is there, @noble/ed25519 elsewhere.
import { concatBytes, equalBytes, fromHex } from '@mmtchain/primitives'
import { getPublicKey, hashes, Point, sign } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { nodeModule } from './platform.ts'
import { wipe } from './random.ts'
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
  createPrivateKey(input: { key: Uint8Array; format: 'der'; type: 'pkcs8' }): NodeKey
  sign(algorithm: null, message: Uint8Array, key: NodeKey): Uint8Array
  verify(algorithm: null, message: Uint8Array, key: NodeKey, signature: Uint8Array): boolean
}
interface NodeBuffer {
  readonly Buffer: {
    from(bytes: Uint8Array): { toString(encoding: 'base64url'): string }
    from(text: string, encoding: 'base64url'): Uint8Array
  }
}

const made = new Map<Ed25519BackendName, Ed25519Backend | undefined>()
let chosen: Ed25519Backend | undefined

/** The backend in use; the first call takes OpenSSL when it is there and right. */
export function ed25519Library(): Ed25519Backend {
  chosen ??= make('openssl') ?? (make('noble') as Ed25519Backend)
  return chosen
}

/** The name of the library that does Ed25519 in this process. */
export function ed25519Backend(): Ed25519BackendName {
  return ed25519Library().name
}

/** Makes this process use one backend from now on. Both give the same answers. Throws `crypto/BACKEND_UNAVAILABLE`. */
export function selectEd25519Backend(name: Ed25519BackendName): void {
  const backend = make(name)
  if (!backend) {
    throw cryptoFail.BACKEND_UNAVAILABLE({ suite: 'ed25519', backend: name, reason: 'node:crypto lacks it' })
  }
  chosen = backend
}

/** Makes and tests each backend once. */
function make(name: Ed25519BackendName): Ed25519Backend | undefined {
  if (!made.has(name)) made.set(name, name === 'noble' ? nobleBackend() : opensslBackend())
  return made.get(name)
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

/** RFC 8410, section 7: the PKCS #8 form of a private key without its last 32 bytes, the seed. */
const PKCS8_OF_SEED = /* @__PURE__ */ fromHex('302e020100300506032b657004220420')

/**
 * Undefined where OpenSSL is missing or wrong. Public keys come in as JWK, which Node 20 imports ten times faster than
 * DER; secrets as DER, since the JWK form needs the public key as well.
 */
function opensslBackend(): Ed25519Backend | undefined {
  const node = nodeModule<NodeCrypto>('node:crypto')
  const bytes = nodeModule<NodeBuffer>('node:buffer')?.Buffer
  const { createPublicKey, createPrivateKey } = node ?? {}
  if (!bytes || !createPublicKey || !createPrivateKey || !node?.sign || !node.verify) return undefined
  const { sign: nodeSign, verify: nodeVerify } = node
  const jwk = { kty: 'OKP', crv: 'Ed25519' }
  const encode = (key: Uint8Array) => bytes.from(key).toString('base64url')
  const privateKey = (seed: Uint8Array) => {
    const der = concatBytes(PKCS8_OF_SEED, seed)
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    wipe(der)
    return key
  }
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
  return passesSelfTest(backend) ? backend : undefined
}

/** RFC 8032, section 7.1, TEST 2: a library that is wrong must not split the chain. */
function passesSelfTest(backend: Ed25519Backend): boolean {
  const seed = fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  const key = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const signature = fromHex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  const message = Uint8Array.of(0x72)
  try {
    return (
      equalBytes(backend.publicKey(seed), key) &&
      equalBytes(backend.sign(message, seed), signature) &&
      backend.verify({ key, message, signature }) &&
      !backend.verify({ key, message: seed, signature })
    )
  } catch {
    return false
  }
}

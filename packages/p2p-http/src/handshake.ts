import type { IncomingHttpHeaders } from 'node:http'
import { ed25519, hashTagged, randomBytes, tag } from '@mmtchain/crypto'
import type { PeerId } from '@mmtchain/kernel'
import { fromHex, type Hash, hashToBytes, isChainError, toHex } from '@mmtchain/primitives'
import { isHostName, isNodeName, isWildcard } from './address.ts'
import { p2pFail } from './refusals.ts'

// Whoever dials sends key and nonce with its upgrade request; the answer has key, nonce and proof of the other side; the first
// frame on the stream is the proof of the one who dialled. A proof is a signature over both keys, both nonces and, under TLS, a
// value that only the two ends of this very connection share (RFC 5705, RFC 9266), so that nobody can carry it elsewhere.

const PROOF_TAG = tag('mmt p2p proof')
const NONCE_BYTES = 32
const VERSION_BYTES_MAX = 64

/** The key of a node. Its public half in hex is the node's name. */
export interface NodeKey {
  readonly name: PeerId
  readonly secret: Uint8Array
}

/** The node key with this secret, the 32-byte seed of Ed25519. Throws `crypto/BAD_SECRET`. */
export function nodeKey(secret: Uint8Array): NodeKey {
  return { name: toHex(ed25519.publicKey(secret)), secret }
}

/** What a node says of itself in the headers of each request and answer. */
export interface Greeting {
  readonly version: string
  /** Undefined where the node leaves it to the others to see where it is. */
  readonly host: string | undefined
  readonly port: number
  readonly fingerprint: Hash
}

/** What it says beside that when it opens a stream. */
export interface Claim {
  readonly name: PeerId
  readonly nonce: Uint8Array
  /** Another one for each run of the process, so that a node which was killed is known when it is back. */
  readonly run: string
}

export function newNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES)
}

export function headersOf({ version, host, port, fingerprint }: Greeting): Record<string, string> {
  return {
    'mmt-version': version,
    'mmt-address': host ?? '0.0.0.0',
    'mmt-port': String(port),
    'mmt-fingerprint': fingerprint,
  }
}

export function claimHeaders({ name, nonce, run }: Claim): Record<string, string> {
  return { 'mmt-node': name, 'mmt-nonce': toHex(nonce), 'mmt-run': run }
}

/** Reads what a node says of itself. Throws `p2p/BAD_HEADERS`. */
export function readGreeting(headers: IncomingHttpHeaders): Greeting {
  const version = one(headers, 'mmt-version', `a version of up to ${VERSION_BYTES_MAX} characters`, (text) =>
    /^[\x21-\x7e]{1,64}$/.test(text),
  )
  const address = one(headers, 'mmt-address', 'a host, or 0.0.0.0', isHostName)
  const port = one(headers, 'mmt-port', 'a port', (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535)
  const fingerprint = one(headers, 'mmt-fingerprint', '64 hex digits', isNodeName)
  return {
    version,
    host: isWildcard(address) ? undefined : address,
    port: Number(port),
    fingerprint: fingerprint as Hash,
  }
}

/** Reads who wants to open a stream. Throws `p2p/BAD_HEADERS`. */
export function readClaim(headers: IncomingHttpHeaders): Claim {
  const name = one(headers, 'mmt-node', 'an Ed25519 key in hex', isNodeName)
  const nonce = one(headers, 'mmt-nonce', '64 hex digits', isNodeName)
  const run = one(headers, 'mmt-run', '16 hex digits', (text) => /^[0-9a-f]{16}$/.test(text))
  return { name, nonce: fromHex(nonce), run }
}

/** The proof in the answer to an upgrade request. Throws `p2p/BAD_HEADERS`. */
export function readProof(headers: IncomingHttpHeaders): Uint8Array {
  return fromHex(one(headers, 'mmt-proof', '128 hex digits', (text) => /^[0-9a-f]{128}$/.test(text)))
}

function one(
  headers: IncomingHttpHeaders,
  header: string,
  want: string,
  isRight: (text: string) => boolean,
): string {
  const value = headers[header]
  if (typeof value !== 'string' || !isRight(value)) throw p2pFail.BAD_HEADERS({ header, want })
  return value
}

/** The two ends of a stream while it opens. */
export interface Meeting {
  readonly fingerprint: Hash
  readonly dialler: Claim
  readonly answerer: Claim
  /** What the two ends of a TLS connection share; 32 zero bytes without TLS. */
  readonly binding: Uint8Array
}

/** The signature by which one end shows that it holds the key of its name. */
export function prove(meeting: Meeting, by: 'dialler' | 'answerer', { secret }: NodeKey): Uint8Array {
  return ed25519.sign(proofMessage(meeting, by), secret)
}

/** Throws `p2p/BAD_PROOF`. */
export function checkProof(meeting: Meeting, by: 'dialler' | 'answerer', signature: Uint8Array): void {
  const key = fromHex(meeting[by].name)
  if (!ed25519.verify({ key, message: proofMessage(meeting, by), signature })) throw p2pFail.BAD_PROOF({})
}

function proofMessage({ fingerprint, dialler, answerer, binding }: Meeting, by: 'dialler' | 'answerer') {
  return hashTagged(
    PROOF_TAG,
    hashToBytes(fingerprint),
    Uint8Array.of(by === 'dialler' ? 0 : 1),
    fromHex(dialler.name),
    fromHex(answerer.name),
    dialler.nonce,
    answerer.nonce,
    binding,
  )
}

/** The code of an error, for counters. */
export function codeOf(error: unknown): string {
  return isChainError(error) ? error.code : 'p2p/UNREACHABLE'
}

import { toHex } from '@mmtchain/primitives'
import { environment } from './platform.ts'
import { cryptoFail } from './refusals.ts'
import type { Secp256k1Backend, Secp256k1BackendName } from './secp256k1-backend.ts'
import { nativeBackend } from './secp256k1-native.ts'
import { nobleBackend } from './secp256k1-noble.ts'
import { wasmBackend } from './secp256k1-wasm.ts'

const MAKERS: Readonly<Record<Secp256k1BackendName, () => Secp256k1Backend>> = {
  native: nativeBackend,
  wasm: wasmBackend,
  noble: nobleBackend,
}
const FASTEST_FIRST: readonly Secp256k1BackendName[] = ['native', 'wasm', 'noble']

/** By test/vectors/reference.py, for the secret 01…01 and the digest 02…02. */
const KNOWN_KEY = '031b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f'
const KNOWN_SIGNATURE =
  '97ef30233ead25d10f7bb2bf9eaf571a16f2deb33a75f20819284f0cb8ff3cc14870ca05940199c113b4dc77866f001702691cde269f6835581e7aea1ead2660'

const loaded = new Map<Secp256k1BackendName, Secp256k1Backend>()
let chosen: Secp256k1Backend | undefined

/**
 * The name of the library that does secp256k1 in this process. Without a choice it is the fastest that is really
 * there; the environment variable `MMT_SECP256K1` fixes it. Throws `crypto/BACKEND_UNAVAILABLE` when that names one
 * that is not there.
 */
export function secp256k1Backend(): Secp256k1BackendName {
  return secp256k1Library().name
}

/**
 * Makes this process use one backend from now on. All give the same answers; only their speed differs. Throws
 * `crypto/BACKEND_UNAVAILABLE`.
 */
export function selectSecp256k1Backend(name: Secp256k1BackendName): void {
  chosen = load(name)
}

/** The names of the backends that work here, the fastest first. It loads each of them. */
export function secp256k1Backends(): readonly Secp256k1BackendName[] {
  return FASTEST_FIRST.filter(isAvailable)
}

/** The backend in use; the first call chooses it. */
export function secp256k1Library(): Secp256k1Backend {
  chosen ??= load(environment('MMT_SECP256K1') ?? FASTEST_FIRST.find(isAvailable) ?? 'noble')
  return chosen
}

function isAvailable(name: Secp256k1BackendName): boolean {
  try {
    load(name)
    return true
  } catch {
    return false
  }
}

function load(name: string): Secp256k1Backend {
  const known = FASTEST_FIRST.find((backend) => backend === name)
  if (!known) throw unavailable(name, 'there is no backend of this name')
  let backend = loaded.get(known)
  if (!backend) {
    try {
      backend = MAKERS[known]()
      assertWorks(backend)
    } catch (error) {
      const [reason = ''] = String((error as Error).message ?? error).split('\n')
      throw unavailable(name, reason)
    }
    loaded.set(known, backend)
  }
  return backend
}

function unavailable(backend: string, reason: string) {
  return cryptoFail.BACKEND_UNAVAILABLE({ suite: 'secp256k1', backend, reason })
}

/** A library that loads but is wrong must not split the chain, so each one first makes an answer that is known. */
function assertWorks(backend: Secp256k1Backend): void {
  const secret = new Uint8Array(32).fill(1)
  const digest = new Uint8Array(32).fill(2)
  const key = backend.publicKey(secret)
  const signed = backend.sign(digest, secret)
  const right =
    key !== undefined &&
    signed !== undefined &&
    toHex(key) === KNOWN_KEY &&
    toHex(signed.signature) === KNOWN_SIGNATURE &&
    backend.verify({ key, digest, signature: signed.signature }) &&
    !backend.verify({ key, digest: secret, signature: signed.signature })
  if (!right) throw new Error('it fails its self-test')
}

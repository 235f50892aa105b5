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
  if (!known)
    throw cryptoFail.BACKEND_UNAVAILABLE({ backend: name, reason: 'there is no backend of this name.' })
  let backend = loaded.get(known)
  if (!backend) {
    try {
      backend = MAKERS[known]()
      assertWorks(backend)
    } catch (error) {
      const [reason = ''] = String((error as Error).message ?? error).split('\n')
      throw cryptoFail.BACKEND_UNAVAILABLE({ backend: name, reason: `${reason}.` })
    }
    loaded.set(known, backend)
  }
  return backend
}

/** A library that loads but cannot verify its own signature is broken, and a broken one must not split the chain. */
function assertWorks(backend: Secp256k1Backend): void {
  const secret = new Uint8Array(32).fill(1)
  const digest = new Uint8Array(32).fill(2)
  const key = backend.publicKey(secret)
  const signature = backend.sign(digest, secret)?.signature
  if (!key || !signature || !backend.verify({ key, digest, signature }))
    throw new Error('it fails its self-test')
  if (backend.verify({ key, digest: secret, signature })) throw new Error('it fails its self-test')
}

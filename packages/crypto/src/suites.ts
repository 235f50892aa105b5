import { ed25519 } from './ed25519.ts'
import { ed25519Library } from './ed25519-backend.ts'
import { sha256 } from './hash.ts'
import { mlDsa65 } from './ml-dsa.ts'
import { secp256k1 } from './secp256k1.ts'
import type { Secp256k1BackendName } from './secp256k1-backend.ts'
import { secp256k1Library } from './secp256k1-choice.ts'
import type { Suite } from './suite.ts'

/** The framework's suites: secp256k1, ed25519, ml-dsa-65. */
export const defaultSuites: readonly Suite[] = /* @__PURE__ */ Object.freeze([secp256k1, ed25519, mlDsa65])

/**
 * Loads and tests the fastest libraries now, some 30 ms, so that the first signature does not wait for it; nothing else
 * depends on it. Answers with the backend of secp256k1. Throws `crypto/BACKEND_UNAVAILABLE` when `MMT_SECP256K1` names
 * one that is not there.
 */
export async function prepareCrypto(): Promise<Secp256k1BackendName> {
  sha256(new Uint8Array(0))
  ed25519Library()
  return secp256k1Library().name
}

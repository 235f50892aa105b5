import { cryptoFail } from './refusals.ts'

/** What a signature is checked against. Any bytes of any length may stand in each field. */
export interface Claim {
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** A signature scheme with its one encoding of keys and signatures (section 5). Every suite's secret is 32 bytes. */
export interface Suite {
  /** The number on the wire: 1 to 127 are the framework's, 128 to 255 a chain's own. */
  readonly code: number
  readonly name: string
  readonly publicKeyBytes: number
  readonly signatureBytes: number
  /** The cost of one verification; a unit is about a microsecond on the reference machine with the native backend. */
  readonly weight: number
  /** 32 new random bytes that are a secret of this suite. Throws `crypto/NO_RANDOMNESS`. */
  generateSecret(): Uint8Array
  /** The public key of a secret. Throws `crypto/BAD_SECRET`. */
  publicKey(secret: Uint8Array): Uint8Array
  /** The one signature of a message by a secret: signing is deterministic. Throws `crypto/BAD_SECRET`. */
  sign(message: Uint8Array, secret: Uint8Array): Uint8Array
  /** True when the signature is valid. Malformed input of any length is false, never an error. */
  verify(claim: Claim): boolean
  /** True when the bytes are a key that some signature could be valid under. */
  isPublicKey(bytes: Uint8Array): boolean
}

/** The suites of one chain, found by code. */
export interface SuiteRegistry {
  /** In ascending order of code. */
  readonly suites: readonly Suite[]
  find(code: number): Suite | undefined
  /** The suite with this code. Throws `crypto/UNKNOWN_SUITE`. */
  get(code: number): Suite
}

/** Every suite's secret: a scalar or a seed. */
export const SECRET_BYTES = 32
/** The longest key and signature that section 5.4 and 5.5 can carry, and the most suites of section 13.1. */
const PUBLIC_KEY_BYTES_MAX = 4096
const SIGNATURE_BYTES_MAX = 65536
const SUITES_MAX = 16
const OWN_CODE_FIRST = 128
const OWN_CODE_LAST = 255

/** The framework's suites by code; a registry refuses another scheme under their numbers. */
const RESERVED: Readonly<Record<number, string>> = { 1: 'secp256k1', 2: 'ed25519', 3: 'ml-dsa-65' }

/**
 * Gathers the suites of a chain: `suiteRegistry([...defaultSuites, mySuite])`, at most 16. Throws `crypto/BAD_SUITE` for
 * a suite that the wire format cannot carry, `crypto/DUPLICATE_SUITE` for a code or name that is taken.
 */
export function suiteRegistry(suites: readonly Suite[]): SuiteRegistry {
  const byCode = new Map<number, Suite>()
  const byName = new Map<string, Suite>()
  for (const suite of suites) {
    assertUsable(suite)
    const other = byCode.get(suite.code) ?? byName.get(suite.name)
    if (other) throw cryptoFail.DUPLICATE_SUITE({ code: suite.code, name: suite.name, other: other.name })
    if (byCode.size === SUITES_MAX) throw badSuite(suite, `a chain has at most ${SUITES_MAX} suites`)
    byCode.set(suite.code, suite)
    byName.set(suite.name, suite)
  }
  const sorted = Object.freeze([...byCode.values()].sort((a, b) => a.code - b.code))
  return Object.freeze({
    suites: sorted,
    find: (code: number) => byCode.get(code),
    get: (code: number) => {
      const suite = byCode.get(code)
      if (!suite) throw cryptoFail.UNKNOWN_SUITE({ code, known: sorted.map((known) => known.code) })
      return suite
    },
  })
}

/** The indexes of the items whose signature is not valid, ascending; empty when all are. */
export function verifyBatch(items: readonly (Claim & { readonly suite: Suite })[]): readonly number[] {
  const failed: number[] = []
  // Mostly there is one: votes come one by one.
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as (typeof items)[number]
    if (!item.suite.verify(item)) failed.push(i)
  }
  return failed
}

function assertUsable(suite: Suite): void {
  const { code, name, publicKeyBytes, signatureBytes, weight } = suite
  const own = Number.isInteger(code) && code >= OWN_CODE_FIRST && code <= OWN_CODE_LAST
  if (!own && RESERVED[code] === undefined) throw badSuite(suite, 'its code is not free for use')
  if (!own && RESERVED[code] !== name) throw badSuite(suite, `code ${code} belongs to ${RESERVED[code]}`)
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) throw badSuite(suite, 'its name is not 1 to 32 of a-z, 0-9 and -')
  if (!isCount(publicKeyBytes, PUBLIC_KEY_BYTES_MAX))
    throw badSuite(suite, 'the length of its keys is out of range')
  if (!isCount(signatureBytes, SIGNATURE_BYTES_MAX))
    throw badSuite(suite, 'the length of its signatures is out of range')
  if (!isCount(weight, Number.MAX_SAFE_INTEGER))
    throw badSuite(suite, 'its weight is not a whole number above 0')
}

function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= max
}

function badSuite({ code, name }: Suite, reason: string) {
  return cryptoFail.BAD_SUITE({ code, name, reason })
}

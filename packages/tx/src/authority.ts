import { bytes, encode, type Infer, list, struct, u8 } from '@mmtchain/codec'
import { hashTagged, type Suite, tag } from '@mmtchain/crypto'
import { type Address, addressFromBytes, compareBytes, equalBytes, toHex } from '@mmtchain/primitives'
import { txFail } from './refusals.ts'

/** The most keys of one authority. */
export const AUTHORITY_KEYS_MAX = 16

/** A public key and the number of its suite (formats.md, section 5). */
export const publicKey = struct({ suite: u8, key: bytes({ bytesMax: 4096 }) })
export type PublicKey = Infer<typeof publicKey>

/**
 * Who may sign for an account: `threshold` of the keys, each of any suite. One key is threshold 1 of one. What decodes may
 * still be no valid authority: see `checkAuthority` and `checkKeys` (formats.md, 5.4).
 */
export const authority = struct({ threshold: u8, keys: list(publicKey, { max: AUTHORITY_KEYS_MAX }) })
export type Authority = Infer<typeof authority>

/** A signature by the authority's key at `index`. */
export const keySignature = struct({ index: u8, signature: bytes({ bytesMax: 65_536 }) })
export type KeySignature = Infer<typeof keySignature>

/** The signature suites that a chain accepts, by number. */
export type Suites = ReadonlyMap<number, Suite>

const ADDRESS_TAG = tag('mmt/address/1')

/** The authority of one key. */
export function singleKey(key: PublicKey): Authority {
  return { threshold: 1, keys: [key] }
}

/** The authority of any `threshold` of `keys`, put in canonical order. Throws `tx/BAD_AUTHORITY`. */
export function multiKey({
  threshold,
  keys,
}: {
  readonly threshold: number
  readonly keys: readonly PublicKey[]
}): Authority {
  const sorted = [...keys].sort((a, b) => compareBytes(encode(publicKey, a), encode(publicKey, b)))
  return checkAuthority({ threshold, keys: sorted })
}

/** The address of the account whose first authority this is. */
export function authorityAddress(value: Authority): Address {
  return addressFromBytes(hashTagged(ADDRESS_TAG, encode(authority, value)))
}

/** Returns the authority if it is canonical: at most 16 keys, threshold within them, keys ascending. Throws `tx/BAD_AUTHORITY`. */
export function checkAuthority(value: Authority): Authority {
  const { threshold, keys } = value
  if (keys.length > AUTHORITY_KEYS_MAX)
    throw txFail.BAD_AUTHORITY({
      why: `it has ${keys.length} keys, over the maximum of ${AUTHORITY_KEYS_MAX}`,
    })
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > keys.length) {
    throw txFail.BAD_AUTHORITY({ why: `the threshold ${threshold} is not within 1 to ${keys.length} keys` })
  }
  for (let i = 1; i < keys.length; i++) {
    if (
      compareBytes(encode(publicKey, keys[i - 1] as PublicKey), encode(publicKey, keys[i] as PublicKey)) >= 0
    ) {
      throw txFail.BAD_AUTHORITY({ why: 'its keys do not ascend strictly' })
    }
  }
  return value
}

/** Throws `tx/SUITE_NOT_ACCEPTED` or `tx/BAD_PUBLIC_KEY` unless every key is a valid key of an accepted suite. */
export function checkKeys(value: Authority, suites: Suites): void {
  for (const { suite: code, key } of value.keys) {
    const suite = suites.get(code)
    if (!suite)
      throw txFail.SUITE_NOT_ACCEPTED({ suite: code, accepted: [...suites.values()].map(({ name }) => name) })
    if (!suite.isPublicKey(key)) throw txFail.BAD_PUBLIC_KEY({ suite: suite.name, key: toHex(key) })
  }
}

/**
 * Checks that `value` has signed `message`: exactly `threshold` signatures, by ascending keys, each valid.
 * Throws `tx/WRONG_SIGNATURE_COUNT`, `tx/SIGNATURES_NOT_SORTED` or `tx/BAD_SIGNATURE`.
 */
export function checkSignatures(args: {
  readonly authority: Authority
  readonly message: Uint8Array
  readonly signatures: readonly KeySignature[]
  readonly suites: Suites
}): void {
  const { authority: value, message, signatures, suites } = args
  if (signatures.length !== value.threshold) {
    throw txFail.WRONG_SIGNATURE_COUNT({ want: value.threshold, got: signatures.length })
  }
  let previous = -1
  for (const { index, signature } of signatures) {
    if (index <= previous || index >= value.keys.length) throw txFail.SIGNATURES_NOT_SORTED({ index })
    previous = index
    const { suite: code, key } = value.keys[index] as PublicKey
    if (!suites.get(code)?.verify({ key, message, signature })) throw txFail.BAD_SIGNATURE({ index })
  }
}

/** The weight of checking one set of signatures by this authority: the dearest `threshold` keys, so that it depends on the authority alone. */
export function signatureWeight(value: Authority, suites: Suites): bigint {
  const [only, second] = value.keys
  if (only && !second && value.threshold === 1) return BigInt(suites.get(only.suite)?.weight ?? 0)
  const weights = value.keys.map(({ suite }) => suites.get(suite)?.weight ?? 0).sort((a, b) => b - a)
  return BigInt(weights.slice(0, value.threshold).reduce((total, weight) => total + weight, 0))
}

/** True when both name the same threshold and keys. */
export function sameAuthority(a: Authority, b: Authority): boolean {
  if (a.threshold !== b.threshold || a.keys.length !== b.keys.length) return false
  for (let i = 0; i < a.keys.length; i++) {
    const { suite, key } = a.keys[i] as PublicKey
    if (suite !== b.keys[i]?.suite || !equalBytes(key, (b.keys[i] as PublicKey).key)) return false
  }
  return true
}

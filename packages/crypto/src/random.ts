import { cryptoFail } from './refusals.ts'

/** `length` bytes of the platform's secure randomness, at most 65,536. Throws `crypto/NO_RANDOMNESS`. */
export function randomBytes(length: number): Uint8Array {
  const source = (globalThis as { readonly crypto?: Partial<Crypto> }).crypto
  if (typeof source?.getRandomValues !== 'function') throw cryptoFail.NO_RANDOMNESS({})
  return source.getRandomValues(new Uint8Array(length))
}

/**
 * Overwrites a secret with zeros. It reaches this array only: the engine may have copied the bytes before, and text
 * (a mnemonic, a passphrase) cannot be wiped at all.
 */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0)
}

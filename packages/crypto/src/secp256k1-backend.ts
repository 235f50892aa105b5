/** How a backend of secp256k1 is named in `MMT_SECP256K1` and in reports, the fastest first. */
export type Secp256k1BackendName = 'native' | 'wasm' | 'noble'

/**
 * What a library must do to serve the suite. The suite hands over only 32-byte digests, keys of 33 bytes that begin with
 * 02 or 03, and signatures of 64 bytes with 0 < r < n and 0 < s ≤ n/2, because libraries differ on everything else.
 */
export interface Secp256k1Backend {
  readonly name: Secp256k1BackendName
  /** The compressed key, or undefined when the 32 bytes are no secret of the curve. */
  publicKey(secret: Uint8Array): Uint8Array | undefined
  /** RFC 6979 with low s, and the recovery id 0 to 3; undefined when the 32 bytes are no secret of the curve. */
  sign(digest: Uint8Array, secret: Uint8Array): { signature: Uint8Array; recovery: number } | undefined
  verify(claim: { key: Uint8Array; digest: Uint8Array; signature: Uint8Array }): boolean
  /** The uncompressed key, 65 bytes, or undefined when no key fits. `recovery` is 0 or 1. */
  recover(claim: { digest: Uint8Array; signature: Uint8Array; recovery: number }): Uint8Array | undefined
  /** True when the key's x coordinate is on the curve. */
  isPublicKey(key: Uint8Array): boolean
}

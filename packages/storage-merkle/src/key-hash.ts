import { randomBytes } from '@mmtchain/crypto'

/**
 * HalfSipHash-1-3 of bytes under a secret. Users choose the keys of rows, so whoever could tell where keys go in a table could have all of them meet in
 * one place. It is what Linux keys its hash tables with where words have 32 bits (`hsiphash`, with its test vectors): no hash leaves the table, and
 * nobody who sees none can tell which keys meet. From "SipHash: a fast short-input PRF" (Aumasson and Bernstein), with words of half the size.
 */
export function keyHasher(secret = new Int32Array(randomBytes(8).buffer)): KeyHash {
  const [k0 = 0, k1 = 0] = secret
  return (words, length) => {
    let v0 = k0
    let v1 = k1
    let v2 = k0 ^ 0x6c796765
    let v3 = k1 ^ 0x74656462
    const whole = length >> 2
    // Behind the message comes a word with its length and its last bytes, then three rounds with no word.
    for (let i = 0; i <= whole + 3; i++) {
      let word = 0
      if (i < whole) word = words[i] as number
      else if (i === whole) word = (length << 24) | (length & 3 ? (words[i] as number) : 0)
      else if (i === whole + 1) v2 ^= 0xff
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
    }
    return v1 ^ v3
  }
}

/** A 32-bit hash of the first `length` bytes of some words; those after them in their last word are zeros. */
export type KeyHash = (words: Int32Array, length: number) => number

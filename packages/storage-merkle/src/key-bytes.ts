import { sha256Into } from '@mmtchain/crypto'
import type { StateKey } from '@mmtchain/kernel'
import { fromHex } from '@mmtchain/primitives'

const VALUE_OF_DIGIT = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value++) VALUE_OF_DIGIT[value.toString(16).charCodeAt(0)] = value

export function keyLength(key: StateKey): number {
  return key.length >> 1
}

/** Writes the bytes of a key. Throws `primitives/NOT_HEX`. */
export function writeKey(to: Uint8Array, at: number, key: StateKey): void {
  let all = key.length % 2 === 0 ? 0 : -1
  for (let i = 0; 2 * i + 1 < key.length; i++) {
    const high = VALUE_OF_DIGIT[key.charCodeAt(2 * i)] ?? -1
    const low = VALUE_OF_DIGIT[key.charCodeAt(2 * i + 1)] ?? -1
    all |= high | low
    to[at + i] = (high << 4) | low
  }
  if (all < 0) fromHex(key)
}

/** Whether the bytes from `at` on are those of a key. */
export function isKey(bytes: Uint8Array, at: number, key: StateKey): boolean {
  let all = 0
  for (let i = 0; 2 * i + 1 < key.length; i++) {
    const high = VALUE_OF_DIGIT[key.charCodeAt(2 * i)] ?? -1
    const low = VALUE_OF_DIGIT[key.charCodeAt(2 * i + 1)] ?? -1
    all |= ((high << 4) | low) ^ (bytes[at + i] as number)
  }
  return all === 0
}

/** One buffer outside of V8's heap serves all keys that are hashed: a small array of its own costs more than its hash. */
let scratch = new Uint8Array(1024)

/** Writes H(key) into `to`. Throws `primitives/NOT_HEX`. */
export function hashKeyInto(to: Uint8Array, at: number, key: StateKey): void {
  const length = keyLength(key)
  if (length > scratch.length) scratch = new Uint8Array(2 * length)
  writeKey(scratch, 0, key)
  sha256Into(to, at, scratch.subarray(0, length))
}

const pathWords = new Int32Array(8)
const pathBytes = new Uint8Array(pathWords.buffer)

/** Writes H(key) to the word `at`. */
export function pathInto(key: StateKey, to: Int32Array, at: number): void {
  hashKeyInto(pathBytes, 0, key)
  for (let i = 0; i < 8; i++) to[at + i] = pathWords[i] as number
}

/** H(key). */
export function hashKey(key: StateKey): Uint8Array {
  const path = new Uint8Array(32)
  hashKeyInto(path, 0, key)
  return path
}

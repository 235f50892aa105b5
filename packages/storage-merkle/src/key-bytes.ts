import { sha256Into } from '@mmtchain/crypto'
import type { StateKey } from '@mmtchain/kernel'
import { fromHex } from '@mmtchain/primitives'

const encoder = new TextEncoder()
/** The digits of the key that is read, and two by two. */
let digits = new Uint8Array(512)
let pairs = new Uint16Array(digits.buffer)
/** The byte of each pair of digits, −1 for what is none. */
const BYTE_OF_PAIR = new Int16Array(2 ** 16).fill(-1)
for (let byte = 0; byte < 256; byte++) {
  encoder.encodeInto(byte.toString(16).padStart(2, '0'), digits)
  BYTE_OF_PAIR[pairs[0] as number] = byte
}

export function keyLength(key: StateKey): number {
  return key.length >> 1
}

/** Writes the bytes of a key. It is copied at once: to ask a string for one digit after another takes twice as long. Throws `primitives/NOT_HEX`. */
export function writeKey(to: Uint8Array, at: number, key: StateKey): void {
  const length = keyLength(key)
  if (key.length > digits.length) {
    digits = new Uint8Array(4 * length + 2)
    pairs = new Uint16Array(digits.buffer)
  }
  const { written } = encoder.encodeInto(key, digits)
  let all = written === 2 * length ? 0 : -1
  for (let i = 0; i < length; i++) {
    const byte = BYTE_OF_PAIR[pairs[i] as number] as number
    all |= byte
    to[at + i] = byte
  }
  if (all < 0) fromHex(key)
}

/** A state key in bytes, behind them zeros up to a whole word. */
export interface KeyBytes {
  /** How many bytes it has. */
  length: number
  bytes: Uint8Array
  /** The same memory. */
  words: Int32Array
}

export function keyBytes(): KeyBytes {
  const words = new Int32Array(64)
  return { length: 0, bytes: new Uint8Array(words.buffer), words }
}

/** Throws `primitives/NOT_HEX`. */
export function readKey(key: StateKey, to: KeyBytes): void {
  const length = keyLength(key)
  if (length >= to.bytes.length) {
    to.words = new Int32Array(length)
    to.bytes = new Uint8Array(to.words.buffer)
  }
  to.words[length >> 2] = 0
  to.length = length
  writeKey(to.bytes, 0, key)
}

/** Whether the bytes from `at` on are those of a key. */
export function isKey(bytes: Uint8Array, at: number, key: KeyBytes): boolean {
  let all = 0
  for (let i = 0; i < key.length; i++) all |= (key.bytes[i] as number) ^ (bytes[at + i] as number)
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

/** H(key). */
export function hashKey(key: StateKey): Uint8Array {
  const path = new Uint8Array(32)
  hashKeyInto(path, 0, key)
  return path
}

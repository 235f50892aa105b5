import { primitivesFail } from './refusals.ts'

const NIBBLE_OF_CODE = new Int8Array(256).fill(-1)
for (let value = 0; value < 16; value++) NIBBLE_OF_CODE[value.toString(16).charCodeAt(0)] = value
const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const HEX_CHUNK_BYTES = 512
// Digits are laid out as bytes and read as text at once: that is faster than joining texts, and a text that was joined
// is a tree of parts, which the first map lookup has to flatten.
const digitPairs = new Uint16Array(HEX_CHUNK_BYTES)
const digits = new Uint8Array(digitPairs.buffer)
const HASH_BYTES = 32
const digitsOfHash = digits.subarray(0, 2 * HASH_BYTES)
const PAIR_OF_BYTE = new Uint16Array(
  Uint8Array.from({ length: 512 }, (_, i) => hexOfByte(i >> 1).charCodeAt(i & 1)).buffer,
)

function hexOfByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

/** Lower-case hex without prefix. */
export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (let start = 0; start < bytes.length; start += HEX_CHUNK_BYTES) {
    const count = Math.min(bytes.length - start, HEX_CHUNK_BYTES)
    for (let i = 0; i < count; i++) digitPairs[i] = PAIR_OF_BYTE[bytes[start + i] as number] as number
    hex += utf8Decoder.decode(count === HASH_BYTES ? digitsOfHash : digits.subarray(0, 2 * count))
  }
  return hex
}

/** The bytes of lower-case hex without prefix. Throws `primitives/NOT_HEX`. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw primitivesFail.NOT_HEX({ text: hex })
  const bytes = new Uint8Array(hex.length / 2)
  // Negative as soon as one digit was none.
  let all = 0
  for (let start = 0; start < hex.length; start += digits.length) {
    const chunk = hex.length <= digits.length ? hex : hex.slice(start, start + digits.length)
    const { read, written } = utf8Encoder.encodeInto(chunk, digits)
    if (read !== chunk.length || written !== chunk.length) throw primitivesFail.NOT_HEX({ text: hex })
    for (let i = 0; i < written; i += 2) {
      const high = NIBBLE_OF_CODE[digits[i] as number] as number
      const low = NIBBLE_OF_CODE[digits[i + 1] as number] as number
      all |= high | low
      bytes[(start + i) >> 1] = (high << 4) | low
    }
  }
  if (all < 0) throw primitivesFail.NOT_HEX({ text: hex })
  return bytes
}

/** Negative, zero or positive as `a` sorts before, equal to or after `b`, byte by byte, the shorter first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** True when both hold the same bytes. Not constant time: never compare secrets with it. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && compareBytes(a, b) === 0)
}

/** Up to so many bytes lie in a typed array itself; memory of its own outside takes V8 ten times as long or more. */
const BYTES_WITHIN_MAX = 64
const SHARED_BYTES = 16_384
/** Longer ones take the time for themselves, so that one that is kept keeps little else with it. */
const PIECE_BYTES_MAX = 2_048
let shared = new Uint8Array(0)
let sharedAt = 0

/**
 * New bytes, all zero. Those of 65 to 2,048 bytes are pieces of one `ArrayBuffer`, each of which belongs to its taker alone: whoever needs
 * the `buffer` itself, to hand it to another thread, makes a `Uint8Array` of his own.
 */
export function newBytes(length: number): Uint8Array {
  if (length <= BYTES_WITHIN_MAX || length > PIECE_BYTES_MAX) return new Uint8Array(length)
  if (sharedAt + length > shared.length) {
    shared = new Uint8Array(SHARED_BYTES)
    sharedAt = 0
  }
  sharedAt += length
  return shared.subarray(sharedAt - length, sharedAt)
}

/** A copy of the bytes from `start` to before `end`, in memory as that of `newBytes`. */
export function copyOfBytes(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  if (end - start <= BYTES_WITHIN_MAX && bytes.constructor === Uint8Array) return bytes.slice(start, end)
  const copy = newBytes(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}

/** One new array with the bytes of all parts, in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** The UTF-8 bytes of well-formed text. Throws `primitives/BAD_TEXT` on a lone surrogate, which UTF-8 cannot carry. */
export function utf8(text: string): Uint8Array {
  if (!isWellFormed(text)) throw primitivesFail.BAD_TEXT({})
  return utf8Encoder.encode(text)
}

/** The text of UTF-8 bytes; a byte order mark is kept as text. Throws `primitives/BAD_TEXT`. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes)
  } catch {
    throw primitivesFail.BAD_TEXT({})
  }
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text)
}

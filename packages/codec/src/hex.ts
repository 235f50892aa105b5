import { reserve, type Sink } from './wire.ts'

export const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)
const NIBBLE_OF_CODE = new Int8Array(128).fill(-1)
for (let value = 0; value < 16; value++) NIBBLE_OF_CODE[value.toString(16).charCodeAt(0)] = value

/** The byte of the two lower-case hex digits at `at`, or a negative number where there are none. */
export function byteOfHex(hex: string, at: number): number {
  const high = NIBBLE_OF_CODE[hex.charCodeAt(at)] ?? -1
  const low = NIBBLE_OF_CODE[hex.charCodeAt(at + 1)] ?? -1
  return (high << 4) | low
}

/** True when 64 hex digits begin at `from` and end the text. */
export function isHex32(text: string, from: number): boolean {
  if (text.length !== from + 64) return false
  let valid = 0
  for (let at = from; at < from + 64; at++) valid |= NIBBLE_OF_CODE[text.charCodeAt(at)] ?? -1
  return valid >= 0
}

// Hashes come again and again: each header names that of its parent, every vote of a round the same block. So the newest one with each first
// byte is kept in both forms. Who reads the same bytes gets the same text, which costs no memory and is compared at a glance.
const PLACES = 256
const hashBytes = new Uint8Array(32 * PLACES)
const hashTexts: string[] = new Array(PLACES).fill('')

/** Writes the 32 bytes of the 64 hex digits of a hash. False, and the sink as it was, when they are not that. */
export function writeHash(sink: Sink, hex: string): boolean {
  const place = byteOfHex(hex, 0)
  if (place < 0) return false
  if (hashTexts[place] !== hex) {
    if (!writeHex32(sink, hex, 0)) return false
    keepHash(place, hex, sink.bytes, sink.at - 32)
    return true
  }
  reserve(sink, 32)
  copyHash(hashBytes, 32 * place, sink.bytes, sink.at)
  sink.at += 32
  return true
}

/** Reads 32 bytes as the 64 hex digits of a hash. */
export function readHash(bytes: Uint8Array, start: number): string {
  const place = bytes[start] as number
  const at = 32 * place
  let same = 0
  while (same < 32 && hashBytes[at + same] === bytes[start + same]) same++
  const known = hashTexts[place] as string
  if (same === 32 && known !== '') return known
  layOut(bytes, start)
  const hex = decoder.decode(digits)
  keepHash(place, hex, bytes, start)
  return hex
}

function keepHash(place: number, hex: string, bytes: Uint8Array, start: number): void {
  hashTexts[place] = hex
  copyHash(bytes, start, hashBytes, 32 * place)
}

function copyHash(from: Uint8Array, start: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < 32; i++) to[at + i] = from[start + i] as number
}

/** Writes the 32 bytes of the 64 hex digits that begin at `from`. False, and the sink as it was, when they are not that. */
export function writeHex32(sink: Sink, hex: string, from: number): boolean {
  reserve(sink, 32)
  const { bytes, at } = sink
  let valid = 0
  for (let i = 0; i < 32; i++) {
    const byte = byteOfHex(hex, from + 2 * i)
    valid |= byte
    bytes[at + i] = byte
  }
  if (valid < 0) return false
  sink.at = at + 32
  return true
}

// As in `toHex` of primitives: digits are laid out as bytes and read as one flat text, here behind the 0x of an address.
const digitPairs = new Uint16Array(33)
const prefixedDigits = new Uint8Array(digitPairs.buffer)
prefixedDigits.set([0x30, 0x78])
const digits = prefixedDigits.subarray(2)
const PAIR_OF_BYTE = new Uint16Array(
  Uint8Array.from({ length: 512 }, (_, i) => (HEX_OF_BYTE[i >> 1] as string).charCodeAt(i & 1)).buffer,
)
const decoder = new TextDecoder()

/** Reads 32 bytes as `0x` and 64 hex digits. */
export function read0xHex32(bytes: Uint8Array, start: number): string {
  layOut(bytes, start)
  return decoder.decode(prefixedDigits)
}

function layOut(bytes: Uint8Array, start: number): void {
  for (let i = 0; i < 32; i++) digitPairs[i + 1] = PAIR_OF_BYTE[bytes[start + i] as number] as number
}

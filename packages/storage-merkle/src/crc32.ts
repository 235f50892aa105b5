/** Of the whole piece from `from` to before `to`. */
type Crc32 = (bytes: Uint8Array, before: number) => number

/** A shorter input is summed before zlib has been entered. */
const NATIVE_BYTES_MIN = 256
/** The same where a view is at hand. */
const VIEWED_BYTES_MAX = 512

const native = nativeCrc32()

/** The CRC-32 of ISO 3309 (as in zlib and PNG) of the bytes from `from` to before `to`, going on from that of what comes before them. */
export function crc32(bytes: Uint8Array, before = 0, from = 0, to = bytes.length): number {
  return native && to - from >= NATIVE_BYTES_MIN
    ? native(bytes.subarray(from, to), before)
    : portableCrc32(bytes, before, from, to)
}

/** Bytes, and a view of the same memory. */
export interface Viewed {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** The same of memory that has a view: to make one would take as long as the sum of a hundred bytes. */
export function crc32Viewed({ bytes, view }: Viewed, from: number, to: number): number {
  return native && to - from >= VIEWED_BYTES_MAX
    ? native(bytes.subarray(from, to), 0)
    : portableCrc32Viewed(view, from, to)
}

/** Node.js has it from 20.15 on. */
function nativeCrc32(): Crc32 | undefined {
  const host = globalThis as { readonly process?: { getBuiltinModule?(id: string): unknown } }
  const zlib = host.process?.getBuiltinModule?.('node:zlib') as { readonly crc32?: Crc32 } | undefined
  return zlib?.crc32
}

/** Eight bytes a step, each by a table of its own (Kounavis and Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators"). */
export function portableCrc32(bytes: Uint8Array, before = 0, from = 0, to = bytes.length): number {
  tables ??= makeTables()
  const sums = tables
  let sum = ~before
  let at = from
  for (; at + 8 <= to; at += 8) {
    const low =
      sum ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24))
    sum =
      (sums[0x700 | (low & 0xff)] as number) ^
      (sums[0x600 | ((low >>> 8) & 0xff)] as number) ^
      (sums[0x500 | ((low >>> 16) & 0xff)] as number) ^
      (sums[0x400 | (low >>> 24)] as number) ^
      (sums[0x300 | (bytes[at + 4] as number)] as number) ^
      (sums[0x200 | (bytes[at + 5] as number)] as number) ^
      (sums[0x100 | (bytes[at + 6] as number)] as number) ^
      (sums[bytes[at + 7] as number] as number)
  }
  for (; at < to; at++) sum = (sum >>> 8) ^ (sums[(sum ^ (bytes[at] as number)) & 0xff] as number)
  return ~sum >>> 0
}

/** Sixteen bytes a step, in words. */
export function portableCrc32Viewed(view: DataView, from: number, to: number): number {
  tables ??= makeTables()
  const sums = tables
  let sum = -1
  let at = from
  for (; at + 16 <= to; at += 16) {
    const a = sum ^ view.getInt32(at, true)
    const b = view.getInt32(at + 4, true)
    const c = view.getInt32(at + 8, true)
    const d = view.getInt32(at + 12, true)
    sum =
      (sums[0xf00 | (a & 0xff)] as number) ^
      (sums[0xe00 | ((a >>> 8) & 0xff)] as number) ^
      (sums[0xd00 | ((a >>> 16) & 0xff)] as number) ^
      (sums[0xc00 | (a >>> 24)] as number) ^
      (sums[0xb00 | (b & 0xff)] as number) ^
      (sums[0xa00 | ((b >>> 8) & 0xff)] as number) ^
      (sums[0x900 | ((b >>> 16) & 0xff)] as number) ^
      (sums[0x800 | (b >>> 24)] as number) ^
      (sums[0x700 | (c & 0xff)] as number) ^
      (sums[0x600 | ((c >>> 8) & 0xff)] as number) ^
      (sums[0x500 | ((c >>> 16) & 0xff)] as number) ^
      (sums[0x400 | (c >>> 24)] as number) ^
      (sums[0x300 | (d & 0xff)] as number) ^
      (sums[0x200 | ((d >>> 8) & 0xff)] as number) ^
      (sums[0x100 | ((d >>> 16) & 0xff)] as number) ^
      (sums[d >>> 24] as number)
  }
  for (; at < to; at++) sum = (sum >>> 8) ^ (sums[(sum ^ view.getUint8(at)) & 0xff] as number)
  return ~sum >>> 0
}

let tables: Int32Array | undefined

/** Of each byte the sum when no byte follows it, then of each the sum when one more zero does, and so on. */
function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
    made[byte] = sum
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256] as number
    made[i] = (before >>> 8) ^ (made[before & 0xff] as number)
  }
  return made
}

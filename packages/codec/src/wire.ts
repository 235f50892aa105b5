import { codecFail } from './refusals.ts'

/** Growing output. `reserve(sink, n)` before writing n bytes at `sink.at`. */
export interface Sink {
  bytes: Uint8Array
  view: DataView
  at: number
}

/** Input with a cursor; `end` is the first byte that may not be read. */
export interface Source {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

/** How many items a list may have, and the least bytes that one takes. */
export interface Bounds {
  readonly min: number
  readonly max: number
  readonly itemBytesMin: number
}

/** The largest length that the format can carry (formats.md, 2.3). */
export const LENGTH_MAX = 0x7fff_ffff

export function newSink(bytes: number): Sink {
  const buffer = new Uint8Array(bytes)
  return { bytes: buffer, view: new DataView(buffer.buffer), at: 0 }
}

/** Makes room for `count` more bytes. */
export function reserve(sink: Sink, count: number): void {
  const need = sink.at + count
  if (need > sink.bytes.length) resize(sink, Math.max(need, sink.bytes.length * 2))
}

/** Gives the sink `length` bytes of room and keeps what was written. */
export function resize(sink: Sink, length: number): void {
  const bytes = new Uint8Array(length)
  bytes.set(sink.bytes.subarray(0, Math.min(sink.at, length)))
  sink.bytes = bytes
  sink.view = new DataView(bytes.buffer)
}

/** Writes bytes as they are. */
export function writeRaw(sink: Sink, bytes: Uint8Array): void {
  reserve(sink, bytes.length)
  sink.bytes.set(bytes, sink.at)
  sink.at += bytes.length
}

/** Writes a length or variant number as ULEB128 (formats.md, 2.3). */
export function writeLength(sink: Sink, length: number): void {
  reserve(sink, 5)
  let rest = length
  while (rest > 0x7f) {
    sink.bytes[sink.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  sink.bytes[sink.at++] = rest
}

/** Takes `count` bytes off the source and returns where they begin. Throws `codec/ENDS_EARLY`. */
export function take(source: Source, count: number): number {
  const start = source.at
  const left = source.end - start
  if (count > left) throw codecFail.ENDS_EARLY({ want: count, left, at: start })
  source.at = start + count
  return start
}

/** Reads a minimal ULEB128 of at most 2^31 − 1. */
export function readLength(source: Source): number {
  const at = take(source, 1)
  const first = source.bytes[at] as number
  return first < 0x80 ? first : readLongLength(source, at, first & 0x7f)
}

function readLongLength(source: Source, at: number, lowest: number): number {
  let value = lowest
  for (let shift = 7; shift < 35; shift += 7) {
    const byte = source.bytes[take(source, 1)] as number
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      if (byte === 0) throw codecFail.NOT_MINIMAL({ want: lengthBytes(value), got: source.at - at, at })
      if (value > LENGTH_MAX) break
      return value
    }
  }
  throw codecFail.LENGTH_TOO_LARGE({ at })
}

/** Reads a length within the bounds, whose items must fit in what is left: nothing is allocated for a lie. */
export function readBoundedLength(source: Source, { min, max, itemBytesMin }: Bounds): number {
  const at = source.at
  const length = readLength(source)
  if (length > max) throw codecFail.TOO_LONG({ max, got: length, at })
  if (length < min) throw codecFail.TOO_SHORT({ min, got: length, at })
  const left = source.end - source.at
  if (length * itemBytesMin > left)
    throw codecFail.ENDS_EARLY({ want: length * itemBytesMin, left, at: source.at })
  return length
}

/** How many bytes the ULEB128 of `length` takes. */
export function lengthBytes(length: number): number {
  let bytes = 1
  for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** A part of an array, from `start` to before `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** Compares two parts of one array as `compareBytes` does. */
export function compareRanges(bytes: Uint8Array, a: Range, b: Range): number {
  const shared = Math.min(a.end - a.start, b.end - b.start)
  for (let i = 0; i < shared; i++) {
    const difference = (bytes[a.start + i] as number) - (bytes[b.start + i] as number)
    if (difference !== 0) return difference
  }
  return a.end - a.start - (b.end - b.start)
}

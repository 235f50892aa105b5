import { codecFail } from './refusals.ts'
import type { JsonSchema } from './schema.ts'

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What the JSON form depends on besides the value: how this chain writes addresses. */
export interface JsonContext {
  /** The prefix of written addresses, and the only one that is read. When absent, any prefix is read. */
  readonly addressPrefix?: string | undefined
  /** Where the reader is, outermost first; it names the culprit when a value is refused. */
  readonly path: (string | number)[]
}

/**
 * One value ⇄ one byte string ⇄ one JSON form, with the JSON Schema that describes it. Bytes are BCS (docs/spec/formats.md,
 * section 2): each value has exactly one encoding and every other is refused.
 */
export interface Codec<T> {
  readonly schema: JsonSchema
  /** The least and most bytes that any encoding takes. */
  readonly bytesMin: number
  readonly bytesMax: number
  write(sink: Sink, value: T): void
  read(source: Source): T
  toJson(value: T, context: JsonContext): Json
  fromJson(json: unknown, context: JsonContext): T
  readonly '~standard': StandardProps<T>
}

/** A codec whose values can be keys of a table: it also has an order-preserving form (formats.md, section 9), as hex. */
export interface KeyCodec<T> extends Codec<T> {
  writeKey(value: T): string
  readKey(cursor: KeyCursor): T
  /** The key's beginning that holds the first members of a tuple; absent on other keys. */
  writeKeyPrefix?(members: readonly unknown[]): string
}

/** The type of a codec's values. */
export type Infer<C> = C extends Codec<infer T> ? T : never

/** A place in the hex text of a key. */
export interface KeyCursor {
  readonly hex: string
  at: number
}

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

/** The Standard Schema interface, version 1 (standardschema.dev), over the JSON form. */
export interface StandardProps<T> {
  readonly version: 1
  readonly vendor: 'mmtchain'
  validate(
    value: unknown,
  ): { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }
  readonly types?: { readonly input: unknown; readonly output: T }
}
export interface StandardIssue {
  readonly message: string
  readonly path: readonly (string | number)[]
}

const sink: Sink = newSink(1024)
let sinkBusy = false

/** The BCS bytes of `value`. Throws `codec/WRONG_TYPE`, `codec/OUT_OF_RANGE` or `codec/TOO_LONG` for a value outside the codec's type. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  // A codec may encode inside its own write (sorted keys), so only the outermost call owns the shared sink.
  const own = sinkBusy ? newSink(256) : sink
  const outermost = own === sink
  if (outermost) sinkBusy = true
  try {
    own.at = 0
    codec.write(own, value)
    return own.bytes.slice(0, own.at)
  } finally {
    if (outermost) {
      sinkBusy = false
      if (sink.bytes.length > 1 << 20) grow(sink, 1024)
    }
  }
}

/** The value of BCS bytes. Throws a coded error for anything but the one encoding of a value. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const source: Source = { bytes, at: 0, end: bytes.length }
  const value = codec.read(source)
  if (source.at !== source.end) throw codecFail.TRAILING_BYTES({ left: source.end - source.at })
  return value
}

/** The JSON form of `value`; addresses are written with `addressPrefix`. */
export function toJson<T>(codec: Codec<T>, value: T, context: { readonly addressPrefix: string }): Json {
  return codec.toJson(value, { addressPrefix: context.addressPrefix, path: [] })
}

/** The value of a JSON form. Throws `codec/BAD_JSON` with the path of the culprit. */
export function fromJson<T>(
  codec: Codec<T>,
  json: unknown,
  context: { readonly addressPrefix?: string | undefined } = {},
): T {
  return codec.fromJson(json, { addressPrefix: context.addressPrefix, path: [] })
}

/** The order-preserving key of `value` as hex: comparing such texts compares the keys' bytes. */
export function encodeKey<T>(codec: KeyCodec<T>, value: T): string {
  return codec.writeKey(value)
}

/** The value of a key's hex text. Throws `codec/BAD_KEY`. */
export function decodeKey<T>(codec: KeyCodec<T>, hex: string): T {
  const cursor: KeyCursor = { hex, at: 0 }
  const value = codec.readKey(cursor)
  if (cursor.at !== hex.length) throw codecFail.BAD_KEY({ hex })
  return value
}

/** Completes a codec with what every codec has. */
export function makeCodec<C extends Omit<Codec<unknown>, '~standard'>>(
  parts: C,
): C & Pick<Codec<never>, '~standard'> {
  const validate = (value: unknown) => {
    const context: JsonContext = { path: [] }
    try {
      return { value: parts.fromJson(value, context) as never }
    } catch (error) {
      return {
        issues: [
          { message: error instanceof Error ? error.message : String(error), path: [...context.path] },
        ],
      }
    }
  }
  return { ...parts, '~standard': { version: 1, vendor: 'mmtchain', validate } }
}

export function newSink(bytes: number): Sink {
  const buffer = new Uint8Array(bytes)
  return { bytes: buffer, view: new DataView(buffer.buffer), at: 0 }
}

/** Makes room for `count` more bytes. */
export function reserve(target: Sink, count: number): void {
  const need = target.at + count
  if (need > target.bytes.length) grow(target, Math.max(need, target.bytes.length * 2))
}

function grow(target: Sink, length: number): void {
  const bytes = new Uint8Array(length)
  bytes.set(target.bytes.subarray(0, Math.min(target.at, length)))
  target.bytes = bytes
  target.view = new DataView(bytes.buffer)
}

/** Takes `count` bytes off the source and returns where they begin. Throws `codec/ENDS_EARLY`. */
export function take(source: Source, count: number): number {
  const start = source.at
  if (count > source.end - start) throw codecFail.ENDS_EARLY({ want: count, left: source.end - start })
  source.at = start + count
  return start
}

/** Writes a length or variant number as ULEB128 (formats.md, 2.3). */
export function writeLength(target: Sink, length: number): void {
  reserve(target, 5)
  let rest = length
  while (rest > 0x7f) {
    target.bytes[target.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target.bytes[target.at++] = rest
}

/** Reads a minimal ULEB128 of at most 2^31 − 1. */
export function readLength(source: Source): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = source.bytes[take(source, 1)] as number
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      if (byte === 0 && shift > 0) throw codecFail.NOT_MINIMAL({})
      if (value > 0x7fff_ffff) break
      return value
    }
  }
  throw codecFail.LENGTH_TOO_LARGE({})
}

/** Reads a length that may not pass `max`, and whose items of at least `itemBytesMin` must fit in what is left. */
export function readBoundedLength(
  source: Source,
  { min, max, itemBytesMin }: { min: number; max: number; itemBytesMin: number },
): number {
  const length = readLength(source)
  if (length > max) throw codecFail.TOO_LONG({ max, got: length })
  if (length < min) throw codecFail.TOO_SHORT({ min, got: length })
  const left = source.end - source.at
  if (length * itemBytesMin > left) throw codecFail.ENDS_EARLY({ want: length * itemBytesMin, left })
  return length
}

/** How many bytes the ULEB128 of `length` takes. */
export function lengthBytes(length: number): number {
  let bytes = 1
  for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Refuses a JSON value, naming its path. */
export function badJson(context: JsonContext, want: string, got: unknown): never {
  throw codecFail.BAD_JSON({ path: showPath(context.path), want, got: showValue(got) })
}

/** Refuses a value that is not of the codec's type. */
export function wrongType(want: string, got: unknown): never {
  throw codecFail.WRONG_TYPE({ want, got: showValue(got) })
}

function showPath(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the value' : path.join('.')
}

function showValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'function') return 'a function'
  let text: string
  try {
    text = JSON.stringify(value) ?? String(value)
  } catch {
    text = Object.prototype.toString.call(value)
  }
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

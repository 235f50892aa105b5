import { copyOfBytes, isChainError } from '@mmtchain/primitives'
import { codecFail } from './refusals.ts'
import type { JsonSchema } from './schema.ts'
import { newSink, resize, type Sink, type Source } from './wire.ts'

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

const SINK_BYTES = 1024
const SINK_BYTES_KEPT_MAX = 1 << 20
const sharedSink: Sink = newSink(SINK_BYTES)
let sharedSinkBusy = false

/**
 * The BCS bytes of `value`. Throws `codec/WRONG_TYPE`, `codec/OUT_OF_RANGE`, `codec/TOO_LONG`, `codec/TOO_SHORT`,
 * `codec/BAD_TEXT` or `codec/DUPLICATE`, with the path of the culprit, for a value outside the codec's type.
 */
export function encode<T>(codec: Codec<T>, value: NoInfer<T>): Uint8Array {
  return written(codec, value, ({ bytes, at }) => copyOfBytes(bytes, 0, at))
}

/**
 * Hands the BCS bytes of `value` to `use` where they lie in memory that the next call overwrites: for a hash or a length,
 * which keep nothing of them. Throws as `encode` does.
 */
export function withEncoded<T, R>(codec: Codec<T>, value: NoInfer<T>, use: (bytes: Uint8Array) => R): R {
  return written(codec, value, ({ bytes, at }) => use(bytes.subarray(0, at)))
}

/** Throws as `encode` does, for a value that is encoded later. */
export function checkEncodable<T>(codec: Codec<T>, value: NoInfer<T>): void {
  written(codec, value, () => undefined)
}

/** Writes the value into a sink and returns what `result` makes of it. */
function written<T, R>(codec: Codec<T>, value: T, result: (sink: Sink) => R): R {
  // A value's getter may encode something itself, so only the outermost call owns the shared sink.
  if (sharedSinkBusy) return writtenInto(newSink(SINK_BYTES), codec, value, result)
  sharedSinkBusy = true
  try {
    return writtenInto(sharedSink, codec, value, result)
  } finally {
    sharedSinkBusy = false
    if (sharedSink.bytes.length > SINK_BYTES_KEPT_MAX) resize(sharedSink, SINK_BYTES)
  }
}

function writtenInto<T, R>(sink: Sink, codec: Codec<T>, value: T, result: (sink: Sink) => R): R {
  sink.at = 0
  try {
    codec.write(sink, value)
  } catch (error) {
    throw withPath(codec, value, error)
  }
  return result(sink)
}

/** The value of BCS bytes. Throws a coded error for anything but the one encoding of a value. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const source: Source = { bytes: plainBytes(bytes), at: 0, end: bytes.length }
  const value = codec.read(source)
  const left = source.end - source.at
  if (left !== 0) throw codecFail.TRAILING_BYTES({ left, at: source.at })
  return value
}

/** The same bytes as a bare Uint8Array: `slice` of a Buffer would share its memory, where a decoded value must not. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) return wrongType('bytes', bytes)
  if (bytes.constructor === Uint8Array) return bytes
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** The JSON form of `value`; addresses are written with `addressPrefix`. */
export function toJson<T>(
  codec: Codec<T>,
  value: NoInfer<T>,
  context: { readonly addressPrefix: string },
): Json {
  return codec.toJson(value, { addressPrefix: context.addressPrefix, path: [] })
}

/** The value of a JSON form. Throws `codec/BAD_JSON` or `codec/DUPLICATE` with the path of the culprit. */
export function fromJson<T>(
  codec: Codec<T>,
  json: unknown,
  context: { readonly addressPrefix?: string | undefined } = {},
): T {
  return codec.fromJson(json, { addressPrefix: context.addressPrefix, path: [] })
}

/** The order-preserving key of `value` as hex: comparing such texts compares the keys' bytes. */
export function encodeKey<T>(codec: KeyCodec<T>, value: NoInfer<T>): string {
  return codec.writeKey(value)
}

/** The value of a key's hex text. Throws `codec/BAD_KEY`. */
export function decodeKey<T>(codec: KeyCodec<T>, hex: string): T {
  const cursor: KeyCursor = { hex, at: 0 }
  const value = codec.readKey(cursor)
  if (cursor.at !== hex.length) throw codecFail.BAD_KEY({ hex })
  return value
}

/** One part of a value that consists of parts: how to get there, and the codec that writes it. */
export interface Member {
  readonly path: readonly (string | number)[]
  readonly codec: Codec<unknown>
  readonly value: unknown
}
/** The parts of a value in the order in which they are written; none when the value itself is refused. */
type Members = (value: never) => Iterable<Member>
const membersOf = new WeakMap<object, Members>()

/** Completes a codec with what every codec has. One that is made of other codecs tells its `members`, for error messages. */
export function makeCodec<T>(parts: Omit<Codec<T>, '~standard'>, members?: Members): Codec<T> {
  const { schema, bytesMin, bytesMax, write, read, toJson, fromJson } = parts
  // All codecs list the same properties in the same order, so that V8 finds `write` and `read` of any at one place.
  const codec = {
    schema,
    bytesMin,
    bytesMax,
    write,
    read,
    toJson,
    fromJson,
    '~standard': standardProps(fromJson),
  }
  if (members) membersOf.set(codec, members)
  return codec
}

/** As `makeCodec`, for values that can be keys. */
export function makeKeyCodec<T>(parts: Omit<KeyCodec<T>, '~standard'>, members?: Members): KeyCodec<T> {
  const { writeKey, readKey, writeKeyPrefix } = parts
  const codec = makeCodec(parts, members)
  return Object.assign(codec, writeKeyPrefix ? { writeKey, readKey, writeKeyPrefix } : { writeKey, readKey })
}

function standardProps<T>(fromJson: Codec<T>['fromJson']): StandardProps<T> {
  const validate = (json: unknown) => {
    const context: JsonContext = { path: [] }
    try {
      return { value: fromJson(json, context) }
    } catch (error) {
      if (!isChainError(error)) throw error
      return { issues: [{ message: error.message, path: [...context.path] }] }
    }
  }
  return { version: 1, vendor: 'mmtchain', validate }
}

/**
 * The refusal with the path of the innermost part that is refused. It is looked for only now, by writing one part after
 * another, so that writing a good value costs nothing for it.
 */
function withPath(codec: Codec<unknown>, value: unknown, error: unknown): unknown {
  const path: (string | number)[] = []
  let culprit: Member | undefined = { path, codec, value }
  let refusal = error
  while (culprit) {
    const members: Iterable<Member> = membersOf.get(culprit.codec)?.(culprit.value as never) ?? []
    culprit = undefined
    for (const member of members) {
      const found = refusalOf(member)
      if (found === undefined) continue
      path.push(...member.path)
      refusal = found
      culprit = member
      break
    }
  }
  if (path.length === 0 || !isChainError(refusal) || !refusal.code.startsWith('codec/')) return refusal
  const fail = codecFail[refusal.code.slice('codec/'.length) as 'WRONG_TYPE']
  return fail({ ...(refusal.values as { want: string; got: string }), path: path.join('.') })
}

function refusalOf({ codec, value }: Member): unknown {
  try {
    codec.write(newSink(SINK_BYTES), value)
    return undefined
  } catch (error) {
    return error
  }
}

/** Refuses a JSON value, naming its path. */
export function badJson(context: JsonContext, want: string, got: unknown): never {
  throw codecFail.BAD_JSON({ path: showPath(context), want, got: showValue(got) })
}

/** Refuses a value that is not of the codec's type. */
export function wrongType(want: string, got: unknown): never {
  throw codecFail.WRONG_TYPE({ want, got: showValue(got) })
}

/** Names the reader's place in a message. */
export function showPath({ path }: JsonContext): string {
  return path.length === 0 ? 'the value' : path.join('.')
}

const SHOWN_MAX = 80

/** Writes a value of any kind into a message, cut short. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'number') return String(value)
  let text: string
  try {
    text = JSON.stringify(value, (_, part) => showPart(part)) ?? String(value)
  } catch {
    text = Object.prototype.toString.call(value)
  }
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text
}

function showPart(part: unknown): unknown {
  if (typeof part === 'bigint') return `${part}n`
  return part instanceof Uint8Array ? `${part.length} bytes` : part
}

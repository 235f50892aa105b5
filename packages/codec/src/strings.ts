import {
  type Address,
  addressFromBytes,
  DEFAULT_ADDRESS_PREFIX,
  formatAddress,
  fromHex,
  fromUtf8,
  type Hash,
  isChainError,
  parseAddress,
  hash as toHash,
  toHex,
  utf8,
} from '@mmtchain/primitives'
import {
  badJson,
  type JsonContext,
  type KeyCodec,
  type KeyCursor,
  lengthBytes,
  makeCodec,
  readBoundedLength,
  reserve,
  type Sink,
  type Source,
  take,
  writeLength,
  wrongType,
} from './codec.ts'
import { callable, takeHex } from './numbers.ts'
import { codecFail } from './refusals.ts'
import type { JsonSchema } from './schema.ts'

/** Unicode text of at most `bytesMax` bytes in UTF-8. */
export function text({ bytesMax }: { readonly bytesMax: number }): KeyCodec<string> {
  return makeCodec({
    schema: { type: 'string', 'x-bcs': 'text', 'x-bytesMax': bytesMax } as JsonSchema,
    bytesMin: 1,
    bytesMax: lengthBytes(bytesMax) + bytesMax,
    write(sink: Sink, value: string) {
      if (typeof value !== 'string') wrongType('text', value)
      if (!writeShortAscii(sink, value, bytesMax)) writeBytes(sink, utf8(value), bytesMax)
    },
    read(source: Source) {
      const length = readBoundedLength(source, { min: 0, max: bytesMax, itemBytesMin: 1 })
      const start = take(source, length)
      return readAscii(source.bytes, start, length) ?? fromUtf8(source.bytes.subarray(start, start + length))
    },
    toJson: (value: string) => value,
    fromJson(json: unknown, context: JsonContext) {
      if (typeof json !== 'string' || json.length > bytesMax || byteLength(json) > bytesMax) {
        return badJson(context, `text of at most ${bytesMax} bytes`, json)
      }
      return json
    },
    writeKey(value: string) {
      if (typeof value !== 'string') wrongType('text', value)
      return escapeKey(utf8(value), bytesMax)
    },
    readKey: (cursor: KeyCursor) => fromUtf8(unescapeKey(cursor)),
  })
}

/** At most `bytesMax` bytes. */
export function bytes({ bytesMax }: { readonly bytesMax: number }): KeyCodec<Uint8Array> {
  return makeCodec({
    schema: {
      type: 'string',
      pattern: '^([0-9a-f]{2})*$',
      'x-bcs': 'bytes',
      'x-bytesMax': bytesMax,
    } as JsonSchema,
    bytesMin: 1,
    bytesMax: lengthBytes(bytesMax) + bytesMax,
    write(sink: Sink, value: Uint8Array) {
      if (!(value instanceof Uint8Array)) wrongType('bytes', value)
      writeBytes(sink, value, bytesMax)
    },
    read(source: Source) {
      const length = readBoundedLength(source, { min: 0, max: bytesMax, itemBytesMin: 1 })
      const start = take(source, length)
      return source.bytes.slice(start, start + length)
    },
    toJson: (value: Uint8Array) => toHex(value),
    fromJson: (json: unknown, context: JsonContext) => {
      const value = typeof json === 'string' && json.length <= 2 * bytesMax ? hexOrUndefined(json) : undefined
      return value ?? badJson(context, `lower-case hex of at most ${bytesMax} bytes`, json)
    },
    writeKey(value: Uint8Array) {
      if (!(value instanceof Uint8Array)) wrongType('bytes', value)
      return escapeKey(value, bytesMax)
    },
    readKey: unescapeKey,
  })
}

/** Exactly `length` bytes. */
export function fixedBytes(length: number): KeyCodec<Uint8Array> {
  const check = (value: Uint8Array) => {
    if (!(value instanceof Uint8Array) || value.length !== length) wrongType(`${length} bytes`, value)
  }
  return makeCodec({
    schema: {
      type: 'string',
      pattern: `^[0-9a-f]{${2 * length}}$`,
      'x-bcs': 'fixedBytes',
      'x-bytes': length,
    } as JsonSchema,
    bytesMin: length,
    bytesMax: length,
    write(sink: Sink, value: Uint8Array) {
      check(value)
      reserve(sink, length)
      sink.bytes.set(value, sink.at)
      sink.at += length
    },
    read(source: Source) {
      const start = take(source, length)
      return source.bytes.slice(start, start + length)
    },
    toJson: (value: Uint8Array) => toHex(value),
    fromJson: (json: unknown, context: JsonContext) => {
      const value = typeof json === 'string' && json.length === 2 * length ? hexOrUndefined(json) : undefined
      return value ?? badJson(context, `${2 * length} digits of lower-case hex`, json)
    },
    writeKey(value: Uint8Array) {
      check(value)
      return toHex(value)
    },
    readKey: (cursor: KeyCursor) => fromHex(takeHex(cursor, length)),
  })
}

/** A SHA-256 hash. The codec is also the maker of its values: `hash(bytesOrHex)`. */
export const hash: KeyCodec<Hash> & ((value: Uint8Array | string) => Hash) = callable(
  toHash,
  makeCodec({
    schema: { type: 'string', pattern: '^[0-9a-f]{64}$', 'x-bcs': 'hash' } as JsonSchema,
    bytesMin: 32,
    bytesMax: 32,
    write: (sink: Sink, value: Hash) => writeHex32(sink, value, 0, 'a hash'),
    read: (source: Source) => readHex32(source) as Hash,
    toJson: (value: Hash) => value,
    fromJson: (json: unknown, context: JsonContext) =>
      typeof json === 'string' && /^[0-9a-f]{64}$/.test(json)
        ? (json as Hash)
        : badJson(context, '64 digits of lower-case hex', json),
    writeKey: (value: Hash) => checkHex32(value, 0, 'a hash'),
    readKey: (cursor: KeyCursor) => takeHex(cursor, 32) as Hash,
  }),
)

/** An account's address. Its JSON form is bech32m with the chain's prefix. */
export const address: KeyCodec<Address> = makeCodec({
  schema: { type: 'string', 'x-bcs': 'address' } as JsonSchema,
  bytesMin: 32,
  bytesMax: 32,
  write: (sink: Sink, value: Address) => writeHex32(sink, value, 2, 'an address'),
  read: (source: Source) => `0x${readHex32(source)}` as Address,
  toJson: (value: Address, context: JsonContext) =>
    formatAddress(value, { prefix: context.addressPrefix ?? DEFAULT_ADDRESS_PREFIX }),
  fromJson(json: unknown, context: JsonContext) {
    if (typeof json !== 'string') return badJson(context, 'an address', json)
    try {
      return parseAddress(json, { prefix: context.addressPrefix })
    } catch (error) {
      if (!isChainError(error)) throw error
      return badJson(context, `an address (${error.message} ${error.hint})`, json)
    }
  },
  writeKey: (value: Address) => checkHex32(value, 2, 'an address'),
  readKey: (cursor: KeyCursor) => addressFromBytes(fromHex(takeHex(cursor, 32))),
})

function writeBytes(sink: Sink, value: Uint8Array, max: number): void {
  if (value.length > max) throw codecFail.TOO_LONG({ max, got: value.length })
  writeLength(sink, value.length)
  reserve(sink, value.length)
  sink.bytes.set(value, sink.at)
  sink.at += value.length
}

/** Writes text of up to 127 ASCII characters without a detour; false, and nothing written, for any other. */
function writeShortAscii(sink: Sink, value: string, max: number): boolean {
  const length = value.length
  if (length > 127 || length > max) return false
  reserve(sink, 1 + length)
  const { bytes: out, at } = sink
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 127) return false
    out[at + 1 + i] = code
  }
  out[at] = length
  sink.at = at + 1 + length
  return true
}

function readAscii(input: Uint8Array, start: number, length: number): string | undefined {
  if (length > 48) return undefined
  let value = ''
  for (let i = start; i < start + length; i++) {
    const code = input[i] as number
    if (code > 127) return undefined
    value += String.fromCharCode(code)
  }
  return value
}

function byteLength(value: string): number {
  try {
    return utf8(value).length
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

function hexOrUndefined(value: string): Uint8Array | undefined {
  return /^([0-9a-f]{2})*$/.test(value) ? fromHex(value) : undefined
}

const NIBBLE_OF_CODE = new Int8Array(128).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries()) NIBBLE_OF_CODE[digit.charCodeAt(0)] = value
const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** Writes the 32 bytes of 64 hex digits that begin at `from`. */
function writeHex32(sink: Sink, value: string, from: 0 | 2, want: string): void {
  if (typeof value !== 'string' || value.length !== 64 + from) wrongType(want, value)
  if (from === 2 && (value.charCodeAt(0) !== 48 || value.charCodeAt(1) !== 120)) wrongType(want, value)
  reserve(sink, 32)
  const { bytes: out, at } = sink
  let valid = 0
  for (let i = 0; i < 32; i++) {
    const high = NIBBLE_OF_CODE[value.charCodeAt(from + 2 * i)] ?? -1
    const low = NIBBLE_OF_CODE[value.charCodeAt(from + 2 * i + 1)] ?? -1
    valid |= high | low
    out[at + i] = (high << 4) | low
  }
  if (valid < 0) wrongType(want, value)
  sink.at = at + 32
}

function readHex32(source: Source): string {
  const start = take(source, 32)
  let hex = ''
  for (let i = start; i < start + 32; i++) hex += HEX_OF_BYTE[source.bytes[i] as number]
  return hex
}

function checkHex32(value: string, from: 0 | 2, want: string): string {
  const pattern = from === 0 ? /^[0-9a-f]{64}$/ : /^0x[0-9a-f]{64}$/
  if (typeof value !== 'string' || !pattern.test(value)) wrongType(want, value)
  return value.slice(from)
}

/** Escapes and ends a key of varying length (formats.md, 9.2), so that its hex sorts as its bytes do. */
function escapeKey(value: Uint8Array, max: number): string {
  if (value.length > max) throw codecFail.TOO_LONG({ max, got: value.length })
  let hex = ''
  for (const byte of value) hex += byte === 0 ? '00ff' : (HEX_OF_BYTE[byte] as string)
  return `${hex}0001`
}

function unescapeKey(cursor: KeyCursor): Uint8Array {
  const found: number[] = []
  for (;;) {
    const byte = Number.parseInt(takeHex(cursor, 1), 16)
    if (byte !== 0) {
      found.push(byte)
      continue
    }
    const next = takeHex(cursor, 1)
    if (next === '01') return Uint8Array.from(found)
    if (next !== 'ff') throw codecFail.BAD_KEY({ hex: cursor.hex })
    found.push(0)
  }
}

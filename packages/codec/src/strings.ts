import {
  type Address,
  copyOfBytes,
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
import { badJson, type KeyCodec, makeKeyCodec, showValue, wrongType } from './codec.ts'
import { isHex32, read0xHex32, readHash, writeHash, writeHex32 } from './hex.ts'
import { escapeKey, takeHex, unescapeKey } from './keys.ts'
import { callable } from './numbers.ts'
import { codecFail } from './refusals.ts'
import {
  LENGTH_MAX,
  lengthBytes,
  readBoundedLength,
  reserve,
  type Sink,
  take,
  writeLength,
  writeRaw,
} from './wire.ts'

/** Unicode text of at most `bytesMax` bytes in UTF-8. */
export function text({ bytesMax }: { readonly bytesMax: number }): KeyCodec<string> {
  checkBound('text', bytesMax)
  const bounds = { min: 0, max: bytesMax, itemBytesMin: 1 }
  return makeKeyCodec<string>({
    schema: { type: 'string', 'x-bcs': 'text', 'x-bytesMax': bytesMax },
    bytesMin: 1,
    bytesMax: lengthBytes(bytesMax) + bytesMax,
    write(sink, value) {
      if (!writeShortAscii(sink, value, bytesMax)) writeBytes(sink, utf8Of(value, bytesMax), bytesMax)
    },
    read(source) {
      const length = readBoundedLength(source, bounds)
      const start = take(source, length)
      return readShortAscii(source.bytes, start, length) ?? readUtf8(source.bytes, start, length)
    },
    toJson: (value) => value,
    fromJson(json, context) {
      if (typeof json !== 'string' || json.length > bytesMax || byteLength(json) > bytesMax)
        return badJson(context, `well-formed text of at most ${bytesMax} bytes`, json)
      return json
    },
    writeKey: (value) => escapeKey(utf8Of(value, bytesMax), bytesMax),
    readKey(cursor) {
      const { hex } = cursor
      const found = unescapeKey(cursor, bytesMax)
      return textOrElse(found, () => codecFail.BAD_KEY({ hex }))
    },
  })
}

/** At most `bytesMax` bytes. */
export function bytes({ bytesMax }: { readonly bytesMax: number }): KeyCodec<Uint8Array> {
  checkBound('bytes', bytesMax)
  const bounds = { min: 0, max: bytesMax, itemBytesMin: 1 }
  return makeKeyCodec<Uint8Array>({
    schema: { type: 'string', pattern: '^([0-9a-f]{2})*$', 'x-bcs': 'bytes', 'x-bytesMax': bytesMax },
    bytesMin: 1,
    bytesMax: lengthBytes(bytesMax) + bytesMax,
    write(sink, value) {
      if (!(value instanceof Uint8Array)) wrongType('bytes', value)
      writeBytes(sink, value, bytesMax)
    },
    read(source) {
      const length = readBoundedLength(source, bounds)
      const start = take(source, length)
      return copyOfBytes(source.bytes, start, start + length)
    },
    toJson: (value) => toHex(value),
    fromJson: (json, context) => {
      const value = typeof json === 'string' && json.length <= 2 * bytesMax ? hexOrUndefined(json) : undefined
      return value ?? badJson(context, `lower-case hex of at most ${bytesMax} bytes`, json)
    },
    writeKey(value) {
      if (!(value instanceof Uint8Array)) wrongType('bytes', value)
      return escapeKey(value, bytesMax)
    },
    readKey: (cursor) => unescapeKey(cursor, bytesMax),
  })
}

/** Exactly `length` bytes. */
export function fixedBytes(length: number): KeyCodec<Uint8Array> {
  checkBound('fixedBytes', length)
  const check = (value: Uint8Array) => {
    if (!(value instanceof Uint8Array) || value.length !== length) wrongType(`${length} bytes`, value)
  }
  return makeKeyCodec<Uint8Array>({
    schema: {
      type: 'string',
      pattern: `^[0-9a-f]{${2 * length}}$`,
      'x-bcs': 'fixedBytes',
      'x-bytes': length,
    },
    bytesMin: length,
    bytesMax: length,
    write(sink, value) {
      check(value)
      writeRaw(sink, value)
    },
    read(source) {
      const start = take(source, length)
      return copyOfBytes(source.bytes, start, start + length)
    },
    toJson: (value) => toHex(value),
    fromJson: (json, context) => {
      const value = typeof json === 'string' && json.length === 2 * length ? hexOrUndefined(json) : undefined
      return value ?? badJson(context, `${2 * length} digits of lower-case hex`, json)
    },
    writeKey(value) {
      check(value)
      return toHex(value)
    },
    readKey: (cursor) => fromHex(takeHex(cursor, length)),
  })
}

/** A SHA-256 hash. The codec is also the maker of its values: `hash(bytesOrHex)`. */
export const hash: KeyCodec<Hash> & ((value: Uint8Array | string) => Hash) = callable(
  toHash,
  makeKeyCodec<Hash>({
    schema: { type: 'string', pattern: '^[0-9a-f]{64}$', 'x-bcs': 'hash' },
    bytesMin: 32,
    bytesMax: 32,
    write(sink, value) {
      const written = typeof value === 'string' && value.length === 64 && writeHash(sink, value)
      if (!written) wrongType('a hash', value)
    },
    read: (source) => readHash(source.bytes, take(source, 32)) as Hash,
    toJson: (value) => value,
    fromJson: (json, context) =>
      isHash(json) ? json : badJson(context, '64 digits of lower-case hex', json),
    writeKey: (value) => (isHash(value) ? value : wrongType('a hash', value)),
    readKey: (cursor) => takeHex(cursor, 32) as Hash,
  }),
)

/** An account's address. Its JSON form is bech32m with the chain's prefix. */
export const address: KeyCodec<Address> = makeKeyCodec<Address>({
  schema: { type: 'string', 'x-bcs': 'address' },
  bytesMin: 32,
  bytesMax: 32,
  write(sink, value) {
    const written =
      typeof value === 'string' && value.length === 66 && value.startsWith('0x') && writeHex32(sink, value, 2)
    if (!written) wrongType('an address', value)
  },
  read: (source) => read0xHex32(source.bytes, take(source, 32)) as Address,
  toJson: (value, context) =>
    formatAddress(value, { prefix: context.addressPrefix ?? DEFAULT_ADDRESS_PREFIX }),
  fromJson(json, context) {
    if (typeof json !== 'string') return badJson(context, 'an address', json)
    try {
      return parseAddress(json, { prefix: context.addressPrefix })
    } catch (error) {
      if (!isChainError(error)) throw error
      return badJson(context, `an address (${error.message} ${error.hint})`, json)
    }
  },
  writeKey: (value) => (isAddress(value) ? value.slice(2) : wrongType('an address', value)),
  readKey: (cursor) => `0x${takeHex(cursor, 32)}` as Address,
})

function isHash(value: unknown): value is Hash {
  return typeof value === 'string' && isHex32(value, 0)
}

function isAddress(value: unknown): value is Address {
  return typeof value === 'string' && value.startsWith('0x') && isHex32(value, 2)
}

const SHORT_BYTES_MAX = 24

function checkBound(type: string, bytesMax: number): void {
  if (!Number.isInteger(bytesMax) || bytesMax < 0 || bytesMax > LENGTH_MAX)
    throw codecFail.BAD_DEFINITION({ why: `${type} of ${bytesMax} bytes` })
}

function writeBytes(sink: Sink, value: Uint8Array, max: number): void {
  if (value.length > max) throw codecFail.TOO_LONG({ max, got: value.length })
  writeLength(sink, value.length)
  writeRaw(sink, value)
}

/** Writes text of up to 127 ASCII characters without a detour; false, and nothing written, for any other value. */
function writeShortAscii(sink: Sink, value: string, max: number): boolean {
  if (typeof value !== 'string') return wrongType('text', value)
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

/** Short texts are joined here, because TextDecoder pays only for longer ones. */
function readShortAscii(input: Uint8Array, start: number, length: number): string | undefined {
  if (length > SHORT_BYTES_MAX) return undefined
  let value = ''
  for (let i = start; i < start + length; i++) {
    const code = input[i] as number
    if (code > 127) return undefined
    value += String.fromCharCode(code)
  }
  return value
}

function readUtf8(input: Uint8Array, start: number, length: number): string {
  const part = input.subarray(start, start + length)
  return textOrElse(part, () =>
    codecFail.BAD_TEXT({ got: `bytes that begin ${toHex(part.subarray(0, 16))}`, at: start }),
  )
}

function textOrElse(input: Uint8Array, refusal: () => Error): string {
  try {
    return fromUtf8(input)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw refusal()
  }
}

/** The UTF-8 bytes of text that may have `max` bytes; each character takes one byte at least. */
function utf8Of(value: string, max: number): Uint8Array {
  if (typeof value !== 'string') return wrongType('text', value)
  if (value.length > max) throw codecFail.TOO_LONG({ max, got: value.length })
  try {
    return utf8(value)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw codecFail.BAD_TEXT({ got: `text with a lone surrogate, ${showValue(value)}` })
  }
}

function byteLength(value: string): number {
  try {
    return utf8(value).length
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

function hexOrUndefined(value: string): Uint8Array | undefined {
  try {
    return fromHex(value)
  } catch {
    return undefined
  }
}

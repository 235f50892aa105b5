import { type Amount, type Height, amount as toAmount, height as toHeight } from '@mmtchain/primitives'
import {
  badJson,
  type JsonContext,
  type KeyCodec,
  type KeyCursor,
  makeCodec,
  reserve,
  type Sink,
  type Source,
  take,
  wrongType,
} from './codec.ts'
import { codecFail } from './refusals.ts'
import type { JsonSchema } from './schema.ts'

/** `true` or `false`. */
export const bool: KeyCodec<boolean> = makeCodec({
  schema: { type: 'boolean', 'x-bcs': 'bool' } as JsonSchema,
  bytesMin: 1,
  bytesMax: 1,
  write(sink: Sink, value: boolean) {
    if (typeof value !== 'boolean') wrongType('a boolean', value)
    reserve(sink, 1)
    sink.bytes[sink.at++] = value ? 1 : 0
  },
  read(source: Source) {
    const byte = source.bytes[take(source, 1)] as number
    if (byte > 1) throw codecFail.BAD_TAG({ want: '00 or 01', got: byte })
    return byte === 1
  },
  toJson: (value: boolean) => value,
  fromJson: (json: unknown, context: JsonContext) =>
    typeof json === 'boolean' ? json : badJson(context, 'true or false', json),
  writeKey: (value: boolean) => (value ? '01' : '00'),
  readKey(cursor: KeyCursor) {
    const digits = takeHex(cursor, 1)
    if (digits !== '00' && digits !== '01') throw codecFail.BAD_KEY({ hex: cursor.hex })
    return digits === '01'
  },
})

/** Unsigned integers of 1, 2 and 4 bytes, as numbers. */
export const u8: KeyCodec<number> = smallInteger('u8', 1)
export const u16: KeyCodec<number> = smallInteger('u16', 2)
export const u32: KeyCodec<number> = smallInteger('u32', 4)

/** Unsigned integers of 8 and 16 bytes, as bigints. */
export const u64: KeyCodec<bigint> = wideInteger<bigint>('u64', 8)
export const u128: KeyCodec<bigint> = wideInteger<bigint>('u128', 16)
/** Sums of amounts: 16 bytes, so that no total of u64 amounts overflows. */
export const amountSum: KeyCodec<bigint> = wideInteger<bigint>('amountSum', 16)

/** An amount in the smallest unit. The codec is also the maker of its values: `amount(70n)`. */
export const amount: KeyCodec<Amount> & ((units: bigint) => Amount) = callable(
  toAmount,
  wideInteger<Amount>('amount', 8),
)
/** A block's height. The codec is also the maker of its values: `height(5n)`. */
export const height: KeyCodec<Height> & ((value: bigint) => Height) = callable(
  toHeight,
  wideInteger<Height>('u64', 8),
)

/** Gives a codec a call signature, so that one name serves as the type's codec and as its constructor. */
export function callable<F extends (value: never) => unknown, C extends object>(make: F, codec: C): C & F {
  return Object.assign((value: never) => make(value), codec) as unknown as C & F
}

function smallInteger(name: 'u8' | 'u16' | 'u32', bytes: 1 | 2 | 4): KeyCodec<number> {
  const max = 2 ** (8 * bytes) - 1
  const check = (value: number) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) wrongType(`${name}, an integer`, value)
    if (value < 0 || value > max) throw codecFail.OUT_OF_RANGE({ want: name, got: String(value) })
  }
  return makeCodec({
    schema: { type: 'integer', minimum: 0, maximum: max, 'x-bcs': name } as JsonSchema,
    bytesMin: bytes,
    bytesMax: bytes,
    write(sink: Sink, value: number) {
      check(value)
      reserve(sink, bytes)
      for (let i = 0, rest = value; i < bytes; i++, rest >>>= 8) sink.bytes[sink.at++] = rest & 0xff
    },
    read(source: Source) {
      const start = take(source, bytes)
      let value = 0
      for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (source.bytes[start + i] as number)
      return value
    },
    toJson: (value: number) => value,
    fromJson: (json: unknown, context: JsonContext) =>
      typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= max
        ? json
        : badJson(context, `an integer from 0 to ${max}`, json),
    writeKey(value: number) {
      check(value)
      return value.toString(16).padStart(2 * bytes, '0')
    },
    readKey: (cursor: KeyCursor) => Number.parseInt(takeHex(cursor, bytes), 16),
  })
}

const U64_MASK = (1n << 64n) - 1n

function wideInteger<T extends bigint>(
  name: 'u64' | 'u128' | 'amount' | 'amountSum',
  bytes: 8 | 16,
): KeyCodec<T> {
  const max = (1n << BigInt(8 * bytes)) - 1n
  const check = (value: bigint) => {
    if (typeof value !== 'bigint') wrongType(`${name}, a bigint`, value)
    if (value < 0n || value > max) throw codecFail.OUT_OF_RANGE({ want: name, got: String(value) })
  }
  return makeCodec({
    schema: { type: 'string', pattern: '^(0|[1-9][0-9]*)$', 'x-bcs': name } as JsonSchema,
    bytesMin: bytes,
    bytesMax: bytes,
    write(sink: Sink, value: bigint) {
      check(value)
      reserve(sink, bytes)
      if (bytes === 8) {
        sink.view.setBigUint64(sink.at, value, true)
      } else {
        sink.view.setBigUint64(sink.at, value & U64_MASK, true)
        sink.view.setBigUint64(sink.at + 8, value >> 64n, true)
      }
      sink.at += bytes
    },
    read(source: Source) {
      const start = take(source, bytes)
      const low = readWord(source.bytes, start)
      return (bytes === 8 ? low : low | (readWord(source.bytes, start + 8) << 64n)) as T
    },
    toJson: (value: bigint) => value.toString(),
    fromJson(json: unknown, context: JsonContext) {
      if (typeof json === 'string' && json.length <= 39 && /^(0|[1-9][0-9]*)$/.test(json)) {
        const value = BigInt(json)
        if (value <= max) return value as T
      }
      return badJson(context, `a decimal string from "0" to "${max}"`, json)
    },
    writeKey(value: bigint) {
      check(value)
      return value.toString(16).padStart(2 * bytes, '0')
    },
    readKey: (cursor: KeyCursor) => BigInt(`0x${takeHex(cursor, bytes)}`) as T,
  })
}

/** Eight little-endian bytes; one bigint is made when the value is a safe integer, which it nearly always is. */
function readWord(bytes: Uint8Array, at: number): bigint {
  const low =
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  const high =
    ((bytes[at + 4] as number) |
      ((bytes[at + 5] as number) << 8) |
      ((bytes[at + 6] as number) << 16) |
      ((bytes[at + 7] as number) << 24)) >>>
    0
  return high < 0x20_0000 ? BigInt(high * 0x1_0000_0000 + low) : (BigInt(high) << 32n) | BigInt(low)
}

/** Takes the hex of `bytes` bytes off a key. */
export function takeHex(cursor: KeyCursor, bytes: number): string {
  const start = cursor.at
  cursor.at += 2 * bytes
  const digits = cursor.hex.slice(start, cursor.at)
  if (digits.length !== 2 * bytes || !/^[0-9a-f]*$/.test(digits)) throw codecFail.BAD_KEY({ hex: cursor.hex })
  return digits
}

import { type Amount, type Height, amount as toAmount, height as toHeight } from '@mmtchain/primitives'
import { badJson, type KeyCodec, makeKeyCodec, showValue, wrongType } from './codec.ts'
import { takeHex } from './keys.ts'
import { codecFail } from './refusals.ts'
import { reserve, take } from './wire.ts'

/** `true` or `false`. */
export const bool: KeyCodec<boolean> = makeKeyCodec<boolean>({
  schema: { type: 'boolean', 'x-bcs': 'bool' },
  bytesMin: 1,
  bytesMax: 1,
  write(sink, value) {
    if (typeof value !== 'boolean') wrongType('a boolean', value)
    reserve(sink, 1)
    sink.bytes[sink.at++] = value ? 1 : 0
  },
  read(source) {
    const at = take(source, 1)
    const byte = source.bytes[at] as number
    if (byte > 1) throw codecFail.BAD_TAG({ want: '00 or 01', got: byte, at })
    return byte === 1
  },
  toJson: (value) => value,
  fromJson: (json, context) => (typeof json === 'boolean' ? json : badJson(context, 'true or false', json)),
  writeKey(value) {
    if (typeof value !== 'boolean') wrongType('a boolean', value)
    return value ? '01' : '00'
  },
  readKey(cursor) {
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
  const want = `an integer from 0 to ${max}`
  const check = (value: number) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) wrongType(want, value)
    if (value < 0 || value > max) throw codecFail.OUT_OF_RANGE({ want, got: showValue(value) })
  }
  return makeKeyCodec<number>({
    schema: { type: 'integer', minimum: 0, maximum: max, 'x-bcs': name },
    bytesMin: bytes,
    bytesMax: bytes,
    write(sink, value) {
      check(value)
      reserve(sink, bytes)
      for (let i = 0, rest = value; i < bytes; i++, rest >>>= 8) sink.bytes[sink.at++] = rest & 0xff
    },
    read(source) {
      const start = take(source, bytes)
      let value = 0
      for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (source.bytes[start + i] as number)
      return value
    },
    toJson: (value) => value,
    fromJson(json, context) {
      if (typeof json !== 'number' || !Number.isInteger(json) || json < 0 || json > max)
        return badJson(context, want, json)
      // JSON.parse keeps the sign of -0, which has no encoding of its own.
      return json === 0 ? 0 : json
    },
    writeKey(value) {
      check(value)
      return value.toString(16).padStart(2 * bytes, '0')
    },
    readKey: (cursor) => Number.parseInt(takeHex(cursor, bytes), 16),
  })
}

const U64_MASK = (1n << 64n) - 1n

function wideInteger<T extends bigint>(
  name: 'u64' | 'u128' | 'amount' | 'amountSum',
  bytes: 8 | 16,
): KeyCodec<T> {
  const max = (1n << BigInt(8 * bytes)) - 1n
  const check = (value: bigint) => {
    if (typeof value !== 'bigint') wrongType(`a bigint from 0 to ${max}`, value)
    if (value < 0n || value > max)
      throw codecFail.OUT_OF_RANGE({ want: `a bigint from 0 to ${max}`, got: showValue(value) })
  }
  return makeKeyCodec<T>({
    schema: { type: 'string', pattern: '^(0|[1-9][0-9]*)$', 'x-bcs': name },
    bytesMin: bytes,
    bytesMax: bytes,
    write(sink, value) {
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
    read(source) {
      const start = take(source, bytes)
      const low = readWord(source.bytes, start)
      return (bytes === 8 ? low : low | (readWord(source.bytes, start + 8) << 64n)) as T
    },
    toJson: (value) => value.toString(),
    fromJson(json, context) {
      if (typeof json === 'string' && json.length <= 39 && /^(0|[1-9][0-9]*)$/.test(json)) {
        const value = BigInt(json)
        if (value <= max) return value as T
      }
      return badJson(context, `a decimal string from "0" to "${max}"`, json)
    },
    writeKey(value) {
      check(value)
      return value.toString(16).padStart(2 * bytes, '0')
    },
    readKey: (cursor) => BigInt(`0x${takeHex(cursor, bytes)}`) as T,
  })
}

// Two 32-bit words seen as one of 64 bits: one bigint is made, where shifting and joining bigints makes four.
const words = new Uint32Array(2)
const wide = new BigUint64Array(words.buffer)
words[0] = 1
const LOW_WORD = wide[0] === 1n ? 0 : 1

function readWord(bytes: Uint8Array, at: number): bigint {
  words[LOW_WORD] = readHalf(bytes, at)
  words[1 - LOW_WORD] = readHalf(bytes, at + 4)
  return wide[0] as bigint
}

function readHalf(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)
  return (low | (high << 16)) >>> 0
}

import { fromHex, toHex } from './bytes.ts'
import { primitivesFail } from './refusals.ts'

declare const brand: unique symbol
/** A `T` that has passed the check that `Name` stands for, so that it cannot be mistaken for a raw `T`. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/**
 * A 32-byte account address. In memory it is `0x` and 64 hex digits: the same on every chain, cheap to compare with
 * `===`, and never mistaken for a hash. People and JSON see bech32m with the chain's prefix.
 */
export type Address = Brand<string, 'Address'>
/** A SHA-256 hash, 64 digits of lower-case hex. */
export type Hash = Brand<string, 'Hash'>
/** A quantity of a token in its smallest unit, 0 ≤ amount < 2^64. */
export type Amount = Brand<bigint, 'Amount'>
/** A block's height, 0 for the genesis, below 2^64. */
export type Height = Brand<bigint, 'Height'>

const U64_MAX = (1n << 64n) - 1n

/** The address of 32 bytes. Throws `primitives/BAD_ADDRESS_BYTES`. */
export function addressFromBytes(bytes: Uint8Array): Address {
  if (bytes.length !== 32) throw primitivesFail.BAD_ADDRESS_BYTES({ length: bytes.length })
  return `0x${toHex(bytes)}` as Address
}

/** The 32 bytes of an address. */
export function addressToBytes(address: Address): Uint8Array {
  return fromHex(address.slice(2))
}

/** The hash of 32 bytes or of 64 hex digits. Throws `primitives/BAD_HASH`. */
export function hash(value: Uint8Array | string): Hash {
  const valid = typeof value === 'string' ? /^[0-9a-f]{64}$/.test(value) : value.length === 32
  const hex = typeof value === 'string' ? value : toHex(value)
  if (!valid) throw primitivesFail.BAD_HASH({ got: hex })
  return hex as Hash
}

/** The 32 bytes of a hash. */
export function hashToBytes(value: Hash): Uint8Array {
  return fromHex(value)
}

/** `units` of the smallest unit as an amount. Throws `primitives/AMOUNT_OUT_OF_RANGE`. */
export function amount(units: bigint): Amount {
  if (typeof units !== 'bigint' || units < 0n || units > U64_MAX)
    throw primitivesFail.AMOUNT_OUT_OF_RANGE({ units })
  return units as Amount
}

/** `value` as a height. Throws `primitives/HEIGHT_OUT_OF_RANGE`. */
export function height(value: bigint): Height {
  if (typeof value !== 'bigint' || value < 0n || value > U64_MAX)
    throw primitivesFail.HEIGHT_OUT_OF_RANGE({ value })
  return value as Height
}

/**
 * Reads `12.5` as an amount of a token with `decimals` decimals. It refuses and never rounds: throws
 * `primitives/AMOUNT_NOT_A_NUMBER`, `primitives/AMOUNT_TOO_PRECISE` or `primitives/AMOUNT_OUT_OF_RANGE`.
 */
export function parseAmount(text: string, { decimals }: { readonly decimals: number }): Amount {
  const match = text.length <= 80 ? /^(\d+)(?:\.(\d+))?$/.exec(text) : null
  if (!match) throw primitivesFail.AMOUNT_NOT_A_NUMBER({ text })
  const [, whole = '', fraction = ''] = match
  if (fraction.length > decimals) throw primitivesFail.AMOUNT_TOO_PRECISE({ text, decimals })
  return amount(BigInt(whole + fraction.padEnd(decimals, '0')))
}

/** Writes an amount, a sum or a difference as people read it: `formatAmount(1_250n, { decimals: 2 })` is `12.5`. */
export function formatAmount(units: bigint, { decimals }: { readonly decimals: number }): string {
  if (units < 0n) return `-${formatAmount(-units, { decimals })}`
  const digits = units.toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}

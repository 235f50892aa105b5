// Addresses as text (docs/spec/formats.md, section 4.2): bech32m, BIP-350.
import { bech32m } from '@scure/base'
import { type Address, addressFromBytes, addressToBytes } from './brands.ts'
import { primitivesFail } from './refusals.ts'

/** The prefix of a chain that names none. */
export const DEFAULT_ADDRESS_PREFIX = 'mmt'

/** 32 bytes in groups of five bits, the last one padded with zeros. */
const DATA_CHARACTERS = 52
const TEXT_MAX = 90

/** The address as people write it: bech32m (BIP-350) with the chain's prefix. Throws `primitives/BAD_ADDRESS_PREFIX`. */
export function formatAddress(address: Address, { prefix }: { readonly prefix: string }): string {
  if (!isAddressPrefix(prefix)) throw primitivesFail.BAD_ADDRESS_PREFIX({ prefix })
  return bech32m.encode(prefix, bech32m.toWords(addressToBytes(address)))
}

/**
 * Reads an address in its one valid text form, of the chain with `prefix` or, without it, of any chain. Refuses in this
 * order: `primitives/BAD_ADDRESS_PREFIX` (the wanted one), `primitives/ADDRESS_UPPER_CASE`, `primitives/ADDRESS_MALFORMED`,
 * `primitives/ADDRESS_TYPO`, `primitives/ADDRESS_WRONG_PREFIX`, `primitives/ADDRESS_WRONG_LENGTH`, `primitives/ADDRESS_BAD_PADDING`.
 */
export function parseAddress(
  text: string,
  { prefix }: { readonly prefix?: string | undefined } = {},
): Address {
  if (prefix !== undefined && !isAddressPrefix(prefix)) throw primitivesFail.BAD_ADDRESS_PREFIX({ prefix })
  if (/[A-Z]/.test(text)) throw primitivesFail.ADDRESS_UPPER_CASE({ text })
  if (text.length > TEXT_MAX || !/^[a-z]{1,16}1[a-z0-9]{6,}$/.test(text))
    throw primitivesFail.ADDRESS_MALFORMED({ text })
  const decoded = bech32m.decodeUnsafe(text)
  if (!decoded) throw primitivesFail.ADDRESS_TYPO({ text })
  if (prefix !== undefined && decoded.prefix !== prefix) {
    throw primitivesFail.ADDRESS_WRONG_PREFIX({ want: prefix, got: decoded.prefix })
  }
  const characters = decoded.words.length
  if (characters !== DATA_CHARACTERS)
    throw primitivesFail.ADDRESS_WRONG_LENGTH({ text, want: DATA_CHARACTERS, got: characters })
  const bytes = bech32m.fromWordsUnsafe(decoded.words)
  if (!bytes) throw primitivesFail.ADDRESS_BAD_PADDING({ text })
  return addressFromBytes(bytes)
}

/** True for 1 to 16 letters a-z. */
export function isAddressPrefix(text: string): boolean {
  return /^[a-z]{1,16}$/.test(text)
}

/** Rewrites every in-memory address within `text` to its bech32m form, for messages that people read. */
export function showAddresses(text: string, { prefix }: { readonly prefix: string }): string {
  return text.replace(/0x[0-9a-f]{64}/g, (found) => formatAddress(found as Address, { prefix }))
}

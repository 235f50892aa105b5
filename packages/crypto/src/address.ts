// Addresses as text (section 4.2) and the addresses of modules (section 4.3).
import { type Address, addressFromBytes, addressToBytes, utf8 } from '@mmtchain/primitives'
import { bech32m } from '@scure/base'
import { hashTagged, tag } from './hash.ts'
import { cryptoFail } from './refusals.ts'

const ADDRESS_BYTES = 32
/** 256 bits in groups of five, the last one padded. */
const DATA_CHARACTERS = 52
const TEXT_MAX = 90
const MODULE_TAG = tag('mmt/module/1')
const LABEL_BYTES_MAX = 64

/** The address as people write it: bech32m (BIP-350) with the chain's prefix. Throws `crypto/BAD_ADDRESS_PREFIX`. */
export function formatAddress(address: Address, { prefix }: { readonly prefix: string }): string {
  if (!isAddressPrefix(prefix)) throw cryptoFail.BAD_ADDRESS_PREFIX({ prefix })
  return bech32m.encode(prefix, bech32m.toWords(addressToBytes(address)))
}

/**
 * Reads an address in its one valid text form, of the chain with `prefix` or, without it, of any chain. Refuses in this
 * order: `crypto/BAD_ADDRESS_PREFIX` (the wanted one), `crypto/ADDRESS_UPPER_CASE`, `crypto/ADDRESS_MALFORMED`,
 * `crypto/ADDRESS_TYPO`, `crypto/ADDRESS_WRONG_PREFIX`, `crypto/ADDRESS_WRONG_LENGTH`.
 */
export function parseAddress(
  text: string,
  { prefix }: { readonly prefix?: string | undefined } = {},
): Address {
  if (prefix !== undefined && !isAddressPrefix(prefix)) throw cryptoFail.BAD_ADDRESS_PREFIX({ prefix })
  if (/[A-Z]/.test(text)) throw cryptoFail.ADDRESS_UPPER_CASE({ text })
  if (text.length > TEXT_MAX || !/^[a-z]{1,16}1[a-z0-9]{6,}$/.test(text))
    throw cryptoFail.ADDRESS_MALFORMED({ text })
  const decoded = bech32m.decodeUnsafe(text)
  if (!decoded) throw cryptoFail.ADDRESS_TYPO({ text })
  if (prefix !== undefined && decoded.prefix !== prefix) {
    throw cryptoFail.ADDRESS_WRONG_PREFIX({ want: prefix, got: decoded.prefix })
  }
  const bytes = bech32m.fromWordsUnsafe(decoded.words)
  if (decoded.words.length !== DATA_CHARACTERS || bytes?.length !== ADDRESS_BYTES) {
    throw cryptoFail.ADDRESS_WRONG_LENGTH({ text, want: ADDRESS_BYTES, got: decoded.words.length })
  }
  return addressFromBytes(bytes)
}

/** True for 1 to 16 letters a-z. */
export function isAddressPrefix(text: string): boolean {
  return /^[a-z]{1,16}$/.test(text)
}

/**
 * The account that belongs to a module and a label of 0 to 64 bytes, not to a key (section 4.3). Throws
 * `crypto/BAD_MODULE_NAME` and `crypto/BAD_MODULE_LABEL`.
 */
export function moduleAddress(module: string, label: Uint8Array): Address {
  if (!/^[a-z][a-zA-Z0-9]{0,31}$/.test(module)) throw cryptoFail.BAD_MODULE_NAME({ module })
  if (label.length > LABEL_BYTES_MAX) throw cryptoFail.BAD_MODULE_LABEL({ length: label.length })
  // Both lengths are below 128, so their ULEB128 form is the length itself in one byte.
  const name = utf8(module)
  return addressFromBytes(
    hashTagged(MODULE_TAG, Uint8Array.of(name.length), name, Uint8Array.of(label.length), label),
  )
}

import { bech32m } from '@scure/base'
import { type Address, addressFromBytes, addressToBytes } from './brands.ts'
import { primitivesFail } from './refusals.ts'

/** The prefix of a chain that names none. */
export const DEFAULT_ADDRESS_PREFIX = 'mmt'

/** True for 1 to 16 letters a-z, the prefixes that a chain may choose. */
export function isAddressPrefix(prefix: string): boolean {
  return /^[a-z]{1,16}$/.test(prefix)
}

/** An address as people see it: bech32m (BIP-350) with the chain's prefix. */
export function formatAddress(address: Address, { prefix }: { readonly prefix: string }): string {
  return bech32m.encodeFromBytes(prefix, addressToBytes(address))
}

/**
 * Reads the bech32m form of an address; any valid prefix will do when none is wanted.
 * Throws `primitives/BAD_ADDRESS` on a typo, upper case or wrong length, `primitives/WRONG_ADDRESS_PREFIX` for another chain's.
 */
export function parseAddress(
  text: string,
  { prefix }: { readonly prefix?: string | undefined } = {},
): Address {
  const decoded = text.length <= 90 && text === text.toLowerCase() ? decodeOrUndefined(text) : undefined
  if (decoded?.bytes.length !== 32 || !isAddressPrefix(decoded.prefix))
    throw primitivesFail.BAD_ADDRESS({ text })
  if (prefix !== undefined && decoded.prefix !== prefix) {
    throw primitivesFail.WRONG_ADDRESS_PREFIX({ text, want: prefix, got: decoded.prefix })
  }
  return addressFromBytes(decoded.bytes)
}

/** Rewrites every in-memory address within `text` to its bech32m form, for messages that people read. */
export function showAddresses(text: string, { prefix }: { readonly prefix: string }): string {
  return text.replace(/0x[0-9a-f]{64}/g, (found) => formatAddress(found as Address, { prefix }))
}

function decodeOrUndefined(text: string) {
  try {
    return bech32m.decodeToBytes(text)
  } catch {
    return undefined
  }
}

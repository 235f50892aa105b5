// What stands in the cells of a CSV of token holders: a header, Ethereum addresses, balances.
import { keccak256 } from '@mmtchain/crypto'
import { toHex, utf8 } from '@mmtchain/primitives'
import type { BadRow } from './erc20-refusals.ts'

const BALANCE_CHARACTERS_MAX = 100
const UINT256_MAX = (1n << 256n) - 1n

/** Why a row is refused. */
export type Complaint = Omit<BadRow, 'line'>

/** Where the columns of a CSV are. */
export interface Columns {
  readonly headed: boolean
  readonly count: number
  readonly address: number
  readonly balance: number
  readonly pending?: number | undefined
}

/** Where the columns are, by the first record: a header, or else the first of rows `address,balance`. */
export function columnsOf(record: readonly string[]): Columns | Complaint {
  const names = record.map((cell) => cell.toLowerCase().replace(/[^a-z]/g, ''))
  const placesOf = (...wanted: string[]) => names.flatMap((name, at) => (wanted.includes(name) ? [at] : []))
  const addresses = placesOf('address', 'holderaddress')
  const balances = placesOf('balance')
  const [address, balance] = [addresses[0], balances[0]]
  if (address !== undefined && balance !== undefined && addresses.length + balances.length === 2) {
    const [pending] = placesOf('pendingbalanceupdate')
    return { headed: true, count: record.length, address, balance, pending }
  }
  if (addresses.length + balances.length === 0 && record.some((cell) => /\d/.test(cell))) {
    return { headed: false, count: 2, address: 0, balance: 1 }
  }
  return {
    code: 'MISSING_COLUMN',
    message: `The header must name one column address (or HolderAddress) and one column balance, but it is ${quoted(record.join(','))}.`,
  }
}

export function misfitOf(record: readonly string[], { count }: Columns): Complaint | undefined {
  if (record.length === count) return undefined
  const found = `The row has ${record.length} ${record.length === 1 ? 'cell' : 'cells'}, not ${count}`
  return record.length < count
    ? { code: 'MISSING_COLUMN', message: `${found}; address and balance are separated by a comma.` }
    : {
        code: 'EXTRA_COLUMN',
        message: `${found}; a balance with commas must stand in quotes, and more columns need a header.`,
      }
}

/** The 40 lower-case hex digits of `0x…`; an address in mixed case must carry the checksum of EIP-55. */
export function parseEthereumAddress(text: string): { readonly holder: string } | Complaint {
  const digits = /^0[xX]([0-9a-fA-F]{40})$/.exec(text)?.[1]
  if (digits === undefined) {
    return { code: 'BAD_ADDRESS', message: `${quoted(text)} is not 0x and 40 hex digits.` }
  }
  const holder = digits.toLowerCase()
  if (digits === holder || digits === digits.toUpperCase() || digits === checksummed(holder))
    return { holder }
  return {
    code: 'BAD_CHECKSUM',
    message: `${text} fails its checksum (EIP-55): a digit is wrong, or the case of a letter was changed.`,
  }
}

/** EIP-55: a letter is upper-case where the same place of the Keccak-256 of the lower-case text has a digit above 7. */
function checksummed(holder: string): string {
  const mask = toHex(keccak256(utf8(holder)))
  return Array.from(holder, (digit, at) => ((mask[at] ?? '') > '7' ? digit.toUpperCase() : digit)).join('')
}

/** `1234.5`, `1,234.5` or `1.2E-7` in the smallest unit, without any rounding. */
export function parseBalance(
  text: string,
  decimals: number,
): { readonly units: bigint; readonly rounded: boolean } | Complaint {
  const refuse = (why: string): Complaint => ({ code: 'BAD_BALANCE', message: `${quoted(text)} ${why}.` })
  if (text.startsWith('-')) return refuse('is negative')
  const match =
    text.length > BALANCE_CHARACTERS_MAX
      ? null
      : (/^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text) ??
        /^(\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(text))
  if (!match) return refuse('is not a balance such as 1234.5, "1,234.5" or 1.2E-7')
  const [, whole = '', fraction = '', exponent] = match
  const digits = BigInt(whole.replaceAll(',', '') + fraction)
  const shift = Number(exponent ?? 0) - fraction.length + decimals
  const scale = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % scale !== 0n) return refuse(`has more than ${decimals} decimals`)
  const units = shift < 0 ? digits / scale : digits * scale
  if (units > UINT256_MAX) return refuse('is more than any ERC-20 token can hold')
  return { units, rounded: Number(exponent ?? 0) > 0 }
}

/** A piece of the file in a message, short and without control characters. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}

import type { Json } from '@mmtchain/codec'
import { formatAddress, formatAmount, toHex } from '@mmtchain/primitives'
import { authorityAddress } from './authority.ts'
import type { TransactionBody, TransactionCall } from './transaction.ts'

/** What a preview needs to know of the chain. */
export interface PreviewChain {
  readonly id: string
  readonly addressPrefix: string
  /** How amounts are written; without it they are counted in the smallest unit. */
  readonly unit?: { readonly symbol: string; readonly decimals: number } | undefined
  /** The input of a call as JSON, or undefined when this wallet does not know the command. */
  readCall(call: TransactionCall): Json | undefined
}

/**
 * A transaction in words, a line each, for a person to read before signing. Whatever comes from the transaction is shown with its
 * control and direction characters escaped, so that a text in it cannot pass for a line of the preview.
 */
export function previewTransaction(body: TransactionBody, chain: PreviewChain): readonly string[] {
  const address = (value: TransactionBody['sender']) => formatAddress(value, { prefix: chain.addressPrefix })
  const { threshold, keys } = body.authority
  const shared = keys.length > 1 ? `, signed by ${threshold} of ${keys.length} keys` : ''
  const rotated =
    authorityAddress(body.authority) === body.sender ? '' : ', with keys that have replaced its first ones'
  return [
    `Chain ${chain.id}, fingerprint ${body.fingerprint}.`,
    `From ${address(body.sender)}${shared}${rotated}, transaction number ${body.nonce + 1n} of this account.`,
    body.payer === null
      ? `The sender pays a fee of ${showAmount(body.fee, chain)}, also if the chain refuses the calls.`
      : `${address(body.payer)} pays a fee of ${showAmount(body.fee, chain)}, also if the chain refuses the calls.`,
    `It can happen up to height ${body.validUntil} and never after.`,
    body.calls.length === 1 ? 'One call:' : `${body.calls.length} calls, all or none of them:`,
    ...body.calls.map(
      (call, i) => `${i + 1}. ${quiet(call.module)}.${quiet(call.command)} ${showInput(call, chain)}`,
    ),
  ]
}

function showInput(call: TransactionCall, chain: PreviewChain): string {
  const input = chain.readCall(call)
  if (input === undefined) {
    return `with ${call.input.length} bytes that this wallet CANNOT READ: ${toHex(call.input.subarray(0, 64))}${call.input.length > 64 ? '…' : ''}`
  }
  return quiet(JSON.stringify(input))
}

function showAmount(units: TransactionBody['fee'], { unit }: PreviewChain): string {
  return unit ? `${formatAmount(units, unit)} ${quiet(unit.symbol)}` : `${units} of the smallest unit`
}

/** Characters that control, hide or turn around what stands beside them, or that nobody sees, from the first to the last of each range. */
const UNQUIET: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
]

/** Text with those characters escaped. */
function quiet(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) as number
    if (!UNQUIET.some(([first, last]) => code >= first && code <= last)) return character
    const halves = character.length === 1 ? [code] : [character.charCodeAt(0), character.charCodeAt(1)]
    return halves.map((half) => `\\u${half.toString(16).padStart(4, '0')}`).join('')
  }).join('')
}

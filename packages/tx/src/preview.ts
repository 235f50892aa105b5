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

/**
 * Characters that control, hide or turn around what stands beside them, or that nobody sees: controls, formats, line ends, halves of
 * pairs, what fonts leave out by default (tags, fillers, variants), and the blank braille pattern.
 */
const UNQUIET = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** Text with those characters escaped. */
function quiet(text: string): string {
  return text.replace(UNQUIET, (character) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

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

/** What a preview says; `{names}` stand for values. */
export const previewWords = {
  chain: 'Chain {chain}, fingerprint {fingerprint}.',
  from: 'From {sender}{shared}{rotated}, transaction number {number} of this account.',
  shared: ', signed by {threshold} of {keys} keys',
  rotated: ', with keys that have replaced its first ones',
  senderPays: 'The sender pays a fee of {fee}, also if the chain refuses the calls.',
  payerPays: '{payer} pays a fee of {fee}, also if the chain refuses the calls.',
  units: '{amount} of the smallest unit',
  until: 'It can happen up to height {height} and never after.',
  oneCall: 'One call:',
  calls: '{count} calls, all or none of them:',
  unreadable: 'with {count} bytes that this wallet CANNOT READ: {hex}',
}
/** The same in any language. */
export type PreviewWords = Readonly<Record<keyof typeof previewWords, string>>

/**
 * A transaction in words, a line each, for a person to read before signing. Whatever comes from the transaction is shown with its
 * control and direction characters escaped, so that a text in it cannot pass for a line of the preview.
 */
export function previewTransaction(
  body: TransactionBody,
  chain: PreviewChain,
  words: PreviewWords = previewWords,
): readonly string[] {
  const address = (value: TransactionBody['sender']) => formatAddress(value, { prefix: chain.addressPrefix })
  const { threshold, keys } = body.authority
  const isFirst = authorityAddress(body.authority) === body.sender
  const fee = showAmount(body.fee, chain, words)
  return [
    fill(words.chain, { chain: chain.id, fingerprint: body.fingerprint }),
    fill(words.from, {
      sender: address(body.sender),
      shared: keys.length > 1 ? fill(words.shared, { threshold, keys: keys.length }) : '',
      rotated: isFirst ? '' : words.rotated,
      number: body.nonce + 1n,
    }),
    body.payer === null
      ? fill(words.senderPays, { fee })
      : fill(words.payerPays, { payer: address(body.payer), fee }),
    fill(words.until, { height: body.validUntil }),
    body.calls.length === 1 ? words.oneCall : fill(words.calls, { count: body.calls.length }),
    ...body.calls.map(
      (call, i) => `${i + 1}. ${quiet(call.module)}.${quiet(call.command)} ${showInput(call, chain, words)}`,
    ),
  ]
}

function showInput(call: TransactionCall, chain: PreviewChain, words: PreviewWords): string {
  const input = chain.readCall(call)
  if (input === undefined) {
    const hex = `${toHex(call.input.subarray(0, 64))}${call.input.length > 64 ? '…' : ''}`
    return fill(words.unreadable, { count: call.input.length, hex })
  }
  return quiet(JSON.stringify(input))
}

function showAmount(units: TransactionBody['fee'], { unit }: PreviewChain, words: PreviewWords): string {
  return unit ? `${formatAmount(units, unit)} ${quiet(unit.symbol)}` : fill(words.units, { amount: units })
}

/** In one pass, so that braces in a value stay what they are. */
function fill(text: string, values: Readonly<Record<string, string | number | bigint>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
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

import { fromJson, text, toJson } from '@mmtchain/codec'
import { isAddressPrefix, isChainError } from '@mmtchain/primitives'
import { type Authority, type Suites, sameAuthority } from './authority.ts'
import { txFail } from './refusals.ts'
import {
  type PayerConsent,
  payerMessage,
  senderMessage,
  type Transaction,
  transaction,
  transactionId,
} from './transaction.ts'

const FORMAT = 'mmt-transaction-1'
const FILE_MAX = 8_000_000
const chainName = text({ bytesMax: 64 })

/** A transaction outside a node: unsigned, partly or wholly signed. */
export interface TransactionFile {
  readonly chainId: string
  readonly addressPrefix: string
  readonly transaction: Transaction
}

/** The text of a file that carries a transaction between machines, one of which may be offline. */
export function writeTransactionFile({
  chainId,
  addressPrefix,
  transaction: value,
}: TransactionFile): string {
  const json = {
    format: FORMAT,
    chainId,
    addressPrefix,
    id: transactionId(value.body),
    transaction: toJson(transaction, value, { addressPrefix }),
  }
  return `${JSON.stringify(json, null, 2)}\n`
}

/** Reads such a file. Throws `tx/BAD_FILE`, also when the id is not that of the body: somebody has changed it. */
export function readTransactionFile(content: string): TransactionFile {
  try {
    if (content.length > FILE_MAX) throw txFail.BAD_FILE({ why: `it is longer than ${FILE_MAX} characters` })
    const json = JSON.parse(content) as Record<string, unknown>
    const { format, chainId, addressPrefix, id } = Object(json) as Record<string, unknown>
    if (format !== FORMAT) throw txFail.BAD_FILE({ why: `its format is not ${FORMAT}` })
    if (typeof addressPrefix !== 'string' || !isAddressPrefix(addressPrefix))
      throw txFail.BAD_FILE({ why: 'it has no address prefix' })
    const value = fromJson(transaction, json.transaction, { addressPrefix })
    if (transactionId(value.body) !== id)
      throw txFail.BAD_FILE({ why: 'the id is not that of the transaction' })
    return { chainId: fromJson(chainName, chainId), addressPrefix, transaction: value }
  } catch (error) {
    if (isChainError(error) && error.code.startsWith('tx/')) throw error
    throw txFail.BAD_FILE({ why: error instanceof Error ? error.message : String(error) })
  }
}

/**
 * Puts together the signatures that several signers have given to copies of one transaction, up to its authorities' thresholds.
 * With `suites`, a signature that does not hold is left out, so that one spoilt copy does not spoil the others. Throws
 * `tx/DIFFERENT_TRANSACTIONS` unless the copies agree in everything but signatures.
 */
export function combineTransactions(
  copies: readonly [Transaction, ...Transaction[]],
  { suites = new Map() }: { readonly suites?: Suites } = {},
): Transaction {
  const [first, ...others] = copies
  const { body } = first
  const id = transactionId(body)
  for (const other of others) if (transactionId(other.body) !== id) throw txFail.DIFFERENT_TRANSACTIONS({})
  const consents = copies.flatMap(({ payerConsent }) => (payerConsent ? [payerConsent] : []))
  const [consent] = consents
  for (const other of consents) {
    if (consent && !sameConsent(consent, other)) throw txFail.DIFFERENT_TRANSACTIONS({})
  }
  const { fingerprint } = body
  const signatures = joined(copies, {
    authority: body.authority,
    message: senderMessage({ fingerprint, id }),
    suites,
  })
  if (!consent) return { body, signatures, payerConsent: null }
  const { authority, feeMax } = consent
  const message = payerMessage({ fingerprint, id, feeMax })
  const agreed = { ...consent, signatures: joined(consents, { authority, message, suites }) }
  return { body, signatures, payerConsent: agreed }
}

function sameConsent(a: PayerConsent, b: PayerConsent): boolean {
  return a.feeMax === b.feeMax && sameAuthority(a.authority, b.authority)
}

/** The signatures of all copies, one a key, in the order of the keys, and no more than count. Those of unknown suites are taken on trust. */
function joined(
  copies: readonly Pick<Transaction, 'signatures'>[],
  {
    authority: { threshold, keys },
    message,
    suites,
  }: { readonly authority: Authority; readonly message: Uint8Array; readonly suites: Suites },
): Transaction['signatures'] {
  const byKey = new Map<number, Transaction['signatures'][number]>()
  for (const given of copies.flatMap(({ signatures }) => signatures)) {
    const { suite: code, key } = keys[given.index] ?? {}
    const suite = code === undefined ? undefined : suites.get(code)
    if (suite && key && !suite.verify({ key, message, signature: given.signature })) continue
    byKey.set(given.index, given)
  }
  return [...byKey.values()].sort((a, b) => a.index - b.index).slice(0, threshold)
}

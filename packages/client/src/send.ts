import { decode, encode, fromJson, hash, type Json, struct, u64 } from '@mmtchain/codec'
import type { RefusalText } from '@mmtchain/kernel'
import {
  type Amount,
  amount,
  ChainError,
  formatAddress,
  type Hash,
  type Height,
  height,
  toHex,
} from '@mmtchain/primitives'
import {
  type Signer,
  signTransaction,
  type Transaction,
  type TransactionBody,
  type TransactionCall,
  transaction,
} from '@mmtchain/tx'
import { clientFail } from './refusals.ts'
import type { Transport } from './transport.ts'

/** How a transaction is made and how long to wait for it. */
export interface SendOptions {
  readonly signer: Signer
  /** Another account that pays the fee, and the most that it agrees to. */
  readonly payer?: { readonly signer: Signer; readonly feeMax: Amount }
  /** The highest fee that the sender agrees to; without it, what the node says the calls cost. */
  readonly feeMax?: Amount
  /** How many heights the transaction stays valid; 100 by default. */
  readonly validHeights?: bigint
  /** Until when to wait: `finalised` by default; `submitted` returns at once. */
  readonly wait?: 'submitted' | 'included' | 'finalised'
}

/** What came of a transaction that was sent. */
export interface Sent {
  readonly id: Hash
  readonly fee: Amount
  /** Undefined until it is in a block. */
  readonly height: Height | undefined
  readonly final: boolean
  readonly events: readonly { readonly module: string; readonly name: string; readonly data: Json }[]
}

/** Prices calls at the node, without sending anything. Throws what would keep them out of blocks. */
export async function quoteCalls(
  transport: Transport,
  args: {
    readonly fingerprint: Hash
    readonly calls: readonly TransactionCall[]
    readonly options: SendOptions
  },
): Promise<{ readonly body: TransactionBody; readonly refusal: RefusalText | null }> {
  const { fingerprint, calls, options } = args
  const { signer, payer } = options
  const status = await transport('chain_status')
  const { addressPrefix } = Object(status) as { addressPrefix: string }
  const account = await transport('account_get', {
    address: formatAddress(signer.address, { prefix: addressPrefix }),
  })
  const { nextNonce } = fromJson(struct({ nextNonce: u64 }), pick(account, ['nextNonce']))
  const tip = fromJson(struct({ height: u64 }), pick(status, ['height'])).height
  const draft: TransactionBody = {
    fingerprint,
    sender: signer.address,
    authority: signer.authority,
    nonce: nextNonce,
    validUntil: height(tip + (options.validHeights ?? 100n)),
    fee: amount(0n),
    weightMax: 0n,
    payer: payer?.signer.address ?? null,
    calls,
  }
  const consent = payer ? { authority: payer.signer.authority, feeMax: payer.feeMax, signatures: [] } : null
  const unsigned: Transaction = { body: draft, signatures: [], payerConsent: consent }
  const trial = (await transport('tx_simulate', { bytes: toHex(encode(transaction, unsigned)) })) as {
    refusal: RefusalText | null
  }
  const { fee, weight } = fromJson(struct({ fee: u64, weight: u64 }), pick(trial, ['fee', 'weight']))
  const max = options.feeMax ?? payer?.feeMax
  if (max !== undefined && fee > max) throw clientFail.FEE_TOO_HIGH({ want: fee, max })
  return { body: { ...draft, fee: amount(fee), weightMax: weight }, refusal: trial.refusal }
}

/** Builds, signs and submits a transaction of these calls, and waits as the options say. Throws its refusal. */
export async function sendCalls(
  transport: Transport,
  args: {
    readonly fingerprint: Hash
    readonly calls: readonly TransactionCall[]
    readonly options: SendOptions
  },
): Promise<Sent> {
  const { body, refusal } = await quoteCalls(transport, args)
  if (refusal) throw asError(refusal)
  const { signer, payer, wait = 'finalised' } = args.options
  const signed = await signTransaction({ body, signer, payer })
  const bytes = encode(transaction, signed.transaction)
  await transport('tx_submit', { bytes: toHex(bytes) })
  if (wait === 'submitted')
    return { id: signed.id, fee: body.fee, height: undefined, final: false, events: [] }
  return waitFor(transport, { id: signed.id, fee: body.fee, validUntil: body.validUntil, wait })
}

/** Submits the bytes of a signed transaction. Sending the same bytes twice is the same answer. */
export async function submitBytes(transport: Transport, bytes: Uint8Array): Promise<Hash> {
  decode(transaction, bytes)
  const answer = await transport('tx_submit', { bytes: toHex(bytes) })
  return fromJson(struct({ id: hash }), pick(answer, ['id'])).id
}

interface Found {
  /** Why the node gave it up; it may still come in through another node. */
  readonly dropped?: RefusalText | null
  readonly height?: string
  readonly final: boolean
  readonly receipt: { readonly error: { readonly code: string } | null; readonly events: Sent['events'] }
  readonly refusal: RefusalText | null
}

async function waitFor(
  transport: Transport,
  args: {
    readonly id: Hash
    readonly fee: Amount
    readonly validUntil: Height
    readonly wait: 'included' | 'finalised'
  },
): Promise<Sent> {
  const { id, fee, validUntil, wait } = args
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const found = await look(transport, id)
    if (found?.dropped) throw asError(found.dropped)
    if (found?.height !== undefined && (found.final || wait === 'included')) {
      if (found.receipt.error)
        throw asError(
          found.refusal ?? {
            code: found.receipt.error.code,
            message: 'The transaction was refused.',
            hint: '',
          },
        )
      return {
        id,
        fee,
        height: height(BigInt(found.height)),
        final: found.final,
        events: found.receipt.events,
      }
    }
    const status = (await transport('chain_status')) as { height: string }
    // One more look: it may have been included between the two questions.
    if (BigInt(status.height) > validUntil && !(await look(transport, id)))
      throw clientFail.EXPIRED({ id, validUntil })
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

async function look(transport: Transport, id: Hash): Promise<Found | undefined> {
  try {
    return (await transport('chain_transaction', { id })) as Found
  } catch (error) {
    if (error instanceof ChainError && error.code === 'rpc/TRANSACTION_NOT_FOUND') return undefined
    throw error
  }
}

function asError({ code, message, hint }: RefusalText): ChainError {
  return new ChainError({ code, message, hint })
}

function pick(value: unknown, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, (Object(value) as Record<string, unknown>)[name]]))
}

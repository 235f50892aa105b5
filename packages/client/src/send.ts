import { decode, encode, fromJson, hash, type Json, struct, u64 } from '@mmtchain/codec'
import type { RefusalText } from '@mmtchain/kernel'
import {
  type Address,
  type Amount,
  amount,
  ChainError,
  formatAddress,
  type Hash,
  type Height,
  height,
  isChainError,
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
import { pause, type Transport } from './transport.ts'

/** How a transaction is made and how long to wait for it. */
export interface SendOptions {
  readonly signer: Signer
  /** Another account that pays the fee, and the most that it agrees to. */
  readonly payer?: { readonly signer: Signer; readonly feeMax: Amount }
  /**
   * The highest fee that the sender agrees to, or `'any'` for whatever the node names. Without it, the payer's; else, with
   * `createClient`, what the chain file says that the calls cost.
   */
  readonly feeMax?: Amount | 'any'
  /** How many heights the transaction stays valid; 100 by default. */
  readonly validHeights?: bigint
  /** Until when to wait: `finalised` by default; `submitted` returns at once. */
  readonly wait?: 'submitted' | 'included' | 'finalised'
  /** Ends the sending or the waiting; what was submitted by then may still come into a block. */
  readonly signal?: AbortSignal | undefined
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

/** Calls of one transaction, and how it is to be made. */
export interface CallsToSend {
  readonly fingerprint: Hash
  readonly calls: readonly TransactionCall[]
  readonly options: SendOptions
  /** What the calls cost by the chain file, where there is one: the node may not name more unless the options agree to it. */
  readonly listedFee?: Amount
  /** What the transaction costs where governance has changed that, proven. Asked for when the node names more than `listedFee`. */
  readonly governedFee?: (unsigned: Transaction) => Promise<Amount>
}

/**
 * Prices calls at the node, without sending anything. Throws what would keep them out of blocks, `client/FEE_TOO_HIGH`,
 * `client/FEE_NOT_LISTED`, and `client/FEE_MAX_NEEDED` when nobody has said what they may cost.
 */
export async function quoteCalls(
  transport: Transport,
  args: CallsToSend,
): Promise<{ readonly body: TransactionBody; readonly refusal: RefusalText | null }> {
  const { fingerprint, calls, options } = args
  const { signer, payer, signal } = options
  const status = await transport('chain_status', {}, { signal })
  const { addressPrefix } = Object(status) as { addressPrefix: string }
  const address = formatAddress(signer.address, { prefix: addressPrefix })
  const account = await transport('account_get', { address }, { signal })
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
  const trial = (await transport(
    'tx_simulate',
    { bytes: toHex(encode(transaction, unsigned)) },
    { signal },
  )) as { refusal: RefusalText | null }
  const { fee, weight } = fromJson(struct({ fee: u64, weight: u64 }), pick(trial, ['fee', 'weight']))
  await checkFee(fee, unsigned, args)
  return { body: { ...draft, fee: amount(fee), weightMax: weight }, refusal: trial.refusal }
}

/** The price is the node's word until somebody else has said what it may be. */
async function checkFee(
  want: bigint,
  unsigned: Transaction,
  { options, listedFee, governedFee }: CallsToSend,
): Promise<void> {
  const max = options.feeMax ?? options.payer?.feeMax
  if (max === 'any') return
  if (max !== undefined) {
    if (want > max) throw clientFail.FEE_TOO_HIGH({ want, max })
    return
  }
  if (listedFee === undefined) throw clientFail.FEE_MAX_NEEDED({ want })
  if (want <= listedFee) return
  const listed = (await provenFee(governedFee, unsigned, options)) ?? listedFee
  if (want > listed) throw clientFail.FEE_NOT_LISTED({ want, listed })
}

/** Undefined where it cannot be proven: then the price that is known without the node holds. */
async function provenFee(
  governedFee: CallsToSend['governedFee'],
  unsigned: Transaction,
  { signal }: SendOptions,
): Promise<Amount | undefined> {
  try {
    return await governedFee?.(unsigned)
  } catch (error) {
    signal?.throwIfAborted()
    if (!isChainError(error) || error.code === 'client/UNREACHABLE') throw error
    return undefined
  }
}

/** Builds, signs and submits a transaction of these calls, and waits as the options say. Throws its refusal, and as `quoteCalls`. */
export async function sendCalls(transport: Transport, args: CallsToSend): Promise<Sent> {
  const { wait = 'finalised', signal } = args.options
  const sent = await inTurn(transport, args.options.signer.address, () => submitCalls(transport, args))
  const { id, fee, validUntil } = sent
  if (wait === 'submitted') return { id, fee, height: undefined, final: false, events: [] }
  return waitFor(transport, { id, fee, validUntil, wait, signal })
}

/** What may come in the place of an answer although the node has taken the transaction. */
const TELLS_NOTHING = ['client/UNREACHABLE', 'client/BAD_ANSWER', 'rpc/TIMEOUT', 'rpc/INTERNAL']

async function submitCalls(
  transport: Transport,
  args: CallsToSend,
): Promise<{ readonly id: Hash; readonly fee: Amount; readonly validUntil: Height }> {
  const { body, refusal } = await quoteCalls(transport, args)
  if (refusal) throw asError(refusal)
  const { signer, payer, signal } = args.options
  const signed = await signTransaction({ body, signer, payer })
  const { id } = signed
  const { fee, validUntil } = body
  try {
    await transport('tx_submit', { bytes: toHex(encode(transaction, signed.transaction)) }, { signal })
  } catch (error) {
    if (!isChainError(error) || !TELLS_NOTHING.includes(error.code)) throw error
    throw clientFail.OUTCOME_UNKNOWN({ id, validUntil, why: error.message })
  }
  return { id, fee, validUntil }
}

const turns = new WeakMap<Transport, Map<Address, Promise<unknown>>>()

/**
 * Runs the work of one sender one after another: the nonce that the node names next is free only once what was sent before it is
 * queued, and of two transactions with one nonce the dearer replaces the other.
 */
async function inTurn<T>(transport: Transport, sender: Address, work: () => Promise<T>): Promise<T> {
  const queues = turns.get(transport) ?? new Map<Address, Promise<unknown>>()
  turns.set(transport, queues)
  const before = queues.get(sender) ?? Promise.resolve()
  const done = before.then(work, work)
  queues.set(sender, done)
  try {
    return await done
  } finally {
    if (queues.get(sender) === done) queues.delete(sender)
  }
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

const NOT_FOUND = 'rpc/TRANSACTION_NOT_FOUND'

async function waitFor(
  transport: Transport,
  args: {
    readonly id: Hash
    readonly fee: Amount
    readonly validUntil: Height
    readonly wait: 'included' | 'finalised'
    readonly signal: AbortSignal | undefined
  },
): Promise<Sent> {
  const { id, fee, validUntil, wait, signal } = args
  // Who is told that no node answers sends again; but this one is on its way.
  const ask: Transport = async (method, params, options) => {
    try {
      return await transport(method, params, options)
    } catch (error) {
      if (!isChainError(error) || error.code === NOT_FOUND) throw error
      throw clientFail.OUTCOME_UNKNOWN({ id, validUntil, why: error.message })
    }
  }
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    const found = await look(ask, id, signal)
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
    const status = (await ask('chain_status', {}, { signal })) as { height: string }
    // One more look: it may have been included between the two questions.
    if (BigInt(status.height) > validUntil && !(await look(ask, id, signal)))
      throw clientFail.EXPIRED({ id, validUntil })
    await pause(pauseMs, signal)
  }
}

async function look(
  transport: Transport,
  id: Hash,
  signal: AbortSignal | undefined,
): Promise<Found | undefined> {
  try {
    return (await transport('chain_transaction', { id }, { signal })) as Found
  } catch (error) {
    if (error instanceof ChainError && error.code === NOT_FOUND) return undefined
    throw error
  }
}

function asError({ code, message, hint, values }: RefusalText & { readonly values?: object }): ChainError {
  return new ChainError({ code, message, hint, values })
}

function pick(value: unknown, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, (Object(value) as Record<string, unknown>)[name]]))
}

import {
  address,
  bytes,
  decode,
  hash,
  height,
  type Json,
  option,
  struct,
  toJson,
  u32,
  u64,
  unit,
} from '@mmtchain/codec'
import { confirmationOf, type StoredBlock, type TransactionPlace } from '@mmtchain/kernel'
import type { Submitted } from '@mmtchain/node-runtime'
import type { Address, Hash } from '@mmtchain/primitives'
import { type Authority, authority, type Transaction, transaction as transactionCodec } from '@mmtchain/tx'
import { batchMethod, type Method, method } from './method.ts'
import { plainValues, presentReceipt, presentTransaction } from './present.ts'
import { rpcFail } from './refusals.ts'
import { array, count, decimal, nullable, object, receipt, simulatedRefusal } from './schemas.ts'
import type { RpcLimits } from './settings.ts'
import type { View } from './view.ts'

const TRANSACTION_BYTES_MAX = 2_000_000
/** The most transactions of one `account_transactions`. */
const HISTORY_MAX = 100
const submission = struct({
  bytes: option(bytes({ bytesMax: TRANSACTION_BYTES_MAX })),
  transaction: option(transactionCodec),
})

/** The methods that take transactions, and what a sender asks before. */
export function transactionMethods({ node, code }: View, limits: RpcLimits): readonly Method[] {
  const { machine, store } = node

  function accountOf(account: Address): { readonly nonce: bigint; readonly authority: Authority | null } {
    const args = { module: 'kernel', query: 'account', input: { address: account } }
    return machine.query(store, node.tip, args) as { nonce: bigint; authority: Authority | null }
  }

  /** The fee that a trial offers: what the transaction offers, but at least what its calls cost on a chain that takes fees. */
  function feeFor({ body }: Transaction, least: bigint): Transaction['body']['fee'] {
    if (!code.modules.some(({ spec }) => spec.feePolicy)) return 0n as Transaction['body']['fee']
    return body.fee > least ? body.fee : (least as Transaction['body']['fee'])
  }

  return [
    batchMethod({
      name: 'tx_submit',
      summary: 'Queues a signed transaction and answers with its id; the same bytes twice is the same answer',
      role: 'submit',
      params: submission,
      result: object({ id: hash.schema }),
      async runAll(all) {
        const given = all.map(({ bytes, transaction }) =>
          transaction && bytes ? null : (transaction ?? bytes),
        )
        const submitted = await node.submitAll(given.filter((one) => one !== null))
        let next = 0
        return given.map((one) => {
          if (one === null) return { error: ambiguous() }
          const outcome = submitted[next++] as Submitted
          return 'id' in outcome ? { result: { id: outcome.id } } : outcome
        })
      },
    }),
    method({
      name: 'tx_simulate',
      summary: 'What a transaction would cost and do now, up to a weight; signatures are not needed',
      role: 'read',
      works: true,
      params: submission,
      result: object({ fee: decimal, weight: decimal, receipt, refusal: nullable(simulatedRefusal) }),
      run(params) {
        const given = oneOf(params)
        const transaction = given instanceof Uint8Array ? decode(transactionCodec, given) : given
        const quote = machine.quote(transaction, store)
        const max = limits.trialWeightMax
        if (quote.weight > BigInt(max)) throw rpcFail.TRIAL_TOO_HEAVY({ weight: quote.weight, max })
        const { sender } = transaction.body
        // A trial runs as the sender's next transaction, whatever waits before it, and offers at least what its calls cost.
        const trial = {
          ...transaction,
          body: {
            ...transaction.body,
            nonce: accountOf(sender).nonce,
            fee: feeFor(transaction, quote.fee),
            weightMax: quote.weight,
          },
        }
        const { receipt, refusal } = machine.simulate(store, node.tip, trial)
        return {
          fee: trial.body.fee.toString(),
          weight: quote.weight.toString(),
          receipt: presentReceipt(code, receipt),
          refusal: refusal ? { ...textOf(refusal), values: plainValues(refusal.values) } : null,
        }
      },
    }),
    method({
      name: 'tx_pool',
      summary: 'How many transactions wait for a block, with their bytes and senders, and the most that may',
      role: 'read',
      params: unit,
      result: object({ count, bytes: count, senders: count, countMax: count, bytesMax: count }),
      run() {
        const { count, bytes, senders, limits } = node.mempool
        return { count, bytes, senders, countMax: limits.countMax, bytesMax: limits.bytesMax }
      },
    }),
    method({
      name: 'account_get',
      summary: 'Nonce and authority of an account, and the nonce after those of its transactions that wait',
      role: 'read',
      params: struct({ address }),
      result: object({
        address: address.schema,
        nonce: u64.schema,
        nextNonce: u64.schema,
        authority: option(authority).schema,
      }),
      run(params) {
        const { nonce, authority: found } = accountOf(params.address)
        return {
          address: toJson(address, params.address, code),
          nonce: nonce.toString(),
          nextNonce: node.mempool.nextNonce(params.address, nonce).toString(),
          authority: toJson(option(authority), found, code),
        }
      },
    }),
    method({
      name: 'account_transactions',
      summary: `Where up to ${HISTORY_MAX} transactions stand that concern an account, newest first, from before a place on`,
      role: 'read',
      params: struct({
        address,
        before: option(struct({ height, index: u32 })),
        limit: option(u32),
      }),
      result: object({
        transactions: array(object({ id: hash.schema, height: decimal, index: count })),
        next: nullable(object({ height: decimal, index: count })),
      }),
      async run({ address, before, limit }) {
        const most = limit ?? HISTORY_MAX
        if (most < 1 || most > HISTORY_MAX) throw rpcFail.BAD_LIMIT({ max: HISTORY_MAX, got: most })
        const found = await store.history({ address, before: before ?? undefined, limit: most })
        const last = found.length === most ? found.at(-1) : undefined
        return {
          transactions: found.map(({ id, ...place }) => ({ id, ...presentPlace(place) })),
          next: last ? presentPlace(last) : null,
        }
      },
    }),
  ]
}

function presentPlace({ height, index }: TransactionPlace) {
  return { height: height.toString(), index }
}

/** Throws `rpc/AMBIGUOUS_PARAMS`. */
function oneOf({
  bytes,
  transaction,
}: {
  readonly bytes: Uint8Array | null
  readonly transaction: Transaction | null
}): Transaction | Uint8Array {
  const given = transaction ?? bytes
  if (given === null || (transaction && bytes)) throw ambiguous()
  return given
}

const ambiguous = () => rpcFail.AMBIGUOUS_PARAMS({ want: 'bytes, transaction' })

/** Where a transaction is, as `chain_transaction` answers; undefined for one that this node does not know. */
export async function presentTransactionState(view: View, id: Hash): Promise<Json | undefined> {
  const { node, codeOf } = view
  const at = await node.store.transaction(id)
  if (!at) {
    const reason = node.mempool.droppedFor(id)
    if (!reason && !node.mempool.has(id)) return undefined
    const dropped = reason ? textOf(reason) : null
    return { id, pending: !reason, dropped, final: false, confirmations: 0, confirmation: 'pending' }
  }
  const stored = (await node.store.block({ height: at.height })) as StoredBlock
  const code = codeOf(stored.block.header)
  const { height: tip } = node.tip.header
  const confirmation = confirmationOf(code.engine, { height: at.height, tip, final: node.finalised })
  return {
    id,
    pending: false,
    final: confirmation === 'final',
    confirmations: Number(tip - at.height) + 1,
    confirmation,
    height: at.height.toString(),
    index: at.index,
    blockId: stored.id,
    timeMs: stored.block.header.timeMs.toString(),
    transaction: presentTransaction(code, id, stored.block.transactions[at.index] as Transaction),
    receipt: presentReceipt(code, stored.receipts.transactions[at.index] as never),
    refusal: stored.refusals[at.index] ? ({ ...stored.refusals[at.index] } as Json) : null,
  }
}

function textOf({ code, message, hint }: { code: string; message: string; hint: string }) {
  return { code, message, hint }
}

import {
  address,
  bytes,
  type Codec,
  decode,
  fromJson,
  hash,
  height,
  type Json,
  option,
  struct,
  toJson,
  unit,
} from '@mmtchain/codec'
import { chainMetadata, type StoredBlock, writeGenesis } from '@mmtchain/kernel'
import type { Node } from '@mmtchain/node-runtime'
import type { Address, Hash, Height } from '@mmtchain/primitives'
import { type Authority, authority, type Transaction, transaction as transactionCodec } from '@mmtchain/tx'
import { presentBlock, presentHeader, presentReceipt, presentTransaction } from './present.ts'
import { rpcFail } from './refusals.ts'

/** One method: what it takes, and how it answers in JSON. Parameters that may be absent are options. */
export interface Method {
  readonly params: Codec<unknown>
  run(params: never): Json | Promise<Json>
}

/** What a node calls itself. */
export interface NodeInfo {
  readonly name: string
  readonly version: string
}

const TRANSACTION_BYTES_MAX = 2_000_000
const blockRef = struct({ height: option(height), id: option(hash) })
const submission = struct({
  bytes: option(bytes({ bytesMax: TRANSACTION_BYTES_MAX })),
  transaction: option(transactionCodec),
})

/** All methods of a node: those of the chain, and every query of every module as `module_query`. */
export function createMethods(node: Node, info: NodeInfo): ReadonlyMap<string, Method> {
  const { genesis, machine, store } = node
  const context = genesis.chain
  const metadata = chainMetadata(genesis, machine.release(store)) as unknown as Json
  const methods = new Map<string, Method>()
  const add = <P>(name: string, params: Codec<P>, run: (params: P) => Json | Promise<Json>) =>
    methods.set(name, { params, run })

  add('chain_status', unit, () => {
    const { header, id } = node.tip
    const at = { height: header.height.toString(), id, timeMs: header.timeMs.toString() }
    return {
      chainId: context.id,
      fingerprint: genesis.fingerprint,
      addressPrefix: context.addressPrefix,
      ...at,
      // Every block that a node of this engine commits is final.
      finalisedHeight: at.height,
      catchingUp: false,
    }
  })
  add('chain_metadata', unit, () => metadata)
  const genesisJson = writeGenesis(genesis) as Json
  add('chain_genesis', unit, () => genesisJson)
  add('chain_header', blockRef, async (at) => {
    const stored = await findBlock(at)
    return { id: stored.id, header: presentHeader(genesis, stored.block.header) }
  })
  add('chain_block', blockRef, async (at) => presentBlock(genesis, await findBlock(at)))
  add('chain_transaction', struct({ id: hash }), async ({ id }) => {
    const at = await store.transaction(id)
    if (!at) {
      const reason = node.mempool.droppedFor(id)
      if (!reason && !node.mempool.has(id)) throw rpcFail.TRANSACTION_NOT_FOUND({ id })
      const dropped = reason ? { code: reason.code, message: reason.message, hint: reason.hint } : null
      return { id, pending: !dropped, dropped, final: false, confirmations: 0 }
    }
    const stored = (await store.block({ height: at.height })) as StoredBlock
    return {
      id,
      pending: false,
      final: true,
      confirmations: Number(node.tip.header.height - at.height) + 1,
      height: at.height.toString(),
      index: at.index,
      blockId: stored.id,
      timeMs: stored.block.header.timeMs.toString(),
      transaction: presentTransaction(genesis, id, stored.block.transactions[at.index] as Transaction),
      receipt: presentReceipt(genesis, stored.receipts.transactions[at.index] as never),
      refusal: stored.refusals[at.index] ? { ...stored.refusals[at.index] } : null,
    }
  })
  add('tx_submit', submission, async (params) => ({ id: await node.submit(readTransaction(params)) }))
  add('tx_simulate', submission, (params) => {
    const transaction = readTransaction(params)
    const quote = machine.quote(transaction, store)
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
      receipt: presentReceipt(genesis, receipt),
      refusal: refusal ? { code: refusal.code, message: refusal.message, hint: refusal.hint } : null,
    }
  })
  add('tx_pool', unit, () => ({ count: node.mempool.count }))
  add('account_get', struct({ address }), (params) => {
    const { nonce, authority: found } = accountOf(params.address)
    return {
      address: toJson(address, params.address, context),
      nonce: nonce.toString(),
      nextNonce: node.mempool.nextNonce(params.address, nonce).toString(),
      authority: toJson(option(authority), found, context),
    }
  })
  add('node_info', unit, () => ({ ...info, chainId: context.id, fingerprint: genesis.fingerprint }))

  for (const { spec } of context.modules) {
    for (const [query, { input, output }] of spec.queries) {
      add(`${spec.name}_${query}`, input, (params) => {
        const answer = machine.query(store, node.tip, { module: spec.name, query, input: params })
        return toJson(output, answer, context)
      })
    }
  }
  return methods

  function accountOf(account: Address): { readonly nonce: bigint; readonly authority: Authority | null } {
    const args = { module: 'kernel', query: 'account', input: { address: account } }
    return machine.query(store, node.tip, args) as { nonce: bigint; authority: Authority | null }
  }

  async function findBlock(at: {
    readonly height: Height | null
    readonly id: Hash | null
  }): Promise<StoredBlock> {
    const { height: wanted, id } = at
    if ((wanted === null) === (id === null)) throw rpcFail.AMBIGUOUS_PARAMS({ want: 'height, id' })
    const found = await store.block(id === null ? { height: wanted as Height } : { id })
    if (!found) throw rpcFail.BLOCK_NOT_FOUND({ block: id ?? String(wanted) })
    return found
  }

  function readTransaction(params: {
    readonly bytes: Uint8Array | null
    readonly transaction: Transaction | null
  }): Transaction {
    if ((params.bytes === null) === (params.transaction === null))
      throw rpcFail.AMBIGUOUS_PARAMS({ want: 'bytes, transaction' })
    return params.transaction ?? decode(transactionCodec, params.bytes as Uint8Array)
  }

  /** The fee that a trial offers: what the transaction offers, but at least what its calls cost on a chain that takes fees. */
  function feeFor({ body }: Transaction, least: bigint): Transaction['body']['fee'] {
    if (!context.modules.some(({ spec }) => spec.feePolicy)) return 0n as Transaction['body']['fee']
    return body.fee > least ? body.fee : (least as Transaction['body']['fee'])
  }
}

/** Reads named parameters; absent ones that are options are `null`. */
export function readParams(
  codec: Codec<unknown>,
  params: unknown,
  context: { readonly addressPrefix: string },
): unknown {
  const { schema } = codec
  if (schema['x-bcs'] === 'unit') return fromJson(codec, isEmpty(params) ? null : params, context)
  if (
    schema['x-bcs'] !== 'struct' ||
    typeof params !== 'object' ||
    params === null ||
    Array.isArray(params)
  ) {
    return fromJson(codec, params ?? {}, context)
  }
  const properties = schema.properties as Record<string, { readonly 'x-bcs'?: string }>
  const absent = Object.keys(properties).filter(
    (name) => properties[name]?.['x-bcs'] === 'option' && !Object.hasOwn(params, name),
  )
  return fromJson(codec, { ...params, ...Object.fromEntries(absent.map((name) => [name, null])) }, context)
}

function isEmpty(params: unknown): boolean {
  return (
    params === undefined ||
    (typeof params === 'object' && params !== null && Object.keys(params).length === 0)
  )
}

import {
  bool,
  encode,
  hash,
  height,
  type Json,
  option,
  struct,
  text,
  toJson,
  u32,
  unit,
} from '@mmtchain/codec'
import {
  chainMetadata,
  genesisCodec,
  type StoredBlock,
  type Tip,
  type ValidatorSet,
  validatorSet,
  validatorsHash,
  writeGenesis,
  writeGenesisHead,
} from '@mmtchain/kernel'
import { type Hash, type Height, isChainError, toHex } from '@mmtchain/primitives'
import { type Method, method } from './method.ts'
import { presentBlock, presentHeader } from './present.ts'
import { rpcFail } from './refusals.ts'
import {
  array,
  block,
  blockAt,
  boolean,
  count,
  decimal,
  header,
  hexBytes,
  metadata,
  nullable,
  object,
  string,
  transactionState,
  validators,
} from './schemas.ts'
import type { RpcLimits } from './settings.ts'
import { presentTransactionState } from './transaction-methods.ts'
import type { View } from './view.ts'

/** About how long it takes to read a transaction of a block. */
const READ_MS = 0.02
/** The most blocks of one `chain_blocks`. */
const BLOCKS_MAX = 100

const blockRef = struct({ height: option(height), id: option(hash) })

/** The methods that look at the chain. */
export function chainMethods(view: View, limits: RpcLimits): readonly Method[] {
  const { node, code, codeOf } = view
  const { genesis, store } = node

  /** Throws `rpc/AMBIGUOUS_PARAMS` or `rpc/BLOCK_NOT_FOUND`. */
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

  /** The validators of a height, out of the state before it. Throws `rpc/VALIDATORS_NOT_KEPT` when that is not kept. */
  async function validatorsBefore(wanted: Height): Promise<ValidatorSet> {
    const { block, id } = await findBlock({ height: (wanted - 1n) as Height, id: null })
    try {
      const state = store.at(block.header.height)
      const tip = () => ({ header: block.header, id })
      return (node.machine.tipOf({ ...state, tip }) as Tip).validators
    } catch (error) {
      if (isChainError(error) && error.code === 'store/NOT_KEPT')
        throw rpcFail.VALIDATORS_NOT_KEPT({ height: wanted })
      throw error
    }
  }

  return [
    method({
      name: 'chain_status',
      summary: 'Which chain this is, its newest block, and its newest final one',
      role: 'read',
      params: unit,
      result: object({
        chainId: string,
        fingerprint: hash.schema,
        addressPrefix: string,
        ...blockAt,
        finalisedHeight: decimal,
        catchingUp: boolean,
      }),
      run() {
        const { header, id } = node.tip
        const newest = header.height.toString()
        return {
          chainId: code.id,
          fingerprint: genesis.fingerprint,
          addressPrefix: code.addressPrefix,
          height: newest,
          id,
          timeMs: header.timeMs.toString(),
          finalisedHeight: node.finalised.toString(),
          catchingUp: node.catchingUp,
        }
      },
    }),
    method({
      name: 'chain_metadata',
      summary:
        'Modules, commands, queries, events, errors and parameters of the release in force, with JSON Schemas',
      role: 'read',
      works: true,
      params: unit,
      result: metadata,
      run: () => chainMetadata(genesis, code, store) as unknown as Json,
    }),
    method({
      name: 'chain_genesis',
      summary: 'The genesis of the chain, readable',
      role: 'read',
      works: true,
      params: unit,
      result: { type: 'object', required: ['fingerprint', 'chainId', 'modules', 'documents', 'validators'] },
      run() {
        // JSON is no shorter than the bytes; what cannot be answered is not made.
        const bytes = genesis.value.documents.reduce((sum, document) => sum + document.bytes, 0)
        if (bytes > limits.answerBytesMax) throw rpcFail.ANSWER_TOO_LARGE({ max: limits.answerBytesMax })
        return writeGenesis(genesis) as Json
      },
    }),
    method({
      name: 'chain_genesisHead',
      summary:
        'The genesis with the hashes of its documents in their place: all that the fingerprint covers, and small; and its bytes',
      role: 'read',
      params: unit,
      result: {
        type: 'object',
        required: ['fingerprint', 'chainId', 'timeMs', 'modules', 'documents', 'validators', 'bytes'],
      },
      // The bytes are for whoever has no code of the chain's modules, and checks them by the fingerprint.
      run: () =>
        ({ ...writeGenesisHead(genesis), bytes: toHex(encode(genesisCodec, genesis.value)) }) as Json,
    }),
    method({
      name: 'chain_header',
      summary: 'The header of a block, by height or id',
      role: 'read',
      params: blockRef,
      result: object({ id: hash.schema, header }),
      async run(at) {
        const stored = await findBlock(at)
        return { id: stored.id, header: presentHeader(code, stored.block.header) }
      },
    }),
    method({
      name: 'chain_block',
      summary: 'A block with its transactions and receipts, by height or id',
      role: 'read',
      works: true,
      params: blockRef,
      result: block,
      async run(at) {
        const stored = await findBlock(at)
        return presentBlock(codeOf(stored.block.header), stored)
      },
    }),
    method({
      name: 'chain_blocks',
      summary: `Up to ${BLOCKS_MAX} blocks from a height on, each with its header and the number of its transactions`,
      role: 'read',
      works: true,
      params: struct({ from: height, limit: option(u32) }),
      result: object({
        blocks: array(object({ id: hash.schema, header, transactions: count })),
        next: nullable(decimal),
      }),
      async run({ from, limit }, { spend }) {
        const most = limit ?? BLOCKS_MAX
        if (most < 1 || most > BLOCKS_MAX) throw rpcFail.BAD_LIMIT({ max: BLOCKS_MAX, got: most })
        const blocks: Json[] = []
        let at = from
        for (; blocks.length < most && at <= node.tip.header.height; at = (at + 1n) as Height) {
          const { block: found, id } = await findBlock({ height: at, id: null })
          const { header, transactions } = found
          spend(transactions.length * READ_MS)
          blocks.push({ id, header: presentHeader(code, header), transactions: transactions.length })
        }
        return { blocks, next: at <= node.tip.header.height ? at.toString() : null }
      },
    }),
    method({
      name: 'chain_certificate',
      summary: 'The header of a block with the seal that proves it, by height',
      role: 'read',
      params: struct({ height }),
      result: object({ id: hash.schema, header, engine: string, seal: hexBytes }),
      async run(at) {
        const { id, block: found, seal } = await findBlock({ height: at.height, id: null })
        return { id, header: presentHeader(code, found.header), engine: code.engine.name, seal: toHex(seal) }
      },
    }),
    method({
      name: 'chain_validators',
      summary: 'The validators of a height, or of the next block, with the hash that headers have of them',
      role: 'read',
      params: struct({ height: option(height) }),
      result: object({ height: decimal, hash: hash.schema, validators }),
      async run(at) {
        const next = (node.tip.header.height + 1n) as Height
        const wanted = at.height ?? next
        const show = (set: ValidatorSet) => ({
          height: wanted.toString(),
          hash: validatorsHash(genesis.fingerprint, set),
          validators: toJson(validatorSet, set, code),
        })
        if (wanted === next) return show(node.tip.validators)
        const { block: found } = await findBlock({ height: wanted, id: null })
        // Most sets rule long: a header says whether the newest or the first was its own. Every other set is in the state before it.
        const set = [node.tip.validators, genesis.validators].find(
          (one) => validatorsHash(genesis.fingerprint, one) === found.header.validatorsHash,
        )
        return show(set ?? (await validatorsBefore(wanted)))
      },
    }),
    method({
      name: 'chain_transaction',
      summary:
        'A transaction with its receipt, height, index and confirmations, or that it waits or was dropped',
      role: 'read',
      params: struct({ id: hash }),
      result: transactionState,
      async run({ id }) {
        const state = await presentTransactionState(view, id)
        if (!state) throw rpcFail.TRANSACTION_NOT_FOUND({ id })
        return state
      },
    }),
    method({
      name: 'chain_subscribe',
      summary:
        'Sends chain_subscription notifications of heads, finalisedHeads, events or a transaction, from a height on',
      role: 'read',
      params: struct({
        topic: text({ bytesMax: 32 }),
        module: option(text({ bytesMax: 32 })),
        event: option(text({ bytesMax: 32 })),
        id: option(hash),
        fromHeight: option(height),
        finalised: option(bool),
      }),
      result: object({ subscription: string, fingerprint: hash.schema, fromHeight: decimal }),
      run(params, { subscriptions }) {
        if (!subscriptions) throw rpcFail.NEEDS_WEBSOCKET({})
        return subscriptions.open(params)
      },
    }),
    method({
      name: 'chain_unsubscribe',
      summary: 'Ends a subscription of this connection; false when there is none',
      role: 'read',
      params: struct({ subscription: text({ bytesMax: 32 }) }),
      result: boolean,
      run({ subscription }, { subscriptions }) {
        if (!subscriptions) throw rpcFail.NEEDS_WEBSOCKET({})
        return subscriptions.end(subscription)
      },
    }),
  ]
}

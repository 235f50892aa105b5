import {
  address,
  amount,
  type Codec,
  decode,
  hash,
  height,
  type Json,
  list,
  option,
  struct,
  text,
  toJson,
  u64,
} from '@mmtchain/codec'
import {
  type Block,
  type Event,
  type GenesisData,
  header,
  type ModuleSpec,
  type Receipt,
  type StoredBlock,
} from '@mmtchain/kernel'
import { type Hash, toHex } from '@mmtchain/primitives'
import { authority, keySignature, payerConsent, type Transaction } from '@mmtchain/tx'

// How blocks, transactions and receipts look in JSON: the forms of formats.md, with inputs and events decoded for people.

type JsonObject = { readonly [name: string]: Json }

const envelope = struct({
  fingerprint: hash,
  sender: address,
  authority,
  nonce: u64,
  validUntil: height,
  fee: amount,
  weightMax: u64,
  payer: option(address),
})
const signing = struct({ signatures: list(keySignature, { max: 16 }), payerConsent: option(payerConsent) })
const callName = struct({ module: text({ bytesMax: 32 }), command: text({ bytesMax: 32 }) })

export function presentHeader(genesis: GenesisData, value: Block['header']): JsonObject {
  return toJson(header, value, genesis.chain) as JsonObject
}

/** A transaction with each call's input as JSON; `bytes` when this node cannot read it. */
export function presentTransaction(genesis: GenesisData, id: Hash, value: Transaction): JsonObject {
  const { calls, ...rest } = value.body
  return {
    id,
    ...(toJson(envelope, rest, genesis.chain) as JsonObject),
    calls: calls.map((call) => ({
      ...(toJson(callName, call, genesis.chain) as JsonObject),
      input: readable(genesis, specOf(genesis, call.module)?.commands.get(call.command)?.input, call.input),
    })),
    ...(toJson(signing, value, genesis.chain) as JsonObject),
  }
}

export function presentReceipt(genesis: GenesisData, value: Receipt): JsonObject {
  return {
    error: value.error,
    fee: value.fee.toString(),
    weight: value.weight.toString(),
    events: value.events.map((event) => presentEvent(genesis, event)),
  }
}

export function presentEvent(genesis: GenesisData, { module, name, data }: Event): JsonObject {
  return { module, name, data: readable(genesis, specOf(genesis, module)?.events[name], data) }
}

/** A whole block with its receipts. */
export function presentBlock(genesis: GenesisData, stored: StoredBlock): JsonObject {
  const { block, id, seal, receipts, transactionIds, refusals } = stored
  return {
    id,
    header: presentHeader(genesis, block.header),
    transactions: block.transactions.map((transaction, i) => ({
      ...presentTransaction(genesis, transactionIds[i] as Hash, transaction),
      receipt: presentReceipt(genesis, receipts.transactions[i] as Receipt),
      refusal: refusals[i] ? { ...refusals[i] } : null,
    })),
    begin: receipts.begin.map((event) => presentEvent(genesis, event)),
    end: receipts.end.map((event) => presentEvent(genesis, event)),
    evidence: block.evidence.map(toHex),
    missProofs: block.missProofs.map(toHex),
    seal: toHex(seal),
  }
}

function specOf(genesis: GenesisData, module: string): ModuleSpec | undefined {
  return genesis.chain.modules.find(({ spec }) => spec.name === module)?.spec
}

function readable(genesis: GenesisData, codec: Codec<unknown> | undefined, value: Uint8Array): Json {
  if (!codec) return { bytes: toHex(value) }
  try {
    return toJson(codec, decode(codec, value), genesis.chain)
  } catch {
    return { bytes: toHex(value) }
  }
}

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
  type ChainData,
  type Event,
  header,
  type ModuleSpec,
  type Receipt,
  type StoredBlock,
} from '@mmtchain/kernel'
import { type Hash, toHex } from '@mmtchain/primitives'
import { authority, keySignature, payerConsent, type Transaction } from '@mmtchain/tx'

// How blocks, transactions and receipts look in JSON: the forms of formats.md, with inputs and events decoded for people.

type JsonObject = { readonly [name: string]: Json }

export const envelope = struct({
  fingerprint: hash,
  sender: address,
  authority,
  nonce: u64,
  validUntil: height,
  fee: amount,
  weightMax: u64,
  payer: option(address),
})
export const signing = struct({
  signatures: list(keySignature, { max: 16 }),
  payerConsent: option(payerConsent),
})
export const callName = struct({ module: text({ bytesMax: 32 }), command: text({ bytesMax: 32 }) })

export function presentHeader(code: ChainData, value: Block['header']): JsonObject {
  return toJson(header, value, code) as JsonObject
}

/** A transaction with each call's input as JSON; `bytes` when this node cannot read it. */
export function presentTransaction(code: ChainData, id: Hash, value: Transaction): JsonObject {
  const { calls, ...rest } = value.body
  return {
    id,
    ...(toJson(envelope, rest, code) as JsonObject),
    calls: calls.map((call) => ({
      ...(toJson(callName, call, code) as JsonObject),
      input: readable(code, specOf(code, call.module)?.commands.get(call.command)?.input, call.input),
    })),
    ...(toJson(signing, value, code) as JsonObject),
  }
}

export function presentReceipt(code: ChainData, value: Receipt): JsonObject {
  return {
    error: value.error,
    fee: value.fee.toString(),
    weight: value.weight.toString(),
    events: value.events.map((event) => presentEvent(code, event)),
  }
}

export function presentEvent(code: ChainData, { module, name, data }: Event): JsonObject {
  return { module, name, data: readable(code, specOf(code, module)?.events[name], data) }
}

/** A whole block with its receipts. */
export function presentBlock(code: ChainData, stored: StoredBlock): JsonObject {
  const { block, id, seal, receipts, transactionIds, refusals } = stored
  return {
    id,
    header: presentHeader(code, block.header),
    transactions: block.transactions.map((transaction, i) => ({
      ...presentTransaction(code, transactionIds[i] as Hash, transaction),
      receipt: presentReceipt(code, receipts.transactions[i] as Receipt),
      refusal: refusals[i] ? { ...refusals[i] } : null,
    })),
    begin: receipts.begin.map((event) => presentEvent(code, event)),
    end: receipts.end.map((event) => presentEvent(code, event)),
    evidence: block.evidence.map(toHex),
    missProofs: block.missProofs.map(toHex),
    seal: toHex(seal),
  }
}

function specOf(code: ChainData, module: string): ModuleSpec | undefined {
  return code.modules.find(({ spec }) => spec.name === module)?.spec
}

function readable(code: ChainData, codec: Codec<unknown> | undefined, value: Uint8Array): Json {
  if (!codec) return { bytes: toHex(value) }
  try {
    return toJson(codec, decode(codec, value), code)
  } catch {
    return { bytes: toHex(value) }
  }
}

/** Values of an error as JSON: bigints as decimal strings. */
export function plainValues(values: object): JsonObject {
  return JSON.parse(
    JSON.stringify(values, (_, value) => (typeof value === 'bigint' ? value.toString() : value)),
  )
}

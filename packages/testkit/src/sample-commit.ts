import { sha256 } from '@mmtchain/crypto'
import {
  type BlockCommit,
  blockId,
  type Event,
  evidenceRoot,
  type Header,
  listRoot,
  type Receipt,
  type RefusalText,
  receiptsRoot,
  type StateChanges,
  type Store,
  transactionBytes,
  ZERO_HASH,
} from '@mmtchain/kernel'
import { addressFromBytes, amount, type Hash, height, hash as toHash } from '@mmtchain/primitives'
import { type Transaction, transactionId } from '@mmtchain/tx'

/** The chain of all sample blocks. */
export const FINGERPRINT = toHash('5a'.repeat(32))

/**
 * The next block of a store with these changes to its state. Transactions, receipts and refusals are made up from `seed`; the
 * header commits to them, but nothing is signed: a store checks none of that.
 */
export function sampleCommit(args: {
  readonly store: Store
  readonly changes: StateChanges
  readonly seed: number
  readonly transactions?: number
}): BlockCommit {
  const { store, changes, seed } = args
  const random = randomFrom(seed)
  const tip = store.tip()
  const staged = store.stage(changes)
  const count = args.transactions ?? random.below(4)
  const transactions = times(count, () => sampleTransaction(random))
  const evidence = times(random.below(2), () => random.bytes(9))
  const outcomes = transactions.map(() => sampleOutcome(random))
  const receipts = {
    begin: times(random.below(2), () => sampleEvent(random)),
    transactions: outcomes.map(({ receipt }) => receipt),
    end: times(random.below(2), () => sampleEvent(random)),
  }
  const header: Header = {
    version: 1,
    height: height(tip ? tip.header.height + 1n : 0n),
    parent: tip?.id ?? ZERO_HASH,
    timeMs: 1_700_000_000_000n,
    round: random.below(3),
    proposer: addressFromBytes(random.bytes(32)),
    protocolHash: sampleHash(random),
    txRoot: listRoot(transactions.map(transactionBytes)),
    receiptRoot: receiptsRoot(receipts),
    stateRoot: staged.root,
    evidenceRoot: evidenceRoot({ evidence, missProofs: [] }),
    validatorsHash: sampleHash(random),
    nextValidatorsHash: sampleHash(random),
    consensus: random.bytes(random.below(40)),
  }
  return {
    block: { header, transactions, evidence, missProofs: [] },
    id: blockId(FINGERPRINT, header),
    seal: random.bytes(random.below(80)),
    receipts,
    transactionIds: transactions.map(({ body }) => transactionId(body)),
    refusals: outcomes.map(({ refusal }) => refusal),
    staged,
    checkpoint: random.bytes(random.below(30)),
  }
}

function sampleTransaction(random: Random): Transaction {
  return {
    body: {
      fingerprint: FINGERPRINT,
      sender: addressFromBytes(random.bytes(32)),
      authority: { threshold: 1, keys: [{ suite: 2, key: random.bytes(32) }] },
      nonce: BigInt(random.below(2 ** 32)),
      validUntil: height(BigInt(random.below(2 ** 32))),
      fee: amount(BigInt(random.below(2 ** 32))),
      weightMax: BigInt(random.below(2 ** 32)),
      payer: null,
      calls: times(1 + random.below(2), () => ({
        module: 'notes',
        command: 'write',
        input: random.bytes(random.below(60)),
      })),
    },
    signatures: [{ index: 0, signature: random.bytes(64) }],
    payerConsent: null,
  }
}

function sampleOutcome(random: Random): { readonly receipt: Receipt; readonly refusal: RefusalText | null } {
  const cost = { fee: amount(BigInt(random.below(1000))), weight: BigInt(random.below(1000)) }
  if (random.below(3) > 0) {
    const events = times(random.below(3), () => sampleEvent(random))
    return { receipt: { error: null, ...cost, events }, refusal: null }
  }
  const code = 'notes/FULL'
  return {
    receipt: { error: { code, call: 0 }, ...cost, events: [] },
    refusal: { code, message: 'The book is full.', hint: 'Begin another one.' },
  }
}

function sampleEvent(random: Random): Event {
  return { module: 'notes', name: 'written', data: random.bytes(random.below(20)) }
}

export function sampleHash(random: Random): Hash {
  return toHash(random.bytes(32))
}

/** Numbers that a seed decides: SHA-256 in counter mode. */
export interface Random {
  /** A whole number from 0 to before `end`. */
  below(end: number): number
  bytes(length: number): Uint8Array
  pick<T>(from: readonly T[]): T
}

export function randomFrom(seed: number): Random {
  let counter = 0
  const block = () => {
    const input = new DataView(new ArrayBuffer(16))
    input.setFloat64(0, seed)
    input.setFloat64(8, counter++)
    return sha256(new Uint8Array(input.buffer))
  }
  const below = (end: number) => new DataView(block().buffer).getUint32(0) % end
  const bytes = (length: number) => {
    const made = new Uint8Array(Math.ceil(length / 32) * 32)
    for (let at = 0; at < length; at += 32) made.set(block(), at)
    return made.slice(0, length)
  }
  return { below, bytes, pick: (from) => from[below(from.length)] as (typeof from)[number] }
}

/** As many values, made one after another. */
export function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

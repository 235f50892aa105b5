import {
  address,
  amount,
  bytes,
  decode,
  encode,
  hash,
  height,
  type Infer,
  list,
  option,
  struct,
  text,
  u8,
  u16,
  u32,
  u64,
  withEncoded,
} from '@mmtchain/codec'
import { hashTagged, sha256Into, tag } from '@mmtchain/crypto'
import { concatBytes, equalBytes, type Hash, hashToBytes, hash as toHash } from '@mmtchain/primitives'
import { publicKey, transaction } from '@mmtchain/tx'

/** What a block commits to and what its id covers (formats.md, section 12). */
export const header = struct({
  version: u16,
  height,
  parent: hash,
  timeMs: u64,
  round: u32,
  proposer: address,
  protocolHash: hash,
  txRoot: hash,
  receiptRoot: hash,
  stateRoot: hash,
  evidenceRoot: hash,
  validatorsHash: hash,
  nextValidatorsHash: hash,
  consensus: bytes({ bytesMax: 4096 }),
})
export type Header = Infer<typeof header>

/** The most transactions of one block. */
export const TRANSACTIONS_MAX = 65_536

const proofs = list(bytes({ bytesMax: 65_536 }), { max: 256 })

const body = {
  transactions: list(transaction, { max: TRANSACTIONS_MAX }),
  evidence: proofs,
  missProofs: proofs,
}
export const block = struct({ header, ...body })
export type Block = Infer<typeof block>
const blockBody = struct(body)

/** Something that a module said: `data` is the BCS of the event's type. */
export const event = struct({
  module: text({ bytesMax: 32 }),
  name: text({ bytesMax: 32 }),
  data: bytes({ bytesMax: 65_536 }),
})
export type Event = Infer<typeof event>

export const EVENTS_MAX = 1024
export const HOOK_EVENTS_MAX = 65_536

/** What came of a transaction. `error` has the public code and the index of the refused call. */
export const receipt = struct({
  error: option(struct({ code: text({ bytesMax: 96 }), call: u8 })),
  fee: amount,
  weight: u64,
  events: list(event, { max: EVENTS_MAX }),
})
export type Receipt = Infer<typeof receipt>

const hookEvents = list(event, { max: HOOK_EVENTS_MAX })

/** All that came of a block: events of the hooks before and after, and a receipt for each transaction. */
export const receipts = struct({
  begin: hookEvents,
  transactions: list(receipt, { max: TRANSACTIONS_MAX }),
  end: hookEvents,
})
export type Receipts = Infer<typeof receipts>

export const validator = struct({ address, key: publicKey })
export type Validator = Infer<typeof validator>

/** Who may propose and vote, in roster order, for the heights of an epoch. */
export const validatorSet = struct({
  epoch: u64,
  epochStartTurn: u64,
  seed: hash,
  validators: list(validator, { max: 1024 }),
})
export type ValidatorSet = Infer<typeof validatorSet>

/** 32 zero bytes: the root of nothing, the parent of block 0. */
export const ZERO_HASH = toHash('0'.repeat(64))

const HASH_BYTES = 32
const BLOCK_TAG = tag('mmt/block/1')
const LIST_LEAF_TAG = tag('mmt/list/leaf/1')
const VALIDATORS_TAG = tag('mmt/validators/1')
const SEED_TAG = tag('mmt/seed/1')

/**
 * The id of a block (formats.md, 12.2). A header is asked for it wherever it goes, so the id is kept beside the object, which nobody
 * may change: another header is another object.
 */
export function blockId(fingerprint: Hash, value: Header): Hash {
  const known = knownHeaders.get(value)
  return known?.fingerprint === fingerprint ? known.id : identified(fingerprint, value).id
}

interface KnownHeader {
  readonly fingerprint: Hash
  readonly id: Hash
  /** How long its encoding is. */
  readonly length: number
}
const knownHeaders = new WeakMap<Header, KnownHeader>()

function identified(fingerprint: Hash, value: Header): KnownHeader {
  const known = withEncoded(header, value, (bytes) => {
    const id = toHash(hashTagged(BLOCK_TAG, hashToBytes(fingerprint), bytes))
    return { fingerprint, id, length: bytes.length }
  })
  knownHeaders.set(value, known)
  return known
}

/** How many bytes a block takes. */
export function blockLength(value: Block): number {
  const { header: head, transactions, evidence, missProofs } = value
  const length = knownHeaders.get(head)?.length ?? withEncoded(header, head, lengthOf)
  if (transactions.length + evidence.length + missProofs.length === 0) return length + blockBody.bytesMin
  return length + withEncoded(blockBody, value, lengthOf)
}

const lengthOf = ({ length }: Uint8Array) => length

/** The first of two headers where both say the same, so that what is known of it stays known; otherwise the second. */
export function sameHeader(given: Header, made: Header): Header {
  return HEADER_FIELDS.every((field) => given[field] === made[field]) ? given : made
}

const HEADER_FIELDS = Object.keys(header.schema.properties as object) as readonly (keyof Header)[]

/**
 * The hash that headers have for who rules. A set is asked for its hash a dozen times a block and stays the same object for an epoch
 * and longer, so the hash is kept beside the object, which nobody may change.
 */
export function validatorsHash(fingerprint: Hash, value: ValidatorSet): Hash {
  const known = hashesOfSets.get(value)
  if (known?.fingerprint === fingerprint) return known.hash
  const hash = toHash(hashTagged(VALIDATORS_TAG, hashToBytes(fingerprint), encode(validatorSet, value)))
  hashesOfSets.set(value, { fingerprint, hash })
  return hash
}

const hashesOfSets = new WeakMap<ValidatorSet, { readonly fingerprint: Hash; readonly hash: Hash }>()

/**
 * The set that bytes hold. A chain changes its set once an epoch or never, so the newest ones are kept as they were read, for all who ask;
 * nobody may change them.
 */
export function readValidatorSet(bytes: Uint8Array): ValidatorSet {
  const known = recentSets.find((one) => equalBytes(one.bytes, bytes))
  if (known) return known.set
  const set = decode(validatorSet, bytes)
  recentSets.unshift({ bytes: bytes.slice(), set })
  recentSets.length = Math.min(recentSets.length, RECENT_SETS)
  return set
}

const RECENT_SETS = 4
const recentSets: { readonly bytes: Uint8Array; readonly set: ValidatorSet }[] = []

/** The seed of a block where no election makes one. Its proposer can bias it. */
export function parentSeed(fingerprint: Hash, parent: Hash): Hash {
  return toHash(hashTagged(SEED_TAG, hashToBytes(fingerprint), hashToBytes(parent)))
}

/** The root over a list of byte strings (formats.md, section 8). */
export function listRoot(items: readonly Uint8Array[]): Hash {
  return rootOf(items, items.length, hashBytes)
}

function hashBytes(items: readonly Uint8Array[], i: number, target: Uint8Array, at: number): void {
  sha256Into(target, at, items[i] as Uint8Array)
}

/**
 * The root over a list of `of` whose items `hashItem` hashes: it writes the hash of item `i` into `target` at `at`. It is to outlive the block, so that its
 * optimised code does (ADR 0106).
 */
function rootOf<T>(
  of: T,
  count: number,
  hashItem: (of: T, i: number, target: Uint8Array, at: number) => void,
): Hash {
  if (count === 0) return ZERO_HASH
  // For each height the two hashes of which the one above is made: a whole one that waits, and its neighbour. Those that wait at the end are
  // joined from below; this gives the tree of RFC 6962.
  const pairs = Array.from({ length: 32 - Math.clz32(count) }, () => new Uint8Array(2 * HASH_BYTES))
  const leaf = concatBytes(LIST_LEAF_TAG, new Uint8Array(HASH_BYTES))
  for (let i = 0; i < count; i++) {
    hashItem(of, i, leaf, LIST_LEAF_TAG.length)
    sha256Into(pairs[0] as Uint8Array, HASH_BYTES * (i & 1), leaf)
    for (let height = 1, at = i; at & 1; height++) {
      at >>= 1
      sha256Into(pairs[height] as Uint8Array, HASH_BYTES * (at & 1), pairs[height - 1] as Uint8Array)
    }
  }
  let root: Uint8Array | undefined
  for (const [height, pair] of pairs.entries()) {
    if (((count >> height) & 1) === 0) continue
    if (root) {
      pair.set(root, HASH_BYTES)
      sha256Into(root, 0, pair)
    } else root = pair.slice(0, HASH_BYTES)
  }
  return toHash(root as Uint8Array)
}

/** The root over a block's receipts (formats.md, 7.3). */
export function receiptsRoot(value: Receipts): Hash {
  const { begin, transactions, end } = value
  if (begin.length + transactions.length + end.length > 0) return rootOfReceipts(value)
  rootOfNothing ??= rootOfReceipts(value)
  return rootOfNothing
}

/** That of a block in which nothing happened, as most blocks of a quiet chain are. */
let rootOfNothing: Hash | undefined

function rootOfReceipts(value: Receipts): Hash {
  return rootOf(value, value.transactions.length + 2, hashReceipt)
}

function hashReceipt(
  { begin, transactions, end }: Receipts,
  i: number,
  target: Uint8Array,
  at: number,
): void {
  hashed.target = target
  hashed.at = at
  const one = transactions[i - 1]
  if (one) withEncoded(receipt, one, hashEncoded)
  else withEncoded(hookEvents, i === 0 ? begin : end, hashEncoded)
}

/** Where the hash of what is being encoded goes. */
const hashed: { target: Uint8Array; at: number } = { target: new Uint8Array(), at: 0 }
const hashEncoded = (bytes: Uint8Array) => sha256Into(hashed.target, hashed.at, bytes)

/** The root over evidence and proofs of misses (formats.md, 12.4). */
export function evidenceRoot({ evidence, missProofs }: Pick<Block, 'evidence' | 'missProofs'>): Hash {
  return listRoot([
    ...evidence.map((one) => concatBytes(Uint8Array.of(0), one)),
    ...missProofs.map((one) => concatBytes(Uint8Array.of(1), one)),
  ])
}

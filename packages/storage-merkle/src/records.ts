// Every kind of entry of the database: its key, how its value reads, and what people call it.
import {
  address,
  bytes,
  type Codec,
  decode,
  encode,
  fixedBytes,
  hash,
  height,
  type Infer,
  list,
  option,
  struct,
  text,
  u8,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import { block, receipts, type StateKey } from '@mmtchain/kernel'
import {
  type Address,
  addressToBytes,
  type ChainError,
  fromHex,
  type Hash,
  type Height,
  hashToBytes,
  isChainError,
  hash as toHash,
  toHex,
} from '@mmtchain/primitives'
import { crc32, crc32Viewed, type Viewed } from './crc32.ts'
import { isKey, type KeyBytes } from './key-bytes.ts'
import type { Page, PageRef } from './key-index.ts'
import { merkleStoreFail } from './refusals.ts'
import { decodeReplaced, type Replaced } from './replaced.ts'
import { BITS_MAX, decodeReplacedRows, type ReplacedRows } from './replaced-rows.ts'
import type { TreeRoot } from './state-tree.ts'
import { type Place, placeBytes, readU48, writeU48 } from './tree-nodes.ts'

/** The layout that this software writes, and the only one that it reads. */
export const FORMAT = 5

/** One entry of the database, to be read. `decode` may throw anything for bytes that were never written. */
export interface Readable<T> {
  readonly key: Uint8Array
  readonly name: () => string
  decode(body: Uint8Array): T
}

export interface Entry<T> extends Readable<T> {
  encode(value: T): Uint8Array
}

/** A row, and the height of the block that wrote it. */
export interface Row {
  readonly since: number
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** The longest message or hint of a refusal that is kept whole. */
export const REFUSAL_TEXT_BYTES_MAX = 4096
const BYTES_MAX = 2 ** 31 - 1
/** The checksum that ends every value. */
export const SUM_BYTES = 4

const anyBytes = bytes({ bytesMax: BYTES_MAX })
const refusalText = text({ bytesMax: REFUSAL_TEXT_BYTES_MAX })
const refusal = struct({ code: text({ bytesMax: 96 }), message: refusalText, hint: refusalText })
const hashBytes = fixedBytes(32)

const meta = struct({ format: u32 })
/** The newest block, the oldest height whose state is kept, and the first block that is here. */
const tip = struct({ height, oldest: height, first: height })
const blockBody = struct({
  block,
  seal: anyBytes,
  receipts,
  transactionIds: list(hash, { max: 65_536 }),
  refusals: list(option(refusal), { max: 65_536 }),
  /** The accounts in whose histories it is. */
  accounts: list(address, { max: 2 ** 31 - 1 }),
})
const transactionPlace = struct({ height, index: u32 })
const treeRoot = union({
  empty: unit,
  leaf: struct({ path: hashBytes, valueHash: hashBytes, since: u64 }),
  node: struct({ hash: hashBytes, born: u64 }),
})
const version = struct({
  tree: treeRoot,
  index: option(struct({ born: u64, number: u32 })),
  rows: u64,
  replacedBits: u8,
  checkpoint: anyBytes,
})
const page = struct({
  keys: list(struct({ shared: u32, rest: bytes({ bytesMax: BYTES_MAX }) }), { max: 255 }),
  pages: option(list(struct({ born: u64, number: u32 }), { max: 255 })),
})
const restoring = struct({ snapshot: hash, next: u32, done: u8, tree: treeRoot })

/** The roots of the state after a block. */
export interface Version {
  /** The block's height. */
  readonly height: bigint
  readonly tree: TreeRoot
  readonly index: PageRef | undefined
  readonly rows: bigint
  /** The rows that the block replaced are in 2^replacedBits parts. */
  readonly replacedBits: number
  readonly checkpoint: Uint8Array
}

/** How far the restoring of a snapshot is: the next chunk, and 1 when only the sorted keys are left to be removed. */
export interface Restoring {
  readonly snapshot: Hash
  readonly next: number
  readonly done: number
  readonly tree: TreeRoot
}

/** Every kind of entry. A key begins with its kind's letter, so that kinds do not mix. */
export const entry = {
  meta: () => coded('m', none, meta, () => 'its format'),
  tip: () => coded('t', none, tip, () => 'its tip'),
  block: (at: Height) => coded('b', u64Bytes(at), blockBody, () => `block ${at}`),
  blockId: (at: Height) => coded('h', u64Bytes(at), hash, () => `the id of block ${at}`),
  blockHeight: (id: Hash) => coded('i', hashToBytes(id), height, () => `the height of block ${id}`),
  transaction: (id: Hash) => coded('x', hashToBytes(id), transactionPlace, () => `transaction ${id}`),
  history: (account: Address, at: bigint): Readable<HistoryPart> => ({
    key: keyOf('a', historyBytes(account, at)),
    name: () => `the history of ${account} at height ${at}`,
    decode: decodeHistory,
  }),
  // Rows and nodes are read for every transaction: an object that is spread into another costs as much as a decoded row.
  row: (path: Uint8Array): Entry<Row> => rowUnder(rowKey(path)),
  replacedRows: (at: Part): Readable<ReplacedRows> => ({
    key: partKey(at),
    name: () => `part ${at.part} of the rows that block ${at.height} replaced`,
    decode: decodeReplacedRows,
  }),
  node: (place: Place): Entry<Uint8Array> => ({
    encode: plain.encode,
    decode: plain.decode,
    key: nodeKey(place),
    name: () => `tree node ${toHex(placeBytes(place))}`,
  }),
  page: (ref: PageRef): Entry<Page> => ({
    key: keyOf('p', pageBytes(ref)),
    name: () => `index page ${toHex(pageBytes(ref))}`,
    encode: encodePage,
    decode: decodePage,
  }),
  version: (at: Height): Entry<Version> => ({
    key: keyOf('v', u64Bytes(at)),
    name: () => `the state of height ${at}`,
    encode: encodeVersion,
    decode: (body) => decodeVersion(body, at),
  }),
  replaced: (at: Height): Readable<Replaced> => ({
    key: keyOf('c', u64Bytes(at)),
    name: () => `the changes of block ${at}`,
    decode: decodeReplaced,
  }),
  restoring: (): Entry<Restoring> => ({
    key: keyOf('r', none),
    name: () => 'its progress of restoring',
    encode: (value) => encode(restoring, { ...value, tree: treeToCodec(value.tree) }),
    decode(body) {
      const value = decode(restoring, body)
      return { ...value, tree: treeFromCodec(value.tree) }
    },
  }),
  /** A key that waits to be put into the index; LevelDB sorts them. */
  sortedKey: (key: Uint8Array): Entry<Uint8Array> => ({
    ...plain,
    key: keyOf('q', key),
    name: () => `the key ${toHex(key)}`,
  }),
}

function rowUnder(key: Uint8Array): Entry<Row> {
  const name = () => `the row of path ${toHex(key.subarray(1))}`
  return { encode: encodeRow, decode: decodeRow, key, name }
}

/** The row at a path that is written to eight words from `at` on, again and again: a small array for each read takes as long as its hash. */
export function rowAtWords(): {
  readonly entry: Entry<Row>
  readonly words: Int32Array
  readonly at: number
} {
  const memory = new ArrayBuffer(36)
  const key = new Uint8Array(memory, 3)
  key[0] = 's'.charCodeAt(0)
  return { entry: rowUnder(key), words: new Int32Array(memory), at: 1 }
}

export function rowKey(path: Uint8Array): Uint8Array {
  return keyOf('s', path)
}

/** Some of the rows that a block replaced. */
export interface Part {
  readonly height: bigint
  readonly part: number
}

export const PART_KEY_BYTES = 9

function partKey({ height, part }: Part): Uint8Array {
  const key = new Uint8Array(PART_KEY_BYTES)
  writePartKey(key, 0, Number(height), part)
  return key
}

export function writePartKey(to: Uint8Array, at: number, height: number, part: number): void {
  to[at] = 'o'.charCodeAt(0)
  writeU48(to, at + 1, height)
  to[at + 7] = part >> 8
  to[at + 8] = part
}

function nodeKey(place: Place): Uint8Array {
  return keyOf('n', placeBytes(place))
}

/** The range of all keys that begin with a letter and the bytes after it. */
export function keysOf(letter: string, rest: Uint8Array = none): { gte: Uint8Array; lt: Uint8Array } {
  const gte = keyOf(letter, rest)
  const lt = gte.slice()
  let at = lt.length - 1
  while (lt[at] === 0xff) at--
  lt[at] = (lt[at] as number) + 1
  return { gte, lt: lt.subarray(0, at + 1) }
}

/** The range of what one block wrote of a kind whose keys begin with its height. */
export function keysBornAt(letter: 'n' | 'p', born: number): { gte: Uint8Array; lt: Uint8Array } {
  return keysOf(letter, u48Bytes(born))
}

/** The transactions of a block that concern an account, in their order. */
export interface HistoryPart {
  readonly count: number
  indexAt(i: number): number
  idAt(i: number): Hash
}

/** An index and an id. */
export const HISTORY_ITEM_BYTES = 36

/** An account may be in all transactions of a block, of which few are asked for: they are read one by one. */
function decodeHistory(body: Uint8Array): HistoryPart {
  const count = body.length / HISTORY_ITEM_BYTES
  if (count === 0 || !Number.isInteger(count)) throw new RangeError(`it has ${body.length} bytes`)
  return {
    count,
    indexAt: (i) => readU32(body, i * HISTORY_ITEM_BYTES),
    idAt: (i) => toHash(body.subarray(i * HISTORY_ITEM_BYTES + 4, (i + 1) * HISTORY_ITEM_BYTES)),
  }
}

/** How many of them come before an index. */
export function countBefore({ count, indexAt }: HistoryPart, index: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (indexAt(middle) < index) low = middle + 1
    else high = middle
  }
  return low
}

/** The range of an account's history up to a height. */
export function historyKeys(account: Address, last: bigint): { gte: Uint8Array; lt: Uint8Array } {
  return { gte: keysOf('a', addressToBytes(account)).gte, lt: entry.history(account, last + 1n).key }
}

export function heightOfHistory(key: Uint8Array): bigint {
  return new DataView(key.buffer, key.byteOffset, key.length).getBigUint64(33)
}

/**
 * The bytes to store: the value, then the CRC-32 of key and value. LevelDB does not check its own checksums when it reads,
 * and a byte that has flipped in an amount would still decode.
 */
export function pack<T>(entry: Entry<T>, value: T): Uint8Array {
  return packBody(entry.key, entry.encode(value))
}

/** The same for a body that is encoded already. */
export function packBody(key: Uint8Array, body: Uint8Array): Uint8Array {
  const packed = new Uint8Array(body.length + SUM_BYTES)
  packed.set(body)
  writeU32(packed, body.length, crc32(body, crc32(key)))
  return packed
}

/** Writes the checksum of a key and the value behind it into the last bytes before `end`. */
export function seal(memory: Viewed, start: number, end: number): void {
  writeU32(memory.bytes, end - SUM_BYTES, crc32Viewed(memory, start, end - SUM_BYTES))
}

export function writeU32(to: Uint8Array, at: number, value: number): void {
  to[at] = value >>> 24
  to[at + 1] = value >>> 16
  to[at + 2] = value >>> 8
  to[at + 3] = value
}

/** Throws `store/DAMAGED` unless the checksum of an entry of any kind fits. */
export function checkSum(key: Uint8Array, packed: Uint8Array): void {
  const name = () => `the entry ${toHex(key)}`
  unpack({ key, name, ...plain }, packed)
}

/** The value of stored bytes. Throws `store/DAMAGED` for any others than `pack` makes. */
export function unpack<T>(entry: Readable<T>, packed: Uint8Array): T {
  const end = bodyEnd(entry, packed)
  try {
    return entry.decode(packed.subarray(0, end))
  } catch (error) {
    if (!isChainError(error) && !(error instanceof RangeError)) throw error
    throw damaged(entry, error.message)
  }
}

/** Where the value of stored bytes ends. Throws `store/DAMAGED` unless the checksum behind it fits. */
function bodyEnd(entry: Readable<unknown>, packed: Uint8Array): number {
  const end = packed.length - SUM_BYTES
  if (end < 0) throw damaged(entry, 'it is too short')
  if (readU32(packed, end) !== crc32(packed, crc32(entry.key), 0, end))
    throw damaged(entry, 'its checksum is wrong')
  return end
}

/**
 * The value of the stored row of a state key, as a view. It is `unpack` without an object for each part, since most of what is read is rows.
 * Throws `store/DAMAGED` for another row, too.
 */
export function valueOfRow(entry: Readable<Row>, packed: Uint8Array, key: KeyBytes): Uint8Array {
  const end = bodyEnd(entry, packed)
  const start = ROW_HEAD_BYTES + key.length
  const fits = start <= end && readU32(packed, ROW_HEAD_BYTES - 4) === key.length
  if (!fits || !isKey(packed, ROW_HEAD_BYTES, key))
    throw damaged(entry, `it is not that of the key ${toHex(key.bytes.subarray(0, key.length))}`)
  return new Uint8Array(packed.buffer, packed.byteOffset + start, end - start)
}

export function missing(from: Readable<unknown>): ChainError {
  return damaged(from, 'it is missing')
}

function damaged(entry: Readable<unknown>, why: string): ChainError {
  return merkleStoreFail.DAMAGED({ record: entry.name(), why })
}

const none = new Uint8Array()
const plain = { encode: (value: Uint8Array) => value, decode: (body: Uint8Array) => body }

/** What stands before the key of a row: the height that wrote it, and the length of the key (u32, big-endian). */
export const ROW_HEAD_BYTES = 10

function encodeRow({ since, key, value }: Row): Uint8Array {
  const body = new Uint8Array(ROW_HEAD_BYTES + key.length + value.length)
  writeRowHead(body, 0, { since, keyBytes: key.length })
  body.set(key, ROW_HEAD_BYTES)
  body.set(value, ROW_HEAD_BYTES + key.length)
  return body
}

export function decodeRow(body: Uint8Array): Row {
  if (body.length < ROW_HEAD_BYTES) throw new RangeError('its head is too short')
  const end = ROW_HEAD_BYTES + readU32(body, ROW_HEAD_BYTES - 4)
  if (end > body.length) throw new RangeError('its key ends early')
  return { since: readU48(body, 0), key: body.subarray(ROW_HEAD_BYTES, end), value: body.subarray(end) }
}

function readU32(from: Uint8Array, at: number): number {
  const low = ((from[at + 1] as number) << 16) | ((from[at + 2] as number) << 8) | (from[at + 3] as number)
  return (from[at] as number) * 2 ** 24 + low
}

export function writeRowHead(
  to: Uint8Array,
  at: number,
  { since, keyBytes }: { readonly since: number; readonly keyBytes: number },
): void {
  writeU48(to, at, since)
  writeU32(to, at + 6, keyBytes)
}

/** Each key as how many digits it shares with the one before it, and the rest. */
function encodePage({ keys, pages }: Page): Uint8Array {
  let before = ''
  const short: { readonly shared: number; readonly rest: Uint8Array }[] = []
  for (const key of keys) {
    let shared = 0
    while (shared + 2 <= before.length && before.slice(shared, shared + 2) === key.slice(shared, shared + 2))
      shared += 2
    before = key
    short.push({ shared: shared / 2, rest: fromHex(key.slice(shared)) })
  }
  const refs = pages?.map(({ born, number }) => ({ born: BigInt(born), number })) ?? null
  return encode(page, { keys: short, pages: refs })
}

function decodePage(body: Uint8Array): Page {
  const { keys: short, pages } = decode(page, body)
  let before: StateKey = ''
  const keys = short.map(({ shared, rest }) => {
    before = before.slice(0, 2 * shared) + toHex(rest)
    return before
  })
  return { keys, pages: pages?.map(({ born, number }) => ({ born: Number(born), number })) }
}

function encodeVersion({ tree, index, rows, replacedBits, checkpoint }: Version): Uint8Array {
  const ref = index ? { born: BigInt(index.born), number: index.number } : null
  return encode(version, { tree: treeToCodec(tree), index: ref, rows, replacedBits, checkpoint })
}

function decodeVersion(body: Uint8Array, height: bigint): Version {
  const { tree, index, ...rest } = decode(version, body)
  if (rest.replacedBits > BITS_MAX) throw new RangeError('it has too many parts')
  const ref = index ? { ...index, born: Number(index.born) } : undefined
  return { ...rest, height, tree: treeFromCodec(tree), index: ref }
}

function treeToCodec(tree: TreeRoot): Infer<typeof treeRoot> {
  if (tree.kind === 'empty') return { kind: 'empty', value: null }
  if (tree.kind === 'node') return { kind: 'node', value: { hash: tree.hash, born: BigInt(tree.born) } }
  const { path, valueHash, since } = tree
  return { kind: 'leaf', value: { path, valueHash, since: BigInt(since) } }
}

function treeFromCodec(tree: Infer<typeof treeRoot>): TreeRoot {
  if (tree.kind === 'empty') return { kind: 'empty' }
  if (tree.kind === 'node') return { kind: 'node', hash: tree.value.hash, born: Number(tree.value.born) }
  return { kind: 'leaf', ...tree.value, since: Number(tree.value.since) }
}

function coded<T>(letter: string, rest: Uint8Array, codec: Codec<T>, name: () => string): Entry<T> {
  return {
    key: keyOf(letter, rest),
    name,
    encode: (value) => encode(codec, value),
    decode: (body) => decode(codec, body),
  }
}

function keyOf(letter: string, rest: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + rest.length)
  key[0] = letter.charCodeAt(0)
  key.set(rest, 1)
  return key
}

function u64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

function u48Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(6)
  writeU48(bytes, 0, value)
  return bytes
}

export function pageBytes({ born, number }: PageRef): Uint8Array {
  const bytes = new Uint8Array(10)
  writeU48(bytes, 0, born)
  new DataView(bytes.buffer).setUint32(6, number)
  return bytes
}

function historyBytes(account: Address, at: bigint): Uint8Array {
  const bytes = new Uint8Array(40)
  bytes.set(addressToBytes(account))
  new DataView(bytes.buffer).setBigUint64(32, at)
  return bytes
}

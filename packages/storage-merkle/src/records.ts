import { crc32 } from 'node:zlib'
import {
  bytes,
  type Codec,
  decode,
  encode,
  hash,
  height,
  list,
  option,
  struct,
  text,
  u32,
  u64,
} from '@mmtchain/codec'
import { block, receipts, type StateKey } from '@mmtchain/kernel'
import { fromHex, type Hash, type Height, hashToBytes, isChainError, toHex } from '@mmtchain/primitives'
import { merkleStoreFail } from './refusals.ts'
import { subtree, treeNode } from './state-tree.ts'

/** The layout that this software writes, and the only one that it reads. */
export const FORMAT = 1

/** One entry of the database: its key, how its value reads, and what people call it. */
export interface Entry<T> {
  readonly key: Uint8Array
  readonly codec: Codec<T>
  readonly name: () => string
}

/** The longest message or hint of a refusal that is kept whole. */
export const REFUSAL_TEXT_BYTES_MAX = 4096
const BYTES_MAX = 2 ** 31 - 1

const anyBytes = bytes({ bytesMax: BYTES_MAX })
const refusalText = text({ bytesMax: REFUSAL_TEXT_BYTES_MAX })
const refusal = struct({ code: text({ bytesMax: 96 }), message: refusalText, hint: refusalText })

const meta = struct({ format: u32 })
const tip = struct({ height, tree: subtree, rows: u64, checkpoint: anyBytes })
const blockBody = struct({
  block,
  seal: anyBytes,
  receipts,
  transactionIds: list(hash, { max: 65_536 }),
  refusals: list(option(refusal), { max: 65_536 }),
})
const transactionPlace = struct({ height, index: u32 })

/** Every kind of entry. A key begins with its kind's letter, so that kinds do not mix. */
export const entry = {
  meta: () => entryAt('m', new Uint8Array(), meta, () => 'its format'),
  tip: () => entryAt('t', new Uint8Array(), tip, () => 'its tip'),
  block: (at: Height) => entryAt('b', u64Bytes(at), blockBody, () => `block ${at}`),
  blockId: (at: Height) => entryAt('h', u64Bytes(at), hash, () => `the id of block ${at}`),
  blockHeight: (id: Hash) => entryAt('i', hashToBytes(id), height, () => `the height of block ${id}`),
  transaction: (id: Hash) => entryAt('x', hashToBytes(id), transactionPlace, () => `transaction ${id}`),
  row: (key: StateKey) => entryAt('s', fromHex(key), anyBytes, () => `row ${key}`),
  node: (place: Uint8Array) => entryAt('n', place, treeNode, () => `tree node ${toHex(place)}`),
}

/** The range of the keys of all rows. */
export const rowKeys = { gte: Buffer.from('s'), lt: Buffer.from('t') }

/**
 * The bytes to store: the value's BCS, then the CRC-32 of key and value. LevelDB does not check its own checksums when
 * it reads, and a byte that has flipped in an amount would still decode.
 */
export function pack<T>(entry: Entry<T>, value: T): Uint8Array {
  const body = encode(entry.codec, value)
  const packed = new Uint8Array(body.length + 4)
  packed.set(body)
  new DataView(packed.buffer).setUint32(body.length, checksum(entry.key, body))
  return packed
}

/** The value of stored bytes. Throws `store/DAMAGED` for any others than `pack` makes. */
export function unpack<T>(entry: Entry<T>, packed: Uint8Array): T {
  const damaged = (why: string) => merkleStoreFail.DAMAGED({ record: entry.name(), why })
  if (packed.length < 4) throw damaged('it is too short')
  const body = packed.subarray(0, -4)
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  if (view.getUint32(body.length) !== checksum(entry.key, body)) throw damaged('its checksum is wrong')
  try {
    return decode(entry.codec, body)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw damaged(error.message)
  }
}

function checksum(key: Uint8Array, body: Uint8Array): number {
  return crc32(body, crc32(key))
}

function entryAt<T>(letter: string, rest: Uint8Array, codec: Codec<T>, name: () => string): Entry<T> {
  const key = new Uint8Array(1 + rest.length)
  key[0] = letter.charCodeAt(0)
  key.set(rest, 1)
  return { key, codec, name }
}

function u64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

// Reads everything that a store has and checks that it belongs together.
import { sha256 } from '@mmtchain/crypto'
import type { Header } from '@mmtchain/kernel'
import {
  concatBytes,
  equalBytes,
  fromHex,
  type Hash,
  hash as toHash,
  height as toHeight,
} from '@mmtchain/primitives'
import type { View } from './database.ts'
import { keyIndex } from './key-index.ts'
import { checkSum, entry, missing, type Version } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import { subtreeRoot } from './snapshot-format.ts'
import { readBlock } from './state.ts'

/** What was read. */
export interface CheckedStore {
  readonly entries: number
  readonly rows: number
  readonly blocks: number
}

/** Rows are hashed by subtrees of this depth, which the order of the database gives one after another. */
const PART_BITS = 16
const ALL = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) }

/**
 * Throws `store/DAMAGED` for the first thing that is wrong: an entry whose checksum does not fit, rows that do not have the state
 * root of the tip, an index without one of their keys, a block that is missing or not the child of the one before.
 */
export async function checkEverything(args: {
  readonly view: View
  readonly version: Version
  readonly header: Header
  readonly first: bigint
  /** Throws when the reading is to stop. */
  readonly check: () => unknown
}): Promise<CheckedStore> {
  const { view, version, header, first, check } = args
  let entries = 0
  for await (const [key, packed] of view.entries(ALL)) {
    check()
    checkSum(key, packed)
    entries++
  }
  const { rows, root } = await rootOfRows(view, check)
  if (toHash(root) !== header.stateRoot)
    throw damaged('its rows', 'they do not have the state root of the tip')
  // An index of its own: pages of this version may be pruned meanwhile.
  const index = keyIndex({
    bytesMax: 1 << 20,
    load(ref) {
      const page = view.read(entry.page(ref))
      if (!page) throw missing(entry.page(ref))
      return page
    },
  })
  let keys = 0
  for (const key of index.keys(version.index, { prefix: '' })) {
    check()
    const row = entry.row(sha256(fromHex(key)))
    if (!view.read(row)) throw damaged(row.name(), 'it is missing')
    keys++
  }
  if (keys !== rows) throw damaged('its index', `it has ${keys} keys for ${rows} rows`)
  let parent: Hash | undefined
  for (let at = first; at <= header.height; at++) {
    check()
    const { block, id } = readBlock(view, toHeight(at))
    if (parent !== undefined && block.header.parent !== parent)
      throw damaged(`block ${at}`, 'it is not the child of the one before')
    parent = id
  }
  return { entries, rows, blocks: Number(header.height - first) + 1 }
}

interface Subtree {
  readonly rows: number
  readonly root: Uint8Array
}

async function rootOfRows(view: View, check: () => unknown): Promise<Subtree> {
  const parts: (Subtree | undefined)[] = new Array(2 ** PART_BITS)
  let rows: { path: Uint8Array; value: Uint8Array }[] = []
  let part = 0
  const finish = () => {
    if (rows.length > 0) parts[part] = { rows: rows.length, root: subtreeRoot(rows, PART_BITS) }
    rows = []
  }
  for await (const [key, packed] of view.entries({ gte: Uint8Array.of(0x73), lt: Uint8Array.of(0x74) })) {
    check()
    const path = key.slice(1)
    const row = entry.row(path).decode(packed.subarray(0, -4))
    if (!equalBytes(sha256(row.key), path)) throw damaged(entry.row(path).name(), 'it has another key')
    const next = ((path[0] as number) << 8) | (path[1] as number)
    if (next !== part) finish()
    part = next
    rows.push({ path, value: row.value.slice() })
  }
  finish()
  let level = parts
  for (let width = 2 ** PART_BITS; width > 1; width /= 2)
    level = Array.from({ length: width / 2 }, (_, i) => joined(level[2 * i], level[2 * i + 1]))
  return level[0] ?? { rows: 0, root: new Uint8Array(32) }
}

function joined(left: Subtree | undefined, right: Subtree | undefined): Subtree | undefined {
  const rows = (left?.rows ?? 0) + (right?.rows ?? 0)
  // One row alone stands for the whole subtree.
  if (rows < 2) return left ?? right
  const none = new Uint8Array(32)
  return { rows, root: sha256(concatBytes(left?.root ?? none, right?.root ?? none)) }
}

function damaged(record: string, why: string) {
  return merkleStoreFail.DAMAGED({ record, why })
}

// Reading the state after a block: rows, their order, proofs. What is read is checked against the state tree where it can be.
import type { Header, StateKey, StateReader, StoredBlock } from '@mmtchain/kernel'
import {
  compareBytes,
  copyOfBytes,
  equalBytes,
  fromHex,
  type Hash,
  type Height,
  toHex,
} from '@mmtchain/primitives'
import type { View } from './database.ts'
import { commitmentProof, type ProvenKey, type ProvenRow } from './ics23.ts'
import { hashKey } from './key-bytes.ts'
import { type KeyIndex, keyIndex } from './key-index.ts'
import { hashKeyWith, type MessageHasher } from './message-hasher.ts'
import type { PairHasher } from './pair-hasher.ts'
import { pastRow } from './past-rows.ts'
import { entry, missing, type Row, rowAtWords, type Version, valueOfRow } from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import { type RowMemory, rowMemory } from './row-memory.ts'
import { type StateTree, stateTree, type TreeRoot } from './state-tree.ts'
import { findRow, isKnownAbsent, neighbourOf, provePaths, siblingsOf, type TreeRow } from './tree-proofs.ts'

/**
 * All that reads see, replaced as a whole when a batch is on disk. The view is a snapshot, so what LevelDB already
 * shows of a commit under way cannot be seen before that.
 */
export interface Committed {
  readonly view: View
  readonly tip: { readonly header: Header; readonly id: Hash } | undefined
  readonly version: Version
}

/** How much memory each part may take, in bytes. */
export interface MemoryBounds {
  readonly rows: number
  readonly tree: number
  readonly index: number
}

/** The state of the tip with what is held of it in memory, and the states before it. */
export interface State {
  now(): Committed
  replace(next: Committed): void
  readonly tree: StateTree
  readonly index: KeyIndex
  readonly rows: RowMemory
  /** The value under a key, undefined for none: a view that is good until a row is read or remembered. */
  peek(key: StateKey): Uint8Array | undefined
  readonly messages: MessageHasher
  readonly reader: StateReader
  /** Reads the state of another version, for as long as `check` does not throw. */
  readerOf(version: Version, check: () => void): StateReader
  /** The values under the keys, and their proof. */
  prove(version: Version, keys: readonly StateKey[]): ProvenValues
  proveIcs23(version: Version, keys: readonly StateKey[]): Uint8Array
  /** Forgets all that is held in memory, and goes on with another tip. */
  reset(next: Committed): void
}

export interface ProvenValues {
  readonly values: readonly (Uint8Array | undefined)[]
  readonly proof: Uint8Array
}

export function readBlock(view: View, height: Height): StoredBlock {
  const body = view.read(entry.block(height))
  if (!body) throw missing(entry.block(height))
  const { accounts: _accounts, ...stored } = body
  return { ...stored, id: readId(view, height) }
}

export function readId(view: View, height: Height): Hash {
  const id = view.read(entry.blockId(height))
  if (!id) throw missing(entry.blockId(height))
  return id
}

/** What may be loaded of a past tree before it is forgotten. */
const PAST_TREE_BYTES = 16 << 20

export function stateOn(found: Committed, pairs: PairHasher, memory: MemoryBounds): State {
  let now = found
  const rows = rowMemory(memory.rows)
  /** The row that is being looked for. */
  const asked = rowAtWords()
  const path = asked.entry.key.subarray(1)
  const treeOf = (root: TreeRoot) =>
    stateTree({
      root,
      pairs,
      load: (place) => {
        const found = now.view.read(entry.node(place))
        if (!found) throw missing(entry.node(place))
        return found
      },
      damaged: (place, why) => merkleStoreFail.DAMAGED({ record: entry.node(place).name(), why }),
    })
  const tree = treeOf(found.version.tree)
  const index = keyIndex({
    bytesMax: memory.index,
    load: (ref) => {
      const found = now.view.read(entry.page(ref))
      if (!found) throw missing(entry.page(ref))
      return found
    },
  })
  /** The past tree that was read last: readers of one height come together. */
  let past: { readonly version: Version; readonly tree: StateTree } | undefined

  function treeAt(version: Version): StateTree {
    if (version === now.version) return tree
    if (past?.version !== version) past = { version, tree: treeOf(version.tree) }
    past.tree.trim(PAST_TREE_BYTES)
    return past.tree
  }

  function peek(key: StateKey): Uint8Array | undefined {
    const record = rows.find(key)
    if (record >= 0) return rows.valueOf(record) ?? undefined
    hashKeyWith(pairs.messages, rows.asked, asked.words, asked.at)
    // What is new to a block, as the rows of its new accounts, is known not to be there without asking the database.
    const packed = isKnownAbsent(tree, path) ? undefined : now.view.packed(asked.entry)
    // A row that LevelDB lost would read as one that never was.
    if (!packed && findRow(tree, path)) throw missing(asked.entry)
    const value = packed && valueOfRow(asked.entry, packed, rows.asked)
    rows.add({ paths: asked.words, pathAt: asked.at, value: value ?? null })
    return value
  }

  /** One row of the tip, which is what most proofs are of: one look into memory gives H(key) and the value. */
  function proveRow(key: StateKey): ProvenValues {
    let record = rows.find(key)
    if (record < 0) {
      peek(key)
      record = rows.find(key)
    }
    rows.pathInto(record, asked.words, asked.at)
    const value = rows.valueOf(record)
    return { values: [value ? copyOfBytes(value) : undefined], proof: provePaths(tree, [path]) }
  }

  function get(key: StateKey): Uint8Array | undefined {
    const value = peek(key)
    return value && copyOfBytes(value)
  }

  function row(version: Version, { path, since }: TreeRow): Row {
    const current = now.view.read(entry.row(path))
    return current?.since === since ? current : pastRow(now, { path, since, low: version.height }, current)
  }

  function readerOf(version: Version, check: () => void): StateReader {
    const get = (key: StateKey) => {
      check()
      const found = findRow(treeAt(version), hashKey(key))
      return found && row(version, found).value.slice()
    }
    return {
      get,
      *entries(range) {
        check()
        for (const key of index.keys(version.index, range)) {
          const value = get(key)
          if (!value) throw merkleStoreFail.DAMAGED({ record: `row ${key}`, why: 'the state tree lacks it' })
          yield [key, value]
          check()
        }
      },
    }
  }

  function proven(version: Version, from: TreeRow): ProvenRow {
    const { key, value } = row(version, from)
    if (value.length === 0)
      throw merkleStoreFail.NO_ICS23({ key: toHex(key), why: 'ICS-23 knows no empty values' })
    return { key, value, siblings: siblingsOf(treeAt(version), from.path) }
  }

  const reader: StateReader = {
    get,
    *entries(range) {
      let last: StateKey | undefined
      // A commit replaces pages: the range then goes on in the new order behind the last key.
      for (let from = now; ; from = now) {
        const rest = last === undefined ? range : { ...range, from: last }
        for (const key of index.keys(from.version.index, rest)) {
          if (key === last) continue
          const value = get(key)
          if (!value) throw missing(entry.row(hashKey(key)))
          last = key
          yield [key, value]
          if (from !== now) break
        }
        if (from === now) return
      }
    },
  }

  return {
    now: () => now,
    replace(next) {
      now = next
    },
    tree,
    index,
    rows,
    peek,
    messages: pairs.messages,
    reader,
    readerOf,
    prove(version, keys) {
      const [key] = keys
      if (key !== undefined && keys.length === 1 && version === now.version) return proveRow(key)
      const { get } = version === now.version ? reader : readerOf(version, () => undefined)
      const proof = provePaths(treeAt(version), distinct(keys.map(hashKey).sort(compareBytes)))
      return { values: keys.map(get), proof }
    },
    proveIcs23(version, keys) {
      const from = treeAt(version)
      const provenKeys = keys.map((hex): ProvenKey => {
        const key = fromHex(hex)
        const path = hashKey(hex)
        const found = findRow(from, path)
        if (found) return { kind: 'row', row: proven(version, found) }
        const [left, right] = [neighbourOf(from, path, 'before'), neighbourOf(from, path, 'after')]
        if (!left && !right) throw merkleStoreFail.NO_ICS23({ key: hex, why: 'the state is empty' })
        return {
          kind: 'absent',
          key,
          left: left && proven(version, left),
          right: right && proven(version, right),
        }
      })
      return commitmentProof(provenKeys)
    },
    reset(next) {
      now = next
      rows.clear()
      index.forget()
      past = undefined
      tree.reset(next.version.tree)
    },
  }
}

function distinct(sorted: readonly Uint8Array[]): readonly Uint8Array[] {
  return sorted.filter((path, i) => i === 0 || !equalBytes(path, sorted[i - 1] as Uint8Array))
}

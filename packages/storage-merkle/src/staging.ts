// What a block writes: staged changes of the state, then the one batch.
import {
  type BlockCommit,
  concernedAccounts,
  type RefusalText,
  type StateChanges,
  type StateKey,
  type StoredBlock,
} from '@mmtchain/kernel'
import { type Address, type Hash, type Height, height as toHeight } from '@mmtchain/primitives'
import { type Ahead, sameRows } from './ahead.ts'
import { type Batch, put, type Write } from './database.ts'
import { writeKey } from './key-bytes.ts'
import type { IndexChange, KeyChange } from './key-index.ts'
import {
  entry,
  HISTORY_ITEM_BYTES,
  missing,
  PART_KEY_BYTES,
  packBody,
  REFUSAL_TEXT_BYTES_MAX,
  ROW_HEAD_BYTES,
  rowKey,
  type Version,
  writePartKey,
  writeRowHead,
  writeU32,
} from './records.ts'
import { replacedBytes } from './replaced.ts'
import { COUNT_BYTES, PLACE_BYTES, partBits, partOf } from './replaced-rows.ts'
import {
  CHANGE_BYTES,
  CHANGE_WORDS,
  pathOfChange,
  type StagedRows,
  stagedRow,
  stagedRows,
  stagedValue,
  touchRows,
} from './staged-rows.ts'
import type { Committed, State } from './state.ts'
import { rootOf } from './state-tree.ts'
import { type Arena, copyHash, HASH_WORDS } from './tree-arena.ts'
import { GATHERED_NODES, gatherNode, placeLength, touchNodes, writeNode, writePlace } from './tree-nodes.ts'
import { DELETED, INSERTED, OVERWRITTEN, SAME, type TreeStage } from './tree-staging.ts'
import { type WriteBuffer, writeBuffer } from './write-buffer.ts'

/** What a stage stands for. The tree can be forgotten and made again from the rows. */
export interface Stage {
  /** The tip, or the block after it that was being written. */
  readonly on: Committed | Ahead
  readonly rows: StagedRows
  readonly hash: Uint8Array
  /** The epoch in which the records of the rows are good. */
  readonly epoch: number
  /** For each row that of its path in the block that was being written, −1 for none. */
  readonly same: Int32Array | undefined
  tree: TreeStage<StagedRows> | undefined
}

/** What is true after a commit. */
export interface Plan {
  readonly version: Version
  readonly index: IndexChange
  readonly tree: TreeStage<StagedRows>
}

export function stageOn(state: State, changes: StateChanges, ahead?: Ahead): Stage {
  const before = state.rows.epoch()
  const rows = stagedRows(changes, state.messages, state.rows)
  // Looking for rows may begin another epoch.
  const epoch = state.rows.epoch() === before ? before : -1
  const under = ahead && !ahead.committed ? ahead : undefined
  const same = under && sameRows(rows, under.rows)
  // What the block before changes may get other records.
  same?.forEach((row, i) => {
    if (row >= 0) rows.records[i] = -1
  })
  const tree = state.tree.stage(rows, nextHeight(under ?? state.now()), under?.top)
  return { on: under ?? state.now(), rows, hash: tree.hash, epoch, same, tree }
}

/** The block that a stage stands on, for as long as it is not on disk. */
function unwritten({ on }: Stage): Ahead | undefined {
  return 'rows' in on && !on.committed ? on : undefined
}

export function nextHeight({ tip }: Pick<Committed, 'tip'>): number {
  return tip ? Number(tip.header.height) + 1 : 0
}

/** Makes the one batch of a block, but for the tip. Nothing else changes. */
export function planOf(state: State, stage: Stage, commit: BlockCommit, batch: Batch): Plan {
  const base = unwritten(stage)
  stage.tree ??= state.tree.stage(stage.rows, nextHeight(base ?? state.now()), base?.top)
  const { tree } = stage
  const { arena } = state.tree
  const before = (base ?? state.now()).version
  const { height } = commit.block.header
  const born = Number(height)
  const buffer = writeBuffer(batch)
  const rows = rowWrites(state, stage, tree, born, buffer)
  nodeWrites(arena, tree, born, buffer)
  const index = state.index.change({ root: before.index, changes: rows.keys, born, first: 0 })
  const version: Version = {
    height,
    tree: rootOf(arena, tree.top),
    index: index.root,
    rows: before.rows + BigInt(rows.more),
    replacedBits: born > 0 ? rows.bits : 0,
    checkpoint: commit.checkpoint.slice(),
  }
  batch.add(rows.deletions)
  batch.add(index.made.map(([ref, page]) => put(entry.page(ref), page)))
  batch.add([put(entry.version(height), version)])
  blockWrites(commit, batch, buffer)
  if (born > 0) {
    const { key } = entry.replaced(height)
    batch.put(key, packBody(key, replacedBytes(arena, tree, index.replaced)))
  }
  return { version, index, tree }
}

export function tipWrite(
  height: Height,
  { oldest, first }: { readonly oldest: bigint; readonly first: bigint },
): Write {
  return put(entry.tip(), { height, oldest: toHeight(oldest), first: toHeight(first) })
}

interface RowWrites {
  readonly deletions: readonly Write[]
  /** Keys that come and go, in order. */
  readonly keys: readonly KeyChange[]
  /** How many rows more there are. */
  readonly more: number
  /** The rows that are replaced are in 2^bits parts. */
  readonly bits: number
}

/** Writes rows, and those that they replace, part by part: both need the same memory, which is read ahead. */
function rowWrites(
  state: State,
  stage: Stage,
  tree: TreeStage<StagedRows>,
  born: number,
  to: WriteBuffer,
): RowWrites {
  const { changes, outcomes } = tree
  const deletions: Write[] = []
  const keys: KeyChange[] = []
  let changed = 0
  for (const outcome of outcomes) if (outcome !== SAME) changed++
  const bits = partBits(changed)
  const room = { places: new Int32Array((64 * PLACE_BYTES) / 4), rows: new Uint8Array(1 << 14) }
  let from = 0
  for (let part = 0; part < 2 ** bits; part++) {
    let end = from
    while (end < changes.count && partOf(changes.bytes, end * CHANGE_BYTES, bits) === part) end++
    touchRows(changes, from, end)
    if (stage.epoch === state.rows.epoch()) state.rows.touchValues(changes.records, from, end)
    for (let i = from; i < end; i++) {
      const outcome = outcomes[i]
      if (outcome === SAME) continue
      if (outcome === DELETED) deletions.push({ key: rowKey(pathOfChange(changes, i)), value: null })
      else writeRow(to, changes, i, born)
      if (outcome !== OVERWRITTEN)
        keys.push({ key: changes.keys[i] as StateKey, isNew: outcome === INSERTED })
    }
    // Nothing comes before block 0, so it needs no undoing.
    if (born > 0) writeReplacedRows({ state, stage, tree, to, room, born, part, from, end })
    from = end
  }
  keys.sort((a, b) => (a.key < b.key ? -1 : 1))
  const inserted = keys.reduce((sum, { isNew }) => sum + (isNew ? 1 : 0), 0)
  return { deletions, keys, more: 2 * inserted - keys.length, bits }
}

interface RowsOfPart {
  readonly state: State
  readonly stage: Stage
  readonly tree: TreeStage<StagedRows>
  readonly to: WriteBuffer
  /** One memory serves all parts. */
  readonly room: { places: Int32Array; rows: Uint8Array }
  readonly born: number
  readonly part: number
  /** The changes, from one to before another. */
  readonly from: number
  readonly end: number
}

/** Writes a part of the rows that a block replaces. */
function writeReplacedRows({ state, stage, tree, to, room, born, part, from, end }: RowsOfPart): void {
  const { changes, outcomes, before } = tree
  if (room.places.length < ((end - from) * PLACE_BYTES) / 4)
    room.places = new Int32Array(((end - from) * PLACE_BYTES) / 2)
  const { places } = room
  const placeBytes = new Uint8Array(places.buffer)
  let { rows } = room
  let count = 0
  let used = 0
  for (let i = from; i < end; i++) {
    if (outcomes[i] === SAME) continue
    if (outcomes[i] !== INSERTED) {
      const keyBytes = changes.keyBytes[i] as number
      const value = valueBefore(state, stage, i)
      if (!value) throw missing(entry.row(pathOfChange(changes, i)))
      const at = used
      used += ROW_HEAD_BYTES + keyBytes + value.length
      if (used > rows.length) rows = grown(rows, used)
      writeRowHead(rows, at, { since: before[i] as number, keyBytes })
      const key = (changes.starts[i] as number) - keyBytes
      for (let byte = 0; byte < keyBytes; byte++)
        rows[at + ROW_HEAD_BYTES + byte] = changes.values[key + byte] as number
      rows.set(value, at + ROW_HEAD_BYTES + keyBytes)
    }
    const place = count++ * PLACE_BYTES
    copyHash(changes.words, i * CHANGE_WORDS, places, place / 4)
    writeU32(placeBytes, place + PLACE_BYTES - 4, used)
  }
  room.rows = rows
  const head = COUNT_BYTES + count * PLACE_BYTES
  const at = to.add(PART_KEY_BYTES, head + used)
  writePartKey(to.bytes, at - PART_KEY_BYTES, born, part)
  writeU32(to.bytes, at, count)
  to.bytes.set(placeBytes.subarray(0, count * PLACE_BYTES), at + COUNT_BYTES)
  to.bytes.set(rows.subarray(0, used), at + head)
  to.seal()
}

function grown(from: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(2 * length)
  to.set(from)
  return to
}

/** The value that a change replaces, as a view like that of `peek`. */
function valueBefore(state: State, { on, rows, epoch, same }: Stage, i: number): Uint8Array | undefined {
  const row = same?.[i] ?? -1
  if (row >= 0 && 'rows' in on) return on.rows.written[row] ? stagedValue(on.rows, row) : undefined
  const record = rows.records[i] as number
  if (record < 0 || epoch !== state.rows.epoch()) return state.peek(rows.keys[i] as StateKey)
  return state.rows.valueOf(record) ?? undefined
}

/** Keeps the rows of a block that is the tip in memory. */
export function rememberRows({ rows: memory }: State, { rows, epoch }: Stage): void {
  const { count, words: paths, valueWords, starts, ends } = rows
  for (let i = 0; i < count; i++) {
    const record = rows.records[i] as number
    const start = starts[i] as number
    const length = rows.written[i] ? (ends[i] as number) - start : -1
    const isKnown = record >= 0 && epoch === memory.epoch()
    if (isKnown && memory.overwrite(record, valueWords, start / 4, length)) continue
    const value = rows.written[i] ? stagedValue(rows, i) : null
    memory.put(rows.keys[i] as StateKey, { paths, pathAt: i * CHANGE_WORDS, value })
  }
}

/** Writes a row under `s` ‖ path. */
function writeRow(to: WriteBuffer, rows: StagedRows, i: number, born: number): void {
  const row = stagedRow(rows, i)
  const at = to.add(33, ROW_HEAD_BYTES + row.length)
  to.bytes[at - 33] = LETTER_ROW
  // A value begins at a whole word, and so does the path before it.
  copyHash(rows.words, i * CHANGE_WORDS, to.words, (at >> 2) - HASH_WORDS)
  writeRowHead(to.bytes, at, { since: born, keyBytes: rows.keyBytes[i] as number })
  to.bytes.set(row, at + ROW_HEAD_BYTES)
  to.seal()
}

const LETTER_ROW = 's'.charCodeAt(0)
const LETTER_NODE = 'n'.charCodeAt(0)
const LETTER_TRANSACTION = 'x'.charCodeAt(0)
const LETTER_HISTORY = 'a'.charCodeAt(0)
/** A letter and an id; a height (u64) and an index (u32). */
const TRANSACTION_KEY_BYTES = 33
const TRANSACTION_PLACE_BYTES = 12
/** A letter, an address and a height. */
const HISTORY_KEY_BYTES = 41

/** Writes the new nodes of a tree. */
export function nodeWrites(arena: Arena, tree: TreeStage, born: number, to: WriteBuffer): void {
  const { bytes: paths } = tree.changes
  for (const [depth, { nodes, changes }] of tree.stored.entries()) {
    const keyBytes = 1 + placeLength(depth)
    for (let i = 0; i < nodes.length; i++) {
      if (i % GATHERED_NODES === 0) touchNodes(arena, nodes, i, Math.min(i + GATHERED_NODES, nodes.length))
      const at = to.add(keyBytes, gatherNode(arena, nodes[i] as number, depth))
      to.bytes[at - keyBytes] = LETTER_NODE
      const start = (changes[i] as number) * CHANGE_BYTES
      writePlace(to.bytes, at - keyBytes + 1, { born, depth, paths, start })
      writeNode(arena, to, at)
      to.seal()
    }
  }
}

/** Writes a block with its receipts and indexes. */
export function blockWrites(
  commit: StoredBlock & Pick<BlockCommit, 'accounts'>,
  batch: Batch,
  to: WriteBuffer,
): void {
  const { block, id, seal, receipts, transactionIds } = commit
  const { height } = block.header
  const refusals = commit.refusals.map((refusal) => refusal && storable(refusal))
  const histories = historiesOf(commit)
  batch.add([
    put(entry.block(height), {
      ...{ block, seal, receipts, transactionIds, refusals },
      accounts: [...histories.keys()],
    }),
    put(entry.blockId(height), id),
    put(entry.blockHeight(id), height),
  ])
  const ids = new Int32Array(HASH_WORDS * transactionIds.length)
  const idBytes = new Uint8Array(ids.buffer)
  for (let index = 0; index < transactionIds.length; index++) {
    writeKey(idBytes, 4 * HASH_WORDS * index, transactionIds[index] as Hash)
    writeTransactionPlace(to, { height, index, ids })
  }
  for (const [account, indexes] of histories) writeHistory(to, account, { height, indexes, ids })
}

/** For each account that a block concerns the indexes of its transactions. */
function historiesOf(commit: Pick<BlockCommit, 'block' | 'accounts'>): ReadonlyMap<Address, number[]> {
  const histories = new Map<Address, number[]>()
  for (const [index, accounts] of concernedAccounts(commit).entries()) {
    for (const account of accounts) {
      const indexes = histories.get(account)
      if (indexes) indexes.push(index)
      else histories.set(account, [index])
    }
  }
  return histories
}

interface TransactionPlace {
  readonly height: bigint
  readonly index: number
  /** Of all transactions of the block, one after the other. */
  readonly ids: Int32Array
}

/** Writes the value of `entry.transaction` under its key: the place of a transaction. */
function writeTransactionPlace(to: WriteBuffer, { height, index, ids }: TransactionPlace): void {
  const at = to.add(TRANSACTION_KEY_BYTES, TRANSACTION_PLACE_BYTES)
  const key = at - TRANSACTION_KEY_BYTES
  to.bytes[key] = LETTER_TRANSACTION
  // A value begins at a whole word, and so does the id before it.
  copyHash(ids, HASH_WORDS * index, to.words, (at >> 2) - HASH_WORDS)
  to.view.setBigUint64(at, height, true)
  to.view.setUint32(at + 8, index, true)
  to.seal()
}

interface HistoryPart {
  readonly height: bigint
  readonly indexes: readonly number[]
  readonly ids: Int32Array
}

/** Writes the value of `entry.history` under its key: the transactions of a block that concern an account. */
function writeHistory(to: WriteBuffer, account: Address, { height, indexes, ids }: HistoryPart): void {
  let at = to.add(HISTORY_KEY_BYTES, indexes.length * HISTORY_ITEM_BYTES)
  const key = at - HISTORY_KEY_BYTES
  to.bytes[key] = LETTER_HISTORY
  writeKey(to.bytes, key + 1, account.slice(2))
  to.view.setBigUint64(key + 33, height)
  for (const index of indexes) {
    writeU32(to.bytes, at, index)
    copyHash(ids, HASH_WORDS * index, to.words, (at + 4) >> 2)
    at += HISTORY_ITEM_BYTES
  }
  to.seal()
}

/** Texts of a refusal come from modules, are local and for people: an odd or endless one is mended, and stops no block. */
function storable({ code, message, hint }: RefusalText): RefusalText {
  return { code, message: storableText(message), hint: storableText(hint) }
}

function storableText(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, REFUSAL_TEXT_BYTES_MAX)
  // `stream` leaves out a character that was cut.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
}

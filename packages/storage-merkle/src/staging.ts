// What a block writes: staged changes of the state, then the one batch.
import { sha256 } from '@mmtchain/crypto'
import {
  type BlockCommit,
  concernedAccounts,
  type RefusalText,
  type StateChanges,
  type StateKey,
  type StoredBlock,
} from '@mmtchain/kernel'
import { fromHex, type Height, height as toHeight } from '@mmtchain/primitives'
import { put, type Write } from './database.ts'
import type { IndexChange, KeyChange } from './key-index.ts'
import {
  entry,
  nodeKey,
  oldRowKey,
  packRow,
  REFUSAL_TEXT_BYTES_MAX,
  type Row,
  rowKey,
  seal,
  type Version,
} from './records.ts'
import { merkleStoreFail } from './refusals.ts'
import type { Committed, State } from './state.ts'
import { type RowChange, rootOf, type TreeStage } from './state-tree.ts'
import type { Arena } from './tree-arena.ts'
import { nodeBytes, type Place, writeNode } from './tree-nodes.ts'

/** A changed row with the bytes to write, which are a copy of what the caller gave. */
export interface StagedRow extends RowChange {
  readonly key: StateKey
  readonly value: Uint8Array | null
}

/** What a stage stands for. The tree can be forgotten and made again from the rows. */
export interface Stage {
  readonly on: Committed
  readonly rows: readonly StagedRow[]
  readonly hash: Uint8Array
  tree: TreeStage<StagedRow> | undefined
}

/** What a commit writes, and what is true after it. */
export interface Plan {
  readonly writes: readonly Write[]
  readonly version: Version
  readonly index: IndexChange
  readonly tree: TreeStage<StagedRow>
}

export function stageOn(state: State, changes: StateChanges): Stage {
  for (const [i, [key]] of changes.entries()) {
    if (i > 0 && key <= (changes[i - 1] as readonly [string, unknown])[0])
      throw merkleStoreFail.UNSORTED({ key })
  }
  const rows = changes.map(([key, given]): StagedRow => {
    const value = given === null ? null : given.slice()
    return { path: state.path(key), valueHash: value === null ? undefined : sha256(value), key, value }
  })
  const tree = state.tree.stage(rows, nextHeight(state.now()))
  return { on: state.now(), rows, hash: tree.hash, tree }
}

export function nextHeight({ tip }: Committed): number {
  return tip ? Number(tip.header.height) + 1 : 0
}

/** The one batch of a block, but for the tip. Nothing changes by making it. */
export function planOf(state: State, stage: Stage, commit: BlockCommit): Plan {
  stage.tree ??= state.tree.stage(stage.rows, nextHeight(state.now()))
  const { tree } = stage
  const before = state.now().version
  const { height } = commit.block.header
  const born = Number(height)
  const rows = rowWrites(state, tree, born)
  const index = state.index.change({ root: before.index, changes: rows.keys, born, first: 0 })
  const version: Version = {
    tree: rootOf(state.tree.arena, tree.root),
    index: index.root,
    rows: before.rows + BigInt(rows.more),
    checkpoint: commit.checkpoint.slice(),
  }
  const replaced = { rows: rows.replaced, nodes: tree.replaced, pages: index.replaced }
  const writes = [
    ...rows.writes,
    ...nodeWrites(state.tree.arena, tree, born),
    ...index.made.map(([ref, page]) => put(entry.page(ref), page)),
    // Nothing comes before block 0, so it needs no undoing.
    ...(born > 0 ? [put(entry.replaced(height), replaced)] : []),
    put(entry.version(height), version),
    ...blockWrites(commit),
  ]
  return { writes, version, index, tree }
}

export function tipWrite(
  height: Height,
  { oldest, first }: { readonly oldest: bigint; readonly first: bigint },
): Write {
  return put(entry.tip(), { height, oldest: toHeight(oldest), first: toHeight(first) })
}

interface RowWrites {
  readonly writes: readonly Write[]
  /** Keys that come and go, in order. */
  readonly keys: readonly KeyChange[]
  readonly replaced: readonly { readonly path: Uint8Array; readonly before: number }[]
  /** How many rows more there are. */
  readonly more: number
}

function rowWrites(state: State, tree: TreeStage<StagedRow>, born: number): RowWrites {
  const writes: Write[] = []
  const keys: KeyChange[] = []
  const replaced: { path: Uint8Array; before: number }[] = []
  let more = 0
  for (const [i, { key, path, value }] of tree.changes.entries()) {
    const outcome = tree.outcomes[i]
    if (outcome === 'same') continue
    const since = tree.before[i] as number
    const bytes = fromHex(key)
    const to = rowKey(path)
    writes.push(value ? putRow(to, { since: born, key: bytes, value }) : { key: to, value: null })
    replaced.push({ path, before: since })
    if (outcome === 'inserted') more++
    else {
      const old = state.held(key).value
      if (!old) throw merkleStoreFail.DAMAGED({ record: entry.row(path).name(), why: 'it is missing' })
      writes.push(putRow(oldRowKey(path, since), { since, key: bytes, value: old }))
      if (outcome === 'deleted') more--
    }
    if (outcome !== 'overwritten') keys.push({ key, isNew: outcome === 'inserted' })
  }
  keys.sort((a, b) => (a.key < b.key ? -1 : 1))
  return { writes, keys, replaced, more }
}

function putRow(key: Uint8Array, row: Row): Write {
  return { key, value: packRow(key, row) }
}

/** The new nodes of a tree. */
export function nodeWrites(arena: Arena, tree: TreeStage, born: number): readonly Write[] {
  const writes: Write[] = []
  for (const [depth, { nodes, at }] of tree.levels.entries()) {
    for (const [i, node] of nodes.entries()) {
      const place: Place = { born, depth, path: (tree.changes[at[i] as number] as RowChange).path }
      const packed = new Uint8Array(nodeBytes(arena, node) + 4)
      writeNode(arena, node, packed, 0)
      const key = nodeKey(place)
      seal(key, packed)
      writes.push({ key, value: packed })
    }
  }
  return writes
}

/** A block with its receipts and indexes. */
export function blockWrites(commit: StoredBlock & Pick<BlockCommit, 'accounts'>): readonly Write[] {
  const { block, id, seal, receipts, transactionIds } = commit
  const { height } = block.header
  const refusals = commit.refusals.map((refusal) => refusal && storable(refusal))
  const accounts = concernedAccounts(commit).map((set) => [...set])
  return [
    put(entry.block(height), { block, seal, receipts, transactionIds, refusals, accounts }),
    put(entry.blockId(height), id),
    put(entry.blockHeight(id), height),
    ...transactionIds.flatMap((transaction, index) => [
      put(entry.transaction(transaction), { height, index }),
      ...(accounts[index] ?? []).map((account) =>
        put(entry.history(account, { height, index }), transaction),
      ),
    ]),
  ]
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

import { hashTagged, sha256, tag } from '@mmtchain/crypto'
import {
  compareBytes,
  concatBytes,
  failures,
  fromHex,
  type Hash,
  type Height,
  hash as toHash,
} from '@mmtchain/primitives'
import { ZERO_HASH } from '../block.ts'
import { firstNotBelow } from '../execution/journal.ts'
import type { BlockCommit, Staged, StateChanges, StateKey, Store, StoredBlock } from '../ports.ts'

/** The refusals that every store has in common. */
export const storeRefusals = {
  STALE_STAGE: (_: object) => ({
    message: 'The changes were staged on another tip than the store has now.',
    hint: 'Stage and commit one block at a time.',
  }),
  NOT_NEXT: (d: { want: bigint; got: bigint }) => ({
    message: `The next block has height ${d.want}, not ${d.got}.`,
    hint: 'Commit blocks in order.',
  }),
  CLOSED: (_: object) => ({ message: 'The store is closed.', hint: 'Open it again.' }),
}
export const storeFail = failures('store', storeRefusals)

const LEAF_TAG = tag('mmt/state/leaf/1')
const ZERO = new Uint8Array(32)

/** A node of the plain state tree: a subtree with one row is that row's leaf, an empty one is undefined. */
type Node = Leaf | Inner | undefined
interface Leaf {
  readonly path: Uint8Array
  readonly hash: Uint8Array
}
interface Inner {
  readonly left: Node
  readonly right: Node
  readonly hash: Uint8Array
}

/**
 * A store in memory: rows in a map, and the state tree as plain immutable objects, straight from formats.md, section 10.
 * It is the oracle for other stores, and the store of tests.
 */
export interface MemoryStore extends Store {
  /** `commit` without the promise, for tests that run block by block. */
  commitNow(commit: BlockCommit): void
  /** A second store with the same contents, to try something and throw it away. */
  fork(): MemoryStore
}

export function memoryStore(): MemoryStore {
  return makeMemoryStore({
    rows: new Map(),
    root: undefined,
    checkpoint: new Uint8Array(),
    blocks: [],
    heights: new Map(),
    transactions: new Map(),
  })
}

interface Contents {
  readonly rows: Map<StateKey, Uint8Array>
  root: Node
  checkpoint: Uint8Array
  readonly blocks: StoredBlock[]
  readonly heights: Map<Hash, number>
  readonly transactions: Map<Hash, { readonly height: Height; readonly index: number }>
}

function makeMemoryStore(contents: Contents): MemoryStore {
  const { rows, blocks, heights, transactions } = contents
  let order: StateKey[] | undefined
  let closed = false
  const stages = new WeakMap<
    Staged,
    { readonly on: Node; readonly height: number; readonly changes: StateChanges; readonly tree: Node }
  >()
  const open = () => {
    if (closed) throw storeFail.CLOSED({})
  }

  return {
    get(key) {
      open()
      return rows.get(key)?.slice()
    },
    *entries({ prefix, from, reverse = false }) {
      open()
      order ??= [...rows.keys()].sort()
      const keys = order
      // `~` sorts above every hex digit, hence ends the prefix; `!` sorts below them, hence follows `from` itself.
      const first = from !== undefined && from > prefix ? from : prefix
      const last = from !== undefined && from < `${prefix}~` ? `${from}!` : `${prefix}~`
      let at = reverse ? firstNotBelow(keys, last) - 1 : firstNotBelow(keys, first)
      for (
        ;
        at >= 0 && at < keys.length && (keys[at] as StateKey).startsWith(prefix);
        at += reverse ? -1 : 1
      ) {
        open()
        const key = keys[at] as StateKey
        // A commit since the last step may have deleted the row.
        const value = rows.get(key)
        if (value) yield [key, value.slice()]
      }
    },
    tip() {
      open()
      const last = blocks.at(-1)
      return last && { header: last.block.header, id: last.id }
    },
    stage(changes) {
      open()
      let tree = contents.root
      for (const [key, value] of changes) tree = withRow(tree, 0, leafOf(key, value))
      const staged = Object.freeze({ root: tree ? toHash(tree.hash) : ZERO_HASH })
      const copied = changes.map(([key, value]) => [key, value === null ? null : value.slice()] as const)
      stages.set(staged, { on: contents.root, height: blocks.length, changes: copied, tree })
      return staged
    },
    async commit(commit) {
      this.commitNow(commit)
    },
    commitNow(commit) {
      open()
      const stage = stages.get(commit.staged)
      if (!stage || stage.height !== blocks.length || stage.on !== contents.root)
        throw storeFail.STALE_STAGE({})
      const { height } = commit.block.header
      if (height !== BigInt(blocks.length))
        throw storeFail.NOT_NEXT({ want: BigInt(blocks.length), got: height })
      for (const [key, value] of stage.changes) {
        if (value === null || !rows.has(key)) order = undefined
        if (value === null) rows.delete(key)
        else rows.set(key, value)
      }
      contents.root = stage.tree
      contents.checkpoint = commit.checkpoint.slice()
      const { staged: _staged, checkpoint: _checkpoint, ...stored } = commit
      heights.set(commit.id, blocks.length)
      for (const [index, id] of commit.transactionIds.entries()) transactions.set(id, { height, index })
      blocks.push(stored)
    },
    async block(at) {
      open()
      const index = 'height' in at ? Number(at.height) : heights.get(at.id)
      return index === undefined ? undefined : blocks[index]
    },
    async transaction(id) {
      open()
      return transactions.get(id)
    },
    checkpoint() {
      open()
      return contents.checkpoint.slice()
    },
    fork: () =>
      makeMemoryStore({
        ...contents,
        rows: new Map(rows),
        blocks: [...blocks],
        heights: new Map(heights),
        transactions: new Map(transactions),
      }),
    async close() {
      closed = true
    },
  }
}

/** The root of a set of rows by the plain tree: the oracle for every other way to compute it. */
export function stateRoot(rows: Iterable<readonly [StateKey, Uint8Array]>): Hash {
  let tree: Node
  for (const [key, value] of rows) tree = withRow(tree, 0, leafOf(key, value))
  return tree ? toHash(tree.hash) : ZERO_HASH
}

interface RowChange {
  readonly path: Uint8Array
  /** The leaf's hash; undefined deletes the row. */
  readonly hash: Uint8Array | undefined
}

function leafOf(key: StateKey, value: Uint8Array | null): RowChange {
  const path = sha256(fromHex(key))
  return { path, hash: value === null ? undefined : hashTagged(LEAF_TAG, path, sha256(value)) }
}

/** The subtree at `depth` after one row has changed. */
function withRow(node: Node, depth: number, row: RowChange): Node {
  const leaf = row.hash && { path: row.path, hash: row.hash }
  if (!node) return leaf
  if ('path' in node) {
    if (compareBytes(node.path, row.path) === 0) return leaf
    return leaf ? fork(node, leaf, depth) : node
  }
  const left = bit(row.path, depth) === 0 ? withRow(node.left, depth + 1, row) : node.left
  const right = bit(row.path, depth) === 1 ? withRow(node.right, depth + 1, row) : node.right
  if (!left && (!right || 'path' in right)) return right
  if (!right && left && 'path' in left) return left
  return inner(left, right)
}

/** The subtree of two leaves that agree in all bits above `depth`. */
function fork(a: Leaf, b: Leaf, depth: number): Inner {
  const sides = [bit(a.path, depth), bit(b.path, depth)]
  if (sides[0] !== sides[1]) return sides[0] === 0 ? inner(a, b) : inner(b, a)
  const below = fork(a, b, depth + 1)
  return sides[0] === 0 ? inner(below, undefined) : inner(undefined, below)
}

function inner(left: Node, right: Node): Inner {
  return { left, right, hash: sha256(concatBytes(left?.hash ?? ZERO, right?.hash ?? ZERO)) }
}

function bit(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1
}

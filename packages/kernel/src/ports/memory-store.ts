import { encode, fixedBytes, type Infer, list, struct, union, unit } from '@mmtchain/codec'
import { hashTagged, sha256, tag } from '@mmtchain/crypto'
import {
  type Address,
  compareBytes,
  concatBytes,
  equalBytes,
  failures,
  firstNotBelow,
  fromHex,
  type Hash,
  type Height,
  hash as toHash,
  height as toHeight,
} from '@mmtchain/primitives'
import { ZERO_HASH } from '../block.ts'
import type {
  BlockCommit,
  Staged,
  StateChanges,
  StateKey,
  StateReader,
  Store,
  StoredBlock,
  TransactionPlace,
} from '../ports.ts'

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
  NOT_KEPT: (d: { height: bigint; oldest: bigint; newest: bigint }) => ({
    message: `The state of height ${d.height} is not here; kept are heights ${d.oldest} to ${d.newest}.`,
    hint: 'Ask for a kept height, or a node that keeps more of them, such as an archive.',
  }),
  TOO_MANY_KEYS: (d: { max: number; got: number }) => ({
    message: `One proof is for at most ${d.max} keys, not ${d.got}.`,
    hint: 'Ask for several proofs.',
  }),
}
export const storeFail = failures('store', storeRefusals)

const LEAF_TAG = tag('mmt/state/leaf/1')
const ZERO = new Uint8Array(32)

/** The most keys that one proof is for. */
export const PROOF_KEYS_MAX = 256

/** A node of the plain state tree: a subtree with one row is that row's leaf, an empty one is undefined. */
type Node = Leaf | Inner | undefined
interface Leaf {
  readonly path: Uint8Array
  readonly hash: Uint8Array
  readonly key: StateKey
  readonly value: Uint8Array
}
interface Inner {
  readonly left: Node
  readonly right: Node
  readonly hash: Uint8Array
}

/**
 * A store in memory: rows in a map, and the state tree as plain immutable objects, straight from formats.md, sections 10 and
 * 16. It is the oracle for other stores, and the store of tests. It keeps the states of all heights.
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

/** A block and what it left behind. */
interface Kept {
  readonly stored: StoredBlock
  readonly root: Node
  readonly checkpoint: Uint8Array
  /** For each transaction the accounts that it concerns. */
  readonly accounts: readonly (readonly Address[])[]
}

interface Contents {
  rows: Map<StateKey, Uint8Array>
  root: Node
  checkpoint: Uint8Array
  readonly blocks: Kept[]
  readonly heights: Map<Hash, number>
  readonly transactions: Map<Hash, TransactionPlace>
}

/** What a stage holds besides its root, for this file alone. */
const made = Symbol('made')
interface MadeStage extends Staged {
  readonly [made]: {
    readonly of: Contents
    readonly on: Node
    readonly height: number
    readonly changes: StateChanges
    readonly tree: Node
  }
}

function makeMemoryStore(contents: Contents): MemoryStore {
  const { blocks, heights, transactions } = contents
  let order: StateKey[] | undefined
  let closed = false
  /** The tree whose root was asked for last: many blocks change nothing. */
  let hashed: { readonly tree: Node; readonly root: Hash } = { tree: undefined, root: ZERO_HASH }
  const open = () => {
    if (closed) throw storeFail.CLOSED({})
  }
  const kept = (height: Height): Kept => {
    const found = height < blocks.length ? blocks[Number(height)] : undefined
    if (!found) throw storeFail.NOT_KEPT({ height, oldest: 0n, newest: BigInt(blocks.length - 1) })
    return found
  }
  const current = readerOf(() => {
    open()
    order ??= [...contents.rows.keys()].sort()
    return { rows: contents.rows, order }
  })

  return {
    get(key) {
      open()
      return contents.rows.get(key)?.slice()
    },
    entries: current.entries,
    tip() {
      open()
      const last = blocks.at(-1)?.stored
      return last && { header: last.block.header, id: last.id }
    },
    stage(changes) {
      open()
      let tree = contents.root
      for (const [key, value] of changes) tree = withRow(tree, 0, rowChange(key, value?.slice() ?? null))
      if (tree !== hashed.tree) hashed = { tree, root: tree ? toHash(tree.hash) : ZERO_HASH }
      const copied = changes.map(([key, value]) => [key, value === null ? null : value.slice()] as const)
      const staged: MadeStage = {
        root: hashed.root,
        [made]: { of: contents, on: contents.root, height: blocks.length, changes: copied, tree },
      }
      return staged
    },
    async commit(commit) {
      this.commitNow(commit)
    },
    commitNow(commit) {
      open()
      const stage = (commit.staged as Partial<MadeStage>)[made]
      if (stage?.of !== contents || stage.height !== blocks.length || stage.on !== contents.root)
        throw storeFail.STALE_STAGE({})
      const { height } = commit.block.header
      if (height !== BigInt(blocks.length))
        throw storeFail.NOT_NEXT({ want: BigInt(blocks.length), got: height })
      for (const [key, value] of stage.changes) {
        if (value === null || !contents.rows.has(key)) order = undefined
        if (value === null) contents.rows.delete(key)
        else contents.rows.set(key, value)
      }
      contents.root = stage.tree
      if (!equalBytes(contents.checkpoint, commit.checkpoint)) contents.checkpoint = commit.checkpoint.slice()
      const { block, id, seal, receipts, transactionIds, refusals } = commit
      const stored: StoredBlock = { block, id, seal, receipts, transactionIds, refusals }
      heights.set(commit.id, blocks.length)
      for (const [index, id] of commit.transactionIds.entries()) transactions.set(id, { height, index })
      const { root, checkpoint } = contents
      blocks.push({ stored, root, checkpoint, accounts: concernedAccounts(commit) })
    },
    async block(at) {
      open()
      const index = 'height' in at ? Number(at.height) : heights.get(at.id)
      return index === undefined ? undefined : blocks[index]?.stored
    },
    async transaction(id) {
      open()
      return transactions.get(id)
    },
    async history({ address, before, limit }) {
      open()
      const all = blocks.flatMap(({ stored, accounts }) =>
        stored.transactionIds.flatMap((id, index) =>
          accounts[index]?.includes(address) ? [{ id, height: stored.block.header.height, index }] : [],
        ),
      )
      const isBefore = ({ height, index }: TransactionPlace) =>
        !before || height < before.height || (height === before.height && index < before.index)
      return all.filter(isBefore).reverse().slice(0, limit)
    },
    at(height) {
      open()
      const rows = new Map(rowsOf(kept(height).root))
      const past = { rows, order: [...rows.keys()].sort() }
      return readerOf(() => {
        open()
        kept(height)
        return past
      })
    },
    async prove({ keys, height = toHeight(BigInt(Math.max(blocks.length - 1, 0))) }) {
      open()
      const { root } = kept(height)
      if (keys.length > PROOF_KEYS_MAX)
        throw storeFail.TOO_MANY_KEYS({ max: PROOF_KEYS_MAX, got: keys.length })
      const rows = new Map(rowsOf(root))
      const paths = [...new Set(keys)].map((key) => sha256(fromHex(key))).sort(compareBytes)
      const proof = encode(stateProof, proofNodes(root, 0, paths))
      return { height, values: keys.map((key) => rows.get(key)?.slice()), proof }
    },
    async revertTo(height) {
      open()
      const { root, checkpoint } = kept(height)
      for (const { stored } of blocks.splice(Number(height) + 1)) {
        heights.delete(stored.id)
        for (const id of stored.transactionIds) transactions.delete(id)
      }
      Object.assign(contents, { root, checkpoint, rows: new Map(rowsOf(root)) })
      order = undefined
    },
    checkpoint() {
      open()
      return contents.checkpoint.slice()
    },
    fork: () =>
      makeMemoryStore({
        ...contents,
        rows: new Map(contents.rows),
        blocks: [...blocks],
        heights: new Map(heights),
        transactions: new Map(transactions),
      }),
    async close() {
      closed = true
    },
  }
}

/** For each transaction of a block the accounts that it concerns: its sender, its payer, and those that the commit names. */
export function concernedAccounts({
  block,
  accounts,
}: Pick<BlockCommit, 'block' | 'accounts'>): readonly (readonly Address[])[] {
  return block.transactions.map(({ body: { sender, payer } }, i) => {
    const named = accounts?.[i] ?? []
    const concerned = payer === null || payer === sender ? [sender] : [sender, payer]
    if (named.length > COMPARED_MAX) return [...new Set([...concerned, ...named])]
    for (const account of named) if (!concerned.includes(account)) concerned.push(account)
    return concerned
  })
}

/** Up to so many are compared one by one, in less time than a Set of them takes. */
const COMPARED_MAX = 8

/** Reads rows that are asked for at each step, so that a reader sees them change. */
function readerOf(
  state: () => { readonly rows: ReadonlyMap<StateKey, Uint8Array>; readonly order: readonly StateKey[] },
): StateReader {
  return {
    get: (key) => state().rows.get(key)?.slice(),
    *entries({ prefix, from, reverse = false }) {
      const { order } = state()
      // `~` sorts above every hex digit, hence ends the prefix; `!` sorts below them, hence follows `from` itself.
      const first = from !== undefined && from > prefix ? from : prefix
      const last = from !== undefined && from < `${prefix}~` ? `${from}!` : `${prefix}~`
      let at = reverse ? firstNotBelow(order, last) - 1 : firstNotBelow(order, first)
      for (; at >= 0 && order[at]?.startsWith(prefix); at += reverse ? -1 : 1) {
        const key = order[at] as StateKey
        // A commit since the last step may have deleted the row.
        const value = state().rows.get(key)
        if (value) yield [key, value.slice()]
      }
    },
  }
}

function* rowsOf(node: Node): Generator<readonly [StateKey, Uint8Array]> {
  if (!node) return
  if ('path' in node) yield [node.key, node.value]
  else {
    yield* rowsOf(node.left)
    yield* rowsOf(node.right)
  }
}

const hashBytes = fixedBytes(32)
const proofNode = union({
  empty: unit,
  row: unit,
  other: struct({ path: hashBytes, valueHash: hashBytes }),
  inner: unit,
  hash: hashBytes,
})
const stateProof = list(proofNode, { max: PROOF_KEYS_MAX * 512 })
type ProofNode = Infer<typeof proofNode>

/** The nodes of a proof for ascending paths, from the top, left before right (formats.md, 16.1). */
function proofNodes(node: Node, depth: number, paths: readonly Uint8Array[]): ProofNode[] {
  if (!node) return [{ kind: 'empty', value: null }]
  if (paths.length === 0) return [{ kind: 'hash', value: node.hash }]
  if ('path' in node) {
    const { path, value } = node
    if (paths.some((asked) => compareBytes(asked, path) === 0)) return [{ kind: 'row', value: null }]
    return [{ kind: 'other', value: { path, valueHash: sha256(value) } }]
  }
  const on = (side: number) => paths.filter((path) => bit(path, depth) === side)
  return [
    { kind: 'inner', value: null },
    ...proofNodes(node.left, depth + 1, on(0)),
    ...proofNodes(node.right, depth + 1, on(1)),
  ]
}

/** The root of a set of rows by the plain tree: the oracle for every other way to compute it. */
export function stateRoot(rows: Iterable<readonly [StateKey, Uint8Array]>): Hash {
  let tree: Node
  for (const [key, value] of rows) tree = withRow(tree, 0, rowChange(key, value))
  return tree ? toHash(tree.hash) : ZERO_HASH
}

interface RowChange {
  readonly path: Uint8Array
  /** Undefined deletes the row. */
  readonly leaf: Leaf | undefined
}

function rowChange(key: StateKey, value: Uint8Array | null): RowChange {
  const path = sha256(fromHex(key))
  if (value === null) return { path, leaf: undefined }
  return { path, leaf: { path, hash: hashTagged(LEAF_TAG, path, sha256(value)), key, value } }
}

/** The subtree at `depth` after one row has changed. */
function withRow(node: Node, depth: number, row: RowChange): Node {
  const { leaf } = row
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

// The state tree of docs/spec/formats.md, section 10, kept as its inner nodes by their place.
import { fixedBytes, type Infer, struct, union, unit } from '@mmtchain/codec'
import { hashTagged, sha256, tag } from '@mmtchain/crypto'
import { compareBytes, concatBytes, equalBytes, fromHex } from '@mmtchain/primitives'

const hashBytes = fixedBytes(32)

/** A subtree as its parent knows it. One with a single row is that row's leaf, wherever it hangs. */
export const subtree = union({
  empty: unit,
  leaf: struct({ path: hashBytes, hash: hashBytes }),
  inner: hashBytes,
})
export type Subtree = Infer<typeof subtree>

/** What is stored at the place of a subtree with two rows or more: its halves by the next bit of the path. */
export const treeNode = struct({ left: subtree, right: subtree })
export type TreeNode = Infer<typeof treeNode>

/** A row that was written, or deleted when it has no leaf. */
export interface RowChange {
  readonly path: Uint8Array
  readonly leaf: Uint8Array | undefined
}

/** The node at a place after some change; null when no inner node is there any more. */
export type NodeChange = readonly [place: Uint8Array, node: TreeNode | null]

export const EMPTY: Subtree = { kind: 'empty', value: null }
const EMPTY_NODE: TreeNode = { left: EMPTY, right: EMPTY }
const LEAF_TAG = tag('mmt/state/leaf/1')
const ZERO = new Uint8Array(32)

/** The row of a state key, with its leaf's hash. */
export function rowChange(key: string, value: Uint8Array | null): RowChange {
  const path = sha256(fromHex(key))
  return { path, leaf: value === null ? undefined : hashTagged(LEAF_TAG, path, sha256(value)) }
}

export function hashOf(tree: Subtree): Uint8Array {
  if (tree.kind === 'empty') return ZERO
  return tree.kind === 'leaf' ? tree.value.hash : tree.value
}

export function hashOfNode({ left, right }: TreeNode): Uint8Array {
  return sha256(concatBytes(hashOf(left), hashOf(right)))
}

/**
 * The tree after changes to distinct rows, with the nodes that differ. `load` reads the node of a place, whose hash it
 * checks. A place belongs to one node of one tree, so what a change replaces is overwritten or deleted at once.
 */
export function changeTree(args: {
  readonly tree: Subtree
  readonly rows: readonly RowChange[]
  readonly load: (place: Uint8Array, hash: Uint8Array) => TreeNode
}): { readonly tree: Subtree; readonly nodes: readonly NodeChange[] } {
  const nodes: NodeChange[] = []
  const sorted = [...args.rows].sort((a, b) => compareBytes(a.path, b.path))
  return { tree: changed(args.tree, 0, sorted), nodes }

  function changed(before: Subtree, depth: number, rows: readonly RowChange[]): Subtree {
    const [first] = rows
    if (!first) return before
    const place = placeOf(first.path, depth)
    const wasInner = before.kind === 'inner'
    const written = wasInner ? rows : writtenOver(before, rows)
    if (!wasInner && written.length < 2) return leafOf(written[0])
    const node = wasInner ? args.load(place, before.value) : EMPTY_NODE
    const firstRight = written.findIndex(({ path }) => bit(path, depth) === 1)
    const split = firstRight < 0 ? written.length : firstRight
    const left = changed(node.left, depth + 1, written.slice(0, split))
    const right = changed(node.right, depth + 1, written.slice(split))
    const alone = right.kind === 'empty' ? left : left.kind === 'empty' ? right : undefined
    if (alone && alone.kind !== 'inner') {
      nodes.push([place, null])
      return alone
    }
    const after = { left, right }
    nodes.push([place, after])
    return { kind: 'inner', value: hashOfNode(after) }
  }
}

/** The rows of a subtree that had at most one, after the changes, in order of their paths. */
function writtenOver(before: Subtree, rows: readonly RowChange[]): readonly RowChange[] {
  const written = rows.filter(({ leaf }) => leaf)
  if (before.kind !== 'leaf') return written
  const { path, hash } = before.value
  if (rows.some((row) => equalBytes(row.path, path))) return written
  return [...written, { path, leaf: hash }].sort((a, b) => compareBytes(a.path, b.path))
}

function leafOf(row: RowChange | undefined): Subtree {
  return row?.leaf ? { kind: 'leaf', value: { path: row.path, hash: row.leaf } } : EMPTY
}

/** Where the node of a depth on this path is stored: the depth, then the bits above it, padded with zero bits. */
function placeOf(path: Uint8Array, depth: number): Uint8Array {
  const bytes = (depth + 7) >> 3
  const place = new Uint8Array(1 + bytes)
  place[0] = depth
  place.set(path.subarray(0, bytes), 1)
  if (depth % 8 > 0) place[bytes] = (place[bytes] as number) & (0xff00 >> (depth % 8))
  return place
}

function bit(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1
}

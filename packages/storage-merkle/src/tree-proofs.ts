// Proofs out of the state tree (docs/spec/formats.md, section 16), and the walks that they need.
import { flipBit } from './snapshot-format.ts'
import {
  type Arena,
  bitIn,
  childOf,
  comparePath,
  hashAt,
  hashIn,
  pathAt,
  pathOf,
  type Ref,
  sinceOf,
} from './tree-arena.ts'

/** A tree whose nodes are loaded when they are needed. */
export interface LoadingTree {
  readonly arena: Arena
  top(): number
  ensureLoaded(node: number, depth: number, path: Uint8Array, hash: number): void
}

/** A row as the tree knows it. */
export interface TreeRow {
  readonly path: Uint8Array
  /** The height of the block that wrote it. */
  readonly since: number
}

/** The positions of the variants of a proof's nodes (formats.md, 16.1). */
const EMPTY = 0
const ROW = 1
const OTHER = 2
const INNER = 3
const HASH = 4

/** Asked paths, from one index to before another. */
interface Asked {
  readonly paths: readonly Uint8Array[]
  readonly from: number
  readonly to: number
}

interface Writer {
  bytes: Uint8Array
  at: number
  nodes: number
}

/** Proofs are made one after another, so one memory serves all of them. */
const writer: Writer = { bytes: new Uint8Array(1024), at: 0, nodes: 0 }

/** The proof for distinct ascending paths, in BCS. */
export function provePaths(tree: LoadingTree, paths: readonly Uint8Array[]): Uint8Array {
  writer.at = 0
  writer.nodes = 0
  const [path] = paths
  if (path && paths.length === 1) provePath(tree, path)
  else {
    const top = tree.top()
    proveRef(tree, childOf(tree.arena, top, 0), hashAt(top, 0), 0, { paths, from: 0, to: paths.length })
  }
  const length: number[] = []
  let rest = writer.nodes
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  length.push(rest)
  const proof = pooled(length.length + writer.at)
  proof.set(length)
  proof.set(writer.bytes.subarray(0, writer.at), length.length)
  return proof
}

const POOL_BYTES = 1 << 16
let pool = new Uint8Array(POOL_BYTES)
let pooledBytes = 0

/** A piece of memory that nobody else has. Many small ones share an array, since each of its own costs as much as a proof. */
function pooled(bytes: number): Uint8Array {
  if (bytes > POOL_BYTES / 16) return new Uint8Array(bytes)
  if (pooledBytes + bytes > POOL_BYTES) {
    pool = new Uint8Array(POOL_BYTES)
    pooledBytes = 0
  }
  pooledBytes += bytes
  return pool.subarray(pooledBytes - bytes, pooledBytes)
}

/** Siblings on the right of the way, to be written behind what is below: their parents. */
const rightOf: number[] = []

/** The proof of one path without a call for each bit: most proofs are of one. */
function provePath(tree: LoadingTree, path: Uint8Array): void {
  const { arena } = tree
  rightOf.length = 0
  let above = tree.top()
  let side = 0
  let ref = childOf(arena, above, 0)
  for (let depth = 0; ref > 0; depth++) {
    tree.ensureLoaded(ref, depth, path, hashAt(above, side))
    above = ref
    side = bitIn(path, 0, depth)
    writeKind(INNER)
    if (side === 1) writeSibling(arena, above, 0)
    else rightOf.push(above)
    ref = childOf(arena, above, side)
  }
  writeEnd(arena, ref, path)
  for (let i = rightOf.length - 1; i >= 0; i--) writeSibling(arena, rightOf[i] as number, 1)
}

function writeSibling(arena: Arena, node: number, side: number): void {
  if (childOf(arena, node, side) === 0) writeKind(EMPTY)
  else {
    writeKind(HASH)
    writeHash(arena.pairBytes, hashAt(node, side) * 4)
  }
}

/** Where the way to an asked path ends: with nothing, with its row, or with another. */
function writeEnd(arena: Arena, ref: Ref, path: Uint8Array): void {
  if (ref === 0) writeKind(EMPTY)
  else if (comparePath(arena, -ref, path, 0) === 0) writeKind(ROW)
  else writeOther(arena, -ref)
}

function writeOther(arena: Arena, leaf: number): void {
  writeKind(OTHER)
  const at = pathAt(leaf)
  writeHash(arena.leafBytes, at)
  writeHash(arena.leafBytes, at + 32)
}

/** Proves a subtree whose hash is at `hash` of the pairs. */
function proveRef(tree: LoadingTree, ref: Ref, hash: number, depth: number, asked: Asked): void {
  const { arena } = tree
  const { paths, from, to } = asked
  if (ref === 0) writeKind(EMPTY)
  else if (from === to) {
    writeKind(HASH)
    writeHash(arena.pairBytes, hash * 4)
  } else if (ref < 0) {
    const isAsked = paths.slice(from, to).some((path) => comparePath(arena, -ref, path, 0) === 0)
    if (isAsked) writeKind(ROW)
    else writeOther(arena, -ref)
  } else {
    tree.ensureLoaded(ref, depth, paths[from] as Uint8Array, hash)
    let split = from
    while (split < to && bitIn(paths[split] as Uint8Array, 0, depth) === 0) split++
    writeKind(INNER)
    proveRef(tree, childOf(arena, ref, 0), hashAt(ref, 0), depth + 1, { paths, from, to: split })
    proveRef(tree, childOf(arena, ref, 1), hashAt(ref, 1), depth + 1, { paths, from: split, to })
  }
}

function writeKind(kind: number): void {
  if (writer.at === writer.bytes.length) grow()
  writer.bytes[writer.at++] = kind
  writer.nodes++
}

/** Copies 32 bytes: a loop takes less time than a view to copy from. */
function writeHash(from: Uint8Array, start: number): void {
  if (writer.at + 32 > writer.bytes.length) grow()
  const { bytes, at } = writer
  for (let i = 0; i < 32; i++) bytes[at + i] = from[start + i] as number
  writer.at = at + 32
}

function grow(): void {
  const larger = new Uint8Array(2 * writer.bytes.length)
  larger.set(writer.bytes)
  writer.bytes = larger
}

/** The nodes on the way to a path, from the root, and what is at its end. */
interface Way {
  readonly nodes: readonly number[]
  readonly end: Ref
}

function wayTo(tree: LoadingTree, path: Uint8Array): Way {
  const { arena } = tree
  const nodes: number[] = []
  let above = tree.top()
  let side = 0
  for (let depth = 0; ; depth++) {
    const ref = childOf(arena, above, side)
    if (ref <= 0) return { nodes, end: ref }
    tree.ensureLoaded(ref, depth, path, hashAt(above, side))
    nodes.push(ref)
    above = ref
    side = bitIn(path, 0, depth)
  }
}

/** The row at a path. */
export function findRow(tree: LoadingTree, path: Uint8Array): TreeRow | undefined {
  const { end } = wayTo(tree, path)
  return end < 0 && comparePath(tree.arena, -end, path, 0) === 0 ? rowOf(tree.arena, -end) : undefined
}

/** The siblings on the way to the row at a path, from the top. */
export function siblingsOf(tree: LoadingTree, path: Uint8Array): readonly Sibling[] {
  const { nodes } = wayTo(tree, path)
  return nodes.map((node, depth): Sibling => {
    const side = bitIn(path, 0, depth)
    return { hash: hashIn(tree.arena, hashAt(node, 1 - side)).slice(), isLeft: side === 1 }
  })
}

/** A sibling on the way from the root to a row: its hash, and whether it lies left of the way. */
export interface Sibling {
  readonly hash: Uint8Array
  readonly isLeft: boolean
}

/** The nearest row whose path is below (`before`) or above a path at which there is none. */
export function neighbourOf(
  tree: LoadingTree,
  path: Uint8Array,
  side: 'before' | 'after',
): TreeRow | undefined {
  const { arena } = tree
  const { nodes, end } = wayTo(tree, path)
  if (end < 0 && comparePath(arena, -end, path, 0) < 0 === (side === 'before')) return rowOf(arena, -end)
  const outer = side === 'before' ? 0 : 1
  for (let depth = nodes.length - 1; depth >= 0; depth--) {
    const node = nodes[depth] as number
    if (bitIn(path, 0, depth) === outer || childOf(arena, node, outer) === 0) continue
    const start = path.slice()
    flipBit(start, depth)
    return outermost(tree, { node, side: outer, depth: depth + 1, path: start })
  }
  return undefined
}

/** The last row on the left side of a node, or the first on its right. `path` leads to that side, whose depth is given, and is changed. */
function outermost(
  tree: LoadingTree,
  from: { readonly node: number; readonly side: number; readonly depth: number; readonly path: Uint8Array },
): TreeRow {
  const { arena } = tree
  const { path } = from
  const nearest = 1 - from.side
  let above = from.node
  let side = from.side
  for (let depth = from.depth; ; depth++) {
    const ref = childOf(arena, above, side)
    if (ref < 0) return rowOf(arena, -ref)
    tree.ensureLoaded(ref, depth, path, hashAt(above, side))
    above = ref
    side = childOf(arena, ref, nearest) === 0 ? 1 - nearest : nearest
    if (bitIn(path, 0, depth) !== side) flipBit(path, depth)
  }
}

function rowOf(arena: Arena, leaf: number): TreeRow {
  return { path: pathOf(arena, leaf).slice(), since: sinceOf(arena, leaf) }
}

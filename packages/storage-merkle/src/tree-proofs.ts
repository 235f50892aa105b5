// Proofs out of the state tree (docs/spec/formats.md, section 16), and the walks that they need.
import { copyOfBytes } from '@mmtchain/primitives'
import { flipBit } from './snapshot-format.ts'
import {
  type Arena,
  bitIn,
  childOf,
  comparePath,
  HASH_WORDS,
  hashAt,
  hashIn,
  isLoaded,
  LEAF_WORDS,
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
  /** The same memory. */
  view: DataView
  at: number
  nodes: number
}

/** Proofs are made one after another, so one memory serves all of them. */
const writer: Writer = { ...memoryOf(1024), at: 0, nodes: 0 }
/** Room for the number of nodes, which is known when they are written. */
const LENGTH_BYTES = 5
const HASH_BYTES = 4 * HASH_WORDS
/** As the words of an array are. */
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** The proof for distinct ascending paths, in BCS. */
export function provePaths(tree: LoadingTree, paths: readonly Uint8Array[]): Uint8Array {
  writer.at = LENGTH_BYTES
  writer.nodes = 0
  const [path] = paths
  if (path && paths.length === 1) provePath(tree, path)
  else {
    const top = tree.top()
    proveRef(tree, childOf(tree.arena, top, 0), hashAt(top, 0), 0, { paths, from: 0, to: paths.length })
  }
  const start = writeLengthBefore(writer.nodes)
  return copyOfBytes(writer.bytes, start, writer.at)
}

/** Writes a ULEB128 just before the nodes. Answers where it begins. */
function writeLengthBefore(length: number): number {
  let bytes = 1
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) bytes++
  const start = LENGTH_BYTES - bytes
  for (let i = 0; i < bytes; i++)
    writer.bytes[start + i] = ((length >>> (7 * i)) & 0x7f) | (i + 1 < bytes ? 0x80 : 0)
  return start
}

/** The nodes on the way to a path; that of depth n is the n-th. A way has as many as a path has bits at most. */
const way = new Int32Array(256)
/** Whatever was read only to have its memory fetched meanwhile. */
const touched = new Int32Array(1)

/**
 * The proof of one path without a call for each bit: most proofs are of one. On the way down each node leads to the next, and nothing
 * waits for its hashes; then they are copied.
 */
function provePath(tree: LoadingTree, path: Uint8Array): void {
  const { arena } = tree
  let above = tree.top()
  let side = 0
  let depth = 0
  let sum = 0
  let ref = childOf(arena, above, 0)
  for (; ref > 0; depth++) {
    if (!isLoaded(arena, ref)) tree.ensureLoaded(ref, depth, path, hashAt(above, side))
    way[depth] = ref
    above = ref
    side = bitIn(path, 0, depth)
    sum ^= arena.pair[hashAt(above, 1 - side)] as number
    ref = childOf(arena, above, side)
  }
  touched[0] = sum
  reserve(depth * (2 + HASH_BYTES))
  for (let i = 0; i < depth; i++) {
    writer.bytes[writer.at++] = INNER
    if (bitIn(path, 0, i) === 1) writer.at = writeSibling(arena, way[i] as number, 0, writer.at)
  }
  writer.nodes += 2 * depth
  writeEnd(arena, ref, path)
  reserve(depth * (1 + HASH_BYTES))
  for (let i = depth - 1; i >= 0; i--)
    if (bitIn(path, 0, i) === 0) writer.at = writeSibling(arena, way[i] as number, 1, writer.at)
}

/** Writes the node of a sibling where there is room for it. Answers where the next one goes. */
function writeSibling(arena: Arena, node: number, side: number, at: number): number {
  const { bytes, view } = writer
  if (childOf(arena, node, side) === 0) {
    bytes[at] = EMPTY
    return at + 1
  }
  bytes[at] = HASH
  copyHash(arena.pair, hashAt(node, side), view, at + 1)
  return at + 1 + HASH_BYTES
}

/** Where the way to an asked path ends: with nothing, with its row, or with another. */
function writeEnd(arena: Arena, ref: Ref, path: Uint8Array): void {
  if (ref === 0) writeKind(EMPTY)
  else if (comparePath(arena, -ref, path, 0) === 0) writeKind(ROW)
  else writeOther(arena, -ref)
}

function writeOther(arena: Arena, leaf: number): void {
  writeKind(OTHER)
  const at = leaf * LEAF_WORDS
  writeHash(arena.leaf, at)
  writeHash(arena.leaf, at + HASH_WORDS)
}

/** Proves a subtree whose hash is at `hash` of the pairs. */
function proveRef(tree: LoadingTree, ref: Ref, hash: number, depth: number, asked: Asked): void {
  const { arena } = tree
  const { paths, from, to } = asked
  if (ref === 0) writeKind(EMPTY)
  else if (from === to) {
    writeKind(HASH)
    writeHash(arena.pair, hash)
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
  reserve(1)
  writer.bytes[writer.at++] = kind
  writer.nodes++
}

function writeHash(from: Int32Array, start: number): void {
  reserve(HASH_BYTES)
  copyHash(from, start, writer.view, writer.at)
  writer.at += HASH_BYTES
}

/** Copies the words of a hash to any byte: in a quarter of the steps that its bytes would take. */
function copyHash(from: Int32Array, start: number, to: DataView, at: number): void {
  for (let i = 0; i < HASH_WORDS; i++) to.setInt32(at + 4 * i, from[start + i] as number, LITTLE_ENDIAN)
}

function memoryOf(length: number): Pick<Writer, 'bytes' | 'view'> {
  const bytes = new Uint8Array(length)
  return { bytes, view: new DataView(bytes.buffer) }
}

function reserve(bytes: number): void {
  const needed = writer.at + bytes
  if (needed <= writer.bytes.length) return
  const larger = memoryOf(2 * needed)
  larger.bytes.set(writer.bytes)
  Object.assign(writer, larger)
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

/** Whether what is loaded of a tree shows that there is no row at a path; false where one would have to load more. */
export function isKnownAbsent({ arena, top }: LoadingTree, path: Uint8Array): boolean {
  let ref = childOf(arena, top(), 0)
  for (let depth = 0; ref > 0; depth++) {
    if (!isLoaded(arena, ref)) return false
    ref = childOf(arena, ref, bitIn(path, 0, depth))
  }
  return ref === 0 || comparePath(arena, -ref, path, 0) !== 0
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

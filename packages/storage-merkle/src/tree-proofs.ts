// Proofs out of the state tree (docs/spec/formats.md, section 16), and the walks that they need.
import { sha256 } from '@mmtchain/crypto'
import { compareBytes, concatBytes, equalBytes } from '@mmtchain/primitives'
import {
  type Arena,
  blockOf,
  childOf,
  comparePath,
  HASH_WORDS,
  leafHashOf,
  maskOf,
  nodeHashOf,
  pathOf,
  type Ref,
  sinceOf,
  valueHashOf,
} from './tree-arena.ts'
import { BELOW, copyHash, isPair } from './tree-hashing.ts'
import { nibbleOf } from './tree-nodes.ts'

/** A tree whose nodes are loaded when they are needed. */
export interface LoadingTree {
  readonly arena: Arena
  root(): Ref
  ensureLoaded(node: number, depth: number, path: Uint8Array): void
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
const scratch = new Int32Array(HASH_WORDS)
const scratchBytes = new Uint8Array(scratch.buffer)

/** The proof for distinct ascending paths, in BCS. */
export function provePaths(tree: LoadingTree, paths: readonly Uint8Array[]): Uint8Array {
  writer.at = 0
  writer.nodes = 0
  const [path] = paths
  if (path && paths.length === 1) provePath(tree, path)
  else proveRef(tree, tree.root(), 0, { paths, from: 0, to: paths.length })
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

/** Siblings on the right of the way, to be written behind what is below: their nodes and heap positions. */
const rightNodes: number[] = []
const rightPositions: number[] = []

/** The proof of one path without a call for each bit: most proofs are of one. */
function provePath(tree: LoadingTree, path: Uint8Array): void {
  const { arena } = tree
  rightNodes.length = 0
  rightPositions.length = 0
  let ref = tree.root()
  for (let depth = 0; ref > 0; depth++) {
    tree.ensureLoaded(ref, depth, path)
    const mask = maskOf(arena, ref)
    const end = 16 + nibbleOf(path, depth)
    let level = 0
    for (; level < 4 && isPair(mask, BELOW[end >> (4 - level)] as number); level++) {
      const next = end >> (3 - level)
      writeKind(INNER)
      if (next % 2 === 1) writeSibling(arena, ref, next - 1)
      else {
        rightNodes.push(ref)
        rightPositions.push(next + 1)
      }
    }
    // A leaf may stand for more than its own nibble.
    const below = mask & (BELOW[end >> (4 - level)] as number) & 0xffff
    ref = below === 0 ? 0 : childOf(arena, ref, 31 - Math.clz32(below))
  }
  writeEnd(arena, ref, path)
  for (let i = rightNodes.length - 1; i >= 0; i--)
    writeSibling(arena, rightNodes[i] as number, rightPositions[i] as number)
}

function writeSibling(arena: Arena, node: number, position: number): void {
  if ((maskOf(arena, node) & (BELOW[position] as number) & 0xffff) === 0) writeKind(EMPTY)
  else {
    writeKind(HASH)
    writeHash(arena, node, position)
  }
}

/** Where the way to an asked path ends: with nothing, with its row, or with another. */
function writeEnd(arena: Arena, ref: Ref, path: Uint8Array): void {
  if (ref === 0) writeKind(EMPTY)
  else if (comparePath(arena, -ref, path, 0) === 0) writeKind(ROW)
  else {
    writeKind(OTHER)
    writeBytes(pathOf(arena, -ref))
    writeBytes(valueHashOf(arena, -ref))
  }
}

function proveRef(tree: LoadingTree, ref: Ref, depth: number, asked: Asked): void {
  const { arena } = tree
  const { paths, from, to } = asked
  if (ref === 0) writeKind(EMPTY)
  else if (from === to) {
    writeKind(HASH)
    writeBytes(ref > 0 ? nodeHashOf(arena, ref) : leafHashOf(arena, -ref))
  } else if (ref > 0) {
    tree.ensureLoaded(ref, depth, paths[from] as Uint8Array)
    provePosition(tree, { node: ref, position: 1, depth }, asked)
  } else {
    const path = pathOf(arena, -ref)
    for (let i = from; i < to; i++) {
      if (equalBytes(paths[i] as Uint8Array, path)) {
        writeKind(ROW)
        return
      }
    }
    writeKind(OTHER)
    writeBytes(path)
    writeBytes(valueHashOf(arena, -ref))
  }
}

/** A position of the heap of a loaded node, at a depth in nibbles. */
interface Spot {
  readonly node: number
  readonly position: number
  readonly depth: number
}

function provePosition(tree: LoadingTree, spot: Spot, asked: Asked): void {
  const { arena } = tree
  const { node, position, depth } = spot
  const below = BELOW[position] as number
  const there = maskOf(arena, node) & below & 0xffff
  const nibble = 31 - Math.clz32(there)
  if (there === 0) writeKind(EMPTY)
  else if (asked.from === asked.to) {
    writeKind(HASH)
    writeHash(arena, node, position)
  } else if (position >= 16 || !isPair(maskOf(arena, node), below)) {
    proveRef(tree, childOf(arena, node, nibble), depth + 1, asked)
  } else {
    const bit = 4 * depth + 31 - Math.clz32(position)
    let split = asked.from
    while (split < asked.to && bitOf(asked.paths[split] as Uint8Array, bit) === 0) split++
    writeKind(INNER)
    provePosition(tree, { node, position: 2 * position, depth }, { ...asked, to: split })
    provePosition(tree, { node, position: 2 * position + 1, depth }, { ...asked, from: split })
  }
}

function writeKind(kind: number): void {
  if (writer.at === writer.bytes.length) grow()
  writer.bytes[writer.at++] = kind
  writer.nodes++
}

function writeBytes(bytes: Uint8Array): void {
  if (writer.at + bytes.length > writer.bytes.length) grow()
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.length
}

function writeHash(arena: Arena, node: number, position: number): void {
  if (hasHash(arena, node, position)) {
    copyHash(arena, node, position, scratch, 0)
    writeBytes(scratchBytes)
  } else writeBytes(hashAt(arena, node, position))
}

function grow(): void {
  const larger = new Uint8Array(2 * writer.bytes.length)
  larger.set(writer.bytes)
  writer.bytes = larger
}

/** Whether a position's hash is in memory: a node with few children does not keep those between it and its children. */
function hasHash(arena: Arena, node: number, position: number): boolean {
  return position >= 16 || blockOf(arena, node) > 0 || !isPair(maskOf(arena, node), BELOW[position] as number)
}

function hashAt(arena: Arena, node: number, position: number): Uint8Array {
  if (!hasHash(arena, node, position))
    return sha256(concatBytes(hashAt(arena, node, 2 * position), hashAt(arena, node, 2 * position + 1)))
  copyHash(arena, node, position, scratch, 0)
  return scratchBytes.slice()
}

/** The row at a path. */
export function findRow(tree: LoadingTree, path: Uint8Array): TreeRow | undefined {
  let ref = tree.root()
  for (let depth = 0; ref > 0; depth++) {
    tree.ensureLoaded(ref, depth, path)
    ref = childOf(tree.arena, ref, nibbleOf(path, depth))
  }
  return ref < 0 && equalBytes(pathOf(tree.arena, -ref), path) ? rowOf(tree.arena, -ref) : undefined
}

/** The siblings on the way to the row at a path, from the top. */
export function siblingsOf(tree: LoadingTree, path: Uint8Array): readonly Sibling[] {
  const { arena } = tree
  const siblings: Sibling[] = []
  let ref = tree.root()
  for (let depth = 0; ref > 0; depth++) {
    tree.ensureLoaded(ref, depth, path)
    const end = 16 + nibbleOf(path, depth)
    for (let level = 0; level < 4; level++) {
      const position = end >> (4 - level)
      if (!isPair(maskOf(arena, ref), BELOW[position] as number)) break
      const next = end >> (3 - level)
      siblings.push({ hash: hashAt(arena, ref, next ^ 1), isLeft: next % 2 === 1 })
    }
    ref = childOf(arena, ref, end - 16)
  }
  return siblings
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
  const way: number[] = []
  let ref = tree.root()
  for (let depth = 0; ref > 0; depth++) {
    tree.ensureLoaded(ref, depth, path)
    way.push(ref)
    ref = childOf(arena, ref, nibbleOf(path, depth))
  }
  if (ref < 0 && compareBytes(pathOf(arena, -ref), path) < 0 === (side === 'before'))
    return rowOf(arena, -ref)
  for (let depth = way.length - 1; depth >= 0; depth--) {
    const node = way[depth] as number
    const nibble = nextChild(arena, node, nibbleOf(path, depth), side)
    if (nibble === undefined) continue
    const start = path.slice()
    setNibble(start, depth, nibble)
    return outermost(tree, childOf(arena, node, nibble), depth + 1, start, side)
  }
  return undefined
}

/** The child next to a nibble, on one side of it. */
function nextChild(arena: Arena, node: number, nibble: number, side: 'before' | 'after'): number | undefined {
  const step = side === 'before' ? -1 : 1
  for (let next = nibble + step; next >= 0 && next < 16; next += step)
    if (childOf(arena, node, next) !== 0) return next
  return undefined
}

/** The last row of a subtree, or the first after a path. `path` leads to the subtree and is changed. */
function outermost(
  tree: LoadingTree,
  top: Ref,
  topDepth: number,
  path: Uint8Array,
  side: 'before' | 'after',
): TreeRow {
  let ref = top
  for (let depth = topDepth; ref > 0; depth++) {
    tree.ensureLoaded(ref, depth, path)
    const nibble = nextChild(tree.arena, ref, side === 'before' ? 16 : -1, side) as number
    setNibble(path, depth, nibble)
    ref = childOf(tree.arena, ref, nibble)
  }
  return rowOf(tree.arena, -ref)
}

function rowOf(arena: Arena, leaf: number): TreeRow {
  return { path: pathOf(arena, leaf).slice(), since: sinceOf(arena, leaf) }
}

function setNibble(path: Uint8Array, depth: number, nibble: number): void {
  const byte = path[depth >> 1] as number
  path[depth >> 1] = depth % 2 === 0 ? (nibble << 4) | (byte & 15) : (byte & 0xf0) | nibble
}

function bitOf(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1
}

// How nodes of the state tree are named and stored: sixteen children each, four levels of the binary tree.
import {
  type Arena,
  bornOf,
  childOf,
  copyHash,
  HASH_WORDS,
  hashAt,
  LEAF_WORDS,
  LINK_WORDS,
  newLeaf,
  newNode,
  pathAt,
  type Ref,
  SINCE_WORDS,
  setChild,
  sinceOf,
} from './tree-arena.ts'
import { nothingUnhashed, type Unhashed } from './tree-hashing.ts'

/** Levels of the binary tree that one stored node has. */
export const STORED_LEVELS = 4

/** Where a node is: the block that wrote it, and the first `depth` nibbles of the paths below it. */
export interface Place {
  readonly born: number
  readonly depth: number
  /** At least `depth` nibbles, two a byte. */
  readonly path: Uint8Array
}

/** A leaf's path and value's hash, a node's hash, and the height of either. */
const LEAF_BYTES = 64
const CHILD_BYTES = 32
const HEIGHT_BYTES = 6

export function nibbleOf(path: Uint8Array, depth: number): number {
  return nibbleIn(path, 0, depth)
}

export function nibbleIn(bytes: Uint8Array, start: number, depth: number): number {
  const byte = bytes[start + (depth >> 1)] as number
  return (depth & 1) === 0 ? byte >> 4 : byte & 15
}

/** Writes a whole number below 2^48, big-endian. */
export function writeU48(to: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32)
  to[at] = high >> 8
  to[at + 1] = high
  to[at + 2] = value >>> 24
  to[at + 3] = value >>> 16
  to[at + 4] = value >>> 8
  to[at + 5] = value
}

export function readU48(from: Uint8Array, at: number): number {
  const high = ((from[at] as number) << 8) | (from[at + 1] as number)
  const low =
    (((from[at + 2] as number) << 24) |
      ((from[at + 3] as number) << 16) |
      ((from[at + 4] as number) << 8) |
      (from[at + 5] as number)) >>>
    0
  return high * 2 ** 32 + low
}

/** The name of a place in the database: height, depth, and the nibbles, the last byte filled up with a zero. */
export function placeBytes({ born, depth, path }: Place): Uint8Array {
  const bytes = new Uint8Array(placeLength(depth))
  writePlace(bytes, 0, { born, depth, paths: path, start: 0 })
  return bytes
}

export function placeLength(depth: number): number {
  return 7 + ((depth + 1) >> 1)
}

/** The same at a position, with the path that begins at `start` of others. */
export function writePlace(
  to: Uint8Array,
  at: number,
  place: {
    readonly born: number
    readonly depth: number
    readonly paths: Uint8Array
    readonly start: number
  },
): void {
  const { born, depth, paths, start } = place
  const whole = depth >> 1
  writeU48(to, at, born)
  to[at + 6] = depth
  for (let i = 0; i < whole; i++) to[at + 7 + i] = paths[start + i] as number
  if (depth & 1) to[at + 7 + whole] = (paths[start + whole] as number) & 0xf0
}

/** The stored children of a node in the order of their nibbles: which they are, and where the hashes of nodes begin in the pairs. */
interface StoredChildren {
  count: number
  /** Which nibbles have one; upper half: which of them are leaves. */
  mask: number
  readonly refs: Int32Array
  readonly hashAts: Int32Array
}

/** Nodes are written one after another, so one memory serves all of them. */
const found: StoredChildren = { count: 0, mask: 0, refs: new Int32Array(16), hashAts: new Int32Array(16) }

/** Finds what is stored of a node at a depth in nibbles; `writeNode` then writes it. Answers how many bytes that takes. */
export function gatherNode(arena: Arena, node: number, depth: number): number {
  found.count = 0
  found.mask = 0
  gather(arena, node, depth, 1)
  return storedBytes(found.mask & 0xffff, found.mask >>> 16)
}

/** Nodes whose memory is fetched before they are gathered and written. */
export const GATHERED_NODES = 64
/** Nodes on one level inside of stored ones, and on the next. */
let level = new Int32Array(GATHERED_NODES * 8)
let below = new Int32Array(GATHERED_NODES * 8)
/** Whatever was read only to have its memory fetched. */
const touched = new Int32Array(1)

/**
 * Reads what `gatherNode` and `writeNode` will need of nodes from one to before another, GATHERED_NODES at most: level by level, so that what is
 * needed of one node is fetched beside that of the others.
 */
export function touchNodes(arena: Arena, nodes: readonly number[], from: number, to: number): void {
  const { link, pair, leaf, since } = arena
  let count = 0
  let sum = 0
  for (let i = from; i < to; i++) level[count++] = nodes[i] as number
  for (let depth = 0; depth < STORED_LEVELS; depth++) {
    let more = 0
    for (let i = 0; i < 2 * count; i++) {
      const node = level[i >> 1] as number
      const child = link[node * LINK_WORDS + (i & 1)] as Ref
      if (child < 0)
        sum ^=
          (leaf[-child * LEAF_WORDS] as number) ^
          (leaf[-child * LEAF_WORDS + 15] as number) ^
          (since[-child * SINCE_WORDS] as number)
      else if (child > 0) {
        sum ^= pair[hashAt(node, i & 1)] as number
        if (depth < STORED_LEVELS - 1) below[more++] = child
        else sum ^= link[child * LINK_WORDS] as number
      }
    }
    ;[level, below] = [below, level]
    count = more
  }
  touched[0] = sum
}

/** The children below a node that lies at a position of the heap of a stored one: 1 this itself, 16 to 31 its children. */
function gather(arena: Arena, node: number, depth: number, position: number): void {
  for (let side = 0; side < 2; side++) {
    const child = childOf(arena, node, side)
    const below = 2 * position + side
    if (child > 0 && below < 16) gather(arena, child, depth, below)
    else if (child !== 0) {
      // A leaf may stand for more than its own nibble.
      const nibble = child > 0 ? below - 16 : nibbleIn(arena.leafBytes, pathAt(-child), depth)
      found.mask |= child > 0 ? 1 << nibble : 0x10001 << nibble
      found.refs[found.count] = child
      found.hashAts[found.count++] = hashAt(node, side)
    }
  }
}

/**
 * Writes the node that was gathered as it is stored, from a whole word on: two masks, then path and value's hash of a leaf or the
 * hash of a node in the order of the nibbles, then their heights in the same order.
 */
export function writeNode(arena: Arena, to: WordsAndBytes, start: number): void {
  const { words, bytes } = to
  const { count, mask, refs, hashAts } = found
  bytes[start] = mask >> 8
  bytes[start + 1] = mask
  bytes[start + 2] = mask >>> 24
  bytes[start + 3] = mask >>> 16
  let word = (start >> 2) + 1
  for (let i = 0; i < count; i++) {
    const child = refs[i] as Ref
    if (child > 0) copyHash(arena.pair, hashAts[i] as number, words, word)
    else {
      copyHash(arena.leaf, -child * LEAF_WORDS, words, word)
      word += HASH_WORDS
      copyHash(arena.leaf, -child * LEAF_WORDS + HASH_WORDS, words, word)
    }
    word += HASH_WORDS
  }
  let at = word * 4
  for (let i = 0; i < count; i++) {
    const child = refs[i] as Ref
    writeU48(bytes, at, child < 0 ? sinceOf(arena, -child) : bornOf(arena, child))
    at += HEIGHT_BYTES
  }
}

/** The same memory twice. */
export interface WordsAndBytes {
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

/** What has to be hashed of a node that was read: its leaves, then the nodes inside of it by their levels below it, the deepest last. */
export interface ReadNode {
  readonly leaves: Unhashed
  readonly levels: readonly Unhashed[]
}

/** One stored child. */
interface StoredChild {
  readonly nibble: number
  readonly ref: Ref
  /** Where its hash begins in the bytes, when it is a node. */
  readonly at: number
}

/** Makes the children of a node out of stored bytes; undefined when these are no node. The hashes inside of it are left to the caller. */
export function readNode(arena: Arena, node: number, from: Uint8Array): ReadNode | undefined {
  const children = readChildren(arena, from)
  if (!children) return undefined
  const read: ReadNode = {
    leaves: nothingUnhashed(),
    levels: Array.from({ length: STORED_LEVELS }, nothingUnhashed),
  }
  const born = bornOf(arena, node)
  const place = (above: number, side: number, ref: Ref, level: number): void => {
    setChild(arena, above, side, ref)
    const unhashed = ref < 0 ? read.leaves : (read.levels[level] as Unhashed)
    unhashed.refs.push(Math.abs(ref))
    unhashed.hashAts.push(hashAt(above, side))
  }
  /** Hangs the children `first` to before `end`, which share `level` bits of their nibbles, below one side of a node. */
  const hang = (above: number, side: number, level: number, first: number, end: number): void => {
    const child = children[first] as StoredChild
    if (first === end) {
      setChild(arena, above, side, 0)
      const at = hashAt(above, side)
      arena.pair.fill(0, at, at + HASH_WORDS)
    } else if (end - first === 1 && child.ref < 0) place(above, side, child.ref, level)
    else if (level === STORED_LEVELS) {
      setChild(arena, above, side, child.ref)
      arena.pairBytes.set(from.subarray(child.at, child.at + CHILD_BYTES), hashAt(above, side) * 4)
    } else {
      const inner = newNode(arena, born)
      fill(inner, level, first, end)
      place(above, side, inner, level)
    }
  }
  const fill = (inner: number, level: number, first: number, end: number): void => {
    let split = first
    while (split < end && ((children[split] as StoredChild).nibble >> (3 - level)) % 2 === 0) split++
    hang(inner, 0, level + 1, first, split)
    hang(inner, 1, level + 1, split, end)
  }
  fill(node, 0, 0, children.length)
  return read
}

function readChildren(arena: Arena, from: Uint8Array): readonly StoredChild[] | undefined {
  if (from.length < 4) return undefined
  const there = ((from[0] as number) << 8) | (from[1] as number)
  const leaves = ((from[2] as number) << 8) | (from[3] as number)
  if (from.length !== storedBytes(there, leaves)) return undefined
  const children: StoredChild[] = []
  let at = 4
  let heightAt = from.length - HEIGHT_BYTES * bits(there)
  for (let rest = there; rest !== 0; rest &= rest - 1) {
    const nibble = 31 - Math.clz32(rest & -rest)
    const height = readU48(from, heightAt)
    heightAt += HEIGHT_BYTES
    const isLeaf = ((leaves >> nibble) & 1) === 1
    if (isLeaf) leafBytes.set(from.subarray(at, at + LEAF_BYTES))
    const ref = isLeaf ? -newLeaf(arena, height, leafWords, 0) : newNode(arena, height)
    children.push({ nibble, ref, at })
    at += isLeaf ? LEAF_BYTES : CHILD_BYTES
  }
  return children
}

/** What a stored node has on the way to a path: the row with the height that wrote it, −1 for no row, or a node with its height. */
export interface StoredStep {
  readonly kind: 'row' | 'node'
  readonly height: number
}

/** A step down in the stored bytes of a node at a depth in nibbles. Throws a `RangeError` for bytes that are none. */
export function storedStep(from: Uint8Array, path: Uint8Array, depth: number): StoredStep {
  const there = ((from[0] as number) << 8) | (from[1] as number)
  const leaves = ((from[2] as number) << 8) | (from[3] as number)
  if (from.length < 4 || from.length !== storedBytes(there, leaves))
    throw new RangeError('it is no tree node')
  const bit = 1 << nibbleOf(path, depth)
  if ((there & bit) === 0) return { kind: 'row', height: -1 }
  const before = there & (bit - 1)
  const height = readU48(from, from.length - HEIGHT_BYTES * (bits(there) - bits(before)))
  if ((leaves & bit) === 0) return { kind: 'node', height }
  const at = 4 + CHILD_BYTES * (bits(before) + bits(leaves & before))
  for (let i = 0; i < 32; i++) if (from[at + i] !== path[i]) return { kind: 'row', height: -1 }
  return { kind: 'row', height }
}

const leafWords = new Int32Array(LEAF_WORDS)
const leafBytes = new Uint8Array(leafWords.buffer)

/** The bytes of a node with these masks; −1 for masks that no node has. */
function storedBytes(there: number, leaves: number): number {
  if (there === 0 || (there & leaves) !== leaves) return -1
  const hashes = bits(leaves) * LEAF_BYTES + bits(there & ~leaves) * CHILD_BYTES
  return 4 + hashes + bits(there) * HEIGHT_BYTES
}

function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

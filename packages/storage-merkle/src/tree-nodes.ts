// How nodes of the state tree are named and stored.
import {
  type Arena,
  bornOf,
  childOf,
  countChildren,
  maskOf,
  newLeaf,
  newNode,
  nodeHashOf,
  pathAt,
  type Ref,
  setChild,
  sinceOf,
} from './tree-arena.ts'

/** Where a node is: the block that wrote it, and the first `depth` nibbles of the paths below it. */
export interface Place {
  readonly born: number
  readonly depth: number
  /** At least `depth` nibbles, two a byte. */
  readonly path: Uint8Array
}

const LEAF_BYTES = 32 + 32 + 6
const CHILD_BYTES = 32 + 6
export const NODE_BYTES_MAX = 4 + 16 * LEAF_BYTES

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
  const whole = (depth + 1) >> 1
  const bytes = new Uint8Array(7 + whole)
  writeU48(bytes, 0, born)
  bytes[6] = depth
  bytes.set(path.subarray(0, whole), 7)
  if (depth % 2 === 1) bytes[6 + whole] = (bytes[6 + whole] as number) & 0xf0
  return bytes
}

/** Writes a node as it is stored and answers where it ends: two masks, then leaves and nodes in the order of their nibbles. */
export function writeNode(arena: Arena, node: number, to: Uint8Array, start: number): number {
  const mask = maskOf(arena, node)
  to[start] = mask >> 8
  to[start + 1] = mask
  to[start + 2] = mask >>> 24
  to[start + 3] = mask >>> 16
  let at = start + 4
  for (let nibble = 0; nibble < 16; nibble++) {
    const child = childOf(arena, node, nibble)
    if (child < 0) {
      // The value's hash lies behind the path.
      to.set(arena.leafBytes.subarray(pathAt(-child), pathAt(-child) + 64), at)
      writeU48(to, at + 64, sinceOf(arena, -child))
      at += LEAF_BYTES
    } else if (child > 0) {
      to.set(nodeHashOf(arena, child), at)
      writeU48(to, at + 32, bornOf(arena, child))
      at += CHILD_BYTES
    }
  }
  return at
}

/** Makes children out of stored bytes; false when these are no node. The hashes of its leaves are left to the caller. */
export function readNode(arena: Arena, node: number, from: Uint8Array): boolean {
  if (from.length < 4) return false
  const there = ((from[0] as number) << 8) | (from[1] as number)
  const leaves = ((from[2] as number) << 8) | (from[3] as number)
  if (from.length !== storedBytes(there, leaves)) return false
  let at = 4
  for (let nibble = 0; nibble < 16; nibble++) {
    let child: Ref = 0
    if ((leaves >> nibble) & 1) {
      child = -readLeaf(arena, from, at)
      at += LEAF_BYTES
    } else if ((there >> nibble) & 1) {
      child = newNode(arena, readU48(from, at + 32))
      nodeHashOf(arena, child).set(from.subarray(at, at + 32))
      at += CHILD_BYTES
    }
    setChild(arena, node, nibble, child)
  }
  countChildren(arena, node)
  return true
}

function readLeaf(arena: Arena, from: Uint8Array, at: number): number {
  const leaf = newLeaf(arena, readU48(from, at + 64))
  arena.leafBytes.set(from.subarray(at, at + 64), pathAt(leaf))
  return leaf
}

/** The bytes of a node with these masks; −1 for masks that no node has. */
function storedBytes(there: number, leaves: number): number {
  if (there === 0 || (there & leaves) !== leaves) return -1
  return 4 + bits(leaves) * LEAF_BYTES + bits(there & ~leaves) * CHILD_BYTES
}

export function nodeBytes(arena: Arena, node: number): number {
  const mask = maskOf(arena, node)
  return storedBytes(mask & 0xffff, mask >>> 16)
}

function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

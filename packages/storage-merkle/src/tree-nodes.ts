// How nodes of the state tree are named and stored.
import {
  type Arena,
  bornOf,
  childOf,
  copyChild,
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

/**
 * Writes a node as it is stored, from a whole word on: two masks, then path and value's hash of a leaf or the hash of a node in the
 * order of the nibbles, then their heights in the same order.
 */
export function writeNode(arena: Arena, node: number, to: WordsAndBytes, start: number): void {
  const { words, bytes } = to
  const mask = maskOf(arena, node)
  bytes[start] = mask >> 8
  bytes[start + 1] = mask
  bytes[start + 2] = mask >>> 24
  bytes[start + 3] = mask >>> 16
  let at = start + 4
  for (let rest = mask & 0xffff; rest !== 0; rest &= rest - 1) {
    const child = childOf(arena, node, 31 - Math.clz32(rest & -rest))
    at += 4 * copyChild(arena, child, words, at >> 2)
  }
  for (let rest = mask & 0xffff; rest !== 0; rest &= rest - 1) {
    const child = childOf(arena, node, 31 - Math.clz32(rest & -rest))
    writeU48(bytes, at, child < 0 ? sinceOf(arena, -child) : bornOf(arena, child))
    at += HEIGHT_BYTES
  }
}

/** The same memory twice. */
export interface WordsAndBytes {
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

/** Makes children out of stored bytes; false when these are no node. The hashes of its leaves are left to the caller. */
export function readNode(arena: Arena, node: number, from: Uint8Array): boolean {
  if (from.length < 4) return false
  const there = ((from[0] as number) << 8) | (from[1] as number)
  const leaves = ((from[2] as number) << 8) | (from[3] as number)
  if (from.length !== storedBytes(there, leaves)) return false
  let at = 4
  let heightAt = from.length - HEIGHT_BYTES * bits(there)
  for (let nibble = 0; nibble < 16; nibble++) {
    let child: Ref = 0
    if ((there >> nibble) & 1) {
      const height = readU48(from, heightAt)
      heightAt += HEIGHT_BYTES
      if ((leaves >> nibble) & 1) {
        const leaf = newLeaf(arena, height)
        arena.leafBytes.set(from.subarray(at, at + LEAF_BYTES), pathAt(leaf))
        child = -leaf
        at += LEAF_BYTES
      } else {
        child = newNode(arena, height)
        nodeHashOf(arena, child).set(from.subarray(at, at + CHILD_BYTES))
        at += CHILD_BYTES
      }
    }
    setChild(arena, node, nibble, child)
  }
  countChildren(arena, node)
  return true
}

/** The bytes of a node with these masks; −1 for masks that no node has. */
function storedBytes(there: number, leaves: number): number {
  if (there === 0 || (there & leaves) !== leaves) return -1
  const hashes = bits(leaves) * LEAF_BYTES + bits(there & ~leaves) * CHILD_BYTES
  return 4 + hashes + bits(there) * HEIGHT_BYTES
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

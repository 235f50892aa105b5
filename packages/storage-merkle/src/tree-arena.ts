// The part of the state tree that is in memory: nodes of two children, and leaves, as records of words in typed arrays.
// A node has the hashes of its children side by side, so that they are the 64 bytes that are hashed, are copied in one
// piece, and lie in one line of the processor's cache (docs/adr/0052-state-tree-in-pairs.md).

/**
 * What a child is: 0 nothing, n > 0 the node n, −n the leaf n. A node without children is not loaded: they are on disk.
 * Numbers of nodes and leaves begin at 1.
 */
export type Ref = number

/** Words of a hash. */
export const HASH_WORDS = 8

/** Words of a node: the hashes of its children. */
export const PAIR_WORDS = 2 * HASH_WORDS
/** Beside them: its children, and the height that wrote it. */
export const LINK_WORDS = 4
const LINK_BORN = 2
/** Words of a leaf: H(key) and H(value). */
export const LEAF_WORDS = 16
/** Beside them: the height that wrote the row. */
export const SINCE_WORDS = 2

/**
 * Records of one kind, numbered from 1. The lowest free number is taken first: so what a stage makes ascends, depth by depth in the order
 * of paths, and what is read together lies on the same pages of memory.
 */
interface Records {
  used: number
  /** No number from here on was ever taken. */
  next: number
  /** A bit for each number that was given back; none is set below `lowest`. */
  free: Int32Array
  lowest: number
}

const newRecords = (): Records => ({ used: 0, next: 1, free: new Int32Array(128), lowest: 1 })

export interface Arena {
  readonly nodes: Records
  readonly leaves: Records
  pair: Int32Array
  link: Int32Array
  leaf: Int32Array
  since: Int32Array
  /** The memory of `pair` and `leaf` as bytes. */
  pairBytes: Uint8Array
  leafBytes: Uint8Array
}

export function newArena(): Arena {
  const none = new Int32Array(0)
  const noBytes = new Uint8Array(0)
  return {
    nodes: newRecords(),
    leaves: newRecords(),
    pair: none,
    link: none,
    leaf: none,
    since: none,
    pairBytes: noBytes,
    leafBytes: noBytes,
  }
}

/** How much memory is in use, in bytes. */
export function arenaBytes({ nodes, leaves }: Arena): number {
  return 4 * (nodes.used * (PAIR_WORDS + LINK_WORDS) + leaves.used * (LEAF_WORDS + SINCE_WORDS))
}

/** Makes room for more nodes, so that the arrays stay the same while they are made. */
export function reserveNodes(arena: Arena, count: number): void {
  const { nodes, pair } = arena
  const free = nodes.next - 1 - nodes.used
  const needed = nodes.next + Math.max(0, count - free)
  if (needed * PAIR_WORDS <= pair.length) return
  arena.pair = grown(pair, needed * PAIR_WORDS)
  arena.pairBytes = new Uint8Array(arena.pair.buffer)
  arena.link = grown(arena.link, (arena.pair.length / PAIR_WORDS) * LINK_WORDS)
}

/** A node that is not loaded. Its hashes have old contents. */
export function newNode(arena: Arena, born: number): number {
  reserveNodes(arena, 1)
  const id = take(arena.nodes)
  const at = id * LINK_WORDS
  arena.link[at] = 0
  arena.link[at + 1] = 0
  writeHeight(arena.link, at + LINK_BORN, born)
  return id
}

/** A leaf of the path and the value's hash that are the 16 words at `start`. */
export function newLeaf(arena: Arena, since: number, from: Int32Array, start: number): number {
  const id = take(arena.leaves)
  if ((id + 1) * LEAF_WORDS > arena.leaf.length) {
    arena.leaf = grown(arena.leaf, (id + 1) * LEAF_WORDS)
    arena.leafBytes = new Uint8Array(arena.leaf.buffer)
    arena.since = grown(arena.since, (arena.leaf.length / LEAF_WORDS) * SINCE_WORDS)
  }
  copyHash(from, start, arena.leaf, id * LEAF_WORDS)
  copyHash(from, start + HASH_WORDS, arena.leaf, id * LEAF_WORDS + HASH_WORDS)
  writeHeight(arena.since, id * SINCE_WORDS, since)
  return id
}

export function freeNode(arena: Arena, id: number): void {
  giveBack(arena.nodes, id)
}

export function freeLeaf(arena: Arena, id: number): void {
  giveBack(arena.leaves, id)
}

/** Forgets what is below a node; it can be loaded again where a node is stored. */
export function unloadNode(arena: Arena, id: number): void {
  for (let side = 0; side < 2; side++) {
    const child = childOf(arena, id, side)
    setChild(arena, id, side, 0)
    if (child < 0) freeLeaf(arena, -child)
    else if (child > 0) {
      unloadNode(arena, child)
      freeNode(arena, child)
    }
  }
}

/** The child on the left (0) or on the right (1). */
export function childOf(arena: Arena, node: number, side: number): Ref {
  return arena.link[node * LINK_WORDS + side] as Ref
}

export function setChild(arena: Arena, node: number, side: number, child: Ref): void {
  arena.link[node * LINK_WORDS + side] = child
}

export function isLoaded(arena: Arena, node: number): boolean {
  const at = node * LINK_WORDS
  return ((arena.link[at] as number) | (arena.link[at + 1] as number)) !== 0
}

export function bornOf(arena: Arena, node: number): number {
  return readHeight(arena.link, node * LINK_WORDS + LINK_BORN)
}

export function sinceOf(arena: Arena, leaf: number): number {
  return readHeight(arena.since, leaf * SINCE_WORDS)
}

/** Where the words of a child's hash begin in `pair`. */
export function hashAt(node: number, side: number): number {
  return node * PAIR_WORDS + side * HASH_WORDS
}

/** Where the bytes of a leaf's path begin in `leafBytes`. */
export const pathAt = (leaf: number): number => leaf * LEAF_WORDS * 4

/** Views of the arena's own memory, good until the next node or leaf is made. */
export function hashIn(arena: Arena, at: number): Uint8Array {
  return arena.pairBytes.subarray(at * 4, (at + HASH_WORDS) * 4)
}
export function pathOf(arena: Arena, leaf: number): Uint8Array {
  return arena.leafBytes.subarray(pathAt(leaf), pathAt(leaf) + 32)
}
export function valueHashOf(arena: Arena, leaf: number): Uint8Array {
  return arena.leafBytes.subarray(pathAt(leaf) + 32, pathAt(leaf) + 64)
}

/** One bit of the path that begins at a byte. */
export function bitIn(bytes: Uint8Array, start: number, depth: number): number {
  return ((bytes[start + (depth >> 3)] as number) >> (7 - (depth & 7))) & 1
}

/** Negative, zero or positive as the leaf's path sorts before, at or after that at `start`. It runs for every change, hence no views. */
export function comparePath({ leafBytes }: Arena, leaf: number, paths: Uint8Array, start: number): number {
  const at = pathAt(leaf)
  for (let i = 0; i < 32; i++) {
    const difference = (leafBytes[at + i] as number) - (paths[start + i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether path and value of a leaf are the 16 words at `start`. */
export function isLeafOf({ leaf: words }: Arena, leaf: number, of: Int32Array, start: number): boolean {
  const at = leaf * LEAF_WORDS
  // Values differ more often than paths do.
  for (let i = LEAF_WORDS - 1; i >= 0; i--) if (words[at + i] !== of[start + i]) return false
  return true
}

export function copyHash(from: Int32Array, start: number, to: Int32Array, at: number): void {
  to[at] = from[start] as number
  to[at + 1] = from[start + 1] as number
  to[at + 2] = from[start + 2] as number
  to[at + 3] = from[start + 3] as number
  to[at + 4] = from[start + 4] as number
  to[at + 5] = from[start + 5] as number
  to[at + 6] = from[start + 6] as number
  to[at + 7] = from[start + 7] as number
}

/** `fill` takes longer for so few words. */
export function clearHash(to: Int32Array, at: number): void {
  for (let i = at; i < at + HASH_WORDS; i++) to[i] = 0
}

/** A height below 2^48 as two words. */
function writeHeight(to: Int32Array, at: number, height: number): void {
  to[at] = Math.floor(height / 2 ** 32)
  to[at + 1] = height
}

function readHeight(from: Int32Array, at: number): number {
  return (from[at] as number) * 2 ** 32 + ((from[at + 1] as number) >>> 0)
}

function take(records: Records): number {
  records.used++
  const id = freeFrom(records, records.lowest)
  records.lowest = id + 1
  if (id === records.next) records.next++
  else records.free[id >> 5] = (records.free[id >> 5] as number) & ~(1 << (id & 31))
  return id
}

/** The lowest free number from one on. */
export function freeFrom({ free, next }: Records, first: number): number {
  if (first >= next) return next
  // Words that are not there have no bit.
  let bits = (free[first >> 5] ?? 0) & (-1 << (first & 31))
  for (let word = first >> 5; word < free.length; bits = free[++word] as number)
    if (bits !== 0) return 32 * word + 31 - Math.clz32(bits & -bits)
  return next
}

function giveBack(records: Records, id: number): void {
  records.used--
  const word = id >> 5
  if (word >= records.free.length) records.free = grown(records.free, records.next >> 5)
  records.free[word] = (records.free[word] as number) | (1 << (id & 31))
  if (id < records.lowest) records.lowest = id
}

/** A larger copy with room for `words` and half as many more, in whole records. */
function grown(from: Int32Array, words: number): Int32Array {
  const to = new Int32Array(Math.max(4096, 16 * Math.ceil((words * 1.5) / 16)))
  to.set(from)
  return to
}

// The part of the state tree that is in memory: nodes of up to 16 children, and leaves, as records of words in typed arrays.
// A record lies in two lines of the processor's cache (docs/adr/0010-state-tree.md).

/**
 * What a child is: 0 nothing, n > 0 the node n, −n the leaf n. A node with the mask 0 is not loaded: its children are on disk.
 * Numbers of nodes and leaves begin at 1.
 */
export type Ref = number

/** Words of a hash. */
export const HASH_WORDS = 8

/** A node: 16 children, its hash, which children there are (upper half: which are leaves), its block, the height that wrote it. */
const NODE_WORDS = 32
const NODE_HASH = 16
const NODE_MASK = 24
const NODE_BLOCK = 25
const NODE_BORN = 26
/** A leaf: H(key), H(value), the hash of both, the height that wrote the row. */
const LEAF_WORDS = 28
const LEAF_VALUE = 8
const LEAF_HASH = 16
const LEAF_SINCE = 24
/** The hashes between a node and its children by their positions in a heap, 2 to 15; 1 is the node's own. */
const BLOCK_WORDS = 16 * HASH_WORDS
/** The first blocks belong to nobody: hashing uses them for nodes that keep none. */
export const SCRATCH_BLOCKS = 1024

/** Records of one size, numbered from 1. */
interface Records {
  readonly words: number
  used: number
  next: number
  readonly free: number[]
}

export interface Arena {
  readonly nodes: Records
  readonly leaves: Records
  readonly blocks: Records
  node: Int32Array
  leaf: Int32Array
  block: Int32Array
  /** The memory of `node` and `leaf` as bytes. */
  nodeBytes: Uint8Array
  leafBytes: Uint8Array
}

export function newArena(): Arena {
  const records = (words: number): Records => ({ words, used: 0, next: 1, free: [] })
  return {
    nodes: records(NODE_WORDS),
    leaves: records(LEAF_WORDS),
    blocks: { ...records(BLOCK_WORDS), next: SCRATCH_BLOCKS + 1 },
    node: new Int32Array(0),
    leaf: new Int32Array(0),
    block: new Int32Array((SCRATCH_BLOCKS + 1) * BLOCK_WORDS),
    nodeBytes: new Uint8Array(0),
    leafBytes: new Uint8Array(0),
  }
}

/** How much memory is in use, in bytes. */
export function arenaBytes({ nodes, leaves, blocks }: Arena): number {
  return 4 * (nodes.used * NODE_WORDS + leaves.used * LEAF_WORDS + blocks.used * BLOCK_WORDS)
}

/** A node that is not loaded. Its children and hash have old contents. */
export function newNode(arena: Arena, born: number): number {
  const id = take(arena.nodes)
  const start = id * NODE_WORDS
  if (start + NODE_WORDS > arena.node.length) {
    arena.node = grown(arena.node, start + NODE_WORDS)
    arena.nodeBytes = new Uint8Array(arena.node.buffer)
  }
  arena.node[start + NODE_MASK] = 0
  arena.node[start + NODE_BLOCK] = 0
  writeHeight(arena.node, start + NODE_BORN, born)
  return id
}

/** A leaf without path and hashes; those of an older leaf may be there. */
export function newLeaf(arena: Arena, since: number): number {
  const id = take(arena.leaves)
  const start = id * LEAF_WORDS
  if (start + LEAF_WORDS > arena.leaf.length) {
    arena.leaf = grown(arena.leaf, start + LEAF_WORDS)
    arena.leafBytes = new Uint8Array(arena.leaf.buffer)
  }
  writeHeight(arena.leaf, start + LEAF_SINCE, since)
  return id
}

/** Gives a node a block for its inner hashes. */
export function giveBlock(arena: Arena, node: number): void {
  const id = take(arena.blocks)
  if ((id + 1) * BLOCK_WORDS > arena.block.length) arena.block = grown(arena.block, (id + 1) * BLOCK_WORDS)
  arena.node[node * NODE_WORDS + NODE_BLOCK] = id
}

/** Lets a node use a scratch block, 1 to SCRATCH_BLOCKS, until it is taken away. */
export function lendBlock(arena: Arena, node: number, scratch: number): void {
  arena.node[node * NODE_WORDS + NODE_BLOCK] = scratch
}

export function takeBlock(arena: Arena, node: number): void {
  const block = blockOf(arena, node)
  if (block > SCRATCH_BLOCKS) giveBack(arena.blocks, block)
  arena.node[node * NODE_WORDS + NODE_BLOCK] = 0
}

/** A copy of a loaded node, with its inner hashes. */
export function copyNode(arena: Arena, from: number, born: number): number {
  const id = newNode(arena, born)
  const { node } = arena
  for (let i = 0; i < 16; i++) node[id * NODE_WORDS + i] = node[from * NODE_WORDS + i] as number
  node[id * NODE_WORDS + NODE_MASK] = maskOf(arena, from)
  const block = blockOf(arena, from)
  if (block > 0) {
    giveBlock(arena, id)
    const start = block * BLOCK_WORDS
    arena.block.copyWithin(blockOf(arena, id) * BLOCK_WORDS, start, start + BLOCK_WORDS)
  }
  return id
}

export function freeNode(arena: Arena, id: number): void {
  takeBlock(arena, id)
  giveBack(arena.nodes, id)
}

export function freeLeaf(arena: Arena, id: number): void {
  giveBack(arena.leaves, id)
}

/** Forgets what is below a node; it can be loaded again. */
export function unloadNode(arena: Arena, id: number): void {
  if (maskOf(arena, id) === 0) return
  for (let nibble = 0; nibble < 16; nibble++) {
    const child = childOf(arena, id, nibble)
    if (child < 0) freeLeaf(arena, -child)
    else if (child > 0) {
      unloadNode(arena, child)
      freeNode(arena, child)
    }
  }
  arena.node[id * NODE_WORDS + NODE_MASK] = 0
  takeBlock(arena, id)
}

export function childOf(arena: Arena, node: number, nibble: number): Ref {
  return arena.node[node * NODE_WORDS + nibble] as Ref
}

export function setChild(arena: Arena, node: number, nibble: number, child: Ref): void {
  arena.node[node * NODE_WORDS + nibble] = child
}

export function maskOf(arena: Arena, node: number): number {
  return arena.node[node * NODE_WORDS + NODE_MASK] as number
}

export function blockOf(arena: Arena, node: number): number {
  return arena.node[node * NODE_WORDS + NODE_BLOCK] as number
}

export function bornOf(arena: Arena, node: number): number {
  return readHeight(arena.node, node * NODE_WORDS + NODE_BORN)
}

export function sinceOf(arena: Arena, leaf: number): number {
  return readHeight(arena.leaf, leaf * LEAF_WORDS + LEAF_SINCE)
}

/** Says which children of a node are there; answers how many. */
export function countChildren(arena: Arena, node: number): number {
  let mask = 0
  let count = 0
  for (let nibble = 0; nibble < 16; nibble++) {
    const child = childOf(arena, node, nibble)
    if (child === 0) continue
    count++
    mask |= child < 0 ? 0x10001 << nibble : 1 << nibble
  }
  arena.node[node * NODE_WORDS + NODE_MASK] = mask
  return count
}

/** Where the words of a hash begin: in `node`, in `leaf`, in `block`. */
export const nodeHashAt = (node: number): number => node * NODE_WORDS + NODE_HASH
export const leafHashAt = (leaf: number): number => leaf * LEAF_WORDS + LEAF_HASH
export const blockHashAt = (block: number, position: number): number =>
  block * BLOCK_WORDS + position * HASH_WORDS

/** Where the bytes of a path and of a value's hash begin in `leafBytes`. */
export const pathAt = (leaf: number): number => leaf * LEAF_WORDS * 4
const valueHashAt = (leaf: number): number => (leaf * LEAF_WORDS + LEAF_VALUE) * 4

/** Views of the arena's own memory, good until the next node or leaf is made. */
export function pathOf(arena: Arena, leaf: number): Uint8Array {
  return arena.leafBytes.subarray(pathAt(leaf), pathAt(leaf) + 32)
}
export function valueHashOf(arena: Arena, leaf: number): Uint8Array {
  return arena.leafBytes.subarray(valueHashAt(leaf), valueHashAt(leaf) + 32)
}
export function leafHashOf(arena: Arena, leaf: number): Uint8Array {
  return arena.leafBytes.subarray(leafHashAt(leaf) * 4, leafHashAt(leaf) * 4 + 32)
}
export function nodeHashOf(arena: Arena, node: number): Uint8Array {
  return arena.nodeBytes.subarray(nodeHashAt(node) * 4, nodeHashAt(node) * 4 + 32)
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
  for (let i = 0; i < LEAF_HASH; i++) if (words[at + i] !== of[start + i]) return false
  return true
}

/** Gives a leaf the path and the value's hash that are the 16 words at `start`. */
export function setLeaf({ leaf: words }: Arena, leaf: number, from: Int32Array, start: number): void {
  const at = leaf * LEAF_WORDS
  for (let i = 0; i < LEAF_HASH; i++) words[at + i] = from[start + i] as number
}

/** Copies what is stored of a child, but for its height: path and value's hash of a leaf, the hash of a node. Answers how many words. */
export function copyChild(arena: Arena, child: Ref, to: Int32Array, at: number): number {
  const { leaf, node } = arena
  if (child < 0) {
    for (let i = 0; i < LEAF_HASH; i++) to[at + i] = leaf[-child * LEAF_WORDS + i] as number
    return LEAF_HASH
  }
  for (let i = 0; i < HASH_WORDS; i++) to[at + i] = node[child * NODE_WORDS + NODE_HASH + i] as number
  return HASH_WORDS
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
  return records.free.pop() ?? records.next++
}

function giveBack(records: Records, id: number): void {
  records.used--
  records.free.push(id)
}

/** A larger copy with room for `words` and half as many more. */
function grown(from: Int32Array, words: number): Int32Array {
  const to = new Int32Array(Math.max(4096, Math.ceil(words * 1.5)))
  to.set(from)
  return to
}

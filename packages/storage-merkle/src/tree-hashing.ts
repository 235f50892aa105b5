// Hashes of changed nodes, from the deepest up, each level of all of them in one batch.
import type { PairHasher } from './pair-hasher.ts'
import {
  type Arena,
  blockHashAt,
  blockOf,
  childOf,
  giveBlock,
  HASH_WORDS,
  leafHashAt,
  lendBlock,
  maskOf,
  nodeHashAt,
  SCRATCH_BLOCKS,
  takeBlock,
} from './tree-arena.ts'

/** Pairs that are hashed at once. */
const PAIRS = 2048
/** A node with at least so many children keeps its inner hashes: it is where many paths pass. */
const DENSE = 5

/** Nodes of one depth, and for each which of its children have changed. */
export interface ChangedNodes {
  readonly nodes: readonly number[]
  readonly dirty: readonly number[]
}

export interface NodeHasher {
  /** Hashes nodes of one depth whose children have their hashes. */
  hash(changed: ChangedNodes): void
}

/**
 * Which of the 16 children lie below a position of a node's heap: 1 the node itself, 2 and 3 its halves, … 8 to 15 the pairs of
 * children, 16 to 31 the children.
 */
export const BELOW = Int32Array.from({ length: 32 }, (_, position) => {
  if (position === 0) return 0
  const level = 31 - Math.clz32(position)
  const width = 16 >> level
  return ((1 << width) - 1) << ((position - (1 << level)) * width)
})

/** Whether the children below a position make a pair to hash: one leaf alone stands for its whole subtree. */
export function isPair(mask: number, below: number): boolean {
  const there = mask & below
  return (there & (there - 1)) !== 0 || (there !== 0 && ((mask >>> 16) & there) === 0)
}

/** The lowest bits of groups of two, four, eight and sixteen. */
const LOWEST = [0, 0xffff, 0x5555, 0, 0x1111, 0, 0, 0, 0x0101, 0, 0, 0, 0, 0, 0, 0, 0x0001] as const

/** Which groups of `width` children make a pair to hash, each by its lowest bit: `isPair` for all at once. */
function pairsOf(mask: number, width: number): number {
  let there = mask & 0xffff
  let pairs = there & ~(mask >>> 16)
  for (let half = 1; half < width; half *= 2) {
    const lowest = LOWEST[2 * half] as number
    pairs = (pairs | (pairs >> half) | (there & (there >> half))) & lowest
    there = (there | (there >> half)) & lowest
  }
  return pairs
}

/** Which groups of `width` children have one of these, each by its lowest bit. */
function groupsOf(children: number, width: number): number {
  let groups = children
  for (let half = 1; half < width; half *= 2)
    groups = (groups | (groups >> half)) & (LOWEST[2 * half] as number)
  return groups
}

export function nodeHasher(arena: Arena, pairs: PairHasher): NodeHasher {
  const input = new Int32Array(PAIRS * 2 * HASH_WORDS)
  const output = new Int32Array(PAIRS * HASH_WORDS)
  const inputBytes = new Uint8Array(input.buffer)
  const outputBytes = new Uint8Array(output.buffer)
  /** Where each hash of the batch belongs: in `node` from 0 on, in `block` as −1 − position. */
  const goesTo = new Int32Array(PAIRS)
  let count = 0

  function flush(): void {
    if (count === 0) return
    pairs.hash(inputBytes.subarray(0, count * 64), outputBytes.subarray(0, count * 32))
    const { node, block } = arena
    for (let i = 0; i < count; i++) {
      const at = goesTo[i] as number
      if (at >= 0) copyWords(output, i * HASH_WORDS, node, at)
      else copyWords(output, i * HASH_WORDS, block, -1 - at)
    }
    count = 0
  }

  /** Which children of each node of a slice have changed since its block was right. */
  const stale = new Int32Array(SCRATCH_BLOCKS)

  function hashSlice({ nodes, dirty }: ChangedNodes, start: number, end: number): void {
    for (let i = start; i < end; i++) {
      const node = nodes[i] as number
      const isDense = bits(maskOf(arena, node) & 0xffff) >= DENSE
      const hasBlock = blockOf(arena, node) > 0
      stale[i - start] = hasBlock && isDense ? (dirty[i] as number) : 0xffff
      if (hasBlock && !isDense) takeBlock(arena, node)
      if (!isDense) lendBlock(arena, node, i - start + 1)
      else if (!hasBlock) giveBlock(arena, node)
    }
    for (let first = 8; first >= 1; first >>= 1) {
      for (let i = start; i < end; i++) hashLevel(nodes[i] as number, stale[i - start] as number, first)
      flush()
    }
    for (let i = start; i < end; i++) {
      const node = nodes[i] as number
      if (blockOf(arena, node) <= SCRATCH_BLOCKS) takeBlock(arena, node)
    }
  }

  /** The positions `first` to before twice that of one node. */
  function hashLevel(node: number, changed: number, first: number): void {
    const mask = maskOf(arena, node)
    const block = blockOf(arena, node)
    const width = 16 / first
    for (let rest = pairsOf(mask, width) & groupsOf(changed, width); rest !== 0; rest &= rest - 1) {
      const position = first + (31 - Math.clz32(rest & -rest)) / width
      if (count === PAIRS) flush()
      copyHash(arena, node, 2 * position, input, count * 2 * HASH_WORDS)
      copyHash(arena, node, 2 * position + 1, input, (count * 2 + 1) * HASH_WORDS)
      goesTo[count++] = position === 1 ? nodeHashAt(node) : -1 - blockHashAt(block, position)
    }
  }

  return {
    hash(changed) {
      const { length } = changed.nodes
      for (let start = 0; start < length; start += SCRATCH_BLOCKS)
        hashSlice(changed, start, Math.min(start + SCRATCH_BLOCKS, length))
    },
  }
}

/** Copies the hash at a heap position of a node whose block has it. */
export function copyHash(arena: Arena, node: number, position: number, to: Int32Array, at: number): void {
  let nibble = position - 16
  if (nibble < 0) {
    const mask = maskOf(arena, node)
    const below = BELOW[position] as number
    if (isPair(mask, below)) {
      copyWords(arena.block, blockHashAt(blockOf(arena, node), position), to, at)
      return
    }
    nibble = 31 - Math.clz32(mask & below)
  }
  const child = nibble < 0 ? 0 : childOf(arena, node, nibble)
  if (child > 0) copyWords(arena.node, nodeHashAt(child), to, at)
  else if (child < 0) copyWords(arena.leaf, leafHashAt(-child), to, at)
  else for (let i = 0; i < HASH_WORDS; i++) to[at + i] = 0
}

function copyWords(from: Int32Array, start: number, to: Int32Array, at: number): void {
  to[at] = from[start] as number
  to[at + 1] = from[start + 1] as number
  to[at + 2] = from[start + 2] as number
  to[at + 3] = from[start + 3] as number
  to[at + 4] = from[start + 4] as number
  to[at + 5] = from[start + 5] as number
  to[at + 6] = from[start + 6] as number
  to[at + 7] = from[start + 7] as number
}

function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

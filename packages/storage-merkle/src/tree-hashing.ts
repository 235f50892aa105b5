// Hashes of changed nodes, from the deepest up, each level of all of them in one batch.
import { tag } from '@mmtchain/crypto'
import type { PairHasher } from './pair-hasher.ts'
import { type Arena, copyHash, HASH_WORDS, hashAt, LEAF_WORDS, PAIR_WORDS } from './tree-arena.ts'

export const LEAF_TAG = tag('mmt/state/leaf/1')
const TAG_WORDS = 4
const tagWords = new Int32Array(LEAF_TAG.slice().buffer)
const LEAF_BYTES = 4 * (TAG_WORDS + LEAF_WORDS)
/** Pairs that are hashed at once. */
export const PAIRS = 2048
/** Nodes of one level inside of a stored node. */
const STORED_PAIRS_MAX = 8

/** Nodes or leaves that were read, and for each where the words of its hash begin in the pairs. */
export interface Unhashed {
  readonly refs: number[]
  readonly hashAts: number[]
}

export const nothingUnhashed = (): Unhashed => ({ refs: [], hashAts: [] })

export interface TreeHasher {
  /** Room for PAIRS pairs, sixteen words each. */
  readonly input: Int32Array
  /** Hashes the first pairs of the input to `at` of `to`, both in bytes. */
  hashInput(count: number, to: Uint8Array, at: number): void
  /** Hashes leaves one after another; the hashes go to `to`. */
  hashNewLeaves(leaves: Int32Array, count: number, to: Int32Array): void
  /** Hash what was read of a tree into its pairs. */
  hashLeaves(leaves: Unhashed): void
  hashNodes(nodes: Unhashed): void
  /** The hash of one node, good until the next is hashed. */
  nodeHash(node: number): Uint8Array
}

export function treeHasher(arena: Arena, pairs: PairHasher): TreeHasher {
  const input = new Int32Array(PAIRS * PAIR_WORDS)
  const inputBytes = new Uint8Array(input.buffer)
  const output = new Int32Array(STORED_PAIRS_MAX * HASH_WORDS)
  const outputBytes = new Uint8Array(output.buffer)
  const hashInput = (count: number, to: Uint8Array, at: number) =>
    pairs.hash(inputBytes.subarray(0, count * 64), to.subarray(at, at + count * 32))
  const addPair = (i: number, node: number) => {
    copyHash(arena.pair, hashAt(node, 0), input, i * PAIR_WORDS)
    copyHash(arena.pair, hashAt(node, 1), input, i * PAIR_WORDS + HASH_WORDS)
  }
  /** What is hashed of a leaf: the tag, path and value's hash. */
  function addLeaf(leaf: number, at: number): void {
    const { messages } = pairs
    const start = messages.room(LEAF_BYTES, at) >> 2
    for (let i = 0; i < TAG_WORDS; i++) messages.words[start + i] = tagWords[i] as number
    copyHash(arena.leaf, leaf * LEAF_WORDS, messages.words, start + TAG_WORDS)
    copyHash(arena.leaf, leaf * LEAF_WORDS + HASH_WORDS, messages.words, start + TAG_WORDS + HASH_WORDS)
  }

  return {
    input,
    hashInput,
    hashNewLeaves(leaves, count, to) {
      pairs.messages.begin(to)
      for (let i = 0; i < count; i++) addLeaf(leaves[i] as number, i * HASH_WORDS)
      pairs.messages.finish()
    },
    hashLeaves({ refs, hashAts }) {
      pairs.messages.begin(arena.pair)
      for (const [i, leaf] of refs.entries()) addLeaf(leaf, hashAts[i] as number)
      pairs.messages.finish()
    },
    hashNodes({ refs, hashAts }) {
      for (const [i, node] of refs.entries()) addPair(i, node)
      if (refs.length > 0) hashInput(refs.length, outputBytes, 0)
      for (const [i, at] of hashAts.entries()) copyHash(output, i * HASH_WORDS, arena.pair, at)
    },
    nodeHash(node) {
      addPair(0, node)
      hashInput(1, outputBytes, 0)
      return outputBytes.subarray(0, 32)
    },
  }
}

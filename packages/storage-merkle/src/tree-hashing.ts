// Hashes of changed nodes, from the deepest up, each level of all of them in one batch.
import { sha256Into, tag } from '@mmtchain/crypto'
import type { PairHasher } from './pair-hasher.ts'
import { type Arena, copyHash, HASH_WORDS, hashAt, LEAF_WORDS, PAIR_WORDS } from './tree-arena.ts'

export const LEAF_TAG = tag('mmt/state/leaf/1')
const TAG_WORDS = 4
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
  /** Hashes the leaf of the path and the value's hash that are the sixteen words at `start`. */
  hashLeaf(words: Int32Array, start: number, to: Uint8Array, at: number): void
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
  /** What is hashed of a leaf: the tag, path and value's hash. */
  const leafWords = new Int32Array(TAG_WORDS + LEAF_WORDS)
  const leafInput = new Uint8Array(leafWords.buffer)
  leafInput.set(LEAF_TAG)

  const hashInput = (count: number, to: Uint8Array, at: number) =>
    pairs.hash(inputBytes.subarray(0, count * 64), to.subarray(at, at + count * 32))
  const addPair = (i: number, node: number) => {
    copyHash(arena.pair, hashAt(node, 0), input, i * PAIR_WORDS)
    copyHash(arena.pair, hashAt(node, 1), input, i * PAIR_WORDS + HASH_WORDS)
  }
  function hashLeaf(words: Int32Array, start: number, to: Uint8Array, at: number): void {
    copyHash(words, start, leafWords, TAG_WORDS)
    copyHash(words, start + HASH_WORDS, leafWords, TAG_WORDS + HASH_WORDS)
    sha256Into(to, at, leafInput)
  }

  return {
    input,
    hashInput,
    hashLeaf,
    hashLeaves({ refs, hashAts }) {
      for (const [i, leaf] of refs.entries())
        hashLeaf(arena.leaf, leaf * LEAF_WORDS, arena.pairBytes, (hashAts[i] as number) * 4)
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

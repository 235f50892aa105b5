// The state tree of docs/spec/formats.md, section 10: binary in memory and in its hashes, radix 16 on disk. What a block
// changes is copied, so that the tree of the tip stays whole while blocks are staged on it.
import { hashTagged } from '@mmtchain/crypto'
import { concatBytes, equalBytes } from '@mmtchain/primitives'
import type { PairHasher } from './pair-hasher.ts'
import { CHANGE_BYTES, type PathChanges } from './staged-rows.ts'
import {
  type Arena,
  arenaBytes,
  bornOf,
  childOf,
  freeLeaf,
  freeNode,
  hashAt,
  hashIn,
  isLoaded,
  newArena,
  newLeaf,
  newNode,
  pathOf,
  setChild,
  sinceOf,
  unloadNode,
  valueHashOf,
} from './tree-arena.ts'
import { LEAF_TAG, treeHasher, type Unhashed } from './tree-hashing.ts'
import { type Place, readNode, STORED_LEVELS } from './tree-nodes.ts'
import { type TreeStage, treeStager } from './tree-staging.ts'

const ZERO = new Uint8Array(32)
/** Loaded parts of the tree are forgotten by subtrees of this many bits, a multiple of the levels of a stored node. */
const PART_BITS = 12

/** The top of a tree, as it is stored. */
export type TreeRoot =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'leaf'
      readonly path: Uint8Array
      readonly valueHash: Uint8Array
      readonly since: number
    }
  | { readonly kind: 'node'; readonly hash: Uint8Array; readonly born: number }

export interface StateTree {
  readonly arena: Arena
  /** A node of which the root of the tip's tree is the left child. */
  top(): number
  /**
   * Loads what is below a node at a depth in bits that lies on a path; its hash is at `hash` of the pairs. Only nodes that are
   * stored can want loading. Throws `store/DAMAGED`.
   */
  ensureLoaded(node: number, depth: number, path: Uint8Array, hash: number): void
  /** The tree after changes to distinct rows, written by the block of height `born`, of the tip or of the stage with this top. */
  stage<C extends PathChanges>(changes: C, born: number, top?: number): TreeStage<C>
  /** Makes a stage the tip's tree. Every other stage must have been dropped, but for those of it. */
  adopt(stage: TreeStage): void
  drop(stage: TreeStage): void
  /** Forgets loaded nodes until at most this much memory is in use. There must be no stage. */
  trim(bytesMax: number): void
  /** Replaces the whole tree. There must be no stage. */
  reset(root: TreeRoot): void
}

/** What is stored for the root below a top. */
export function rootOf(arena: Arena, top: number): TreeRoot {
  const root = childOf(arena, top, 0)
  if (root === 0) return { kind: 'empty' }
  if (root < 0) {
    const [path, valueHash] = [pathOf(arena, -root).slice(), valueHashOf(arena, -root).slice()]
    return { kind: 'leaf', path, valueHash, since: sinceOf(arena, -root) }
  }
  return { kind: 'node', hash: hashIn(arena, hashAt(top, 0)).slice(), born: bornOf(arena, root) }
}

export function leafHash({ path, valueHash }: { path: Uint8Array; valueHash: Uint8Array }): Uint8Array {
  return hashTagged(LEAF_TAG, path, valueHash)
}

export function hashOfRoot(root: TreeRoot): Uint8Array {
  if (root.kind === 'empty') return ZERO
  return root.kind === 'leaf' ? leafHash(root) : root.hash
}

/** `load` reads the stored bytes of a node; `damaged` makes the error for one that is not what its parent says. */
export function stateTree(options: {
  readonly root: TreeRoot
  readonly pairs: PairHasher
  readonly load: (place: Place) => Uint8Array
  readonly damaged: (place: Place, why: string) => Error
}): StateTree {
  const arena = newArena()
  const hasher = treeHasher(arena, options.pairs)
  const stageChanges = treeStager({ arena, hasher, ensureLoaded })
  let tip = topOf(options.root)
  /** Parts that were used since the hand passed, and the hand. */
  const recent = new Uint8Array(2 ** PART_BITS)
  let hand = 0

  function topOf(root: TreeRoot): number {
    const top = newNode(arena, 0)
    if (root.kind === 'leaf') {
      const words = new Int32Array(concatBytes(root.path, root.valueHash).buffer)
      setChild(arena, top, 0, -newLeaf(arena, root.since, words, 0))
    } else if (root.kind === 'node') setChild(arena, top, 0, newNode(arena, root.born))
    hashIn(arena, hashAt(top, 0)).set(hashOfRoot(root))
    return top
  }

  function ensureLoaded(node: number, depth: number, path: Uint8Array, hash: number): void {
    if (isLoaded(arena, node)) return
    const place = { born: bornOf(arena, node), depth: depth / STORED_LEVELS, path }
    const read = readNode(arena, node, options.load(place))
    if (!read) throw options.damaged(place, 'it is no tree node')
    hasher.hashLeaves(read.leaves)
    for (let level = STORED_LEVELS - 1; level > 0; level--) hasher.hashNodes(read.levels[level] as Unhashed)
    if (equalBytes(hasher.nodeHash(node), hashIn(arena, hash))) return
    unloadNode(arena, node)
    throw options.damaged(place, 'its hash is not what its parent says')
  }

  function stage<C extends PathChanges>(changes: C, born: number, on = tip): TreeStage<C> {
    const staged = stageChanges({ changes, born, tip: on })
    if (staged.depth > PART_BITS)
      for (let i = 0; i < changes.count; i++) recent[partOf(changes.bytes, i * CHANGE_BYTES)] = 1
    return staged
  }

  /** The node of a part, if it is loaded so far. */
  function partNode(part: number): number {
    let ref = childOf(arena, tip, 0)
    for (let depth = 0; depth < PART_BITS && ref > 0; depth++)
      ref = childOf(arena, ref, (part >> (PART_BITS - 1 - depth)) & 1)
    return Math.max(ref, 0)
  }

  return {
    arena,
    top: () => tip,
    ensureLoaded,
    stage,
    adopt({ top, oldNodes, oldLeaves }) {
      freeNode(arena, tip)
      tip = top
      for (const node of oldNodes) freeNode(arena, node)
      for (const leaf of oldLeaves) freeLeaf(arena, leaf)
    },
    drop({ top, newNodes, newLeaves }) {
      freeNode(arena, top)
      for (const node of newNodes) freeNode(arena, node)
      for (const leaf of newLeaves) freeLeaf(arena, leaf)
    },
    trim(bytesMax) {
      // Twice round: what was used lately goes in the second.
      for (let step = 0; step < 2 * recent.length && arenaBytes(arena) > bytesMax; step++) {
        if (recent[hand] === 0) {
          const node = partNode(hand)
          if (node > 0) unloadNode(arena, node)
        }
        recent[hand] = 0
        hand = (hand + 1) % recent.length
      }
    },
    reset(root) {
      unloadNode(arena, tip)
      freeNode(arena, tip)
      tip = topOf(root)
    },
  }
}

/** The first bits of a path as a number. */
function partOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 4) | ((bytes[at + 1] as number) >> 4)
}

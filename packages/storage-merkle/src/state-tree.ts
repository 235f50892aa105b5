// The state tree of docs/spec/formats.md, section 10: radix 16 in memory and on disk, binary in its hashes. What a block
// changes is copied, so that the tree of the tip stays whole while blocks are staged on it.
import { hashTagged, sha256Into, tag } from '@mmtchain/crypto'
import { concatBytes, equalBytes } from '@mmtchain/primitives'
import type { PairHasher } from './pair-hasher.ts'
import { CHANGE_BYTES, CHANGE_WORDS, type PathChanges, pathOfChange } from './staged-rows.ts'
import {
  type Arena,
  arenaBytes,
  bornOf,
  childOf,
  comparePath,
  copyNode,
  countChildren,
  freeLeaf,
  freeNode,
  isLeafOf,
  leafHashAt,
  leafHashOf,
  maskOf,
  newArena,
  newLeaf,
  newNode,
  nodeHashOf,
  pathAt,
  pathOf,
  type Ref,
  setChild,
  setLeaf,
  sinceOf,
  unloadNode,
  valueHashOf,
} from './tree-arena.ts'
import { nodeHasher } from './tree-hashing.ts'
import { nibbleIn, type Place, readNode } from './tree-nodes.ts'

const LEAF_TAG = tag('mmt/state/leaf/1')
const ZERO = new Uint8Array(32)
/** Loaded parts of the tree are forgotten by subtrees of this many nibbles. */
const PART_NIBBLES = 3

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

/** What became of a changed row. */
export const SAME = 0
export const INSERTED = 1
export const OVERWRITTEN = 2
export const DELETED = 3

/** Nodes of one depth, each with a change that lies below it and the children that changed. */
export interface StageLevel {
  readonly nodes: number[]
  readonly at: number[]
  readonly dirty: number[]
}

/** A tree after changes, not yet that of the tip. */
export interface TreeStage<C extends PathChanges = PathChanges> {
  readonly root: Ref
  readonly hash: Uint8Array
  readonly changes: C
  /** For each change the height at which the row was written before, or −1. */
  readonly before: Float64Array
  readonly outcomes: Uint8Array
  /** New nodes by their depth. */
  readonly levels: readonly StageLevel[]
  /** Nodes of the tip's tree that are not in this one, with their depths and a change that lies below each. */
  readonly replaced: { readonly nodes: number[]; readonly depths: number[]; readonly at: number[] }
  readonly newLeaves: readonly number[]
  readonly oldLeaves: readonly number[]
}

export interface StateTree {
  readonly arena: Arena
  root(): Ref
  /** Loads the children of a node that lies on a path. Throws `store/DAMAGED`. */
  ensureLoaded(node: number, depth: number, path: Uint8Array): void
  /** The tree after changes to distinct rows, written by the block of height `born`. */
  stage<C extends PathChanges>(changes: C, born: number): TreeStage<C>
  /** Makes a stage the tip's tree. Every other stage must have been dropped. */
  adopt(stage: TreeStage): void
  drop(stage: TreeStage): void
  /** Forgets loaded nodes until at most this much memory is in use. There must be no stage. */
  trim(bytesMax: number): void
  /** Replaces the whole tree. There must be no stage. */
  reset(root: TreeRoot): void
}

/** What is stored for a root. */
export function rootOf(arena: Arena, root: Ref): TreeRoot {
  if (root === 0) return { kind: 'empty' }
  if (root < 0) {
    const [path, valueHash] = [pathOf(arena, -root).slice(), valueHashOf(arena, -root).slice()]
    return { kind: 'leaf', path, valueHash, since: sinceOf(arena, -root) }
  }
  return { kind: 'node', hash: nodeHashOf(arena, root).slice(), born: bornOf(arena, root) }
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
  const hasher = nodeHasher(arena, options.pairs)
  /** What is hashed of a leaf: the tag, path and value's hash. */
  const leafWords = new Int32Array(4 + CHANGE_WORDS)
  const leafInput = new Uint8Array(leafWords.buffer)
  leafInput.set(LEAF_TAG)
  let tip = refOf(options.root)
  /** Parts that were used since the hand passed, and the hand. */
  const recent = new Uint8Array(16 ** PART_NIBBLES)
  let hand = 0

  function refOf(root: TreeRoot): Ref {
    if (root.kind === 'empty') return 0
    if (root.kind === 'leaf') {
      const words = new Int32Array(concatBytes(root.path, root.valueHash).buffer)
      return -leafFrom(words, 0, root.since)
    }
    const node = newNode(arena, root.born)
    nodeHashOf(arena, node).set(root.hash)
    return node
  }

  /** A leaf of the path and the value's hash at 16 words. */
  function leafFrom(words: Int32Array, start: number, since: number): number {
    const leaf = newLeaf(arena, since)
    setLeaf(arena, leaf, words, start)
    hashLeaf(leaf)
    return leaf
  }

  function hashLeaf(leaf: number): void {
    const start = pathAt(leaf) / 4
    for (let i = 0; i < CHANGE_WORDS; i++) leafWords[4 + i] = arena.leaf[start + i] as number
    sha256Into(arena.leafBytes, leafHashAt(leaf) * 4, leafInput)
  }

  function ensureLoaded(node: number, depth: number, path: Uint8Array): void {
    if (maskOf(arena, node) !== 0) return
    const place = { born: bornOf(arena, node), depth, path }
    if (!readNode(arena, node, options.load(place))) throw options.damaged(place, 'it is no tree node')
    for (let nibble = 0; nibble < 16; nibble++) {
      const child = childOf(arena, node, nibble)
      if (child < 0) hashLeaf(-child)
    }
    const want = nodeHashOf(arena, node).slice()
    hasher.hash({ nodes: [node], dirty: [0xffff] })
    if (equalBytes(nodeHashOf(arena, node), want)) return
    nodeHashOf(arena, node).set(want)
    unloadNode(arena, node)
    throw options.damaged(place, 'its hash is not what its parent says')
  }

  function stage<C extends PathChanges>(changes: C, born: number): TreeStage<C> {
    const { count, words, bytes, written } = changes
    const before = new Float64Array(count).fill(-1)
    const outcomes = new Uint8Array(count)
    const levels: StageLevel[] = []
    const replaced: TreeStage['replaced'] = { nodes: [], depths: [], at: [] }
    const newLeaves: number[] = []
    const oldLeaves: number[] = []

    const insertedLeaf = (i: number): Ref => {
      outcomes[i] = INSERTED
      return leafAt(i)
    }
    const leafAt = (i: number): Ref => {
      const leaf = leafFrom(words, i * CHANGE_WORDS, born)
      newLeaves.push(leaf)
      return -leaf
    }
    const register = (node: number, depth: number, at: number, dirty: number) => {
      while (levels.length <= depth) levels.push({ nodes: [], at: [], dirty: [] })
      const level = levels[depth] as StageLevel
      level.nodes.push(node)
      level.at.push(at)
      level.dirty.push(dirty)
    }

    /** The subtree `ref` of this depth after the changes `from` to before `to`, which all lie in it. */
    function changed(ref: Ref, depth: number, from: number, to: number): Ref {
      if (ref > 0) return changedNode(ref, depth, from, to)
      if (ref === 0 && to - from === 1) return written[from] ? insertedLeaf(from) : 0
      if (to - from === 1 && comparePath(arena, -ref, bytes, from * CHANGE_BYTES) === 0)
        return changedLeaf(-ref, from)
      const leaves: Ref[] = []
      const at: number[] = []
      let old = ref
      for (let i = from; i < to; i++) {
        const order = old < 0 ? comparePath(arena, -old, bytes, i * CHANGE_BYTES) : 1
        if (order <= 0) {
          const left = order < 0 ? old : changedLeaf(-old, i)
          old = 0
          if (left !== 0) {
            leaves.push(left)
            at.push(order < 0 ? -1 : i)
          }
          if (order === 0) continue
        }
        if (!written[i]) continue
        leaves.push(insertedLeaf(i))
        at.push(i)
      }
      if (old < 0) {
        leaves.push(old)
        at.push(-1)
      }
      return built(leaves, at, depth, 0, leaves.length)
    }

    /** What change `i` makes of the leaf of its row. */
    function changedLeaf(leaf: number, i: number): Ref {
      before[i] = sinceOf(arena, leaf)
      const same = written[i] && isLeafOf(arena, leaf, words, i * CHANGE_WORDS)
      outcomes[i] = same ? SAME : written[i] ? OVERWRITTEN : DELETED
      if (same) return -leaf
      oldLeaves.push(leaf)
      return written[i] ? leafAt(i) : 0
    }

    /** A subtree of leaves that ascend and agree in `depth` nibbles. */
    function built(
      leaves: readonly Ref[],
      at: readonly number[],
      depth: number,
      from: number,
      to: number,
    ): Ref {
      if (to - from < 2) return to > from ? (leaves[from] as Ref) : 0
      const node = newNode(arena, born)
      for (let empty = 0; empty < 16; empty++) setChild(arena, node, empty, 0)
      const nibble = (i: number) => nibbleIn(arena.leafBytes, pathAt(-(leaves[i] as Ref)), depth)
      for (let start = from; start < to; ) {
        let end = start + 1
        while (end < to && nibble(end) === nibble(start)) end++
        setChild(arena, node, nibble(start), built(leaves, at, depth + 1, start, end))
        start = end
      }
      countChildren(arena, node)
      // Of two leaves or more at most one is not a change.
      register(node, depth, Math.max(at[from] as number, at[from + 1] as number), 0xffff)
      return node
    }

    function changedNode(node: number, depth: number, from: number, to: number): Ref {
      if (maskOf(arena, node) === 0) ensureLoaded(node, depth, pathOfChange(changes, from))
      let copy = 0
      let dirty = 0
      for (let start = from; start < to; ) {
        const nibble = nibbleIn(bytes, start * CHANGE_BYTES, depth)
        let end = start + 1
        while (end < to && nibbleIn(bytes, end * CHANGE_BYTES, depth) === nibble) end++
        const child = childOf(arena, node, nibble)
        const after = changed(child, depth + 1, start, end)
        if (after !== child) {
          if (copy === 0) copy = copyNode(arena, node, born)
          setChild(arena, copy, nibble, after)
          dirty |= 1 << nibble
        }
        start = end
      }
      if (copy === 0) return node
      replaced.nodes.push(node)
      replaced.depths.push(depth)
      replaced.at.push(from)
      const children = countChildren(arena, copy)
      const single = children === 1 ? onlyChild(copy) : 0
      if (children > 0 && single >= 0) {
        register(copy, depth, from, dirty)
        return copy
      }
      freeNode(arena, copy)
      return single
    }

    function onlyChild(node: number): Ref {
      return childOf(arena, node, 31 - Math.clz32(maskOf(arena, node) & 0xffff))
    }

    const root = count === 0 ? tip : changed(tip, 0, 0, count)
    for (let depth = levels.length - 1; depth >= 0; depth--) hasher.hash(levels[depth] as StageLevel)
    if (levels.length > PART_NIBBLES) {
      for (let at = 0; at < count * CHANGE_BYTES; at += CHANGE_BYTES)
        recent[((bytes[at] as number) << 4) | ((bytes[at + 1] as number) >> 4)] = 1
    }
    const hash = root === 0 ? ZERO : root < 0 ? leafHashOf(arena, -root) : nodeHashOf(arena, root)
    return { root, hash: hash.slice(), changes, before, outcomes, levels, replaced, newLeaves, oldLeaves }
  }

  /** The node of a part, if it is loaded so far. */
  function partNode(part: number): number {
    let ref = tip
    for (let depth = 0; depth < PART_NIBBLES && ref > 0; depth++) {
      if (maskOf(arena, ref) === 0) return 0
      ref = childOf(arena, ref, (part >> (4 * (PART_NIBBLES - 1 - depth))) & 15)
    }
    return Math.max(ref, 0)
  }

  return {
    arena,
    root: () => tip,
    ensureLoaded,
    stage,
    adopt(stage) {
      tip = stage.root
      for (const node of stage.replaced.nodes) freeNode(arena, node)
      for (const leaf of stage.oldLeaves) freeLeaf(arena, leaf)
    },
    drop(stage) {
      for (const { nodes } of stage.levels) for (const node of nodes) freeNode(arena, node)
      for (const leaf of stage.newLeaves) freeLeaf(arena, leaf)
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
      if (tip > 0) {
        unloadNode(arena, tip)
        freeNode(arena, tip)
      } else if (tip < 0) freeLeaf(arena, -tip)
      tip = refOf(root)
    },
  }
}

// The state tree of docs/spec/formats.md, section 10: radix 16 in memory and on disk, binary in its hashes. What a block
// changes is copied, so that the tree of the tip stays whole while blocks are staged on it.
import { hashTagged, tag } from '@mmtchain/crypto'
import { compareBytes, equalBytes } from '@mmtchain/primitives'
import type { PairHasher } from './pair-hasher.ts'
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
  hasValueHash,
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
  sinceOf,
  unloadNode,
  valueHashAt,
  valueHashOf,
} from './tree-arena.ts'
import { nodeHasher } from './tree-hashing.ts'
import { nibbleIn, nibbleOf, type Place, readNode } from './tree-nodes.ts'

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

/** A row that is written, or deleted without a value's hash. */
export interface RowChange {
  /** H(key). */
  readonly path: Uint8Array
  /** H(value). */
  readonly valueHash: Uint8Array | undefined
}

/** What became of a changed row. */
export type Outcome = 'same' | 'inserted' | 'overwritten' | 'deleted'

/** A tree after changes, not yet that of the tip. */
export interface TreeStage<C extends RowChange = RowChange> {
  readonly root: Ref
  readonly hash: Uint8Array
  /** The changes in the order of their paths. */
  readonly changes: readonly C[]
  /** For each change the height at which the row was written before, or −1. */
  readonly before: Float64Array
  readonly outcomes: readonly Outcome[]
  /** New nodes by their depth, and for each a change that lies below it. */
  readonly levels: readonly { readonly nodes: number[]; readonly at: number[]; readonly dirty: number[] }[]
  /** Nodes of the tip's tree that are not in this one, as they were stored. */
  readonly replaced: readonly Place[]
  readonly newLeaves: readonly number[]
  readonly oldNodes: readonly number[]
  readonly oldLeaves: readonly number[]
}

export interface StateTree {
  readonly arena: Arena
  root(): Ref
  /** Loads the children of a node that lies on a path. Throws `store/DAMAGED`. */
  ensureLoaded(node: number, depth: number, path: Uint8Array): void
  /** The tree after changes to distinct rows, written by the block of height `born`. */
  stage<C extends RowChange>(changes: readonly C[], born: number): TreeStage<C>
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
  let tip = refOf(options.root)
  /** Parts that were used since the hand passed, and the hand. */
  const recent = new Uint8Array(16 ** PART_NIBBLES)
  let hand = 0

  function refOf(root: TreeRoot): Ref {
    if (root.kind === 'empty') return 0
    if (root.kind === 'leaf') return -leafFrom(root, root.since)
    const node = newNode(arena, root.born)
    nodeHashOf(arena, node).set(root.hash)
    return node
  }

  function leafFrom(
    row: { readonly path: Uint8Array; readonly valueHash: Uint8Array },
    since: number,
  ): number {
    const leaf = newLeaf(arena, since)
    arena.leafBytes.set(row.path, pathAt(leaf))
    arena.leafBytes.set(row.valueHash, valueHashAt(leaf))
    arena.leafBytes.set(leafHash(row), leafHashAt(leaf) * 4)
    return leaf
  }

  function ensureLoaded(node: number, depth: number, path: Uint8Array): void {
    if (maskOf(arena, node) !== 0) return
    const place = { born: bornOf(arena, node), depth, path }
    if (!readNode(arena, node, options.load(place))) throw options.damaged(place, 'it is no tree node')
    for (let nibble = 0; nibble < 16; nibble++) {
      const child = childOf(arena, node, nibble)
      if (child >= 0) continue
      const row = { path: pathOf(arena, -child), valueHash: valueHashOf(arena, -child) }
      leafHashOf(arena, -child).set(leafHash(row))
    }
    const want = nodeHashOf(arena, node).slice()
    hasher.hash({ nodes: [node], dirty: [0xffff] })
    if (equalBytes(nodeHashOf(arena, node), want)) return
    nodeHashOf(arena, node).set(want)
    unloadNode(arena, node)
    throw options.damaged(place, 'its hash is not what its parent says')
  }

  function stage<C extends RowChange>(unsorted: readonly C[], born: number): TreeStage<C> {
    const changes = sortedByPath(unsorted)
    const before = new Float64Array(changes.length).fill(-1)
    const outcomes: Outcome[] = changes.map(({ valueHash }) => (valueHash ? 'inserted' : 'same'))
    const levels: { nodes: number[]; at: number[]; dirty: number[] }[] = []
    const replaced: Place[] = []
    const newLeaves: number[] = []
    const oldNodes: number[] = []
    const oldLeaves: number[] = []
    const changedPath = (i: number) => (changes[i] as RowChange).path

    const leafAt = (i: number): Ref => {
      const leaf = leafFrom(changes[i] as RowChange & { readonly valueHash: Uint8Array }, born)
      newLeaves.push(leaf)
      return -leaf
    }
    const register = (node: number, depth: number, at: number, dirty: number) => {
      while (levels.length <= depth) levels.push({ nodes: [], at: [], dirty: [] })
      const level = levels[depth] as (typeof levels)[number]
      level.nodes.push(node)
      level.at.push(at)
      level.dirty.push(dirty)
    }

    /** The subtree `ref` of this depth after the changes `from` to before `to`, which all lie in it. */
    function changed(ref: Ref, depth: number, from: number, to: number): Ref {
      if (ref > 0) return changedNode(ref, depth, from, to)
      if (ref === 0 && to - from === 1) return (changes[from] as RowChange).valueHash ? leafAt(from) : 0
      if (to - from === 1 && comparePath(arena, -ref, changedPath(from)) === 0) return changedLeaf(-ref, from)
      const leaves: Ref[] = []
      const at: number[] = []
      let old = ref
      for (let i = from; i < to; i++) {
        const { path, valueHash } = changes[i] as RowChange
        const order = old < 0 ? comparePath(arena, -old, path) : 1
        if (order <= 0) {
          const left = order < 0 ? old : changedLeaf(-old, i)
          old = 0
          if (left !== 0) {
            leaves.push(left)
            at.push(order < 0 ? -1 : i)
          }
          if (order === 0) continue
        }
        if (!valueHash) continue
        leaves.push(leafAt(i))
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
      const { valueHash } = changes[i] as RowChange
      before[i] = sinceOf(arena, leaf)
      const same = valueHash !== undefined && hasValueHash(arena, leaf, valueHash)
      outcomes[i] = same ? 'same' : valueHash ? 'overwritten' : 'deleted'
      if (same) return -leaf
      oldLeaves.push(leaf)
      return valueHash ? leafAt(i) : 0
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
      ensureLoaded(node, depth, changedPath(from))
      let copy = 0
      let dirty = 0
      for (let start = from; start < to; ) {
        const nibble = nibbleOf(changedPath(start), depth)
        let end = start + 1
        while (end < to && nibbleOf(changedPath(end), depth) === nibble) end++
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
      oldNodes.push(node)
      replaced.push({ born: bornOf(arena, node), depth, path: changedPath(from) })
      const count = countChildren(arena, copy)
      const single = count === 1 ? onlyChild(copy) : 0
      if (count > 0 && single >= 0) {
        register(copy, depth, from, dirty)
        return copy
      }
      freeNode(arena, copy)
      return single
    }

    function onlyChild(node: number): Ref {
      return childOf(arena, node, 31 - Math.clz32(maskOf(arena, node) & 0xffff))
    }

    const root = changes.length === 0 ? tip : changed(tip, 0, 0, changes.length)
    for (let depth = levels.length - 1; depth >= 0; depth--)
      hasher.hash(levels[depth] as (typeof levels)[number])
    if (levels.length > PART_NIBBLES)
      for (const { path } of changes) recent[((path[0] as number) << 4) | ((path[1] as number) >> 4)] = 1
    const hash = root === 0 ? ZERO : root < 0 ? leafHashOf(arena, -root) : nodeHashOf(arena, root)
    return {
      root,
      hash: hash.slice(),
      changes,
      before,
      outcomes,
      levels,
      replaced,
      newLeaves,
      oldNodes,
      oldLeaves,
    }
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
      for (const node of stage.oldNodes) freeNode(arena, node)
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

/** In ascending order of the paths: by their first 32 bits at once, then the few that share them. */
function sortedByPath<C extends RowChange>(changes: readonly C[]): readonly C[] {
  if (changes.length > 2 ** 21) return [...changes].sort((a, b) => compareBytes(a.path, b.path))
  const keys = new Float64Array(changes.length)
  for (let i = 0; i < changes.length; i++) {
    const { path } = changes[i] as RowChange
    const prefix = (path[0] as number) * 2 ** 24 + ((path[1] as number) << 16) + ((path[2] as number) << 8)
    keys[i] = (prefix + (path[3] as number)) * 2 ** 21 + i
  }
  keys.sort()
  const sorted = Array.from(keys, (key) => changes[key % 2 ** 21] as C)
  for (let i = 1; i < sorted.length; i++) {
    const row = sorted[i] as C
    let at = i
    for (; at > 0 && compareBytes((sorted[at - 1] as C).path, row.path) > 0; at--)
      sorted[at] = sorted[at - 1] as C
    sorted[at] = row
  }
  return sorted
}

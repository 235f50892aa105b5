// The changes of a block on the state tree: down level by level to the leaves, and up again level by level. What is done for
// one change of a level does not wait for what is done for another, so the processor fetches what they need from memory at the
// same time; one change after the other, from the root down to its leaf, takes twice as long.
import { CHANGE_BYTES, CHANGE_WORDS, type PathChanges, pathOfChange } from './staged-rows.ts'
import {
  type Arena,
  bitIn,
  clearHash,
  comparePath,
  copyHash,
  HASH_WORDS,
  hashAt,
  hashIn,
  isLeafOf,
  isLoaded,
  LINK_WORDS,
  newLeaf,
  newNode,
  PAIR_WORDS,
  pathAt,
  type Ref,
  reserveNodes,
  setChild,
  sinceOf,
} from './tree-arena.ts'
import { PAIRS, type TreeHasher } from './tree-hashing.ts'
import { STORED_LEVELS } from './tree-nodes.ts'
import {
  type Column,
  FROM,
  HASH,
  inPieces,
  LEFT,
  memoryToucher,
  NODE,
  newColumn,
  push,
  REF,
  RIGHT,
  room,
  SOURCE,
  SPOT_WORDS,
  TO,
} from './tree-spots.ts'

/** What became of a changed row. */
export const SAME = 0
export const INSERTED = 1
export const OVERWRITTEN = 2
export const DELETED = 3

/** Stored nodes of one depth, and for each a change that lies below it. */
export interface StoredNodes {
  readonly nodes: number[]
  readonly changes: number[]
}

/** A tree after changes, not yet that of the tip. */
export interface TreeStage<C extends PathChanges = PathChanges> {
  /** A node of which the root is the left child. */
  readonly top: number
  readonly hash: Uint8Array
  readonly changes: C
  /** For each change the height at which the row was written before, or −1. */
  readonly before: Float64Array
  readonly outcomes: Uint8Array
  /** How deep the changed part of the tip's tree was, in bits. */
  readonly depth: number
  /** By their depth in nibbles the new nodes that are to be stored, and those of the tip's tree that are not in this one. */
  readonly stored: readonly StoredNodes[]
  readonly replaced: readonly StoredNodes[]
  /** All nodes and leaves that are not in the tip's tree, and those of it that are not in this one. */
  readonly newNodes: Int32Array
  readonly newLeaves: Int32Array
  readonly oldNodes: Int32Array
  readonly oldLeaves: Int32Array
}

/** A leaf of a subtree that is made anew: where its hash is, as in a spot, and its change, or −1. */
interface StagedLeaf {
  readonly ref: Ref
  readonly source: number
  readonly change: number
}

export type TreeStager = <C extends PathChanges>(on: {
  readonly changes: C
  readonly born: number
  /** The node above the root of the tip's tree. */
  readonly tip: number
}) => TreeStage<C>

export function treeStager(args: {
  readonly arena: Arena
  readonly hasher: TreeHasher
  readonly ensureLoaded: (node: number, depth: number, path: Uint8Array, hash: number) => void
}): TreeStager {
  const { arena, hasher, ensureLoaded } = args
  // One memory serves all stages.
  const columns = Array.from({ length: 6 }, newColumn)
  const [spots, made, newNodes, newLeaves, oldNodes, oldLeaves] = columns as [
    Column,
    Column,
    Column,
    Column,
    Column,
    Column,
  ]
  const { touchLinks, touchLeaves, touchPairs } = memoryToucher(arena, spots)

  // The stage that is being made, one at a time. The functions below are made once and share it: were they made for each stage, V8 would forget their
  // optimised code whenever it collects garbage between two blocks (ADR 0106).
  let changes: PathChanges
  let words: Int32Array
  let bytes: Uint8Array
  let written: Uint8Array
  let born: number
  let before: Float64Array
  let outcomes: Uint8Array
  let stored: StoredNodes[]
  let replaced: StoredNodes[]
  /** The first spot of each depth. Spot 0 is that of nothing. */
  let levels: number[]
  /** Spots of each depth that the tip's tree does not have. */
  let additions: number[][]
  /** How many pairs of the depth that is being made wait to be hashed. */
  let unhashed = 0

  function addSpot(node: Ref, hash: number, from: number, to: number): number {
    const at = spots.used
    const spot = room(spots, SPOT_WORDS)
    spot[at + NODE] = node
    spot[at + HASH] = hash
    spot[at + FROM] = from
    spot[at + TO] = to
    spot[at + LEFT] = -1
    spot[at + RIGHT] = -1
    spot[at + REF] = 0
    spot[at + SOURCE] = 0
    spots.used += SPOT_WORDS
    return at / SPOT_WORDS
  }

  /** Finds where the changes pass, by depths. */
  function descend(tip: number): void {
    addSpot(arena.link[tip * LINK_WORDS] as Ref, hashAt(tip, 0), 0, changes.count)
    for (let depth = 0; ; depth++) {
      const first = levels[depth] as number
      const end = spots.used / SPOT_WORDS
      if (first === end) return
      levels.push(end)
      room(spots, 2 * SPOT_WORDS * (end - first))
      inPieces(first, end, depth, passPiece)
    }
  }

  function passPiece(from: number, to: number, depth: number): void {
    touchLinks(from, to)
    for (let spot = from; spot < to; spot++) if (nodeOf(spot) > 0) pass(spot * SPOT_WORDS, depth)
  }

  /** Adds the spots below one of a node. */
  function pass(at: number, depth: number): void {
    const spot = spots.words
    const node = spot[at + NODE] as number
    const from = spot[at + FROM] as number
    const to = spot[at + TO] as number
    if (depth % STORED_LEVELS === 0 && !isLoaded(arena, node))
      ensureLoaded(node, depth, pathOfChange(changes, from), spot[at + HASH] as number)
    const left = arena.link[node * LINK_WORDS] as Ref
    const right = arena.link[node * LINK_WORDS + 1] as Ref
    const split = splitOf(from, to, depth)
    if (split > from) spot[at + LEFT] = addSpot(left, hashAt(node, 0), from, split)
    if (to > split) spot[at + RIGHT] = addSpot(right, hashAt(node, 1), split, to)
  }

  /** The first of the changes whose bit is 1. */
  function splitOf(from: number, to: number, depth: number): number {
    let low = from
    let high = to
    while (low < high) {
      const middle = (low + high) >> 1
      if (bitIn(bytes, middle * CHANGE_BYTES, depth) === 0) low = middle + 1
      else high = middle
    }
    return low
  }

  function nodeOf(spot: number): Ref {
    return spots.words[spot * SPOT_WORDS + NODE] as Ref
  }

  function settle(spot: number, ref: Ref, source: number): void {
    const at = spot * SPOT_WORDS
    spots.words[at + REF] = ref
    spots.words[at + SOURCE] = source
  }

  /** What becomes of a leaf, or of nothing, at the end of a way down. */
  function changeEnd(spot: number, depth: number): void {
    const at = spot * SPOT_WORDS
    const ref = spots.words[at + NODE] as Ref
    const hash = spots.words[at + HASH] as number
    const from = spots.words[at + FROM] as number
    const to = spots.words[at + TO] as number
    const isOne = to - from === 1
    if (isOne && ref === 0) {
      if (written[from]) settle(spot, insertedLeaf(from), newestSource())
    } else if (isOne && comparePath(arena, -ref, bytes, from * CHANGE_BYTES) === 0) {
      const after = changedLeaf(-ref, from)
      settle(spot, after, after === ref ? hash : newestSource())
    } else {
      const leaves = leavesAfter(ref, hash, from, to)
      const [only] = leaves
      if (only && leaves.length === 1) settle(spot, only.ref, only.source)
      else if (only) fill(spot, leaves, depth, 0, leaves.length)
    }
  }

  /** Where the hash of the newest leaf will be. */
  function newestSource(): number {
    return ~((newLeaves.used - 1) * HASH_WORDS)
  }

  function leafOf(i: number): Ref {
    const leaf = newLeaf(arena, born, words, i * CHANGE_WORDS)
    push(newLeaves, leaf)
    return -leaf
  }

  function insertedLeaf(i: number): Ref {
    outcomes[i] = INSERTED
    return leafOf(i)
  }

  /** What change `i` makes of the leaf of its row. */
  function changedLeaf(leaf: number, i: number): Ref {
    before[i] = sinceOf(arena, leaf)
    const same = written[i] && isLeafOf(arena, leaf, words, i * CHANGE_WORDS)
    outcomes[i] = same ? SAME : written[i] ? OVERWRITTEN : DELETED
    if (same) return -leaf
    push(oldLeaves, leaf)
    return written[i] ? leafOf(i) : 0
  }

  /** The leaves in the place of a leaf or nothing, in order. */
  function leavesAfter(ref: Ref, hash: number, from: number, to: number): readonly StagedLeaf[] {
    const leaves: StagedLeaf[] = []
    let old = ref
    for (let i = from; i < to; i++) {
      const order = old < 0 ? comparePath(arena, -old, bytes, i * CHANGE_BYTES) : 1
      if (order < 0) leaves.push({ ref: old, source: hash, change: -1 })
      else if (order === 0) {
        const after = changedLeaf(-old, i)
        const source = after === old ? hash : newestSource()
        if (after !== 0) leaves.push({ ref: after, source, change: i })
      }
      if (order <= 0) old = 0
      if (order !== 0 && written[i]) leaves.push({ ref: insertedLeaf(i), source: newestSource(), change: i })
    }
    if (old < 0) leaves.push({ ref: old, source: hash, change: -1 })
    return leaves
  }

  /** Makes of a spot a node of two leaves or more that ascend and agree in `depth` bits. */
  function fill(spot: number, leaves: readonly StagedLeaf[], depth: number, from: number, to: number): void {
    while (additions.length <= depth) additions.push([])
    additions[depth]?.push(spot)
    // At most one of the leaves is not a change.
    const [first, second] = [leaves[from] as StagedLeaf, leaves[from + 1] as StagedLeaf]
    let split = from
    while (split < to && bitIn(arena.leafBytes, pathAt(-(leaves[split] as StagedLeaf).ref), depth) === 0)
      split++
    const left = built(leaves, depth + 1, from, split)
    const right = built(leaves, depth + 1, split, to)
    const at = spot * SPOT_WORDS
    spots.words[at + NODE] = 0
    spots.words[at + FROM] = Math.max(first.change, second.change)
    spots.words[at + LEFT] = left
    spots.words[at + RIGHT] = right
  }

  /** The spot of a subtree of leaves. */
  function built(leaves: readonly StagedLeaf[], depth: number, from: number, to: number): number {
    if (from === to) return 0
    const spot = addSpot(0, 0, 0, 0)
    const only = leaves[from] as StagedLeaf
    if (to - from === 1) settle(spot, only.ref, only.source)
    else fill(spot, leaves, depth, from, to)
    return spot
  }

  function hashNewLeaves(): void {
    hasher.hashNewLeaves(newLeaves.words, newLeaves.used, room(made, newLeaves.used * HASH_WORDS))
    made.used = newLeaves.used * HASH_WORDS
  }

  /** Makes the nodes of one depth, and their hashes. */
  function rise(depth: number): void {
    const first = levels[depth] ?? 0
    const end = levels[depth + 1] ?? first
    const added = additions[depth] ?? []
    const most = end - first + added.length
    reserveNodes(arena, most)
    room(newNodes, most)
    room(oldNodes, most)
    room(made, most * HASH_WORDS)
    inPieces(first, end, depth, risePiece)
    for (const spot of added) joinSides(spot * SPOT_WORDS, depth)
    hashMade()
  }

  function risePiece(from: number, to: number, depth: number): void {
    touchPairs(from, to)
    for (let spot = from; spot < to; spot++) if (nodeOf(spot) > 0) changeNode(spot * SPOT_WORDS, depth)
  }

  function hashMade(): void {
    if (unhashed > 0) hasher.hashInput(unhashed, new Uint8Array(made.words.buffer), made.used * 4)
    made.used += unhashed * HASH_WORDS
    unhashed = 0
  }

  /** What becomes of a node when its sides are settled. */
  function changeNode(at: number, depth: number): void {
    const spot = spots.words
    const node = spot[at + NODE] as number
    const left = spot[at + LEFT] as number
    const right = spot[at + RIGHT] as number
    const oldLeft = arena.link[node * LINK_WORDS] as Ref
    const oldRight = arena.link[node * LINK_WORDS + 1] as Ref
    const newLeft = left < 0 ? oldLeft : (spot[left * SPOT_WORDS + REF] as Ref)
    const newRight = right < 0 ? oldRight : (spot[right * SPOT_WORDS + REF] as Ref)
    if (newLeft === oldLeft && newRight === oldRight) {
      spot[at + REF] = node
      spot[at + SOURCE] = spot[at + HASH] as number
      return
    }
    oldNodes.words[oldNodes.used++] = node
    if (depth % STORED_LEVELS === 0) note(replaced, depth, node, spot[at + FROM] as number)
    // A leaf alone stands for its whole subtree.
    if (newLeft === 0 && newRight <= 0) {
      spot[at + REF] = newRight
      spot[at + SOURCE] = right < 0 ? hashAt(node, 1) : (spot[right * SPOT_WORDS + SOURCE] as number)
      return
    }
    if (newRight === 0 && newLeft < 0) {
      spot[at + REF] = newLeft
      spot[at + SOURCE] = left < 0 ? hashAt(node, 0) : (spot[left * SPOT_WORDS + SOURCE] as number)
      return
    }
    joinSides(at, depth)
  }

  /** Makes the node of a spot of two sides; its pair goes to the input of the hasher, too. */
  function joinSides(at: number, depth: number): void {
    const spot = spots.words
    const old = spot[at + NODE] as number
    const node = newNode(arena, born)
    newNodes.words[newNodes.used++] = node
    const { pair, link } = arena
    for (let side = 0; side < 2; side++) {
      const below = spot[at + LEFT + side] as number
      const to = hashAt(node, side)
      if (below < 0) {
        link[node * LINK_WORDS + side] = link[old * LINK_WORDS + side] as number
        copyHash(pair, hashAt(old, side), pair, to)
      } else {
        const ref = spot[below * SPOT_WORDS + REF] as Ref
        const source = spot[below * SPOT_WORDS + SOURCE] as number
        link[node * LINK_WORDS + side] = ref
        copySource(ref, source, pair, to)
      }
    }
    copyHash(pair, hashAt(node, 0), hasher.input, unhashed * PAIR_WORDS)
    copyHash(pair, hashAt(node, 1), hasher.input, unhashed * PAIR_WORDS + HASH_WORDS)
    if (depth % STORED_LEVELS === 0) note(stored, depth, node, spot[at + FROM] as number)
    spot[at + REF] = node
    spot[at + SOURCE] = ~(made.used + unhashed * HASH_WORDS)
    unhashed += 1
    if (unhashed === PAIRS) hashMade()
  }

  function copySource(ref: Ref, source: number, to: Int32Array, at: number): void {
    if (ref === 0) clearHash(to, at)
    else if (source >= 0) copyHash(arena.pair, source, to, at)
    else copyHash(made.words, ~source, to, at)
  }

  function endPiece(from: number, to: number, depth: number): void {
    touchLeaves(from, to)
    for (let spot = from; spot < to; spot++) if (nodeOf(spot) <= 0) changeEnd(spot, depth)
  }

  return (on) => {
    changes = on.changes
    ;({ words, bytes, written } = changes)
    born = on.born
    before = new Float64Array(changes.count).fill(-1)
    outcomes = new Uint8Array(changes.count)
    stored = []
    replaced = []
    levels = [1]
    additions = []
    unhashed = 0
    for (const column of columns) column.used = 0
    addSpot(0, 0, 0, 0)
    descend(on.tip)
    // Making subtrees adds spots behind those of the levels.
    for (let depth = 0; depth + 1 < levels.length; depth++)
      inPieces(levels[depth] as number, levels[depth + 1] as number, depth, endPiece)
    hashNewLeaves()
    for (let depth = Math.max(levels.length, additions.length) - 1; depth >= 0; depth--) rise(depth)

    const top = newNode(arena, 0)
    const root = spots.words[SPOT_WORDS + REF] as Ref
    setChild(arena, top, 0, root)
    copySource(root, spots.words[SPOT_WORDS + SOURCE] as number, arena.pair, hashAt(top, 0))
    return {
      ...{ top, changes: on.changes, before, outcomes, stored, replaced },
      hash: hashIn(arena, hashAt(top, 0)).slice(),
      depth: levels.length,
      newNodes: newNodes.words.slice(0, newNodes.used),
      newLeaves: newLeaves.words.slice(0, newLeaves.used),
      oldNodes: oldNodes.words.slice(0, oldNodes.used),
      oldLeaves: oldLeaves.words.slice(0, oldLeaves.used),
    }
  }
}

/** Adds a node to those of its depth. */
function note(to: StoredNodes[], depth: number, node: number, change: number): void {
  const nibbles = depth / STORED_LEVELS
  while (to.length <= nibbles) to.push({ nodes: [], changes: [] })
  const { nodes, changes } = to[nibbles] as StoredNodes
  nodes.push(node)
  changes.push(change)
}

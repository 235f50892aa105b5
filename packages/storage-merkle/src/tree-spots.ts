// The spots of the state tree where the changes of a block pass, and how their memory is fetched.
import {
  type Arena,
  freeFrom,
  LEAF_WORDS,
  LINK_WORDS,
  PAIR_WORDS,
  type Ref,
  SINCE_WORDS,
} from './tree-arena.ts'

/**
 * Words of a spot, where the changes of a stage pass: a node of the tip's tree, or a leaf or nothing where a way ends, or 0 for what
 * that tree does not have.
 */
export const SPOT_WORDS = 8
export const NODE = 0
/** Where the words of its hash begin in the pairs. */
export const HASH = 1
/** The changes that lie below it, from one to before another. */
export const FROM = 2
export const TO = 3
/** The spots of its sides, −1 for a side without changes. */
export const LEFT = 4
export const RIGHT = 5
/** What becomes of it: a subtree, and where its hash begins: word n of the pairs, or word ~n of what the stage made. */
export const REF = 6
export const SOURCE = 7

/** Spots whose memory is fetched at once. */
const PIECE = 256

/** Numbers of which there are more with each stage. */
export interface Column {
  words: Int32Array
  used: number
}

export const newColumn = (): Column => ({ words: new Int32Array(1024), used: 0 })

/** Makes room for so many more numbers; answers the array. */
export function room(column: Column, more: number): Int32Array {
  if (column.used + more > column.words.length) {
    const larger = new Int32Array(2 * (column.used + more))
    larger.set(column.words)
    column.words = larger
  }
  return column.words
}

export function push(to: Column, value: number): void {
  room(to, 1)[to.used++] = value
}

/** `each` is to outlive the stage, so that its optimised code does. */
export function inPieces(
  from: number,
  to: number,
  depth: number,
  each: (from: number, to: number, depth: number) => void,
): void {
  for (let at = from; at < to; at += PIECE) each(at, Math.min(at + PIECE, to), depth)
}

export function memoryToucher(arena: Arena, spots: Column) {
  /** Whatever `touch…` read, so that it is read. */
  const touched = new Int32Array(1)

  /**
   * Reads what is needed of the spots from one to before another, and nothing else. So short a loop has many reads of memory under
   * way at once, while the loops with the work would wait for each.
   */
  function touchLinks(from: number, to: number): void {
    const { link } = arena
    const { words } = spots
    let sum = 0
    for (let at = from * SPOT_WORDS; at < to * SPOT_WORDS; at += SPOT_WORDS) {
      const node = words[at + NODE] as Ref
      if (node > 0) sum ^= link[node * LINK_WORDS] as number
    }
    touched[0] = sum
  }

  function touchLeaves(from: number, to: number): void {
    const { leaf, since, leaves } = arena
    const { words } = spots
    let sum = 0
    let free = leaves.lowest
    for (let at = from * SPOT_WORDS; at < to * SPOT_WORDS; at += SPOT_WORDS) {
      const node = words[at + NODE] as Ref
      if (node > 0) continue
      if (node < 0)
        sum ^=
          (leaf[-node * LEAF_WORDS] as number) ^
          (leaf[-node * LEAF_WORDS + 15] as number) ^
          (since[-node * SINCE_WORDS] as number)
      free = freeFrom(leaves, free)
      if (free === leaves.next) continue
      sum ^=
        (leaf[free * LEAF_WORDS] as number) ^
        (leaf[free * LEAF_WORDS + 15] as number) ^
        (since[free * SINCE_WORDS] as number)
      free++
    }
    touched[0] = sum
  }

  function touchPairs(from: number, to: number): void {
    const { pair, link, nodes } = arena
    const { words } = spots
    let sum = 0
    let free = nodes.lowest
    for (let at = from * SPOT_WORDS; at < to * SPOT_WORDS; at += SPOT_WORDS) {
      const node = words[at + NODE] as Ref
      if (node <= 0) continue
      sum ^=
        (pair[node * PAIR_WORDS] as number) ^
        (pair[node * PAIR_WORDS + 15] as number) ^
        (link[node * LINK_WORDS] as number)
      free = freeFrom(nodes, free)
      if (free === nodes.next) continue
      sum ^=
        (pair[free * PAIR_WORDS] as number) ^
        (pair[free * PAIR_WORDS + 15] as number) ^
        (link[free * LINK_WORDS] as number)
      free++
    }
    touched[0] = sum
  }

  return { touchLinks, touchLeaves, touchPairs }
}

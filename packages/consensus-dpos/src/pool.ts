// Blocks that came and are not on the node's branch: other branches, blocks of slots to come, and orphans, all bounded.
import type { PeerId, ValidatorSet } from '@mmtchain/kernel'
import type { Hash } from '@mmtchain/primitives'
import { type Branch, indexOf, type Link, type Sealed, tipOf } from './branch.ts'
import { fieldsOf } from './slots.ts'

export interface Pooled extends Sealed {
  /** Who sent it; undefined for one that the node had on its branch before. */
  readonly from: PeerId | undefined
  readonly atMs: bigint
  readonly turn: bigint
  readonly maxHeightPrevoted: bigint
  /** True when the seal was checked against the set that its header names. */
  readonly checked: boolean
}
export type Pool = ReadonlyMap<Hash, Pooled>

/** The most blocks that wait. */
export const POOL_MAX = 256
/** The most of them whose seal cannot be checked yet. */
export const UNCHECKED_MAX = 64
/** The most blocks of one delegate for one slot; a block that another one builds on is taken beyond them. */
export const SLOT_BLOCKS_MAX = 2

export function pooledOf(sealed: Sealed, arrival: Pick<Pooled, 'from' | 'atMs' | 'checked'>): Pooled {
  const { turn, maxHeightPrevoted } = fieldsOf(sealed.block.header)
  return { ...sealed, ...arrival, turn, maxHeightPrevoted }
}

/** The pool with one more block, or as it is when there is no room. */
export function pooledWith(pool: Pool, one: Pooled, set: ValidatorSet | undefined): Pool {
  const { header } = one.block
  const all = [...pool.values()]
  const rivals = all.filter(
    ({ turn, block }) => turn === one.turn && block.header.proposer === header.proposer,
  )
  const isParent = all.some(({ block }) => block.header.parent === one.id)
  if (rivals.length >= SLOT_BLOCKS_MAX && !isParent) return pool
  if (!set && all.filter(({ checked }) => !checked).length >= UNCHECKED_MAX && !isParent) return pool
  const after = new Map(pool)
  // The highest block is the one that is needed last.
  if (after.size >= POOL_MAX) after.delete(highest(all).id)
  return after.set(one.id, one)
}

function highest(all: readonly Pooled[]): Pooled {
  return all.reduce((best, one) => (one.block.header.height > best.block.header.height ? one : best))
}

/** A way from the node's branch to a block of the pool. */
export interface Path {
  /** The place on the branch after which it leaves it. */
  readonly from: number
  /** Ascending; the last one is where it leads. */
  readonly blocks: readonly Pooled[]
}

/** The blocks below `last` that the pool has, ascending, and the place on the branch on which the first of them stands, or -1. */
export function pathTo(pool: Pool, branch: Branch, last: Pooled): Path {
  const blocks = [last]
  for (let first = last; ; ) {
    const below = pool.get(first.block.header.parent)
    if (!below) return { from: indexOf(branch, first.block.header.parent), blocks: blocks.reverse() }
    blocks.push(below)
    first = below
  }
}

/** How good a block is as a tip: first by `maxHeightPrevoted`, then by height (LIP 0014, fork choice rule). */
export interface Rank {
  readonly maxHeightPrevoted: bigint
  readonly height: bigint
}

/** Above 0 when a is the better tip. */
export function compareRank(a: Rank, b: Rank): number {
  if (a.maxHeightPrevoted !== b.maxHeightPrevoted) return a.maxHeightPrevoted > b.maxHeightPrevoted ? 1 : -1
  return a.height === b.height ? 0 : a.height > b.height ? 1 : -1
}

export function rankOf({ maxHeightPrevoted, block }: Pooled): Rank {
  return { maxHeightPrevoted, height: block.header.height }
}

/** The block to which the node should go, with the way there: the best one that is better than the tip. */
export function choose(pool: Pool, branch: Branch, isDue: (one: Pooled) => boolean): Path | undefined {
  const candidates = [...pool.values()].filter(isDue).sort((a, b) => compareRank(rankOf(b), rankOf(a)))
  const tip = tipOf(branch)
  for (const one of candidates) {
    const order = compareRank(rankOf(one), tip)
    if (order < 0) return undefined
    if (order === 0 && !winsTie(one, branch, tip)) continue
    const path = pathTo(pool, branch, one)
    if (path.from >= 0) return path
  }
  return undefined
}

/** Of two blocks on one parent the one that came within its slot wins over an earlier one that came late (LIP 0014, case 4). */
function winsTie(one: Pooled, { links }: Branch, tip: Link): boolean {
  const parent = links.at(-2)
  return (
    parent !== undefined &&
    one.block.header.parent === parent.id &&
    one.block.header.proposer !== tip.votes.proposer &&
    one.turn > tip.turn &&
    one.inTime &&
    tip.sealed?.inTime === false
  )
}

/** A block and all of the pool that stands on it. */
export function descendantsOf(pool: Pool, id: Hash): readonly Hash[] {
  const found = new Set([id])
  for (let before = 0; before !== found.size; ) {
    before = found.size
    for (const [child, { block }] of pool) if (found.has(block.header.parent)) found.add(child)
  }
  return [...found]
}

/** The pool without some blocks, and without those of heights that are decided. */
export function without(pool: Pool, gone: readonly Hash[], decided: bigint): Pool {
  const ids = new Set(gone)
  return new Map([...pool].filter(([id, { block }]) => !ids.has(id) && block.header.height > decided))
}
